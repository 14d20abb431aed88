"""Stock: nothing appears or vanishes, and whatever does not add up is named with its entries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import stock as rules
from posko.domain.stock import Account, Condition, Control, Count, Movement, Posting

AT = datetime(2024, 1, 10, 3, tzinfo=UTC)
LINES = (("KOTAK", "", ""), ("SURAT_SUARA", "DPR", ""))
PLACES = ("19.06:G01", "19.06.02:K01")
# The legal acts: from, to. The first four change what the places hold all together.
ACTS = {
    "receive": (Condition.SUPPLIER, Condition.UNACCEPTED), "leftover": (Condition.EARLIER, Condition.GOOD),
    "find": (Condition.FOUND, Condition.GOOD), "lose": (Condition.GOOD, Condition.MISSING),
    "destroy": (Condition.REJECTED, Condition.DESTROYED), "return": (Condition.QUARANTINE, Condition.RETURNED),
    "damage": (Condition.SUPPLIER, Condition.QUARANTINE), "accept": (Condition.UNACCEPTED, Condition.GOOD),
    "sort": (Condition.GOOD, Condition.FOLDED), "reject": (Condition.GOOD, Condition.REJECTED),
    "pack": (Condition.FOLDED, Condition.PACKED),
    "unpack": (Condition.PACKED, Condition.FOLDED),
}  # fmt: skip
GIVERS = {Condition.SUPPLIER, Condition.FOUND, Condition.EARLIER}

steps = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(LINES), st.sampled_from(PLACES), st.integers(1, 40)), min_size=1, max_size=30
)


class Naive:
    """The floor of a warehouse: every piece is an object somewhere; only what is there can be moved."""

    def __init__(self) -> None:
        self.pieces: list[list[Any]] = []
        self.book: list[Movement] = []
        self.controls: dict[str, Control] = {}

    def play(self, history: list[tuple[str, rules.Line, str, int]]) -> "Naive":
        for number, (act, line, place, quantity) in enumerate(history):
            source, target = ACTS[act]
            if source in GIVERS:
                moved = [[line, place, target] for _ in range(quantity)]
                self.pieces += moved
            else:
                moved = [p for p in self.pieces if p == [line, place, source]][:quantity]
                for piece in moved:
                    piece[2] = target
            if moved:
                posting = Posting(line, len(moved), Account(place, source), Account(place, target), act, f"thing:{number}")
                self.book.append(Movement(posting, f"e{number}", AT + timedelta(minutes=number)))
                self.controls[f"e{number}"] = rules.control([posting])
        return self

    def lying(self, line: rules.Line, place: str, condition: Condition) -> int:
        return sum(piece == [line, place, condition] for piece in self.pieces)

    def breaks(self, book: list[Movement] | None = None) -> list[rules.Break]:
        known = {m.entry_id for m in self.book}
        return rules.breaks(self.book if book is None else book, self.controls, known, [])


@given(steps)
def test_the_book_says_what_lies_on_the_floor(history: Any) -> None:
    floor = Naive().play(history)
    held = rules.balances(m.posting for m in floor.book)
    for line in LINES:
        for place in PLACES:
            for condition in rules.INSIDE:
                assert held.get((line, Account(place, condition)), 0) == floor.lying(line, place, condition)


@given(steps)
def test_no_sequence_of_legal_acts_breaks_anything_and_both_sides_of_every_equation_are_equal(history: Any) -> None:
    floor = Naive().play(history)
    assert floor.breaks() == []
    for found in rules.equations(rules.balances(m.posting for m in floor.book)):
        assert found.came == found.went
        supplied = sum(m.posting.quantity for m in floor.book if m.posting.line == found.line and m.posting.act in {"receive", "damage"})
        lost = sum(
            m.posting.quantity for m in floor.book if m.posting.line == found.line and m.posting.act in {"lose", "return", "destroy"}
        )
        others = sum(m.posting.quantity for m in floor.book if m.posting.line == found.line and m.posting.act in {"find", "leftover"})
        assert (found.supplied, found.found + found.earlier, found.on_hand) == (supplied, others, supplied + others - lost)


@given(steps)
def test_the_total_over_all_places_changes_only_by_declared_acts(history: Any) -> None:
    before = 0
    outside = {"receive": 1, "damage": 1, "find": 1, "leftover": 1, "lose": -1, "destroy": -1, "return": -1}
    floor = Naive().play(history)
    for number in range(len(floor.book)):
        held = rules.balances(m.posting for m in floor.book[: number + 1])
        total = sum(pieces for (_, account), pieces in held.items() if account.condition not in rules.OUTSIDE)
        last = floor.book[number].posting
        assert total - before == outside.get(last.act, 0) * last.quantity
        before = total


@given(steps, st.data())
def test_a_dropped_doubled_or_changed_posting_is_listed_with_its_entry(history: Any, data: st.DataObject) -> None:
    floor = Naive().play(history)
    if not floor.book:
        return
    at = data.draw(st.integers(0, len(floor.book) - 1))
    hit, how = floor.book[at], data.draw(st.sampled_from(("drop", "double", "quantity", "place", "condition", "line")))
    posting = hit.posting
    wrong = {
        "drop": [], "double": [hit, hit],
        "quantity": [replace(hit, posting=replace(posting, quantity=posting.quantity + data.draw(st.integers(1, 5))))],
        "place": [replace(hit, posting=replace(posting, target=Account("19.06.03:K01", posting.target.condition)))],
        "condition": [replace(hit, posting=replace(posting, target=Account(posting.target.place, Condition.SENT)))],
        "line": [replace(hit, posting=replace(posting, line=("BILIK", "", "")))],
    }[how]  # fmt: skip
    found = floor.breaks(floor.book[:at] + wrong + floor.book[at + 1 :])
    assert any(b.code == "altered" and hit.entry_id in b.entries for b in found)


@given(steps)
def test_taking_back_every_posting_leaves_nothing(history: Any) -> None:
    postings = [m.posting for m in Naive().play(history).book]
    assert rules.balances(postings + [p.reverse for p in postings]) == {}
    whole = rules.control(postings)
    assert rules.control(postings[:3]) + rules.control(postings[3:]) == whole


def posting(source: Condition, target: Condition, quantity: int = 500, subject: str = "carton:C1", act: str = "carton.opened") -> Posting:
    return Posting(LINES[1], quantity, Account(PLACES[0], source), Account(PLACES[0], target), act, subject)


def listed(*postings: Posting, known: Any = None) -> list[rules.Break]:
    book = [Movement(p, f"e{i}", AT) for i, p in enumerate(postings)]
    return rules.breaks(book, {m.entry_id: rules.control([m.posting]) for m in book}, known, [])


def test_more_out_than_in_is_listed_with_the_entries_that_took() -> None:
    (found,) = listed(posting(Condition.GOOD, Condition.SORTING))
    assert (found.code, found.condition, found.pieces, found.entries) == ("below_nought", "good", -500, ("e0",))


def test_a_posting_without_an_entry_is_listed() -> None:
    (found,) = listed(posting(Condition.SUPPLIER, Condition.GOOD), known={"other"})
    assert (found.code, found.entries) == ("no_entry", ("e0",))


def test_what_goes_back_to_a_supplier_beyond_what_came_is_listed() -> None:
    both = listed(posting(Condition.SUPPLIER, Condition.GOOD, 5), posting(Condition.GOOD, Condition.SUPPLIER, 6))
    assert {b.code for b in both} == {"below_nought", "outside_reversed"}


def test_sheets_left_on_the_table_after_a_carton_is_closed_are_listed_and_an_open_carton_is_not() -> None:
    came, opened = posting(Condition.SUPPLIER, Condition.GOOD, subject="receipt:T"), posting(Condition.GOOD, Condition.SORTING)
    assert listed(came, opened) == []
    assert listed(came, opened, posting(Condition.SORTING, Condition.FOLDED)) == []
    (found,) = listed(came, opened, posting(Condition.SORTING, Condition.FOLDED, 499))
    assert (found.code, found.pieces, found.entries) == ("act_unbalanced", 1, ("e1", "e2"))


def test_a_posting_moves_at_least_one_piece() -> None:
    for quantity in (0, -1):
        with pytest.raises(rules.NotPositive):
            posting(Condition.GOOD, Condition.SORTING, quantity)


# --- counting ------------------------------------------------------------------------------------------------------------

COUNT = Count("OPN-001", LINES[0], Account(PLACES[0], Condition.GOOD), 98, 100, "p-lutfi", AT, "e")


@pytest.mark.parametrize(("pieces", "declared", "source", "target", "moved"), [
    (98, 0, Condition.GOOD, Condition.MISSING, 2), (103, 0, Condition.FOUND, Condition.GOOD, 3),
    (98, -1, Condition.GOOD, Condition.MISSING, 1),
])  # fmt: skip
def test_a_difference_is_declared_as_missing_or_found(pieces: int, declared: int, source: Condition, target: Condition, moved: int) -> None:
    found = rules.adjustment(replace(COUNT, pieces=pieces, declared=declared), "OPN-001", "dihitung ulang", "p-ani", "p-fajar")
    assert (found.source.condition, found.target.condition, found.quantity) == (source, target, moved)


def test_a_difference_needs_a_reason_two_people_and_the_newest_count() -> None:
    for refusal, count, latest, reason, second in (
        (rules.ReasonMissing, COUNT, "OPN-001", "  ", "p-fajar"), (rules.SamePerson, COUNT, "OPN-001", "x", "p-ani"),
        (rules.SamePerson, COUNT, "OPN-001", "x", ""), (rules.NothingToDeclare, COUNT, "OPN-002", "x", "p-fajar"),
        (rules.NothingToDeclare, replace(COUNT, pieces=100), "OPN-001", "x", "p-fajar"),
        (rules.NothingToDeclare, replace(COUNT, declared=-2), "OPN-001", "x", "p-fajar"),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.adjustment(count, latest, reason, "p-ani", second)


def test_a_count_that_differs_is_a_break_until_it_is_declared() -> None:
    (found,) = rules.breaks([], {}, None, [COUNT])
    assert (found.code, found.pieces, found.entries) == ("count_differs", -2, ("e",))
    assert rules.breaks([], {}, None, [replace(COUNT, declared=-2), replace(COUNT, pieces=100)]) == []


def test_impossible_counts_and_counting_outside_are_refused() -> None:
    rules.check_count(0, Condition.GOOD)
    for pieces in (-1, rules.MOST_PIECES + 1):
        with pytest.raises(rules.BadCount):
            rules.check_count(pieces, Condition.GOOD)
    with pytest.raises(rules.UnknownThing):
        rules.check_count(1, Condition.MISSING)


def test_what_is_left_over_is_brought_in_once_by_two_with_a_reason() -> None:
    rules.check_opening(10, False, "gudang Pilkada 2020", "p-ani", "p-fajar")
    for refusal, given_ in (
        (rules.BadCount, (0, False, "x", "p-fajar")), (rules.ReasonMissing, (1, False, "", "p-fajar")),
        (rules.SamePerson, (1, False, "x", "p-ani")), (rules.AlreadyOpened, (1, True, "x", "p-fajar")),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.check_opening(given_[0], given_[1], given_[2], "p-ani", given_[3])


# --- R11 -----------------------------------------------------------------------------------------------------------------


def inspection(at: datetime = AT, **answers: str) -> rules.Inspection:
    given_ = tuple((code, answers.get(code, "yes")) for code, _, _ in rules.CHECKS)
    return rules.Inspection("PRK-001", PLACES[0], given_, "", "p-lutfi", "KPU", at)


def r11(*seen: rules.Inspection, at: datetime = AT, since: datetime | None = AT) -> list[tuple[str, str]]:
    return [(s.rule, s.severity) for s in rules.storage_signals(PLACES[0], "Gudang", since, seen, at)]


def test_r11_speaks_for_a_fault_and_not_for_a_sound_or_an_empty_warehouse() -> None:
    assert r11(inspection(leak="no")) == [("R11", "critical")]
    assert r11(inspection(power="no")) == [("R11", "high")]
    assert r11(inspection()) == []
    assert r11(inspection(leak="no"), since=None) == [], "nothing lies there"


def test_r11_is_silent_again_once_somebody_saw_it_repaired_but_not_because_nobody_looked() -> None:
    later = AT + timedelta(days=1)
    assert r11(inspection(leak="no"), inspection(later), at=later) == []
    assert r11(inspection(leak="no"), inspection(later, leak="unknown"), at=later) == [("R11", "critical")]


def test_r11_boundary_seven_days_without_a_look() -> None:
    week = AT + timedelta(days=7)
    assert r11(at=week) == []
    assert r11(at=week + timedelta(seconds=1)) == [("R11.lama", "watch")]
    assert r11(inspection(AT + timedelta(hours=1)), at=week + timedelta(seconds=1)) == []
    assert r11(inspection(AT - timedelta(days=30)), at=week) == [], "goods came in after the last look: the week starts with them"


def test_an_inspection_answers_every_check_and_looked_at_something() -> None:
    with pytest.raises(rules.NothingSeen):
        inspection(**{code: "unknown" for code, _, _ in rules.CHECKS})
    with pytest.raises(rules.UnknownThing):
        replace(inspection(), answers=(("leak", "yes"),))
    with pytest.raises(rules.UnknownThing):
        inspection(leak="maybe")
