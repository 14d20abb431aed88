"""Stage aght: grading on two screens, the register with its explanation, the map with its days and layers, clusters, calibration."""

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import aght_labels, meanwhile, shell
from posko.desk import reports as reports_desk
from posko.domain import access as access_rules
from posko.domain import aght as rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.formats import aght as files
from posko.formats import map as drawing
from posko.formats import table, text
from posko.planning import clusters as kernel
from posko.store import aght, dpt, places, recommendations, record, reports

KINDS = {
    rules.Kind.ANCAMAN: "disengaja, belum terjadi",
    rules.Kind.GANGGUAN: "sedang terjadi, di luar kendali penyelenggara",
    rules.Kind.HAMBATAN: "sedang terjadi, dalam kendali penyelenggara",
    rules.Kind.TANTANGAN: "belum terjadi, perlu upaya khusus",
}
QUESTIONS = {
    "operational": "Menyentuh penyelenggaraan: barang, tempat, petugas, keamanan?",
    "intent": "Ada niat merugikan?",
    "happening": "Sedang atau sudah terjadi?",
    "own_control": "Dalam kendali penyelenggara sendiri?",
}
ROUTES = {
    rules.Route.KPU: "KPU: butir AGHT dan rekomendasi",
    rules.Route.BAWASLU: "Bawaslu: dugaan pelanggaran, dengan tanda terima",
    rules.Route.DATUN: "Datun: sengketa perdata atau tata usaha negara",
}
STANDINGS = {
    rules.Standing.OPEN: ("not_ready", "terbuka"),
    rules.Standing.TREATED: ("waiting", "ditangani"),
    rules.Standing.CLOSED: ("done", "ditutup"),
}
OUTCOMES = {
    rules.Outcome.HELD: "benar terjadi",
    rules.Outcome.NOT_HELD: "tidak terjadi",
    rules.Outcome.UNKNOWN: "tidak dapat dipastikan",
}
VIOLATIONS = (
    (rules.Violation.NONE, "Tidak ada"),
    (rules.Violation.OFFENCE, "Dugaan pelanggaran: dirujuk ke Bawaslu (Sentra Gakkumdu), tidak diselidiki di sini"),
    (rules.Violation.DISPUTE, "Sengketa perdata atau tata usaha negara: dirujuk ke Datun"),
)
OWNERS = {rules.Owner.BAWASLU: "Bawaslu", rules.Owner.POLRES: "Polres"}
SOURCE_GRADES = (
    ("A", "Dapat diandalkan sepenuhnya"),
    ("B", "Biasanya dapat diandalkan"),
    ("C", "Cukup dapat diandalkan"),
    ("D", "Biasanya tidak dapat diandalkan"),
    ("E", "Tidak dapat diandalkan"),
    ("F", "Belum dapat dinilai"),
)
INFORMATION_GRADES = (
    ("1", "Dipastikan oleh sumber lain"),
    ("2", "Mungkin sekali benar"),
    ("3", "Mungkin benar"),
    ("4", "Diragukan"),
    ("5", "Tidak mungkin"),
    ("6", "Belum dapat dinilai"),
)
COSTS = {1: "murah: dengan yang ada", 2: "sedang: perlu tambahan", 3: "mahal: perlu anggaran atau pihak lain"}
"""What acting costs, in three steps."""
REVERSALS = {1: "mudah dipulihkan", 2: "dapat dipulihkan dengan usaha", 3: "tidak dapat dipulihkan (mis. pemungutan suara ulang)"}
"""Whether the harm can be made good once it is there, in three steps."""
CRITERIA = {
    "harm": "perkiraan terdampak", "reversal": "pemulihan", "time": "sisa waktu", "cost": "biaya", "reach": "jangkauan (TPS)",
}  # fmt: skip
STEPS = (("1", "hampir tidak"), ("2", "kecil"), ("3", "sedang"), ("4", "besar"), ("5", "hampir pasti"))


def row(item: rules.Aght, names: dict[str, str]) -> dict[str, Any]:
    """An item as tables show it."""
    state, word = STANDINGS[item.standing]
    return {
        "code": item.code,
        "title": item.title,
        "kind": item.kind.value,
        "place": names.get(item.place, item.place),
        "p": item.p,
        "p_permille": round(item.p * 1000),
        "voters": item.voters,
        "estimate": item.estimate,
        "tps": len(item.tps),
        "loss": item.loss,
        "left_h": item.time_left_h,
        "left": left_words(item.time_left_h),
        "left_sort": 10**6 if item.time_left_h is None else item.time_left_h,
        "by_one": item.by_one,
        "outcome": OUTCOMES.get(item.outcome, "") if item.outcome else "",
        "cell": item.cell,
        "state": state,
        "word": word,
        "standing": item.standing.value,
        "reports": len(item.gradings),
        "routes": [r.value for r in item.routes],
    }


def left_words(hours: int | None) -> str:
    """Time left to act: 3 hari 4 jam, 5 jam, lewat; a dash where nobody said when."""
    if hours is None:
        return "belum diisi"
    if hours < 0:
        return "sudah lewat"
    days, rest = divmod(hours, 24)
    return " ".join([f"{text.angka(days)} hari"] * bool(days) + [f"{rest} jam"] * bool(rest or not days))


def at_item(act: str, *, whole: bool = False) -> shell.Locate:
    """The item of an address where it belongs, `whole`: with every report it rests on, as a change needs; none such: the page itself."""

    def locate(request: shell.Request, election: str, code: str) -> tuple[access_rules.Thing, ...]:
        try:
            item = aght.get(election, code, request.at)
        except facts.Refusal:
            return ()
        filed = reports.filed(election, request.at) if whole else {}
        found = rules.things(item, act, request.election.region, filed)
        return found if whole else found[:1]

    return locate


def _opening(request: shell.Request, election: str) -> tuple[access_rules.Thing, ...]:
    """What a new item is about: the report it comes from and the place that was chosen."""
    number, place = request.POST.get("report", "") or request.GET.get("laporan", ""), request.POST.get("place", "")
    of_report = (reports_desk.at_report("aght.assess")(request, election, number),) if number else ()
    of_place = (access_rules.owned("aght.assess", "", place, request.election.region),) if place else ()
    return tuple(one for one in (*of_report, *of_place) if isinstance(one, access_rules.Thing))


def _attaching(request: shell.Request, election: str, number: str) -> tuple[access_rules.Thing, ...]:
    """The report and the item it is to support, with everything that item rests on already."""
    code = request.POST.get("item", "")[:120].partition(" ")[0]
    of_report = reports_desk.at_report("aght.assess")(request, election, number)
    of_item = at_item("aght.assess", whole=True)(request, election, code)
    found = (of_report, *(of_item if isinstance(of_item, tuple) else (of_item,)))
    return tuple(one for one in found if isinstance(one, access_rules.Thing))


@shell.page("aght.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The register, by expected loss, then by the time left to act."""
    names = reports.place_names(election)
    sees = shell.scope(request, "aght.read")
    items = aght.register(election, request.at, sees)
    weighed = aght.weighed(items)
    desa = request.GET.get("desa", "")
    if desa:
        items = [i for i in items if any(tps.startswith(f"{desa}.") for tps in i.tps)]
    graded = aght.graded_in(election, request.at, sees)
    assessed = {r.number for r in reports_desk.readable(request, "aght.assess")}
    on, of = rules.diagonal(graded)
    rows = [{**row(item, names), **_weights(item.code, weighed)} for item in items]
    kinds = [
        (kind.value, KINDS[kind], sum(i.kind is kind and i.standing is not rules.Standing.CLOSED for i in items)) for kind in rules.Kind
    ]
    context = {
        "rows": rows,
        "kinds": kinds,
        "open": sum(r["standing"] != "closed" for r in rows),
        "diagonal": on,
        "graded": of,
        "one": rules.by_one(graded)[0],
        "unrouted": sum(number in assessed for number, _ in aght.unrouted(election, request.at)),
        "confined": shell.confined(request, "aght.read"),
        "may_assess": shell.may(request, "aght.assess"),
        "may_read_reports": shell.may(request, "reports.read"),
        "estimate": any(i.estimate for i in items),
        "matrix": _matrix(items),
        "weighed": weighed,
        "seed": str(weighed.seed),
        "criteria": ", ".join(CRITERIA[name] for name in rules.CRITERIA),
        "desa": names.get(desa, ""),
    }
    return render(request, "desk/aght/index.html", context)


def _weights(code: str, weighed: aght.Weighed) -> dict[str, Any]:
    """The secondary column of an item: its share of weightings, and which criteria nobody stated. A closed item has none."""
    share = weighed.shares.get(code)
    return {
        "weight": share,
        "weight_sort": -1 if share is None else round(share * 1000),
        "weight_unknown": ", ".join(CRITERIA[name] for name in weighed.unknown.get(code, ())),
    }


def _matrix(items: list[rules.Aght]) -> list[dict[str, Any]]:
    """Five rows from most to least likely, each with five cells of codes."""
    live = [i for i in items if i.standing is not rules.Standing.CLOSED]
    found = []
    for likely, word in reversed(STEPS):
        cells = [{"grave": g, "level": int(likely) * g, "codes": [i.code for i in live if i.cell == (int(likely), g)]} for g in range(1, 6)]
        found.append({"word": word, "cells": cells})
    return found


@shell.page("aght.read", thing=at_item("aght.read"))
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One item: its claim, the sum line by line, the loss, its history."""
    try:
        item = aght.get(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:aght", election)
    names = reports.place_names(election)
    posterior = item.posterior
    visible = recommendations.readable(recommendations.resting_on(election, code, request.at), request.person, request.at)
    resting = {g.report for g in item.gradings}
    known = {r.number for r in reports_desk.readable(request, "aght.read")}
    readable = {r.number for r in reports_desk.readable(request)}
    may_assess = bool(aght.changeable(election, [item], shell.scope(request, "aght.assess"), request.at))
    context = {
        "item": item,
        "row": row(item, names),
        "kind_words": KINDS[item.kind],
        "gatra": item.gatra_name,
        "variable": item.variable_name,
        "older_labels": item.now.labels != aght.labels(election, request.at).version,
        "cost": COSTS.get(item.now.cost or 0, ""),
        "reversal": REVERSALS.get(item.now.reversal or 0, ""),
        "seen": aght.seen_item(election, item, request.at),
        "routes": [ROUTES[r] for r in item.routes],
        "path": [(QUESTIONS[question], yes) for question, yes in rules.triage(item.now.answers).path] if item.now.answers else [],
        "method": rules.METHOD,
        "prior": posterior.prior,
        "prior_logit": _signed(math.log(posterior.prior / (1 - posterior.prior))),
        "lines": [_line(line, known, readable) for line in posterior.lines],
        "crossing": len(resting - known),
        "shares": item.now.shares,
        "mean_share": text.desimal(item.now.shares.mean, 1),
        "left": left_words(item.time_left_h),
        "outcome": OUTCOMES.get(item.outcome, "") if item.outcome else "",
        "outcomes": [(o.value, words) for o, words in OUTCOMES.items()],
        "referred": [h for h in aght.handed(election, request.at) if h.referral.report in resting & readable],
        "unrouted": [(number, to.value) for number, to in aght.unrouted(election, request.at) if number in resting & readable],
        "cell_words": (STEPS[item.cell[0] - 1][1], item.cell[1]),
        "recommendations": visible,
        "hazard": aght.hazard_of(election, code, request.at),
        "may_assess": may_assess,
        "may_draft": shell.may(request, "recommendations.draft"),
        "may_read_reports": shell.may(request, "reports.read"),
        "standings": [(s.value, word) for s, (_, word) in STANDINGS.items() if s is not item.standing],
        "changes": [(c, STANDINGS[c.standing], OUTCOMES.get(c.outcome, "") if c.outcome else "") for c in item.changes],
        "history": [(a, None if a.p_permille is None else a.p_permille / 1000) for a in reversed(item.assessments)],
        "tps_names": [names.get(code_, code_) for code_ in item.tps[:8]],
        "more_tps": max(0, len(item.tps) - 8),
    }
    return render(request, "desk/aght/detail.html", context)


def _signed(number: float) -> str:
    return f"{'−' if number < 0 else '+'}{text.desimal(abs(number), 2)}"


def _line(line: rules.Line, known: Collection[str], readable: Collection[str]) -> dict[str, Any]:
    """A step of the sum. A report outside the reader's region keeps its step, so that the sum adds up, and loses its number and chain."""
    return {
        "report": line.report if line.report in known else "",
        "open": line.report in readable,
        "chain": line.chain if line.report in known else "",
        "grade": f"{line.source}{line.information}",
        "weight": text.desimal(line.weight, 1),
        "ratio": text.desimal(line.ratio, 2),
        "k": line.k,
        "share": text.persen(0.5 ** (line.k - 1), 0 if line.k < 4 else 2),
        "step": _signed(line.step),
        "p": line.p,
        "by_one": line.by_one,
    }


# --- grading ---------------------------------------------------------------------------------------------------------------


@shell.page("aght.assess", thing=reports_desk.at_report("aght.assess"))
def source(request: shell.Request, election: str, number: str) -> HttpResponse:
    """First screen: the claim, its origin, the source."""
    report = _report(request, election, number)
    if report is None:
        return redirect("desk:reports", election)
    grading = aght.gradings(election, request.at).get(number)
    now = aght.seen_report(election, report["report"], request.at)
    typed: Any = {}
    if grading:
        typed = {"claim": record.unerased(grading.claim), "chain": grading.chain, "basis": record.unerased(grading.source_basis)}
    seen, lines = now, []
    if request.method == "POST":
        typed, seen = request.POST, meanwhile.seen(request)
        try:
            aght.grade_source(
                election,
                number,
                claim=typed.get("claim", ""),
                chain=typed.get("chain", ""),
                source=typed.get("grade", ""),
                basis=typed.get("basis", ""),
                actor=shell.actor(request),
                at=request.at,
                seen=seen,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            if isinstance(refusal, rules.Changed):
                lines, seen = meanwhile.report_news(request, election, number, seen, source=True), now
        else:
            shell.done(request, f"Sumber {number} dinilai. Sekarang nilai keterangannya, terpisah dari sumber.")
            return redirect("desk:aght_information", election, number)
    chains = sorted({g.chain for g in aght.graded_in(election, request.at, shell.scope(request, "aght.assess"))} - {number})
    context = {**report, "typed": typed, "grades": SOURCE_GRADES, "chains": chains, "number": number, "seen": seen, "lines": lines}
    return render(request, "desk/aght/source.html", context, status=409 if lines else 200)


@shell.page("aght.assess", thing=reports_desk.at_report("aght.assess"))
def information(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Second screen: the information. The source's grade is not shown here, so that it does not colour this one."""
    report = _report(request, election, number)
    grading = aght.gradings(election, request.at).get(number)
    if report is None or grading is None:
        return redirect("desk:reports_detail", election, number)
    typed: Any = request.POST
    now = aght.seen_report(election, report["report"], request.at)
    seen, lines = now, []
    if request.method == "POST":
        seen = meanwhile.seen(request)
        try:
            aght.grade_information(
                election,
                number,
                information=typed.get("grade", ""),
                basis=typed.get("basis", ""),
                actor=shell.actor(request),
                at=request.at,
                seen=seen,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            if isinstance(refusal, rules.Changed):
                lines, seen = meanwhile.report_news(request, election, number, seen, source=False), now
        else:
            shell.done(request, f"{number} dinilai lengkap. Buka butir AGHT, lampirkan pada butir yang ada, atau rujuk.")
            return redirect("desk:reports_detail", election, number)
    others = len(aght.analysts(election, request.at, report["report"].place) - {request.person.id})
    context = {
        **report,
        "seen": seen,
        "lines": lines,
        "typed": typed,
        "grades": INFORMATION_GRADES,
        "claim": grading.claim,
        "number": number,
        "same": grading.source_by == request.person.id,
        "others": others,
        "waits": not rules.offered(grading, request.person.id, others, request.at),
        "until": grading.graded_at + rules.OTHER_FIRST if grading.graded_at else None,
        "hours": int(rules.OTHER_FIRST.total_seconds() // 3600),
    }
    return render(request, "desk/aght/information.html", context, status=409 if lines else 200)


def _report(request: shell.Request, election: str, number: str) -> dict[str, Any] | None:
    """What a grading screen shows of a report; None after saying why not."""
    try:
        report = reports.get(election, number, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return None
    said = reports.words(election, number)
    names = reports.place_names(election)
    return {
        "report": report,
        "words": said,
        "place": names.get(report.place, report.place) or "tempat tidak disebut",
        "guarded": reports.guarded(election, said.text) if said else (),
    }


# --- items -----------------------------------------------------------------------------------------------------------------


@shell.page("aght.assess", thing=_opening)
def new(request: shell.Request, election: str) -> HttpResponse:
    """A new item, usually from a graded report."""
    number = request.POST.get("report", "") or request.GET.get("laporan", "")
    if number and _report(request, election, number) is None:
        return redirect("desk:reports", election)
    grading = aght.gradings(election, request.at).get(number)
    typed: Any = request.POST
    if request.method == "POST":
        try:
            code = aght.open_item(
                election,
                title=typed.get("title", ""),
                place=typed.get("place", ""),
                report=number,
                actor=shell.actor(request),
                at=request.at,
                **_conclusion(typed),
            )
        except rules.OpenedJustNow as refusal:
            shell.refused(request, refusal)
            return redirect("desk:aght_detail", election, str(refusal.facts["code"]))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} dibuka.")
            return redirect("desk:aght_detail", election, code)
    elif grading:
        place = reports.get(election, number, request.at).place
        typed = {"claim": record.unerased(grading.claim), "place": place}
    return render(request, "desk/aght/form.html", {**_form(request, election, typed), "report": number, "is_new": True})


@shell.page("aght.assess", thing=at_item("aght.assess", whole=True))
def assess(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A new conclusion about an item; the old one stays."""
    try:
        item = aght.get(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:aght", election)
    now = item.now
    fresh = aght.seen_item(election, item, request.at)
    seen, lines = fresh, []
    typed: Any = {
        "claim": record.unerased(now.claim),
        "cost": now.cost or "",
        "reversal": now.reversal or "",
        "gatra": now.gatra,
        "variable": now.variable,
        "low": now.shares.low,
        "mode": now.shares.mode,
        "high": now.shares.high,
        "prior": text.desimal(now.prior_permille / 10),
        "last_useful": text.form_moment(now.last_useful_at),
        "operational": "1",
    }
    if now.answers:
        said = now.answers
        yes = {"intent": said.intent, "happening": said.happening, "own_control": said.own_control}
        typed |= {"violation": said.violation.value, **{field: "1" for field, holds in yes.items() if holds}}
    if request.method == "POST":
        typed, seen = request.POST, meanwhile.seen(request)
        try:
            aght.assess(election, code, actor=shell.actor(request), at=request.at, seen=seen, **_conclusion(typed))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            if isinstance(refusal, rules.Changed):
                lines, seen = meanwhile.item_news(request, election, item, seen), fresh
        else:
            shell.done(request, f"Penilaian baru {code} dicatat. Penilaian lama tetap terbaca.")
            return redirect("desk:aght_detail", election, code)
    context = {**_form(request, election, typed), "item": item, "is_new": False, "seen": seen, "lines": lines}
    return render(request, "desk/aght/form.html", context, status=409 if lines else 200)


def _form(request: shell.Request, election: str, typed: Any) -> dict[str, Any]:
    labels = aght.labels(election, request.at)
    region, scope = request.election.region, shell.scope(request, "aght.assess")
    whole = scope.reaches("", region, region)  # sites and the region itself are for a role of the whole region
    sites = [(s.code, s.name) for s in places.sites(region) if whole]
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(region):
        if scope.reaches("", desa.code, region):
            by_kecamatan.setdefault(f"Kecamatan {desa.kecamatan_name}", []).append((desa.code, desa.name))
    chosen = typed.get("place", "")
    known = {code for group in by_kecamatan.values() for code, _ in group} | {code for code, _ in sites}
    extra = [(chosen, reports.place_names(election).get(chosen, chosen))] if chosen and chosen not in known else []
    return {
        "typed": typed,
        "gatra": labels.gatra.items(),
        "variables": labels.variables.items(),
        "labels_version": labels.version,
        "costs": [(str(n), words) for n, words in COSTS.items()],
        "reversals": [(str(n), words) for n, words in REVERSALS.items()],
        "chosen": {"cost": str(typed.get("cost", "")), "reversal": str(typed.get("reversal", ""))},
        "places": [
            ("Dari laporan", extra),
            ("Seluruh daerah", [(region, "Seluruh daerah")] if whole else []),
            ("Gudang, dermaga, pulau", sites),
            *by_kecamatan.items(),
        ],
        "kinds": [(k.value, words) for k, words in KINDS.items()],
        "violations": [(v.value, words) for v, words in VIOLATIONS],
        "violation": typed.get("violation", "none"),
        "voting_at": request.election.voting_at,
    }


def _conclusion(typed: QueryDict) -> dict[str, Any]:
    return {
        "answers": rules.Answers(
            operational=typed.get("operational") == "1",
            intent=typed.get("intent") == "1",
            happening=typed.get("happening") == "1",
            own_control=typed.get("own_control") == "1",
            violation=_violation(typed.get("violation", "")),
        ),
        "claim": typed.get("claim", ""),
        "gatra": typed.get("gatra", ""),
        "variable": typed.get("variable", ""),
        "shares": rules.Shares(_whole(typed.get("low", "")), _whole(typed.get("mode", "")), _whole(typed.get("high", ""))),
        "prior_permille": _permille(typed.get("prior", "")),
        "last_useful_at": text.typed_moment(typed.get("last_useful", "")),
        "note": typed.get("note", "")[:300],
        "cost": _step(typed.get("cost", ""), "cost"),
        "reversal": _step(typed.get("reversal", ""), "reversal"),
    }


def _step(typed: str, field: str) -> int | None:
    """1, 2 or 3; None where nobody says. BadStep."""
    if not typed:
        return None
    if typed not in {str(n) for n in rules.STEPS}:
        raise rules.BadStep(field=field)
    return int(typed)


def _violation(typed: str) -> rules.Violation:
    return rules.Violation(typed) if typed in {v.value for v in rules.Violation} else rules.Violation.NONE


def _whole(typed: str) -> int:
    plain = typed.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 3):
        raise rules.BadShares(typed=plain[:20])
    return int(plain)


def _permille(typed: str) -> int:
    """10 or 12,5 per cent -> 100 or 125. BadShares."""
    plain = typed.strip().replace(",", ".")
    whole, _, part = plain.partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(whole) <= 3 and (not part or (part.isascii() and part.isdigit() and len(part) == 1))
    ):
        raise rules.BadShares(prior=plain[:20])
    return int(whole) * 10 + int(part or 0)


@shell.page("aght.assess", thing=_attaching)
def attach(request: shell.Request, election: str, number: str) -> HttpResponse:
    """A graded report supports an item. The form's `item` is its code and, after a space, what was seen of it."""
    code, _, seen = request.POST.get("item", "")[:120].partition(" ")
    try:
        return _post(
            request,
            lambda: aght.attach(
                election, code, number, shell.actor(request), request.at, seen=seen or "-", seen_of_report=meanwhile.seen(request)
            ),
            f"{number} dilampirkan pada {code}.",
            number,
        )
    except rules.Changed:
        item, report = aght.get(election, code, request.at), reports.get(election, number, request.at)
        fresh = {"item": f"{code} {aght.seen_item(election, item, request.at)}", "seen": aght.seen_report(election, report, request.at)}
        lines = meanwhile.item_news(request, election, item, seen or "-") if seen != fresh["item"].partition(" ")[2] else []
        if fresh["seen"] != meanwhile.seen(request):
            lines += meanwhile.report_news(request, election, number, meanwhile.seen(request), source=True)
        back = reverse("desk:reports_detail", args=[election, number])
        return meanwhile.page(request, f"{number} dan {code}", lines, fresh, back, {})


@shell.page("aght.assess", thing=reports_desk.at_report("aght.assess"))
def refer(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Hands a report to Bawaslu or Datun."""
    to = rules.Route.DATUN if request.POST.get("to") == "DATUN" else rules.Route.BAWASLU
    note = request.POST.get("note", "")[:300]
    try:
        return _post(
            request,
            lambda: aght.refer(election, number, to, note, shell.actor(request), request.at, seen=meanwhile.seen(request)),
            f"{number} dirujuk ke {to.value}.",
            number,
        )
    except rules.Changed:
        return meanwhile.report_page(request, election, number)


@shell.page("aght.acknowledge", thing=reports_desk.at_report("aght.acknowledge"))
def acknowledge(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Bawaslu confirms that it has the report."""
    receipt = request.POST.get("receipt_no", "")
    return _post(
        request,
        lambda: aght.acknowledge_referral(election, number, rules.Route.BAWASLU, receipt, shell.actor(request), request.at),
        f"Rujukan {number} diterima.",
        number,
    )


def _post(request: shell.Request, call: Any, said: str, number: str) -> HttpResponse:
    """One act on a report, back to its page. Changed is the caller's: it has a page of its own."""
    if request.method == "POST":
        try:
            call()
        except rules.Changed:
            raise
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, said)
    return redirect("desk:reports_detail", request.election.code, number)


@shell.page("aght.assess", thing=at_item("aght.assess", whole=True))
def stand(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Treated, closed, opened again; with a reason."""
    if request.method == "POST":
        try:
            standing = rules.Standing(request.POST.get("standing", ""))
            typed = request.POST.get("outcome", "")
            outcome = rules.Outcome(typed) if typed in {o.value for o in rules.Outcome} else None
            why = request.POST.get("reason", "")
            aght.set_standing(election, code, standing, why, shell.actor(request), request.at, outcome, seen=meanwhile.seen(request))
        except ValueError:
            shell.refused(request, rules.Empty(field="standing"))
        except rules.Changed:
            return meanwhile.item_page(request, election, code, {"reason": "Alasan"})
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code}: {STANDINGS[standing][1]}.")
    return redirect("desk:aght_detail", election, code)


@shell.page("aght.assess", thing=at_item("aght.assess", whole=True))
def hazard(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Tells distribution how long trips to this place may be delayed."""
    if request.method == "POST":
        typed = request.POST.get("delay_min", "").strip()
        try:
            if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
                raise rules.BadDelay(delay_min=typed[:20])
            kind, seen = request.POST.get("kind", ""), meanwhile.seen(request)
            aght.set_hazard(election, code, kind, int(typed), shell.actor(request), request.at, seen=seen)
        except rules.Changed:
            return meanwhile.item_page(request, election, code, {"kind": "Apa yang menunda?", "delay_min": "Berapa menit?"})
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Rencana distribusi berikutnya memperhitungkan ini." if int(typed) else "Bahaya bagi distribusi ditarik.")
    return redirect("desk:aght_detail", election, code)


# --- map -------------------------------------------------------------------------------------------------------------------

SHADE_EDGES = (1, 10, 50, 200, 1000)
"""Expected loss in voters at which the map grows a shade darker."""
RATE_EDGES = (0.5, 0.8, 1.25, 2.0, 3.0)
"""Rate of reports relative to the region (1: as everywhere) at which the map grows a shade darker."""
COUNT_EDGES = (1, 3, 6, 10, 15)
"""Counts of another agency at which its layer grows a shade darker."""
POLICE_SHADES = {"kurang rawan": 1, "khusus": 2, "rawan": 3, "sangat rawan": 5}
MOST_DAYS = 60
COVER = {
    "post": ", ada pos yang mendengar",
    "contact": ", ada penghubung",
    "unknown": ", posnya tidak menjawab",
    "none": ", tidak ada pos",
}
"""What silence of a desa means beside who listens there."""


@dataclass(frozen=True)
class Shown:
    """What one desa shows: a shade (None: hatched), a number that survives printing, and the sentence with count, interval and n."""

    shade: int | None
    figure: str
    word: str
    href: str = ""
    state: str = "plain"


def shade(number: float, edges: tuple[float, ...], lowest: int = 1) -> int:
    """How many edges a number has reached, at least `lowest`."""
    return max(lowest, sum(number >= edge for edge in edges))


def by_rate(desa: rules.Desa, rate: kernel.Shrunk | None) -> Shown:
    """The default layer: how often reports come from here, shrunk, with its interval. Silence is hatched, whatever the model says."""
    if desa.reports == 0 or rate is None:
        touched = f", {desa.items} butir menyentuhnya" if desa.items else ""
        return Shown(None, "", silence(desa) + touched, state="unknown")
    said = (
        f"{text.desimal(rate.rate)} kali daerah (90 %: {text.desimal(rate.low)} sampai {text.desimal(rate.high)}), "
        f"{text.angka(desa.reports)} laporan dari {text.angka(desa.origins)} asal, {text.angka(desa.voters)} pemilih, {desa.items} butir"
    )
    return Shown(shade(rate.rate, RATE_EDGES, 0), str(desa.origins), said)


def by_loss(desa: rules.Desa) -> Shown:
    """The layer of expected loss: open items, their mean and the span of the shares."""
    if desa.unknown:
        return Shown(None, "", silence(desa), state="unknown")
    said = (
        f"perkiraan {text.angka(desa.loss)} pemilih terdampak ({text.angka(desa.loss_low)} sampai {text.angka(desa.loss_high)}) "
        f"dari {text.angka(desa.voters)}, {desa.items} butir, {desa.reports} laporan"
    )
    return Shown(0 if desa.items == 0 else shade(desa.loss, SHADE_EDGES), text.angka(desa.loss) if desa.items else "", said)


def by_layer(layer: rules.Layer, labels: dict[str, int] | None) -> Shown:
    """Another agency's layer: its own counts, nothing of ours. Indicators about participants weigh nought even here."""
    if labels is None:
        return Shown(None, "", f"tidak disebut oleh {OWNERS[layer.owner]}", state="unknown")
    said = ", ".join(f"{name}: {text.angka(n)}" for name, n in labels.items())
    counted = {name: n for name, n in labels.items() if name != rules.NEAR_PARTICIPANTS}
    total = sum(counted.values())
    if layer.owner is rules.Owner.POLRES:
        worst = max((POLICE_SHADES.get(name, 0) for name, n in counted.items() if n), default=0)
        return Shown(worst, str(total), said)
    return Shown(shade(total, COUNT_EDGES, 0), str(total), said)


OUTSIDE = Shown(None, "", "di luar wilayah tugas Anda")
"""A desa of which this reader's lists hold nothing: neither coloured nor hatched, since hatched means that nobody spoke."""


def silence(desa: rules.Desa) -> str:
    """Why nothing is said about a desa: nobody spoke, which is not the same as nothing happened."""
    return f"belum ada kabar{COVER.get(desa.cover, '')}"


def picture(
    election: str,
    region: str,
    title: str,
    shown: dict[str, Shown],
    items: list[rules.Aght] | None,
    heard: Mapping[str, int] | None = None,
) -> drawing.Map:
    """A map: every desa with its number and sentence, islands and sites with their open items. items: None on a map without ours.

    A desa all of whose TPS lie on one island has no area of its own: the island shows its number. heard: place -> reports, for islands that
    are part of a desa ashore and say for themselves whether somebody reported from there.

    A desa that `shown` leaves out lies outside the reader's region, and so does an island whose TPS belong to such a desa.
    """
    live = [i for i in items or () if i.standing is not rules.Standing.CLOSED]
    tps_list = places.tps_list(election)
    on_island: dict[str, int] = {}
    for item in live:
        for island in {t.island for t in tps_list if t.island and t.code in item.tps}:
            on_island[island] = on_island.get(island, 0) + 1
    cells = [
        drawing.Desa(
            d.code, d.name, d.lat, d.lon, state=s.state, word=s.word, weight=0, group=d.kecamatan_name, shade=s.shade, href=s.href,
            figure=s.figure,
        )
        for d, s in ((d, shown.get(d.code, OUTSIDE)) for d in places.desa_list(region))
    ]  # fmt: skip
    pins = [s for s in places.sites(region) if s.lat is not None and s.lon is not None]
    counts: dict[str, int | None] = {s.code: None if items is None else on_island.get(s.code, 0) for s in pins if s.kind == "pulau"}
    whole = place_rules.desa_islands(tps_list)
    names = {d.code: d.name for d in places.desa_list(region)}
    spoke = _heard_on_islands(tps_list, heard or {})
    islands = [
        _desa_island(s, [shown[d] for d in whole[s.code]], counts[s.code])
        if s.code in whole and all(d in shown for d in whole[s.code])
        else _island(s, counts[s.code], spoke.get(s.code, 0), sorted({names.get(t.desa_code, "") for t in tps_list if t.island == s.code}))
        for s in pins
        if s.kind == "pulau"
    ]
    outside = {t.island for t in tps_list if t.island and t.desa_code not in shown}
    partly = any(code not in shown for code in names)  # what happens on an island is the regency's: here its silence would say too much
    islands = [
        drawing.Island(i.code, i.name, i.lat, i.lon, word=OUTSIDE.word) if i.code in outside or (partly and i.state == "unknown") else i
        for i in islands
    ]
    markers = []
    for s in pins:
        here = [i for i in live if i.place == s.code]
        if s.kind != "pulau" and here:
            href = reverse("desk:aght_detail", args=[election, here[0].code])
            codes, titles = ", ".join(i.code for i in here), "; ".join(i.title for i in here)
            markers.append(drawing.Marker(codes, s.lat or 0.0, s.lon or 0.0, title=titles, href=href))
    sites = [drawing.Site(s.name, s.lat or 0.0, s.lon or 0.0, kind=s.kind, provisional=s.provisional) for s in pins if s.kind != "pulau"]
    return drawing.Map(
        title=title, region=region, desa=cells, islands=islands, sites=sites, markers=markers, boundaries=places.boundaries(region),
        description="Angka pada desa adalah hitungannya; arsiran berarti belum ada kabar.",
    )  # fmt: skip


def _heard_on_islands(tps_list: list[place_rules.Tps], heard: Mapping[str, int]) -> dict[str, int]:
    """Island -> reports that name it or a TPS on it."""
    at = {t.code: t.island for t in tps_list if t.island}
    found: dict[str, int] = {}
    for place, n in heard.items():
        island = at.get(place, place)
        found[island] = found.get(island, 0) + n
    return found


def _desa_island(site: place_rules.Site, shown: list[Shown], items: int | None) -> drawing.Island:
    """An island that is a desa (or two): what a desa ashore shows on its area, it shows on its mark."""
    shades = [s.shade for s in shown if s.shade is not None]
    return drawing.Island(
        site.code, site.name, site.lat or 0.0, site.lon or 0.0, state=shown[0].state if len(shown) == 1 or not shades else "plain",
        word="; ".join(s.word for s in shown), href=shown[0].href, detail=f"{items} butir" if items else "",
        figure="+".join(s.figure for s in shown if s.figure), shade=max(shades) if shades else None,
    )  # fmt: skip


def _island(site: place_rules.Site, items: int | None, heard: int, desa: list[str]) -> drawing.Island:
    """An island that is part of a desa ashore: its own items and reports; the desa's number stands ashore."""
    code, name, lat, lon = site.code, site.name, site.lat or 0.0, site.lon or 0.0
    if items is None:
        return drawing.Island(code, name, lat, lon)
    ashore = f"; hitungan desa {', '.join(desa)} ada di darat" if desa else ""
    said = ", ".join([f"{items} butir"] * bool(items) + [f"{heard} laporan"] * bool(heard))
    if items or heard:
        return drawing.Island(code, name, lat, lon, state="bad" if items else "plain", word=said + ashore, detail=said)
    return drawing.Island(code, name, lat, lon, state="unknown", word="belum ada kabar dari pulau ini" + ashore)


@dataclass(frozen=True)
class Days:
    """The days of the slider, the one that is looked at, and the instant it stands for."""

    all: tuple[date, ...]
    chosen: date
    at: datetime

    @property
    def index(self) -> int:
        """Which of the days is looked at, from nought."""
        return self.all.index(self.chosen)


def _days(request: shell.Request, heard: Collection[date]) -> Days:
    """From the first report (at most 60 days ago) to today. The end of the chosen day, never later than the clock."""
    today = record.local_date(request.at)
    first = max(min(heard, default=today), today - timedelta(days=MOST_DAYS - 1))
    days = tuple(first + timedelta(days=n) for n in range((today - first).days + 1))
    chosen = days[-1]
    step = request.GET.get("langkah", "")
    if step.isascii() and step.isdigit() and len(step) <= 3:
        chosen = days[min(int(step), len(days) - 1)]
    else:
        typed = request.GET.get("hari", "")
        chosen = next((d for d in days if d.isoformat() == typed), chosen)
    end = datetime.combine(chosen, datetime.max.time(), text.WIB).replace(microsecond=0).astimezone(UTC)
    return Days(days, chosen, min(end, request.at))


@shell.page("aght.read")
def chart(request: shell.Request, election: str) -> HttpResponse:
    """The map of one layer on one day, its legend and its table."""
    sees = shell.scope(request, "aght.read")
    received = [record.local_date(r.received_at) for r in reports.listing(election, request.at, sees)]
    days = _days(request, received)
    found = aght.desa(election, days.at, sees)
    items = aght.register(election, days.at, sees)
    known = aght.layers(election, days.at, sees)
    wanted = request.GET.get("lapis", "laporan")
    layer = next((one for one in known if one.code == wanted), None)
    if layer is None and wanted != "rugi":
        wanted = "laporan"
    m = aght.measured(found)
    rates = aght.rates(m)
    shown = _shown(election, wanted, layer, found, rates)
    names = reports.place_names(election)
    title = f"Peta AGHT, {text.tanggal_pendek(days.chosen)}"
    told = reports.listing(election, days.at, sees)
    heard = Counter(r.place for r in told)
    drawn = picture(election, request.election.region, title, shown, None if layer else items, heard)
    context = {
        "map": SafeString(drawing.svg(drawn)),  # drawn by our own code, which escapes its texts
        "moving": drawing.values(drawn),
        "wanted": wanted,
        "layer": layer,
        "owner": OWNERS[layer.owner] if layer else "",
        "layers": [(one.code, f"{OWNERS[one.owner]} {one.version}") for one in _newest(known)],
        "rows": _rows(wanted, layer, found, rates, shown, names),
        "unknown": sum(s.shade is None for s in shown.values()),
        "total": len(found),
        "n": m.n,
        "basis": m.basis,
        "placeless": len(told) - sum(d.reports for d in found),
        "confined": shell.confined(request, "aght.read"),
        "legend": _legend(wanted, layer),
        "estimate": any(i.estimate for i in items),
        "schematic": not places.boundaries(request.election.region),
        "boundary_source": places.boundary_source(request.election.region),
        "days": days,
        "earlier": days.all[days.index - 1] if days.index else None,
        "later": days.all[days.index + 1] if days.index + 1 < len(days.all) else None,
        "last_index": len(days.all) - 1,
        "bars": _bars(days, received),
        "today": days.chosen == days.all[-1],
    }
    return render(request, "desk/aght/map.html", context)


def _newest(known: list[rules.Layer]) -> list[rules.Layer]:
    """The newest version of every agency; older ones stay on the page of the layers."""
    found: dict[rules.Owner, rules.Layer] = {}
    for one in known:
        found.setdefault(one.owner, one)
    return list(found.values())


def _shown(
    election: str, wanted: str, layer: rules.Layer | None, found: list[rules.Desa], rates: dict[str, kernel.Shrunk]
) -> dict[str, Shown]:
    if layer:
        theirs = layer.by_desa()
        return {d.code: by_layer(layer, theirs.get(d.code)) for d in found}
    page = reverse("desk:aght", args=[election])
    mine = {d.code: by_loss(d) if wanted == "rugi" else by_rate(d, rates.get(d.code)) for d in found}
    return {
        d.code: Shown(s.shade, s.figure, s.word, f"{page}?desa={d.code}" if d.items else "", s.state)
        for d, s in ((d, mine[d.code]) for d in found)
    }


def _rows(
    wanted: str,
    layer: rules.Layer | None,
    found: list[rules.Desa],
    rates: dict[str, kernel.Shrunk],
    shown: dict[str, Shown],
    names: dict[str, str],
) -> list[dict[str, Any]]:
    """The table under the map: what the colour says, in numbers."""
    theirs = layer.by_desa() if layer else {}

    def weight(d: rules.Desa) -> float:
        rate = rates.get(d.code)
        return (
            sum(theirs.get(d.code, {}).values())
            if layer
            else d.loss
            if wanted == "rugi"
            else 0
            if d.reports == 0 or not rate
            else rate.rate
        )

    rows = []
    for d in sorted(found, key=lambda d: (shown[d.code].shade is None, -weight(d), d.code)):
        rate = rates.get(d.code) if d.reports else None
        rows.append(
            {
                "name": names.get(d.code, d.code),
                "desa": d,
                "shade": shown[d.code].shade,
                "word": shown[d.code].word,
                "silent": silence(d),
                "rate": text.desimal(rate.rate, 2) if rate else "",
                "between": f"{text.desimal(rate.low, 2)} – {text.desimal(rate.high, 2)}" if rate else "",
                "above": rate.above if rate else None,
                "sort": round(1000 * rate.rate) if rate else -1,
                "theirs": list(theirs.get(d.code, {}).items()),
            }
        )
    return rows


def _legend(wanted: str, layer: rules.Layer | None) -> list[tuple[int, str]]:
    """(shade, words) from pale to dark."""
    if layer and layer.owner is rules.Owner.POLRES:
        return sorted((n, f"kelas paling berat: {name}") for name, n in POLICE_SHADES.items())
    if layer:
        edges = [text.angka(int(e)) for e in COUNT_EDGES]
        return [(0, "0"), *((n, f"≥ {edge}") for n, edge in enumerate(edges, 1))]
    if wanted == "rugi":
        edges = [text.angka(int(e)) for e in SHADE_EDGES]
        return [(0, "tanpa butir terbuka"), (1, f"di bawah {edges[1]}"), *((n, f"≥ {edge}") for n, edge in enumerate(edges, 1) if n > 1)]
    edges = [text.desimal(e, 2).rstrip("0").rstrip(",") for e in RATE_EDGES]
    return [(0, f"di bawah {edges[0]} kali daerah"), *((n, f"≥ {edge}") for n, edge in enumerate(edges, 1))]


def _bars(days: Days, received: Collection[date]) -> list[dict[str, Any]]:
    """Reports of every day as bars of a small picture, each a link to its day."""
    counts: dict[date, int] = {}
    for day in received:
        counts[day] = counts.get(day, 0) + 1
    most = max([counts.get(d, 0) for d in days.all] or [0]) or 1
    return [
        {
            "day": d,
            "iso": d.isoformat(),
            "n": counts.get(d, 0),
            "x": 12 * n,
            "h": round(34 * counts.get(d, 0) / most),
            "y": 36 - round(34 * counts.get(d, 0) / most),
            "now": d == days.chosen,
        }
        for n, d in enumerate(days.all)
    ]


# --- clusters, calibration -------------------------------------------------------------------------------------------------


@shell.page("aght.read")
def clusters(request: shell.Request, election: str) -> HttpResponse:
    """The secondary view: a scan for clusters and Gi*, always with p, n and power."""
    found = aght.desa(election, request.at, shell.scope(request, "aght.read"))
    m = aght.measured(found)
    seen = aght.clustered(election, m)
    names = reports.place_names(election)
    clear = seen.scan is not None and seen.scan.p <= 0.05
    shown = {}
    for d in found:
        local = seen.local.get(d.code)
        inside, hot = clear and d.code in seen.areas, bool(local and local.stands)
        word = f"{d.origins} laporan berbeda asal" + (", dalam kluster" if inside else "") + (", Gi* menonjol" if hot else "")
        state = "unknown" if d.unknown else "bad" if inside else "warn" if hot else "plain"
        shown[d.code] = Shown(None, str(d.origins) if d.origins else "", silence(d) if d.unknown else word, state=state)
    drawn = drawing.svg(picture(election, request.election.region, "Kluster laporan", shown, None)) if seen.scan else ""
    local_rows = [
        {
            "name": names.get(code, code),
            "z": _signed(one.z),
            "p": text.desimal(one.p, 3),
            "stands": one.stands,
            "sort": round(1000 * one.z),
        }
        for code, one in sorted(seen.local.items(), key=lambda pair: pair[1].p)
    ]
    scan = seen.scan
    context = {
        "confined": shell.confined(request, "aght.read"),
        "map": SafeString(drawn),  # drawn by our own code, which escapes its texts
        "n": m.n,
        "areas_n": len(m.codes),
        "basis": m.basis,
        "least": kernel.LEAST_REPORTS,
        "scan": scan,
        "clear": clear,
        "p": text.desimal(scan.p, 3) if scan else "",
        "ratio": ("tak hingga" if math.isinf(scan.ratio) else text.desimal(scan.ratio)) if scan else "",
        "expected": text.desimal(scan.expected) if scan else "",
        "risk": text.desimal(scan.risk, 0) if scan else "",
        "names": [names.get(code, code) for code in seen.areas],
        "local": local_rows,
        "standing": sum(one.stands for one in seen.local.values()),
        "neighbours": kernel.NEIGHBOURS,
        "simulations": text.angka(kernel.SIMULATIONS),
    }
    return render(request, "desk/aght/clusters.html", context)


@shell.page("aght.read")
def calibration(request: shell.Request, election: str) -> HttpResponse:
    """What was said against what happened, and how the grading is done."""
    sees = shell.scope(request, "aght.read")
    seen = aght.calibration(election, request.at, sees)
    items = {i.code: i for i in aght.register(election, request.at, sees)}
    score = seen.brier
    context = {
        "confined": shell.confined(request, "aght.read"),
        "seen": seen,
        "score": score,
        "enough": score is not None and score.enough,
        "least": rules.LEAST_FOR_CALIBRATION,
        "numbers": {
            "score": text.desimal(score.score, 3),
            "always": text.desimal(score.uncertainty, 3),
            "reliability": text.desimal(score.reliability, 3),
            "resolution": text.desimal(score.resolution, 3),
            "within": text.desimal(score.within, 3),
        }
        if score
        else {},
        "bins": [
            {
                "b": b,
                "name": f"{text.angka(round(100 * b.low))} – {text.angka(round(100 * b.high))} %",
                "share": b.held / b.n if b.n else None,
            }
            for b in (score.bins if score else ())
        ],
        "forecasts": [(f, items[f.code].title, OUTCOMES[rules.Outcome.HELD if f.held else rules.Outcome.NOT_HELD]) for f in seen.forecasts],
        "method": rules.METHOD,
    }
    return render(request, "desk/aght/calibration.html", context)


# --- referrals -------------------------------------------------------------------------------------------------------------


@shell.page("reports.read")
def referrals(request: shell.Request, election: str) -> HttpResponse:
    """What was handed on, the receipts, and Bawaslu's clock; what still has to be handed on."""
    readable = {r.number for r in reports_desk.readable(request)}
    known = {r.number: r.received_at for r in reports_desk.readable(request, "aght.assess")}
    waiting = [(number, to.value, known[number]) for number, to in aght.unrouted(election, request.at) if number in known]
    context = {
        "confined": shell.confined(request, "reports.read"),
        "rows": [h for h in aght.handed(election, request.at) if h.referral.report in readable],
        "waiting": waiting,
        "clocks": aght.clocks(election, request.at),
        "working": any(c.working for c in aght.clocks(election, request.at)),
        "may_assess": shell.may(request, "aght.assess"),
        "may_read_reports": shell.may(request, "reports.read"),
        "may_acknowledge": shell.may(request, "aght.acknowledge"),
        "now": request.at,
    }
    return render(request, "desk/aght/referrals.html", context)


@shell.page("aght.assess", thing=reports_desk.at_report("aght.assess"))
def receipt(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The Datun section's receipt, written down by the post; Bawaslu gives its own."""
    if request.method == "POST":
        try:
            said = request.POST.get("receipt_no", "")
            aght.acknowledge_referral(election, number, rules.Route.DATUN, said, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Tanda terima Datun untuk {number} dicatat.")
    return redirect("desk:aght_referrals", election)


# --- layers of other agencies ------------------------------------------------------------------------------------------------


@shell.page("aght.read")
def layers(request: shell.Request, election: str) -> HttpResponse:
    """Every version that was taken, with source, day, counts, and where the published total does not add up."""
    known = aght.layers(election, request.at, shell.scope(request, "aght.read"))
    context = {
        "rows": [{"layer": one, "owner": OWNERS[one.owner], "labels": _totals(one)} for one in known],
        "confined": shell.confined(request, "aght.read"),
        "may_assess": shell.may(request, "aght.assess", aght_labels.of_the_region(request)),
    }
    return render(request, "desk/aght/layers.html", context)


def _totals(layer: rules.Layer) -> list[tuple[str, int, bool]]:
    """(label, count, whether it weighs nothing even in its own layer)."""
    sums: dict[str, int] = {}
    for cell in layer.cells:
        sums[cell.label] = sums.get(cell.label, 0) + cell.count
    return [(name, sums[name], name == rules.NEAR_PARTICIPANTS) for name in layer.labels]


@shell.page("aght.assess", thing=aght_labels.of_the_region)
def layer_new(request: shell.Request, election: str) -> HttpResponse:
    """Takes a file of Bawaslu or the police, or names everything that is wrong with it."""
    wrong: list[str] = []
    if request.method == "POST":
        try:
            wrong = _take(request, election)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            if not wrong:
                return redirect("desk:aght_layers", election)
    context = {
        "typed": request.POST,
        "wrong": wrong[:30],
        "more": max(0, len(wrong) - 30),
        "owners": [(o.value, name) for o, name in OWNERS.items()],
        "today": record.local_date(request.at).isoformat(),
        "classes": rules.POLICE_CLASSES,
    }
    return render(request, "desk/aght/layer_new.html", context)


def _take(request: shell.Request, election: str) -> list[str]:
    """Reads and takes the uploaded file; the sentences of its problems, nothing taken, where it has some."""
    typed, upload = request.POST, request.FILES.get("file")
    if upload is None:
        raise rules.BadLayer(field="berkas")
    owner = rules.Owner(typed["owner"]) if typed.get("owner", "") in {o.value for o in rules.Owner} else None
    issued = _day(typed.get("issued", ""))
    stated = typed.get("stated", "").strip().replace(".", "")
    if owner is None or issued is None or (stated and not (stated.isascii() and stated.isdigit() and len(stated) <= 8)):
        raise rules.BadLayer(field="lembaga" if owner is None else "tanggal" if issued is None else "jumlah terbitan")
    data = shell.table_bytes(upload)
    region = request.election.region
    desa = places.desa_list(region)
    codes = frozenset(d.code for d in desa) | {t.code for t in places.tps_list(election)}
    names = {(d.kecamatan_name.lower(), d.name.lower()): d.code for d in desa}
    cells, problems = files.read(str(upload.name), data, owner, files.Known(codes, names))
    if problems:
        return files.sentences(problems)
    code = aght.take_layer(
        election, owner, cells, name=typed.get("name", ""), version=typed.get("version", ""), source=typed.get("source", ""), issued=issued,
        sha256=hashlib.sha256(data).hexdigest(), stated=int(stated) if stated else None, actor=shell.actor(request), at=request.at,
    )  # fmt: skip
    shell.done(
        request, f"{code} diambil: {text.angka(len(cells))} baris. Ditampilkan terpisah, tidak pernah dihitung ke dalam penilaian Posko."
    )
    return []


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


@shell.page("aght.assess", thing=aght_labels.of_the_region)
def layer_template(request: shell.Request, election: str) -> HttpResponse:
    """An empty table with every desa, ready to be filled."""
    desa = places.desa_list(request.election.region)
    rows = [*files.TEMPLATE, *((d.code, d.kecamatan_name, d.name, "", "") for d in desa)]
    answer = HttpResponse(table.xlsx({"Lapisan": rows}), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = 'attachment; filename="lapisan.xlsx"'
    return answer


# --- matrix and export -----------------------------------------------------------------------------------------------------


@shell.page("aght.read")
def matrix(request: shell.Request, election: str) -> HttpResponse:
    """Kind x gatra, of every set of labels that an open item carries; the set in force first."""
    items = aght.register(election, request.at, shell.scope(request, "aght.read"))
    live = [i for i in items if i.standing is not rules.Standing.CLOSED]
    now, sets = aght.labels(election, request.at), aght.label_sets(election, request.at)
    older = sorted({i.now.labels for i in live} - {now.version})
    context = {
        "tables": [_labelled(live, sets[version], version == now.version) for version in (now.version, *older)],
        "confined": shell.confined(request, "aght.read"),
    }
    return render(request, "desk/aght/matrix.html", context)


def _labelled(live: list[rules.Aght], labels: rules.Labels, in_force: bool) -> dict[str, Any]:
    """The two tables of one set: kind x gatra, and the items of each variable."""
    counted = rules.grid(live, labels)
    rows = [
        {
            "kind": kind.value,
            "words": KINDS[kind],
            "cells": [counted[kind][code] for code in labels.gatra],
            "sum": sum(counted[kind].values()),
        }
        for kind in rules.Kind
    ]
    mine = [i for i in live if i.now.labels == labels.version]
    variables = [(code, name, [i.code for i in mine if i.now.variable == code]) for code, name in labels.variables.items()]
    return {"version": labels.version, "in_force": in_force, "rows": rows, "gatra": list(labels.gatra.values()), "variables": variables}


@shell.page("aght.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The register as shown."""
    names = reports.place_names(election)
    run = dpt.current(election, request.at)
    items = aght.register(election, request.at, shell.scope(request, "aght.read"))
    weighed = aght.weighed(items)
    head = [
        "Kode",
        "Judul",
        "Jenis",
        "Tempat",
        "TPS",
        "Pemilih",
        "Tanda",
        "Peluang (permil)",
        "Perkiraan terdampak",
        "P5",
        "P95",
        "Rugi rendah",
        "Rugi tengah",
        "Rugi tinggi",
        "Saat terakhir bertindak",
        "Sisa waktu (jam)",
        "Keadaan",
        "Hasil",
        "Daftar label",
        "Bidang",
        "Variabel",
        "Biaya (1-3, kosong: belum diketahui)",
        "Pemulihan (1-3, kosong: belum diketahui)",
        f"Masuk {weighed.top} besar (permil pembobotan)",
        "Diacak karena belum diketahui",
    ]
    mark = "PERKIRAAN" if run and run.estimate else ""
    lines = []
    for item in items:
        r = {**row(item, names), **_weights(item.code, weighed)}
        loss = r["loss"]
        lines.append(
            [
                r["code"],
                r["title"],
                r["kind"],
                r["place"],
                r["tps"],
                r["voters"],
                mark,
                r["p_permille"],
                loss.expected,
                loss.p5,
                loss.p95,
                loss.low,
                loss.mode,
                loss.high,
                item.now.last_useful_at,
                item.time_left_h,
                r["word"],
                r["outcome"],
                item.now.labels,
                item.gatra_name,
                item.variable_name,
                item.now.cost,
                item.now.reversal,
                None if r["weight"] is None else r["weight_sort"],
                r["weight_unknown"],
            ]
        )
    how = [
        ["Pembobotan acak", f"{weighed.n} butir terbuka, {weighed.draws} pembobotan, benih {weighed.seed}"],
        ["Kriteria", ", ".join(CRITERIA[name] for name in rules.CRITERIA)],
        ["Urutan kerja", "tetap menurut perkiraan terdampak"],
    ]
    response = HttpResponse(
        table.xlsx({"AGHT": [head, *lines], "Cara": how, **reports_desk.cut_sheet(request, "aght.read")}),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = 'attachment; filename="aght.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/aght/", index, name="aght"),
    *aght_labels.urlpatterns,
    path("<slug:election>/aght/peta/", chart, name="aght_map"),
    path("<slug:election>/aght/kluster/", clusters, name="aght_clusters"),
    path("<slug:election>/aght/kalibrasi/", calibration, name="aght_calibration"),
    path("<slug:election>/aght/rujukan/", referrals, name="aght_referrals"),
    path("<slug:election>/aght/lapisan/", layers, name="aght_layers"),
    path("<slug:election>/aght/lapisan/baru/", layer_new, name="aght_layer_new"),
    path("<slug:election>/aght/lapisan/contoh.xlsx", layer_template, name="aght_layer_template"),
    path("<slug:election>/aght/matriks/", matrix, name="aght_matrix"),
    path("<slug:election>/aght/ekspor.xlsx", export, name="aght_export"),
    path("<slug:election>/aght/baru/", new, name="aght_new"),
    path("<slug:election>/aght/nilai/<slug:number>/sumber/", source, name="aght_source"),
    path("<slug:election>/aght/nilai/<slug:number>/keterangan/", information, name="aght_information"),
    path("<slug:election>/aght/lampir/<slug:number>/", attach, name="aght_attach"),
    path("<slug:election>/aght/rujuk/<slug:number>/", refer, name="aght_refer"),
    path("<slug:election>/aght/rujuk/<slug:number>/terima/", acknowledge, name="aght_acknowledge"),
    path("<slug:election>/aght/rujuk/<slug:number>/tanda-terima/", receipt, name="aght_receipt"),
    path("<slug:election>/aght/<slug:code>/", detail, name="aght_detail"),
    path("<slug:election>/aght/<slug:code>/kaji/", assess, name="aght_assess"),
    path("<slug:election>/aght/<slug:code>/keadaan/", stand, name="aght_stand"),
    path("<slug:election>/aght/<slug:code>/bahaya/", hazard, name="aght_hazard"),
]
SENTENCES: dict[str, str] = {
    "aght.empty": "Isian yang wajib masih kosong. Lengkapi pernyataan, dasar penilaian, judul, atau alasan.",
    "aght.too_long": "Terlalu panjang. Paling banyak {longest} huruf.",
    "aght.bad_shares": "Isi dengan persen: rendah ≤ tengah ≤ tinggi, antara 0 dan 100; peluang awal 0,1 sampai 99,9.",
    "aght.not_operational": "Ini tidak menyentuh penyelenggaraan, jadi bukan AGHT. Rujuk laporannya ke Bawaslu atau Datun, atau tutup.",
    "aght.ungraded": "Laporan {report} belum dinilai lengkap. Nilai sumber dan keterangannya lebih dahulu.",
    "aght.source_first": "Nilai sumber laporan {report} lebih dahulu, lalu keterangannya.",
    "aght.other_first": (
        "Skala kedua {report} ditawarkan dahulu kepada analis lain ({others} orang) selama {hours} jam. "
        "Minta rekan Anda menilainya, atau tunggu; sesudah itu Anda boleh menilai dan nilainya ditandai dinilai satu orang."
    ),
    "aght.opened_just_now": "{code} baru saja Anda buka dengan judul, tempat, dan pernyataan yang sama. Yang kedua tidak dicatat.",
    "aght.bad_time": "Saat terakhir tindakan berguna terlalu jauh dari hari pemungutan suara. Periksa tahunnya.",
    "aght.missing_time": "Isi saat terakhir tindakan masih berguna: tanggal dan jam. Posko tidak menebaknya.",
    "aght.missing_outcome": (
        "Sebelum {code} ditutup, pilih apa yang terjadi dengan pernyataannya: benar, tidak, atau tidak dapat dipastikan."
    ),
    "aght.bad_layer": "Lapisan belum lengkap ({field}). Isi nama, versi, sumber, dan tanggal terbit yang tidak di masa depan.",
    "aght.layer_twice": "Berkas atau versi {version} dari {owner} sudah pernah diambil. Versi baru memakai nama versi baru.",
    "aght.unknown_layer": "Lapisan {code} tidak ada.",
    "aght.unknown_place": "Tempat itu tidak menyentuh satu TPS pun. Pilih desa, pulau, gudang, atau seluruh daerah.",
    "aght.unknown_label": "Pilih bidang dan variabel dari daftar label yang berlaku sekarang.",
    "aght.changed": "{code} berubah sementara Anda menulis. Belum ada yang disimpan; baca perubahannya, lalu kirim lagi bila masih tepat.",
    "aght.bad_receipt": (
        "Nomor tanda terima ditulis dengan huruf, angka, titik, garis miring, atau garis hubung, tanpa spasi, paling banyak 40."
    ),
    "aght.bad_step": "Pilih biaya dan pemulihan dari daftar, atau biarkan belum diketahui.",
    "aght.bad_labels": (
        "Daftar label belum lengkap ({field}). Versi ditulis seperti bawaslu-2029/1, sumbernya disebut, kelompok gatra dan variabel "
        "ada isinya, dan satu variabel diberi catatan R21."
    ),
    "aght.labels_twice": "Versi {version} sudah ada atau sudah berlaku. Daftar yang diperbarui memakai versi baru.",
    "aght.unknown_labels": "Daftar label versi {version} tidak ada.",
    "aght.unknown": "Butir AGHT itu tidak ada.",
    "aght.closed": "{code} sudah ditutup. Buka kembali dengan alasan sebelum mengubahnya.",
    "aght.same_standing": "{code} sudah dalam keadaan itu.",
    "aght.bad_delay": "Keterlambatan ditulis dalam menit, 1 sampai 2880; 0 untuk menariknya.",
    "aght.attached": "{report} sudah mendukung {code}.",
    "aght.already_referred": "{report} sudah dirujuk ke {to}.",
    "aght.not_referred": "Tidak ada rujukan {report} yang menunggu tanda terima.",
}
TASKS: dict[str, tuple[str, str]] = {
    "aght.grade_information": ("Nilai keterangan laporan {label}", "desk:aght_information"),
    "aght.place": ("Laporan {label} sudah dinilai: buka butir AGHT, lampirkan, rujuk, atau tutup", "desk:reports_detail"),
    "aght.route": ("Rujuk laporan {label}: rute butirnya menuju ke sana", "desk:reports_detail"),
    "aght.stale": ("Tinjau kembali {label}: sudah tiga hari tidak dinilai", "desk:aght_detail"),
    "aght.referral": ("Terima rujukan laporan {label}", "desk:reports_detail"),
}
HITS: dict[str, str] = {"aght": "desk:aght_detail"}
SIGNALS: dict[str, tuple[str, str]] = {
    "R21": ("{title}: kabar ini datang dari {chains} rantai yang berlainan. Siapkan penjelasan resmi.", "desk:aght_detail"),
}
