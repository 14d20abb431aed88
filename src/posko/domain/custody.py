"""Stage custody: who holds each box now, and can every hand-over be proved?

A state is a pure function of the SET of events: their order of arrival and their repetition change nothing. Among themselves events are
ordered by (when it happened, device, number of the device, id) alone. What cannot be true together is recorded as a conflict and never
refused: it happened, and somebody has to look. tests/vectors/custody holds the same rules as JSON, for programs in other languages.

Things: "B:<code>" is a sealed box with its label; "K:<place>" is everything else that travels for a TPS, PPS or PPK, and all of it where
its boxes bear no label yet. On the way back after the count the booths and tools of a place are a thing of their own, "S:<place>".
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

from posko.domain import record, thresholds

VERSION = 1
MOST_THINGS = 2000
MOST_COUNTED = 100_000
UNDO_FOR = timedelta(minutes=10)
"""How long whoever recorded an event takes it back alone and without a reason."""
REASON_LETTERS = 10

CARRIER = "PENGANGKUT"
AGENCIES = ("KPU", "PPK", "PPS", "KPPS", CARRIER)
"""Who may hold goods: the organiser at its four levels, and the carrier between them. Police, Pemda and Bawaslu escort and watch."""
FUNCTIONS = ("ketua", "anggota", "sekretariat", "gudang", "pengemudi", "juru_mudi", "lainnya")
CAUSES = ("segel_rusak", "kotak_rusak", "basah", "salah_tujuan", "jumlah_beda", "hilang", "lainnya")
SEALS = ("unread", "whole", "differ")
BACK = "back"
WAYS = ("", BACK)
"""Out to the TPS, or back after the count: what comes back was delivered all the same, and bears new seals."""
MOST_PHOTOS = 4
COARSE_UDEG = 1000
"""To how many micro-degrees a position is rounded before anybody keeps it: about a hundred metres."""
ENDS = frozenset({"PPS", "KPPS"})
"""With whom goods of a TPS count as delivered: in the desa, or at the TPS itself."""


class Malformed(record.Refusal):
    """An event that cannot be: a field is missing, of another kind, or contradicts another one."""

    code: ClassVar[str] = "custody.malformed"


class NothingMoved(record.Refusal):
    """No box and no kit was named."""

    code: ClassVar[str] = "custody.nothing_moved"


class PartyMissing(record.Refusal):
    """A hand-over names both who gives and who takes: agency, function and name. which: giver | receiver."""

    code: ClassVar[str] = "custody.party_missing"


class SamePerson(record.Refusal):
    """Whoever gives cannot be who takes."""

    code: ClassVar[str] = "custody.same_person"


class CauseMissing(record.Refusal):
    """Refused or damaged says why."""

    code: ClassVar[str] = "custody.cause_missing"


class ReasonMissing(record.Refusal):
    """Taking back an event later than some minutes says why, in a sentence."""

    code: ClassVar[str] = "custody.reason_missing"


class SecondMissing(record.Refusal):
    """Taking back an event that somebody else recorded, or later than some minutes, needs a second person."""

    code: ClassVar[str] = "custody.second_missing"


class BadCount(record.Refusal):
    """A count below nought or beyond anything that travels."""

    code: ClassVar[str] = "custody.bad_count"


class Future(record.Refusal):
    """An event dated after the clock."""

    code: ClassVar[str] = "custody.future"


class UnknownTrip(record.Refusal):
    """No such waybill in this election."""

    code: ClassVar[str] = "custody.unknown_trip"


class UnknownStop(record.Refusal):
    """The trip does not stop there."""

    code: ClassVar[str] = "custody.unknown_stop"


class UnknownThing(record.Refusal):
    """No such box or kit in this election."""

    code: ClassVar[str] = "custody.unknown_thing"


class UnknownEvent(record.Refusal):
    """No such event in this election."""

    code: ClassVar[str] = "custody.unknown_event"


class TakenBack(record.Refusal):
    """The event was taken back already, or is itself a taking back."""

    code: ClassVar[str] = "custody.taken_back"


class SameNumber(record.Refusal):
    """A device sent other words under a number that it has used."""

    code: ClassVar[str] = "custody.same_number"


class BadPosition(record.Refusal):
    """A position that lies nowhere on Earth."""

    code: ClassVar[str] = "custody.bad_position"


class NoPicture(record.Refusal):
    """What should show something is no picture."""

    code: ClassVar[str] = "custody.no_picture"


class OtherWay(record.Refusal):
    """An event of a return trip says that it is one, and no other does."""

    code: ClassVar[str] = "custody.other_way"


class NotADelivery(record.Refusal):
    """Only a loading or a hand-over has minutes of hand-over to print."""

    code: ClassVar[str] = "custody.not_a_delivery"


class Kind(StrEnum):
    """What happened."""

    LOADED = "loaded"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    DAMAGED = "damaged"
    CORRECTED = "corrected"


MOVES = frozenset({Kind.LOADED, Kind.HANDED_OVER})
ABOUT_THINGS = MOVES | {Kind.REFUSED, Kind.DAMAGED}


@dataclass(frozen=True)
class Party:
    """One side of a hand-over: agency, function, and the pseudonymous id where the person signed in. A name is never a fact."""

    agency: str
    function: str = ""
    person: str = ""


NOBODY = Party("")


@dataclass(frozen=True)
class Reading:
    """Seals of one thing as somebody saw them: numbers as printed, or counted where they bear none. expected: what the record said."""

    thing: str
    seen: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    count: int = 0
    expected_count: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Event:
    """One thing that happened. `id` is its journal entry; `at` is when it happened, not when it was written down.

    trip: identity of the waybill, "" where no vehicle takes part. here: the person stood beside it (False: told by radio or telephone).
    sent and received: ballot boxes by the waybill and as counted, 0 and 0 where nobody counted; missing: things that should have been
    there. lat and lon: micro-degrees, None without a fix. corrects: the event that this one takes back (and, unless it is CORRECTED, takes
    the place of). client: the browser in which it was typed, where the device is the desk itself. way: "" out, BACK after the count.
    photos: SHA-256 of pictures that show it.
    """

    id: str
    kind: Kind
    at: datetime
    device: str
    seq: int
    account: str
    place: str
    trip: str = ""
    things: tuple[str, ...] = ()
    giver: Party = NOBODY
    receiver: Party = NOBODY
    seals: str = "unread"
    readings: tuple[Reading, ...] = ()
    sent: int = 0
    received: int = 0
    missing: tuple[str, ...] = ()
    cause: str = ""
    here: bool = True
    lat: int | None = None
    lon: int | None = None
    corrects: str = ""
    mark: str = ""
    client: str = ""
    way: str = ""
    photos: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise Malformed(field="at")
        if self.way not in WAYS:
            raise Malformed(field="way")
        if len(self.photos) > MOST_PHOTOS:
            raise Malformed(field="photos")
        if self.seals not in SEALS:
            raise Malformed(field="seals")
        if (self.lat is None) != (self.lon is None):
            raise Malformed(field="lat")
        if self.kind in ABOUT_THINGS and not 1 <= len(self.things) <= MOST_THINGS:
            raise NothingMoved(kind=self.kind.value)
        if self.kind in {Kind.DEPARTED, Kind.ARRIVED} and not self.trip:
            raise Malformed(field="trip")
        if self.kind is Kind.CORRECTED and not self.corrects:
            raise Malformed(field="corrects")
        if not all(0 <= n <= MOST_COUNTED for n in (self.sent, self.received)):
            raise BadCount(value=min(self.sent, self.received))
        _check_parties(self)

    @property
    def order(self) -> tuple[datetime, str, int, str]:
        """What alone decides which of two events came first."""
        return self.at.astimezone(UTC), self.device, self.seq, self.id


def _check_parties(event: Event) -> None:
    if event.kind in MOVES:
        for which, party in (("giver", event.giver), ("receiver", event.receiver)):
            if party.agency not in AGENCIES or party.function not in FUNCTIONS:
                raise PartyMissing(which=which)
        if event.giver.person and event.giver.person == event.receiver.person:
            raise SamePerson(person=event.giver.person)
    if event.kind in {Kind.REFUSED, Kind.DAMAGED} and event.cause not in CAUSES:
        raise CauseMissing(kind=event.kind.value)


def coarse(degrees: float) -> int:
    """A latitude or longitude in micro-degrees, rounded so that it names a neighbourhood and no house. BadPosition for no such degree."""
    if not -180 <= degrees <= 180:  # also refuses what is no number
        raise BadPosition()
    return round(degrees * 1_000_000 / COARSE_UDEG) * COARSE_UDEG


def check_names(event: Event, giver: str, receiver: str) -> None:
    """Both sides of a hand-over bear a name: who signed in, or a name that was typed. PartyMissing."""
    if event.kind not in MOVES:
        return
    for which, party, name in (("giver", event.giver, giver), ("receiver", event.receiver, receiver)):
        if not party.person and not name.strip():
            raise PartyMissing(which=which)


def check_correction(event: Event, person: str, second: str, reason: str, at: datetime) -> bool:
    """Whether a person takes an event back alone: within minutes, and it is their own. Later: ReasonMissing, SecondMissing."""
    if person == event.account and timedelta(0) <= at - event.at <= UNDO_FOR:
        return True
    if len(reason.strip()) < REASON_LETTERS:
        raise ReasonMissing(letters=REASON_LETTERS)
    if not second or second == person:
        raise SecondMissing(event=event.id[:8])
    return False


# --- events as plain data ------------------------------------------------------------------------------------------------


def event_facts(event: Event) -> dict[str, Any]:
    """An event as strings, whole numbers and lists of them; a field that says nothing is left out."""
    plain: dict[str, Any] = {
        "v": VERSION, "id": event.id, "kind": event.kind.value, "at": _stamp(event.at), "device": event.device, "seq": event.seq,
        "account": event.account, "place": event.place, "trip": event.trip, "things": list(event.things),
        "giver": _party_facts(event.giver), "receiver": _party_facts(event.receiver), "seals": event.seals,
        "readings": [_reading_facts(r) for r in event.readings], "sent": event.sent, "received": event.received,
        "missing": list(event.missing), "cause": event.cause, "here": int(event.here), "lat": event.lat, "lon": event.lon,
        "corrects": event.corrects, "mark": event.mark, "client": event.client, "way": event.way, "photos": list(event.photos),
    }  # fmt: skip
    blank = {"sent", "received"}  # nought is said by silence here; a latitude of nought is one
    return {name: value for name, value in plain.items() if value not in ("", None, [], {}) and not (name in blank and value == 0)}


def _party_facts(party: Party) -> dict[str, str]:
    return {name: value for name, value in asdict(party).items() if value}


def _reading_facts(reading: Reading) -> dict[str, Any]:
    return {**asdict(reading), "seen": list(reading.seen), "expected": list(reading.expected), "whole": int(reading.whole)}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def event_of(said: Mapping[str, Any]) -> Event:
    """The event that `event_facts` wrote. Malformed and the refusals of Event; nothing is guessed, and unknown fields are refused."""
    unknown = set(said) - _FIELDS - {"v", "election"}
    if unknown:
        raise Malformed(field=min(unknown)[:40])
    if said.get("v") != VERSION:
        raise Malformed(field="v")
    try:
        return Event(
            id=_text(said, "id", need=True), kind=Kind(said["kind"]), at=datetime.fromisoformat(said["at"]),
            device=_text(said, "device", need=True), seq=_whole(said, "seq"), account=_text(said, "account"), place=_text(said, "place"),
            trip=_text(said, "trip"), things=_texts(said, "things"), giver=_party(said, "giver"), receiver=_party(said, "receiver"),
            seals=_text(said, "seals") or "unread", readings=tuple(_reading(r) for r in said.get("readings", ())),
            sent=_whole(said, "sent"), received=_whole(said, "received"), missing=_texts(said, "missing"), cause=_text(said, "cause"),
            here=bool(_whole(said, "here", 1)), lat=_degrees(said, "lat"), lon=_degrees(said, "lon"), corrects=_text(said, "corrects"),
            mark=_text(said, "mark"), client=_text(said, "client"), way=_text(said, "way"), photos=_texts(said, "photos"),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        named = str(wrong.args[0]) if isinstance(wrong, KeyError) and wrong.args else "kind, at, readings"
        raise Malformed(field=named[:40]) from wrong


_FIELDS = frozenset(Event.__dataclass_fields__)


def _text(said: Mapping[str, Any], name: str, *, need: bool = False) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or (need and not value):
        raise Malformed(field=name)
    return value


def _texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name, [])
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise Malformed(field=name)
    return tuple(value)


def _whole(said: Mapping[str, Any], name: str, default: int = 0) -> int:
    value = said.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > record.LARGEST:
        raise Malformed(field=name)
    return value


def _degrees(said: Mapping[str, Any], name: str) -> int | None:
    return None if said.get(name) is None else _whole(said, name)


def _party(said: Mapping[str, Any], name: str) -> Party:
    value = said.get(name) or {}
    if not isinstance(value, Mapping) or set(value) - {"agency", "function", "person"}:
        raise Malformed(field=name)
    return Party(_text(value, "agency"), _text(value, "function"), _text(value, "person"))


def _reading(said: Mapping[str, Any]) -> Reading:
    return Reading(
        _text(said, "thing", need=True), _texts(said, "seen"), _texts(said, "expected"), _whole(said, "count"),
        _whole(said, "expected_count"), bool(_whole(said, "whole", 1)),
    )  # fmt: skip


def _bytes(event: Event) -> bytes:
    return record.canonical(event_facts(event))


# --- the fold ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holding:
    """Who holds a thing. trip: on which vehicle (waybill), "" where it stands at `place`. refused, damaged: the cause, "" for none.

    delivered_at: when it came to its PPS or KPPS on the way out; what comes back (way) was delivered all the same.
    """

    thing: str
    holder: Party
    place: str
    trip: str
    since_at: datetime
    event: str
    delivered_at: datetime | None = None
    refused: str = ""
    damaged: str = ""
    way: str = ""


@dataclass(frozen=True)
class Seen:
    """Where a trip was last seen. phase: loaded | departed | arrived. aboard: things that are on it now."""

    trip: str
    phase: str
    place: str
    at: datetime
    event: str
    aboard: tuple[str, ...] = ()
    lat: int | None = None
    lon: int | None = None


@dataclass(frozen=True)
class Conflict:
    """What cannot be true together, or differs: a stable code, the thing ("" for none), the events, and what settled it later.

    code: two_holders | giver_not_holder | before_loading | two_trips | seals_differ | seal_broken | count_differs | same_id |
    same_number | corrects_unknown | corrects_later.
    """

    code: str
    thing: str
    events: tuple[str, ...]
    facts: Mapping[str, str | int] = field(default_factory=dict)
    settled: str = ""


@dataclass(frozen=True)
class State:
    """Everything that follows from a set of events. `events` are all of them, `valid` those in force, both in their order."""

    events: tuple[Event, ...] = ()
    valid: tuple[Event, ...] = ()
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    trips: Mapping[str, Seen] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()

    def chain(self, thing: str) -> list[Event]:
        """The events in force that name a thing, in order."""
        return [event for event in self.valid if thing in event.things or thing in event.missing]

    def open_conflicts(self, thing: str = "") -> list[Conflict]:
        """Those that nothing settled; of one thing or of all."""
        return [c for c in self.conflicts if not c.settled and (not thing or c.thing == thing)]


def fold(events: Iterable[Event]) -> State:
    """The state of a set of events. Their order and repetition change nothing."""
    distinct = {(event.id, _bytes(event)): event for event in events}
    everything = tuple(event for _, event in sorted(distinct.items(), key=lambda item: (*item[1].order, item[0][1])))
    chosen, clashes = _single(everything)
    valid, strange = _in_force(chosen)
    walk = _Walk()
    for event in valid:
        walk.step(event)
    found = [*clashes, *_numbers(chosen), *strange, *walk.settled()]
    conflicts = tuple(sorted(found, key=lambda c: (c.code, c.thing, c.events)))
    holdings = dict(sorted(walk.holdings.items()))
    return State(everything, tuple(valid), holdings, walk.seen(), conflicts)


def apply(state: State, event: Event) -> State:
    """The state with one event more; the same as `fold` over all of them, whenever the event arrives."""
    return fold((*state.events, event))


def merge(one: State, other: State) -> State:
    """What two devices know together."""
    return fold((*one.events, *other.events))


def outward(state: State) -> State:
    """The state as if nothing had come back yet: what was brought where, for questions of before the vote."""
    if not any(event.way == BACK for event in state.events):
        return state
    return fold(event for event in state.events if event.way != BACK)


def _single(everything: Sequence[Event]) -> tuple[list[Event], list[Conflict]]:
    """One event for each id. Other bytes under an id are a conflict; the smallest bytes count, so that every replay chooses alike."""
    by_id: dict[str, list[Event]] = defaultdict(list)
    for event in everything:
        by_id[event.id].append(event)
    chosen, clashes = [], []
    for same, variants in by_id.items():
        chosen.append(min(variants, key=_bytes))
        if len(variants) > 1:
            clashes.append(Conflict("same_id", "", (same,), {"variants": len(variants)}))
    return sorted(chosen, key=lambda event: event.order), clashes


def _numbers(chosen: Iterable[Event]) -> list[Conflict]:
    """A device that used one of its numbers twice."""
    by_number: dict[tuple[str, int], list[str]] = defaultdict(list)
    for event in chosen:
        by_number[event.device, event.seq].append(event.id)
    return [
        Conflict("same_number", "", tuple(sorted(ids)), {"device": device, "seq": seq})
        for (device, seq), ids in by_number.items()
        if len(ids) > 1
    ]


def _in_force(ordered: Sequence[Event]) -> tuple[list[Event], list[Conflict]]:
    """Events that no event in force takes back. Only a later event takes back an earlier one, so this ends."""
    position = {event.id: number for number, event in enumerate(ordered)}
    struck: set[str] = set()
    strange = []
    for number, event in reversed(list(enumerate(ordered))):
        if event.id in struck or not event.corrects:
            continue
        target = position.get(event.corrects)
        if target is None:
            strange.append(Conflict("corrects_unknown", "", (event.id,), {"corrects": event.corrects}))
        elif target >= number:
            strange.append(Conflict("corrects_later", "", (event.id, event.corrects)))
        else:
            struck.add(event.corrects)
    return [event for event in ordered if event.id not in struck], strange


class _Walk:
    """The walk over the events in force, in their order."""

    def __init__(self) -> None:
        self.holdings: dict[str, Holding] = {}
        self.last: dict[str, Event] = {}
        self.phases: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self.fixes: dict[str, tuple[int, int]] = {}
        self.keys: dict[str, dict[str, str]] = defaultdict(dict)  # thing -> who held it once -> the event with which that began
        self.seals: dict[tuple[str, str], tuple[Reading, str]] = {}  # thing, way: after the count a box gets new ones
        self.found: list[Conflict] = []
        self.moved: dict[str, list[Event]] = defaultdict(list)
        self.by_id: dict[str, Event] = {}

    def step(self, event: Event) -> None:
        self.by_id[event.id] = event
        if event.trip and event.kind is not Kind.CORRECTED:
            self._see(event)
        for thing in dict.fromkeys(event.things):
            if event.kind is Kind.LOADED:
                self._load(event, thing)
            elif event.kind is Kind.HANDED_OVER:
                self._hand_over(event, thing)
            elif event.kind in {Kind.REFUSED, Kind.DAMAGED}:
                self._mark(event, thing)
        for reading in event.readings:
            self._read(event, reading)
        if event.kind in MOVES and (event.sent != event.received or event.missing):
            facts: dict[str, str | int] = {
                "sent": event.sent, "received": event.received, "missing": len(event.missing), "place": event.place,
            }  # fmt: skip
            self.found.append(Conflict("count_differs", "", (event.id,), facts))

    def _see(self, event: Event) -> None:
        phase = {Kind.LOADED: "loaded", Kind.DEPARTED: "departed"}.get(event.kind, "arrived")
        if event.kind is Kind.DAMAGED and event.trip in self.phases:  # may be found on the way: says nothing about where the trip is
            return
        self.last[event.trip], self.phases[event.trip], self.places[event.trip] = event, phase, event.place
        if event.lat is not None and event.lon is not None:
            self.fixes[event.trip] = (event.lat, event.lon)
        else:
            self.fixes.pop(event.trip, None)

    def _load(self, event: Event, thing: str) -> None:
        held = self.holdings.get(thing)
        self.moved[thing].append(event)
        if held and held.trip == event.trip and event.trip:
            return  # seen aboard once more
        if held and held.trip:
            self.found.append(Conflict("two_trips", thing, (held.event, event.id), {"first": held.trip, "second": event.trip}))
        elif held:
            self._check_giver(event, thing, held)
        self._hold(event, thing, event.trip)

    def _hand_over(self, event: Event, thing: str) -> None:
        held = self.holdings.get(thing)
        if held is not None:
            self._check_giver(event, thing, held)
        elif event.trip or event.way != BACK:  # what a TPS gives back was there, even where nobody recorded how it came
            self.found.append(Conflict("before_loading", thing, (event.id,), {"place": event.place}))
        self.moved[thing].append(event)
        self._hold(event, thing, "")

    def _check_giver(self, event: Event, thing: str, held: Holding) -> None:
        """The giver must be who holds the thing: the trip itself, or the agency, or whoever stands at the same place."""
        by_trip = event.kind is Kind.HANDED_OVER and event.trip
        right = (
            held.trip == event.trip
            if by_trip
            else not held.trip and (held.place == event.place or held.holder.agency == event.giver.agency)
        )
        if right:
            return
        key = f"trip:{event.trip}" if by_trip else f"{event.giver.agency}@{event.place}"
        before = self.keys[thing].get(key)
        facts: dict[str, str | int] = {
            "holder": held.holder.agency,
            "holder_place": held.place,
            "giver": event.giver.agency,
            "place": event.place,
        }
        self.found.append(Conflict("two_holders" if before else "giver_not_holder", thing, (held.event, event.id), facts))

    def _hold(self, event: Event, thing: str, trip: str) -> None:
        before = self.holdings.get(thing)
        delivered = before.delivered_at if before else None
        if event.way == BACK:
            pass  # coming back says nothing of when it was brought
        elif event.kind is Kind.HANDED_OVER and event.receiver.agency in ENDS:
            delivered = delivered or event.at
        elif trip:  # on a vehicle again
            delivered = None
        damaged = before.damaged if before else ""
        self.holdings[thing] = Holding(thing, event.receiver, event.place, trip, event.at, event.id, delivered, "", damaged, event.way)
        key = f"trip:{trip}" if trip else f"{event.receiver.agency}@{event.place}"
        self.keys[thing].setdefault(key, event.id)

    def _mark(self, event: Event, thing: str) -> None:
        held = self.holdings.get(thing)
        if held is None:
            self.found.append(Conflict("before_loading", thing, (event.id,), {"place": event.place}))
            return
        if event.kind is Kind.DAMAGED:
            self.holdings[thing] = replace(held, damaged=event.cause)
        else:
            self.holdings[thing] = replace(held, refused=event.cause)

    def _read(self, event: Event, reading: Reading) -> None:
        before = self.seals.get((reading.thing, event.way))
        if not reading.whole:
            self.found.append(Conflict("seal_broken", reading.thing, (event.id,), {"place": event.place}))
        named = sorted(set(reading.seen))
        wrong = (reading.expected and named != sorted(set(reading.expected))) or (
            reading.expected_count and reading.count != reading.expected_count
        )
        if wrong:
            self.found.append(Conflict("seals_differ", reading.thing, (event.id,), _seal_facts(reading.expected, reading)))
        elif before and (named != sorted(set(before[0].seen)) or reading.count != before[0].count):
            self.found.append(Conflict("seals_differ", reading.thing, (before[1], event.id), _seal_facts(before[0].seen, reading)))
        self.seals[reading.thing, event.way] = (reading, event.id)

    def settled(self) -> list[Conflict]:
        """Counts that differed are settled when all that was missing came to the same place (on the same trip) after all."""
        return [replace(conflict, settled=self._settling(conflict)) for conflict in self.found]

    def _settling(self, conflict: Conflict) -> str:
        event = self.by_id[conflict.events[0]]
        if conflict.code != "count_differs" or not event.missing:
            return ""
        came = [self._came(event, thing) for thing in event.missing]
        found = [one for one in came if one is not None]
        return max(found, key=lambda one: one.order).id if len(found) == len(came) else ""

    def _came(self, event: Event, thing: str) -> Event | None:
        def fits(one: Event) -> bool:
            return (one.kind, one.place) == (event.kind, event.place) and one.order > event.order

        return next((one for one in self.moved[thing] if fits(one) and (one.kind is not Kind.LOADED or one.trip == event.trip)), None)

    def seen(self) -> dict[str, Seen]:
        aboard: dict[str, list[str]] = defaultdict(list)
        for thing, held in self.holdings.items():
            if held.trip:
                aboard[held.trip].append(thing)
        return {
            trip: Seen(
                trip,
                self.phases[trip],
                self.places[trip],
                last.at,
                last.id,
                tuple(sorted(aboard[trip])),
                *self.fixes.get(trip, (None, None)),
            )
            for trip, last in sorted(self.last.items())
        }


def _seal_facts(expected: Iterable[str], reading: Reading) -> dict[str, str | int]:
    return {"expected": " ".join(sorted(set(expected))), "seen": " ".join(sorted(set(reading.seen))), "count": reading.count}


# --- the state as plain data ---------------------------------------------------------------------------------------------


def holding_facts(held: Holding) -> dict[str, Any]:
    """Who holds a thing, as plain data."""
    plain = {
        "holder": _party_facts(held.holder), "place": held.place, "trip": held.trip, "since": _stamp(held.since_at), "event": held.event,
        "delivered": _stamp(held.delivered_at) if held.delivered_at else "", "refused": held.refused, "damaged": held.damaged,
        "way": held.way,
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value}


def conflict_facts(conflict: Conflict) -> dict[str, Any]:
    """A conflict as plain data."""
    plain = {
        "code": conflict.code, "thing": conflict.thing, "events": list(conflict.events), "facts": dict(conflict.facts),
        "settled": conflict.settled,
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value}


def _seen_facts(seen: Seen) -> dict[str, Any]:
    plain = {
        "phase": seen.phase, "place": seen.place, "at": _stamp(seen.at), "event": seen.event, "aboard": list(seen.aboard),
        "lat": seen.lat, "lon": seen.lon,
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value is not None}


def state_facts(state: State) -> dict[str, Any]:
    """The whole state as plain data: what its hash stands for."""
    return {
        "v": VERSION,
        "events": sorted(hashlib.sha256(_bytes(event)).hexdigest() for event in state.events),
        "holders": {thing: holding_facts(held) for thing, held in state.holdings.items()},
        "trips": {trip: _seen_facts(seen) for trip, seen in state.trips.items()},
        "conflicts": [conflict_facts(conflict) for conflict in state.conflicts],
    }


def state_hash(state: State) -> str:
    """SHA-256 over the canonical JSON of `state_facts`."""
    return hashlib.sha256(record.canonical(state_facts(state))).hexdigest()


# --- early warnings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Thresholds of R07, R16 and R17. The factor of R07 comes from the field; the others are assumptions of ours until ways are timed."""

    leg_permille: int = field(
        default=1500, metadata=thresholds.bounds("R07", 1000, 3000, "permil", "waktu tempuh rencana, sampai pindaian berikutnya ditunggu")
    )
    together: timedelta = field(
        default=timedelta(minutes=5),
        metadata=thresholds.bounds("R16", 1, 60, "menit", "antara pindaian satu akun di dua tempat dengan dua gawai", two=True),
    )
    hurry_permille: int = field(
        default=500, metadata=thresholds.bounds("R16", 200, 1000, "permil", "waktu tempuh rencana yang mustahil dikejar", two=True)
    )
    fence_m: int = field(default=2000, metadata=thresholds.bounds("R17", 200, 20_000, "meter", "jarak dari jalur rencana"))
    slack: timedelta = field(
        default=timedelta(minutes=60), metadata=thresholds.bounds("R17", 10, 360, "menit", "sebelum atau sesudah jadwal rencana")
    )


@dataclass(frozen=True)
class Underway:
    """A thing that was handed over at one place towards the next: planned travel in minutes; seen_at: the next scan, None before it."""

    thing: str
    origin: str
    target: str
    left_at: datetime
    travel_min: int
    seen_at: datetime | None = None
    mark: str = ""


def gap_signals(legs: Iterable[Underway], at: datetime, limits: Limits | None = None) -> list[record.Signal]:
    """R07: no next scan within the planned time of the leg times the factor. Exactly at that instant it is still in time."""
    held = limits or Limits()
    found = []
    for leg in legs:
        due_at = leg.left_at + timedelta(minutes=leg.travel_min) * held.leg_permille / 1000
        if leg.seen_at is None and at > due_at:
            said: dict[str, str | int] = {
                "thing": leg.thing, "origin": leg.origin, "target": leg.target, "travel": leg.travel_min,
                "late": int((at - due_at).total_seconds() // 60),
            }  # fmt: skip
            to = ("KPU", "POLRES")
            signal = record.Signal("R07", "GANGGUAN", f"leg:{leg.thing}", "critical", to, due_at, said, mark=leg.mark, place=leg.target)
            found.append(signal)
    return found


@dataclass(frozen=True)
class Scan:
    """A scan: the thing, who with which device, where; off_m: metres from the planned way, None without a fix."""

    thing: str
    account: str
    device: str
    place: str
    scanned_at: datetime
    off_m: int | None = None
    mark: str = ""


def account_signals(scans: Iterable[Scan], travel_min: Mapping[tuple[str, str], int], limits: Limits | None = None) -> list[record.Signal]:
    """R16: one account at two places with less time between than anybody needs; on two devices within `together` also where nobody
    knows the way between them.

    A second device at the same place says nothing: a person may change phones, and the other side of a hand-over signs on the screen of
    the first. travel_min: planned minutes between two places, in one order or the other; on one device a pair nobody knows says nothing.
    The newest case of each account is told.
    """
    held = limits or Limits()
    by_account: dict[str, list[Scan]] = defaultdict(list)
    for scan in scans:
        by_account[scan.account].append(scan)
    found = []
    for account, mine in sorted(by_account.items()):
        mine.sort(key=lambda scan: scan.scanned_at)
        for before, after in reversed(list(pairwise(mine))):
            why = _impossible(before, after, travel_min, held)
            if why:
                said: dict[str, str | int] = {
                    "account": account, "why": why, "origin": before.place, "target": after.place,
                    "minutes": int((after.scanned_at - before.scanned_at).total_seconds() // 60),
                }  # fmt: skip
                mark, since_at = after.mark or before.mark, after.scanned_at
                found.append(
                    record.Signal(
                        "R16", "ANCAMAN", f"account:{account}", "critical", ("KPU",), since_at, said, mark=mark, place=after.place
                    )
                )
                break
    return found


def _impossible(before: Scan, after: Scan, travel_min: Mapping[tuple[str, str], int], limits: Limits) -> str:
    """devices | travel | nothing."""
    between = after.scanned_at - before.scanned_at
    needed = travel_min.get((before.place, after.place), travel_min.get((after.place, before.place)))
    if before.place == after.place or (not needed and _within(before.place, after.place)):
        return ""
    if before.device != after.device and between < limits.together and (not needed or between < timedelta(minutes=needed)):
        return "devices"
    return "travel" if needed and between < timedelta(minutes=needed) * limits.hurry_permille / 1000 else ""


def _within(one: str, other: str) -> bool:
    """Whether one place lies in the other: whoever is at a TPS is in its desa too."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


@dataclass(frozen=True)
class Planned:
    """Where a thing should be scanned and when: place -> (earliest, latest)."""

    thing: str
    stops: Mapping[str, tuple[datetime, datetime]]


def route_signals(scans: Iterable[Scan], plans: Iterable[Planned], limits: Limits | None = None) -> list[record.Signal]:
    """R17: a scan at a place off the plan, too far from the way, or outside the plan's time and slack. What has no plan says nothing."""
    held = limits or Limits()
    planned = {plan.thing: plan for plan in plans}
    found = []
    for scan in scans:
        plan = planned.get(scan.thing)
        why = _off_plan(scan, plan, held) if plan else ""
        if why:
            said: dict[str, str | int] = {"thing": scan.thing, "place": scan.place, "why": why, "metres": scan.off_m or 0}
            subject, to = f"scan:{scan.thing}:{scan.place}", ("KPU", "POLRES")
            found.append(record.Signal("R17", "GANGGUAN", subject, "high", to, scan.scanned_at, said, mark=scan.mark, place=scan.place))
    return found


def _off_plan(scan: Scan, plan: Planned, limits: Limits) -> str:
    """place | fence | time | nothing."""
    if scan.place not in plan.stops:
        return "place"
    if scan.off_m is not None and scan.off_m > limits.fence_m:
        return "fence"
    earliest, latest = plan.stops[scan.place]
    return "" if earliest - limits.slack <= scan.scanned_at <= latest + limits.slack else "time"
