"""The journal on the screen, and the clock."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import Client

from posko.domain.record import Actor, Draft
from posko.store import record

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
