"""Stage evidence: what can be shown for a fact: photos and signed scans, named by the hash of their bytes.

A file is bound to a subject of a stage ("receipts", "receipt:TRM-001") as what it is said to show. A wrong one is withdrawn, never removed
from the record: its author alone within minutes, later with a reason and a second person. Who may attach and withdraw is decided at the
place of the subject: the office by the stage's own acts there, an ad hoc body (PPK, PPS) by its part of the regency, and an ad hoc body
never takes away what the office has shown.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import access, record

UNDO_FOR = timedelta(minutes=10)
"""How long the author may withdraw a file alone."""

WRITES: dict[str, tuple[str, ...]] = {
    "stock": ("stock.count", "stock.inspect", "stock.write"),
    "receipts": ("receipts.record", "receipts.write"),
    "sorting": ("sorting.record", "sorting.write"),
    "seals": ("seals.record", "seals.issue", "seals.write"),
    "packing": ("packing.scan", "packing.write"),
    "pledges": ("pledges.make", "pledges.use"),
    "recommendations": ("recommendations.write", "recommendations.receive"),
    "requests": ("requests.ask", "requests.answer"),
    "materials": ("materials.bring",),
    "rakor": ("rakor.write",),
    "minutes": ("minutes.write",),
    "products": ("products.make",),
    "custody": ("custody.record",),
}
"""Stage -> its write acts; who may do one of them on a thing works on it for the office. A stage that is not here carries no evidence."""

_WHAT = re.compile(r"[a-z][a-z0-9_]{1,29}")
_SUBJECT = re.compile(r"[a-z][a-z0-9_]{1,29}:[A-Za-z0-9._:~-]{1,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NoFile(record.Refusal):
    """A form for a file came without one."""

    code: ClassVar[str] = "evidence.no_file"


class TooManyFiles(record.Refusal):
    """More files in one form than it takes; none was kept. most: files."""

    code: ClassVar[str] = "evidence.too_many_files"


class BadWhat(record.Refusal):
    """`what` is no short code, or the subject is not written kind:id."""

    code: ClassVar[str] = "evidence.bad_what"


class Unknown(record.Refusal):
    """No such evidence in this election."""

    code: ClassVar[str] = "evidence.unknown"


class UnknownStage(record.Refusal):
    """A stage whose things carry no evidence."""

    code: ClassVar[str] = "evidence.unknown_stage"


class UnknownSubject(record.Refusal):
    """The stage knows no such thing in this election by then."""

    code: ClassVar[str] = "evidence.unknown_subject"


class AlreadyWithdrawn(record.Refusal):
    """Somebody has withdrawn this file already."""

    code: ClassVar[str] = "evidence.already_withdrawn"


class NotHere(record.Refusal):
    """The person does not work on this thing at the place where it belongs."""

    code: ClassVar[str] = "evidence.not_here"


class OfficeFile(record.Refusal):
    """An ad hoc person takes away only what an ad hoc person of the same place has attached."""

    code: ClassVar[str] = "evidence.office_file"


class Lost(record.Refusal):
    """The record names a file that is not in the store of files."""

    code: ClassVar[str] = "evidence.lost"


class Changed(record.Refusal):
    """The bytes of a file no longer have the hash in the record."""

    code: ClassVar[str] = "evidence.changed"


class AlreadyBound(record.Refusal):
    """This file is already shown for this subject as the same thing."""

    code: ClassVar[str] = "evidence.already_bound"


class ReasonMissing(record.Refusal):
    """A late withdrawal says why."""

    code: ClassVar[str] = "evidence.reason_missing"


class SecondMissing(record.Refusal):
    """A late withdrawal needs a second person, and another one."""

    code: ClassVar[str] = "evidence.second_missing"


@dataclass(frozen=True)
class Kept:
    """A file that was checked and lies in the store of files. kind: jpeg | png | webp | pdf | pptx | xlsx; size in bytes as kept."""

    sha256: str
    kind: str
    size: int

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise BadWhat(what=self.sha256[:20])


@dataclass(frozen=True)
class Evidence:
    """A file bound to a subject. `what`: photo | signed_scan | top_sheet | seal | another short code."""

    stage: str
    subject: str
    what: str
    kept: Kept
    person: str
    attached_at: datetime
    entry_id: str
    mark: str = ""

    @property
    def picture(self) -> bool:
        """Whether a browser may show it inside a page."""
        return self.kept.kind in {"jpeg", "png", "webp"}


class Hand(StrEnum):
    """For whom somebody works on a thing: the office (the stage's own acts there), an ad hoc body whose part it lies in, or nobody."""

    OFFICE = "office"
    AD_HOC = "ad_hoc"
    NONE = "none"


def hand(person: access.Person, stage: str, thing: access.Thing, at: datetime) -> Hand:
    """How a person stands to a thing at its place then; the policy decides, with duty as the purpose (no agreement lets anybody write)."""

    def holds(role_is_ad_hoc: bool, *acts: str) -> bool:
        grants = tuple(g for g in person.grants if (g.role in access.AD_HOC) is role_is_ad_hoc)
        alone = replace(person, grants=grants)
        return any(access.may(alone, act, thing, access.Purpose.DUTY, (), at).allowed for act in acts)

    if holds(False, "evidence.attach") and holds(False, *WRITES.get(stage, ())):
        return Hand.OFFICE
    return Hand.AD_HOC if stage in WRITES and holds(True, "evidence.attach") else Hand.NONE


def check_attach(asked: Hand, subject: str) -> None:
    """Whether somebody may show a file for a thing. NotHere."""
    if asked is Hand.NONE:
        raise NotHere(subject=subject)


def check_hand(asked: Hand, author: Hand, subject: str) -> None:
    """Whether one of the persons of a withdrawal may take part; `author`: how the one stood who attached it, when he did.

    NotHere, OfficeFile. The office withdraws anybody's file; an author who was neither (or is no longer known) counts as the office.
    """
    if asked is Hand.NONE:
        raise NotHere(subject=subject)
    if asked is Hand.AD_HOC and author is not Hand.AD_HOC:
        raise OfficeFile(subject=subject)


def check_name(subject: str, what: str) -> None:
    """BadWhat unless the subject is kind:id and `what` a short code: no sentence, and no name of a person, gets in here."""
    if not _WHAT.fullmatch(what) or not _SUBJECT.fullmatch(subject):
        raise BadWhat(what=f"{subject} {what}"[:60])


def check_withdrawal(found: Evidence, person: str, second: str, reason: str, at: datetime) -> bool:
    """Whether the author does it alone. Later: ReasonMissing, SecondMissing."""
    if person == found.person and timedelta(0) <= at - found.attached_at <= UNDO_FOR:
        return True
    if not reason.strip():
        raise ReasonMissing(subject=found.subject)
    if not second or second == person:
        raise SecondMissing(subject=found.subject)
    return False
