"""Stage distribution: the fleet, hazards, requests for plans, plans, waybills.

A plan never changes. The plan in force is the latest one recorded; vehicles and hazards are kept as revisions, the latest counts.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import distribution as rules
from posko.domain import record as facts
from posko.domain import travel
from posko.domain import weather as sea_rules
from posko.planning import reliability
from posko.store import dpt, needs, places, record, regulation, thresholds, weather
from posko.store import travel as ways


class VehicleRow(models.Model):
    """One revision of a vehicle; the latest by instant counts, a retired one drops out."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    facts = models.JSONField()
    retired = models.BooleanField(default=False)
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_vehicle"
        indexes = (models.Index(fields=["election", "code"]),)


class HandlingRow(models.Model):
    """One revision of the handling rules and the sizes of goods."""

    election = models.CharField(max_length=40)
    rules = models.JSONField()
    sizes = models.JSONField()
    outside = models.JSONField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_handling"


class HazardRow(models.Model):
    """One revision of a hazard; `ended` takes it away again."""

    election = models.CharField(max_length=40)
    source = models.CharField(max_length=60)
    place = models.CharField(max_length=40)
    to = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=40)
    delay_min = models.PositiveIntegerField()
    probability_permille = models.PositiveIntegerField()
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_hazard"


class DisruptionRow(models.Model):
    """One word on a disruption: road | late | moved. The latest on its subject counts; `ended` takes it away again.

    place, to: the ends of a road; a TPS and where its goods go. item: what is late; ready_min: from which minute on it is there.
    """

    election = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    place = models.CharField(max_length=40, blank=True)
    to = models.CharField(max_length=40, blank=True)
    item = models.CharField(max_length=40, blank=True)
    ready_min = models.IntegerField(default=0)
    source = models.CharField(max_length=10)
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_disruption"
        indexes = (models.Index(fields=["election", "occurred_at"], name="distribution_disruption_at"),)


class PlanRow(models.Model):
    """A plan with everything it was made from. base: the number of the plan that it repairs, 0 for one made from nothing."""

    election = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    base = models.PositiveIntegerField(default=0)
    plan = models.JSONField()
    inputs = models.JSONField()
    input_hash = models.CharField(max_length=64)
    plan_hash = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_plan"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="distribution_plan_number"),)


class WaybillRow(models.Model):
    """The number of a trip's surat jalan. A repair keeps those that hold; `replaces`: identity of the one that this one replaces."""

    plan = models.ForeignKey(PlanRow, on_delete=models.PROTECT, related_name="+")
    trip = models.CharField(max_length=30)
    identity = models.CharField(max_length=20, db_index=True)
    number = models.CharField(max_length=40)
    replaces = models.CharField(max_length=20, blank=True, default="")
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_waybill"
        constraints = (models.UniqueConstraint(fields=["plan", "identity"], name="distribution_waybill_once"),)


class SplitRow(models.Model):
    """A load that travels in parts of whole TPS (`parts`: their codes); `ended` joins it again. The latest of a load counts."""

    election = models.CharField(max_length=40)
    load = models.CharField(max_length=40)
    parts = models.JSONField()
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_split"


class KitRow(models.Model):
    """That the kit of a TPS may travel in two parts; second: item -> pieces in the second. `ended`: whole again. The latest counts."""

    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=40)
    second = models.JSONField()
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_kit"


class RequestRow(models.Model):
    """Somebody asked the worker to search. State is progress, not a fact: queued | running | found | done | failed | cancelled | dropped.

    task: plan | repair | rest. A plan is recorded as soon as it is found; what is found for the others waits for a person, who takes it
    (done) or puts it aside (dropped). asked, answer: what to search for and what was found, as the stage of the task writes it. worked, of:
    how far the search is. beat_at: the worker's last sign of life. attempts: how often a worker took it.
    """

    election = models.CharField(max_length=40)
    task = models.CharField(max_length=10, default="plan")
    state = models.CharField(max_length=10, default="queued")
    asked = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    worked = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seconds = models.PositiveSmallIntegerField()
    seed = models.PositiveIntegerField()
    code = models.CharField(max_length=60, blank=True)
    facts = models.JSONField(default=dict)
    unassigned = models.JSONField(default=list)
    plan = models.ForeignKey(PlanRow, on_delete=models.PROTECT, related_name="+", null=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "distribution_request"


Parts = tuple[tuple[str, ...], ...]
"""The TPS of each part of a load."""


@dataclass(frozen=True)
class Inputs:
    """All that a plan is made from. `unsized` items have a need but no known size; `estimate`: voters are estimated."""

    loads: tuple[rules.Load, ...]
    network: rules.Network
    fleet: tuple[rules.Vehicle, ...]
    rules: rules.Rules
    unsized: tuple[str, ...] = ()
    estimate: bool = False

    @property
    def digest(self) -> str:
        """The hash under which a plan of these inputs is recorded."""
        return rules.inputs_hash(self.loads, self.network, self.fleet, self.rules)


@dataclass(frozen=True)
class StoredPlan:
    """A recorded plan with its inputs, waybills (trip -> (number, identity)) and the midnight its minutes count from."""

    number: int
    plan: rules.Plan
    inputs: Inputs
    input_hash: str
    plan_hash: str
    occurred_at: datetime
    entry_id: str
    midnight_at: datetime
    waybills: Mapping[str, tuple[str, str]]
    base: int = 0

    @property
    def marks(self) -> tuple[str, ...]:
        """What travels with every figure of this plan."""
        assumed = any(vehicle.assumption for vehicle in self.inputs.fleet)
        provisional = any(node.provisional for node in self.inputs.network.nodes)
        said = ("PERKIRAAN" if self.inputs.estimate else "", "ARMADA ASUMSI" if assumed else "", "PIN SEMENTARA" if provisional else "")
        return tuple(mark for mark in said if mark)

    def instant(self, minute: int) -> datetime:
        """The instant of one of the plan's minutes."""
        return rules.instant(self.midnight_at, minute)

    def load(self, code: str) -> rules.Load:
        """One load by code."""
        return next(load for load in self.inputs.loads if load.code == code)

    def arrivals(self) -> dict[str, datetime]:
        """Planned arrival of every TPS at its desa or island; of a kit in two parts when the later one comes, and not before both do."""
        minutes, latest, missing = self.plan.arrivals(), dict[str, int](), set[str]()
        for load in self.inputs.loads:
            for tps in load.tps:
                if load.code in minutes:
                    latest[tps] = max(latest.get(tps, minutes[load.code]), minutes[load.code])
                else:
                    missing.add(tps)
        return {tps: self.instant(minute) for tps, minute in latest.items() if tps not in missing}

    def summary(self) -> dict[str, str | int]:
        """Figures for other pages and packs: whole numbers and strings."""
        minutes = self.plan.arrivals()
        brought = [load for load in self.inputs.loads if load.code in minutes]
        islands = {load.place for load in brought if load.kind is rules.LoadKind.ISLAND}
        return {
            "plan": self.number,
            "tps": len({tps for load in self.inputs.loads for tps in load.tps}),
            "tps_reached": len(self.arrivals()),
            "boxes": sum(load.boxes for load in brought),
            "vehicles": len({trip.vehicle for trip in self.plan.trips}),
            "trips": len(self.plan.trips),
            "islands": len(islands),
            "islands_total": len({load.place for load in self.inputs.loads if load.kind is rules.LoadKind.ISLAND}),
            "distance_m": self.plan.distance_m,
            "latest_arrival": self.instant(max(minutes.values())).isoformat() if minutes else "",
            "input_hash": self.input_hash,
            "plan_hash": self.plan_hash,
        }


@dataclass(frozen=True)
class Disrupted:
    """A disruption in force: kind road | late | moved, with what it names, who said so, and since when."""

    kind: str
    place: str
    to: str
    item: str
    ready_min: int
    source: str
    occurred_at: datetime
    entry_id: str

    @property
    def subject(self) -> str:
        """What there is one word on at a time."""
        return _subject(self.kind, self.place, self.to, self.item)


def _subject(kind: str, place: str, to: str, item: str) -> str:
    ends = "~".join(sorted((place, to))) if kind == "road" else place
    return f"{kind}:{item or ends}"


@dataclass(frozen=True)
class WaybillState:
    """A surat jalan that was shown or scanned: whether it holds, and which one replaces it (number, identity), where one does."""

    election: str
    plan: int
    trip: str
    number: str
    stands: bool
    heir: tuple[str, str] | None


@dataclass(frozen=True)
class PlanRequest:
    """A request and how far it is."""

    id: int
    election: str
    state: str
    seconds: int
    seed: int
    code: str
    details: Mapping[str, str | int]
    unassigned: tuple[rules.Unassigned, ...]
    plan_number: int | None
    actor: facts.Actor
    occurred_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    task: str = "plan"
    asked: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    worked: int = 0
    of: int = 0
    beat_at: datetime | None = None
    attempts: int = 0

    @property
    def waiting(self) -> bool:
        """Whether the worker still has it."""
        return self.state in UNDER_WAY


UNDER_WAY = ("queued", "running")
# What waits longest for nobody: a truck that stands still before a plan that is only thought about.
_TURNS = ("repair", "rest", "plan")
OPEN_SEARCHES = 5
"""So many searches of one kind may wait or run in an election at a time."""
MOST_ATTEMPTS = 2
"""A request under which the worker died so often is not taken again: what it asks may be what kills the worker."""
SILENT_S = 120
"""A worker that gave no sign of life for so long, beyond the seconds that a search may take, is taken for dead."""


@dataclass(frozen=True)
class VehicleState:
    """A vehicle with its history's last word."""

    vehicle: rules.Vehicle
    retired: bool
    reason: str
    occurred_at: datetime


# --- the fleet ---------------------------------------------------------------------------------------------------------------------------


def vehicle_facts(vehicle: rules.Vehicle) -> dict[str, Any]:
    """A vehicle as plain data, without what was typed and may name somebody: that stands in the journal's private part alone."""
    return {**asdict(_nameless(vehicle)), "kind": vehicle.kind.value, "days": list(vehicle.days)}


def _nameless(vehicle: rules.Vehicle) -> rules.Vehicle:
    return replace(vehicle, carrier="", note="")


def vehicle_of(said: Mapping[str, Any]) -> rules.Vehicle:
    """The vehicle that `vehicle_facts` wrote."""
    return rules.Vehicle(**{**said, "kind": rules.Kind(said["kind"]), "days": tuple(said["days"])})


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> facts.Draft:
    return facts.Draft(kind, election, subject, record.election(election).region, actor, at, said)


def _vehicle_draft(kind: str, election: str, vehicle: rules.Vehicle, reason: str, actor: facts.Actor, at: datetime) -> facts.Draft:
    """The firm that drives it, a remark and why it changed are typed and may name a person: private words, in no fact and in no row."""
    said: dict[str, object] = {"code": vehicle.code}
    private = record.typed(reason=reason.strip())
    if kind != "vehicle.retired":
        said = _journal_facts(vehicle_facts(vehicle))
        private |= record.typed(carrier=vehicle.carrier, note=vehicle.note)
    return replace(_draft(kind, election, f"vehicle:{vehicle.code}", actor, at, said), private=private)


def _journal_facts(said: Mapping[str, Any]) -> dict[str, object]:
    """Strings and integers only; true and false are 1 and 0, what is not stated is left out."""
    return {key: int(value) if isinstance(value, bool) else value for key, value in said.items() if value is not None}


def set_up(
    election: str,
    vehicles: Iterable[rules.Vehicle],
    keep: rules.Rules,
    sizes: Mapping[str, rules.Goods],
    outside: Iterable[str],
    actor: facts.Actor,
    at: datetime,
) -> None:
    """Handling rules, sizes of goods and a first fleet, from a scenario."""
    with transaction.atomic():
        at = record.turn(at)
        fleet_list = list(vehicles)
        plain_sizes = {item: [size.volume_ml, size.weight_g] for item, size in sorted(sizes.items())}
        keep_facts = rules.rules_facts(keep)
        first = _draft(
            "handling.set", election, f"handling:{election}", actor, at, {"rules": _journal_facts(keep_facts), "sizes": plain_sizes}
        )
        drafts = [
            first,
            *(_vehicle_draft("vehicle.added", election, vehicle, "", actor, at) for vehicle in fleet_list),
        ]
        prepared = record.prepare(drafts, at)
        common = {"election": election, "person": actor.person, "occurred_at": at}
        HandlingRow.objects.create(**common, rules=keep_facts, sizes=plain_sizes, outside=sorted(outside), entry_id=prepared[0].entry_id)
        VehicleRow.objects.bulk_create(
            VehicleRow(**common, code=vehicle.code, facts=vehicle_facts(vehicle), entry_id=one.entry_id)
            for vehicle, one in zip(fleet_list, prepared[1:], strict=True)
        )
        record.append(prepared, at=at)


@dataclass(frozen=True)
class Handling:
    """The handling rules as they were set, by whom and when; the reason is private words of the entry."""

    rules: rules.Rules
    person: str
    occurred_at: datetime
    entry_id: str


def handlings(election: str, at: datetime) -> list[Handling]:
    """The rules as they stand, and before them those they replaced."""
    rows = HandlingRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-pk")
    return [Handling(rules.rules_of(row.rules), row.person, row.occurred_at, row.entry_id) for row in rows]


def handling_reasons(several: Iterable[Handling]) -> dict[str, str]:
    """Entry -> why the rules were changed, where that was not erased; nothing for those of the scenario."""
    told = [one.entry_id for one in several]
    words = record.privates(told)
    return {entry: words.text(entry, "reason") for entry in told}


def set_rules(election: str, keep: rules.Rules, reason: str, actor: facts.Actor, at: datetime, *, back_to: str = "") -> None:
    """Other handling rules from now on, for a reason; sizes of goods stay. back_to: the entry whose rules these are, where a change is
    taken back. NotReady where none were ever set, RulesReason, SameRules."""
    with transaction.atomic():
        at = record.turn(at)
        now = HandlingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk").last()
        if now is None:
            raise rules.NotReady(what="fleet")
        if not reason.strip():
            raise rules.RulesReason(election=election)
        keep = replace(keep, split_kits=())  # an allowance of its own
        if rules.rules_of(now.rules) == keep:
            raise rules.SameRules(election=election)
        plain = rules.rules_facts(keep)
        region, said = record.election(election).region, {"rules": _journal_facts(plain), "back_to": back_to}
        private = record.typed(reason=reason.strip()[:400])
        draft = facts.Draft(
            "handling.changed", election, f"handling:{election}", region, actor, at, said, private, corrects=now.entry_id if back_to else ""
        )
        prepared = record.prepare([draft], at)
        HandlingRow.objects.create(
            election=election, rules=plain, sizes=now.sizes, outside=now.outside, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


@record.remembered
def vehicle_states(election: str, at: datetime) -> list[VehicleState]:
    """Every vehicle ever entered, as it stands at an instant. A row from before its words were private has its own."""
    latest: dict[str, VehicleRow] = {}
    stated: dict[str, VehicleRow] = {}  # a retirement says nothing of the vehicle itself
    for row in VehicleRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.code] = row
        if not row.retired:
            stated[row.code] = row
    told = record.privates(row.entry_id for row in (*latest.values(), *stated.values()))

    def named(row: VehicleRow) -> rules.Vehicle:
        said = stated.get(row.code, row)
        carrier, note = (told.text(said.entry_id, name, said.facts.get(name, "")) for name in ("carrier", "note"))
        return replace(vehicle_of(row.facts), carrier=carrier, note=note)

    return [
        VehicleState(named(row), row.retired, told.text(row.entry_id, "reason", row.reason), row.occurred_at)
        for _, row in sorted(latest.items())
    ]


def named_fleet(stored: "StoredPlan", election: str) -> tuple[rules.Vehicle, ...]:
    """The vehicles of a plan with the firms that drive them, as they were known when it was recorded: a plan itself keeps no name."""
    known = {state.vehicle.code: state.vehicle.carrier for state in vehicle_states(election, stored.occurred_at)}
    return tuple(replace(one, carrier=one.carrier or known.get(one.code, "")) for one in stored.inputs.fleet)


def fleet(election: str, at: datetime) -> list[rules.Vehicle]:
    """The vehicles in use."""
    return [state.vehicle for state in vehicle_states(election, at) if not state.retired]


def save_vehicle(election: str, vehicle: rules.Vehicle, reason: str, actor: facts.Actor, at: datetime, *, new: bool) -> None:
    """Adds a vehicle or changes one. VehicleExists, UnknownVehicle, ReasonMissing."""
    with transaction.atomic():
        at = record.turn(at)
        known = {state.vehicle.code for state in vehicle_states(election, at)}
        _check_vehicle(vehicle.code, known, reason, new=new)
        kind = "vehicle.added" if new else "vehicle.changed"
        prepared = record.prepare([_vehicle_draft(kind, election, vehicle, reason, actor, at)], at)
        VehicleRow.objects.create(
            election=election,
            code=vehicle.code,
            facts=vehicle_facts(vehicle),
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)


def _check_vehicle(code: str, known: set[str], reason: str, *, new: bool) -> None:
    if new and code in known:
        raise rules.VehicleExists(vehicle=code)
    if not new and code not in known:
        raise rules.UnknownVehicle(vehicle=code)
    if not new and not reason.strip():
        raise rules.ReasonMissing(vehicle=code)


def retire_vehicle(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Takes a vehicle out of use. UnknownVehicle, ReasonMissing."""
    with transaction.atomic():
        at = record.turn(at)
        states = {state.vehicle.code: state for state in vehicle_states(election, at) if not state.retired}
        _check_vehicle(code, set(states), reason, new=False)
        prepared = record.prepare([_vehicle_draft("vehicle.retired", election, states[code].vehicle, reason, actor, at)], at)
        VehicleRow.objects.create(
            election=election,
            code=code,
            facts=vehicle_facts(states[code].vehicle),
            retired=True,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)


# --- hazards: written by aght, read by plans ---------------------------------------------------------------------------------------------


def put_hazard(election: str, hazard: rules.Hazard, actor: facts.Actor, at: datetime, *, ended: bool = False) -> str:
    """Records a hazard (or its end) under its source; the latest word of a source counts. Returns the entry id."""
    with transaction.atomic():
        at = record.turn(at)
        said = _journal_facts({**asdict(hazard), "ended": ended})
        prepared = record.prepare(
            [_draft("hazard.ended" if ended else "hazard.recorded", election, f"hazard:{hazard.source}", actor, at, said)], at
        )
        HazardRow.objects.create(
            election=election, **asdict(hazard), ended=ended, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)
    return prepared[0].entry_id


def hazards(election: str, at: datetime) -> list[rules.Hazard]:
    """The hazards in force."""
    latest: dict[str, HazardRow] = {}
    for row in HazardRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.source] = row
    return [
        rules.Hazard(row.place, row.kind, row.delay_min, row.probability_permille, row.to, row.source)
        for _, row in sorted(latest.items())
        if not row.ended
    ]


# --- disruptions: written by replanning, read by plans -----------------------------------------------------------------------------------


_DISRUPTED = {"road": "road.closed", "late": "stock.delayed", "moved": "tps.moved"}
_ENDED = {"road": "road.opened", "late": "stock.arrived", "moved": "tps.returned"}


def put_disruption(election: str, one: Disrupted, note: str, actor: facts.Actor, at: datetime, *, ended: bool = False) -> str:
    """Records a disruption (or its end); the latest word on a subject counts. note: typed words. Returns the entry id."""
    with transaction.atomic():
        at = record.turn(at)
        said = {"place": one.place, "to": one.to, "item": one.item, "ready_min": one.ready_min, "source": one.source}
        draft = facts.Draft(
            (_ENDED if ended else _DISRUPTED)[one.kind], election, one.subject, record.election(election).region, actor, at, said,
            record.typed(note=note.strip()[:400]), corrects=one.entry_id if ended else "",
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        DisruptionRow.objects.create(
            election=election, kind=one.kind, place=one.place, to=one.to, item=one.item, ready_min=one.ready_min, source=one.source,
            ended=ended, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return prepared[0].entry_id


def disruptions(election: str, at: datetime) -> list[Disrupted]:
    """The disruptions in force, the oldest first."""
    latest: dict[str, DisruptionRow] = {}
    for row in DisruptionRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[_subject(row.kind, row.place, row.to, row.item)] = row
    standing = [row for row in latest.values() if not row.ended]
    return [
        Disrupted(row.kind, row.place, row.to, row.item, row.ready_min, row.source, row.occurred_at, row.entry_id)
        for row in sorted(standing, key=lambda row: (row.occurred_at, row.pk))
    ]


# --- inputs ------------------------------------------------------------------------------------------------------------------------------


def inputs(
    election: str, at: datetime, split: Mapping[str, Parts] | None = None, *, lost: str = "", moved: Mapping[str, str] | None = None
) -> Inputs:
    """What a plan would be made from now. NotReady names what is missing: needs, fleet, warehouse.

    split: loads that are to travel in parts beside those of which that is recorded. lost, moved: what if this vehicle were gone, if the
    goods of these TPS went elsewhere; what no vehicle takes whole depends on both.
    """
    about = record.election(election)
    lines = needs.lines(election, at)
    working = [vehicle for vehicle in fleet(election, at) if vehicle.code != lost]
    handling = HandlingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk").last()
    if not lines:
        raise rules.NotReady(what="needs")
    if not working or handling is None:
        raise rules.NotReady(what="fleet")
    stations, told = places.tps_list(election), disruptions(election, at)
    roads = places.settings(about.region)
    network = rules.network_of(
        stations,
        places.sites(about.region),
        places.sea_legs(about.region),
        roads.detour_percent * 10,
        roads.road_kmh,
        hazards(election, at),
        measured(about.region, at),
        [rules.Closure(one.place, one.to, one.source) for one in told if one.kind == "road"],
        weather.openings(election, at),
    )
    # Who drives a vehicle is a name and no input.
    working = [_nameless(vehicle) for vehicle in working if network.node(vehicle.start)]
    if not any(not vehicle.boat for vehicle in working):
        raise rules.NotReady(what="warehouse")
    keep = rules.rules_of(handling.rules)
    goods = _goods(handling, election, at)
    pieces = rules.pieces_of((line.level, line.place, line.item, line.quantity) for line in lines)
    loads: Iterable[rules.Load] = rules.loads_of(rules.destinations_of(stations), pieces, goods, keep)
    parts = {**splits(election, at), **(split or {})}
    loads = rules.all_parted(loads, parts, goods, keep)
    elsewhere = [(one.place, one.to) for one in told if one.kind == "moved"]  # in the order in which they were told
    for tps, to in [*elsewhere, *(moved or {}).items()]:
        loads = rules.relocated(loads, {tps: to}, network, goods, keep)
    split_kits = [rules.KitSplit(one.tps, one.second) for one in kits(election, at)]
    loads, held = rules.kits_split(loads, split_kits, goods, keep)
    keep = replace(keep, split_kits=tuple(held))
    # What nothing can take whole goes in parts; somebody may have split such a part further.
    loads = rules.all_parted(rules.fitted(loads, network, working, goods, keep), parts, goods, keep)
    loads = rules.delayed(loads, {one.item: one.ready_min for one in told if one.kind == "late"})
    unsized = sorted({piece.item for piece in pieces if piece.item not in goods or not goods[piece.item].weight_g})
    run = dpt.current(election, at)
    return Inputs(tuple(loads), network, tuple(working), keep, tuple(unsized), bool(run and run.estimate))


def sizes(election: str, at: datetime) -> dict[str, rules.Goods]:
    """Room and weight of one piece of every item, as plans count them; empty before the handling was set up."""
    handling = HandlingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk").last()
    return _goods(handling, election, at) if handling else {}


def splits(election: str, at: datetime) -> dict[str, Parts]:
    """The loads that travel in parts: load -> the TPS of each part."""
    latest: dict[str, SplitRow] = {}
    for row in SplitRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.load] = row
    return {code: tuple(tuple(part) for part in row.parts) for code, row in sorted(latest.items()) if not row.ended}


@dataclass(frozen=True)
class Kit:
    """A kit that may travel in two parts, since when, by whom; the reason is private words of the entry."""

    tps: str
    second: tuple[tuple[str, int], ...]
    person: str
    occurred_at: datetime
    entry_id: str


def kits(election: str, at: datetime) -> list[Kit]:
    """The kits that may travel in two parts, by TPS."""
    latest: dict[str, KitRow] = {}
    for row in KitRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.tps] = row
    standing = (row for _, row in sorted(latest.items()) if not row.ended)
    return [Kit(row.tps, tuple(sorted(row.second.items())), row.person, row.occurred_at, row.entry_id) for row in standing]


def kit_of(election: str, tps: str, at: datetime) -> dict[str, int]:
    """What belongs to a TPS: item -> pieces; {} where nothing does."""
    pieces = rules.pieces_of((line.level, line.place, line.item, line.quantity or 0) for line in needs.lines(election, at))
    return {piece.item: piece.quantity for piece in pieces if piece.place == tps}


def split_kit(election: str, split: rules.KitSplit, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Allows that the kit of a TPS travels in two parts, for a reason; the plans before it are then of old inputs. BadKit."""
    with transaction.atomic():
        at = record.turn(at)
        whole, second = kit_of(election, split.tps, at), {item: count for item, count in split.second if count}
        good = second and all(0 < count <= whole.get(item, 0) for item, count in second.items()) and second != whole
        if not good or not reason.strip():
            raise rules.BadKit(tps=split.tps)
        said = {"tps": split.tps, "second": second}
        _write_kit("kit.split", election, split.tps, second, said, record.typed(reason=reason.strip()[:400]), actor, at)


def join_kit(election: str, tps: str, actor: facts.Actor, at: datetime) -> None:
    """The kit of a TPS travels whole again. BadKit where it is not split."""
    with transaction.atomic():
        at = record.turn(at)
        found = next((one for one in kits(election, at) if one.tps == tps), None)
        if found is None:
            raise rules.BadKit(tps=tps)
        _write_kit("kit.joined", election, tps, {}, {"tps": tps}, {}, actor, at, corrects=found.entry_id)


def _write_kit(
    kind: str,
    election: str,
    tps: str,
    second: Mapping[str, int],
    said: Mapping[str, object],
    private: Mapping[str, object],
    actor: facts.Actor,
    at: datetime,
    corrects: str = "",
) -> None:
    draft = facts.Draft(kind, election, f"kit:{tps}", tps, actor, at, said, private, corrects=corrects)
    prepared = record.prepare([draft], at)
    KitRow.objects.create(
        election=election, tps=tps, second=dict(second), ended=kind == "kit.joined", person=actor.person, occurred_at=at,
        entry_id=prepared[0].entry_id,
    )  # fmt: skip
    record.append(prepared, at=at)


def kit_reasons(several: Iterable[Kit]) -> dict[str, str]:
    """TPS -> why its kit may travel in two parts, where that was not erased."""
    told = list(several)
    words = record.privates([one.entry_id for one in told])
    return {one.tps: words.text(one.entry_id, "reason") for one in told}


def join_load(election: str, load: str, actor: facts.Actor, at: datetime) -> None:
    """A load travels whole again. UnknownSplit."""
    with transaction.atomic():
        at = record.turn(at)
        held = splits(election, at)
        if load not in held:
            raise rules.UnknownSplit(load=load)
        # Parts of a part go with it.
        gone = [code for code in held if code == load or code.startswith(f"{load}~")]
        prepared = record.prepare([_draft("load.joined", election, f"load:{code}", actor, at, {"load": code}) for code in gone], at)
        SplitRow.objects.bulk_create(
            SplitRow(
                election=election, load=code, parts=[], ended=True, person=actor.person, occurred_at=at, entry_id=one.entry_id
            )
            for code, one in zip(gone, prepared, strict=True)
        )  # fmt: skip
        record.append(prepared, at=at)


def measured(region: str, at: datetime) -> list[rules.Measured]:
    """The times that stand for ways of a region (stage travel), as networks take them."""
    found = ways.timings(region, at)
    return [rules.Measured(one.kind, one.place, one.to, one.usual_min, one.tenth_min, one.distance_m, one.source) for one in found]


def sea(election: str, at: datetime) -> reliability.Sea:
    """What is forecast and assumed about the sea for a plan made at an instant."""
    midnight = record.midnight(election)
    return reliability.Sea(tuple(weather.waves(election, at)), midnight, now_min=-round((midnight - at).total_seconds() / 60))


def goods(election: str, at: datetime) -> dict[str, rules.Goods]:
    """Room and weight of every item, as plans count them. NotReady where no handling rules are set."""
    handling = HandlingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk").last()
    if handling is None:
        raise rules.NotReady(what="fleet")
    return _goods(handling, election, at)


def _goods(handling: HandlingRow, election: str, at: datetime) -> dict[str, rules.Goods]:
    """Sizes: what the rulebook states, else the scenario's; what travels inside the boxes takes no room."""
    stated = {item.code: (item.volume_ml or 0, item.weight_g or 0) for item in regulation.rulebook(election, at).items}
    found = {}
    for item in {*handling.sizes, *stated}:
        own = handling.sizes.get(item, [0, 0])
        volume, weight = stated.get(item, (0, 0))
        found[item] = rules.Goods(item, (volume or own[0]) if item in handling.outside else 0, weight or own[1])
    return found


# --- requests and plans ------------------------------------------------------------------------------------------------------------------


def request_plan(election: str, seconds: int, seed: int, actor: facts.Actor, at: datetime) -> PlanRequest:
    """Queues a plan for the worker. NotReady, AlreadyRequested."""
    with transaction.atomic():
        at = record.turn(at)
        inputs(election, at)
        if RequestRow.objects.filter(election=election, task="plan", state__in=UNDER_WAY).exists():
            raise rules.AlreadyRequested(election=election)
        said = {"seconds": seconds, "seed": seed}
        prepared = record.prepare([_draft("plan.requested", election, f"plan-request:{election}", actor, at, said)], at)
        row = RequestRow.objects.create(
            election=election,
            seconds=seconds,
            seed=seed,
            person=actor.person,
            agency=actor.agency,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return _request(row)


def request_search(election: str, task: str, asked: Mapping[str, Any], actor: facts.Actor, at: datetime, *, own: bool) -> PlanRequest:
    """Queues a search of a later stage (its task and what it asks), or gives the one that already searches for the same.

    So a second press, or a second person with the same question, waits for the same answer. own: only this person's searches are
    looked at and a person has one at a time; else `OPEN_SEARCHES` of an election. SearchRunning.
    """
    with transaction.atomic():
        at = record.turn(at)
        plain = _plain(asked)
        rows = RequestRow.objects.filter(election=election, task=task, state__in=UNDER_WAY).order_by("pk")
        rows = rows.filter(person=actor.person) if own else rows
        same = next((row for row in rows if row.asked == plain), None)
        if same is not None:
            return _request(same)
        if len(rows) >= (1 if own else OPEN_SEARCHES):
            raise rules.SearchRunning(election=election)
        said = {"task": task, "asks": facts.digest(plain)}
        prepared = record.prepare([_draft("search.requested", election, f"plan-request:{election}", actor, at, said)], at)
        row = RequestRow.objects.create(
            election=election, task=task, asked=plain, seconds=0, seed=1, person=actor.person, agency=actor.agency, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _request(row)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """As a column of JSON gives it back, so that two can be compared."""
    found: dict[str, Any] = json.loads(json.dumps(value))
    return found


def _request(row: RequestRow) -> PlanRequest:
    return PlanRequest(
        id=row.pk,
        election=row.election,
        state=row.state,
        seconds=row.seconds,
        seed=row.seed,
        code=row.code,
        details=row.facts,
        unassigned=tuple(rules.Unassigned(u["load"], u["code"], u["facts"], tuple(u["remedies"])) for u in row.unassigned),
        plan_number=row.plan.number if row.plan else None,
        actor=facts.Actor(row.person, row.agency),
        occurred_at=row.occurred_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        task=row.task,
        asked=row.asked,
        answer=row.answer,
        worked=row.worked,
        of=row.of,
        beat_at=row.beat_at,
        attempts=row.attempts,
    )


def plan_request(election: str, number: int) -> PlanRequest | None:
    """One request, to watch it."""
    row = RequestRow.objects.select_related("plan").filter(election=election, pk=number).first()
    return _request(row) if row else None


def last_request(election: str) -> PlanRequest | None:
    """The latest request for a plan of an election."""
    row = RequestRow.objects.select_related("plan").filter(election=election, task="plan").order_by("pk").last()
    return _request(row) if row else None


def searches(election: str, task: str, at: datetime) -> list[PlanRequest]:
    """Searches of a kind that wait, run, or wait for a person with what they found; the newest first."""
    rows = RequestRow.objects.select_related("plan").filter(election=election, task=task, occurred_at__lte=at)
    return [_request(row) for row in rows.filter(state__in=(*UNDER_WAY, "found")).order_by("-pk")]


def take_request(machine_at: datetime) -> PlanRequest | None:
    """The next waiting request, now running: repairs first, then the rest of drafts, then plans; in each the oldest.

    One whose worker died waits again; where a worker died under it `MOST_ATTEMPTS` times it has failed ("distribution.worker_lost").
    """
    lost: list[PlanRequest] = []
    with transaction.atomic():
        for row in RequestRow.objects.select_for_update().filter(state="running", started_at__isnull=False):
            heard = row.beat_at or row.started_at
            assert heard is not None
            if (machine_at - heard).total_seconds() <= row.seconds + SILENT_S:
                continue
            if row.attempts >= MOST_ATTEMPTS:
                lost.append(_request(row))
            else:
                RequestRow.objects.filter(pk=row.pk).update(state="queued", started_at=None, beat_at=None, worked=0)
        waiting = sorted(RequestRow.objects.select_for_update().filter(state="queued"), key=lambda row: (_TURNS.index(row.task), row.pk))
        found = waiting[0] if waiting else None
        if found is not None:
            found.state, found.started_at, found.beat_at, found.attempts = "running", machine_at, machine_at, found.attempts + 1
            found.save(update_fields=["state", "started_at", "beat_at", "attempts"])
    for one in lost:
        fail_request(one, "distribution.worker_lost", {"attempts": one.attempts}, machine_at)
    return _request(found) if found else None


def beat(request: PlanRequest, worked: int, of: int, machine_at: datetime) -> bool:
    """The worker's sign of life, with how far it is; whether the request still wants it (nobody cancelled it, no other worker has it)."""
    mine = RequestRow.objects.filter(pk=request.id, state="running", attempts=request.attempts)
    return mine.update(beat_at=machine_at, worked=worked, of=of) == 1


def found_answer(request: PlanRequest, answer: Mapping[str, Any], machine_at: datetime) -> None:
    """A search has ended; what it found waits for a person. Cancelled where nobody wants it any more."""
    with transaction.atomic():
        mine = RequestRow.objects.filter(pk=request.id, state="running", attempts=request.attempts)
        if not mine.update(state="found", answer=_plain(answer), finished_at=machine_at):
            raise rules.Cancelled(request=request.id)


def cancel_request(election: str, number: int, actor: facts.Actor, at: datetime) -> None:
    """Nobody wants the answer any more: a waiting request is not taken, a running one is left at the next sign of life, and what was found
    is put aside. NotWaiting where it has ended."""
    with transaction.atomic():
        at = record.turn(at)
        row = RequestRow.objects.filter(election=election, pk=number, state__in=(*UNDER_WAY, "found")).first()
        if row is None:
            raise rules.NotWaiting(request=number)
        said = {"task": row.task, "request": row.entry_id}
        RequestRow.objects.filter(pk=row.pk).update(state="dropped" if row.state == "found" else "cancelled", finished_at=at)
        record.append([_draft("search.cancelled", election, f"plan-request:{row.pk}", actor, at, said)], at=at)


def close_request(request: PlanRequest) -> None:
    """What was found has been taken; inside the transaction of whoever takes it. NotWaiting where somebody else took it or put it aside."""
    if not RequestRow.objects.filter(pk=request.id, state="found").update(state="done"):
        raise rules.NotWaiting(request=request.id)


def fail_request(
    request: PlanRequest, code: str, said: Mapping[str, str | int], machine_at: datetime, unassigned: Iterable[rules.Unassigned] = ()
) -> None:
    """The request ended without an answer, and why; nothing where it was cancelled meanwhile. The entry has the time of the clock."""
    with transaction.atomic():
        at = record.turn(record.clock(machine_at))
        left = [asdict(item) for item in unassigned]
        mine = RequestRow.objects.filter(pk=request.id, state="running", attempts=request.attempts)
        if not mine.update(state="failed", code=code, facts=dict(said), unassigned=left, finished_at=machine_at):
            return
        told = {"code": code, "left": len(left)}
        record.append([_draft("plan.failed", request.election, f"plan-request:{request.id}", request.actor, at, told)], at=at)


def record_plan(
    election: str,
    plan: rules.Plan,
    input_hash: str,
    actor: facts.Actor,
    at: datetime,
    *,
    request: PlanRequest | None = None,
    machine_at: datetime | None = None,
    split: Mapping[str, Parts] | None = None,
    beside: Sequence[facts.Draft] = (),
    base: StoredPlan | None = None,
    replaces: Mapping[str, str] | None = None,
) -> StoredPlan:
    """Records a plan with waybills for its trips if its inputs still stand. InputsChanged, PlanViolates, and NotReady from `inputs`.

    split: loads that this plan is the first to bring in parts. beside: what else the journal says with it (a later stage).
    base: the plan that this one repairs: waybills of trips that it leaves as they were keep their number and identity, and what was
    driven before now is no fault. replaces: new trip -> old trip for waybills that replace one of another code.
    request: the one that this plan answers; Cancelled where nobody wants it any more. machine_at: when its worker was done.
    """
    with transaction.atomic():
        at = record.turn(at)
        current = inputs(election, at, split)
        if current.digest != input_hash:
            raise rules.InputsChanged(election=election)
        faults = rules.violations(plan, current.loads, current.network, current.fleet, current.rules)
        if base is not None:
            faults = rules.standing(faults, plan, int((at - base.midnight_at).total_seconds() // 60))
        if faults or not plan.feasible:
            raise rules.PlanViolates(count=len(faults) + len(plan.unassigned), first=faults[0].code if faults else plan.unassigned[0].code)
        plan_hash = rules.plan_hash(plan)
        number = next_number(election)
        said = {
            "number": number,
            "input_hash": input_hash,
            "plan_hash": plan_hash,
            "trips": len(plan.trips),
            "distance_m": plan.distance_m,
        }
        kept = rules.kept_trips(base.plan, base.inputs.loads, plan, current.loads) if base else frozenset()
        if base:
            said |= {"repairs": base.number, "kept": len(kept)}
        drafts = [_draft("plan.recorded", election, f"plan:{number}", actor, at, {**said, "method": plan.method})]
        drafts += [_split_draft(election, load, parts, actor, at) for load, parts in (split or {}).items()]
        prepared = record.prepare([*drafts, *beside], at)
        entry_id = prepared[0].entry_id
        SplitRow.objects.bulk_create(
            SplitRow(
                election=election, load=load, parts=[list(part) for part in parts], person=actor.person, occurred_at=at,
                entry_id=one.entry_id,
            )
            for (load, parts), one in zip((split or {}).items(), prepared[1:], strict=False)
        )  # fmt: skip
        row = PlanRow.objects.create(
            election=election,
            number=number,
            base=base.number if base else 0,
            plan=rules.plan_facts(plan),
            inputs=_frozen(current),
            input_hash=input_hash,
            plan_hash=plan_hash,
            person=actor.person,
            occurred_at=at,
            entry_id=entry_id,
        )
        WaybillRow.objects.bulk_create(_waybill(row, trip.code, base, kept, replaces or {}) for trip in plan.trips)
        if request is not None:
            mine = RequestRow.objects.filter(pk=request.id, state=request.state, attempts=request.attempts)
            if not mine.update(state="done", plan=row, finished_at=machine_at or at):
                raise rules.Cancelled(request=request.id)
        record.append(prepared, at=at)
    return _stored(row.pk)


def _waybill(row: PlanRow, trip: str, base: StoredPlan | None, kept: Collection[str], replaces: Mapping[str, str]) -> WaybillRow:
    """The waybill of a trip: the one it had where that holds, else a new one that names the one it replaces."""
    before = base.waybills.get(replaces.get(trip, trip)) if base else None
    number, identity, old = f"SJ/{row.number:02d}/{trip}", rules.waybill_id(row.entry_id, trip), before[1] if before else ""
    if before and trip in kept:
        (number, identity), old = before, ""
    return WaybillRow(
        plan=row, trip=trip, identity=identity, number=number, replaces=old, occurred_at=row.occurred_at, entry_id=row.entry_id
    )


def _split_draft(election: str, load: str, parts: Parts, actor: facts.Actor, at: datetime) -> facts.Draft:
    return _draft("load.split", election, f"load:{load}", actor, at, {"load": load, "parts": [list(part) for part in parts]})


def _frozen(current: Inputs) -> dict[str, Any]:
    """Inputs as plain data; pieces as short lists because there are thousands."""
    loads = []
    for load in current.loads:
        plain = {**asdict(replace(load, pieces=())), "kind": load.kind.value, "tps": list(load.tps)}
        plain["pieces"] = [[piece.place, piece.item, piece.quantity] for piece in load.pieces]
        loads.append(plain)
    network = current.network
    return {
        "loads": loads,
        "nodes": [asdict(node) for node in network.nodes],
        "sea": [asdict(leg) for leg in network.sea],
        "hazards": [asdict(hazard) for hazard in network.hazards],
        "measured": [asdict(way) for way in network.measured],
        "closures": [asdict(closed) for closed in network.closures],
        "road": [network.detour_permille, network.road_kmh],
        "fleet": [vehicle_facts(vehicle) for vehicle in current.fleet],
        "gates": [asdict(gate) for gate in network.gates],
        "rules": rules.rules_facts(current.rules),
        "unsized": list(current.unsized),
        "estimate": current.estimate,
    }


def _thawed(plain: Mapping[str, Any]) -> Inputs:
    loads = tuple(
        rules.Load(
            **{
                **load,
                "kind": rules.LoadKind(load["kind"]),
                "tps": tuple(load["tps"]),
                "pieces": tuple(rules.Piece(*piece) for piece in load["pieces"]),
            }
        )
        for load in plain["loads"]
    )
    network = rules.Network(
        tuple(rules.Node(**node) for node in plain["nodes"]),
        tuple(rules.SeaLeg(**leg) for leg in plain["sea"]),
        int(plain["road"][0]),
        int(plain["road"][1]),
        tuple(rules.Hazard(**hazard) for hazard in plain["hazards"]),
        tuple(rules.Measured(**way) for way in plain.get("measured", ())),
        tuple(rules.Closure(**closed) for closed in plain.get("closures", ())),
        tuple(sea_rules.Gate(gate["place"], gate["day"], travel.Opening(**gate["opening"])) for gate in plain.get("gates", ())),
    )
    keep = rules.rules_of(plain["rules"])
    return Inputs(loads, network, tuple(vehicle_of(v) for v in plain["fleet"]), keep, tuple(plain["unsized"]), plain["estimate"])


@lru_cache(maxsize=8)
def _kept(pk: int, plan_hash: str) -> StoredPlan:
    """A plan never changes, so it is read once per process; the hash tells apart plans of different databases with one number."""
    row = PlanRow.objects.get(pk=pk, plan_hash=plan_hash)
    midnight = record.midnight(row.election)
    waybills = {bill.trip: (bill.number, bill.identity) for bill in WaybillRow.objects.filter(plan=row)}
    return StoredPlan(
        number=row.number,
        plan=rules.plan_of(row.plan),
        inputs=_thawed(row.inputs),
        input_hash=row.input_hash,
        plan_hash=row.plan_hash,
        occurred_at=row.occurred_at,
        entry_id=row.entry_id,
        midnight_at=midnight,
        waybills=waybills,
        base=row.base,
    )


def _stored(pk: int) -> StoredPlan:
    entry_id, plan_hash = PlanRow.objects.values_list("entry_id", "plan_hash").get(pk=pk)
    kept = _kept(pk, plan_hash)
    if kept.entry_id != entry_id:
        _kept.cache_clear()
        kept = _kept(pk, plan_hash)
    return kept


def next_number(election: str) -> int:
    """The number that the next plan gets, also where one was recorded for a later instant."""
    return PlanRow.objects.filter(election=election).count() + 1


def recorded(election: str, number: int, at: datetime) -> StoredPlan | None:
    """A plan by its number, if it was recorded by then."""
    pk = PlanRow.objects.filter(election=election, number=number, occurred_at__lte=at).values_list("pk", flat=True).first()
    return _stored(pk) if pk else None


def numbers(election: str, at: datetime) -> list[tuple[int, datetime, str]]:
    """The plans recorded by then, newest first: number, instant, who."""
    rows = PlanRow.objects.filter(election=election, occurred_at__lte=at).order_by("-number")
    return list(rows.values_list("number", "occurred_at", "person"))


def plan_of_row(pk: int) -> StoredPlan:
    """A recorded plan by its row, for what points at one."""
    return _stored(pk)


@record.remembered
def current_plan(election: str, at: datetime) -> StoredPlan | None:
    """The plan in force at an instant: the latest recorded."""
    pk = PlanRow.objects.filter(election=election, occurred_at__lte=at).order_by("number").values_list("pk", flat=True).last()
    return _stored(pk) if pk else None


def stale(stored: StoredPlan, election: str, at: datetime) -> bool:
    """Whether the plan in force was made from inputs that no longer stand."""
    try:
        now = inputs(election, at)
    except rules.NotReady:
        return True
    # Older plans counted the name of the carrier and the remark too.
    named = [one for one in fleet(election, at) if now.network.node(one.start)]
    hashed = rules.inputs_hash(now.loads, now.network, named, now.rules)
    return stored.input_hash not in {now.digest, hashed}


def plan_numbered(election: str, number: int) -> StoredPlan | None:
    """One plan by its number, in force or not."""
    pk = PlanRow.objects.filter(election=election, number=number).values_list("pk", flat=True).first()
    return _stored(pk) if pk else None


def chances(stored: StoredPlan) -> dict[str, int]:
    """Load -> probability in ppm that it is in time, by the plan's own ways and choices."""
    given = stored.inputs
    return reliability.arrivals(stored.plan, given.loads, given.network, given.fleet, given.rules)


def all_islands(stored: StoredPlan) -> int | None:
    """The probability in ppm that every island is served by one of its plans, under one sea; None where an island has no plans."""
    islands = {load.place for load in stored.inputs.loads if load.kind is rules.LoadKind.ISLAND}
    return reliability.together(stored.plan.choices) if islands == {choice.island for choice in stored.plan.choices} else None


def chosen_now(stored: StoredPlan, election: str, at: datetime) -> dict[str, rules.IslandChoice]:
    """What would be chosen for every island with the forecasts as they are now, in the plan's own network and fleet.

    Empty where the plan has no choices, or where everything on the sea lies behind.
    """
    given = stored.inputs
    if not stored.plan.choices:
        return {}
    return reliability.choices(given.loads, given.network, given.fleet, given.rules, sea(election, at))


def reckoned_now(stored: StoredPlan, election: str, at: datetime) -> dict[str, int]:
    """Island -> what its plans A, B and C are worth (ppm) with the forecasts as they are now; without those whose first hour is past."""
    now = sea(election, at)
    found = {choice.island: reliability.reckoned(choice, fleet(election, at), now) for choice in stored.plan.choices}
    return {island: ppm for island, ppm in found.items() if ppm is not None}


def sea_changed(stored: StoredPlan, election: str, at: datetime) -> tuple[str, ...]:
    """Islands whose plan A would lie on another day now; those whose hour of decision has passed are left to the people at the pier."""
    now = chosen_now(stored, election, at)
    found = []
    for choice in stored.plan.choices:
        first, fresh = choice.options[0], now.get(choice.island)
        if fresh is None or stored.instant(first.decide_min) <= at:
            continue
        moved = rules.day_of(fresh.options[0].depart_min) != rules.day_of(first.depart_min)
        if moved or fresh.exception != choice.exception:
            found.append(choice.island)
    return tuple(found)


def waybill(identity: str) -> tuple[str, int, str] | None:
    """Election, plan number and trip of a waybill's identity; of a waybill that repairs have kept, the newest plan."""
    row = WaybillRow.objects.select_related("plan").filter(identity=identity).order_by("plan__number").last()
    return (row.plan.election, row.plan.number, row.trip) if row else None


def waybill_state(identity: str, at: datetime) -> WaybillState | None:
    """Whether a surat jalan holds at an instant, and which one replaces it: the end of the chain of those that replaced one another."""
    row = WaybillRow.objects.select_related("plan").filter(identity=identity, occurred_at__lte=at).order_by("plan__number").last()
    if row is None:
        return None
    stored = current_plan(row.plan.election, at)
    standing = {code for _, code in stored.waybills.values()} if stored else set()
    heir, seen = identity, {identity}
    while heir not in standing:
        later = (
            WaybillRow.objects.filter(replaces=heir, plan__election=row.plan.election, occurred_at__lte=at).order_by("plan__number").first()
        )
        if later is None or later.identity in seen:
            break
        heir = later.identity
        seen.add(heir)
    found = next((bill for bill in stored.waybills.values() if bill[1] == heir), None) if stored and heir != identity else None
    return WaybillState(row.plan.election, row.plan.number, row.trip, row.number, identity in standing, found)


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R10 for the islands of the plan in force and R09 for its crossings, with the fleet and the forecasts as they are now."""
    stored = current_plan(election, at)
    if stored is None:
        return []
    held = thresholds.limits(election, "distribution", rules.Limits(), at)
    given, working = stored.inputs, fleet(election, at)
    legs = rules.island_legs(stored.plan, given.loads, given.network, working, stored.occurred_at)
    mark = "ARMADA ASUMSI" if any(vehicle.assumption for vehicle in working) else ""
    boats = rules.boat_signals(legs, stored.midnight_at, at, held, mark)
    out = [crossing for crossing in rules.crossings(stored.plan, given.network, working, stored.midnight_at) if crossing.back_at > at]
    return boats + rules.wave_signals(out, weather.waves(election, at))


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: needs are computed and nobody planned yet, or the plan in force no longer fits them."""
    if not any(grant.role == "kpu.operator" and grant.holds(at) for grant in person.grants):
        return []
    if needs.current(election, at) is None or not fleet(election, at):
        return []
    stored = current_plan(election, at)
    if stored is None:
        return [facts.Task("distribution.plan", "distribution", f"plan:{election}", "rencana distribusi")]
    if stale(stored, election, at):
        return [facts.Task("distribution.replan", "distribution", f"plan:{stored.number}", f"rencana {stored.number}")]
    moved = sea_changed(stored, election, at)
    if moved:
        names = ", ".join(node.name for node in stored.inputs.network.nodes if node.code in moved)
        return [facts.Task("distribution.sea", "distribution", f"plan:{stored.number}", names)]
    return []


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Vehicles and waybills by code or number."""
    del person
    wanted = text.strip().upper().removeprefix("PSK1:N:")
    if len(wanted) < 2:
        return []
    hits = [
        facts.Hit("vehicle", vehicle.code, vehicle.name, (vehicle.code,))
        for vehicle in fleet(election, at)
        if wanted in vehicle.code.upper() or wanted in vehicle.name.upper()
    ]
    stored = current_plan(election, at)
    bills = stored.waybills if stored else {}
    hits += [
        facts.Hit("waybill", number, f"surat jalan {trip}", (trip,))
        for trip, (number, identity) in bills.items()
        if wanted in number or wanted == identity
    ]
    return hits[:20]


WORDS: dict[str, record.Eraser] = dict.fromkeys(
    (
        *_DISRUPTED.values(), *_ENDED.values(), "vehicle.added", "vehicle.changed", "vehicle.retired", "handling.changed", "kit.split",
    ),
    record.journal_only,
)  # fmt: skip
