"""Evidence: names are short codes, hashes are hashes, a late withdrawal needs a reason and another person, and the place decides who."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import access
from posko.domain import evidence as rules
from posko.domain.evidence import Hand

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


# --- the place decides ---------------------------------------------------------------------------------------------------

SINCE = AT - timedelta(days=90)
BOX, RECEIPT = access.Thing("packing", "box:X", "19.06.01.2001.001"), access.Thing("receipts", "receipt:TRM-001", "19.06:G01")


def one(role: str, region: str = "19.06", until_at: datetime | None = None) -> access.Person:
    return access.Person("p-x", access.ROLES[role], (access.Grant(role, region, SINCE, until_at),))


@pytest.mark.parametrize("role", ["kpu.gudang", "kpu.operator"])
def test_who_does_the_work_of_the_stage_there_works_for_the_office(role: str) -> None:
    for thing in (BOX, RECEIPT):
        assert rules.hand(one(role), thing.kind, thing, AT) is Hand.OFFICE
        assert rules.hand(one(role, "19"), thing.kind, thing, AT) is Hand.OFFICE, "the province covers its regency"
        assert rules.hand(one(role, "19.02"), thing.kind, thing, AT) is Hand.NONE, "another regency"
        assert rules.hand(one(role, "19.0"), thing.kind, thing, AT) is Hand.NONE, "a region is covered component by component"


@pytest.mark.parametrize(
    ("role", "region", "thing", "expected"),
    [
        ("ppk.anggota", "19.06.01", BOX, Hand.AD_HOC),
        ("pps.anggota", "19.06.01.2001", BOX, Hand.AD_HOC),
        ("pps.anggota", "19.06.01.2002", BOX, Hand.NONE),
        ("ppk.anggota", "19.06.02", BOX, Hand.NONE),
        ("ppk.anggota", "19.06.01", RECEIPT, Hand.NONE),
        ("ppk.anggota", "19.06.01", replace(RECEIPT, place="19.06"), Hand.NONE),
        ("ppk.anggota", "19.06", RECEIPT, Hand.AD_HOC),
        ("ppk.anggota", "19.06.01", replace(BOX, place="19.06.01"), Hand.AD_HOC),
        ("pps.anggota", "19.06.01.2001", replace(BOX, place="19.06.01"), Hand.NONE),
    ],
)
def test_an_ad_hoc_body_works_in_its_own_part_and_nowhere_above_or_beside_it(
    role: str, region: str, thing: access.Thing, expected: Hand
) -> None:
    assert rules.hand(one(role, region), thing.kind, thing, AT) is expected


@pytest.mark.parametrize("role", sorted(set(access.ROLES) - {"kpu.gudang", "kpu.operator", "ppk.anggota", "pps.anggota"}))
def test_who_only_reads_or_decides_has_no_hand_in_it(role: str) -> None:
    for stage in rules.WRITES:
        assert rules.hand(one(role), stage, replace(BOX, kind=stage), AT) is Hand.NONE


def test_a_role_counts_from_its_first_second_to_the_one_before_its_last() -> None:
    ended = one("kpu.gudang", until_at=AT)
    assert rules.hand(ended, "packing", BOX, AT) is Hand.NONE
    assert rules.hand(ended, "packing", BOX, AT - timedelta(seconds=1)) is Hand.OFFICE
    assert rules.hand(ended, "packing", BOX, SINCE) is Hand.OFFICE
    assert rules.hand(ended, "packing", BOX, SINCE - timedelta(seconds=1)) is Hand.NONE


def test_a_stage_that_carries_no_evidence_gives_nobody_a_hand() -> None:
    for role in ("kpu.operator", "ppk.anggota"):
        assert rules.hand(one(role), "aght", replace(BOX, kind="aght", place="19.06"), AT) is Hand.NONE
        assert rules.hand(one(role), "", BOX, AT) is Hand.NONE


def test_every_write_act_of_a_stage_is_in_the_policy_and_no_reading_one() -> None:
    acts = [(stage, act) for stage, acts in rules.WRITES.items() for act in acts]
    assert all(act in access.POLICY and act.startswith(f"{stage}.") and not act.endswith(".read") for stage, act in acts)


def test_attaching_needs_a_hand() -> None:
    rules.check_attach(Hand.OFFICE, "box:X")
    rules.check_attach(Hand.AD_HOC, "box:X")
    with pytest.raises(rules.NotHere):
        rules.check_attach(Hand.NONE, "box:X")


@pytest.mark.parametrize("author", list(Hand))
def test_the_office_withdraws_anybodys_file_an_ad_hoc_person_only_an_ad_hoc_persons_and_nobody_else_any(author: Hand) -> None:
    rules.check_hand(Hand.OFFICE, author, "box:X")
    with pytest.raises(rules.NotHere):
        rules.check_hand(Hand.NONE, author, "box:X")
    if author is Hand.AD_HOC:
        rules.check_hand(Hand.AD_HOC, author, "box:X")
    else:
        with pytest.raises(rules.OfficeFile):
            rules.check_hand(Hand.AD_HOC, author, "box:X")


@given(
    role=st.sampled_from(sorted(access.ROLES)),
    region=st.sampled_from(["*", "19", "19.02", "19.06", "19.06.01", "19.06.01.2001", "19.06.02"]),
    place=st.sampled_from(["19.02", "19.06", "19.06:G01", "19.06.01", "19.06.01:G02", "19.06.01.2001.001", "19.06.02.2001.001"]),
    stage=st.sampled_from(sorted(rules.WRITES)),
)
def test_a_hand_never_reaches_beyond_the_region_of_the_role_nor_beyond_the_right_to_attach(
    role: str, region: str, place: str, stage: str
) -> None:
    found = rules.hand(one(role, region), stage, access.Thing(stage, "x", place), AT)
    fits = access.within(place, region) and role in access.POLICY["evidence.attach"]
    assert (found is not Hand.NONE) == fits
    assert found is not Hand.AD_HOC or role in access.AD_HOC
    assert found is not Hand.OFFICE or role not in access.AD_HOC
