"""Stage rakor: screens."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import rakor as rules
from posko.domain import record as facts
from posko.formats import document
from posko.formats import rakor as printed
from posko.store import rakor, record

WIB = timezone(timedelta(hours=7))
INVITED = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")
DECISION_STATES = {"done": ("done", "selesai"), "overdue": ("overdue", "lewat tenggat"), "open": ("waiting", "berjalan")}


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


def _decisions(request: shell.Request, meeting: str = "") -> list[dict[str, Any]]:
    found = []
    for d in rakor.decisions(request.election.code, request.at, meeting):
        state, word = DECISION_STATES["done" if d.done_at else "overdue" if d.overdue(request.at) else "open"]
        mine = d.owner == request.person.agency and d.done_at is None and shell.may(request, "rakor.answer")
        about = {name: getattr(d, name) for name in ("code", "text", "due_at", "mark", "answer")}
        found.append({**about, "owner": printed.agency_name(d.owner), "state": state, "word": word, "may_answer": mine})
    return found


@shell.page("rakor.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All meetings with their newest pack, and all decisions."""
    meetings = []
    for m in rakor.meetings(election, request.at):
        newest = next(iter(rakor.snapshots(election, request.at, m.code)), None)
        about = {name: getattr(m, name) for name in ("code", "title", "place", "starts_at", "mark")}
        meetings.append({**about, "present": ", ".join(printed.agency_name(a) for a in sorted(m.attended)), "snapshot": newest})
    context = {"meetings": meetings, "decisions": _decisions(request), "may_write": shell.may(request, "rakor.freeze")}
    return render(request, "desk/rakor/index.html", context)


@shell.page("rakor.freeze")
def new(request: shell.Request, election: str) -> HttpResponse:
    """Call a rakor."""
    asked = set(request.POST.getlist("agency")) if request.method == "POST" else set(INVITED)
    if request.method == "POST":
        try:
            starts_at = _moment(request.POST.get("day", ""), request.POST.get("hour", ""))
            title, place = request.POST.get("title", "").strip()[:160], request.POST.get("place", "").strip()[:160]
            invited = [a for a in INVITED if a in asked]
            called = rakor.call_meeting(election, title, place, starts_at, invited, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Rakor disimpan.")
            return redirect("desk:rakor_meeting", election, called.code)
    agencies = [(code, printed.agency_name(code), code in asked) for code in INVITED]
    return render(request, "desk/rakor/new.html", {"agencies": agencies, "typed": request.POST})


@shell.page("rakor.read")
def meeting(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One meeting: who came, packs, decisions, and the forms for them."""
    found = _found(election, code, request.at)
    agencies = [{"code": a.agency, "name": printed.agency_name(a.agency), "attended": a.attended} for a in found.agencies]
    context = {
        "meeting": found,
        "agencies": agencies,
        "absent": [a for a in agencies if not a["attended"]],
        "snapshots": rakor.snapshots(election, request.at, code),
        "decisions": _decisions(request, code),
        "may_freeze": shell.may(request, "rakor.freeze"),
        "may_read": rules.may_read(request.person.agency, found),
        "typed": request.POST,
    }
    return render(request, "desk/rakor/meeting.html", context)


def _found(election: str, code: str, at: datetime) -> rules.Meeting:
    try:
        return rakor.meeting(election, code, at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal


@shell.page("rakor.freeze")
def attend(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Note which agencies came."""
    if request.method == "POST":
        invited = {a.agency for a in _found(election, code, request.at).agencies}
        there = [a for a in request.POST.getlist("agency") if a in invited]
        rakor.attend(election, code, there, _actor(request), request.at)
        shell.done(request, "Kehadiran disimpan.")
    return redirect("desk:rakor_meeting", election, code)


@shell.page("rakor.freeze")
def freeze(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Freeze the numbers as they stand now."""
    if request.method == "POST":
        _found(election, code, request.at)
        frozen = rakor.freeze(election, code, _actor(request), request.at)
        shell.done(request, f"Angka dibekukan sebagai {frozen.code}. Sidik jari {frozen.digest[:16]}…")
        return redirect("desk:rakor_snapshot", election, frozen.code)
    return redirect("desk:rakor_meeting", election, code)


@shell.page("rakor.freeze")
def decide(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Record a decision; it becomes a task of its owner."""
    if request.method == "POST":
        try:
            due_at = _moment(request.POST.get("due", ""), "23:59")
            words = request.POST.get("text", "").strip()[:600]
            made = rakor.decide(election, code, words, request.POST.get("owner", ""), due_at, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return meeting(request, election, code)  # type: ignore[return-value]  # a page function answers with a response
        shell.done(request, f"Keputusan {made.code} disimpan dan masuk ke tugas {printed.agency_name(made.owner)}.")
    return redirect("desk:rakor_meeting", election, code)


@shell.page("rakor.answer")
def done(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The owner reports a decision carried out."""
    if request.method == "POST":
        try:
            rakor.report_done(election, code, request.POST.get("answer", "").strip()[:600], _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} dilaporkan selesai.")
    return redirect("desk:rakor", election)


def _pack(request: shell.Request, election: str, code: str) -> tuple[rules.Snapshot, dict[str, Any]] | None:
    """The pack as this person's agency may read it; None where the agency was not at the meeting."""
    try:
        frozen = rakor.snapshot(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    if not rules.may_read(request.person.agency, _found(election, frozen.meeting, request.at)):
        return None
    return frozen, printed.pack(frozen, request.person.agency, place=record.installation().name)


def _not_yours(request: shell.Request) -> HttpResponse:
    words = {"title": "Bukan bagian Anda", "text": "Paket ini hanya untuk lembaga yang hadir pada rakornya.", "detail": ""}
    return render(request, "error.html", words, status=403)


@shell.page("rakor.read")
def snapshot(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A frozen pack on the screen."""
    found = _pack(request, election, code)
    return _not_yours(request) if found is None else render(request, "desk/rakor/snapshot.html", {"pack": found[1]})


@shell.page("rakor.read")
def slide(request: shell.Request, election: str, code: str, number: int) -> HttpResponse:
    """One page of a frozen pack for the projector; arrow keys turn the pages."""
    found = _pack(request, election, code)
    if found is None:
        return _not_yours(request)
    pages = printed.slides(found[1])
    if not 1 <= number <= len(pages):
        raise Http404(number)
    context = {
        "pack": found[1],
        "slide": pages[number - 1],
        "number": number,
        "count": len(pages),
        "previous": number - 1,
        "next": number + 1 if number < len(pages) else 0,
    }
    return render(request, "desk/rakor/slide.html", context)


@shell.page("rakor.read")
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pack as PDF; the same bytes for the same agency every time."""
    found = _pack(request, election, code)
    if found is None:
        return _not_yours(request)
    data = document.pdf("paket-rakor", found[1], found[0].frozen_at)
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="paket-rakor-{code}.pdf"'})


@shell.page("rakor.read")
def export(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The pack as canonical JSON, with the hash of what this agency may not read."""
    found = _pack(request, election, code)
    if found is None:
        return _not_yours(request)
    data = rules.copy_for(found[0].sections, rules.withheld_from(request.person.agency), found[0].erased)
    name = f'attachment; filename="paket-rakor-{code}.json"'
    return HttpResponse(data, content_type="application/json", headers={"Content-Disposition": name})


def _moment(day: str, hour: str) -> datetime:
    """A day and an hour typed in WIB. NotAMoment."""
    try:
        return datetime.strptime(f"{day} {hour}", "%Y-%m-%d %H:%M").replace(tzinfo=WIB).astimezone(UTC)
    except ValueError:
        raise rules.NotAMoment(typed=f"{day} {hour}".strip()[:30]) from None


urlpatterns = [
    path("<slug:election>/rakor/", index, name="rakor"),
    path("<slug:election>/rakor/baru/", new, name="rakor_new"),
    path("<slug:election>/rakor/rapat/<slug:code>/", meeting, name="rakor_meeting"),
    path("<slug:election>/rakor/rapat/<slug:code>/hadir/", attend, name="rakor_attend"),
    path("<slug:election>/rakor/rapat/<slug:code>/bekukan/", freeze, name="rakor_freeze"),
    path("<slug:election>/rakor/rapat/<slug:code>/putuskan/", decide, name="rakor_decide"),
    path("<slug:election>/rakor/keputusan/<slug:code>/selesai/", done, name="rakor_done"),
    path("<slug:election>/rakor/paket/<slug:code>/", snapshot, name="rakor_snapshot"),
    path("<slug:election>/rakor/paket/<slug:code>/layar/<int:number>/", slide, name="rakor_slide"),
    path("<slug:election>/rakor/paket/<slug:code>/paket.pdf", pdf, name="rakor_pdf"),
    path("<slug:election>/rakor/paket/<slug:code>/paket.json", export, name="rakor_json"),
]
SENTENCES: dict[str, str] = {
    "rakor.not_canonical": "Angka tidak dapat dibekukan: isi {path} bukan teks atau bilangan bulat.",
    "rakor.no_agency": "Pilih lembaga.",
    "rakor.untitled": "Isi judul, tempat, atau kalimatnya.",
    "rakor.deadline_past": "Tenggat harus sesudah sekarang.",
    "rakor.not_invited": "Lembaga {agency} tidak ikut rakor ini, jadi tidak dapat menjadi pelaksana.",
    "rakor.nothing_frozen": "Bekukan angka dahulu; keputusan merujuk paket yang dibekukan.",
    "rakor.unknown": "{thing} tidak ditemukan.",
    "rakor.already_done": "Keputusan {decision} sudah dilaporkan selesai.",
    "rakor.not_owner": "Hanya pelaksana yang dapat melaporkan {decision} selesai.",
    "rakor.changed": "Isi paket {snapshot} tidak cocok lagi dengan sidik jarinya. Hubungi admin sistem.",
    "rakor.not_a_moment": "“{typed}” bukan tanggal dan jam.",
}
TASKS: dict[str, tuple[str, str]] = {"rakor.decision": ("Laksanakan keputusan {label}", "desk:rakor_meeting")}
HITS: dict[str, str] = {"rakor": "desk:rakor_meeting"}
