"""Stage keys: who can open the warehouse?

A key is a numbered thing at a site. It is held by one agency at a time; it changes hands in two steps, the giver's and the receiver's, so
that nobody holds a key without having said so, and a key on its way has two names on it. A lost key is lost for good: the lock is changed
and new keys are registered. Opening out of hours is written down by two people of two agencies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum
from typing import ClassVar

from posko.domain import record

WIB = timezone(timedelta(hours=7))
HOLDERS = ("KPU", "POLRES", "PEMDA")
"""Agencies that may hold a key of a warehouse."""
OPENS, CLOSES = time(8, 0), time(17, 0)
"""Working hours of a warehouse (ours): outside of them an opening needs two agencies."""
MOST = 99
RECEIVE_WITHIN = timedelta(hours=2)
"""A hand-over that nobody confirmed for so long is a task for both (ours)."""


class Unknown(record.Refusal):
    """No such key or site."""

    code: ClassVar[str] = "keys.unknown"


class Exists(record.Refusal):
    """A key of this number is registered at the site already."""

    code: ClassVar[str] = "keys.exists"


class BadNumber(record.Refusal):
    """Keys are numbered from 1 to 99."""

    code: ClassVar[str] = "keys.bad_number"


class NotHolder(record.Refusal):
    """Only the agency that holds a key gives it away or calls it lost."""

    code: ClassVar[str] = "keys.not_holder"


class NoHolder(record.Refusal):
    """That agency holds no keys, or holds this one already."""

    code: ClassVar[str] = "keys.no_holder"


class Underway(record.Refusal):
    """The key waits for its receiver."""

    code: ClassVar[str] = "keys.underway"


class NothingUnderway(record.Refusal):
    """There is no hand-over to confirm or to take back."""

    code: ClassVar[str] = "keys.nothing_underway"


class NotReceiver(record.Refusal):
    """Only the agency it was given to confirms."""

    code: ClassVar[str] = "keys.not_receiver"


class Gone(record.Refusal):
    """The key was lost: nothing can be done with it any more."""

    code: ClassVar[str] = "keys.gone"


class OneAgency(record.Refusal):
    """Out of hours two agencies open together."""

    code: ClassVar[str] = "keys.one_agency"


class SeenOther(record.Refusal):
    """Somebody moved the key meanwhile."""

    code: ClassVar[str] = "keys.seen_other"


class Act(StrEnum):
    """What happened to a key."""

    REGISTER = "registered"
    GIVE = "given"
    RECEIVE = "received"
    KEEP = "kept"
    LOSE = "lost"


class Why(StrEnum):
    """Why a warehouse was opened."""

    GOODS_IN = "goods_in"
    GOODS_OUT = "goods_out"
    WORK = "work"
    INSPECTION = "inspection"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Event:
    """One step of a key; to: the agency that it is registered with or given to."""

    act: Act
    agency: str
    person: str
    at: datetime
    to: str = ""
    entry_id: str = ""


@dataclass(frozen=True)
class Key:
    """A key as its steps have made it. underway: the agency that has not confirmed yet; last_id: what a form has seen."""

    code: str
    site: str
    number: int
    holder: str
    since_at: datetime
    events: tuple[Event, ...]
    underway: str = ""
    lost: bool = False
    mark: str = ""

    @property
    def last_id(self) -> str:
        """The entry of the last step."""
        return self.events[-1].entry_id

    @property
    def waiting_since(self) -> datetime | None:
        """Since when a receiver is awaited."""
        return self.events[-1].at if self.underway else None


@dataclass(frozen=True)
class Opening:
    """The warehouse was opened: why, by whom, out of hours with whom."""

    site: str
    why: Why
    at: datetime
    person: str
    agency: str
    second: str = ""
    second_agency: str = ""
    mark: str = ""
    entry_id: str = ""

    @property
    def out_of_hours(self) -> bool:
        """Before eight, after five, or on a Sunday, in WIB."""
        return out_of_hours(self.at)


def out_of_hours(at: datetime) -> bool:
    """Whether a warehouse is closed at that instant."""
    local = at.astimezone(WIB)
    return local.weekday() == 6 or not OPENS <= local.time() < CLOSES


def key_code(site: str, number: int) -> str:
    """19.06:G01/K1. BadNumber."""
    if not 1 <= number <= MOST:
        raise BadNumber(number=number, most=MOST)
    return f"{site}/K{number}"


def check_register(code: str, known: Iterable[str], holder: str) -> None:
    """A new key with its first holder. Exists, NoHolder."""
    if code in set(known):
        raise Exists(key=code)
    if holder not in HOLDERS:
        raise NoHolder(agency=holder)


def check(key: Key, act: Act, agency: str, to: str, seen: str) -> None:
    """Whether an agency may do this now. Gone, SeenOther, Underway, NothingUnderway, NotHolder, NotReceiver, NoHolder."""
    if key.lost:
        raise Gone(key=key.code)
    if seen != key.last_id:
        raise SeenOther(key=key.code)
    if act is Act.RECEIVE:
        _check_receive(key, agency)
        return
    if agency != key.holder:
        raise NotHolder(key=key.code, holder=key.holder)
    if act is Act.KEEP and not key.underway:
        raise NothingUnderway(key=key.code)
    if act is Act.GIVE:
        if key.underway:
            raise Underway(key=key.code, agency=key.underway)
        if to not in HOLDERS or to == key.holder:
            raise NoHolder(agency=to)


def _check_receive(key: Key, agency: str) -> None:
    if not key.underway:
        raise NothingUnderway(key=key.code)
    if agency != key.underway:
        raise NotReceiver(key=key.code, agency=key.underway)


def fold(code: str, site: str, number: int, events: Iterable[Event], mark: str = "") -> Key:
    """The key that its steps make, in their order; the first one registers it."""
    first, *later = events
    key = Key(code, site, number, first.to, first.at, (first,), mark=mark)
    for event in later:
        key = _applied(key, event)
    return key


def _applied(key: Key, event: Event) -> Key:
    holder, since, underway, lost = key.holder, key.since_at, key.underway, key.lost
    if event.act is Act.GIVE:
        underway = event.to
    elif event.act is Act.RECEIVE:
        holder, since, underway = key.underway, event.at, ""
    elif event.act is Act.KEEP:
        underway = ""
    elif event.act is Act.LOSE:
        lost, underway = True, ""
    return Key(key.code, key.site, key.number, holder, since, (*key.events, event), underway, lost, key.mark)


def check_opening(agency: str, second_agency: str, at: datetime) -> None:
    """Out of hours two agencies. OneAgency."""
    if out_of_hours(at) and second_agency in {"", agency}:
        raise OneAgency(agency=agency)
