"""A frozen snapshot as words and formatted numbers: for the printed pack, its screen, slides, annex and short texts.

Everything comes from the snapshot's own bytes, so the same snapshot gives the same page on every machine and at every time. Under each
number stand its source and its time; its marks go where it goes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from posko.domain import rakor as rules
from posko.domain import readiness as readiness_rules
from posko.domain.materials import Unit
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
AMOUNTS = ("ordered", "shipped", "received", "accepted", "damaged", "missing")
DECISION_WORDS = {"verified": "selesai, diverifikasi", "done": "selesai", "overdue": "lewat tenggat", "open": "berjalan"}
TPS_STATES = {"ready": "siap", "not_ready": "belum siap", "unknown": "belum diketahui"}
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
    "letters": "surat",
}
GRADES = {
    "law": "undang-undang", "regulation": "peraturan", "verified": "terverifikasi", "inferred": "disimpulkan", "implied": "tersirat",
    "memory": "ingatan, belum diperiksa", "unknown": "tidak diketahui",
}  # fmt: skip


def agency_name(code: str) -> str:
    """KEJARI -> Kejari."""
    return AGENCIES.get(code, code)


def pack(
    snapshot: rules.Snapshot, agency: str, office: str = "", place: str = "", paper: str = "a4", room: Iterable[str] = ()
) -> dict[str, Any]:
    """The pack of a snapshot as one agency may read it; every value is text, a list or a table of texts.

    `room`: further agencies that look on (the projector); what one of them may not read is left out for all. `paper`: a4 | f4.
    """
    readers = sorted({agency, *room})
    whole = snapshot.sections
    seen: Mapping[str, Any] = rules.readable(whole, readers)
    hidden = {name for reader in readers for name in rules.withheld_from(reader, whole)}
    hashes = rules.section_hashes(whole, snapshot.erased)
    about, journal = seen["meeting"], seen["journal"]
    frozen = _instant(about["frozen_at"])
    figures = [_figure(row) for row in seen["figures"]]
    withheld = "aght" not in seen
    return {
        "paper": "f4" if paper == "f4" else "a4",
        "agency": office or "Posko Pemilu",
        "place": place,
        "title": f"Paket rapat koordinasi {snapshot.code}",
        "subtitle": about["title"],
        "footer": f"{snapshot.code} · SHA-256 {snapshot.digest}",
        "stamp": "",
        "code": snapshot.code,
        "reader": ", ".join(agency_name(reader) for reader in readers),
        "meeting": snapshot.meeting,
        "title_meeting": about["title"],
        "election": about["election_name"],
        "time": _long(about["starts_at"]),
        "venue": about["place"],
        "present": _agencies(about["agencies"], True) or "belum dicatat",
        "invited": _agencies(about["agencies"], False) or "—",
        "note": about["note"],
        "frozen": text.waktu(frozen),
        "frozen_at": about["frozen_at"],
        "voting": _long(about["voting_at"]),
        "days_left": _days_left(_instant(about["voting_at"]), frozen),
        "digest": snapshot.digest,
        "short": snapshot.digest[:8],
        "journal_size": text.angka(journal["size"]),
        "journal_root": journal["root"],
        "mark": about["mark"],
        "marks": sorted({mark for row in figures for mark in row["marks"]} | ({about["mark"]} - {""})),
        "agenda": _agenda(seen),
        "figures": figures,
        "before": seen["changes"]["before"],
        "before_digest": seen["changes"]["digest"],
        "changes": [change(row) for row in seen["changes"]["rows"]],
        **_gauge(seen["gauge"]),
        "needs": [_need(row) for row in seen["needs"]],
        **_readiness(seen["readiness"]),
        "map": seen.get("map", ""),
        "map_note": "Wilayah desa SKEMATIS. Keadaan TPS saat angka dibekukan.",
        "plan": _plan(seen["plan"]),
        "aght_withheld": hashes.get("aght", "") if withheld else "",
        "aght_room": _who_may_not(readers, "aght", whole),
        "aght": [] if withheld else [_aght(row) for row in seen["aght"]["rows"]],
        "letter_counts": [_letters_of(addressee, rows) for addressee, rows in _by_addressee(seen["recommendations"]["rows"])],
        "letters_withheld": _withheld_letters(hidden),
        "recommendations": [_recommendation(row) for row in seen["letters"]],
        "decisions": [_decision(row) for row in seen["decisions"]],
        "sources": _sources(figures, frozen),
        "section_names": ", ".join(section_name(name) for name in hashes),
        "erased": [section_name(name) for name in sorted(snapshot.erased)],
        "sections": [{"name": section_name(n), "hash": h, "held": n not in hidden} for n, h in sorted(hashes.items())],
        "signers": [agency_name(a["agency"]) for a in about["agencies"] if a["attended"]] or ["KPU"],
    }


def section_name(code: str) -> str:
    """A section in words: letters:PEMDA -> surat kepada Pemda."""
    if code.startswith(rules.LETTERS):
        return f"surat kepada {agency_name(code.removeprefix(rules.LETTERS))}"
    return SECTION_WORDS.get(code, code)


def _days_left(voting_at: datetime, frozen_at: datetime) -> str:
    days = (voting_at.astimezone(text.WIB).date() - frozen_at.astimezone(text.WIB).date()).days
    return "Hari H" if days == 0 else f"H-{days}" if days > 0 else f"H+{-days}"


def _who_may_not(readers: Iterable[str], name: str, sections: rules.Sections) -> str:
    return ", ".join(agency_name(r) for r in readers if name in rules.withheld_from(r, sections))


def _withheld_letters(hidden: Iterable[str]) -> str:
    names = sorted(n.removeprefix(rules.LETTERS) for n in hidden if n.startswith(rules.LETTERS))
    return ", ".join(agency_name(name) for name in names)


def _sources(figures: Iterable[Mapping[str, Any]], frozen: datetime) -> dict[str, str]:
    """Where the numbers of each part come from, and of when they are."""
    at = text.waktu(frozen)
    said = {row["code"]: row["source"] for row in figures}
    needs = said.get("need:SURAT_SUARA") or said.get("need:KOTAK") or f"rumus kebutuhan, {at}"
    return {
        "gauge": said.get("units:accepted", f"penerimaan, {at}"),
        "supply": said.get("supply", f"penerimaan, {at}"),
        "needs": f"{needs}; {said['voters']}" if "voters" in said else needs,
        "readiness": said.get("ready", f"pemeriksaan TPS, {at}"),
        "plan": f"rencana distribusi, {at}",
        "aght": f"register AGHT, {at}",
        "recommendations": f"buku surat rekomendasi, {at}",
        "decisions": f"catatan keputusan rakor, {at}",
        "agenda": f"disusun dari catatan yang terlambat, {at}",
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


UNITS = {
    Unit.SAME: "sama dengan angka paket", Unit.TPS: "TPS", Unit.PEOPLE: "orang", Unit.PIECE: "buah", Unit.SHEET: "lembar",
    Unit.BOX: "kotak", Unit.CARTON: "dus atau karton", Unit.LINE: "baris", Unit.PERCENT: "persen", Unit.THOUSAND: "ribu",
}  # fmt: skip


def number_of(value: int, denominator: int, unit: Unit) -> str:
    """363 TPS; 250 dari 363 TPS; 70 persen; ? TPS where nobody knew. SAME is said by the figure beside it."""
    word = "" if unit is Unit.SAME else f" {UNITS[unit]}"
    whole = f" dari {text.angka(denominator)}" if denominator >= 0 else ""
    return f"{number(value)}{whole}{word}"


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
        "value": row["numerator"],
        "whole": denominator,
        "at": row["at"],
        "origin": row["source"],
        "numerator": number(row["numerator"]),
        "denominator": "" if denominator < 0 else text.angka(denominator),
        "share": part(row["numerator"], denominator) if denominator >= 0 else "",
        "source": f"{row['source']}, {text.waktu(_instant(row['at']))}",
        "marks": row["marks"],
    }


def _agenda(seen: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every row of the agenda; titles of letters and the weight of an AGHT come from their own sections, where those may be read."""
    titles = {row["code"]: f"{row['title']} (kepada {agency_name(row['addressee'])})" for row in seen["letters"]}
    losses = {row["code"]: row.get("loss_expected", row["loss_mode"]) for row in seen["aght"]["rows"]} if "aght" in seen else {}
    return [_matter(row, titles, losses) for row in seen["agenda"]]


def _matter(row: Mapping[str, Any], titles: Mapping[str, str], losses: Mapping[str, int]) -> dict[str, str]:
    why, label = STATE_WORDS.get(row["why"], row["why"]), row["label"]
    if row["kind"] == "recommendation":
        label = titles.get(row["code"]) or label or f"Rekomendasi {row['code']}"
    elif row["kind"] == "shortage":
        why = f"masih kurang {text.angka(row['weight'])}"
    elif row["kind"] == "aght":
        why = f"dampak rata-rata {text.angka(losses[row['code']])} pemilih (PERKIRAAN)" if row["code"] in losses else "terbuka"
    due = text.waktu(_instant(row["due_at"])) if row["due_at"] else ""
    return {"kind": row["kind"], "label": label, "why": why, "due": due, "due_at": row["due_at"], "code": row["code"]}


def signed(step: int) -> str:
    """A difference with its sign: +12, −3, 0."""
    return f"+{text.angka(step)}" if step > 0 else f"−{text.angka(-step)}" if step < 0 else "0"


def amount(value: int, whole: int) -> str:
    """12 dari 39; a dash for an unknown value, the value alone where it is of nothing."""
    return "—" if value < 0 else text.angka(value) if whole < 0 else f"{text.angka(value)} dari {text.angka(whole)}"


def change(row: Mapping[str, Any]) -> dict[str, Any]:
    """A changed figure: before, after and the difference with its sign."""

    step = row["change"]
    return {
        "code": row["code"],
        "label": row["label"],
        "values": [row["before"], row["denominator_before"], row["after"], row["denominator_after"], step],
        "before": amount(row["before"], row["denominator_before"]),
        "after": amount(row["after"], row["denominator_after"]),
        "change": signed(step),
    }


def _need(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "item": row["item"],
        "quantity": number(row["quantity"]),
        "value": row["quantity"],
        "grade": GRADES.get(row["grade"], row["grade"]),
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
                "item": row["item"],
                "need": number(need),
                "share": share,
                "permille": _permille(min(row["accepted"], need), need) if need > 0 else -1,
                "bars": [_permille(min(row[n], need), need) if need > 0 else 0 for n in ("shipped", "received", "accepted")],
                "values": [need, *(row[n] for n in AMOUNTS)],
                "damaged": text.angka(row["damaged"]),
                "missing": text.angka(row["missing"]),
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
        {
            "name": row["name"],
            **{n: text.angka(row[n]) for n in names},
            "total": text.angka(sum(row[n] for n in names)),
            "values": [row[n] for n in names],
        }
        for row in section["kecamatan"]
    ]
    totals = [sum(row[n] for row in section["kecamatan"]) for n in names]
    causes = []
    for row in section["causes"]:
        reason = readiness_rules.Reason(row["code"], row["item"], row["name"], row["have"], row["need"], bool(row["estimate"]))
        causes.append({"sentence": readiness.reason_sentence(reason, grouped=True), "count": text.angka(row["tps"]), "value": row["tps"]})
    return {
        "readiness": rows,
        "readiness_total": ["Semua", *(text.angka(t) for t in [*totals, sum(totals)])],
        "readiness_values": totals,
        "causes": causes,
        "tps": [(code, TPS_STATES.get(state, state)) for code, state in sorted(section["tps"].items())],
    }


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
    return {
        "code": row["code"],
        "kind": row["kind"],
        "title": row["title"],
        "place": row["place_name"],
        "level": f"{level} · {standing}",
        "standing": standing,
        "estimate": estimate.strip(" ()"),
        "values": [row["p_permille"], row["loss_low"], row.get("loss_expected", row["loss_mode"]), row["loss_high"]],
    }


ANSWERED = frozenset({"DISETUJUI_PENERIMA", "SEBAGIAN", "TINDAK_LANJUT", "SELESAI_DIKLAIM", "VERIFIKASI", "DAMPAK", "DITUTUP"})


def _by_addressee(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["addressee"], []).append(row)
    return sorted(found.items())


def _letters_of(addressee: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The letters to one agency as counts: issued, agreed to, refused with a reason, not yet answered, late."""
    counts = {"issued": 0, "agreed": 0, "refused": 0, "waiting": 0, "overdue": 0}
    for row in rows:
        kind = "agreed" if row["state"] in ANSWERED else "refused" if row["state"] == "DITOLAK" else "waiting"
        ended = row["state"] in {"DICABUT", "DIGANTI"}
        counts["issued"] += row["letters"]
        counts["overdue"] += row["overdue"]
        if not ended:
            counts[kind] += row["letters"]
    return {"addressee": agency_name(addressee), "code": addressee, "values": counts, **{n: text.angka(v) for n, v in counts.items()}}


def _recommendation(row: Mapping[str, Any]) -> dict[str, Any]:
    state = STATE_WORDS.get(row["state"], row["state"])
    return {
        "code": row["number"] or row["code"],
        "id": row["code"],
        "subject": row["title"],
        "addressee": agency_name(row["addressee"]),
        "title": f"{row['title']} (kepada {agency_name(row['addressee'])})",
        "state": f"{state}; LEWAT TENGGAT" if row["overdue"] else state,
        "overdue": row["overdue"],
        "due": text.waktu(_instant(row["due_at"])) if row["due_at"] else "—",
        "due_at": row["due_at"],
    }


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "meeting": row["meeting"],
        "text": row["text"],
        "owner": agency_name(row["owner"]),
        "owner_code": row["owner"],
        "due": text.waktu(_instant(row["due_at"])),
        "due_at": row["due_at"],
        "decided_at": row["decided_at"],
        "decided": text.waktu(_instant(row["decided_at"])),
        "snapshot": row["snapshot"],
        "state": DECISION_WORDS.get(row["state"], row["state"]),
        "state_code": row["state"],
        "marks": [row["mark"]] if row["mark"] else [],
    }
