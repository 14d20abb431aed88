"""Stage distribution: loads, vehicles, plans, and the checker that trusts no planner.

Time is an integer: minutes since 00:00 local time of voting day, so H-1 06:00 is -1080 and H-2 begins at -2880. Lengths are metres,
volumes millilitres, weights grams, money rupiah.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

from posko.domain import labels, places, record, thresholds, travel, weather

DAY = 24 * 60


class Kind(StrEnum):
    """What a vehicle is. Only boats cross water."""

    TRUCK = "truk"
    PICKUP = "pikap"
    MOTOR = "motor"
    BOAT = "perahu"


class LoadKind(StrEnum):
    """Where a load ends: a village drop (PPS), an island, a kecamatan (PPK)."""

    VILLAGE = "desa"
    ISLAND = "pulau"
    DISTRICT = "ppk"


class Infeasible(record.Refusal):
    """Some loads cannot be brought with this fleet in these hours."""

    code: ClassVar[str] = "distribution.infeasible"


class BadRules(record.Refusal):
    """Hours or days that contradict one another."""

    code: ClassVar[str] = "distribution.bad_rules"


class RulesReason(record.Refusal):
    """Changing the rules of the plan says why."""

    code: ClassVar[str] = "distribution.rules_reason"


class SameRules(record.Refusal):
    """These rules are in force already."""

    code: ClassVar[str] = "distribution.same_rules"


class UnknownVehicle(record.Refusal):
    """No such vehicle in this election's fleet."""

    code: ClassVar[str] = "distribution.unknown_vehicle"


class BadWay(record.Refusal):
    """A way that cannot be: from a place to itself, or without a time."""

    code: ClassVar[str] = "distribution.bad_way"


class BadVehicle(record.Refusal):
    """A vehicle that cannot be: no capacity, a shift that ends before it starts, no day of work."""

    code: ClassVar[str] = "distribution.bad_vehicle"


class VehicleExists(record.Refusal):
    """The code is taken, also by a retired vehicle."""

    code: ClassVar[str] = "distribution.vehicle_exists"


class ReasonMissing(record.Refusal):
    """Retiring or changing a vehicle says why."""

    code: ClassVar[str] = "distribution.reason_missing"


class InputsChanged(record.Refusal):
    """Needs, fleet, places or rules changed while the plan was computed; it is not recorded."""

    code: ClassVar[str] = "distribution.inputs_changed"


class NotReady(record.Refusal):
    """There is nothing to plan with: needs or fleet are missing."""

    code: ClassVar[str] = "distribution.not_ready"


class AlreadyRequested(record.Refusal):
    """A plan is already being made."""

    code: ClassVar[str] = "distribution.already_requested"


class SearchRunning(record.Refusal):
    """Another search runs, or as many as may run at a time."""

    code: ClassVar[str] = "distribution.search_running"


class Cancelled(record.Refusal):
    """Somebody cancelled the request while the worker searched; what it found is not kept."""

    code: ClassVar[str] = "distribution.cancelled"


class NotWaiting(record.Refusal):
    """This request has ended: taken, put aside, cancelled or failed."""

    code: ClassVar[str] = "distribution.not_waiting"


class PlanViolates(record.Refusal):
    """The checker found faults; a faulty plan is never recorded."""

    code: ClassVar[str] = "distribution.plan_violates"


@dataclass(frozen=True)
class Piece:
    """So many of an item for one TPS (or PPK, PPS)."""

    place: str
    item: str
    quantity: int


@dataclass(frozen=True)
class Load:
    """What travels together to one place: whole TPS, never a part of one. `pieces` are for the waybill.

    ready_min: it lies complete at the warehouse only from then on; None: from the beginning.
    """

    code: str
    place: str
    name: str
    kind: LoadKind
    tps: tuple[str, ...]
    boxes: int
    booths: int
    volume_ml: int
    weight_g: int
    service_min: int
    earliest_min: int
    latest_min: int
    pieces: tuple[Piece, ...] = ()
    ready_min: int | None = None

    def __post_init__(self) -> None:
        if min(self.boxes, self.booths, self.volume_ml, self.weight_g, self.service_min) < 0 or self.earliest_min > self.latest_min:
            raise ValueError(f"load {self.code} cannot be")


@dataclass(frozen=True)
class Vehicle:
    """A truck, pick-up, motorcycle or boat with its working hours (minutes of the day) and days (2 means H-2).

    wave_limit_cm: the highest wave a boat may meet, None where its owner has not said. night: may drive in the dark, with an escort.
    carrier: "" our own or hired by the KPU, else the firm that answers for it. breakdown_permille: per trip; repair_min: until it goes on.
    """

    code: str
    name: str
    kind: Kind
    volume_ml: int
    weight_g: int
    start: str
    shift_start_min: int
    shift_end_min: int
    days: tuple[int, ...]
    fixed_cost: int = 0
    cost_per_km: int = 0
    max_trips: int = 4
    assumption: bool = True
    note: str = ""
    wave_limit_cm: int | None = None
    night: bool = False
    carrier: str = ""
    breakdown_permille: int = 0
    repair_min: int = 120

    def __post_init__(self) -> None:
        good = (
            (self.wave_limit_cm is None or 0 < self.wave_limit_cm <= 2000)
            and 0 <= self.breakdown_permille <= 1000
            and self.repair_min >= 0
            and self.volume_ml > 0
            and self.weight_g > 0
            and 0 <= self.shift_start_min < self.shift_end_min <= DAY
            and self.days
            and self.max_trips > 0
        )
        if not good or not self.code:
            raise BadVehicle(vehicle=self.code)

    @property
    def boat(self) -> bool:
        """Whether it crosses water."""
        return self.kind is Kind.BOAT

    def shift(self, day: int) -> tuple[int, int]:
        """The working hours on H-`day`, as minutes relative to voting day."""
        return self.shift_start_min - day * DAY, self.shift_end_min - day * DAY


@dataclass(frozen=True)
class Node:
    """A place vehicles stop at. `island` nodes have no road; `provisional` pins await somebody who sets them."""

    code: str
    name: str
    lat: float
    lon: float
    kind: str
    provisional: bool = False


@dataclass(frozen=True)
class Leg:
    """A way between two places."""

    distance_m: int
    travel_min: int


@dataclass(frozen=True)
class SeaLeg:
    """A crossing from a pier to an island. The plan counts on the longer time; usual_min: the middle of what sources say, 0 unknown."""

    pier: str
    island: str
    travel_min: int
    distance_m: int
    source: str = ""
    usual_min: int = 0


@dataclass(frozen=True)
class Measured:
    """The time of a way as somebody timed it, in this direction and, where no other is given, back. distance_m 0: not measured."""

    kind: str  # darat | laut
    place: str
    to: str
    usual_min: int
    tenth_min: int
    distance_m: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in {"darat", "laut"} or self.usual_min <= 0 or self.place == self.to or self.distance_m < 0:
            raise BadWay(place=self.place, to=self.to)
        travel.Spread(self.usual_min, self.tenth_min)


@dataclass(frozen=True)
class Closure:
    """A road that cannot be used, between two places next to one another on it. source: who says so."""

    place: str
    to: str
    source: str = ""

    def __post_init__(self) -> None:
        if self.place == self.to:
            raise BadWay(place=self.place, to=self.to)


@dataclass(frozen=True)
class Hazard:
    """Something that may delay: at a place, or on the leg from `place` to `to`. Written by aght, read by plans and forecasts."""

    place: str
    kind: str
    delay_min: int
    probability_permille: int
    to: str = ""
    source: str = ""

    def touches(self, a: str, b: str) -> bool:
        """Whether the leg between a and b passes it. A place is touched with everything below it."""
        if self.to:
            return {self.place, self.to} == {a, b}
        return any(end == self.place or end.startswith(f"{self.place}.") for end in (a, b))


# A hazard at least this likely is counted into travel times; a smaller one is shown and not counted.
COUNTED_PERMILLE = 500
# A way passes a place that is at most this far from its straight line: the roads between are not known, so this is an assumption.
PASSES_M = 2_000
# Nine of ten journeys by road stay within so many thousandths of the usual time; by sea, where sources give one time only. Assumptions.
ROAD_TENTH_PERMILLE = 1_400
SEA_TENTH_PERMILLE = 1_250


@dataclass(frozen=True)
class Network:
    """Places and ways. Roads are great circle times a detour unless measured; the sea is data; an island has no road.

    A closed road is driven round by way of one other place. What has been looked up is kept per network and never handed to a changed copy
    (`dataclasses.replace` leaves out fields that are no arguments): a road that was open there may be closed here.
    """

    nodes: tuple[Node, ...]
    sea: tuple[SeaLeg, ...]
    detour_permille: int
    road_kmh: int
    hazards: tuple[Hazard, ...] = ()
    measured: tuple[Measured, ...] = ()
    closures: tuple[Closure, ...] = ()
    gates: tuple[weather.Gate, ...] = ()
    _index: dict[str, Node] = field(init=False, default_factory=dict, compare=False, repr=False)
    _sea: dict[tuple[str, str], SeaLeg] = field(init=False, default_factory=dict, compare=False, repr=False)
    _timed: dict[tuple[str, str, str], Measured] = field(init=False, default_factory=dict, compare=False, repr=False)
    _roads: dict[tuple[str, str], Leg | None] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._index.update({node.code: node for node in self.nodes})
        self._sea.update({(leg.pier, leg.island): leg for leg in self.sea})
        self._timed.update({(way.kind, way.to, way.place): way for way in self.measured})
        self._timed.update({(way.kind, way.place, way.to): way for way in self.measured})

    def node(self, code: str) -> Node | None:
        """The place, if it is one of the network."""
        return self._index.get(code)

    def leg(self, kind: Kind, a: str, b: str) -> Leg | None:
        """The way from a to b for this kind of vehicle, delays of likely hazards included; None where there is none."""
        if a == b:
            return Leg(0, 0)
        way = self._sea_way(a, b) if kind is Kind.BOAT else self._road(a, b)
        if way is None:
            return None
        delay = sum(h.delay_min for h in self.hazards if h.probability_permille >= COUNTED_PERMILLE and h.touches(a, b))
        return Leg(way.distance_m, way.travel_min + delay)

    def spread(self, kind: Kind, a: str, b: str) -> travel.Spread | None:
        """How surely the way takes how long, hazards left out (they have a chance of their own); None where there is no way."""
        if a == b:
            return travel.Spread(0, 0)
        timed = self._timed.get(("laut" if kind is Kind.BOAT else "darat", a, b))
        way = self._sea_way(a, b) if kind is Kind.BOAT else self._road(a, b)
        if way is None:
            return None
        if timed and not self._blocked(a, b):
            return travel.Spread(timed.usual_min, timed.tenth_min, travel.Basis.MEASURED)
        if kind is not Kind.BOAT:
            return travel.Spread(way.travel_min, -(-way.travel_min * ROAD_TENTH_PERMILLE // 1000))
        crossing = self._sea.get((a, b)) or self._sea[b, a]
        if crossing.usual_min and crossing.usual_min < crossing.travel_min:
            return travel.Spread(crossing.usual_min, crossing.travel_min, travel.Basis.SOURCED)
        return travel.Spread(crossing.travel_min, -(-crossing.travel_min * SEA_TENTH_PERMILLE // 1000))

    def open(self, place: str, minute: int) -> bool:
        """Whether boats may use a pier or an island at a minute; where nothing is recorded, they may."""
        return all(gate.lets(place, minute) for gate in self.gates)

    def piers(self, island: str) -> list[SeaLeg]:
        """The crossings to an island, the shortest first."""
        return sorted((leg for leg in self.sea if leg.island == island), key=lambda leg: (leg.travel_min, leg.pier))

    def _sea_way(self, a: str, b: str) -> Leg | None:
        crossing = self._sea.get((a, b)) or self._sea.get((b, a))
        if crossing is None:
            return None
        timed = self._timed.get(("laut", a, b))
        return Leg(timed.distance_m or crossing.distance_m, timed.usual_min) if timed else Leg(crossing.distance_m, crossing.travel_min)

    def _road(self, a: str, b: str) -> Leg | None:
        if (a, b) not in self._roads:
            self._roads[a, b] = self._around(a, b) if self._blocked(a, b) else self._direct(a, b)
        return self._roads[a, b]

    def _direct(self, a: str, b: str) -> Leg | None:
        start, end = self._index.get(a), self._index.get(b)
        if start is None or end is None or "pulau" in {start.kind, end.kind}:
            return None
        way, timed = road_leg(start, end, self.detour_permille, self.road_kmh), self._timed.get(("darat", a, b))
        return Leg(timed.distance_m or way.distance_m, timed.usual_min) if timed else way

    def _blocked(self, a: str, b: str) -> bool:
        return any(self._passes(a, b, closed.place) and self._passes(a, b, closed.to) for closed in self.closures)

    def _passes(self, a: str, b: str, place: str) -> bool:
        """Whether the straight way from a to b goes by a place; its own ends do."""
        if place in {a, b}:
            return True
        start, end, by = self._index.get(a), self._index.get(b), self._index.get(place)
        return bool(start and end and by) and off_line_m(start, end, by) <= PASSES_M  # type: ignore[arg-type]

    def _around(self, a: str, b: str) -> Leg | None:
        """The quickest way by one other place whose two parts are open."""
        found = []
        for node in self.nodes:
            if node.code in {a, b} or node.kind == "pulau" or self._blocked(a, node.code) or self._blocked(node.code, b):
                continue
            first, second = self._direct(a, node.code), self._direct(node.code, b)
            if first and second:
                found.append(Leg(first.distance_m + second.distance_m, first.travel_min + second.travel_min))
        return min(found, key=lambda leg: (leg.travel_min, leg.distance_m), default=None)


def off_line_m(a: Node, b: Node, by: Node) -> int:
    """Metres of a place from the straight line between two others, its ends included; on a plane, good enough within a regency."""
    east = math.cos(math.radians(a.lat))
    bx, by_ = (b.lon - a.lon) * east, b.lat - a.lat
    px, py = (by.lon - a.lon) * east, by.lat - a.lat
    length = bx * bx + by_ * by_
    along = max(0.0, min(1.0, (px * bx + py * by_) / length)) if length else 0.0
    return round(math.hypot(px - along * bx, py - along * by_) * math.radians(1) * places.EARTH_KM * 1000)


def road_leg(a: Node, b: Node, detour_permille: int, road_kmh: int) -> Leg:
    """Great circle times the detour, at the road speed, minutes rounded up."""
    metres = round(places.great_circle_km(a.lat, a.lon, b.lat, b.lon) * detour_permille)
    return Leg(metres, -(-metres * 60 // (road_kmh * 1000)))


@dataclass(frozen=True)
class Rules:
    """What every plan must keep. Days count back from voting day (1 is H-1), hours are minutes of the day.

    The law wants everything but the TPS itself with the KPPS on H-1 at the latest (UU 7/2017 Pasal 341); the desa must therefore have
    it in time to pass it on that day. Islands go a day ahead. Handling times are assumptions of the scenario until somebody times them.

    island_days: days on which a boat may sail, island_day the one preferred; empty: only that one. A day of the mainland among them is
    used only where no earlier day has a calm window. ppk_first: a kecamatan's PPK has its goods before its desa. robust: windows are
    planned with the times that nine of ten journeys keep. split_tps: goods of one TPS may travel in several loads. narrow: (place, kinds of
    vehicle that get there), by official code and all below it. split_kits: TPS of which somebody allowed, with a reason, that their kit
    travels in two parts. dawn_min, dusk_min: between them it is light.
    """

    island_day: int = 2
    mainland_days: tuple[int, ...] = (1,)
    earliest_min: int = 5 * 60
    mainland_latest_min: int = 15 * 60
    island_latest_min: int = 17 * 60
    loading_min: int = 45
    handover_min: int = 30
    halt_min: int = 10
    piece_sec: int = 30
    tps_per_load: int = 10
    island_days: tuple[int, ...] = ()
    ppk_first: bool = False
    robust: bool = False
    split_tps: bool = False
    narrow: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dawn_min: int = 0
    dusk_min: int = DAY
    split_kits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        good = (
            self.island_day > max(self.mainland_days)
            and self.tps_per_load >= 1
            and self.mainland_latest_min > self.earliest_min
            and (not self.island_days or self.island_day in self.island_days)
            and 0 <= self.dawn_min < self.dusk_min <= DAY
            and all(kinds and set(kinds) <= {kind.value for kind in Kind if kind is not Kind.BOAT} for _, kinds in self.narrow)
        )
        if not good:
            raise BadRules(island_day=self.island_day)

    @property
    def sea_days(self) -> tuple[int, ...]:
        """The days on which boats may sail, the earliest first."""
        return tuple(sorted(self.island_days or (self.island_day,), reverse=True))

    def admits(self, kind: Kind, place: str) -> bool:
        """Whether a kind of vehicle gets to a place by road."""
        return all(kind.value in kinds for narrow, kinds in self.narrow if place == narrow or place.startswith(f"{narrow}."))

    def dark(self, minute: int) -> bool:
        """Whether a minute lies outside daylight."""
        return not self.dawn_min <= minute % DAY <= self.dusk_min

    def window(self, kind: LoadKind) -> tuple[int, int]:
        """Earliest and latest arrival of a load, relative to voting day."""
        if kind is LoadKind.ISLAND:
            return self.earliest_min - max(self.sea_days) * DAY, self.island_latest_min - min(self.sea_days) * DAY
        return self.earliest_min - max(self.mainland_days) * DAY, self.mainland_latest_min - min(self.mainland_days) * DAY


@dataclass(frozen=True)
class Goods:
    """How much room and weight one piece of an item takes on a vehicle. What lies inside the ballot boxes takes no room of its own."""

    item: str
    volume_ml: int
    weight_g: int


@dataclass(frozen=True)
class Destination:
    """A TPS, PPS or PPK and the place (desa, island, kecamatan) its goods are brought to."""

    code: str
    place: str
    name: str
    kind: LoadKind


BOX, BOOTH = "KOTAK", "BILIK"


def destinations_of(tps_list: Iterable[places.Tps]) -> list[Destination]:
    """Every TPS, PPS and PPK of an election with the place its goods go to: the island, the desa, the kecamatan.

    A PPS whose TPS all lie on one island has its goods there too.
    """
    stations = sorted(tps_list, key=lambda tps: tps.code)
    found: list[Destination] = []
    by_desa: dict[str, list[places.Tps]] = {}
    for tps in stations:
        by_desa.setdefault(tps.desa_code, []).append(tps)
        found.append(_destination(tps.code, tps))
    for desa, members in by_desa.items():
        ashore = [tps for tps in members if not tps.island]
        found.append(_destination(desa, (ashore or members)[0]))
    for code, name in sorted({tps.kecamatan_code: tps.kecamatan_name for tps in stations}.items()):
        found.append(Destination(code, code, f"PPK {name}", LoadKind.DISTRICT))
    return found


def _destination(code: str, tps: places.Tps) -> Destination:
    return Destination(code, tps.island or tps.desa_code, tps.desa_name, LoadKind.ISLAND if tps.island else LoadKind.VILLAGE)


def network_of(
    tps_list: Iterable[places.Tps],
    sites: Iterable[places.Site],
    sea_legs: Iterable[places.SeaLeg],
    detour_permille: int,
    road_kmh: int,
    hazards: Iterable[Hazard] = (),
    measured: Iterable[Measured] = (),
    closures: Iterable[Closure] = (),
    gates: Iterable[weather.Gate] = (),
) -> Network:
    """Places and ways of a region. Sites without a pin are left out; a PPK stands at the desa of its kecamatan's name, else the largest."""
    nodes = {
        site.code: Node(site.code, site.name, site.lat, site.lon, site.kind, site.provisional)
        for site in sites
        if site.lat is not None and site.lon is not None and site.kind in {"gudang", "dermaga", "pulau"}
    }
    by_district: dict[str, dict[str, list[places.Tps]]] = {}
    for tps in tps_list:
        if not tps.island:
            nodes.setdefault(tps.desa_code, Node(tps.desa_code, tps.desa_name, tps.lat, tps.lon, "desa", tps.provisional))
            by_district.setdefault(tps.kecamatan_code, {}).setdefault(tps.desa_code, []).append(tps)
    for code, desa in by_district.items():
        seat = max(
            desa.values(), key=lambda members: (members[0].desa_name == members[0].kecamatan_name, len(members), members[0].desa_code)
        )[0]
        nodes[code] = Node(code, f"PPK {seat.kecamatan_name}", seat.lat, seat.lon, "ppk", provisional=True)
    crossings = tuple(
        SeaLeg(
            leg.pier,
            leg.island,
            round(leg.hours_high * 60),
            _metres(nodes[leg.pier], nodes[leg.island]),
            leg.source,
            round((leg.hours_low + leg.hours_high) * 30),
        )
        for leg in sea_legs
        if leg.pier in nodes and leg.island in nodes
    )
    return Network(
        tuple(sorted(nodes.values(), key=lambda node: node.code)),
        crossings,
        detour_permille,
        road_kmh,
        tuple(hazards),
        tuple(measured),
        tuple(closures),
        tuple(gates),
    )


def _metres(a: Node, b: Node) -> int:
    return round(places.great_circle_km(a.lat, a.lon, b.lat, b.lon) * 1000)


def pieces_of(lines: Iterable[tuple[str, str, str, int]]) -> list[Piece]:
    """Needs as (level, place, item, quantity) -> what goes out, summed. What the KPU keeps (re-vote ballots) stays."""
    sums: dict[tuple[str, str], int] = {}
    for level, place, item, quantity in lines:
        if quantity and level in {"TPS", "PPS", "PPK"}:
            sums[place, item] = sums.get((place, item), 0) + quantity
    return [Piece(place, item, quantity) for (place, item), quantity in sorted(sums.items())]


def loads_of(destinations: Iterable[Destination], pieces: Iterable[Piece], goods: Mapping[str, Goods], keep: Rules) -> list[Load]:
    """What has to be brought, by place, in loads of at most `tps_per_load` whole TPS of about equal size.

    Pieces for a desa (PPS) travel with that desa's first load. Items without a known size weigh nothing here: the caller says which.
    """
    wanted: dict[str, list[Piece]] = {}
    for piece in pieces:
        wanted.setdefault(piece.place, []).append(piece)
    by_place: dict[str, list[Destination]] = {}
    for destination in sorted(destinations, key=lambda one: one.code):
        if destination.code in wanted:
            by_place.setdefault(destination.place, []).append(destination)
    made = []
    for place, members in sorted(by_place.items()):
        parts = -(-len(members) // keep.tps_per_load)
        for part in range(parts):
            chosen = members[len(members) * part // parts : len(members) * (part + 1) // parts]
            code = place if parts == 1 else f"{place}/{part + 1}"
            made.append(_load_of(code, chosen, [piece for one in chosen for piece in wanted[one.code]], goods, keep))
    return made


def _load_of(code: str, members: Sequence[Destination], pieces: Sequence[Piece], goods: Mapping[str, Goods], keep: Rules) -> Load:
    known = [(goods[piece.item], piece.quantity) for piece in pieces if piece.item in goods]
    boxes, booths = (sum(piece.quantity for piece in pieces if piece.item == item) for item in (BOX, BOOTH))
    earliest, latest = keep.window(members[0].kind)
    return Load(
        code=code,
        place=members[0].place,
        name=members[0].name,
        kind=members[0].kind,
        tps=tuple(one.code for one in members if one.kind is not LoadKind.DISTRICT and one.code.count(".") == 4),
        boxes=boxes,
        booths=booths,
        volume_ml=sum(good.volume_ml * quantity for good, quantity in known),
        weight_g=sum(good.weight_g * quantity for good, quantity in known),
        service_min=keep.halt_min - (-keep.piece_sec * boxes // 60),
        earliest_min=earliest,
        latest_min=latest,
        pieces=tuple(sorted(pieces, key=lambda piece: (piece.place, piece.item))),
    )


class UnknownSplit(record.Refusal):
    """This load does not travel in parts."""

    code: ClassVar[str] = "distribution.unknown_split"


class BadParts(record.Refusal):
    """Parts of a load that are not whole TPS of it, each in exactly one part."""

    code: ClassVar[str] = "distribution.bad_parts"


def parted(load: Load, parts: Sequence[Sequence[str]], goods: Mapping[str, Goods], keep: Rules) -> list[Load]:
    """A load as several, each of whole TPS (`parts`: their codes); what is not for a TPS stays with the first. BadParts."""
    chosen = [code for part in parts for code in part]
    if not load.tps or any(not part for part in parts) or sorted(chosen) != sorted(load.tps):
        raise BadParts(load=load.code)
    made = []
    for number, part in enumerate(parts, start=1):
        pieces = [one for one in load.pieces if one.place in part or (number == 1 and one.place not in load.tps)]
        members = [Destination(code, load.place, load.name, load.kind) for code in sorted(part)]
        one = _load_of(f"{load.code}~{number}", members, pieces, goods, keep)
        made.append(replace(one, tps=tuple(sorted(part)), ready_min=load.ready_min))
    return made


def all_parted(loads: Iterable[Load], parts: Mapping[str, Sequence[Sequence[str]]], goods: Mapping[str, Goods], keep: Rules) -> list[Load]:
    """Loads with those split that somebody split; a split whose load has other TPS by now no longer holds."""
    found = []
    for load in loads:
        wanted = parts.get(load.code, ())
        if wanted and load.tps and sorted(code for part in wanted for code in part) == sorted(load.tps):
            found += all_parted(parted(load, wanted, goods, keep), parts, goods, keep)
        else:
            found.append(load)
    return found


class BadKit(record.Refusal):
    """A kit that cannot be split so: an unknown TPS, a part without anything, more than there is, no reason."""

    code: ClassVar[str] = "distribution.bad_kit"


@dataclass(frozen=True)
class KitSplit:
    """That the kit of a TPS may travel in two parts; second: how many of which item travel in the second one, the rest in the first."""

    tps: str
    second: tuple[tuple[str, int], ...]


def kits_split(loads: Iterable[Load], splits: Iterable[KitSplit], goods: Mapping[str, Goods], keep: Rules) -> tuple[list[Load], list[str]]:
    """The loads with these kits taken out and travelling in two parts (`<tps>:a`, `<tps>:b`), and the TPS of which that holds.

    It does not hold where by now the TPS has no goods, or one of the parts would be empty.
    """
    made, held = {load.code: load for load in loads}, []
    for split in sorted(splits, key=lambda one: one.tps):
        source = next((load for load in made.values() if split.tps in load.tps), None)
        own = [piece for piece in source.pieces if piece.place == split.tps] if source else []
        wanted = dict(split.second)
        later = [replace(one, quantity=min(one.quantity, wanted.get(one.item, 0))) for one in own]
        first = [replace(one, quantity=one.quantity - other.quantity) for one, other in zip(own, later, strict=True)]
        parts = [tuple(one for one in some if one.quantity) for some in (first, later)]
        if source is None or not all(parts):
            continue
        rest = tuple(piece for piece in source.pieces if piece.place != split.tps)
        made[source.code] = _resized(source, rest, tuple(code for code in source.tps if code != split.tps), goods, keep)
        for number, (letter, pieces) in enumerate(zip("ab", parts, strict=True), start=1):
            one = _resized(source, pieces, (split.tps,), goods, keep)
            made[f"{split.tps}:{letter}"] = replace(one, code=f"{split.tps}:{letter}", name=f"{source.name} bagian {number} dari 2")
        held.append(split.tps)
    return [load for load in made.values() if load.pieces or load.tps], held


def other_part(code: str) -> str:
    """The load with the other part of a kit that travels in two; "" for every other load."""
    tps, colon, letter = code.rpartition(":")
    return f"{tps}:{'b' if letter == 'a' else 'a'}" if colon and letter in {"a", "b"} and tps.count(".") == 4 else ""


def boxes_before(load: Load, loads: Mapping[str, Load]) -> int:
    """How many boxes of the same kit travel in its first part: so many of its labelled boxes are not on the paper of the second."""
    other = other_part(load.code)
    return loads[other].boxes if other and load.code.endswith(":b") and other in loads else 0


def fitted(loads: Iterable[Load], network: Network, fleet: Sequence[Vehicle], goods: Mapping[str, Goods], keep: Rules) -> list[Load]:
    """Loads that nothing which goes there can take whole, in as few parts of whole TPS as such vehicles can take, of about equal size.

    An island's parts must each fit a boat of one of its piers and a vehicle that brings them there; so its goods go in several boats, or
    in several crossings of one, and the kit of a TPS is whole in one of them. Where not even one kit fits, the TPS travel one by one and
    the planner says which cannot. The same inputs give the same parts.
    """
    found = []
    for load in loads:
        rooms = _rooms(load, network, fleet, keep)
        if len(load.tps) < 2 or not all(rooms) or _fits(load, rooms):
            found.append(load)
            continue
        codes = sorted(load.tps)
        for number in range(2, len(codes) + 1):
            parts = [codes[len(codes) * n // number : len(codes) * (n + 1) // number] for n in range(number)]
            made = parted(load, parts, goods, keep)
            if all(_fits(part, rooms) for part in made):
                break
        found += made
    return found


def _rooms(load: Load, network: Network, fleet: Sequence[Vehicle], keep: Rules) -> list[list[Vehicle]]:
    """The vehicles that may bring a load, for each part of its way; an empty part: nobody knows, or nobody can."""
    if load.kind is not LoadKind.ISLAND:
        return [[one for one in fleet if not one.boat and keep.admits(one.kind, load.place)]]
    piers = {leg.pier for leg in network.piers(load.place)}
    boats = [one for one in fleet if one.boat and one.start in piers]
    return [boats, [one for one in fleet if not one.boat and any(keep.admits(one.kind, pier) for pier in piers)]]


def _fits(load: Load, rooms: Iterable[Iterable[Vehicle]]) -> bool:
    return all(any(load.volume_ml <= one.volume_ml and load.weight_g <= one.weight_g for one in several) for several in rooms)


def delayed(loads: Iterable[Load], ready: Mapping[str, int]) -> tuple[Load, ...]:
    """The loads when items (or whole loads, by code) are at the warehouse only from a minute on; the latest of all counts."""
    made = []
    for load in loads:
        waits = [ready[piece.item] for piece in load.pieces if piece.quantity and piece.item in ready]
        waits += [ready[load.code]] if load.code in ready else []
        waits += [load.ready_min] if waits and load.ready_min is not None else []
        made.append(replace(load, ready_min=max(waits)) if waits else load)
    return tuple(made)


def relocated(
    loads: Iterable[Load], moves: Mapping[str, str], network: Network, goods: Mapping[str, Goods], keep: Rules
) -> tuple[Load, ...]:
    """The loads when the goods of TPS go to other places; only the loads they leave and those they join change.

    moves: TPS code -> code of a desa or an island. They join the smallest load of that place which has room for one more TPS, or one of
    their own. What is unknown or stands there already changes nothing.
    """
    made = {load.code: load for load in loads}
    for tps, to in sorted(moves.items()):
        node = network.node(to)
        for source in [load for load in made.values() if tps in load.tps]:
            if node is not None and source.place != to:
                _sent_on(made, source, tps, node, goods, keep)
    return tuple(load for load in made.values() if load.pieces or load.tps)


def _sent_on(made: dict[str, Load], source: Load, tps: str, node: Node, goods: Mapping[str, Goods], keep: Rules) -> None:
    """Moves what a load holds for a TPS to another place. The half of a kit stays a load of its own, which nothing else joins."""
    kind = LoadKind.ISLAND if node.kind == "pulau" else LoadKind.VILLAGE
    earliest, latest = keep.window(kind)
    if other_part(source.code):
        name = f"{node.name} bagian {1 if source.code.endswith(':a') else 2} dari 2"
        made[source.code] = replace(source, place=node.code, name=name, kind=kind, earliest_min=earliest, latest_min=latest)
        return
    pieces = tuple(piece for piece in source.pieces if piece.place == tps)
    made[source.code] = _resized(
        source, tuple(p for p in source.pieces if p.place != tps), tuple(t for t in source.tps if t != tps), goods, keep
    )
    there = [load for load in made.values() if load.place == node.code and load.kind is not LoadKind.DISTRICT]
    room = [load for load in there if len(load.tps) < keep.tps_per_load and not other_part(load.code)]
    new = Load(_free_code(node.code, made), node.code, node.name, kind, (), 0, 0, 0, 0, 0, earliest, latest)
    target = min(room, key=lambda load: (len(load.tps), load.code)) if room else new
    merged = tuple(sorted((*target.pieces, *pieces), key=lambda piece: (piece.place, piece.item)))
    made[target.code] = _resized(target, merged, tuple(sorted((*target.tps, tps))), goods, keep)


def _free_code(place: str, taken: Iterable[str]) -> str:
    used, number = set(taken), 1
    while (code := place if number == 1 else f"{place}/{number}") in used:
        number += 1
    return code


def _resized(load: Load, pieces: tuple[Piece, ...], tps: tuple[str, ...], goods: Mapping[str, Goods], keep: Rules) -> Load:
    known = [(goods[piece.item], piece.quantity) for piece in pieces if piece.item in goods]
    boxes, booths = (sum(piece.quantity for piece in pieces if piece.item == item) for item in (BOX, BOOTH))
    return replace(
        load,
        tps=tps,
        boxes=boxes,
        booths=booths,
        volume_ml=sum(good.volume_ml * quantity for good, quantity in known),
        weight_g=sum(good.weight_g * quantity for good, quantity in known),
        service_min=keep.halt_min - (-keep.piece_sec * boxes // 60),
        pieces=pieces,
    )


@dataclass(frozen=True)
class Stop:
    """One halt of a trip: which loads leave the vehicle here, and when. At a pier they are handed over to a boat."""

    place: str
    loads: tuple[str, ...]
    arrive_min: int
    depart_min: int
    handover: bool = False


@dataclass(frozen=True)
class Trip:
    """From a start place with everything on board to the stops in order, and back."""

    code: str
    vehicle: str
    start: str
    depart_min: int
    stops: tuple[Stop, ...]
    return_min: int
    distance_m: int
    escort: bool = False

    @property
    def loads(self) -> tuple[str, ...]:
        """All load codes on board at the start."""
        return tuple(code for stop in self.stops for code in stop.loads)


@dataclass(frozen=True)
class Unassigned:
    """A load that no vehicle brings, and why; `remedies` say what would help."""

    load: str
    code: str
    facts: Mapping[str, str | int]
    remedies: tuple[Mapping[str, str | int], ...] = ()


@dataclass(frozen=True)
class Option:
    """One way to bring an island its goods: letter A, B, C in the order tried ("" for one that was weighed and not chosen).

    chance_ppm: that it succeeds if it is tried when its hour comes; reach_ppm: that it is the one that brings them. decide_min: the last
    minute at which not going costs nothing. why: what the chance was reckoned from, as plain facts (see `planning.reliability`).
    """

    letter: str
    boat: str
    pier: str
    depart_min: int
    arrive_min: int
    decide_min: int
    chance_ppm: int
    reach_ppm: int
    cost: int
    why: Mapping[str, str | int]

    @property
    def boats(self) -> tuple[str, ...]:
        """All that it counts on, the one that goes first before the others; several where no boat takes everything."""
        return tuple(str(self.why.get("boats", self.boat)).split(","))


@dataclass(frozen=True)
class IslandChoice:
    """Plans A, B, C of an island with the probability that one of them succeeds in time, and what was weighed beside them.

    exception: "", "no_window_ahead" where only a day of the mainland has even odds, "no_safe_window" where nothing has,
    "shared_boat" where it must count on a boat that another island may fall back on in the same hours.
    """

    island: str
    options: tuple[Option, ...]
    chance_ppm: int
    others: tuple[Option, ...] = ()
    exception: str = ""


@dataclass(frozen=True)
class Plan:
    """Trips by vehicle and time, what stays behind, and how the plan was made; for islands what to do when the sea is not calm."""

    trips: tuple[Trip, ...]
    unassigned: tuple[Unassigned, ...]
    seed: int
    method: str
    choices: tuple[IslandChoice, ...] = ()

    @property
    def feasible(self) -> bool:
        """Everything is brought. (That it is brought rightly is for `violations` to say.)"""
        return not self.unassigned

    @property
    def distance_m(self) -> int:
        """All vehicles together."""
        return sum(trip.distance_m for trip in self.trips)

    def arrivals(self) -> dict[str, int]:
        """Minute of arrival of every load at its end, hand-overs at piers excluded."""
        return {code: stop.arrive_min for trip in self.trips for stop in trip.stops if not stop.handover for code in stop.loads}

    def of_vehicle(self, code: str) -> list[Trip]:
        """The trips of one vehicle in time."""
        return sorted((trip for trip in self.trips if trip.vehicle == code), key=lambda trip: trip.depart_min)


@dataclass(frozen=True)
class Violation:
    """A fault of a plan: a stable code and the facts."""

    code: str
    facts: Mapping[str, str | int]


def instant(voting_midnight_at: datetime, minute: int) -> datetime:
    """The instant of a plan's minute; `voting_midnight_at` is 00:00 local time of voting day."""
    return voting_midnight_at + timedelta(minutes=minute)


def day_of(minute: int) -> int:
    """How many days before voting a minute lies: 1 for H-1, 0 for voting day."""
    return -(minute // DAY)


def violations(plan: Plan, loads: Iterable[Load], network: Network, fleet: Iterable[Vehicle], rules: Rules) -> list[Violation]:
    """Every fault of a plan; empty for a plan that may be driven. Knows nothing of how the plan was made."""
    by_load = {load.code: load for load in loads}
    by_vehicle = {vehicle.code: vehicle for vehicle in fleet}
    faults = _coverage(plan, by_load)
    for trip in plan.trips:
        vehicle = by_vehicle.get(trip.vehicle)
        if vehicle is None:
            faults.append(Violation("unknown_vehicle", {"trip": trip.code, "vehicle": trip.vehicle}))
            continue
        faults += _capacity(trip, vehicle, by_load) + _ready(trip, vehicle, by_load, rules)
        faults += _drops(trip, vehicle, by_load, network)
        faults += _times(trip, vehicle, by_load, network)
        faults += _hours(trip, vehicle) + _night(trip, vehicle, rules) + _open(trip, vehicle, network)
        faults += [
            Violation("wrong_vehicle", {"trip": trip.code, "place": stop.place, "vehicle": vehicle.kind.value})
            for stop in trip.stops
            if not vehicle.boat and not rules.admits(vehicle.kind, stop.place)
        ]
    faults += _fleet_use(plan, by_vehicle, rules)
    faults += _handovers(plan, by_load, by_vehicle, rules)
    return faults + _islands_first(plan, by_load, rules) + _districts_first(plan, by_load, rules) + _kits(by_load.values(), rules)


def _night(trip: Trip, vehicle: Vehicle, rules: Rules) -> list[Violation]:
    """In the dark only vehicles that may, and with an escort; boats sail by their own hours."""
    if vehicle.boat or not (rules.dark(trip.depart_min) or rules.dark(trip.return_min)):
        return []
    if not vehicle.night:
        return [Violation("night_without_leave", {"trip": trip.code, "vehicle": vehicle.code})]
    return [] if trip.escort else [Violation("night_without_escort", {"trip": trip.code, "vehicle": vehicle.code})]


def _open(trip: Trip, vehicle: Vehicle, network: Network) -> list[Violation]:
    """Boats leave a pier and reach an island in the hours in which these are open."""
    if not vehicle.boat or not network.gates:
        return []
    moves = [(trip.start, trip.depart_min), *((s.place, minute) for s in trip.stops for minute in (s.arrive_min, s.depart_min))]
    shut = [(place, minute) for place, minute in [*moves, (trip.start, trip.return_min)] if not network.open(place, minute)]
    return [Violation("closed_then", {"trip": trip.code, "place": place, "minute": minute}) for place, minute in shut]


def _districts_first(plan: Plan, loads: Mapping[str, Load], rules: Rules) -> list[Violation]:
    """Where the rule says so, a PPK has its goods no later than any desa of its kecamatan."""
    if not rules.ppk_first:
        return []
    arrivals = plan.arrivals()
    reached = {loads[code].place: minute for code, minute in arrivals.items() if code in loads and loads[code].kind is LoadKind.DISTRICT}
    faults = []
    for code, minute in arrivals.items():
        load = loads.get(code)
        if load is None or load.kind is not LoadKind.VILLAGE:
            continue
        first = reached.get(places.kecamatan_of(load.place))
        if first is not None and minute < first:
            faults.append(Violation("ppk_not_first", {"load": code, "minutes": first - minute}))
    return faults


def _kits(loads: Iterable[Load], rules: Rules) -> list[Violation]:
    """All that belongs to one TPS travels in one load, unless the rules allow to split it: this kit, in two, or all."""
    where: dict[str, set[str]] = {}
    for load in loads:
        for place in {piece.place for piece in load.pieces}:
            where.setdefault(place, set()).add(load.code)
    return [
        Violation("kit_split", {"place": place, "loads": len(codes)})
        for place, codes in sorted(where.items())
        if len(codes) > (2 if place in rules.split_kits else 1) and not rules.split_tps
    ]


def _coverage(plan: Plan, loads: Mapping[str, Load]) -> list[Violation]:
    """Every load ends exactly once at its place or is listed as left behind with a reason."""
    faults = []
    counts: dict[str, int] = {}
    for trip in plan.trips:
        for stop in trip.stops:
            for code in stop.loads:
                if code not in loads:
                    faults.append(Violation("unknown_load", {"trip": trip.code, "load": code}))
                elif not stop.handover:
                    counts[code] = counts.get(code, 0) + 1
    left = {item.load for item in plan.unassigned}
    for code in loads:
        count = counts.get(code, 0)
        if count > 1:
            faults.append(Violation("delivered_twice", {"load": code, "times": count}))
        if count == 0 and code not in left:
            faults.append(Violation("not_delivered", {"load": code}))
        if count and code in left:
            faults.append(Violation("delivered_and_left", {"load": code}))
    return faults + [Violation("left_without_reason", {"load": item.load}) for item in plan.unassigned if not item.code]


def _capacity(trip: Trip, vehicle: Vehicle, loads: Mapping[str, Load]) -> list[Violation]:
    carried = [loads[code] for code in trip.loads if code in loads]
    faults = []
    for code, carries, capacity in (
        ("over_volume", sum(load.volume_ml for load in carried), vehicle.volume_ml),
        ("over_weight", sum(load.weight_g for load in carried), vehicle.weight_g),
    ):
        if carries > capacity:
            faults.append(Violation(code, {"trip": trip.code, "carries": carries, "capacity": capacity}))
    return faults


def _ready(trip: Trip, vehicle: Vehicle, loads: Mapping[str, Load], rules: Rules) -> list[Violation]:
    """Nothing is loaded at the warehouse before it is there."""
    if vehicle.boat:
        return []
    waits = {code: ready for code in trip.loads if code in loads and (ready := loads[code].ready_min) is not None}
    soon = {code: ready + rules.loading_min - trip.depart_min for code, ready in waits.items()}
    return [Violation("leaves_before_ready", {"trip": trip.code, "load": code, "minutes": late}) for code, late in soon.items() if late > 0]


def _drops(trip: Trip, vehicle: Vehicle, loads: Mapping[str, Load], network: Network) -> list[Violation]:
    """Loads are dropped where they belong: at their place, or (islands, by road) at a pier from which a boat goes there."""
    faults = []
    for stop in trip.stops:
        for load in (loads[code] for code in stop.loads if code in loads):
            crossing = any(leg.pier == stop.place for leg in network.piers(load.place))
            right = (not vehicle.boat and crossing) if stop.handover else stop.place == load.place
            if not right:
                faults.append(Violation("wrong_place", {"trip": trip.code, "load": load.code, "place": stop.place}))
    return faults


def _times(trip: Trip, vehicle: Vehicle, loads: Mapping[str, Load], network: Network) -> list[Violation]:
    """Arrivals follow from departures and ways; halts are long enough; windows are kept; the distance is the sum of the ways."""
    faults = []
    here, clock, metres = trip.start, trip.depart_min, 0
    for stop in trip.stops:
        way = network.leg(vehicle.kind, here, stop.place)
        if way is None:
            faults.append(Violation("no_way", {"trip": trip.code, "from": here, "to": stop.place, "vehicle": vehicle.kind.value}))
        elif stop.arrive_min < clock + way.travel_min:
            faults.append(
                Violation("too_fast", {"trip": trip.code, "place": stop.place, "minutes": clock + way.travel_min - stop.arrive_min})
            )
        metres += way.distance_m if way else 0
        dropped = [loads[code] for code in stop.loads if code in loads]
        needed = sum(load.service_min for load in dropped)
        if stop.depart_min - stop.arrive_min < needed:
            faults.append(Violation("halt_too_short", {"trip": trip.code, "place": stop.place, "needed": needed}))
        if not stop.handover:
            faults += _windows(trip, stop, dropped)
        here, clock = stop.place, stop.depart_min
    way = network.leg(vehicle.kind, here, trip.start)
    if way is None:
        faults.append(Violation("no_way", {"trip": trip.code, "from": here, "to": trip.start, "vehicle": vehicle.kind.value}))
        return faults
    if trip.return_min < clock + way.travel_min:
        faults.append(Violation("too_fast", {"trip": trip.code, "place": trip.start, "minutes": clock + way.travel_min - trip.return_min}))
    if trip.distance_m != metres + way.distance_m:
        faults.append(Violation("wrong_distance", {"trip": trip.code, "says": trip.distance_m, "is": metres + way.distance_m}))
    return faults


def _windows(trip: Trip, stop: Stop, dropped: list[Load]) -> list[Violation]:
    faults = []
    for load in dropped:
        if stop.arrive_min < load.earliest_min:
            faults.append(Violation("too_early", {"trip": trip.code, "load": load.code, "minutes": load.earliest_min - stop.arrive_min}))
        if stop.arrive_min > load.latest_min:
            faults.append(Violation("too_late", {"trip": trip.code, "load": load.code, "minutes": stop.arrive_min - load.latest_min}))
    return faults


def _hours(trip: Trip, vehicle: Vehicle) -> list[Violation]:
    """Every drive lies within the working hours of one of the vehicle's days; a boat may stay on the island overnight."""
    if trip.start != vehicle.start:
        return [Violation("wrong_start", {"trip": trip.code, "start": trip.start, "expected": vehicle.start})]
    moves = [trip.depart_min, *(minute for stop in trip.stops for minute in (stop.arrive_min, stop.depart_min)), trip.return_min]
    shifts = [vehicle.shift(day) for day in vehicle.days]
    if vehicle.boat:  # it comes home in the daylight of whichever day
        spans = [(moves[i], moves[i + 1]) for i in range(0, len(moves) - 2, 2)]
        home = (moves[-2], moves[-1])
        daylight = [vehicle.shift(day) for day in {*vehicle.days, *(day - 1 for day in vehicle.days)}]
        outside = [] if any(a <= home[0] and home[1] <= b for a, b in daylight) else [home]
    else:
        spans, outside = [(moves[0], moves[-1])], []
    outside += [span for span in spans if not any(a <= span[0] and span[1] <= b for a, b in shifts)]
    return [Violation("outside_hours", {"trip": trip.code, "vehicle": vehicle.code, "from": a, "to": b}) for a, b in outside]


def _fleet_use(plan: Plan, fleet: Mapping[str, Vehicle], rules: Rules) -> list[Violation]:
    """A vehicle is in one place at a time, and is loaded before it leaves."""
    faults = []
    for code, vehicle in fleet.items():
        trips = plan.of_vehicle(code)
        per_day: dict[int, int] = {}
        for before, trip in zip([None, *trips], trips, strict=False):
            day = day_of(trip.depart_min)
            per_day[day] = per_day.get(day, 0) + 1
            start_min, _ = vehicle.shift(day)
            loading = rules.handover_min if vehicle.boat else rules.loading_min
            free_min = before.return_min if before is not None else trip.depart_min - loading
            ready = loading + (free_min if vehicle.boat else max(free_min, start_min))
            if before is not None and trip.depart_min < before.return_min:
                faults.append(Violation("two_places", {"vehicle": code, "trip": trip.code, "other": before.code}))
            elif trip.depart_min < ready:
                faults.append(Violation("loading_too_short", {"trip": trip.code, "needed": loading}))
        for day, count in per_day.items():
            if count > vehicle.max_trips:
                faults.append(Violation("too_many_trips", {"vehicle": code, "day": day, "trips": count, "allowed": vehicle.max_trips}))
    return faults


def _handovers(plan: Plan, loads: Mapping[str, Load], fleet: Mapping[str, Vehicle], rules: Rules) -> list[Violation]:
    """An island's goods are brought to the boat's pier once, before the boat leaves, with time to shift them."""
    brought: dict[str, list[tuple[str, int]]] = {}
    for trip in plan.trips:
        for stop in trip.stops:
            if stop.handover:
                for code in stop.loads:
                    brought.setdefault(code, []).append((stop.place, stop.arrive_min))
    faults = [Violation("handed_over_twice", {"load": code}) for code, times in brought.items() if len(times) > 1]
    crossing: set[str] = set()
    for trip in plan.trips:
        vehicle = fleet.get(trip.vehicle)
        if vehicle is None or not vehicle.boat:
            continue
        for code in trip.loads:
            crossing.add(code)
            there = [minute for place, minute in brought.get(code, []) if place == trip.start]
            if not there:
                faults.append(Violation("not_at_pier", {"trip": trip.code, "load": code, "pier": trip.start}))
            elif trip.depart_min < max(there) + rules.handover_min:
                faults.append(
                    Violation(
                        "boat_leaves_early", {"trip": trip.code, "load": code, "minutes": max(there) + rules.handover_min - trip.depart_min}
                    )
                )
    left = {item.load for item in plan.unassigned}
    faults += [Violation("stranded", {"load": code}) for code in brought if code in loads and code not in crossing and code not in left]
    return faults


def _islands_first(plan: Plan, loads: Mapping[str, Load], rules: Rules) -> list[Violation]:
    """Islands have their goods on a day before the mainland's first; later only where the plan says that no such day is calm."""
    faults = []
    excused = {choice.island for choice in plan.choices if choice.exception in {"no_window_ahead", "no_safe_window"}}
    for code, minute in plan.arrivals().items():
        load = loads.get(code)
        if load is None:
            continue
        day = day_of(minute)
        if load.kind is LoadKind.ISLAND and day not in rules.sea_days:
            faults.append(Violation("wrong_day", {"load": code, "day": day}))
        if load.kind is LoadKind.ISLAND and day <= max(rules.mainland_days) and load.place not in excused:
            faults.append(Violation("island_not_ahead", {"load": code, "day": day}))
        if load.kind is not LoadKind.ISLAND and day not in rules.mainland_days:
            faults.append(Violation("wrong_day", {"load": code, "day": day}))
    return faults


def exposed(plan: Plan, hazards: Iterable[Hazard], fleet: Iterable[Vehicle]) -> list[tuple[Hazard, tuple[str, ...]]]:
    """Hazards that trips of this plan pass, with the trips' codes."""
    known = {vehicle.code for vehicle in fleet}
    found = []
    for hazard in hazards:
        touched = []
        for trip in plan.trips:
            halts = [trip.start, *(stop.place for stop in trip.stops), trip.start]
            if trip.vehicle in known and any(hazard.touches(a, b) for a, b in pairwise(halts)):
                touched.append(trip.code)
        if touched:
            found.append((hazard, tuple(touched)))
    return found


# --- early warnings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Threshold of R10: from how many days before voting an island's boats must be settled."""

    boat_days_before: int = field(
        default=5, metadata=thresholds.bounds("R10", 2, 30, "hari", "sebelum pemungutan kapal pulau harus pasti", two=True)
    )


@dataclass(frozen=True)
class IslandLeg:
    """The way to an island in a plan: boats that go, boats that could and do not, boats without a contract; planned_at: of the plan."""

    island: str
    name: str
    boats: tuple[str, ...]
    spare: tuple[str, ...]
    unsigned: tuple[str, ...]
    planned_at: datetime


def island_legs(plan: Plan, loads: Iterable[Load], network: Network, fleet: Iterable[Vehicle], planned_at: datetime) -> list[IslandLeg]:
    """Every island that goods must reach. A spare boat starts at a pier from which one sails there, and has no trip in the plan.

    A vehicle that is an assumption of the scenario has no contract that anybody has seen.
    """
    boats = {vehicle.code: vehicle for vehicle in fleet if vehicle.boat}
    busy = {trip.vehicle for trip in plan.trips}
    found = []
    for island in sorted({load.place for load in loads if load.kind is LoadKind.ISLAND}):
        piers = {leg.pier for leg in network.piers(island)}
        going = sorted({t.vehicle for t in plan.trips if any(stop.place == island and not stop.handover for stop in t.stops)})
        spare = sorted(code for code, boat in boats.items() if boat.start in piers and code not in busy)
        unsigned = tuple(code for code in going if code not in boats or boats[code].assumption)
        node = network.node(island)
        found.append(IslandLeg(island, node.name if node else island, tuple(going), tuple(spare), unsigned, planned_at))
    return found


def boat_signals(
    legs: Iterable[IslandLeg], midnight_at: datetime, at: datetime, limits: Limits | None = None, mark: str = ""
) -> list[record.Signal]:
    """R10: at H-5 an island has no second boat, or its boat no contract; critical where no boat goes at all. Until voting day begins.

    midnight_at: 00:00 local time of voting day.
    """
    starts_at = midnight_at - timedelta(days=(limits or Limits()).boat_days_before)
    if not starts_at <= at < midnight_at:
        return []
    found = []
    for leg in legs:
        if leg.boats and leg.spare and not leg.unsigned:
            continue
        said: dict[str, str | int] = {
            "island": leg.name, "boats": ", ".join(leg.boats), "spare": len(leg.spare), "unsigned": ", ".join(leg.unsigned),
        }  # fmt: skip
        severity, since_at = "high" if leg.boats else "critical", max(starts_at, leg.planned_at)
        found.append(record.Signal("R10", "HAMBATAN", f"island:{leg.island}", severity, ("KPU",), since_at, said, mark=mark))
    return found


@dataclass(frozen=True)
class Crossing:
    """A boat's time on the water to an island or home, and the wave it may meet at most; None where its owner has not said."""

    boat: str
    pier: str
    island: str
    leave_at: datetime
    back_at: datetime
    limit_cm: int | None
    mark: str = ""
    name: str = ""
    home: bool = False


def wave_signals(crossings: Iterable[Crossing], waves: Iterable[weather.Wave]) -> list[record.Signal]:
    """R09: a wave higher than the boat may meet is forecast for a time when it is out. As high as allowed is allowed.

    A boat whose limit nobody has stated is no warning here and no all-clear: its limit is asked for.
    """
    told = list(waves)
    found = []
    for one in crossings:
        limit = one.limit_cm
        if limit is None:
            continue
        here = weather.standing(told, weather.areas(one.pier, one.island), one.leave_at, one.back_at)
        above = [wave for wave in here if wave.height_cm > limit]
        if above:
            worst = max(above, key=lambda w: w.height_cm)
            said: dict[str, str | int] = {
                "boat": one.boat, "island": one.name or one.island, "height": worst.height_cm, "limit": limit, "source": worst.source,
            }  # fmt: skip
            if one.home:
                said["home"] = 1
            subject = f"crossing:{one.boat}:{one.island}" + (":home" if one.home else "")
            since_at = min(w.issued_at for w in above)
            mark = " ".join(dict.fromkeys(part for part in (one.mark, worst.mark) if part))
            found.append(record.Signal("R09", "TANTANGAN", subject, "critical", ("KPU", "POLRES"), since_at, said, mark=mark))
    return found


def crossings(plan: Plan, network: Network, fleet: Iterable[Vehicle], midnight_at: datetime) -> list[Crossing]:
    """The times at which the boats of a plan are on the water, out and home; midnight_at: 00:00 local of voting day."""
    boats = {vehicle.code: vehicle for vehicle in fleet if vehicle.boat}
    found = []
    for trip in plan.trips:
        boat = boats.get(trip.vehicle)
        if boat is None or not trip.stops:
            continue
        mark, here, leaves = "ARMADA ASUMSI" if boat.assumption else "", trip.start, trip.depart_min
        for stop in trip.stops:
            node = network.node(stop.place)
            name = node.name if node else ""
            times = instant(midnight_at, leaves), instant(midnight_at, stop.arrive_min)
            found.append(Crossing(boat.code, here, stop.place, *times, boat.wave_limit_cm, mark, name))
            here, leaves = stop.place, stop.depart_min
        times = instant(midnight_at, leaves), instant(midnight_at, trip.return_min)
        found.append(Crossing(boat.code, trip.start, here, *times, boat.wave_limit_cm, mark, name, home=True))
    return found


def inputs_hash(loads: Iterable[Load], network: Network, fleet: Iterable[Vehicle], rules: Rules) -> str:
    """SHA-256 over everything a plan depends on; the same inputs in any order give the same hash.

    What was added to the values later and is not used (`_LATER`) is left out, so that older plans keep the hash of their inputs.
    """
    facts = {
        "loads": [_lean(load) for load in sorted(loads, key=lambda load: load.code)],
        "nodes": [_whole(asdict(node)) for node in sorted(network.nodes, key=lambda node: node.code)],
        "sea": [_lean(leg) for leg in sorted(network.sea, key=lambda leg: (leg.pier, leg.island))],
        "hazards": sorted((asdict(h) for h in network.hazards), key=lambda h: json.dumps(h, sort_keys=True)),
        "road": [network.detour_permille, network.road_kmh],
        "fleet": [_lean(vehicle) for vehicle in sorted(fleet, key=lambda vehicle: vehicle.code)],
        "rules": _lean(rules),
    }
    if network.measured:
        facts["measured"] = sorted((asdict(way) for way in network.measured), key=lambda way: json.dumps(way, sort_keys=True))
    if network.closures:
        facts["closures"] = sorted((asdict(closed) for closed in network.closures), key=lambda one: json.dumps(one, sort_keys=True))
    if network.gates:
        facts["gates"] = sorted((asdict(gate) for gate in network.gates), key=lambda one: json.dumps(one, sort_keys=True))
    return record.digest(facts)


_LATER = frozenset(
    {"usual_min", "wave_limit_cm", "night", "carrier", "breakdown_permille", "repair_min", "ready_min"}
    | {"island_days", "ppk_first", "robust", "split_tps", "split_kits", "narrow", "dawn_min", "dusk_min"}
)


def _lean(value: Any) -> dict[str, Any]:
    """A value as plain data without later fields that stand at their default."""
    usual = {one.name: one.default for one in fields(value)}
    return {name: said for name, said in asdict(value).items() if name not in _LATER or said != usual[name]}


def _whole(node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "lat": round(node["lat"] * 1_000_000), "lon": round(node["lon"] * 1_000_000)}


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, for keeping and for hashing."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(plan)))
    if not plan.choices:
        del facts["choices"]
    for trip in facts["trips"]:
        if not trip["escort"]:
            del trip["escort"]
    return facts


def plan_of(facts: Mapping[str, Any]) -> Plan:
    """The plan that `plan_facts` wrote."""
    return Plan(
        trips=tuple(_trip_of(trip) for trip in facts["trips"]),
        unassigned=tuple(Unassigned(u["load"], u["code"], u["facts"], tuple(u["remedies"])) for u in facts["unassigned"]),
        seed=facts["seed"],
        method=facts["method"],
        choices=tuple(_choice_of(choice) for choice in facts.get("choices", ())),
    )


def _choice_of(facts: Mapping[str, Any]) -> IslandChoice:
    options, others = (tuple(Option(**option) for option in facts[name]) for name in ("options", "others"))
    return IslandChoice(facts["island"], options, facts["chance_ppm"], others, facts["exception"])


def _trip_of(facts: Mapping[str, Any]) -> Trip:
    stops = tuple(Stop(s["place"], tuple(s["loads"]), s["arrive_min"], s["depart_min"], s["handover"]) for s in facts["stops"])
    way = (facts["code"], facts["vehicle"], facts["start"], facts["depart_min"], stops, facts["return_min"], facts["distance_m"])
    return Trip(*way, escort=facts.get("escort", False))


def rules_facts(keep: Rules) -> dict[str, Any]:
    """The handling rules as plain data."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(keep)))
    return facts


def rules_of(facts: Mapping[str, Any]) -> Rules:
    """The handling rules that `rules_facts` wrote, also those from before a rule was added."""
    narrow = tuple((place, tuple(kinds)) for place, kinds in facts.get("narrow", ()))
    days = {name: tuple(facts.get(name, ())) for name in ("mainland_days", "island_days", "split_kits")}
    return Rules(**{**facts, **days, "narrow": narrow})


def kept_trips(old: Plan, old_loads: Iterable[Load], new: Plan, new_loads: Iterable[Load]) -> frozenset[str]:
    """Codes of trips whose waybill holds in the new plan: the same trip to the minute, and every load with the same contents."""
    before, held = {trip.code: trip for trip in old.trips}, {load.code: on_paper(load) for load in old_loads}
    holds = {load.code: on_paper(load) for load in new_loads}
    return frozenset(
        trip.code
        for trip in new.trips
        if before.get(trip.code) == trip and all(code in held and held[code] == holds.get(code) for code in trip.loads)
    )


def on_paper(load: Load) -> Load:
    """What a waybill says of a load: not from when on its goods were there."""
    return replace(load, ready_min=None)


# Faults of ways that were driven before now are history: the road was open then, the vehicle was there.
_HISTORY = frozenset({"too_fast", "no_way", "wrong_distance", "unknown_vehicle"})


def standing(faults: Iterable[Violation], plan: Plan, now_min: int | None) -> list[Violation]:
    """Faults that can still be avoided: those of ways of trips that left before `now_min` are left out."""
    gone = {trip.code for trip in plan.trips if now_min is not None and trip.depart_min <= now_min}
    return [fault for fault in faults if not (fault.code in _HISTORY and fault.facts.get("trip") in gone)]


def plan_hash(plan: Plan) -> str:
    """SHA-256 of the plan's facts."""
    return hashlib.sha256(json.dumps(plan_facts(plan), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def waybill_id(entry_id: str, trip: str) -> str:
    """The number of a waybill: 80 bits from the plan's journal entry and the trip, Crockford base32 with check character."""
    number = int.from_bytes(hashlib.sha256(f"{entry_id}/{trip}".encode()).digest()[:10], "big")
    return labels.encoded(number)


def waybill_text(identity: str) -> str:
    """What the QR code of a waybill says."""
    return labels.qr_text("waybill", identity)
