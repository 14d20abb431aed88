"""Stage calls: screens. The list at H 04.30, a call with its script and one-tap outcomes, and the duty telephones."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import forecast as forecast_screens
from posko.desk import readiness as readiness_screens
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import calls as rules
from posko.domain import places as place_rules
from posko.domain import readiness as readiness_rules
from posko.domain import record as facts
from posko.formats import calls as words
from posko.formats import forecast as chances
from posko.formats import readiness as states
from posko.formats import table, text
from posko.store import access, calls, forecast, places, readiness

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LACKS = (("goods", "Kotak belum datang"), ("seals", "Segel"), ("place", "Tempat"), ("kpps", "KPPS"))
MOST_CALLERS = 50


def _own(request: shell.Request, **_parts: str) -> access_rules.Thing:
    region = readiness_screens.region_of(request.person, request.election.region)
    return access_rules.Thing(kind="calls", id="", place=region)


def _at_tps(_request: shell.Request, election: str, code: str) -> access_rules.Thing:
    return access_rules.Thing(kind="calls", id=f"{election}:{code}", place=code)


def _regions(request: shell.Request) -> tuple[str, ...]:
    return shell.scope(request, "calls.make").regions


# --- the list --------------------------------------------------------------------------------------------------------------


@shell.page("calls.read", thing=_own)
def index(request: shell.Request, election: str) -> HttpResponse:
    """Whom to telephone, in order; how many calls fit until six."""
    context = _list(request, election)
    asked = request.GET.get("penelepon", "")[:4]
    holding = {line["claim"].person for line in context["lines"] if line["claim"]}
    callers = int(asked) if asked.isascii() and asked.isdigit() and 1 <= int(asked) <= MOST_CALLERS else max(1, len(holding))
    opens_at = request.election.voting_at
    open_lines = [line for line in context["lines"] if line["place"]]
    fits = rules.fitting(request.at, opens_at, callers)
    if request.GET.get("layar"):
        context["lines"] = context["lines"][:15]
    context |= {
        "callers": callers, "fits": fits, "open": len(open_lines), "stop_at": opens_at - rules.STOP_BEFORE, "opens_at": opens_at,
        "over": request.at >= opens_at, "left": max(0, len(open_lines) - fits), "screen": bool(request.GET.get("layar")),
        "may_make": bool(_regions(request)), "may_write": shell.may(request, "calls.write"), "turns": _turns(),
        "minutes": rules.CALL_MIN, "early": request.at < opens_at - rules.ASK_FROM,
    }  # fmt: skip
    return render(request, "desk/calls/index.html", context)


def _turns() -> list[dict[str, Any]]:
    """The assumptions behind the order, in words."""
    return [
        {"cause": words.CAUSES[code], "share": turn.permille // 10, "minutes": turn.needs_min}
        for code, turn in sorted(rules.TURNS.items(), key=lambda item: -item[1].permille)
    ]


def _list(request: shell.Request, election: str) -> dict[str, Any]:
    region = readiness_screens.region_of(request.person, request.election.region)
    tps = {t.code: t for t in places.tps_list(election) if access_rules.within(t.code, region)}
    names, items = access.names(), readiness.item_names(election, request.at)
    reach = calls.reachable(election, request.at)
    every, lately = calls.listed(election, request.at)
    found = [line for line in every if line.case.tps in tps]
    shown = [_line(line, tps[line.case.tps], names, items, reach, lately) for line in found if line.standing is not rules.Standing.NONE]
    return {
        "lines": [{**one, "place": i if one["open"] else 0} for i, one in enumerate(shown, 1)],
        "quiet": sum(line.standing is rules.Standing.NONE for line in found), "total": len(found),
        "forecast": lately.stored if lately else None, "told": len(lately.told & tps.keys()) if lately else 0,
        "fresh": forecast_screens.freshness(election, lately.stored, lately.moved) if lately else None,
        "marks": sorted({line.call.mark for line in found if line.call and line.call.mark}), "numbers": sum(t in reach for t in tps),
    }  # fmt: skip


def _line(
    line: rules.Line, tps: place_rules.Tps, names: dict[str, str], items: dict[str, str], reach: set[str], lately: forecast.Lately | None
) -> dict[str, Any]:
    ready, _ = rules.outlook_of(line.case)
    before = forecast.by_tps(lately.stored, tps.code) if lately and tps.code in lately.told else None
    moved = before is not None and before.ready_ppm != ready
    state, word = words.STANDINGS[line.standing]
    return {
        "code": tps.code, "name": tps.name, "desa": tps.desa_name, "kecamatan": tps.kecamatan_name, "island": bool(tps.island),
        "open": line.open, "state": state, "word": word, "exact": line.case.state.value,
        "ready": chances.percent(ready) if line.case.outlook else "",
        "before": chances.percent(before.ready_ppm) if before and moved else "", "told": before is not None,
        "waits": bool(lately and tps.code in lately.waits),
        "worth": text.desimal(line.worth.ppm / 1_000_000, 2), "cause": words.CAUSES.get(line.worth.cause, line.worth.cause),
        "voters": line.case.voters, "away": line.case.away_min, "call": line.call,
        "said": words.outcome(line.call, items) if line.call else "", "claim": line.claim,
        "holder": names.get(line.claim.person, line.claim.person) if line.claim else "",
        "number": tps.code in reach or tps.desa_code in reach,
    }  # fmt: skip


@shell.page("calls.read", thing=_own)
def paper(request: shell.Request, election: str) -> HttpResponse:
    """The list for when the power is out: with room for outcomes, and with numbers for those who telephone."""
    context = _list(request, election)
    mine = _regions(request)
    numbers: dict[str, str] = {}
    if mine:
        for one in calls.contacts(election, request.at):
            if any(access_rules.within(one.place, region) for region in mine) and one.number:
                numbers.setdefault(one.place, one.number)
    for line in context["lines"]:
        line["dial"] = numbers.get(line["code"], numbers.get(line["code"].rpartition(".")[0], ""))
    return render(request, "desk/calls/paper.html", {**context, "with_numbers": bool(mine)})


@shell.page("calls.read", thing=_own)
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as a table, without telephone numbers."""
    head = [
        "Urutan", "Kode TPS", "TPS", "Desa", "Kecamatan", "Keadaan pasti", "Peluang siap", "Nilai telepon (TPS)", "Sebab", "Pemilih",
        "Keadaan panggilan", "Hasil terakhir", "Waktu hasil",
    ]  # fmt: skip
    rows: list[list[Any]] = [head]
    for one in _list(request, election)["lines"]:
        call = one["call"]
        rows.append(
            [
                one["place"] or "", one["code"], one["name"], one["desa"], one["kecamatan"], readiness_screens.STATE_WORDS[one["exact"]],
                one["ready"], one["worth"], one["cause"], "" if one["voters"] is None else one["voters"], one["word"], one["said"],
                text.waktu(call.called_at) if call else "",
            ]
        )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="daftar-telepon-{election}.xlsx"'}
    return HttpResponse(table.xlsx({"Daftar telepon": rows}), content_type=XLSX, headers=headers)


# --- one call --------------------------------------------------------------------------------------------------------------


@shell.page("calls.make", thing=_at_tps)
def call(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A call: the number, the script, and the outcomes as buttons; under it what was said before."""
    tps = next((t for t in places.tps_list(election) if t.code == code), None)
    if tps is None:
        raise Http404(code)
    every, lately = calls.listed(election, request.at)
    line = next(one for one in every if one.case.tps == code)
    (known,) = readiness.all_facts(election, request.at, code)
    verdict = readiness_rules.judge(known, request.at, readiness.limits(election, request.at))
    items, names = {s.item: s.name for s in known.stock}, access.names()
    lacks = words.lacking(verdict.reasons)
    where = f"{tps.name} {tps.desa_name}"
    dial = [one for place in (code, tps.desa_code) for one in calls.contacts(election, request.at, place)]
    past = calls.history(election, code, request.at)
    others = line.claim is not None and line.claim.person != request.person.id
    context = {
        "tps": tps, "line": _line(line, tps, names, items, set(), lately), "reasons": [states.reason_sentence(r) for r in verdict.reasons],
        "script": words.script(line.worth.cause, places.region_name(request.election.region), where, lacks),
        "fresh": forecast_screens.freshness(election, lately.stored, lately.moved) if lately else None,
        "dial": [{"role": one.role, "number": one.number, "since_at": one.since_at} for one in dial],
        "lacks": [*LACKS, *items.items()], "mine": not others, "claim": line.claim,
        "past": [_past(one, past[0], items, names, request) for one in past],
    }  # fmt: skip
    return render(request, "desk/calls/call.html", context)


def _past(one: rules.Call, last: rules.Call, items: dict[str, str], names: dict[str, str], request: shell.Request) -> dict[str, Any]:
    try:
        rules.check_undo(one, last, request.person.id, request.at)
        undo = True
    except rules.TooLate:
        undo = False
    return {
        "call": one, "state": words.OUTCOMES[one.outcome][0], "said": words.outcome(one, items), "who": names.get(one.person, one.person),
        "undo": undo, "waits": one.outcome is rules.Outcome.HELP and one.settled_at is None,
    }  # fmt: skip


@shell.page("calls.make", thing=_at_tps)
def take(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A caller takes a TPS and comes to its call."""
    if request.method == "POST":
        try:
            calls.claim(election, code, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:calls", election)
    return redirect("desk:calls_call", election, code)


@shell.page("calls.make")
def take_next(request: shell.Request, election: str) -> HttpResponse:
    """The first TPS of the list that nobody holds."""
    if request.method == "POST":
        try:
            found = calls.claim_next(election, _regions(request), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:calls_call", election, found.tps)
    return redirect("desk:calls", election)


@shell.page("calls.make", thing=_at_tps)
def let_go(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A caller lets a TPS go without an outcome."""
    if request.method == "POST":
        calls.release(election, code, shell.actor(request), request.at)
    return redirect("desk:calls", election)


DONE = {
    rules.Outcome.READY: "Tercatat: kata telepon siap. Keadaan pasti menunggu pemeriksaan di tempat.",
    rules.Outcome.NOT_READY: "Tercatat: belum siap menurut telepon. TPS ditandai belum siap.",
    rules.Outcome.NO_ANSWER: "Tercatat: tidak diangkat. TPS kembali ke daftar sesudah 10 menit.",
    rules.Outcome.WRONG_NUMBER: "Tercatat: salah nomor. Perbaiki nomornya di telepon piket.",
    rules.Outcome.HELP: "Tercatat: perlu bantuan. Tugas tindak lanjut dibuat.",
}


@shell.page("calls.make", thing=_at_tps)
def outcome(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One tap: what came of the call."""
    if request.method == "POST":
        said = request.POST.get("outcome", "")
        missing = [m for m in request.POST.getlist("missing") if m][:40] if said == rules.Outcome.NOT_READY else []
        try:
            made = calls.record_call(election, code, said, missing, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, DONE[made.outcome])
    return redirect("desk:calls_call", election, code)


@shell.page("calls.make", thing=_at_tps)
def undo(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The author takes the last outcome back within minutes."""
    if request.method == "POST":
        try:
            calls.undo(election, code, request.POST.get("call", "")[:64], shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Hasil dibatalkan. Catat hasil yang benar.")
    return redirect("desk:calls_call", election, code)


@shell.page("calls.make", thing=_at_tps)
def settle(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The help that was asked for was given."""
    if request.method == "POST":
        try:
            calls.settle(election, code, request.POST.get("call", "")[:64], shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tercatat: bantuan sudah ditangani. Telepon lagi untuk memastikan.")
    return redirect("desk:calls_call", election, code)


# --- duty telephones -------------------------------------------------------------------------------------------------------


def _at_place(request: shell.Request, election: str) -> access_rules.Thing:
    """The place that a form names; without one, where this person may write."""
    place = request.POST.get("place", "").strip()[:30]
    return access_rules.Thing(kind="calls", id=f"{election}:{place}", place=place) if place else shell.here(request, "calls.write")


@shell.page("calls.write", thing=_at_place)
def contacts(request: shell.Request, election: str) -> HttpResponse:
    """The duty telephones of one's region; one typed, or taken away with an empty number."""
    if request.method == "POST":
        key = (request.POST.get("place", "").strip()[:30], request.POST.get("role", ""))
        try:
            fresh = calls.set_contacts(election, {key: request.POST.get("number", "")[:30]}, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Telepon piket disimpan." if fresh else "Nomor itu sudah tercatat; tidak ada yang berubah.")
        return redirect("desk:calls_contacts", election)
    return render(request, "desk/calls/contacts.html", _contacts(request, election))


def _contacts(request: shell.Request, election: str) -> dict[str, Any]:
    mine = shell.scope(request, "calls.write").regions
    stations = [t for t in places.tps_list(election) if any(access_rules.within(t.code, region) for region in mine)]
    names = {t.desa_code: f"PPS {t.desa_name}" for t in stations} | {t.code: f"{t.name} {t.desa_name}" for t in stations}
    found = [one for one in calls.contacts(election, request.at) if one.place in names]
    with_number = {one.place for one in found if one.number}
    return {
        "rows": [{"contact": one, "name": names[one.place]} for one in found], "places": sorted(names.items()), "roles": rules.ROLES,
        "tps": len(stations), "reached": sum(t.code in with_number or t.desa_code in with_number for t in stations),
        "chosen": request.GET.get("tempat", ""), "may_import": any(region == request.election.region for region in mine),
    }  # fmt: skip


@shell.page("calls.write")
def contacts_import(request: shell.Request, election: str) -> HttpResponse:
    """Duty telephones out of a table: everything in it, or nothing and all its problems."""
    context = _contacts(request, election)
    if request.method == "POST":
        try:
            name, data = shell.sent_table(request)
            found = words.read(name, data, [code for code, _ in context["places"]])
            if not found.problems:
                fresh = calls.set_contacts(election, found.numbers, shell.actor(request), request.at)
                shell.done(request, f"{len(found.numbers)} nomor dibaca, {fresh} disimpan.")
                return redirect("desk:calls_contacts", election)
            context["problem_count"] = len(found.problems)
            context["problems"] = [
                {"place": shell.problem_place(p), "text": words.PROBLEMS[p.code].format(**p.facts)} for p in found.problems[:100]
            ]
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return render(request, "desk/calls/contacts.html", context)


@shell.page("calls.write")
def contacts_template(request: shell.Request, election: str) -> HttpResponse:
    """The table to fill in: every TPS and PPS of one's region, without numbers."""
    rows = [
        [code, "KPPS" if place_rules.level(code) == "tps" else "PPS", "", name] for code, name in _contacts(request, election)["places"]
    ]
    headers = {"Content-Disposition": f'attachment; filename="telepon-piket-{election}.xlsx"'}
    return HttpResponse(words.template(rows), content_type=XLSX, headers=headers)


urlpatterns = [
    path("<slug:election>/telepon/", index, name="calls"),
    path("<slug:election>/telepon/cetak/", paper, name="calls_paper"),
    path("<slug:election>/telepon/daftar.xlsx", export, name="calls_export"),
    path("<slug:election>/telepon/berikutnya/", take_next, name="calls_next"),
    path("<slug:election>/telepon/piket/", contacts, name="calls_contacts"),
    path("<slug:election>/telepon/piket/impor/", contacts_import, name="calls_contacts_import"),
    path("<slug:election>/telepon/piket/templat.xlsx", contacts_template, name="calls_contacts_template"),
    path("<slug:election>/telepon/tps/<str:code>/", call, name="calls_call"),
    path("<slug:election>/telepon/tps/<str:code>/ambil/", take, name="calls_take"),
    path("<slug:election>/telepon/tps/<str:code>/lepas/", let_go, name="calls_release"),
    path("<slug:election>/telepon/tps/<str:code>/hasil/", outcome, name="calls_outcome"),
    path("<slug:election>/telepon/tps/<str:code>/batal/", undo, name="calls_undo"),
    path("<slug:election>/telepon/tps/<str:code>/ditangani/", settle, name="calls_settle"),
]
SENTENCES: dict[str, str] = {
    "calls.unknown": "{code} tidak ada dalam daftar pemilihan ini.",
    "calls.taken": "TPS {tps} sedang ditelepon orang lain. Ambil yang berikutnya.",
    "calls.no_outcome": "Pilih hasil telepon; untuk “belum siap”, pilih juga apa yang kurang.",
    "calls.too_late": "Hanya pencatatnya yang membatalkan hasil terakhir, dalam {minutes} menit. Sesudah itu telepon lagi"
    " dan catat hasil baru.",
    "calls.bad_number": "Bukan nomor telepon: 8 sampai 15 angka, boleh diawali +.",
    "calls.bad_role": "Peran telepon piket: KPPS atau PPS.",
    "calls.nothing_open": "Tidak ada lagi yang menunggu.",
}
TASKS: dict[str, tuple[str, str]] = {
    "calls.help": ("{label} minta bantuan lewat telepon", "desk:calls_call"),
    "calls.list": ("Telepon TPS menurut daftar", "desk:calls"),
}
HITS: dict[str, str] = {}
