"""How the lines of the gauge are called on screens and pages, and the papers of a receipt: BTTB, BAST, berita acara, letter of claim."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posko.domain import receipts as rules
from posko.formats import document, text

CONTEST_WORDS = {"DPRD_PROV": "DPRD Provinsi", "DPRD_KAB": "DPRD Kabupaten"}
DAMAGE_WORDS = {
    "wet": "basah", "torn": "sobek", "crushed": "remuk", "dented": "penyok", "misprint": "salah cetak", "dirty": "kotor",
    "incomplete": "tidak lengkap", "other": "lain",
}  # fmt: skip
CLAIM_WORDS = {"damaged": "rusak", "missing": "kurang", "wrong_type": "salah jenis"}
SIGNERS = ("Yang menyerahkan (pengangkut)", "Yang menerima (KPU)", "Saksi (Bawaslu)", "Pengamanan (Polres)")
PAPERS = ("bttb", "bast", "ba-kerusakan")


def line_name(name: str, contest: str, dapil: str) -> str:
    """Surat suara DPRD Kabupaten · Belitung Timur 1."""
    word = CONTEST_WORDS.get(contest, contest)
    if word and word.lower() not in name.lower():
        name = f"{name} {word}"
    return f"{name} · {dapil}" if dapil else name


@dataclass(frozen=True)
class Sheet:
    """What every paper of a receipt needs beside the receipt: names, paper size "a4" | "f4", and which print this is (nought: a view)."""

    election: str
    agency: str
    place: str
    venue: str
    item: str
    unit: str
    paper: str = "a4"
    copy: int = 0
    link: str = ""


def papers_of(note: rules.ReceiptNote) -> tuple[str, ...]:
    """The papers that a count asks for; the berita acara only where something is wanting or too much."""
    wanting = note.count.aside or note.count.missing or note.count.over
    return PAPERS if wanting else PAPERS[:2]


def pdf(
    kind: str,
    note: rules.ReceiptNote,
    sheet: Sheet,
    cartons: Iterable[rules.Carton] = (),
    claims: Iterable[rules.Claim] = (),
) -> bytes:
    """One of PAPERS for one count; the same count and sheet give the same bytes."""
    values = {**_head(kind, note, sheet), **{"bttb": _bttb, "bast": _bast, "ba-kerusakan": _loss}[kind](note, sheet, cartons, claims)}
    return document.pdf(kind, values, note.counted_at)


TITLES = {
    "bttb": ("BUKTI TANDA TERIMA BARANG", "BTTB"),
    "bast": ("BERITA ACARA SERAH TERIMA BARANG", "BAST"),
    "ba-kerusakan": ("BERITA ACARA KERUSAKAN DAN KEKURANGAN BARANG", "BA-KK"),
}


def _head(kind: str, note: rules.ReceiptNote, sheet: Sheet) -> dict[str, Any]:
    title, short = TITLES[kind]
    version = f"koreksi ke-{note.corrections}" if note.corrections else ""
    printed = f"cetakan ke-{sheet.copy}" if sheet.copy else "tampilan, belum dicatat sebagai cetakan"
    return {
        "paper": sheet.paper, "agency": sheet.agency, "place": sheet.place, "title": title, "number": f"{short}/{note.code}",
        "subtitle": " · ".join(part for part in (sheet.election, version) if part), "marks": [note.mark] if note.mark else [],
        "footer": f"{short}/{note.code} · {sheet.election}", "stamp": printed, "code": note.code, "item": sheet.item, "unit": sheet.unit,
        "waybill": note.shipment.waybill, "venue": sheet.venue, "entry_id": note.entry_id, "note": note.note,
        "supplier": note.shipment.order.supplier, "contract": note.shipment.order.contract, "day": _spoken(note.counted_at),
        "partial": int(note.partial), "total": text.angka(note.shipment.quantity), "signers": list(SIGNERS),
        "aside": text.angka(note.count.aside), "kinds_version": rules.DAMAGE_VERSION,
        "kinds": [[DAMAGE_WORDS[kind], text.angka(pieces)] for kind, pieces in note.count.kinds],
        "qr": document.qr_svg(note.entry_id), "qr_text": f"jurnal {note.entry_id[:8]}…{note.entry_id[-8:]}",
        **{name: text.angka(getattr(note.count, name)) for name in _COUNTED},
    }  # fmt: skip


_COUNTED = ("shipped", "good", "damaged", "wrong_type", "missing", "over", "received")


def _spoken(moment: datetime) -> str:
    return f"{text.tanggal(moment)}, pukul {text.jam(moment)}"


def _bttb(note: rules.ReceiptNote, sheet: Sheet, cartons: Iterable[rules.Carton], _: Iterable[rules.Claim]) -> dict[str, Any]:
    sent = note.shipment
    groups: dict[tuple[str, str, str], list[int]] = {}
    for c in cartons:
        name = f"{CONTEST_WORDS.get(c.contest, c.contest)} {c.dapil}"
        groups.setdefault((name, c.batch, c.condition), []).append(c.quantity)
    accepted = note.accepted
    return {
        "facts": [
            ("Surat jalan", sent.waybill), ("Kiriman", f"{sent.code}{f', SILOG {sent.silog}' if sent.silog else ''}"),
            ("Pesanan", sent.order.code), ("Kontrak", sent.order.contract), ("Penyedia", sent.order.supplier), ("Pengangkut", sent.carrier),
            ("Berangkat", text.waktu(sent.sent_at)), ("Dihitung", text.waktu(note.counted_at)),
            ("Mengganti", f"{sent.replaces}{f', klaim {sent.claim}' if sent.claim else ''}"),
            ("Cara", "hitung buta" if note.blind else "terhadap surat jalan"),
        ],
        "cartons": [
            [name, batch or "—", "baik" if state == rules.GOOD else "karantina", text.angka(len(parts)), text.angka(sum(parts))]
            for (name, batch, state), parts in groups.items()
        ],
        "accepted": f"{text.angka(accepted.quantity)} {sheet.unit} pada {text.waktu(accepted.accepted_at)}" if accepted else "",
        "accepter": accepted.person if accepted else "", "counter": note.person,
    }  # fmt: skip


def _bast(*_: Any) -> dict[str, Any]:
    return {}


def _loss(note: rules.ReceiptNote, _: Sheet, __: Iterable[rules.Carton], claims: Iterable[rules.Claim]) -> dict[str, Any]:
    asked = list(claims)
    claimed = {kind: sum(c.quantity for c in asked if c.kind == kind) for kind in rules.CLAIMABLE}
    findings = [
        [CLAIM_WORDS[kind].capitalize(), text.angka(found), f"diklaim {text.angka(claimed[kind])}" if claimed[kind] else "belum diklaim"]
        for kind in rules.CLAIMABLE
        if (found := getattr(note.count, kind))
    ]
    if note.count.over:
        findings.append(["Lebih dari surat jalan", text.angka(note.count.over), "dicatat dan dilaporkan"])
    return {
        "findings": findings, "total": ["Datang melalui pintu", text.angka(note.count.received), ""],
        "claims": [[c.code, CLAIM_WORDS[c.kind], text.angka(c.quantity), text.tanggal_pendek(c.due_at)] for c in asked],
    }  # fmt: skip


def claim_letter(claim: rules.Claim, note: rules.ReceiptNote, sheet: Sheet, need_at: datetime | None) -> bytes:
    """The letter to the supplier; the same claim gives the same bytes."""
    kinds = [[f"Rusak: {DAMAGE_WORDS[k]}", text.angka(n)] for k, n in note.count.kinds] if claim.kind == "damaged" else []
    values = {
        **_head("bttb", note, sheet), "title": "KLAIM KEPADA PENYEDIA", "number": f"KLAIM/{claim.code}",
        "footer": f"KLAIM/{claim.code} · {sheet.election}", "marks": sorted({m for m in (note.mark, claim.mark) if m}),
        "subtitle": sheet.election, "stamp": "",
        "supplier": claim.order.supplier or "Penyedia", "subject": f"klaim barang {CLAIM_WORDS[claim.kind]}",
        "date": text.tanggal_pendek(claim.filed_at), "counted": text.tanggal_pendek(note.counted_at),
        "sent": text.tanggal_pendek(note.shipment.sent_at),
        "findings": kinds or [[CLAIM_WORDS[claim.kind].capitalize(), text.angka(getattr(note.count, claim.kind))]],
        "asked": "pengiriman kekurangan" if claim.kind == "missing" else "penggantian", "quantity": text.angka(claim.quantity),
        "due": text.tanggal(claim.answer_by_at or claim.due_at), "election": sheet.election, "note": claim.note,
        "need": text.tanggal(need_at) if need_at else "", "receipt": note.code, "code": claim.code, "entry_id": claim.entry_id,
        "qr": document.qr_svg(claim.entry_id), "qr_text": f"jurnal {claim.entry_id[:8]}…{claim.entry_id[-8:]}",
    }  # fmt: skip
    return document.pdf("surat-klaim", values, claim.filed_at)


def bundle(files: Sequence[tuple[str, bytes]], at: datetime) -> bytes:
    """A ZIP of named files, the same bytes for the same files and instant."""
    target, when = io.BytesIO(), at.astimezone(text.WIB).timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, when), data)
    return target.getvalue()


def kinds_said(kinds: Iterable[tuple[str, int]], words: Mapping[str, str] = DAMAGE_WORDS) -> str:
    """penyok 2, basah 1."""
    return ", ".join(f"{words[kind]} {text.angka(pieces)}" for kind, pieces in kinds)
