"""Stage regulation: what an election needs by law, by when, by which article and how surely known.

A rulebook is data (rulebooks/*.toml); the meaning of its rows stands here. A quantity is used without asking where its grade computes (law,
regulation, verified, inferred). Implied and memory are used only after an operator confirmed them with a citation; an unknown quantity
is asked for, never guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import ClassVar

from posko.domain import record
from posko.domain.record import Grade

WIB = timezone(timedelta(hours=7), "WIB")
REMIND_DAYS = (14, 7, 3, 1)


class Per(StrEnum):
    """What a use is counted by."""

    TPS = "tps"
    TPS_CONTEST = "tps_contest"
    BOX = "box"
    BOOTH = "booth"
    PPS = "pps"
    PPK = "ppk"
    PPK_BOX = "ppk_box"
    KPU = "kpu"
    CONTEST = "contest"
    DAPIL = "dapil"

    @property
    def level(self) -> str:
        """Who must have it: TPS, PPS, PPK or KPU."""
        return _LEVELS[self]


_LEVELS = {
    Per.TPS: "TPS", Per.TPS_CONTEST: "TPS", Per.BOX: "TPS", Per.BOOTH: "TPS", Per.PPS: "PPS", Per.PPK: "PPK", Per.PPK_BOX: "PPK",
    Per.KPU: "KPU", Per.CONTEST: "KPU", Per.DAPIL: "KPU",
}  # fmt: skip


class Formula(StrEnum):
    """How a quantity follows: fixed per unit, times the contests there, or ballots (voters and reserve)."""

    FIXED = "fixed"
    CONTESTS = "contests"
    BALLOTS = "ballots"


class Rounding(StrEnum):
    """How the reserve becomes a whole number."""

    CEIL_PER_TPS = "ceil_per_tps"
    CEIL_PER_REGION = "ceil_per_region"
    HALF_UP = "half_up"


class CitationMissing(record.Refusal):
    """A confirmation names where the quantity was read."""

    code: ClassVar[str] = "regulation.citation_missing"


class QuantityMissing(record.Refusal):
    """Nobody has seen the quantity, so it has to be typed."""

    code: ClassVar[str] = "regulation.quantity_missing"


class BadQuantity(record.Refusal):
    """Not a whole number from 0 to 100,000 per unit."""

    code: ClassVar[str] = "regulation.bad_quantity"


class UnknownUse(record.Refusal):
    """No such item or use in this rulebook."""

    code: ClassVar[str] = "regulation.unknown_use"


class NothingToConfirm(record.Refusal):
    """The quantity is known by law, regulation or evidence; another one needs another rulebook."""

    code: ClassVar[str] = "regulation.nothing_to_confirm"


class NoRulebook(record.Refusal):
    """The election names a rulebook that is not there, or that has faults."""

    code: ClassVar[str] = "regulation.no_rulebook"


@dataclass(frozen=True)
class Confirmation:
    """An operator says: this many, read there."""

    item: str
    use: str
    quantity: int
    citation: str
    person: str
    at: datetime
    mark: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Reserve:
    """Spare ballots on top of the voters: rate in thousandths, and how it becomes whole."""

    rate_permille: int
    rounding: Rounding
    grade: Grade
    article: str
    rounding_grade: Grade = Grade.INFERRED
    rounding_article: str = ""


@dataclass(frozen=True)
class Use:
    """What an item is for: `quantity` per unit of `per`, or None where nobody has seen it."""

    code: str
    name: str
    per: Per
    quantity: int | None
    formula: Formula
    article: str
    grade: Grade
    valid_from: date | None = None
    valid_until: date | None = None
    note: str = ""
    confirmation: Confirmation | None = None

    @property
    def amount(self) -> int | None:
        """The quantity in force: confirmed, or of a grade that computes; else None."""
        if self.confirmation is not None:
            return self.confirmation.quantity
        return self.quantity if self.grade.computes else None

    @property
    def known(self) -> bool:
        """Whether needs may be computed from it."""
        return self.amount is not None

    @property
    def asks(self) -> bool:
        """Whether an operator may (still or again) confirm it."""
        return not (self.grade.computes and self.quantity is not None)

    def holds(self, on: date) -> bool:
        """Whether the row is in force on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_until is None or on <= self.valid_until)


_ORDER = tuple(Grade)


@dataclass(frozen=True)
class Item:
    """A thing an election needs. `critical`: without it no vote can be cast or protected. `separate`: its own stock, in no other total."""

    code: str
    name: str
    unit: str
    critical: bool
    sensitive: bool
    stage: str
    volume_ml: int | None
    weight_g: int | None
    uses: tuple[Use, ...]
    separate: bool = False
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether every use has a quantity in force."""
        return bool(self.uses) and all(use.known for use in self.uses)

    @property
    def grade(self) -> Grade:
        """The least sure of its uses."""
        return max((use.grade for use in self.uses), key=_ORDER.index, default=Grade.UNKNOWN)

    def use(self, code: str) -> Use | None:
        """A use by code."""
        return next((use for use in self.uses if use.code == code), None)


@dataclass(frozen=True)
class MilestoneRule:
    """A deadline of the calendar: a day (`on`) or so many days before voting, at a time of day in WIB."""

    code: str
    name: str
    on: date | None
    h_minus: int | None
    at: time
    place: str
    item: str
    basis: str
    grade: Grade


@dataclass(frozen=True)
class Milestone:
    """A deadline of one election. h_minus: whole days before voting."""

    code: str
    name: str
    due_at: datetime
    h_minus: int
    place: str
    item: str
    basis: str
    grade: Grade


@dataclass(frozen=True)
class VoterLimit:
    """How many voters one TPS is planned for: more is a warning, never a refusal."""

    voters: int
    grade: Grade
    article: str


@dataclass(frozen=True)
class Clock:
    """How long another agency may take, as the law gives it: so many days or working days from an event."""

    code: str
    name: str
    days: int
    working: bool
    article: str
    grade: Grade


@dataclass(frozen=True)
class Rulebook:
    """All rules of one kind of election."""

    code: str
    version: str
    title: str
    contests: tuple[str, ...]
    items: tuple[Item, ...]
    reserve: Reserve
    milestones: tuple[MilestoneRule, ...] = ()
    contests_by_region: tuple[tuple[str, tuple[str, ...]], ...] = ()
    legal: tuple[str, ...] = ()
    limit: VoterLimit | None = None
    clocks: tuple[Clock, ...] = ()

    def clock(self, code: str) -> Clock | None:
        """Another agency's clock by code."""
        return next((clock for clock in self.clocks if clock.code == code), None)

    def item(self, code: str) -> Item | None:
        """An item by code."""
        return next((item for item in self.items if item.code == code), None)

    def contests_in(self, region: str) -> tuple[str, ...]:
        """The contests of a region: DKI Jakarta elects no DPRD Kabupaten/Kota, so it has four."""
        fitting = [(prefix, found) for prefix, found in self.contests_by_region if region == prefix or region.startswith(prefix + ".")]
        return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else self.contests

    def unknown(self) -> tuple[Item, ...]:
        """Items that some use keeps from being computed."""
        return tuple(item for item in self.items if not item.known)


def confirmed(rulebook: Rulebook, confirmations: Iterable[Confirmation]) -> Rulebook:
    """The rulebook with what operators confirmed; of several for one use the latest counts."""
    latest: dict[tuple[str, str], Confirmation] = {}
    for one in sorted(confirmations, key=lambda c: c.at):
        latest[(one.item, one.use)] = one
    if not latest:
        return rulebook

    def settled(item: Item) -> Item:
        uses = (replace(use, confirmation=latest.get((item.code, use.code))) if use.asks else use for use in item.uses)
        return replace(item, uses=tuple(uses))

    return replace(rulebook, items=tuple(settled(item) for item in rulebook.items))


def in_force(rulebook: Rulebook, on: date) -> Rulebook:
    """The rulebook with the rows that hold on the day of voting."""
    items = (replace(item, uses=tuple(use for use in item.uses if use.holds(on))) for item in rulebook.items)
    return replace(rulebook, items=tuple(item for item in items if item.uses))


def check_confirmation(rulebook: Rulebook, item: str, use: str, quantity: int | None, citation: str) -> int:
    """The quantity an operator may put in force. UnknownUse, NothingToConfirm, QuantityMissing, BadQuantity, CitationMissing."""
    found = rulebook.item(item)
    row = found.use(use) if found else None
    if found is None or row is None:
        raise UnknownUse(item=item, use=use)
    if not row.asks:
        raise NothingToConfirm(item=found.name, use=row.name)
    amount = row.quantity if quantity is None else quantity
    if amount is None:
        raise QuantityMissing(item=found.name, use=row.name)
    if not 0 <= amount <= 100_000:
        raise BadQuantity(item=found.name, use=row.name, quantity=amount)
    if len(citation.strip()) < 5:
        raise CitationMissing(item=found.name, use=row.name)
    return amount


# --- the calendar --------------------------------------------------------------------------------------------------------


def local_date(moment: datetime) -> date:
    """The civil day of an instant in WIB."""
    return moment.astimezone(WIB).date()


def calendar(rulebook: Rulebook, voting_at: datetime) -> list[Milestone]:
    """The deadlines of an election that votes at `voting_at`, the earliest first; the vote itself is the last."""
    voting = local_date(voting_at)
    found = []
    for rule in rulebook.milestones:
        day = rule.on or voting - timedelta(days=rule.h_minus or 0)
        due_at = datetime.combine(day, rule.at, WIB).astimezone(voting_at.tzinfo)
        found.append(Milestone(rule.code, rule.name, due_at, (voting - day).days, rule.place, rule.item, rule.basis, rule.grade))
    return sorted(found, key=lambda m: (m.due_at, m.code))


def runs_out(clock: Clock, from_at: datetime) -> datetime:
    """The end of the last day (WIB) of a clock that starts at an instant; that day itself is not counted.

    Working days are Monday to Friday: no calendar of national holidays is kept, so the true day may be later, never earlier.
    """
    day, left = local_date(from_at), clock.days
    while left > 0:
        day += timedelta(days=1)
        if not clock.working or day.weekday() < 5:
            left -= 1
    return datetime.combine(day, time(23, 59), WIB).astimezone(from_at.tzinfo)


def days_left(moment: datetime, at: datetime) -> int:
    """Whole civil days (WIB) from now to a deadline; nought on its day."""
    return (local_date(moment) - local_date(at)).days


def reminders(milestones: Iterable[Milestone], at: datetime) -> list[record.Task]:
    """One task per deadline that comes within 14, 7, 3 or 1 days; its subject says which, so that each is a new reminder."""
    tasks = []
    for milestone in milestones:
        left = days_left(milestone.due_at, at)
        reached = [days for days in REMIND_DAYS if left <= days]
        if milestone.due_at >= at and reached:
            subject = f"milestone:{milestone.code}:{min(reached)}"
            tasks.append(record.Task("regulation.due", "regulation", subject, milestone.name, milestone.due_at))
    return tasks
