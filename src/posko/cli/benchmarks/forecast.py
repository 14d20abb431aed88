"""The fused kernel of the forecast against plain vectorised numpy, and first of all whether it tells the truth.

Peer: what one writes with numpy for the same model: log-normal draws of every way, also of the last way to each of the 363 TPS, in floats,
by PCG64 (`Plain`). Its trips, works and waits are those of planning.program, which the tests hold to the rule to the minute. Independent
are the random numbers, the curves and the last ways, which the kernel does not draw but computes; so a poor generator, a coarse table or a
wrong closed form shows as a difference. Gate: on three cases (as planned, a rough sea, a deadline so early that many TPS are late) the mean
readiness differs by less than three standard errors, and so do the loads together (chi-square) and each alone (four).
Part of the ratio is the closed form; the ratio to numpy with the same closed form is printed beside it. One thread both, CPU time, in turn.
"""

import math
import statistics
import time
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from posko.cli import plan as planner
from posko.domain import forecast as rules
from posko.domain import travel, weather
from posko.formats import scenario, text
from posko.planning import forecast, routes
from posko.planning import program as programs

FLOOR = 10.0
SCENARIOS, GATE = 10_000, 40_000
MEAN_Z, LOAD_Z = 3.0, 4.0
# Of chi-square, by Wilson and Hilferty; loads share trips and weather, so the wide end of a thousand.
CHI_TAIL = 0.999
_EARLY_MIN = -700


class Plain:
    """Chance from PCG64 in floats: the same questions as programs.Hashed answers, other numbers."""

    def __init__(self, percents: tuple[int, ...], seed: int, count: int) -> None:
        self.rng, self.count = np.random.default_rng(seed), count
        self.sigmas = [travel.Spread(100, percent).sigma if percent != rules.NORMAL else None for percent in percents]

    def share(self, _key: np.uint64) -> NDArray[np.int64]:
        """32 uniform bits."""
        return self.rng.integers(0, 1 << 32, self.count)

    def stretched(self, _key: np.uint64, shape: int, usual: int) -> NDArray[np.int64]:
        """A usual time, stretched by chance, to the nearest whole."""
        sigma, normal = self.sigmas[shape], self.rng.standard_normal(self.count)
        found: NDArray[np.int64] = np.rint(usual * (normal if sigma is None else np.exp(sigma * normal))).astype(np.int64)
        return found


def plain(made: programs.Compiled, count: int, seed: int) -> NDArray[np.int64]:
    """How many TPS of each load are ready in each scenario [loads, scenarios], everything drawn."""
    chance = Plain(made.percents, seed, count)
    times, _ = programs.walked(made.program, chance, count)
    ready = np.zeros(times.shape, np.int64)
    left = made.case.deadline_min - times
    for station, load in zip(made.stations, made.station_load, strict=True):
        last = station.last
        drawn = last.usual_min * np.exp(last.sigma * chance.rng.standard_normal(count)) if last.sigma else last.usual_min
        holds = math.prod(1 - fault.ppm / rules.MILLION for fault in station.faults) if not station.checked else 1.0
        ready[load] += (drawn <= left[load]) & (chance.rng.random(count) < holds)
    return ready


@dataclass(frozen=True)
class Verdict:
    """How far kernel and peer are apart, in standard errors: all TPS together, the loads (chi-square against its bound), the worst load."""

    name: str
    kernel: float
    peer: float
    mean_z: float
    chi: float
    chi_most: float
    load_z: float

    @property
    def good(self) -> bool:
        """Whether nothing speaks against the kernel."""
        return abs(self.mean_z) < MEAN_Z and self.chi < self.chi_most and self.load_z < LOAD_Z


def judged(name: str, made: programs.Compiled, true: programs.Compiled, count: int, seed: int = 1) -> Verdict:
    """Compares the kernel on `made` with the peer on `true` (the same case, unless somebody plants a fault)."""
    sums = forecast.play(made, count, seed)
    mine = forecast.ready_ppm(made, sums)
    theirs = plain(true, count, seed + 1000)
    total = len(true.stations)
    ready = sums.ready / forecast.FINE
    all_theirs = theirs.sum(axis=0)
    error = math.sqrt((float(ready.var()) + float(all_theirs.var())) / count) or 1e-12
    scores = []
    for load in np.unique(true.station_load):
        members = [s.tps for s, of in zip(true.stations, true.station_load, strict=True) if of == load]
        counts = theirs[load]
        # The kernel's own error is at most that of drawing, so the sum of two such is a bound.
        spread = math.sqrt(2 * max(float(counts.var()), 1e-4) / count)
        scores.append((sum(mine[tps] for tps in members) / rules.MILLION - float(counts.mean())) / spread)
    free = len(scores)
    bound = free * (1 - 2 / (9 * free) + NormalDist().inv_cdf(CHI_TAIL) * math.sqrt(2 / (9 * free))) ** 3
    return Verdict(
        name, float(ready.mean()) / total, float(all_theirs.mean()) / total, (float(ready.mean()) - float(all_theirs.mean())) / error,
        sum(z * z for z in scores), bound, max(abs(z) for z in scores),
    )  # fmt: skip


def cases() -> list[tuple[str, rules.Case]]:
    """Belitung Timur as planned, with a rough sea, and with a deadline at which many are still on their way."""
    folder = planner.ROOT / "scenarios" / "beltim-2024"
    facts = scenario.read(folder)
    code = next(iter(facts.elections))
    case, chosen = planner.read_case(folder, facts, code), facts.elections[code]
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=routes.Stop(iterations=200))
    midnight_at = chosen.election.voting_at.replace(hour=0, minute=0, second=0, microsecond=0)
    planned = rules.Planned(made, tuple(case.loads), case.network, tuple(case.fleet.vehicles), case.fleet.rules, midnight_at)
    state = rules.State(-5 * travel.DAY)
    usual = rules.case_of(planned, chosen.tps_list, state)
    rough = rules.case_of(planned, chosen.tps_list, state, rules.Assumptions(sea=weather.Model(climate=weather.Climate(height_cm=150))))
    trips = tuple(replace(trip, breakdown_ppm=100_000) for trip in usual.trips)
    return [("rencana", usual), ("laut", rough), ("mepet", replace(usual, trips=trips, deadline_min=_EARLY_MIN))]


def bench(
    pairs: Annotated[int, typer.Option("--pairs", min=5, max=99, help="pasangan putaran yang berselang-seling")] = 7,
    scenarios: Annotated[int, typer.Option("--scenarios", min=1000, max=1_000_000, help="skenario per putaran")] = SCENARIOS,
) -> int:
    """Inti prakiraan dibanding numpy biasa. Keluar 0 bila jujur dan sedikitnya 10 kali, 1 bila tidak, 2 bila numba tidak ada."""
    if forecast.kernel() is None:
        print("numba tidak terpasang: inti tidak dapat diukur.")
        return 2
    compiled = [(name, programs.compiled(case)) for name, case in cases()]
    honest = True
    for name, made in compiled:
        found = judged(name, made, made, GATE)
        honest = honest and found.good
        print(
            f"gerbang {name:<8} inti={found.kernel:.5f} numpy={found.peer:.5f} z={found.mean_z:+.2f} "
            f"chi2={found.chi:.1f} batas={found.chi_most:.1f} z_terbesar={found.load_z:.2f} {'LULUS' if found.good else 'DITOLAK'}",
            flush=True,
        )
    if not honest:
        print("Inti ditolak: lajunya tidak berarti.")
        return 1
    made = compiled[0][1]
    times = [
        (_cpu(plain, made, scenarios, n), _cpu(forecast.play, made, scenarios, n), _cpu(_bound, made, scenarios, n)) for n in range(pairs)
    ]
    ratios = [peer / mine for peer, mine, _ in times]
    for peer, mine, bound in times:
        print(f"numpy={peer:.4f} inti={mine:.4f} numpy_bersyarat={bound:.4f} ratio={peer / mine:.1f}")
    ratio, mine = statistics.median(ratios), statistics.median(time for _, time, _ in times)
    print(f"ratio={ratio:.1f} terendah={min(ratios):.1f} tertinggi={max(ratios):.1f} lantai={FLOOR:.0f}")
    print(f"ratio_numpy_bersyarat={statistics.median(bound / mine for _, mine, bound in times):.1f}")
    rate = len(made.stations) * scenarios / mine / 1e6
    print(f"{text.angka(scenarios)} skenario Belitung Timur: {mine:.4f} detik CPU, {rate:.0f} juta TPS-skenario per detik per inti")
    return 0 if ratio >= FLOOR else 1


def _bound(made: programs.Compiled, count: int, seed: int) -> Any:
    return forecast.play(made, count, seed, fused=False)


def _cpu(call: Any, made: programs.Compiled, count: int, seed: int) -> float:
    start = time.process_time()
    call(made, count, seed)
    return time.process_time() - start
