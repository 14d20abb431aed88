"""The papers of a meeting: the letter and the minutes come from frozen words, figures with their source, on A4 and F4."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import minutes as rules
from posko.domain import rakor
from posko.formats import document, invitation, minutes

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
EVERYBODY = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")
FIGURE = rules.Figure("SNP-001", "units", "Unit diterima baik", 3794, 5459, "penerimaan", AT, ("REKONSTRUKSI",))


def final(**more: Any) -> rules.Final:
    said: dict[str, rakor.Value] = {
        "format": rules.FORMAT, "code": "NTL-001", "finished_at": AT.isoformat(), "mark": "[SIMULASI]", "note": "",
        "election": "pemilu-2024", "election_name": "Pemilu 2024",
        "meeting": {"code": "RKR-001", "title": "Rakor kesiapan", "place": "Hotel Guest", "starts_at": AT.isoformat(), "version": 1},
        "agencies": [
            {"agency": "KPU", "invited": 1, "attended": 1, "office": "Ketua", "people": 2, "arrived_at": AT.isoformat(), "mark": ""},
            {"agency": "PEMDA", "invited": 1, "attended": 1, "office": "", "people": 0, "arrived_at": "", "mark": "[SIMULASI]"},
            {"agency": "BAWASLU", "invited": 1, "attended": 0, "office": "", "people": 0, "arrived_at": "", "mark": ""},
        ],
        "invitations": [{"version": 1, "number": "512/A", "digest": "0" * 64, "sent_at": AT.isoformat()}],
        "dropped": [{"label": "Segel", "reason": "selesai kemarin"}],
        "sections": [
            {"key": "pembukaan", "label": "Pembukaan", "text": "Dibuka.\nSemua hadir.", "version": 1},
            {"key": "person:1", "label": "Gudang", "text": f"Baik {FIGURE.token}.", "version": 2},
            {"key": "person:2", "label": "Kapal", "text": "", "version": 0},
            {"key": "lain", "label": "Lain-lain", "text": "", "version": 0},
        ],
        "figures": [
            {
                "snapshot": "SNP-001", "code": "units", "label": FIGURE.label, "numerator": 3794, "denominator": 5459,
                "source": "penerimaan", "at": AT.isoformat(), "marks": ["REKONSTRUKSI"],
            }
        ],
        "decisions": [
            {
                "code": code, "version": version, "text": text, "owner": "PEMDA", "due_at": AT.isoformat(), "item": item,
                "snapshot": "SNP-001", "decided_at": AT.isoformat(), "mark": "",
            }
            for code, version, text, item in (("KPT-001", 2, "Pinjamkan 40 palet", "person:1"), ("KPT-002", 1, "Lapor", ""))
        ],
        "snapshots": [
            {"code": "SNP-001", "digest": "a" * 64, "frozen_at": AT.isoformat(), "journal_size": 1267, "journal_root": "b" * 64}
        ],
        "materials": [
            {"code": "BHN-1", "agency": "POLRES", "version": 2, "mark": "", "title": "Peta kawal", "sha256": "c" * 64},
            {
                "code": "ANG-1", "agency": "POLRES", "version": 1, "mark": "", "title": "TPS dijaga", "sha256": "", "number": 350,
                "denominator": -1, "unit": "tps", "source": "Bag Ops", "at": AT.isoformat(),
            },
        ],
        "disputes": [
            {
                "code": "SLS-1", "figure": "tps", "label": "TPS", "snapshot": "SNP-001", "digest": "a" * 64, "section_hash": "d" * 64,
                "agency": "POLRES", "claimed": 350, "claimed_whole": -1, "frozen_agency": "KPU", "frozen": 363, "frozen_whole": -1,
                "claimed_unit": "tps", "frozen_unit": "tps", "state": "settled", "outcome": "frozen", "words": "Daftar lama.", "owner": "",
                "mark": "",
            },
            {
                "code": "SLS-2", "figure": "ready", "label": "TPS siap", "snapshot": "SNP-001", "digest": "a" * 64,
                "section_hash": "d" * 64, "agency": "POLRES", "claimed": 80, "claimed_whole": -1, "claimed_unit": "percent",
                "frozen_agency": "KPU", "frozen": 12, "frozen_whole": 363, "frozen_unit": "tps", "state": "open", "outcome": "",
                "words": "", "owner": "", "mark": "",
            },
        ],
        "journal": {"size": 1300, "root": "e" * 64},
    }  # fmt: skip
    content = rakor.canonical(said)
    made = rules.Final(
        "NTL-001", "RKR-001", content, hashlib.sha256(content).hexdigest(), AT, ("KPU", "PEMDA", "BAWASLU"), ("KPU", "PEMDA"),
        mark="[SIMULASI]",
    )  # fmt: skip
    return replace(made, **more)


def test_a_figure_carries_value_whole_share_source_time_marks_and_snapshot() -> None:
    known = {("SNP-001", "units"): FIGURE}
    said = "3.794 dari 5.459 (69,5 %) [Unit diterima baik REKONSTRUKSI; penerimaan, 5 Des. 2023, 10.00 WIB; SNP-001]"
    assert minutes.spoken(f"Baik {FIGURE.token}.", known) == f"Baik {said}."
    assert minutes.figure(replace(FIGURE, denominator=-1, numerator=-1))[0] == "?"
    assert minutes.spoken(f"Baik {FIGURE.token}.", {}) == "Baik ? [angka units tidak ada dalam SNP-001]."


def test_frozen_minutes_say_who_was_there_what_was_decided_and_what_was_disputed() -> None:
    shown = minutes.shown(final())
    assert shown["present"] == "2 dari 3 lembaga yang diundang hadir"
    assert [(p["number"], p["label"], [d["code"] for d in p["decisions"]]) for p in shown["parts"]] == [
        ("", "Pembukaan", []), ("1. ", "Gudang", ["KPT-001 (versi 2)"]),
    ]  # fmt: skip
    assert shown["silent"] == ["2. Kapal"]
    assert [d["code"] for d in shown["loose"]] == ["KPT-002"]
    assert shown["disputes"][0]["label"] == "TPS: Polres 350 TPS; SNP-001 363 TPS"
    assert shown["disputes"][1]["label"] == "TPS siap: Polres 80 persen; SNP-001 12 dari 363 TPS"
    assert shown["disputes"][0]["outcome"] == "Angka beku benar (disepakati kedua pihak). Daftar lama."
    assert [m["title"] for m in shown["materials"]] == [
        "BHN-1 Peta kawal, versi 2",
        "ANG-1 TPS dijaga: 350 TPS (Bag Ops, 5 Des. 2023, 10.00 WIB)",
    ]


def test_minutes_frozen_before_units_were_kept_are_still_read() -> None:
    said = json.loads(final().content)
    for row in (*said["disputes"], *said["materials"]):
        for name in ("claimed_unit", "frozen_unit", "unit"):
            row.pop(name, None)
    content = rakor.canonical(said)
    old = replace(final(), content=content, digest=hashlib.sha256(content).hexdigest())
    assert minutes.shown(old)["disputes"][0]["label"] == "TPS: Polres 350; SNP-001 363"


def test_who_answered_who_objected_and_who_holds_the_minutes_is_told() -> None:
    base = final()
    objection = rules.Approval("PEMDA", rules.Voice.OBJECTED, "Asisten I", "dua orang", base.digest, AT)
    yes = rules.Approval("KPU", rules.Voice.APPROVED, "Ketua", "", base.digest, AT + timedelta(minutes=5))
    shown = minutes.shown(replace(base, approvals=(objection, yes)))
    assert [(s["agency"], s["short"]) for s in shown["signers"]] == [("KPU", "menyetujui"), ("Pemda", "keberatan")]
    assert [o["text"] for o in shown["objections"]] == ["dua orang"]
    assert [(d["agency"], d["word"]) for d in shown["distribution"]] == [
        ("KPU", "diterima"),
        ("Pemda", "diterima"),
        ("Bawaslu", "terkirim"),
    ]
    assert minutes.latest_at(replace(base, approvals=(objection, yes))) == AT + timedelta(minutes=5)


@pytest.mark.parametrize("sheet", ["a4", "f4"])
def test_the_same_minutes_give_the_same_pdf_and_one_more_answer_another(sheet: str) -> None:
    base = final()
    values = minutes.paper(base, "Kabupaten Belitung Timur", sheet)
    assert base.digest in values["footer"]
    first, second = (document.pdf("notula", values, minutes.latest_at(base)) for _ in range(2))
    assert first == second
    more = replace(base, received=(rules.Received("BAWASLU", base.current, AT + timedelta(hours=1)),))
    assert document.pdf("notula", minutes.paper(more, "Kabupaten Belitung Timur", sheet), minutes.latest_at(more)) != first


def letter() -> rakor.Invitation:
    seats = tuple(rakor.Attendance(a, False) for a in ("KPU", "POLRES", "PEMDA"))
    meeting = rakor.Meeting("RKR-001", "Rakor kesiapan", "Hotel Guest", AT, seats)
    items = [
        rakor.Matter("person", "1", "Gudang", ""),
        rakor.Matter("decision", "KPT-001", "Palet", "keputusan belum dilaksanakan", AT),
        rakor.Matter("shortage", "KOTAK~~", "Kotak suara", "kurang", None, 1132),
    ]
    content = rakor.invitation_content(meeting, items, "512/A", "penting", "Bawa data", "Pemilu 2024", "KPU", "[SIMULASI]", AT)
    return rakor.Invitation("RKR-001", 1, 1, content, hashlib.sha256(content).hexdigest(), AT)


def test_a_letter_names_offices_times_and_the_agenda_with_its_reasons() -> None:
    values = invitation.letter(letter(), ("POLRES", "KEJARI"), "Belitung Timur")
    assert values["addressees"] == ["Kepala Kepolisian Resor Belitung Timur"], "only who was invited"
    assert values["hours"] == "10.00 sampai 12.00 WIB"
    assert [a["why"] for a in values["agenda"]] == ["", "keputusan belum dilaksanakan, 5 Desember 2023", "masih kurang 1.132"]
    assert values["marks"] == ["[SIMULASI]"]
    everybody = invitation.letter(letter(), EVERYBODY, "Belitung Timur")
    assert everybody["addressees"] == ["Kepala Kepolisian Resor Belitung Timur", "Bupati Belitung Timur"], "the host writes none to itself"


@pytest.mark.parametrize("sheet", ["a4", "f4"])
def test_the_same_letter_gives_the_same_pdf(sheet: str) -> None:
    values = invitation.letter(letter(), EVERYBODY, "Belitung Timur", sheet)
    first, second = (document.pdf("undangan-rakor", values, AT) for _ in range(2))
    assert first.startswith(b"%PDF")
    assert first == second
