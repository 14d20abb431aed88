"""Stage travel: which ways were timed, which are still reckoned; times from a file; taking one back."""

import hashlib
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import travel as rules
from posko.formats import table, text
from posko.formats import travel as files
from posko.store import access, distribution, places, travel

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 40
_KEPT = 400_000


def _known(region: str) -> list[files.Place]:
    return files.places_of(places.desa_list(region), places.sites(region), places.kecamatan_list(region))


def _legs(region: str) -> list[tuple[str, str]]:
    return [(leg.pier, leg.island) for leg in places.sea_legs(region)]


def _line(one: travel.Timed, names: Mapping[str, str], people: Mapping[str, str]) -> dict[str, Any]:
    timing = one.timing
    return {
        "one": one,
        "timing": timing,
        "start": names.get(timing.place, timing.place),
        "end": names.get(timing.to, timing.to),
        "usual": text.menit(timing.usual_min),
        "tenth": text.menit(timing.tenth_min),
        "km": text.desimal(timing.distance_m / 1000) if timing.distance_m else "",
        "source": files.SOURCE_WORDS[timing.source],
        "person": people.get(one.person, one.person),
    }


# --- what is known ---------------------------------------------------------------------------------------------------------


@shell.page("travel.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The times that stand, and the ways of the plan in force that nobody has timed."""
    region = request.election.region
    names, people = {place.code: place.name for place in _known(region)}, access.names()
    settings, stored = places.settings(region), distribution.current_plan(election, request.at)
    standing = travel.listing(region, request.at)
    open_ways = _open_ways(stored, distribution.measured(region, request.at)) if stored else []
    context = {
        "lines": [_line(one, names, people) for one in standing],
        "plan": stored,
        "stale": stored is not None and distribution.stale(stored, election, request.at),
        "used": len(_used(stored)) if stored else 0,
        "open": open_ways[:_SHOWN],
        "open_count": len(open_ways),
        "timed_count": (len(_used(stored)) - len(open_ways)) if stored else 0,
        "detour": text.desimal(settings.detour_percent / 100, 2),
        "kmh": settings.road_kmh,
        "may_write": shell.may(request, "travel.write"),
    }
    return render(request, "desk/travel/index.html", context)


def _used(stored: distribution.StoredPlan) -> dict[tuple[str, str, str], int]:
    """Every way that a plan drives or sails, both directions as one, with how often."""
    boats = {vehicle.code for vehicle in stored.inputs.fleet if vehicle.boat}
    counts: dict[tuple[str, str, str], int] = {}
    for trip in stored.plan.trips:
        for a, b in pairwise([trip.start, *(stop.place for stop in trip.stops), trip.start]):
            if a != b:
                key = ("laut" if trip.vehicle in boats else "darat", min(a, b), max(a, b))
                counts[key] = counts.get(key, 0) + 1
    return counts


def _open_ways(stored: distribution.StoredPlan, measured: list[plans.Measured]) -> list[dict[str, Any]]:
    """Ways of the plan without a measured time, the longest first: those where an assumption weighs most."""
    timed = {(one.kind, min(one.place, one.to), max(one.place, one.to)) for one in measured}
    network, found = stored.inputs.network, []
    for (kind, a, b), times in _used(stored).items():
        if (kind, a, b) in timed:
            continue
        vehicle = plans.Kind.BOAT if kind == "laut" else plans.Kind.TRUCK
        leg, spread = network.leg(vehicle, a, b), network.spread(vehicle, a, b)
        if leg is None or spread is None:
            continue
        ends = [node.name if (node := network.node(code)) else code for code in (a, b)]
        found.append(
            {
                "kind": kind, "start": ends[0], "end": ends[1], "times": times, "km": text.desimal(leg.distance_m / 1000),
                "minutes": leg.travel_min, "planned": text.menit(leg.travel_min),
                "usual": text.menit(spread.usual_min), "tenth": text.menit(spread.tenth_min),
                "basis": spread.basis.value,
            }
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one["minutes"], one["start"], one["end"]))


@shell.page("travel.read")
def way(request: shell.Request, election: str, kind: str, place: str, to: str) -> HttpResponse:
    """Everything said about one direction of a way; whoever may takes the time back, with a reason."""
    region = request.election.region
    told = travel.history(region, kind, place, to, request.at)
    if not told:
        raise Http404
    names, people = {one.code: one.name for one in _known(region)}, access.names()
    context = {
        "lines": [_line(one, names, people) for one in told],
        "standing": None if told[0].withdrawn else told[0],
        "may_write": shell.may(request, "travel.write"),
    }
    return render(request, "desk/travel/way.html", context)


@shell.page("travel.write")
def withdraw(request: shell.Request, election: str, kind: str, place: str, to: str) -> HttpResponse:
    """Takes the time back that the page showed."""
    if request.method == "POST":
        region, seen, reason = request.election.region, request.POST.get("seen", ""), request.POST.get("reason", "")
        try:
            travel.withdraw(region, (kind, place, to), seen, reason, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Waktu jalur ini ditarik; jalur kembali dihitung dari jarak. Susun rencana lagi bila jalur ini dipakai.")
            return redirect("desk:travel", election)
    return redirect("desk:travel_way", election, kind, place, to)


@shell.page("travel.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The times that stand, in the form that the import reads."""
    rows: list[list[object]] = [list(files.HEADER)]
    for one in travel.timings(request.election.region, request.at):
        tenth = None if one.tenth_assumed else one.tenth_min
        rows.append([one.place, one.to, one.usual_min, tenth, one.distance_m / 1000 or None, one.kind, one.source])
    return _file(table.xlsx({files.LIST: rows}), f"waktu-tempuh-{election}.xlsx", XLSX)


def _file(data: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- times from a file -----------------------------------------------------------------------------------------------------


@shell.page("travel.write")
def template(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """The form: the ways that matter most, minutes left empty."""
    del election
    if kind not in {"xlsx", "csv"}:
        raise Http404
    region = request.election.region
    data = files.template(kind, _known(region), _legs(region))
    return _file(data, f"waktu-tempuh.{kind}", XLSX if kind == "xlsx" else "text/csv; charset=utf-8")


@shell.page("travel.write")
def load(request: shell.Request, election: str) -> HttpResponse:
    """A file is read and shown with what it changes; only the second button records it."""
    context: dict[str, Any] = {
        "typed": {"source": "ukur", "permille": "140"} | request.POST.dict(),
        "sources": files.SOURCE_WORDS.items(),
    }
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("act") == "commit":
                return _record(request, election)
            context |= _preview(request)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            status = 422
    status = 422 if context.get("problems") else status
    return render(request, "desk/travel/load.html", context, status=status)


def _preview(request: shell.Request) -> dict[str, Any]:
    """What the file would change. table.Unreadable, dpt.PersonalData."""
    percent, source = request.POST.get("permille", ""), request.POST.get("source", "")
    name, data = shell.sent_table(request)
    if not (percent.isdecimal() and len(percent) < 4 and 100 <= int(percent) <= 500):
        return {"wrong": "Tulis persen antara 100 dan 500."}
    if source not in rules.SOURCES:
        return {"wrong": "Pilih sumbernya."}
    region = request.election.region
    known = _known(region)
    reading = files.read(name, data, known, _legs(region), int(percent) * 10, source)
    lines = [f"{shell.problem_place(one)}: {files.sentence(one)}." for one in reading.problems]
    names, standing = {one.code: one.name for one in known}, {one.way: one for one in travel.timings(region, request.at)}
    rows = [_change(one, standing.get(one.way), names) for one in reading.timings]
    changed = [row for row in rows if row["word"] != "sama"]
    return {
        "problems": lines[:60],
        "problems_more": max(0, len(lines) - 60),
        "warnings": [f"{shell.problem_place(one)}: {files.sentence(one)}." for one in reading.warnings][:30],
        "rows": changed[:200],
        "rows_more": max(0, len(changed) - 200),
        "read": len(rows),
        "same": len(rows) - len(changed),
        "blank": reading.blank,
        "assumed": sum(one.tenth_assumed for one in reading.timings),
        "kept": json.dumps([_plain(one) for one in reading.timings]) if changed else "",
        "digest": hashlib.sha256(data).hexdigest(),
    }


def _change(one: rules.Timing, before: rules.Timing | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "timing": one,
        "word": "baru" if before is None else "sama" if before == one else "berubah",
        "start": names.get(one.place, one.place),
        "end": names.get(one.to, one.to),
        "usual": text.menit(one.usual_min),
        "tenth": text.menit(one.tenth_min),
        "before": text.menit(before.usual_min) if before else "",
        "km": text.desimal(one.distance_m / 1000) if one.distance_m else "",
        "source": files.SOURCE_WORDS[one.source],
    }


def _plain(one: rules.Timing) -> list[str | int]:
    return [one.kind, one.place, one.to, one.usual_min, one.tenth_min, one.distance_m, one.source, int(one.tenth_assumed)]


def _record(request: shell.Request, election: str) -> HttpResponse:
    """The ways that the page before showed, checked once more by the rules."""
    try:
        kept = json.loads(request.POST.get("kept", "")[:_KEPT])
        timings = [rules.Timing(str(k), str(a), str(b), int(u), int(t), int(m), str(s), bool(x)) for k, a, b, u, t, m, s, x in kept]
    except (ValueError, TypeError, IndexError, RecursionError, OverflowError):
        raise table.Corrupt(file="waktu tempuh") from None
    digest = request.POST.get("digest", "")
    if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise table.Corrupt(file="waktu tempuh")
    region, note = request.election.region, request.POST.get("note", "")
    written, same = travel.record_timings(region, timings, digest, note, shell.actor(request), request.at)
    said = f"{text.angka(written)} waktu tempuh dicatat" + (f", {text.angka(same)} sudah sama" if same else "")
    shell.done(request, f"{said}. Susun rencana lagi agar dipakai.")
    return redirect("desk:travel", election)


urlpatterns = [
    path("<slug:election>/distribusi/waktu/", index, name="travel"),
    path("<slug:election>/distribusi/waktu/muat/", load, name="travel_load"),
    path("<slug:election>/distribusi/waktu/waktu-tempuh.xlsx", export, name="travel_export"),
    path("<slug:election>/distribusi/waktu/formulir.<str:kind>", template, name="travel_template"),
    path("<slug:election>/distribusi/waktu/jalur/<str:kind>/<str:place>/<str:to>/", way, name="travel_way"),
    path("<slug:election>/distribusi/waktu/jalur/<str:kind>/<str:place>/<str:to>/tarik/", withdraw, name="travel_withdraw"),
]
SENTENCES = {
    "travel.bad_timing": "Waktu jalur {place} ke {to} tidak mungkin ({usual} dan {tenth} menit), atau tempatnya tidak ada.",
    "travel.no_timings": "Tidak ada yang dicatat: semua {count} waktu sudah sama dengan yang berlaku.",
    "travel.unknown_way": "Waktu jalur {place} ke {to} sudah ditarik atau diganti. Lihat yang berlaku sekarang.",
    "travel.reason_missing": "Tulis alasan menarik waktu jalur {place} ke {to}.",
}
