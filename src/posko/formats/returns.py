"""Surat jalan of the way back: the same document as of the way out, with what is taken on instead of what is dropped."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from posko.domain import distribution as roads
from posko.domain import returns as rules
from posko.formats import distribution, document, text

ORDERS = {rules.Order.RESULTS: "kotak hasil", rules.Order.REST: "bilik dan alat"}
WHY = {
    "no_boat": "tidak ada perahu yang memuat semuanya", "no_vehicle": "tidak ada kendaraan",
    "not_enough": "kendaraan atau waktu tidak cukup", "no_road": "tidak ada jalan ke PPK",
}  # fmt: skip


def waybills(
    trips: Sequence[rules.Trip],
    *,
    numbers: Mapping[str, tuple[str, str]],
    collects: Mapping[str, rules.Collect],
    vehicles: Mapping[str, roads.Vehicle],
    name: Callable[[str], str],
    instant: Callable[[int], datetime],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Values for surat-jalan.typ; head: agency, place, marks, footer, stamp."""
    pages = [_page(trip, numbers[trip.code], collects, vehicles[trip.vehicle], name, instant) for trip in trips]
    return {"title": "Surat jalan balik", "paper": "f4", **head, "trips": pages}


def _page(
    trip: rules.Trip,
    number: tuple[str, str],
    collects: Mapping[str, rules.Collect],
    vehicle: roads.Vehicle,
    name: Callable[[str], str],
    instant: Callable[[int], datetime],
) -> dict[str, Any]:
    taken = [collects[code] for code in trip.collects]
    boxes, results = sum(one.boxes for one in taken), [one for one in taken if one.order is rules.Order.RESULTS]
    notes = ["Kotak hasil dimuat lebih dulu, nomor segelnya dicocokkan saat dimuat dan saat diturunkan."] if results else []
    first = trip.stops[0].place
    giver = "dermaga" if rules.pier(first) else "PPK" if first.count(".") == 2 else "PPS"
    notes += ["Perjalanan malam: tidak berangkat tanpa pengawal Polri."] if trip.escort else []
    notes += [f"Pengangkut: {vehicle.carrier}."] if vehicle.carrier else []
    return {
        "number": number[0],
        "code": number[1],
        "qr": document.qr_svg(roads.waybill_text(number[1])),
        "subtitle": text.tanggal(instant(trip.depart_min)),
        "facts": [
            ["Kendaraan", f"{vehicle.code} · {distribution.KINDS[vehicle.kind]}"],
            ["Berangkat", f"{distribution.clock(instant(trip.depart_min))} WIB"],
            ["Dari", name(trip.start)],
            ["Sampai", f"{name(trip.end)}, {distribution.clock(instant(trip.arrive_min))} WIB"],
            ["Muatan", f"{text.angka(boxes)} kotak; {', '.join(dict.fromkeys(ORDERS[one.order] for one in taken))}"],
            ["Jarak", f"{text.desimal(trip.distance_m / 1000)} km"],
            ["Juru mudi" if vehicle.boat else "Pengemudi", "........................"],
            ["Nama perahu" if vehicle.boat else "Nomor polisi", "........................"],
        ],
        "stops": [_stop(n, stop, collects, name, instant) for n, stop in enumerate(trip.stops, start=1)],
        "total": ["", "Jumlah", "", "", text.angka(sum(len(one.tps) for one in results)), text.angka(boxes), "", ""],
        "items": ["Kotak"],
        "rows": [[one.code, f"{one.name}: {ORDERS[one.order]}", text.angka(one.boxes) if one.boxes else "—"] for one in taken],
        "notes": notes,
        "signatures": [
            [f"Menyerahkan ({giver})", ""],
            ["Juru mudi" if vehicle.boat else "Pengemudi", ""],
            [f"Menerima ({_taker(trip.end)})", ""],
        ],
    }


def _taker(end: str) -> str:
    """Who takes over at the end of a trip."""
    if rules.pier(end):
        return "dermaga"
    return "KPU" if ":" in end else "PPK"


def _stop(
    number: int, stop: roads.Stop, collects: Mapping[str, rules.Collect], name: Callable[[str], str], instant: Callable[[int], datetime]
) -> list[str]:
    taken = [collects[code] for code in stop.loads]
    results = [one for one in taken if one.order is rules.Order.RESULTS]
    counts = [text.angka(sum(len(one.tps) for one in results)), text.angka(sum(one.boxes for one in taken)), ""]
    arrive, leave = (distribution.clock(instant(minute)) for minute in (stop.arrive_min, stop.depart_min))
    return [str(number), name(stop.place), arrive, leave, *counts, "\n\n"]
