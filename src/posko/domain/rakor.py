"""Stage rakor: what the agencies decide together, on which frozen numbers.

A snapshot is canonical JSON (sorted keys, no spaces, UTF-8, strings and integers only), in named sections. Its digest is SHA-256 over
the canonical JSON of {"format", "sections": {name: SHA-256 of the section}}. So a copy from which a section was withheld (AGHT
detail for those who may not read it) still proves that all the rest belongs to the same snapshot.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from posko.domain import record

FORMAT = "posko-rakor/1"
AGHT_READERS = frozenset({"KPU", "KEJARI", "BAWASLU", "POLRES"})
"""Agencies whose copy of a pack carries the AGHT register. Others (Pemda) get the counts and the hash of the withheld section."""

Value = str | int | list["Value"] | dict[str, "Value"]
Sections = Mapping[str, Value]


class NotCanonical(record.Refusal):
    """A value that is neither text, integer, list nor table: it would not hash the same everywhere."""

    code: ClassVar[str] = "rakor.not_canonical"


class NoAgency(record.Refusal):
    """A meeting without participants or a decision without an owner."""

    code: ClassVar[str] = "rakor.no_agency"


class Untitled(record.Refusal):
    """A meeting or decision without words."""

    code: ClassVar[str] = "rakor.untitled"


class DeadlinePast(record.Refusal):
    """A decision due before it is taken."""

    code: ClassVar[str] = "rakor.deadline_past"


class NotInvited(record.Refusal):
    """An agency that is not at the meeting can own no decision of it."""

    code: ClassVar[str] = "rakor.not_invited"


class NothingFrozen(record.Refusal):
    """Decisions cite frozen numbers; freeze first."""

    code: ClassVar[str] = "rakor.nothing_frozen"


class Unknown(record.Refusal):
    """No such meeting, snapshot or decision."""

    code: ClassVar[str] = "rakor.unknown"


class AlreadyDone(record.Refusal):
    """The decision has been reported done before."""

    code: ClassVar[str] = "rakor.already_done"


class NotAMoment(record.Refusal):
    """A typed day or hour that is none."""

    code: ClassVar[str] = "rakor.not_a_moment"


class NotOwner(record.Refusal):
    """Another agency than the owner reports a decision done."""

    code: ClassVar[str] = "rakor.not_owner"


class Changed(record.Refusal):
    """A snapshot whose content no longer matches its digest."""

    code: ClassVar[str] = "rakor.changed"


@dataclass(frozen=True)
class Attendance:
    """An agency at the meeting: invited, or attended."""

    agency: str
    attended: bool
    mark: str = ""


@dataclass(frozen=True)
class Decision:
    """Something the meeting decided, on one snapshot, with the agency that does it and by when."""

    code: str
    meeting: str
    text: str
    owner: str
    due_at: datetime
    decided_at: datetime
    snapshot: str
    done_at: datetime | None = None
    mark: str = ""
    answer: str = ""

    def overdue(self, at: datetime) -> bool:
        """Not done and its day is past."""
        return self.done_at is None and at > self.due_at


@dataclass(frozen=True)
class Meeting:
    """A rakor: where, when, who."""

    code: str
    title: str
    place: str
    starts_at: datetime
    agencies: tuple[Attendance, ...]
    mark: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip() or not self.place.strip():
            raise Untitled()
        if not self.agencies:
            raise NoAgency()

    @property
    def attended(self) -> frozenset[str]:
        """Agencies that were there."""
        return frozenset(a.agency for a in self.agencies if a.attended)


@dataclass(frozen=True)
class Snapshot:
    """Frozen numbers: the canonical content, its digest, when and for which meeting. Never changes."""

    code: str
    meeting: str
    frozen_at: datetime
    content: bytes
    digest: str
    entry_id: str = ""

    def __post_init__(self) -> None:
        if digest(self.sections, self.erased) != self.digest:
            raise Changed(snapshot=self.code)

    @property
    def erased(self) -> dict[str, str]:
        """Section -> the hash that it had before words in it were erased; the digest stays that of the frozen pack."""
        return dict(json.loads(self.content).get("erased", {}))

    @property
    def sections(self) -> dict[str, Value]:
        """The content as named sections."""
        document = json.loads(self.content)
        return dict(document["sections"])


def check_decision(meeting: Meeting, text: str, owner: str, due_at: datetime, snapshot: str, at: datetime) -> None:
    """Refuse a decision without words, owner, frozen numbers or future deadline."""
    if not text.strip():
        raise Untitled()
    if not owner:
        raise NoAgency()
    if owner not in {a.agency for a in meeting.agencies}:
        raise NotInvited(agency=owner)
    if not snapshot:
        raise NothingFrozen(meeting=meeting.code)
    if due_at <= at:
        raise DeadlinePast(due=due_at.isoformat())


def check_done(decision: Decision, answer: str, agency: str) -> None:
    """Refuse a report without words, by another agency, or a second one."""
    if decision.done_at is not None:
        raise AlreadyDone(decision=decision.code)
    if agency != decision.owner:
        raise NotOwner(decision=decision.code, owner=decision.owner)
    if not answer.strip():
        raise Untitled()


# --- freezing ------------------------------------------------------------------------------------------------------------


def canonical(value: Value) -> bytes:
    """The one byte string of a value: keys sorted, no spaces, UTF-8 as it is, text and integers only."""
    _check(value, "")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _check(value: object, path: str) -> None:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, f"{path}[{index}]")
    elif isinstance(value, dict) and all(isinstance(k, str) for k in value):
        for key, inner in value.items():
            _check(inner, f"{path}.{key}")
    else:
        raise NotCanonical(path=path or ".", kind=type(value).__name__)


def freeze(sections: Sections) -> bytes:
    """The bytes that are kept for a snapshot."""
    return canonical({"format": FORMAT, "sections": dict(sections)})


def section_hashes(sections: Sections, withheld: Mapping[str, str] | None = None) -> dict[str, str]:
    """SHA-256 per section; those withheld give their hash instead of their content."""
    hashes = {name: hashlib.sha256(canonical(value)).hexdigest() for name, value in sections.items()}
    return {**hashes, **(withheld or {})}


def digest(sections: Sections, withheld: Mapping[str, str] | None = None) -> str:
    """The hash of a snapshot, the same for a full copy and for a copy with withheld sections."""
    top: dict[str, Value] = {"format": FORMAT, "sections": dict(section_hashes(sections, withheld))}
    return hashlib.sha256(canonical(top)).hexdigest()


def without(content: bytes, texts: Iterable[str], mark: str) -> bytes:
    """The bytes of a snapshot with `mark` in the place of texts that were erased; sections that held one keep their old hash ("erased")."""
    document = json.loads(content)
    gone: dict[str, Value] = dict(document.get("erased", {}))
    for name, value in document["sections"].items():
        left = _without(value, sorted(texts, key=len, reverse=True), mark)
        if left != value:
            gone.setdefault(name, hashlib.sha256(canonical(value)).hexdigest())
            document["sections"][name] = left
    return canonical({**document, "erased": gone}) if gone else content


def _without(value: Any, texts: list[str], mark: str) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, mark)
        return value
    if isinstance(value, list):
        return [_without(inner, texts, mark) for inner in value]
    return {name: _without(inner, texts, mark) for name, inner in value.items()} if isinstance(value, dict) else value


def copy_for(sections: Sections, names: Iterable[str], erased: Mapping[str, str] | None = None) -> bytes:
    """The canonical file of a snapshot without the named sections; their hashes take their place under "withheld".

    erased: sections of which words were erased, with the hash they had: they are withheld too, so that the file still gives the digest.
    """
    hidden = {name: hashlib.sha256(canonical(sections[name])).hexdigest() for name in names if name in sections} | dict(erased or {})
    kept = {name: value for name, value in sections.items() if name not in hidden}
    document: dict[str, Value] = {"format": FORMAT, "sections": kept}
    if hidden:
        document["withheld"] = dict(hidden)
    return canonical(document)


def recompute(data: bytes) -> str:
    """The digest of a snapshot file, full or with withheld sections."""
    document = json.loads(data)
    return digest(document["sections"], document.get("withheld"))


def withheld_from(agency: str) -> tuple[str, ...]:
    """The sections an agency's copy leaves out."""
    return () if agency in AGHT_READERS else ("aght",)


def may_read(agency: str, meeting: Meeting) -> bool:
    """Who attended keeps reading the frozen pack; KPU, Kejari and Bawaslu read every pack (organiser, author, overseer)."""
    return agency in {"KPU", "KEJARI", "BAWASLU"} or agency in meeting.attended


# --- differences ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A figure that changed between two snapshots; -1 where it did not exist."""

    code: str
    label: str
    before: int
    after: int
    denominator_before: int
    denominator_after: int

    @property
    def change(self) -> int:
        """After minus before; a figure that did not exist counts as nought."""
        return max(0, self.after) - max(0, self.before)


def differences(before: Sections, after: Sections) -> tuple[Difference, ...]:
    """The figures whose numerator or denominator changed, in the order of the later snapshot."""
    old, new = _figures(before), _figures(after)
    found = []
    for code in [*new, *(c for c in old if c not in new)]:
        was, now = old.get(code), new.get(code)
        label = (now or was or ("", -1, -1))[0]
        (_, a, b), (_, c, d) = was or ("", -1, -1), now or ("", -1, -1)
        if (a, b) != (c, d):
            found.append(Difference(code, label, a, c, b, d))
    return tuple(found)


def _figures(sections: Sections) -> dict[str, tuple[str, int, int]]:
    rows = sections.get("figures", [])
    found: dict[str, tuple[str, int, int]] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            found[str(row["code"])] = (str(row["label"]), _whole(row["numerator"]), _whole(row.get("denominator", -1)))
    return found


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else -1


# --- agenda --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matter:
    """Something that may need the meeting: an overdue recommendation or decision, a deadline, an AGHT, a shortage."""

    kind: str
    code: str
    label: str
    why: str
    due_at: datetime | None = None
    weight: int = 0


AGENDA_ORDER = ("decision", "recommendation", "deadline", "shortage", "aght")
LOOK_AHEAD = timedelta(days=14)


def agenda(matters: Iterable[Matter], at: datetime, most: int = 12) -> tuple[Matter, ...]:
    """The agenda: overdue first (oldest first), then what is due within two weeks, then the weightiest of the rest."""

    def rank(matter: Matter) -> tuple[int, datetime, int, int, str]:
        due = matter.due_at
        late = due is not None and due < at
        soon = due is not None and not late and due - at <= LOOK_AHEAD
        group = 0 if late else 1 if soon else 2
        when = due if due is not None and group < 2 else at
        return (group, when, -matter.weight, AGENDA_ORDER.index(matter.kind), matter.code)

    return tuple(sorted(matters, key=rank)[:most])
