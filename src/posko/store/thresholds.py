"""Stage thresholds: values that somebody set in place of a stage's defaults, and who sees to which warning.

A value is a row that names the one it replaces; the newest by instant is in force. Warnings themselves are derived and stored nowhere; what
is kept is that somebody said "I see to it" of one as it stood.
"""

import hashlib
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction

from posko.domain import record as facts
from posko.domain import thresholds as rules
from posko.store import record


class SettingRow(models.Model):
    """A value set for one threshold of a stage, in its unit; appended, never changed."""

    election = models.CharField(max_length=40)
    stage = models.CharField(max_length=30)
    name = models.CharField(max_length=40)
    value = models.PositiveIntegerField()
    before = models.PositiveIntegerField()
    reason = models.CharField(max_length=rules.LONGEST_REASON)
    role = models.CharField(max_length=40)
    second = models.CharField(max_length=60, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "thresholds_setting"
        indexes = (models.Index(fields=["election", "stage", "occurred_at"], name="thresholds_setting_latest"),)


class AcknowledgementRow(models.Model):
    """Somebody sees to a warning: its rule and thing, since when it stood, how grave it was."""

    election = models.CharField(max_length=40)
    rule = models.CharField(max_length=20)
    subject = models.CharField(max_length=200)
    since_at = models.DateTimeField()
    severity = models.CharField(max_length=10)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "thresholds_acknowledgement"
        indexes = (models.Index(fields=["election", "rule", "subject"], name="thresholds_ack_signal"),)


L = TypeVar("L")


# --- values --------------------------------------------------------------------------------------------------------------


def limits(election: str, stage: str, default: L, at: datetime) -> L:
    """The thresholds of a stage in force: its defaults and, in their place, what was set by then. One query."""
    rows = SettingRow.objects.filter(election=election, stage=stage, occurred_at__lte=at).order_by("occurred_at", "id")
    values = dict(rows.values_list("name", "value"))
    return rules.with_values(default, values) if values else default


def history(election: str, at: datetime, stage: str = "", name: str = "") -> list[rules.Setting]:
    """What was set by then, oldest first: of all stages, of one, or of one threshold."""
    rows = SettingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    rows = rows.filter(stage=stage) if stage else rows
    return [_setting(row) for row in (rows.filter(name=name) if name else rows)]


def set_limit(
    election: str,
    stage: str,
    default: Any,
    name: str,
    value: int,
    *,
    seen: int,
    reason: str,
    role: str,
    actor: facts.Actor,
    at: datetime,
    second: facts.Actor | None = None,
) -> rules.Setting:
    """Sets one threshold from now on. default: the stage's `Limits()`; seen: the value the form showed; role: whose it is from now on.

    Unknown, Locked, NotOwner, SeenOther, OutOfBounds, Unchanged, ReasonMissing, SecondMissing.
    """
    one = rules.knob(stage, default, name)
    with transaction.atomic():
        at = record.turn(at)  # the journal's turn comes first: what is read below still stands when it is written
        before = rules.plain(getattr(limits(election, stage, default, at), name), one.unit)
        rules.check_set(one, value, before, seen, reason, actor, second)
        signed = second if one.two else None
        said: dict[str, object] = {
            "stage": stage, "name": name, "rule": one.rule, "before": before, "value": value, "unit": one.unit,
            "owner": actor.agency, "role": role,
        }  # fmt: skip
        approvals = (actor.person, signed.person) if signed else ()
        draft = facts.Draft(
            "threshold.set", election, f"threshold:{stage}.{name}", record.election(election).region, actor, at, said,
            reason=reason.strip(), approvals=approvals,
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        row = SettingRow.objects.create(
            election=election, stage=stage, name=name, value=value, before=before, reason=reason.strip(), role=role,
            second=signed.person if signed else "", person=actor.person, agency=actor.agency, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _setting(row)


def _setting(row: SettingRow) -> rules.Setting:
    return rules.Setting(
        row.stage, row.name, row.value, row.before, row.reason, row.person, row.agency, row.role, row.second, row.occurred_at, row.entry_id
    )


# --- "I see to it" -------------------------------------------------------------------------------------------------------


def acknowledgements(election: str, at: datetime) -> list[rules.Acknowledgement]:
    """Who said by then that he sees to which warning, oldest first."""
    rows = AcknowledgementRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return [_acknowledgement(row) for row in rows]


def acknowledge(election: str, signal: facts.Signal, actor: facts.Actor, at: datetime) -> rules.Acknowledgement:
    """Somebody sees to a warning, as it stands now. NotAddressed, Acknowledged."""
    with transaction.atomic():
        at = record.turn(at)
        mine = [one for one in acknowledgements(election, at) if (one.rule, one.subject) == (signal.rule, signal.subject)]
        rules.check_acknowledge(signal, mine, actor)
        said: dict[str, object] = {
            "rule": signal.rule, "object": signal.subject, "since": signal.since_at.isoformat(), "severity": signal.severity,
        }  # fmt: skip
        digest = hashlib.sha256(f"{signal.rule} {signal.subject}".encode()).hexdigest()[:16]  # a subject may be longer than a column
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("signal.acknowledged", election, f"signal:{digest}", region, actor, at, said)], at)
        row = AcknowledgementRow.objects.create(
            election=election, rule=signal.rule, subject=signal.subject[:200], since_at=signal.since_at, severity=signal.severity,
            person=actor.person, agency=actor.agency, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _acknowledgement(row)


def _acknowledgement(row: AcknowledgementRow) -> rules.Acknowledgement:
    return rules.Acknowledgement(row.rule, row.subject, row.since_at, row.severity, row.person, row.agency, row.occurred_at, row.entry_id)
