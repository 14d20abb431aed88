"""Stage receipts: what was ordered, shipped, received and accepted, and the gauge that says how far that is.

All counts are whole pieces. A count is what two hands found against a surat jalan; it cannot be built so that pieces vanish.
The gauge never averages percentages and never says a percentage without its numerator and denominator.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from posko.domain import record

UNDO_FOR = timedelta(minutes=10)
"""How long the author may correct a receipt alone, while nothing depends on it."""

MARKS = ("", "REKONSTRUKSI", "[SIMULASI]")

Key = tuple[str, str, str]
"""A line of the gauge: (item, contest, dapil); contest and dapil are "" where the item knows none."""


class NotPositive(record.Refusal):
    """A quantity that must be at least one is not."""

    code: ClassVar[str] = "receipts.not_positive"


class NegativeCount(record.Refusal):
    """A count below nought."""

    code: ClassVar[str] = "receipts.negative"


class Unbalanced(record.Refusal):
    """The stated missing or surplus pieces do not follow from shipped, good and damaged."""

    code: ClassVar[str] = "receipts.unbalanced"


class AlreadyReceived(record.Refusal):
    """This surat jalan has been counted; a new count is a correction."""

    code: ClassVar[str] = "receipts.already_received"


class NotYetShipped(record.Refusal):
    """A receipt dated before its shipment left."""

    code: ClassVar[str] = "receipts.not_yet_shipped"


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


class OverOrdered(record.Refusal):
    """More would be on the way than was ordered, and it replaces nothing."""

    code: ClassVar[str] = "receipts.over_ordered"


@dataclass(frozen=True)
class Order:
    """A line that somebody promised to supply: so many pieces of one item by a day."""

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

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise NotPositive(quantity=self.quantity)

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

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise NotPositive(quantity=self.quantity)


@dataclass(frozen=True)
class Count:
    """What was found against a surat jalan. good and damaged are pieces present; missing and over follow from them.

    Conservation: shipped + over == good + damaged + missing, and missing and over are never both above nought.
    """

    shipped: int
    good: int
    damaged: int

    def __post_init__(self) -> None:
        for name in ("shipped", "good", "damaged"):
            value = getattr(self, name)
            if value < 0:
                raise NegativeCount(which=name, value=value)

    @property
    def received(self) -> int:
        """Pieces that came through the gate, whole or not."""
        return self.good + self.damaged

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


def tally(shipped: int, good: int, damaged: int, missing: int | None = None, over: int | None = None) -> Count:
    """A count from what was typed. Missing and over may be left out; where they are stated they must agree."""
    count = Count(shipped, good, damaged)
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
    return person == receipt.person and receipt.accepted is None and timedelta(0) <= at - receipt.received_at <= UNDO_FOR


def check_correction(receipt: ReceiptNote, good: int, damaged: int, reason: str, person: str, at: datetime) -> Count:
    """The corrected count. Outside the author's minutes it needs a reason, and then a second person before it counts."""
    if receipt.pending:
        raise CorrectionPending(receipt=receipt.code)
    count = Count(receipt.count.shipped, good, damaged)
    if count == receipt.count:
        raise NothingChanged(receipt=receipt.code)
    if not may_correct_alone(receipt, person, at) and not reason.strip():
        raise ReasonMissing(receipt=receipt.code)
    return count


def check_approval(proposer: str, approver: str, receipt: str) -> None:
    """Refuse an approval by the person who proposed."""
    if proposer == approver:
        raise SamePerson(receipt=receipt)


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
        received=sum(r.count.received for r in counts),
        good=sum(r.count.good for r in counts),
        damaged=sum(r.count.damaged for r in counts),
        missing=sum(r.count.missing for r in counts),
        over=sum(r.count.over for r in counts),
        accepted=sum(r.accepted_quantity for r in counts),
        due_at=max(due) if due else None,
        marks=tuple(sorted({m for m in [*(o.mark for o in mine), *(s.mark for s in sent), *(r.mark for r in counts)] if m})),
    )


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
