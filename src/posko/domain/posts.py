"""Stage posts: who listens where. Posts, their duty, logbook, heartbeat, coverage, and counts that travel upward without words.

A post belongs to one side: the prosecutor's (Kejati, Kejari, Cabjari, kecamatan) or the commission's (KPU, PPK, PPS). A heartbeat is
owed every `beat_hours` hours in which the post is open; nights and closed days do not count. Two missed ones make the post silent, and
a silent post is not a quiet one: what it covers is unknown (signal R19, field rule 3.4). Hours are civil time in WIB.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar

from posko.domain import record, thresholds

WIB = timezone(timedelta(hours=7), "WIB")
UNDO_FOR = timedelta(minutes=10)
NAME_LONGEST, TEXT_LONGEST = 80, 500
DAY_MIN = 24 * 60

# --- refusals ------------------------------------------------------------------------------------------------------------


class BadCode(record.Refusal):
    """A code of capital letters, digits and hyphens, 3 to 24 of them."""

    code: ClassVar[str] = "posts.bad_code"


class CodeTaken(record.Refusal):
    """Another post has this code."""

    code: ClassVar[str] = "posts.code_taken"


class BadName(record.Refusal):
    """A post without a name, or with a name longer than a sign."""

    code: ClassVar[str] = "posts.bad_name"


class WrongParent(record.Refusal):
    """A post under an office that such posts do not stand under."""

    code: ClassVar[str] = "posts.wrong_parent"


class UnknownPlace(record.Refusal):
    """A place or desa that this region does not have."""

    code: ClassVar[str] = "posts.unknown_place"


class NoArea(record.Refusal):
    """A post that serves no desa."""

    code: ClassVar[str] = "posts.no_area"


class NoService(record.Refusal):
    """A post that does nothing."""

    code: ClassVar[str] = "posts.no_service"


class BadHours(record.Refusal):
    """Opening hours that end before they begin, overlap, or never come."""

    code: ClassVar[str] = "posts.bad_hours"


class BadBeat(record.Refusal):
    """A heartbeat is owed every 1 to 24 open hours."""

    code: ClassVar[str] = "posts.bad_beat"


class Unknown(record.Refusal):
    """No such post, shift, note or contact."""

    code: ClassVar[str] = "posts.unknown"


class OtherSide(record.Refusal):
    """The prosecutor's posts are run by the prosecutor, the commission's by the commission."""

    code: ClassVar[str] = "posts.other_side"


class ClosedPost(record.Refusal):
    """A closed post has no duty, no log and no heartbeat."""

    code: ClassVar[str] = "posts.closed_post"


class Elsewhere(record.Refusal):
    """The office above the region is run elsewhere: here it is only the top of the roll-up."""

    code: ClassVar[str] = "posts.elsewhere"


class AlreadySo(record.Refusal):
    """It is open or closed already, ended already, or nothing changed."""

    code: ClassVar[str] = "posts.already_so"


class BadReason(record.Refusal):
    """A reason that is not one of the list."""

    code: ClassVar[str] = "posts.bad_reason"


class BadPerson(record.Refusal):
    """Neither an account of this side nor a code of a person on duty."""

    code: ClassVar[str] = "posts.bad_person"


class BadShift(record.Refusal):
    """A shift that ends before it begins, lasts longer than a day, or began long ago."""

    code: ClassVar[str] = "posts.bad_shift"


class Overlap(record.Refusal):
    """One person at two posts at once, or twice at one."""

    code: ClassVar[str] = "posts.overlap"


class ShiftOver(record.Refusal):
    """A shift that is over stays in the roster."""

    code: ClassVar[str] = "posts.shift_over"


class BadNote(record.Refusal):
    """A note in the logbook from the future, from long ago, with too many people or too many words."""

    code: ClassVar[str] = "posts.bad_note"


class NeedsSecond(record.Refusal):
    """After ten minutes, or by somebody else, a note is struck with a reason and a second person."""

    code: ClassVar[str] = "posts.needs_second"


class BadContact(record.Refusal):
    """A contact is an office and a way to reach it, nothing else."""

    code: ClassVar[str] = "posts.bad_contact"


# --- words ---------------------------------------------------------------------------------------------------------------


class Side(StrEnum):
    """Whose post it is."""

    KEJAKSAAN = "kejaksaan"
    KPU = "kpu"


class Kind(StrEnum):
    """What kind of post, the highest of each side first."""

    KEJATI = "KEJATI"
    KEJARI = "KEJARI"
    CABJARI = "CABJARI"
    KECAMATAN = "KECAMATAN"
    KPU = "KPU"
    PPK = "PPK"
    PPS = "PPS"


class Service(StrEnum):
    """What a post does for those who come (field notes 1.2)."""

    INTAKE = "intake"
    CONSULTATION = "consultation"
    COORDINATION = "coordination"


class Note(StrEnum):
    """What a line of the logbook is about."""

    VISIT = "visit"
    CALL = "call"
    CONSULTATION = "consultation"
    COORDINATION = "coordination"
    CHECK = "check"
    HANDOVER = "handover"
    TROUBLE = "trouble"
    OTHER = "other"


SIDES: Mapping[Kind, Side] = {
    Kind.KEJATI: Side.KEJAKSAAN, Kind.KEJARI: Side.KEJAKSAAN, Kind.CABJARI: Side.KEJAKSAAN, Kind.KECAMATAN: Side.KEJAKSAAN,
    Kind.KPU: Side.KPU, Kind.PPK: Side.KPU, Kind.PPS: Side.KPU,
}  # fmt: skip
# Under which offices a post may stand; "" is the top of its side here.
PARENTS: Mapping[Kind, frozenset[str]] = {
    Kind.KEJATI: frozenset({""}), Kind.KEJARI: frozenset({"", "KEJATI"}), Kind.CABJARI: frozenset({"KEJARI"}),
    Kind.KECAMATAN: frozenset({"KEJARI", "CABJARI"}), Kind.KPU: frozenset({""}), Kind.PPK: frozenset({"KPU"}), Kind.PPS: frozenset({"PPK"}),
}  # fmt: skip
AGENCIES: Mapping[Side, frozenset[str]] = {Side.KEJAKSAAN: frozenset({"KEJARI", "KEJATI"}), Side.KPU: frozenset({"KPU", "PPK", "PPS"})}
COUNTERPARTS = ("WARGA", "KPU", "PPK", "PPS", "BAWASLU", "POLRES", "PEMDA", "KEJARI", "KEJATI", "LAIN")
CONTACT_ROLES = ("PPK", "PPS", "KEPALA_DESA", "BHABINKAMTIBMAS", "BABINSA", "LINMAS", "SYAHBANDAR", "PUSKESMAS", "LAINNYA")
CHANNELS = ("TELEPON", "PESAN", "RADIO", "TATAP_MUKA", "SURAT")
CLOSE_REASONS = ("tahapan_selesai", "pindah", "petugas_kurang", "keamanan", "lainnya")
CANCEL_REASONS = ("sakit", "tugas_lain", "salah_catat", "pos_tutup", "lainnya")
STRIKE_REASONS = ("salah_catat", "salah_pos", "dobel", "lainnya")
END_REASONS = ("ganti_petugas", "tidak_terjangkau", "salah_catat", "lainnya")


@dataclass(frozen=True)
class Limits:
    """Thresholds: missed heartbeats that make silence; hours before the vote in which silence is critical; hours a report may wait.

    These are ours, no law's.
    """

    silent_after: int = field(default=2, metadata=thresholds.bounds("R19", 1, 4, "kali", "tanda hidup yang terlewat", owner="KEJARI"))
    critical_before_h: int = field(
        default=72, metadata=thresholds.bounds("R19", 24, 336, "jam", "sebelum pemungutan, sejak kapan diamnya posko gawat", owner="KEJARI")
    )
    answer_h: int = 24
    gap_days: int = 3


# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Window:
    """Open on a weekday (0 Monday) from a minute of the day until another, at most 1440. BadHours."""

    weekday: int
    from_min: int
    until_min: int

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.from_min < self.until_min <= DAY_MIN):
            raise BadHours(day=self.weekday + 1)


@dataclass(frozen=True)
class Post:
    """A post as it stands at an instant. `place`: where it is responsible (dotted code); `served`: desa codes; mark [SIMULASI]."""

    code: str
    name: str
    kind: Kind
    parent: str
    place: str
    served: tuple[str, ...]
    services: tuple[Service, ...]
    hours: tuple[Window, ...]
    beat_hours: int
    opened_at: datetime
    open: bool = True
    closed_for: str = ""
    version: int = 1
    mark: str = ""

    @property
    def side(self) -> Side:
        """Whose post it is."""
        return SIDES[self.kind]

    @property
    def elsewhere(self) -> bool:
        """Whether it is run outside this installation: the Kejati stands here as the top of the roll-up, without duty or heartbeat."""
        return self.kind is Kind.KEJATI


@dataclass(frozen=True)
class Span:
    """A stretch of time."""

    from_at: datetime
    until_at: datetime

    @property
    def minutes(self) -> int:
        """Whole minutes."""
        return int((self.until_at - self.from_at).total_seconds() // 60)


@dataclass(frozen=True)
class Shift:
    """Somebody's duty at a post."""

    code: str
    post: str
    person: str
    from_at: datetime
    until_at: datetime
    mark: str = ""

    def covers(self, at: datetime) -> bool:
        """Whether it runs at an instant."""
        return self.from_at <= at < self.until_at


@dataclass(frozen=True)
class Line:
    """A line of the logbook without its words."""

    number: str
    post: str
    note: Note
    people: int
    counterpart: str
    occurred_at: datetime
    noted_at: datetime
    person: str
    entry_id: str = ""
    struck: str = ""
    erased: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Contact:
    """An office that a post can reach in a desa, and how; never a person, never a number."""

    code: str
    post: str
    desa: str
    role: str
    channel: str
    since_at: datetime
    mark: str = ""


# --- opening hours ---------------------------------------------------------------------------------------------------------


def check_hours(hours: Sequence[Window]) -> tuple[Window, ...]:
    """Sorted windows that do not overlap, at least one. BadHours."""
    found = tuple(sorted(hours))
    if not found:
        raise BadHours(day=0)
    for one, following in pairwise(found):
        if one.weekday == following.weekday and following.from_min < one.until_min:
            raise BadHours(day=one.weekday + 1)
    return found


def openings(hours: Sequence[Window], from_at: datetime, until_at: datetime) -> list[Span]:
    """When a post is open between two instants; windows that touch at midnight are one."""
    found: list[Span] = []
    day, last = from_at.astimezone(WIB).date(), until_at.astimezone(WIB).date()
    while day <= last:
        midnight = datetime.combine(day, time(), WIB)
        for window in hours:
            if window.weekday != day.weekday():
                continue
            start = max(from_at, midnight + timedelta(minutes=window.from_min))
            end = min(until_at, midnight + timedelta(minutes=window.until_min))
            if start >= end:
                continue
            if found and found[-1].until_at == start:
                found[-1] = replace(found[-1], until_at=end)
            else:
                found.append(Span(start, end))
        day += timedelta(days=1)
    return found


def open_time(hours: Sequence[Window], from_at: datetime, until_at: datetime) -> timedelta:
    """How long a post is open between two instants."""
    return sum((span.until_at - span.from_at for span in openings(hours, from_at, until_at)), timedelta())


def open_at(hours: Sequence[Window], at: datetime) -> bool:
    """Whether the hours say open."""
    return bool(openings(hours, at, at + timedelta(microseconds=1)))


def _after(hours: Sequence[Window], from_at: datetime, owed: timedelta) -> datetime | None:
    """The instant at which the post has been open for `owed` since `from_at`; None beyond five weeks."""
    for span in openings(hours, from_at, from_at + timedelta(weeks=5)):
        length = span.until_at - span.from_at
        if length >= owed:
            return span.from_at + owed
        owed -= length
    return None


# --- a post ----------------------------------------------------------------------------------------------------------------

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,22}[A-Z0-9]")


def check_post(post: Post, others: Mapping[str, Post], desa: Iterable[str], region: str) -> Post:
    """A post that may stand, tidied. BadCode, BadName, WrongParent, UnknownPlace, NoArea, NoService, BadHours, BadBeat."""
    if not _CODE.fullmatch(post.code):
        raise BadCode(code=post.code[:40])
    name = " ".join(post.name.split())
    if not 3 <= len(name) <= NAME_LONGEST:
        raise BadName(longest=NAME_LONGEST)
    above = others.get(post.parent)
    if post.code == post.parent or (above.kind.value if above else post.parent) not in PARENTS[post.kind]:
        raise WrongParent(kind=post.kind.value, parent=post.parent or "—")
    known = set(desa)
    _check_places(post, known, region)
    if not post.served and post.kind is not Kind.KEJATI:
        raise NoArea(code=post.code)
    if not post.services:
        raise NoService(code=post.code)
    if not 1 <= post.beat_hours <= 24:
        raise BadBeat(hours=post.beat_hours)
    served, services = tuple(sorted(set(post.served))), tuple(s for s in Service if s in post.services)
    return replace(post, name=name, served=served, services=services, hours=check_hours(post.hours))


def _check_places(post: Post, desa: set[str], region: str) -> None:
    strange = sorted(set(post.served) - desa)
    if strange:
        raise UnknownPlace(place=strange[0])
    kecamatan = {code[:8] for code in desa}
    above = region == post.place or region.startswith(f"{post.place}.")
    if not post.place or not (above or post.place in desa | kecamatan):
        raise UnknownPlace(place=post.place)


def check_side(post: Post, agency: str) -> None:
    """Whether an agency runs this post. OtherSide."""
    if agency not in AGENCIES[post.side]:
        raise OtherSide(post=post.code, agency=agency)


def check_open(post: Post) -> None:
    """ClosedPost, Elsewhere."""
    if not post.open:
        raise ClosedPost(post=post.code)
    if post.elsewhere:
        raise Elsewhere(post=post.code)


def check_reason(reason: str, reasons: Sequence[str]) -> str:
    """A reason of the list. BadReason."""
    if reason not in reasons:
        raise BadReason(reason=reason[:40])
    return reason


# --- heartbeat -------------------------------------------------------------------------------------------------------------


class Pulse(StrEnum):
    """What is known of a post from its heartbeats."""

    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    CLOSED = "closed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Beat:
    """State, missed heartbeats, the last one, and until when the next is owed (None for a closed post)."""

    pulse: Pulse
    missed: int
    last_at: datetime | None
    due_at: datetime | None


def beat(post: Post, last_at: datetime | None, at: datetime, limits: Limits = Limits()) -> Beat:
    """How alive a post is. A post that never beat owes its first since it opened. Open hours count, nothing else."""
    if not post.open or post.elsewhere:
        return Beat(Pulse.ELSEWHERE if post.open else Pulse.CLOSED, 0, last_at, None)
    since = max(last_at or post.opened_at, post.opened_at)
    owed = timedelta(hours=post.beat_hours)
    missed = open_time(post.hours, since, at) // owed
    pulse = Pulse.SILENT if missed >= limits.silent_after else Pulse.LATE if missed else Pulse.ALIVE
    return Beat(pulse, missed, last_at, _after(post.hours, since, owed))


def silence(
    post: Post,
    found: Beat,
    voting_at: datetime,
    at: datetime,
    limits: Limits = Limits(),
) -> record.Signal | None:
    """R19: a post that missed `silent_after` heartbeats is unknown, not quiet. Critical in the last days and on voting day."""
    if found.pulse is not Pulse.SILENT:
        return None
    near = voting_at - timedelta(hours=limits.critical_before_h) <= at < voting_at + timedelta(days=1)
    since = _after(post.hours, max(found.last_at or post.opened_at, post.opened_at), timedelta(hours=post.beat_hours * limits.silent_after))
    to = ("KEJARI",) if post.side is Side.KEJAKSAAN else ("KPU", "PPK", "PPS")
    said: dict[str, str | int] = {"post": post.name, "missed": found.missed, "hours": post.beat_hours, "desa": len(post.served)}
    severity = "critical" if near else "high"
    return record.Signal("R19", "hambatan", f"post:{post.code}", severity, to, since or at, said, (post.code,), post.mark)


# --- duty ------------------------------------------------------------------------------------------------------------------

_ON_DUTY = re.compile(r"PIKET-\d{1,3}")
LONGEST_SHIFT, LATEST_NOTE = timedelta(hours=24), timedelta(hours=48)


def check_shift(shift: Shift, post: Post, others: Iterable[Shift], accounts: Iterable[str], at: datetime) -> None:
    """Whether a shift may stand in the roster. `accounts`: pseudonyms of this side. ClosedPost, BadPerson, BadShift, Overlap."""
    check_open(post)
    if shift.person not in set(accounts) and not _ON_DUTY.fullmatch(shift.person):
        raise BadPerson(person=shift.person[:40])
    length = shift.until_at - shift.from_at
    if not timedelta(0) < length <= LONGEST_SHIFT or shift.from_at < at - timedelta(days=1):
        raise BadShift()
    for other in others:
        if other.person == shift.person and other.from_at < shift.until_at and shift.from_at < other.until_at:
            begins = other.from_at.astimezone(WIB)
            raise Overlap(person=shift.person, post=other.post, date=f"{begins:%d-%m-%Y}", time=f"{begins:%H.%M}")


def check_cancel(shift: Shift, at: datetime) -> None:
    """ShiftOver."""
    if shift.until_at <= at:
        raise ShiftOver(shift=shift.code)


def gaps(post: Post, shifts: Iterable[Shift], from_at: datetime, until_at: datetime) -> list[Span]:
    """Stretches in which the post is open and nobody is on duty; none for a closed post or one that is run elsewhere."""
    if not post.open or post.elsewhere:
        return []
    mine = sorted((s for s in shifts if s.post == post.code), key=lambda s: s.from_at)
    found = []
    for span in openings(post.hours, from_at, until_at):
        reached = span.from_at
        for shift in mine:
            if shift.until_at <= reached or shift.from_at >= span.until_at:
                continue
            if shift.from_at > reached:
                found.append(Span(reached, shift.from_at))
            reached = max(reached, shift.until_at)
        if reached < span.until_at:
            found.append(Span(reached, span.until_at))
    return found


# --- logbook ---------------------------------------------------------------------------------------------------------------


def check_note(text: str, people: int, counterpart: str, occurred_at: datetime, at: datetime) -> None:
    """BadNote names what is wrong: future, old, people, text, counterpart."""
    wrong = (
        "future" if occurred_at > at
        else "old" if occurred_at < at - LATEST_NOTE
        else "people" if not 0 <= people <= 999
        else "text" if len(text) > TEXT_LONGEST
        else "counterpart" if counterpart not in COUNTERPARTS
        else ""
    )  # fmt: skip
    if wrong:
        raise BadNote(why=wrong)


def check_strike(line: Line, person: str, second: str, reason: str, at: datetime) -> None:
    """The author strikes a note within ten minutes; later, or another person, with a second one. AlreadySo, BadReason, NeedsSecond."""
    if line.struck:
        raise AlreadySo(what=line.number)
    check_reason(reason, STRIKE_REASONS)
    fresh = person == line.person and timedelta(0) <= at - line.noted_at <= UNDO_FOR
    if not fresh and second in {"", person}:
        raise NeedsSecond(number=line.number)


# --- contacts and coverage -------------------------------------------------------------------------------------------------


def check_contact(contact: Contact, desa: Iterable[str]) -> None:
    """BadContact, UnknownPlace."""
    if contact.role not in CONTACT_ROLES or contact.channel not in CHANNELS:
        raise BadContact(role=contact.role[:20], channel=contact.channel[:20])
    if contact.desa not in set(desa):
        raise UnknownPlace(place=contact.desa)


class Cover(StrEnum):
    """How well a desa is listened to, the best first."""

    POST = "post"
    CONTACT = "contact"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True)
class Covered:
    """A desa, how it is covered, by which posts (codes; `silent` those that do not answer) and contacts."""

    desa: str
    cover: Cover
    posts: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()


def coverage(desa: Iterable[str], posts: Iterable[Post], beats: Mapping[str, Beat], contacts: Iterable[Contact]) -> list[Covered]:
    """Every desa: an answering post, else a contact, else only silent posts (unknown), else nothing. Closed posts cover nothing."""
    live = [p for p in posts if p.open]
    reached = list(contacts)
    found = []
    for code in desa:
        here = [p.code for p in live if code in p.served]
        silent = tuple(c for c in here if beats[c].pulse is Pulse.SILENT)
        answering = tuple(c for c in here if c not in silent)
        known = tuple(c for c in reached if c.desa == code)
        cover = Cover.POST if answering else Cover.CONTACT if known else Cover.UNKNOWN if silent else Cover.NONE
        found.append(Covered(code, cover, answering, silent, known))
    return found


# --- counts that travel upward -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filed:
    """A report as a count sees it: where, still open, waiting too long. No number, no kind, no words."""

    place: str
    open: bool
    overdue: bool


@dataclass(frozen=True)
class Counts:
    """What a roll-up tells of a post: integers only."""

    reports: int = 0
    open: int = 0
    overdue: int = 0
    visits: int = 0
    consultations: int = 0
    beats: int = 0
    owed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.reports + other.reports, self.open + other.open, self.overdue + other.overdue, self.visits + other.visits,
            self.consultations + other.consultations, self.beats + other.beats, self.owed + other.owed,
        )  # fmt: skip


@dataclass(frozen=True)
class Rolled:
    """A post in the roll-up: its depth under the top, its own counts and those of everything under it. Code "" is what no post serves."""

    code: str
    depth: int
    pulse: Pulse
    own: Counts
    total: Counts
    below: int = field(default=0)


def server(place: str, posts: Iterable[Post]) -> str:
    """The code of the post that answers for a place: of those that serve its desa the lowest, then the first by code; "" for none.

    A place that is no desa (a kecamatan, a warehouse, an island) belongs to the lowest post whose own place holds it.
    """
    order = list(Kind)
    serving = [p for p in posts if place[:13] in p.served]
    if not serving:
        serving = [p for p in posts if place == p.place or place.startswith((f"{p.place}.", f"{p.place}:"))]
    return min(serving, key=lambda p: (-order.index(p.kind), -len(p.place), p.code)).code if serving else ""


def rollup(
    posts: Sequence[Post],
    beats: Mapping[str, Beat],
    filed: Iterable[Filed],
    lines: Iterable[Line],
    beaten: Mapping[str, int],
    span: Span,
) -> list[Rolled]:
    """Counts per post of one side, parents before children. `beaten`: heartbeats in the span by post; lines: those noted in it."""
    own: dict[str, Counts] = {p.code: Counts() for p in posts} | {"": Counts()}
    for one in filed:
        own[server(one.place, posts)] += Counts(reports=1, open=int(one.open), overdue=int(one.overdue))
    for line in lines:
        if line.post in own and not line.struck:
            own[line.post] += Counts(visits=int(line.note is Note.VISIT), consultations=int(line.note is Note.CONSULTATION))
    for post in posts:
        since = max(span.from_at, post.opened_at)
        owes = post.open and not post.elsewhere and since < span.until_at
        owed = open_time(post.hours, since, span.until_at) // timedelta(hours=post.beat_hours) if owes else 0
        own[post.code] += Counts(beats=beaten.get(post.code, 0), owed=owed)
    known = {p.code for p in posts}
    below: dict[str, list[Post]] = {}
    for post in sorted(posts, key=lambda p: (list(Kind).index(p.kind), p.place, p.code)):
        below.setdefault(post.parent if post.parent in known else "", []).append(post)
    found: list[Rolled] = []
    for top in below.get("", []):
        found += _branch(top, below, own, beats, 0)
    if own[""] != Counts():
        found.append(Rolled("", 0, Pulse.ALIVE, own[""], own[""]))
    return found


def _branch(post: Post, below: Mapping[str, list[Post]], own: Mapping[str, Counts], beats: Mapping[str, Beat], depth: int) -> list[Rolled]:
    under: list[Rolled] = []
    total = own[post.code]
    for child in below.get(post.code, []):
        branch = _branch(child, below, own, beats, depth + 1)
        total += branch[0].total
        under += branch
    return [Rolled(post.code, depth, beats[post.code].pulse, own[post.code], total, len(under)), *under]
