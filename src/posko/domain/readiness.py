"""Stage readiness: is each TPS ready now? Yes; no and why; or unknown.

The judgement is exact, not a forecast. A TPS is ready when a recent check made AT the TPS reports every critical item complete, seals
whole, the place ready and KPPS present, and the need of every critical item is confirmed. Nothing is inferred from silence: a TPS
nobody has reported on is unknown or not ready, never ready. A regency's figure is the share of TPS ready.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import ClassVar

from posko.domain import record, thresholds


class Future(record.Refusal):
    """A check dated after the clock."""

    code: ClassVar[str] = "readiness.future"


class MissingUnnamed(record.Refusal):
    """The check says something is missing and does not say what."""

    code: ClassVar[str] = "readiness.missing_unnamed"


class Contradiction(record.Refusal):
    """The check says all is complete and names something missing."""

    code: ClassVar[str] = "readiness.contradiction"


class UnknownItem(record.Refusal):
    """The check names an item that this election does not know."""

    code: ClassVar[str] = "readiness.unknown_item"


class UnknownTps(record.Refusal):
    """No such TPS in this election."""

    code: ClassVar[str] = "readiness.unknown_tps"


class Answer(StrEnum):
    """What somebody at the TPS answered; UNSEEN where it was not looked at."""

    YES = "yes"
    NO = "no"
    UNSEEN = "unseen"


class State(StrEnum):
    """A TPS is one of these three, and unknown has a look of its own."""

    READY = "ready"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """What somebody at the TPS saw."""

    tps: str
    items: Answer
    missing: tuple[str, ...]
    seals: Answer
    place: Answer
    kpps: Answer
    checked_at: datetime
    person: str
    agency: str
    note: str = ""
    mark: str = ""
    entry_id: str = ""

    def __post_init__(self) -> None:
        if self.items is Answer.NO and not self.missing:
            raise MissingUnnamed(tps=self.tps)
        if self.items is not Answer.NO and self.missing:
            raise Contradiction(tps=self.tps, item=self.missing[0])


@dataclass(frozen=True)
class Stock:
    """A critical item in the regency: accepted good pieces against the need; need None where it is not known."""

    item: str
    name: str
    unit: str
    have: int
    need: int | None
    confirmed: bool
    estimate: bool = False

    @property
    def short(self) -> bool:
        """Whether a confirmed need exceeds what has been accepted."""
        return self.confirmed and self.need is not None and self.have < self.need


@dataclass(frozen=True)
class Limits:
    """When a check is too old to be believed, and by when a TPS must be complete.

    The law: everything but the place itself is with the KPPS at the latest on H-1 (UU 7/2017 Pasal 341).
    """

    check_valid: timedelta = timedelta(hours=36)
    due_days_before: int = field(
        default=1, metadata=thresholds.bounds("R14 R15", 1, 1, "hari", "sebelum pemungutan TPS lengkap", law="UU 7/2017 Pasal 341")
    )
    trained_permille: int = field(default=800, metadata=thresholds.bounds("R14", 500, 1000, "permil", "anggota KPPS yang sudah dilatih"))
    people_days_before: int = field(
        default=7, metadata=thresholds.bounds("R14", 1, 30, "hari", "sebelum pemungutan, sejak kapan R14 berlaku")
    )


@dataclass(frozen=True)
class Facts:
    """Everything that is known about one TPS at an instant. `arrives_at` is the planned arrival, None where no plan reaches it."""

    tps: str
    stock: tuple[Stock, ...]
    arrives_at: datetime | None
    check: Check | None
    due_at: datetime


@dataclass(frozen=True)
class Reason:
    """Why a TPS is not ready or unknown: a stable code and its facts. The screen writes the sentence."""

    code: str
    item: str = ""
    name: str = ""
    have: int = -1
    need: int = -1
    estimate: bool = False
    at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """The judgement on one TPS with every reason for it."""

    tps: str
    state: State
    reasons: tuple[Reason, ...]
    due_at: datetime
    late: bool


@dataclass(frozen=True)
class Summary:
    """The regency (or a kecamatan) as counts of TPS."""

    ready: int
    not_ready: int
    unknown: int

    @property
    def total(self) -> int:
        """All TPS."""
        return self.ready + self.not_ready + self.unknown


BLOCKING = ("check_missing", "seal_broken", "place_not_ready", "kpps_absent", "stock_short", "not_delivered")
"""Reasons that make a TPS not ready; every other reason makes it unknown."""


def judge(facts: Facts, at: datetime, limits: Limits | None = None) -> Verdict:
    """The state of one TPS: the minimum over its critical items and over what the check saw.

    A problem that was seen stays until a later check sees it gone. An "all complete" loses its worth with age.
    """
    limits = limits or Limits()
    reasons = _without_check(facts, at) if facts.check is None else _from_check(facts, facts.check, at, limits)
    blocked = any(r.code in BLOCKING for r in reasons)
    state = State.NOT_READY if blocked else State.UNKNOWN if reasons else State.READY
    return Verdict(facts.tps, state, tuple(reasons), facts.due_at, state is not State.READY and at > facts.due_at)


def _unconfirmed(stock: tuple[Stock, ...]) -> list[Reason]:
    """Without any known critical item nobody can say that all of them are there."""
    if not stock:
        return [Reason("no_needs")]
    return [Reason("unconfirmed", s.item, s.name) for s in stock if s.need is None or not s.confirmed]


def _without_check(facts: Facts, at: datetime) -> list[Reason]:
    reasons = [Reason("stock_short", s.item, s.name, s.have, s.need or 0, s.estimate) for s in facts.stock if s.short]
    if facts.arrives_at is None:
        reasons.append(Reason("no_plan"))
    elif at < facts.arrives_at:
        reasons.append(Reason("not_delivered", at=facts.arrives_at))
    reasons.append(Reason("no_report", at=facts.arrives_at))
    return reasons + _unconfirmed(facts.stock)


def _from_check(facts: Facts, check: Check, at: datetime, limits: Limits) -> list[Reason]:
    names = {s.item: s.name for s in facts.stock}
    seen = check.checked_at
    reasons = [Reason("check_missing", item, names.get(item, item), at=seen) for item in check.missing]
    answers = (("seal_broken", check.seals), ("place_not_ready", check.place), ("kpps_absent", check.kpps))
    reasons += [Reason(code, at=seen) for code, answer in answers if answer is Answer.NO]
    unseen = (("items", check.items), ("seals", check.seals), ("place", check.place), ("kpps", check.kpps))
    reasons += [Reason("unseen", item=what, at=seen) for what, answer in unseen if answer is Answer.UNSEEN]
    if at - seen > limits.check_valid:
        reasons.append(Reason("stale", at=seen))
    return reasons + _unconfirmed(facts.stock)


def summary(verdicts: Iterable[Verdict]) -> Summary:
    """Counts per state. The share of TPS ready is ready over total; there is no average of percentages."""
    states = Counter(v.state for v in verdicts)
    return Summary(states[State.READY], states[State.NOT_READY], states[State.UNKNOWN])


@dataclass(frozen=True)
class Cause:
    """One reason and all the TPS it holds back."""

    reason: Reason
    tps: tuple[str, ...]


def causes(verdicts: Iterable[Verdict], state: State) -> tuple[Cause, ...]:
    """The reasons of all TPS in a state, grouped (times left out), most TPS first.

    A TPS with several reasons is in several groups: groups do not add up to the number of TPS.
    """
    groups: dict[tuple[str, str, str, int, int, bool], list[str]] = {}
    for verdict in verdicts:
        if verdict.state is state:
            for r in verdict.reasons:
                if state is State.UNKNOWN or r.code in BLOCKING:
                    groups.setdefault((r.code, r.item, r.name, r.have, r.need, r.estimate), []).append(verdict.tps)
    found = [Cause(Reason(*key), tuple(dict.fromkeys(tps))) for key, tps in groups.items()]
    return tuple(sorted(found, key=lambda c: (-len(c.tps), c.reason.code, c.reason.item)))


WIB = timezone(timedelta(hours=7))


def due_at(voting_at: datetime, days_before: int) -> datetime:
    """The last instant of the civil day (WIB) so many days before voting: H-1 of 14 February ends at 14 February 00.00 WIB."""
    midnight = voting_at.astimezone(WIB).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(days=days_before - 1)).astimezone(UTC)


class BadLimit(record.Refusal):
    """A limit of less than an hour or more than two weeks."""

    code: ClassVar[str] = "readiness.bad_limit"


def check_limit(hours: int) -> None:
    """Refuse a limit that would make every check worthless or eternal."""
    if not 1 <= hours <= 336:
        raise BadLimit(hours=hours)


# --- early warnings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crew:
    """KPPS of a place as somebody counted them: officers wanted, there, and trained."""

    place: str
    name: str
    wanted: int
    there: int
    trained: int
    counted_at: datetime
    mark: str = ""


def crew_signals(crews: Iterable[Crew], midnight_at: datetime, at: datetime, limits: Limits | None = None) -> list[record.Signal]:
    """R14: from H-7, officers are missing or too few of them are trained. midnight_at: 00:00 local time of voting day."""
    held = limits or Limits()
    starts_at = midnight_at - timedelta(days=held.people_days_before)
    found = []
    for crew in crews:
        few = crew.trained * 1000 < held.trained_permille * crew.wanted
        missing = max(0, crew.wanted - crew.there)
        if at >= starts_at and (few or missing):
            said: dict[str, str | int] = {
                "place": crew.name, "wanted": crew.wanted, "there": crew.there, "trained": crew.trained, "missing": missing,
            }  # fmt: skip
            since_at, subject = max(starts_at, crew.counted_at), f"crew:{crew.place}"
            found.append(
                record.Signal("R14.latih", "HAMBATAN", subject, "high", ("KPU",), since_at, said, mark=crew.mark, place=crew.place)
            )
    return found


def absent_signals(checks: Iterable[Check], names: Mapping[str, str]) -> list[record.Signal]:
    """R14: the newest check at a TPS saw its officers incomplete. checks: the oldest first."""
    latest = {check.tps: check for check in checks}
    return [
        record.Signal(
            "R14", "HAMBATAN", f"tps:{tps}", "high", ("KPU",), check.checked_at, {"tps": names.get(tps, tps)}, (tps,), check.mark, tps
        )
        for tps, check in sorted(latest.items())
        if check.kpps is Answer.NO
    ]


@dataclass(frozen=True)
class Reach:
    """Whether a TPS has a telephone signal and power, and a plan for going without."""

    tps: str
    name: str
    signal: Answer
    power: Answer
    plan: bool
    seen_at: datetime
    mark: str = ""


def reach_signals(found: Iterable[Reach]) -> list[record.Signal]:
    """R15: no signal or no power at a TPS and no plan for going without. What nobody looked at is not said to be missing."""
    return [
        record.Signal(
            "R15", "TANTANGAN", f"reach:{one.tps}", "watch", ("KPU", "PEMDA"), one.seen_at,
            {"tps": one.name, "signal": one.signal.value, "power": one.power.value}, (one.tps,), one.mark, one.tps,
        )
        for one in found
        if not one.plan and Answer.NO in {one.signal, one.power}
    ]  # fmt: skip
