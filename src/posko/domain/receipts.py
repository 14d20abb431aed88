"""Stage receipts: what was ordered, shipped, received and accepted, and the gauge that says how far that is.

All counts are whole pieces. A count is what two hands found against a surat jalan; it cannot be built so that pieces vanish.
The gauge never averages percentages and never says a percentage without its numerator and denominator.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from posko.domain import record, stock, thresholds

UNDO_FOR = timedelta(minutes=10)
"""How long the author may correct a receipt alone, while nothing depends on it."""

MOST = 100_000_000
"""Pieces in one order, shipment or count; beyond that somebody held a key down."""

MARKS = ("", "REKONSTRUKSI", "[SIMULASI]")

Key = tuple[str, str, str]
"""A line of the gauge: (item, contest, dapil); contest and dapil are "" where the item knows none."""


class NotPositive(record.Refusal):
    """A quantity that must be at least one is not."""

    code: ClassVar[str] = "receipts.not_positive"


class TooMany(record.Refusal):
    """More pieces than any regency is ever sent: a number typed twice."""

    code: ClassVar[str] = "receipts.too_many"


class NegativeCount(record.Refusal):
    """A count below nought."""

    code: ClassVar[str] = "receipts.negative"


class UnknownDamage(record.Refusal):
    """A kind of damage that the list in force does not have."""

    code: ClassVar[str] = "receipts.unknown_damage"


class DamageDiffers(record.Refusal):
    """The kinds of damage do not add up to the damaged pieces."""

    code: ClassVar[str] = "receipts.damage_differs"


class Unbalanced(record.Refusal):
    """The stated missing or surplus pieces do not follow from shipped, good and damaged."""

    code: ClassVar[str] = "receipts.unbalanced"


class AlreadyReceived(record.Refusal):
    """This surat jalan has been counted; a new count is a correction."""

    code: ClassVar[str] = "receipts.already_received"


class NotYetShipped(record.Refusal):
    """A receipt dated before its shipment left."""

    code: ClassVar[str] = "receipts.not_yet_shipped"


class InUse(record.Refusal):
    """Something hangs on it already; what follows is a correction there."""

    code: ClassVar[str] = "receipts.in_use"


class AlreadyAccepted(record.Refusal):
    """The count in force has been accepted."""

    code: ClassVar[str] = "receipts.already_accepted"


class SamePerson(record.Refusal):
    """A second person is needed and it is the same one."""

    code: ClassVar[str] = "receipts.same_person"


class ReasonMissing(record.Refusal):
    """A late correction says why."""

    code: ClassVar[str] = "receipts.reason_missing"


class NothingChanged(record.Refusal):
    """A correction that states the counts already in force."""

    code: ClassVar[str] = "receipts.nothing_changed"


class CorrectionPending(record.Refusal):
    """A correction of this receipt already waits for its second person."""

    code: ClassVar[str] = "receipts.correction_pending"


class UnknownThing(record.Refusal):
    """No such order, shipment, receipt or correction in this election."""

    code: ClassVar[str] = "receipts.unknown"


class WrongLine(record.Refusal):
    """The item, contest or dapil is not one that this election needs."""

    code: ClassVar[str] = "receipts.wrong_line"


class TextMissing(record.Refusal):
    """A number, a name or a reason that the paper must bear is not there."""

    code: ClassVar[str] = "receipts.text_missing"


class ContractTwice(record.Refusal):
    """This contract number of this supplier is recorded already."""

    code: ClassVar[str] = "receipts.contract_twice"


class SameDay(record.Refusal):
    """A delivery day moved to where it was."""

    code: ClassVar[str] = "receipts.same_day"


class Shrunk(record.Refusal):
    """A supplier's report of fewer pieces made than it reported before."""

    code: ClassVar[str] = "receipts.shrunk"


class Stopped(record.Refusal):
    """The papers name another destination; nothing of this surat jalan is counted until that is decided."""

    code: ClassVar[str] = "receipts.stopped"


class NotCheckedIn(record.Refusal):
    """Nobody has read the destination on the papers of this shipment yet."""

    code: ClassVar[str] = "receipts.not_checked_in"


class Decided(record.Refusal):
    """What goes wrong to us has been decided upon already."""

    code: ClassVar[str] = "receipts.decided"


class NotClaimable(record.Refusal):
    """A claim for more pieces than the count found wanting in that way."""

    code: ClassVar[str] = "receipts.not_claimable"


class NothingUnposted(record.Refusal):
    """The book lacks nothing of any receipt."""

    code: ClassVar[str] = "receipts.nothing_unposted"


class Answered(record.Refusal):
    """The claim has its answer."""

    code: ClassVar[str] = "receipts.answered"


class BadAnswer(record.Refusal):
    """A supplier replaces, credits or refuses."""

    code: ClassVar[str] = "receipts.bad_answer"


class NotInQuarantine(record.Refusal):
    """More pieces would leave the quarantine of a receipt than lie in it."""

    code: ClassVar[str] = "receipts.not_in_quarantine"


class DisposedAlready(record.Refusal):
    """The correction leaves fewer pieces in quarantine than have left it since."""

    code: ClassVar[str] = "receipts.disposed_already"


class OverOrdered(record.Refusal):
    """More would be on the way than was ordered, and it replaces nothing."""

    code: ClassVar[str] = "receipts.over_ordered"


def check_pieces(quantity: int) -> None:
    """At least one piece and at most MOST. NotPositive, TooMany."""
    if quantity < 1:
        raise NotPositive(quantity=quantity)
    if quantity > MOST:
        raise TooMany(quantity=quantity, most=MOST)


@dataclass(frozen=True)
class Contract:
    """What a supplier signed: number and day as the paper says, the procurement stage ("I", "II" or "")."""

    number: str
    signed_on: date
    supplier: str
    tahap: str = ""
    signed_at: datetime | None = None
    mark: str = ""

    def __post_init__(self) -> None:
        if not self.number.strip():
            raise TextMissing(what="nomor kontrak")
        if not self.supplier.strip():
            raise TextMissing(what="penyedia")


@dataclass(frozen=True)
class Moved:
    """A delivery day that a supplier moved: both days, why, and when it was said."""

    from_at: datetime
    to_at: datetime
    reason: str
    moved_at: datetime
    mark: str = ""

    @property
    def days(self) -> int:
        """Days later; below nought where the day came nearer."""
        return round((self.to_at - self.from_at) / timedelta(days=1))


@dataclass(frozen=True)
class Order:
    """A line that somebody promised to supply: so many pieces of one item by a day.

    due_at is the day in force; `moves` holds every earlier one. produced: what the supplier said is made; None while it said nothing.
    """

    code: str
    item: str
    contest: str
    dapil: str
    quantity: int
    tahap: str
    supplier: str
    due_at: datetime
    placed_at: datetime
    mark: str = ""
    contract: str = ""
    moves: tuple[Moved, ...] = ()
    produced: int | None = None

    def __post_init__(self) -> None:
        check_pieces(self.quantity)

    @property
    def first_due_at(self) -> datetime:
        """The day first promised."""
        return self.moves[0].from_at if self.moves else self.due_at

    @property
    def key(self) -> Key:
        """The gauge line this order fills."""
        return (self.item, self.contest, self.dapil)


@dataclass(frozen=True)
class Shipment:
    """Pieces of one order that left the supplier under one surat jalan; `replaces` names the receipt whose loss it makes good."""

    code: str
    order: Order
    quantity: int
    waybill: str
    carrier: str
    sent_at: datetime
    replaces: str = ""
    mark: str = ""
    destination: str = ""
    silog: str = ""
    claim: str = ""

    def __post_init__(self) -> None:
        check_pieces(self.quantity)


DAMAGE_VERSION = 1
DAMAGE = ("wet", "torn", "crushed", "dented", "misprint", "dirty", "incomplete", "other")
"""The kinds of damage, list 1. A changed list gets the next number; entries name theirs, so old counts keep their meaning."""


@dataclass(frozen=True)
class Count:
    """What was found against a surat jalan. good, damaged and wrong_type are pieces present; missing and over follow from them.

    Conservation: shipped + over == good + damaged + wrong_type + missing, and missing and over are never both above nought.
    kinds: (kind of DAMAGE, pieces) that add up to damaged, or empty where nobody looked at the kind.
    """

    shipped: int
    good: int
    damaged: int
    wrong_type: int = 0
    kinds: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        for name in ("shipped", "good", "damaged", "wrong_type"):
            value = getattr(self, name)
            if value < 0:
                raise NegativeCount(which=name, value=value)
            if value > MOST:
                raise TooMany(quantity=value, most=MOST)
        for kind, pieces in self.kinds:
            if kind not in DAMAGE:
                raise UnknownDamage(kind=kind[:20])
            if pieces < 0:
                raise NegativeCount(which=kind, value=pieces)
        if self.kinds and sum(pieces for _, pieces in self.kinds) != self.damaged:
            raise DamageDiffers(damaged=self.damaged, kinds=sum(pieces for _, pieces in self.kinds))
        known = dict(self.kinds)
        ordered = tuple((kind, known[kind]) for kind in DAMAGE if known.get(kind))
        object.__setattr__(self, "kinds", ordered)  # one way to say the same thing

    @property
    def received(self) -> int:
        """Pieces that came through the gate, whole or not, right or wrong."""
        return self.good + self.damaged + self.wrong_type

    @property
    def aside(self) -> int:
        """Pieces for the quarantine."""
        return self.damaged + self.wrong_type

    @property
    def missing(self) -> int:
        """Pieces the surat jalan promises that did not come."""
        return max(0, self.shipped - self.received)

    @property
    def over(self) -> int:
        """Pieces that came beyond the surat jalan."""
        return max(0, self.received - self.shipped)


@dataclass(frozen=True)
class Accepted:
    """Somebody took over the good pieces of a count."""

    quantity: int
    person: str
    accepted_at: datetime
    entry_id: str = ""


@dataclass(frozen=True)
class ReceiptNote:
    """A receipt as it stands at an instant: the count in force, who counted, and its acceptance if there is one."""

    code: str
    shipment: Shipment
    count: Count
    person: str
    received_at: datetime
    note: str = ""
    blind: bool = False
    accepted: Accepted | None = None
    corrected_at: datetime | None = None
    corrections: int = 0
    pending: str = ""
    entry_id: str = ""
    mark: str = ""
    partial: bool = False
    place: str = ""
    used: bool = False
    first_entry: str = ""

    @property
    def counted_at(self) -> datetime:
        """When the count in force was made."""
        return self.corrected_at or self.received_at

    @property
    def accepted_quantity(self) -> int:
        """Pieces accepted; nought until somebody accepts."""
        return self.accepted.quantity if self.accepted else 0


@dataclass(frozen=True)
class Proposal:
    """A correction that waits for its second person."""

    code: str
    receipt: str
    good: int
    damaged: int
    reason: str
    person: str
    proposed_at: datetime
    wrong_type: int = 0
    kinds: tuple[tuple[str, int], ...] = ()


def tally(
    shipped: int,
    good: int,
    damaged: int,
    missing: int | None = None,
    over: int | None = None,
    wrong_type: int = 0,
    kinds: tuple[tuple[str, int], ...] = (),
) -> Count:
    """A count from what was typed. Missing and over may be left out; where they are stated they must agree."""
    count = Count(shipped, good, damaged, wrong_type, kinds)
    stated = {"missing": missing, "over": over}
    derived = {"missing": count.missing, "over": count.over}
    if any(value is not None and value != derived[name] for name, value in stated.items()):
        raise Unbalanced(
            shipped=shipped,
            good=good,
            damaged=damaged,
            missing=count.missing if missing is None else missing,
            over=count.over if over is None else over,
            missing_right=count.missing,
            over_right=count.over,
        )
    return count


def check_shipment(order: Order, already: int, quantity: int, replaces: str) -> None:
    """Refuse a shipment that would bring more than was ordered, unless it replaces what a receipt found damaged or missing."""
    if not replaces and already + quantity > order.quantity:
        raise OverOrdered(order=order.code, ordered=order.quantity, already=already, quantity=quantity)


def shares(quantity: int, arrivals: Sequence[tuple[int, bool]]) -> list[int]:
    """For how many pieces of a surat jalan each arrival (pieces that came, whether more will come) answers, in their order.

    A partial arrival answers for what it brought, the last one for all that is left: so the shares add up to `quantity` once it is closed.
    """
    left, found = quantity, []
    for received, partial in arrivals:
        share = min(received, left) if partial else left
        found.append(share)
        left -= share
    return found


def check_receipt(shipment: Shipment, counted_before: bool, received_at: datetime) -> None:
    """Refuse a second count of one surat jalan and a count before the lorry left."""
    if counted_before:
        raise AlreadyReceived(shipment=shipment.code, waybill=shipment.waybill)
    if received_at < shipment.sent_at:
        raise NotYetShipped(shipment=shipment.code, waybill=shipment.waybill)


def acceptance(receipt: ReceiptNote, person: str, sensitive: bool) -> int:
    """The pieces that may be accepted: all the good ones. Sensitive goods need a second pair of eyes."""
    if receipt.accepted is not None:
        raise AlreadyAccepted(receipt=receipt.code)
    if receipt.pending:
        raise CorrectionPending(receipt=receipt.code)
    if sensitive and person == receipt.person:
        raise SamePerson(receipt=receipt.code)
    return receipt.count.good


def may_correct_alone(receipt: ReceiptNote, person: str, at: datetime) -> bool:
    """Whether the author is still within the minutes and nothing depends on the receipt yet."""
    if person != receipt.person or receipt.accepted is not None or receipt.used:
        return False
    return timedelta(0) <= at - receipt.received_at <= UNDO_FOR


def check_correction(
    receipt: ReceiptNote,
    good: int,
    damaged: int,
    reason: str,
    person: str,
    at: datetime,
    wrong_type: int = 0,
    kinds: tuple[tuple[str, int], ...] = (),
    disposed: int = 0,
) -> Count:
    """The corrected count. Outside the author's minutes it needs a reason, and then a second person before it counts.

    disposed: pieces that left the quarantine of this receipt since; the correction may not deny them.
    """
    if receipt.pending:
        raise CorrectionPending(receipt=receipt.code)
    count = Count(receipt.count.shipped, good, damaged, wrong_type, kinds)
    if count == receipt.count:
        raise NothingChanged(receipt=receipt.code)
    if count.aside < disposed:
        raise DisposedAlready(receipt=receipt.code, disposed=disposed)
    if not may_correct_alone(receipt, person, at) and not reason.strip():
        raise ReasonMissing(receipt=receipt.code)
    return count


def check_approval(proposer: str, approver: str, receipt: str) -> None:
    """Refuse an approval by the person who proposed."""
    if proposer == approver:
        raise SamePerson(receipt=receipt)


# --- a file of contracts, moved days and shipments -----------------------------------------------------------------------


@dataclass(frozen=True)
class OrderLine:
    """A line of a contract as a file states it."""

    contract: str
    key: Key
    quantity: int
    due_at: datetime


@dataclass(frozen=True)
class MoveLine:
    """A moved delivery day as a file states it, of the order that this contract has for this line."""

    contract: str
    key: Key
    due_at: datetime
    reason: str


@dataclass(frozen=True)
class ShipmentLine:
    """A surat jalan as a file states it."""

    contract: str
    key: Key
    waybill: str
    quantity: int
    sent_at: datetime
    carrier: str = ""
    destination: str = ""
    silog: str = ""


@dataclass(frozen=True)
class Intake:
    """What a file adds to the record; what the record has already is not in it."""

    contracts: tuple[Contract, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    moves: tuple[MoveLine, ...] = ()
    shipments: tuple[ShipmentLine, ...] = ()

    @property
    def size(self) -> int:
        """Facts it would record."""
        return len(self.contracts) + len(self.orders) + len(self.moves) + len(self.shipments)


class NothingNew(record.Refusal):
    """The file says nothing that is not recorded already."""

    code: ClassVar[str] = "receipts.nothing_new"


class FileHasProblems(record.Refusal):
    """A file with problems is imported whole or not at all."""

    code: ClassVar[str] = "receipts.file_problems"


class NoUpload(record.Refusal):
    """No such file under examination."""

    code: ClassVar[str] = "receipts.no_upload"


def check_withdrawal(
    code: str, author: str, recorded_at: datetime, used: bool, reason: str, person: str, second: str, at: datetime
) -> bool:
    """Whether the author takes back what was recorded wrongly alone, within minutes. Later a reason and a second person.

    InUse where something hangs on it; TextMissing, SamePerson.
    """
    if used:
        raise InUse(code=code)
    if person == author and timedelta(0) <= at - recorded_at <= UNDO_FOR:
        return True
    if not reason.strip():
        raise TextMissing(what="alasan")
    if not second or second == person:
        raise SamePerson(receipt=code)
    return False


def check_move(order: Order, due_at: datetime, reason: str) -> None:
    """A moved delivery day names its reason and is another day. TextMissing, SameDay."""
    if not reason.strip():
        raise TextMissing(what="alasan")
    if due_at == order.due_at:
        raise SameDay(order=order.code)


def check_produced(order: Order, pieces: int) -> None:
    """What a supplier says is made so far; it only grows. NotPositive, Shrunk. More than ordered is its own affair, and is recorded."""
    check_pieces(pieces)
    if order.produced is not None and pieces < order.produced:
        raise Shrunk(order=order.code, before=order.produced, quantity=pieces)


# --- what the goods are in the double entry ------------------------------------------------------------------------------


def postings(note: ReceiptNote, place: str) -> tuple[stock.Posting, ...]:
    """Where the pieces of a count went, as it stands: good ones at the gate (or in stock once accepted), the rest aside, or missing.

    `place` is where they lie. A correction takes these back for the old count and writes them for the new one.
    """
    key, subject = note.shipment.order.key, f"receipt:{note.code}"
    ways = _ways(note, place)
    return tuple(stock.Posting(key, pieces, source, target, act, subject) for pieces, source, target, act in ways if pieces)


def _ways(note: ReceiptNote, place: str) -> list[tuple[int, stock.Account, stock.Account, str]]:
    """(pieces, from, to, act) of everything that a count and its acceptance can move, also of nothing."""
    count, supplier = note.count, stock.Account(place, stock.Condition.SUPPLIER)
    gate = stock.Account(place, stock.Condition.UNACCEPTED)
    return [
        (count.good, supplier, gate, "receipt.recorded"),
        (count.aside, supplier, stock.Account(place, stock.Condition.QUARANTINE), "receipt.recorded"),
        (count.missing, supplier, stock.Account(place, stock.Condition.MISSING), "receipt.recorded"),
        (note.accepted_quantity, gate, stock.Account(place, stock.Condition.GOOD), "receipt.accepted"),
    ]


OPENED = "receipt.opened"
_OWN_ACTS = frozenset({"receipt.recorded", "receipt.accepted", OPENED})


def unposted(note: ReceiptNote, place: str, posted: Iterable[stock.Posting]) -> tuple[stock.Posting, ...]:
    """What the book lacks of a receipt as it stands: all of it for one from before there was a book, nothing for any other.

    posted: every posting about it. What left the quarantine since is no part of the count. A receipt that was accepted or corrected after
    the book began lacks what came before.
    """
    moved: Counter[tuple[stock.Account, stock.Account]] = Counter()
    for one in posted:
        if one.act in _OWN_ACTS:
            moved[one.source, one.target] += one.quantity
            moved[one.target, one.source] -= one.quantity
    key, subject = note.shipment.order.key, f"receipt:{note.code}"
    return tuple(
        stock.Posting(key, pieces - moved[source, target], source, target, OPENED, subject)
        for pieces, source, target, _ in _ways(note, place)
        if pieces > moved[source, target]
    )


def check_opening(lacking: int, first: str, second: str) -> None:
    """Older receipts come into the book by two people, and only where the book lacks any. NothingUnposted, stock.SamePerson."""
    if not lacking:
        raise NothingUnposted()
    if not second or first == second:
        raise stock.SamePerson(what="opening")


def reposted(before: Iterable[ReceiptNote], after: Iterable[ReceiptNote], place: str) -> tuple[stock.Posting, ...]:
    """The postings that lead from one state of receipts to another; receipts that stayed as they were post nothing."""
    old = {note.code: postings(note, note.place or place) for note in before}
    new = {note.code: postings(note, note.place or place) for note in after}
    found: list[stock.Posting] = []
    for code in sorted({*old, *new}):
        if old.get(code) != new.get(code):
            found += [posting.reverse for posting in reversed(old.get(code, ()))]
            found += new.get(code, ())
    return tuple(found)


# --- goods that were meant for somebody else -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Misdirection:
    """Papers or labels at our gate that name another destination. A hard stop until somebody decides.

    shipment: ours that stands still because of it, or "" where we never heard of the surat jalan. line: what the papers say it is.
    decision: "" | quarantine | sent_on | released; released (two people: the destination was a slip of the pen) lets the count go on.
    """

    code: str
    waybill: str
    destination: str
    shipment: str
    line: Key
    quantity: int
    found_at: datetime
    person: str
    decision: str = ""
    reason: str = ""
    decided_at: datetime | None = None
    onward: str = ""
    entry_id: str = ""
    mark: str = ""

    @property
    def open(self) -> bool:
        """Whether it still stands in the way: nobody decided, or the goods wait in quarantine to be sent on."""
        return self.decision in {"", "quarantine"}


DECISIONS = ("quarantine", "sent_on", "released")
_NOISE = re.compile(r"\b(komisi pemilihan umum|kpu|kabupaten|kab|kota|gudang|logistik|pemilu|kepada|yth|di|ke)\b|[^a-z0-9.]+")


def _bare(place: str) -> str:
    return " ".join(_NOISE.sub(" ", place.lower()).replace(".", " ").split())


def ours(destination: str, names: Iterable[str]) -> bool:
    """Whether a destination as written on papers is this place: "KPU Kab. Belitung Timur", "GUDANG KPU BELITUNG TIMUR" and "19.06" are.

    names: how the place is called, its code among them. Only the whole name counts: "Belitung" is another regency than "Belitung Timur".
    """
    return _bare(destination) in {_bare(name) for name in names if _bare(name)}


def check_decision(found: Misdirection, decision: str, reason: str, onward: str, person: str, second: str) -> None:
    """Whether this decision may be taken now. Decided, BadAnswer, TextMissing, SamePerson."""
    if decision not in DECISIONS:
        raise BadAnswer(answer=decision[:20])
    if not found.open or (found.decision == "quarantine" and decision == "quarantine"):
        raise Decided(code=found.code)
    if decision == "sent_on" and not onward.strip():
        raise TextMissing(what="nomor surat jalan terusan")
    if decision == "released":
        if not reason.strip():
            raise TextMissing(what="alasan")
        if not second or second == person:
            raise SamePerson(receipt=found.code)


def decision_postings(found: Misdirection, decision: str, place: str) -> tuple[stock.Posting, ...]:
    """Foreign goods in quarantine are ours to keep, not to use; sent on or released they leave the account again."""
    aside = stock.Account(place, stock.Condition.QUARANTINE)
    supplier, sent = stock.Account(place, stock.Condition.SUPPLIER), stock.Account(place, stock.Condition.SENT)
    subject, act = f"misdirection:{found.code}", "shipment.misdirected"
    if decision == "quarantine":
        return (stock.Posting(found.line, found.quantity, supplier, aside, act, subject),)
    if found.decision == "quarantine":
        return (stock.Posting(found.line, found.quantity, aside, sent if decision == "sent_on" else supplier, act, subject),)
    return ()


# --- claims --------------------------------------------------------------------------------------------------------------

CLAIMABLE = ("damaged", "missing", "wrong_type")
ANSWERS = ("replace", "credit", "refused")


@dataclass(frozen=True)
class Claim:
    """What the KPU asks of a supplier for the loss of one receipt. sent, received: pieces of replacements that name this claim."""

    code: str
    receipt: str
    order: Order
    kind: str
    quantity: int
    filed_at: datetime
    due_at: datetime
    person: str
    note: str = ""
    answer: str = ""
    reason: str = ""
    answered_at: datetime | None = None
    sent: int = 0
    received: int = 0
    entry_id: str = ""
    mark: str = ""
    answer_by_at: datetime | None = None

    def state(self, at: datetime) -> str:
        """open | overdue | promised | late | replaced | credited | refused, as of an instant."""
        if self.received >= self.quantity:
            return "replaced"
        if self.answer in {"credit", "refused"}:
            return {"credit": "credited", "refused": "refused"}[self.answer]
        if self.answer == "replace":
            return "late" if at > self.due_at else "promised"
        return "overdue" if at > self.due_at else "open"

    @property
    def settled(self) -> bool:
        """Whether nothing more is expected: replaced in full, credited or refused."""
        return self.received >= self.quantity or self.answer in {"credit", "refused"}

    @property
    def owed(self) -> int:
        """Pieces still to come and not under way."""
        return 0 if self.settled else max(0, self.quantity - self.sent)


def check_claim(note: ReceiptNote, kind: str, quantity: int, before: Iterable[Claim]) -> None:
    """Refuse a claim for more than the count found and earlier claims left. NotPositive, NotClaimable."""
    if quantity < 1:
        raise NotPositive(quantity=quantity)
    found = getattr(note.count, kind) if kind in CLAIMABLE else 0
    claimed = sum(c.quantity for c in before if c.receipt == note.code and c.kind == kind)
    if claimed + quantity > found:
        raise NotClaimable(receipt=note.code, found=found, claimed=claimed, quantity=quantity)


def check_answer(claim: Claim, answer: str, reason: str) -> None:
    """A supplier answers once: it replaces, credits, or refuses with a reason. Answered, BadAnswer, TextMissing."""
    if claim.answer:
        raise Answered(claim=claim.code)
    if answer not in ANSWERS:
        raise BadAnswer(answer=answer[:20])
    if answer == "refused" and not reason.strip():
        raise TextMissing(what="alasan pemasok menolak")


@dataclass(frozen=True)
class Disposal:
    """Pieces that left the quarantine of a receipt: returned to the supplier, or destroyed by two people."""

    receipt: str
    quantity: int
    how: str
    reason: str
    person: str
    second: str
    disposed_at: datetime
    entry_id: str = ""
    mark: str = ""


def check_disposal(note: ReceiptNote, quantity: int, how: str, reason: str, before: Iterable[Disposal], person: str, second: str) -> None:
    """Refuse what does not lie in quarantine, and destruction by one person. NotPositive, BadAnswer, NotInQuarantine, SamePerson."""
    if quantity < 1:
        raise NotPositive(quantity=quantity)
    if how not in {"returned", "destroyed"}:
        raise BadAnswer(answer=how[:20])
    gone = sum(d.quantity for d in before if d.receipt == note.code)
    if gone + quantity > note.count.aside:
        raise NotInQuarantine(receipt=note.code, there=note.count.aside - gone, quantity=quantity)
    if how == "destroyed":
        if not reason.strip():
            raise TextMissing(what="alasan")
        if not second or second == person:
            raise SamePerson(receipt=note.code)


# --- cartons -------------------------------------------------------------------------------------------------------------

GOOD, QUARANTINE = "good", "quarantine"
LARGEST_CARTON = 20_000
MOST_CARTONS = 5_000
"""Labels made in one go; a regency's largest ballot delivery is some 200 cartons of 500."""


class NoCartons(record.Refusal):
    """Goods that belong to no contest get no carton code: there is nothing for the dapil guard to compare."""

    code: ClassVar[str] = "receipts.no_cartons"


class BadCarton(record.Refusal):
    """A carton of no pieces or of more than any carton holds, or too many at once."""

    code: ClassVar[str] = "receipts.bad_carton"


class TooManyLabelled(record.Refusal):
    """Labels for more pieces than were counted in that condition."""

    code: ClassVar[str] = "receipts.too_many_labelled"


class AliasesDiffer(record.Refusal):
    """Another system's codes are not one for each carton."""

    code: ClassVar[str] = "receipts.aliases_differ"


class CartonMoved(record.Refusal):
    """The carton has been opened or moved since; what follows is decided there."""

    code: ClassVar[str] = "receipts.carton_moved"


@dataclass(frozen=True)
class Carton:
    """A carton of ballots with our code; `quantity` is what its label says, `dapil` the full code as printed on the sheets.

    condition: "good", or "quarantine" where it came damaged or of another dapil than ordered. `alias`: what SILOG or the printer calls it.
    """

    code: str
    contest: str
    dapil: str
    quantity: int
    batch: str
    receipt: str
    place: str
    condition: str
    alias: str
    received_at: datetime
    mark: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.quantity <= LARGEST_CARTON:
            raise BadCarton(quantity=self.quantity, most=LARGEST_CARTON)


def sizes(pieces: int, size: int) -> tuple[int, ...]:
    """So many pieces in cartons of `size`, the last one smaller: 1,200 in 500 are 500, 500, 200. BadCarton."""
    if not 0 < size <= LARGEST_CARTON or pieces < 0:
        raise BadCarton(quantity=size, most=LARGEST_CARTON)
    full, rest = divmod(pieces, size)
    return (size,) * full + ((rest,) if rest else ())


def carton_condition(note: "ReceiptNote", dapil_on_line: str, condition: str) -> str:
    """Quarantine wherever the dapil on the label is not the one that was ordered; else as the counter says."""
    return GOOD if condition == GOOD and dapil_on_line == note.shipment.order.dapil else QUARANTINE


def check_cartons(note: "ReceiptNote", parts: Iterable[int], condition: str, before: Iterable[Carton]) -> None:
    """Refuse labels for goods without a contest, impossible cartons, and more pieces than were counted in that condition."""
    parts = list(parts)
    if not note.shipment.order.contest:
        raise NoCartons(receipt=note.code, item=note.shipment.order.item)
    if not parts or len(parts) > MOST_CARTONS or any(not 0 < part <= LARGEST_CARTON for part in parts):
        raise BadCarton(quantity=next((p for p in parts if not 0 < p <= LARGEST_CARTON), len(parts)), most=LARGEST_CARTON)
    labelled = sum(c.quantity for c in before if c.condition == condition)
    counted = note.count.good if condition == GOOD else note.count.received - note.count.good
    if labelled + sum(parts) > counted:
        raise TooManyLabelled(receipt=note.code, counted=counted, labelled=labelled, quantity=sum(parts))


# --- the gauge -----------------------------------------------------------------------------------------------------------

STAGES = ("ordered", "shipped", "received", "accepted")


@dataclass(frozen=True)
class Share:
    """A part of a whole, always with both numbers."""

    numerator: int
    denominator: int

    @property
    def permille(self) -> int | None:
        """Tenths of a per cent, half up; never 1000 unless complete and never 0 unless nothing. None over nought."""
        if self.denominator == 0:
            return None
        rounded = (self.numerator * 2000 + self.denominator) // (2 * self.denominator)
        if 0 < self.numerator < self.denominator:
            return min(999, max(1, rounded))
        return rounded


@dataclass(frozen=True)
class Demand:
    """What one line of the gauge must reach. quantity None: the rulebook does not know and nobody has said yet."""

    item: str
    name: str
    contest: str
    dapil: str
    unit: str
    quantity: int | None
    grade: str
    confirmed: bool
    critical: bool
    sensitive: bool
    tahap: str
    estimate: bool = False

    @property
    def key(self) -> Key:
        """(item, contest, dapil)."""
        return (self.item, self.contest, self.dapil)

    @property
    def weighty(self) -> bool:
        """Value class: critical or sensitive goods, against all other."""
        return self.critical or self.sensitive


@dataclass(frozen=True)
class Row:
    """One line of the gauge with what happened to it so far. `shipped` leaves replacements out; they are counted beside."""

    demand: Demand
    ordered: int = 0
    shipped: int = 0
    replaced: int = 0
    received: int = 0
    good: int = 0
    damaged: int = 0
    missing: int = 0
    over: int = 0
    accepted: int = 0
    wrong_type: int = 0
    produced: int = 0
    due_at: datetime | None = None
    marks: tuple[str, ...] = ()

    def amount(self, stage: str) -> int:
        """Pieces at one of STAGES, as counted."""
        return {"ordered": self.ordered, "shipped": self.shipped, "received": self.received, "accepted": self.accepted}[stage]

    def covered(self, stage: str) -> int:
        """Pieces that count against the need: a surplus of one thing does not make up for another."""
        return min(self.amount(stage), self.demand.quantity or 0)

    def share(self, stage: str) -> Share:
        """Covered pieces over the need of this line."""
        return Share(self.covered(stage), self.demand.quantity or 0)

    @property
    def open_quantity(self) -> int:
        """Accepted pieces still wanting; nought where the need is unknown."""
        return (self.demand.quantity or 0) - self.covered("accepted")


@dataclass(frozen=True)
class TpsCover:
    """How many TPS the accepted good stock could supply with every critical item.

    When `unknown` names items, `complete` is an upper bound: those items could still lower it.
    `by_line` says of each critical line how many TPS it alone would serve, out of how many that want it.
    """

    complete: int
    total: int
    unknown: tuple[str, ...]
    by_line: tuple[tuple[Key, Share], ...]


@dataclass(frozen=True)
class Gauge:
    """The gauge at an instant, with all four ways to count; it holds no percentage of its own."""

    at: datetime
    rows: tuple[Row, ...]
    tps: TpsCover

    def known(self, items: Iterable[str] | None = None) -> tuple[Row, ...]:
        """Rows whose need is known, of the named items or of all."""
        wanted = None if items is None else set(items)
        return tuple(r for r in self.rows if r.demand.quantity is not None and (wanted is None or r.demand.item in wanted))

    @property
    def unknown(self) -> tuple[Row, ...]:
        """Rows whose need nobody knows: shown as "?" and named, counted in no percentage."""
        return tuple(r for r in self.rows if r.demand.quantity is None)

    @property
    def unconfirmed(self) -> tuple[Row, ...]:
        """Rows with a quantity that still waits for somebody's confirmation."""
        return tuple(r for r in self.rows if r.demand.quantity is not None and not r.demand.confirmed)

    def units(self, stage: str, items: Iterable[str] | None = None) -> Share:
        """Pieces at a stage over pieces needed."""
        rows = self.known(items)
        return Share(sum(r.covered(stage) for r in rows), sum(r.demand.quantity or 0 for r in rows))

    def lines(self, stage: str, items: Iterable[str] | None = None) -> Share:
        """Lines complete at a stage over lines known."""
        rows = [r for r in self.known(items) if r.demand.quantity]
        return Share(sum(r.covered(stage) == r.demand.quantity for r in rows), len(rows))

    def by_class(self, stage: str) -> tuple[tuple[str, Share], ...]:
        """Pieces at a stage per value class: "critical" (critical or sensitive) and "other"."""
        classes = (("critical", True), ("other", False))
        return tuple((name, _units([r for r in self.known() if r.demand.weighty is weighty], stage)) for name, weighty in classes)

    def by_tahap(self, stage: str) -> tuple[tuple[str, Share], ...]:
        """Pieces at a stage per procurement stage."""
        names = sorted({r.demand.tahap for r in self.known()})
        return tuple((name, _units([r for r in self.known() if r.demand.tahap == name], stage)) for name in names)

    @property
    def ordered_items(self) -> tuple[str, ...]:
        """Items of which something was ordered, in the order of the gauge: what a percentage on a given day usually speaks of."""
        return tuple(dict.fromkeys(r.demand.item for r in self.rows if r.ordered))

    def line(self, key: Key) -> Row | None:
        """The row of one line."""
        return next((r for r in self.rows if r.demand.key == key), None)

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of everything counted here, each once."""
        return tuple(sorted({mark for row in self.rows for mark in row.marks if mark}))


def _units(rows: list[Row], stage: str) -> Share:
    return Share(sum(r.covered(stage) for r in rows), sum(r.demand.quantity or 0 for r in rows))


def progress(
    demands: Iterable[Demand],
    orders: Iterable[Order],
    shipments: Iterable[Shipment],
    receipts: Iterable[ReceiptNote],
    tps: TpsCover,
    at: datetime,
) -> Gauge:
    """The gauge: what has been ordered, shipped, received and accepted against what is needed."""
    orders, shipments, receipts = list(orders), list(shipments), list(receipts)
    rows = [_row(demand, orders, shipments, receipts) for demand in demands]
    return Gauge(at, tuple(rows), tps)


def _row(demand: Demand, orders: list[Order], shipments: list[Shipment], receipts: list[ReceiptNote]) -> Row:
    mine = [o for o in orders if o.key == demand.key]
    sent = [s for s in shipments if s.order.key == demand.key]
    counts = [r for r in receipts if r.shipment.order.key == demand.key]
    due = [o.due_at for o in mine]
    return Row(
        demand=demand,
        ordered=sum(o.quantity for o in mine),
        shipped=sum(s.quantity for s in sent if not s.replaces),
        replaced=sum(s.quantity for s in sent if s.replaces),
        received=sum(r.count.good + r.count.damaged for r in counts),  # a wrong type is not this line's
        good=sum(r.count.good for r in counts),
        damaged=sum(r.count.damaged for r in counts),
        missing=sum(r.count.missing for r in counts),
        over=sum(r.count.over for r in counts),
        accepted=sum(r.accepted_quantity for r in counts),
        wrong_type=sum(r.count.wrong_type for r in counts),
        produced=sum(o.produced or 0 for o in mine),
        due_at=max(due) if due else None,
        marks=tuple(sorted({m for m in [*(o.mark for o in mine), *(s.mark for s in sent), *(r.mark for r in counts)] if m})),
    )


# --- the forecast: what it is asked and what it answers; planning.arrivals computes ----------------------------------------


@dataclass(frozen=True)
class Limits:
    """Thresholds of the early warnings; the days are assumptions of ours, the probability is the issue's."""

    buffer_days: int = field(
        default=7, metadata=thresholds.bounds("R03", 0, 30, "hari", "sisa antara janji pemasok dan hari barang dibutuhkan")
    )
    moved_times: int = field(default=2, metadata=thresholds.bounds("R03", 1, 5, "kali", "janji pemasok digeser"))
    probability_permille: int = field(
        default=900, metadata=thresholds.bounds("R02", 500, 990, "permil", "kemungkinan lengkap pada tenggat yang masih cukup", two=True)
    )
    horizon_days: int = field(
        default=60, metadata=thresholds.bounds("R01 R02", 30, 180, "hari", "sebelum tenggat suatu barang mulai diawasi", two=True)
    )
    critical_days: int = field(
        default=14, metadata=thresholds.bounds("R01 R02", 7, 60, "hari", "sebelum tenggat barang kritis menjadi gawat", two=True)
    )
    answer_days: int = field(default=7, metadata=thresholds.bounds("R12", 1, 30, "hari", "waktu pemasok menjawab klaim"))
    replacement_days: int = field(
        default=14, metadata=thresholds.bounds("R01", 1, 60, "hari", "waktu pemasok mengganti barang, untuk perkiraan stok")
    )


@dataclass(frozen=True)
class Promise:
    """Pieces ordered and not yet sent, and the day in force."""

    quantity: int
    due_at: datetime


@dataclass(frozen=True)
class OnTheWay:
    """Pieces of a surat jalan not counted yet."""

    quantity: int
    sent_at: datetime


@dataclass(frozen=True)
class Owed:
    """Pieces that a supplier must replace and has not sent."""

    quantity: int
    since_at: datetime


@dataclass(frozen=True)
class History:
    """What deliveries taught so far, in days; every list the oldest first.

    transit: from leaving to the count. lateness: the last count of an order after the day in force when it was due (below nought: early).
    slips: days by which a day was moved; orders, moved: how many orders there are and how many of them were moved.
    replacement: from the count that found the loss to the count of its replacement. lost of counted pieces.
    """

    transit: tuple[float, ...] = ()
    lateness: tuple[float, ...] = ()
    slips: tuple[float, ...] = ()
    orders: int = 0
    moved: int = 0
    replacement: tuple[float, ...] = ()
    lost: int = 0
    counted: int = 0


@dataclass(frozen=True)
class Question:
    """One line at an instant: is it complete by its deadline? good: pieces here and sound; deadline_at None where nobody set one.

    lot: what the line waits for last and shares with others: a contract that still owes pieces, a shipment, "" nothing ordered yet.
    """

    key: Key
    need: int | None
    good: int
    on_the_way: tuple[OnTheWay, ...]
    promises: tuple[Promise, ...]
    owed: tuple[Owed, ...]
    deadline_at: datetime | None
    at: datetime
    history: History = field(default_factory=History)
    ballots: bool = False
    due_at: datetime | None = None
    moved: int = 0
    ordered: int = 0
    lot: str = ""

    @property
    def coming(self) -> int:
        """Pieces that are on their way, promised or owed."""
        parts: tuple[Sequence[OnTheWay | Promise | Owed], ...] = (self.on_the_way, self.promises, self.owed)
        return sum(one.quantity for part in parts for one in part)

    @property
    def uncovered(self) -> int:
        """Pieces that nothing will bring: no stock, no surat jalan, no order, no claim."""
        return max(0, (self.need or 0) - self.good - self.coming)


@dataclass(frozen=True)
class Outlook:
    """The answer. Permille; low and high are the 5 % and 95 % points of what is not known about the world, not of luck.

    verdict: complete | unknown | no_deadline | uncovered | passed | estimated. Without "estimated" permille is 1000, 0 or None.
    holds: what holds it back most: uncovered | way | promise | owed | loss, or "". days: 5 %, 50 %, 95 % point of the day of completion.
    """

    key: Key
    verdict: str
    permille: int | None
    low: int | None = None
    high: int | None = None
    holds: str = ""
    early_at: datetime | None = None
    expected_at: datetime | None = None
    late_at: datetime | None = None
    uncovered: int = 0
    seed: int = 0


# --- early warnings ------------------------------------------------------------------------------------------------------


def projected(question: Question, by_at: datetime, limits: Limits) -> int:
    """Sound pieces that plan and record say will be here by an instant, without any luck or loss.

    A surat jalan under way is taken to come in time; a promise counts by its day in force; what is owed within `replacement_days`.
    """
    promised = sum(p.quantity for p in question.promises if p.due_at <= by_at)
    owed = sum(o.quantity for o in question.owed if o.since_at + timedelta(days=limits.replacement_days) <= by_at)
    return question.good + sum(w.quantity for w in question.on_the_way) + promised + owed


def _watched(question: Question, limits: Limits) -> bool:
    """Whether a line is near enough to its deadline, has a known need, and is not here yet."""
    if question.deadline_at is None or question.need is None or question.good >= question.need:
        return False
    return question.deadline_at - question.at <= timedelta(days=limits.horizon_days)


def stock_short(question: Question, limits: Limits) -> int:
    """R01: pieces by which the projected stock at the due day falls short of the need; nought where it does not, or it is far away."""
    if not _watched(question, limits) or question.need is None or question.deadline_at is None:
        return 0
    return max(0, question.need - projected(question, question.deadline_at, limits))


def improbable(question: Question, outlook: Outlook, limits: Limits) -> bool:
    """R02: complete by the deadline with less than the wanted probability. What nobody ordered is R01's and not said twice."""
    if outlook.verdict not in {"estimated", "passed"} or outlook.permille is None or question.uncovered:
        return False
    return _watched(question, limits) and outlook.permille < limits.probability_permille


def promised_late(order: Order, need_at: datetime | None, outstanding: int, limits: Limits) -> str:
    """R03: "late" where the supplier's day leaves less than the buffer before the need, "moved" where it was moved too often, else ""."""
    if outstanding < 1:
        return ""
    if need_at is not None and order.due_at > need_at - timedelta(days=limits.buffer_days):
        return "late"
    return "moved" if len(order.moves) >= limits.moved_times else ""


def differs(note: ReceiptNote, claims: Iterable[Claim], replaced: int) -> int:
    """R12: pieces by which what was received still differs from what was sent.

    Missing and wrong pieces until a replacement came or the claim was settled; pieces too many until the count was accepted.
    """
    settled = sum(c.quantity for c in claims if c.receipt == note.code and c.kind != "damaged" and c.settled)
    made_good = max(settled, min(replaced, note.count.missing + note.count.wrong_type))
    short = max(0, note.count.missing + note.count.wrong_type - made_good)
    return short + (0 if note.accepted else note.count.over)


def accepted_stock(receipts: Iterable[ReceiptNote]) -> dict[Key, int]:
    """Accepted good pieces per line."""
    stock: dict[Key, int] = {}
    for receipt in receipts:
        key = receipt.shipment.order.key
        stock[key] = stock.get(key, 0) + receipt.accepted_quantity
    return stock


def suppliable(needs: Mapping[str, Mapping[Key, int]], stock: Mapping[Key, int], unknown: Iterable[str] = ()) -> TpsCover:
    """How many TPS could be supplied in full with their critical items from this stock.

    needs: TPS code -> line -> pieces of critical items. TPS are served smallest need first. Where needs inside one dapil grow together
    (all ballots follow the TPS's voters; the rest is constant) no other choice serves more TPS.
    `unknown` names critical items whose need is not known; the answer is then an upper bound.
    """
    lines = sorted({key for wants in needs.values() for key in wants})
    left = {key: stock.get(key, 0) for key in lines}
    complete = 0
    for wants in sorted(needs.values(), key=lambda w: (sum(w.values()), sorted(w.items()))):
        if all(left[key] >= pieces for key, pieces in wants.items()):
            complete += 1
            for key, pieces in wants.items():
                left[key] -= pieces
    alone = tuple((key, _served([w[key] for w in needs.values() if w.get(key)], stock.get(key, 0))) for key in lines)
    return TpsCover(complete, len(needs), tuple(sorted(unknown)), alone)


def _served(wants: list[int], stock: int) -> Share:
    served = 0
    for pieces in sorted(wants):
        if stock < pieces:
            break
        stock -= pieces
        served += 1
    return Share(served, len(wants))


class NotANumber(record.Refusal):
    """A typed quantity that is not a whole number as Indonesians write it."""

    code: ClassVar[str] = "receipts.not_a_number"


class NotADay(record.Refusal):
    """A typed date that is none."""

    code: ClassVar[str] = "receipts.not_a_day"


_WRITTEN = re.compile(r"\d{1,3}(\.\d{3})+|\d+")


def pieces(text: str) -> int:
    """A whole number of pieces as typed: 1829 or 1.829. "1,829" and "1.82" are asked about, never guessed."""
    typed = text.strip().replace(" ", "").replace("\u00a0", "")
    if not _WRITTEN.fullmatch(typed) or len(typed) > 12:
        raise NotANumber(typed=text.strip()[:20])
    return int(typed.replace(".", ""))
