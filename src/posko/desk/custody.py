"""Stage custody: screens: trips of the day, the phone's page of one trip with one prompt at a time, minutes, one box, what disagrees."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import custody as rules
from posko.domain import distribution as road_rules
from posko.domain import evidence as evidence_rules
from posko.domain import labels as label_rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.domain import seals as seal_rules
from posko.formats import custody as words
from posko.formats import document, table, text
from posko.store import access, custody, distribution, packing, places

Kind = rules.Kind
UNSEEN_BACK = "belum berangkat"
PHASES = {
    "unseen": ("unknown", "belum dimuat"),
    "loaded": ("waiting", "dimuat"),
    "departed": ("waiting", "di jalan"),
    "arrived": ("good", "tiba"),
    "done": ("done", "selesai"),
}
MOST_LATE_SHOWN = 5
MOST_NAMED = 8
COLUMNS = (
    "Surat jalan", "Kendaraan", "Dari", "Perhentian", "Berangkat (rencana)", "Keadaan", "Terlihat di", "Waktu terlihat", "Selisih menit",
    "Berikutnya", "Perkiraan tiba", "Tanda",
)  # fmt: skip


# --- whose things these are ----------------------------------------------------------------------------------------------


def _thing(place: str) -> access_rules.Thing:
    return access_rules.Thing(kind="custody", id="", place=place, owner="", classification="biasa")


def _mine(request: shell.Request, act: str, codes: Iterable[str]) -> access_rules.Thing:
    """The thing at the first of some places that lies in this person's reach; else at the first of them that has a dotted code."""
    region = request.election.region
    reach = access_rules.reach(request.person, act, region, request.at)
    found = [access_rules.belongs(code, region) for code in codes]
    inside = next((code for code in found if access_rules.within(code, reach)), "")
    return _thing(inside or (found[0] if found else reach))


def _on_board(request: shell.Request, codes: Iterable[str]) -> access_rules.Thing:
    """Like `_mine` for recording what a vehicle brings: a KPPS takes its boxes over from the PPS, not from a truck with those of others."""
    region = request.election.region
    if place_rules.level(access_rules.reach(request.person, "custody.record", region, request.at)) == "tps":
        return _thing(region)
    return _mine(request, "custody.record", codes)


def _ride(request: shell.Request, waybill: str) -> custody.Ride | None:
    try:
        return custody.ride(request.election.code, waybill)
    except rules.UnknownTrip:
        return None


def _of_trip(request: shell.Request, election: str, waybill: str) -> access_rules.Thing:
    del election
    one = _ride(request, waybill)
    return _mine(request, "custody.read", [code for stop in one.halts for code in custody.targets(one, stop.place)] if one else ())


def _at_halt(request: shell.Request, election: str, waybill: str, place: str) -> access_rules.Thing:
    """A halt belongs to those whose goods leave the vehicle there, the start of a trip to the regency."""
    del election
    one = _ride(request, waybill)
    if one is None:
        return _mine(request, "custody.record", ())
    return _start(request, one, place) if one.index(place, coming=True) < 0 else _on_board(request, custody.targets(one, place))


def _start(request: shell.Request, one: custody.Ride, place: str) -> access_rules.Thing:
    """Where a trip begins belongs to the regency; on the way back a vehicle also leaves from a PPK, and that one may say so."""
    if one.back and place == one.trip.start and place_rules.level(place) == "kecamatan":
        return _on_board(request, [place])
    return _thing(request.election.region)


def _at_start(request: shell.Request, election: str, waybill: str) -> access_rules.Thing:
    del election
    one = _ride(request, waybill)
    return _thing(request.election.region) if one else _mine(request, "custody.record", ())


def _on_trip(request: shell.Request, election: str, waybill: str) -> access_rules.Thing:
    del election
    one = _ride(request, waybill)
    if one is None:
        return _mine(request, "custody.record", ())
    return _on_board(request, [code for stop in one.halts for code in custody.targets(one, stop.place)])


def _at_tps(request: shell.Request, election: str, code: str) -> access_rules.Thing:
    del election
    inside = access_rules.within(code, request.election.region)
    return _mine(request, "custody.record", [code] if inside else ())


def _of_event(request: shell.Request, election: str, event: str, act: str = "custody.read") -> access_rules.Thing:
    try:
        found = custody.get_event(election, event)
    except rules.UnknownEvent:
        return _mine(request, act, ())
    return _about(request, found, _ride(request, found.trip) if found.trip else None, act)


def _about(request: shell.Request, found: rules.Event, one: custody.Ride | None, act: str) -> access_rules.Thing:
    if one is None:
        return _mine(request, act, [custody.target_of(thing) for thing in found.things if custody.target_of(thing)] or [found.place])
    if one.index(found.place, coming=True) < 0:
        if act == "custody.record":
            return _start(request, one, found.place)
        return _mine(request, act, [code for stop in one.halts for code in custody.targets(one, stop.place)])
    codes = custody.targets(one, found.place)
    return _on_board(request, codes) if act == "custody.record" else _mine(request, act, codes)


def _event_to_undo(request: shell.Request, election: str, event: str) -> access_rules.Thing:
    return _of_event(request, election, event, "custody.record")


def _of_thing(request: shell.Request, election: str, thing: str) -> access_rules.Thing:
    target = _target(election, thing, request.at)
    return _mine(request, "custody.read", [target] if target else ())


def _target(election: str, thing: str, at: datetime) -> str:
    if thing.startswith(("K:", "S:")):
        return custody.target_of(thing)
    box = next(iter(packing.labelled(election, at, [thing[2:]])), None)
    return box.tps if box else ""


# --- trips ---------------------------------------------------------------------------------------------------------------


@shell.page("custody.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The trips with where they are and when they come; and the way to one by its waybill."""
    typed = request.GET.get("q", "").strip()[:120]
    if typed:
        try:
            return redirect("desk:custody_trip", election, custody.ride(election, typed).waybill)
        except rules.UnknownTrip as refusal:
            shell.refused(request, refusal)
    back = _asks_back(request, election)
    rows = _rows(request, election, back=back)
    days = sorted({row["day"] for row in rows}, reverse=True)
    asked = request.GET.get("hari", "")
    day = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else None
    context = {
        "rows": [row for row in rows if day is None or row["day"] == day],
        "days": [(one, one == day) for one in days],
        "day": day,
        "counts": _counts(rows, back=back),
        "conflicts": len(_conflicts(request, election)),
        "typed": typed,
        "plan": distribution.current_plan(election, request.at),
        "marks": sorted({row["position"].mark for row in rows if row["position"].mark}),
        "back": back,
        "returned": custody.returned(election, request.at) if back else None,
    }
    return render(request, "desk/custody/index.html", context)


def _asks_back(request: shell.Request, election: str) -> bool:
    """Which way is shown: what was asked for, else back as soon as the first vehicle of the way back is due to leave."""
    asked = request.GET.get("arah", "")
    if asked in {"pergi", "balik"}:
        return asked == "balik"
    first_at = min((one.depart_at for one in custody.rides_back(election, request.at)), default=None)
    return first_at is not None and request.at >= first_at - custody.BEFORE


def _rows(request: shell.Request, election: str, *, back: bool = False) -> list[dict[str, Any]]:
    """Trips that touch this person's part of the regency."""
    region = request.election.region
    reach = access_rules.reach(request.person, "custody.read", region, request.at)
    by_waybill = {one.waybill: one for one in (custody.rides_back if back else custody.rides)(election, request.at)}
    rows = []
    for position in (custody.positions_back if back else custody.positions)(election, request.at).values():
        one = by_waybill[position.waybill]
        codes = [access_rules.belongs(code, region) for stop in one.halts for code in custody.targets(one, stop.place)]
        if any(access_rules.within(code, reach) for code in codes):
            rows.append(_row(one, position, request.at))
    return rows


def _row(one: custody.Ride, position: custody.Position, at: datetime) -> dict[str, Any]:
    state, word = PHASES[position.phase]
    word = UNSEEN_BACK if one.back and position.phase == "unseen" else word
    due_at = position.eta_at if position.overdue else None
    late = position.overdue or (position.late_min or 0) > 0
    return {
        "ride": one,
        "position": position,
        "state": "overdue" if position.overdue else state,
        "word": word,
        "late": f"belum terlihat, lewat {text.menit(int((at - due_at).total_seconds() // 60))}"
        if due_at
        else words.late(position.late_min),
        "is_late": late,
        "day": road_rules.day_of(one.trip.depart_min),
        "start": one.name(one.trip.start),
        "place": one.name(position.place) if position.place else "",
        "next": one.name(position.next_place) if position.next_place else "",
        "stops": ", ".join(one.name(stop.place) for stop in one.halts),
        "fetches": bool(one.back) and one.takes_on(position.next_place),
        "here": position.phase == "arrived" and position.place == position.next_place,
    }


def _counts(rows: Iterable[Mapping[str, Any]], *, back: bool = False) -> list[dict[str, Any]]:
    found = []
    told = list(rows)
    phases = {**PHASES, "unseen": ("unknown", UNSEEN_BACK)} if back else PHASES
    for phase, (state, word) in phases.items():
        if back and phase == "loaded":  # loaded at a halt it stands there
            continue
        found.append({"state": state, "word": word, "count": sum(row["position"].phase == phase for row in told)})
    found.append(
        {"state": "overdue", "word": "terlambat", "count": sum(row["is_late"] and row["position"].phase != "done" for row in told)}
    )
    return found


def board(request: shell.Request, election: str) -> dict[str, Any]:
    """What the board shows of the trips: how many are where, those that are late, what disagrees. Empty where nothing was seen yet."""
    if not shell.may(request, "custody.read"):
        return {}
    rows = [*_rows(request, election), *(_rows(request, election, back=True) if _asks_back(request, election) else ())]
    seen = [row for row in rows if row["position"].phase != "unseen"]
    late = [row for row in rows if row["is_late"] and row["position"].phase != "done"]
    if not seen and not late:
        return {}
    late.sort(key=lambda row: -(row["position"].late_min or 0))
    return {
        "counts": [one for one in _counts(rows) if one["count"]],
        "late": late[:MOST_LATE_SHOWN],
        "more": max(0, len(late) - MOST_LATE_SHOWN),
        "delivered": len(custody.deliveries(election, request.at)),
        "tps": len(places.tps_list(election)),
        "conflicts": len(_conflicts(request, election)),
        "marks": sorted({row["position"].mark for row in seen if row["position"].mark}),
        "returned": custody.returned(election, request.at) if _asks_back(request, election) else None,
    }


@shell.page("custody.read", thing=_of_trip)
def trip(request: shell.Request, election: str, waybill: str) -> HttpResponse:
    """One trip: its state, what comes next as one big button, its halts, and everything that was recorded."""
    one = _ride(request, waybill)
    if one is None:
        return _unknown(request, election, waybill)
    held = custody.standing(election, one, request.at)
    if held is None and one.back:
        shell.warned(request, f"{one.number} tidak berlaku lagi: arus balik sudah disusun ulang. Cetak surat jalan balik yang baru.")
        return redirect("desk:returns", election)
    if held is None:
        known = distribution.waybill_state(one.waybill, request.at)
        return redirect("desk:replanning_waybill", election, one.waybill) if known else _unknown(request, election, waybill)
    if held.waybill != one.waybill:
        return redirect("desk:custody_trip", election, held.waybill)
    one = held
    where = custody.positions_back(election, request.at) if one.back else custody.positions(election, request.at)
    position = next(p for p in where.values() if p.waybill == one.waybill)
    now = custody.state(election, request.at)
    items = custody.manifest(election, one, request.at)
    context = {
        **_row(one, position, request.at),
        "vehicle": one.vehicle,
        "next_act": _next_act(request, one, position),
        "stops_list": [_halt(request, one, stop, position, now, items) for stop in one.halts],
        "log": _log(request, [event for event in now.events if event.trip == one.waybill], one, now),
        "conflicts": _grouped(c for c in _conflicts(request, election) if c["trip"] == one.waybill),
        "may_here": bool(one.back) or position.phase not in {"unseen", "loaded"},
        "may_record": shell.may(request, "custody.record", _on_trip(request, election, one.waybill)),
        "boxes": sum(item.boxes for item in items),
    }
    return render(request, "desk/custody/trip.html", context)


def _next_act(request: shell.Request, one: custody.Ride, position: custody.Position) -> dict[str, str]:
    """The one thing to do now, as a button, if this person may do it."""
    election, waybill = request.election.code, one.waybill
    if one.back:
        return _next_back(request, one, position)
    if position.phase in {"unseen", "loaded"}:
        act = "custody_load" if position.phase == "unseen" else "custody_depart"
        label = "Muat barang" if position.phase == "unseen" else "Catat berangkat"
        args = [election, waybill] if act == "custody_load" else [election, waybill, one.trip.start]
        allowed = shell.may(request, "custody.record", _thing(request.election.region))
    elif position.phase == "done":
        return {}
    else:
        place = position.next_place
        here = position.phase == "arrived" and position.place == place
        leaving = position.phase == "arrived" and not here
        act = "custody_hand" if here else "custody_depart" if leaving else "custody_arrive"
        at_place = position.place if leaving else place
        name = one.name(at_place)
        label = {"custody_hand": f"Serah terima di {name}", "custody_depart": f"Catat berangkat dari {name}"}.get(
            act, f"Catat tiba di {name}"
        )
        args = [election, waybill, at_place]
        allowed = shell.may(request, "custody.record", _at_halt(request, election, waybill, at_place))
    return {"href": reverse(f"desk:{act}", args=args), "label": label} if allowed else {}


def _next_back(request: shell.Request, one: custody.Ride, position: custody.Position) -> dict[str, str]:
    """On the way back: leave, come, fetch, leave again, and at the end hand over. Whoever waits for a vehicle says that it came."""
    here, at_next = position.phase == "arrived", position.place == position.next_place
    fetches = one.takes_on(position.next_place)
    leaves = position.place if here else one.trip.start
    steps: list[tuple[str, str, str]] = []
    if position.phase == "done":
        return {}
    if here and at_next:
        steps.append(("custody_collect", "Muat di" if fetches else "", position.next_place))
    elif position.phase in {"unseen", "arrived"}:
        steps.append(("custody_depart", "Catat berangkat dari", leaves))
    if not (here and at_next):
        steps.append(("custody_arrive", "Catat tiba di", position.next_place))
    for act, words_, place in steps:
        act_ = act if words_ else "custody_hand"
        if shell.may(request, "custody.record", _at_halt(request, request.election.code, one.waybill, place)):
            href = reverse(f"desk:{act_}", args=[request.election.code, one.waybill, place])
            return {"href": href, "label": f"{words_ or 'Serah terima di'} {one.name(place)}"}
    return {}


def _halt(
    request: shell.Request,
    one: custody.Ride,
    stop: road_rules.Stop,
    position: custody.Position,
    now: rules.State,
    carried: Iterable[custody.Item],
) -> dict[str, Any]:
    ends, fetches = stop.place == one.end, bool(one.back) and one.takes_on(stop.place)
    items = [item for item in carried if item.place == stop.place or ends]
    kind = Kind.LOADED if fetches else Kind.HANDED_OVER
    handed = [e for e in now.valid if e.trip == one.waybill and e.kind is kind and e.place == stop.place]
    args = [request.election.code, one.waybill, stop.place]
    may = shell.may(request, "custody.record", _at_halt(request, request.election.code, one.waybill, stop.place))
    act_href = reverse("desk:custody_collect" if fetches else "desk:custody_hand", args=args)
    return {
        "name": one.name(stop.place),
        "pier": stop.handover,
        "planned_at": one.stored.instant(stop.arrive_min),
        "eta_at": position.eta.get(stop.place),
        "boxes": sum(item.boxes for item in items),
        "tps": len({item.target for item in items if place_rules.level(item.target) == "tps"}),
        "handed_at": handed[-1].at if handed else None,
        "fetches": fetches,
        "here": position.place == stop.place and position.phase == "arrived" and not (ends and position.next_place != stop.place),
        "now": stop.place == position.next_place,
        "arrive_href": reverse("desk:custody_arrive", args=args) if may else "",
        "hand_href": act_href if may else "",
        "other_href": f"{act_href}?lain=1" if may and (handed or position.phase == "done") else "",
        "tps_links": _tps_links(items) if handed and may and not one.back else [],
        "tps_back": _tps_links(items) if fetches and not handed and may else [],
    }  # fmt: skip


def _tps_links(items: Iterable[custody.Item]) -> list[tuple[str, str]]:
    """The TPS of a halt, for handing their goods on to the KPPS."""
    kits = [item for item in items if item.thing.startswith("K:") and place_rules.level(item.target) == "tps"]
    return [(item.target, re.split(r" (?:perlengkapan|kotak (?:dan|hasil))", item.label)[0]) for item in kits]


def _log(request: shell.Request, events: Sequence[rules.Event], one: custody.Ride | None, now: rules.State) -> list[dict[str, Any]]:
    """Events, the newest first, with who, and what may be done about each."""
    told, names = custody.words(event.id for event in events), access.names()
    valid = {event.id for event in now.valid}
    trips = {code: one or (_ride(request, code) if code else None) for code in {event.trip for event in events}}
    rows = []
    for event in reversed(events):
        said = told[event.id]
        place = one.name(event.place) if one else _place_name(request, event.place)
        alone = event.account == request.person.id and request.at - event.at <= rules.UNDO_FOR
        rows.append(
            {
                "event": event,
                "word": words.KINDS[event.kind],
                "place": place,
                "who": names.get(event.account, event.account),
                "giver": words.party(event.giver, said.giver or names.get(event.giver.person, "")) if event.giver.agency else "",
                "receiver": words.party(event.receiver, said.receiver or names.get(event.receiver.person, ""))
                if event.receiver.agency
                else "",
                "note": said.note,
                "cause": words.CAUSES.get(event.cause, ""),
                "seals": words.SEALS[event.seals] if event.kind in rules.MOVES else "",
                "photos": [(sha, reverse("desk:evidence_file", args=[request.election.code, sha])) for sha in event.photos],
                "fix": _fix_words(event, trips[event.trip]),
                "struck": event.id not in valid,
                "alone": alone,
                "paper": event.kind in rules.MOVES,
                "may_undo": event.id in valid
                and event.kind is not Kind.CORRECTED
                and shell.may(request, "custody.record", _about(request, event, trips[event.trip], "custody.record")),
            }
        )
    return rows


def _fix_words(event: rules.Event, one: custody.Ride | None) -> str:
    """Where the phone said it was, beside where the event says it happened; "" without a position."""
    if event.lat is None or event.lon is None:
        return ""
    away = custody.off_m(one, event) if one else None
    said = f"posisi ponsel {text.desimal(event.lat / 1e6, 3)}, {text.desimal(event.lon / 1e6, 3)} (sekitar 100 m)"
    return said + (f", {text.desimal(away / 1000)} km dari titik tempat ini" if away is not None else "")


def _place_name(request: shell.Request, code: str) -> str:
    names = {site.code: site.name for site in places.sites(request.election.region)}
    names |= {desa.code: desa.name for desa in places.desa_list(request.election.region)}
    return names.get(code) or custody.place_names(request.election.code).get(code, code)


# --- one prompt at a time ------------------------------------------------------------------------------------------------


@dataclass
class Form:
    """The answers given so far; everything travels in the form, nothing is kept until it is sent."""

    said: Any
    kind: Kind
    expected: Sequence[custody.Item]
    watches: bool  # somebody of the KPU, who may also write down what a radio said
    takes: bool  # whoever signed in is the receiving side
    gives: bool  # or the giving one
    defaults: Mapping[str, str]  # the likely agencies and functions of both sides
    other: bool = False  # what changes hands is not what the plan says: it is ticked first
    readings: list[rules.Reading] = field(default_factory=list)
    scanned: list[str] = field(default_factory=list)

    def one(self, name: str) -> str:
        """An answer, tidied."""
        return str(self.said.get(name, "")).strip()[:400]

    def many(self, name: str) -> list[str]:
        """Ticked things, of those that are expected (or were scanned)."""
        known = {item.thing for item in self.expected} | set(self.scanned)
        return [thing for thing in self.said.getlist(name) if thing in known]

    @property
    def boxes(self) -> int:
        """Ballot boxes that should be here."""
        return sum(item.boxes for item in self.expected)

    @property
    def counted(self) -> int | None:
        """Boxes as counted; None before that."""
        typed = self.one("count")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None

    @property
    def missing(self) -> list[str]:
        """Things that are not there."""
        if self.one("scan_done"):
            absent = set(self.many("kit"))
            return [
                item.thing
                for item in self.expected
                if item.thing in absent or (item.thing.startswith("B:") and item.thing not in self.scanned)
            ]
        return self.many("missing")

    @property
    def refused(self) -> list[str]:
        """Things that the receiver does not take."""
        gone = set(self.missing)
        return [thing for thing in self.many("refused_thing") if thing not in gone]

    @property
    def here(self) -> bool:
        """Whether whoever writes stands beside it."""
        return self.one("source") != "told"

    @property
    def giver_me(self) -> bool:
        """Whether whoever signed in hands it over."""
        return self.gives and self.here

    @property
    def receiver_me(self) -> bool:
        """Whether whoever signed in takes it."""
        return self.takes and self.here

    def prompt(self) -> str:
        """What to ask next: the first of these that has no answer yet."""
        scanned, moved = bool(self.one("scan_done")), self.kind is Kind.HANDED_OVER
        reasons = (
            ("chosen", self.other and not self.many("chosen")),
            ("source", self.watches and self.one("source") not in {"here", "told"}),
            ("scan", bool(self.one("scan")) and not scanned),
            ("count", self.counted is None and not scanned),
            ("missing", not scanned and self.counted != self.boxes and not self.one("missing_done")),
            ("seals", self.one("seals") not in rules.SEALS),
            ("reading", self.one("seals") == "differ" and not self.one("reading_done")),
            ("refused", moved and self.one("refused") not in {"no", "yes"}),
            ("cause", self.one("refused") == "yes" and not (self.refused and self.one("cause") in rules.CAUSES)),
            ("parties", not self.one("parties_done")),
        )
        return next((prompt for prompt, unanswered in reasons if unanswered), "send")

    def kept(self) -> list[tuple[str, str]]:
        """Hidden fields: every answer so far."""
        single = (
            "source", "count", "scan", "scan_done", "missing_done", "seals", "reading_done", "refused", "cause", "parties_done",
            "seq", "giver_agency", "giver_function", "giver_name", "receiver_agency", "receiver_function", "receiver_name",
        )  # fmt: skip
        found = [(name, self.one(name)) for name in single if self.one(name)]
        found += [(name, thing) for name in ("chosen", "missing", "refused_thing") for thing in self.many(name)]
        found += [("kit", thing) for thing in self.many("kit")] if self.one("scan_done") else []
        found += [("scanned", thing) for thing in self.scanned]
        return found + [("reading", _packed(reading)) for reading in self.readings]


def _packed(reading: rules.Reading) -> str:
    return "|".join([reading.thing, " ".join(reading.seen), str(reading.count), str(int(reading.whole))])


def _unpacked(text_: str) -> rules.Reading | None:
    """A reading that travelled in the form, read once more: only numbers of seals become facts."""
    parts = text_.split("|")
    if len(parts) != 4 or not parts[2].isascii() or not parts[2].isdigit() or len(parts[2]) > 3:
        return None
    try:
        seen, _ = seal_rules.read_all(parts[1].split())
    except facts.Refusal:
        return None
    return rules.Reading(parts[0], tuple(one.text for one in seen), count=int(parts[2]), whole=parts[3] == "1")


def _form(request: shell.Request, kind: Kind, expected: Sequence[custody.Item], sides: "Sides") -> Form:
    watches = request.person.agency == "KPU" and sides.tellable
    form = Form(request.POST, kind, expected, watches, sides.takes, sides.gives, sides.defaults)
    form.readings = [found for typed in request.POST.getlist("reading") if (found := _unpacked(typed)) is not None]
    form.scanned = [thing for thing in request.POST.getlist("scanned") if thing.startswith("B:")][: rules.MOST_THINGS]
    if request.method == "POST":
        _scan(request, form)
        _add_reading(request, form)
    return form


@dataclass(frozen=True)
class Sides:
    """On which side of a hand-over whoever signed in stands, and who the two likely are. tellable: a radio may have told of it."""

    takes: bool
    gives: bool
    defaults: Mapping[str, str]
    tellable: bool = True


def _sides(request: shell.Request, one: custody.Ride, kind: Kind, place: str) -> Sides:
    """The sides at a halt. On the way out goods go from the KPU to a vehicle, and from a vehicle to PPK, PPS or another vehicle; on the way
    back from PPS or PPK to a vehicle, and from a vehicle to PPK or KPU.
    """
    agency, boat = request.person.agency, bool(one.vehicle and one.vehicle.boat)
    driver = (rules.CARRIER, "juru_mudi" if boat else "pengemudi")
    if one.back is None:
        if kind is Kind.LOADED:
            return Sides(agency != "KPU", agency == "KPU", _pair(("KPU", "gudang"), driver))
        giver = ("KPU", "sekretariat") if agency == "KPU" and request.POST.get("source") != "told" else (rules.CARRIER, "pengemudi")
        return Sides(agency != "KPU", agency == "KPU", _pair(giver, _holder(place, (rules.CARRIER, "juru_mudi"))))
    if kind is Kind.LOADED:
        giver = _holder(place, (rules.CARRIER, "juru_mudi"))
        return Sides(takes=False, gives=agency == giver[0], defaults=_pair(giver, driver))
    receiver = _holder(place, (rules.CARRIER, "pengemudi"))
    return Sides(takes=agency == receiver[0], gives=False, defaults=_pair(driver, receiver))


def _holder(place: str, carrier: tuple[str, str]) -> tuple[str, str]:
    """Who stands at a place: its PPK, its PPS (an island is one desa), the warehouse of the KPU, or at a pier the next vehicle."""
    site = place.partition(":")[2][:1]
    if site:
        return {"D": carrier, "G": ("KPU", "gudang"), "K": ("KPU", "sekretariat")}.get(site, ("PPS", "ketua"))
    return ("PPK", "ketua") if place.count(".") == 2 else ("PPS", "ketua")


def _pair(giver: tuple[str, str], receiver: tuple[str, str]) -> dict[str, str]:
    return {"giver_agency": giver[0], "giver_function": giver[1], "receiver_agency": receiver[0], "receiver_function": receiver[1]}


def _scan(request: shell.Request, form: Form) -> None:
    """Another box scanned: known by its label. What is not on the waybill is kept too, and said."""
    typed = form.one("code")
    if not typed:
        return
    try:
        code = packing.get_box(request.election.code, typed, request.at).code
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return
    thing = f"B:{code}"
    if thing in form.scanned:
        shell.warned(request, "Kotak ini sudah dipindai.")
        return
    form.scanned.append(thing)
    if thing not in {item.thing for item in form.expected}:
        shell.warned(request, "Kotak ini tidak ada dalam surat jalan untuk tempat ini. Tetap dicatat; periksa tujuannya.")


def _add_reading(request: shell.Request, form: Form) -> None:
    """Seals of one more thing, typed or scanned."""
    thing = form.one("read_thing")
    if not thing or thing not in {item.thing for item in form.expected} | set(form.scanned):
        return
    try:
        seen, _ = seal_rules.read_all(seal_rules.numbers(form.one("read_seen")))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return
    typed = form.one("read_count")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 0
    reading = rules.Reading(thing, tuple(one.text for one in seen), count=count, whole=not form.one("read_broken"))
    form.readings = [*(one for one in form.readings if one.thing != thing), reading]


def _moment(request: shell.Request) -> datetime:
    """When it happened: what was typed, else now, as the form says."""
    return text.typed_moment(request.POST.get("when", "")) or request.at


def _untimed(request: shell.Request) -> bool:
    return text.typed_moment(request.POST.get("when", "")) is None


def _client(request: shell.Request) -> str:
    """The browser's session: what R16 takes for a device where the page was typed in."""
    session = request.session.session_key or request.person.id
    return f"web:{hashlib.sha256(session.encode()).hexdigest()[:16]}"


def _number(request: shell.Request) -> str:
    """The number that a form was given when it was first shown: sent twice, it is written once."""
    typed = request.POST.get("seq", "")
    return typed if typed.isascii() and typed.isdigit() and 0 < len(typed) < 20 else str(int(request.machine_at.timestamp() * 1_000_000))


def _common(request: shell.Request, place: str, waybill: str, way: str, *, here: bool = True) -> dict[str, Any]:
    """What every event of this request says of itself; its device and number are the desk's. BadPosition."""
    return {
        "id": "", "at": _moment(request), "device": "", "seq": 0, "account": request.person.id, "place": place, "trip": waybill,
        "here": here, "client": _client(request), "way": way, **(_position(request) if here else {}),
    }  # fmt: skip


def _position(request: shell.Request) -> dict[str, int]:
    """Where the phone says it is, if the person chose to say so; coarse, whatever was sent. BadPosition."""
    typed = [request.POST.get(name, "").strip() for name in ("lat", "lon")]
    if not any(typed):
        return {}
    try:
        lat, lon = (float(one) for one in typed)
    except ValueError as error:
        raise rules.BadPosition() from error
    if not -90 <= lat <= 90:
        raise rules.BadPosition()
    return {"lat": rules.coarse(lat), "lon": rules.coarse(lon)}


def _photos(request: shell.Request) -> tuple[evidence_rules.Kept, ...]:
    """Pictures of the form, kept before anything is written, without what a phone hides in them. NoPicture, and of `evidence.sent`."""
    kept = evidence_desk.sent(request, rules.MOST_PHOTOS)
    if any(one.kind not in evidence_desk.PICTURES for one in kept):
        raise rules.NoPicture()
    return tuple({one.sha256: one for one in kept}.values())


def _parties(request: shell.Request, form: Form, second: access_rules.Person | None) -> tuple[rules.Party, rules.Party]:
    """Giver and receiver: whoever signed in stands on one side (unless it was told by radio), a second person on the other."""
    giver = rules.Party(form.one("giver_agency"), form.one("giver_function"))
    receiver = rules.Party(form.one("receiver_agency"), form.one("receiver_function"))
    me = request.person
    if form.receiver_me:
        receiver = replace(receiver, agency=me.agency, person=me.id)
    elif form.giver_me:
        giver = replace(giver, agency=me.agency, person=me.id)
    if second is None:
        return giver, receiver
    if form.receiver_me or (not form.giver_me and second.agency == giver.agency):
        return replace(giver, agency=second.agency, person=second.id), receiver
    return giver, replace(receiver, agency=second.agency, person=second.id)


def _second(request: shell.Request, thing: access_rules.Thing) -> access_rules.Person | None:
    """The other side signs on this screen, if it wants to. The refusals of `access.countersign`."""
    name = request.POST.get("second", "").strip()
    if not name:
        return None
    password, address = request.POST.get("second_password", ""), request.META.get("REMOTE_ADDR", "")
    return access.countersign(request.person, name, password, "custody.record", thing, request.at, request.machine_at, address)


@dataclass(frozen=True)
class Where:
    """Where it happens: place, trip ("" without a vehicle), way, and whose it is."""

    place: str
    waybill: str
    way: str
    thing: access_rules.Thing


def _events(request: shell.Request, form: Form, where: Where, second: access_rules.Person | None) -> list[custody.Told]:
    """What a filled form says: the hand-over (or the loading), and before it what was refused; pictures stand for what went wrong."""
    giver, receiver = _parties(request, form, second)
    gone, refused = form.missing, form.refused
    boxes = {item.thing: item.boxes for item in form.expected}
    extra = [thing for thing in form.scanned if thing not in boxes]
    there = [item.thing for item in form.expected if item.thing not in gone] + extra
    taken = tuple(thing for thing in there if thing not in refused)
    said = custody.Words(form.one("giver_name"), form.one("receiver_name"), form.one("note"))
    counted = form.counted if form.counted is not None else sum(boxes.get(thing, 1) for thing in there)
    common = _common(request, where.place, where.waybill, where.way, here=form.here) | {"giver": giver, "receiver": receiver}
    once, told, photos = f"{_client(request)}/{_number(request)}", [], _photos(request)
    hashes = tuple(one.sha256 for one in photos)
    if refused:
        event = rules.Event(kind=Kind.REFUSED, things=tuple(refused), cause=form.one("cause"), photos=hashes, **common)
        told.append(custody.Told(event, said, once=f"{once}/refused", untimed=_untimed(request), photos=photos))
        photos = hashes = ()
    if taken or not refused:
        event = rules.Event(
            kind=form.kind, things=taken, seals=form.one("seals"), readings=tuple(one for one in form.readings if one.thing in there),
            sent=form.boxes, received=max(0, counted - sum(boxes.get(thing, 1) for thing in refused)),
            missing=tuple(dict.fromkeys([*gone, *refused])), photos=hashes, **common,
        )  # fmt: skip
        told.append(custody.Told(event, said, once=once, untimed=_untimed(request), photos=photos))
    return told


def _flow(request: shell.Request, form: Form, where: Where, back: str, head: Mapping[str, Any]) -> HttpResponse:
    """One prompt, or what was sent."""
    if request.method == "POST" and form.one("send") and form.prompt() == "send":
        try:
            second = _second(request, where.thing)
            told = _events(request, form, where, second)
            custody.record_events(request.election.code, told, shell.actor(request), request.at, second=second.id if second else "")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tercatat. Berita acaranya dapat dicetak dari catatan itu.")
            return redirect(back)
    return render(request, "desk/custody/act.html", {**head, **_prompt(request, form), "back": back})


def _prompt(request: shell.Request, form: Form) -> dict[str, Any]:
    prompt = form.prompt()
    kept = form.kept()
    if not form.one("seq"):
        kept.append(("seq", _number(request)))
    ticked = {"missing": set(form.many("missing")), "kit": set(form.many("kit"))}
    gone = set(form.missing)
    there = [item for item in form.expected if item.thing not in gone]
    return {
        "prompt": prompt, "kept": kept, "form": form, "expected": form.expected, "there": there, "ticked": ticked,
        "boxes": form.boxes, "counted": form.counted, "labelled": any(item.thing.startswith("B:") for item in form.expected),
        "kits": [item for item in form.expected if item.thing.startswith("K:")],
        "left": [item for item in form.expected if item.thing.startswith("B:") and item.thing not in form.scanned],
        "causes": words.CAUSES.items(), "agencies": words.AGENCIES.items(), "functions": words.FUNCTIONS.items(),
        "review": _review(request, form) if prompt == "send" else [], "unexplained": _unexplained(form) if prompt == "send" else 0,
        "readings": [(one, words.thing(one.thing, _labels(form))) for one in form.readings], "loading": form.kind is Kind.LOADED,
        "wrong": form.one("refused") == "yes" or form.one("seals") == "differ", "most_photos": rules.MOST_PHOTOS,
        "defaults": form.defaults, "person_agency": request.person.agency,
    }  # fmt: skip


def _labels(form: Form) -> dict[str, str]:
    return {item.thing: item.label for item in form.expected}


def _unexplained(form: Form) -> int:
    """Boxes by which the count differs from what is ticked as missing."""
    gone = set(form.missing)
    there = sum(item.boxes for item in form.expected if item.thing not in gone)
    return (form.counted or 0) - there if form.counted is not None else 0


def _review(request: shell.Request, form: Form) -> list[tuple[str, str]]:
    labels, names = _labels(form), access.names()
    giver, receiver = _parties(request, form, None)
    gone, refused = form.missing, form.refused
    there = [item for item in form.expected if item.thing not in gone]
    counted = f"{form.counted} dihitung" if form.counted is not None else f"{len(form.scanned)} dipindai"
    found = [
        ("Kotak", f"{counted}, menurut surat jalan {form.boxes}"),
        ("Barang", f"{len(there)} dari {len(form.expected)}"),
        ("Segel", words.SEALS[form.one("seals")]),
        ("Yang menyerahkan", words.party(giver, form.one("giver_name") or names.get(giver.person, ""))),
        ("Yang menerima", words.party(receiver, form.one("receiver_name") or names.get(receiver.person, ""))),
        ("Dicatat", "di tempat" if form.here else "menurut laporan radio atau telepon"),
    ]
    if gone:
        found.insert(2, ("Tidak ada", _some([words.thing(thing, labels) for thing in gone])))
    if refused:
        said = _some([words.thing(thing, labels) for thing in refused])
        found.insert(2, ("Ditolak", f"{said} ({words.CAUSES[form.one('cause')]})"))
    return found


def _some(names: Sequence[str]) -> str:
    """All of a few names, the first of many."""
    rest = len(names) - MOST_NAMED
    return "; ".join(names[:MOST_NAMED]) + (f"; dan {text.angka(rest)} lagi" if rest > 0 else "")


def _expected(election: str, one: custody.Ride, place: str, at: datetime) -> list[custody.Item]:
    """What should change hands here of what the trip still carries, at the end of a way back all of it; at a loading its whole waybill."""
    if not place:
        return custody.manifest(election, one, at)
    return [item for item in custody.carried(election, one, at) if place in {item.place, one.end}]


def _other(request: shell.Request, form: Form) -> None:
    """Where the field differs from the plan: what changes hands is what was ticked, of everything that the waybill names."""
    form.other = True
    chosen = set(form.many("chosen"))
    if chosen:
        form.expected = [item for item in form.expected if item.thing in chosen]
    elif request.method == "POST" and form.one("choosing"):
        shell.refused(request, rules.NothingMoved(kind=form.kind.value))


def _nothing_left(request: shell.Request, one: custody.Ride, place: str, back: str) -> HttpResponse:
    """Nothing for this halt is on the vehicle any more: where it went instead, and how to record what differs from that."""
    election = request.election.code
    now, names = custody.state(election, request.at), access.names()
    fetches = bool(one.back) and one.takes_on(place)
    items = [item for item in custody.manifest(election, one, request.at) if place in {item.place, one.end}]
    by_id = {event.id: event for event in now.valid}
    went: dict[str, list[custody.Item]] = {}
    for item in items:
        held = now.holdings.get(item.thing)
        went.setdefault(held.event if held else "", []).append(item)
    told = custody.words(id_ for id_ in went if id_)
    lines = []
    for id_, mine in went.items():
        event = by_id.get(id_)
        lines.append(
            {
                "event": event, "boxes": sum(item.boxes for item in mine), "things": _some([item.label for item in mine]),
                "count": len(mine), "word": words.KINDS[event.kind] if event else "", "href": _thing_href(election, [mine[0].thing]),
                "place": _place_name(request, event.place) if event else "",
                "to": words.party(event.receiver, told[id_].receiver or names.get(event.receiver.person, "")) if event else "",
            }
        )  # fmt: skip
    context = {
        "number": one.number,
        "venue": one.name(place),
        "lines": lines,
        "back": back,
        "other": f"{request.path}?lain=1",
        "fetches": fetches,
    }
    return render(request, "desk/custody/empty.html", context)


# --- the acts ------------------------------------------------------------------------------------------------------------


@shell.page("custody.record", thing=_at_start)
def load(request: shell.Request, election: str, waybill: str) -> HttpResponse:
    """Loading at the start: count, name what is missing, look at the seals, name who takes the wheel."""
    one = _ride(request, waybill)
    if one is None or one.back:
        return _unknown(request, election, waybill)
    start = one.trip.start
    form = _form(request, Kind.LOADED, _expected(election, one, "", request.at), _sides(request, one, Kind.LOADED, start))
    head = {"title": f"Muat {one.number}", "venue": one.name(start), "number": one.number}
    return _flow(request, form, Where(start, one.waybill, one.way, _thing(request.election.region)), _trip_href(election, one), head)


@shell.page("custody.record", thing=_at_halt)
def collect(request: shell.Request, election: str, waybill: str, place: str) -> HttpResponse:
    """Loading at a halt of the way back: results before the rest, seals as they are now, both sides by name."""
    one = _ride(request, waybill)
    if one is None:
        return _unknown(request, election, waybill)
    if not (one.back and one.takes_on(place)):
        return _unknown(request, election, waybill, rules.UnknownStop(trip=one.number, place=place[:40]))
    other, back = bool(request.GET.get("lain")), _trip_href(election, one)
    items = custody.manifest(election, one, request.at)
    expected = items if other else custody.fetchable(election, one, place, request.at)
    if not expected:
        return _nothing_left(request, one, place, back)
    form = _form(request, Kind.LOADED, expected, _sides(request, one, Kind.LOADED, place))
    if other:
        _other(request, form)
    rest = not any(item.boxes for item in expected)
    head = {
        "title": f"Muat {one.number}", "venue": one.name(place), "number": one.number,
        "results_left": custody.results_left(election, place, request.at) if rest else 0,
    }  # fmt: skip
    return _flow(request, form, Where(place, one.waybill, one.way, _at_halt(request, election, waybill, place)), back, head)


@shell.page("custody.record", thing=_at_halt)
def hand(request: shell.Request, election: str, waybill: str, place: str) -> HttpResponse:
    """A hand-over at a halt: count, seals, what is refused, and both sides by name."""
    one = _ride(request, waybill)
    if one is None:
        return _unknown(request, election, waybill)
    if one.index(place, coming=True) < 0:
        return _unknown(request, election, waybill, rules.UnknownStop(trip=one.number, place=place[:40]))
    other, back = bool(request.GET.get("lain")), _trip_href(election, one)
    if one.back and one.takes_on(place) and not other:
        return redirect("desk:custody_collect", election, one.waybill, place)
    expected = custody.manifest(election, one, request.at) if other else _expected(election, one, place, request.at)
    if not expected:
        return _nothing_left(request, one, place, back)
    form = _form(request, Kind.HANDED_OVER, expected, _sides(request, one, Kind.HANDED_OVER, place))
    if other:
        _other(request, form)
    head = {"title": f"Serah terima {one.number}", "venue": one.name(place), "number": one.number}
    return _flow(request, form, Where(place, one.waybill, one.way, _at_halt(request, election, waybill, place)), back, head)


@shell.page("custody.record", thing=_at_tps)
def pass_on(request: shell.Request, election: str, code: str) -> HttpResponse:
    """From the PPS to the KPPS: what the PPS holds for one TPS, without a vehicle."""
    return _passed(request, election, code, "")


@shell.page("custody.record", thing=_at_tps)
def pass_back(request: shell.Request, election: str, code: str) -> HttpResponse:
    """After the count from the KPPS to the PPS: everything of one TPS, without a vehicle."""
    return _passed(request, election, code, rules.BACK)


def _passed(request: shell.Request, election: str, code: str, way: str) -> HttpResponse:
    """Between PPS and KPPS. Back: also what nobody recorded on the way out, for the count has ended and it is there."""
    agency, names = request.person.agency, custody.place_names(election)
    items, place = _of_tps(request, election, code, way)
    if code not in names or not items:
        held_by = "KPPS, atau sudah diserahkan kembali" if way else "PPS"
        shell.warned(request, f"Tidak ada barang TPS ini yang tercatat pada {held_by}.")
        return redirect("desk:custody" if shell.may(request, "custody.read") else "desk:home", election)
    pps, kpps = ("PPS", "anggota"), ("KPPS", "ketua")
    if way:
        sides = Sides(takes=agency == "PPS", gives=agency == "KPPS", defaults=_pair(kpps, pps), tellable=False)
    else:
        sides = Sides(takes=agency == "KPPS", gives=agency != "KPPS", defaults=_pair(pps, kpps), tellable=False)
    form = _form(request, Kind.HANDED_OVER, items, sides)
    head = {"title": f"{'Kembali dari' if way else 'Serah terima'} {names[code]}", "venue": names[code], "number": ""}
    reads = shell.may(request, "custody.read", _at_tps(request, election, code))  # a KPPS hands over and reads no list of others
    back = reverse("desk:custody_thing", args=[election, f"K:{code}"]) if reads else reverse("desk:home", args=[election])
    return _flow(request, form, Where(place, "", way, _at_tps(request, election, code)), back, head)


def _of_tps(request: shell.Request, election: str, code: str, way: str) -> tuple[list[custody.Item], str]:
    """What changes hands between PPS and KPPS for a TPS, and where that is recorded."""
    at, holdings = request.at, custody.state(election, request.at).holdings
    boxes = {f"B:{box.code}": box.contest for box in packing.labelled(election, at) if box.tps == code}
    kits = [f"K:{code}", *(thing for thing in (f"K:{code}:b",) if thing in holdings)]
    held = {thing: holdings[thing] for thing in [*boxes, *kits] if thing in holdings and not holdings[thing].trip}
    if way:
        things = [thing for thing in [*boxes, *kits, f"S:{code}"] if thing not in holdings or holdings[thing].way != rules.BACK]
        site = next((tps.island or tps.desa_code for tps in places.tps_list(election) if tps.code == code), "")
        place = next((one.place for one in held.values()), site)
    else:
        things = [thing for thing, one in held.items() if one.holder.agency != "KPPS"]
        place = next((held[thing].place for thing in things), "")
    pieces = _kit_boxes(election, code, len(boxes), at)
    kit = "Perlengkapan" if boxes else "Kotak dan perlengkapan"
    kit = ("Perlengkapan" if boxes else "Kotak hasil") if way else kit
    labels = {f"K:{code}": kit, f"K:{code}:b": f"{kit} (bagian 2)", f"S:{code}": "Bilik dan alat"} | {
        thing: f"Kotak {contest}" for thing, contest in boxes.items()
    }
    counts = {f"K:{code}": pieces, f"K:{code}:b": 0, f"S:{code}": 0}
    return [custody.Item(thing, code, place, counts.get(thing, 1), labels[thing]) for thing in things], place


def _kit_boxes(election: str, code: str, labelled: int, at: datetime) -> int:
    """Ballot boxes of a TPS that bear no label."""
    stored = distribution.current_plan(election, at)
    pieces = [piece for load in stored.inputs.loads if code in load.tps for piece in load.pieces] if stored else []
    return max(0, sum(piece.quantity for piece in pieces if (piece.place, piece.item) == (code, road_rules.BOX)) - labelled)


@shell.page("custody.record", thing=_at_halt)
def depart(request: shell.Request, election: str, waybill: str, place: str) -> HttpResponse:
    """A trip leaves a place."""
    return _moved(request, election, waybill, place, Kind.DEPARTED)


@shell.page("custody.record", thing=_at_halt)
def arrive(request: shell.Request, election: str, waybill: str, place: str) -> HttpResponse:
    """A trip reaches a place."""
    return _moved(request, election, waybill, place, Kind.ARRIVED)


def _moved(request: shell.Request, election: str, waybill: str, place: str, kind: Kind) -> HttpResponse:
    one = _ride(request, waybill)
    if one is None or one.index(place) < -1:
        return _unknown(request, election, waybill, rules.UnknownStop(trip=one.number, place=place[:40]) if one else None)
    if request.method == "POST" and request.POST.get("source") in {"here", "told"}:
        said = custody.Words(note=request.POST.get("note", "").strip()[:400])
        try:
            common = _common(request, place, one.waybill, one.way, here=request.POST["source"] == "here")
            _write(request, rules.Event(kind=kind, **common), said)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(
                request, f"Tercatat: {one.number} {words.KINDS[kind]} {'dari' if kind is Kind.DEPARTED else 'di'} {one.name(place)}."
            )
            return redirect(_trip_href(election, one))
    context = {
        "title": f"{one.number} {words.KINDS[kind]}", "number": one.number, "venue": one.name(place),
        "departed": kind is Kind.DEPARTED, "watches": request.person.agency == "KPU", "back": _trip_href(election, one),
        "kept": [("seq", _number(request))],
    }  # fmt: skip
    return render(request, "desk/custody/moved.html", context)


def _write(request: shell.Request, event: rules.Event, said: custody.Words, photos: tuple[evidence_rules.Kept, ...] = ()) -> None:
    told = custody.Told(event, said, once=f"{_client(request)}/{_number(request)}", untimed=_untimed(request), photos=photos)
    custody.record_events(request.election.code, [told], shell.actor(request), request.at)


@shell.page("custody.record", thing=_on_trip)
def damage(request: shell.Request, election: str, waybill: str) -> HttpResponse:
    """Something is found damaged, broken open, wet or gone, on the way or at a halt."""
    one = _ride(request, waybill)
    if one is None:
        return _unknown(request, election, waybill)
    seen = custody.state(election, request.at).trips.get(one.waybill)
    items = custody.manifest(election, one, request.at)
    chosen = [thing for thing in request.POST.getlist("thing") if thing in {item.thing for item in items}]
    if request.method == "POST":
        try:
            common, photos = _common(request, seen.place if seen else one.trip.start, one.waybill, one.way), _photos(request)
            hashes = tuple(kept.sha256 for kept in photos)
            event = rules.Event(kind=Kind.DAMAGED, things=tuple(chosen), cause=request.POST.get("cause", ""), photos=hashes, **common)
            _write(request, event, custody.Words(note=request.POST.get("note", "").strip()[:400]), photos)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Kerusakan tercatat.")
            return redirect(_trip_href(election, one))
    context = {
        "number": one.number, "items": items, "chosen": chosen, "causes": words.CAUSES.items(), "back": _trip_href(election, one),
        "cause": request.POST.get("cause", ""), "note": request.POST.get("note", ""), "most_photos": rules.MOST_PHOTOS,
        "kept": [("seq", _number(request))],
    }  # fmt: skip
    return render(request, "desk/custody/damage.html", context)


@shell.page("custody.record", thing=_event_to_undo)
def undo(request: shell.Request, election: str, event: str) -> HttpResponse:
    """Takes an event back by a new one."""
    try:
        found = custody.get_event(election, event)
    except rules.UnknownEvent as refusal:
        shell.refused(request, refusal)
        return redirect("desk:custody", election)
    back = reverse("desk:custody_trip", args=[election, found.trip]) if found.trip else _thing_href(election, found.things)
    if request.method == "POST":
        try:
            second = _second(request, _event_to_undo(request, election, event))
            custody.take_back(
                election, event, request.POST.get("reason", ""), shell.actor(request), request.at, second=second.id if second else ""
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Catatan dibatalkan. Catatan lama tetap tersimpan dan terbaca.")
            return redirect(back)
    alone = found.account == request.person.id and request.at - found.at <= rules.UNDO_FOR
    context = {"event": found, "word": words.KINDS[found.kind], "place": _place_name(request, found.place), "alone": alone, "back": back}
    return render(request, "desk/custody/undo.html", context)


def _thing_href(election: str, things: Sequence[str]) -> str:
    return reverse("desk:custody_thing", args=[election, things[0]]) if things else reverse("desk:custody", args=[election])


def _trip_href(election: str, one: custody.Ride) -> str:
    return reverse("desk:custody_trip", args=[election, one.waybill])


def _unknown(request: shell.Request, election: str, waybill: str, refusal: facts.Refusal | None = None) -> HttpResponse:
    shell.refused(request, refusal or rules.UnknownTrip(seen=waybill[:40]))
    return redirect("desk:custody", election)


# --- minutes, one box, what disagrees, export ----------------------------------------------------------------------------


@shell.page("custody.read", thing=_of_event)
def minutes(request: shell.Request, election: str, event: str) -> HttpResponse:
    """The minutes of a loading or a hand-over (BAST); the same event gives the same pages."""
    try:
        found = custody.get_event(election, event)
        if found.kind not in rules.MOVES:
            raise rules.NotADelivery(event=event[:8])
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:custody", election)
    paper = "a4" if request.GET.get("kertas") == "a4" else "f4"
    data = document.pdf("ba-serah", bast(request.election, found, paper), found.at)
    name = f'inline; filename="serah-terima-{event[:12]}.pdf"'
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


def bast(election: facts.Election, event: rules.Event, paper: str) -> dict[str, Any]:
    """The values of the printed minutes of an event."""
    one = custody.ride(election.code, event.trip) if event.trip else None
    told, names = custody.words([event.id])[event.id], access.names()
    items = {item.thing: item for item in custody.manifest(election.code, one, event.at)} if one else {}
    labels = {thing: item.label for thing, item in items.items()}
    place_names = custody.place_names(election.code)

    def line(thing: str) -> words.Line:
        boxes = items[thing].boxes if thing in items else int(thing.startswith("B:"))
        seals = words.seal_words(event.readings, thing, event.seals)
        return words.Line(words.thing(thing, labels or place_names), label_rules.spaced(thing[2:]), boxes, seals)

    lines = [line(thing) for thing in event.things]
    absent = ["tidak ada atau ditolak", "tidak ada"][event.kind is Kind.LOADED]
    lines += [
        words.Line(
            words.thing(thing, labels or place_names),
            label_rules.spaced(thing[2:]),
            0,
            words.seal_words(event.readings, thing, "unread"),
            absent,
        )
        for thing in event.missing
    ]
    region = places.region_name(election.region)
    return words.minutes(
        event,
        giver=words.party(event.giver, told.giver or names.get(event.giver.person, "")),
        receiver=words.party(event.receiver, told.receiver or names.get(event.receiver.person, "")),
        note=told.note,
        number=one.number if one else "",
        vehicle=f"{one.trip.vehicle}" if one else "",
        venue=one.name(event.place) if one else place_names.get(event.place, event.place),
        lines=lines,
        head={
            "agency": f"KPU {region}", "place": election.name, "paper": paper, "marks": [event.mark] if event.mark else [],
            "footer": f"Kejadian {text.waktu(event.at)}", "stamp": f"sidik catatan {event.id[:16]}",
        },
    )  # fmt: skip


@shell.page("custody.read", thing=_of_thing)
def thing(request: shell.Request, election: str, thing: str) -> HttpResponse:
    """One box or kit with its whole chain."""
    now = custody.state(election, request.at)
    target = _target(election, thing, request.at)
    held = now.holdings.get(thing)
    chain = [
        event for event in now.events if thing in event.things or thing in event.missing or any(r.thing == thing for r in event.readings)
    ]
    names, boxes = custody.place_names(election), packing.labelled(election, request.at, [thing[2:]])
    if target not in names and not chain:
        shell.refused(request, rules.UnknownThing(thing=thing[:40]))
        return redirect("desk:custody", election)
    one = _ride(request, held.trip) if held and held.trip else None
    context = {
        "thing": thing,
        "name": " ".join([names.get(target, target), *(box.contest or box.use for box in boxes)]),
        "kit": thing.startswith("K:"),
        "rest": thing.startswith("S:"),
        "code": thing[2:],
        "held": held,
        "holder": words.party(held.holder, access.names().get(held.holder.person, "")) if held else "",
        "place": _place_name(request, held.place) if held else "",
        "ride": one,
        "refused": words.CAUSES.get(held.refused, "") if held else "",
        "damaged": words.CAUSES.get(held.damaged, "") if held else "",
        "log": _log(request, chain, None, now),
        "conflicts": [c for c in _conflicts(request, election, everything=True) if c["thing"] == thing],
        "target": target,
        "acts": _passing(request, target, held) if target in names else [],
    }  # fmt: skip
    return render(request, "desk/custody/thing.html", context)


def _passing(request: shell.Request, target: str, held: rules.Holding | None) -> list[tuple[str, str]]:
    """What PPS and KPPS may do now with a TPS's things: before the count hand them on, after it hand them back."""
    election = request.election.code
    moving = held is not None and (bool(held.trip) or held.way == rules.BACK)
    if place_rules.level(target) != "tps" or moving or not shell.may(request, "custody.record", _at_tps(request, election, target)):
        return []
    found = []
    if held is not None and held.holder.agency != "KPPS":
        found.append((reverse("desk:custody_pass_on", args=[election, target]), "Serahkan ke KPPS"))
    if request.at >= request.election.voting_at:
        found.append((reverse("desk:custody_pass_back", args=[election, target]), "Serahkan kembali dari KPPS ke PPS"))
    return found


def _conflicts(request: shell.Request, election: str, *, everything: bool = False) -> list[dict[str, Any]]:
    """What disagrees, in words, where this person may look; the open ones, or all."""
    now = custody.state(election, request.at)
    by_id = {event.id: event for event in now.events}
    wanted = now.conflicts if everything else now.open_conflicts()
    if not wanted:
        return []
    names = custody.place_names(election)
    places_named = {site.code: site.name for site in places.sites(request.election.region)} | names
    boxes = {f"B:{box.code}": f"{names.get(box.tps, box.tps)} {box.contest or box.use}" for box in packing.labelled(election, request.at)}
    reach, found = access_rules.reach(request.person, "custody.read", request.election.region, request.at), []
    for one in wanted:
        last = by_id.get(one.events[-1])
        where = access_rules.belongs(last.place, request.election.region) if last else request.election.region
        if not access_rules.within(where, reach):
            continue
        found.append(
            {
                "code": one.code, "thing": one.thing, "settled": one.settled, "trip": last.trip if last else "",
                "at": last.at if last else None,
                "text": words.conflict(one, words.thing(one.thing, boxes | names) if one.thing else "", places_named),
                "facts": one.facts, "mark": last.mark if last else "", "events": [by_id[e] for e in one.events if e in by_id],
            }
        )  # fmt: skip
    return sorted(found, key=lambda row: (bool(row["settled"]), row["at"] is None, row["at"]), reverse=False)


def _grouped(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What disagrees in one event in the same way is said once, with how many things it is."""
    groups: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for row in found:
        said = tuple(sorted((key, str(value)) for key, value in row["facts"].items()))
        groups.setdefault((row["code"], bool(row["settled"]), row["events"][-1].id if row["events"] else "", said), []).append(row)
    return [{**rows[0], "more": len(rows) - 1} for rows in groups.values()]


@shell.page("custody.read")
def conflicts(request: shell.Request, election: str) -> HttpResponse:
    """Everything that cannot be true together or differs, the open ones first."""
    found = _conflicts(request, election, everything=True)
    context = {"open": _grouped(c for c in found if not c["settled"]), "settled": _grouped(c for c in found if c["settled"])}
    return render(request, "desk/custody/conflicts.html", context)


@shell.page("custody.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The trips as shown."""
    rows: list[list[Any]] = [list(COLUMNS)]
    for row in _rows(request, election):
        seen: custody.Position = row["position"]
        seen_at, eta_at = (text.waktu(moment) if moment else "" for moment in (seen.seen_at, seen.eta_at))
        rows.append(
            [seen.number, seen.vehicle, row["start"], row["stops"], text.waktu(row["ride"].depart_at), row["word"], row["place"], seen_at,
             seen.late_min, row["next"], eta_at, seen.mark]
        )  # fmt: skip
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f'attachment; filename="serah-terima-{election}.xlsx"'
    return HttpResponse(table.xlsx({"Perjalanan": rows}), content_type=kind, headers={"Content-Disposition": name})


urlpatterns = [
    path("<slug:election>/serah/", index, name="custody"),
    path("<slug:election>/serah/perjalanan.xlsx", export, name="custody_export"),
    path("<slug:election>/serah/selisih/", conflicts, name="custody_conflicts"),
    path("<slug:election>/serah/barang/<str:thing>/", thing, name="custody_thing"),
    path("<slug:election>/serah/tps/<str:code>/", pass_on, name="custody_pass_on"),
    path("<slug:election>/serah/tps/<str:code>/kembali/", pass_back, name="custody_pass_back"),
    path("<slug:election>/serah/catatan/<str:event>/batal/", undo, name="custody_undo"),
    path("<slug:election>/serah/catatan/<str:event>/berita-acara.pdf", minutes, name="custody_minutes"),
    path("<slug:election>/serah/sj/<str:waybill>/", trip, name="custody_trip"),
    path("<slug:election>/serah/sj/<str:waybill>/muat/", load, name="custody_load"),
    path("<slug:election>/serah/sj/<str:waybill>/muat/<str:place>/", collect, name="custody_collect"),
    path("<slug:election>/serah/sj/<str:waybill>/rusak/", damage, name="custody_damage"),
    path("<slug:election>/serah/sj/<str:waybill>/berangkat/<str:place>/", depart, name="custody_depart"),
    path("<slug:election>/serah/sj/<str:waybill>/tiba/<str:place>/", arrive, name="custody_arrive"),
    path("<slug:election>/serah/sj/<str:waybill>/terima/<str:place>/", hand, name="custody_hand"),
]
SENTENCES: dict[str, str] = {
    "custody.malformed": "Catatan tidak lengkap ({field}). Mulai lagi dari halaman perjalanan.",
    "custody.nothing_moved": "Pilih paling sedikit satu kotak atau perlengkapan.",
    "custody.party_missing": "Nama, jabatan, dan lembaga kedua pihak harus diisi.",
    "custody.same_person": "Yang menyerahkan dan yang menerima tidak boleh orang yang sama.",
    "custody.cause_missing": "Pilih sebabnya.",
    "custody.reason_missing": "Tulis alasannya dalam satu kalimat, paling sedikit {letters} huruf.",
    "custody.second_missing": "Catatan orang lain, atau yang lebih lama dari sepuluh menit, dibatalkan berdua.",
    "custody.bad_count": "Jumlah kotak tidak mungkin: {value}.",
    "custody.future": "Waktu kejadian tidak boleh sesudah sekarang.",
    "custody.unknown_trip": "Surat jalan {seen} tidak ada dalam pemilihan ini. Pindai lagi, atau ketik nomornya seperti tercetak.",
    "custody.unknown_stop": "Perjalanan {trip} tidak berhenti di {place}.",
    "custody.unknown_thing": "Kotak {thing} tidak ada dalam pemilihan ini.",
    "custody.unknown_event": "Catatan {event} tidak ada.",
    "custody.taken_back": "Catatan ini sudah dibatalkan.",
    "custody.same_number": "Formulir ini sudah tercatat dengan isi lain. Buka perjalanannya; bila salah, batalkan dan ulangi.",
    "custody.other_way": "Catatan ini untuk arah yang lain. Buka lagi perjalanan {trip}.",
    "custody.bad_position": "Posisi tidak terbaca. Lampirkan lagi, atau catat tanpa posisi.",
    "custody.no_picture": "Yang dilampirkan harus foto (JPEG, PNG, WebP).",
    "custody.not_a_delivery": "Hanya pemuatan dan serah terima yang mempunyai berita acara.",
}
TASKS: dict[str, tuple[str, str]] = {
    "custody.load": ("Muat {label}", "desk:custody_trip"),
    "custody.depart": ("Berangkatkan {label}", "desk:custody_trip"),
    "custody.receive": ("Terima {label}", "desk:custody_trip"),
    "custody.collect": ("Muat arus balik {label}", "desk:custody_trip"),
    "custody.conflicts": ("Periksa {label} yang tidak cocok pada serah terima", "desk:custody_conflicts"),
}
HITS: dict[str, str] = {"custody_trip": "desk:custody_trip", "custody_thing": "desk:custody_thing"}
WHY_WORDS = {"place": "di luar tujuan rencana", "fence": "jauh dari tempatnya", "time": "di luar jam rencana"}
SIGNALS: dict[str, tuple[Any, str]] = {
    "R07": ("{thing}: berangkat dari {origin}, belum terlihat di {target}; lewat {late} menit dari batas", "desk:custody_trip"),
    "R12.serah": (
        "{number} di {place}: menurut surat jalan {sent} kotak, dihitung {received}; {missing} barang tidak diserahkan",
        "desk:custody_trip",
    ),
    "R12.kpps": ("{place}: dari PPS {sent} kotak, dihitung {received}; {missing} barang tidak diserahkan", "desk:custody_thing"),
    "R16": (
        lambda said: (
            f"Akun {said['account']}: {said['origin']} lalu {said['target']} dalam {said['minutes']} menit"
            + (", dengan dua gawai" if said["why"] == "devices" else "")
        ),
        "desk:custody",
    ),
    "R17": (lambda said: f"{said['thing']} tercatat di {said['place']}, {WHY_WORDS[str(said['why'])]}", "desk:custody_trip"),
}
