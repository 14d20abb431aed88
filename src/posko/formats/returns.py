"""Surat jalan of the way back: the same document as of the way out, with what is taken on instead of what is dropped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Content:
    """What of a collect comes from one TPS (or is the PPK's own): its code and name, boxes, booths."""

    code: str
    name: str
    boxes: int
    booths: int


def waybills(
    trips: Sequence[rules.Trip],
    *,
    numbers: Mapping[str, tuple[str, str]],
    collects: Mapping[str, rules.Collect],
    vehicles: Mapping[str, roads.Vehicle],
    name: Callable[[str], str],
    instant: Callable[[int], datetime],
    contents: Mapping[str, Sequence[Content]],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Values for surat-jalan.typ; contents: collect -> what comes from each TPS; head: agency, place, marks, footer, stamp."""
    pages = [_page(trip, numbers[trip.code], collects, vehicles[trip.vehicle], name, instant, contents) for trip in trips]
    return {"title": "Surat jalan balik", "signed": "Diserahkan", "about": "Asal", "paper": "f4", **head, "trips": pages}


def _page(
    trip: rules.Trip,
    number: tuple[str, str],
    collects: Mapping[str, rules.Collect],
    vehicle: roads.Vehicle,
    name: Callable[[str], str],
    instant: Callable[[int], datetime],
    contents: Mapping[str, Sequence[Content]],
) -> dict[str, Any]:
    taken = [collects[code] for code in trip.collects]
    results = [one for one in taken if one.order is rules.Order.RESULTS]
    notes = ["Kotak hasil dimuat lebih dulu, nomor segelnya dicocokkan saat dimuat dan saat diturunkan."] if results else []
    first = trip.stops[0].place
    giver = "dermaga" if rules.pier(first) else "PPK" if first.count(".") == 2 else "PPS"
    notes += ["Perjalanan malam: tidak berangkat tanpa pengawal Polri."] if trip.escort else []
    notes += [f"Pengangkut: {vehicle.carrier}."] if vehicle.carrier else []
    notes += ["Kendaraan ini masih ASUMSI; ganti dengan kendaraan yang disewa sebelum berangkat."] if vehicle.assumption else []
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
            ["Muatan", _said(taken, contents)],
            ["Jarak", f"{text.desimal(trip.distance_m / 1000)} km"],
            ["Juru mudi" if vehicle.boat else "Pengemudi", "........................"],
            ["Nama perahu" if vehicle.boat else "Nomor polisi", "........................"],
        ],
        "stops": [_stop(n, stop, contents, name, instant) for n, stop in enumerate(trip.stops, start=1)],
        "total": ["", "Jumlah", "", "", *_sums(line for one in taken for line in contents.get(one.code, ())), ""],
        "items": ["Kotak", "Bilik"],
        "rows": _rows(taken, contents),
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


def _said(taken: Sequence[rules.Collect], contents: Mapping[str, Sequence[Content]]) -> str:
    """100 kotak hasil; bilik dan alat, 40 bilik."""
    found = []
    for order in rules.Order:
        lines = [line for one in taken if one.order is order for line in contents.get(one.code, ())]
        boxes, booths = sum(line.boxes for line in lines), sum(line.booths for line in lines)
        if lines:
            found.append(f"{text.angka(boxes)} {ORDERS[order]}" if boxes else f"{ORDERS[order]}, {text.angka(booths)} bilik")
    return "; ".join(found)


def _rows(taken: Sequence[rules.Collect], contents: Mapping[str, Sequence[Content]]) -> list[list[str]]:
    """One line a TPS: the results first, then booths and tools."""
    lines = []
    for one in sorted(taken, key=lambda one: list(rules.Order).index(one.order)):
        for line in contents.get(one.code, ()):
            counts = [text.angka(count) if count else "—" for count in (line.boxes, line.booths)]
            lines.append([line.code, f"{line.name}: {ORDERS[one.order]}", *counts])
    return lines


def _sums(lines: Iterable[Content]) -> list[str]:
    """TPS, boxes and booths of some lines."""
    told = list(lines)
    counts = (len({line.code for line in told}), sum(line.boxes for line in told), sum(line.booths for line in told))
    return [text.angka(count) if count else "—" for count in counts]


def _stop(
    number: int, stop: roads.Stop, contents: Mapping[str, Sequence[Content]], name: Callable[[str], str], instant: Callable[[int], datetime]
) -> list[str]:
    arrive, leave = (distribution.clock(instant(minute)) for minute in (stop.arrive_min, stop.depart_min))
    return [str(number), name(stop.place), arrive, leave, *_sums(line for code in stop.loads for line in contents.get(code, ())), "\n\n"]
