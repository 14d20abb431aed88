"""Stage stock: what lies where, in which condition, and does it add up?

Double entry: a posting takes pieces of one line from an account and puts them into another, so nothing can appear or vanish but from or to
one of the accounts outside (supplier, missing, destroyed ...). An account is (place, condition).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from posko.domain import record

Line = tuple[str, str, str]
"""(item, contest, dapil), as receipts.Key: contest and dapil are "" where the item knows none."""


class Condition(StrEnum):
    """In which condition pieces lie at a place, or where they are outside of it."""

    UNACCEPTED = "unaccepted"  # counted good at the gate, not yet accepted
    GOOD = "good"  # accepted
    QUARANTINE = "quarantine"  # damaged, of the wrong type, over: kept apart until it is decided
    SORTING = "sorting"  # ballots of an opened carton
    FOLDED = "folded"  # ballots sorted, folded and bundled
    REJECTED = "rejected"  # sheets that sorting refused
    PACKED = "packed"  # in a box, an envelope or a kit
    SUPPLIER = "supplier"
    MISSING = "missing"
    FOUND = "found"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    EARLIER = "earlier"  # left over from an earlier election
    SENT = "sent"  # handed over to another place's keeper


OUTSIDE = frozenset(
    {
        Condition.SUPPLIER, Condition.MISSING, Condition.FOUND, Condition.RETURNED, Condition.DESTROYED, Condition.EARLIER, Condition.SENT,
    }
)  # fmt: skip


class NotPositive(record.Refusal):
    """A posting moves at least one piece; moving back is a posting the other way."""

    code: ClassVar[str] = "stock.not_positive"


@dataclass(frozen=True)
class Account:
    """(place, condition); outside accounts have the place they face."""

    place: str
    condition: Condition


@dataclass(frozen=True)
class Posting:
    """Pieces of a line from one account to another, and the act that moved them (`receipt.recorded`, `carton.opened` ...)."""

    line: Line
    quantity: int
    source: Account
    target: Account
    act: str
    subject: str

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise NotPositive(quantity=self.quantity)

    @property
    def reverse(self) -> "Posting":
        """The posting that takes it back."""
        return Posting(self.line, self.quantity, self.target, self.source, self.act, self.subject)
