"""Receipts: nothing vanishes, and no percentage stands without its two numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import receipts, stock

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


# --- counts with kinds, partial arrivals -----------------------------------------------------------------------------------


@given(pieces, pieces, pieces, pieces)
def test_a_wrong_type_is_counted_in_the_balance_and_fills_no_need(shipped: int, good: int, damaged: int, wrong: int) -> None:
    count = receipts.Count(shipped, good, damaged, wrong)
    assert count.shipped + count.over == count.good + count.damaged + count.wrong_type + count.missing
    assert count.aside == damaged + wrong
    note = replace(a_receipt(), count=count)
    (row,) = receipts.progress([a_demand(quantity=10**6)], [an_order()], [a_shipment()], [note], NO_TPS, CAME).rows
    assert row.covered("received") == good + damaged


def test_kinds_of_damage_add_up_and_are_from_the_list() -> None:
    count = receipts.Count(10, 5, 3, 0, (("torn", 1), ("wet", 2), ("dirty", 0)))
    assert count.kinds == (("wet", 2), ("torn", 1)), "in the order of the list, noughts left out: one way to say one thing"
    assert count == receipts.Count(10, 5, 3, 0, (("wet", 2), ("torn", 1)))
    with pytest.raises(receipts.DamageDiffers):
        receipts.Count(10, 5, 3, 0, (("wet", 2),))
    with pytest.raises(receipts.UnknownDamage):
        receipts.Count(10, 5, 3, 0, (("eaten", 3),))
    with pytest.raises(receipts.NegativeCount):
        receipts.Count(10, 5, 3, 0, (("wet", 4), ("torn", -1)))


@given(st.integers(1, 9000), st.lists(pieces, max_size=6), st.booleans())
def test_the_shares_of_partial_arrivals_never_exceed_the_surat_jalan_and_fill_it_once_closed(
    quantity: int, came: list[int], closed: bool
) -> None:
    arrivals = [(c, True) for c in came] + ([(0, False)] if closed else [])
    shares = receipts.shares(quantity, arrivals)
    assert sum(shares) <= quantity
    assert not closed or sum(shares) == quantity
    for share, (received, partial) in zip(shares, arrivals, strict=True):
        assert not partial or share <= received, "a partial arrival is never short"


def test_the_author_no_longer_corrects_alone_once_something_hangs_on_the_count() -> None:
    fresh = a_receipt()
    assert receipts.may_correct_alone(fresh, "p-ani", CAME + timedelta(minutes=1))
    assert not receipts.may_correct_alone(replace(fresh, used=True), "p-ani", CAME + timedelta(minutes=1))


def test_a_correction_may_not_deny_what_already_left_the_quarantine() -> None:
    note = a_receipt(damaged=8)
    with pytest.raises(receipts.DisposedAlready):
        receipts.check_correction(note, 1265, 5, "salah hitung", "p-ani", CAME + timedelta(hours=1), disposed=6)
    assert receipts.check_correction(note, 1264, 6, "salah hitung", "p-ani", CAME + timedelta(hours=1), disposed=6).damaged == 6


# --- postings ----------------------------------------------------------------------------------------------------------------


def balance(found: "tuple[stock.Posting, ...]") -> dict[str, int]:
    sums: dict[str, int] = {}
    for posting in found:
        sums[posting.source.condition.value] = sums.get(posting.source.condition.value, 0) - posting.quantity
        sums[posting.target.condition.value] = sums.get(posting.target.condition.value, 0) + posting.quantity
    return {k: v for k, v in sums.items() if v}


@st.composite
def a_count(draw: st.DrawFn) -> receipts.Count:
    return receipts.Count(draw(pieces), draw(pieces), draw(st.integers(0, 50)), draw(st.integers(0, 50)))


@given(a_count(), a_count(), st.booleans())
def test_a_corrected_receipt_has_the_stock_of_its_new_count_and_nothing_else(
    before: receipts.Count, after: receipts.Count, accepted: bool
) -> None:
    old = replace(a_receipt(), count=before, accepted=receipts.Accepted(before.good, "p-fajar", CAME) if accepted else None)
    new = replace(a_receipt(), count=after)
    walked = balance((*receipts.postings(old, "G"), *receipts.reposted([old], [new], "G")))
    assert walked == balance(receipts.postings(new, "G"))
    assert sum(walked.values()) == 0
    assert walked.get("unaccepted", 0) == after.good
    assert walked.get("quarantine", 0) == after.aside
    assert walked.get("missing", 0) == after.missing


def test_a_receipt_that_stays_as_it_was_posts_nothing_again() -> None:
    assert receipts.reposted([a_receipt()], [a_receipt()], "G") == ()


# --- orders ------------------------------------------------------------------------------------------------------------------


def test_a_moved_day_keeps_the_first_and_names_its_reason() -> None:
    order = an_order()
    moved = receipts.Moved(order.due_at, order.due_at + timedelta(days=9), "mesin rusak", CAME)
    later = replace(order, due_at=moved.to_at, moves=(moved,))
    assert (later.first_due_at, moved.days) == (order.due_at, 9)
    receipts.check_move(order, moved.to_at, "mesin rusak")
    with pytest.raises(receipts.SameDay):
        receipts.check_move(order, order.due_at, "mesin rusak")
    with pytest.raises(receipts.TextMissing):
        receipts.check_move(order, moved.to_at, "  ")


def test_what_a_supplier_made_only_grows() -> None:
    order = replace(an_order(), produced=500)
    receipts.check_produced(order, 500)
    for wrong, refusal in ((499, receipts.Shrunk), (0, receipts.NotPositive)):
        with pytest.raises(refusal):
            receipts.check_produced(order, wrong)


def test_a_contract_without_number_or_supplier_is_none() -> None:
    for number, supplier in (("", "CV"), ("1/2023", " ")):
        with pytest.raises(receipts.TextMissing):
            receipts.Contract(number, CAME.date(), supplier)


# --- the gate ----------------------------------------------------------------------------------------------------------------

HERE = ("Belitung Timur", "19.06", "19.06:G01", "Gudang KPU Belitung Timur")


@pytest.mark.parametrize(
    ("written", "mine"),
    [
        ("KPU Kab. Belitung Timur", True),
        ("GUDANG KPU KABUPATEN BELITUNG TIMUR", True),
        ("Kepada Yth. KPU Kabupaten Belitung  Timur", True),
        ("belitung timur", True),
        ("19.06", True),
        ("KPU Kabupaten Belitung", False),
        ("Belitung Timur 2", False),
        ("KPU Kabupaten Bangka", False),
        ("19.02", False),
        ("KPU", False),
        ("", False),
    ],
)
def test_only_the_whole_name_of_this_place_is_this_place(written: str, mine: bool) -> None:
    assert receipts.ours(written, HERE) is mine


def a_stop(decision: str = "") -> receipts.Misdirection:
    line = ("SURAT_SUARA", "DPRD_KAB", "BELITUNG-2")
    return receipts.Misdirection("SLT-001", "SJ-9", "KPU Belitung", "", line, 3000, CAME, "p-ani", decision)


def test_what_is_meant_for_others_is_kept_apart_sent_on_or_released_by_two() -> None:
    receipts.check_decision(a_stop(), "quarantine", "", "", "p-ani", "")
    receipts.check_decision(a_stop("quarantine"), "sent_on", "", "SJ-10", "p-ani", "")
    receipts.check_decision(a_stop(), "released", "tulisan keliru", "", "p-ani", "p-fajar")
    for stop, decision, reason, onward, second, refusal in (
        (a_stop(), "sent_on", "", "", "", receipts.TextMissing),
        (a_stop(), "released", "", "", "p-fajar", receipts.TextMissing),
        (a_stop(), "released", "tulisan keliru", "", "p-ani", receipts.SamePerson),
        (a_stop(), "released", "tulisan keliru", "", "", receipts.SamePerson),
        (a_stop("sent_on"), "quarantine", "", "", "", receipts.Decided),
        (a_stop("quarantine"), "quarantine", "", "", "", receipts.Decided),
        (a_stop(), "eaten", "", "", "", receipts.BadAnswer),
    ):
        with pytest.raises(refusal):
            receipts.check_decision(stop, decision, reason, onward, "p-ani", second)


def test_foreign_goods_in_quarantine_leave_it_when_they_are_sent_on() -> None:
    kept = receipts.decision_postings(a_stop(), "quarantine", "G")
    gone = receipts.decision_postings(a_stop("quarantine"), "sent_on", "G")
    assert balance((*kept, *gone)) == {"supplier": -3000, "sent": 3000}
    assert receipts.decision_postings(a_stop(), "sent_on", "G") == (), "what never came in is not posted"


# --- claims and quarantine -----------------------------------------------------------------------------------------------------


def a_claim(quantity: int = 8, **more: object) -> receipts.Claim:
    claim = receipts.Claim("KLM-001", "TRM-001", an_order(), "damaged", quantity, CAME, CAME + timedelta(days=7), "p-ani")
    return replace(claim, **more)  # type: ignore[arg-type]


def test_no_more_is_claimed_than_was_found() -> None:
    note = a_receipt(1262, 8)
    receipts.check_claim(note, "damaged", 8, [])
    receipts.check_claim(note, "damaged", 3, [a_claim(5)])
    for kind, quantity, before, refusal in (
        ("damaged", 9, [], receipts.NotClaimable),
        ("damaged", 4, [a_claim(5)], receipts.NotClaimable),
        ("missing", 1, [], receipts.NotClaimable),
        ("good", 1, [], receipts.NotClaimable),
        ("damaged", 0, [], receipts.NotPositive),
    ):
        with pytest.raises(refusal):
            receipts.check_claim(note, kind, quantity, before)


def test_the_state_of_a_claim_follows_from_answer_replacements_and_time() -> None:
    due = CAME + timedelta(days=7)
    assert a_claim().state(due) == "open"
    assert a_claim().state(due + timedelta(seconds=1)) == "overdue"
    assert a_claim(answer="replace").state(due) == "promised"
    assert a_claim(answer="replace").state(due + timedelta(days=1)) == "late"
    assert a_claim(answer="replace", sent=8, received=7).state(due) == "promised", "one replacement was lost again"
    assert a_claim(answer="replace", sent=8, received=8).state(due) == "replaced"
    assert a_claim(sent=8, received=8).state(due) == "replaced", "it came before any answer"
    assert a_claim(answer="credit").state(due) == "credited"
    assert (a_claim(answer="replace", sent=5).owed, a_claim(answer="refused").owed) == (3, 0)


def test_a_supplier_answers_once_and_refuses_with_a_reason() -> None:
    receipts.check_answer(a_claim(), "replace", "")
    for claim, answer, reason, refusal in (
        (a_claim(answer="replace"), "credit", "", receipts.Answered),
        (a_claim(), "refused", " ", receipts.TextMissing),
        (a_claim(), "maybe", "", receipts.BadAnswer),
    ):
        with pytest.raises(refusal):
            receipts.check_answer(claim, answer, reason)


def test_only_what_lies_in_quarantine_leaves_it_and_destruction_needs_two() -> None:
    note = a_receipt(1262, 8)
    gone = [receipts.Disposal("TRM-001", 5, "returned", "", "p-ani", "", CAME)]
    receipts.check_disposal(note, 3, "returned", "", gone, "p-ani", "")
    receipts.check_disposal(note, 8, "destroyed", "basah", [], "p-ani", "p-fajar")
    for quantity, how, reason, before, second, refusal in (
        (4, "returned", "", gone, "", receipts.NotInQuarantine),
        (0, "returned", "", [], "", receipts.NotPositive),
        (1, "sold", "", [], "", receipts.BadAnswer),
        (1, "destroyed", "", [], "p-fajar", receipts.TextMissing),
        (1, "destroyed", "basah", [], "p-ani", receipts.SamePerson),
        (1, "destroyed", "basah", [], "", receipts.SamePerson),
    ):
        with pytest.raises(refusal):
            receipts.check_disposal(note, quantity, how, reason, before, "p-ani", second)


# --- cartons -------------------------------------------------------------------------------------------------------------------


def ballots(good: int = 1000, damaged: int = 20, dapil: str = "") -> receipts.ReceiptNote:
    order = an_order("SURAT_SUARA", 5000, "PPWP" if not dapil else "DPRD_KAB", dapil)
    sent = receipts.Shipment("KRM-001", order, good + damaged, "SJ-1", "", SENT)
    return receipts.ReceiptNote("TRM-001", sent, receipts.Count(good + damaged, good, damaged), "p-ani", CAME)


@given(st.integers(0, 50_000), st.integers(1, 700))
def test_cartons_hold_every_piece_once_and_none_is_overfull(total: int, size: int) -> None:
    parts = receipts.sizes(total, size)
    assert sum(parts) == total
    assert all(0 < p <= size for p in parts)
    assert len(parts) == -(-total // size)


def test_labels_are_given_only_for_counted_ballots_of_that_condition() -> None:
    carton = receipts.Carton("X", "PPWP", "RI", 500, "", "TRM-001", "G", "good", "", CAME)
    receipts.check_cartons(ballots(), [500, 500], "good", [])
    receipts.check_cartons(ballots(), [500], "good", [carton])
    receipts.check_cartons(ballots(), [20], "quarantine", [carton])
    for note, parts, condition, before, refusal in (
        (ballots(), [500, 501], "good", [], receipts.TooManyLabelled),
        (ballots(), [500, 1], "good", [carton], receipts.TooManyLabelled),
        (ballots(), [21], "quarantine", [], receipts.TooManyLabelled),
        (ballots(), [], "good", [], receipts.BadCarton),
        (ballots(), [0], "good", [], receipts.BadCarton),
        (ballots(10**6), [20_001], "good", [], receipts.BadCarton),
        (a_receipt(), [5], "good", [], receipts.NoCartons),
    ):
        with pytest.raises(refusal):
            receipts.check_cartons(note, parts, condition, before)


def test_a_carton_of_a_dapil_that_was_not_ordered_lies_in_quarantine() -> None:
    assert receipts.carton_condition(ballots(dapil="BELTIM-1"), "BELTIM-1", "good") == "good"
    assert receipts.carton_condition(ballots(dapil="BELTIM-1"), "BELTIM-2", "good") == "quarantine"
    assert receipts.carton_condition(ballots(dapil="BELTIM-1"), "BELTIM-1", "quarantine") == "quarantine"


# --- early warnings: positive, negative, boundary --------------------------------------------------------------------------------

NEED_AT = CAME + timedelta(days=30)
LIMITS = receipts.Limits()


def a_question(**more: object) -> receipts.Question:
    question = receipts.Question(("KOTAK", "", ""), 100, 40, (), (), (), NEED_AT, CAME, ordered=100)
    return replace(question, **more)  # type: ignore[arg-type]


def test_r01_names_the_pieces_that_plan_and_record_do_not_bring() -> None:
    promise = receipts.Promise(60, NEED_AT)
    assert receipts.stock_short(a_question(), LIMITS) == 60
    assert receipts.stock_short(a_question(promises=(promise,)), LIMITS) == 0, "promised for the very day"
    assert receipts.stock_short(a_question(promises=(receipts.Promise(60, NEED_AT + timedelta(seconds=1)),)), LIMITS) == 60
    assert receipts.stock_short(a_question(on_the_way=(receipts.OnTheWay(59, CAME),)), LIMITS) == 1
    owed = receipts.Owed(60, NEED_AT - timedelta(days=14))
    assert receipts.stock_short(a_question(owed=(owed,)), LIMITS) == 0
    assert receipts.stock_short(a_question(owed=(replace(owed, since_at=owed.since_at + timedelta(days=1)),)), LIMITS) == 60


def test_r01_is_silent_where_all_is_here_nothing_is_known_or_the_day_is_far() -> None:
    assert receipts.stock_short(a_question(good=100), LIMITS) == 0
    assert receipts.stock_short(a_question(need=None), LIMITS) == 0
    assert receipts.stock_short(a_question(deadline_at=None), LIMITS) == 0
    assert receipts.stock_short(a_question(deadline_at=CAME + timedelta(days=60)), LIMITS) == 60
    assert receipts.stock_short(a_question(deadline_at=CAME + timedelta(days=60, seconds=1)), LIMITS) == 0


def an_outlook(permille: int | None, verdict: str = "estimated") -> receipts.Outlook:
    return receipts.Outlook(("KOTAK", "", ""), verdict, permille)


def test_r02_fires_below_ninety_per_cent_and_not_at_it() -> None:
    asked = a_question(promises=(receipts.Promise(60, NEED_AT),))
    assert receipts.improbable(asked, an_outlook(899), LIMITS)
    assert not receipts.improbable(asked, an_outlook(900), LIMITS)
    assert receipts.improbable(asked, an_outlook(0, "passed"), LIMITS)
    assert not receipts.improbable(a_question(), an_outlook(0, "uncovered"), LIMITS), "said by R01 already"
    assert not receipts.improbable(replace(asked, deadline_at=CAME + timedelta(days=61)), an_outlook(10), LIMITS)


def test_r03_fires_when_the_buffer_is_gone_or_the_day_moved_twice() -> None:
    order = replace(an_order(), due_at=NEED_AT - timedelta(days=7))
    assert receipts.promised_late(order, NEED_AT, 1, LIMITS) == "", "exactly the buffer is enough"
    assert receipts.promised_late(replace(order, due_at=order.due_at + timedelta(seconds=1)), NEED_AT, 1, LIMITS) == "late"
    moved = receipts.Moved(SENT, CAME, "alasan", CAME)
    assert receipts.promised_late(replace(order, moves=(moved,)), NEED_AT, 1, LIMITS) == ""
    assert receipts.promised_late(replace(order, moves=(moved, moved)), NEED_AT, 1, LIMITS) == "moved"
    assert receipts.promised_late(replace(order, moves=(moved, moved)), NEED_AT, 0, LIMITS) == "", "all of it left already"
    assert receipts.promised_late(replace(order, due_at=NEED_AT), None, 1, LIMITS) == ""


def test_r12_stands_until_the_difference_is_settled() -> None:
    short = a_receipt(1260, 4)
    assert receipts.differs(short, [], 0) == 6
    assert receipts.differs(short, [], 5) == 1
    assert receipts.differs(short, [], 6) == 0
    missing = a_claim(6, kind="missing")
    assert receipts.differs(short, [missing], 0) == 6, "a claim alone brings nothing"
    assert receipts.differs(short, [replace(missing, answer="credit")], 0) == 0
    assert receipts.differs(short, [replace(missing, receipt="TRM-002", answer="credit")], 0) == 6
    over = a_receipt(1275, 0)
    assert receipts.differs(over, [], 0) == 5
    assert receipts.differs(replace(over, accepted=receipts.Accepted(1275, "p-fajar", CAME)), [], 0) == 0
    assert receipts.differs(a_receipt(1262, 8), [], 0) == 0, "damaged is not a difference of number"


def test_a_number_that_no_lorry_carries_is_refused() -> None:
    receipts.Count(receipts.MOST, receipts.MOST, 0)
    for wrong in (
        lambda: receipts.Count(1, receipts.MOST + 1, 0),
        lambda: an_order(quantity=receipts.MOST + 1),
        lambda: a_shipment(receipts.MOST + 1),
        lambda: receipts.check_produced(an_order(), receipts.MOST + 1),
    ):
        with pytest.raises(receipts.TooMany):
            wrong()


@given(pieces, pieces, st.booleans(), st.integers(0, 4))
def test_what_the_book_lacks_of_a_receipt_completes_it_and_then_nothing_is_lacking(good: int, damaged: int, taken: bool, kept: int) -> None:
    note = replace(a_receipt(good, damaged, 700), accepted=receipts.Accepted(good, "p-b", CAME, "e") if taken else None)
    whole = receipts.postings(note, "G")
    posted = whole[:kept]
    lacking = receipts.unposted(note, "G", posted)
    assert [(p.source, p.target, p.quantity) for p in lacking] == [(p.source, p.target, p.quantity) for p in whole[kept:]]
    assert {p.act for p in lacking} <= {receipts.OPENED}
    assert receipts.unposted(note, "G", [*posted, *lacking]) == ()


def test_the_act_for_older_receipts_needs_something_to_do_and_two_people() -> None:
    receipts.check_opening(1, "p-a", "p-b")
    for lacking, second, refusal in (
        (0, "p-b", receipts.NothingUnposted),
        (1, "p-a", stock.SamePerson),
        (1, "", stock.SamePerson),
    ):
        with pytest.raises(refusal):
            receipts.check_opening(lacking, "p-a", second)
