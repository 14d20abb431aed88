"""Rakor in the store: a snapshot never changes, a decision waits for its owner, and only the owner reports it done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import rakor as rules
from posko.store import rakor, record

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
E = "pemilu-2024"


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A meeting over one figure that grows by the hour, without the stages before it."""

    def collect(_election: str, _meeting: str, at: datetime) -> dict[str, rules.Value]:
        hours = int((at - AT).total_seconds() // 3600)
        size, root = record.root()
        figure: rules.Value = {"code": "ready", "label": "TPS siap", "numerator": hours, "denominator": 363}
        return {"figures": [figure], "journal": {"size": size, "root": root}}

    monkeypatch.setattr(rakor, "collect", collect)
    rakor.call_meeting(E, "Rakor", "Manggar", AT, ("KPU", "PEMDA", "POLRES", "BAWASLU"), installation.actors["ani"], AT)
    return installation.actors


def test_what_was_frozen_stays_and_its_hash_is_in_the_journal(scene: Any) -> None:
    first = rakor.freeze(E, "RKR-001", scene["ani"], AT)
    second = rakor.freeze(E, "RKR-001", scene["ani"], AT + timedelta(hours=2))
    assert rakor.snapshot(E, first.code, AT + timedelta(days=9)).content == first.content
    assert rakor.latest(E, AT + timedelta(hours=1)) == first
    assert rakor.latest(E, AT + timedelta(hours=2)) == second
    assert [d.change for d in rules.differences(first.sections, second.sections)] == [2]
    opening = record.Opening.objects.get(entry_id=first.entry_id)
    assert first.digest.encode() in bytes(opening.facts)
    assert first.digest == rules.recompute(first.content)


def test_a_row_altered_behind_our_back_is_an_error_and_not_a_page(scene: Any) -> None:
    frozen = rakor.freeze(E, "RKR-001", scene["ani"], AT)
    rakor.Snapshot.objects.filter(code=frozen.code).update(content=frozen.content.replace(b"363", b"362"))
    with pytest.raises(rules.Changed):
        rakor.snapshot(E, frozen.code, AT)


def test_a_decision_waits_in_the_inbox_of_its_owner_until_the_owner_reports_it(scene: Any, cast: Any) -> None:
    due_at = AT + timedelta(days=7)
    with pytest.raises(rules.NothingFrozen):
        rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", due_at, scene["ani"], AT)
    rakor.freeze(E, "RKR-001", scene["ani"], AT)
    made = rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", due_at, scene["ani"], AT)
    assert [t.due_at for t in rakor.waiting(cast["indra"], E, AT)] == [due_at]
    assert rakor.waiting(cast["hadi"], E, AT) == []
    with pytest.raises(rules.NotOwner):
        rakor.report_done(E, made.code, "sudah", scene["ani"], AT)
    rakor.report_done(E, made.code, "40 palet diantar", scene["indra"], AT + timedelta(days=1))
    assert rakor.waiting(cast["indra"], E, AT + timedelta(days=1)) == []
    assert [t.subject for t in rakor.waiting(cast["indra"], E, AT)] == ["decision:KPT-001"], "before that day it still waited"
    with pytest.raises(rules.AlreadyDone):
        rakor.report_done(E, made.code, "lagi", scene["indra"], AT + timedelta(days=2))


def test_attendance_is_noted_once_and_opens_the_pack(scene: Any) -> None:
    rakor.attend(E, "RKR-001", ("KPU", "PEMDA", "KPU"), scene["ani"], AT)
    rakor.attend(E, "RKR-001", ("PEMDA",), scene["ani"], AT)
    meeting = rakor.meeting(E, "RKR-001", AT)
    assert meeting.attended == {"KPU", "PEMDA"}
    assert rules.may_read("PEMDA", meeting)
    assert not rules.may_read("POLRES", meeting)
