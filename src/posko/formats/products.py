"""Products of the office as papers: a product is a list of blocks (heading, words, pairs, table, picture), the same on screen and on paper.

Every count stands with its whole. The screen shows what the paper shows: both are made from `blocks`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from posko.domain import products as rules
from posko.domain.products import Type
from posko.formats import document, receipts, text
from posko.formats import rakor as pack
from posko.formats import reports as report_words

TYPES = {
    Type.INFORMATION: "Laporan Informasi", Type.DAILY: "Laporan Informasi Harian", Type.SPECIAL: "Laporan Informasi Khusus",
    Type.STUDY: "Telaahan Intelijen", Type.OUTLOOK: "Perkiraan Keadaan", Type.MAP: "Peta AGHT",
}  # fmt: skip
SHORT = {
    Type.INFORMATION: "Laporan informasi", Type.DAILY: "Lapinhar", Type.SPECIAL: "Lapinsus", Type.STUDY: "Telaahan",
    Type.OUTLOOK: "Kirka", Type.MAP: "Peta AGHT",
}  # fmt: skip
TEMPLATES = {
    Type.INFORMATION: "lap-informasi", Type.DAILY: "lap-harian", Type.SPECIAL: "lap-khusus", Type.STUDY: "telaahan",
    Type.OUTLOOK: "kirka", Type.MAP: "peta-aght",
}  # fmt: skip
SECTIONS = {
    "uraian": "Uraian fakta", "pendapat": "Pendapat penyusun", "tindakan": "Tindakan yang diambil", "analisa": "Analisa",
    "prediksi": "Prediksi", "saran": "Saran tindak", "masalah": "Masalah", "kesimpulan": "Kesimpulan", "kecenderungan": "Kecenderungan",
    "skenario_1": "Skenario 1", "skenario_2": "Skenario 2", "skenario_3": "Skenario 3", "skenario_4": "Skenario 4",
    "cara_bertindak": "Cara bertindak yang disarankan", "catatan": "Catatan",
}  # fmt: skip
RECIPIENTS = {
    "KEJATI": "Kejaksaan Tinggi", "KEJARI": "Kepala Kejaksaan Negeri", "KPU": "KPU", "BAWASLU": "Bawaslu", "POLRES": "Polres",
    "PEMDA": "Pemerintah Kabupaten", "ARSIP": "Arsip posko",
}  # fmt: skip
STATES = {
    rules.State.DRAFT: ("plain", "draf"), rules.State.SUBMITTED: ("waiting", "menunggu tanda tangan"),
    rules.State.RETURNED: ("waiting", "dikembalikan"), rules.State.SIGNED: ("done", "ditandatangani"),
    rules.State.REPLACED: ("refused", "diganti"), rules.State.DISCARDED: ("plain", "dibuang"),
}  # fmt: skip
GRADES = {
    "law": "undang-undang", "regulation": "peraturan", "verified": "terverifikasi", "inferred": "disimpulkan", "implied": "tersirat",
    "memory": "ingatan, belum diperiksa", "unknown": "tidak diketahui",
}  # fmt: skip
STANDINGS = {"open": "terbuka", "treated": "ditangani", "closed": "ditutup"}
REPORT_STATES = {
    "received": "diterima, belum dinilai",
    "assessing": "sedang dinilai",
    "referred": "diteruskan ke Bawaslu",
    "closed": "ditutup",
}
PAPERS = ("a4", "f4")
NONE = "Tidak ada."


def _at(stamp: str) -> str:
    return text.waktu(datetime.fromisoformat(stamp)) if stamp else "tidak diketahui"


def _of(part: int, whole: int) -> str:
    return f"{text.angka(part)} dari {text.angka(whole)}"


def head(title: str) -> dict[str, Any]:
    """A heading."""
    return {"type": "heading", "text": title}


def words(written: str, title: str = "") -> dict[str, Any]:
    """Words, in paragraphs, with their own heading."""
    return {"type": "words", "title": title, "paragraphs": [p for p in written.split("\n") if p.strip()]}


def pairs(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Name and value, a line each."""
    return {"type": "pairs", "rows": [list(p) for p in found]}


def grid(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), empty: str = NONE) -> dict[str, Any]:
    """A table; `right`: columns with numbers; `empty` is said where there are no rows."""
    return {"type": "table", "header": list(header), "rows": [list(r) for r in rows], "right": list(right), "empty": empty}


def blocks(product: rules.Product, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All of a product after its head: what was counted, then what was written."""
    made = {
        Type.INFORMATION: _information,
        Type.DAILY: _daily,
        Type.SPECIAL: _about,
        Type.STUDY: _about,
        Type.OUTLOOK: _outlook,
        Type.MAP: _map,
    }
    first = _written(product, ("masalah",)) if product.kind is Type.STUDY else []
    return [*first, *made[product.kind](facts), *_written(product, tuple(n for n, _ in rules.SECTIONS[product.kind] if n != "masalah"))]


def _written(product: rules.Product, names: Iterable[str]) -> list[dict[str, Any]]:
    found, odds = [], dict(zip(rules.SCENARIOS, product.body.odds, strict=False))
    for name in names:
        said = product.body.sections.get(name, "")
        if said:
            title = SECTIONS[name] + (f": peluang {odds[name]} %" if name in odds else "")
            found.append(words(said, title))
    return found


# --- what was counted ------------------------------------------------------------------------------------------------------------------


def _daily(f: Mapping[str, Any]) -> list[dict[str, Any]]:
    gatra = [
        [g["name"] or "Belum menjadi butir AGHT", *(text.angka(g[k]) for k in ("reports", "fresh", "done", "open"))] for g in f["gatra"]
    ]
    total = ["Semua", *(text.angka(sum(g[k] for g in f["gatra"])) for k in ("reports", "fresh", "done", "open"))]
    posts, promised = f["posts"], f["pledges"]
    silent = f"{_of(posts['silent'], posts['open'])} pos buka; wilayahnya tidak diketahui"
    waits = f"{_of(promised['open'], promised['asks'])}, lewat tenggat {text.angka(promised['overdue'])}"
    return [
        head("1. Tahapan"), _stages(f["stages"]),
        head("2. Hitungan 24 jam per gatra"),
        grid(("Gatra", "Laporan masuk", "AGHT baru", "AGHT ditutup", "AGHT terbuka"), [*gatra, total], (1, 2, 3, 4)),
        pairs([
            ("Laporan masuk dalam 24 jam", f"{text.angka(f['reports'])} dari {text.angka(f['reports_all'])} sejak awal"),
            ("Menurut isi", "; ".join(f"{_category(c['name'])} {text.angka(c['count'])}" for c in f["categories"]) or "tidak ada"),
        ]),
        head("3. AGHT baru"), _items(f["fresh"]),
        head("4. AGHT ditutup"), _items(f["done"]),
        head("5. Logistik"), *_gauge(f["gauge"], f["readiness"]),
        head("6. Rekomendasi yang belum selesai"), *_advice(f["recommendations"]),
        head("7. Posko dan dukungan"),
        pairs([
            ("Pos yang diam", silent if posts["open"] else "belum ada pos dicatat"),
            ("Janji Pemda dan Polres yang pasti", _of(promised["firm"], promised["live"]) if promised["live"] else "belum ada janji"),
            ("Permintaan dukungan belum terpenuhi", waits),
        ]),
    ]  # fmt: skip


def _category(code: str) -> str:
    return next((word for c, word in report_words.CATEGORIES.items() if c.value == code), code)


def _stages(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        [s["name"], _at(s["due_at"]), "sudah lewat" if s["passed"] else "berikutnya", GRADES.get(s["grade"], s["grade"])] for s in found
    ]
    return grid(("Tahapan", "Tenggat", "Keadaan", "Dasar diketahui dari"), rows, empty="Kalender belum diketahui.")


def _items(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        [
            i["code"], f"{i['title']}\n{i['kind'].capitalize()} · {i['gatra']} · {i['place']}", f"{round(i['p_permille'] / 10)} %",
            f"{text.angka(i['loss'])} ({text.angka(i['loss_p5'])}–{text.angka(i['loss_p95'])}){' PERKIRAAN' if i['estimate'] else ''}",
            text.angka(i["reports"]),
        ]
        for i in found
    ]  # fmt: skip
    return grid(("Kode", "Butir", "Peluang", "Pemilih terancam (P5–P95)", "Laporan"), rows, (2, 3, 4))


def _gauge(g: Mapping[str, Any], ready: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = [
        [
            receipts.line_name(r["name"], r["contest"], r["dapil"]) + (" PERKIRAAN" if r["estimate"] else ""), text.angka(r["need"]),
            text.angka(r["received"]), text.angka(r["accepted"]), pack.part(r["accepted"], r["need"]),
        ]
        for r in g["rows"]
    ]  # fmt: skip
    said = [("Baris lengkap (semua barang yang diketahui)", _of(g["lines_done"], g["lines"]))]
    said.append(("TPS yang dapat dilengkapi dari yang diterima baik", _of(g["tps_complete"], g["tps"])))
    counts = ("ready", "siap"), ("not_ready", "belum siap"), ("unknown", "belum diketahui")
    said.append(("Kesiapan TPS", "; ".join(f"{word} {_of(ready[key], ready['total'])}" for key, word in counts)))
    if g["unknown"]:
        said.append(("Kebutuhan belum diketahui", ", ".join(dict.fromkeys(g["unknown"]))))
    return [
        grid(("Barang kritis", "Kebutuhan", "Diterima", "Diterima baik", "Bagian"), rows, (1, 2, 3, 4), "Kebutuhan belum dihitung."),
        pairs(said),
    ]


def _advice(a: Mapping[str, Any], *, all_of_item: bool = False) -> list[dict[str, Any]]:
    rows = [
        [r["number"] or r["code"], f"{r['title']}\nkepada {pack.agency_name(r['addressee'])}",
         pack.STATE_WORDS.get(r["state"], r["state"]) + ("; LEWAT TENGGAT" if r["late"] else ""), _at(r["due_at"]) if r["due_at"] else "—"]
        for r in a["rows"]
    ]  # fmt: skip
    said = f"{_of(a['open'], a['issued'])} yang terbit belum selesai; lewat tenggat {text.angka(a['late'])}."
    empty = "Belum ada rekomendasi untuk butir ini." if all_of_item else NONE
    return [words(said), grid(("Nomor", "Hal", "Keadaan", "Langkah berikut paling lambat"), rows, empty=empty)]


def _information(f: Mapping[str, Any]) -> list[dict[str, Any]]:
    channel = next((word for c, word in report_words.CHANNELS.items() if c.value == f["channel"]), f["channel"])
    graded = f"{f['source']}{f['information']}" if f["source"] and f["information"] else "belum dinilai pada kedua skala"
    return [
        head("Yang tercatat"),
        pairs([
            ("Laporan", f["report"]), ("Tentang", _category(f["category"])), ("Diterima lewat", channel),
            ("Tempat", f["place"] + (" (hanya sampai kecamatan, agar pelapor tidak dikenali)" if f["coarse"] else "")),
            ("Waktu kejadian", _at(f["happened_at"])), ("Diterima posko", _at(f["received_at"])), ("Nilai sumber dan keterangan", graded),
            ("Pernyataan yang dinilai", f["claim"] or "belum dirumuskan analis"), ("Lampiran", text.angka(f["attachments"])),
            ("Butir AGHT", ", ".join(f["items"]) or "belum ada"), ("Keadaan laporan", REPORT_STATES.get(f["status"], f["status"])),
        ]),
        words("Siapa yang melapor tidak dicantumkan dan tidak dapat dibaca dari laporan ini."),
    ]  # fmt: skip


def _about(f: Mapping[str, Any]) -> list[dict[str, Any]]:
    i, useful = f["item"], f["useful_until"]
    left = f", sisa {text.angka(i['left_h'])} jam" if i["left_h"] > 0 else ", sudah lewat" if useful else ""
    where = (
        f"{i['place']}, {text.angka(i['tps'])} TPS, {_of(i['voters'], f['all_voters'])} pemilih{' (PERKIRAAN)' if i['estimate'] else ''}"
    )
    heard = f"{text.angka(i['reports'])} laporan dalam {text.angka(f['chains'])} rantai asal"
    grades = "; ".join(f"{g['name']} ({text.angka(g['count'])})" for g in f["grades"]) or "belum ada"
    return [
        head("Fakta"),
        pairs([
            ("Butir", f"{i['code']} · {i['title']}"), ("Pernyataan", f["claim"]),
            ("Kelas dan gatra", f"{i['kind'].capitalize()} · {i['gatra']}"), ("Variabel Bawaslu", f["variable"]), ("Tempat", where),
            ("Peluang", f"{round(i['p_permille'] / 10)} % dari {heard}; nilai: {grades}"),
            ("Pemilih terancam", f"rata-rata {text.angka(i['loss'])}, P5–P95 {text.angka(i['loss_p5'])}–{text.angka(i['loss_p95'])}"),
            ("Tindakan masih berguna sampai", (_at(useful) if useful else "belum dinyatakan") + left),
            ("Dibuka", f"{_at(f['opened_at'])}; penilaian ke-{text.angka(f['versions'])}; {STANDINGS.get(i['standing'], i['standing'])}"),
            ("Jalur", ", ".join(f["routes"])),
        ]),
        head("Rekomendasi tentang butir ini"), *_advice(f["recommendations"], all_of_item=True),
    ]  # fmt: skip


def _outlook(f: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [
        [f"{_at(w['since'])} – {_at(w['until'])}", *(text.angka(w[k]) for k in ("reports", "fresh", "done", "open"))] for w in f["weeks"]
    ]
    return [
        head("Empat minggu terakhir"),
        grid(("Minggu", "Laporan", "AGHT baru", "Ditutup", "Terbuka di akhir"), rows, (1, 2, 3, 4)),
        head(f"Butir terberat ({min(len(f['top']), f['open'])} dari {text.angka(f['open'])} yang terbuka)"), _items(f["top"]),
        head("Kesiapan"), *_gauge(f["gauge"], f["readiness"]),
        head("Tahapan"), _stages(f["stages"]),
        head("Rekomendasi yang belum selesai"), *_advice(f["recommendations"]),
    ]  # fmt: skip


def _map(f: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [[m["kind"].capitalize(), *(text.angka(c) for c in m["cells"]), text.angka(sum(m["cells"]))] for m in f["matrix"]]
    columns = range(len(f["gatra"]) + 1)
    rows.append(["Semua", *(text.angka(sum(int([*m["cells"], sum(m["cells"])][n]) for m in f["matrix"])) for n in columns)])
    said = f"Angka pada desa: butir terbuka. Arsiran: belum ada kabar ({_of(f['desa'] - f['heard'], f['desa'])} desa), bukan aman."
    return [
        head("Kelas dan gatra, butir yang terbuka"), grid(("Kelas", *f["gatra"], "Jumlah"), rows, tuple(range(1, len(f["gatra"]) + 2))),
        head("Peta"), {"type": "picture", "svg": f["picture"], "note": said + (" Batas desa SKEMATIS." if f["schematic"] else "")},
        head(f"Daftar butir terbuka ({text.angka(f['open'])}; ditutup {text.angka(f['closed'])})"), _items(f["register"]),
    ]  # fmt: skip


# --- the paper -------------------------------------------------------------------------------------------------------------------------


def values(
    product: rules.Product, facts: Mapping[str, Any], place: str, form_code: str, subject: str = "", paper: str = "a4"
) -> dict[str, Any]:
    """Values of the templates. A product that is not signed is a TINJAUAN and has no number; subject: what its title adds."""
    signed = product.signed_at
    code = product.form_code if signed else form_code
    short = product.digest[:16] or "belum ada"
    began, ended = text.waktu(product.from_at), text.waktu(product.until_at)
    return {
        "paper": paper if paper in PAPERS else "a4",
        "agency": f"Kejaksaan Negeri {place}",
        "place": "Posko Pemilu",
        "marks": [m for m in (product.mark,) if m],
        "title": TYPES[product.kind],
        "form_code": code,
        "watermark": "" if signed else "TINJAUAN",
        "classification": product.body.classification.upper(),
        "number": product.number,
        "about": subject,
        "election": str(facts["election"]),
        "when": f"sampai {ended}" if product.kind in {Type.INFORMATION, Type.MAP} else f"{began} – {ended}",
        "days": _days(int(facts["days"])),
        "supersedes": product.supersedes,
        "blocks": blocks(product, facts),
        "town": place,
        "signed": text.tanggal_pendek(signed) if signed else "",
        "recipients": [{"name": RECIPIENTS[r]} for r in product.body.recipients],
        "digest": product.digest,
        "qr": document.qr_svg(f"PSK1:N:{product.digest[:32]}") if product.digest else "",
        "root": str(facts["root"])[:16],
        "code": product.code,
        "footer": f"{product.number or product.code} · {product.body.classification.upper()} · sidik jari {short}",
    }


def _days(days: int) -> str:
    return "Hari H" if days == 0 else f"H-{days}" if days > 0 else f"H+{-days}"


def pdf(made: Mapping[str, Any], kind: Type, at: datetime) -> bytes:
    """The paper of a product from its `values`. Receipts are not printed: every print of a signed product is the same bytes."""
    return document.pdf(TEMPLATES[kind], dict(made), at)
