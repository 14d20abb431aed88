"""Stage returns: plans for the way back, made from the distribution plan in force; one never changes, the latest of each leg counts.

A return keeps the vehicles and the goods that it was made from, so that its papers say the same for ever; a new one is made from the
vehicles and roads of its own day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import models, transaction

from posko.domain import distribution as roads
from posko.domain import labels as label_rules
from posko.domain import record as facts
from posko.domain import returns as rules
from posko.planning import returns as kernel
from posko.planning.routes import Stop
from posko.store import distribution, places, record, regulation

ITERATIONS = 1500
MILESTONE = "REKAP_PPK"
"""The milestone of a rulebook that says when the PPK have recapitulated."""


class ReturnRow(models.Model):
    """A return with the number of the distribution plan whose goods it brings back. frozen: goods and vehicles; {} in older rows."""

    election = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    source = models.PositiveIntegerField()
    leg = models.CharField(max_length=10, default=rules.Leg.DESA.value)
    plan = models.JSONField()
    frozen = models.JSONField(default=dict)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "returns_plan"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="returns_plan_number"),)


class RecapitulationRow(models.Model):
    """When a PPK has recapitulated, as somebody of the KPU said it; the latest word counts."""

    election = models.CharField(max_length=40)
    ppk = models.CharField(max_length=20)
    ends_at = models.DateTimeField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "returns_recapitulation"


@dataclass(frozen=True)
class Given:
    """What a return is made from: the distribution plan, what comes back, and on what ground. missing: PPK whose hour nobody knows."""

    stored: distribution.StoredPlan
    collects: tuple[rules.Collect, ...]
    ground: kernel.Ground
    leg: rules.Leg = rules.Leg.DESA
    missing: tuple[str, ...] = ()

    def faults(self, plan: rules.Plan) -> list[roads.Violation]:
        """What the checker finds."""
        ground = self.ground
        return rules.violations(plan, self.collects, ground.network, ground.fleet, ground.handling, ground.keep)


@dataclass(frozen=True)
class StoredReturn:
    """A recorded return. waybills: trip -> (number, identity); collects and fleet: what it was made from."""

    election: str
    number: int
    source: int
    leg: rules.Leg
    plan: rules.Plan
    collects: Mapping[str, rules.Collect]
    fleet: Mapping[str, roads.Vehicle]
    occurred_at: datetime
    entry_id: str
    waybills: Mapping[str, tuple[str, str]]

    def trip(self, waybill: str) -> rules.Trip | None:
        """The trip of a waybill's identity."""
        code = next((code for code, (_, identity) in self.waybills.items() if identity == waybill), "")
        return next((one for one in self.plan.trips if one.code == code), None)


@dataclass(frozen=True)
class Recapitulation:
    """When a PPK has recapitulated; source: kpu (somebody said so) | calendar (the rulebook, with its basis and grade)."""

    ppk: str
    ends_at: datetime
    source: str
    basis: str = ""
    grade: str = ""


# --- what a return is made from ------------------------------------------------------------------------------------------


def given(election: str, at: datetime, leg: rules.Leg = rules.Leg.DESA) -> Given:
    """What would be planned now: the goods of the plan in force, on today's roads, with today's vehicles.

    NothingToReturn where no distribution plan is in force; NoRecapitulation where a way onward has no PPK whose hour is known.
    """
    stored = distribution.current_plan(election, at)
    if stored is None:
        raise rules.NothingToReturn(election=election)
    keep, goods = rules.Rules(), distribution.goods(election, at)
    network, handling = _ways(stored, election, at)
    fleet = tuple(one for one in distribution.fleet(election, at) if network.node(one.start))
    ground = kernel.Ground(network, fleet, handling, keep)
    if leg is rules.Leg.DESA:
        return Given(stored, tuple(rules.collects_of(stored.inputs.loads, goods, keep)), ground)
    known = recapitulations(election, at)
    ends = {one.ppk: _minute(one.ends_at, stored.midnight_at) for one in known.values()}
    missing = tuple(sorted(_districts(election) - ends.keys()))
    if not ends:
        raise rules.NoRecapitulation(missing=len(missing))
    collects = rules.onward_of(stored.inputs.loads, goods, keep, ends, _warehouse(fleet))
    return Given(stored, tuple(collects), ground, leg, missing)


def _ways(stored: distribution.StoredPlan, election: str, at: datetime) -> tuple[roads.Network, roads.Rules]:
    """Roads as they are now, closed ones too; where no plan could be made now, as the plan in force knew them."""
    try:
        now = distribution.inputs(election, at)
    except roads.NotReady:
        return stored.inputs.network, stored.inputs.rules
    return now.network, now.rules


def _warehouse(fleet: Iterable[roads.Vehicle]) -> str:
    """Where everything ends: the warehouse from which most vehicles start."""
    starts = [one.start for one in fleet if not one.boat]
    return max(sorted(set(starts)), key=starts.count, default="")


def _minute(moment: datetime, midnight_at: datetime) -> int:
    return -int((midnight_at - moment).total_seconds() // 60)


def _districts(election: str) -> set[str]:
    return {tps.kecamatan_code for tps in places.tps_list(election)}


# --- when a PPK has recapitulated ----------------------------------------------------------------------------------------


def recapitulations(election: str, at: datetime) -> dict[str, Recapitulation]:
    """PPK -> when it has recapitulated: what the KPU said, else what the calendar says. A PPK of which neither speaks is not there."""
    found = {}
    for one in regulation.milestones(election, at):
        if one.code == MILESTONE:
            said = {ppk: Recapitulation(ppk, one.due_at, "calendar", one.basis, one.grade.value) for ppk in _districts(election)}
            found.update(said)
    for row in RecapitulationRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        found[row.ppk] = Recapitulation(row.ppk, row.ends_at, "kpu")
    return found


def set_recapitulation(election: str, ends: Mapping[str, datetime], actor: facts.Actor, at: datetime) -> None:
    """Says when PPK have recapitulated, planned or done; what says the same as before is passed over. BadRecapitulation."""
    with transaction.atomic():
        at = record.turn(at)
        midnight_at, known, stands = record.midnight(election), _districts(election), recapitulations(election, at)
        for ppk, ends_at in ends.items():
            rules.check_recapitulation(known, ppk, _minute(ends_at, midnight_at), rules.Rules())
        fresh = {
            ppk: ends_at.astimezone(UTC) for ppk, ends_at in sorted(ends.items()) if ppk not in stands or stands[ppk].ends_at != ends_at
        }
        drafts = [
            facts.Draft("recapitulation.set", election, f"ppk:{ppk}", ppk, actor, at, {"ppk": ppk, "ends_at": ends_at.isoformat()})
            for ppk, ends_at in fresh.items()
        ]
        prepared = record.prepare(drafts, at)
        RecapitulationRow.objects.bulk_create(
            RecapitulationRow(
                election=election, ppk=ppk, ends_at=ends_at, person=actor.person, occurred_at=at, entry_id=entry.entry_id
            )
            for (ppk, ends_at), entry in zip(fresh.items(), prepared, strict=True)
        )  # fmt: skip
        record.append(prepared, at=at)


# --- making and reading --------------------------------------------------------------------------------------------------


def make(election: str, actor: facts.Actor, at: datetime, leg: rules.Leg = rules.Leg.DESA) -> StoredReturn:
    """Plans a leg outside any transaction, then records it. NothingToReturn, NoRecapitulation, ReturnChanged, ReturnViolates."""
    found = given(election, at, leg)
    search = kernel.plan if leg is rules.Leg.DESA else kernel.onward
    plan = search(found.collects, found.ground, seed=1, stop=Stop(iterations=ITERATIONS))
    with transaction.atomic():
        at = record.turn(at)
        now = given(election, at, leg)
        if now.stored.number != found.stored.number:
            raise rules.ReturnChanged(election=election)
        faults = now.faults(plan)
        if faults:
            raise rules.ReturnViolates(count=len(faults), first=faults[0].code)
        number = ReturnRow.objects.filter(election=election).count() + 1
        said = {"number": number, "plan": now.stored.number, "trips": len(plan.trips), "left": len(plan.left), "leg": leg.value}
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("return.planned", election, f"return:{number}", region, actor, at, said)], at)
        row = ReturnRow.objects.create(
            election=election,
            number=number,
            source=now.stored.number,
            leg=leg.value,
            plan=rules.plan_facts(plan),
            frozen=_frozen(now),
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return _stored(row.pk, row.entry_id)


def _frozen(made: Given) -> dict[str, Any]:
    """Goods and vehicles as plain data; who drives a vehicle is a name and stays out."""
    return {
        "collects": [asdict(one) for one in made.collects],
        "fleet": [distribution.vehicle_facts(one) for one in made.ground.fleet],
    }


def current(election: str, at: datetime, leg: rules.Leg = rules.Leg.DESA) -> StoredReturn | None:
    """The return in force on a leg: the latest recorded."""
    return next((one for one in reversed(recorded(election, at)) if one.leg is leg), None)


@record.remembered
def recorded(election: str, at: datetime) -> list[StoredReturn]:
    """Every return by then, the oldest first."""
    rows = ReturnRow.objects.filter(election=election, occurred_at__lte=at).order_by("number").values_list("pk", "entry_id")
    return [_stored(pk, entry_id) for pk, entry_id in rows]


def of_waybill(election: str, typed: str) -> tuple[StoredReturn, str] | None:
    """The return and the identity of a surat jalan balik, by its number, its identity or what its QR code says; None for any other."""
    wanted = label_rules.cleaned(typed)
    try:
        identity = label_rules.expect(wanted, "waybill").text
    except facts.Refusal:
        identity = ""
    for pk, entry_id in ReturnRow.objects.filter(election=election).order_by("-number").values_list("pk", "entry_id"):
        stored = _stored(pk, entry_id)
        for number, code in stored.waybills.values():
            if code == identity or number.upper() == wanted.upper():
                return stored, code
    return None


@lru_cache(maxsize=64)
def _stored(pk: int, entry_id: str) -> StoredReturn:
    """A return never changes, so it is read once per process; its entry tells apart those of different databases with one number."""
    row = ReturnRow.objects.get(pk=pk, entry_id=entry_id)
    plan = rules.plan_of(row.plan)
    bills = {trip.code: (f"SJB/{row.number:02d}/{trip.code}", roads.waybill_id(row.entry_id, trip.code)) for trip in plan.trips}
    if row.frozen:
        collects = [rules.collect_of(one) for one in row.frozen["collects"]]
        fleet = [distribution.vehicle_of(one) for one in row.frozen["fleet"]]
    else:  # from before a return kept what it was made from
        source = distribution.plan_numbered(row.election, row.source)
        inputs = source.inputs if source else None
        goods = distribution.goods(row.election, row.occurred_at)
        collects = rules.collects_of(inputs.loads, goods, rules.Rules()) if inputs else []
        fleet = list(inputs.fleet) if inputs else []
    return StoredReturn(
        row.election, row.number, row.source, rules.Leg(row.leg), plan, {one.code: one for one in collects},
        {one.code: one for one in fleet}, row.occurred_at, row.entry_id, bills,
    )  # fmt: skip


def lost_vehicles(found: StoredReturn, at: datetime) -> list[str]:
    """Vehicles of a return that are in use no more: it should be planned anew."""
    working = {one.code for one in distribution.fleet(found.election, at)}
    return sorted({trip.vehicle for trip in found.plan.trips} - working)


def carriers(found: StoredReturn) -> dict[str, str]:
    """Vehicle -> the firm that drives it, as it was known when the return was recorded."""
    return {one.vehicle.code: one.vehicle.carrier for one in distribution.vehicle_states(found.election, found.occurred_at)}
