"""Stage calls: whom does the post telephone at H 04.30, in which order, and what did they say?

A call is worth what it can still turn: over the causes that hold a TPS back, the share of cases of each cause times the part of them that
somebody at the TPS can still put right in the time that is left. The most is telephoned first; what is surely ready or surely lost comes
last. Several callers share one list: whoever takes a TPS holds it for some minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import forecast, readiness, record

MILLION = 1_000_000
CALL_MIN = 4
"""Minutes for one call with everything around it (ours; nobody has timed it here)."""
CLAIM_FOR = timedelta(minutes=8)
"""How long a TPS is one caller's, two calls (ours)."""
UNDO_FOR = timedelta(minutes=10)
"""How long whoever wrote an outcome down takes it back."""
SAME_WITHIN = timedelta(seconds=30)
"""The same outcome by the same caller within so long is a second tap on the button (ours)."""
AGAIN_AFTER = timedelta(minutes=10)
"""When somebody who did not answer is tried again (ours)."""
ANSWER_STAYS = timedelta(hours=3)
"""How long an answer keeps a TPS off the list (ours)."""
STOP_BEFORE = timedelta(hours=1)
"""Telephoning ends an hour before the opening: what a call finds later can hardly be put right (ours)."""
ASK_FROM = timedelta(hours=2, minutes=30)
"""The list is for H 04.30 (ours)."""


class Unknown(record.Refusal):
    """No such TPS, call or contact."""

    code: ClassVar[str] = "calls.unknown"


class Taken(record.Refusal):
    """Another caller holds this TPS for some minutes more."""

    code: ClassVar[str] = "calls.taken"


class NoOutcome(record.Refusal):
    """No outcome of the list was chosen, or "not ready" without what is missing."""

    code: ClassVar[str] = "calls.no_outcome"


class TooLate(record.Refusal):
    """Only whoever wrote an outcome down takes it back, within minutes, and only the last one of a TPS."""

    code: ClassVar[str] = "calls.too_late"


class BadNumber(record.Refusal):
    """Not a telephone number: 8 to 15 digits, perhaps with + before them."""

    code: ClassVar[str] = "calls.bad_number"


class BadRole(record.Refusal):
    """Contacts are duty telephones of KPPS or PPS."""

    code: ClassVar[str] = "calls.bad_role"


class NothingOpen(record.Refusal):
    """Nobody is left to telephone, or that call for help is settled."""

    code: ClassVar[str] = "calls.nothing_open"


class Outcome(StrEnum):
    """What came of a call."""

    READY = "ready"
    NOT_READY = "not_ready"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    HELP = "help"


ANSWERED = frozenset({Outcome.READY, Outcome.NOT_READY, Outcome.HELP})
ROLES = ("KPPS", "PPS")


@dataclass(frozen=True)
class Turn:
    """What a call can still do about a cause: permille of its cases that turn, if there are at least so many minutes. Ours, all of them."""

    permille: int
    needs_min: int


TURNS: Mapping[str, Turn] = {
    "unheard": Turn(500, 20), "tps": Turn(600, 30), "check": Turn(500, 60), "last_way": Turn(500, 45), "unplanned": Turn(200, 90),
    "hazard": Turn(200, 60), "breakdown": Turn(200, 90), "road": Turn(100, 60), "plan": Turn(100, 60), "supply": Turn(100, 120),
    "work": Turn(100, 120), "sea": Turn(0, 0), "gate": Turn(0, 0),
}  # fmt: skip
"""Cause of the forecast -> what a telephone call can turn of it. unheard: nobody there was seen or heard; a boat that the sea keeps in port
does not leave because somebody telephones."""
OTHER = Turn(100, 60)


@dataclass(frozen=True)
class Case:
    """What is known about a TPS when the list is made. outlook None: there is no forecast. voters None: unknown; away_min: driving time of
    help from the warehouse, None where no road leads there."""

    tps: str
    state: readiness.State
    heard: bool
    outlook: forecast.TpsOutlook | None
    voters: int | None = None
    away_min: int | None = None


@dataclass(frozen=True)
class Worth:
    """What a call is worth: expected gain in millionths of a TPS, and the cause that most of it comes from, "" for none."""

    ppm: int
    cause: str
    by_cause: tuple[tuple[str, int], ...] = ()


def outlook_of(case: Case) -> tuple[int, tuple[tuple[str, int], ...]]:
    """P(ready) and the causes of the rest as (code, share). Without a forecast the exact state stands for it: surely, even odds, or not."""
    if case.outlook is not None:
        return case.outlook.ready_ppm, tuple((cause.code, cause.share_ppm) for cause in case.outlook.causes)
    if case.state is readiness.State.READY:
        return MILLION, ()
    if case.state is readiness.State.NOT_READY:
        return 0, (("check", MILLION),)
    return MILLION // 2, (("unheard", MILLION // 2),)


def worth(case: Case, minutes_left: int) -> Worth:
    """The value of a call now. A TPS that nobody has seen or heard counts every case against it as one that asking may turn, where that is
    more than its causes say."""
    ready, causes = outlook_of(case)
    parts: dict[str, int] = {}
    for code, share in causes:
        parts[code] = parts.get(code, 0) + _turned(code, share, minutes_left)
    if not case.heard and case.state is readiness.State.UNKNOWN:
        parts = {"unheard": _turned("unheard", MILLION - ready, minutes_left)} if _more(parts, ready, minutes_left) else parts
    ranked = sorted(((code, ppm) for code, ppm in parts.items() if ppm), key=lambda part: (-part[1], part[0]))
    first = ranked[0][0] if ranked else max(causes, key=lambda c: c[1], default=("", 0))[0]
    return Worth(sum(ppm for _, ppm in ranked), first, tuple(ranked))


def _turned(code: str, share_ppm: int, minutes_left: int) -> int:
    turn = TURNS.get(code, OTHER)
    return share_ppm * turn.permille // 1000 if minutes_left >= turn.needs_min else 0


def _more(parts: Mapping[str, int], ready_ppm: int, minutes_left: int) -> bool:
    return _turned("unheard", MILLION - ready_ppm, minutes_left) >= sum(parts.values())


@dataclass(frozen=True)
class Call:
    """A call and its outcome. missing: codes of items and of readiness.LACKS; settled_at: when the help asked for was given."""

    tps: str
    outcome: Outcome
    missing: tuple[str, ...]
    called_at: datetime
    person: str
    agency: str
    mark: str = ""
    entry_id: str = ""
    phone_id: str = ""
    settled_at: datetime | None = None


def check_outcome(outcome: str, missing: Sequence[str]) -> Outcome:
    """NoOutcome."""
    if outcome not in set(Outcome) or (outcome == Outcome.NOT_READY) != bool(missing):
        raise NoOutcome(outcome=outcome[:20])
    return Outcome(outcome)


def same(before: Call, outcome: Outcome, missing: Sequence[str], person: str, at: datetime) -> bool:
    """Whether this is the last call of the TPS over again: taking back one of two equal calls would leave the other standing."""
    alike = (before.outcome, before.missing, before.person) == (outcome, tuple(missing), person)
    return alike and before.settled_at is None and at - before.called_at <= SAME_WITHIN


def check_undo(call: Call, last: Call | None, person: str, at: datetime) -> None:
    """Whether somebody may take back an outcome. TooLate."""
    if call != last or call.person != person or at - call.called_at > UNDO_FOR:
        raise TooLate(tps=call.tps, minutes=int(UNDO_FOR.total_seconds() // 60))


@dataclass(frozen=True)
class Claim:
    """A caller holds a TPS until then."""

    tps: str
    person: str
    until_at: datetime


def check_claim(claim: Claim | None, person: str, at: datetime) -> None:
    """Taken."""
    if claim is not None and claim.person != person and at < claim.until_at:
        raise Taken(tps=claim.tps, person=claim.person)


class Standing(StrEnum):
    """Where a TPS stands on the list."""

    OPEN = "open"
    AGAIN = "again"
    WAITING = "waiting"
    CLAIMED = "claimed"
    HELP = "help"
    ANSWERED = "answered"
    NONE = "none"


@dataclass(frozen=True)
class Line:
    """A TPS on the list. place: its number in the order, from 1, 0 where nobody is to telephone it now. call: the last one."""

    place: int
    case: Case
    worth: Worth
    standing: Standing
    call: Call | None
    claim: Claim | None

    @property
    def open(self) -> bool:
        """Whether somebody should telephone it now."""
        return self.standing in {Standing.OPEN, Standing.AGAIN}


def queue(
    cases: Iterable[Case], calls: Mapping[str, Call], claims: Mapping[str, Claim], opens_at: datetime, at: datetime
) -> tuple[Line, ...]:
    """The list in its order: whom to telephone first; then who is held by a caller or tried again later; then help; then what was answered;
    last where a call can turn nothing. Of equal worth the TPS with more voters comes first, then the one that help reaches sooner.
    """
    left = max(0, int((opens_at - at).total_seconds() // 60))
    lines = []
    for case in cases:
        call, claim = calls.get(case.tps), claims.get(case.tps)
        claim = claim if claim is not None and at < claim.until_at else None
        value = worth(case, left)
        lines.append(Line(0, case, value, _standing(value, call, claim, at), call, claim))
    lines.sort(key=_order)
    return tuple(
        Line(i if line.open else 0, line.case, line.worth, line.standing, line.call, line.claim) for i, line in enumerate(lines, 1)
    )


_RANKS = {
    Standing.OPEN: 0, Standing.AGAIN: 0, Standing.CLAIMED: 1, Standing.WAITING: 2, Standing.HELP: 3, Standing.ANSWERED: 4, Standing.NONE: 5,
}  # fmt: skip


def _order(line: Line) -> tuple[int, int, int, int, str]:
    case = line.case
    away = case.away_min if case.away_min is not None else 9999
    return _RANKS[line.standing], -line.worth.ppm, -(case.voters or 0), away, case.tps


def _standing(value: Worth, call: Call | None, claim: Claim | None, at: datetime) -> Standing:
    if claim is not None:
        return Standing.CLAIMED
    if call is not None and call.outcome is Outcome.HELP and call.settled_at is None:
        return Standing.HELP
    if call is not None and call.outcome in ANSWERED and at - call.called_at <= ANSWER_STAYS:
        return Standing.ANSWERED
    if value.ppm == 0:
        return Standing.NONE
    if call is not None and call.outcome is Outcome.NO_ANSWER:
        return Standing.AGAIN if at - call.called_at >= AGAIN_AFTER else Standing.WAITING
    return Standing.OPEN


def fitting(at: datetime, opens_at: datetime, callers: int) -> int:
    """How many calls fit from now until telephoning ends."""
    minutes = int((opens_at - STOP_BEFORE - at).total_seconds() // 60)
    return max(0, minutes // CALL_MIN) * max(1, callers)


def number(typed: str) -> str:
    """A telephone number as it is dialled: digits, perhaps with + before them. BadNumber."""
    tidy = typed.strip()
    for gap in (" ", "-", ".", "(", ")"):
        tidy = tidy.replace(gap, "")
    digits = tidy.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):
        raise BadNumber()
    return tidy


def check_role(role: str) -> None:
    """BadRole."""
    if role not in ROLES:
        raise BadRole(role=role[:20])
