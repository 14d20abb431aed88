"""The forecast: thousands of scenarios of a case, and what they say about every TPS, desa, kecamatan and the regency.

The goods are played out (domain.forecast.play is the rule); what follows their arrival is not drawn but computed: given the minute at which
a load is there, the probability that a TPS has it in time is the distribution function of the last way, times what may fail at the TPS
itself, independent of all else (conditional Monte Carlo; e.g. Asmussen and Glynn 2007, V.4). So scenarios leave only histograms behind.

Two ways to the same sums: the fused kernel of planning.scenarios where numba is installed, else numpy over blocks of scenarios
(planning.program). All numbers are whole, so both, and every machine, give the same answer for a seed.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

import numpy as np

from posko.domain import forecast as rules
from posko.planning import compiled
from posko.planning import program as programs

Ints = programs.Ints
ONE, FINE = programs.ONE, programs.FINE

METHOD = "Monte Carlo bersyarat, bilangan acak bersama"
_BLOCK = 4096


@dataclass(frozen=True)
class Sums:
    """What all scenarios together leave: minutes left per load, weights of causes, products per place, TPS ready per scenario.

    hist [loads, minutes + 1] (last column: too late); weight [loads, links] TPS late (2^-20); alls [places] (2^-30); before [places];
    ready [scenarios] (2^-20), easy: scenarios in which everything came in good time.
    """

    count: int
    hist: Ints
    weight: Ints
    alls: Ints
    before: Ints
    ready: Ints
    easy: int


# --- playing -------------------------------------------------------------------------------------------------------------


def kernel() -> ModuleType | None:
    """The fused kernel; None without numba or with POSKO_TANPA_NUMBA set (then plain numpy does the same)."""
    return compiled.kernel("scenarios")


def play(made: programs.Compiled, scenarios: int, seed: int, *, fused: bool | None = None) -> Sums:
    """All scenarios of a seed, by the kernel where there is one; `fused` False asks for plain numpy, which answers the same."""
    sums = _empty(made, scenarios)
    found = kernel() if fused is not False else None
    if found is None:
        easy = 0
        for first in range(0, scenarios, _BLOCK):
            count = min(_BLOCK, scenarios - first)
            chance = programs.Hashed(made.program, seed, first, count)
            times, links = programs.walked(made.program, chance, count)
            easy += _tallied(made.program, times, links, sums, first)
    else:
        none = np.empty((0, 0), np.int64)
        start = np.uint64(rules.started(seed))
        easy = int(
            found.run(
                *programs.packed(made.program),
                int(made.program.head[4]),
                start,
                scenarios,
                sums.hist,
                sums.weight,
                sums.alls,
                sums.before,
                sums.ready,
                none,
                none,
            )
        )
    return _whole(made, sums, easy)


def traced(made: programs.Compiled, scenarios: int, seed: int, *, fused: bool) -> tuple[Ints, Ints]:
    """Minute and link of every load in every scenario [scenarios, loads]: for comparing with the rule, never for a forecast."""
    shape = (scenarios, len(made.case.loads))
    if not fused:
        times, links = programs.walked(made.program, programs.Hashed(made.program, seed, 0, scenarios), scenarios)
        return times.T, links.T
    found, sums = kernel(), _empty(made, scenarios)
    assert found is not None
    times, links = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    found.run(
        *programs.packed(made.program),
        int(made.program.head[4]),
        np.uint64(rules.started(seed)),
        scenarios,
        sums.hist,
        sums.weight,
        sums.alls,
        sums.before,
        sums.ready,
        times,
        links,
    )
    return times, links


def _empty(made: programs.Compiled, scenarios: int) -> Sums:
    loads, places = len(made.case.loads), len(made.places)
    slots = int(made.program.head[2])
    return Sums(
        scenarios,
        np.zeros((loads, slots + 1), np.int64),
        np.zeros((loads, len(made.links)), np.int64),
        np.zeros(places, np.int64),
        np.zeros(places, np.int64),
        np.zeros(scenarios, np.int64),
        0,
    )


def _whole(made: programs.Compiled, sums: Sums, easy: int) -> Sums:
    """Adds the easy scenarios, all of which are alike."""
    p, slots = made.program, int(made.program.head[2])
    best = int(p.ready[:, slots].sum())
    sums.ready[sums.ready < 0] = best
    products = np.full(len(made.places), ONE, np.int64)
    desa = len(p.desa_kec)
    for cell, d in enumerate(p.cell_desa):
        products[d] = products[d] * p.all[cell, slots] >> 30
    for d, k in enumerate(p.desa_kec):
        products[k] = products[k] * products[d] >> 30
    for k in range(desa, len(products) - 1):
        products[-1] = products[-1] * products[k] >> 30
    return Sums(sums.count, sums.hist, sums.weight, sums.alls + easy * products, sums.before + easy, sums.ready, easy)


def _tallied(p: programs.Program, times: Ints, links: Ints, sums: Sums, first: int) -> int:
    """Adds a block of scenarios to the sums; answers how many were easy (and marks them -1)."""
    slots, deadline = int(p.head[2]), int(p.head[1])
    left = deadline - times
    tight = (left < slots) & (p.load_counts[:, None] > 0)
    spot = np.where(left >= 0, np.minimum(left, slots), slots)
    for load in np.flatnonzero(p.load_counts):
        here = tight[load]
        np.add.at(sums.hist[load], spot[load, here], 1)
        why = np.where(left[load, here] >= p.load_last[load], p.head[5], links[load, here])
        np.add.at(sums.weight[load], why, p.missing[load, spot[load, here]])
    hard = tight.any(axis=0)
    part, early = np.full((len(sums.alls), int(hard.sum())), ONE, np.int64), np.ones((len(sums.alls), int(hard.sum())), np.int64)
    ready = np.zeros(part.shape[1], np.int64)
    for cell, load in enumerate(p.cell_load):
        here, late = np.minimum(left[load, hard], slots), left[load, hard] < 0
        place = p.cell_desa[cell]
        ready += np.where(late, 0, p.ready[cell, np.maximum(here, 0)])
        part[place] = part[place] * np.where(late, 0, p.all[cell, np.maximum(here, 0)]) >> 30
        early[place] &= times[load, hard] <= 0
    for d, k in enumerate(p.desa_kec):
        part[k] = part[k] * part[d] >> 30
        early[k] &= early[d]
    for k in range(len(p.desa_kec), len(part) - 1):
        part[-1] = part[-1] * part[k] >> 30
        early[-1] &= early[k]
    sums.alls[:] += part.sum(axis=1)
    sums.before[:] += early.sum(axis=1)
    block = sums.ready[first : first + times.shape[1]]
    block[:] = -1
    block[hard] = ready
    return int((~hard).sum())


# --- what the sums say ---------------------------------------------------------------------------------------------------


def simulate(case: rules.Case, scenarios: int, seed: int, said_at: datetime, midnight_at: datetime) -> rules.Outlook:
    """The outlook of a case. midnight_at: 00:00 local time of voting day."""
    made = programs.compiled(case)
    return outlook(made, play(made, scenarios, seed), seed, said_at, midnight_at)


def outlook(made: programs.Compiled, sums: Sums, seed: int, said_at: datetime, midnight_at: datetime) -> rules.Outlook:
    """The sums as values: TPS the least likely first."""
    late = _late_ppm(made, sums)
    stations = [_station(made, sums, index, int(late[index])) for index in range(len(made.stations))]
    return rules.Outlook(
        said_at=said_at,
        deadline_at=midnight_at + timedelta(minutes=made.case.deadline_min),
        scenarios=sums.count,
        seed=seed,
        input_hash=input_hash(made.case, sums.count),
        all_ppm=all_ppm(sums),
        not_ready_milli=_not_ready(made, sums),
        tps=tuple(sorted(stations, key=lambda one: (one.ready_ppm, one.tps))),
        places=tuple(_places(made, sums, {one.tps: one.ready_ppm for one in stations})),
        inputs=made.case.inputs,
        islands=tuple(_islands(made, sums)),
    )


def _islands(made: programs.Compiled, sums: Sums) -> list[rules.Landing]:
    """Where loads for TPS go that is no desa: islands; by the end of H-1 means at least as early before the deadline."""
    desa = {station.desa for station in made.stations}
    found: dict[str, int] = {}
    for index in sorted({int(number) for number in made.station_load}):
        load = made.case.loads[index]
        if load.place not in desa and not load.code.startswith("tps:"):
            late = int(sums.hist[index, : made.case.deadline_min].sum()) + int(sums.hist[index, -1])
            found[load.place] = min(found.get(load.place, rules.MILLION), _ppm(sums.count - late, sums.count))
    return [rules.Landing(place, ppm) for place, ppm in sorted(found.items())]


def all_ppm(sums: Sums) -> int:
    """P(every TPS ready)."""
    return _ppm(int(sums.alls[-1]), sums.count * ONE)


def ready_ppm(made: programs.Compiled, sums: Sums) -> dict[str, int]:
    """P(ready) of every TPS."""
    late = _late_ppm(made, sums)
    return {s.tps: _ready(int(late[i]), made.holds[i]) for i, s in enumerate(made.stations)}


def _ready(late_ppm: int, holds: int) -> int:
    return ((rules.MILLION - late_ppm) * holds + ONE // 2) // ONE


def input_hash(case: rules.Case, scenarios: int) -> str:
    """Under which an outlook is kept: the case and the number of scenarios."""
    return hashlib.sha256(f"{case.digest}/{scenarios}".encode()).hexdigest()


def _ppm(part: int, whole: int) -> int:
    return (part * rules.MILLION + whole // 2) // whole if whole else 0


def _not_ready(made: programs.Compiled, sums: Sums) -> int:
    """Expected number of TPS not ready, thousandths."""
    ready = int(sums.ready.sum())
    whole = len(made.stations) * sums.count * FINE
    return max(0, ((whole - ready) * 1000 + sums.count * FINE // 2) // (sums.count * FINE)) if sums.count else 0


def _late_ppm(made: programs.Compiled, sums: Sums) -> Ints:
    """P(the goods do not reach the TPS in time), ppm."""
    hist = sums.hist[made.station_load]
    slots = int(made.program.head[2])
    lost: Ints = (hist[:, :slots] * (FINE - made.within[:, :slots])).sum(axis=1) + hist[:, slots] * FINE
    found: Ints = (lost * rules.MILLION + sums.count * FINE // 2) // (sums.count * FINE)
    return found


def _station(made: programs.Compiled, sums: Sums, index: int, late_ppm: int) -> rules.TpsOutlook:
    """One TPS: its goods in time and nothing amiss at the place itself; the shares of the causes add up to what is missing."""
    station = made.stations[index]
    ready = _ready(late_ppm, made.holds[index])
    weights = sums.weight[made.station_load[index]]
    shares = rules.in_proportion(late_ppm, [int(w) for w in weights])
    found = [_cause(made.case, made.links[number], share) for number, share in enumerate(shares) if share]
    faults = [] if station.checked else [fault for fault in station.faults if fault.ppm]
    rest = rules.in_proportion(rules.MILLION - late_ppm - ready, [fault.ppm for fault in faults])
    found += [rules.Cause(fault.code, fault.subject, share) for fault, share in zip(faults, rest, strict=True) if share]
    causes = tuple(sorted(found, key=lambda c: (-c.share_ppm, c.code, c.subject)))
    return rules.TpsOutlook(station.tps, ready, causes, rules.MILLION - late_ppm)


def _cause(case: rules.Case, link: rules.Link, share: int) -> rules.Cause:
    """The link with the facts a sentence needs."""
    named = {
        "supply": {s.code: s.name for s in case.supplies},
        "work": {w.code: w.name for w in case.works},
        "hazard": {e.code: e.name for e in case.events},
    }.get(link.code)
    facts: dict[str, str | int] = {"name": named[link.subject]} if named and link.subject in named else {}
    if link.code in programs.TRIP_LINKS:
        trip = next(trip for trip in case.trips if trip.code == link.subject)
        facts = {"vehicle": trip.vehicle, "planned_min": trip.planned_min}
    return rules.Cause(link.code, link.subject, share, facts)


def _places(made: programs.Compiled, sums: Sums, ready: dict[str, int]) -> list[rules.PlaceOutlook]:
    """Desa, kecamatan and the region, in the order of their codes."""
    found = []
    for index, place in enumerate(made.places):
        level = 0 if index < len(made.program.desa_kec) else (2 if not place else 1)
        inside = [s for s in made.stations if level == 2 or (s.desa if level == 0 else s.kecamatan) == place]
        missing = sum(rules.MILLION - ready[s.tps] for s in inside)
        found.append(
            rules.PlaceOutlook(
                place,
                len(inside),
                (missing + 500) // 1000,
                _ppm(int(sums.alls[index]), sums.count * ONE),
                _ppm(int(sums.before[index]), sums.count),
            )
        )
    return found
