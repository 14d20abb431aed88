"""The plan checker: a good plan has no fault, and every way of spoiling it is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import distribution as d
from posko.domain import travel, weather

H1, H2 = -d.DAY, -2 * d.DAY
KEEP = d.Rules(island_day=2, mainland_days=(1,), loading_min=30, handover_min=20)
NODES = (("G", "gudang"), ("A", "desa"), ("B", "desa"), ("D", "dermaga"), ("P", "pulau"))
NETWORK = d.Network(
    nodes=tuple(d.Node(code, code, -2.88 + 0.05 * n, 108.2, kind) for n, (code, kind) in enumerate(NODES)),
    sea=(d.SeaLeg("D", "P", 120, 30_000),),
    detour_permille=1350,
    road_kmh=35,
)


def _load(code: str, place: str, day: int = 1, kind: d.LoadKind = d.LoadKind.VILLAGE) -> d.Load:
    begin = -day * d.DAY
    return d.Load(code, place, place, kind, (f"{place}.001",), 5, 4, 500_000, 40_000, 15, begin + 300, begin + 1000)


LOADS = (_load("a", "A"), _load("b", "B"), _load("p", "P", 2, d.LoadKind.ISLAND))
FLEET = (
    d.Vehicle("T", "Truk", d.Kind.TRUCK, 1_000_000, 80_000, "G", 360, 1080, (2, 1)),
    d.Vehicle("S", "Truk kedua", d.Kind.TRUCK, 1_000_000, 80_000, "G", 360, 1080, (1,)),
    d.Vehicle("K", "Kapal", d.Kind.BOAT, 1_000_000, 80_000, "D", 360, 1050, (2,)),
)


def _way(a: str, b: str) -> d.Leg:
    leg = NETWORK.leg(d.Kind.TRUCK, a, b)
    assert leg is not None
    return leg


def _trip(code: str, start_min: int, places: list[tuple[str, tuple[str, ...], bool]]) -> d.Trip:
    here, clock, metres, stops = "G", start_min, 0, []
    for place, loads, handover in places:
        clock += _way(here, place).travel_min
        metres += _way(here, place).distance_m
        stops.append(d.Stop(place, loads, clock, clock + 15 * len(loads), handover))
        here, clock = place, clock + 15 * len(loads)
    home = _way(here, "G")
    return d.Trip(code, "T", "G", start_min, tuple(stops), clock + home.travel_min, metres + home.distance_m)


ISLAND = _trip("T-1", H2 + 390, [("D", ("p",), True)])
MAIN = _trip("T-2", H1 + 390, [("A", ("a",), False), ("B", ("b",), False)])
SAIL = H2 + 600
CROSS = d.Trip("K-1", "K", "D", SAIL, (d.Stop("P", ("p",), SAIL + 120, SAIL + 135),), SAIL + 255, 60_000)
GOOD = d.Plan((ISLAND, CROSS, MAIN), (), 1, "tangan")


def faults(plan: d.Plan, loads: tuple[d.Load, ...] = LOADS, fleet: tuple[d.Vehicle, ...] = FLEET) -> set[str]:
    return {fault.code for fault in d.violations(plan, loads, NETWORK, fleet, KEEP)}


def _with(trip: d.Trip) -> d.Plan:
    return replace(GOOD, trips=tuple(trip if old.code == trip.code else old for old in GOOD.trips))


def _stop(trip: d.Trip, index: int, **changes: object) -> d.Trip:
    return replace(trip, stops=tuple(replace(s, **changes) if n == index else s for n, s in enumerate(trip.stops)))  # type: ignore[arg-type]


def _later(trip: d.Trip, minutes: int) -> d.Trip:
    stops = tuple(replace(s, arrive_min=s.arrive_min + minutes, depart_min=s.depart_min + minutes) for s in trip.stops)
    return replace(trip, depart_min=trip.depart_min + minutes, stops=stops, return_min=trip.return_min + minutes)


SPOILT: dict[str, Callable[[], d.Plan]] = {
    "not_delivered": lambda: _with(replace(MAIN, stops=MAIN.stops[:1])),
    "delivered_twice": lambda: replace(GOOD, trips=(*GOOD.trips, replace(MAIN, code="S-1", vehicle="S"))),
    "delivered_and_left": lambda: replace(GOOD, unassigned=(d.Unassigned("a", "not_enough", {}),)),
    "left_without_reason": lambda: replace(GOOD, unassigned=(d.Unassigned("a", "", {}),)),
    "unknown_load": lambda: _with(_stop(MAIN, 0, loads=("a", "x"))),
    "unknown_vehicle": lambda: _with(replace(MAIN, vehicle="X")),
    "wrong_place": lambda: _with(_stop(_stop(MAIN, 0, loads=("b",)), 1, loads=("a",))),
    "too_fast": lambda: _with(_stop(MAIN, 1, arrive_min=MAIN.stops[1].arrive_min - 1)),
    "halt_too_short": lambda: _with(_stop(MAIN, 0, depart_min=MAIN.stops[0].arrive_min + 14)),
    "too_late": lambda: _with(_later(MAIN, 700)),
    "too_early": lambda: _with(_later(MAIN, -200)),
    "no_way": lambda: _with(_stop(ISLAND, 0, place="P", handover=False)),
    "wrong_distance": lambda: _with(replace(MAIN, distance_m=MAIN.distance_m - 1)),
    "wrong_start": lambda: _with(replace(CROSS, start="G")),
    "outside_hours": lambda: _with(_later(MAIN, 660)),
    "two_places": lambda: replace(GOOD, trips=(*GOOD.trips, replace(MAIN, code="T-3"))),
    "loading_too_short": lambda: _with(_later(MAIN, -1)),
    "not_at_pier": lambda: replace(GOOD, trips=(CROSS, MAIN)),
    "boat_leaves_early": lambda: _with(_later(CROSS, -(SAIL - ISLAND.stops[0].arrive_min - KEEP.handover_min) - 1)),
    "stranded": lambda: replace(GOOD, trips=(ISLAND, MAIN)),
    "handed_over_twice": lambda: replace(GOOD, trips=(*GOOD.trips, replace(_later(ISLAND, 200), code="T-9"))),
    "island_not_ahead": lambda: _with(_later(CROSS, d.DAY)),
    "wrong_day": lambda: _with(_later(MAIN, -d.DAY)),
}


def test_a_good_plan_has_no_fault() -> None:
    assert faults(GOOD) == set()
    assert GOOD.feasible


@pytest.mark.parametrize("code", SPOILT)
def test_every_way_of_spoiling_a_plan_is_named(code: str) -> None:
    assert code in faults(SPOILT[code]())


def test_too_much_volume_and_too_much_weight_are_named() -> None:
    heavy = (replace(LOADS[0], volume_ml=600_000), LOADS[1], LOADS[2])
    assert faults(GOOD, heavy) == {"over_volume"}
    assert faults(GOOD, (replace(LOADS[0], weight_g=40_001), LOADS[1], LOADS[2])) == {"over_weight"}


def test_more_trips_than_allowed_are_named() -> None:
    again = _later(replace(MAIN, code="T-3", stops=(), distance_m=0, return_min=MAIN.depart_min), 400)
    few = (replace(FLEET[0], max_trips=1), *FLEET[1:])
    assert faults(replace(GOOD, trips=(*GOOD.trips, again)), fleet=few) == {"too_many_trips"}


def test_a_vehicle_on_a_day_it_does_not_work_is_named() -> None:
    assert faults(GOOD, fleet=(replace(FLEET[0], days=(2,)), *FLEET[1:])) == {"outside_hours"}


@given(st.integers(0, 2), st.integers(-2000, 2000).filter(bool))
def test_moving_one_time_of_a_tight_plan_never_passes_unseen_when_it_breaks_a_way(index: int, minutes: int) -> None:
    trip = GOOD.trips[index]
    moved = _stop(trip, 0, arrive_min=trip.stops[0].arrive_min + minutes)
    assert bool(faults(_with(moved))) == (minutes != 0)


@given(st.permutations(LOADS), st.permutations(FLEET))
def test_the_hash_of_the_inputs_does_not_depend_on_their_order(loads: list[d.Load], fleet: list[d.Vehicle]) -> None:
    assert d.inputs_hash(loads, NETWORK, fleet, KEEP) == d.inputs_hash(LOADS, NETWORK, FLEET, KEEP)


@pytest.mark.parametrize(
    "changed",
    [
        lambda: d.inputs_hash((replace(LOADS[0], weight_g=1), *LOADS[1:]), NETWORK, FLEET, KEEP),
        lambda: d.inputs_hash(LOADS, replace(NETWORK, hazards=(d.Hazard("A", "genangan", 30, 600),)), FLEET, KEEP),
        lambda: d.inputs_hash(LOADS, NETWORK, FLEET[:2], KEEP),
        lambda: d.inputs_hash(LOADS, NETWORK, FLEET, replace(KEEP, loading_min=31)),
    ],
)
def test_any_changed_input_changes_the_hash(changed: Callable[[], str]) -> None:
    assert changed() != d.inputs_hash(LOADS, NETWORK, FLEET, KEEP)


def test_a_plan_survives_being_kept_as_plain_data() -> None:
    left = replace(GOOD, unassigned=(d.Unassigned("z", "no_boat", {"place": "P"}, ({"code": "add_boat"},)),))
    assert d.plan_of(d.plan_facts(left)) == left
    assert d.plan_hash(d.plan_of(d.plan_facts(left))) == d.plan_hash(left)


def test_islands_have_no_road_and_boats_none_but_their_crossings() -> None:
    assert NETWORK.leg(d.Kind.TRUCK, "D", "P") is None
    assert NETWORK.leg(d.Kind.BOAT, "P", "D") == d.Leg(30_000, 120)
    assert NETWORK.leg(d.Kind.BOAT, "A", "B") is None


def test_only_likely_hazards_delay_and_all_that_touch_are_shown() -> None:
    hazards = (d.Hazard("A", "genangan", 60, 700), d.Hazard("B", "longsor", 60, 100), d.Hazard("D", "gelombang", 90, 900, to="P"))
    rough = replace(NETWORK, hazards=hazards)
    ways = ((d.Kind.TRUCK, "G", "A"), (d.Kind.TRUCK, "G", "B"), (d.Kind.BOAT, "D", "P"), (d.Kind.TRUCK, "G", "D"))
    none = d.Leg(0, 0)
    delays = [(rough.leg(*way) or none).travel_min - (NETWORK.leg(*way) or none).travel_min for way in ways]
    assert delays == [60, 0, 90, 0]
    assert [trips for _, trips in d.exposed(GOOD, hazards, FLEET)] == [("T-2",), ("T-2",), ("K-1",)]


def test_days_and_instants_count_back_from_voting_day() -> None:
    assert [d.day_of(m) for m in (0, -1, -1440, -1441)] == [0, 1, 1, 2]


@pytest.mark.parametrize("changes", [{"volume_ml": 0}, {"shift_end_min": 300}, {"days": ()}, {"code": ""}, {"max_trips": 0}])
def test_a_vehicle_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(d.BadVehicle) as refusal:
        replace(FLEET[0], **changes)  # type: ignore[arg-type]
    assert refusal.value.code == "distribution.bad_vehicle"


def test_waybill_numbers_are_crockford_with_a_check_character_and_differ() -> None:
    first, second = d.waybill_id("ab" * 32, "T01-1"), d.waybill_id("ab" * 32, "T01-2")
    assert first != second
    assert len(first) == 17
    assert not set(first[:16]) & set("ILOU")
    assert d.waybill_text(first) == f"PSK1:N:{first}"


# --- early warnings: boats (R10) and waves (R09) ---------------------------------------------------------------------------

MIDNIGHT = datetime(2024, 2, 13, 17, tzinfo=UTC)
H5 = MIDNIGHT - timedelta(days=5)
PLANNED = MIDNIGHT - timedelta(days=30)
SIGNED = replace(FLEET[2], assumption=False)
SECOND = replace(SIGNED, code="K2")


def legs(*boats: d.Vehicle, plan: d.Plan = GOOD) -> list[d.IslandLeg]:
    return d.island_legs(plan, LOADS, NETWORK, (*FLEET[:2], *boats), PLANNED)


def test_the_way_to_an_island_names_its_boats_the_spare_ones_and_those_without_a_contract() -> None:
    (leg,) = legs(FLEET[2], SECOND)
    assert (leg.island, leg.boats, leg.spare, leg.unsigned) == ("P", ("K",), ("K2",), ("K",))
    (away,) = legs(SIGNED, replace(SECOND, start="A"))
    assert away.spare == (), "a boat at another pier is no spare"
    (gone,) = legs(SECOND)
    assert gone.unsigned == ("K",), "a boat that left the fleet has no contract"
    (none,) = legs(SECOND, plan=replace(GOOD, trips=(MAIN,)))
    assert (none.boats, none.spare) == ((), ("K2",))


def r10(*boats: d.Vehicle, at: datetime = H5, plan: d.Plan = GOOD, limits: d.Limits | None = None) -> list[tuple[str, datetime]]:
    return [(s.severity, s.since_at) for s in d.boat_signals(legs(*boats, plan=plan), MIDNIGHT, at, limits)]


def test_r10_speaks_without_a_spare_boat_or_a_contract_and_is_critical_without_any_boat() -> None:
    assert r10(SIGNED, SECOND) == []
    assert r10(SIGNED) == [("high", H5)]
    assert r10(FLEET[2], SECOND) == [("high", H5)]
    assert r10(SECOND, plan=replace(GOOD, trips=(MAIN,))) == [("critical", H5)]


def test_r10_speaks_from_h_minus_five_until_voting_day_begins() -> None:
    second = timedelta(seconds=1)
    assert r10(SIGNED, at=H5 - second) == []
    assert r10(SIGNED, at=MIDNIGHT - second) == [("high", H5)]
    assert r10(SIGNED, at=MIDNIGHT) == []
    assert r10(SIGNED, at=H5, limits=d.Limits(boat_days_before=4)) == []


OUT = d.Crossing("K", "D", "P", H5, H5 + timedelta(hours=4), 150)


def r09(height_cm: int, starts_h: float = 0, hours: float = 6, place: str = "P", crossing: d.Crossing = OUT) -> list[str]:
    starts_at = H5 + timedelta(hours=starts_h)
    wave = weather.Wave(place, starts_at, starts_at + timedelta(hours=hours), height_cm, H5 - timedelta(days=1), "BMKG")
    return [f"{s.rule} {s.facts['height']}" for s in d.wave_signals([crossing], [wave])]


def test_r09_speaks_of_a_wave_above_the_boats_limit_while_it_is_out() -> None:
    assert r09(151) == r09(151, place="D") == ["R09 151"]
    assert r09(150) == [], "as high as allowed is allowed"
    assert r09(300, starts_h=4) == r09(300, starts_h=-6) == [], "before it leaves, after it is back"
    assert r09(300, starts_h=3.9) == r09(300, starts_h=-5.9) == ["R09 300"]
    assert r09(300, place="elsewhere") == []


def test_r09_says_nothing_of_a_boat_whose_limit_nobody_has_stated() -> None:
    assert r09(300, crossing=replace(OUT, limit_cm=None)) == []


# --- ways that were timed, ways that are closed ---------------------------------------------------------------------------------


def _line(**more):
    """G - A - B - C on one line, 0.1 degree (11 km) apart, and D off it."""
    nodes = [d.Node("G", "G", 0.0, 100.0, "gudang"), *(d.Node(code, code, 0.0, 100.1 + n / 10, "desa") for n, code in enumerate("ABC"))]
    return d.Network((*nodes, d.Node("D", "D", 0.2, 100.15, "desa")), (), 1350, 30, **more)


def test_a_timed_way_replaces_the_reckoned_one_and_holds_for_the_way_back_until_that_is_timed_too():
    timed = d.Measured("darat", "G", "A", 50, 80)
    network = _line(measured=(timed,))
    assert network.leg(d.Kind.TRUCK, "G", "A").travel_min == network.leg(d.Kind.TRUCK, "A", "G").travel_min == 50
    assert network.spread(d.Kind.TRUCK, "G", "A").tenth_min == 80
    back = _line(measured=(d.Measured("darat", "A", "G", 70, 90), timed))
    assert [back.leg(d.Kind.TRUCK, *way).travel_min for way in (("G", "A"), ("A", "G"))] == [50, 70]


def test_a_closed_road_is_driven_round_also_by_ways_that_pass_it_and_others_stay_as_they_are():
    whole, cut = _line(), _line(closures=(d.Closure("A", "B"),))
    assert cut.leg(d.Kind.TRUCK, "A", "B").travel_min > whole.leg(d.Kind.TRUCK, "A", "B").travel_min
    assert cut.leg(d.Kind.TRUCK, "G", "C").travel_min > whole.leg(d.Kind.TRUCK, "G", "C").travel_min
    for way in (("G", "A"), ("B", "C"), ("G", "D"), ("A", "D")):
        assert cut.leg(d.Kind.TRUCK, *way) == whole.leg(d.Kind.TRUCK, *way)


def test_where_no_other_place_leads_round_a_closed_road_there_is_no_way():
    nodes = (d.Node("G", "G", 0.0, 100.0, "gudang"), d.Node("A", "A", 0.0, 100.1, "desa"))
    assert d.Network(nodes, (), 1350, 30, closures=(d.Closure("G", "A"),)).leg(d.Kind.TRUCK, "G", "A") is None


def test_a_way_to_itself_or_without_a_time_is_refused():
    for wrong in (lambda: d.Closure("A", "A"), lambda: d.Measured("darat", "A", "B", 0, 10), lambda: d.Measured("udara", "A", "B", 5, 10)):
        with pytest.raises(d.BadWay):
            wrong()


def test_what_was_added_to_vehicles_later_changes_the_hash_of_inputs_only_where_it_is_used():
    vehicle = d.Vehicle("T", "T", d.Kind.TRUCK, 10, 10, "G", 300, 900, (1,))

    def digest(network, one):
        return d.inputs_hash((), network, (one,), d.Rules())

    plain = digest(_line(), vehicle)
    assert digest(_line(), replace(vehicle, breakdown_permille=0)) == plain
    changed = [digest(_line(), replace(vehicle, wave_limit_cm=120)), digest(_line(closures=(d.Closure("A", "B"),)), vehicle)]
    assert len({plain, *changed}) == 3


# --- night, narrow places, hours of piers, PPK first, kits, days of the sea --------------------------------------------------------------


def found(plan=GOOD, *, keep=KEEP, loads=LOADS, fleet=FLEET, network=NETWORK):
    return sorted({fault.code for fault in d.violations(plan, loads, network, fleet, keep)})


def test_in_the_dark_only_a_vehicle_that_may_drives_and_with_an_escort():
    keep = replace(KEEP, dawn_min=400, dusk_min=1080)
    nightly = tuple(replace(one, night=True) for one in FLEET)
    guarded = replace(GOOD, trips=tuple(replace(trip, escort=True) for trip in GOOD.trips))
    assert found(keep=keep) == ["night_without_leave"]
    assert found(keep=keep, fleet=nightly) == ["night_without_escort"]
    assert found(guarded, keep=keep, fleet=nightly) == []
    assert found(keep=replace(keep, dawn_min=390)) == []  # it leaves at 06.30, as it gets light; the boat has hours of its own


def test_a_truck_does_not_get_to_a_narrow_place_and_all_below_it():
    narrow = (("A", ("motor", "pikap")),)
    assert found(keep=replace(KEEP, narrow=narrow)) == ["wrong_vehicle"]
    assert found(keep=replace(KEEP, narrow=(("A", ("motor", "truk")),))) == []
    assert replace(KEEP, narrow=(("19.06.03", ("motor",)),)).admits(d.Kind.TRUCK, "19.06.03.2001") is False
    with pytest.raises(d.BadRules):
        replace(KEEP, narrow=(("A", ("perahu",)),))


def test_boats_keep_the_hours_of_piers_and_islands_on_their_day():
    def gate(place, day, *hours):
        return replace(NETWORK, gates=(weather.Gate(place, day, travel.Opening(*hours)),))

    assert found(network=gate("D", 2, 600, 900)) == []
    assert found(network=gate("D", 2, 601, 900)) == found(network=gate("P", 0, 0, 719)) == ["closed_then"]
    assert found(network=gate("D", 3, 601, 900)) == []


def test_where_the_rule_says_so_a_ppk_has_its_goods_before_its_desa():
    desa, ppk = "19.06.03.2001", "19.06.03"
    loads = (replace(LOADS[0], place=desa), replace(LOADS[1], place=ppk, kind=d.LoadKind.DISTRICT), LOADS[2])
    trips = tuple(
        replace(t, stops=tuple(replace(s, place={"A": desa, "B": ppk}.get(s.place, s.place)) for s in t.stops)) for t in GOOD.trips
    )
    places = {"A": desa, "B": ppk}
    network = replace(NETWORK, nodes=tuple(replace(node, code=places.get(node.code, node.code)) for node in NETWORK.nodes))
    plan = replace(GOOD, trips=trips)
    assert found(plan, loads=loads, network=network) == []
    assert found(plan, loads=loads, network=network, keep=replace(KEEP, ppk_first=True)) == ["ppk_not_first"]


def test_the_goods_of_one_tps_stay_in_one_load_unless_they_may_be_split():
    part = (d.Piece("A.001", "KOTAK", 2),)
    loads = (replace(LOADS[0], pieces=part), replace(LOADS[1], pieces=part), LOADS[2])
    assert found(loads=loads) == ["kit_split"]
    assert found(loads=loads, keep=replace(KEEP, split_tps=True)) == []


def test_an_island_is_served_on_a_day_of_the_mainland_only_where_the_plan_says_that_none_before_is_calm():
    keep = replace(KEEP, island_days=(2, 1))
    loads = (*LOADS[:2], replace(LOADS[2], latest_min=LOADS[2].latest_min + d.DAY))
    fleet = (*FLEET[:2], replace(FLEET[2], days=(2, 1)))
    late = replace(GOOD, trips=(ISLAND, _later(CROSS, d.DAY), MAIN))
    assert found(late, keep=keep, loads=loads, fleet=fleet) == ["island_not_ahead"]
    excused = [
        replace(late, choices=(d.IslandChoice("P", (), 0, (), why),)) for why in ("no_window_ahead", "no_safe_window", "shared_boat")
    ]
    assert [found(plan, keep=keep, loads=loads, fleet=fleet) for plan in excused] == [[], [], ["island_not_ahead"]]
    with pytest.raises(d.BadRules):
        replace(KEEP, island_days=(3, 1))


def test_rules_survive_being_kept_as_plain_data_also_those_from_before():
    keep = replace(KEEP, island_days=(3, 2), narrow=(("A", ("motor",)),), ppk_first=True)
    assert d.rules_of(d.rules_facts(keep)) == keep
    old = {name: value for name, value in d.rules_facts(KEEP).items() if name not in d._LATER}
    assert d.rules_of(old) == KEEP


def test_r09_looks_at_the_way_out_and_the_way_home_and_not_at_the_night_on_the_island():
    plan = replace(
        GOOD, trips=(ISLAND, replace(CROSS, stops=(replace(CROSS.stops[0], depart_min=SAIL + 1000),), return_min=SAIL + 1120), MAIN)
    )
    midnight = datetime(2024, 2, 14, tzinfo=UTC)
    out, home = d.crossings(plan, NETWORK, (replace(FLEET[2], wave_limit_cm=150),), midnight)
    assert (out.home, home.home, out.limit_cm) == (False, True, 150)
    night = weather.Wave("P", out.back_at, home.leave_at, 300, midnight - timedelta(days=3), "BMKG", "[SIMULASI]")
    assert d.wave_signals([out, home], [night]) == []
    later = replace(night, until_at=home.back_at)
    assert [(s.subject, s.mark) for s in d.wave_signals([out, home], [later])] == [("crossing:K:P:home", "ARMADA ASUMSI [SIMULASI]")]
    calmer = replace(later, height_cm=100, issued_at=later.issued_at + timedelta(hours=6))
    assert d.wave_signals([out, home], [later, calmer]) == []  # the newer one counts


def test_a_changed_copy_of_a_network_looks_every_way_up_anew() -> None:
    open_road = NETWORK.leg(d.Kind.TRUCK, "G", "A")
    assert open_road
    closed = replace(NETWORK, closures=(d.Closure("G", "A"),))
    around = closed.leg(d.Kind.TRUCK, "G", "A")
    assert around is None or around.travel_min > open_road.travel_min
    assert NETWORK.leg(d.Kind.TRUCK, "G", "A") == open_road
    moved = replace(NETWORK, nodes=tuple(replace(node, name="x") for node in NETWORK.nodes))
    assert moved.node("G").name == "x"  # type: ignore[union-attr]
    assert replace(closed, closures=()).leg(d.Kind.TRUCK, "G", "A") == open_road


def test_each_part_of_a_split_kit_comes_after_its_ppk_where_that_is_the_rule() -> None:
    keep = replace(KEEP, ppk_first=True, split_kits=("19.06.01.2001.001",))
    half = replace(_load("19.06.01.2001.001:a", "19.06.01.2001"), pieces=(d.Piece("19.06.01.2001.001", "KOTAK", 3),))
    other = replace(half, code="19.06.01.2001.001:b", pieces=(d.Piece("19.06.01.2001.001", "KOTAK", 2),))
    seat = _load("19.06.01", "19.06.01", kind=d.LoadKind.DISTRICT)
    stops = [d.Stop(load.place, (load.code,), H1 + 400 + 50 * n, H1 + 430 + 50 * n) for n, load in enumerate((half, seat, other))]
    plan = d.Plan((d.Trip("T-1", "T", "G", H1 + 350, tuple(stops), H1 + 700, 1),), (), 1, "")
    found = d.violations(plan, [half, other, seat], NETWORK, FLEET, keep)
    assert [fault.facts["load"] for fault in found if fault.code == "ppk_not_first"] == [half.code]
    assert not [fault for fault in found if fault.code == "kit_split"]
    assert [fault.code for fault in d.violations(plan, [half, other, seat], NETWORK, FLEET, KEEP)].count("kit_split") == 1
    third = replace(other, code="x", pieces=(d.Piece("19.06.01.2001.001", "TINTA", 1),))
    assert "kit_split" in {fault.code for fault in d.violations(plan, [half, other, third, seat], NETWORK, FLEET, keep)}


def test_both_halves_of_a_split_kit_move_with_their_tps_and_nothing_joins_a_half() -> None:
    tps, other, here, there = "19.06.01.2001.001", "19.06.01.2001.002", "A", "B"
    halves = [replace(_load(f"{tps}:{x}", here), tps=(tps,), pieces=(d.Piece(tps, "KOTAK", n),)) for x, n in (("a", 3), ("b", 2))]
    whole = replace(_load(here, here), tps=(other,), pieces=(d.Piece(other, "KOTAK", 5),))
    moved = {load.code: load for load in d.relocated([*halves, whole], {tps: there, other: there}, NETWORK, {}, KEEP)}
    assert {load.place for load in moved.values()} == {there}
    assert {code: load.pieces for code, load in moved.items() if load.tps == (tps,)} == {load.code: load.pieces for load in halves}
    assert [load.pieces for load in moved.values() if load.tps == (other,)] == [whole.pieces]
