"""Stage aght: grading on two screens, the register with its explanation, the map with its days and layers, clusters, calibration."""

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import shell
from posko.domain import aght as rules
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
STEPS = (("1", "hampir tidak"), ("2", "kecil"), ("3", "sedang"), ("4", "besar"), ("5", "hampir pasti"))


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


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


@shell.page("aght.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The register, by expected loss, then by the time left to act."""
    names = reports.place_names(election)
    items = aght.register(election, request.at)
    desa = request.GET.get("desa", "")
    if desa:
        items = [i for i in items if any(tps.startswith(f"{desa}.") for tps in i.tps)]
    graded = list(aght.gradings(election, request.at).values())
    on, of = rules.diagonal(graded)
    rows = [row(item, names) for item in items]
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
        "unrouted": len(aght.unrouted(election, request.at)) if shell.may(request, "aght.assess") else 0,
        "may_assess": shell.may(request, "aght.assess"),
        "may_read_reports": shell.may(request, "reports.read"),
        "estimate": any(i.estimate for i in items),
        "matrix": _matrix(items),
        "desa": names.get(desa, ""),
    }
    return render(request, "desk/aght/index.html", context)


def _matrix(items: list[rules.Aght]) -> list[dict[str, Any]]:
    """Five rows from most to least likely, each with five cells of codes."""
    live = [i for i in items if i.standing is not rules.Standing.CLOSED]
    found = []
    for likely, word in reversed(STEPS):
        cells = [{"grave": g, "level": int(likely) * g, "codes": [i.code for i in live if i.cell == (int(likely), g)]} for g in range(1, 6)]
        found.append({"word": word, "cells": cells})
    return found


@shell.page("aght.read")
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One item: its claim, the sum line by line, the loss, its history."""
    try:
        item = aght.get(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:aght", election)
    names = reports.place_names(election)
    labels = rules.LABELS[item.now.labels]
    posterior = item.posterior
    visible = [r for r in recommendations.resting_on(election, code, request.at) if recommendations.visible_to(r, request.person.agency)]
    context = {
        "item": item,
        "row": row(item, names),
        "kind_words": KINDS[item.kind],
        "gatra": labels.gatra[item.now.gatra],
        "variable": labels.variables[item.now.variable],
        "routes": [ROUTES[r] for r in item.routes],
        "path": [(QUESTIONS[question], yes) for question, yes in rules.triage(item.now.answers).path] if item.now.answers else [],
        "method": rules.METHOD,
        "prior": posterior.prior,
        "prior_logit": _signed(math.log(posterior.prior / (1 - posterior.prior))),
        "lines": [_line(line) for line in posterior.lines],
        "shares": item.now.shares,
        "mean_share": text.desimal(item.now.shares.mean, 1),
        "left": left_words(item.time_left_h),
        "outcome": OUTCOMES.get(item.outcome, "") if item.outcome else "",
        "outcomes": [(o.value, words) for o, words in OUTCOMES.items()],
        "referred": [h for h in aght.handed(election, request.at) if any(g.report == h.referral.report for g in item.gradings)]
        if shell.may(request, "reports.read")
        else [],
        "unrouted": [
            (number, to.value) for number, to in aght.unrouted(election, request.at) if any(g.report == number for g in item.gradings)
        ]
        if shell.may(request, "reports.read")
        else [],
        "cell_words": (STEPS[item.cell[0] - 1][1], item.cell[1]),
        "recommendations": visible,
        "hazard": aght.hazard_of(election, code, request.at),
        "may_assess": shell.may(request, "aght.assess"),
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


def _line(line: rules.Line) -> dict[str, Any]:
    return {
        "report": line.report,
        "chain": line.chain,
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


@shell.page("aght.assess")
def source(request: shell.Request, election: str, number: str) -> HttpResponse:
    """First screen: the claim, its origin, the source."""
    report = _report(request, election, number)
    if report is None:
        return redirect("desk:reports", election)
    grading = aght.gradings(election, request.at).get(number)
    typed: Any = {"claim": grading.claim, "chain": grading.chain, "basis": grading.source_basis} if grading else {}
    if request.method == "POST":
        typed = request.POST
        try:
            aght.grade_source(
                election,
                number,
                claim=typed.get("claim", ""),
                chain=typed.get("chain", ""),
                source=typed.get("grade", ""),
                basis=typed.get("basis", ""),
                actor=_actor(request),
                at=request.at,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Sumber {number} dinilai. Sekarang nilai keterangannya, terpisah dari sumber.")
            return redirect("desk:aght_information", election, number)
    chains = sorted({g.chain for g in aght.gradings(election, request.at).values()} - {number})
    context = {**report, "typed": typed, "grades": SOURCE_GRADES, "chains": chains, "number": number}
    return render(request, "desk/aght/source.html", context)


@shell.page("aght.assess")
def information(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Second screen: the information. The source's grade is not shown here, so that it does not colour this one."""
    report = _report(request, election, number)
    grading = aght.gradings(election, request.at).get(number)
    if report is None or grading is None:
        return redirect("desk:reports_detail", election, number)
    typed: Any = request.POST
    if request.method == "POST":
        try:
            aght.grade_information(
                election,
                number,
                information=typed.get("grade", ""),
                basis=typed.get("basis", ""),
                alone=typed.get("alone") == "1",
                actor=_actor(request),
                at=request.at,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} dinilai lengkap. Buka butir AGHT, lampirkan pada butir yang ada, atau rujuk.")
            return redirect("desk:reports_detail", election, number)
    others = len(aght.analysts(election, request.at) - {request.person.id})
    context = {
        **report,
        "typed": typed,
        "grades": INFORMATION_GRADES,
        "claim": grading.claim,
        "number": number,
        "same": grading.source_by == request.person.id,
        "others": others,
        "waits": not rules.offered(grading, request.person.id, others, request.at),
        "hours": int(rules.OTHER_FIRST.total_seconds() // 3600),
    }
    return render(request, "desk/aght/information.html", context)


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


@shell.page("aght.assess")
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
                actor=_actor(request),
                at=request.at,
                **_conclusion(typed),
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} dibuka.")
            return redirect("desk:aght_detail", election, code)
    elif grading:
        place = reports.get(election, number, request.at).place
        typed = {"claim": grading.claim, "place": place}
    return render(request, "desk/aght/form.html", {**_form(request, election, typed), "report": number, "is_new": True})


@shell.page("aght.assess")
def assess(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A new conclusion about an item; the old one stays."""
    try:
        item = aght.get(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:aght", election)
    now = item.now
    typed: Any = {
        "claim": now.claim,
        "gatra": now.gatra,
        "variable": now.variable,
        "low": now.shares.low,
        "mode": now.shares.mode,
        "high": now.shares.high,
        "prior": text.desimal(now.prior_permille / 10),
        "last_useful": _local(now.last_useful_at),
        "operational": "1",
    }
    if now.answers:
        said = now.answers
        yes = {"intent": said.intent, "happening": said.happening, "own_control": said.own_control}
        typed |= {"violation": said.violation.value, **{field: "1" for field, holds in yes.items() if holds}}
    if request.method == "POST":
        typed = request.POST
        try:
            aght.assess(election, code, actor=_actor(request), at=request.at, **_conclusion(typed))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Penilaian baru {code} dicatat. Penilaian lama tetap terbaca.")
            return redirect("desk:aght_detail", election, code)
    return render(request, "desk/aght/form.html", {**_form(request, election, typed), "item": item, "is_new": False})


def _form(request: shell.Request, election: str, typed: Any) -> dict[str, Any]:
    labels = rules.LABELS[rules.CURRENT_LABELS]
    sites = [(s.code, s.name) for s in places.sites(request.election.region)]
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(request.election.region):
        by_kecamatan.setdefault(f"Kecamatan {desa.kecamatan_name}", []).append((desa.code, desa.name))
    chosen = typed.get("place", "")
    known = {code for group in by_kecamatan.values() for code, _ in group} | {code for code, _ in sites}
    extra = [(chosen, reports.place_names(election).get(chosen, chosen))] if chosen and chosen not in known else []
    return {
        "typed": typed,
        "gatra": labels.gatra.items(),
        "variables": labels.variables.items(),
        "labels_version": labels.version,
        "places": [
            ("Dari laporan", extra),
            ("Seluruh daerah", [(request.election.region, "Seluruh daerah")]),
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
        "last_useful_at": _moment(typed.get("last_useful", "")),
        "note": typed.get("note", "")[:300],
    }


def _violation(typed: str) -> rules.Violation:
    return rules.Violation(typed) if typed in {v.value for v in rules.Violation} else rules.Violation.NONE


def _moment(typed: str) -> datetime | None:
    """2023-12-05T10:00 in WIB; None where nothing or nonsense was typed."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=text.WIB).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local(moment: datetime | None) -> str:
    return moment.astimezone(text.WIB).strftime("%Y-%m-%dT%H:%M") if moment else ""


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


@shell.page("aght.assess")
def attach(request: shell.Request, election: str, number: str) -> HttpResponse:
    """A graded report supports an item."""
    code = request.POST.get("item", "")
    return _post(
        request, lambda: aght.attach(election, code, number, _actor(request), request.at), f"{number} dilampirkan pada {code}.", number
    )


@shell.page("aght.assess")
def refer(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Hands a report to Bawaslu or Datun."""
    to = rules.Route.DATUN if request.POST.get("to") == "DATUN" else rules.Route.BAWASLU
    note = request.POST.get("note", "")[:300]
    return _post(
        request, lambda: aght.refer(election, number, to, note, _actor(request), request.at), f"{number} dirujuk ke {to.value}.", number
    )


@shell.page("aght.acknowledge")
def acknowledge(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Bawaslu confirms that it has the report."""
    receipt = request.POST.get("receipt_no", "")
    return _post(
        request,
        lambda: aght.acknowledge_referral(election, number, rules.Route.BAWASLU, receipt, _actor(request), request.at),
        f"Rujukan {number} diterima.",
        number,
    )


def _post(request: shell.Request, call: Any, said: str, number: str) -> HttpResponse:
    if request.method == "POST":
        try:
            call()
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, said)
    return redirect("desk:reports_detail", request.election.code, number)


@shell.page("aght.assess")
def stand(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Treated, closed, opened again; with a reason."""
    if request.method == "POST":
        try:
            standing = rules.Standing(request.POST.get("standing", ""))
            typed = request.POST.get("outcome", "")
            outcome = rules.Outcome(typed) if typed in {o.value for o in rules.Outcome} else None
            aght.set_standing(election, code, standing, request.POST.get("reason", ""), _actor(request), request.at, outcome)
        except ValueError:
            shell.refused(request, rules.Empty(field="standing"))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code}: {STANDINGS[standing][1]}.")
    return redirect("desk:aght_detail", election, code)


@shell.page("aght.assess")
def hazard(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Tells distribution how long trips to this place may be delayed."""
    if request.method == "POST":
        typed = request.POST.get("delay_min", "").strip()
        try:
            if not (typed.isascii() and typed.isdigit() and len(typed) <= 4):
                raise rules.BadDelay(delay_min=typed[:20])
            aght.set_hazard(election, code, request.POST.get("kind", ""), int(typed), _actor(request), request.at)
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


def silence(desa: rules.Desa) -> str:
    """Why nothing is said about a desa: nobody spoke, which is not the same as nothing happened."""
    return f"belum ada kabar{COVER.get(desa.cover, '')}"


def picture(election: str, region: str, title: str, shown: dict[str, Shown], items: list[rules.Aght] | None) -> drawing.Map:
    """A map: every desa with its number and sentence, islands and sites with their open items. items: None on a map without ours."""
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
        for d, s in ((d, shown[d.code]) for d in places.desa_list(region))
    ]  # fmt: skip
    pins = [s for s in places.sites(region) if s.lat is not None and s.lon is not None]
    counts: dict[str, int | None] = {s.code: None if items is None else on_island.get(s.code, 0) for s in pins if s.kind == "pulau"}
    islands = [_island(s.code, s.name, s.lat or 0.0, s.lon or 0.0, counts[s.code]) for s in pins if s.kind == "pulau"]
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


def _island(code: str, name: str, lat: float, lon: float, items: int | None) -> drawing.Island:
    if items is None:
        return drawing.Island(code, name, lat, lon)
    if items:
        return drawing.Island(code, name, lat, lon, state="bad", word=f"{items} butir", detail=f"{items} butir")
    return drawing.Island(code, name, lat, lon, state="unknown", word="belum ada kabar")


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


def _days(request: shell.Request, election: str) -> Days:
    """From the first report (at most 60 days ago) to today. The end of the chosen day, never later than the clock."""
    today = record.local_date(request.at)
    heard = [record.local_date(r.received_at) for r in reports.listing(election, request.at)]
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
    days = _days(request, election)
    found = aght.desa(election, days.at)
    items = aght.register(election, days.at)
    known = aght.layers(election, days.at)
    wanted = request.GET.get("lapis", "laporan")
    layer = next((one for one in known if one.code == wanted), None)
    if layer is None and wanted != "rugi":
        wanted = "laporan"
    m = aght.measured(found)
    rates = aght.rates(m)
    shown = _shown(election, wanted, layer, found, rates)
    names = reports.place_names(election)
    title = f"Peta AGHT, {text.tanggal_pendek(days.chosen)}"
    drawn = picture(election, request.election.region, title, shown, None if layer else items)
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
        "placeless": len(reports.listing(election, days.at)) - sum(d.reports for d in found),
        "legend": _legend(wanted, layer),
        "estimate": any(i.estimate for i in items),
        "schematic": not places.boundaries(request.election.region),
        "boundary_source": places.boundary_source(request.election.region),
        "days": days,
        "earlier": days.all[days.index - 1] if days.index else None,
        "later": days.all[days.index + 1] if days.index + 1 < len(days.all) else None,
        "last_index": len(days.all) - 1,
        "bars": _bars(days, election, request.at),
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


def _bars(days: Days, election: str, at: datetime) -> list[dict[str, Any]]:
    """Reports of every day as bars of a small picture, each a link to its day."""
    counts: dict[date, int] = {}
    for report in reports.listing(election, at):
        day = record.local_date(report.received_at)
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
    found = aght.desa(election, request.at)
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
    seen = aght.calibration(election, request.at)
    items = {i.code: i for i in aght.register(election, request.at)}
    score = seen.brier
    context = {
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
    assesses = shell.may(request, "aght.assess")
    known = {r.number: r.received_at for r in reports.listing(election, request.at)}
    waiting = [(number, to.value, known.get(number)) for number, to in aght.unrouted(election, request.at)] if assesses else []
    context = {
        "rows": aght.handed(election, request.at),
        "waiting": waiting,
        "clocks": aght.clocks(election, request.at),
        "working": any(c.working for c in aght.clocks(election, request.at)),
        "may_assess": assesses,
        "may_read_reports": shell.may(request, "reports.read"),
        "may_acknowledge": shell.may(request, "aght.acknowledge"),
        "now": request.at,
    }
    return render(request, "desk/aght/referrals.html", context)


@shell.page("aght.assess")
def receipt(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The Datun section's receipt, written down by the post; Bawaslu gives its own."""
    if request.method == "POST":
        try:
            said = request.POST.get("receipt_no", "")
            aght.acknowledge_referral(election, number, rules.Route.DATUN, said, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Tanda terima Datun untuk {number} dicatat.")
    return redirect("desk:aght_referrals", election)


# --- layers of other agencies ------------------------------------------------------------------------------------------------


@shell.page("aght.read")
def layers(request: shell.Request, election: str) -> HttpResponse:
    """Every version that was taken, with source, day, counts, and where the published total does not add up."""
    rows = [{"layer": one, "owner": OWNERS[one.owner], "labels": _totals(one)} for one in aght.layers(election, request.at)]
    return render(request, "desk/aght/layers.html", {"rows": rows, "may_assess": shell.may(request, "aght.assess")})


def _totals(layer: rules.Layer) -> list[tuple[str, int, bool]]:
    """(label, count, whether it weighs nothing even in its own layer)."""
    sums: dict[str, int] = {}
    for cell in layer.cells:
        sums[cell.label] = sums.get(cell.label, 0) + cell.count
    return [(name, sums[name], name == rules.NEAR_PARTICIPANTS) for name in layer.labels]


@shell.page("aght.assess")
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
    if upload is None or (upload.size or 0) > table.MOST_BYTES:
        raise (
            rules.BadLayer(field="berkas")
            if upload is None
            else table.TooBig(file=str(upload.name)[:120], most=table.MOST_BYTES // 1_000_000)
        )
    owner = rules.Owner(typed["owner"]) if typed.get("owner", "") in {o.value for o in rules.Owner} else None
    issued = _day(typed.get("issued", ""))
    stated = typed.get("stated", "").strip().replace(".", "")
    if owner is None or issued is None or (stated and not (stated.isascii() and stated.isdigit() and len(stated) <= 8)):
        raise rules.BadLayer(field="lembaga" if owner is None else "tanggal" if issued is None else "jumlah terbitan")
    data = upload.read()
    region = request.election.region
    desa = places.desa_list(region)
    codes = frozenset(d.code for d in desa) | {t.code for t in places.tps_list(election)}
    names = {(d.kecamatan_name.lower(), d.name.lower()): d.code for d in desa}
    cells, problems = files.read(str(upload.name), data, owner, files.Known(codes, names))
    if problems:
        return files.sentences(problems)
    code = aght.take_layer(
        election, owner, cells, name=typed.get("name", ""), version=typed.get("version", ""), source=typed.get("source", ""), issued=issued,
        sha256=hashlib.sha256(data).hexdigest(), stated=int(stated) if stated else None, actor=_actor(request), at=request.at,
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


@shell.page("aght.assess")
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
    """Kind x gatra."""
    labels = rules.LABELS[rules.CURRENT_LABELS]
    items = aght.register(election, request.at)
    counted = rules.grid(items, labels)
    rows = [
        {
            "kind": kind.value,
            "words": KINDS[kind],
            "cells": [counted[kind].get(code, 0) for code in labels.gatra],
            "sum": sum(counted[kind].values()),
        }
        for kind in rules.Kind
    ]
    variables = [
        (name, [i.code for i in items if i.now.variable == code and i.standing is not rules.Standing.CLOSED])
        for code, name in labels.variables.items()
    ]
    context = {"rows": rows, "gatra": labels.gatra.values(), "version": labels.version, "variables": variables}
    return render(request, "desk/aght/matrix.html", context)


@shell.page("aght.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The register as shown."""
    names = reports.place_names(election)
    run = dpt.current(election, request.at)
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
    ]
    mark = "PERKIRAAN" if run and run.estimate else ""
    lines = []
    for item in aght.register(election, request.at):
        r = row(item, names)
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
            ]
        )
    response = HttpResponse(
        table.xlsx({"AGHT": [head, *lines]}), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = 'attachment; filename="aght.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/aght/", index, name="aght"),
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
        "Keterangan {report} ditawarkan dahulu kepada analis lain ({others} orang) selama {hours} jam. "
        "Bila tidak ada yang dapat menilai sekarang, centang pernyataan itu; nilainya ditandai dinilai satu orang."
    ),
    "aght.missing_time": "Isi saat terakhir tindakan masih berguna: tanggal dan jam. Posko tidak menebaknya.",
    "aght.missing_outcome": (
        "Sebelum {code} ditutup, pilih apa yang terjadi dengan pernyataannya: benar, tidak, atau tidak dapat dipastikan."
    ),
    "aght.bad_layer": "Lapisan belum lengkap ({field}). Isi nama, versi, sumber, dan tanggal terbit yang tidak di masa depan.",
    "aght.layer_twice": "Berkas atau versi {version} dari {owner} sudah pernah diambil. Versi baru memakai nama versi baru.",
    "aght.unknown_layer": "Lapisan {code} tidak ada.",
    "aght.unknown_place": "Tempat itu tidak menyentuh satu TPS pun. Pilih desa, pulau, gudang, atau seluruh daerah.",
    "aght.unknown_label": "Pilih bidang dan variabel dari daftar.",
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
