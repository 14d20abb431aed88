"""Stage packing: what went into which box, under which seal, for which TPS, and is it the right dapil?

The dapil guard: bundle, envelope, box and TPS must agree in contest and in dapil at every scan, by the TPS's dapil for that contest. What
disagrees goes in only when two people say why, and the box stays flagged until it is out again. Ballots are counted by bundle.
Which items lie inside a box and which beside it follows field practice (envelopes and ballots per contest in the box; seal, cable tie,
label and plastic on it; booths and consumables as a loose kit beside it); where the rulebook names no contest, the pick list says so.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import ClassVar

from posko.domain import needs, places, record, regulation, seals, thresholds

LARGEST = 10_000
"""Pieces that one scan may put in; more is a slip of the finger."""

DAMAGES = ("noda", "robek", "buram", "berlubang", "basah", "penyok", "kotor", "tidak_lengkap", "salah_cetak", "lainnya")
USES = ("tps", "hasil", "rekapitulasi")
BUNDLE_RULES = ("split", "whole")
REASON_LETTERS = 10
INSIDE = frozenset({"SAMPUL", "SEGEL", "FORMULIR", "TEMPLATE"})
"""Items that go into a box; the rulebook does not say into which."""
SEALS = frozenset({"SEGEL", "KABEL_TIES"})
"""Items that close a box: bound by their numbers when it is sealed, never packed as pieces."""
MOST_SEALS = 12


class DapilMismatch(record.Refusal):
    """Bundle, envelope, box and TPS do not agree. The stop is recorded before this is raised."""

    code: ClassVar[str] = "packing.dapil_mismatch"


class BoxSealed(record.Refusal):
    """The box is closed; it is opened by two people first."""

    code: ClassVar[str] = "packing.sealed"


class BadQuantity(record.Refusal):
    """Below one, or more than anybody packs at once."""

    code: ClassVar[str] = "packing.bad_quantity"


class NeedsConfirmation(record.Refusal):
    """More than the bundle holds (over "bundle") or than the box needs (over "need"): said once more, it is recorded with a flag.

    over "unknown": nobody knows how many of this item are needed.
    """

    code: ClassVar[str] = "packing.needs_confirmation"


class BundleSpent(record.Refusal):
    """The bundle has gone into other boxes."""

    code: ClassVar[str] = "packing.bundle_spent"


class NotWhole(record.Refusal):
    """Here bundles are packed whole."""

    code: ClassVar[str] = "packing.not_whole"


class NoBallotsHere(record.Refusal):
    """A box for the PPK travels without ballots."""

    code: ClassVar[str] = "packing.no_ballots_here"


class UnknownCode(record.Refusal):
    """A good code that no box, bundle or envelope of this election bears."""

    code: ClassVar[str] = "packing.unknown_code"


class OtherElection(record.Refusal):
    """A thing of another election."""

    code: ClassVar[str] = "packing.other_election"


class CartonNotBundle(record.Refusal):
    """A carton was scanned; its bundles are packed one by one."""

    code: ClassVar[str] = "packing.carton_not_bundle"


class EnvelopeElsewhere(record.Refusal):
    """The envelope is not in this box: scan it into the box first, or it lies in another one."""

    code: ClassVar[str] = "packing.envelope_elsewhere"


class SamePerson(record.Refusal):
    """A second person is needed and it is the same one."""

    code: ClassVar[str] = "packing.same_person"


class ReasonMissing(record.Refusal):
    """An override and a late correction say why, in a sentence."""

    code: ClassVar[str] = "packing.reason_missing"


class NothingToOverride(record.Refusal):
    """Everything agrees: scan it as usual."""

    code: ClassVar[str] = "packing.nothing_to_override"


class NothingToUndo(record.Refusal):
    """No scan of this person that could be taken back alone. why: none | late | sealed | two | depends | wrapped."""

    code: ClassVar[str] = "packing.nothing_to_undo"


class EnvelopeNotEmpty(record.Refusal):
    """Ballots are booked in this envelope: they come out first."""

    code: ClassVar[str] = "packing.envelope_not_empty"


class NotInside(record.Refusal):
    """So many of it are not in there."""

    code: ClassVar[str] = "packing.not_inside"


class GivenUp(record.Refusal):
    """The box was given up: it is used no more, a new one with a new code took its place."""

    code: ClassVar[str] = "packing.given_up"


class NotEmpty(record.Refusal):
    """A box is given up when nothing is in it any more."""

    code: ClassVar[str] = "packing.not_empty"


class AlreadyPrepared(record.Refusal):
    """Every one of these has its boxes."""

    code: ClassVar[str] = "packing.already_prepared"


class UnknownTps(record.Refusal):
    """No such TPS or kecamatan in this election, or it votes in no contest."""

    code: ClassVar[str] = "packing.unknown_tps"


class UnknownItem(record.Refusal):
    """The rulebook has no such item, or ballots were given as an item: those are packed by bundle."""

    code: ClassVar[str] = "packing.unknown_item"


class BadDamage(record.Refusal):
    """No kind of damage that we know."""

    code: ClassVar[str] = "packing.bad_damage"


class WrongDesign(record.Refusal):
    """No TPS here votes on this design: such a contest and dapil do not go together."""

    code: ClassVar[str] = "packing.wrong_design"


class InAnotherWave(record.Refusal):
    """A TPS is packed in one wave only."""

    code: ClassVar[str] = "packing.in_another_wave"


class BadWave(record.Refusal):
    """A wave has a name and at least one TPS."""

    code: ClassVar[str] = "packing.bad_wave"


class NotComplete(record.Refusal):
    """Sealed as it is only with a signed reason for the variance. state: empty | partly | over | flagged | weight | items | seals."""

    code: ClassVar[str] = "packing.not_complete"


class NotReady(record.Refusal):
    """The profile asks for something before the box is sealed: photo, signoff, weigh."""

    code: ClassVar[str] = "packing.not_ready"


class NeedsReseal(record.Refusal):
    """The box was sealed before: closing it again is a re-seal, with a reason and a photo."""

    code: ClassVar[str] = "packing.needs_reseal"


class NeverSealed(record.Refusal):
    """The box has never been sealed."""

    code: ClassVar[str] = "packing.never_sealed"


class BadProfile(record.Refusal):
    """A setting outside of what makes sense."""

    code: ClassVar[str] = "packing.bad_profile"


class BadWeight(record.Refusal):
    """No weight, or one that no box has."""

    code: ClassVar[str] = "packing.bad_weight"


class BadScale(record.Refusal):
    """A calibration needs at least ten sheets, weighed one by one, and plausible figures."""

    code: ClassVar[str] = "packing.bad_scale"


class NoScale(record.Refusal):
    """Nobody has weighed sample sheets of this design."""

    code: ClassVar[str] = "packing.no_scale"


class State(StrEnum):
    """How far a box is. What comes later in the list of `state_of` wins over what comes earlier."""

    EMPTY = "empty"
    PARTLY = "partly"
    COMPLETE = "complete"
    OVER = "over"
    FLAGGED = "flagged"
    SEALED = "sealed"


@dataclass(frozen=True)
class Limits:
    """Thresholds: stops of one carton from which R05 is high, how long a stop is shown, when a table counts as mixed, weak weighing."""

    stops_high: int = field(default=3, metadata=thresholds.bounds("R05", 1, 3, "kali", "pemindaian karton yang dihentikan menjadi penting"))
    stop_stays: timedelta = field(
        default=timedelta(days=7), metadata=thresholds.bounds("R05", 7, 60, "hari", "pemindaian yang dihentikan tetap terlihat")
    )
    station_stays: timedelta = field(
        default=timedelta(minutes=30), metadata=thresholds.bounds("R05", 30, 120, "menit", "meja dianggap masih memegang dapil sebelumnya")
    )
    weak_above: int = field(default=10, metadata=thresholds.bounds("R05", 1, 10, "lembar", "selisih yang masih terlihat oleh timbangan"))


LIMITS = Limits()


@dataclass(frozen=True)
class Profile:
    """How careful this election packs. bundle_rule: split (a rest stays in the bundle) | whole. BadProfile.

    seals_per_box: how many seals close a box in the warehouse; 0: nobody has said, and none is missed. No rule states it.
    """

    require_photo: bool = False
    require_signoff: bool = False
    require_weigh: bool = False
    bundle_rule: str = "split"
    undo_minutes: int = 10
    duplicate_seconds: int = 5
    seals_per_box: int = 0

    def __post_init__(self) -> None:
        if self.bundle_rule not in BUNDLE_RULES:
            raise BadProfile(field="bundle_rule", value=self.bundle_rule[:20])
        for name, most in (("undo_minutes", 60), ("duplicate_seconds", 60), ("seals_per_box", MOST_SEALS)):
            if not 0 <= getattr(self, name) <= most:
                raise BadProfile(field=name, value=getattr(self, name))


# --- boxes and what is in them -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """A box as it stands. tps: TPS code, or kecamatan code of a PPK box (use hasil | rekapitulasi; no contest, no ballots).

    packed: ballots of the right contest and dapil; foreign: of a wrong one. needed None: not known, and then never complete.
    """

    code: str
    contest: str
    tps: str
    dapil: str
    use: str
    place: str
    state: State
    packed: int
    needed: int | None
    foreign: int
    envelopes: int
    items: int
    sealed_at: datetime | None
    seals: tuple[str, ...]
    seal_count: int
    opened: bool
    flags: tuple[str, ...]
    wave: str
    prepared_at: datetime
    mark: str = ""
    given_up_at: datetime | None = None


@dataclass(frozen=True)
class Put:
    """Pieces that went in (quantity above nought) or came out (below). act: packed | overridden | undone | unpacked.

    found: those of them beyond what the bundle's label says. wrong: "" | contest | dapil | tps. reverses: the id of the put taken back.
    """

    id: int
    act: str
    kind: str
    thing: str
    item: str
    contest: str
    dapil: str
    carton: str
    envelope: str
    quantity: int
    found: int
    wrong: str
    person: str
    put_at: datetime
    reverses: int | None = None
    over: bool = False


@dataclass(frozen=True)
class Content:
    """What is in a box or a kit now. kind: bundle | envelope | item. wrong: "" | contest | dapil | tps, as the guard saw it."""

    kind: str
    thing: str
    item: str
    contest: str
    dapil: str
    carton: str
    envelope: str
    quantity: int
    wrong: str
    found: int = 0


def contents(puts: Iterable[Put]) -> list[Content]:
    """What the puts of one holder leave in it, in the order in which things first went in. What comes out carries the fault it had."""
    found: dict[tuple[str, str, str, str, str], Content] = {}
    for put in puts:
        key = _key(put)
        old = found.get(key) or Content(put.kind, put.thing, put.item, put.contest, put.dapil, put.carton, put.envelope, 0, put.wrong)
        found[key] = replace(old, quantity=old.quantity + put.quantity, found=old.found + put.found)
    return [one for one in found.values() if one.quantity > 0]


def _key(one: Put | Content) -> tuple[str, str, str, str, str]:
    return one.kind, one.thing or one.item, one.contest, one.wrong, one.envelope


def wrapped(inside: Iterable[Content], envelope: str) -> int:
    """Pieces that are booked in an envelope."""
    return sum(c.quantity for c in inside if envelope and c.envelope == envelope)


def flags_of(
    inside: Iterable[Content], packed: int, needed: int | None, moved: bool, sealing: seals.Sealing | None, mismatch: bool = False
) -> tuple[str, ...]:
    """What a person must look at, in a fixed order. moved: the TPS's dapil is no longer the box's.

    What was wrong with the seals of a box that was opened since stands until it is closed again.
    """
    content = list(inside)
    wrong = {"wrong_contest" if c.wrong == "contest" else "wrong_dapil" for c in content if c.wrong}
    over = needed is not None and packed > needed
    found: list[str] = [f for f in ("wrong_contest", "wrong_dapil") if f in wrong]
    found += ["dapil_moved"] if moved else []
    found += ["over_need"] if over else []
    found += ["over_bundle"] if any(c.found > 0 for c in content) else []
    found += ["seal_conflict"] if sealing is not None and sealing.findings else []
    found += ["seal_mismatch"] if mismatch else []
    if sealing is not None and sealing.closed:
        found += ["seals_few"] if any(item in SEALS for item, _, _ in sealing.short) else []
        found += ["items_missing"] if any(item not in SEALS for item, _, _ in sealing.short) else []
        found += ["variance"] if sealing.variance or (needed is not None and packed != needed) else []
    return tuple(found)


def state_of(packed: int, needed: int | None, anything: bool, flags: Sequence[str], sealed: bool) -> State:
    """The one word for a box. A need that is not known is never complete; a box for the PPK needs nothing."""
    if sealed:
        return State.SEALED
    if {"wrong_contest", "wrong_dapil", "dapil_moved"} & set(flags):
        return State.FLAGGED
    if needed is not None and packed > needed:
        return State.OVER
    if needed is not None and packed == needed:
        return State.COMPLETE
    return State.PARTLY if anything else State.EMPTY


@dataclass(frozen=True)
class OfTps:
    """The boxes of one TPS in counts. wanted: one per contest; complete: closed, or as many ballots as needed.

    short: closed with fewer ballots than needed; wrong: with sheets of another dapil or contest, or whose TPS has moved to another dapil;
    opened: opened again and not closed since, the last time at opened_at; mismatched: a check of their seals stands that found something
    else. sealed_at: the last closing.
    """

    wanted: int
    prepared: int
    complete: int
    sealed: int
    short: int = 0
    wrong: int = 0
    opened: int = 0
    mismatched: int = 0
    sealed_at: datetime | None = None
    opened_at: datetime | None = None

    def plus(
        self,
        *,
        complete: bool,
        sealed: bool,
        short: bool,
        wrong: bool,
        opened: bool,
        mismatched: bool,
        sealed_at: datetime | None,
        opened_at: datetime | None,
    ) -> "OfTps":
        """The same with one box more."""
        return OfTps(
            self.wanted, self.prepared + 1, self.complete + complete, self.sealed + sealed, self.short + short, self.wrong + wrong,
            self.opened + opened, self.mismatched + mismatched, max(filter(None, (self.sealed_at, sealed_at)), default=None),
            max(filter(None, (self.opened_at, opened_at)), default=None),
        )  # fmt: skip


# --- the guard -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A box as a scan sees it. tps_dapil: the TPS's dapil for the box's contest now; None: the TPS does not vote in it.

    packed: ballots of the right design in it; needed None: not known.
    """

    code: str
    contest: str
    dapil: str
    tps: str
    tps_dapil: str | None
    use: str
    sealed: bool
    packed: int
    needed: int | None

    @property
    def room(self) -> int | None:
        """Ballots still to come; None where the need is not known."""
        return None if self.needed is None else max(0, self.needed - self.packed)


@dataclass(frozen=True)
class Thing:
    """A bundle or an envelope as a scan sees it, over all boxes. inside: pieces in boxes; found: of them beyond the label; aside: taken out

    as damaged. where: the codes of the boxes it went to.
    """

    kind: str
    code: str
    contest: str
    dapil: str
    total: int
    inside: int = 0
    found: int = 0
    aside: int = 0
    carton: str = ""
    where: tuple[str, ...] = ()

    @property
    def remaining(self) -> int:
        """Pieces that are still in the bundle by its label."""
        return max(0, self.total + self.found - self.inside - self.aside)


@dataclass(frozen=True)
class Clash:
    """What does not agree. what: contest | dapil (the thing is of another) | tps (the TPS votes in another dapil than its box says)."""

    what: str
    found_contest: str
    found_dapil: str


def guard(box: Target, contest: str, dapil: str, envelope: tuple[str, str] | None = None) -> Clash | None:
    """THE DAPIL GUARD: bundle (or envelope), the envelope around it, box and TPS agree in contest and dapil, or what does not.

    envelope: (contest, dapil) of the envelope that the bundle goes into.
    """
    for found_contest, found_dapil in ((contest, dapil), envelope or (contest, dapil)):
        if found_contest != box.contest:
            return Clash("contest", found_contest, found_dapil)
        if found_dapil != box.dapil:
            return Clash("dapil", found_contest, found_dapil)
    if box.tps_dapil != box.dapil:
        return Clash("tps", box.contest, box.tps_dapil or "")
    return None


@dataclass(frozen=True)
class Take:
    """What a scan puts in. found: pieces beyond the bundle's label. flags: over_bundle, over_need. remainder: what stays in the bundle."""

    quantity: int
    found: int
    flags: tuple[str, ...]
    remainder: int


def check_open(box: Target, ballots: bool = True) -> None:
    """BoxSealed, NoBallotsHere."""
    if box.sealed:
        raise BoxSealed(box=box.code)
    if ballots and box.use != "tps":
        raise NoBallotsHere(box=box.code)


def check_quantity(quantity: int, most: int = LARGEST) -> int:
    """BadQuantity unless 1..most."""
    if not 1 <= quantity <= most:
        raise BadQuantity(quantity=max(-record.LARGEST, min(record.LARGEST, quantity)), most=most)
    return quantity


def take(box: Target, thing: Thing, quantity: int | None, profile: Profile, confirm_over: bool = False, foreign: bool = False) -> Take:
    """How many pieces of a thing go into an open box. Without a quantity: what the bundle has left, at most what the box still needs.

    foreign: an override; the box needs none of it. BoxSealed, NoBallotsHere, BadQuantity, BundleSpent, NotWhole, NeedsConfirmation.
    """
    check_open(box)
    if quantity is not None:
        check_quantity(quantity)
    left, where = thing.remaining, ", ".join(thing.where[:12])
    if left == 0 or (quantity is not None and quantity > left and thing.inside > 0):
        raise BundleSpent(thing=thing.code, where=where, boxes=len(thing.where), quantity=thing.inside, remaining=left)
    counts = thing.kind == "bundle" and not foreign
    whole = thing.kind == "bundle" and profile.bundle_rule == "whole"
    wanted = quantity if quantity is not None else (min(left, box.room) if counts and box.room and not whole else left)
    if whole and wanted < thing.total - thing.aside:
        raise NotWhole(thing=thing.code, quantity=wanted, holds=thing.total - thing.aside)
    found = max(0, wanted - left)
    over_need = counts and box.needed is not None and box.packed + wanted > box.needed
    flags = (*(("over_bundle",) if found else ()), *(("over_need",) if over_need else ()))
    if flags and not confirm_over:
        raise NeedsConfirmation(
            over="bundle" if found else "need", quantity=wanted, remaining=left, needed=-1 if box.needed is None else box.needed,
            packed=box.packed, box=box.code, thing=thing.code,
        )  # fmt: skip
    return Take(wanted, found, flags, left + found - wanted)


def repeated(puts: Sequence[Put], thing: str, quantity: int | None, at: datetime, profile: Profile) -> Put | None:
    """The put that this scan says again: same thing, same box, within seconds, and nothing of it has come out since.

    puts: of one holder, the oldest first.
    """
    mine = [p for p in puts if p.thing == thing]
    if not mine or mine[-1].quantity < 1 or (quantity is not None and quantity != mine[-1].quantity):
        return None
    return mine[-1] if abs(at - mine[-1].put_at) <= timedelta(seconds=profile.duplicate_seconds) else None


def station_mixed(last_dapil: str, last_at: datetime | None, dapil: str, at: datetime, limits: Limits = LIMITS) -> bool:
    """Whether a table holds two dapil of one contest: its last scan of the contest was of another dapil, not long ago."""
    return last_at is not None and last_dapil != dapil and timedelta(0) <= at - last_at <= limits.station_stays


def check_override(clash: Clash | None, reason: str, first: str, second: str) -> Clash:
    """Two people and a sentence let in what the guard stops. SamePerson, ReasonMissing, NothingToOverride."""
    check_two(first, second, reason)
    if clash is None:
        raise NothingToOverride()
    return clash


def check_two(first: str, second: str, reason: str) -> None:
    """SamePerson; ReasonMissing below ten letters."""
    if first == second:
        raise SamePerson(person=first)
    if len(reason.strip()) < REASON_LETTERS:
        raise ReasonMissing(letters=REASON_LETTERS)


def check_giving_up(box: Box, pieces: int, first: str, second: str, reason: str) -> None:
    """Two people give up a box whose label is lost or whose dapil is no longer its TPS's, once it is open and empty. BoxSealed, NotEmpty,

    SamePerson, ReasonMissing.
    """
    check_two(first, second, reason)
    if box.sealed_at is not None:
        raise BoxSealed(box=box.code)
    if pieces:
        raise NotEmpty(box=box.code, pieces=pieces)


def check_damage(kind: str) -> None:
    """BadDamage."""
    if kind not in DAMAGES:
        raise BadDamage(kind=kind[:30])


# --- taking back ---------------------------------------------------------------------------------------------------------


def undoable(puts: Sequence[Put], person: str, at: datetime, minutes: int, sealed: bool) -> Put:
    """The last put of this person in a box that they may take back alone. puts: of one holder, the oldest first. NothingToUndo."""
    if sealed:
        raise NothingToUndo(why="sealed")
    back = {p.reverses for p in puts if p.reverses is not None}
    mine = [p for p in puts if p.person == person and p.quantity > 0 and p.id not in back]
    if not mine:
        raise NothingToUndo(why="none")
    last = mine[-1]
    if last.act == "overridden":  # two people let it in; one alone must not make its flag go away
        raise NothingToUndo(why="two")
    if not timedelta(0) <= at - last.put_at <= timedelta(minutes=minutes):
        raise NothingToUndo(why="late")
    inside = contents(puts)
    rest = next((c.quantity for c in inside if _key(c) == _key(last)), 0)
    if rest < last.quantity:
        raise NothingToUndo(why="depends")
    if last.kind == "envelope" and wrapped(inside, last.thing):
        raise NothingToUndo(why="wrapped")
    return last


def taken_out(inside: Sequence[Content], thing: str, quantity: int | None) -> tuple[Content, int]:
    """Which content and how many pieces of it come out; what is wrong comes out first, then what lies in one envelope after the other.

    Without a quantity all of that content. NotInside, BadQuantity, EnvelopeNotEmpty.
    """
    fitting = [c for c in inside if thing == (c.thing or c.item)]
    one = next((c for c in fitting if c.wrong), fitting[0] if fitting else None)
    if one is None:
        raise NotInside(thing=thing[:40], inside=0)
    wanted = one.quantity if quantity is None else check_quantity(quantity, record.LARGEST)
    if wanted > one.quantity:
        raise NotInside(thing=thing[:40], inside=one.quantity)
    if one.kind == "envelope" and wrapped(inside, one.thing):
        raise EnvelopeNotEmpty(envelope=one.thing, quantity=wrapped(inside, one.thing))
    return one, wanted


# --- closing -------------------------------------------------------------------------------------------------------------


def check_sealing(
    state: State,
    packed: int,
    needed: int | None,
    variance: str,
    missing: Sequence[str],
    weight: str = "",
    flags: Sequence[str] = (),
    short: Sequence[tuple[str, int, int]] = (),
) -> None:
    """A box is closed when it is complete, or with a signed reason; and with all that the profile asks for. NotReady, NotComplete.

    missing: what the profile asks for and is not there; weight: the verdict of a fresh weighing; short: see `short_of`.
    """
    if missing:
        raise NotReady(missing=", ".join(missing))
    wrong, have, wanted, item = state.value, packed, needed, ""
    if state is State.COMPLETE and weight in {"missing", "surplus"}:
        wrong = "weight"
    elif state is State.COMPLETE and short:
        item, have, wanted = short[0]
        wrong = "seals" if item in SEALS else "items"
    if wrong != State.COMPLETE.value and len(variance.strip()) < REASON_LETTERS:
        raise NotComplete(state=wrong, packed=have, needed=-1 if wanted is None else wanted, item=item, flags=", ".join(flags))


def short_of(lines: Iterable["PickLine"], seals_on: int, profile: Profile) -> tuple[tuple[str, int, int], ...]:
    """What a box lacks by its pick list, where the list knows the number, and seals where the profile says how many; no ballots.

    As (item, pieces there, pieces needed). Items that go into some box of the TPS, nobody says into which, are no box's fault.
    """
    counted = {needs.BALLOT, needs.BOX} | SEALS
    found = [(n.item, n.packed, n.quantity) for n in lines if n.where == "box" and n.quantity is not None and n.item not in counted]
    few = [("SEGEL", seals_on, profile.seals_per_box)] if seals_on < profile.seals_per_box else []
    return tuple(few + [(item, packed, wanted) for item, packed, wanted in found if packed < wanted])


def check_item(contest: str, box_contest: str | None, contests: Iterable[str]) -> None:
    """Items go under no contest or the box's own (None: a loose kit, any contest that its TPS votes in). WrongDesign."""
    allowed = {"", box_contest} if box_contest is not None else {"", *contests}
    if contest not in allowed:
        raise WrongDesign(contest=contest[:20], dapil="")


def repeated_item(puts: Sequence[Put], item: str, contest: str, quantity: int, person: str, at: datetime, profile: Profile) -> Put | None:
    """The put that the same person says again within seconds: same item, contest and count as the holder's last of that item."""
    mine = [p for p in puts if p.kind == "item" and (p.item, p.contest) == (item, contest)]
    if not mine or (mine[-1].quantity, mine[-1].person) != (quantity, person):
        return None
    return mine[-1] if abs(at - mine[-1].put_at) <= timedelta(seconds=profile.duplicate_seconds) else None


def missing_proofs(profile: Profile, fresh: Iterable[str], use: str) -> tuple[str, ...]:
    """What the profile asks for and nobody has done since the box last changed. Boxes without ballots need only a second pair of eyes."""
    asked = [("photo", profile.require_photo), ("signoff", profile.require_signoff), ("weigh", profile.require_weigh)]
    done = set(fresh)
    return tuple(name for name, wanted in asked if wanted and name not in done and (use == "tps" or name == "signoff"))


# --- what goes where: the pick list --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PickLine:
    """So many of an item. quantity None: nobody knows yet. where: box | inside | loose; contest "" where the rulebook names none."""

    item: str
    name: str
    unit: str
    use: str
    use_name: str
    where: str
    contest: str
    quantity: int | None
    packed: int
    critical: bool


@dataclass(frozen=True)
class PickBox:
    """What belongs into one box; code "" and state None until it is prepared."""

    code: str
    contest: str
    dapil: str
    state: State | None
    lines: tuple[PickLine, ...]


@dataclass(frozen=True)
class PickList:
    """All that a TPS needs. inside: into one of its boxes, the rulebook does not say which; loose: beside them; unknown: ask for it."""

    tps: str
    boxes: tuple[PickBox, ...]
    inside: tuple[PickLine, ...]
    loose: tuple[PickLine, ...]
    unknown: tuple[PickLine, ...]


def pick(
    tps: str,
    lines: Sequence[needs.Need],
    book: regulation.Rulebook,
    contests: Sequence[tuple[str, str]],
    boxes: Mapping[str, Box],
    packed: Mapping[tuple[str, str], int],
) -> PickList:
    """The pick list of a TPS, contest by contest. contests: (contest, dapil) in ballot order; boxes: by contest, where prepared.

    packed: (holder, item) -> pieces; the kit's holder is the TPS code.
    """
    found: dict[str, list[PickLine]] = defaultdict(list)
    for need in lines:
        item, use = _named(book, need.item, need.use)
        if item is None or use is None or item.code == needs.BOX or item.separate:
            continue
        if need.contest and (item.code == needs.BALLOT or item.code in INSIDE):
            found[need.contest].append(_line(item, use, "box", need.contest, need.quantity, _in(boxes, need.contest, item.code, packed)))
        elif use.per is regulation.Per.BOX:
            for contest, _ in contests:
                each = need.quantity // max(1, len(contests))
                found[contest].append(_line(item, use, "box", contest, each, _in(boxes, contest, item.code, packed)))
        else:
            where = "inside" if item.code in INSIDE else "loose"
            total = sum(n for (_, code), n in packed.items() if code == item.code)
            found[where].append(_line(item, use, where, need.contest, need.quantity, total))
    return PickList(
        tps,
        tuple(
            PickBox(boxes[c].code if c in boxes else "", c, d, boxes[c].state if c in boxes else None, tuple(found[c])) for c, d in contests
        ),
        tuple(found["inside"]),
        tuple(found["loose"]),
        tuple(_unknown(book)),
    )


_AT_TPS = frozenset({regulation.Per.TPS, regulation.Per.TPS_CONTEST, regulation.Per.BOX, regulation.Per.BOOTH})


def _unknown(book: regulation.Rulebook) -> Iterable[PickLine]:
    for item in book.items:
        for use in item.uses:
            if use.per in _AT_TPS and not use.known and not item.separate:
                where = "box" if use.per is regulation.Per.BOX else "inside" if item.code in INSIDE else "loose"
                yield _line(item, use, where, "", None, 0)


def _named(book: regulation.Rulebook, item: str, use: str) -> tuple[regulation.Item | None, regulation.Use | None]:
    found = book.item(item)
    return found, found.use(use) if found else None


def _in(boxes: Mapping[str, Box], contest: str, item: str, packed: Mapping[tuple[str, str], int]) -> int:
    box = boxes.get(contest)
    if box is None:
        return 0
    if item == needs.BALLOT:
        return box.packed
    on_it = {"KABEL_TIES": len(box.seals), "SEGEL": box.seal_count - len(box.seals)}  # numbered and counted ones that close it now
    return packed.get((box.code, item), 0) + on_it.get(item, 0)


def _line(item: regulation.Item, use: regulation.Use, where: str, contest: str, quantity: int | None, packed: int) -> PickLine:
    return PickLine(item.code, item.name, item.unit, use.code, use.name, where, contest, quantity, packed, item.critical)


# --- waves ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WavePlan:
    """TPS that it makes sense to pack together. distance_km: of the farthest, from the warehouse; 0 where no pin is known."""

    name: str
    area: str
    tps: tuple[str, ...]
    island: bool
    distance_km: int
    minutes: int


@dataclass(frozen=True)
class Wave:
    """TPS that are packed together since somebody opened the wave."""

    code: str
    name: str
    tps: tuple[str, ...]
    opened_at: datetime
    person: str
    mark: str = ""


@dataclass(frozen=True)
class Step:
    """One item at a time, one dapil at a time: the ballots of one design for these TPS, in this order. A table holds no other dapil."""

    contest: str
    dapil: str
    tps: tuple[str, ...]
    ballots: int


def wave_plans(tps_list: Sequence[places.Tps], warehouse: places.Site | None, settings: places.Settings, size: int) -> list[WavePlan]:
    """Waves of at most `size` TPS (a desa stays together where it fits): islands first, then the farthest kecamatan and desa."""

    def away(tps: places.Tps) -> float:
        if warehouse is None or warehouse.lat is None or warehouse.lon is None:
            return 0.0
        return places.road_km(warehouse.lat, warehouse.lon, tps.lat, tps.lon, settings.detour)

    areas: dict[tuple[bool, str], list[places.Tps]] = defaultdict(list)
    for tps in tps_list:
        areas[(bool(tps.island), "" if tps.island else tps.kecamatan_code)].append(tps)
    plans = []
    for (island, _), mine in sorted(areas.items(), key=lambda pair: (not pair[0][0], -max(map(away, pair[1])), pair[0][1])):
        name = "Pulau" if island else mine[0].kecamatan_name
        chunks = _chunks(mine, away, size)
        for number, chunk in enumerate(chunks, start=1):
            far = max(map(away, chunk))
            plans.append(
                WavePlan(
                    f"{name} {number}" if len(chunks) > 1 else name, name, tuple(t.code for t in chunk), island, round(far),
                    round(60 * far / settings.road_kmh),
                )
            )  # fmt: skip
    return plans


def _chunks(mine: Sequence[places.Tps], away: Callable[[places.Tps], float], size: int) -> list[list[places.Tps]]:
    """Cut into waves desa by desa, the farthest first."""
    desa: dict[str, list[places.Tps]] = defaultdict(list)
    for tps in mine:
        desa[tps.desa_code].append(tps)
    chunks: list[list[places.Tps]] = []
    for part in sorted(desa.values(), key=lambda part: (-max(map(away, part)), part[0].desa_code)):
        part.sort(key=lambda t: t.code)
        if chunks and len(chunks[-1]) + len(part) <= size:
            chunks[-1] += part
        else:
            chunks += [part[i : i + size] for i in range(0, len(part), size)]
    return chunks


def work_steps(
    tps_list: Sequence[str], contests: Sequence[str], dapil: Mapping[tuple[str, str], str], ballots: Mapping[tuple[str, str], int]
) -> list[Step]:
    """The order of work of a wave: contest by contest, inside it dapil by dapil. dapil, ballots: (contest, TPS) -> value."""
    steps = []
    for contest in contests:
        groups: dict[str, list[str]] = defaultdict(list)
        for tps in tps_list:
            if (contest, tps) in dapil:
                groups[dapil[(contest, tps)]].append(tps)
        for code in sorted(groups):
            mine = groups[code]
            steps.append(Step(contest, code, tuple(mine), sum(ballots.get((contest, tps), 0) for tps in mine)))
    return steps


# --- how far -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """Boxes by state, ballots packed and needed (of boxes whose need is known; `unknown` counts the others)."""

    boxes: int = 0
    empty: int = 0
    partly: int = 0
    complete: int = 0
    over: int = 0
    flagged: int = 0
    sealed: int = 0
    packed: int = 0
    needed: int = 0
    unknown: int = 0
    with_flags: int = 0


@dataclass(frozen=True)
class Progress:
    """How far packing is; always counts, never a percentage without its two numbers."""

    total: Tally
    by_kecamatan: Mapping[str, Tally]
    by_contest: Mapping[str, Tally]
    by_wave: Mapping[str, Tally]


def tally(boxes: Iterable[Box]) -> Tally:
    """Counts over boxes."""
    counts: dict[str, int] = defaultdict(int)
    for box in boxes:
        counts["boxes"] += 1
        counts[box.state.value] += 1
        counts["packed"] += box.packed
        counts["needed"] += box.needed or 0
        counts["unknown"] += box.needed is None
        counts["with_flags"] += bool(box.flags)
    return Tally(**counts)


def progress(boxes: Sequence[Box]) -> Progress:
    """All tallies. Contests in the order in which boxes come."""
    groups: tuple[dict[str, list[Box]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
    for box in boxes:
        for group, key in zip(groups, (places.kecamatan_of(box.tps), box.contest, box.wave), strict=True):
            group[key].append(box)
    kecamatan, contests, waves = ({key: tally(mine) for key, mine in group.items()} for group in groups)
    return Progress(tally(boxes), kecamatan, contests, {code: one for code, one in waves.items() if code})


# --- events, stops, trails -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something that happened to a holder, for its history. put: the id of the put, 0 where it was none."""

    kind: str
    thing: str
    item: str
    quantity: int
    person: str
    second: str
    reason: str
    flags: tuple[str, ...]
    station: str
    occurred_at: datetime
    entry_id: str
    put: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a scan did. repeated: it said the same as a moment ago, and nothing went in twice. warnings: station_mixed."""

    box: Box
    kind: str
    thing: str
    contest: str
    dapil: str
    carton: str
    quantity: int
    remainder: int
    flags: tuple[str, ...]
    warnings: tuple[str, ...]
    repeated: bool
    put: int
    entry_id: str


@dataclass(frozen=True)
class ItemOutcome:
    """What packing an item did. packed: pieces of it at this TPS now; needed None: not known."""

    holder: str
    item: str
    quantity: int
    packed: int
    needed: int | None
    flags: tuple[str, ...]
    put: int
    entry_id: str
    repeated: bool = False


@dataclass(frozen=True)
class Stop:
    """A scan that the guard stopped: nothing went in."""

    box: str
    tps: str
    contest: str
    dapil: str
    kind: str
    thing: str
    found_contest: str
    found_dapil: str
    carton: str
    what: str
    station: str
    person: str
    stopped_at: datetime
    entry_id: str
    mark: str = ""


@dataclass(frozen=True)
class Trail:
    """Where sheets of a bundle or a carton went, and whether the box is closed."""

    box: str
    contest: str
    tps: str
    dapil: str
    thing: str
    carton: str
    quantity: int
    sealed_at: datetime | None


@dataclass(frozen=True)
class Envelope:
    """A labelled envelope for one contest and dapil. use: what it is for."""

    code: str
    contest: str
    dapil: str
    use: str
    made_at: datetime


def warnings(
    boxes: Iterable[tuple[Box, Sequence[Content], datetime]], moved: Mapping[str, str], stops: Iterable[Stop], at: datetime,
    limits: Limits = LIMITS,
) -> list[record.Signal]:  # fmt: skip
    """R05. boxes: those with something wrong inside, what, and since when; moved: box -> the dapil its TPS has now.

    One sheet of a wrong design inside a box is critical, sealed or not. Stops are near-misses: watch, from `stops_high` of one carton high.
    """
    found = []
    for box, inside, since_at in boxes:
        wrong = [c for c in inside if c.wrong]
        if wrong:
            first = wrong[0]
            found.append(_r05("inside", box, first.contest, first.dapil, first.carton, sum(c.quantity for c in wrong), since_at))
        elif box.code in moved:
            found.append(_r05("dapil_moved", box, box.contest, moved[box.code], "", box.packed, since_at))
    cartons: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops:
        if timedelta(0) <= at - stop.stopped_at <= limits.stop_stays:
            cartons[stop.carton or stop.thing].append(stop)
    for carton, mine in cartons.items():
        last = max(mine, key=lambda s: s.stopped_at)
        said: dict[str, str | int] = {
            "what": "stopped", "box": last.box, "tps": last.tps, "contest": last.contest, "dapil": last.dapil,
            "found_contest": last.found_contest, "found_dapil": last.found_dapil, "carton": carton, "quantity": 0, "count": len(mine),
        }  # fmt: skip
        severity = "high" if len(mine) >= limits.stops_high else "watch"
        since_at = min(s.stopped_at for s in mine)
        found.append(
            record.Signal("R05", "HAMBATAN", f"carton:{carton}", severity, ("KPU", "BAWASLU"), since_at, said, (carton,), last.mark)
        )
    return found


def _r05(what: str, box: Box, contest: str, dapil: str, carton: str, quantity: int, since_at: datetime) -> record.Signal:
    said: dict[str, str | int] = {
        "what": what, "box": box.code, "tps": box.tps, "contest": box.contest, "dapil": box.dapil, "found_contest": contest,
        "found_dapil": dapil, "carton": carton, "quantity": quantity, "count": 0,
    }  # fmt: skip
    to, args = ("KPU", "BAWASLU"), (box.code,)
    return record.Signal("R05", "HAMBATAN", f"box:{box.code}", "critical", to, since_at, said, args, box.mark, box.tps)


# --- weighing: what a scale can and cannot see ---------------------------------------------------------------------------

ALARM_PERMILLE = 10
"""Chance of an alarm over a box that is right, both sides together."""

SURE = 0.95
POWERS = (1, 2, 3, 5, 10, 20, 50)
HEAVIEST_MG = 60_000_000


@dataclass(frozen=True)
class Scale:
    """A calibration: `sheets` sample sheets weighed one by one (mean and standard deviation in mg), the scale's resolution, the tare.

    tare: everything on the scale that is no ballot, with its own standard deviation. All in mg. BadScale.
    """

    sheets: int
    sheet_mg: int
    sd_mg: int
    resolution_mg: int
    tare_mg: int = 0
    tare_sd_mg: int = 0

    def __post_init__(self) -> None:
        plausible = (
            10 <= self.sheets <= 10_000 and 100 <= self.sheet_mg <= 200_000 and 0 <= self.sd_mg <= self.sheet_mg // 2
            and 1 <= self.resolution_mg <= 1_000_000 and 0 <= self.tare_mg <= HEAVIEST_MG and 0 <= self.tare_sd_mg <= 1_000_000
        )  # fmt: skip
        if not plausible:
            raise BadScale(sheets=self.sheets, sheet_mg=self.sheet_mg, sd_mg=self.sd_mg, resolution_mg=self.resolution_mg)

    def spread(self, sheets: int) -> tuple[float, float]:
        """Variances (mg2) of gross - tare - expected for a right stack: the part estimated from the sample, and the part that is known.

        Estimated: the sheets' own scatter, N sd2, and the sample mean's, N2 sd2 / n. Known: tare, and rounding to the resolution, r2/12.
        """
        var = float(self.sd_mg) ** 2
        return sheets * var + sheets * sheets * var / self.sheets, self.tare_sd_mg**2 + self.resolution_mg**2 / 12


@dataclass(frozen=True)
class Weighing:
    """What a weight says. difference_tenths: tenths of a sheet, below nought where it is too light.

    verdict: consistent | missing | surplus | too_weak (no alarm, but ten missing sheets would not have been seen either).
    power: k missing sheets -> chance in thousandths that the alarm sounds. smallest_seen: the fewest that are seen with 95 %; 0: none.
    """

    verdict: str
    seen_mg: int
    expected_mg: int
    difference_tenths: int
    smallest_seen: int
    power: Mapping[int, int] = field(default_factory=dict)
    alarm_permille: int = ALARM_PERMILLE


def milligrams(text: str) -> int:
    """Grams as people write them ("12.345,6", "4,87") in mg. BadWeight."""
    plain = text.strip().replace(" ", "")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    elif plain.count(".") == 1 and len(plain.rpartition(".")[2]) == 3:  # 1.234 in Indonesian is a thousand, not a fraction
        plain = plain.replace(".", "")
    whole, _, part = plain.partition(".")
    if not (whole.isascii() and whole.isdigit() and (not part or (part.isascii() and part.isdigit()))) or len(whole) > 6:
        raise BadWeight(seen=text.strip()[:20])
    return int(whole) * 1000 + int((part + "000")[:3])


def weigh(scale: Scale, sheets: int, gross_mg: int) -> Weighing:
    """Judge a weight against `sheets` expected ballots, with the scale's power. BadWeight.

    The alarm sounds beyond c standard deviations on either side, c the 0.5 % point of Student's t with n - 1 degrees of freedom: with a
    known part in the spread the true rate of false alarms is below 1 %, never above.
    """
    if not 0 < gross_mg <= HEAVIEST_MG or sheets < 1:
        raise BadWeight(seen=str(gross_mg)[:20])
    seen, expected = gross_mg - scale.tare_mg, sheets * scale.sheet_mg
    limit = alarm_limit(scale, sheets)
    difference = seen - expected
    smallest = smallest_seen(scale, sheets)
    verdict = "missing" if difference < -limit else "surplus" if difference > limit else "consistent"
    if verdict == "consistent" and not 0 < smallest <= LIMITS.weak_above:
        verdict = "too_weak"
    tenths = (abs(difference) * 20 + scale.sheet_mg) // (2 * scale.sheet_mg)
    power = {k: int(1000 * detection(scale, sheets, k)) for k in POWERS if k <= sheets}
    return Weighing(verdict, seen, expected, tenths if difference >= 0 else -tenths, smallest, power)


def alarm_limit(scale: Scale, sheets: int) -> float:
    """How far (mg) a right stack may be off before the alarm sounds."""
    return _student(scale.sheets - 1) * sqrt(sum(scale.spread(sheets)))


def detection(scale: Scale, sheets: int, missing: int) -> float:
    """The chance that the alarm sounds when so many sheets are missing, if the sheets scatter as the sample did."""
    free, fixed = scale.spread(sheets)
    return _tail(_student(scale.sheets - 1), missing * scale.sheet_mg, scale.sheets - 1, free, fixed)


def smallest_seen(scale: Scale, sheets: int) -> int:
    """The fewest missing sheets that are seen with at least 95 %; 0 when not even an empty stack would be."""
    low, high = 0, sheets
    if detection(scale, sheets, sheets) < SURE:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if detection(scale, sheets, middle) >= SURE else (middle, high)
    return high


_TABLE: dict[int, float] = {}


def _student(df: int) -> float:
    """The upper 0.5 % point of Student's t, by bisection of its tail."""
    if df not in _TABLE:
        low, high = 2.5, 4.5  # 2.576 for many, 3.250 for 9 degrees of freedom
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if _tail(middle, 0, df, 1.0, 0.0) > ALARM_PERMILLE / 2000 else (low, middle)
        _TABLE[df] = high
    return _TABLE[df]


def _tail(limit: float, shift: float, df: int, free: float, fixed: float) -> float:
    """P(normal scatter - shift < -limit x estimated standard deviation), the estimate of the free part having df degrees of freedom.

    The mixture over the estimate: integral of Phi(...) times the density of chi2/df, by Simpson's rule; the non-central t where fixed = 0.
    """
    total = sqrt(free + fixed)
    if total == 0:
        return 1.0 if shift > 0 else 0.0
    spread = sqrt(2 * df)
    low, high = max(1e-9, df - 7 * spread), df + 12 * spread
    steps = 400
    width = (high - low) / steps
    scale = lgamma(df / 2) + df / 2 * log(2)
    area = value = 0.0
    for i in range(steps + 1):
        chi = low + i * width
        weight = (1 if i in {0, steps} else 4 if i % 2 else 2) * exp((df / 2 - 1) * log(chi) - chi / 2 - scale)
        area += weight
        value += weight * _PHI((shift - limit * sqrt(free * chi / df + fixed)) / total)
    return min(1.0, value / area)


_PHI = NormalDist().cdf
