"""Replanning with little change: how many of 200 stops keep their vehicle after a disruption, and what that costs.

A real regency (16.05, Musi Rawas: villages, where they lie, how many TPS they have; read at run time from the national table beside the
checkout). Assumed (ASUMSI): five boxes a TPS, voters per TPS (drawn, seeded), trucks of 300 boxes and 3 t, a shift of 10 hours, at most
two reloads, roads 1.35 times the straight line at 30 km/h, 10 minutes and 30 seconds a box at a stop, a truck that goes out costs as much
as 50 km. A base plan of 60 CPU-seconds; then one of three disruptions: one stop in twenty has 40 % more, a truck is lost, a road is cut.
Then each contestant plans again: cold (a plain re-solve, also with a long budget), warm (started from the old plan), warm with the ways of
the old plan 15 % cheaper, and ours. Equal trucks are called by the names that keep most stops, for all contestants. What a plan costs and
whether it may be driven is reckoned here, with whole numbers and without a solver. Budgets are CPU-seconds of this process.
"""

import csv
import random
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyvrp
import typer
from numpy.typing import NDArray

from posko.planning import replanning
from posko.planning.replanning import Route
from posko.planning.routes import Stop as Budget

ROOT = Path(__file__).resolve().parents[4]
TABLE = ROOT.parent / "shared" / "data" / "national" / "villages.csv"
REGENCY = "16.05"
BOXES, GRAMS, SHIFT_S, RELOADS, FIXED = 300, 3_000_000, 36_000, 2, 50_000
DETOUR, METRES_PER_S, HALT_S, BOX_S, BOXES_PER_TPS = 1.35, 30 / 3.6, 600, 30, 5
SPARE = 3
SHARE, MORE = 0.05, 1.4
PASSES_M, NO_WAY = 2_000, 10_000_000
EARTH_M = 6_371_000
# The goal, and what no single run may fall below: shares of the stops, and cost over that of the cold re-solve.
GOAL_KEPT, LEAST_KEPT, GOAL_COST = 0.90, 0.85, 1.02
KINDS = ("muatan", "kendaraan", "jalan")
OURS, COLD, LONG, WARM, ARCS = "perbaikan", "dingin", "dingin lama", "hangat", "hangat + jalur lama murah"
Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class Halt:
    """A village as a stop: boxes, grams."""

    boxes: int
    grams: int

    @property
    def service_s(self) -> int:
        """How long a truck stands there."""
        return HALT_S + BOX_S * self.boxes


@dataclass(frozen=True)
class Case:
    """What every contestant gets: place 0 is the warehouse, place k + 1 that of stop k; trucks are equal and have names."""

    points: tuple[tuple[float, float], ...]
    metres: Matrix
    seconds: Matrix
    stops: tuple[Halt, ...]
    trucks: tuple[str, ...]

    def data(self, *, single: bool = True, metres: Matrix | None = None) -> pyvrp.ProblemData:
        """The case for PyVRP; single: every truck is a type of its own, else all are one type (which searches faster)."""
        kind: dict[str, Any] = {
            "capacity": [BOXES, GRAMS], "fixed_cost": FIXED, "tw_early": 0, "tw_late": SHIFT_S,
            "reload_depots": [0], "max_reloads": RELOADS,
        }  # fmt: skip
        kinds = (
            [pyvrp.VehicleType(1, **kind, name=name) for name in self.trucks] if single else [pyvrp.VehicleType(len(self.trucks), **kind)]
        )
        return pyvrp.ProblemData(
            [pyvrp.Location(round(lon * 10_000), round(lat * 10_000)) for lat, lon in self.points],
            [
                pyvrp.Client(k + 1, [halt.boxes, halt.grams], service_duration=halt.service_s, tw_early=0, tw_late=SHIFT_S)
                for k, halt in enumerate(self.stops)
            ],
            [pyvrp.Depot(0)],
            kinds,
            [self.metres if metres is None else metres],  # type: ignore[list-item]
            [self.seconds],  # type: ignore[list-item]
        )


@dataclass(frozen=True)
class Outcome:
    """One contestant's plan: what it costs, the share of stops kept, what is wrong with it."""

    cost: int
    kept: float
    faults: tuple[str, ...]


def bench(
    pairs: Annotated[int, typer.Option("--pairs", min=1, max=30, help="gangguan per jenis, masing-masing dengan benih sendiri")] = 5,
    base_seconds: Annotated[float, typer.Option("--base-seconds", min=1, help="detik CPU untuk rencana awal")] = 60.0,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="detik CPU untuk memperbaiki")] = 2.0,
    long_seconds: Annotated[float, typer.Option("--long-seconds", min=0.1, help="detik CPU untuk pemecahan ulang yang lama")] = 15.0,
    kinds: Annotated[str, typer.Option("--kinds", help="jenis gangguan, dipisah koma")] = ",".join(KINDS),
    table: Annotated[Path, typer.Option("--table", help="tabel desa nasional")] = TABLE,
    quick: Annotated[
        bool, typer.Option("--quick", help="kecil, digambar, dengan iterasi; hanya memeriksa bahwa rencananya dapat dijalankan")
    ] = False,
) -> int:
    """Menyusun ulang sesudah gangguan: berapa perhentian tetap pada kendaraannya, dengan biaya berapa. Keluar 0 bila sasaran tercapai."""
    chosen = tuple(kind.strip() for kind in kinds.split(",") if kind.strip())
    if not chosen or not set(chosen) <= set(KINDS):
        print(f"Jenis gangguan: {', '.join(KINDS)}.", file=sys.stderr)
        return 2
    if quick:
        case, budgets = drawn(), (Budget(iterations=400), Budget(iterations=240), Budget(iterations=400))
    else:
        villages = read(table)
        if not villages:
            print(f"Tabel desa tidak ada atau tidak memuat {REGENCY}: {table.name}", file=sys.stderr)
            return 2
        case, budgets = build(villages), (Budget(seconds=base_seconds), Budget(seconds=seconds), Budget(seconds=long_seconds))
    print(f"{len(case.stops)} perhentian, {sum(halt.boxes for halt in case.stops)} kotak; ASUMSI: truk, waktu, dan pemilih per TPS")
    runs: dict[str, list[dict[str, Outcome]]] = {kind: [] for kind in chosen}
    curves: list[replanning.Curve] = []
    for seed in range(1, pairs + 1):
        base_case, base = base_plan(case, seed, budgets[0])
        print(f"benih {seed}: rencana awal {judge(base_case, base, base).cost:,} m dengan {len(base)} truk", flush=True)
        for kind in chosen:
            now, old = disturb(base_case, base, kind, seed)
            outcomes, curve = contest(now, old, seed, budgets[1], budgets[2], first=seed % 2 == 0)
            runs[kind].append(outcomes)
            curves.append(curve)
            _say(kind, outcomes, curve)
    return _verdict(runs, curves, quick=quick)


# --- the case --------------------------------------------------------------------------------------------------------------------------


def read(table: Path, regency: str = REGENCY) -> list[tuple[float, float, int]]:
    """Latitude, longitude and number of TPS of a regency's villages; empty where there is no such table or regency."""
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["kab_code"] == regency and int(row["tps_2024"] or 0) > 0]
    return [(float(row["lat"]), float(row["lon"]), int(row["tps_2024"])) for row in rows]


def drawn(stops: int = 40) -> Case:
    """A small case with places drawn by a seed."""
    rng = random.Random(7)  # noqa: S311  (the same case every time)
    return build([(-3.0 + rng.random() * 0.8, 103.0 + rng.random() * 0.8, rng.randint(3, 14)) for _ in range(stops)])


def build(villages: Sequence[tuple[float, float, int]]) -> Case:
    """The case of a regency. The warehouse stands in the village with most TPS, and that village is a stop as well."""
    rng = random.Random(20240214)  # noqa: S311  (the same case on every machine)
    seat = max(villages, key=lambda village: village[2])
    points = ((seat[0], seat[1]), *((lat, lon) for lat, lon, _ in villages))
    radians = np.radians(np.array(points))
    lat, lon = radians.T
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    metres = np.rint(2 * EARTH_M * np.arcsin(np.sqrt(half)) * DETOUR).astype(np.int64)
    stops = [
        Halt(BOXES_PER_TPS * tps, sum(20_000 + 120 * rng.randint(180, 300) for _ in range(tps))) for _, _, tps in villages
    ]  # boxes and papers of a TPS with so many voters
    return Case(points, metres, np.rint(metres / METRES_PER_S).astype(np.int64), tuple(stops), tuple(f"T{k:02}" for k in range(1, 61)))


def base_plan(case: Case, seed: int, budget: Budget) -> tuple[Case, tuple[Route, ...]]:
    """The plan before the disruption, and the case with the trucks it uses and some that stay at home."""
    found = _cold(case, seed, budget)
    routes = tuple(replace(route, vehicle=number) for number, route in enumerate(found))
    return replace(case, trucks=case.trucks[: len(routes) + SPARE]), routes


def disturb(case: Case, base: Sequence[Route], kind: str, seed: int) -> tuple[Case, tuple[Route, ...]]:
    """The case after a disruption, and the old plan in its terms. The truck that is lost is gone from both."""
    rng = random.Random(f"{kind}/{seed}")  # noqa: S311  (the same disruption for every contestant)
    if kind == "muatan":
        hit = set(rng.sample(range(len(case.stops)), round(SHARE * len(case.stops))))
        stops = [Halt(round(h.boxes * MORE), round(h.grams * MORE)) if k in hit else h for k, h in enumerate(case.stops)]
        return replace(case, stops=tuple(stops)), tuple(base)
    if kind == "kendaraan":
        lost = rng.choice([route.vehicle for route in base])
        left = [route for route in base if route.vehicle != lost]
        renumbered = tuple(replace(route, vehicle=route.vehicle - (route.vehicle > lost)) for route in left)
        return replace(case, trucks=tuple(name for k, name in enumerate(case.trucks) if k != lost)), renumbered
    ways = [(a + 1, b + 1) for route in base for trip in route.trips for a, b in pairwise(trip) if case.metres[a + 1, b + 1]]
    a, b = rng.choice(ways)
    metres = _around(case, a, b)
    return replace(case, metres=metres, seconds=np.rint(metres / METRES_PER_S).astype(np.int64)), tuple(base)


def _around(case: Case, a: int, b: int) -> Matrix:
    """Ways when the road between two places is cut: whatever passes both goes by way of one other place."""
    blocked = _passes(case, a) & _passes(case, b)
    np.fill_diagonal(blocked, val=False)
    open_ways = np.where(blocked, NO_WAY, case.metres)
    found = case.metres.copy()
    for i, j in np.argwhere(blocked):
        found[i, j] = min(NO_WAY, int((open_ways[i] + open_ways[:, j]).min()))
    return found


def _passes(case: Case, place: int) -> NDArray[np.bool_]:
    """For every way whether its straight line goes by a place."""
    points = np.radians(np.array(case.points)) * EARTH_M
    east = points[:, 1] * np.cos(np.radians(case.points[place][0]))
    xy = np.stack([east, points[:, 0]], axis=1)
    start, way = xy[:, None, :], xy[None, :, :] - xy[:, None, :]
    length = np.maximum((way**2).sum(axis=2), 1.0)
    along = np.clip((((xy[place] - start) * way).sum(axis=2)) / length, 0.0, 1.0)
    off = np.hypot(*np.moveaxis(start + along[..., None] * way - xy[place], 2, 0))
    found: NDArray[np.bool_] = off <= PASSES_M
    return found


# --- the contest -----------------------------------------------------------------------------------------------------------------------


def contest(
    case: Case, old: tuple[Route, ...], seed: int, budget: Budget, long: Budget, *, first: bool
) -> tuple[dict[str, Outcome], replanning.Curve]:
    """All contestants on one disruption; `first`: ours goes first."""
    data = case.data()
    curve = replanning.repair(data, old, seed=seed, stop=budget) if first else None
    plans = {
        COLD: _cold(case, seed, budget),
        LONG: _cold(case, seed, long),
        WARM: _solve(case.data(single=False), seed, budget, old),
        ARCS: _solve(case.data(single=False, metres=_cheaper(case, old)), seed, budget, old),
    }
    curve = curve or replanning.repair(data, old, seed=seed, stop=budget)
    named = {name: replanning.matched(data, old, routes) for name, routes in plans.items()}
    named[OURS] = curve.chosen().routes
    return {name: judge(case, old, routes) for name, routes in named.items()}, curve


def _cold(case: Case, seed: int, budget: Budget) -> tuple[Route, ...]:
    return _solve(case.data(single=False), seed, budget, None)


def _solve(data: pyvrp.ProblemData, seed: int, budget: Budget, start: Sequence[Route] | None) -> tuple[Route, ...]:
    """Bare PyVRP; every route of its answer gets a truck of its own."""
    initial = replanning.solution_of(data, [replace(route, vehicle=0) for route in start]) if start else None
    found = pyvrp.solve(data, replanning.criterion(budget), seed=seed, collect_stats=False, display=False, initial_solution=initial).best
    return tuple(replace(route, vehicle=number) for number, route in enumerate(replanning.routes_of(found)))


def _cheaper(case: Case, old: Iterable[Route]) -> Matrix:
    """Ways that the old plan used cost 15 % less."""
    metres = case.metres.copy()
    for route in old:
        for trip in route.trips:
            for a, b in pairwise([0, *(stop + 1 for stop in trip), 0]):
                metres[a, b] = case.metres[a, b] * 85 // 100
    return metres


def judge(case: Case, old: Iterable[Route], routes: Sequence[Route]) -> Outcome:
    """What a plan costs, keeps and breaks: the checker, in whole numbers and with no solver."""
    faults, total, served = [], 0, [0] * len(case.stops)
    if len({route.vehicle for route in routes}) < len(routes) or any(not 0 <= route.vehicle < len(case.trucks) for route in routes):
        faults.append("truk dipakai dua kali atau tidak ada")
    for route in routes:
        clock, total = 0, total + FIXED
        if not route.trips or len(route.trips) > RELOADS + 1:
            faults.append("terlalu banyak perjalanan")
        for trip in route.trips:
            if sum(case.stops[k].boxes for k in trip) > BOXES or sum(case.stops[k].grams for k in trip) > GRAMS:
                faults.append("kelebihan muatan")
            for a, b in pairwise([0, *(k + 1 for k in trip), 0]):
                total += int(case.metres[a, b])
                clock += int(case.seconds[a, b]) + (case.stops[b - 1].service_s if b else 0)
            for k in trip:
                served[k] += 1
        if clock > SHIFT_S:
            faults.append("melewati jam kerja")
    if any(count != 1 for count in served):
        faults.append("perhentian terlewat atau dua kali")
    had = {stop: route.vehicle for route in old for stop in route.stops}
    same = sum(had.get(stop) == route.vehicle for route in routes for stop in route.stops)
    return Outcome(total, same / len(case.stops), tuple(faults))


# --- what is printed -------------------------------------------------------------------------------------------------------------------


def _say(kind: str, outcomes: dict[str, Outcome], curve: replanning.Curve) -> None:
    reference = outcomes[LONG].cost
    for name, one in outcomes.items():
        wrong = f"  SALAH: {', '.join(one.faults)}" if one.faults else ""
        print(f"  {kind:<10} {name:<26} biaya {one.cost / reference:.4f}  tetap {one.kept:6.1%}{wrong}")
    shown = "  ".join(f"{point.kept / curve.stops:.1%} {point.cost / reference:.4f}" for point in curve.frontier)
    print(f"  {kind:<10} kurva (tetap, biaya terhadap {LONG}): {shown}", flush=True)


def _verdict(runs: dict[str, list[dict[str, Outcome]]], curves: Sequence[replanning.Curve], *, quick: bool) -> int:
    good = True
    for kind, outcomes in runs.items():
        print(f"{kind}: tengah dari {len(outcomes)}")
        for name in (COLD, LONG, WARM, ARCS, OURS):
            kept = [one[name].kept for one in outcomes]
            over = [one[name].cost / one[LONG].cost for one in outcomes]
            print(
                f"  {name:<26} tetap {statistics.median(kept):6.1%} ({min(kept):.1%}-{max(kept):.1%})  biaya {statistics.median(over):.4f}"
            )
        good = _reached(kind, outcomes) and good
    steps = max(len(curve.points) for curve in curves)
    print("kurva, tengah semua gangguan (harga satu perhentian yang pindah dalam m; tetap; biaya terhadap rencana yang dipilih):")
    for step in range(steps):
        points = [(curve.points[step], curve) for curve in curves if step < len(curve.points) and curve.points[step].feasible]
        if points:
            price = statistics.median(point.price for point, _ in points)
            share = statistics.median(point.kept / curve.stops for point, curve in points)
            ratio = statistics.median(point.cost / curve.chosen().cost for point, curve in points)
            print(f"  {price:>8.0f}  {share:6.1%}  {ratio:.4f}")
    if quick:
        print("uji cepat: hanya diperiksa bahwa rencana hasil perbaikan dapat dijalankan")
        return 0 if all(not one[OURS].faults for outcomes in runs.values() for one in outcomes) else 1
    return 0 if good else 1


def _reached(kind: str, outcomes: Sequence[dict[str, Outcome]]) -> bool:
    """The goal for one kind of disruption; a plan that may not be driven fails it, whoever made it is told above."""
    ours = [one[OURS] for one in outcomes]
    ratio = statistics.median(one[OURS].cost / one[LONG].cost for one in outcomes)
    short = statistics.median(one[OURS].cost / one[COLD].cost for one in outcomes)
    kept, least = statistics.median(one.kept for one in ours), min(one.kept for one in ours)
    print(f"  {kind}: kept={kept:.3f} least={least:.3f} ratio={ratio:.4f} (terhadap {LONG}) ratio_same_budget={short:.4f}")
    return not any(one.faults for one in ours) and least >= LEAST_KEPT and kept >= GOAL_KEPT and ratio <= GOAL_COST
