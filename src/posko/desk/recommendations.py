"""Stage recommendations: drafts, the second pair of eyes, the letter, the addressee's answer, the follow-up."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import recommendations as rules
from posko.domain import record as facts
from posko.domain.recommendations import Act, State
from posko.formats import document, table, text
from posko.store import aght, recommendations, record

STATES = {
    State.DRAF: ("plain", "draf"),
    State.TELAAH: ("waiting", "ditelaah"),
    State.DIKEMBALIKAN: ("waiting", "dikembalikan"),
    State.DISETUJUI: ("waiting", "disetujui, belum terbit"),
    State.TERBIT: ("waiting", "terbit"),
    State.DITERIMA: ("waiting", "diterima penerima"),
    State.DISETUJUI_PENERIMA: ("good", "disetujui penerima"),
    State.SEBAGIAN: ("good", "disetujui sebagian"),
    State.DITOLAK: ("refused", "ditolak dengan alasan"),
    State.TINDAK_LANJUT: ("waiting", "ditindaklanjuti"),
    State.SELESAI_DIKLAIM: ("waiting", "selesai menurut penerima"),
    State.VERIFIKASI: ("good", "terverifikasi"),
    State.DITUTUP: ("done", "ditutup"),
    State.DICABUT: ("refused", "dicabut"),
}
ACTS = {
    Act.DRAFT: ("Susun draf", "menyusun draf"),
    Act.REVISE: ("Ubah draf", "mengubah draf"),
    Act.SUBMIT: ("Ajukan telaah", "mengajukan telaah"),
    Act.RETURN: ("Kembalikan draf", "mengembalikan draf"),
    Act.APPROVE: ("Setujui draf", "menyetujui draf"),
    Act.ISSUE: ("Terbitkan surat", "menerbitkan surat"),
    Act.WITHDRAW: ("Cabut surat", "mencabut surat"),
    Act.RECEIVE: ("Terima surat", "menerima surat"),
    Act.ACCEPT: ("Setujui rekomendasi", "menyetujui rekomendasi"),
    Act.ACCEPT_PARTLY: ("Setujui sebagian", "menyetujui sebagian"),
    Act.REFUSE: ("Tolak rekomendasi", "menolak rekomendasi"),
    Act.FOLLOW: ("Tetapkan tindak lanjut", "menetapkan tindak lanjut"),
    Act.CLAIM: ("Laporkan selesai", "melaporkan selesai"),
    Act.VERIFY: ("Catat verifikasi", "memverifikasi"),
    Act.SEND_BACK: ("Kembalikan ke tindak lanjut", "menyatakan belum selesai"),
    Act.CLOSE: ("Tutup rekomendasi", "menutup rekomendasi"),
}
REASONS = {
    rules.ReasonCode.NOT_COMPETENT: "bukan kewenangan",
    rules.ReasonCode.AGAINST_RULES: "bertentangan dengan peraturan",
    rules.ReasonCode.ALREADY_DONE: "sudah dilakukan",
    rules.ReasonCode.NO_MEANS: "sumber daya tidak ada",
    rules.ReasonCode.NO_TIME: "waktu tidak cukup",
    rules.ReasonCode.WRONG_FACTS: "fakta tidak benar",
    rules.ReasonCode.ALTERNATIVE: "alternatif lain",
    rules.ReasonCode.OTHER: "lainnya",
}
OUTCOMES = {rules.Outcome.SESUAI: "sesuai rekomendasi", rules.Outcome.TIDAK_DAPAT: "tidak dapat ditindaklanjuti, alasan sah"}
SLOTS = (
    ("dasar", "Dasar", "Butir AGHT, nilai bukti, aturan."),
    ("fakta", "Fakta", "Apa yang diketahui, di mana, kapan. Tanpa nama orang."),
    ("analisis", "Analisis", "Peluang, pemilih terdampak, sisa waktu."),
    ("saran", "Saran", "Satu kata kerja, satu objek, satu pelaksana, satu tenggat. Mulai dengan Menyarankan agar …"),
    ("ukuran", "Ukuran berhasil", "Apa yang dapat dilihat atau dihitung bila berhasil."),
    ("risiko", "Risiko bila tidak dilakukan", "Apa akibatnya dan kapan terasa."),
    ("tembusan", "Tembusan", "Satu lembaga per baris; boleh kosong."),
)
FIELDS = {
    Act.RETURN: ("note",),
    Act.WITHDRAW: ("reason",),
    Act.ACCEPT_PARTLY: ("reason_code", "reason"),
    Act.REFUSE: ("reason_code", "reason"),
    Act.FOLLOW: ("action", "owner", "due"),
    Act.CLAIM: ("evidence",),
    Act.VERIFY: ("outcome", "note"),
    Act.SEND_BACK: ("note",),
    Act.CLOSE: ("effect",),
}
LABELS = {
    "note": "Catatan",
    "reason": "Alasan",
    "action": "Apa yang akan dilakukan",
    "owner": "Pelaksana (bagian atau jabatan, bukan nama)",
    "evidence": "Bukti yang dapat dilihat",
    "effect": "Dampak yang diukur, atau: tidak terukur",
}
ADDRESSEES = {"KPU": "KPU"}
AGENCIES = {"KEJARI": "Kejaksaan Negeri", "KPU": "Komisi Pemilihan Umum"}


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


def row(rec: rules.Recommendation, at: datetime) -> dict[str, Any]:
    """A recommendation as lists show it."""
    state, word = STATES[rec.state]
    return {
        "code": rec.code,
        "number": rec.number,
        "title": rec.title,
        "addressee": rec.addressee,
        "state": state,
        "word": word,
        "due_at": rec.due_at,
        "overdue": rec.overdue(at),
        "awaited": _awaited(rec),
        "aght": rec.text.aght,
        "ended": rec.ended,
    }


def _awaited(rec: rules.Recommendation) -> str:
    due = recommendations.awaited(rec)
    if due is None:
        return ""
    what, agency = due
    roles = access_rules.POLICY.get(rules.PERMISSION[what], frozenset())
    names = ", ".join(sorted(shell.ROLE_NAMES.get(role, role) for role in roles))
    who = "penyusunnya" if what is Act.SUBMIT else names or agency
    return f"Menunggu {who}: {ACTS[what][0].lower()}"


def _visible(request: shell.Request, election: str) -> list[rules.Recommendation]:
    found = recommendations.listing(election, request.at)
    return [rec for rec in found if recommendations.visible_to(rec, request.person.agency)]


def _find(request: shell.Request, election: str, code: str) -> rules.Recommendation:
    """One that this person may see. Unknown."""
    rec = recommendations.get(election, code, request.at)
    if not recommendations.visible_to(rec, request.person.agency):
        raise rules.Unknown(code=code)
    return rec


@shell.page("recommendations.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All recommendations, the newest first."""
    rows = [row(rec, request.at) for rec in reversed(_visible(request, election))]
    wanted = request.GET.get("keadaan", "")
    shown = [r for r in rows if not (wanted == "terbuka" and r["ended"]) and not (wanted == "lewat" and not r["overdue"])]
    context = {
        "rows": shown,
        "wanted": wanted,
        "total": len(rows),
        "open": sum(not r["ended"] for r in rows),
        "overdue": sum(r["overdue"] for r in rows),
        "may_draft": shell.may(request, "recommendations.draft"),
    }
    return render(request, "desk/recommendations/index.html", context)


@shell.page("recommendations.read")
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One recommendation: its text, what happened, what this person can do now."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations", election)
    return render(request, "desk/recommendations/detail.html", _detail(request, rec, {}))


def _detail(request: shell.Request, rec: rules.Recommendation, typed: Any) -> dict[str, Any]:
    allowed = recommendations.allowed(rec, request.person, request.at)
    readable = {i.code for i in aght.register(request.election.code, request.at)} if shell.may(request, "aght.read") else set()
    return {
        "rec": rec,
        "row": row(rec, request.at),
        "slots": [(title, getattr(rec.text.slots, name)) for name, title, _ in SLOTS if getattr(rec.text.slots, name)],
        "forms": [
            {"act": a.value, "button": ACTS[a][0], "fields": [(f, LABELS.get(f, "")) for f in FIELDS.get(a, ())], "quiet": a in _QUIET}
            for a in allowed
            if a is not Act.REVISE
        ],
        "may_revise": Act.REVISE in allowed,
        "events": [_event(e) for e in reversed(rec.events)],
        "reasons": [(code.value, words) for code, words in REASONS.items()],
        "reason_word": REASONS.get(rules.ReasonCode(rec.reason_code), "") if rec.reason_code else "",
        "outcomes": [(o.value, words) for o, words in OUTCOMES.items()],
        "aght": [(code, code in readable) for code in rec.text.aght],
        "printable": rec.state in rules.FROZEN,
        "typed": typed,
    }


_QUIET = {Act.RETURN, Act.WITHDRAW, Act.ACCEPT_PARTLY, Act.REFUSE, Act.SEND_BACK}


def _event(event: rules.Event) -> dict[str, Any]:
    said = {name: value for name, value in event.said.items() if name not in {"due_at", "reason_code", "outcome", "digest"}}
    lines = list(said.values())
    if "reason_code" in event.said:
        lines.insert(0, REASONS[rules.ReasonCode(event.said["reason_code"])])
    if "outcome" in event.said:
        lines.insert(0, OUTCOMES[rules.Outcome(event.said["outcome"])])
    if "due_at" in event.said:
        lines.append(f"tenggat {text.waktu(rules.instant(event.said['due_at']))}")
    return {
        "words": ACTS[event.act][1],
        "agency": AGENCIES.get(event.agency, event.agency),
        "person": event.person,
        "at": event.at,
        "lines": lines,
        "entry_id": event.entry_id,
    }


@shell.page("recommendations.draft")
def new(request: shell.Request, election: str) -> HttpResponse:
    """A new draft, usually from an AGHT item."""
    typed: Any = request.POST
    if request.method == "POST":
        try:
            code = recommendations.draft(election, actor=_actor(request), at=request.at, **_text(request))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Draf {code} disimpan. Ajukan telaah bila sudah siap.")
            return redirect("desk:recommendations_detail", election, code)
    else:
        typed = _proposed(request, election, request.GET.get("aght", ""))
    return render(request, "desk/recommendations/form.html", _form(request, election, typed, ""))


def _proposed(request: shell.Request, election: str, code: str) -> dict[str, Any]:
    """What an AGHT item already says, as a start; a person writes the rest."""
    try:
        item = aght.get(election, code, request.at)
    except facts.Refusal:
        return {}
    grades = ", ".join(f"{g.report} {g.source}{g.information}" for g in item.gradings)
    days = (record.local_date(request.election.voting_at) - record.local_date(request.at)).days
    return {
        "aght": [code],
        "dasar": f"Butir {code} ({item.kind.value}){f', laporan {grades}' if grades else ''}.",
        "fakta": item.now.claim,
        "analisis": (
            f"Peluang {text.persen(item.p)}; perkiraan pemilih terdampak {text.angka(item.loss.mode)} "
            f"({text.angka(item.loss.low)} sampai {text.angka(item.loss.high)}) di {len(item.tps)} TPS; sisa waktu {days} hari."
        ),
        "saran": "Menyarankan agar KPU ",
    }


@shell.page("recommendations.draft")
def revise(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Another text for a draft."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations", election)
    typed: Any = request.POST
    if request.method == "POST":
        try:
            recommendations.revise(election, code, actor=_actor(request), at=request.at, **_text(request))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Draf {code} diubah.")
            return redirect("desk:recommendations_detail", election, code)
    else:
        typed = {
            "subject": rec.title,
            "nature": rec.text.nature.value,
            "aght": list(rec.text.aght),
            "due": rec.text.due_at.astimezone(text.WIB).strftime("%Y-%m-%dT%H:%M"),
            **asdict(rec.text.slots),
        }
    return render(request, "desk/recommendations/form.html", _form(request, election, typed, code))


def _form(request: shell.Request, election: str, typed: Any, code: str) -> dict[str, Any]:
    chosen = typed.getlist("aght") if hasattr(typed, "getlist") else typed.get("aght", [])
    return {
        "typed": typed,
        "code": code,
        "slots": [(name, title, hint, typed.get(name, ""), name in rules.REQUIRED) for name, title, hint in SLOTS],
        "natures": [n.value for n in rules.Nature],
        "addressees": ADDRESSEES.items(),
        "items": [
            (i.code, i.title, i.code in chosen)
            for i in aght.register(election, request.at)
            if i.standing.value != "closed" or i.code in chosen
        ],
        "voting_at": request.election.voting_at,
        "longest": rules.SLOT_LONGEST,
    }


def _text(request: shell.Request) -> dict[str, Any]:
    """What the form said. DeadlinePast, Empty."""
    posted = request.POST
    known = {i.code for i in aght.register(request.election.code, request.at)}
    nature = posted.get("nature", "")
    return {
        "subject": posted.get("subject", ""),
        "addressee": posted.get("addressee", "") if posted.get("addressee", "") in ADDRESSEES else "",
        "nature": rules.Nature(nature) if nature in set(rules.Nature) else rules.Nature.BIASA,
        "due_at": _moment(posted.get("due", "")),
        "slots": rules.Slots(**{name: posted.get(name, "") for name, _, _ in SLOTS}),
        "aght": [code for code in posted.getlist("aght") if code in known],
    }


def _moment(typed: str) -> datetime:
    """A date and time of a form, read in WIB. DeadlinePast."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=text.WIB).astimezone(UTC)
    except ValueError as error:
        raise rules.DeadlinePast() from error


@shell.page("recommendations.read")
def step(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One act. Only those that `allowed` shows this person; anybody else gets 403."""
    if request.method != "POST":
        return redirect("desk:recommendations_detail", election, code)
    try:
        rec = _find(request, election, code)
        what = Act(request.POST.get("act", ""))
    except ValueError:
        return redirect("desk:recommendations_detail", election, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations", election)
    permission = rules.PERMISSION[what]
    decision = shell.decide(request, permission, shell.here(request, permission))
    if not decision.allowed:
        return shell.denied(request, permission, decision)
    try:
        said = {name: request.POST.get(name, "").strip()[:600] for name in FIELDS.get(what, ()) if name != "due"}
        if "due" in FIELDS.get(what, ()):
            said["due_at"] = rules.written(_moment(request.POST.get("due", "")))
        recommendations.act(election, code, what, said, _actor(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return render(request, "desk/recommendations/detail.html", _detail(request, rec, request.POST), status=409)
    shell.done(request, f"{code}: {ACTS[what][1]}.")
    return redirect("desk:recommendations_detail", election, code)


@shell.page("recommendations.read")
def letter(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The letter as PDF; only what is issued is a letter."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations", election)
    if rec.issued_at is None:
        return redirect("desk:recommendations_detail", election, code)
    data = document.pdf("surat-rekomendasi", letter_values(rec), rec.issued_at)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{code}.pdf"'
    return response


def letter_values(rec: rules.Recommendation) -> dict[str, Any]:
    """What the letter says: only frozen words, so the same letter has the same bytes whenever it is printed."""
    issued, acknowledge = rec.issued_at, rec.due_ack_at
    if issued is None or acknowledge is None:
        raise rules.NoStep(code=rec.code, state=rec.state.value, act="letter")
    installation = record.installation()
    slots = rec.text.slots
    return {
        "agency": f"Kejaksaan Negeri {installation.name}",
        "place": "Posko Pemilu",
        "marks": ["[SIMULASI]"] if installation.demo else [],
        "title": "",
        "number": rec.number,
        "nature": rec.text.nature.value,
        "subject": rec.title,
        "town": installation.name,
        "date": text.tanggal_pendek(issued),
        "addressee": f"Ketua {AGENCIES[rec.addressee]} {installation.name}",
        "basis": slots.dasar,
        "facts": slots.fakta,
        "analysis": slots.analisis,
        "advice": slots.saran,
        "measure": slots.ukuran,
        "risk": slots.risiko,
        "due": text.tanggal(rec.text.due_at) + ", " + text.jam(rec.text.due_at),
        "acknowledge": text.waktu(acknowledge),
        "copies": [line.strip() for line in slots.tembusan.splitlines() if line.strip()],
        "digest": rec.digest,
        "qr": document.qr_svg(f"PSK1:N:{rec.digest[:32]}"),
        "code": rec.code,
        "footer": f"{rec.number} · sidik jari {rec.digest[:16]}",
    }


@shell.page("recommendations.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as shown."""
    head = ["Kode", "Nomor", "Hal", "Kepada", "Keadaan", "Tenggat", "Lewat", "Alasan"]
    lines = []
    for rec in _visible(request, election):
        r = row(rec, request.at)
        due = text.waktu(rec.due_at) if rec.due_at else ""
        lines.append([rec.code, rec.number, rec.title, rec.addressee, r["word"], due, "ya" if r["overdue"] else "", rec.reason])
    data = table.xlsx({"Rekomendasi": [head, *lines]})
    response = HttpResponse(data, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = 'attachment; filename="rekomendasi.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/rekomendasi/", index, name="recommendations"),
    path("<slug:election>/rekomendasi/baru/", new, name="recommendations_new"),
    path("<slug:election>/rekomendasi/ekspor.xlsx", export, name="recommendations_export"),
    path("<slug:election>/rekomendasi/<slug:code>/", detail, name="recommendations_detail"),
    path("<slug:election>/rekomendasi/<slug:code>/ubah/", revise, name="recommendations_revise"),
    path("<slug:election>/rekomendasi/<slug:code>/langkah/", step, name="recommendations_step"),
    path("<slug:election>/rekomendasi/<slug:code>/surat.pdf", letter, name="recommendations_letter"),
]
SENTENCES: dict[str, str] = {
    "recommendations.no_step": "{code} sudah berada pada keadaan lain. Muat ulang halaman dan lihat langkah berikutnya.",
    "recommendations.own_work": (
        "Langkah ini dilakukan orang lain: penyusun tidak menyetujui drafnya sendiri, pelaksana tidak memverifikasi hasilnya sendiri."
    ),
    "recommendations.not_addressed": "Hanya {agency} sebagai penerima yang menjawab {code}.",
    "recommendations.not_ours": "Hanya {agency} yang menyusun, menyetujui, menerbitkan, dan memverifikasi {code}.",
    "recommendations.not_author": "Hanya penyusunnya yang mengubah dan mengajukan draf {code}.",
    "recommendations.not_signer": "Hanya yang menerbitkan {code} yang dapat mencabutnya.",
    "recommendations.empty": "Semua isian wajib harus terisi: dasar, fakta, analisis, saran, ukuran, risiko, atau isian langkah ini.",
    "recommendations.too_long": "Terlalu panjang: hal paling banyak {subject} huruf, setiap bagian {slot} huruf.",
    "recommendations.commands": "Saran memakai kata “{word}”. Posko menyarankan, penerima memutuskan. Tulis: Menyarankan agar …",
    "recommendations.needs_reason": "Pilih alasan dan jelaskan dengan kata-kata. Penolakan beralasan adalah jawaban yang sah.",
    "recommendations.deadline_past": "Tenggat harus sesudah sekarang dan paling lambat hari pemungutan suara.",
    "recommendations.changed": "Isi {code} tidak sama dengan yang disetujui. Kembalikan dan ajukan lagi.",
    "recommendations.unknown": "Rekomendasi itu tidak ada atau belum terbit untuk lembaga Anda.",
}
TASKS: dict[str, tuple[str, str]] = {
    "recommendations.draf": ("Ajukan telaah {label}", "desk:recommendations_detail"),
    "recommendations.dikembalikan": ("Perbaiki {label}", "desk:recommendations_detail"),
    "recommendations.telaah": ("Telaah {label}", "desk:recommendations_detail"),
    "recommendations.disetujui": ("Terbitkan surat {label}", "desk:recommendations_detail"),
    "recommendations.terbit": ("Terima surat {label}", "desk:recommendations_detail"),
    "recommendations.diterima": ("Jawab {label}", "desk:recommendations_detail"),
    "recommendations.disetujui_penerima": ("Tetapkan tindak lanjut {label}", "desk:recommendations_detail"),
    "recommendations.sebagian": ("Tetapkan tindak lanjut {label}", "desk:recommendations_detail"),
    "recommendations.tindak_lanjut": ("Laporkan hasil {label}", "desk:recommendations_detail"),
    "recommendations.selesai_diklaim": ("Verifikasi {label}", "desk:recommendations_detail"),
    "recommendations.verifikasi": ("Tutup {label}", "desk:recommendations_detail"),
}
HITS: dict[str, str] = {"recommendation": "desk:recommendations_detail"}
