"""Berita acara penggeseran surat suara: its values, and numbers in Indonesian words."""

from collections.abc import Mapping
from typing import Any

from posko.domain import transfers as rules
from posko.formats import text

_UNITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")
CONTESTS = {
    "PPWP": "Presiden dan Wakil Presiden",
    "DPR": "DPR",
    "DPD": "DPD",
    "DPRD_PROV": "DPRD Provinsi",
    "DPRD_KAB": "DPRD Kabupaten/Kota",
    "GUB": "Gubernur dan Wakil Gubernur",
    "BUP_WALI": "Bupati/Wali Kota dan Wakilnya",
}
BLANK = "................................"


def terbilang(number: int) -> str:
    """115 -> seratus lima belas. Whole numbers from nought below a thousand million."""
    if number < 0 or number >= 1_000_000_000:
        raise ValueError(f"no words for {number}")
    for size, word, single in ((1_000_000, "juta", "satu juta"), (1000, "ribu", "seribu"), (100, "ratus", "seratus")):
        if number >= size:
            head = single if number < 2 * size else f"{terbilang(number // size)} {word}"
            return head + (f" {terbilang(number % size)}" if number % size else "")
    if number < 12:
        return _UNITS[number]
    if number < 20:
        return f"{_UNITS[number - 10]} belas"
    return f"{_UNITS[number // 10]} puluh" + (f" {_UNITS[number % 10]}" if number % 10 else "")


def in_words(number: int) -> str:
    """As a berita acara writes a quantity: 100 (seratus)."""
    return f"{text.angka(number)} ({terbilang(number)})"


def goods(item_name: str, contest: str) -> str:
    """Surat suara DPR; other goods by their name."""
    return f"{item_name} {CONTESTS.get(contest, contest)}" if contest else item_name


def minutes(
    trip: rules.Transfer,
    *,
    basis: str,
    decided_by: str,
    names: Mapping[str, str],
    item_name: str,
    unit: str,
    dapil_name: str,
    giver: rules.Holding | None,
    receiver: rules.Holding | None,
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Values for ba-geser.typ. giver, receiver: what both held when it was proposed; head: agency, place, paper, footer, stamp, marks."""
    leg = trip.leg
    sent, received = trip.sent, trip.received
    difference = ""
    if received is not None:
        off = trip.difference
        difference = "tidak ada" if off == 0 else f"{'lebih' if off > 0 else 'kurang'} {in_words(abs(off))} {unit}"
    return {
        "title": "Berita acara penggeseran " + ("surat suara" if leg.contest else item_name.lower()),
        "number": f"{leg.code} / {trip.proposal}",
        **head,
        "day": text.tanggal(sent.at if sent else leg.leave_at),
        "facts": [
            ["Dari (pemberi)", f"{names[leg.giver]} · {leg.giver}"],
            ["Kepada (penerima)", f"{names[leg.receiver]} · {leg.receiver}"],
            ["Barang", goods(item_name, leg.contest)],
            ["Daerah pemilihan", dapil_name or "—"],
            ["Jumlah digeser", f"{in_words(sent.pieces if sent else leg.pieces)} {unit}"],
            ["Dasar", basis or "—"],
            ["Disetujui", f"{text.waktu(trip.approved_at)} oleh {decided_by}" if trip.approved_at else "BELUM DISETUJUI"],
            ["Berangkat", text.waktu(sent.at) if sent else BLANK],
            ["Perkiraan tiba", f"{text.waktu(leg.arrive_at)} (PERKIRAAN, {'dengan perahu' if leg.sea else 'jalan darat'})"],
        ],
        "balance": [_side("Pemberi", names[leg.giver], giver, -leg.pieces), _side("Penerima", names[leg.receiver], receiver, leg.pieces)],
        "received": f"{in_words(received.pieces)} {unit}" if received else BLANK,
        "received_at": text.waktu(received.at) if received else BLANK,
        "difference": difference or BLANK,
        "same_line": int(bool(leg.contest)),
        "signatures": [
            ["Ketua KPPS pemberi", ""], ["Ketua KPPS penerima", ""], ["Pengawas TPS pemberi", ""], ["Pengawas TPS penerima", ""],
            ["PPS / PPK", ""], ["Pengamanan (Polri)", ""], ["Saksi", ""], ["Saksi", ""],
        ],
    }  # fmt: skip


def _side(role: str, name: str, held: rules.Holding | None, change: int) -> list[str]:
    if held is None:
        return [role, name, "—", "—", "—", "—"]
    before = held.available
    sign = "+" if change > 0 else "−"
    return [role, name, text.angka(held.count.needed), text.angka(before), f"{sign}{text.angka(abs(change))}", text.angka(before + change)]
