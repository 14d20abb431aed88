"""The forecast before its judge: what it is told, and what the judgement of a small regency says."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from posko.cli import honesty
from posko.domain import drill as rules
from posko.domain import forecast as forecasts
from posko.domain import places
from posko.planning import drill
from tests.planning import test_drill as judge
from tests.planning import test_routes as tiny

MIDNIGHT = datetime(2024, 2, 13, 17, 0, tzinfo=UTC)
TPS = tuple(
    places.Tps(code, 1, "TPS 001", code.rpartition(".")[0], code[0], "19", "Kec", "reguler", "", False, 0.0, 0.0)
    for code in sorted(judge.STATIONS)
)
PLANNED = forecasts.Planned(judge.PLAN, tuple(tiny.LOADS), tiny.NETWORK, tuple(tiny.FLEET), tiny.KEEP, MIDNIGHT)
FIELD = honesty.Field(PLANNED, TPS, "ab" * 32)


def known(at_min: int, seed: int = 1, **true: float) -> drill.Known:
    return drill.replay(FIELD.world, replace(judge.CALM, **true), seed).known(at_min)  # type: ignore[arg-type]


def test_every_instant_of_every_replay_is_judged_and_repeats() -> None:
    found = honesty.evaluate(FIELD, 4, 3, scenarios=100)
    assert found == honesty.evaluate(FIELD, 4, 3, scenarios=100)
    assert found != honesty.evaluate(FIELD, 4, 4, scenarios=100)
    assert [one.at_min for one in found.judgements] == [-3120, -1080, -240, 270]
    assert all(one.cases == 4 * len(TPS) for one in found.judgements)
    assert len({one.ready for one in found.judgements}) == 1, "the same outcomes at every instant"
    assert all(one.honesty == (rules.Honesty.TOO_FEW,) for one in found.judgements)
    assert found.input_hash == FIELD.input_hash


def test_a_forecaster_learns_as_the_day_comes_nearer() -> None:
    found = honesty.evaluate(honesty.of_scenario("beltim-2024"), 20, 1, scenarios=200)
    first, last = found.judgements[0], found.judgements[-1]
    assert last.brier.value < first.brier.value
    assert last.skill_schedule.value > first.skill_schedule.value
    assert last.brier.value < last.schedule.value
    assert all(one.reliability - one.resolution + one.uncertainty + one.within == one.brier.value for one in found.judgements)


def test_what_has_arrived_is_told_and_what_comes_later_is_not() -> None:
    state = honesty.state_of(PLANNED, known(-240))
    assert set(state.arrived) == {load.code for load in tiny.LOADS}
    assert max(state.arrived.values()) <= -240
    early = honesty.state_of(PLANNED, known(-2200))
    assert "A1" not in early.arrived
    assert not early.delivered
    assert early.needs == {}


def test_a_box_that_is_not_packed_yet_waits_for_the_crew_and_late_goods_for_their_ship() -> None:
    state = honesty.state_of(PLANNED, known(-4 * 1440 + 60, behind=1.0, supply_late=1.0))
    assert {f"kemas:{load.code}" for load in tiny.LOADS} == {job.code for work in state.works for job in work.jobs}
    assert len(state.supplies) == 1
    assert any(job.after for work in state.works for job in work.jobs)
    forecasts.case_of(PLANNED, TPS, state)


def test_what_a_check_saw_is_told_until_it_is_put_right() -> None:
    run = drill.replay(FIELD.world, replace(judge.CALM, kpps_absent=0.6), 2)
    morning = honesty.state_of(PLANNED, run.known(390))
    absent = run.known(390).standing("kpps_absent", "kpps_replaced")
    assert absent
    assert {tps for tps, right in morning.checked.items() if not right} == set(absent) - set(run.known(390).minutes("ready"))
    later = honesty.state_of(PLANNED, run.known(drill.ENDS_MIN))
    assert all(later.checked.values())


def test_a_closed_road_is_a_hazard_from_when_it_was_told_until_it_is_open() -> None:
    run = drill.replay(FIELD.world, replace(judge.CALM, road_cuts=4.0), 3)
    cut = next(event for event in run.log if event.code == "road_cut")
    before, after = run.known(cut.seen_min - 1), run.known(cut.seen_min)
    assert cut.place not in {hazard.place for hazard in honesty.state_of(PLANNED, before).hazards}
    assert cut.place in {hazard.place for hazard in honesty.state_of(PLANNED, after).hazards}
    assert not honesty.state_of(PLANNED, run.known(10 * drill.ENDS_MIN)).hazards


def test_the_goods_of_a_lost_vehicle_come_on_a_trip_of_their_own() -> None:
    for seed in range(40):
        run = drill.replay(FIELD.world, replace(judge.CALM, breakdown_per_hour=1.0, lost_when_broken=1.0), seed)
        lost = [event for event in run.log if event.code == "vehicle_lost"]
        if not lost:
            continue
        known_then = run.known(lost[0].seen_min)
        stands = honesty._as_it_stands(PLANNED, known_then)
        arrived = set(known_then.minutes("load_arrived")) | set(known_then.minutes("at_pier"))
        carried = [code for trip in stands.plan.trips if not trip.vehicle.startswith("B") for code in trip.loads]
        assert len(carried) == len(set(carried)), "nothing travels twice"
        assert set(carried) | arrived >= {load.code for load in tiny.LOADS}
        if any(trip.code.startswith("susulan-") for trip in stands.plan.trips):
            assert honesty.told(FIELD, known_then, 100, 1).keys() == set(judge.STATIONS)
            return
    raise AssertionError("no vehicle was lost with goods on board")


def test_a_tps_seen_ready_is_said_to_be_ready_and_one_that_cannot_be_is_not() -> None:
    run = drill.replay(FIELD.world, judge.CALM, 1)
    said = honesty.told(FIELD, run.known(420), 100, 1)
    ready = run.known(420).minutes("ready")
    assert ready
    assert all(said[tps] == rules.MILLION for tps in ready)


@pytest.mark.parametrize("at_min", honesty.INSTANTS)
def test_any_replay_can_be_told_to_the_forecaster(at_min: int) -> None:
    for seed in range(6):
        run = drill.replay(FIELD.world, drill.truth(np.random.default_rng(seed)), seed)
        said = honesty.told(FIELD, run.known(at_min), 100, 1)
        assert set(said) == set(judge.STATIONS)
        assert all(0 <= ppm <= rules.MILLION for ppm in said.values())
