"""The overseer's bundle: a bare Python recomputes what was published, and whatever was changed is named."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posko.domain import record as facts
from posko.domain import releases as rules
from posko.formats import bundle, checking, publication

pytestmark = pytest.mark.django_db
AT = datetime(2024, 2, 12, 3, tzinfo=UTC)
ELECTION = "pemilu-2024"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Both bundles and the public page of a regency with goods, forty checks and two publications; built once, on the states kept."""
    from django.conf import settings
    from django.db import transaction

    from posko.domain import readiness as readiness_rules
    from posko.store import bundles, extracts, places, readiness, releases
    from tests import beltim, kept, scene
    from tests.conftest import quick_passwords

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic(), kept.begun():
        quick_passwords(patch.setattr)
        patch.setattr(settings, "VAR", tmp_path_factory.mktemp("bundel"))
        cast = kept.state(("installed", scene.install))
        beltim.at("receipts", ELECTION)
        yes, no = readiness_rules.Answer.YES, readiness_rules.Answer.NO
        checks = [
            readiness_rules.Check(
                tps.code, no if n % 9 == 0 else yes, ("TINTA",) if n % 9 == 0 else (), yes, yes, yes, AT - timedelta(hours=2 + n % 30),
                "p-budi", "PPK", "", "[SIMULASI]",
            )
            for n, tps in enumerate(places.tps_list(ELECTION)[:40])
        ]  # fmt: skip
        readiness.record_checks(ELECTION, checks, AT)
        for at in (AT + timedelta(hours=1), AT + timedelta(hours=4)):
            draft = extracts.draft(ELECTION, rules.Way(), at)
            waiting = releases.propose(ELECTION, draft, cast.actors["ani"], at)
            releases.approve(ELECTION, waiting.code, cast.actors["fajar"], draft.digest, at)
        later = AT + timedelta(hours=5)
        found = {reader: bundles.make(ELECTION, reader, later) for reader in bundle.READERS}
        assert bundles.make(ELECTION, "bawaslu", later) == found["bawaslu"]
        newest = releases.latest(ELECTION, later)
        assert newest is not None
        found["halaman"] = json.dumps({p: c.hex() for p, c in publication.site(newest, app="/").items()}).encode()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def files(made: dict[str, bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made["bawaslu"])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def page(made: dict[str, bytes]) -> dict[str, bytes]:
    return {path: bytes.fromhex(content) for path, content in json.loads(made["halaman"]).items()}


def bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "periksa.pyz"), *arguments],
        capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"}, cwd=folder,
    )  # fmt: skip


def relisted(files: dict[str, bytes]) -> dict[str, bytes]:
    """As a careful forger would: the list of files fits again."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "daftar.json"}
    return {**files, "daftar.json": json.dumps(listed).encode()}


def forged(content: bytes, change: Callable[[Any], object]) -> bytes:
    document = json.loads(content)
    change(document)
    return facts.canonical(document)


NEWEST = "terbitan/terbitan-0002.json"


def test_a_bare_python_on_another_machine_finds_all_of_it_in_order(made: dict[str, bytes], tmp_path: Path, page: dict[str, bytes]) -> None:
    (tmp_path / "b.zip").write_bytes(made["bawaslu"])
    with zipfile.ZipFile(io.BytesIO(made["bawaslu"])) as archive:
        archive.extract("periksa.pyz", tmp_path)
    for path, content in page.items():
        (tmp_path / "halaman" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "halaman" / path).write_bytes(content)
    done = bare(tmp_path, "b.zip", "--halaman", "halaman")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HASIL: semuanya cocok." in done.stdout
    assert "Sampai catatan pemeriksaan di TPS: ready" in done.stdout
    assert "catatan pesanan dan penerimaan" in done.stdout
    (tmp_path / "halaman" / "index.html").write_bytes(page["index.html"].replace(b"TPS siap", b"TPS siaga", 1))
    told = json.loads(bare(tmp_path, "b.zip", "--halaman", "halaman", "--json").stdout)
    assert told["beda"][0]["where"] == "index.html"


def test_the_program_needs_nothing_that_has_to_be_installed() -> None:
    foreign = {
        name for file in bundle.sources().values() for name in bundle.imported(file)
        if not name.startswith("posko") and name.split(".")[0] not in sys.stdlib_module_names
    }  # fmt: skip
    assert foreign == set()
    assert "posko.domain.releases" in bundle.sources()


def test_the_press_gets_leaves_and_publications_but_no_opened_entry(made: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(made["pers"])) as archive:
        names = set(archive.namelist())
        files = {name: archive.read(name) for name in names}
    assert checking.OPENINGS not in names
    report = checking.check(files)
    assert report.findings == []
    assert any("belum sampai catatannya" in note for note in report.notes)
    assert set(report.depth.values()) == {"tabel"}


def test_no_private_part_and_no_word_of_the_post_leaves_the_house(files: dict[str, bytes]) -> None:
    for line in files[checking.OPENINGS].splitlines():
        row = json.loads(line)
        assert set(row) == {"index", "envelope", "envelope_salt", "facts", "facts_salt"}
        kind = json.loads(row["envelope"])["kind"]
        assert not kind.startswith(("aght.", "report.", "misuse.", "product.", "person.", "access."))


def test_a_figure_that_was_changed_is_named_even_when_everything_else_fits(files: dict[str, bytes]) -> None:
    def more_ready(document: Any) -> None:
        row = next(r for r in document["sections"]["figures"] if r["code"] == "ready")
        row["numerator"] += 5

    files[NEWEST] = forged(files[NEWEST], more_ready)
    found = checking.check(relisted(files)).findings
    assert any(f.check == "angka" and "TPS siap" in f.where for f in found)
    assert any(f.check == "jurnal" and f.where == "terbitan 2" for f in found)  # it was announced under another digest


def test_a_row_changed_together_with_its_figures_is_caught_by_the_entry_behind_it(files: dict[str, bytes]) -> None:
    def lie(document: Any) -> None:
        row = next(r for r in document["sections"]["tps"] if r["state"] == "not_ready" and r["entry"])
        row.update(state="ready", arrived="yes", reasons=[])
        document["sections"]["figures"] = [
            {**f, **dict(zip(("numerator", "denominator"), rules._value(rules._BY_CODE[f["code"]], document["sections"]), strict=True))}
            for f in document["sections"]["figures"]
        ]

    files[NEWEST] = forged(files[NEWEST], lie)
    found = checking.check(relisted(files)).findings
    assert not [f for f in found if f.check == "angka"]
    assert any(f.check == "fakta" and "keadaan" in f.where and f.published == "ready" and f.found == "not_ready" for f in found)


def test_goods_that_were_never_accepted_are_named(files: dict[str, bytes]) -> None:
    def lie(document: Any) -> None:
        next(r for r in document["sections"]["receipts"] if r["accepted"])["accepted"] += 7

    files[NEWEST] = forged(files[NEWEST], lie)
    found = checking.check(relisted(files)).findings
    assert any(f.check == "fakta" and "diterima baik" in f.where for f in found)


@pytest.mark.parametrize("what", ["facts", "envelope", "drop", "swap", "leaf", "root", "last", "list"])
def test_an_entry_changed_dropped_or_moved_is_named(files: dict[str, bytes], what: str) -> None:
    lines = files[checking.OPENINGS].splitlines()
    leaves = files[checking.LEAVES].split()
    if what in {"facts", "envelope"}:
        row = json.loads(lines[-1])
        row[what] = row[what].replace("1", "2", 1)
        files[checking.OPENINGS] = b"\n".join([*lines[:-1], json.dumps(row).encode()])
    elif what == "drop":
        number = next(i for i, line in enumerate(lines) if b'"tps.checked\\"' in line or b"tps.checked" in line)
        files[checking.OPENINGS] = b"\n".join(lines[:number] + lines[number + 1 :])
    elif what == "swap":
        leaves[3], leaves[4] = leaves[4], leaves[3]
    elif what == "leaf":
        leaves[7] = b"ab" * 32
    elif what == "last":
        leaves = leaves[:-1]
    elif what == "root":
        files[checking.HEAD] = json.dumps({**json.loads(files[checking.HEAD]), "root": "00" * 32}).encode()
    if what in {"swap", "leaf", "last"}:
        files[checking.LEAVES] = b"\n".join(leaves) + b"\n"
    if what == "list":
        files["tambahan.txt"] = b"?"
        assert any(f.check == "daftar" for f in checking.check(files).findings)
        return
    found = checking.check(relisted(files)).findings
    assert any(f.check in {"jurnal", "fakta"} for f in found), what


def test_a_publication_taken_out_of_the_middle_breaks_the_chain(files: dict[str, bytes]) -> None:
    del files["terbitan/terbitan-0001.json"]
    report = checking.check(relisted(files))
    assert any("Terbitan 1 tercatat di jurnal" in note for note in report.notes)
    files[NEWEST] = forged(files[NEWEST], lambda d: d["head"].update(previous="00" * 32))
    assert checking.check(relisted(files)).findings


def test_a_changed_table_or_row_of_the_public_page_is_named(files: dict[str, bytes], page: dict[str, bytes]) -> None:
    assert checking.check(files, page).findings == []
    name = next(p for p in page if p.startswith("desa/"))
    changed = {
        **page,
        name: page[name].replace(b'class="s s-unknown">', b'class="s s-ready">', 1).replace(b"belum diketahui", b"siap", 1),
    }
    found = checking.check(files, changed).findings
    assert [f for f in found if f.check == "halaman" and f.where.startswith(name)]
    table = {**page, "data/tps.csv": page["data/tps.csv"].replace(b"unknown", b"ready", 1)}
    (finding,) = checking.check(files, table).findings
    assert finding.where == "data/tps.csv"
    assert "baris" in finding.published
    other = {**page, "data/terbitan.json": b"{}"}
    assert checking.check(files, other).findings[0].where == "data/terbitan.json"
    missing = {p: c for p, c in page.items() if p != "riwayat.html"}
    assert [f.where for f in checking.check(files, missing).findings] == ["riwayat.html"]


FRONT = "index.html"
FORGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "search that writes other numbers": ("cari.js", lambda c: c + b"\ndocument.body.textContent = 'siap'"),
    "style that hides words": ("gaya.css", lambda c: c + b"\n.s-unknown{display:none}"),
    "script in a page": (FRONT, lambda c: c.replace(b"</main>", b"<script src=x.js></script></main>")),
    "numbers below the part about reporting": (FRONT, lambda c: c.replace(b"</main>", b"<p>363 dari 363 TPS siap</p></main>")),
    "colour of a state": (FRONT, lambda c: c.replace(b'<main id="isi">', b'<main id="isi" class="s-ready">')),
    "script in the map": ("peta.html", lambda c: c.replace(b"</main>", b"<script src=x.js></script></main>")),
    "page that was never made": ("hasil.html", lambda _: b"<h1>363 TPS siap</h1>"),
    "older publication": ("arsip/terbitan-0001.json", lambda _: b"{}"),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_changes_a_page_without_changing_its_rows_is_named(files: dict[str, bytes], page: dict[str, bytes], what: str) -> None:
    name, change = FORGED[what]
    changed = {**page, name: change(page.get(name, b""))}
    assert changed != page
    assert [f for f in checking.check(files, changed).findings if f.where.startswith(name)]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "Pakai:"), (("a", "b"), 2, "Pakai:"), (("tidak-ada.zip",), 2, "tidak dapat dibuka"), (("--halaman",), 2, "Pakai:"),
    ],
)  # fmt: skip
def test_called_wrongly_the_program_says_how(arguments: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert checking.main(arguments) == code
    assert says in capsys.readouterr().err


def test_what_is_no_bundle_is_told_apart_from_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    (tmp_path / "leer").mkdir()
    for name in ("x.zip", "leer"):
        assert checking.main([str(tmp_path / name)]) == 2
    assert "Tidak dapat diperiksa" in capsys.readouterr().err


def test_leaving_out_every_check_behind_the_stations_is_a_finding_and_no_shallower_look(files: dict[str, bytes]) -> None:
    lines = [line for line in files[checking.OPENINGS].splitlines() if json.loads(json.loads(line)["envelope"])["kind"] != "tps.checked"]
    files[checking.OPENINGS] = b"\n".join(lines)
    found = checking.check(relisted(files)).findings
    assert any("bukti" in f.where for f in found)


def test_a_ready_station_made_unknown_by_an_invented_reason_is_named(files: dict[str, bytes]) -> None:
    def lie(document: Any) -> None:
        row = next(r for r in document["sections"]["tps"] if r["arrived"] == "yes" and r["entry"])
        row.update(state="unknown", reasons=["old_check"])

    before = [json.loads(files[NEWEST])["sections"]["tps"][0]["state"]]
    files[NEWEST] = forged(files[NEWEST], lie)
    found = checking.check(relisted(files))
    assert any("keadaan" in f.where or "TPS" in f.where for f in found.findings), before
