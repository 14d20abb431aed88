"""posko bench routes: the checker, the problems, the readers and the report. Solvers stop by iterations; time judges nothing here."""

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from posko.cli.benchmarks import academic, checking, contestants, regencies, routes
from tests.cli.program import run

SHARED = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "vrp"
GOOD: checking.Plan = ((0, ((0, 1), (2,))), (1, ((3,),)))


def villages(count: int) -> list[regencies._Village]:
    return [
        regencies._Village(f"98.01.{1 + k // 9:02}.{2001 + k}", -3.0 + k % 5 * 0.02, 108.0 + k // 5 * 0.03, 1 + k % 7) for k in range(count)
    ]


def small() -> regencies.Problem:
    """Two depots, three stops on land, one on an island; a truck takes two of them at once."""
    metres = np.full((5, 5), 1000, dtype=np.int64)
    np.fill_diagonal(metres, 0)
    road, sea = metres.copy(), metres.copy()
    road[4, :] = road[:, 4] = sea[1:4, :] = sea[:, 1:4] = regencies.NO_WAY
    stops = tuple(regencies.Stop(place, 100, 1_000_000, 600, 9 * 3600) for place in (1, 2, 3, 4))
    fleets = (regencies.Fleet(0, 1, 0, 200, 2_000_000), regencies.Fleet(1, 1, 0, 100, 1_000_000))
    points = tuple((-3.0, 108.0 + k / 100) for k in range(5))
    return regencies.Problem("99.01", "Kecil", 5, True, 0, points, stops, fleets, (road, sea), (road // 10, sea // 10))


def changed(stop: int, **values: int) -> Callable[[regencies.Problem], regencies.Problem]:
    def change(problem: regencies.Problem) -> regencies.Problem:
        stops = list(problem.stops)
        stops[stop] = replace(stops[stop], **values)
        return replace(problem, stops=tuple(stops))

    return change


def same(problem: regencies.Problem) -> regencies.Problem:
    return problem


def test_a_right_plan_has_no_faults_and_costs_its_metres_and_vehicles() -> None:
    assert checking.faults(small(), GOOD) == []
    assert checking.cost(small(), GOOD) == 2 * regencies.FIXED + 3000 + 2000 + 2000


@pytest.mark.parametrize(
    ("change", "plan", "codes"),
    [
        (same, ((0, ((0, 1), (2,))),), {"not_served"}),
        (same, (*GOOD[:1], (1, ((3,), (3,)))), {"served_twice"}),
        (same, ((0, ((0, 1), (2, 9))), GOOD[1]), {"unknown_stop"}),
        (same, ((0, ((0, 1), (2, -1))), GOOD[1]), {"unknown_stop"}),
        (same, (*GOOD[:1], (7, ((3,),))), {"unknown_fleet"}),
        (same, ((0, ((0, 1),)), (0, ((2,),)), GOOD[1]), {"too_many_vehicles"}),
        (same, ((0, ((0, 1), (2,), ())), GOOD[1]), {"empty_trip"}),
        (lambda problem: replace(problem, max_reloads=0), GOOD, {"too_many_trips"}),
        (changed(1, boxes=101), GOOD, {"over_boxes"}),
        (changed(1, grams=1_000_001), GOOD, {"over_grams"}),
        (same, ((0, ((0, 1), (2, 3))),), {"no_way", "too_late", "shift_exceeded"}),
        (changed(1, late_s=1200 + 100 + 600 + 99), GOOD, {"too_late"}),
        (lambda problem: replace(problem, shift_s=2 * 1200 + 5 * 100 + 3 * 600 - 1), GOOD, {"shift_exceeded"}),
    ],
)  # fmt: skip
def test_the_checker_names_each_planted_fault(
    change: Callable[[regencies.Problem], regencies.Problem], plan: checking.Plan, codes: set[str]
) -> None:
    assert {fault.code for fault in checking.faults(change(small()), plan)} == codes


@pytest.mark.parametrize(
    "change",
    [
        changed(1, boxes=100, late_s=1200 + 100 + 600 + 100),
        lambda problem: replace(problem, shift_s=2 * 1200 + 5 * 100 + 3 * 600),
        lambda problem: replace(problem, max_reloads=1),
    ],
)
def test_a_plan_at_the_very_limit_is_right(change: Callable[[regencies.Problem], regencies.Problem]) -> None:
    assert checking.faults(change(small()), GOOD) == []


def test_a_regency_keeps_every_box_and_never_asks_a_truck_to_sail() -> None:
    places = villages(40)
    problem = regencies.build("98.01", "Uji", places, ("98.01.03",))
    boxes = np.zeros(40, dtype=int)
    for stop in problem.stops:
        boxes[stop.place] += stop.boxes
    assert boxes.tolist() == [regencies.BOXES_PER_TPS * village.tps for village in places]
    for stop in problem.stops:
        island = places[stop.place].code.startswith("98.01.03")
        for fleet in problem.fleets:
            open_way = problem.metres[fleet.kind][fleet.depot, stop.place] < regencies.NO_WAY
            assert open_way == (island == (fleet.kind == regencies.BOAT))
        assert stop.boxes <= regencies.LARGEST_LOAD[regencies.BOAT if island else regencies.TRUCK]
    assert not problem.synthetic


def test_without_a_known_island_the_drawn_ones_are_called_synthetic_and_are_the_same_every_time() -> None:
    first, second = (regencies.build("98.01", "Uji", villages(40), ()) for _ in range(2))
    assert first.synthetic
    assert (first.stops, first.fleets) == (second.stops, second.fleets)


def test_every_contestant_we_carry_gives_a_plan_that_the_checker_accepts() -> None:
    problem = regencies.build("98.01", "Uji", villages(24), ())
    for name in ("posko", "pyvrp", "tuned"):
        plan = contestants.solver(name)(problem, contestants.Limit(iterations=60), 1)
        assert checking.faults(problem, plan) == [], name


def test_trips_are_put_on_vehicles_only_where_the_day_allows_it() -> None:
    problem = small()
    assert contestants._packed(problem, [(0, (0, 1)), (0, (2,)), (1, (3,))]) == list(GOOD)
    short = replace(problem, shift_s=3000)
    assert len(contestants._packed(short, [(0, (0, 1)), (0, (2,))])) == 2


def test_a_plan_with_a_fault_has_no_cost() -> None:
    assert routes.judge(small(), GOOD, 1.0).cost == checking.cost(small(), GOOD)
    bad = routes.judge(small(), GOOD[:1], 1.0)
    assert (bad.cost, bad.fault) == (None, "not_served, 1 pelanggaran")


def test_of_several_starts_the_cheapest_sound_plan_counts() -> None:
    outcomes = [routes.Outcome(None, 1.0, 3, "x"), routes.Outcome(9, 1.0, 3), routes.Outcome(8, 1.0, 3)]
    assert routes.best_of(outcomes).cost == 8
    assert routes.best_of(outcomes[:1]).cost is None


def results(ours: int | None, **theirs: int | None) -> dict[tuple[str, int, str], routes.Outcome]:
    costs = {"posko": ours, "pyvrp": 1000, "tuned": 1000, "ortools": 1100, "ortools3": 1100, "vroom": 1100} | theirs
    return {("99.01", 1, who): routes.Outcome(cost, 1.0, 1, "over_boxes") for who, cost in costs.items()}


@pytest.mark.parametrize(
    ("found", "code", "word"),
    [
        (results(980), 0, "semua sasaran tercapai"),
        (results(986), 1, "Posko/PyVRP mulai"),
        (results(None), 1, "tidak layak: over_boxes"),
        (results(980, ortools=1000), 1, "Posko/OR-Tools 0.9800"),
        (results(980, vroom=1000), 1, "Posko/VROOM 0.9800"),
        (results(980, vroom=None), 0, "tanpa rencana layak 1 dari 1"),
        (results(980, pyvrp=970), 1, "99.01 1.0103, batas 1.01"),
    ],
)
def test_the_report_fails_where_a_limit_is_passed_and_says_which(
    found: dict[tuple[str, int, str], routes.Outcome], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = replace(small(), stops=small().stops * 40)
    assert routes.report([problem], 1, found) == code
    assert word in capsys.readouterr().out


def test_a_short_run_needs_no_peers_and_is_decided_by_the_checker_alone(tmp_path: Path) -> None:
    table = tmp_path / "villages.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["code", "kab_code", "kabupaten", "lat", "lon", "tps_2024", "tps_khusus_2024", "in_kpu_2024"])
        lines.writerows([v.code, "98.01", "Kabupaten Uji", v.lat, v.lon, v.tps, "", "Y"] for v in villages(12))
    done = run(tmp_path, "bench", "routes", "--quick", "--data", str(table), "--regencies", "98.01")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"98.01 Uji: {title} " in done.stdout for title in ("Posko", "PyVRP", "PyVRP disetel"))
    missing = run(tmp_path, "bench", "routes", "--quick", "--data", str(table), "--regencies", "98.02")
    assert (missing.returncode, "98.02" in missing.stderr) == (2, True)


def test_without_the_table_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "bench", "routes", "--data", str(tmp_path / "tidak-ada.csv"))
    assert (done.returncode, "Tabel desa tidak ada" in done.stderr) == (2, True)


# --- academic files --------------------------------------------------------------------------------------------------------------------

FILE = """NAME: kecil
TYPE: CVRP
DIMENSION: 4
CAPACITY: 10
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 0 4
3 3 4
4 5 0
DEMAND_SECTION
1 0
2 5
3 5
4 5
DEPOT_SECTION
1
-1
EOF
"""


def academic_file(folder: Path, solution: str) -> Path:
    (folder / "kecil.vrp").write_text(FILE, encoding="utf-8")
    (folder / "kecil.sol").write_text(solution, encoding="utf-8")
    return folder / "kecil.vrp"


def test_a_hand_made_file_is_costed_as_by_hand(tmp_path: Path) -> None:
    # 0-(4)-1-(3)-2-(5)-0 and 0-(5)-3-(5)-0
    known = academic.read(academic_file(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 22\n"))
    assert (known.best, known.convention) == (22, "round")
    gap = academic.solve(tmp_path / "kecil.vrp", "posko", 1, 0.0, 30)
    assert gap.percent == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("solution", "why"),
    [
        ("Route #1: 1 2\nRoute #2: 3\nCost 21\n", "pembulatan"),
        ("Route #1: 1 2 3\nCost 17\n", "pembulatan"),  # too heavy for one vehicle
        ("Route #1: 1 2\n", "biaya"),
    ],
)
def test_a_solution_that_does_not_cost_what_it_says_is_not_believed(tmp_path: Path, solution: str, why: str) -> None:
    with pytest.raises(academic.Unreadable, match=why):
        academic.read(academic_file(tmp_path, solution))


def test_the_academic_run_prints_gaps_and_medians(tmp_path: Path) -> None:
    academic_file(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 22\n")
    done = run(tmp_path, "bench", "routes", "--quick", "--seeds", "1", "--academic", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "median Posko 0.00 %" in done.stdout
    assert run(tmp_path, "bench", "routes", "--academic", str(tmp_path / "kosong")).returncode == 2


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "convention"),
    [
        ("CVRP/X-n115-k10", "round"),
        ("HFVRP/X223-HVRP", "exact"),
        ("MDVRPTW/PR11B", "exact"),
        ("SDVRPTW/PR02", "exact"),
        ("VRPTW/C1_10_1", "dimacs"),
    ],
)
def test_published_solutions_cost_what_they_say(file: str, convention: str) -> None:
    path = SHARED / f"{file}.vrp"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    assert academic.read(path).convention == convention


def test_the_starts_of_a_contestant_share_its_budget_and_those_of_the_generous_row_do_not() -> None:
    assert sum(routes.share(name, 9.0) for name in routes.VARIANTS[routes.OR_TOOLS]) == 9.0
    assert [routes.share(name, 9.0) for name in (*routes.VARIANTS[routes.OR_TRIPLE], "posko", "vroom:packed")] == [9.0] * 5


@pytest.mark.parametrize(
    ("cost", "scale", "said", "right"),
    [
        (22, 1, "22", True),
        (22, 1, "22.0", True),
        (23, 1, "22", False),
        (3_187_220_794, 100_000, "31872.21", True),
        (3_187_221_600, 100_000, "31872.21", False),
        (1_234_400, 1000, "1234", False),
    ],
)
def test_a_cost_agrees_to_the_decimals_that_a_file_states_and_whole_numbers_only_exactly(
    cost: int, scale: int, said: str, right: bool
) -> None:
    assert academic.agrees(cost, scale, Decimal(said)) is right


def test_a_contestant_that_never_stops_is_ended_and_has_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = academic_file(tmp_path, "Route #1: 1 2\nRoute #2: 3\nCost 22\n")
    monkeypatch.setattr(academic, "ENOUGH_S", 0.01)
    gap = academic._apart(file, "pyvrp", 1, 0.0, 1)
    assert (gap.who, gap.percent) == ("pyvrp", None)
    assert "tidak berhenti" in capsys.readouterr().err
