"""Evidence on the screen: who may read the stage sees the file, attaching comes back to its page, what is no photo is refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import RequestFactory

from posko.desk import evidence as desk
from posko.store import evidence, record
from tests.conftest import RAKOR_AT
from tests.formats.test_picture import PDF, photo, with_gps

pytestmark = pytest.mark.django_db
E, S = "pemilu-2024", "receipt:TRM-001"
ADD, DRAW = f"/{E}/bukti/tambah/", f"/{E}/bukti/tarik/"


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path


def add(client: Any, *data: bytes, **values: str) -> str:
    files = [SimpleUploadedFile(f"IMG_{n}.jpg", one) for n, one in enumerate(data)]
    said = {"stage": "receipts", "subject": S, "what": "photo", "next": f"/{E}/penerimaan/", "file": files, **values}
    return str(client.post(ADD, said, follow=True).content.decode())


def attached(installation: Any, data: bytes, what: str = "photo", stage: str = "receipts") -> str:
    return evidence.attach(E, stage, S, what, data, "x", installation.actors["lutfi"], RAKOR_AT).kept.sha256


def test_lutfi_attaches_two_photos_at_once_and_comes_back_to_the_page(installation: Any, client_for: Callable[[str], Any]) -> None:
    page = add(client_for("lutfi"), photo(), with_gps())
    assert page.count("Foto disimpan") == 2
    assert "Penerimaan logistik" in page
    found = evidence.of(E, S, RAKOR_AT)
    assert [f.person for f in found] == ["p-lutfi", "p-lutfi"]
    assert all(b"Exif" not in evidence.open_file(E, f.kept.sha256)[0].read_bytes() for f in found)


def test_a_picture_is_served_inert_and_a_scan_only_as_a_download(installation: Any, client_for: Callable[[str], Any]) -> None:
    citra = client_for("citra")
    picture, scan = attached(installation, photo()), attached(installation, PDF, "signed_scan")
    shown = citra.get(f"/{E}/bukti/{picture}/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert shown["Content-Disposition"].startswith("inline;")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    small = citra.get(f"/{E}/bukti/{picture}/?kecil")
    assert small.content.startswith(b"\xff\xd8\xff")
    assert len(small.content) < len(shown.content)
    down = citra.get(f"/{E}/bukti/{scan}/?kecil")
    assert (down["Content-Type"], down.content) == ("application/pdf", PDF)
    assert down["Content-Disposition"].startswith("attachment;")


def test_who_may_not_read_the_stage_does_not_see_its_evidence(installation: Any, client_for: Callable[[str], Any]) -> None:
    sha = attached(installation, photo(), stage="aght")
    assert client_for("citra").get(f"/{E}/bukti/{sha}/").status_code == 200
    assert client_for("budi").get(f"/{E}/bukti/{sha}/").status_code == 403, "a PPK reads no AGHT"
    assert client_for("dedi").get(f"/{E}/bukti/{sha}/").status_code == 403, "Dedi works in another regency"
    assert client_for("citra").get(f"/pilkada-2024/bukti/{sha}/").status_code == 404
    assert client_for("citra").get(f"/{E}/bukti/{'0' * 64}/").status_code == 404
    assert add(client_for("lutfi"), photo(), stage="aght").count("Bukan bagian Anda") >= 1
    assert len(evidence.of(E, S, RAKOR_AT)) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<html>bukan foto</html>", "terbaca: halaman web"),
        (b"GIF89a" + bytes(30), "terbaca: GIF"),
        (photo()[:700], "rusak atau terpotong"),
        (b"", "kosong"),
        (PDF.replace(b"/Type", b"/OpenAction 3 0 R /Type"), "bagian aktif (OpenAction)"),
    ],
)
def test_a_photo_that_is_no_photo_is_refused_in_words_and_nothing_is_recorded(
    installation: Any, client_for: Callable[[str], Any], data: bytes, sentence: str
) -> None:
    before = record.root()
    assert sentence in add(client_for("lutfi"), data)
    assert evidence.of(E, S, RAKOR_AT) == []
    assert record.root() == before


def test_a_form_without_file_says_so_and_an_unknown_stage_or_sentence_is_refused(
    installation: Any, client_for: Callable[[str], Any]
) -> None:
    lutfi = client_for("lutfi")
    assert "Pilih foto" in add(lutfi)
    for wrong in ({"stage": "rahasia"}, {"subject": "Pak Budi"}, {"what": "foto kotak"}):
        assert "tidak bisa ditautkan" in add(lutfi, photo(), **wrong)


@pytest.mark.parametrize("elsewhere", ["https://contoh.id/", "//contoh.id/", "javascript:alert(1)", "/\\contoh.id", ""])
def test_after_attaching_nobody_is_sent_to_another_host(installation: Any, client_for: Callable[[str], Any], elsewhere: str) -> None:
    said = {"stage": "receipts", "subject": S, "what": "photo", "next": elsewhere, "file": SimpleUploadedFile("x.jpg", photo())}
    assert client_for("lutfi").post(ADD, said)["Location"] == f"/{E}/tugas/"


def test_a_changed_file_is_not_shown_and_the_page_says_whom_to_tell(installation: Any, client_for: Callable[[str], Any]) -> None:
    sha = attached(installation, photo())
    evidence.open_file(E, sha)[0].write_bytes(photo("PNG"))
    answer = client_for("citra").get(f"/{E}/bukti/{sha}/")
    assert answer.status_code == 410
    assert "pulihkan dari cadangan" in answer.content.decode()


def test_the_author_withdraws_at_once_and_another_only_with_reason_and_a_second_person(
    installation: Any, client_for: Callable[[str], Any]
) -> None:
    sha = attached(installation, photo())
    oki, lutfi = client_for("oki"), client_for("lutfi")
    said = {"subject": S, "sha256": sha, "next": f"/{E}/penerimaan/"}
    assert "Tulis alasan" in oki.post(DRAW, said, follow=True).content.decode()
    assert "Perlu orang kedua" in oki.post(DRAW, {**said, "reason": "foto kotak lain"}, follow=True).content.decode()
    wrong = {**said, "reason": "foto kotak lain", "second": "ani", "second_password": "salah"}
    assert "Berkas ditarik" not in oki.post(DRAW, wrong, follow=True).content.decode()
    assert len(evidence.of(E, S, RAKOR_AT)) == 1
    assert "Berkas ditarik" in lutfi.post(DRAW, said, follow=True).content.decode()
    assert evidence.of(E, S, RAKOR_AT) == []


def shown(installation: Any, who: str) -> str:
    request: Any = RequestFactory().get(f"/{E}/penerimaan/terima/TRM-001/")
    request.person, request.at, request.election = installation.people[who], RAKOR_AT, record.election(E)
    return render_to_string("desk/evidence/_list.html", {**desk.context(request, "receipts", S), "election_code": E})


def test_the_part_of_a_page_says_what_to_do_first_then_lists_hash_who_and_when(installation: Any) -> None:
    assert "Belum ada foto" in shown(installation, "lutfi")
    assert "Lampirkan berkas" not in shown(installation, "citra"), "Citra reads only"
    sha = attached(installation, photo())
    page = shown(installation, "lutfi")
    for part in (sha[:16], "oleh Lutfi", "5 Des. 2023, 10.00 WIB", "menariknya sendiri", f"/{E}/bukti/{sha}/", 'capture="environment"'):
        assert part in page
    assert "Orang kedua" in shown(installation, "oki")
    assert "Tarik berkas" not in shown(installation, "citra")
