"""Stage transfers: which TPS has too few, who may help, how soon is it there?

A count states what a TPS holds of one line against what it must hold. Ballots go only from a TPS to another of the same contest and the
same dapil, never below what the giver must keep, and only where they arrive before a deadline. A way whose time is unknown is never
proposed. Every answer names its why: what is proposed, and for each TPS that could not help, the reason.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from posko.domain import distribution, places, record, thresholds

UNDO_FOR = timedelta(minutes=10)
"""How long the author may take back or correct alone, while nothing depends on it."""

BALLOT = "SURAT_SUARA"
PHASES = ("packing", "opening", "voting")
MARKS = ("", "REKONSTRUKSI", "[SIMULASI]")
MOST_PIECES = 1_000_000

Line = tuple[str, str, str]
"""(item, contest, dapil); the dapil in full. Contest and dapil are "" for goods that are alike everywhere."""


class NotANumber(record.Refusal):
    """What was typed is no whole number of pieces."""

    code: ClassVar[str] = "transfers.not_a_number"


class NegativeCount(record.Refusal):
    """A count below nought, or one that no TPS can hold."""

    code: ClassVar[str] = "transfers.negative"


class NothingCounted(record.Refusal):
    """A report without a single count."""

    code: ClassVar[str] = "transfers.nothing_counted"


class NotPositive(record.Refusal):
    """A transfer moves at least one piece."""

    code: ClassVar[str] = "transfers.not_positive"


class NeedUnknown(record.Refusal):
    """Nobody has said how many this TPS must have: it is asked for, never guessed."""

    code: ClassVar[str] = "transfers.need_unknown"


class UnknownTps(record.Refusal):
    """No such TPS here; while the list of TPS is provisional, no such desa."""

    code: ClassVar[str] = "transfers.unknown_tps"


class WrongLine(record.Refusal):
    """The TPS does not vote in this contest, or the item is none of this election."""

    code: ClassVar[str] = "transfers.wrong_line"


class UnknownThing(record.Refusal):
    """No such count, proposal or transfer in this election."""

    code: ClassVar[str] = "transfers.unknown"


class ReasonMissing(record.Refusal):
    """A recount, a refusal, a correction, the use of reserves: each says why."""

    code: ClassVar[str] = "transfers.reason_missing"


class SamePerson(record.Refusal):
    """A second person is needed and it is the same one, or none."""

    code: ClassVar[str] = "transfers.same_person"


class NothingChanged(record.Refusal):
    """A correction that states what already stands."""

    code: ClassVar[str] = "transfers.nothing_changed"


class InUse(record.Refusal):
    """A proposal that was not refused stands on this count."""

    code: ClassVar[str] = "transfers.in_use"


class BadDeadline(record.Refusal):
    """The deadline lies before the start."""

    code: ClassVar[str] = "transfers.bad_deadline"


class NotAMoment(record.Refusal):
    """What was typed is no day and hour."""

    code: ClassVar[str] = "transfers.not_a_moment"


class NotYetVotingDay(record.Refusal):
    """Reserves go to another TPS only on voting day; before it the KPU fills up from its own stock."""

    code: ClassVar[str] = "transfers.not_yet_voting_day"


class NothingShort(record.Refusal):
    """No TPS that was counted has too few."""

    code: ClassVar[str] = "transfers.nothing_short"


class NothingPossible(record.Refusal):
    """No TPS that was counted may give something in time; the page names the reason of each."""

    code: ClassVar[str] = "transfers.nothing_possible"


class NotHead(record.Refusal):
    """Only a head of the KPU decides on a proposal."""

    code: ClassVar[str] = "transfers.not_head"


class AlreadyDecided(record.Refusal):
    """The proposal has been approved or refused."""

    code: ClassVar[str] = "transfers.already_decided"


class Changed(record.Refusal):
    """The proposal no longer holds: counts, promises or the clock have moved. `first` names the first fault."""

    code: ClassVar[str] = "transfers.changed"


class WrongStep(record.Refusal):
    """The transfer is not at this step: not approved, already sent, received or cancelled."""

    code: ClassVar[str] = "transfers.wrong_step"


class NotEnough(record.Refusal):
    """The giver would keep less than it must."""

    code: ClassVar[str] = "transfers.not_enough"


@dataclass(frozen=True)
class Limits:
    """Minutes that no map knows. Assumptions until somebody times them; every time made from them is an estimate."""

    prepare_min: int = 20  # at the giver: count out before witnesses, sign
    handover_min: int = 10  # at the receiver: count, sign
    local_min: int = 15  # between two TPS of one desa or island, whose pins coincide
    landing_min: int = 30  # from road to boat or back
    short_watch: int = field(
        default=1, metadata=thresholds.bounds("R01", 1, 10, "lembar", "kekurangan di satu TPS yang dilaporkan", two=True)
    )


@dataclass(frozen=True)
class Keeping:
    """What a giver keeps: all it must have; or, on voting day, its registered voters and a stated floor of reserve, with a reason."""

    from_voters: bool = False
    floor: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        if self.floor < 0:
            raise NegativeCount(which="floor", value=self.floor)
        if self.from_voters and not self.reason.strip():
            raise ReasonMissing(what="reserve")


@dataclass(frozen=True)
class Count:
    """What a TPS was found to hold of one line, and what it must hold.

    source: "needs" where our own computation says so, "stated" where the reporter did. voters: registered voters, None where unknown.
    listed: whether the TPS stands in the list of this election (a provisional list may lack it).
    """

    code: str
    tps: str
    item: str
    contest: str
    dapil: str
    found: int
    needed: int
    source: str
    voters: int | None
    phase: str
    counted_at: datetime
    person: str = ""
    note: str = ""
    listed: bool = True
    replaces: str = ""
    reason: str = ""
    mark: str = ""
    entry_id: str = ""

    def __post_init__(self) -> None:
        for name in ("found", "needed"):
            if not 0 <= getattr(self, name) <= MOST_PIECES:
                raise NegativeCount(which=name, value=getattr(self, name))
        if self.phase not in PHASES:
            raise UnknownThing(thing=self.phase)

    @property
    def line(self) -> Line:
        """Which goods."""
        return (self.item, self.contest, self.dapil)


@dataclass(frozen=True)
class Reported:
    """One line as a person reports it. needed and voters: only where our own computation does not know them."""

    item: str
    contest: str
    found: int
    needed: int | None = None
    voters: int | None = None


@dataclass(frozen=True)
class Holding:
    """A count and what has been promised or moved since: pieces leaving (approved or sent), arrived, and still coming."""

    count: Count
    leaving: int = 0
    arrived: int = 0
    coming: int = 0

    @property
    def tps(self) -> str:
        """Where."""
        return self.count.tps

    @property
    def available(self) -> int:
        """Pieces that are there and promised to nobody."""
        return self.count.found - self.leaving + self.arrived

    @property
    def short(self) -> int:
        """Pieces missing even when all that was promised arrives."""
        return max(0, self.count.needed - self.available - self.coming)

    @property
    def lacking(self) -> int:
        """Pieces missing there now: what is promised has not come."""
        return max(0, self.count.needed - self.available)

    @property
    def over(self) -> int:
        """Pieces beyond the need."""
        return max(0, self.available - self.count.needed)

    def kept(self, keeping: Keeping) -> int:
        """What must stay: the need; or registered voters and the floor, never more than the need. Unknown voters: the need."""
        if not keeping.from_voters or self.count.voters is None:
            return self.count.needed
        return min(self.count.needed, self.count.voters + keeping.floor)

    def spare(self, keeping: Keeping) -> int:
        """Pieces it may give."""
        return max(0, self.available - self.kept(keeping))


@dataclass(frozen=True)
class Way:
    """From one TPS to another: minutes under way, None where nobody knows; `sea` needs a boat."""

    minutes: int | None
    sea: bool = False
    why: str = ""


@dataclass(frozen=True)
class Option:
    """A TPS that might help another: pieces it may give, when they would be there, and why not ("" where it may).

    why: same_tps | other_dapil | nothing_to_spare | unknown_way | too_late.
    """

    giver: str
    receiver: str
    spare: int
    minutes: int | None
    arrive_at: datetime | None
    sea: bool
    why: str

    @property
    def legal(self) -> bool:
        """Whether it may be proposed."""
        return not self.why


@dataclass(frozen=True)
class Question:
    """All that a proposal for one item and contest is made from."""

    item: str
    contest: str
    wants: Mapping[str, int]
    spares: Mapping[str, int]
    dapil: Mapping[str, str]
    options: tuple[Option, ...]
    keeping: Keeping
    leave_at: datetime
    deadline_at: datetime

    @property
    def minutes(self) -> dict[tuple[str, str], int]:
        """(giver, receiver) -> minutes, legal ways only."""
        return {(o.giver, o.receiver): o.minutes for o in self.options if o.legal and o.minutes is not None}

    @property
    def wanted(self) -> int:
        """Pieces missing in all."""
        return sum(self.wants.values())


@dataclass(frozen=True)
class Leg:
    """A trip from one TPS to another with so many pieces of one line."""

    giver: str
    receiver: str
    item: str
    contest: str
    dapil: str
    pieces: int
    minutes: int
    leave_at: datetime
    arrive_at: datetime
    sea: bool = False
    code: str = ""


@dataclass(frozen=True)
class Proposal:
    """Transfers of one item and contest that somebody proposes; nothing moves before a head of the KPU approved.

    wanted: pieces missing in all then; proven: whether the search knows that nothing better exists.
    """

    code: str
    item: str
    contest: str
    legs: tuple[Leg, ...]
    keeping: Keeping
    leave_at: datetime
    deadline_at: datetime
    wanted: int
    proven: bool
    basis: str
    person: str
    proposed_at: datetime
    decision: "Decision | None" = None
    mark: str = ""
    entry_id: str = ""

    @property
    def covered(self) -> int:
        """Pieces that would move."""
        return sum(leg.pieces for leg in self.legs)

    @property
    def last_at(self) -> datetime:
        """When the last of them would be counted in."""
        return max(leg.arrive_at for leg in self.legs)


@dataclass(frozen=True)
class Violation:
    """What is wrong with a proposal."""

    code: str
    giver: str
    receiver: str
    value: int = 0
    limit: int = 0


def pieces(typed: str) -> int:
    """A whole number as people type it: 240 or 1.240. NotANumber."""
    clean = typed.strip()
    if not re.fullmatch(r"\d{1,7}|\d{1,3}(\.\d{3})+", clean, re.ASCII):
        raise NotANumber(typed=clean[:20])
    number = int(clean.replace(".", ""))
    if number > MOST_PIECES:
        raise NegativeCount(which="found", value=number)
    return number


# --- counts --------------------------------------------------------------------------------------------------------------


def check_recount(before: Count | None, reason: str) -> None:
    """A second count of the same line at the same TPS says why it was made."""
    if before is not None and not reason.strip():
        raise ReasonMissing(what="recount")


def may_undo_alone(author: str, person: str, since_at: datetime, at: datetime) -> bool:
    """Whether the author is still within the minutes."""
    return author == person and timedelta(0) <= at - since_at <= UNDO_FOR


def check_taking_back(author: str, since_at: datetime, person: str, second: str, reason: str, at: datetime) -> tuple[str, ...]:
    """Who approves taking back or correcting: nobody within the author's minutes; later a reason and a second person."""
    if may_undo_alone(author, person, since_at, at):
        return ()
    if not reason.strip():
        raise ReasonMissing(what="correction")
    if not second or second == person:
        raise SamePerson(person=person)
    return (person, second)


def latest(counts: Iterable[Count]) -> dict[tuple[str, str, str], Count]:
    """(TPS, item, contest) -> the newest count; counts come oldest first."""
    return {(c.tps, c.item, c.contest): c for c in counts}


# --- ways ----------------------------------------------------------------------------------------------------------------


def way(network: distribution.Network, giver: str, receiver: str, limits: Limits) -> Way:
    """Minutes between two places of the network (a desa or an island, as the TPS lie). A desa nobody knows has no way.

    Roads are great circle times the detour; the sea is data; between land and island the quickest pier, with the time to change.
    """
    if "" in (giver, receiver) or network.node(giver) is None or network.node(receiver) is None:
        return Way(None, why="unknown_place")
    if giver == receiver:
        return Way(limits.local_min)
    choices = [m for m in _crossings(network, giver, receiver, limits) if m is not None]
    sea = "pulau" in {_kind(network, giver), _kind(network, receiver)}
    return Way(min(choices), sea) if choices else Way(None, sea, "no_way")


def _kind(network: distribution.Network, code: str) -> str:
    node = network.node(code)
    return node.kind if node else ""


def _crossings(network: distribution.Network, giver: str, receiver: str, limits: Limits) -> Iterable[int | None]:
    """Total minutes by every combination of piers; by road alone where neither end is an island."""
    for start, out_min in _shores(network, giver, limits):
        for end, in_min in _shores(network, receiver, limits):
            road = network.leg(distribution.Kind.PICKUP, start, end)
            # Two islands of one pier: the boat goes on, nothing changes to a car.
            change = limits.landing_min if start == end and out_min and in_min else 0
            yield None if road is None else out_min + road.travel_min + in_min - change


def _shores(network: distribution.Network, code: str, limits: Limits) -> list[tuple[str, int]]:
    """Where the road begins for a place, and the minutes to get there: itself, or each pier of an island."""
    if _kind(network, code) != "pulau":
        return [(code, 0)]
    found = []
    for leg in network.piers(code):
        sailed = network.leg(distribution.Kind.BOAT, leg.pier, code)
        if sailed is not None:
            found.append((leg.pier, sailed.travel_min + limits.landing_min))
    return found


def place_of(tps: str, island: str) -> str:
    """Where in the network a TPS lies: its island, its desa, or "" while its desa is unknown (desa number 0000)."""
    desa = places.desa_of(tps)
    return island or ("" if desa.endswith(".0000") else desa)


# --- the question and its answer -----------------------------------------------------------------------------------------


def check_terms(keeping: Keeping, leave_at: datetime, deadline_at: datetime, voting_day: bool) -> None:
    """Refuse terms that cannot be: a deadline before the start, reserves of others before voting day."""
    if deadline_at <= leave_at:
        raise BadDeadline()
    if keeping.from_voters and not voting_day:
        raise NotYetVotingDay()


def ask(
    holdings: Sequence[Holding],
    item: str,
    contest: str,
    ways: Mapping[tuple[str, str], Way],
    keeping: Keeping,
    leave_at: datetime,
    deadline_at: datetime,
    limits: Limits,
) -> Question:
    """Who is short, who may give how much, and every pair with its reason. `ways` by (giver TPS, receiver TPS)."""
    mine = sorted((h for h in holdings if (h.count.item, h.count.contest) == (item, contest)), key=lambda h: h.tps)
    wants = {h.tps: h.short for h in mine if h.short}
    spares = {h.tps: h.spare(keeping) for h in mine if h.spare(keeping) and not h.short}
    options = [
        _option(giver, receiver, spares.get(giver.tps, 0), ways, leave_at, deadline_at, limits)
        for receiver in mine
        if receiver.short
        for giver in mine
        if giver.tps != receiver.tps
    ]
    dapil = {h.tps: h.count.dapil for h in mine}
    return Question(item, contest, wants, spares, dapil, tuple(options), keeping, leave_at, deadline_at)


def _option(
    giver: Holding,
    receiver: Holding,
    spare: int,
    ways: Mapping[tuple[str, str], Way],
    leave_at: datetime,
    deadline_at: datetime,
    limits: Limits,
) -> Option:
    found = ways.get((giver.tps, receiver.tps), Way(None, why="unknown_place"))
    arrive_at = None if found.minutes is None else arrival(leave_at, found.minutes, limits)
    why = ""
    if giver.count.dapil != receiver.count.dapil:
        why = "other_dapil"
    elif spare == 0:
        why = "nothing_to_spare"
    elif arrive_at is None:
        why = "unknown_way"
    elif arrive_at > deadline_at:
        why = "too_late"
    return Option(giver.tps, receiver.tps, spare, found.minutes, arrive_at, found.sea, why)


def arrival(leave_at: datetime, minutes: int, limits: Limits) -> datetime:
    """When the pieces are counted in at the receiver: preparation, the way, the handover."""
    return leave_at + timedelta(minutes=limits.prepare_min + minutes + limits.handover_min)


def legs_of(question: Question, flow: Mapping[tuple[str, str], int]) -> tuple[Leg, ...]:
    """The trips of a flow (giver, receiver) -> pieces, the earliest arrival first."""
    known = {(o.giver, o.receiver): o for o in question.options if o.legal}
    made = []
    for (giver, receiver), number in flow.items():
        option = known[giver, receiver]
        assert option.minutes is not None
        assert option.arrive_at is not None
        made.append(
            Leg(
                giver, receiver, question.item, question.contest, question.dapil[receiver], number, option.minutes, question.leave_at,
                option.arrive_at, option.sea,
            )
        )  # fmt: skip
    return tuple(sorted(made, key=lambda leg: (leg.arrive_at, leg.receiver, leg.giver)))


def objective(question: Question, flow: Mapping[tuple[str, str], int]) -> tuple[int, int, int, int]:
    """What a proposal is best in, the first first: pieces covered (negative), minutes of all trips, piece-minutes, ranks of its pairs.

    A trip is one pair of TPS however many pieces it carries, so it is trips that cost minutes; among plans of equal trips the pieces
    should wait least; the rank of a pair in the order of the codes only makes the answer one.
    """
    minutes = question.minutes
    rank = {pair: number for number, pair in enumerate(sorted(minutes), start=1)}
    used = [pair for pair, number in flow.items() if number]
    return (
        -sum(flow.values()),
        sum(minutes[pair] for pair in used),
        sum(flow[pair] * minutes[pair] for pair in used),
        sum(rank[pair] for pair in used),
    )


def violations(legs: Sequence[Leg], question: Question) -> list[Violation]:
    """Everything wrong with a proposal; empty when it may be driven. Trusts no planner and no old proposal: `question` is of now."""
    found: list[Violation] = []
    known = {(o.giver, o.receiver): o for o in question.options}
    given: dict[str, int] = {}
    got: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for leg in legs:
        found += _leg_violations(leg, known.get((leg.giver, leg.receiver)), question, (leg.giver, leg.receiver) in seen)
        seen.add((leg.giver, leg.receiver))
        given[leg.giver] = given.get(leg.giver, 0) + leg.pieces
        got[leg.receiver] = got.get(leg.receiver, 0) + leg.pieces
    found += [
        Violation("gives_too_much", tps, "", number, question.spares.get(tps, 0))
        for tps, number in sorted(given.items())
        if number > question.spares.get(tps, 0)
    ]
    found += [
        Violation("gets_too_much", "", tps, number, question.wants.get(tps, 0))
        for tps, number in sorted(got.items())
        if number > question.wants.get(tps, 0)
    ]
    return found


def _leg_violations(leg: Leg, option: Option | None, question: Question, twice: bool) -> list[Violation]:
    def fault(code: str, value: int = 0, limit: int = 0) -> Violation:
        return Violation(code, leg.giver, leg.receiver, value, limit)

    found = []
    if leg.giver == leg.receiver:
        found.append(fault("same_tps"))
    if (leg.item, leg.contest) != (question.item, question.contest):
        found.append(fault("other_contest"))
    if len({leg.dapil, question.dapil.get(leg.giver), question.dapil.get(leg.receiver)}) != 1:
        found.append(fault("other_dapil"))
    if leg.pieces < 1:
        found.append(fault("no_pieces", leg.pieces, 1))
    if twice:
        found.append(fault("pair_twice"))
    if option is None or option.minutes is None or option.arrive_at is None:
        found.append(fault("unknown_way"))
    elif leg.minutes < option.minutes:
        found.append(fault("too_fast", leg.minutes, option.minutes))
    elif option.arrive_at > question.deadline_at:
        found.append(fault("too_late"))
    return found


# --- decisions and steps -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What the head of the KPU said to a proposal."""

    approved: bool
    reason: str
    person: str
    decided_at: datetime
    entry_id: str = ""


@dataclass(frozen=True)
class Step:
    """Pieces counted out of the giver's hands or into the receiver's, as they stand after corrections."""

    pieces: int
    person: str
    note: str
    at: datetime
    entry_id: str = ""
    corrections: int = 0


@dataclass(frozen=True)
class Transfer:
    """One trip with all that became of it."""

    leg: Leg
    proposal: str
    approved_at: datetime | None
    sent: Step | None = None
    received: Step | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    refused: bool = False
    prints: int = 0
    mark: str = ""

    @property
    def state(self) -> str:
        """proposed | refused | approved | sent | received | differs | cancelled."""
        if self.cancelled_at is not None:
            return "cancelled"
        if self.received is not None:
            return "differs" if self.difference else "received"
        if self.sent is not None:
            return "sent"
        if self.refused:
            return "refused"
        return "approved" if self.approved_at is not None else "proposed"

    @property
    def difference(self) -> int:
        """Received less sent: below nought something is missing, above it something is over; nought until both are known."""
        return self.received.pieces - self.sent.pieces if self.sent and self.received else 0


def check_decision(decided: bool, proposer: str, decider: str, head: bool, approve: bool, reason: str) -> None:
    """Only a head of the KPU decides, once, and not on a proposal of their own. A refusal says why."""
    if not head:
        raise NotHead()
    if decided:
        raise AlreadyDecided()
    if decider == proposer:
        raise SamePerson(person=decider)
    if not approve and not reason.strip():
        raise ReasonMissing(what="refusal")


def check_sending(transfer: Transfer, number: int, holding: Holding | None, keeping: Keeping) -> None:
    """Whether so many pieces may leave now: approved, not yet gone, at most what was approved, and the giver keeps what it must."""
    if transfer.state != "approved":
        raise WrongStep(transfer=transfer.leg.code, step=transfer.state)
    if number < 1:
        raise NotPositive(quantity=number)
    if number > transfer.leg.pieces:
        raise NotEnough(transfer=transfer.leg.code, pieces=number, may=transfer.leg.pieces)
    if holding is None:
        return
    # `leaving` already holds this promise; what stays is what is there once it has gone.
    left = holding.available + transfer.leg.pieces - number
    if left < holding.kept(keeping):
        raise NotEnough(transfer=transfer.leg.code, pieces=number, may=max(0, number - (holding.kept(keeping) - left)))


def check_receiving(transfer: Transfer, number: int) -> None:
    """Whether the pieces of a trip may be counted in. Any number is recorded, also another than was sent."""
    if transfer.state != "sent":
        raise WrongStep(transfer=transfer.leg.code, step=transfer.state)
    if not 0 <= number <= MOST_PIECES:
        raise NegativeCount(which="received", value=number)


def check_cancelling(transfer: Transfer, reason: str) -> None:
    """A trip that has not left may be called off, with a reason."""
    if transfer.state != "approved":
        raise WrongStep(transfer=transfer.leg.code, step=transfer.state)
    if not reason.strip():
        raise ReasonMissing(what="cancel")


def correctable(transfer: Transfer) -> Step:
    """The last step, the only one that may be corrected: what came after it would stand on it. WrongStep."""
    step = transfer.received or transfer.sent
    if step is None or transfer.cancelled_at is not None:
        raise WrongStep(transfer=transfer.leg.code, step=transfer.state)
    return step


# --- early warnings ------------------------------------------------------------------------------------------------------


def shortage_signal(holding: Holding, name: str, limits: Limits) -> record.Signal | None:
    """R01 at the point where it hurts: a TPS that was counted holds less than it must, until what is promised has come.

    Critical once the TPS has opened and nothing that covers it is on its way.
    """
    if holding.lacking < limits.short_watch:
        return None
    count = holding.count
    severity = "critical" if count.phase != "packing" and holding.short else "high"
    said: dict[str, str | int] = {
        "tps": name,
        "what": count.contest or count.item,
        "short": holding.lacking,
        "coming": holding.coming,
        "found": count.found,
        "needed": count.needed,
    }
    subject = f"tps:{count.tps}:{count.contest or count.item}"
    to = ("KPU", "BAWASLU")
    return record.Signal("R01.geser", "HAMBATAN", subject, severity, to, count.counted_at, said, mark=count.mark, place=count.tps)


def difference_signal(transfer: Transfer, names: Mapping[str, str]) -> record.Signal | None:
    """R12: a trip that brought another number than left."""
    if not transfer.difference or transfer.received is None or transfer.sent is None:
        return None
    leg = transfer.leg
    said: dict[str, str | int] = {
        "transfer": leg.code,
        "giver": names.get(leg.giver, leg.giver),
        "receiver": names.get(leg.receiver, leg.receiver),
        "sent": transfer.sent.pieces,
        "received": transfer.received.pieces,
    }
    return record.Signal(
        rule="R12.geser",
        kind="GANGGUAN",
        subject=f"transfer:{leg.code}",
        severity="critical",
        to=("KPU", "BAWASLU"),
        since_at=transfer.received.at,
        facts=said,
        args=(leg.code,),
        mark=transfer.mark,
    )
