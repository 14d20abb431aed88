"""The annex reads back with real numbers and dates; every sheet carries the hash; nothing runs as a formula."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
import python_calamine

from posko.formats import annex, rakor
from tests.formats.test_rakor import a_snapshot, an_old_snapshot, decision, sections


def opened(data: bytes) -> dict[str, list[list[Any]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def table(rows: list[list[Any]]) -> list[dict[str, Any]]:
    head = rows[annex.HEADER_ROW]
    return [dict(zip(head, row, strict=True)) for row in rows[annex.HEADER_ROW + 1 :]]


def test_numbers_are_numbers_dates_are_dates_and_each_row_has_its_source() -> None:
    book = opened(annex.xlsx(rakor.pack(a_snapshot(), "KPU")))
    units = next(row for row in table(book["Angka"]) if row["Kode"] == "units:accepted")
    assert (units["Jumlah"], units["Dari"]) == (3794, 5459)
    assert units["Bagian"] == pytest.approx(3794 / 5459)
    assert (units["Sumber"], units["Tanda"]) == ("penerimaan", "REKONSTRUKSI")
    assert units["Waktu data"] == datetime(2023, 12, 5, 10), "as the clock in Manggar shows it"
    box, seal = table(book["Penerimaan"])
    assert (box["Kebutuhan"], box["Diterima baik"], box["Rusak"]) == (1829, 1262, 8)
    assert (seal["Kebutuhan"], seal["Bagian baik"]) == (annex.UNKNOWN, "")
    assert table(book["Keputusan"])[0]["Tenggat (WIB)"] == datetime(2023, 12, 5, 10)
    assert table(book["Kesiapan TPS"]) == [
        {"Kode TPS": "19.06.01.2001.001", "Keadaan": "belum siap", "Sumber": "penerimaan",
         "Waktu data": datetime(2023, 12, 5, 10)},
    ]  # fmt: skip


def test_every_sheet_carries_the_hash_on_the_screen_and_on_paper() -> None:
    frozen = a_snapshot()
    data = annex.xlsx(rakor.pack(frozen, "KPU"))
    for name, rows in opened(data).items():
        assert frozen.digest in rows[1][0], name
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        pages = [parts.read(n).decode() for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(pages) == 15
    assert all(frozen.digest in page.partition("<oddFooter>")[2] for page in pages)


def test_an_empty_part_says_so_and_every_sheet_is_there_for_every_agency() -> None:
    found = sections()
    found["decisions"], found["recommendations"], found["agenda"] = [], [], []
    full, empty = (opened(annex.xlsx(rakor.pack(a_snapshot(content), "KPU"))) for content in (sections(), found))
    assert list(full) == list(empty)
    assert empty["Keputusan"][annex.HEADER_ROW + 1][0] == "Belum ada keputusan."
    assert empty["Perubahan"][annex.HEADER_ROW + 1][0] == "Ini paket pertama."


def test_pemdas_annex_has_the_hash_of_the_aght_and_no_foreign_letter() -> None:
    for frozen in (a_snapshot(), an_old_snapshot()):
        book = opened(annex.xlsx(rakor.pack(frozen, "PEMDA")))
        assert "Gelombang" not in repr(book)
        assert "Kawal kapal" not in repr(book)
        assert [row["Perihal"] for row in table(book["Surat"])] == ["Genset cadangan gudang"]
        assert next(iter(table(book["AGHT"])))["Keterangan"] == "Rincian tidak dimuat untuk Pemda"
        assert {row["Kepada"]: row["Terbit"] for row in table(book["Rekomendasi"])} == {"KPU": 1, "Pemda": 1, "Polres": 1}


def test_the_bytes_repeat_and_typed_words_never_run_as_a_formula() -> None:
    found = sections()
    found["decisions"] = [decision(1, text='=HYPERLINK("http://x","klik")')]
    data = annex.xlsx(rakor.pack(a_snapshot(found), "KPU"))
    assert annex.xlsx(rakor.pack(a_snapshot(found), "KPU")) == data
    assert table(opened(data)["Keputusan"])[0]["Keputusan"] == '=HYPERLINK("http://x","klik")'
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<f>" not in b"".join(parts.read(n) for n in parts.namelist() if "worksheets" in n)
