"""Uji petik: the sentence of what a sample says, the values of its berita acara, and the check that a sceptic can run."""

from collections.abc import Mapping, Sequence
from typing import Any

from posko.domain import labels
from posko.domain import sampling as rules
from posko.formats import text

KIND_WORDS = {
    "wrong_dapil": "surat suara dapil lain",
    "wrong_contest": "surat suara jenis lain",
    "short": "jumlah kurang",
    "over": "jumlah lebih",
    "item_missing": "barang lain tidak ada",
    "seal_broken": "segel rusak atau tidak cocok",
    "not_found": "kotak tidak ditemukan",
}
CONTEST_WORDS = {"": "semua jenis pemilihan"}


def share(permille: int) -> str:
    """15 -> 1,5 %."""
    whole, tenth = divmod(permille, 10)
    return f"{whole},{tenth} %" if tenth else f"{whole} %"


def stratum(contest: str) -> str:
    """How a part of the boxes is called."""
    return CONTEST_WORDS.get(contest, contest.replace("_", " "))


def sentence(said: rules.Statement) -> str:
    """The one plain sentence. Not a word more than the numbers carry."""
    confidence = share(said.confidence_permille)
    if said.size == said.population and said.final:
        return f"Semua {text.angka(said.population)} kotak dibuka; {text.angka(said.wrong)} salah. Ini hitungan penuh, bukan perkiraan."
    bound = f"paling banyak {text.angka(said.bound)} dari {text.angka(said.population)} kotak salah"
    part = f"({said.share_myriad // 100},{said.share_myriad % 100:02} %)"
    if said.final:
        return f"{confidence} yakin: {bound} {part}."
    left = f"{text.angka(said.counted - said.wrong)} dari {text.angka(said.size)} kotak terpilih belum diperiksa"
    return f"Belum selesai: {left}. Sampai itu selesai, yang dapat dijamin {confidence} hanyalah {bound} {part}."


def script(audit: rules.Audit) -> str:
    """A Python program without any library that repeats the draw from the public list; it says COCOK or what differs."""
    return f'''# Memeriksa uji petik {audit.code}. Simpan sebagai periksa.py di samping {audit.code}-daftar.csv, lalu: python3 periksa.py
import csv, hashlib

SIDIK = "{audit.digest}"
BENIH = {audit.seed!r}
BANYAK = {audit.plan.size}

with open("{audit.code}-daftar.csv", encoding="utf-8-sig", newline="") as berkas:
    kode = sorted(baris["kode"] for baris in csv.DictReader(berkas))
sidik = hashlib.sha256("".join(k + "\\n" for k in kode).encode()).hexdigest()
print(len(kode), "kotak dalam daftar; sidik daftar", "COCOK" if sidik == SIDIK else "TIDAK COCOK: " + sidik)

def karcis(k):
    return hashlib.sha256((BENIH + "," + k).encode()).hexdigest()

for nomor, k in enumerate(sorted(kode, key=karcis)[:BANYAK], start=1):
    print(nomor, k, karcis(k)[:16])
''' + _agreement(audit)


def _agreement(audit: rules.Audit) -> str:
    """The check that the seed begins with the hash of the words agreed beforehand; nothing where they are erased or there were none."""
    if not rules.worded(audit):
        return ""
    return f"""
KALIMAT = {audit.agreed!r}
cocok = hashlib.sha256(KALIMAT.encode()).hexdigest() == BENIH.split()[0]
print("kalimat yang disepakati", "COCOK" if cocok else "TIDAK COCOK", "dengan awal benih")
"""


def population_rows(audit: rules.Audit) -> list[list[Any]]:
    """The frozen list as a table; `kode` is all that the draw needs."""
    return [["kode", "jenis_pemilihan", "tps", "dapil"], *([b.code, b.contest, b.tps, b.dapil] for b in audit.boxes)]


def draw_rows(audit: rules.Audit, names: Mapping[str, str]) -> list[list[Any]]:
    """The drawn boxes with their tickets and what was found."""
    boxes = {b.code: b for b in audit.boxes}
    rows: list[list[Any]] = [
        ["nomor", "kode", "karcis", "jenis_pemilihan", "tps", "nama_tps", "dapil", "hasil", "jenis_salah", "diperiksa"]
    ]
    for number, code in enumerate(audit.drawn, start=1):
        box, result = boxes[code], (audit.results or {}).get(code)
        outcome = "belum diperiksa" if result is None else "salah" if result.wrong else "benar"
        kinds = "; ".join(KIND_WORDS[k] for k in result.kinds) if result else ""
        at = text.waktu(result.examined_at) if result else ""
        ticket = rules.ticket(audit.seed, code)
        rows.append([number, code, ticket, box.contest, box.tps, names.get(box.tps, ""), box.dapil, outcome, kinds, at])
    return rows


def minutes(audit: rules.Audit, names: Mapping[str, str], head: Mapping[str, Any]) -> dict[str, Any]:
    """Values for ba-uji-petik.typ. head: agency, place, paper, footer, stamp, marks."""
    said = rules.statement(audit)
    plan = audit.plan
    together = f", berlaku bersama {plan.statements} pernyataan" if plan.statements > 1 else ""
    seed_word = "angka dadu" if audit.seed_kind == "dice" else "sidik (SHA-256) kalimat yang disepakati, spasi, angka publik"
    agreed = [["Kalimat yang disepakati", audit.agreed]] if audit.agreed else []
    return {
        "title": "Berita acara uji petik kotak bersegel",
        "number": f"{audit.code} / {audit.sitting}",
        **head,
        "facts": [
            ["Kotak dalam daftar", f"{text.angka(audit.size)} ({stratum(audit.stratum)})"],
            ["Sidik daftar (SHA-256)", audit.digest],
            ["Daftar dibekukan", text.waktu(audit.committed_at)],
            ["Benih", audit.seed],
            ["Asal benih", seed_word],
            *agreed,
            ["Benih dimasukkan", text.waktu(audit.drawn_at) if audit.drawn_at else "—"],
            ["Kotak dibuka", f"{text.angka(len(audit.drawn))}, diperiksa {text.angka(audit.examined)}"],
            ["Ditemukan salah", text.angka(audit.wrong)],
            ["Keyakinan", share(plan.confidence_permille) + together],
        ],
        "sentence": sentence(said),
        "goal": f"Sasaran: paling banyak {text.angka(plan.tolerable)} kotak salah. " + ("Tercapai." if said.holds else "Tidak tercapai."),
        "rows": [_row(number, code, audit, names) for number, code in enumerate(audit.drawn, start=1)],
        "signatures": [
            ["KPU", ""], ["Bawaslu", ""], ["Polres", ""], ["Saksi / pemantau", ""],
        ],
    }  # fmt: skip


def _row(number: int, code: str, audit: rules.Audit, names: Mapping[str, str]) -> Sequence[str]:
    box = next(b for b in audit.boxes if b.code == code)
    result = (audit.results or {}).get(code)
    outcome = "belum diperiksa" if result is None else "; ".join(KIND_WORDS[k] for k in result.kinds) or "benar"
    if result and result.found is not None:
        outcome += f" (ada {text.angka(result.found)}" + (f", wajib {text.angka(result.needed)})" if result.needed is not None else ")")
    place = names.get(box.tps, box.tps)
    return [str(number), labels.spaced(code), box.contest.replace("_", " "), place, rules.ticket(audit.seed, code)[:12], outcome]
