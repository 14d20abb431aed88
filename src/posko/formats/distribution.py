"""Surat jalan: the values of its document, one trip after the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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


# --- plans A, B and C in words ---------------------------------------------------------------------------------------------------------


def metres(centimetres: int | str) -> str:
    """125 -> 1,25 m; 80 -> 0,8 m."""
    return text.desimal(int(centimetres) / 100, 2).removesuffix("0") + " m"


def share(ppm: int | str) -> str:
    """923456 -> 92,3 %; what is not quite certain is not written as 100."""
    value = int(ppm) / 1_000_000
    return "lebih dari 99,9 %" if 0.9995 <= value < 1 else "kurang dari 0,1 %" if 0 < value < 0.0005 else text.persen(value)


def choice_sentences(choice: rules.IslandChoice, name: Callable[[str], str], instant: Callable[[int], datetime]) -> list[str]:
    """Why the boat goes when it goes, what is decided when on what, and what then: one sentence for each plan and each decision."""
    found = []
    if choice.exception == "no_window_ahead":
        found.append("Tidak ada jendela aman sebelum hari daratan; perahu berangkat pada hari daratan.")
    if choice.exception == "no_safe_window":
        found.append(
            f"TIDAK ADA JENDELA AMAN: peluang terbaik {share(max(o.chance_ppm for o in choice.options))}. Cari kapal yang lebih besar."
        )
    if choice.exception == "shared_boat":
        found.append("Perahunya juga cadangan pulau lain pada jam yang sama. Sewa satu perahu lagi.")
    for number, option in enumerate(choice.options):
        found.append(_plan_sentence(option, name, instant))
        if number == 0:
            found += [f"Yang tidak dipilih: {_other_sentence(other)}." for other in choice.others]
        following = choice.options[number + 1].letter if number + 1 < len(choice.options) else ""
        found.append(decision_sentence(option, following, instant))
    return found


def _plan_sentence(option: rules.Option, name: Callable[[str], str], instant: Callable[[int], datetime]) -> str:
    day, leave, there = rules.day_of(option.depart_min), clock(instant(option.depart_min)), clock(instant(option.arrive_min))
    return (
        f"Rencana {option.letter}: H-{day}, berangkat {leave} dari {name(option.pier)} ({boats(option)}), "
        f"tiba {there}{_last(option, instant)}. {because(option, instant)}"
    )


def boats(option: rules.Option) -> str:
    """The boats that an option counts on, and how often they cross where that is more than once each."""
    codes = option.boats
    times = int(option.why.get("crossings", 1))
    return ", ".join(codes) + (f", {times} kali menyeberang" if times > len(codes) else "")


def _last(option: rules.Option, instant: Callable[[int], datetime]) -> str:
    last = int(option.why.get("last_min", option.arrive_min))
    return f", yang terakhir {clock(instant(last))}" if last != option.arrive_min else ""


def because(option: rules.Option, instant: Callable[[int], datetime]) -> str:
    """What the chance of an option was reckoned from."""
    why = option.why
    limit = f"batas perahu {metres(why['limit_cm'])}" + ("" if why["limit_known"] else " (ASUMSI, imbauan umum BMKG untuk perahu nelayan)")
    calm = f"peluang laut tenang {share(why['calm_ppm'])}"
    if why["basis"] == "iklim":
        return f"Belum ada prakiraan: dipakai laut musim barat {metres(why['height_cm'])} (ASUMSI), {limit}: {calm}."
    mark = f" {why['mark']}" if why.get("mark") else ""
    issued = clock(instant(int(why["issued_min"])))
    told = f"Prakiraan {why['source']}{mark} terbit {issued}: gelombang {metres(why['height_cm'])}, {limit}: {calm}"
    late = f", tiba tepat waktu bila berlayar {share(why['in_time_ppm'])}" if int(why["in_time_ppm"]) < 999_500 else ""
    return f"{told}{late}."


def _other_sentence(option: rules.Option) -> str:
    height = metres(option.why["height_cm"]) + (" (ASUMSI)" if option.why["basis"] == "iklim" else "")
    return f"H-{rules.day_of(option.depart_min)}, gelombang {height}, peluang {share(option.chance_ppm)}"


def decision_sentence(option: rules.Option, following: str, instant: Callable[[int], datetime]) -> str:
    """The hour of decision: on what, and what then."""
    then, last = f"rencana {following}" if following else "tidak ada rencana berikut", int(option.why.get("last_min", option.arrive_min))
    return (
        f"Putuskan {clock(instant(option.decide_min))}: bila prakiraan terbaru sampai {clock(instant(last))} tidak melebihi "
        f"{metres(option.why['limit_cm'])}, berangkat; bila melebihi, {then}."
    )


# --- surat jalan -----------------------------------------------------------------------------------------------------------------------


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
    choices: Sequence[rules.IslandChoice] = (),
    bills: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Values for surat-jalan.typ. `names`: item -> short name, `places`: TPS, PPS, PPK -> name, `head`: agency, marks, footer, stamp.

    bills: load -> number of the surat jalan that brings it to its end, so that a part of a kit names the paper of the other one.
    """
    pages = [_page(trip, numbers[trip.code], loads, vehicles[trip.vehicle], network, instant, names, places) for trip in trips]
    by_island = {choice.island: choice for choice in choices}
    for trip, page in zip(trips, pages, strict=True):
        page["notes"] = [*parts_said(trip.loads, loads, places, bills or {}), *_decisions(trip, by_island, instant), *page["notes"]]
    return {"title": "Surat jalan", "paper": "f4", **head, "trips": pages}


def parts_said(codes: Iterable[str], loads: Mapping[str, rules.Load], places: Mapping[str, str], bills: Mapping[str, str]) -> list[str]:
    """For every part of a kit among these loads: that it is one of two, and where the other one is."""
    found = []
    for code in codes:
        other = rules.other_part(code)
        if other and code in loads:
            tps, number = loads[code].tps[0], 1 if code.endswith(":a") else 2
            there = "pada surat ini juga" if other in codes else f"dengan surat jalan {bills.get(other, 'yang belum bernomor')}"
            found.append(
                f"{places.get(tps, tps)}: bagian {number} dari 2. Bagian {3 - number} {there}. TPS baru lengkap bila kedua bagian tiba."
            )
    return found


def bills_of(plan: rules.Plan, numbers: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Load -> number of the surat jalan that brings it to its end."""
    ends = ((trip, stop) for trip in plan.trips for stop in trip.stops if not stop.handover)
    return {code: numbers[trip.code][0] for trip, stop in ends for code in stop.loads if trip.code in numbers}


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
    tps = len({code for load in carried for code in load.tps})
    boxes, booths = sum(load.boxes for load in carried), sum(load.booths for load in carried)
    start = network.node(trip.start)
    columns = _columns(carried)
    overnight = vehicle.boat and rules.day_of(trip.return_min) != rules.day_of(trip.depart_min)
    return {
        "number": number[0],
        "code": number[1],
        "qr": document.qr_svg(rules.waybill_text(number[1])),
        "subtitle": text.tanggal(instant(trip.depart_min)),
        "facts": [
            ["Kendaraan", f"{vehicle.code} · {KINDS[vehicle.kind]}" + (f" · {vehicle.carrier}" if vehicle.carrier else "")],
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
    counts = (
        len({code for load in dropped for code in load.tps}),
        sum(load.boxes for load in dropped),
        sum(load.booths for load in dropped),
    )
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
                part = f" (bagian {1 if load.code.endswith(':a') else 2} dari 2)" if rules.other_part(load.code) else ""
                rows.append([place, places.get(place, place) + part, *(text.angka(items[c]) if c in items else "—" for c in columns)])
    return rows


def _decisions(trip: rules.Trip, choices: Mapping[str, rules.IslandChoice], instant: Callable[[int], datetime]) -> list[str]:
    """On a boat's waybill: when it is decided on what whether it sails, and what else is planned."""
    found = []
    for choice in (choices[stop.place] for stop in trip.stops if stop.place in choices and not stop.handover):
        following = choice.options[1] if len(choice.options) > 1 else None
        found.append(decision_sentence(choice.options[0], following.letter if following else "", instant))
        if following:
            found.append(f"Rencana {following.letter}: {boats(following)} berangkat {clock(instant(following.depart_min))} WIB.")
    return found


def _notes(trip: rules.Trip, vehicle: rules.Vehicle, network: rules.Network, *, overnight: bool) -> list[str]:
    provisional = [node.name for code in (trip.start, *(s.place for s in trip.stops)) if (node := network.node(code)) and node.provisional]
    notes = [f"Pin sementara, jarak dan waktu dapat berubah: {', '.join(dict.fromkeys(provisional))}."] if provisional else []
    if vehicle.assumption:
        notes.append("Kendaraan ini masih ASUMSI; ganti dengan kendaraan yang disewa sebelum berangkat.")
    if trip.escort:
        notes.append("Perjalanan malam: tidak berangkat tanpa pengawal Polri.")
    if vehicle.carrier:
        notes.append(f"Pengangkut: {vehicle.carrier}, bertanggung jawab sampai serah terima ditandatangani.")
    if overnight:
        notes.append("Perahu bermalam di pulau dan kembali keesokan harinya.")
    return [
        *notes,
        "Isi surat suara dan bahan di dalam kotak bersegel dihitung di tempat pengepakan; di jalan yang dihitung kotak dan bilik.",
    ]
