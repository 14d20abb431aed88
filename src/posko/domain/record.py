"""Stage record: facts, refusals, elections, tasks and evidence grades, shared by every stage."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Grade(StrEnum):
    """How surely a rule or a number is known, the surest first."""

    LAW = "law"
    REGULATION = "regulation"
    VERIFIED = "verified"
    INFERRED = "inferred"
    IMPLIED = "implied"
    MEMORY = "memory"
    UNKNOWN = "unknown"

    @property
    def computes(self) -> bool:
        """Whether a quantity of this grade is used without asking anybody."""
        return self in {Grade.LAW, Grade.REGULATION, Grade.VERIFIED, Grade.INFERRED}

    @property
    def needs_confirmation(self) -> bool:
        """Whether an operator must confirm it with a citation first."""
        return self in {Grade.IMPLIED, Grade.MEMORY}


class Refusal(Exception):
    """What is not allowed: a stable code and the facts. The screen writes the sentence."""

    code: ClassVar[str] = "refused"

    def __init__(self, **facts: str | int) -> None:
        super().__init__(self.code, facts)
        self.facts: dict[str, str | int] = dict(facts)


class NotPlain(Refusal):
    """A journal entry holds strings, integers, lists and objects of them; nothing that two programs would write differently."""

    code: ClassVar[str] = "record.not_plain"


@dataclass(frozen=True)
class Election:
    """One election in one region."""

    code: str
    name: str
    region: str
    voting_at: datetime
    contests: tuple[str, ...]
    rulebook: str
    provisional: bool = False


@dataclass(frozen=True)
class Actor:
    """Who acts: a pseudonymous id and an agency."""

    person: str
    agency: str


@dataclass(frozen=True)
class Draft:
    """An entry before it is written."""

    kind: str
    election: str
    subject: str
    place: str
    actor: Actor
    occurred_at: datetime
    facts: Mapping[str, object]
    private: Mapping[str, object] = field(default_factory=dict)
    corrects: str = ""
    reason: str = ""
    approvals: tuple[str, ...] = ()
    procedure: str = ""
    basis: str = "own"


@dataclass(frozen=True)
class Receipt:
    """What the journal answers: where the entry stands."""

    leaf_index: int
    entry_id: str
    commitment: str
    recorded_at: datetime


# --- erasing words -----------------------------------------------------------------------------------------------------------


class Ground(StrEnum):
    """Why words are erased: one of a list, never a sentence."""

    PERSONAL = "personal"
    WRONG_PERSON = "wrong_person"
    RETENTION = "retention"
    COURT = "court"


class NoGround(Refusal):
    """Words are erased for a reason of the list."""

    code: ClassVar[str] = "record.no_ground"


class NothingToErase(Refusal):
    """No entry was chosen, or one has no words, or they are erased already."""

    code: ClassVar[str] = "record.nothing_to_erase"


class NotHere(Refusal):
    """Words of this kind of entry are erased elsewhere, or stay."""

    code: ClassVar[str] = "record.not_here"


class ErasurePending(Refusal):
    """Somebody has proposed to erase one of these already, and it waits for a decision."""

    code: ClassVar[str] = "record.erasure_pending"


class UnknownErasure(Refusal):
    """No such proposal."""

    code: ClassVar[str] = "record.unknown_erasure"


class ErasureOver(Refusal):
    """The proposal is decided."""

    code: ClassVar[str] = "record.erasure_over"


class SameEyes(Refusal):
    """Whoever proposed does not decide, and neither does anybody of the same role."""

    code: ClassVar[str] = "record.same_eyes"


class NotProposer(Refusal):
    """Only whoever proposed takes a proposal back."""

    code: ClassVar[str] = "record.not_proposer"


class Verdict(StrEnum):
    """What became of a proposal to erase."""

    ERASED = "erased"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


MOST_ERASED = 200
"""Entries in one proposal: as many as a person can read."""


@dataclass(frozen=True)
class Erasure:
    """A proposal to erase the words of entries, and what became of it. role: under which the proposer acted."""

    code: str
    election: str
    entries: tuple[str, ...]
    ground: Ground
    person: str
    agency: str
    role: str
    proposed_at: datetime
    verdict: Verdict | None = None
    decided_by: str = ""
    decided_agency: str = ""
    decided_at: datetime | None = None
    entry_id: str = ""

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.verdict is None


def check_decision(found: Erasure, verdict: Verdict, person: str, roles: frozenset[str]) -> None:
    """Whether a person with these roles in force may decide so. ErasureOver, NotProposer, SameEyes.

    Two people with two views of the matter: the second is another person and holds no role that the first one acted under.
    """
    if not found.open:
        raise ErasureOver(erasure=found.code)
    if verdict is Verdict.WITHDRAWN:
        if person != found.person:
            raise NotProposer(erasure=found.code)
        return
    if person == found.person or found.role in roles:
        raise SameEyes(erasure=found.code)


@dataclass(frozen=True)
class Task:
    """Something that waits for a person."""

    kind: str
    stage: str
    subject: str
    label: str
    due_at: datetime | None = None
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """An early warning that a rule of a stage derived from facts: never stored, gone when its cause is gone.

    rule: R01 ... R23. kind: the class of AGHT it would be. subject: "kind:id", with `rule` the key under which signals are one.
    severity: critical | high | watch. facts: what the sentence needs, numbers and words. args: the parts of its page's address.
    since_at: since when the record bears it, the same whenever it is looked at. place: a TPS or desa where it is about one, else "".
    """

    rule: str
    kind: str
    subject: str
    severity: str
    to: tuple[str, ...]
    since_at: datetime
    facts: Mapping[str, str | int] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    mark: str = ""
    place: str = ""


SEVERITIES = ("critical", "high", "watch")


def single(signals: Iterable[Signal]) -> list[Signal]:
    """One signal for each (rule, subject): the gravest, then the oldest; sorted by severity and time."""
    found: dict[tuple[str, str], Signal] = {}
    for one in sorted(signals, key=lambda s: (SEVERITIES.index(s.severity), s.since_at, s.rule, s.subject)):
        found.setdefault((one.rule, one.subject), one)
    return list(found.values())


@dataclass(frozen=True)
class Hit:
    """Something a search found."""

    kind: str
    label: str
    detail: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file: sheet, row as the spreadsheet shows it (1-based), column, code and facts."""

    sheet: str
    row: int
    column: str
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


# The largest integer that every JSON reader keeps exactly.
LARGEST = 2**53 - 1


def canonical(value: Mapping[str, object]) -> bytes:
    """The one way to write an object down: UTF-8 JSON, sorted keys, no spaces, strings and integers only. NotPlain."""
    _plain(value)
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise NotPlain(what="broken text") from error


def digest(value: object) -> str:
    """SHA-256 of plain data, by which inputs are told apart. Unlike in the journal, None and truth may stand in it."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(value: object) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise NotPlain(what=f"key of type {type(key).__name__}")
            _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _plain(inner)
    elif isinstance(value, bool) or not isinstance(value, str | int):
        raise NotPlain(what=type(value).__name__)
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise NotPlain(what="integer beyond 2^53")
