"""Outlooks in the store: made from the record, kept with their seed, old when something moves."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from posko.domain import distribution as road_rules
from posko.domain import forecast as rules
from posko.domain import readiness as readiness_rules
from posko.domain import weather as weather_rules
from posko.domain.record import Actor
from posko.planning import advice, program, reliability, routes
from posko.planning import forecast as forecasts
from posko.server import jobs
from posko.store import distribution, forecast, places, readiness, receipts, record, thresholds, weather
from tests import kept
from tests.store.test_distribution import ANI, AT, ELECTION, make_fleet, make_plan

NEAR = datetime.fromisoformat("2024-02-10T08:00:00+07:00")
HOUR = timedelta(hours=1)
ISLAND = "19.06.01.2010.001"


@pytest.fixture
def planned(db_beltim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "SCENARIOS", 400)
    monkeypatch.setattr(advice, "_TRIED", 3)  # each option is a case of its own; three show the way
    kept.state(("fleet", make_fleet))
    kept.state(("plan", make_plan))


def kept_outlook(at: datetime = AT + HOUR) -> forecast.Stored:
    outlook, plan = forecast.make(ELECTION, at, scenarios=400)
    return forecast.record_outlook(ELECTION, outlook, plan, ANI, at)


def test_without_a_plan_there_is_no_outlook_and_that_is_said(db_beltim: Any) -> None:
    with pytest.raises(rules.NotReady):
        forecast.situation(ELECTION, AT)
    with pytest.raises(rules.NotReady):
        forecast.request_outlook(ELECTION, 1, ANI, AT)
    assert forecast.current(ELECTION, AT) is None


def test_an_outlook_reads_back_as_it_was_made_and_not_before(planned: None) -> None:
    stored = kept_outlook()
    again = forecast.current(ELECTION, AT + HOUR)
    assert again is not None
    assert (again.outlook, again.number, again.plan) == (stored.outlook, 1, 1)
    assert forecast.current(ELECTION, AT) is None
    said = record.leaves(ELECTION, kind="forecast.recorded")[0].facts
    assert (said["all_ppm"], said["seed"], said["input_hash"]) == (stored.outlook.all_ppm, 1, stored.outlook.input_hash)
    assert [past.number for past in forecast.history(ELECTION, AT + HOUR)] == [1]
    assert forecast.trail(ELECTION, ISLAND, AT + HOUR)[0][2] == forecast.by_tps(again, ISLAND).ready_ppm  # type: ignore[union-attr]


def test_the_same_record_and_seed_make_the_same_outlook(planned: None) -> None:
    first, second = (forecast.make(ELECTION, AT + HOUR, scenarios=400)[0] for _ in range(2))
    assert first == second
    assert first != forecast.make(ELECTION, AT + HOUR, seed=2, scenarios=400)[0]


def test_what_nobody_has_ordered_is_awaited_with_an_assumption_that_is_shown(planned: None) -> None:
    found, _ = forecast.situation(ELECTION, AT + HOUR)
    assert {"SURAT_SUARA/PPWP/", "KOTAK//"} <= {supply.code for supply in found.state.supplies}
    assert {work.code for work in found.state.works} == {"sorting", "packing"}
    assert {"supplies_unordered", "sorting_pace", "packing_hour"} <= {one.name for one in found.state.inputs}


def test_a_rough_sea_that_is_recorded_endangers_the_island_and_makes_the_outlook_old(planned: None) -> None:
    stored = kept_outlook()
    assert forecast.stale(stored, ELECTION, AT + HOUR) == ""
    midnight = datetime.fromisoformat("2024-02-14T00:00:00+07:00")
    wave = weather_rules.Wave("19.06", midnight - timedelta(days=4), midnight + timedelta(days=1), 300, NEAR - HOUR, "BMKG")
    before, after = (_ready(at, wave) for at, wave in ((NEAR, None), (NEAR, wave)))
    assert after < before
    assert forecast.stale(stored, ELECTION, NEAR + HOUR) != ""


def _ready(at: datetime, wave: weather_rules.Wave | None) -> int:
    if wave:
        weather.record_waves(ELECTION, [wave], ANI, at)
    outlook, _ = forecast.make(ELECTION, at, scenarios=400)
    case = forecast.situation(ELECTION, at)[0].case()
    return sum(sailing.calm_ppm for trip in case.trips for sailing in trip.sailings) + next(
        one.ready_ppm for one in outlook.tps if one.tps == ISLAND
    )


def test_an_outlook_is_old_with_age_and_sooner_near_the_vote(planned: None) -> None:
    at = AT + timedelta(days=20)
    stored = kept_outlook(at)
    assert forecast.stale(stored, ELECTION, at + forecast.FRESH_FOR) == ""
    assert forecast.stale(stored, ELECTION, at + forecast.FRESH_FOR + HOUR) == "age"


def test_what_came_while_an_outlook_was_computed_or_at_the_same_instant_makes_it_old(planned: None) -> None:
    at = AT + HOUR
    outlook, plan = forecast.make(ELECTION, at, scenarios=400)
    meanwhile = at + timedelta(seconds=5)
    hazard = road_rules.Hazard("19.06.01.2004", "banjir", 90, 300, source="AGHT-1")
    distribution.put_hazard(ELECTION, hazard, ANI, meanwhile)
    stored = forecast.record_outlook(ELECTION, outlook, plan, ANI, at)
    assert stored.occurred_at == meanwhile
    assert forecast.stale(stored, ELECTION, meanwhile) == "hazard.recorded"
    again = kept_outlook(meanwhile)
    assert forecast.stale(again, ELECTION, meanwhile) == ""
    distribution.put_hazard(ELECTION, road_rules.Hazard("19.06.01.2004", "longsor", 60, 300, source="AGHT-2"), ANI, meanwhile)
    assert forecast.stale(again, ELECTION, meanwhile) == "hazard.recorded"


def test_a_road_that_was_closed_after_the_plan_is_not_driven(planned: None) -> None:
    before, _ = forecast.situation(ELECTION, NEAR)
    trucks = {one.code: one.kind for one in before.planned.fleet if not one.boat}
    legs = (leg for trip in before.case().trips if trip.vehicle in trucks for leg in trip.legs[:1] if leg.spread.usual_min > 10)
    leg = next(legs)
    kind, start, end = next(iter(trucks.values())), leg.start, leg.end
    shut = distribution.Disrupted("road", start, end, "", 0, "Dinas PU", NEAR, "")
    distribution.put_disruption(ELECTION, shut, "", ANI, NEAR)
    after, _ = forecast.situation(ELECTION, NEAR)
    usual, round_about = before.planned.network.spread(kind, start, end), after.planned.network.spread(kind, start, end)
    assert usual is not None
    assert round_about is None or round_about.usual_min > usual.usual_min


def test_a_vehicle_taken_out_of_use_brings_nothing(planned: None) -> None:
    stored = distribution.current_plan(ELECTION, NEAR)
    assert stored is not None
    piers = {one.start for one in stored.plan.trips if any(v.boat and v.code == one.vehicle for v in stored.inputs.fleet)}
    trip = next(one for one in stored.plan.trips if any(stop.place in piers and stop.loads for stop in one.stops))
    before, _ = forecast.situation(ELECTION, NEAR)
    assert trip.code in {one.code for one in before.case().trips}
    distribution.retire_vehicle(ELECTION, trip.vehicle, "mesin rusak", ANI, NEAR)
    found, _ = forecast.situation(ELECTION, NEAR)
    assert trip.vehicle not in {one.code for one in found.planned.fleet}
    assert trip.vehicle not in {one.vehicle for one in found.case().trips}
    outlook = {one.tps: one for one in forecast.make(ELECTION, NEAR, scenarios=400)[0].tps}
    left = {tps for load in stored.inputs.loads if load.code in trip.loads for tps in load.tps}
    assert left
    assert {outlook[tps].ready_ppm for tps in left} == {0}, "the boat finds nothing at the pier"


def test_a_hazard_is_met_by_chance_and_a_check_is_believed(planned: None) -> None:
    distribution.put_hazard(ELECTION, road_rules.Hazard("19.06.01.2004", "banjir", 90, 300, source="AGHT-1"), ANI, NEAR)
    yes, no = readiness_rules.Answer.YES, readiness_rules.Answer.NO
    good = readiness_rules.Check("19.06.01.2004.001", yes, (), yes, yes, yes, NEAR, "p-ani", "KPU")
    bad = readiness_rules.Check("19.06.01.2004.002", yes, (), yes, no, yes, NEAR, "p-ani", "KPU")
    readiness.record_checks(ELECTION, [good, bad], NEAR)
    found, _ = forecast.situation(ELECTION, NEAR)
    assert found.state.checked == {good.tps: True, bad.tps: False}
    assert set(found.state.delivered) == {good.tps, bad.tps}
    case = found.case()
    assert [event.ppm for event in case.events] == [300_000]
    assert any(leg.events for trip in case.trips for leg in trip.legs)
    outlook = {one.tps: one for one in forecast.make(ELECTION, NEAR, scenarios=400)[0].tps}
    assert outlook[good.tps].ready_ppm == rules.MILLION
    assert outlook[bad.tps].causes[0].code == "check"


def test_a_request_is_worked_on_once_and_its_failure_is_kept(planned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "clock", lambda _now: AT + HOUR)
    forecast.request_outlook(ELECTION, 1, ANI, AT + HOUR)
    with pytest.raises(rules.AlreadyRequested):
        forecast.request_outlook(ELECTION, 1, ANI, AT + HOUR)
    assert jobs.look_ahead()
    assert not jobs.look_ahead()
    assert forecast.last_request(ELECTION).state == "done"  # type: ignore[union-attr]
    assert forecast.current(ELECTION, AT + HOUR) is not None
    forecast.request_outlook(ELECTION, 1, ANI, AT + HOUR)
    monkeypatch.setattr(forecast, "make", lambda *_: (_ for _ in ()).throw(RuntimeError()))
    assert jobs.look_ahead()
    last = forecast.last_request(ELECTION)
    assert last is not None
    assert (last.state, last.code) == ("failed", "forecast.broken")


def test_r08_speaks_of_places_whose_goods_will_probably_come_late(planned: None, cast: Any) -> None:
    stored = kept_outlook()
    told = forecast.signals(ELECTION, AT + HOUR)
    late = [p for p in stored.outlook.places if p.place.count(".") == 2 and p.before_ppm < 950_000]
    assert {one.subject for one in told} == {f"arrival:{place.place}" for place in late} != set()
    assert all(one.rule == "R08" for one in told)
    voting_day = datetime.fromisoformat("2024-02-14T01:00:00+07:00")
    assert forecast.signals(ELECTION, voting_day) == []
    assert thresholds.limits(ELECTION, "forecast", rules.Limits(), AT) == rules.Limits()
    assert forecast.waiting(cast["ani"], ELECTION, AT + HOUR) == []
    assert [task.kind for task in forecast.waiting(cast["ani"], ELECTION, AT + timedelta(days=9))] == ["forecast.stale"]
    assert forecast.waiting(cast["budi"], ELECTION, AT + timedelta(days=9)) == []


def test_an_actor_is_named_in_the_history(planned: None) -> None:
    outlook, plan = forecast.make(ELECTION, AT + HOUR, scenarios=400)
    forecast.record_outlook(ELECTION, outlook, plan, Actor("p-citra", "KEJARI"), AT + HOUR)
    assert forecast.history(ELECTION, AT + HOUR)[0].person == "p-citra"


def test_what_a_tps_says_moves_its_own_chance_at_once_as_the_next_outlook_will(planned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "tps_needs", lambda _election, _at: {})  # all goods are there: something else decides
    midnight = record.midnight(ELECTION)
    wave = weather_rules.Wave("19.06", midnight - timedelta(days=4), midnight + timedelta(days=1), 150, NEAR - HOUR, "BMKG")
    weather.record_waves(ELECTION, [wave], ANI, NEAR)
    outlook, plan = forecast.make(ELECTION, NEAR, scenarios=400)
    forecast.record_outlook(ELECTION, outlook, plan, ANI, NEAR, seen_leaf=forecast.journal_size())
    ready, lacking, other = ISLAND, "19.06.01.2004.002", "19.06.01.2004.003"
    for tps, said in ((ready, "ready"), (lacking, "not_ready")):
        missing = ("kpps",) if said == "not_ready" else ()
        readiness.record_phone(ELECTION, readiness_rules.Phone(tps, said, missing, NEAR, "p-ani", "KPU"), NEAR)
    found = forecast.lately(ELECTION, NEAR)
    assert found is not None
    assert (found.told, found.waits, found.moved) == ({ready, lacking}, frozenset(), "tps.phoned")
    after = {one.tps: one for one in forecast.make(ELECTION, NEAR, scenarios=400)[0].tps}
    before = {one.tps: one for one in outlook.tps}
    assert found.tps[ready] == after[ready] != before[ready]
    assert found.tps[lacking] == after[lacking] != before[lacking]
    assert found.tps[other] == before[other]
    entry = readiness.phoned(ELECTION, NEAR)[ready].entry_id
    readiness.withdraw_phone(ELECTION, entry, ANI, NEAR)
    again = forecast.lately(ELECTION, NEAR)
    assert again is not None
    assert (again.tps[ready], again.waits) == (before[ready], frozenset()), "the outlook never believed it"


def test_a_chance_that_rested_on_what_was_taken_back_is_unknown_until_the_next_outlook(planned: None) -> None:
    readiness.record_phone(ELECTION, readiness_rules.Phone(ISLAND, "ready", (), NEAR, "p-ani", "KPU"), NEAR)
    stored = kept_outlook(NEAR + HOUR)
    believed = forecast.by_tps(stored, ISLAND)
    assert believed is not None
    assert believed.in_time_ppm == rules.MILLION
    readiness.withdraw_phone(ELECTION, readiness.phoned(ELECTION, NEAR + HOUR)[ISLAND].entry_id, ANI, NEAR + 2 * HOUR)
    found = forecast.lately(ELECTION, NEAR + 2 * HOUR)
    assert found is not None
    assert (ISLAND in found.tps, found.waits, found.told) == (False, {ISLAND}, frozenset())
    readiness.record_phone(ELECTION, readiness_rules.Phone(ISLAND, "ready", (), NEAR + 3 * HOUR, "p-ani", "KPU"), NEAR + 3 * HOUR)
    found = forecast.lately(ELECTION, NEAR + 3 * HOUR)
    assert found is not None
    assert (found.tps[ISLAND], found.waits) == (believed, frozenset())


def test_a_tps_whose_kit_is_split_waits_for_both_halves_and_what_is_in_them(planned: None) -> None:
    found = forecast.situation(ELECTION, NEAR)[0]
    tps = next(load.tps[0] for load in found.planned.loads if len(load.tps) > 2)
    load = next(load for load in found.planned.loads if tps in load.tps)
    trip = next(trip for trip in found.planned.plan.trips if load.code in trip.loads)
    split = road_rules.KitSplit(tps, ((road_rules.BOOTH, 4), (road_rules.BOX, 2)))
    loads, _ = road_rules.kits_split(found.planned.loads, [split], distribution.goods(ELECTION, NEAR), found.planned.rules)
    first, second = f"{tps}:a", f"{tps}:b"
    stop = next(stop for stop in trip.stops if load.code in stop.loads)
    other = replace(trip, stops=tuple(replace(one, loads=(*one.loads, first)) if one == stop else one for one in trip.stops))
    plan = replace(found.planned.plan, trips=tuple(other if one == trip else one for one in found.planned.plan.trips))
    planned = replace(found.planned, loads=tuple(loads), plan=plan)
    goods = forecast._Goods(ELECTION, NEAR, planned, {})
    wanted = receipts.tps_needs(ELECTION, NEAR)[tps]
    assert {key: sum(goods.wanted[half].get(key, 0) for half in (first, second)) for key in wanted} == wanted
    assert goods.needs[first] != goods.needs[second]
    assert f"pack:{second}" in goods.needs[second]
    state = replace(found.state, supplies=tuple(goods.supplies), works=tuple(goods.works), needs=goods.needs)
    case = replace(found, planned=planned, state=state).case()
    station = next(one for one in case.stations if one.tps == tps)
    kit = next(one for one in case.loads if one.code == station.load)
    assert (kit.code, kit.parts) == (f"kit:{tps}", (first, second))
    assert rules.play(case, 1, 1)[kit.code].minute == rules.NEVER, "nobody brings the second"


def test_news_asks_for_one_outlook_and_it_is_made_without_a_person(planned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "clock", lambda _now: NEAR)
    machine = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    monkeypatch.setattr(jobs, "_now", lambda: machine)
    assert forecast.ask_ahead(NEAR, machine) == [ELECTION], "a plan without an outlook"
    assert forecast.ask_ahead(NEAR, machine) == [], "one waits already"
    assert jobs.look_ahead()
    assert forecast.ask_ahead(NEAR, machine + HOUR) == [], "nothing has moved"
    for number in range(3):
        hazard = road_rules.Hazard("19.06.01.2004", "banjir", 90, 300, source=f"AGHT-{number}")
        distribution.put_hazard(ELECTION, hazard, ANI, NEAR)
    assert forecast.ask_ahead(NEAR, machine + timedelta(seconds=90)) == [], "a burst is one outlook"
    assert forecast.ask_ahead(NEAR, machine + HOUR) == [ELECTION]
    monkeypatch.setattr(forecast, "make", lambda *_: (_ for _ in ()).throw(RuntimeError()))
    leaves = record.root()
    assert jobs.look_ahead()
    assert record.root() == leaves, "nobody asked: its failure is no fact"
    assert forecast.ask_ahead(NEAR, machine + 2 * HOUR) == [], "what failed is not tried again for ever"
    distribution.put_hazard(ELECTION, road_rules.Hazard("19.06.01.2004", "longsor", 60, 300, source="AGHT-9"), ANI, NEAR)
    assert forecast.ask_ahead(NEAR, machine + 2 * HOUR) == [ELECTION]
    assert [(one.cause, one.person) for one in forecast.history(ELECTION, NEAR)] == [("plan.recorded", "otomatis")]
    assert forecast.ask_ahead(record.election(ELECTION).voting_at, machine + 9 * HOUR) == []


def test_goods_that_come_late_hold_back_the_loads_that_need_them(planned: None) -> None:
    before, _ = forecast.situation(ELECTION, NEAR)
    load = next(one for one in before.planned.loads if one.pieces)
    item, late_min = load.pieces[0].item, before.planned.deadline_min + 60
    late = distribution.Disrupted("late", "", "", item, late_min, "pemasok", NEAR, "")
    distribution.put_disruption(ELECTION, late, "", ANI, NEAR)
    after, _ = forecast.situation(ELECTION, NEAR)
    assert f"late:{item}" in after.state.needs[load.code]
    said = {one.tps: one for one in forecast.make(ELECTION, NEAR, scenarios=400)[0].tps}
    waiting = {tps for one in after.planned.loads if any(p.item == item for p in one.pieces) for tps in one.tps}
    assert waiting
    assert {said[tps].ready_ppm for tps in waiting} == {0}
    distribution.put_disruption(ELECTION, late, "", ANI, NEAR, ended=True)
    assert not any(supply.code.startswith("late:") for supply in forecast.situation(ELECTION, NEAR)[0].state.supplies)


def test_a_tps_that_has_moved_waits_for_the_way_on_and_on_an_island_for_another_plan(planned: None) -> None:
    near, far, island = "19.06.01.2004.001", "19.06.01.2004.002", "19.06:P01"
    before = {one.tps: one for one in forecast.situation(ELECTION, NEAR)[0].case().stations}
    for tps, to in ((near, "19.06.02.2001"), (far, island)):
        distribution.put_disruption(ELECTION, distribution.Disrupted("moved", tps, to, "", 0, "ppk", NEAR, ""), "", ANI, NEAR)
    case = forecast.situation(ELECTION, NEAR)[0].case()
    after = {one.tps: one for one in case.stations}
    assert after[near].load == before[near].load
    assert after[near].last.usual_min > before[near].last.usual_min
    assert after[far].load == f"tps:{far}"
    assert {one.tps: one.ready_ppm for one in forecast.make(ELECTION, NEAR, scenarios=400)[0].tps}[far] == 0


def test_what_boards_show_is_read_without_the_whole(planned: None) -> None:
    stored, short = kept_outlook(), forecast.brief(ELECTION, AT + HOUR)
    assert short is not None
    assert short.ready_ppm == {one.tps: one.ready_ppm for one in stored.outlook.tps}
    assert (short.all_ppm, short.at_risk, short.said_at) == (stored.outlook.all_ppm, len(stored.outlook.at_risk), stored.said_at)
    assert short.risky == stored.outlook.at_risk[:4]
    forecast.ForecastRow.objects.update(brief={})
    assert forecast.brief(ELECTION, AT + HOUR) == short, "one that was kept before there were short ones"


@pytest.mark.parametrize("height_cm", [None, 110, 150])
def test_the_forecast_gives_an_island_the_chance_that_its_plan_page_gives(db_beltim: Any, height_cm: int | None) -> None:
    """Goods on the island by the end of H-1, for each of the four: within four standard errors of 20,000 scenarios."""
    kept.state(("fleet", make_fleet))
    midnight, given = record.midnight(ELECTION), distribution.inputs(ELECTION, AT)
    issued_at = midnight - timedelta(days=4)
    wave = weather_rules.Wave("19.06", midnight - timedelta(days=4), midnight + timedelta(days=1), height_cm or 0, issued_at, "BMKG")
    waves = (wave,) if height_cm else ()
    sea = reliability.Sea(waves, midnight)
    plan = routes.plan(given.loads, given.network, given.fleet, given.rules, seed=1, stop=routes.Stop(iterations=20), sea=sea)
    planned = rules.Planned(plan, given.loads, given.network, given.fleet, given.rules, midnight)
    case = rules.case_of(planned, places.tps_list(ELECTION), rules.State(-5 * 1440, waves=waves))
    times, _ = forecasts.traced(program.compiled(case), count := 20_000, 3, fused=True)
    at = {load.code: index for index, load in enumerate(case.loads)}
    landed = forecasts.simulate(case, count, 3, issued_at, midnight).islands
    chances = {choice.island: choice.chance_ppm / rules.MILLION for choice in plan.choices}
    assert len(chances) == 4
    assert [reliability.reckoned(choice, given.fleet, sea) for choice in plan.choices] == pytest.approx(
        [choice.chance_ppm for choice in plan.choices], abs=2
    )
    for load in given.loads:
        if load.place in chances:
            share, chance = float((times[:, at[load.code]] <= 0).mean()), chances[load.place]
            assert abs(share - chance) < 4 * (chance * (1 - chance) / count) ** 0.5, (load.place, share, chance)
            assert {one.island: one.before_ppm for one in landed}[load.place] == pytest.approx(1e6 * share, abs=1)
