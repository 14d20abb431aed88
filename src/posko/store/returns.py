"""Stage returns: plans for the way back, made from the distribution plan in force; one never changes, the latest counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import distribution as roads
from posko.domain import record as facts
from posko.domain import returns as rules
from posko.planning import returns as kernel
from posko.planning.routes import Stop
from posko.store import distribution, record

ITERATIONS = 1500


class ReturnRow(models.Model):
    """A return with the number of the distribution plan whose goods it brings back."""

    election = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    source = models.PositiveIntegerField()
    plan = models.JSONField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "returns_plan"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="returns_plan_number"),)


@dataclass(frozen=True)
class Given:
    """What a return is made from: the distribution plan, what comes back, and on what ground."""

    stored: distribution.StoredPlan
    collects: tuple[rules.Collect, ...]
    ground: kernel.Ground

    def faults(self, plan: rules.Plan) -> list[roads.Violation]:
        """What the checker finds."""
        ground = self.ground
        return rules.violations(plan, self.collects, ground.network, ground.fleet, ground.handling, ground.keep)


@dataclass(frozen=True)
class StoredReturn:
    """A recorded return. waybills: trip -> (number, identity)."""

    number: int
    source: int
    plan: rules.Plan
    occurred_at: datetime
    entry_id: str
    waybills: Mapping[str, tuple[str, str]]


def given(election: str, at: datetime) -> Given:
    """What would be planned now. NothingToReturn where no distribution plan is in force."""
    stored = distribution.current_plan(election, at)
    if stored is None:
        raise rules.NothingToReturn(election=election)
    return _given(stored, distribution.goods(election, at))


def _given(stored: distribution.StoredPlan, goods: Mapping[str, roads.Goods]) -> Given:
    keep, inputs = rules.Rules(), stored.inputs
    collects = tuple(rules.collects_of(inputs.loads, goods, keep))
    return Given(stored, collects, kernel.Ground(inputs.network, inputs.fleet, inputs.rules, keep))


def make(election: str, actor: facts.Actor, at: datetime) -> StoredReturn:
    """Plans the return outside any transaction, then records it. NothingToReturn, ReturnChanged, ReturnViolates."""
    found = given(election, at)
    plan = kernel.plan(found.collects, found.ground, seed=1, stop=Stop(iterations=ITERATIONS))
    with transaction.atomic():
        at = record.turn(at)
        now = given(election, at)
        if now.stored.number != found.stored.number:
            raise rules.ReturnChanged(election=election)
        faults = now.faults(plan)
        if faults:
            raise rules.ReturnViolates(count=len(faults), first=faults[0].code)
        number = ReturnRow.objects.filter(election=election).count() + 1
        said = {"number": number, "plan": now.stored.number, "trips": len(plan.trips), "left": len(plan.left)}
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("return.planned", election, f"return:{number}", region, actor, at, said)], at)
        row = ReturnRow.objects.create(
            election=election,
            number=number,
            source=now.stored.number,
            plan=rules.plan_facts(plan),
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return _stored(row)


def current(election: str, at: datetime) -> StoredReturn | None:
    """The return in force: the latest recorded."""
    row = ReturnRow.objects.filter(election=election, occurred_at__lte=at).order_by("number").last()
    return _stored(row) if row else None


def _stored(row: ReturnRow) -> StoredReturn:
    plan: Any = rules.plan_of(row.plan)
    bills = {trip.code: (f"SJB/{row.number:02d}/{trip.code}", roads.waybill_id(row.entry_id, trip.code)) for trip in plan.trips}
    return StoredReturn(row.number, row.source, plan, row.occurred_at, row.entry_id, bills)
