"""Stage replanning: what may disturb a plan, and what two plans have in common: which waybills stay, which change, and how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from posko.domain import distribution, record


class NothingToRepair(record.Refusal):
    """There is no plan yet that could be repaired."""

    code: ClassVar[str] = "replanning.no_plan"


class BadDisruption(record.Refusal):
    """A disruption that names what does not exist, or twice the same place."""

    code: ClassVar[str] = "replanning.bad_disruption"


class TooNear(record.Refusal):
    """Two places so near to one another that every way of the one passes the other: which road is meant cannot be told."""

    code: ClassVar[str] = "replanning.too_near"


class PlanMoved(record.Refusal):
    """Another plan came into force while this repair was looked at."""

    code: ClassVar[str] = "replanning.plan_moved"


class NotWhole(record.Refusal):
    """The repair leaves something behind or breaks a rule; it is shown, not recorded."""

    code: ClassVar[str] = "replanning.not_whole"


class AlreadyTold(record.Refusal):
    """That the change sheet of this plan was handed out stands in the record already."""

    code: ClassVar[str] = "replanning.already_told"


class Overdue(record.Refusal):
    """A trip that this repair changes has left meanwhile, with the old paper in the driver's hand."""

    code: ClassVar[str] = "replanning.overdue"


# Searching for a repair weighs thousands of plans, each checked whole; so many loads take a second or two. Beyond, the worker searches.
LARGEST_AT_ONCE = 120


def at_once(loads: Sequence[distribution.Load]) -> bool:
    """Whether a search over these loads is short enough for somebody to wait for it before the screen."""
    return len(loads) <= LARGEST_AT_ONCE


# --- what may happen -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoadCut:
    """The road between two places cannot be used. source: who says so."""

    place: str
    to: str
    source: str = ""


@dataclass(frozen=True)
class VehicleLost:
    """A vehicle cannot leave any more; what is under way goes on unless it is said that it cannot."""

    vehicle: str


@dataclass(frozen=True)
class TpsMoved:
    """The goods of a TPS go to another place: it was moved there, or merged into a TPS there (`into`)."""

    tps: str
    to: str
    into: str = ""


@dataclass(frozen=True)
class LateStock:
    """An item (or a load) is ready at the warehouse only from a minute on; what needs it cannot leave before."""

    item: str
    ready_min: int


@dataclass(frozen=True)
class NewHazard:
    """Something that delays, at a place or on a way."""

    hazard: distribution.Hazard


Disruption = RoadCut | VehicleLost | TpsMoved | LateStock | NewHazard


_KINDS: dict[str, type[Any]] = {"road": RoadCut, "vehicle": VehicleLost, "tps": TpsMoved, "late": LateStock}


def disruption_facts(happened: Disruption | None) -> dict[str, Any]:
    """A disruption as plain data; {} where only inputs have changed. BadDisruption for a hazard, which the stage aght writes."""
    if happened is None:
        return {}
    kind = next((name for name, made in _KINDS.items() if isinstance(happened, made)), "")
    if not kind:
        raise BadDisruption(kind=type(happened).__name__)
    return {"kind": kind, **asdict(happened)}


def disruption_of(said: Mapping[str, Any]) -> Disruption | None:
    """The disruption that `disruption_facts` wrote."""
    if not said:
        return None
    made: Disruption = _KINDS[said["kind"]](**{name: value for name, value in said.items() if name != "kind"})
    return made


@dataclass(frozen=True)
class Given:
    """What a plan is made from."""

    loads: tuple[distribution.Load, ...]
    network: distribution.Network
    fleet: tuple[distribution.Vehicle, ...]
    rules: distribution.Rules


def after(given: Given, disruption: Disruption, goods: Mapping[str, distribution.Goods] | None = None) -> Given:
    """What a plan is made from once this has happened. BadDisruption for what is not there."""
    match disruption:
        case RoadCut(place, to, source):
            one, other = given.network.node(place), given.network.node(to)
            if place == to or one is None or other is None or "pulau" in {one.kind, other.kind}:
                raise BadDisruption(place=place, to=to)
            if distribution.off_line_m(one, one, other) <= distribution.PASSES_M:
                raise TooNear(place=one.name, to=other.name, metres=distribution.PASSES_M)
            closed = distribution.Closure(place, to, source)
            return replace(given, network=replace(given.network, closures=(*given.network.closures, closed)))
        case NewHazard(hazard):
            return replace(given, network=replace(given.network, hazards=(*given.network.hazards, hazard)))
        case VehicleLost(code):
            if code not in {vehicle.code for vehicle in given.fleet}:
                raise BadDisruption(vehicle=code)
            fleet = tuple(vehicle for vehicle in given.fleet if vehicle.code != code)
            # What only that vehicle could take whole goes in parts now.
            loads = distribution.fitted(given.loads, given.network, fleet, goods, given.rules) if goods else given.loads
            return replace(given, fleet=fleet, loads=tuple(loads))
        case LateStock(item, ready_min):
            loads = distribution.delayed(given.loads, {item: ready_min})
            if loads == given.loads:
                raise BadDisruption(item=item)
            return replace(given, loads=loads)
        case TpsMoved(tps, to, _):
            holder, node = next((load for load in given.loads if tps in load.tps), None), given.network.node(to)
            if holder is None or node is None or node.kind not in {"desa", "pulau"} or holder.place == to:
                raise BadDisruption(tps=tps, to=to)
            return replace(given, loads=distribution.relocated(given.loads, {tps: to}, given.network, goods or {}, given.rules))


def overdue(old: distribution.Plan, new: distribution.Plan, since_min: int, now_min: int) -> tuple[str, ...]:
    """Trips that left between the reckoning of a repair and now, and that it changes, adds or drops; their drivers have other papers."""
    before, after = {trip.code: trip for trip in old.trips}, {trip.code: trip for trip in new.trips}
    differ = [code for code in sorted(before.keys() | after.keys()) if before.get(code) != after.get(code)]

    def left(trip: distribution.Trip | None) -> bool:
        return trip is not None and since_min < trip.depart_min <= now_min

    return tuple(code for code in differ if left(before.get(code)) or left(after.get(code)))


# --- what changes ----------------------------------------------------------------------------------------------------------------------


class What(StrEnum):
    """How a trip differs from the trip of the same code in the plan before."""

    TIMES = "jam"
    ORDER = "urutan"
    LOADS = "muatan"
    CONTENTS = "isi"
    WAY = "jalan"


@dataclass(frozen=True)
class Moved:
    """A load that another trip brings now; "" where it was in no trip before, or is in none now."""

    load: str
    source: str
    target: str


@dataclass(frozen=True)
class TripChange:
    """A trip whose waybill no longer holds: what changed, what came from other trips, what went to others, and by how much it is later."""

    trip: str
    vehicle: str
    what: tuple[What, ...]
    came: tuple[Moved, ...] = ()
    went: tuple[Moved, ...] = ()
    later_min: int = 0


@dataclass(frozen=True)
class Changes:
    """Two plans side by side, by trip code: the same, changed, gone, new; and every load that changed its vehicle.

    taken_over: (old trip, new trip) of another vehicle with the same loads; they are not among the dropped and the added.
    """

    kept: tuple[str, ...]
    changed: tuple[TripChange, ...]
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    moved: tuple[Moved, ...]
    loads: int
    taken_over: tuple[tuple[str, str], ...] = ()

    @property
    def waybills(self) -> int:
        """How many waybills somebody must be told about: changed, withdrawn, new; a trip that another vehicle takes over counts once."""
        return len(self.changed) + len(self.dropped) + len(self.added) + len(self.taken_over)

    @property
    def kept_permille(self) -> int:
        """Loads that keep their vehicle, of all."""
        return 1000 * (self.loads - len(self.moved)) // self.loads if self.loads else 1000


def changes(
    old: distribution.Plan, old_loads: Iterable[distribution.Load], new: distribution.Plan, new_loads: Iterable[distribution.Load]
) -> Changes:
    """What the new plan changes. A trip is the same only where its whole waybill is: times, stops, and what every load holds."""
    before, now = {trip.code: trip for trip in old.trips}, {trip.code: trip for trip in new.trips}
    held = {load.code: distribution.on_paper(load) for load in old_loads}
    holds = {load.code: distribution.on_paper(load) for load in new_loads}
    same = distribution.kept_trips(old, held.values(), new, holds.values())
    moved = _moved(before.values(), now.values(), holds)
    changed = tuple(
        _change(before[code], now[code], moved, held, holds)
        for code in sorted(before.keys() & now.keys())
        if code not in same
    )  # fmt: skip
    vehicles = {code: trip.vehicle for code, trip in (before | now).items()}
    other = tuple(one for one in moved if vehicles.get(one.source) != vehicles.get(one.target))
    gone, come = before.keys() - now.keys(), now.keys() - before.keys()
    taken = _taken_over([before[code] for code in sorted(gone)], [now[code] for code in sorted(come)])
    dropped = tuple(sorted(gone - {old_code for old_code, _ in taken}))
    added = tuple(sorted(come - {new_code for _, new_code in taken}))
    return Changes(tuple(sorted(same)), changed, dropped, added, other, len(holds), taken)


def _taken_over(gone: Iterable[distribution.Trip], new: Iterable[distribution.Trip]) -> tuple[tuple[str, str], ...]:
    """Trips that another vehicle makes with the same loads."""
    left = {trip.code: trip for trip in new}
    pairs = []
    for trip in gone:
        heir = next((code for code, other in left.items() if set(other.loads) == set(trip.loads)), None)
        if heir:
            pairs.append((trip.code, heir))
            del left[heir]
    return tuple(pairs)


def _moved(
    before: Iterable[distribution.Trip], now: Iterable[distribution.Trip], holds: Mapping[str, distribution.Load]
) -> tuple[Moved, ...]:
    """Loads that another trip brings on the same part of their way (by road, by sea)."""
    old = {(code, stop.handover): trip.code for trip in before for stop in trip.stops for code in stop.loads}
    new = {(code, stop.handover): trip.code for trip in now for stop in trip.stops for code in stop.loads}
    parts = sorted(old.keys() | new.keys())
    return tuple(
        Moved(part[0], old.get(part, ""), new.get(part, "")) for part in parts if old.get(part) != new.get(part) and part[0] in holds
    )


def _change(
    before: distribution.Trip,
    now: distribution.Trip,
    moved: Sequence[Moved],
    held: Mapping[str, distribution.Load],
    holds: Mapping[str, distribution.Load],
) -> TripChange:
    came = tuple(one for one in moved if one.target == now.code)
    went = tuple(one for one in moved if one.source == now.code)
    what = []
    if set(before.loads) != set(now.loads):
        what.append(What.LOADS)
    elif [stop.place for stop in before.stops] != [stop.place for stop in now.stops] or before.loads != now.loads:
        what.append(What.ORDER)
    if any(held.get(code) != holds.get(code) for code in before.loads if code in now.loads):
        what.append(What.CONTENTS)
    if not what and before.distance_m != now.distance_m:
        what.append(What.WAY)
    times = [(stop.place, stop.arrive_min) for stop in before.stops] != [(stop.place, stop.arrive_min) for stop in now.stops]
    if before.depart_min != now.depart_min or before.return_min != now.return_min or times:
        what.append(What.TIMES)
    first = {code: stop.arrive_min for stop in before.stops for code in stop.loads}
    later = [stop.arrive_min - first[code] for stop in now.stops for code in stop.loads if code in first]
    return TripChange(now.code, now.vehicle, tuple(what), came, went, max(later, default=0))
