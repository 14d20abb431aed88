"""The case of a forecast as arrays, and scenarios played out with numpy over blocks of them.

The arrays are what the fused kernel of planning.scenarios reads; the numpy way below follows the same rule (domain.forecast.play) and gives
the same minutes where numba is missing. It takes its chance from outside, so an independent source can play the same case for comparison.
"""

import functools
import math
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posko.domain import forecast as rules
from posko.domain import travel

Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]

# Probabilities are whole: parts of 2^30, or of 2^20 where many are added.
ONE, FINE = rules.ONE, 1 << 20
# Less than this is missing from certainty in the tail of a last way that is cut off the tables: below one part per million.
_TAIL = 4.9


class Program(NamedTuple):
    """A case as arrays. head: now, deadline, minutes of the tables, table of the normal, nodes (supplies, jobs), cause of a last way."""

    head: Ints
    main: NDArray[np.int32]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    sup_key: Bits
    sup_off: Ints
    sup_ppm: Ints
    sup_min: Ints
    work_key: Bits
    work_shape: Ints
    work_open: Ints
    work_len: Ints
    work_cause: Ints
    work_group: Ints
    group_dep_off: Ints
    group_dep: Ints
    group_job: Ints
    job_node: Ints
    job_sec: Ints
    load_dep_off: Ints
    load_dep: Ints
    load_arrived: Ints
    load_part_off: Ints
    load_parts: Ints
    load_ends: Ints
    load_unplanned: Ints
    load_last: Ints
    load_counts: Ints
    trip_planned: Ints
    trip_start: Ints
    trip_loading: Ints
    trip_leave: Ints
    trip_after: Ints
    trip_cause: Ints
    trip_sail: Ints
    trip_leg: Ints
    trip_load: Ints
    trip_loads: Ints
    break_limit: Ints
    break_key: Bits
    repair_key: Bits
    repair_usual: Ints
    repair_shape: Ints
    sail_moment: Ints
    sail_option: Ints
    sail_from: Ints
    sail_until: Ints
    sail_edge: Ints
    sail_extra: Ints
    moment_key: Bits
    moment_kept: Ints
    moment_fresh: Ints
    leg_key: Bits
    leg_usual: Ints
    leg_shape: Ints
    leg_halt: Ints
    leg_open: Ints
    open_from: Ints
    open_until: Ints
    leg_drop: Ints
    drops: Ints
    leg_event: Ints
    leg_events: Ints
    event_key: Bits
    event_limit: Ints
    event_delay: Ints
    event_cause: Ints
    cell_load: Ints
    cell_desa: Ints
    desa_kec: Ints
    ready: Ints
    all: Ints
    missing: Ints


@dataclass(frozen=True)
class Compiled:
    """A case ready to be played: arrays, the links that causes are counted under, the places (desa, kecamatan, region) and tables per TPS.

    within[tps, minute]: P(the last way takes at most so long), 2^-20. holds[tps]: P(nothing fails at the TPS itself), 2^-30.
    percents: the shape of each table of times.
    """

    case: rules.Case
    program: Program
    links: tuple[rules.Link, ...]
    places: tuple[str, ...]
    stations: tuple[rules.Station, ...]
    station_load: Ints
    within: Ints
    holds: tuple[int, ...]
    percents: tuple[int, ...] = ()


def packed(p: Program) -> tuple[Ints, Ints, NDArray[np.int32]]:
    """All arrays of a case in one piece of memory, where each begins (in the order of the fields), and the tables of times.

    One piece because a compiled function that takes sixty arrays spends its time on passing them.
    """
    held: dict[str, Any] = p._asdict()
    whole = {name: np.ascontiguousarray(part).ravel().view(np.int64) for name, part in held.items() if part.dtype != np.int32}
    parts = list(whole.values())
    begins = dict(zip(whole, np.cumsum([0, *(len(part) for part in parts)]), strict=False))
    ends = sum(len(part) for part in parts)
    places, following = [], ends
    for name in reversed((*p._fields,)):
        following = begins.get(name, following)
        places.append(following)
    tables = np.stack([p.main, p.low, p.high], axis=1).ravel()
    return np.concatenate(parts), np.array([*reversed(places), ends], dtype=np.int64), tables


def _array(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)


def _keys(names: Iterable[str]) -> Bits:
    return np.array([rules.key_of(name) for name in names], dtype=np.uint64)


def _offsets(parts: Iterable[Sized]) -> Ints:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)


class _Shapes:
    """The distinct shapes of times; equal proportions share a table."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def number(self, spread: travel.Spread) -> int:
        """Which table; -1 for a time that is certain."""
        percent = rules.shape(spread)
        return -1 if percent == 100 else self.of(percent)

    def of(self, percent: int) -> int:
        """The table of a shape, or of the normal itself."""
        if percent not in self.numbers:
            self.numbers[percent] = len(self.numbers)
        return self.numbers[percent]

    def arrays(self) -> list[NDArray[np.int32]]:
        """Main, low and high tables [shapes, bins + 1]."""
        tables = [_table(percent) for percent in self.numbers] or [np.zeros((3, rules.BINS + 1), np.int32)]
        return list(np.stack(tables, axis=1))


TRIP_LINKS = ("road", "breakdown", "sea", "gate")


@functools.lru_cache(maxsize=256)
def _table(percent: int) -> NDArray[np.int32]:
    return np.array(rules.factors(percent), dtype=np.int32)


@functools.lru_cache(maxsize=256)
def _curve(last: travel.Spread, slots: int) -> Ints:
    """P(last way <= minutes) [slots + 1], 2^-20; the last is certain."""
    return _array([*(round(last.within(minute) * FINE) for minute in range(slots)), FINE])


def compiled(case: rules.Case) -> Compiled:
    """The case as arrays."""
    shapes = _Shapes()
    links = _links(case)
    number = {(link.code, link.subject): index for index, link in enumerate(links)}
    stations = tuple(sorted(case.stations, key=lambda s: (s.kecamatan, s.desa, s.load, s.tps)))
    slots = _slots(case)
    within = _within(stations, slots)
    holds = tuple(_holds(station) for station in stations)
    parts: dict[str, Any] = {
        **_goods(case, shapes, number),
        **_ways(case, shapes, number),
        **_ends(case, stations, within, holds, slots),
    }
    nodes = len(case.supplies) + sum(len(work.jobs) for work in case.works)
    parts["head"] = _array([case.now_min, case.deadline_min, slots, shapes.of(rules.NORMAL), nodes, number["last_way", ""]])
    parts["load_unplanned"] = _array(number["unplanned", load.code] for load in case.loads)
    parts["main"], parts["low"], parts["high"] = shapes.arrays()
    desa = list(dict.fromkeys(station.desa for station in stations))
    kecamatan = list(dict.fromkeys(station.kecamatan for station in stations))
    positions = {load.code: index for index, load in enumerate(case.loads)}
    return Compiled(
        case,
        Program(**parts),
        links,
        (*desa, *kecamatan, ""),
        stations,
        _array(positions[station.load] for station in stations),
        within,
        holds,
        tuple(shapes.numbers),
    )


def _links(case: rules.Case) -> tuple[rules.Link, ...]:
    """Everything that can make a load late; those of a trip in a row."""
    trips = [rules.Link(code, trip.code) for trip in case.trips for code in TRIP_LINKS]
    return (
        rules.PLAN,
        *(rules.Link("supply", supply.code) for supply in case.supplies),
        *(rules.Link("work", work.code) for work in case.works),
        *trips,
        *(rules.Link("hazard", event.code) for event in case.events),
        *(rules.Link("unplanned", load.code) for load in case.loads),
        rules.Link("last_way"),
    )


def _slots(case: rules.Case) -> int:
    """From so many minutes before the deadline on, everything counts as certain: the tails of all last ways, and the end of H-1."""
    tails = [math.ceil(s.last.usual_min * math.exp(s.last.sigma * _TAIL)) for s in case.stations]
    return max([case.deadline_min + 1, 1, *tails])


def _within(stations: tuple[rules.Station, ...], slots: int) -> Ints:
    """P(last way <= minutes) [tps, slots + 1], 2^-20; the last column is certain."""
    return np.array([_curve(station.last, slots) for station in stations], dtype=np.int64).reshape(len(stations), slots + 1)


def _holds(station: rules.Station) -> int:
    """P(nothing fails at the TPS itself), 2^-30. Whoever saw it ready has seen that, but goods come all the same."""
    return ONE if station.checked else rules.holding(station.faults)


def _goods(case: rules.Case, shapes: _Shapes, number: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Supplies, works and what loads wait for."""
    nodes = {supply.code: index for index, supply in enumerate(case.supplies)}
    groups: list[tuple[tuple[str, ...], list[rules.Job]]] = []
    group_of_work = [0]
    for work in case.works:
        piles: dict[tuple[str, ...], list[rules.Job]] = {}
        for job in work.jobs:
            piles.setdefault(job.after, []).append(job)
        groups += piles.items()
        group_of_work.append(len(groups))
        for job in work.jobs:
            nodes[job.code] = len(nodes)
    jobs = [job for _, pile in groups for job in pile]
    return {
        "sup_key": _keys(f"supply:{supply.lot or supply.code}" for supply in case.supplies),
        "sup_off": _offsets(supply.points for supply in case.supplies),
        "sup_ppm": _array(ppm for supply in case.supplies for ppm, _ in supply.points),
        "sup_min": _array(minute for supply in case.supplies for _, minute in supply.points),
        "work_key": _keys(f"pace:{work.code}" for work in case.works),
        "work_shape": _array(shapes.number(work.pace) for work in case.works),
        "work_open": _array(work.opens.from_min for work in case.works),
        "work_len": _array(work.day_min for work in case.works),
        "work_cause": _array(number["work", work.code] for work in case.works),
        "work_group": _array(group_of_work),
        "group_dep_off": _offsets(after for after, _ in groups),
        "group_dep": _array(nodes[code] for after, _ in groups for code in after),
        "group_job": _offsets(pile for _, pile in groups),
        "job_node": _array(nodes[job.code] for job in jobs),
        "job_sec": _array(job.work_sec for job in jobs),
        "load_dep_off": _offsets(load.needs for load in case.loads),
        "load_dep": _array(nodes[code] for load in case.loads for code in load.needs),
        **_parts(case),
        "load_arrived": _array(rules.NEVER if load.known_min is None else load.known_min for load in case.loads),
    }


def _parts(case: rules.Case) -> dict[str, Any]:
    """Of which loads others are made up."""
    loads = {load.code: index for index, load in enumerate(case.loads)}
    return {
        "load_part_off": _offsets(load.parts for load in case.loads),
        "load_parts": _array(loads[code] for load in case.loads for code in load.parts),
    }


def _ways(case: rules.Case, shapes: _Shapes, number: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Trips with their ways, the sea, events."""
    loads = {load.code: index for index, load in enumerate(case.loads)}
    trips = {trip.code: index for index, trip in enumerate(case.trips)}
    events = {event.code: index for index, event in enumerate(case.events)}
    legs = [leg for trip in case.trips for leg in trip.legs]
    touching = [sorted(events[code] for code in set(leg.events)) for leg in legs]
    sailings = [sailing for trip in case.trips for sailing in trip.sailings]
    moments, lasting = rules.moments(case), rules.lasting(case)
    return {
        "trip_planned": _array(trip.planned_min for trip in case.trips),
        "trip_start": _array(trip.start_min(case.now_min) for trip in case.trips),
        "trip_loading": _array(trip.loading_min for trip in case.trips),
        "trip_leave": _array(trip.leave_by_min for trip in case.trips),
        "trip_after": _array(trips.get(trip.after, -1) for trip in case.trips),
        "trip_cause": _array(number["road", trip.code] for trip in case.trips),
        "trip_sail": _offsets(trip.sailings for trip in case.trips),
        "trip_leg": _offsets(trip.legs for trip in case.trips),
        "trip_load": _offsets(trip.loads for trip in case.trips),
        "trip_loads": _array(loads[code] for trip in case.trips for code in trip.loads),
        "break_limit": _array(rules.threshold(trip.breakdown_ppm) for trip in case.trips),
        "break_key": _keys(f"breakdown:{trip.code}" for trip in case.trips),
        "repair_key": _keys(f"repair:{trip.code}" for trip in case.trips),
        "repair_usual": _array(trip.repair.usual_min for trip in case.trips),
        "repair_shape": _array(shapes.number(trip.repair) for trip in case.trips),
        "sail_moment": _array(moments.index(sailing.moment) for sailing in sailings),
        "sail_option": _array(sailing.option for sailing in sailings),
        "sail_from": _array(sailing.from_min for sailing in sailings),
        "sail_until": _array(sailing.until_min for sailing in sailings),
        "sail_edge": _array(rules.edge_of(sailing.calm_ppm) for sailing in sailings),
        "sail_extra": _array(sailing.extra_min for sailing in sailings),
        "moment_key": _keys(f"sea:{minute}" for minute in moments),
        "moment_kept": _array(kept for kept, _ in lasting),
        "moment_fresh": _array(fresh for _, fresh in lasting),
        "leg_key": _keys(f"leg:{leg.key or f'{leg.start}>{leg.end}'}" for leg in legs),
        "leg_usual": _array(leg.spread.usual_min for leg in legs),
        "leg_shape": _array(shapes.number(leg.spread) for leg in legs),
        "leg_halt": _array(leg.halt_min for leg in legs),
        "leg_open": _offsets(leg.opens for leg in legs),
        "open_from": _array(opens for leg in legs for opens, _ in leg.opens),
        "open_until": _array(closes for leg in legs for _, closes in leg.opens),
        "leg_drop": _offsets(leg.drops for leg in legs),
        "drops": _array(loads[code] for leg in legs for code in leg.drops),
        "leg_event": _offsets(touching),
        "leg_events": _array(event for touched in touching for event in touched),
        "event_key": _keys(f"event:{event.code}" for event in case.events),
        "event_limit": _array(rules.threshold(event.ppm) for event in case.events),
        "event_delay": _array(event.delay_min for event in case.events),
        "event_cause": _array(number["hazard", event.code] for event in case.events),
        "load_ends": _array(int(ends) for ends in rules.brought(case).values()),
    }


def _ends(case: rules.Case, stations: tuple[rules.Station, ...], within: Ints, holds: tuple[int, ...], slots: int) -> dict[str, Any]:
    """Tables per cell (the TPS of one desa whose goods come with one load): what is ready, and whether all are, by minutes left."""
    loads = {load.code: index for index, load in enumerate(case.loads)}
    desa = list(dict.fromkeys(station.desa for station in stations))
    kecamatan = list(dict.fromkeys(station.kecamatan for station in stations))
    cells: dict[tuple[str, str], list[int]] = {}
    for index, station in enumerate(stations):
        cells.setdefault((station.desa, station.load), []).append(index)
    ready, every = np.zeros((2, len(cells), slots + 1), np.int64)
    missing, last = np.zeros((len(loads), slots + 1), np.int64), np.zeros(len(loads), np.int64)
    counts = np.zeros(len(loads), np.int64)
    for number, ((_, load), members) in enumerate(cells.items()):
        every[number] = ONE
        for index in members:
            one = within[index] * holds[index] >> 20
            ready[number] += one >> 10
            every[number] = every[number] * one >> 30
            missing[loads[load], :slots] += FINE - within[index, :slots]
            missing[loads[load], slots] += FINE
            last[loads[load]] = max(last[loads[load]], stations[index].last.usual_min)
        counts[loads[load]] += len(members)
    kec_of = {station.desa: kecamatan.index(station.kecamatan) for station in stations}
    return {
        "cell_load": _array(loads[load] for _, load in cells),
        "cell_desa": _array(desa.index(code) for code, _ in cells),
        "desa_kec": _array(len(desa) + kec_of[code] for code in desa),
        "ready": ready,
        "all": every,
        "missing": missing,
        "load_last": last,
        "load_counts": counts,
    }


# --- the same in plain numpy ---------------------------------------------------------------------------------------------


class Hashed:
    """Chance of a block of scenarios from the seed: 64 bits per named thing, whole minutes from the tables."""

    def __init__(self, program: Program, seed: int, first: int, count: int) -> None:
        numbers = np.arange(first + 1, first + count + 1, dtype=np.uint64)
        self.p = program
        self.base = _mixed(np.uint64(rules.started(seed)) + numbers * np.uint64(rules.GOLDEN))

    def share(self, key: np.uint64) -> Ints:
        """32 uniform bits."""
        return (_mixed(self.base ^ key) >> np.uint64(32)).astype(np.int64)

    def stretched(self, key: np.uint64, shape: int, usual: int) -> Ints:
        """A usual time, stretched by chance, to the nearest whole."""
        bits = _mixed(self.base ^ key)
        place = (bits >> np.uint64(52)).astype(np.int64)
        within = ((bits >> np.uint64(40)) & np.uint64(4095)).astype(np.int64)
        fine = ((bits >> np.uint64(32)) & np.uint64(FINE - 1)).astype(np.int64)
        finer = ((bits >> np.uint64(20)) & np.uint64(FINE - 1)).astype(np.int64)
        main, low, high = (table[shape].astype(np.int64) for table in (self.p.main, self.p.low, self.p.high))
        a = np.where(place == 0, low[within], np.where(place == 4095, high[within], main[place]))
        b = np.where(place == 0, low[within + 1], np.where(place == 4095, high[within + 1], main[place + 1]))
        tail = (place == 0) | (place == 4095)
        found: Ints = (usual * (a + ((b - a) * np.where(tail, finer, fine) >> 20)) + 32768) >> 16
        return found


def _mixed(x: Bits) -> Bits:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def walked(p: Program, chance: Any, count: int) -> tuple[Ints, Ints]:
    """Minute and link of every load [loads, scenarios] in a block of scenarios, whatever draws the chance."""
    time, cause = _supplied(p, chance, count)
    _worked(p, chance, count, time, cause)
    loads = len(p.load_arrived)
    times, links = np.zeros((2, loads, count), np.int64)
    for index in range(loads):
        if p.load_arrived[index] < rules.NEVER:
            times[index] = p.load_arrived[index]
        else:
            deps = p.load_dep[p.load_dep_off[index] : p.load_dep_off[index + 1]]
            times[index], links[index] = _latest(p, deps, time, cause, count)
    sea = _seas(p, chance, count)
    hit = [chance.share(key) < limit for key, limit in zip(p.event_key, p.event_limit, strict=True)]
    back: list[tuple[Ints, Ints]] = []
    for trip in range(len(p.trip_planned)):
        back.append(_moved(p, chance, trip, times, links, back, sea, hit))
    for left in np.flatnonzero(p.load_ends == 0):
        links[left] = np.where(times[left] >= rules.NEVER, links[left], p.load_unplanned[left])
        times[left] = rules.NEVER
    for load in np.flatnonzero(np.diff(p.load_part_off)):
        parts = p.load_parts[p.load_part_off[load] : p.load_part_off[load + 1]]
        last = times[parts].argmax(axis=0)
        times[load], links[load] = (np.take_along_axis(of[parts], last[None], axis=0)[0] for of in (times, links))
    return times, links


def _latest(p: Program, nodes: Ints, time: Ints, cause: Ints, count: int) -> tuple[Ints, Ints]:
    minute, link = np.full(count, p.head[0]), np.zeros(count, np.int64)
    for node in nodes:
        later = time[node] > minute
        minute, link = np.where(later, time[node], minute), np.where(later, cause[node], link)
    return minute, link


def _supplied(p: Program, chance: Any, count: int) -> tuple[Ints, Ints]:
    time, cause = np.zeros((2, int(p.head[4]), count), np.int64)
    drawn = {int(key): chance.share(key) for key in dict.fromkeys(p.sup_key)}  # lines of one lot share their luck
    for i, key in enumerate(p.sup_key):
        share = drawn[int(key)] * rules.MILLION >> 32
        ppm, minute = (part[p.sup_off[i] : p.sup_off[i + 1]] for part in (p.sup_ppm, p.sup_min))
        spot = np.searchsorted(ppm, share, side="right")
        found = np.full(count, rules.NEVER)
        for k in range(len(ppm)):
            here = spot == k
            if k == 0 or ppm[k] == ppm[k - 1]:
                found[here] = minute[k]
            else:
                found[here] = minute[k - 1] + (minute[k] - minute[k - 1]) * (share[here] - ppm[k - 1]) // (ppm[k] - ppm[k - 1])
        time[i], cause[i] = np.maximum(p.head[0], found), 1 + i
    return time, cause


def _worked(p: Program, chance: Any, count: int, time: Ints, cause: Ints) -> None:
    now = int(p.head[0])
    for w, key in enumerate(p.work_key):
        opens, length, shape = int(p.work_open[w]), int(p.work_len[w]), int(p.work_shape[w])
        pace = chance.stretched(key, shape, 65536) if shape >= 0 else np.full(count, 65536)
        groups = range(int(p.work_group[w]), int(p.work_group[w + 1]))
        ready = [_latest(p, p.group_dep[p.group_dep_off[g] : p.group_dep_off[g + 1]], time, cause, count) for g in groups]
        if not ready:
            continue
        starts, links = np.array([r[0] for r in ready]), np.array([r[1] for r in ready])
        order = np.argsort(starts, axis=0, kind="stable")
        here = np.full(count, now // 1440 * length + min(max(now % 1440 - opens, 0), length))
        busy = np.full(count, p.work_cause[w])
        for rank in range(len(ready)):
            for offset, g in enumerate(groups):
                mine = np.flatnonzero(order[rank] == offset)
                if mine.size:
                    _piled(p, g, mine, (starts[offset, mine], links[offset, mine]), (opens, length, pace[mine]), here, busy, time, cause)


def _piled(
    p: Program, g: int, mine: Ints, start: tuple[Ints, Ints], desk: tuple[int, int, Ints], here: Ints, busy: Ints, time: Ints, cause: Ints
) -> None:
    """One pile of jobs, in the scenarios in which it is its turn."""
    opens, length, pace = desk
    begun = start[0] // 1440 * length + np.clip(start[0] % 1440 - opens, 0, length)
    never = start[0] >= rules.NEVER
    fresh = (begun > here[mine]) & ~never
    here[mine], busy[mine] = np.where(fresh, begun, here[mine]), np.where(fresh, start[1], busy[mine])
    total = 0
    for j in range(int(p.group_job[g]), int(p.group_job[g + 1])):
        total += int(p.job_sec[j])
        done = here[mine] - (-total * pace // (60 * 65536)) - 1
        minute = np.maximum(start[0], done // length * 1440 + opens + done % length + 1)
        time[p.job_node[j], mine] = np.where(never, start[0], minute)
        cause[p.job_node[j], mine] = np.where(never, start[1], busy[mine])
    here[mine] = np.where(never, here[mine], here[mine] - (-total * pace // (60 * 65536)))


def _seas(p: Program, chance: Any, count: int) -> list[Ints]:
    found: list[Ints] = []
    error = np.zeros(count, np.int64)
    for key, kept, fresh in zip(p.moment_key, p.moment_kept, p.moment_fresh, strict=True):
        error = (kept * error + fresh * chance.stretched(key, int(p.head[3]), 65536)) >> 16
        found.append(error)
    return found


def _worse(state: list[Ints], minutes: Any, link: Any, late: Any, when: Any = True) -> None:
    """Later by minutes; the link that missed its plan by more counts from here. state: clock, link, size."""
    clock, cause, size = state
    worse = when & (late > size)
    state[:] = [clock + np.where(when, minutes, 0), np.where(worse, link, cause), np.where(worse, late, size)]


def _moved(
    p: Program, chance: Any, trip: int, times: Ints, links: Ints, back: list[tuple[Ints, Ints]], sea: list[Ints], hit: list[Any]
) -> tuple[Ints, Ints]:
    """One trip in a block of scenarios; answers when the vehicle is back and why then."""
    count, planned, loading = times.shape[1], int(p.trip_planned[trip]), int(p.trip_loading[trip])
    clock, link, size = np.full(count, int(p.trip_start[trip])), np.zeros(count, np.int64), np.zeros(count, np.int64)
    codes = p.trip_loads[p.trip_load[trip] : p.trip_load[trip + 1]]
    for code in codes:
        times[code] = np.where(times[code] > p.trip_leave[trip], rules.NEVER, times[code])
    aboard = times[codes] < rules.NEVER
    after = int(p.trip_after[trip])
    waits = [(back[after][0], back[after][1], np.ones(count, np.bool_))] if after >= 0 else []
    waits += [(times[code], links[code], on) for code, on in zip(codes, aboard, strict=True)]
    for minute, why, on in waits:
        later = on & (minute + loading > clock)
        clock = np.where(later, minute + loading, clock)
        link, size = np.where(later, why, link), np.where(later, clock - planned, size)
    if p.trip_sail[trip] < p.trip_sail[trip + 1]:
        sails = _sailed(p, trip, clock, sea)
        worse = (clock < rules.NEVER) & (sails - clock > size)
        link, size = np.where(worse, p.trip_cause[trip] + 2, link), np.where(worse, sails - clock, size)
        clock = np.where(clock < rules.NEVER, sails, clock)
    goes = clock < rules.NEVER
    for code, on in zip(codes, aboard, strict=True):
        lost = on & ~goes
        times[code], links[code] = np.where(lost, rules.NEVER, times[code]), np.where(lost, link, links[code])
    state = [clock, link, size]
    _driven(p, chance, trip, state, {int(code): on & goes for code, on in zip(codes, aboard, strict=True)}, times, links, hit)
    return np.where(goes, state[0], rules.NEVER), np.where(goes, state[1], link)


def _sailed(p: Program, trip: int, clock: Ints, sea: list[Ints]) -> Ints:
    sails, failed = np.full(clock.shape, rules.NEVER), np.full(clock.shape, -1)
    for k in range(int(p.trip_sail[trip]), int(p.trip_sail[trip + 1])):
        leaves = np.maximum(clock, p.sail_from[k])
        tries = (sails >= rules.NEVER) & (failed != p.sail_option[k]) & (leaves <= p.sail_until[k])
        calm = sea[p.sail_moment[k]] <= p.sail_edge[k]
        sails = np.where(tries & calm, leaves + p.sail_extra[k], sails)
        failed = np.where(tries & ~calm, p.sail_option[k], failed)
    return sails


def _waits(p: Program, leg: int, clock: Ints) -> Ints:
    """Until the end of a way opens."""
    opens, closes = (part[p.leg_open[leg] : p.leg_open[leg + 1]] for part in (p.open_from, p.open_until))
    spot = np.searchsorted(closes, clock, side="left")
    found: Ints = np.where(spot < len(opens), np.maximum(0, opens[np.minimum(spot, len(opens) - 1)] - clock), 0)
    return found


def _driven(
    p: Program, chance: Any, trip: int, state: list[Ints], aboard: dict[int, Any], times: Ints, links: Ints, hit: list[Any]
) -> None:
    """The ways of a trip one after the other; state: clock, link, size."""
    start, end, cause = int(p.trip_leg[trip]), int(p.trip_leg[trip + 1]), int(p.trip_cause[trip])
    count, limit = times.shape[1], int(p.break_limit[trip])
    bits = chance.share(p.break_key[trip])
    broken = np.where(bits < limit, start + bits * (end - start) // max(limit, 1), -1)
    repair = np.full(count, int(p.repair_usual[trip]))
    if limit and p.repair_shape[trip] >= 0:
        repair = chance.stretched(p.repair_key[trip], int(p.repair_shape[trip]), int(p.repair_usual[trip]))
    excess, closed = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    for leg in range(start, end):
        usual, shape = int(p.leg_usual[leg]), int(p.leg_shape[leg])
        taken = chance.stretched(p.leg_key[leg], shape, usual) if shape >= 0 else np.full(count, usual)
        excess = excess + taken - usual
        _worse(state, taken, cause, excess)
        if limit:
            _worse(state, repair, cause + 1, repair, broken == leg)
        for event in p.leg_events[p.leg_event[leg] : p.leg_event[leg + 1]]:
            delay = int(p.event_delay[event])
            shut = delay >= rules.NEVER
            closed = closed | (hit[event] & shut)
            _worse(state, 0 if shut else delay, int(p.event_cause[event]), delay, hit[event])
        if p.leg_open[leg] < p.leg_open[leg + 1]:
            wait = _waits(p, leg, state[0])
            _worse(state, wait, cause + 3, wait)
        state[0] = state[0] + int(p.leg_halt[leg])
        for code in p.drops[p.leg_drop[leg] : p.leg_drop[leg + 1]]:
            on = aboard[int(code)]
            times[code] = np.where(on, np.where(closed, rules.NEVER, state[0]), times[code])
            links[code] = np.where(on, state[1], links[code])
