"""Codes: every single slip is caught, what people and scanners do to a code is forgiven, one alias means one thing."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import labels as rules
from posko.domain import record

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
BOX = rules.new_code(Random(1))
VALUES = st.integers(0, 2**80 - 1)
TYPED = rules.DIGITS + "ILOU*~$=-.: "
PLACES = st.one_of(
    st.builds(
        lambda a, b, c, d, e: f"{a:02}.{b:02}.{c:02}.{d:04}.{e:03}", *(st.integers(0, 99),) * 3, st.integers(0, 9999), st.integers(0, 999)
    ),
    st.builds(
        lambda a, b, c, n: f"{a:02}.{b:02}:{c}{n:02}", st.integers(0, 99), st.integers(0, 99), st.sampled_from("GKDPT"), st.integers(0, 999)
    ),
    st.builds(lambda a, b, c, d: f"{a:02}.{b:02}.{c:02}.{d:04}", *(st.integers(0, 99),) * 3, st.integers(0, 9999)),
)


def refused_or_equal(text: str, wanted: rules.Code) -> bool:
    """Whether a slip was caught; equal only where the slip is one that reading forgives."""
    try:
        return rules.read(text) == wanted
    except record.Refusal:
        return True


def test_a_new_code_has_seventeen_letters_and_digits_and_no_sign() -> None:
    rng = Random(7)
    codes = {rules.new_code(rng) for _ in range(2000)}
    assert len(codes) == 2000
    assert all(len(code) == 17 and code.isalnum() and code.isupper() | code.isdigit() for code in codes)


@given(VALUES)
def test_every_single_wrong_character_of_a_code_is_caught(value: int) -> None:
    code = rules.encoded(value)
    for at in range(len(code)):
        for letter in TYPED:
            text = code[:at] + letter + code[at + 1 :]
            assert refused_or_equal(text, rules.Code("", code)), text


@given(VALUES)
def test_every_swap_of_two_neighbours_of_a_code_is_caught(value: int) -> None:
    code = rules.encoded(value)
    for at in range(len(code) - 1):
        text = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert text == code or refused_or_equal(text, rules.Code("", code)), text


@given(VALUES)
def test_a_lost_or_doubled_character_is_caught(value: int) -> None:
    code = rules.encoded(value)
    for at in range(len(code)):
        for text in (code[:at] + code[at + 1 :], code[:at] + code[at] + code[at:]):
            with pytest.raises(record.Refusal):
                rules.read(text)


@given(PLACES)
def test_every_single_wrong_character_and_swap_of_a_place_with_its_check_is_caught(place: str) -> None:
    text, wanted = rules.with_check(place), rules.Code("place", place)
    assert rules.read(text) == wanted
    for at in range(len(text)):
        for letter in "0123456789.:-ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            wrong = text[:at] + letter + text[at + 1 :]
            assert refused_or_equal(wrong, wanted), wrong
        wrong = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
        assert wrong == text or refused_or_equal(wrong, wanted), wrong


@given(VALUES, st.randoms(use_true_random=False))
def test_forgiven_writings_read_equal(value: int, chance: Random) -> None:
    code = rules.encoded(value)
    loose = {"0": "0oO", "1": "1iIlL"}
    written = "".join(chance.choice(loose.get(letter, letter + letter.lower())) + chance.choice(["", "", "-", " "]) for letter in code)
    assert rules.read(written) == rules.Code("", code), written
    assert rules.read(rules.spaced(code)) == rules.Code("", code)
    assert rules.read(f"\t{rules.qr_text('box', code).lower()}\r\n") == rules.Code("box", code)


@given(st.text(max_size=200))
def test_any_text_is_a_code_or_a_refusal_and_what_is_repeated_is_printable(text: str) -> None:
    seen = ""
    try:
        seen = rules.read(text).text
        assert seen.isascii()
    except record.Refusal as refusal:
        seen = str(refusal.facts.get("seen", ""))
    assert seen.isprintable()


@given(VALUES)
def test_a_hand_scanner_on_another_keyboard_layout_or_with_shift_or_capslock_wrong_reads_equal(value: int) -> None:
    code = rules.encoded(value)
    if not code.isalnum():
        return
    text = rules.qr_text("carton", code)
    colons = {"us": text, "capslock": text.lower(), "shift dropped": text.lower().replace(":", ";"), "spanish": text.replace(":", "Ñ")}
    shifted = str.maketrans("1234567890-.", "!@#$%^&*()_>")
    german = str.maketrans("YZ:-", "ZYÖß")
    french = str.maketrans("1234567890:.-AZQWM", "&é\"'(-è_çàM:)QWAZ?")
    typed = {**colons, "shift stuck": text.translate(shifted), "german": text.translate(german), "french": text.translate(french)}
    for layout, keys in typed.items():
        assert rules.read(keys) == rules.Code("carton", code), layout


@pytest.mark.parametrize("place", ["19.06.02.2001.001", "19.06:G01", "19.06"])
def test_a_place_survives_the_hand_scanner_too(place: str) -> None:
    text = rules.qr_text("place", place)
    german = str.maketrans("YZ:-", "ZYÖß")
    for keys in (text, text.lower(), text.replace(":", ";"), text.translate(german), f"]Q1{text}", f"\x1d{text}\x04"):
        assert rules.read(keys) == rules.Code("place", place), keys


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", rules.Empty),
        (" \t\r\n\x00", rules.Empty),
        ("https://contoh.id/a", rules.Foreign),
        ("PSK2:B:" + BOX, rules.Foreign),
        ("PSK1:X:" + BOX, rules.Foreign),
        ("PSK1:B:", rules.Foreign),
        ("WIFI:S:Gudang;T:WPA;P:rahasia;;", rules.Foreign),
        ("8992753100019", rules.Malformed),
        (BOX[:-1], rules.Malformed),
        (BOX + "0", rules.Malformed),
        ("x" * 5000, rules.Malformed),
        ("１２３", rules.Malformed),
        ("19.06.02.2001.001-", rules.BadCheck),
        ("19.06.02.2001.01", rules.Malformed),
        ("١٩.٠٦", rules.Malformed),
        ("PSK1;B;" + BOX[:-2] + "00", rules.Malformed),
    ],
)
def test_what_is_no_code_of_ours_is_refused_by_its_own_name(text: str, refusal: type[record.Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        rules.read(text)
    assert type(caught.value) is refusal


def test_wide_letters_of_an_eastern_keyboard_read_equal() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in BOX)
    assert rules.read(wide) == rules.Code("", BOX)


def test_a_plain_code_takes_the_kind_that_is_asked_for_and_a_named_kind_must_fit() -> None:
    assert rules.expect(BOX, "box") == rules.Code("box", BOX)
    assert rules.expect(rules.qr_text("carton", BOX), "bundle", "carton").kind == "carton"
    with pytest.raises(rules.WrongKind) as caught:
        rules.expect(rules.qr_text("carton", BOX), "box")
    assert caught.value.facts == {"seen": "carton", "wanted": "box"}


# --- aliases ------------------------------------------------------------------------------------------------------------


def alias(text: str = "SILOG-0001", kind: str = "box", code: str = BOX) -> rules.Alias:
    return rules.Alias(text, kind, code, "p-ani", AT)


@pytest.mark.parametrize("typed", ["silog-0001", " SILOG-0001\r\n", "SILOG -0001", "]C1SILOG-0001", "ＳＩＬＯＧ-0001"])
def test_an_alias_has_one_stored_form(typed: str) -> None:
    assert rules.alias_text(typed) == "SILOG-0001"


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", rules.Empty),
        ("ab", rules.BadAlias),
        ("x" * 61, rules.BadAlias),
        ("---", rules.BadAlias),
        (BOX, rules.AliasIsOurs),
        (rules.spaced(BOX).lower(), rules.AliasIsOurs),
        ("PSK1:B:abc", rules.AliasIsOurs),
        ("19.06.02.2001.001", rules.AliasIsOurs),
    ],
)
def test_what_cannot_be_an_alias_is_refused(typed: str, refusal: type[record.Refusal]) -> None:
    with pytest.raises(refusal):
        rules.alias_text(typed)


def test_the_shortest_and_the_longest_alias_are_taken() -> None:
    assert (rules.alias_text("abc"), len(rules.alias_text("x" * 60))) == ("ABC", 60)


def test_one_alias_means_one_thing() -> None:
    rules.check_alias("SILOG-0001", "box", BOX, None)
    with pytest.raises(rules.AliasKnown):
        rules.check_alias("SILOG-0001", "box", BOX, alias())
    for kind, code in (("carton", BOX), ("box", rules.new_code(Random(2)))):
        with pytest.raises(rules.AliasTaken):
            rules.check_alias("SILOG-0001", kind, code, alias())
    with pytest.raises(rules.UnknownKind):
        rules.check_alias("SILOG-0001", "lorry", BOX, None)


def test_an_alias_is_ended_alone_within_minutes_and_later_by_two_with_a_reason() -> None:
    assert rules.check_end(alias(), "p-ani", "", "", AT + rules.UNDO_FOR)
    late = AT + rules.UNDO_FOR + timedelta(seconds=1)
    with pytest.raises(rules.ReasonMissing):
        rules.check_end(alias(), "p-ani", "p-fajar", "  ", late)
    for second in ("", "p-ani"):
        with pytest.raises(rules.SecondMissing):
            rules.check_end(alias(), "p-ani", second, "salah kotak", late)
    assert rules.check_end(alias(), "p-ani", "p-fajar", "salah kotak", late) is False


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SILOG-KTK-0001", "labels.unknown_alias"),
        ("8992753100019", "labels.unknown_alias"),
        (BOX[:-1] + "*", "labels.bad_check"),
        (BOX[:-1], "labels.malformed"),
        ("https://contoh.id", "labels.foreign"),
        ("ab", "labels.malformed"),
    ],
)
def test_an_unknown_text_is_named_as_what_it_seems_to_be(text: str, code: str) -> None:
    with pytest.raises(record.Refusal) as caught:
        rules.read(text)
    assert rules.not_ours(text, caught.value).code == code


# --- prints -------------------------------------------------------------------------------------------------------------


def test_a_first_print_needs_no_reason_and_a_reprint_does() -> None:
    rules.check_print([("box", BOX)], [], "")
    rules.check_print([("box", BOX)], [BOX], "label robek")
    with pytest.raises(rules.ReasonMissing) as caught:
        rules.check_print([("box", BOX)], [BOX], " ")
    assert caught.value.facts["what"] == rules.spaced(BOX)
    with pytest.raises(rules.NothingToPrint):
        rules.check_print([], [], "")
    with pytest.raises(rules.UnknownKind):
        rules.check_print([("lorry", BOX)], [], "")


def test_the_digest_of_a_batch_depends_on_every_code_and_their_order() -> None:
    two = [("box", BOX), ("place", "19.06.02.2001.001")]
    assert len({rules.digest(two), rules.digest(two[::-1]), rules.digest(two[:1]), rules.digest([("carton", BOX), two[1]])}) == 4
    assert rules.digest(two) == rules.digest(list(two))
