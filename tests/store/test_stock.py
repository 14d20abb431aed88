"""Stock in the store: counting changes nothing, two people declare, and whoever touches the book is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import stock as rules
from posko.domain.record import Actor, Draft
from posko.domain.stock import Account, Condition, Posting
from posko.store import record, stock
from tests import erasing

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2024, 1, 3, 2, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
HALL = "19.06:G01"
BOX = ("KOTAK", "", "")
ANI, FAJAR, LUTFI, HADI = Actor("p-ani", "KPU"), Actor("p-fajar", "KPU"), Actor("p-lutfi", "KPU"), Actor("p-hadi", "POLRES")


@pytest.fixture
def hall(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line of boxes; 100 came and were accepted."""
    monkeypatch.setattr(stock, "lines", lambda _election, _at: {BOX: "Kotak suara"})
    act(Condition.SUPPLIER, Condition.GOOD, 100)


def act(source: Condition, target: Condition, pieces: int, at: datetime = AT) -> str:
    """A stage moves boxes, with its entry."""
    from django.db import transaction

    with transaction.atomic():
        prepared = record.prepare([Draft("box.moved", E, "box:1", HALL, ANI, at, {"pieces": pieces})], at)
        moved = Posting(BOX, pieces, Account(HALL, source), Account(HALL, target), "box.moved", "box:1")
        stock.post(E, [moved], prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return prepared[0].entry_id


def on_hand(at: datetime = LATER) -> int:
    return stock.balances(E, at).get((BOX, Account(HALL, Condition.GOOD)), 0)


def count(pieces: int, at: datetime = LATER) -> rules.Count:
    return stock.record_count(E, HALL, BOX, Condition.GOOD, pieces, LUTFI, at)


def test_a_count_changes_nothing_until_two_people_declare_its_difference(hall: None) -> None:
    seen = count(98)
    assert (seen.code, seen.book, seen.difference, on_hand()) == ("OPN-001", 100, -2, 100)
    (found,) = stock.breaks(E, LATER)
    assert (found.code, found.pieces, found.entries) == ("count_differs", -2, (seen.entry_id,))
    with pytest.raises(rules.SamePerson):
        stock.declare_difference(E, "OPN-001", "dihitung ulang", ANI, ANI, LATER)
    later = LATER + timedelta(hours=1)
    stock.declare_difference(E, "OPN-001", "dihitung ulang", ANI, FAJAR, later)
    assert (on_hand(later), stock.breaks(E, later)) == (98, [])
    assert [b.code for b in stock.breaks(E, LATER)] == ["count_differs"], "the hour before still shows it open"
    assert stock.balances(E, later)[(BOX, Account(HALL, Condition.MISSING))] == 2
    with pytest.raises(rules.NothingToDeclare):
        stock.declare_difference(E, "OPN-001", "lagi", ANI, FAJAR, later)


def test_pieces_beyond_the_book_are_found_ones_and_a_newer_count_replaces_the_old(hall: None) -> None:
    count(97)
    count(103, LATER + timedelta(minutes=1))
    later = LATER + timedelta(hours=1)
    assert [b.pieces for b in stock.breaks(E, later)] == [3]
    with pytest.raises(rules.NothingToDeclare):
        stock.declare_difference(E, "OPN-001", "x", ANI, FAJAR, later)
    stock.declare_difference(E, "OPN-002", "terselip di rak", ANI, FAJAR, later)
    assert on_hand(later) == 103
    assert [e.found for e in rules.equations(stock.balances(E, later))] == [3]


@pytest.mark.parametrize(("place", "line", "pieces", "refusal"), [
    (HALL, BOX, -1, rules.BadCount), (HALL, BOX, 10**9, rules.BadCount), (HALL, ("KOTAKK", "", ""), 1, rules.UnknownThing),
    ("19.02:G01", BOX, 1, rules.UnknownThing),
])  # fmt: skip
def test_a_count_that_cannot_be_is_refused_and_writes_nothing(hall: None, place: str, line: Any, pieces: int, refusal: Any) -> None:
    before = record.root()
    with pytest.raises(refusal):
        stock.record_count(E, place, line, Condition.GOOD, pieces, LUTFI, LATER)
    assert record.root() == before


def test_left_over_goods_come_in_once(hall: None) -> None:
    stock.open_leftover(E, HALL, BOX, 40, "gudang Pilkada 2020", ANI, FAJAR, LATER)
    assert on_hand() == 140
    with pytest.raises(rules.AlreadyOpened):
        stock.open_leftover(E, HALL, BOX, 40, "gudang Pilkada 2020", ANI, FAJAR, LATER)
    assert list(stock.leftovers(E, LATER)) == [BOX]
    assert stock.breaks(E, LATER) == []


@pytest.mark.parametrize("how", ["drop", "double", "change"])
def test_whoever_touches_the_book_is_named_by_entry(hall: None, how: str) -> None:
    entry = act(Condition.GOOD, Condition.PACKED, 60)
    assert stock.breaks(E, LATER) == []
    row = stock.PostingRow.objects.get(entry_id=entry)
    if how == "drop":
        row.delete()
    elif how == "double":
        row.pk = None
        row.save()
    else:
        stock.PostingRow.objects.filter(pk=row.pk).update(quantity=59)
    assert [b.entries for b in stock.breaks(E, LATER) if b.code == "altered"] == [(entry,)]


def test_more_out_than_in_is_recorded_and_shown(hall: None) -> None:
    entry = act(Condition.GOOD, Condition.PACKED, 130)
    (found,) = stock.breaks(E, LATER)
    assert (found.code, found.pieces, found.entries) == ("below_nought", -30, (entry,))


def test_the_book_is_read_as_of_any_moment_and_by_place_and_condition(hall: None) -> None:
    act(Condition.GOOD, Condition.PACKED, 60, LATER)
    assert on_hand(AT) == 100
    assert len(stock.movements(E, AT)) == 1
    assert len(stock.movements(E, LATER, BOX, HALL, "packed")) == 1
    assert len(stock.movements(E, LATER, condition="good")) == 2
    assert stock.movements(E, LATER, place="19.06:G02") == []
    assert [m.posting.quantity for m in stock.movements(E, LATER, BOX)] == [100, 60]


def test_r11_follows_the_last_look_at_a_warehouse_that_holds_goods(hall: None, cast: Any) -> None:
    assert stock.signals(E, AT + timedelta(days=7)) == []
    assert [s.rule for s in stock.signals(E, AT + timedelta(days=7, seconds=1))] == ["R11.lama"]
    good = {code: "yes" for code, _, _ in rules.CHECKS}
    stock.inspect(E, HALL, {**good, "leak": "no"}, "ember di bawah talang", HADI, LATER)
    (signal,) = stock.signals(E, LATER)
    assert (signal.rule, signal.severity, signal.to, signal.facts["count"]) == ("R11", "critical", ("KPU", "PEMDA"), 1)
    stock.inspect(E, HALL, good, "talang diganti", LUTFI, LATER + timedelta(hours=2))
    assert stock.signals(E, LATER + timedelta(hours=2)) == []
    assert [i.code for i in stock.inspections(E, LATER)] == ["PRK-001"]
    act(Condition.GOOD, Condition.SENT, 100, LATER + timedelta(hours=3))
    assert stock.signals(E, LATER + timedelta(days=90)) == [], "an empty warehouse needs no look"
    count(1, LATER + timedelta(hours=4))
    assert [t.kind for t in stock.waiting(cast["ani"], E, LATER + timedelta(hours=4))] == ["stock.declare"]


def test_an_inspection_that_saw_nothing_is_refused(hall: None) -> None:
    with pytest.raises(rules.NothingSeen):
        stock.inspect(E, HALL, {}, "", LUTFI, LATER)
    with pytest.raises(rules.UnknownThing):
        stock.inspect(E, "19.02:G01", {"leak": "yes"}, "", LUTFI, LATER)


def test_a_difference_is_declared_once_even_where_the_rule_looked_away(hall: None, monkeypatch: pytest.MonkeyPatch) -> None:
    count(98)
    posting = stock.declare_difference(E, "OPN-001", "dihitung ulang", ANI, FAJAR, LATER)
    before = record.root()
    monkeypatch.setattr(rules, "adjustment", lambda *_: posting)
    with pytest.raises(rules.NothingToDeclare):
        stock.declare_difference(E, "OPN-001", "dihitung ulang", ANI, FAJAR, LATER)
    assert record.root() == before


def test_notes_can_be_erased_and_every_reading_says_so(hall: None) -> None:
    seen = stock.record_count(E, HALL, BOX, Condition.GOOD, 98, LUTFI, LATER, note="rak belakang")
    walk = stock.inspect(E, HALL, {"roof": "yes"}, "atap baru", HADI, LATER)

    def texts() -> list[str]:
        return [stock.counts(E, LATER)[0].note, stock.inspections(E, LATER)[0].note]

    assert (seen.note, walk.note, texts()) == ("rak belakang", "atap baru", ["rak belakang", "atap baru"])
    assert not any("note" in record.entry(E, entry).facts for entry in (seen.entry_id, walk.entry_id))
    for entry in (seen.entry_id, walk.entry_id):
        erasing.erase_private(entry, ANI, "diminta", LATER)
    assert texts() == [record.ERASED] * 2
