"""Surat jalan: the values of its document, one trip after the other."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from posko.domain import distribution as rules
from posko.formats import document, text

KINDS = {rules.Kind.TRUCK: "Truk", rules.Kind.PICKUP: "Pikap", rules.Kind.MOTOR: "Sepeda motor", rules.Kind.BOAT: "Perahu"}
# The columns of the contents, as far as they fit; the rest travels inside the sealed boxes and is counted at the end.
COLUMNS = ("KOTAK", "BILIK", "SURAT_SUARA", "TINTA", "ALAT_COBLOS", "SEGEL", "FORMULIR")


def clock(moment: datetime) -> str:
    """13 Feb., 06.15: a time on a list of times in WIB."""
    return text.waktu(moment).replace(f" {moment.astimezone(text.WIB).year}", "").removesuffix(" WIB")


def waybills(
    trips: Sequence[rules.Trip],
    *,
    numbers: Mapping[str, tuple[str, str]],
    loads: Mapping[str, rules.Load],
    vehicles: Mapping[str, rules.Vehicle],
    network: rules.Network,
    instant: Callable[[int], datetime],
    names: Mapping[str, str],
    places: Mapping[str, str],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Values for surat-jalan.typ. `names`: item -> short name, `places`: TPS, PPS, PPK -> name, `head`: agency, marks, footer, stamp."""
    pages = [_page(trip, numbers[trip.code], loads, vehicles[trip.vehicle], network, instant, names, places) for trip in trips]
    return {"title": "Surat jalan", "paper": "f4", **head, "trips": pages}


def _page(
    trip: rules.Trip,
    number: tuple[str, str],
    loads: Mapping[str, rules.Load],
    vehicle: rules.Vehicle,
    network: rules.Network,
    instant: Callable[[int], datetime],
    names: Mapping[str, str],
    places: Mapping[str, str],
) -> dict[str, Any]:
    carried = [loads[code] for code in trip.loads]
    tps, boxes, booths = (sum(count(load) for load in carried) for count in (lambda x: len(x.tps), lambda x: x.boxes, lambda x: x.booths))
    start = network.node(trip.start)
    columns = _columns(carried)
    overnight = vehicle.boat and rules.day_of(trip.return_min) != rules.day_of(trip.depart_min)
    return {
        "number": number[0],
        "code": number[1],
        "qr": document.qr_svg(rules.waybill_text(number[1])),
        "subtitle": text.tanggal(instant(trip.depart_min)),
        "facts": [
            ["Kendaraan", f"{vehicle.code} · {KINDS[vehicle.kind]}"],
            ["Berangkat", f"{clock(instant(trip.depart_min))} WIB"],
            ["Dari", start.name if start else trip.start],
            ["Kembali", f"{clock(instant(trip.return_min))} WIB"],
            ["Muatan", f"{text.angka(boxes)} kotak, {text.angka(booths)} bilik"],
            ["Jarak", f"{text.desimal(trip.distance_m / 1000)} km"],
            ["Juru mudi" if vehicle.boat else "Pengemudi", "........................"],
            ["Nama perahu" if vehicle.boat else "Nomor polisi", "........................"],
        ],
        "stops": [_stop(number_, stop, loads, network, instant) for number_, stop in enumerate(trip.stops, start=1)],
        "total": ["", "Jumlah", "", "", text.angka(tps), text.angka(boxes), text.angka(booths), ""],
        "items": [names.get(item, item) for item in columns],
        "rows": _contents(carried, columns, places),
        "notes": _notes(trip, vehicle, network, overnight=overnight),
        "signatures": [
            [f"Menyerahkan ({'dermaga' if vehicle.boat else 'gudang'})", ""],
            ["Juru mudi" if vehicle.boat else "Pengemudi", ""],
            ["Pengawal", ""],
        ],
    }


def _stop(
    number: int, stop: rules.Stop, loads: Mapping[str, rules.Load], network: rules.Network, instant: Callable[[int], datetime]
) -> list[str]:
    node = network.node(stop.place)
    dropped = [loads[code] for code in stop.loads]
    name = (node.name if node else stop.place) + (" (serah terima ke perahu)" if stop.handover else "")
    counts = (sum(len(load.tps) for load in dropped), sum(load.boxes for load in dropped), sum(load.booths for load in dropped))
    return [str(number), name, clock(instant(stop.arrive_min)), clock(instant(stop.depart_min)), *map(text.angka, counts), "\n\n"]


def _columns(carried: Sequence[rules.Load]) -> list[str]:
    present = {piece.item for load in carried for piece in load.pieces}
    return [item for item in COLUMNS if item in present]


def _contents(carried: Sequence[rules.Load], columns: Sequence[str], places: Mapping[str, str]) -> list[list[str]]:
    rows = []
    for load in carried:
        counts: dict[str, dict[str, int]] = {}
        for piece in load.pieces:
            counts.setdefault(piece.place, {})[piece.item] = piece.quantity
        for place, items in sorted(counts.items()):
            if any(column in items for column in columns):
                rows.append([place, places.get(place, place), *(text.angka(items[c]) if c in items else "—" for c in columns)])
    return rows


def _notes(trip: rules.Trip, vehicle: rules.Vehicle, network: rules.Network, *, overnight: bool) -> list[str]:
    provisional = [node.name for code in (trip.start, *(s.place for s in trip.stops)) if (node := network.node(code)) and node.provisional]
    notes = [f"Pin sementara, jarak dan waktu dapat berubah: {', '.join(dict.fromkeys(provisional))}."] if provisional else []
    if vehicle.assumption:
        notes.append("Kendaraan ini masih ASUMSI; ganti dengan kendaraan yang disewa sebelum berangkat.")
    if overnight:
        notes.append("Perahu bermalam di pulau dan kembali keesokan harinya.")
    return [
        *notes,
        "Isi surat suara dan bahan di dalam kotak bersegel dihitung di tempat pengepakan; di jalan yang dihitung kotak dan bilik.",
    ]
