"""A pack in at most 1,000 characters, to be sent from a telephone: numbers first, understandable without a link, the hash at the end.

Counted as WhatsApp counts: code points. Lines go in whole or not at all, the weightiest first, so no number is ever cut; long typed
words are cut between words. The group of the rakor and the public get no AGHT and no title of a letter; the public
gets what was published and nothing else (`public`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from posko.domain import rakor as rules
from posko.domain import releases
from posko.formats import rakor as printed
from posko.formats import text

MOST = 1000
GROUP, PUBLIC = "GRUP", "PUBLIK"
AGENCIES = ("KPU", "KEJARI", "POLRES", "PEMDA", "BAWASLU")
AUDIENCES = (*AGENCIES, GROUP)
NAMES = {**{code: printed.agency_name(code) for code in AGENCIES}, GROUP: "Grup rakor", PUBLIC: "Publik"}
TYPED, MOST_DECISIONS = 90, 4
_SIGNS = str.maketrans(dict.fromkeys("*_~`", " "))


def text_for(snapshot: rules.Snapshot, audience: str, place: str = "", room: Iterable[str] = ()) -> str:
    """The text for one of AUDIENCES but the public (see `public`). `room`: the agencies of the group, where it is for the group."""
    readers = list(room) if audience == GROUP else [audience]
    values = printed.pack(snapshot, readers[0] if readers else GROUP, place=place, room=readers[1:])
    lines = _shared(values, "" if audience == GROUP else audience)
    return fitted(_head(values, audience, place), lines, _tail(values))


_PUBLIC = (
    ("ready", "TPS siap"), ("not_ready", "TPS belum siap"), ("unknown", "TPS belum diketahui"),
    ("units_ordered", "Barang yang dipesan, diterima baik"), ("lines", "Jenis barang lengkap"), ("issued", "Rekomendasi posko terbit"),
    ("answered", "Rekomendasi dijawab"),
)  # fmt: skip


def public(newest: releases.Publication, place: str = "") -> str:
    """The text for the public, from a publication alone: what it keeps back or nobody knows has no line."""
    where = f" {plain(place, 60)}" if place else ""
    head = f"*{plain(newest.head['election_name'], 60)}, kesiapan{where}*"
    if "[SIMULASI]" in newest.marks:
        head += "\n[SIMULASI]"
    lines = [_published(row, label) for code, label in _PUBLIC if (row := newest.figure(code)) is not None]
    lines.append("Persen selalu menyebut pembilang dan penyebutnya. Yang belum diketahui tidak dihitung siap.")
    tail = f"Data per {text.waktu(newest.data_at)} · terbitan {newest.number} · sidik jari {newest.digest[:8]}"
    return fitted(head, lines, tail)


def _published(row: Mapping[str, Any], label: str) -> str:
    a, b = int(row["numerator"]), int(row["denominator"])
    if a < 0:
        return ""
    marks = [m for m in row["marks"] if m != "[SIMULASI]"]
    said = f"*{text.angka(a)}*" if b < 0 else f"*{text.angka(a)}* dari {text.angka(b)}"
    told = f" [{', '.join(marks)}]" if marks else ""
    share = f" ({text.persen(a / b)})" if row["code"].startswith("units") and b > 0 else ""
    return f"• {label}: {said}{share}{told}"


def fitted(head: str, lines: Iterable[str], tail: str, most: int = MOST) -> str:
    """Head and tail, and between them the lines that fit, in their order; a line that is too long is left out whole."""
    kept = [head]
    for line in lines:
        if line and len("\n".join([*kept, line, tail])) <= most:
            kept.append(line)
    return "\n".join([*kept, tail])


def plain(words: str, most: int = TYPED) -> str:
    """Typed words as one line without the signs that WhatsApp reads as type; cut between words, never behind a number."""
    line = " ".join(words.translate(_SIGNS).split())
    if len(line) <= most:
        return line
    kept: list[str] = []
    for word in line.split():
        if len(" ".join([*kept, word])) > most - 1:
            break
        kept.append(word)
    while kept and any(c.isdigit() for c in kept[-1]):
        kept.pop()
    return f"{' '.join(kept)}…"


def _head(v: Mapping[str, Any], audience: str, place: str) -> str:
    where = plain(place, 60)
    title = f"*{plain(v['election'], 60)}, kesiapan{f' {where}' if where else ''}*"
    said = f"{title} ({v['days_left']})"
    if audience != GROUP:
        said += f"\nUntuk {NAMES[audience]}"
    return f"{said}\n{v['mark']}" if v["mark"] else said


def _tail(v: Mapping[str, Any]) -> str:
    return f"Data per {v['frozen']} · paket {v['code']} · sidik jari {v['short']}"


def _figures(v: Mapping[str, Any]) -> list[str]:
    """The numbers, each with what it is out of and its marks."""
    known = {row["code"]: row for row in v["figures"]}
    lines = []
    for code, label, by_share in (
        ("units:accepted", "Barang diterima baik", True),
        ("ready", "TPS siap", False),
        ("supply", "TPS yang barang kritisnya bisa lengkap", False),
        ("lines", "Baris barang lengkap", False),
    ):
        if code not in known:
            continue
        row = known[code]
        of = f"{row['numerator']} dari {row['denominator']}" if row["denominator"] else row["numerator"]
        share = row["share"] if by_share and row["share"] not in {"", "—"} else ""
        marks = f" [{', '.join(m.strip('[]') for m in row['marks'])}]" if row["marks"] else ""
        unit = " unit yang dipesan" if by_share else ""
        lines.append(f"• {label}: *{share or of}*{f' ({of}{unit})' if share else ''}{marks}")
    return lines


def _not_ready(v: Mapping[str, Any]) -> str:
    _, missing, unknown = v["readiness_values"]
    return f"• TPS belum siap: {text.angka(missing)}, belum diketahui: {text.angka(unknown)}" if missing or unknown else ""


def _short_of(v: Mapping[str, Any]) -> str:
    """The three lines of goods that are furthest from their need."""
    open_ones = [g for g in v["gauge"] if g["values"][0] > 0 and g["values"][1] > 0 and g["values"][4] < g["values"][0]]
    worst = sorted(open_ones, key=lambda g: (g["permille"], g["name"]))[:3]
    said = [f"{plain(g['name'], 40)} {text.angka(g['values'][0] - g['values'][4])}" for g in worst]
    return f"• Masih kurang: {', '.join(said)}" if said else ""


def _letters(v: Mapping[str, Any], addressee: str = "") -> str:
    """The letters to one agency or to all, as counts."""
    rows = [c["values"] for c in v["letter_counts"] if addressee in {"", c["code"]}]
    total = {name: text.angka(sum(row[name] for row in rows)) for name in ("issued", "agreed", "refused", "waiting", "overdue")}
    to = f" kepada {NAMES[addressee]}" if addressee else ""
    if not rows:
        return f"• Rekomendasi{to}: belum ada yang terbit"
    said = (
        f"• Rekomendasi{to}: {total['issued']} terbit, {total['agreed']} diterima, {total['refused']} ditolak, {total['waiting']} menunggu"
    )
    return f"{said}, {total['overdue']} terlambat" if total["overdue"] != "0" else said


def _shared(v: Mapping[str, Any], agency: str) -> list[str]:
    """For the agencies at the table; one of them reads its own decisions first, with the day they are due."""
    mine = [d for d in v["decisions"] if not agency or agency == "BAWASLU" or d["owner_code"] == agency]
    rest = [d for d in v["decisions"] if d not in mine]
    open_ones = sorted(
        (d for d in mine if d["state_code"] in {"open", "overdue"}), key=lambda d: (d["state_code"] != "overdue", d["due_at"], d["code"])
    )
    shown = [_decided(d, bool(agency) and d["owner_code"] == agency) for d in open_ones[:MOST_DECISIONS]]
    left = len(open_ones) - len(shown)
    late = [r for r in v["recommendations"] if agency and r["addressee"] == NAMES[agency] and r["overdue"]]
    aght = _aght(v) if agency in {"KPU", "KEJARI", "POLRES", "BAWASLU"} else ""
    about = f"{plain(v['title_meeting'], 80)}: {v['time']}, {plain(v['venue'], 60)}"
    return [
        *_figures(v),
        _not_ready(v),
        _short_of(v),
        ("*Tugas Anda:*" if agency and agency != "BAWASLU" else "*Keputusan yang berjalan:*") if shown else "",
        *shown,
        f"• dan {text.angka(left)} keputusan lain" if left > 0 else "",
        _letters(v, agency if agency in {"POLRES", "PEMDA"} else ""),
        *(f"• Jawab surat {plain(r['code'], 40)}, tenggat {r['due']}" for r in late[:2]),
        aght,
        f"• Keputusan lembaga lain: {text.angka(len(rest))}" if agency and rest else "",
        about,
    ]


def _decided(d: Mapping[str, Any], own: bool) -> str:
    marks = f" {' '.join(d['marks'])}" if d["marks"] else ""
    who = "" if own else f"{d['owner']}: "
    late = ", LEWAT TENGGAT" if d["state_code"] == "overdue" else ""
    return f"• {who}{plain(d['text'])}{marks}, tenggat {d['due']}{late}"


def _aght(v: Mapping[str, Any]) -> str:
    """A count only: the register itself is read at the desk."""
    open_ones = sum(a["standing"] == "terbuka" for a in v["aght"])
    return f"• AGHT terbuka: {text.angka(open_ones)} (rincian di Posko)" if open_ones else ""
