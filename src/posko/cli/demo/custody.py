"""Hand-overs [SIMULASI]: the trips of the plan of 9 February 2024: one late, one silent, a box refused, a seal that differs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.domain import custody as rules
from posko.domain.custody import Kind, Party
from posko.domain.record import Actor
from posko.formats import text
from posko.store import custody, seals

MARK = "[SIMULASI]"
SILENT = "Batun"
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
    wrong: dict[int, Callable[[list[custody.Told]], Iterator[custody.Told]]] = {
        len(runs) - 1: _refused,
        len(runs) - 2: partial(_misread, ctx),
    }
    for number, one in enumerate(runs):
        told = list(_events(one))
        _write(ctx, list(wrong[number](told)) if number in wrong else told)
    _say(ctx, runs)


def _runs(ctx: Context) -> list[Run]:
    """Every trip of the plan; one by road leaves late, the boat to the island without a signal is not seen after it left."""
    rides = custody.rides(ctx.election, day(2024, 2, 12))
    items = custody.manifests(ctx.election, rides, day(2024, 2, 12))
    last = {one.trip.vehicle: one for one in rides}
    # The last trip of its vehicle: a late one would make the next trip late too.
    late = next((one for one in rides if not _by_sea(one) and last[one.trip.vehicle] is one), None)
    return [Run(one, timedelta(minutes=LATE_MIN if one is late else 0), tuple(items[one.waybill])) for one in rides]


def _by_sea(one: custody.Ride) -> bool:
    return any(stop.handover for stop in one.halts) or bool(one.vehicle and one.vehicle.boat)


def _events(one: Run) -> Iterator[custody.Told]:
    """Loaded, departed, and at every halt arrived and handed over."""
    trip, waybill = one.ride.trip, one.ride.waybill
    boat = one.ride.vehicle is not None and one.ride.vehicle.boat
    carrier, name = (SKIPPER, f"Juru mudi {trip.vehicle}") if boat else (DRIVER, f"Pengemudi {trip.vehicle}")
    sender = SKIPPER if boat else Party("KPU", "gudang", "p-lutfi")
    boxes = sum(item.boxes for item in one.items)
    blank: dict[str, Any] = {"id": "", "device": "", "seq": 0, "trip": waybill, "mark": MARK}
    start = blank | {"place": trip.start, "account": "p-oki" if boat else "p-lutfi", "here": not boat}
    loaded = rules.Event(
        kind=Kind.LOADED, at=one.at(trip.depart_min - 10), things=tuple(item.thing for item in one.items), giver=sender, receiver=carrier,
        seals="whole", sent=boxes, received=boxes, **start,
    )  # fmt: skip
    yield custody.Told(loaded, custody.Words("Petugas dermaga" if boat else "", name))
    yield custody.Told(rules.Event(kind=Kind.DEPARTED, at=one.at(trip.depart_min), **start))
    for stop in one.ride.halts:
        if SILENT in one.ride.name(stop.place):
            return
        here = [item for item in one.items if item.place == stop.place]
        agency = "PPK" if stop.place.count(".") == 2 else "PPS"
        account = "p-oki" if stop.handover else f"p-{agency.lower()}-{stop.place.replace('.', '').replace(':', '')}"
        taker = SKIPPER if stop.handover else Party(agency, "ketua", account)
        count = sum(item.boxes for item in here)
        halt = blank | {"place": stop.place, "account": account}
        yield custody.Told(rules.Event(kind=Kind.ARRIVED, at=one.at(stop.arrive_min), **halt))
        handed = rules.Event(
            kind=Kind.HANDED_OVER, at=one.at(stop.arrive_min + 9), things=tuple(i.thing for i in here), giver=carrier, receiver=taker,
            seals="whole", sent=count, received=count, **halt,
        )  # fmt: skip
        yield custody.Told(handed, custody.Words(name, "Juru mudi perahu" if stop.handover else ""))


def _refused(told: list[custody.Told]) -> Iterator[custody.Told]:
    """At the last desa one box is wet: the PPS does not take it."""
    at = max(number for number, one in enumerate(told) if one.event.kind is Kind.HANDED_OVER and one.event.receiver.agency == "PPS")
    last = told[at].event
    wet = next((thing for thing in last.things if thing.startswith("B:")), last.things[-1])
    refused = replace(last, kind=Kind.REFUSED, at=last.at - timedelta(minutes=3), things=(wet,), cause="basah", sent=0, received=0)
    taken = replace(last, things=tuple(t for t in last.things if t != wet), received=last.received - 1, missing=(wet,))
    yield from told[:at]
    yield custody.Told(refused, replace(told[at].words, note="basah terkena air di bak"))
    yield replace(told[at], event=taken)
    yield from told[at + 1 :]


def _misread(ctx: Context, told: list[custody.Told]) -> Iterator[custody.Told]:
    """At the first hand-over a tie of one box bears another number than the register says."""
    pending = True
    for one in told:
        reading = _reading(ctx, one.event) if pending and one.event.kind is Kind.HANDED_OVER else None
        if reading is not None:
            pending = False
            yield replace(one, event=replace(one.event, seals="differ", readings=(reading,)))
        else:
            yield one


def _reading(ctx: Context, event: rules.Event) -> rules.Reading | None:
    for thing in event.things:
        known = seals.standing_of(ctx.election, thing[2:], None) if thing.startswith("B:") else None
        if known is not None and known.serials:
            *kept, last = known.serials
            return rules.Reading(thing, (*kept, last[:-1] + str((int(last[-1]) + 1) % 10)))
    return None


def _write(ctx: Context, told: list[custody.Told]) -> None:
    """One trip, told by whoever stood there."""
    agencies = {"p-pps": "PPS", "p-ppk": "PPK"}
    whole = [replace(one, actor=Actor(one.event.account, agencies.get(one.event.account[:5], "KPU"))) for one in told]
    custody.record_events(ctx.election, whole, ctx.people["lutfi"], max(one.event.at for one in told))


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
