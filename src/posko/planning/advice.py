"""The next best action: what can still be done, what each thing adds at the same chance, and which to do first.

Every candidate changes the situation (plan, fleet, hours, stock, place) and the case is made and played anew with the same seed, so that a
difference is the action's and not luck's (common random numbers, keyed by way and trip). Order of advice: expected TPS gained per hour of
work and per million rupiah, `worth`. Three are chosen one after the other, each on top of those before it (greedy, evaluated lazily:
Minoux 1978; where actions only get weaker together it is within 1 - 1/e of the best set, Nemhauser, Wolsey and Fisher 1978); a test
compares it with trying all sets.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from posko.domain import distribution, places, travel
from posko.domain import forecast as rules
from posko.planning import forecast, reliability
from posko.planning import program as programs

MILLION_RP = 1_000_000
NIGHT_MIN, STEP_MIN = 180, 60
# How long it takes to arrange, in minutes: assumptions, shown with the action.
WORK_MIN = {
    "leave_earlier": 30, "night_escort": 120, "second_boat": 240, "spare_vehicle": 60, "more_tables": 120, "move_stock": 120,
    "use_pledge": 240, "expedite": 240, "complete_tps": 120, "move_tps": 480, "island_earlier": 180,
}  # fmt: skip
# By air instead of by sea and road; an assumption.
AIR_DAYS = 7
SWAP = travel.Spread(45, 90)
_SHOWN = 12
_TRIED = 24
_TPS_SHOWN = 10
_LEAST_MILLI = 2
# Two-sided 90 % of a standard normal.
_NINETY = 1.6449


@dataclass(frozen=True)
class Means:
    """Something that has no task yet: a vehicle of the fleet, or one that an agency has pledged. cost_rp None: nobody has said."""

    code: str
    name: str
    boat: bool
    cost_rp: int | None
    wave_limit_cm: int | None = None
    pledge: str = ""


# A patrol boat or ferry that somebody would have to lend: how high a sea it may meet is an assumption, its cost is not known.
LARGER = Means("larger", "kapal yang lebih besar", True, None, 250)


@dataclass(frozen=True)
class Situation:
    """What a case is made of, and changes to the case that are no part of the plan."""

    planned: rules.Planned
    tps_list: tuple[places.Tps, ...]
    state: rules.State
    keep: rules.Assumptions = field(default_factory=rules.Assumptions)
    means: tuple[Means, ...] = ()
    movable: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tweaks: tuple[Callable[[rules.Case], rules.Case], ...] = ()

    def case(self) -> rules.Case:
        """The case as it stands after all changes."""
        made = rules.case_of(self.planned, self.tps_list, self.state, self.keep)
        for tweak in self.tweaks:
            made = tweak(made)
        return made


@dataclass(frozen=True)
class Candidate:
    """Something that can be done. uses: what of it can be done once only. by_min: until when it helps as computed."""

    code: str
    subject: str
    facts: tuple[tuple[str, str | int], ...]
    change: Callable[[Situation], Situation]
    cost_rp: int | None
    work_min: int
    by_min: int | None = None
    uses: str = ""


# --- what could be done --------------------------------------------------------------------------------------------------


def candidates(situation: Situation, outlook: rules.Outlook, least_ppm: int = 1000) -> list[Candidate]:
    """What answers a cause that matters: the causes of TPS that are not ready in at least so many of a million cases."""
    blamed: dict[tuple[str, str], int] = {}
    for one in outlook.tps:
        for cause in one.causes:
            blamed[cause.code, cause.subject] = blamed.get((cause.code, cause.subject), 0) + cause.share_ppm
    shares = {key: share for key, share in blamed.items() if share >= least_ppm}
    trips = {trip.code: trip for trip in situation.planned.plan.trips}
    vehicles = {vehicle.code: vehicle for vehicle in situation.planned.fleet}
    found: list[Candidate] = []
    for (code, subject), _ in sorted(shares.items(), key=lambda item: (-item[1], item[0])):
        trip = trips.get(subject)
        if trip is not None and trip.code not in situation.state.departed and trip.vehicle in vehicles:
            found += _for_trip(situation, trip, vehicles[trip.vehicle], code)
        elif code == "work":
            found += _tables(situation, subject)
        elif code == "supply":
            found += [*_stock(situation, subject), *_expedited(situation, subject)]
    found += _earlier_islands(situation, shares, trips)
    found += _larger_everywhere(situation, shares, trips)
    found += _higher_ground(outlook, situation)
    found += _completed(outlook, situation)
    unique: dict[tuple[str, str, tuple[tuple[str, str | int], ...]], Candidate] = {}
    for option in found:
        unique.setdefault((option.code, option.subject, option.facts), option)
    return list(unique.values())[:_TRIED]


def _for_trip(situation: Situation, trip: distribution.Trip, vehicle: distribution.Vehicle, code: str) -> list[Candidate]:
    made = [] if vehicle.boat else [_leave(trip, "leave_earlier", STEP_MIN), _leave(trip, "night_escort", NIGHT_MIN)]
    for means in (*situation.means, LARGER):
        if means.boat and vehicle.boat:
            made.append(_second_boat(situation, trip, means))
        elif not means.boat and not vehicle.boat and code in {"breakdown", "road"}:
            made.append(_spare(trip, means))
    return made


def _shifted(situation: Situation, codes: Iterable[str], minutes: int) -> Situation:
    """Some trips so many minutes earlier."""
    chosen = set(codes)

    def earlier(trip: distribution.Trip) -> distribution.Trip:
        stops = tuple(replace(s, arrive_min=s.arrive_min - minutes, depart_min=s.depart_min - minutes) for s in trip.stops)
        return replace(trip, depart_min=trip.depart_min - minutes, return_min=trip.return_min - minutes, stops=stops)

    plan = situation.planned.plan
    trips = tuple(earlier(trip) if trip.code in chosen else trip for trip in plan.trips)
    return replace(situation, planned=replace(situation.planned, plan=replace(plan, trips=trips)))


def _leave(trip: distribution.Trip, code: str, minutes: int) -> Candidate:
    """The trip leaves earlier; by night only with an escort."""
    facts = (("trip", trip.code), ("vehicle", trip.vehicle), ("minutes", minutes), ("from_min", trip.depart_min))
    change = functools.partial(_shifted, codes=(trip.code,), minutes=minutes)
    work = WORK_MIN[code]
    return Candidate(
        code, trip.code, facts, change, 0 if code == "leave_earlier" else None, work, trip.depart_min - minutes - work, trip.code
    )


def _second_boat(situation: Situation, trip: distribution.Trip, means: Means) -> Candidate:
    """A second boat stands by: it goes when the first breaks down, and when only it may meet the sea."""
    island = next((stop.place for stop in trip.stops if not stop.handover), trip.start)
    node = situation.planned.network.node(island)
    facts = (
        ("trip", trip.code),
        ("island", node.name if node else island),
        ("boat", means.name),
        ("wave_limit_cm", means.wave_limit_cm or 0),
    )
    code = "use_pledge" if means.pledge else "second_boat"
    change = functools.partial(_with_boat, trip=trip, means=means)
    return Candidate(code, trip.code, facts, change, means.cost_rp, WORK_MIN[code], trip.depart_min - WORK_MIN[code], _used(means, trip))


def _used(means: Means, trip: distribution.Trip) -> str:
    """A vehicle stands by once; what has still to be found may be found for every trip."""
    return f"means:{means.code}" if means is not LARGER else f"larger:{trip.code}"


def _with_boat(situation: Situation, trip: distribution.Trip, means: Means) -> Situation:
    def better(vehicle: distribution.Vehicle) -> distribution.Vehicle:
        if vehicle.code != trip.vehicle:
            return vehicle
        limit = max(vehicle.wave_limit_cm or situation.keep.sea.limit_cm, means.wave_limit_cm or situation.keep.sea.limit_cm)
        return replace(vehicle, wave_limit_cm=limit)

    def stands_by(case: rules.Case) -> rules.Case:
        trips = tuple(replace(t, repair=SWAP) if t.code == trip.code else t for t in case.trips)
        return replace(case, trips=trips)

    fleet = tuple(better(vehicle) for vehicle in situation.planned.fleet)
    return replace(situation, planned=replace(situation.planned, fleet=fleet), tweaks=(*situation.tweaks, stands_by))


def _spare(trip: distribution.Trip, means: Means) -> Candidate:
    """A vehicle without a task stands by: the load is shifted when the other breaks down, and a second round need not wait for it."""
    code = "use_pledge" if means.pledge else "spare_vehicle"
    facts = (("vehicle", trip.vehicle), ("spare", means.name), ("trip", trip.code))

    def stands_by(case: rules.Case) -> rules.Case:
        trips = tuple(
            replace(t, repair=SWAP, after="" if t.code == trip.code else t.after) if t.vehicle == trip.vehicle else t for t in case.trips
        )
        return replace(case, trips=trips)

    def change(situation: Situation) -> Situation:
        return replace(situation, tweaks=(*situation.tweaks, stands_by))

    return Candidate(
        code, trip.vehicle, facts, change, means.cost_rp, WORK_MIN[code], trip.depart_min - WORK_MIN[code], f"means:{means.code}"
    )


def _tables(situation: Situation, work_code: str) -> list[Candidate]:
    """Half as many tables again, and twice as many."""
    work = next((one for one in situation.state.works if one.code == work_code), None)
    if work is None:
        return []
    found = []
    for more in sorted({-(-work.tables // 2), work.tables}):
        facts = (("work", work.name), ("tables", work.tables), ("more", more))
        change = functools.partial(_with_tables, work_code=work_code, more=more)
        found.append(Candidate("more_tables", work_code, facts, change, None, WORK_MIN["more_tables"], None, work_code))
    return found


def _with_tables(situation: Situation, work_code: str, more: int) -> Situation:
    def faster(work: rules.Work) -> rules.Work:
        if work.code != work_code:
            return work
        tables = work.tables + more
        jobs = tuple(replace(job, work_sec=-(-job.work_sec * work.tables // tables)) for job in work.jobs)
        return replace(work, jobs=jobs, tables=tables)

    state = replace(situation.state, works=tuple(faster(work) for work in situation.state.works))
    return replace(situation, state=state)


def _stock(situation: Situation, supply: str) -> list[Candidate]:
    """Stock that lies elsewhere fills what a line lacks: the loads it can serve no longer wait for it."""
    named = {one.code: one.name for one in situation.state.supplies}
    found = []
    for code, loads in situation.movable:
        if code == supply and loads:
            facts = (("supply", named.get(code, code)), ("loads", len(loads)))
            change = functools.partial(_with_stock, supply=code, loads=loads)
            found.append(Candidate("move_stock", code, facts, change, None, WORK_MIN["move_stock"], None, f"stock:{code}"))
    return found


def _expedited(situation: Situation, supply: str) -> list[Candidate]:
    """The rest of a line comes by air instead of by sea: so many days earlier (replacements for Belitung did in January 2024)."""
    named = {one.code: one.name for one in situation.state.supplies}
    if supply not in named:
        return []
    facts = (("supply", named[supply]), ("days", AIR_DAYS))
    change = functools.partial(_by_air, supply=supply)
    return [Candidate("expedite", supply, facts, change, None, WORK_MIN["expedite"], None, f"air:{supply}")]


def _by_air(situation: Situation, supply: str) -> Situation:
    def sooner(one: rules.Supply) -> rules.Supply:
        moved = tuple((ppm, max(situation.state.now_min, minute - AIR_DAYS * travel.DAY)) for ppm, minute in one.points)
        return replace(one, points=moved) if one.code == supply else one

    return replace(situation, state=replace(situation.state, supplies=tuple(sooner(one) for one in situation.state.supplies)))


def _with_stock(situation: Situation, supply: str, loads: tuple[str, ...]) -> Situation:
    chosen = set(loads)
    served = {f"pack:{load}" for load in loads}
    needs = {load: tuple(n for n in wanted if not (load in chosen and n == supply)) for load, wanted in situation.state.needs.items()}
    works = tuple(
        replace(work, jobs=tuple(replace(j, after=tuple(a for a in j.after if a != supply)) if j.code in served else j for j in work.jobs))
        for work in situation.state.works
    )
    return replace(situation, state=replace(situation.state, needs=needs, works=works))


def _earlier_islands(situation: Situation, shares: dict[tuple[str, str], int], trips: dict[str, distribution.Trip]) -> list[Candidate]:
    """The islands' goods a day earlier: their boats and the vehicles that bring them to the piers, all that hang together."""
    blamed = [trips[subject] for code, subject in shares if code == "sea" and subject in trips]
    if not blamed:
        return []
    boats = {vehicle.code for vehicle in situation.planned.fleet if vehicle.boat}
    crossing = [trip for trip in situation.planned.plan.trips if trip.vehicle in boats and trip.code not in situation.state.departed]
    loads = {code for trip in crossing for code in trip.loads}
    feeding = [t for t in situation.planned.plan.trips if any(stop.handover and set(stop.loads) & loads for stop in t.stops)]
    codes = tuple(trip.code for trip in (*feeding, *crossing))
    first = min((trip.depart_min for trip in (*feeding, *crossing)), default=0)
    if first - travel.DAY < situation.state.now_min:
        return []
    facts = (("day", distribution.day_of(first) + 1), ("trips", len(codes)))
    change = functools.partial(_shifted, codes=codes, minutes=travel.DAY)
    work = WORK_MIN["island_earlier"]
    return [Candidate("island_earlier", "islands", facts, change, None, work, first - travel.DAY - work, "islands")]


def _larger_everywhere(situation: Situation, shares: dict[tuple[str, str], int], trips: dict[str, distribution.Trip]) -> list[Candidate]:
    """A larger vessel for every crossing: the sea is rough for all at once, so P(all) needs all of them."""
    blamed = [trips[subject] for code, subject in sorted(shares) if code == "sea" and subject in trips]
    if len(blamed) < 2:
        return []
    facts = (("island", f"{len(blamed)} pulau sekaligus"), ("boat", LARGER.name), ("wave_limit_cm", LARGER.wave_limit_cm or 0))
    work = 2 * WORK_MIN["second_boat"]
    first = min(trip.depart_min for trip in blamed)
    change = functools.partial(_with_boats, trips=tuple(blamed))
    return [Candidate("second_boat", "islands", facts, change, None, work, first - work, "larger:islands")]


def _with_boats(situation: Situation, trips: tuple[distribution.Trip, ...]) -> Situation:
    for trip in trips:
        situation = _with_boat(situation, trip, LARGER)
    return situation


def _higher_ground(outlook: rules.Outlook, situation: Situation) -> list[Candidate]:
    """A TPS that a hazard may close is put up elsewhere in its desa."""
    names = {tps.code: f"{tps.name} {tps.desa_name}" for tps in situation.tps_list}
    found = []
    for one in outlook.tps:
        hazards = [cause for cause in one.causes if cause.code == "hazard"]
        if hazards and any(h.place == one.tps for h in situation.state.hazards):
            facts = (("tps", one.tps), ("name", names.get(one.tps, one.tps)))
            change = functools.partial(_moved, tps=one.tps)
            found.append(Candidate("move_tps", one.tps, facts, change, None, WORK_MIN["move_tps"], None, one.tps))
    return found


def _completed(outlook: rules.Outlook, situation: Situation) -> list[Candidate]:
    """What a check found lacking at a TPS is brought there."""
    names = {tps.code: f"{tps.name} {tps.desa_name}" for tps in situation.tps_list}
    lacking = [one.tps for one in outlook.tps if any(cause.code == "check" for cause in one.causes)]
    return [
        Candidate(
            "complete_tps", tps, (("tps", tps), ("name", names.get(tps, tps))), functools.partial(_checked, tps=tps), None,
            WORK_MIN["complete_tps"], situation.planned.deadline_min - WORK_MIN["complete_tps"], tps,
        )
        for tps in lacking[:_TPS_SHOWN]
    ]  # fmt: skip


def _checked(situation: Situation, tps: str) -> Situation:
    checked = {code: ready for code, ready in situation.state.checked.items() if code != tps}
    return replace(situation, state=replace(situation.state, checked=checked))


def _moved(situation: Situation, tps: str) -> Situation:
    hazards = tuple(hazard for hazard in situation.state.hazards if hazard.place != tps)
    return replace(situation, state=replace(situation.state, hazards=hazards))


# --- what it adds --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A situation played: TPS ready per scenario (2^-20), P(all), P(ready) per TPS."""

    ready: NDArray[np.int64]
    all_ppm: int
    tps: dict[str, int]


def played(situation: Situation, scenarios: int, seed: int) -> Played:
    """Plays a situation."""
    made = programs.compiled(situation.case())
    sums = forecast.play(made, scenarios, seed)
    return Played(sums.ready, forecast.all_ppm(sums), forecast.ready_ppm(made, sums))


def gain(before: Played, after: Played, seed: int, input_hash: str) -> rules.Gain:
    """The paired difference with its 90 % interval, and what P(all) gains."""
    count = len(before.ready)
    difference = after.ready - before.ready
    total = int(difference.sum())
    # Whole numbers as long as they can be exact: the square of a difference in 1024ths of a TPS.
    coarse = difference >> 10
    spread = int((coarse * coarse).sum()) * count - int(coarse.sum()) ** 2
    half = round(1000 * _NINETY * math.sqrt(max(0, spread) / (count**2 * max(1, count - 1))) / 1024)
    milli = (total * 1000 + count * forecast.FINE // 2) // (count * forecast.FINE)
    return rules.Gain(milli, milli - half, milli + half, after.all_ppm - before.all_ppm, forecast.METHOD, seed, input_hash)


def worth(found: rules.Gain, candidate: Candidate) -> float:
    """Expected TPS gained (thousandths) per hour of work and per million rupiah; an unknown cost counts as one million, and says so."""
    cost = MILLION_RP if candidate.cost_rp is None else candidate.cost_rp
    return found.ready_milli / (max(candidate.work_min, 15) / 60) / (1 + cost / MILLION_RP)


@dataclass(frozen=True)
class _Tried:
    candidate: Candidate
    gain: rules.Gain
    after: Played

    @property
    def key(self) -> tuple[float, str, str, tuple[tuple[str, str | int], ...]]:
        """Best first, equals in a fixed order."""
        return -worth(self.gain, self.candidate), self.candidate.code, self.candidate.subject, self.candidate.facts


def advise(
    situation: Situation, outlook: rules.Outlook, steps: int = 3, scenarios: int = 10_000, options: Sequence[Candidate] | None = None
) -> tuple[rules.Action, ...]:
    """The actions worth doing: first the next three, each on top of those before, then the others on their own; none that adds nothing."""
    found = list(candidates(situation, outlook) if options is None else options)
    start = played(situation, scenarios, outlook.seed)
    tried = sorted((_try(situation, one, start, scenarios, outlook) for one in found), key=lambda one: one.key)
    tried = [one for one in tried if _counts(one)]
    chosen, rest = _greedy(situation, tried, steps, scenarios, outlook, start)
    midnight_at = situation.planned.midnight_at
    first = [_action(one, midnight_at, base, number) for number, (one, base) in enumerate(chosen, 1)]
    return (*first, *(_action(one, midnight_at, start, 0) for one in rest[: _SHOWN - len(first)]))


def _counts(one: _Tried) -> bool:
    """Whether it adds something that is no luck, and not next to nothing."""
    return one.gain.low_milli > 0 and one.gain.ready_milli >= _LEAST_MILLI


def _try(situation: Situation, one: Candidate, before: Played, scenarios: int, outlook: rules.Outlook) -> _Tried:
    after = played(one.change(situation), scenarios, outlook.seed)
    return _Tried(one, gain(before, after, outlook.seed, outlook.input_hash), after)


def _greedy(
    situation: Situation, tried: Sequence[_Tried], steps: int, scenarios: int, outlook: rules.Outlook, start: Played
) -> tuple[list[tuple[_Tried, Played]], list[_Tried]]:
    """The best, then the best on top of it, and so on. Only what stands in front is tried again: together actions add less, not more."""
    chosen: list[tuple[_Tried, Played]] = []
    here, base, used = situation, start, set[str]()
    pool = list(tried)
    while pool and len(chosen) < steps:
        fresh: set[int] = set() if chosen else {id(one) for one in pool}
        while pool and id(pool[0]) not in fresh:
            again = _try(here, pool.pop(0).candidate, base, scenarios, outlook)
            if _counts(again):
                pool.append(again)
                fresh.add(id(again))
                pool.sort(key=lambda one: one.key)
        if not pool:
            break
        best = pool.pop(0)
        chosen.append((best, base))
        here, base = best.candidate.change(here), best.after
        used |= {best.candidate.uses} - {""}
        pool = [one for one in pool if one.candidate.uses not in used]
    done = {one.candidate.code + one.candidate.subject + str(one.candidate.facts) for one, _ in chosen}
    rest = [one for one in tried if one.candidate.code + one.candidate.subject + str(one.candidate.facts) not in done]
    return chosen, rest


def _action(one: _Tried, midnight_at: datetime, before: Played, step: int) -> rules.Action:
    gains = sorted(((after - before.tps[tps], tps) for tps, after in one.after.tps.items()), key=lambda pair: (-pair[0], pair[1]))
    by_at = None
    if one.candidate.by_min is not None:
        by_at = distribution.instant(midnight_at, one.candidate.by_min)
    facts = {**dict(one.candidate.facts), "step": step}
    return rules.Action(
        one.candidate.code, one.candidate.subject, facts, one.gain, one.candidate.cost_rp, one.candidate.work_min, by_at,
        tuple(tps for added, tps in gains[:_TPS_SHOWN] if added > 0),
    )  # fmt: skip


def best_set(situation: Situation, options: Sequence[Candidate], size: int, scenarios: int, seed: int) -> tuple[tuple[Candidate, ...], int]:
    """The set of so many actions with the largest expected gain (2^-20 TPS, all scenarios), by trying every one: for small cases."""
    start = int(played(situation, scenarios, seed).ready.sum())
    best: tuple[tuple[Candidate, ...], int] = ((), 0)
    for chosen in itertools.combinations(options, size):
        uses = [one.uses for one in chosen if one.uses]
        if len(set(uses)) < len(uses):
            continue
        here = situation
        for one in chosen:
            here = one.change(here)
        added = int(played(here, scenarios, seed).ready.sum()) - start
        if added > best[1]:
            best = (chosen, added)
    return best


def spare_means(planned: rules.Planned, keep: rules.Assumptions) -> tuple[Means, ...]:
    """Vehicles of the fleet without a trip; the cost is the hire of a day and 100 km."""
    busy = {trip.vehicle for trip in planned.plan.trips}
    return tuple(
        Means(
            v.code, v.name, v.boat, v.fixed_cost + 100 * v.cost_per_km or None, (v.wave_limit_cm or keep.sea.limit_cm) if v.boat else None
        )
        for v in planned.fleet
        if v.code not in busy
    )


def outlook_of(situation: Situation, scenarios: int, seed: int, said_at: datetime) -> rules.Outlook:
    """The outlook of a situation with its advice."""
    found = forecast.simulate(situation.case(), scenarios, seed, said_at, situation.planned.midnight_at)
    found = replace(found, islands=tuple(replace(one, plan_ppm=_by_plan(situation, one.island)) for one in found.islands))
    return replace(found, actions=advise(situation, found, scenarios=scenarios))


def _by_plan(situation: Situation, island: str) -> int | None:
    """What an island's plans A, B and C give with the same sea, as the page of the plan reckons it."""
    choice = next((one for one in situation.planned.plan.choices if one.island == island), None)
    sky = reliability.Sea(situation.state.waves, situation.planned.midnight_at, now_min=situation.state.now_min)
    return reliability.reckoned(choice, situation.planned.fleet, sky) if choice else None
