"""The pack comes from the snapshot alone: same snapshot, same page; Pemda's copy has no AGHT detail but the same hash."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from posko.domain import rakor as rules
from posko.formats import document, rakor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
WHEN = AT.isoformat()


def figure(code: str, label: str, numerator: int, denominator: int, *marks: str) -> dict[str, Any]:
    about = {"code": code, "label": label, "source": "penerimaan", "at": WHEN, "marks": list(marks)}
    return {**about, "numerator": numerator, "denominator": denominator}


def sections() -> dict[str, Any]:
    row = {"item": "KOTAK", "name": "Kotak suara", "contest": "", "dapil": "", "grade": "verified", "need": 1829, "confirmed": 1}
    amounts = {"ordered": 1829, "shipped": 1510, "replaced": 0, "received": 1270, "accepted": 1262, "damaged": 8, "missing": 0, "over": 0}
    seal = {**row, **dict.fromkeys(amounts, 0), "item": "SEGEL", "name": "Segel", "need": -1, "confirmed": 0, "marks": []}
    cause = {
        "state": "not_ready",
        "code": "stock_short",
        "item": "KOTAK",
        "name": "Kotak suara",
        "have": 1262,
        "need": 1829,
        "estimate": 0,
        "tps": 363,
    }
    aght = {"code": "A-1", "kind": "HAMBATAN", "title": "[SIMULASI] Gelombang tinggi", "place": "19.06:P04", "place_name": "P. Batun"}
    numbers = {"tps": 1, "p_permille": 640, "loss_low": 20, "loss_mode": 60, "loss_high": 105, "standing": "open", "estimate": 1}
    return {
        "meeting": {
            "code": "RKR-001",
            "title": "Rakor kesiapan logistik",
            "place": "Hotel Guest, Manggar",
            "starts_at": WHEN,
            "agencies": [{"agency": "KPU", "attended": 1}, {"agency": "PEMDA", "attended": 1}, {"agency": "BAWASLU", "attended": 0}],
            "note": "",
            "mark": "",
            "election": "pemilu-2024",
            "election_name": "Pemilu 2024",
            "voting_at": datetime(2024, 2, 14, tzinfo=UTC).isoformat(),
            "frozen_at": WHEN,
        },
        "journal": {"size": 4118, "root": "8f" * 32},
        "agenda": [{"kind": "shortage", "code": "KOTAK", "label": "Kotak suara", "why": "kurang", "due_at": "", "weight": 567}],
        "figures": [
            figure("tps", "TPS", 363, -1),
            figure("units:accepted", "Unit diterima baik", 3794, 5459, "REKONSTRUKSI"),
            figure("supply", "TPS lengkap", 0, 363),
            figure("ready", "TPS siap", 0, 363),
            figure("not_ready", "TPS belum siap", 363, 363),
            figure("unknown", "TPS belum diketahui", 0, 363),
        ],
        "gauge": {"rows": [{**row, **amounts, "marks": ["REKONSTRUKSI"]}, seal], "unknown": ["Segel"], "tps_complete": 0, "tps_total": 363},
        "needs": [],
        "readiness": {
            "kecamatan": [{"code": "19.06.01", "name": "Manggar", "ready": 0, "not_ready": 107, "unknown": 0}],
            "causes": [cause],
            "tps": {"19.06.01.2001.001": "not_ready"},
        },
        "plan": {},
        "aght": {"nonce": "00" * 16, "rows": [{**aght, **numbers}]},
        "recommendations": [],
        "decisions": [
            {
                "code": "KPT-001",
                "meeting": "RKR-001",
                "text": "Pinjamkan 40 palet",
                "owner": "PEMDA",
                "due_at": WHEN,
                "decided_at": WHEN,
                "snapshot": "SNP-001",
                "state": "open",
                "mark": "[SIMULASI]",
            }
        ],
        "changes": {"before": "", "digest": "", "rows": []},
    }


def a_snapshot(content: dict[str, Any] | None = None) -> rules.Snapshot:
    found = content or sections()
    return rules.Snapshot("SNP-002", "RKR-001", AT, rules.freeze(found), rules.digest(found))


def test_every_figure_says_numerator_denominator_source_and_time() -> None:
    values = rakor.pack(a_snapshot(), "KPU")
    units = values["figures"][1]
    assert (units["numerator"], units["denominator"], units["share"]) == ("3.794", "5.459", "69,5 %")
    assert units["source"] == "penerimaan, 5 Des. 2023, 10.00 WIB"
    assert values["figures"][0]["share"] == ""
    assert values["gauge"][1]["need"] == "?"
    assert values["causes"][0]["sentence"] == "Stok kabupaten kurang: Kotak suara 1.262 dari 1.829"


def test_pemda_reads_no_aght_detail_anywhere_and_sees_the_hash_of_what_is_withheld() -> None:
    full, less = rakor.pack(a_snapshot(), "POLRES"), rakor.pack(a_snapshot(), "PEMDA")
    assert full["aght"][0]["title"] == "[SIMULASI] Gelombang tinggi"
    assert "Gelombang" not in repr(less)
    assert "Gelombang" not in repr(rakor.slides(less))
    assert less["aght_withheld"] == rules.section_hashes(sections())["aght"]
    assert less["digest"] == full["digest"]


def test_the_hash_stands_in_the_footer_of_every_page_and_the_bytes_repeat() -> None:
    values = rakor.pack(a_snapshot(), "KPU")
    assert a_snapshot().digest in values["footer"]
    try:
        first = document.pdf("paket-rakor", values, AT)
    except document.FontsMissing:
        pytest.skip("TIDAK DIUJI: fon dokumen belum dipasang")
    assert first.startswith(b"%PDF")
    assert document.pdf("paket-rakor", rakor.pack(a_snapshot(), "KPU"), AT) == first
    other = deepcopy(sections())
    other["figures"][1]["numerator"] = 3795
    assert document.pdf("paket-rakor", rakor.pack(a_snapshot(other), "KPU"), AT) != first


def test_the_slides_start_with_the_agenda_and_show_the_gauge_large() -> None:
    slides = rakor.slides(rakor.pack(a_snapshot(), "KPU"))
    assert slides[0]["title"] == "Agenda"
    assert slides[1]["big"] == "69,5 %"
    assert slides[1]["rows"] == [("Kotak suara", "1.262", "1.829", "69,0 %")]
