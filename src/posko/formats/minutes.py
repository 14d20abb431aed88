"""Minutes as words for screen and paper. Frozen minutes come from their own bytes, so the same minutes give the same page everywhere."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from posko.domain import minutes as rules
from posko.domain.materials import Unit
from posko.formats import invitation, rakor, text

OUTCOMES = {
    "frozen": "angka beku benar",
    "agency": "angka lembaga benar, koreksi dicatat",
    "both": "keduanya benar, beda definisi",
    "left": "belum selesai, menjadi tugas",
}
DISPUTE_STATES = {
    "settled": "disepakati kedua pihak",
    "left": "disepakati kedua pihak",
    "proposed": "menunggu kedua pihak",
    "disagreed": "tidak disepakati",
    "open": "belum dibahas",
    "withdrawn": "ditarik",
}
VOICES = {rules.Voice.APPROVED: "menyetujui", rules.Voice.OBJECTED: "keberatan"}


def figure(f: rules.Figure) -> tuple[str, str]:
    """("1.262 dari 1.829 (69,0 %)", "Unit diterima baik; penerimaan, 5 Des. 2023, 10.00 WIB; SNP-002")."""
    value = rakor.number(f.numerator)
    if f.denominator >= 0:
        value = f"{value} dari {text.angka(f.denominator)} ({rakor.part(f.numerator, f.denominator)})"
    marks = "".join(f" {m}" for m in f.marks)
    return value, f"{f.label}{marks}; {f.source}, {text.waktu(f.at)}; {f.snapshot}"


def pieces(body: str, known: Mapping[tuple[str, str], rules.Figure]) -> list[dict[str, Any]]:
    """A text as plain pieces and figures, for a page that sets figures apart. A figure that nobody knows says so."""
    found: list[dict[str, Any]] = []
    for piece in rules.parts(body):
        if isinstance(piece, str):
            found.append({"text": piece, "figure": False, "source": "", "snapshot": ""})
        else:
            value, source = figure(known[piece]) if piece in known else ("?", f"angka {piece[1]} tidak ada dalam {piece[0]}")
            found.append({"text": value, "figure": True, "source": source, "snapshot": piece[0]})
    return found


def spoken(body: str, known: Mapping[tuple[str, str], rules.Figure]) -> str:
    """A text with its figures written out."""
    return "".join(f"{p['text']} [{p['source']}]" if p["figure"] else str(p["text"]) for p in pieces(body, known))


def frozen_figures(said: Mapping[str, Any]) -> dict[tuple[str, str], rules.Figure]:
    """The figures that frozen minutes name, from their own content."""
    return {
        (r["snapshot"], r["code"]): rules.Figure(
            r["snapshot"], r["code"], r["label"], r["numerator"], r["denominator"], r["source"], datetime.fromisoformat(r["at"]),
            tuple(r["marks"]),
        )
        for r in said["figures"]
    }  # fmt: skip


def _moment(written: str) -> str:
    return text.waktu(datetime.fromisoformat(written)) if written else "—"


def _agencies(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": rakor.agency_name(a["agency"]),
            "state": "hadir" if a["attended"] else "tidak hadir",
            "arrived": text.jam(datetime.fromisoformat(a["arrived_at"])) if a["arrived_at"] else "—",
            "office": a["office"] or "—",
            "people": str(a["people"]) if a["people"] else "—",
            "uninvited": "" if a["invited"] else "tanpa undangan",
            "marks": [m for m in (a["mark"],) if m],
        }
        for a in said["agencies"]
    ]


def _decisions(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "code": d["code"] if d["version"] == 1 else f"{d['code']} (versi {d['version']})",
            "text": d["text"],
            "owner": rakor.agency_name(d["owner"]),
            "due": text.tanggal_pendek(datetime.fromisoformat(d["due_at"])),
            "snapshot": d["snapshot"],
            "marks": [m for m in (d["mark"],) if m],
            "item": d["item"],
        }
        for d in rows
    ]


def shown(final: rules.Final) -> dict[str, Any]:
    """Frozen minutes as words: agencies, parts with their decisions, figures, snapshots, and what came after."""
    said: Mapping[str, Any] = final.said
    known, decided = frozen_figures(said), _decisions(said["decisions"])
    keys = {s["key"] for s in said["sections"]}
    number, parts = 0, []
    for s in said["sections"]:
        item = s["key"] not in {rules.OPENING, rules.OTHER, rules.CLOSING}
        number += item
        part = {
            "number": f"{number}. " if item else "",
            "label": s["label"],
            "pieces": pieces(s["text"], known),
            "text": spoken(s["text"], known),
            "decisions": [d for d in decided if d["item"] == s["key"]],
            "item": item,
        }
        parts.append(part)
    arrived = sum(bool(a["attended"]) and bool(a["invited"]) for a in said["agencies"])
    return {
        "code": final.code,
        "digest": final.digest,
        "current": final.current,
        "title": said["meeting"]["title"],
        "venue": said["meeting"]["place"],
        "time": _long(said["meeting"]["starts_at"]),
        "finished": text.waktu(final.finished_at),
        "note": said["note"],
        "election": said["election_name"],
        "agencies": _agencies(said),
        "present": f"{arrived} dari {sum(bool(a['invited']) for a in said['agencies'])} lembaga yang diundang hadir",
        "letters": [f"nomor {i['number']}, {_moment(i['sent_at'])}" for i in said["invitations"]],
        "dropped": said["dropped"],
        "parts": [p for p in parts if p["text"] or p["decisions"]],
        "silent": [f"{p['number']}{p['label']}" for p in parts if p["item"] and not p["text"] and not p["decisions"]],
        "loose": [d for d in decided if d["item"] not in keys],
        "decided": len(decided),
        "snapshots": [{**s, "frozen": _moment(s["frozen_at"]), "journal_size": text.angka(s["journal_size"])} for s in said["snapshots"]],
        "journal_root": said["journal"]["root"],
        "journal_size": text.angka(said["journal"]["size"]),
        "disputes": [_dispute(d) for d in said["disputes"]],
        "materials": [_material(m) for m in said["materials"]],
        "amendments": [
            {"number": a.number, "part": a.part, "text": a.text, "reason": a.reason, "digest": a.digest, "time": text.waktu(a.at)}
            for a in final.amendments
        ],
        "objections": [
            {"agency": rakor.agency_name(a.agency), "office": a.office, "text": a.text, "time": text.waktu(a.at), "digest": a.digest[:16]}
            for a in final.approvals
            if a.voice is rules.Voice.OBJECTED
        ],
        "signers": _signers(final, said),
        "distribution": _distribution(final),
        "marks": [m for m in (final.mark,) if m],
    }


def _dispute(d: Mapping[str, Any]) -> dict[str, Any]:
    claimed = rakor.number_of(d["claimed"], d["claimed_whole"], Unit(d.get("claimed_unit", Unit.SAME)))
    frozen = rakor.number_of(d["frozen"], d["frozen_whole"], Unit(d.get("frozen_unit", Unit.SAME)))
    about = f"{d['label']}: {rakor.agency_name(d['agency'])} {claimed}; "
    outcome = OUTCOMES.get(d["outcome"], "")
    result = f"{outcome[:1].upper()}{outcome[1:]} ({DISPUTE_STATES[d['state']]})" if outcome else DISPUTE_STATES[d["state"]].capitalize()
    return {
        "code": d["code"],
        "label": f"{about}{d['snapshot']} {frozen}",
        "outcome": f"{result}. {d['words']}" if d["words"] else f"{result}.",
        "marks": [m for m in (d["mark"],) if m],
    }


def _material(m: Mapping[str, Any]) -> dict[str, Any]:
    what = m["title"]
    if not m["sha256"]:
        value = rakor.number_of(m["number"], m["denominator"], Unit(m.get("unit", Unit.SAME)))
        what = f"{what}: {value} ({m['source']}, {_moment(m['at'])})"
    version = f", versi {m['version']}" if m["version"] > 1 else ""
    return {
        "agency": rakor.agency_name(m["agency"]), "title": f"{m['code']} {what}{version}", "sha256": m["sha256"],
        "marks": [x for x in (m["mark"],) if x],
    }  # fmt: skip


def _long(written: str) -> str:
    moment = datetime.fromisoformat(written)
    return f"{text.tanggal(moment)}, {text.jam(moment)}"


def _signers(final: rules.Final, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    voices, offices = final.voices(), {a["agency"]: a["office"] for a in said["agencies"]}
    found = []
    for agency in final.attended:
        voice = voices.get(agency)
        word = f"{VOICES[voice.voice].capitalize()} di Posko, {text.waktu(voice.at)}" if voice else "Belum menjawab di Posko"
        found.append(
            {
                "code": agency,
                "agency": rakor.agency_name(agency),
                "office": (voice.office if voice else "") or offices.get(agency, ""),
                "word": word,
                "state": "waiting" if voice is None else "done" if voice.voice is rules.Voice.APPROVED else "overdue",
                "short": "belum menjawab" if voice is None else VOICES[voice.voice],
                "marks": [m for m in (voice.mark if voice else "",) if m],
            }
        )
    return found


def _distribution(final: rules.Final) -> list[dict[str, str]]:
    held = final.holders()
    return [
        {
            "agency": rakor.agency_name(agency),
            "sent": text.waktu(final.version_at),
            "held": text.waktu(held[agency]) if agency in held else "belum dinyatakan diterima",
            "state": "done" if agency in held else "waiting",
            "word": "diterima" if agency in held else "terkirim",
        }
        for agency in final.recipients
    ]


def latest_at(final: rules.Final) -> datetime:
    """The last thing that a print of these minutes shows: its time stamp, so that the same content gives the same bytes."""
    moments = [a.at for group in (final.amendments, final.approvals, final.received) for a in group]
    return max([final.finished_at, *moments])


def paper(final: rules.Final, place: str, sheet: str = "a4") -> dict[str, Any]:
    """Values of the template `notula`."""
    values = shown(final)
    version = f", perbaikan {len(final.amendments)}" if final.amendments else ""
    return {
        **values,
        "paper": sheet,
        "agency": "Posko Pemilu",
        "place": place,
        "title": f"Notula {values['title']}",
        "subtitle": f"{values['code']}{version} · {values['election']}",
        "footer": f"{final.code}{version} · SHA-256 {final.current}",
        "stamp": "",
        "copies": [invitation.office(a, place.removeprefix("Kabupaten ")) for a in final.recipients],
        "present_text": values["present"],
    }
