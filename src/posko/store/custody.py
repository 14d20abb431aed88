"""Stage custody: what happened to boxes and trips, who holds what now, where each trip is and when it comes.

Events are rows that never change; the state is folded from those that had happened by then (`domain.custody`). A trip is named by the
identity of its waybill, so that a new plan does not mix its trips with those of the old one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from django.db import models, transaction
from django.db.models import Max

from posko.domain import access as access_rules
from posko.domain import custody as rules
from posko.domain import distribution as road_rules
from posko.domain import evidence as evidence_rules
from posko.domain import labels as label_rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.domain import returns as return_rules
from posko.store import distribution, evidence, packing, places, record, returns, seals, thresholds

ENTRY_KINDS = {
    rules.Kind.LOADED: "box.loaded",
    rules.Kind.DEPARTED: "trip.departed",
    rules.Kind.ARRIVED: "trip.arrived",
    rules.Kind.HANDED_OVER: "box.handed_over",
    rules.Kind.REFUSED: "box.refused",
    rules.Kind.DAMAGED: "box.damaged",
    rules.Kind.CORRECTED: "custody.corrected",
}
BEFORE = timedelta(hours=12)
"""How long before its departure a trip is a task."""


class CustodyEventRow(models.Model):
    """One event. `facts` is the whole of it as `rules.event_facts` writes it; names and remarks stand in the journal's private part."""

    election = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    trip = models.CharField(max_length=20, blank=True)
    place = models.CharField(max_length=40)
    facts = models.JSONField()
    corrects = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=60)
    device_seq = models.BigIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    once = models.CharField(max_length=60, null=True, unique=True)  # null: no form; many may have none
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64, unique=True)

    class Meta:
        db_table = "custody_event"
        constraints = (models.UniqueConstraint(fields=["device", "device_seq"], name="custody_event_once"),)
        indexes = (models.Index(fields=["election", "occurred_at"], name="custody_event_time"),)


# --- trips and what they carry -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One thing of a trip: where it belongs, where it leaves the vehicle (on the way back: where it is fetched), how many ballot boxes it
    is, and what a person calls it.
    """

    thing: str
    target: str
    place: str
    boxes: int
    label: str


@dataclass(frozen=True)
class Ride:
    """A trip of a recorded plan with its waybill. back: the return that it belongs to, None on the way out.

    On the way back goods are loaded at every halt but the last, which is the end of the trip: there everything is handed over.
    """

    stored: distribution.StoredPlan
    trip: road_rules.Trip
    waybill: str
    number: str
    back: returns.StoredReturn | None = None

    @property
    def way(self) -> str:
        """What its events say of their way."""
        return rules.BACK if self.back else ""

    @property
    def vehicle(self) -> road_rules.Vehicle | None:
        """The vehicle as the plan knew it."""
        if self.back:
            return self.back.fleet.get(self.trip.vehicle)
        return next((one for one in self.stored.inputs.fleet if one.code == self.trip.vehicle), None)

    @property
    def depart_at(self) -> datetime:
        """Planned departure."""
        return self.stored.instant(self.trip.depart_min)

    def name(self, place: str) -> str:
        """What a place of the plan is called."""
        node = self.stored.inputs.network.node(place)
        return node.name if node else place

    @cached_property
    def halts(self) -> tuple[road_rules.Stop, ...]:
        """The halts of the trip, each place once: goods of one place change hands there together, also where the plan stops twice."""
        found: dict[str, road_rules.Stop] = {}
        last = ""
        for stop in self.trip.stops:
            before = found.get(stop.place)
            if before is None:
                found[stop.place] = stop
            else:
                leave_min = stop.depart_min if stop.place == last else before.depart_min
                found[stop.place] = replace(before, loads=(*before.loads, *stop.loads), depart_min=leave_min)
            last = stop.place
        return tuple(found.values())

    @property
    def end(self) -> str:
        """Where a trip of the way back is unloaded; "" on the way out."""
        return self.halts[-1].place if self.back else ""

    def takes_on(self, place: str) -> bool:
        """Whether goods are loaded at a place: at the start on the way out, at every halt but the end on the way back."""
        if self.back is None:
            return place == self.trip.start
        return any(stop.place == place for stop in self.halts[:-1])

    def index(self, place: str, *, coming: bool = False) -> int:
        """Which halt a place is: -1 for the start, -2 where the trip does not pass. coming: who comes to where it began comes home."""
        if place == self.trip.start and not (coming and place == self.end):
            return -1
        return next((number for number, stop in enumerate(self.halts) if stop.place == place), -2)

    def stop(self, place: str) -> road_rules.Stop:
        """The halt at a place. UnknownStop."""
        number = self.index(place, coming=True)
        if number < 0:
            raise rules.UnknownStop(trip=self.number, place=place)
        return self.halts[number]

    def minutes_to(self, number: int) -> int:
        """Planned minutes on the way to a halt from the one before it (or from the start)."""
        before = self.trip.depart_min if number == 0 else self.halts[number - 1].depart_min
        return self.halts[number].arrive_min - before


def ride(election: str, waybill: str) -> Ride:
    """The trip of a waybill (identity, number, or what its QR code says), out or back, of any plan or return. UnknownTrip."""
    typed = label_rules.cleaned(waybill)
    of_election = distribution.WaybillRow.objects.filter(plan__election=election).order_by("plan__number")
    # A repair keeps waybills: of a waybill of several plans the newest counts.
    row = of_election.filter(number__iexact=typed).last()
    if row is None:
        try:
            identity = label_rules.expect(typed, "waybill").text
        except facts.Refusal:
            identity = ""
        row = of_election.filter(identity=identity).last() if identity else None
    if row is None:
        return _ride_back(election, typed)
    stored = distribution.plan_of_row(row.plan_id)
    trip = next((one for one in stored.plan.trips if one.code == row.trip), None)
    if trip is None:
        raise rules.UnknownTrip(seen=typed[:40])
    return Ride(stored, trip, row.identity, row.number)


def _ride_back(election: str, typed: str) -> Ride:
    found = returns.of_waybill(election, typed)
    ride_ = next((one for one in _rides_of(found[0]) if one.waybill == found[1]), None) if found else None
    if ride_ is None:
        raise rules.UnknownTrip(seen=typed[:40])
    return ride_


def _rides_of(made: returns.StoredReturn) -> list[Ride]:
    """The trips of a return as trips of the way out are: with a last halt where everything leaves the vehicle."""
    stored = distribution.plan_numbered(made.election, made.source)
    if stored is None:
        return []
    found = []
    for one in made.plan.trips:
        number, identity = made.waybills[one.code]
        end = road_rules.Stop(one.end, one.collects, one.arrive_min, one.arrive_min)
        trip = road_rules.Trip(
            one.code, one.vehicle, one.start, one.depart_min, (*one.stops, end), one.arrive_min, one.distance_m, one.escort
        )
        found.append(Ride(stored, trip, identity, number, made))
    return found


@record.remembered
def rides(election: str, at: datetime) -> list[Ride]:
    """The trips out of the plan in force, and those of older plans with which something happened, in the order of departure.

    A trip that the plan in force took over as it was (same code, vehicle, halts and loads) is one, under the waybill it left with.
    """
    stored = distribution.current_plan(election, at)
    current = _rides(stored) if stored else []
    return _joined(current, _older(election, state(election, at).trips.keys() - {one.waybill for one in current}))


@record.remembered
def rides_back(election: str, at: datetime) -> list[Ride]:
    """The trips of the returns in force on both legs, and those of older returns with which something happened, like `rides`."""
    made = returns.recorded(election, at)
    latest = {one.leg: one.number for one in made}
    seen = state(election, at).trips
    current = [ride_ for one in made if latest[one.leg] == one.number for ride_ in _rides_of(one)]
    known = {one.waybill for one in current}
    older = [one for one in made if latest[one.leg] != one.number and any(code in seen for _, code in one.waybills.values())]
    old = [ride_ for one in older for ride_ in _rides_of(one) if ride_.waybill in seen and ride_.waybill not in known]
    return _joined(current, old)


def _joined(current: Iterable[Ride], old: list[Ride]) -> list[Ride]:
    kept = []
    for one in current:
        before = next((other for other in old if _same(other) == _same(one)), None)
        kept.append(replace(one, waybill=before.waybill, number=before.number) if before else one)
        old = [other for other in old if other is not before]
    return sorted([*kept, *old], key=lambda one: (one.depart_at, one.number))


def _older(election: str, waybills: Collection[str]) -> list[Ride]:
    """The trips of these waybills, each of the newest plan that has it: one question for all, and one for each plan."""
    if not waybills:
        return []
    rows = distribution.WaybillRow.objects.filter(plan__election=election, identity__in=waybills).order_by("plan__number")
    newest = {row.identity: row for row in rows}
    plans = {pk: distribution.plan_of_row(pk) for pk in {row.plan_id for row in newest.values()}}
    trips = {pk: {trip.code: trip for trip in stored.plan.trips} for pk, stored in plans.items()}
    return [
        Ride(plans[row.plan_id], trips[row.plan_id][row.trip], row.identity, row.number)
        for row in sorted(newest.values(), key=lambda row: row.identity)
        if row.trip in trips[row.plan_id]
    ]


def standing(election: str, one: Ride, at: datetime) -> Ride | None:
    """The trip of `rides` that a waybill stands for: of the plan in force maybe under the waybill it left with; None where none does."""
    known = rides_back(election, at) if one.back else rides(election, at)
    mine = next((other for other in known if other.waybill == one.waybill), None)
    if mine or not _in_force(election, one, at):
        return mine
    return next((other for other in known if _same(other) == _same(one)), None)


def _in_force(election: str, one: Ride, at: datetime) -> bool:
    """Whether a trip is one of the plan, or of the return, that counts now."""
    now = returns.current(election, at, one.back.leg) if one.back else distribution.current_plan(election, at)
    return now is not None and now.number == (one.back.number if one.back else one.stored.number)


def _rides(stored: distribution.StoredPlan) -> list[Ride]:
    return [Ride(stored, trip, stored.waybills[trip.code][1], stored.waybills[trip.code][0]) for trip in stored.plan.trips]


def _same(one: Ride) -> tuple[object, ...]:
    return one.trip.code, one.trip.vehicle, one.trip.start, tuple((stop.place, stop.loads) for stop in one.trip.stops)


def manifest(election: str, ride_: Ride, at: datetime) -> list[Item]:
    """What the waybill of a trip says must travel, in the order of its halts: labelled boxes by code, the rest as one kit a place."""
    return manifests(election, [ride_], at)[ride_.waybill]


def manifests(election: str, several: Iterable[Ride], at: datetime) -> dict[str, list[Item]]:
    """Waybill -> what it says must travel, of many trips at once."""
    boxes: dict[str, list[packing.Labelled]] = defaultdict(list)
    for box in packing.labelled(election, at):
        boxes[box.tps].append(box)
    names = place_names(election)
    return {one.waybill: list(_carried_by(one, boxes, names)) for one in several}


def _carried_by(one: Ride, boxes: Mapping[str, Sequence[packing.Labelled]], names: Mapping[str, str]) -> Iterable[Item]:
    for stop in one.halts[:-1] if one.back else one.halts:
        for code in stop.loads:
            order, _, name = code.partition("/") if one.back else ("", "", code)
            load = one.stored.load(name)
            mine = _labelled_on(one.stored, load, boxes) if road_rules.other_part(name) else boxes
            if one.back:
                yield from _items_back(load, order, stop.place, mine, names)
            else:
                yield from _items(load, stop.place, mine, names)


def _labelled_on(
    stored: distribution.StoredPlan, load: road_rules.Load, boxes: Mapping[str, Sequence[packing.Labelled]]
) -> dict[str, Sequence[packing.Labelled]]:
    """Of a kit that travels in two parts the labelled boxes of this one: the first so many go with the first part."""
    other = road_rules.other_part(load.code)
    before = road_rules.boxes_before(load, {one.code: one for one in stored.inputs.loads if one.code == other})
    return {tps: boxes.get(tps, ())[before : before + load.boxes] for tps in load.tps}


def _part(load: road_rules.Load) -> str:
    """What the second part of a kit bears behind its place; "" for every other load."""
    return ":b" if load.code.endswith(":b") and road_rules.other_part(load.code) else ""


def target_of(thing: str) -> str:
    """The TPS, PPS or PPK whose kit a thing is; "" for a labelled box."""
    return thing[2:].removesuffix(":b") if thing.startswith(("K:", "S:")) else ""


def _items_back(
    load: road_rules.Load, order: str, place: str, boxes: Mapping[str, Sequence[packing.Labelled]], names: Mapping[str, str]
) -> list[Item]:
    """What of a load is fetched at a place: the boxes with what they hold, or the booths and tools beside them."""
    if order == return_rules.Order.REST:
        wanted = {piece.place for piece in load.pieces if piece.item in return_rules.LATER_ITEMS}
        said = " bilik dan alat" + (" (bagian 2)" if _part(load) else "")
        return [Item(f"S:{target}{_part(load)}", target, place, 0, f"{names.get(target, target)}{said}") for target in sorted(wanted)]
    found = []
    for item in _items(load, place, boxes, names):
        if item.thing.startswith("B:") or item.boxes:
            label = item.label if item.thing.startswith("B:") else f"{names.get(item.target, item.target)} kotak hasil"
            found.append(replace(item, label=label))
    return found


def _items(load: road_rules.Load, place: str, boxes: Mapping[str, Sequence[packing.Labelled]], names: Mapping[str, str]) -> list[Item]:
    counts: dict[str, dict[str, int]] = {target: {} for target in load.tps}
    for piece in load.pieces:
        counts.setdefault(piece.place, {})[piece.item] = piece.quantity
    found = []
    for target, pieces in sorted(counts.items()):
        labelled, name = boxes.get(target, ()), names.get(target, target)
        found += [Item(f"B:{box.code}", target, place, 1, f"{name} {box.contest or box.use}") for box in labelled]
        rest = max(0, pieces.get(road_rules.BOX, 0) - len(labelled))
        if rest or set(pieces) - {road_rules.BOX} or not labelled:
            label = f"{name} perlengkapan" if labelled else f"{name} kotak dan perlengkapan"
            part = _part(load)
            found.append(Item(f"K:{target}{part}", target, place, rest, f"{label} (bagian 2)" if part else label))
    return found


def carried(election: str, one: Ride, at: datetime) -> list[Item]:
    """What a trip still carries of its waybill: what is aboard; where nobody recorded a loading, what it has not handed over yet."""
    now = state(election, at)
    mine = [event for event in now.valid if event.trip == one.waybill]
    items = manifest(election, one, at)
    if any(event.kind is rules.Kind.LOADED for event in mine):
        aboard = set(now.trips[one.waybill].aboard)
        return [item for item in items if item.thing in aboard]
    gone = {thing for event in mine if event.kind is rules.Kind.HANDED_OVER for thing in event.things}
    return [item for item in items if item.thing not in gone]


def fetchable(election: str, one: Ride, place: str, at: datetime) -> list[Item]:
    """What a trip of the way back may still fetch at a place: what did not leave it with another one already."""
    now = state(election, at)

    def gone(held: rules.Holding | None) -> bool:
        return held is not None and held.way == rules.BACK and (bool(held.trip) or held.place != place)

    return [item for item in manifest(election, one, at) if item.place == place and not gone(now.holdings.get(item.thing))]


def rest_of(election: str, tps: str, at: datetime) -> list[str]:
    """The booths and tools of a TPS as the returns fetch them: one thing, or two where its kit travelled in two parts."""
    found = manifests(election, rides_back(election, at), at).values()
    return sorted({item.thing for items in found for item in items if item.thing.startswith("S:") and item.target == tps})


def results_left(election: str, place: str, at: datetime) -> int:
    """Ballot boxes of the returns that still stand at a place: they leave before its booths do."""
    trips = [one for one in rides_back(election, at) if one.takes_on(place)]
    return sum(item.boxes for one in trips for item in fetchable(election, one, place, at))


def place_names(election: str) -> dict[str, str]:
    """TPS, PPS and PPK by code."""
    stations = places.tps_list(election)
    known = {tps.code: f"{tps.name} {tps.desa_name}" for tps in stations}
    known |= {tps.desa_code: f"PPS {tps.desa_name}" for tps in stations}
    return known | {tps.kecamatan_code: f"PPK {tps.kecamatan_name}" for tps in stations}


# --- what is recorded ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """What somebody typed and what may name a person: erasable, never a fact."""

    giver: str = ""
    receiver: str = ""
    note: str = ""


@dataclass(frozen=True)
class Told:
    """An event before it is written (its id is empty), with its words and why; actor: who tells it, where that is not whoever writes.

    once: a word that its form bears, so that a form that is sent twice is written once; a phone has its device and number for that.
    untimed: nobody said when; it happened when it was sent, and a repetition that comes later says the same. photos: pictures that show
    it, kept before (`evidence.keep`); the event names their hashes.
    """

    event: rules.Event
    words: Words = field(default_factory=Words)
    reason: str = ""
    actor: facts.Actor | None = None
    once: str = ""
    untimed: bool = False
    photos: tuple[evidence_rules.Kept, ...] = ()


def record_event(
    election: str,
    event: rules.Event,
    words: Words,
    actor: facts.Actor,
    at: datetime,
    *,
    reason: str = "",
    second: str = "",
    once: str = "",
) -> rules.Event:
    """Writes down what happened. A repetition (same device and number, or the same form) is answered with what stands; nothing is written.

    What contradicts other events is recorded all the same. Refused is only what cannot be an event: Future, UnknownTrip, UnknownThing,
    PartyMissing, SameNumber, and the refusals of `rules.Event`.
    """
    return record_events(election, [Told(event, words, reason, once=once)], actor, at, second=second)[0]


def record_events(election: str, told: Sequence[Told], actor: facts.Actor, at: datetime, *, second: str = "") -> list[rules.Event]:
    """Like `record_event` for many at once: all are written, or none."""
    with transaction.atomic():
        at = record.turn(at)
        known = [_standing(one) for one in told]
        fresh = [one for one, standing in zip(told, known, strict=True) if standing is None]
        _check(election, fresh, at)
        looked = [replace(one, event=_with_expected(election, one.event)) for one in fresh]
        for one in looked:
            _look_at_seals(election, one.event, one.actor or actor, at)
        prepared = record.prepare([_draft(election, one, one.actor or actor, second) for one in looked], at)
        rows = [_row(election, one, entry, one.actor or actor) for one, entry in zip(looked, prepared, strict=True)]
        CustodyEventRow.objects.bulk_create(rows)
        _bind(election, looked, rows, at)
        record.append(prepared, at=at)
    written = iter([_event(row) for row in rows])
    return [standing or next(written) for standing in known]


def subject(event_id: str) -> str:
    """What an event is called where its pictures are kept."""
    return f"custody:{event_id}"


def _bind(election: str, told: Sequence[Told], rows: Sequence[CustodyEventRow], at: datetime) -> None:
    """Pictures stand for the event that names them, and for whoever recorded it."""
    for one, row in zip(told, rows, strict=True):
        who = facts.Actor(row.person, row.agency)
        for kept in one.photos:
            evidence.bind(election, "custody", subject(row.entry_id), "photo", kept, who, at, row.entry_id, row.mark)


def _standing(told: Told) -> rules.Event | None:
    """The event that was written of this before; SameNumber where its words were others."""
    if told.event.device:
        row = CustodyEventRow.objects.filter(device=told.event.device, device_seq=told.event.seq).first()
    else:
        row = CustodyEventRow.objects.filter(once=told.once).first() if told.once else None
    if row is None:
        return None
    found = _event(row)
    # The store fills in the id, the desk's number and what seals it expected; everything else is the sender's.
    device, seq = (found.device, found.seq) if told.event.device else ("", 0)
    at = told.event.at if told.untimed else found.at
    if replace(found, id="", readings=(), device=device, seq=seq, at=at) != replace(told.event, id="", readings=()):
        raise rules.SameNumber(device=told.event.device or told.once, seq=told.event.seq)
    return found


def _check(election: str, told: Sequence[Told], at: datetime) -> None:
    trips, things = {}, set()
    for one in told:
        event = one.event
        if event.at > at:
            raise rules.Future()
        if event.trip and event.trip not in trips:
            trips[event.trip] = ride(election, event.trip)
        if event.trip and trips[event.trip].way != event.way:
            raise rules.OtherWay(trip=trips[event.trip].number)
        if [one_photo.sha256 for one_photo in one.photos] != list(event.photos):
            raise rules.Malformed(field="photos")
        if event.corrects and not CustodyEventRow.objects.filter(election=election, entry_id=event.corrects).exists():
            raise rules.UnknownEvent(event=event.corrects[:8])
        rules.check_names(event, one.words.giver, one.words.receiver)
        things |= {*event.things, *event.missing}
    _check_things(election, things, at)


def _check_things(election: str, things: Iterable[str], at: datetime) -> None:
    wanted = set(things)
    boxes = {thing.partition(":")[2] for thing in wanted if thing.startswith("B:")}
    known = {f"B:{box.code}" for part in _parts(sorted(boxes)) for box in packing.labelled(election, at, part)}
    left = wanted - known
    if left:
        left = {thing for thing in left if thing[:2] not in {"K:", "S:"} or target_of(thing) not in place_names(election)}
    if left:
        raise rules.UnknownThing(thing=min(left)[:40])


def _parts(codes: Sequence[str]) -> Iterable[Sequence[str]]:
    return (codes[start : start + 500] for start in range(0, len(codes), 500))


def _with_expected(election: str, event: rules.Event) -> rules.Event:
    """Readings with what the register says about each box. After the count a box bears seals that no register knows: those are compared
    with what was read first on the way back (`rules.fold`).
    """
    if event.way == rules.BACK:
        return event
    readings = []
    for reading in event.readings:
        box = reading.thing.removeprefix("B:")
        standing = seals.standing_of(election, box, None) if reading.thing.startswith("B:") else None
        known = standing if standing is not None and standing.closed else None
        readings.append(replace(reading, expected=known.serials, expected_count=known.count) if known else reading)
    return replace(event, readings=tuple(readings))


def _look_at_seals(election: str, event: rules.Event, actor: facts.Actor, at: datetime) -> None:
    """What was read on a box that the register knows is a check of its seals there too: R06 and the box's own page follow from it."""
    for reading in event.readings:
        if reading.expected or reading.expected_count:
            seals.check_seals(
                election, reading.thing.removeprefix("B:"), reading.seen, actor, at, count=reading.count, broken=not reading.whole,
                occasion="serah terima", place=event.place, mark=event.mark,
            )  # fmt: skip


def _draft(election: str, told: Told, actor: facts.Actor, second: str) -> facts.Draft:
    event, words = told.event, told.words
    said = rules.event_facts(event)
    for name in ("id", "at", *(() if event.device else ("device", "seq"))):  # the envelope says them
        said.pop(name, None)
    subject = f"waybill:{event.trip}" if event.trip else f"custody:{event.things[0] if event.things else event.corrects[:16]}"
    return facts.Draft(
        ENTRY_KINDS[event.kind], election, subject, event.place or record.election(election).region, actor, event.at, said,
        private=record.typed(giver=words.giver, receiver=words.receiver, note=words.note, reason=told.reason),
        corrects=event.corrects, approvals=(second,) if second else (),
    )  # fmt: skip


def _row(election: str, told: Told, entry: record.Prepared, actor: facts.Actor) -> CustodyEventRow:
    own = told.event.device == ""
    device, seq = (entry.device, entry.device_seq) if own else (told.event.device, told.event.seq)
    event = replace(told.event, id=entry.entry_id, device=device, seq=seq)
    return CustodyEventRow(
        election=election, kind=event.kind.value, trip=event.trip, place=event.place, facts=rules.event_facts(event),
        corrects=event.corrects, device=device, device_seq=seq, mark=event.mark, once=told.once or None, person=actor.person,
        agency=actor.agency, occurred_at=event.at, entry_id=entry.entry_id,
    )  # fmt: skip


def _event(row: CustodyEventRow) -> rules.Event:
    return rules.event_of(row.facts)


def take_back(election: str, event_id: str, reason: str, actor: facts.Actor, at: datetime, *, second: str = "") -> rules.Event:
    """Takes an event back by a new one that names it: alone within minutes, later with a reason and a second person.

    UnknownEvent, TakenBack, and what `rules.check_correction` refuses.
    """
    with transaction.atomic():
        at = record.turn(at)
        event = get_event(election, event_id)
        if event.kind is rules.Kind.CORRECTED or event_id not in {one.id for one in state(election, at).valid}:
            raise rules.TakenBack(event=event_id[:8])
        rules.check_correction(event, actor.person, second, reason, at)
        made = rules.Event(
            "", rules.Kind.CORRECTED, at, "", 0, actor.person, event.place, event.trip, corrects=event_id, mark=event.mark, way=event.way
        )
        return record_event(election, made, Words(), actor, at, reason=reason.strip(), second=second)


# --- what is read --------------------------------------------------------------------------------------------------------


def events(election: str, at: datetime) -> list[rules.Event]:
    """Everything that had happened by then, in order, also what was taken back."""
    return list(state(election, at).events)


def every_event(election: str) -> list[rules.Event]:
    """All events of an election, whenever they happened, in order."""
    return list(rules.fold(_event(row) for row in CustodyEventRow.objects.filter(election=election)).events)


def get_event(election: str, event_id: str) -> rules.Event:
    """One event. UnknownEvent."""
    row = CustodyEventRow.objects.filter(election=election, entry_id=event_id).first()
    if row is None:
        raise rules.UnknownEvent(event=event_id[:8])
    return _event(row)


def recorder(election: str, event_id: str) -> facts.Actor:
    """Who wrote an event down. UnknownEvent."""
    row = CustodyEventRow.objects.filter(election=election, entry_id=event_id).values_list("person", "agency").first()
    if row is None:
        raise rules.UnknownEvent(event=event_id[:8])
    return facts.Actor(*row)


def words(event_ids: Iterable[str]) -> dict[str, Words]:
    """Names and remarks of events. Whoever shows them has asked whether the reader may."""
    ids = list(event_ids)
    told = record.privates(ids)
    return {one: Words(*(told.text(one, name) for name in ("giver", "receiver", "note"))) for one in ids}


@record.remembered
def state(election: str, at: datetime) -> rules.State:
    """Who holds what and where each trip was last seen, at an instant."""
    rows = CustodyEventRow.objects.filter(election=election, occurred_at__lte=at)
    found = rows.aggregate(count=models.Count("pk"), last=Max("pk"))
    if not found["count"]:
        return rules.State()
    last = CustodyEventRow.objects.values_list("entry_id", flat=True).get(pk=found["last"])
    return _folded(election, at, found["count"], last)


_STATES: dict[tuple[str, int, str], rules.State] = {}
_MOST_STATES = 8


def _folded(election: str, at: datetime, count: int, last: str) -> rules.State:
    """Events never change: how many had happened and the newest entry among them say which they are."""
    key = (election, count, last)
    if key not in _STATES:
        rows = CustodyEventRow.objects.filter(election=election, occurred_at__lte=at)
        if len(_STATES) >= _MOST_STATES:
            _STATES.clear()
        _STATES[key] = rules.fold(_event(row) for row in rows)
    return _STATES[key]


def _kits_in_two(election: str, boxes: Mapping[str, Sequence[packing.Labelled]], at: datetime) -> dict[str, list[str]]:
    """TPS whose kit travels in two parts by the plan in force -> what stands for those parts beside the labelled boxes."""
    stored = distribution.current_plan(election, at)
    found: dict[str, list[str]] = {}
    for load in stored.inputs.loads if stored else ():
        if stored and road_rules.other_part(load.code):
            items = _items(load, "", _labelled_on(stored, load, boxes), {})
            found.setdefault(load.tps[0], []).extend(item.thing for item in items if item.thing.startswith("K:"))
    return found


def deliveries(election: str, at: datetime) -> dict[str, datetime]:
    """TPS -> when the last of its things was handed over to its PPS or KPPS, in its desa, on its island or at the TPS.

    A TPS of which anything is still away, or was brought somewhere else, is not there.
    """
    now = rules.outward(state(election, at))
    if not now.holdings:
        return {}
    homes = {tps.code: {tps.code, tps.desa_code, tps.island} for tps in places.tps_list(election)}
    boxes: dict[str, list[packing.Labelled]] = defaultdict(list)
    for box in packing.labelled(election, at):
        boxes[box.tps].append(box)
    began_at: dict[str, datetime] = {}
    for event in now.valid:
        for thing in event.things:
            began_at.setdefault(thing, event.at)
    # A part that left is waited for, also where a later plan brings the kit whole again.
    seen_parts = {target_of(thing): (thing,) for thing in now.holdings if thing.startswith("K:") and thing.endswith(":b")}
    parted, found = _kits_in_two(election, boxes, at), {}
    for target, home in homes.items():
        wanted = dict.fromkeys((*parted.get(target, (f"K:{target}",)), *seen_parts.get(target, ())))
        kits = [now.holdings.get(thing) for thing in wanted]
        left_at = max((began_at[kit.thing] for kit in kits if kit), default=None)
        if left_at is None:
            continue
        # A box that got its label after the kit had left travels in the kit.
        mine = [now.holdings.get(f"B:{box.code}") for box in boxes[target] if box.prepared_at <= left_at]
        times = [held.delivered_at if held and held.place in home else None for held in (*kits, *mine)]
        if all(times):
            found[target] = max(moment for moment in times if moment)
    return found


@dataclass(frozen=True)
class Returned:
    """How far the ballot boxes have come back: those of the returns, on a vehicle, with a PPK, with the KPU; mark of simulated ones."""

    boxes: int
    under_way: int
    ppk: int
    kpu: int
    mark: str = ""

    @property
    def waiting(self) -> int:
        """Boxes that nobody has fetched yet."""
        return self.boxes - self.under_way - self.ppk - self.kpu


def returned(election: str, at: datetime) -> Returned | None:
    """Where the ballot boxes of the returns in force are; None before a return is planned."""
    trips = rides_back(election, at)
    items = {item.thing: item for carried_ in manifests(election, trips, at).values() for item in carried_ if item.boxes}
    if not items:
        return None
    now, sums, mark = state(election, at), dict.fromkeys(("trip", "PPK", "KPU"), 0), ""
    for thing, item in items.items():
        held = now.holdings.get(thing)
        if held is None or held.way != rules.BACK:
            continue
        where = "trip" if held.trip or held.holder.agency == rules.CARRIER else held.holder.agency
        if where in sums:
            sums[where] += item.boxes
    marked = {event.mark for event in now.valid if event.way == rules.BACK and event.mark}
    mark = min(marked, default="")
    return Returned(sum(item.boxes for item in items.values()), sums["trip"], sums["PPK"], sums["KPU"], mark)


@dataclass(frozen=True)
class Position:
    """Where a trip is, by what was last seen of it, and when it comes. phase: unseen | loaded | departed | arrived | done.

    place: where it was last seen, "" unseen. late_min: minutes behind its plan at what was last seen (below nought: ahead), or by how much
    an unseen departure is overdue; None where nothing says. eta: arrival at each halt that is left, only when it has departed: the time of
    the last event and the planned minutes that remain. overdue: what should have been seen by now was not.
    """

    trip: str
    waybill: str
    number: str
    plan: int
    vehicle: str
    phase: str
    place: str = ""
    seen_at: datetime | None = None
    next_place: str = ""
    next_planned_at: datetime | None = None
    late_min: int | None = None
    eta: Mapping[str, datetime] = field(default_factory=dict)
    overdue: bool = False
    done: tuple[str, ...] = ()
    aboard: int = 0
    mark: str = ""

    @property
    def eta_at(self) -> datetime | None:
        """Arrival at the next halt; None where nothing says."""
        return self.eta.get(self.next_place)


def _by_trip(now: rules.State) -> dict[str, list[rules.Event]]:
    """What counts, by its waybill."""
    found: dict[str, list[rules.Event]] = defaultdict(list)
    for event in now.valid:
        found[event.trip].append(event)
    return found


@record.remembered
def positions(election: str, at: datetime) -> dict[str, Position]:
    """Trip -> where it is. A trip of an older plan that is not one of the plan in force stands under "<code>@<plan>"."""
    now = state(election, at)
    by_trip = _by_trip(now)
    current = distribution.current_plan(election, at)
    found = {}
    for one in rides(election, at):
        own = current is not None and one.stored.number == current.number
        found[one.trip.code if own else f"{one.trip.code}@{one.stored.number}"] = _position(
            one, by_trip.get(one.waybill, []), now.trips.get(one.waybill), at
        )
    return found


@record.remembered
def positions_back(election: str, at: datetime) -> dict[str, Position]:
    """Waybill -> where a trip of the way back is."""
    now = state(election, at)
    by_trip = _by_trip(now)
    return {one.waybill: _position(one, by_trip.get(one.waybill, []), now.trips.get(one.waybill), at) for one in rides_back(election, at)}


def _done(one: Ride, mine: Sequence[rules.Event]) -> set[str]:
    """The halts that a trip has done with: handed over there, or on the way back fetched there."""
    return {
        event.place
        for event in mine
        if event.kind is (rules.Kind.LOADED if one.back and one.takes_on(event.place) else rules.Kind.HANDED_OVER)
    }


def _position(one: Ride, mine: Sequence[rules.Event], seen: rules.Seen | None, at: datetime) -> Position:
    settled = _done(one, mine)
    done = tuple(stop.place for stop in one.halts if stop.place in settled)
    base = Position(
        one.trip.code, one.waybill, one.number, one.stored.number, one.trip.vehicle, "unseen", done=done,
        aboard=len(seen.aboard) if seen else 0, mark=next((event.mark for event in mine if event.mark), ""),
    )  # fmt: skip
    left = [number for number, stop in enumerate(one.halts) if stop.place not in settled]
    handed = any(event.kind is rules.Kind.HANDED_OVER for event in mine)
    emptied = seen is not None and not seen.aboard and any(event.kind is rules.Kind.LOADED for event in mine) and handed
    if not left or (one.end and one.end in settled) or emptied:
        return replace(base, phase="done", place=seen.place if seen else "", seen_at=seen.at if seen else None, late_min=_late(one, mine))
    if seen is None or (seen.phase == "loaded" and not one.back):
        return _before_leaving(base, one, seen, at)
    if seen.phase == "loaded":  # fetched at a halt: it stands there
        seen = replace(seen, phase="arrived")
    here, default = one.index(seen.place, coming=seen.phase == "arrived"), left[-1 if one.back else 0]
    number = next((n for n in left if n >= here), default) if seen.phase == "arrived" else next((n for n in left if n > here), default)
    stop = one.halts[number]
    eta = _eta(one, mine, seen, here, [n for n in left if n >= number])
    due_at = eta.get(stop.place)
    overdue = seen.phase == "departed" and due_at is not None and at > due_at
    return replace(
        base, phase=seen.phase, place=seen.place, seen_at=seen.at, next_place=stop.place,
        next_planned_at=one.stored.instant(stop.arrive_min), late_min=_late(one, mine), eta=eta, overdue=overdue,
    )  # fmt: skip


def _before_leaving(base: Position, one: Ride, seen: rules.Seen | None, at: datetime) -> Position:
    overdue = at > one.depart_at
    first = one.halts[0]
    return replace(
        base, phase="loaded" if seen else "unseen", place=seen.place if seen else "", seen_at=seen.at if seen else None,
        next_place=first.place, next_planned_at=one.stored.instant(first.arrive_min), overdue=overdue,
        late_min=_minutes(at - one.depart_at) if overdue else None,
    )  # fmt: skip


def _late(one: Ride, mine: Sequence[rules.Event]) -> int | None:
    """Minutes behind the plan at the last departure or arrival of the trip."""
    for event in reversed(mine):
        number = one.index(event.place, coming=event.kind is rules.Kind.ARRIVED)
        if event.kind is rules.Kind.DEPARTED and number >= -1:
            return _minutes(event.at - one.stored.instant(one.trip.depart_min if number < 0 else one.halts[number].depart_min))
        if event.kind is rules.Kind.ARRIVED and number >= 0:
            return _minutes(event.at - one.stored.instant(one.halts[number].arrive_min))
    return None


def _eta(one: Ride, mine: Sequence[rules.Event], seen: rules.Seen, here: int, left: Sequence[int]) -> dict[str, datetime]:
    """Arrival at the halts that are left. From a place off the plan nobody knows the way, and nothing is said."""
    if here < -1:
        return {}
    stops = one.halts
    last = mine[-1] if mine else None
    leaving = one.trip.depart_min if here < 0 else stops[here].depart_min
    from_min = stops[here].arrive_min if here >= 0 and last is not None and last.kind is rules.Kind.ARRIVED else leaving
    return {stops[n].place: seen.at + timedelta(minutes=stops[n].arrive_min - from_min) for n in left if n != here}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


# --- early warnings, tasks, search ---------------------------------------------------------------------------------------


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R07 of trips that left and were not seen again, R12 of hand-overs that brought another number, R16 of accounts, R17 of places."""
    now = state(election, at)
    if not now.valid:
        return []
    held = thresholds.limits(election, "custody", rules.Limits(), at)
    by_waybill = {one.waybill: one for one in (*rides(election, at), *rides_back(election, at))}
    return [
        *_gaps(by_waybill, now, {**positions(election, at), **positions_back(election, at)}, at, held),
        *_differences(by_waybill, now, place_names(election)),
        *_accounts(by_waybill, now, held),
        *_off_route(by_waybill, now, held),
    ]


def underway(by_waybill: Mapping[str, Ride], now: rules.State, where: Iterable[Position]) -> list[rules.Underway]:
    """Trips that have left a place and not been seen at the next one."""
    found = []
    for position in where:
        one, seen = by_waybill[position.waybill], now.trips.get(position.waybill)
        if seen is None or seen.phase != "departed" or not position.next_place:
            continue
        number = one.index(position.next_place, coming=True)
        travel = one.minutes_to(number) if number >= 0 else 0
        if travel:
            found.append(rules.Underway(position.number, seen.place, position.next_place, seen.at, travel, None, position.mark))
    return found


def _gaps(
    by_waybill: Mapping[str, Ride], now: rules.State, where: Mapping[str, Position], at: datetime, held: rules.Limits
) -> list[facts.Signal]:
    by_number = {one.number: one for one in by_waybill.values()}
    found = []
    for signal in rules.gap_signals(underway(by_waybill, now, where.values()), at, held):
        one = by_number[str(signal.facts["thing"])]
        said = {**signal.facts, "origin": one.name(str(signal.facts["origin"])), "target": one.name(str(signal.facts["target"]))}
        found.append(replace(signal, facts=said, args=(one.waybill,)))
    return found


def _differences(by_waybill: Mapping[str, Ride], now: rules.State, names: Mapping[str, str]) -> list[facts.Signal]:
    """R12: a loading or a hand-over at which another number of boxes was counted than the waybill says, until the rest has come."""
    by_id = {event.id: event for event in now.valid}
    found = []
    for conflict in now.open_conflicts():
        event = by_id.get(conflict.events[0])
        if conflict.code != "count_differs" or event is None:
            continue
        one = by_waybill.get(event.trip)
        place = one.name(event.place) if one else names.get(event.place, event.place)
        said: dict[str, str | int] = {
            "number": one.number if one else "", "place": place, "sent": event.sent, "received": event.received,
            "missing": len(event.missing),
        }  # fmt: skip
        # Without a vehicle (PPS to KPPS) the warning leads to the things, not to a trip.
        rule, args = ("R12.serah", (event.trip,)) if event.trip else ("R12.kpps", (event.things[0],))
        subject, to = f"handover:{event.id[:16]}", ("KPU", "BAWASLU")
        found.append(facts.Signal(rule, "GANGGUAN", subject, "critical", to, event.at, said, args, event.mark, event.place))
    return found


def scans(now: rules.State) -> list[rules.Scan]:
    """Who stood where when: whoever recorded an event beside the thing, and whoever signed on that screen as the other side.

    What was told by radio says nothing about where the teller is.
    """
    return [
        rules.Scan(event.trip or event.things[0], who, event.client or event.device, event.place, event.at, None, event.mark)
        for event in now.valid
        if event.here and event.kind is not rules.Kind.CORRECTED
        for who in dict.fromkeys((event.account, event.giver.person, event.receiver.person))
        if who
    ]


def _accounts(by_waybill: Mapping[str, Ride], now: rules.State, held: rules.Limits) -> list[facts.Signal]:
    mine: dict[str, list[rules.Scan]] = defaultdict(list)
    for scan in scans(now):
        mine[scan.account].append(scan)
    pairs = {
        (a.place, b.place) for found in mine.values() for a, b in pairwise(sorted(found, key=lambda s: s.scanned_at)) if a.place != b.place
    }
    travel = {pair: minutes for pair in pairs if (minutes := _between(by_waybill.values(), *pair))}
    names = {place: one.name(place) for one in by_waybill.values() for place in (one.trip.start, *(s.place for s in one.halts))}
    return [
        replace(
            signal,
            facts={**signal.facts, **{end: names.get(str(signal.facts[end]), str(signal.facts[end])) for end in ("origin", "target")}},
        )
        for signal in rules.account_signals((scan for found in mine.values() for scan in found), travel, held)
    ]


def _between(known: Iterable[Ride], a: str, b: str) -> int | None:
    """Planned minutes between two places, by road or else by sea."""
    for one in known:
        network = one.stored.inputs.network
        way = network.leg(road_rules.Kind.TRUCK, a, b) or network.leg(road_rules.Kind.BOAT, a, b)
        if way:
            return way.travel_min
    return None


def planned(one: Ride) -> rules.Planned:
    """Where a trip should be seen, and when: at its start, its halts, and its start again."""

    def span(first: int, last: int) -> tuple[datetime, datetime]:
        return one.stored.instant(first), one.stored.instant(last)

    keep = one.stored.inputs.rules
    stops = {stop.place: span(stop.arrive_min, stop.depart_min) for stop in one.halts}
    start = span(one.trip.depart_min - keep.loading_min, one.trip.return_min)
    if one.trip.start in stops:  # home again: one place, from the departure until it is unloaded
        stops[one.trip.start] = min(start[0], stops[one.trip.start][0]), max(start[1], stops[one.trip.start][1])
    return rules.Planned(one.waybill, {one.trip.start: start, **stops})


def _off_route(by_waybill: Mapping[str, Ride], now: rules.State, held: rules.Limits) -> list[facts.Signal]:
    found = []
    seen = [
        replace(scan, thing=event.trip, off_m=off_m(by_waybill[event.trip], event))
        for event, scan in (
            (event, rules.Scan(event.trip, event.account, event.device, event.place, event.at, None, event.mark)) for event in now.valid
        )
        if event.trip in by_waybill and event.kind is not rules.Kind.CORRECTED
    ]
    for signal in rules.route_signals(seen, [planned(one) for one in by_waybill.values()], held):
        one = by_waybill[str(signal.facts["thing"])]
        place = one.name(str(signal.facts["place"]))
        found.append(replace(signal, facts={**signal.facts, "thing": one.number, "place": place}, args=(one.waybill,)))
    return found


def off_m(one: Ride, event: rules.Event) -> int | None:
    """Metres from where the fix was to the place that the event names; None without a fix or a pin."""
    node = one.stored.inputs.network.node(event.place)
    if node is None or event.lat is None or event.lon is None:
        return None
    return round(place_rules.great_circle_km(event.lat / 1e6, event.lon / 1e6, node.lat, node.lon) * 1000)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Warehouse: trips of the next hours to load and send off. PPK and PPS: trips on their way to them. KPU: what does not agree."""
    roles = {grant.role: grant.region for grant in person.grants if grant.holds(at)}
    sends = bool({"kpu.gudang", "kpu.operator"} & set(roles))
    regions = [roles[role] for role in ("ppk.anggota", "pps.anggota") if role in roles]
    if not sends and not regions:
        return []
    by_waybill = {one.waybill: one for one in (*rides(election, at), *rides_back(election, at))}
    found = []
    for position in (*positions(election, at).values(), *positions_back(election, at).values()):
        one = by_waybill[position.waybill]
        if sends:
            found += _sending_task(one, position, at)
        if any(access_rules.within(tps, region) for region in regions for tps in targets(one, position.next_place)):
            found += _receiving_task(one, position, at)
    disagreeing = state(election, at).open_conflicts() if "kpu.operator" in roles else []
    if disagreeing:
        found.append(facts.Task("custody.conflicts", "custody", f"conflicts:{election}", f"{len(disagreeing)} hal"))
    return found


def targets(one: Ride, place: str) -> tuple[str, ...]:
    """TPS (and the desa, or the kecamatan) whose goods leave the trip at a place; on the way back: are fetched there.

    The end of a way back belongs to its PPK, a warehouse to the regency, a pier to those whose goods change vehicles there.
    """
    if one.back:
        codes = {code for stop in one.trip.stops for code in stop.loads if stop.place == place}
        if place == one.end and not return_rules.pier(place):
            return (place,)
        collects = [one.back.collects[code] for code in sorted(codes) if code in one.back.collects]
        return tuple(dict.fromkeys(code for found in collects for code in (*found.tps, found.place)))
    loads = [one.stored.load(code) for stop in one.halts if stop.place == place for code in stop.loads]
    return tuple(dict.fromkeys(code for load in loads for code in (*load.tps, load.place)))


def _sending_task(one: Ride, position: Position, at: datetime) -> list[facts.Task]:
    if position.phase not in {"unseen", "loaded"} or not one.depart_at - BEFORE <= at:
        return []
    kind = "custody.load" if position.phase == "unseen" and not one.back else "custody.depart"
    return [facts.Task(kind, "custody", f"waybill:{one.waybill}", one.number, one.depart_at, (one.waybill,))]


def _receiving_task(one: Ride, position: Position, at: datetime) -> list[facts.Task]:
    label, due_at = f"{one.number} di {one.name(position.next_place)}", position.eta_at or position.next_planned_at
    fetched = bool(one.back) and one.takes_on(position.next_place)
    near = fetched and position.phase == "unseen" and due_at is not None and due_at - BEFORE <= at
    if position.phase not in {"departed", "arrived"} and not near:
        return []
    kind = "custody.collect" if fetched else "custody.receive"
    return [facts.Task(kind, "custody", f"waybill:{one.waybill}", label, due_at, (one.waybill,))]


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Trips by the number of their waybill or what its code says; boxes of which something is known."""
    wanted = label_rules.cleaned(text).upper()
    if len(wanted) < 2:
        return []
    hits = []
    for one in (*rides(election, at), *rides_back(election, at)):
        if wanted in one.number.upper() or wanted.removeprefix("PSK1:N:") in {one.waybill, one.trip.code.upper()}:
            hits.append(facts.Hit("custody_trip", one.number, f"perjalanan {one.trip.vehicle}", (one.waybill,)))
    things = state(election, at).holdings
    plain = wanted.removeprefix("PSK1:B:").replace("-", "")
    hits += [
        facts.Hit("custody_thing", label_rules.spaced(thing[2:]), "serah terima", (thing,))
        for thing in things
        if len(plain) >= 4 and plain in thing[2:].replace("-", "").upper()
    ]
    return hits[:20]


WORDS: dict[str, record.Eraser] = dict.fromkeys(ENTRY_KINDS.values(), record.journal_only)
