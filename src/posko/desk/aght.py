"""Stage aght: grading on two screens, the register with its explanation, the map, the matrix."""

import math
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import shell
from posko.domain import aght as rules
from posko.domain import record as facts
from posko.formats import map as drawing
from posko.formats import table, text
from posko.store import aght, dpt, places, recommendations, reports

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
        "cell": item.cell,
        "state": state,
        "word": word,
        "standing": item.standing.value,
        "reports": len(item.gradings),
        "routes": [r.value for r in item.routes],
    }


@shell.page("aght.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The register, by expected loss."""
    names = reports.place_names(election)
    items = aght.register(election, request.at)
    desa = request.GET.get("desa", "")
    if desa:
        items = [i for i in items if any(tps.startswith(f"{desa}.") for tps in i.tps)]
    on, of = rules.diagonal(aght.gradings(election, request.at).values())
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
        "method": rules.METHOD,
        "prior": posterior.prior,
        "prior_logit": _signed(math.log(posterior.prior / (1 - posterior.prior))),
        "lines": [_line(line) for line in posterior.lines],
        "shares": item.now.shares,
        "cell_words": (STEPS[item.cell[0] - 1][1], item.cell[1]),
        "recommendations": visible,
        "hazard": aght.hazard_of(election, code, request.at),
        "may_assess": shell.may(request, "aght.assess"),
        "may_draft": shell.may(request, "recommendations.draft"),
        "may_read_reports": shell.may(request, "reports.read"),
        "standings": [(s.value, word) for s, (_, word) in STANDINGS.items() if s is not item.standing],
        "changes": [(c, STANDINGS[c.standing]) for c in item.changes],
        "history": list(reversed(item.assessments)),
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
                actor=_actor(request),
                at=request.at,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} dinilai lengkap. Buka butir AGHT, lampirkan pada butir yang ada, atau rujuk.")
            return redirect("desk:reports_detail", election, number)
    context = {**report, "typed": typed, "grades": INFORMATION_GRADES, "claim": grading.claim, "number": number}
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
        "operational": "1",
    }
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
    }


def _conclusion(typed: QueryDict) -> dict[str, Any]:
    return {
        "answers": rules.Answers(
            operational=typed.get("operational") == "1",
            intent=typed.get("intent") == "1",
            happening=typed.get("happening") == "1",
            own_control=typed.get("own_control") == "1",
            violation=rules.Violation.OFFENCE if typed.get("offence") == "1" else rules.Violation.NONE,
        ),
        "claim": typed.get("claim", ""),
        "gatra": typed.get("gatra", ""),
        "variable": typed.get("variable", ""),
        "shares": rules.Shares(_whole(typed.get("low", "")), _whole(typed.get("mode", "")), _whole(typed.get("high", ""))),
        "prior_permille": _permille(typed.get("prior", "")),
        "note": typed.get("note", "")[:300],
    }


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
            aght.set_standing(election, code, standing, request.POST.get("reason", ""), _actor(request), request.at)
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


# --- map and matrix --------------------------------------------------------------------------------------------------------

SHADE_EDGES = (1, 10, 50, 200, 1000)
"""Expected loss in voters at which the map grows a shade darker."""


def shade(desa: rules.Desa) -> int | None:
    """0 where reports came and nothing is open, 1..5 by expected loss, None (hatched) where nobody has said anything."""
    if desa.unknown:
        return None
    return 0 if desa.items == 0 else max(1, sum(desa.loss >= edge for edge in SHADE_EDGES))


def picture(election: str, region: str, items: list[rules.Aght], found: list[rules.Desa]) -> str:
    """The AGHT map as SVG: every desa with its count, every item that lies at a site or an island as a marker."""
    by_code = {d.code: d for d in found}
    tps_list = places.tps_list(election)
    islands: dict[str, int] = {}
    for item in items:
        if item.standing is not rules.Standing.CLOSED:
            for island in {t.island for t in tps_list if t.island and t.code in item.tps}:
                islands[island] = islands.get(island, 0) + 1
    cells = []
    for desa in places.desa_list(region):
        seen = by_code[desa.code]
        word = (
            "belum ada kabar" if seen.unknown else f"{seen.items} butir, {seen.reports} laporan, perkiraan {text.angka(seen.loss)} pemilih"
        )
        cells.append(
            drawing.Desa(
                desa.code,
                desa.name,
                desa.lat,
                desa.lon,
                state="unknown" if seen.unknown else "plain",
                word=word,
                weight=max(1, seen.items),
                group=desa.kecamatan_name,
                shade=shade(seen),
                href=reverse("desk:aght", args=[election]) + f"?desa={desa.code}",
            )
        )
    pins = [s for s in places.sites(region) if s.lat is not None and s.lon is not None]
    shown = [
        drawing.Island(
            s.code,
            s.name,
            s.lat or 0.0,
            s.lon or 0.0,
            state="bad" if islands.get(s.code) else "unknown",
            word=f"{islands.get(s.code, 0)} butir" if islands.get(s.code) else "belum ada kabar",
        )
        for s in pins
        if s.kind == "pulau"
    ]
    at_site = {
        s.code: [i for i in items if i.place == s.code and i.standing is not rules.Standing.CLOSED] for s in pins if s.kind != "pulau"
    }
    markers = [
        drawing.Marker(
            ", ".join(i.code for i in at_site[s.code]),
            s.lat or 0.0,
            s.lon or 0.0,
            title="; ".join(i.title for i in at_site[s.code]),
            href=reverse("desk:aght_detail", args=[election, at_site[s.code][0].code]),
        )
        for s in pins
        if at_site.get(s.code)
    ]
    sites = [drawing.Site(s.name, s.lat or 0.0, s.lon or 0.0, kind=s.kind, provisional=s.provisional) for s in pins if s.kind != "pulau"]
    return drawing.svg(
        drawing.Map(
            title="Peta AGHT",
            region=region,
            desa=cells,
            islands=shown,
            sites=sites,
            markers=markers,
            desa_labels=False,
            description="Desa diwarnai menurut perkiraan pemilih terdampak; arsiran berarti belum ada kabar.",
        )
    )


@shell.page("aght.read")
def chart(request: shell.Request, election: str) -> HttpResponse:
    """The map and its table."""
    items = aght.register(election, request.at)
    found = aght.desa(election, request.at)
    names = reports.place_names(election)
    worst = sorted(found, key=lambda d: (-d.loss, -d.items, -d.reports, d.code))
    context = {
        "map": SafeString(picture(election, request.election.region, items, found)),  # drawn by our own code, which escapes its texts
        "rows": [{"name": names.get(d.code, d.code), "desa": d} for d in worst],
        "unknown": sum(d.unknown for d in found),
        "total": len(found),
        "edges": SHADE_EDGES,
        "estimate": any(i.estimate for i in items),
    }
    return render(request, "desk/aght/map.html", context)


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
        "Rugi rendah",
        "Rugi tengah",
        "Rugi tinggi",
        "Keadaan",
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
                loss.low,
                loss.mode,
                loss.high,
                r["word"],
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
    path("<slug:election>/aght/matriks/", matrix, name="aght_matrix"),
    path("<slug:election>/aght/ekspor.xlsx", export, name="aght_export"),
    path("<slug:election>/aght/baru/", new, name="aght_new"),
    path("<slug:election>/aght/nilai/<slug:number>/sumber/", source, name="aght_source"),
    path("<slug:election>/aght/nilai/<slug:number>/keterangan/", information, name="aght_information"),
    path("<slug:election>/aght/lampir/<slug:number>/", attach, name="aght_attach"),
    path("<slug:election>/aght/rujuk/<slug:number>/", refer, name="aght_refer"),
    path("<slug:election>/aght/rujuk/<slug:number>/terima/", acknowledge, name="aght_acknowledge"),
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
    "aght.stale": ("Tinjau kembali {label}: sudah tiga hari tidak dinilai", "desk:aght_detail"),
    "aght.referral": ("Terima rujukan laporan {label}", "desk:reports_detail"),
}
HITS: dict[str, str] = {"aght": "desk:aght_detail"}
