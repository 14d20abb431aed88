"""Rules of the plan changed and taken back, kits in two parts by a named act, carriers: in the store, the checker and on the papers."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from posko.desk import record as journal
from posko.domain import custody
from posko.domain import distribution as rules
from posko.domain import record as facts
from posko.domain import worksheet as table
from posko.formats import distribution as printed
from posko.planning import routes
from posko.store import distribution, readiness, record
from tests.store.test_distribution import ANI, AT, ELECTION, _solve, planned, with_fleet

__all__ = ["planned", "with_fleet"]
LATER = AT + timedelta(minutes=10)


def _rules(at: datetime = LATER) -> rules.Rules:
    return distribution.handlings(ELECTION, at)[0].rules


def _beyond_erasing() -> set[str]:
    """Kinds of entries that keep typed words and have no eraser."""
    entries = record.Opening.objects.exclude(private=None).values_list("entry_id", flat=True)
    return set(record.Entry.objects.filter(entry_id__in=list(entries)).values_list("kind", flat=True)) - set(journal.words())


def test_rules_are_changed_with_a_reason_and_taken_back_by_another_entry(planned: distribution.StoredPlan) -> None:
    first = distribution.handlings(ELECTION, AT)[0]
    other = replace(first.rules, ppk_first=True, narrow=(("19.06.03", ("motor",)),))
    for wrong, error in ((" ", rules.RulesReason), ("karena", rules.SameRules)):
        with pytest.raises(error):
            distribution.set_rules(ELECTION, first.rules, wrong, ANI, LATER)
    distribution.set_rules(ELECTION, other, "PPK minta lebih dulu", ANI, LATER)
    assert _rules() == other
    assert distribution.inputs(ELECTION, LATER).rules == other
    assert distribution.stale(planned, ELECTION, LATER)
    assert _rules(AT) == first.rules  # as of before
    again = LATER + timedelta(minutes=1)
    distribution.set_rules(ELECTION, first.rules, "ternyata kurang kendaraan", ANI, again, back_to=first.entry_id)
    assert _rules(again) == first.rules
    assert not distribution.stale(planned, ELECTION, again)
    reasons = distribution.handling_reasons(distribution.handlings(ELECTION, again))
    assert sorted(reasons.values()) == ["", "PPK minta lebih dulu", "ternyata kurang kendaraan"]
    assert record.Entry.objects.filter(kind="handling.changed").count() == 2
    assert _beyond_erasing() == set()


def _split(planned: distribution.StoredPlan) -> tuple[str, rules.KitSplit]:
    tps = next(load.tps[0] for load in planned.inputs.loads if len(load.tps) > 2 and load.kind is rules.LoadKind.VILLAGE)
    return tps, rules.KitSplit(tps, (("BILIK", 4), ("KOTAK", 2)))


def test_a_kit_is_split_only_by_a_named_act_and_both_parts_are_needed(planned: distribution.StoredPlan) -> None:
    tps, split = _split(planned)
    for wrong in (
        replace(split, second=()), replace(split, second=(("KOTAK", 6),)), replace(split, tps="19.06.99.2001.001"),
        replace(split, second=tuple(distribution.kit_of(ELECTION, tps, LATER).items())),
    ):  # fmt: skip
        with pytest.raises(rules.BadKit):
            distribution.split_kit(ELECTION, wrong, "tidak muat", ANI, LATER)
    with pytest.raises(rules.BadKit):
        distribution.split_kit(ELECTION, split, " ", ANI, LATER)
    distribution.split_kit(ELECTION, split, "tidak muat di perahu", ANI, LATER)
    given = distribution.inputs(ELECTION, LATER)
    parts = {load.code: load for load in given.loads if tps in load.tps}
    assert set(parts) == {f"{tps}:a", f"{tps}:b"}
    whole = distribution.kit_of(ELECTION, tps, LATER)
    assert {item: sum(p.quantity for load in parts.values() for p in load.pieces if p.item == item) for item in whole} == whole
    assert (parts[f"{tps}:a"].boxes, parts[f"{tps}:b"].boxes, parts[f"{tps}:b"].booths) == (3, 2, 4)
    made = _solve(given)
    assert rules.violations(made, given.loads, given.network, given.fleet, given.rules) == []
    strict = rules.violations(made, given.loads, given.network, given.fleet, replace(given.rules, split_kits=()))
    assert [(fault.code, fault.facts["place"]) for fault in strict] == [("kit_split", tps)]
    stored = distribution.record_plan(ELECTION, made, given.digest, ANI, LATER)
    assert stored.inputs.rules.split_kits == (tps,)
    minutes = stored.plan.arrivals()
    assert stored.arrivals()[tps] == stored.instant(max(minutes[f"{tps}:{letter}"] for letter in "ab"))
    assert (stored.summary()["tps"], stored.summary()["tps_reached"], stored.summary()["boxes"]) == (363, 363, 1829)
    assert readiness.dues(ELECTION, LATER)[tps]["arrived"] == stored.arrivals()[tps]
    distribution.join_kit(ELECTION, tps, ANI, LATER + timedelta(minutes=1))
    assert distribution.kits(ELECTION, LATER + timedelta(minutes=1)) == []
    assert _beyond_erasing() == set()
    with pytest.raises(rules.BadKit):
        distribution.join_kit(ELECTION, tps, ANI, LATER + timedelta(minutes=1))


def test_the_papers_of_a_part_name_the_other_part_and_its_surat_jalan(planned: distribution.StoredPlan) -> None:
    tps, split = _split(planned)
    loads, held = rules.kits_split(planned.inputs.loads, [split], distribution.goods(ELECTION, AT), planned.inputs.rules)
    assert held == [tps]
    by_code = {load.code: load for load in loads}
    said = printed.parts_said([f"{tps}:b"], by_code, {tps: "TPS 001 Lalang"}, {f"{tps}:a": "SJ/02/T03-1"})
    assert said == ["TPS 001 Lalang: bagian 2 dari 2. Bagian 1 dengan surat jalan SJ/02/T03-1. TPS baru lengkap bila kedua bagian tiba."]
    assert "pada surat ini juga" in printed.parts_said([f"{tps}:a", f"{tps}:b"], by_code, {}, {})[0]
    assert printed.parts_said([loads[0].code], by_code, {}, {}) == []
    assert rules.boxes_before(by_code[f"{tps}:b"], by_code) == 3
    assert rules.boxes_before(by_code[f"{tps}:a"], by_code) == 0
    assert (rules.other_part("19.06:P01"), rules.other_part("19.06.03.2001~1")) == ("", "")


def test_both_trips_must_come_before_a_split_kit_has_arrived() -> None:
    def told(kind: custody.Kind, trip: str, hour: int) -> Any:
        return SimpleNamespace(kind=kind, trip=trip, place="t", things=("K:t",), at=AT + timedelta(hours=hour))

    one = [told(custody.Kind.LOADED, "A", 0), told(custody.Kind.ARRIVED, "A", 2)]
    both = [*one, told(custody.Kind.LOADED, "B", 1), told(custody.Kind.ARRIVED, "B", 5)]
    homes = {"t": {"t"}}
    assert readiness._seen_legs(one, homes, {})["t"]["arrived"] == AT + timedelta(hours=2)
    assert "arrived" not in readiness._seen_legs(one, homes, {"t": 2})["t"]
    assert readiness._seen_legs(both, homes, {"t": 2})["t"]["arrived"] == AT + timedelta(hours=5)


def test_a_carrier_drives_by_its_own_bounds_costs_what_it_says_and_answers_on_its_paper(with_fleet: Any) -> None:
    given = distribution.inputs(ELECTION, AT)
    for vehicle in (one for one in given.fleet if not one.boat):
        carrier = replace(
            vehicle, carrier="PT Pos Indonesia", days=(1,), shift_start_min=420, shift_end_min=1020, fixed_cost=900_000, cost_per_km=9_000,
        )  # fmt: skip
        if vehicle.code != "T12":
            distribution.save_vehicle(ELECTION, carrier, "kontrak", facts.Actor("p-ani", "KPU"), AT, new=False)
    now = distribution.inputs(ELECTION, LATER)
    keep = replace(now.rules, robust=False)
    mainland = [load for load in now.loads if load.kind is not rules.LoadKind.ISLAND]
    made = routes.plan(mainland, now.network, now.fleet, keep, seed=1, stop=routes.Stop(iterations=60))
    fleet = {one.code: one for one in distribution.fleet(ELECTION, LATER)}  # with names; plans and their inputs keep none
    own = [trip for trip in made.trips if fleet[trip.vehicle].carrier == "PT Pos Indonesia"]
    assert own
    assert all(trip.depart_min >= -1440 + 420 and trip.return_min <= -1440 + 1020 for trip in own)  # its hours, its day
    assert rules.violations(made, mainland, now.network, now.fleet, keep) == []
    cost = table.totals(made, mainland, now.fleet).cost
    cheaper = table.totals(made, mainland, [replace(one, fixed_cost=0, cost_per_km=0) for one in now.fleet]).cost
    hired = sum(fleet[code].fixed_cost for code in {trip.vehicle for trip in made.trips})
    driven = sum(fleet[trip.vehicle].cost_per_km * trip.distance_m // 1000 for trip in made.trips)
    assert (cheaper, cost) == (0, hired + driven)
    early = replace(made, trips=(replace(own[0], depart_min=-2880 + 420), *(one for one in made.trips if one != own[0])))
    assert "outside_hours" in {fault.code for fault in rules.violations(early, mainland, now.network, now.fleet, keep)}
    loads = {load.code: load for load in mainland}
    page = printed.waybills(
        own[:1], numbers={own[0].code: ("SJ/01/X", "X" * 17)}, loads=loads, vehicles=fleet, network=now.network,
        instant=lambda minute: AT + timedelta(minutes=minute), names={}, places={}, head={},
    )["trips"][0]  # fmt: skip
    assert any("PT Pos Indonesia" in str(fact) for fact in page["facts"])
    assert any(note.startswith("Pengangkut: PT Pos Indonesia, bertanggung jawab") for note in page["notes"])
