"""Stage requests: what waits for this agency, what it asked, the page of one request on which it is answered, a letter, files."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import record as facts
from posko.domain import requests as rules
from posko.domain.requests import Act
from posko.formats import picture, table, text
from posko.formats import requests as printed
from posko.store import access, evidence, record, requests

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTERS = (("", "semua"), ("masuk", "kepada kami"), ("keluar", "dari kami"), ("buka", "belum dijawab"), ("lambat", "lewat tenggat"))


def _row(r: rules.Request, at: datetime) -> dict[str, Any]:
    state, word = printed.state(r, r.overdue(at))
    return {
        "r": r, "asker": printed.agency(r.asker), "asked": printed.agency(r.asked), "kind": printed.KINDS[r.kind],
        "urgency": printed.URGENCY[r.urgency], "urgent": r.urgency is not rules.Urgency.BIASA, "state": state, "word": word,
        "open": r.state in rules.OPEN, "reminder": r.reminder(at),
    }  # fmt: skip


def _shown(request: shell.Request, election: str) -> list[rules.Request]:
    return requests.visible(request.person, election, request.at)


def _chosen(request: shell.Request, found: Iterable[rules.Request]) -> list[rules.Request]:
    """As filtered on the page: whose, how it stands, with which agency; what is owed and late first."""
    mine, which, other = request.person.agency, request.GET.get("mana", ""), request.GET.get("lembaga", "")
    tests: dict[str, Callable[[rules.Request], bool]] = {
        "masuk": lambda r: r.asked == mine, "keluar": lambda r: r.asker == mine, "buka": lambda r: r.state in rules.OPEN,
        "lambat": lambda r: r.overdue(request.at),
    }  # fmt: skip
    kept = [r for r in found if which not in tests or tests[which](r)]
    kept = [r for r in kept if not other or other in {r.asker, r.asked}]
    return sorted(kept, key=lambda r: (r.state not in rules.OPEN, r.state not in rules.ANSWERED, r.due_at, r.code))


@shell.page("requests.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Requests between agencies, as far as this one may read them."""
    found = _shown(request, election)
    mine = request.person.agency
    owed = [r for r in found if r.asked == mine and r.state in rules.OPEN]
    context = {
        "rows": [_row(r, request.at) for r in _chosen(request, found)],
        "any": bool(found),
        "owed": len(owed),
        "owed_late": sum(r.overdue(request.at) for r in owed),
        "asked": sum(r.asker == mine and r.state in rules.OPEN for r in found),
        "answered": sum(r.asker == mine and r.state in rules.ANSWERED for r in found),
        "filters": FILTERS,
        "which": request.GET.get("mana", ""),
        "other": request.GET.get("lembaga", ""),
        "agencies": list(printed.AGENCIES.items()),
        "query": request.GET.urlencode(),
        "may_ask": shell.may(request, "requests.ask"),
    }
    return render(request, "desk/requests/index.html", context)


def _moment(typed: str) -> datetime:
    """A day and hour typed in WIB. BadDeadline."""
    found = text.typed_moment(typed)
    if found is None:
        raise rules.BadDeadline(days=rules.LATEST.days)
    return found


@shell.page("requests.ask")
def ask(request: shell.Request, election: str) -> HttpResponse:
    """Ask another agency for something; `?dari=` fills the form from an earlier request of one's own."""
    posted = request.POST
    if request.method == "POST":
        try:
            code = requests.ask(
                election, asked=posted.get("asked", ""), kind=posted.get("kind", ""), title=posted.get("title", ""),
                words=posted.get("words", ""), urgency=posted.get("urgency", ""), due_at=_moment(posted.get("due_at", "")),
                nonce=posted.get("nonce", "") or secrets.token_hex(16), actor=shell.actor(request), at=request.at,
                named=posted.getlist("named"), proofs=evidence_desk.sent(request, rules.MOST_FILES),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            asked = printed.agency(posted.get("asked", ""))
            shell.done(request, f"Permintaan {code} dikirim dan masuk ke Tugas saya di {asked}.")
            return redirect("desk:requests_request", election, code)
    mine = request.person.agency
    value = {n: posted.get(n, "") for n in ("asked", "kind", "title", "words", "urgency", "due_at")}
    named = posted.getlist("named")
    if request.method != "POST":
        value, named = _first(request, election)
    context = {
        "value": value, "named": named, "nonce": posted.get("nonce", "") or secrets.token_hex(16),
        "agencies": [(c, w) for c, w in printed.AGENCIES.items() if c != mine],
        "nameable": [(c, printed.AGENCIES[c]) for c in rules.NAMEABLE if c != mine],
        "kinds": [(k.value, w) for k, w in printed.KINDS.items()], "urgencies": [(u.value, w) for u, w in printed.URGENCY.items()],
        "most_mb": picture.MOST_BYTES // 1024 // 1024, "most_files": rules.MOST_FILES, "longest": rules.LONGEST_WORDS,
        "longest_title": rules.LONGEST_TITLE,
    }  # fmt: skip
    return render(request, "desk/requests/ask.html", context)


def _first(request: shell.Request, election: str) -> tuple[dict[str, str], list[str]]:
    """What an empty form holds: of an earlier request its words, else nothing but usual choices."""
    value = {"asked": "", "kind": "data", "title": "", "words": "", "urgency": "biasa", "due_at": ""}
    old = next((r for r in _shown(request, election) if r.code == request.GET.get("dari", "")), None)
    if old is None or old.asker != request.person.agency:
        return value, []
    again = {"asked": old.asked, "kind": old.kind.value, "title": old.title, "words": old.words, "urgency": old.urgency.value, "due_at": ""}
    return again, list(old.named)


# --- one request -------------------------------------------------------------------------------------------------------------


def _found(request: shell.Request, election: str, code: str) -> rules.Request:
    """A request that this person may read; the same page for one that is not there and one that is not theirs."""
    try:
        found = requests.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal
    if not shell.decide(request, "requests.read", requests.thing_of(found)).allowed:
        raise Http404(code)
    return found


def _steps(request: shell.Request, found: rules.Request) -> list[dict[str, Any]]:
    names = access.names()
    return [
        {"agency": printed.agency(s.agency), "said": printed.said(s), "words": s.words, "at": s.at, "who": names.get(s.person, s.person),
         "child": s.child, "entry_id": s.entry_id}
        for s in reversed(found.steps)
    ]  # fmt: skip


@shell.page("requests.read")
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A request, its answer, its story, and the forms for the next step of this agency."""
    found = _found(request, election, code)
    mine = request.person.agency
    acts = rules.possible(found, mine) if shell.may(request, _act_of(found, mine), requests.thing_of(found)) else ()
    visible = {r.code: r for r in _shown(request, election)}
    names = access.names()
    context = {
        "row": _row(found, request.at),
        "by": names.get(found.person, found.person),
        "named": [printed.agency(a) for a in found.named],
        "steps": _steps(request, found),
        "acts": {a.value for a in acts},
        "answers": bool(set(acts) & set(rules.ANSWERS)),
        "seen": found.last_id,
        "may_undo": rules.undoable(found, request.person.id, request.at),
        "undo_until": found.steps[-1].at + rules.UNDO_FOR if found.steps else None,
        "mine_asked": mine == found.asked,
        "mine_asker": mine == found.asker,
        "forward": [(a, printed.agency(a)) for a in rules.AGENCIES if a not in {found.asker, found.asked}],
        "outside": rules.OUTSIDE,
        "refuse_reasons": [(c, printed.REASONS[c]) for c in rules.REFUSE_REASONS],
        "withdraw_reasons": [(c, printed.REASONS[c]) for c in rules.WITHDRAW_REASONS],
        "origin": found.origin if found.origin in visible else "",
        "children": [s.child for s in rules.standing(found.steps) if s.child in visible],
        "typed": request.POST,
        "most_mb": picture.MOST_BYTES // 1024 // 1024,
        "longest": rules.LONGEST_WORDS,
        **evidence_desk.context(request, "requests", f"request:{code}"),
    }
    context["evidence"]["may_attach"] = False  # a file comes with its step
    return render(request, "desk/requests/request.html", context)


def _act_of(found: rules.Request, agency: str) -> str:
    return "requests.answer" if agency == found.asked else "requests.ask"


def _step(request: shell.Request, election: str, code: str, allowed: frozenset[Act]) -> HttpResponse:
    found = _found(request, election, code)
    posted = request.POST
    if request.method != "POST":
        return redirect("desk:requests_request", election, code)
    try:
        what = next((a for a in allowed if a.value == posted.get("act", "")), None)
        if what is None:
            raise rules.NoStep(code=code)
        due_at = _moment(posted.get("due_at", "")) if what is Act.REOPEN else None
        step = requests.act(
            election, code, what, shell.actor(request), request.at, seen=posted.get("seen", ""), words=posted.get("words", ""),
            reason=posted.get("reason", ""), to=posted.get("to", ""), due_at=due_at, proofs=evidence_desk.sent(request, rules.MOST_FILES),
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return detail(request, election, code)  # type: ignore[return-value]  # what was typed stays in the form
    shell.done(request, _confirmed(found, step))
    return redirect("desk:requests_request", election, code)


def _confirmed(found: rules.Request, step: rules.Step) -> str:
    if step.child:
        return f"{found.code} diteruskan kepada {printed.agency(step.to)} sebagai {step.child}."
    return f"{found.code} sekarang: {printed.STATES[step.state][1]}."


@shell.page("requests.answer")
def answer(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The asked agency receives, gives, gives part, refuses, passes on; or takes its last step back."""
    return _step(request, election, code, frozenset({Act.RECEIVE, Act.UNDO, *rules.ANSWERS}))


@shell.page("requests.ask")
def follow(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The asker closes, opens again, withdraws; or takes its last step back."""
    return _step(request, election, code, frozenset({Act.CLOSE, Act.REOPEN, Act.WITHDRAW, Act.UNDO}))


# --- papers and files ----------------------------------------------------------------------------------------------------------


@shell.page("requests.read")
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The request as a letter with what became of it; ?kertas=f4."""
    found = _found(request, election, code)
    paper = request.GET.get("kertas", "a4")
    files = len(evidence.of(election, f"request:{code}", request.at, "requests"))
    paper = paper if paper in printed.PAPERS else "a4"
    data = printed.letter(found, place=record.installation().name, election=request.election.name, paper=paper, files=files)
    name = f"permintaan-{code}-{hashlib.sha256(data).hexdigest()[:8]}.pdf"
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@shell.page("requests.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as filtered: XLSX."""
    data = table.xlsx({"Permintaan": _table(request, election)})
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="permintaan.xlsx"'})


@shell.page("requests.read")
def export_csv(request: shell.Request, election: str) -> HttpResponse:
    """The list as filtered: CSV."""
    data, headers = table.csv(_table(request, election)), {"Content-Disposition": 'attachment; filename="permintaan.csv"'}
    return HttpResponse(data, content_type="text/csv; charset=utf-8", headers=headers)


def _table(request: shell.Request, election: str) -> list[list[Any]]:
    chosen = _chosen(request, _shown(request, election))
    return printed.rows(chosen, (r.code for r in chosen if r.overdue(request.at)))


def context(request: shell.Request, *, ahead: timedelta = timedelta(days=7)) -> dict[str, Any]:
    """For the pages of others (the meeting, an agency's own page): what this agency owes, what it waits for, soonest first."""
    found = _shown(request, request.election.code) if shell.may(request, "requests.read") else []
    mine, until = request.person.agency, request.at + ahead
    owed = sorted((r for r in found if r.asked == mine and r.state in rules.OPEN), key=lambda r: r.due_at)
    sent = sorted((r for r in found if r.asker == mine and r.state not in rules.ENDED), key=lambda r: r.due_at)
    return {
        "requests": {
            "owed": [_row(r, request.at) for r in owed],
            "sent": [_row(r, request.at) for r in sent],
            "soon": sum(r.due_at <= until for r in owed),
        }
    }


urlpatterns = [
    path("<slug:election>/permintaan/", index, name="requests"),
    path("<slug:election>/permintaan/minta/", ask, name="requests_ask"),
    path("<slug:election>/permintaan/permintaan.xlsx", export, name="requests_export"),
    path("<slug:election>/permintaan/permintaan.csv", export_csv, name="requests_export_csv"),
    path("<slug:election>/permintaan/<slug:code>/", detail, name="requests_request"),
    path("<slug:election>/permintaan/<slug:code>/jawab/", answer, name="requests_answer"),
    path("<slug:election>/permintaan/<slug:code>/lanjut/", follow, name="requests_follow"),
    path("<slug:election>/permintaan/<slug:code>/surat.pdf", pdf, name="requests_pdf"),
]
SENTENCES: dict[str, str] = {
    "requests.bad_parties": "Pilih lembaga lain di meja rakor: KPU, Pemda, Kejari, Polres, atau Bawaslu. Tembusan hanya KPU dan Kejari.",
    "requests.untitled": "Tulis perihalnya (paling banyak {most} huruf) dan uraiannya paling banyak {longest} huruf.",
    "requests.bad_deadline": "Isi tenggat: tanggal dan jam sesudah sekarang, paling lama {days} hari lagi.",
    "requests.bad_kind": "Pilih jenis dan sifat dari daftar; “{kind}” tidak dikenal.",
    "requests.unknown": "Permintaan {code} tidak ada, atau bukan untuk lembaga Anda.",
    "requests.no_step": "{code} tidak dapat dilangkahkan begitu dari keadaannya sekarang. Muat ulang halamannya.",
    "requests.seen_other": "Ada langkah baru pada {code} sejak halaman ini dibuka. Baca dahulu, lalu kirim lagi.",
    "requests.bad_reason": "Pilih alasan dari daftar.",
    "requests.words_missing": "Tulis keterangannya, paling sedikit {least} huruf; untuk yang dipenuhi boleh diganti berkas.",
    "requests.bad_forward": (
        "Pilih kantor tujuan. Tidak dapat diteruskan kepada peminta, lembaga sendiri, atau yang sudah menyatakan bukan wewenangnya."
    ),
    "requests.too_late": "Langkah hanya dapat dibatalkan oleh pelakunya dalam sepuluh menit, selama belum diteruskan.",
    "requests.too_many_files": "Paling banyak {most} berkas sekali kirim.",
}
TASKS: dict[str, tuple[str, str]] = {
    "requests.receive": ("Terima dan jawab permintaan {label}", "desk:requests_request"),
    "requests.answer": ("Jawab permintaan {label}", "desk:requests_request"),
    "requests.close": ("Baca jawaban, lalu tutup atau buka lagi {label}", "desk:requests_request"),
    "requests.remind_half": ("Ingatkan {label}: separuh waktu lewat dan belum diterima", "desk:requests_request"),
    "requests.remind_due": ("Ingatkan {label}: lewat tenggat dan belum dijawab", "desk:requests_request"),
}
HITS: dict[str, str] = {"request": "desk:requests_request"}


def _late(said: Mapping[str, str | int]) -> str:
    """The warning in words: how many, between whom, how late the oldest is."""
    hours = int(said["hours"])
    late = f"{text.angka(hours)} jam" if hours < 72 else f"{text.angka(hours // 24)} hari"
    asker, asked = printed.agency(str(said["asker"])), printed.agency(str(said["asked"]))
    return f"{text.angka(int(said['count']))} permintaan {asker} kepada {asked} belum dijawab; yang tertua lewat tenggat {late}"


SIGNALS: dict[str, tuple[Callable[[Mapping[str, str | int]], str], str]] = {"R20.permintaan": (_late, "desk:requests")}
