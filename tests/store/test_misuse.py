"""The overseer's box: nothing of it in facts, nothing for the post, words that can be erased."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import misuse as rules
from posko.domain import reports as ticket_rules
from posko.domain.misuse import Category, Channel, Outcome, Status
from posko.store import misuse, record

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def file(text: str = "Petugas meminta daftar nama tamu", contact: str = "lewat pos ronda", channel: Channel = Channel.PUBLIC) -> str:
    filing = rules.filing(text, category=Category.PROFILING, channel=channel, post="", posts=(), contact=contact, at=AT)
    return misuse.file(E, filing, AT)


def test_a_sender_follows_by_a_ticket_that_is_stored_nowhere(installation: Any) -> None:
    ticket = file()
    assert misuse.by_ticket(ticket_rules.parse_ticket(ticket), AT).status is Status.RECEIVED
    kept = b"".join(bytes(o.envelope) + bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    assert ticket.encode() not in kept
    with pytest.raises(rules.Unknown):
        misuse.by_ticket(ticket, AT - DAY)


@pytest.mark.parametrize("channel", list(Channel))
def test_facts_tell_neither_words_nor_kind_nor_who(installation: Any, channel: Channel) -> None:
    file(channel=channel)
    opening = record.Opening.objects.get(entry_id=misuse.listing(E, AT)[0].entry_id)
    open_part = bytes(opening.facts) + bytes(opening.envelope)
    for word in (b"tamu", b"ronda", b"profiling", b"p-", b"KEJARI"):
        assert word not in open_part.replace(b"posko", b"")
    assert b"profiling" in (opening.private or b"")


def test_the_steps_are_seen_as_of_their_time_with_outcome_and_answer(installation: Any) -> None:
    ticket, juwita = file(), installation.actors["juwita"]
    misuse.step(E, "SLH-001", Status.LOOKING, juwita, AT + DAY)
    misuse.step(E, "SLH-001", Status.ANSWERED, juwita, AT + 2 * DAY, outcome=Outcome.CORRECTED, answer="Daftar sudah dimusnahkan")
    seen = [misuse.by_ticket(ticket, AT + n * DAY) for n in range(3)]
    assert [c.status for c in seen] == [Status.RECEIVED, Status.LOOKING, Status.ANSWERED]
    assert (misuse.answer_of(seen[2], AT + DAY), misuse.answer_of(seen[2], AT + 2 * DAY)) == ("", "Daftar sudah dimusnahkan")
    stepped = record.Entry.objects.filter(kind="misuse.stepped").order_by("-leaf_index").first()
    assert stepped is not None
    assert b"musnah" not in bytes(record.Opening.objects.get(entry_id=stepped.entry_id).facts)
    with pytest.raises(rules.NoStep):
        misuse.step(E, "SLH-001", Status.RECEIVED, juwita, AT + 3 * DAY)


def test_erasing_takes_words_contact_and_answers_everywhere_and_the_journal_still_fits(installation: Any) -> None:
    juwita = installation.actors["juwita"]
    file()
    misuse.step(E, "SLH-001", Status.ANSWERED, juwita, AT, outcome=Outcome.UNFOUNDED, answer="Sudah diperiksa di tempat")
    misuse.erase(E, "SLH-001", juwita, AT + DAY)
    found = misuse.get(E, "SLH-001", AT + DAY)
    assert (misuse.words(E, "SLH-001"), found.erased, misuse.answer_of(found, AT + DAY)) == (None, True, "")
    rest = b"".join(bytes(o.private or b"") for o in record.Opening.objects.all())
    assert b"tamu" not in rest
    assert b"diperiksa" not in rest
    assert record.verify().faults == ()
    with pytest.raises(rules.AlreadyErased):
        misuse.erase(E, "SLH-001", juwita, AT + DAY)


def test_only_bawaslu_has_tasks_and_hits(installation: Any, cast: Any) -> None:
    file()
    assert [(t.kind, t.due_at) for t in misuse.waiting(cast["juwita"], E, AT)] == [("misuse.received", AT + 3 * DAY)]
    assert [h.label for h in misuse.find(cast["juwita"], E, "slh", AT)] == ["SLH-001"]
    for name, person in cast.items():
        if name != "juwita":
            assert misuse.waiting(person, E, AT) == []
            assert misuse.find(person, E, "SLH", AT) == []
