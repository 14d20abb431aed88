"""Routing on ten real regencies at equal CPU seconds: our engine against OR-Tools, VROOM and bare PyVRP.

Every run is a process of its own; in each round all contestants run once on the same problem, who goes first changes with every round.
Budgets are CPU seconds of the process, so whatever else the machine does costs nobody anything. OR-Tools starts from three first solutions
and the best of the three counts: once they share its budget, as everybody's ("OR-Tools"), and once each gets the whole of it, three
times what anybody else has ("OR-Tools 3x", printed without a limit). VROOM has two ways to say reloads and the better one counts. Every
plan of everybody is checked and costed again by `checking`, which knows no solver. A plan of ours with a fault fails the measurement.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from posko.cli import setup
from posko.cli.benchmarks import checking, regencies

ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT.parent / "shared" / "data" / "national" / "villages.csv"
CHILD = "posko.cli.benchmarks.contestants"
OURS, DEFAULT, TUNED, OR_TOOLS, OR_TRIPLE, VROOM = "posko", "pyvrp", "tuned", "ortools", "ortools3", "vroom"
TITLES = {
    OURS: "Posko", DEFAULT: "PyVRP", TUNED: "PyVRP disetel", OR_TOOLS: "OR-Tools", OR_TRIPLE: "OR-Tools 3x", VROOM: "VROOM",
}  # fmt: skip
STARTS = ("PARALLEL_CHEAPEST_INSERTION", "LOCAL_CHEAPEST_INSERTION", "SAVINGS")
VARIANTS: dict[str, tuple[str, ...]] = {
    OURS: (OURS,),
    DEFAULT: (DEFAULT,),
    TUNED: (TUNED,),
    OR_TOOLS: tuple(f"{OR_TOOLS}:{start}" for start in STARTS),
    OR_TRIPLE: tuple(f"{OR_TRIPLE}:{start}" for start in STARTS),
    VROOM: ("vroom:windows", "vroom:packed"),
}
SEEDLESS = (OR_TOOLS, OR_TRIPLE, VROOM)  # they draw nothing, so one round stands for all seeds
# Medians over regencies that must not be passed; against default PyVRP from so many stops up, and no regency above the last.
OR_TOOLS_LIMIT, VROOM_LIMIT, DEFAULT_LIMIT, DEFAULT_FROM, NONE_ABOVE = 0.95, 0.97, 0.985, 130, 1.01
QUICK_REGENCIES, QUICK_ITERATIONS = 2, 150


@dataclass(frozen=True)
class Outcome:
    """What a contestant reached on one problem with one seed: the cost, or None where there is no plan that may be driven, and why."""

    cost: int | None
    cpu_s: float
    vehicles: int
    fault: str = ""


# (regency code, seed, contestant) -> outcome
Results = Mapping[tuple[str, int, str], Outcome]


def bench(
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="detik CPU untuk setiap peserta")] = 10.0,
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=99, help="berapa benih acak")] = 3,
    only: Annotated[str, typer.Option("--regencies", help="kode kabupaten, dipisah koma; bawaan: kesepuluhnya")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="uji singkat: dua kabupaten terkecil, iterasi, tanpa OR-Tools dan VROOM")] = False,
    academic: Annotated[Path | None, typer.Option("--academic", help="folder berkas VRPLIB dengan .sol di sampingnya")] = None,
    data: Annotated[Path, typer.Option("--data", help="tabel desa nasional (villages.csv)")] = DATA,
    peers: Annotated[Path | None, typer.Option("--peers", help="folder OR-Tools dan VROOM; bawaan: disiapkan di .tools/bench")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=16, help="proses sekaligus; anggaran tetap detik CPU")] = 1,
) -> int:
    """Mesin rute. Keluar 0 bila semua sasaran tercapai, 1 bila tidak, 2 bila datanya tidak ada."""
    if academic is not None:
        from posko.cli.benchmarks import academic as papers

        return papers.run(academic, seconds, seeds, jobs, quick=quick)
    wanted = tuple(code.strip() for code in only.split(",") if code.strip()) or tuple(regencies.REGENCIES)
    if not data.is_file():
        print(f"Tabel desa tidak ada: {data}. Tanpa tabel itu tidak ada yang dapat diukur (--data BERKAS).", file=sys.stderr)
        return 2
    try:
        problems = regencies.read(data, wanted)
    except KeyError as error:
        print(f"Tabel desa tidak memuat kabupaten {error.args[0]}.", file=sys.stderr)
        return 2
    if quick:
        return _quick(problems[:QUICK_REGENCIES], data)
    try:
        folder = peers or setup.peers(ROOT)
    except setup.Failure as failure:
        print(failure, file=sys.stderr)
        return 2
    _introduce(problems, seconds, seeds)
    results = _measure(problems, data, seconds, seeds, folder, jobs)
    return report(problems, seeds, results)


def _introduce(problems: Sequence[regencies.Problem], seconds: float, seeds: int) -> None:
    print(f"{seconds:g} detik CPU per peserta, {seeds} benih. OR-Tools: terbaik dari tiga awal yang berbagi anggaran itu;")
    print("OR-Tools 3x: setiap awal mendapat seluruh anggaran, tiga kali peserta lain (tanpa batas sasaran).")
    print("OR-Tools dan VROOM tidak mengenal benih: satu putaran, dipakai untuk semua benih.")
    for p in problems:
        boats = sum(int(p.metres[regencies.TRUCK][p.fleets[0].depot, stop.place]) >= regencies.NO_WAY for stop in p.stops)
        island = "SINTETIS" if p.synthetic else f"pulau nyata, {p.out_of_reach} desa di luar jangkauan sehari"
        print(f"{p.code} {p.name}: {p.desa} desa, {len(p.stops)} muatan, {boats} hanya dengan kapal ({island})")
    print(flush=True)


# --- running ---------------------------------------------------------------------------------------------------------------------------


def run_child(
    name: str, file: Path, problem: regencies.Problem, seconds: float, iterations: int, seed: int, folder: Path | None
) -> Outcome:
    """One contestant in a process of its own; its plan is checked and costed here."""
    arguments = [name, str(file), problem.code, str(seconds), str(iterations), str(seed), str(folder or "")]
    env = dict(os.environ) | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-P", "-m", CHILD, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return Outcome(None, 0.0, 0, (done.stderr.strip().splitlines() or ["berhenti tanpa sebab"])[-1][:200])
    answer = json.loads(done.stdout.splitlines()[-1])
    return judge(problem, checking.read(answer["plan"]), float(answer["cpu_s"]))


def judge(problem: regencies.Problem, plan: checking.Plan, cpu_s: float) -> Outcome:
    """The cost where nothing is wrong with the plan, else the first fault and how many there are."""
    found = checking.faults(problem, plan)
    if found:
        return Outcome(None, cpu_s, len(plan), f"{found[0].code}, {len(found)} pelanggaran")
    return Outcome(checking.cost(problem, plan), cpu_s, len(plan))


def _measure(
    problems: Sequence[regencies.Problem], file: Path, seconds: float, seeds: int, folder: Path, jobs: int
) -> dict[tuple[str, int, str], Outcome]:
    """All runs, interleaved; prints a line whenever a round on a problem is complete."""
    from concurrent.futures import ThreadPoolExecutor

    results: dict[tuple[str, int, str], Outcome] = {}
    with ThreadPoolExecutor(jobs) as pool:
        for seed in range(1, seeds + 1):
            for problem in problems:
                running = [who for who in VARIANTS if seed == 1 or who not in SEEDLESS]
                names = _rotated([variant for who in running for variant in VARIANTS[who]], seed + len(problem.stops))
                waiting = {name: pool.submit(run_child, name, file, problem, share(name, seconds), 0, seed, folder) for name in names}
                outcomes = {name: future.result() for name, future in waiting.items()}
                for who in running:
                    results[problem.code, seed, who] = best_of([outcomes[variant] for variant in VARIANTS[who]])
                for who in set(VARIANTS) - set(running):
                    results[problem.code, seed, who] = results[problem.code, 1, who]
                shown = "  ".join(f"{TITLES[who]} {_shown(results[problem.code, seed, who])}" for who in VARIANTS)
                print(f"benih {seed}  {problem.code} {problem.name}: {shown}", flush=True)
    return results


def share(name: str, seconds: float) -> float:
    """The budget of one run: a contestant that starts from several first solutions shares its own among them."""
    return seconds / len(STARTS) if name.startswith(f"{OR_TOOLS}:") else seconds


def _rotated(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]


def best_of(outcomes: Sequence[Outcome]) -> Outcome:
    """The cheapest that may be driven, else the first."""
    sound = [outcome for outcome in outcomes if outcome.cost is not None]
    return min(sound, key=lambda outcome: outcome.cost or 0) if sound else outcomes[0]


def _shown(outcome: Outcome) -> str:
    return f"{outcome.cost / 1000:.1f} ({outcome.vehicles} kendaraan)" if outcome.cost is not None else f"tidak layak ({outcome.fault})"


def _quick(problems: Sequence[regencies.Problem], file: Path) -> int:
    """Everybody whom we carry anyway, by iterations; nothing but the checker decides."""
    sound = True
    for problem in problems:
        for who in (OURS, DEFAULT, TUNED):
            outcome = run_child(VARIANTS[who][0], file, problem, 0.0, QUICK_ITERATIONS, 1, None)
            sound = sound and (who != OURS or outcome.cost is not None)
            print(f"{problem.code} {problem.name}: {TITLES[who]} {_shown(outcome)}")
    print("uji singkat: OR-Tools dan VROOM tidak dijalankan, sasaran tidak dinilai")
    return 0 if sound else 1


# --- reporting -------------------------------------------------------------------------------------------------------------------------


def ratios(problems: Sequence[regencies.Problem], seeds: int, results: Results, peer: str) -> dict[str, float]:
    """Ours over theirs per regency: the median over seeds. A seed without a sound plan of both counts for neither."""
    found: dict[str, float] = {}
    for problem in problems:
        pairs = [(results[problem.code, seed, OURS].cost, results[problem.code, seed, peer].cost) for seed in range(1, seeds + 1)]
        both = [ours / theirs for ours, theirs in pairs if ours is not None and theirs is not None]
        if both:
            found[problem.code] = statistics.median(both)
    return found


def report(problems: Sequence[regencies.Problem], seeds: int, results: Results) -> int:
    """The table, the ratios and what they are held against; 0 when everything is within its limit."""
    peers = {peer: ratios(problems, seeds, results, peer) for peer in (OR_TOOLS, OR_TRIPLE, VROOM, DEFAULT, TUNED)}
    print(f"\n{'kabupaten':<32}{'muatan':>7}  {'biaya Posko':>12}" + "".join(f"{'/' + TITLES[peer]:>15}" for peer in peers))
    for problem in problems:
        costs = [cost for seed in range(1, seeds + 1) if (cost := results[problem.code, seed, OURS].cost) is not None]
        cells = "".join(f"{found[problem.code]:>15.4f}" if problem.code in found else f"{'-':>15}" for found in peers.values())
        own = f"{statistics.median(costs) / 1000:.1f}" if costs else "-"
        print(f"{problem.code + ' ' + problem.name:<32}{len(problem.stops):>7}  {own:>12}{cells}")
    print()
    for peer, found in peers.items():
        unsound = sum(results[problem.code, seed, peer].cost is None for problem in problems for seed in range(1, seeds + 1))
        without = f"; tanpa rencana layak {unsound} dari {len(problems) * seeds}" if unsound else ""
        if found:
            middle, low, high = statistics.median(found.values()), min(found.values()), max(found.values())
            print(f"ratio={middle:.4f} Posko/{TITLES[peer]} (terkecil {low:.4f}, terbesar {high:.4f}, {len(found)} kabupaten{without})")
        else:
            print(f"ratio=- Posko/{TITLES[peer]}: tidak ada yang dapat dibandingkan{without}")
    missed = list(_missed(problems, seeds, results, peers))
    for line in missed:
        print(f"TIDAK TERCAPAI: {line}")
    if not missed:
        print("semua sasaran tercapai")
    return 1 if missed else 0


def _missed(problems: Sequence[regencies.Problem], seeds: int, results: Results, peers: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Every limit that is passed, as a sentence."""
    for problem in problems:
        for seed in range(1, seeds + 1):
            own = results[problem.code, seed, OURS]
            if own.cost is None:
                yield f"rencana Posko untuk {problem.code} benih {seed} tidak layak: {own.fault}"
    large = {problem.code for problem in problems if len(problem.stops) >= DEFAULT_FROM}
    everybody: Callable[[str], bool] = lambda _: True  # noqa: E731
    for peer, limit, counts, words in (
        (OR_TOOLS, OR_TOOLS_LIMIT, everybody, ""),
        (VROOM, VROOM_LIMIT, everybody, ""),
        (DEFAULT, DEFAULT_LIMIT, large.__contains__, f" mulai {DEFAULT_FROM} muatan"),
    ):
        values = [ratio for code, ratio in peers[peer].items() if counts(code)]
        if values and statistics.median(values) > limit:
            yield f"Posko/{TITLES[peer]}{words} {statistics.median(values):.4f}, batas {limit}"
    for code, ratio in peers[DEFAULT].items():
        if ratio > NONE_ABOVE:
            yield f"Posko/{TITLES[DEFAULT]} di {code} {ratio:.4f}, batas {NONE_ABOVE}"
