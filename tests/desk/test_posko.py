"""The post's screens: from a report to an answered letter by links and forms alone; and who is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from posko.cli.demo.context import RAKOR_AT
from posko.store import aght, recommendations, record, reports
from tests import beltim

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024"


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Places and the demo's reports, AGHT and recommendations; every TPS has 264 voters, an estimate."""
    beltim.estimated(monkeypatch, "reports", "aght", "recommendations")
    record.set_clock(RAKOR_AT, installation.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    return installation


PAGES = (
    "laporan/", "laporan/baru/", "laporan/LAP-001/", "laporan/LAP-009/", "aght/", "aght/peta/", "aght/matriks/", "aght/AGHT-01/",
    "aght/baru/?laporan=LAP-002", "aght/AGHT-01/kaji/", "aght/nilai/LAP-010/sumber/", "aght/nilai/LAP-001/keterangan/", "rekomendasi/",
    "rekomendasi/baru/?aght=AGHT-05", "rekomendasi/REK-01/", "rekomendasi/REK-02/", "rekomendasi/REK-04/", "laporan/ekspor.xlsx",
    "aght/ekspor.xlsx", "rekomendasi/ekspor.xlsx",
)  # fmt: skip


def test_every_page_opens_for_citra(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    assert {page: citra.get(f"{ROOT}/{page}").status_code for page in PAGES} == dict.fromkeys(PAGES, 200)


def test_the_ppk_and_another_regency_never_see_aght(post: Any, client_for: Any) -> None:
    pages = [page for page in PAGES if page.startswith(("aght", "rekomendasi"))]
    for who in ("budi", "dedi"):
        client = client_for(who)
        assert {client.get(f"{ROOT}/{page}").status_code for page in pages} == {403}


def test_those_who_may_only_file_see_the_slot_and_no_words(post: Any, client_for: Any) -> None:
    budi = client_for("budi")
    page = budi.get(f"{ROOT}/laporan/").content.decode()
    assert "Tulis laporan" in page
    assert "bocor" not in page
    assert budi.get(f"{ROOT}/laporan/LAP-001/").status_code == 403


def test_pages_that_show_aght_say_that_nothing_real_may_be_entered(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    for page in ("aght/", "aght/peta/", "aght/matriks/", "aght/AGHT-01/", "aght/baru/"):
        assert "Jangan memasukkan AGHT yang sesungguhnya" in citra.get(f"{ROOT}/{page}").content.decode()


def test_bawaslu_reads_reports_but_not_how_to_reach_the_reporter(post: Any, client_for: Any) -> None:
    client_for("citra").post(
        f"{ROOT}/laporan/baru/", {"text": "Lantai gudang basah lagi", "category": "LOG", "channel": "phone", "contact": "pos ronda"}
    )
    number = reports.listing(E, RAKOR_AT)[0].number
    assert "pos ronda" in client_for("citra").get(f"{ROOT}/laporan/{number}/").content.decode()
    assert "pos ronda" not in client_for("juwita").get(f"{ROOT}/laporan/{number}/").content.decode()


def test_a_draft_is_not_found_by_the_addressee_and_an_issued_letter_is_a_pdf(post: Any, client_for: Any) -> None:
    ani = client_for("ani")
    assert ani.get(f"{ROOT}/rekomendasi/REK-04/").status_code == 302
    letter = ani.get(f"{ROOT}/rekomendasi/REK-03/surat.pdf")
    assert letter.content.startswith(b"%PDF")
    assert letter.content == ani.get(f"{ROOT}/rekomendasi/REK-03/surat.pdf").content


def test_from_report_to_answered_letter_through_the_forms(post: Any, client_for: Any) -> None:
    citra, gita, ani, fajar = (client_for(who) for who in ("citra", "gita", "ani", "fajar"))
    citra.post(f"{ROOT}/laporan/baru/", {"text": "Jembatan ke desa retak, truk tidak lewat", "category": "GEO", "place": "19.06.02.2003"})
    number = reports.listing(E, RAKOR_AT)[0].number
    grade = {"claim": "Jembatan tidak dapat dilalui truk", "chain": number, "basis": "petugas melihat"}

    def seen() -> str:
        return aght.seen_report(E, reports.get(E, number, RAKOR_AT), RAKOR_AT)

    citra.post(f"{ROOT}/aght/nilai/{number}/sumber/", {**grade, "grade": "B", "seen": seen()})
    citra.post(f"{ROOT}/aght/nilai/{number}/keterangan/", {"grade": "2", "basis": "cocok dengan foto", "seen": seen()})
    item = {
        "title": "Jembatan retak",
        "place": "19.06.02.2003",
        "claim": grade["claim"],
        "operational": "1",
        "happening": "1",
        "report": number,
    }
    item |= {"gatra": "geografi", "variable": "6", "low": "5", "mode": "20", "high": "60", "prior": "10"}
    item |= {"last_useful": "2024-02-12T06:00"}
    opened = citra.post(f"{ROOT}/aght/baru/", item)
    assert opened.status_code == 302
    code = opened["Location"].rstrip("/").rpartition("/")[2]
    text = dict.fromkeys(("dasar", "fakta", "analisis", "ukuran", "risiko"), "isi")
    text |= {"subject": "Jalan lain ke desa", "addressee": "KPU", "nature": "Segera", "due": "2023-12-20T10:00", "aght": code}
    drafted = citra.post(f"{ROOT}/rekomendasi/baru/", {**text, "saran": "Menyarankan agar KPU memakai jalan lain"})
    rec = drafted["Location"].rstrip("/").rpartition("/")[2]
    step = f"{ROOT}/rekomendasi/{rec}/langkah/"
    assert ani.post(step, {"act": "approved"}).status_code in {302, 403}
    for client, said in (
        (citra, {"act": "submitted"}), (gita, {"act": "approved"}), (gita, {"act": "issued"}), (ani, {"act": "received"}),
        (fajar, {"act": "refused", "reason_code": "alternatif_lain", "reason": "Logistik lewat laut"}),
    ):  # fmt: skip
        assert client.post(step, said).status_code == 302
    final = recommendations.get(E, rec, RAKOR_AT)
    assert (final.state.value, final.reason) == ("DITOLAK", "Logistik lewat laut")


def test_nobody_but_those_allowed_can_step(post: Any, client_for: Any) -> None:
    step = f"{ROOT}/rekomendasi/REK-03/langkah/"
    for who in ("citra", "gita", "juwita", "indra", "budi", "dedi"):
        assert client_for(who).post(step, {"act": "received"}).status_code == 403
    assert recommendations.get(E, "REK-03", RAKOR_AT).state.value == "TERBIT"


def test_a_refused_form_keeps_what_was_typed(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    page = citra.post(f"{ROOT}/laporan/baru/", {"text": "pendek", "category": "LOG", "place_note": "dekat dermaga"}).content.decode()
    assert "dekat dermaga" in page
    said = {"title": "Partai di dermaga", "claim": "x", "operational": "1", "low": "0", "mode": "1", "high": "2", "prior": "10"}
    said |= {"gatra": "geografi", "variable": "6", "place": "19.06:G01", "last_useful": "2024-02-12T06:00"}
    page = citra.post(f"{ROOT}/aght/baru/", said).content.decode()
    assert "Partai di dermaga" in page
    assert "tidak memuat sebutan" in page


@pytest.mark.parametrize("prior", ["", "abc", "100", "-1", "1,23", "٣", "9" * 40])
def test_nonsense_in_numbers_is_refused_not_broken(post: Any, client_for: Any, prior: str) -> None:
    said = {"title": "x", "claim": "y", "operational": "1", "low": prior, "mode": "1", "high": "2", "prior": prior, "place": "19.06:G01"}
    assert client_for("citra").post(f"{ROOT}/aght/baru/", said).status_code == 200
