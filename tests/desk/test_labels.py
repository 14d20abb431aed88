"""Labels on the screen: choose, print, print again with a reason; scan anything; aliases one by one and from a file."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import zxingcpp
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from posko.desk import labels as desk
from posko.domain import labels as rules
from posko.domain import receipts as receipt_rules
from posko.formats import aliases as files
from posko.formats import labels as printed
from posko.formats import table
from posko.store import labels, packing, receipts, record
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
BASE = f"/{E}/label/"
RNG = Random(21)
CARTON, OTHER = rules.new_code(RNG), rules.new_code(RNG)
TPS = "19.06.02.2001.001"


@pytest.fixture
def cartons(installation: Any, monkeypatch: pytest.MonkeyPatch) -> list[receipt_rules.Carton]:
    """Two cartons without the stages that bring them."""
    made = [
        receipt_rules.Carton(code, "PPWP", "RI", 500, "12/A", receipt, "19.06:G01", "good", "", RAKOR_AT, "[SIMULASI]")
        for code, receipt in ((CARTON, "TRM-001"), (OTHER, "TRM-002"))
    ]
    monkeypatch.setattr(receipts, "cartons", lambda _e, _at, receipt="": [c for c in made if receipt in ("", c.receipt)])
    monkeypatch.setattr(receipts, "get_carton", lambda _e, code, _at: next((c for c in made if c.code == code), None))
    return made


def page(client: Any, path: str = "", **said: Any) -> str:
    return str(client.get(BASE + path, said).content.decode())


def post(client: Any, path: str, **said: Any) -> Any:
    return client.post(BASE + path, said, follow=True)


def test_lutfi_prints_the_cartons_of_one_receipt_and_again_only_with_a_reason(cartons: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    assert "2 belum pernah dicetak" in page(lutfi, jenis="karton")
    assert rules.spaced(OTHER) not in page(lutfi, jenis="karton", penerimaan="TRM-001")
    said = {"jenis": "karton", "penerimaan": "TRM-001", "layout": "a4-24", "start": "1", "which": "new"}
    answer = post(lutfi, "cetak/", **said)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert labels.copies(E, [("carton", CARTON), ("carton", OTHER)]) == {("carton", CARTON): 1}
    assert "Tidak ada label yang perlu dicetak" in post(lutfi, "cetak/", **said).content.decode()
    again = {**said, "which": "all"}
    assert "Tulis alasannya" in post(lutfi, "cetak/", **again).content.decode()
    assert post(lutfi, "cetak/", **again, reason="label basah").content.startswith(b"%PDF")
    assert labels.copies(E, [("carton", CARTON)]) == {("carton", CARTON): 2}
    shown = page(lutfi, f"kode/{CARTON}/")
    for word in ("cetak ulang 1", "label basah", "500 lembar", "p-lutfi", "[SIMULASI]"):
        assert word in shown


def test_only_what_is_ticked_is_printed(cartons: Any, client_for: Callable[[str], Any]) -> None:
    post(client_for("lutfi"), "cetak/", jenis="karton", layout="roll-58", start="1", which="new", code=[OTHER])
    assert labels.copies(E, [("carton", CARTON), ("carton", OTHER)]) == {("carton", OTHER): 1}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"layout": "a4-24", "start": "25"}, "1 sampai 24"),
        ({"layout": "roll-80", "start": "2"}, "1 sampai 1"),
        ({"layout": "a4-24", "start": "satu"}, "1 sampai 24"),
        ({"layout": "a3", "start": "1"}, "Pilih kertas"),
        ({"layout": "a4-24", "start": "1", "code": "ZZZ"}, "Tidak ada label"),
    ],
)
def test_what_cannot_be_printed_is_said_in_words_and_counts_as_no_print(
    cartons: Any, client_for: Callable[[str], Any], said: dict[str, str], sentence: str
) -> None:
    assert sentence in post(client_for("lutfi"), "cetak/", jenis="karton", **said).content.decode()
    assert labels.batches(E, RAKOR_AT) == []


def test_many_labels_come_as_a_zip_of_files_and_too_many_not_at_once(
    cartons: Any, client_for: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed, "AT_ONCE", 1)
    said = {"jenis": "karton", "layout": "roll-58", "start": "1", "which": "all", "reason": "uji"}
    answer = post(client_for("lutfi"), "cetak/", **said)
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) == 2
        assert all(archive.read(name).startswith(b"%PDF") for name in archive.namelist())
    monkeypatch.setattr(desk, "MOST", 1)
    assert "Cetak per kecamatan" in post(client_for("lutfi"), "cetak/", **said).content.decode()


def test_tps_labels_are_chosen_by_kecamatan_and_desa(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    whole = page(ani, jenis="tempat")
    assert "Ditampilkan 200 dari" in whole
    assert "19.06:G01-" in whole
    shown = page(ani, jenis="tempat", kecamatan="19.06.02", desa="19.06.02.2001")
    assert rules.with_check(TPS) in shown
    assert "19.06.01.2001.001" not in shown
    answer = post(ani, "cetak/", jenis="tempat", kecamatan="19.06.02", desa="19.06.02.2001", layout="a4-8", start="1", which="new")
    assert answer.content.startswith(b"%PDF")
    assert labels.prints_of(E, "place", TPS, RAKOR_AT)[0]["copy"] == 1


def test_boxes_are_chosen_by_tps_and_contest_and_their_labels_name_the_dapil(
    db_beltim: Any, client_for: Callable[[str], Any], installation: Any
) -> None:
    other = "19.06.02.2001.002"
    boxes = packing.prepare_boxes(E, [TPS, other], installation.actors["ani"], RAKOR_AT, Random(3), "[SIMULASI]")
    lutfi = client_for("lutfi")
    assert f"{len(boxes)} belum pernah dicetak" in page(lutfi, jenis="box"), "links of other stages name the kind of a code"
    said = {"jenis": "kotak", "tps": TPS, "pemilihan": "DPRD_KAB"}
    assert "1 belum pernah dicetak" in page(lutfi, **said)
    assert post(lutfi, "cetak/", **said, layout="a4-8", start="8", which="new").content.startswith(b"%PDF")
    (box,) = (b for b in boxes if (b.tps, b.contest) == (TPS, "DPRD_KAB"))
    assert labels.copies(E, [("box", b.code) for b in boxes]) == {("box", box.code): 1}
    shown = post(lutfi, "uji/", code=rules.qr_text("box", box.code)).content.decode()
    for word in ("Kotak: TPS 001", f"dapil <strong>{box.dapil}", "DPRD KAB", "[SIMULASI]"):
        assert word in shown
    thing = desk.thing_of(record.election(E), rules.Code("box", box.code), RAKOR_AT)
    assert thing is not None
    assert (thing.label.title, thing.label.dapil, thing.label.lines[-1]) == ("TPS 001", box.dapil, TPS)


@pytest.mark.parametrize("tab", [code for code, _ in desk.TABS])
def test_an_empty_tab_says_what_to_do_first(installation: Any, client_for: Callable[[str], Any], tab: str) -> None:
    shown = client_for("ani").get("/pilkada-2024/label/", {"jenis": tab}).content.decode()
    assert "Belum ada" in shown
    assert "Belum ada label yang dicetak" in shown


def test_who_reads_only_sees_no_print_form(cartons: Any, client_for: Callable[[str], Any]) -> None:
    citra = client_for("citra")
    shown = page(citra, jenis="karton")
    assert rules.spaced(CARTON) in shown
    assert "Cetak label</button>" not in shown
    assert citra.post(BASE + "cetak/", {"jenis": "karton"}).status_code == 403
    assert "Tambah alias" not in page(citra, "alias/")
    assert citra.post(BASE + "alias/tambah/", {}).status_code == 403


# --- scanning ------------------------------------------------------------------------------------------------------------


def test_any_scan_says_in_large_words_what_it_is_and_records_nothing(cartons: Any, client_for: Callable[[str], Any]) -> None:
    budi, before = client_for("budi"), record.root()
    for scanned in (
        rules.qr_text("carton", CARTON),
        CARTON.lower(),
        rules.spaced(CARTON),
        rules.qr_text("carton", CARTON).replace(":", ";"),
    ):
        shown = post(budi, "uji/", code=scanned).content.decode()
        assert "Karton: 500 lembar" in shown
        assert 'data-sound="ok"' in shown
        assert "dibaca dari alias" not in shown
    assert record.root() == before


@pytest.mark.parametrize(
    ("scanned", "sentence"),
    [
        ("", "Belum ada kode"),
        ("https://contoh.id", "milik pihak lain"),
        (CARTON[:-1] + "*", "huruf periksa"),
        (CARTON[:-1], "bukan kode Posko"),
        ("SILOG-999", "belum dikenal"),
    ],
)
def test_a_scan_that_cannot_be_read_says_what_to_do(
    installation: Any, client_for: Callable[[str], Any], scanned: str, sentence: str
) -> None:
    shown = post(client_for("lutfi"), "uji/", code=scanned).content.decode()
    assert sentence in shown
    assert 'data-sound="stop"' in shown


def test_a_good_code_of_nothing_here_is_not_taken_for_a_thing(installation: Any, client_for: Callable[[str], Any]) -> None:
    assert "tidak ada barang dengan kode ini" in post(client_for("lutfi"), "uji/", code=OTHER).content.decode()
    assert "tidak ada barang dengan kode ini" in page(client_for("lutfi"), f"kode/{OTHER}/")


def photo_of(*texts: str) -> SimpleUploadedFile:
    sheet = Image.new("L", (900, 1000 * len(texts)), 180)
    for n, one in enumerate(texts):
        stamp = zxingcpp.create_barcode(one, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=8)
        sheet.paste(Image.fromarray(stamp), (200, 200 + 1000 * n))
    target = io.BytesIO()
    sheet.rotate(4, fillcolor=180).save(target, "JPEG", quality=70)
    return SimpleUploadedFile("IMG.jpg", target.getvalue())


def test_a_photo_of_labels_is_read_by_the_server_for_phones_without_https(cartons: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    shown = post(lutfi, "uji/", photo=photo_of(rules.qr_text("carton", CARTON), rules.qr_text("carton", OTHER))).content.decode()
    assert rules.spaced(CARTON) in shown
    assert rules.spaced(OTHER) in shown
    white = io.BytesIO()
    Image.new("L", (300, 300), 255).save(white, "PNG")
    assert "Tidak ada kode yang terbaca" in post(lutfi, "uji/", photo=SimpleUploadedFile("x.png", white.getvalue())).content.decode()
    assert "bukan foto" in post(lutfi, "uji/", photo=SimpleUploadedFile("x.jpg", b"<html>")).content.decode()


# --- aliases -------------------------------------------------------------------------------------------------------------


def test_ani_says_what_a_silog_code_means_and_lutfi_scans_it(cartons: Any, client_for: Callable[[str], Any]) -> None:
    ani, lutfi = client_for("ani"), client_for("lutfi")
    assert "Belum ada alias" in page(ani, "alias/")
    assert (
        "SILOG-0001 kini berarti karton"
        in post(ani, "alias/tambah/", alias="silog-0001", kind="carton", code=rules.spaced(CARTON)).content.decode()
    )
    shown = post(lutfi, "uji/", code="SILOG-0001").content.decode()
    assert "Karton: 500 lembar" in shown
    assert "dibaca dari alias" in shown
    assert "SILOG-0001" in page(lutfi, f"kode/{CARTON}/")
    for said, sentence in (
        ({"alias": "SILOG-0001", "kind": "carton", "code": OTHER}, f"sudah berarti karton {rules.spaced(CARTON)}"),
        ({"alias": "SILOG-0001", "kind": "carton", "code": CARTON}, "sudah terdaftar untuk barang yang sama"),
        ({"alias": "SILOG-2", "kind": "carton", "code": rules.new_code(RNG)}, "Tidak ada karton dengan kode"),
        (
            {"alias": "SILOG-2", "kind": "box", "code": rules.qr_text("carton", CARTON)},
            "Ini label karton, padahal yang diminta label kotak",
        ),
        ({"alias": CARTON, "kind": "carton", "code": CARTON}, "kode Posko sendiri"),
    ):
        assert sentence in post(ani, "alias/tambah/", **said).content.decode()
    assert len(labels.aliases(E, RAKOR_AT)) == 1


def test_a_wrong_alias_is_ended_alone_at_once_and_by_two_later(cartons: Any, client_for: Callable[[str], Any], installation: Any) -> None:
    ani = client_for("ani")
    early = RAKOR_AT - timedelta(hours=2)
    labels.add_alias(E, "SILOG-1", "carton", CARTON, installation.actors["ani"], early)
    labels.add_alias(E, "SILOG-2", "carton", CARTON, installation.actors["ani"], RAKOR_AT)
    assert "Alias SILOG-2 diakhiri" in post(ani, "alias/akhiri/", alias="SILOG-2").content.decode()
    assert "Tulis alasannya" in post(ani, "alias/akhiri/", alias="SILOG-1").content.decode()
    assert "perlu orang kedua" in post(ani, "alias/akhiri/", alias="SILOG-1", reason="tertukar").content.decode()
    assert [a.text for a in labels.aliases(E, RAKOR_AT)] == ["SILOG-1"]


def send(client: Any, *rows: tuple[object, ...]) -> str:
    data = table.xlsx({"Alias": [files.HEADER, *rows]})
    return str(post(client, "alias/impor/", file=SimpleUploadedFile("alias.xlsx", data)).content.decode())


def checked(shown: str) -> str:
    return shown.partition('name="checked" value="')[2].partition('"')[0]


def test_an_alias_file_is_checked_first_and_taken_whole_afterwards(cartons: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    shown = send(ani, ("SILOG-1", "karton", CARTON), ("SILOG-2", "karton", rules.spaced(OTHER)))
    assert "2 alias baru" in shown
    assert labels.aliases(E, RAKOR_AT) == [], "checking changes nothing"
    assert "2 alias ditambahkan" in post(ani, "alias/impor/", checked=checked(shown)).content.decode()
    assert [a.text for a in labels.aliases(E, RAKOR_AT)] == ["SILOG-1", "SILOG-2"]
    export = ani.get(BASE + "alias/alias.xlsx")
    assert [r.code for r in files.read("x", export.content).rows] == [CARTON, OTHER]
    again = post(ani, "alias/impor/", file=SimpleUploadedFile("a.xlsx", export.content)).content.decode()
    assert "sudah terdaftar. Tidak ada yang perlu diimpor" in again


def test_every_wrong_row_of_a_file_is_named_and_nothing_is_taken(cartons: Any, client_for: Callable[[str], Any], installation: Any) -> None:
    ani = client_for("ani")
    labels.add_alias(E, "SILOG-9", "carton", OTHER, installation.actors["ani"], RAKOR_AT)
    shown = send(
        ani,
        ("SILOG-1", "karton", CARTON),
        (17, "karton", CARTON),
        ("SILOG-3", "karton", CARTON[:-1] + "*"),
        ("SILOG-9", "karton", CARTON),
        ("SILOG-4", "karton", rules.new_code(RNG)),
    )
    for word in ("4 hal harus diperbaiki", "baris 3, kolom A", "baris 4, kolom C", "baris 5", "sudah berarti karton", "baris 6"):
        assert word in shown
    assert checked(shown) == ""
    assert len(labels.aliases(E, RAKOR_AT)) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "kosong"), (b"PK\x03\x04rusak", "rusak"), (b"a,b\n1,2\n", "templat"), (b"\x89PNG\r\n", "bukan CSV atau XLSX")],
)
def test_a_file_that_is_no_alias_table_is_refused_in_words(
    installation: Any, client_for: Callable[[str], Any], data: bytes, sentence: str
) -> None:
    assert sentence in post(client_for("ani"), "alias/impor/", file=SimpleUploadedFile("x.xlsx", data)).content.decode()


def test_checked_rows_that_were_tampered_with_or_belong_elsewhere_are_refused(cartons: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    good = checked(send(ani, ("SILOG-1", "karton", CARTON)))
    assert "tidak berlaku" in post(ani, "alias/impor/", checked=good[:-3] + "abc").content.decode()
    elsewhere = ani.post("/pilkada-2024/label/alias/impor/", {"checked": good}, follow=True).content.decode()
    assert "tidak berlaku" in elsewhere
    assert labels.aliases(E, RAKOR_AT) == labels.aliases("pilkada-2024", RAKOR_AT) == []


def test_every_refusal_of_the_stage_has_a_sentence() -> None:
    for module in (rules, printed, files, desk):
        for name in vars(module).values():
            if isinstance(name, type) and issubclass(name, rules.record.Refusal) and name is not rules.record.Refusal:
                assert name.code in {**desk.SENTENCES, **desk.PROBLEMS}, name.code
