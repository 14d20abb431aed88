"""The public side of reports: a form without an account, and a ticket to follow and to add. Nothing about the visitor is kept.

The limit against floods is that of every public form (`door`); attachments have one of their own.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.domain import record as facts
from posko.domain import reports as rules
from posko.formats import pages, picture, text
from posko.formats import reports as printed
from posko.public import door
from posko.store import places, record, reports

FILES_LONGEST = rules.MOST_FILES * pages.MOST_BYTES + door.BODY_LONGEST
FILES_PER_HOUSE, BYTES_PER_HOUSE = 60, 60 * 1024 * 1024
"""Attachments within ten minutes from everywhere: beyond that a report is taken without."""

CATEGORIES = tuple((category.value, name) for category, name in printed.CATEGORIES.items())
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
    "reports.addition_closed": "Laporan ini sudah ditutup. Tulis laporan baru bila ada hal baru.",
    "reports.too_many_additions": "Laporan ini sudah menerima {most} tambahan. Tulis laporan baru bila ada hal baru.",
    "reports.too_many_files": "Paling banyak {most} lampiran. Pilih yang paling jelas.",
    "picture.empty": "Berkas {file} kosong. Ambil foto sekali lagi.",
    "picture.too_big": "Berkas {file} lebih besar dari {most} MB. Kecilkan ukuran fotonya, atau kirim tanpa lampiran itu.",
    "picture.not_a_picture": "Berkas {file} bukan foto atau PDF (terbaca: {seen}). Yang diterima: JPEG, PNG, WebP, PDF.",
    "picture.too_many_pixels": "Foto {file} terlalu besar. Kecilkan resolusi kamera, lalu ambil lagi.",
    "picture.corrupt": "Berkas {file} rusak atau terpotong. Ambil foto sekali lagi.",
    "picture.active_pdf": "PDF {file} berisi bagian aktif. Foto kertasnya, lalu lampirkan fotonya.",
    "picture.locked_pdf": "PDF {file} dikunci kata sandi. Foto kertasnya, lalu lampirkan fotonya.",
    "pages.too_many": "PDF {file} lebih dari {most} halaman. Kirim halaman yang penting saja.",
    "pages.cannot_draw": "PDF {file} tidak dapat dibuka. Foto kertasnya, lalu lampirkan fotonya.",
}


class _Request(HttpRequest):
    at: datetime


def _election(at: datetime) -> facts.Election | None:
    """The election that comes next, or the last one."""
    held = record.elections()
    coming = [e for e in held if e.voting_at >= at] or held[-1:]
    return coming[0] if coming else None


def form(request: _Request) -> HttpResponse:
    """The form; on POST the report goes into the box and its ticket is shown. `langkah=tps` shows the TPS of the chosen desa instead."""
    election = _election(request.at)
    if election is None:
        return render(request, "public/report_none.html", {}, status=503)
    if request.method != "POST":
        return render(request, "public/report.html", _form(election, {}, ""))
    if _too_big(request):
        wrong = f"Kiriman terlalu besar. Paling banyak {rules.MOST_FILES} lampiran, masing-masing {pages.MOST_BYTES // 1024 // 1024} MB."
        return render(request, "public/report.html", _form(election, {}, wrong), status=413)
    if request.POST.get("langkah") == "tps":
        return render(request, "public/report.html", _form(election, request.POST, ""))
    status, wrong = door.refused(request, "lapor", "laporan")
    if not wrong:
        try:
            filing = _filing(request)
            ticket = reports.file_report(election.code, filing, reports.PUBLIC_ACTOR, request.at, _attachments(request))
        except facts.Refusal as refusal:
            status, wrong = 400, _sentence(refusal)
        except _FilesFull:
            status, wrong = (
                429,
                "Terlalu banyak lampiran masuk dalam sepuluh menit ini. Kirim sekarang tanpa lampiran, atau tunggu sebentar.",
            )
        else:
            hidden = "&disamarkan=1" if filing.masked else ""
            return redirect(f"/lapor/{rules.grouped(ticket)}/?baru=1{hidden}")
    return render(request, "public/report.html", _form(election, request.POST, wrong), status=status)


class _FilesFull(Exception):
    """The box takes no more attachments for some minutes."""


def _attachments(request: _Request) -> list[rules.Attachment]:
    """The files of the form, with nothing left but what the eye sees. TooManyFiles, `picture.Unusable`, _FilesFull."""
    given = [one for one in request.FILES.getlist("files") if one]
    rules.check_files(len(given))
    kept = []
    for one in given:
        name, size = str(one.name)[:80], one.size or 0
        if size > pages.MOST_BYTES:
            raise picture.TooBig(file=name, most=pages.MOST_BYTES // 1024 // 1024)
        if door.count("lapor:berkas") > FILES_PER_HOUSE or door.count("lapor:bita", size) > BYTES_PER_HOUSE:
            raise _FilesFull
        bare = pages.bare(one.read(), name)
        kept.append(rules.Attachment(bare.kind, bare.data))
    return kept


def _filing(request: _Request) -> rules.Filing:
    posted = request.POST
    category = posted.get("category", "")
    return rules.filing(
        posted.get("text", ""),
        category=rules.Category(category) if category in set(rules.Category) else rules.Category.OTHER,
        channel=rules.Channel.PUBLIC,
        source=rules.Source.CITIZEN,
        place=(posted.get("tps", "") or posted.get("place", ""))[:40],
        place_note=posted.get("place_note", ""),
        contact=posted.get("contact", ""),
        happened_at=text.typed_moment(posted.get("happened_at", "")),
        at=request.at,
    )


def _sentence(refusal: facts.Refusal) -> str:
    return SENTENCES.get(refusal.code, "Laporan belum dapat diterima. Periksa isiannya.").format(**refusal.facts)


def _form(election: facts.Election, typed: Any, wrong: str) -> dict[str, Any]:
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(election.region):
        by_kecamatan.setdefault(desa.kecamatan_name, []).append((desa.code, desa.name))
    chosen = typed.get("place", "") if typed else ""
    tps_list = [(t.code, f"TPS {t.number:03}") for t in places.tps_list(election.code) if chosen and t.desa_code == chosen]
    return {
        "categories": CATEGORIES,
        "places": by_kecamatan.items(),
        "islands": [(s.code, s.name) for s in places.sites(election.region) if s.kind == "pulau"],
        "tps_list": tps_list,
        "step_tps": bool(typed) and typed.get("langkah") == "tps",
        "typed": typed,
        "wrong": wrong,
        "shortest": rules.TEXT_SHORTEST,
        "longest": rules.TEXT_LONGEST,
        "most_files": rules.MOST_FILES,
        "most_mb": pages.MOST_BYTES // 1024 // 1024,
    }


def _too_big(request: _Request) -> bool:
    """Longer than any honest form; only a form with files may be longer than its words."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    most = {"application/x-www-form-urlencoded": door.BODY_LONGEST, "multipart/form-data": FILES_LONGEST}.get(kind, -1)
    if not length.isdigit() or int(length) > most:
        return True
    return sum(len(value) for values in request.POST.lists() for value in values[1]) > door.BODY_LONGEST


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
        return _private(render(request, "public/status.html", {"wrong": _sentence(refusal)}, status=404))
    return _private(render(request, "public/status.html", _status(request, plain, report, "")))


def add(request: _Request, ticket: str) -> HttpResponse:
    """Later words of whoever has the ticket. They are not shown again: a ticket that was overheard shows no words."""
    try:
        plain = rules.parse_ticket(ticket)
        report = reports.by_ticket(plain, request.at)
    except facts.Refusal as refusal:
        return _private(render(request, "public/status.html", {"wrong": _sentence(refusal)}, status=404))
    if request.method != "POST":
        return _private(redirect("public:status", rules.grouped(plain)))
    status, wrong = (413, "Kiriman terlalu besar. Tulis lebih singkat.") if _too_big(request) else door.refused(request, "lapor", "laporan")
    if not wrong:
        try:
            masked = reports.add(report.election, report.number, request.POST.get("text", ""), reports.PUBLIC_ACTOR, request.at)
        except facts.Refusal as refusal:
            status, wrong = 400, _sentence(refusal)
        else:
            return _private(redirect(f"/lapor/{rules.grouped(plain)}/?tambah=1{'&disamarkan=1' if masked else ''}"))
    return _private(render(request, "public/status.html", _status(request, plain, report, wrong), status=status))


def _status(request: _Request, ticket: str, report: rules.Report, wrong_addition: str) -> dict[str, Any]:
    state, word, sentence = STATUSES[report.status]
    added = reports.additions(report.election, report.number, request.at)
    steps = [
        *((STATUSES[step.status][1], step.since) for step in report.steps),
        *(("Tambahan Anda diterima", a.added_at) for a in added if a.by_reporter),
    ]
    return {
        "ticket": rules.grouped(ticket),
        "state": state,
        "word": word,
        "sentence": sentence,
        "mark": report.mark,
        "steps": sorted(steps, key=lambda step: step[1]),
        "attachments": 0 if report.erased else report.attachments,
        "fresh": "baru" in request.GET,
        "added": "tambah" in request.GET,
        "hidden": "disamarkan" in request.GET,
        "wrong_addition": wrong_addition,
        "typed": request.POST.get("text", "") if wrong_addition else "",
        "may_add": not report.erased and report.status is not rules.Status.CLOSED and len(added) < rules.MOST_ADDITIONS,
        "erased": report.erased,
        "violation": report.category is rules.Category.VIO,
        "shortest": rules.TEXT_SHORTEST,
        "longest": rules.ADDITION_LONGEST,
    }


def _private(response: HttpResponse) -> HttpResponse:
    """The address holds the ticket: it is not passed on, not stored, not found by search machines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


urlpatterns = [
    path("lapor/", form, name="report"),
    path("lapor/kode/", find, name="find"),
    path("lapor/<str:ticket>/", status, name="status"),
    path("lapor/<str:ticket>/tambah/", add, name="add"),
]
