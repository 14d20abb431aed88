"""posko plan: a plan from a scenario folder alone."""

import json

import pytest

from posko.cli import plan as command


def _plan(name: str = "beltim-2024", *, election: str = "", as_json: bool = False) -> int:
    return command.plan(name, election=election, iterations=60, seed=1, as_json=as_json)


def test_the_example_is_feasible_and_reaches_all_four_islands(capsys: pytest.CaptureFixture[str]) -> None:
    assert _plan(as_json=True) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["feasible"], answer["violations"], answer["unassigned"]) == (True, [], [])
    assert {island["name"] for island in answer["islands"].values()} == {"Pulau Buku Limau", "Pulau Long", "Pulau Ketapang", "Pulau Batun"}
    assert (answer["tps_reached"], answer["boxes_delivered"]) == (363, 1829)
    assert all(island["reached_at"] < "2024-02-13" for island in answer["islands"].values())
    assert "2024-02-13T06" < answer["latest_arrival"] <= "2024-02-13T15:00+07:00"
    halts = [halt for vehicle in answer["vehicles"] for trip in vehicle["trips"] for halt in trip["stops"]]
    assert sum(halt["boxes"] for halt in halts if not halt["handover"]) == 1829


def test_the_same_seed_and_iterations_print_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _plan(as_json=True)
    first = capsys.readouterr().out
    _plan(as_json=True)
    assert capsys.readouterr().out == first


def test_people_read_a_table_with_its_marks(capsys: pytest.CaptureFixture[str]) -> None:
    assert _plan() == 0
    text = capsys.readouterr().out
    assert "LAYAK: 363 dari 363 TPS, 1.829 dari 1.829 kotak" in text
    assert "PERKIRAAN" in text


def test_a_wrong_name_is_answered_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert _plan("beltim") == 2
    assert "beltim-2024" in capsys.readouterr().err
    assert _plan(election="pilpres") == 2
    assert "pemilu-2024, pilkada-2024" in capsys.readouterr().err
