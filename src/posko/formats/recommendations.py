"""Papers of the stage recommendations and its library of actions.

Letters and notes are made from frozen words and frozen times alone, so the same paper has the same bytes whenever it is printed.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from posko.domain import recommendations as rules
from posko.formats import document, text

AGENCIES = {
    "KEJARI": "Kejaksaan Negeri",
    "KPU": "Komisi Pemilihan Umum",
    "BAWASLU": "Badan Pengawas Pemilihan Umum",
    "POLRES": "Kepolisian Resor",
    "PEMDA": "Pemerintah Daerah",
}
# Offices, never names: whoever holds the office on the day opens the letter.
OFFICES = {
    "KPU": "Ketua Komisi Pemilihan Umum Kabupaten {}",
    "BAWASLU": "Ketua Badan Pengawas Pemilihan Umum Kabupaten {}",
    "POLRES": "Kepala Kepolisian Resor {}",
    "PEMDA": "Bupati {}",
}
CHANNELS = {"telepon": "telepon", "radio": "radio", "tatap_muka": "tatap muka"}
PAPERS = ("a4", "f4")


@dataclass(frozen=True)
class Library:
    """The actions of one version of the list."""

    version: str
    remedies: tuple[rules.Remedy, ...]

    def find(self, code: str) -> rules.Remedy | None:
        """An action by its code or by "version:code" of this version."""
        version, _, short = code.rpartition(":")
        if version not in {"", self.version}:
            return None
        return next((one for one in self.remedies if one.code == short), None)

    def key(self, remedy: rules.Remedy) -> str:
        """How a text names an action: posko-tindakan/1:PATROLI."""
        return f"{self.version}:{remedy.code}"

    def fitting(self, rule_ids: tuple[str, ...], families: tuple[str, ...]) -> list[rules.Remedy]:
        """All actions, those that answer one of these early warnings or belong to one of these categories first."""

        def rank(one: rules.Remedy) -> int:
            return 0 if set(rule_ids) & set(one.rules) else 1 if set(families) & set(one.families) else 2

        return sorted(self.remedies, key=rank)


@cache
def library() -> Library:
    """The list that ships with the program (actions.toml)."""
    said = tomllib.loads(Path(__file__).with_name("actions.toml").read_text(encoding="utf-8"))
    found = tuple(
        rules.Remedy(
            a["code"], a["verb"], a["object"], a["addressee"], a["measure"], tuple(a.get("families", ())), tuple(a.get("rules", ())),
            a.get("source", ""), tuple(a.get("needs", ())),
        )
        for a in said["action"]
    )  # fmt: skip
    return Library(said["version"], found)


def opening(remedy: rules.Remedy, addressee: str) -> str:
    """How advice with this action begins; a person writes the rest: where, how many, until when."""
    return f"Menyarankan agar {addressee} {remedy.verb} {remedy.object}"


def action_words(key: str) -> str:
    """An action as a sentence says it; the key itself where this version does not know it."""
    found = library().find(key)
    return f"{found.verb} {found.object}" if found else key


def letter(
    rec: rules.Recommendation, place: str, marks: list[str], paper: str = "a4", promised: Sequence[str] = (), until: str = ""
) -> dict[str, Any]:
    """Values of surat-rekomendasi.typ for an issued or spoken recommendation. NoStep before that.

    promised: what the addressee has promised and the action can use, in words; until: the last moment where it is a stated one.
    """
    issued, acknowledge = rec.issued_at, rec.due_ack_at
    if issued is None or acknowledge is None:
        raise rules.NoStep(code=rec.code, state=rec.state.value, act="letter")
    return {
        **_head(rec, place, marks, paper),
        "number": rec.number,
        "date": text.tanggal_pendek(issued),
        "addressee": OFFICES[rec.addressee].format(place),
        "acknowledge": text.waktu(acknowledge),
        "copies": [line.strip() for line in rec.text.slots.tembusan.splitlines() if line.strip()],
        "spoken": _spoken(rec),
        "supersedes": rec.text.supersedes,
        "digest": rec.digest,
        "qr": document.qr_svg(f"PSK1:N:{rec.digest[:32]}"),
        "promised": list(promised),
        "until": until,
        "footer": f"{rec.number} · sidik jari {rec.digest[:16]}",
    }


def note(
    rec: rules.Recommendation, place: str, marks: list[str], paper: str = "a4", promised: Sequence[str] = (), until: str = ""
) -> dict[str, Any]:
    """Values of nota-dinas.typ: the internal note with which a submitted draft goes to be read. NoStep where it was not submitted."""
    submitted = next((e for e in reversed(rec.events) if e.act is rules.Act.SUBMIT), None)
    if submitted is None or rec.state in {rules.State.DRAF, rules.State.DIKEMBALIKAN}:
        raise rules.NoStep(code=rec.code, state=rec.state.value, act="note")
    digest = rec.text.digest()
    findings = rules.lint(rec.title, rec.addressee, rec.text.slots, has_basis=bool(rec.text.aght or rec.text.signals))
    return {
        **_head(rec, place, marks, paper),
        "number": rec.note_number,
        "date": text.tanggal_pendek(submitted.at),
        "to": f"Pimpinan {AGENCIES[rec.agency]} {place}",
        "from": "Analis Posko Pemilu",
        "addressee": OFFICES[rec.addressee].format(place),
        "reviewers": "dua penelaah" if rec.reviewers == 2 else "satu penelaah",
        "action": action_words(rec.text.remedy) if rec.text.remedy else "",
        "aght": ", ".join(rec.text.aght),
        "signals": ", ".join(one.partition("|")[0] for one in rec.text.signals),
        "findings": [FINDINGS[f.code].format(word=f.word) for f in findings],
        "digest": digest,
        "qr": document.qr_svg(f"PSK1:N:{digest[:32]}"),
        "promised": list(promised),
        "until": until,
        "footer": f"{rec.note_number} · sidik jari {digest[:16]}",
    }


FINDINGS = {
    "commands": "Saran memakai kata “{word}”. Posko menyarankan, penerima memutuskan.",
    "not_advice": "Saran dimulai dengan “Menyarankan agar …”.",
    "many_actions": "Ada tindakan kedua mulai “{word}”. Satu rekomendasi, satu tindakan: susun rekomendasi lain untuknya.",
    "names_person": "Ada nama orang: “{word}”. Tulis jabatan atau bagiannya.",
    "no_owner": "Saran tidak menyebut {word} sebagai pelaksana.",
    "vague": "Kata “{word}” tidak dapat diperiksa. Tulis kapan atau berapa.",
    "not_countable": "Ukuran berhasil tidak memuat angka atau keadaan yang dapat dilihat.",
    "no_basis": "Tidak ada butir AGHT atau sinyal yang mendasari.",
}


def _head(rec: rules.Recommendation, place: str, marks: list[str], paper: str) -> dict[str, Any]:
    slots = rec.text.slots
    return {
        "paper": paper if paper in PAPERS else "a4",
        "agency": f"Kejaksaan Negeri {place}",
        "place": "Posko Pemilu",
        "marks": marks,
        "title": "",
        "nature": rec.text.nature.value,
        "subject": rec.title,
        "town": place,
        "basis": slots.dasar,
        "facts": slots.fakta,
        "analysis": slots.analisis,
        "advice": slots.saran,
        "measure": slots.ukuran,
        "risk": slots.risiko,
        "due": text.tanggal(rec.text.due_at) + ", " + text.jam(rec.text.due_at),
        "code": rec.code,
    }


def _spoken(rec: rules.Recommendation) -> str:
    if rec.oral is None:
        return ""
    how = CHANNELS[rec.oral.channel]
    said = f"disampaikan secara lisan lewat {how} pada {text.waktu(rec.oral.spoken_at)}, diterima oleh {rec.oral.heard_by}"
    return f"Konfirmasi tertulis atas rekomendasi yang {said}. Isinya tidak diubah sejak diucapkan."
