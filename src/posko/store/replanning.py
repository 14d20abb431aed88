"""Stage replanning: what has happened to the plan in force, the repair that was looked at, and its recording. Tables: in distribution.

A repair is computed outside any transaction (`planning.mending`) from what `stand` gives; `record_repair` writes the disruption and the
plan together, and only where the plan in force and everything else are still what was looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from posko.domain import access as access_rules
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import replanning as rules
from posko.store import distribution, record
from posko.store.distribution import Disrupted, Inputs, StoredPlan

SOURCES = ("polres", "pemda", "ppk", "pengemudi", "pemasok", "kpu")


@dataclass(frozen=True)
class Stand:
    """The plan in force and what it would be made from if the disruption is so. now_min: this moment in the plan's minutes."""

    stored: StoredPlan
    given: rules.Given
    now_min: int


def stand(election: str, happened: rules.Disruption | None, at: datetime) -> Stand:
    """What a repair starts from; without a disruption: the plan in force as its inputs stand now. NothingToRepair, BadDisruption."""
    stored = distribution.current_plan(election, at)
    if stored is None:
        raise rules.NothingToRepair(election=election)
    now = _given(distribution.inputs(election, at))
    given = rules.after(now, happened, distribution.sizes(election, at)) if happened else now
    return Stand(stored, given, int((at - stored.midnight_at).total_seconds() // 60))


def _given(current: Inputs) -> rules.Given:
    return rules.Given(current.loads, current.network, current.fleet, current.rules)


def destination(election: str, tps: str, into: str, at: datetime) -> str:
    """Where the goods of a TPS go that is merged into another one. BadDisruption."""
    loads = distribution.inputs(election, at).loads
    found = next((load.place for load in loads if into in load.tps), "")
    if not found or tps == into:
        raise rules.BadDisruption(tps=tps, to=into)
    return found


def record_repair(
    election: str,
    happened: rules.Disruption | None,
    plan: plans.Plan | None,
    seen: int,
    source: str,
    note: str,
    actor: facts.Actor,
    at: datetime,
) -> StoredPlan | None:
    """Writes the disruption and, where one is given, the repaired plan.

    seen: the number of the plan that was looked at. PlanMoved, BadDisruption, and what `record_plan` refuses; then nothing is written.
    plan None: the disruption alone, where no plan brings everything; the plan in force then counts as made from old inputs.
    """
    with transaction.atomic():
        at = record.turn(at)
        before = stand(election, happened, at)
        if before.stored.number != seen:
            raise rules.PlanMoved(seen=seen, now=before.stored.number)
        if plan is not None and not plan.feasible:
            raise rules.NotWhole(left=len(plan.unassigned))
        if happened is not None:
            _write(election, happened, source, note, actor, at)
        if plan is None:
            return None
        digest = distribution.inputs(election, at).digest
        told = rules.changes(before.stored.plan, before.stored.inputs.loads, plan, before.given.loads)
        heirs = {new: old for old, new in told.taken_over}
        return distribution.record_plan(election, plan, digest, actor, at, base=before.stored, replaces=heirs)


def _write(election: str, happened: rules.Disruption, source: str, note: str, actor: facts.Actor, at: datetime) -> None:
    one = _row(happened, source, at)
    if one is not None:
        distribution.put_disruption(election, one, note, actor, at)
    elif isinstance(happened, rules.VehicleLost):
        distribution.retire_vehicle(election, happened.vehicle, note, actor, at)
    else:
        raise rules.BadDisruption(kind=type(happened).__name__)


def _row(happened: rules.Disruption, source: str, at: datetime) -> Disrupted | None:
    match happened:
        case rules.RoadCut(place, to, said):
            return Disrupted("road", place, to, "", 0, said or source, at, "")
        case rules.TpsMoved(tps, to):
            return Disrupted("moved", tps, to, "", 0, source, at, "")
        case rules.LateStock(item, ready_min):
            return Disrupted("late", "", "", item, ready_min, source, at, "")
        case _:
            return None


def end(election: str, entry_id: str, note: str, actor: facts.Actor, at: datetime) -> None:
    """The road is open again, the goods are here, the TPS is back. BadDisruption where it is not in force."""
    with transaction.atomic():
        at = record.turn(at)
        found = next((one for one in distribution.disruptions(election, at) if one.entry_id == entry_id), None)
        if found is None:
            raise rules.BadDisruption(entry=entry_id[:16])
        distribution.put_disruption(election, replace(found), note, actor, at, ended=True)


@dataclass(frozen=True)
class Repaired:
    """A plan that repairs another: both, what changed, and the waybills by trip of the plan before."""

    stored: StoredPlan
    base: StoredPlan
    changes: rules.Changes

    @property
    def old_waybills(self) -> Mapping[str, tuple[str, str]]:
        """Of the plan before."""
        return self.base.waybills


def last_repair(election: str, at: datetime) -> Repaired | None:
    """The plan in force beside the one it repairs; None where it was made from nothing."""
    stored = distribution.current_plan(election, at)
    base = distribution.plan_numbered(election, stored.base) if stored and stored.base else None
    if stored is None or base is None:
        return None
    return Repaired(stored, base, rules.changes(base.plan, base.inputs.loads, stored.plan, stored.inputs.loads))


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """A surat jalan that no longer holds, by what its QR code says or by its whole number: whoever has it in hand must be told."""
    del person
    wanted = text.strip().upper().removeprefix("PSK1:N:")
    if len(wanted) < 5:
        return []
    rows = distribution.WaybillRow.objects.filter(plan__election=election, occurred_at__lte=at)
    found = rows.filter(identity=wanted).first() or rows.filter(number__iexact=wanted).order_by("plan__number").last()
    state = distribution.waybill_state(found.identity, at) if found else None
    if found is None or state is None or state.stands:
        return []
    return [facts.Hit("old_waybill", found.number, f"surat jalan {found.trip}, tidak berlaku lagi", (found.identity,))]
