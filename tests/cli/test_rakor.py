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
