"""The ways in as the desk sees them: telephone, SMS, files, attachments; and what the guard counts."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from posko.desk import reports as desk
from posko.domain import reports as rules
from posko.formats import reports as printed
from posko.formats import table
from posko.store import aght, record, reports
from tests import beltim, pages
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024/laporan"
TPS = "19.06.02.2001.001"
LALANG = "19.06.01.2006.001"


@pytest.fixture
def with_places(installation: Any) -> Any:
    beltim.through("places")
    return installation


def written(*numbers: str, place: str = TPS) -> str:
    return " ".join(["LAPOR", rules.sms_place(place), *(c.written for c in rules.SMS_CODES if c.number in numbers)])


def test_a_call_is_written_down_in_a_few_fields_and_the_ticket_is_read_back(with_places: Any, client_for: Any) -> None:
    typed = {"text": "Ombak tinggi, kapal tidak jalan", "category": "GEO", "where": "lalang, manggar", "tps": "1", "when": "now"}
    page = client_for("citra").post(f"{ROOT}/telepon/", typed).content.decode()
    report = reports.listing(E, RAKOR_AT)[0]
    assert (report.place, report.channel, report.source) == (LALANG, rules.Channel.PHONE, rules.Source.CITIZEN)
    assert report.happened_at == RAKOR_AT
    assert "Bacakan kode" in page
    ticket = page.partition('class="ticket">')[2].partition("<")[0]
    for _, words in rules.dictated(rules.parse_ticket(ticket)):
        assert words in page


def test_a_call_about_an_unclear_place_keeps_what_was_typed(with_places: Any, client_for: Any) -> None:
    page = client_for("budi").post(f"{ROOT}/telepon/", {"text": "Ombak tinggi sekali pagi ini", "category": "GEO", "where": "Atlantis"})
    said = page.content.decode()
    assert "belum jelas" in said
    assert "Ombak tinggi sekali pagi ini" in said
    assert reports.listing(E, RAKOR_AT) == []


@pytest.mark.parametrize(
    ("when", "clock", "hour"), [("today", "08:15", "2023-12-05T01:15"), ("yesterday", "23:00", "2023-12-04T16:00"), ("", "08:15", "")]
)
def test_the_time_of_a_call_is_said_as_people_say_it(with_places: Any, client_for: Any, when: str, clock: str, hour: str) -> None:
    client_for("citra").post(f"{ROOT}/telepon/", {"text": "Ombak tinggi sekali", "category": "GEO", "when": when, "clock": clock})
    happened_at = reports.listing(E, RAKOR_AT)[0].happened_at
    assert (happened_at.isoformat()[:16] if happened_at else "") == hour


def test_a_day_without_a_time_is_asked_about(with_places: Any, client_for: Any) -> None:
    typed = {"text": "Ombak tinggi sekali", "category": "GEO", "when": "today", "clock": ""}
    assert "Isi jamnya" in client_for("citra").post(f"{ROOT}/telepon/", typed).content.decode()
    assert reports.listing(E, RAKOR_AT) == []


def test_the_limits_of_the_fields_are_numbers_that_a_browser_reads(with_places: Any, client_for: Any) -> None:
    """1.000 with the separator of thousands means 1 to a browser."""
    citra = client_for("citra")
    pages = [citra.get(f"{ROOT}/{page}").content.decode() for page in ("baru/", "telepon/")] + [Client().get("/lapor/").content.decode()]
    for page in pages:
        assert f'maxlength="{rules.TEXT_LONGEST}"' in page
        assert not re.search(r'(?:max|min)(?:length)?="\d+[.,]', page)


def test_pasted_messages_get_a_result_and_an_answer_each_and_bad_ones_stay_in_the_box(with_places: Any, client_for: Any) -> None:
    wrong = written("31").replace(" 001 ", " 002 ")
    page = client_for("budi").post(f"{ROOT}/sms/", {"messages": f"0812: {written('31', '15')}\n{wrong}\n{written('99')}"}).content.decode()
    assert len(reports.listing(E, RAKOR_AT)) == 2
    assert "LAP-001" in page
    assert "tidak cocok dengan huruf" in page
    assert wrong in page.partition("<textarea")[2]
    assert written("31", "15") not in page.partition("<textarea")[2]


def test_every_answer_fits_one_sms() -> None:
    filed = tuple(reports.Filed(f"LAP-{n}", "0" * 13) for n in range(1001, 1005))
    codes = tuple(c for c in rules.SMS_CODES if c.number in {"81", "11", "12", "13"})
    place = "TPS 001, Desa Dengan Nama Yang Panjang Sekali"
    for answer in (reports.Answer("", rules.Coded(TPS, codes), filed), reports.Answer("", rules.Coded(TPS, codes), (), ("LAP-1001",) * 4)):
        assert len(desk.sms_reply(answer, place)) <= rules.SMS_LONGEST
    one = desk.sms_reply(reports.Answer("", rules.Coded(TPS, codes[:1]), filed[:1]), "TPS 001, Lalang")
    assert "LAP-1001 0000-0000-0000-0" in one
    for text in desk.SMS_REPLIES.values():
        assert len(text.format(part="022001001R", number="10")) <= rules.SMS_LONGEST


def test_the_card_of_a_desa_is_a_pdf_and_one_of_another_place_is_refused(with_places: Any, client_for: Any) -> None:
    budi = client_for("budi")
    for paper in ("a4", "a6"):
        answer = budi.get(f"{ROOT}/kartu.pdf", {"desa": "19.06.02.2001", "kertas": paper})
        assert answer.content.startswith(b"%PDF")
    assert budi.get(f"{ROOT}/kartu.pdf", {"desa": "19.07.01.2001"}).status_code == 302


def a_photo() -> SimpleUploadedFile:
    target = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 80)).save(target, "JPEG")
    return SimpleUploadedFile("foto.jpg", target.getvalue())


def test_attachments_are_seen_by_those_who_read_reports_only(with_places: Any, client_for: Any) -> None:
    client_for("budi").post(f"{ROOT}/baru/", {"text": "Atap gudang bocor lagi", "category": "LOG", "files": [a_photo()]})
    address = f"{ROOT}/LAP-001/lampiran/1/"
    answer = client_for("citra").get(address)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert client_for("juwita").get(f"{address}?kecil").status_code == 200
    for who in ("budi", "ani", "hadi", "kartika", "dedi"):
        assert client_for(who).get(address).status_code == 403
    assert "Lampiran 1" in client_for("citra").get(f"{ROOT}/LAP-001/").content.decode()
    client_for("gita").post(f"{ROOT}/LAP-001/hapus/", {"reason": "diminta pelapor"})
    assert client_for("citra").get(address).status_code == 302


def rows(*more: list[object]) -> SimpleUploadedFile:
    good = ["5/12/2023 08.30", "", "Cuaca, laut, jalan", "Ombak tinggi di dermaga", "Lalang", "1", "", "Telepon", "Warga", ""]
    return SimpleUploadedFile("laporan.xlsx", table.xlsx({"Laporan": [printed.HEADERS, good, *more]}))


def test_a_file_is_examined_then_recorded_once(with_places: Any, client_for: Any) -> None:
    citra = client_for("citra")
    check = citra.post(f"{ROOT}/impor/", {"file": rows()})["Location"]
    assert "1 laporan" in citra.get(check).content.decode()
    assert reports.listing(E, RAKOR_AT) == []
    assert citra.post(f"{check}catat/")["Location"] == f"{ROOT}/"
    assert [r.place for r in reports.listing(E, RAKOR_AT)] == [LALANG]
    again = citra.post(f"{ROOT}/impor/", {"file": rows()})["Location"]
    citra.post(f"{again}catat/")
    assert "sudah pernah diimpor" in citra.get(again).content.decode()
    assert len(reports.listing(E, RAKOR_AT)) == 1


def test_a_file_with_problems_shows_them_by_cell_and_records_nothing(with_places: Any, client_for: Any) -> None:
    citra = client_for("citra")
    bad = ["kemarin", "", "Ramalan", "Ombak tinggi di dermaga barat", "Atlantis", "", "", "", "", ""]
    check = citra.post(f"{ROOT}/impor/", {"file": rows(bad)})["Location"]
    page = citra.get(check).content.decode()
    for where in ("baris 3, kolom A", "baris 3, kolom C", "baris 3, kolom E"):
        assert where in page
    citra.post(f"{check}catat/")
    assert reports.listing(E, RAKOR_AT) == []
    citra.post(f"{check}buang/")
    assert reports.ReportUpload.objects.count() == 0


def test_a_file_with_a_column_about_persons_is_refused_counted_and_not_kept(with_places: Any, client_for: Any) -> None:
    file = SimpleUploadedFile("a.csv", b"tentang,uraian,Agama\nPetugas,Petugas KPPS sakit dua orang,x\n")
    page = client_for("citra").post(f"{ROOT}/impor/", {"file": file}).content.decode()
    assert "Berkas ditolak" in page
    assert reports.ReportUpload.objects.count() == 0
    assert reports.guard_counts(E, RAKOR_AT) == {("import", "religion", "refused"): 1}


def test_every_problem_and_reply_has_a_sentence() -> None:
    import inspect

    source = inspect.getsource(printed)
    codes = {part.split('"')[0] for part in source.split('"reports_file.')[1:]}
    assert {f"reports_file.{code}" for code in codes} == set(desk.PROBLEMS)


def test_a_text_of_the_post_that_is_refused_anywhere_is_counted_for_bawaslu_and_the_heads(with_places: Any, client_for: Any) -> None:
    citra = client_for("citra")
    citra.post(f"{ROOT}/baru/", {"text": "Lantai gudang basah lagi", "category": "LOG"})
    grade = {"claim": "Caleg membagikan barang", "chain": "LAP-001", "basis": "petugas melihat", "grade": "B"}
    seen = aght.seen_report(E, reports.get(E, "LAP-001", RAKOR_AT), RAKOR_AT)
    citra.post(f"/{E}/aght/nilai/LAP-001/sumber/", {**grade, "seen": seen})
    assert reports.guard_counts(E, RAKOR_AT) == {("post_text", "participant", "refused"): 1}
    page = client_for("juwita").get(f"{ROOT}/penjagaan/").content.decode()
    assert "peserta pemilu" in page
    assert "aleg" not in pages.said(page)
    assert client_for("gita").get(f"{ROOT}/penjagaan/").status_code == 200
    for who in ("citra", "ani", "budi", "kartika"):
        assert client_for(who).get(f"{ROOT}/penjagaan/").status_code == 403


def test_a_search_for_a_person_asks_for_a_purpose_and_is_seen_by_bawaslu(with_places: Any, client_for: Any) -> None:
    citra = client_for("citra")
    before = record.root()
    assert "mencari orang" in citra.get(f"/{E}/cari/", {"q": "pak Contoh"}).content.decode()
    assert "mencari orang" in citra.get(f"/{E}/cari/", {"q": "pak Contoh", "tujuan": "iseng"}).content.decode()
    assert record.root() == before
    citra.get(f"/{E}/cari/", {"q": "pak Contoh", "tujuan": "report"})
    assert [(who, why) for _, who, _, why in reports.searches(E, RAKOR_AT)] == [("p-citra", "report")]
    page = client_for("juwita").get(f"{ROOT}/penjagaan/").content.decode()
    assert "Memeriksa laporan yang menyebut orang" in page
    assert "Contoh" not in page.partition("<main")[2]
    assert "mencari orang" not in citra.get(f"/{E}/cari/", {"q": "Gantung"}).content.decode()


def test_an_addition_is_a_task_until_an_analyst_says_that_it_was_read(with_places: Any, client_for: Any) -> None:
    citra = client_for("citra")
    citra.post(f"{ROOT}/baru/", {"text": "Lantai gudang basah lagi", "category": "LOG"})
    reports.add(E, "LAP-001", "Sekarang sudah kering kembali", reports.PUBLIC_ACTOR, RAKOR_AT)
    assert "Baca tambahan pada laporan LAP-001" in citra.get(f"/{E}/tugas/").content.decode()
    assert "Sekarang sudah kering" in citra.get(f"{ROOT}/LAP-001/").content.decode()
    assert "ada tambahan baru" in citra.get(f"{ROOT}/").content.decode()
    citra.post(f"{ROOT}/LAP-001/tambahan/")
    assert "Baca tambahan" not in citra.get(f"/{E}/tugas/").content.decode()


def test_a_long_list_comes_in_pages(with_places: Any, client_for: Any) -> None:
    filings = [
        (rules.filing(f"Laporan yang ke {n} dari berkas", category=rules.Category.LOG, channel=rules.Channel.LETTER,
                      source=rules.Source.UNKNOWN, place="", at=RAKOR_AT), None)
        for n in range(desk.PER_PAGE + 1)
    ]  # fmt: skip
    reports.take_in(E, filings, "e" * 64, with_places.actors["citra"], RAKOR_AT)
    citra = client_for("citra")
    assert "Halaman 1 dari 2" in citra.get(f"{ROOT}/").content.decode()
    page = citra.get(f"{ROOT}/", {"hal": "2"}).content.decode()
    assert page.count('<th scope="row"') == 1
    assert citra.get(f"{ROOT}/", {"keadaan": "closed"}).content.decode().count('<th scope="row"') == 0


def test_a_desk_form_that_is_sent_twice_is_one_report(installation: Any) -> None:
    beltim.at("places")
    at, ani = datetime(2023, 12, 5, 3, tzinfo=UTC), installation.actors["ani"]
    filing = rules.filing(
        "Jalan ke dermaga tertutup pohon", category=rules.Category.GEO, channel=rules.Channel.FACE, source=rules.Source.KPU,
        place="19.06.02.2001", at=at,
    )  # fmt: skip
    reports.file_report(E, filing, ani, at)
    with pytest.raises(rules.FiledJustNow):
        reports.file_report(E, filing, ani, at + timedelta(minutes=4))
    reports.file_report(E, filing, ani, at + timedelta(minutes=6))
    reports.file_report(E, filing, installation.actors["budi"], at + timedelta(minutes=6))
    for _ in range(2):
        reports.file_report(E, filing, reports.PUBLIC_ACTOR, at + timedelta(minutes=7))
    assert len(reports.listing(E, at + timedelta(hours=1))) == 5
