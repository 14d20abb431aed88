"""Receipts in the store: what happened stays readable as it stood at every instant, and every act is in the journal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import receipts as rules
from posko.store import receipts, record

pytestmark = pytest.mark.django_db
DAY = datetime(2023, 11, 20, 3, tzinfo=UTC)
E = "pemilu-2024"
BOX, BALLOT = ("KOTAK", "", ""), ("SURAT_SUARA", "PPWP", "")


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two lines of the gauge without the stages before it: boxes, and ballots, which are sensitive."""
    lines = [
        rules.Demand("KOTAK", "Kotak suara", "", "", "buah", 1829, "verified", True, True, False, "I"),
        rules.Demand("SURAT_SUARA", "Surat suara", "PPWP", "", "lembar", 98_100, "inferred", True, True, True, "II"),
    ]
    monkeypatch.setattr(receipts, "demands", lambda _election, _at: lines)
    monkeypatch.setattr(receipts, "tps_needs", lambda _election, _at: {"19.06.01.2001.001": {BOX: 5, BALLOT: 270}})
    return installation.actors


def delivered(scene: Any, line: rules.Key = BOX, quantity: int = 700) -> str:
    order = receipts.place_order(E, line, 1829, "pemasok", DAY + timedelta(days=30), scene["ani"], DAY)
    return receipts.announce_shipment(E, order.code, quantity, "SJ-1", "kapal", scene["ani"], DAY + timedelta(hours=1)).code


def test_from_order_to_acceptance_each_instant_has_its_own_gauge(scene: Any) -> None:
    shipment = delivered(scene)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 4, scene["ani"], came)
    receipts.accept_receipt(E, note.code, scene["ani"], came + timedelta(hours=1))

    def stages(at: datetime) -> list[int]:
        row = receipts.gauge(E, at).line(BOX)
        assert row is not None
        return [row.amount(s) for s in rules.STAGES] + [row.missing]

    assert stages(DAY - timedelta(seconds=1)) == [0, 0, 0, 0, 0]
    assert stages(DAY) == [1829, 0, 0, 0, 0]
    assert stages(DAY + timedelta(hours=1)) == [1829, 700, 0, 0, 0]
    assert stages(came) == [1829, 700, 694, 0, 6]
    assert stages(came + timedelta(hours=1)) == [1829, 700, 694, 690, 6]
    assert receipts.accepted(E, came + timedelta(hours=1)) == {BOX: 690}
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))
    assert kinds[-4:] == ["order.placed", "shipment.announced", "receipt.recorded", "receipt.accepted"]


def test_a_late_correction_counts_only_after_a_second_person_and_ends_the_acceptance(scene: Any) -> None:
    shipment = delivered(scene)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 700, 0, scene["ani"], came)
    receipts.accept_receipt(E, note.code, scene["fajar"], came + timedelta(minutes=1))
    later = came + timedelta(hours=5)
    assert receipts.correct_receipt(E, note.code, 698, 2, "dua kotak penyok", scene["ani"], later) is False
    waiting = receipts.get_receipt(E, note.code, later)
    assert (waiting.count.good, waiting.pending != "") == (700, True)
    with pytest.raises(rules.SamePerson):
        receipts.approve_correction(E, waiting.pending, scene["ani"], later)
    receipts.approve_correction(E, waiting.pending, scene["fajar"], later + timedelta(hours=1))
    now = receipts.get_receipt(E, note.code, later + timedelta(hours=1))
    assert (now.count.good, now.count.damaged, now.accepted, now.corrections) == (698, 2, None, 1)
    assert receipts.get_receipt(E, note.code, later).count.good == 700, "the past stays as it was"
    assert receipts.accepted(E, later + timedelta(hours=2)) == {BOX: 0}


def test_the_author_undoes_a_slip_within_minutes(scene: Any) -> None:
    shipment = delivered(scene)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 70, 0, scene["ani"], came)
    assert receipts.correct_receipt(E, note.code, 700, 0, "", scene["ani"], came + timedelta(minutes=3)) is True
    assert receipts.get_receipt(E, note.code, came + timedelta(minutes=3)).count.good == 700


def test_what_is_refused_leaves_no_row_and_no_entry(scene: Any) -> None:
    shipment = delivered(scene)
    before = record.root()
    came = DAY + timedelta(days=3)
    for wrong, act in (
        (rules.Unbalanced, lambda: receipts.record_receipt(E, shipment, 600, 0, scene["ani"], came, missing=5)),
        (rules.NegativeCount, lambda: receipts.record_receipt(E, shipment, -1, 0, scene["ani"], came)),
        (rules.NotYetShipped, lambda: receipts.record_receipt(E, shipment, 700, 0, scene["ani"], DAY)),
        (rules.UnknownThing, lambda: receipts.record_receipt(E, "KRM-999", 1, 0, scene["ani"], came)),
        (rules.UnknownThing, lambda: receipts.record_receipt("pilkada-2024", shipment, 1, 0, scene["ani"], came)),
        (rules.WrongLine, lambda: receipts.place_order(E, ("GEMBOK", "", ""), 1, "", came, scene["ani"], came)),
        (rules.OverOrdered, lambda: receipts.announce_shipment(E, "PSN-001", 1500, "SJ-2", "", scene["ani"], came)),
    ):
        with pytest.raises(wrong):
            act()
    assert record.root() == before
    assert receipts.receipts(E, came) == []


def test_ballots_counted_by_ani_are_accepted_by_fajar(scene: Any) -> None:
    shipment = delivered(scene, BALLOT, 500)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 500, 0, scene["ani"], came, blind=True)
    with pytest.raises(rules.SamePerson):
        receipts.accept_receipt(E, note.code, scene["ani"], came)
    assert receipts.accept_receipt(E, note.code, scene["fajar"], came) == 500


def test_a_replacement_makes_good_a_loss_without_being_shipped_twice(scene: Any) -> None:
    shipment = delivered(scene)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 10, scene["ani"], came)
    receipts.accept_receipt(E, note.code, scene["fajar"], came)
    again = receipts.announce_shipment(E, "PSN-001", 10, "SJ-2", "", scene["ani"], came, replaces=note.code)
    second = receipts.record_receipt(E, again.code, 10, 0, scene["ani"], came + timedelta(days=1))
    receipts.accept_receipt(E, second.code, scene["fajar"], came + timedelta(days=1))
    row = receipts.gauge(E, came + timedelta(days=1)).line(BOX)
    assert row is not None
    assert (row.shipped, row.replaced, row.accepted, row.damaged) == (700, 10, 700, 10)


def test_the_inbox_names_what_waits_and_not_for_other_agencies(scene: Any, cast: Any) -> None:
    shipment = delivered(scene)
    came = DAY + timedelta(days=3)
    assert [t.kind for t in receipts.waiting(cast["ani"], E, came)] == ["receipts.count"]
    note = receipts.record_receipt(E, shipment, 700, 0, scene["ani"], came)
    assert [t.kind for t in receipts.waiting(cast["ani"], E, came)] == ["receipts.accept"]
    receipts.correct_receipt(E, note.code, 699, 1, "penyok", scene["ani"], came + timedelta(hours=1))
    assert receipts.waiting(cast["ani"], E, came + timedelta(hours=1)) == []
    assert [t.kind for t in receipts.waiting(cast["fajar"], E, came + timedelta(hours=1))] == ["receipts.approve"]
    assert receipts.waiting(cast["citra"], E, came) == []
    assert [h.kind for h in receipts.find(cast["ani"], E, "sj-1", came)] == ["receipt"]
