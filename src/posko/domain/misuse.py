"""Stage misuse: somebody says that the post itself is misused. It goes to the overseer (Bawaslu) and never to the post.

What is said, against which post and by whom it may be reached is private and can be erased. A ticket, as for reports, lets the person
follow it; the deadlines are ours and bind nobody by law.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import record, reports

TEXT_SHORTEST, TEXT_LONGEST, CONTACT_LONGEST, ANSWER_LONGEST = 15, 3000, 120, 1000


class TooShort(record.Refusal):
    """Not enough words to know what happened."""

    code: ClassVar[str] = "misuse.too_short"


class TooLong(record.Refusal):
    """More words than anybody reads."""

    code: ClassVar[str] = "misuse.too_long"


class Future(record.Refusal):
    """Something that is said to have happened after now."""

    code: ClassVar[str] = "misuse.future"


class UnknownPost(record.Refusal):
    """A post that is not in the list."""

    code: ClassVar[str] = "misuse.unknown_post"


class Unknown(record.Refusal):
    """No such case."""

    code: ClassVar[str] = "misuse.unknown"


class NoStep(record.Refusal):
    """A step that does not follow from the present one."""

    code: ClassVar[str] = "misuse.no_step"


class NoOutcome(record.Refusal):
    """An answer says how it ended, with a code of the list; other steps have no outcome."""

    code: ClassVar[str] = "misuse.no_outcome"


class AlreadyErased(record.Refusal):
    """The words are gone."""

    code: ClassVar[str] = "misuse.already_erased"


class Category(StrEnum):
    """What the post is said to do (field notes 5.1: what it must never do)."""

    PROFILING = "profiling"
    PRESSURE = "pressure"
    PARTY = "party"
    LEAK = "leak"
    AUTHORITY = "authority"
    OTHER = "other"


class Status(StrEnum):
    """How far the overseer is."""

    RECEIVED = "received"
    LOOKING = "looking"
    ANSWERED = "answered"


class Outcome(StrEnum):
    """How a case ended."""

    CORRECTED = "corrected"
    PASSED_ON = "passed_on"
    UNFOUNDED = "unfounded"
    NOT_OURS = "not_ours"
    TOO_LITTLE = "too_little"


class Channel(StrEnum):
    """Which form it came through; who sent it is not recorded in either."""

    PUBLIC = "public"
    STAFF = "staff"


@dataclass(frozen=True)
class Limits:
    """Hours until somebody has begun to look, days until the answer; ours."""

    look_h: int = 72
    answer_days: int = 14


@dataclass(frozen=True)
class Words:
    """The private part: what was said, how to reach the person, and the overseer's answer to it."""

    text: str
    contact: str = ""


@dataclass(frozen=True)
class Filing:
    """A case that may be stored: cleaned, numbers hidden, within its limits."""

    words: Words
    category: Category
    channel: Channel
    post: str
    happened_at: datetime | None
    masked: int


@dataclass(frozen=True)
class Step:
    """A status since an instant; an answer with its outcome."""

    status: Status
    since_at: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Case:
    """What is known of a case without its words."""

    number: str
    election: str
    category: Category
    channel: Channel
    post: str
    received_at: datetime
    steps: tuple[Step, ...]
    happened_at: datetime | None = None
    masked: int = 0
    mark: str = ""
    erased: bool = False
    entry_id: str = ""

    @property
    def status(self) -> Status:
        """The last step."""
        return self.steps[-1].status


def filing(
    text: str,
    *,
    category: Category,
    channel: Channel,
    post: str,
    posts: Iterable[str],
    at: datetime,
    contact: str = "",
    happened_at: datetime | None = None,
) -> Filing:
    """Cleans and masks what somebody typed. TooShort, TooLong, Future, UnknownPost."""
    said, reach = reports.clean(text), reports.clean(contact)
    if len(said) < TEXT_SHORTEST:
        raise TooShort(shortest=TEXT_SHORTEST)
    if len(said) > TEXT_LONGEST or len(reach) > CONTACT_LONGEST:
        raise TooLong(longest=TEXT_LONGEST, contact=CONTACT_LONGEST)
    if happened_at is not None and happened_at > at:
        raise Future()
    if post and post not in set(posts):
        raise UnknownPost(post=post[:40])
    said, hidden = reports.mask(said)
    reach, more = reports.mask(reach, phones=False)
    return Filing(Words(said, reach), category, channel, post, happened_at, hidden + more)


_FOLLOWS = {
    Status.RECEIVED: {Status.LOOKING, Status.ANSWERED},
    Status.LOOKING: {Status.ANSWERED},
    Status.ANSWERED: {Status.LOOKING},
}


def check_step(case: Case, status: Status, outcome: Outcome | None) -> None:
    """Whether a step may follow: an answered case may be looked at again. NoStep, NoOutcome."""
    if status not in _FOLLOWS[case.status]:
        raise NoStep(number=case.number)
    if (status is Status.ANSWERED) != (outcome is not None):
        raise NoOutcome(number=case.number)


def answer(text: str) -> str:
    """The overseer's words to the person, cleaned, numbers hidden; may be empty. TooLong."""
    said, _hidden = reports.mask(reports.clean(text))
    if len(said) > ANSWER_LONGEST:
        raise TooLong(longest=ANSWER_LONGEST, contact=CONTACT_LONGEST)
    return said


def due_at(case: Case, limits: Limits = Limits()) -> datetime | None:
    """Until when the next step is promised: a first look, then the answer; None for an answered case.

    A case that is opened again counts from then.
    """
    if case.status is Status.RECEIVED:
        return case.received_at + timedelta(hours=limits.look_h)
    if case.status is Status.LOOKING:
        again = any(step.status is Status.ANSWERED for step in case.steps)
        return (case.steps[-1].since_at if again else case.received_at) + timedelta(days=limits.answer_days)
    return None
