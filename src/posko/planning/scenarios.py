"""The fused kernel of the forecast: plays out scenario after scenario in registers and keeps sums, compiled by numba.

It follows `domain.forecast.play` to the minute (a test compares them on the same draws). Only whole numbers are used, so a seed gives the
same sums on every machine. No scenario x station matrix exists: a load that is there in good time costs one comparison, and of the others
only a histogram of the minutes left is kept (planning.forecast turns it into probabilities in closed form).
Importing this module needs numba; planning.forecast does the same with plain numpy where it is missing.
"""

from typing import Any

import numba
import numpy as np

NEVER = 1 << 30
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S20, _S27, _S30, _S31, _S32, _S40, _S52 = (np.uint64(n) for n in (20, 27, 30, 31, 32, 40, 52))
_FINE, _PLACE = np.uint64((1 << 20) - 1), np.uint64(4095)


@numba.njit(cache=True, inline="always")
def _mixed(x: Any) -> Any:
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


@numba.njit(cache=True, inline="always")
def _stretched(main: Any, low: Any, high: Any, shape: int, usual: int, bits: Any) -> Any:
    place = np.int64(bits >> _S52)
    if 0 < place < 4095:
        fine = np.int64((bits >> _S32) & _FINE)
        a, b = np.int64(main[shape, place]), np.int64(main[shape, place + 1])
    else:
        within, fine = np.int64((bits >> _S40) & _PLACE), np.int64((bits >> _S20) & _FINE)
        if place:
            a, b = np.int64(high[shape, within]), np.int64(high[shape, within + 1])
        else:
            a, b = np.int64(low[shape, within]), np.int64(low[shape, within + 1])
    return (usual * (a + ((b - a) * fine >> 20)) + 32768) >> 16


@numba.njit(cache=True)
def _supplies(p: Any, base: Any, time: Any, cause: Any) -> None:
    """When each awaited line is complete."""
    for i in range(p.sup_key.size):
        share = np.int64((_mixed(base ^ p.sup_key[i]) >> _S32) * np.uint64(1_000_000) >> _S32)
        minute = NEVER
        first = p.sup_off[i]
        for k in range(first, p.sup_off[i + 1]):
            if share < p.sup_ppm[k]:
                if k == first or p.sup_ppm[k] == p.sup_ppm[k - 1]:
                    minute = p.sup_min[k]
                else:
                    wide, part = p.sup_ppm[k] - p.sup_ppm[k - 1], share - p.sup_ppm[k - 1]
                    minute = p.sup_min[k - 1] + (p.sup_min[k] - p.sup_min[k - 1]) * part // wide
                break
        time[i], cause[i] = max(p.head[0], minute), 1 + i


@numba.njit(cache=True)
def _works(p: Any, base: Any, time: Any, cause: Any, order: Any, starts: Any, links: Any) -> None:
    """When each job is done: the pile that is complete first is worked on first."""
    now = p.head[0]
    for w in range(p.work_key.size):
        opens, length = p.work_open[w], p.work_len[w]
        pace = np.int64(65536)
        if p.work_shape[w] >= 0:
            pace = _stretched(p.main, p.low, p.high, p.work_shape[w], 65536, _mixed(base ^ p.work_key[w]))
        count = 0
        for g in range(p.work_group[w], p.work_group[w + 1]):
            start, link = now, np.int64(0)
            for k in range(p.group_dep_off[g], p.group_dep_off[g + 1]):
                node = p.group_dep[k]
                if time[node] > start:
                    start, link = time[node], cause[node]
            starts[g], links[g] = start, link
            spot = count
            while spot > 0 and starts[order[spot - 1]] > start:
                order[spot] = order[spot - 1]
                spot -= 1
            order[spot] = g
            count += 1
        here = now // 1440 * length + min(max(now % 1440 - opens, 0), length)
        busy = p.work_cause[w]
        for k in range(count):
            g = order[k]
            start = starts[g]
            if start < NEVER:
                begun = start // 1440 * length + min(max(start % 1440 - opens, 0), length)
                if begun > here:
                    here, busy = begun, links[g]
            total = np.int64(0)
            for j in range(p.group_job[g], p.group_job[g + 1]):
                node = p.job_node[j]
                if start >= NEVER:
                    time[node], cause[node] = start, links[g]
                    continue
                total += p.job_sec[j]
                done = here - (-total * pace // (60 * 65536)) - 1
                time[node], cause[node] = max(start, done // length * 1440 + opens + done % length + 1), busy
            if start < NEVER:
                here -= -total * pace // (60 * 65536)


@numba.njit(cache=True)
def _sea(p: Any, base: Any, sea: Any) -> None:
    before = np.uint64(0)
    for d in range(p.day_key.size):
        if d == 0 or np.int64(_mixed(base ^ p.day_same[d]) >> _S32) >= p.head[3]:
            before = _mixed(base ^ p.day_key[d]) >> _S32
        sea[d] = np.int64(before)


@numba.njit(cache=True)
def _trip(  # noqa: PLR0912, PLR0915 - fused: a call for every step would cost more than the step
    p: Any, base: Any, t: int, time: Any, cause: Any, back: Any, back_cause: Any, sea: Any, hit: Any
) -> None:
    """Moves the loads of one trip. time and cause here are those of loads."""
    planned, leave = p.trip_planned[t], p.trip_leave[t]
    clock, link, size = p.trip_start[t], np.int64(0), np.int64(0)
    after = p.trip_after[t]
    if after >= 0 and back[after] + p.trip_loading[t] > clock:
        clock = back[after] + p.trip_loading[t]
        link, size = back_cause[after], clock - planned
    first, last = p.trip_load[t], p.trip_load[t + 1]
    for k in range(first, last):
        code = p.trip_loads[k]
        if time[code] > leave:
            time[code] = NEVER
        elif time[code] + p.trip_loading[t] > clock:
            clock = time[code] + p.trip_loading[t]
            link, size = cause[code], clock - planned
    if clock < NEVER and p.trip_sail[t] < p.trip_sail[t + 1]:
        sails = np.int64(NEVER)
        for k in range(p.trip_sail[t], p.trip_sail[t + 1]):
            leaves = max(clock, p.sail_from[k])
            if leaves <= p.sail_until[k] and sea[p.sail_day[k]] < p.sail_limit[k]:
                sails = leaves
                break
        if sails - clock > size:
            link, size = p.trip_cause[t] + 2, sails - clock
        clock = sails
    if clock >= NEVER:
        for k in range(first, last):
            if time[p.trip_loads[k]] < NEVER:
                time[p.trip_loads[k]], cause[p.trip_loads[k]] = NEVER, link
        back[t], back_cause[t] = NEVER, link
        return
    start, end = p.trip_leg[t], p.trip_leg[t + 1]
    broken = np.int64(-1)
    bits = np.int64(_mixed(base ^ p.break_key[t]) >> _S32)
    if bits < p.break_limit[t] and end > start:
        broken = start + bits * (end - start) // p.break_limit[t]
    excess, closed = np.int64(0), False
    for leg in range(start, end):
        usual = p.leg_usual[leg]
        taken = usual
        if p.leg_shape[leg] >= 0:
            taken = _stretched(p.main, p.low, p.high, p.leg_shape[leg], usual, _mixed(base ^ p.leg_key[leg]))
        excess += taken - usual
        clock += taken
        if excess > size:
            link, size = p.trip_cause[t], excess
        if leg == broken:
            lasts = p.repair_usual[t]
            if p.repair_shape[t] >= 0:
                lasts = _stretched(p.main, p.low, p.high, p.repair_shape[t], lasts, _mixed(base ^ p.repair_key[t]))
            clock += lasts
            if lasts > size:
                link, size = p.trip_cause[t] + 1, lasts
        for k in range(p.leg_event[leg], p.leg_event[leg + 1]):
            event = p.leg_events[k]
            if hit[event]:
                delay = p.event_delay[event]
                if delay > size:
                    link, size = p.event_cause[event], delay
                if delay >= NEVER:
                    closed = True
                else:
                    clock += delay
        clock += p.leg_halt[leg]
        for k in range(p.leg_drop[leg], p.leg_drop[leg + 1]):
            code = p.drops[k]
            if time[code] < NEVER:
                time[code], cause[code] = (NEVER if closed else clock), link
    back[t], back_cause[t] = clock, link


@numba.njit(cache=True)
def _tally(p: Any, time: Any, cause: Any, hist: Any, weight: Any, alls: Any, before: Any, part: Any, early: Any) -> Any:
    """Adds one scenario to the sums; answers the expected number of TPS ready in it (2^-20), or -1 if all goods came in good time."""
    slots, deadline = p.head[2], p.head[1]
    easy = True
    for load in range(time.size):
        if p.load_counts[load] and deadline - time[load] < slots:
            easy = False
            left = deadline - time[load]
            spot = left if left >= 0 else slots
            hist[load, spot] += 1
            link = p.head[5] if left >= p.load_last[load] else cause[load]
            weight[load, link] += p.missing[load, spot]
    if easy:
        return np.int64(-1)
    part[:] = 1 << 30
    early[:] = 1
    ready = np.int64(0)
    desa_count = p.desa_kec.size
    for c in range(p.cell_load.size):
        at = time[p.cell_load[c]]
        left = deadline - at
        spot = min(left, slots)
        if left < 0:
            part[p.cell_desa[c]] = 0
        else:
            ready += p.ready[c, spot]
            part[p.cell_desa[c]] = part[p.cell_desa[c]] * p.all[c, spot] >> 30
        if at > 0:
            early[p.cell_desa[c]] = 0
    region = part.size - 1
    for d in range(desa_count):
        k = p.desa_kec[d]
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
def run(
    p: Any, seed: Any, first: int, count: int, hist: Any, weight: Any, alls: Any, before: Any, ready: Any, times: Any, links: Any
) -> Any:
    """Plays `count` scenarios from number `first`; adds to the sums, writes `ready` [count]; answers how many were easy.

    times, links [count, loads] are filled where they have rows (for tests only).
    """
    nodes, loads = p.head[4], p.load_arrived.size
    time, cause = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    load_time, load_cause = np.empty(loads, np.int64), np.empty(loads, np.int64)
    groups = p.group_job.size - 1
    order, starts, group_link = np.empty(groups, np.int64), np.empty(groups, np.int64), np.empty(groups, np.int64)
    back, back_cause = np.empty(p.trip_planned.size, np.int64), np.empty(p.trip_planned.size, np.int64)
    sea, hit = np.empty(p.day_key.size, np.int64), np.empty(p.event_key.size, np.bool_)
    part, early = np.empty(alls.size, np.int64), np.empty(alls.size, np.int64)
    easy = 0
    for s in range(count):
        base = _mixed(seed + np.uint64(first + s + 1) * _GOLDEN)
        _supplies(p, base, time, cause)
        _works(p, base, time, cause, order, starts, group_link)
        for load in range(loads):
            if p.load_arrived[load] < NEVER:
                load_time[load], load_cause[load] = p.load_arrived[load], 0
                continue
            minute, link = p.head[0], np.int64(0)
            for k in range(p.load_dep_off[load], p.load_dep_off[load + 1]):
                node = p.load_dep[k]
                if time[node] > minute:
                    minute, link = time[node], cause[node]
            load_time[load], load_cause[load] = minute, link
        for e in range(hit.size):
            hit[e] = np.int64(_mixed(base ^ p.event_key[e]) >> _S32) < p.event_limit[e]
        _sea(p, base, sea)
        for t in range(back.size):
            _trip(p, base, t, load_time, load_cause, back, back_cause, sea, hit)
        for load in range(loads):
            if not p.load_ends[load] and load_time[load] < NEVER:
                load_time[load], load_cause[load] = NEVER, p.load_unplanned[load]
        if times.shape[0]:
            times[s, :], links[s, :] = load_time, load_cause
        ready[s] = _tally(p, load_time, load_cause, hist, weight, alls, before, part, early)
        easy += ready[s] < 0
    return easy
