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
from posko.store import record

KEEP_DRAFTS = timedelta(days=14)


class DptRun(models.Model):
    """One import."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    label = models.CharField(max_length=120)
    source = models.CharField(max_length=160, blank=True)
    source_digest = models.CharField(max_length=64, blank=True)
    estimate = models.BooleanField()
    total = models.PositiveIntegerField()
    tps = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "dpt_run"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="dpt_run_code"),)


class CountRow(models.Model):
    """Voters of one TPS in one import."""

    run = models.ForeignKey(DptRun, on_delete=models.PROTECT, related_name="+")
    tps = models.CharField(max_length=24)
    dpt = models.PositiveIntegerField()
    dptb = models.PositiveIntegerField()
    dpk = models.PositiveIntegerField()
    male = models.PositiveIntegerField(null=True)
    female = models.PositiveIntegerField(null=True)
    estimate = models.BooleanField()

    class Meta:
        db_table = "dpt_count"
        constraints = (models.UniqueConstraint(fields=["run", "tps"], name="dpt_count_once"),)


class DraftRow(models.Model):
    """A file under examination with what its operator has said about it. Files with personal data never get here."""

    token = models.CharField(max_length=32, unique=True)
    election = models.CharField(max_length=40)
    person = models.CharField(max_length=60)
    name = models.CharField(max_length=160)
    label = models.CharField(max_length=120)
    estimate = models.BooleanField()
    data = models.BinaryField()
    digest = models.CharField(max_length=64)
    answers = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "dpt_draft"


@dataclass(frozen=True)
class Upload:
    """A file under examination. `answers`: what the operator said about columns, separators and names."""

    token: str
    name: str
    label: str
    estimate: bool
    data: bytes
    digest: str
    person: str
    created_at: datetime
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
    source_digest: str = "",
    base: str | None = None,
    draft: str = "",
) -> rules.Run:
    """Puts these counts in the place of all counts in force. `base`: the digest that was in force when the difference was shown.

    NothingToImport, DraftStale, NoDraft.
    """
    new = {one.tps: one for one in voters}
    with transaction.atomic():
        before = current(election, at)
        if base is not None and base != (before.digest if before else ""):
            raise rules.DraftStale()
        if draft and not DraftRow.objects.select_for_update().filter(token=draft, election=election).exists():
            raise rules.NoDraft()
        difference = rules.difference(_counts(before, election), new)
        if not new or (before and difference.empty):
            raise rules.NothingToImport()
        code = f"DPT-{DptRun.objects.filter(election=election).count() + 1:03}"
        estimate = any(v.estimate for v in new.values())
        total, digest = sum(v.dpt for v in new.values()), rules.digest(new.values())
        said: dict[str, object] = {
            "label": label,
            "total": total,
            "tps": len(new),
            "digest": digest,
            "estimate": int(estimate),
            "file": source_digest,
            "replaces": before.id if before else "",
            "new": len(difference.new),
            "changed": len(difference.changed),
            "gone": len(difference.gone),
            "counts": {v.tps: [v.dpt, v.dptb, v.dpk] for v in sorted(new.values(), key=lambda v: v.tps)},
        }
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("dpt.imported", election, f"dpt:{code}", region, actor, at, said)], at)
        row = DptRun.objects.create(
            election=election, code=code, label=label[:120], source=source[:160], source_digest=source_digest, estimate=estimate, total=total,
            tps=len(new), digest=digest, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        CountRow.objects.bulk_create(
            (
                CountRow(run=row, tps=v.tps, dpt=v.dpt, dptb=v.dptb, dpk=v.dpk, male=v.male, female=v.female, estimate=v.estimate)
                for v in new.values()
            ),
            batch_size=2000,
        )
        DraftRow.objects.filter(token=draft, election=election).delete()
        record.append(prepared, at=at)
    return _run(row)


def current(election: str, at: datetime) -> rules.Run | None:
    """The import in force at an instant, or None."""
    row = _rows(election, at).last()
    return _run(row) if row else None


def history(election: str, at: datetime) -> list[rules.Run]:
    """All imports until an instant, the latest first."""
    return [_run(row) for row in _rows(election, at).reverse()]


def voters(election: str, at: datetime) -> dict[str, rules.TpsVoters]:
    """TPS -> voters in force at an instant; empty before the first import."""
    return _counts(current(election, at), election)


def counts(election: str, run: str) -> dict[str, rules.TpsVoters]:
    """TPS -> voters as one import stated them; empty for an unknown one."""
    rows = CountRow.objects.filter(run__election=election, run__code=run).order_by("tps")
    return {r.tps: rules.TpsVoters(r.tps, r.dpt, r.dptb, r.dpk, r.estimate, r.male, r.female) for r in rows}


def _counts(run: rules.Run | None, election: str) -> dict[str, rules.TpsVoters]:
    return counts(election, run.id) if run else {}


def _rows(election: str, at: datetime) -> "models.QuerySet[DptRun]":
    return DptRun.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")


def _run(row: DptRun) -> rules.Run:
    return rules.Run(row.code, row.label, row.estimate, row.total, row.tps, row.occurred_at, row.digest, row.person, row.source)


# --- files under examination ---------------------------------------------------------------------------------------------------------


def keep_upload(election: str, name: str, data: bytes, *, label: str, estimate: bool, actor: facts.Actor, at: datetime) -> Upload:
    """Keeps a file for examination; older forgotten ones go."""
    with transaction.atomic():
        DraftRow.objects.filter(election=election, created_at__lt=at - KEEP_DRAFTS).delete()
        digest = hashlib.sha256(data).hexdigest()
        row = DraftRow.objects.create(
            token=secrets.token_urlsafe(12), election=election, person=actor.person, name=name[:160], label=label[:120], estimate=estimate,
            data=data, digest=digest, created_at=at,
        )  # fmt: skip
        _note("dpt.file_received", election, actor, at, {"file": digest, "bytes": len(data), "estimate": int(estimate)})
    return _upload(row)


def upload(election: str, token: str) -> Upload:
    """One file under examination; NoDraft."""
    row = DraftRow.objects.filter(election=election, token=token).first()
    if row is None:
        raise rules.NoDraft()
    return _upload(row)


def uploads(election: str, at: datetime) -> list[Upload]:
    """All files under examination, the latest first."""
    rows = DraftRow.objects.filter(election=election, created_at__lte=at, created_at__gte=at - KEEP_DRAFTS)
    return [_upload(row) for row in rows.order_by("-created_at", "-id")]


def answer(election: str, token: str, answers: Mapping[str, Any], actor: facts.Actor, at: datetime) -> None:
    """Adds what the operator said about a file; NoDraft."""
    with transaction.atomic():
        row = DraftRow.objects.select_for_update().filter(election=election, token=token).first()
        if row is None:
            raise rules.NoDraft()
        row.answers = {**row.answers, **answers}
        row.save()
        _note("dpt.file_answered", election, actor, at, {"file": row.digest, "about": sorted(answers)})


def drop_upload(election: str, token: str, actor: facts.Actor, at: datetime) -> None:
    """Forgets a file under examination; NoDraft."""
    with transaction.atomic():
        row = DraftRow.objects.select_for_update().filter(election=election, token=token).first()
        if row is None:
            raise rules.NoDraft()
        digest = row.digest
        row.delete()
        _note("dpt.file_dropped", election, actor, at, {"file": digest})


def _note(kind: str, election: str, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> None:
    region = record.election(election).region
    record.append([facts.Draft(kind, election, f"dpt_file:{said['file']}", region, actor, at, said)], at=at)


def _upload(row: DraftRow) -> Upload:
    return Upload(row.token, row.name, row.label, row.estimate, bytes(row.data), row.digest, row.person, row.created_at, dict(row.answers))


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: the first import, and own files that wait for confirmation."""
    if person.agency != "KPU":
        return []
    tasks = [
        facts.Task("dpt.confirm", "dpt", f"dpt_file:{u.digest}", u.name, None, (u.token,))
        for u in uploads(election, at)
        if u.person == person.id
    ]
    if current(election, at) is None and not tasks:
        tasks.append(facts.Task("dpt.import", "dpt", f"election:{election}", record.election(election).name))
    return tasks
