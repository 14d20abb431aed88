"""Reports: a drop box that hides what must not be kept, and a guard that knows no names."""

import random
from contextlib import suppress
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


# --- messages of codes ---------------------------------------------------------------------------------------------------

REGION = "19.06"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
places_of_cards = st.builds(
    lambda kecamatan, desa, tps: f"19.06.{kecamatan:02}.{desa:04}" + (f".{tps:03}" if tps else ""),
    st.integers(1, 7), st.integers(2001, 2015), st.integers(0, 40),
)  # fmt: skip
codes_of_cards = st.lists(st.sampled_from(reports.SMS_CODES), min_size=1, max_size=4, unique=True)


def written(place: str, codes: list[reports.SmsCode]) -> str:
    return " ".join(["LAPOR", reports.sms_place(place), *(code.written for code in codes)])


def test_a_message_as_printed_on_the_card_is_read() -> None:
    code = reports.SMS_CODES[0]
    found = reports.read_sms(f"LAPOR {reports.sms_place('19.06.02.2001.001')} {code.number} {code.written[2]}", REGION)
    assert (found.place, found.codes, found.note, found.test) == ("19.06.02.2001.001", (code,), "", False)


@given(places_of_cards, codes_of_cards, st.randoms(use_true_random=False))
def test_a_message_survives_small_letters_spaces_punctuation_line_ends_and_look_alike_letters(
    place: str, codes: list[reports.SmsCode], rng: random.Random
) -> None:
    noisy = ""
    for letter in written(place, codes).replace(" ", ""):
        swapped = rng.choice({"0": "0Oo", "1": "1IilL"}.get(letter, letter + letter.lower()))
        noisy += swapped + rng.choice(["", "", "", " ", ".", "-", "\n", ", ", "/"])
    if len(" ".join(noisy.split())) <= reports.SMS_LONGEST:
        found = reports.read_sms(noisy, REGION)
        assert (found.place, found.codes) == (place, tuple(codes))
    assert reports.read_sms(f"0812-0000-0000: {written(place, codes)} # air naik", REGION).note == "air naik"


def test_every_single_wrong_character_of_every_code_and_of_a_place_is_refused_or_means_the_same() -> None:
    """Measured over all substitutions by a letter or digit: 24 codes with one place, and one code with every TPS of 20 desa."""
    messages = [written("19.06.02.2001.001", [code]) for code in reports.SMS_CODES]
    messages += [written(f"19.06.{k:02}.{d}.{t:03}", [reports.SMS_CODES[0]]) for k in (1, 2) for d in range(2001, 2011) for t in (1, 8)]
    tried = missed = 0
    for message in messages:
        right = reports.read_sms(message, REGION)
        for where, letter in enumerate(message):
            for other in ALPHABET:
                if letter == " " or {letter, other} <= {"0", "O"} or {letter, other} <= {"1", "I", "L"}:
                    continue
                if other != letter:
                    tried += 1
                    with suppress(reports.SmsShape, reports.SmsCheck, reports.SmsUnknownCode):
                        missed += reports.read_sms(message[:where] + other + message[where + 1 :], REGION) != right
    assert tried > 20_000
    assert missed == 0


@given(places_of_cards, codes_of_cards, st.integers(0, 60))
def test_two_neighbours_exchanged_or_one_lost_never_make_another_message(place: str, codes: list[reports.SmsCode], where: int) -> None:
    message = written(place, codes).replace(" ", "")
    right = reports.read_sms(message, REGION)
    where %= len(message) - 1
    for wrong in (message[:where] + message[where + 1] + message[where] + message[where + 2 :], message[:where] + message[where + 1 :]):
        try:
            assert reports.read_sms(wrong, REGION) == right
        except (reports.SmsShape, reports.SmsCheck, reports.SmsUnknownCode):
            continue


def test_the_letter_of_a_place_belongs_to_its_region_and_the_long_form_says_the_region() -> None:
    message = written("19.06.02.2001.001", [reports.SMS_CODES[0]])
    with pytest.raises(reports.SmsCheck):
        reports.read_sms(message, "19.05")
    assert reports.read_sms(message.replace("LAPOR ", "LAPOR 1906 "), "19.05").place == "19.06.02.2001.001"


def test_a_code_that_no_table_has_is_named_and_a_long_message_is_refused() -> None:
    number = next(f"{n:02}" for n in range(100) if f"{n:02}" not in {c.number for c in reports.SMS_CODES})
    unknown = reports.SmsCode(number, Category.OTHER, "x").written
    place = reports.sms_place("19.06.02.2001.001")
    with pytest.raises(reports.SmsUnknownCode) as refusal:
        reports.read_sms(f"LAPOR {place} {unknown}", REGION)
    assert refusal.value.facts["number"] == number
    for message in ("", "halo", f"LAPOR {place}", f"LAPOR {place} 11V #{'x' * 160}", f"LAPOR {place} " + "11V" * 5):
        with pytest.raises(reports.SmsShape):
            reports.read_sms(message, REGION)


def test_every_code_has_a_number_of_its_own_and_a_sentence_long_enough_to_be_filed() -> None:
    assert len({c.number for c in reports.SMS_CODES}) == len(reports.SMS_CODES) >= 20
    for code in reports.SMS_CODES:
        said = reports.Coded("19.06.02.2001.001", (code,)).said(code)
        assert a_filing(said, category=code.category).masked == 0
        assert reports.guard(said) == ()
    assert reports.read_sms(written("19.06.02.2001", [c for c in reports.SMS_CODES if c.number == "99"]), REGION).test


def test_pasted_messages_are_parted_by_line_and_by_their_first_word() -> None:
    one, two = written("19.06.02.2001.001", [reports.SMS_CODES[0]]), written("19.06.02.2001.002", [reports.SMS_CODES[1]])
    assert reports.sms_messages(f"{one}\n\n{two}\n") == [one, two]
    broken = two.replace(" ", "\n")
    found = reports.sms_messages(f"{one}\n{broken}\nbukan pesan")
    assert [reports.read_sms(m, REGION).place for m in found[:2]] == ["19.06.02.2001.001", "19.06.02.2001.002"]
    assert found[2:] == ["bukan pesan"]


def test_a_number_in_the_note_of_a_message_is_hidden() -> None:
    message = written("19.06.02.2001.001", [reports.SMS_CODES[0]])
    assert reports.read_sms(f"{message} # telepon 0812 0000 0000", REGION).note == f"telepon {reports.MASK}"


# --- the telephone, additions, the guard's kinds ---------------------------------------------------------------------------


@given(st.integers())
def test_a_ticket_is_dictated_letter_by_letter(seed: int) -> None:
    ticket = reports.new_ticket(random.Random(seed))
    said = reports.dictated(ticket)
    assert [len(group) for group, _ in said] == [4, 4, 4, 1]
    assert [len(words.split(", ")) for _, words in said] == [4, 4, 4, 1]


NAMES = {"1": "Baru, Manggar", "2": "Baru, Gantung", "3": "Lalang, Manggar", "4": "Lalang Jaya, Manggar", "5": "Pulau Batun"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", ""), ("Lalang", "3"), ("lalang jaya", "4"), ("baru, gantung", "2"), ("batun", "5"), ("3", "3"), (" Lalang  J", "4")],
)
def test_a_place_is_found_by_what_somebody_types(typed: str, code: str) -> None:
    assert reports.place_named(typed, NAMES) == code


def test_a_place_that_means_two_or_none_is_asked_about() -> None:
    with pytest.raises(reports.UnclearPlace) as refusal:
        reports.place_named("baru", NAMES)
    assert refusal.value.facts["choices"] == "Baru, Manggar; Baru, Gantung"
    with pytest.raises(reports.UnclearPlace):
        reports.place_named("Atlantis", NAMES)


def a_report(status: Status = Status.RECEIVED, *, erased: bool = False) -> reports.Report:
    steps = (reports.Step(status, AT),)
    return reports.Report("LAP-001", "e", Category.LOG, Channel.PUBLIC, Source.CITIZEN, "", AT, steps, erased=erased)


def test_an_addition_is_masked_and_limited_and_refused_where_the_report_is_over() -> None:
    assert reports.addition(a_report(), f"Nomor saya {NIK} masih bocor", 4) == (f"Nomor saya {reports.MASK} masih bocor", 1)
    for report, text, already, refusal in (
        (a_report(Status.CLOSED), "Masih bocor sampai sore", 0, reports.AdditionClosed),
        (a_report(erased=True), "Masih bocor sampai sore", 0, reports.AdditionClosed),
        (a_report(), "Masih bocor sampai sore", 5, reports.TooManyAdditions),
        (a_report(), "bocor", 0, reports.TooShort),
        (a_report(), "bocor " * 200, 0, reports.TooLong),
    ):
        with pytest.raises(refusal):
            reports.addition(report, text, already)


def test_three_files_are_taken_and_not_four() -> None:
    reports.check_files(3)
    with pytest.raises(reports.TooManyFiles):
        reports.check_files(4)


def test_the_kinds_of_guarded_words_are_counted_without_the_words() -> None:
    assert reports.kinds(("partai", "agama", "caleg", "suku", "contoh a", "pendukung")) == (
        "participant", "religion", "ethnicity", "own_list", "support",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Gantung", ""), ("LAP-001", ""), ("19.06.02.2001", ""), ("gudang Ibu Kota", "title"), ("pak Contoh", "title"),
        ("9" * 16, "identity"),
        ("0812 0000 0000", "identity"), ("caleg", "participant"), ("citra", "name"), ("Citra Analis", "name"), ("SD 3", ""),
    ],
)  # fmt: skip
def test_a_search_for_a_person_is_noticed_and_one_for_a_place_is_not(text: str, why: str) -> None:
    assert reports.looks_like_a_person(text, ["Citra Analis"]) == why
