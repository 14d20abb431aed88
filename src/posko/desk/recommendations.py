"""Stage recommendations: drafts, other people's eyes, the letter, the addressee's answer, the follow-up and its effect."""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import evidence as evidence_desk
from posko.desk import record as journal
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import evidence as evidence_rules
from posko.domain import pledges as pledge_rules
from posko.domain import recommendations as rules
from posko.domain import record as facts
from posko.domain.recommendations import Act, Outcome, State
from posko.formats import document, table, text
from posko.formats import pledges as pledge_words
from posko.formats import recommendations as papers
from posko.store import access, aght, evidence, places, pledges, recommendations, record, reports

STATES = {
    State.DRAF: ("plain", "draf"),
    State.TELAAH_1: ("waiting", "ditelaah"),
    State.TELAAH_2: ("waiting", "telaah kedua"),
    State.DIKEMBALIKAN: ("waiting", "dikembalikan"),
    State.DISETUJUI: ("waiting", "disetujui, belum terbit"),
    State.TERBIT: ("waiting", "terbit"),
    State.DITERIMA: ("waiting", "diterima penerima"),
    State.BUTUH_KLARIFIKASI: ("waiting", "penerima meminta penjelasan"),
    State.DISETUJUI_PENERIMA: ("good", "disetujui penerima"),
    State.SEBAGIAN: ("good", "disetujui sebagian"),
    State.DITOLAK: ("refused", "ditolak dengan alasan"),
    State.TINDAK_LANJUT: ("waiting", "ditindaklanjuti"),
    State.SELESAI_DIKLAIM: ("waiting", "selesai menurut penerima"),
    State.VERIFIKASI: ("good", "terverifikasi"),
    State.DAMPAK: ("good", "dampak dicatat"),
    State.DITUTUP: ("done", "ditutup"),
    State.DICABUT: ("refused", "dicabut"),
    State.DIGANTI: ("refused", "diganti versi baru"),
}
ACTS = {
    Act.DRAFT: ("Susun draf", "menyusun draf"),
    Act.REVISE: ("Ubah draf", "mengubah draf"),
    Act.SUBMIT: ("Ajukan telaah", "mengajukan telaah"),
    Act.RETURN: ("Kembalikan draf", "mengembalikan draf"),
    Act.REVIEW: ("Setujui telaah pertama", "menyetujui telaah pertama"),
    Act.APPROVE: ("Setujui draf", "menyetujui draf"),
    Act.ISSUE: ("Terbitkan surat", "menerbitkan surat"),
    Act.WITHDRAW: ("Cabut surat", "mencabut surat"),
    Act.SPEAK: ("Catat saran lisan", "menyampaikan saran lisan"),
    Act.CONFIRM: ("Tandatangani konfirmasi tertulis", "menandatangani konfirmasi tertulis"),
    Act.REVIEW_AFTER: ("Catat telaah saran lisan", "menelaah saran lisan"),
    Act.REPLACE: ("Ganti dengan versi baru", "mengganti dengan versi baru"),
    Act.REMIND: ("Catat pengingat lisan", "mengingatkan secara lisan"),
    Act.RECEIVE: ("Terima surat", "menerima surat"),
    Act.ASK: ("Minta penjelasan", "meminta penjelasan"),
    Act.CLARIFY: ("Kirim penjelasan", "memberi penjelasan"),
    Act.ACCEPT: ("Setujui rekomendasi", "menyetujui rekomendasi"),
    Act.ACCEPT_PARTLY: ("Setujui sebagian", "menyetujui sebagian"),
    Act.REFUSE: ("Tolak rekomendasi", "menolak rekomendasi"),
    Act.FOLLOW: ("Tetapkan tindak lanjut", "menetapkan tindak lanjut"),
    Act.CLAIM: ("Laporkan selesai", "melaporkan selesai"),
    Act.VERIFY: ("Catat verifikasi", "memverifikasi"),
    Act.SEND_BACK: ("Kembalikan ke tindak lanjut", "menyatakan belum selesai"),
    Act.MEASURE: ("Catat dampak", "mencatat dampak"),
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
OUTCOMES = {
    Outcome.SESUAI: "sesuai rekomendasi",
    Outcome.BELUM_SESUAI: "belum sesuai, dalam proses",
    Outcome.BELUM_DITINDAKLANJUTI: "belum ditindaklanjuti",
    Outcome.TIDAK_DAPAT: "tidak dapat ditindaklanjuti, alasan sah",
}
VERDICTS = {"wajar": "wajar menurut keadaan saat itu", "keberatan": "ada keberatan, lihat catatan"}
SLOTS = (
    ("dasar", "Dasar", "Butir AGHT, sinyal, nilai bukti, aturan."),
    ("fakta", "Fakta", "Apa yang diketahui, di mana, kapan. Tanpa nama orang."),
    ("analisis", "Analisis", "Peluang, pemilih terdampak, sisa waktu."),
    ("saran", "Saran", "Satu kata kerja, satu objek, satu pelaksana. Mulai dengan Menyarankan agar …"),
    ("ukuran", "Ukuran berhasil", "Apa yang dapat dilihat atau dihitung bila berhasil."),
    ("risiko", "Risiko bila tidak dilakukan", "Apa akibatnya dan kapan terasa."),
    ("tembusan", "Tembusan", "Satu lembaga per baris; boleh kosong."),
)
ADDRESSEES = {"KPU": "KPU", "BAWASLU": "Bawaslu", "POLRES": "Polres", "PEMDA": "Pemda"}
UNTIL = {
    rules.Until.CLOSES: "pemungutan suara ditutup di tempat itu",
    rules.Until.COUNTED: "penghitungan suara selesai di tempat itu",
    rules.Until.RETURNED: "kotak dan surat suara kembali",
    rules.Until.RESUMED: "TPS dibuka lagi untuk pemungutan suara lanjutan",
    rules.Until.DELAYED: "TPS dibuka untuk pemungutan suara susulan",
}
NO_DROP = {
    rules.NoDrop.NO_ITEM: "tidak bertumpu pada butir AGHT",
    rules.NoDrop.NOT_LOOKED: "butirnya tidak dikaji lagi sebelum surat ditutup",
    rules.NoDrop.OPEN: "belum ditutup",
    rules.NoDrop.NOT_DONE: "berakhir tanpa tindak lanjut",
}
AGENCIES = papers.AGENCIES
MOST_PROOFS = 5


@dataclass(frozen=True)
class Field:
    """One field of a step's form. kind: area | line | number | due | outcome | reason | verdict | file."""

    name: str
    label: str
    kind: str = "area"
    required: bool = True
    hint: str = ""


_PROOF = Field("file", "Foto atau PDF bukti (boleh lebih dari satu)", "file", required=False)
_WHY = (Field("reason_code", "Alasan pokok", "reason"), Field("reason", "Penjelasan"))
FORMS: tuple[tuple[Act, str, tuple[Field, ...]], ...] = (
    (Act.SUBMIT, "", ()),
    (Act.REVIEW, "", ()),
    (Act.APPROVE, "", ()),
    (Act.ISSUE, "", ()),
    (Act.RETURN, "", (Field("note", "Apa yang perlu diubah"),)),
    (Act.RECEIVE, "", ()),
    (Act.CLARIFY, "", (Field("answer", "Penjelasan untuk penerima"), _PROOF)),
    (Act.ACCEPT, "", ()),
    (Act.ACCEPT_PARTLY, "", _WHY),
    (Act.REFUSE, "", (*_WHY, _PROOF)),
    (Act.ASK, "", (Field("question", "Apa yang perlu dijelaskan"),)),
    (
        Act.FOLLOW,
        "",
        (
            Field("action", "Apa yang akan dilakukan"),
            Field("owner", "Pelaksana", "line", hint="Bagian atau jabatan, bukan nama."),
            Field("due", "Tenggat (WIB)", "due"),
        ),
    ),
    (Act.CLAIM, "", (Field("evidence", "Apa yang sudah dilakukan, dan bukti apa yang dapat dilihat"), _PROOF)),
    (Act.VERIFY, "", (Field("outcome", "Status", "outcome"), Field("note", "Apa yang dilihat"), _PROOF)),
    (
        Act.MEASURE,
        "Catat dampak terukur",
        (
            Field("before", "Sebelum", "number", hint="Angka, misalnya 264 atau 0,9."),
            Field("after", "Sesudah", "number"),
            Field("unit", "Satuan", "line", hint="Misalnya pemilih terdampak, TPS, jam."),
            Field("source", "Sumber angka", "line"),
            Field("measured", "Diukur pada (WIB)", "due"),
        ),
    ),
    (Act.MEASURE, "Catat tidak terukur", (Field("why", "Mengapa tidak dapat diukur"),)),
    (Act.CLOSE, "", ()),
    (Act.CONFIRM, "", ()),
    (Act.REVIEW_AFTER, "", (Field("verdict", "Penilaian", "verdict"), Field("note", "Catatan penelaah"))),
    (
        Act.REMIND,
        "",
        (
            Field("channel", "Lewat", "channel"),
            Field("heard_by", "Siapa yang mendengar", "line", hint="Jabatan, bukan nama."),
            Field("note", "Apa yang dibicarakan", required=False, hint="Tetap surat ini; saran baru memerlukan surat baru."),
        ),
    ),
    (Act.WITHDRAW, "", (Field("reason", "Alasan pencabutan"),)),
)
_QUIET = {Act.RETURN, Act.WITHDRAW, Act.ACCEPT_PARTLY, Act.REFUSE, Act.ASK, Act.REMIND}
_CHOICES: dict[str, list[tuple[str, str]]] = {
    "reason": [(code.value, words) for code, words in REASONS.items()],
    "outcome": [(outcome.value, words) for outcome, words in OUTCOMES.items()],
    "verdict": list(VERDICTS.items()),
    "channel": list(papers.CHANNELS.items()),
}


def row(rec: rules.Recommendation, at: datetime) -> dict[str, Any]:
    """A recommendation as lists show it."""
    state, word = STATES[rec.state]
    return {
        "code": rec.code,
        "number": rec.number,
        "title": rec.title,
        "addressee": ADDRESSEES.get(rec.addressee, rec.addressee),
        "state": state,
        "word": word,
        "due_at": rec.due_at,
        "overdue": rec.overdue(at),
        "late": [_awaited(rec, one) for one in rec.late(at)],
        "awaited": _awaited_first(rec),
        "aght": rec.text.aght,
        "ended": rec.ended,
        "oral": rec.oral,
        "status": OUTCOMES[Outcome(rec.status)] if rec.status else "",
    }


def _awaited_first(rec: rules.Recommendation) -> str:
    return _awaited(rec, rec.awaited[0]) if rec.awaited else ""


def _awaited(rec: rules.Recommendation, one: rules.Awaited) -> str:
    roles = [r for r in access_rules.POLICY[rules.permission(rec, one.act)] if access_rules.ROLES[r] == one.agency]
    names = ", ".join(sorted(shell.ROLE_NAMES.get(role, role) for role in roles))
    who = "penyusunnya" if one.act is Act.SUBMIT else names or one.agency
    return f"Menunggu {who}: {ACTS[one.act][0].lower()}"


def _visible(request: shell.Request, election: str) -> list[rules.Recommendation]:
    return recommendations.readable(recommendations.listing(election, request.at), request.person, request.at)


def _find(request: shell.Request, election: str, code: str) -> rules.Recommendation:
    """One that this person may see. Unknown."""
    rec = recommendations.get(election, code, request.at)
    if not recommendations.readable([rec], request.person, request.at):
        raise rules.Unknown(code=code)
    return rec


def _away(request: shell.Request, election: str, refusal: facts.Refusal) -> HttpResponse:
    shell.refused(request, refusal)
    return redirect("desk:recommendations", election)


# --- lists -----------------------------------------------------------------------------------------------------------------


@shell.page("recommendations.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All recommendations, the newest first."""
    recs = list(reversed(_visible(request, election)))
    rows = [row(rec, request.at) for rec in recs]
    wanted = request.GET.get("keadaan", "")
    shown = [r for r in rows if not (wanted == "terbuka" and r["ended"]) and not (wanted == "lewat" and not r["late"])]
    context = {
        "rows": shown,
        "wanted": wanted,
        "total": len(rows),
        "open": sum(not r["ended"] for r in rows),
        "overdue": sum(bool(r["late"]) for r in rows),
        "may_draft": shell.may(request, "recommendations.draft"),
        "may_speak": shell.may(request, "recommendations.issue") and _days(request) <= 1,
        "confined": shell.confined(request, "recommendations.read"),
        "may_profile": shell.may(request, "recommendations.issue"),
        "ours": request.person.agency == "KEJARI",
        "profile": recommendations.profile(election, request.at),
    }
    return render(request, "desk/recommendations/index.html", context)


@shell.page("recommendations.read")
def kpi(request: shell.Request, election: str) -> HttpResponse:
    """How recommendations fare: figures with their denominators; an addressee sees its own."""
    recs = _visible(request, election)
    found = rules.kpis(recs, request.at)
    context = {
        "lines": _kpi_lines(found), "issued": found.issued, "reasons": _reasons(found), "ours": _reads_all(request),
        "confined": shell.confined(request, "recommendations.read"), "risk": _risk(request, election, recs),
    }  # fmt: skip
    return render(request, "desk/recommendations/kpi.html", context)


def _risk(request: shell.Request, election: str, recs: Sequence[rules.Recommendation]) -> dict[str, Any] | None:
    """The drop of risk by letter and in sum, for whoever reads the register; None for everybody else."""
    region = request.election.region
    if not shell.may(request, "aght.read", access_rules.owned("aght.read", "", region, region)):
        return None
    risks = recommendations.risks(election, recs)
    found, titles = rules.drops(recs, risks), {rec.code: rec for rec in recs}
    measured = [d for d in found if d.why is None]
    return {
        "rows": [{"drop": d, "rec": titles[d.code], "why": NO_DROP[d.why] if d.why else ""} for d in found],
        "whole": rules.whole_drop(recs, found, risks),
        "measured": rules.Share(len(measured), len(found)),
        "unmeasured": [(NO_DROP[why], sum(d.why is why for d in found)) for why in rules.NoDrop if any(d.why is why for d in found)],
    }  # fmt: skip


def _reads_all(request: shell.Request) -> bool:
    return request.person.agency in {"KEJARI", "BAWASLU"}


def _reasons(found: rules.Kpis) -> list[tuple[str, int]]:
    return [(REASONS[rules.ReasonCode(code)], number) for code, number in found.reasons]


def _kpi_lines(found: rules.Kpis) -> list[dict[str, Any]]:
    """Label, figure or share, and of what."""
    times = (
        ("Waktu sampai diterima, nilai tengah", found.acknowledge_min, found.acknowledged.part),
        ("Waktu sampai dijawab, nilai tengah", found.decide_min, found.accepted.whole),
    )
    shares = (
        ("Diterima (tanda terima)", found.acknowledged, "dari surat yang terbit"),
        ("Diterima pada waktunya", found.acknowledged_in_time, "dari yang diterima atau lewat waktu terimanya"),
        ("Disetujui seluruhnya", found.accepted, "dari yang dijawab"),
        ("Disetujui sebagian", found.partly, "dari yang dijawab"),
        ("Ditolak dengan alasan", found.refused, "dari yang dijawab; penolakan beralasan adalah akhir yang baik"),
        ("Selesai pada tenggatnya", found.on_time, "dari yang dilaporkan selesai atau lewat tenggat"),
        ("Terverifikasi", found.verified, "dari yang dilaporkan selesai"),
        ("Sesuai rekomendasi", found.as_advised, "dari yang terverifikasi"),
        ("Dampak terukur dengan angka", found.measured, "dari yang dampaknya dicatat"),
        ("Saran lisan dikonfirmasi dalam 6 jam", found.oral_in_time, "dari yang dikonfirmasi atau lewat 6 jam"),
        ("Diganti versi baru", found.replaced, "dari surat yang terbit"),
        ("Diulang: versi baru atau hal yang sama disurati lagi", found.repeated, "dari surat yang terbit"),
        ("Diingatkan secara lisan", found.reminded, "dari surat yang terbit"),
    )
    lines: list[dict[str, Any]] = [
        {"label": label, "figure": text.menit(minutes) if minutes is not None else "", "share": None, "of": f"dari {text.angka(n)} surat"}
        for label, minutes, n in times
    ]
    return lines + [{"label": label, "figure": "", "share": share, "of": of} for label, share, of in shares]


@shell.page("recommendations.read")
def actions(request: shell.Request, election: str) -> HttpResponse:
    """The library of actions."""
    del election
    found = papers.library()
    context = {
        "version": found.version,
        "actions": [(one, ADDRESSEES[one.addressee]) for one in found.remedies],
        "may_draft": shell.may(request, "recommendations.draft"),
    }
    return render(request, "desk/recommendations/actions.html", context)


@shell.page("recommendations.issue")
def profile(request: shell.Request, election: str) -> HttpResponse:
    """How many people read a draft before it is signed."""
    if request.method == "POST":
        try:
            reviewers = int(request.POST.get("reviewers", "0")) if request.POST.get("reviewers", "") in {"1", "2"} else 0
            recommendations.set_profile(election, reviewers, request.POST.get("reason", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Profil telaah disimpan. Berlaku untuk draf yang diajukan mulai sekarang.")
            return redirect("desk:recommendations_profile", election)
    context = {
        "profile": recommendations.profile(election, request.at),
        "people": recommendations.readers(request.election.region, request.at),
        "names": access.names(),
        "typed": request.POST,
    }
    return render(request, "desk/recommendations/profile.html", context)


# --- one recommendation ------------------------------------------------------------------------------------------------------


@shell.page("recommendations.read")
def detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One recommendation: its text, what happened, what this person can do now."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    return render(request, "desk/recommendations/detail.html", _detail(request, rec, {}))


def _detail(request: shell.Request, rec: rules.Recommendation, typed: Any) -> dict[str, Any]:
    election = request.election.code
    permitted = recommendations.allowed(rec, request.person, request.at)
    readable = {i.code for i in _items(request)}
    heard, names = [e for e in rec.events if rules.readable(rec, e, request.person.agency)], access.names()
    newer = recommendations.newer_of(election, rec.code, request.at)
    ours = request.person.agency == rec.agency
    shown = evidence_desk.context(request, "recommendations", f"recommendation:{rec.code}")
    shown["evidence"]["may_attach"] = False  # proof comes with the step that it proves
    return shown | {
        "rec": rec,
        "row": row(rec, request.at),
        "slots": [(title, getattr(rec.text.slots, name)) for name, title, _ in SLOTS if getattr(rec.text.slots, name)],
        "forms": forms_for(request, rec, permitted, typed),
        "may_revise": Act.REVISE in permitted,
        "answers": request.person.agency == rec.addressee and shell.may(request, "recommendations.receive"),
        "events": [_event(e, names) for e in reversed(heard)],
        "inside": len(rec.events) - len(heard),
        "odd": [_event(e, names) for e in rec.odd if rules.readable(rec, e, request.person.agency)],
        "horizon": horizon_words(rec, request.election.code),
        "promises": _promises(request, rec),
        "reminded": len(rec.reminders),
        "reason_word": REASONS.get(rules.ReasonCode(rec.reason_code), "") if rec.reason_code else "",
        "aght": [(code, code in readable) for code in rec.text.aght],
        "signals": [one.replace("|", " ") for one in rec.text.signals] if ours or request.person.agency == "BAWASLU" else [],
        "remedy": papers.action_words(rec.text.remedy) if rec.text.remedy else "",
        "newer": newer if newer and recommendations.readable([_rec(request, newer)], request.person, request.at) else "",
        "may_renew": shell.may(request, "recommendations.draft") and rec.state in rules.FROZEN and not newer,
        "printable": rec.state in rules.FROZEN and not _gone(rec),
        "gone": _gone(rec),
        "noted": ours and bool(rec.note_number) and rec.state not in {State.DRAF, State.DIKEMBALIKAN},
        "before": _number(rec.effect.before) if rec.effect and rec.effect.measured else "",
        "after": _number(rec.effect.after) if rec.effect and rec.effect.measured else "",
        "channel": papers.CHANNELS[rec.oral.channel] if rec.oral else "",
        "verdict": VERDICTS.get(rec.oral.verdict, "") if rec.oral and _reads_all(request) else "",
        "unconfirmed": any(one.act is Act.CONFIRM for one in rec.late(request.at)),
    }


def horizon_words(rec: rules.Recommendation, election: str) -> str:
    """Until when it can help, where somebody stated another moment than the opening of the TPS; with its basis."""
    found = rec.text.horizon
    if found is None:
        return ""
    names = {t.code: t.name for t in places.tps_list(election)} if found.places else {}
    where = f" ({', '.join(f'{names[c]} {c}' if c in names else c for c in found.places)})" if found.places else ""
    return f"{UNTIL[found.kind]}{where}, {text.waktu(found.ends_at)}. Dasar: {found.basis}"


def _promises(request: shell.Request, rec: rules.Recommendation) -> list[dict[str, Any]]:
    """The promises that a text leans on, as they stand now, and whether this person may open their page."""
    if not rec.text.pledges:
        return []
    known = {p.code: p for p in pledges.listing(request.election.code, request.at)}
    opens = shell.may(request, "pledges.read")
    found = []
    for code in rec.text.pledges:
        one = known[code]
        state, word = pledge_words.STATES[one.state]
        gone = one.state is pledge_rules.State.WITHDRAWN
        said = {
            "code": code, "asset": one.asset, "state": "overdue" if gone and not rec.ended else state, "word": word, "gone": gone,
            "line": promise_words(one), "opens": opens, "at": one.steps[-1].at if gone else None,
        }  # fmt: skip
        found.append(said)
    return found


def promise_words(one: pledge_rules.Pledge) -> str:
    """What was promised, from what never changes about it."""
    size = f", {text.angka(one.capacity)} {pledge_rules.UNITS.get(one.kind, '')}".rstrip() if one.capacity else ""
    kind = pledge_words.KINDS[one.kind]
    many = f"{kind}, {text.angka(one.count)} orang" if one.kind in pledge_rules.PEOPLE else f"{text.angka(one.count)} {kind}"
    when = f"{text.waktu(one.from_at)} sampai {text.waktu(one.until_at)}"
    return f"{one.asset} ({one.code}): {many}{size}, {when}"


def _rec(request: shell.Request, code: str) -> rules.Recommendation:
    return recommendations.get(request.election.code, code, request.at)


def forms_for(request: shell.Request, rec: rules.Recommendation, permitted: Sequence[Act], typed: Any) -> list[dict[str, Any]]:
    """Forms of the acts that this person may do now, with what was typed or what is known already."""
    found = []
    for act, title, fields in FORMS:
        if act not in permitted:
            continue
        button = title or ACTS[act][0]
        same = typed.get("act") == act.value and typed.get("form", button) == button
        known = typed if same else _known(request, rec, act)
        found.append(
            {
                "act": act.value,
                "button": button,
                "quiet": act in _QUIET,
                "open": same,
                "files": any(f.kind == "file" for f in fields),
                "fields": [
                    {"field": f, "id": f"{act.value}-{f.name}", "value": known.get(f.name, ""), "choices": _CHOICES.get(f.kind, [])}
                    for f in fields
                ],
            }
        )
    return found


def _known(request: shell.Request, rec: rules.Recommendation, act: Act) -> dict[str, str]:
    """What the fields of a step begin with."""
    if act is Act.FOLLOW:
        return {"due": text.form_moment(rec.text.due_at)}
    if act is not Act.MEASURE or rec.issued_at is None or not rec.text.aght:
        return {}
    code = rec.text.aght[0]
    if code not in {i.code for i in _items(request)}:
        return {}
    try:
        before, now = (aght.get(request.election.code, code, moment) for moment in (rec.issued_at, request.at))
    except facts.Refusal:
        return {}
    return {
        "before": text.angka(before.loss.expected),
        "after": text.angka(now.loss.expected),
        "unit": "pemilih terdampak (perkiraan)",
        "source": f"Kajian {code} saat surat terbit dan sekarang",
        "measured": text.form_moment(request.at),
    }


_HIDDEN = {
    "due_at",
    "measured_at",
    "reason_code",
    "outcome",
    "verdict",
    "digest",
    "proofs",
    "mandate",
    "reviewers",
    "by",
    "channel",
    "heard_by",
    "before",
}
_HIDDEN |= {"after", "unit"}


def _event(event: rules.Event, names: Mapping[str, str]) -> dict[str, Any]:
    said = event.said
    lines = [value for name, value in said.items() if name not in _HIDDEN]
    for name, kind in (("reason_code", "reason"), ("outcome", "outcome"), ("verdict", "verdict")):
        if name in said:
            lines.insert(0, dict(_CHOICES[kind]).get(said[name], said[name]))
    if "channel" in said:
        lines.insert(
            0, f"lewat {papers.CHANNELS.get(said['channel'], said['channel'])}, didengar {said.get('heard_by', 'yang tidak disebut')}"
        )
    if "unit" in said:
        lines.insert(0, f"{_number(said['before'])} menjadi {_number(said['after'])} {said['unit']}")
    if "due_at" in said:
        lines.append(f"tenggat {text.waktu(rules.instant(said['due_at']))}")
    if said.get("reviewers") == "2":
        lines.append("dua penelaah")
    if "by" in said:
        lines.append(f"oleh {said['by']}")
    if "proofs" in said:
        lines.append(f"{len(said['proofs'].split())} berkas bukti")
    return {
        "words": ACTS[event.act][1],
        "agency": AGENCIES.get(event.agency, event.agency),
        "person": names.get(event.person, event.person),
        "at": event.at,
        "lines": lines,
        "entry_id": event.entry_id,
    }


def _number(plain: str) -> str:
    """0.9 -> 0,9; 1234 -> 1.234."""
    whole, _, part = plain.partition(".")
    return text.angka(int(whole)) + (f",{part}" if part else "")


@shell.page("recommendations.receive")
def answer(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The addressee's page on a telephone: what is advised, by when, and the buttons."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    if request.person.agency != rec.addressee:
        return redirect("desk:recommendations_detail", election, code)
    return render(request, "desk/recommendations/answer.html", _answer(request, rec, {}))


def _answer(request: shell.Request, rec: rules.Recommendation, typed: Any) -> dict[str, Any]:
    permitted = recommendations.allowed(rec, request.person, request.at)
    return {
        "rec": rec,
        "row": row(rec, request.at),
        "slots": [
            (title, getattr(rec.text.slots, n)) for n, title, _ in SLOTS if n not in {"saran", "tembusan"} and getattr(rec.text.slots, n)
        ],
        "forms": forms_for(request, rec, permitted, typed),
        "newest": _event([e for e in rec.events if rules.readable(rec, e, request.person.agency)][-1], access.names()),
        "horizon": horizon_words(rec, request.election.code),
        "promises": _promises(request, rec),
        "proofs": len(evidence.of(request.election.code, f"recommendation:{rec.code}", request.at)),
    }


@shell.page("recommendations.read")
def step(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One act. Only those that `allowed` shows this person; anybody else gets 403."""
    asked = request.POST.get("act", "")
    if request.method != "POST" or asked not in {act.value for act, _, _ in FORMS}:
        return redirect("desk:recommendations_detail", election, code)
    try:
        rec = recommendations.get(election, code, request.at)
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    permission = rules.permission(rec, Act(asked))
    decision = shell.decide(request, permission, recommendations.thing_of(rec, Act(asked)))
    if not decision.allowed:
        return shell.denied(request, permission, decision)
    if not recommendations.readable([rec], request.person, request.at):
        return _away(request, election, rules.Unknown(code=code))
    return _step(request, rec, Act(asked))


def _step(request: shell.Request, rec: rules.Recommendation, what: Act) -> HttpResponse:
    election, code = request.election.code, rec.code
    small = request.POST.get("from") == "jawab" and request.person.agency == rec.addressee
    try:
        said, proofs = _said(request, what), _proofs(request, what)
        what = rules.verdict_act(said.get("outcome", "")) if what is Act.VERIFY else what
        seen = request.POST.get("seen", "")
        recommendations.act(election, code, what, said, shell.actor(request), request.at, proofs=proofs, seen=seen)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        shown = _answer(request, rec, request.POST) if small else _detail(request, rec, request.POST)
        return render(request, f"desk/recommendations/{'answer' if small else 'detail'}.html", shown, status=409)
    shell.done(request, f"{code}: {ACTS[what][1]}.")
    return redirect("desk:recommendations_answer" if small else "desk:recommendations_detail", election, code)


def _said(request: shell.Request, what: Act) -> dict[str, str]:
    """What the form of a step said. DeadlinePast, BadNumber."""
    said = {}
    for field in {f for act, _, fields in FORMS if act is what for f in fields if f.kind != "file"}:
        typed = request.POST.get(field.name, "").strip()[:600]
        if not typed:
            continue
        if field.kind == "due":
            said[f"{field.name}_at"] = rules.written(_moment(typed))
        else:
            said[field.name] = rules.number(typed) if field.kind == "number" else typed
    return said


def _proofs(request: shell.Request, what: Act) -> list[evidence_rules.Kept]:
    """Files of a step, checked and kept before its transaction. The refusals of `formats.picture`."""
    if not any(
        f.kind == "file" for act, _, fields in FORMS if act is what or (act is Act.VERIFY and what is Act.SEND_BACK) for f in fields
    ):
        return []
    return evidence_desk.sent(request, MOST_PROOFS)


# --- writing a draft ---------------------------------------------------------------------------------------------------------


@shell.page("recommendations.draft")
def new(request: shell.Request, election: str) -> HttpResponse:
    """A new draft: from an AGHT item, an early warning, an action of the library, or an older version."""
    return _edit(request, election, "", lambda: _proposed(request, election))


@shell.page("recommendations.draft")
def revise(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Another text for a draft."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    return _edit(request, election, code, lambda: _typed(rec.text))


def _edit(request: shell.Request, election: str, code: str, start: Any) -> HttpResponse:
    if request.method != "POST":
        return render(request, "desk/recommendations/form.html", _form(request, election, start(), code))
    typed = _posted(request)
    typed["aght"] += _beyond(request, code) if code else []
    reach = shell.scope(request, "recommendations.draft")
    context: dict[str, Any] = {}
    if "check" in request.POST:
        context["findings"] = _findings(request, election, typed)
        return render(request, "desk/recommendations/form.html", _form(request, election, typed, code) | context)
    try:
        if code:
            recommendations.revise(election, code, actor=shell.actor(request), at=request.at, reach=reach, **_text(request, typed))
        else:
            code = recommendations.draft(election, actor=shell.actor(request), at=request.at, reach=reach, **_text(request, typed))
    except rules.DoubleDispatch as refusal:
        shell.refused(request, refusal)
        context["double"] = refusal.facts["code"]
    except rules.SavedJustNow as refusal:
        shell.refused(request, refusal)
        return redirect("desk:recommendations_detail", election, str(refusal.facts["code"]))
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, f"Draf {code} disimpan. Ajukan telaah bila sudah siap.")
        return redirect("desk:recommendations_detail", election, code)
    return render(request, "desk/recommendations/form.html", _form(request, election, typed, code) | context)


def _findings(request: shell.Request, election: str, typed: dict[str, Any]) -> list[tuple[str, bool]]:
    """What the linter and the neutral guard say, without keeping anything: (sentence, whether it stops)."""
    slots = rules.Slots(**{name: typed.get(name, "") for name, _, _ in SLOTS})
    basis = bool(typed["aght"] or typed["signals"])
    found = [
        (papers.FINDINGS[f.code].format(word=f.word), f.stops)
        for f in rules.lint(typed["subject"], typed["addressee"], slots, has_basis=basis)
    ]
    try:
        reports.check_neutral(election, typed["subject"], *asdict(slots).values())
    except facts.Refusal as refusal:
        found.insert(0, (shell.sentence(refusal), True))
    missing = [title for name, title, _ in SLOTS if name in rules.REQUIRED and not typed.get(name, "").strip()]
    if missing:
        found.append((f"Belum terisi: {', '.join(missing)}.", True))
    return found


def _posted(request: shell.Request) -> dict[str, Any]:
    """The form as typed, known values only where they are codes."""
    posted = request.POST
    known = {i.code for i in _items(request)}
    typed: dict[str, Any] = {name: posted.get(name, "") for name in ("subject", "nature", "due", "useful", *(name for name, _, _ in SLOTS))}
    typed["addressee"] = posted.get("addressee", "") if posted.get("addressee", "") in ADDRESSEES else ""
    typed["aght"] = [code for code in posted.getlist("aght") if code in known]
    typed["signals"] = _known_signals(request, posted.getlist("signals"))
    typed["remedy"] = posted.get("remedy", "") if papers.library().find(posted.get("remedy", "")) else ""
    typed |= {name: posted.get(name, "")[:1200] for name in ("until", "until_at", "until_places", "until_basis")}
    typed["pledges"] = [code for code in posted.getlist("pledges") if re.fullmatch(r"JNJ-\d{4,6}", code)][:20]
    typed["supersedes"] = re.sub(r"[^A-Za-z0-9_-]", "-", posted.get("supersedes", "").strip()[:20])  # nonsense is refused by name
    return typed


def _beyond(request: shell.Request, code: str) -> list[str]:
    """Items that a draft rests on and that this person does not read: the form does not show them, and saving it drops none of them."""
    known = {i.code for i in _items(request)}
    return [one for one in _rec(request, code).text.aght if one not in known]


def _known_signals(request: shell.Request, posted: Iterable[str]) -> list[str]:
    """The early warnings named by a form that stand now, or on which a text rests already: their names become facts, never free words."""
    asked = [one for one in posted if _signal_key(one)][:10]
    if not asked:
        return []
    known = {f"{s.rule.partition('.')[0]}|{s.subject}" for s in shell.signals_for(request, request.election)}
    known |= {
        one for rec in recommendations.listing(request.election.code, request.at) for e in rec.events if e.text for one in e.text.signals
    }
    gone = [one for one in asked if one not in known]
    if gone:
        shell.warned(request, "Sinyal yang menjadi dasar draf sudah tidak ada, jadi tidak ikut disimpan. Periksa lagi bagian dasar.")
    return [one for one in asked if one in known]


def _signal_key(written: str) -> bool:
    rule, bar, subject = written.partition("|")
    return bool(bar) and rule[:1] == "R" and rule[1:].isdigit() and 0 < len(subject) <= 100 and not any(c.isspace() for c in subject)


def _text(request: shell.Request, typed: dict[str, Any]) -> dict[str, Any]:
    """What the form said, as the store wants it. DeadlinePast, Empty."""
    useful = [_moment(typed["useful"])] if typed["useful"] else []
    useful += [i.now.last_useful_at for i in _chosen(request, typed["aght"]) if i.now.last_useful_at]
    return {
        "subject": typed["subject"],
        "addressee": typed["addressee"],
        "nature": rules.Nature(typed["nature"]) if typed["nature"] in set(rules.Nature) else rules.Nature.BIASA,
        "due_at": _moment(typed["due"]),
        "slots": rules.Slots(**{name: typed[name] for name, _, _ in SLOTS}),
        "aght": typed["aght"],
        "remedy": typed["remedy"],
        "signals": typed["signals"],
        "supersedes": typed["supersedes"],
        "useful_until": min(useful) if useful else None,
        "horizon": _horizon(typed),
        "pledged": typed["pledges"],
    }


def _horizon(typed: Mapping[str, str]) -> rules.Horizon | None:
    """The last moment as the form stated it; None where it is the opening of the TPS. BadHorizon."""
    chosen = typed.get("until", "")
    if not chosen:
        return None
    if chosen not in set(rules.Until):
        raise rules.HorizonBasis()
    try:
        ends_at = _moment(typed.get("until_at", ""))
    except rules.DeadlinePast as error:
        raise rules.HorizonMoment() from error
    where = tuple(re.split(r"[\s,;]+", typed.get("until_places", "").strip())) if typed.get("until_places", "").strip() else ()
    return rules.Horizon(rules.Until(chosen), ends_at, where, typed.get("until_basis", ""))


def _items(request: shell.Request) -> list[aght_rules.Aght]:
    """The AGHT items that this person reads: a form offers no others and takes no others."""
    return aght.register(request.election.code, request.at, shell.scope(request, "aght.read"))


def _chosen(request: shell.Request, codes: Iterable[str]) -> list[aght_rules.Aght]:
    """What a text rests on, for its last moment: also items that this writer does not read and another put there."""
    wanted = set(codes)
    return [i for i in aght.register(request.election.code, request.at) if i.code in wanted] if wanted else []


def _moment(typed: str) -> datetime:
    """A date and time of a form, read in WIB. DeadlinePast."""
    found = text.typed_moment(typed)
    if found is None:
        raise rules.DeadlinePast()
    return found


def _typed(said: rules.Text) -> dict[str, Any]:
    return {
        "subject": said.subject,
        "addressee": said.addressee,
        "nature": said.nature.value,
        "aght": list(said.aght),
        "signals": list(said.signals),
        "remedy": said.remedy,
        "supersedes": said.supersedes,
        "due": text.form_moment(said.due_at),
        "useful": text.form_moment(said.useful_until) if said.useful_until else "",
        "until": said.horizon.kind.value if said.horizon else "",
        "until_at": text.form_moment(said.horizon.ends_at) if said.horizon else "",
        "until_places": " ".join(said.horizon.places) if said.horizon else "",
        "until_basis": said.horizon.basis if said.horizon else "",
        "pledges": list(said.pledges),
        **asdict(said.slots),
    }


def _proposed(request: shell.Request, election: str) -> dict[str, Any]:
    """What is known already, as a start; a person writes the rest and signs."""
    asked = request.GET
    typed: dict[str, Any] = {"addressee": "KPU", "aght": [], "signals": [], "remedy": "", "supersedes": "", "useful": "", "due": ""}
    if asked.get("versi"):
        typed |= _version(request, election, asked["versi"])
    if asked.get("aght"):
        typed |= _from_item(request, election, asked["aght"])
    if asked.get("sinyal"):
        typed |= _from_signal(request, asked["sinyal"], asked.get("subjek", ""))
    remedy = papers.library().find(asked.get("tindakan", ""))
    if remedy:
        typed |= {"remedy": papers.library().key(remedy), "addressee": remedy.addressee, "ukuran": remedy.measure}
        typed["saran"] = papers.opening(remedy, ADDRESSEES[remedy.addressee])
    elif not typed.get("saran"):
        typed["saran"] = f"Menyarankan agar {ADDRESSEES[typed['addressee']]} "
    useful = _moment(typed["useful"]) if typed["useful"] else None
    due = rules.proposed_due(request.election.voting_at, request.at, useful, horizon=_horizon(typed))
    return typed | {"due": text.form_moment(due) if due else ""}


def _version(request: shell.Request, election: str, code: str) -> dict[str, Any]:
    """The words of an older version, as a start for its newer one."""
    try:
        old = _find(request, election, code)
    except facts.Refusal:
        return {}
    return _typed(old.text) | {"supersedes": old.code, "due": ""}


def _days(request: shell.Request) -> int:
    return (record.local_date(request.election.voting_at) - record.local_date(request.at)).days


def _from_item(request: shell.Request, election: str, code: str) -> dict[str, Any]:
    """What an AGHT item already says."""
    item = next((i for i in _items(request) if i.code == code), None)
    if item is None:
        return {}
    known = {r.number for r in reports.listing(election, request.at, shell.scope(request, "reports.read"))}
    grades = ", ".join(f"{g.report} {g.source}{g.information}" for g in item.gradings if g.report in known)
    last = item.now.last_useful_at
    return {
        "aght": [code],
        "dasar": f"Butir {code} ({item.kind.value}){f', laporan {grades}' if grades else ''}.",
        "fakta": item.now.claim,
        "analisis": (
            f"Peluang {text.persen(item.p)}; perkiraan pemilih terdampak {text.angka(item.loss.expected)} "
            f"({text.angka(item.loss.p5)} sampai {text.angka(item.loss.p95)}) di {len(item.tps)} TPS; sisa waktu {_days(request)} hari"
            f"{f', tindakan berguna sampai {text.waktu(last)}' if last else ''}."
        ),
        "useful": text.form_moment(last) if last else "",
        "until_places": " ".join(item.tps) if len(item.tps) <= 40 and request.at >= request.election.voting_at else "",
    }


def _from_signal(request: shell.Request, rule: str, subject: str) -> dict[str, Any]:
    """What an early warning says: its rule, its sentence, since when, where its figures stand. It is gone when its cause is gone."""
    found = next((s for s in shell.signals_of(request, request.election) if (s["rule"], s["subject"]) == (rule, subject)), None)
    if found is None or not _signal_key(f"{rule}|{subject}"):
        return {}
    to = next((agency for agency in found["to"].split(", ") if agency in ADDRESSEES), "KPU")
    since = text.waktu(found["since_at"])
    where = f" Angkanya pada halaman {found['href']}." if found["href"] else ""
    return {
        "addressee": to,
        "signals": [f"{rule}|{subject}"],
        "dasar": f"Sinyal dini {rule} ({found['word']}) atas {subject}, dihitung dari catatan sejak {since}.{where}",
        "fakta": found["text"].rstrip(".") + ".",
        "analisis": f"Golongan {found['kind'].lower()}; sisa waktu {_days(request)} hari.",
    }


def _form(request: shell.Request, election: str, typed: dict[str, Any], code: str) -> dict[str, Any]:
    chosen = typed.get("aght", [])
    items = [i for i in _items(request) if i.standing.value != "closed" or i.code in chosen]
    signalled = tuple(one.partition("|")[0] for one in typed.get("signals", ()))
    library = papers.library()
    return {
        "typed": typed,
        "code": code,
        "slots": [(name, title, hint, typed.get(name, ""), name in rules.REQUIRED) for name, title, hint in SLOTS],
        "natures": [n.value for n in rules.Nature],
        "addressees": ADDRESSEES.items(),
        "items": [(i.code, i.title, i.code in chosen) for i in items],
        "remedies": [(library.key(r), f"{r.verb} {r.object}", ADDRESSEES[r.addressee]) for r in library.fitting(signalled, ())],
        "library_version": library.version,
        "ends_at": request.election.voting_at,
        "ends_word": "TPS dibuka",
        "opened": request.at >= request.election.voting_at,
        "untils": [(kind.value, words) for kind, words in UNTIL.items()],
        "promises": _offered(request, election, typed),
        "longest": rules.SLOT_LONGEST,
        "back": {name: request.GET.get(name, "") for name in ("aght", "sinyal", "subjek", "versi")},
    }


OWNERS = {"PEMDA": ("PEMDA",), "POLRES": ("POLRES",), "KPU": ("PEMDA", "POLRES")}
MOST_OFFERED = 20


def _offered(request: shell.Request, election: str, typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Promises that fit what the form says: owner, kinds that the action needs, places of its causes, days until its deadline.

    What is chosen already stays, also where it fits no more: whoever writes decides.
    """
    owners, chosen = OWNERS.get(str(typed.get("addressee", "")), ()), set(typed.get("pledges", ()))
    if not owners and not chosen:
        return []
    remedy = papers.library().find(str(typed.get("remedy", "")))
    leans = bool(remedy.needs) if remedy else typed.get("addressee") != "KPU"
    if not leans and not chosen:
        return []
    kinds = [pledge_rules.Kind(kind) for kind in remedy.needs] if remedy else []
    region = request.election.region
    where = [code for item in _chosen(request, typed.get("aght", ())) for code in (item.tps or (item.place,))]
    until = max(request.election.voting_at, request.at)
    with contextlib.suppress(rules.DeadlinePast):
        until = max(_moment(str(typed.get("due", ""))), until)
    standing = pledges.listing(election, request.at)
    fit = pledge_rules.fitting(standing, owners, kinds, set(where) or {region}, request.at, until)
    known = pledges.known_places(election)
    shown = [p for p in standing if p.code in chosen and p not in fit] + fit
    return [
        {
            "code": p.code, "line": promise_words(p), "firm": p.firm, "chosen": p.code in chosen, "fits": p in fit,
            "where": ", ".join(known[c].name if c in known else c for c in p.places[:2]) + (" …" if len(p.places) > 2 else ""),
            "owner": pledge_words.AGENCIES[p.owner],
        }
        for p in shown[:MOST_OFFERED]
    ]  # fmt: skip


@shell.page("recommendations.issue")
def speak(request: shell.Request, election: str) -> HttpResponse:
    """Advice just spoken, on the day before voting or on the day itself: written down at once by the signer.

    What is spoken about an open letter is no new advice: it is written down on the page of that letter.
    """
    double = ""
    if request.method == "POST":
        posted = request.POST
        slots = rules.Slots(**{name: posted.get(name, "") for name, _, _ in SLOTS})
        known = {i.code for i in _items(request)}
        try:
            code = recommendations.speak(
                election,
                subject=posted.get("subject", ""),
                addressee=posted.get("addressee", "") if posted.get("addressee", "") in ADDRESSEES else "",
                due_at=_moment(posted.get("due", "")),
                slots=slots,
                channel=posted.get("channel", ""),
                heard_by=posted.get("heard_by", ""),
                aght=[code for code in posted.getlist("aght") if code in known],
                horizon=_horizon(posted.dict()),
                actor=shell.actor(request),
                at=request.at,
            )
        except rules.DoubleDispatch as refusal:
            shell.refused(request, refusal)
            double = str(refusal.facts["code"])
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} dicatat dan terbit. Tandatangani konfirmasi tertulisnya dalam 6 jam.")
            return redirect("desk:recommendations_detail", election, code)
    due = rules.proposed_due(request.election.voting_at, request.at, oral=True)
    context = {
        "typed": request.POST,
        "due": request.POST.get("due") or (text.form_moment(due) if due else ""),
        "possible": _days(request) <= 1,
        "ends_at": rules.last_moment(request.election.voting_at, oral=True),
        "ends_word": "akhir hari pemungutan suara",
        "opened": request.at >= rules.last_moment(request.election.voting_at, oral=True),
        "untils": [(kind.value, words) for kind, words in UNTIL.items()],
        "double": _rec(request, double) if double else None,
        "reminder": f"{request.POST.get('fakta', '')} {request.POST.get('saran', '')}".strip()[:600],
        "letters": [r for r in _visible(request, election) if Act.REMIND in recommendations.allowed(r, request.person, request.at)],
        "addressees": ADDRESSEES.items(),
        "channels": papers.CHANNELS.items(),
        "items": [(i.code, i.title) for i in _items(request) if i.standing.value != "closed"],
        "chosen": request.POST.getlist("aght"),
        "last_at": rules.last_moment(request.election.voting_at, oral=True),
    }
    return render(request, "desk/recommendations/speak.html", context)


# --- papers ------------------------------------------------------------------------------------------------------------------


def _marks() -> list[str]:
    return ["[SIMULASI]"] if record.installation().demo else []


@shell.page("recommendations.read")
def letter(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The letter as PDF; only what is issued is a letter. `?kertas=f4`."""
    try:
        rec = _find(request, election, code)
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    if rec.issued_at is None:
        return redirect("desk:recommendations_detail", election, code)
    if _gone(rec):
        return _withdrawn(request, rec)
    paper, known = request.GET.get("kertas", "a4"), {p.code: p for p in pledges.listing(election, rec.issued_at)}
    promised = [promise_words(known[code]) for code in rec.text.pledges if code in known]
    values = papers.letter(rec, record.installation().name, _marks(), paper, promised, horizon_words(rec, election))
    return _pdf("surat-rekomendasi", values, rec.issued_at, code)


def _gone(rec: rules.Recommendation) -> bool:
    """Whether words of the text itself were erased; those of an answer do not take the letter away."""
    return record.gone(rec.text.subject, *asdict(rec.text.slots).values())


def _withdrawn(request: shell.Request, rec: rules.Recommendation) -> HttpResponse:
    issued = text.waktu(rec.issued_at) if rec.issued_at else ""
    paper = {"Rekomendasi": rec.code, "Nomor": rec.number, "Terbit": issued, "Sidik jari": rec.digest}
    return journal.withdrawn(request, request.election.code, f"recommendation:{rec.code}", paper)


@shell.page("recommendations.read")
def note(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The internal note with which a draft goes to be read; the post's own and Bawaslu's."""
    try:
        rec = _find(request, election, code)
        if not _reads_all(request):
            raise rules.Unknown(code=code)
        if _gone(rec):
            return _withdrawn(request, rec)
        known = {p.code: p for p in pledges.listing(election, request.at)}
        promised = [promise_words(known[code]) for code in rec.text.pledges if code in known]
        paper = request.GET.get("kertas", "a4")
        values = papers.note(rec, record.installation().name, _marks(), paper, promised, horizon_words(rec, election))
    except facts.Refusal as refusal:
        return _away(request, election, refusal)
    submitted = next(e.at for e in reversed(rec.events) if e.act is Act.SUBMIT)
    return _pdf("nota-dinas", values, submitted, f"nota-{code}")


def _pdf(template: str, values: dict[str, Any], at: datetime, name: str) -> HttpResponse:
    response = HttpResponse(document.pdf(template, values, at), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@shell.page("recommendations.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as shown, and the figures."""
    head = ["Kode", "Nomor", "Hal", "Kepada", "Keadaan", "Status BPK", "Tenggat", "Lewat", "Alasan", "Dampak", "Menggantikan"]
    lines = []
    recs = _visible(request, election)
    for rec in recs:
        r = row(rec, request.at)
        due = text.waktu(rec.due_at) if rec.due_at else ""
        lines.append(
            [rec.code, rec.number, rec.title, rec.addressee, r["word"], r["status"], due, "; ".join(r["late"]), rec.reason,
             _effect(rec.effect), rec.text.supersedes]
        )  # fmt: skip
    found = rules.kpis(recs, request.at)
    figures: list[list[str | int]] = [["Ukuran", "Pembilang", "Penyebut", "Keterangan"]]
    for line in _kpi_lines(found):
        part = [line["share"].part, line["share"].whole] if line["share"] else [line["figure"], ""]
        figures.append([line["label"], *part, line["of"]])
    figures += [[f"Alasan: {word}", number, found.accepted.whole, "dari yang dijawab"] for word, number in _reasons(found)]
    sheets: dict[str, list[list[Any]]] = {"Rekomendasi": [head, *lines], "Kinerja": figures, "Perjalanan": _journeys(request, recs)}
    risk = _risk(request, election, recs)
    if risk is not None:
        sheets["Penurunan risiko"] = _risk_sheet(risk)
    data = table.xlsx(sheets)
    response = HttpResponse(data, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = 'attachment; filename="rekomendasi.xlsx"'
    return response


def _journeys(request: shell.Request, recs: Iterable[rules.Recommendation]) -> list[list[Any]]:
    """Every step with what was said in it, as far as this person's agency reads it; what the post says to itself stays with it."""
    names = access.names()
    rows: list[list[Any]] = [["Kode", "Waktu", "Lembaga", "Orang", "Langkah", "Isi"]]
    for rec in recs:
        for event in rec.events:
            if rules.readable(rec, event, request.person.agency):
                e = _event(event, names)
                rows.append([rec.code, text.waktu(e["at"]), e["agency"], e["person"], e["words"], "; ".join(e["lines"])])
    return rows


def _risk_sheet(risk: Mapping[str, Any]) -> list[list[Any]]:
    """Voters at risk at issue and at closing, the drop with its bounds, and why there is none."""
    rows: list[list[Any]] = [
        ["Kode", "Butir", "Saat terbit", "P5 terbit", "P95 terbit", "Saat ditutup", "P5 ditutup", "P95 ditutup", "Turun", "Paling sedikit",
         "Paling banyak", "Keterangan"]
    ]  # fmt: skip
    for one in risk["rows"]:
        rows.append([one["drop"].code, ", ".join(one["drop"].items), *_drop_cells(one["drop"]), one["why"]])
    if risk["whole"] is not None:
        rows.append(["Semua", ", ".join(risk["whole"].items), *_drop_cells(risk["whole"]), "setiap butir dihitung sekali"])
    rows += [["Tidak terukur", why, *[""] * 9, n] for why, n in risk["unmeasured"]]
    return rows


def _drop_cells(drop: rules.Drop) -> list[int | str]:
    if drop.before is None or drop.after is None:
        return ["tidak terukur", *[""] * 8]
    before, after = drop.before, drop.after
    return [before.expected, before.low, before.high, after.expected, after.low, after.high, drop.expected, drop.low, drop.high]


def _effect(effect: rules.Effect | None) -> str:
    if effect is None:
        return ""
    if not effect.measured:
        return f"tidak terukur: {effect.why}"
    return f"{_number(effect.before)} menjadi {_number(effect.after)} {effect.unit}"


urlpatterns = [
    path("<slug:election>/rekomendasi/", index, name="recommendations"),
    path("<slug:election>/rekomendasi/baru/", new, name="recommendations_new"),
    path("<slug:election>/rekomendasi/lisan/", speak, name="recommendations_speak"),
    path("<slug:election>/rekomendasi/kinerja/", kpi, name="recommendations_kpi"),
    path("<slug:election>/rekomendasi/pustaka/", actions, name="recommendations_actions"),
    path("<slug:election>/rekomendasi/profil/", profile, name="recommendations_profile"),
    path("<slug:election>/rekomendasi/ekspor.xlsx", export, name="recommendations_export"),
    path("<slug:election>/rekomendasi/<slug:code>/", detail, name="recommendations_detail"),
    path("<slug:election>/rekomendasi/<slug:code>/jawab/", answer, name="recommendations_answer"),
    path("<slug:election>/rekomendasi/<slug:code>/ubah/", revise, name="recommendations_revise"),
    path("<slug:election>/rekomendasi/<slug:code>/langkah/", step, name="recommendations_step"),
    path("<slug:election>/rekomendasi/<slug:code>/surat.pdf", letter, name="recommendations_letter"),
    path("<slug:election>/rekomendasi/<slug:code>/nota.pdf", note, name="recommendations_note"),
]
SENTENCES: dict[str, str] = {
    "recommendations.no_step": "{code} sudah berada pada keadaan lain. Muat ulang halaman dan lihat langkah berikutnya.",
    "recommendations.own_work": (
        "Langkah ini dilakukan orang lain: penyusun tidak menelaah drafnya sendiri, satu orang tidak menelaah dua kali, "
        "pelaksana tidak memverifikasi hasilnya sendiri, yang berbicara tidak menelaah ucapannya sendiri."
    ),
    "recommendations.not_addressed": "Hanya {agency} sebagai penerima yang menjawab {code}.",
    "recommendations.not_ours": "Hanya {agency} yang menyusun, menyetujui, menerbitkan, dan memverifikasi {code}.",
    "recommendations.not_author": "Hanya penyusunnya yang mengubah dan mengajukan draf {code}.",
    "recommendations.not_signer": "Hanya yang menerbitkan {code} yang dapat mencabutnya.",
    "recommendations.empty": "Semua isian wajib harus terisi: dasar, fakta, analisis, saran, ukuran, risiko, atau isian langkah ini.",
    "recommendations.too_long": "Terlalu panjang: hal paling banyak {subject} huruf, setiap bagian {slot} huruf.",
    "recommendations.commands": "Saran memakai kata “{word}”. Posko menyarankan, penerima memutuskan. Tulis: Menyarankan agar …",
    "recommendations.not_advice": "Saran dimulai dengan “Menyarankan agar …”, lalu pelaksana, satu kata kerja, dan satu objek.",
    "recommendations.many_actions": "Ada tindakan kedua mulai “{word}”. Satu rekomendasi, satu tindakan: susun rekomendasi lain untuknya.",
    "recommendations.names_person": "Ada nama orang: “{word}”. Tulis jabatan atau bagiannya.",
    "recommendations.unknown_addressee": "Posko menulis kepada KPU, Bawaslu, Polres, atau Pemda. Pilih salah satu.",
    "recommendations.needs_reason": "Pilih alasan dan jelaskan dengan kata-kata. Penolakan beralasan adalah jawaban yang sah.",
    "recommendations.deadline_past": "Tenggat harus sesudah sekarang. Tulis tanggal dan jam yang masih di depan.",
    "recommendations.after_horizon": (
        "Pada saat itu saran ini sudah tidak menolong: bawaannya sampai TPS dibuka. Pilih tenggat yang lebih awal, atau nyatakan "
        "“masih menolong sampai” yang lain beserta dasarnya."
    ),
    "recommendations.bad_horizon": "Isian “masih menolong sampai” belum benar.",
    "recommendations.horizon_basis": "Tulis dasar “masih menolong sampai”: keputusan, surat, atau siapa yang menyatakannya.",
    "recommendations.horizon_moment": (
        "Tanggal dan jam “masih menolong sampai” harus sesudah TPS dibuka dan masih masuk akal; lanjutan dan susulan pada hari sesudahnya."
    ),
    "recommendations.horizon_places": "Tulis kode TPS yang memungut suara di hari lain. Kode yang tidak dikenal: “{places}”.",
    "recommendations.bad_pledge": (
        "Janji {pledge} tidak dapat dipakai: tidak ada, ditarik, masanya sudah lewat, atau bukan milik penerima surat. "
        "Lepaskan, atau pilih yang lain."
    ),
    "recommendations.said_just_now": "Pengingat yang sama untuk {code} baru saja dicatat. Tidak dicatat dua kali.",
    "recommendations.too_late_to_help": "Pada tenggat itu tindakan sudah tidak berguna. Pilih tenggat sebelum saat terakhir yang berguna.",
    "recommendations.double": (
        "{code} ({number}) dengan tindakan yang sama untuk sebab yang sama masih terbuka di {addressee}. "
        "Buka surat itu, catat pengingat lisan atasnya, atau susun versi barunya."
    ),
    "recommendations.saved_just_now": "Draf ini baru saja Anda simpan sebagai {code}. Yang kedua tidak dicatat.",
    "recommendations.outside": (
        "Isi surat ini menyangkut lebih dari wilayah tugas Anda. Pilih butir AGHT atau TPS di wilayah Anda sebagai dasarnya, atau minta "
        "analis yang bertugas untuk seluruh daerah menyusunnya."
    ),
    "recommendations.cannot_supersede": "{code} tidak dapat diganti: belum terbit, penerimanya lain, atau sudah ada versi barunya.",
    "recommendations.not_yet_oral": (
        "Saran lisan baru hanya pada H-1 dan hari H, dan sesudahnya selama yang dinyatakan masih menolong. Susun draf tertulis, "
        "atau catat pengingat atas surat yang terbuka."
    ),
    "recommendations.no_mandate": "Yang menandatangani harus memegang jabatan pimpinan pada hari ini. Periksa masa tugasnya di Akses.",
    "recommendations.too_few_people": "Dua penelaah dan penyusun adalah tiga orang; yang dapat menelaah di kantor ini {people} orang.",
    "recommendations.bad_profile": "Pilih satu atau dua penelaah.",
    "recommendations.bad_number": "“{typed}” bukan angka. Tulis seperti 1.234 atau 0,9.",
    "recommendations.changed": "Isi {code} tidak sama dengan yang disetujui. Kembalikan dan ajukan lagi.",
    "recommendations.seen_other": "Isi {code} sudah berubah sejak halaman ini dibuka. Baca lagi isinya, lalu putuskan.",
    "recommendations.unknown": "Rekomendasi itu tidak ada atau belum terbit untuk lembaga Anda.",
}
_DETAIL, _ANSWER = "desk:recommendations_detail", "desk:recommendations_answer"
TASKS: dict[str, tuple[str, str]] = {
    "recommendations.draf": ("Ajukan telaah {label}", _DETAIL),
    "recommendations.dikembalikan": ("Perbaiki {label}", _DETAIL),
    "recommendations.telaah_1": ("Telaah {label}", _DETAIL),
    "recommendations.telaah_2": ("Telaah kedua {label}", _DETAIL),
    "recommendations.disetujui": ("Terbitkan surat {label}", _DETAIL),
    "recommendations.terbit": ("Terima surat {label}", _ANSWER),
    "recommendations.diterima": ("Jawab {label}", _ANSWER),
    "recommendations.butuh_klarifikasi": ("Beri penjelasan {label}", _DETAIL),
    "recommendations.disetujui_penerima": ("Tetapkan tindak lanjut {label}", _ANSWER),
    "recommendations.sebagian": ("Tetapkan tindak lanjut {label}", _ANSWER),
    "recommendations.tindak_lanjut": ("Laporkan hasil {label}", _ANSWER),
    "recommendations.selesai_diklaim": ("Verifikasi {label}", _DETAIL),
    "recommendations.verifikasi": ("Catat dampak {label}", _DETAIL),
    "recommendations.dampak": ("Tutup {label}", _DETAIL),
    "recommendations.konfirmasi_lisan": ("Tandatangani konfirmasi tertulis {label}", _DETAIL),
    "recommendations.telaah_lisan": ("Telaah saran lisan {label}", _DETAIL),
    "recommendations.janji_ditarik": ("Janji yang dipakai surat ditarik. Bicarakan atau susun versi baru {label}", _DETAIL),
    "recommendations.ingatkan_half": ("Ingatkan {label}: separuh waktu sudah lewat", _DETAIL),
    "recommendations.ingatkan_due": ("Lewat tenggat, masuk agenda rakor. Hubungi {label}", _DETAIL),
}
SIGNALS: dict[str, tuple[str, str]] = {
    "R20": ("{code} sudah disetujui {addressee} tetapi tindak lanjutnya lewat tenggat {hours} jam", _DETAIL),
    "R20.diam": ("{code} kepada {addressee} belum diterima; waktunya lewat {hours} jam, sudah diingatkan {reminders} kali", _DETAIL),
    "R20.jawab": ("{code} belum dijawab {addressee}; waktunya lewat {hours} jam, sudah diingatkan {reminders} kali", _DETAIL),
    "R20.nilai": ("{item} yang mendasari {code} belum dikaji lagi selama {hours} jam", _DETAIL),
    "R20.lisan": ("Saran lisan {code} kepada {addressee} belum dikonfirmasi tertulis; sudah {hours} jam", _DETAIL),
}
HITS: dict[str, str] = {"recommendation": _DETAIL}
