"""The citizen's form: no account, no trace, a ticket; and what hostile visitors get."""

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from posko.domain import reports as rules
from posko.formats import pages
from posko.public import door
from posko.public import reports as public
from posko.store import places, reports
from tests import beltim

pytestmark = pytest.mark.django_db
GOOD = {"text": "Atap gudang bocor di sisi timur", "category": "LOG"}


@pytest.fixture
def eka(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    cache.clear()
    for name in ("desa_list", "kecamatan_list", "sites"):
        monkeypatch.setattr(places, name, lambda _region: [])
    monkeypatch.setattr(places, "tps_list", lambda _election: [])
    return Client()


def send(client: Client, **more: str) -> Any:
    from urllib.parse import urlencode

    return client.post("/lapor/", urlencode({**GOOD, **more}), content_type="application/x-www-form-urlencoded")


def test_eka_reports_and_follows_without_an_account(eka: Client) -> None:
    answer = send(eka)
    assert answer.status_code == 302
    page = eka.get(answer["Location"])
    assert page.status_code == 200
    assert "Catat kode ini" in page.content.decode()
    plain = eka.get(answer["Location"].partition("?")[0]).content.decode()
    assert "Diterima" in plain
    assert "bocor" not in plain
    assert page["Referrer-Policy"] == "no-referrer"


def test_the_form_says_what_it_must_before_anything_is_sent(eka: Client) -> None:
    page = eka.get("/lapor/").content.decode()
    for sentence in ("(wajib)", "tidak pernah diterbitkan", "tidak menjamin perlindungan", "Posko tidak menyelidiki"):
        assert sentence in page
    assert "<script" not in page.replace('<script type="module" src="/static/', "")


def test_nothing_about_the_visitor_is_stored(eka: Client) -> None:
    from posko.store import record

    send(eka)
    kept = b"".join(bytes(o.envelope) + bytes(o.facts) + bytes(o.private or b"") for o in record.Opening.objects.all())
    assert b"127.0.0.1" not in kept
    assert "posko_sesi" not in eka.cookies


def test_eka_is_told_that_a_number_was_hidden(eka: Client) -> None:
    answer = send(eka, text="Nomor saya " + "9" * 16 + " gudang bocor")
    assert "disamarkan=1" in answer["Location"]
    assert "menyamarkan" in eka.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("more", "status"), [({"situs": "http://x"}, 400), ({"text": "x"}, 400), ({"text": "x" * 5000}, 400), ({"place": "'; DROP"}, 400)]
)
def test_traps_and_nonsense_are_refused_with_the_typed_text_kept(eka: Client, more: dict[str, str], status: int) -> None:
    answer = send(eka, **more)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert reports.Report.objects.count() == 0


def test_markup_comes_back_as_text(eka: Client) -> None:
    page = send(eka, text="<b>x", place_note='"><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in page


def test_long_bodies_and_other_kinds_of_bodies_are_not_taken(eka: Client) -> None:
    assert send(eka, contact="x" * 20000).status_code == 413
    assert eka.post("/lapor/", {**GOOD, "contact": "x" * 20000}).status_code == 413
    assert eka.post("/lapor/", '{"text": "x"}', content_type="application/json").status_code == 413
    assert reports.Report.objects.count() == 0


def a_photo(name: str = "foto.jpg", kind: str = "JPEG") -> SimpleUploadedFile:
    exif = Image.Exif()
    exif[0x010F] = "KAMERA-RAHASIA"
    exif.get_ifd(0x8825)[2] = (2.0, 52.0, 30.0)
    target = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 80)).save(target, kind, exif=exif)
    return SimpleUploadedFile(name, target.getvalue(), content_type="image/jpeg")


def test_photos_come_with_a_report_and_lose_their_place_and_camera(eka: Client) -> None:
    answer = eka.post("/lapor/", {**GOOD, "files": [a_photo(), a_photo("b.png", "PNG")]})
    assert answer.status_code == 302
    kept = list(reports.ReportAttachment.objects.all())
    assert [row.kind for row in kept] == ["jpeg", "png"]
    assert all(b"RAHASIA" not in bytes(row.data) for row in kept)
    page = eka.get(answer["Location"].partition("?")[0]).content.decode()
    assert "2 lampiran diterima" in page
    assert "<img" not in page.partition("<main")[2]


def test_a_wrong_kind_a_fourth_and_a_large_file_are_refused_by_name_and_the_words_are_kept(eka: Client) -> None:
    for files, said in (
        ([SimpleUploadedFile("program.exe", b"MZ" + b"\0" * 99)], "program.exe bukan foto"),
        ([SimpleUploadedFile("kerja.docx", b"PK\x03\x04" + b"\0" * 99)], "Word"),
        ([a_photo() for _ in range(4)], "Paling banyak 3"),
        ([SimpleUploadedFile("besar.jpg", b"\xff\xd8\xff" + b"\0" * pages.MOST_BYTES)], "besar.jpg lebih besar dari 6 MB"),
    ):
        answer = eka.post("/lapor/", {**GOOD, "files": files})
        assert answer.status_code == 400
        page = answer.content.decode()
        assert said in page
        assert GOOD["text"] in page
    assert reports.Report.objects.count() == 0


def test_a_flood_of_files_is_stopped_and_a_report_without_is_still_taken(eka: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "FILES_PER_HOUSE", 1)
    assert eka.post("/lapor/", {**GOOD, "files": [a_photo()]}).status_code == 302
    answer = eka.post("/lapor/", {**GOOD, "files": [a_photo()]})
    assert answer.status_code == 429
    assert "tanpa lampiran" in answer.content.decode()
    assert send(eka).status_code == 302


def ticket_of(eka: Client, **more: str) -> str:
    return str(send(eka, **more)["Location"].split("/")[2])


def test_eka_adds_to_a_report_with_the_ticket_and_reads_the_dates_and_not_the_words(eka: Client) -> None:
    ticket = ticket_of(eka)
    answer = eka.post(f"/lapor/{ticket}/tambah/", {"text": "Sekarang lantainya basah juga"})
    assert answer["Location"] == f"/lapor/{ticket}/?tambah=1"
    page = eka.get(answer["Location"]).content.decode()
    assert f'maxlength="{rules.ADDITION_LONGEST}"' in page
    assert "Tambahan Anda diterima" in page
    assert "lantainya" not in page
    assert eka.get(f"/lapor/{ticket}/tambah/")["Location"] == f"/lapor/{ticket}/"


def test_bad_additions_are_refused_with_the_words_kept_and_a_wrong_ticket_adds_nothing(eka: Client) -> None:
    ticket = ticket_of(eka)
    page = eka.post(f"/lapor/{ticket}/tambah/", {"text": "pendek"})
    assert page.status_code == 400
    assert "pendek" in page.content.decode()
    assert eka.post("/lapor/AAAA/tambah/", {"text": "Sekarang lantainya basah juga"}).status_code == 404
    assert eka.post(f"/lapor/{ticket}/tambah/", {"text": "Sekarang lantainya basah juga", "situs": "x"}).status_code == 400
    assert reports.ReportAddition.objects.count() == 0


def test_additions_count_against_the_same_flood_limit(eka: Client) -> None:
    ticket = ticket_of(eka)
    for n in range(door.PER_VISITOR - 1):
        eka.post(f"/lapor/{ticket}/tambah/", {"text": f"Tambahan yang ke {n} dari warga"})
    assert eka.post(f"/lapor/{ticket}/tambah/", {"text": "Tambahan yang terlalu banyak"}).status_code == 429


def test_the_law_is_said_before_anything_is_sent_and_no_article_is_invented(eka: Client) -> None:
    page = eka.get("/lapor/").content.decode()
    for sentence in ("tidak dapat menjanjikan perlindungan", "boleh kosong", "uji coba", "Foto tidak pernah diterbitkan"):
        assert sentence in page
    assert "pasal" not in page.lower()


@pytest.mark.django_db
def test_the_tps_of_a_desa_are_chosen_without_a_script_and_nothing_typed_is_lost(installation: Any) -> None:
    beltim.through("places")
    cache.clear()
    eka = Client()
    page = eka.post("/lapor/", {**GOOD, "place": "19.06.02.2001", "contact": "pos ronda", "langkah": "tps"}).content.decode()
    assert 'value="19.06.02.2001.001"' in page
    for kept in (GOOD["text"], "pos ronda", 'value="LOG" selected', 'value="19.06.02.2001" selected'):
        assert kept in page
    assert reports.Report.objects.count() == 0
    answer = eka.post("/lapor/", {**GOOD, "place": "19.06.02.2001", "tps": "19.06.02.2001.001"})
    assert answer.status_code == 302
    assert reports.Report.objects.get().place == "19.06.02.2001.001"
    assert len(page.encode()) < 60_000


def test_a_closed_report_takes_no_addition(eka: Client, installation: Any) -> None:
    from datetime import UTC, datetime

    ticket = ticket_of(eka)
    number = reports.Report.objects.get().number
    reports.set_status("pemilu-2024", number, rules.Status.CLOSED, installation.actors["citra"], datetime(2023, 12, 5, 3, tzinfo=UTC))
    assert "Tambah keterangan" not in eka.get(f"/lapor/{ticket}/").content.decode()
    assert eka.post(f"/lapor/{ticket}/tambah/", {"text": "Sekarang lantainya basah juga"}).status_code == 400


def test_a_flood_from_one_address_is_stopped_and_the_words_are_kept(eka: Client) -> None:
    for _ in range(door.PER_VISITOR):
        assert send(eka).status_code == 302
    last = send(eka)
    assert last.status_code == 429
    assert GOOD["text"] in last.content.decode()


@pytest.mark.parametrize("ticket", ["AAAA", "0000-0000-0000-1", "%00", "x" * 300, "..%2F..%2Fetc"])
def test_a_wrong_ticket_gets_a_plain_answer(eka: Client, ticket: str) -> None:
    assert eka.get(f"/lapor/{ticket}/").status_code == 404


def test_a_ticket_typed_by_hand_leads_to_its_page(eka: Client) -> None:
    ticket = send(eka)["Location"].split("/")[2]
    answer = eka.get("/lapor/kode/", {"kode": ticket.lower().replace("-", " ")})
    assert answer["Location"] == f"/lapor/{ticket}/"
    assert rules.parse_ticket(ticket)
