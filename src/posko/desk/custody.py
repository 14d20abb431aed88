"""Stage custody: screens: trips of the day, the phone's page of one trip with one prompt at a time, minutes, one box, what disagrees."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import evidence as evidence_desk
from posko.desk import handing, shell
from posko.domain import access as access_rules
from posko.domain import custody as rules
from posko.domain import distribution as road_rules
from posko.domain import evidence as evidence_rules
from posko.domain import labels as label_rules
from posko.domain import places as place_rules
from posko.domain import record as facts
from posko.formats import custody as words
from posko.formats import document, table, text
from posko.store import access, custody, distribution, evidence, packing, places

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
                "photos": _pictures(request, event),
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


def _pictures(request: shell.Request, event: rules.Event) -> list[str]:
    """Where the pictures of an event are shown; one that was withdrawn is not."""
    if not event.photos:
        return []
    standing = evidence.of(request.election.code, custody.subject(event.id), request.at, "custody")
    return [reverse("desk:evidence_file", args=[request.election.code, one.kept.sha256]) for one in standing]


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


def _expected(election: str, one: custody.Ride, place: str, at: datetime) -> list[custody.Item]:
    """What should change hands here of what the trip still carries, at the end of a way back all of it; at a loading its whole waybill."""
    if not place:
        return custody.manifest(election, one, at)
    return [item for item in custody.carried(election, one, at) if place in {item.place, one.end}]


def _other(request: shell.Request, form: handing.Form) -> None:
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
                "event": event, "boxes": sum(item.boxes for item in mine), "things": handing.some([item.label for item in mine]),
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
    form = handing.form_of(
        request, Kind.LOADED, _expected(election, one, "", request.at), handing.sides_of(request, one, Kind.LOADED, start)
    )
    head = {"title": f"Muat {one.number}", "venue": one.name(start), "number": one.number}
    return handing.flow(
        request, form, handing.Where(start, one.waybill, one.way, _thing(request.election.region)), _trip_href(election, one), head
    )


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
    form = handing.form_of(request, Kind.LOADED, expected, handing.sides_of(request, one, Kind.LOADED, place))
    if other:
        _other(request, form)
    rest = not any(item.boxes for item in expected)
    head = {
        "title": f"Muat {one.number}", "venue": one.name(place), "number": one.number,
        "results_left": custody.results_left(election, place, request.at) if rest else 0,
    }  # fmt: skip
    return handing.flow(request, form, handing.Where(place, one.waybill, one.way, _at_halt(request, election, waybill, place)), back, head)


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
    form = handing.form_of(request, Kind.HANDED_OVER, expected, handing.sides_of(request, one, Kind.HANDED_OVER, place))
    if other:
        _other(request, form)
    head = {"title": f"Serah terima {one.number}", "venue": one.name(place), "number": one.number}
    return handing.flow(request, form, handing.Where(place, one.waybill, one.way, _at_halt(request, election, waybill, place)), back, head)


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
        sides = handing.Sides(takes=agency == "PPS", gives=agency == "KPPS", defaults=handing.pair(kpps, pps), tellable=False)
    else:
        sides = handing.Sides(takes=agency == "KPPS", gives=agency != "KPPS", defaults=handing.pair(pps, kpps), tellable=False)
    form = handing.form_of(request, Kind.HANDED_OVER, items, sides)
    head = {"title": f"{'Kembali dari' if way else 'Serah terima'} {names[code]}", "venue": names[code], "number": ""}
    reads = shell.may(request, "custody.read", _at_tps(request, election, code))  # a KPPS hands over and reads no list of others
    back = reverse("desk:custody_thing", args=[election, f"K:{code}"]) if reads else reverse("desk:home", args=[election])
    return handing.flow(request, form, handing.Where(place, "", way, _at_tps(request, election, code)), back, head)


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
            common = handing.common(request, place, one.waybill, one.way, here=request.POST["source"] == "here")
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
        "kept": [("seq", handing.number(request))],
    }  # fmt: skip
    return render(request, "desk/custody/moved.html", context)


def _write(request: shell.Request, event: rules.Event, said: custody.Words, photos: tuple[evidence_rules.Kept, ...] = ()) -> None:
    told = custody.Told(
        event, said, once=f"{handing.client(request)}/{handing.number(request)}", untimed=handing.untimed(request), photos=photos
    )
    custody.record_events(request.election.code, [told], shell.actor(request), request.at)


def _damaged_at(request: shell.Request, one: custody.Ride, seen: rules.Seen | None) -> str:
    """Where a damage was found: where the trip was last seen, or else the halt of whoever tells it."""
    last = seen.place if seen else one.trip.start
    places_ = [last, *(stop.place for stop in one.halts)]
    election = request.election.code
    return next((p for p in places_ if shell.may(request, "custody.record", _at_halt(request, election, one.waybill, p))), last)


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
            common, photos = handing.common(request, _damaged_at(request, one, seen), one.waybill, one.way), handing.photos(request)
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
        "kept": [("seq", handing.number(request))],
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
            second = handing.second(request, _event_to_undo(request, election, event))
            custody.take_back(
                election, event, request.POST.get("reason", ""), shell.actor(request), request.at, second=second.id if second else ""
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Catatan dibatalkan. Catatan lama tetap tersimpan dan terbaca.")
            return redirect(back)
    alone = found.account == request.person.id and request.at - found.at <= rules.UNDO_FOR
    context: dict[str, Any] = {
        "event": found,
        "word": words.KINDS[found.kind],
        "place": _place_name(request, found.place),
        "alone": alone,
        "back": back,
    }
    if found.photos:  # a picture that should not be there is taken back by itself
        context |= evidence_desk.context(request, "custody", custody.subject(event))
        context["evidence"]["may_attach"] = False
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
    """The trips as shown, out and back on a sheet each."""
    sheets = {"Perjalanan": _sheet(_rows(request, election)), "Arus balik": _sheet(_rows(request, election, back=True))}
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f'attachment; filename="serah-terima-{election}.xlsx"'
    return HttpResponse(table.xlsx(sheets), content_type=kind, headers={"Content-Disposition": name})


def _sheet(shown: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    rows: list[list[Any]] = [list(COLUMNS)]
    for row in shown:
        seen: custody.Position = row["position"]
        seen_at, eta_at = (text.waktu(moment) if moment else "" for moment in (seen.seen_at, seen.eta_at))
        rows.append(
            [seen.number, seen.vehicle, row["start"], row["stops"], text.waktu(row["ride"].depart_at), row["word"], row["place"], seen_at,
             seen.late_min, row["next"], eta_at, seen.mark]
        )  # fmt: skip
    return rows


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
