"""A distribution plan mended after a disruption: as few waybills change as possible, then as few loads move, then it costs little.

Trips that have left stay as they are. Of the others, those that the disruption breaks are opened, and nothing else, unless that is not
enough: then one more trip is opened or added, then two, then three, always all possible choices of that many (nearest first) before one
more is allowed. Within a choice no load changes its trip, or one does, or two. A load that has to go somewhere is tried in every opened
trip. A trip keeps its order if that still works, later if need be; else every order of its stops is tried. So where the budget of trials
suffices, no plan changes fewer waybills. `domain.distribution.violations` has the last word on every plan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise, permutations

from posko.domain import distribution as rules
from posko.domain import places
from posko.domain.replanning import Given
from posko.planning import routes

DAY = rules.DAY
TRIALS = 8_000
_MOST_MORE = 3
_MOST_MOVED = 3
_NEAREST = 16
_ALL_ORDERS = 6
_LATE = 10**9
_MOST_HIT, _MOST_HOMELESS = 10, 20
_BEAT = 100
Watch = Callable[[int, int], None]
"""Told how far a search is: so many of so many."""


@dataclass(frozen=True)
class Mended:
    """The plan, the trips that had left, those of them that go another way from where they are, and how it was found.

    fresh: mending did not bring everything and a plan from nothing does; most waybills change. trials: choices that were weighed.
    """

    plan: rules.Plan
    frozen: tuple[str, ...]
    rerouted: tuple[str, ...]
    fresh: bool
    trials: int


@dataclass(frozen=True)
class _Task:
    """A load as a vehicle on the road sees it: where to drop it and when; ready: not at the warehouse before."""

    load: rules.Load
    place: str
    earliest_min: int
    latest_min: int
    handover: bool


@dataclass(frozen=True)
class _Slot:
    """A trip that is open: who drives it, on which day, what it carried, when it left, and the time it has."""

    code: str
    vehicle: rules.Vehicle
    day: int
    loads: tuple[str, ...]
    depart_min: int | None
    ready_min: int
    until_min: int
    old: rules.Trip | None = None


class _Spent(Exception):
    """The trials are used up."""


def mend(
    old: rules.Plan,
    given: Given,
    *,
    now_min: int | None = None,
    seed: int = 1,
    trials: int = TRIALS,
    stop: routes.Stop,
    watch: Watch | None = None,
) -> Mended:
    """The old plan for what is given now. now_min: trips that left by then stay. stop: for a plan from nothing, if it comes to that.

    What cannot be brought is unassigned, with the reason and what would help. watch is told how many trials of how many are done, every
    `_BEAT` of them; what it raises ends the search. It does not change what is found.
    """
    work = _Work(given, now_min, trials, watch)
    frozen = tuple(trip.code for trip in old.trips if now_min is not None and trip.depart_min <= now_min)
    start, rerouted = work.carried_over(old, set(frozen))
    best = work.repaired(start, set(frozen)) or work.partial(start, set(frozen))
    if not best.feasible:
        fresh = None if frozen else routes.plan(given.loads, given.network, given.fleet, given.rules, seed=seed, stop=stop)
        if fresh is not None and not work.faults(fresh) and work.behind(fresh) < work.behind(best):
            return Mended(replace(fresh, method=f"dari awal: {fresh.method}"), frozen, rerouted, fresh=True, trials=work.trials)
        told = {item.load: item for item in fresh.unassigned} if fresh else {}
        best = replace(best, unassigned=tuple(told.get(item.load, item) for item in best.unassigned))
    method = f"perbaikan, {work.trials} pilihan ditimbang"
    return Mended(replace(best, choices=_choices(old, best), seed=seed, method=method), frozen, rerouted, fresh=False, trials=work.trials)


@dataclass
class _Work:
    """One call of `mend`."""

    given: Given
    now_min: int | None
    most: int
    watch: Watch | None = None
    trials: int = 0
    _bound: int = _LATE**2
    _lost: list[rules.Trip] = field(default_factory=list)
    _orders: dict[tuple[object, ...], rules.Trip | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loads = {load.code: load for load in self.given.loads}
        self.vehicles = {vehicle.code: vehicle for vehicle in self.given.fleet}

    def faults(self, plan: rules.Plan) -> list[rules.Violation]:
        """What the checker says, history left out."""
        found = rules.violations(plan, self.given.loads, self.given.network, self.given.fleet, self.given.rules)
        return rules.standing(found, plan, self.now_min)

    def behind(self, plan: rules.Plan) -> tuple[int, int]:
        """TPS and loads that a plan leaves behind."""
        left = [self.loads[item.load] for item in plan.unassigned if item.load in self.loads]
        return sum(len(load.tps) for load in left), len(left)

    # --- what is left of the old plan ----------------------------------------------------------------------------------------------

    def carried_over(self, old: rules.Plan, frozen: set[str]) -> tuple[rules.Plan, tuple[str, ...]]:
        """The old trips without vehicles that are gone and loads that are elsewhere now; trips under way take the way that is open."""
        trips, rerouted = [], []
        for trip in old.trips:
            if trip.code in frozen:
                other = self._under_way(trip)
                rerouted += [trip.code] if other != trip else []
                trips.append(other)
            elif trip.vehicle in self.vehicles and (left := self._still_there(trip)):
                trips.append(left)
            elif trip.vehicle not in self.vehicles:
                trips += self._other_boat(trip, old)
                self._lost.append(trip)
        start = replace(old, trips=tuple(trips), unassigned=())
        sailing = {code for trip in trips if self._is_boat(trip) for code in trip.loads}
        ashore = [code for code, load in self.loads.items() if load.kind is rules.LoadKind.ISLAND and code not in sailing]
        for code in ashore:  # what no boat takes on is not driven to the pier
            start = self._drop(start, code, frozen)
        return start, tuple(rerouted)

    def _other_boat(self, trip: rules.Trip, old: rules.Plan) -> list[rules.Trip]:
        """The crossing of a boat that is lost, by another boat of the same pier that is free then: one without a trip, if there is one."""
        carried = [self.loads[code] for code in trip.loads if code in self.loads]
        if not carried or any(load.kind is not rules.LoadKind.ISLAND or load.place != trip.stops[0].place for load in carried):
            return []
        free = []
        for boat in self.vehicles.values():
            fits = sum(x.volume_ml for x in carried) <= boat.volume_ml and sum(x.weight_g for x in carried) <= boat.weight_g
            away = [one for one in old.of_vehicle(boat.code) if one.depart_min < trip.return_min and trip.depart_min < one.return_min]
            if boat.boat and boat.start == trip.start and fits and not away and rules.day_of(trip.depart_min) in boat.days:
                free.append((len(old.of_vehicle(boat.code)), boat.code))
        return [replace(trip, code=_new_code(old, min(free)[1]), vehicle=min(free)[1])] if free else []

    def _still_there(self, trip: rules.Trip) -> rules.Trip | None:
        """Without loads that no longer exist or belong elsewhere; nothing if it carries no others."""
        boat = self.vehicles[trip.vehicle].boat

        def belongs(code: str, stop: rules.Stop) -> bool:
            load = self.loads.get(code)
            if load is None or (stop.handover and load.kind is not rules.LoadKind.ISLAND):
                return False
            if stop.handover:
                return any(leg.pier == stop.place for leg in self.given.network.piers(load.place))
            return load.place == stop.place and boat == (load.kind is rules.LoadKind.ISLAND)

        stops = [replace(stop, loads=tuple(code for code in stop.loads if belongs(code, stop))) for stop in trip.stops]
        left = tuple(stop for stop in stops if stop.loads)
        return replace(trip, stops=left) if left else None

    def _under_way(self, trip: rules.Trip) -> rules.Trip:
        """A trip that has left: stops still ahead come later if the way there is longer now. From where it turns back is not known, so the
        way it has come since its last stop is counted twice."""
        vehicle = self.vehicles.get(trip.vehicle)
        now = self.now_min
        if vehicle is None or now is None or trip.return_min <= now:
            return trip
        stops: list[rules.Stop] = []
        here, clock, turned = trip.start, trip.depart_min, False
        for stop in (*trip.stops, rules.Stop(trip.start, (), trip.return_min, trip.return_min)):
            way = self.given.network.leg(vehicle.kind, here, stop.place)
            if stop.arrive_min > now and way is not None and clock + way.travel_min > stop.arrive_min:
                since = max(0, now - clock)
                turned, arrive = True, clock + 2 * since + way.travel_min if since else clock + way.travel_min
            else:
                arrive = max(stop.arrive_min, clock + way.travel_min if turned and way else stop.arrive_min)
            stops.append(replace(stop, arrive_min=arrive, depart_min=arrive + (stop.depart_min - stop.arrive_min)))
            here, clock = stop.place, stops[-1].depart_min
        return replace(trip, stops=tuple(stops[:-1]), return_min=stops[-1].arrive_min) if turned else trip

    # --- the search ----------------------------------------------------------------------------------------------------------------

    def repaired(self, start: rules.Plan, frozen: set[str]) -> rules.Plan | None:
        """Everything is brought and the checker is content; None where the choices or the trials run out.

        A trip of a lost vehicle that another one takes over whole is one waybill, so that comes first.
        """
        start = self._taken_over(start)
        hit = self._hit(start) - frozen
        homeless = self._homeless(start)
        if not hit and not homeless:
            return start if not self.faults(start) else None
        if len(hit) > _MOST_HIT or len(homeless) > _MOST_HOMELESS:
            return None  # not a repair any more
        if any(code not in self._tasks(start.trips, ()) for code in homeless):
            return None  # goods of an island to which no boat goes
        others = [trip.code for trip in self._near(start, hit, homeless) if trip.code not in hit | frozen]
        new = self._idle(start)
        try:
            for more in range(_MOST_MORE + 1):
                found = self._with(start, hit, homeless, others[:_NEAREST], new, more)
                if found:
                    return found
        except _Spent:
            return None
        return None

    def _taken_over(self, start: rules.Plan) -> rules.Plan:
        """The lost trips on the road by other vehicles, each whole and in its order, where one has the room and the hours; the cheapest."""
        for lost in sorted(self._lost, key=lambda trip: trip.depart_min):
            tasks, waiting = self._tasks(start.trips, ()), set(self._homeless(start))
            codes = tuple(code for code in lost.loads if code in waiting and code in tasks)
            if not codes:
                continue
            found = []
            for slot in self._idle(start):
                if slot.day == rules.day_of(lost.depart_min) and self._fits(slot.vehicle, codes):
                    trip = self._timed(replace(slot, depart_min=lost.depart_min), codes, slot.ready_min, tasks)
                    if trip:
                        plan = replace(start, trips=(*start.trips, replace(trip, escort=lost.escort)))
                        found.append((self._cost(plan), trip.code, plan))
            start = min(found, key=lambda one: one[:2])[2] if found else start
        return start

    def _with(
        self, start: rules.Plan, hit: set[str], homeless: Sequence[str], others: Sequence[str], new: Sequence[_Slot], more: int
    ) -> rules.Plan | None:
        """The best plan that opens or adds so many trips beyond those that are hit; fewest moved loads first."""
        for moved in range(_MOST_MOVED + 1):
            best: rules.Plan | None = None
            self._bound = _LATE**2
            try:
                for extra in combinations([*new, *others], more):
                    opened = hit | {one for one in extra if isinstance(one, str)}
                    added = [one for one in extra if isinstance(one, _Slot)]
                    if len({slot.vehicle.code for slot in added}) == len(added):
                        for plan in self._plans(start, opened, added, homeless, moved):
                            best = plan
            except _Spent:
                if best is None:
                    raise
            if best:
                return best
        return None

    def _plans(
        self, start: rules.Plan, opened: set[str], added: Sequence[_Slot], homeless: Sequence[str], moved: int
    ) -> Iterator[rules.Plan]:
        """Plans that work with these trips open, these added, and so many loads in another trip than before; each cheaper than the last."""
        fixed = [trip for trip in start.trips if trip.code not in opened]
        slots = self._slots(start, opened, fixed) + list(added)
        road = [number for number, slot in enumerate(slots) if not slot.vehicle.boat]
        tasks = self._tasks(fixed, slots)
        own = [(number, code) for number in road for code in slots[number].loads if code in tasks]
        by_road = [code for code in homeless if code in tasks]
        for leaving in combinations(own, moved):
            away = {code: number for number, code in leaving}
            carried = {number: [code for code in slots[number].loads if code in tasks and code not in away] for number in road}
            for spread in self._spread([*by_road, *away], away, slots, carried):
                self.trials += 1
                if self.trials > self.most:
                    raise _Spent
                if self.watch and self.trials % _BEAT == 0:
                    self.watch(self.trials, self.most)
                if any(not spread[number] for number in road if slots[number].old is None):
                    continue  # a trip was added that nobody needs
                made = self._scheduled(slots, road, spread, tasks)
                plan = self._whole(start, fixed, slots, made) if made is not None else None
                if plan:
                    yield plan

    def _spread(
        self, wandering: Sequence[str], away: Mapping[str, int], slots: Sequence[_Slot], carried: Mapping[int, list[str]]
    ) -> Iterator[Mapping[int, list[str]]]:
        """Every way to put these loads on trips that have room for them, never back on the trip they leave."""
        if not wandering:
            if all(self._fits(slots[number].vehicle, codes) for number, codes in carried.items()):
                yield carried
            return
        first, rest = wandering[0], wandering[1:]
        for number, codes in carried.items():
            if number != away.get(first, -1) and self._fits(slots[number].vehicle, [*codes, first]):
                yield from self._spread(rest, away, slots, {**carried, number: [*codes, first]})

    def _fits(self, vehicle: rules.Vehicle, codes: Iterable[str]) -> bool:
        carried = [self.loads[code] for code in codes]
        return sum(x.volume_ml for x in carried) <= vehicle.volume_ml and sum(x.weight_g for x in carried) <= vehicle.weight_g

    def _scheduled(
        self, slots: Sequence[_Slot], road: Sequence[int], carried: Mapping[int, Sequence[str]], tasks: Mapping[str, _Task]
    ) -> list[rules.Trip] | None:
        """The road trips with times, each vehicle's one after the other; None where one does not work."""
        made: list[rules.Trip] = []
        free: dict[tuple[str, int], int] = {}
        for number in road:
            slot, codes = slots[number], carried[number]
            if not codes:
                continue
            if any(code not in tasks for code in codes):
                return None
            key = (slot.vehicle.code, slot.day)
            trip = self._best(slot, tuple(codes), max(slot.ready_min, free.get(key, slot.ready_min)), tasks)
            if trip is None:
                return None
            free[key] = trip.return_min
            made.append(trip)
        return made

    def _whole(
        self, start: rules.Plan, fixed: Sequence[rules.Trip], slots: Sequence[_Slot], made: Sequence[rules.Trip]
    ) -> rules.Plan | None:
        """All trips together with the boats that wait for them; None where something is left behind or a rule is broken."""
        trips = [*fixed, *made]
        for slot in slots:
            if slot.vehicle.boat:
                boat = self._boat(slot, trips)
                if boat is None:
                    return None
                trips.append(boat)
        plan = replace(start, trips=tuple(sorted(trips, key=lambda trip: (trip.vehicle, trip.depart_min))))
        cost = self._cost(plan)
        if cost >= self._bound or self.faults(plan):
            return None
        self._bound = cost
        return plan

    def _cost(self, plan: rules.Plan) -> int:
        """Rupiah of the kilometres and the vehicles, and the minutes to decide among equals."""
        used = {trip.vehicle for trip in plan.trips}
        fixed = sum(vehicle.fixed_cost for code, vehicle in self.vehicles.items() if code in used)
        way = sum(self.vehicles[trip.vehicle].cost_per_km * trip.distance_m // 1000 for trip in plan.trips if trip.vehicle in self.vehicles)
        return (fixed + way) * 100_000 + sum(stop.arrive_min + 10 * DAY for trip in plan.trips for stop in trip.stops)

    # --- what is open ----------------------------------------------------------------------------------------------------------------

    def _hit(self, plan: rules.Plan) -> set[str]:
        """Trips with a fault of their own, or that carry a load with one."""
        hit: set[str] = set()
        for fault in self.faults(plan):
            if "trip" in fault.facts:
                hit.add(str(fault.facts["trip"]))
            elif fault.code != "not_delivered" and "load" in fault.facts:
                hit |= {trip.code for trip in plan.trips if fault.facts["load"] in trip.loads}
            elif "vehicle" in fault.facts:
                hit |= {trip.code for trip in plan.trips if trip.vehicle == fault.facts["vehicle"]}
        return hit

    def _homeless(self, plan: rules.Plan) -> list[str]:
        """Loads that no trip on the road carries, those with most TPS first. Islands' goods that only lack a boat are not among them."""
        carried = {code for trip in plan.trips if not self._is_boat(trip) for code in trip.loads}
        return sorted(self.loads.keys() - carried, key=lambda code: (-len(self.loads[code].tps), code))

    def _is_boat(self, trip: rules.Trip) -> bool:
        vehicle = self.vehicles.get(trip.vehicle)
        return vehicle is not None and vehicle.boat

    def _near(self, plan: rules.Plan, hit: set[str], homeless: Iterable[str]) -> list[rules.Trip]:
        """Trips by their distance to what is broken; a trip of a vehicle that is hit comes first."""
        spots = {stop.place for trip in plan.trips if trip.code in hit for stop in trip.stops} | {
            self.loads[code].place for code in homeless
        }
        vehicles = {trip.vehicle for trip in plan.trips if trip.code in hit}

        def distance(trip: rules.Trip) -> tuple[bool, int, str]:
            ways = [self._straight_m(stop.place, spot) for stop in trip.stops for spot in spots]
            return trip.vehicle not in vehicles, min(ways, default=0), trip.code

        return sorted((trip for trip in plan.trips if trip.vehicle in self.vehicles), key=distance)

    def _straight_m(self, a: str, b: str) -> int:
        one, other = self.given.network.node(a), self.given.network.node(b)
        return round(1000 * places.great_circle_km(one.lat, one.lon, other.lat, other.lon)) if one and other else _LATE

    def _slots(self, start: rules.Plan, opened: set[str], fixed: Sequence[rules.Trip]) -> list[_Slot]:
        made = []
        for trip in sorted((trip for trip in start.trips if trip.code in opened), key=lambda trip: (trip.vehicle, trip.depart_min)):
            vehicle, day = self.vehicles[trip.vehicle], rules.day_of(trip.depart_min)
            ready, until = self._room(vehicle, day, fixed, trip.depart_min)
            made.append(_Slot(trip.code, vehicle, day, trip.loads, trip.depart_min, ready, until, trip))
        return made

    def _room(self, vehicle: rules.Vehicle, day: int, fixed: Iterable[rules.Trip], depart_min: int) -> tuple[int, int]:
        """From when a vehicle can be loaded and until when it must be back, between trips of its own that stay as they are."""
        begins, ends = vehicle.shift(day)
        loading = self.given.rules.handover_min if vehicle.boat else self.given.rules.loading_min
        own = [trip for trip in fixed if trip.vehicle == vehicle.code]
        ready = max([begins, *(trip.return_min for trip in own if trip.depart_min <= depart_min)])
        if self.now_min is not None:
            ready = max(ready, self.now_min)
        return ready, min([ends, *(trip.depart_min - loading for trip in own if trip.depart_min > depart_min)])

    def _idle(self, plan: rules.Plan) -> list[_Slot]:
        """One more trip of every vehicle on the road on each of its days; of equal vehicles that stay at home only the first."""
        made, seen = [], set()
        for vehicle in sorted(self.vehicles.values(), key=lambda one: one.code):
            busy = plan.of_vehicle(vehicle.code)
            alike = replace(vehicle, code="-", name="", note="")
            if vehicle.boat or (not busy and alike in seen):
                continue
            seen |= set() if busy else {alike}
            for day in vehicle.days:
                today = [trip for trip in busy if rules.day_of(trip.depart_min) == day]
                if len(today) < vehicle.max_trips:
                    ready, until = self._room(vehicle, day, busy, vehicle.shift(day)[1])
                    made.append(_Slot(_new_code(plan, vehicle.code), vehicle, day, (), None, ready, until))
        return made

    def _tasks(self, fixed: Iterable[rules.Trip], slots: Sequence[_Slot]) -> dict[str, _Task]:
        """What may travel by road: mainland loads, and islands' loads to the pier from which a boat takes them on."""
        found = {
            code: _Task(load, load.place, load.earliest_min, load.latest_min, handover=False)
            for code, load in self.loads.items()
            if load.kind is not rules.LoadKind.ISLAND
        }
        boats = [(trip, False) for trip in fixed if self._is_boat(trip)]
        boats += [(slot.old, True) for slot in slots if slot.vehicle.boat and slot.old]
        for trip, movable in boats:
            boat = self.vehicles[trip.vehicle]
            for code in trip.loads:
                load = self.loads.get(code)
                if load is not None:
                    leaves = self._last_departure(boat, load) if movable else trip.depart_min
                    begins = -rules.day_of(trip.depart_min) * DAY
                    found[code] = _Task(load, trip.start, begins, leaves - self.given.rules.handover_min, handover=True)
        return found

    def _last_departure(self, boat: rules.Vehicle, load: rules.Load) -> int:
        way = self.given.network.leg(rules.Kind.BOAT, boat.start, load.place)
        ends = max(boat.shift(day)[1] for day in boat.days)
        return min(load.latest_min, ends) - (way.travel_min if way else _LATE)

    # --- one trip --------------------------------------------------------------------------------------------------------------------

    def _best(self, slot: _Slot, codes: tuple[str, ...], ready: int, tasks: Mapping[str, _Task]) -> rules.Trip | None:
        """The trip with these loads: in the order it had if that works, else the shortest that does."""
        key = (slot.code, slot.day, ready, slot.until_min, codes, tuple(tasks[code] for code in codes))
        if key not in self._orders:
            self._orders[key] = self._ordered(slot, codes, ready, tasks)
        return self._orders[key]

    def _ordered(self, slot: _Slot, codes: tuple[str, ...], ready: int, tasks: Mapping[str, _Task]) -> rules.Trip | None:
        if not self._fits(slot.vehicle, codes):
            return None
        had = [code for code in slot.loads if code in codes]
        came = [code for code in codes if code not in had]
        if not came and (trip := self._timed(slot, had, ready, tasks)):
            return trip
        if len(codes) <= _ALL_ORDERS:
            orders: Iterable[Sequence[str]] = permutations(codes)
        else:
            orders = _inserted(had, came)
        trips = (trip for order in orders if (trip := self._timed(slot, order, ready, tasks)))
        return min(trips, key=lambda trip: (trip.distance_m, trip.return_min, trip.loads), default=None)

    def _timed(self, slot: _Slot, order: Sequence[str], ready: int, tasks: Mapping[str, _Task]) -> rules.Trip | None:
        """At the hour it was to leave, else as soon as it can; None where a window, the shift or a way does not allow it."""
        soonest = max([ready, *(load.ready_min for code in order if (load := self.loads[code]).ready_min is not None)])
        soonest += self.given.rules.loading_min
        wanted = slot.depart_min
        for depart in dict.fromkeys((wanted if wanted is not None and wanted >= soonest else soonest, soonest)):
            trip = self._driven(slot, [tasks[code] for code in order], depart)
            if trip:
                return trip
        return None

    def _driven(self, slot: _Slot, order: Sequence[_Task], depart: int) -> rules.Trip | None:
        vehicle, network = slot.vehicle, self.given.network
        stops: list[rules.Stop] = []
        here, clock, metres = vehicle.start, depart, 0
        for task in order:
            way = network.leg(vehicle.kind, here, task.place)
            if way is None:
                return None
            last = stops[-1] if stops else None
            if last and last.place == task.place and last.handover == task.handover and last.arrive_min >= task.earliest_min:
                done = last.depart_min + task.load.service_min
                stops[-1] = replace(last, loads=(*last.loads, task.load.code), depart_min=done)
            else:
                arrive = max(clock + way.travel_min, task.earliest_min)
                stops.append(rules.Stop(task.place, (task.load.code,), arrive, arrive + task.load.service_min, task.handover))
            if stops[-1].arrive_min > task.latest_min:
                return None
            here, clock, metres = task.place, stops[-1].depart_min, metres + way.distance_m
        home = network.leg(vehicle.kind, here, vehicle.start)
        if home is None or clock + home.travel_min > slot.until_min:
            return None
        made = rules.Trip(slot.code, vehicle.code, vehicle.start, depart, tuple(stops), clock + home.travel_min, metres + home.distance_m)
        return _as_before(slot.old, made)

    def _boat(self, slot: _Slot, trips: Iterable[rules.Trip]) -> rules.Trip | None:
        """The crossing again, once its goods are at the pier; not before it was to leave."""
        if slot.old is None or not slot.old.stops:
            return None
        old, boat = slot.old, slot.vehicle
        there = {code: stop.arrive_min for trip in trips for stop in trip.stops if stop.handover for code in stop.loads}
        if any(code not in there for code in old.loads):
            return None
        depart = max([old.depart_min, slot.ready_min, *(there[code] + self.given.rules.handover_min for code in old.loads)])
        island = old.stops[0].place
        way = self.given.network.leg(rules.Kind.BOAT, boat.start, island)
        if way is None:
            return None
        arrive = depart + way.travel_min
        done = max(arrive + sum(self.loads[code].service_min for code in old.loads), old.stops[0].depart_min)
        if done + way.travel_min > boat.shift(slot.day)[1]:  # home by daylight, if need be the next day
            done = max(done, boat.shift(slot.day - 1)[0])
        stop = replace(old.stops[0], arrive_min=arrive, depart_min=done)
        made = replace(old, depart_min=depart, stops=(stop,), return_min=done + way.travel_min, distance_m=2 * way.distance_m)
        return _as_before(old, made)

    # --- when not everything can be brought ------------------------------------------------------------------------------------------

    def partial(self, start: rules.Plan, frozen: set[str]) -> rules.Plan:
        """As much as can be brought by mending, load by load, those with most TPS first; the rest with its reason."""
        self.most = self.trials + self.most
        start = self._taken_over(start)
        hit = self._hit(start) - frozen
        if len(hit) > _MOST_HIT or len(self._homeless(start)) > _MOST_HOMELESS:
            return self._what_stands(start, frozen)
        left: list[rules.Unassigned] = []
        plan = start
        for _ in range(len(self.loads) + 1):
            waiting = [code for code in self._homeless(plan) if code not in {item.load for item in left}]
            hit = self._hit(plan) - frozen
            if not waiting and not hit:
                break
            wanted = waiting[:1] if waiting else []
            found = self._some(plan, hit, wanted, frozen, left)
            if found is not None:
                plan = found
                continue
            gone = wanted[0] if wanted else self._least(plan, hit)
            left.append(self._reason(gone))
            plan = self._drop(plan, gone, frozen)
        return replace(plan, unassigned=tuple(sorted(left, key=lambda item: item.load)))

    def _what_stands(self, plan: rules.Plan, frozen: set[str]) -> rules.Plan:
        """The trips that the disruption leaves whole, and nothing else."""
        while hit := self._hit(plan) - frozen:
            plan = replace(plan, trips=tuple(trip for trip in plan.trips if trip.code not in hit))
        return replace(plan, unassigned=tuple(self._reason(code) for code in sorted(self.loads.keys() - plan.arrivals().keys())))

    def _some(
        self, plan: rules.Plan, hit: set[str], wanted: Sequence[str], frozen: set[str], left: Sequence[rules.Unassigned]
    ) -> rules.Plan | None:
        """One load more, or the trips that are hit in order again, with what was left before left."""
        waiting = self._homeless(plan)
        aside = [rules.Unassigned(code, "waiting", {}) for code in waiting if code not in wanted and code not in {i.load for i in left}]
        trial = replace(plan, unassigned=(*left, *aside))
        others = [trip.code for trip in self._near(trial, hit, wanted) if trip.code not in hit | frozen][:_NEAREST]
        try:
            for more in (0, 1):
                found = self._with(trial, hit, wanted, others, self._idle(trial), more)
                if found:
                    return replace(found, unassigned=())
        except _Spent:
            return None
        return None

    def _least(self, plan: rules.Plan, hit: set[str]) -> str:
        """The load of the trips that are hit for which the fewest TPS wait."""
        codes = [code for trip in plan.trips if trip.code in hit for code in trip.loads if code in self.loads]
        return min(codes, key=lambda code: (len(self.loads[code].tps), code))

    def _drop(self, plan: rules.Plan, load: str, frozen: set[str]) -> rules.Plan:
        """Without this load, on the road and at sea, as far as nothing has left with it."""
        trips = []
        for trip in plan.trips:
            if trip.code in frozen:
                trips.append(trip)
                continue
            stops = [replace(stop, loads=tuple(code for code in stop.loads if code != load)) for stop in trip.stops]
            kept = tuple(stop for stop in stops if stop.loads)
            if kept:
                trips.append(replace(trip, stops=kept, distance_m=self._metres(trip, kept)) if kept != trip.stops else trip)
        return replace(plan, trips=tuple(trips))

    def _metres(self, trip: rules.Trip, stops: Sequence[rules.Stop]) -> int:
        vehicle = self.vehicles.get(trip.vehicle)
        if vehicle is None:
            return trip.distance_m
        way = [trip.start, *(stop.place for stop in stops), trip.start]
        legs = [self.given.network.leg(vehicle.kind, a, b) for a, b in pairwise(way)]
        return sum(leg.distance_m for leg in legs if leg)

    def _reason(self, code: str) -> rules.Unassigned:
        """No planner has said why: not with the vehicles and hours that are left after what has left already."""
        load = self.loads[code]
        island = load.kind is rules.LoadKind.ISLAND
        vehicles = len([vehicle for vehicle in self.given.fleet if vehicle.boat == island])
        said: dict[str, str | int] = {"place": load.name, "vehicles": vehicles, "missing": 1, "loads": len(self.loads)}
        remedy: dict[str, str | int] = {"code": "any_vehicle"}
        if island:
            legs = self.given.network.piers(load.place)
            remedy = {"code": "add_boat", "pier": legs[0].pier if legs else load.place}
        return rules.Unassigned(code, "no_boat" if island else "not_enough", said, (remedy,))


def _choices(old: rules.Plan, new: rules.Plan) -> tuple[rules.IslandChoice, ...]:
    """Plans A, B, C of islands whose crossings all stay as they were; the others have to be reckoned again."""
    other = set(old.trips) ^ set(new.trips)
    islands = {stop.place for trip in other for stop in trip.stops if not stop.handover}
    return tuple(choice for choice in old.choices if choice.island not in islands)


def _new_code(plan: rules.Plan, vehicle: str) -> str:
    """T03-2 where there is a T03-1; codes of other trips stay."""
    taken, number = {trip.code for trip in plan.trips}, 1
    while f"{vehicle}-{number}" in taken:
        number += 1
    return f"{vehicle}-{number}"


def _inserted(had: Sequence[str], came: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The old order with what came at every place, then with two neighbours or a stretch turned round."""
    orders = [tuple(had)]
    for code in came:
        orders = [(*order[:at], code, *order[at:]) for order in orders for at in range(len(order) + 1)]
    for order in orders:
        yield order
        for first, last in combinations(range(len(order) + 1), 2):
            yield (*order[:first], *reversed(order[first:last]), *order[last:])


def _as_before(old: rules.Trip | None, made: rules.Trip) -> rules.Trip:
    """With what the old trip says beyond its way (an escort); the very same trip where nothing has changed."""
    return (
        replace(old, depart_min=made.depart_min, stops=made.stops, return_min=made.return_min, distance_m=made.distance_m) if old else made
    )
