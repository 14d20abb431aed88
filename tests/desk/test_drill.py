"""The pages of the drill, and the mark that no page, download or error page of a drill can be without."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from posko.domain import drill as rules
from posko.domain.record import Actor
from posko.formats import document, watermark
from posko.store import drill, record
from tests import beltim, practice
from tests.planning.test_honesty import judged, simulated

ELECTION = "pemilu-2024"
BAR = b'<div class="drill-mark" role="note">GLADI \xe2\x80\x94 BUKAN DATA NYATA</div>'


@pytest.fixture(autouse=True)
def _reset() -> Iterator[None]:
    yield
    watermark.put(False)


@pytest.fixture
def drilled(installation: Any) -> drill.Drill:
    beltim.at("needs")
    return practice.begun("gelombang-truk", rules.Kind.REPORT, rules.Kind.HAZARD)


PAGES = ("/", "/masuk/", "/jam/", "/pemilu-2024/papan/", "/pemilu-2024/distribusi/", "/pemilu-2024/kesiapan/", "/pemilu-2024/tidak-ada/")


def test_every_page_of_a_drill_carries_the_bar_errors_too(drilled: drill.Drill, client_for: Callable[[str], Client]) -> None:
    for client in (client_for("ani"), Client()):
        for address in PAGES:
            response = client.get(address, follow=True)
            assert response.content.count(BAR) == 1, address
            assert b"<title>[GLADI] " in response.content, address
            assert response.headers["X-Posko-Gladi"]


def test_a_request_that_is_too_large_is_refused_with_the_bar(drilled: drill.Drill, settings: Any) -> None:
    settings.DRILL = True
    response = Client().post("/masuk/", CONTENT_LENGTH=str(10**9), HTTP_CONTENT_LENGTH=str(10**9))
    assert response.status_code == 413
    assert BAR in response.content


def test_downloads_of_a_drill_say_so_in_their_names(drilled: drill.Drill, client_for: Callable[[str], Client]) -> None:
    ani = client_for("ani")
    for address in ("/pemilu-2024/jurnal/jurnal.csv", "/pemilu-2024/tempat/tps.csv"):
        response = client_for("juwita").get(address)
        if response.status_code == 200:
            assert 'filename="GLADI-' in response.headers["Content-Disposition"]
    response = ani.get("/pemilu-2024/jurnal/jurnal.csv")
    assert response.status_code == 200
    assert 'filename="GLADI-' in response.headers["Content-Disposition"]


def test_a_real_installation_never_shows_the_mark(installation: Any, client_for: Callable[[str], Client]) -> None:
    ani = client_for("ani")
    for address in PAGES:
        response = ani.get(address, follow=True)
        assert b"drill-mark" not in response.content, address
        assert "X-Posko-Gladi" not in response.headers
    assert "GLADI" not in ani.get("/pemilu-2024/jurnal/jurnal.csv").headers["Content-Disposition"]


def test_the_mark_of_a_drill_does_not_stay_with_the_thread(drilled: drill.Drill, client_for: Callable[[str], Client]) -> None:
    client_for("ani").get("/pemilu-2024/papan/")
    assert watermark.shown()
    from django.db import connection

    with connection.cursor() as cursor:
        for name in [name for name in record._present_triggers() if name.startswith("journal_installation_drill")]:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("UPDATE record_installation SET drill = 0")
    assert b"drill-mark" not in client_for("ani").get("/pemilu-2024/papan/").content
    assert not watermark.shown()


def test_a_person_cannot_set_the_clock_of_a_drill(drilled: drill.Drill, client_for: Callable[[str], Client]) -> None:
    before = record.clock(practice.MACHINE_AT + timedelta(minutes=1))
    page = client_for("kartika").post("/jam/", {"choice": "mesin"}, follow=True)
    assert "Jam gladi mengikuti naskahnya" in page.content.decode()
    assert record.clock(practice.MACHINE_AT + timedelta(minutes=1)) == before


def test_the_page_of_a_drill_shows_what_happened_and_hides_what_is_still_wanted(
    drilled: drill.Drill, client_for: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(minutes: int) -> str:
        monkeypatch.setattr(record, "clock", lambda _machine: drilled.begins_at + timedelta(minutes=minutes))
        drill.inject_due(drilled.begins_at + timedelta(minutes=minutes))
        return client_for("ani").get("/pemilu-2024/gladi/").content.decode()

    assert "Belum ada kejadian" in page(5)
    soon = page(30)
    assert "perahu belum berangkat" in soon
    assert "Pulau Buku Limau" in soon
    assert "2 jawaban masih ditunggu" in soon
    assert "Analis menilai laporan itu" not in soon
    assert "tergenang" not in soon, "what is still to come is told to nobody"
    later = page(100)
    assert "Analis menilai laporan itu dalam satu jam." in later
    assert "tidak dijawab" in later
    assert "0 dari 10" in later


def test_the_paper_of_a_drill_that_runs_hides_what_is_still_wanted_too(
    drilled: drill.Drill, client_for: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def paper(minutes: int) -> str:
        told: list[Any] = []
        at = drilled.begins_at + timedelta(minutes=minutes)
        monkeypatch.setattr(record, "clock", lambda _machine: at)
        drill.inject_due(at)

        def pdf(_name: str, values: Any, _at: Any) -> bytes:
            told.append(values)
            return b"%PDF"

        monkeypatch.setattr(document, "pdf", pdf)
        assert client_for("ani").get("/pemilu-2024/gladi/catatan.pdf").status_code == 200
        return str(told[0]["rows"])

    assert "perahu belum berangkat" in paper(30)
    assert "Analis menilai laporan itu" not in paper(30)
    assert "Analis menilai laporan itu" in paper(100)


def test_the_debrief_is_a_marked_pdf(drilled: drill.Drill, client_for: Callable[[str], Client]) -> None:
    response = client_for("juwita").get("/pemilu-2024/gladi/catatan.pdf")
    assert response.status_code == 200
    assert response.content.startswith(b"%PDF")
    assert response.headers["Content-Disposition"] == 'inline; filename="GLADI-gladi-gelombang-truk.pdf"'


def test_a_real_installation_explains_how_to_begin_and_has_no_debrief(installation: Any, client_for: Callable[[str], Client]) -> None:
    ani = client_for("ani")
    page = ani.get("/pemilu-2024/gladi/").content.decode()
    assert "Di pemasangan sungguhan tidak ada gladi" in page
    assert "./posko gladi mulai" in page
    assert ani.get("/pemilu-2024/gladi/catatan.pdf").status_code == 404


def test_the_page_of_honesty_asks_for_an_evaluation_and_shows_it_with_its_doubts(
    installation: Any, client_for: Callable[[str], Client]
) -> None:
    ani = client_for("ani")
    assert "Belum pernah dinilai" in ani.get("/pemilu-2024/kejujuran/").content.decode()
    true, ready = simulated(1, replays=40)
    sure = judged(np.rint(np.clip(0.6 + (true - 0.6) * 2.2, 0, 1) * 1e6), ready)
    few = judged([900_000, 100_000], [1, 0])
    at = record.clock(practice.MACHINE_AT)
    evaluation = rules.Evaluation("planning.forecast", 7, 40, 400, 60, "ab" * 32, (sure, few))
    drill.record_evaluation(ELECTION, evaluation, Actor("p-ani", "KPU"), at)
    page = ani.get("/pemilu-2024/kejujuran/").content.decode()
    for words in ("terlalu yakin", "terlalu sedikit ulangan", "benih 7", "SIMULASI", "ASUMSI", "Ini bukan kenyataan", "H-1 20.00", "Brier"):
        assert words in page
    assert page.count('class="reliability"') == 2
    assert "style=" not in page
