"""Stage forecast: the case of the present from the record, requests for outlooks, outlooks.

An outlook never changes; the one in force is the latest. It is made outside any transaction from what was known at an instant, and kept
with its seed and the hash of its case, so that anybody can make it again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import distribution as road_rules
from posko.domain import forecast as rules
from posko.domain import pledges as pledge_rules
from posko.domain import readiness as readiness_rules
from posko.domain import record as facts
from posko.domain import sorting as sorting_rules
from posko.domain import travel
from posko.formats import receipts as printed
from posko.planning import advice
from posko.store import (
    custody,
    distribution,
    packing,
    places,
    pledges,
    readiness,
    receipts,
    record,
    sorting,
    thresholds,
    transfers,
    weather,
)

SEED, SCENARIOS = 1, 10_000
# Assumptions, each shown with the forecast. Sheets sorted and folded per person and day: Banyumas 2024 some 300, Kepulauan Seribu 470,
# Bekasi 500. Boxes packed per table and hour: Pringsewu 2017 packed 821 TPS in a week.
SHEETS_PER_DAY, SORTERS = 400, 60
BOXES_PER_HOUR, TABLES = 6, 10
SORTING_HOURS, PACKING_HOURS = travel.Opening(480, 960), travel.Opening(480, 1020)
PACE = (1000, 1400)
# What nobody has ordered yet is taken to be ordered now: days until it is here, one in twenty, even chances, nineteen in twenty.
UNORDERED_DAYS, UNORDERED = (20, 30, 50), "belum dipesan"
# An outlook is old after so long, and earlier when something it rests on has changed.
FRESH_FOR, FRESH_NEAR = timedelta(days=3), timedelta(hours=12)
NEAR = timedelta(days=7)
_FEW_DESA = 5
_FEW_TPS, _FEW_ACTIONS = 4, 3
# After news an outlook is made of itself, at the soonest so long after the one before (of the machine's time): a burst of hand-overs is
# one outlook, and far from the vote nobody needs one a minute. By how far the vote is.
QUIET = ((timedelta(hours=30), timedelta(seconds=20)), (NEAR, timedelta(minutes=2)), (timedelta.max, timedelta(minutes=15)))
AUTOMATIC = facts.Actor("otomatis", "KPU")
_PACKED_FROM_RECORD = 50

# Entries after which an outlook no longer says how things stand.
MOVING = (
    "plan.recorded", "hazard.recorded", "hazard.ended", "wave.recorded", "wave.withdrawn", "opening.set", "way.timed", "way.withdrawn",
    "road.closed", "road.opened", "stock.delayed", "stock.arrived", "tps.moved", "tps.returned",
    "vehicle.added", "vehicle.changed", "vehicle.retired", "handling.set", "receipt.recorded", "receipt.accepted", "receipt.corrected",
    "order.placed", "order.moved", "orders.imported", "shipment.announced", "shipment.arrived", "carton.closed", "tps.checked",
    "tps.phoned", "tps.phone_withdrawn",
    "box.sealed", "box.opened", "box.resealed", "box.given_up", "box.reopened", "boxes.prepared", "kit.split", "kit.joined",
    "needs.computed", "box.loaded", "box.handed_over", "box.refused", "box.damaged", "trip.departed", "trip.arrived",
    "custody.corrected", "load.split", "load.joined", "tps.listed", "dpt.imported", "carton.result_corrected",
    "carton.closing_undone", "claim.filed", "claim.answered", "shipment.misdirected", "misdirection.decided",
    "rate.set", "team.formed", "pledge.offered", "transfer.sent", "transfer.received", "transfer.corrected", "transfer.cancelled",
)  # fmt: skip


# What TPS say of themselves: their own chance follows at once (`lately`).
_FROM_TPS = ("tps.checked", "tps.phoned", "tps.phone_withdrawn")

Order = list[tuple[str, tuple[str, ...]]]
"""Loads with their TPS, in the order of loading."""


class ForecastRow(models.Model):
    """An outlook. brief: what boards, bars and lists show of it, so that no page reads the whole for three numbers. seen_leaf: the size of
    the journal when it was read. cause: the kind of entry after which it was made of itself, "" where a person asked.
    """

    election = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    outlook = models.JSONField()
    brief = models.JSONField(default=dict)
    seen_leaf = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=60, blank=True)
    plan = models.PositiveIntegerField()
    input_hash = models.CharField(max_length=64)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "forecast_outlook"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="forecast_outlook_number"),)


class ForecastRequestRow(models.Model):
    """An outlook to be made. State is the worker's progress, not a fact: queued | running | done | failed.

    cause: the kind of entry after which it is made of itself, "" where a person asked (only that is a fact); seen_leaf: the journal then.
    """

    election = models.CharField(max_length=40)
    state = models.CharField(max_length=10, default="queued")
    seed = models.PositiveIntegerField()
    code = models.CharField(max_length=60, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    seen_leaf = models.BigIntegerField(null=True)
    outlook = models.ForeignKey(ForecastRow, on_delete=models.PROTECT, related_name="+", null=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "forecast_request"


@dataclass(frozen=True)
class Stored:
    """A recorded outlook; plan: number of the plan it looked at."""

    number: int
    outlook: rules.Outlook
    plan: int
    mark: str
    person: str
    occurred_at: datetime
    entry_id: str
    seen_leaf: int | None = None
    cause: str = ""

    @property
    def said_at(self) -> datetime:
        """Of which instant it speaks."""
        return self.outlook.said_at


@dataclass(frozen=True)
class Brief:
    """What boards and lists show of a recorded outlook. risky: TPS named first; before_ppm: by place; ready_ppm: by TPS."""

    number: int
    plan: int
    mark: str
    cause: str
    said_at: datetime
    occurred_at: datetime
    entry_id: str
    seen_leaf: int | None
    all_ppm: int
    not_ready_milli: int
    at_risk: int
    risky: tuple[rules.TpsOutlook, ...]
    actions: tuple[rules.Action, ...]
    before_ppm: Mapping[str, int]
    ready_ppm: Mapping[str, int]


@dataclass(frozen=True)
class Request:
    """A request and how far it is."""

    id: int
    election: str
    state: str
    seed: int
    code: str
    actor: facts.Actor
    occurred_at: datetime
    cause: str = ""


# --- the case of the present ---------------------------------------------------------------------------------------------


def situation(election: str, at: datetime) -> tuple[advice.Situation, int]:
    """Everything that chance needs, as it is known at an instant, and the number of the plan in force. NotReady."""
    stored = distribution.current_plan(election, at)
    held = record.election(election)
    if stored is None or at >= held.voting_at:
        raise rules.NotReady(what="plan" if stored is None else "voting")
    given = stored.inputs
    deadline_min = _minute(held.voting_at, stored.midnight_at)
    fleet = _fleet(given.fleet, distribution.vehicle_states(election, at))
    # The roads and the hours of the piers as they are today, with none of the ways that were reckoned for the plan.
    told = distribution.disruptions(election, at)
    shut = [one for one in told if one.kind == "road"]
    network = replace(
        given.network,
        closures=tuple(road_rules.Closure(one.place, one.to, one.source) for one in shut),
        gates=tuple(weather.openings(election, at)),
    )
    planned = rules.Planned(stored.plan, given.loads, network, fleet, given.rules, stored.midnight_at, deadline_min)
    keep = rules.Assumptions()
    stations = tuple(places.tps_list(election))
    goods = _Goods(election, at, planned, {one.item: one.ready_min for one in told if one.kind == "late"})
    state = rules.State(
        now_min=_minute(at, stored.midnight_at),
        supplies=tuple(goods.supplies),
        works=tuple(goods.works),
        needs=goods.needs,
        hazards=tuple(distribution.hazards(election, at)),
        waves=tuple(weather.waves(election, at)),
        moved={one.place: one.to for one in told if one.kind == "moved"},
        inputs=tuple(goods.inputs),
    )
    state = _seen(election, at, planned, state)
    means = (*advice.spare_means(planned, keep), *_pledged(election, at, planned))
    return advice.Situation(planned, stations, state, keep, means, goods.movable), stored.number


def _minute(moment: datetime, midnight_at: datetime) -> int:
    return int((moment - midnight_at).total_seconds() // 60)


def _fleet(planned: Iterable[road_rules.Vehicle], now: Iterable[distribution.VehicleState]) -> tuple[road_rules.Vehicle, ...]:
    """The vehicles of the plan as they are described today, and those that came since; without those that were taken out of use: what
    they were to bring is brought by nobody until there is another plan.
    """
    states = list(now)
    out = {state.vehicle.code for state in states if state.retired}
    today = {state.vehicle.code: state.vehicle for state in states if not state.retired}
    before = {vehicle.code: vehicle for vehicle in planned if vehicle.code not in out}
    return tuple(today.get(code, before.get(code, today.get(code))) for code in sorted({*before, *today}))  # type: ignore[misc]


def _pledged(election: str, at: datetime, planned: rules.Planned) -> list[advice.Means]:
    """Vehicles and boats that an agency has promised for the days of distribution, and that are not given back or withdrawn."""
    begins, ends = (road_rules.instant(planned.midnight_at, minute) for minute in (-3 * travel.DAY, planned.deadline_min))
    kinds = {pledge_rules.Kind.VEHICLE, pledge_rules.Kind.BOAT}
    return [
        advice.Means(one.code, f"{one.owner} {one.asset}", one.kind is pledge_rules.Kind.BOAT, 0, None, one.code)
        for one in pledges.listing(election, at)
        if one.kind in kinds and one.live and one.from_at < ends and begins < one.until_at
    ]


class _Goods:
    """What loads wait for: lines still to come, sheets to sort, boxes to pack; with the assumptions that stand behind."""

    def __init__(self, election: str, at: datetime, planned: rules.Planned, late: Mapping[str, int]) -> None:
        self.at, self.planned, self.election, self.late = at, planned, election, late
        self.wanted = receipts.tps_needs(election, at)
        self.inputs: list[rules.Assumed] = []
        self.supplies: list[rules.Supply] = []
        self.works: list[rules.Work] = []
        self.needs: dict[str, tuple[str, ...]] = {}
        self.movable: tuple[tuple[str, tuple[str, ...]], ...] = ()
        order = _in_order(planned)
        self.wanted |= _halves(planned, self.wanted)
        self._coming()
        waiting = rules.waits(order, self.wanted, receipts.accepted(election, at))
        self.sealed_at: list[datetime] = []
        left = self._boxes(order)
        self._packing(order, waiting, left, self._sorting(order, left))
        self._movable(order, waiting)

    def _coming(self) -> None:
        """Lines that are not complete, with the forecast of their arrival."""
        named = {demand.key: demand for demand in receipts.demands(self.election, self.at)}
        used = {key for wants in self.wanted.values() for key in wants}
        unknown = [d for d in named.values() if d.critical and d.quantity is None]
        uncovered = 0
        for question, outlook in receipts.outlook(self.election, self.at):
            if question.key not in used or outlook.verdict in {"complete", "unknown"}:
                continue
            demand = named[question.key]
            times = [outlook.early_at, outlook.expected_at, outlook.late_at]
            if outlook.verdict == "uncovered":
                uncovered += 1
                times = [self.at + timedelta(days=days) for days in UNORDERED_DAYS]
            minutes = [None if t is None else _minute(t, self.planned.midnight_at) for t in times]
            name = printed.line_name(demand.name, demand.contest, demand.dapil)
            lot = UNORDERED if outlook.verdict == "uncovered" else question.lot
            self.supplies.append(replace(rules.supply(_code(question.key), name, *minutes), lot=lot))
        self.inputs.append(rules.Assumed("supplies", str(len(self.supplies)), travel.Basis.SOURCED))
        if self.supplies:
            lots = len({supply.lot for supply in self.supplies})
            self.inputs.append(rules.Assumed("supply_lots", str(lots), travel.Basis.ASSUMED))
        items = {demand.item: demand.name for demand in named.values()}
        for item, ready_min in sorted(self.late.items()):
            self.supplies.append(rules.Supply(_late(item), items.get(item, item), ((rules.MILLION, ready_min),)))
        if self.late:
            self.inputs.append(rules.Assumed("supplies_late", str(len(self.late)), travel.Basis.SOURCED))
        if uncovered:
            days = f"{uncovered}: {UNORDERED_DAYS[1]}/{UNORDERED_DAYS[2]}"
            self.inputs.append(rules.Assumed("supplies_unordered", days, travel.Basis.ASSUMED))
        if unknown:
            self.inputs.append(rules.Assumed("supplies_unknown", str(len(unknown)), travel.Basis.ASSUMED))

    def _boxes(self, order: Order) -> dict[str, int]:
        """Boxes of each load that are not sealed yet."""
        boxes = [box for box in packing.boxes(self.election, self.at) if box.contest]
        self.sealed_at = [box.sealed_at for box in boxes if box.sealed_at]
        sealed: dict[str, int] = {}
        for box in boxes:
            sealed[box.tps] = sealed.get(box.tps, 0) + (box.sealed_at is not None)
        wanted = {load.code: load.boxes for load in self.planned.loads}
        for code, _ in order:
            tps, _, half = code.partition(":")
            if half and road_rules.other_part(code):  # what is sealed of a kit leaves with the half that leaves first
                sealed[code] = min(wanted[code], sealed.get(tps, 0))
                sealed[tps] = sealed.get(tps, 0) - sealed[code]
        return {code: max(0, wanted[code] - sum(sealed.get(tps, 0) for tps in tps_list)) if tps_list else 0 for code, tps_list in order}

    def _sorting(self, order: Order, left: Mapping[str, int]) -> dict[str, list[str]]:
        """The work of sorting and folding for boxes that are still open: one job a design; which loads wait for which."""
        ballots = {tps: {key: n for key, n in wants.items() if key[1]} for tps, wants in self.wanted.items()}
        need, used = _sums(ballots, order, lambda code: left[code] > 0), _sums(ballots, order, lambda code: left[code] == 0)
        good = {(p.contest, p.dapil): p.good for p in sorting.progress(self.election, self.at)}
        sound = {key: max(0, good.get((key[1], key[2]), 0) - used.get(key, 0)) for key in need}
        waiting = rules.waits([(code, tps_list) for code, tps_list in order if left[code]], ballots, sound)
        pace = sorting_rules.pace(sorting.team_days(self.election, self.at))
        people = sum(team.size for team in sorting.teams(self.election, self.at)) or SORTERS
        per_day, spread = (pace.mean, _pace(pace.mean / pace.low)) if pace else (SHEETS_PER_DAY, travel.Spread(*PACE))
        basis = travel.Basis.MEASURED if pace else travel.Basis.ASSUMED
        day_sec = (SORTING_HOURS.until_min - SORTING_HOURS.from_min) * 60
        coming = {supply.code for supply in self.supplies}
        jobs = [
            rules.Job(
                f"sort:{_code(key)}",
                (_code(key),) if _code(key) in coming else (),
                round((need[key] - sound[key]) * day_sec / (per_day * people)),
            )
            for key in sorted(need)
            if need[key] > sound[key]
        ]
        if jobs:
            self.works.append(rules.Work("sorting", "sortir dan lipat", tuple(jobs), spread, SORTING_HOURS, people))
            self.inputs.append(rules.Assumed("sorting_pace", str(round(per_day)), basis))
            self.inputs.append(
                rules.Assumed("sorting_people", str(people), travel.Basis.ASSUMED if people == SORTERS else travel.Basis.SOURCED)
            )
        made = {job.code for job in jobs}
        return {load: [f"sort:{_code(key)}" for key in keys if f"sort:{_code(key)}" in made] for load, keys in waiting.items()}

    def _packing(
        self, order: Order, waiting: Mapping[str, tuple[rules.Key, ...]], left: Mapping[str, int], sorted_by: Mapping[str, list[str]]
    ) -> None:
        """One job a load, for its open boxes; what lies inside them is waited for by the job, the booths by the load."""
        per_hour, basis = _packed_per_hour(self.sealed_at, self.at)
        coming = {supply.code for supply in self.supplies}
        jobs = []
        missing = {load.code: _lacking(load, self.late) for load in self.planned.loads}
        for code, _ in order:
            late = missing.get(code, ())
            awaited = [(key, _code(key)) for key in waiting[code] if _code(key) in coming]
            inside = tuple(name for key, name in awaited if key[0] != road_rules.BOOTH)
            outside = tuple(name for key, name in awaited if key[0] == road_rules.BOOTH)
            if left[code]:
                inside = (*inside, *(_late(item) for item in late if item != road_rules.BOOTH))
                jobs.append(rules.Job(f"pack:{code}", (*inside, *sorted_by[code]), round(left[code] * 3600 / per_hour)))
                self.needs[code] = (f"pack:{code}", *outside, *map(_late, late))
            else:
                self.needs[code] = (*outside, *map(_late, late))
        if jobs:
            self.works.append(rules.Work("packing", "pengepakan", tuple(jobs), travel.Spread(*PACE), PACKING_HOURS, TABLES))
            self.inputs.append(rules.Assumed("packing_hour", str(round(per_hour)), basis))
        if self.sealed_at:
            self.inputs.append(rules.Assumed("packed", str(len(self.sealed_at)), travel.Basis.MEASURED))

    def _movable(self, order: Order, waiting: Mapping[str, tuple[rules.Key, ...]]) -> None:
        """Pieces that TPS hold beyond their need, and the loads that wait for such a line and could be served with them."""
        spare: dict[rules.Key, int] = {}
        for holding in transfers.holdings(self.election, self.at):
            count = holding.count
            beyond = holding.available - (self.wanted.get(count.tps, {}).get((count.item, count.contest, count.dapil), 0))
            key = (count.item, count.contest, count.dapil)
            spare[key] = spare.get(key, 0) + max(0, beyond)
        found = []
        for key, pieces in sorted(spare.items()):
            left, served = pieces, []
            for code, tps_list in order:
                wants = sum(self.wanted.get(tps, {}).get(key, 0) for tps in tps_list)
                if key in waiting[code] and wants <= left:
                    served.append(code)
                    left -= wants
            if served:
                found.append((_code(key), tuple(served)))
        self.movable = tuple(found)


def _sums(wanted: Mapping[str, Mapping[rules.Key, int]], order: Order, chosen: Callable[[str], bool]) -> dict[rules.Key, int]:
    """Pieces by line of the chosen loads."""
    found: dict[rules.Key, int] = {}
    for code, tps_list in order:
        if chosen(code):
            for tps in tps_list:
                for key, pieces in wanted.get(tps, {}).items():
                    found[key] = found.get(key, 0) + pieces
    return found


def _late(item: str) -> str:
    return f"late:{item}"


def _lacking(load: road_rules.Load, late: Mapping[str, int]) -> tuple[str, ...]:
    """What of a load is told to come late; a plan made before knows nothing of it, one made since counts on the same minute."""
    return tuple(item for item in sorted(late) if item == load.code or any(p.item == item and p.quantity for p in load.pieces))


def _code(key: rules.Key) -> str:
    return "/".join(key)


def _pace(ratio: float) -> travel.Spread:
    return travel.Spread(1000, max(1000, round(1000 * ratio)))


def _halves(planned: rules.Planned, wanted: Mapping[str, Mapping[rules.Key, int]]) -> dict[str, dict[rules.Key, int]]:
    """By load what the halves of split kits hold of what their TPS needs."""
    loads = {load.code: load for load in planned.loads}
    found: dict[str, dict[rules.Key, int]] = {}
    for code, load in loads.items():
        other = road_rules.other_part(code)
        if other in loads and code < other:
            shares = rules.divided(wanted.get(load.tps[0], {}), (load, loads[other]))
            found |= dict(zip((code, other), shares, strict=True))
    return found


def _in_order(planned: rules.Planned) -> Order:
    """Loads with their TPS in the order in which they leave; what no trip takes comes last. Half a kit is a TPS of its own."""
    leaves = {code: trip.depart_min for trip in sorted(planned.plan.trips, key=lambda t: -t.depart_min) for code in trip.loads}
    ordered = sorted(planned.loads, key=lambda load: (leaves.get(load.code, rules.NEVER), load.code))
    codes = {load.code for load in ordered}
    return [(load.code, (load.code,) if road_rules.other_part(load.code) in codes else load.tps) for load in ordered]


def _packed_per_hour(sealed_at: list[datetime], at: datetime) -> tuple[float, travel.Basis]:
    """Boxes sealed per working hour on the days of the last week on which any were, if enough were; else the assumption."""
    lately = [moment for moment in sealed_at if at - timedelta(days=7) < moment <= at]
    days = {record.local_date(moment) for moment in lately}
    if len(lately) < _PACKED_FROM_RECORD or len(days) < 2:
        return float(BOXES_PER_HOUR * TABLES), travel.Basis.ASSUMED
    hours = (PACKING_HOURS.until_min - PACKING_HOURS.from_min) / 60
    return len(lately) / (len(days) * hours), travel.Basis.MEASURED


def _seen(election: str, at: datetime, planned: rules.Planned, state: rules.State) -> rules.State:
    """What has been seen on the way and at the TPS: hand-overs, departures, checks."""
    heard = _heard(election, at)
    delivered = {tps: _minute(moment, planned.midnight_at) for tps, moment in heard.there.items()}
    checked = heard.checked
    arrived = {
        load.code: max(delivered[tps] for tps in load.tps)
        for load in planned.loads
        if load.tps and all(tps in delivered for tps in load.tps)
    }
    whole = {tps for load in planned.loads if load.code in arrived for tps in load.tps}
    departed = _departed(election, at, planned)
    inputs = (
        rules.Assumed("arrived", str(len(arrived)), travel.Basis.MEASURED),
        rules.Assumed("checked", str(len(checked)), travel.Basis.MEASURED),
        rules.Assumed("phoned", str(heard.phoned), travel.Basis.MEASURED),
    )
    return replace(
        state,
        arrived=arrived,
        delivered={tps: minute for tps, minute in delivered.items() if tps not in whole},
        departed=departed,
        checked=checked,
        inputs=(*state.inputs, *inputs),
    )


@dataclass(frozen=True)
class _Heard:
    """TPS whose goods are there, and since when; what was found at TPS (seen ready: True, something lacking: False); how many told."""

    there: dict[str, datetime]
    checked: dict[str, bool]
    phoned: int


def _heard(election: str, at: datetime) -> _Heard:
    """What hand-overs, checks and telephone calls say of TPS."""
    there, checked = dict(custody.deliveries(election, at)), {}
    looked_at: dict[str, datetime] = {}
    for check in readiness.checks(election, at):
        answers = {check.items, check.seals, check.place, check.kpps}
        checked[check.tps] = answers == {readiness_rules.Answer.YES}
        if readiness_rules.Answer.NO not in answers and not checked[check.tps]:
            del checked[check.tps]
        if check.items is readiness_rules.Answer.YES:
            there.setdefault(check.tps, check.checked_at)
        looked_at[check.tps] = check.checked_at
    told = [one for one in readiness.phoned(election, at).values() if looked_at.get(one.tps, one.said_at) <= one.said_at]
    for phone in told:  # a lack that was told is a fault; "ready" says that the goods are there, which is less than a check
        if phone.said == "not_ready":
            checked[phone.tps] = False
        else:
            there.setdefault(phone.tps, phone.said_at)
    return _Heard(there, checked, len(told))


def _departed(election: str, at: datetime, planned: rules.Planned) -> dict[str, int]:
    """Trips that were seen to have left, with the minute as far as what was seen says it."""
    trips = {trip.code: trip for trip in planned.plan.trips}
    found = {}
    for code, position in custody.positions(election, at).items():
        if code in trips and position.phase in {"departed", "arrived", "done"} and position.plan:
            found[code] = min(trips[code].depart_min + (position.late_min or 0), _minute(at, planned.midnight_at))
    return found


# --- making and keeping --------------------------------------------------------------------------------------------------


def make(election: str, at: datetime, seed: int = SEED, scenarios: int = SCENARIOS) -> tuple[rules.Outlook, int]:
    """The outlook at an instant with its advice, and the plan it looks at; writes nothing. NotReady."""
    found, plan = situation(election, at)
    return advice.outlook_of(found, scenarios, seed, at), plan


def record_outlook(
    election: str, outlook: rules.Outlook, plan: int, actor: facts.Actor, at: datetime, *,
    request: Request | None = None, mark: str = "", seen_leaf: int | None = None,
) -> Stored:  # fmt: skip
    """Keeps an outlook. What it rests on may have moved meanwhile: it says as of when it speaks. seen_leaf: `journal_size` before it was
    made, so that what came at the same instant of a clock that stands is known to be later.
    """
    cause = request.cause if request else ""
    with transaction.atomic():
        at = record.turn(at)
        number = ForecastRow.objects.filter(election=election).count() + 1
        said = {
            "number": number, "plan": plan, "seed": outlook.seed, "scenarios": outlook.scenarios, "input_hash": outlook.input_hash,
            "said_at": outlook.said_at.isoformat(), "all_ppm": outlook.all_ppm, "not_ready_milli": outlook.not_ready_milli,
            "at_risk": len(outlook.at_risk), "mark": mark, "cause": cause,
        }  # fmt: skip
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("forecast.recorded", election, f"forecast:{number}", region, actor, at, said)], at)
        row = ForecastRow.objects.create(
            election=election, number=number, outlook=rules.facts_of(outlook), brief=_shortened(outlook), plan=plan,
            input_hash=outlook.input_hash, mark=mark, seen_leaf=seen_leaf, cause=cause,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        if request is not None:
            ForecastRequestRow.objects.filter(pk=request.id).update(state="done", outlook=row, finished_at=at)
        record.append(prepared, at=at)
    return _stored(row)


def _stored(row: ForecastRow) -> Stored:
    return Stored(
        row.number, rules.outlook_of(row.outlook), row.plan, row.mark, row.person, row.occurred_at, row.entry_id, row.seen_leaf, row.cause
    )


def _shortened(outlook: rules.Outlook) -> dict[str, Any]:
    """What `brief` reads."""
    few = replace(outlook, tps=outlook.at_risk[:_FEW_TPS], places=(), actions=outlook.actions[:_FEW_ACTIONS], inputs=())
    return {
        "outlook": rules.facts_of(few), "at_risk": len(outlook.at_risk),
        "before": {one.place: one.before_ppm for one in outlook.places}, "ready": {one.tps: one.ready_ppm for one in outlook.tps},
    }  # fmt: skip


def _latest(election: str, at: datetime) -> ForecastRow | None:
    """The row of the outlook in force, without the whole of it."""
    rows = ForecastRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-number")
    return rows.defer("outlook").first()


def current(election: str, at: datetime) -> Stored | None:
    """The outlook in force: the latest that speaks of an instant not later than this one."""
    row = _latest(election, at)
    return _stored(row) if row else None


def brief(election: str, at: datetime) -> Brief | None:
    """The outlook in force, as boards and lists show it."""
    row = _latest(election, at)
    return _brief(row) if row else None


def _brief(row: ForecastRow) -> Brief:
    short: dict[str, Any] = row.brief or _shortened(rules.outlook_of(row.outlook))  # kept before there were short ones
    few = rules.outlook_of(short["outlook"])
    return Brief(
        row.number, row.plan, row.mark, row.cause, few.said_at, row.occurred_at, row.entry_id, row.seen_leaf, few.all_ppm,
        few.not_ready_milli, short["at_risk"], few.tps, few.actions, short["before"], short["ready"],
    )  # fmt: skip


def get(election: str, number: int, at: datetime) -> Stored | None:
    """One outlook."""
    row = ForecastRow.objects.filter(election=election, number=number, occurred_at__lte=at).first()
    return _stored(row) if row else None


@dataclass(frozen=True)
class Past:
    """A line of the history. cause: the kind of entry after which it was made of itself, "" where a person asked."""

    number: int
    all_ppm: int
    not_ready_milli: int
    at_risk: int
    plan: int
    person: str
    mark: str
    occurred_at: datetime
    cause: str = ""


def history(election: str, at: datetime, most: int = 50) -> list[Past]:
    """The latest outlooks, the newest first."""
    rows = ForecastRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-number").defer("outlook")
    found = [(row, _brief(row)) for row in rows[:most]]
    return [
        Past(
            row.number, one.all_ppm, one.not_ready_milli, one.at_risk, row.plan, row.person, row.mark, row.occurred_at, row.cause
        )
        for row, one in found
    ]  # fmt: skip


def journal_size() -> int:
    """How many entries the journal has."""
    last = record.Entry.objects.aggregate(last=models.Max("leaf_index"))["last"]
    return 0 if last is None else int(last) + 1


def stale(stored: Stored | Brief, election: str, at: datetime) -> str:
    """Why an outlook no longer says how things stand: "age", "plan" or the kind of entry that came since; "" where it does.

    It knows what was recorded by the instant of which it speaks, not what came while it was computed. A clock that stands gives many
    entries the same instant; then the order in the journal says which came after.
    """
    latest = distribution.current_plan(election, at)
    if latest is not None and latest.number != stored.plan:
        return "plan"
    near = record.election(election).voting_at - at < NEAR
    if at - stored.occurred_at > (FRESH_NEAR if near else FRESH_FOR):
        return "age"
    return _since(stored, election, at).values_list("kind", flat=True).first() or ""


def _since(stored: Stored | Brief, election: str, at: datetime) -> "models.QuerySet[record.Entry]":
    """What moved since an outlook was read, the oldest first."""
    own: Any = models.Subquery(record.Entry.objects.filter(entry_id=stored.entry_id).values("leaf_index")[:1])
    unseen = models.Q(leaf_index__gt=own) if stored.seen_leaf is None else models.Q(leaf_index__gte=stored.seen_leaf)
    later = models.Q(recorded_at__gt=stored.said_at) | models.Q(unseen, recorded_at=stored.said_at)
    since = record.Entry.objects.filter(later, election=election, kind__in=MOVING, recorded_at__gte=stored.said_at, recorded_at__lte=at)
    return since.order_by("leaf_index")


# --- between two outlooks ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lately:
    """An outlook by TPS with the news from the TPS themselves counted at once.

    stored: the outlook; told: TPS whose chance counts what was said or seen there since; waits: those of which only the next outlook
    can tell, without a chance until then where the outlook believed what was taken back since; moved: why the outlook is old, "" where it
    is not.
    """

    stored: Stored
    tps: Mapping[str, rules.TpsOutlook]
    told: frozenset[str]
    waits: frozenset[str]
    moved: str


def lately(election: str, at: datetime) -> Lately | None:
    """The outlook in force with what TPS said of themselves since (checks, telephone calls); None without an outlook."""
    stored = current(election, at)
    if stored is None:
        return None
    since = list(_since(stored, election, at).values_list("kind", "place", "entry_id"))
    news = {place for kind, place, _ in since if kind in _FROM_TPS}
    said = {one.tps: one for one in stored.outlook.tps}
    found: dict[str, rules.TpsOutlook] = {}
    lost: set[str] = set()
    if news:
        heard, keep, hazards = _heard(election, at), rules.Assumptions(), distribution.hazards(election, at)
        # What the outlook believed and was then taken back: when the goods would come without it, only a new outlook says.
        back = {place for kind, place, _ in since if kind == "tps.phone_withdrawn"} - heard.there.keys()
        lost = {tps for tps in _believed(stored, election, back, [entry for *_, entry in since]) if tps in said}
        for tps in (news & said.keys()) - lost:
            faults = rules.faults_at(tps, hazards, keep, lacking=heard.checked.get(tps) is False)
            one = rules.after_news(said[tps], faults, there=tps in heard.there, checked=heard.checked.get(tps, False))
            if one is not None:
                found[tps] = one
    waits = frozenset((news & said.keys()) - found.keys())
    known = {tps: one for tps, one in {**said, **found}.items() if tps not in lost}
    return Lately(stored, known, frozenset(found), waits, stale(stored, election, at))


def _believed(stored: Stored, election: str, back: set[str], since: list[str]) -> set[str]:
    """Of these TPS those whose goods an outlook took to be there because the TPS had said so: certain to it, and heard of before it."""
    certain = {one.tps for one in stored.outlook.tps if one.in_time_ppm in {None, rules.MILLION}} & back
    if not certain:
        return set()
    heard = record.Entry.objects.filter(election=election, kind__in=_FROM_TPS, place__in=certain, recorded_at__lte=stored.said_at)
    return set(heard.exclude(entry_id__in=since).values_list("place", flat=True))


# --- requests ------------------------------------------------------------------------------------------------------------


def request_outlook(election: str, seed: int, actor: facts.Actor, at: datetime) -> Request:
    """Queues an outlook for the worker. NotReady, AlreadyRequested."""
    with transaction.atomic():
        at = record.turn(at)
        if distribution.current_plan(election, at) is None:
            raise rules.NotReady(what="plan")
        if at >= record.election(election).voting_at:
            raise rules.NotReady(what="voting")
        if ForecastRequestRow.objects.filter(election=election, state__in=["queued", "running"]).exists():
            raise rules.AlreadyRequested(election=election)
        region = record.election(election).region
        draft = facts.Draft("forecast.requested", election, f"forecast-request:{election}", region, actor, at, {"seed": seed})
        prepared = record.prepare([draft], at)
        row = ForecastRequestRow.objects.create(
            election=election, seed=seed, person=actor.person, agency=actor.agency, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)
    return _request(row)


def ask_ahead(at: datetime, machine_at: datetime) -> list[str]:
    """Queues the next outlook of every election in which something moved since the last; the elections for which it did.

    At most one waits: what comes meanwhile is seen by it or asks again after it. What failed is not tried again before something moves.
    """
    return [about.code for about in record.elections() if at < about.voting_at and _wanted(about.code, at, machine_at)]


def _wanted(election: str, at: datetime, machine_at: datetime) -> bool:
    if _why(election, at, machine_at) is None:
        return False
    with transaction.atomic():
        record.turn(at)
        found = _why(election, at, machine_at)  # somebody may have asked while this waited for the journal
        if found is not None:
            ForecastRequestRow.objects.create(
                election=election, seed=SEED, person=AUTOMATIC.person, agency=AUTOMATIC.agency, occurred_at=at, cause=found,
                seen_leaf=journal_size(),
            )  # fmt: skip
    return found is not None


def _why(election: str, at: datetime, machine_at: datetime) -> str | None:
    """What calls for an outlook now; None for nothing, or not yet."""
    if distribution.current_plan(election, at) is None:
        return None
    rows = ForecastRequestRow.objects.filter(election=election)
    if rows.filter(state__in=["queued", "running"]).exists():
        return None
    last, stored = rows.order_by("pk").last(), brief(election, at)
    left = record.election(election).voting_at - at
    quiet = next(pause for within, pause in QUIET if left < within)
    if last is not None and last.started_at is not None and machine_at - last.started_at < quiet:
        return None
    if last is not None and last.state == "failed" and not _moved_since(last, at):
        return None
    return "plan.recorded" if stored is None else stale(stored, election, at) or None


def _moved_since(failed: ForecastRequestRow, at: datetime) -> bool:
    rows = record.Entry.objects.filter(election=failed.election, kind__in=MOVING, recorded_at__lte=at)
    return rows.filter(leaf_index__gte=failed.seen_leaf or 0).exists()


def _request(row: ForecastRequestRow) -> Request:
    return Request(row.pk, row.election, row.state, row.seed, row.code, facts.Actor(row.person, row.agency), row.occurred_at, row.cause)


def last_request(election: str) -> Request | None:
    """The latest request of an election."""
    row = ForecastRequestRow.objects.filter(election=election).order_by("pk").last()
    return _request(row) if row else None


def take_request(machine_at: datetime, stale_after_s: int = 300) -> Request | None:
    """The oldest waiting request, now running; one whose worker died long ago waits again."""
    with transaction.atomic():
        old = machine_at - timedelta(seconds=stale_after_s)
        ForecastRequestRow.objects.filter(state="running", started_at__lt=old).update(state="queued", started_at=None)
        found = ForecastRequestRow.objects.select_for_update().filter(state="queued").order_by("pk").first()
        if found is None:
            return None
        found.state, found.started_at = "running", machine_at
        found.save(update_fields=["state", "started_at"])
    return _request(found)


def fail_request(request: Request, code: str, machine_at: datetime) -> None:
    """The request ended without an outlook, and why."""
    with transaction.atomic():
        region = record.election(request.election).region
        subject = f"forecast-request:{request.election}"
        draft = facts.Draft("forecast.failed", request.election, subject, region, request.actor, request.occurred_at, {"code": code})
        ForecastRequestRow.objects.filter(pk=request.id).update(state="failed", code=code, finished_at=machine_at)
        if not request.cause:  # nobody asked, so nobody is owed an answer; the page says it
            record.append([draft], at=machine_at)


# --- warnings and tasks --------------------------------------------------------------------------------------------------


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R08 from the outlook in force: desa where few are late, else their kecamatan. Until voting day begins."""
    stored = brief(election, at)
    midnight_at = record.midnight(election)
    if stored is None or at >= midnight_at:
        return []
    held = thresholds.limits(election, "forecast", rules.Limits(), at)
    names = place_names(election)
    late = {place: ppm for place, ppm in stored.before_ppm.items() if place and ppm < held.arrival_permille * 1000}
    desa = [place for place in late if place.count(".") == 3]
    shown = desa if len(desa) <= _FEW_DESA else [place for place in late if place.count(".") == 2]
    mark = stored.mark or "PERKIRAAN"
    arrivals = [rules.Arrival(place, names.get(place, place), late[place] // 1000, midnight_at, stored.said_at, mark) for place in shown]
    return rules.arrival_signals(arrivals, held)


def place_names(election: str) -> dict[str, str]:
    """Names of TPS (with desa), desa, kecamatan and the region ("") by code."""
    stations = places.tps_list(election)
    named = {tps.code: f"{tps.name} {tps.desa_name}" for tps in stations}
    named |= {tps.desa_code: tps.desa_name for tps in stations}
    named |= {tps.kecamatan_code: tps.kecamatan_name for tps in stations}
    return {**named, "": places.region_name(record.election(election).region)}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU, in the last weeks: a plan is in force and nobody has looked ahead, or the outlook is old and no other is being made."""
    if not any(grant.role == "kpu.operator" and grant.holds(at) for grant in person.grants):
        return []
    if distribution.current_plan(election, at) is None or at >= record.midnight(election):
        return []
    stored = brief(election, at)
    if stored is None:
        return [facts.Task("forecast.none", "forecast", f"forecast:{election}", "prakiraan kesiapan")]
    last = last_request(election)
    if stale(stored, election, at) and (last is None or last.state not in {"queued", "running"}):
        return [facts.Task("forecast.stale", "forecast", f"forecast:{stored.number}", f"prakiraan {stored.number}")]
    return []


def by_tps(stored: Stored, tps: str) -> rules.TpsOutlook | None:
    """What an outlook says of one TPS."""
    return next((one for one in stored.outlook.tps if one.tps == tps), None)


def trail(election: str, tps: str, at: datetime, most: int = 50) -> list[tuple[int, datetime, int]]:
    """What the latest outlooks said of one TPS, the oldest first: number, instant, P(ready) in ppm."""
    rows = ForecastRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-number").defer("outlook")
    found = [(row.number, row.occurred_at, _brief(row).ready_ppm) for row in rows[:most]]
    return [(number, moment, ready[tps]) for number, moment, ready in reversed(found) if tps in ready]
