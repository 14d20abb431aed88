"""Seals: serials as printed, findings that are always critical, the account of every range."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import seals

AT = datetime(2024, 2, 1, 2, tzinfo=UTC)
RANGE = seals.SealRange("SGL-001", "BT", 100, 199, 6, "REGU-A", "KABEL_TIES", AT - timedelta(days=1))


def serial(number: int, series: str = "BT") -> seals.Serial:
    return seals.Serial(series, f"{number:06}")


def applied(number: int, box: str = "KOTAK1") -> seals.Act:
    return seals.Act("applied", serial(number).text, box, AT)


def codes(number: int, acts: tuple[seals.Act, ...] = (), at: datetime = AT, takers: tuple[str, ...] = (), own: str = "") -> list[str]:
    return [f.code for f in seals.findings(serial(number), [RANGE], acts, at, takers, own=own)]


@pytest.mark.parametrize(
    ("text", "read"),
    [("BT000123", "BT000123"), (" bt 000-123 ", "BT000123"), ("0123", "0123"), ("A.1/22", "A122"), ("KPU-2024-B 0007", "KPU2024B0007")],
)
def test_serials_are_read_as_printed_with_their_leading_noughts(text: str, read: str) -> None:
    assert seals.read_serial(text).text == read


@pytest.mark.parametrize("text", ["", "BT", "0" * 13, "BT12X", "१२३", "BT#12", "ABCDEFGHIJK1", "²"])
def test_what_is_no_serial_is_refused(text: str) -> None:
    with pytest.raises(seals.Malformed):
        seals.read_serial(text)


def test_a_range_has_two_ends_of_one_print_and_runs_forwards() -> None:
    low, high = seals.read_range("BT0001", "BT0100")
    assert (low.number, high.number) == (1, 100)
    for first, last in (("BT0001", "BT100"), ("BT0001", "CT0100")):
        with pytest.raises(seals.BadRange):
            seals.read_range(first, last)
    for first, last in ((5, 4), (1, 1_000_001), (-1, 3)):
        with pytest.raises(seals.BadRange):
            replace(RANGE, first=first, last=last)
    assert RANGE.quantity == 100


def test_ranges_may_touch_and_not_overlap() -> None:
    seals.check_overlap(replace(RANGE, first=200, last=299), [RANGE])
    seals.check_overlap(replace(RANGE, series="CT"), [RANGE])
    seals.check_overlap(replace(RANGE, width=7), [RANGE])
    with pytest.raises(seals.RangeOverlap) as refused:
        seals.check_overlap(replace(RANGE, first=199, last=299), [RANGE])
    assert (refused.value.facts["first"], refused.value.facts["last"]) == ("BT000199", "BT000199")


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("0132", "0123", "swap"),
        ("0124", "0123", "digit"),
        ("0123", "0123", ""),
        ("0213", "0132", ""),
        ("012", "0123", ""),
        ("1320", "1302", "swap"),
    ],
)
def test_a_slip_of_the_pen_is_a_swap_of_neighbours_or_one_digit(wrong: str, right: str, kind: str) -> None:
    assert seals.slip(wrong, right) == kind


@given(st.text("0123456789", min_size=2, max_size=10))
def test_every_swap_is_a_slip_and_leads_back(digits: str) -> None:
    one = seals.Serial("BT", digits)
    for other in seals.swaps(one):
        assert seals.slip(other.text, one.text) in {"swap", "digit"}
        assert one in seals.swaps(other)


def test_inside_its_range_for_the_first_time_nothing_is_wrong() -> None:
    assert codes(100) == codes(199) == codes(150, takers=("GUDANG", "REGU-A")) == []


def test_outside_its_range_by_one_is_a_finding_and_the_swap_that_would_fit_is_named() -> None:
    assert codes(99) == codes(200) == ["outside"]
    (found,) = seals.findings(serial(1032), [replace(RANGE, first=1000, last=1030)], [], AT)
    assert (found.near, found.guess) == ("BT001023", "swap")
    (spent,) = seals.findings(serial(1032), [replace(RANGE, first=1000, last=1030)], [], AT, used={"BT001023"})
    assert (spent.near, spent.guess) == ("", "")
    assert seals.findings(serial(150, "CT"), [RANGE], [], AT)[0].code == "outside"
    assert seals.findings(seals.Serial("BT", "0150"), [RANGE], [], AT)[0].code == "outside"


def test_before_it_was_given_out_and_by_another_team_are_findings() -> None:
    assert codes(150, at=AT - timedelta(days=1)) == []
    assert codes(150, at=AT - timedelta(days=1, seconds=1)) == ["before_issue"]
    assert codes(150, takers=("GUDANG", "REGU-B")) == ["other_team"]


def test_a_seal_that_was_on_a_box_was_spoiled_or_came_back_is_used_again() -> None:
    (found,) = seals.findings(serial(132), [RANGE], [applied(132, "KOTAK9")], AT)
    assert (found.code, found.other, found.near) == ("reused", "KOTAK9", "BT000123")
    assert codes(150, (applied(150), seals.Act("removed", serial(150).text, "KOTAK1", AT))) == ["reused"]
    assert codes(150, (seals.Act("spoiled", serial(150).text, "", AT),)) == ["spoiled"]
    assert codes(150, (seals.Act("returned", serial(150).text, "", AT),)) == ["returned"]


def test_one_seal_listed_twice_counts_once_and_is_named() -> None:
    once, found = seals.read_all(["BT000101", "bt-000101", "BT000102", " "])
    assert ([s.text for s in once], [f.code for f in found]) == (["BT000101", "BT000102"], ["twice"])
    with pytest.raises(seals.BadCount):
        seals.read_all([f"BT{i:06}" for i in range(seals.MOST_ON_A_BOX + 1)])


def test_two_people_close_a_box_with_seals_and_unnumbered_ones_are_photographed() -> None:
    seals.check_closing("p-lutfi", "p-oki", [serial(100)], 0, 0)
    seals.check_closing("p-lutfi", "p-oki", [], 4, 1)
    for first, second, serials, count, photos, wrong in (
        ("p-lutfi", "p-lutfi", [serial(100)], 0, 0, seals.SamePerson),
        ("p-lutfi", "p-oki", [], 0, 1, seals.NoSeals),
        ("p-lutfi", "p-oki", [], 4, 0, seals.EvidenceMissing),
        ("p-lutfi", "p-oki", [], -1, 1, seals.BadCount),
        ("p-lutfi", "p-oki", [], 61, 1, seals.BadCount),
    ):
        with pytest.raises(wrong):
            seals.check_closing(first, second, serials, count, photos)


def test_a_reseal_has_a_reason_a_sentence_and_a_photo() -> None:
    for reason in seals.REASONS:
        seals.check_reseal(reason, "putus kena pintu", 1)
    for reason, text, photos, wrong in (
        ("iseng", "putus kena pintu", 1, seals.ReasonMissing),
        ("lainnya", "ya", 1, seals.ReasonMissing),
        ("lainnya", "putus kena pintu", 0, seals.EvidenceMissing),
    ):
        with pytest.raises(wrong):
            seals.check_reseal(reason, text, photos)


# --- checks --------------------------------------------------------------------------------------------------------------------


def a_check(seen: tuple[str, ...] = ("BT0123", "BT0124"), person: str = "p-budi", at: datetime = AT, **more: object) -> seals.Check:
    check = seals.Check("KOTAK1", ("BT0123", "BT0124"), seen, 0, 0, False, "", "", person, at)
    return replace(check, **more)  # type: ignore[arg-type]


def test_all_seals_whole_and_no_other_is_a_match_in_any_order() -> None:
    assert a_check(("BT0124", "BT0123")).match


@pytest.mark.parametrize("seen", [("BT0123",), ("BT0123", "BT0124", "BT0125"), ("BT0132", "BT0124"), ()])
def test_one_seal_less_more_or_other_is_no_match(seen: tuple[str, ...]) -> None:
    assert not a_check(seen).match


def test_a_broken_seal_and_another_count_are_no_match() -> None:
    assert not a_check(broken=True).match
    assert not a_check((), expected=(), expected_count=4, seen_count=3).match
    assert a_check((), expected=(), expected_count=4, seen_count=4).match


def test_a_likely_slip_is_named_and_still_no_match() -> None:
    check = a_check(("BT0132", "BT0134"))
    assert check.pairs == (("BT0123", "BT0132", "swap"), ("BT0124", "BT0134", "digit"))
    assert not check.match


def test_a_mismatch_stands_until_another_person_sees_all_seals_or_the_box_is_closed_again() -> None:
    wrong = a_check(("BT0123",))
    assert seals.open_mismatches([wrong]) == [wrong]
    assert seals.open_mismatches([wrong, a_check(at=AT + timedelta(minutes=1))]) == [wrong], "nobody clears their own alarm"
    assert seals.open_mismatches([wrong, a_check(person="p-juwita", at=AT + timedelta(minutes=1))]) == []
    assert seals.open_mismatches([a_check(person="p-juwita"), wrong]) == [wrong]
    assert seals.open_mismatches([]) == []


def test_a_strange_seal_is_cleared_only_when_no_mismatch_that_saw_it_stands() -> None:
    first, second = a_check(("BT0132", "BT0124")), a_check(("BT0132", "BT0124"), person="p-juwita")
    whole = a_check(person="p-juwita", at=AT + timedelta(minutes=1))
    assert seals.cleared([first], seals.open_mismatches([first, whole])) == ("BT0132",)
    both = seals.open_mismatches([first, second])
    assert seals.cleared(both, seals.open_mismatches([*both, whole])) == (), "Juwita's own alarm still names it"


def act(what: str, number: int, box: str = "KOTAK1") -> seals.Act:
    return seals.Act(what, serial(number).text, box, AT)


def test_a_seal_seen_where_it_does_not_belong_is_no_clean_seal_on_any_box() -> None:
    (found,) = seals.findings(serial(150), [RANGE], [act("seen", 150, "KOTAK9")], AT)
    assert (found.code, found.other) == ("seen", "KOTAK9")
    assert codes(150, (act("seen", 150, "KOTAK9"), act("cleared", 150, "KOTAK9"))) == []
    assert codes(150, (act("seen", 150, "KOTAK9"), act("cleared", 150, "KOTAK8"))) == ["seen"]
    assert codes(150, (act("seen", 150, "KOTAK9"),), own="KOTAK9") == [], "its own record is put right"
    assert codes(150, (act("seen", 150, "KOTAK9"),), own="KOTAK8") == ["seen"]


def test_a_misread_number_was_never_on_the_box_and_is_free_for_its_true_box() -> None:
    assert codes(150, (applied(150), act("misread", 150))) == []
    assert codes(150, (applied(150, "KOTAK2"), applied(150), act("misread", 150))) == ["reused"], "the other box still has it"
    assert codes(150, (applied(150), act("misread", 150), applied(150))) == ["reused"]
    assert codes(150, (applied(150), act("removed", 150)), own="KOTAK1") == ["reused"], "what was cut does not come back by putting right"
    found = [seals.Finding("reused", "BT000150", other="KOTAK1"), seals.Finding("outside", "BT000150")]
    assert seals.settled(found, {("BT000150", "KOTAK1")}) == found[1:]
    assert seals.settled(found, {("BT000150", "KOTAK2"), ("BT000151", "KOTAK1")}) == found


def test_a_record_is_put_right_only_while_the_seals_are_on_and_only_to_something_else() -> None:
    before = seals.Sealing("K", "sealed", ("BT000132",), "", 0, (), "a", "b", "", "", "", (), "T", AT, "")
    seals.check_misread(before, [serial(123)], "", 0)
    with pytest.raises(seals.NotMisread) as refused:
        seals.check_misread(before, [serial(132)], "", 0)
    assert refused.value.facts["why"] == "same"
    with pytest.raises(seals.NotMisread) as refused:
        seals.check_misread(replace(before, act="opened"), [serial(123)], "", 0)
    assert refused.value.facts["why"] == "open"


def test_whoever_cuts_numbered_seals_has_read_them_or_says_that_nobody_can() -> None:
    with pytest.raises(seals.SeenMissing):
        seals.check_opening(("BT000123",), (), unreadable=False)
    seals.check_opening(("BT000123",), ("BT000123",), unreadable=False)
    seals.check_opening(("BT000123",), (), unreadable=True)
    seals.check_opening((), (), unreadable=False)
    check = a_check(("BT0123", "BT0132"))
    found = [(f.code, f.serial, f.near, f.guess) for f in seals.opening_findings(check, unreadable=False)]
    assert found == [("strange", "BT0132", "", ""), ("missing", "BT0124", "", "")]
    assert seals.opening_findings(a_check(), unreadable=False) == []
    assert [f.code for f in seals.opening_findings(a_check(()), unreadable=True)] == ["unread", "unread"]


@pytest.mark.parametrize(("typed", "kept"), [("19.06:G01", "19.06:G01"), (" meja-1 ", "MEJA-1"), ("REGU-A", "REGU-A")])
def test_seals_are_given_to_a_place_or_a_table_by_code(typed: str, kept: str) -> None:
    assert seals.check_holder(typed, {"19.06:G01"}) == kept


@pytest.mark.parametrize("typed", ["", "Pak Budi", "19.06:G02", "MEJA 1", "X" * 21, "meja/1"])
def test_seals_are_not_given_to_somebody_by_name(typed: str) -> None:
    with pytest.raises(seals.BadHolder):
        seals.check_holder(typed, {"19.06:G01"})


def test_numbers_of_one_field_keep_their_letters() -> None:
    assert seals.numbers("KT 004503, KT004504; 0007\nBT-1") == ["KT 004503", "KT004504", "0007", "BT-1"]
    assert seals.numbers("  ,; ") == []


# --- the account ---------------------------------------------------------------------------------------------------------------


def test_gaps_are_the_unused_numbers_between_used_ones() -> None:
    assert seals.gaps([]) == seals.gaps([5]) == seals.gaps([5, 6]) == []
    assert seals.gaps([5, 7, 20]) == [(6, 6), (8, 19)]


ACTS = ["applied", "removed", "spoiled", "returned", "seen", "cleared", "misread"]


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(100, 199)), max_size=40))
def test_given_out_is_applied_and_spoiled_and_returned_and_on_hand_over_any_history(history: list[tuple[str, int]]) -> None:
    acts = [seals.Act(act, serial(number).text, "K", AT) for act, number in history]
    book = seals.range_stock(RANGE, acts)
    assert book.issued == book.applied + book.spoiled + book.returned + book.on_hand
    assert (book.on_hand >= 0, 0 <= book.on_boxes <= book.applied) == (True, True)
    touched = {n for what, n in history if any(a.act in {"applied", "spoiled", "returned"} for a in _kept(acts, n))}
    assert book.on_hand == 100 - len(touched)


def _kept(acts: list[seals.Act], number: int) -> list[seals.Act]:
    return seals.effective([a for a in acts if a.serial == serial(number).text])


# --- R06 -----------------------------------------------------------------------------------------------------------------------


def test_r06_every_finding_is_critical_also_a_likely_slip() -> None:
    conflict = seals.Conflict("KOTAK1", "19.06.01.2001.001", seals.Finding("outside", "BT0132", "BT0123", "swap"), AT)
    (signal,) = seals.warnings([conflict], [], [])
    assert (signal.rule, signal.severity, signal.kind, signal.to) == ("R06", "critical", "GANGGUAN", ("KPU", "BAWASLU", "POLRES"))
    assert (signal.facts["what"], signal.facts["near"], signal.facts["guess"]) == ("conflict", "BT0123", "swap")


def test_r06_a_mismatch_and_a_broken_seal_are_critical() -> None:
    (mismatch,) = seals.warnings([], [a_check(("BT0132", "BT0124"))], [])
    assert (mismatch.severity, mismatch.facts["what"], mismatch.facts["serial"], mismatch.facts["near"]) == (
        "critical",
        "mismatch",
        "BT0132",
        "BT0123",
    )
    (broken,) = seals.warnings([], [a_check(broken=True)], [])
    assert (broken.severity, broken.facts["what"]) == ("critical", "broken")


def test_r06_a_lot_of_which_more_was_used_than_given_out_is_critical_and_an_empty_one_is_not() -> None:
    lot = seals.LotStock("KERTAS-1", "SEGEL", "REGU-A", 10, 10, 0, 0, AT)
    assert seals.warnings([], [], [lot]) == []
    (signal,) = seals.warnings([], [], [replace(lot, applied=11)])
    assert (signal.severity, signal.subject, signal.facts["count"]) == ("critical", "lot:KERTAS-1", 1)


def test_r06_says_nothing_where_nothing_is_wrong() -> None:
    assert seals.warnings([], [], []) == []
