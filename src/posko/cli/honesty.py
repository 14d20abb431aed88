"""posko gladi uji: the forecast says, at several instants of many replayed elections, what it would have said; the judge knows what came.

The forecaster sees what a post would know by then (`drill.Known`) and its own assumed numbers, never the true ones of the replay.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from posko.cli import installation
from posko.cli.installation import ROOT, fail, say
from posko.domain import distribution, places, travel, weather
from posko.domain import drill as rules
from posko.domain import forecast as forecasts
from posko.formats import drill as words
from posko.formats import text
from posko.planning import drill, forecast, honesty, program

WIB = timezone(timedelta(hours=7), "WIB")
DAY = distribution.DAY
INSTANTS = (-3 * DAY + 20 * 60, -DAY + 6 * 60, -DAY + 20 * 60, 4 * 60 + 30)
"""H-3 20.00, H-1 06.00, H-1 20.00, H 04.30."""
SCENARIOS = 400
"""Per forecast. The error of 400 scenarios is small beside that of the replays; the last way is not drawn but computed."""
FORECASTER = "planning.forecast"
_ITERATIONS = 200
# What the forecaster assumes of things that the judge draws: ours, as a post would have to.
_PACE_SEC = 72
_ROAD_CUT_MIN = 120
_BOAT_AWAY_MIN = 300
_TAKE_OVER_MIN = 120
# The judge's: what a boat bears in truth whose owner has not said.
_LIMIT_CM = 150
# What is seen at a TPS and not yet put right: begun by the first event, ended by the second.
_FAULTS = (
    ("seal_broken", "seal_replaced"), ("item_missing", "item_came"), ("wrong_dapil", "exchanged"), ("kpps_absent", "kpps_replaced"),
    ("tps_flooded", "tps_moved"),
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """What is judged: a plan with what it was made from, and the TPS."""

    planned: forecasts.Planned
    tps_list: tuple[places.Tps, ...]
    input_hash: str

    @property
    def world(self) -> drill.World:
        """The same for the judge."""
        plan = self.planned
        limits = {v.code: v.wave_limit_cm for v in plan.fleet if v.wave_limit_cm is not None}
        return drill.World(plan.plan, plan.loads, plan.network, plan.fleet, plan.rules, limits, _LIMIT_CM)


def evaluate(field: Field, replays: int, seed: int, scenarios: int = SCENARIOS, instants: Sequence[int] = INSTANTS) -> rules.Evaluation:
    """Every instant of every replay. Same field, replays, seed and scenarios: the same figures."""
    stations = sorted({tps for load in field.planned.loads for tps in load.tps})
    said = np.zeros((len(instants), replays, len(stations)), dtype=np.int64)
    ready = np.zeros((replays, len(stations)), dtype=np.bool_)
    for number in range(replays):
        one = drill.replay(field.world, drill.truth(np.random.default_rng([seed, number])), seed * 1_000_003 + number)
        ready[number] = [one.in_time(tps, field.planned.deadline_min) for tps in stations]
        for row, at_min in enumerate(instants):
            heard = told(field, one.known(at_min), scenarios, seed * 1_000_003 + number)
            said[row, number] = [heard[tps] for tps in stations]
    arrivals = field.planned.plan.arrivals()
    late = {tps for load in field.planned.loads if arrivals.get(load.code, ENDS) > field.planned.deadline_min for tps in load.tps}
    on_time = np.array([tps not in late for tps in stations])
    judged = tuple(honesty.judge(at_min, said[row], ready, on_time, seed=seed) for row, at_min in enumerate(instants))
    return rules.Evaluation(FORECASTER, seed, replays, scenarios, len(stations), field.input_hash, judged)


ENDS = drill.ENDS_MIN


def told(field: Field, known: drill.Known, scenarios: int, seed: int) -> dict[str, int]:
    """What the forecaster says about every TPS with what is known: ppm."""
    planned = _as_it_stands(field.planned, known)
    case = forecasts.case_of(planned, field.tps_list, state_of(planned, known))
    made = program.compiled(case)
    return forecast.ready_ppm(made, forecast.play(made, scenarios, seed))


def state_of(planned: forecasts.Planned, known: drill.Known) -> forecasts.State:
    """What a post has in its record at that instant."""
    arrived, ready = known.minutes("load_arrived"), known.minutes("ready")
    lacking = {tps for begins, ends in _FAULTS for tps in known.standing(begins, ends)}
    supplies, works, needs = _warehouse(planned, known, set(arrived))
    cut = known.standing("road_cut", "road_open")
    midnight = planned.midnight_at

    def at(minute: int) -> datetime:
        return distribution.instant(midnight, minute)

    trips = {trip.code for trip in planned.plan.trips}
    return forecasts.State(
        now_min=known.at_min,
        supplies=supplies,
        works=works,
        needs=needs,
        arrived=arrived,
        departed={code: minute for code, minute in known.minutes("departed").items() if code in trips},
        delivered=known.minutes("goods_at_tps"),
        checked={**dict.fromkeys(ready, True), **dict.fromkeys(lacking - set(ready), False)},
        hazards=tuple(distribution.Hazard(place, "jalan putus", _ROAD_CUT_MIN, 1000, "", f"kabar:{place}") for place in sorted(cut)),
        waves=tuple(weather.Wave(w.place, at(w.from_min), at(w.until_min), w.height_cm, at(w.issued_min), "tiruan") for w in known.waves),
        inputs=(forecasts.Assumed("stock", "assumed_packed", travel.Basis.ASSUMED),),
    )


def _warehouse(
    planned: forecasts.Planned, known: drill.Known, arrived: set[str]
) -> tuple[tuple[forecasts.Supply, ...], tuple[forecasts.Work, ...], dict[str, tuple[str, ...]]]:
    """What is not packed yet is packed by one crew in the order of departure; what waits for late goods waits for them."""
    packed = {event.subject for event in known.events if event.code == "packed"} - set(known.standing("held_up", "packed"))
    late = known.standing("supply_late", "supply_came")
    now = known.at_min
    supplies = tuple(
        forecasts.Supply(f"susulan:{place}", place, ((0, now), (500_000, now + DAY), (900_000, now + 2 * DAY), (950_000, now + 3 * DAY)))
        for place in sorted(late)
    )
    departs = {code: trip.depart_min for trip in sorted(planned.plan.trips, key=lambda t: -t.depart_min) for code in trip.loads}
    waiting = sorted(
        (load for load in planned.loads if load.code not in packed and load.code not in arrived),
        key=lambda load: (departs.get(load.code, 0), load.code),
    )
    jobs = []
    for load in waiting:
        after = tuple(f"susulan:{place}" for place in sorted(late) if any(tps.startswith(place) for tps in load.tps))
        jobs.append(forecasts.Job(f"kemas:{load.code}", after, load.boxes * _PACE_SEC))
    hours = travel.Opening(0, DAY) if now >= -DAY + 12 * 60 else travel.Opening(6 * 60, 22 * 60)  # in the last night nobody goes home
    works = (forecasts.Work("kemas", "pengepakan", tuple(jobs), travel.Spread(1000, 1500), hours),) if jobs else ()
    return supplies, works, {load.code: (f"kemas:{load.code}",) for load in waiting}


def _as_it_stands(planned: forecasts.Planned, known: drill.Known) -> forecasts.Planned:
    """The plan with what is known to have gone otherwise: loads left behind or on a lost vehicle come on a trip of their own, later."""
    arrived = set(known.minutes("load_arrived")) | set(known.minutes("at_pier"))
    gone, lost = known.minutes("departed"), known.minutes("vehicle_lost")
    away = known.standing("boat_lost", "boat_found")
    stranded = {
        code
        for trip in planned.plan.trips
        if trip.vehicle in lost and gone.get(trip.code, drill.BEGINS_MIN) <= lost[trip.vehicle]
        for code in trip.loads
    }
    left = (stranded | set(known.minutes("left_behind"))) - arrived
    boats = {vehicle.code for vehicle in planned.fleet if vehicle.boat}
    trips = []
    for trip in planned.plan.trips:
        if trip.vehicle in away and trip.code not in gone:
            trip = replace(trip, depart_min=max(trip.depart_min, known.at_min + _BOAT_AWAY_MIN))  # noqa: PLW2901
        if left and trip.vehicle not in boats:
            stops = tuple(replace(stop, loads=tuple(code for code in stop.loads if code not in left)) for stop in trip.stops)
            trip = replace(trip, stops=stops)  # noqa: PLW2901
        trips.append(trip)
    return replace(planned, plan=replace(planned.plan, trips=(*trips, *_after(planned, known, left))))


def _after(planned: forecasts.Planned, known: drill.Known, left: set[str]) -> list[distribution.Trip]:
    """A trip for every load that was left, each on a vehicle that may be free by then (assumed: some time to find one)."""
    road = sorted((v for v in planned.fleet if not v.boat and v.code not in known.minutes("vehicle_lost")), key=lambda v: v.code)
    found = []
    for number, load in enumerate(load for load in planned.loads if load.code in left):
        goal = next((s.place for t in planned.plan.trips for s in t.stops if load.code in s.loads and s.handover), load.place)
        depart = known.at_min + _TAKE_OVER_MIN + planned.rules.loading_min
        vehicle = road[number % len(road)]
        stop = distribution.Stop(goal, (load.code,), depart, depart, goal != load.place)
        # A vehicle code of its own: it does not wait for the trips of the vehicle it is modelled on.
        found.append(distribution.Trip(f"susulan-{load.code}", vehicle.code, vehicle.start, depart, (stop,), depart, 0))
    return found


# --- where the field comes from ------------------------------------------------------------------------------------------


def of_scenario(name: str) -> Field:
    """The plan of a scenario folder, as `posko forecast` makes it."""
    from posko.cli import plan as planner
    from posko.formats import scenario
    from posko.planning import routes

    folder: Path = ROOT / "scenarios" / name
    facts = scenario.read(folder)
    chosen = next(iter(facts.elections.values()))
    case = planner.read_case(folder, facts, chosen.election.code)
    made = routes.plan(case.loads, case.network, case.fleet.vehicles, case.fleet.rules, seed=1, stop=routes.Stop(iterations=_ITERATIONS))
    midnight = chosen.election.voting_at.astimezone(WIB).replace(hour=0, minute=0, second=0, microsecond=0)
    fleet = tuple(case.fleet.vehicles)
    planned = forecasts.Planned(made, tuple(case.loads), case.network, fleet, case.fleet.rules, midnight)
    return Field(planned, tuple(chosen.tps_list), distribution.inputs_hash(case.loads, case.network, fleet, case.fleet.rules))


def of_installation(election: str, at: datetime) -> Field | None:
    """The plan in force; None without one."""
    from posko.store import distribution as plans
    from posko.store import places as stations

    stored = plans.current_plan(election, at)
    if stored is None:
        return None
    given = stored.inputs
    planned = forecasts.Planned(stored.plan, given.loads, given.network, given.fleet, given.rules, stored.midnight_at)
    return Field(planned, tuple(stations.tps_list(election)), stored.input_hash)


def run(replays: int, seed: int, scenario: str, *, keep: bool, as_json: bool) -> int:
    """Judges, prints, and with `keep` records it in the installation, where the page shows it."""
    if not keep:
        found = evaluate(of_scenario(scenario), replays, seed)
        _print(found, as_json)
        return 0
    var = installation.var_folder()
    installation.need_installation(var)
    installation.start()
    from posko.store import drill as store
    from posko.store import record

    at = record.clock(datetime.now(UTC))
    elections = [one.code for one in record.elections()]
    field = of_installation(elections[0], at) if elections else None
    if field is None:
        fail("Belum ada rencana distribusi di pemasangan ini; susun dulu di halaman Distribusi.")
    found = evaluate(field, replays, seed)
    store.record_evaluation(elections[0], found, store.ACTOR, at)
    _print(found, as_json)
    if not as_json:
        say("Dicatat; lihat halaman Kejujuran prakiraan.")
    return 0


VERDICTS: Mapping[rules.Honesty, str] = {
    rules.Honesty.FAIR: "jujur sejauh dapat dilihat",
    rules.Honesty.OPTIMISTIC: "terlalu optimistis",
    rules.Honesty.PESSIMISTIC: "terlalu pesimistis",
    rules.Honesty.OVERCONFIDENT: "terlalu yakin",
    rules.Honesty.UNDERCONFIDENT: "terlalu hati-hati",
    rules.Honesty.TOO_FEW: "terlalu sedikit ulangan untuk menilai",
}


def _print(found: rules.Evaluation, as_json: bool) -> None:
    if as_json:
        body: dict[str, Any] = {**rules.evaluation_facts(found), "marks": ["SIMULASI", "ASUMSI"]}
        print(json.dumps(body, ensure_ascii=False, indent=2))
        return
    say(f"[SIMULASI] {found.replays} pemilu tiruan × {found.tps} TPS, benih {found.seed}, {found.scenarios} skenario per prakiraan")
    say(f"  {'saat':<10} {'siap':>8}  {'Brier prakiraan':<26} {'rata-rata':>9} {'jadwal':>9}  {'unggul atas rata-rata':<24} putusan")
    for one in found.judgements:
        brier = _interval(one.brier, 1e6, 4)
        skill = f"{_interval(one.skill_base, 1e4, 1)} %"
        base, schedule = (text.desimal(score.value / 1e6, 4) for score in (one.base, one.schedule))
        share = text.persen(one.ready / one.cases, 2)
        verdict = ", ".join(VERDICTS[word] for word in one.honesty)
        say(f"  {words.moment_text(one.at_min):<10} {share:>8}  {brier:<26} {base:>9} {schedule:>9}  {skill:<24} {verdict}")
    say("  Dalam kurung: rentang 95 % atas pemilu tiruan. Hakimnya simulator, bukan kenyataan.")


def _interval(score: rules.Score, unit: float, places_: int) -> str:
    value, low, high = (text.desimal(part / unit, places_) for part in (score.value, score.low, score.high))
    return f"{value} ({low} – {high})"
