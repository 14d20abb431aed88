"""The journal on the screen, and the clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from posko.domain.record import Actor, Draft
from posko.store import record
from tests import pages

pytestmark = pytest.mark.django_db
PAGE = "/pemilu-2024/jurnal/"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)


def write(kind: str, word: str) -> str:
    with transaction.atomic():
        draft = Draft(kind, "pemilu-2024", f"{kind.partition('.')[0]}:1", "19.06", Actor("p-citra", "KEJARI"), AT, {"word": word})
        return record.append([draft], at=AT)[0].entry_id


def test_the_list_shows_the_root_and_every_entry_fits(client_for: Callable[[str], Client]) -> None:
    page = client_for("ani").get(PAGE).content.decode()
    assert record.root()[1] in page
    assert "tidak cocok" not in page
    assert "0 catatan" not in page


def test_the_whole_journal_is_recomputed_on_request_and_a_change_is_named(client_for: Callable[[str], Client]) -> None:
    client = client_for("juwita")
    assert "dihitung ulang" in client.get(PAGE + "?periksa=1").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER journal_entry_no_update")
        cursor.execute("UPDATE journal_entry SET subject = 'x:1' WHERE leaf_index = 3")
    assert "Catatan 3: kolom tabel" in client.get(PAGE + "?periksa=1").content.decode()


def test_an_entry_shows_its_hashes_recomputed(client_for: Callable[[str], Client]) -> None:
    entry = write("receipt.recorded", "kotak")
    page = client_for("ani").get(f"{PAGE}{entry}/").content.decode()
    assert page.count(entry) >= 2
    assert "kotak" in page
    assert client_for("ani").get(f"{PAGE}{'0' * 64}/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "readers"),
    [
        ("aght.opened", {"ani", "fajar", "citra", "gita", "hadi", "juwita"}),
        ("report.filed", {"citra", "gita", "juwita"}),
        ("recommendation.draft", {"citra", "gita", "juwita"}),
        ("receipt.recorded", {"ani", "fajar", "citra", "gita", "hadi", "indra", "juwita", "kartika"}),
    ],
)
def test_the_journal_is_no_way_around_the_policy(client_for: Callable[[str], Client], kind: str, readers: set[str]) -> None:
    entry = write(kind, "isi-yang-dicari")
    for name in ("ani", "fajar", "citra", "gita", "hadi", "indra", "juwita", "kartika"):
        client = client_for(name)
        assert ("isi-yang-dicari" in client.get(f"{PAGE}{entry}/").content.decode()) == (name in readers), name
        for page in (PAGE, PAGE + "jurnal.csv"):
            assert (kind in client.get(page).content.decode()) == (name in readers), (name, page)


def test_a_filter_finds_no_closed_entry_by_its_subject(client_for: Callable[[str], Client]) -> None:
    write("report.filed", "x")
    page = client_for("kartika").get(PAGE + "?perihal=report:1").content.decode()
    assert "report.filed" not in page


def test_the_clock_is_set_for_everybody_and_freed_again(client_for: Callable[[str], Client]) -> None:
    client = client_for("budi")
    client.post("/jam/", {"choice": "malam"})
    assert "13 Februari 2024, 20.00" in client_for("ani").get("/jam/").content.decode()
    client.post("/jam/", {"date": "2024-01-10", "time": "07:30"})
    assert record.clock(AT) == datetime(2024, 1, 10, 0, 30, tzinfo=UTC)
    client.post("/jam/", {"choice": "mesin"})
    assert record.clock(AT) == AT


@pytest.mark.parametrize("said", [("", ""), ("2024-13-01", "10:00"), ("0001-01-01", "10:00")])
def test_a_time_that_cannot_be_read_changes_nothing(client_for: Callable[[str], Client], said: tuple[str, str]) -> None:
    before = record.clock(AT)
    assert 'class="error"' in client_for("ani").post("/jam/", {"date": said[0], "time": said[1]}).content.decode()
    assert record.clock(AT) == before


def test_on_a_real_installation_only_the_admin_sets_the_clock(client_for: Callable[[str], Client]) -> None:
    record.InstallationRow.objects.update(demo=False)
    assert client_for("ani").post("/jam/", {"choice": "mesin"}).status_code == 403
    assert client_for("kartika").post("/jam/", {"choice": "mesin"}).status_code == 302


# --- erasing words ------------------------------------------------------------------------------------------------------------


def typed(kind: str, subject: str, place: str = "19.06", who: str = "p-citra", **words: str) -> str:
    with transaction.atomic():
        draft = Draft(kind, "pemilu-2024", subject, place, Actor(who, "KEJARI"), AT, {"n": 1}, private=dict(words))
        return record.append([draft], at=AT)[0].entry_id


def propose(client: Client, entry: str, ground: str = "personal") -> None:
    client.post(f"{PAGE}hapus/", {"entri": entry, "pilih": entry, "ground": ground})


def test_words_are_erased_by_the_head_and_another_role_and_the_page_says_who_when_and_why(client_for: Callable[[str], Client]) -> None:
    entry = typed("aght.standing_set", "aght:AGHT-09", reason="menurut Pak Budi di dermaga")
    gita, citra = client_for("gita"), client_for("citra")
    assert "Hapus kata-kata catatan ini" in gita.get(f"{PAGE}{entry}/").content.decode()
    assert "Hapus kata-kata catatan ini" not in citra.get(f"{PAGE}{entry}/").content.decode()
    form = gita.get(f"{PAGE}hapus/?perihal=aght:AGHT-09").content.decode()
    assert "menurut Pak Budi di dermaga" in form
    assert "Pilih alasan" in gita.post(f"{PAGE}hapus/", {"entri": entry, "pilih": entry}).content.decode()
    assert record.erasures("pemilu-2024", AT) == []
    propose(gita, entry)
    assert record.entry("pemilu-2024", entry).private == "kept"
    assert "Putuskan usul penghapusan kata-kata HPS-001" in citra.get("/pemilu-2024/tugas/").content.decode()
    assert "Putuskan usul" not in gita.get("/pemilu-2024/tugas/").content.decode()
    own = gita.get(f"{PAGE}penghapusan/HPS-001/").content.decode()
    assert "Tarik usul" in own
    assert "Setuju, hapus" not in own
    seen = citra.get(f"{PAGE}penghapusan/HPS-001/").content.decode()
    assert "menurut Pak Budi di dermaga" in seen
    assert "Setuju, hapus" in seen
    gita.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "hapus"})
    assert record.entry("pemilu-2024", entry).private == "kept", "the proposer does not decide"
    citra.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "hapus"})
    assert record.entry("pemilu-2024", entry).private == "erased"
    for page in (f"{PAGE}{entry}/", f"{PAGE}penghapusan/HPS-001/", f"{PAGE}penghapusan/"):
        told = gita.get(page).content.decode()
        assert "memuat data pribadi" in told
        assert "Gita" in pages.said(told)
        assert "Citra" in told
        assert "Pak Budi" not in told
    assert "cocok" in gita.get(f"{PAGE}?periksa=1").content.decode()
    assert record.verify().faults == ()


def test_nobody_erases_or_even_counts_what_he_may_not_read(client_for: Callable[[str], Client]) -> None:
    report = typed("report.graded", "report:LAP-009", basis="menurut Pak Budi")
    fajar, juwita, hadi = client_for("fajar"), client_for("juwita"), client_for("hadi")
    assert "Pak Budi" not in fajar.get(f"{PAGE}hapus/?perihal=report:LAP-009").content.decode()
    assert "Tidak ada kata-kata yang dapat dihapus di sini" in fajar.get(f"{PAGE}hapus/?entri={report}").content.decode()
    propose(fajar, report)
    assert record.erasures("pemilu-2024", AT) == []
    for who in ("ani", "citra", "juwita", "hadi", "indra", "kartika", "budi"):
        assert client_for(who).get(f"{PAGE}hapus/?entri={report}").status_code == 403, who
    propose(client_for("gita"), report)
    told = fajar.get(f"{PAGE}penghapusan/HPS-001/").content.decode()
    assert "isi tertutup bagi peran Anda" in told
    assert "Setuju, hapus" not in told
    assert fajar.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "hapus"}).status_code == 403
    assert hadi.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "hapus"}).status_code == 403
    assert record.entry("pemilu-2024", report).private == "kept"
    juwita.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "tolak"})
    assert record.erasures("pemilu-2024", AT)[0].decided_by == "p-juwita"


def test_a_note_of_the_warehouse_is_proposed_by_the_head_of_the_kpu_and_decided_outside_it(client_for: Callable[[str], Client]) -> None:
    note = typed("stock.counted", "count:OPN-001", who="p-lutfi", note="dihitung Pak Budi")
    fajar, gita = client_for("fajar"), client_for("gita")
    propose(fajar, note)
    assert "HPS-001" in gita.get("/pemilu-2024/tugas/").content.decode()
    gita.post(f"{PAGE}penghapusan/HPS-001/putuskan/", {"answer": "hapus"})
    assert record.entry("pemilu-2024", note).private == "erased"


def test_what_the_overseer_alone_reads_is_erased_by_the_overseer_alone(client_for: Callable[[str], Client]) -> None:
    case = typed("misuse.filed", "misuse:SLH-001", text="Pak Budi menyalahgunakan pos")
    gita, juwita = client_for("gita"), client_for("juwita")
    assert "Pak Budi" not in gita.get(f"{PAGE}hapus/?entri={case}").content.decode()
    propose(gita, case)
    assert record.erasures("pemilu-2024", AT) == []
    assert "Bawaslu menghapusnya di halaman pengaduan" in juwita.get(f"{PAGE}{case}/").content.decode()


def test_a_proposal_is_taken_back_by_its_proposer_and_a_wrong_address_leads_to_the_list(client_for: Callable[[str], Client]) -> None:
    entry, gita = typed("aght.opened", "aght:AGHT-09", title="Jalan Pak Budi"), client_for("gita")
    propose(gita, entry)
    gita.post(f"{PAGE}penghapusan/HPS-001/tarik/")
    assert "ditarik" in gita.get(f"{PAGE}penghapusan/").content.decode()
    assert gita.get(f"{PAGE}penghapusan/HPS-777/")["Location"] == f"{PAGE}penghapusan/"
    assert gita.get(f"{PAGE}penghapusan/HPS-001/putuskan/").status_code == 302
    assert record.entry("pemilu-2024", entry).private == "kept"


@pytest.mark.django_db
def test_erasing_an_item_points_to_the_letters_that_may_repeat_its_words(client_for: Callable[[str], Client], monkeypatch: Any) -> None:
    from posko.store import recommendations

    asked: list[str] = []

    def resting_on(_election: str, code: str, _at: datetime) -> list[Any]:
        asked.append(code)
        return [SimpleNamespace(code="REK-07"), SimpleNamespace(code="REK-08")]

    monkeypatch.setattr(recommendations, "resting_on", resting_on)
    monkeypatch.setattr(recommendations, "readable", lambda found, _person, _at: found[:1])
    page = client_for("gita").get("/pemilu-2024/jurnal/hapus/?perihal=aght:AGHT-01").content.decode()
    assert asked == ["AGHT-01"]
    assert "perihal=recommendation:REK-07" in page
    assert "REK-08" not in page
