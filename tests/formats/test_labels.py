"""Labels as pictures: every code that a rendered page shows reads back, on every paper, in black and white, thousands at a time."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import zxingcpp
from PIL import Image

from posko.domain import labels as rules
from posko.formats import labels as files

AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
CONTESTS = (("PPWP", "RI"), ("DPR", "BABEL"), ("DPD", "BABEL"), ("DPRD_PROV", "BABEL-4"), ("DPRD_KAB", "BELTIM-3"))
LONG = (
    "Desa Dendang Sungai Padang Selatan Barat",
    "Kecamatan Simpang Renggiang Timur Laut",
    "19.06.02.2001.003",
    "Penerimaan TRM-004, 12/A",
)
needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="TIDAK DIUJI: pdftoppm (poppler-utils) is absent")


def some(number: int, seed: int = 3) -> list[files.Label]:
    """Labels of all kinds, some with the longest words, some printed again."""
    rng, made = Random(seed), []
    kinds = [kind for kind in rules.KINDS.values() if kind != "place"]
    for n in range(number):
        contest, dapil = CONTESTS[n % 5]
        if n % 9 == 8:
            made.append(files.Label("place", f"19.06.02.2001.{n % 900 + 1:03}", f"TPS {n % 900 + 1:03}", ("Desa Jangkar Asam",)))
        elif n % 4 == 3:
            title = "TPS 901 Lokasi Khusus Rumah Tahanan Negara Manggar"
            made.append(files.Label("box", rules.new_code(rng), title, LONG, contest, "KEPULAUAN BANGKA BELITUNG-4", 13, "[SIMULASI]"))
        else:
            made.append(files.Label(kinds[n % 6], rules.new_code(rng), "TPS 003", LONG[:2], contest, dapil, 1, "[SIMULASI]"))
    return made


def wanted(labels: list[files.Label]) -> list[str]:
    return [rules.qr_text(label.kind, label.code) for label in labels]


def pages(pdf: bytes, folder: Path, *options: str) -> list[Image.Image]:
    (folder / "x.pdf").write_bytes(pdf)
    for old in folder.glob("p-*"):
        old.unlink()
    subprocess.run(["pdftoppm", *options, str(folder / "x.pdf"), str(folder / "p")], check=True, timeout=240)
    return [Image.open(path) for path in sorted(folder.glob("p-*"))]


def read_back(page: Image.Image, columns: int = 1) -> list[str]:
    """The texts on a page in reading order."""
    found = zxingcpp.read_barcodes(page.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    step = page.width / columns

    def place(code: zxingcpp.Barcode) -> tuple[int, int]:
        corner = code.position.top_left
        return (round(corner.y / (page.height / 100)), int(corner.x / step))

    return [code.text for code in sorted(found, key=place)]


@needs_poppler
@pytest.mark.parametrize(
    "options", [("-r", "150", "-gray"), ("-r", "200", "-gray"), ("-r", "200", "-mono")], ids=["150dpi", "200dpi", "1bit"]
)
@pytest.mark.parametrize("layout", sorted(files.LAYOUTS))
def test_every_code_on_every_page_reads_back_in_its_place(layout: str, options: tuple[str, ...], tmp_path: Path) -> None:
    paper = files.LAYOUTS[layout]
    labels = some(paper.per_page + 5 if not paper.roll else 8)
    (pdf,) = files.sheets(labels, layout, AT, start=min(3, paper.per_page))
    shown = pages(pdf, tmp_path, *options)
    assert len(shown) == (2 if not paper.roll else 8)
    assert [text for page in shown for text in read_back(page, paper.columns)] == wanted(labels)


@needs_poppler
@pytest.mark.parametrize("layout", sorted(files.LAYOUTS))
def test_a_page_has_the_size_of_its_paper_and_prints_nothing_outside_the_labels(layout: str, tmp_path: Path) -> None:
    paper = files.LAYOUTS[layout].values()
    (pdf,) = files.sheets(some(4), layout, AT)
    page = pages(pdf, tmp_path, "-r", "254", "-gray")[0]  # ten dots a millimetre
    assert (round(page.width / 10), round(page.height / 10)) == (paper["page_width"], paper["page_height"])
    inked = page.point(lambda v: 255 if v < 128 else 0).getbbox()
    assert inked is not None
    assert inked[0] >= (paper["left"] + paper["pad"]) * 10 - 1
    assert inked[1] >= (paper["top"] + paper["pad"]) * 10 - 1
    assert inked[2] <= (paper["page_width"] - paper["left"] - paper["pad"]) * 10 + 1


@needs_poppler
def test_a_part_used_sheet_keeps_its_used_places_white(tmp_path: Path) -> None:
    (pdf,) = files.sheets(some(2), "a4-24", AT, start=23)
    (page,) = pages(pdf, tmp_path, "-r", "100", "-gray")
    upper = page.crop((0, 0, page.width, round(page.height * 7 / 8) - 10)).point(lambda v: 255 if v < 100 else 0)
    assert upper.getbbox() is None
    assert read_back(page, 3) == wanted(some(2))


@needs_poppler
def test_what_a_person_must_read_stands_on_the_label(tmp_path: Path) -> None:
    label = some(4)[3]
    for layout in files.LAYOUTS:
        (tmp_path / "t.pdf").write_bytes(files.sheets([label], layout, AT)[0])
        said = subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / "t.pdf"), "-"], check=True, capture_output=True, timeout=60
        ).stdout.decode()
        for word in ("DPRD PROV", "KEPULAUAN", "TPS 901", "[SIMULASI]", "CETAK ULANG 12", "Desa Dendang", "KOTAK"):
            assert word in said, (layout, word)
        parts = rules.spaced(label.code).split("-")
        assert "-".join(parts[:2]) in said, layout
        assert "-".join(parts[2:]) in said, layout


def test_the_first_print_says_nothing_of_reprints() -> None:
    job = {"layout": "a4-24", "labels": [None]}
    assert files.made(job, AT).startswith(b"%PDF")
    assert files._drawn(files._said(some(1)[0]), 3)["again"] == ""


def test_the_same_labels_give_the_same_bytes_in_this_process_and_in_a_child() -> None:
    labels = some(30)
    (here,) = files.sheets(labels, "a4-24", AT)
    assert here == files.sheets(labels, "a4-24", AT)[0]
    assert here == files._in_child({"layout": "a4-24", "labels": [files._said(label) for label in labels]}, AT)
    assert here != files.sheets(labels[::-1], "a4-24", AT)[0]


def test_large_prints_are_cut_into_files_of_whole_pages_and_say_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 50)
    seen: list[tuple[int, int]] = []
    made = files.sheets(some(100), "a4-24", AT, start=5, progress=lambda done, total: seen.append((done, total)))
    assert (len(made), seen) == (3, [(44, 100), (92, 100), (100, 100)])


@pytest.mark.parametrize(("layout", "start"), [("a4-24", 0), ("a4-24", 25), ("a4-8", 9), ("roll-58", 2), ("a4-24", -1)])
def test_a_place_that_the_sheet_does_not_have_is_refused(layout: str, start: int) -> None:
    with pytest.raises(files.BadStart):
        files.sheets(some(1), layout, AT, start=start)


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(files.UnknownLayout):
        files.sheets(some(1), "f4-99", AT)


def test_a_child_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(files.NotMade, match="KeyError"):
        files._in_child({"layout": "nowhere", "labels": []}, AT)


@pytest.mark.parametrize("words", ['" #panic("x") \\ $ * _ <a> @b', "", "X" * 300, "ꦏꦧꦸꦥꦠꦺꦤ꧀"])
def test_words_on_a_label_are_never_markup(words: str) -> None:
    label = files.Label("box", rules.new_code(Random(1)), words, (words, words, words), "PPWP", words, 2, words[:20])
    for layout in files.LAYOUTS:
        assert files.sheets([label], layout, AT)[0].startswith(b"%PDF")


@needs_poppler
def test_the_codes_on_paper_are_of_correction_m(tmp_path: Path) -> None:
    (page,) = pages(files.sheets(some(9), "a4-24", AT)[0], tmp_path, "-r", "150", "-gray")
    assert {code.ec_level for code in zxingcpp.read_barcodes(page)} == {"M"}


@needs_poppler
@pytest.mark.slow
def test_ten_thousand_labels_are_made_and_every_one_reads_back(tmp_path: Path) -> None:
    labels = some(10_000)
    made = files.sheets(labels, "a4-24", AT)
    assert len(made) == 9
    read: list[str] = []
    for pdf in made:
        for page in pages(pdf, tmp_path, "-r", "150", "-gray"):
            read += read_back(page, 3)
    assert read == wanted(labels)
