"""Seals in the store: given out, put on, cut, spoiled, given back, looked at; and every conflict is kept, none is lost."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from posko.domain import labels as label_rules
from posko.domain import seals as rules
from posko.domain.evidence import Kept
from posko.domain.record import Actor
from posko.store import record, seals

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2024, 2, 1, 2, tzinfo=UTC)
ANI, LUTFI, OKI = Actor("p-ani", "KPU"), Actor("p-lutfi", "KPU"), Actor("p-oki", "KPU")
BUDI, JUWITA = Actor("p-budi", "PPK"), Actor("p-juwita", "BAWASLU")
PHOTO = Kept("cd" * 32, "jpeg", 10)
BOXES = [label_rules.new_code(Random(n)) for n in range(4)]


def minutes(number: int) -> datetime:
    return AT + timedelta(minutes=number)


def close(
    box: int, *serials: str, at: datetime = AT, count: int = 0, lot: str = "", takers: Any = (), act: str = "sealed"
) -> rules.Sealing:
    """What packing does when it closes a box, without the box."""
    with transaction.atomic():
        at = record.turn(at)
        before = seals.last_sealing(E, BOXES[box])
        judged = seals.judge(seals.known(E, serials, counted=count != 0), serials, count, lot, takers, at)
        sealing = rules.Sealing(
            BOXES[box], act, judged.serials, judged.lot, judged.count, judged.findings, "p-lutfi", "p-oki", "", "", "", (),
            "19.06.01.2001.001", at, f"{box:064}",
        )  # fmt: skip
        seals.write(E, [sealing], {BOXES[box]: before.serials if before and before.closed else ()})
    return sealing


def codes(sealing: rules.Sealing) -> list[str]:
    return [f.code for f in sealing.findings]


@pytest.fixture
def issued(installation: Any) -> rules.SealRange:
    return seals.issue_range(E, "BT000101", "BT000200", "REGU-A", ANI, AT - timedelta(days=1))


def test_a_range_is_given_out_once_and_stands_in_the_journal(issued: rules.SealRange) -> None:
    assert (issued.code, issued.quantity, issued.text(101)) == ("SGL-001", 100, "BT000101")
    for first, last in (("BT000200", "BT000300"), ("BT000001", "BT000101"), ("BT000150", "BT000151")):
        with pytest.raises(rules.RangeOverlap):
            seals.issue_range(E, first, last, "REGU-B", ANI, AT)
    seals.issue_range(E, "BT000201", "BT000300", "REGU-B", ANI, AT)
    assert [r.code for r in seals.ranges(E, AT)] == ["SGL-001", "SGL-002"]
    assert [r.code for r in seals.ranges(E, AT - timedelta(hours=1))] == ["SGL-001"]
    assert record.Entry.objects.filter(kind="seals.issued").count() == 2


def test_a_seal_is_clean_once_and_a_conflict_on_the_second_box(issued: rules.SealRange) -> None:
    assert codes(close(0, "BT000132", "BT000133")) == []
    second = close(1, "BT000132", at=minutes(1))
    assert [(f.code, f.other, f.near, f.guess) for f in second.findings] == [("reused", BOXES[0], "BT000123", "swap")]
    (signal,) = seals.signals(E, minutes(2))
    assert (signal.rule, signal.severity, signal.subject) == ("R06", "critical", f"box:{BOXES[1]}")
    close(1, "BT000140", at=minutes(3), act="resealed")
    assert seals.signals(E, minutes(4)) == []
    assert len(seals.signals(E, minutes(2))) == 1, "the past stays as it was"
    assert codes(close(2, "BT000132", at=minutes(5))) == ["reused"], "what was cut is never clean again"


def test_outside_its_range_of_another_team_and_before_it_was_given_out_are_recorded_not_refused(issued: rules.SealRange) -> None:
    assert codes(close(0, "BT000301", "XX1")) == ["outside", "outside"]
    assert codes(close(1, "BT000150", takers=["REGU-B"])) == ["other_team"]
    assert codes(close(2, "BT000151", at=AT - timedelta(days=2))) == ["before_issue"]
    seals.issue_range(E, "BT000301", "BT000310", "REGU-A", ANI, minutes(5))
    entry = record.Entry.objects.filter(kind="seals.issued").latest("leaf_index")
    assert record.entry(E, entry.entry_id).facts["seen_before"] == ["BT000301"]


def test_text_that_is_no_seal_is_refused_and_nothing_is_written(issued: rules.SealRange) -> None:
    before = record.root()
    for act in (
        lambda: seals.issue_range(E, "BT1", "lima", "A", ANI, AT),
        lambda: seals.spoil(E, ["#"], ANI, AT, reason="putus"),
        lambda: seals.give_back(E, ["२३"], ANI, AT),
        lambda: seals.issue_count(E, "", 5, "A", ANI, AT),
    ):
        with pytest.raises(rules.Malformed):
            act()
    with pytest.raises(rules.NoSeals):
        seals.give_back(E, [" "], ANI, AT)
    assert record.root() == before


def test_given_out_is_applied_spoiled_returned_and_on_hand_with_the_gaps_named(issued: rules.SealRange) -> None:
    close(0, "BT000101", "BT000102")
    close(1, "BT000105", at=minutes(1))
    assert seals.spoil(E, ["BT000103"], LUTFI, minutes(2), reason="putus saat dipasang") == []
    with pytest.raises(rules.ReasonMissing):
        seals.spoil(E, ["BT000104"], LUTFI, minutes(2))
    seals.give_back(E, [f"BT{n:06}" for n in range(190, 201)], LUTFI, minutes(3))
    close(1, "BT000110", at=minutes(4), act="resealed")
    (book,) = seals.register(E, minutes(5))
    assert (book.issued, book.applied, book.on_boxes, book.taken_off, book.spoiled, book.returned, book.on_hand) == (
        100,
        4,
        3,
        1,
        1,
        11,
        84,
    )
    assert book.gaps == (("BT000104", "BT000104"), ("BT000106", "BT000109"), ("BT000111", "BT000189"))
    assert codes(close(2, "BT000103", at=minutes(6))) == ["spoiled"]
    assert codes(close(3, "BT000195", at=minutes(6))) == ["returned"]
    assert [a.act for a in seals.seal_of(E, "bt 000105", minutes(9)).acts] == ["applied", "removed"]
    assert seals.seal_of(E, "BT000103", minutes(9)).acts[-1].findings[0].code == "spoiled"


def test_a_seal_declared_spoiled_while_it_is_on_a_box_is_a_conflict(issued: rules.SealRange) -> None:
    close(0, "BT000101")
    assert [f.code for f in seals.spoil(E, ["BT000101"], LUTFI, minutes(1), reason="putus di gudang")] == ["reused"]
    assert [(c.box, c.finding.code) for c in seals.conflicts(E, minutes(2))] == [(BOXES[0], "spoiled")]
    assert seals.conflicts(E, AT) == []


def test_counted_seals_are_accounted_by_lot_and_more_than_given_out_is_critical(installation: Any) -> None:
    seals.issue_count(E, "kertas-1", 10, "REGU-A", ANI, AT)
    with pytest.raises(rules.LotTaken):
        seals.issue_count(E, "KERTAS-1", 10, "REGU-B", ANI, AT)
    assert codes(close(0, count=6)) == []
    with pytest.raises(rules.EvidenceMissing):
        seals.spoil(E, [], LUTFI, AT, count=1, reason="sobek")
    seals.spoil(E, [], LUTFI, AT, count=1, reason="sobek", evidence=[PHOTO])
    assert codes(close(1, count=4, at=minutes(1))) == ["more_than_issued"]
    (lot,) = seals.lots(E, minutes(2))
    assert (lot.issued, lot.applied, lot.spoiled, lot.on_hand) == (10, 10, 1, -1)
    assert {s.subject for s in seals.signals(E, minutes(2))} == {"lot:KERTAS-1", f"box:{BOXES[1]}"}
    seals.issue_count(E, "KERTAS-2", 5, "REGU-A", ANI, AT)
    with pytest.raises(rules.UnknownLot):
        close(2, count=1)
    assert codes(close(2, count=1, lot="kertas-2")) == []


def test_counted_seals_that_nobody_gave_out_are_recorded_and_flagged(installation: Any) -> None:
    assert codes(close(0, count=2)) == ["outside"]
    assert [(lot.issued, lot.on_hand) for lot in seals.lots(E, AT)] == [(0, -2)]


def test_a_transposed_digit_at_hand_over_is_named_and_stays_critical_until_another_person_looks(issued: rules.SealRange, cast: Any) -> None:
    close(0, "BT000123", "BT000124")
    check = seals.check_seals(E, label_rules.qr_text("box", BOXES[0]), ["BT000132", "BT000124"], BUDI, minutes(1), occasion="serah PPK")
    assert (check.match, check.pairs, check.missing) == (False, (("BT000123", "BT000132", "swap"),), ("BT000123",))
    (signal,) = seals.signals(E, minutes(2))
    assert (signal.severity, signal.facts["guess"], signal.facts["near"]) == ("critical", "swap", "BT000123")
    assert [t.args for t in seals.waiting(cast["lutfi"], E, minutes(2))] == [(BOXES[0],)]
    assert seals.check_seals(E, BOXES[0], ["BT000123", "BT000124"], BUDI, minutes(3)).match
    assert len(seals.signals(E, minutes(4))) == 1, "the one who saw the mismatch cannot type it away"
    seals.check_seals(E, BOXES[0], ["BT000124", "BT000123"], JUWITA, minutes(5))
    assert seals.signals(E, minutes(6)) == []
    assert [c.match for c in seals.checks(E, minutes(6), BOXES[0])] == [False, True, True]


def test_a_broken_seal_is_critical_until_the_box_is_closed_again(issued: rules.SealRange) -> None:
    close(0, "BT000123")
    seals.check_seals(E, BOXES[0], ["BT000123"], BUDI, minutes(1), broken=True)
    assert seals.signals(E, minutes(2))[0].facts["what"] == "broken"
    close(0, "BT000125", at=minutes(3), act="resealed")
    assert seals.signals(E, minutes(4)) == []


def test_a_box_without_seals_has_nothing_to_check(issued: rules.SealRange) -> None:
    with pytest.raises(rules.NotSealed):
        seals.check_seals(E, BOXES[0], ["BT000123"], BUDI, AT)
    close(0, "BT000123")
    close(0, at=minutes(1), act="opened")
    with pytest.raises(rules.NotSealed):
        seals.check_seals(E, BOXES[0], ["BT000123"], BUDI, minutes(2))
    assert seals.sealing_of(E, BOXES[0], minutes(2)) is None
    assert seals.sealing_of(E, BOXES[0], AT) is not None


def test_the_search_finds_a_seal_by_its_serial(issued: rules.SealRange, cast: Any) -> None:
    close(0, "BT000123")
    assert [h.args for h in seals.find(cast["ani"], E, "bt-000123", AT)] == [("BT000123",)]
    assert seals.find(cast["ani"], E, "Manggar", AT) == []


def test_a_range_given_out_by_mistake_is_taken_back_by_two_while_no_seal_of_it_was_used(issued: rules.SealRange) -> None:
    why = "nomor awal salah diketik"
    for reason, second, refusal in ((why, ANI, rules.SamePerson), ("salah", BUDI, rules.ReasonMissing)):
        with pytest.raises(refusal):
            seals.take_back(E, issued.code, reason, ANI, second, AT)
    with pytest.raises(rules.RangeOverlap):
        seals.issue_range(E, "BT000150", "BT000250", "MEJA-1", ANI, AT)
    seals.take_back(E, issued.code, why, ANI, BUDI, AT)
    assert (seals.ranges(E, AT), len(seals.ranges(E, AT - timedelta(hours=1)))) == ([], 1)
    with pytest.raises(rules.UnknownRange):
        seals.take_back(E, issued.code, why, ANI, BUDI, minutes(1))
    again = seals.issue_range(E, "BT000150", "BT000250", "MEJA-1", ANI, minutes(1))
    assert codes(close(0, "BT000120", at=minutes(2))) == ["outside"], "what was taken back is given out no more"
    close(1, "BT000160", at=minutes(3))
    with pytest.raises(rules.RangeUsed) as refused:
        seals.take_back(E, again.code, why, ANI, BUDI, minutes(4))
    assert refused.value.facts["serial"] == "BT000160"
