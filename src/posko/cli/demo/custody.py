"""Hand-overs [SIMULASI]: some trips of the plan of 9 February 2024 on their days: one late, one box refused, one seal that differs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.domain import custody as rules
from posko.domain.custody import Kind, Party
from posko.domain.record import Actor
from posko.formats import text
from posko.store import custody, seals

MARK = "[SIMULASI]"
ROADS = 4
LATE_MIN = 55
DRIVER, SKIPPER = Party(rules.CARRIER, "pengemudi"), Party(rules.CARRIER, "juru_mudi")


@dataclass(frozen=True)
class Run:
    """A trip that is driven, so many minutes after its plan."""

    ride: custody.Ride
    late: timedelta
    items: tuple[custody.Item, ...]

    def at(self, minute: int) -> datetime:
        """When one of the plan's minutes came true."""
        return self.ride.stored.instant(minute) + self.late


def run(ctx: Context) -> None:
    """Loads, drives and hands over; what went wrong is recorded as it happened."""
    runs = _runs(ctx)
    for number, one in enumerate(runs):
        told = list(_events(one))
        if number == len(runs) - 1:
            told = list(_refused(told, one))
        if number == len(runs) - 2:
            told = list(_misread(ctx, told))
        _record(ctx, told)
    _say(ctx, runs)


def _runs(ctx: Context) -> list[Run]:
    """The island trips of H-2 and the first trips by road of H-1; the second of these leaves late."""
    rides = custody.rides(ctx.election, day(2024, 2, 12))
    islands = [one for one in rides if any(stop.handover for stop in one.halts) or (one.vehicle and one.vehicle.boat)]
    roads = [one for one in rides if one not in islands and len(one.halts) > 1][:ROADS]
    found = []
    for one in [*islands, *roads]:
        late = timedelta(minutes=LATE_MIN if len(roads) > 1 and one is roads[1] else 0)
        found.append(Run(one, late, tuple(custody.manifest(ctx.election, one, one.depart_at))))
    return found


def _events(one: Run) -> Iterator[custody.Told]:
    """Loaded, departed, and at every halt arrived and handed over."""
    trip, waybill = one.ride.trip, one.ride.waybill
    boat = one.ride.vehicle is not None and one.ride.vehicle.boat
    carrier, name = (SKIPPER, f"Juru mudi {trip.vehicle}") if boat else (DRIVER, f"Pengemudi {trip.vehicle}")
    sender = SKIPPER if boat else Party("KPU", "gudang", "p-lutfi")
    boxes = sum(item.boxes for item in one.items)
    blank = {"id": "", "device": "", "seq": 0, "trip": waybill, "mark": MARK}
    account = "p-oki" if boat else "p-lutfi"
    loaded = rules.Event(
        kind=Kind.LOADED, at=one.at(trip.depart_min - 20), account=account, place=trip.start, things=tuple(item.thing for item in one.items),
        giver=sender, receiver=carrier, seals="whole", sent=boxes, received=boxes, here=not boat, **blank,  # type: ignore[arg-type]
    )  # fmt: skip
    yield custody.Told(loaded, custody.Words("Petugas dermaga" if boat else "", name))
    yield custody.Told(
        rules.Event(kind=Kind.DEPARTED, at=one.at(trip.depart_min), account=account, place=trip.start, here=not boat, **blank)
    )  # type: ignore[arg-type]
    for stop in one.ride.halts:
        here = [item for item in one.items if item.place == stop.place]
        account = "p-oki" if stop.handover else f"p-pps-{stop.place.replace('.', '').replace(':', '')}"
        taker = SKIPPER if stop.handover else Party("PPS", "ketua", account)
        count = sum(item.boxes for item in here)
        yield custody.Told(rules.Event(kind=Kind.ARRIVED, at=one.at(stop.arrive_min), account=account, place=stop.place, **blank))  # type: ignore[arg-type]
        handed = rules.Event(
            kind=Kind.HANDED_OVER, at=one.at(stop.depart_min - 5), account=account, place=stop.place, things=tuple(i.thing for i in here),
            giver=carrier, receiver=taker, seals="whole", sent=count, received=count, **blank,  # type: ignore[arg-type]
        )  # fmt: skip
        yield custody.Told(handed, custody.Words(name, "Juru mudi perahu" if stop.handover else ""))


def _refused(told: list[custody.Told], one: Run) -> Iterator[custody.Told]:
    """At the last halt one box is wet: the PPS does not take it."""
    last = told[-1].event
    wet = next(thing for thing in last.things if thing.startswith("B:"))
    refused = replace(last, kind=Kind.REFUSED, at=last.at - timedelta(minutes=3), things=(wet,), cause="basah", sent=0, received=0)
    taken = replace(last, things=tuple(t for t in last.things if t != wet), received=last.received - 1, missing=(wet,))
    yield from told[:-1]
    yield custody.Told(refused, replace(told[-1].words, note="basah terkena air di bak"))
    yield replace(told[-1], event=taken)


def _misread(ctx: Context, told: list[custody.Told]) -> Iterator[custody.Told]:
    """On arrival one tie of a box bears another number than the register says."""
    for one in told:
        event = one.event
        box = next((thing for thing in event.things if thing.startswith("B:")), "")
        known = (
            seals.standing_of(ctx.election, box[2:], None) if box and event.kind is Kind.HANDED_OVER and event is told[-1].event else None
        )
        if known is None or not known.serials:
            yield one
            continue
        other = known.serials[-1][:-1] + str((int(known.serials[-1][-1]) + 1) % 10)
        reading = rules.Reading(box, (*known.serials[:-1], other))
        yield replace(one, event=replace(event, seals="differ", readings=(reading,)))


def _record(ctx: Context, told: list[custody.Told]) -> None:
    """Written down by whoever stood there, in the order in which it happened."""
    batch: list[custody.Told] = []
    for one in told:
        if batch and batch[-1].event.account != one.event.account:
            _write(ctx, batch)
            batch = []
        batch.append(one)
    _write(ctx, batch)


def _write(ctx: Context, batch: list[custody.Told]) -> None:
    account = batch[0].event.account
    agency = "PPS" if account.startswith("p-pps-") else "KPU"
    custody.record_events(ctx.election, batch, Actor(account, agency), max(one.event.at for one in batch))


def _say(ctx: Context, runs: list[Run]) -> None:
    at = ctx.eve_at
    now = custody.state(ctx.election, at)
    where = [p for p in custody.positions(ctx.election, at).values() if p.waybill in {one.ride.waybill for one in runs}]
    late = [p for p in where if (p.late_min or 0) > 0]
    ctx.say(
        f"    {text.angka(len(runs))} perjalanan, {text.angka(len(now.valid))} kejadian, {text.angka(len(now.holdings))} barang; "
        f"{text.angka(len(custody.deliveries(ctx.election, at)))} TPS diterima PPS {MARK}"
    )
    for position in late:
        ctx.say(f"    {position.number} terlambat {text.menit(position.late_min or 0)}")
    codes = ", ".join(sorted({c.code for c in now.open_conflicts()}))
    ctx.say(f"    Tidak cocok: {len(now.open_conflicts())} ({codes}); sidik keadaan {rules.state_hash(now)[:16]}")
