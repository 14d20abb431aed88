"""posko bench: small runs of what it measures. Numbers are read, never judged here: timing decides nothing in a test."""

import re
from pathlib import Path

import pytest

from posko.cli.bench import BENCHES
from posko.cli.benchmarks import packing
from tests.cli.program import run


def test_the_packing_bench_compares_two_databases_and_prints_a_ratio(tmp_path: Path) -> None:
    done = run(tmp_path, "bench", "packing", "--small", "20", "--large", "120", "--pairs", "5")
    found = re.search(r"^ratio=(\d+\.\d{3})$", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    assert done.returncode == int(float(found[1]) > packing.LIMIT)
    assert "hasil kedua basis data: sama" in done.stdout
    assert "kecil: 20 pindaian" in done.stdout
    assert "besar: 120 pindaian" in done.stdout


def test_what_cannot_be_measured_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "bench", "pengepakan")
    assert (done.returncode, "packing" in done.stderr) == (2, True)


def test_the_list_of_measurements_names_each_one(tmp_path: Path) -> None:
    done = run(tmp_path, "bench")
    assert done.returncode == 0
    assert all(name in done.stdout for name in BENCHES)


@pytest.mark.parametrize("name", sorted(BENCHES))
def test_a_measurement_explains_its_own_options(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, "bench", name, "--help")
    assert (done.returncode, f"Cara pakai: ./posko bench {name}" in done.stdout) == (0, True)
    assert run(tmp_path, "bench", name, "--tidak-ada").returncode == 2


@pytest.mark.parametrize(("times", "same", "code"), [((1.0, 1.3), True, 0), ((1.0, 1.301), True, 1), ((1.0, 1.0), False, 1)])
def test_above_the_limit_or_with_other_outcomes_it_fails(
    times: tuple[float, float], same: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Ready:
        def __enter__(self) -> "Ready":
            return self

        def __exit__(self, *_: object) -> None: ...

        def hear(self) -> dict[str, float]:
            return {"scans": 1, "journal": 1, "seconds": 0.0}

    monkeypatch.setattr(packing, "desk", lambda *_: Ready())
    monkeypatch.setattr(packing, "_pairs", lambda *_: ([times] * 5, True))
    monkeypatch.setattr(packing, "_files_agree", lambda *_: same)
    assert packing.bench(1000, 100_000, 5) == code
    assert f"ratio={times[1]:.3f}" in capsys.readouterr().out


def test_the_two_files_are_read_independently_of_the_program(tmp_path: Path) -> None:
    import sqlite3

    folders = [tmp_path / name for name in ("a", "b")]
    for folder, sheets in zip(folders, (25, 25), strict=True):
        folder.mkdir()
        with sqlite3.connect(folder / "posko.sqlite3") as file:
            file.execute("CREATE TABLE packing_put (holder, thing, quantity, found, station, entry_id)")
            file.execute("CREATE TABLE packing_stop (id, box, thing, what, found_dapil)")
            file.execute("CREATE TABLE stock_posting (subject, quantity, entry_id)")
            file.execute("INSERT INTO packing_put VALUES ('K', 'B', ?, 0, 'UKUR', 'e')", (sheets,))
            file.execute("INSERT INTO packing_stop VALUES (1, 'K', 'B', 'dapil', '2')")
            file.execute("INSERT INTO stock_posting VALUES ('bundle:B', ?, 'e')", (sheets,))
    assert packing._files_agree(*folders)
    with sqlite3.connect(folders[1] / "posko.sqlite3") as file:
        file.execute("UPDATE packing_put SET quantity = 24")
    assert not packing._files_agree(*folders)
