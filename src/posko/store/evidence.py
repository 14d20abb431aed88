"""Stage evidence: files by the hash of their bytes, and the rows that bind them to subjects of every stage.

A file is written before the transaction that names it, so a row never points at nothing; a file that no row names is harmless. Names of
files are not kept: people put names of people into them.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.formats import picture
from posko.store import record


class EvidenceRow(models.Model):
    """A file shown for a subject, until a withdrawal names it."""

    election = models.CharField(max_length=40)
    stage = models.CharField(max_length=30)
    subject = models.CharField(max_length=120)
    what = models.CharField(max_length=30)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "evidence_file"
        indexes = (
            models.Index(fields=["election", "subject"], name="evidence_file_subject"),
            models.Index(fields=["election", "sha256"], name="evidence_file_sha256"),
        )


class EvidenceWithdrawalRow(models.Model):
    """A file that no longer stands for its subject, and who said so."""

    evidence = models.ForeignKey(EvidenceRow, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "evidence_withdrawal"


# --- files ---------------------------------------------------------------------------------------------------------------


def keep(data: bytes, name: str) -> rules.Kept:
    """Check a file as uploaded and write it under its hash, durably. Same bytes twice are one file. `formats.picture.Unusable`.

    Call it before the transaction of the stage: nothing is named in the record that does not lie on the disk.
    """
    checked = picture.check(data, name)
    sha256 = hashlib.sha256(checked.data).hexdigest()
    path = _path(sha256)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        _write(path, checked.data)
    return rules.Kept(sha256, checked.kind, len(checked.data))


def _path(sha256: str) -> Path:
    return Path(settings.VAR) / "evidence" / sha256[:2] / sha256


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")  # backups leave out .part
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    with suppress(OSError):  # Windows does not open folders
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_file(election: str, sha256: str) -> tuple[Path, str]:
    """Where a file lies and its kind, its bytes checked against the record just now. Unknown, Lost, Changed."""
    row = EvidenceRow.objects.filter(election=election, sha256=sha256).first()
    if row is None:
        raise rules.Unknown(sha256=sha256[:12])
    path = _path(row.sha256)
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise rules.Lost(sha256=sha256[:12]) from None
    if found != row.sha256:
        raise rules.Changed(sha256=sha256[:12])
    return path, row.kind


# --- what is recorded ----------------------------------------------------------------------------------------------------


def bind(
    election: str,
    stage: str,
    subject: str,
    what: str,
    kept: rules.Kept,
    actor: facts.Actor,
    at: datetime,
    entry_id: str,
    mark: str = "",
) -> rules.Evidence:
    """Bind a kept file inside the caller's transaction, before it appends; its entry names `kept.sha256` in its facts. BadWhat."""
    rules.check_name(subject, what)
    EvidenceRow.objects.create(
        election=election, stage=stage, subject=subject, what=what, sha256=kept.sha256, kind=kept.kind, size=kept.size,
        mark=mark, person=actor.person, occurred_at=at, entry_id=entry_id,
    )  # fmt: skip
    return rules.Evidence(stage, subject, what, kept, actor.person, at, entry_id, mark)


def attach(
    election: str,
    stage: str,
    subject: str,
    what: str,
    data: bytes,
    name: str,
    actor: facts.Actor,
    at: datetime,
    mark: str = "",
) -> rules.Evidence:
    """Keep a file and bind it by an entry of its own. AlreadyBound, BadWhat, `formats.picture.Unusable`."""
    rules.check_name(subject, what)
    kept = keep(data, name)
    with transaction.atomic():
        if any(e.kept.sha256 == kept.sha256 and (e.stage, e.what) == (stage, what) for e in of(election, subject, at)):
            raise rules.AlreadyBound(subject=subject)
        said: dict[str, str | int] = {
            "stage": stage,
            "what": what,
            "sha256": kept.sha256,
            "kind": kept.kind,
            "size": kept.size,
            "mark": mark,
        }
        prepared = record.prepare([_draft("evidence.attached", election, subject, actor, at, said)], at)
        bound = bind(election, stage, subject, what, kept, actor, at, prepared[0].entry_id, mark)
        record.append(prepared, at=at)
    return bound


def withdraw(
    election: str, subject: str, sha256: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None
) -> None:
    """A file no longer stands for its subject; file and entry stay. The author alone within minutes; later a reason and a second.

    Unknown, ReasonMissing, SecondMissing.
    """
    with transaction.atomic():
        rows = [row for row in _rows(election, subject, at) if row.sha256 == sha256]
        if not rows:
            raise rules.Unknown(sha256=sha256[:12])
        row = rows[-1]
        alone = rules.check_withdrawal(_evidence(row), actor.person, second.person if second else "", reason, at)
        draft = _draft("evidence.withdrawn", election, subject, actor, at, {"stage": row.stage, "what": row.what, "sha256": sha256})
        approvals = () if alone or second is None else (actor.person, second.person)
        prepared = record.prepare([replace(draft, corrects=row.entry_id, reason=reason.strip(), approvals=approvals)], at)
        EvidenceWithdrawalRow.objects.create(
            evidence=row, reason=reason.strip()[:400], person=actor.person, second=approvals[1] if approvals else "",
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


# --- what is read --------------------------------------------------------------------------------------------------------


def of(election: str, subject: str, at: datetime) -> list[rules.Evidence]:
    """What stands for a subject by then, the oldest first; without what was withdrawn."""
    return [_evidence(row) for row in _rows(election, subject, at)]


def counts(election: str, at: datetime, stage: str = "") -> dict[str, int]:
    """Subject -> how many files stand for it by then, for lists that show it."""
    rows = EvidenceRow.objects.filter(election=election, occurred_at__lte=at).exclude(pk__in=_withdrawn(at))
    rows = rows.filter(stage=stage) if stage else rows
    return dict(rows.values_list("subject").annotate(number=models.Count("id")).order_by())


def stages_of(election: str, sha256: str) -> list[str]:
    """The stages to which a file is bound: who may read one of them may see it."""
    return list(EvidenceRow.objects.filter(election=election, sha256=sha256).values_list("stage", flat=True).distinct().order_by("stage"))


def damage(election: str, at: datetime) -> list[tuple[str, str, str]]:
    """Every file read again: (subject, sha256, code of the refusal) of those that are lost or changed."""
    found = []
    for row in EvidenceRow.objects.filter(election=election, occurred_at__lte=at).order_by("id"):
        try:
            open_file(election, row.sha256)
        except facts.Refusal as refusal:
            found.append((row.subject, row.sha256, refusal.code))
    return found


def _withdrawn(at: datetime) -> "models.QuerySet[EvidenceWithdrawalRow, int]":
    return EvidenceWithdrawalRow.objects.filter(occurred_at__lte=at).values_list("evidence_id", flat=True)


def _rows(election: str, subject: str, at: datetime) -> list[EvidenceRow]:
    rows = EvidenceRow.objects.filter(election=election, subject=subject, occurred_at__lte=at)
    return list(rows.exclude(pk__in=_withdrawn(at)).order_by("occurred_at", "id"))


def _evidence(row: EvidenceRow) -> rules.Evidence:
    kept = rules.Kept(row.sha256, row.kind, row.size)
    return rules.Evidence(row.stage, row.subject, row.what, kept, row.person, row.occurred_at, row.entry_id, row.mark)


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: dict[str, str | int]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said)
