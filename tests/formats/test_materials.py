"""Files for the table: the bytes decide; what runs or loads by itself is refused, whatever the name says."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

import pytest
import xlsxwriter
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from posko.formats import document, materials, picture


def a_pdf(extra: bytes = b"", end: bytes = b"%%EOF\n") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + extra + b" >>\nendobj\n2 0 obj\n<< /Kids [] >>\nendobj\ntrailer\n" + end


@cache
def a_pptx() -> bytes:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    numbers = CategoryChartData()
    numbers.categories = ["TPS"]
    numbers.add_series("siap", (250,))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(1), Cm(10), Cm(8), numbers)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


@cache
def an_xlsx() -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write(0, 0, 363)
    sheet.write_url(1, 0, "https://kpu.go.id/")
    book.close()
    return data.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """A package with parts added or put in the place of others."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return made.getvalue()


def a_picture(form: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(made, form, exif=Image.Exif())
    return made.getvalue()


def relation(kind: str, mode: str = "External") -> bytes:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="http://x/y" TargetMode="{mode}"/>'
        "</Relationships>"
    ).encode()


@pytest.mark.parametrize(
    ("kind", "data"),
    [("pdf", a_pdf()), ("pptx", a_pptx()), ("xlsx", an_xlsx()), ("png", a_picture("PNG")), ("jpeg", a_picture("JPEG"))],
)
def test_the_five_kinds_are_taken_whatever_their_name_says(kind: str, data: bytes) -> None:
    assert materials.check(data, "laporan.exe").kind == kind


def test_a_document_of_our_own_is_taken() -> None:
    words = {"paper": "a4", "agency": "KPU", "place": "", "marks": [], "title": "Uji"}
    values = {**words, "code": "X", "to": "Y", "asked": "Z", "copies": [], "nature": "", "kind": "", "subject": "", "election": "",
              "date": "", "due": "", "paragraphs": [], "origin": "", "files": "0", "state": "", "steps": [], "entry_id": "", "qr_text": "",
              "qr": document.qr_svg("x"), "footer": "", "stamp": ""}  # fmt: skip
    assert materials.check(document.pdf("permintaan", values, datetime(2023, 12, 5, tzinfo=UTC)), "a.pdf").kind == "pdf"


def test_an_office_file_and_a_pdf_stay_as_they_came_and_a_picture_is_written_anew() -> None:
    for data in (a_pdf(), a_pptx(), an_xlsx()):
        assert materials.check(data, "a").data == data
    shot = a_picture("JPEG")
    assert materials.check(shot + b"<script>", "a").data == materials.check(shot, "a").data == picture.check(shot, "a").data


@pytest.mark.parametrize(
    "extra",
    [
        b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>", b"/OpenAction << /S /J#61vaScript /JS (x) >>",
        b"/AA << /O << /S /Launch >> >>", b"/Names << /EmbeddedFiles 5 0 R >>", b"/OpenAction << /S /URI /URI (http://x) >>",
        b"/OpenAction 9 0 R", b"/A << /S /SubmitForm >>", b"/A << /S /ImportData >>", b"/X << /Subtype /RichMedia >>",
    ],
)  # fmt: skip
def test_a_pdf_that_does_something_is_refused(extra: bytes) -> None:
    with pytest.raises(materials.Runs) as refused:
        materials.check(a_pdf(extra), "paparan.pdf")
    assert refused.value.facts["file"] == "paparan.pdf"
    assert refused.value.facts["what"]


@pytest.mark.parametrize(
    "extra", [b"/OpenAction [1 0 R /XYZ null null 0]", b"/OpenAction << /S /GoTo /D [2 0 R /Fit] >>", b"/OpenAction 2 0 R"]
)
def test_a_pdf_that_only_turns_to_a_page_is_taken(extra: bytes) -> None:
    data = a_pdf(extra).replace(b"2 0 obj\n<< /Kids [] >>", b"2 0 obj\n[1 0 R /Fit]")
    assert materials.check(data, "a.pdf").kind == "pdf"


def packed(content: bytes, filters: bytes = b"/FlateDecode", squeeze: bool = True) -> bytes:
    body = zlib.compress(content) if squeeze else content
    head = b"7 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter " + filters + b" /Length %d >>\nstream\n" % len(body)
    return a_pdf(end=head + body + b"\nendstream\nendobj\n%%EOF\n")


def test_scripts_that_hide_in_packed_objects_are_found() -> None:
    with pytest.raises(materials.Runs):
        materials.check(packed(b"9 0 << /S /JavaScript /JS (x) >>"), "a.pdf")
    assert materials.check(packed(b"9 0 << /Type /Page >>"), "a.pdf").kind == "pdf"
    opened = packed(b"9 0 [1 0 R /Fit]").replace(b"/Pages 2 0 R", b"/OpenAction 9 0 R")
    assert materials.check(opened, "a.pdf").kind == "pdf"


def test_packed_objects_that_cannot_be_looked_into_are_refused() -> None:
    with pytest.raises(materials.Runs):
        materials.check(packed(b"9 0 x", b"[/ASCII85Decode /FlateDecode]"), "a.pdf")
    with pytest.raises(materials.Broken):
        materials.check(packed(b"9 0 x", squeeze=False), "a.pdf")


def test_a_bomb_of_packed_objects_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(materials, "MOST_INFLATED", 10_000)
    with pytest.raises(materials.TooBig):
        materials.check(packed(b"9 0 " + b" " * 20_000), "a.pdf")


def test_a_locked_or_broken_pdf_is_refused_in_words() -> None:
    with pytest.raises(materials.Locked):
        materials.check(a_pdf(b"/Encrypt 4 0 R"), "a.pdf")
    with pytest.raises(materials.Broken):
        materials.check(a_pdf(end=b""), "a.pdf")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ppt/vbaProject.bin", b"x"), ("xl/macrosheets/sheet1.xml", b"<x/>"), ("ppt/activeX/activeX1.xml", b"<x/>"),
        ("ppt/embeddings/oleObject1.bin", b"x"), ("ppt/embeddings/lain.xlsm", b"x"), ("ppt/media/run.exe", b"x"),
        ("ppt/embeddings/surat.docx", b"PK"), ("ppt/slides/_rels/slide9.xml.rels", relation("oleObject")),
        ("ppt/_rels/x.xml.rels", relation("attachedTemplate")), ("ppt/_rels/x.xml.rels", relation("image")),
        ("ppt/_rels/x.xml.rels", relation("oleObject").decode().encode("utf-16")), ("xl/externalLinks/e.xml", b"<x><ddeLink a='1'/></x>"),
        ("ppt/slides/slide9.xml", b'<a action="ppaction://program?x"/>'), ("ppt/slides/slide9.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'),
        ("../../etc/passwd", b"x"),
    ],
)  # fmt: skip
def test_an_office_file_that_runs_or_loads_something_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(materials.Runs):
        materials.check(with_parts(a_pptx(), {name: content}), "paparan.pptx")


def test_a_type_with_macros_is_refused_even_without_its_project() -> None:
    data = a_pptx()
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        types = package.read("[Content_Types].xml")
    macro = types.replace(b"presentationml.presentation.main+xml", b"powerpoint.presentation.macroEnabled.main+xml")
    assert macro != types
    with pytest.raises(materials.Runs):
        materials.check(with_parts(data, {"[Content_Types].xml": macro}), "a.pptx")


def test_links_of_the_text_and_numbers_behind_a_chart_are_taken_and_looked_into() -> None:
    data = a_pptx()
    assert materials.check(with_parts(data, {"ppt/_rels/x.xml.rels": relation("hyperlink")}), "a").kind == "pptx"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        (inner,) = [n for n in package.namelist() if "/embeddings/" in n]
        poisoned = with_parts(package.read(inner), {"xl/vbaProject.bin": b"x"})
    with pytest.raises(materials.Runs):
        materials.check(with_parts(data, {inner: poisoned}), "a")


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"\xd0\xcf\x11\xe0" + b"x" * 50, "PowerPoint, Excel, atau Word lama"), (b"MZ\x90", "program"), (b"<!doctype html>", "halaman web"),
        (b"halo", "isi yang tidak dikenal"), (with_parts(an_xlsx(), {"ppt/presentation.xml": b"<x/>"}), "arsip ZIP"),
    ],
)  # fmt: skip
def test_other_kinds_are_named(data: bytes, seen: str) -> None:
    with pytest.raises(materials.WrongKind) as refused:
        materials.check(data, "paparan.pptx")
    assert refused.value.facts["seen"] == seen


def test_a_password_an_archive_and_half_a_file_are_refused() -> None:
    with pytest.raises(materials.Locked):
        materials.check(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "a.pptx")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("foto.jpg", b"x")
    with pytest.raises(materials.WrongKind):
        materials.check(made.getvalue(), "a.pptx")
    with pytest.raises(materials.Broken):
        materials.check(a_pptx()[:-100], "a.pptx")
    with pytest.raises(materials.EmptyFile):
        materials.check(b"", "a.pptx")


def test_the_size_is_bounded_packed_and_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = an_xlsx()
    monkeypatch.setattr(materials, "MOST_BYTES", len(data))
    assert materials.check(data, "a").kind == "xlsx"
    monkeypatch.setattr(materials, "MOST_BYTES", len(data) - 1)
    with pytest.raises(materials.TooBig):
        materials.check(data, "a")
    monkeypatch.undo()
    monkeypatch.setattr(materials, "MOST_UNPACKED", 1000)
    with pytest.raises(materials.TooBig):
        materials.check(data, "a")


def with_packed(head: bytes, body: bytes, before: bytes = b"\n") -> bytes:
    """A PDF with objects packed into a stream."""
    return a_pdf(end=b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 " + head + b" >>\nstream" + before + body + b"\nendstream\nendobj\n%%EOF\n")


HIDDEN = b"7 0 << /S /JavaScript /JS (app.alert\\(1\\)) >>"
FLATE = b"/Filter /FlateDecode"


@pytest.mark.parametrize(
    "data",
    [
        with_packed(FLATE + b" /Pad (" + b"A" * 700 + b")", zlib.compress(HIDDEN)),
        with_packed(FLATE + b" /Pad (8 0 obj)", zlib.compress(HIDDEN)),
        with_packed(b"/Filter /Fl", zlib.compress(HIDDEN)),
        with_packed(b"/Filter 5 0 R", zlib.compress(HIDDEN)),
        with_packed(FLATE, zlib.compress(HIDDEN), before=b" \n"),
        with_packed(FLATE + b" /DecodeParms << /Predictor 12 >>", zlib.compress(bytes(b for c in HIDDEN for b in (1, c)))),
    ],
    ids=[
        "long dictionary",
        "beginning of another in a text",
        "short name of a filter",
        "filter from elsewhere",
        "blank before the stream",
        "predictor",
    ],
)
def test_a_script_in_a_packed_part_is_found_however_the_part_is_named(data: bytes) -> None:
    with pytest.raises(materials.Runs):
        materials.check(data, "paparan.pdf")


def test_a_packed_part_without_a_script_is_taken() -> None:
    for head in (FLATE, b"/Filter [/FlateDecode]", b"/Filter[ /FlateDecode ] /Length 12"):
        assert materials.check(with_packed(head, zlib.compress(b"7 0 << /Type /Page >>")), "paparan.pdf").kind == "pdf"


def test_a_page_to_turn_to_further_down_does_not_excuse_an_address_opened_first() -> None:
    with pytest.raises(materials.Runs):
        materials.check(a_pdf(b"/OpenAction << /S /URI /URI (http://x) >> /X << /S /GoTo >>"), "paparan.pdf")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'TargetMode="External"', b'TargetMode="&#69;xternal"'),
        (b'Id="rId9"', b'Id="a>"'),
        (b"Relationship", b"r:Relationship"),
    ],
    ids=["letter as a number", "sign in a value", "prefix"],
)
def test_a_link_that_loads_is_found_however_it_is_written(old: bytes, new: bytes) -> None:
    rels = relation("oleObject").replace(old, new).replace(b"xmlns=", b"xmlns:r=" if new.startswith(b"r:") else b"xmlns=")
    with pytest.raises(materials.Runs):
        materials.check(with_parts(a_pptx(), {"ppt/slides/_rels/slide1.xml.rels": rels}), "paparan.pptx")


@pytest.mark.parametrize(
    "content",
    [
        b'<a><hlinkClick action="ppaction&#58;//program"/></a>',
        '<?xml version="1.0" encoding="UTF-16LE"?><a><hlinkClick action="ppaction://program"/></a>'.encode("utf-16-le"),
    ],
    ids=["letter as a number", "two bytes a letter"],
)
def test_a_command_is_found_in_whichever_letters(content: bytes) -> None:
    with pytest.raises(materials.Runs):
        materials.check(with_parts(a_pptx(), {"ppt/slides/slide9.xml": content}), "paparan.pptx")
