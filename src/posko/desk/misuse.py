"""Stage misuse: staff put in without a name; Bawaslu reads and answers. The post itself finds nothing here."""

from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import misuse as rules
from posko.domain import record as facts
from posko.domain import reports as ticket_rules
from posko.formats import table, text
from posko.store import misuse

CATEGORIES = {
    rules.Category.PROFILING: "Mencatat atau menilai pilihan, agama, suku, atau kehidupan seseorang",
    rules.Category.PRESSURE: "Menekan pemilih atau penyelenggara",
    rules.Category.PARTY: "Dipakai untuk kepentingan peserta pemilu",
    rules.Category.LEAK: "Keterangan bocor",
    rules.Category.AUTHORITY: "Bertindak di luar wewenang",
    rules.Category.OTHER: "Hal lain",
}
CHANNELS = {rules.Channel.PUBLIC: "Halaman umum", rules.Channel.STAFF: "Petugas, tanpa nama"}
STATUSES = {
    rules.Status.RECEIVED: ("waiting", "diterima, belum dibaca"),
    rules.Status.LOOKING: ("plain", "sedang diperiksa"),
    rules.Status.ANSWERED: ("done", "dijawab"),
}
OUTCOMES = {
    rules.Outcome.CORRECTED: "benar, dan sudah diperbaiki",
    rules.Outcome.PASSED_ON: "diteruskan kepada lembaga yang berwenang menindak",
    rules.Outcome.UNFOUNDED: "tidak terbukti",
    rules.Outcome.NOT_OURS: "bukan tentang posko, atau bukan wewenang Bawaslu",
    rules.Outcome.TOO_LITTLE: "keterangan tidak cukup",
}
PER_PERSON, WINDOW_S = 6, 600
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _row(case: rules.Case, names: dict[str, str], at: datetime) -> dict[str, Any]:
    state, word = STATUSES[case.status]
    due = rules.due_at(case)
    outcome = case.steps[-1].outcome
    return {
        "number": case.number,
        "category": CATEGORIES[case.category],
        "channel": CHANNELS[case.channel],
        "post": names.get(case.post, case.post) or "tidak disebut",
        "received_at": case.received_at,
        "happened_at": case.happened_at,
        "state": state,
        "word": word,
        "outcome": OUTCOMES[outcome] if outcome else "",
        "due_at": due,
        "overdue": due is not None and due < at,
        "masked": case.masked,
        "erased": case.erased,
        "mark": case.mark,
        "steps": [(s.since_at, STATUSES[s.status][1] + (f": {OUTCOMES[s.outcome]}" if s.outcome else "")) for s in case.steps],
    }


@shell.page("misuse.file")
def new(request: shell.Request, election: str) -> HttpResponse:
    """A member of the staff says that a post is misused. Who it was is recorded nowhere."""
    choices = misuse.choices(election, request.at)
    if request.method == "POST":
        try:
            if _flooded(request.person.id):
                raise TooMany(minutes=WINDOW_S // 60)
            ticket = misuse.file(election, _filing(request, [code for code, _ in choices]), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return render(request, "desk/misuse/filed.html", {"ticket": ticket_rules.grouped(ticket)})
    context = {
        "categories": [(c.value, name) for c, name in CATEGORIES.items()],
        "posts": choices,
        "typed": request.POST,
        "shortest": rules.TEXT_SHORTEST,
        "longest": rules.TEXT_LONGEST,
        "limits": rules.Limits(),
    }
    return render(request, "desk/misuse/new.html", context)


class TooMany(facts.Refusal):
    """More cases from one account than one person has to tell; counted in memory and forgotten."""

    code = "misuse.too_many"


def _flooded(person: str) -> bool:
    key = f"lapor-posko:petugas:{person}"
    cache.add(key, 0, timeout=WINDOW_S)
    try:
        return int(cache.incr(key)) > PER_PERSON
    except ValueError:  # the window ended between the two calls
        return False


def _filing(request: shell.Request, posts: list[str]) -> rules.Filing:
    posted = request.POST
    category = posted.get("category", "")
    try:
        happened = datetime.fromisoformat(posted.get("happened_at", "")[:30]).replace(tzinfo=text.WIB).astimezone(UTC)
    except (ValueError, OverflowError):
        happened = None
    return rules.filing(
        posted.get("text", ""),
        category=rules.Category(category) if category in set(rules.Category) else rules.Category.OTHER,
        channel=rules.Channel.STAFF,
        post=posted.get("post", ""),
        posts=posts,
        contact=posted.get("contact", ""),
        happened_at=happened,
        at=request.at,
    )


@shell.page("misuse.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Bawaslu's list: what waits, until when, how it ended."""
    names = dict(misuse.choices(election, request.at))
    rows = [_row(case, names, request.at) for case in misuse.listing(election, request.at)]
    context = {
        "rows": rows,
        "waiting": sum(r["due_at"] is not None for r in rows),
        "overdue": sum(r["overdue"] for r in rows),
        "limits": rules.Limits(),
    }
    return render(request, "desk/misuse/index.html", context)


@shell.page("misuse.read")
def detail(request: shell.Request, election: str, number: str) -> HttpResponse:
    """One case: what was said, its steps, the next one."""
    try:
        case = misuse.get(election, number, request.at)
    except facts.Refusal as refusal:
        raise Http404(number) from refusal
    context = {
        "case": _row(case, dict(misuse.choices(election, request.at)), request.at),
        "words": misuse.words(election, number),
        "answer": misuse.answer_of(case, request.at),
        "status": case.status.value,
        "outcomes": [(o.value, name) for o, name in OUTCOMES.items()],
        "longest": rules.ANSWER_LONGEST,
        "may_answer": shell.may(request, "misuse.answer"),
    }
    return render(request, "desk/misuse/detail.html", context)


@shell.page("misuse.answer")
def step(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The next step of a case."""
    if request.method == "POST":
        posted = request.POST
        outcome = posted.get("outcome", "")
        try:
            status = rules.Status(posted.get("status", "")) if posted.get("status", "") in set(rules.Status) else rules.Status.RECEIVED
            misuse.step(
                election,
                number,
                status,
                shell.actor(request),
                request.at,
                outcome=rules.Outcome(outcome) if outcome in set(rules.Outcome) else None,
                answer=posted.get("answer", "") if status is rules.Status.ANSWERED else "",
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number}: {STATUSES[status][1]}. Pengadu membacanya dengan kodenya.")
    return redirect("desk:misuse_detail", election, number)


@shell.page("misuse.answer")
def erase(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Erases words, contact and answers for good."""
    if request.method == "POST":
        try:
            misuse.erase(election, number, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kata-kata, kontak, dan jawaban {number} dihapus untuk selamanya.")
    return redirect("desk:misuse_detail", election, number)


@shell.page("misuse.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as shown, without anybody's words."""
    names = dict(misuse.choices(election, request.at))
    head = ["Nomor", "Diterima", "Tentang", "Pos", "Lewat", "Keadaan", "Hasil", "Tenggat", "Tanda"]
    lines = [
        [
            r["number"], text.waktu(r["received_at"]), r["category"], r["post"], r["channel"], r["word"], r["outcome"],
            text.waktu(r["due_at"]) if r["due_at"] else "", r["mark"],
        ]
        for r in (_row(case, names, request.at) for case in misuse.listing(election, request.at))
    ]  # fmt: skip
    response = HttpResponse(table.xlsx({"Pengaduan": [head, *lines]}), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="pengaduan-posko.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/lapor-posko/", new, name="misuse_new"),
    path("<slug:election>/pengaduan-posko/", index, name="misuse"),
    path("<slug:election>/pengaduan-posko/ekspor.xlsx", export, name="misuse_export"),
    path("<slug:election>/pengaduan-posko/<slug:number>/", detail, name="misuse_detail"),
    path("<slug:election>/pengaduan-posko/<slug:number>/langkah/", step, name="misuse_step"),
    path("<slug:election>/pengaduan-posko/<slug:number>/hapus/", erase, name="misuse_erase"),
]
SENTENCES: dict[str, str] = {
    "misuse.too_short": "Ceritakan lebih lengkap: apa yang terjadi, di pos mana, kapan. Paling sedikit {shortest} huruf.",
    "misuse.too_long": "Terlalu panjang. Tulisan paling banyak {longest} huruf, kontak {contact} huruf.",
    "misuse.future": "Waktu kejadian belum terjadi. Periksa tanggal dan jamnya.",
    "misuse.unknown_post": "Pos {post} tidak ada dalam daftar. Pilih dari daftar, atau biarkan “Tidak tahu”.",
    "misuse.unknown": "Pengaduan itu tidak ada.",
    "misuse.no_step": "Keadaan pengaduan {number} tidak dapat diubah seperti itu. Muat ulang halaman dan lihat keadaannya.",
    "misuse.no_outcome": "Pilih hasil pemeriksaan {number} sebelum menjawab.",
    "misuse.already_erased": "Kata-kata {number} sudah dihapus.",
    "misuse.too_many": "Terlalu banyak pengaduan dari layar ini. Tunggu {minutes} menit, lalu kirim lagi.",
}
TASKS: dict[str, tuple[str, str]] = {
    "misuse.received": ("Baca pengaduan tentang posko {label}", "desk:misuse_detail"),
    "misuse.looking": ("Jawab pengaduan tentang posko {label}", "desk:misuse_detail"),
}
HITS: dict[str, str] = {"misuse": "desk:misuse_detail"}
