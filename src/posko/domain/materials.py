"""Stage materials: what each agency brings to the table: slides, figures, letters as files, and its own numbers with their source and time.

What was brought is never removed: a newer version takes its place, or it is withdrawn with a reason. A number that an agency brings may
carry the code of a figure of the frozen snapshot, so that the two can be laid side by side. Whoever is invited reads it, and Bawaslu.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import evidence, rakor, record

BRING_AFTER = timedelta(hours=24)
"""Until how long after its planned end something is brought to a meeting. Ours, no law's."""
REMIND_BEFORE = timedelta(days=2)
OLDEST = timedelta(days=400)
LONGEST_TITLE, LONGEST_SOURCE, SHORTEST_SOURCE, SHORTEST_REASON, LONGEST_REASON = 120, 200, 4, 10, 400
MOST_NUMBER = 10**12

# --- refusals ------------------------------------------------------------------------------------------------------------


class NotInvited(record.Refusal):
    """Only who is invited to a meeting, or came, brings something to it."""

    code: ClassVar[str] = "materials.not_invited"


class Over(record.Refusal):
    """The meeting has been over for a day, or was called off."""

    code: ClassVar[str] = "materials.over"


class Untitled(record.Refusal):
    """What is brought has no words that say what it is."""

    code: ClassVar[str] = "materials.untitled"


class BadKind(record.Refusal):
    """A kind, an item of the agenda or a unit that is not in the list."""

    code: ClassVar[str] = "materials.bad_kind"


class BadNumber(record.Refusal):
    """A whole number from nought on, and a whole it is taken from, if any."""

    code: ClassVar[str] = "materials.bad_number"


class BadAsOf(record.Refusal):
    """As of a time that is still to come, or more than a year ago."""

    code: ClassVar[str] = "materials.bad_as_of"


class SourceMissing(record.Refusal):
    """A number says where it comes from."""

    code: ClassVar[str] = "materials.source_missing"


class Unknown(record.Refusal):
    """No such thing, or none that this person may see."""

    code: ClassVar[str] = "materials.unknown"


class NotOwner(record.Refusal):
    """Another agency's."""

    code: ClassVar[str] = "materials.not_owner"


class Gone(record.Refusal):
    """It has been replaced or withdrawn already."""

    code: ClassVar[str] = "materials.gone"


class AlreadyBrought(record.Refusal):
    """The same file of the same agency stands for this meeting already."""

    code: ClassVar[str] = "materials.already_brought"


class ReasonMissing(record.Refusal):
    """A withdrawal says why, in at least ten letters."""

    code: ClassVar[str] = "materials.reason_missing"


# --- values --------------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a file is."""

    SLIDES = "slides"
    FIGURES = "figures"
    LETTER = "letter"
    OTHER = "other"


class Unit(StrEnum):
    """In what a number counts. SAME: in what the figure of the snapshot counts."""

    SAME = "same"
    TPS = "tps"
    PEOPLE = "people"
    PIECE = "piece"
    SHEET = "sheet"
    BOX = "box"
    CARTON = "carton"
    LINE = "line"
    PERCENT = "percent"
    THOUSAND = "thousand"


@dataclass(frozen=True)
class Withdrawal:
    """Taken back by its agency."""

    at: datetime
    person: str
    reason: str
    entry_id: str = ""


@dataclass(frozen=True)
class Material:
    """A file as brought. item: key of an item of the agenda, "" for the meeting as a whole; newer: what took its place."""

    code: str
    meeting: str
    agency: str
    kind: Kind
    title: str
    kept: evidence.Kept
    brought_at: datetime
    person: str = ""
    item: str = ""
    replaces: str = ""
    version: int = 1
    newer: str = ""
    withdrawn: Withdrawal | None = None
    mark: str = ""
    entry_id: str = ""

    @property
    def stands(self) -> bool:
        """Neither replaced nor withdrawn."""
        return not self.newer and self.withdrawn is None


@dataclass(frozen=True)
class OwnFigure:
    """A number of an agency. figure: code of the snapshot's figure, "" for a label of its own; denominator -1: none."""

    code: str
    meeting: str
    agency: str
    figure: str
    label: str
    number: int
    denominator: int
    unit: Unit
    source: str
    as_of_at: datetime
    brought_at: datetime
    person: str = ""
    item: str = ""
    replaces: str = ""
    version: int = 1
    newer: str = ""
    withdrawn: Withdrawal | None = None
    mark: str = ""
    entry_id: str = ""

    @property
    def stands(self) -> bool:
        """Neither replaced nor withdrawn."""
        return not self.newer and self.withdrawn is None


Brought = Material | OwnFigure


# --- rules ---------------------------------------------------------------------------------------------------------------


def readers(meeting: rakor.Meeting) -> frozenset[str]:
    """Who reads what was brought to a meeting: everybody asked to come, and who came unasked. Bawaslu besides, by law."""
    return frozenset(a.agency for a in meeting.agencies)


def may_bring(meeting: rakor.Meeting, agency: str, at: datetime) -> bool:
    """Whether something may be brought to a meeting now."""
    return agency in readers(meeting) and not meeting.cancelled and at <= meeting.ends_at + BRING_AFTER


def _check_table(meeting: rakor.Meeting, agency: str, item: str, items: Collection[str], at: datetime) -> None:
    if agency not in readers(meeting):
        raise NotInvited(agency=agency)
    if not may_bring(meeting, agency, at):
        raise Over(meeting=meeting.code)
    if item and item not in items:
        raise BadKind(kind=item[:40])


def check_bring(meeting: rakor.Meeting, agency: str, kind: str, title: str, item: str, items: Collection[str], at: datetime) -> Kind:
    """Whether a file may be brought; gives its kind. NotInvited, Over, BadKind, Untitled."""
    _check_table(meeting, agency, item, items, at)
    if kind not in {k.value for k in Kind}:
        raise BadKind(kind=kind[:20])
    if not title or len(title) > LONGEST_TITLE:
        raise Untitled(most=LONGEST_TITLE)
    return Kind(kind)


def check_same(sha256: str, agency: str, brought: Iterable[Material]) -> tuple[Material, ...]:
    """Others that hold the same bytes, to be told. AlreadyBrought where this agency's own standing one does."""
    same = tuple(m for m in brought if m.kept.sha256 == sha256)
    mine = next((m for m in same if m.agency == agency and m.stands), None)
    if mine is not None:
        raise AlreadyBrought(code=mine.code)
    return same


def check_figure(
    meeting: rakor.Meeting,
    agency: str,
    *,
    figure: str,
    label: str,
    number: int,
    denominator: int,
    unit: str,
    source: str,
    as_of_at: datetime,
    item: str,
    items: Collection[str],
    codes: Collection[str],
    at: datetime,
) -> Unit:
    """Whether a number may be brought; gives its unit. NotInvited, Over, and what `check_number` refuses."""
    _check_table(meeting, agency, item, items, at)
    return check_number(
        figure=figure, label=label, number=number, denominator=denominator, unit=unit, source=source, as_of_at=as_of_at, codes=codes, at=at
    )


def check_number(
    *,
    figure: str,
    label: str,
    number: int,
    denominator: int,
    unit: str,
    source: str,
    as_of_at: datetime,
    codes: Collection[str],
    at: datetime,
) -> Unit:
    """Whether a number says enough about itself. BadKind, Untitled, BadNumber, SourceMissing, BadAsOf."""
    if figure and figure not in codes:
        raise BadKind(kind=figure[:40])
    if not figure and not 3 <= len(label) <= LONGEST_TITLE:
        raise Untitled(most=LONGEST_TITLE)
    if unit not in {u.value for u in Unit} or (unit == Unit.SAME and not figure):
        raise BadKind(kind=unit[:20])
    if not 0 <= number <= MOST_NUMBER or not (denominator == -1 or 1 <= denominator <= MOST_NUMBER):
        raise BadNumber()
    if not SHORTEST_SOURCE <= len(source) <= LONGEST_SOURCE:
        raise SourceMissing(least=SHORTEST_SOURCE, most=LONGEST_SOURCE)
    if not at - OLDEST <= as_of_at <= at:
        raise BadAsOf()
    return Unit(unit)


def check_change(brought: Brought, agency: str) -> None:
    """Whether something may be replaced or withdrawn. NotOwner, Gone."""
    if brought.agency != agency:
        raise NotOwner(code=brought.code, agency=brought.agency)
    if not brought.stands:
        raise Gone(code=brought.code)


def check_withdrawal(brought: Brought, agency: str, reason: str) -> None:
    """NotOwner, Gone, ReasonMissing."""
    check_change(brought, agency)
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ReasonMissing(least=SHORTEST_REASON, most=LONGEST_REASON)


def in_order(brought: Iterable[Brought], agencies: Iterable[str], items: Iterable[str]) -> dict[str, list[Brought]]:
    """What stands, by item of the agenda in its order, then "" for what belongs to none (any more); inside by agency and kind."""
    seats = {agency: n for n, agency in enumerate(agencies)}
    places = list(items)
    groups: dict[str, list[Brought]] = {item: [] for item in [*places, ""]}
    for one in brought:
        if one.stands:
            groups[one.item if one.item in groups else ""].append(one)
    for group in groups.values():
        group.sort(key=lambda b: (seats.get(b.agency, len(seats)), isinstance(b, OwnFigure), b.code))
    return groups
