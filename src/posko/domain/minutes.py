"""Stage minutes: what was said and decided at a rakor, frozen under a hash, signed by whom, sent to whom.

Minutes are written in sections, one for each item of the agenda, and every save of a section is a version of its own: whoever saves says
which version he saw, so nobody writes over another. A number of the meeting is never typed: a text names a figure of a frozen snapshot as
`[angka SNP-002 ready]`, and value, denominator, source and time come from the snapshot.

Finishing freezes the text. What is wrong afterwards is put right by a numbered amendment, whose hash builds on the one before.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import rakor, record

FORMAT = "posko-notula/1"
OPENING, OTHER, CLOSING = "pembukaan", "lain", "penutup"
LONGEST_TEXT, LONGEST_OBJECTION, LONGEST_REASON = 8_000, 1_500, 400
WRITE_AFTER = timedelta(hours=4)
"""So long after the planned end of a meeting its minutes are asked for; ours, no rule's."""
ANSWER_WITHIN = timedelta(days=2)
"""An agency is asked to approve or object within two days; ours."""


class Unknown(record.Refusal):
    """No such minutes."""

    code: ClassVar[str] = "minutes.unknown"


class UnknownSection(record.Refusal):
    """No such part in these minutes."""

    code: ClassVar[str] = "minutes.unknown_section"


class SeenOlder(record.Refusal):
    """Somebody else has saved this part since it was opened."""

    code: ClassVar[str] = "minutes.seen_older"


class SeenOther(record.Refusal):
    """What is approved or finished must be exactly what was on the screen."""

    code: ClassVar[str] = "minutes.seen_other"


class UnknownFigure(record.Refusal):
    """A text names a figure that no snapshot of this meeting holds."""

    code: ClassVar[str] = "minutes.unknown_figure"


class TooLong(record.Refusal):
    """More text than a part takes."""

    code: ClassVar[str] = "minutes.too_long"


class Finished(record.Refusal):
    """Frozen minutes take amendments, no more writing."""

    code: ClassVar[str] = "minutes.finished"


class NobodyThere(record.Refusal):
    """Minutes of a meeting at which nobody is noted as present."""

    code: ClassVar[str] = "minutes.nobody_there"


class NothingFrozen(record.Refusal):
    """Minutes rest on a frozen snapshot; this meeting has none."""

    code: ClassVar[str] = "minutes.nothing_frozen"


class NothingSaid(record.Refusal):
    """Minutes without a word and without a decision."""

    code: ClassVar[str] = "minutes.nothing_said"


class NotAttended(record.Refusal):
    """Only an agency that was there approves or objects."""

    code: ClassVar[str] = "minutes.not_attended"


class AlreadyAnswered(record.Refusal):
    """The agency has said exactly this about this version before."""

    code: ClassVar[str] = "minutes.already_answered"


class NoText(record.Refusal):
    """An objection or an amendment without words, or without its reason."""

    code: ClassVar[str] = "minutes.no_text"


class AlreadyReceived(record.Refusal):
    """The agency has confirmed before that it holds this version."""

    code: ClassVar[str] = "minutes.already_received"


class Erased(record.Refusal):
    """Minutes of which words were erased can no longer be read as what was frozen: nobody approves or receives them."""

    code: ClassVar[str] = "minutes.erased"


class NotOnList(record.Refusal):
    """The agency is not on the list of those who get these minutes."""

    code: ClassVar[str] = "minutes.not_on_list"


# --- figures in a text ---------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\[angka (SNP-\d{3,9}) ([A-Za-z0-9_:.~/-]{1,60})\]")


@dataclass(frozen=True)
class Figure:
    """A figure of a frozen snapshot; denominator -1 where there is none."""

    snapshot: str
    code: str
    label: str
    numerator: int
    denominator: int
    source: str
    at: datetime
    marks: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """How a text names it."""
        return f"[angka {self.snapshot} {self.code}]"


def figures_of(snapshot: rakor.Snapshot) -> tuple[Figure, ...]:
    """The figures of a snapshot, in its order."""
    found = []
    rows = snapshot.sections.get("figures", [])
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict):
            continue
        marks = row.get("marks", [])
        numerator, denominator = row["numerator"], row.get("denominator", -1)
        if not isinstance(numerator, int) or not isinstance(denominator, int):
            continue
        found.append(
            Figure(
                snapshot.code, str(row["code"]), str(row["label"]), numerator, denominator, str(row["source"]),
                datetime.fromisoformat(str(row["at"])), tuple(str(m) for m in marks) if isinstance(marks, list) else (),
            )
        )  # fmt: skip
    return tuple(found)


def cited(*texts: str) -> tuple[tuple[str, str], ...]:
    """(snapshot, code) of every figure that texts name, in order, each once."""
    return tuple(dict.fromkeys((m[1], m[2]) for text in texts for m in _TOKEN.finditer(text)))


def parts(text: str) -> tuple[str | tuple[str, str], ...]:
    """A text cut at its figures: plain pieces, and (snapshot, code) in their place."""
    found: list[str | tuple[str, str]] = []
    last = 0
    for match in _TOKEN.finditer(text):
        found += [text[last : match.start()], (match[1], match[2])]
        last = match.end()
    return tuple(piece for piece in (*found, text[last:]) if piece)


# --- sections ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """One part of the minutes: an item of the agenda, or opening, other matters, closing. `version` 0: not written yet."""

    key: str
    label: str
    text: str = ""
    version: int = 0
    saved_at: datetime | None = None
    person: str = ""
    why: str = ""


def layout(agenda: Sequence[rakor.Matter], written: Mapping[str, Section]) -> tuple[Section, ...]:
    """The parts in order: opening, the agenda, what was written of items no longer on it, other matters, closing."""
    wanted = [Section(OPENING, "Pembukaan"), *(Section(m.key, m.label, why=m.why) for m in agenda)]
    last = [Section(OTHER, "Lain-lain"), Section(CLOSING, "Penutup")]
    known = {s.key for s in (*wanted, *last)}
    gone = [s for key, s in written.items() if key not in known and s.text]
    return tuple(
        replace(s, text=written[s.key].text, version=written[s.key].version, saved_at=written[s.key].saved_at, person=written[s.key].person)
        if s.key in written
        else s
        for s in (*wanted, *gone, *last)
    )


def check_save(section: Section, text: str, seen: int, known: Iterable[Figure]) -> None:
    """Whether a text may become the next version of a part. SeenOlder, TooLong, UnknownFigure."""
    if seen != section.version:
        raise SeenOlder(section=section.label)
    if len(text) > LONGEST_TEXT:
        raise TooLong(most=LONGEST_TEXT)
    have = {(f.snapshot, f.code) for f in known}
    for snapshot, code in cited(text):
        if (snapshot, code) not in have:
            raise UnknownFigure(figure=f"{snapshot} {code}")


def draft_digest(sections: Iterable[Section], decisions: Iterable[rakor.Decision]) -> str:
    """A short hash of what stands on the writing page, so that exactly this is finished."""
    seen: list[rakor.Value] = [f"{s.key} {s.version}" for s in sections if s.version]
    seen += [f"{d.code} {d.version}" for d in decisions]
    return hashlib.sha256(rakor.canonical(seen)).hexdigest()[:16]


def check_finish(
    meeting: rakor.Meeting, snapshots: Sequence[rakor.Snapshot], sections: Sequence[Section], decisions: Sequence[rakor.Decision]
) -> None:
    """Whether minutes may be frozen. Cancelled, NobodyThere, NothingFrozen, NothingSaid."""
    rakor.check_on(meeting)
    if not meeting.attended:
        raise NobodyThere(meeting=meeting.code)
    if not snapshots:
        raise NothingFrozen(meeting=meeting.code)
    if not decisions and not any(s.text.strip() for s in sections):
        raise NothingSaid(meeting=meeting.code)


# --- frozen minutes ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amendment:
    """A correction of frozen minutes. `digest` builds on that of the version before it. erased: its words are gone, the digest stays."""

    number: int
    part: str
    text: str
    reason: str
    digest: str
    at: datetime
    person: str = ""
    entry_id: str = ""
    erased: bool = False


class Voice(StrEnum):
    """What an agency says about the minutes."""

    APPROVED = "approved"
    OBJECTED = "objected"


@dataclass(frozen=True)
class Approval:
    """One agency's word on one version (its digest). `office`: of the one who said it."""

    agency: str
    voice: Voice
    office: str
    text: str
    digest: str
    at: datetime
    person: str = ""
    entry_id: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Received:
    """An agency confirms that it holds a version."""

    agency: str
    digest: str
    at: datetime


@dataclass(frozen=True)
class Final:
    """Frozen minutes with what came after. `content`: canonical bytes; `recipients`: agencies in the order of the list."""

    code: str
    meeting: str
    content: bytes
    digest: str
    finished_at: datetime
    recipients: tuple[str, ...]
    attended: tuple[str, ...]
    amendments: tuple[Amendment, ...] = ()
    approvals: tuple[Approval, ...] = ()
    received: tuple[Received, ...] = ()
    mark: str = ""
    entry_id: str = ""

    def __post_init__(self) -> None:
        if not rakor.is_erased(self.content) and hashlib.sha256(self.content).hexdigest() != self.digest:
            raise rakor.Changed(snapshot=self.code)
        before = self.digest
        for one in self.amendments:
            if not one.erased and amendment_digest(before, one.number, one.part, one.text, one.reason, one.at) != one.digest:
                raise rakor.Changed(snapshot=f"{self.code}/{one.number}")
            before = one.digest

    @property
    def erased(self) -> bool:
        """Whether words of the text or of an amendment were erased: known by code and hash, printed and signed no more."""
        return rakor.is_erased(self.content) or any(a.erased for a in self.amendments)

    @property
    def said(self) -> dict[str, rakor.Value]:
        """The frozen content as a table."""
        return dict(json.loads(self.content))

    @property
    def texts(self) -> tuple[str, ...]:
        """What was written, part by part, and what was decided."""
        rows = [*_rows(self.said["sections"]), *_rows(self.said["decisions"])]
        return tuple(str(row["text"]) for row in rows)

    @property
    def current(self) -> str:
        """The digest of the newest version: that of the text, or of the last amendment."""
        return self.amendments[-1].digest if self.amendments else self.digest

    @property
    def version_at(self) -> datetime:
        """Since when the newest version stands."""
        return self.amendments[-1].at if self.amendments else self.finished_at

    def voices(self) -> dict[str, Approval]:
        """Agency -> its last word on the newest version."""
        return {a.agency: a for a in self.approvals if a.digest == self.current}

    def holders(self) -> dict[str, datetime]:
        """Agency -> when it confirmed that it holds the newest version; an answer confirms as well."""
        found = {r.agency: r.at for r in self.received if r.digest == self.current}
        return {a.agency: a.at for a in reversed(self.approvals) if a.digest == self.current} | found

    @property
    def complete(self) -> bool:
        """Whether every agency that was there has spoken about the newest version."""
        return set(self.attended) <= set(self.voices())


def _rows(value: rakor.Value) -> list[dict[str, rakor.Value]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def may_read(agency: str, meeting: rakor.Meeting) -> bool:
    """Who was invited or was there reads the minutes of a meeting; KPU, Kejari and Bawaslu read all of them."""
    return agency in {*rakor.CHAIRS, "BAWASLU"} or agency in {a.agency for a in meeting.agencies}


def amendment_digest(before: str, number: int, part: str, text: str, reason: str, at: datetime) -> str:
    """SHA-256 over the canonical amendment and the digest of the version that it amends."""
    said: dict[str, rakor.Value] = {
        "format": FORMAT, "before": before, "number": number, "part": part, "text": text, "reason": reason, "at": at.isoformat(),
    }  # fmt: skip
    return hashlib.sha256(rakor.canonical(said)).hexdigest()


def check_amendment(text: str, reason: str, seen: str, final: Final) -> None:
    """Whether frozen minutes may be amended so. Erased, SeenOther, NoText, TooLong."""
    if final.erased:
        raise Erased(minutes=final.code)
    if seen != final.current:
        raise SeenOther(minutes=final.code)
    if not text.strip() or not reason.strip():
        raise NoText()
    if len(text) > LONGEST_OBJECTION or len(reason) > LONGEST_REASON:
        raise TooLong(most=LONGEST_OBJECTION)


def check_answer(final: Final, agency: str, voice: Voice, office: str, text: str, seen: str) -> None:
    """Whether an agency may say this. NotAttended, Erased, SeenOther, NoText, TooLong, AlreadyAnswered, NotAnOffice."""
    if agency not in final.attended:
        raise NotAttended(agency=agency)
    if final.erased:
        raise Erased(minutes=final.code)
    if seen != final.current:
        raise SeenOther(minutes=final.code)
    if voice is Voice.OBJECTED and not text.strip():
        raise NoText()
    if len(text) > LONGEST_OBJECTION:
        raise TooLong(most=LONGEST_OBJECTION)
    rakor.check_office(office, needed=True)
    before = final.voices().get(agency)
    if before is not None and (before.voice, before.text) == (voice, text.strip()):
        raise AlreadyAnswered(agency=agency)


def check_receipt(final: Final, agency: str, seen: str) -> None:
    """Whether an agency may confirm that it holds the newest version. NotOnList, Erased, SeenOther, AlreadyReceived."""
    if agency not in final.recipients:
        raise NotOnList(agency=agency)
    if final.erased:
        raise Erased(minutes=final.code)
    if seen != final.current:
        raise SeenOther(minutes=final.code)
    if agency in final.holders():
        raise AlreadyReceived(agency=agency)
