"""Contracts and shipments from a file: all problems with their place, nothing twice, nothing half."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from posko.domain import receipts as rules
from posko.formats import orders, table, text

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
DEMANDS = (
    rules.Demand("KOTAK", "Kotak suara", "", "", "buah", 1829, "verified", True, True, False, "I"),
    rules.Demand("SURAT_SUARA", "Surat suara", "PPWP", "", "lembar", 97_904, "inferred", True, True, True, "II"),
    rules.Demand("SURAT_SUARA", "Surat suara", "DPRD_KAB", "BELTIM-1", "lembar", 34_886, "inferred", True, True, True, "II"),
    rules.Demand("SURAT_SUARA", "Surat suara", "DPRD_KAB", "BELTIM-2", "lembar", 36_980, "inferred", True, True, True, "II"),
)
HERE = {"PPWP": ("RI",), "DPRD_KAB": ("BELTIM-1", "BELTIM-2")}
EMPTY = orders.Known(DEMANDS, here=HERE)
BOXES = ["KOTAK", "Kotak suara", "", "", 1829, "buah", "I", "CV Contoh", "1/KTR/2023", "01/10/2023", "05/01/2024"]
SHEETS: dict[str, list[list[Any]]] = {
    "Kontrak": [
        BOXES,
        ["SURAT_SUARA", "", "PPWP", "RI", "97.904", "", "II", "PT Cetak", "2/KTR/2023", "20 November 2023", "2024-01-14"],
        ["", "Surat suara", "DPRD Kabupaten/Kota", "BELTIM-2", 36980, "", "", "PT Cetak", "2/KTR/2023", "20/11/2023", "14-01-2024"],
    ],
    "Jadwal": [["1/KTR/2023", "KOTAK", "", "", "", "12/01/2024", "kapal penuh"]],
    "Kiriman": [["1/KTR/2023", "KOTAK", "", "", "", "SJ-1", "20/11/2023", 700, "kapal", "KPU Belitung Timur", "SILOG-77"]],
}


def book(**sheets: list[list[Any]]) -> bytes:
    return table.xlsx({name: [orders.HEADERS[name], *rows] for name, rows in sheets.items()})


def read(known: orders.Known = EMPTY, **sheets: list[list[Any]]) -> orders.Reading:
    return orders.read("pesanan.xlsx", book(**sheets), known, AT)


def recorded(reading: orders.Reading) -> orders.Known:
    """The record after an import, as the store would give it back."""
    signed = {c.number: c for c in reading.intake.contracts}
    placed, tahap = [], {d.key: d.tahap for d in DEMANDS}
    for number, line in enumerate(reading.intake.orders, start=1):
        supplier = signed[line.contract].supplier
        order = rules.Order(f"PSN-{number:03}", *line.key, line.quantity, tahap[line.key], supplier, line.due_at, AT, "", line.contract)
        moves = [m for m in reading.intake.moves if (m.contract, m.key) == (line.contract, line.key)]
        if moves:
            moved = rules.Moved(order.due_at, moves[0].due_at, moves[0].reason, AT)
            order = rules.Order(
                order.code, *line.key, line.quantity, tahap[line.key], supplier, moves[0].due_at, AT, "", line.contract, (moved,)
            )
        placed.append(order)
    by_line = {(o.contract, o.key): o for o in placed}
    sent = [
        rules.Shipment(
            f"KRM-{n:03}", by_line[s.contract, s.key], s.quantity, s.waybill, s.carrier, s.sent_at, "", "", s.destination, s.silog
        )
        for n, s in enumerate(reading.intake.shipments, start=1)
    ]
    return orders.of(DEMANDS, reading.intake.contracts, placed, sent, HERE)


def test_a_good_file_says_contracts_orders_moved_days_and_shipments() -> None:
    found = read(**SHEETS)
    assert found.problems == ()
    assert found.ready
    new = found.intake
    assert [(c.number, c.supplier, c.signed_on) for c in new.contracts] == [
        ("1/KTR/2023", "CV Contoh", date(2023, 10, 1)),
        ("2/KTR/2023", "PT Cetak", date(2023, 11, 20)),
    ]
    assert [o.key for o in new.orders] == [
        ("KOTAK", "", ""),
        ("SURAT_SUARA", "PPWP", ""),
        ("SURAT_SUARA", "DPRD_KAB", "BELTIM-2"),
    ]
    assert [o.quantity for o in new.orders] == [1829, 97_904, 36_980]
    assert {text.tanggal_pendek(o.due_at) for o in new.orders} == {"5 Januari 2024", "14 Januari 2024"}
    assert [(text.tanggal_pendek(m.due_at), m.reason) for m in new.moves] == [("12 Januari 2024", "kapal penuh")]
    assert [(s.waybill, s.quantity, s.silog, s.destination) for s in new.shipments] == [("SJ-1", 700, "SILOG-77", "KPU Belitung Timur")]


def test_the_same_file_again_adds_nothing() -> None:
    known = recorded(read(**SHEETS))
    again = orders.read("pesanan.xlsx", book(**SHEETS), known, AT)
    assert again.problems == ()
    assert again.intake.size == 0
    assert again.same == 5
    assert not again.ready


def test_what_was_exported_is_read_back_and_adds_nothing() -> None:
    known = recorded(read(**SHEETS))
    found = orders.read("pesanan.xlsx", orders.export(known), known, AT)
    assert (found.problems, found.intake.size) == ((), 0)
    assert found.same == 5
    fresh = orders.read("pesanan.xlsx", orders.export(known), EMPTY, AT)
    assert fresh.problems == ()
    assert [o.key for o in fresh.intake.orders] == [o.key for o in known.orders]


def test_orders_without_contract_and_replacements_are_exported_apart_and_not_read_back() -> None:
    known = recorded(read(**SHEETS))
    bare = rules.Order("PSN-009", "KOTAK", "", "", 5, "I", "CV", AT + timedelta(days=9), AT)
    again = rules.Shipment("KRM-009", known.orders[0], 2, "SJ-9", "", AT, "TRM-001")
    more = orders.of(DEMANDS, known.contracts, (*known.orders, bare), (*known.shipments, again), HERE)
    data = orders.export(more)
    assert [row[0] for row in table.read("a.xlsx", data).sheets[-1].rows[1:]] == ["SJ-9"]
    found = orders.read("a.xlsx", data, EMPTY, AT)
    assert found.problems == ()
    assert len(found.intake.orders) == len(known.orders)


def test_the_template_has_every_line_and_is_read_without_complaint() -> None:
    data = orders.template(EMPTY)
    sheets = {s.name: s for s in table.read("templat.xlsx", data).sheets}
    assert [row[0] for row in sheets["Daftar barang"].rows[1:]] == ["KOTAK", "SURAT_SUARA", "SURAT_SUARA", "SURAT_SUARA"]
    assert [row[3] for row in sheets["Daftar barang"].rows[2:]] == ["RI", "BELTIM-1", "BELTIM-2"]
    found = orders.read("templat.xlsx", data, EMPTY, AT)
    assert (found.problems, found.intake.size) == ((), 0)
    assert orders.template(EMPTY) == data, "the same bytes"


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({0: "GEMBOK"}, "A (kode barang)", "orders.item_unknown"),
        ({0: "", 1: ""}, "A (kode barang)", "orders.item_missing"),
        ({0: "", 1: "Gembok"}, "A (kode barang)", "orders.item_unknown"),
        ({2: "PPWP"}, "C (jenis pemilihan)", "orders.no_contest"),
        ({0: "SURAT_SUARA", 2: "GUBERNUR"}, "C (jenis pemilihan)", "orders.contest_unknown"),
        ({0: "SURAT_SUARA", 2: "DPRD_KAB", 3: "BELITUNG-1", 6: ""}, "D (dapil)", "orders.dapil_unknown"),
        ({0: "SURAT_SUARA", 2: "DPRD_KAB", 3: "", 6: ""}, "D (dapil)", "orders.dapil_unknown"),
        ({4: ""}, "E (jumlah)", "orders.empty"),
        ({4: 0}, "E (jumlah)", "orders.not_positive"),
        ({4: -5}, "E (jumlah)", "orders.not_positive"),
        ({4: 10.5}, "E (jumlah)", "orders.not_whole"),
        ({4: "1,829"}, "E (jumlah)", "orders.not_whole"),
        ({4: 10**9}, "E (jumlah)", "orders.too_many"),
        ({6: "II"}, "G (tahap)", "orders.tahap"),
        ({7: ""}, "H (penyedia)", "orders.empty"),
        ({8: ""}, "I (no. kontrak)", "orders.empty"),
        ({9: "kemarin"}, "J (tgl kontrak)", "orders.not_a_day"),
        ({9: "31/02/2023"}, "J (tgl kontrak)", "orders.not_a_day"),
        ({10: ""}, "K (tgl harus tiba)", "orders.empty"),
        ({10: "01/09/2023"}, "K (tgl harus tiba)", "orders.due_before_contract"),
    ],
)
def test_every_problem_names_sheet_row_and_column(change: dict[int, Any], column: str, code: str) -> None:
    row = [change.get(i, cell) for i, cell in enumerate(BOXES)]
    found = read(Kontrak=[row])
    assert [(p.sheet, p.row, p.column, p.code) for p in found.problems] == [("Kontrak", 2, column, code)]
    assert found.intake.orders == ()


def test_all_problems_are_listed_at_once_and_a_duplicate_names_its_first_row() -> None:
    bad = [*BOXES[:4], "banyak", *BOXES[5:9], "x", BOXES[10]]
    found = read(Kontrak=[bad, BOXES, BOXES], Kiriman=[["9/KTR", "KOTAK", "", "", "", "SJ-1", "20/11/2023", 5, "", "", ""]])
    assert [(p.sheet, p.row, p.code) for p in found.problems] == [
        ("Kontrak", 2, "orders.not_whole"),
        ("Kontrak", 2, "orders.not_a_day"),
        ("Kontrak", 4, "orders.duplicate"),
        ("Kiriman", 2, "orders.no_order"),
    ]
    assert found.problems[2].facts["first"] == 3


def test_what_contradicts_the_record_is_a_problem_and_never_an_overwrite() -> None:
    known = recorded(read(**SHEETS))
    other = [list(BOXES) for _ in range(4)]
    other[0][4], other[1][10], other[2][9], other[3][7] = 1900, "20/01/2024", "02/10/2023", "CV Lain"
    codes = [[p.code for p in read(known, Kontrak=[row]).problems] for row in other]
    assert codes == [["orders.quantity_differs"], ["orders.use_schedule"], ["orders.contract_date"], ["orders.contract_supplier"]]
    first_day = list(BOXES)
    assert read(known, Kontrak=[first_day]).problems == (), "the contract still says the first day, and rightly"
    sent = ["1/KTR/2023", "KOTAK", "", "", "", "SJ-1", "20/11/2023", 701, "", "", ""]
    assert [p.code for p in read(known, Kiriman=[sent]).problems] == ["orders.waybill_differs"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["1/KTR/2023", "KOTAK", "", "", "", "SJ-2", "20/11/2023", 1130, "", "", ""], "orders.over_ordered"),
        (["1/KTR/2023", "KOTAK", "", "", "", "SJ-2", "06/12/2023", 10, "", "", ""], "orders.not_sent_yet"),
        (["2/KTR/2023", "KOTAK", "", "", "", "SJ-2", "01/12/2023", 10, "", "", ""], "orders.no_order"),
    ],
)
def test_shipments_fit_their_order_and_have_left(row: list[Any], code: str) -> None:
    assert [p.code for p in read(recorded(read(**SHEETS)), Kiriman=[row]).problems] == [code]


def test_a_schedule_needs_its_reason_and_a_day_in_force_is_not_news() -> None:
    known = recorded(read(**SHEETS))
    assert [p.code for p in read(known, Jadwal=[["1/KTR/2023", "KOTAK", "", "", "", "20/01/2024", ""]]).problems] == [
        "orders.reason_missing"
    ]
    same = read(known, Jadwal=[["1/KTR/2023", "KOTAK", "", "", "", "12/01/2024", ""]])
    assert (same.problems, same.intake.size, same.same) == ((), 0, 1)


def test_a_header_may_stand_below_a_title_and_totals_are_passed_over() -> None:
    rows = [["DAFTAR KONTRAK TAHAP I"], [], list(orders.HEADERS["Kontrak"]), BOXES, ["JUMLAH", "", "", "", 1829]]
    found = orders.read("a.xlsx", table.xlsx({"Kontrak tahap I": rows}), EMPTY, AT)
    assert found.problems == ()
    assert len(found.intake.orders) == 1


def test_missing_columns_and_unknown_sheets_are_said_in_words() -> None:
    found = orders.read("a.xlsx", table.xlsx({"Kontrak": [["kode barang", "jumlah"], ["KOTAK", 5]]}), EMPTY, AT)
    assert [p.code for p in found.problems] == ["orders.columns_missing"]
    assert "penyedia" in str(found.problems[0].facts["names"])
    nothing = orders.read("a.xlsx", table.xlsx({"Lembar1": [["a"], ["b"]], "Lembar2": [["a"], ["b"]]}), EMPTY, AT)
    assert [p.code for p in nothing.problems] == ["orders.no_sheet"]


def test_a_failed_formula_is_a_problem() -> None:
    row = [*BOXES[:8], "#REF!", *BOXES[9:]]
    assert [p.code for p in read(Kontrak=[row]).problems] == ["orders.formula"]


def test_an_xlsx_bomb_and_no_table_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (table.MOST_UNPACKED + 1))
    for data, refusal in (
        (target.getvalue(), table.TooBig),
        (b"%PDF-1.7", table.WrongKind),
        (b"", table.EmptyFile),
        (b"PK\x03\x04x", table.Corrupt),
    ):
        with pytest.raises(refusal):
            orders.read("a.xlsx", data, EMPTY, AT)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2023-12-31", date(2023, 12, 31)),
        ("2023-12-31 00:00:00", date(2023, 12, 31)),
        ("03/04/2023", date(2023, 4, 3)),
        ("3-4-2023", date(2023, 4, 3)),
        ("3 Agustus 2023", date(2023, 8, 3)),
        ("3 Nop 2023", date(2023, 11, 3)),
        ("45291", date(2023, 12, 31)),
        ("13/13/2023", None),
        ("besok", None),
        ("12/31/2023", None),
    ],
)
def test_days_are_read_as_an_indonesian_office_writes_them(said: str, day: date | None) -> None:
    assert orders.parsed_day(said) == day


def test_due_days_end_at_midnight_in_wib() -> None:
    due = read(Kontrak=[BOXES]).intake.orders[0].due_at
    assert due.astimezone(text.WIB).date() == date(2024, 1, 5)
    assert (due + timedelta(seconds=1)).astimezone(text.WIB).date() == date(2024, 1, 6)
