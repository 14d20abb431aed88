"""The rest of a draft, planned anew: what is locked keeps its hours, what is pinned keeps its vehicle, everything else is free.

Locked trips and whatever hangs on them (the boat that waits for a locked truck, the truck that feeds a locked boat) stay. A vehicle that
has some takes part with the longest gap they leave it that day. `planning.routes` then plans what is free, once, and keeps the pins of the
mainland; what it could not keep is put right by moves that the rules of the table try one by one, fewest faults first. Same seed and
iterations give the same plan.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count

from posko.domain import distribution as plans
from posko.domain import worksheet as rules
from posko.planning import routes

DAY = plans.DAY
# Between the code of a vehicle and the number of its free gap; no code of a vehicle has it.
_MARK = "@"
# Moves that put pins right: enough for every load of a regency twice over.
_MOST_REPAIRS = 60

Planner = Callable[..., plans.Plan]


@dataclass(frozen=True)
class Rest:
    """What is left to plan: free loads, the gaps of the fleet, and the trips that stay."""

    loads: tuple[plans.Load, ...]
    fleet: tuple[plans.Vehicle, ...]
    stay: tuple[plans.Trip, ...]


def rest(draft: rules.Draft, given: rules.Given) -> Rest:
    """The free part of a draft."""
    stay = {trip.code: trip for trip in draft.trips if trip.code in draft.locked}
    while True:  # a locked leg of an island's way holds the other
        held = {code for trip in stay.values() for code in trip.loads}
        more = [trip for trip in draft.trips if trip.code not in stay and _tied(trip, held, draft)]
        if not more:
            break
        stay.update({trip.code: trip for trip in more})
    held = {code for trip in stay.values() for code in trip.loads}
    loads = tuple(load for code, load in draft.loads.items() if code not in held)
    fleet = [gap for vehicle in given.fleet for gap in _gaps(vehicle, stay.values(), given.rules)]
    return Rest(loads, tuple(fleet), tuple(stay.values()))


def _tied(trip: plans.Trip, held: set[str], draft: rules.Draft) -> bool:
    return any(code in held and draft.loads[code].kind is plans.LoadKind.ISLAND for code in trip.loads)


def _gaps(vehicle: plans.Vehicle, stay: Iterable[plans.Trip], keep: plans.Rules) -> list[plans.Vehicle]:
    """The vehicle as it is, or per day with the longest time that its fixed trips leave."""
    own = sorted((trip for trip in stay if trip.vehicle == vehicle.code), key=lambda trip: trip.depart_min)
    if not own:
        return [vehicle]
    made = []
    pause = keep.handover_min if vehicle.boat else keep.loading_min
    for day in vehicle.days:
        begins, ends = vehicle.shift(day)
        today = [trip for trip in own if begins <= trip.return_min and trip.depart_min <= ends]
        edges = [begins, *(minute for trip in today for minute in (trip.depart_min - pause, trip.return_min)), ends]
        if vehicle.boat:  # a boat that is back is emptied before it takes on again
            edges[2:-1:2] = [minute + pause for minute in edges[2:-1:2]]
        spans = [(b - a, a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
        trips = vehicle.max_trips - sum(plans.day_of(trip.depart_min) == day for trip in today)
        if spans and trips > 0:
            _, a, b = max(spans)
            made.append(
                replace(
                    vehicle,
                    code=f"{vehicle.code}{_MARK}{day}",
                    days=(day,),
                    shift_start_min=a + day * DAY,
                    shift_end_min=b + day * DAY,
                    max_trips=trips,
                    fixed_cost=0 if today else vehicle.fixed_cost,
                )
            )
    return made


def solve(
    draft: rules.Draft, given: rules.Given, plan: Planner, *, seed: int, stop: routes.Stop, watch: Callable[[int, int], None] | None = None
) -> plans.Plan:
    """A plan of the whole draft in which only what is free has moved. plan: `routes.plan`, perhaps with a sea bound to it.

    watch is told after every step how many of at most how many are done; what it raises ends the search.
    """
    told = watch or (lambda done, of: None)
    free = rest(draft, given)
    told(0, 2 + _MOST_REPAIRS)
    pins = {load: code for (load, boat), code in draft.pins.items() if not boat}
    made = plan(free.loads, given.network, free.fleet, given.rules, seed=seed, stop=stop, pins=pins)
    taken = {trip.code for trip in free.stay}
    trips = [*free.stay, *_named(made.trips, taken)]
    whole = plans.Plan(tuple(trips), made.unassigned, seed, made.method, _choices(made, draft))
    solved = rules.adjust(draft, rules.Solved(whole), given)
    told(1, 2 + _MOST_REPAIRS)
    solved = _relieved(_at_pins(solved, given), given, told)
    return solved.plan(seed, made.method)


def _named(trips: Iterable[plans.Trip], taken: set[str]) -> list[plans.Trip]:
    """Trips under the code of their vehicle, numbered past those that stay."""
    found, used = [], set(taken)
    for trip in sorted(trips, key=lambda one: (one.vehicle, one.depart_min)):
        vehicle = trip.vehicle.partition(_MARK)[0]
        code = next(name for number in count(1) if (name := f"{vehicle}-{number}") not in used)
        used.add(code)
        found.append(replace(trip, code=code, vehicle=vehicle))
    return found


def _choices(made: plans.Plan, draft: rules.Draft) -> tuple[plans.IslandChoice, ...]:
    """What was weighed anew for islands, with what stood before for the others; boats under their own codes."""
    fresh = {one.island: replace(one, options=_unmarked(one.options), others=_unmarked(one.others)) for one in made.choices}
    return tuple(({one.island: one for one in draft.choices} | fresh).values())


def _unmarked(options: Iterable[plans.Option]) -> tuple[plans.Option, ...]:
    return tuple(replace(one, boat=one.boat.partition(_MARK)[0], why=_unmarked_why(one.why)) for one in options)


def _unmarked_why(why: Mapping[str, str | int]) -> Mapping[str, str | int]:
    if "boats" not in why:
        return why
    return {**why, "boats": ",".join(dict.fromkeys(boat.partition(_MARK)[0] for boat in str(why["boats"]).split(",")))}


# --- pins ------------------------------------------------------------------------------------------------------------------


def _at_pins(draft: rules.Draft, given: rules.Given) -> rules.Draft:
    """Every pinned load on its vehicle, at the place on it that brings the fewest faults and the least way."""
    for (load, boat), code in sorted(draft.pins.items()):
        trip = draft.carrying(load, boat=boat, given=given)
        if load not in draft.loads or (trip is not None and (trip.vehicle == code or trip.code in draft.locked)):
            continue
        own = [one for one in draft.trips if one.vehicle == code and one.code not in draft.locked]
        moves = [rules.Move(load, code, one.code, at) for one in own for at in range(len(one.stops) + 1)] + [rules.Move(load, code)]
        draft = min((rules.adjust(draft, move, given) for move in moves), key=lambda one: _weight(one, given))
    return draft


def _weight(draft: rules.Draft, given: rules.Given) -> tuple[int, int]:
    """Faults and loads left behind, then metres: what a repair makes smaller."""
    wrong = sum(len(found) for found in rules.faults(draft, given).values())
    return wrong + len(draft.left), sum(trip.distance_m for trip in draft.trips)


def _relieved(draft: rules.Draft, given: rules.Given, told: Callable[[int, int], None]) -> rules.Draft:
    """Free loads leave trips that the pins overfilled, one by one, as long as each move takes a fault away."""
    for number in range(_MOST_REPAIRS):
        told(2 + number, 2 + _MOST_REPAIRS)
        wrong = rules.faults(draft, given)
        now = _weight(draft, given)
        better = next((one for one in _reliefs(draft, given, wrong) if _weight(one, given)[0] < now[0]), None)
        if better is None:
            return draft
        draft = better
    return draft


def _reliefs(draft: rules.Draft, given: rules.Given, wrong: Mapping[str, object]) -> Iterable[rules.Draft]:
    pinned = {load for load, _ in draft.pins}
    for code in sorted(wrong):
        trip = next((one for one in draft.trips if one.code == code), None)
        if trip is None or trip.code in draft.locked:
            continue
        for load in sorted(trip.loads, key=lambda one: draft.loads[one].volume_ml if one in draft.loads else 0):
            if load in pinned or draft.loads[load].kind is plans.LoadKind.ISLAND:
                continue
            for choice in rules.choices(draft, load, given, most=3):
                yield rules.adjust(draft, choice.move, given)
