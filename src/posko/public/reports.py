"""The public side of reports: a form without an account, and a ticket to follow it. Nothing about the visitor is kept.

A limit against floods counts in memory under a key that is thrown away when the process stops; no address is written anywhere.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.domain import record as facts
from posko.domain import reports as rules
from posko.formats import text
from posko.store import places, record, reports

BODY_LONGEST = 16 * 1024
PER_VISITOR, PER_HOUSE, WINDOW_S = 6, 60, 600
"""Reports within ten minutes from one address (a village may share one), and from everywhere."""
_KEY = secrets.token_bytes(32)

CATEGORIES = (
    ("LOG", "Perlengkapan pemungutan suara"),
    ("GEO", "Cuaca, laut, jalan"),
    ("NET", "Listrik dan sinyal"),
    ("VOT", "Daftar pemilih"),
    ("SEC", "Keamanan"),
    ("INF", "Kabar yang beredar"),
    ("HR", "Petugas"),
    ("VIO", "Dugaan pelanggaran"),
    ("OTHER", "Hal lain"),
)
STATUSES = {
    rules.Status.RECEIVED: ("waiting", "Diterima", "Laporan Anda sudah masuk dan menunggu dinilai."),
    rules.Status.ASSESSING: ("plain", "Sedang dinilai", "Petugas sedang menilai laporan Anda."),
    rules.Status.REFERRED: ("plain", "Diteruskan ke Bawaslu", "Laporan Anda diteruskan ke Bawaslu, yang menangani dugaan pelanggaran."),
    rules.Status.CLOSED: ("done", "Ditutup", "Laporan Anda sudah ditangani dan ditutup. Terima kasih."),
}
SENTENCES = {
    "reports.too_short": "Ceritakan lebih lengkap: apa yang terjadi, di mana, kapan. Paling sedikit {shortest} huruf.",
    "reports.too_long": "Terlalu panjang. Uraian paling banyak {longest} huruf.",
    "reports.future": "Waktu kejadian belum terjadi. Periksa tanggal dan jamnya.",
    "reports.unknown_place": "Tempat itu tidak ada dalam daftar. Pilih desa dari daftar.",
    "reports.bad_ticket": "Kode tidak cocok. Periksa lagi: tiga belas huruf dan angka, misalnya XXXX-XXXX-XXXX-X.",
    "reports.unknown": "Tidak ada laporan dengan kode ini.",
}


class _Request(HttpRequest):
    at: datetime


def _election(at: datetime) -> facts.Election | None:
    """The election that comes next, or the last one."""
    held = record.elections()
    coming = [e for e in held if e.voting_at >= at] or held[-1:]
    return coming[0] if coming else None


def form(request: _Request) -> HttpResponse:
    """The form; on POST the report goes into the box and its ticket is shown."""
    election = _election(request.at)
    if election is None:
        return render(request, "public/report_none.html", {}, status=503)
    if request.method != "POST":
        return render(request, "public/report.html", _form(election, {}, ""))
    status, wrong = _unfit(request)
    if not wrong:
        try:
            filing = _filing(request)
            ticket = reports.file_report(election.code, filing, reports.PUBLIC_ACTOR, request.at)
        except facts.Refusal as refusal:
            status, wrong = 400, _sentence(refusal)
        else:
            hidden = "&disamarkan=1" if filing.masked else ""
            return redirect(f"/lapor/{rules.grouped(ticket)}/?baru=1{hidden}")
    return render(request, "public/report.html", _form(election, {} if status == 413 else request.POST, wrong), status=status)


def _unfit(request: _Request) -> tuple[int, str]:
    """(status, sentence) for a request that is no citizen's form; (200, "") otherwise."""
    if _too_big(request):
        return 413, "Kiriman terlalu besar. Tulis lebih singkat, tanpa berkas."
    if request.POST.get("situs", ""):
        return 400, "Kosongkan kolom “situs”, lalu kirim lagi."
    if _flooded(request):
        return 429, "Terlalu banyak laporan dalam sepuluh menit ini. Tunggu sebentar, lalu kirim lagi. Isian Anda masih ada di bawah."
    return 200, ""


def _filing(request: _Request) -> rules.Filing:
    posted = request.POST
    category = posted.get("category", "")
    return rules.filing(
        posted.get("text", ""),
        category=rules.Category(category) if category in set(rules.Category) else rules.Category.OTHER,
        channel=rules.Channel.PUBLIC,
        source=rules.Source.CITIZEN,
        place=posted.get("place", "")[:40],
        place_note=posted.get("place_note", ""),
        contact=posted.get("contact", ""),
        happened_at=_moment(posted.get("happened_at", "")),
        at=request.at,
    )


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed[:30]).replace(tzinfo=text.WIB).astimezone(UTC)
    except ValueError:
        return None


def _sentence(refusal: facts.Refusal) -> str:
    return SENTENCES.get(refusal.code, "Laporan belum dapat diterima. Periksa isiannya.").format(**refusal.facts)


def _form(election: facts.Election, typed: Any, wrong: str) -> dict[str, Any]:
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(election.region):
        by_kecamatan.setdefault(desa.kecamatan_name, []).append((desa.code, desa.name))
    return {
        "categories": CATEGORIES,
        "places": by_kecamatan.items(),
        "islands": [(s.code, s.name) for s in places.sites(election.region) if s.kind == "pulau"],
        "typed": typed,
        "wrong": wrong,
        "shortest": rules.TEXT_SHORTEST,
        "longest": rules.TEXT_LONGEST,
    }


def _too_big(request: _Request) -> bool:
    """Longer than any honest form, or carrying files, which are not taken."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > BODY_LONGEST or not request.META.get("CONTENT_TYPE", "").startswith(_FORM)


_FORM = "application/x-www-form-urlencoded"


def _flooded(request: _Request) -> bool:
    """Counts this report; True over the limit."""
    visitor = hmac.new(_KEY, str(request.META.get("REMOTE_ADDR", "")).encode(), hashlib.sha256).hexdigest()
    return _count(f"lapor:{visitor}") > PER_VISITOR or _count("lapor:semua") > PER_HOUSE


def _count(key: str) -> int:
    cache.add(key, 0, timeout=WINDOW_S)
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=WINDOW_S)
        return 1


def find(request: _Request) -> HttpResponse:
    """?kode= typed by hand leads to its page."""
    try:
        ticket = rules.parse_ticket(request.GET.get("kode", ""))
    except rules.BadTicket as refusal:
        return render(request, "public/status.html", {"wrong": _sentence(refusal)}, status=404)
    return redirect("public:status", rules.grouped(ticket))


def status(request: _Request, ticket: str) -> HttpResponse:
    """How far a report has come; nothing about what anybody thinks of it."""
    try:
        plain = rules.parse_ticket(ticket)
        report = reports.by_ticket(plain, request.at)
    except facts.Refusal as refusal:
        response = render(request, "public/status.html", {"wrong": _sentence(refusal)}, status=404)
    else:
        state, word, sentence = STATUSES[report.status]
        context = {
            "ticket": rules.grouped(plain),
            "state": state,
            "word": word,
            "sentence": sentence,
            "mark": report.mark,
            "steps": [(STATUSES[step.status][1], step.since) for step in report.steps],
            "fresh": "baru" in request.GET,
            "hidden": "disamarkan" in request.GET,
        }
        response = render(request, "public/status.html", context)
    # The address holds the ticket: it is not passed on, not stored, not found by search machines.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


urlpatterns = [
    path("lapor/", form, name="report"),
    path("lapor/kode/", find, name="find"),
    path("lapor/<str:ticket>/", status, name="status"),
]
