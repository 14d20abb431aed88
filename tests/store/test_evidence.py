"""Evidence in the store: one file per content, bound by entries, checked at every look, withdrawn once by whom the place allows."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.domain.record import Actor
from posko.formats import picture
from posko.store import access, evidence, record
from tests.formats.test_picture import PDF, photo, with_gps

pytestmark = pytest.mark.django_db
E, S = "pemilu-2024", "receipt:TRM-001"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
BOX, MANGGAR = "box:7X2K9QRT0V4MA1BC8", "19.06.01.2001.001"
WHY = "foto kotak lain"


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path


def standing(election: str, stage: str, subject: str, at: datetime) -> set[str]:
    return {one.kept.sha256 for one in evidence.of(election, subject, at, stage)}


def attach(installation: Any, data: bytes, what: str = "photo", at: datetime = AT, who: str = "lutfi") -> rules.Evidence:
    return evidence.attach(E, "receipts", S, what, data, "IMG.jpg", installation.actors[who], at)


def test_an_attached_photo_lies_under_its_hash_and_stands_in_the_journal_from_its_time_on(installation: Any, var: Path) -> None:
    found = attach(installation, photo())
    path, kind = evidence.open_file(E, found.kept.sha256)
    assert (kind, path.parent.parent) == ("jpeg", var / "evidence")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == found.kept.sha256
    assert evidence.of(E, S, AT) == [found]
    assert evidence.of(E, S, AT - timedelta(seconds=1)) == []
    assert evidence.of("pilkada-2024", S, AT) == []
    entry = record.entry(E, found.entry_id)
    assert (entry.kind, entry.subject) == ("evidence.attached", S)
    assert entry.facts["sha256"] == found.kept.sha256
    assert path.stat().st_mode & 0o077 == 0, "only the installation reads it"


def test_the_same_bytes_twice_are_one_file_and_a_file_torn_by_a_crash_is_written_anew(installation: Any, var: Path) -> None:
    first = evidence.keep(photo(), "a.jpg")
    assert evidence.keep(photo(), "b.png") == first
    files = [p for p in (var / "evidence").rglob("*") if p.is_file()]
    assert [p.name for p in files] == [first.sha256], "and no half file beside it"
    files[0].write_bytes(b"")
    evidence.keep(photo(), "a.jpg")
    assert len(files[0].read_bytes()) == first.size


def test_many_hands_keeping_the_same_photo_at_once_leave_one_whole_file(var: Path) -> None:
    data = photo()
    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda n: evidence.keep(data, f"{n}.jpg"), range(24)))
    assert len(kept) == 1
    assert len([p for p in (var / "evidence").rglob("*") if p.is_file()]) == 1


def test_what_is_no_photo_is_refused_and_leaves_neither_file_nor_row_nor_entry(installation: Any, var: Path) -> None:
    before = record.root()
    for data in (b"bukan foto", PDF.replace(b"/Type", b"/JavaScript /Type")):
        with pytest.raises(picture.Unusable):
            attach(installation, data)
    with pytest.raises(rules.BadWhat):
        attach(installation, photo(), "foto Pak Budi")
    assert record.root() == before
    assert evidence.of(E, S, AT) == []
    assert not (var / "evidence").exists()


def test_a_changed_or_lost_file_is_refused_and_named(installation: Any) -> None:
    found, scan = attach(installation, photo()), attach(installation, PDF, "signed_scan")
    assert evidence.damage(E, AT) == []
    path, _ = evidence.open_file(E, found.kept.sha256)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(rules.Changed):
        evidence.open_file(E, found.kept.sha256)
    evidence.open_file(E, scan.kept.sha256)[0].unlink()
    with pytest.raises(rules.Lost):
        evidence.open_file(E, scan.kept.sha256)
    assert [code for *_, code in evidence.damage(E, AT)] == ["evidence.changed", "evidence.lost"]


def test_a_file_of_another_election_or_nobodys_file_is_unknown(installation: Any) -> None:
    found = attach(installation, photo())
    for election, sha256 in (("pilkada-2024", found.kept.sha256), (E, "0" * 64), (E, "../../secret.key")):
        with pytest.raises(rules.Unknown):
            evidence.open_file(election, sha256)


def test_a_stage_binds_in_its_own_transaction_and_a_refusal_there_takes_the_row_back(installation: Any) -> None:
    kept = evidence.keep(photo(), "a.jpg")
    actor = installation.actors["lutfi"]

    def receive(fail: bool) -> None:
        with transaction.atomic():
            draft = facts.Draft("receipt.recorded", E, S, "19.06", actor, AT, {"sha256": kept.sha256})
            prepared = record.prepare([draft], AT)
            evidence.bind(E, "receipts", S, "photo", kept, actor, AT, prepared[0].entry_id, "[SIMULASI]")
            if fail:
                raise rules.NoFile()
            record.append(prepared, at=AT)

    with pytest.raises(rules.NoFile):
        receive(fail=True)
    assert evidence.of(E, S, AT) == []
    receive(fail=False)
    bound = evidence.of(E, S, AT)
    assert [(b.kept, b.mark) for b in bound] == [(kept, "[SIMULASI]")]
    assert record.entry(E, bound[0].entry_id).kind == "receipt.recorded"


def test_the_same_photo_for_the_same_thing_is_refused_and_for_another_thing_taken(installation: Any) -> None:
    attach(installation, photo())
    with pytest.raises(rules.AlreadyBound):
        attach(installation, photo(), at=AT + timedelta(seconds=1))
    attach(installation, photo(), "top_sheet")
    assert evidence.counts(E, AT) == {S: 2}
    assert evidence.counts(E, AT, "packing") == {}
    sha256 = evidence.of(E, S, AT)[0].kept.sha256
    assert evidence.subjects_of(E, sha256, AT) == [("receipts", S)]
    assert evidence.subjects_of(E, sha256, AT - timedelta(seconds=1)) == []
    assert evidence.of(E, S, AT, "packing") == []


def withdraw(
    sha256: str, who: str, at: datetime, reason: str = "", second: str = "", stage: str = "receipts", subject: str = S, **more: str
) -> None:
    actors = [Actor(f"p-{name}", "KPU") if name else None for name in (who, second)]
    assert actors[0] is not None
    evidence.withdraw(E, stage, subject, sha256, reason, actors[0], at, actors[1], **more)


def test_a_withdrawn_photo_no_longer_stands_but_yesterday_it_did_and_its_file_stays(installation: Any) -> None:
    found = attach(installation, photo())
    soon, late = AT + timedelta(minutes=9), AT + timedelta(days=1)
    withdraw(found.kept.sha256, "lutfi", soon)
    assert evidence.of(E, S, soon) == []
    assert evidence.of(E, S, soon - timedelta(seconds=1)) == [found]
    assert evidence.open_file(E, found.kept.sha256)[1] == "jpeg"
    again = attach(installation, photo(), at=soon)
    with pytest.raises(rules.SecondMissing):
        withdraw(again.kept.sha256, "lutfi", late, WHY)
    withdraw(again.kept.sha256, "lutfi", late, WHY, "ani")
    assert evidence.counts(E, late) == {}
    newest = record.leaves(E, kind="evidence.withdrawn")[0]
    assert json.loads(record.opened(newest.entry_id).envelope)["approvals"] == ["p-lutfi", "p-ani"]
    assert (newest.corrects, newest.reason) == (again.entry_id, WHY)


def test_what_stands_is_what_was_attached_and_not_withdrawn_by_then_for_that_stage(installation: Any) -> None:
    first, second = attach(installation, photo()).kept.sha256, attach(installation, photo("PNG"), at=AT + timedelta(minutes=1)).kept.sha256
    soon = AT + timedelta(minutes=2)
    withdraw(first, "lutfi", soon)
    assert standing(E, "receipts", S, AT) == {first}
    assert standing(E, "receipts", S, soon - timedelta(seconds=1)) == {first, second}
    assert standing(E, "receipts", S, soon) == {second}
    assert standing(E, "packing", S, soon) == set()
    assert standing("pilkada-2024", "receipts", S, soon) == set()


def test_a_file_is_withdrawn_once_and_what_was_never_bound_is_unknown(installation: Any) -> None:
    sha256, soon = attach(installation, photo()).kept.sha256, AT + timedelta(minutes=1)
    withdraw(sha256, "lutfi", soon)
    before = record.root()
    for at in (soon, soon - timedelta(seconds=30)):  # also under a clock that was set back
        with pytest.raises(rules.AlreadyWithdrawn):
            withdraw(sha256, "lutfi", at)
    with pytest.raises(rules.Unknown):
        withdraw("0" * 64, "lutfi", soon)
    with pytest.raises(rules.Unknown):
        withdraw(sha256, "lutfi", soon, stage="packing")
    assert record.root() == before


def test_of_two_things_that_one_photo_shows_the_named_one_is_withdrawn(installation: Any) -> None:
    sha256 = attach(installation, photo(), "top_sheet").kept.sha256
    attach(installation, photo(), "seal")
    withdraw(sha256, "lutfi", AT, what="top_sheet")
    assert [e.what for e in evidence.of(E, S, AT)] == ["seal"]
    assert standing(E, "receipts", S, AT) == {sha256}


def test_the_table_itself_takes_one_withdrawal_of_a_row_and_says_so_in_the_same_words(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256, soon = attach(installation, photo()).kept.sha256, AT + timedelta(minutes=1)
    row = evidence.EvidenceRow.objects.get(sha256=sha256)
    withdraw(sha256, "lutfi", soon)
    before = record.root()
    monkeypatch.setattr(evidence, "_to_withdraw", lambda *_: row)  # as if it had been read before the other one wrote
    with pytest.raises(rules.AlreadyWithdrawn):
        withdraw(sha256, "lutfi", soon)
    assert record.root() == before
    assert evidence.EvidenceWithdrawalRow.objects.count() == 1


# --- the place decides ---------------------------------------------------------------------------------------------------


@pytest.fixture
def manggar(installation: Any) -> Any:
    """Two people of the PPK of Manggar and one PPS beside the cast, whose Budi is of another kecamatan."""
    for name, role, region in (
        ("mira", "ppk.anggota", "19.06.01"),
        ("nita", "ppk.anggota", "19.06.01"),
        ("rano", "pps.anggota", MANGGAR[:13]),
    ):
        grants = [access_rules.Grant(role, region, AT - timedelta(days=30))]
        access.add_user(name, "posko-demo", name.title(), access_rules.ROLES[role], grants, installation.actors["kartika"], AT)
    return installation


def at_box(who: str, data: bytes | None = None, what: str = "photo") -> str:
    """Somebody shows a file for a box of Manggar."""
    found = evidence.attach(E, "packing", BOX, what, data or photo(), "x", Actor(f"p-{who}", ""), AT, place=MANGGAR)
    return found.kept.sha256


def from_box(sha256: str, who: str, at: datetime = AT, reason: str = "", second: str = "") -> None:
    withdraw(sha256, who, at, reason, second, "packing", BOX, place=MANGGAR)


def refused(refusal: type[facts.Refusal], act: Callable[[], None]) -> None:
    """The act is refused and the journal has not changed."""
    before = record.root()
    with pytest.raises(refusal):
        act()
    assert record.root() == before


def test_an_entry_of_evidence_stands_at_the_place_of_its_subject(manggar: Any) -> None:
    from_box(at_box("mira"), "mira")
    attach(manggar, photo())
    withdraw(evidence.of(E, S, AT)[0].kept.sha256, "lutfi", AT)
    said = [json.loads(record.opened(leaf.entry_id).envelope)["place"] for leaf in record.leaves(E) if leaf.kind.startswith("evidence.")]
    assert said == ["19.06", "19.06", MANGGAR, MANGGAR]


def test_a_ppk_never_takes_away_what_the_office_has_shown_neither_alone_nor_as_the_second(manggar: Any) -> None:
    scan, late = at_box("lutfi", PDF, "signed_scan"), AT + timedelta(days=1)
    refused(rules.OfficeFile, lambda: from_box(scan, "mira", late, WHY, "nita"))
    refused(rules.OfficeFile, lambda: from_box(scan, "mira", late, WHY, "lutfi"))
    refused(rules.OfficeFile, lambda: from_box(scan, "oki", late, WHY, "mira"))
    from_box(scan, "oki", late, WHY, "lutfi")
    assert evidence.of(E, BOX, late) == []


def test_a_ppk_withdraws_a_file_of_its_place_and_the_office_any(manggar: Any) -> None:
    late = AT + timedelta(days=1)
    mine, ours, theirs = at_box("mira"), at_box("rano", photo("PNG")), at_box("nita", with_gps())
    refused(rules.SecondMissing, lambda: from_box(mine, "mira", AT + timedelta(minutes=11), WHY))
    from_box(mine, "mira", AT + timedelta(minutes=10))
    from_box(ours, "mira", late, WHY, "nita")
    from_box(theirs, "lutfi", late, WHY, "nita")
    assert evidence.of(E, BOX, late) == []


def test_nobody_of_another_kecamatan_takes_part_first_or_second(manggar: Any) -> None:
    mine, late = at_box("mira"), AT + timedelta(days=1)
    refused(rules.NotHere, lambda: from_box(mine, "budi", late, WHY, "mira"))
    refused(rules.NotHere, lambda: from_box(mine, "mira", late, WHY, "budi"))
    refused(rules.NotHere, lambda: from_box(mine, "dedi", late, WHY, "lutfi"))
    refused(rules.NotHere, lambda: from_box(mine, "citra", late, WHY, "lutfi"))
    refused(rules.NotHere, lambda: from_box(mine, "tidakada", late, WHY, "lutfi"))


def test_a_ppk_has_no_hand_in_what_belongs_to_the_regency(manggar: Any) -> None:
    found = attach(manggar, PDF, "signed_scan").kept.sha256
    for place in ("", "19.06", "19.06:G01"):
        refused(rules.NotHere, lambda place=place: withdraw(found, "mira", AT, WHY, "lutfi", place=place))


def test_what_a_ppk_of_elsewhere_once_attached_here_only_the_office_withdraws(manggar: Any) -> None:
    strange, late = at_box("budi"), AT + timedelta(days=1)
    refused(rules.OfficeFile, lambda: from_box(strange, "mira", late, WHY, "nita"))
    refused(rules.NotHere, lambda: from_box(strange, "budi"))
    from_box(strange, "lutfi", late, WHY, "ani")


def test_the_file_of_an_author_whose_role_ended_is_judged_by_the_role_he_had_then(manggar: Any) -> None:
    mine, late = at_box("rano"), AT + timedelta(days=1)
    access.GrantRow.objects.filter(user__person="p-rano").update(until_at=AT + timedelta(hours=1))
    refused(rules.NotHere, lambda: from_box(mine, "rano", late, WHY, "mira"))
    from_box(mine, "mira", late, WHY, "nita")


# --- two at once, in threads of their own --------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Runs acts in threads that start together; the names of what each returned or raised, sorted."""
    gate, found = threading.Barrier(len(acts)), [""] * len(acts)

    def work(number: int) -> None:
        try:
            gate.wait()
            found[number] = type(acts[number]()).__name__
        except Exception as error:
            found[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def races() -> None:
    """Of people who attach the same photo or withdraw the same file at once, one does it, and the others are told; three rounds."""
    lutfi, oki, ani = (Actor(f"p-{name}", "KPU") for name in ("lutfi", "oki", "ani"))
    record.install(name="Uji", region="19.06", demo=True, at=AT - timedelta(days=9))
    record.create_election(facts.Election(E, "Pemilu", "19.06", AT, ("PPWP",), E), ani, AT - timedelta(days=9))
    for name in ("lutfi", "oki", "ani"):
        record.root()  # a read between two transactions, for the guard of conftest
        grants = [access_rules.Grant("kpu.gudang", "19.06", AT - timedelta(days=9))]
        access.add_user(name, "posko-demo", name.title(), "KPU", grants, ani, AT - timedelta(days=9))
    late = AT + timedelta(days=1)
    for data in (photo(), photo("PNG"), PDF):
        record.root()

        def attach(who: Actor, data: bytes = data) -> None:
            evidence.attach(E, "receipts", S, "photo", data, "x", who, AT)

        assert at_once(*(lambda who=who: attach(who) for who in (lutfi, oki, ani))) == ["AlreadyBound", "AlreadyBound", "NoneType"]
        (sha256,) = standing(E, "receipts", S, late)

        def take(who: Actor, second: Actor, sha256: str = sha256) -> None:
            evidence.withdraw(E, "receipts", S, sha256, WHY, who, late, second)

        pairs = ((lutfi, oki), (oki, lutfi), (ani, oki))
        assert at_once(*(lambda p=p: take(*p) for p in pairs)) == ["AlreadyWithdrawn", "AlreadyWithdrawn", "NoneType"]
    assert record.Entry.objects.filter(kind="evidence.attached").count() == 3
    assert record.Entry.objects.filter(kind="evidence.withdrawn").count() == 3
    assert record.verify().faults == ()


PROGRAM = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
import django
django.setup()
from tests import kept
kept.own_file()
from tests.store import test_evidence
test_evidence.races()
print("satu demi satu")
"""


def test_two_people_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    """In a process of its own, on a file: threads of one process share the tests' database in memory, and with it every lock."""
    env = {**os.environ, "POSKO_VAR": str(tmp_path), "POSKO_DATABASE_URL": "", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "satu demi satu", done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_two_people_at_once_come_one_after_the_other(transactional_db: None) -> None:
    assert connection.vendor == "postgresql"
    try:
        races()
    finally:
        with connection.cursor() as cursor:  # the flush after this test must pass
            for table in ("journal_entry", "journal_opening", "journal_equivocation", "journal_key", "journal_head"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
