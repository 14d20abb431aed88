"""Stage sorting: screens."""

import re
from collections import Counter
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import labels as label_rules
from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import sorting as rules
from posko.formats import document, gauge, table, text
from posko.formats import sorting as printed
from posko.store import access, labels, needs, packing, places, receipts, sorting

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 400
STRAY_ROWS = (1, 2)


def _tabs(request: shell.Request) -> dict[str, bool]:
    return {"may_record": shell.may(request, "sorting.record"), "may_write": shell.may(request, "sorting.write")}


# --- the board -----------------------------------------------------------------------------------------------------------


@shell.page("sorting.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The board of the day: how far each design is, how fast, until when, and every team today."""
    found, today = sorting.progress(election, request.at), sorting.day_of(request.at)
    works, present = sorting.works(election, request.at), sorting.attendance(election, request.at)
    days = rules.team_days(works, present, sorting.day_of)
    persons = _persons(present, today)
    done_today = sum(d.sorted_sheets for d in days if d.day == today)
    at_pace = rules.pace(days)
    open_sheets = sum(p.open_sheets for p in found)
    context = {
        "rows": [_board_row(p, days, at_pace, persons, today) for p in found],
        "sums": {n: sum(getattr(p, n) for p in found) for n in ("cartons", "cartons_done", "good", "rejected", "missing", "done", "found")},
        "open_sheets": open_sheets,
        "pace": at_pace,
        "finish": rules.finish(open_sheets, persons, at_pace, today, done_today),
        "persons": persons,
        "least": rules.LEAST_TEAM_DAYS,
        "team_days": sum(1 for d in days if d.present and d.sorted_sheets),
        "teams": _teams_today(election, request.at, days, works, today),
        "today": today,
        "done_today": done_today,
        "kinds": [(printed.KIND_WORDS[kind], n) for kind, n in printed.reject_counts(works).most_common()],
        "alarms": [_batch(b) for b in sorting.batches(election, request.at) if b.alarming],
        "strays": [w for w in works if w.tally and w.tally.strays],
        "marks": printed.marks_of(works),
        **_tabs(request),
    }
    return render(request, "desk/sorting/index.html", context)


def _persons(present: list[rules.Attendance], today: date) -> int:
    """Persons on the last day up to today on which anybody was there."""
    by_day: Counter[date] = Counter()
    for one in present:
        if one.day <= today:
            by_day[one.day] += one.present
    return by_day[max(by_day)] if by_day else 0


def _board_row(p: rules.Progress, days: list[rules.TeamDay], overall: rules.Pace | None, persons: int, today: date) -> dict[str, Any]:
    own = rules.pace([d for d in days if [contest for contest, _ in d.by_contest] == [p.contest]])
    whole = p.done + p.open_sheets
    name = printed.design(p.contest, p.dapil)
    said = f"{name}: {text.angka(p.done)} dari {text.angka(whole)} lembar disortir"
    drawn = gauge.bar(whole, shipped=p.done + p.on_tables, received=p.done, good=p.good, label=said)
    return {
        "p": p,
        "name": printed.beside(p.contest, p.dapil),
        "bar": SafeString(drawn),  # drawn by our own code from numbers; the label is escaped there
        "whole": whole,
        "share": receipt_rules.Share(p.done, whole),
        "finish": rules.finish(p.open_sheets, persons, own or overall, today) if p.open_sheets else None,
    }


def _teams_today(election: str, at: datetime, days: list[rules.TeamDay], works: list[rules.Work], today: date) -> list[dict[str, Any]]:
    by_team = {d.team: d for d in days if d.day == today}
    seated = {a.team: a.table for a in sorting.attendance(election, at) if a.day == today}
    open_now: dict[str, list[rules.Work]] = {}
    for work in works:
        if work.tally is None:
            open_now.setdefault(work.team, []).append(work)
    return [
        {"team": t, "day": by_team.get(t.code), "table": seated.get(t.code, ""), "open": open_now.get(t.code, [])}
        for t in sorting.teams(election, at)
    ]


@shell.page("sorting.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Board, cartons and batches as XLSX."""
    works = sorting.works(election, request.at)
    sheets = {
        "Papan": printed.board_table(sorting.progress(election, request.at)),
        "Karton": printed.carton_table(works, sorting.day_of),
        "Kelompok cetak": _batch_table(sorting.batches(election, request.at)),
    }
    return _xlsx(sheets, f"sortir-{election}")


def _xlsx(sheets: dict[str, list[list[Any]]], name: str) -> HttpResponse:
    data = table.xlsx(sheets)
    return HttpResponse(data, content_type=SPREADSHEET, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})


def _pdf(request: shell.Request, template: str, values: dict[str, Any], name: str, at: datetime) -> HttpResponse:
    paper = "f4" if request.GET.get("kertas") == "f4" else "a4"
    head = {"agency": "Komisi Pemilihan Umum", "place": request.election.name, "paper": paper, "footer": "Posko · sortir"}
    data = document.pdf(template, {**head, **values}, at)
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


# --- the table: open and close cartons -----------------------------------------------------------------------------------


@shell.page("sorting.record")
def station(request: shell.Request, election: str) -> HttpResponseBase:
    """A team's table: scan a carton to open it, see what is open."""
    teams = sorting.teams(election, request.at)
    chosen = request.POST.get("team") or request.GET.get("regu") or request.session.get("sorting_team", "")
    team = next((t for t in teams if t.code == chosen), None)
    if team:
        request.session["sorting_team"] = team.code
    if request.method == "POST" and team and "code" in request.POST:
        try:
            code = labels.resolve(election, request.POST.get("code", ""), "carton", at=request.at)
            work = sorting.open_carton(election, code.text, team.code, shell.actor(request), request.at)
        except rules.AlreadyOpened as refusal:
            known = sorting.get_work(election, str(refusal.facts["carton"]), request.at)
            if known and known.team == team.code and known.tally is None:
                return redirect("desk:sorting_close", election, known.carton)
            shell.refused(request, refusal)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(
                request, f"Karton {printed.design(*work.design)} dibuka oleh {team.code}: {text.angka(work.expected)} lembar menurut label."
            )
        return redirect(reverse("desk:sorting_station", args=[election]) + f"?regu={team.code}")
    works = sorting.works(election, request.at)
    mine = [w for w in works if team and w.team == team.code]
    context = {
        "teams": teams,
        "team": team,
        "open": [_carton(w) for w in mine if w.tally is None],
        "latest": [_carton(w) for w in mine if w.tally][-6:][::-1],
        **_tabs(request),
    }
    return render(request, "desk/sorting/station.html", context)


def _carton(work: rules.Work) -> dict[str, Any]:
    tally = work.tally
    state, word = ("waiting", "di meja") if tally is None else ("done", "selesai")
    if tally and tally.strays:
        state, word = "overdue", "ada dapil lain"
    return {
        "w": work,
        "t": tally,
        "code": label_rules.spaced(work.carton),
        "name": printed.design(*work.design),
        "state": state,
        "word": word,
    }


@shell.page("sorting.read")
def cartons(request: shell.Request, election: str) -> HttpResponse:
    """Every opened carton, narrowed by team, batch, contest or state."""
    narrow = {name: request.GET.get(name, "") for name in ("regu", "kelompok", "jenis", "keadaan")}
    works = [
        w
        for w in sorting.works(election, request.at)
        if narrow["regu"] in ("", w.team)
        and narrow["kelompok"] in ("", w.batch)
        and narrow["jenis"] in ("", w.contest)
        and (not narrow["keadaan"] or (w.tally is None) == (narrow["keadaan"] == "di-meja"))
    ]
    context = {
        "cartons": [_carton(w) for w in works[::-1][:SHOWN]],
        "count": len(works),
        "narrow": narrow,
        "shown": SHOWN,
        **_tabs(request),
    }
    return render(request, "desk/sorting/cartons.html", context)


@shell.page("sorting.read")
def carton(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One carton: where it came from, who opened it, what came out, its bundles, every result ever stated."""
    work = sorting.get_work(election, code, request.at)
    sealed = receipts.get_carton(election, code, request.at)
    if work is None and sealed is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:sorting_cartons", election)
    context: dict[str, Any] = {
        "code": code,
        "spaced": label_rules.spaced(code),
        "sealed": sealed,
        "sealed_name": printed.beside(sealed.contest, sealed.dapil) if sealed else "",
        **_tabs(request),
        **evidence_desk.context(request, "sorting", f"carton:{code}"),
    }
    if work is not None:
        bundles = sorting.bundles(election, request.at, code)
        in_use = sorting.used(election, [b.code for b in bundles])
        context |= _carton(work) | {
            "code": code,
            "rejects": [(printed.KIND_WORDS[kind], n) for kind, n in work.tally.rejects] if work.tally else [],
            "strays": [(printed.design(s.contest, s.dapil), s.sheets) for s in work.tally.strays] if work.tally else [],
            "bundles": [{"b": b, "code": label_rules.spaced(b.code), "used": b.code in in_use} for b in bundles],
            "history": [_stated(r, work) for r in sorting.results(election, code, request.at)],
            "may_undo": _may_undo(request, work, bool(in_use)),
            "undo_minutes": int(rules.UNDO_FOR.total_seconds() // 60),
            "entry_href": reverse("desk:record_entry", args=[election, work.closing_entry or work.entry_id]),
        }
    return render(request, "desk/sorting/carton.html", context)


def _stated(result: dict[str, Any], work: rules.Work) -> dict[str, Any]:
    tally: rules.Tally = result["tally"]
    rejects = ", ".join(f"{printed.KIND_WORDS[kind]} {n}" for kind, n in tally.rejects)
    in_force = result["entry_id"] == work.closing_entry
    return {**result, "t": tally, "rejects": rejects, "in_force": in_force}


def _may_undo(request: shell.Request, work: rules.Work, in_use: bool) -> str:
    """Which act of this person can still be taken back alone: "opening", "closing" or none."""
    if work.tally is None:
        return "opening" if rules.may_undo(request.person.id, work.opener, work.opened_at, request.at) else ""
    last = sorting.results(request.election.code, work.carton, request.at)[-1]
    fresh = rules.may_undo(request.person.id, str(last["person"]), _moment(last["at"]), request.at)
    return "closing" if fresh and not in_use and not last["second"] else ""


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


@shell.page("sorting.record")
def close(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """The result of an opened carton."""
    work = sorting.get_work(election, code, request.at)
    if work is None or work.tally is not None:
        shell.refused(request, rules.NotOpen(carton=code) if work is None else rules.AlreadyClosed(carton=code, team=work.team))
        return redirect("desk:sorting_carton", election, code)
    if request.method == "POST":
        try:
            good, rejects, strays = _typed_result(request)
            sizes = _typed_sizes(request, good)
            made = sorting.close_carton(election, code, good, rejects, sizes, shell.actor(request), request.at, strays)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(
                request, f"Hasil karton disimpan: {text.angka(good)} lembar baik dalam {len(made)} bundel. Cetak dan tempel labelnya."
            )
            return redirect("desk:sorting_carton", election, code)
    context = {**_carton(work), "work": work, **_form(request, election, work)}
    return render(request, "desk/sorting/close.html", context)


def _form(request: shell.Request, election: str, work: rules.Work) -> dict[str, Any]:
    here = places.dapil_here(election)
    designs = [(c, d) for c in request.election.contests for d in here.get(c, ())]
    typed = request.POST
    return {
        "kinds": [{"code": k, "word": printed.KIND_WORDS[k], "typed": typed.get(f"reject-{k}", "")} for k in rules.KINDS],
        "stray_rows": [
            {"row": row, "design": typed.get(f"stray-{row}", ""), "sheets": typed.get(f"stray-{row}-sheets", "")} for row in STRAY_ROWS
        ],
        "designs": [{"value": "~".join(d), "label": printed.design(*d)} for d in designs if d != work.design],
        "typed": typed,
        "size": typed.get("size") or request.session.get("sorting_size", ""),
    }


def _typed_result(request: shell.Request) -> tuple[int, dict[str, int], list[rules.Stray]]:
    """Good sheets, rejects by kind, strays; an empty field of a reject is nought."""
    good = receipt_rules.pieces(request.POST.get("good", ""))
    rejects = {kind: _nought(request.POST.get(f"reject-{kind}", "")) for kind in rules.KINDS}
    strays = []
    for row in STRAY_ROWS:
        sheets = _nought(request.POST.get(f"stray-{row}-sheets", ""))
        if sheets:
            contest, _, dapil = request.POST.get(f"stray-{row}", "").partition("~")
            other = request.POST.get(f"stray-{row}-other", "").strip()[:60]
            strays.append(rules.Stray(contest or "LUAR", dapil or other, sheets) if contest or other else rules.Stray("", "", sheets))
    return good, {kind: n for kind, n in rejects.items() if n}, strays


def _nought(typed: str) -> int:
    return receipt_rules.pieces(typed) if typed.strip() else 0


def _typed_sizes(request: shell.Request, good: int, kept: int = 0) -> list[int]:
    """Bundles as typed ("9x50 48"), or full ones of a size and the rest."""
    typed = request.POST.get("sizes", "").strip()
    if not typed:
        size = receipt_rules.pieces(request.POST.get("size", ""))
        request.session["sorting_size"] = str(size)
        return rules.split(max(0, good - kept), size)
    sizes: list[int] = []
    for part in re.split(r"[\s,;+]+", typed)[: rules.MOST_BUNDLES]:
        times, _, each = part.lower().rpartition("x")
        sizes += [receipt_rules.pieces(each)] * min(receipt_rules.pieces(times) if times else 1, rules.MOST_BUNDLES + 1)
    return sizes


@shell.page("sorting.record")
def undo(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Take back an opening or a result, within minutes."""
    if request.method == "POST":
        try:
            if request.POST.get("what") == "opening":
                sorting.undo_opening(election, code, shell.actor(request), request.at)
                shell.done(request, "Pembukaan karton dibatalkan. Karton kembali tertutup.")
                return redirect("desk:sorting_station", election)
            sorting.undo_closing(election, code, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Hasil dibatalkan dan bundelnya gugur: sobek labelnya. Karton ini terbuka lagi.")
    return redirect("desk:sorting_carton", election, code)


@sensitive_post_parameters("second_password")
@shell.page("sorting.record")
def correct(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Another result for a closed carton, with reason and second person."""
    work = sorting.get_work(election, code, request.at)
    if work is None or work.tally is None:
        shell.refused(request, rules.NotOpen(carton=code))
        return redirect("desk:sorting_carton", election, code)
    bundles = sorting.bundles(election, request.at, code)
    in_use = sorting.used(election, [b.code for b in bundles])
    kept = sum(b.quantity for b in bundles if b.code in in_use)
    if request.method == "POST":
        try:
            good, rejects, strays = _typed_result(request)
            sizes = _typed_sizes(request, good, kept)
            second = shell.countersigned(request, "sorting.record")
            made = sorting.correct_result(
                election, code, good, rejects, sizes, request.POST.get("reason", "")[:400], shell.actor(request),
                facts.Actor(second.id, second.agency), request.at, strays,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Hasil dikoreksi. {len(made)} bundel baru: cetak labelnya, sobek label bundel lama.")
            return redirect("desk:sorting_carton", election, code)
    form = _form(request, election, work)
    if request.method != "POST":
        given = dict(work.tally.rejects)
        form["kinds"] = [{**k, "typed": given.get(k["code"], "")} for k in form["kinds"]]
        form["typed"] = {"good": work.tally.good}
        rows = [*work.tally.strays, None, None]
        form["stray_rows"] = [
            {"row": row, "design": f"{s.contest}~{s.dapil}" if s else "", "sheets": s.sheets if s else ""}
            for row, s in zip(STRAY_ROWS, rows, strict=False)
        ]
    context = {**_carton(work), "work": work, "kept": kept, "kept_count": len(in_use), **form}
    return render(request, "desk/sorting/correct.html", context)


# --- teams ---------------------------------------------------------------------------------------------------------------


@shell.page("sorting.read")
def team_list(request: shell.Request, election: str) -> HttpResponse:
    """Teams, who was there on which day, and what they did."""
    today = sorting.day_of(request.at)
    days = sorting.team_days(election, request.at)
    found = sorting.teams(election, request.at)
    last = {a.team: a for a in sorting.attendance(election, request.at) if a.day == today}
    context = {
        "teams": [{"t": t, "today": last.get(t.code), "days": [d for d in days if d.team == t.code]} for t in found],
        "days": [{"d": d, "pace": round(d.pace) if d.pace is not None else None} for d in days[::-1]],
        "today": today,
        "typed": request.GET,
        "undo_minutes": int(rules.UNDO_FOR.total_seconds() // 60),
        **_tabs(request),
    }
    return render(request, "desk/sorting/teams.html", context)


@shell.page("sorting.write")
def team_form(request: shell.Request, election: str) -> HttpResponseBase:
    """Form a team, or give it another size."""
    if request.method == "POST":
        try:
            size = receipt_rules.pieces(request.POST.get("size", ""))
            team = sorting.form_team(election, request.POST.get("code", ""), size, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{team.code} disimpan, {team.size} orang.")
    return redirect("desk:sorting_teams", election)


@sensitive_post_parameters("second_password")
@shell.page("sorting.record")
def attend(request: shell.Request, election: str) -> HttpResponseBase:
    """Say how many persons of a team are there; a late change names a second person."""
    if request.method == "POST":
        try:
            day = _day(request.POST.get("day", ""))
            present = receipt_rules.pieces(request.POST.get("present", ""))
            second = None
            if request.POST.get("second", "").strip():
                other = shell.countersigned(request, "sorting.record")
                second = facts.Actor(other.id, other.agency)
            said = sorting.record_attendance(
                election, request.POST.get("team", ""), day, present, shell.actor(request), request.at,
                request.POST.get("table", "").strip()[:20], request.POST.get("reason", "")[:400], second,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{said.team}, {text.tanggal_pendek(said.day)}: {said.present} orang hadir.")
    return redirect("desk:sorting_teams", election)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise receipt_rules.NotADay(typed=typed[:20]) from None


# --- batches, pay --------------------------------------------------------------------------------------------------------


@shell.page("sorting.read")
def batch_list(request: shell.Request, election: str) -> HttpResponse:
    """Damage by print batch, the worst first."""
    found = sorting.batches(election, request.at)
    used_kinds = [k for k in rules.KINDS if any(dict(b.by_kind).get(k) for b in found)]
    context = {
        "batches": [_batch(b) | {"kinds": [dict(b.by_kind).get(k, 0) for k in used_kinds]} for b in found],
        "kinds": [printed.KIND_WORDS[k] for k in used_kinds],
        "limits": (held := sorting.limits(election, request.at)),
        "percent": round(held.probability * 100),
        "marks": sorted({b.mark for b in found if b.mark}),
        **_tabs(request),
    }
    return render(request, "desk/sorting/batches.html", context)


def _batch(one: rules.Batch) -> dict[str, Any]:
    state, word = ("good", "wajar")
    if one.worse:
        state, word = "waiting", "lebih buruk dari biasa"
    if one.beyond_reserve:
        state, word = "overdue", "melebihi cadangan"
    return {
        "b": one,
        "name": printed.design(one.contest, one.dapil),
        "rate": text.persen(one.rejected / one.sorted_sheets, 2) if one.sorted_sheets else "—",
        "usual": text.persen(one.usual, 2),
        "state": state,
        "word": word,
    }


def _batch_table(found: list[rules.Batch]) -> list[list[Any]]:
    head = ["Kelompok cetak", "Jenis pemilihan", "Dapil", "Karton", "Disortir", "Ditolak", *(printed.KIND_WORDS[k] for k in rules.KINDS)]
    rows: list[list[Any]] = [[*head, "Laju biasa (per 1.000)", "Peluang lebih dari 3 kali (%)", "Cadangan", "R04"]]
    for b in found:
        kinds = dict(b.by_kind)
        about = [b.batch, printed.contest_word(b.contest), b.dapil, b.cartons, b.sorted_sheets, b.rejected]
        tail = [round(b.usual * 1000, 3), round(b.probability * 100, 1), "" if b.reserve is None else b.reserve, b.alarming]
        rows.append([*about, *(kinds.get(k, 0) for k in rules.KINDS), *tail])
    return rows


@shell.page("sorting.read")
def pay(request: shell.Request, election: str) -> HttpResponse:
    """The piece-rate sheet of a period."""
    lines, since, until = _pay(request, election)
    by_team: dict[str, list[rules.Pay]] = {}
    for line in lines:
        by_team.setdefault(line.team, []).append(line)
    context = {
        "lines": [{"p": p, "name": printed.beside(p.contest, ""), "amount": printed.rupiah(p.amount)} for p in lines],
        "teams": [
            {
                "team": t, "sorted": sum(p.sorted_sheets for p in ps), "folded": sum(p.folded for p in ps),
                "amount": printed.rupiah(printed.total(ps)),
            }
            for t, ps in sorted(by_team.items())
        ],
        "total": printed.rupiah(printed.total(lines)),
        "unknown": sum(p.amount is None for p in lines),
        "rates": [
            {"r": r, "basis": printed.BASIS_WORDS[r.basis], "contest": printed.contest_word(r.contest) if r.contest else "semua jenis",
             "entry_href": reverse("desk:record_entry", args=[election, r.entry_id])}
            for r in sorting.rates(election, request.at)[::-1]
        ],
        "contests": [(c, printed.contest_word(c)) for c in request.election.contests],
        "bases": list(printed.BASIS_WORDS.items()),
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "today": sorting.day_of(request.at),
        "query": request.GET.urlencode(),
        **_tabs(request),
    }  # fmt: skip
    return render(request, "desk/sorting/pay.html", context)


def _period(request: shell.Request) -> tuple[date | None, date | None]:
    found: list[date | None] = []
    for name in ("dari", "sampai"):
        try:
            found.append(date.fromisoformat(request.GET.get(name, "")))
        except ValueError:
            found.append(None)
    return found[0], found[1]


def _within(day: date, since: date | None, until: date | None) -> bool:
    return (since is None or day >= since) and (until is None or day <= until)


def _period_word(since: date | None, until: date | None, first: date | None, last: date | None) -> str:
    since, until = since or first, until or last
    if since is None or until is None:
        return "belum ada pekerjaan"
    if since == until:
        return f"tanggal {text.tanggal_pendek(since)}"
    return f"{text.tanggal_pendek(since)} sampai {text.tanggal_pendek(until)}"


def _pay(request: shell.Request, election: str) -> tuple[list[rules.Pay], date | None, date | None]:
    since, until = _period(request)
    return [p for p in sorting.pay_sheet(election, request.at) if _within(p.day, since, until)], since, until


@shell.page("sorting.write")
def rate(request: shell.Request, election: str) -> HttpResponseBase:
    """Set what a sheet is paid."""
    if request.method == "POST":
        try:
            contest = request.POST.get("contest", "")
            set_ = sorting.set_rate(
                election, receipt_rules.pieces(request.POST.get("rupiah", "")), request.POST.get("basis", ""),
                _day(request.POST.get("from", "")), request.POST.get("citation", "")[:300], shell.actor(request), request.at,
                contest if contest in request.election.contests else "",
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Tarif {printed.rupiah(set_.rupiah)} per lembar disimpan.")
    return redirect("desk:sorting_pay", election)


@shell.page("sorting.read")
def pay_pdf(request: shell.Request, election: str) -> HttpResponse:
    """The piece-rate sheet as paper."""
    lines, since, until = _pay(request, election)
    period = _period_word(since, until, min((p.day for p in lines), default=None), max((p.day for p in lines), default=None))
    works = [w for w in sorting.works(election, request.at) if w.closed_at and _within(sorting.day_of(w.closed_at), since, until)]
    latest = max((w.closed_at for w in works if w.closed_at), default=request.election.voting_at)
    rates = [line.rate for line in lines if line.rate]
    return _pdf(request, "upah-sortir", printed.pay_paper(lines, period, printed.marks_of([*works, *rates])), "upah-sortir", latest)


@shell.page("sorting.read")
def pay_export(request: shell.Request, election: str) -> HttpResponse:
    """The piece-rate sheet as XLSX."""
    return _xlsx({"Upah": printed.pay_table(_pay(request, election)[0])}, f"upah-sortir-{election}")


@shell.page("sorting.read")
def result_pdf(request: shell.Request, election: str) -> HttpResponse:
    """Berita acara hasil sortir dan lipat of a period, A4 or F4."""
    since, until = _period(request)
    works = [
        w for w in sorting.works(election, request.at) if w.tally and w.closed_at and _within(sorting.day_of(w.closed_at), since, until)
    ]
    counts: Counter[str] = Counter(b.carton for b in sorting.bundles(election, request.at))
    days = [sorting.day_of(w.closed_at) for w in works if w.closed_at]
    period = _period_word(since, until, min(days, default=None), max(days, default=None))
    latest = max((w.closed_at for w in works if w.closed_at), default=request.election.voting_at)
    return _pdf(request, "ba-sortir", printed.result_paper(works, counts, period, sorted({w.team for w in works})), "ba-sortir", latest)


# --- replacement, destruction --------------------------------------------------------------------------------------------


@shell.page("sorting.read")
def replacements(request: shell.Request, election: str) -> HttpResponse:
    """Ballots against their need, what to ask the supplier for, and what was asked."""
    found = sorting.wanting(election, request.at)
    context = {
        "rows": [{"s": s, "name": printed.beside(s.contest, s.dapil), "wanting": n, **_short_state(s)} for s, n in found],
        "wanting": sum(n for _, n in found),
        "requests": sorting.requests(election, request.at)[::-1],
        **_tabs(request),
    }
    return render(request, "desk/sorting/replacements.html", context)


def _short_state(s: rules.Shortage) -> dict[str, str]:
    if s.need is None:
        return {"state": "unknown", "word": "kebutuhan belum diketahui"}
    if not s.short:
        return {"state": "good", "word": "cukup"}
    return (
        {"state": "waiting", "word": "memakan cadangan"} if s.short <= s.reserve else {"state": "overdue", "word": "kurang untuk pemilih"}
    )


@shell.page("sorting.write")
def request_more(request: shell.Request, election: str) -> HttpResponseBase:
    """Ask for what was lost."""
    if request.method == "POST":
        try:
            asked = sorting.request_replacement(election, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Permintaan {asked.code} disimpan: {text.angka(asked.sheets)} lembar. Cetak suratnya di bawah ini.")
    return redirect("desk:sorting_replacements", election)


@shell.page("sorting.read")
def request_pdf(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """The letter to the supplier."""
    found = next((r for r in sorting.requests(election, request.at) if r.code == code), None)
    if found is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:sorting_replacements", election)
    then = {(s.contest, s.dapil): s for s in sorting.shortages(election, found.at)}
    return _pdf(request, "minta-ganti", printed.request_paper(found, then), f"permintaan-{code}", found.at)


@shell.page("sorting.read")
def destructions(request: shell.Request, election: str) -> HttpResponse:
    """Rejected sheets kept, good ones left over, and what was destroyed."""
    kept = {line: sum(by.values()) for line, by in sorting.rejected_kept(election, request.at).items()}
    surplus = _surplus(election, request.at)
    context = {
        "kept": [{"name": printed.beside(*line), "contest": line[0], "sheets": n} for line, n in sorted(kept.items())],
        "kept_sheets": sum(kept.values()),
        "surplus": surplus,
        "ready": any(row["ready"] for row in surplus),
        "done": [
            {"d": d, "word": printed.DESTROYED_WORDS[d.kind], "witnesses": [printed.AGENCY_WORDS.get(w, w) for w in d.witnesses]}
            for d in sorting.destructions(election, request.at)[::-1]
        ],
        **_tabs(request),
    }
    return render(request, "desk/sorting/destructions.html", context)


def _lacking(election: str, at: datetime) -> dict[tuple[str, str], int]:
    """(contest, dapil of the line) -> ballots that boxes still lack, for every line whose need is known. Packing is a later stage."""
    here = places.dapil_here(election)
    wanted = [
        (n.contest, place_rules.dapil_on_line(n.contest, n.dapil, here), n.place, n.quantity)
        for n in needs.lines(election, at, item=rules.BALLOT)
        if n.level == "TPS"
    ]
    return rules.lacking(wanted, {(b.contest, b.tps): b.packed for b in packing.boxes(election, at) if b.contest})


def _surplus(election: str, at: datetime) -> list[dict[str, Any]]:
    """Good sheets outside the boxes, line by line, and whether they may be destroyed."""
    kept = {line: sum(by.values()) for line, by in sorted(sorting.surplus_kept(election, at).items())}
    lacking = _lacking(election, at) if kept else {}
    rows = []
    for line, sheets in kept.items():
        lack = lacking.get(line)
        state, word = ("good", "kotak lengkap") if lack == 0 else ("waiting", f"kotak masih kurang {text.angka(lack or 0)} lembar")
        if lack is None:
            state, word = "unknown", "kebutuhan belum diketahui"
        rows.append(
            {"key": "~".join(line), "line": line, "name": printed.beside(*line), "contest": line[0], "sheets": sheets,
             "ready": lack == 0, "state": state, "word": word}
        )  # fmt: skip
    return rows


@sensitive_post_parameters("second_password")
@shell.page("sorting.write")
def destroy(request: shell.Request, election: str) -> HttpResponseBase:
    """Record a destruction, by two people before witnesses: of rejected sheets, or of good ones left over (jenis=kelebihan)."""
    surplus = "kelebihan" in (request.POST.get("jenis"), request.GET.get("jenis"))
    if surplus:
        kept = {row["line"]: row["sheets"] for row in _surplus(election, request.at) if row["ready"]}
    else:
        kept = {line: sum(by.values()) for line, by in sorted(sorting.rejected_kept(election, request.at).items())}
    if request.method == "POST":
        try:
            done = _destroyed(request, election, surplus)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Pemusnahan {done.code} dicatat: {text.angka(done.sheets)} lembar.")
            return redirect("desk:sorting_destruction", election, done.code)
    typed = request.POST.getlist("witness") if request.method == "POST" else rules.SURPLUS_WITNESSES if surplus else ()
    context = {
        "lines": [
            {"key": "~".join(line), "name": printed.beside(*line), "contest": line[0], "sheets": n,
             "typed": request.POST.get(f"sheets-{'~'.join(line)}", n)}
            for line, n in kept.items()
        ],
        "surplus": surplus,
        "agencies": [(code, word, code in typed) for code, word in printed.AGENCY_WORDS.items()],
        "typed": request.POST,
    }  # fmt: skip
    return render(request, "desk/sorting/destroy.html", context)


def _destroyed(request: shell.Request, election: str, surplus: bool) -> rules.Destruction:
    second = shell.countersigned(request, "sorting.write")
    two = shell.actor(request), facts.Actor(second.id, second.agency)
    lines = [
        (contest, dapil, sheets)
        for name in sorted(request.POST)
        if name.startswith("sheets-") and (sheets := _nought(request.POST.get(name, "")))
        for contest, _, dapil in [name.removeprefix("sheets-")[:80].partition("~")]
    ]
    reason, witnesses = request.POST.get("reason", "")[:400], request.POST.getlist("witness")
    if surplus:
        return sorting.destroy_surplus(election, lines, reason, witnesses, *two, request.at, _lacking)
    return sorting.destroy(election, lines, reason, witnesses, *two, request.at)


def _destruction(request: shell.Request, election: str, code: str) -> rules.Destruction | None:
    return next((d for d in sorting.destructions(election, request.at) if d.code == code), None)


@shell.page("sorting.read")
def destruction(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One destruction, its paper and its photographs."""
    found = _destruction(request, election, code)
    if found is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:sorting_destructions", election)
    context = {
        "d": found,
        "word": printed.DESTROYED_WORDS[found.kind],
        "lines": [(printed.design(contest, dapil), n) for contest, dapil, n in found.lines],
        "witnesses": [printed.AGENCY_WORDS.get(w, w) for w in found.witnesses],
        "entry_href": reverse("desk:record_entry", args=[election, found.entry_id]),
        **evidence_desk.context(request, "sorting", f"destruction:{code}"),
    }
    return render(request, "desk/sorting/destruction.html", context)


@shell.page("sorting.read")
def destruction_pdf(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Berita acara pemusnahan."""
    found = _destruction(request, election, code)
    if found is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:sorting_destructions", election)
    return _pdf(request, "ba-musnah", printed.destruction_paper(found, access.names()), f"ba-pemusnahan-{code}", found.at)


urlpatterns = [
    path("<slug:election>/sortir/", index, name="sorting"),
    path("<slug:election>/sortir/sortir.xlsx", export, name="sorting_export"),
    path("<slug:election>/sortir/meja/", station, name="sorting_station"),
    path("<slug:election>/sortir/karton/", cartons, name="sorting_cartons"),
    path("<slug:election>/sortir/karton/<slug:code>/", carton, name="sorting_carton"),
    path("<slug:election>/sortir/karton/<slug:code>/hasil/", close, name="sorting_close"),
    path("<slug:election>/sortir/karton/<slug:code>/batal/", undo, name="sorting_undo"),
    path("<slug:election>/sortir/karton/<slug:code>/koreksi/", correct, name="sorting_correct"),
    path("<slug:election>/sortir/regu/", team_list, name="sorting_teams"),
    path("<slug:election>/sortir/regu/bentuk/", team_form, name="sorting_team_form"),
    path("<slug:election>/sortir/regu/hadir/", attend, name="sorting_attend"),
    path("<slug:election>/sortir/kelompok-cetak/", batch_list, name="sorting_batches"),
    path("<slug:election>/sortir/upah/", pay, name="sorting_pay"),
    path("<slug:election>/sortir/upah/tarif/", rate, name="sorting_rate"),
    path("<slug:election>/sortir/upah/upah-sortir.pdf", pay_pdf, name="sorting_pay_pdf"),
    path("<slug:election>/sortir/upah/upah-sortir.xlsx", pay_export, name="sorting_pay_export"),
    path("<slug:election>/sortir/berita-acara.pdf", result_pdf, name="sorting_result_pdf"),
    path("<slug:election>/sortir/pengganti/", replacements, name="sorting_replacements"),
    path("<slug:election>/sortir/pengganti/minta/", request_more, name="sorting_request"),
    path("<slug:election>/sortir/pengganti/<slug:code>/permintaan.pdf", request_pdf, name="sorting_request_pdf"),
    path("<slug:election>/sortir/pemusnahan/", destructions, name="sorting_destructions"),
    path("<slug:election>/sortir/pemusnahan/baru/", destroy, name="sorting_destroy"),
    path("<slug:election>/sortir/pemusnahan/<slug:code>/", destruction, name="sorting_destruction"),
    path("<slug:election>/sortir/pemusnahan/<slug:code>/berita-acara.pdf", destruction_pdf, name="sorting_destruction_pdf"),
]
SENTENCES: dict[str, str] = {
    "sorting.unknown": "“{thing}” tidak dikenal di pemilihan ini. Periksa kodenya, atau pilih dari daftar.",
    "sorting.bad_team": "Kode regu 2 sampai 20 huruf besar dan angka (misalnya REGU-A), dengan 1 sampai 100 orang.",
    "sorting.bad_count": "{value} bukan jumlah yang mungkin (paling banyak {most}). Hitung lagi, lalu tulis dengan angka.",
    "sorting.already_opened": "Karton ini sudah dibuka oleh {team}. Jangan dibuka lagi; serahkan kepada regu itu.",
    "sorting.quarantine": "Karton ini di karantina. Pisahkan, jangan disortir, sampai diputuskan.",
    "sorting.mixed_table": "BERHENTI. Di meja {team} masih ada karton {contest} {dapil}. Selesaikan itu dahulu; satu meja satu dapil.",
    "sorting.not_open": "Karton ini belum dibuka oleh regu mana pun, jadi belum ada hasilnya. Pindai dahulu di meja.",
    "sorting.already_closed": "Karton ini sudah punya hasil. Kalau salah, pakai koreksi.",
    "sorting.bundles_unbalanced": "Isi bundel berjumlah {bundles}, lembar baik {good}. Hitung lagi sampai sama.",
    "sorting.stray_unnamed": "Sebutkan dapil atau jenis dari {sheets} lembar yang salah, dan jumlahnya harus sama; bukan dapil karton ini.",
    "sorting.too_late": "Membatalkan sendiri hanya oleh pencatatnya dalam {minutes} menit. Pakai koreksi: alasan dan orang kedua.",
    "sorting.bundle_used": "{bundles} bundel dari karton ini sudah dikemas. Hasil tidak dapat dibatalkan; pakai koreksi.",
    "sorting.reason_missing": "Tulis alasan atau dasarnya.",
    "sorting.same_person": "Perlu orang kedua yang bukan Anda. Minta rekan mengetik nama dan sandinya.",
    "sorting.nothing_changed": "Isinya sama dengan yang sudah tercatat.",
    "sorting.not_that_many": "{contest} {dapil}: di buku hanya {kept} lembar ditolak, bukan {sheets}. Hitung lagi sebelum memusnahkan.",
    "sorting.not_that_much_surplus": "{contest} {dapil}: di luar kotak hanya ada {kept} lembar baik, bukan {sheets}. Hitung lagi.",
    "sorting.boxes_lack": "Kotak {contest} {dapil} masih kurang {sheets} lembar. Selesaikan pengepakan; sampai itu tidak ada kelebihan.",
    "sorting.need_unknown": "Kebutuhan {contest} {dapil} belum dihitung, jadi kelebihannya belum diketahui. Hitung kebutuhan dahulu.",
    "sorting.witness_missing": "Kelebihan yang baik dimusnahkan di depan Bawaslu dan Polres. Belum dipilih: {agency}.",
    "sorting.no_witness": "Pemusnahan disaksikan paling sedikit satu lembaga selain KPU. Pilih saksinya.",
    "sorting.bad_rate": "Tarif adalah rupiah bulat di atas nol (paling tinggi 100.000), dan pilih dibayar untuk lembar yang mana.",
    "sorting.nothing_short": "Tidak ada yang perlu diminta: tidak ada kekurangan, atau sudah diminta.",
}
TASKS: dict[str, tuple[str, str]] = {
    "sorting.close": ("Catat hasil karton yang terbuka sejak kemarin: {label}", "desk:sorting_carton"),
    "sorting.request": ("Minta {label} lembar surat suara pengganti", "desk:sorting_replacements"),
}
HITS: dict[str, str] = {"team": "desk:sorting_teams", "sorting_carton": "desk:sorting_carton", "bundle": "desk:sorting_carton"}
SIGNALS: dict[str, tuple[str, str]] = {
    "R04": (
        "Kelompok cetak {batch} ({contest} {dapil}): {rejected} dari {sorted} lembar ditolak; peluang {percent} % bahwa lajunya "
        "lebih dari {factor} kali yang biasa. Sisihkan sisanya, hubungi pencetak.",
        "desk:sorting_batches",
    ),
    "R04.cadangan": (
        "Kelompok cetak {batch} ({contest} {dapil}): {rejected} lembar ditolak, lebih banyak dari cadangan. Minta pengganti sekarang.",
        "desk:sorting_batches",
    ),
    "R05.karton": (
        "Karton {code} {contest} {dapil} (kelompok cetak {batch}) berisi {sheets} lembar {seen}. Periksa karton lain dari kelompok itu.",
        "desk:sorting_carton",
    ),
}
