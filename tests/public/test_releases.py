"""The pages of a publication, handed out by the application and kept in step by the worker: files, no session, no cookie."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from posko.domain import releases as rules
from posko.formats import folder
from posko.server import jobs, publishing
from posko.store import extracts, releases
from tests.publications import AT, HOUR, compose


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path / publishing.FOLDER


def put(place: Path, one: rules.Publication) -> None:
    from posko.formats import publication

    folder.put(publication.site(one, app="/"), place / "pemilu-2024", f"terbitan-{one.number:04}-0123abcd")


def test_before_the_first_publication_the_page_says_so(place: Path) -> None:
    answer = Client().get("/terbuka/")
    assert answer.status_code == 404
    assert "Belum ada yang diterbitkan" in answer.content.decode()
    assert Client().get("/terbuka/pemilu-2024/").status_code == 404


def test_eka_reads_without_an_account_a_cookie_or_the_database(place: Path) -> None:
    one = compose()
    put(place, one)
    eka = Client()
    assert eka.get("/terbuka/")["Location"] == "/terbuka/pemilu-2024/index.html"
    page = eka.get("/terbuka/pemilu-2024/index.html")
    assert page.status_code == 200
    assert "Kesiapan Pemilu" in page.content.decode()
    assert not page.cookies
    assert "public" in page["Cache-Control"]
    assert eka.get("/terbuka/pemilu-2024/data/terbitan.json").content == one.content
    assert eka.get("/terbuka/pemilu-2024/data/desa.geojson")["Content-Type"] == "application/geo+json"
    again = eka.get("/terbuka/pemilu-2024/index.html", headers={"if-modified-since": page["Last-Modified"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["../../secret.key", "..%2f..%2fsecret.key", "desa/../../../secret.key", "tidak-ada.html", "desa/"])
def test_no_path_leads_out_of_the_folder(place: Path, path: str) -> None:
    put(place, compose())
    (place.parent / "secret.key").write_text("rahasia")
    assert Client().get(f"/terbuka/pemilu-2024/{path}").status_code in {301, 302, 404}


def test_the_worker_builds_what_a_person_sent_out_and_nothing_twice(db_beltim: Any, place: Path) -> None:
    at = datetime(2023, 12, 5, 3, tzinfo=UTC)
    ani, fajar = db_beltim.actors["ani"], db_beltim.actors["fajar"]
    made = extracts.draft("pemilu-2024", rules.Way(), at)
    waiting = releases.propose("pemilu-2024", made, ani, at)
    assert publishing.keep_in_step(at) == []
    releases.approve("pemilu-2024", waiting.code, fajar, made.digest, at)
    later = at + timedelta(minutes=1)
    assert publishing.keep_in_step(later) == ["pemilu-2024: 1"]
    assert publishing.keep_in_step(later) == []
    assert publishing.in_place(place / "pemilu-2024") == made.digest


def test_a_fault_while_building_keeps_the_old_pages_and_the_worker(db: None, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place, compose())

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(publishing, "keep_in_step", broken)
    jobs.keep_pages()
    assert Client().get("/terbuka/pemilu-2024/index.html").status_code == 200


def test_new_templates_give_a_new_folder_for_the_same_publication() -> None:
    one = compose(at=AT + HOUR)
    assert publishing.name_of(one, {"a": b"1"}) != publishing.name_of(one, {"a": b"2"})
    assert publishing.name_of(one, {"a": b"1"}).startswith("terbitan-0001-")
