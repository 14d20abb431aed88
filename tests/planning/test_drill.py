"""The judge: a replayed election keeps to the plan where nothing goes wrong, suffers what is put in, and tells only what people know."""

import ast
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from posko.domain import distribution as rules
from posko.planning import drill
from tests.planning import test_routes as tiny

CALM = drill.Truth(
    road=1.0, rain=0.0, jam=0.0, breakdown_per_hour=0.0, late_driver=0.0, docks=9, behind=0.0, sea_cm=20.0, sea_sway_cm=1.0, boat_lost=0.0,
    setup_min=20.0, seal_per_box=0.0, wrong_dapil=0.0, item_missing=0.0, kpps_absent=0.0, flood_desa=0.0, road_cuts=0.0,
    warehouse_flood=0.0, supply_late=0.0,
)  # fmt: skip
PLAN = tiny.propose()
WORLD = drill.World(PLAN, tuple(tiny.LOADS), tiny.NETWORK, tuple(tiny.FLEET), tiny.KEEP)
STATIONS = {tps for load in tiny.LOADS for tps in load.tps}


def replays(true: drill.Truth, count: int = 12, world: drill.World = WORLD) -> list[drill.Replay]:
    return [drill.replay(world, true, seed) for seed in range(count)]


def not_ready(found: list[drill.Replay]) -> int:
    return sum(not one.in_time(tps) for one in found for tps in one.ready_min)


def codes(found: list[drill.Replay]) -> set[str]:
    return {event.code for one in found for event in one.log}


def no_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = (drill.ENDS_MIN - drill.BEGINS_MIN) // 60 + 1
    monkeypatch.setattr(drill, "_sea", lambda true, _rng: np.full(hours, true.sea_cm))


def test_with_nothing_wrong_every_tps_is_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)
    found = replays(CALM)
    assert all(set(one.ready_min) == STATIONS for one in found)
    assert not_ready(found) == 0


def test_a_tps_opens_its_kit_when_both_halves_are_there() -> None:
    tps = "19.06.01.2001.001"
    load = next(
        one for one in tiny.LOADS if one.tps and one.kind is rules.LoadKind.VILLAGE and any(one.code in t.loads for t in PLAN.trips)
    )
    halves = tuple(replace(load, code=f"{tps}:{letter}", tps=(tps,)) for letter in "ab")
    stops = {
        stop: replace(stop, loads=(*stop.loads, halves[0].code)) for trip in PLAN.trips for stop in trip.stops if load.code in stop.loads
    }
    trips = tuple(replace(trip, stops=tuple(stops.get(stop, stop) for stop in trip.stops)) for trip in PLAN.trips)
    left = rules.Unassigned(halves[1].code, "no_vehicle", {})
    world = replace(WORLD, loads=(*WORLD.loads, *halves), plan=replace(PLAN, trips=trips, unassigned=(*PLAN.unassigned, left)))
    for one in replays(drill.truth(np.random.default_rng(2)), 6, world):
        there = [event.minute for event in one.log if event.code == "load_arrived" and event.subject in {half.code for half in halves}]
        opened = [event.minute for event in one.log if event.code == "goods_at_tps" and event.subject == tps]
        assert len(opened) == (len(there) == 2)
        assert not opened or opened[0] >= max(there)


def test_the_same_seed_gives_the_same_replay() -> None:
    true = drill.truth(np.random.default_rng(3))
    assert drill.replay(WORLD, true, 5) == drill.replay(WORLD, true, 5)
    assert drill.replay(WORLD, true, 5) != drill.replay(WORLD, true, 6)


def test_true_numbers_differ_from_replay_to_replay_and_stay_possible() -> None:
    drawn = [drill.truth(np.random.default_rng(seed)) for seed in range(300)]
    shares = ("rain", "jam", "lost_when_broken", "late_driver", "behind", "boat_lost", "same_day", "warehouse_flood", "supply_late")
    for field in fields(drill.Truth):
        values = [getattr(one, field.name) for one in drawn]
        assert len(set(values)) > 1, field.name
        assert min(values) > 0 if field.name not in {"sea_bias_cm"} else min(values) < 0
        assert field.name not in shares or max(values) < 1


# What is put in -> what the record of it must say.
FAULTS = {
    "seal_per_box": (0.05, {"seal_broken", "seal_replaced"}),
    "wrong_dapil": (0.2, {"wrong_dapil", "exchanged"}),
    "item_missing": (0.3, {"item_missing", "item_came"}),
    "kpps_absent": (0.5, {"kpps_absent", "kpps_replaced"}),
    "flood_desa": (0.8, {"tps_flooded", "tps_moved"}),
    "breakdown_per_hour": (1.5, {"breakdown", "vehicle_lost", "taken_over"}),
    "boat_lost": (1.0, {"boat_lost", "boat_found"}),
    "warehouse_flood": (1.0, {"warehouse_flood"}),
    "supply_late": (1.0, {"supply_late", "supply_came"}),
    "road_cuts": (4.0, {"road_cut", "road_open"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_and_costs_readiness(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)
    much, told = FAULTS[fault]
    found = replays(replace(CALM, **{fault: much}))
    assert told <= codes(found)
    assert not told & codes(replays(CALM))
    if fault in {"wrong_dapil", "kpps_absent", "flood_desa", "boat_lost"}:
        assert not_ready(found) > 0


def test_boats_wait_at_the_pier_for_a_calm_sea(monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)
    rough = replays(replace(CALM, sea_cm=200.0), 4)
    assert "waits_sea" in codes(rough)
    islands = {tps for load in tiny.LOADS if load.kind is rules.LoadKind.ISLAND for tps in load.tps}
    for one in rough:
        assert {tps for tps in STATIONS if one.ready_min[tps] is None} == islands
        assert all(one.goods_min[tps] is None for tps in islands)


def test_a_boat_that_may_meet_more_sails(monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)
    world = replace(WORLD, limit_cm={"B1": 300, "B2": 300})
    assert not_ready(replays(replace(CALM, sea_cm=200.0), 4, world)) == 0


def test_rain_slows_all_roads_of_a_day_together(monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)

    def arrivals(true: drill.Truth) -> dict[str, float]:
        minutes: dict[str, list[int]] = {}
        for one in replays(true, 20):
            for code, minute in one.known(drill.ENDS_MIN).minutes("load_arrived").items():
                minutes.setdefault(code, []).append(minute)
        return {code: float(np.mean(found)) for code, found in minutes.items()}

    dry, wet = arrivals(CALM), arrivals(replace(CALM, rain=1.0, rain_slows=1.7))
    assert all(wet[code] > dry[code] for code in ("A1", "B1", "C1"))


def test_few_docks_make_vehicles_wait() -> None:
    loads = [tiny.load(f"{place}{n}", place, 10) for place in "ABC" for n in range(2)]
    fleet = [tiny.truck(f"T{n}", max_trips=1) for n in range(6)]
    plan = tiny.propose(loads, fleet)
    world = drill.World(plan, tuple(loads), tiny.NETWORK, tuple(fleet), tiny.KEEP)

    def last(docks: int) -> float:
        return float(np.mean([max(one.known(0).minutes("departed").values()) for one in replays(replace(CALM, docks=docks), 8, world)]))

    assert len(plan.trips) > 2
    assert last(1) > last(9) + tiny.KEEP.loading_min


def test_a_vehicle_that_is_lost_is_replaced_and_its_goods_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    no_storm(monkeypatch)
    found = replays(replace(CALM, breakdown_per_hour=0.6, lost_when_broken=1.0), 20)
    lost = [one for one in found if "vehicle_lost" in {event.code for event in one.log}]
    assert lost
    arrived = [set(one.known(drill.ENDS_MIN).minutes("load_arrived")) for one in lost]
    assert any(len(codes_) == len(tiny.LOADS) for codes_ in arrived)


def test_nothing_is_known_before_it_is_told() -> None:
    one = drill.replay(WORLD, replace(CALM, road_cuts=5.0, breakdown_per_hour=0.5), 2)
    late = [event for event in one.log if event.seen_min > event.minute]
    assert late
    for at_min in (-2400, -1080, 0, 300):
        known = one.known(at_min)
        assert all(event.seen_min <= at_min for event in known.events)
        assert all(wave.issued_min <= at_min for wave in known.waves)
        assert set(known.events) == {event for event in one.log if event.seen_min <= at_min}
    assert not one.known(drill.BEGINS_MIN - 1).events


def test_wave_forecasts_are_near_the_sea_and_worse_with_lead() -> None:
    near, far = [], []
    for seed in range(60):
        one = drill.replay(WORLD, replace(CALM, sea_cm=100.0, sea_sway_cm=30.0), seed)
        by_time: dict[tuple[int, int], int] = {}
        for wave in one.waves:
            if wave.place == "D" and wave.issued_min == wave.from_min:
                by_time[wave.from_min, wave.until_min] = wave.height_cm
        for wave in one.waves:
            if wave.place == "D" and (wave.from_min, wave.until_min) in by_time:
                lead = wave.from_min - wave.issued_min
                gap = abs(wave.height_cm - by_time[wave.from_min, wave.until_min])
                (near if 0 < lead <= rules.DAY else far if lead > 2 * rules.DAY else []).append(gap)
    assert np.mean(near) < np.mean(far)


def test_what_the_plan_leaves_behind_is_brought_when_a_vehicle_is_free() -> None:
    plan = replace(
        PLAN,
        trips=tuple(trip for trip in PLAN.trips if "C1" not in trip.loads),
        unassigned=(rules.Unassigned("C1", "not_enough", {}),),
    )
    one = drill.replay(replace(WORLD, plan=plan), CALM, 1)
    assert "C1" in one.known(drill.ENDS_MIN).minutes("follow_up")


def test_the_judge_shares_nothing_with_the_forecaster() -> None:
    for name in ("drill", "honesty"):
        source = (Path(drill.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        seen = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
        named = {alias.name for node in seen for alias in node.names} | {
            node.module or "" for node in seen if isinstance(node, ast.ImportFrom)
        }
        assert not {part for part in named if "forecast" in part or "travel" in part or "weather" in part}
