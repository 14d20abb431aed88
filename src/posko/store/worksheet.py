"""Stage worksheet: drafts of plans, one open per person and election, as a base plan and the adjustments made on it.

A draft is always looked at with the inputs as they are now; whether the base was made from others is told, not hidden.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import worksheet as rules
from posko.store import distribution, record


class WorksheetRow(models.Model):
    """A draft. state: open | saved | discarded."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    base = models.PositiveIntegerField()
    state = models.CharField(max_length=10, default="open")
    plan = models.PositiveIntegerField(null=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)
    closing_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "worksheet_draft"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="worksheet_draft_code"),)


class WorksheetStepRow(models.Model):
    """One adjustment; undone ones stay and do not count."""

    draft = models.ForeignKey(WorksheetRow, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField()
    undone_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "worksheet_adjustment"


@dataclass(frozen=True)
class Sheet:
    """An open draft with everything that its page needs. version: what a form must have seen."""

    code: str
    person: str
    base: distribution.StoredPlan
    adjustments: tuple[rules.Adjustment, ...]
    draft: rules.Draft
    given: rules.Given
    version: int
    inputs: distribution.Inputs

    @property
    def stale(self) -> bool:
        """Whether the base was made from other inputs; hashing them takes a moment, so it is asked where it is told."""
        return self.inputs.digest != self.base.input_hash

    def plan(self) -> plans.Plan:
        """The draft as a plan that says where it comes from."""
        return self.draft.plan(self.base.plan.seed, f"meja perencana, dari rencana {self.base.number}")


@dataclass(frozen=True)
class Note:
    """That a draft exists: whose, on which plan, since when, with how many adjustments."""

    code: str
    base: int
    person: str
    occurred_at: datetime
    adjustments: int


def open_draft(election: str, number: int, actor: facts.Actor, at: datetime) -> str:
    """Opens a draft on a recorded plan. AlreadyOpen where this person has one, UnknownPlan, and NotReady of distribution."""
    with transaction.atomic():
        at = record.turn(at)
        if _row(election, actor.person, at) is not None:
            raise rules.AlreadyOpen(election=election)
        if distribution.recorded(election, number, at) is None:
            raise rules.UnknownPlan(number=number)
        distribution.inputs(election, at)
        code = f"MEJA-{WorksheetRow.objects.filter(election=election).count() + 1:03d}"
        prepared = record.prepare([_draft("worksheet.opened", election, code, actor, at, {"base": number})], at)
        WorksheetRow.objects.create(
            election=election, code=code, base=number, person=actor.person, agency=actor.agency, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return code


def _draft(
    kind: str,
    election: str,
    code: str,
    actor: facts.Actor,
    at: datetime,
    said: Mapping[str, object],
    private: Mapping[str, object] | None = None,
) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind, election, f"worksheet:{code}", region, actor, at, said, private or {})


def _row(election: str, person: str, at: datetime) -> WorksheetRow | None:
    """The draft that was open for a person at an instant."""
    rows = WorksheetRow.objects.filter(election=election, person=person, occurred_at__lte=at)
    return rows.filter(models.Q(closed_at__isnull=True) | models.Q(closed_at__gt=at)).order_by("pk").last()


def _rows(row: WorksheetRow, at: datetime) -> list[WorksheetStepRow]:
    done = WorksheetStepRow.objects.filter(draft=row, occurred_at__lte=at)
    return list(done.filter(models.Q(undone_at__isnull=True) | models.Q(undone_at__gt=at)).order_by("pk"))


def sheet(election: str, person: str, at: datetime) -> Sheet | None:
    """The open draft of a person, computed with the inputs as they stand; None where there is none. NotReady of distribution."""
    row = _row(election, person, at)
    return _sheet(row, at) if row else None


def _sheet(row: WorksheetRow, at: datetime) -> Sheet:
    base = distribution.recorded(row.election, row.base, at)
    assert base is not None
    rows = _rows(row, at)
    found = tuple(rules.adjustment_of(one.facts) for one in rows)
    inputs = distribution.inputs(row.election, at)
    given = rules.Given(inputs.loads, inputs.network, inputs.fleet, inputs.rules, distribution.goods(row.election, at))
    draft, kept = _applied(base.plan, given, found)
    return Sheet(row.code, row.person, base, kept, draft, given, rows[-1].pk if rows else 0, inputs)


def _applied(
    plan: plans.Plan, given: rules.Given, adjustments: tuple[rules.Adjustment, ...]
) -> tuple[rules.Draft, tuple[rules.Adjustment, ...]]:
    """The draft; adjustments that changed inputs made impossible (a load or vehicle is gone) no longer count."""
    draft, kept = rules.begin(plan, given), []
    for one in adjustments:
        try:
            draft = rules.adjust(draft, one, given)
        except facts.Refusal:
            continue
        kept.append(one)
    return draft, tuple(kept)


def others(election: str, person: str, at: datetime) -> list[Note]:
    """Open drafts of other people, oldest first."""
    rows = WorksheetRow.objects.filter(election=election, occurred_at__lte=at).exclude(person=person)
    rows = rows.filter(models.Q(closed_at__isnull=True) | models.Q(closed_at__gt=at)).order_by("pk")
    return [Note(row.code, row.base, row.person, row.occurred_at, len(_rows(row, at))) for row in rows]


def _locked(election: str, seen: int, actor: facts.Actor, at: datetime) -> tuple[WorksheetRow, Sheet]:
    """The draft to change, under the journal's lock. NoDraft, ChangedMeanwhile."""
    row = _row(election, actor.person, at)
    if row is None:
        raise rules.NoDraft(election=election)
    found = _sheet(row, at)
    if found.version != seen:
        raise rules.ChangedMeanwhile(draft=row.code)
    return row, found


def adjust(election: str, adjustment: rules.Adjustment, seen: int, actor: facts.Actor, at: datetime) -> rules.Draft:
    """One more adjustment, if the rules allow it. NoDraft, ChangedMeanwhile, TooMany, and the refusals of the rules."""
    with transaction.atomic():
        at = record.turn(at)
        row, found = _locked(election, seen, actor, at)
        if len(found.adjustments) >= rules.MOST:
            raise rules.TooMany(most=rules.MOST)
        draft = rules.adjust(found.draft, adjustment, found.given)
        prepared = record.prepare([_draft("worksheet.adjusted", election, row.code, actor, at, _told(adjustment))], at)
        WorksheetStepRow.objects.create(
            draft=row, facts=rules.adjustment_facts(adjustment), person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)
    return draft


def _told(adjustment: rules.Adjustment) -> dict[str, object]:
    """An adjustment as the journal keeps it: of a plan that came back from the planner its hash."""
    if isinstance(adjustment, rules.Solved):
        return {"act": "solved", "plan_hash": plans.plan_hash(adjustment.plan)}
    said: dict[str, Any] = rules.adjustment_facts(adjustment)
    return {key: value for key, value in said.items() if value is not None}


# --- the rest, searched by the worker ------------------------------------------------------------------------------------------------

TASK = "rest"
# The worker searches longer than somebody before a screen wants to wait.
ITERATIONS = 4_000


@dataclass(frozen=True)
class Found:
    """A search for the rest of a draft and, where it has ended well, what it found; changed: the draft or its inputs are others by now."""

    request: distribution.PlanRequest
    sheet: Sheet | None
    plan: plans.Plan | None = None
    changed: bool = False

    @property
    def wrong(self) -> int:
        """Faults of the draft with what was found."""
        if self.sheet is None or self.plan is None:
            return 0
        return sum(len(some) for some in rules.faults(self.after, self.sheet.given).values())

    @property
    def after(self) -> rules.Draft:
        """The draft with what was found; only where there is both."""
        assert self.sheet is not None
        assert self.plan is not None
        return rules.adjust(self.sheet.draft, rules.Solved(self.plan), self.sheet.given)


def ask(election: str, seen: int, actor: facts.Actor, at: datetime) -> distribution.PlanRequest:
    """Queues the search for the rest of this person's draft, or gives the one that already runs. NoDraft, ChangedMeanwhile,
    distribution.SearchRunning while another search for this person runs."""
    with transaction.atomic():
        at = record.turn(at)
        row, found = _locked(election, seen, actor, at)
        asked = {"draft": row.code, "version": found.version, "input_hash": found.inputs.digest}
        return distribution.request_search(election, TASK, asked, actor, at, own=True)


def search(request: distribution.PlanRequest, at: datetime, watch: Callable[[int, int], None]) -> dict[str, object]:
    """The worker's part: the plan of the draft as plain data for `distribution.found_answer`. NoDraft, ChangedMeanwhile."""
    from posko.planning import routes  # noqa: PLC0415  # the routing library costs a second at the start of every process
    from posko.planning import worksheet as planner  # noqa: PLC0415  # it imports that library

    now = sheet(request.election, request.actor.person, at)
    if now is None:
        raise rules.NoDraft(election=request.election)
    if _differs(request, now):
        raise rules.ChangedMeanwhile(draft=now.code)
    plan = partial(routes.plan, sea=distribution.sea(request.election, at))
    made = planner.solve(now.draft, now.given, plan, seed=request.seed, stop=routes.Stop(iterations=ITERATIONS), watch=watch)
    return {"plan": plans.plan_facts(made)}


def _differs(request: distribution.PlanRequest, now: Sheet) -> bool:
    asked = request.asked
    return (now.code, now.version) != (asked["draft"], asked["version"]) or now.inputs.digest != asked["input_hash"]


def found(election: str, number: int, person: str, at: datetime) -> Found | None:
    """A search of this person by its number, beside the draft as it is now; None where there is no such search."""
    request = distribution.plan_request(election, number)
    if request is None or request.task != TASK or request.actor.person != person:
        return None
    now = sheet(election, person, at)
    made = Found(request, now)
    if request.state != "found":
        return made
    changed = now is None or _differs(request, now)
    return replace(made, plan=plans.plan_of(request.answer["plan"]), changed=changed)


def take(election: str, number: int, actor: facts.Actor, at: datetime) -> rules.Draft:
    """What a search found becomes the next adjustment of the draft. distribution.NotWaiting, ChangedMeanwhile and those of `adjust`."""
    with transaction.atomic():
        at = record.turn(at)
        one = found(election, number, actor.person, at)
        if one is None or one.plan is None:
            raise plans.NotWaiting(request=number)
        if one.changed:
            raise rules.ChangedMeanwhile(draft=str(one.request.asked["draft"]))
        distribution.close_request(one.request)
        return adjust(election, rules.Solved(one.plan), int(one.request.asked["version"]), actor, at)


def undo(election: str, seen: int, actor: facts.Actor, at: datetime) -> rules.Adjustment:
    """Drops the last adjustment and returns it. NoDraft, ChangedMeanwhile, NothingToUndo."""
    with transaction.atomic():
        at = record.turn(at)
        row, found = _locked(election, seen, actor, at)
        if not found.version:
            raise rules.NothingToUndo(draft=row.code)
        last = WorksheetStepRow.objects.get(pk=found.version)
        draft = _draft("worksheet.undone", election, row.code, actor, at, {"entry": last.entry_id})
        prepared = record.prepare([draft], at)
        last.undone_at = at
        last.save(update_fields=["undone_at"])
        record.append(prepared, at=at)
    return rules.adjustment_of(last.facts)


def discard(election: str, actor: facts.Actor, at: datetime) -> None:
    """Closes the draft without a plan. NoDraft."""
    with transaction.atomic():
        at = record.turn(at)
        row = _row(election, actor.person, at)
        if row is None:
            raise rules.NoDraft(election=election)
        prepared = record.prepare([_draft("worksheet.discarded", election, row.code, actor, at, {"base": row.base})], at)
        row.state, row.closed_at, row.closing_id = "discarded", at, prepared[0].entry_id
        row.save(update_fields=["state", "closed_at", "closing_id"])
        record.append(prepared, at=at)


def save(election: str, seen: int, reason: str, actor: facts.Actor, at: datetime) -> distribution.StoredPlan:
    """The draft becomes a plan in force, with its split loads. NoReason, Unfinished, ChangedMeanwhile, Overtaken and those of record_plan.

    Trips that are as they were in the plan in force keep their waybills.
    """
    with transaction.atomic():
        at = record.turn(at)
        if not reason.strip():
            raise rules.NoReason(election=election)
        row, found = _locked(election, seen, actor, at)
        wrong = sum(len(some) for some in rules.faults(found.draft, found.given).values())
        if wrong or found.draft.left:
            raise rules.Unfinished(faults=wrong, left=len(found.draft.left))
        standing = distribution.current_plan(election, at)
        if standing is not None and standing.occurred_at > row.occurred_at:
            raise rules.Overtaken(draft=row.code, plan=standing.number)
        split = dict(found.draft.splits)
        digest = distribution.inputs(election, at, split).digest
        said = {"base": row.base, "adjustments": len(found.adjustments)}
        beside = _draft("worksheet.saved", election, row.code, actor, at, said, record.typed(reason=reason.strip()[:400]))
        row.state, row.closed_at, row.plan = "saved", at, distribution.next_number(election)
        row.save(update_fields=["state", "closed_at", "plan"])
        stored = distribution.record_plan(election, found.plan(), digest, actor, at, split=split, beside=[beside], base=standing)
        row.closing_id = _saved(election, row.code)  # known only now: it is written together with the plan
        row.save(update_fields=["closing_id"])
        return stored


def _saved(election: str, code: str) -> str:
    """The entry with which a draft was saved; "" where there is none."""
    entries = record.Entry.objects.filter(kind="worksheet.saved", subject=f"worksheet:{code}", election=election)
    return entries.order_by("leaf_index").values_list("entry_id", flat=True).last() or ""


def reason_of(election: str, number: int, at: datetime) -> str:
    """Why a plan was made by hand; "" where it was not."""
    row = WorksheetRow.objects.filter(election=election, plan=number, closed_at__lte=at).order_by("pk").last()
    if row is None:
        return ""
    entry_id = row.closing_id or _saved(election, row.code)  # older rows do not name it
    return record.privates([entry_id]).text(entry_id, "reason")


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """The draft that this person left open."""
    row = _row(election, person.id, at)
    return [facts.Task("worksheet.open", "worksheet", f"worksheet:{row.code}", f"draf {row.code}")] if row else []


WORDS: dict[str, record.Eraser] = {"worksheet.saved": record.journal_only}
