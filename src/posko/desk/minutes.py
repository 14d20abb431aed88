"""Stage minutes: screens. Written during the meeting part by part, finished and sent in one step, approved and received in each inbox."""

import json
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import evidence as evidence_desk
from posko.desk import rakor as meetings
from posko.desk import record as journal
from posko.desk import shell
from posko.domain import disputes as dispute_rules
from posko.domain import minutes as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.formats import document
from posko.formats import minutes as printed
from posko.formats import rakor as words
from posko.formats import text as sentences
from posko.store import access, disputes, minutes, rakor, record


def _found(request: shell.Request, election: str, code: str) -> rakor_rules.Meeting:
    """The meeting, for those who may read its minutes; 404 for everybody else."""
    try:
        found = rakor.meeting(election, code, request.at)
    except rakor_rules.Unknown as refusal:
        raise Http404(code) from refusal
    if not rules.may_read(request.person.agency, found):
        raise Http404(code)
    return found


@shell.page("minutes.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The minutes of every meeting that this person may read."""
    final = {f.meeting: f for f in minutes.listing(election, request.at)}
    rows = []
    for m in rakor.meetings(election, request.at):
        if not rules.may_read(request.person.agency, m) or m.cancelled:
            continue
        held = final.get(m.code)
        rows.append(
            {
                "meeting": m,
                "final": held,
                "spoken": len(held.voices()) if held else 0,
                "holders": len(held.holders()) if held else 0,
                "objections": sum(v.voice is rules.Voice.OBJECTED for v in held.voices().values()) if held else 0,
            }
        )
    return render(request, "desk/minutes/index.html", {"rows": rows, "may_write": shell.may(request, "minutes.write")})


@shell.page("minutes.read")
def meeting(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The minutes of one meeting: the writing page as long as they are written, the frozen page afterwards."""
    found = _found(request, election, code)
    final = minutes.of_meeting(election, code, request.at)
    return _frozen(request, election, found, final) if final else _writing(request, election, found)


# --- writing -----------------------------------------------------------------------------------------------------------------


def _open_disputes(request: shell.Request, election: str, code: str) -> list[tuple[str, str]]:
    """(code, figure) of numbers that two agencies still dispute: minutes that are frozen now will say that they are open."""
    done = {dispute_rules.State.SETTLED, dispute_rules.State.WITHDRAWN}
    return [(d.code, d.label) for d in disputes.listing(election, request.at, code) if d.state not in done]


def _writing(
    request: shell.Request, election: str, found: rakor_rules.Meeting, typed: dict[str, str] | None = None, clash: bool = False
) -> HttpResponse:
    parts = minutes.sections(election, found.code, request.at)
    decided = rakor.decisions(election, request.at, found.code)
    known = minutes.figures(election, found.code, request.at)
    by_key = {(f.snapshot, f.code): f for f in known}
    people, typed = access.names(), typed or {}
    keys = {s.key for s in parts}
    rows = []
    for number, s in enumerate(parts, start=1):
        mine = typed.get("key") == s.key
        rows.append(
            {
                "n": number,
                "s": s,
                "why": words.STATE_WORDS.get(s.why, s.why),
                "text": typed["text"] if mine else record.unerased(s.text),
                "clash": s.text if mine and clash else "",
                "pieces": printed.pieces(s.text, by_key),
                "cites": bool(rules.cited(s.text)),
                "person": people.get(s.person, s.person),
                "decisions": [d for d in decided if d.item == s.key],
                "item": s.key not in {rules.OPENING, rules.OTHER, rules.CLOSING},
            }
        )
    context = {
        **meetings.head(request, election, found),
        "rows": rows,
        "loose": [d for d in decided if d.item not in keys],
        "figures": _choices(known),
        "seen": rules.draft_digest(parts, decided),
        "may_minutes_write": shell.may(request, "minutes.write") and not found.cancelled,
        "decided": len(decided),
        "open_disputes": _open_disputes(request, election, found.code),
        "nobody": not found.attended,
        "most": rules.LONGEST_TEXT,
    }
    return render(request, "desk/minutes/write.html", context)


def _choices(known: list[rules.Figure]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Figures to insert, by snapshot, the newest first: token and what it says."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for f in known:
        groups.setdefault(f.snapshot, []).append((f.token, f"{f.label}: {printed.figure(f)[0]}"))
    return list(groups.items())


@shell.page("minutes.write")
def save(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Save one part; with the button for it, a figure is put at the end of its text. A script saves in the background and gets JSON."""
    found, typed = _found(request, election, code), request.POST
    if request.method != "POST":
        return redirect("desk:minutes_meeting", election, code)
    quiet = request.headers.get("X-Autosave") == "1"
    key, text = typed.get("key", "")[:60], typed.get("text", "")[: rules.LONGEST_TEXT + 1]
    figure = typed.get("figure", "")
    if typed.get("act") == "insert" and figure:
        text = f"{text.rstrip()} {figure}".strip()
    try:
        seen = int(typed.get("seen", "")) if typed.get("seen", "").isascii() and typed.get("seen", "").isdigit() else -1
        made = minutes.save(election, code, key, text, seen, shell.actor(request), request.at)
    except facts.Refusal as refusal:
        if quiet:
            return JsonResponse({"saved": False, "text": shell.sentence(refusal)}, status=409)
        shell.refused(request, refusal)
        if minutes.of_meeting(election, code, request.at):
            return redirect("desk:minutes_meeting", election, code)
        return _writing(request, election, found, {"key": key, "text": text}, isinstance(refusal, rules.SeenOlder))
    if quiet:
        now = rules.draft_digest(minutes.sections(election, code, request.at), rakor.decisions(election, request.at, code))
        return JsonResponse({"saved": True, "version": made.version, "seen": now})
    shell.done(request, f"“{made.label[:60]}” disimpan, versi {made.version}.")
    return redirect(reverse("desk:minutes_meeting", args=[election, code]) + f"#b{_anchor(request, election, code, key)}")


def _anchor(request: shell.Request, election: str, code: str, key: str) -> int:
    keys = [s.key for s in minutes.sections(election, code, request.at)]
    return keys.index(key) + 1 if key in keys else 1


@shell.page("minutes.read")
def history(request: shell.Request, election: str, code: str, number: int) -> HttpResponse:
    """Every version of one part, newest first."""
    found = _found(request, election, code)
    parts = minutes.sections(election, code, request.at)
    if not 1 <= number <= len(parts):
        raise Http404(number)
    people = access.names()
    rows = [{"s": s, "person": people.get(s.person, s.person)} for s in minutes.history(election, code, parts[number - 1].key, request.at)]
    context = {**meetings.head(request, election, found), "part": parts[number - 1], "rows": rows}
    return render(request, "desk/minutes/history.html", context)


@shell.page("minutes.write")
def finish(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Freeze the minutes and put them into every inbox."""
    found = _found(request, election, code)
    if request.method == "POST":
        try:
            final = minutes.finish(election, code, request.POST.get("seen", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            names = ", ".join(words.agency_name(a.agency) for a in found.agencies)
            shell.done(request, f"Notula {final.code} dibekukan dan masuk ke tugas {names}. Cetak sebelum peserta pulang.")
    return redirect("desk:minutes_meeting", election, code)


# --- frozen ------------------------------------------------------------------------------------------------------------------


def _frozen(request: shell.Request, election: str, found: rakor_rules.Meeting, final: rules.Final, typed: Any = None) -> HttpResponse:
    agency = request.person.agency
    signs = shell.may(request, "minutes.sign")
    shown = printed.shown(final)
    context = {
        **meetings.head(request, election, found),
        "final": final,
        "m": shown,
        "mine": final.voices().get(agency),
        "gone": final.erased,
        "may_sign": signs and agency in final.attended and not final.erased,
        "may_receive": signs and agency in final.recipients and agency not in final.holders() and not final.erased,
        "may_amend": shell.may(request, "minutes.write") and not final.erased,
        "office": record.unerased(next((a.office for a in found.agencies if a.agency == agency), "")),
        "agency": words.agency_name(agency),
        "typed": typed or {},
        "parts": [p["label"] for p in shown["parts"]],
        "most": rules.LONGEST_OBJECTION,
        **evidence_desk.context(request, "minutes", f"minutes:{final.code}", ("signed_scan",)),
    }
    return render(request, "desk/minutes/frozen.html", context)


def _final(request: shell.Request, election: str, code: str) -> tuple[rakor_rules.Meeting, rules.Final | None]:
    return _found(request, election, code), minutes.of_meeting(election, code, request.at)


@shell.page("minutes.sign")
def answer(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One person for an agency approves, or objects with words that are printed."""
    found, final = _final(request, election, code)
    typed = request.POST
    if request.method == "POST" and final and typed.get("act", "") in set(rules.Voice):
        try:
            voice, seen = rules.Voice(typed["act"]), typed.get("seen", "")
            words_ = typed.get("text", "").strip() if voice is rules.Voice.OBJECTED else ""
            minutes.answer(election, final.code, voice, typed.get("office", "").strip(), words_, seen, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _frozen(request, election, found, final, typed)
        shell.done(request, f"{words.agency_name(request.person.agency)} {printed.VOICES[voice]}. Tercatat pada notula.")
    return redirect("desk:minutes_meeting", election, code)


@shell.page("minutes.sign")
def receive(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An agency of the list confirms that it holds the minutes."""
    _, final = _final(request, election, code)
    if request.method == "POST" and final:
        try:
            minutes.receive(election, final.code, request.POST.get("seen", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Penerimaan notula oleh {words.agency_name(request.person.agency)} tercatat.")
    return redirect("desk:minutes_meeting", election, code)


@shell.page("minutes.write")
def amend(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A numbered correction; everybody who was there is asked again."""
    found, final = _final(request, election, code)
    typed = request.POST
    if request.method == "POST" and final:
        try:
            part, text, reason = (typed.get(name, "").strip() for name in ("part", "text", "reason"))
            made = minutes.amend(election, final.code, part, text, reason, typed.get("seen", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return _frozen(request, election, found, final, typed)
        shell.done(request, f"Perbaikan {made.number} disimpan. Semua yang hadir diminta menjawab lagi.")
    return redirect("desk:minutes_meeting", election, code)


@shell.page("minutes.read")
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The minutes for signing, `?kertas=f4`; the same bytes as long as nothing is added."""
    _, final = _final(request, election, code)
    if final is None:
        raise Http404(code)
    if final.erased:
        return _withdrawn(request, election, final)
    sheet = "f4" if request.GET.get("kertas") == "f4" else "a4"
    values = printed.paper(final, f"Kabupaten {record.installation().name}", sheet)
    data = document.pdf("notula", values, printed.latest_at(final))
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="notula-{final.code}.pdf"'}
    )


def _withdrawn(request: shell.Request, election: str, final: rules.Final) -> HttpResponse:
    """The page in the place of minutes whose words were erased."""
    paper = {
        "Notula": final.code, "Rapat": final.meeting, "Dibekukan": sentences.waktu(final.finished_at), "Sidik jari": final.digest,
        "Versi terakhir": final.current if final.amendments else "",
    }  # fmt: skip
    return journal.withdrawn(request, election, f"minutes:{final.code}", paper)


@shell.page("minutes.read")
def export(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The frozen bytes, from which anybody recomputes the hash: SHA-256 over the file."""
    _, final = _final(request, election, code)
    if final is None:
        raise Http404(code)
    if final.erased:  # the bytes no longer give the hash
        return _withdrawn(request, election, final)
    json.loads(final.content)  # what is not readable is an error here, not at the reader's
    name = f'attachment; filename="notula-{final.code}.json"'
    return HttpResponse(final.content, content_type="application/json", headers={"Content-Disposition": name})


urlpatterns = [
    path("<slug:election>/notula/", index, name="minutes"),
    path("<slug:election>/notula/<slug:code>/", meeting, name="minutes_meeting"),
    path("<slug:election>/notula/<slug:code>/simpan/", save, name="minutes_save"),
    path("<slug:election>/notula/<slug:code>/bagian/<int:number>/", history, name="minutes_history"),
    path("<slug:election>/notula/<slug:code>/selesai/", finish, name="minutes_finish"),
    path("<slug:election>/notula/<slug:code>/jawab/", answer, name="minutes_answer"),
    path("<slug:election>/notula/<slug:code>/terima/", receive, name="minutes_receive"),
    path("<slug:election>/notula/<slug:code>/perbaiki/", amend, name="minutes_amend"),
    path("<slug:election>/notula/<slug:code>/notula.pdf", pdf, name="minutes_pdf"),
    path("<slug:election>/notula/<slug:code>/notula.json", export, name="minutes_json"),
]
SENTENCES: dict[str, str] = {
    "minutes.unknown": "Notula {minutes} tidak ditemukan.",
    "minutes.unknown_section": "Bagian {section} tidak ada dalam notula ini. Muat ulang halamannya.",
    "minutes.seen_older": (
        "“{section}” sudah disimpan orang lain sejak Anda membukanya. Tulisan Anda masih ada di bawah; gabungkan dengan yang tersimpan, "
        "lalu simpan lagi."
    ),
    "minutes.seen_other": "Isi notula berubah sejak halaman ini dibuka. Baca lagi, lalu ulangi.",
    "minutes.unknown_figure": "Angka {figure} tidak ada dalam paket rakor ini. Pilih angka dari daftar, jangan mengetik kodenya.",
    "minutes.too_long": "Tulisan terlalu panjang; paling banyak {most} huruf.",
    "minutes.finished": "Notula ini sudah dibekukan. Yang salah diperbaiki dengan perbaikan bernomor.",
    "minutes.nobody_there": "Belum ada lembaga yang tercatat hadir. Catat kehadiran di halaman rakor dahulu.",
    "minutes.nothing_frozen": "Belum ada angka yang dibekukan untuk rakor ini. Bekukan di halaman rakor dahulu.",
    "minutes.nothing_said": "Notula masih kosong: tulis pembahasan atau catat keputusan dahulu.",
    "minutes.not_attended": "Hanya lembaga yang hadir yang menyetujui notula atau menyatakan keberatan.",
    "minutes.already_answered": "Jawaban yang sama sudah tercatat.",
    "minutes.no_text": "Tulis kalimat dan alasannya.",
    "minutes.erased": "Kata-kata notula {minutes} dihapus. Notula ini tidak lagi dijawab, diterima, atau diperbaiki.",
    "minutes.already_received": "Penerimaan oleh {agency} sudah tercatat.",
    "minutes.not_on_list": "{agency} tidak ada dalam daftar distribusi notula ini.",
}
TASKS: dict[str, tuple[str, str]] = {
    "minutes.approve": ("Baca dan jawab notula {label}", "desk:minutes_meeting"),
    "minutes.receive": ("Nyatakan notula {label} diterima", "desk:minutes_meeting"),
    "minutes.finish": ("Selesaikan notula {label}", "desk:minutes_meeting"),
}
HITS: dict[str, str] = {"minutes": "desk:minutes_meeting"}
