"""Receipts: nothing vanishes, and no percentage stands without its two numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import receipts

SENT = datetime(2023, 11, 20, 3, tzinfo=UTC)
CAME = datetime(2023, 11, 24, 3, tzinfo=UTC)
pieces = st.integers(0, 5000)


def an_order(item: str = "KOTAK", quantity: int = 1829, contest: str = "", dapil: str = "") -> receipts.Order:
    return receipts.Order("PSN-001", item, contest, dapil, quantity, "I", "Pemasok", SENT + timedelta(days=30), SENT)


def a_shipment(quantity: int = 1270, **more: str) -> receipts.Shipment:
    return receipts.Shipment("KRM-001", an_order(more.pop("item", "KOTAK")), quantity, "SJ-1", "Kapal", SENT, **more)


def a_receipt(good: int = 1262, damaged: int = 8, shipped: int = 1270, person: str = "p-ani") -> receipts.ReceiptNote:
    return receipts.ReceiptNote("TRM-001", a_shipment(shipped), receipts.Count(shipped, good, damaged), person, CAME)


def a_demand(item: str = "KOTAK", quantity: int | None = 1829, **more: object) -> receipts.Demand:
    demand = receipts.Demand(item, item.title(), "", "", "buah", quantity, "verified", True, True, False, "I")
    return replace(demand, **more)  # type: ignore[arg-type]


NO_TPS = receipts.TpsCover(0, 0, (), ())


@given(pieces, pieces, pieces)
def test_every_piece_of_a_surat_jalan_is_good_damaged_missing_or_over(shipped: int, good: int, damaged: int) -> None:
    count = receipts.Count(shipped, good, damaged)
    assert count.shipped + count.over == count.good + count.damaged + count.missing
    assert count.received == count.good + count.damaged
    assert not (count.missing and count.over)


@given(st.lists(st.tuples(pieces, pieces, pieces), max_size=12))
def test_the_gauge_neither_loses_nor_invents_a_piece_over_any_history(history: list[tuple[int, int, int]]) -> None:
    order = an_order(quantity=10**6)
    shipments = [receipts.Shipment(f"K{i}", order, s + 1, f"SJ{i}", "", SENT) for i, (s, _, _) in enumerate(history)]
    notes = [
        receipts.ReceiptNote(f"T{i}", shipment, receipts.Count(shipment.quantity, g, d), "p-ani", CAME)
        for i, (shipment, (_, g, d)) in enumerate(zip(shipments, history, strict=True))
    ]
    (row,) = receipts.progress([a_demand()], [order], shipments, notes, NO_TPS, CAME).rows
    assert row.shipped + row.over == row.good + row.damaged + row.missing
    assert row.accepted == 0
    assert 0 <= row.covered("received") <= 1829


def test_a_stated_shortage_that_does_not_follow_from_the_counts_is_refused() -> None:
    with pytest.raises(receipts.Unbalanced) as refused:
        receipts.tally(shipped=100, good=90, damaged=4, missing=5)
    assert refused.value.facts["missing_right"] == 6
    assert receipts.tally(100, 90, 4, missing=6, over=0).missing == 6
    assert receipts.tally(100, 101, 4).over == 5


def test_negative_and_empty_quantities_cannot_be_built() -> None:
    with pytest.raises(receipts.NegativeCount):
        receipts.Count(10, -1, 0)
    with pytest.raises(receipts.NotPositive):
        an_order(quantity=0)
    with pytest.raises(receipts.NotPositive):
        a_shipment(0)


def test_one_surat_jalan_is_counted_once_and_not_before_it_left() -> None:
    with pytest.raises(receipts.AlreadyReceived):
        receipts.check_receipt(a_shipment(), True, CAME)
    with pytest.raises(receipts.NotYetShipped):
        receipts.check_receipt(a_shipment(), False, SENT - timedelta(seconds=1))
    receipts.check_receipt(a_shipment(), False, SENT)


def test_more_than_ordered_is_on_the_way_only_as_a_replacement() -> None:
    with pytest.raises(receipts.OverOrdered):
        receipts.check_shipment(an_order(quantity=100), 90, 11, "")
    receipts.check_shipment(an_order(quantity=100), 90, 10, "")
    receipts.check_shipment(an_order(quantity=100), 100, 8, "TRM-001")


def test_ani_undoes_alone_within_ten_minutes_and_later_needs_a_reason_and_a_second_person() -> None:
    receipt = a_receipt()
    soon, late = CAME + timedelta(minutes=10), CAME + timedelta(minutes=10, seconds=1)
    assert receipts.may_correct_alone(receipt, "p-ani", soon)
    assert not receipts.may_correct_alone(receipt, "p-ani", late)
    assert not receipts.may_correct_alone(receipt, "p-budi", soon)
    accepted = replace(receipt, accepted=receipts.Accepted(1262, "p-fajar", CAME))
    assert not receipts.may_correct_alone(accepted, "p-ani", soon)
    assert receipts.check_correction(receipt, 1261, 9, "", "p-ani", soon).damaged == 9
    with pytest.raises(receipts.ReasonMissing):
        receipts.check_correction(receipt, 1261, 9, "  ", "p-ani", late)
    with pytest.raises(receipts.SamePerson):
        receipts.check_approval("p-ani", "p-ani", "TRM-001")
    with pytest.raises(receipts.NothingChanged):
        receipts.check_correction(receipt, 1262, 8, "salah", "p-ani", late)
    with pytest.raises(receipts.CorrectionPending):
        receipts.check_correction(replace(receipt, pending="KOR-001"), 1, 1, "salah", "p-ani", late)


def test_sensitive_goods_are_accepted_by_another_person_than_the_one_who_counted() -> None:
    assert receipts.acceptance(a_receipt(), "p-ani", sensitive=False) == 1262
    with pytest.raises(receipts.SamePerson):
        receipts.acceptance(a_receipt(), "p-ani", sensitive=True)
    accepted = replace(a_receipt(), accepted=receipts.Accepted(1262, "p-fajar", CAME))
    with pytest.raises(receipts.AlreadyAccepted):
        receipts.acceptance(accepted, "p-fajar", sensitive=False)


def test_the_share_is_never_a_hundred_before_it_is_complete() -> None:
    assert receipts.Share(3794, 5459).permille == 695
    assert receipts.Share(99_999, 100_000).permille == 999
    assert receipts.Share(1, 100_000).permille == 1
    assert receipts.Share(0, 5).permille == 0
    assert receipts.Share(5, 5).permille == 1000
    assert receipts.Share(0, 0).permille is None


def test_the_fifth_of_december_is_just_under_seventy_per_cent_of_four_items_and_nought_of_the_tps() -> None:
    day = {"KOTAK": (1262, 1829), "BILIK": (1012, 1452), "TINTA": (510, 726), "ALAT_COBLOS": (1010, 1452)}
    demands = [a_demand(item, need) for item, (_, need) in day.items()]
    demands += [a_demand("SEGEL", None), a_demand("SURAT_SUARA", 98_100, contest="PPWP", sensitive=True)]
    orders, shipments, notes = [], [], []
    for item, (good, need) in day.items():
        order = an_order(item, need)
        shipment = receipts.Shipment(f"K-{item}", order, good, "SJ", "", SENT)
        note = receipts.ReceiptNote(item, shipment, receipts.Count(good, good, 0), "p-ani", CAME)
        orders.append(order)
        shipments.append(shipment)
        notes.append(replace(note, accepted=receipts.Accepted(good, "p-fajar", CAME)))
    per_tps = {
        ("KOTAK", "", ""): 5,
        ("BILIK", "", ""): 4,
        ("TINTA", "", ""): 2,
        ("ALAT_COBLOS", "", ""): 4,
        ("SURAT_SUARA", "PPWP", ""): 270,
    }
    needs = {f"19.06.01.2001.{n:03}": per_tps for n in range(1, 364)}
    tps = receipts.suppliable(needs, receipts.accepted_stock(notes), ["SEGEL"])
    gauge = receipts.progress(demands, orders, shipments, notes, tps, CAME)
    assert gauge.units("accepted", day) == receipts.Share(3794, 5459)
    assert gauge.units("accepted") == receipts.Share(3794, 5459 + 98_100)
    assert gauge.lines("accepted") == receipts.Share(0, 5)
    assert (tps.complete, tps.total, tps.unknown) == (0, 363, ("SEGEL",))
    assert dict(tps.by_line)[("KOTAK", "", "")] == receipts.Share(252, 363)
    assert [r.demand.item for r in gauge.unknown] == ["SEGEL"]


def test_a_surplus_of_booths_does_not_make_up_for_missing_ink() -> None:
    booth, ink = a_demand("BILIK", 100), a_demand("TINTA", 100)
    order = an_order("BILIK", 200)
    shipment = receipts.Shipment("K", order, 200, "SJ", "", SENT)
    note = receipts.ReceiptNote("T", shipment, receipts.Count(200, 200, 0), "p-ani", CAME)
    gauge = receipts.progress([booth, ink], [order], [shipment], [note], NO_TPS, CAME)
    assert gauge.units("received") == receipts.Share(100, 200)
    assert gauge.rows[0].received == 200


def test_a_quantity_waiting_for_confirmation_is_named() -> None:
    gauge = receipts.progress([a_demand("ALAT_COBLOS", 1452, grade="memory", confirmed=False)], [], [], [], NO_TPS, CAME)
    assert [r.demand.item for r in gauge.unconfirmed] == ["ALAT_COBLOS"]


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 6)), min_size=1, max_size=6),
    st.tuples(st.integers(0, 20), st.integers(0, 12), st.integers(0, 12), st.integers(0, 8)),
)
def test_serving_the_smallest_first_serves_as_many_tps_as_any_choice(tps: list[tuple[str, int]], stock: tuple[int, int, int, int]) -> None:
    """Ballots of two dapil and one contest for all, growing together with the voters, and one constant item: against brute force."""
    shelf = dict(zip([("S", "PPWP", ""), ("S", "KAB", "A"), ("S", "KAB", "B"), ("TINTA", "", "")], stock, strict=True))
    needs = {f"t{i}": {("S", "PPWP", ""): n, ("S", "KAB", d): n, ("TINTA", "", ""): 2} for i, (d, n) in enumerate(tps)}

    def fits(chosen: tuple[str, ...]) -> bool:
        return all(sum(needs[t].get(key, 0) for t in chosen) <= have for key, have in shelf.items())

    best = max(size for size in range(len(needs) + 1) if any(fits(c) for c in combinations(needs, size)))
    assert receipts.suppliable(needs, shelf).complete == best


def test_a_typed_number_is_read_as_indonesians_write_it_or_asked_about() -> None:
    assert [receipts.pieces(t) for t in ("1829", "1.829", " 12 ", "0", "1.000.000")] == [1829, 1829, 12, 0, 1000000]
    for wrong in ("1,829", "1.82", "-3", "", "lima", "1.8295", "²", "1" * 40):
        with pytest.raises(receipts.NotANumber):
            receipts.pieces(wrong)
