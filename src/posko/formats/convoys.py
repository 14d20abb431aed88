"""Papers of the way: the manifest of a trip, the escort roster for the police, and the sheet "peta jalur distribusi"."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from posko.domain import distribution as rules
from posko.domain import packing, places, travel, weather
from posko.formats import document, text
from posko.formats.distribution import KINDS, clock, parts_said
from posko.formats.receipts import CONTEST_WORDS

# The light of the day near the equator, rounded inward: a drive that touches the dark has an escort with a light. An assumption.
LIGHT = travel.Opening(330, 1050, "terang")
BLANK = "................"


@dataclass(frozen=True)
class Papers:
    """A plan as its papers need it. numbers: trip -> (waybill, code); tps: by code; head: agency, place, marks, footer, stamp.

    bills: load -> number of the waybill that brings it to its end.
    """

    trips: Sequence[rules.Trip]
    loads: Mapping[str, rules.Load]
    vehicles: Mapping[str, rules.Vehicle]
    network: rules.Network
    instant: Callable[[int], datetime]
    numbers: Mapping[str, tuple[str, str]]
    tps: Mapping[str, places.Tps]
    head: Mapping[str, Any]
    districts: Mapping[str, str] = field(default_factory=dict)
    bills: Mapping[str, str] = field(default_factory=dict)
    keep: rules.Rules = field(default_factory=rules.Rules)

    @property
    def light(self) -> travel.Opening:
        """When it is light: as the handling rules say, else the assumption."""
        said = self.keep
        return LIGHT if (said.dawn_min, said.dusk_min) == (0, rules.DAY) else travel.Opening(said.dawn_min, said.dusk_min, "terang")

    def place(self, code: str) -> str:
        """The name of a place."""
        node = self.network.node(code)
        return node.name if node else code

    def district(self, load: rules.Load) -> str:
        """The code of the kecamatan a load belongs to, also where it lies on an island."""
        if load.tps:
            return places.kecamatan_of(load.tps[0])
        return places.kecamatan_of(load.place) if ":" not in load.place else ""

    def carried(self, stop: rules.Stop) -> list[rules.Load]:
        """The loads that leave the vehicle at a stop."""
        return [self.loads[code] for code in stop.loads if code in self.loads]


def dark(trip: rules.Trip, light: travel.Opening = LIGHT) -> list[tuple[int, int]]:
    """The drives of a trip that begin or end in the dark, as minutes (leave, arrive)."""
    leaves = [trip.depart_min, *(stop.depart_min for stop in trip.stops)]
    arrives = [*(stop.arrive_min for stop in trip.stops), trip.return_min]
    return [(a, b) for a, b in zip(leaves, arrives, strict=True) if a < b and not (light.holds(a) and light.holds(b))]


def hour(minute: int) -> str:
    """06.15, of whatever day."""
    rest = minute % rules.DAY
    return f"{rest // 60:02d}.{rest % 60:02d}"


# --- the manifest ----------------------------------------------------------------------------------------------------------


def manifest(papers: Papers, boxes: Iterable[packing.Box]) -> dict[str, Any]:
    """Values for manifes.typ: what is put on board, last stop first, box by box where boxes are prepared."""
    by_place: dict[str, list[packing.Box]] = {}
    for box in boxes:
        by_place.setdefault(box.tps, []).append(box)
    pages = [_manifest_page(papers, trip, by_place) for trip in papers.trips]
    return {"title": "Manifes muatan", "paper": "f4", **papers.head, "trips": pages}


def _manifest_page(papers: Papers, trip: rules.Trip, boxes: Mapping[str, Sequence[packing.Box]]) -> dict[str, Any]:
    vehicle, number = papers.vehicles[trip.vehicle], papers.numbers.get(trip.code, ("", ""))
    loads = [papers.loads[code] for code in trip.loads if code in papers.loads]
    groups = [_group(papers, len(trip.stops) - index, stop, boxes) for index, stop in enumerate(trip.stops)]
    known = sum(group["known"] for group in groups)
    whole = sum(load.boxes for load in loads)
    return {
        "number": number[0],
        "code": number[1],
        "qr": document.qr_svg(rules.waybill_text(number[1])) if number[1] else "",
        "subtitle": text.tanggal(papers.instant(trip.depart_min)),
        "facts": [
            ["Perjalanan", trip.code],
            ["Kendaraan", f"{vehicle.code} · {KINDS[vehicle.kind]}"],
            ["Berangkat", f"{clock(papers.instant(trip.depart_min))} WIB"],
            ["Dari", papers.place(trip.start)],
            ["Kotak", text.angka(whole)],
            ["Bilik", text.angka(sum(load.booths for load in loads))],
            ["Berat", f"{text.angka(sum(load.weight_g for load in loads) // 1000)} dari {text.angka(vehicle.weight_g // 1000)} kg"],
            ["Isi", f"{text.desimal(sum(x.volume_ml for x in loads) / 1e6)} dari {text.desimal(vehicle.volume_ml / 1e6)} m³"],
        ],
        "groups": list(reversed(groups)),
        "notes": [
            *parts_said(trip.loads, papers.loads, {code: _named(papers, code) for load in loads for code in load.tps}, papers.bills),
            *_manifest_notes(known, whole),
        ],
        "signatures": [
            ["Pemuat (dermaga)" if vehicle.boat else "Pemuat (gudang)", ""],
            ["Juru mudi" if vehicle.boat else "Pengemudi", ""],
            ["Pengawal", ""],
        ],
    }


def _manifest_notes(known: int, whole: int) -> list[str]:
    if known < whole:
        return [f"{text.angka(whole - known)} dari {text.angka(whole)} kotak belum disiapkan: tulis kode kotak dan segelnya saat dimuat."]
    return []


def _group(papers: Papers, order: int, stop: rules.Stop, boxes: Mapping[str, Sequence[packing.Box]]) -> dict[str, Any]:
    """One stop of a manifest: its boxes one a row, else a row per TPS with the count."""
    rows, known = [], 0
    for load in papers.carried(stop):
        counts: dict[str, int] = {}
        for piece in load.pieces:
            if piece.item == rules.BOX:
                counts[piece.place] = counts.get(piece.place, 0) + piece.quantity
        for place, count in sorted(counts.items()):
            before = rules.boxes_before(load, papers.loads)
            ready = list(boxes.get(place, ()))[before : before + count]
            known += len(ready)
            rows += [_box_row(papers, place, box) for box in ready]
            if count > len(ready):
                rows.append([f"{text.angka(count - len(ready))} kotak", _named(papers, place), "", BLANK, "", ""])
    loads = papers.carried(stop)
    return {
        "order": str(order),
        "place": papers.place(stop.place) + (" (serah terima ke perahu)" if stop.handover else ""),
        "when": f"tiba {clock(papers.instant(stop.arrive_min))} WIB",
        "said": f"{text.angka(sum(load.boxes for load in loads))} kotak, {text.angka(sum(load.booths for load in loads))} bilik",
        "known": known,
        "rows": rows,
    }


def _box_row(papers: Papers, place: str, box: packing.Box) -> list[str]:
    contest = CONTEST_WORDS.get(box.contest, box.contest) or box.use
    seals = ", ".join(box.seals) or ("belum disegel" if not box.seal_count else f"{box.seal_count} segel")
    return [box.code, _named(papers, place), contest, seals, "", ""]


def _named(papers: Papers, place: str) -> str:
    tps = papers.tps.get(place)
    if tps:
        return f"{tps.name} {tps.desa_name}"
    district = papers.districts.get(place)
    return f"PPK {district}" if district else place


# --- the escort roster -----------------------------------------------------------------------------------------------------

ESCORT_HEADER = (
    "Berangkat", "Kendaraan", "Dari", "Tujuan (tiba)", "Kotak", "Kembali", "Gelap", "Pengawal: pangkat, nama", "Nomor telepon",
)  # fmt: skip
DISTRICT_HEADER = ("Hari", "Mulai", "Selesai", "Perjalanan", "Desa dan pulau (tiba)", "TPS", "Kotak", "Petugas Polsek")


def escorts(papers: Papers) -> dict[str, Any]:
    """Values for daftar-distribusi.typ: every trip in the order of departure, then what reaches each kecamatan; names stay blank."""
    ordered = sorted(papers.trips, key=lambda trip: (trip.depart_min, trip.code))
    days: dict[int, list[rules.Trip]] = {}
    for trip in ordered:
        days.setdefault(rules.day_of(trip.depart_min), []).append(trip)
    sections = [
        _section(
            f"{_day(day)}, {text.tanggal(papers.instant(trips[0].depart_min))}: {text.angka(len(trips))} perjalanan",
            ["auto", "auto", "auto", "1fr", "auto", "auto", "auto", "34mm", "26mm"],
            ESCORT_HEADER,
            [_escort_row(papers, trip) for trip in trips],
            right=[4],
        )
        for day, trips in days.items()
    ]
    sections += _by_district(papers, ordered)
    light = papers.light
    night = sum(bool(dark(trip, light)) for trip in ordered)
    said = f"{text.angka(len(ordered))} perjalanan, {text.angka(len({t.vehicle for t in ordered}))} kendaraan"
    said += f"; {text.angka(night)} melewati gelap (sebelum {hour(light.from_min)} atau sesudah {hour(light.until_min)})"
    notes = [
        "Satu regu pengawal per perjalanan; jumlah personel ditetapkan Polres menurut kerawanan.",
        "Pulau: pengawal ikut menyeberang dan, bila perahu bermalam, menjaga muatan sampai diterima.",
    ]
    return {
        "title": "Daftar pengawalan distribusi", "subtitle": said, "paper": "f4", "landscape": True, **papers.head, "sections": sections,
        "notes": notes, "signatures": [["KPU", ""], ["Polres", ""]],
    }  # fmt: skip


def _section(title: str, columns: list[str], header: Sequence[str], rows: list[list[str]], right: Sequence[int] = ()) -> dict[str, Any]:
    return {"title": title, "columns": columns, "header": list(header), "rows": rows, "right": list(right)}


def _day(day: int) -> str:
    return "Hari H" if day == 0 else f"H-{day}"


def _escort_row(papers: Papers, trip: rules.Trip) -> list[str]:
    vehicle = papers.vehicles[trip.vehicle]
    halts = [f"{papers.place(stop.place)} ({hour(stop.arrive_min)})" for stop in trip.stops]
    boxes = sum(papers.loads[code].boxes for code in trip.loads if code in papers.loads)
    home = hour(trip.return_min) + (f" ({_day(rules.day_of(trip.return_min))})" if _overnight(trip) else "")
    shadows = ", ".join(f"{hour(a)}–{hour(b)}" for a, b in dark(trip, papers.light))
    return [
        hour(trip.depart_min),
        f"{trip.code} · {KINDS[vehicle.kind]}" + (" · PULAU" if vehicle.boat else ""),
        papers.place(trip.start),
        ", ".join(halts),
        text.angka(boxes),
        home,
        (shadows or "tidak") + (" · WAJIB KAWAL" if trip.escort else ""),
        "\n\n",
        "",
    ]


def _overnight(trip: rules.Trip) -> bool:
    return rules.day_of(trip.return_min) != rules.day_of(trip.depart_min)


@dataclass
class _Arrivals:
    """What one trip brings to a kecamatan."""

    minutes: list[int] = field(default_factory=list)
    halts: list[str] = field(default_factory=list)
    tps: int = 0
    boxes: int = 0


def _by_district(papers: Papers, trips: Sequence[rules.Trip]) -> list[dict[str, Any]]:
    """What reaches the area of each Polsek, in the order of the day."""
    found: dict[str, dict[str, _Arrivals]] = {}
    for trip in trips:
        for stop in trip.stops:
            for load in papers.carried(stop) if not stop.handover else ():
                here = found.setdefault(papers.district(load), {}).setdefault(trip.code, _Arrivals())
                here.minutes.append(stop.arrive_min)
                name = f"{papers.place(stop.place)} ({hour(stop.arrive_min)})"
                here.halts += [name] * (name not in here.halts)
                here.tps += len(load.tps)
                here.boxes += load.boxes
    sections = []
    for code, by_trip in sorted(found.items()):
        rows = [
            [_day(rules.day_of(min(one.minutes))), hour(min(one.minutes)), hour(max(one.minutes)), trip, ", ".join(one.halts),
             text.angka(one.tps), text.angka(one.boxes), ""]
            for trip, one in sorted(by_trip.items(), key=lambda item: (min(item[1].minutes), item[0]))
        ]  # fmt: skip
        columns = ["auto", "auto", "auto", "auto", "1fr", "auto", "auto", "34mm"]
        title = f"Kecamatan {papers.districts.get(code, code)}" if code else "Di luar kecamatan"
        sections.append(_section(title, columns, DISTRICT_HEADER, rows, right=[5, 6]))
    return sections


# --- peta jalur distribusi -------------------------------------------------------------------------------------------------

ROUTE_HEADER = (
    "No.", "Kecamatan", "Desa atau pulau", "TPS", "Jumlah TPS", "Pemilih", "Geografi", "Jarak (km)", "Waktu tempuh (menit)",
    "9 dari 10 (menit)", "Dasar waktu", "Gelombang (m)", "Kerawanan", "Kendaraan", "Perjalanan", "Berangkat", "Tiba", "Batas tiba",
)  # fmt: skip
_VULNERABLE = ROUTE_HEADER.index("Kerawanan")


def routes(
    papers: Papers, voters: Mapping[str, int], waves: Iterable[weather.Wave] = (), vulnerable: Mapping[str, str] | None = None
) -> list[list[object]]:
    """Header and rows of the sheet, by kecamatan, desa and TPS. vulnerable: desa -> words; None leaves the column out.

    voters: TPS -> count. Distance and time: from the warehouse straight to the place, over the pier where it lies on an island.
    """
    told, rows = list(waves), []
    ends = {code: (trip, stop) for trip in papers.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    legs = {code: (trip, stop) for trip in papers.trips for stop in trip.stops if stop.handover for code in stop.loads}
    for load in sorted(papers.loads.values(), key=lambda one: (papers.district(one), one.place, one.tps, one.code)):
        trip, stop = ends.get(load.code, (None, None))
        first = legs.get(load.code)
        rows.append(_route_row(papers, load, trip, stop, first[0].start if first else "", voters, told, vulnerable))
    header = [name for index, name in enumerate(ROUTE_HEADER) if vulnerable is not None or index != _VULNERABLE]
    return [list(header), *([number, *row] for number, row in enumerate(rows, start=1))]


def _route_row(
    papers: Papers,
    load: rules.Load,
    trip: rules.Trip | None,
    stop: rules.Stop | None,
    warehouse: str,
    voters: Mapping[str, int],
    waves: list[weather.Wave],
    vulnerable: Mapping[str, str] | None,
) -> list[object]:
    metres, usual, tenth, basis = _way(papers, load, trip, warehouse)
    counted = [voters[code] for code in load.tps if code in voters]
    row: list[object] = [
        papers.districts.get(papers.district(load), papers.district(load)),
        papers.place(load.place),
        _numbers(papers, load.tps),
        len(load.tps) or None,
        sum(counted) if load.tps and len(counted) == len(load.tps) else None,
        f"pulau, lewat {papers.place(trip.start)}" if trip and load.kind is rules.LoadKind.ISLAND else "daratan",
        round(metres / 1000, 1) if metres else None,
        usual or None,
        tenth or None,
        basis,
        _wave(papers, load, trip, stop, waves),
    ]
    if vulnerable is not None:
        row.append(vulnerable.get(places.desa_of(load.tps[0]) if load.tps else load.place, "—"))
    vehicle = papers.vehicles.get(trip.vehicle) if trip else None
    row += [f"{vehicle.code} ({KINDS[vehicle.kind].lower()})" if vehicle else "belum ada", trip.code if trip else ""]
    when = (trip.depart_min, stop.arrive_min, load.latest_min) if trip and stop else (None, None, load.latest_min)
    return row + [f"{_day(rules.day_of(minute))} {hour(minute)}" if minute is not None else "" for minute in when]


def _way(papers: Papers, load: rules.Load, trip: rules.Trip | None, warehouse: str) -> tuple[int, int, int, str]:
    """Metres, usual minutes, nine-of-ten minutes and their basis, from the warehouse to the place of a load."""
    if trip is None:
        return 0, 0, 0, ""
    vehicle = papers.vehicles[trip.vehicle]
    parts = [(vehicle.kind, trip.start, load.place)]
    if vehicle.boat and warehouse:
        parts.insert(0, (rules.Kind.TRUCK, warehouse, trip.start))
    legs = [papers.network.leg(*part) for part in parts]
    spreads = [papers.network.spread(*part) for part in parts]
    known = [spread for spread in spreads if spread]
    if not all(legs) or len(known) != len(parts):
        return 0, 0, 0, ""
    basis = ", ".join(dict.fromkeys(spread.basis.value for spread in known))
    return sum(leg.distance_m for leg in legs if leg), sum(s.usual_min for s in known), sum(s.tenth_min for s in known), basis


def _wave(
    papers: Papers, load: rules.Load, trip: rules.Trip | None, stop: rules.Stop | None, waves: list[weather.Wave]
) -> str | float | None:
    """The highest wave forecast for the crossing; "belum ada prakiraan" where none is, nothing ashore."""
    if load.kind is not rules.LoadKind.ISLAND or trip is None or stop is None:
        return None
    found = weather.worst(waves, weather.areas(trip.start, load.place), papers.instant(trip.depart_min), papers.instant(trip.return_min))
    return found.height_cm / 100 if found else "belum ada prakiraan"


def _numbers(papers: Papers, codes: Sequence[str]) -> str:
    """001–010, or a list where numbers are missing between; by desa where several travel together."""
    by_desa: dict[str, list[int]] = {}
    for code in codes:
        by_desa.setdefault(places.desa_of(code), []).append(int(code.rpartition(".")[2]))
    said = []
    for desa, numbers in sorted(by_desa.items()):
        numbers.sort()
        whole = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1
        run = f"{numbers[0]:03d}–{numbers[-1]:03d}" if whole else ", ".join(f"{n:03d}" for n in numbers)
        name = next((tps.desa_name for tps in papers.tps.values() if tps.desa_code == desa), desa)
        said.append(run if len(by_desa) == 1 else f"{name} {run}")
    return "; ".join(said)


def route_sheet(papers: Papers, rows: Sequence[Sequence[object]], notes: Sequence[str]) -> dict[str, Any]:
    """Values for daftar-distribusi.typ: the sheet on paper, one section per kecamatan."""
    header: list[str] = [str(cell) for cell in rows[0]][2:]
    groups: dict[str, list[list[str]]] = {}
    for row in rows[1:]:
        groups.setdefault(str(row[1]), []).append([_cell(cell) for cell in row[2:]])
    columns = ["1fr" if name in {"Desa atau pulau", "Geografi", "Kerawanan"} else "auto" for name in header]
    wrapped = ["1.2fr" if name == "TPS" else column for name, column in zip(header, columns, strict=True)]
    right = [index for index, name in enumerate(header) if "(" in name or name in {"Jumlah TPS", "Pemilih"}]
    sections = [_section(f"Kecamatan {name}", wrapped, header, body, right) for name, body in groups.items()]
    return {
        "title": "Peta jalur distribusi", "paper": "f4", "landscape": True, **papers.head, "sections": sections, "notes": list(notes),
        "signatures": [], "size": "0.74em",
    }  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return text.desimal(value)
    return text.angka(value) if isinstance(value, int) else str(value)
