"""Stage stock: what lies where, in which condition, and does it add up?

Double entry: a posting takes pieces of one line from an account and puts them into another, so nothing can appear or vanish but from or to
one of the accounts outside (supplier, missing, destroyed ...). An account is (place, condition).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import record, thresholds

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


MOST_PIECES = 50_000_000
"""More pieces of one line than any regency handles: a slip of the finger."""


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


class BadCount(record.Refusal):
    """A count below nought or beyond anything a warehouse can hold."""

    code: ClassVar[str] = "stock.bad_count"


class UnknownThing(record.Refusal):
    """No such line, place, condition, count or answer."""

    code: ClassVar[str] = "stock.unknown"


class ReasonMissing(record.Refusal):
    """A difference is declared, and a left-over stock opened, with a reason."""

    code: ClassVar[str] = "stock.reason_missing"


class SamePerson(record.Refusal):
    """A second person is needed and it is the same one, or none."""

    code: ClassVar[str] = "stock.same_person"


class NothingToDeclare(record.Refusal):
    """The count agrees with the book, its difference has been declared, or a later count stands in its place."""

    code: ClassVar[str] = "stock.nothing_to_declare"


class AlreadyOpened(record.Refusal):
    """What was left over of this line has been brought in; a difference is found by counting."""

    code: ClassVar[str] = "stock.already_opened"


# --- the book ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Movement:
    """A posting as it stands in the book: with the entry that states it and when it occurred."""

    posting: Posting
    entry_id: str
    occurred_at: datetime


@dataclass(frozen=True)
class Control:
    """How many postings and pieces an entry wrote, and their fingerprint: a dropped, doubled or changed posting no longer fits it."""

    postings: int
    pieces: int
    digest: int

    def __add__(self, other: "Control") -> "Control":
        return Control(self.postings + other.postings, self.pieces + other.pieces, (self.digest + other.digest) % _MODULUS)


_MODULUS = 2**60
Balances = dict[tuple[Line, Account], int]


def control(postings: Iterable[Posting]) -> Control:
    """The control of some postings; the order does not matter, and controls of parts add up to that of the whole."""
    found = Control(0, 0, 0)
    for posting in postings:
        found += Control(1, posting.quantity, _fingerprint(posting))
    return found


def _fingerprint(posting: Posting) -> int:
    ends = [part for account in (posting.source, posting.target) for part in (account.place, account.condition.value)]
    said = "\x1f".join((*posting.line, str(posting.quantity), *ends, posting.act, posting.subject))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]) % _MODULUS


def balances(postings: Iterable[Posting]) -> Balances:
    """Pieces per line and account; accounts at nought are left out. Outside accounts may be below nought."""
    found: Counter[tuple[Line, Account]] = Counter()
    for posting in postings:
        found[(posting.line, posting.source)] -= posting.quantity
        found[(posting.line, posting.target)] += posting.quantity
    return {key: pieces for key, pieces in found.items() if pieces}


@dataclass(frozen=True)
class Equation:
    """One line over all places: what came in from outside is what lies in the places and what left them, each in its condition."""

    line: Line
    supplied: int
    found: int
    earlier: int
    inside: tuple[tuple[Condition, int], ...]
    missing: int
    returned: int
    destroyed: int
    sent: int

    @property
    def on_hand(self) -> int:
        """Pieces in the places."""
        return sum(pieces for _, pieces in self.inside)

    @property
    def came(self) -> int:
        """The left side: supplied + found + left over from earlier."""
        return self.supplied + self.found + self.earlier

    @property
    def went(self) -> int:
        """The right side: on hand + missing + returned + destroyed + sent."""
        return self.on_hand + self.missing + self.returned + self.destroyed + self.sent

    def of(self, condition: Condition) -> int:
        """Pieces in one condition inside the places."""
        return dict(self.inside).get(condition, 0)


INSIDE = tuple(condition for condition in Condition if condition not in OUTSIDE)


def equations(held: Mapping[tuple[Line, Account], int]) -> list[Equation]:
    """The equation of every line that has moved. Both sides are equal whatever the postings were; the parts say where pieces are."""
    sums: dict[Line, Counter[Condition]] = defaultdict(Counter)
    for (line, account), pieces in held.items():
        sums[line][account.condition] += pieces
    c = Condition
    return [
        Equation(
            line, -by[c.SUPPLIER], -by[c.FOUND], -by[c.EARLIER], tuple((one, by[one]) for one in INSIDE if by[one]), by[c.MISSING],
            by[c.RETURNED], by[c.DESTROYED], by[c.SENT],
        )
        for line, by in sorted(sums.items())
    ]  # fmt: skip


# --- counts and differences ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Count:
    """What hands counted of a line in one condition at a place (opname), what the book said then, and what was declared of the difference.

    declared: pieces, above nought for found, below for missing.
    """

    code: str
    line: Line
    account: Account
    pieces: int
    book: int
    person: str
    counted_at: datetime
    entry_id: str = ""
    declared: int = 0
    note: str = ""
    mark: str = ""

    @property
    def difference(self) -> int:
        """Pieces beyond the book (below nought: short of it)."""
        return self.pieces - self.book

    @property
    def open_difference(self) -> int:
        """What nobody has declared yet."""
        return self.difference - self.declared


def check_count(pieces: int, condition: Condition) -> None:
    """Refuse a count that cannot be, and counting what is outside."""
    if not 0 <= pieces <= MOST_PIECES:
        raise BadCount(value=pieces, most=MOST_PIECES)
    if condition in OUTSIDE:
        raise UnknownThing(thing=condition.value)


def adjustment(count: Count, latest: str, reason: str, first: str, second: str) -> Posting:
    """The posting that declares a count's open difference as found or missing.

    latest: the code of the newest count of that line, place and condition; an older one says nothing about today.
    """
    if not reason.strip():
        raise ReasonMissing(what=count.code)
    if not second or first == second:
        raise SamePerson(what=count.code)
    if not count.open_difference or count.code != latest:
        raise NothingToDeclare(what=count.code)
    place = count.account.place
    if count.open_difference > 0:
        source, target = Account(place, Condition.FOUND), count.account
    else:
        source, target = count.account, Account(place, Condition.MISSING)
    return Posting(count.line, abs(count.open_difference), source, target, "stock.adjusted", f"count:{count.code}")


def check_opening(pieces: int, opened_before: bool, reason: str, first: str, second: str) -> None:
    """Refuse to bring in what is left over from an earlier election twice, alone, or without saying from where."""
    if not 1 <= pieces <= MOST_PIECES:
        raise BadCount(value=pieces, most=MOST_PIECES)
    if not reason.strip():
        raise ReasonMissing(what="opening")
    if not second or first == second:
        raise SamePerson(what="opening")
    if opened_before:
        raise AlreadyOpened()


# --- breaks --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Break:
    """Something that does not add up, and the entries that it comes from.

    code: below_nought | count_differs | no_entry | altered | outside_reversed | act_unbalanced.
    """

    code: str
    line: Line
    place: str
    condition: str
    pieces: int
    facts: Mapping[str, str | int]
    entries: tuple[str, ...]


# The sheets of one carton pass through the table: once some have arrived behind it, none may be left on it or wanting.
_THROUGH: dict[Condition, frozenset[Condition]] = {
    Condition.SORTING: frozenset({Condition.FOLDED, Condition.REJECTED, Condition.MISSING}),
    Condition.UNACCEPTED: frozenset(),
}
_GIVERS = frozenset({Condition.SUPPLIER, Condition.FOUND, Condition.EARLIER})
_SHOWN = 50


def breaks(
    movements: Iterable[Movement], controls: Mapping[str, Control], known: Iterable[str] | None, counts: Iterable[Count]
) -> list[Break]:
    """Everything that does not add up.

    controls: entry -> what it wrote; known: entries of the journal (None: not looked up); counts: the newest of each line, place and
    condition.
    """
    book = list(movements)
    found = _altered(book, controls) + (_without_entry(book, set(known)) if known is not None else [])
    return found + _below_nought(book) + _unbalanced_acts(book) + _differing(counts)


def _altered(book: list[Movement], controls: Mapping[str, Control]) -> list[Break]:
    by_entry: dict[str, list[Posting]] = defaultdict(list)
    for one in book:
        by_entry[one.entry_id].append(one.posting)
    found = []
    for entry in sorted({*by_entry, *controls}):
        said, seen = controls.get(entry, Control(0, 0, 0)), control(by_entry[entry])
        if said != seen:
            first = by_entry[entry][0] if by_entry[entry] else None
            facts: dict[str, str | int] = {
                "said_postings": said.postings, "seen_postings": seen.postings, "said_pieces": said.pieces, "seen_pieces": seen.pieces,
            }  # fmt: skip
            line, place = (first.line, first.target.place) if first else (("", "", ""), "")
            found.append(Break("altered", line, place, "", seen.pieces - said.pieces, facts, (entry,)))
    return found


def _without_entry(book: list[Movement], known: set[str]) -> list[Break]:
    return [
        Break("no_entry", m.posting.line, m.posting.target.place, m.posting.target.condition.value, m.posting.quantity,
              {"act": m.posting.act, "subject": m.posting.subject}, (m.entry_id,))
        for m in book
        if m.entry_id not in known
    ]  # fmt: skip


def _below_nought(book: list[Movement]) -> list[Break]:
    found = []
    for (line, account), pieces in sorted(balances(m.posting for m in book).items(), key=str):
        giver, inside = account.condition in _GIVERS, account.condition not in OUTSIDE
        if (giver and pieces > 0) or (not giver and pieces < 0):
            code = "below_nought" if inside else "outside_reversed"
            takers = [m.entry_id for m in book if m.posting.line == line and m.posting.source == account]
            entries = tuple(dict.fromkeys(takers[-_SHOWN:]))
            found.append(Break(code, line, account.place, account.condition.value, pieces, {"entries": len(set(takers))}, entries))
    return found


def _unbalanced_acts(book: list[Movement]) -> list[Break]:
    sums: dict[tuple[str, Line], Counter[Condition]] = defaultdict(Counter)
    for one in book:
        by = sums[(one.posting.subject, one.posting.line)]
        by[one.posting.source.condition] -= one.posting.quantity
        by[one.posting.target.condition] += one.posting.quantity
    found = []
    for (subject, line), by in sorted(sums.items()):
        for through, behind in _THROUGH.items():
            if by[through] < 0 or (by[through] and any(by[one] > 0 for one in behind)):
                own = [m for m in book if m.posting.subject == subject and m.posting.line == line]
                entries = tuple(dict.fromkeys(m.entry_id for m in own))
                place = own[-1].posting.source.place
                found.append(Break("act_unbalanced", line, place, through.value, by[through], {"subject": subject}, entries))
    return found


def _differing(counts: Iterable[Count]) -> list[Break]:
    return [
        Break("count_differs", c.line, c.account.place, c.account.condition.value, c.open_difference,
              {"count": c.code, "pieces": c.pieces, "book": c.book}, (c.entry_id,))
        for c in counts
        if c.open_difference
    ]  # fmt: skip


# --- the warehouse itself ------------------------------------------------------------------------------------------------

CHECKS_VERSION = "2024-1"
# What is looked at, each said so that "yes" is good. From the floods of January and February 2024 (Sunter Jaya, Lebak, Pemalang,
# Selayar) and the double lock of 2015 (the police keep a key). Wording is part of the list.
CHECKS: tuple[tuple[str, str, str], ...] = (
    ("leak", "Lantai dan dinding kering, tidak ada kebocoran", "ada kebocoran atau genangan"),
    ("humidity", "Udara kering, kardus tidak lembap", "udara lembap, kardus basah"),
    ("pallet", "Barang di atas palet, paling sedikit 30 cm dari lantai", "barang di lantai atau palet di bawah 30 cm"),
    ("roof", "Atap dan talang utuh", "atap atau talang rusak"),
    ("drain", "Saluran air di luar lancar", "saluran air tersumbat"),
    ("guard", "Ada penjaga 24 jam", "tidak ada penjaga 24 jam"),
    ("power", "Listrik menyala dan ada genset", "listrik padam atau tidak ada genset"),
    ("fire", "Alat pemadam api ada dan belum kedaluwarsa", "alat pemadam api tidak ada atau kedaluwarsa"),
    ("key", "Kunci kedua dipegang polisi", "kunci kedua tidak dipegang polisi"),
)
GRAVE = frozenset({"leak", "roof", "guard"})
ANSWERS = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Inspection:
    """A walk through a warehouse: an answer for every check, "unknown" where nobody looked."""

    code: str
    place: str
    answers: tuple[tuple[str, str], ...]
    note: str
    person: str
    agency: str
    inspected_at: datetime
    entry_id: str = ""
    mark: str = ""

    def __post_init__(self) -> None:
        known = {code for code, _, _ in CHECKS}
        if {code for code, _ in self.answers} != known or any(answer not in ANSWERS for _, answer in self.answers):
            raise UnknownThing(thing="checklist")
        if all(answer == "unknown" for _, answer in self.answers):
            raise NothingSeen()

    @property
    def faults(self) -> tuple[str, ...]:
        """Checks answered with no."""
        return tuple(code for code, answer in self.answers if answer == "no")

    @property
    def unseen(self) -> tuple[str, ...]:
        """Checks nobody looked at."""
        return tuple(code for code, answer in self.answers if answer == "unknown")


class NothingSeen(record.Refusal):
    """An inspection in which nothing was looked at is none."""

    code: ClassVar[str] = "stock.nothing_seen"


@dataclass(frozen=True)
class Limits:
    """Thresholds of R11: a warehouse with goods is inspected at least every so many days."""

    inspect_days: int = field(default=7, metadata=thresholds.bounds("R11", 1, 30, "hari", "jarak antara dua pemeriksaan gudang"))


def storage_signals(
    place: str, name: str, goods_since: datetime | None, inspections: Iterable[Inspection], at: datetime, limits: Limits | None = None
) -> list[record.Signal]:
    """R11: the newest inspection has a fault, or goods lie there and nobody has looked for `inspect_days`.

    goods_since: when goods came into this place, None while it is empty. A check that was not looked at keeps its older fault.
    """
    held, seen = limits or Limits(), sorted(inspections, key=lambda i: i.inspected_at)
    if goods_since is None:
        return []
    state: dict[str, tuple[str, Inspection]] = {}
    for one in seen:
        state.update({code: (answer, one) for code, answer in one.answers if answer != "unknown"})
    faults = [(code, one) for code, (answer, one) in state.items() if answer == "no"]
    found = []
    if faults:
        words = {code: fault for code, _, fault in CHECKS}
        found.append(
            record.Signal(
                "R11", "hambatan", f"warehouse:{place}", "critical" if GRAVE & {code for code, _ in faults} else "high", ("KPU", "PEMDA"),
                min(one.inspected_at for _, one in faults),
                {"place": name or place, "faults": ", ".join(words[code] for code, _ in faults), "count": len(faults)},
                mark=next((one.mark for _, one in faults if one.mark), ""),
            )
        )  # fmt: skip
    last = max(goods_since, seen[-1].inspected_at) if seen else goods_since
    due = last + timedelta(days=held.inspect_days)
    if at > due:
        found.append(
            record.Signal(
                "R11.lama", "hambatan", f"warehouse:{place}", "watch", ("KPU", "PEMDA"), due,
                {"place": name or place, "days": (at - last).days, "limit": held.inspect_days},
            )
        )  # fmt: skip
    return found
