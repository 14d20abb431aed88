"""Stage pledges: what Pemda and Polres promise as things with an owner, places, a time, a count and a state.

Somebody asks (with a need-by), the agency answers in its own inbox: it offers or declines with a reason. An offer becomes firm with a
proof, is taken into use and given back, or is withdrawn with a reason. Nothing here is free text: codes, counts and times only, so no
name of a person gets in. Conflicts are named, never refused: what an agency has said stands as it was said.

People are counted per unit (a team code), not per place: a team of two that guards four TPS is two people. The patterns
police:TPS:linmas are data with their source; which class a TPS is in is the police's word, and no pattern is chosen by the program.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import combinations
from typing import ClassVar

from posko.domain import access, record

WIB = timezone(timedelta(hours=7), "WIB")
UNDO_FOR = timedelta(minutes=10)
MOST_COUNT, MOST_CAPACITY = 5_000, 100_000_000
LONGEST = timedelta(days=184)
CONFIRM_BEFORE = timedelta(days=7)
"""An offer that begins within a week and is not firm is asked after. Ours, no law's."""

# --- refusals ------------------------------------------------------------------------------------------------------------


class NotTheirs(record.Refusal):
    """An agency promises what it has: people of the police are the Polres', Linmas and buildings the Pemda's."""

    code: ClassVar[str] = "pledges.not_theirs"


class BadAsset(record.Refusal):
    """A code of capital letters, digits, dots, hyphens: what the owner calls the thing or the team."""

    code: ClassVar[str] = "pledges.bad_asset"


class BadCount(record.Refusal):
    """None, or more than there can be."""

    code: ClassVar[str] = "pledges.bad_count"


class BadSpan(record.Refusal):
    """A time that ends before it begins, is over, or lasts longer than half a year."""

    code: ClassVar[str] = "pledges.bad_span"


class BadNeedBy(record.Refusal):
    """An answer that is due before it is asked, or after the thing is needed."""

    code: ClassVar[str] = "pledges.bad_need_by"


class UnknownPlace(record.Refusal):
    """No place, or one that is no warehouse, leg, TPS or area here."""

    code: ClassVar[str] = "pledges.unknown_place"


class UnknownPattern(record.Refusal):
    """A pattern that is not in the list."""

    code: ClassVar[str] = "pledges.unknown_pattern"


class Unknown(record.Refusal):
    """No such pledge or ask."""

    code: ClassVar[str] = "pledges.unknown"


class OtherAgency(record.Refusal):
    """An agency speaks for itself, and answers what it was asked."""

    code: ClassVar[str] = "pledges.other_agency"


class AskOver(record.Refusal):
    """An ask that was declined or taken back has no answer any more."""

    code: ClassVar[str] = "pledges.ask_over"


class AskOther(record.Refusal):
    """An answer to an ask is of the kind that was asked for."""

    code: ClassVar[str] = "pledges.ask_other"


class NoStep(record.Refusal):
    """From this state there is no such step, or not for this agency."""

    code: ClassVar[str] = "pledges.no_step"


class ProofMissing(record.Refusal):
    """Firm is what is shown: a letter's number, or a file."""

    code: ClassVar[str] = "pledges.proof_missing"


class BadReason(record.Refusal):
    """A reason of the list."""

    code: ClassVar[str] = "pledges.bad_reason"


class TooLate(record.Refusal):
    """After ten minutes, or by somebody else, a step is not undone."""

    code: ClassVar[str] = "pledges.too_late"


class SameFile(record.Refusal):
    """This file was taken before."""

    code: ClassVar[str] = "pledges.same_file"


# --- words ---------------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What is promised."""

    VEHICLE = "vehicle"
    BOAT = "boat"
    GENSET = "genset"
    BUILDING = "building"
    CREW = "crew"
    LINMAS = "linmas"
    POLICE = "police"
    OTHER = "other"


class State(StrEnum):
    """Where a pledge stands."""

    OFFERED = "offered"
    CONFIRMED = "confirmed"
    IN_USE = "in_use"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What may happen to a pledge after it was offered."""

    CONFIRM = "confirm"
    TAKE = "take"
    GIVE_BACK = "give_back"
    WITHDRAW = "withdraw"
    UNDO = "undo"


class Answer(StrEnum):
    """How an ask stands: from the pledges that answer it."""

    OPEN = "open"
    PARTLY = "partly"
    MET = "met"
    DECLINED = "declined"
    CANCELLED = "cancelled"


AGENCIES = ("PEMDA", "POLRES")
KINDS_OF: Mapping[str, tuple[Kind, ...]] = {
    "PEMDA": (Kind.VEHICLE, Kind.BOAT, Kind.GENSET, Kind.BUILDING, Kind.CREW, Kind.LINMAS, Kind.OTHER),
    "POLRES": (Kind.POLICE, Kind.VEHICLE, Kind.BOAT, Kind.OTHER),
}
PEOPLE = frozenset({Kind.CREW, Kind.LINMAS, Kind.POLICE})
UNITS: Mapping[Kind, str] = {Kind.VEHICLE: "kg", Kind.BOAT: "kg", Kind.GENSET: "VA", Kind.BUILDING: "m²"}
LIVE = frozenset({State.OFFERED, State.CONFIRMED, State.IN_USE})
FIRM = frozenset({State.CONFIRMED, State.IN_USE})
WITHDRAW_REASONS = ("rusak", "tugas_lain", "perintah_pimpinan", "jadwal_berubah", "diganti", "salah_catat", "lainnya")
DECLINE_REASONS = ("tidak_punya", "sudah_dipakai", "bukan_kewenangan", "biaya_tidak_ada", "waktu_tidak_cukup", "lainnya")
CONDITIONS = ("utuh", "rusak", "sebagian_kembali")

# from -> act -> (to, who: the owner's agency or the KPU)
STEPS: Mapping[State, Mapping[Act, tuple[State, str]]] = {
    State.OFFERED: {Act.CONFIRM: (State.CONFIRMED, "owner"), Act.WITHDRAW: (State.WITHDRAWN, "owner")},
    State.CONFIRMED: {Act.TAKE: (State.IN_USE, "KPU"), Act.WITHDRAW: (State.WITHDRAWN, "owner")},
    State.IN_USE: {Act.GIVE_BACK: (State.RETURNED, "KPU"), Act.WITHDRAW: (State.WITHDRAWN, "owner")},
}


@dataclass(frozen=True)
class Pattern:
    """So many police for so many TPS with so many Linmas; linmas 0: the source does not say."""

    code: str
    police: int
    tps: int
    linmas: int
    election: str
    source: str


# As published; which class of TPS each belongs to differs by source and year and is not repeated here.
PATTERNS: Mapping[str, Pattern] = {
    p.code: p
    for p in (
        Pattern("2019-2-4-6", 2, 4, 6, "Pemilu 2019", "independensi"),
        Pattern("2019-4-2-8", 4, 2, 8, "Pemilu 2019", "independensi"),
        Pattern("2019-6-2-8", 6, 2, 8, "Pemilu 2019", "independensi"),
        Pattern("2020-2-10", 2, 10, 0, "Pilkada 2020", "mediaindonesia 343222"),
        Pattern("2020-2-2", 2, 2, 0, "Pilkada 2020", "mediaindonesia 343222"),
        Pattern("2020-2-1", 2, 1, 0, "Pilkada 2020", "mediaindonesia 343222"),
        Pattern("2024-2-8-16", 2, 8, 16, "Pemilu 2024, Kulon Progo", "jogja.antaranews 637143"),
        Pattern("2024-2-4-8", 2, 4, 8, "Pemilu 2024, Kulon Progo", "jogja.antaranews 637143"),
        Pattern("2024-2-2-4", 2, 2, 4, "Pemilu 2024, Kulon Progo", "jogja.antaranews 637143"),
    )
}


# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where something is promised for. kind: warehouse | leg | tps | area."""

    code: str
    kind: str
    name: str


@dataclass(frozen=True)
class Step:
    """What happened to a pledge after it was offered. `number`: the letter or document that proves it; `condition` when given back."""

    act: Act
    to: State
    at: datetime
    person: str
    agency: str
    reason: str = ""
    number: str = ""
    condition: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Pledge:
    """A promise as it stands. `asset`: what its owner calls the thing or team; capacity 0: not said; ask "": nobody asked."""

    code: str
    owner: str
    kind: Kind
    asset: str
    count: int
    places: tuple[str, ...]
    from_at: datetime
    until_at: datetime
    capacity: int = 0
    pattern: str = ""
    ask: str = ""
    offered_at: datetime | None = None
    person: str = ""
    steps: tuple[Step, ...] = ()
    mark: str = ""
    entry_id: str = ""

    @property
    def state(self) -> State:
        """Offered until somebody did something."""
        return self.steps[-1].to if self.steps else State.OFFERED

    @property
    def live(self) -> bool:
        """Whether it still stands."""
        return self.state in LIVE

    @property
    def firm(self) -> bool:
        """Whether a plan may lean on it: shown by a proof, or in use already."""
        return self.state in FIRM

    def overlaps(self, other: "Pledge") -> bool:
        """Whether both run at some instant; the end does not belong to the time."""
        return self.from_at < other.until_at and other.from_at < self.until_at


@dataclass(frozen=True)
class Ask:
    """What the KPU or the post asks an agency for. `ended`: declined | cancelled, with a reason."""

    code: str
    agency: str
    kind: Kind
    count: int
    places: tuple[str, ...]
    from_at: datetime
    until_at: datetime
    need_by_at: datetime
    capacity: int = 0
    asset: str = ""
    asker: str = ""
    person: str = ""
    asked_at: datetime | None = None
    ended: str = ""
    reason: str = ""
    ended_at: datetime | None = None
    mark: str = ""
    entry_id: str = ""


_ASSET = re.compile(r"[A-Z0-9][A-Z0-9.\-/]{1,23}")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-/ ]{1,39}")


def check_asset(written: str, *, needed: bool = True) -> str:
    """Tidied; BadAsset."""
    code = re.sub(r"\s+", "-", written.strip().upper())
    if (code or needed) and not _ASSET.fullmatch(code):
        raise BadAsset(asset=code[:24])
    return code


def _check_what(agency: str, kind: Kind, count: int, capacity: int) -> None:
    if agency not in KINDS_OF or kind not in KINDS_OF[agency]:
        raise NotTheirs(agency=agency, kind=kind.value)
    if not 1 <= count <= MOST_COUNT or not 0 <= capacity <= MOST_CAPACITY:
        raise BadCount(most=MOST_COUNT)


def _check_span(from_at: datetime, until_at: datetime, at: datetime) -> None:
    if until_at <= from_at or until_at <= at or until_at - from_at > LONGEST:
        raise BadSpan(days=LONGEST.days)


def _check_places(places: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    found = tuple(sorted(set(places)))
    strange = sorted(set(found) - set(known))
    if strange or not found:
        raise UnknownPlace(place=strange[0] if strange else "—")
    return found


def check_ask(ask: Ask, known: Iterable[str], at: datetime) -> Ask:
    """An ask that may be sent. NotTheirs, BadCount, BadSpan, BadNeedBy, BadAsset, UnknownPlace."""
    _check_what(ask.agency, ask.kind, ask.count, ask.capacity)
    _check_span(ask.from_at, ask.until_at, at)
    if not at < ask.need_by_at <= ask.from_at:
        raise BadNeedBy()
    return replace(ask, places=_check_places(ask.places, known), asset=check_asset(ask.asset, needed=ask.kind is Kind.OTHER))


def check_offer(pledge: Pledge, ask: Ask | None, known: Iterable[str], at: datetime) -> Pledge:
    """A pledge that may be recorded; conflicts with others are named elsewhere and refuse nothing.

    NotTheirs, BadCount, BadSpan, BadAsset, UnknownPlace, UnknownPattern, OtherAgency, AskOver, AskOther.
    """
    _check_what(pledge.owner, pledge.kind, pledge.count, pledge.capacity)
    _check_span(pledge.from_at, pledge.until_at, at)
    if pledge.pattern and (pledge.kind is not Kind.POLICE or pledge.pattern not in PATTERNS):
        raise UnknownPattern(pattern=pledge.pattern[:20])
    if ask is not None:
        if ask.agency != pledge.owner:
            raise OtherAgency(agency=ask.agency)
        if ask.ended:
            raise AskOver(ask=ask.code)
        if ask.kind is not pledge.kind:
            raise AskOther(ask=ask.code, kind=ask.kind.value)
    return replace(pledge, asset=check_asset(pledge.asset), places=_check_places(pledge.places, known))


def next_step(
    pledge: Pledge,
    act: Act,
    actor: record.Actor,
    at: datetime,
    *,
    reason: str = "",
    number: str = "",
    condition: str = "",
    has_file: bool = False,
) -> Step:
    """The step an agency takes. NoStep, ProofMissing, BadReason, TooLate."""
    if act is Act.UNDO:
        return _undo(pledge, actor, at)
    to, who = STEPS.get(pledge.state, {}).get(act, (State.OFFERED, ""))
    if not who or actor.agency != (pledge.owner if who == "owner" else "KPU"):
        raise NoStep(code=pledge.code, state=pledge.state.value)
    number = " ".join(number.split())
    if number and not _NUMBER.fullmatch(number):
        raise ProofMissing(code=pledge.code)
    if act is Act.CONFIRM and not (number or has_file):
        raise ProofMissing(code=pledge.code)
    if act is Act.WITHDRAW and reason not in WITHDRAW_REASONS:
        raise BadReason(reason=reason[:30])
    if act is Act.GIVE_BACK and condition not in CONDITIONS:
        raise BadReason(reason=condition[:30])
    kept = reason if act is Act.WITHDRAW else ""
    return Step(act, to, at, actor.person, actor.agency, kept, number, condition if act is Act.GIVE_BACK else "")


def _undo(pledge: Pledge, actor: record.Actor, at: datetime) -> Step:
    if not pledge.steps or pledge.steps[-1].act is Act.UNDO:
        raise NoStep(code=pledge.code, state=pledge.state.value)
    last = pledge.steps[-1]
    if last.person != actor.person or not timedelta(0) <= at - last.at <= UNDO_FOR:
        raise TooLate(code=pledge.code)
    before = pledge.steps[-2].to if len(pledge.steps) > 1 else State.OFFERED
    return Step(Act.UNDO, before, at, actor.person, actor.agency)


def possible(pledge: Pledge, agency: str) -> tuple[Act, ...]:
    """The steps an agency may take now, without undoing."""
    steps = STEPS.get(pledge.state, {}).items()
    return tuple(act for act, (_, who) in steps if agency == (pledge.owner if who == "owner" else "KPU"))


def undoable(pledge: Pledge, person: str, at: datetime) -> bool:
    """Whether this person may still undo the last step."""
    last = pledge.steps[-1] if pledge.steps else None
    return last is not None and last.act is not Act.UNDO and last.person == person and timedelta(0) <= at - last.at <= UNDO_FOR


def check_end(ask: Ask, ended: str, reason: str, agency: str) -> None:
    """Whether an ask may be declined by the asked, or taken back by the asker. OtherAgency, AskOver, BadReason."""
    if agency != (ask.agency if ended == "declined" else ask.asker):
        raise OtherAgency(agency=ask.agency if ended == "declined" else ask.asker)
    if ask.ended:
        raise AskOver(ask=ask.code)
    if reason not in (DECLINE_REASONS if ended == "declined" else WITHDRAW_REASONS):
        raise BadReason(reason=reason[:30])


# --- how it stands ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    """An ask with what came: `offered` and `firm` counts of the pledges that stand and answer it."""

    ask: Ask
    answer: Answer
    offered: int
    firm: int
    pledges: tuple[str, ...]
    overdue: bool


def answered(ask: Ask, pledges: Iterable[Pledge], at: datetime) -> Answered:
    """How an ask stands: met when as many as asked are promised; overdue when that is not so after its need-by."""
    # What was given back has served: the ask stays met.
    mine = [p for p in pledges if p.ask == ask.code and p.state is not State.WITHDRAWN]
    offered, firm = sum(p.count for p in mine), sum(p.count for p in mine if p.state is not State.OFFERED)
    state = Answer.MET if offered >= ask.count else Answer.PARTLY if offered else Answer.OPEN
    state = Answer(ask.ended) if ask.ended else state
    overdue = state in {Answer.OPEN, Answer.PARTLY} and at > ask.need_by_at
    return Answered(ask, state, offered, firm, tuple(p.code for p in mine), overdue)


@dataclass(frozen=True)
class Conflict:
    """Two pledges that cannot both be, or one that is thinner than its pattern.

    kind: asset (one thing or team promised twice at a time) | place (two teams of police at one TPS: are people counted twice?) |
    police, linmas (fewer than the pattern asks for). have and need are counts for the last two.
    """

    kind: str
    one: str
    other: str
    what: str
    from_at: datetime
    until_at: datetime
    have: int = 0
    need: int = 0


def conflicts(pledges: Iterable[Pledge], tps: Iterable[str] = ()) -> list[Conflict]:
    """Every conflict among pledges that stand, by code. `tps`: which places are TPS."""
    standing = sorted((p for p in pledges if p.live), key=lambda p: p.code)
    stations, found = frozenset(tps), []
    by_asset: dict[tuple[str, str], list[Pledge]] = defaultdict(list)
    by_place: dict[str, list[Pledge]] = defaultdict(list)
    for pledge in standing:
        by_asset[(pledge.owner, pledge.asset)].append(pledge)
        if pledge.kind is Kind.POLICE:
            for place in pledge.places:
                if place in stations:
                    by_place[place].append(pledge)
    for (_, asset), same in sorted(by_asset.items()):
        found += [_between("asset", a, b, asset) for a, b in combinations(same, 2) if a.overlaps(b)]
    for place, same in sorted(by_place.items()):
        found += [_between("place", a, b, place) for a, b in combinations(same, 2) if a.asset != b.asset and a.overlaps(b)]
    for pledge in standing:
        found += _thin(pledge, standing, stations)
    return found


def _between(kind: str, one: Pledge, other: Pledge, what: str) -> Conflict:
    return Conflict(kind, one.code, other.code, what, max(one.from_at, other.from_at), min(one.until_at, other.until_at))


def _thin(pledge: Pledge, standing: Iterable[Pledge], stations: frozenset[str]) -> list[Conflict]:
    pattern = PATTERNS.get(pledge.pattern)
    guarded = stations.intersection(pledge.places)
    if pattern is None or not guarded:
        return []
    found = []
    need = -(-len(guarded) * pattern.police // pattern.tps)
    if pledge.count < need:
        found.append(Conflict("police", pledge.code, "", pledge.pattern, pledge.from_at, pledge.until_at, pledge.count, need))
    if pattern.linmas:
        need = -(-len(guarded) * pattern.linmas // pattern.tps)
        have = sum(_share(p, guarded) for p in standing if p.kind is Kind.LINMAS and p.overlaps(pledge))
        if have < need:
            found.append(Conflict("linmas", pledge.code, "", pledge.pattern, pledge.from_at, pledge.until_at, have, need))
    return found


def _share(pledge: Pledge, guarded: frozenset[str]) -> int:
    """The part of a unit's people at some of its places, rounded down: a unit for ten TPS is not ten units."""
    return pledge.count * len(guarded.intersection(pledge.places)) // len(pledge.places)


@dataclass(frozen=True)
class Standing:
    """All there is at an instant: pledges, asks with their answers, conflicts."""

    pledges: tuple[Pledge, ...]
    asks: tuple[Answered, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def overdue(self) -> tuple[Answered, ...]:
        """Asks that are not met after their need-by."""
        return tuple(a for a in self.asks if a.overdue)

    def usable(self, *kinds: Kind, firm: bool = True) -> tuple[Pledge, ...]:
        """What a plan may count on: standing pledges of some kinds, by default the firm ones only."""
        return tuple(p for p in self.pledges if p.live and (p.firm or not firm) and (not kinds or p.kind in kinds))


def standing(pledges: Sequence[Pledge], asks: Iterable[Ask], tps: Iterable[str], at: datetime) -> Standing:
    """The standing of all pledges and asks."""
    return Standing(tuple(pledges), tuple(answered(a, pledges, at) for a in asks), tuple(conflicts(pledges, tps)))


def near(pledge: Pledge, place: str) -> bool:
    """Whether a promise is for a place: one of its places holds it or lies in it; of a leg either end."""
    ends = (end for where in pledge.places for end in where.split(">"))
    return any(access.within(place, end) or access.within(end, place) for end in ends)


def fitting(
    pledges: Iterable[Pledge], owners: Iterable[str], kinds: Iterable[Kind], places: Iterable[str], from_at: datetime, until_at: datetime
) -> list[Pledge]:
    """Standing promises that somebody could lean on: of these owners and kinds (none given: all kinds), for one of these places (none
    given: anywhere), running at some time between two instants. The firm ones first, then by code."""
    whose, wanted, where = frozenset(owners), frozenset(kinds), tuple(places)
    found = [
        p
        for p in pledges
        if p.live and p.owner in whose and (not wanted or p.kind in wanted) and p.from_at < until_at and from_at < p.until_at
        and (not where or any(near(p, place) for place in where))
    ]  # fmt: skip
    return sorted(found, key=lambda p: (not p.firm, p.code))


@dataclass(frozen=True)
class Cell:
    """What is promised for a place on a day: people (police, linmas, crew), things; and how many of all that are firm."""

    police: int = 0
    linmas: int = 0
    crew: int = 0
    things: int = 0
    firm: int = 0

    @property
    def total(self) -> int:
        """People and things."""
        return self.police + self.linmas + self.crew + self.things


def calendar(pledges: Iterable[Pledge], places: Iterable[str], days: Sequence[date]) -> dict[str, list[Cell]]:
    """Place -> a cell for each day, of pledges that stand and run at some time of the day in WIB. A unit counts fully at each place."""
    wanted = {place: [Cell() for _ in days] for place in places}
    spans = [(datetime.combine(d, time(), WIB), datetime.combine(d, time(), WIB) + timedelta(days=1)) for d in days]
    for pledge in pledges:
        if not pledge.live:
            continue
        for n, (start, end) in enumerate(spans):
            if pledge.from_at < end and pledge.until_at > start:
                for place in pledge.places:
                    if place in wanted:
                        wanted[place][n] = _add(wanted[place][n], pledge)
    return wanted


def _add(cell: Cell, pledge: Pledge) -> Cell:
    n, firm = pledge.count, cell.firm + (pledge.count if pledge.firm else 0)
    if pledge.kind is Kind.POLICE:
        return replace(cell, police=cell.police + n, firm=firm)
    if pledge.kind is Kind.LINMAS:
        return replace(cell, linmas=cell.linmas + n, firm=firm)
    if pledge.kind is Kind.CREW:
        return replace(cell, crew=cell.crew + n, firm=firm)
    return replace(cell, things=cell.things + n, firm=firm)
