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


def test_only_an_analyst_is_asked_to_assess(actors: Any, cast: Any) -> None:
    file()
    assert [t.args for t in reports.waiting(cast["citra"], E, AT)] == [("LAP-001",)]
    for who in ("gita", "juwita", "budi"):
        assert reports.waiting(cast[who], E, AT) == []


def test_the_installations_own_words_are_read_from_its_folder(actors: Any, settings: Any, tmp_path: Any) -> None:
    settings.VAR = tmp_path
    (tmp_path / "kata-jaga.txt").write_text("# catatan\nContoh A\n", encoding="utf-8")
    with pytest.raises(rules.Guarded):
        reports.check_neutral(E, "Rombongan Contoh A di dermaga")
    reports.check_neutral(E, "Rombongan catatan di dermaga")


# --- attachments, additions, messages, files, the guard's count ------------------------------------------------------------

PHOTO = rules.Attachment("jpeg", b"\xff\xd8 bukan rahasia")


def all_bytes() -> bytes:
    """Everything that the journal and the tables of this stage hold."""
    kept = b"".join(bytes(o.envelope) + bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    for table in (reports.Words, reports.ReportAddition, reports.ReportAttachment, reports.ReportUpload, reports.GuardEvent):
        kept += repr(list(table.objects.values_list())).encode()
    return kept


def filing(text: str = "Atap gudang bocor di sisi timur", place: str = "", category: Category = Category.LOG) -> rules.Filing:
    return rules.filing(text, category=category, channel=Channel.PUBLIC, source=Source.CITIZEN, place=place, at=AT)


def test_attachments_are_kept_with_their_hash_in_the_private_part_only_and_erased_with_the_words(actors: Any) -> None:
    import hashlib

    reports.file_report(E, filing(), reports.PUBLIC_ACTOR, AT, [PHOTO, PHOTO])
    report = reports.listing(E, AT)[0]
    assert report.attachments == 2
    assert reports.attachment(E, report.number, 2, AT) == PHOTO
    digest = hashlib.sha256(PHOTO.data).hexdigest().encode()
    opening = record.Opening.objects.get(entry_id=report.entry_id)
    assert digest in bytes(opening.private or b"")
    assert digest not in bytes(opening.facts) + bytes(opening.envelope)
    reports.erase(E, report.number, "diminta pelapor", actors["gita"], AT)
    assert reports.attached(E, report.number, AT) == []
    assert digest not in all_bytes()
    assert b"bukan rahasia" not in all_bytes()
    with pytest.raises(rules.NoFile):
        reports.attachment(E, report.number, 1, AT)


def test_four_attachments_are_refused_and_nothing_is_kept(actors: Any) -> None:
    with pytest.raises(rules.TooManyFiles):
        reports.file_report(E, filing(), reports.PUBLIC_ACTOR, AT, [PHOTO] * 4)
    assert reports.listing(E, AT) == []


def test_an_addition_is_private_asks_the_kejari_to_read_and_goes_with_the_words(actors: Any, cast: Any) -> None:
    file()
    later = AT + timedelta(hours=1)
    assert reports.add(E, "LAP-001", "Sekarang lantainya juga basah " + "9" * 16, reports.PUBLIC_ACTOR, later) == 1
    assert [a.text for a in reports.additions(E, "LAP-001", later)] == [f"Sekarang lantainya juga basah {rules.MASK}"]
    assert reports.additions(E, "LAP-001", AT) == []
    facts_kept = b"".join(bytes(o.facts) + bytes(o.envelope) for o in record.Opening.objects.all())
    assert b"lantainya" not in facts_kept
    assert "reports.added" in {t.kind for t in reports.waiting(cast["citra"], E, later)}
    reports.read_additions(E, "LAP-001", actors["citra"], later + timedelta(minutes=1))
    assert "reports.added" not in {t.kind for t in reports.waiting(cast["citra"], E, later + timedelta(minutes=1))}
    reports.erase(E, "LAP-001", "diminta pelapor", actors["gita"], later + timedelta(minutes=2))
    assert b"lantainya" not in all_bytes()
    assert reports.additions(E, "LAP-001", later + timedelta(minutes=2)) == []
    with pytest.raises(rules.AdditionClosed):
        reports.add(E, "LAP-001", "Masih ada lagi yang perlu", reports.PUBLIC_ACTOR, later + timedelta(minutes=3))


def test_five_additions_and_no_sixth(actors: Any) -> None:
    file()
    for n in range(rules.MOST_ADDITIONS):
        reports.add(E, "LAP-001", f"Tambahan yang ke {n} dari warga", reports.PUBLIC_ACTOR, AT)
    with pytest.raises(rules.TooManyAdditions):
        reports.add(E, "LAP-001", "Tambahan yang terlalu banyak", reports.PUBLIC_ACTOR, AT)


TPS = "19.06.02.2001.001"


@pytest.fixture
def with_places(actors: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(reports, "_known_places", lambda _election, _region: {TPS, "19.06.02.2001"})
    return actors


def sms(*numbers: str, place: str = TPS, note: str = "") -> str:
    codes = " ".join(c.written for c in rules.SMS_CODES if c.number in numbers)
    return f"LAPOR {rules.sms_place(place)} {codes}{note and '#' + note}"


def test_a_message_becomes_a_report_for_every_code_and_a_bad_one_does_not_stop_the_others(with_places: Any) -> None:
    messages = [sms("31", "15", note="sejak subuh"), "halo posko", sms("99"), sms("22", place="19.06.07.2001")]
    answers = reports.file_messages(E, messages, with_places["budi"], AT)
    assert [f.number for f in answers[0].filed] == ["LAP-001", "LAP-002"]
    assert [a.refusal.code if a.refusal else "" for a in answers] == ["", "reports.sms_shape", "", "reports.unknown_place"]
    assert answers[2].filed == ()
    found = reports.listing(E, AT)
    assert {(r.category, r.channel, r.source, r.place) for r in found} == {
        (Category.NET, Channel.MESSAGE, Source.KPU, TPS), (Category.LOG, Channel.MESSAGE, Source.KPU, TPS),
    }  # fmt: skip
    said = reports.words(E, "LAP-001")
    assert said is not None
    assert "catatan pengirim: sejak subuh" in said.text
    assert reports.by_ticket(answers[0].filed[1].ticket, AT).number == "LAP-002"


def test_the_same_message_pasted_again_is_recognised_and_an_hour_later_it_is_news(with_places: Any) -> None:
    reports.file_messages(E, [sms("31")], with_places["budi"], AT)
    again = reports.file_messages(E, [sms("31", "32")], with_places["budi"], AT + reports.SMS_SAME)[0]
    assert again.same == ("LAP-001",)
    assert [f.number for f in again.filed] == ["LAP-002"]
    assert len(reports.file_messages(E, [sms("31")], with_places["budi"], AT + timedelta(hours=1))[0].filed) == 1


def test_a_file_is_taken_whole_once_and_its_hash_is_no_fact(with_places: Any) -> None:
    earlier = AT - timedelta(hours=3)
    rows = [(filing(place=TPS), None), (filing("Jalan ke gudang berlubang dalam"), earlier)]
    kept = reports.keep_upload(E, "a.xlsx", b"isi berkas", with_places["citra"], AT)
    filed = reports.take_in(E, rows, "a" * 64, with_places["citra"], AT, kept.code)
    assert [f.number for f in filed] == ["LAP-001", "LAP-002"]
    assert [r.received_at for r in reports.listing(E, AT)] == [AT, earlier]
    assert reports.ReportUpload.objects.count() == 0
    facts_kept = b"".join(bytes(o.facts) + bytes(o.envelope) for o in record.Opening.objects.all())
    assert b"aaaaaaaa" not in facts_kept
    with pytest.raises(rules.FileTwice):
        reports.take_in(E, rows, "a" * 64, with_places["citra"], AT)
    assert len(reports.listing(E, AT)) == 2


def test_a_bad_row_in_the_middle_leaves_nothing_behind(with_places: Any) -> None:
    before = record.root()
    with pytest.raises(rules.UnknownPlace):
        reports.take_in(E, [(filing(), None), (filing(place="19.06.99.9999"), None), (filing(), None)], "b" * 64, with_places["citra"], AT)
    assert record.root() == before
    assert reports.Report.objects.count() == reports.Words.objects.count() == reports.ReportImport.objects.count() == 0


def test_an_upload_is_forgotten_after_a_day(actors: Any) -> None:
    kept = reports.keep_upload(E, "a.xlsx", b"kata-kata warga", actors["citra"], AT)
    assert reports.upload(E, kept.code, "p-citra").data == b"kata-kata warga"
    with pytest.raises(rules.NoUpload):
        reports.upload(E, kept.code, "p-gita")
    with pytest.raises(rules.NoUpload):
        reports.drop_upload(E, kept.code, "p-gita")
    reports.keep_upload(E, "b.xlsx", b"lain", actors["citra"], AT + reports.KEEP_UPLOADS + timedelta(seconds=1))
    with pytest.raises(rules.NoUpload):
        reports.upload(E, kept.code, "p-citra")
    with pytest.raises(rules.NoUpload):
        reports.take_in(E, [(filing(), None)], "c" * 64, actors["citra"], AT, kept.code)


def test_warned_and_masked_words_are_counted_without_the_words(actors: Any) -> None:
    file("Ada yang menyebut agama dan caleg di dermaga, nomor " + "9" * 16)
    assert reports.guard_counts(E, AT) == {
        ("reporter", "religion", "warned"): 1, ("reporter", "participant", "warned"): 1, ("reporter", "identity", "masked"): 1,
    }  # fmt: skip
    assert reports.guard_counts(E, AT - timedelta(seconds=1)) == {}
    assert b"caleg" not in repr(list(reports.GuardEvent.objects.values_list())).encode()


def test_refused_requests_are_counted_in_the_journal_and_name_no_words(actors: Any) -> None:
    size = record.root()[0]
    reports.count_guard(E, "post_text", ["participant", "religion"], "refused", actors["citra"], AT)
    reports.count_guard(E, "search", ["title"], "answered", actors["citra"], AT, "duty")
    reports.count_guard(E, "post_text", [], "refused", actors["citra"], AT)
    assert record.root()[0] == size + 3
    assert reports.guard_counts(E, AT)["post_text", "participant", "refused"] == 1
    assert reports.searches(E, AT) == [(AT, "p-citra", "title", "duty")]


def test_many_new_reports_are_one_task(with_places: Any, cast: Any) -> None:
    reports.take_in(E, [(filing(f"Atap gudang bocor nomor {n} di timur"), None) for n in range(21)], "d" * 64, with_places["citra"], AT)
    assert [(t.kind, t.label) for t in reports.waiting(cast["citra"], E, AT)] == [("reports.many", "21")]


def test_reports_are_found_by_number_and_place_and_never_by_words(with_places: Any, cast: Any) -> None:
    reports.file_report(E, filing(place=TPS), reports.PUBLIC_ACTOR, AT)
    for typed in ("lap-001", TPS):
        assert [h.label for h in reports.find(cast["citra"], E, typed, AT)] == ["LAP-001"]
    assert reports.find(cast["citra"], E, "bocor", AT) == []
    assert reports.find(cast["citra"], E, " ", AT) == []
