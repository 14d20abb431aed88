"""Ways for other programs: GPX 1.1 for the phone of a driver, GeoJSON for a map. Straight between the halts: no road network is known.

GPX: topografix.com/GPX/1/1, elements in the order of its schema; times in UTC. GeoJSON: RFC 7946, longitude first.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from posko.domain import distribution as rules

_GPX = "http://www.topografix.com/GPX/1/1"
STRAIGHT = "garis lurus antarperhentian, bukan bentuk jalan"


@dataclass(frozen=True)
class Journey:
    """What a file is made from: trips of a plan with all that explains them. waybills: trip -> number."""

    trips: Sequence[rules.Trip]
    loads: Mapping[str, rules.Load]
    vehicles: Mapping[str, rules.Vehicle]
    network: rules.Network
    instant: Callable[[int], datetime]
    waybills: Mapping[str, str]
    plan: int
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Halt:
    """A point of a trip. minute: of the arrival, of the departure at the start."""

    place: str
    name: str
    lat: float
    lon: float
    minute: int
    leaves_min: int
    loads: tuple[str, ...]
    latest_min: int | None
    role: str


def _halts(trip: rules.Trip, journey: Journey) -> list[_Halt]:
    """Start, stops and return, as far as the places have a position."""
    found = []

    def add(place: str, minute: int, leaves: int, loads: tuple[str, ...], role: str) -> None:
        node = journey.network.node(place)
        if node:
            known = [journey.loads[code] for code in loads if code in journey.loads]
            latest = min((load.latest_min for load in known), default=None) if role == "perhentian" else None
            found.append(_Halt(place, node.name, node.lat, node.lon, minute, leaves, loads, latest, role))

    add(trip.start, trip.depart_min, trip.depart_min, (), "mulai")
    for stop in trip.stops:
        add(stop.place, stop.arrive_min, stop.depart_min, stop.loads, "serah terima" if stop.handover else "perhentian")
    add(trip.start, trip.return_min, trip.return_min, (), "kembali")
    return found


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _clock(minute: int) -> str:
    """H-1 06.15: the day before voting and the local hour."""
    day, rest = rules.day_of(minute), minute % rules.DAY
    return f"{'Hari H' if day == 0 else f'H-{day}'} {rest // 60:02d}.{rest % 60:02d}"


def _counts(halt: _Halt, journey: Journey) -> tuple[int, int]:
    known = [journey.loads[code] for code in halt.loads if code in journey.loads]
    return sum(len(load.tps) for load in known), sum(load.boxes for load in known)


def _told(halt: _Halt, journey: Journey) -> str:
    """06.15, 3 TPS, 15 kotak, batas 15.00: what a driver wants to see at the point."""
    tps, boxes = _counts(halt, journey)
    parts = [f"{halt.role}, {_clock(halt.minute)} WIB"]
    if halt.loads:
        parts.append(f"{tps} TPS, {boxes} kotak")
    if halt.latest_min is not None:
        parts.append(f"batas {_clock(halt.latest_min)} WIB")
    return "; ".join(parts)


def gpx(journey: Journey, title: str, at: datetime) -> bytes:
    """Waypoints for the places, one route per trip with times. at: when the plan was made, so the same plan gives the same bytes."""
    ElementTree.register_namespace("", _GPX)
    root = ElementTree.Element(f"{{{_GPX}}}gpx", {"version": "1.1", "creator": "Posko"})
    about = _sub(root, "metadata")
    _sub(about, "name", title)
    _sub(about, "desc", f"Rencana {journey.plan}; {STRAIGHT}. {' '.join(journey.marks)}".strip())
    _sub(about, "time", _utc(at))
    seen: dict[str, _Halt] = {}
    for trip in journey.trips:
        for halt in _halts(trip, journey):
            seen.setdefault(halt.place, halt)
    for halt in seen.values():
        _point(root, "wpt", halt, journey, None)
    for trip in journey.trips:
        route = _sub(root, "rte")
        _sub(route, "name", trip.code)
        _sub(
            route,
            "desc",
            f"{journey.waybills.get(trip.code, '')} {trip.vehicle}, {trip.distance_m / 1000:.1f} km".strip().replace(".", ","),
        )
        _sub(route, "type", "laut" if journey.vehicles[trip.vehicle].boat else "darat")
        for halt in _halts(trip, journey):
            _point(route, "rtept", halt, journey, halt.minute)
    ElementTree.indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"


def _point(parent: ElementTree.Element, tag: str, halt: _Halt, journey: Journey, minute: int | None) -> None:
    point = _sub(parent, tag)
    point.set("lat", f"{halt.lat:.6f}")
    point.set("lon", f"{halt.lon:.6f}")
    if minute is not None:
        _sub(point, "time", _utc(journey.instant(minute)))
    _sub(point, "name", halt.name)
    if minute is not None:
        _sub(point, "desc", _told(halt, journey))
    _sub(point, "type", halt.role if minute is not None else "tempat")


def _sub(parent: ElementTree.Element, tag: str, text: str = "") -> ElementTree.Element:
    made = ElementTree.SubElement(parent, f"{{{_GPX}}}{tag}")
    if text:
        made.text = text
    return made


def geojson(journey: Journey, title: str) -> bytes:
    """A line per trip and a point per halt, with what the waybill says of them; the way home of a boat or truck closes the line."""
    features: list[dict[str, Any]] = []
    for trip in journey.trips:
        halts = _halts(trip, journey)
        about = {
            "jenis": "perjalanan", "perjalanan": trip.code, "kendaraan": trip.vehicle, "surat_jalan": journey.waybills.get(trip.code, ""),
            "jalur": "laut" if journey.vehicles[trip.vehicle].boat else "darat", "km": round(trip.distance_m / 1000, 1),
            "berangkat": _utc(journey.instant(trip.depart_min)), "kembali": _utc(journey.instant(trip.return_min)), "bentuk": STRAIGHT,
        }  # fmt: skip
        features.append(_feature("LineString", [_position(halt) for halt in halts], about))
        features += [_stop(trip, number, halt, journey) for number, halt in enumerate(halts) if halt.loads]
    whole = {
        "type": "FeatureCollection", "name": title, "rencana": journey.plan, "tanda": list(journey.marks), "features": features,
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def _stop(trip: rules.Trip, number: int, halt: _Halt, journey: Journey) -> dict[str, Any]:
    tps, boxes = _counts(halt, journey)
    about = {
        "jenis": halt.role, "perjalanan": trip.code, "urutan": number, "tempat": halt.name, "kode": halt.place, "tps": tps, "kotak": boxes,
        "tiba": _utc(journey.instant(halt.minute)), "berangkat_lagi": _utc(journey.instant(halt.leaves_min)),
        "batas": _utc(journey.instant(halt.latest_min)) if halt.latest_min is not None else None,
    }  # fmt: skip
    return _feature("Point", _position(halt), about)


def _position(halt: _Halt) -> list[float]:
    return [round(halt.lon, 6), round(halt.lat, 6)]


def _feature(kind: str, coordinates: Iterable[Any], about: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": list(coordinates)}, "properties": dict(about)}
