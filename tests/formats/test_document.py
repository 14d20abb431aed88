"""Documents: same bytes, honest errors, codes that read back; numbers and dates in Indonesian."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from posko.formats import document, text

AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)


def _probe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "posko.typ").write_bytes((document.TEMPLATES / "posko.typ").read_bytes())
    (folder / "probe.typ").write_text(
        '#import "posko.typ": *\n#let data = json("data.json")\n#show: posko.with(data)\n'
        '#data-table((auto, 1fr), ("Kode", "Jumlah"), data.rows, right: (1,))\n#qr(data.qr)\n#signatures((("Menerima", ""),))\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(document, "TEMPLATES", folder)


VALUES = {"title": "Percobaan", "paper": "f4", "marks": ["PERKIRAAN"], "rows": [["a", "1.234"]], "qr": document.qr_svg("PSK1:N:ABC")}


def test_the_same_values_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _probe(tmp_path, monkeypatch)
    first = document.pdf("probe", VALUES, AT)
    assert first.startswith(b"%PDF")
    assert first == document.pdf("probe", VALUES, AT)


def test_without_fonts_the_error_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "FONTS", tmp_path)
    with pytest.raises(document.FontsMissing, match=r"\./posko"):
        document.pdf("surat-jalan", {}, AT)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        document.pdf("surat-jalan", {}, datetime(2023, 12, 5))


def test_a_code_is_svg_and_the_same_code_reads_back() -> None:
    assert document.qr_svg("PSK1:N:ABC").startswith("<?xml")
    picture = zxingcpp.create_barcode("PSK1:N:ABC", zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    found = zxingcpp.read_barcodes(Image.fromarray(picture))  # type: ignore[arg-type]
    assert [code.text for code in found] == ["PSK1:N:ABC"]


def test_numbers_and_times_are_indonesian() -> None:
    assert text.angka(1234567) == "1.234.567"
    assert text.angka(-1234) == "-1.234"
    assert text.persen(0.695) == "69,5 %"
    assert text.desimal(1234.56, 2) == "1.234,56"
    assert text.tanggal(AT) == "Selasa, 5 Desember 2023"
    assert text.tanggal(date(2024, 2, 14)) == "Rabu, 14 Februari 2024"
    assert text.waktu(AT) == "5 Des. 2023, 10.00 WIB"
    assert text.jam(datetime(2024, 2, 14, 0, 0, tzinfo=UTC)) == "07.00 WIB"
    assert text.menit(135) == "2 jam 15 menit"
    assert text.menit(60) == "1 jam"
    assert text.menit(0) == "0 menit"


def test_an_evening_in_utc_is_the_next_morning_in_wib() -> None:
    assert text.tanggal(datetime(2024, 2, 13, 20, 0, tzinfo=UTC)) == "Rabu, 14 Februari 2024"
