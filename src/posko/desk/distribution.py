"""Stage distribution: screens: the plan in force, asking for one, one page per vehicle, surat jalan, the fleet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import convoys, handling, shell
from posko.domain import distribution as rules
from posko.domain import places as place_rules
from posko.domain import pledges as pledge_rules
from posko.domain import record as facts
from posko.formats import distribution as printed
from posko.formats import document, text
from posko.formats import map as maps
from posko.formats import pledges as pledged_words
from posko.formats import weather as sea_words
from posko.store import aght, distribution, places, pledges, regulation

SECONDS = (5, 15, 60)
_LARGEST = 100_000
SILENT_S = 15
"""A worker that searches speaks every second; after so long its page says that it is silent."""


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


# --- the map -----------------------------------------------------------------------------------------------------------------------------

_WORDS = {"good": "siap", "bad": "belum siap", "unknown": "belum diketahui", "plain": ""}


def draw(
    region: str,
    stations: Iterable[place_rules.Tps],
    *,
    title: str,
    states: Mapping[str, str] | None = None,
    hrefs: Mapping[str, str] | None = None,
    routes: Iterable[maps.Route] = (),
    sites: Iterable[maps.Site] | None = None,
    markers: Iterable[maps.Marker] = (),
    shades: Mapping[str, int] | None = None,
    words: Mapping[str, str] | None = None,
    labels: bool = False,
    width: int = 620,
) -> str:
    """The regency's map with states (or shades) by desa code and island code. Other stages draw their maps through this."""
    states, hrefs, words, shades = states or {}, hrefs or {}, words or {}, shades or {}
    groups: dict[str, list[place_rules.Tps]] = defaultdict(list)
    for tps in stations:
        groups[tps.island or tps.desa_code].append(tps)
    pins = places.sites(region)
    legs = {leg.island: leg for leg in places.sea_legs(region)}
    names = {site.code: site for site in pins}

    def word(code: str) -> str:
        return words.get(code) or _WORDS.get(states.get(code, "plain"), "")

    desa = [
        maps.Desa(
            code=code,
            name=members[0].desa_name,
            lat=members[0].lat,
            lon=members[0].lon,
            state=states.get(code, "plain"),
            word=word(code),
            href=hrefs.get(code, ""),
            weight=len(members),
            group=members[0].kecamatan_name,
            shade=shades.get(code, 0) if shades else None,
        )
        for code, members in groups.items()
        if not members[0].island
    ]
    islands = [
        maps.Island(
            code=site.code,
            name=site.name.replace("Pulau ", "P. "),
            lat=site.lat,
            lon=site.lon,
            state=states.get(site.code, "plain"),
            word=word(site.code),
            href=hrefs.get(site.code, ""),
            detail=_island_detail(site, len(groups.get(site.code, ())), legs.get(site.code), names),
        )
        for site in pins
        if site.kind == "pulau" and site.lat is not None and site.lon is not None
    ]
    shown = [_pin(site) for site in pins if site.kind == "gudang" and site.lat is not None] if sites is None else list(sites)
    boundaries = {code: {"type": "MultiPolygon", "coordinates": shape} for code, shape in places.boundaries(region).items()}
    picture = maps.Map(
        title=title,
        region=region,
        desa=desa,
        islands=islands,
        routes=list(routes),
        sites=[site for site in shown if site],
        markers=list(markers),
        boundaries=boundaries,
        description="Wilayah desa " + ("menurut batas yang diimpor." if boundaries else "SKEMATIS: dibagi menurut titik permukiman."),
        desa_labels=labels,
    )
    return maps.svg(picture, width)


def _pin(site: place_rules.Site) -> maps.Site:
    return maps.Site(site.name, site.lat or 0.0, site.lon or 0.0, kind=site.kind, provisional=site.provisional)


def _island_detail(site: place_rules.Site, tps: int, leg: place_rules.SeaLeg | None, names: Mapping[str, place_rules.Site]) -> str:
    """3 TPS; for islands drawn in the box also the way there."""
    count = f"{tps} TPS" if tps else "TPS belum diketahui"
    if leg is None or leg.hours_high < 3.5 or site.lat is None or site.lon is None:
        return count
    pier = names.get(leg.pier)
    if pier is None or pier.lat is None or pier.lon is None:
        return count
    km = round(place_rules.great_circle_km(pier.lat, pier.lon, site.lat, site.lon))
    hours = f"{leg.hours_low:g}–{leg.hours_high:g}" if leg.hours_low != leg.hours_high else f"{leg.hours_high:g}"
    return f"{count} · {km} km dari {pier.name.replace('Dermaga ', '')}, {hours.replace('.', ',')} jam"


def _ways(stored: distribution.StoredPlan | None, trips: Iterable[rules.Trip], *, strong: bool = False) -> list[maps.Route]:
    if stored is None:
        return []
    found = []
    for trip in trips:
        nodes = [stored.inputs.network.node(code) for code in (trip.start, *(stop.place for stop in trip.stops), trip.start)]
        points = [(node.lat, node.lon) for node in nodes if node]
        sea = any(vehicle.code == trip.vehicle and vehicle.boat for vehicle in stored.inputs.fleet)
        found.append(
            maps.Route(points[:-1] if sea else points, "sea" if sea else "road", strong=strong, numbers=strong and not sea, title=trip.code)
        )
    return found


# --- the plan ----------------------------------------------------------------------------------------------------------------------------


@shell.page("distribution.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The plan in force, its figures, its map and its vehicles; or what is missing for one."""
    stored = distribution.current_plan(election, request.at)
    last = distribution.last_request(election)
    context: dict[str, Any] = {
        "may_plan": shell.may(request, "distribution.plan"),
        "may_write": shell.may(request, "distribution.write"),
        "running": last if last and last.state in {"queued", "running"} else None,
        "seconds": SECONDS,
        "plan": stored,
        "missing": _missing(election, request) if stored is None else "",
    }
    if last and last.state == "failed" and (stored is None or (last.finished_at and last.occurred_at >= stored.occurred_at)):
        context["failed"] = last
    if stored:
        chances = distribution.chances(stored)
        context |= _figures(stored) | {
            "stale": distribution.stale(stored, election, request.at),
            "map": _plan_map(request, stored),
            "vehicles": [_vehicle_line(stored, vehicle, chances) for vehicle in stored.inputs.fleet],
            "islands": _island_lines(stored),
            **_chance_lines(request, stored, chances),
            "exposed": _exposed(request, stored, distribution.hazards(election, request.at)),
        }
    return render(request, "desk/distribution/index.html", context)


def _missing(election: str, request: shell.Request) -> str:
    try:
        distribution.inputs(election, request.at)
    except rules.NotReady as refusal:
        return str(refusal.facts["what"])
    return ""


def _figures(stored: distribution.StoredPlan) -> dict[str, Any]:
    minutes = stored.plan.arrivals()
    mainland = [minutes[load.code] for load in stored.inputs.loads if load.code in minutes and load.kind is not rules.LoadKind.ISLAND]
    return {
        "summary": stored.summary(),
        "distance_km": text.angka(round(stored.plan.distance_m / 1000)),
        "last_at": stored.instant(max(mainland)) if mainland else None,
        "latest_at": stored.instant(stored.inputs.rules.window(rules.LoadKind.VILLAGE)[1]),
        "marks": stored.marks,
    }


def _plan_map(request: shell.Request, stored: distribution.StoredPlan) -> str:
    first: dict[str, str] = {}
    for trip in stored.plan.trips:
        for stop in trip.stops:
            if not stop.handover:
                first.setdefault(stop.place, reverse("desk:distribution_vehicle", args=[request.election.code, trip.vehicle]))
    stations = places.tps_list(request.election.code)
    pins = [_pin(site) for site in places.sites(request.election.region) if site.kind in {"gudang", "dermaga"} and site.lat is not None]
    return draw(
        request.election.region,
        stations,
        title="Peta rute rencana distribusi",
        hrefs=first,
        routes=_ways(stored, stored.plan.trips),
        sites=pins,
    )


def _vehicle_line(stored: distribution.StoredPlan, vehicle: rules.Vehicle, chances: Mapping[str, int]) -> dict[str, Any]:
    trips = stored.plan.of_vehicle(vehicle.code)
    carried = [stored.load(code) for trip in trips for stop in trip.stops for code in stop.loads]
    fullest = max((sum(stored.load(code).volume_ml for code in trip.loads) for trip in trips), default=0)
    names = [_place(stored, stop.place) for trip in trips for stop in trip.stops]
    sure = [chances[load.code] for load in carried if load.code in chances]
    return {
        "chance": printed.share(min(sure)) if sure else "",
        "sure": min(sure, default=0),
        "escort": any(trip.escort for trip in trips),
        "vehicle": vehicle,
        "kind": printed.KINDS[vehicle.kind],
        "trips": len(trips),
        "stops": ", ".join(dict.fromkeys(names)),
        "boxes": sum(load.boxes for load in carried),
        "tps": len({tps for load in carried for tps in load.tps}),
        "km": round(sum(trip.distance_m for trip in trips) / 1000),
        "full": fullest / vehicle.volume_ml,
        "depart_at": stored.instant(trips[0].depart_min) if trips else None,
        "return_at": stored.instant(trips[-1].return_min) if trips else None,
    }


def _place(stored: distribution.StoredPlan, code: str) -> str:
    node = stored.inputs.network.node(code)
    return node.name if node else code


def _island_lines(stored: distribution.StoredPlan) -> list[dict[str, Any]]:
    lines = []
    for trip in stored.plan.trips:
        for stop in trip.stops:
            node = stored.inputs.network.node(stop.place)
            if node and node.kind == "pulau":
                count = len({tps for code in stop.loads for tps in stored.load(code).tps})
                lines.append(
                    {"name": node.name, "tps": count, "at": stored.instant(stop.arrive_min), "vehicle": trip.vehicle, "trip": trip.code}
                )
    return sorted(lines, key=lambda line: line["at"])


def _chance_lines(request: shell.Request, stored: distribution.StoredPlan, chances: Mapping[str, int]) -> dict[str, Any]:
    """Plans A, B and C of every island with their reasons, what the newest forecasts would change, and the least sure stops."""
    moved = distribution.sea_changed(stored, request.election.code, request.at)
    now = distribution.chosen_now(stored, request.election.code, request.at) if moved else {}
    arrivals, today = stored.plan.arrivals(), distribution.reckoned_now(stored, request.election.code, request.at)
    whole = distribution.all_islands(stored) if len(stored.plan.choices) > 1 else None
    return {
        "all_islands": printed.share(whole) if whole is not None else "",
        "choices": [
            _choice_card(stored, choice, now.get(choice.island) if choice.island in moved else None, today.get(choice.island))
            for choice in sorted(stored.plan.choices, key=lambda one: one.options[0].depart_min)
        ],
        "least": [
            {"load": stored.load(code), "chance": printed.share(ppm), "at": stored.instant(arrivals[code])}
            for code, ppm in sorted(chances.items(), key=lambda one: (one[1], one[0]))
            if stored.load(code).kind is not rules.LoadKind.ISLAND
        ][:5],
    }  # fmt: skip


def _choice_card(
    stored: distribution.StoredPlan, choice: rules.IslandChoice, now: rules.IslandChoice | None, today_ppm: int | None
) -> dict[str, Any]:
    """An island's plan A with its reasons and its decision, the plans behind it, and what the newest forecasts say instead."""

    def sentences(one: rules.IslandChoice) -> list[str]:
        return printed.choice_sentences(one, lambda code: _place(stored, code), stored.instant)

    said = sentences(choice)
    first = next((n for n, sentence in enumerate(said) if sentence.startswith("Rencana B")), len(said))
    return {
        "choice": choice, "name": _place(stored, choice.island), "chance": printed.share(choice.chance_ppm), "state": _sure(choice),
        "today": "" if today_ppm is None or printed.share(today_ppm) == printed.share(choice.chance_ppm) else printed.share(today_ppm),
        "first": said[:first], "rest": said[first:], "now": sentences(now)[:2] if now else [],
        "letters": " dan ".join(f"rencana {option.letter}" for option in choice.options[1:]),
    }  # fmt: skip


def _sure(choice: rules.IslandChoice) -> tuple[str, str]:
    """Word and look of an island's probability: what has no safe window is said first."""
    if choice.exception == "no_safe_window":
        return "refused", "tidak ada jendela aman"
    return ("good", "peluang baik") if choice.chance_ppm >= 900_000 else ("waiting", "kurang pasti")


def sources(request: shell.Request, hazards: Iterable[rules.Hazard]) -> set[str]:
    """Items behind hazards that this person reads: whoever plans learns what delays and how surely, not what the post has on its list."""
    told = {hazard.source for hazard in hazards}
    if not told:
        return set()
    return told & {item.code for item in aght.register(request.election.code, request.at, shell.scope(request, "aght.read"))}


def _exposed(request: shell.Request, stored: distribution.StoredPlan, hazards: list[rules.Hazard]) -> list[dict[str, Any]]:
    known = sources(request, hazards)
    return [
        {
            "where": _place(stored, hazard.place) + (f"–{_place(stored, hazard.to)}" if hazard.to else ""),
            "kind": hazard.kind,
            "delay": text.menit(hazard.delay_min),
            "probability": hazard.probability_permille / 1000,
            "counted": hazard.probability_permille >= rules.COUNTED_PERMILLE,
            "trips": ", ".join(trips),
            "source": hazard.source if hazard.source in known else "",
        }
        for hazard, trips in rules.exposed(stored.plan, hazards, stored.inputs.fleet)
    ]


@shell.page("distribution.plan")
def plan(request: shell.Request, election: str) -> HttpResponse:
    """Asks the worker for a plan."""
    if request.method != "POST":
        return redirect("desk:distribution", election)
    asked = request.POST.get("seconds", "")
    seconds = int(asked) if asked.isdecimal() and len(asked) < 6 and int(asked) in SECONDS else SECONDS[0]
    try:
        made = distribution.request_plan(election, seconds, 1, _actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:distribution", election)
    return redirect("desk:distribution_request", election, made.id)


@shell.page("distribution.read")
def progress(request: shell.Request, election: str, number: int) -> HttpResponse:
    """How far a request is; the page renews itself until it has ended."""
    found = distribution.plan_request(election, number)
    if found is None or found.task != "plan":
        raise Http404
    if found.state == "done":
        shell.done(request, f"Rencana {found.plan_number} selesai disusun dan lolos pemeriksaan.")
        return redirect("desk:distribution", election)
    waited = (request.machine_at - found.started_at).total_seconds() if found.started_at else 0
    context = {
        "asked": found,
        "waiting": found.state in {"queued", "running"},
        "seconds_left": max(1, round(found.seconds - waited)),
        "reason": _refusal_sentence(found),
        "reasons": reasons(found.unassigned, {site.code: site.name for site in places.sites(request.election.region)}),
        "may_plan": shell.may(request, "distribution.plan"),
        "seconds": SECONDS,
        "stopped": found.state in {"cancelled", "dropped"},
    }
    return render(request, "desk/distribution/progress.html", context)


@shell.page("distribution.plan")
def cancel(request: shell.Request, election: str, number: int) -> HttpResponse:
    """Nobody wants a plan that is being made any more; what the worker finds is not recorded."""
    if request.method == "POST":
        found = distribution.plan_request(election, number)
        if found is None or found.task != "plan":
            raise Http404
        try:
            distribution.cancel_request(election, number, _actor(request), request.at)
            shell.done(request, "Penyusunan dihentikan. Rencana yang berlaku tidak berubah.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:distribution", election)


def waited(asked: distribution.PlanRequest, machine_at: datetime) -> dict[str, Any]:
    """How far a search of the worker is, in words for its page; `silent`: no sign of life for so long that its worker may have died."""
    since = asked.started_at if asked.state == "running" else None
    heard = asked.beat_at or since
    silent = round((machine_at - heard).total_seconds()) if heard else 0
    return {
        "asked": asked,
        "waiting": asked.waiting,
        "since_s": max(0, round((machine_at - since).total_seconds())) if since else 0,
        "silent": silent > SILENT_S,
        "retry_min": -(-distribution.SILENT_S // 60),
        "tried": asked.attempts,
        "mine": True,
    }


def _refusal_sentence(found: distribution.PlanRequest) -> str:
    template = SENTENCES.get(found.code, "Rencana tidak dapat disusun ({code}).")
    return template.format(**{"code": found.code, **found.details})


def reasons(left: Iterable[rules.Unassigned], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What stays behind, grouped by why; each group with what would help."""
    groups: dict[str, list[rules.Unassigned]] = defaultdict(list)
    for item in left:
        groups[item.code].append(item)
    found = []
    for code, items in groups.items():
        remedies = {remedy_sentence(remedy, names) for item in items for remedy in item.remedies}
        found.append({"why": WHY.get(code, code), "lines": [_left_line(item, names) for item in items], "remedies": sorted(remedies)})
    return found


def _left_line(item: rules.Unassigned, names: Mapping[str, str]) -> str:
    said = item.facts
    line = names.get(item.load.partition("/")[0]) or f"{said.get('place', '')} ({item.load})"
    if "late_min" in said:
        line += f": terlambat {text.menit(int(said['late_min']))}"
    if "volume_ml" in said:
        line += f": {text.desimal(int(said['volume_ml']) / 1_000_000)} m³, {text.angka(int(said['weight_g']) // 1000)} kg"
    return line


def remedy_sentence(remedy: Mapping[str, str | int], names: Mapping[str, str]) -> str:
    """What would help, said plainly."""
    template = REMEDIES.get(str(remedy.get("code")), str(remedy.get("code")))
    said = {key: text.menit(int(value)) if key == "minutes" else value for key, value in remedy.items()}
    if "pier" in said:
        said["pier"] = names.get(str(said["pier"]), said["pier"])
    if "volume_ml" in said:
        said["volume"] = text.desimal(int(remedy["volume_ml"]) / 1_000_000)
    return template.format(**said)


@shell.page("distribution.read")
def basis(request: shell.Request, election: str) -> HttpResponse:
    """Where the figures of a plan come from: handling rules, sizes, travel, what is not counted, hashes."""
    stored = distribution.current_plan(election, request.at)
    if stored is None:
        return redirect("desk:distribution", election)
    keep, network = stored.inputs.rules, stored.inputs.network
    names = {item.code: item.name for item in regulation.rulebook(election, request.at).items}
    context = {
        "plan": stored,
        "keep": keep,
        "hours": {name: _clock(getattr(keep, f"{name}_min")) for name in ("earliest", "mainland_latest", "island_latest")},
        "detour": text.desimal(network.detour_permille / 1000, 2),
        "kmh": network.road_kmh,
        "sea": [
            {
                "pier": _place(stored, leg.pier),
                "island": _place(stored, leg.island),
                "time": text.menit(leg.travel_min),
                "km": round(leg.distance_m / 1000),
                "source": leg.source,
            }
            for leg in network.sea
        ],
        "swell": _assumed(distribution.sea(election, request.at)),
        "unsized": [names.get(item, item) for item in stored.inputs.unsized],
        "provisional": [node.name for node in network.nodes if node.provisional and node.kind in {"gudang", "dermaga", "pulau"}],
        "loads": [
            {
                "load": load,
                "volume": text.desimal(load.volume_ml / 1_000_000),
                "weight": text.angka(load.weight_g // 1000),
                "at": stored.instant(stored.plan.arrivals()[load.code]) if load.code in stored.plan.arrivals() else None,
            }
            for load in stored.inputs.loads
        ],
    }
    return render(request, "desk/distribution/basis.html", context)


def _assumed(sea: Any) -> dict[str, str]:
    """What the probabilities of islands rest on, in words."""
    return {
        "start": text.desimal(sea.error.start_permille / 1000, 2),
        "day": text.desimal(sea.error.per_day_permille / 1000, 2),
        "climate": printed.metres(sea.climate.height_cm),
        "spread": text.desimal(sea.climate.sigma_permille / 1000, 2),
        "persistence": text.desimal(sea.persistence_permille / 1000),
        "limit": printed.metres(sea.limit_cm),
        "worth": text.persen(sea.worth_ppm / 1_000_000, 0),
        "tolerance": f"{text.desimal(sea.tolerance_ppm / 10_000)} persen poin",
        "guard": f"Rp{text.angka(sea.guard_cost)}",
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}.{minute % 60:02d}"


@shell.page("distribution.read")
def vehicle(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One vehicle's day: trips, halts, times, and its map."""
    stored = distribution.current_plan(election, request.at)
    found = next((one for one in stored.inputs.fleet if one.code == code), None) if stored else None
    if stored is None or found is None:
        raise Http404
    trips = stored.plan.of_vehicle(code)
    pins = [_pin(site) for site in places.sites(request.election.region) if site.code == found.start and site.lat is not None]
    context = {
        "plan": stored,
        "vehicle": found,
        "line": _vehicle_line(stored, found, distribution.chances(stored)),
        "volume": text.desimal(found.volume_ml / 1_000_000),
        "trips": [_trip_block(stored, trip, found) for trip in trips],
        "marks": stored.marks,
        "map": draw(
            request.election.region,
            places.tps_list(election),
            title=f"Rute {code}",
            routes=_ways(stored, trips, strong=True),
            sites=pins,
        ),
    }
    return render(request, "desk/distribution/vehicle.html", context)


def _trip_block(stored: distribution.StoredPlan, trip: rules.Trip, found: rules.Vehicle) -> dict[str, Any]:
    carried = [stored.load(code) for code in trip.loads]
    volume = sum(load.volume_ml for load in carried)
    return {
        "trip": trip,
        "number": stored.waybills[trip.code][0],
        "depart_at": stored.instant(trip.depart_min),
        "return_at": stored.instant(trip.return_min),
        "km": text.desimal(trip.distance_m / 1000),
        "boxes": sum(load.boxes for load in carried),
        "booths": sum(load.booths for load in carried),
        "full": volume / found.volume_ml,
        "start": _place(stored, trip.start),
        "stops": [
            {
                "name": _place(stored, stop.place),
                "handover": stop.handover,
                "arrive_at": stored.instant(stop.arrive_min),
                "depart_at": stored.instant(stop.depart_min),
                "tps": len({tps for code in stop.loads for tps in stored.load(code).tps}),
                "boxes": sum(stored.load(code).boxes for code in stop.loads),
                "latest_at": stored.instant(min(stored.load(code).latest_min for code in stop.loads)),
            }
            for stop in trip.stops
        ],
    }


# --- surat jalan -------------------------------------------------------------------------------------------------------------------------


@shell.page("distribution.read")
def waybill(request: shell.Request, election: str, trip: str) -> HttpResponse:
    """One trip's surat jalan as PDF."""
    stored = distribution.current_plan(election, request.at)
    found = [one for one in stored.plan.trips if one.code == trip] if stored else []
    if stored is None or not found:
        raise Http404
    return _pdf(request, stored, found, f"surat-jalan-{trip}.pdf")


@shell.page("distribution.read")
def waybills(request: shell.Request, election: str) -> HttpResponse:
    """All surat jalan of the plan in force in one PDF, in the order of departure."""
    stored = distribution.current_plan(election, request.at)
    if stored is None:
        raise Http404
    return _pdf(
        request, stored, sorted(stored.plan.trips, key=lambda one: (one.depart_min, one.code)), f"surat-jalan-rencana-{stored.number}.pdf"
    )


def _pdf(request: shell.Request, stored: distribution.StoredPlan, trips: list[rules.Trip], name: str) -> HttpResponse:
    election = request.election
    book = regulation.rulebook(election.code, request.at)
    stations = places.tps_list(election.code)
    known = {tps.code: f"{tps.name} {tps.desa_name}" for tps in stations}
    known |= {tps.desa_code: f"PPS {tps.desa_name}" for tps in stations}
    known |= {tps.kecamatan_code: f"PPK {tps.kecamatan_name}" for tps in stations}
    place = places.region_name(election.region)
    values = printed.waybills(
        trips,
        numbers=stored.waybills,
        loads={load.code: load for load in stored.inputs.loads},
        vehicles={one.code: one for one in distribution.named_fleet(stored, election.code)},
        network=stored.inputs.network,
        instant=stored.instant,
        names={item.code: item.name for item in book.items},
        places=known,
        choices=stored.plan.choices,
        bills=printed.bills_of(stored.plan, stored.waybills),
        head={
            "agency": f"KPU {place}",
            "place": election.name,
            "marks": list(stored.marks),
            "footer": f"Rencana {stored.number}, {text.waktu(stored.occurred_at)}",
            "stamp": f"sidik rencana {stored.plan_hash[:16]}",
        },
    )
    response = HttpResponse(document.pdf("surat-jalan", values, stored.occurred_at), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


# --- the fleet ---------------------------------------------------------------------------------------------------------------------------


@shell.page("distribution.read")
def fleet(request: shell.Request, election: str) -> HttpResponse:
    """All vehicles, those in use and those retired."""
    states = distribution.vehicle_states(election, request.at)
    names = {site.code: site.name for site in places.sites(request.election.region)}
    lines = [
        {
            "state": state,
            "vehicle": state.vehicle,
            "kind": printed.KINDS[state.vehicle.kind],
            "volume": text.desimal(state.vehicle.volume_ml / 1_000_000),
            "weight": text.angka(state.vehicle.weight_g // 1000),
            "start": names.get(state.vehicle.start, state.vehicle.start),
            "hours": f"{_clock(state.vehicle.shift_start_min)}–{_clock(state.vehicle.shift_end_min)}",
            "days": ", ".join(f"H-{day}" for day in sorted(state.vehicle.days, reverse=True)),
        }
        for state in states
    ]
    pledged = _pledged(election, {state.vehicle.code for state in states}, request.at)
    context = {"lines": lines, "pledged": pledged, "may_write": shell.may(request, "distribution.write")}
    return render(request, "desk/distribution/fleet.html", context)


def _pledged(election: str, used: set[str], at: datetime) -> list[dict[str, Any]]:
    """Vehicles and boats that Pemda or Polres promise and that are not in the fleet under their code yet."""
    found = pledges.standing(election, at).usable(pledge_rules.Kind.VEHICLE, pledge_rules.Kind.BOAT, firm=False)
    words, kinds = pledged_words.STATES, pledged_words.KINDS
    return [{"p": p, "state": words[p.state], "kind": kinds[p.kind]} for p in found if p.asset[:12] not in used]


@shell.page("distribution.write")
def add_vehicle(request: shell.Request, election: str) -> HttpResponse:
    """A new vehicle."""
    return _vehicle_form(request, election, None)


@shell.page("distribution.write")
def change_vehicle(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Other figures for a vehicle, or the end of its use; both with a reason."""
    found = next((state for state in distribution.vehicle_states(election, request.at) if state.vehicle.code == code), None)
    if found is None:
        raise Http404
    if request.method == "POST" and "retire" in request.POST:
        try:
            distribution.retire_vehicle(election, code, request.POST.get("reason", "").strip(), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:distribution_vehicle_edit", election, code)
        shell.done(request, f"{code} tidak dipakai lagi.")
        return redirect("desk:distribution_fleet", election)
    return _vehicle_form(request, election, found)


_FIELDS = (
    "code",
    "name",
    "kind",
    "volume",
    "weight",
    "start",
    "shift_start",
    "shift_end",
    "days",
    "fixed_cost",
    "cost_per_km",
    "max_trips",
    "wave_limit",
    "carrier",
    "breakdown",
    "repair",
    "note",
    "reason",
)


def _vehicle_form(request: shell.Request, election: str, state: distribution.VehicleState | None) -> HttpResponse:
    typed = (
        _typed_of(state.vehicle)
        if state
        else {"kind": "truk", "days": "2, 1", "shift_start": "06.00", "shift_end": "17.00", "max_trips": "4"} | _promised(request, election)
    )
    wrong: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in _FIELDS}
        typed |= {name: "ya" if request.POST.get(name) else "" for name in ("assumption", "night")}
        if state:
            typed["code"] = state.vehicle.code
        made, wrong = _read_vehicle(typed)
        if made and not wrong:
            try:
                distribution.save_vehicle(election, made, typed["reason"], _actor(request), request.at, new=state is None)
            except facts.Refusal as refusal:
                shell.refused(request, refusal)
            else:
                shell.done(request, f"{made.code} disimpan. Susun rencana lagi agar dipakai.")
                return redirect("desk:distribution_fleet", election)
    pins = [site for site in places.sites(request.election.region) if site.kind in {"gudang", "dermaga"} and site.lat is not None]
    kinds = [(kind.value, name) for kind, name in printed.KINDS.items()]
    context = {"typed": typed, "wrong": wrong, "state": state, "sites": pins, "kinds": kinds}
    return render(request, "desk/distribution/vehicle_form.html", context)


def _promised(request: shell.Request, election: str) -> dict[str, str]:
    """What a pledge says of a vehicle (`?janji=JNJ-0001`); volume, hours and days are asked of whoever enters it."""
    code = request.GET.get("janji", "")
    found = next((p for p in pledges.listing(election, request.at) if p.code == code and p.live), None) if code else None
    if found is None:
        return {}
    boat = found.kind is pledge_rules.Kind.BOAT
    return {
        "code": found.asset[:12], "name": f"{found.asset} ({pledged_words.AGENCIES[found.owner]})"[:80],
        "kind": "perahu" if boat else "truk", "weight": str(found.capacity) if found.capacity else "", "note": f"janji {found.code}",
    }  # fmt: skip


def _typed_of(found: rules.Vehicle) -> dict[str, str]:
    return {
        "code": found.code,
        "name": found.name,
        "kind": found.kind.value,
        "volume": text.desimal(found.volume_ml / 1_000_000),
        "weight": str(found.weight_g // 1000),
        "start": found.start,
        "shift_start": _clock(found.shift_start_min),
        "shift_end": _clock(found.shift_end_min),
        "days": ", ".join(map(str, found.days)),
        "fixed_cost": str(found.fixed_cost),
        "cost_per_km": str(found.cost_per_km),
        "max_trips": str(found.max_trips),
        "wave_limit": text.desimal(found.wave_limit_cm / 100, 2) if found.wave_limit_cm else "",
        "carrier": found.carrier,
        "breakdown": str(found.breakdown_permille),
        "repair": str(found.repair_min),
        "night": "ya" if found.night else "",
        "note": found.note,
        "assumption": "ya" if found.assumption else "",
    }


def _read_vehicle(typed: Mapping[str, str]) -> tuple[rules.Vehicle | None, dict[str, str]]:
    """The vehicle that was typed, or what is wrong with each field."""
    typed = {**typed, "breakdown": typed["breakdown"] or "0", "repair": typed["repair"] or "120"}
    wrong: dict[str, str] = {}

    def whole(name: str, least: int, most: int = _LARGEST * 1000) -> int:
        cleaned = typed[name].replace(".", "")
        if not cleaned.isdecimal() or len(cleaned) > 18 or not least <= int(cleaned) <= most:
            wrong[name] = f"Tulis bilangan bulat mulai {least}."
            return least
        return int(cleaned)

    def minute(name: str) -> int:
        hours, dot, minutes = typed[name].replace(":", ".").partition(".")
        if not (
            hours.isdecimal()
            and dot
            and minutes.isdecimal()
            and max(len(hours), len(minutes)) < 3
            and int(hours) <= 24
            and int(minutes) < 60
        ):
            wrong[name] = "Tulis jam seperti 05.30."
            return 0
        return int(hours) * 60 + int(minutes)

    volume = typed["volume"].replace(".", "").replace(",", ".")
    if not volume.replace(".", "", 1).isdecimal() or not 0 < float(volume) <= 200:
        wrong["volume"] = "Tulis volume dalam m³, misalnya 10,5."
    days = [part.strip().upper().removeprefix("H-") for part in typed["days"].split(",") if part.strip()]
    if not days or not all(day.isdecimal() and len(day) < 3 and int(day) <= 30 for day in days):
        wrong["days"] = "Tulis hari seperti 2, 1 (H-2 dan H-1)."
    if not typed["code"] or not typed["code"].replace("-", "").isalnum() or len(typed["code"]) > 12:
        wrong["code"] = "Kode singkat dari huruf dan angka, misalnya T13."
    kinds = {kind.value for kind in rules.Kind}
    if typed["kind"] not in kinds:
        wrong["kind"] = "Pilih jenis kendaraan."
    if not typed["start"]:
        wrong["start"] = "Pilih tempat mulai."
    weight, fixed, per_km = whole("weight", 1), whole("fixed_cost", 0), whole("cost_per_km", 0)
    trips, begins, ends = whole("max_trips", 1, 20), minute("shift_start"), minute("shift_end")
    breakdown, repair = whole("breakdown", 0, 1000), whole("repair", 0, rules.DAY)
    limit = sea_words.height_cm(typed["wave_limit"]) if typed["wave_limit"] else None
    if typed["wave_limit"] and not limit:
        wrong["wave_limit"] = "Tulis tinggi gelombang dalam meter, misalnya 1,25."
    if not wrong and begins >= ends:
        wrong["shift_end"] = "Jam selesai harus sesudah jam mulai."
    if wrong:
        return None, wrong
    made = rules.Vehicle(
        code=typed["code"].upper(),
        name=typed["name"] or typed["code"],
        kind=rules.Kind(typed["kind"]),
        volume_ml=round(float(volume) * 1_000_000),
        weight_g=weight * 1000,
        start=typed["start"],
        shift_start_min=begins,
        shift_end_min=min(ends, rules.DAY),
        days=tuple(sorted({int(day) for day in days}, reverse=True)),
        fixed_cost=fixed,
        cost_per_km=per_km,
        max_trips=trips,
        assumption=bool(typed.get("assumption")),
        note=typed["note"],
        wave_limit_cm=limit,
        night=bool(typed.get("night")),
        carrier=typed["carrier"][:40],
        breakdown_permille=breakdown,
        repair_min=repair,
    )
    return made, {}


urlpatterns = [
    path("<slug:election>/distribusi/", index, name="distribution"),
    path("<slug:election>/distribusi/rencana/", plan, name="distribution_plan"),
    path("<slug:election>/distribusi/permintaan/<int:number>/", progress, name="distribution_request"),
    path("<slug:election>/distribusi/permintaan/<int:number>/batal/", cancel, name="distribution_cancel"),
    path("<slug:election>/distribusi/dasar/", basis, name="distribution_basis"),
    path("<slug:election>/distribusi/kendaraan/<slug:code>/", vehicle, name="distribution_vehicle"),
    path("<slug:election>/distribusi/surat-jalan.pdf", waybills, name="distribution_waybills"),
    path("<slug:election>/distribusi/surat-jalan/<slug:trip>.pdf", waybill, name="distribution_waybill"),
    path("<slug:election>/distribusi/armada/", fleet, name="distribution_fleet"),
    path("<slug:election>/distribusi/armada/baru/", add_vehicle, name="distribution_vehicle_add"),
    path("<slug:election>/distribusi/armada/<slug:code>/", change_vehicle, name="distribution_vehicle_edit"),
    *convoys.urlpatterns,
    *handling.urlpatterns,
]
SENTENCES: dict[str, str] = {
    "distribution.unknown_vehicle": "Kendaraan {vehicle} tidak ada dalam armada.",
    "distribution.bad_vehicle": "Data kendaraan {vehicle} tidak mungkin. Periksa muatan, jam kerja, dan hari kerjanya.",
    "distribution.unknown_split": "Muatan {load} tidak sedang dibagi.",
    "distribution.bad_parts": "Muatan {load} hanya dapat dibagi menurut TPS utuh; setiap TPS di satu bagian.",
    "distribution.bad_way": "Jalur {place} ke {to} tidak mungkin. Periksa kedua tempat dan waktunya.",
    "travel.bad_spread": "Waktu {usual} menit (biasanya) dan {tenth} menit (paling lama 9 dari 10 kali) tidak mungkin.",
    "distribution.bad_rules": "Aturan distribusi saling bertentangan: pulau harus dilayani lebih dulu daripada daratan.",
    "distribution.vehicle_exists": "Kode {vehicle} sudah dipakai. Pilih kode lain, atau ubah kendaraan itu.",
    "distribution.reason_missing": "Tulis alasan perubahan {vehicle}.",
    "distribution.inputs_changed": "Kebutuhan, armada, atau tempat berubah selagi rencana disusun. Susun rencana sekali lagi.",
    "distribution.not_ready": "Rencana belum dapat disusun: kebutuhan belum dihitung, armada belum diisi, atau gudang belum punya pin.",
    "distribution.already_requested": "Satu rencana sedang disusun. Tunggu sampai selesai, atau hentikan dahulu.",
    "distribution.search_running": "Pencarian lain sedang berjalan. Tunggu sampai selesai, atau hentikan dahulu.",
    "distribution.plan_violates": "Rencana tidak disimpan: pemeriksa menemukan {count} kesalahan (pertama: {first}).",
    "distribution.infeasible": "Dengan armada dan jam kerja ini hanya {brought} dari {tps} TPS terlayani. Rencana tidak disimpan.",
    "distribution.rules_reason": "Tulis alasan perubahan aturan.",
    "distribution.same_rules": "Aturan ini sudah berlaku; tidak ada yang diubah.",
    "distribution.bad_kit": "Tidak dapat dibagi begitu: kedua bagian harus berisi, tidak lebih daripada yang ada, dan alasannya ditulis.",
    "distribution.cancelled": "Permintaan ini dihentikan; hasilnya tidak disimpan.",
    "distribution.not_waiting": "Permintaan ini sudah selesai, diterima, atau dihentikan orang lain.",
    "distribution.worker_lost": "Pekerja latar berhenti {attempts} kali pada permintaan ini. Laporkan kepada admin sistem.",
    "distribution.broken": "Penyusun rencana berhenti karena kesalahan program. Coba lagi; bila terulang, laporkan kepada admin sistem.",
}
WHY = {
    "not_enough": "Kendaraan atau jam kerja tidak cukup",
    "too_big": "Muatan lebih besar daripada kendaraan mana pun",
    "no_vehicle": "Tidak ada kendaraan darat pada hari itu",
    "no_narrow": "Tidak ada kendaraan yang dapat masuk ke tempat ini",
    "no_road": "Tidak ada jalan ke tempat ini",
    "too_far": "Berangkat paling pagi pun tiba sesudah batas",
    "shift_too_short": "Jam kerja terlalu pendek untuk pergi dan pulang",
    "no_sea_leg": "Lama pelayaran dan dermaga pulau belum diketahui",
    "no_boat": "Tidak ada perahu di dermaganya pada hari pulau",
    "boat_too_small": "Perahu terlalu kecil",
    "boat_too_late": "Perahu yang ada tiba sesudah batas",
}
REMEDIES = {
    "add_vehicle": "Tambah {vehicles} {kind} sebesar {volume} m³ (sudah dicoba: cukup).",
    "any_vehicle": "Tambah satu kendaraan darat untuk hari itu.",
    "longer_day": "Perpanjang jam kerja dan batas tiba {minutes} (sudah dicoba: cukup).",
    "start_earlier": "Mulai {minutes} lebih pagi.",
    "longer_shift": "Perpanjang jam kerja {minutes}.",
    "add_boat": "Sewa satu perahu lagi di {pier}.",
    "bigger_boat": "Sewa perahu yang memuat {volume} m³, atau izinkan perlengkapan satu TPS dibagi dua (halaman Armada).",
    "narrow_vehicle": "Tambah kendaraan yang dapat masuk ke {place}, misalnya sepeda motor atau pikap.",
    "split_load": "Bagi muatan {place}, atau pakai kendaraan lebih besar.",
}
TASKS: dict[str, tuple[str, str]] = {
    "distribution.plan": ("Susun {label}", "desk:distribution"),
    "distribution.sea": ("Susun ulang rencana: prakiraan gelombang menggeser hari {label}", "desk:distribution"),
    "distribution.replan": ("Susun ulang {label}: masukannya sudah berubah", "desk:distribution"),
}
HITS: dict[str, str] = {"vehicle": "desk:distribution_vehicle", "waybill": "desk:distribution_waybill"}


def _boats(told: Mapping[str, Any]) -> str:
    """R10 in words."""
    if not told["boats"]:
        return f"{told['island']}: belum ada kapal dalam rencana"
    said = [f"kapal {told['unsigned']} belum berkontrak menurut catatan"] if told["unsigned"] else []
    said += [] if told["spare"] else ["tidak ada kapal cadangan"]
    return f"{told['island']}: {', '.join(said)}. Pastikan kapal dan cadangannya."


def _waves(told: Mapping[str, Any]) -> str:
    """R09 in words."""
    height, limit = text.desimal(int(told["height"]) / 100, 2), text.desimal(int(told["limit"]) / 100, 2)
    way = "pulang dari" if told.get("home") else "ke"
    source = str(told["source"]) if told["source"] == "BMKG" else str(told["source"]).lower()
    return f"{told['boat']} {way} {told['island']}: gelombang {height} m menurut {source}, batas perahunya {limit} m."


SIGNALS: dict[str, tuple[Any, str]] = {"R09": (_waves, "desk:weather"), "R10": (_boats, "desk:distribution_fleet")}
