"""Reports: a drop box that hides what must not be kept, and a guard that knows no names."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import reports
from posko.domain.reports import Category, Channel, Source, Status

AT = datetime(2023, 12, 1, 3, tzinfo=UTC)


def a_filing(text: str = "Atap gudang bocor di sisi timur", **more: object) -> reports.Filing:
    said: dict[str, object] = {"category": Category.LOG, "channel": Channel.PUBLIC, "source": Source.CITIZEN, "place": "", "at": AT}
    return reports.filing(text, **{**said, **more})  # type: ignore[arg-type]


@given(st.integers())
def test_a_ticket_survives_being_read_out_and_typed_again(seed: int) -> None:
    ticket = reports.new_ticket(random.Random(seed))
    assert ticket.isalnum()
    assert len(ticket) == 13
    typed = reports.grouped(ticket).lower().replace("0", "o").replace("1", "l")
    assert reports.parse_ticket(f"  {typed} ") == ticket


@given(st.integers(), st.integers(0, 12), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_letter_in_a_ticket_is_noticed(seed: int, where: int, letter: str) -> None:
    ticket = reports.new_ticket(random.Random(seed))
    wrong = ticket[:where] + letter + ticket[where + 1 :]
    if wrong != ticket:
        with pytest.raises(reports.BadTicket):
            reports.parse_ticket(wrong)


@given(st.integers(), st.integers(0, 11))
def test_two_letters_of_a_ticket_exchanged_are_noticed(seed: int, where: int) -> None:
    ticket = reports.new_ticket(random.Random(seed))
    swapped = ticket[:where] + ticket[where + 1] + ticket[where] + ticket[where + 2 :]
    if swapped != ticket:
        with pytest.raises(reports.BadTicket):
            reports.parse_ticket(swapped)


@pytest.mark.parametrize("typed", ["", "123", "U" * 13, "../../etc/passwd", "0" * 4000, "<script>", "0000-0000-0000-*"])
def test_nonsense_is_no_ticket(typed: str) -> None:
    with pytest.raises(reports.BadTicket):
        reports.parse_ticket(typed)


NIK = "9" * 16


@pytest.mark.parametrize(
    "written",
    [
        NIK,
        "9999 9999 9999 9999",
        "9999-9999-9999-9999",
        "999999 999999 9999",
        "99.99.99.99.99.99.99.99",
        " ".join(NIK),
        "9999\u200b999999999999",
        "９９９９９９９９９９９９９９９９",
    ],
)
def test_an_identity_number_is_hidden_however_it_is_written(written: str) -> None:
    filing = a_filing(f"Nomor saya {written} dan gudang bocor")
    assert "9999" not in filing.words.text
    assert "9 9 9" not in filing.words.text
    assert reports.MASK in filing.words.text
    assert filing.masked == 1


def test_a_telephone_number_is_hidden_in_the_text_but_may_be_the_contact() -> None:
    filing = a_filing("Hubungi 0812-0000-0000 soal gudang", contact="0812 0000 0000")
    assert "0812" not in filing.words.text
    assert filing.words.contact == "0812 0000 0000"
    assert a_filing(contact=NIK).words.contact == reports.MASK


def test_numbers_that_are_no_identity_stay() -> None:
    text = "TPS 001, 002, 003, 004, 005 di desa itu menerima 1.452 bilik pada 05-12-2023 pukul 10.00"
    assert reports.mask(text) == (text, 0)


def test_invisible_and_control_characters_are_removed() -> None:
    assert a_filing("Gudang\x00 bo\u200bcor\u202e di\r\n\r\n\r\n\r\nsisi timur").words.text == "Gudang bocor di\n\nsisi timur"


@given(st.text(max_size=600))
def test_whatever_is_typed_is_either_refused_or_clean(text: str) -> None:
    try:
        filing = a_filing(text)
    except (reports.TooShort, reports.TooLong):
        return
    assert reports.clean(filing.words.text) == filing.words.text
    assert "\x00" not in filing.words.text
    assert reports.mask(filing.words.text)[1] == 0


def test_too_short_too_long_and_the_future_are_refused() -> None:
    with pytest.raises(reports.TooShort):
        a_filing("bocor")
    with pytest.raises(reports.TooLong):
        a_filing("bocor " * 400)
    with pytest.raises(reports.Future):
        a_filing(happened_at=AT + timedelta(minutes=1))
    assert a_filing(happened_at=AT).happened_at == AT


@pytest.mark.parametrize(
    "text",
    [
        "Saksi partai datang ke gudang",
        "PARTAINYA menghalangi truk",
        "pilih nomor   urut 7",
        "p.a.r.t.a.i membagi sembako",
        "p4rt41 membagi sembako",
        "par\u200btai membagi sembako",
        "p\u0430rtai membagi sembako",
        "Tim Sukses memasang spanduk",
        "warga satu suku menolak",
        "umat dan agama tertentu",
        "caleg di dermaga",
    ],
)
def test_the_guard_sees_labels_of_parties_candidates_religion_and_ethnicity(text: str) -> None:
    assert reports.guard(text)
    with pytest.raises(reports.Guarded):
        reports.check_neutral("Gudang bocor", text)


@pytest.mark.parametrize(
    "text",
    [
        "Gudang di belakang masjid dan gereja bocor",
        "TPS 004 di aula Kantor Urusan Agama",
        "Suku cadang genset belum ada",
        "beras bantuan disimpan bersama bilik",
        "Sekolah dasar tempat TPS terendam",
        "Hari Jumat truk tertahan",
        "calon anggota KPPS sakit",
        "departemen perhubungan menutup dermaga",
        "Nomor 7 pada berita acara keliru",
        "Data pendukung belum lengkap",
    ],
)
def test_schools_houses_of_worship_offices_and_spare_parts_do_not_trip_it(text: str) -> None:
    assert reports.guard(text) == ()


def test_the_installation_adds_its_own_words() -> None:
    assert reports.guard("Rombongan Contoh A datang") == ()
    assert reports.guard("Rombongan CONTOH  a datang", extra=("Contoh A",)) == ("contoh a",)


def test_a_place_named_like_a_guarded_word_does_not_trip_it() -> None:
    assert reports.guard("Jalan ke Tanjung Partai putus", places=("Tanjung Partai",)) == ()
    assert reports.guard("Jalan ke Tanjung Partai putus oleh partai", places=("Tanjung Partai",)) == ("partai",)


PLACES = ("Gantung", "Damar", "Manggar", "Batu Itam", "Contoh A")


@given(
    st.sampled_from(PLACES), st.sampled_from(PLACES), st.sampled_from(["Truk ke {} mogok", "Rombongan partai di {}", "Umat di {} resah"])
)
def test_exchanging_the_place_changes_nothing_about_the_guard(here: str, there: str, text: str) -> None:
    assert reports.guard(text.format(here), places=PLACES) == reports.guard(text.format(there), places=PLACES)


def test_a_status_only_goes_forward_and_a_closed_report_may_be_taken_up_again() -> None:
    steps = (reports.Step(Status.RECEIVED, AT),)
    report = reports.Report("LAP-001", "pemilu-2024", Category.LOG, Channel.PUBLIC, Source.CITIZEN, "", AT, steps)
    reports.check_step(report, Status.ASSESSING)
    with pytest.raises(reports.NoStep):
        reports.check_step(report, Status.RECEIVED)
    closed = reports.Report(
        "LAP-001", "pemilu-2024", Category.LOG, Channel.PUBLIC, Source.CITIZEN, "", AT, (reports.Step(Status.CLOSED, AT),)
    )
    reports.check_step(closed, Status.ASSESSING)
    with pytest.raises(reports.NoStep):
        reports.check_step(closed, Status.REFERRED)
