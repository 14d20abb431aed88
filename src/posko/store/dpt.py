"""Stage dpt: imports of voter counts, the counts themselves, and files that wait for their confirmation.

An import replaces all counts at once and stays readable for ever; the counts in force at an instant are those of the last import before
it. A draft is a file under examination: it is kept here so that a closed browser loses nothing, and it counts nowhere.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import dpt as rules
from posko.domain import record as facts
from posko.store import places, record

KEEP_DRAFTS = timedelta(days=14)


class DptRun(models.Model):
    """One import."""

    election = models.CharField(max_length=40)
    label = models.CharField(max_length=160)
    source = models.CharField(max_length=200, blank=True)
    estimate = models.BooleanField()
    total = models.PositiveIntegerField()
    tps = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "dpt_run"


class DptCount(models.Model):
    """Voters of one TPS in one import."""

    run = models.ForeignKey(DptRun, on_delete=models.PROTECT, related_name="+")
    tps = models.CharField(max_length=24)
    dpt = models.PositiveIntegerField()
    dptb = models.PositiveIntegerField(default=0)
    dpk = models.PositiveIntegerField(default=0)
    male = models.PositiveIntegerField(null=True)
    female = models.PositiveIntegerField(null=True)
    estimate = models.BooleanField()

    class Meta:
        db_table = "dpt_count"
        constraints = (models.UniqueConstraint(fields=["run", "tps"], name="dpt_count_once"),)


class DptDraft(models.Model):
    """A file under examination; `state` holds what its operator has said about it. Files with personal data never get here."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    person = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    state = models.JSONField(default=dict)

    class Meta:
        db_table = "dpt_draft"


@dataclass(frozen=True)
class Upload:
    """A file under examination. `answers`: what the operator said about columns, separators and names."""

    code: str
    name: str
    label: str
    estimate: bool
    data: bytes
    person: str
    made_at: datetime
    answers: Mapping[str, Any] = field(default_factory=dict)


# --- imports -----------------------------------------------------------------------------------------------------------------------


def import_voters(
    election: str,
    voters: Iterable[rules.TpsVoters],
    *,
    label: str,
    actor: facts.Actor,
    at: datetime,
    source: str = "",
    based_on: str = "",
    draft: str = "",
) -> rules.Run:
    """Puts these counts in the place of all counts in force.

    `based_on`: the digest in force when the difference was shown ("" when there was none); `draft`: the file that becomes an import.
    NothingToImport, DraftStale, NoDraft.
    """
    new = {one.tps: one for one in voters}
    with transaction.atomic():
        at = record.turn(at)
        before = current(election, at)
        kept = DptDraft.objects.select_for_update().filter(code=draft, election=election).first()
        if draft and kept is None:
            raise rules.NoDraft()
        digest = rules.digest(new.values())
        rules.check_import(before.digest if before else "", based_on, digest)
        difference = rules.difference(_counts(before), new)
        estimate, total = any(v.estimate for v in new.values()), sum(v.dpt for v in new.values())
        said: dict[str, object] = {
            "label": label,
            "source": source,
            "total": total,
            "tps": len(new),
            "digest": digest,
            "estimate": int(estimate),
            "file": hashlib.sha256(bytes(kept.data)).hexdigest() if kept else "",
            "replaces": before.digest if before else "",
            "new": len(difference.new),
            "changed": len(difference.changed),
            "gone": len(difference.gone),
            "counts": {v.tps: [v.dpt, v.dptb, v.dpk] for v in sorted(new.values(), key=lambda v: v.tps)},
        }
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("dpt.imported", election, f"dpt:{digest[:16]}", region, actor, at, said)], at)
        row = DptRun.objects.create(
            election=election,
            label=label[:160],
            source=source[:200],
            estimate=estimate,
            total=total,
            tps=len(new),
            occurred_at=at,
            digest=digest,
            person=actor.person,
            entry_id=prepared[0].entry_id,
        )
        DptCount.objects.bulk_create(
            (
                DptCount(run=row, tps=v.tps, dpt=v.dpt, dptb=v.dptb, dpk=v.dpk, male=v.male, female=v.female, estimate=v.estimate)
                for v in new.values()
            ),
            batch_size=1000,
        )
        if kept is not None:
            kept.delete()
        record.append(prepared, at=at)
    return _run(row)


@record.remembered
def current(election: str, at: datetime) -> rules.Run | None:
    """The import in force at an instant, or None."""
    row = _rows(election, at).last()
    return _run(row) if row else None


def history(election: str, at: datetime) -> list[rules.Run]:
    """All imports until an instant, the latest first."""
    return [_run(row) for row in _rows(election, at).reverse()]


def voters(election: str, at: datetime) -> dict[str, rules.TpsVoters]:
    """TPS -> voters in force at an instant; empty before the first import."""
    return _counts(current(election, at))


def voters_of(election: str, run: str) -> dict[str, rules.TpsVoters]:
    """TPS -> voters as one import stated them; empty for an unknown one."""
    return _voters(DptCount.objects.filter(run__election=election, run_id=int(run))) if run.isdigit() else {}


def _counts(run: rules.Run | None) -> dict[str, rules.TpsVoters]:
    return _voters(DptCount.objects.filter(run_id=int(run.id))) if run else {}


def _voters(rows: "models.QuerySet[DptCount]") -> dict[str, rules.TpsVoters]:
    told = rows.order_by("tps").values_list("tps", "dpt", "dptb", "dpk", "estimate", "male", "female")
    return {
        tps: rules.TpsVoters(tps, in_dpt, in_dptb, in_dpk, estimate, male, female)
        for tps, in_dpt, in_dptb, in_dpk, estimate, male, female in told
    }


def _rows(election: str, at: datetime) -> "models.QuerySet[DptRun]":
    return DptRun.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")


def _run(row: DptRun) -> rules.Run:
    return rules.Run(str(row.pk), row.label, row.estimate, row.total, row.tps, row.occurred_at, row.digest, row.person, row.source)


# --- files under examination -------------------------------------------------------------------------------------------------


def keep_upload(election: str, name: str, data: bytes, *, label: str, estimate: bool, actor: facts.Actor, at: datetime) -> Upload:
    """Keeps a file for examination; older forgotten ones go."""
    with transaction.atomic():
        DptDraft.objects.filter(election=election, made_at__lt=at - KEEP_DRAFTS).delete()
        row = DptDraft.objects.create(
            code=secrets.token_hex(8),
            election=election,
            person=actor.person,
            made_at=at,
            name=name[:200],
            data=data,
            state={"label": label[:160], "estimate": estimate, "answers": {}},
        )
        _note("dpt.file_received", row, actor, at, {"bytes": len(data), "estimate": int(estimate)})
    return _upload(row)


def upload(election: str, code: str) -> Upload:
    """One file under examination; NoDraft."""
    return _upload(_draft(election, code))


def uploads(election: str, at: datetime) -> list[Upload]:
    """All files under examination, the latest first."""
    rows = DptDraft.objects.filter(election=election, made_at__lte=at, made_at__gte=at - KEEP_DRAFTS)
    return [_upload(row) for row in rows.order_by("-made_at", "-id")]


def answer(election: str, code: str, answers: Mapping[str, Any], actor: facts.Actor, at: datetime) -> None:
    """Adds what the operator said about a file; NoDraft."""
    with transaction.atomic():
        at = record.turn(at)
        row = _draft(election, code)
        row.state = {**row.state, "answers": {**row.state["answers"], **answers}}
        row.save()
        _note("dpt.file_answered", row, actor, at, {"about": sorted(answers)})


def drop_upload(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    """Forgets a file under examination; NoDraft."""
    with transaction.atomic():
        at = record.turn(at)
        row = _draft(election, code)
        DptDraft.objects.filter(pk=row.pk).delete()
        _note("dpt.file_dropped", row, actor, at, {})


def _draft(election: str, code: str) -> DptDraft:
    row = DptDraft.objects.filter(election=election, code=code).first()
    if row is None:
        raise rules.NoDraft()
    return row


def _note(kind: str, row: DptDraft, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> None:
    digest, region = hashlib.sha256(bytes(row.data)).hexdigest(), record.election(row.election).region
    record.append([facts.Draft(kind, row.election, f"dpt_file:{row.code}", region, actor, at, {"file": digest, **said})], at=at)


def _upload(row: DptDraft) -> Upload:
    state = row.state
    return Upload(row.code, row.name, state["label"], state["estimate"], bytes(row.data), row.person, row.made_at, dict(state["answers"]))


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU's operator: own files that wait; no voters yet, only estimates, or TPS without a count."""
    if not any(g.role == "kpu.operator" and g.holds(at) for g in person.grants):
        return []
    tasks = [
        facts.Task("dpt.confirm", "dpt", f"dpt_file:{u.code}", u.name, None, (u.code,))
        for u in uploads(election, at)
        if u.person == person.id
    ]
    run = current(election, at)
    if run is None:
        return [*tasks, facts.Task("dpt.missing", "dpt", f"dpt:{election}", "")]
    missing = len(places.tps_list(election)) - run.tps
    if missing > 0:
        tasks.append(facts.Task("dpt.incomplete", "dpt", f"dpt:{election}", str(missing)))
    if run.estimate:
        tasks.append(facts.Task("dpt.estimate", "dpt", f"dpt:{election}", run.label))
    return tasks
