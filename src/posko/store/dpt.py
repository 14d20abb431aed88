"""Stage dpt: voter counts per TPS, import by import. The latest import by `at` is in force; earlier ones stay readable."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import dpt as rules
from posko.domain import record as facts
from posko.store import places, record


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
    """The voters of one TPS in one import."""

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
    """A file that was read and waits for confirmation: a refresh loses nothing."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    person = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    state = models.JSONField(default=dict)

    class Meta:
        db_table = "dpt_draft"


def import_voters(
    election: str, voters: Iterable[rules.TpsVoters], *, label: str, source: str, based_on: str, actor: facts.Actor, at: datetime
) -> rules.Run:
    """Adopts voter counts in place of those in force.

    `based_on` is the digest of the counts that the dry run compared with ("" when there were none): DraftStale when others came between.
    NothingToImport when the counts are those already in force.
    """
    new = {v.tps: v for v in voters}
    with transaction.atomic():
        now = _current_row(election, at)
        rules.check_import(now.digest if now else "", based_on, rules.digest(new.values()))
        said: dict[str, str | int] = {
            "label": label, "source": source, "tps": len(new), "total": sum(v.dpt for v in new.values()),
            "dptb": sum(v.dptb for v in new.values()), "dpk": sum(v.dpk for v in new.values()),
            "estimate": int(any(v.estimate for v in new.values())), "digest": rules.digest(new.values()),
        }  # fmt: skip
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("dpt.imported", election, f"dpt:{election}", region, actor, at, said)], at)
        row = DptRun.objects.create(
            election=election, label=label, source=source, estimate=bool(said["estimate"]), total=said["total"], tps=len(new),
            occurred_at=at, digest=said["digest"], person=actor.person, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        DptCount.objects.bulk_create(
            [
                DptCount(run=row, tps=v.tps, dpt=v.dpt, dptb=v.dptb, dpk=v.dpk, male=v.male, female=v.female, estimate=v.estimate)
                for v in sorted(new.values(), key=lambda v: v.tps)
            ],
            batch_size=1000,
        )
        record.append(prepared, at=at)
    return _run(row)


def current(election: str, at: datetime) -> rules.Run | None:
    """The import in force."""
    row = _current_row(election, at)
    return _run(row) if row else None


def history(election: str, at: datetime) -> list[rules.Run]:
    """All imports by then, the newest first."""
    return [_run(row) for row in DptRun.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id")]


def voters(election: str, at: datetime) -> dict[str, rules.TpsVoters]:
    """TPS -> voters in force; empty before the first import."""
    row = _current_row(election, at)
    return _counts(row.pk) if row else {}


def voters_of(run: str) -> dict[str, rules.TpsVoters]:
    """TPS -> voters of one import."""
    return _counts(int(run))


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """No voters yet, or only estimates: for the KPU's operator."""
    if not any(g.role == "kpu.operator" and g.holds(at) for g in person.grants):
        return []
    row = _current_row(election, at)
    if row is None:
        return [facts.Task("dpt.missing", "dpt", f"dpt:{election}", "")]
    missing = len(places.tps_list(election)) - row.tps
    if row.estimate:
        return [facts.Task("dpt.estimate", "dpt", f"dpt:{election}", row.label)]
    return [facts.Task("dpt.incomplete", "dpt", f"dpt:{election}", str(missing))] if missing > 0 else []


def _current_row(election: str, at: datetime) -> DptRun | None:
    return DptRun.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id").first()


def _counts(run: int) -> dict[str, rules.TpsVoters]:
    rows = DptCount.objects.filter(run_id=run).order_by("tps")
    return {r.tps: rules.TpsVoters(r.tps, r.dpt, r.dptb, r.dpk, r.estimate, r.male, r.female) for r in rows}


def _run(row: DptRun) -> rules.Run:
    return rules.Run(str(row.pk), row.label, row.estimate, row.total, row.tps, row.occurred_at, row.digest, row.person, row.source)
