"""The pack comes from the snapshot alone: same snapshot, same page; a copy holds no word its agency may not read, and the same hash."""

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


def letter(code: str, addressee: str, title: str, state: str = "TERBIT", overdue: int = 0) -> dict[str, Any]:
    about = {"code": code, "number": f"{code}/POSKO", "title": title, "addressee": addressee, "state": state}
    return {**about, "due_at": WHEN, "overdue": overdue, "reason": ""}


def decision(number: int, owner: str = "PEMDA", text: str = "Pinjamkan 40 palet", state: str = "open") -> dict[str, Any]:
    about = {"code": f"KPT-{number:03}", "meeting": "RKR-001", "text": text, "owner": owner, "snapshot": "SNP-001", "state": state}
    return {**about, "due_at": WHEN, "decided_at": WHEN, "mark": "[SIMULASI]"}


def matter(kind: str, code: str, label: str, weight: int = 0) -> dict[str, Any]:
    return {"kind": kind, "code": code, "label": label, "why": "kurang", "due_at": "", "weight": weight}


def sections() -> dict[str, Any]:
    """What the store gathers, before what is not for everybody is set apart."""
    row = {"item": "KOTAK", "name": "Kotak suara", "contest": "", "dapil": "", "grade": "verified", "need": 1829, "confirmed": 1}
    amounts = {"ordered": 1829, "shipped": 1510, "replaced": 0, "received": 1270, "accepted": 1262, "damaged": 8, "missing": 0, "over": 0}
    seal = {**row, **dict.fromkeys(amounts, 0), "item": "SEGEL", "name": "Segel", "need": -1, "confirmed": 0, "marks": []}
    cause = {
        "state": "not_ready", "code": "stock_short", "item": "KOTAK", "name": "Kotak suara", "have": 1262, "need": 1829, "estimate": 0,
        "tps": 363,
    }  # fmt: skip
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
        "agenda": [
            matter("recommendation", "R-1", "Rekomendasi R-1/POSKO kepada Pemda"),
            matter("shortage", "KOTAK", "Kotak suara", 567),
            matter("aght", "A-1", "AGHT A-1 (HAMBATAN)", 60),
        ],
        "figures": [
            figure("tps", "TPS", 363, -1),
            figure("units:accepted", "Unit diterima baik", 3794, 5459, "REKONSTRUKSI"),
            figure("supply", "TPS lengkap", 0, 363),
            figure("ready", "TPS siap", 0, 363),
            figure("not_ready", "TPS belum siap", 363, 363),
            figure("unknown", "TPS belum diketahui", 0, 363),
        ],
        "gauge": {"rows": [{**row, **amounts, "marks": ["REKONSTRUKSI"]}, seal], "unknown": ["Segel"], "tps_complete": 0, "tps_total": 363},
        "needs": [{"item": "KOTAK", "name": "Kotak suara", "quantity": 1829, "grade": "verified"},
                  {"item": "SEGEL", "name": "Segel", "quantity": -1, "grade": "unknown"}],
        "readiness": {
            "kecamatan": [{"code": "19.06.01", "name": "Manggar", "ready": 0, "not_ready": 107, "unknown": 0}],
            "causes": [cause],
            "tps": {"19.06.01.2001.001": "not_ready"},
        },
        "plan": {},
        "aght": {"nonce": "00" * 16, "rows": [{**aght, **numbers}]},
        "recommendations": [
            letter("R-1", "PEMDA", "Genset cadangan gudang", overdue=1),
            letter("R-2", "KPU", "Hitung ulang bilik", "DITOLAK"),
            letter("R-3", "POLRES", "Kawal kapal", "TINDAK_LANJUT"),
        ],
        "decisions": [decision(1)],
        "changes": {"before": "", "digest": "", "rows": []},
    }  # fmt: skip


def a_snapshot(content: dict[str, Any] | None = None) -> rules.Snapshot:
    """Frozen as the store freezes."""
    number = iter(range(99))
    found = rules.split(content or sections(), lambda: f"{next(number):032x}")
    return rules.Snapshot("SNP-002", "RKR-001", AT, rules.freeze(found), rules.digest(found))


def an_old_snapshot() -> rules.Snapshot:
    """Frozen in the first layout: every letter in one section, titles on the agenda."""
    found = sections()
    found["agenda"][0]["label"] = "Genset cadangan gudang"
    data = rules.freeze(found).replace(rules.FORMAT.encode(), b"posko-rakor/1")
    return rules.Snapshot("SNP-001", "RKR-001", AT, data, rules.digest(found, layout="posko-rakor/1"))


def test_every_figure_says_numerator_denominator_source_and_time() -> None:
    values = rakor.pack(a_snapshot(), "KPU")
    units = values["figures"][1]
    assert (units["numerator"], units["denominator"], units["share"]) == ("3.794", "5.459", "69,5 %")
    assert units["source"] == "penerimaan, 5 Des. 2023, 10.00 WIB"
    assert values["figures"][0]["share"] == ""
    assert values["gauge"][1]["need"] == "?"
    assert values["needs"][1] == {"name": "Segel", "item": "SEGEL", "quantity": "?", "value": -1, "grade": "tidak diketahui"}
    assert values["causes"][0]["sentence"] == "Stok kabupaten kurang: Kotak suara 1.262 dari 1.829"
    assert all(said.endswith("WIB") for said in values["sources"].values())
    assert values["days_left"] == "H-71"


@pytest.mark.parametrize("made", [a_snapshot, an_old_snapshot])
def test_pemda_reads_no_aght_detail_anywhere_and_sees_the_hash_of_what_is_withheld(made: Any) -> None:
    frozen = made()
    full, less = rakor.pack(frozen, "POLRES"), rakor.pack(frozen, "PEMDA")
    assert full["aght"][0]["title"] == "[SIMULASI] Gelombang tinggi"
    assert "Gelombang" not in repr(less)
    assert "dampak rata-rata" in full["agenda"][2]["why"]
    assert less["agenda"][2]["why"] == "terbuka"
    assert less["aght_withheld"] == rules.section_hashes(frozen.sections)["aght"]
    assert less["digest"] == full["digest"]


@pytest.mark.parametrize("made", [a_snapshot, an_old_snapshot])
@pytest.mark.parametrize(
    ("agency", "titles"),
    [
        ("PEMDA", {"Genset cadangan gudang"}),
        ("POLRES", {"Kawal kapal"}),
        ("KPU", {"Genset cadangan gudang", "Hitung ulang bilik", "Kawal kapal"}),
        ("BAWASLU", {"Genset cadangan gudang", "Hitung ulang bilik", "Kawal kapal"}),
        ("PUBLIK", set()),
    ],
)
def test_an_agency_reads_the_titles_of_its_own_letters_and_the_count_of_all(made: Any, agency: str, titles: set[str]) -> None:
    values = rakor.pack(made(), agency)
    everything = {"Genset cadangan gudang", "Hitung ulang bilik", "Kawal kapal"}
    assert {title for title in everything if title in repr(values)} == titles
    counts = {c["code"]: (c["issued"], c["agreed"], c["refused"], c["waiting"], c["overdue"]) for c in values["letter_counts"]}
    assert counts == {"KPU": ("1", "0", "1", "0", "0"), "PEMDA": ("1", "0", "0", "1", "1"), "POLRES": ("1", "1", "0", "0", "0")}
    assert len(values["agenda"]) == 3, "the numbers of the agenda are those of the invitation, for everybody"


def test_what_one_in_the_room_may_not_read_is_left_out_for_all_and_it_is_said_who() -> None:
    values = rakor.pack(a_snapshot(), "KPU", room=("PEMDA", "KEJARI"))
    assert values["aght"] == []
    assert values["aght_room"] == "Pemda"
    assert [r["subject"] for r in values["recommendations"]] == ["Genset cadangan gudang"]
    assert values["letters_withheld"] == "KPU, Polres"
    assert rakor.pack(a_snapshot(), "KPU", room=("KEJARI",))["aght"]


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
    assert document.pdf("paket-rakor", rakor.pack(a_snapshot(), "KPU", paper="f4"), AT) != first
    assert document.pdf("paket-rakor", rakor.pack(an_old_snapshot(), "PEMDA"), AT).startswith(b"%PDF")
