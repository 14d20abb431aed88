"""Stage seals: which seals have been given out, where are they, and are they whole?

A seal is a printed serial (letters, then digits as they stand on it) or one of a counted lot without serials. A seal on a box is a
physical fact: it is recorded also where it should not exist, and then it is flagged. Naming a likely slip of the pen ("0132 for 0123")
helps whoever looks for it; it never makes a mismatch less than critical.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import ClassVar

from posko.domain import record

REASONS = (
    "rusak_di_jalan",
    "putus_saat_pemasangan",
    "dibuka_uji_petik",
    "dibuka_perbaikan_isi",
    "salah_catat",
    "basah",
    "lainnya",
)
"""Why a box is sealed again."""

_SERIAL = re.compile(r"((?:[A-Z0-9]{0,9}[A-Z])?)([0-9]{1,12})")
_LOT = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")
_HOLDER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")
MISREAD = "salah_catat"
"""The reason of a re-seal that leaves the seal on the box and puts right what was written down of it."""

_SPACING = str.maketrans("", "", " -./")
MOST_IN_A_RANGE = 1_000_000
MOST_ON_A_BOX = 60


class Malformed(record.Refusal):
    """No serial of a seal: letters, then one to twelve digits."""

    code: ClassVar[str] = "seals.malformed"


class BadRange(record.Refusal):
    """The ends of a range do not belong together, run backwards, or hold more than a million seals."""

    code: ClassVar[str] = "seals.bad_range"


class RangeOverlap(record.Refusal):
    """Some of these seals have been given out already."""

    code: ClassVar[str] = "seals.range_overlap"


class BadCount(record.Refusal):
    """A number of seals that is below one or huge."""

    code: ClassVar[str] = "seals.bad_count"


class NoSeals(record.Refusal):
    """A box is closed with serials or with a count of seals; neither was given."""

    code: ClassVar[str] = "seals.none_given"


class UnknownLot(record.Refusal):
    """No such lot of counted seals."""

    code: ClassVar[str] = "seals.unknown_lot"


class LotTaken(record.Refusal):
    """A lot of this name has been given out."""

    code: ClassVar[str] = "seals.lot_taken"


class EvidenceMissing(record.Refusal):
    """Seals without serials, and every re-seal, need a photo."""

    code: ClassVar[str] = "seals.evidence_missing"


class SamePerson(record.Refusal):
    """Two people close a box."""

    code: ClassVar[str] = "seals.same_person"


class NotSealed(record.Refusal):
    """There is no seal on this box that could be checked or replaced."""

    code: ClassVar[str] = "seals.not_sealed"


class ReasonMissing(record.Refusal):
    """A re-seal or a spoiled seal says why."""

    code: ClassVar[str] = "seals.reason_missing"


class SeenMissing(record.Refusal):
    """Before seals are cut, their numbers are read, or somebody says that they cannot be read."""

    code: ClassVar[str] = "seals.seen_missing"


class NotMisread(record.Refusal):
    """A number that was misread is put right while the seal is on the box. why: open (it was cut) | same (nothing is put right)."""

    code: ClassVar[str] = "seals.not_misread"


class RangeUsed(record.Refusal):
    """Something has happened to seals of this range: what was given out is taken back only while nothing depends on it."""

    code: ClassVar[str] = "seals.range_used"


class UnknownRange(record.Refusal):
    """No such range, or it was taken back."""

    code: ClassVar[str] = "seals.unknown_range"


class BadHolder(record.Refusal):
    """Seals are given to a place or a table, by its code; never to a person by name."""

    code: ClassVar[str] = "seals.bad_holder"


@dataclass(frozen=True)
class Serial:
    """A serial as printed: the letters in front and the digits with their leading noughts."""

    series: str
    digits: str

    def __post_init__(self) -> None:
        if not _SERIAL.fullmatch(self.series + self.digits):
            raise Malformed(seen=(self.series + self.digits)[:30])

    @property
    def number(self) -> int:
        """The digits as a number."""
        return int(self.digits)

    @property
    def text(self) -> str:
        """As stored and shown."""
        return self.series + self.digits


def read_serial(text: str) -> Serial:
    """What somebody typed or scanned from a seal. Small letters, spaces, hyphens, dots and strokes are forgiven. Malformed."""
    found = _SERIAL.fullmatch(text.upper().translate(_SPACING)) if text.isascii() else None
    if found is None:
        raise Malformed(seen=text.strip()[:30])
    return Serial(found[1], found[2])


@dataclass(frozen=True)
class SealRange:
    """Seals first..last of one series, given to a place or a team. width: how many digits are printed. to: code of place or team."""

    code: str
    series: str
    first: int
    last: int
    width: int
    to: str
    item: str
    issued_at: datetime
    person: str = ""
    mark: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last or self.last - self.first >= MOST_IN_A_RANGE or len(str(self.last)) > self.width:
            raise BadRange(first=f"{self.series}{self.first:0{self.width}}", last=f"{self.series}{self.last:0{self.width}}")

    @property
    def quantity(self) -> int:
        """Seals in the range."""
        return self.last - self.first + 1

    def holds(self, serial: Serial) -> bool:
        """Whether a serial lies in it; another number of digits is another print."""
        return (serial.series, len(serial.digits)) == (self.series, self.width) and self.first <= serial.number <= self.last

    def text(self, number: int) -> str:
        """A number of this range as printed."""
        return f"{self.series}{number:0{self.width}}"


def numbers(typed: str) -> list[str]:
    """Serials from one field: "KT 004503, KT004504" or one a line; letters and the space before the digits belong to the number."""
    found = [one for part in re.split(r"[,;\n]", typed) for one in (re.findall(r"[A-Za-z]*[ \-./]*\d+", part) or [part])]
    return [one.strip() for one in found if one.strip()]


def check_holder(typed: str, places: Collection[str]) -> str:
    """Whom seals are given to, in its stored form: the code of one of `places`, or of a table or team (MEJA-1). BadHolder."""
    plain = typed.strip()
    if plain in places:
        return plain
    if not _HOLDER.fullmatch(plain.upper()):
        raise BadHolder(seen=plain[:40])
    return plain.upper()


def read_range(first: str, last: str) -> tuple[Serial, Serial]:
    """The two ends as printed. Malformed, BadRange."""
    low, high = read_serial(first), read_serial(last)
    if (low.series, len(low.digits)) != (high.series, len(high.digits)):
        raise BadRange(first=low.text, last=high.text)
    return low, high


def check_taking_back(range_: SealRange, used: Collection[str], first: str, second: str, reason: str) -> None:
    """Two people take back a range that was given out by mistake, while nothing has happened to its seals. RangeUsed, SamePerson,

    ReasonMissing below ten letters.
    """
    if first == second:
        raise SamePerson(person=first)
    if len(reason.strip()) < 10:
        raise ReasonMissing(reason="")
    if used:
        raise RangeUsed(range=range_.code, serial=min(used), count=len(used))


def check_overlap(new: SealRange, others: Iterable[SealRange]) -> None:
    """RangeOverlap where a seal would be given out twice."""
    for old in others:
        if (old.series, old.width) == (new.series, new.width) and old.first <= new.last and new.first <= old.last:
            raise RangeOverlap(first=old.text(max(old.first, new.first)), last=old.text(min(old.last, new.last)), range=old.code, to=old.to)


def check_count(count: int, most: int = 100_000_000) -> int:
    """BadCount unless 1..most."""
    if not 1 <= count <= most:
        raise BadCount(count=count if abs(count) <= record.LARGEST else 0, most=most)
    return count


def check_lot(lot: str) -> str:
    """A lot's name in its stored form; Malformed."""
    name = lot.strip().upper()
    if not _LOT.fullmatch(name):
        raise Malformed(seen=lot.strip()[:30])
    return name


# --- what may be wrong with a seal ---------------------------------------------------------------------------------------


def slip(wrong: str, right: str) -> str:
    """How one serial could have been miswritten for another: "swap" of two neighbours, one wrong "digit", or ""."""
    if len(wrong) != len(right) or wrong == right:
        return ""
    where = [i for i, (a, b) in enumerate(zip(wrong, right, strict=True)) if a != b]
    if len(where) == 1:
        return "digit"
    if len(where) == 2 and where[1] == where[0] + 1:  # noqa: SIM102  (the swap itself stands alone)
        if wrong[where[0]] == right[where[1]] and wrong[where[1]] == right[where[0]]:
            return "swap"
    return ""


def swaps(serial: Serial) -> list[Serial]:
    """Every serial from which this one comes by swapping two neighbouring digits."""
    digits = serial.digits
    pairs = [i for i in range(len(digits) - 1) if digits[i] != digits[i + 1]]
    return [Serial(serial.series, digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]) for i in pairs]


@dataclass(frozen=True)
class Finding:
    """Something wrong with a seal that is on a box. Always critical.

    code: outside (in no range that was given out) | other_team (given to somebody else) | before_issue | reused | spoiled | returned |
    seen (it was seen on a box where it did not belong) | twice (listed twice at once) | more_than_issued (counted lot); at an opening
    strange | missing | unread (nobody could read it). near: the serial that was perhaps meant, with `guess` swap | digit.
    other: the box that had this seal before, or on which it was seen.
    """

    code: str
    serial: str
    near: str = ""
    guess: str = ""
    other: str = ""


@dataclass(frozen=True)
class Act:
    """What happened to one serial; the box where there is one.

    act: applied | removed | spoiled | returned | misread (it was never on that box: two people put right what they had written) |
    seen (read on a box where it did not belong) | cleared (another person saw all seals of that box whole: it was a misreading).
    """

    act: str
    serial: str
    box: str
    occurred_at: datetime
    person: str = ""
    second: str = ""
    entry_id: str = ""
    findings: tuple[Finding, ...] = ()


def effective(acts: Iterable[Act]) -> list[Act]:
    """What counts of the acts of one serial, the oldest first: without what was misread, and without what another person cleared."""
    found: list[Act] = []
    for one in acts:
        if one.act == "misread":
            last = next((a for a in reversed(found) if (a.act, a.box) == ("applied", one.box)), None)
            found = [a for a in found if a is not last]
        elif one.act == "cleared":
            found = [a for a in found if (a.act, a.box) != ("seen", one.box)]
        else:
            found.append(one)
    return found


def findings(
    serial: Serial,
    ranges: Sequence[SealRange],
    acts: Sequence[Act],
    at: datetime,
    takers: Collection[str] = (),
    used: Collection[str] = (),
    own: str = "",
) -> list[Finding]:
    """What is wrong with putting this serial on a box now, the gravest first.

    ranges: all that could hold the serial or a swap of it; acts: what happened to this serial before; used: swaps that are spent.
    takers: the codes of the place and the table that work here; empty: nobody knows, and nothing is said of it.
    own: the box whose record is put right: that this seal was seen on it is then no fault.
    """
    acts = [a for a in effective(acts) if not (own and (a.act, a.box) == ("seen", own))]
    found = []
    applied, seen = ([a for a in acts if a.act == act] for act in ("applied", "seen"))
    if applied:
        found.append(_named("reused", serial, ranges, used, applied[-1].box))
    if seen:
        found.append(_named("seen", serial, ranges, used, seen[-1].box))
    found += [Finding(act, serial.text) for act in ("spoiled", "returned") if any(a.act == act for a in acts)]
    holding = [r for r in ranges if r.holds(serial)]
    if not holding:
        found.append(_named("outside", serial, ranges, used))
    elif all(r.issued_at > at for r in holding):
        found.append(Finding("before_issue", serial.text))
    if holding and takers and all(r.to not in takers for r in holding):
        found.append(_named("other_team", serial, [r for r in ranges if r.to in takers], used))
    return found


def settled(found: Iterable[Finding], misread: Collection[tuple[str, str]]) -> list[Finding]:
    """Findings that stand: "reused" falls away once the other box is known never to have had the seal. misread: (serial, box)."""
    return [f for f in found if not (f.code == "reused" and (f.serial, f.other) in misread)]


def _named(code: str, serial: Serial, ranges: Sequence[SealRange], used: Collection[str], other: str = "") -> Finding:
    """A finding that names the free seal of an allotted range of which this may be a swapped writing."""
    near = next((s.text for s in swaps(serial) if s.text not in used and any(r.holds(s) for r in ranges)), "")
    return Finding(code, serial.text, near, "swap" if near else "", other)


def read_all(serials: Sequence[str]) -> tuple[list[Serial], list[Finding]]:
    """Serials of one sealing, each once, and a finding for each that was listed twice. Malformed, BadCount."""
    read = [read_serial(s) for s in serials if s.strip()]
    if read:
        check_count(len(read), MOST_ON_A_BOX)
    once = list(dict.fromkeys(read))
    return once, [Finding("twice", s.text) for s in once if read.count(s) > 1]


# --- closing, checking, closing again ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sealing:
    """A box closed, opened on purpose, or closed again by two people. act: sealed | opened | resealed.

    short: what was missing by the pick list when it was closed, as (item, pieces there, pieces needed).
    """

    box: str
    act: str
    serials: tuple[str, ...]
    lot: str
    count: int
    findings: tuple[Finding, ...]
    first: str
    second: str
    reason: str
    text: str
    variance: str
    evidence: tuple[str, ...]
    place: str
    sealed_at: datetime
    entry_id: str
    mark: str = ""
    short: tuple[tuple[str, int, int], ...] = ()

    @property
    def closed(self) -> bool:
        """Whether the box is shut after it."""
        return self.act != "opened"

    @property
    def seals(self) -> int:
        """Seals on the box after it."""
        return len(self.serials) + self.count


def check_closing(first: str, second: str, serials: Sequence[Serial], count: int, evidence: int) -> None:
    """Refuse a closing by one person, without seals, or with seals that nothing tells apart and no photo shows."""
    if first == second:
        raise SamePerson(person=first)
    if not serials and not count:
        raise NoSeals()
    if count:
        check_count(count, MOST_ON_A_BOX)
        if not evidence:
            raise EvidenceMissing(count=count)


def check_opening(expected: Sequence[str], seen: Sequence[str], unreadable: bool) -> None:
    """SeenMissing: whoever cuts numbered seals reads them first, or says that they cannot be read."""
    if expected and not seen and not unreadable:
        raise SeenMissing(seals=len(expected))


def opening_findings(check: "Check", unreadable: bool) -> list[Finding]:
    """What was wrong with the seals when they were cut; it stands until the box is closed again."""
    if unreadable and not check.seen:
        return [Finding("unread", s) for s in check.expected]
    guesses = {seen: (wanted, kind) for wanted, seen, kind in check.pairs}
    return [Finding("strange", s, *guesses.get(s, ("", ""))) for s in check.strange] + [Finding("missing", s) for s in check.missing]


def check_misread(before: "Sealing", serials: Sequence[Serial], lot: str, count: int) -> None:
    """Whether the record of a closed box can be put right without touching its seals. NotMisread."""
    if not before.closed:
        raise NotMisread(why="open")
    if {s.text for s in serials} == set(before.serials) and (lot, count) == (before.lot, before.count):
        raise NotMisread(why="same")


def check_reseal(reason: str, text: str, evidence: int) -> None:
    """A re-seal needs one of REASONS, a sentence, and a photo."""
    if reason not in REASONS or len(text.strip()) < 5:
        raise ReasonMissing(reason=reason[:40])
    if not evidence:
        raise EvidenceMissing(count=0)


@dataclass(frozen=True)
class Check:
    """Seals looked at at a hand-over or an inspection. pairs: (expected, seen, slip) of seals that are perhaps the same one."""

    box: str
    expected: tuple[str, ...]
    seen: tuple[str, ...]
    expected_count: int
    seen_count: int
    broken: bool
    occasion: str
    place: str
    person: str
    checked_at: datetime
    entry_id: str = ""
    mark: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Seals that should be on the box and were not seen."""
        return tuple(s for s in self.expected if s not in self.seen)

    @property
    def strange(self) -> tuple[str, ...]:
        """Seals that were seen and should not be there."""
        return tuple(s for s in self.seen if s not in self.expected)

    @property
    def pairs(self) -> tuple[tuple[str, str, str], ...]:
        """A missing and a strange seal that differ by a swap or one digit, swaps first; each seal in one pair."""
        found: list[tuple[str, str, str]] = []
        for kind in ("swap", "digit"):
            for wanted in self.missing:
                for seen in self.strange:
                    free = all(wanted != p[0] and seen != p[1] for p in found)
                    if free and slip(seen, wanted) == kind:
                        found.append((wanted, seen, kind))
        return tuple(found)

    @property
    def match(self) -> bool:
        """Whether every seal is there, whole, and no other. A likely slip of the pen is no match."""
        return not self.broken and not self.missing and not self.strange and self.expected_count == self.seen_count


def open_mismatches(checks: Iterable[Check]) -> list[Check]:
    """The mismatches that stand of the checks made since a box was last closed, the oldest first.

    One goes when *another* person saw all seals whole afterwards: nobody clears their own alarm by typing again. Opening the box clears
    nothing.
    """
    standing: list[Check] = []
    for one in checks:
        standing = [*standing, one] if not one.match else [c for c in standing if c.person == one.person]
    return standing


def cleared(before: Sequence[Check], after: Sequence[Check]) -> tuple[str, ...]:
    """Strange serials of mismatches that stood before and no longer do."""
    left = {s for c in after for s in c.strange}
    return tuple(dict.fromkeys(s for c in before for s in c.strange if s not in left))


# --- the stock of seals --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RangeStock:
    """issued = applied + spoiled + returned + on hand. gaps: unused numbers that lie between used ones, as (first, last) printed."""

    range: SealRange
    applied: int
    on_boxes: int
    spoiled: int
    returned: int
    gaps: tuple[tuple[str, str], ...]
    conflicts: int

    @property
    def issued(self) -> int:
        """Seals given out."""
        return self.range.quantity

    @property
    def taken_off(self) -> int:
        """Seals that were on a box and were cut."""
        return self.applied - self.on_boxes

    @property
    def on_hand(self) -> int:
        """Seals that nothing has happened to."""
        return self.issued - self.applied - self.spoiled - self.returned


@dataclass(frozen=True)
class LotStock:
    """A counted lot. on_hand below nought: more were used than given out."""

    lot: str
    item: str
    to: str
    issued: int
    applied: int
    spoiled: int
    returned: int
    issued_at: datetime
    mark: str = ""

    @property
    def on_hand(self) -> int:
        """What should be left."""
        return self.issued - self.applied - self.spoiled - self.returned


def gaps(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of numbers that are missing between the smallest and the largest used one."""
    used = sorted(set(numbers))
    return [(a + 1, b - 1) for a, b in pairwise(used) if b > a + 1]


def range_stock(range_: SealRange, acts: Iterable[Act], conflicts: int = 0) -> RangeStock:
    """Account of one range from what happened to its serials, the oldest act first.

    Each seal counts once, by the gravest thing that happened to it: on or off a box before spoiled before returned.
    """
    by_serial: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_serial[act.serial].append(act)
    applied: set[int] = set()
    on_boxes: set[int] = set()
    others: dict[str, set[int]] = {"spoiled": set(), "returned": set()}
    for serial, mine in by_serial.items():
        number = read_serial(serial).number
        for act in effective(mine):
            if act.act == "applied":
                applied.add(number)
                on_boxes.add(number)
            elif act.act == "removed":
                on_boxes.discard(number)
            elif act.act in others:
                others[act.act].add(number)
    spoiled = others["spoiled"] - applied
    returned = others["returned"] - applied - spoiled
    runs = gaps(applied | spoiled | returned)
    named = tuple((range_.text(a), range_.text(b)) for a, b in runs)
    return RangeStock(range_, len(applied), len(on_boxes), len(spoiled), len(returned), named, conflicts)


# --- early warning -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conflict:
    """A finding on a box that is closed with that seal now."""

    box: str
    place: str
    finding: Finding
    since_at: datetime
    entry_id: str = ""
    mark: str = ""


def warnings(conflicts: Iterable[Conflict], mismatches: Iterable[Check], lots: Iterable[LotStock]) -> list[record.Signal]:
    """R06: every seal that is not where and what it should be is critical, also where a slip of the pen is likely."""
    found = []
    for one in conflicts:
        f = one.finding
        said: dict[str, str | int] = {
            "what": "conflict", "code": f.code, "serial": f.serial, "near": f.near, "guess": f.guess, "other": f.other,
            "box": one.box, "place": one.place, "count": 1,
        }  # fmt: skip
        found.append(_r06(f"box:{one.box}", one.since_at, said, one.box, one.mark))
    for check in mismatches:
        pair = check.pairs[0] if check.pairs else ("", "", "")
        said = {
            "what": "broken" if check.broken else "mismatch", "code": "", "serial": pair[1] or next(iter(check.strange), ""),
            "near": pair[0] or next(iter(check.missing), ""), "guess": pair[2], "other": "", "box": check.box, "place": check.place,
            "count": max(len(check.missing), len(check.strange), abs(check.expected_count - check.seen_count)),
        }  # fmt: skip
        found.append(_r06(f"box:{check.box}", check.checked_at, said, check.box, check.mark))
    for lot in lots:
        if lot.on_hand < 0:
            said = {
                "what": "lot", "code": "more_than_issued", "serial": lot.lot, "near": "", "guess": "", "other": "", "box": "",
                "place": lot.to, "count": -lot.on_hand,
            }  # fmt: skip
            found.append(_r06(f"lot:{lot.lot}", lot.issued_at, said, lot.lot, lot.mark))
    return found


def _r06(subject: str, since_at: datetime, said: dict[str, str | int], arg: str, mark: str) -> record.Signal:
    to = ("KPU", "BAWASLU", "POLRES")
    return record.Signal("R06", "GANGGUAN", subject, "critical", to, since_at, said, (arg,), mark, str(said["place"]))
