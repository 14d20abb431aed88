"""The checker of returns: a good one has no fault, and every way of spoiling it is named."""

from dataclasses import replace
from itertools import pairwise

import pytest

from posko.domain import distribution as d
from posko.domain import returns as r

DAY, NOON = d.DAY, d.DAY + 720
DESA, PPK = "19.06.03.2001", "19.06.03"
NODES = {"19.06:G01": "gudang", DESA: "desa", PPK: "ppk", "19.06:D01": "dermaga", "19.06:P01": "pulau"}
NETWORK = d.Network(
    tuple(d.Node(code, code, -2.88 + 0.05 * n, 108.2, kind) for n, (code, kind) in enumerate(NODES.items())),
    (d.SeaLeg("19.06:D01", "19.06:P01", 60, 13_000),), 1350, 30,
)  # fmt: skip
RULES, KEEP = d.Rules(dawn_min=330, dusk_min=1080), r.Rules()
FLEET = (
    d.Vehicle("T", "T", d.Kind.TRUCK, 1_000_000, 500_000, "19.06:G01", 330, 1080, (1,)),
    d.Vehicle("K", "K", d.Kind.BOAT, 1_000_000, 500_000, "19.06:D01", 330, 1050, (1,)),
)
GOODS = {"KOTAK": d.Goods("KOTAK", 96_000, 3_000), "BILIK": d.Goods("BILIK", 5_000, 700)}


def _load(code: str, kind: d.LoadKind, tps: str) -> d.Load:
    pieces = (d.Piece(tps, "KOTAK", 5), d.Piece(tps, "BILIK", 4))
    return d.Load(code, code, code, kind, (tps,), 5, 4, 500_000, 20_000, 15, -DAY, -1, pieces)


LOADS = (_load(DESA, d.LoadKind.VILLAGE, f"{DESA}.001"), _load("19.06:P01", d.LoadKind.ISLAND, f"{DESA}.002"))
COLLECTS = tuple(r.collects_of(LOADS, GOODS, KEEP))


def metres(*way: str, kind: d.Kind = d.Kind.TRUCK) -> tuple[int, list[int]]:
    legs = [NETWORK.leg(kind, a, b) for a, b in pairwise(way)]
    return sum(leg.distance_m for leg in legs if leg), [leg.travel_min for leg in legs if leg]


def road(code: str, start: str, place: str, loads: tuple[str, ...], depart: int, service: int = 25) -> r.Trip:
    far, (out, back) = metres(start, place, PPK)
    stop = d.Stop(place, loads, depart + out, depart + out + service)
    return r.Trip(code, "T", start, PPK, depart, (stop,), stop.depart_min + back, far)


FIRST = road("1", "19.06:G01", DESA, (f"hasil/{DESA}",), DAY + 360)
REST = road("2", PPK, DESA, (f"sisa/{DESA}",), NOON)
LANDED = DAY + 330 + 60 + 25 + 60
BOAT = r.Trip(
    "3", "K", "19.06:D01", "19.06:D01", DAY + 330, (d.Stop("19.06:P01", ("hasil/19.06:P01", "sisa/19.06:P01"), DAY + 390, DAY + 415),),
    LANDED, 26_000,
)  # fmt: skip
SHORE = road("4", PPK, "19.06:D01", ("hasil/19.06:P01", "sisa/19.06:P01"), NOON + 150)
GOOD = r.Plan((FIRST, REST, BOAT, SHORE), (), 1, "tangan")


def faults(plan: r.Plan = GOOD, collects: tuple[r.Collect, ...] = COLLECTS, fleet: tuple[d.Vehicle, ...] = FLEET) -> set[str]:
    return {fault.code for fault in r.violations(plan, collects, NETWORK, fleet, RULES, KEEP)}


def swapped(old: r.Trip, **changes: object) -> r.Plan:
    return replace(GOOD, trips=tuple(replace(t, **changes) if t is old else t for t in GOOD.trips))  # type: ignore[arg-type]


def test_results_and_the_rest_come_back_apart_and_a_ppk_keeps_what_it_has() -> None:
    assert [(c.code, c.to, c.boxes, c.volume_ml) for c in COLLECTS[:2]] == [
        (f"hasil/{DESA}", PPK, 5, 480_000), (f"sisa/{DESA}", PPK, 0, 20_000),
    ]  # fmt: skip
    assert len(COLLECTS) == 4
    assert r.collects_of([replace(LOADS[0], kind=d.LoadKind.DISTRICT)], GOODS, KEEP) == []


def test_a_good_return_has_no_fault_and_survives_being_kept() -> None:
    assert faults() == set()
    assert r.plan_of(r.plan_facts(GOOD)) == GOOD
    assert GOOD.first_results_min() == FIRST.arrive_min


def _moved(trip: r.Trip, minutes: int) -> r.Plan:
    stops = tuple(replace(s, arrive_min=s.arrive_min + minutes, depart_min=s.depart_min + minutes) for s in trip.stops)
    return swapped(trip, depart_min=trip.depart_min + minutes, stops=stops, arrive_min=trip.arrive_min + minutes)


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        (replace(GOOD, trips=(FIRST, BOAT, SHORE)), "not_once"),
        (replace(GOOD, trips=(FIRST, REST, SHORE)), "not_at_pier"),
        (replace(GOOD, left=((f"hasil/{DESA}", "x"),)), "not_once"),
        (swapped(FIRST, vehicle="X"), "unknown_vehicle"),
        (swapped(FIRST, end="19.06.04"), "wrong_ppk"),
        (swapped(FIRST, arrive_min=FIRST.arrive_min - 1), "too_fast"),
        (swapped(FIRST, distance_m=1), "wrong_distance"),
        (swapped(FIRST, stops=(replace(FIRST.stops[0], place="19.06:D01"),)), "wrong_place"),
        (swapped(FIRST, stops=(replace(FIRST.stops[0], depart_min=FIRST.stops[0].arrive_min + 1),)), "halt_too_short"),
        (_moved(FIRST, -DAY), "not_ready"),
        (_moved(FIRST, 600), "too_late"),
        (_moved(FIRST, -120), "night_without_leave"),
        (_moved(REST, -300), "two_places"),
        (swapped(REST, start="19.06:G01"), "wrong_start"),
        (_moved(FIRST, 1440), "results_not_first"),
        (_moved(BOAT, -60), "outside_hours"),
        (_moved(BOAT, 500), "before_the_boat"),
    ],
)
def test_every_way_of_spoiling_a_return_is_named(plan: r.Plan, fault: str) -> None:
    assert fault in faults(plan)


def test_too_much_on_board_and_a_night_without_escort_are_named() -> None:
    assert faults(fleet=(replace(FLEET[0], volume_ml=400_000), FLEET[1])) == {"over_capacity"}
    night = (replace(FLEET[0], night=True), FLEET[1])
    assert faults(_moved(FIRST, -120), fleet=night) == {"night_without_escort"}
    trips = tuple(replace(t, escort=True) for t in _moved(FIRST, -120).trips)
    assert faults(replace(GOOD, trips=trips), fleet=night) == set()


@pytest.mark.parametrize(
    ("ppk", "minute", "good"), [(PPK, 1200, 1), (PPK, 90 * DAY, 1), (PPK, 1199, 0), ("19.07.01", DAY, 0), (PPK, 91 * DAY, 0)]
)
def test_a_recapitulation_ends_after_the_count_at_a_ppk_that_is_known(ppk: str, minute: int, good: int) -> None:
    if good:
        r.check_recapitulation([PPK], ppk, minute, KEEP)
        return
    with pytest.raises(r.BadRecapitulation):
        r.check_recapitulation([PPK], ppk, minute, KEEP)
