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
from django.db import IntegrityError, models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as rules
from posko.domain import record as facts
from posko.formats import picture
from posko.store import access, record


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
        constraints = (models.UniqueConstraint(fields=["evidence"], name="evidence_withdrawal_once"),)


# --- files ---------------------------------------------------------------------------------------------------------------


def keep(data: bytes, name: str) -> rules.Kept:
    """Check a file as uploaded and write it under its hash, durably. Same bytes twice are one file. `formats.picture.Unusable`.

    Call it before the transaction of the stage: nothing is named in the record that does not lie on the disk.
    """
    checked = picture.check(data, name)
    return keep_as(checked.data, checked.kind)


def keep_as(data: bytes, kind: str) -> rules.Kept:
    """Write a file that its stage has checked by rules of its own; otherwise as `keep`."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(sha256)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        _write(path, data)
    return rules.Kept(sha256, kind, len(data))


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
    place: str = "",
) -> rules.Evidence:
    """Keep a file and bind it by an entry of its own. `place`: where the subject belongs, "" the regency.

    AlreadyBound, BadWhat, `formats.picture.Unusable`. Who may attach is decided by the caller (`rules.hand` at the place).
    """
    rules.check_name(subject, what)
    kept = keep(data, name)
    with transaction.atomic():
        at = record.turn(at)
        if _standing_rows(election, stage, subject, kept.sha256).filter(what=what).exists():
            raise rules.AlreadyBound(subject=subject)
        said: dict[str, str | int] = {
            "stage": stage,
            "what": what,
            "sha256": kept.sha256,
            "kind": kept.kind,
            "size": kept.size,
            "mark": mark,
        }
        prepared = record.prepare([_draft("evidence.attached", election, subject, place, actor, at, said)], at)
        bound = bind(election, stage, subject, what, kept, actor, at, prepared[0].entry_id, mark)
        record.append(prepared, at=at)
    return bound


def withdraw(
    election: str,
    stage: str,
    subject: str,
    sha256: str,
    reason: str,
    actor: facts.Actor,
    at: datetime,
    second: facts.Actor | None = None,
    *,
    place: str = "",
    what: str = "",
) -> None:
    """A file no longer stands for its subject; file and entry stay. The author alone within minutes; later a reason and a second.

    `place`: where the subject belongs, "" the regency; both persons must work on it there. `what` "": the newest binding of the file.
    Unknown, AlreadyWithdrawn, NotHere, OfficeFile, ReasonMissing, SecondMissing.
    """
    thing = access_rules.Thing(stage, subject, place or record.election(election).region)
    with transaction.atomic():
        at = record.turn(at)
        row = _to_withdraw(election, stage, subject, sha256, what, at)
        alone = _judge(row, thing, actor.person, second.person if second else "", reason, at)
        _write_withdrawal(row, thing.place, reason.strip(), actor, None if alone else second, at)


def _standing_rows(election: str, stage: str, subject: str, sha256: str, what: str = "") -> "models.QuerySet[EvidenceRow]":
    """What stands by everything recorded, whenever it occurred: whoever writes looks at all of it."""
    rows = EvidenceRow.objects.filter(election=election, stage=stage, subject=subject, sha256=sha256)
    rows = rows.filter(what=what) if what else rows
    return rows.exclude(pk__in=EvidenceWithdrawalRow.objects.values("evidence_id"))


def _to_withdraw(election: str, stage: str, subject: str, sha256: str, what: str, at: datetime) -> EvidenceRow:
    row = _standing_rows(election, stage, subject, sha256, what).filter(occurred_at__lte=at).order_by("occurred_at", "id").last()
    if row is not None:
        return row
    bound = EvidenceRow.objects.filter(election=election, stage=stage, subject=subject, sha256=sha256, occurred_at__lte=at)
    raise rules.AlreadyWithdrawn(sha256=sha256[:12]) if bound.exists() else rules.Unknown(sha256=sha256[:12])


def _judge(row: EvidenceRow, thing: access_rules.Thing, first: str, second: str, reason: str, at: datetime) -> bool:
    """Whether the author does it alone; the rules for both persons at the place of the thing."""
    people = _people({row.person, first, second})
    author = hand_of_author(_evidence(row), thing, people)
    rules.check_hand(_hand(people.get(first), thing, at), author, thing.id)
    alone = rules.check_withdrawal(_evidence(row), first, second, reason, at)
    if not alone:
        rules.check_hand(_hand(people.get(second), thing, at), author, thing.id)
    return alone


def _hand(person: access_rules.Person | None, thing: access_rules.Thing, at: datetime) -> rules.Hand:
    return rules.hand(person, thing.kind, thing, at) if person else rules.Hand.NONE


def _people(pseudonyms: set[str]) -> dict[str, access_rules.Person]:
    """Persons by pseudonym with every grant they ever held; also of accounts that are closed."""
    return {user.person: access.person(user) for user in access.User.objects.filter(person__in=pseudonyms)}


def _write_withdrawal(row: EvidenceRow, place: str, reason: str, actor: facts.Actor, second: facts.Actor | None, at: datetime) -> None:
    said: dict[str, str | int] = {"stage": row.stage, "what": row.what, "sha256": row.sha256}
    draft = _draft("evidence.withdrawn", row.election, row.subject, place, actor, at, said)
    approvals = (actor.person, second.person) if second else ()
    prepared = record.prepare([replace(draft, corrects=row.entry_id, reason=reason, approvals=approvals)], at)
    try:
        EvidenceWithdrawalRow.objects.create(
            evidence=row, reason=reason[:400], person=actor.person, second=second.person if second else "", occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
    except IntegrityError as clash:  # only where somebody wrote without the lock; the caller's transaction rolls back
        raise rules.AlreadyWithdrawn(sha256=row.sha256[:12]) from clash
    record.append(prepared, at=at)


# --- what is read --------------------------------------------------------------------------------------------------------


def of(election: str, subject: str, at: datetime, stage: str = "") -> list[rules.Evidence]:
    """What stands for a subject by then, the oldest first; without what was withdrawn. `stage` "": of every stage."""
    return [_evidence(row) for row in _rows(election, subject, at) if stage in ("", row.stage)]


def hand_of_author(found: rules.Evidence, thing: access_rules.Thing, people: dict[str, access_rules.Person] | None = None) -> rules.Hand:
    """How the one who attached a file stood to the thing then; nobody known counts as the office."""
    person = (_people({found.person}) if people is None else people).get(found.person)
    return rules.hand(person, found.stage, thing, found.attached_at) if person else rules.Hand.OFFICE


def counts(election: str, at: datetime, stage: str = "") -> dict[str, int]:
    """Subject -> how many files stand for it by then, for lists that show it."""
    rows = EvidenceRow.objects.filter(election=election, occurred_at__lte=at).exclude(pk__in=_withdrawn(at))
    rows = rows.filter(stage=stage) if stage else rows
    return dict(rows.values_list("subject").annotate(number=models.Count("id")).order_by())


def subjects_of(election: str, sha256: str, at: datetime) -> list[tuple[str, str]]:
    """(stage, subject) of everything a file was bound to by then, withdrawn or not: who may read one of them may see it."""
    rows = EvidenceRow.objects.filter(election=election, sha256=sha256, occurred_at__lte=at)
    return list(rows.values_list("stage", "subject").distinct().order_by("stage", "subject"))


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


def _draft(kind: str, election: str, subject: str, place: str, actor: facts.Actor, at: datetime, said: dict[str, str | int]) -> facts.Draft:
    where = place or record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=where, actor=actor, occurred_at=at, facts=said)
