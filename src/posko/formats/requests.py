"""Requests between agencies in words, as a letter on A4 or F4, and as a table."""

from collections.abc import Iterable
from typing import Any

from posko.domain import requests as rules
from posko.domain.requests import Act, Kind, State, Urgency
from posko.formats import document, text

AGENCIES = {"KPU": "KPU", "PEMDA": "Pemda", "KEJARI": "Kejari", "POLRES": "Polres", "BAWASLU": "Bawaslu"}
OFFICES = {"KPU": "Ketua KPU", "PEMDA": "Sekretaris Daerah", "KEJARI": "Kepala Kejaksaan Negeri", "POLRES": "Kepala Kepolisian Resor",
           "BAWASLU": "Ketua Bawaslu"}  # fmt: skip
KINDS = {Kind.DATA: "data", Kind.PERSON: "orang", Kind.PLACE: "tempat", Kind.ANSWER: "jawaban"}
URGENCY = {Urgency.BIASA: "biasa", Urgency.SEGERA: "segera", Urgency.SANGAT_SEGERA: "sangat segera"}
STATES = {
    State.SENT: ("waiting", "dikirim, belum diterima"), State.RECEIVED: ("waiting", "diterima, belum dijawab"),
    State.REOPENED: ("waiting", "dibuka lagi, belum dijawab"), State.GIVEN: ("done", "dipenuhi"),
    State.PARTLY: ("waiting", "dipenuhi sebagian"),
    State.REFUSED: ("refused", "ditolak dengan alasan"), State.FORWARDED: ("plain", "bukan wewenangnya, diteruskan"),
    State.CLOSED: ("done", "ditutup peminta"), State.WITHDRAWN: ("plain", "ditarik peminta"),
}  # fmt: skip
SAID = {
    Act.RECEIVE: "menerima", Act.GIVE: "memenuhi", Act.GIVE_PART: "memenuhi sebagian", Act.REFUSE: "menolak",
    Act.FORWARD: "menyatakan bukan wewenangnya dan meneruskan", Act.CLOSE: "menutup", Act.REOPEN: "membuka lagi", Act.WITHDRAW: "menarik",
    Act.UNDO: "membatalkan langkah sebelumnya",
}  # fmt: skip
REASONS = {
    "tidak_ada": "yang diminta tidak ada", "belum_ada": "belum tersedia", "dibatasi_aturan": "dibatasi aturan", "rahasia": "rahasia",
    "tenaga_kurang": "tenaga kurang", "biaya_tidak_ada": "biaya tidak ada", "waktu_tidak_cukup": "waktu tidak cukup",
    "lainnya": "lainnya", "tidak_perlu_lagi": "tidak perlu lagi", "sudah_terjawab": "sudah terjawab dengan cara lain",
    "salah_alamat": "salah alamat", "salah_tulis": "salah tulis",
}  # fmt: skip
PAPERS = ("a4", "f4")


def agency(code: str) -> str:
    """KEJARI -> Kejari; LUAR -> an office outside the table."""
    return "kantor lain" if code == rules.OUTSIDE else AGENCIES.get(code, code)


def state(request: rules.Request, late: bool) -> tuple[str, str]:
    """The state as code and word; late: whether its answer is overdue."""
    code, word = STATES[request.state]
    return ("overdue", f"{word}, lewat tenggat") if late else (code, word)


def said(step: rules.Step) -> str:
    """What happened, in a line: with whom, why, until when."""
    parts = [SAID[step.act]]
    if step.to:
        parts.append(f"kepada {agency(step.to)}" + (f" sebagai {step.child}" if step.child else ""))
    if step.reason:
        parts.append(f"({REASONS[step.reason]})")
    if step.due_at:
        parts.append(f"dengan tenggat {text.waktu(step.due_at)}")
    return " ".join(parts)


def letter(request: rules.Request, *, place: str, election: str, paper: str, files: int) -> bytes:
    """The request as a letter with what has become of it so far; the same bytes for the same steps."""
    last = request.steps[-1].at if request.steps else request.sent_at
    values: dict[str, Any] = {
        "paper": paper, "agency": agency(request.asker), "place": place, "marks": [request.mark] if request.mark else [],
        "title": f"Permintaan {request.code}", "code": request.code, "to": OFFICES[request.asked], "asked": agency(request.asked),
        "copies": [OFFICES[a] for a in request.named], "nature": URGENCY[request.urgency].capitalize(),
        "kind": KINDS[request.kind].capitalize(), "subject": request.title, "election": election,
        "date": text.tanggal(request.sent_at), "due": f"{text.tanggal(request.due_at)}, {text.jam(request.due_at)}",
        "paragraphs": [p for p in request.words.split("\n") if p.strip()], "origin": request.origin, "files": text.angka(files),
        "state": state(request, False)[1],
        "steps": [[text.waktu(s.at), agency(s.agency), f"{said(s)}{': ' + s.words if s.words else ''}"] for s in request.steps],
        "entry_id": request.entry_id, "qr": document.qr_svg(request.entry_id),
        "qr_text": f"jurnal {request.entry_id[:8]}…{request.entry_id[-8:]}",
        "footer": f"{request.code} · catatan jurnal {request.entry_id[:16]}…", "stamp": f"keadaan per {text.waktu(last)}",
    }  # fmt: skip
    return document.pdf("permintaan", values, last)


HEADER = (
    "Kode", "Dari", "Kepada", "Tembusan", "Jenis", "Sifat", "Perihal", "Dikirim", "Tenggat", "Keadaan", "Jawaban", "Alasan",
    "Asal", "Tanda",
)  # fmt: skip


def rows(requests: Iterable[rules.Request], late: Iterable[str]) -> list[list[Any]]:
    """A table with its header; late: codes of those whose answer is overdue."""
    overdue = set(late)
    found: list[list[Any]] = [list(HEADER)]
    for r in requests:
        answer = next((s for s in reversed(rules.standing(r.steps)) if s.act in rules.ANSWERS), None)
        found.append(
            [r.code, agency(r.asker), agency(r.asked), ", ".join(agency(a) for a in r.named), KINDS[r.kind], URGENCY[r.urgency], r.title,
             text.waktu(r.sent_at), text.waktu(r.due_at), state(r, r.code in overdue)[1], answer.words if answer else "",
             REASONS.get(answer.reason, "") if answer else "", r.origin, r.mark]
        )  # fmt: skip
    return found
