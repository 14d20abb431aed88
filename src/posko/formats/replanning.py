"""The change sheet: which surat jalan no longer hold, which take their place, and who must be told; words for both screens and print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posko.domain import distribution as plans
from posko.domain import replanning as rules
from posko.formats import text
from posko.formats.distribution import clock

WHAT = {
    rules.What.TIMES: "jam",
    rules.What.ORDER: "urutan",
    rules.What.LOADS: "muatan",
    rules.What.CONTENTS: "isi muatan",
    rules.What.WAY: "jalan yang dilalui",
}
SOURCES = {
    "polres": "Polres", "pemda": "Pemda", "ppk": "PPK atau PPS", "pengemudi": "pengemudi", "pemasok": "pemasok", "kpu": "petugas KPU",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One surat jalan that somebody must be told about. state: berubah | diambil alih | dicabut | baru."""

    trip: str
    vehicle: str
    state: str
    old: str
    new: str
    what: str
    moves: tuple[str, ...]
    tell: tuple[str, ...]
    href: str = ""


@dataclass(frozen=True)
class Side:
    """A plan as its change sheet needs it. numbers: trip -> number of its waybill; "" where it has none yet."""

    plan: plans.Plan
    loads: Mapping[str, plans.Load]
    network: plans.Network
    numbers: Mapping[str, str]

    def trip(self, code: str) -> plans.Trip | None:
        """A trip by its code."""
        return next((trip for trip in self.plan.trips if trip.code == code), None)


def lines(told: rules.Changes, before: Side, now: Side, midnight: datetime) -> list[Line]:
    """Every waybill that changes, in the order of trips."""
    made = [_changed(one, before, now, midnight) for one in told.changed]
    made += [_line(old, new, "diambil alih", before, now, midnight) for old, new in told.taken_over]
    made += [_line(code, "", "dicabut", before, now, midnight) for code in told.dropped]
    made += [_line("", code, "baru", before, now, midnight) for code in told.added]
    return sorted(made, key=lambda line: line.trip)


def _changed(one: rules.TripChange, before: Side, now: Side, midnight: datetime) -> Line:
    line = _line(one.trip, one.trip, "berubah", before, now, midnight)
    said = [WHAT[what] for what in one.what]
    what = "jam saja" if one.what == (rules.What.TIMES,) else ", ".join(said)
    if one.later_min > 0:
        what += f" (sampai {text.menit(one.later_min)} lebih lambat)"
    came = [f"{_load(m.load, before, now)} dari {m.source or 'luar rencana'}" for m in one.came]
    went = [f"{_load(m.load, before, now)} ke {m.target or 'tidak terbawa'}" for m in one.went]
    return Line(
        line.trip, line.vehicle, line.state, line.old, line.new, what, (*(f"+ {m}" for m in came), *(f"− {m}" for m in went)), line.tell
    )


def _load(code: str, before: Side, now: Side) -> str:
    """Jangkang (19.06.03.2002/1): where a load goes, and which one."""
    load = now.loads.get(code) or before.loads[code]
    return f"{_name(now.network, load.place, load.name)} ({code})"


def _line(old: str, new: str, state: str, before: Side, now: Side, midnight: datetime) -> Line:
    gone, come = before.trip(old), now.trip(new)
    trip = come or gone
    vehicle = trip.vehicle if trip else ""
    what = {
        "diambil alih": f"{vehicle} menggantikan {gone.vehicle if gone else ''}",
        "dicabut": "tidak berangkat",
        "baru": "perjalanan baru",
    }
    return Line(
        new or old, vehicle, state, before.numbers.get(old, ""), now.numbers.get(new, ""), what.get(state, ""), (),
        _tell(gone, come, before, now, midnight),
    )  # fmt: skip


def _tell(gone: plans.Trip | None, come: plans.Trip | None, before: Side, now: Side, midnight: datetime) -> tuple[str, ...]:
    """Drivers, escorts, and every place whose goods come at another time (or not by this trip any more)."""
    drivers = dict.fromkeys(trip.vehicle for trip in (gone, come) if trip)
    told = [f"pengemudi {' dan '.join(drivers)}", "pengawal (Polres)"]
    had = _times(gone)
    has = _times(come)
    for code in dict.fromkeys((*had, *has)):
        load = now.loads.get(code) or before.loads.get(code)
        place = _name(now.network, load.place, load.name) if load else code
        if code in had and code in has and had[code] != has[code]:
            told.append(f"{place}: {_hour(midnight, had[code])} menjadi {_hour(midnight, has[code])}")
        elif code in has and code not in had:
            told.append(f"{place}: tiba {_hour(midnight, has[code])}")
    return tuple(dict.fromkeys(told))


def _times(trip: plans.Trip | None) -> dict[str, int]:
    return {code: stop.arrive_min for stop in trip.stops for code in stop.loads} if trip else {}


def _name(network: plans.Network, code: str, otherwise: str) -> str:
    node = network.node(code)
    return node.name if node else otherwise


def _hour(midnight: datetime, minute: int) -> str:
    return clock(plans.instant(midnight, minute))


def sheet(found: Sequence[Line], *, head: Mapping[str, Any], reasons: Sequence[str], kept: int, plan: int, base: int) -> dict[str, Any]:
    """Values for lembar-perubahan.typ."""
    rows = [
        [line.old or "—", line.new or "—", line.trip, line.state, "\n".join((line.what, *line.moves)), "\n".join(line.tell), ""]
        for line in found
    ]
    return {
        "title": "Lembar perubahan surat jalan",
        "paper": "f4",
        **head,
        "sections": [
            {
                "title": f"Rencana {plan} menggantikan rencana {base}: {text.angka(len(found))} surat jalan berubah",
                "columns": ["auto", "auto", "auto", "auto", "1fr", "1.2fr", "16mm"],
                "header": ["Lama (tidak berlaku)", "Baru", "Perjalanan", "Keadaan", "Apa yang berubah", "Beri tahu", "Paraf"],
                "rows": rows,
                "right": [],
            }
        ],
        "notes": [
            *reasons,
            f"{text.angka(kept)} surat jalan lain tetap berlaku dengan nomor yang sama.",
            "Tarik surat jalan lama dari pengemudi sebelum menyerahkan yang baru. Surat lama yang dipindai dinyatakan tidak berlaku.",
        ],
        "signatures": [["KPU", ""], ["Polres", ""]],
    }  # fmt: skip
