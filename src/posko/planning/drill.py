"""The judge: an election's last days replayed event by event, with faults put in. It is no forecast and shares no code with one.

A forecaster that is tested on its own model always looks honest. Here everything is made otherwise: times are shifted gamma curves and
mixtures instead of log-normal ones; a rainy day slows all roads together; the sea is one correlated process over the hours and boats wait
at the pier for it; vehicles queue for few docks, break down by the hour driven, are taken over by others; a village has few carriers. And
the true numbers (`Truth`) are drawn anew for every replay, so that whoever forecasts with assumed ones is judged under that error.

The families and ranges are ours: no such data of a real election were found. Faults are the classes that were reported in 2019 and 2024
(boxes unsealed at 3,441 TPS, goods not there on the eve at 8,061, too few items at 4,594, ballots of another dapil, flooded TPS and
warehouses, boats kept in port), more often than then, because a replay without faults teaches nothing.

Minutes are relative to 00:00 local time of voting day, as in `domain.distribution`. Same world, truth and seed: the same replay.
"""

import heapq
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from posko.domain import distribution as rules

DAY = rules.DAY
DEADLINE_MIN = 7 * 60
BEGINS_MIN = -4 * DAY
"""The replay begins on H-4 at midnight; the plan's trips are on H-2 and H-1."""
ENDS_MIN = 19 * 60
"""Nobody waits longer than the evening of voting day; what is not ready by then never is."""
_HOUR = 60


@dataclass(frozen=True)
class World:
    """What is to be brought, by whom, over which ways, when. `limit_cm`: the wave that a boat may meet; others take `usual_limit_cm`."""

    plan: rules.Plan
    loads: tuple[rules.Load, ...]
    network: rules.Network
    fleet: tuple[rules.Vehicle, ...]
    keep: rules.Rules
    limit_cm: Mapping[str, int] = field(default_factory=dict)
    usual_limit_cm: int = 125


@dataclass(frozen=True)
class Truth:
    """The true numbers of one replay. Shares and probabilities between 0 and 1; factors of planned times; minutes; centimetres."""

    road: float = 1.05
    rain: float = 0.35
    rain_slows: float = 1.3
    jam: float = 0.03
    breakdown_per_hour: float = 0.006
    lost_when_broken: float = 0.3
    late_driver: float = 0.2
    late_driver_min: float = 25.0
    docks: int = 5
    crew: float = 1.0
    behind: float = 0.2
    sea_cm: float = 90.0
    sea_sway_cm: float = 30.0
    sea_bias_cm: float = 0.0
    skipper: float = 1.0
    boat_lost: float = 0.03
    carriers_per_tps: float = 0.3
    same_day: float = 0.7
    setup_min: float = 30.0
    seal_per_box: float = 0.001
    wrong_dapil: float = 0.001
    item_missing: float = 0.004
    kpps_absent: float = 0.008
    flood_desa: float = 0.01
    road_cuts: float = 0.4
    warehouse_flood: float = 0.03
    supply_late: float = 0.06


def truth(rng: np.random.Generator) -> Truth:
    """True numbers for one replay: wide, and unknown to whoever forecasts it."""
    return Truth(
        road=rng.triangular(0.9, 1.05, 1.4),
        rain=rng.beta(2, 3),
        rain_slows=rng.uniform(1.1, 1.7),
        jam=rng.uniform(0.0, 0.06),
        breakdown_per_hour=float(np.exp(rng.uniform(np.log(0.002), np.log(0.03)))),
        lost_when_broken=rng.uniform(0.1, 0.5),
        late_driver=rng.uniform(0.05, 0.4),
        late_driver_min=rng.uniform(10, 50),
        docks=int(rng.integers(3, 9)),
        crew=rng.triangular(0.5, 1.0, 1.3),
        behind=rng.beta(1.5, 5),
        sea_cm=rng.gamma(9, 10),
        sea_sway_cm=rng.uniform(15, 50),
        sea_bias_cm=rng.uniform(-15, 20),
        skipper=rng.uniform(0.9, 1.15),
        boat_lost=rng.uniform(0.0, 0.1),
        carriers_per_tps=rng.uniform(0.15, 0.5),
        same_day=rng.uniform(0.3, 0.95),
        setup_min=rng.uniform(20, 34),
        seal_per_box=rng.gamma(1.5, 0.0007),
        wrong_dapil=rng.gamma(1.0, 0.001),
        item_missing=rng.gamma(1.5, 0.003),
        kpps_absent=rng.gamma(2.0, 0.004),
        flood_desa=rng.gamma(0.8, 0.012),
        road_cuts=rng.gamma(1.0, 0.6),
        warehouse_flood=rng.beta(1, 25),
        supply_late=rng.beta(1, 12),
    )


@dataclass(frozen=True)
class Event:
    """Something that happened: when, a stable code, what it is about (trip, load, TPS, vehicle), where. `seen_min`: when people know it."""

    minute: int
    code: str
    subject: str
    place: str = ""
    seen_min: int = 0


@dataclass(frozen=True)
class WaveForecast:
    """A forecast of waves as it was issued: highest height at a place between two minutes."""

    place: str
    from_min: int
    until_min: int
    height_cm: int
    issued_min: int


@dataclass(frozen=True)
class Replay:
    """How it went: the minute each TPS was ready (None: never), the minute its goods came there, and everything that happened, in time."""

    ready_min: Mapping[str, int | None]
    goods_min: Mapping[str, int | None]
    log: tuple[Event, ...]
    waves: tuple[WaveForecast, ...]

    def in_time(self, tps: str, deadline_min: int = DEADLINE_MIN) -> bool:
        """Whether a TPS was ready at the deadline."""
        minute = self.ready_min[tps]
        return minute is not None and minute <= deadline_min

    def known(self, at_min: int) -> "Known":
        """What people know at a minute. Nothing that happens or is told later is in it."""
        told = tuple(event for event in self.log if event.seen_min <= at_min)
        return Known(at_min, told, tuple(wave for wave in self.waves if wave.issued_min <= at_min))


@dataclass(frozen=True)
class Known:
    """What people know at an instant of a replay: events as they were told, forecasts of waves as they were issued."""

    at_min: int
    events: tuple[Event, ...]
    waves: tuple[WaveForecast, ...]

    def standing(self, begins: str, ends: str) -> dict[str, int]:
        """Subjects of which the last word is that something began (a road is cut, a TPS lacks a seal) and not that it ended; since when."""
        found: dict[str, int] = {}
        for event in self.events:
            if event.code == begins:
                found[event.subject] = event.minute
            elif event.code == ends:
                found.pop(event.subject, None)
        return found

    def minutes(self, code: str) -> dict[str, int]:
        """The first minute of an event by its subject."""
        found: dict[str, int] = {}
        for event in self.events:
            if event.code == code:
                found.setdefault(event.subject, event.minute)
        return found


# --- a small engine of processes -----------------------------------------------------------------------------------------


class _Pool:
    """Docks, carriers, spare vehicles: so many at once, first come first served."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.queue: list[_Process] = []


_Process = Generator["float | _Pool", None, None]


class _Engine:
    """Processes in the order of time; equal times in the order of their making."""

    def __init__(self, at_min: float) -> None:
        self.now = at_min
        self._heap: list[tuple[float, int, _Process]] = []
        self._made = 0

    def start(self, process: _Process, at_min: float | None = None) -> None:
        self._push(process, self.now if at_min is None else max(at_min, self.now))

    def _push(self, process: _Process, at_min: float) -> None:
        self._made += 1
        heapq.heappush(self._heap, (at_min, self._made, process))

    def release(self, pool: _Pool) -> None:
        if pool.queue:
            self._push(pool.queue.pop(0), self.now)
        else:
            pool.free += 1

    def run(self, until_min: float) -> None:
        while self._heap and self._heap[0][0] <= until_min:
            self.now, _, process = heapq.heappop(self._heap)
            try:
                wanted = next(process)
            except StopIteration:
                continue
            if not isinstance(wanted, _Pool):
                self._push(process, self.now + max(0.0, wanted))
            elif wanted.free > 0:
                wanted.free -= 1
                self._push(process, self.now)
            else:
                wanted.queue.append(process)


# --- the replay ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cut:
    """A road to a desa (or to all desa of a kecamatan) that cannot be used for a while."""

    place: str
    from_min: float
    until_min: float
    detour: float

    def bars(self, a: str, b: str, minute: float) -> bool:
        touched = any(end == self.place or end.startswith(f"{self.place}.") for end in (a, b))
        return touched and self.from_min <= minute < self.until_min


def replay(world: World, true: Truth, seed: int) -> Replay:
    """One election's last days under these true numbers."""
    return _Days(world, true, np.random.default_rng(seed)).play()


class _Days:
    """The state of one replay while it runs."""

    def __init__(self, world: World, true: Truth, rng: np.random.Generator) -> None:
        self.world, self.true, self.rng = world, true, rng
        self.engine = _Engine(BEGINS_MIN)
        self.loads = {load.code: load for load in world.loads}
        self.vehicles = {vehicle.code: vehicle for vehicle in world.fleet}
        self.events: list[Event] = []
        self.goods: dict[str, int] = {}
        self.ready: dict[str, int] = {}
        self.packed: dict[str, float] = {}
        self.at_pier: dict[str, float] = {}
        self.there: set[str] = set()
        self.rain = {day: true.rain_slows if rng.random() < true.rain else 1.0 for day in range(-4, 2)}
        self.sea = _sea(true, rng)
        self.docks = _Pool(true.docks)
        self.spare = _Pool(0)
        self.cuts = [self._cut() for _ in range(int(rng.poisson(true.road_cuts)))]
        self.carriers: dict[str, _Pool] = {}
        self.warehouse = next(v.start for v in world.fleet if not v.boat)

    # chance

    def _gamma(self, shape: float, mean: float) -> float:
        return float(self.rng.gamma(shape, mean / shape))

    def _happens(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def _say(self, code: str, subject: str, place: str = "", told_after: float = 0.0, at_min: float | None = None) -> None:
        minute = self.engine.now if at_min is None else at_min
        self.events.append(Event(round(minute), code, subject, place, round(minute + told_after)))

    # the whole

    def play(self) -> Replay:
        self._pack()
        plan = self.world.plan
        for cut in self.cuts:
            self._say("road_cut", cut.place, cut.place, self._gamma(2, 50), cut.from_min)
            self._say("road_open", cut.place, cut.place, 15, cut.until_min)
        for code, vehicle in sorted(self.vehicles.items()):
            trips = plan.of_vehicle(code)
            if vehicle.boat:
                self.engine.start(self._boat(vehicle, trips))
            elif trips:
                self.engine.start(self._truck(vehicle, trips))
            else:
                self.engine.start(self._idle(vehicle))
        for item in plan.unassigned:
            self.engine.start(self._follow_up(self.loads[item.load]))
        self.engine.run(ENDS_MIN)
        codes = sorted({tps for load in self.world.loads for tps in load.tps})
        log = tuple(sorted(self.events, key=lambda e: (e.minute, e.code, e.subject)))
        ready, goods = ({code: found.get(code) for code in codes} for found in (self.ready, self.goods))
        return Replay(ready, goods, log, self._wave_forecasts())

    # the warehouse

    def _pack(self) -> None:
        """What is not packed on H-3 is packed by a crew with absences, in the order of departure, in the last night without sleep.

        Late supply and a flood hold loads up.
        """
        order = sorted(self.loads.values(), key=lambda load: (self._planned(load.code), load.code))
        behind = round(len(order) * self.true.behind)
        clock = BEGINS_MIN + 2 * DAY - 240.0
        late = self._late_supply()
        for load in order[: len(order) - behind]:
            self.packed[load.code] = float(BEGINS_MIN)
        for load in order[len(order) - behind :]:
            if clock % DAY > 22 * _HOUR and clock < -DAY:  # the crew sleeps
                clock += DAY - clock % DAY + 6 * _HOUR
            clock += load.boxes * 1.2 / self.true.crew * float(self.rng.uniform(0.8, 1.3))
            self.packed[load.code] = clock
        for code in self.packed:
            if late and any(tps.startswith(late[0]) for tps in self.loads[code].tps):
                self.packed[code] = max(self.packed[code], late[1] + 60)
        for code, minute in self.packed.items():
            self._say("packed", code, self.warehouse, 0, minute)
        if self._happens(self.true.warehouse_flood):
            self._flood_warehouse()

    def _planned(self, load: str) -> int:
        return min((t.depart_min for t in self.world.plan.trips if load in t.loads), default=0)

    def _late_supply(self) -> tuple[str, float] | None:
        if not self._happens(self.true.supply_late):
            return None
        districts = sorted({tps.rsplit(".", 2)[0] for load in self.loads.values() for tps in load.tps})
        place, comes = districts[int(self.rng.integers(len(districts)))], float(self.rng.uniform(-2 * DAY, -600))
        self._say("supply_late", place, place, 0, BEGINS_MIN)
        self._say("supply_came", place, place, 0, comes)
        return place, comes

    def _flood_warehouse(self) -> None:
        starts = float(self.rng.uniform(-3 * DAY, -DAY + 8 * _HOUR))
        lasts = self._gamma(2, 240)
        self._say("warehouse_flood", self.warehouse, self.warehouse, 15, starts)
        for code, minute in self.packed.items():
            if self._planned(code) > starts:
                again = self._gamma(2, 240) if self._happens(0.05) else 0.0
                self.packed[code] = max(minute, starts + lasts) + again
                if minute <= starts:
                    self._say("held_up", code, self.warehouse, 15, starts)
                self._say("packed", code, self.warehouse, 0, self.packed[code])

    # by road

    def _truck(self, vehicle: rules.Vehicle, trips: Sequence[rules.Trip]) -> _Process:
        last_day = None
        for trip in trips:
            yield trip.depart_min - self.world.keep.loading_min - self.engine.now
            day = rules.day_of(trip.depart_min)
            if day != last_day and self._happens(self.true.late_driver):
                yield self._gamma(1.5, self.true.late_driver_min)
            last_day = day
            left = yield from self._load(trip)
            halts = [(stop, tuple(code for code in stop.loads if code not in left)) for stop in trip.stops]
            halts = [(stop, carried) for stop, carried in halts if carried]
            if not halts:
                continue
            self._say("departed", trip.code, trip.start)
            lost = yield from self._drive(trip, vehicle, trip.start, halts)
            if lost:
                for other in trips[trips.index(trip) + 1 :]:
                    for code in other.loads:
                        self._say("left_behind", code, trip.start)
                        self.engine.start(self._follow_up(self.loads[code]))
                return
            self._say("returned", trip.code, trip.start)
        self.engine.release(self.spare)

    def _load(self, trip: rules.Trip) -> Generator["float | _Pool", None, set[str]]:
        """Waits for the goods, a while; a dock; then loads. Answers what stays behind and follows later."""
        patience = trip.depart_min + 120
        while any(self.packed[code] > self.engine.now for code in trip.loads) and self.engine.now < patience:
            yield 15.0
        left = {code for code in trip.loads if self.packed[code] > self.engine.now}
        for code in sorted(left):
            self._say("left_behind", code, trip.start)
            self.engine.start(self._follow_up(self.loads[code]))
        if len(left) < len(trip.loads):
            yield self.docks
            yield self.world.keep.loading_min * (0.7 + self._gamma(3, 0.4))
            self.engine.release(self.docks)
            yield trip.depart_min - self.engine.now
        return left

    def _drive(
        self, trip: rules.Trip, vehicle: rules.Vehicle, here: str, halts: Sequence[tuple[rules.Stop, tuple[str, ...]]]
    ) -> Generator["float | _Pool", None, bool]:
        """From halt to halt; True when the vehicle is lost on the way and another one has to take over."""
        for number, (stop, carried) in enumerate(halts):
            minutes = yield from self._way(here, stop.place)
            if self._happens(1 - np.exp(-self.true.breakdown_per_hour * minutes / _HOUR)):
                self._say("breakdown", vehicle.code, here, self._gamma(2, 15))
                if self._happens(self.true.lost_when_broken):
                    self._say("vehicle_lost", vehicle.code, here, self._gamma(2, 30))
                    self.engine.start(self._take_over(trip, vehicle, here, halts[number:]))
                    self.engine.start(self._helper())
                    return True
                yield 20 + self._gamma(2, 50)
            yield minutes
            self._say("arrived", f"{trip.code}@{stop.place}", stop.place)
            yield sum(self.loads[code].service_min for code in carried) * (0.7 + self._gamma(4, 0.4))
            self._drop(carried, stop.handover)
            here = stop.place
        yield (yield from self._way(here, trip.start))
        return False

    def _way(self, a: str, b: str) -> Generator[float, None, float]:
        """Minutes of driving from a to b that begins now; waits first where the road is cut and there is no detour."""
        way = self.world.network.leg(rules.Kind.TRUCK, a, b)
        minutes = float(way.travel_min if way else 60)
        for cut in self.cuts:
            if cut.bars(a, b, self.engine.now):
                if cut.detour:
                    minutes = minutes * cut.detour + 15
                else:
                    yield cut.until_min - self.engine.now
        night = 1.15 if not 330 <= self.engine.now % DAY <= 1080 else 1.0
        rain = self.rain[int(self.engine.now // DAY)]
        jam = self._gamma(2, 40) if self._happens(self.true.jam) else 0.0
        return minutes * self.true.road * rain * night * (0.85 + self._gamma(3, 0.18)) + jam

    def _take_over(
        self, trip: rules.Trip, vehicle: rules.Vehicle, here: str, halts: Sequence[tuple[rules.Stop, tuple[str, ...]]]
    ) -> _Process:
        """The next vehicle that is free comes, takes the goods over and goes on."""
        yield self.spare
        yield (yield from self._way(self.warehouse, here))
        yield 15 + self._gamma(3, 20)
        self._say("taken_over", trip.code, here)
        if not (yield from self._drive(trip, vehicle, here, halts)):
            self.engine.release(self.spare)

    def _follow_up(self, load: rules.Load) -> _Process:
        """A load that was left behind, alone on the next vehicle that is free."""
        while self.packed[load.code] > self.engine.now:
            yield self.packed[load.code] - self.engine.now
        yield self.spare
        yield self.world.keep.loading_min * (0.3 + self._gamma(3, 0.2))
        goal = self._pier(load)
        self._say("follow_up", load.code, goal)
        yield (yield from self._way(self.warehouse, goal))
        self._drop((load.code,), load.kind is rules.LoadKind.ISLAND)
        yield (yield from self._way(goal, self.warehouse))
        self.engine.release(self.spare)

    def _pier(self, load: rules.Load) -> str:
        if load.kind is not rules.LoadKind.ISLAND:
            return load.place
        boat = next(
            (v for v in self.vehicles.values() if v.boat and any(load.code in t.loads for t in self.world.plan.of_vehicle(v.code))), None
        )
        return boat.start if boat else self.world.network.piers(load.place)[0].pier

    def _idle(self, vehicle: rules.Vehicle) -> _Process:
        yield vehicle.shift(max(vehicle.days))[0] - self.engine.now
        self.engine.release(self.spare)

    def _helper(self) -> _Process:
        """Somebody lends a vehicle, mostly."""
        if self._happens(0.85):
            yield self._gamma(2, 240)
            self.engine.release(self.spare)

    def _cut(self) -> _Cut:
        desa = sorted({load.place for load in self.world.loads if load.kind is rules.LoadKind.VILLAGE})
        place = desa[int(self.rng.integers(len(desa)))]
        if self._happens(0.2):
            place = place.rpartition(".")[0] or place
        starts = float(self.rng.uniform(-2 * DAY, 4 * _HOUR))
        return _Cut(place, starts, starts + self._gamma(1.5, 360), float(self.rng.uniform(1.6, 2.6)) if self._happens(0.6) else 0.0)

    def _drop(self, carried: Sequence[str], handover: bool) -> None:
        for code in carried:
            if handover:
                self.at_pier[code] = self.engine.now
                self._say("at_pier", code)
            else:
                self._arrive(code)

    # by sea

    def _boat(self, boat: rules.Vehicle, trips: Sequence[rules.Trip]) -> _Process:
        """Waits for goods, then for a calm sea in daylight; what comes later is fetched by another crossing."""
        wanted = [code for trip in trips for code in trip.loads]
        limit = self.world.limit_cm.get(boat.code, self.world.usual_limit_cm) * self.true.skipper
        if trips and self._happens(self.true.boat_lost):
            self._say("boat_lost", boat.code, boat.start, 30, trips[0].depart_min - 90)
            yield trips[0].depart_min - self.engine.now + 120 + self._gamma(2, 360)
            if self._happens(0.15):
                return
            self._say("boat_found", boat.code, boat.start)
        for trip in trips:
            yield trip.depart_min - self.engine.now
            yield from self._await(trip, wanted)
            while here := [code for code in wanted if code in self.at_pier and code in trip.loads]:
                yield from self._cross(boat, trip, here, limit)
                wanted = [code for code in wanted if code not in here]
                if any(code in wanted for code in trip.loads):
                    yield from self._await(trip, wanted)

    def _await(self, trip: rules.Trip, wanted: Sequence[str]) -> Generator[float, None, None]:
        """All goods of a crossing, or some of them and two hours."""
        since = self.engine.now
        while self.engine.now < ENDS_MIN:
            there = [code for code in trip.loads if code in wanted and code in self.at_pier]
            if there and (len(there) == len([c for c in trip.loads if c in wanted]) or self.engine.now > since + 120):
                return
            yield 15.0

    def _cross(self, boat: rules.Vehicle, trip: rules.Trip, carried: Sequence[str], limit: float) -> Generator[float, None, None]:
        island = trip.stops[0].place
        way = self.world.network.leg(rules.Kind.BOAT, boat.start, island)
        minutes = (way.travel_min if way else 240) * (0.8 + self._gamma(4, 0.25))
        yield self.world.keep.handover_min * (0.6 + self._gamma(3, 0.4))
        waited = False
        while not self._sails(minutes, limit):
            if not waited:
                self._say("waits_sea", trip.code, boat.start)
            waited = True
            yield 30.0
        self._say("departed", trip.code, boat.start)
        yield minutes
        self._say("arrived", f"{trip.code}@{island}", island)
        yield sum(self.loads[code].service_min for code in carried) * (0.7 + self._gamma(4, 0.4))
        for code in carried:
            self._arrive(code)
        yield minutes

    def _sails(self, minutes: float, limit: float) -> bool:
        """Whether a boat leaves now: there by dusk, and the sea at its limit at most while it is out, as far as the skipper can see."""
        begins = self.engine.now % DAY
        calm = all(self._height(self.engine.now + part) <= limit for part in np.arange(0, minutes / 2 + 1, _HOUR))
        return begins >= 330 and begins + minutes <= 1110 and calm

    def _height(self, minute: float) -> float:
        return float(self.sea[min(len(self.sea) - 1, max(0, int((minute - BEGINS_MIN) // _HOUR)))])

    def _wave_forecasts(self) -> tuple[WaveForecast, ...]:
        """Issued at 06.00 and 18.00 for three days in parts of six hours: the highest wave, wrong by a bias and by a heavy-tailed error."""
        piers = sorted({leg.pier for leg in self.world.network.sea})
        found = []
        for issued in range(BEGINS_MIN + 6 * _HOUR, ENDS_MIN, 12 * _HOUR):
            for starts in range(issued, min(issued + 3 * DAY, ENDS_MIN), 6 * _HOUR):
                worst = max(self._height(starts + hour * _HOUR) for hour in range(6))
                lead = (starts - issued) / DAY
                error = self.true.sea_bias_cm + (8 + 9 * lead) * float(self.rng.standard_t(4))
                height = int(np.clip(round((worst + error) / 5) * 5, 5, 1500))
                found += [WaveForecast(pier, starts, starts + 6 * _HOUR, height, issued) for pier in piers]
        return tuple(found)

    # the village and the TPS

    def _arrive(self, code: str) -> None:
        """A load is at its desa or island: each of its TPS is served by the few carriers there are. Half a kit waits for the other."""
        load = self.loads[code]
        self._say("load_arrived", code, load.place)
        self.there.add(code)
        other = rules.other_part(code)
        if other in self.loads and other not in self.there:
            return
        pool = self.carriers.get(load.place)
        if pool is None:
            stations = sum(len(other.tps) for other in self.world.loads if other.place == load.place)
            pool = self.carriers[load.place] = _Pool(max(1, round(stations * self.true.carriers_per_tps)))
        today = self._happens(self.true.same_day)
        flooded = self._happens(self.true.flood_desa)
        for tps in load.tps:
            self.engine.start(self._station(tps, load, pool, today=today, flooded=flooded and self._happens(0.4)))

    def _station(self, tps: str, load: rules.Load, pool: _Pool, *, today: bool, flooded: bool) -> _Process:
        """The last way, and everything that must be right before a TPS can open."""
        right = self._defects(tps, load)
        yield self._gamma(2, 40)
        if not (today and self.engine.now < -DAY + 17 * _HOUR) and self.engine.now < 4 * _HOUR:
            yield 4 * _HOUR + self._gamma(2, 30) - self.engine.now
        yield pool
        yield (6 + self._gamma(2, 14)) * self.rain[min(1, int(self.engine.now // DAY))]
        self.engine.release(pool)
        self.goods[tps] = round(self.engine.now)
        self._say("goods_at_tps", tps, tps)
        done = max(self.engine.now + 8 + self._gamma(3, 12), right, self._setup(tps))
        if flooded:
            done = max(done, self._flooded(tps, load))
        yield done - self.engine.now
        self.ready[tps] = round(self.engine.now)
        self._say("ready", tps, tps)

    def _setup(self, tps: str) -> float:
        """The officers build their TPS from half past five; absent ones are replaced, mostly in time."""
        done = 330 + self._gamma(5, self.true.setup_min)
        if self._happens(self.true.kpps_absent):
            seen = 330 + self._gamma(2, 20)
            self._say("kpps_absent", tps, tps, 10, seen)
            done = max(done, seen + 20 + self._gamma(2, 60))
            self._say("kpps_replaced", tps, tps, 0, done)
        return done

    def _defects(self, tps: str, load: rules.Load) -> float:
        """The minute from which seals, contents and items are right: found at the hand-over in the desa, or only at the opening."""
        boxes = max(1, load.boxes // max(1, len(load.tps)))
        right = float(BEGINS_MIN)
        if self._happens(1 - (1 - self.true.seal_per_box) ** boxes):
            self._say("seal_broken", tps, load.place, 5)
            right = max(right, self.engine.now + (20 + self._gamma(2, 30) if self._happens(0.7) else 45 + self._gamma(2, 80)))
            self._say("seal_replaced", tps, load.place, 0, right)
        if self._happens(self.true.item_missing):
            seen = self._found(0.6, 345)
            self._say("item_missing", tps, load.place, 5, seen)
            right = max(right, seen + 30 + self._gamma(2, 60))
            self._say("item_came", tps, load.place, 0, right)
        if self._happens(self.true.wrong_dapil):
            seen = self._found(0.5, 360)
            self._say("wrong_dapil", tps, load.place, 5, seen)
            right = max(right, seen + self._exchange(load))
            self._say("exchanged", tps, load.place, 0, right)
        return right

    def _found(self, at_once: float, opening_min: float) -> float:
        """When a fault in a box is noticed: now, at the hand-over, with this probability; else when the KPPS opens it."""
        return self.engine.now if self._happens(at_once) else max(self.engine.now, opening_min + self._gamma(2, 15))

    def _exchange(self, load: rules.Load) -> float:
        """Minutes to bring a box back and the right one out."""
        search = 40 + self._gamma(2, 60)
        if load.kind is rules.LoadKind.ISLAND:
            return search + DAY + 2 * self.world.network.piers(load.place)[0].travel_min
        way = self.world.network.leg(rules.Kind.TRUCK, self.warehouse, load.place)
        return search + 2 * (way.travel_min if way else 60) * self.true.road * (0.9 + self._gamma(3, 0.3))

    def _flooded(self, tps: str, load: rules.Load) -> float:
        """Water in the last night: the TPS moves; where its goods lay there already, some are wet and replaced from the warehouse."""
        seen = float(self.rng.uniform(-4 * _HOUR, 6 * _HOUR))
        self._say("tps_flooded", tps, tps, 20, seen)
        moved = seen + 60 + self._gamma(2, 110)
        if self.goods[tps] < seen and self._happens(0.15):
            moved = max(moved, seen + 60 + self._exchange(load))
        self._say("tps_moved", tps, tps, 0, moved)
        return moved


def _sea(true: Truth, rng: np.random.Generator) -> NDArray[np.float64]:
    """Wave heights by the hour, float[hours]: a mean, more in the afternoon, an AR(1) sway, now and then a storm that rises and fades."""
    hours = (ENDS_MIN - BEGINS_MIN) // _HOUR + 1
    clock = np.arange(hours)
    noise = rng.normal(0, 1, hours)
    sway = np.zeros(hours)
    keep = 0.94
    sway[0] = noise[0]
    for hour in range(1, hours):
        sway[hour] = keep * sway[hour - 1] + np.sqrt(1 - keep**2) * noise[hour]
    storm = np.zeros(hours)
    for _ in range(int(rng.poisson(0.5))):
        age = np.maximum(0, clock - rng.integers(0, hours)) / rng.uniform(3, 10)
        storm += rng.gamma(3, 40) * age * np.exp(1 - age)
    afternoon = 12 * np.sin((clock % 24 - 9) / 24 * 2 * np.pi)
    return np.maximum(5.0, true.sea_cm + afternoon + true.sea_sway_cm * sway + storm)
