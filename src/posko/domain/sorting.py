"""Stage sorting: how many sheets of each design are sound and folded, who folded them, and when will it be done?

A carton is opened once, by one team. What comes out of it adds up: what the label says + found = good + rejected + missing. Good sheets
leave as labelled bundles of one design; a table never holds two designs at once.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from posko.domain import labels, record, thresholds

BALLOT = "SURAT_SUARA"
UNDO_FOR = timedelta(minutes=10)
"""How long the author may take back an act alone, while nothing depends on it."""

MOST_SHEETS = 5_000
"""More sheets than anybody can lift in one carton: a slip of the finger, not a count."""

MOST_BUNDLES = 400
KINDS_VERSION = "2024-1"
# Spot, torn, blurred and hole are Bawaslu's own words of 2024; the others are ours and belong to this version of the list.
KINDS = ("spot", "torn", "blurred", "hole", "colour", "cut", "wrong_sheet", "other")
STRAY = "wrong_sheet"
WITNESSES = ("BAWASLU", "POLRES", "KEJARI", "PEMDA")
SURPLUS_WITNESSES = ("BAWASLU", "POLRES")
"""Who must see good ballots destroyed: nobody else can vouch later that they were surplus."""
BASES = ("folded", "sorted")
"""What a sheet is paid for: for leaving folded, or for having been looked at (rejected ones too)."""

Design = tuple[str, str]
"""(contest, dapil in full): what is printed on a sheet."""

Lot = tuple[str, str, str]
"""(print batch, contest, dapil in full)."""


class UnknownThing(record.Refusal):
    """No such team, carton or record in this election."""

    code: ClassVar[str] = "sorting.unknown"


class BadTeam(record.Refusal):
    """A team has a short code of capitals and digits and at least one person."""

    code: ClassVar[str] = "sorting.bad_team"


class BadCount(record.Refusal):
    """A count below nought, or beyond anything a carton can hold."""

    code: ClassVar[str] = "sorting.bad_count"


class AlreadyOpened(record.Refusal):
    """This carton has been opened, and by whom."""

    code: ClassVar[str] = "sorting.already_opened"


class InQuarantine(record.Refusal):
    """This carton is kept apart until it is decided; nobody sorts it."""

    code: ClassVar[str] = "sorting.quarantine"


class MixedTable(record.Refusal):
    """The team's table still holds a carton of another design; that is how sheets of two dapil get mixed."""

    code: ClassVar[str] = "sorting.mixed_table"


class NotOpen(record.Refusal):
    """The carton has not been opened, so it has no result."""

    code: ClassVar[str] = "sorting.not_open"


class AlreadyClosed(record.Refusal):
    """The carton has its result; another one is a correction."""

    code: ClassVar[str] = "sorting.already_closed"


class BundlesUnbalanced(record.Refusal):
    """The bundles do not add up to the good sheets."""

    code: ClassVar[str] = "sorting.bundles_unbalanced"


class StrayUnnamed(record.Refusal):
    """Sheets of a wrong dapil or kind must say which dapil they carry, and it is not the carton's own."""

    code: ClassVar[str] = "sorting.stray_unnamed"


class TooLate(record.Refusal):
    """Taking back alone is for the author, within minutes, while nothing depends on it."""

    code: ClassVar[str] = "sorting.too_late"


class BundleUsed(record.Refusal):
    """A bundle of this carton has been packed; it cannot be dissolved."""

    code: ClassVar[str] = "sorting.bundle_used"


class ReasonMissing(record.Refusal):
    """A late correction, a destruction and a rate say why."""

    code: ClassVar[str] = "sorting.reason_missing"


class SamePerson(record.Refusal):
    """A second person is needed and it is the same one, or none."""

    code: ClassVar[str] = "sorting.same_person"


class NothingChanged(record.Refusal):
    """A correction that states what already stands."""

    code: ClassVar[str] = "sorting.nothing_changed"


class NotThatMany(record.Refusal):
    """More sheets would be destroyed than sorting has rejected and still keeps."""

    code: ClassVar[str] = "sorting.not_that_many"


class NotThatMuchSurplus(record.Refusal):
    """More good sheets than lie in the warehouse outside the boxes."""

    code: ClassVar[str] = "sorting.not_that_much_surplus"


class BoxesLack(record.Refusal):
    """Boxes of this contest and dapil still lack ballots, so nothing of it is surplus."""

    code: ClassVar[str] = "sorting.boxes_lack"


class NeedUnknown(record.Refusal):
    """Nobody knows what the boxes of this contest and dapil must hold, so nobody knows what is surplus."""

    code: ClassVar[str] = "sorting.need_unknown"


class WitnessMissing(record.Refusal):
    """Good ballots are destroyed before Bawaslu and the police, both."""

    code: ClassVar[str] = "sorting.witness_missing"


class NoWitness(record.Refusal):
    """Ballots are destroyed before witnesses of at least one agency besides the KPU."""

    code: ClassVar[str] = "sorting.no_witness"


class BadRate(record.Refusal):
    """A rate is a whole number of rupiah above nought, for one of BASES."""

    code: ClassVar[str] = "sorting.bad_rate"


class NothingShort(record.Refusal):
    """There is nothing to ask for."""

    code: ClassVar[str] = "sorting.nothing_short"


# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bundle:
    """Folded ballots of one design, counted and labelled: what packing takes from. `dapil` is the one printed on the sheets, in full."""

    code: str
    contest: str
    dapil: str
    quantity: int
    carton: str
    batch: str
    team: str
    made_at: datetime
    mark: str = ""


@dataclass(frozen=True)
class Team:
    """A team at a table: a code and how many persons, no names."""

    code: str
    size: int
    formed_at: datetime
    mark: str = ""

    def __post_init__(self) -> None:
        plain = self.code.replace("-", "")
        if not (self.code == self.code.upper() and plain.isascii() and plain.isalnum() and 2 <= len(self.code) <= 20):
            raise BadTeam(code=self.code[:40], size=self.size)
        if not 1 <= self.size <= 100:
            raise BadTeam(code=self.code, size=self.size)


@dataclass(frozen=True)
class Attendance:
    """How many persons of a team were at their table on a day."""

    team: str
    day: date
    present: int
    recorded_at: datetime
    person: str
    table: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Stray:
    """Sheets of another design that lay in a carton."""

    contest: str
    dapil: str
    sheets: int


@dataclass(frozen=True)
class Tally:
    """What came out of one carton. Missing and found follow, so that pieces cannot vanish.

    Conservation: expected + found == good + rejected + missing, and found and missing are never both above nought.
    """

    expected: int
    good: int
    rejects: tuple[tuple[str, int], ...] = ()
    strays: tuple[Stray, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("expected", self.expected), ("good", self.good), *self.rejects, *((STRAY, s.sheets) for s in self.strays)):
            if not 0 <= value <= MOST_SHEETS:
                raise BadCount(which=name, value=value, most=MOST_SHEETS)
        kinds = [kind for kind, _ in self.rejects]
        if unknown := [kind for kind in kinds if kind not in KINDS or kinds.count(kind) > 1]:
            raise UnknownThing(thing=unknown[0])
        if self.sorted_sheets > MOST_SHEETS:
            raise BadCount(which="good", value=self.sorted_sheets, most=MOST_SHEETS)

    @property
    def rejected(self) -> int:
        """Sheets that sorting refused, of all kinds."""
        return sum(sheets for _, sheets in self.rejects)

    @property
    def sorted_sheets(self) -> int:
        """Sheets that went through hands."""
        return self.good + self.rejected

    @property
    def missing(self) -> int:
        """Sheets the label promises that were not in the carton."""
        return max(0, self.expected - self.sorted_sheets)

    @property
    def found(self) -> int:
        """Sheets beyond what the label says."""
        return max(0, self.sorted_sheets - self.expected)

    def of(self, kind: str) -> int:
        """Sheets rejected for one kind of fault."""
        return dict(self.rejects).get(kind, 0)


@dataclass(frozen=True)
class Work:
    """A carton that was opened, and its result once it has one."""

    carton: str
    contest: str
    dapil: str
    batch: str
    receipt: str
    place: str
    team: str
    expected: int
    opened_at: datetime
    opener: str
    entry_id: str = ""
    mark: str = ""
    tally: Tally | None = None
    closed_at: datetime | None = None
    closer: str = ""
    version: int = 0
    closing_entry: str = ""

    @property
    def design(self) -> Design:
        """What its sheets carry."""
        return (self.contest, self.dapil)


@dataclass(frozen=True)
class Rate:
    """Rupiah per sheet, what it is paid for, from which day, and on whose decision. contest "" is for all contests."""

    contest: str
    rupiah: int
    basis: str
    from_day: date
    citation: str
    person: str
    set_at: datetime
    entry_id: str = ""
    mark: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.rupiah <= 100_000 or self.basis not in BASES:
            raise BadRate(rupiah=self.rupiah, basis=self.basis)
        if not self.citation.strip():
            raise ReasonMissing(what="rate")


@dataclass(frozen=True)
class Destruction:
    """Sheets destroyed before witnesses. lines: ((contest, dapil of the line, sheets), ...). kind: rejected | surplus."""

    code: str
    lines: tuple[tuple[str, str, int], ...]
    reason: str
    witnesses: tuple[str, ...]
    first: str
    second: str
    at: datetime
    entry_id: str = ""
    mark: str = ""
    kind: str = "rejected"

    @property
    def sheets(self) -> int:
        """Of all lines."""
        return sum(sheets for _, _, sheets in self.lines)


@dataclass(frozen=True)
class Request:
    """Replacement ballots asked of the supplier. lines: ((contest, dapil of the line, rejected, missing, sheets asked for), ...)."""

    code: str
    lines: tuple[tuple[str, str, int, int, int], ...]
    person: str
    at: datetime
    entry_id: str = ""
    mark: str = ""

    @property
    def sheets(self) -> int:
        """Asked for, of all lines."""
        return sum(line[4] for line in self.lines)


# --- opening and closing ------------------------------------------------------------------------------------------------


def check_opening(
    carton: str, design: Design, condition: str, team: Team | None, team_code: str, before: Work | None, on_table: Iterable[Work]
) -> None:
    """Refuse to open: unknown team, opened before, kept in quarantine, or the table still holds another design.

    on_table: the cartons that this team has open.
    """
    if team is None:
        raise UnknownThing(thing=team_code[:40])
    if before is not None:
        raise AlreadyOpened(carton=carton, team=before.team)
    if condition != "good":
        raise InQuarantine(carton=carton)
    other = next((work for work in on_table if work.design != design), None)
    if other is not None:
        raise MixedTable(team=team.code, carton=other.carton, contest=other.contest, dapil=other.dapil, wanted=design[1], kind=design[0])


def check_closing(work: Work, tally: Tally, sizes: Sequence[int]) -> None:
    """Refuse a result whose bundles do not add up or whose wrong sheets are not named."""
    if work.tally is not None:
        raise AlreadyClosed(carton=work.carton, team=work.team)
    check_result(work, tally, sizes, 0)


def check_result(work: Work, tally: Tally, sizes: Sequence[int], kept: int) -> None:
    """`kept`: sheets in bundles that are already used and stay as they are."""
    if len(sizes) > MOST_BUNDLES or any(not 1 <= size <= MOST_SHEETS for size in sizes):
        raise BadCount(which="bundle", value=min(sizes, default=0), most=MOST_SHEETS)
    if sum(sizes) + kept != tally.good:
        raise BundlesUnbalanced(carton=work.carton, good=tally.good, bundles=sum(sizes) + kept)
    own = any((stray.contest, stray.dapil) == work.design or not stray.contest or stray.sheets < 1 for stray in tally.strays)
    if own or sum(stray.sheets for stray in tally.strays) != tally.of(STRAY):
        raise StrayUnnamed(carton=work.carton, sheets=tally.of(STRAY))


def may_undo(person: str, author: str, since: datetime, at: datetime) -> bool:
    """Whether the author is still within the minutes."""
    return person == author and timedelta(0) <= at - since <= UNDO_FOR


def check_undo(person: str, author: str, since: datetime, at: datetime, used: Iterable[str] = ()) -> None:
    """Refuse to take back: somebody else, too late, or a bundle is in a box already."""
    if taken := sorted(used):
        raise BundleUsed(bundle=taken[0], bundles=len(taken))
    if not may_undo(person, author, since, at):
        raise TooLate(minutes=int(UNDO_FOR.total_seconds() // 60))


def check_correction(work: Work, tally: Tally, sizes: Sequence[int], kept: int, reason: str, first: str, second: str) -> None:
    """Refuse a late correction without a result to correct, a reason, a second person, or a change."""
    if work.tally is None:
        raise NotOpen(carton=work.carton)
    if not reason.strip():
        raise ReasonMissing(what="correction")
    if not second or first == second:
        raise SamePerson(what=work.carton)
    if tally == work.tally:
        raise NothingChanged(carton=work.carton)
    check_result(work, tally, sizes, kept)


def check_attendance(
    team: str, known: Team | None, present: int, before: Attendance | None, person: str, reason: str, second: str, at: datetime
) -> None:
    """Refuse an unknown team, an impossible number, and a late change by one person or without a reason."""
    if known is None:
        raise UnknownThing(thing=team[:40])
    if not 0 <= present <= 200:
        raise BadCount(which="present", value=present, most=200)
    if before is None:
        return
    if before.present == present:
        raise NothingChanged(carton=team)
    if may_undo(person, before.person, before.recorded_at, at):
        return
    if not reason.strip():
        raise ReasonMissing(what="attendance")
    if not second or second == person:
        raise SamePerson(what=team)


def split(good: int, size: int) -> list[int]:
    """Full bundles and the rest: 498 in bundles of 50 are nine of 50 and one of 48."""
    if size < 1 or good < 0 or good > MOST_SHEETS:
        raise BadCount(which="bundle", value=size if size < 1 else good, most=MOST_SHEETS)
    return [size] * (good // size) + ([good % size] if good % size else [])


def check_destruction(
    lines: Sequence[tuple[str, str, int]],
    kept: Mapping[tuple[str, str], int],
    reason: str,
    witnesses: Sequence[str],
    first: str,
    second: str,
    too_many: type[NotThatMany] | type[NotThatMuchSurplus] = NotThatMany,
) -> None:
    """Refuse to destroy nothing, more than is kept, without reason, witnesses of another agency, or a second person.

    kept: (contest, dapil of the line) -> rejected (or good) sheets in the warehouse; too_many: how it is refused to destroy more.
    """
    if not reason.strip():
        raise ReasonMissing(what="destruction")
    if not second or first == second:
        raise SamePerson(what="destruction")
    if not witnesses or any(agency not in WITNESSES for agency in witnesses):
        raise NoWitness()
    if not lines or any(not 1 <= sheets <= 10_000_000 for _, _, sheets in lines):
        raise BadCount(which="destroyed", value=min((s for *_, s in lines), default=0), most=10_000_000)
    wanted: Counter[tuple[str, str]] = Counter()
    for contest, dapil, sheets in lines:
        wanted[(contest, dapil)] += sheets
    for (contest, dapil), sheets in wanted.items():
        if sheets > kept.get((contest, dapil), 0):
            raise too_many(contest=contest, dapil=dapil, sheets=sheets, kept=kept.get((contest, dapil), 0))


def check_surplus(
    lines: Sequence[tuple[str, str, int]],
    kept: Mapping[tuple[str, str], int],
    lacking: Mapping[tuple[str, str], int],
    reason: str,
    witnesses: Sequence[str],
    first: str,
    second: str,
) -> None:
    """Refuse to destroy good sheets while a box of that contest and dapil lacks any, without Bawaslu and police; and what
    `check_destruction` refuses.

    lacking: (contest, dapil of the line) -> sheets that boxes still lack; a line that is not there is not known.
    """
    check_destruction(lines, kept, reason, witnesses, first, second, NotThatMuchSurplus)
    for agency in SURPLUS_WITNESSES:
        if agency not in witnesses:
            raise WitnessMissing(agency=agency)
    for contest, dapil, _ in lines:
        if (contest, dapil) not in lacking:
            raise NeedUnknown(contest=contest, dapil=dapil)
        if lacking[contest, dapil]:
            raise BoxesLack(contest=contest, dapil=dapil, sheets=lacking[contest, dapil])


def lacking(wanted: Iterable[tuple[str, str, str, int]], packed: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """(contest, dapil of the line) -> sheets that boxes still lack. What one box has too many does not make up for another.

    wanted: (contest, dapil of the line, TPS, sheets its box must hold); packed: (contest, TPS) -> right sheets in its box.
    """
    found: Counter[tuple[str, str]] = Counter()
    for contest, dapil, tps, sheets in wanted:
        found[contest, dapil] += max(0, sheets - packed.get((contest, tps), 0))
    return dict(found)


# --- the board ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """One design on the board: sheets to sort (in closed and open cartons here) and sorted so far."""

    contest: str
    dapil: str
    cartons: int
    cartons_done: int
    to_sort: int
    on_tables: int
    good: int
    rejected: int
    missing: int
    found: int

    @property
    def done(self) -> int:
        """Sheets that went through hands."""
        return self.good + self.rejected

    @property
    def open_sheets(self) -> int:
        """Sheets still to go through hands, as their cartons' labels say."""
        return self.to_sort + self.on_tables


def progress(cartons: Iterable[tuple[str, str, str, int]], works: Iterable[Work]) -> list[Progress]:
    """Per design. cartons: (code, contest, dapil, quantity) of every sound carton that came; works: the opened ones."""
    opened = {work.carton: work for work in works}
    sums: dict[Design, Counter[str]] = {}
    for code, contest, dapil, quantity in cartons:
        found = sums.setdefault((contest, dapil), Counter())
        found["cartons"] += 1
        if code not in opened:
            found["to_sort"] += quantity
    for work in opened.values():
        found = sums.setdefault(work.design, Counter())
        if work.tally is None:
            found["on_tables"] += work.expected
            continue
        found.update(cartons_done=1, good=work.tally.good, rejected=work.tally.rejected, missing=work.tally.missing, found=work.tally.found)
    names = ("cartons", "cartons_done", "to_sort", "on_tables", "good", "rejected", "missing", "found")
    return [Progress(contest, dapil, *(found[name] for name in names)) for (contest, dapil), found in sorted(sums.items())]


@dataclass(frozen=True)
class TeamDay:
    """What a team did on a day: sheets per design, and how many persons were there (0: nobody recorded it)."""

    team: str
    day: date
    present: int
    sorted_sheets: int
    folded: int
    by_contest: tuple[tuple[str, int], ...]

    @property
    def pace(self) -> float | None:
        """Sheets per person on this day; None while nobody said how many were there."""
        return self.sorted_sheets / self.present if self.present else None


def team_days(works: Iterable[Work], attendance: Iterable[Attendance], day_of: Callable[[datetime], date]) -> list[TeamDay]:
    """Per team and day of closing, in order of day and team. day_of: instant -> civil day here."""
    present = {(a.team, a.day): a.present for a in attendance}
    sheets: dict[tuple[date, str], Counter[str]] = {(a.day, a.team): Counter() for a in attendance}
    folded: Counter[tuple[date, str]] = Counter()
    for work in works:
        if work.tally is None or work.closed_at is None:
            continue
        key = (day_of(work.closed_at), work.team)
        sheets.setdefault(key, Counter())[work.contest] += work.tally.sorted_sheets
        folded[key] += work.tally.good
    return [
        TeamDay(team, day, present.get((team, day), 0), sum(by.values()), folded[(day, team)], tuple(sorted(by.items())))
        for (day, team), by in sorted(sheets.items())
    ]


LEAST_TEAM_DAYS = 3
# 95 % points of Student's t for 2, 3 ... 29 degrees of freedom; beyond, the normal one.
_T95 = (
    2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
    1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699,
)  # fmt: skip


@dataclass(frozen=True)
class Pace:
    """Sheets per person and day, with the 90 % range of its mean; how many team-days it stands on."""

    mean: float
    low: float
    high: float
    days: int


def pace(days: Sequence[TeamDay]) -> Pace | None:
    """The pace from the record; None below LEAST_TEAM_DAYS team-days on which sheets and persons are both known.

    The range is Student's t over team-days. It is the uncertainty of the mean, not of a single day.
    """
    seen = [(d.pace or 0.0) for d in days if d.present and d.sorted_sheets]
    if len(seen) < LEAST_TEAM_DAYS:
        return None
    mean = sum(seen) / len(seen)
    spread = math.sqrt(sum((x - mean) ** 2 for x in seen) / (len(seen) - 1))
    width = (_T95[len(seen) - 3] if len(seen) - 3 < len(_T95) else 1.645) * spread / math.sqrt(len(seen))
    return Pace(mean, max(mean - width, mean / 10), mean + width, len(seen))


@dataclass(frozen=True)
class Finish:
    """On which day sorting is done at this pace with so many persons; `late` is the slow end of the range."""

    day: date
    early: date
    late: date
    sheets: int
    persons: int
    pace: Pace


def finish(open_sheets: int, persons: int, at_pace: Pace | None, today: date, sheets_today: int = 0) -> Finish | None:
    """None where the pace is not known or nobody works. Every day is a working day, as it is before an election.

    sheets_today: sheets already sorted today; the rest of today's work may still come today.
    """
    if at_pace is None or persons < 1:
        return None

    def last(rate: float) -> date:
        return today + timedelta(days=max(0, math.ceil((open_sheets + sheets_today) / (rate * persons)) - 1) if open_sheets else 0)

    return Finish(last(at_pace.mean), last(at_pace.high), last(at_pace.low), open_sheets, persons, at_pace)


# --- money --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pay:
    """A line of the piece-rate sheet. amount None: no rate has been set for this contest and day."""

    team: str
    day: date
    contest: str
    sorted_sheets: int
    folded: int
    rate: Rate | None

    @property
    def sheets(self) -> int | None:
        """Sheets that are paid for."""
        if self.rate is None:
            return None
        return self.folded if self.rate.basis == "folded" else self.sorted_sheets

    @property
    def amount(self) -> int | None:
        """Rupiah."""
        return None if self.rate is None or self.sheets is None else self.sheets * self.rate.rupiah


def rate_for(rates: Iterable[Rate], contest: str, day: date) -> Rate | None:
    """The rate in force: of the contest before the one for all, then of the latest day, then the one set last."""
    fitting = [r for r in rates if r.contest in {contest, ""} and r.from_day <= day]
    return max(fitting, key=lambda r: (r.contest == contest, r.from_day, r.set_at), default=None)


def pay_sheet(works: Iterable[Work], rates: Sequence[Rate], day_of: Callable[[datetime], date]) -> list[Pay]:
    """Per team, day and contest."""
    done: dict[tuple[str, date, str], Counter[str]] = {}
    for work in works:
        if work.tally is not None and work.closed_at is not None:
            found = done.setdefault((work.team, day_of(work.closed_at), work.contest), Counter())
            found.update(sorted=work.tally.sorted_sheets, folded=work.tally.good)
    return [
        Pay(team, day, contest, found["sorted"], found["folded"], rate_for(rates, contest, day))
        for (team, day, contest), found in sorted(done.items())
    ]


# --- shortage -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shortage:
    """A line of ballots against its need. need None: it is not known. `coming` are sheets not sorted yet."""

    contest: str
    dapil: str
    need: int | None
    reserve: int
    sound: int
    coming: int
    rejected: int
    missing: int
    found: int = 0

    @property
    def lost(self) -> int:
        """Rejected and missing, less what was found beyond the labels."""
        return max(0, self.rejected + self.missing - self.found)

    @property
    def short(self) -> int:
        """Sheets that are not here, if every sheet that is here and not sorted yet is sound; nought where the need is unknown."""
        return max(0, self.need - self.sound - self.coming) if self.need is not None else 0

    @property
    def eats_reserve(self) -> int:
        """Of the sheets not here, how many the reserve could bear; the rest would want for voters."""
        return min(self.short, self.reserve)

    def wanting(self, asked: int) -> int:
        """Sheets to ask the supplier for now: what sorting lost and nobody asked for yet, and only as far as the need is not met.

        Deliveries that are on their way do not hide a loss, and a surplus makes up for one.
        """
        return max(0, min(self.lost - asked, self.short))


# --- R04: damage by print batch -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Thresholds of R04, and how long sheets of another dapil stay critical at least.

    The prior Beta(1, 900) is about the 0.11 % that Bangka Tengah counted in 2024 (814 of 727,920).
    """

    prior_damaged: int = field(default=1, metadata=thresholds.bounds("R04", 1, 20, "lembar", "rusak dalam dugaan awal"))
    prior_sound: int = field(default=900, metadata=thresholds.bounds("R04", 100, 10_000, "lembar", "baik dalam dugaan awal"))
    factor: int = field(default=3, metadata=thresholds.bounds("R04", 2, 10, "kali", "laju kerusakan yang biasa yang dilampaui"))
    probability: float = field(
        default=0.95, metadata=thresholds.bounds("R04", 800, 990, "permil", "peluang bahwa kelompok cetak memang lebih buruk")
    )
    stray_days: int = field(
        default=7, metadata=thresholds.bounds("R05", 7, 60, "hari", "karton berisi dapil lain paling sedikit tetap gawat")
    )


@dataclass(frozen=True)
class Batch:
    """A print batch of one design: sheets sorted and rejected so far, how surely it is worse, and against what."""

    batch: str
    contest: str
    dapil: str
    sorted_sheets: int
    rejected: int
    by_kind: tuple[tuple[str, int], ...]
    usual: float
    probability: float
    reserve: int | None
    worse: bool
    beyond_reserve: bool
    cartons: int
    since_at: datetime
    mark: str = ""

    @property
    def lot(self) -> Lot:
        """Which sheets it speaks of."""
        return (self.batch, self.contest, self.dapil)

    @property
    def alarming(self) -> bool:
        """Whether R04 speaks."""
        return self.worse or self.beyond_reserve


def beta_above(damaged: int, sound: int, rate: float) -> float:
    """P(X > rate) for X ~ Beta(damaged, sound) with whole positive parameters, exactly.

    The Beta tail is a binomial one: P(X > t) = P(Binomial(damaged + sound - 1, t) <= damaged - 1); summed from the largest term in logs, so
    nothing overflows (Abramowitz and Stegun 26.5.24).
    """
    if damaged < 1 or sound < 1:
        raise BadCount(which="beta", value=min(damaged, sound), most=0)
    if rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return 0.0
    trials, yes, no = damaged + sound - 1, math.log(rate), math.log1p(-rate)
    logs = [
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * yes + (trials - k) * no for k in range(damaged)
    ]
    largest = max(logs)
    return min(1.0, math.exp(largest) * math.fsum(math.exp(x - largest) for x in logs))


def batches(works: Iterable[Work], reserves: Mapping[Design, int], limits: Limits | None = None) -> list[Batch]:
    """Damage by print batch, the worst first. reserves: design -> sheets of reserve in its need.

    The usual rate of a batch is that of all the *other* batches (with the same prior): a bad batch must not raise its own bar. Sheets of
    another design that lay in a carton are the printer's or packer's fault like any other, so they count.
    """
    held = limits or Limits()
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    since: dict[tuple[str, str, str], datetime] = {}
    marks: dict[tuple[str, str, str], str] = {}
    for work in works:
        if work.tally is None or work.closed_at is None:
            continue
        key = (work.batch, *work.design)
        found = sums.setdefault(key, Counter())
        found.update({kind: sheets for kind, sheets in work.tally.rejects if sheets})
        found.update({"=sorted": work.tally.sorted_sheets, "=rejected": work.tally.rejected, "=cartons": 1})
        since[key] = max(since.get(key, work.closed_at), work.closed_at)
        marks[key] = marks.get(key, "") or work.mark
    all_sorted, all_rejected = (sum(found[name] for found in sums.values()) for name in ("=sorted", "=rejected"))
    listed = []
    for (batch, contest, dapil), found in sums.items():
        seen, bad = found["=sorted"], found["=rejected"]
        usual = (held.prior_damaged + all_rejected - bad) / (held.prior_damaged + held.prior_sound + all_sorted - seen)
        chance = beta_above(held.prior_damaged + bad, held.prior_sound + seen - bad, held.factor * usual)
        reserve = reserves.get((contest, dapil))
        kinds = tuple((kind, found[kind]) for kind in KINDS if found[kind])
        key = (batch, contest, dapil)
        listed.append(
            Batch(
                batch, contest, dapil, seen, bad, kinds, usual, chance, reserve, chance > held.probability,
                reserve is not None and bad > reserve, found["=cartons"], since[key], marks[key],
            )
        )  # fmt: skip
    return sorted(listed, key=lambda b: (-b.probability, -b.rejected, b.batch))


def batch_signals(found: Iterable[Batch], unsorted: Collection[Lot] | None = None, limits: Limits | None = None) -> list[record.Signal]:
    """R04 for every alarming batch; R04.cadangan, critical, where the damage exceeds the reserve: TPS would go short.

    unsorted: batches of which cartons are still to be sorted (None: of all). What is sorted to the end is only watched: nothing more comes.
    """
    held = limits or Limits()
    return [
        record.Signal(
            rule="R04.cadangan" if one.beyond_reserve else "R04",
            kind="hambatan",
            subject=f"batch:{one.batch}:{one.contest}:{one.dapil}",
            severity=_severity(one.lot, unsorted, "critical" if one.beyond_reserve else "high"),
            to=("KPU",),
            since_at=one.since_at,
            facts={
                "batch": one.batch or "tanpa nomor",
                "contest": one.contest.replace("_", " "),
                "dapil": one.dapil,
                "rejected": one.rejected,
                "sorted": one.sorted_sheets,
                "permille": (one.rejected * 1000 + one.sorted_sheets // 2) // one.sorted_sheets if one.sorted_sheets else 0,
                "factor": held.factor,
                "percent": min(99, int(one.probability * 100)),
                "why": "reserve" if one.beyond_reserve else "rate",
            },
            mark=one.mark,
        )
        for one in found
        if one.alarming
    ]


def _severity(lot: Lot, unsorted: Collection[Lot] | None, grave: str) -> str:
    return grave if unsorted is None or lot in unsorted else "watch"


def stray_signals(
    works: Iterable[Work], at: datetime, unsorted: Collection[Lot] | None = None, limits: Limits | None = None
) -> list[record.Signal]:
    """Sheets of another dapil in a carton: one signal a carton, naming carton and batch.

    Critical while cartons of that batch are still to be sorted, and for `stray_days` in any case; then watched.
    """
    days = timedelta(days=(limits or Limits()).stray_days)
    return [
        record.Signal(
            rule="R05.karton",
            kind="hambatan",
            subject=f"carton:{work.carton}",
            severity="critical" if at - work.closed_at <= days else _severity((work.batch, *work.design), unsorted, "critical"),
            to=("KPU", "BAWASLU"),
            since_at=work.closed_at,
            facts={
                "carton": work.carton,
                "code": labels.spaced(work.carton),
                "batch": work.batch or "tanpa nomor",
                "contest": work.contest.replace("_", " "),
                "dapil": work.dapil,
                "sheets": work.tally.of(STRAY),
                "seen": ", ".join(f"{s.contest.replace('_', ' ')} {s.dapil}".strip() for s in work.tally.strays),
            },
            args=(work.carton,),
            mark=work.mark,
        )
        for work in works
        if work.tally is not None and work.closed_at is not None and work.tally.of(STRAY)
    ]
