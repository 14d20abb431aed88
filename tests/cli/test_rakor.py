"""`posko rakor verify` needs nothing but the file."""

from pathlib import Path

import pytest
import typer

from posko.cli import rakor as command
from posko.domain import rakor as rules

SECTIONS: dict[str, rules.Value] = {"figures": [{"code": "ready", "label": "TPS siap", "numerator": 0, "denominator": 363}], "aght": ["x"]}


def test_the_hash_of_a_full_and_of_a_shortened_file_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in (("full", rules.freeze(SECTIONS)), ("short", rules.copy_for(SECTIONS, ("aght",)))):
        (tmp_path / name).write_bytes(data)
        command.rakor("verify", tmp_path / name)
        said = capsys.readouterr().out
        assert rules.digest(SECTIONS) in said
        assert ("tidak dimuat" in said) is (name == "short")


def test_a_changed_digit_gives_another_hash_and_a_foreign_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(rules.freeze(SECTIONS).replace(b"363", b"364"))
    command.rakor("verify", path)
    assert rules.digest(SECTIONS) not in capsys.readouterr().out
    for foreign in (b"halo", b"[]", b"{}", b'{"sections":{"a":1.5}}'):
        path.write_bytes(foreign)
        with pytest.raises(typer.Exit):
            command.rakor("verify", path)
        assert "bukan paket rakor" in capsys.readouterr().err


def test_the_section_that_was_altered_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, good = tmp_path / "pack.json", rules.copy_for(SECTIONS, ("aght",))
    path.write_bytes(good)
    command.rakor("verify", path)
    assert "BERUBAH" not in capsys.readouterr().err
    path.write_bytes(good.replace(b"363", b"364"))
    with pytest.raises(typer.Exit) as stopped:
        command.rakor("verify", path)
    assert stopped.value.exit_code == 1
    assert "figures (angka)" in (said := capsys.readouterr().err)
    assert "aght" not in said


def test_of_two_copies_the_differing_sections_are_named_and_withheld_ones_compared_by_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other, foreign = (tmp_path / name for name in ("one.json", "other.json", "foreign.json"))
    one.write_bytes(rules.copy_for(SECTIONS, ()))
    other.write_bytes(rules.copy_for(SECTIONS, ("aght",)))
    command.rakor("verify", one, other)
    assert "paket yang sama" in capsys.readouterr().out
    foreign.write_bytes(rules.copy_for({**SECTIONS, "aght": ["y"]}, ("aght",)))
    with pytest.raises(typer.Exit):
        command.rakor("verify", one, foreign)
    said = capsys.readouterr().err
    assert "Bagian yang berbeda: aght (AGHT)" in said
    assert "figures" not in said


@pytest.mark.parametrize(("digits", "good"), [(64, True), (8, True), (7, False)])
def test_the_printed_hash_is_compared_by_at_least_eight_digits(
    digits: int, good: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(rules.copy_for(SECTIONS, ()))
    if good:
        command.rakor("verify", path, None, rules.digest(SECTIONS)[:digits].upper())
        assert "COCOK" in capsys.readouterr().out
    else:
        with pytest.raises(typer.Exit):
            command.rakor("verify", path, None, rules.digest(SECTIONS)[:digits])
    with pytest.raises(typer.Exit):
        command.rakor("verify", path, None, "0" * digits)


def test_a_file_of_a_layout_to_come_is_named_and_not_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(rules.freeze(SECTIONS).replace(rules.FORMAT.encode(), b"posko-rakor/9"))
    with pytest.raises(typer.Exit):
        command.rakor("verify", path)
    assert "posko-rakor/9" in capsys.readouterr().err


def test_a_file_of_the_first_layout_is_still_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pack.json"
    path.write_bytes(rules.freeze(SECTIONS).replace(rules.FORMAT.encode(), b"posko-rakor/1"))
    command.rakor("verify", path)
    assert rules.digest(SECTIONS, layout="posko-rakor/1") in capsys.readouterr().out
    assert rules.digest(SECTIONS, layout="posko-rakor/1") != rules.digest(SECTIONS)
