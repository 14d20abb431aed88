"""The letter that calls a rakor: made from the frozen content of the invitation alone, one page for each agency that is asked to come."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from posko.domain import rakor as rules
from posko.formats import document, rakor, text

OFFICES = {
    "KPU": "Ketua Komisi Pemilihan Umum {}",
    "BAWASLU": "Ketua Badan Pengawas Pemilihan Umum {}",
    "POLRES": "Kepala Kepolisian Resor {}",
    "PEMDA": "Bupati {}",
    "KEJARI": "Kepala Kejaksaan Negeri {}",
}
"""Offices, never names: whoever holds the office on the day opens the letter."""
SENDERS = {"KPU": "Komisi Pemilihan Umum", "KEJARI": "Kejaksaan Negeri"}
NATURES = {"biasa": "Biasa", "penting": "Penting", "segera": "Segera", "sangat_segera": "Sangat segera"}


def office(agency: str, place: str) -> str:
    """POLRES -> Kepala Kepolisian Resor Belitung Timur. A regency is named as such where the office says so."""
    where = f"Kabupaten {place}" if agency in {"KPU", "BAWASLU"} else place
    return OFFICES.get(agency, rakor.agency_name(agency) + " {}").format(where)


def reason(row: Mapping[str, Any]) -> str:
    """Why something stands on the agenda, with its day."""
    words = {"terbuka": "masih terbuka", "tenggat": "tenggat"}
    why = rakor.STATE_WORDS.get(row["why"], words.get(row["why"], row["why"]))
    if row["why"] == "kurang":
        return f"masih kurang {text.angka(row['weight'])}"
    due = text.tanggal_pendek(datetime.fromisoformat(row["due_at"])) if row["due_at"] else ""
    return " ".join(part for part in (why, due) if part) if why == "tenggat" else ", ".join(part for part in (why, due) if part)


def letter(invitation: rules.Invitation, to: Iterable[str], place: str, paper: str = "a4") -> dict[str, Any]:
    """Values of the template `undangan-rakor`: one letter for each agency of `to` that was invited; the host gets none."""
    said: Mapping[str, Any] = invitation.said
    starts_at, ends_at, sent_at = (datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at", "sent_at"))
    guests = [a for a in said["invited"] if a != said["sender"]]
    wanted = [a for a in guests if a in set(to)]
    sender = f"{SENDERS.get(said['sender'], rakor.agency_name(said['sender']))} {_kabupaten(said['sender'], place)}"
    return {
        "paper": paper,
        "agency": sender,
        "place": f"Posko Pemilu {place}",
        "title": f"Undangan {said['title']}",
        "marks": [m for m in (said["mark"],) if m],
        "footer": f"{invitation.meeting} undangan {invitation.version} · SHA-256 {invitation.digest}",
        "stamp": "",
        "number": said["number"],
        "nature": NATURES[said["nature"]],
        "attachment": "—",
        "subject": said["title"],
        "town": "Manggar" if place == "Belitung Timur" else place,
        "date": text.tanggal_pendek(sent_at),
        "day": text.tanggal(starts_at),
        "hours": f"{text.jam(starts_at).removesuffix(' WIB')} sampai {text.jam(ends_at)}",
        "venue": said["place"],
        "note": said["note"],
        "version": invitation.version,
        "changed": f"Surat ini menggantikan undangan versi {invitation.version - 1}." if invitation.version > 1 else "",
        "reply_by": text.waktu(datetime.fromisoformat(said["reply_by"])),
        "election": said["election"],
        "agenda": [{"label": row["label"], "why": reason(row)} for row in said["agenda"]],
        "addressees": [office(a, place) for a in wanted],
        "copies": [office(a, place) for a in guests],
        "digest": invitation.digest,
        "code": f"{invitation.meeting} undangan {invitation.version}",
        "qr": document.qr_svg(f"{invitation.meeting}/{invitation.version} SHA-256 {invitation.digest}"),
    }


def _kabupaten(agency: str, place: str) -> str:
    return f"Kabupaten {place}" if agency == "KPU" else place
