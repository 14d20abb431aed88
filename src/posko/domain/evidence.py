"""Stage evidence: what can be shown for a fact: photos and signed scans, named by the hash of their bytes.

A file is bound to a subject of a stage ("receipts", "receipt:TRM-001") as what it is said to show. A wrong one is withdrawn, never removed
from the record: its author alone within minutes, later with a reason and a second person.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from posko.domain import record

UNDO_FOR = timedelta(minutes=10)
"""How long the author may withdraw a file alone."""

_WHAT = re.compile(r"[a-z][a-z0-9_]{1,29}")
_SUBJECT = re.compile(r"[a-z][a-z0-9_]{1,29}:[A-Za-z0-9._:~-]{1,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NoFile(record.Refusal):
    """A form for a file came without one."""

    code: ClassVar[str] = "evidence.no_file"


class BadWhat(record.Refusal):
    """`what` is no short code, or the subject is not written kind:id."""

    code: ClassVar[str] = "evidence.bad_what"


class Unknown(record.Refusal):
    """No such evidence in this election."""

    code: ClassVar[str] = "evidence.unknown"


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
    """A file that was checked and lies in the store of files. kind: jpeg | png | webp | pdf; size in bytes as kept."""

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
        return self.kept.kind != "pdf"


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
