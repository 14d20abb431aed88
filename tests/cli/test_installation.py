"""A real installation from its first day: init, entries, backup, disaster, restore, upgrade. Each step is the program as people call it."""

import io
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from posko.cli import backup, founding, journal
from posko.cli.founding import Chosen, FirstUser, Plan
from tests.cli.program import FLAGS, run

WRITE = """
from datetime import UTC, datetime
from posko.cli import installation
installation.start()
from posko.domain import record as rules
from posko.store import record
record.set_clock(datetime(2023, 12, 5, 3, tzinfo=UTC), rules.Actor("p-kartika", "ADMIN"), datetime.now(UTC))
"""


@pytest.fixture(scope="module")
def written(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An installation with one more entry, and its backup; tests take copies."""
    folder = tmp_path_factory.mktemp("written")
    var, file = Path(shutil.copytree(founded, folder / "var")), folder / "cadangan.tar.gz"
    assert run(var, "-c", WRITE).returncode == 0
    done = run(var, "backup", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    return var, file


@pytest.fixture
def saved(var: Path, written: tuple[Path, Path], tmp_path: Path) -> Path:
    """A backup of it, after one more entry."""
    shutil.rmtree(var)
    shutil.copytree(written[0], var)
    return Path(shutil.copy2(written[1], tmp_path / "cadangan.tar.gz"))


def test_a_new_installation_has_its_election_its_people_and_a_sound_journal(founded: Path) -> None:
    with closing(sqlite3.connect(founded / "posko.sqlite3")) as database:
        assert database.execute("SELECT code, region, voting_at FROM record_election").fetchall() == [
            ("pemilu-2024", "19.06", "2024-02-14 00:00:00")
        ], "07.00 WIB"
        people = dict(database.execute("SELECT username, agency FROM access_user").fetchall())
        assert database.execute("SELECT count(*) FROM places_tps").fetchone() == (363,)
    assert people == {"kartika": "ADMIN", "ani": "KPU", "budi": "PPK"}
    assert journal.root_of(founded / "posko.sqlite3")[0] >= 4, "three people and an election"
    assert 'region = "19.06"' in (founded / "posko.toml").read_text()


def test_init_refuses_to_touch_an_existing_installation(var: Path) -> None:
    before = (var / "posko.sqlite3").read_bytes()
    done = run(var, "init", *FLAGS)
    assert done.returncode == 1
    assert "sudah ada pemasangan" in done.stderr
    assert (var / "posko.sqlite3").read_bytes() == before


def test_init_without_a_terminal_names_what_is_missing_and_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path / "var", "init", "--region", "19.06")
    assert done.returncode == 2
    assert "--name, --election, --user" in done.stderr
    assert not (tmp_path / "var" / "posko.sqlite3").exists()


def test_an_installation_survives_disaster_with_the_same_root(var: Path, saved: Path) -> None:
    before = journal.root_of(var / "posko.sqlite3")
    shutil.rmtree(var)
    done = run(var, "restore", str(saved))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"dihitung ulang: {before[1]}" in done.stdout
    assert journal.root_of(var / "posko.sqlite3") == before
    assert (var / "documents" / "2024" / "surat.pdf").read_bytes() == b"%PDF-1.7 contoh"
    assert run(var, "-c", WRITE).returncode == 0, "and it goes on from there"
    assert journal.root_of(var / "posko.sqlite3")[0] == before[0] + 1
    assert "Selesai" in run(var, "upgrade").stdout, "every hash and signature holds"


def test_restore_does_not_overwrite_and_replace_puts_aside(var: Path, saved: Path) -> None:
    assert run(var, "-c", WRITE).returncode == 0
    later = journal.root_of(var / "posko.sqlite3")
    done = run(var, "restore", str(saved))
    assert done.returncode == 1
    assert "tidak menimpanya" in done.stderr
    assert journal.root_of(var / "posko.sqlite3") == later
    done = run(var, "restore", str(saved), "--replace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert journal.root_of(var / "posko.sqlite3")[0] == later[0] - 1
    (aside,) = var.glob("sebelum-pemulihan-*")
    assert journal.root_of(aside / "posko.sqlite3") == later, "nothing was deleted"


def repacked(source: Path, target: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The same archive with members changed, renamed or left out."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            stream = old.extractfile(member)
            assert stream is not None
            kept = change(member.name, stream.read())
            if kept:
                info = tarfile.TarInfo(kept[0])
                info.size = len(kept[1])
                new.addfile(info, io.BytesIO(kept[1]))
    return target


def other_root(name: str, data: bytes) -> tuple[str, bytes]:
    if name != backup.MANIFEST:
        return name, data
    manifest = backup.Manifest.from_json(data)
    return name, backup.Manifest(manifest.made_at, manifest.region, manifest.journal_size, "00" * 32, manifest.files).as_json()


DAMAGES: dict[str, tuple[Callable[[str, bytes], tuple[str, bytes] | None], str]] = {
    "a changed byte": (lambda n, d: (n, d[:-1] + b"x") if n == "posko.toml" else (n, d), "berubah sejak dicadangkan"),
    "a lost file": (lambda n, d: None if n == "posko.toml" else (n, d), "hilang"),
    "a stranger": (lambda n, d: ("documents/lain.pdf", d) if n == "posko.toml" else (n, d), "tidak semestinya"),
    "a way out": (lambda n, d: ("../keluar", d) if n == "posko.toml" else (n, d), "tidak semestinya"),
    "no manifest": (lambda n, d: None if n == backup.MANIFEST else (n, d), "bukan cadangan Posko"),
    "another root": (other_root, "Akar jurnal"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_backup_is_refused_before_anything_is_touched(what: str, saved: Path, tmp_path: Path) -> None:
    change, words = DAMAGES[what]
    with pytest.raises(backup.Damaged, match=words):
        backup.unpack(repacked(saved, tmp_path / "rusak.tar.gz", change), tmp_path / "isi")
    assert not (tmp_path / "keluar").exists()


def test_a_truncated_or_foreign_file_is_refused_in_words(var: Path, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "potong.tar.gz").write_bytes(saved.read_bytes()[:-200])
    (tmp_path / "foto.tar.gz").write_bytes(b"bukan arsip")
    shutil.rmtree(var)
    for name in ("potong.tar.gz", "foto.tar.gz"):
        done = run(var, "restore", str(tmp_path / name))
        assert done.returncode == 1
        assert "Tidak ada yang diubah" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (var / "posko.sqlite3").exists()


def test_a_backup_is_for_its_owner_only_and_never_overwrites(var: Path, saved: Path) -> None:
    assert saved.stat().st_mode & 0o077 == 0
    done = run(var, "backup", str(saved))
    assert done.returncode == 2
    assert "sudah ada" in done.stderr


def test_upgrade_backs_up_first_and_proves_the_journal(var: Path) -> None:
    size, root = journal.root_of(var / "posko.sqlite3")
    done = run(var, "upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{size} catatan diperiksa satu per satu, akar {root}" in done.stdout
    assert len(list((var / "backups").glob("posko-19.06-*.tar.gz"))) == 1


def test_a_changed_fact_shows(var: Path) -> None:
    with closing(sqlite3.connect(var / "posko.sqlite3")) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE journal_opening SET facts = CAST('{}' AS BLOB) WHERE rowid = 2")
        database.commit()
    done = run(var, "upgrade")
    assert done.returncode == 1
    assert "faktanya berubah" in done.stderr
    assert "restore" in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["backup"], ["upgrade"]])
def test_commands_without_an_installation_say_how_to_make_one(command: list[str], tmp_path: Path) -> None:
    done = run(tmp_path / "var", *command)
    assert done.returncode == 1
    assert "./posko init" in done.stderr


PLAN = Plan(
    "19.06", "Belitung Timur", (Chosen("pemilu-2024", "Pemilu 2024", ("PPWP",), date(2024, 2, 14)),), ("KPU", "ADMIN", "PPK"),
    (FirstUser("kartika", "Kartika", "admin.sistem", "19.06"), FirstUser("ani", "Ani", "kpu.operator", "19.06")),
)  # fmt: skip


def changed(**fields: object) -> Plan:
    return Plan(**{**{f: getattr(PLAN, f) for f in PLAN.__dataclass_fields__}, **fields})  # type: ignore[arg-type]


def test_a_province_without_a_contest_does_not_get_it() -> None:
    known = founding.shipped()
    assert "DPRD_KAB" in known["pemilu-2024"].contests_in("19.06")
    assert "DPRD_KAB" not in known["pemilu-2024"].contests_in("31.71")
    assert known["pilkada-2024"].voting_date == date(2024, 11, 27)


def test_a_sound_plan_has_no_problems() -> None:
    assert founding.problems(PLAN) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (changed(scenario=Path("tidak-ada")), "bukan folder skenario"),
        (changed(region="19.02", scenario=founding.scenarios_for("19.06")[0]), "untuk 19.06, bukan 19.02"),
        (changed(region="1906"), "harus seperti 19.06"),
        (changed(name=" "), "kosong"),
        (changed(elections=()), "satu pemilihan"),
        (changed(elections=PLAN.elections * 2), "disebut dua kali"),
        (changed(agencies=("KPU", "ADMIN", "RT")), "'RT' tidak dikenal"),
        (changed(users=PLAN.users[:1]), "operator KPU"),
        (changed(users=PLAN.users[1:]), "admin yang memberi akun"),
        (changed(users=(*PLAN.users, PLAN.users[0])), "dipakai dua kali"),
        (changed(users=(*PLAN.users, FirstUser("Budi", "Budi", "ppk.anggota", "19.06"))), "huruf kecil"),
        (changed(users=(*PLAN.users, FirstUser("dedi", "Dedi", "kpu.operator", "19.02"))), "di luar 19.06"),
        (changed(users=(*PLAN.users, FirstUser("budi", "Budi", "ppk.ketua", "19.06"))), "tidak ada. Pilihannya"),
        (changed(users=(*PLAN.users, FirstUser("citra", "Citra", "kejari.analis", "19.06"))), "tidak ikut"),
    ],
)
def test_each_thing_that_is_wrong_gets_its_sentence(plan: Plan, words: str) -> None:
    assert any(words in problem for problem in founding.problems(plan))


@pytest.mark.parametrize(
    ("text", "day"), [("2024-02-14", date(2024, 2, 14)), ("14-02-2024", date(2024, 2, 14)), ("14/2/2024", date(2024, 2, 14))]
)
def test_a_date_is_read_as_people_write_it(text: str, day: date) -> None:
    assert founding.read_date(text) == day


@pytest.mark.parametrize("text", ["", "besok", "2024-13-01", "31-02-2024", "24-2-14"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        founding.read_date(text)
