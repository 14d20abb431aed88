"""The auditor's program, run as an auditor would: by a bare Python, far from Posko."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from posko.formats import auditor

DESA = [f"19.06.0{1 + k % 7}.20{k:02}" for k in range(39)]
NEED = [1 + k % 5 for k in range(39)]
SHARE = [10 + (k * 17) % 61 for k in range(39)]


def acts(n: int, slope: float, seed: int = 3) -> list[int]:
    rng = random.Random(seed)
    weights = [need * 2.718 ** (slope * (share - 40) / 18) for need, share in zip(NEED, SHARE, strict=True)]
    drawn = rng.choices(range(39), weights=weights, k=n)
    return [drawn.count(k) for k in range(39)]


def written(folder: Path, seen: list[int], separator: str = ";") -> tuple[str, str]:
    due = [need * sum(seen) / sum(NEED) for need in NEED]
    head = ["desa", *(f"{m}_{w}" for m in auditor.METRICS for w in ("ada", "harap"))]
    lines = [separator.join([d, *([str(y), f"{e:.4f}"] * 3)]) for d, y, e in zip(DESA, seen, due, strict=True)]
    ours, theirs = folder / "uji-netral.csv", folder / "angka.csv"
    ours.write_text("\ufeff" + "\n".join([separator.join(head), *lines]), encoding="utf-8")
    theirs.write_text("\n".join(["desa;pangsa", *(f"{d};{s},5" for d, s in zip(DESA, SHARE, strict=True))]), encoding="utf-8")
    return str(ours), str(theirs)


def bare(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", "-S", auditor.__file__, *arguments], capture_output=True, text=True, check=False, env={})


def test_a_bare_python_finds_the_bias_that_is_there_and_says_how_large(tmp_path: Path) -> None:
    done = bare(*written(tmp_path, acts(120, 0.6)), "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert [one["putusan"] for one in found] == ["perlu diperiksa"] * 3
    assert found[0]["rendah"] < 2.718**0.6 < found[0]["tinggi"]


def test_a_fair_world_is_left_alone_in_words_that_do_not_say_neutral(tmp_path: Path) -> None:
    done = bare(*written(tmp_path, acts(120, 0.0), ","))
    assert done.returncode == 0
    assert "tidak ditemukan pola" in done.stdout
    assert "bukan bukti netral" in done.stdout


def test_under_sixty_acts_there_is_not_enough_to_judge(tmp_path: Path) -> None:
    found = auditor.compare(*written(tmp_path, acts(59, 0.9)))
    assert {one["putusan"] for one in found} == {"belum cukup data"}
    assert {one["putusan"] for one in auditor.compare(*written(tmp_path, acts(60, 0.9)))} == {"perlu diperiksa"}


def test_false_alarms_stay_near_one_in_twenty() -> None:
    due = [need * 80 / sum(NEED) for need in NEED]
    alarms = sum(auditor.association(acts(80, 0.0, seed), due, SHARE, runs=199)["p"] < 0.05 for seed in range(100))
    assert alarms <= 11


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        ("desa\n", "desa;x\n1;2\n", "tidak ada baris"),
        ("kode;tps\n1;2\n", "desa;x\n1;2\n", "kolom “desa”"),
        ("desa;tps\n1;2\n1;3\n", "desa;x\n1;2\n", "tertulis dua kali"),
        ("desa;tps\n1;2\n", "desa;x\n2;2\n", "tidak ada angka untuk desa 1"),
        ("desa;tps\n1;2\n", "desa\n1\n", "tidak ada kolom angka"),
        ("desa;tps\n1;2\n", "desa;x\n1;2\n", "rekomendasi_ada"),
        ("desa;rekomendasi_ada;rekomendasi_harap\n1;2;2\n", "desa;x\n1;dua\n", "“dua” bukan angka"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, ours: str, theirs: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(ours, encoding="utf-8")
    (tmp_path / "b.csv").write_text(theirs, encoding="utf-8")
    done = bare(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    assert done.returncode == 2
    assert says in done.stderr


def test_wrong_arguments_and_missing_files_are_told_apart() -> None:
    assert "Pakai:" in bare().stderr
    done = bare("tidak-ada.csv", "juga-tidak.csv")
    assert done.returncode == 2
    assert "Tidak dapat dihitung" in done.stderr
