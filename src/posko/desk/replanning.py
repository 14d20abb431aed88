"""Stage replanning: screens: what has happened, the repaired plan before it counts, the surat jalan that change."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import distribution as plan_desk
from posko.desk import shell
from posko.domain import distribution as plans
from posko.domain import record as facts
from posko.domain import replanning as rules
from posko.formats import document, text
from posko.formats import replanning as printed
from posko.store import access, distribution, places, regulation, replanning

KINDS = {
    "jalan": "Jalan putus",
    "kendaraan": "Kendaraan hilang",
    "barang": "Barang terlambat",
    "pindah": "TPS pindah",
    "gabung": "TPS digabung",
    "lain": "Masukan berubah",
}
# A repair is looked at and taken within a request, so it is weighed briefly; the command line weighs longer.
TRIALS, ITERATIONS = 4_000, 300
_FIELDS = ("jenis", "place", "to", "vehicle", "item", "ready", "tps", "into", "source")


def _typed(said: QueryDict) -> dict[str, str]:
    typed = {name: said.get(name, "").strip()[:40] for name in _FIELDS}
    typed["jenis"] = typed["jenis"] if typed["jenis"] in KINDS else "jalan"
    typed["source"] = typed["source"] if typed["source"] in replanning.SOURCES else replanning.SOURCES[0]
    return typed


def _happened(request: shell.Request, typed: Mapping[str, str]) -> rules.Disruption | None:
    """What was typed, as a disruption; None for `lain`: only the inputs have changed. BadDisruption, NothingToRepair."""
    election, at = request.election.code, request.at
    match typed["jenis"]:
        case "jalan":
            return rules.RoadCut(typed["place"], typed["to"], typed["source"])
        case "kendaraan":
            return rules.VehicleLost(typed["vehicle"])
        case "barang":
            stored, moment = distribution.current_plan(election, at), text.typed_moment(typed["ready"])
            if stored is None:
                raise rules.NothingToRepair(election=election)
            if moment is None:
                raise rules.BadDisruption(item=typed["item"])
            return rules.LateStock(typed["item"], round((moment - stored.midnight_at).total_seconds() / 60))
        case "pindah":
            return rules.TpsMoved(typed["tps"], typed["to"])
        case "gabung":
            return rules.TpsMoved(typed["tps"], replanning.destination(election, typed["tps"], typed["into"], at), typed["into"])
    return None


@shell.page("replanning.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What is disturbed now, the form for something new, and what the last repair has changed."""
    stored = distribution.current_plan(election, request.at)
    names = _names(request, stored)
    repaired = replanning.last_repair(election, request.at)
    context: dict[str, Any] = {
        "plan": stored,
        "stale": stored is not None and distribution.stale(stored, election, request.at),
        "disrupted": [_told(one, names, stored) for one in distribution.disruptions(election, request.at)],
        "kinds": KINDS,
        "typed": _typed(request.GET),
        "may_write": shell.may(request, "replanning.write"),
        "repaired": repaired,
        "lines": _lines(repaired) if repaired else [],
        "told": _handed_out(election, repaired, request.at),
        "searches": [_searched(request, one, names, stored) for one in distribution.searches(election, replanning.TASK, request.at)],
    }
    if stored and context["may_write"]:
        context |= _choices(request, stored)
    return render(request, "desk/replanning/index.html", context)


def _handed_out(election: str, repaired: replanning.Repaired | None, at: datetime) -> dict[str, Any] | None:
    found = replanning.told(election, repaired.stored.number, at) if repaired else None
    return {"at": found.occurred_at, "person": access.names().get(found.person, found.person)} if found else None


def _choices(request: shell.Request, stored: distribution.StoredPlan) -> dict[str, Any]:
    nodes = sorted((node for node in stored.inputs.network.nodes if node.kind != "ppk"), key=lambda node: (node.kind, node.name))
    book = regulation.rulebook(request.election.code, request.at)
    present = {piece.item for load in stored.inputs.loads for piece in load.pieces}
    return {
        "roads": [node for node in nodes if node.kind != "pulau"],
        "targets": [node for node in nodes if node.kind in {"desa", "pulau"}],
        "vehicles": distribution.fleet(request.election.code, request.at),
        "items": [(item.code, item.name) for item in book.items if item.code in present],
        "stations": [(tps.code, f"{tps.name} {tps.desa_name}") for tps in places.tps_list(request.election.code)],
        "sources": printed.SOURCES.items(),
        "ready_default": text.form_moment(stored.instant(stored.inputs.rules.earliest_min + 60 - plans.DAY)),
    }


def _names(request: shell.Request, stored: distribution.StoredPlan | None) -> dict[str, str]:
    names = {tps.code: f"{tps.name} {tps.desa_name}" for tps in places.tps_list(request.election.code)}
    names |= {node.code: node.name for node in stored.inputs.network.nodes} if stored else {}
    return names


def _searched(
    request: shell.Request, one: distribution.PlanRequest, names: Mapping[str, str], stored: distribution.StoredPlan | None
) -> dict[str, Any]:
    what = _said(rules.disruption_of(one.asked["happened"]), names, stored) if stored else ""
    return {"one": one, "what": what, "person": access.names().get(one.actor.person, one.actor.person)}


def _told(one: distribution.Disrupted, names: Mapping[str, str], stored: distribution.StoredPlan | None) -> dict[str, Any]:
    said = {
        "road": f"Jalan {names.get(one.place, one.place)}–{names.get(one.to, one.to)} putus",
        "moved": f"Barang {names.get(one.place, one.place)} diantar ke {names.get(one.to, one.to)}",
        "late": f"{one.item} baru ada di gudang {text.waktu(stored.instant(one.ready_min)) if stored else one.ready_min}",
    }
    end = {"road": "Jalan terbuka lagi", "moved": "Kembali ke tempat semula", "late": "Barang sudah ada"}
    return {"one": one, "said": said[one.kind], "end": end[one.kind], "source": printed.SOURCES.get(one.source, one.source)}


# --- the repair, before it counts ----------------------------------------------------------------------------------------------------


LOOKED_AT_MIN = 15
"""How long a repair that was looked at can be taken: trips leave no earlier than when it was reckoned, so a later minute may differ."""


def _reckoned(stand: replanning.Stand, typed: str) -> int:
    """The minute at which the repair was looked at; now where that is long ago, or where a trip of the plan has left since."""
    seen_min = int(typed) if typed.removeprefix("-").isdecimal() and len(typed) < 8 else stand.now_min
    left = any(seen_min < trip.depart_min <= stand.now_min for trip in stand.stored.plan.trips)
    return seen_min if 0 <= stand.now_min - seen_min <= LOOKED_AT_MIN and not left else stand.now_min


def _mended(stand: replanning.Stand, now_min: int) -> Any:
    # The routing library costs a second at the start of every process.
    from posko.planning import mending, routes  # noqa: PLC0415  (see above)

    stop = routes.Stop(iterations=ITERATIONS)
    return mending.mend(stand.stored.plan, stand.given, now_min=now_min, trials=TRIALS, stop=stop, seed=stand.stored.plan.seed)


@shell.page("replanning.write")
def preview(request: shell.Request, election: str) -> HttpResponse:
    """The repaired plan with the surat jalan that would change; nothing is recorded. Where there is much to search the worker is asked."""
    typed = _typed(request.GET)
    try:
        happened = _happened(request, typed)
        stand = replanning.stand(request.election.code, happened, request.at)
        if not rules.at_once(stand.given.loads):
            return render(request, "desk/replanning/ask.html", _asking(request, typed, happened, stand))
        made = _mended(stand, stand.now_min)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:replanning", election)
    context = _effect(request, happened, stand, made.plan) | {
        "typed": typed,
        "kind": KINDS[typed["jenis"]],
        "fresh": made.fresh,
        "frozen": len(made.frozen),
        "rerouted": ", ".join(made.rerouted),
        "seen_hash": plans.plan_hash(made.plan),
        "seen_min": str(stand.now_min),
        "loads": len(stand.given.loads),
    }
    return render(request, "desk/replanning/preview.html", context)


def _effect(request: shell.Request, happened: rules.Disruption | None, stand: replanning.Stand, plan: plans.Plan) -> dict[str, Any]:
    """What a repair would change in the plan in force, in figures and surat jalan by surat jalan."""
    stored = stand.stored
    told = rules.changes(stored.plan, stored.inputs.loads, plan, stand.given.loads)
    now = printed.Side(plan, {x.code: x for x in stand.given.loads}, stand.given.network, {})
    return {
        "what": _said(happened, _names(request, stored), stored),
        "plan": stored,
        "told": told,
        "lines": printed.lines(told, _side(stored), now, stored.midnight_at),
        "whole": plan.feasible,
        "more_km": text.desimal(abs(plan.distance_m - stored.plan.distance_m) / 1000),
        "shorter": plan.distance_m < stored.plan.distance_m,
        "cost": _dearer(_cost(plan, stand.given.fleet) - _cost(stored.plan, stored.inputs.fleet)),
        "moved": len(told.moved),
        "reasons": plan_desk.reasons(plan.unassigned, {site.code: site.name for site in places.sites(request.election.region)}),
        "marks": stored.marks,
        "sources": printed.SOURCES.items(),
        "road": isinstance(happened, rules.RoadCut),
        "vehicle": isinstance(happened, rules.VehicleLost),
    }


def _dearer(rupiah: int) -> str:
    return f"{'−' if rupiah < 0 else '+'}{text.angka(abs(rupiah))}"


def _cost(plan: plans.Plan, vehicles: Iterable[plans.Vehicle]) -> int:
    """Rupiah: hire of the vehicles that go out, and their kilometres."""
    fleet = {vehicle.code: vehicle for vehicle in vehicles}
    used = {trip.vehicle for trip in plan.trips if trip.vehicle in fleet}
    way = sum(fleet[trip.vehicle].cost_per_km * trip.distance_m // 1000 for trip in plan.trips if trip.vehicle in fleet)
    return sum(fleet[code].fixed_cost for code in used) + way


def _said(happened: rules.Disruption | None, names: Mapping[str, str], stored: distribution.StoredPlan) -> str:
    match happened:
        case rules.RoadCut(place, to, _):
            return f"Jalan {names.get(place, place)}–{names.get(to, to)} putus."
        case rules.VehicleLost(vehicle):
            return f"{vehicle} tidak dapat dipakai lagi."
        case rules.TpsMoved(tps, to, into):
            how = f"digabung ke {names.get(into, into)}" if into else "pindah"
            return f"{names.get(tps, tps)} {how}: barangnya diantar ke {names.get(to, to)}."
        case rules.LateStock(item, ready_min):
            return f"{item} baru ada di gudang {text.waktu(stored.instant(ready_min))}."
    return "Rencana yang berlaku disesuaikan dengan kebutuhan, armada, jalan, dan bahaya seperti sekarang."


@shell.page("replanning.write")
def commit(request: shell.Request, election: str) -> HttpResponse:
    """Records the disruption and the repair that was looked at; or the disruption alone, where no plan brings everything."""
    if request.method != "POST":
        return redirect("desk:replanning", election)
    typed = _typed(request.POST)
    again = redirect("desk:replanning", election)
    seen, note, alone = request.POST.get("seen", ""), request.POST.get("note", "").strip()[:400], "alone" in request.POST
    try:
        happened = _happened(request, typed)
        stand = replanning.stand(request.election.code, happened, request.at)
        if not rules.at_once(stand.given.loads):
            raise rules.PlanMoved(seen=seen[:6], now=stand.stored.number)
        made = _mended(stand, _reckoned(stand, request.POST.get("seen_min", "")))
        if plans.plan_hash(made.plan) != request.POST.get("seen_hash", ""):
            raise rules.PlanMoved(seen=seen[:6], now=stand.stored.number)
        number = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
        plan, actor = None if alone else made.plan, _actor(request)
        stored = replanning.record_repair(election, happened, plan, number, typed["source"], note, actor, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return again
    _recorded(request, stored)
    return again


def _recorded(request: shell.Request, stored: distribution.StoredPlan | None) -> None:
    if stored is None:
        shell.warned(request, "Gangguan dicatat. Rencana yang berlaku memakai masukan lama: cari jalan keluar untuk yang tidak terbawa.")
    else:
        shell.done(request, f"Gangguan dicatat. Rencana {stored.number} berlaku; cetak lembar perubahan untuk pengemudi dan Polres.")


# --- searched by the worker ----------------------------------------------------------------------------------------------------------


def _asking(request: shell.Request, typed: Mapping[str, str], happened: rules.Disruption | None, stand: replanning.Stand) -> dict[str, Any]:
    return {
        "typed": typed,
        "kind": KINDS[typed["jenis"]],
        "what": _said(happened, _names(request, stand.stored), stand.stored),
        "loads": len(stand.given.loads),
        "most": rules.LARGEST_AT_ONCE,
        "plan": stand.stored,
    }


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


@shell.page("replanning.write")
def ask(request: shell.Request, election: str) -> HttpResponse:
    """Asks the worker to search; whoever asks the same waits for the same answer."""
    if request.method != "POST":
        return redirect("desk:replanning", election)
    typed = _typed(request.POST)
    try:
        asked = replanning.ask(election, _happened(request, typed), typed["source"], _actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:replanning", election)
    return redirect("desk:replanning_search", election, asked.id)


@shell.page("replanning.write")
def search(request: shell.Request, election: str, number: int) -> HttpResponse:
    """How far a search is, and what it found: a draft that somebody takes or puts aside."""
    found = replanning.found(election, number, request.at)
    if found is None:
        raise Http404
    current = distribution.current_plan(election, request.at)
    stored = found.base or current
    asked = found.request
    context: dict[str, Any] = {
        "found": found,
        "what": _said(found.happened, _names(request, stored), stored) if stored else "",
        "kind": _kind(found.happened),
        "base": asked.asked["base"],
        "current": current.number if current else 0,
        "person": access.names().get(asked.actor.person, asked.actor.person),
        "reason": shell.told(asked.code, asked.details) if asked.state == "failed" else "",
        "source": found.source,
        "again": _again(found),
        **plan_desk.waited(asked, request.machine_at),
    }
    if found.plan is not None and found.stand is not None and not found.changed:
        answer = asked.answer
        context |= _effect(request, found.happened, found.stand, found.plan)
        context |= {"frozen": answer["frozen"], "rerouted": ", ".join(answer["rerouted"]), "fresh": answer["fresh"]}
    return render(request, "desk/replanning/search.html", context)


def _kind(happened: rules.Disruption | None) -> str:
    """The word for a disruption, as the form has it."""
    words: dict[type[Any], str] = {rules.RoadCut: "jalan", rules.VehicleLost: "kendaraan", rules.LateStock: "barang"}
    if isinstance(happened, rules.TpsMoved):
        return KINDS["gabung" if happened.into else "pindah"]
    return KINDS[words.get(type(happened), "lain")]


def _again(found: replanning.Found) -> dict[str, str]:
    """The fields of the form that asks for the same once more."""
    said: dict[str, Any] = {"source": found.source}
    match found.happened:
        case rules.RoadCut(place, to):
            said |= {"jenis": "jalan", "place": place, "to": to}
        case rules.VehicleLost(vehicle):
            said |= {"jenis": "kendaraan", "vehicle": vehicle}
        case rules.TpsMoved(tps, to, into):
            said |= {"jenis": "gabung" if into else "pindah", "tps": tps, "to": to, "into": into}
        case rules.LateStock(item, ready_min):
            ready = found.base.instant(ready_min) if found.base else None
            said |= {"jenis": "barang", "item": item, "ready": text.form_moment(ready) if ready else ""}
        case _:
            said |= {"jenis": "lain"}
    return said


@shell.page("replanning.write")
def cancel(request: shell.Request, election: str, number: int) -> HttpResponse:
    """Nobody wants a search or what it found any more."""
    if request.method == "POST":
        try:
            if replanning.found(election, number, request.at) is None:
                raise Http404
            distribution.cancel_request(election, number, _actor(request), request.at)
            shell.done(request, "Pencarian dihentikan. Rencana yang berlaku tidak berubah, dan gangguannya belum dicatat.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:replanning", election)


@shell.page("replanning.write")
def take(request: shell.Request, election: str, number: int) -> HttpResponse:
    """Records the disruption and the repair that the worker found; or the disruption alone."""
    if request.method != "POST":
        return redirect("desk:replanning_search", election, number)
    note, alone = request.POST.get("note", "").strip()[:400], "alone" in request.POST
    try:
        stored = replanning.take(election, number, note, _actor(request), request.at, alone=alone)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:replanning_search", election, number)
    _recorded(request, stored)
    return redirect("desk:replanning", election)


@shell.page("replanning.write")
def end(request: shell.Request, election: str) -> HttpResponse:
    """A disruption is over; the plan can then be adapted again."""
    if request.method == "POST":
        try:
            actor = facts.Actor(request.person.id, request.person.agency)
            replanning.end(election, request.POST.get("entry", ""), request.POST.get("note", ""), actor, request.at)
            shell.done(request, "Dicatat. Sesuaikan rencana bila perlu: pilih Masukan berubah.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:replanning", election)


# --- what has changed ----------------------------------------------------------------------------------------------------------------


def _side(stored: distribution.StoredPlan) -> printed.Side:
    numbers = {trip: number for trip, (number, _) in stored.waybills.items()}
    return printed.Side(stored.plan, {load.code: load for load in stored.inputs.loads}, stored.inputs.network, numbers)


def _lines(repaired: replanning.Repaired) -> list[printed.Line]:
    return printed.lines(repaired.changes, _side(repaired.base), _side(repaired.stored), repaired.stored.midnight_at)


@shell.page("replanning.read")
def sheet(request: shell.Request, election: str) -> HttpResponse:
    """The change sheet of the last repair as PDF."""
    repaired = replanning.last_repair(election, request.at)
    if repaired is None:
        raise Http404
    stored = repaired.stored
    names = _names(request, stored)
    told = [_told(one, names, stored) for one in distribution.disruptions(election, request.at)]
    lost = {one.code for one in repaired.base.inputs.fleet} - {one.code for one in stored.inputs.fleet}
    reasons = [f"{one['said']} (kata {one['source']})." for one in told] + [f"{code} tidak dapat dipakai lagi." for code in sorted(lost)]
    head = {
        "agency": f"KPU {places.region_name(request.election.region)}",
        "place": request.election.name,
        "marks": list(stored.marks),
        "footer": f"Rencana {stored.number}, {text.waktu(stored.occurred_at)}",
        "stamp": f"sidik rencana {stored.plan_hash[:16]}",
        "size": "0.8em",
        "landscape": True,
    }  # fmt: skip
    kept = len(repaired.changes.kept)
    values = printed.sheet(_lines(repaired), head=head, reasons=reasons, kept=kept, plan=stored.number, base=repaired.base.number)
    response = HttpResponse(document.pdf("daftar-distribusi", values, stored.occurred_at), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="perubahan-rencana-{stored.number}.pdf"'
    return response


@shell.page("replanning.write")
def tell(request: shell.Request, election: str) -> HttpResponse:
    """Drivers, escorts and receivers have the change sheet."""
    if request.method == "POST":
        typed = request.POST.get("plan", "")
        try:
            replanning.tell(election, int(typed) if typed.isdecimal() and len(typed) < 7 else 0, _actor(request), request.at)
            shell.done(request, f"Dicatat: lembar perubahan rencana {typed} sudah dibagikan.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:replanning", election)


@shell.page("replanning.read")
def waybill(request: shell.Request, election: str, identity: str) -> HttpResponse:
    """Whether a surat jalan holds, for whoever has one in hand; a scan of an old one leads here."""
    found = distribution.waybill_state(identity, request.at)
    if found is None or found.election != election:
        raise Http404
    return render(request, "desk/replanning/waybill.html", {"bill": found, "identity": identity})


urlpatterns = [
    path("<slug:election>/distribusi/gangguan/", index, name="replanning"),
    path("<slug:election>/distribusi/gangguan/periksa/", preview, name="replanning_preview"),
    path("<slug:election>/distribusi/gangguan/catat/", commit, name="replanning_commit"),
    path("<slug:election>/distribusi/gangguan/cari/", ask, name="replanning_ask"),
    path("<slug:election>/distribusi/gangguan/cari/<int:number>/", search, name="replanning_search"),
    path("<slug:election>/distribusi/gangguan/cari/<int:number>/batal/", cancel, name="replanning_cancel"),
    path("<slug:election>/distribusi/gangguan/cari/<int:number>/catat/", take, name="replanning_take"),
    path("<slug:election>/distribusi/gangguan/selesai/", end, name="replanning_end"),
    path("<slug:election>/distribusi/gangguan/dibagikan/", tell, name="replanning_tell"),
    path("<slug:election>/distribusi/gangguan/perubahan.pdf", sheet, name="replanning_sheet"),
    path("<slug:election>/distribusi/surat/<str:identity>/", waybill, name="replanning_waybill"),
]
SENTENCES: dict[str, str] = {
    "replanning.no_plan": "Belum ada rencana yang dapat diperbaiki. Susun rencana dahulu.",
    "replanning.bad_disruption": "Gangguan ini menyebut yang tidak ada dalam rencana, atau kurang lengkap. Periksa pilihannya.",
    "replanning.too_near": "{place} dan {to} terlalu dekat ({metres} m): setiap jalan dari yang satu lewat yang lain. Pilih desa lain.",
    "replanning.plan_moved": "Rencana atau masukannya berubah sejak dilihat. Periksa sekali lagi sebelum mencatat.",
    "replanning.already_told": "Pembagian lembar perubahan rencana {plan} sudah dicatat.",
    "replanning.overdue": "Sudah berangkat sejak pencarian: {trips}. Pengemudinya memegang surat yang lama; cari sekali lagi.",
    "replanning.not_whole": "Perbaikan ini meninggalkan {left} muatan, jadi tidak dicatat sebagai rencana. Catat gangguannya saja.",
}
TASKS: dict[str, tuple[str, str]] = {
    "replanning.tell": ("Bagikan lembar perubahan {label} kepada pengemudi dan pengawal, lalu catat", "desk:replanning"),
    "replanning.found": ("Lihat perbaikan {label} yang ditemukan: terima atau singkirkan", "desk:replanning"),
}
HITS: dict[str, str] = {"old_waybill": "desk:replanning_waybill"}
