"""Stage disputes: which number is right when two agencies differ, settled by hash and sources and not by voice.

A dispute names a figure of a frozen snapshot by the snapshot's digest, and beside it the number of an agency, each with its source and its
time. What can be computed is computed: another unit, another whole, another time, rounding, entries that came late. Then both sides agree
on one outcome, each in its own login, or one disagrees and that is recorded. The snapshot itself never changes: where the agency is right,
somebody enters a correction into the record, and the next snapshot shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from posko.domain import materials, rakor, record
from posko.domain.materials import Unit

SHORTEST_WORDS, LONGEST_WORDS = 10, 600
ORGANISER, POST = "KPU", "KEJARI"

# --- refusals ------------------------------------------------------------------------------------------------------------


class NotAtTable(record.Refusal):
    """Only who may read the pack raises a dispute about it; and the number belongs to an agency that was invited, or came."""

    code: ClassVar[str] = "disputes.not_at_table"


class UnknownFigure(record.Refusal):
    """The snapshot has no such figure."""

    code: ClassVar[str] = "disputes.unknown_figure"


class SameNumber(record.Refusal):
    """The two numbers do not differ."""

    code: ClassVar[str] = "disputes.same_number"


class AlreadyRaised(record.Refusal):
    """This figure of this snapshot is disputed by this agency already."""

    code: ClassVar[str] = "disputes.already_raised"


class Unknown(record.Refusal):
    """No such dispute, or none that this person may see."""

    code: ClassVar[str] = "disputes.unknown"


class SeenOther(record.Refusal):
    """Somebody did something while the form was open."""

    code: ClassVar[str] = "disputes.seen_other"


class NoStep(record.Refusal):
    """From this state there is no such step, or it is another agency's."""

    code: ClassVar[str] = "disputes.no_step"


class BadOutcome(record.Refusal):
    """An outcome that is not in the list."""

    code: ClassVar[str] = "disputes.bad_outcome"


class WordsMissing(record.Refusal):
    """What is to be corrected, how the definitions differ, what is still to be found, why somebody disagrees."""

    code: ClassVar[str] = "disputes.words_missing"


class OwnerMissing(record.Refusal):
    """A correction or a task has an agency of the meeting that does it."""

    code: ClassVar[str] = "disputes.owner_missing"


class BadDue(record.Refusal):
    """A correction or a task is due after now."""

    code: ClassVar[str] = "disputes.bad_due"


# --- words ---------------------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What both sides may agree on."""

    FROZEN = "frozen"
    AGENCY = "agency"
    BOTH = "both"
    LEFT = "left"


class Act(StrEnum):
    """What may happen to a dispute."""

    PROPOSE = "propose"
    AGREE = "agree"
    DISAGREE = "disagree"
    WITHDRAW = "withdraw"
    REPORT = "report"


class State(StrEnum):
    """Where it stands. LEFT: both agree that it is not settled yet, and a task runs."""

    OPEN = "open"
    PROPOSED = "proposed"
    DISAGREED = "disagreed"
    SETTLED = "settled"
    LEFT = "left"
    WITHDRAWN = "withdrawn"


TASKED = frozenset({Outcome.AGENCY, Outcome.LEFT})
"""Outcomes after which somebody has something to do."""
PROPOSABLE = frozenset({State.OPEN, State.DISAGREED})

# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One of the two numbers: whose, how much of how much (-1: no whole), in what, from where, as of when; entry: where it is written."""

    agency: str
    number: int
    denominator: int
    unit: Unit
    source: str
    as_of_at: datetime
    entry_id: str = ""


@dataclass(frozen=True)
class Step:
    """What happened. outcome, owner, due_at: of a proposal."""

    act: Act
    agency: str
    person: str
    at: datetime
    words: str = ""
    outcome: str = ""
    owner: str = ""
    due_at: datetime | None = None
    entry_id: str = ""


@dataclass(frozen=True)
class Proposal:
    """An outcome on the table and who has said yes or no to it."""

    outcome: Outcome
    words: str
    owner: str
    due_at: datetime | None
    by: str
    at: datetime
    entry_id: str
    agreed: tuple[str, ...] = ()
    refused_by: str = ""
    why: str = ""


@dataclass(frozen=True)
class Dispute:
    """A figure of a snapshot and the number that somebody holds against it, with all that happened since. `own`: the number brought."""

    code: str
    meeting: str
    snapshot: str
    digest: str
    section_hash: str
    figure: str
    label: str
    frozen: Side
    claim: Side
    raised_by: str
    raised_at: datetime
    person: str = ""
    own: str = ""
    steps: tuple[Step, ...] = ()
    mark: str = ""
    entry_id: str = ""

    @property
    def sides(self) -> tuple[str, str]:
        """The two agencies that settle it: whose number it is, and who answers for the frozen one."""
        return (self.claim.agency, self.frozen.agency)

    @property
    def difference(self) -> int:
        """The agency's number minus the frozen one."""
        return self.claim.number - self.frozen.number

    @property
    def proposal(self) -> Proposal | None:
        """The last outcome on the table, with the answers to it."""
        found: Proposal | None = None
        for step in self.steps:
            if step.act is Act.PROPOSE:
                agreed = (step.agency,) if step.agency in self.sides else ()
                found = Proposal(Outcome(step.outcome), step.words, step.owner, step.due_at, step.agency, step.at, step.entry_id, agreed)
            elif found is not None and step.act is Act.AGREE:
                found = replace(found, agreed=(*found.agreed, step.agency))
            elif found is not None and step.act is Act.DISAGREE:
                found = replace(found, refused_by=step.agency, why=step.words)
        return found

    @property
    def reported(self) -> Step | None:
        """What the owner of the last proposal's task reported, if anything."""
        for step in reversed(self.steps):
            if step.act is Act.PROPOSE:
                return None
            if step.act is Act.REPORT:
                return step
        return None

    @property
    def state(self) -> State:
        """Derived from what happened."""
        if any(s.act is Act.WITHDRAW for s in self.steps):
            return State.WITHDRAWN
        on_table = self.proposal
        if on_table is None:
            return State.OPEN
        if on_table.refused_by:
            return State.DISAGREED
        if not set(self.sides) <= set(on_table.agreed):
            return State.PROPOSED
        if on_table.outcome is Outcome.LEFT:
            return State.OPEN if self.reported else State.LEFT
        return State.SETTLED

    @property
    def settled_at(self) -> datetime | None:
        """When the second side agreed; None while it is not settled."""
        if self.state is not State.SETTLED:
            return None
        return max(s.at for s in self.steps if s.act in {Act.PROPOSE, Act.AGREE})

    @property
    def task(self) -> Proposal | None:
        """The outcome whose task still runs: a correction to be entered, or something to be found out."""
        on_table = self.proposal
        runs = self.state in {State.SETTLED, State.LEFT} and on_table is not None and on_table.outcome in TASKED
        return on_table if runs and self.reported is None else None

    @property
    def last_id(self) -> str:
        """What a form has seen."""
        return self.steps[-1].entry_id if self.steps else self.entry_id


# --- raising -------------------------------------------------------------------------------------------------------------

_UNITS = {
    "tps": Unit.TPS, "voters": Unit.PEOPLE, "units": Unit.PIECE, "lines": Unit.LINE, "supply": Unit.TPS, "ready": Unit.TPS,
    "not_ready": Unit.TPS, "unknown": Unit.TPS,
}  # fmt: skip
_NEEDS = {"KOTAK": Unit.BOX, "SURAT_SUARA": Unit.SHEET}


def unit_of(figure: str) -> Unit:
    """In what a figure of the snapshot counts."""
    kind, _, item = figure.partition(":")
    return _NEEDS.get(item, Unit.PIECE) if kind == "need" else _UNITS.get(kind, Unit.PIECE)


def holder_of(claimant: str) -> str:
    """Who answers for a frozen figure: the KPU, whose numbers they are; against the KPU itself the Kejari, which keeps the post.

    Ours, no law's.
    """
    return POST if claimant == ORGANISER else ORGANISER


def frozen_side(row: Mapping[str, rakor.Value], claimant: str, entry_id: str) -> Side:
    """A figure of the snapshot as a side."""
    figure = str(row["code"])
    numerator, denominator = row["numerator"], row.get("denominator", -1)
    assert isinstance(numerator, int)
    assert isinstance(denominator, int)
    at = datetime.fromisoformat(str(row["at"]))
    return Side(holder_of(claimant), numerator, denominator, unit_of(figure), str(row["source"]), at, entry_id)


def figure_row(sections: rakor.Sections, figure: str) -> Mapping[str, rakor.Value]:
    """A figure of a snapshot by its code. UnknownFigure."""
    rows = sections.get("figures", [])
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("code") == figure:
            return row
    raise UnknownFigure(figure=figure[:40])


def differ(claim: Side, frozen: Side) -> bool:
    """Whether two numbers differ: another number or unit, or another whole where both have one."""
    whole = -1 not in {claim.denominator, frozen.denominator} and claim.denominator != frozen.denominator
    return (claim.number, claim.unit) != (frozen.number, frozen.unit) or whole


def readers(meeting: rakor.Meeting) -> frozenset[str]:
    """Who reads frozen figures of a meeting, and so its disputes: who may read its pack. Bawaslu besides, by law."""
    return frozenset(a.agency for a in meeting.agencies if rakor.may_read(a.agency, meeting))


def check_raise(
    meeting: rakor.Meeting, raiser: str, claim: Side, frozen: Side, figure: str, digest: str, standing: Iterable[Dispute]
) -> None:
    """Whether a dispute may be raised. NotAtTable, SameNumber, AlreadyRaised."""
    if raiser not in readers(meeting):
        raise NotAtTable(agency=raiser)
    if claim.agency not in materials.readers(meeting):
        raise NotAtTable(agency=claim.agency)
    if not differ(claim, frozen):
        raise SameNumber(number=frozen.number)
    for one in standing:
        same = (one.digest, one.figure, one.claim.agency) == (digest, figure, claim.agency)
        if same and one.state not in {State.SETTLED, State.WITHDRAWN}:
            raise AlreadyRaised(code=one.code)


# --- settling ------------------------------------------------------------------------------------------------------------


def possible(dispute: Dispute, agency: str) -> tuple[Act, ...]:
    """What an agency may do now."""
    state, on_table, found = dispute.state, dispute.proposal, list[Act]()
    part = {*dispute.sides, dispute.raised_by}
    if state in PROPOSABLE and agency in part:
        found.append(Act.PROPOSE)
    if state is State.PROPOSED and on_table is not None and agency in dispute.sides and agency not in on_table.agreed:
        found += [Act.AGREE, Act.DISAGREE]
    if agency == dispute.raised_by and state in {State.OPEN, State.PROPOSED, State.DISAGREED}:
        found.append(Act.WITHDRAW)
    if dispute.task is not None and agency == dispute.task.owner:
        found.append(Act.REPORT)
    return tuple(found)


def next_step(
    dispute: Dispute,
    act: Act,
    actor: record.Actor,
    at: datetime,
    *,
    words: str = "",
    outcome: str = "",
    owner: str = "",
    due_at: datetime | None = None,
    table: Iterable[str] = (),
) -> Step:
    """A step. table: the agencies of the meeting. NoStep, BadOutcome, WordsMissing, OwnerMissing, BadDue."""
    if act not in possible(dispute, actor.agency):
        raise NoStep(code=dispute.code)
    if act is not Act.PROPOSE:
        if act is not Act.AGREE:
            _check_words(words)
        return Step(act, actor.agency, actor.person, at, words)
    if outcome not in {o.value for o in Outcome}:
        raise BadOutcome(outcome=outcome[:20])
    what = Outcome(outcome)
    if what is not Outcome.FROZEN or words:
        _check_words(words)
    if what not in TASKED:
        return Step(act, actor.agency, actor.person, at, words, what.value)
    if owner not in set(table):
        raise OwnerMissing()
    if due_at is None or due_at <= at:
        raise BadDue()
    return Step(act, actor.agency, actor.person, at, words, what.value, owner, due_at)


def _check_words(words: str) -> None:
    if not SHORTEST_WORDS <= len(words) <= LONGEST_WORDS:
        raise WordsMissing(least=SHORTEST_WORDS, most=LONGEST_WORDS)


# --- explaining ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recount:
    """A figure counted again from the record as of an instant. None: the record has nothing of that time; entries: since then until now.

    today: parts that the record keeps without their past (the list of TPS under other figures) were taken as they are now.
    """

    at: datetime
    number: int | None
    denominator: int = -1
    today: bool = False


@dataclass(frozen=True)
class Explanation:
    """A reason for a difference that was computed. fits: it explains the whole difference; facts: numbers for the sentence."""

    code: str
    fits: bool
    facts: Mapping[str, int]


def explanations(claim: Side, frozen: Side, at_claim: Recount | None, at_frozen: Recount | None) -> tuple[Explanation, ...]:
    """Every computed reason for a difference, those that explain all of it first; empty where there is none.

    at_claim: the figure counted again as of the agency's time; at_frozen: as of the snapshot's, with what was entered later.
    """
    found = [
        *_by_unit(claim, frozen), *_by_whole(claim, frozen), *_by_time(claim, frozen, at_claim), *_by_late(claim, frozen, at_frozen),
        *_by_rounding(claim, frozen),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda e: not e.fits))


def _by_unit(claim: Side, frozen: Side) -> list[Explanation]:
    if claim.unit is frozen.unit:
        return []
    told = {"claim": claim.number, "frozen": frozen.number}
    if claim.unit is Unit.THOUSAND:
        return [Explanation("thousand", rounded(frozen.number, 1000) // 1000 == claim.number, told)]
    if claim.unit is Unit.PERCENT and frozen.denominator > 0:
        share = (200 * frozen.number + frozen.denominator) // (2 * frozen.denominator)
        return [Explanation("percent", share == claim.number, {**told, "whole": frozen.denominator, "share": share})]
    return [Explanation("unit", False, told)]


def _by_whole(claim: Side, frozen: Side) -> list[Explanation]:
    if claim.denominator == frozen.denominator or claim.unit is not frozen.unit:
        return []
    told = {"claim": claim.denominator, "frozen": frozen.denominator}
    if -1 in {claim.denominator, frozen.denominator}:
        return [Explanation("whole_missing", False, told)] if claim.number != frozen.number else []
    same_share = claim.number * frozen.denominator == frozen.number * claim.denominator
    return [Explanation("whole", claim.number == frozen.number or same_share, told)]


def _by_time(claim: Side, frozen: Side, at_claim: Recount | None) -> list[Explanation]:
    if claim.as_of_at == frozen.as_of_at or at_claim is None:
        return []
    if at_claim.number is None:
        return [Explanation("time_unknown", False, {})]
    told = {"recount": at_claim.number, "claim": claim.number, "frozen": frozen.number, "today": int(at_claim.today)}
    if at_claim.number == frozen.number and claim.number != frozen.number:
        return [Explanation("time_same", False, told)]
    return [Explanation("time", at_claim.number == claim.number and claim.unit is frozen.unit, told)]


def _by_late(claim: Side, frozen: Side, at_frozen: Recount | None) -> list[Explanation]:
    if at_frozen is None or at_frozen.number is None or at_frozen.number == frozen.number:
        return []
    told = {"recount": at_frozen.number, "claim": claim.number, "frozen": frozen.number, "today": int(at_frozen.today)}
    return [Explanation("late", at_frozen.number == claim.number and claim.unit is frozen.unit, told)]


def _by_rounding(claim: Side, frozen: Side) -> list[Explanation]:
    if claim.unit is not frozen.unit or claim.number == frozen.number:
        return []
    step = next((s for s in (10, 100, 1000, 10_000, 100_000) if frozen.number >= s and rounded(frozen.number, s) == claim.number), 0)
    return [Explanation("rounding", True, {"claim": claim.number, "frozen": frozen.number, "step": step})] if step else []


def rounded(number: int, step: int) -> int:
    """To a multiple of `step`, half up."""
    return (2 * number + step) // (2 * step) * step


# --- what differs without anybody having said so ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """Two numbers that differ. frozen None: between two agencies. own, other_own: codes of the numbers brought; dispute: its code."""

    figure: str
    label: str
    one: Side
    other: Side
    own: str
    other_own: str = ""
    dispute: str = ""

    @property
    def against_frozen(self) -> bool:
        """Whether the other number is the snapshot's."""
        return not self.other_own


def own_side(own: materials.OwnFigure) -> Side:
    """A number that an agency brought, as a side; SAME becomes the unit of the snapshot's figure."""
    unit = unit_of(own.figure) if own.unit is Unit.SAME else own.unit
    return Side(own.agency, own.number, own.denominator, unit, own.source, own.as_of_at, own.entry_id)


def gaps(
    sections: rakor.Sections, frozen_entry: str, digest: str, brought: Sequence[materials.OwnFigure], disputes: Iterable[Dispute]
) -> tuple[Gap, ...]:
    """What differs at a meeting: each agency's standing numbers against the snapshot's, then against one another.

    Two agencies are laid side by side where both name the same figure and neither is the frozen number, or use the same label.
    """
    raised = {(d.figure, d.claim.agency): d.code for d in disputes if d.digest == digest and d.state is not State.WITHDRAWN}
    found, apart = [], []
    for own in brought:
        side = own_side(own)
        frozen = _frozen_of(sections, own, frozen_entry)
        if frozen is None:
            apart.append((own, side))
        elif differ(side, frozen):
            found.append(Gap(own.figure, own.label, side, frozen, own.code, "", raised.get((own.figure, own.agency), "")))
            apart.append((own, side))
    for n, (own, side) in enumerate(apart):
        for other, against in apart[n + 1 :]:
            if own.agency != other.agency and _key(own) == _key(other) and differ(side, against):
                found.append(Gap(own.figure, own.label, side, against, own.code, other.code))
    return tuple(found)


def _frozen_of(sections: rakor.Sections, own: materials.OwnFigure, entry_id: str) -> Side | None:
    if not own.figure:
        return None
    try:
        return frozen_side(figure_row(sections, own.figure), own.agency, entry_id)
    except UnknownFigure:
        return None


def _key(own: materials.OwnFigure) -> str:
    return own.figure or " ".join(own.label.casefold().split())
