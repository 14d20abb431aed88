"""posko custody: what a file of events says, without an installation; and the way out of one."""

import json
from pathlib import Path

import pytest

from posko.cli import main
from posko.domain import custody as rules
from posko.formats import custody as lines

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "custody"


def vector(name: str) -> tuple[list[str], dict[str, object]]:
    said = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return [lines.as_line(rules.event_of(event), "pemilu-2024") for event in said["events"]], said["expect"]


def replay(tmp_path: Path, written: str, *options: str) -> int:
    file = tmp_path / "kejadian.jsonl"
    file.write_text(written, encoding="utf-8")
    return main.run(["custody", "replay", str(file), *options])


@pytest.mark.parametrize("name", ["plain", "double-hand-over", "equal-instants", "correction", "return-whole", "return-refused"])
def test_repeated_and_shuffled_lines_give_the_hash_holders_and_conflicts_of_the_vector(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, expect = vector(name)
    for mixed in (told, [*told[::-1], "", *told[1:]]):
        assert replay(tmp_path, "\n".join(mixed), "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert {key: found[key] for key in expect} == expect
        assert found["events"] == len(told)


def test_people_read_what_does_not_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, expect = vector("double-hand-over")
    assert replay(tmp_path, "\n".join(told)) == 0
    said = capsys.readouterr().out
    assert "5 kejadian, 2 barang, 1 perjalanan" in said
    assert "TIDAK COCOK two_holders" in said
    assert str(expect["state_hash"]) in said


def test_every_wrong_line_is_named_and_nothing_is_reckoned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, _ = vector("plain")
    strange = [
        told[0].replace('"loaded"', '"stolen"'),
        "halo",
        "[]",
        told[1].replace('"seq":2', '"seq":2.5'),
        told[3].replace('"PPS"', '"X"'),
    ]
    assert replay(tmp_path, "\n".join([told[0], *strange]), "--json") == 1
    said = capsys.readouterr()
    assert said.out == ""
    for row in range(2, 7):
        assert f"baris {row}:" in said.err
    assert "baris 1:" not in said.err


def test_an_empty_file_is_a_state_too_and_a_missing_one_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(tmp_path, "", "--json") == 0
    assert json.loads(capsys.readouterr().out)["holders"] == {}
    assert main.run(["custody", "replay", str(tmp_path / "tidak-ada")]) == 1
    assert main.run(["custody", "replay", str(tmp_path)]) == 1
    assert main.run(["custody", "replay"]) == 2
    assert main.run(["custody", "pindah"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.django_db
def test_what_is_exported_is_complete_and_replays_to_the_same_state(
    installation: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from datetime import UTC, datetime

    from posko.cli import installation as around
    from posko.store import custody as store

    monkeypatch.setattr(around, "need_installation", lambda _var: None)
    monkeypatch.setattr(around, "start", lambda: None)
    for event in (rules.event_of(said) for said in json.loads((VECTORS / "seals-differ.json").read_text(encoding="utf-8"))["events"]):
        store.CustodyEventRow.objects.create(
            election="pemilu-2024", kind=event.kind.value, trip=event.trip, place=event.place, facts=rules.event_facts(event),
            device=event.device, device_seq=event.seq, person="p-ani", agency="KPU", occurred_at=event.at, entry_id=event.id,
        )  # fmt: skip
    state = store.state("pemilu-2024", datetime(2024, 2, 14, tzinfo=UTC))
    file = tmp_path / "kejadian.jsonl"
    assert main.run(["custody", "export", "--election", "pemilu-2024", "--output", str(file)]) == 0
    assert rules.state_hash(state) in capsys.readouterr().out
    assert main.run(["custody", "export", "--election", "pemilu-2024"]) == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")
    assert main.run(["custody", "replay", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state_hash"] == rules.state_hash(state)
    assert main.run(["custody", "export", "--election", "pemilu-1955"]) == 1
    assert main.run(["custody", "export", "--election", "pemilu-2024", "--output", str(tmp_path)]) == 1
