"""Receipts on the screen: from contract to acceptance by the forms, hard stops, and refusals that a tired person understands."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.domain import receipts as rules
from posko.formats import orders, table
from posko.store import labels, receipts
from tests import pages
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
BASE = "/pemilu-2024/penerimaan/"
E = "pemilu-2024"


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


def shown(client: Any, path: str = "") -> str:
    return str(client.get(BASE + path).content.decode())


def announced(ani: Any, line: str = "TINTA~~", quantity: str = "514", ordered: str = "726") -> None:
    post(ani, "pesanan/baru/", line=line, quantity=ordered, supplier="pemasok", due="2024-01-05")
    post(ani, "kiriman/baru/", order="PSN-001", quantity=quantity, waybill="SJ-1", carrier="kapal")


def test_ani_orders_announces_counts_and_fajar_accepts(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    assert "PSN-001 disimpan" in post(ani, "pesanan/baru/", line="TINTA~~", quantity="726", supplier="pemasok", due="2024-01-05")
    assert "KRM-001 disimpan" in post(ani, "kiriman/baru/", order="PSN-001", quantity="514", waybill="SJ-1", carrier="kapal")
    assert "Cocokkan dulu tujuan" in post(ani, "kiriman/KRM-001/", good="510", damaged="2"), "the destination comes first"
    assert "Tujuan cocok" in post(ani, "kiriman/KRM-001/tiba/", same="1")
    assert "surat jalan 514" in post(ani, "kiriman/KRM-001/", good="510", damaged="2", missing="9"), "the stated shortage does not follow"
    assert "berjumlah 3" in post(ani, "kiriman/KRM-001/", good="510", damaged="2", kind_wet="3")
    page = post(ani, "kiriman/KRM-001/", good="510", kind_wet="2")
    assert "Hitungan disimpan sebagai TRM-001" in page
    assert "basah 2" in page
    assert "510 barang baik diterima" in post(fajar, "terima/TRM-001/setujui/")
    page = shown(ani)
    assert "510 dari 726 unit: tinta" in page
    assert "70,2" in page
    assert receipts.accepted(E, RAKOR_AT) == {("TINTA", "", ""): 510}


@pytest.mark.parametrize(
    ("quantity", "sentence"),
    [("1,829", "bukan bilangan bulat"), ("0", "paling sedikit 1"), ("-4", "bukan bilangan bulat"), ("", "bukan bilangan")],
)
def test_a_quantity_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    db_beltim: Any, client_for: Callable[[str], Any], quantity: str, sentence: str
) -> None:
    page = post(client_for("ani"), "pesanan/baru/", line="KOTAK~~", quantity=quantity, supplier="CV Contoh", due="2024-01-05")
    assert sentence in page
    assert "CV Contoh" in page
    assert receipts.orders(E, RAKOR_AT) == []


def test_who_may_not_record_sees_no_form_and_is_refused(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    citra, lutfi = client_for("citra"), client_for("lutfi")
    assert "Catat pesanan" not in shown(citra)
    for path in ("pesanan/baru/", "kiriman/baru/", "pesanan/impor/", "salah-tujuan/baru/"):
        assert citra.get(BASE + path).status_code == 403
    assert client_for("dedi").get(BASE).status_code == 403, "Dedi works in another regency"
    assert lutfi.get(BASE + "kiriman/baru/").status_code == 200
    assert lutfi.get(BASE + "pesanan/baru/").status_code == 403, "the warehouse orders nothing"


def test_empty_screens_say_what_to_do_first(installation: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert "Hitung kebutuhan" in ani.get("/pilkada-2024/penerimaan/").content.decode()
    for path, words in (
        ("pesanan/", "Mulai dengan kontrak"),
        ("klaim/", "Belum ada klaim"),
        ("salah-tujuan/", "Tidak ada"),
        ("prakiraan/", "Hitung kebutuhan"),
    ):
        assert words in ani.get(f"/pilkada-2024/penerimaan/{path}").content.decode()


def test_a_contract_its_line_a_moved_day_and_what_is_made(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    page = post(ani, "pesanan/kontrak/baru/", number="1/KTR/2023", signed="2023-10-02", supplier="CV Contoh", tahap="I")
    assert "1/KTR/2023 disimpan" in page
    assert 'value="1/KTR/2023" selected' in page
    post(ani, "pesanan/baru/", line="TINTA~~", quantity="726", due="2024-01-05", contract="1/KTR/2023")
    assert receipts.orders(E, RAKOR_AT)[0].supplier == "CV Contoh"
    assert "Isi alasan" in post(ani, "pesanan/PSN-001/geser/", due="2024-01-09", reason=" ")
    page = post(ani, "pesanan/PSN-001/geser/", due="2024-01-09", reason="kapal penuh")
    assert "mundur 4 hari" in page
    assert "Jumat, 5 Januari 2024" in page, "the day first promised stays"
    assert "700" in pages.said(post(ani, "pesanan/PSN-001/produksi/", produced="700"))
    assert "lebih sedikit" in post(ani, "pesanan/PSN-001/produksi/", produced="600")
    assert "digeser 1 kali" in shown(ani, "pesanan/")


def test_papers_for_another_place_stop_everything_until_it_is_decided(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    page = post(ani, "kiriman/KRM-001/tiba/", destination="KPU Kabupaten Belitung")
    assert "BERHENTI" in page
    assert "Jangan dibongkar" in page
    assert "BERHENTI" in post(ani, "kiriman/KRM-001/", good="514")
    assert "Simpan hitungan" not in shown(ani, "kiriman/KRM-001/")
    assert "Berhenti: surat jalan SJ-1" in shown(ani), "the front page says it too"
    assert "Putuskan kiriman salah tujuan" in ani.get("/pemilu-2024/tugas/").content.decode()
    assert "Isi nomor surat jalan terusan" in post(ani, "salah-tujuan/SLT-001/putuskan/", decision="sent_on")
    assert "disimpan terpisah" in post(ani, "salah-tujuan/SLT-001/putuskan/", decision="quarantine")
    assert "sudah diteruskan" in post(ani, "salah-tujuan/SLT-001/putuskan/", decision="sent_on", onward="SJ-2")
    assert receipts.receipts(E, RAKOR_AT) == []


def test_a_release_needs_a_second_person_on_the_screen(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    post(ani, "kiriman/KRM-001/tiba/", destination="KPU Kabupaten Belitung")
    post(ani, "salah-tujuan/SLT-001/putuskan/", decision="released", reason="salah tulis", second="fajar", second_password="tebak")
    assert receipts.get_misdirection(E, "SLT-001", RAKOR_AT).decision == ""


def test_goods_of_another_regency_are_recorded_by_their_papers(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    lutfi = client_for("lutfi")
    form = {"waybill": "SJ-X", "destination": "KPU Belitung", "item": "SURAT_SUARA~DPRD_KAB", "dapil": "belitung-2", "quantity": "3.000"}
    page = post(lutfi, "salah-tujuan/baru/", **form)
    assert "SLT-001" in page
    assert "BELITUNG-2" in page
    assert "tidak dibutuhkan" in post(lutfi, "salah-tujuan/baru/", **{**form, "item": "GEMBOK~"})


def test_one_surat_jalan_comes_in_two_lorries(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    post(ani, "kiriman/KRM-001/tiba/", same="1")
    page = post(ani, "kiriman/KRM-001/", good="300", damaged="0", partial="1")
    assert "datang sebagian" in page
    assert "sisa 214" in page
    assert "Sudah datang" in shown(ani, "kiriman/KRM-001/")
    page = post(ani, "kiriman/KRM-001/", good="210", damaged="0")
    assert "bagian dari 514" in page
    assert [n.count.missing for n in receipts.receipts(E, RAKOR_AT)] == [0, 4]


def test_a_blind_count_hides_every_number_of_the_surat_jalan(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani, quantity="517", ordered="719")
    post(ani, "kiriman/KRM-001/tiba/", same="1")
    page = pages.said(shown(ani, "kiriman/KRM-001/?buta=1"))
    assert "517" not in page
    assert "719" not in page
    assert "517" in pages.said(shown(ani, "kiriman/KRM-001/"))


def test_a_photo_that_is_none_never_undoes_the_count(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    post(ani, "kiriman/KRM-001/tiba/", same="1")
    page = post(ani, "kiriman/KRM-001/", good="514", damaged="0", photo=SimpleUploadedFile("a.jpg", b"bukan foto", "image/jpeg"))
    assert "foto tidak" in page
    assert receipts.get_receipt(E, "TRM-001", RAKOR_AT).count.good == 514


def ballots_counted(ani: Any) -> None:
    announced(ani, "SURAT_SUARA~DPRD_KAB~BELTIM-1", "1200", "30000")
    post(ani, "kiriman/KRM-001/tiba/", same="1")
    post(ani, "kiriman/KRM-001/", good="1190", kind_misprint="4", kind_dirty="1")


def test_cartons_get_codes_papers_and_labels_come_in_one_zip_and_reprints_are_counted(
    db_beltim: Any, client_for: Callable[[str], Any]
) -> None:
    ani = client_for("ani")
    ballots_counted(ani)
    form = {"pieces": "1000", "size": "500", "dapil": "beltim-1", "batch": "B-7"}
    assert "2 kode SILOG" not in post(ani, "terima/TRM-001/karton/", **form, aliases="SLG-1")
    assert receipts.cartons(E, RAKOR_AT) == [], "one code for two cartons is refused whole"
    page = post(ani, "terima/TRM-001/karton/", **form, aliases="SLG-1001 SLG-1002")
    assert "2 karton mendapat kode" in page
    made = receipts.cartons(E, RAKOR_AT)
    assert labels.resolve(E, "SLG-1002", "carton", at=RAKOR_AT).text == made[1].code
    assert "sudah" in post(ani, "terima/TRM-001/karton/", pieces="190", size="190", dapil="BELTIM-1", batch="B-7", aliases="SLG-1002")
    assert len(receipts.cartons(E, RAKOR_AT)) == 2, "a code that is taken leaves nothing behind"
    assert "melebihi hitungan" in post(ani, "terima/TRM-001/karton/", pieces="191", size="500", dapil="BELTIM-1")
    strange = post(ani, "terima/TRM-001/karton/", pieces="5", size="500", dapil="BELTIM-2")
    assert "bukan yang dipesan" in strange
    done = ani.post(BASE + "terima/TRM-001/cetak/", {"kertas": "f4", "layout": "a4-8"})
    names = zipfile.ZipFile(io.BytesIO(done.content)).namelist()
    assert names == ["bttb-TRM-001.pdf", "bast-TRM-001.pdf", "ba-kerusakan-TRM-001.pdf", "label-karton-TRM-001-01.pdf"]
    assert labels.copies(E, [("carton", made[0].code)]) == {("carton", made[0].code): 1}
    assert receipts.paper_copies(E, "TRM-001")["bttb"] == 1
    again = ani.post(BASE + "terima/TRM-001/cetak/", {"layout": "a4-8"}, follow=True)
    assert not again.content.startswith(b"PK"), "a reprint says why"
    more = ani.post(BASE + "terima/TRM-001/cetak/", {"layout": "a4-8", "reason": "basah"})
    assert len(zipfile.ZipFile(io.BytesIO(more.content)).namelist()) == 3
    assert receipts.paper_copies(E, "TRM-001")["bttb"] == 2
    post(ani, "terima/TRM-001/karton/tarik/", carton=[made[0].code])
    assert receipts.get_carton(E, made[0].code, RAKOR_AT) is None


def test_every_paper_is_the_same_bytes_for_the_same_content_on_both_papers(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    ballots_counted(ani)
    post(fajar, "terima/TRM-001/klaim/", kind="damaged", quantity="5")
    for path in ("terima/TRM-001/bttb.pdf", "terima/TRM-001/bast.pdf", "terima/TRM-001/ba-kerusakan.pdf", "klaim/KLM-001/surat.pdf"):
        first = ani.get(BASE + path).content
        assert first.startswith(b"%PDF")
        assert ani.get(BASE + path).content == first
        assert ani.get(BASE + path + "?kertas=f4").content != first
    assert ani.get(BASE + "terima/TRM-001/surat.pdf").status_code == 302


def test_a_claim_goes_from_letter_over_answer_to_replacement(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    ballots_counted(ani)
    assert "Belum diklaim" in shown(ani, "klaim/")
    assert "melebihi temuan" in post(fajar, "terima/TRM-001/klaim/", kind="damaged", quantity="6")
    assert "KLM-001" in post(fajar, "terima/TRM-001/klaim/", kind="damaged", quantity="5")
    assert "Tagih jawaban klaim KLM-001" in ani.get("/pemilu-2024/tugas/").content.decode()
    assert "Isi alasan pemasok menolak" in post(fajar, "klaim/KLM-001/jawab/", answer="refused")
    assert "menunggu pengganti" in post(fajar, "klaim/KLM-001/jawab/", answer="replace", due="2023-12-20")
    page = post(ani, "kiriman/baru/", claim="KLM-001", quantity="5", waybill="SJ-2")
    assert "klaim <a" in page
    post(ani, "kiriman/KRM-002/tiba/", same="1")
    post(ani, "kiriman/KRM-002/", good="5", damaged="0")
    assert "sudah diganti" in shown(ani, "klaim/KLM-001/")
    assert "dikembalikan" in post(ani, "terima/TRM-001/karantina/", how="returned", quantity="5")
    assert "bukan 1" in post(ani, "terima/TRM-001/karantina/", how="returned", quantity="1")


def file(rows: dict[str, list[list[Any]]]) -> SimpleUploadedFile:
    data = table.xlsx({name: [orders.HEADERS[name], *found] for name, found in rows.items()})
    return SimpleUploadedFile("pesanan.xlsx", data)


TINTA = ["TINTA", "Tinta", "", "", 726, "botol", "I", "CV Contoh", "1/KTR", "02/10/2023", "05/01/2024"]


def test_a_file_is_examined_then_recorded_and_the_second_time_adds_nothing(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    page = post(ani, "pesanan/impor/", file=file({"Kontrak": [TINTA]}))
    assert "Catat 2 hal baru" in page
    assert receipts.orders(E, RAKOR_AT) == [], "examining records nothing"
    code = receipts.UploadRow.objects.get().code
    assert "2 catatan baru" in post(ani, f"pesanan/impor/{code}/catat/")
    assert len(receipts.orders(E, RAKOR_AT)) == 1
    page = post(ani, "pesanan/impor/", file=file({"Kontrak": [TINTA]}))
    assert "sudah tercatat" in page
    code = receipts.UploadRow.objects.get().code
    assert "Tidak ada yang perlu diimpor" in post(ani, f"pesanan/impor/{code}/catat/")
    exported = ani.get(BASE + "pesanan/pesanan.xlsx").content
    page = post(ani, "pesanan/impor/", file=SimpleUploadedFile("lagi.xlsx", exported))
    assert "sudah tercatat" in page


def test_a_file_with_problems_lists_all_of_them_and_records_none(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    bad = [*TINTA[:4], "banyak", *TINTA[5:10], "besok"]
    page = post(ani, "pesanan/impor/", file=file({"Kontrak": [bad, TINTA]}))
    assert "2 hal harus diperbaiki" in page
    assert "lembar Kontrak, baris 2, kolom E (jumlah)" in page
    code = receipts.UploadRow.objects.get().code
    assert "tidak ada satu baris pun" in post(ani, f"pesanan/impor/{code}/catat/")
    assert receipts.contracts(E, RAKOR_AT) == []
    assert "Berkas dibuang" in post(ani, f"pesanan/impor/{code}/buang/")


def test_files_that_are_no_table_are_refused_in_words(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert "bukan CSV atau XLSX" in post(ani, "pesanan/impor/", file=SimpleUploadedFile("a.xlsx", b"%PDF-1.7 x"))
    assert "rusak" in post(ani, "pesanan/impor/", file=SimpleUploadedFile("a.xlsx", b"PK\x03\x04 x"))
    assert "Isi berkas XLSX" in post(ani, "pesanan/impor/")
    assert ani.get(BASE + "pesanan/templat.xlsx").content.startswith(b"PK")


def test_the_forecast_says_probability_range_and_what_holds_back(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani, quantity="726")
    page = shown(ani, "prakiraan/")
    assert "Data masih sedikit" in page
    assert "kemungkinan lengkap" in page
    assert "belum dipesan, diklaim, atau dikirim" in page
    assert "Asumsi Posko, bukan data KPU" in page
    figures = [line for line in page.splitlines() if "data-label" in line]
    again = [line for line in shown(ani, "prakiraan/").splitlines() if "data-label" in line]
    assert figures == again, "the same question has the same answer"


def test_bawaslu_sees_a_difference_at_the_gate_and_the_kejari_too(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    post(ani, "kiriman/KRM-001/tiba/", same="1")
    assert "tulis 0 bila tidak ada yang rusak" in post(ani, "kiriman/KRM-001/", good="510")
    post(ani, "kiriman/KRM-001/", good="510", damaged="0")
    for name in ("juwita", "citra", "ani"):
        assert "dikirim 514, diterima 510" in client_for(name).get("/pemilu-2024/tugas/").content.decode()
    assert "dikirim 514" not in client_for("indra").get("/pemilu-2024/tugas/").content.decode()


def test_a_correction_states_kinds_and_wrong_types_too(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    ballots_counted(ani)
    post(ani, "terima/TRM-001/karton/", pieces="500", size="500", dapil="BELTIM-1")
    changed = {"good": "1190", "damaged": "3", "kind_misprint": "3", "wrong_type": "2", "reason": "dua lembar DPR"}
    assert "menunggu orang kedua" in post(ani, "terima/TRM-001/koreksi/", **changed), "cartons hang on the count"
    pending = receipts.get_receipt(E, "TRM-001", RAKOR_AT).pending
    assert "Koreksi berlaku" in post(fajar, "terima/TRM-001/koreksi/setujui/", correction=pending)
    assert receipts.get_receipt(E, "TRM-001", RAKOR_AT).count == rules.Count(1200, 1190, 3, 2, (("misprint", 3),))


def test_a_wrong_shipment_and_a_wrong_order_are_taken_back_by_their_author(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    announced(ani)
    assert "tidak dapat ditarik" in post(ani, "pesanan/PSN-001/tarik/")
    assert "Kiriman KRM-001 ditarik" in post(ani, "kiriman/KRM-001/tarik/")
    assert "Pesanan PSN-001 ditarik" in post(ani, "pesanan/PSN-001/tarik/")
    assert receipts.orders(E, RAKOR_AT) == []
    assert "tidak ditemukan" in post(ani, "kiriman/KRM-001/tarik/")
