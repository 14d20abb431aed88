"""The forecast: kernel, plain numpy and the rule agree to the minute; a seed is an answer; probabilities are what they should be."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posko.domain import forecast as rules
from posko.domain import travel
from posko.planning import forecast, program, reliability, routes
from tests.planning import test_reliability as boats

AT = datetime(2024, 2, 13, 12, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 13, 17, tzinfo=UTC)
SURE = travel.Spread(60, 60)
DAYS = travel.Opening(480, 960)


def hard_case(**changes: Any) -> rules.Case:
    """Two trucks, a boat, work that waits for goods, a road that closes, a load nobody brings, one that is there."""
    road = travel.Spread(40, 70)
    trips = (
        rules.Trip("T1-1", "T1", -900, (
            rules.Leg("G", "A", road, 10, ("a",), ("rain",)), rules.Leg("A", "B", road, 10, ("b",), ("flood",)), rules.Leg("B", "G", road),
        ), ("a", "b"), 45, leave_by_min=200, breakdown_ppm=200_000),
        rules.Trip("T2-1", "T2", -1300, (rules.Leg("G", "P", road, 15, ("i",)), rules.Leg("P", "G", road)), ("i",), 45, 0),
        rules.Trip("T1-2", "T1", -600, (rules.Leg("G", "C", travel.Spread(60, 300), 10, ("c",), ("rain", "flood")),),
            ("c",), 45, 390, "T1-1"),
        rules.Trip("K1-1", "K1", -1200, (
            rules.Leg("P", "I", travel.Spread(90, 120), 5, ("i",), opens=((-1300, -1080), (-1000, -700), (400, 2000))),
            rules.Leg("I", "P", SURE),
        ), ("i",), 30, sailings=(
            rules.Sailing(0, -1200, -1100, 500_000), rules.Sailing(0, -1099, -900, 700_000, 0, -1200),
            rules.Sailing(1, -800, -700, 400_000, 25), rules.Sailing(2, 330, 340, 700_000),
        ), breakdown_ppm=50_000),
    )  # fmt: skip
    loads = (
        rules.Load("a", "A", "A", ("pack:a",)),
        rules.Load("b", "B", "B", ("pack:b", "ink")),
        rules.Load("c", "C", "C", ("pack:c", "glue")),
        rules.Load("i", "I", "I", ("ink",)),
        rules.Load("n", "N", "N"),
        rules.Load("d", "D", "D", arrived_min=-300),
    )
    spread = [travel.Spread(45, 90), travel.Spread(20, 45), travel.Spread(0, 0)]
    stations = tuple(
        rules.Station(f"{load.code}{n}", load.code, f"desa {load.code}", "1" if load.code < "c" else "2", load.code, spread[n],
            (rules.Fault("tps", load.code, 1000 * n), rules.Fault("check", load.code, 20_000)), checked=load.code == "d" and n == 0)
        for load in loads for n in range(3) if load.code != "n"
    )  # fmt: skip
    return rules.Case(
        now_min=-4000,
        deadline_min=420,
        supplies=(
            rules.Supply("ink", "tinta", ((50_000, -2000), (500_000, -1500), (900_000, -600), (950_000, 300))),
            rules.Supply("sheets", "surat suara", ((0, -3000), (1_000_000, -1800))),
            rules.Supply("sheets2", "surat suara dapil 2", ((500_000, -3900), (500_000, -2500), (990_000, -1400)), lot="truk"),
            rules.Supply("glue", "lem", ((900_000, -3000), (1_000_000, -1500)), lot="truk"),
        ),
        works=(
            rules.Work("sorting", "sortir", (
                rules.Job("sort:1", ("sheets",), 36_000), rules.Job("sort:2", ("sheets2",), 20_000),
            ), travel.Spread(1000, 1400), DAYS),
            rules.Work("packing", "pengepakan", (
                rules.Job("pack:a", ("sort:1",), 4000), rules.Job("pack:b", ("sort:1", "sort:2"), 3000),
                rules.Job("pack:c", ("sort:1",), 5000),
            ), travel.Spread(1000, 2000), travel.Opening(420, 1320)),
        ),
        loads=loads,
        trips=trips,
        stations=stations,
        events=(rules.Event("rain", "hujan", 300_000, 45), rules.Event("flood", "banjir", 100_000, rules.NEVER)),
    )  # fmt: skip


def with_kits(case: rules.Case) -> rules.Case:
    """The same case with TPS whose kits travel in two: both on the road, one at sea, one half that nobody brings, one that is there."""
    pairs = (("a", "c"), ("i", "b"), ("n", "a"), ("d", "c"))
    kits = tuple(rules.Load(f"kit:{a}{b}", a, a, parts=(a, b)) for a, b in pairs)
    stations = tuple(rules.Station(f"k{kit.place}", kit.code, "desa k", "1", kit.code, travel.Spread(45, 90)) for kit in kits)
    return replace(case, loads=(*case.loads, *kits), stations=(*case.stations, *stations))


def fates(case: rules.Case, made: program.Compiled, seed: int, number: int) -> list[tuple[int, rules.Link]]:
    played = rules.play(case, seed, number)
    return [(played[load.code].minute, played[load.code].link) for load in case.loads]


@pytest.mark.parametrize("fused", [True, False])
def test_the_kernel_and_plain_numpy_follow_the_rule_to_the_minute(fused: bool) -> None:
    case = with_kits(hard_case())
    made = program.compiled(case)
    times, links = forecast.traced(made, 300, 7, fused=fused)
    for number in range(300):
        found = [(int(t), made.links[n]) for t, n in zip(times[number], links[number], strict=True)]
        assert found == fates(case, made, 7, number)
    seen = {made.links[n].code for n in links.ravel()}
    assert {"supply", "work", "road", "breakdown", "sea", "gate", "hazard", "unplanned"} <= seen, "the case must exercise every link"


def test_the_kernel_and_plain_numpy_leave_the_same_sums() -> None:
    case = with_kits(hard_case())
    made = program.compiled(replace(case, stations=tuple(one for one in case.stations if one.load in {"a", "c", "d", "kit:ac", "kit:dc"})))
    fused, plain = (forecast.play(made, 5000, 3, fused=way) for way in (True, False))
    for name in ("hist", "weight", "alls", "before", "ready"):
        assert np.array_equal(getattr(fused, name), getattr(plain, name)), name
    assert 0 < fused.easy == plain.easy < 5000


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-3000, 600), min_size=3, max_size=3),
    st.integers(0, 1_000_000),
    st.integers(-4000, 0),
    st.integers(0, 2**63),
    st.booleans(),
)
def test_any_case_is_played_alike(points: list[int], calm: int, now: int, seed: int, departed: bool) -> None:
    case = hard_case()
    supplies = (rules.Supply("ink", "tinta", tuple(zip((0, 400_000, 900_000), sorted(points), strict=True))), *case.supplies[1:])
    boat = replace(case.trips[3], sailings=tuple(replace(s, calm_ppm=calm) for s in case.trips[3].sailings))
    trips = (replace(case.trips[0], departed=departed, planned_min=-5000 if departed else -900), *case.trips[1:3], boat)
    changed = replace(case, supplies=supplies, trips=trips, now_min=now)
    made = program.compiled(changed)
    for fused in (True, False):
        times, links = forecast.traced(made, 5, seed, fused=fused)
        for number in range(5):
            assert [(int(t), made.links[n]) for t, n in zip(times[number], links[number], strict=True)] == fates(
                changed, made, seed, number
            )


@lru_cache
def whole(seed: int = 1, fused: bool | None = None) -> rules.Outlook:
    made = program.compiled(hard_case())
    return forecast.outlook(made, forecast.play(made, 4000, seed, fused=fused), seed, AT, MIDNIGHT)


def test_a_seed_is_an_answer_with_and_without_numba() -> None:
    assert whole(1) == whole(1, fused=False)
    assert whole(1) != whole(2)
    assert whole(1).input_hash == whole(2).input_hash


def test_a_kit_in_two_parts_is_there_when_both_are() -> None:
    case = with_kits(hard_case())
    times, _ = forecast.traced(program.compiled(case), 400, 3, fused=True)
    at = {load.code: times[:, index] for index, load in enumerate(case.loads)}
    for load in case.loads:
        if load.parts:
            assert np.array_equal(at[load.code], np.max([at[part] for part in load.parts], axis=0)), load.code
    assert (at["kit:na"] >= rules.NEVER).all(), "a half that nobody brings is missing"
    with pytest.raises(rules.BadCase):
        replace(case, loads=case.loads[::-1])


def test_a_seed_gives_the_numbers_it_gave_when_this_was_written() -> None:
    found = whole(1)
    assert (found.all_ppm, found.not_ready_milli, found.tps[-1].ready_ppm) == PINNED


def test_causes_add_up_to_what_is_missing_and_places_to_their_tps() -> None:
    found = whole()
    for one in found.tps:
        assert one.ready_ppm + sum(cause.share_ppm for cause in one.causes) == rules.MILLION, one
    region = found.places[-1]
    assert abs(region.not_ready_milli - found.not_ready_milli) <= 1 + len(found.tps) // 1000
    assert region.all_ppm == found.all_ppm <= min(place.all_ppm for place in found.places)
    assert sum(place.not_ready_milli for place in found.places if place.place.startswith("desa")) == pytest.approx(
        region.not_ready_milli, abs=6
    )


def one_way(left: int, last: travel.Spread, faults: tuple[rules.Fault, ...] = (), checked: bool = False) -> rules.Outlook:
    """One TPS whose goods are in the desa so many minutes before the deadline."""
    station = rules.Station("t", "TPS", "d", "k", "a", last, faults, checked)
    case = rules.Case(-1000, 420, (), (), (rules.Load("a", "A", "A", arrived_min=420 - left),), (), (station,))
    return forecast.simulate(case, 10, 1, AT, MIDNIGHT)


@pytest.mark.parametrize("left", [0, 10, 45, 60, 90, 200])
def test_the_last_way_is_computed_not_drawn(left: int) -> None:
    last = travel.Spread(45, 90)
    assert one_way(left, last).all_ppm == pytest.approx(1e6 * last.within(left), abs=2)


def test_faults_of_a_tps_multiply_and_a_check_ends_them() -> None:
    faults = (rules.Fault("tps", "t", 100_000), rules.Fault("hazard", "h", 200_000))
    found = one_way(500, travel.Spread(0, 0), faults)
    assert found.tps[0].ready_ppm == pytest.approx(720_000, abs=1)
    assert {cause.code for cause in found.tps[0].causes} == {"tps", "hazard"}
    assert one_way(500, travel.Spread(0, 0), faults, checked=True).all_ppm == rules.MILLION
    assert one_way(-1, travel.Spread(0, 0), checked=True).all_ppm == 0, "goods that come late are late, whatever was seen"


def test_times_are_drawn_from_the_log_normal_curve() -> None:
    """Kolmogorov distance of 200,000 draws from the curve, tails included; at 1.63 / sqrt(n) one fair generator in a hundred fails."""
    count, spread = 200_000, travel.Spread(1000, 1400)
    case = rules.Case(
        -9999,
        0,
        (),
        (),
        (rules.Load("a", "A", "A"),),
        (rules.Trip("T", "T", 0, (rules.Leg("G", "A", travel.Spread(100_000, 140_000), 0, ("a",)),), ("a",)),),
        (),
    )
    times, _ = forecast.traced(program.compiled(case), count, 11, fused=True)
    drawn = np.sort(times[:, 0]) / 100_000
    normal = NormalDist()
    expected = np.array([normal.cdf(np.log(x) / spread.sigma) for x in drawn[:: count // 2000]])
    ranks = np.arange(0, count, count // 2000) / count
    assert np.abs(expected - ranks).max() < 1.63 / count**0.5
    assert drawn[-1] > np.exp(spread.sigma * 4), "the tail is not cut off"


def test_draws_of_neighbouring_scenarios_and_names_are_uniform_and_unrelated() -> None:
    names = [f"leg:{a}>{b}" for a in range(8) for b in range(8)]
    bits = np.array([[rules.draw(rules.case_seed(1, n), name) >> 48 for name in names] for n in range(1024)], dtype=np.float64) / 65536
    counts = np.histogram(bits, bins=64, range=(0, 1))[0]
    chi = ((counts - bits.size / 64) ** 2 / (bits.size / 64)).sum()
    assert 30 < chi < 104, "63 degrees of freedom, 0.1 % on either side"
    matrix: Any = np.corrcoef(bits, rowvar=False)
    related = matrix[np.triu_indices(len(names), 1)] * 1024**0.5
    assert abs(related.mean()) < 0.1
    assert 0.9 < related.std() < 1.1


def test_two_cases_meet_the_same_chance_where_they_are_alike() -> None:
    case = hard_case()
    early = replace(case, trips=(replace(case.trips[0], planned_min=-1000), *case.trips[1:]))
    before, after = (forecast.traced(program.compiled(one), 200, 5, fused=True)[0] for one in (case, early))
    boat = [load.code for load in case.loads].index("i")
    assert np.array_equal(before[:, boat], after[:, boat])
    assert (after <= before).all()


def test_a_rougher_sea_can_only_hurt_the_island() -> None:
    case, ready = hard_case(), []
    for calm in (900_000, 600_000, 200_000, 0):
        boat = replace(case.trips[3], sailings=tuple(replace(s, calm_ppm=calm) for s in case.trips[3].sailings))
        found = forecast.simulate(replace(case, trips=(*case.trips[:3], boat)), 2000, 1, AT, MIDNIGHT)
        ready.append({one.tps: one.ready_ppm for one in found.tps}["i0"])
    assert ready == sorted(ready, reverse=True)
    assert ready[-1] == 0 < ready[0]


def test_without_scenarios_that_wait_nothing_is_divided_by_nought() -> None:
    case = rules.Case(0, 420, (), (), (), (), ())
    found = forecast.simulate(case, 100, 1, AT, MIDNIGHT)
    assert (found.all_ppm, found.not_ready_milli, found.tps) == (rules.MILLION, 0, ())


def test_what_comes_in_one_lot_comes_or_fails_together() -> None:
    curve = ((500_000, -300), (1_000_000, 500))
    supplies = tuple(rules.Supply(code, code, curve, lot) for code, lot in (("a", "truk"), ("b", "truk"), ("c", "")))
    loads = tuple(rules.Load(code, code, code, (code,)) for code in "abc")
    trips = tuple(rules.Trip(code, code, -400, (rules.Leg("G", code, travel.Spread(1, 1), 0, (code,)),), (code,)) for code in "abc")
    case = rules.Case(-1000, 420, supplies, (), loads, trips, ())
    times, _ = forecast.traced(program.compiled(case), 4000, 2, fused=True)
    early = times < 0
    assert np.array_equal(times[:, 0], times[:, 1])
    assert early[:, 0].mean() == pytest.approx(early[:, 2].mean(), abs=0.03), "its own chance is as it was"
    assert (early[:, 0] & early[:, 2]).mean() == pytest.approx(early[:, 0].mean() ** 2, abs=0.03)


@pytest.mark.parametrize("persistence", [0, 600, 999])
def test_the_sea_of_the_forecast_is_the_one_that_plans_reckon_with(persistence: int) -> None:
    """P(A fails, B fails, C is calm) of the kernel and of the plan's quadrature, within four standard errors of 40,000 scenarios."""
    hours, calms = (-2500, -1300, -1000), (500_000, 550_000, 450_000)
    sailings = tuple(rules.Sailing(n, hour, hour, calm) for n, (hour, calm) in enumerate(zip(hours, calms, strict=True)))
    trip = rules.Trip("K", "K", hours[0], (rules.Leg("P", "I", travel.Spread(10, 10), 0, ("i",)),), ("i",), sailings=sailings)
    case = rules.Case(-9000, 420, (), (), (rules.Load("i", "I", "I"),), (trip,), (), persistence_permille=persistence)
    times, _ = forecast.traced(program.compiled(case), 40_000, 5, fused=True)
    edges = [NormalDist().inv_cdf(calm / rules.MILLION) for calm in calms]
    for hour, chance in zip(hours, reliability.first_calm(edges, hours, persistence), strict=True):
        share = float((times[:, 0] == hour + 10).mean())
        assert abs(share - chance) < 4 * (max(chance * (1 - chance), 1e-4) / 40_000) ** 0.5, hour


@pytest.mark.parametrize("fleet", [boats.TWO, (boats.TRUCK, boats.BOAT)])
def test_crossings_that_go_together_decide_together(fleet: tuple[Any, ...]) -> None:
    loads, sea = [*boats.parts(2), boats.ASHORE], boats.swell(110, 110, 110)
    plan = routes.plan(loads, boats.NEAR, fleet, boats.KEEP, seed=1, stop=routes.Stop(iterations=60), sea=sea)
    planned = rules.Planned(plan, tuple(loads), boats.NEAR, fleet, boats.KEEP, sea.midnight_at)
    case = rules.case_of(planned, (), rules.State(-5 * travel.DAY, waves=sea.waves))
    times, _ = forecast.traced(program.compiled(case), 20_000, 1, fused=True)
    there = times[:, [index for index, load in enumerate(case.loads) if load.place == "P"]] <= 0
    chance = plan.choices[0].chance_ppm / rules.MILLION
    assert there.shape[1] == 2
    assert there.all(axis=1).mean() == pytest.approx(chance, abs=0.015), "one sea, one decision, as the plan reckons"


PINNED = (135_146, 5_214, 1_000_000)
