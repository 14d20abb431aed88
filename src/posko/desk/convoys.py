"""Stage distribution: the papers of the plan in force beside the surat jalan, and its ways as files for other programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path

from posko.desk import shell
from posko.domain import distribution as rules
from posko.formats import convoys, document, table, text, tracks
from posko.formats.distribution import bills_of
from posko.store import aght, distribution, dpt, packing, places, weather

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _stored(request: shell.Request, election: str) -> distribution.StoredPlan:
    stored = distribution.current_plan(election, request.at)
    if stored is None:
        raise Http404
    return stored


def _answer(data: bytes, name: str, kind: str, *, inline: bool = False) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return answer


def _papers(request: shell.Request, stored: distribution.StoredPlan, trips: Sequence[rules.Trip]) -> convoys.Papers:
    election = request.election
    return convoys.Papers(
        trips=trips,
        loads={load.code: load for load in stored.inputs.loads},
        vehicles={one.code: one for one in stored.inputs.fleet},
        network=stored.inputs.network,
        instant=stored.instant,
        numbers=stored.waybills,
        bills=bills_of(stored.plan, stored.waybills),
        tps={tps.code: tps for tps in places.tps_list(election.code)},
        head={
            "agency": f"KPU {places.region_name(election.region)}",
            "place": election.name,
            "marks": list(stored.marks),
            "footer": f"Rencana {stored.number}, {text.waktu(stored.occurred_at)}",
            "stamp": f"sidik rencana {stored.plan_hash[:16]}",
        },
        districts={one.code: one.name for one in places.kecamatan_list(election.region)},
        keep=stored.inputs.rules,
    )


# --- manifest --------------------------------------------------------------------------------------------------------------


@shell.page("distribution.read")
def manifest(request: shell.Request, election: str, trip: str) -> HttpResponse:
    """What one trip has on board, box by box."""
    stored = _stored(request, election)
    found = [one for one in stored.plan.trips if one.code == trip]
    if not found:
        raise Http404
    return _manifest(request, stored, found, f"manifes-{trip}.pdf")


@shell.page("distribution.read")
def vehicle_manifest(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Everything one vehicle carries, trip after trip."""
    stored = _stored(request, election)
    found = stored.plan.of_vehicle(code)
    if not found:
        raise Http404
    return _manifest(request, stored, found, f"manifes-{code}.pdf")


def _manifest(request: shell.Request, stored: distribution.StoredPlan, trips: list[rules.Trip], name: str) -> HttpResponse:
    papers = _papers(request, stored, trips)
    wanted = {piece.place for trip in trips for code in trip.loads for piece in papers.loads[code].pieces}
    boxes = [box for box in packing.boxes(request.election.code, request.at) if box.tps in wanted]
    values = convoys.manifest(papers, boxes)
    return _answer(document.pdf("manifes", values, stored.occurred_at), name, "application/pdf", inline=True)


# --- escorts and the sheet of ways -----------------------------------------------------------------------------------------


@shell.page("distribution.read")
def escorts(request: shell.Request, election: str) -> HttpResponse:
    """The roster for the police: every trip, then what reaches each kecamatan."""
    stored = _stored(request, election)
    values = convoys.escorts(_papers(request, stored, stored.plan.trips))
    made = document.pdf("daftar-distribusi", values, stored.occurred_at)
    return _answer(made, f"pengawalan-rencana-{stored.number}.pdf", "application/pdf", inline=True)


@shell.page("distribution.read")
def routes(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """Peta jalur distribusi as XLSX or PDF. How vulnerable a desa is stands there only for whom that is open."""
    stored = _stored(request, election)
    papers, vulnerable = _papers(request, stored, stored.plan.trips), _vulnerable(request, election)
    voters = {code: one.dpt for code, one in dpt.voters(election, request.at).items()}
    rows = convoys.routes(papers, voters, weather.waves(election, request.at), vulnerable)
    name = f"peta-jalur-rencana-{stored.number}"
    if kind == "xlsx":
        return _answer(
            table.xlsx({"Peta jalur": rows, "Keterangan": [["Keterangan"], *([note] for note in _notes(stored))]}), f"{name}.xlsx", XLSX
        )
    if kind != "pdf":
        raise Http404
    values = convoys.route_sheet(papers, rows, _notes(stored))
    values["marks"] = [*values["marks"], *(["TERBATAS"] if vulnerable is not None else [])]
    return _answer(document.pdf("daftar-distribusi", values, stored.occurred_at), f"{name}.pdf", "application/pdf", inline=True)


def _notes(stored: distribution.StoredPlan) -> list[str]:
    network = stored.inputs.network
    return [
        f"Rencana {stored.number} {' '.join(stored.marks)}".strip(),
        "Jarak dan waktu tempuh: dari gudang langsung ke tempat itu, untuk pulau lewat dermaganya. Tiba: menurut urutan perjalanan.",
        f"Dasar asumsi: garis lurus × {text.desimal(network.detour_permille / 1000, 2)} pada {network.road_kmh} km per jam.",
    ]


def _vulnerable(request: shell.Request, election: str) -> dict[str, str] | None:
    """Desa -> what is known about it, for who reads AGHT there; None where this person reads none of it."""
    scope = shell.scope(request, "aght.read")
    found = aght.desa(election, request.at, scope) if shell.may(request, "aght.read") else []
    if not found:
        return None
    return {
        one.code: "belum ada kabar" if one.unknown else f"{text.angka(one.items)} hal terbuka, risiko {text.angka(one.loss)} pemilih"
        for one in found
    }


# --- files for other programs ----------------------------------------------------------------------------------------------


@shell.page("distribution.read")
def track(request: shell.Request, election: str, code: str, kind: str) -> HttpResponse:
    """One vehicle's ways as GPX (for the driver's phone) or GeoJSON (for a map)."""
    stored = _stored(request, election)
    found = stored.plan.of_vehicle(code)
    if not found:
        raise Http404
    return _tracks(stored, found, f"{code}-rencana-{stored.number}", f"{code}, {request.election.name}", kind)


@shell.page("distribution.read")
def all_tracks(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """The ways of all vehicles in one file."""
    stored = _stored(request, election)
    ordered = sorted(stored.plan.trips, key=lambda trip: (trip.depart_min, trip.code))
    return _tracks(stored, ordered, f"rute-rencana-{stored.number}", f"Distribusi {request.election.name}", kind)


def _tracks(stored: distribution.StoredPlan, trips: Iterable[rules.Trip], name: str, title: str, kind: str) -> HttpResponse:
    journey = tracks.Journey(
        trips=list(trips),
        loads={load.code: load for load in stored.inputs.loads},
        vehicles={one.code: one for one in stored.inputs.fleet},
        network=stored.inputs.network,
        instant=stored.instant,
        waybills={trip: number for trip, (number, _) in stored.waybills.items()},
        plan=stored.number,
        marks=stored.marks,
    )
    makers: dict[str, Any] = {
        "gpx": lambda: (tracks.gpx(journey, title, stored.occurred_at), "application/gpx+xml"),
        "geojson": lambda: (tracks.geojson(journey, title), "application/geo+json"),
    }
    if kind not in makers:
        raise Http404
    data, media = makers[kind]()
    return _answer(data, f"{name}.{kind}", media)


urlpatterns = [
    path("<slug:election>/distribusi/manifes/<slug:trip>.pdf", manifest, name="distribution_manifest"),
    path("<slug:election>/distribusi/kendaraan/<slug:code>/manifes.pdf", vehicle_manifest, name="distribution_vehicle_manifest"),
    path("<slug:election>/distribusi/kendaraan/<slug:code>/rute.<str:kind>", track, name="distribution_track"),
    path("<slug:election>/distribusi/rute.<str:kind>", all_tracks, name="distribution_tracks"),
    path("<slug:election>/distribusi/pengawalan.pdf", escorts, name="distribution_escorts"),
    path("<slug:election>/distribusi/peta-jalur.<str:kind>", routes, name="distribution_routes"),
]
