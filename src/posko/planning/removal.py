"""Slack induction by string removals (Christiaens and Vanden Berghe 2020, doi:10.1287/trsc.2019.0914), compiled: takes strings of
neighbouring stops out of some trips and puts each stop back where it costs least, a hundred thousand times a second.

Made for what an election asks of vehicles: few stops on a trip, several trips in a shift, several capacities, windows, goods that are
ready late, another road matrix per kind of vehicle, places that only some vehicles reach. A plan is kept feasible at every step; stops
that fit nowhere stay outside at a price and are tried again in the next step. `planning.search` lets PyVRP's local search go on from here.

Whole numbers only, and random numbers of its own: a seed gives the same plan on every machine. Distances, times and loads are those of
`pyvrp.ProblemData`; a stop is an index of its clients. Importing this module needs numba.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import pyvrp

# What the paper found good, and this many neighbours of the stop at which a removal begins.
_STRING, _REMOVED, _BLINK, _NEAR = 10, 10.0, 0.01, 100
_WHOLE = 0.03
# More trips in one shift than this, and a plan is left to PyVRP alone: places are kept for all of them.
_MOST_TRIPS = 12
# A constant is a type of its own to numba, and a function that is called with one would be compiled once more.
_int: Any = np.int64
# Of places for stops in a plan: 60 bytes each, for three plans are kept.
_MOST_CELLS = 8_000_000


_Function = TypeVar("_Function", bound=Callable[..., Any])


def _kernel(function: _Function) -> _Function:
    """Compiled and kept. Without numba's counting of references (nothing is allocated in here): tuples of arrays are passed a hundred
    thousand times a second, and counting costs five times what the work does."""
    compiler: Any = numba.njit
    made: _Function = compiler(cache=True, error_model="numpy", _nrt=False)(function)
    return made


class Ground(NamedTuple):
    """What does not change: few arrays, for every one of them makes compiling slower. n stops, v vehicles, d kinds of load, l locations.

    way, time [profiles, l, l]; near [n, k]: neighbours of a stop, the nearest first; stop [n, 6 + d] and vehicle [v, 9 + d]: columns below.
    """

    way: Any
    time: Any
    near: Any
    stop: Any
    vehicle: Any


# Of a stop: location, window, minutes, when its goods are ready, price of leaving it out, its loads.
AT, EARLY, LATE, SERVICE, RELEASE, MISS, LOAD = range(7)
# Of a vehicle: its matrices, location of its depot, minutes of loading there, shift, trips at most, costs, from ROOM on what it holds.
# Vehicles with the same ALIKE are told apart by nothing.
PROFILE, DEPOT, LOADING, OPENS, CLOSES, TRIPS, FIXED, PER_WAY, ALIKE, ROOM = range(10)


class State(NamedTuple):
    """A plan. t trips in the slots of vehicles (vehicle x most trips + number), m stops at most on one.

    stops [t, m]; begun [t, m + 1]: when a stop begins at the soonest, and the return; latest [t, m + 1]: when it must begin; trips
    [t, 2 + d]: columns below; count [v]: trips of a vehicle; trip [n]: where a stop is, -1 outside; cost [1]: of ways,
    vehicles and stops outside.
    """

    stops: Any
    begun: Any
    latest: Any
    trips: Any
    count: Any
    trip: Any
    cost: Any


# Of a trip: stops, when the last of its goods is ready, from CARRIED what it carries of each kind of load.
SIZE, RELEASED, CARRIED = range(3)


class Scratch(NamedTuple):
    """Room for one step: the stops outside and their order, the vehicles and trips that a step has touched, random bits."""

    outside: Any
    key: Any
    touched: Any
    stamp: Any
    seen: Any
    bits: Any


# --- random numbers --------------------------------------------------------------------------------------------------------------------


@_kernel
def _chance(bits: Any) -> Any:
    """Uniform in [0, 1): xorshift64* (Vigna 2016)."""
    x = bits[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    bits[0] = x
    return float((x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(11)) / 9007199254740992.0


# --- times -----------------------------------------------------------------------------------------------------------------------------


@_kernel
def _retime(g: Any, s: Any, v: int) -> bool:
    """Earliest and latest beginnings on all trips of a vehicle; whether it keeps all hours."""
    kept = True
    most = s.trips.shape[0] // s.count.shape[0]
    time, depot = g.time[g.vehicle[v, PROFILE]], g.vehicle[v, DEPOT]
    clock = g.vehicle[v, OPENS]
    for r in range(v * most, v * most + s.count[v]):
        clock = max(clock, s.trips[r, RELEASED]) + g.vehicle[v, LOADING]
        here = depot
        for i in range(s.trips[r, SIZE]):
            c = s.stops[r, i]
            clock = max(clock + time[here, g.stop[c, AT]], g.stop[c, EARLY])
            s.begun[r, i] = clock
            kept = kept and clock <= g.stop[c, LATE]
            clock += g.stop[c, SERVICE]
            here = g.stop[c, AT]
        clock += time[here, depot]
        s.begun[r, s.trips[r, SIZE]] = clock
    kept = kept and clock <= g.vehicle[v, CLOSES]
    clock = g.vehicle[v, CLOSES]
    for r in range(v * most + s.count[v] - 1, v * most - 1, -1):
        s.latest[r, s.trips[r, SIZE]] = clock
        there = depot
        for i in range(s.trips[r, SIZE] - 1, -1, -1):
            c = s.stops[r, i]
            clock = min(clock - time[g.stop[c, AT], there] - g.stop[c, SERVICE], g.stop[c, LATE])
            s.latest[r, i] = clock
            there = g.stop[c, AT]
        clock -= time[depot, there] + g.vehicle[v, LOADING]
    return bool(kept)


@_kernel
def _keeps_hours(g: Any, s: Any, v: int, r: int, at: int, c: int) -> bool:
    """Whether a vehicle keeps all hours with stop c at this place of its trip r: the long way, for goods that hold the trip up."""
    most = s.trips.shape[0] // s.count.shape[0]
    time, depot = g.time[g.vehicle[v, PROFILE]], g.vehicle[v, DEPOT]
    clock = g.vehicle[v, OPENS] if r == v * most else s.begun[r - 1, s.trips[r - 1, SIZE]]
    clock = max(clock, s.trips[r, RELEASED], g.stop[c, RELEASE]) + g.vehicle[v, LOADING]
    here = depot
    for i in range(s.trips[r, SIZE] + 1):
        if i == at:
            clock = max(clock + time[here, g.stop[c, AT]], g.stop[c, EARLY])
            if clock > g.stop[c, LATE]:
                return False
            clock += g.stop[c, SERVICE]
            here = g.stop[c, AT]
        if i < s.trips[r, SIZE]:
            d = s.stops[r, i]
            clock = max(clock + time[here, g.stop[d, AT]], g.stop[d, EARLY])
            if clock > s.latest[r, i]:
                return False
            clock += g.stop[d, SERVICE]
            here = g.stop[d, AT]
    return bool(clock + time[here, depot] <= s.latest[r, s.trips[r, SIZE]])


# --- taking out ------------------------------------------------------------------------------------------------------------------------


@_kernel
def _cut(g: Any, s: Any, w: Any, r: int, first: int, length: int, kept: int, out: int) -> int:
    """Takes a string out of a trip, but for `kept` stops in its middle. out: how many stops are outside; returns how many are now."""
    v = r // (s.trips.shape[0] // s.count.shape[0])
    way, depot = g.way[g.vehicle[v, PROFILE]], g.vehicle[v, DEPOT]
    before, here = 0, depot
    for i in range(s.trips[r, SIZE]):
        there = g.stop[s.stops[r, i], AT]
        before += way[here, there]
        here = there
    before += way[here, depot]
    hole = first + (length - kept) // 2
    left = 0
    for i in range(s.trips[r, SIZE]):
        c = s.stops[r, i]
        if first <= i < first + length and not hole <= i < hole + kept:
            w.outside[out] = c
            out += 1
            s.trip[c] = -1
            s.cost[0] += g.stop[c, MISS]
            for k in range(g.stop.shape[1] - LOAD):
                s.trips[r, CARRIED + k] -= g.stop[c, LOAD + k]
        else:
            s.stops[r, left] = c
            left += 1
    s.trips[r, SIZE] = left
    after, here, released = 0, depot, 0
    for i in range(left):
        c = s.stops[r, i]
        after += way[here, g.stop[c, AT]]
        here = g.stop[c, AT]
        released = max(released, g.stop[c, RELEASE])
    after += way[here, depot]
    s.trips[r, RELEASED] = released
    s.cost[0] += (after - before) * g.vehicle[v, PER_WAY]
    return out


@_kernel
def _close_up(g: Any, s: Any, v: int) -> None:
    """Trips without stops go; a vehicle without trips stays at home."""
    most = s.trips.shape[0] // s.count.shape[0]
    had, left = s.count[v], 0
    for number in range(had):
        r, to = v * most + number, v * most + left
        if s.trips[r, SIZE] == 0:
            continue
        if to != r:
            _move_trip(s, r, to)
            s.trips[r, SIZE] = 0
        left += 1
    for number in range(left, had):
        s.trips[v * most + number, SIZE] = 0
    s.count[v] = left
    if had and not left:
        s.cost[0] -= g.vehicle[v, FIXED]


@_kernel
def _move_trip(s: Any, r: int, to: int) -> None:
    for i in range(s.trips[r, SIZE]):
        s.stops[to, i] = s.stops[r, i]
        s.trip[s.stops[r, i]] = to
    s.trips[to, SIZE], s.trips[to, RELEASED] = s.trips[r, SIZE], s.trips[r, RELEASED]
    for k in range(s.trips.shape[1] - CARRIED):
        s.trips[to, CARRIED + k] = s.trips[r, CARRIED + k]


@_kernel
def _ruin(g: Any, s: Any, w: Any, step: int) -> int:
    """Strings out of trips around a stop that is drawn; returns how many stops are outside, those from before included."""
    n, most = s.trip.shape[0], s.trips.shape[0] // s.count.shape[0]
    out, trips = _int(0), 0
    for v in range(s.count.shape[0]):
        w.touched[v] = False
        trips += s.count[v]
    for c in range(n):
        if s.trip[c] < 0:
            w.outside[out] = c
            out += 1
    if _chance(w.bits) < _WHOLE:
        return _whole(g, s, w, out)
    longest = min(float(_STRING), n / max(1, trips))
    strings = int(1.0 + _chance(w.bits) * (4.0 * _REMOVED / (1.0 + longest) - 1.0))
    centre = int(_chance(w.bits) * n)
    for j in range(g.near.shape[1]):
        c = g.near[centre, j]
        r = s.trip[c]
        if r < 0 or w.stamp[r] == step:
            continue
        w.stamp[r] = step
        w.touched[r // most] = True
        out = _string(g, s, w, r, c, longest, out)
        strings -= 1
        if strings == 0:
            break
    for v in range(s.count.shape[0]):
        if w.touched[v]:
            _close_up(g, s, v)
            if not _retime(g, s, v):  # where a way round is shorter than the way itself, who comes along may come too late without a stop
                out = _emptied(g, s, w, v, out)
    return int(out)


@_kernel
def _whole(g: Any, s: Any, w: Any, out: int) -> int:
    """All trips of one to three neighbouring vehicles: only then can another vehicle do their work. Returns how many stops are outside."""
    most = s.trips.shape[0] // s.count.shape[0]
    vehicles = int(1.0 + 3.0 * _chance(w.bits))
    centre = int(_chance(w.bits) * s.trip.shape[0])
    for j in range(g.near.shape[1]):
        r = s.trip[g.near[centre, j]]
        if r < 0:
            continue
        v = r // most
        w.touched[v] = True
        out = _emptied(g, s, w, v, out)
        vehicles -= 1
        if vehicles == 0:
            break
    return out


@_kernel
def _emptied(g: Any, s: Any, w: Any, v: int, out: int) -> int:
    """All trips of a vehicle; returns how many stops are outside."""
    most = s.trips.shape[0] // s.count.shape[0]
    for own in range(v * most, v * most + s.count[v]):
        out = _cut(g, s, w, own, _int(0), s.trips[own, SIZE], _int(0), out)
    _close_up(g, s, v)
    return out


@_kernel
def _string(g: Any, s: Any, w: Any, r: int, c: int, longest: float, out: int) -> int:
    """A string with stop c out of trip r; half of them leave some stops in their middle."""
    size = s.trips[r, SIZE]
    length = int(1.0 + _chance(w.bits) * min(float(size), longest))
    kept = 0
    if length < size and _chance(w.bits) < 0.5:
        kept = 1
        while length + kept < size and _chance(w.bits) > 0.01:
            kept += 1
    whole = length + kept
    place = 0
    while s.stops[r, place] != c:
        place += 1
    low, high = max(0, place - whole + 1), min(place, size - whole)
    first = low + int(_chance(w.bits) * (high - low + 1))
    return _cut(g, s, w, r, first, whole, kept, out)


# --- putting back ----------------------------------------------------------------------------------------------------------------------


@_kernel
def _sort(g: Any, w: Any, out: int) -> None:
    """The order in which stops are put back: drawn among by chance, by load, by distance from the depot, by how late they may be."""
    kind = int(_chance(w.bits) * 12.0)
    for x in range(out):
        c = w.outside[x]
        away = g.way[0, g.vehicle[0, DEPOT], g.stop[c, AT]]
        if kind < 4:
            key = _chance(w.bits)
        elif kind < 8:
            key = -float(g.stop[c, LOAD + kind % (g.stop.shape[1] - LOAD)]) if (g.stop.shape[1] - LOAD) else _chance(w.bits)
        elif kind < 10:
            key = -float(away)
        elif kind < 11:
            key = float(away)
        else:
            key = float(g.stop[c, LATE])
        y = x
        while y > 0 and w.key[y - 1] > key:
            w.key[y] = w.key[y - 1]
            w.outside[y] = w.outside[y - 1]
            y -= 1
        w.key[y] = key
        w.outside[y] = c


@_kernel
def _roomy(g: Any, s: Any, v: int, r: int, c: int) -> bool:
    for k in range(g.stop.shape[1] - LOAD):
        if s.trips[r, CARRIED + k] + g.stop[c, LOAD + k] > g.vehicle[v, ROOM + k]:
            return False
    return bool(s.trips[r, SIZE] < s.stops.shape[1])


@_kernel
def _in_trip(g: Any, s: Any, w: Any, v: int, r: int, c: int, limit: int) -> tuple[int, int]:
    """The cheapest place in trip r, and what it costs if less than the limit."""
    most = s.trips.shape[0] // s.count.shape[0]
    p, depot, size, here = g.vehicle[v, PROFILE], g.vehicle[v, DEPOT], s.trips[r, SIZE], g.stop[c, AT]
    begins = g.vehicle[v, OPENS] if r == v * most else s.begun[r - 1, s.trips[r - 1, SIZE]]
    clock = max(begins, s.trips[r, RELEASED]) + g.vehicle[v, LOADING]
    held_up = g.stop[c, RELEASE] > max(begins, s.trips[r, RELEASED])
    a, found = depot, -1
    for i in range(size + 1):
        b = g.stop[s.stops[r, i], AT] if i < size else depot
        extra = (g.way[p, a, here] + g.way[p, here, b] - g.way[p, a, b]) * g.vehicle[v, PER_WAY]
        if extra < limit:
            begin = max(clock + g.time[p, a, here], g.stop[c, EARLY])
            fits = begin <= g.stop[c, LATE] and begin + g.stop[c, SERVICE] + g.time[p, here, b] <= s.latest[r, i]
            if fits and (not held_up or _keeps_hours(g, s, v, r, i, c)) and _chance(w.bits) >= _BLINK:
                limit, found = extra, i
        if i < size:
            a, clock = b, s.begun[r, i] + g.stop[s.stops[r, i], SERVICE]
    return limit, found


@_kernel
def _new_trip(g: Any, s: Any, w: Any, v: int, c: int) -> int:
    """Before which of a vehicle's trips a trip to c alone may go; -1: nowhere."""
    most = s.trips.shape[0] // s.count.shape[0]
    if s.count[v] >= g.vehicle[v, TRIPS]:
        return -1
    for k in range(g.stop.shape[1] - LOAD):
        if g.stop[c, LOAD + k] > g.vehicle[v, ROOM + k]:
            return -1
    p, depot = g.vehicle[v, PROFILE], g.vehicle[v, DEPOT]
    for number in range(s.count[v] + 1):
        r = v * most + number
        begins = g.vehicle[v, OPENS] if number == 0 else s.begun[r - 1, s.trips[r - 1, SIZE]]
        begin = max(max(begins, g.stop[c, RELEASE]) + g.vehicle[v, LOADING] + g.time[p, depot, g.stop[c, AT]], g.stop[c, EARLY])
        back = begin + g.stop[c, SERVICE] + g.time[p, g.stop[c, AT], depot]
        until = g.vehicle[v, CLOSES]
        if number < s.count[v]:
            until = s.latest[r, 0] - g.time[p, depot, g.stop[s.stops[r, 0], AT]] - g.vehicle[v, LOADING]
        if begin <= g.stop[c, LATE] and back <= until and _chance(w.bits) >= _BLINK:
            return number
    return -1


@_kernel
def _seat(g: Any, s: Any, w: Any, c: int, asked: int) -> tuple[int, int, int]:
    """Where stop c costs least: cost, trip, place (-1: a new trip before that one); trip -1 where it fits nowhere for less than its price.
    Of vehicles at home one of a kind is tried, or, when a kind is asked for, that kind only."""
    most = s.trips.shape[0] // s.count.shape[0]
    least, trip, place = g.stop[c, MISS], -1, -1
    for k in range(w.seen.shape[0]):
        w.seen[k] = asked >= 0 and k != asked
    for v in range(s.count.shape[0]):
        home = s.count[v] == 0
        if home and w.seen[g.vehicle[v, ALIKE]]:
            continue
        for r in range(v * most, v * most + s.count[v]):
            if _roomy(g, s, v, r, c):
                cost, i = _in_trip(g, s, w, v, r, c, least)
                if i >= 0:
                    least, trip, place = cost, r, i
        p = g.vehicle[v, PROFILE]
        cost = (g.way[p, g.vehicle[v, DEPOT], g.stop[c, AT]] + g.way[p, g.stop[c, AT], g.vehicle[v, DEPOT]]) * g.vehicle[v, PER_WAY]
        if home:
            w.seen[g.vehicle[v, ALIKE]] = True
            cost += g.vehicle[v, FIXED]
        if cost < least:
            number = _new_trip(g, s, w, v, c)
            if number >= 0:
                least, trip, place = cost, v * most + number, -1
    return least, trip, place


@_kernel
def _recreate(g: Any, s: Any, w: Any, out: int) -> None:
    """Every stop outside to where it costs least; who fits nowhere, or costs more than its price, stays outside. In half of the steps one
    kind of vehicle is drawn and leaves home before others: what is cheapest for one stop may be dear for many."""
    most = s.trips.shape[0] // s.count.shape[0]
    kinds = w.seen.shape[0]
    asked = int(2.0 * kinds * _chance(w.bits))
    if asked >= kinds or kinds == 1:
        asked = -1
    for x in range(out):
        c = w.outside[x]
        least, trip, place = _seat(g, s, w, c, asked)
        if trip < 0 and asked >= 0:
            least, trip, place = _seat(g, s, w, c, _int(-1))
        if trip >= 0:
            _put(g, s, c, trip, place)
            s.cost[0] += least - g.stop[c, MISS]
            w.touched[trip // most] = True
            _retime(g, s, trip // most)


@_kernel
def _put(g: Any, s: Any, c: int, r: int, place: int) -> None:
    """A stop into a trip; place -1: as a new trip before the one that is there."""
    v = r // (s.trips.shape[0] // s.count.shape[0])
    if place < 0:
        first = v * (s.trips.shape[0] // s.count.shape[0])
        for other in range(first + s.count[v] - 1, r - 1, -1):
            _move_trip(s, other, other + 1)
        s.count[v] += 1
        s.trips[r, SIZE], s.trips[r, RELEASED], place = 0, 0, 0
        for k in range(s.trips.shape[1] - CARRIED):
            s.trips[r, CARRIED + k] = 0
    for i in range(s.trips[r, SIZE] - 1, place - 1, -1):
        s.stops[r, i + 1] = s.stops[r, i]
    s.stops[r, place] = c
    s.trips[r, SIZE] += 1
    s.trip[c] = r
    s.trips[r, RELEASED] = max(s.trips[r, RELEASED], g.stop[c, RELEASE])
    for k in range(g.stop.shape[1] - LOAD):
        s.trips[r, CARRIED + k] += g.stop[c, LOAD + k]


# --- steps -----------------------------------------------------------------------------------------------------------------------------


@_kernel
def _copy(a: Any, b: Any, v: int) -> None:
    """What plan a says of vehicle v, into plan b."""
    most = a.trips.shape[0] // a.count.shape[0]
    b.count[v] = a.count[v]
    for r in range(v * most, v * most + a.count[v]):
        b.trips[r, SIZE], b.trips[r, RELEASED] = a.trips[r, SIZE], a.trips[r, RELEASED]
        for k in range(a.trips.shape[1] - CARRIED):
            b.trips[r, CARRIED + k] = a.trips[r, CARRIED + k]
        for i in range(a.trips[r, SIZE]):
            b.stops[r, i] = a.stops[r, i]
            b.trip[a.stops[r, i]] = r
        for i in range(a.trips[r, SIZE] + 1):
            b.begun[r, i], b.latest[r, i] = a.begun[r, i], a.latest[r, i]


@_kernel
def _copy_touched(a: Any, b: Any, w: Any, out: int) -> None:
    """Plan a into plan b, which differ in what this step has touched. Who was outside may now be inside, or the other way round."""
    for x in range(out):
        b.trip[w.outside[x]] = -1
    for v in range(a.count.shape[0]):
        if w.touched[v]:
            _copy(a, b, v)
    b.cost[0] = a.cost[0]


@_kernel
def _steps(g: Any, now: Any, kept: Any, best: Any, w: Any, first: int, steps: int, hot: float, cold: float) -> None:
    """So many steps, cooling from hot to cold. now and kept are the same plan before and after; best is the cheapest so far."""
    for number in range(steps):
        out = _ruin(g, now, w, first + number)
        _sort(g, w, out)
        _recreate(g, now, w, out)
        heat = hot * (cold / hot) ** (number / steps)
        if now.cost[0] < kept.cost[0] - heat * np.log(1.0 - _chance(w.bits)):
            _copy_touched(now, kept, w, out)
            if now.cost[0] < best.cost[0]:
                for c in range(now.trip.shape[0]):
                    best.trip[c] = now.trip[c]
                for v in range(now.count.shape[0]):
                    _copy(now, best, v)
                best.cost[0] = now.cost[0]
        else:
            _copy_touched(kept, now, w, out)


# --- from and to PyVRP -----------------------------------------------------------------------------------------------------------------


def expresses(data: pyvrp.ProblemData) -> bool:
    """Whether nothing in the problem goes beyond what a `Ground` says."""
    kinds, clients = data.vehicle_types(), data.clients()
    plain = pyvrp.VehicleType()
    return bool(
        clients
        and not data.num_groups
        and not data.num_shipments
        and not any(any(client.pickup) for client in clients)
        and all(
            kind.start_depot == kind.end_depot
            and set(kind.reload_depots) <= {kind.start_depot}
            and _trips(kind) <= _MOST_TRIPS
            and not any(kind.initial_load)
            and not kind.unit_duration_cost
            and not kind.max_overtime
            and kind.start_late >= kind.tw_late
            and kind.shift_duration >= min(plain.shift_duration, kind.tw_late - kind.tw_early)
            and kind.max_distance == plain.max_distance
            for kind in kinds
        )
        and _cells(data) <= _MOST_CELLS
        and _countable(data)
    )


def _countable(data: pyvrp.ProblemData) -> bool:
    """Whether no sum of costs or minutes can leave 64 bits, and no way runs backwards."""
    clients, kinds, n = data.clients(), data.vehicle_types(), int(data.num_clients)
    ways, times = data.distance_matrices(), data.duration_matrices()
    far = max(int(way.max()) for way in ways) * max(kind.unit_distance_cost for kind in kinds)
    dearest = max(kind.fixed_cost for kind in kinds) + 2 * far
    prices = n * (3 * dearest + 1) + sum(int(client.prize) for client in clients)
    begins = [*(client.tw_early for client in clients), *(client.release_time for client in clients), *(kind.tw_early for kind in kinds)]
    begins += [depot.tw_early for depot in data.depots()]
    work = sum(client.service_duration for client in clients) + n * max(depot.service_duration for depot in data.depots())
    latest = max(begins) + work + 2 * (n + 1) * max(int(time.max()) for time in times)
    lowest = min(*(int(way.min()) for way in ways), *(int(time.min()) for time in times))
    return bool(lowest >= 0 and max(prices + n * dearest, latest) < 2**62)


def _trips(kind: pyvrp.VehicleType) -> int:
    return int(kind.max_trips) if kind.reload_depots else 1


def _longest(data: pyvrp.ProblemData) -> int:
    """Stops on one trip at most, by the smallest loads and the largest vehicle."""
    n = int(data.num_clients)
    for k in range(int(data.num_load_dimensions)):
        loads = np.cumsum(np.sort([client.delivery[k] for client in data.clients()]))
        n = min(n, int(np.searchsorted(loads, max(kind.capacity[k] for kind in data.vehicle_types()), side="right")))
    return max(1, n)


def _fleet(data: pyvrp.ProblemData) -> list[int]:
    """The type of every vehicle; no more of a type than there are stops."""
    return [k for k, kind in enumerate(data.vehicle_types()) for _ in range(min(kind.num_available, data.num_clients))]


def _cells(data: pyvrp.ProblemData) -> int:
    return len(_fleet(data)) * max(_trips(kind) for kind in data.vehicle_types()) * (_longest(data) + 1)


def ground(data: pyvrp.ProblemData) -> Ground:
    """The problem in arrays. Only where `expresses` says yes."""
    whole = np.int64
    clients, kinds, fleet = data.clients(), data.vehicle_types(), _fleet(data)
    depots = [data.depot(kind.start_depot) for kind in kinds]
    at = np.array([client.location for client in clients], whole)
    way, time = np.stack(data.distance_matrices()).astype(whole), np.stack(data.duration_matrices()).astype(whole)
    costs = np.stack(
        [
            (way[kind.profile][depot.location, at] + way[kind.profile][at, depot.location]) * kind.unit_distance_cost
            for kind, depot in zip(kinds, depots, strict=True)
        ]
    )
    dearest = max(kind.fixed_cost for kind in kinds)
    # What must come is never left out for its cost, not even at the end of a way that the cheapest vehicle cannot go.
    miss = np.where([client.required for client in clients], 3 * (dearest + costs.max(axis=0)) + 1, [client.prize for client in clients])
    apart = np.minimum.reduce([way[kind.profile][np.ix_(at, at)] for kind in kinds])
    near = np.argsort(apart, axis=1, kind="stable")[:, : min(_NEAR, len(clients))]
    tellings = [
        (kind.profile, depot.location, *kind.capacity, kind.fixed_cost, kind.unit_distance_cost, kind.tw_early, kind.tw_late, _trips(kind))
        for kind, depot in zip(kinds, depots, strict=True)
    ]
    alike = [sorted(set(tellings)).index(telling) for telling in tellings]

    stops = [
        (client.location, client.tw_early, client.tw_late, client.service_duration, client.release_time, price, *client.delivery)
        for client, price in zip(clients, miss, strict=True)
    ]
    vehicles = [
        (
            kind.profile, depot.location, depot.service_duration, max(kind.tw_early, depot.tw_early), min(kind.tw_late, depot.tw_late),
            _trips(kind), kind.fixed_cost, kind.unit_distance_cost, number, *kind.capacity,
        )
        for kind, depot, number in zip(kinds, depots, alike, strict=True)
    ]  # fmt: skip
    return Ground(way, time, np.ascontiguousarray(near, np.int32), np.array(stops, whole), np.array([vehicles[k] for k in fleet], whole))


def empty(known: Ground, longest: int) -> State:
    """Nobody goes anywhere."""
    n, vehicles = len(known.stop), len(known.vehicle)
    slots = vehicles * int(known.vehicle[:, TRIPS].max())
    return State(
        np.zeros((slots, longest), np.int32),
        np.zeros((slots, longest + 1), np.int64),
        np.zeros((slots, longest + 1), np.int64),
        np.zeros((slots, CARRIED + known.stop.shape[1] - LOAD), np.int64),
        np.zeros(vehicles, np.int64),
        np.full(n, -1, np.int64),
        np.array([known.stop[:, MISS].sum()], np.int64),
    )


class Removal:
    """A search that can be stopped and gone on with. Costs are PyVRP's; a stop that must come and is outside costs more than any way."""

    def __init__(self, data: pyvrp.ProblemData, seed: int, start: pyvrp.Solution | None = None) -> None:
        self.data = data
        self.ground = ground(data)
        self.fleet = _fleet(data)
        self.done = 0
        self._now, self._kept, self._best = (empty(self.ground, _longest(data)) for _ in range(3))
        n, vehicles = data.num_clients, len(self.fleet)
        bits = np.random.SeedSequence(seed).generate_state(1, np.uint64) | np.uint64(1)
        self._scratch = Scratch(
            np.arange(n, dtype=np.int64),
            np.zeros(n),
            np.zeros(vehicles, np.bool_),
            np.full(len(self._now.trips), -1, np.int64),
            np.zeros(int(self.ground.vehicle[:, ALIKE].max()) + 1, np.bool_),
            bits,
        )
        if start is not None:
            self._load(start)
        outside = np.flatnonzero(self._now.trip < 0)
        self._scratch.outside[: len(outside)] = outside
        _sort(self.ground, self._scratch, len(outside))
        _recreate(self.ground, self._now, self._scratch, len(outside))
        for plan in (self._kept, self._best):
            for mine, first in zip(plan, self._now, strict=True):
                mine[...] = first

    def _load(self, plan: pyvrp.Solution) -> None:
        """The feasible routes of a plan; stops of others are outside."""
        free: dict[int, list[int]] = {}
        for v, kind in enumerate(self.fleet):
            free.setdefault(kind, []).insert(0, v)
        now, g, most = self._now, self.ground, len(self._now.trips) // len(self.fleet)
        for route in plan.routes():
            if not route.is_feasible() or not route.num_clients():
                continue
            v = free[route.vehicle_type()].pop()
            for activity in route.schedule():
                if activity.is_client():
                    r = v * most + activity.trip
                    now.stops[r, now.trips[r, SIZE]] = activity.idx
                    now.trips[r, SIZE] += 1
                    now.trip[activity.idx] = r
                    now.trips[r, CARRIED:] += g.stop[activity.idx, LOAD:]
                    now.trips[r, RELEASED] = max(now.trips[r, RELEASED], g.stop[activity.idx, RELEASE])
                    now.count[v] = max(now.count[v], activity.trip + 1)
            now.cost[0] += int(route.distance_cost()) + g.vehicle[v, FIXED]
            _close_up(g, now, v)
            _retime(g, now, v)
        now.cost[0] -= g.stop[now.trip >= 0, MISS].sum()

    @property
    def cost(self) -> int:
        """Of the best plan so far."""
        return int(self._best.cost[0])

    def run(self, steps: int, hot: float, cold: float) -> None:
        """So many steps, cooling from hot to cold (costs)."""
        _steps(self.ground, self._now, self._kept, self._best, self._scratch, self.done, steps, hot, cold)
        self.done += steps

    def best(self) -> pyvrp.Solution:
        """The cheapest plan so far; incomplete where stops fitted nowhere."""
        most = len(self._best.trips) // len(self.fleet)
        routes = []
        for v, kind in enumerate(self.fleet):
            depot = self.data.vehicle_type(kind).start_depot
            activities: list[pyvrp.Activity] = []
            for number in range(int(self._best.count[v])):
                r = v * most + number
                if activities:
                    activities.append(pyvrp.Activity(pyvrp.ActivityType.DEPOT, depot))
                activities += [pyvrp.Activity(pyvrp.ActivityType.CLIENT, int(c)) for c in self._best.stops[r, : self._best.trips[r, SIZE]]]
            if activities:
                routes.append(pyvrp.Route(self.data, activities, kind))
        return pyvrp.Solution(self.data, routes)
