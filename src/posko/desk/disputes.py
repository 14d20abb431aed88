"""Stage disputes: what differs at a meeting, raising one in under a minute, the page on which both sides settle it by hash and sources."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import materials as materials_desk
from posko.desk import shell
from posko.domain import disputes as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.domain.disputes import Act, Outcome, State
from posko.domain.materials import Unit
from posko.formats import rakor as words
from posko.formats import table, text
from posko.store import access, disputes, materials, rakor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {
    State.OPEN: ("overdue", "belum dibahas"), State.PROPOSED: ("waiting", "menunggu kedua pihak"),
    State.DISAGREED: ("overdue", "belum sepakat"), State.SETTLED: ("done", "selesai"), State.LEFT: ("waiting", "belum selesai, ada tugas"),
    State.WITHDRAWN: ("plain", "ditarik"),
}  # fmt: skip
OUTCOMES = {
    Outcome.FROZEN: "Angka beku benar", Outcome.AGENCY: "Angka lembaga benar; koreksi dicatat",
    Outcome.BOTH: "Keduanya benar, beda definisi", Outcome.LEFT: "Belum selesai; jadi tugas",
}  # fmt: skip
SAID = {
    Act.PROPOSE: "mengusulkan", Act.AGREE: "setuju", Act.DISAGREE: "tidak setuju", Act.WITHDRAW: "menarik selisih ini",
    Act.REPORT: "melaporkan tugasnya selesai",
}  # fmt: skip
EXPLAINED = {
    "unit": "Satuannya berbeda: angka lembaga dan angka beku tidak menghitung hal yang sama.",
    "thousand": "Angka lembaga dalam ribuan: {claim} ribu dan {frozen}.",
    "percent": "Angka lembaga dalam persen: {frozen} dari {whole} adalah {share} persen; lembaga menyebut {claim} persen.",
    "whole": "Penyebutnya berbeda: lembaga memakai {claim}, paket memakai {frozen}.",
    "whole_missing": "Hanya satu pihak menyebut penyebutnya; yang lain tidak menyebut dari berapa.",
    "time": "Waktunya berbeda. Dihitung ulang dari catatan per waktu lembaga hasilnya {recount}; lembaga menyebut {claim}, paket {frozen}.",
    "time_same": "Waktunya berbeda, tetapi per waktu lembaga pun catatan memberi {recount}, sama dengan angka beku. Waktu bukan sebabnya.",
    "time_unknown": "Per waktu lembaga belum ada catatan apa pun untuk angka ini, jadi tidak dapat dihitung ulang.",
    "late": "Sesudah dibekukan masuk catatan tentang waktu sebelumnya: per waktu paket sekarang terhitung {recount}, beku {frozen}.",
    "rounding": "Pembulatan: {frozen} dibulatkan ke {step} terdekat menjadi {claim}.",
}


# --- what is shown ---------------------------------------------------------------------------------------------------------


def _value(side: rules.Side) -> str:
    return words.number_of(side.number, side.denominator, side.unit)


def _signed(number: int) -> str:
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{text.angka(abs(number))}"


def _row(d: rules.Dispute, at: datetime) -> dict[str, Any]:
    state, word = STATES[d.state]
    on_table = d.proposal
    task = d.task
    late = task is not None and task.due_at is not None and at > task.due_at
    return {
        "d": d, "agency": words.agency_name(d.claim.agency), "holder": words.agency_name(d.frozen.agency), "claim": _value(d.claim),
        "frozen": _value(d.frozen), "difference": _signed(d.difference) if d.claim.unit is d.frozen.unit else "beda satuan",
        "state": state, "word": word, "outcome": OUTCOMES[on_table.outcome] if on_table and not on_table.refused_by else "",
        "task": task, "task_owner": words.agency_name(task.owner) if task else "", "task_late": late,
    }  # fmt: skip


Differing = tuple[list[dict[str, Any]], rakor_rules.Snapshot | None, bool]


def _gaps(request: shell.Request, election: str, held: rakor_rules.Meeting) -> Differing:
    """What differs at a meeting and nobody has raised, its newest snapshot, and whether the snapshot no longer matches its hash."""
    try:
        newest = next(iter(rakor.snapshots(election, request.at, held.code)), None)
        found = disputes.gaps(election, newest, request.at) if newest else ()
    except rakor_rules.Changed:
        return [], None, True
    shown = [
        {"g": g, "one": words.agency_name(g.one.agency), "other": words.agency_name(g.other.agency), "one_value": _value(g.one),
         "other_value": _value(g.other), "frozen": g.against_frozen}
        for g in found
        if not g.dispute
    ]  # fmt: skip
    return shown, newest, False


def context(request: shell.Request, held: rakor_rules.Meeting) -> dict[str, Any]:
    """For the page of a meeting, under the key `disputes`: what "desk/disputes/_meeting.html" needs."""
    if not shell.may(request, "disputes.read"):
        return {"disputes": {**NOTHING, "meeting": held.code}}
    reads = rakor_rules.may_read(request.person.agency, held)
    gaps, newest, changed = _gaps(request, request.election.code, held) if reads else ([], None, False)
    rows = [_row(d, request.at) for d in disputes.visible(request.person, request.election.code, request.at, held.code)]
    may = newest is not None and request.person.agency in rules.readers(held) and shell.may(request, "disputes.raise")
    return {"disputes": {"rows": rows, "gaps": gaps, "may_raise": may, "meeting": held.code, "snapshot": newest, "changed": changed}}


NOTHING: dict[str, Any] = {"rows": [], "gaps": [], "may_raise": False, "snapshot": None, "changed": False}


@shell.page("disputes.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Disputes of all meetings of this agency; `?rapat=` of one, with what differs there and nobody has raised."""
    held = [m for m in rakor.meetings(election, request.at) if shell.may(request, "materials.read", materials.table_of(m))]
    wanted = request.GET.get("rapat", "")
    chosen = next((m for m in held if m.code == wanted), None) or (held[0] if held and not wanted else None)
    found = disputes.visible(request.person, election, request.at, wanted if chosen and wanted else "")
    here = context(request, chosen)["disputes"] if chosen else NOTHING
    order = {State.OPEN: 0, State.DISAGREED: 0, State.PROPOSED: 1, State.LEFT: 2, State.SETTLED: 3, State.WITHDRAWN: 4}
    shown = sorted(found, key=lambda d: (order[d.state], d.code))
    context_now = {
        "rows": [_row(d, request.at) for d in shown], "here": here, "meeting": chosen, "meetings": held, "wanted": wanted,
        "unsettled": sum(d.state in {State.OPEN, State.PROPOSED, State.DISAGREED, State.LEFT} for d in found),
        "settled": sum(d.state is State.SETTLED for d in found), "tasks": sum(d.task is not None for d in found),
    }  # fmt: skip
    return render(request, "desk/disputes/index.html", context_now)


# --- raising -----------------------------------------------------------------------------------------------------------------


def _snapshot(request: shell.Request, election: str, code: str) -> rakor_rules.Snapshot:
    try:
        return rakor.snapshot(election, code, request.at)
    except rakor_rules.Unknown as refusal:
        raise Http404(code) from refusal


@shell.page("disputes.raise")
def raise_one(request: shell.Request, election: str, snapshot: str) -> HttpResponse:
    """Hold a number against a figure of a frozen snapshot; `?angka=` chooses the figure, `?bawaan=` a number that was brought."""
    try:
        frozen = _snapshot(request, election, snapshot)
    except rakor_rules.Changed as refusal:
        shell.refused(request, refusal)
        return redirect("desk:disputes", election)
    held = materials_desk.at_table(request, election, frozen.meeting)
    if not rakor_rules.may_read(request.person.agency, held):
        raise Http404(snapshot)
    posted = request.POST
    if request.method == "POST":
        try:
            code = disputes.raise_dispute(
                election, snapshot, figure=posted.get("figure", ""), agency=posted.get("agency", "") or request.person.agency,
                number=0 if posted.get("own") else materials_desk.whole(posted.get("number", "")),
                denominator=materials_desk.whole(posted.get("denominator", ""), empty=-1), unit=posted.get("unit", "") or Unit.SAME.value,
                source=posted.get("source", ""),
                as_of_at=request.at if posted.get("own") else materials_desk.moment(posted.get("as_of_at", "")),
                own=posted.get("own", ""), nonce=posted.get("nonce", "") or secrets.token_hex(16), actor=shell.actor(request),
                at=request.at,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} diajukan. Kedua pihak melihatnya di Tugas saya.")
            return redirect("desk:disputes_dispute", election, code)
    return render(request, "desk/disputes/raise.html", _form(request, election, frozen, held))


def _form(request: shell.Request, election: str, frozen: rakor_rules.Snapshot, held: rakor_rules.Meeting) -> dict[str, Any]:
    figures: Any = frozen.sections.get("figures", [])
    posted = request.POST
    own = next((f for f in materials.figures(election, request.at, held.code) if f.code == request.GET.get("bawaan", "")), None)
    chosen = posted.get("figure", "") or request.GET.get("angka", "") or (own.figure if own else "")
    rows = [
        {"code": str(r["code"]), "label": str(r["label"]),
         "value": words.number_of(int(r["numerator"]), int(r["denominator"]), rules.unit_of(str(r["code"])))}
        for r in figures
    ]  # fmt: skip
    names = ("number", "denominator", "unit", "source", "as_of_at", "agency")
    typed = {name: posted.get(name, "") for name in names}
    if request.method != "POST":
        typed |= {"as_of_at": text.form_moment(request.at), "agency": request.person.agency}
    return {
        "snapshot": frozen, "meeting": held, "figures": rows, "chosen": chosen, "own": own,
        "own_value": _value(rules.own_side(own)) if own else "", "own_agency": words.agency_name(own.agency) if own else "", "typed": typed,
        "units": [(u.value, w) for u, w in materials_desk.UNITS.items()], "nonce": posted.get("nonce", "") or secrets.token_hex(16),
        "agencies": [(a.agency, words.agency_name(a.agency)) for a in held.agencies],
    }  # fmt: skip


# --- one dispute -------------------------------------------------------------------------------------------------------------


def _found(request: shell.Request, election: str, code: str) -> tuple[rules.Dispute, rakor_rules.Meeting]:
    try:
        found = disputes.get(election, code, request.at)
        held = rakor.meeting(election, found.meeting, request.at)
    except (rules.Unknown, rakor_rules.Unknown) as refusal:
        raise Http404(code) from refusal
    if not shell.decide(request, "disputes.read", disputes.thing_of(found, held)).allowed:
        raise Http404(code)
    return found, held


def _explained(election: str, found: rules.Dispute) -> list[dict[str, Any]]:
    return [
        {"text": EXPLAINED[e.code].format(**{name: text.angka(n) for name, n in e.facts.items()}), "fits": e.fits,
         "today": bool(e.facts.get("today", 0))}
        for e in disputes.explained(election, found)
    ]  # fmt: skip


def _sides(election: str, found: rules.Dispute) -> list[dict[str, Any]]:
    """Each side with where its number comes from; the entries of the journal as of its own time."""
    shown = []
    for side, frozen in ((found.claim, False), (found.frozen, True)):
        behind = disputes.entries_behind(election, found.figure, side.as_of_at)
        shown.append({"agency": words.agency_name(side.agency), "frozen": frozen, "value": _value(side), "side": side, "behind": behind})
    return shown


def _timeline(found: rules.Dispute) -> list[dict[str, Any]]:
    people = access.names()
    return [
        {"agency": words.agency_name(s.agency), "said": SAID[s.act], "outcome": OUTCOMES[Outcome(s.outcome)] if s.outcome else "",
         "owner": words.agency_name(s.owner) if s.owner else "", "due_at": s.due_at, "words": s.words, "at": s.at,
         "who": people.get(s.person, s.person), "entry_id": s.entry_id}
        for s in reversed(found.steps)
    ]  # fmt: skip


@shell.page("disputes.read")
def dispute(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Both numbers, where each comes from, what explains the difference, and how it is settled."""
    return _page(request, election, code)


def _page(request: shell.Request, election: str, code: str) -> HttpResponse:
    found, held = _found(request, election, code)
    on_table, mine = found.proposal, request.person.agency
    acts = rules.possible(found, mine) if shell.may(request, "disputes.settle", disputes.thing_of(found, held)) else ()
    first, last = sorted((found.claim.as_of_at, found.frozen.as_of_at))
    context_now = {
        "row": _row(found, request.at), "meeting": held, "sides": _sides(election, found), "proof": disputes.proof(election, found),
        "explained": _explained(election, found), "between": disputes.entries_behind(election, found.figure, last, first).count,
        "acts": {a.value for a in acts}, "proposal": on_table,
        "proposal_outcome": OUTCOMES[on_table.outcome] if on_table else "",
        "proposal_owner": words.agency_name(on_table.owner) if on_table else "",
        "proposal_by": words.agency_name(on_table.by) if on_table else "",
        "answers": [(words.agency_name(a), _answer(on_table, a)) for a in found.sides] if on_table else [],
        "steps": _timeline(found), "raised_by": words.agency_name(found.raised_by), "by": access.names().get(found.person, found.person),
        "seen": found.last_id, "outcomes": [(o.value, w, o in rules.TASKED) for o, w in OUTCOMES.items()],
        "agencies": [(a.agency, words.agency_name(a.agency)) for a in held.agencies], "typed": request.POST,
        "may_journal": shell.may(request, "record.read"), "waits": [words.agency_name(a) for a in _waits(found)],
    }  # fmt: skip
    return render(request, "desk/disputes/dispute.html", context_now)


def _answer(on_table: rules.Proposal, agency: str) -> tuple[str, str]:
    if agency in on_table.agreed:
        return ("done", "setuju")
    return ("refused", "tidak setuju") if agency == on_table.refused_by else ("waiting", "belum menjawab")


def _waits(found: rules.Dispute) -> Iterable[str]:
    on_table = found.proposal
    if found.state is not State.PROPOSED or on_table is None:
        return ()
    return tuple(a for a in found.sides if a not in on_table.agreed)


@shell.page("disputes.settle")
def settle(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A step: an outcome is proposed, agreed to, refused; the dispute is withdrawn; its task is reported done."""
    _found(request, election, code)
    posted = request.POST
    if request.method != "POST":
        return redirect("desk:disputes_dispute", election, code)
    try:
        what = next((a for a in Act if a.value == posted.get("act", "")), None)
        if what is None:
            raise rules.NoStep(code=code)
        outcome = posted.get("outcome", "")
        due_at = _due(posted.get("due", "")) if what is Act.PROPOSE and outcome in {o.value for o in rules.TASKED} else None
        after = disputes.act(
            election, code, what, shell.actor(request), request.at, seen=posted.get("seen", ""), words=posted.get("words", ""),
            outcome=outcome, owner=posted.get("owner", ""), due_at=due_at,
        )  # fmt: skip
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return _page(request, election, code)
    shell.done(request, f"{code} sekarang: {STATES[after.state][1]}.")
    return redirect("desk:disputes_dispute", election, code)


def _due(day: str) -> datetime:
    """The end of a day typed in WIB. BadDue."""
    end = text.typed_moment(f"{day.strip()[:10]}T23:59")
    if end is None:
        raise rules.BadDue()
    return end


@shell.page("disputes.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """All disputes this agency may read: XLSX."""
    rows: list[list[Any]] = [
        ["Kode", "Rapat", "Paket", "Sidik jari paket", "Angka", "Lembaga", "Angka lembaga", "Sumber lembaga", "Per (lembaga)", "Angka beku",
         "Sumber beku", "Per (beku)", "Keadaan", "Hasil", "Keterangan", "Pelaksana", "Tenggat", "Selesai", "Tanda"]
    ]  # fmt: skip
    for d in disputes.visible(request.person, election, request.at, request.GET.get("rapat", "")):
        shown, on_table = _row(d, request.at), d.proposal
        task = on_table if on_table and on_table.outcome in rules.TASKED else None
        rows.append(
            [d.code, d.meeting, d.snapshot, d.digest, d.label, shown["agency"], shown["claim"], d.claim.source,
             text.waktu(d.claim.as_of_at), shown["frozen"], d.frozen.source, text.waktu(d.frozen.as_of_at), shown["word"],
             shown["outcome"], on_table.words if on_table else "",
             words.agency_name(task.owner) if task else "", text.waktu(task.due_at) if task and task.due_at else "",
             text.waktu(d.settled_at) if d.settled_at else "", d.mark]
        )  # fmt: skip
    data = table.xlsx({"Selisih angka": rows})
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="selisih-angka.xlsx"'})


urlpatterns = [
    path("<slug:election>/selisih/", index, name="disputes"),
    path("<slug:election>/selisih/selisih.xlsx", export, name="disputes_export"),
    path("<slug:election>/selisih/ajukan/<slug:snapshot>/", raise_one, name="disputes_raise"),
    path("<slug:election>/selisih/<slug:code>/", dispute, name="disputes_dispute"),
    path("<slug:election>/selisih/<slug:code>/langkah/", settle, name="disputes_settle"),
]
SENTENCES: dict[str, str] = {
    "disputes.not_at_table": "{agency} tidak diundang ke rapat ini, jadi selisih tidak dapat diajukan atas namanya.",
    "disputes.unknown_figure": "Pilih angka paket yang dipersoalkan; “{figure}” tidak ada di paket ini.",
    "disputes.same_number": "Angkanya sama ({number}); tidak ada selisih.",
    "disputes.already_raised": "Selisih ini sudah diajukan sebagai {code}. Lanjutkan di sana.",
    "disputes.unknown": "Selisih {code} tidak ada.",
    "disputes.seen_other": "Ada langkah baru pada {code} sejak halaman ini dibuka. Baca dahulu, lalu kirim lagi.",
    "disputes.no_step": "{code} tidak dapat dilangkahkan begitu sekarang, atau itu bagian pihak lain. Muat ulang halamannya.",
    "disputes.bad_outcome": "Pilih hasilnya dari daftar.",
    "disputes.words_missing": "Tulis keterangannya, {least} sampai {most} huruf: apa yang dikoreksi, dicari, atau beda definisinya.",
    "disputes.owner_missing": "Pilih lembaga yang mengerjakannya, dari yang ikut rapat ini.",
    "disputes.bad_due": "Isi tenggat sesudah hari ini.",
}
TASKS: dict[str, tuple[str, str]] = {
    "disputes.agree": ("Setujui atau tolak penyelesaian {label}", "desk:disputes_dispute"),
    "disputes.settle": ("Selesaikan selisih {label}", "desk:disputes_dispute"),
    "disputes.correct": ("Catat koreksi {label}", "desk:disputes_dispute"),
    "disputes.find_out": ("Cari tahu {label}", "desk:disputes_dispute"),
}
HITS: dict[str, str] = {"dispute": "desk:disputes_dispute"}
