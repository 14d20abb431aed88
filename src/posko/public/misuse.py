"""The form for misuse of the post: it goes to the overseer and never to the post. No account, no script, nothing kept of the visitor."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.domain import misuse as rules
from posko.domain import record as facts
from posko.domain import reports as ticket_rules
from posko.formats import text
from posko.public import door
from posko.store import misuse

CATEGORIES = (
    ("profiling", "Posko mencatat atau menilai pilihan, agama, suku, atau kehidupan seseorang"),
    ("pressure", "Petugas posko menekan pemilih atau penyelenggara pemilu"),
    ("party", "Posko dipakai untuk kepentingan peserta pemilu"),
    ("leak", "Keterangan dari posko bocor"),
    ("authority", "Petugas posko bertindak di luar wewenangnya"),
    ("other", "Hal lain"),
)
STATUSES = {
    rules.Status.RECEIVED: ("waiting", "Diterima", "Pengaduan Anda sudah masuk ke Bawaslu dan menunggu dibaca."),
    rules.Status.LOOKING: ("plain", "Sedang diperiksa", "Bawaslu sedang memeriksa pengaduan Anda."),
    rules.Status.ANSWERED: ("done", "Dijawab", "Bawaslu sudah menjawab pengaduan Anda."),
}
OUTCOMES = {
    rules.Outcome.CORRECTED: "Benar, dan sudah diperbaiki.",
    rules.Outcome.PASSED_ON: "Diteruskan kepada lembaga yang berwenang menindak.",
    rules.Outcome.UNFOUNDED: "Tidak terbukti.",
    rules.Outcome.NOT_OURS: "Bukan tentang posko, atau bukan wewenang Bawaslu.",
    rules.Outcome.TOO_LITTLE: "Keterangan tidak cukup untuk diperiksa. Anda boleh mengirim pengaduan baru dengan keterangan lebih lengkap.",
}
SENTENCES = {
    "misuse.too_short": "Ceritakan lebih lengkap: apa yang terjadi, di pos mana, kapan. Paling sedikit {shortest} huruf.",
    "misuse.too_long": "Terlalu panjang. Uraian paling banyak {longest} huruf, kontak {contact} huruf.",
    "misuse.future": "Waktu kejadian belum terjadi. Periksa tanggal dan jamnya.",
    "misuse.unknown_post": "Pos itu tidak ada dalam daftar. Pilih dari daftar, atau biarkan “Tidak tahu”.",
    "reports.bad_ticket": "Kode tidak cocok. Periksa lagi: tiga belas huruf dan angka, misalnya XXXX-XXXX-XXXX-X.",
    "misuse.unknown": "Tidak ada pengaduan dengan kode ini.",
}


class _Request(HttpRequest):
    at: datetime


def form(request: _Request) -> HttpResponse:
    """The form; on POST the case goes into the overseer's box and its ticket is shown."""
    election = misuse.coming(request.at)
    if election is None:
        return render(request, "public/report_none.html", {}, status=503)
    if request.method != "POST":
        return render(request, "public/misuse.html", _form(election, request.at, {}, ""))
    status, wrong = door.unfit(request, "lapor-posko")
    if not wrong:
        try:
            filing = _filing(request, election)
            ticket = misuse.file(election.code, filing, request.at)
        except facts.Refusal as refusal:
            status, wrong = 400, _sentence(refusal)
        else:
            hidden = "&disamarkan=1" if filing.masked else ""
            return redirect(f"/lapor-posko/{ticket_rules.grouped(ticket)}/?baru=1{hidden}")
    typed = {} if status == 413 else request.POST
    return render(request, "public/misuse.html", _form(election, request.at, typed, wrong), status=status)


def _filing(request: _Request, election: facts.Election) -> rules.Filing:
    posted = request.POST
    category = posted.get("category", "")
    return rules.filing(
        posted.get("text", ""),
        category=rules.Category(category) if category in set(rules.Category) else rules.Category.OTHER,
        channel=rules.Channel.PUBLIC,
        post=posted.get("post", "")[:40],
        posts=[code for code, _ in misuse.choices(election.code, request.at)],
        contact=posted.get("contact", ""),
        happened_at=text.typed_moment(posted.get("happened_at", "")),
        at=request.at,
    )


def _sentence(refusal: facts.Refusal) -> str:
    return SENTENCES.get(refusal.code, "Pengaduan belum dapat diterima. Periksa isiannya.").format(**refusal.facts)


def _form(election: facts.Election, at: datetime, typed: Any, wrong: str) -> dict[str, Any]:
    return {
        "categories": CATEGORIES,
        "posts": misuse.choices(election.code, at),
        "typed": typed,
        "wrong": wrong,
        "shortest": rules.TEXT_SHORTEST,
        "longest": rules.TEXT_LONGEST,
        "limits": rules.Limits(),
    }


def find(request: _Request) -> HttpResponse:
    """?kode= typed by hand leads to its page."""
    try:
        ticket = ticket_rules.parse_ticket(request.GET.get("kode", ""))
    except ticket_rules.BadTicket as refusal:
        return render(request, "public/misuse_status.html", {"wrong": _sentence(refusal)}, status=404)
    return redirect("public:misuse_status", ticket_rules.grouped(ticket))


def status(request: _Request, ticket: str) -> HttpResponse:
    """How far a case has come, and the overseer's answer."""
    try:
        plain = ticket_rules.parse_ticket(ticket)
        case = misuse.by_ticket(plain, request.at)
    except facts.Refusal as refusal:
        response = render(request, "public/misuse_status.html", {"wrong": _sentence(refusal)}, status=404)
    else:
        state, word, sentence = STATUSES[case.status]
        outcome = case.steps[-1].outcome
        context = {
            "ticket": ticket_rules.grouped(plain),
            "state": state,
            "word": word,
            "sentence": sentence,
            "outcome": OUTCOMES[outcome] if outcome else "",
            "answer": misuse.answer_of(case, request.at),
            "due_at": rules.due_at(case),
            "mark": case.mark,
            "steps": [(STATUSES[step.status][1], step.since_at) for step in case.steps],
            "fresh": "baru" in request.GET,
            "hidden": "disamarkan" in request.GET,
        }
        response = render(request, "public/misuse_status.html", context)
    # The address holds the ticket: it is not passed on, not stored, not found by search machines.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


urlpatterns = [
    path("lapor-posko/", form, name="misuse"),
    path("lapor-posko/kode/", find, name="misuse_find"),
    path("lapor-posko/<str:ticket>/", status, name="misuse_status"),
]
