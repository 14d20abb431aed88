"""`bench routes --academic`: files in VRPLIB's format against the best plans that anybody has found, ours and PyVRP's at the same budget.

A file alone does not say how its distances are rounded. We take the convention under which the `.sol` beside it is feasible and costs what
it says (nearest integer for CVRP, tenths cut off for VRPTW, thousandths for the PyVRP conversions), so a wrong reading cannot pass.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
OURS, DEFAULT = "posko", "pyvrp"
# (PyVRP's name of the rounding, how many of its units are one of the .sol)
# The last: costs of vehicles in hundredths (fleets of several sizes), distances in thousandths.
CONVENTIONS = (("round", 1), ("dimacs", 10), ("exact", 1), ("exact", 1000), ("trunc", 1), ("exact", 100_000))
QUICK_ITERATIONS = 50
# Who has not stopped after so many seconds and so many times its budget is ended and has no plan: PyVRP's local search runs for ever where
# its penalties leave 64 bits (PR06 of SDVRPTW).
ENOUGH_S, PATIENCE = 60.0, 5.0


class Unreadable(Exception):
    """A file that cannot be measured; the text says why."""


@dataclass(frozen=True)
class Known:
    """An instance with the best plan known. best is in the units of data."""

    data: Any
    best: int
    convention: str


@dataclass(frozen=True)
class Gap:
    """How far a contestant stayed above the best known, in per cent; None without a feasible plan."""

    file: str
    kind: str
    who: str
    seed: int
    percent: float | None
    cpu_s: float = 0.0


def total(solution: Any) -> int:
    """What the files count: distance, time where it costs, vehicles."""
    return int(solution.distance_cost() + solution.duration_cost() + solution.fixed_vehicle_cost())


def read(file: Path) -> Known:
    """An instance and the cost of the .sol beside it. Raises Unreadable."""
    import pyvrp
    import vrplib

    beside = file.with_suffix(".sol")
    if not beside.is_file():
        raise Unreadable(f"{beside.name} tidak ada")
    try:
        said = Decimal(str(vrplib.read_solution(beside)["cost"]))
    except (KeyError, ValueError, ArithmeticError, OSError) as error:
        raise Unreadable(f"{beside.name} tidak menyebut biaya") from error
    for rounding, scale in CONVENTIONS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = pyvrp.read(file, rounding)
            plan = pyvrp.read_solution(beside, data)
        except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as error:
            raise Unreadable(f"tidak terbaca: {error}") from error
        if plan.is_feasible() and agrees(total(plan), scale, said):
            return Known(data, total(plan), rounding)
    raise Unreadable(f"tidak ada pembulatan yang membuat {beside.name} layak dengan biaya {said:g}")


def agrees(cost: int, scale: int, said: Decimal) -> bool:
    """Whether a cost in parts of a unit is what a file says: to the part, or, where the file has decimals, rounded to as many."""
    exact = Decimal(cost) / scale
    decimals = -int(said.as_tuple().exponent)
    return exact == said or (decimals > 0 and exact.quantize(said, ROUND_HALF_UP) == said)


def run(folder: Path, seconds: float, seeds: int, jobs: int, *, quick: bool = False) -> int:
    """Solves every file and prints the gaps; 0, or 2 where nothing could be read."""
    files = sorted(folder.rglob("*.vrp")) if folder.is_dir() else []
    if not files:
        print(f"Tidak ada berkas .vrp di {folder}.", file=sys.stderr)
        return 2
    gaps: list[Gap] = []
    limit = (0.0, QUICK_ITERATIONS) if quick else (seconds, 0)
    print(
        f"{len(files)} berkas, " + (f"{QUICK_ITERATIONS} iterasi" if quick else f"{seconds:g} detik CPU") + f", {seeds} benih", flush=True
    )
    with ThreadPoolExecutor(jobs) as pool:
        for number, file in enumerate(files):
            for seed in range(1, seeds + 1):
                order = (OURS, DEFAULT) if (number + seed) % 2 else (DEFAULT, OURS)
                waiting = [pool.submit(_apart, file, who, seed, *limit) for who in order]
                try:
                    found = {gap.who: gap for gap in (future.result() for future in waiting)}
                except Unreadable as error:
                    print(f"{file.name}: {error}", file=sys.stderr)
                    break
                gaps += found.values()
                print(f"{found[OURS].kind:<9}{file.stem:<16}Posko {_percent(found[OURS])}   PyVRP {_percent(found[DEFAULT])}", flush=True)
    if not gaps:
        return 2
    summarise(gaps)
    return 0


def _percent(gap: Gap) -> str:
    return "tidak layak" if gap.percent is None else f"{gap.percent:8.2f} %"


def summarise(gaps: Sequence[Gap]) -> None:
    """Medians by class and of all; a plan that is not feasible counts as the worst, never as absent."""
    print()
    for kind in (*sorted({gap.kind for gap in gaps}), ""):
        chosen = [gap for gap in gaps if kind in ("", gap.kind)]
        ours, theirs = (_median(gap for gap in chosen if gap.who == who) for who in (OURS, DEFAULT))
        files = len({(gap.kind, gap.file) for gap in chosen})
        print(f"{kind or 'semua':<9}{files:>4} berkas   median Posko {ours:.2f} %   median PyVRP {theirs:.2f} %")


def _median(gaps: Iterable[Gap]) -> float:
    return statistics.median(float("inf") if gap.percent is None else gap.percent for gap in gaps)


def solve(file: Path, who: str, seed: int, seconds: float, iterations: int) -> Gap:
    """One contestant on one file, in this process."""
    import pyvrp
    from pyvrp.stop import MaxIterations

    from posko.cli.benchmarks.contestants import Clock
    from posko.planning import search

    known = read(file)
    warnings.simplefilter("ignore")
    began = time.process_time()
    if who == OURS:
        plan = search.solve(known.data, search.Budget(iterations, seconds), seed)
    else:
        stop = MaxIterations(iterations) if iterations else Clock(seconds)
        plan = pyvrp.solve(known.data, stop, seed=seed, collect_stats=False, display=False).best
    cpu_s = time.process_time() - began
    percent = 100 * (total(plan) / known.best - 1) if plan.is_feasible() else None
    return Gap(file.stem, file.parent.name, who, seed, percent, cpu_s)


def _apart(file: Path, who: str, seed: int, seconds: float, iterations: int) -> Gap:
    """In a process of its own."""
    command = [sys.executable, "-P", "-m", "posko.cli.benchmarks.academic", str(file), who, str(seed), str(seconds), str(iterations)]
    env = dict(os.environ) | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=ENOUGH_S + PATIENCE * seconds
        )
    except subprocess.TimeoutExpired:
        print(f"{file.name}: {who} tidak berhenti setelah {ENOUGH_S + PATIENCE * seconds:g} detik, dihentikan", file=sys.stderr, flush=True)
        return Gap(file.stem, file.parent.name, who, seed, None)
    answer = json.loads(done.stdout) if done.returncode == 0 else {"unreadable": (done.stderr.strip().splitlines() or ["?"])[-1]}
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    return Gap(**answer)


def child(file: str, who: str, seed: str, seconds: str, iterations: str) -> None:
    """Writes the gap as JSON."""
    try:
        print(json.dumps(vars(solve(Path(file), who, int(seed), float(seconds), int(iterations)))))
    except Unreadable as error:
        print(json.dumps({"unreadable": str(error)}))


if __name__ == "__main__":
    child(*sys.argv[1:6])
