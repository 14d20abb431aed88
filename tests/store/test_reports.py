"""The drop box in the store: words can be erased, the ticket is not kept, the past can be asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import reports as rules
from posko.domain.reports import Category, Channel, Source, Status
from posko.store import places, record, reports

pytestmark = pytest.mark.django_db
AT = datetime(2023, 12, 1, 3, tzinfo=UTC)
E = "pemilu-2024"


@pytest.fixture
def actors(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(places, "tps_list", lambda _election: [])
    monkeypatch.setattr(places, "desa_list", lambda _region: [])
    monkeypatch.setattr(places, "kecamatan_list", lambda _region: [])
    monkeypatch.setattr(places, "sites", lambda _region: [])
    return installation.actors


def file(text: str = "Atap gudang bocor di sisi timur", place: str = "", contact: str = "di balai desa") -> str:
    filing = rules.filing(text, category=Category.LOG, channel=Channel.PUBLIC, source=Source.CITIZEN, place=place, contact=contact, at=AT)
    return reports.file_report(E, filing, reports.PUBLIC_ACTOR, AT)


def test_a_citizen_follows_a_report_by_its_ticket_which_is_stored_nowhere(actors: Any) -> None:
    ticket = file()
    assert reports.by_ticket(ticket, AT).status is Status.RECEIVED
    assert not reports.Report.objects.filter(ticket_hash__contains=ticket).exists()
    opening = record.Opening.objects.order_by("-pk").first()
    assert opening is not None
    assert ticket.encode() not in opening.envelope + opening.facts + (opening.private or b"")


def test_words_and_contact_are_private_and_never_facts(actors: Any) -> None:
    file()
    opening = record.Opening.objects.get(entry_id=reports.listing(E, AT)[0].entry_id)
    assert b"bocor" not in opening.facts + opening.envelope
    assert b"balai" not in opening.facts + opening.envelope
    assert b"bocor" in (opening.private or b"")


def test_erasing_takes_words_contact_and_the_private_part_and_leaves_the_facts(actors: Any) -> None:
    file()
    report = reports.listing(E, AT)[0]
    reports.erase(E, report.number, "diminta pelapor", actors["gita"], AT)
    assert reports.words(E, report.number) is None
    assert reports.get(E, report.number, AT).erased
    opening = record.Opening.objects.get(entry_id=report.entry_id)
    assert opening.private is None
    assert b"LOG" in opening.facts


def test_an_identity_number_reaches_no_table(actors: Any) -> None:
    number = "9" * 16
    file(f"Nomor saya {number}, gudang bocor", contact=number)
    stored = [f"{w.text} {w.contact}" for w in reports.Words.objects.all()]
    private = [bytes(o.private or b"") + bytes(o.facts) for o in record.Opening.objects.all()]
    assert all(number not in words for words in stored)
    assert all(number.encode() not in part for part in private)
    assert reports.listing(E, AT)[0].masked == 2


def test_a_place_that_is_not_in_the_list_is_refused_and_nothing_is_kept(actors: Any) -> None:
    with pytest.raises(rules.UnknownPlace):
        file(place="19.06.99.9999")
    assert reports.listing(E, AT) == []


def test_a_status_set_later_is_not_seen_before(actors: Any) -> None:
    file()
    later = AT + timedelta(hours=2)
    reports.set_status(E, "LAP-001", Status.ASSESSING, actors["citra"], later)
    assert reports.get(E, "LAP-001", AT).status is Status.RECEIVED
    assert reports.get(E, "LAP-001", later).status is Status.ASSESSING
    assert reports.listing(E, AT - timedelta(seconds=1)) == []


def test_only_the_kejari_is_asked_to_assess(actors: Any, cast: Any) -> None:
    file()
    assert [t.args for t in reports.waiting(cast["citra"], E, AT)] == [("LAP-001",)]
    assert reports.waiting(cast["budi"], E, AT) == []


def test_the_installations_own_words_are_read_from_its_folder(actors: Any, settings: Any, tmp_path: Any) -> None:
    settings.VAR = tmp_path
    (tmp_path / "kata-jaga.txt").write_text("# catatan\nContoh A\n", encoding="utf-8")
    with pytest.raises(rules.Guarded):
        reports.check_neutral(E, "Rombongan Contoh A di dermaga")
    reports.check_neutral(E, "Rombongan catatan di dermaga")
