"""Evidence in the store: one file per content, bound by entries, checked at every look, withdrawn and never lost."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.formats import picture
from posko.store import evidence, record
from tests.formats.test_picture import PDF, photo

pytestmark = pytest.mark.django_db
E, S = "pemilu-2024", "receipt:TRM-001"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path


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
    assert evidence.stages_of(E, evidence.of(E, S, AT)[0].kept.sha256) == ["receipts"]


def test_a_withdrawn_photo_no_longer_stands_but_yesterday_it_did_and_its_file_stays(installation: Any) -> None:
    found = attach(installation, photo())
    soon, late = AT + timedelta(minutes=9), AT + timedelta(days=1)
    evidence.withdraw(E, S, found.kept.sha256, "", installation.actors["lutfi"], soon)
    assert evidence.of(E, S, soon) == []
    assert evidence.of(E, S, soon - timedelta(seconds=1)) == [found]
    assert evidence.open_file(E, found.kept.sha256)[1] == "jpeg"
    again = attach(installation, photo(), at=soon)
    with pytest.raises(rules.SecondMissing):
        evidence.withdraw(E, S, again.kept.sha256, "foto kotak lain", installation.actors["lutfi"], late)
    evidence.withdraw(E, S, again.kept.sha256, "foto kotak lain", installation.actors["lutfi"], late, installation.actors["ani"])
    assert evidence.counts(E, late) == {}
    newest = record.leaves(E, kind="evidence.withdrawn")[0]
    assert json.loads(record.opened(newest.entry_id).envelope)["approvals"] == ["p-lutfi", "p-ani"]
    assert (newest.corrects, newest.reason) == (again.entry_id, "foto kotak lain")
    with pytest.raises(rules.Unknown):
        evidence.withdraw(E, S, again.kept.sha256, "", installation.actors["lutfi"], late)
