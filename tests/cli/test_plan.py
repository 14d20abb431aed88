"""posko plan: a plan from a scenario folder alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from posko.cli import plan as command


def _plan(name: str = "beltim-2024", *, election: str = "", as_json: bool = False, **asked: Any) -> int:
    return command.plan(name, election=election, iterations=60, seed=1, as_json=as_json, **asked)


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


def _batun(capsys: pytest.CaptureFixture[str], **asked: Any) -> dict[str, Any]:
    assert _plan(as_json=True, **asked) == 0
    answer = json.loads(capsys.readouterr().out)
    return next(choice for choice in answer["choices"] if choice["name"] == "Pulau Batun")


def test_raising_the_waves_changes_when_the_boat_to_batun_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    low, high, storm = (_batun(capsys, waves=height) for height in (40, 100, 220))
    assert [choice["options"][0]["day"] for choice in (low, high)] == ["H-2", "H-3"]
    assert [option["plan"] for option in high["options"]] == ["A", "B", "C"]
    assert all(option["decide_at"] < option["depart_at"] < option["arrive_at"] for option in high["options"])
    assert low["chance"] > high["chance"] > storm["chance"]
    assert storm["exception"] == "no_safe_window"
    assert "TIDAK ADA JENDELA AMAN" in storm["sentences"][0]


def test_forecasts_from_a_file_decide_the_day_and_are_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = ["11 00:00;12 00:00;2,0", "12 00:00;12 14:00;0,75", "12 14:00;13 00:00;1,5", "13 00:00;14 00:00;1,75"]
    lines = [";".join(["19.06", *(f"2024-02-{part}" for part in row.split(";")[:2]), row.split(";")[2]]) for row in rows]
    path = tmp_path / "gelombang.csv"
    path.write_text("tempat;mulai;selesai;gelombang (m)\n" + "\n".join(lines), encoding="utf-8")
    batun = _batun(capsys, waves_from=str(path))
    assert batun["options"][0]["depart_at"] == "2024-02-12T05:30+07:00"
    assert "gelombang 0,75 m, batas perahu 1,25 m" in batun["sentences"][0]
    path.write_text("tempat;mulai;selesai;gelombang (m)\n19.06;besok;2024-02-12 00:00;tinggi", encoding="utf-8")
    assert _plan(waves_from=str(path)) == 1
    assert "baris 2, kolom gelombang (m)" in capsys.readouterr().err


def test_a_cut_road_is_driven_round_and_a_desa_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert _plan(as_json=True) == 0
    whole = json.loads(capsys.readouterr().out)
    assert _plan(as_json=True, cut=("Dendang", "Nyuruk")) == 0
    cut = json.loads(capsys.readouterr().out)
    assert (cut["tps_reached"], cut["violations"]) == (363, [])
    assert cut["input_hash"] != whole["input_hash"]
    assert _plan(cut=("Dendang", "Nirwana")) == 1
    assert "Desa Nirwana tidak ada" in capsys.readouterr().err


def test_a_file_of_forecasts_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert _plan(waves_from="nada.csv") == 1
    assert "Berkas nada.csv tidak ada." in capsys.readouterr().err
