"""The screens of what the public may see: look, propose, approve exactly that, correct, and stop; who may do which."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from posko.domain import releases as rules
from posko.formats import table
from posko.store import extracts, readiness, record, releases
from tests import beltim
from tests.publications import compose, offered
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024/terbitan/"
For = Callable[[str], Client]
REASON = "TPS 3 tertulis di desa yang salah"


@pytest.fixture
def regency(installation: Any) -> Any:
    """The places of Belitung Timur; nothing else has happened."""
    beltim.at("places")
    return installation


@pytest.fixture
def here(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A regency of four TPS on paper: what is offered is tested where it is gathered."""
    monkeypatch.setattr(extracts, "gather", lambda _election, at, _policy=None: offered(at))
    return installation


def page(client: Client, address: str = "") -> str:
    answer = client.get(ROOT + address, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def seen_in(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', text)
    assert found
    return found[1]


def propose(ani: Client, **more: Any) -> Any:
    typed = {"asked": "1", "seen": seen_in(page(ani, "usul/")), "section": list(rules.CHOOSABLE)}
    return ani.post(f"{ROOT}usul/", typed | more)


def published(client_for: For) -> None:
    answer = propose(client_for("ani"))
    address = str(answer.headers["Location"])
    fajar = client_for("fajar")
    fajar.post(f"{address}setuju/", {"seen": seen_in(fajar.get(address).content.decode())})


def test_an_empty_page_says_what_to_do_first_and_to_whom(here: Any, client_for: For) -> None:
    assert "Buat usulan terbitan" in page(client_for("ani"))
    told = page(client_for("juwita"))
    assert "publik belum membaca apa pun" in told
    assert "Buat usulan terbitan</a>" not in told


def test_ani_proposes_what_she_saw_and_fajar_publishes_exactly_that(here: Any, client_for: For) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    answer = propose(ani)
    assert answer.headers["Location"] == f"{ROOT}usulan/TRB-001/"
    assert "Anda yang mengusulkan" in page(ani, "usulan/TRB-001/")
    assert "TRB-001" in page(fajar)
    assert "Setujui atau tolak Terbitan 1" in fajar.get("/pemilu-2024/tugas/").content.decode()
    digest = releases.proposal(E, "TRB-001", RAKOR_AT).digest
    shown = page(fajar, "usulan/TRB-001/")
    assert digest in shown
    assert "Ini terbitan pertama" in shown
    fajar.post(f"{ROOT}usulan/TRB-001/setuju/", {"seen": "0" * 64})
    assert releases.latest(E, RAKOR_AT) is None
    told = fajar.post(f"{ROOT}usulan/TRB-001/setuju/", {"seen": digest}, follow=True).content.decode()
    assert "Terbitan 1 sudah terbit" in told
    latest = releases.latest(E, RAKOR_AT)
    assert latest is not None
    assert latest.digest == digest
    again = fajar.post(f"{ROOT}usulan/TRB-001/setuju/", {"seen": digest}, follow=True).content.decode()
    assert "sudah diputuskan" in again
    assert len(releases.history(E, RAKOR_AT)) == 1


def test_a_preview_that_changed_is_not_proposed_and_what_was_typed_stays(here: Any, client_for: For) -> None:
    ani = client_for("ani")
    answer = propose(ani, seen="0" * 64)
    assert answer.status_code == 200
    told = answer.content.decode()
    assert "Pratinjau sudah berubah" in told
    assert releases.proposals(E, RAKOR_AT) == []
    published(client_for)
    short = propose(ani, corrects="1", reason_code="place", reason="pendek").content.decode()
    assert "Tulis alasannya" in short
    assert ">pendek</textarea>" in short
    assert '<option value="place" selected>' in short


def test_parts_can_be_left_out_of_a_publication(here: Any, client_for: For) -> None:
    ani = client_for("ani")
    told = page(ani, "usul/?asked=1&section=receipts")
    assert "Tidak memuat rekomendasi" in told
    ani.post(f"{ROOT}usul/", {"asked": "1", "seen": seen_in(told), "section": ["receipts"]})
    made = releases.proposed(E, "TRB-001", RAKOR_AT)
    assert "receipts" in made.sections
    assert "guard" not in made.sections


def test_before_the_yes_the_public_pages_can_be_opened_as_they_will_be(here: Any, client_for: For) -> None:
    propose(client_for("ani"))
    client = client_for("fajar")
    assert "/halaman/index.html" in page(client, "usulan/TRB-001/")
    answer = client.get(f"{ROOT}usulan/TRB-001/halaman/index.html")
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Belitung Timur" in answer.content.decode()
    assert client.get(f"{ROOT}usulan/TRB-001/halaman/data/terbitan.json").content == releases.proposed(E, "TRB-001", RAKOR_AT).content
    for missing in ("TRB-001/halaman/../index.html", "TRB-001/halaman/x.html", "TRB-009/halaman/index.html"):
        assert client.get(f"{ROOT}usulan/{missing}").status_code == 404
    assert Client().get(f"{ROOT}usulan/TRB-001/halaman/index.html").status_code == 302


@pytest.mark.parametrize(("name", "may"), [("ani", False), ("citra", False), ("juwita", False), ("hadi", False), ("fajar", True)])
def test_only_the_head_of_the_kpu_sends_out_and_stops(here: Any, client_for: For, name: str, may: bool) -> None:
    propose(client_for("ani"))
    client = client_for(name)
    digest = releases.proposal(E, "TRB-001", RAKOR_AT).digest
    assert (client.post(f"{ROOT}usulan/TRB-001/setuju/", {"seen": digest}).status_code == 302) == may
    assert (releases.latest(E, RAKOR_AT) is not None) == may
    assert (client.post(f"{ROOT}aturan/ATR-001/henti/", {"reason": REASON}).status_code == 302) == may


def test_fajar_refuses_with_a_reason_and_ani_takes_back(here: Any, client_for: For) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    propose(ani)
    assert "Tulis alasannya" in fajar.post(f"{ROOT}usulan/TRB-001/tolak/", {"reason": ""}, follow=True).content.decode()
    fajar.post(f"{ROOT}usulan/TRB-001/tolak/", {"reason": REASON})
    assert REASON in page(ani, "usulan/TRB-001/")
    propose(ani)
    ani.post(f"{ROOT}usulan/TRB-002/tarik/", {"reason": REASON})
    assert [one.outcome for one in releases.proposals(E, RAKOR_AT)] == ["withdrawn", "refused"]


def test_a_proposal_that_nobody_decided_leads_its_proposer_to_a_new_one(here: Any, client_for: For, cast: Any) -> None:
    ani = client_for("ani")
    propose(ani)
    record.set_clock(RAKOR_AT + timedelta(hours=25), here.actors["kartika"], machine_at=datetime(2026, 1, 2, tzinfo=UTC))
    for address in ("/pemilu-2024/beranda/", "/"):
        answer = ani.get(address, follow=True)
        assert answer.status_code == 200
    assert f'href="{ROOT}usul/"' in ani.get("/pemilu-2024/beranda/").content.decode()


def test_a_correction_shows_on_the_wrong_one_and_in_the_history(here: Any, client_for: For) -> None:
    published(client_for)
    ani, fajar = client_for("ani"), client_for("fajar")
    assert "Koreksi terbitan ini" in page(ani, "1/")
    assert '<option value="1" selected>' in page(ani, "usul/?corrects=1")
    address = propose(ani, corrects="1", reason_code="place", reason=REASON).headers["Location"]
    fajar.post(f"{address}setuju/", {"seen": releases.proposal(E, "TRB-002", RAKOR_AT).digest})
    wrong = page(client_for("juwita"), "1/")
    assert "Terbitan ini salah" in wrong
    assert REASON in wrong
    assert "Koreksi terbitan ini" not in page(ani, "1/")
    assert "dikoreksi" in page(ani)


def test_what_was_not_for_the_public_is_opened_by_the_head_and_the_overseer_only(here: Any, client_for: For) -> None:
    published(client_for)
    address = propose(client_for("ani"), corrects="1", reason_code="not_public", reason=REASON).headers["Location"]
    client_for("fajar").post(f"{address}setuju/", {"seen": releases.proposal(E, "TRB-002", RAKOR_AT).digest})
    for name, opened in (("fajar", True), ("juwita", True), ("ani", False), ("citra", False), ("hadi", False), ("indra", False)):
        assert (client_for(name).get(f"{ROOT}1/berkas.json").status_code == 200) == opened, name
        assert (client_for(name).get(f"{ROOT}1/").status_code == 200) == opened, name
    assert "ditutup: memuat" in page(client_for("citra"), "1/")


def test_the_file_is_the_exact_bytes_and_the_page_proves_them(here: Any, client_for: For) -> None:
    published(client_for)
    client = client_for("indra")
    answer = client.get(f"{ROOT}1/berkas.json")
    made = rules.read(answer.content)
    assert made == releases.get(E, 1, RAKOR_AT)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="terbitan-1.json"'
    told = page(client, "1/")
    assert made.digest in told
    assert "angka dihitung ulang dari isi terbitan, 0 berbeda" in told
    assert told.count("benar</span>") == 4
    assert "salah</span>" not in told
    for row in made.sections["figures"]:
        assert f'id="angka-{row["code"]}"' in told
    assert client.get(f"{ROOT}99/").status_code == 404
    assert client.get(f"{ROOT}usulan/TRB-099/").status_code == 404


def test_small_numbers_and_unknown_ones_have_words_and_are_no_nought(here: Any, client_for: For) -> None:
    made = compose(None, RAKOR_AT, embargoed=3)
    waits = releases.propose(E, made, here.actors["ani"], RAKOR_AT)
    told = page(client_for("fajar"), f"usulan/{waits.code}/")
    assert "Pemeriksaan yang masih ditunda: <strong>ditahan</strong>" in told
    assert "belum diketahui" in told
    assert not re.search(r">\s*-[12]\b", told)


def test_a_rule_is_proposed_approved_and_stopped_by_forms_alone(here: Any, client_for: For) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    bad = ani.post(f"{ROOT}aturan/", {"hours": "malam", "first": "2023-12-05", "last": "2024-02-14"})
    assert "Isi jam seperti" in bad.content.decode()
    assert 'value="malam"' in bad.content.decode()
    for first, last in (("2023-12-05", "2023-12-04"), ("x", "2024-02-14"), ("2023-12-05", "2025-01-01")):
        answer = ani.post(f"{ROOT}aturan/", {"hours": "18.00", "first": first, "last": last})
        assert answer.status_code == 200
    ani.post(f"{ROOT}aturan/", {"hours": "6, 18.00", "first": "2023-12-05", "last": "2024-02-14", "section": ["receipts"]})
    asked = page(fajar)
    assert "06.00, 18.00 WIB" in asked
    assert "Rabu, 14 Februari 2024" in asked
    fajar.post(f"{ROOT}aturan/ATR-001/jawab/", {"answer": "yes", "seen": "0" * 64})
    assert releases.in_force(E, RAKOR_AT) is None
    fajar.post(f"{ROOT}aturan/ATR-001/jawab/", {"answer": "yes", "seen": seen_in(asked)})
    found = releases.in_force(E, RAKOR_AT)
    assert found is not None
    assert found.rule.until_at == datetime(2024, 2, 14, 17, tzinfo=UTC)
    fajar.post(f"{ROOT}aturan/ATR-001/henti/", {"reason": "Angka gudang sedang diperiksa"})
    assert releases.in_force(E, RAKOR_AT) is None
    told = page(ani)
    assert "Angka gudang sedang diperiksa" in told
    assert "Tidak ada aturan yang berlaku" in told


def test_the_page_says_what_would_change_and_which_rule_could_not_publish(regency: Any, client_for: For) -> None:
    published(client_for)
    before = RAKOR_AT - timedelta(hours=3)
    checks = [
        readiness.rules.Check(
            "19.06.01.2001.001", readiness.rules.Answer.YES, (), *([readiness.rules.Answer.NO] * 3), before, "p-budi", "PPK"
        )
    ]
    readiness.record_checks(E, checks, RAKOR_AT)
    told = page(client_for("ani"))
    assert "TPS belum siap" in told
    assert "1 dari 363" in told
    asked = releases.propose_rule(E, (), (540,), RAKOR_AT, RAKOR_AT + timedelta(days=2), regency.actors["ani"], RAKOR_AT)
    releases.approve_rule(E, asked.rule.code, regency.actors["fajar"], asked.rule.digest, RAKOR_AT)
    releases.publish_by_rule(E, asked.rule.code, RAKOR_AT, None, "releases.code_inside", RAKOR_AT)
    assert "1 kali aturan tidak dapat menerbitkan" in page(client_for("ani"))


def test_the_history_is_a_workbook_with_a_line_a_publication_and_every_figure(here: Any, client_for: For) -> None:
    published(client_for)
    book = table.read("terbitan.xlsx", client_for("juwita").get(f"{ROOT}ekspor.xlsx").content)
    rows, figures = ([list(row) for row in sheet.rows] for sheet in book.sheets)
    assert [sheet.name for sheet in book.sheets] == ["Terbitan", "Angka"]
    assert [row[0] for row in rows] == ["Nomor", 1]
    assert rows[1][-2] == "[SIMULASI]"
    told = {row[1]: row[3] for row in figures}
    assert (told["tps"], told["ready"], told["voters"]) == (4, 2, 800)


def test_every_refusal_task_and_signal_has_its_sentence() -> None:
    from posko.desk import releases as desk

    codes = {one.code for one in vars(rules).values() if isinstance(one, type) and issubclass(one, record.rules.Refusal)}
    assert codes - {"refused"} <= set(desk.SENTENCES)
    assert set(desk.REASONS) == set(rules.PUBLIC_REASONS.values())
    assert set(desk.HOW) == {one.code for one in rules.FIGURES}
    assert set(desk.WRONG) == set(rules.REASONS)
    assert set(desk.SECTIONS) == set(rules.CHOOSABLE)
    assert set(desk.TOTALS) == set(rules.TOTALS)
