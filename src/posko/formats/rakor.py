"""A frozen snapshot as words and formatted numbers: for the printed pack, its screen and its slides.

Everything comes from the snapshot's own bytes, so the same snapshot gives the same page on every machine and at every time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from posko.domain import rakor as rules
from posko.domain import readiness as readiness_rules
from posko.formats import readiness, receipts, text

AGENCIES = {
    "KPU": "KPU",
    "PPK": "PPK",
    "PPS": "PPS",
    "KEJARI": "Kejari",
    "POLRES": "Polres",
    "PEMDA": "Pemda",
    "BAWASLU": "Bawaslu",
}
DECISION_WORDS = {"done": "selesai", "overdue": "lewat tenggat", "open": "berjalan"}
STANDING_WORDS = {"open": "terbuka", "treated": "ditangani", "closed": "ditutup"}
STATE_WORDS = {
    "TERBIT": "terbit, menunggu diterima",
    "DITERIMA": "diterima, menunggu keputusan",
    "DISETUJUI_PENERIMA": "disetujui penerima",
    "SEBAGIAN": "disetujui sebagian",
    "DITOLAK": "ditolak dengan alasan",
    "TINDAK_LANJUT": "ditindaklanjuti",
    "SELESAI_DIKLAIM": "dinyatakan selesai",
    "VERIFIKASI": "diverifikasi",
    "BUTUH_KLARIFIKASI": "penerima meminta penjelasan",
    "DAMPAK": "dampak diukur",
    "DIGANTI": "diganti versi baru",
    "DITUTUP": "ditutup",
    "DICABUT": "dicabut",
}
SECTION_WORDS = {
    "meeting": "rapat",
    "journal": "jurnal",
    "agenda": "agenda",
    "figures": "angka",
    "gauge": "penerimaan",
    "needs": "kebutuhan",
    "readiness": "kesiapan",
    "plan": "rencana",
    "aght": "AGHT",
    "recommendations": "rekomendasi",
    "decisions": "keputusan",
    "changes": "perubahan",
    "map": "peta",
}


def agency_name(code: str) -> str:
    """KEJARI -> Kejari."""
    return AGENCIES.get(code, code)


def pack(snapshot: rules.Snapshot, agency: str, office: str = "", place: str = "") -> dict[str, Any]:
    """The pack of a snapshot as one agency may read it; every value is text, a list or a table of texts."""
    sections: Mapping[str, Any] = snapshot.sections
    about, journal = sections["meeting"], sections["journal"]
    hashes = rules.section_hashes(sections, snapshot.erased)
    hidden = rules.withheld_from(agency)
    aght = [] if "aght" in hidden else sections["aght"]["rows"]
    figures = [_figure(row) for row in sections["figures"]]
    frozen = text.waktu(_instant(about["frozen_at"]))
    return {
        "paper": "a4",
        "agency": office or "Posko Pemilu",
        "place": place,
        "title": f"Paket rapat koordinasi {snapshot.code}",
        "subtitle": about["title"],
        "footer": f"{snapshot.code} · SHA-256 {snapshot.digest}",
        "stamp": "",
        "code": snapshot.code,
        "meeting": snapshot.meeting,
        "title_meeting": about["title"],
        "time": _long(about["starts_at"]),
        "venue": about["place"],
        "present": _agencies(about["agencies"], True) or "belum dicatat",
        "invited": _agencies(about["agencies"], False) or "—",
        "note": about["note"],
        "frozen": frozen,
        "voting": _long(about["voting_at"]),
        "digest": snapshot.digest,
        "journal_size": text.angka(journal["size"]),
        "journal_root": journal["root"],
        "marks": sorted({mark for row in figures for mark in row["marks"]} | ({about["mark"]} - {""})),
        "agenda": [_matter(row) for row in sections["agenda"]],
        "figures": figures,
        "before": sections["changes"]["before"],
        "changes": [_change(row) for row in sections["changes"]["rows"]],
        **_gauge(sections["gauge"]),
        **_readiness(sections["readiness"]),
        "map": sections.get("map", ""),
        "map_note": "Wilayah desa SKEMATIS. Keadaan TPS saat angka dibekukan.",
        "plan": _plan(sections["plan"]),
        "aght_withheld": hashes["aght"] if "aght" in hidden else "",
        "aght": [_aght(row) for row in aght],
        "recommendations": [_recommendation(row) for row in sections["recommendations"]],
        "decisions": [_decision(row) for row in sections["decisions"]],
        "section_names": ", ".join(SECTION_WORDS.get(name, name) for name in hashes),
        "erased": [SECTION_WORDS.get(name, name) for name in sorted(snapshot.erased)],
        "sections": [{"name": SECTION_WORDS.get(name, name), "hash": value} for name, value in sorted(hashes.items())],
        "signers": [agency_name(a["agency"]) for a in about["agencies"] if a["attended"]] or ["KPU"],
    }


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _long(written: str) -> str:
    moment = _instant(written)
    return f"{text.tanggal(moment)}, {text.jam(moment)}"


def _agencies(rows: Iterable[Mapping[str, Any]], attended: bool) -> str:
    return ", ".join(agency_name(r["agency"]) for r in rows if bool(r["attended"]) is attended)


def number(value: int) -> str:
    """A frozen number; -1 stands for one that nobody knew."""
    return "?" if value < 0 else text.angka(value)


def part(numerator: int, denominator: int) -> str:
    """A share in words, or a dash where there is nothing to divide by."""
    if denominator <= 0 or numerator < 0:
        return "—"
    permille = _permille(numerator, denominator)
    return text.persen(permille / 1000)


def _permille(numerator: int, denominator: int) -> int:
    rounded = (numerator * 2000 + denominator) // (2 * denominator)
    return min(999, max(1, rounded)) if 0 < numerator < denominator else rounded


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    denominator = row["denominator"]
    return {
        "code": row["code"],
        "label": row["label"],
        "numerator": number(row["numerator"]),
        "denominator": "" if denominator < 0 else text.angka(denominator),
        "share": part(row["numerator"], denominator) if denominator >= 0 else "",
        "source": f"{row['source']}, {text.waktu(_instant(row['at']))}",
        "marks": row["marks"],
    }


def _matter(row: Mapping[str, Any]) -> dict[str, str]:
    why = STATE_WORDS.get(row["why"], row["why"])
    if row["kind"] == "shortage":
        why = f"masih kurang {text.angka(row['weight'])}"
    elif row["kind"] == "aght":
        why = f"dampak rata-rata {text.angka(row['weight'])} pemilih"
    return {"label": row["label"], "why": why, "due": text.waktu(_instant(row["due_at"])) if row["due_at"] else ""}


def _change(row: Mapping[str, Any]) -> dict[str, str]:
    def said(value: int, whole: int) -> str:
        return "—" if value < 0 else text.angka(value) if whole < 0 else f"{text.angka(value)} dari {text.angka(whole)}"

    change = row["change"]
    signed = f"+{text.angka(change)}" if change > 0 else f"−{text.angka(-change)}" if change < 0 else "0"
    return {
        "label": row["label"],
        "before": said(row["before"], row["denominator_before"]),
        "after": said(row["after"], row["denominator_after"]),
        "change": signed,
    }


def _gauge(section: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for row in section["rows"]:
        need = row["need"]
        amounts = {name: text.angka(row[name]) for name in ("ordered", "shipped", "received", "accepted")}
        marks = [*row["marks"], *([] if row["confirmed"] or need < 0 else ["MENUNGGU KONFIRMASI"])]
        share = "?" if need < 0 else part(min(row["accepted"], need), need)
        rows.append(
            {
                "name": receipts.line_name(row["name"], row["contest"], row["dapil"]),
                "need": number(need),
                "share": share,
                "marks": marks,
                **amounts,
            }
        )
    unknown = ", ".join(section["unknown"])
    note = "Kelebihan satu barang tidak menutup kekurangan barang lain. Persen tidak dirata-ratakan."
    return {"gauge": rows, "gauge_note": f"{note} Jumlah belum diketahui (?): {unknown}." if unknown else note}


def _readiness(section: Mapping[str, Any]) -> dict[str, Any]:
    names = ("ready", "not_ready", "unknown")
    rows = [
        {"name": row["name"], **{n: text.angka(row[n]) for n in names}, "total": text.angka(sum(row[n] for n in names))}
        for row in section["kecamatan"]
    ]
    totals = [sum(row[n] for row in section["kecamatan"]) for n in names]
    causes = []
    for row in section["causes"]:
        reason = readiness_rules.Reason(row["code"], row["item"], row["name"], row["have"], row["need"], bool(row["estimate"]))
        causes.append({"sentence": readiness.reason_sentence(reason, grouped=True), "count": text.angka(row["tps"])})
    return {"readiness": rows, "readiness_total": ["Semua", *(text.angka(t) for t in [*totals, sum(totals)])], "causes": causes}


def _plan(section: Mapping[str, Any]) -> list[dict[str, str]]:
    if not section:
        return []
    of_all = f"{text.angka(section['tps_reached'])} dari {text.angka(section['tps'])} TPS"
    islands = f"{section['islands']} dari {section['islands_total']} pulau"
    rows = [
        ("Rencana", f"nomor {section['plan']}, dibuat {text.waktu(_instant(section['planned_at']))}"),
        ("Dijangkau", f"{of_all}, {islands}"),
        ("Kendaraan dan perjalanan", f"{text.angka(section['vehicles'])} kendaraan, {text.angka(section['trips'])} perjalanan"),
        ("Kotak dibawa", text.angka(section["boxes"])),
        ("Jarak semua kendaraan", f"{text.angka(round(section['distance_m'] / 1000))} km"),
        ("Tiba paling akhir", text.waktu(_instant(section["latest_arrival"])) if section["latest_arrival"] else "—"),
        ("Tanda", ", ".join(section["marks"]) or "—"),
    ]
    return [{"name": name, "value": value} for name, value in rows]


def _aght(row: Mapping[str, Any]) -> dict[str, str]:
    estimate = " (PERKIRAAN)" if row["estimate"] else ""
    level = (
        f"{text.persen(row['p_permille'] / 1000, 0)} · dampak {text.angka(row.get('loss_expected', row['loss_mode']))} pemilih{estimate}"
    )
    standing = STANDING_WORDS.get(row["standing"], row["standing"])
    return {"code": row["code"], "kind": row["kind"], "title": row["title"], "place": row["place_name"], "level": f"{level} · {standing}"}


def _recommendation(row: Mapping[str, Any]) -> dict[str, str]:
    state = STATE_WORDS.get(row["state"], row["state"])
    return {
        "code": row["number"] or row["code"],
        "title": f"{row['title']} (kepada {agency_name(row['addressee'])})",
        "state": f"{state}; LEWAT TENGGAT" if row["overdue"] else state,
        "due": text.waktu(_instant(row["due_at"])) if row["due_at"] else "—",
    }


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "text": row["text"],
        "owner": agency_name(row["owner"]),
        "due": text.waktu(_instant(row["due_at"])),
        "state": DECISION_WORDS[row["state"]],
        "marks": [row["mark"]] if row["mark"] else [],
    }


def slides(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pack as pages for a projector: one thing at a time, large."""
    by_code = {row["code"]: row for row in values["figures"]}
    units, ready, supply = by_code["units:accepted"], by_code["ready"], by_code["supply"]
    known = [g for g in values["gauge"] if g["ordered"] != "0"] or values["gauge"]
    return [
        {
            "title": "Agenda",
            "head": ("Butir", "Mengapa", "Tenggat"),
            "rows": [(a["label"], a["why"], a["due"]) for a in values["agenda"][:8]],
            "empty": "" if values["agenda"] else "Tidak ada butir yang terlambat atau mendesak.",
        },
        {
            "title": "Logistik diterima baik",
            "big": units["share"],
            "big_note": f"{units['numerator']} dari {units['denominator']} unit barang yang sudah dipesan",
            "marks": units["marks"],
            "numeric": True,
            "head": ("Barang", "Baik", "Kebutuhan", "Bagian"),
            "rows": [(g["name"], g["accepted"], g["need"], g["share"]) for g in known[:10]],
        },
        {
            "title": "TPS yang barang kritisnya bisa lengkap",
            "big": f"{supply['numerator']} dari {supply['denominator']}",
            "big_note": "Satu barang kritis yang belum ada menahan semua TPS.",
            "marks": supply["marks"],
        },
        {
            "title": "TPS siap",
            "big": f"{ready['numerator']} dari {ready['denominator']}",
            "big_note": f"Belum siap {by_code['not_ready']['numerator']}, belum diketahui {by_code['unknown']['numerator']}.",
            "numeric": True,
            "head": ("Kecamatan", "Siap", "Belum siap", "Belum diketahui", "TPS"),
            "rows": [(r["name"], r["ready"], r["not_ready"], r["unknown"], r["total"]) for r in values["readiness"]],
        },
        {
            "title": "AGHT",
            "head": ("Uraian", "Tempat", "Tingkat"),
            "rows": [(a["title"], a["place"], a["level"]) for a in values["aght"][:6]],
            "empty": "Rincian tidak dimuat untuk lembaga ini."
            if values["aght_withheld"]
            else ""
            if values["aght"]
            else "Tidak ada AGHT yang tercatat.",
        },
        {
            "title": "Rekomendasi",
            "head": ("Isi", "Keadaan", "Tenggat"),
            "rows": [(r["title"], r["state"], r["due"]) for r in values["recommendations"][:6]],
            "empty": "" if values["recommendations"] else "Belum ada rekomendasi yang terbit.",
        },
        {
            "title": "Keputusan",
            "head": ("Keputusan", "Pelaksana", "Tenggat"),
            "rows": [(d["text"], d["owner"], d["due"]) for d in values["decisions"]],
            "empty": "" if values["decisions"] else "Belum ada keputusan.",
        },
        {
            "title": "Perubahan sejak paket sebelumnya",
            "numeric": True,
            "head": ("Angka", "Sebelumnya", "Sekarang", "Selisih"),
            "rows": [(c["label"], c["before"], c["after"], c["change"]) for c in values["changes"][:10]],
            "empty": "" if values["changes"] else "Ini paket pertama." if not values["before"] else "Tidak ada angka yang berubah.",
        },
    ]
