"""Stage merging: proposals side by side, why they are made, and the decision of a person."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import reports as reports_desk
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import merging as rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.formats import merging as formats
from posko.planning import merging as kernel
from posko.store import access, merging, reports

ACTS = {
    rules.Act.MERGED: "digabungkan",
    rules.Act.APART: "dinyatakan bukan hal yang sama",
    rules.Act.SPLIT: "dikeluarkan dari gabungannya",
}
LINES = {
    "start": "pangkal: dua laporan sembarang biasanya bukan hal yang sama",
    "words": "kata-katanya mirip {likeness} dari 100",
    "site": "tempatnya sama",
    "desa": "desanya sama: {name}",
    "kecamatan": "kecamatannya sama: {name}",
    "tps": "TPS-nya sama: {tps}",
    "segel": "nomor segelnya sama: {code}",
    "kotak": "kode kotaknya sama: {code}",
    "category": "kategorinya sama: {category}",
    "family": "pokoknya sama",
    "neighbour": "pokoknya serumpun, rinciannya berbeda: {one} dan {other}",
    "time": "waktu kejadiannya berselisih {lapse}",
    "received": "diterima berselisih {lapse}; waktu kejadiannya tidak disebut",
    "around": "waktunya dapat sama; satu laporan tidak menyebut waktu kejadian",
    "amount": "jumlahnya sama: {amount}",
}


def _numbers(request: shell.Request, act: str) -> set[str]:
    """The reports that this person may do an act on."""
    return {report.number for report in reports_desk.readable(request, act)}


def _asked(request: shell.Request, election: str, numbers: str) -> access_rules.Thing:
    """What a comparison is about: any report of it that may be read opens the page, which shows those and counts the others."""
    region, act = request.election.region, "merging.read"
    wanted = set(numbers.upper().split("+"))
    found = [report_rules.thing(r, act, region) for r in reports.listing(election, request.at) if r.number in wanted]
    inside = [one for one in found if shell.may(request, act, one)]
    return next(iter((*inside, *found)), shell.here(request, act))


def _touched(request: shell.Request, election: str, numbers: str) -> tuple[access_rules.Thing, ...]:
    """What a decision is about: every report that is ticked and every report of their groups."""
    region, now = request.election.region, merging.standing(election, request.at)
    ticked = request.POST.getlist("laporan") or numbers.upper().split("+")
    whole = {member for number in ticked for member in now.group_of(number)}
    found = [r for r in reports.listing(election, request.at) if r.number in whole]
    return tuple(report_rules.thing(r, "merging.confirm", region) for r in found)


@shell.page("merging.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What is proposed, what is alike but for its digits, what is merged, and what was decided: of reports that may be read."""
    mine = _numbers(request, "merging.read")
    every = merging.proposals(election, request.at)
    found = merging.Proposals(
        tuple(p for p in every.groups if mine.issuperset(p.numbers)), tuple(c for c in every.contradicted if {c.a, c.b} <= mine)
    )
    crossing = sum(bool(mine & set(p.numbers)) and not mine.issuperset(p.numbers) for p in every.groups)
    took = merging.decisions(election, request.at)
    now = rules.standing(took)
    numbers = {n for p in found.groups for n in p.numbers} | {n for c in found.contradicted for n in (c.a, c.b)}
    rows = _rows(election, numbers | {n for group in now.groups for n in group}, request.at)
    names, why = access.names(), merging.reasons(election, request.at)
    context = {
        "confined": shell.confined(request, "merging.read"),
        "crossing": crossing,
        "proposals": [{"key": key(p.numbers), "reports": [rows[n] for n in p.numbers], "score": _score(p.score)} for p in found.groups],
        "contradicted": [
            {"key": key((c.a, c.b)), "reports": [rows[c.a], rows[c.b]], "why": [formats.barrier_words(b) for b in c.barriers]}
            for c in found.contradicted
        ],
        "groups": [
            {"key": key(inside), "reports": [rows[n] for n in inside], "outside": len(group) - len(inside)}
            for group in now.groups
            if (inside := [n for n in group if n in mine])
        ],
        "decisions": [_decided(one, names, why, mine) for one in reversed(took) if mine & set(one.numbers)],
        "may_confirm": shell.may(request, "merging.confirm"),
    }
    return render(request, "desk/merging/index.html", context)


@shell.page("merging.read", thing=_asked)
def compare(request: shell.Request, election: str, numbers: str) -> HttpResponse:
    """Reports side by side: what they share, what contradicts, and the buttons."""
    asked = [*numbers.upper().split("+"), *request.GET.get("tambah", "").upper().split()]
    now = merging.standing(election, request.at)
    known = {report.number for report in reports.listing(election, request.at)}
    unknown = [n for n in asked if n not in known]
    if unknown:
        shell.refused(request, report_rules.Unknown(number=unknown[0]))
        kept = [n for n in numbers.upper().split("+") if n in known]
        return redirect("desk:merging_compare", election, key(kept)) if kept else redirect("desk:merging", election)
    mine = _numbers(request, "merging.read")
    added = [n for n in request.GET.get("tambah", "").upper().split() if n not in mine]
    if added:
        shell.refused(request, rules.Outside(number=added[0]))
        return redirect("desk:merging_compare", election, key([n for n in numbers.upper().split("+") if n in mine]))
    whole = {member for n in asked if n in mine for member in now.group_of(n)}
    chosen = tuple(sorted(whole & mine))
    if len(chosen) > rules.MOST_AT_ONCE:
        shell.refused(request, rules.TooMany(most=rules.MOST_AT_ONCE))
        return redirect("desk:merging", election)
    if key(chosen) != numbers:
        return redirect("desk:merging_compare", election, key(chosen))
    return render(request, "desk/merging/compare.html", _side_by_side(request, election, chosen, now, mine))


def _side_by_side(
    request: shell.Request, election: str, chosen: tuple[str, ...], now: rules.Standing, mine: Collection[str]
) -> dict[str, Any]:
    outside = len({member for n in chosen for member in now.group_of(n)} - set(chosen))
    read = merging.readings(election, chosen, request.at)
    said = reports.words_of(election, chosen)
    weighed = merging.comparisons(election, chosen, request.at)
    against = dict(merging.barriers(election, chosen, now, request.at))
    rows = _rows(election, set(chosen), request.at)
    cards = []
    for number in chosen:
        others = [read[other] for other in chosen if other != number]
        words = said.get(number)
        cards.append({**rows[number], "segments": segments(merging.text_of(words), read[number], others) if words else []})
    took = [d for d in merging.decisions(election, request.at) if set(d.numbers) & set(chosen)]
    together = len(chosen) > 1 and set(chosen) <= set(now.group_of(chosen[0]))
    may_confirm = not outside and _numbers(request, "merging.confirm").issuperset(chosen)
    return {
        "key": key(chosen),
        "outside": outside,
        "cards": cards,
        "differs": {name: len({str(card[name]) for card in cards}) > 1 for name in ("category", "place", "happened_at")},
        "pairs": [
            {
                "a": c.a,
                "b": c.b,
                "score": _score(c.score),
                "lines": [{"words": line_words(line), "weight": _score(line.weight)} for line in c.lines],
                "barriers": [formats.barrier_words(b) for b in against.get(rules.pair(c.a, c.b), c.barriers)],
            }
            for c in weighed
        ],
        "together": together,
        "barred": bool(against),
        "may_merge": may_confirm and len(chosen) > 1 and not together,
        "may_split": may_confirm and together,
        "decisions": [_decided(d, access.names(), merging.reasons(election, request.at), mine) for d in reversed(took)],
        "typed": request.GET,
        "shortest": rules.REASON_SHORTEST,
        "longest": rules.REASON_LONGEST,
    }


@shell.page("merging.confirm", thing=_touched)
def decide(request: shell.Request, election: str, numbers: str) -> HttpResponse:
    """The reports that are ticked are merged, or are called different things."""
    if request.method != "POST":
        return redirect("desk:merging_compare", election, numbers)
    chosen = request.POST.getlist("laporan")
    try:
        if request.POST.get("act") == "apart":
            merging.keep_apart(election, chosen, shell.actor(request), request.at)
            shell.done(request, f"{', '.join(sorted(chosen))}: dicatat bukan hal yang sama. Tidak diusulkan lagi.")
        else:
            result = merging.confirm(
                election, chosen, shell.actor(request), request.at,
                whole=_whole(election, chosen, numbers, request.at), looked=request.POST.get("looked") == "1",
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
            shell.done(request, f"{', '.join(result)} digabungkan. Tidak ada yang dihapus; nilai dan rantai asal masing-masing tetap.")
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        kept = urlencode({"reason": request.POST.get("reason", "")})
        return redirect(f"{reverse('desk:merging_compare', args=[election, numbers])}?{kept}")
    return _next(request, election)


def _whole(election: str, chosen: Sequence[str], numbers: str, at: datetime) -> tuple[str, ...]:
    """The group this person saw: what was ticked, with those of the page that were one group with them."""
    seen = set(numbers.split("+"))
    now = merging.standing(election, at)
    return tuple(sorted({n for number in chosen for n in (*(set(now.group_of(number)) & seen), number)}))


def _next(request: shell.Request, election: str) -> HttpResponse:
    """The next proposal, so that a whole pile goes quickly; the list when nothing waits."""
    mine = _numbers(request, "merging.confirm")
    waiting = [p for p in merging.proposals(election, request.at).groups if mine.issuperset(p.numbers)]
    return redirect("desk:merging_compare", election, key(waiting[0].numbers)) if waiting else redirect("desk:merging", election)


@shell.page("merging.confirm", thing=_touched)
def split(request: shell.Request, election: str, numbers: str) -> HttpResponse:
    """The reports that are ticked leave their group, with a reason."""
    if request.method != "POST":
        return redirect("desk:merging_compare", election, numbers)
    leaving = request.POST.getlist("laporan")
    try:
        merging.split(election, leaving, request.POST.get("reason", ""), shell.actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        kept = urlencode({"reason": request.POST.get("reason", "")})
        return redirect(f"{reverse('desk:merging_compare', args=[election, numbers])}?{kept}")
    shell.done(request, f"{', '.join(sorted(leaving))} dikeluarkan dari gabungan. Keputusan sebelumnya tetap tercatat.")
    return redirect("desk:merging", election)


key = reports_desk.group_key


# --- words for the screen ----------------------------------------------------------------------------------------------------


def line_words(line: rules.Line) -> str:
    """One line of why."""
    said = dict(line.facts)
    if "minutes" in said:
        hours, minutes = divmod(int(said["minutes"]), 60)
        said["lapse"] = f"{hours} jam {minutes} menit" if hours else f"{minutes} menit"
    if line.code == "category":
        said["category"] = _category(str(said["category"]))
    if line.code == "amount":
        said["amount"] = formats.capitals(str(said["amount"]))
    return LINES[line.code].format(**said)


def _category(code: str) -> str:
    return {kind.value: name for kind, name in reports_desk.CATEGORIES.items()}.get(code, code)


def segments(text: str, reading: rules.Reading, others: Sequence[rules.Reading]) -> list[dict[str, str]]:
    """A report's text in pieces: kind "" plain, "same" a word others use too, "clash" a number that contradicts another report."""
    shared = frozenset[str]().union(*(kernel.shared(reading.words, other.words) for other in others))
    clashing = {_role(b) for other in others for b in rules.clashes(reading, other)}
    pieces, reached = [], 0
    for token in reading.tokens:
        kind = "clash" if token.role and _bare(token.role) in clashing else "same" if token.word and token.word in shared else ""
        if not kind:
            continue
        if token.start > reached:
            pieces.append({"text": text[reached : token.start], "kind": ""})
        pieces.append({"text": text[token.start : token.end], "kind": kind})
        reached = token.end
    return [*pieces, {"text": text[reached:], "kind": ""}]


def _role(barrier: rules.Barrier) -> str:
    return str(barrier.facts["unit"]) if barrier.code == "amount" else f"name:{barrier.code}"


def _bare(role: str) -> str:
    return role if role.startswith("name:") else role.partition(":")[2].rstrip("*")


def _score(tenths: int) -> str:
    return f"{'+' if tenths > 0 else '−' if tenths < 0 else ''}{abs(tenths) // 10},{abs(tenths) % 10}"


def _rows(election: str, numbers: set[str], at: datetime) -> dict[str, dict[str, Any]]:
    names = reports.place_names(election)
    said = reports.words_of(election, numbers)
    found = {}
    for report in reports.listing(election, at):
        if report.number in numbers:
            words = said.get(report.number)
            found[report.number] = {**reports_desk.row(report, names), "excerpt": words.text if words else ""}
    return found


def _decided(one: rules.Decision, names: dict[str, str], why: dict[str, str], mine: Collection[str]) -> dict[str, Any]:
    """A decision as lists show it; what lies outside is counted, and the reason is shown only to those who may read all of it."""
    inside = [n for n in one.numbers if n in mine]
    outside = len(one.numbers) - len(inside)
    return {
        "key": key(inside) if 0 < len(inside) <= rules.MOST_AT_ONCE else "",
        "numbers": ", ".join(inside) + (f" dan {outside} laporan di luar wilayah tugas Anda" if outside else ""),
        "word": ACTS[one.act],
        "at": one.at,
        "by": names.get(one.person, one.person),
        "reason": "" if outside else why.get(one.entry_id, ""),
        "looked": bool(one.looked),
        "mark": one.mark,
    }


urlpatterns = [
    path("<slug:election>/gabungan/", index, name="merging"),
    path("<slug:election>/gabungan/<str:numbers>/", compare, name="merging_compare"),
    path("<slug:election>/gabungan/<str:numbers>/putuskan/", decide, name="merging_decide"),
    path("<slug:election>/gabungan/<str:numbers>/pisah/", split, name="merging_split"),
]
SENTENCES: dict[str, str] = {
    "merging.too_few": "Centang paling sedikit {least} laporan.",
    "merging.too_many": "Paling banyak {most} laporan dibandingkan sekaligus. Kurangi dahulu.",
    "merging.outside": "{number} di luar wilayah tugas Anda. Yang menyangkut beberapa wilayah diputuskan analis yang mencakup semuanya.",
    "merging.together": "{numbers} sudah satu gabungan. Bila bukan hal yang sama, keluarkan dahulu dari gabungannya, dengan alasan.",
    "merging.not_together": "{numbers} tidak berada dalam satu gabungan. Buka lagi gabungannya; mungkin sudah dipisah orang lain.",
    "merging.whole_group": "Paling sedikit satu laporan tinggal dalam gabungan. Centang hanya yang keluar dari {numbers}.",
    "merging.second_look": (
        "{numbers} belum digabungkan: ada {many} pertentangan (lihat yang ditandai merah). "
        "Periksa sekali lagi; bila tetap hal yang sama, centang \"Sudah saya periksa\" dan tulis alasannya."
    ),
    "merging.reason_missing": "Tulis alasannya, {shortest} sampai {longest} huruf, supaya orang lain mengerti kemudian.",
    "merging.changed": "Orang lain baru saja memutuskan tentang laporan ini. Sekarang gabungannya: {numbers}. Lihat lagi, lalu putuskan.",
}  # fmt: skip
TASKS: dict[str, tuple[str, str]] = {"merging.proposed": ("Periksa apakah {label} hal yang sama", "desk:merging_compare")}
