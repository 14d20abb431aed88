"""Packing in the store: the guard stops and remembers, counts hold, seals bind, and two people at once come one after the other."""

import os
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posko.domain import labels as label_rules
from posko.domain import needs as needs_rules
from posko.domain import packing as rules
from posko.domain import places as place_rules
from posko.domain import seals as seal_rules
from posko.domain.evidence import Kept
from posko.domain.record import Actor, Election, Refusal
from posko.domain.stock import Account, Condition
from posko.store import evidence as proofs
from posko.store import needs, packing, places, record, seals, sorting, stock

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
E = "pemilu-2024"
AT = datetime(2024, 2, 1, 2, tzinfo=UTC)
LUTFI, OKI, ANI = Actor("p-lutfi", "KPU"), Actor("p-oki", "KPU"), Actor("p-ani", "KPU")
ONE, TWO, FAR = "19.06.01.2001.001", "19.06.01.2001.002", "19.06.03.2001.001"
DAPIL = {ONE: "BELTIM-1", TWO: "BELTIM-1", FAR: "BELTIM-2"}
NEEDED = 100
GUDANG = "19.06:G01"
PHOTO, OTHER_PHOTO = Kept("ab" * 32, "jpeg", 100), Kept("cd" * 32, "jpeg", 100)


def minutes(number: float) -> datetime:
    return AT + timedelta(minutes=number)


def a_tps(code: str) -> place_rules.Tps:
    return place_rules.Tps(
        code, int(code[-3:]), f"TPS {code[-3:]}", code[:13], "Desa", code[:8], "Kecamatan", "reguler", "", False, -2.9, 108.2
    )


def found_world() -> None:
    """Three TPS, two contests: one dapil for PPWP, two for DPRD Kabupaten."""
    mapping = {("PPWP", code): "RI" for code in DAPIL} | {("DPRD_KAB", code): dapil for code, dapil in DAPIL.items()}
    places.load_tps(E, [a_tps(code) for code in DAPIL], mapping, ANI, AT - timedelta(days=60))


def the_needs(_election: str, _at: datetime, item: str | None = None, place: str | None = None) -> list[needs_rules.Need]:
    lines = [
        needs_rules.Need("SURAT_SUARA", "tps", "TPS", tps, contest, dapil, NEEDED, "inferred")
        for tps, kab in DAPIL.items()
        for contest, dapil in (("PPWP", "RI"), ("DPRD_KAB", kab))
    ]
    lines += [needs_rules.Need("BILIK", "tps", "TPS", tps, "", "", 4, "verified") for tps in DAPIL]
    lines += [needs_rules.Need("KABEL_TIES", "kotak", "TPS", tps, "", "", 12, "implied") for tps in DAPIL]
    return [n for n in lines if item in {None, n.item} and place in {None, n.place}]


class Warehouse:
    """Boxes and bundles by short names."""

    def __init__(self) -> None:
        self.rng = Random(7)
        self.boxes = {(b.tps, b.contest): b.code for b in packing.prepare_boxes(E, list(DAPIL), LUTFI, AT, self.rng)}

    def box(self, tps: str = ONE, contest: str = "DPRD_KAB") -> str:
        return self.boxes[(tps, contest)]

    def bundle(self, dapil: str = "BELTIM-1", quantity: int = 50, contest: str = "DPRD_KAB", carton: str = "", election: str = E) -> str:
        code = label_rules.new_code(self.rng)
        sorting.BundleRow.objects.create(
            code=code, election=election, contest=contest, dapil=dapil, quantity=quantity, carton=carton or label_rules.new_code(self.rng),
            batch="B1", team="REGU-A", person="p-lutfi", occurred_at=AT - timedelta(days=3), entry_id="0" * 64,
        )  # fmt: skip
        return code

    def full(self, tps: str = ONE, contest: str = "DPRD_KAB", at: datetime = AT) -> str:
        """A box packed to its need."""
        box, dapil = self.box(tps, contest), "RI" if contest == "PPWP" else DAPIL[tps]
        for step in range(2):
            packing.scan(E, box, self.bundle(dapil, 50, contest), None, LUTFI, at + timedelta(seconds=step))
        return box


@pytest.fixture
def house(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setattr(needs, "lines", the_needs)
    found_world()
    return Warehouse()


def kinds() -> list[str]:
    return list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))


# --- boxes, lists, waves ---------------------------------------------------------------------------------------------------


def test_a_box_is_prepared_once_for_each_contest_with_the_dapil_of_its_tps(house: Warehouse) -> None:
    assert len(house.boxes) == 6
    assert {(b.tps, b.dapil) for b in packing.boxes(E, AT) if b.contest == "DPRD_KAB"} == set(DAPIL.items())
    assert {(b.state, b.packed, b.needed) for b in packing.boxes(E, AT)} == {(rules.State.EMPTY, 0, NEEDED)}
    with pytest.raises(rules.AlreadyPrepared):
        packing.prepare_boxes(E, [ONE], LUTFI, AT)
    with pytest.raises(rules.UnknownTps):
        packing.prepare_boxes(E, ["19.06.01.2001.099"], LUTFI, AT)
    assert packing.boxes(E, AT - timedelta(seconds=1)) == []


def test_boxes_for_the_ppk_travel_without_ballots(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "kecamatan_list", lambda _region: [place_rules.Kecamatan("19.06.01", "Manggar")])
    two = packing.prepare_ppk_boxes(E, ["19.06.01"], LUTFI, AT)
    assert [(b.use, b.tps, b.needed, b.state) for b in two] == [
        ("hasil", "19.06.01", 0, rules.State.COMPLETE),
        ("rekapitulasi", "19.06.01", 0, rules.State.COMPLETE),
    ]
    with pytest.raises(rules.NoBallotsHere):
        packing.scan(E, two[0].code, house.bundle(), None, LUTFI, AT)


def test_the_pick_list_goes_contest_by_contest_and_asks_for_what_nobody_knows(house: Warehouse) -> None:
    box = house.full()
    packing.pack_item(E, ONE, "BILIK", 3, LUTFI, AT)
    found = packing.pick_list(E, ONE, minutes(1))
    assert [(b.contest, b.dapil, b.code != "") for b in found.boxes] == [("PPWP", "RI", True), ("DPRD_KAB", "BELTIM-1", True)]
    lines = {line.item: (line.quantity, line.packed) for line in found.boxes[1].lines}
    assert lines == {"SURAT_SUARA": (100, 100), "KABEL_TIES": (6, 0)}
    assert found.boxes[1].code == box
    assert [(line.item, line.quantity, line.packed) for line in found.loose] == [("BILIK", 4, 3)]
    packing.seal_box(E, box, ["BT000001", "BT000002"], first=LUTFI, second=OKI, at=minutes(2))
    closed = packing.pick_list(E, ONE, minutes(3)).boxes[1].lines
    assert {line.item: line.packed for line in closed} == {"SURAT_SUARA": 100, "KABEL_TIES": 2}, "the ties that close it are there"
    unknown = {line.item: line.quantity for line in found.unknown}
    assert {"SEGEL", "SAMPUL", "FORMULIR", "KARET"} <= set(unknown)
    assert set(unknown.values()) == {None}


def test_a_wave_takes_each_tps_once_and_shows_one_dapil_at_a_time(house: Warehouse) -> None:
    wave = packing.open_wave(E, "Jauh dulu", [FAR, ONE], LUTFI, AT)
    with pytest.raises(rules.InAnotherWave):
        packing.open_wave(E, "Lagi", [TWO, ONE], LUTFI, AT)
    with pytest.raises(rules.BadWave):
        packing.open_wave(E, "Kosong", [], LUTFI, AT)
    steps = packing.steps(E, wave.code, AT)
    assert [(s.contest, s.dapil, s.tps) for s in steps] == [
        ("PPWP", "RI", (FAR, ONE)), ("DPRD_KAB", "BELTIM-1", (ONE,)), ("DPRD_KAB", "BELTIM-2", (FAR,)),
    ]  # fmt: skip
    assert [t for plan in packing.suggest_waves(E, AT) for t in plan.tps] == [TWO]
    assert packing.progress(E, AT).by_wave[wave.code].boxes == 4


# --- the guard -------------------------------------------------------------------------------------------------------------


def test_ballots_of_the_right_dapil_go_in_and_the_bundle_keeps_its_rest(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=150)
    done = packing.scan(E, box, label_rules.qr_text("bundle", bundle), None, LUTFI, AT)
    assert (done.quantity, done.remainder, done.box.state, done.box.packed) == (100, 50, rules.State.COMPLETE, 100)
    other = packing.scan(E, house.box(TWO), label_rules.spaced(bundle).lower(), None, OKI, minutes(1))
    assert (other.quantity, other.remainder, other.box.state) == (50, 0, rules.State.PARTLY)
    with pytest.raises(rules.BundleSpent) as refused:
        packing.scan(E, house.box(TWO), bundle, None, OKI, minutes(2))
    assert refused.value.facts["where"] == f"{box}, {house.box(TWO)}"


def test_a_stop_is_remembered_although_it_is_refused_and_says_which_boxes_took_from_the_carton(house: Warehouse) -> None:
    carton = label_rules.new_code(house.rng)
    good, wrong = house.bundle("BELTIM-2", 40, carton=carton), house.bundle("BELTIM-2", 40, carton=carton)
    packing.scan(E, house.box(FAR), good, None, LUTFI, AT)
    with pytest.raises(rules.DapilMismatch) as refused:
        packing.scan(E, house.box(ONE), wrong, None, LUTFI, minutes(1), station="MEJA-1")
    said = refused.value.facts
    assert (said["what"], said["dapil"], said["found_dapil"]) == ("dapil", "BELTIM-1", "BELTIM-2")
    assert (said["boxes"], said["others"]) == (house.box(FAR), 1)
    (stop,) = packing.stops(E, minutes(1))
    assert (stop.box, stop.thing, stop.carton, stop.station) == (house.box(ONE), wrong, carton, "MEJA-1")
    assert record.entry(E, str(said["stopped"])).facts["found_dapil"] == "BELTIM-2"
    assert packing.get_box(E, house.box(ONE), minutes(2)).packed == 0
    (signal,) = packing.signals(E, minutes(2))
    assert (signal.rule, signal.severity, signal.subject) == ("R05", "watch", f"carton:{carton}")
    assert packing.signals(E, minutes(2) + timedelta(days=8)) == []


def test_a_stop_survives_a_scan_screen_that_tells_of_it(house: Warehouse) -> None:
    with pytest.raises(rules.DapilMismatch):
        packing.scan(E, house.box(), house.bundle("RI", contest="PPWP"), None, LUTFI, AT)
    assert packing.stops(E, AT)[0].what == "contest"
    assert kinds()[-1] == "packing.stopped"


def test_two_people_may_let_it_in_and_the_box_stays_flagged_until_it_is_out(house: Warehouse) -> None:
    box, wrong = house.full(), house.bundle("BELTIM-2", 7)
    why = "atas perintah, surat suara dapil 1 habis"
    with pytest.raises(rules.SamePerson):
        packing.override(E, box, wrong, None, why, LUTFI, LUTFI, minutes(1))
    with pytest.raises(rules.ReasonMissing):
        packing.override(E, box, wrong, None, "ya", LUTFI, OKI, minutes(1))
    with pytest.raises(rules.NothingToOverride):
        packing.override(E, box, house.bundle("BELTIM-1"), None, why, LUTFI, OKI, minutes(1))
    done = packing.override(E, box, wrong, None, why, LUTFI, OKI, minutes(1))
    assert (done.box.state, done.box.foreign, done.box.packed, done.box.flags) == (rules.State.FLAGGED, 7, 100, ("wrong_dapil",))
    (signal,) = packing.signals(E, minutes(2))
    assert (signal.severity, signal.facts["quantity"], signal.facts["what"]) == ("critical", 7, "inside")
    with pytest.raises(rules.NotComplete):
        packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=minutes(3))
    packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=minutes(4), variance="diperintahkan pimpinan")
    sealed = packing.get_box(E, box, minutes(5))
    assert sealed.state is rules.State.SEALED
    assert {"wrong_dapil", "variance", "seal_conflict"} <= set(sealed.flags)
    assert [s.severity for s in packing.signals(E, minutes(5))] == ["critical"]
    with pytest.raises(seal_rules.SeenMissing):
        packing.open_box(E, box, "isi salah dapil diperbaiki", LUTFI, OKI, minutes(6))
    packing.open_box(E, box, "isi salah dapil diperbaiki", LUTFI, OKI, minutes(6), seen=["BT000001"])
    packing.unpack(E, box, wrong, None, "dapil salah, dikembalikan", LUTFI, OKI, minutes(7))
    now = packing.get_box(E, box, minutes(8))
    assert (now.state, now.flags, now.foreign, now.opened) == (rules.State.COMPLETE, (), 0, True)
    assert packing.signals(E, minutes(8)) == []
    assert [s.severity for s in packing.signals(E, minutes(5))] == ["critical"], "the past stays as it was"


def test_a_tps_that_moves_to_another_dapil_flags_its_box_and_stops_the_next_scan(house: Warehouse) -> None:
    box = house.box(TWO)
    packing.scan(E, box, house.bundle(quantity=30), None, LUTFI, AT)
    places.DapilRow.objects.filter(contest="DPRD_KAB", tps=TWO).update(dapil="BELTIM-2")
    assert packing.get_box(E, box, AT).flags == ("dapil_moved",)
    assert packing.signals(E, AT)[0].facts["found_dapil"] == "BELTIM-2"
    with pytest.raises(rules.DapilMismatch) as refused:
        packing.scan(E, box, house.bundle(quantity=30), None, LUTFI, minutes(1))
    assert refused.value.facts["what"] == "tps"


def test_an_envelope_is_guarded_like_a_bundle_and_guards_what_goes_into_it(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle()
    mine, theirs = (packing.make_envelopes(E, "DPRD_KAB", d, 1, "surat suara", LUTFI, AT)[0] for d in ("BELTIM-1", "BELTIM-2"))
    with pytest.raises(rules.EnvelopeElsewhere):
        packing.scan(E, box, bundle, None, LUTFI, AT, envelope=mine)
    with pytest.raises(rules.DapilMismatch):
        packing.scan(E, box, theirs, None, LUTFI, AT)
    packing.override(E, box, theirs, None, "sampul dapil 1 habis semua", LUTFI, OKI, minutes(1))
    packing.scan(E, box, label_rules.qr_text("envelope", mine), None, LUTFI, minutes(2))
    with pytest.raises(rules.DapilMismatch):
        packing.scan(E, box, bundle, None, LUTFI, minutes(3), envelope=theirs)
    done = packing.scan(E, box, bundle, None, LUTFI, minutes(4), envelope=mine)
    assert (done.box.envelopes, done.box.flags) == (2, ("wrong_dapil",))
    assert [c.envelope for c in packing.contents(E, box, minutes(5)) if c.kind == "bundle"] == [mine]
    with pytest.raises(rules.WrongDesign):
        packing.make_envelopes(E, "PPWP", "BELTIM-1", 1, "", LUTFI, AT)
    with pytest.raises(rules.BundleSpent):
        packing.scan(E, house.box(TWO), mine, None, LUTFI, minutes(6))


# --- counts ----------------------------------------------------------------------------------------------------------------


def test_more_than_the_need_or_the_bundle_is_asked_once_more_and_flagged(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=120)
    with pytest.raises(rules.NeedsConfirmation) as refused:
        packing.scan(E, box, bundle, 101, LUTFI, AT)
    assert refused.value.facts["over"] == "need"
    done = packing.scan(E, box, bundle, 101, LUTFI, AT, confirm_over=True)
    assert (done.flags, done.box.state, done.box.flags) == (("over_need",), rules.State.OVER, ("over_need",))
    other, small = house.box(TWO), house.bundle(quantity=50)
    with pytest.raises(rules.NeedsConfirmation) as refused:
        packing.scan(E, other, small, 52, LUTFI, AT)
    assert refused.value.facts["over"] == "bundle"
    done = packing.scan(E, other, small, 52, LUTFI, AT, confirm_over=True)
    assert (done.box.packed, done.remainder, done.box.flags) == (52, 0, ("over_bundle",))
    line = ("SURAT_SUARA", "DPRD_KAB", "BELTIM-1")
    books = stock.balances(E, AT)
    assert books[(line, Account(GUDANG, Condition.PACKED))] == 153
    assert books[(line, Account(GUDANG, Condition.FOUND))] == -2


def test_the_same_scan_within_seconds_is_one_scan_by_whoever(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=30)
    first = packing.scan(E, box, bundle, None, LUTFI, AT)
    size = record.root()[0]
    again = packing.scan(E, box, bundle, None, OKI, AT + timedelta(seconds=3))
    assert (again.repeated, again.put, again.quantity, again.entry_id) == (True, first.put, 30, first.entry_id)
    assert record.root()[0] == size
    with pytest.raises(rules.BundleSpent):
        packing.scan(E, box, bundle, None, OKI, AT + timedelta(seconds=6))


@pytest.mark.parametrize("quantity", [0, -1, rules.LARGEST + 1, 10**30])
def test_a_count_that_nobody_can_mean_is_refused(house: Warehouse, quantity: int) -> None:
    before = record.root()
    with pytest.raises(rules.BadQuantity):
        packing.scan(E, house.box(), house.bundle(), quantity, LUTFI, AT)
    with pytest.raises(rules.BadQuantity):
        packing.pack_item(E, ONE, "BILIK", quantity, LUTFI, AT)
    assert record.root() == before


def test_where_bundles_are_packed_whole_a_part_is_refused(house: Warehouse) -> None:
    packing.set_profile(E, rules.Profile(bundle_rule="whole"), ANI, AT)
    with pytest.raises(rules.NotWhole):
        packing.scan(E, house.box(), house.bundle(quantity=50), 20, LUTFI, AT)
    assert packing.scan(E, house.box(), house.bundle(quantity=50), None, LUTFI, AT).quantity == 50


def test_codes_that_are_no_bundle_of_this_election_say_what_they_are(house: Warehouse) -> None:
    carton = label_rules.new_code(house.rng)
    house.bundle(carton=carton)
    foreign = house.bundle(election="pilkada-2024")
    for code, wrong in (
        (label_rules.new_code(house.rng), rules.UnknownCode),
        (carton, rules.CartonNotBundle),
        (label_rules.qr_text("carton", label_rules.new_code(house.rng)), rules.CartonNotBundle),
        (foreign, rules.OtherElection),
        (label_rules.qr_text("box", house.box(TWO)), label_rules.WrongKind),
        ("", label_rules.Empty),
    ):
        with pytest.raises(wrong):
            packing.scan(E, house.box(), code, None, LUTFI, AT)
    for code, wrong in (
        (label_rules.new_code(house.rng), rules.UnknownCode),
        (label_rules.qr_text("carton", carton), label_rules.WrongKind),
    ):
        with pytest.raises(wrong):
            packing.scan(E, code, house.bundle(), None, LUTFI, AT)
    with pytest.raises(rules.OtherElection):
        packing.scan("pilkada-2024", house.box(), house.bundle(), None, LUTFI, AT)


def test_items_are_counted_against_the_need_of_the_whole_tps(house: Warehouse) -> None:
    packing.pack_item(E, label_rules.qr_text("place", ONE), "BILIK", 3, LUTFI, AT)
    with pytest.raises(rules.NeedsConfirmation):
        packing.pack_item(E, ONE, "BILIK", 2, LUTFI, AT)
    over = packing.pack_item(E, ONE, "BILIK", 2, LUTFI, AT, confirm_over=True)
    assert (over.packed, over.needed, over.flags) == (5, 4, ("over_need",))
    with pytest.raises(rules.NeedsConfirmation) as asked:
        packing.pack_item(E, house.box(), "SEGEL", 10, LUTFI, AT)
    assert asked.value.facts["over"] == "unknown"
    unknown = packing.pack_item(E, house.box(), "SEGEL", 10, LUTFI, AT, confirm_over=True)
    assert (unknown.needed, unknown.flags, unknown.repeated) == (None, ("need_unknown",), False)
    assert record.entry(E, unknown.entry_id).facts["need"] == "unknown"
    for item in ("SURAT_SUARA", "KOTAK", "PISANG", "SURAT_SUARA_PSU"):
        with pytest.raises(rules.UnknownItem):
            packing.pack_item(E, ONE, item, 1, LUTFI, AT)
    for holder, contest in ((house.box(), "PPWP"), (house.box(), "DPR"), (ONE, "DPR"), (ONE, "X" * 500)):
        with pytest.raises(rules.WrongDesign):
            packing.pack_item(E, holder, "SEGEL", 1, LUTFI, AT, confirm_over=True, contest=contest)
    with pytest.raises(rules.UnknownItem):
        packing.pack_item(E, ONE, "X" * 5000, 1, LUTFI, AT)
    assert {c.item: c.quantity for c in packing.kits(E, AT)[ONE]} == {"BILIK": 5}
    assert stock.balances(E, AT)[(("BILIK", "", ""), Account(GUDANG, Condition.PACKED))] == 5


def test_the_same_item_said_again_within_seconds_is_one_act_of_one_person(house: Warehouse) -> None:
    first = packing.pack_item(E, ONE, "BILIK", 1, LUTFI, AT)
    again = packing.pack_item(E, ONE, "BILIK", 1, LUTFI, AT + timedelta(seconds=5))
    assert (again.repeated, again.packed, again.put) == (True, 1, first.put)
    other = packing.pack_item(E, ONE, "BILIK", 1, OKI, AT + timedelta(seconds=5))
    assert (other.repeated, other.packed) == (False, 2), "somebody else put one in too"
    later = packing.pack_item(E, ONE, "BILIK", 1, OKI, AT + timedelta(seconds=11))
    assert (later.repeated, later.packed) == (False, 3)


def test_damaged_sheets_leave_the_bundle_and_cannot_be_packed(house: Warehouse) -> None:
    bundle = house.bundle(quantity=30)
    assert packing.set_aside(E, bundle, 4, "robek", LUTFI, AT) == 26
    with pytest.raises(rules.BundleSpent):
        packing.set_aside(E, bundle, 27, "robek", LUTFI, AT)
    with pytest.raises(rules.BadDamage):
        packing.set_aside(E, bundle, 1, "jelek", LUTFI, AT)
    assert packing.scan(E, house.box(), bundle, None, LUTFI, AT).quantity == 26
    packing.set_aside(E, "BILIK", 2, "penyok", LUTFI, AT)
    books = stock.balances(E, AT)
    assert books[(("SURAT_SUARA", "DPRD_KAB", "BELTIM-1"), Account(GUDANG, Condition.REJECTED))] == 4
    assert books[(("BILIK", "", ""), Account(GUDANG, Condition.QUARANTINE))] == 2


def test_a_table_that_holds_two_dapil_of_a_contest_is_warned(house: Warehouse) -> None:
    packing.scan(E, house.box(ONE), house.bundle(), None, LUTFI, AT, station="MEJA-1")
    mixed = packing.scan(E, house.box(FAR), house.bundle("BELTIM-2"), None, LUTFI, minutes(5), station="MEJA-1")
    assert mixed.warnings == ("station_mixed",)
    assert packing.scan(E, house.box(FAR), house.bundle("BELTIM-2", 10), None, LUTFI, minutes(6), station="MEJA-1").warnings == ()
    assert packing.scan(E, house.box(ONE), house.bundle(quantity=10), None, LUTFI, minutes(7), station="MEJA-2").warnings == ()


# --- taking back -------------------------------------------------------------------------------------------------------------


def test_the_author_undoes_within_minutes_and_later_two_people_do(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=30)
    packing.scan(E, box, bundle, None, LUTFI, AT)
    with pytest.raises(rules.NothingToUndo) as refused:
        packing.undo(E, box, OKI, minutes(1))
    assert refused.value.facts["why"] == "none"
    event = packing.undo(E, box, LUTFI, minutes(10))
    assert (event.kind, event.quantity) == ("undone", -30)
    assert (packing.get_box(E, box, minutes(10)).packed, packing.get_box(E, box, minutes(9)).packed) == (0, 30)
    packing.scan(E, box, bundle, None, LUTFI, minutes(11))
    with pytest.raises(rules.NothingToUndo) as refused:
        packing.undo(E, box, LUTFI, minutes(22))
    assert refused.value.facts["why"] == "late"
    with pytest.raises(rules.SamePerson):
        packing.unpack(E, box, bundle, 10, "salah hitung di meja", LUTFI, LUTFI, minutes(23))
    packing.unpack(E, box, bundle, 10, "salah hitung di meja", LUTFI, OKI, minutes(23))
    assert packing.get_box(E, box, minutes(23)).packed == 20
    with pytest.raises(rules.NotInside):
        packing.unpack(E, box, bundle, 21, "salah hitung di meja", LUTFI, OKI, minutes(24))
    assert [e.kind for e in packing.history(E, box, minutes(30))] == ["prepared", "packed", "undone", "packed", "unpacked"]
    assert stock.balances(E, minutes(30))[(("SURAT_SUARA", "DPRD_KAB", "BELTIM-1"), Account(GUDANG, Condition.PACKED))] == 20
    rest = packing.scan(E, house.box(TWO), bundle, None, LUTFI, minutes(31))
    assert rest.quantity == 10


def test_what_somebody_else_took_out_since_is_not_undone_twice(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=30)
    packing.scan(E, box, bundle, None, LUTFI, AT)
    packing.unpack(E, box, bundle, 5, "lima lembar rusak di meja", OKI, ANI, minutes(1))
    with pytest.raises(rules.NothingToUndo) as refused:
        packing.undo(E, box, LUTFI, minutes(2))
    assert refused.value.facts["why"] == "depends"


# --- proofs and seals ------------------------------------------------------------------------------------------------------


def test_sealing_names_what_the_profile_asks_for_and_a_change_makes_proofs_stale(house: Warehouse) -> None:
    packing.set_profile(E, rules.Profile(require_photo=True, require_signoff=True, require_weigh=True), ANI, AT)
    box = house.full()

    def seal(at: datetime) -> seal_rules.Sealing:
        return packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=at)

    with pytest.raises(rules.NotReady) as refused:
        seal(minutes(1))
    assert refused.value.facts["missing"] == "photo, signoff, weigh"
    with pytest.raises(rules.NoScale):
        packing.weigh(E, box, 2_000_000, LUTFI, minutes(1))
    packing.calibrate(E, "DPRD_KAB", "BELTIM-1", rules.Scale(30, 20_000, 100, 1000), LUTFI, minutes(1))
    packing.photograph(E, box, PHOTO, LUTFI, minutes(2))
    packing.sign_off(E, box, LUTFI, OKI, minutes(2))
    assert packing.weigh(E, box, 2_000_000, LUTFI, minutes(2)).verdict == "consistent"
    packing.pack_item(E, box, "SEGEL", 3, LUTFI, minutes(3), confirm_over=True)
    with pytest.raises(rules.NotReady):
        seal(minutes(4))
    packing.photograph(E, box, PHOTO, LUTFI, minutes(5))
    proofs.withdraw(E, "packing", f"box:{box}", PHOTO.sha256, "foto buram", LUTFI, minutes(5))
    with pytest.raises(rules.NotReady) as gone:
        seal(minutes(5))
    assert "photo" in str(gone.value.facts["missing"]), "a photo that was withdrawn proves nothing"
    packing.photograph(E, box, OTHER_PHOTO, LUTFI, minutes(5))
    packing.sign_off(E, box, LUTFI, OKI, minutes(5))
    assert packing.weigh(E, box, 1_800_000, LUTFI, minutes(5)).verdict == "missing"
    with pytest.raises(rules.NotComplete) as light:
        seal(minutes(6))
    assert light.value.facts["state"] == "weight"
    packing.weigh(E, box, 2_000_000, LUTFI, minutes(7))
    assert seal(minutes(8)).serials == ("BT000001",)


def test_a_sealed_box_takes_nothing_gives_nothing_and_is_opened_by_two(house: Warehouse) -> None:
    seals.issue_range(E, "BT000001", "BT000050", "REGU-SEGEL", ANI, AT)
    box = house.full()
    packing.seal_box(E, box, ["BT000001", "bt 000002"], first=LUTFI, second=OKI, at=minutes(1))
    now = packing.get_box(E, box, minutes(2))
    assert (now.state, now.seals, now.flags, now.seal_count) == (rules.State.SEALED, ("BT000001", "BT000002"), (), 2)
    bundle = house.bundle()
    for act in (
        lambda: packing.scan(E, box, bundle, None, LUTFI, minutes(3)),
        lambda: packing.override(E, box, house.bundle("BELTIM-2"), None, "sepuluh huruf lebih", LUTFI, OKI, minutes(3)),
        lambda: packing.pack_item(E, box, "SEGEL", 1, LUTFI, minutes(3)),
        lambda: packing.unpack(E, box, bundle, None, "sepuluh huruf lebih", LUTFI, OKI, minutes(3)),
        lambda: packing.photograph(E, box, PHOTO, LUTFI, minutes(3)),
        lambda: packing.seal_box(E, box, ["BT000003"], first=LUTFI, second=OKI, at=minutes(3)),
    ):
        with pytest.raises(rules.BoxSealed):
            act()
    with pytest.raises(rules.NothingToUndo):
        packing.undo(E, box, LUTFI, minutes(3))
    with pytest.raises(rules.SamePerson):
        packing.open_box(E, box, "uji petik hari ini", LUTFI, LUTFI, minutes(4))
    packing.open_box(E, box, "uji petik hari ini", LUTFI, OKI, minutes(4), seen=["BT000001", "BT000002"])
    with pytest.raises(rules.NeedsReseal):
        packing.seal_box(E, box, ["BT000003"], first=LUTFI, second=OKI, at=minutes(5))
    with pytest.raises(seal_rules.EvidenceMissing):
        packing.reseal(E, box, "dibuka_uji_petik", "sampel diperiksa", ["BT000003"], first=LUTFI, second=OKI, evidence=(), at=minutes(5))
    with pytest.raises(seal_rules.ReasonMissing):
        packing.reseal(E, box, "iseng", "sampel diperiksa", ["BT000003"], first=LUTFI, second=OKI, evidence=[PHOTO], at=minutes(5))
    packing.reseal(E, box, "dibuka_uji_petik", "sampel diperiksa", ["BT000003"], first=LUTFI, second=OKI, evidence=[PHOTO], at=minutes(6))
    (book,) = seals.register(E, minutes(7))
    assert (book.issued, book.applied, book.on_boxes, book.on_hand, book.conflicts) == (50, 3, 1, 47, 0)
    assert [e.kind for e in packing.history(E, box, minutes(9))][-3:] == ["sealed", "opened", "resealed"]


def test_a_box_that_is_not_complete_needs_a_reason_signed_by_both(house: Warehouse) -> None:
    box = house.box()
    packing.scan(E, box, house.bundle(quantity=40), None, LUTFI, AT)
    with pytest.raises(rules.NotComplete) as refused:
        packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=minutes(1))
    assert (refused.value.facts["packed"], refused.value.facts["needed"]) == (40, 100)
    sealing = packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=minutes(1), variance="sisa menyusul dari penyedia")
    entry = record.entry(E, sealing.entry_id)
    assert (entry.facts["variance"], "variance" in packing.get_box(E, box, minutes(1)).flags) == (1, True)
    assert (entry.private, sealing.variance) == ("kept", "sisa menyusul dari penyedia")


def test_a_box_that_lacks_items_or_seals_is_not_complete_although_its_ballots_are(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = needs_rules.Need("FORMULIR", "tps", "TPS", ONE, "DPRD_KAB", "BELTIM-1", 9, "implied")

    def with_forms(election: str, at: datetime, item: str | None = None, place: str | None = None) -> list[needs_rules.Need]:
        return the_needs(election, at, item, place) + ([more] if item in {None, "FORMULIR"} and place in {None, ONE} else [])

    monkeypatch.setattr(needs, "lines", with_forms)
    packing.set_profile(E, rules.Profile(seals_per_box=2), ANI, AT)
    box, two = house.full(), {"first": LUTFI, "second": OKI}
    with pytest.raises(rules.NotComplete) as few:
        packing.seal_box(E, box, ["BT000001"], at=minutes(1), **two)
    assert {k: few.value.facts[k] for k in ("state", "packed", "needed")} == {"state": "seals", "packed": 1, "needed": 2}
    with pytest.raises(rules.NotComplete) as lacking:
        packing.seal_box(E, box, ["BT000001", "BT000002"], at=minutes(1), **two)
    facts = lacking.value.facts
    assert (facts["state"], facts["item"], facts["packed"], facts["needed"]) == ("items", "FORMULIR", 0, 9)
    with pytest.raises(rules.NotComplete):
        packing.seal_many(E, [packing.Closing(box, ("BT000001", "BT000002"), minutes(1))], LUTFI, OKI, minutes(1))
    packing.pack_item(E, box, "FORMULIR", 8, LUTFI, minutes(2), contest="DPRD_KAB", confirm_over=True)
    sealed = packing.seal_box(E, box, ["BT000001"], at=minutes(3), variance="satu formulir menyusul", **two)
    assert sealed.short == (("SEGEL", 1, 2), ("FORMULIR", 8, 9))
    assert {"seals_few", "items_missing", "variance"} <= set(packing.get_box(E, box, minutes(4)).flags)
    packing.open_box(E, box, "formulir datang, dilengkapi", LUTFI, OKI, minutes(5), seen=["BT000001"])
    packing.pack_item(E, box, "FORMULIR", 1, LUTFI, minutes(6), contest="DPRD_KAB", confirm_over=True)
    new = ["BT000003", "BT000004"]
    packing.reseal(E, box, "dibuka_perbaikan_isi", "formulir lengkap", new, evidence=[PHOTO], at=minutes(7), **two)
    assert packing.get_box(E, box, minutes(8)).flags == ("seal_conflict",), "no range was given out; nothing is short any more"


# --- seals: what was seen stands, what was misread is put right ------------------------------------------------------------------


def flags(box: str, at: datetime) -> set[str]:
    return set(packing.get_box(E, box, at).flags)


def codes_now(at: datetime) -> set[tuple[str, str, str]]:
    return {(c.box, c.finding.code, c.finding.serial) for c in seals.conflicts(E, at)}


@pytest.fixture
def pair(house: Warehouse) -> tuple[str, str]:
    """Two full boxes, closed with BT000001 and BT000002 of a range that was given out."""
    seals.issue_range(E, "BT000001", "BT000050", GUDANG, ANI, AT - timedelta(hours=1))
    one, two = house.full(ONE), house.full(TWO)
    for box, serial in ((one, "BT000001"), (two, "BT000002")):
        packing.seal_box(E, box, [serial], first=LUTFI, second=OKI, at=minutes(1), takers=[GUDANG, "MEJA-1"])
    return one, two


def test_a_mismatch_stands_when_the_box_is_opened_and_the_strange_seal_goes_on_clean_nowhere(pair: tuple[str, str]) -> None:
    one, two = pair
    seals.check_seals(E, one, ["BT000009"], OKI, minutes(2), occasion="serah terima")
    packing.open_box(E, one, "segel tidak cocok, isi diperiksa", LUTFI, OKI, minutes(3), unreadable=True)
    assert flags(one, minutes(4)) == {"seal_mismatch", "seal_conflict"}
    assert {s.facts["what"] for s in seals.signals(E, minutes(4))} == {"mismatch", "conflict"}
    why = {"first": LUTFI, "second": OKI, "evidence": [PHOTO]}
    packing.open_box(E, two, "isi diperiksa bersama Bawaslu", LUTFI, OKI, minutes(5), seen=["BT000002"])
    packing.reseal(E, two, "dibuka_uji_petik", "sampel diperiksa", ["BT000009"], at=minutes(6), **why)
    assert (two, "seen", "BT000009") in codes_now(minutes(7)), "it was seen on the other box"
    packing.reseal(E, one, "dibuka_perbaikan_isi", "isi benar", ["BT000010"], at=minutes(8), **why)
    assert flags(one, minutes(9)) == set()
    packing.reseal(E, one, "lainnya", "dipasang lagi", ["BT000009"], at=minutes(10), **why)
    assert {code for box, code, _ in codes_now(minutes(11)) if box == one} == {"reused", "seen"}


def test_a_strange_seal_read_at_the_opening_is_remembered_too(pair: tuple[str, str]) -> None:
    one, two = pair
    packing.open_box(E, one, "isi diperiksa bersama Bawaslu", LUTFI, OKI, minutes(2), seen=["BT000010"])
    assert codes_now(minutes(3)) == {(one, "strange", "BT000010"), (one, "missing", "BT000001")}
    packing.reseal(E, two, "basah", "kena hujan", ["BT000010"], first=LUTFI, second=OKI, evidence=[PHOTO], at=minutes(4))
    assert (two, "seen", "BT000010") in codes_now(minutes(5))


def test_a_misreading_that_another_person_clears_leaves_no_trace_on_the_true_box(pair: tuple[str, str], house: Warehouse) -> None:
    one, _ = pair
    seals.check_seals(E, one, ["BT000010"], OKI, minutes(2))
    seals.check_seals(E, one, ["BT000001"], ANI, minutes(3))
    assert flags(one, minutes(4)) == set()
    box = house.full(FAR, "PPWP")
    assert packing.seal_box(E, box, ["BT000010"], first=LUTFI, second=OKI, at=minutes(5)).findings == ()


def test_a_number_written_down_wrong_is_put_right_on_its_own_box_and_frees_the_true_one(house: Warehouse) -> None:
    seals.issue_range(E, "BT000001", "BT000050", GUDANG, ANI, AT - timedelta(hours=1))
    one, two, why = house.full(ONE), house.full(TWO), {"first": LUTFI, "second": OKI, "evidence": [PHOTO]}
    packing.seal_box(E, one, ["BT000021"], first=LUTFI, second=OKI, at=minutes(1))  # BT000012 is on it
    later = packing.seal_box(E, two, ["BT000021"], first=LUTFI, second=OKI, at=minutes(2))
    assert [f.code for f in later.findings] == ["reused"]
    with pytest.raises(seal_rules.NotMisread):
        packing.reseal(E, one, "salah_catat", "nomor terbalik", ["BT000021"], at=minutes(3), **why)
    fixed = packing.reseal(E, one, "salah_catat", "nomor terbalik", ["BT000012"], at=minutes(3), **why)
    assert (fixed.serials, fixed.findings) == (("BT000012",), ())
    assert (flags(one, minutes(4)), flags(two, minutes(4))) == (set(), set()), "the true box is clean again too"
    assert flags(two, minutes(2)) == {"seal_conflict"}, "the past stays as it was"
    assert record.entry(E, fixed.entry_id).facts["misread"] == ["BT000021"]
    (book,) = seals.register(E, minutes(5))
    assert (book.applied, book.on_boxes, book.taken_off) == (2, 2, 0), "no seal was cut"
    assert [a.act for a in seals.seal_of(E, "BT000021", minutes(5)).acts] == ["applied", "applied", "misread"]


def test_the_same_seal_stays_on_its_own_box_when_only_another_number_was_wrong(house: Warehouse) -> None:
    seals.issue_range(E, "BT000001", "BT000050", GUDANG, ANI, AT - timedelta(hours=1))
    box = house.full()
    packing.seal_box(E, box, ["BT000001", "BT000099"], first=LUTFI, second=OKI, at=minutes(1))
    assert codes_now(minutes(1)) == {(box, "outside", "BT000099")}
    two = {"first": LUTFI, "second": OKI, "evidence": [PHOTO]}
    made = packing.reseal(E, box, "salah_catat", "angka terakhir salah", ["BT000001", "BT000009"], at=minutes(2), **two)
    assert (made.findings, flags(box, minutes(3))) == ((), set())
    packing.open_box(E, box, "isi diperiksa bersama Bawaslu", LUTFI, OKI, minutes(4), seen=["BT000001", "BT000009"])
    with pytest.raises(seal_rules.NotMisread):
        packing.reseal(E, box, "salah_catat", "ternyata salah", ["BT000010"], at=minutes(5), **two)


def test_a_seal_given_to_another_table_is_a_finding(house: Warehouse) -> None:
    seals.issue_range(E, "BT000001", "BT000009", "MEJA-2", ANI, AT - timedelta(hours=1))
    made = packing.seal_box(E, house.full(), ["BT000001"], first=LUTFI, second=OKI, at=minutes(1), takers=[GUDANG, "MEJA-1"])
    assert [f.code for f in made.findings] == ["other_team"]


def test_counted_seals_that_were_counted_wrong_are_put_right_in_their_lot(house: Warehouse) -> None:
    seals.issue_count(E, "KERTAS-1", 10, GUDANG, ANI, AT - timedelta(hours=1))
    box, two = house.full(), {"first": LUTFI, "second": OKI, "evidence": [PHOTO]}
    packing.seal_box(E, box, (), 9, lot="KERTAS-1", at=minutes(1), **two)
    made = packing.reseal(E, box, "salah_catat", "sepuluh, bukan sembilan", (), 10, lot="KERTAS-1", at=minutes(2), **two)
    assert (made.findings, [lot.on_hand for lot in seals.lots(E, minutes(3))]) == ((), [0])
    wrong = packing.reseal(E, box, "salah_catat", "sebelas ternyata", (), 11, lot="KERTAS-1", at=minutes(4), **two)
    assert [f.code for f in wrong.findings] == ["more_than_issued"]


# --- envelopes, tables, dissolved bundles ------------------------------------------------------------------------------------------


def test_an_envelope_leaves_its_box_only_when_no_ballots_are_booked_in_it(house: Warehouse) -> None:
    box = house.box()
    (envelope,) = packing.make_envelopes(E, "DPRD_KAB", "BELTIM-1", 1, "", LUTFI, AT, house.rng)
    bundle = house.bundle(quantity=30)
    packing.scan(E, box, envelope, None, LUTFI, AT)
    packing.scan(E, box, bundle, None, OKI, minutes(1), envelope=envelope)
    with pytest.raises(rules.NothingToUndo) as refused:
        packing.undo(E, box, LUTFI, minutes(2))
    assert refused.value.facts["why"] == "wrapped"
    with pytest.raises(rules.EnvelopeNotEmpty) as full:
        packing.unpack(E, box, envelope, None, "sampul salah, diganti", LUTFI, OKI, minutes(2))
    assert full.value.facts["quantity"] == 30
    packing.undo(E, box, OKI, minutes(2))
    assert packing.undo(E, box, LUTFI, minutes(2)).thing == envelope
    assert packing.contents(E, box, minutes(3)) == []


def test_a_bundle_in_two_envelopes_is_booked_in_each_and_comes_out_of_each(house: Warehouse) -> None:
    box, bundle = house.box(), house.bundle(quantity=60)
    first, second = packing.make_envelopes(E, "DPRD_KAB", "BELTIM-1", 2, "", LUTFI, AT, house.rng)
    for i, (envelope, sheets) in enumerate(((first, 40), (second, 20))):
        packing.scan(E, box, envelope, None, LUTFI, minutes(2 * i))
        packing.scan(E, box, bundle, sheets, LUTFI, minutes(2 * i + 1), envelope=envelope)
    inside = {(c.thing, c.envelope): c.quantity for c in packing.contents(E, box, minutes(5)) if c.kind == "bundle"}
    assert inside == {(bundle, first): 40, (bundle, second): 20}
    packing.unpack(E, box, bundle, None, "dikeluarkan untuk dihitung", LUTFI, OKI, minutes(6))
    packing.unpack(E, box, first, None, "sampul rusak, diganti", LUTFI, OKI, minutes(7))
    with pytest.raises(rules.EnvelopeNotEmpty):
        packing.unpack(E, box, second, None, "sampul rusak, diganti", LUTFI, OKI, minutes(8))


def test_a_bundle_that_was_dissolved_while_the_scan_waited_is_not_packed(house: Warehouse) -> None:
    bundle = house.bundle()
    sorting.BundleRow.objects.filter(code=bundle).update(dissolved_at=minutes(5))
    with pytest.raises(rules.UnknownCode):
        packing.scan(E, house.box(), bundle, None, LUTFI, minutes(4))
    with pytest.raises(rules.UnknownCode):
        packing.pack_many(E, [packing.Load(house.box(), ((bundle, 10),), minutes(4))], LUTFI, minutes(4))


def test_a_box_whose_tps_moved_to_another_dapil_is_given_up_empty_and_a_new_one_takes_its_place(house: Warehouse) -> None:
    box, bundle = house.box(TWO), house.bundle(quantity=30)
    packing.scan(E, box, bundle, None, LUTFI, AT)
    places.DapilRow.objects.filter(contest="DPRD_KAB", tps=TWO).update(dapil="BELTIM-2")
    why = "dapil TPS diubah sesudah kotak disiapkan"
    with pytest.raises(rules.NotEmpty):
        packing.give_up(E, box, why, LUTFI, OKI, minutes(1))
    packing.unpack(E, box, bundle, None, why, LUTFI, OKI, minutes(1))
    for reason, second, refusal in ((why, LUTFI, rules.SamePerson), ("pendek", OKI, rules.ReasonMissing)):
        with pytest.raises(refusal):
            packing.give_up(E, box, reason, LUTFI, second, minutes(2))
    before = stock.balances(E, minutes(2))
    packing.give_up(E, box, why, LUTFI, OKI, minutes(2))
    moved = {k: n - before.get(k, 0) for k, n in stock.balances(E, minutes(2)).items() if n != before.get(k, 0)}
    assert moved == {(("KOTAK", "", ""), Account(GUDANG, c)): n for c, n in ((Condition.PACKED, -1), (Condition.GOOD, 1))}
    for act in (
        lambda: packing.scan(E, box, bundle, None, LUTFI, minutes(3)),
        lambda: packing.pack_item(E, box, "SEGEL", 1, LUTFI, minutes(3), confirm_over=True),
        lambda: packing.seal_box(E, box, ["BT000001"], first=LUTFI, second=OKI, at=minutes(3), variance=why),
        lambda: packing.seal_many(E, [packing.Closing(box, ("BT000001",), minutes(3), why)], LUTFI, OKI, minutes(3)),
        lambda: packing.pack_many(E, [packing.Load(box, ((bundle, 1),), minutes(3))], LUTFI, minutes(3)),
        lambda: packing.give_up(E, box, why, LUTFI, OKI, minutes(3)),
    ):
        with pytest.raises(rules.GivenUp):
            act()
    (fresh,) = packing.prepare_boxes(E, [TWO], LUTFI, minutes(4), house.rng)
    assert (fresh.dapil, fresh.code != box) == ("BELTIM-2", True)
    assert [b.code for b in packing.boxes(E, minutes(5)) if (b.tps, b.contest) == (TWO, "DPRD_KAB")] == [fresh.code]
    assert [b.code for b in packing.boxes(E, minutes(1)) if (b.tps, b.contest) == (TWO, "DPRD_KAB")] == [box]
    assert packing.signals(E, minutes(5)) == []
    assert packing.history(E, box, minutes(5))[-1].kind == "given_up"
    sheets = packing.scan(E, fresh.code, house.bundle("BELTIM-2", 10), None, LUTFI, minutes(6))
    assert sheets.box.packed == 10


def test_a_closed_box_is_not_given_up(house: Warehouse) -> None:
    why = "sepuluh huruf lebih"
    packing.seal_box(E, house.box(), ["BT000001"], first=LUTFI, second=OKI, at=AT, variance=why)
    with pytest.raises(rules.BoxSealed):
        packing.give_up(E, house.box(), why, LUTFI, OKI, minutes(1))


def test_the_next_boxes_are_the_unsealed_ones_of_the_first_unfinished_wave(house: Warehouse) -> None:
    packing.open_wave(E, "jauh", [FAR], LUTFI, AT)
    packing.open_wave(E, "dekat", [TWO, ONE], LUTFI, AT)
    assert [(b.contest, b.tps) for b in packing.next_boxes(E, minutes(1))] == [("PPWP", FAR), ("DPRD_KAB", FAR)]
    why = {"first": LUTFI, "second": OKI, "variance": "sepuluh huruf lebih"}
    packing.seal_box(E, house.box(FAR, "PPWP"), ["BT000001"], at=minutes(2), **why)
    assert [(b.contest, b.tps) for b in packing.next_boxes(E, minutes(3))] == [("DPRD_KAB", FAR)]
    packing.seal_box(E, house.box(FAR, "DPRD_KAB"), ["BT000002"], at=minutes(4), **why)
    wave = [("PPWP", TWO), ("PPWP", ONE), ("DPRD_KAB", TWO), ("DPRD_KAB", ONE)]
    assert [(b.contest, b.tps) for b in packing.next_boxes(E, minutes(5))] == wave
    assert [(b.contest, b.tps) for b in packing.next_boxes(E, minutes(5), limit=3)] == wave[:3]


def test_trace_says_which_boxes_took_from_a_carton_and_whether_they_are_sealed(house: Warehouse) -> None:
    carton = label_rules.new_code(house.rng)
    first, second = house.bundle(quantity=100, carton=carton), house.bundle(quantity=60, carton=carton)
    packing.scan(E, house.box(ONE), first, None, LUTFI, AT)
    packing.seal_box(E, house.box(ONE), ["BT000001"], first=LUTFI, second=OKI, at=minutes(1))
    packing.scan(E, house.box(TWO), second, 40, LUTFI, minutes(2))
    found = {(t.box, t.quantity, t.sealed_at) for t in packing.trace(E, label_rules.qr_text("carton", carton), minutes(3))}
    assert found == {(house.box(ONE), 100, minutes(1)), (house.box(TWO), 40, None)}
    assert [t.box for t in packing.trace(E, second, minutes(3))] == [house.box(TWO)]
    assert {t.box for t in packing.trace(E, house.box(TWO), minutes(3))} == {house.box(ONE), house.box(TWO)}
    assert packing.trace(E, label_rules.new_code(house.rng), minutes(3)) == []


def test_many_at_once_by_the_same_rules(house: Warehouse) -> None:
    good, wrong = house.bundle(quantity=120), house.bundle("BELTIM-2", 100)
    loads = [packing.Load(house.box(ONE), ((good, None), (wrong, None)), AT), packing.Load(house.box(TWO), ((good, None),), minutes(1))]
    packed, stops = packing.pack_many(E, loads, LUTFI, minutes(2), "[SIMULASI]")
    assert (packed, [s.thing for s in stops]) == (120, [wrong])
    assert [b.packed for b in packing.boxes(E, minutes(2)) if b.contest == "DPRD_KAB"] == [100, 20, 0]
    with pytest.raises(rules.BundleSpent):
        packing.pack_many(E, [packing.Load(house.box(TWO), ((good, None),), minutes(3))], LUTFI, minutes(3))
    with pytest.raises(rules.NotComplete):
        packing.seal_many(E, [packing.Closing(house.box(TWO), ("BT000009",), minutes(4))], LUTFI, OKI, minutes(4))
    (sealing,) = packing.seal_many(E, [packing.Closing(house.box(ONE), ("BT000009",), minutes(4))], LUTFI, OKI, minutes(4))
    assert [f.code for f in sealing.findings] == ["outside"]
    assert packing.pack_kits(E, [packing.Kit(ONE, {"BILIK": 4}, AT)], LUTFI, AT) == 4
    with pytest.raises(rules.NeedsConfirmation):
        packing.pack_kits(E, [packing.Kit(ONE, {"BILIK": 1}, AT)], LUTFI, AT)
    assert record.verify().faults == ()


def test_the_inbox_and_the_search_know_boxes(house: Warehouse, cast: Any) -> None:
    box = house.full()
    assert ("packing.seal", "1") in [(t.kind, t.label) for t in packing.waiting(cast["lutfi"], E, minutes(1))]
    packing.override(E, box, house.bundle("BELTIM-2", 1), None, "sepuluh huruf lebih", LUTFI, OKI, minutes(2))
    assert ("packing.flagged", (box,)) in [(t.kind, t.args) for t in packing.waiting(cast["lutfi"], E, minutes(3))]
    assert packing.waiting(cast["citra"], E, minutes(3)) == []
    assert [h.args for h in packing.find(cast["lutfi"], E, label_rules.spaced(box), AT)] == [(box,)]
    assert len(packing.find(cast["lutfi"], E, ONE, AT)) == 2
    assert packing.find(cast["lutfi"], E, "entah apa", AT) == []


# --- the scan path uses indexes ----------------------------------------------------------------------------------------------

GROWING = ("packing_", "sorting_bundle", "seals_", "journal_", "stock_posting", "needs_line", "places_dapil", "labels_alias")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own explanation")
def test_no_query_of_a_scan_walks_through_a_growing_table(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the real needs, too
    box, bundle, wrong = house.box(), house.bundle(), house.bundle("BELTIM-2")
    packing.scan(E, box, house.bundle(quantity=5), None, LUTFI, AT, station="MEJA-1")
    asked: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "UPDATE")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        packing.scan(E, box, bundle, None, LUTFI, minutes(1), station="MEJA-1")
        with pytest.raises(rules.DapilMismatch):
            packing.scan(E, box, wrong, None, LUTFI, minutes(2), station="MEJA-1")
        packing.get_box(E, box, minutes(3))
    assert len(asked) > 20
    walks = []
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute("EXPLAIN QUERY PLAN " + sql, params)
            plan = [row[3] for row in cursor.fetchall()]
            walks += [(step, sql) for step in plan if step.startswith("SCAN") and any(t in step for t in GROWING)]
    assert walks == []


# --- random histories ----------------------------------------------------------------------------------------------------------

# Few boxes, bundles and seals, so that short histories meet again what they did before.
moves = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "scan",
                "override",
                "override",
                "undo",
                "unpack",
                "unpack",
                "seal",
                "seal",
                "reseal",
                "open",
                "unread",
                "check",
                "check",
                "correct",
            ]
        ),
        st.sampled_from([ONE, FAR]),
        st.integers(0, 3),
        st.sampled_from([None, 1, 20]),
        st.integers(1, 2),
        st.booleans(),
    ),
    min_size=8,
    max_size=24,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=moves)
def test_no_history_of_scans_ends_with_a_wrong_dapil_or_a_reused_seal_unflagged(house: Warehouse, history: list[Any]) -> None:
    before = transaction.savepoint()
    try:
        _play(house, history)
    finally:
        transaction.savepoint_rollback(before)


def _play(house: Warehouse, history: list[Any]) -> None:
    """Plays a history through the store beside a naive model of sheets and seals."""
    bundles = {house.bundle(dapil, 50): dapil for dapil in ("BELTIM-1", "BELTIM-1", "BELTIM-2", "BELTIM-2")}
    model = Model(house, bundles)
    at = minutes(100)
    for act, tps, pick, quantity, seal, confirm in history:
        at += timedelta(seconds=20)
        with suppress(Refusal):
            model.step(act, house.box(tps), list(bundles)[pick], quantity, f"BT00000{seal}", confirm, at)
    model.compare(at)
    counted_alike(at)


def counted_alike(at: datetime) -> None:
    """The boxes of a TPS in counts say what its boxes say one by one."""
    by_tps: dict[str, list[rules.Box]] = defaultdict(list)
    for box in packing.boxes(E, at):
        by_tps[box.tps] += [box] if box.use == "tps" else []
    for tps, mine in by_tps.items():
        sealed = [b for b in mine if b.sealed_at]
        one = packing.of_tps(E, at)[tps]
        assert one.prepared == len(mine)
        assert one.sealed == len(sealed)
        assert one.complete == sum(bool(b.sealed_at) or b.packed == b.needed for b in mine)
        assert one.short == sum(bool({"variance", "seals_few", "items_missing"} & set(b.flags)) for b in sealed)
        assert one.wrong == sum(bool({"wrong_dapil", "wrong_contest", "dapil_moved"} & set(b.flags)) for b in mine)
        assert one.mismatched == sum("seal_mismatch" in b.flags for b in mine)
        assert one.opened == sum(b.opened for b in mine)
        assert one.sealed_at == max((b.sealed_at for b in sealed if b.sealed_at), default=None)


@dataclass
class Model:
    """sheets: (box, bundle) -> how many; sealed: box -> its seal; put_on: seal -> boxes in their order, without what was misread;

    alarms: box -> (who, seal) of checks that found another seal; seen: seal -> boxes where it did not belong; wrong: box -> what its
    last closing or opening must be flagged with, as (code, the other box).
    """

    house: Warehouse
    bundles: dict[str, str]
    sheets: dict[tuple[str, str], int] = field(default_factory=dict)
    sealed: dict[str, str] = field(default_factory=dict)
    put_on: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def step(self, act: str, box: str, bundle: str, quantity: int | None, serial: str, confirm: bool, at: datetime) -> None:
        why = "sepuluh huruf lebih"
        if act in {"scan", "override"}:
            done = (
                packing.scan(E, box, bundle, quantity, LUTFI, at, confirm_over=confirm)
                if act == "scan"
                else packing.override(E, box, bundle, quantity, why, LUTFI, OKI, at)
            )
            self.sheets[(box, bundle)] = self.sheets.get((box, bundle), 0) + (0 if done.repeated else done.quantity)
        elif act in {"undo", "unpack"}:
            undone = act == "undo"
            gone = packing.undo(E, box, LUTFI, at) if undone else packing.unpack(E, box, bundle, quantity, why, LUTFI, OKI, at)
            self.sheets[(box, gone.thing)] += gone.quantity
        elif act in {"open", "unread"}:
            packing.open_box(E, box, why, LUTFI, OKI, at, seen=[serial] if act == "open" else (), unreadable=act == "unread")
            self._opened(box, serial if act == "open" else "")
        elif act == "check":
            who = ANI if confirm else OKI
            seals.check_seals(E, box, [serial], who, at)
            self._checked(box, serial, who.person)
        else:
            two = {"first": LUTFI, "second": OKI, "at": at, "variance": why}
            if act == "seal":
                packing.seal_box(E, box, [serial], **two)
            else:
                reason = "salah_catat" if act == "correct" else "lainnya"
                packing.reseal(E, box, reason, "segel diganti", [serial], evidence=[PHOTO], **two)
            self._closed(box, serial, corrected=act == "correct")

    def _opened(self, box: str, serial: str) -> None:
        was = self.sealed.pop(box)
        self.wrong[box] = {("unread", "")} if not serial else {("strange", ""), ("missing", "")} if serial != was else set()
        if serial and serial != was:
            self.seen[serial].append(box)

    def _checked(self, box: str, serial: str, who: str) -> None:
        if serial != self.sealed[box]:
            self.alarms[box].append((who, serial))
            self.seen[serial].append(box)
            return
        before = self.alarms[box]
        self.alarms[box] = [a for a in before if a[0] == who]
        for strange in {s for _, s in before} - {s for _, s in self.alarms[box]}:
            self.seen[strange] = [b for b in self.seen[strange] if b != box]

    def _closed(self, box: str, serial: str, corrected: bool) -> None:
        if corrected:
            old = self.sealed[box]
            last = len(self.put_on[old]) - 1 - self.put_on[old][::-1].index(box)
            del self.put_on[old][last]
            for other, serial_there in self.sealed.items():  # of another box it is now known that it was the only one
                if serial_there == old:
                    self.wrong[other] -= {("reused", box)}
        seen = [b for b in self.seen[serial] if not (corrected and b == box)]
        found = {("reused", self.put_on[serial][-1])} if self.put_on[serial] else set()
        self.wrong[box] = found | ({("seen", seen[-1])} if seen else set())
        self.sealed[box], self.alarms[box] = serial, []
        self.put_on[serial].append(box)

    def compare(self, at: datetime) -> None:
        """The store says of every box what the model says; nothing wrong stands unflagged, and nothing right is flagged as wrong."""
        guilty = set()
        for tps, dapil in DAPIL.items():
            box = packing.get_box(E, self.house.box(tps), at)
            inside = [(n, self.bundles[b] == dapil) for (code, b), n in self.sheets.items() if code == box.code]
            wrong = sum(n for n, fits in inside if not fits)
            assert (box.packed, box.foreign) == (sum(n for n, fits in inside if fits), wrong)
            assert ("wrong_dapil" in box.flags, box.sealed_at is not None) == (wrong > 0, box.code in self.sealed)
            guilty |= {f"box:{box.code}"} if wrong else set()
        assert {s.subject for s in packing.signals(E, at) if s.severity == "critical"} == guilty
        told: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for c in seals.conflicts(E, at):
            if c.finding.code != "outside":  # no range was given out here
                told[c.box].add((c.finding.code, c.finding.other))
        for tps in DAPIL:
            code = self.house.box(tps)
            assert told[code] == self.wrong[code]
            assert ("seal_mismatch" in packing.get_box(E, code, at).flags) == bool(self.alarms[code])
        for serial in self.put_on:
            on_now = [b for b, s in self.sealed.items() if s == serial]
            flagged = [b for b in on_now if any(code == "reused" for code, _ in told[b])]
            assert len(flagged) >= len(on_now) - 1, "of two boxes with one seal at most one is clean"


# --- two at once, in threads of their own ----------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Runs acts in threads that start together; what each returned or raised, in order."""
    gate, found = threading.Barrier(len(acts)), [None] * len(acts)

    def work(number: int) -> None:
        try:
            gate.wait()
            found[number] = acts[number]()
        except Exception as error:
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def races() -> None:
    """Whoever comes second sees what the first one did: in one box, with one bundle, with one seal."""
    record.install(name="Uji", region="19.06", demo=True, at=AT)
    record.create_election(Election(E, "Pemilu", "19.06", AT, ("PPWP", "DPRD_KAB"), E), ANI, AT)
    record.root()  # a read between two transactions, for the guard of conftest
    found_world()
    record.root()
    house = Warehouse()
    bundle, box = house.bundle(quantity=30), house.box(ONE)
    same = at_once(*(lambda who=who: packing.scan(E, box, bundle, None, who, AT) for who in (LUTFI, OKI, ANI)))
    assert sorted(o.repeated for o in same) == [False, True, True], same
    two, other = house.bundle(quantity=60), house.bundle(quantity=60)
    both = at_once(lambda: packing.scan(E, box, two, None, LUTFI, minutes(1)), lambda: packing.scan(E, box, other, None, OKI, minutes(1)))
    assert sorted(o.quantity for o in both) == [10, 60], "the box takes no more than it needs"
    last = house.bundle(quantity=40)
    split = at_once(
        lambda: packing.scan(E, house.box(TWO), last, 30, LUTFI, minutes(2)),
        lambda: packing.scan(E, house.box(TWO, "DPRD_KAB"), last, 20, OKI, minutes(2)),
    )
    assert sorted(type(o).__name__ for o in split) == ["BundleSpent", "Outcome"]
    why = {"variance": "sepuluh huruf lebih"}
    sealed = at_once(
        lambda: packing.seal_box(E, house.box(ONE), ["BT000001"], first=LUTFI, second=OKI, at=minutes(3), **why),
        lambda: packing.seal_box(E, house.box(TWO), ["BT000001"], first=OKI, second=LUTFI, at=minutes(3), **why),
    )
    codes = sorted(["reused" in [f.code for f in s.findings] for s in sealed])
    assert codes == [False, True], "one binding is clean of it, the other is a recorded conflict"
    twice = at_once(
        *(
            lambda who=who: packing.seal_box(E, house.box(FAR), ["BT000002"], first=who, second=ANI, at=minutes(4), **why)
            for who in (LUTFI, OKI)
        )
    )
    assert sorted(type(o).__name__ for o in twice) == ["BoxSealed", "Sealing"]
    assert packing.get_box(E, box, minutes(9)).packed == 100
    assert record.verify().faults == ()


PROGRAM = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
import django
django.setup()
from tests import kept
kept.own_file()
from posko.store import needs
from tests.store import test_packing
needs.lines = test_packing.the_needs
test_packing.races()
print("satu demi satu")
"""


def test_two_people_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    """In a process of its own, on a file: threads of one process share the tests' database in memory, and with it every lock."""
    env = {**os.environ, "POSKO_VAR": str(tmp_path), "POSKO_DATABASE_URL": "", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "satu demi satu", done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_two_people_at_once_come_one_after_the_other(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.vendor == "postgresql"
    monkeypatch.setattr(needs, "lines", the_needs)
    races()
    with connection.cursor() as cursor:  # the flush after this test must pass
        for table in ("journal_entry", "journal_opening", "journal_equivocation", "journal_key", "journal_head"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
