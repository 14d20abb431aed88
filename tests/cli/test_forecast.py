"""posko forecast: probabilities from a scenario folder alone."""

import json
from typing import Any

import pytest

from posko.cli import forecast as command

ISLANDS = {"19.06.01.2010.001", "19.06.01.2010.002", "19.06.01.2010.003"}


def said(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    assert command.forecast("beltim-2024", **{"scenarios": 2000, **options}) == 0
    return capsys.readouterr().out


def answer(capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, as_json=True, **options))
    return found


def test_the_answer_has_the_promised_keys_and_names_tps_with_their_causes(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys)
    assert {"p_all_ready", "expected_not_ready", "tps", "actions", "seed", "scenarios", "input_hash", "inputs"} <= set(found)
    assert len(found["tps"]) == 363
    assert [one["p_ready"] for one in found["tps"]] == sorted(one["p_ready"] for one in found["tps"])
    worst = found["tps"][0]
    assert set(worst) >= {"tps", "p_ready", "causes"}
    assert worst["causes"][0]["code"] == "sea"
    assert found["expected_not_ready"] == pytest.approx(sum(1 - one["p_ready"] for one in found["tps"]), abs=0.002)
    assert any(one["basis"] == "asumsi" and "stok" in one["text"] for one in found["inputs"])


def test_a_seed_prints_the_same_bytes_and_another_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    first = said(capsys, as_json=True, seed=4)
    assert said(capsys, as_json=True, seed=4) == first
    assert said(capsys, as_json=True, seed=5) != first


def test_a_rough_sea_endangers_the_islands_and_changes_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    calm, rough = (answer(capsys, waves=cm) for cm in (60, 220))
    calm_by, rough_by = ({one["tps"]: one["p_ready"] for one in found["tps"]} for found in (calm, rough))
    assert all(calm_by[tps] > 0.96 and rough_by[tps] < 0.3 for tps in ISLANDS)
    moved = {tps for tps, chance in calm_by.items() if abs(chance - rough_by[tps]) > 0.002}
    assert moved > ISLANDS
    assert len(moved) == 6, "only the islands' TPS; the mainland meets the same chance"
    assert "second_boat" in {one["code"] for one in rough["actions"][:3]}
    assert [one["subject"] for one in calm["actions"][:3]] != [one["subject"] for one in rough["actions"][:3]]


def test_people_read_the_tps_first_then_the_number_then_all(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, waves=220)
    parts = [
        "TPS terancam",
        "Buku Limau",
        "Diperkirakan tidak siap",
        "Peluang semua TPS siap",
        "Tindakan berikutnya",
        "Masukan",
        "[ASUMSI]",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_trips_that_have_left_and_loads_that_are_there_are_not_drawn_again(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, at="2024-02-13T20:00+07:00", waves=400)
    by = {one["tps"]: one["p_ready"] for one in found["tps"]}
    assert all(by[tps] > 0.99 for tps in ISLANDS), "what crossed on H-2 no longer fears the sea"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"name": "beltim"}, 2, "beltim-2024"),
        ({"election": "pilpres"}, 2, "pemilu-2024, pilkada-2024"),
        ({"at": "besok"}, 2, "--at besok"),
        ({"at": "2024-02-14T08:00+07:00"}, 2, "bukan saat sebelum"),
    ],
)
def test_a_wrong_call_is_answered_with_what_to_do(
    options: dict[str, Any], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.forecast(**{"name": "beltim-2024", **options}) == code
    assert words in capsys.readouterr().err
