"""Stage rakor: what the agencies decide together, on which frozen numbers.

A snapshot is canonical JSON (sorted keys, no spaces, UTF-8, strings and integers only), in named sections. Its digest is SHA-256 over
the canonical JSON of {"format", "sections": {name: SHA-256 of the section}}. So a copy from which a section was withheld (AGHT
detail for those who may not read it) still proves that all the rest belongs to the same snapshot.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from posko.domain import record, reports

FORMAT = "posko-rakor/2"
OLDER = frozenset({"posko-rakor/1"})
"""Layouts that are still read and verified: /1 kept all letters in "recommendations" and their titles on the agenda."""
AGHT_READERS = frozenset({"KPU", "KEJARI", "BAWASLU", "POLRES"})
"""Agencies whose copy of a pack carries the AGHT register, where the pack does not say itself ("aght_readers", from the agreements in force
when it was frozen). Others get the counts and the hash of the withheld section."""
LETTER_READERS = frozenset({"KPU", "KEJARI", "BAWASLU"})
"""Agencies whose copy carries every letter of recommendation; the copy of another carries those addressed to it."""
LETTERS = "letters:"

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


class Foreign(record.Refusal):
    """A file whose layout this program does not know: it cannot say what its hash is."""

    code: ClassVar[str] = "rakor.foreign"


class Cancelled(record.Refusal):
    """A meeting that was called off."""

    code: ClassVar[str] = "rakor.cancelled"


class SeenOlder(record.Refusal):
    """The form shows something that somebody else has changed since."""

    code: ClassVar[str] = "rakor.seen_older"


class NoReason(record.Refusal):
    """What is dropped, moved, postponed, returned or corrected says why."""

    code: ClassVar[str] = "rakor.no_reason"


class NothingChanged(record.Refusal):
    """A new version that says the same."""

    code: ClassVar[str] = "rakor.nothing_changed"


class NoItem(record.Refusal):
    """No such item on the agenda."""

    code: ClassVar[str] = "rakor.no_item"


class NoAgenda(record.Refusal):
    """An invitation without a single item, or an agenda with too many."""

    code: ClassVar[str] = "rakor.no_agenda"


class BadNumber(record.Refusal):
    """The number of a letter: letters, digits, dots, hyphens, slashes."""

    code: ClassVar[str] = "rakor.bad_number"


class Began(record.Refusal):
    """Too late: the meeting has begun."""

    code: ClassVar[str] = "rakor.began"


class NotSent(record.Refusal):
    """Nobody answers an invitation that was not sent."""

    code: ClassVar[str] = "rakor.not_sent"


class BadCount(record.Refusal):
    """A number of people that cannot be."""

    code: ClassVar[str] = "rakor.bad_count"


class NotAnOffice(record.Refusal):
    """An office is asked for (its title), never the name of a person."""

    code: ClassVar[str] = "rakor.not_an_office"


class AlreadyThere(record.Refusal):
    """The agency has been noted as present before."""

    code: ClassVar[str] = "rakor.already_there"


class NotThere(record.Refusal):
    """The agency is not noted as present."""

    code: ClassVar[str] = "rakor.not_there"


class WrongArrival(record.Refusal):
    """An arrival in the future, or on another day."""

    code: ClassVar[str] = "rakor.wrong_arrival"


class OwnWork(record.Refusal):
    """Who carried a decision out neither verifies it nor grants itself a later day."""

    code: ClassVar[str] = "rakor.own_work"


class NotDone(record.Refusal):
    """Nothing to verify yet."""

    code: ClassVar[str] = "rakor.not_done"


class NothingAsked(record.Refusal):
    """No later day has been asked for, or one is already asked for."""

    code: ClassVar[str] = "rakor.nothing_asked"


class NotChair(record.Refusal):
    """KPU or Kejari, who hold the meeting, grant a later day; not another agency."""

    code: ClassVar[str] = "rakor.not_chair"


class Verified(record.Refusal):
    """A verified decision is closed."""

    code: ClassVar[str] = "rakor.verified"


@dataclass(frozen=True)
class Attendance:
    """An agency at the meeting: invited, or attended (when, how many people, and the office of the one who signs)."""

    agency: str
    attended: bool
    mark: str = ""
    arrived_at: datetime | None = None
    office: str = ""
    people: int = 0
    invited: bool = True
    entry_id: str = ""


class Act(StrEnum):
    """What may happen to a decision after it was taken."""

    PROGRESS = "progress"
    ASK_LATER = "ask_later"
    GRANT = "grant"
    DENY = "deny"
    DONE = "done"
    VERIFY = "verify"
    RETURN = "return"


@dataclass(frozen=True)
class Step:
    """One thing that happened to a decision. `due_at`: the day asked for, with ASK_LATER only."""

    act: Act
    agency: str
    at: datetime
    text: str = ""
    due_at: datetime | None = None
    entry_id: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Decision:
    """Something the meeting decided, on one snapshot, with the agency that does it and by when; as it stands after its steps.

    `version` grows with corrections; `item` is the key of the agenda's item it belongs to, "" for none.
    """

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
    version: int = 1
    item: str = ""
    first_due_at: datetime | None = None
    asked_due_at: datetime | None = None
    verified_at: datetime | None = None
    verified_by: str = ""
    steps: tuple[Step, ...] = ()
    entry_id: str = ""

    def overdue(self, at: datetime) -> bool:
        """Not done and its day is past."""
        return self.done_at is None and at > self.due_at

    def state(self, at: datetime) -> str:
        """verified | done | overdue | open."""
        return "verified" if self.verified_at else "done" if self.done_at else "overdue" if self.overdue(at) else "open"


def fold(decision: Decision, steps: Iterable[Step]) -> Decision:
    """A decision after what happened to it, in order."""
    now = replace(decision, first_due_at=decision.due_at, steps=tuple(steps))
    for one in now.steps:
        match one.act:
            case Act.ASK_LATER:
                now = replace(now, asked_due_at=one.due_at)
            case Act.GRANT:
                now = replace(now, due_at=now.asked_due_at or now.due_at, asked_due_at=None)
            case Act.DENY:
                now = replace(now, asked_due_at=None)
            case Act.DONE:
                now = replace(now, done_at=one.at, answer=one.text, asked_due_at=None)
            case Act.RETURN:
                now = replace(now, done_at=None)
            case Act.VERIFY:
                now = replace(now, verified_at=one.at, verified_by=one.agency)
            case Act.PROGRESS:
                pass
    return now


@dataclass(frozen=True)
class Meeting:
    """A rakor: where, when, how long, who. `version` grows when its place or time changes or when it is called off."""

    code: str
    title: str
    place: str
    starts_at: datetime
    agencies: tuple[Attendance, ...]
    mark: str = ""
    note: str = ""
    duration_min: int = 120
    version: int = 1
    changed_at: datetime | None = None
    cancelled: bool = False
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip() or not self.place.strip():
            raise Untitled()
        if not self.agencies:
            raise NoAgency()

    @property
    def ends_at(self) -> datetime:
        """When it is planned to end."""
        return self.starts_at + timedelta(minutes=self.duration_min)

    @property
    def attended(self) -> frozenset[str]:
        """Agencies that were there."""
        return frozenset(a.agency for a in self.agencies if a.attended)

    @property
    def invited(self) -> tuple[str, ...]:
        """Agencies that were asked to come, in the order of the letter."""
        return tuple(a.agency for a in self.agencies if a.invited)

    @property
    def present(self) -> tuple[int, int]:
        """Of the invited agencies: how many came, and how many there are."""
        return sum(a.attended for a in self.agencies if a.invited), len(self.invited)


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
        if digest(self.sections, self.erased, self.layout) != self.digest:
            raise Changed(snapshot=self.code)

    @property
    def layout(self) -> str:
        """FORMAT or an older one."""
        return str(json.loads(self.content)["format"])

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


CHAIRS = ("KPU", "KEJARI")
"""The agencies that call the meeting and write its decisions."""


def check_step(decision: Decision, step: Step) -> None:
    """Whether a step may follow. Verified, NotOwner, AlreadyDone, NoReason, DeadlinePast, NothingAsked, NotChair, OwnWork, NotDone."""
    if decision.verified_at is not None:
        raise Verified(decision=decision.code)
    match step.act:
        case Act.DONE:
            check_done(decision, step.text, step.agency)
        case Act.PROGRESS | Act.ASK_LATER:
            _check_owner_step(decision, step)
        case Act.GRANT | Act.DENY:
            _check_chair_step(decision, step)
        case Act.VERIFY | Act.RETURN:
            if step.agency == decision.owner:
                raise OwnWork(decision=decision.code)
            if decision.done_at is None:
                raise NotDone(decision=decision.code)
            if step.act is Act.RETURN and not step.text.strip():
                raise NoReason()


def _check_owner_step(decision: Decision, step: Step) -> None:
    if step.agency != decision.owner:
        raise NotOwner(decision=decision.code, owner=decision.owner)
    if decision.done_at is not None:
        raise AlreadyDone(decision=decision.code)
    if not step.text.strip():
        raise NoReason()
    if step.act is Act.PROGRESS:
        return
    if decision.asked_due_at is not None:
        raise NothingAsked(decision=decision.code)
    if step.due_at is None or step.due_at <= max(step.at, decision.due_at):
        raise DeadlinePast(due=step.due_at.isoformat() if step.due_at else "")


def _check_chair_step(decision: Decision, step: Step) -> None:
    if step.agency not in CHAIRS:
        raise NotChair(decision=decision.code)
    if step.agency == decision.owner:
        raise OwnWork(decision=decision.code)
    if decision.asked_due_at is None or decision.done_at is not None:
        raise NothingAsked(decision=decision.code)
    if step.act is Act.DENY and not step.text.strip():
        raise NoReason()


def allowed_steps(decision: Decision, agency: str, at: datetime) -> tuple[Act, ...]:
    """The steps that this agency may take now; the words and days it will type are judged later."""
    found = []
    for act in Act:
        typed = Step(act, agency, at, "x", max(at, decision.due_at) + timedelta(days=1))
        try:
            check_step(decision, typed)
        except record.Refusal:
            continue
        found.append(act)
    return tuple(found)


def check_correction(decision: Decision, meeting: Meeting, text: str, owner: str, due_at: datetime, reason: str) -> None:
    """Whether a decision may be written anew. AlreadyDone, NoReason, Untitled, NotInvited, DeadlinePast, NothingChanged."""
    if decision.done_at is not None:
        raise AlreadyDone(decision=decision.code)
    if not reason.strip():
        raise NoReason()
    if not text.strip():
        raise Untitled()
    if owner not in {a.agency for a in meeting.agencies}:
        raise NotInvited(agency=owner)
    if due_at <= decision.decided_at:
        raise DeadlinePast(due=due_at.isoformat())
    if (text.strip(), owner, due_at) == (decision.text, decision.owner, decision.due_at):
        raise NothingChanged()


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


def digest(sections: Sections, withheld: Mapping[str, str] | None = None, layout: str = FORMAT) -> str:
    """The hash of a snapshot, the same for a full copy and for a copy with withheld sections. Foreign."""
    return digest_of(section_hashes(sections, withheld), layout)


def digest_of(hashes: Mapping[str, str], layout: str = FORMAT) -> str:
    """The hash of a snapshot from the hashes of all its sections. Foreign."""
    if layout not in {FORMAT, *OLDER}:
        raise Foreign(layout=layout[:40])
    top: dict[str, Value] = {"format": layout, "sections": dict(hashes)}
    return hashlib.sha256(canonical(top)).hexdigest()


def without(content: bytes, texts: Iterable[str], mark: str) -> bytes:
    """The bytes of a snapshot with `mark` in the place of texts that were erased; sections that held one keep their old hash ("erased")."""
    document = json.loads(content)
    gone: dict[str, Value] = dict(document.get("erased", {}))
    for name, value in document["sections"].items():
        left = replaced(value, texts, mark)
        if left != value:
            gone.setdefault(name, hashlib.sha256(canonical(value)).hexdigest())
            document["sections"][name] = left
    return canonical({**document, "erased": gone}) if gone else content


def paper_without(content: bytes, texts: Iterable[str], mark: str) -> bytes:
    """The bytes of a letter or of minutes with `mark` in the place of texts; one hash is over all of it, so it says "erased"."""
    document = json.loads(content)
    left = replaced(document, texts, mark)
    return content if left == document else canonical({**left, "erased": 1})


def is_erased(content: bytes) -> bool:
    """Whether words were taken out of a letter or minutes: it keeps the hash it had, and nobody shows it as a paper any more."""
    return bool(json.loads(content).get("erased"))


def replaced(value: Any, texts: Iterable[str], mark: str) -> Any:
    """A frozen value with `mark` wherever a text stands in it, the longest text first."""
    return _without(value, sorted(texts, key=len, reverse=True), mark)


def _without(value: Any, texts: list[str], mark: str) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, mark)
        return value
    if isinstance(value, list):
        return [_without(inner, texts, mark) for inner in value]
    return {name: _without(inner, texts, mark) for name, inner in value.items()} if isinstance(value, dict) else value


def copy_for(sections: Sections, names: Iterable[str], layout: str = FORMAT, erased: Mapping[str, str] | None = None) -> bytes:
    """The canonical file of a snapshot without the named sections; their hashes take their place under "withheld".

    The file also states the hash of every section and of the whole ("stated"), so that whoever recomputes it can name the section that
    was changed. These statements prove nothing by themselves: the hash on the printed pages does.

    erased: sections of which words were erased, with the hash they had: they are withheld too, so that the file still gives the digest.
    """
    hashes = section_hashes(sections, erased)
    hidden = {name: hashes[name] for name in names if name in sections} | dict(erased or {})
    kept = {name: value for name, value in sections.items() if name not in hidden}
    stated: dict[str, Value] = {"digest": digest_of(hashes, layout), "sections": dict(hashes)}
    document: dict[str, Value] = {"format": layout, "sections": kept, "stated": stated}
    if hidden:
        document["withheld"] = dict(hidden)
    return canonical(document)


def recompute(data: bytes) -> str:
    """The digest of a snapshot file, full or with withheld sections. Foreign."""
    document = json.loads(data)
    return digest(document["sections"], document.get("withheld"), document["format"])


def altered(data: bytes) -> tuple[str, ...]:
    """The sections of a file that do not hash to what the file states of them; empty where it states nothing or all is well."""
    document = json.loads(data)
    stated = document.get("stated", {}).get("sections", {})
    return _unequal(section_hashes(document["sections"], document.get("withheld")), stated) if stated else ()


def unequal(one: bytes, other: bytes) -> tuple[str, ...]:
    """The sections in which two files differ, withheld ones by their hash."""
    first, second = (json.loads(data) for data in (one, other))
    return _unequal(*(section_hashes(d["sections"], d.get("withheld")) for d in (first, second)))


def _unequal(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))


# --- who reads what ------------------------------------------------------------------------------------------------------


def reads_letter(agency: str, addressee: str) -> bool:
    """Whether an agency reads the title of a letter to another: its own letters, or all of them."""
    return agency == addressee or agency in LETTER_READERS


def aght_readers(sections: Sections) -> frozenset[str]:
    """The agencies that read the AGHT of a pack: those that could when it was frozen."""
    about = sections.get("meeting")
    said = about.get("aght_readers") if isinstance(about, dict) else None
    return frozenset(map(str, said)) if isinstance(said, list) else AGHT_READERS


def withheld_from(agency: str, sections: Sections) -> tuple[str, ...]:
    """The sections an agency's copy leaves out. In the older layout a section goes as a whole when one row of it is not theirs."""
    readers = aght_readers(sections)
    hidden = [] if agency in readers or "aght" not in sections else ["aght"]
    hidden += [name for name in sections if name.startswith(LETTERS) and not reads_letter(agency, name.removeprefix(LETTERS))]
    if _old(sections):
        addressees = {str(row["addressee"]) for row in _rows(sections["recommendations"])}
        foreign = any(not reads_letter(agency, addressee) for addressee in addressees)
        secret = {*(["recommendation"] if foreign else []), *(["aght"] if agency not in readers else [])}
        hidden += ["recommendations"] if foreign else []
        hidden += ["agenda"] if any(row["kind"] in secret for row in _rows(sections.get("agenda", []))) else []
    return tuple(sorted(hidden))


def split(sections: Sections, nonce: Callable[[], str]) -> dict[str, Value]:
    """What not every agency may read, in sections of its own, so that a copy can leave it out and still prove the rest.

    "recommendations" keeps counts by addressee and state; the letters go to "letters:<addressee>". The agenda keeps all its rows, so that
    its numbers are those of the invitation; the weight of an AGHT and the title of a letter leave it. `nonce` gives 32 hexadecimal
    digits: a hash then tells nothing about what was left out.
    """
    made = dict(sections)
    letters = _rows(made.get("recommendations", []))
    private: dict[str, dict[str, Value]] = {}
    for row in letters:
        name = f"{LETTERS}{row['addressee']}"
        if name not in private:
            private[name] = {"nonce": nonce(), "rows": []}
        _list(private[name]["rows"]).append(row)
    if "recommendations" in made:
        made["recommendations"] = {"rows": _letter_counts(letters)}
    if "agenda" in made:
        titles = {str(row["code"]): str(row["title"]) for row in letters}
        made["agenda"] = [_bare(row, titles) for row in _rows(made["agenda"])]
    return {**made, **private}


def _bare(row: Mapping[str, Value], titles: Mapping[str, str]) -> dict[str, Value]:
    """A row of the agenda as every agency may read it."""
    title = titles.get(str(row["code"]), "") if row["kind"] == "recommendation" else ""
    label = "" if title and title in str(row["label"]) else row["label"]
    return {**row, "label": label, "weight": 0 if row["kind"] == "aght" else row.get("weight", 0)}


def readable(sections: Sections, agencies: Iterable[str]) -> dict[str, Value]:
    """The sections as all of these agencies may read them, in one shape for every layout.

    "letters": the letters that all of them may read. "aght" is missing where one of them may not read it.
    """
    parts = split(sections, lambda: "") if _old(sections) else dict(sections)
    hidden = {name for agency in agencies for name in withheld_from(agency, parts)}
    letters = [row for name in sorted(set(parts) - hidden) if name.startswith(LETTERS) for row in _rows(_table(parts[name])["rows"])]
    kept = {name: value for name, value in parts.items() if name not in hidden and not name.startswith(LETTERS)}
    return {**kept, "letters": [dict(row) for row in sorted(letters, key=lambda row: str(row["code"]))]}


def room(meeting: Meeting) -> tuple[str, ...]:
    """Whose eyes see the projector: those who came; as long as nobody is noted, all who were asked."""
    return tuple(sorted(meeting.attended or {a.agency for a in meeting.agencies}))


def _old(sections: Sections) -> bool:
    return isinstance(sections.get("recommendations"), list)


def _letter_counts(letters: Iterable[Mapping[str, Value]]) -> list[Value]:
    counts: dict[tuple[str, str], list[int]] = {}
    for row in letters:
        found = counts.setdefault((str(row["addressee"]), str(row["state"])), [0, 0])
        found[0] += 1
        found[1] += _whole(row["overdue"])
    return [{"addressee": a, "state": s, "letters": n, "overdue": late} for (a, s), (n, late) in sorted(counts.items())]


def _rows(value: Value) -> list[dict[str, Value]]:
    return [row for row in _list(value) if isinstance(row, dict)]


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _table(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


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
    """Something that may need the meeting: overdue decisions, letters, requests; a deadline, an AGHT, a shortage; or what a person added.

    `key` names it for as long as it lives: "decision:KPT-001", "person:3".
    """

    kind: str
    code: str
    label: str
    why: str
    due_at: datetime | None = None
    weight: int = 0

    @property
    def key(self) -> str:
        """Kind and code."""
        return f"{self.kind}:{self.code}"


AGENDA_ORDER = ("decision", "recommendation", "request", "deadline", "shortage", "aght", "person")
LOOK_AHEAD = timedelta(days=14)
MOST_DERIVED, MOST_ITEMS = 12, 24


def agenda(matters: Iterable[Matter], at: datetime, most: int = MOST_DERIVED) -> tuple[Matter, ...]:
    """The agenda: overdue first (oldest first), then what is due within two weeks, then the weightiest of the rest."""

    def rank(matter: Matter) -> tuple[int, datetime, int, int, str]:
        due = matter.due_at
        late = due is not None and due < at
        soon = due is not None and not late and due - at <= LOOK_AHEAD
        group = 0 if late else 1 if soon else 2
        when = due if due is not None and group < 2 else at
        return (group, when, -matter.weight, AGENDA_ORDER.index(matter.kind), matter.code)

    return tuple(sorted(matters, key=rank)[:most])


@dataclass(frozen=True)
class Dropped:
    """An item that a person took off the agenda, and why."""

    matter: Matter
    reason: str


@dataclass(frozen=True)
class Agenda:
    """The agenda of one meeting as people left it. `version` 0: nobody has touched it yet. `added`: how many items people ever added."""

    items: tuple[Matter, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    version: int = 0
    added: int = 0

    def item(self, key: str) -> Matter:
        """An item by its key. NoItem."""
        for one in self.items:
            if one.key == key:
                return one
        raise NoItem(item=key[:40])


def merged(kept: Agenda, derived: Sequence[Matter], most: int = MOST_DERIVED) -> Agenda:
    """What people left, with what has become urgent since at its end. Settled matters go, dropped ones stay away, added ones stay.

    derived: everything that the record offers, in the order of `agenda`, uncut; `most` limits what is added by rule.
    """
    offered = {m.key: m for m in derived}
    away = {d.matter.key for d in kept.dropped}
    items = [offered.get(m.key, m) for m in kept.items if m.kind == "person" or m.key in offered]
    have = {m.key for m in items} | away
    room = most - sum(m.kind != "person" for m in items)
    fresh = [m for m in derived if m.key not in have][: max(0, room)]
    return replace(kept, items=(*items, *fresh))


def add_item(now: Agenda, label: str, why: str = "") -> Agenda:
    """A person's own item, at the end. Untitled, NoAgenda where there are too many."""
    if not label.strip():
        raise Untitled()
    if len(now.items) >= MOST_ITEMS:
        raise NoAgenda(most=MOST_ITEMS)
    matter = Matter("person", str(now.added + 1), label.strip(), why.strip())
    return replace(now, items=(*now.items, matter), added=now.added + 1)


def drop_item(now: Agenda, key: str, reason: str) -> Agenda:
    """An item off the agenda, with a reason. NoItem, NoReason."""
    matter = now.item(key)
    if not reason.strip():
        raise NoReason()
    return replace(now, items=tuple(m for m in now.items if m.key != key), dropped=(*now.dropped, Dropped(matter, reason.strip())))


def restore_item(now: Agenda, key: str) -> Agenda:
    """A dropped item back, at the end. NoItem."""
    for one in now.dropped:
        if one.matter.key == key:
            return replace(now, items=(*now.items, one.matter), dropped=tuple(d for d in now.dropped if d.matter.key != key))
    raise NoItem(item=key[:40])


def move_item(now: Agenda, key: str, by: int) -> Agenda:
    """An item up (-1) or down (1); it stays where it is at the ends. NoItem."""
    matter = now.item(key)
    rest = [m for m in now.items if m.key != key]
    place = min(len(rest), max(0, now.items.index(matter) + by))
    return replace(now, items=(*rest[:place], matter, *rest[place:]))


def agenda_digest(now: Agenda) -> str:
    """A short hash of what an agenda shows, so that nobody changes or sends what he did not see."""
    shown: list[Value] = [*(f"{m.key} {m.label}" for m in now.items), "", *(f"{d.matter.key} {d.reason}" for d in now.dropped)]
    return hashlib.sha256(canonical(shown)).hexdigest()[:16]


# --- invitation and answers ----------------------------------------------------------------------------------------------

INVITATION_FORMAT = "posko-undangan/1"
NATURES = ("biasa", "penting", "segera", "sangat_segera")
REPLY_BEFORE = timedelta(days=2)
"""An answer is asked for two days ahead; ours, no rule's."""
MOST_PEOPLE = 30
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,39}")


class Answer(StrEnum):
    """What an invited agency says."""

    YES = "yes"
    DELEGATED = "delegated"
    NO = "no"


@dataclass(frozen=True)
class Reply:
    """An agency's answer to a version of the meeting. `office`: who comes, as an office; `seen`: it knows of a cancellation."""

    agency: str
    answer: Answer
    people: int
    office: str
    version: int
    at: datetime
    mark: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Invitation:
    """A letter as it was sent: canonical bytes, their digest, and the version of the meeting that it speaks of."""

    meeting: str
    version: int
    meeting_version: int
    content: bytes
    digest: str
    sent_at: datetime
    entry_id: str = ""

    def __post_init__(self) -> None:
        if not self.erased and hashlib.sha256(self.content).hexdigest() != self.digest:
            raise Changed(snapshot=f"{self.meeting}/{self.version}")

    @property
    def erased(self) -> bool:
        """Whether words in it were erased: it is known by number and hash, and printed no more."""
        return is_erased(self.content)

    @property
    def said(self) -> dict[str, Value]:
        """The content as a table."""
        return dict(json.loads(self.content))

    @property
    def host(self) -> str:
        """The agency that sent it: it comes, and answers nobody."""
        return str(self.said["sender"])


def invitation_seen(meeting: Meeting, now: Agenda) -> str:
    """A short hash of all that a letter would say about the meeting."""
    return hashlib.sha256(canonical([meeting.version, agenda_digest(now)])).hexdigest()[:16]


def invitation_content(
    meeting: Meeting, items: Sequence[Matter], number: str, nature: str, note: str, election: str, sender: str, mark: str, at: datetime
) -> bytes:
    """The canonical bytes of a letter. BadNumber for a nature that is none."""
    if nature not in NATURES:
        raise BadNumber(typed=nature[:40])
    said: dict[str, Value] = {
        "format": INVITATION_FORMAT, "meeting": meeting.code, "title": meeting.title, "place": meeting.place, "version": meeting.version,
        "starts_at": meeting.starts_at.isoformat(), "ends_at": meeting.ends_at.isoformat(), "number": number, "nature": nature,
        "note": note, "election": election, "sender": sender, "sent_at": at.isoformat(), "mark": mark,
        "reply_by": reply_by(meeting, at).isoformat(), "invited": list(meeting.invited),
        "agenda": [
            {
                "key": m.key, "label": m.label, "why": m.why, "due_at": m.due_at.isoformat() if m.due_at else "",
                "weight": m.weight if m.kind == "shortage" else 0,  # that of an AGHT is not everybody's
            }
            for m in items
        ],
    }  # fmt: skip
    return canonical(said)


def same_letter(one: bytes, other: bytes) -> bool:
    """Whether two letters say the same but for the moment of sending."""
    moments = {"sent_at", "reply_by"}
    first, second = ({k: v for k, v in json.loads(data).items() if k not in moments} for data in (one, other))
    return bool(first == second)


def reply_by(meeting: Meeting, sent_at: datetime) -> datetime:
    """By when an answer is asked for: two days ahead, half of what is left where that is less."""
    return max(meeting.starts_at - REPLY_BEFORE, sent_at + (meeting.starts_at - sent_at) / 2)


def check_number(number: str) -> None:
    """The number of a letter. BadNumber."""
    if not _NUMBER.fullmatch(number):
        raise BadNumber(typed=number[:40])


def check_sendable(meeting: Meeting, items: Sequence[Matter], at: datetime) -> None:
    """Whether an invitation may go out. Cancelled, Began, NoAgenda."""
    check_on(meeting)
    if at >= meeting.starts_at:
        raise Began(meeting=meeting.code)
    if not items:
        raise NoAgenda(most=MOST_ITEMS)


def check_on(meeting: Meeting) -> None:
    """Refuse what belongs to a meeting that was called off. Cancelled."""
    if meeting.cancelled:
        raise Cancelled(meeting=meeting.code)


def check_office(office: str, *, needed: bool) -> None:
    """The title of an office, never a person's name. NotAnOffice."""
    if needed and not office.strip():
        raise NotAnOffice(typed="")
    if reports.looks_like_a_person(office) in {"identity", "title"}:
        raise NotAnOffice(typed=office[:40])


def check_reply(meeting: Meeting, reply: Reply, sent: Invitation | None, at: datetime) -> None:
    """Whether an agency may answer so. NotInvited, Cancelled, NotSent, Began, SeenOlder, BadCount, NotAnOffice."""
    if reply.agency not in meeting.invited:
        raise NotInvited(agency=reply.agency)
    check_on(meeting)
    if sent is None:
        raise NotSent(meeting=meeting.code)
    if at >= meeting.starts_at:
        raise Began(meeting=meeting.code)
    if reply.version != meeting.version:
        raise SeenOlder()
    if (reply.answer is Answer.NO) != (reply.people == 0) or not 0 <= reply.people <= MOST_PEOPLE:
        raise BadCount(most=MOST_PEOPLE)
    check_office(reply.office, needed=reply.answer is Answer.DELEGATED)


def check_change(meeting: Meeting, place: str, starts_at: datetime, duration_min: int, reason: str, at: datetime) -> None:
    """Whether a meeting may be moved. Cancelled, Began, NoReason, Untitled, DeadlinePast, BadCount, NothingChanged."""
    check_on(meeting)
    if at >= meeting.starts_at:
        raise Began(meeting=meeting.code)
    if not reason.strip():
        raise NoReason()
    if not place.strip():
        raise Untitled()
    if starts_at <= at:
        raise DeadlinePast(due=starts_at.isoformat())
    check_duration(duration_min)
    if (place.strip(), starts_at, duration_min) == (meeting.place, meeting.starts_at, meeting.duration_min):
        raise NothingChanged()


MOST_MINUTES = 600


def check_duration(duration_min: int) -> None:
    """Between a quarter of an hour and ten hours. BadCount."""
    if not 15 <= duration_min <= MOST_MINUTES:
        raise BadCount(most=MOST_MINUTES)


def check_cancel(meeting: Meeting, reason: str, at: datetime) -> None:
    """Whether a meeting may be called off. Cancelled, Began, NoReason."""
    check_on(meeting)
    if at >= meeting.starts_at:
        raise Began(meeting=meeting.code)
    if not reason.strip():
        raise NoReason()


def check_arrival(meeting: Meeting, there: Attendance, at: datetime) -> None:
    """Whether an agency may be noted as present. Cancelled, AlreadyThere, WrongArrival, BadCount, NotAnOffice."""
    check_on(meeting)
    if there.agency in meeting.attended:
        raise AlreadyThere(agency=there.agency)
    arrived = there.arrived_at or at
    if arrived > at or arrived < meeting.starts_at - timedelta(hours=12):
        raise WrongArrival()
    if not 0 <= there.people <= MOST_PEOPLE:
        raise BadCount(most=MOST_PEOPLE)
    check_office(there.office, needed=False)
