"""Stage replanning: what has happened to the plan in force, the repair that was looked at, and its recording. Tables: in distribution.

A repair is computed outside any transaction (`planning.mending`) from what `stand` gives; `record_repair` writes the disruption and the
plan together, and only where the plan in force and everything else are still what was looked at. Where there is much to search, the
worker does it (`ask`, `search`), keeps what it found with the request, and a person takes it or puts it aside (`take`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from posko.domain import access as access_rules
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import replanning as rules
from posko.store import distribution, record
from posko.store.distribution import Disrupted, Inputs, StoredPlan

TASK = "repair"
# The worker weighs longer than somebody before a screen wants to wait.
TRIALS, ITERATIONS = 20_000, 2_000
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
    if isinstance(happened, rules.VehicleLost | rules.TpsMoved):
        given = replace(given, loads=_loads_then(election, happened, given, at))
    return Stand(stored, given, int((at - stored.midnight_at).total_seconds() // 60))


def _loads_then(election: str, happened: rules.Disruption, given: rules.Given, at: datetime) -> tuple[plans.Load, ...]:
    """The loads as they will be derived once this is recorded: what no vehicle takes whole travels in parts."""
    try:
        match happened:
            case rules.VehicleLost(vehicle):
                return distribution.inputs(election, at, lost=vehicle).loads
            case rules.TpsMoved(tps, to):
                return distribution.inputs(election, at, moved={tps: to}).loads
    except plans.NotReady:  # the last truck: there is nothing to plan with, which the repair will say
        pass
    return given.loads


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
    *,
    request: distribution.PlanRequest | None = None,
) -> StoredPlan | None:
    """Writes the disruption and, where one is given, the repaired plan.

    seen: the number of the plan that was looked at. PlanMoved, BadDisruption, and what `record_plan` refuses; then nothing is written.
    request: the search that found it. plan None: the disruption alone, where no plan brings everything; the plan in force then counts as
    made from old inputs.
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
        return distribution.record_plan(election, plan, digest, actor, at, base=before.stored, replaces=heirs, request=request)


# --- searched by the worker --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A search and, where it has ended well, what it found. changed: why it cannot be taken any more: "" | plan | inputs | overdue.

    overdue: the trips that left meanwhile and that it would change.
    """

    request: distribution.PlanRequest
    happened: rules.Disruption | None
    source: str
    base: StoredPlan | None
    stand: Stand | None = None
    plan: plans.Plan | None = None
    changed: str = ""
    overdue: tuple[str, ...] = ()


def ask(election: str, happened: rules.Disruption | None, source: str, actor: facts.Actor, at: datetime) -> distribution.PlanRequest:
    """Queues the search for a repair of the plan in force, or gives the one that already runs. NothingToRepair, BadDisruption, TooNear,
    distribution.SearchRunning."""
    base = stand(election, happened, at).stored.number
    asked = {"happened": rules.disruption_facts(happened), "source": source, "base": base}
    return distribution.request_search(election, TASK, asked, actor, at, own=False)


def search(request: distribution.PlanRequest, at: datetime, watch: Callable[[int, int], None]) -> dict[str, object]:
    """The worker's part: the repair as plain data for `distribution.found_answer`. PlanMoved where another plan is in force by now."""
    # The routing library costs a second at the start of every process.
    from posko.planning import mending, routes  # noqa: PLC0415  (see above)

    before = stand(request.election, rules.disruption_of(request.asked["happened"]), at)
    if before.stored.number != request.asked["base"]:
        raise rules.PlanMoved(seen=request.asked["base"], now=before.stored.number)
    old, stop = before.stored.plan, routes.Stop(iterations=ITERATIONS)
    made = mending.mend(old, before.given, now_min=before.now_min, trials=TRIALS, stop=stop, seed=old.seed, watch=watch)
    return {
        "plan": plans.plan_facts(made.plan), "now_min": before.now_min, "input_hash": _hash(before.given), "fresh": made.fresh,
        "frozen": len(made.frozen), "rerouted": list(made.rerouted),
    }  # fmt: skip


def _hash(given: rules.Given) -> str:
    return plans.inputs_hash(given.loads, given.network, given.fleet, given.rules)


def found(election: str, number: int, at: datetime) -> Found | None:
    """A search by its number, beside the plan and the inputs as they are now; None where there is no such search."""
    request = distribution.plan_request(election, number)
    if request is None or request.task != TASK:
        return None
    happened, base = rules.disruption_of(request.asked["happened"]), distribution.plan_numbered(election, request.asked["base"])
    found = Found(request, happened, str(request.asked["source"]), base)
    if request.state != "found" or base is None:
        return found
    plan = plans.plan_of(request.answer["plan"])
    try:
        now = stand(election, happened, at)
    except facts.Refusal:  # what the disruption names is gone: the vehicle was taken out of use meanwhile
        return replace(found, plan=plan, changed="inputs")
    late = rules.overdue(base.plan, plan, int(request.answer["now_min"]), now.now_min)
    changed = "plan" if now.stored.number != base.number else ""
    changed = changed or ("inputs" if _hash(now.given) != request.answer["input_hash"] else "")
    return replace(found, stand=now, plan=plan, changed=changed or ("overdue" if late else ""), overdue=late)


def take(election: str, number: int, note: str, actor: facts.Actor, at: datetime, *, alone: bool = False) -> StoredPlan | None:
    """What a search found is recorded as `record_repair` does it. distribution.NotWaiting, PlanMoved, Overdue and what that refuses."""
    with transaction.atomic():
        at = record.turn(at)
        one = found(election, number, at)
        if one is None or one.plan is None:
            raise plans.NotWaiting(request=number)
        if one.changed == "overdue":
            raise rules.Overdue(trips=", ".join(one.overdue))
        if one.changed or one.base is None:
            raise rules.PlanMoved(seen=one.request.asked["base"], now=one.stand.stored.number if one.stand else 0)
        if alone:
            distribution.close_request(one.request)
        plan, asked = (None, None) if alone else (one.plan, one.request)
        return record_repair(election, one.happened, plan, one.base.number, one.source, note, actor, at, request=asked)


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


@dataclass(frozen=True)
class Told:
    """That the change sheet of a repair was handed to those whom it concerns: when it was said, by whom."""

    person: str
    occurred_at: datetime


def tell(election: str, number: int, actor: facts.Actor, at: datetime) -> None:
    """Records that the change sheet of the plan in force was handed out. NothingToRepair where it repairs none, PlanMoved, AlreadyTold."""
    with transaction.atomic():
        at = record.turn(at)
        stored = distribution.current_plan(election, at)
        if stored is None or not stored.base:
            raise rules.NothingToRepair(election=election)
        if stored.number != number:
            raise rules.PlanMoved(seen=number, now=stored.number)
        if told(election, number, at) is not None:
            raise rules.AlreadyTold(plan=number)
        said = {"plan": number, "plan_hash": stored.plan_hash}
        region = record.election(election).region
        record.append([facts.Draft("repair.told", election, f"repair:{number}", region, actor, at, said)], at=at)


def told(election: str, number: int, at: datetime) -> Told | None:
    """Whether the change sheet of a plan was handed out by then."""
    rows = record.Entry.objects.filter(kind="repair.told", election=election, subject=f"repair:{number}", recorded_at__lte=at)
    entry = rows.order_by("leaf_index").first()
    if entry is None:
        return None
    leaf = record.entry(election, entry.entry_id)
    return Told(leaf.actor, entry.recorded_at)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: a repair was found and nobody has taken it or put it aside; a repaired plan is in force and nobody told the drivers."""
    if not any(grant.role == "kpu.operator" and grant.holds(at) for grant in person.grants):
        return []
    ready = [one for one in distribution.searches(election, TASK, at) if one.state == "found"]
    tasks = [facts.Task("replanning.found", "replanning", f"repair:{one.id}", f"rencana {one.asked['base']}") for one in ready]
    stored = distribution.current_plan(election, at)
    if stored is not None and stored.base and at < stored.midnight_at and told(election, stored.number, at) is None:
        tasks.append(facts.Task("replanning.tell", "replanning", f"plan:{stored.number}", f"rencana {stored.number}"))
    return tasks


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
