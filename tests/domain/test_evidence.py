"""Evidence: names are short codes, hashes are hashes, a late withdrawal needs a reason and another person."""

from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import evidence as rules

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
FOUND = rules.Evidence("receipts", "receipt:TRM-001", "photo", rules.Kept("a" * 64, "jpeg", 10), "p-lutfi", AT, "e")


@pytest.mark.parametrize(
    ("subject", "what"), [("receipt:TRM-001", "photo"), ("box:7X2K9QRT0V4MA1BC8", "top_sheet"), ("tps:19.06.01.2001.001", "seal")]
)
def test_short_codes_and_subjects_are_taken(subject: str, what: str) -> None:
    rules.check_name(subject, what)


@pytest.mark.parametrize(
    ("subject", "what"),
    [
        ("receipt:TRM-001", "foto Pak Budi"),
        ("receipt:TRM-001", ""),
        ("receipt:TRM-001", "x" * 31),
        ("TRM-001", "photo"),
        ("receipt:", "photo"),
        ("receipt:a b", "photo"),
        ("receipt:../../etc/passwd", "photo"),
    ],
)
def test_sentences_names_and_paths_are_refused(subject: str, what: str) -> None:
    with pytest.raises(rules.BadWhat):
        rules.check_name(subject, what)


@pytest.mark.parametrize("sha256", ["", "a" * 63, "A" * 64, "../" + "a" * 61])
def test_what_is_no_hash_cannot_be_kept(sha256: str) -> None:
    with pytest.raises(rules.BadWhat):
        rules.Kept(sha256, "jpeg", 1)


def test_the_author_withdraws_alone_up_to_the_last_second_of_the_minutes() -> None:
    assert rules.check_withdrawal(FOUND, "p-lutfi", "", "", AT + rules.UNDO_FOR)
    for person, at in (("p-lutfi", AT + rules.UNDO_FOR + timedelta(seconds=1)), ("p-oki", AT), ("p-lutfi", AT - timedelta(seconds=1))):
        with pytest.raises(rules.ReasonMissing):
            rules.check_withdrawal(FOUND, person, "p-ani", " ", at)


def test_later_another_person_stands_beside_and_never_the_same() -> None:
    late = AT + timedelta(hours=1)
    for second in ("", "p-oki"):
        with pytest.raises(rules.SecondMissing):
            rules.check_withdrawal(FOUND, "p-oki", second, "foto kotak lain", late)
    assert rules.check_withdrawal(FOUND, "p-oki", "p-ani", "foto kotak lain", late) is False


def test_a_pdf_is_no_picture_for_a_page() -> None:
    assert FOUND.picture
    assert not rules.Evidence("receipts", "receipt:TRM-001", "signed_scan", rules.Kept("a" * 64, "pdf", 10), "p", AT, "e").picture
