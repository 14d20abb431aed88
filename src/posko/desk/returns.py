"""Stage returns: screens: the way back after the count, results first, with its surat jalan."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import record as facts
from posko.domain import returns as rules
from posko.formats import distribution as printed
from posko.formats import document, text
from posko.formats import returns as words
from posko.store import places, returns


@shell.page("returns.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """When the results are with each PPK, who fetches what, and what cannot come back in time."""
    found = returns.current(election, request.at)
    context: dict[str, Any] = {"may_plan": shell.may(request, "returns.plan"), "found": found, "missing": False}
    try:
        given = returns.given(election, request.at)
    except rules.NothingToReturn:
        return render(request, "desk/returns/index.html", {**context, "missing": True})
    if found is None:
        return render(request, "desk/returns/index.html", context)
    if given.stored.number != found.source:
        return render(request, "desk/returns/index.html", {**context, "stale": given.stored.number})
    stored, plan = given.stored, found.plan
    collects = {one.code: one for one in given.collects}
    arrivals = plan.arrivals()
    first = plan.first_results_min()
    results = [minute for code, minute in arrivals.items() if code in collects and collects[code].order is rules.Order.RESULTS]
    context |= {
        "marks": [*stored.marks, "ASUMSI"], "first_at": stored.instant(first) if first is not None else None,
        "results_at": stored.instant(max(results)) if results else None,
        "results": len(results), "all_results": sum(one.order is rules.Order.RESULTS for one in given.collects),
        "boxes": sum(collects[code].boxes for code in arrivals if code in collects),
        "districts": _districts(request, given, arrivals),
        "trips": [_trip(given, found, trip, collects) for trip in sorted(plan.trips, key=lambda one: (one.depart_min, one.code))],
        "left": [
            {"name": collects[code].name, "what": words.ORDERS[collects[code].order], "why": words.WHY.get(why, why)}
            for code, why in plan.left if code in collects
        ],
        "keep": {"ready": stored.instant(given.ground.keep.ready_min), "latest": stored.instant(given.ground.keep.results_latest_min)},
    }  # fmt: skip
    return render(request, "desk/returns/index.html", context)


def _districts(request: shell.Request, given: returns.Given, arrivals: dict[str, int]) -> list[dict[str, Any]]:
    """Per PPK how many TPS and boxes come back and when the last of the results and of the rest are there."""
    names = {one.code: one.name for one in places.kecamatan_list(request.election.region)}
    lines = []
    for ppk in sorted({one.to for one in given.collects}):
        own = [one for one in given.collects if one.to == ppk]
        line: dict[str, Any] = {"name": names.get(ppk, ppk), "tps": len({tps for one in own for tps in one.tps})}
        line["boxes"] = sum(one.boxes for one in own)
        for order in rules.Order:
            minutes = [arrivals[one.code] for one in own if one.order is order and one.code in arrivals]
            line[order.value] = given.stored.instant(max(minutes)) if minutes else None
        lines.append(line)
    return lines


def _name(given: returns.Given, code: str) -> str:
    node = given.ground.network.node(code)
    return node.name if node else code


def _trip(given: returns.Given, found: returns.StoredReturn, trip: rules.Trip, collects: dict[str, rules.Collect]) -> dict[str, Any]:
    taken = [collects[code] for code in trip.collects if code in collects]
    return {
        "trip": trip, "number": found.waybills[trip.code][0], "depart_at": given.stored.instant(trip.depart_min),
        "arrive_at": given.stored.instant(trip.arrive_min), "end": _name(given, trip.end), "boxes": sum(one.boxes for one in taken),
        "what": ", ".join(dict.fromkeys(words.ORDERS[one.order] for one in taken)),
        "stops": ", ".join(dict.fromkeys(_name(given, stop.place) for stop in trip.stops)),
    }  # fmt: skip


@shell.page("returns.plan")
def plan(request: shell.Request, election: str) -> HttpResponse:
    """Plans the way back and records it."""
    if request.method == "POST":
        try:
            made = returns.make(election, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Rencana arus balik {made.number} disusun, {len(made.plan.trips)} perjalanan, lolos pemeriksaan.")
    return redirect("desk:returns", election)


@shell.page("returns.read")
def waybills(request: shell.Request, election: str) -> HttpResponse:
    """All surat jalan of the way back in one PDF, in the order of departure; `?perjalanan=` one of them."""
    found = returns.current(election, request.at)
    try:
        given = returns.given(election, request.at)
    except rules.NothingToReturn as nothing:
        raise Http404 from nothing
    if found is None or found.source != given.stored.number:
        raise Http404
    asked = request.GET.get("perjalanan", "")
    trips = [one for one in sorted(found.plan.trips, key=lambda one: (one.depart_min, one.code)) if asked in {"", one.code}]
    if not trips:
        raise Http404
    values = words.waybills(
        trips,
        numbers=found.waybills,
        collects={one.code: one for one in given.collects},
        vehicles={one.code: one for one in given.ground.fleet},
        name=lambda code: _name(given, code),
        instant=given.stored.instant,
        head={
            "agency": f"KPU {places.region_name(request.election.region)}",
            "place": request.election.name,
            "marks": list(given.stored.marks),
            "footer": f"Arus balik {found.number}, {text.waktu(found.occurred_at)}",
            "stamp": f"rencana {found.source}, {printed.clock(found.occurred_at)}",
        },
    )
    response = HttpResponse(document.pdf("surat-jalan", values, found.occurred_at), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="surat-jalan-balik.pdf"'
    return response


urlpatterns = [
    path("<slug:election>/arus-balik/", index, name="returns"),
    path("<slug:election>/arus-balik/susun/", plan, name="returns_plan"),
    path("<slug:election>/arus-balik/surat-jalan.pdf", waybills, name="returns_waybills"),
]
SENTENCES: dict[str, str] = {
    "returns.nothing": "Belum ada rencana distribusi yang barangnya dapat kembali. Susun rencana distribusi dahulu.",
    "returns.plan_changed": "Rencana distribusi berganti selagi arus balik disusun. Susun sekali lagi.",
    "returns.plan_violates": "Rencana arus balik tidak disimpan: pemeriksa menemukan {count} kesalahan (pertama: {first}).",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[Any, str]] = {}
