"""Stage custody: events as JSON lines, words for what happened, and the values of the minutes of a hand-over (BAST)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posko.domain import custody as rules
from posko.domain import labels, record
from posko.formats import document, text

LINES_SHOWN = 20
AGENCIES = {"KPU": "KPU", "PPK": "PPK", "PPS": "PPS", "KPPS": "KPPS", rules.CARRIER: "pengangkut"}
FUNCTIONS = {
    "ketua": "ketua", "anggota": "anggota", "sekretariat": "sekretariat", "gudang": "petugas gudang", "pengemudi": "pengemudi",
    "juru_mudi": "juru mudi", "lainnya": "petugas lain",
}  # fmt: skip
CAUSES = {
    "segel_rusak": "segel rusak atau berbeda", "kotak_rusak": "kotak rusak", "basah": "basah", "salah_tujuan": "bukan untuk tempat ini",
    "jumlah_beda": "jumlah berbeda", "hilang": "tidak ada", "lainnya": "sebab lain, lihat catatan",
}  # fmt: skip
KINDS = {
    rules.Kind.LOADED: "dimuat", rules.Kind.DEPARTED: "berangkat", rules.Kind.ARRIVED: "tiba", rules.Kind.HANDED_OVER: "diserahkan",
    rules.Kind.REFUSED: "ditolak", rules.Kind.DAMAGED: "rusak", rules.Kind.CORRECTED: "catatan dibatalkan",
}  # fmt: skip
SEALS = {"unread": "segel belum dilihat", "whole": "segel utuh semua", "differ": "ada segel yang tidak utuh atau berbeda"}


# --- JSON lines ----------------------------------------------------------------------------------------------------------


def as_line(event: rules.Event, election: str) -> str:
    """One event, complete and self-contained, as one line of JSON."""
    return record.canonical({**rules.event_facts(event), "election": election}).decode()


def read_lines(data: bytes) -> tuple[list[rules.Event], list[record.Problem]]:
    """Events of a file of JSON lines, and every line that is none. Empty lines are passed over."""
    events: list[rules.Event] = []
    problems: list[record.Problem] = []
    for row, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise rules.Malformed(field="{}")
            events.append(rules.event_of(said))
        except (ValueError, RecursionError):
            problems.append(record.Problem("", row, "", "custody.not_json"))
        except record.Refusal as refusal:
            problems.append(record.Problem("", row, str(refusal.facts.get("field", "")), refusal.code))
    return events, problems


def problem_sentence(problem: record.Problem) -> str:
    """baris 3: what is wrong with it."""
    said = {
        "custody.not_json": "bukan satu objek JSON",
        "custody.malformed": f"bidang {problem.column} tidak ada, tidak dikenal, atau salah bentuk",
        "custody.nothing_moved": "tidak menyebut satu pun kotak",
        "custody.party_missing": "pihak yang menyerahkan atau menerima tidak lengkap",
        "custody.same_person": "yang menyerahkan dan yang menerima orang yang sama",
        "custody.cause_missing": "sebab ditolak atau rusak tidak ada",
        "custody.bad_count": "jumlah tidak mungkin",
    }
    return f"baris {problem.row}: {said.get(problem.code, problem.code)}"


def replayed(state: rules.State) -> dict[str, Any]:
    """What a replay answers: the hash, how many events, who holds what, what does not agree."""
    facts = rules.state_facts(state)
    return {
        "state_hash": rules.state_hash(state), "events": len(state.events), "holders": facts["holders"], "trips": facts["trips"],
        "conflicts": facts["conflicts"],
    }  # fmt: skip


# --- words ---------------------------------------------------------------------------------------------------------------


def party(one: rules.Party, name: str = "") -> str:
    """Ketua PPS, by name where one is known."""
    said = f"{FUNCTIONS.get(one.function, one.function)} {AGENCIES.get(one.agency, one.agency)}".strip()
    said = "pengemudi" if one == rules.Party(rules.CARRIER, "pengemudi", one.person) else said
    said = "juru mudi" if one == rules.Party(rules.CARRIER, "juru_mudi", one.person) else said
    return f"{name or one.person}, {said}" if name or one.person else said


def thing(code: str, names: Mapping[str, str]) -> str:
    """TPS 001 Lenggang DPR, or its code where nobody says."""
    if code in names:
        return names[code]
    if code.startswith("B:"):
        return labels.spaced(code[2:])
    place, part = code[2:].removesuffix(":b"), " (bagian 2)" if code.endswith(":b") else ""
    return f"{'bilik dan alat' if code.startswith('S:') else 'perlengkapan'} {names.get(place, place)}{part}"


def conflict(one: rules.Conflict, name: str, places: Mapping[str, str]) -> str:
    """What does not agree, in a sentence."""
    said = {key: places.get(str(value), value) for key, value in one.facts.items()}
    holder, giver = AGENCIES.get(str(said.get("holder", "")), ""), AGENCIES.get(str(said.get("giver", "")), "")
    sentences = {
        "two_holders": f"{name} diserahkan dua kali: tercatat pada {holder} di {said.get('holder_place', '')}, lalu diserahkan {giver} di "
        f"{said.get('place', '')}",
        "giver_not_holder": f"{name} diserahkan {giver} di {said.get('place', '')}, padahal tercatat pada {holder} di "
        f"{said.get('holder_place', '')}",
        "before_loading": f"{name} diserahkan atau ditolak di {said.get('place', '')}, tetapi pemuatannya tidak pernah tercatat",
        "two_trips": f"{name} tercatat dimuat pada dua perjalanan",
        "seals_differ": f"{name}: segel yang dibaca ({said.get('seen') or said.get('count', 0)}) tidak sama dengan catatan "
        f"({said.get('expected') or 'jumlah lain'})",
        "seal_broken": f"{name}: segel tidak utuh di {said.get('place', '')}",
        "count_differs": f"Menurut surat jalan {said.get('sent', 0)} kotak, dihitung {said.get('received', 0)} di {said.get('place', '')}; "
        f"{said.get('missing', 0)} barang tidak diserahkan",
        "same_id": "Satu nomor catatan mempunyai dua isi",
        "same_number": f"Gawai {said.get('device', '')} memakai satu nomor untuk dua kejadian",
        "corrects_unknown": "Pembatalan menunjuk catatan yang tidak ada",
        "corrects_later": "Pembatalan menunjuk catatan yang terjadi sesudahnya",
    }
    return sentences.get(one.code, one.code)


def late(minutes: int | None) -> str:
    """terlambat 20 menit | lebih awal 5 menit | tepat waktu; nothing where nobody knows."""
    if minutes is None:
        return ""
    if minutes == 0:
        return "tepat waktu"
    return f"terlambat {text.menit(minutes)}" if minutes > 0 else f"lebih awal {text.menit(-minutes)}"


# --- BAST ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A thing as the minutes list it: what it is, for whom, ballot boxes in it, its seals, and a remark."""

    name: str
    code: str
    boxes: int
    seals: str
    remark: str = ""


def minutes(
    event: rules.Event,
    *,
    giver: str,
    receiver: str,
    note: str,
    number: str,
    vehicle: str,
    venue: str,
    lines: Sequence[Line],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """Values for ba-serah.typ. giver, receiver: who, in words; number: of the surat jalan; head: agency, place, paper, marks, stamp."""
    counted = bool(event.sent or event.received)
    return {
        "title": title(event),
        "number": f"{number or 'tanpa surat jalan'} · {event.id[:12]}",
        **head,
        "day": f"{text.tanggal(event.at)}, {text.jam(event.at)}",
        "venue": venue,
        "qr": document.qr_svg(f"posko:serah:{event.id}"),
        "qr_text": event.id[:16],
        "first": giver,
        "second": receiver,
        "facts": [
            ["Surat jalan", number or "—"],
            ["Kendaraan", vehicle or "—"],
            ["Kotak menurut surat jalan", text.angka(event.sent) if counted else "tidak dihitung"],
            ["Kotak dihitung", text.angka(event.received) if counted else "tidak dihitung"],
            ["Segel", SEALS[event.seals]],
            ["Dicatat", "di tempat" if event.here else "menurut laporan radio atau telepon"],
        ],
        "differs": int(event.sent != event.received),
        "rows": [[str(n), one.name, one.code, text.angka(one.boxes), one.seals, one.remark] for n, one in enumerate(lines, start=1)],
        "total": ["", "Jumlah", "", text.angka(sum(one.boxes for one in lines)), "", ""],
        "note": note,
        "entry_id": event.id,
        "signatures": [
            ["Yang menyerahkan", _bare(giver)],
            ["Yang menerima", _bare(receiver)],
            ["Pengawal (Polri)", ""],
            ["Pengawas pemilu", ""],
        ],
    }


def title(event: rules.Event) -> str:
    """What the minutes of an event are called; on the way back after those of whom they name."""
    if event.way != rules.BACK:
        return "Berita acara serah terima" if event.kind is rules.Kind.HANDED_OVER else "Berita acara pemuatan"
    if event.kind is rules.Kind.LOADED:
        return "Berita acara pemuatan arus balik"
    ends = {"PPK": "Berita acara serah terima logistik kepada PPK", "KPU": "Berita acara penyerahan dari PPK kepada KPU"}
    return ends.get(event.receiver.agency, "Berita acara serah terima arus balik")


def _bare(who: str) -> str:
    return who.partition(",")[0] if "," in who else ""


def seal_words(readings: Iterable[rules.Reading], thing_: str, seals: str) -> str:
    """What was seen on one thing: its numbers, broken, another number; what was only looked at says so."""
    mine = [one for one in readings if one.thing == thing_]
    if not mine:
        return "utuh" if seals == "whole" else "—" if seals == "unread" else "tidak dibaca"
    one = mine[-1]
    said = " ".join(one.seen) or (f"{one.count} buah" if one.count else "tidak terbaca")
    wrong = sorted(one.seen) != sorted(one.expected) if one.expected else bool(one.expected_count and one.count != one.expected_count)
    if not one.whole:
        return f"RUSAK {said}"
    return f"BERBEDA {said}" if wrong else said
