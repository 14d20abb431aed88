"""Stage readiness: is each TPS ready now? Yes; no and why; or unknown.

The judgement is exact, not a forecast. A TPS is a chain of requirements, each with its due time: its goods, the legs they travel, its
people and its place (`requirements`); its state is the minimum over those that decide. It is ready when a recent check made AT the TPS
reports every critical item complete, seals whole, the place ready and KPPS present, the need of every critical item is confirmed, and
nothing recorded since speaks against it. Nothing is inferred from silence: a TPS nobody has reported on is unknown or not ready, never
ready; what is said by telephone can make it not ready, never ready. A regency's figure is the share of TPS ready.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import ClassVar

from posko.domain import packing, record, thresholds


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


ASPECTS = ("pallet", "roof", "drain", "ground", "power", "signal")
"""What a check may also say about the place: boxes at least 30 cm above the floor, a sound roof, water runs off around it, the place itself
does not flood; power and light; a telephone signal. The first three are the checklist for the last night (Sunter Jaya 2024: boxes on the
floor, 10 cm of seepage at 05.45)."""
STORAGE = ASPECTS[:3]


class UnknownAspect(record.Refusal):
    """A check speaks of something about the place that nobody asks."""

    code: ClassVar[str] = "readiness.unknown_aspect"


@dataclass(frozen=True)
class Check:
    """What somebody at the TPS saw. site: answers about ASPECTS, those that were looked at; fallback: a plan for going without power or
    signal."""

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
    site: Mapping[str, Answer] = field(default_factory=dict)
    fallback: bool = False

    def __post_init__(self) -> None:
        if self.items is Answer.NO and not self.missing:
            raise MissingUnnamed(tps=self.tps)
        if self.items is not Answer.NO and self.missing:
            raise Contradiction(tps=self.tps, item=self.missing[0])
        strange = sorted(set(self.site) - set(ASPECTS))
        if strange:
            raise UnknownAspect(aspect=strange[0][:20])

    def about(self, aspect: str) -> Answer:
        """What it says about an aspect of the place."""
        return self.site.get(aspect, Answer.UNSEEN)


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
class Crew:
    """KPPS of a place (a TPS, or a desa) as somebody counted them, never by name: officers wanted, there, and trained."""

    place: str
    name: str
    wanted: int
    there: int
    trained: int
    counted_at: datetime
    mark: str = ""
    entry_id: str = ""


class BadCrew(record.Refusal):
    """Counts that cannot be: nobody wanted, or more trained than there are."""

    code: ClassVar[str] = "readiness.bad_crew"


def check_crew(wanted: int, there: int, trained: int) -> None:
    """Refuse counts that cannot be. BadCrew."""
    if not (1 <= wanted <= 999 and 0 <= there <= 999 and 0 <= trained <= there):
        raise BadCrew(wanted=wanted, there=there, trained=trained)


@dataclass(frozen=True)
class Leg:
    """A hand-over on the way to a TPS: loaded | departed | arrived | handed (to the KPPS). done_at: None until it is recorded for all
    boxes of the TPS; by: who recorded it. followed: somebody records the hand-overs of these boxes, so that what is not recorded has not
    happened; otherwise its absence says nothing."""

    code: str
    due_at: datetime
    done_at: datetime | None = None
    by: str = ""
    followed: bool = False


class BadPhone(record.Refusal):
    """A telephone report without anything missing that says not ready, or the other way round."""

    code: ClassVar[str] = "readiness.bad_phone"


SAID = ("ready", "not_ready")
LACKS = ("seals", "place", "kpps", "goods")
"""What somebody may say is lacking, besides the critical items by code; goods: the boxes have not come."""


@dataclass(frozen=True)
class Phone:
    """What somebody at the TPS said by telephone: weaker than a check. missing: codes of critical items and LACKS."""

    tps: str
    said: str
    missing: tuple[str, ...]
    said_at: datetime
    person: str
    agency: str
    mark: str = ""
    entry_id: str = ""

    def __post_init__(self) -> None:
        if self.said not in SAID or (self.said == "ready") != (not self.missing):
            raise BadPhone(tps=self.tps)


@dataclass(frozen=True)
class Facts:
    """Everything that is known about one TPS at an instant. `arrives_at` is the planned arrival, None where no plan reaches it.

    boxes None: no box of this election is prepared yet. dues: requirement -> when it is due, those that differ from `due_at`.
    """

    tps: str
    stock: tuple[Stock, ...]
    arrives_at: datetime | None
    check: Check | None
    due_at: datetime
    boxes: packing.OfTps | None = None
    legs: tuple[Leg, ...] = ()
    crew: Crew | None = None
    phone: Phone | None = None
    dues: Mapping[str, datetime] = field(default_factory=dict)


def openly(facts: Facts, check: Check | None) -> Facts:
    """The same TPS as the public may see it judged: by that check, without plan, hand-overs, counts and telephone."""
    return replace(facts, arrives_at=None, check=check, boxes=facts.boxes if check else None, legs=(), crew=None, phone=None)


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
    requirements: tuple["Requirement", ...] = ()


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


class Group(StrEnum):
    """The four parts of the chain."""

    ITEMS = "items"
    LEGS = "legs"
    PEOPLE = "people"
    PLACE = "place"


class Standing(StrEnum):
    """Where a requirement stands. late: it is known that it is not there, and its due time is over."""

    DONE = "done"
    LATE = "late"
    MISSING = "missing"
    UNKNOWN = "unknown"


CHAIN: Mapping[str, Group] = {
    "stock": Group.ITEMS, "packed": Group.ITEMS, "sealed": Group.ITEMS,
    "loaded": Group.LEGS, "departed": Group.LEGS, "arrived": Group.LEGS, "handed": Group.LEGS,
    "present": Group.PEOPLE, "trained": Group.PEOPLE,
    "place": Group.PLACE, "storage": Group.PLACE, "ground": Group.PLACE, "reach": Group.PLACE,
}  # fmt: skip
"""Every requirement of a TPS, in the order of the work."""

LEGS = tuple(code for code, group in CHAIN.items() if group is Group.LEGS)
DUE_DAYS: Mapping[str, int] = {
    "stock": 14, "packed": 3, "sealed": 3, "loaded": 1, "departed": 1, "arrived": 1, "handed": 1, "trained": 7, "place": 1, "storage": 1,
    "ground": 3, "reach": 3,
}  # fmt: skip
"""Days before voting at whose end a requirement is due where no plan says better. Only `handed` is from the law (UU 7/2017 Pasal 341); the
others are ours, and an election may set them."""
PRESENT_BEFORE = timedelta(hours=1)
"""KPPS are there an hour before the opening (ours)."""


@dataclass(frozen=True)
class Requirement:
    """One requirement of a TPS with its due time. deciding: the state of the TPS is the minimum over these; the others are shown and warn.

    done_at: when it was recorded as done; seen_at: when a check at the TPS found it done. Both None where it is not done.
    """

    code: str
    standing: Standing
    due_at: datetime
    reasons: tuple[Reason, ...] = ()
    done_at: datetime | None = None
    deciding: bool = True
    overdue: bool = False
    seen_at: datetime | None = None

    @property
    def group(self) -> Group:
        """Its part of the chain."""
        return CHAIN[self.code]

    @property
    def done_late(self) -> bool:
        """Recorded as done after its due time. When a check found it done says nothing about when it was."""
        return self.standing is Standing.DONE and self.done_at is not None and self.done_at > self.due_at


BLOCKING = (
    "check_missing", "seal_broken", "place_not_ready", "kpps_absent", "stock_short", "not_delivered", "no_boxes", "box_unpacked",
    "box_short", "box_wrong", "box_unsealed", "box_open", "seal_mismatch", "not_loaded", "not_departed", "not_arrived", "not_handed",
    "kpps_short", "storage_bad", "told_missing",
)  # fmt: skip
"""Reasons that make a TPS not ready; every other reason makes it unknown."""


def judge(facts: Facts, at: datetime, limits: Limits | None = None) -> Verdict:
    """The state of one TPS: the minimum over the requirements that decide.

    A problem that was seen stays until a later check sees it gone. An "all complete" loses its worth with age.
    """
    chain = requirements(facts, at, limits)
    deciding = [one for one in chain if one.deciding]
    reasons = tuple(dict.fromkeys(reason for one in deciding for reason in one.reasons))
    blocked = any(one.standing in {Standing.MISSING, Standing.LATE} for one in deciding)
    unknown = any(one.standing is Standing.UNKNOWN for one in deciding)
    state = State.NOT_READY if blocked else State.UNKNOWN if unknown else State.READY
    return Verdict(facts.tps, state, reasons, facts.due_at, state is not State.READY and at > facts.due_at, chain)


@dataclass(frozen=True)
class _Found:
    """What was found about a requirement, before its due time is looked at."""

    missing: tuple[Reason, ...] = ()
    unknown: tuple[Reason, ...] = ()
    done_at: datetime | None = None
    deciding: bool = True
    seen_at: datetime | None = None


def requirements(facts: Facts, at: datetime, limits: Limits | None = None) -> tuple[Requirement, ...]:
    """The whole chain of a TPS, in the order of CHAIN."""
    held = limits or Limits()
    legs = {leg.code: leg for leg in facts.legs}
    found = {"stock": _stock(facts), "packed": _packed(facts, at, held), "sealed": _sealed(facts, at, held)}
    found |= _legs(facts, legs, at)
    found |= {"present": _present(facts, at, held), "trained": _trained(facts, held)}
    found |= {"place": _place(facts, at, held), **_site(facts, at, held)}
    return tuple(
        _judged(code, found[code], legs[code].due_at if code in legs else facts.dues.get(code, facts.due_at), at) for code in CHAIN
    )


def _judged(code: str, found: _Found, due_at: datetime, at: datetime) -> Requirement:
    overdue = at > due_at
    standing = Standing.UNKNOWN if found.unknown else Standing.DONE
    if found.missing:
        standing = Standing.LATE if overdue else Standing.MISSING
    done = standing is Standing.DONE
    done_at, seen_at = (found.done_at, found.seen_at) if done else (None, None)
    return Requirement(code, standing, due_at, (*found.missing, *found.unknown), done_at, found.deciding, overdue and not done, seen_at)


def _silent(facts: Facts) -> Reason:
    """Nobody at the TPS was seen or heard; or somebody said by telephone that all is there, which nobody has seen."""
    if facts.phone is not None and facts.phone.said == "ready":
        return Reason("told_ready", at=facts.phone.said_at)
    return Reason("no_report", at=facts.arrives_at)


def _told(facts: Facts, *lacks: str) -> tuple[Reason, ...]:
    """What was said to be missing by telephone after the newest check. No lacks: everything that has no requirement of its own."""
    phone = facts.phone
    if phone is None or (facts.check is not None and facts.check.checked_at >= phone.said_at):
        return ()
    names = {s.item: s.name for s in facts.stock}
    mine = [one for one in phone.missing if (one in lacks if lacks else one not in LACKS)]
    return tuple(Reason("told_missing", one, names.get(one, ""), at=phone.said_at) for one in mine)


def _seen(facts: Facts, what: str, code: str, at: datetime, limits: Limits) -> _Found:
    """What the newest check says about one of its four questions."""
    check = facts.check
    if check is None:
        return _Found(unknown=(_silent(facts),))
    answer = {"items": check.items, "seals": check.seals, "place": check.place, "kpps": check.kpps}[what]
    seen = check.checked_at
    old = (Reason("stale", at=seen),) if at - seen > limits.check_valid else ()
    if answer is Answer.UNSEEN:
        return _Found(unknown=(Reason("unseen", item=what, at=seen), *old))
    if answer is Answer.YES:
        return _Found(unknown=old, seen_at=seen)
    lacks: tuple[Reason, ...] = (Reason(code, at=seen),)
    if what == "items":
        names = {s.item: s.name for s in facts.stock}
        lacks = tuple(Reason(code, item, names.get(item, item), at=seen) for item in check.missing)
    return _Found(missing=lacks, unknown=old)


def _stock(facts: Facts) -> _Found:
    """Without any known critical item nobody can say that all of them are there. The regency's stock decides until a check was made."""
    short = tuple(Reason("stock_short", s.item, s.name, s.have, s.need or 0, s.estimate) for s in facts.stock if s.short)
    unsure = tuple(Reason("unconfirmed", s.item, s.name) for s in facts.stock if s.need is None or not s.confirmed)
    unsure = unsure if facts.stock else (Reason("no_needs"),)
    if facts.check is None:
        return _Found(missing=short, unknown=unsure)
    return _Found(unknown=unsure) if unsure or facts.check.items is not Answer.UNSEEN else _Found(missing=short, deciding=False)


def _packed(facts: Facts, at: datetime, limits: Limits) -> _Found:
    """The TPS's own goods: what a check saw, else what packing recorded. Sheets of another dapil inside a box are seen by no check."""
    boxes, seen = facts.boxes, _seen(facts, "items", "check_missing", at, limits)
    said = _told(facts)
    if boxes is not None:
        wrong = (Reason("box_wrong", have=boxes.wrong, need=boxes.wanted),) if boxes.wrong else ()
        said = (*wrong, *said)
        if facts.check is None:
            return _Found(missing=(*said, *_lacking(boxes)), done_at=boxes.sealed_at)
        seen = replace(seen, done_at=None if _lacking(boxes) else boxes.sealed_at)
    return replace(seen, missing=(*said, *seen.missing))


def _lacking(boxes: packing.OfTps) -> tuple[Reason, ...]:
    if boxes.prepared < boxes.wanted:
        return (Reason("no_boxes", have=boxes.prepared, need=boxes.wanted),)
    if boxes.complete < boxes.wanted:
        return (Reason("box_unpacked", have=boxes.complete, need=boxes.wanted),)
    return (Reason("box_short", have=boxes.short, need=boxes.wanted),) if boxes.short else ()


def _sealed(facts: Facts, at: datetime, limits: Limits) -> _Found:
    """A number that does not match stands until the box is closed again; so does a box that was opened after the check."""
    boxes, check = facts.boxes, facts.check
    seen, said = _seen(facts, "seals", "seal_broken", at, limits), _told(facts, "seals")
    if boxes is not None:
        opened = boxes.opened and (check is None or boxes.opened_at is None or boxes.opened_at > check.checked_at)
        said = (*((Reason("box_open", have=boxes.opened, need=boxes.wanted),) if opened else ()), *said)
        said = (*((Reason("seal_mismatch", have=boxes.mismatched, need=boxes.wanted),) if boxes.mismatched else ()), *said)
        if check is None:
            open_still = boxes.wanted - boxes.sealed - boxes.opened
            unsealed = (Reason("box_unsealed", have=boxes.sealed, need=boxes.wanted),) if open_still > 0 else ()
            return _Found(missing=(*said, *unsealed), done_at=boxes.sealed_at)
        seen = replace(seen, done_at=boxes.sealed_at if boxes.sealed >= boxes.wanted else None)
    return replace(seen, missing=(*said, *seen.missing))


def _legs(facts: Facts, legs: Mapping[str, Leg], at: datetime) -> dict[str, _Found]:
    """The way to the TPS: a check that saw goods or seals proves all of it; then hand-overs, then the plan. The first open leg decides.

    Boxes that were said by telephone not to be there are not there, until a later check or hand-over to the KPPS says otherwise.
    """
    check, told = facts.check, _told(facts, "goods")
    handed = legs.get("handed")
    if facts.phone is not None and handed is not None and handed.done_at is not None and handed.done_at >= facts.phone.said_at:
        told = ()
    if check is not None and {check.items, check.seals} != {Answer.UNSEEN}:
        seen = {code: _Found(done_at=legs[code].done_at if code in legs else None, seen_at=check.checked_at) for code in LEGS}
        return {**seen, "handed": _Found(missing=told)} if told else seen
    found: dict[str, _Found] = {}
    last = max((i for i, code in enumerate(LEGS) if code in legs and legs[code].done_at), default=-1)
    followed = False
    for i, code in enumerate(LEGS):
        leg = legs.get(code)
        if i <= last:
            found[code] = _Found(done_at=leg.done_at if leg else None)
        elif leg is not None and leg.followed:
            found[code] = _Found(missing=(Reason(f"not_{code}", at=leg.due_at),), deciding=not followed)
            followed = True
        else:
            found[code] = _planned(facts, at, check is None and not followed and code in {"arrived", "handed"})
    if told:
        found["handed"] = _Found(missing=told)
    return found


def _planned(facts: Facts, at: datetime, deciding: bool) -> _Found:
    """Without records of the way only the plan speaks: before the planned arrival nothing is there; afterwards nobody knows."""
    if facts.arrives_at is None:
        return _Found(unknown=(Reason("no_plan"),), deciding=deciding)
    if at < facts.arrives_at:
        return _Found(missing=(Reason("not_delivered", at=facts.arrives_at),), deciding=deciding)
    return _Found(unknown=(_silent(facts),), deciding=deciding)


def _present(facts: Facts, at: datetime, limits: Limits) -> _Found:
    seen, crew, check = _seen(facts, "kpps", "kpps_absent", at, limits), facts.crew, facts.check
    said = _told(facts, "kpps")
    if crew is not None and crew.there < crew.wanted and (check is None or crew.counted_at > check.checked_at):
        said = (Reason("kpps_short", have=crew.there, need=crew.wanted), *said)
    return replace(seen, missing=(*said, *seen.missing))


def _trained(facts: Facts, limits: Limits) -> _Found:
    """Warns and does not decide: a TPS opens with untrained officers too, only worse."""
    crew = facts.crew
    if crew is None:
        return _Found(unknown=(Reason("no_crew"),), deciding=False)
    if crew.trained * 1000 < limits.trained_permille * crew.wanted:
        return _Found(missing=(Reason("few_trained", have=crew.trained, need=crew.wanted),), deciding=False)
    return _Found(done_at=crew.counted_at, deciding=False)


def _place(facts: Facts, at: datetime, limits: Limits) -> _Found:
    seen = _seen(facts, "place", "place_not_ready", at, limits)
    return replace(seen, missing=(*_told(facts, "place"), *seen.missing))


def _site(facts: Facts, at: datetime, limits: Limits) -> dict[str, _Found]:
    """The last night's storage decides where something is wrong with it; what nobody looked at there is shown and takes nothing away."""
    check = facts.check
    if check is None:
        return dict.fromkeys(("storage", "ground", "reach"), _Found(unknown=(_silent(facts),), deciding=False))
    seen = check.checked_at
    old = (Reason("stale", at=seen),) if at - seen > limits.check_valid else ()

    def about(code: str, aspects: tuple[str, ...], deciding: bool = False) -> _Found:
        bad = tuple(Reason(code, one, at=seen) for one in aspects if check.about(one) is Answer.NO)
        unseen = tuple(Reason("unasked", one) for one in aspects if check.about(one) is Answer.UNSEEN)
        return _Found(bad, (*unseen, *old), deciding=deciding and bool(bad), seen_at=seen)

    reach = about("no_reach", ("power", "signal"))
    if check.fallback and reach.missing:
        reach = _Found(unknown=reach.unknown, deciding=False, seen_at=seen)
    return {"storage": about("storage_bad", STORAGE, True), "ground": about("low_ground", ("ground",)), "reach": reach}


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


class UnknownPhone(record.Refusal):
    """No such telephone report, or it was withdrawn already."""

    code: ClassVar[str] = "readiness.unknown_phone"


class UnknownPlace(record.Refusal):
    """Counts of officers for a place that is neither a TPS nor a desa of this election."""

    code: ClassVar[str] = "readiness.unknown_place"


class BadDue(record.Refusal):
    """A due time that the law gives, of no requirement, or more than 60 days before voting."""

    code: ClassVar[str] = "readiness.bad_due"


def check_due(code: str, days_before: int) -> None:
    """Refuse to set when a requirement is due where it is not ours to set. BadDue."""
    if code not in DUE_DAYS or code == "handed" or not 0 <= days_before <= 60:
        raise BadDue(code=code[:20], days=days_before)


def dues(voting_at: datetime, days: Mapping[str, int]) -> dict[str, datetime]:
    """When every requirement is due by days before voting; days: those that this election set itself."""
    found = {code: due_at(voting_at, days.get(code, standard)) for code, standard in DUE_DAYS.items()}
    return {**found, "present": voting_at - PRESENT_BEFORE}


class BadLimit(record.Refusal):
    """A limit of less than an hour or more than two weeks."""

    code: ClassVar[str] = "readiness.bad_limit"


def check_limit(hours: int) -> None:
    """Refuse a limit that would make every check worthless or eternal."""
    if not 1 <= hours <= 336:
        raise BadLimit(hours=hours)


# --- early warnings ------------------------------------------------------------------------------------------------------


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
