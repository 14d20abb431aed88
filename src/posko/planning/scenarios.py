"""The fused kernel of the forecast: plays out blocks of scenarios in the fastest cache and keeps sums, compiled by numba.

It follows `domain.forecast.play` to the minute (a test compares them on the same draws). Only whole numbers are used, so a seed gives the
same sums on every machine. A block is so small that its clocks stay in the first cache, and every step is a plain loop over it. No scenario
x station matrix exists: a load that is there in good time costs one comparison, and of the others only a histogram of the minutes left is
kept (planning.forecast turns it into probabilities in closed form).
Importing this module needs numba; planning.forecast does the same with plain numpy where it is missing.
"""

from typing import Any

import numba
import numpy as np

from posko.planning import program

NEVER = 1 << 30
BLOCK = 64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S20, _S27, _S30, _S31, _S32, _S40, _S52 = (np.uint64(n) for n in (20, 27, 30, 31, 32, 40, 52))
_FINE, _PLACE, _MILLION = np.uint64((1 << 20) - 1), np.uint64(4095), np.uint64(1_000_000)
_TABLES = 3 * 4097

# Where each field of a program begins: numbers of the places in `off`, constants to the compiler.
_at = program.Program._fields.index
_ALL = _at("all")
_BREAK_KEY = _at("break_key")
_BREAK_LIMIT = _at("break_limit")
_CELL_DESA = _at("cell_desa")
_CELL_LOAD = _at("cell_load")
_DESA_KEC = _at("desa_kec")
_DROPS = _at("drops")
_EVENT_CAUSE = _at("event_cause")
_EVENT_DELAY = _at("event_delay")
_EVENT_KEY = _at("event_key")
_EVENT_LIMIT = _at("event_limit")
_GROUP_DEP = _at("group_dep")
_GROUP_DEP_OFF = _at("group_dep_off")
_GROUP_JOB = _at("group_job")
_HEAD = _at("head")
_JOB_NODE = _at("job_node")
_JOB_SEC = _at("job_sec")
_LEG_DROP = _at("leg_drop")
_LEG_EVENT = _at("leg_event")
_LEG_EVENTS = _at("leg_events")
_LEG_HALT = _at("leg_halt")
_LEG_KEY = _at("leg_key")
_LEG_SHAPE = _at("leg_shape")
_LEG_USUAL = _at("leg_usual")
_LOAD_ARRIVED = _at("load_arrived")
_LOAD_COUNTS = _at("load_counts")
_LOAD_DEP = _at("load_dep")
_LOAD_DEP_OFF = _at("load_dep_off")
_LOAD_ENDS = _at("load_ends")
_LOAD_LAST = _at("load_last")
_LOAD_PART_OFF = _at("load_part_off")
_LOAD_PARTS = _at("load_parts")
_LOAD_UNPLANNED = _at("load_unplanned")
_LEG_OPEN = _at("leg_open")
_MISSING = _at("missing")
_MOMENT_FRESH = _at("moment_fresh")
_MOMENT_KEPT = _at("moment_kept")
_MOMENT_KEY = _at("moment_key")
_OPEN_FROM = _at("open_from")
_OPEN_UNTIL = _at("open_until")
_READY = _at("ready")
_REPAIR_KEY = _at("repair_key")
_REPAIR_SHAPE = _at("repair_shape")
_REPAIR_USUAL = _at("repair_usual")
_SAIL_EDGE = _at("sail_edge")
_SAIL_EXTRA = _at("sail_extra")
_SAIL_FROM = _at("sail_from")
_SAIL_MOMENT = _at("sail_moment")
_SAIL_OPTION = _at("sail_option")
_SAIL_UNTIL = _at("sail_until")
_SUP_KEY = _at("sup_key")
_SUP_MIN = _at("sup_min")
_SUP_OFF = _at("sup_off")
_SUP_PPM = _at("sup_ppm")
_TRIP_AFTER = _at("trip_after")
_TRIP_CAUSE = _at("trip_cause")
_TRIP_LEAVE = _at("trip_leave")
_TRIP_LEG = _at("trip_leg")
_TRIP_LOAD = _at("trip_load")
_TRIP_LOADING = _at("trip_loading")
_TRIP_LOADS = _at("trip_loads")
_TRIP_PLANNED = _at("trip_planned")
_TRIP_SAIL = _at("trip_sail")
_TRIP_START = _at("trip_start")
_WORK_CAUSE = _at("work_cause")
_WORK_GROUP = _at("work_group")
_WORK_KEY = _at("work_key")
_WORK_LEN = _at("work_len")
_WORK_OPEN = _at("work_open")
_WORK_SHAPE = _at("work_shape")


@numba.njit(cache=True, forceinline=True)
def _mixed(x: Any) -> Any:
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@numba.njit(cache=True, forceinline=True)
def _share(base: Any, key: Any) -> Any:
    """32 uniform bits."""
    return np.int64(_mixed(base ^ key) >> _S32)


@numba.njit(cache=True, forceinline=True)
def _stretched(tab: Any, shape: Any, usual: Any, bits: Any) -> Any:
    place = np.int64(bits >> _S52)
    if 0 < place < 4095:
        at, fine = shape * _TABLES + place, np.int64((bits >> _S32) & _FINE)
    else:
        at, fine = shape * _TABLES + np.int64((bits >> _S40) & _PLACE), np.int64((bits >> _S20) & _FINE)
        at += 2 * 4097 if place else 4097
    a, b = np.int64(tab[at]), np.int64(tab[at + 1])
    return (usual * (a + ((b - a) * fine >> 20)) + 32768) >> 16


@numba.njit(cache=True)
def _supplies(mem: Any, off: Any, base: Any, count: Any, time: Any, cause: Any) -> None:
    """When each awaited line is complete. time, cause [nodes, block]."""
    now, ppm, minutes = mem[off[_HEAD]], off[_SUP_PPM], off[_SUP_MIN]
    for i in range(off[_SUP_KEY + 1] - off[_SUP_KEY]):
        key = np.uint64(mem[off[_SUP_KEY] + i])
        first, last = mem[off[_SUP_OFF] + i], mem[off[_SUP_OFF] + i + 1]
        for b in range(count):
            share = np.int64((_mixed(base[b] ^ key) >> _S32) * _MILLION >> _S32)
            minute = NEVER
            for k in range(first, last):
                if share < mem[ppm + k]:
                    minute = mem[minutes + k]
                    if k > first and mem[ppm + k] > mem[ppm + k - 1]:
                        wide, part = mem[ppm + k] - mem[ppm + k - 1], share - mem[ppm + k - 1]
                        minute = mem[minutes + k - 1] + (minute - mem[minutes + k - 1]) * part // wide
                    break
            time[i, b], cause[i, b] = max(now, minute), 1 + i


@numba.njit(cache=True)
def _works(mem: Any, off: Any, tab: Any, base: Any, count: Any, time: Any, cause: Any, order: Any, starts: Any, links: Any) -> None:
    """When each job is done: the pile that is complete first is worked on first. order, starts, links: room for the piles."""
    now = mem[off[_HEAD]]
    for w in range(off[_WORK_KEY + 1] - off[_WORK_KEY]):
        opens, length = mem[off[_WORK_OPEN] + w], mem[off[_WORK_LEN] + w]
        shape, key = mem[off[_WORK_SHAPE] + w], np.uint64(mem[off[_WORK_KEY] + w])
        from_group, to_group = mem[off[_WORK_GROUP] + w], mem[off[_WORK_GROUP] + w + 1]
        for b in range(count):
            pace = _stretched(tab, shape, 65536, _mixed(base[b] ^ key)) if shape >= 0 else np.int64(65536)
            piles = 0
            for g in range(from_group, to_group):
                start, link = now, np.int64(0)
                for k in range(mem[off[_GROUP_DEP_OFF] + g], mem[off[_GROUP_DEP_OFF] + g + 1]):
                    node = mem[off[_GROUP_DEP] + k]
                    if time[node, b] > start:
                        start, link = time[node, b], cause[node, b]
                starts[g], links[g] = start, link
                spot = piles
                while spot > 0 and starts[order[spot - 1]] > start:
                    order[spot] = order[spot - 1]
                    spot -= 1
                order[spot] = g
                piles += 1
            here = now // 1440 * length + min(max(now % 1440 - opens, 0), length)
            busy = mem[off[_WORK_CAUSE] + w]
            for k in range(piles):
                g = order[k]
                start = starts[g]
                if start < NEVER:
                    begun = start // 1440 * length + min(max(start % 1440 - opens, 0), length)
                    if begun > here:
                        here, busy = begun, links[g]
                total = np.int64(0)
                for j in range(mem[off[_GROUP_JOB] + g], mem[off[_GROUP_JOB] + g + 1]):
                    node = mem[off[_JOB_NODE] + j]
                    if start >= NEVER:
                        time[node, b], cause[node, b] = start, links[g]
                        continue
                    total += mem[off[_JOB_SEC] + j]
                    done = here - (-total * pace // (60 * 65536)) - 1
                    time[node, b], cause[node, b] = max(start, done // length * 1440 + opens + done % length + 1), busy
                if start < NEVER:
                    here -= -total * pace // (60 * 65536)


@numba.njit(cache=True)
def _loads(mem: Any, off: Any, count: Any, time: Any, cause: Any, at: Any, why: Any) -> None:
    """When each load is ready. at, why [loads, block]."""
    now = mem[off[_HEAD]]
    for load in range(at.shape[0]):
        known = mem[off[_LOAD_ARRIVED] + load]
        for b in range(count):
            at[load, b], why[load, b] = known if known < NEVER else now, 0
        if known < NEVER:
            continue
        for k in range(mem[off[_LOAD_DEP_OFF] + load], mem[off[_LOAD_DEP_OFF] + load + 1]):
            node = mem[off[_LOAD_DEP] + k]
            for b in range(count):
                if time[node, b] > at[load, b]:
                    at[load, b], why[load, b] = time[node, b], cause[node, b]


@numba.njit(cache=True)
def _skies(mem: Any, off: Any, tab: Any, base: Any, count: Any, sea: Any, hit: Any) -> None:
    """The sea of each moment against its forecast and which events happen. sea [moments, block], hit [events, block]."""
    normal = mem[off[_HEAD] + 3]
    for m in range(sea.shape[0]):
        key, kept, fresh = np.uint64(mem[off[_MOMENT_KEY] + m]), mem[off[_MOMENT_KEPT] + m], mem[off[_MOMENT_FRESH] + m]
        for b in range(count):
            error = fresh * _stretched(tab, normal, np.int64(65536), _mixed(base[b] ^ key))
            sea[m, b] = (error + kept * sea[m - 1, b] if m else error) >> 16
    for e in range(hit.shape[0]):
        key, limit = np.uint64(mem[off[_EVENT_KEY] + e]), mem[off[_EVENT_LIMIT] + e]
        for b in range(count):
            hit[e, b] = _share(base[b], key) < limit


@numba.njit(cache=True)
def _leaves(  # noqa: PLR0912 - plain loops over a block; a call for each would cost more than the loop
    mem: Any, off: Any, t: Any, count: Any, at: Any, why: Any, back: Any, back_why: Any, sea: Any, way: Any
) -> None:
    """When a trip leaves and why then. way [4, block]: clock, link, size, ways in excess; a clock of NEVER does not leave."""
    planned, leave, wait = mem[off[_TRIP_PLANNED] + t], mem[off[_TRIP_LEAVE] + t], mem[off[_TRIP_LOADING] + t]
    start, after = mem[off[_TRIP_START] + t], mem[off[_TRIP_AFTER] + t]
    first, last = mem[off[_TRIP_LOAD] + t], mem[off[_TRIP_LOAD] + t + 1]
    for b in range(count):
        way[0, b], way[1, b], way[2, b], way[3, b] = start, 0, 0, 0
        if after >= 0 and back[after, b] + wait > start:
            way[0, b] = back[after, b] + wait
            way[1, b], way[2, b] = back_why[after, b], way[0, b] - planned
    for k in range(first, last):
        load = mem[off[_TRIP_LOADS] + k]
        for b in range(count):
            ready = at[load, b]
            if ready > leave:
                at[load, b] = NEVER
            elif ready + wait > way[0, b]:
                way[0, b] = ready + wait
                way[1, b], way[2, b] = why[load, b], way[0, b] - planned
    one, end, sail = mem[off[_TRIP_SAIL] + t], mem[off[_TRIP_SAIL] + t + 1], mem[off[_TRIP_CAUSE] + t] + 2
    if one < end:
        for b in range(count):
            if way[0, b] >= NEVER:
                continue
            sails, failed = np.int64(NEVER), np.int64(-1)
            for k in range(one, end):
                goes = max(way[0, b], mem[off[_SAIL_FROM] + k])
                if mem[off[_SAIL_OPTION] + k] != failed and goes <= mem[off[_SAIL_UNTIL] + k]:
                    if sea[mem[off[_SAIL_MOMENT] + k], b] <= mem[off[_SAIL_EDGE] + k]:
                        sails = goes + mem[off[_SAIL_EXTRA] + k]
                        break
                    failed = mem[off[_SAIL_OPTION] + k]
            if sails - way[0, b] > way[2, b]:
                way[1, b], way[2, b] = sail, sails - way[0, b]
            way[0, b] = sails
    for k in range(first, last):
        load = mem[off[_TRIP_LOADS] + k]
        for b in range(count):
            if way[0, b] >= NEVER and at[load, b] < NEVER:
                at[load, b], why[load, b] = NEVER, way[1, b]


@numba.njit(cache=True)
def _drives(  # noqa: PLR0912 - plain loops over a block; a call for each would cost more than the loop
    mem: Any, off: Any, tab: Any, base: Any, t: Any, count: Any, at: Any, why: Any, way: Any, hit: Any, room: Any, back: Any, back_why: Any
) -> None:
    """The ways of a trip one after the other. room [4, block]: what breaks where and for how long, and whether the way is closed."""
    start, end, cause = mem[off[_TRIP_LEG] + t], mem[off[_TRIP_LEG] + t + 1], mem[off[_TRIP_CAUSE] + t]
    broken = _breaks(mem, off, tab, base, t, count, room)
    for b in range(count):
        back[t, b], back_why[t, b] = way[0, b], way[1, b]
        room[3, b] = 0
    for leg in range(start, end):
        usual, shape, key = mem[off[_LEG_USUAL] + leg], mem[off[_LEG_SHAPE] + leg], np.uint64(mem[off[_LEG_KEY] + leg])
        if shape < 0:
            for b in range(count):
                way[0, b] += usual
        else:
            for b in range(count):
                taken = _stretched(tab, shape, usual, _mixed(base[b] ^ key))
                way[3, b] += taken - usual
                way[0, b] += taken
        for b in range(count):
            worse = way[3, b] > way[2, b]
            way[1, b] = cause if worse else way[1, b]
            way[2, b] = way[3, b] if worse else way[2, b]
        for k in range(broken):
            if room[1, k] == leg:
                _late(way, room[0, k], room[2, k], cause + 1, room[2, k])
        for k in range(mem[off[_LEG_EVENT] + leg], mem[off[_LEG_EVENT] + leg + 1]):
            event = mem[off[_LEG_EVENTS] + k]
            delay, link = mem[off[_EVENT_DELAY] + event], mem[off[_EVENT_CAUSE] + event]
            for b in range(count):
                if hit[event, b]:
                    _late(way, b, delay if delay < NEVER else np.int64(0), link, delay)
                    room[3, b] |= delay >= NEVER
        opens, closes = mem[off[_LEG_OPEN] + leg], mem[off[_LEG_OPEN] + leg + 1]
        if opens < closes:
            for b in range(count):
                _waits(mem, off, opens, closes, way, b, cause + 3)
        halt = mem[off[_LEG_HALT] + leg]
        for b in range(count):
            way[0, b] += halt
        for k in range(mem[off[_LEG_DROP] + leg], mem[off[_LEG_DROP] + leg + 1]):
            load = mem[off[_DROPS] + k]
            for b in range(count):
                if at[load, b] < NEVER:
                    at[load, b], why[load, b] = (NEVER if room[3, b] else way[0, b]), way[1, b]
    for b in range(count):
        if back[t, b] < NEVER:
            back[t, b], back_why[t, b] = way[0, b], way[1, b]


@numba.njit(cache=True)
def _waits(mem: Any, off: Any, first: Any, last: Any, way: Any, b: Any, link: Any) -> None:
    """Until the end of a way opens."""
    for k in range(first, last):
        if way[0, b] <= mem[off[_OPEN_UNTIL] + k]:
            wait = max(np.int64(0), mem[off[_OPEN_FROM] + k] - way[0, b])
            _late(way, b, wait, link, wait)
            break


@numba.njit(cache=True, forceinline=True)
def _late(way: Any, b: Any, minutes: Any, link: Any, late: Any) -> None:
    way[0, b] += minutes
    if late > way[2, b]:
        way[1, b], way[2, b] = link, late


@numba.njit(cache=True)
def _breaks(mem: Any, off: Any, tab: Any, base: Any, t: Any, count: Any, room: Any) -> Any:
    """In how many scenarios the vehicle breaks down; room: in which, on which way, for how long."""
    limit, key = mem[off[_BREAK_LIMIT] + t], np.uint64(mem[off[_BREAK_KEY] + t])
    start, ways = mem[off[_TRIP_LEG] + t], mem[off[_TRIP_LEG] + t + 1] - mem[off[_TRIP_LEG] + t]
    usual, shape, repair = mem[off[_REPAIR_USUAL] + t], mem[off[_REPAIR_SHAPE] + t], np.uint64(mem[off[_REPAIR_KEY] + t])
    broken = 0
    for b in range(count):
        bits = _share(base[b], key)
        if bits < limit:
            lasts = _stretched(tab, shape, usual, _mixed(base[b] ^ repair)) if shape >= 0 else usual
            room[0, broken], room[1, broken], room[2, broken] = b, start + bits * ways // limit, lasts
            broken += 1
    return broken


@numba.njit(cache=True)
def _tally(mem: Any, off: Any, b: Any, at: Any, why: Any, hist: Any, weight: Any, alls: Any, before: Any, part: Any, early: Any) -> Any:
    """Adds one scenario in which something comes late or late in the day; answers the expected number of TPS ready in it (2^-20)."""
    slots, deadline, last_way = mem[off[_HEAD] + 2], mem[off[_HEAD] + 1], mem[off[_HEAD] + 5]
    for load in range(at.shape[0]):
        left = deadline - at[load, b]
        if left < slots and mem[off[_LOAD_COUNTS] + load]:
            spot = left if left >= 0 else slots
            hist[load, spot] += 1
            link = last_way if left >= mem[off[_LOAD_LAST] + load] else why[load, b]
            weight[load, link] += mem[off[_MISSING] + load * (slots + 1) + spot]
    part[:] = 1 << 30
    early[:] = 1
    ready = np.int64(0)
    for c in range(off[_CELL_LOAD + 1] - off[_CELL_LOAD]):
        minute, desa = at[mem[off[_CELL_LOAD] + c], b], mem[off[_CELL_DESA] + c]
        left = deadline - minute
        if left < 0:
            part[desa] = 0
        else:
            row = c * (slots + 1) + min(left, slots)
            ready += mem[off[_READY] + row]
            part[desa] = part[desa] * mem[off[_ALL] + row] >> 30
        if minute > 0:
            early[desa] = 0
    region, desa_count = part.size - 1, off[_DESA_KEC + 1] - off[_DESA_KEC]
    for d in range(desa_count):
        k = mem[off[_DESA_KEC] + d]
        part[k] = part[k] * part[d] >> 30
        early[k] &= early[d]
    for k in range(desa_count, region):
        part[region] = part[region] * part[k] >> 30
        early[region] &= early[k]
    for i in range(part.size):
        alls[i] += part[i]
        before[i] += early[i]
    return ready


@numba.njit(cache=True)
def _added(
    mem: Any, off: Any, count: Any, at: Any, why: Any, hist: Any, weight: Any, alls: Any, before: Any, part: Any, early: Any, ready: Any
) -> Any:
    """Adds a block to the sums; answers in how many scenarios everything came in good time (their `ready` is -1)."""
    tight = early[part.size :]
    tight[:] = 0
    limit = mem[off[_HEAD] + 1] - mem[off[_HEAD] + 2]
    for load in range(at.shape[0]):
        if not mem[off[_LOAD_ENDS] + load]:
            for b in range(count):
                if at[load, b] < NEVER:
                    at[load, b], why[load, b] = NEVER, mem[off[_LOAD_UNPLANNED] + load]
        first, last = mem[off[_LOAD_PART_OFF] + load], mem[off[_LOAD_PART_OFF] + load + 1]
        for k in range(first, last):
            half = mem[off[_LOAD_PARTS] + k]
            for b in range(count):
                if k == first or at[half, b] > at[load, b]:
                    at[load, b], why[load, b] = at[half, b], why[half, b]
        if mem[off[_LOAD_COUNTS] + load]:
            for b in range(count):
                tight[b] |= at[load, b] > limit
    easy = 0
    for b in range(count):
        if tight[b]:
            ready[b] = _tally(mem, off, b, at, why, hist, weight, alls, before, part, early[: part.size])
        else:
            ready[b] = -1
            easy += 1
    return easy


@numba.njit(cache=True)
def run(
    mem: Any, off: Any, tab: Any, nodes: Any, seed: Any, count: Any,
    hist: Any, weight: Any, alls: Any, before: Any, ready: Any, times: Any, links: Any,
) -> Any:  # fmt: skip
    """Plays `count` scenarios; adds to the sums, writes `ready` [count]; answers how many were easy.

    times, links [count, loads] are filled where they have rows (for tests only).
    """
    loads, trips = off[_LOAD_ARRIVED + 1] - off[_LOAD_ARRIVED], off[_TRIP_PLANNED + 1] - off[_TRIP_PLANNED]
    time, cause = np.empty((nodes, BLOCK), np.int64), np.empty((nodes, BLOCK), np.int64)
    at, why = np.empty((loads, BLOCK), np.int64), np.empty((loads, BLOCK), np.int64)
    back, back_why = np.empty((trips, BLOCK), np.int64), np.empty((trips, BLOCK), np.int64)
    groups = off[_GROUP_JOB + 1] - off[_GROUP_JOB]
    order, starts, piled = np.empty(groups, np.int64), np.empty(groups, np.int64), np.empty(groups, np.int64)
    sea = np.empty((off[_MOMENT_KEY + 1] - off[_MOMENT_KEY], BLOCK), np.int64)
    hit = np.empty((off[_EVENT_KEY + 1] - off[_EVENT_KEY], BLOCK), np.int64)
    way, room, base = np.empty((4, BLOCK), np.int64), np.empty((4, BLOCK), np.int64), np.empty(BLOCK, np.uint64)
    part, early = np.empty(alls.size, np.int64), np.empty(alls.size + BLOCK, np.int64)
    easy = 0
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        for b in range(size):
            base[b] = _mixed(seed + np.uint64(first + b + 1) * _GOLDEN)
        _supplies(mem, off, base, size, time, cause)
        _works(mem, off, tab, base, size, time, cause, order, starts, piled)
        _loads(mem, off, size, time, cause, at, why)
        _skies(mem, off, tab, base, size, sea, hit)
        for t in range(trips):
            _leaves(mem, off, t, size, at, why, back, back_why, sea, way)
            _drives(mem, off, tab, base, t, size, at, why, way, hit, room, back, back_why)
        easy += _added(mem, off, size, at, why, hist, weight, alls, before, part, early, ready[first : first + size])
        if times.shape[0]:
            for b in range(size):
                times[first + b, :], links[first + b, :] = at[:, b], why[:, b]
    return easy
