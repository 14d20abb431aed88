"""Reliability: chances against draws and limits, plans A, B and C, and that rising waves change what is recommended."""

from dataclasses import replace
from datetime import datetime, timedelta
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posko.domain import distribution as rules
from posko.domain import travel, weather
from posko.planning import reliability, routes

DAY = rules.DAY
MIDNIGHT = datetime.fromisoformat("2024-02-14T00:00:00+07:00")
ISSUED = MIDNIGHT - timedelta(days=5)
KEEP = rules.Rules(island_day=2, island_days=(3, 2, 1), mainland_days=(1,), loading_min=30, handover_min=20)
NETWORK = rules.Network(
    nodes=(
        rules.Node("G", "Gudang", -2.883, 108.267, "gudang"), rules.Node("A", "Desa A", -2.872, 108.249, "desa"),
        rules.Node("D", "Dermaga", -2.9, 108.3, "dermaga"), rules.Node("P", "Pulau P", -3.8, 108.067, "pulau"),
    ),
    sea=(rules.SeaLeg("D", "P", 240, 60_000, usual_min=200),), detour_permille=1350, road_kmh=35,
)  # fmt: skip
TRUCK = rules.Vehicle("T1", "T1", rules.Kind.TRUCK, 10_000_000, 4_000_000, "G", 330, 1080, (3, 2, 1), 700_000, 7_000)
BOAT = rules.Vehicle(
    "B1", "B1", rules.Kind.BOAT, 3_000_000, 1_500_000, "D", 330, 1050, (3, 2, 1), 1_500_000, 15_000,
    wave_limit_cm=125, breakdown_permille=20,
)  # fmt: skip
EARLIEST, LATEST = KEEP.window(rules.LoadKind.ISLAND)
GOODS = rules.Load("P", "P", "Pulau P", rules.LoadKind.ISLAND, ("P.001",), 5, 4, 500_000, 40_000, 15, EARLIEST, LATEST)
ASHORE = rules.Load("A", "A", "Desa A", rules.LoadKind.VILLAGE, ("A.001",), 5, 4, 500_000, 40_000, 15, *KEEP.window(rules.LoadKind.VILLAGE))


def wave(height_cm: int, day: int, hours: tuple[int, int] = (0, 24)) -> weather.Wave:
    start = MIDNIGHT - timedelta(days=day)
    return weather.Wave("P", start + timedelta(hours=hours[0]), start + timedelta(hours=hours[1]), height_cm, ISSUED, "BMKG")


def swell(*heights: int, **changes: object) -> reliability.Sea:
    """Heights on H-3, H-2, H-1."""
    waves = tuple(wave(height, day) for day, height in zip((3, 2, 1), heights, strict=False))
    return replace(reliability.Sea(waves, MIDNIGHT), **changes)  # type: ignore[arg-type]


def choose(sea: reliability.Sea, keep: rules.Rules = KEEP, fleet: tuple[rules.Vehicle, ...] = (TRUCK, BOAT)) -> rules.IslandChoice:
    return reliability.choices([GOODS], NETWORK, fleet, keep, sea)["P"]


def days(choice: rules.IslandChoice) -> list[int]:
    return [rules.day_of(option.depart_min) for option in choice.options]


# --- the order of calm seas --------------------------------------------------------------------------------------------------------------


def test_the_chances_of_being_the_first_calm_sea_agree_with_draws() -> None:
    edges, times, rho = [0.3, -0.2, 0.5], [0, 700, 2100], 0.6
    rng, n = np.random.default_rng(1), 400_000
    z = rng.standard_normal((3, n))
    for k in (1, 2):
        r = rho ** ((times[k] - times[k - 1]) / DAY)
        z[k] = r * z[k - 1] + np.sqrt(1 - r * r) * z[k]
    calm = z <= np.array(edges)[:, None]
    drawn = [calm[0].mean(), (~calm[0] & calm[1]).mean(), (~calm[0] & ~calm[1] & calm[2]).mean()]
    assert reliability.first_calm(edges, times, 600) == pytest.approx(drawn, abs=0.003)


def test_errors_that_do_not_persist_are_independent_and_one_error_for_all_leaves_nothing_to_plan_b() -> None:
    a, b = NormalDist().cdf(0.2), NormalDist().cdf(-0.1)
    assert reliability.first_calm([0.2, -0.1], [0, DAY], 0) == pytest.approx([a, (1 - a) * b], abs=1e-6)
    assert reliability.first_calm([0.2, 0.2], [0, DAY], 1000) == pytest.approx([a, 0.0], abs=1e-6)
    assert reliability.first_calm([0.2, 0.8], [0, DAY], 1000) == pytest.approx([a, NormalDist().cdf(0.8) - a], abs=0.02)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.integers(120, 3000)), min_size=1, max_size=3),
    st.integers(0, 950),
    st.floats(-3, 3),
)
def test_one_more_option_never_lowers_the_chance_and_all_chances_stay_below_one(
    steps: list[tuple[float, int]], persistence: int, edge: float
) -> None:
    edges, times = [e for e, _ in steps], [sum(gap for _, gap in steps[: n + 1]) for n in range(len(steps))]
    before = reliability.first_calm(edges, times, persistence)
    after = reliability.first_calm([*edges, edge], [*times, times[-1] + 600], persistence)
    assert after[:-1] == pytest.approx(before)
    assert 0 <= sum(before) <= sum(after) <= 1 + 1e-6


def test_a_sea_that_failed_plan_a_more_probably_fails_plan_b() -> None:
    alone = NormalDist().cdf(0.4)
    _, second = reliability.first_calm([0.4, 0.4], [0, DAY], 600)
    assert second / (1 - alone) < alone


# --- being in time -----------------------------------------------------------------------------------------------------------------------


def test_in_time_counts_breakdowns_with_repair_and_hazards_by_their_own_chance() -> None:
    spread = travel.Spread(100, 100)
    sure, fails = replace(BOAT, breakdown_permille=0), replace(BOAT, breakdown_permille=100, repair_min=60)
    hazard = rules.Hazard("P", "gelombang", 30, 500)
    assert reliability.in_time(100, spread, sure, []) == 1.0
    assert reliability.in_time(99, spread, sure, []) == 0.0
    assert reliability.in_time(159, spread, fails, []) == pytest.approx(0.9)
    assert reliability.in_time(160, spread, fails, []) == pytest.approx(1.0)
    assert reliability.in_time(129, spread, fails, [hazard]) == pytest.approx(0.45)


def test_the_sum_of_ways_has_the_mean_and_variance_of_its_parts() -> None:
    parts = [travel.Spread(60, 90), travel.Spread(30, 40), travel.Spread(0, 0)]
    rng = np.random.default_rng(2)
    drawn = sum(part.usual_min * np.exp(part.sigma * rng.standard_normal(200_000)) for part in parts[:2])
    found = reliability.total(parts)
    assert found.usual_min == pytest.approx(np.median(drawn), abs=1)
    assert found.tenth_min == pytest.approx(np.quantile(drawn, 0.9), abs=2)
    assert reliability.total([]) == travel.Spread(0, 0)


# --- plans A, B and C --------------------------------------------------------------------------------------------------------------------


def test_the_boat_leaves_on_the_calm_day_and_says_what_it_was_told() -> None:
    choice = choose(swell(220, 75, 110))
    assert days(choice) == [2, 1]
    first, second = choice.options
    assert (first.letter, first.why["height_cm"], first.why["limit_cm"], first.why["basis"]) == ("A", 75, 125, "prakiraan")
    assert first.decide_min < first.depart_min < second.decide_min
    assert choice.chance_ppm == pytest.approx(first.reach_ppm + second.reach_ppm, abs=2)
    assert [rules.day_of(other.depart_min) for other in choice.others] == [3]


def test_raising_the_waves_moves_plan_a_and_in_the_end_no_window_is_safe() -> None:
    low, middle, high = choose(swell(40, 40, 40)), choose(swell(100, 100, 100)), choose(swell(220, 220, 220))
    assert (days(low)[0], low.exception) == (2, "")  # as sure as any other day: the preferred one, without guards on the island
    assert (days(middle), middle.exception) == ([3, 2, 1], "")  # every day counts
    assert high.exception == "no_safe_window"
    assert low.chance_ppm > middle.chance_ppm > high.chance_ppm


def test_a_day_of_the_mainland_is_plan_a_only_where_no_earlier_one_is_calm_and_says_so() -> None:
    choice = choose(swell(300, 300, 60))
    assert (days(choice), choice.exception) == ([1], "no_window_ahead")
    assert choose(swell(300, 90, 60)).exception == ""


def test_without_a_forecast_the_climate_is_assumed_and_without_a_limit_the_advice_for_fishing_boats() -> None:
    first = choose(swell(), fleet=(TRUCK, replace(BOAT, wave_limit_cm=None))).options[0]
    assert (first.why["basis"], first.why["limit_cm"], first.why["limit_known"]) == ("iklim", 125, 0)


def test_a_window_of_the_morning_is_told_apart_from_the_afternoon() -> None:
    waves = (wave(300, 3), wave(300, 2, (0, 10)), wave(60, 2, (10, 24)), wave(300, 1))
    first = choose(reliability.Sea(waves, MIDNIGHT)).options[0]
    assert 10 * 60 - 2 * DAY <= first.depart_min < 11 * 60 - 2 * DAY


def test_hours_of_decision_that_have_passed_are_not_offered() -> None:
    assert days(choose(swell(60, 60, 60, now_min=-2 * DAY + 720))) == [1]
    assert reliability.choices([GOODS], NETWORK, [TRUCK, BOAT], KEEP, swell(60, 60, 60, now_min=-10)) == {}


def test_a_tide_and_a_boat_that_is_too_small_take_options_away() -> None:
    shut = replace(NETWORK, gates=(weather.Gate("D", 2, travel.Opening(0, 60)), weather.Gate("P", 3, travel.Opening(0, 60))))
    found = reliability.options("P", [GOODS], shut, [TRUCK, BOAT], KEEP, swell(60, 60, 60))
    assert {one.day for one in found} == {1}
    assert reliability.options("P", [GOODS], NETWORK, [TRUCK, replace(BOAT, volume_ml=100)], KEEP, swell(60)) == []


def test_two_islands_do_not_count_on_one_boat_at_the_same_hour() -> None:
    sea = rules.SeaLeg("D", "Q", 60, 13_000)
    network = replace(NETWORK, nodes=(*NETWORK.nodes, rules.Node("Q", "Pulau Q", -2.81, 108.4, "pulau")), sea=(*NETWORK.sea, sea))
    other = replace(GOODS, code="Q", place="Q")
    found = reliability.choices([GOODS, other], network, [TRUCK, BOAT], KEEP, swell(100, 100, 100))
    assert (len(found["P"].options), found["Q"].exception) == (3, "shared_boat")
    first, second = (choice.options[0] for choice in found.values())
    assert not (
        first.depart_min < 2 * second.arrive_min - second.depart_min and second.depart_min < 2 * first.arrive_min - first.depart_min
    )
    two = reliability.choices([GOODS, other], network, [TRUCK, BOAT, replace(BOAT, code="B2")], KEEP, swell(100, 100, 100))
    assert {(choice.exception, *(o.boat for o in choice.options)) for choice in two.values()} == {("", *["B1"] * 3), ("", *["B2"] * 3)}


# --- plans -------------------------------------------------------------------------------------------------------------------------------


def propose(sea: reliability.Sea, keep: rules.Rules = KEEP, truck: rules.Vehicle = TRUCK) -> rules.Plan:
    loads = [GOODS, ASHORE]
    plan = routes.plan(loads, NETWORK, [truck, BOAT], keep, seed=1, stop=routes.Stop(iterations=50), sea=sea)
    assert rules.violations(plan, loads, NETWORK, [truck, BOAT], keep) == []
    assert plan.feasible
    return plan


@pytest.mark.parametrize(("heights", "day"), [((220, 75, 110), 2), ((60, 220, 220), 3), ((300, 300, 60), 1), ((300, 300, 300), 1)])
def test_the_plan_sails_on_the_day_of_plan_a_and_keeps_every_rule(heights: tuple[int, ...], day: int) -> None:
    plan = propose(swell(*heights))
    trip = next(trip for trip in plan.trips if trip.vehicle == "B1")
    choice = plan.choices[0]
    assert rules.day_of(trip.depart_min) == rules.day_of(choice.options[0].depart_min)
    assert (trip.depart_min, trip.stops[0].arrive_min) == (choice.options[0].depart_min, choice.options[0].arrive_min)
    assert rules.day_of(trip.depart_min) == day or choice.exception == "no_safe_window"
    assert rules.plan_of(rules.plan_facts(plan)) == plan


def test_a_truck_that_may_drive_in_the_dark_lets_the_boat_leave_at_dawn_with_an_escort() -> None:
    keep = replace(KEEP, dawn_min=330, dusk_min=1080)
    by_day, by_night = propose(swell(220, 75), keep), propose(swell(220, 75), keep, replace(TRUCK, shift_start_min=180, night=True))
    leave = [next(t.depart_min for t in plan.trips if t.vehicle == "B1") for plan in (by_day, by_night)]
    assert leave[1] == 330 - 2 * DAY < leave[0]
    assert [trip.escort for trip in by_night.trips if trip.vehicle == "T1"] == [True, False]  # the mainland is served by day
    assert not any(trip.escort for trip in by_day.trips)


def test_every_load_has_a_chance_and_the_island_has_that_of_its_plans() -> None:
    plan = propose(swell(220, 75, 110))
    found = reliability.arrivals(plan, [GOODS, ASHORE], NETWORK, [TRUCK, BOAT], KEEP)
    assert found["P"] == plan.choices[0].chance_ppm
    assert 990_000 < found["A"] <= 1_000_000
    late = replace(ASHORE, latest_min=plan.arrivals()["A"])
    tight = reliability.arrivals(plan, [GOODS, late], NETWORK, [TRUCK, BOAT], KEEP)["A"]
    assert 400_000 < tight < 600_000


def test_a_plan_without_a_sea_has_no_choices_and_the_hash_it_always_had() -> None:
    plan = routes.plan([GOODS, ASHORE], NETWORK, [TRUCK, BOAT], KEEP, seed=1, stop=routes.Stop(iterations=20))
    assert plan.choices == ()
    assert "choices" not in rules.plan_facts(plan)


# --- several boats -----------------------------------------------------------------------------------------------------------------------


def parts(count: int, volume_ml: int = 2_000_000) -> list[rules.Load]:
    return [replace(GOODS, code=f"P~{n}", tps=(f"P.{n:03d}",), volume_ml=volume_ml) for n in range(1, count + 1)]


NEAR = replace(NETWORK, sea=(rules.SeaLeg("D", "P", 100, 20_000),))
TWO = (TRUCK, BOAT, replace(BOAT, code="B2", name="B2"))


def test_what_no_boat_takes_alone_goes_in_several_that_meet_one_sea() -> None:
    sea = swell(110, 110, 110)
    one = reliability.choices([GOODS], NEAR, TWO, KEEP, sea)["P"].options[0]
    both = reliability.choices(parts(2), NEAR, TWO, KEEP, sea)["P"].options[0]
    assert one.boats == ("B1",)
    assert both.boats == ("B1", "B2")
    assert both.why["calm_ppm"] == pytest.approx(one.why["calm_ppm"], abs=5_000)  # one sea, not two draws
    assert both.why["in_time_ppm"] <= one.why["in_time_ppm"]  # type: ignore[operator]
    weaker = (TRUCK, BOAT, replace(BOAT, code="B2", wave_limit_cm=100))
    assert reliability.choices(parts(2), NEAR, weaker, KEEP, sea)["P"].options[0].why["limit_cm"] == 100


def test_one_boat_comes_back_for_the_rest_and_there_is_no_option_where_the_day_is_too_short() -> None:
    sea = swell(60, 60, 60)
    again = reliability.choices(parts(2), NEAR, (TRUCK, BOAT), KEEP, sea)["P"].options[0]
    assert (again.why["boats"], again.why["crossings"]) == ("B1", 2)
    assert int(again.why["last_min"]) >= again.arrive_min + 200
    assert reliability.choices(parts(2), NETWORK, (TRUCK, BOAT), KEEP, sea) == {}
    assert reliability.choices(parts(1, 4_000_000), NEAR, TWO, KEEP, sea) == {}


@pytest.mark.parametrize("fleet", [TWO, (TRUCK, BOAT)])
def test_a_plan_with_several_crossings_may_be_driven_and_says_what_it_counts_on(fleet: tuple[rules.Vehicle, ...]) -> None:
    loads = [*parts(2), ASHORE]
    plan = routes.plan(loads, NEAR, fleet, KEEP, seed=1, stop=routes.Stop(iterations=60), sea=swell(60, 60, 60))
    assert rules.violations(plan, loads, NEAR, fleet, KEEP) == []
    assert plan.feasible
    sailed = sorted(trip.depart_min for trip in plan.trips if trip.vehicle.startswith("B"))
    option = plan.choices[0].options[0]
    assert (option.why["crossings"], option.depart_min) == (2, sailed[0])
    assert rules.plan_of(rules.plan_facts(plan)) == plan


# --- all islands -------------------------------------------------------------------------------------------------------------------------


def _choice(island: str, *tries: tuple[int, float, float]) -> rules.IslandChoice:
    """A choice with options (minute, edge of the error, chance if it sails)."""
    made = [
        rules.Option(
            "ABC"[n], f"{island}{n}", "D", minute, minute + 60, minute - 60, 0, 0, 0,
            {"calm_ppm": round(NormalDist().cdf(edge) * 1e6), "in_time_ppm": round(sure * 1e6)},
        )
        for n, (minute, edge, sure) in enumerate(tries)
    ]  # fmt: skip
    return rules.IslandChoice(island, tuple(made), 0)


def test_all_islands_on_one_sea_agree_with_draws_and_are_likelier_than_the_product() -> None:
    given_ = [
        _choice("P", (-3000, 0.4, 0.98), (-1500, 0.1, 0.95)), _choice("Q", (-3000, 0.6, 0.97), (-2800, 0.2, 0.97)),
        _choice("R", (-2900, -0.1, 1.0), (-1400, 0.5, 0.9)),
    ]  # fmt: skip
    rng, n = np.random.default_rng(3), 200_000
    tries = sorted((o.depart_min, c.island, o) for c in given_ for o in c.options)
    z, last = rng.standard_normal(n), tries[0][0]
    served = {c.island: np.zeros(n, dtype=bool) for c in given_}
    failed = {c.island: np.zeros(n, dtype=bool) for c in given_}
    for depart, island, option in tries:
        rho = 0.6 ** ((depart - last) / DAY)
        z = rho * z + np.sqrt(1 - rho * rho) * rng.standard_normal(n) if depart > last else z
        last = depart
        sails = (z <= NormalDist().inv_cdf(int(option.why["calm_ppm"]) / 1e6)) & ~served[island] & ~failed[island]
        well = rng.random(n) < int(option.why["in_time_ppm"]) / 1e6
        served[island] |= sails & well
        failed[island] |= sails & ~well
    drawn = np.logical_and.reduce(list(served.values())).mean()
    found = reliability.together(given_)
    assert found is not None
    assert found / 1e6 == pytest.approx(drawn, abs=0.006)
    assert drawn > np.prod([one.mean() for one in served.values()]) + 0.03


def test_one_island_together_is_its_own_chance_and_certain_seas_are_certain() -> None:
    one = choose(swell(110, 120, 90))
    assert reliability.together([one]) == pytest.approx(one.chance_ppm, abs=6_000)
    assert reliability.together([_choice("P", (0, 9.0, 1.0)), _choice("Q", (500, 9.0, 1.0))]) == pytest.approx(1_000_000, abs=5)
    assert reliability.together([_choice("P", (0, 9.0, 1.0)), _choice("Q", (500, -9.0, 1.0))]) == 0
    assert reliability.together([]) is None
    assert reliability.together([_choice(str(n), (n, 0.0, 1.0)) for n in range(11)]) is None


def test_a_boat_that_unloads_longer_leaves_later_for_its_next_crossing() -> None:
    loads = [replace(one, volume_ml=size) for one, size in zip(parts(3), (2_000_000, 2_000_000, 900_000), strict=True)]
    case = reliability.Case("P", tuple(loads), NEAR, (TRUCK, BOAT), KEEP, swell(60, 60, 60))
    first, second = reliability.convoy(case, "D", (BOAT,), -2 * 1440 + 400, 2)
    assert [load.code for load in first.loads] == ["P~1", "P~3"], "the third fits beside the first, when the second has its crossing"
    assert second.depart_min == first.free_min == first.arrive_min + 2 * GOODS.service_min + 100 + KEEP.handover_min
