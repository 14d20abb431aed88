"""Stage sampling: how surely are the sealed boxes right?

Boxes to re-open are drawn with a seed made in public, by a rule that anybody can repeat with nothing but Python: the ticket of a box is
SHA-256 of "<seed>,<code>", the smallest tickets are drawn (the ticket numbers of Rivest's sampler, people.csail.mit.edu/rivest/sampler.py).
The list of boxes is frozen under a hash before the seed exists, so nobody can choose either to suit the other.

What the sample says is exact: the number of wrong boxes in it has a hypergeometric distribution, and the one-sided bound is found by
inverting its test (fractions of whole numbers, no approximation). A box that was drawn and not examined counts as wrong.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import comb
from typing import ClassVar

from posko.domain import record

UNDO_FOR = timedelta(minutes=10)
"""How long the author may correct a result without giving a reason."""

KINDS = ("wrong_dapil", "wrong_contest", "short", "over", "item_missing", "seal_broken", "not_found")
SEED_KINDS = ("dice", "public")
LEAST_DIGITS = 20
"""Twenty decimal digits are 66 bits: nobody can try them all in search of a sample they like."""


class NotANumber(record.Refusal):
    """What was typed is no whole number."""

    code: ClassVar[str] = "sampling.not_a_number"


class BadPlan(record.Refusal):
    """A plan that cannot be: no boxes, more than all, a confidence that is none."""

    code: ClassVar[str] = "sampling.bad_plan"


class Impossible(record.Refusal):
    """No sample, not even all boxes, can support the statement: more wrong ones are expected than tolerated."""

    code: ClassVar[str] = "sampling.impossible"


class NoBoxes(record.Refusal):
    """There is no sealed box to draw from."""

    code: ClassVar[str] = "sampling.no_boxes"


class BadSeed(record.Refusal):
    """No seed: too short, or other signs than digits."""

    code: ClassVar[str] = "sampling.bad_seed"


class AgreementMissing(record.Refusal):
    """A seed from a public number needs words, agreed beforehand, that say which number it will be."""

    code: ClassVar[str] = "sampling.agreement_missing"


class SeedTooEarly(record.Refusal):
    """A seed from before the list was frozen."""

    code: ClassVar[str] = "sampling.seed_too_early"


class AlreadyDrawn(record.Refusal):
    """The boxes of this audit are drawn; another draw is another audit and both stay visible."""

    code: ClassVar[str] = "sampling.already_drawn"


class NotDrawn(record.Refusal):
    """Nothing has been drawn yet."""

    code: ClassVar[str] = "sampling.not_drawn"


class Abandoned(record.Refusal):
    """The audit was given up."""

    code: ClassVar[str] = "sampling.abandoned"


class ListBroken(record.Refusal):
    """The kept list no longer has the hash under which it was frozen."""

    code: ClassVar[str] = "sampling.list_broken"


class NotInSample(record.Refusal):
    """This box was not drawn: it stays closed."""

    code: ClassVar[str] = "sampling.not_in_sample"


class AlreadyExamined(record.Refusal):
    """The box has a result; another one is a correction."""

    code: ClassVar[str] = "sampling.already_examined"


class NotExamined(record.Refusal):
    """The box has no result that could be corrected."""

    code: ClassVar[str] = "sampling.not_examined"


class UnknownKind(record.Refusal):
    """No such kind of fault."""

    code: ClassVar[str] = "sampling.unknown_kind"


class VerdictMissing(record.Refusal):
    """Neither "right" nor a kind of fault was chosen, or both."""

    code: ClassVar[str] = "sampling.verdict_missing"


class SamePerson(record.Refusal):
    """A sealed box is opened by two persons."""

    code: ClassVar[str] = "sampling.same_person"


class ReasonMissing(record.Refusal):
    """Giving up an audit and a late correction say why."""

    code: ClassVar[str] = "sampling.reason_missing"


class NothingChanged(record.Refusal):
    """A correction that states what already stands."""

    code: ClassVar[str] = "sampling.nothing_changed"


class UnknownThing(record.Refusal):
    """No such audit in this election."""

    code: ClassVar[str] = "sampling.unknown"


# --- exact statistics ----------------------------------------------------------------------------------------------------


def chance_at_most(found: int, population: int, wrong: int, size: int) -> Fraction:
    """Probability that a sample of `size` out of `population`, of which `wrong` are wrong, shows at most `found` wrong ones."""
    _check_numbers(population, size)
    ways = sum(comb(wrong, d) * comb(population - wrong, size - d) for d in range(min(found, wrong, size) + 1))
    return Fraction(ways, comb(population, size))


def upper_bound(population: int, size: int, found: int, risk: Fraction) -> int:
    """The largest number of wrong boxes that the sample does not rule out at this risk.

    A number K is ruled out where a sample as good as this one, or better, would have had a chance of at most `risk`. So whatever the true
    number is, the statement "at most this many" is false with a chance of at most `risk`.
    """
    _check_numbers(population, size, risk)
    if not 0 <= found <= size:
        raise BadPlan(population=population, size=size, found=found)
    low, high = found, population - (size - found)
    while low < high:  # the chance only falls as more boxes are wrong
        middle = (low + high + 1) // 2
        if chance_at_most(found, population, middle, size) > risk:
            low = middle
        else:
            high = middle - 1
    return low


def sample_size(population: int, tolerable: int, risk: Fraction, expected: int = 0) -> int:
    """The smallest sample that, with `expected` wrong boxes in it, still supports "at most `tolerable` are wrong". Impossible."""
    _check_numbers(population, population, risk)
    if tolerable < 0 or expected < 0:
        raise BadPlan(population=population, tolerable=tolerable, expected=expected)
    if expected > min(tolerable, population):
        raise Impossible(tolerable=tolerable, expected=expected, population=population)
    if tolerable >= population:
        return max(1, expected)
    low, high = max(1, expected), population
    while low < high:
        middle = (low + high) // 2
        if upper_bound(population, middle, expected, risk) <= tolerable:
            high = middle
        else:
            low = middle + 1
    return low


def _check_numbers(population: int, size: int, risk: Fraction = Fraction(1, 20)) -> None:
    if population < 1 or not 0 <= size <= population or not 0 < risk < 1:
        raise BadPlan(population=population, size=size)


def tolerable_of(population: int, permille: int) -> int:
    """The most wrong boxes of which it is still true that fewer than so many per mille are wrong: strictly fewer, rounded down."""
    return max(0, -(-population * permille // 1000) - 1)


def risk_of(confidence_permille: int, statements: int = 1) -> Fraction:
    """The risk of one statement. Several that shall hold together share it (Bonferroni): then each is made at a smaller risk."""
    if not 500 <= confidence_permille < 1000 or statements < 1:
        raise BadPlan(confidence=confidence_permille, statements=statements)
    return Fraction(1000 - confidence_permille, 1000 * statements)


def whole(typed: str) -> int:
    """A whole number as people type it. NotANumber."""
    clean = typed.strip()
    if not re.fullmatch(r"\d{1,6}|\d{1,3}(\.\d{3})+", clean, re.ASCII):
        raise NotANumber(typed=clean[:20])
    return int(clean.replace(".", ""))


def permille(typed: str) -> int:
    """Per cent with at most one decimal as people type it, in tenths: "1" is 10, "0,5" is 5. NotANumber."""
    match = re.fullmatch(r"(\d{1,2})(?:[.,](\d))?", typed.strip().removesuffix("%").strip(), re.ASCII)
    if match is None:
        raise NotANumber(typed=typed.strip()[:20])
    return int(match[1]) * 10 + int(match[2] or 0)


# --- drawing -------------------------------------------------------------------------------------------------------------


def population_hash(codes: Iterable[str]) -> str:
    """SHA-256 of the sorted codes, one a line, each line ended by a newline."""
    return hashlib.sha256("".join(f"{code}\n" for code in sorted(codes)).encode()).hexdigest()


def ticket(seed: str, code: str) -> str:
    """The ticket of a box: SHA-256 of "<seed>,<code>" in hexadecimal."""
    return hashlib.sha256(f"{seed},{code}".encode()).hexdigest()


def drawn(seed: str, codes: Iterable[str], size: int) -> tuple[str, ...]:
    """The codes with the smallest tickets, in that order."""
    return tuple(sorted(codes, key=lambda code: (ticket(seed, code), code))[:size])


def agreed_digest(agreed: str) -> str:
    """SHA-256 of the words agreed beforehand, without spaces at their ends; "" where there are none.

    The words were typed and may be erased one day; the draw must stay checkable without them, so that the seed holds their hash.
    """
    return hashlib.sha256(agreed.strip().encode()).hexdigest() if agreed.strip() else ""


def seed_of(kind: str, digest: str, typed: str) -> str:
    """The seed from what was typed in public: dice digits; or `agreed_digest`, a space, and the public number. BadSeed.

    Spaces and points between digits do not count, so that everybody gets the same seed however they group them.
    """
    digits = re.sub(r"[\s.\-]", "", typed)
    if not digits.isascii() or not digits.isdigit():
        raise BadSeed(kind=kind, least=LEAST_DIGITS, seen=len(digits))
    if kind == "dice":
        if len(digits) < LEAST_DIGITS or len(digits) > 200 or len(set(digits)) == 1:
            raise BadSeed(kind=kind, least=LEAST_DIGITS, seen=len(digits))
        return digits
    if not 4 <= len(digits) <= 200:
        raise BadSeed(kind=kind, least=4, seen=len(digits))
    return f"{digest} {digits}"


# --- an audit ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Boxed:
    """A sealed box of the frozen list."""

    code: str
    contest: str
    tps: str
    dapil: str


@dataclass(frozen=True)
class Plan:
    """What an audit wants to say and how many boxes it opens. statements: so many of the same sitting shall hold together."""

    size: int
    tolerable: int
    confidence_permille: int
    statements: int = 1
    expected: int = 0

    @property
    def risk(self) -> Fraction:
        """Of this statement."""
        return risk_of(self.confidence_permille, self.statements)


@dataclass(frozen=True)
class Result:
    """What was found in a re-opened box; no kinds: all right. found and needed: sheets, where they were counted."""

    box: str
    kinds: tuple[str, ...]
    found: int | None
    needed: int | None
    note: str
    person: str
    second: str
    examined_at: datetime
    corrections: int = 0
    entry_id: str = ""

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise UnknownKind(kind=kind)

    @property
    def wrong(self) -> bool:
        """Whether anything was wrong."""
        return bool(self.kinds)


@dataclass(frozen=True)
class Audit:
    """A frozen list, its plan, and what became of it as of an instant."""

    code: str
    sitting: str
    stratum: str
    boxes: tuple[Boxed, ...]
    digest: str
    plan: Plan
    seed_kind: str
    agreed: str
    person: str
    committed_at: datetime
    entry_id: str = ""
    mark: str = ""
    seed: str = ""
    drawn: tuple[str, ...] = ()
    drawn_at: datetime | None = None
    drawer: str = ""
    results: Mapping[str, Result] | None = None
    abandoned_at: datetime | None = None
    abandon_reason: str = ""
    prints: int = 0
    agreed_digest: str = ""

    @property
    def size(self) -> int:
        """Boxes in the list."""
        return len(self.boxes)

    @property
    def examined(self) -> int:
        """Boxes with a result."""
        return len(self.results or {})

    @property
    def wrong(self) -> int:
        """Boxes found wrong."""
        return sum(r.wrong for r in (self.results or {}).values())

    @property
    def state(self) -> str:
        """committed | drawn | done | abandoned."""
        if self.abandoned_at is not None:
            return "abandoned"
        if not self.drawn:
            return "committed"
        return "done" if self.examined >= len(self.drawn) else "drawn"


@dataclass(frozen=True)
class Statement:
    """What may be said: with this confidence, at most `bound` of `population` boxes are wrong.

    counted: the wrong ones the bound stands on, drawn boxes that nobody has examined yet among them; holds: whether it is what was planned.
    """

    population: int
    size: int
    wrong: int
    counted: int
    bound: int
    tolerable: int
    confidence_permille: int
    statements: int

    @property
    def final(self) -> bool:
        """Whether every drawn box was examined."""
        return self.counted == self.wrong

    @property
    def holds(self) -> bool:
        """Whether no more wrong ones are possible than the plan tolerates."""
        return self.bound <= self.tolerable

    @property
    def share_myriad(self) -> int:
        """The bound in hundredths of a per cent of all boxes, rounded up: the statement never sounds better than it is."""
        return -(-self.bound * 10_000 // self.population)


def statement(audit: Audit) -> Statement:
    """What the sample supports now; boxes not yet examined count as wrong. NotDrawn."""
    if not audit.drawn:
        raise NotDrawn(audit=audit.code)
    counted = audit.wrong + len(audit.drawn) - audit.examined
    bound = upper_bound(audit.size, len(audit.drawn), counted, audit.plan.risk)
    return Statement(
        audit.size, len(audit.drawn), audit.wrong, counted, bound, audit.plan.tolerable, audit.plan.confidence_permille,
        audit.plan.statements,
    )  # fmt: skip


def worded(audit: Audit) -> bool:
    """Whether the words agreed beforehand are at hand and are those that the seed was made from."""
    digest = agreed_digest(audit.agreed)
    return bool(digest) and digest == audit.agreed_digest and audit.seed.startswith(digest)


def check_commit(boxes: Sequence[Boxed], plan: Plan, seed_kind: str, agreed: str) -> None:
    """Refuse a list without boxes, a plan that cannot be, a seed nobody agreed on."""
    if not boxes:
        raise NoBoxes()
    if not 1 <= plan.size <= len(boxes) or plan.tolerable < 0 or len({b.code for b in boxes}) != len(boxes):
        raise BadPlan(population=len(boxes), size=plan.size)
    if seed_kind not in SEED_KINDS:
        raise BadSeed(kind=seed_kind, least=LEAST_DIGITS, seen=0)
    if seed_kind == "public" and len(agreed.strip()) < 10:
        raise AgreementMissing()
    risk_of(plan.confidence_permille, plan.statements)


def check_draw(audit: Audit, at: datetime) -> None:
    """Refuse a second draw, a draw before the list was frozen, one from a list that was touched."""
    if audit.abandoned_at is not None:
        raise Abandoned(audit=audit.code)
    if audit.drawn:
        raise AlreadyDrawn(audit=audit.code)
    if at <= audit.committed_at:
        raise SeedTooEarly(audit=audit.code)
    if population_hash(b.code for b in audit.boxes) != audit.digest:
        raise ListBroken(audit=audit.code)


def check_result(audit: Audit, box: str, right: bool, kinds: Sequence[str], person: str, second: str) -> None:
    """Refuse a result of a box that was not drawn or is examined already, by one person alone, or that says both or neither."""
    if audit.abandoned_at is not None:
        raise Abandoned(audit=audit.code)
    if not audit.drawn:
        raise NotDrawn(audit=audit.code)
    if box not in audit.drawn:
        raise NotInSample(box=box)
    if box in (audit.results or {}):
        raise AlreadyExamined(box=box)
    _check_verdict(right, kinds)
    if not second or second == person:
        raise SamePerson(person=person)


def _check_verdict(right: bool, kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownKind(kind=kind)
    if right == bool(kinds):
        raise VerdictMissing()


def check_correction(
    audit: Audit, box: str, right: bool, kinds: Sequence[str], reason: str, person: str, second: str, at: datetime
) -> Result:
    """The result that a correction replaces. Two persons always; a reason outside the author's minutes."""
    old = (audit.results or {}).get(box)
    if old is None:
        raise NotExamined(box=box)
    _check_verdict(right, kinds)
    if not second or second == person:
        raise SamePerson(person=person)
    if not (person == old.person and timedelta(0) <= at - old.examined_at <= UNDO_FOR) and not reason.strip():
        raise ReasonMissing()
    if tuple(kinds) == old.kinds:
        raise NothingChanged(box=box)
    return old


def check_abandoning(audit: Audit, reason: str) -> None:
    """An audit is given up with a reason; it stays visible."""
    if audit.abandoned_at is not None:
        raise Abandoned(audit=audit.code)
    if not reason.strip():
        raise ReasonMissing()


# --- early warnings ------------------------------------------------------------------------------------------------------


def signals_of(audit: Audit, names: Mapping[str, str]) -> list[record.Signal]:
    """A drawn box of a wrong dapil or contest (R05), one with a broken seal or that is gone (R06), and a bound above what was tolerated."""
    found = []
    boxes = {b.code: b for b in audit.boxes}
    for result in (audit.results or {}).values():
        box = boxes[result.box]
        said: dict[str, str | int] = {"box": box.code[-5:], "contest": box.contest, "tps": names.get(box.tps, box.tps), "audit": audit.code}
        for rule, kinds, kind in (
            ("R05.uji", {"wrong_dapil", "wrong_contest"}, "HAMBATAN"),
            ("R06.uji", {"seal_broken", "not_found"}, "GANGGUAN"),
        ):
            if kinds & set(result.kinds):
                to = ("KPU", "BAWASLU", "POLRES") if rule == "R06.uji" else ("KPU", "BAWASLU")
                args = (audit.code,)
                found.append(
                    record.Signal(rule, kind, f"box:{box.code}", "critical", to, result.examined_at, said, args, audit.mark, box.tps)
                )
    if audit.state == "done" and not statement(audit).holds:
        said = {"audit": audit.code, "bound": statement(audit).bound, "tolerable": audit.plan.tolerable, "population": audit.size}
        since_at = max(r.examined_at for r in (audit.results or {}).values())
        args = (audit.code,)
        found.append(
            record.Signal("R05.batas", "HAMBATAN", f"audit:{audit.code}", "high", ("KPU", "BAWASLU"), since_at, said, args, audit.mark)
        )
    return found
