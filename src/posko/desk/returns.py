"""Stage returns: screens: the way back after the count, results first, with its surat jalan."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import distribution as roads
from posko.domain import places as places_rules
from posko.domain import record as facts
from posko.domain import returns as rules
from posko.formats import distribution as printed
from posko.formats import document, text
from posko.formats import returns as words
from posko.store import distribution, places, returns

TITLES = {rules.Leg.DESA: "Dari desa dan pulau ke PPK", rules.Leg.PPK: "Dari PPK ke KPU"}


@shell.page("returns.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """When the results are with each PPK and then with the KPU, who fetches what, and what cannot come back in time."""
    stored = distribution.current_plan(election, request.at)
    context: dict[str, Any] = {"may_plan": shell.may(request, "returns.plan"), "missing": stored is None}
    if stored is None:
        return render(request, "desk/returns/index.html", context)
    keep = rules.Rules()
    return render(request, "desk/returns/index.html", {
        **context, "plan": stored.number, "marks": [*stored.marks, "ASUMSI"],
        "legs": [_leg(request, stored, leg) for leg in rules.Leg], "recaps": _recaps(request, stored),
        "keep": {"ready": stored.instant(keep.ready_min), "latest": stored.instant(keep.results_latest_min)},
    })  # fmt: skip


def _leg(request: shell.Request, stored: distribution.StoredPlan, leg: rules.Leg) -> dict[str, Any]:
    """One part of the way back as the page shows it."""
    found = returns.current(request.election.code, request.at, leg)
    said: dict[str, Any] = {"leg": leg, "onward": leg is rules.Leg.PPK, "found": found, "title": TITLES[leg]}
    if found is None:
        return said
    if found.source != stored.number:
        return {**said, "stale": stored.number}
    arrivals, collects = found.plan.arrivals(), found.collects
    results = [minute for code, minute in arrivals.items() if code in collects and collects[code].order is rules.Order.RESULTS]
    return said | {
        "first_at": stored.instant(min(results)) if results else None, "results_at": stored.instant(max(results)) if results else None,
        "results": len(results), "all_results": sum(one.order is rules.Order.RESULTS for one in collects.values()),
        "boxes": sum(collects[code].boxes for code in arrivals if code in collects),
        "districts": _districts(request, stored, found),
        "trips": [_trip(stored, found, trip) for trip in sorted(found.plan.trips, key=lambda one: (one.depart_min, one.code))],
        "left": [
            {"name": collects[code].name, "what": words.ORDERS[collects[code].order], "why": words.WHY.get(why, why)}
            for code, why in found.plan.left if code in collects
        ],
        "lost": returns.lost_vehicles(found, request.at),
        "without": _without(request, stored, found) if leg is rules.Leg.PPK else [],
    }  # fmt: skip


def _recaps(request: shell.Request, stored: distribution.StoredPlan) -> list[dict[str, Any]]:
    """Every PPK with the hour at which its recapitulation ends, and who says so."""
    known, names = returns.recapitulations(request.election.code, request.at), _kecamatan(request)
    codes = sorted({places_rules.kecamatan_of(tps) for load in stored.inputs.loads for tps in load.tps})
    said = {code: known.get(code) for code in codes}
    return [
        {"code": code, "name": names.get(code, code), "said": one, "form": text.form_moment(one.ends_at) if one else ""}
        for code, one in said.items()
    ]


def _without(request: shell.Request, stored: distribution.StoredPlan, found: returns.StoredReturn) -> list[str]:
    """PPK that a plan onward leaves out, because nobody said when they have recapitulated."""
    planned, names = {one.place for one in found.collects.values()}, _kecamatan(request)
    codes = {places_rules.kecamatan_of(tps) for load in stored.inputs.loads for tps in load.tps}
    return [names.get(code, code) for code in sorted(codes - planned)]


def _kecamatan(request: shell.Request) -> dict[str, str]:
    return {one.code: one.name for one in places.kecamatan_list(request.election.region)}


def _districts(request: shell.Request, stored: distribution.StoredPlan, found: returns.StoredReturn) -> list[dict[str, Any]]:
    """Per PPK how many TPS and boxes come and when the last of the results and of the rest are at their end."""
    names, arrivals, collects = _kecamatan(request), found.plan.arrivals(), list(found.collects.values())
    onward = found.leg is rules.Leg.PPK
    lines = []
    for ppk in sorted({one.place if onward else one.to for one in collects}):
        own = [one for one in collects if (one.place if onward else one.to) == ppk]
        line: dict[str, Any] = {"name": names.get(ppk, ppk), "tps": len({tps for one in own for tps in one.tps})}
        line["boxes"] = sum(one.boxes for one in own)
        for order in rules.Order:
            minutes = [arrivals[one.code] for one in own if one.order is order and one.code in arrivals]
            line[order.value] = stored.instant(max(minutes)) if minutes else None
        lines.append(line)
    return lines


def _name(stored: distribution.StoredPlan, code: str) -> str:
    node = stored.inputs.network.node(code)
    return node.name if node else code


def _trip(stored: distribution.StoredPlan, found: returns.StoredReturn, trip: rules.Trip) -> dict[str, Any]:
    taken = [found.collects[code] for code in trip.collects if code in found.collects]
    return {
        "trip": trip, "number": found.waybills[trip.code][0], "waybill": found.waybills[trip.code][1],
        "depart_at": stored.instant(trip.depart_min), "arrive_at": stored.instant(trip.arrive_min), "end": _name(stored, trip.end),
        "boxes": sum(one.boxes for one in taken), "what": ", ".join(dict.fromkeys(words.ORDERS[one.order] for one in taken)),
        "stops": ", ".join(dict.fromkeys(_name(stored, stop.place) for stop in trip.stops)),
    }  # fmt: skip


def _asked_leg(said: str) -> rules.Leg:
    return rules.Leg.PPK if said == rules.Leg.PPK else rules.Leg.DESA


@shell.page("returns.plan")
def plan(request: shell.Request, election: str) -> HttpResponse:
    """Plans one part of the way back and records it."""
    if request.method == "POST":
        try:
            made = returns.make(election, shell.actor(request), request.at, _asked_leg(request.POST.get("leg", "")))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Rencana arus balik {made.number} disusun, {len(made.plan.trips)} perjalanan, lolos pemeriksaan.")
    return redirect("desk:returns", election)


@shell.page("returns.plan")
def recapitulation(request: shell.Request, election: str) -> HttpResponse:
    """Says when the PPK have recapitulated; an empty field says nothing."""
    if request.method == "POST":
        asked = [name for name in request.POST if name.startswith("ends:")]
        typed = {name.partition(":")[2]: text.typed_moment(request.POST.get(name, "")) for name in asked}
        ends = {ppk: moment for ppk, moment in typed.items() if moment}
        try:
            returns.set_recapitulation(election, ends, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Waktu rekapitulasi {text.angka(len(ends))} PPK tersimpan.")
    return redirect(reverse("desk:returns", args=[election]) + "#rekapitulasi")


@shell.page("returns.read")
def waybills(request: shell.Request, election: str) -> HttpResponse:
    """All surat jalan of one part of the way back in one PDF, in the order of departure; `?perjalanan=` one of them."""
    found = returns.current(election, request.at, _asked_leg(request.GET.get("leg", "")))
    stored = distribution.plan_numbered(election, found.source) if found else None
    if found is None or stored is None:
        raise Http404
    asked = request.GET.get("perjalanan", "")
    trips = [one for one in sorted(found.plan.trips, key=lambda one: (one.depart_min, one.code)) if asked in {"", one.code}]
    if not trips:
        raise Http404
    firms = returns.carriers(found)
    values = words.waybills(
        trips,
        numbers=found.waybills,
        collects=found.collects,
        vehicles={code: replace(one, carrier=firms.get(code, "")) for code, one in found.fleet.items()},
        name=lambda code: _name(stored, code),
        instant=stored.instant,
        contents=_contents(request, stored, found),
        head={
            "agency": f"KPU {places.region_name(request.election.region)}",
            "place": request.election.name,
            "marks": list(stored.marks),
            "footer": f"Arus balik {found.number}, {text.waktu(found.occurred_at)}",
            "stamp": f"rencana {found.source}, {printed.clock(found.occurred_at)}",
        },
    )
    response = HttpResponse(document.pdf("surat-jalan", values, found.occurred_at), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="surat-jalan-balik.pdf"'
    return response


def _contents(request: shell.Request, stored: distribution.StoredPlan, found: returns.StoredReturn) -> dict[str, list[words.Content]]:
    """Collect -> what of it comes from each TPS, or is the PPK's own."""
    stations = places.tps_list(request.election.code)
    names = {tps.code: f"{tps.name} {tps.desa_name}" for tps in stations}
    names |= {tps.kecamatan_code: f"PPK {tps.kecamatan_name}" for tps in stations}
    loads, made = {load.code: load for load in stored.inputs.loads}, {}
    for code, one in found.collects.items():
        load = loads.get(code.partition("/")[2])
        counts: dict[str, list[int]] = {}
        for piece in load.pieces if load else ():
            if (piece.item in rules.LATER_ITEMS) == (one.order is rules.Order.REST):
                mine = counts.setdefault(piece.place, [0, 0])
                mine[0] += piece.quantity if piece.item == roads.BOX else 0
                mine[1] += piece.quantity if piece.item == roads.BOOTH else 0
        made[code] = [words.Content(place, names.get(place, place), *counts[place]) for place in sorted(counts)]
    return made


urlpatterns = [
    path("<slug:election>/arus-balik/", index, name="returns"),
    path("<slug:election>/arus-balik/susun/", plan, name="returns_plan"),
    path("<slug:election>/arus-balik/rekapitulasi/", recapitulation, name="returns_recapitulation"),
    path("<slug:election>/arus-balik/surat-jalan.pdf", waybills, name="returns_waybills"),
]
SENTENCES: dict[str, str] = {
    "returns.nothing": "Belum ada rencana distribusi yang barangnya dapat kembali. Susun rencana distribusi dahulu.",
    "returns.plan_changed": "Rencana distribusi berganti selagi arus balik disusun. Susun sekali lagi.",
    "returns.no_recapitulation": "Waktu selesai rekapitulasi belum diketahui untuk {missing} PPK. Isi dahulu; Posko tidak menebaknya.",
    "returns.bad_recapitulation": "Rekapitulasi PPK selesai sesudah penghitungan, paling lama 90 hari. Periksa tanggalnya.",
    "returns.plan_violates": "Rencana arus balik tidak disimpan: pemeriksa menemukan {count} kesalahan (pertama: {first}).",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[Any, str]] = {}
