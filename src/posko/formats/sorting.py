"""Papers and tables of sorting: hasil sortir-lipat, upah, permintaan pengganti, pemusnahan. The same facts give the same values."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from posko.domain import labels
from posko.domain import sorting as rules
from posko.formats import text
from posko.formats.receipts import CONTEST_WORDS

KIND_WORDS = {
    "spot": "noda",
    "torn": "robek",
    "blurred": "buram",
    "hole": "berlubang",
    "colour": "warna salah",
    "cut": "potongan salah",
    "wrong_sheet": "jenis atau dapil lain",
    "other": "lainnya",
}
BASIS_WORDS = {"folded": "lembar baik yang dilipat", "sorted": "lembar yang disortir, baik dan ditolak"}
AGENCY_WORDS = {"BAWASLU": "Bawaslu", "POLRES": "Polres", "KEJARI": "Kejari", "PEMDA": "Pemda"}
UNKNOWN = "belum diketahui"


def contest_word(code: str) -> str:
    """DPRD Kabupaten."""
    return CONTEST_WORDS.get(code, code)


def design(contest: str, dapil: str) -> str:
    """DPRD Kabupaten · BELTIM-1."""
    return f"{contest_word(contest)} · {dapil}" if dapil else contest_word(contest)


def beside(contest: str, dapil: str) -> str:
    """What stands beside the letters of a contest on a screen, without saying them twice: BELTIM-1, DPRD Provinsi."""
    return dapil or (CONTEST_WORDS.get(contest, ""))


def rupiah(amount: int | None) -> str:
    """Rp 1.250.000; nobody guesses an amount."""
    return UNKNOWN if amount is None else f"Rp {text.angka(amount)}"


def marks_of(things: Iterable[Any]) -> list[str]:
    """The marks of facts, each once."""
    return sorted({thing.mark for thing in things if thing.mark})


def result_paper(works: Sequence[rules.Work], bundles: Mapping[str, int], period: str, teams: Sequence[str]) -> dict[str, Any]:
    """Values for ba-sortir.typ. works: closed cartons of the period; bundles: carton -> how many it became."""
    done = [work for work in works if work.tally is not None]
    by_design: dict[rules.Design, list[rules.Work]] = {}
    for work in done:
        by_design.setdefault(work.design, []).append(work)
    kinds = [kind for kind in rules.KINDS if any(work.tally and work.tally.of(kind) for work in done)]
    strays = [(work, stray) for work in done if work.tally for stray in work.tally.strays]
    return {
        "title": "Berita acara hasil sortir dan lipat",
        "subtitle": period,
        "period": period,
        "marks": marks_of(done),
        "teams": ", ".join(teams) or "—",
        "rows": [_result_row(design(*key), found, bundles) for key, found in sorted(by_design.items())],
        "total": _result_row("Jumlah", done, bundles),
        "kinds": [KIND_WORDS[kind] for kind in kinds],
        "rejects": [[design(*key), *(text.angka(_of(found, kind)) for kind in kinds)] for key, found in sorted(by_design.items())],
        "strays": [
            [labels.spaced(work.carton), work.batch or "—", design(*work.design), design(s.contest, s.dapil), text.angka(s.sheets)]
            for work, s in strays
        ],
        "signers": ["Ketua KPU", "Koordinator sortir", "Bawaslu", "Polres"],
    }


def _of(works: Iterable[rules.Work], kind: str) -> int:
    return sum(work.tally.of(kind) for work in works if work.tally)


def _result_row(name: str, works: Sequence[rules.Work], bundles: Mapping[str, int]) -> list[str]:
    tallies = [work.tally for work in works if work.tally]
    sums = (
        len(works), sum(t.expected for t in tallies), sum(t.found for t in tallies), sum(t.good for t in tallies),
        sum(t.rejected for t in tallies), sum(t.missing for t in tallies), sum(bundles.get(w.carton, 0) for w in works),
    )  # fmt: skip
    return [name, *map(text.angka, sums)]


def pay_paper(lines: Sequence[rules.Pay], period: str, marks: Sequence[str]) -> dict[str, Any]:
    """Values for upah-sortir.typ: per team its days, with sums."""
    teams: dict[str, list[rules.Pay]] = {}
    for line in lines:
        teams.setdefault(line.team, []).append(line)
    rates = list(dict.fromkeys(line.rate for line in lines if line.rate))
    return {
        "title": "Daftar upah sortir dan lipat",
        "subtitle": period,
        "marks": list(marks),
        "rates": [
            f"{rupiah(r.rupiah)} per {BASIS_WORDS[r.basis]}, {contest_word(r.contest) if r.contest else 'semua jenis'}, sejak "
            f"{text.tanggal_pendek(r.from_day)}. Dasar: {r.citation}"
            for r in rates
        ],
        "teams": [
            {
                "team": team,
                "rows": [
                    [text.tanggal_pendek(p.day), contest_word(p.contest), text.angka(p.sorted_sheets), text.angka(p.folded),
                     rupiah(p.rate.rupiah if p.rate else None), rupiah(p.amount)]
                    for p in found
                ],
                "total": ["Jumlah", "", text.angka(sum(p.sorted_sheets for p in found)), text.angka(sum(p.folded for p in found)), "",
                          rupiah(total(found))],
            }
            for team, found in sorted(teams.items())
        ],
        "total": rupiah(total(lines)),
        "unknown": sum(p.amount is None for p in lines),
        "signers": ["Bendahara", "Pejabat pembuat komitmen", "Koordinator sortir"],
    }  # fmt: skip


def total(lines: Iterable[rules.Pay]) -> int | None:
    """Rupiah of all lines; unknown as soon as one has no rate."""
    amounts = [line.amount for line in lines]
    return None if any(amount is None for amount in amounts) else sum(amount or 0 for amount in amounts)


def pay_table(lines: Iterable[rules.Pay]) -> list[list[Any]]:
    """Rows for formats.table.xlsx."""
    head = ["Regu", "Tanggal", "Jenis pemilihan", "Disortir", "Dilipat", "Tarif (Rp)", "Dibayar per", "Jumlah (Rp)", "Dasar tarif"]
    return [head] + [
        [
            p.team, p.day.isoformat(), contest_word(p.contest), p.sorted_sheets, p.folded, p.rate.rupiah if p.rate else UNKNOWN,
            BASIS_WORDS[p.rate.basis] if p.rate else "", UNKNOWN if p.amount is None else p.amount, p.rate.citation if p.rate else "",
        ]
        for p in lines
    ]  # fmt: skip


def request_paper(request: rules.Request, shortages: Mapping[tuple[str, str], rules.Shortage]) -> dict[str, Any]:
    """Values for minta-ganti.typ. shortages: the state when it was asked, by (contest, dapil of the line)."""
    rows = []
    for contest, dapil, rejected, missing, sheets in request.lines:
        s = shortages.get((contest, dapil))
        known = s is not None and s.need is not None
        rows.append(
            [
                design(contest, dapil), text.angka(s.need or 0) if s and known else UNKNOWN, text.angka(s.reserve) if s else "—",
                text.angka(s.sound + s.coming) if s else "—", text.angka(rejected), text.angka(missing), text.angka(sheets),
            ]
        )  # fmt: skip
    return {
        "title": "Permintaan penggantian surat suara",
        "number": request.code,
        "subtitle": text.tanggal(request.at),
        "marks": [request.mark] if request.mark else [],
        "rows": rows,
        "total": text.angka(request.sheets),
        "entry": request.entry_id,
        "signers": ["Ketua KPU", "Sekretaris KPU"],
    }


DESTROYED_WORDS = {"rejected": "surat suara rusak", "surplus": "kelebihan surat suara"}
DESTROYED_PHRASES = {
    "rejected": "surat suara yang ditolak pada penyortiran",
    "surplus": "surat suara baik yang berlebih setelah pengepakan selesai",
}
DESTROYED_LIMITS = {
    "rejected": "Jumlah ini tidak melebihi surat suara ditolak yang tercatat di gudang pada saat itu.",
    "surplus": "Pada saat itu tidak ada kotak suara jenis dan dapil tersebut yang masih kekurangan surat suara.",
}


def destruction_paper(done: rules.Destruction, names: Mapping[str, str]) -> dict[str, Any]:
    """Values for ba-musnah.typ. names: the two persons, as they sign."""
    return {
        "title": f"Berita acara pemusnahan {DESTROYED_WORDS[done.kind]}",
        "what": DESTROYED_PHRASES[done.kind],
        "limit": DESTROYED_LIMITS[done.kind],
        "number": done.code,
        "subtitle": text.tanggal(done.at),
        "when": f"{text.tanggal(done.at)}, {text.jam(done.at)}",
        "marks": [done.mark] if done.mark else [],
        "rows": [[design(contest, dapil), text.angka(sheets)] for contest, dapil, sheets in done.lines],
        "total": text.angka(done.sheets),
        "reason": done.reason,
        "witnesses": [AGENCY_WORDS.get(agency, agency) for agency in done.witnesses],
        "entry": done.entry_id,
        "signers": [
            ["KPU", names.get(done.first, done.first)],
            ["KPU, orang kedua", names.get(done.second, done.second)],
            *([f"Saksi {AGENCY_WORDS.get(agency, agency)}", ""] for agency in done.witnesses),
        ],
    }


def board_table(found: Iterable[rules.Progress]) -> list[list[Any]]:
    """Rows for formats.table.xlsx."""
    names = ("cartons", "cartons_done", "to_sort", "on_tables", "good", "rejected", "missing", "found")
    head = ["Jenis pemilihan", "Dapil", "Karton", "Karton selesai", "Belum disortir", "Di meja", "Baik", "Ditolak", "Kurang", "Ditemukan"]
    return [head] + [[contest_word(p.contest), p.dapil, *(getattr(p, name) for name in names)] for p in found]


def carton_table(works: Iterable[rules.Work], day_of: Callable[[Any], date]) -> list[list[Any]]:
    """Rows for formats.table.xlsx: every opened carton with its rejects by kind."""
    head = ["Karton", "Kelompok cetak", "Penerimaan", "Jenis pemilihan", "Dapil", "Regu", "Dibuka", "Selesai", "Isi menurut label", "Baik"]
    rows: list[list[Any]] = [[*head, *(KIND_WORDS[k].capitalize() for k in rules.KINDS), "Kurang", "Ditemukan"]]
    for w in works:
        t = w.tally
        counts = [t.good, *(t.of(k) for k in rules.KINDS), t.missing, t.found] if t else [""] * (len(rules.KINDS) + 3)
        closed = day_of(w.closed_at).isoformat() if w.closed_at else "belum"
        about = [
            labels.spaced(w.carton),
            w.batch,
            w.receipt,
            contest_word(w.contest),
            w.dapil,
            w.team,
            day_of(w.opened_at).isoformat(),
            closed,
        ]
        rows.append([*about, w.expected, *counts])
    return rows


def reject_counts(works: Iterable[rules.Work]) -> Counter[str]:
    """Rejected sheets by kind."""
    found: Counter[str] = Counter()
    for work in works:
        if work.tally:
            found.update(dict(work.tally.rejects))
    return found
