"""posko replan and posko bench replan."""

import json
from itertools import pairwise

import pytest

from posko.cli import plan as planner
from posko.cli import replan as command
from posko.cli.benchmarks import replan as bench
from posko.formats import scenario
from posko.planning import routes


def _replan(capsys: pytest.CaptureFixture[str], **said: object) -> dict[str, object]:
    assert command.replan("beltim-2024", iterations=60, as_json=True, **said) == 0  # type: ignore[arg-type]
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_cutting_the_road_from_dendang_to_nyuruk_changes_at_most_two_waybills(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _replan(capsys, cut=("Dendang", "Nyuruk"), compare=True)
    assert answer["waybills_changed"] <= 2  # type: ignore[operator]
    assert answer["waybills_changed_anew"] > 10  # type: ignore[operator]
    assert (answer["unassigned"], answer["violations"]) == ([], [])


def test_a_lost_truck_changes_its_own_waybills_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    answer = _replan(capsys, lose="t03")
    assert {pair["from"][:3] for pair in answer["taken_over"]} == {"T03"}  # type: ignore[attr-defined]
    assert answer["waybills_changed"] == len(answer["taken_over"])  # type: ignore[arg-type]


def _driven() -> tuple[str, str]:
    """Two neighbouring villages of one trip of the plan that the command repairs."""
    facts = scenario.read(planner.ROOT / "scenarios" / "beltim-2024")
    case = planner.read_case(planner.ROOT / "scenarios" / "beltim-2024", facts, "pemilu-2024")
    stop = routes.Stop(iterations=60)
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=stop)
    names = {load.place: load.name for load in case.loads}
    ways = [pair for trip in made.trips for pair in pairwise(dict.fromkeys(halt.place for halt in trip.stops)) if set(pair) <= set(names)]
    return next((names[a], names[b]) for a, b in ways)


def test_people_read_what_changes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.replan("beltim-2024", iterations=60, cut=_driven()) == 0
    said = capsys.readouterr().out
    assert "LAYAK: " in said
    assert "surat jalan berubah" in said
    assert "berubah: " in said


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({}, "Sebut gangguannya"),
        ({"cut": ("Dendang", "Atlantis")}, "Tempat Atlantis tidak ada"),
        ({"cut": ("Kurnia Jaya", "Baru")}, "terlalu dekat"),
        ({"lose": "T99"}, "T99: tidak ada dalam rencana"),
        ({"late": "TINTA@besok"}, "H-1T09.00"),
    ],
)
def test_what_cannot_have_happened_is_said_plainly(said: dict[str, object], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.replan("beltim-2024", iterations=60, **said) == 2  # type: ignore[arg-type]
    assert part in capsys.readouterr().err


def test_the_quick_bench_prints_every_contestant_and_the_curve(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.bench(pairs=1, kinds="muatan", quick=True) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in (bench.COLD, bench.LONG, bench.WARM, bench.ARCS, bench.OURS, "kurva", "ratio=", "kept="))


def test_a_run_below_the_floor_fails() -> None:
    def run(kept: float, cost: int, faults: tuple[str, ...] = ()) -> dict[str, bench.Outcome]:
        return {
            bench.OURS: bench.Outcome(cost, kept, faults),
            bench.LONG: bench.Outcome(1000, 0.5, ()),
            bench.COLD: bench.Outcome(1010, 0.4, ()),
        }

    assert bench._reached("muatan", [run(0.92, 1010)] * 3)
    assert not bench._reached("muatan", [run(0.92, 1010), run(0.84, 1010), run(0.95, 1000)])
    assert not bench._reached("muatan", [run(0.89, 1010)] * 3)
    assert not bench._reached("muatan", [run(0.92, 1021)] * 3)
    assert not bench._reached("muatan", [run(0.92, 1010, ("kelebihan muatan",))])


def test_a_missing_table_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    from pathlib import Path

    assert bench.bench(table=Path("tidak-ada.csv")) == 2
    assert "tidak-ada.csv" in capsys.readouterr().err
