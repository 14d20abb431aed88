"""A drill as people start it: the original is only read, the copy is marked before it can be shown, the score is printed."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from posko.cli import gladi, journal
from tests.cli.program import run

SCRIPT = """
kode = "coba"
nama = "Coba"
mulai = "H-1 05.00"
selesai = "H-1 17.00"
kecepatan = 60

[[kejadian]]
kode = "kabar"
pada = "H-1 05.00"
jenis = "laporan"
sasaran = "19.06.02.2001"
judul = "Air naik"
isi = { kategori = "GEO", saluran = "phone", sumber = "official", kata = "[SIMULASI] Air di jalan desa setinggi mata kaki." }

[[kejadian.harapan]]
kode = "dinilai"
catatan = ["report.graded"]
subjek = "@"
dalam_menit = 60
nilai = 10
kalimat = "Laporan dinilai."
"""
INJECT = """
from datetime import UTC, datetime
from posko.cli import installation
installation.start()
from posko.server import jobs
jobs.inject_due()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "coba.toml"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


def digests(var: Path) -> dict[str, str]:
    return {
        str(path.relative_to(var)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(var.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_a_drill_is_copied_marked_played_scored_and_ended_and_the_original_stays_as_it_was(var: Path, script: Path, tmp_path: Path) -> None:
    before, goal = digests(var), tmp_path / "latihan"
    done = run(var, "gladi", "mulai", "--naskah", str(script), "--ke", str(goal), "--tanpa-layani")
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(var) == before
    assert (goal / "documents" / "2024" / "surat.pdf").is_file()
    assert not (goal / "posko.toml").exists()
    assert (goal / "desk.key").read_bytes() != (var / "desk.key").read_bytes()
    with closing(sqlite3.connect(goal / "posko.sqlite3")) as database:
        drill, identity, runs = database.execute("SELECT drill, installation, clock_from IS NOT NULL FROM record_installation").fetchone()
        assert (drill, runs) == (1, 0), "marked; the clock stands until somebody is served"
        assert identity.startswith("gladi-")
        with pytest.raises(sqlite3.DatabaseError, match="a drill stays a drill"):
            database.execute("UPDATE record_installation SET drill = 0")

    assert run(goal, "-c", INJECT).returncode == 0
    done = run(var, "gladi", "nilai", "--ke", str(goal), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["mark"].startswith("GLADI")
    assert said["injects"][0]["answers"][0]["state"] == "open"
    assert said["injects"][0]["at"] is not None
    done = run(var, "gladi", "selesai", "--ke", str(goal))
    assert done.returncode == 0
    assert "Nilai 0 dari 0" in done.stdout
    assert "selesai" in done.stdout
    assert "Semua cocok" in run(goal, "journal", "verify").stdout
    assert journal.root_of(goal / "posko.sqlite3") != journal.root_of(var / "posko.sqlite3")
    assert digests(var) == before

    (goal / "gladi.toml").unlink()
    done = run(goal, "serve", "--no-tls")
    assert done.returncode == 1
    assert "gladi.toml tidak ada" in done.stderr


def test_a_script_that_does_not_fit_leaves_nothing_behind(var: Path, tmp_path: Path) -> None:
    goal = tmp_path / "latihan"
    done = run(var, "gladi", "mulai", "--naskah", "gelombang-truk", "--ke", str(goal), "--tanpa-layani")
    assert done.returncode == 1
    assert "T03" in done.stderr
    assert not goal.exists()


def test_what_is_called_wrongly_is_said(var: Path, script: Path, tmp_path: Path) -> None:
    assert "Pilihannya: mulai, lanjut" in run(var, "gladi", "tidur").stderr
    assert "Tidak ada gladi di" in run(var, "gladi", "nilai").stderr
    (tmp_path / "penuh").mkdir()
    (tmp_path / "penuh" / "x").touch()
    assert "sudah berisi" in run(var, "gladi", "mulai", "--naskah", str(script), "--ke", str(tmp_path / "penuh")).stderr
    script.write_text(SCRIPT.replace("dalam_menit = 60", "dalam_menit = 0"), encoding="utf-8")
    done = run(var, "gladi", "mulai", "--naskah", str(script), "--tanpa-layani")
    assert done.returncode == 2
    assert "coba.toml, baris 16, dalam_menit: paling kecil 1" in done.stderr
    assert "gelombang-truk: Gelombang dan truk mogok" in run(var, "gladi", "naskah").stdout
    assert not gladi.beside(var).exists()


def test_only_a_copy_is_ever_marked(var: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="copied for a drill"):
        gladi.mark(var)
    (var / "gladi.toml").write_text("")
    with pytest.raises(ValueError, match="copied for a drill"):
        gladi.mark(var)
