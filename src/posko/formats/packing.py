"""Papers of packing: daftar isi, kartu kendali, berita acara. Values for their Typst templates; the same boxes give the same values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from posko.domain import labels, packing, seals
from posko.formats import document, text
from posko.formats.receipts import CONTEST_WORDS

TEMPLATES = {"daftar-isi": "isi-kotak", "kartu-kendali": "kartu-kendali", "berita-acara": "ba-pengepakan"}
TITLES = {"daftar-isi": "Daftar isi", "kartu-kendali": "Kartu kendali", "berita-acara": "Berita acara pengepakan dan penyegelan"}
# The way of the goods and back (Pedoman teknis; logistics process steps 9 to 13).
STEPS = (
    "Gudang KPU, keluar",
    "Diterima PPK",
    "Diterima PPS",
    "Diterima KPPS, di TPS",
    "TPS ke PPS, sesudah hitung",
    "PPS ke PPK",
    "PPK ke gudang KPU",
)
WHERE = {"box": "dalam kotak", "kit": "di luar kotak"}
FLAG_WORDS = {
    "wrong_dapil": "berisi surat suara dapil lain",
    "wrong_contest": "berisi surat suara jenis lain",
    "over_need": "melebihi kebutuhan",
    "over_bundle": "diambil lebih dari isi bundel",
    "dapil": "dapil lain",
    "tps": "TPS tidak lagi di dapil kotaknya",
    "mismatch": "segel tidak cocok",
    "broken": "segel rusak atau terbuka",
    "outside": "segel di luar rentang",
    "other_team": "segel regu lain",
    "before_issue": "segel sebelum dibagikan",
    "reused": "segel sudah pernah dipasang",
    "spoiled": "segel tercatat rusak",
    "returned": "segel tercatat kembali",
    "twice": "segel disebut dua kali",
    "more_than_issued": "segel lebih dari yang dibagikan",
    "contest": "jenis pemilihan lain",
    "dapil_moved": "dapil TPS berubah sesudah kotak disiapkan",
    "seal_conflict": "segel bermasalah",
    "seal_mismatch": "segel tidak cocok saat diperiksa",
    "variance": "disegel dengan selisih",
    "seals_few": "kurang segel",
    "items_missing": "kurang barang",
    "seen": "segel pernah terlihat di kotak lain",
    "strange": "segel asing saat dibuka",
    "missing": "segel hilang saat dibuka",
    "unread": "segel tak terbaca saat dibuka",
}
EVENT_WORDS = {
    "packed": "dimuat", "overridden": "dimuat, pengaman dilewati", "undone": "dibatalkan",
    "unpacked": "dikeluarkan", "stopped": "dihentikan",
    "sealed": "disegel", "resealed": "disegel ulang", "opened": "segel dibuka", "photographed": "difoto", "signed_off": "ditandatangani",
    "weighed": "ditimbang", "prepared": "disiapkan", "set_aside": "disisihkan",
    "checked": "segel diperiksa", "given_up": "tidak dipakai lagi",
    "corrected": "nomor segel dibetulkan, segel tidak dipotong",
}  # fmt: skip
SEAL_WORDS = {
    "applied": "dipasang", "removed": "dilepas", "spoiled": "rusak", "returned": "dikembalikan",
    "seen": "terlihat padahal bukan miliknya", "cleared": "ternyata salah baca (orang lain melihat segelnya utuh)",
    "misread": "salah dicatat, tidak pernah terpasang",
}  # fmt: skip
SIGNERS = ("Ketua KPU", "Petugas pengepakan", "Bawaslu", "Polres")
_UNKNOWN = "belum diketahui"


def head(election: str, paper: str, marks: list[str]) -> dict[str, Any]:
    """The common keys of every paper."""
    return {"agency": "Komisi Pemilihan Umum", "place": election, "paper": paper, "marks": marks, "footer": "Posko · pengepakan"}


def copy_word(copy: int) -> str:
    """TINJAUAN for a look that is not counted, CETAKAN 1, CETAK ULANG 2 ..."""
    return "TINJAUAN" if copy == 0 else "CETAKAN 1" if copy == 1 else f"CETAK ULANG {copy}"


def sheets(lists: Sequence[tuple[str, str, packing.PickList]], boxes: Mapping[tuple[str, str], packing.Box], kind: str) -> dict[str, Any]:
    """Values for isi-kotak.typ and kartu-kendali.typ: (TPS, where, pick list) in order, one page each."""
    return {"title": TITLES[kind], "tps": [_tps(code, where, found, boxes) for code, where, found in lists], "steps": list(STEPS)}


def _tps(code: str, where: str, found: packing.PickList, boxes: Mapping[tuple[str, str], packing.Box]) -> dict[str, Any]:
    mine = [(one, boxes.get((code, one.contest))) for one in found.boxes]
    lines = [line for one in found.boxes for line in one.lines] + [*found.inside, *found.loose]
    return {
        "code": code,
        "where": where,
        "qr": document.qr_svg(labels.qr_text("place", code)),
        "facts": [["Kotak", text.angka(len(mine))], ["Tersegel", text.angka(sum(1 for _, box in mine if box and box.sealed_at))]],
        "boxes": [_box(one, box) for one, box in mine],
        "items": [
            {
                "name": line.name
                + (f" {CONTEST_WORDS.get(line.contest, line.contest)}" if line.contest else "")
                + (f" ({line.use_name})" if line.use_name else ""),
                "where": WHERE["kit"] if line in found.loose else WHERE["box"],
                "needed": _UNKNOWN if line.quantity is None else text.angka(line.quantity),
                "packed": text.angka(line.packed),
            }
            for line in lines
            if line.item != "SURAT_SUARA"
        ],
        "unknown": sorted({line.name for line in found.unknown}),
    }


def _box(one: packing.PickBox, box: packing.Box | None) -> dict[str, Any]:
    return {
        "contest": CONTEST_WORDS.get(one.contest, one.contest),
        "dapil": one.dapil,
        "code": labels.spaced(box.code) if box else "belum disiapkan",
        "packed": text.angka(box.packed) if box else "—",
        "needed": _UNKNOWN if box is None or box.needed is None else text.angka(box.needed),
        "seals": seal_text(box),
        "flag": _flags(box.flags) if box else "",
    }


def _flags(flags: Sequence[str]) -> str:
    return ", ".join(FLAG_WORDS.get(flag, flag) for flag in flags)


def seal_text(box: packing.Box | None) -> str:
    """The seals on a box: numbers, or how many without."""
    if box is None or box.sealed_at is None:
        return "belum disegel"
    return seal_list(box.seals, box.seal_count - len(box.seals))


def seal_list(serials: Sequence[str], loose: int) -> str:
    """Serials, and how many seals without."""
    return ", ".join([*serials, *([f"{loose} segel tanpa nomor"] if loose else [])])


def minutes(
    area: str,
    boxes: Sequence[packing.Box],
    events: Iterable[tuple[str, str, packing.Event]],
    register: Iterable[seals.RangeStock],
    at: datetime,
    root: str,
    size: int,
    where: Callable[[str], str],
) -> dict[str, Any]:
    """Values for ba-pengepakan.typ: boxes by contest, seals, everything that was out of the ordinary."""
    contests = list(dict.fromkeys(b.contest for b in boxes))
    rows = [_row(CONTEST_WORDS.get(c, c) or "Kotak PPK", [b for b in boxes if b.contest == c]) for c in contests]
    total = _row("Jumlah", list(boxes))
    stock = list(register)
    marks = sorted({b.mark for b in boxes if b.mark})
    return {
        "title": TITLES["berita-acara"],
        "subtitle": area,
        "day": text.tanggal(at),
        "venue": "gudang KPU",
        "area": area,
        "contests": rows,
        "total": [total[key] for key in ("name", "boxes", "complete", "sealed", "packed", "needed")],
        "seals": [
            ["Segel bernomor dipakai di kotak ini", text.angka(sum(len(b.seals) for b in boxes))],
            ["Segel tanpa nomor dipakai", text.angka(sum(b.seal_count - len(b.seals) for b in boxes))],
            ["Rentang yang dibagikan", ", ".join(f"{s.range.text(s.range.first)}–{s.range.text(s.range.last)}" for s in stock) or "—"],
            ["Nomor terlompati dalam rentang", text.angka(sum(_span(gap) for s in stock for gap in s.gaps))],
        ],
        "events": [_event(box, where(tps), e, marks) for box, tps, e in events],
        "open": [_open(b, where) for b in boxes if b.sealed_at is None],
        "until": text.waktu(at),
        "root": root,
        "size": text.angka(size),
        "signers": list(SIGNERS),
    }  # fmt: skip


def _event(box: str, place: str, event: packing.Event, marks: list[str]) -> dict[str, Any]:
    said = (place, EVENT_WORDS.get(event.kind, event.kind), _flags(event.flags), event.reason)
    return {
        "time": text.waktu(event.occurred_at),
        "box": labels.spaced(box),
        "text": " · ".join(part for part in said if part),
        "entry": event.entry_id[:12],
        "marks": marks,
    }


def _open(box: packing.Box, where: Callable[[str], str]) -> dict[str, str]:
    return {
        "tps": where(box.tps),
        "contest": CONTEST_WORDS.get(box.contest, box.contest),
        "code": labels.spaced(box.code),
        "packed": text.angka(box.packed),
        "needed": _UNKNOWN if box.needed is None else text.angka(box.needed),
    }


def _span(gap: tuple[str, str]) -> int:
    first, last = (int("".join(c for c in end if c.isdigit())) for end in gap)
    return last - first + 1


def _row(name: str, boxes: Sequence[packing.Box]) -> dict[str, str]:
    known = all(b.needed is not None for b in boxes)
    return {
        "name": name,
        "boxes": text.angka(len(boxes)),
        "complete": text.angka(sum(b.needed is not None and b.packed == b.needed for b in boxes)),
        "sealed": text.angka(sum(b.sealed_at is not None for b in boxes)),
        "packed": text.angka(sum(b.packed for b in boxes)),
        "needed": text.angka(sum(b.needed or 0 for b in boxes)) if known else _UNKNOWN,
    }
