"""Stage releases: screens. What the public reads, what waits for the second person, by which rule it goes out, and every correction."""

import mimetypes
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import record as facts
from posko.domain import releases as rules
from posko.domain import thresholds as threshold_rules
from posko.formats import publication, table, text
from posko.store import access, extracts, releases

SENTENCES = {
    "releases.changed": "Berkas terbitan ini tidak utuh: isinya tidak sesuai sidik jarinya. Jangan dipakai; beri tahu Bawaslu dan admin.",
    "releases.not_public": "Isi ini bukan untuk publik ({where}: {what}). Tidak ada yang diterbitkan.",
    "releases.planned": "Ada rencana di dalam isi ({where}). Yang terbit hanya yang sudah terjadi. Tidak ada yang diterbitkan.",
    "releases.underway": "TPS {tps} belum lewat masa tunda keselamatan. Coba lagi nanti.",
    "releases.too_fresh": "Hitungan posko ({section}) belum berumur 24 jam. Tidak ada yang diterbitkan.",
    "releases.small_count": "Hitungan {what} terlalu kecil untuk dibuka. Tidak ada yang diterbitkan.",
    "releases.code_inside": "Ada kode kotak, segel, atau catatan dalam di {where}. Hapus kode itu, lalu ulangi.",
    "releases.wrong_figure": "Angka “{figure}” tidak dapat dihitung ulang dari isinya ({why}). Tidak ada yang diterbitkan.",
    "releases.overtaken": "Sudah ada terbitan lain sesudah usulan ini dibuat. Buka Terbitan, lihat lagi angkanya, lalu buat usulan baru.",
    "releases.nothing_to_correct": "Terbitan {number} tidak ada atau sudah dikoreksi. Pilih yang masih berlaku di riwayat.",
    "releases.reason_missing": "Tulis alasannya, {least} sampai {most} huruf. Untuk koreksi, pilih juga jenis kesalahannya.",
    "releases.names_somebody": "Alasan koreksi dibaca publik: hapus nama orang, nomor telepon, dan NIK, lalu usulkan lagi.",
    "releases.unknown": "Terbitan, usulan, atau aturan {thing} tidak ada.",
    "releases.not_open": "{code} sudah diputuskan, sudah dihentikan, atau tidak berlaku lagi.",
    "releases.not_proposer": "Hanya pengusulnya yang dapat menarik usulan {code}.",
    "releases.closed": "Berkas terbitan {number} ditutup: memuat yang bukan untuk publik. Nomor dan alasannya tetap di riwayat.",
    "releases.already_proposed": "Sudah ada usulan yang menunggu. Putuskan atau tarik usulan itu dahulu.",
    "releases.bad_rule": "Isi jam seperti 18.00 atau 06.00, 18.00; tanggal akhir sesudah tanggal mulai, paling lama setengah tahun.",
    "releases.gone": "Pratinjau sudah berubah sejak halaman dibuka. Lihat lagi angkanya di bawah, lalu usulkan.",
}  # fmt: skip
TASKS = {
    "releases.approve": ("Setujui atau tolak {label}", "desk:releases_proposal"),
    "releases.approve_rule": ("Setujui atau tolak aturan terbit {label}", "desk:releases"),
    "releases.failed": ("Aturan terbit {label} tidak dapat menerbitkan; lihat sebabnya", "desk:releases"),
    "releases.expired": ("{label} tidak diputuskan dalam 24 jam; usulkan lagi", "desk:releases_new"),
}
HITS = {"releases": "desk:releases_one"}
SIGNALS = {
    "R23": ("Publik masih membaca terbitan {number}, datanya {hours} jam yang lalu", "desk:releases"),
    "R23.beda": ("{figures} angka di terbitan {number} sudah jauh berbeda dari catatan sekarang, misalnya {label}", "desk:releases"),
}

SECTIONS = {
    "receipts": "penerimaan barang", "recommendations": "rekomendasi (hitungan saja)", "guard": "permintaan yang ditolak",
    "rules": "aturan kebutuhan",
}  # fmt: skip
WRONG = {
    "count": "angka salah", "place": "tempat salah", "late": "data terlambat masuk", "not_public": "memuat yang bukan untuk publik",
    "other": "lain-lain",
}  # fmt: skip
REASONS = {
    "goods_missing": "ada barang kurang", "under_check": "sedang diperiksa", "place_not_ready": "tempat belum siap",
    "officers_missing": "petugas belum lengkap", "stock_short": "barang di kabupaten belum cukup", "not_all_seen": "belum semua dilihat",
    "old_check": "pemeriksaan sudah lama", "need_unconfirmed": "kebutuhan belum dipastikan", "no_report": "belum ada pemeriksaan",
}  # fmt: skip
ARRIVED = {"yes": "lengkap", "partly": "sebagian", "unknown": "belum diketahui"}
OUTCOMES = {
    "": ("waiting", "menunggu persetujuan"), "approved": ("done", "terbit"), "refused": ("refused", "ditolak"),
    "withdrawn": ("refused", "ditarik"), "expired": ("overdue", "lewat 24 jam"), "overtaken": ("refused", "didahului terbitan lain"),
}  # fmt: skip
RULES = {
    "proposed": ("waiting", "menunggu persetujuan"), "expired": ("overdue", "lewat 24 jam"), "refused": ("refused", "ditolak"),
    "withdrawn": ("refused", "ditarik"), "in_force": ("done", "berlaku"), "replaced": ("plain", "diganti"),
    "stopped": ("overdue", "dihentikan"), "over": ("plain", "selesai"),
}  # fmt: skip
HOW = {
    "tps": "banyaknya TPS dalam daftar", "voters": "jumlah pemilih semua TPS", "ready": "TPS berkeadaan siap, dari semua TPS",
    "not_ready": "TPS berkeadaan belum siap, dari semua TPS", "unknown": "TPS berkeadaan belum diketahui, dari semua TPS",
    "arrived": "TPS yang barangnya dilihat lengkap di tempat, dari semua TPS", "islands_ready": "TPS pulau yang siap, dari semua TPS pulau",
    "units_ordered": "barang diterima baik paling banyak sebesar kebutuhannya, dari kebutuhan; hanya jenis yang sudah dipesan",
    "units_all": "barang diterima baik paling banyak sebesar kebutuhannya, dari semua kebutuhan yang diketahui",
    "units_received": "barang diterima paling banyak sebesar kebutuhannya, dari semua kebutuhan yang diketahui",
    "lines": "baris barang yang diterima baiknya mencapai kebutuhan, dari baris yang kebutuhannya diketahui",
    "needs_unknown": "baris barang yang kebutuhannya belum diketahui, dari semua baris",
    "issued": "rekomendasi terbit", "answered": "rekomendasi yang sudah dijawab, dari yang terbit",
    "accepted": "disetujui seluruhnya, dari yang dijawab", "partly": "disetujui sebagian, dari yang dijawab",
    "refused": "ditolak dengan alasan, dari yang dijawab", "overdue": "lewat tenggat jawab, dari yang terbit",
    "guard": "permintaan yang ditolak penjaga kenetralan",
}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HISTORY_SHOWN = 60


class Gone(facts.Refusal):
    """The preview was of other figures than would go out now."""

    code = "releases.gone"


# --- figures in words -------------------------------------------------------------------------------------------------------


def _shown(number: int) -> str:
    """A number as it stands on a page: unknown and kept back have words of their own."""
    return {rules.UNKNOWN: "belum diketahui", rules.SUPPRESSED: "ditahan"}.get(number, text.angka(number))


def _pair(pair: Iterable[int] | None) -> str:
    """A figure with its denominator and share: 12 dari 40 (30,0 %)."""
    if pair is None:
        return "—"
    numerator, denominator = pair
    if denominator == rules.UNKNOWN or numerator == denominator == rules.SUPPRESSED:
        return _shown(numerator)
    share = f" ({text.persen(numerator / denominator)})" if numerator >= 0 and denominator > 0 else ""
    return f"{_shown(numerator)} dari {_shown(denominator)}{share}"


def _figures(made: rules.Publication) -> list[dict[str, Any]]:
    return [
        {
            "code": row["code"], "label": row["label"], "value": _shown(row["numerator"]),
            "of": "" if row["denominator"] == rules.UNKNOWN else _shown(row["denominator"]),
            "share": text.persen(row["numerator"] / row["denominator"]) if row["numerator"] >= 0 and row["denominator"] > 0 else "",
            "how": HOW.get(row["code"], ""), "source": row["source"], "as_of": rules.instant(row["as_of"]), "marks": row["marks"],
        }
        for row in made.sections["figures"]
    ]  # fmt: skip


def _changes(before: rules.Publication | None, after: rules.Publication) -> list[dict[str, str]]:
    return [
        {"code": one.code, "label": one.label, "before": _pair(one.before), "after": _pair(one.after)}
        for one in rules.changes(before, after)
    ]


_STATE = {"": "baru", "ready": "siap", "not_ready": "belum siap", "unknown": "belum diketahui"}


def _moved(before: rules.Publication | None, after: rules.Publication) -> list[dict[str, Any]]:
    """TPS whose state differs from the one before; the first publication moves none."""
    if before is None:
        return []
    names = {row["code"]: f"{row['name']} {row['desa']}, {row['kecamatan']}" for row in after.sections["tps"]}
    return [
        {"code": code, "name": names[code], "was": _STATE[was], "now": now, "word": _STATE[now]}
        for code, was, now in rules.moved_stations(before, after)
    ]


def _page(made: rules.Publication) -> dict[str, Any]:
    """The publication as the public reads it."""
    sections, head = made.sections, made.head
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in sections["tps"]:
        reasons = ", ".join(REASONS[code] for code in row["reasons"])
        seen = rules.instant(row["checked_at"]) if row["checked_at"] else None
        groups.setdefault(row["kecamatan"], []).append({**row, "why": reasons, "seen_at": seen, "goods": ARRIVED[row["arrived"]]})
    letters = sections.get("recommendations")
    return {
        "figures": _figures(made),
        "kecamatan": [
            {"name": name, "rows": rows, **{state: sum(row["state"] == state for row in rows) for state in _STATE if state}}
            for name, rows in groups.items()
        ],
        "goods": [
            {**row, "need_word": _shown(row["need"]), "open": max(0, row["need"] - row["accepted"]) if row["need"] >= 0 else None}
            for row in sections.get("receipts", [])
        ],
        "letters": {
            "as_of": rules.instant(letters["as_of"]),
            "totals": [(TOTALS[name], _shown(letters["totals"][name])) for name in rules.TOTALS],
            "to": [(row["agency"], _shown(row["issued"])) for row in letters["addressees"]],
        } if letters else None,
        "guard": {"as_of": rules.instant(sections["guard"]["as_of"]), "refused": _shown(sections["guard"]["refused"])}
        if "guard" in sections else None,
        "sections": [word for name, word in SECTIONS.items() if name in sections],
        "left_out": [word for name, word in SECTIONS.items() if name not in sections],
        "withheld": sections["withheld"]["checks"], "withheld_word": _shown(sections["withheld"]["checks"]),
        "policy": {
            "k": head["policy"]["k"], "delay": head["policy"]["delay_min"] // 60, "land": head["policy"]["embargo_min"] // 60,
            "island": head["policy"]["embargo_island_min"] // 60,
        },
        "marks": head["marks"], "data_at": made.data_at, "bytes": len(made.content),
    }  # fmt: skip


TOTALS = {
    "issued": "terbit", "waiting": "menunggu jawaban", "in_time": "masih dalam waktu", "overdue": "lewat tenggat", "answered": "dijawab",
    "accepted": "disetujui", "partly": "disetujui sebagian", "refused": "ditolak dengan alasan", "withdrawn": "dicabut atau diganti",
}  # fmt: skip


# --- overview ---------------------------------------------------------------------------------------------------------------


@shell.page("releases.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What the public reads now, what waits, by which rule, and the history."""
    latest, names = releases.latest(election, request.at), access.names()
    waits = releases.open_proposal(election, request.at)
    standing = releases.standing(election, request.at)
    past = releases.history(election, request.at)
    now, refusal = _draft_now(request, election)
    context = {
        "latest": latest,
        "entry": past[0] if past else None,
        "by": _by(past[0], names) if past else "",
        "figures": _figures(latest) if latest else [],
        "age_h": int((request.at - latest.data_at).total_seconds() // 3600) if latest else 0,
        "old": bool(latest and request.at - latest.data_at > releases.limits(election, request.at).oldest),
        "changes": _changes(latest, now) if latest and now else [],
        "refusal": shell.sentence(refusal) if refusal else "",
        "waits": waits,
        "waits_by": names.get(waits.person, waits.person) if waits else "",
        "rule": next((_rule(one, names) for one in standing if one.state == "in_force"), None),
        "asked": next((_rule(one, names) for one in standing if one.state == "proposed"), None),
        "old_rules": [_rule(one, names) for one in standing if one.state not in {"in_force", "proposed"}],
        "history": [_line(one, names) for one in past[:HISTORY_SHOWN]],
        "more": max(0, len(past) - HISTORY_SHOWN),
        "proposals": [
            {"one": one, "state": OUTCOMES[one.outcome], "who": names.get(one.person, one.person),
             "by": names.get(one.decided_by, one.decided_by)}
            for one in releases.proposals(election, request.at)
        ],
        "runs": [run for run in releases.runs(election, request.at) if run.refusal],
        **_may(request),
    }  # fmt: skip
    return render(request, "desk/releases/index.html", context)


def _may(request: shell.Request) -> dict[str, bool]:
    return {f"may_{act}": shell.may(request, f"releases.{act}") for act in ("propose", "approve")}


def _draft_now(
    request: shell.Request, election: str, way: rules.Way | None = None
) -> tuple[rules.Publication | None, facts.Refusal | None]:
    """What would go out now, or what keeps it from going out."""
    try:
        return extracts.draft(election, way or rules.Way(), request.at), None
    except facts.Refusal as refusal:
        return None, refusal


def _by(entry: releases.Entry, names: Mapping[str, str]) -> str:
    who = " dan ".join(names.get(person, person) for person in (entry.proposer, entry.person) if person)
    return f"aturan {entry.rule} ({who})" if entry.rule else who


def _line(entry: releases.Entry, names: Mapping[str, str]) -> dict[str, Any]:
    simulated = next((mark for mark in entry.marks if mark == "[SIMULASI]"), "")  # figures carry the other marks; here are none
    return {"one": entry, "by": _by(entry, names), "wrong": WRONG.get(entry.reason_code, ""), "simulated": simulated}


def _rule(one: releases.Standing, names: Mapping[str, str]) -> dict[str, Any]:
    hours = ", ".join(f"{minute // 60:02}.{minute % 60:02}" for minute in one.rule.minutes)
    chosen = ", ".join(word for name, word in SECTIONS.items() if name in one.rule.sections)
    return {
        "one": one, "rule": one.rule, "hours": hours, "sections": chosen, "state": RULES[one.state],
        "proposer": names.get(one.rule.proposer, one.rule.proposer),
        "approver": names.get(one.rule.approver, one.rule.approver), "ended_by": names.get(one.ended_by, one.ended_by),
        "last_day": one.rule.until_at - timedelta(seconds=1),
    }  # fmt: skip


@shell.page("releases.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The history as a workbook: one line a publication, one sheet of figures."""
    names = access.names()
    head: list[object] = [
        "Nomor",
        "Terbit",
        "Data per",
        "Dengan cara",
        "Mengoreksi",
        "Jenis kesalahan",
        "Alasan",
        "Dikoreksi oleh",
        "Tanda",
        "SHA-256",
    ]
    past = releases.history(election, request.at)
    lines: list[list[object]] = [
        [e.number, text.waktu(e.published_at), text.waktu(e.made_at), _by(e, names), e.corrects or "", WRONG.get(e.reason_code, ""),
         e.reason, e.corrected_by or "", " ".join(e.marks), e.digest]
        for e in past
    ]  # fmt: skip
    latest = releases.latest(election, request.at)
    marks = {e.number: " ".join(e.marks) for e in past}
    figures: list[list[object]] = [["Nomor", "Kode", "Angka", "Pembilang", "Penyebut", "Data per", "Tanda"]]
    figures += _figure_lines(latest, marks) if latest else []
    answer = HttpResponse(table.xlsx({"Terbitan": [head, *lines], "Angka": figures}), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="terbitan-{election}.xlsx"'
    return answer


def _figure_lines(latest: rules.Publication, marks: Mapping[int, str]) -> list[list[object]]:
    """The figures of every publication that the newest one remembers, itself last."""
    rows = latest.sections["figures"]
    labels = {row["code"]: row["label"] for row in rows}
    itself = {"number": latest.number, "data_at": latest.head["data_at"]}
    numbers = {row["code"]: (row["numerator"], row["denominator"]) for row in rows}
    return [
        [one["number"], code, labels.get(code, code), _cell(a), _cell(b), text.waktu(rules.instant(one["data_at"])), marks[one["number"]]]
        for one in [*latest.sections["history"], {**itself, "figures": numbers}]
        for code, (a, b) in one["figures"].items()
    ]


def _cell(number: int) -> object:
    return number if number >= 0 else {rules.SUPPRESSED: "ditahan"}.get(number, "")


# --- one publication --------------------------------------------------------------------------------------------------------


def _reads_closed(request: shell.Request) -> bool:
    """A closed file is opened by those who answer for it and by the overseer."""
    return request.person.agency == "BAWASLU" or shell.may(request, "releases.approve")


def _get(request: shell.Request, election: str, number: int) -> rules.Publication:
    try:
        return releases.get(election, number, request.at, closed=_reads_closed(request))
    except rules.Unknown as missing:
        raise Http404 from missing


def _before(request: shell.Request, election: str, made: rules.Publication) -> rules.Publication | None:
    """The publication that this one names as the one before it."""
    found = next((e for e in releases.history(election, request.at) if e.digest == made.previous), None)
    return releases.get(election, found.number, request.at, closed=True) if found else None


@shell.page("releases.read")
def one(request: shell.Request, election: str, number: int) -> HttpResponse:
    """One publication: as the public read it, how each figure follows, what changed, who answers for it; and what corrected it."""
    try:
        made = _get(request, election, number)
    except rules.Closed as refusal:
        shell.refused(request, refusal)
        return redirect("desk:releases", election)
    entries = {e.number: e for e in releases.history(election, request.at)}
    before = _before(request, election, made)
    names, entry = access.names(), entries[number]
    context = {
        "made": made,
        "head": made.head,
        "entry": entry,
        "by": _by(entry, names),
        "wrong": WRONG.get(entry.reason_code, ""),
        "corrected": entries.get(entry.corrected_by),
        "corrected_why": WRONG.get(entries[entry.corrected_by].reason_code, "") if entry.corrected_by in entries else "",
        "before": before,
        "changes": _changes(before, made) if before else [],
        "moved": _moved(before, made),
        "proof": _proof(before, made),
        "shown_at": _embargo(made),
        "file": reverse("desk:releases_file", args=[election, number]),
        "page": _page(made),
        **_may(request),
    }
    return render(request, "desk/releases/one.html", context)


def _proof(before: rules.Publication | None, made: rules.Publication) -> list[dict[str, Any]]:
    """The checks that anybody can repeat, made on the spot."""
    wrong = rules.differences(made)
    joined = before is not None and before.digest == made.previous
    try:
        rules.check(made)
        broken = ""
    except facts.Refusal as refusal:
        broken = shell.sentence(refusal)
    return [
        {"good": True, "text": f"Sidik jari berkas cocok ({text.angka(len(made.content))} bita)"},
        {"good": not wrong, "text": f"{len(rules.recompute(made))} angka dihitung ulang dari isi terbitan, {len(wrong)} berbeda"},
        {"good": not broken, "text": broken or "Tidak ada rencana, kode kotak atau segel, atau hitungan kecil di dalamnya"},
        {
            "good": joined or not made.previous,
            "text": f"Menyambung terbitan {before.number}"
            if before
            else "Awal rantai"
            if not made.previous
            else "Pendahulunya tidak ditemukan",
        },
    ]


def _embargo(made: rules.Publication) -> dict[str, Any]:
    """How long the freshest check on land and on an island had waited when this went out."""
    waits: dict[bool, list[timedelta]] = {False: [], True: []}
    for row in made.sections["tps"]:
        if row["checked_at"]:
            waits[bool(row["island"])].append(made.made_at - rules.instant(row["checked_at"]))
    return {
        name: text.menit(int(min(found).total_seconds() // 60)) if found else ""
        for name, found in (("land", waits[False]), ("island", waits[True]))
    }


@shell.page("releases.read")
def file(request: shell.Request, election: str, number: int) -> HttpResponse:
    """The exact bytes of a publication."""
    try:
        return _file(_get(request, election, number))
    except rules.Closed as refusal:
        shell.refused(request, refusal)
        return redirect("desk:releases", election)


def _file(made: rules.Publication) -> HttpResponse:
    answer = HttpResponse(made.content, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="terbitan-{made.number}.json"'
    return answer


# --- a proposal -------------------------------------------------------------------------------------------------------------


def _way(request: shell.Request) -> rules.Way:
    """What the form asks for; opened without one: everything."""
    typed = request.POST if request.method == "POST" else request.GET
    chosen = tuple(name for name in rules.CHOOSABLE if name in typed.getlist("section")) if "asked" in typed else rules.CHOOSABLE
    number = typed.get("corrects", "")
    corrects = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    return rules.Way(
        "", corrects, typed.get("reason_code", "") if corrects else "", typed.get("reason", "")[:300] if corrects else "", chosen
    )


@shell.page("releases.propose")
def new(request: shell.Request, election: str) -> HttpResponse:
    """Look at what would go out now, then lay it before the second person. The form carries what was seen."""
    way = _way(request)
    # A preview needs no reason yet; the proposal does.
    shown, refusal = _draft_now(request, election, rules.Way(sections=way.sections))
    if request.method == "POST" and shown is not None:
        try:
            if request.POST.get("seen") != rules.seen(shown):
                raise Gone
            made = releases.propose(election, extracts.draft(election, way, request.at), shell.actor(request), request.at)
        except facts.Refusal as refused:
            shell.refused(request, refused)
        else:
            shell.done(request, f"Usulan {made.code} menunggu persetujuan pimpinan KPU, paling lama 24 jam.")
            return redirect("desk:releases_proposal", election, made.code)
    latest = releases.latest(election, request.at)
    history = [e for e in releases.history(election, request.at) if not e.corrected_by]
    context = {
        "way": way,
        "wrongs": list(WRONG.items()),
        "choices": [(name, word, name in way.sections) for name, word in SECTIONS.items()],
        "correctable": history,
        "refusal": shell.sentence(refusal) if refusal else "",
        "waits": releases.open_proposal(election, request.at),
        "latest": latest,
        "shown": shown,
        "seen": rules.seen(shown) if shown else "",
        "changes": _changes(latest, shown) if shown else [],
        "moved": _moved(latest, shown) if shown else [],
        "page": _page(shown) if shown else None,
        "longest": threshold_rules.LONGEST_REASON,
    }
    return render(request, "desk/releases/new.html", context)


def _proposal(request: shell.Request, election: str, code: str) -> releases.Proposal:
    try:
        return releases.proposal(election, code, request.at)
    except rules.Unknown as missing:
        raise Http404 from missing


@shell.page("releases.read")
def proposal(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Exactly what would go out, and its difference to the last one; the second person says yes to this hash and to no other."""
    found = _proposal(request, election, code)
    made = releases.proposed(election, code, request.at)
    before = _before(request, election, made)
    names = access.names()
    context = {
        "found": found,
        "made": made,
        "head": made.head,
        "state": OUTCOMES[found.outcome],
        "by": names.get(found.person, found.person),
        "decided_by": names.get(found.decided_by, found.decided_by),
        "wrong": WRONG.get(made.head["reason_code"], ""),
        "before": before,
        "changes": _changes(before, made),
        "moved": _moved(before, made),
        "proof": _proof(before, made),
        "page": _page(made),
        "own": found.person == request.person.id,
        **_may(request),
    }
    return render(request, "desk/releases/proposal.html", context)


@shell.page("releases.read")
def proposal_file(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The exact bytes of a proposal."""
    _proposal(request, election, code)
    return _file(releases.proposed(election, code, request.at))


@lru_cache(maxsize=2)
def _site(made: rules.Publication) -> dict[str, bytes]:
    return publication.site(made, app="/")


@shell.page("releases.read")
def proposal_page(request: shell.Request, election: str, code: str, file: str) -> HttpResponse:
    """The public's own pages as they would be after a yes, for those who decide on it."""
    _proposal(request, election, code)
    found = _site(releases.proposed(election, code, request.at)).get(file)
    if found is None:
        raise Http404
    answer = HttpResponse(found, content_type=mimetypes.guess_type(file)[0] or "application/octet-stream")
    answer["Cache-Control"] = "private, no-store"
    return answer


def _answer(request: shell.Request, election: str, act: Callable[[], str], back: str, *args: str) -> HttpResponse:
    """Do one thing that a button asks for, say what became of it, go back to its page."""
    if request.method == "POST":
        try:
            said = act()
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, said)
    return redirect(back, election, *args)


@shell.page("releases.approve")
def approve(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The second person sends it out."""
    _proposal(request, election, code)

    def act() -> str:
        made = releases.approve(election, code, shell.actor(request), request.POST.get("seen", ""), request.at)
        return f"Terbitan {made.number} sudah terbit. Sidik jari {made.digest[:12]}…"

    return _answer(request, election, act, "desk:releases_proposal", code)


@shell.page("releases.approve")
def refuse(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The second person does not send it out, and says why."""
    _proposal(request, election, code)

    def act() -> str:
        releases.turn_down(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        return f"Usulan {code} ditolak. Tidak ada yang terbit."

    return _answer(request, election, act, "desk:releases_proposal", code)


@shell.page("releases.propose")
def withdraw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The proposer takes it back."""
    _proposal(request, election, code)

    def act() -> str:
        releases.withdraw(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        return f"Usulan {code} ditarik."

    return _answer(request, election, act, "desk:releases_proposal", code)


# --- the standing rule ------------------------------------------------------------------------------------------------------


@shell.page("releases.propose")
def rule_new(request: shell.Request, election: str) -> HttpResponse:
    """Propose a standing rule: which parts, at which hours, from when until when."""
    typed = request.POST
    if request.method == "POST":
        try:
            chosen = tuple(name for name in rules.CHOOSABLE if name in typed.getlist("section"))
            made = releases.propose_rule(
                election, chosen, rules.rule_minutes(typed.get("hours", "")), _midnight(typed.get("first", "")),
                _midnight(typed.get("last", "")) + timedelta(days=1), shell.actor(request), request.at,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Aturan {made.rule.code} menunggu persetujuan pimpinan KPU, paling lama 24 jam.")
            return redirect("desk:releases", election)
    today = request.at.astimezone(text.WIB).date()
    voting = request.election.voting_at.astimezone(text.WIB).date()
    context = {
        "hours": typed.get("hours", "18.00"),
        "first": typed.get("first", today.isoformat()),
        "last": typed.get("last", max(voting, today).isoformat()),
        "choices": [(name, word, request.method != "POST" or name in typed.getlist("section")) for name, word in SECTIONS.items()],
    }
    return render(request, "desk/releases/rule.html", context)


def _midnight(typed: str) -> datetime:
    """The beginning of a typed day in WIB. BadRule."""
    try:
        return datetime.combine(date.fromisoformat(typed), datetime.min.time(), text.WIB)
    except ValueError as error:
        raise rules.BadRule(code=typed[:20]) from error


@shell.page("releases.approve")
def rule_answer(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The second person puts a standing rule in force, or does not."""

    def act() -> str:
        if request.POST.get("answer") == "yes":
            releases.approve_rule(election, code, shell.actor(request), request.POST.get("seen", ""), request.at)
            return f"Aturan {code} berlaku."
        releases.turn_down_rule(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        return f"Aturan {code} ditolak."

    return _answer(request, election, act, "desk:releases")


@shell.page("releases.propose")
def rule_withdraw(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The proposer takes a standing rule back."""

    def act() -> str:
        releases.withdraw_rule(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        return f"Usulan aturan {code} ditarik."

    return _answer(request, election, act, "desk:releases")


@shell.page("releases.approve")
def rule_stop(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One person stops a standing rule at once."""

    def act() -> str:
        releases.stop_rule(election, code, request.POST.get("reason", ""), shell.actor(request), request.at)
        return f"Aturan {code} dihentikan. Tidak ada yang terbit sendiri sampai dua orang membuat aturan baru."

    return _answer(request, election, act, "desk:releases")


urlpatterns = [
    path("<slug:election>/terbitan/", index, name="releases"),
    path("<slug:election>/terbitan/ekspor.xlsx", export, name="releases_export"),
    path("<slug:election>/terbitan/usul/", new, name="releases_new"),
    path("<slug:election>/terbitan/usulan/<slug:code>/", proposal, name="releases_proposal"),
    path("<slug:election>/terbitan/usulan/<slug:code>/berkas.json", proposal_file, name="releases_proposal_file"),
    path("<slug:election>/terbitan/usulan/<slug:code>/halaman/<path:file>", proposal_page, name="releases_page"),
    path("<slug:election>/terbitan/usulan/<slug:code>/setuju/", approve, name="releases_approve"),
    path("<slug:election>/terbitan/usulan/<slug:code>/tolak/", refuse, name="releases_refuse"),
    path("<slug:election>/terbitan/usulan/<slug:code>/tarik/", withdraw, name="releases_withdraw"),
    path("<slug:election>/terbitan/aturan/", rule_new, name="releases_rule"),
    path("<slug:election>/terbitan/aturan/<slug:code>/jawab/", rule_answer, name="releases_rule_answer"),
    path("<slug:election>/terbitan/aturan/<slug:code>/tarik/", rule_withdraw, name="releases_rule_withdraw"),
    path("<slug:election>/terbitan/aturan/<slug:code>/henti/", rule_stop, name="releases_rule_stop"),
    path("<slug:election>/terbitan/<int:number>/", one, name="releases_one"),
    path("<slug:election>/terbitan/<int:number>/berkas.json", file, name="releases_file"),
]
