"""Receipts in the store: what happened stays readable as it stood at every instant, and every act is in the journal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import receipts as rules
from posko.domain import record as facts
from posko.domain import stock as stock_rules
from posko.store import places, receipts, record, stock, thresholds
from tests import erasing

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


# --- the goods made whole --------------------------------------------------------------------------------------------------


@pytest.fixture
def gate(scene: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Dapil and a deadline without the stages before."""
    monkeypatch.setattr(places, "dapil_here", lambda _e: {"PPWP": ("RI",), "DPRD_KAB": ("BELTIM-1", "BELTIM-2")})
    monkeypatch.setattr(receipts, "deadline", lambda _e, _at: DAY + timedelta(days=40))
    return scene


def held(at: datetime, line: rules.Key = BOX) -> dict[str, int]:
    """Pieces of a line by condition."""
    return {account.condition.value: n for (of, account), n in stock.balances(E, at).items() if of == line}


def test_every_count_acceptance_and_correction_moves_the_stock_and_nothing_else(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 4, gate["ani"], came, wrong_type=2, kinds=(("wet", 3), ("torn", 1)))
    assert held(came) == {"unaccepted": 690, "quarantine": 6, "missing": 4, "supplier": -700}
    receipts.accept_receipt(E, note.code, gate["fajar"], came + timedelta(minutes=1))
    assert held(came + timedelta(minutes=1)) == {"good": 690, "quarantine": 6, "missing": 4, "supplier": -700}
    later = came + timedelta(hours=5)
    receipts.correct_receipt(E, note.code, 700, 3, "tiga basah", gate["ani"], later, kinds=(("wet", 3),))
    assert held(later)["good"] == 690, "a proposal moves nothing"
    receipts.approve_correction(E, receipts.get_receipt(E, note.code, later).pending, gate["fajar"], later + timedelta(hours=1))
    assert held(later + timedelta(hours=1)) == {"unaccepted": 700, "quarantine": 3, "supplier": -703}
    assert held(came) == {"unaccepted": 690, "quarantine": 6, "missing": 4, "supplier": -700}, "the past stays as it was"


def test_one_surat_jalan_in_three_lorries_is_short_only_when_it_is_closed(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    first = receipts.record_receipt(E, shipment, 300, 0, gate["ani"], came, partial=True)
    assert (first.count.shipped, first.count.missing) == (300, 0)
    assert [t.kind for t in receipts.waiting(_person("ani", gate), E, came)] == ["receipts.count", "receipts.accept"]
    second = receipts.record_receipt(E, shipment, 200, 10, gate["ani"], came + timedelta(hours=1), partial=True)
    last = receipts.record_receipt(E, shipment, 180, 0, gate["ani"], came + timedelta(hours=2))
    assert [n.count.shipped for n in receipts.receipts(E, came + timedelta(hours=2))] == [300, 210, 190]
    assert last.count.missing == 10
    with pytest.raises(rules.AlreadyReceived):
        receipts.record_receipt(E, shipment, 1, 0, gate["ani"], came + timedelta(hours=3))
    row = receipts.gauge(E, came + timedelta(hours=2)).line(BOX)
    assert row is not None
    assert (row.shipped, row.good, row.damaged, row.missing) == (700, 680, 10, 10)
    assert held(came + timedelta(hours=2)) == {"unaccepted": 680, "quarantine": 10, "missing": 10, "supplier": -700}
    # A correction of the second lorry changes for how many pieces the last one answers, and so what is missing.
    later = came + timedelta(hours=9)
    receipts.correct_receipt(E, second.code, 205, 10, "lima tertinggal di lori", gate["ani"], later)
    receipts.approve_correction(E, receipts.get_receipt(E, second.code, later).pending, gate["fajar"], later)
    assert receipts.get_receipt(E, last.code, later).count.missing == 5
    assert held(later) == {"unaccepted": 685, "quarantine": 10, "missing": 5, "supplier": -700}


def _person(name: str, _scene: Any) -> Any:
    from posko.domain import access

    return access.Person(f"p-{name}", "KPU", (), "biasa", ())


def test_the_rest_that_will_not_come_is_closed_by_a_count_of_nought(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    receipts.record_receipt(E, shipment, 300, 0, gate["ani"], came, partial=True)
    closed = receipts.record_receipt(E, shipment, 0, 0, gate["ani"], came + timedelta(days=2))
    assert closed.count.missing == 400
    waits = [t.kind for t in receipts.waiting(_person("ani", gate), E, came + timedelta(days=2))]
    assert waits == ["receipts.accept"], "nobody accepts nought"


def test_two_counts_of_one_arrival_cannot_both_stand(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    receipts.record_receipt(E, shipment, 700, 0, gate["ani"], came)
    with pytest.raises(rules.AlreadyReceived):
        receipts.record_receipt(E, shipment, 700, 0, gate["fajar"], came)
    row = receipts.Receipt.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        receipts.Receipt.objects.create(
            code="TRM-099", election=E, shipment=row.shipment, number=1, place="G", good=1, damaged=0, person="p-x", occurred_at=came,
            entry_id="",
        )  # fmt: skip


def test_papers_for_another_place_stop_the_count_until_two_people_release_it(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    stop = receipts.arrive(E, shipment, "KPU Kabupaten Belitung", gate["ani"], came)
    assert stop is not None
    with pytest.raises(rules.Stopped):
        receipts.record_receipt(E, shipment, 700, 0, gate["ani"], came)
    with pytest.raises(rules.Stopped):
        receipts.arrive(E, shipment, "KPU Kabupaten Belitung Timur", gate["ani"], came)
    assert [t.kind for t in receipts.waiting(_person("ani", gate), E, came)] == ["receipts.misdirected"]
    receipts.decide(E, stop.code, "quarantine", gate["ani"], came)
    assert held(came) == {"quarantine": 700, "supplier": -700}
    with pytest.raises(rules.Stopped):
        receipts.record_receipt(E, shipment, 700, 0, gate["ani"], came)
    receipts.decide(E, stop.code, "released", gate["ani"], came, reason="penyedia salah tulis", second=gate["fajar"])
    assert held(came) == {}
    assert receipts.arrive(E, shipment, "KPU Kabupaten Belitung", gate["ani"], came) is None
    assert receipts.record_receipt(E, shipment, 700, 0, gate["ani"], came).count.good == 700
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))
    assert kinds[-5:] == [
        "shipment.misdirected",
        "misdirection.decided",
        "misdirection.decided",
        "shipment.arrived",
        "receipt.recorded",
    ]


def test_goods_we_never_heard_of_are_recorded_and_sent_on(gate: Any) -> None:
    came = DAY + timedelta(days=3)
    line = ("SURAT_SUARA", "DPRD_KAB", "BELITUNG-2")
    found = receipts.misdirect(E, "SJ-X", "KPU Belitung", line, 3000, gate["ani"], came)
    receipts.decide(E, found.code, "quarantine", gate["ani"], came)
    done = receipts.decide(E, found.code, "sent_on", gate["ani"], came + timedelta(days=1), onward="SJ-Y")
    assert (done.open, done.onward) == (False, "SJ-Y")
    assert held(came + timedelta(days=1), line) == {"supplier": -3000, "sent": 3000}
    assert receipts.get_misdirection(E, found.code, came).decision == "quarantine", "as of then"
    assert receipts.accepted(E, came + timedelta(days=1)) == {}


def test_a_moved_day_is_a_new_fact_and_the_past_keeps_the_old_one(gate: Any) -> None:
    order = receipts.place_order(E, BOX, 100, "CV", DAY + timedelta(days=20), gate["ani"], DAY)
    later = DAY + timedelta(days=5)
    receipts.move_due(E, order.code, DAY + timedelta(days=30), "kapal penuh", gate["ani"], later)
    receipts.move_due(E, order.code, DAY + timedelta(days=39), "kapal penuh lagi", gate["ani"], later + timedelta(days=1))
    now = receipts.get_order(E, order.code, later + timedelta(days=1))
    assert [m.days for m in now.moves] == [10, 9]
    assert (now.first_due_at, now.due_at) == (DAY + timedelta(days=20), DAY + timedelta(days=39))
    assert receipts.get_order(E, order.code, DAY).due_at == DAY + timedelta(days=20)
    rows = [s for s in receipts.signals(E, later + timedelta(days=1)) if s.rule == "R03"]
    assert [(s.subject, s.facts["times"]) for s in rows] == [(f"order:{order.code}", 2)]


def test_what_the_supplier_made_is_read_as_of_its_day(gate: Any) -> None:
    order = receipts.place_order(E, BOX, 100, "CV", DAY + timedelta(days=20), gate["ani"], DAY)
    receipts.report_produced(E, order.code, 60, gate["ani"], DAY + timedelta(days=2))
    receipts.report_produced(E, order.code, 100, gate["ani"], DAY + timedelta(days=4))
    assert [receipts.get_order(E, order.code, DAY + timedelta(days=n)).produced for n in (1, 3, 4)] == [None, 60, 100]
    with pytest.raises(rules.Shrunk):
        receipts.report_produced(E, order.code, 99, gate["ani"], DAY + timedelta(days=5))


def test_a_claim_closes_when_its_replacement_is_counted(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 4, gate["ani"], came)
    claim = receipts.file_claim(E, note.code, "damaged", 4, gate["ani"], came)
    with pytest.raises(rules.NotClaimable):
        receipts.file_claim(E, note.code, "damaged", 1, gate["ani"], came)
    overdue = came + timedelta(days=8)
    assert [(t.kind, t.due_at) for t in receipts.waiting(_person("ani", gate), E, overdue) if "claim" in t.kind] == [
        ("receipts.claim", came + timedelta(days=7))
    ]
    receipts.answer_claim(E, claim.code, "replace", gate["ani"], overdue)
    sent = receipts.announce_shipment(E, "PSN-001", 4, "SJ-2", "udara", gate["ani"], overdue, claim=claim.code)
    assert (sent.replaces, receipts.get_claim(E, claim.code, overdue).state(overdue)) == (note.code, "promised")
    again = overdue + timedelta(days=3)
    receipts.record_receipt(E, sent.code, 3, 0, gate["ani"], again)
    assert receipts.get_claim(E, claim.code, again).state(again) == "promised", "one of four was lost again"
    more = receipts.announce_shipment(E, "PSN-001", 1, "SJ-3", "udara", gate["ani"], again, claim=claim.code)
    receipts.record_receipt(E, more.code, 1, 0, gate["ani"], again)
    assert receipts.get_claim(E, claim.code, again).state(again) == "replaced"
    assert receipts.get_claim(E, claim.code, came).state(came) == "open", "as of then"


def test_the_quarantine_empties_only_by_return_or_by_two_who_destroy(gate: Any) -> None:
    shipment = delivered(gate)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 10, gate["ani"], came)
    receipts.dispose(E, note.code, 4, "returned", gate["ani"], came)
    with pytest.raises(rules.SamePerson):
        receipts.dispose(E, note.code, 6, "destroyed", gate["ani"], came, "busuk", gate["ani"])
    with pytest.raises(rules.NotInQuarantine):
        receipts.dispose(E, note.code, 7, "returned", gate["ani"], came)
    receipts.dispose(E, note.code, 6, "destroyed", gate["ani"], came, "busuk", gate["fajar"])
    assert held(came) == {"unaccepted": 690, "returned": 4, "destroyed": 6, "supplier": -700}
    with pytest.raises(rules.DisposedAlready):
        receipts.correct_receipt(E, note.code, 695, 5, "salah hitung", gate["ani"], came + timedelta(hours=1))


def test_cartons_have_codes_that_are_found_again_and_a_strange_dapil_is_set_apart(gate: Any) -> None:
    shipment = delivered(gate, BALLOT, 1220)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 1200, 20, gate["ani"], came)
    made = receipts.make_cartons(E, note.code, "RI", rules.sizes(1000, 500), "B-1", gate["ani"], came, rng=Random(1), aliases=["SLG1"])
    assert [(c.contest, c.dapil, c.quantity, c.condition, c.alias) for c in made] == [
        ("PPWP", "RI", 500, "good", "SLG1"),
        ("PPWP", "RI", 500, "good", ""),
    ]
    assert receipts.get_carton(E, made[0].code, came) == made[0]
    assert receipts.get_carton(E, made[0].code, came - timedelta(seconds=1)) is None
    assert receipts.get_carton(E, "0000000000000000X", came) is None
    strange = receipts.make_cartons(E, note.code, "JAKARTA", [20], "", gate["ani"], came)
    assert strange[0].condition == "quarantine"
    with pytest.raises(rules.TooManyLabelled):
        receipts.make_cartons(E, note.code, "RI", [201], "", gate["ani"], came)
    assert [c.code for c in receipts.cartons(E, came, note.code)] == [c.code for c in [*made, *strange]]
    assert [h.args for h in receipts.find(_person("ani", gate), E, made[1].code.lower(), came)] == [(note.code,)]


def test_wrong_labels_are_withdrawn_but_never_of_a_carton_that_was_opened(gate: Any) -> None:
    shipment = delivered(gate, BALLOT, 1000)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 1000, 0, gate["ani"], came)
    made = receipts.make_cartons(E, note.code, "RI", [500, 500], "", gate["ani"], came)
    assert receipts.withdraw_cartons(E, [made[0].code], "", gate["ani"], came + timedelta(minutes=9)) == 1
    assert receipts.get_carton(E, made[0].code, came + timedelta(minutes=9)) is None
    assert receipts.get_carton(E, made[0].code, came) == made[0], "as of then"
    late = came + timedelta(hours=1)
    with pytest.raises(rules.TextMissing):
        receipts.withdraw_cartons(E, [made[1].code], "", gate["ani"], late, gate["fajar"])
    with pytest.raises(rules.SamePerson):
        receipts.withdraw_cartons(E, [made[1].code], "robek", gate["ani"], late)
    here = stock_rules.Account("G", stock_rules.Condition.GOOD), stock_rules.Account("G", stock_rules.Condition.SORTING)
    stock.post(E, [stock_rules.Posting(BALLOT, 500, *here, "carton.opened", f"carton:{made[1].code}")], "", late)
    with pytest.raises(rules.CartonMoved):
        receipts.withdraw_cartons(E, [made[1].code], "robek", gate["ani"], late, gate["fajar"])


def test_with_cartons_on_it_the_author_no_longer_corrects_alone(gate: Any) -> None:
    shipment = delivered(gate, BALLOT, 500)
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 500, 0, gate["ani"], came)
    receipts.make_cartons(E, note.code, "RI", [500], "", gate["ani"], came)
    with pytest.raises(rules.ReasonMissing):
        receipts.correct_receipt(E, note.code, 499, 1, "", gate["ani"], came + timedelta(minutes=2))


def test_a_file_is_taken_in_whole_or_not_at_all(gate: Any) -> None:
    contract = rules.Contract("1/KTR", DAY.date(), "CV Contoh", "I")
    line = rules.OrderLine("1/KTR", BOX, 100, DAY + timedelta(days=20))
    move = rules.MoveLine("1/KTR", BOX, DAY + timedelta(days=25), "kapal penuh")
    sent = rules.ShipmentLine("1/KTR", BOX, "SJ-1", 60, DAY - timedelta(days=1), "kapal", "KPU Belitung Timur", "SLG-1")
    good = rules.Intake((contract,), (line,), (move,), (sent,))
    before = record.root()
    for bad in (
        replace(good, shipments=(sent, replace(sent, waybill="SJ-2", quantity=41))),
        replace(good, orders=(replace(line, key=("GEMBOK", "", "")),)),
        replace(good, moves=(replace(move, reason=" "),)),
        replace(good, contracts=()),
    ):
        with pytest.raises(facts.Refusal):
            receipts.take_in(E, bad, gate["ani"], DAY)
        assert (record.root(), receipts.orders(E, DAY), receipts.contracts(E, DAY)) == (before, [], [])
    with pytest.raises(rules.NothingNew):
        receipts.take_in(E, rules.Intake(), gate["ani"], DAY)
    assert receipts.take_in(E, good, gate["ani"], DAY, "a.xlsx", b"x") == 4
    (order,) = receipts.orders(E, DAY)
    assert (order.contract, order.supplier, len(order.moves)) == ("1/KTR", "CV Contoh", 1)
    (shipment,) = receipts.shipments(E, DAY)
    assert (shipment.sent_at, shipment.silog) == (DAY - timedelta(days=1), "SLG-1")
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))
    assert kinds[-5:] == ["contract.signed", "order.placed", "order.moved", "shipment.announced", "orders.imported"]
    with pytest.raises(rules.ContractTwice):
        receipts.take_in(E, good, gate["ani"], DAY)


def test_an_upload_is_kept_imported_once_and_forgotten(gate: Any) -> None:
    kept = receipts.keep_upload(E, "a.xlsx", b"x", gate["ani"], DAY)
    assert receipts.upload(E, kept.code).data == b"x"
    with pytest.raises(rules.NoUpload):
        receipts.upload("pilkada-2024", kept.code)
    intake = rules.Intake(contracts=(rules.Contract("1/KTR", DAY.date(), "CV"),))
    receipts.take_in(E, intake, gate["ani"], DAY, draft=kept.code)
    with pytest.raises(rules.NoUpload):
        receipts.take_in(E, rules.Intake(contracts=(rules.Contract("2/KTR", DAY.date(), "CV"),)), gate["ani"], DAY, draft=kept.code)
    with pytest.raises(rules.NoUpload):
        receipts.drop_upload(E, kept.code)


def test_the_signals_speak_of_lines_orders_and_counts_and_end_with_their_cause(gate: Any) -> None:
    rule = lambda at: [(s.rule, s.subject) for s in receipts.signals(E, at)]  # noqa: E731  (three looks at one thing)
    assert rule(DAY) == [("R01", "tahap:I"), ("R01", "tahap:II")], "what nobody ordered is one warning a stage of procurement"
    order = receipts.place_order(E, BOX, 1829, "CV", DAY + timedelta(days=36), gate["ani"], DAY)
    assert ("R03", f"order:{order.code}") in rule(DAY), "four days before the need, and seven are wanted"
    assert ("R02", "line:KOTAK~~") in rule(DAY)
    sent = receipts.announce_shipment(E, order.code, 1829, "SJ-1", "", gate["ani"], DAY)
    came = DAY + timedelta(days=4)
    note = receipts.record_receipt(E, sent.code, 1820, 0, gate["ani"], came)
    found = {(s.rule, s.subject): s for s in receipts.signals(E, came)}
    assert found["R12", f"receipt:{note.code}"].to == ("KPU", "BAWASLU")
    assert found["R12", f"receipt:{note.code}"].facts["by"] == 9
    assert ("R01", "line:KOTAK~~") in found
    claim = receipts.file_claim(E, note.code, "missing", 9, gate["ani"], came)
    assert ("R01", "line:KOTAK~~") not in rule(came), "what is owed comes within the usual days"
    again = receipts.announce_shipment(E, order.code, 9, "SJ-2", "", gate["ani"], came, claim=claim.code)
    receipts.record_receipt(E, again.code, 9, 0, gate["ani"], came + timedelta(days=2))
    assert rule(came + timedelta(days=2)) == [("R01", "tahap:II")]


def test_the_history_is_what_deliveries_taught(gate: Any) -> None:
    shipment = delivered(gate, quantity=1829)
    came = DAY + timedelta(days=4, hours=1)
    note = receipts.record_receipt(E, shipment, 1819, 10, gate["ani"], came)
    receipts.move_due(E, "PSN-001", DAY + timedelta(days=35), "kapal", gate["ani"], came)
    claim = receipts.file_claim(E, note.code, "damaged", 10, gate["ani"], came)
    sent = receipts.announce_shipment(E, "PSN-001", 10, "SJ-2", "", gate["ani"], came + timedelta(days=5), claim=claim.code)
    receipts.record_receipt(E, sent.code, 10, 0, gate["ani"], came + timedelta(days=9))
    found = receipts.history(E, came + timedelta(days=9))
    assert (found.transit, found.replacement) == ((4.0, 4.0), (9.0,))
    assert found.lateness == (-30.958,)
    assert (found.slips, found.orders, found.moved) == ((5.0,), 1, 1)
    assert (found.lost, found.counted) == (10, 1839)


HISTORY = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), st.integers(0, 3), st.booleans()), min_size=1, max_size=5)


def test_over_random_arrivals_and_acceptances_the_stock_conserves_every_piece(gate: Any) -> None:
    """All accounts add up to nought; good stock is what was accepted; once closed, every piece of the surat jalan is somewhere."""
    actor, other = gate["ani"], gate["fajar"]

    @given(HISTORY)
    def conserved(history: list[tuple[int, int, int, bool]]) -> None:
        with transaction.atomic():
            order = receipts.place_order(E, BOX, 10_000, "CV", DAY, actor, DAY)
            sent = receipts.announce_shipment(E, order.code, 100, "SJ", "", actor, DAY)
            for number, (good, damaged, wrong, accept) in enumerate(history, start=1):
                at = DAY + timedelta(hours=number)
                partial = number < len(history)
                note = receipts.record_receipt(E, sent.code, good, damaged, actor, at, wrong_type=wrong, partial=partial)
                if accept and good:
                    receipts.accept_receipt(E, note.code, other, at)
            now, notes = held(at), receipts.receipts(E, at)
            assert sum(now.values()) == 0
            assert now.get("good", 0) == sum(n.accepted_quantity for n in notes)
            assert now.get("good", 0) + now.get("unaccepted", 0) == sum(n.count.good for n in notes)
            assert now.get("quarantine", 0) == sum(n.count.aside for n in notes)
            assert now.get("missing", 0) == sum(n.count.missing for n in notes)
            assert sum(n.count.shipped for n in notes) == 100
            transaction.set_rollback(True)

    conserved()


def test_what_was_recorded_wrongly_is_taken_back_while_nothing_hangs_on_it(gate: Any) -> None:
    order = receipts.place_order(E, BOX, 100, "CV", DAY + timedelta(days=20), gate["ani"], DAY)
    sent = receipts.announce_shipment(E, order.code, 90, "SJ-1", "", gate["ani"], DAY, sent_at=DAY - timedelta(days=3))
    with pytest.raises(rules.InUse):
        receipts.withdraw_order(E, order.code, "salah", gate["ani"], DAY, gate["fajar"])
    receipts.withdraw_shipment(E, sent.code, "", gate["ani"], DAY + timedelta(minutes=10))
    assert receipts.shipments(E, DAY + timedelta(minutes=10)) == []
    assert [s.code for s in receipts.shipments(E, DAY)] == [sent.code], "as of then"
    again = receipts.announce_shipment(E, order.code, 100, "SJ-1", "", gate["ani"], DAY + timedelta(minutes=11))
    assert again.code == "KRM-002", "codes are never given twice"
    late = DAY + timedelta(hours=2)
    with pytest.raises(rules.TextMissing):
        receipts.withdraw_shipment(E, again.code, " ", gate["ani"], late, gate["fajar"])
    with pytest.raises(rules.SamePerson):
        receipts.withdraw_shipment(E, again.code, "salah", gate["ani"], late)
    receipts.withdraw_shipment(E, again.code, "salah surat jalan", gate["ani"], late, gate["fajar"])
    with pytest.raises(rules.UnknownThing):
        receipts.record_receipt(E, again.code, 1, 0, gate["ani"], late)
    receipts.withdraw_order(E, order.code, "salah barang", gate["ani"], late, gate["fajar"])
    assert receipts.orders(E, late) == []
    row = receipts.gauge(E, late).line(BOX)
    assert row is not None
    assert (row.ordered, row.shipped) == (0, 0)
    counted = delivered(gate)
    receipts.record_receipt(E, counted, 700, 0, gate["ani"], late)
    with pytest.raises(rules.InUse):
        receipts.withdraw_shipment(E, counted, "salah", gate["ani"], late, gate["fajar"])


def test_a_signal_of_a_line_begins_at_the_same_instant_whenever_one_looks_until_the_record_says_more(gate: Any) -> None:
    def since(at: Any) -> dict[str, Any]:
        return {s.rule: s.since_at for s in receipts.signals(E, at) if s.subject == "line:KOTAK~~"}

    receipts.place_order(E, BOX, 1800, "CV", DAY + timedelta(days=30), gate["ani"], DAY)
    seen = since(DAY + timedelta(days=3))
    assert seen
    assert seen == {rule: moment for rule, moment in since(DAY + timedelta(days=5)).items() if rule in seen}
    receipts.move_due(E, "PSN-001", DAY + timedelta(days=31), "kapal", gate["ani"], DAY + timedelta(days=6))
    assert since(DAY + timedelta(days=7))["R01"] == DAY + timedelta(days=6), "what changed asks again who sees to it"


def test_the_threshold_of_the_buffer_is_the_one_in_force(gate: Any) -> None:
    order = receipts.place_order(E, BOX, 1829, "CV", DAY + timedelta(days=36), gate["ani"], DAY)
    late = ("R03", f"order:{order.code}")
    set_at = DAY + timedelta(hours=1)
    why, one = "Pemasok dari kota yang sama", rules.Limits()
    thresholds.set_limit(E, "receipts", one, "buffer_days", 3, seen=7, reason=why, role="kpu.operator", actor=gate["ani"], at=set_at)
    assert late in {(s.rule, s.subject) for s in receipts.signals(E, DAY)}
    assert late not in {(s.rule, s.subject) for s in receipts.signals(E, set_at)}


@pytest.mark.parametrize("act", ["accept", "answer", "correct"])
def test_what_may_happen_once_cannot_happen_twice_even_where_the_rule_looked_away(
    scene: Any, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    claim = receipts.file_claim(E, note.code, "damaged", 4, scene["ani"], came)
    later = came + timedelta(hours=4)
    count = rules.Count(700, 688, 4)
    rule, stand_in, refusal, again = {
        "accept": ("acceptance", 690, rules.AlreadyAccepted, lambda: receipts.accept_receipt(E, note.code, scene["oki"], later)),
        "answer": ("check_answer", None, rules.Answered, lambda: receipts.answer_claim(E, claim.code, "credit", scene["ani"], later)),
        "correct": (
            "check_correction",
            count,
            rules.CorrectionPending,
            lambda: receipts.correct_receipt(E, note.code, 688, 4, "salah hitung", scene["ani"], later),
        ),
    }[act]
    again()
    before = record.root()
    monkeypatch.setattr(rules, rule, lambda *_: stand_in)
    with pytest.raises(refusal):
        again()
    assert record.root() == before


def test_what_was_typed_can_be_erased_and_every_reading_says_so(scene: Any) -> None:
    shipment, came = delivered(scene), DAY + timedelta(days=3)
    note = receipts.record_receipt(E, shipment, 690, 4, scene["lutfi"], came, note=" dus bawah basah ")
    claim = receipts.file_claim(E, note.code, "damaged", 4, scene["ani"], came, note="foto terlampir")

    def texts() -> list[str]:
        found = receipts.get_receipt(E, note.code, came)
        return [
            found.note, receipts.receipts(E, came)[0].note, receipts.get_claim(E, claim.code, came).note, found.shipment.carrier,
            receipts.shipments(E, came)[0].carrier,
        ]  # fmt: skip

    assert note.note == "dus bawah basah"
    assert texts() == ["dus bawah basah", "dus bawah basah", "foto terlampir", "kapal", "kapal"]
    said = b"".join(bytes(o.facts) for o in record.Opening.objects.all())
    assert not any(text.encode() in said for text in ("dus bawah basah", "foto terlampir", '"carrier"', "kapal"))
    sent = receipts.Shipment.objects.get(code=shipment)
    for entry in (note.entry_id, claim.entry_id, sent.entry_id):
        erasing.erase_private(entry, scene["ani"], "diminta", came)
    assert texts() == [record.ERASED] * 5


def test_a_row_from_before_notes_were_private_still_shows_its_note(scene: Any) -> None:
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    receipts.Receipt.objects.filter(code=note.code).update(note="dari dulu")
    assert receipts.get_receipt(E, note.code, came).note == "dari dulu"


def forget_the_book() -> None:
    """As it was before there was a book of stock."""
    stock.PostingRow.objects.filter(election=E).delete()
    stock.ControlRow.objects.filter(election=E).delete()


def inside(at: datetime) -> dict[str, int]:
    return {a.condition.value: n for (line, a), n in stock.balances(E, at).items() if line == BOX}


def test_older_receipts_come_into_the_book_once_by_two_people_and_nothing_breaks(scene: Any) -> None:
    came = DAY + timedelta(days=3)
    one = receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    receipts.accept_receipt(E, one.code, scene["oki"], came)
    two = receipts.record_receipt(E, delivered(scene, BALLOT, 500), 500, 0, scene["lutfi"], came)
    before = inside(came)
    forget_the_book()
    assert [note.code for note, _ in receipts.unposted(E, came)] == [one.code, two.code]
    later = came + timedelta(days=1)
    receipts.accept_receipt(E, two.code, scene["oki"], later)
    assert "below_nought" in [b.code for b in stock.breaks(E, later)], "accepting one from before the book shows a break"
    with pytest.raises(stock_rules.SamePerson):
        receipts.open_stock(E, scene["ani"], scene["ani"], later)
    assert receipts.open_stock(E, scene["ani"], scene["fajar"], later) == 2
    assert stock.breaks(E, later) == []
    assert inside(later) == before
    assert receipts.unposted(E, later) == []
    assert len(receipts.unposted(E, came)) == 2, "the day before still shows them wanting"
    last = record.Entry.objects.order_by("-leaf_index").first()
    assert last is not None
    assert (last.kind, record.entry(E, last.entry_id).facts["receipts"]) == ("stock.opened_from_receipts", [one.code, two.code])
    root = record.root()
    with pytest.raises(rules.NothingUnposted):
        receipts.open_stock(E, scene["ani"], scene["fajar"], later)
    assert record.root() == root


def test_an_older_receipt_that_was_corrected_and_emptied_since_comes_in_as_it_stands(scene: Any) -> None:
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    receipts.accept_receipt(E, note.code, scene["oki"], came)
    forget_the_book()
    later = came + timedelta(days=1)
    receipts.correct_receipt(E, note.code, 680, 14, "sepuluh kotak penyok", scene["ani"], later)
    receipts.approve_correction(E, receipts.get_receipt(E, note.code, later).pending, scene["fajar"], later)
    receipts.dispose(E, note.code, 5, "returned", scene["ani"], later)
    assert stock.breaks(E, later) != []
    receipts.open_stock(E, scene["ani"], scene["fajar"], later)
    assert stock.breaks(E, later) == []
    assert inside(later) == {"supplier": -700, "unaccepted": 680, "quarantine": 9, "missing": 6, "returned": 5}
    receipts.accept_receipt(E, note.code, scene["oki"], later)
    assert inside(later)["good"] == 680
    receipts.correct_receipt(E, note.code, 685, 9, "lima ternyata baik", scene["ani"], later)
    receipts.approve_correction(E, receipts.get_receipt(E, note.code, later).pending, scene["fajar"], later)
    assert stock.breaks(E, later) == []
    assert receipts.unposted(E, later) == []


def test_a_receipt_of_this_book_never_lacks_anything(scene: Any) -> None:
    came = DAY + timedelta(days=3)
    note = receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    assert receipts.unposted(E, came) == []
    receipts.accept_receipt(E, note.code, scene["oki"], came)
    receipts.dispose(E, note.code, 4, "returned", scene["ani"], came)
    assert receipts.unposted(E, came) == []
    with pytest.raises(rules.NothingUnposted):
        receipts.open_stock(E, scene["ani"], scene["fajar"], came)


def test_who_may_accept_hears_of_older_receipts(scene: Any, cast: Any) -> None:
    came = DAY + timedelta(days=3)
    receipts.record_receipt(E, delivered(scene), 690, 4, scene["lutfi"], came)
    forget_the_book()
    assert "receipts.open_stock" in {t.kind for t in receipts.waiting(cast["ani"], E, came)}
    assert "receipts.open_stock" not in {t.kind for t in receipts.waiting(cast["juwita"], E, came)}
