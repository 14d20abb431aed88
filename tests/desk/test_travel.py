"""Travel times on screen: a file is shown before it is recorded, mistakes are told, a time is taken back."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from posko.desk import travel as desk
from posko.domain import travel as rules
from posko.formats import table
from posko.server import jobs
from posko.store import distribution, travel
from tests.desk.test_distribution import planned, with_fleet
from tests.store.test_distribution import ELECTION

__all__ = ["planned", "with_fleet"]
BASE = f"/{ELECTION}/distribusi/waktu/"
ClientFor = Callable[[str], Client]


def _send(client: Client, *rows: list[object]) -> Any:
    book = table.xlsx({"Waktu": [["dari", "ke", "menit biasa"], *rows]})
    return client.post(BASE + "muat/", {"act": "check", "source": "ukur", "permille": "140", "file": SimpleUploadedFile("a.xlsx", book)})


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def test_a_file_is_shown_then_recorded_then_taken_back(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "Belum ada jalur yang diukur" in ani.get(BASE).content.decode()
    page = _send(ani, ["19.06:G01", "19.06.02.2001", 50]).content.decode()
    assert "1 waktu terbaca" in page
    assert "ASUMSI" in page
    told = {"act": "commit", "kept": _field(page, "kept"), "digest": _field(page, "digest"), "note": "dengan pikap"}
    assert "1 waktu tempuh dicatat" in ani.post(BASE + "muat/", told, follow=True).content.decode()
    shown = ani.get(BASE).content.decode()
    assert "dengan pikap" in shown
    assert "memakai masukan lama" in shown
    assert "sudah sama" in ani.post(BASE + "muat/", told, follow=True).content.decode()
    way = f"{BASE}jalur/darat/19.06:G01/19.06.02.2001/"
    seen = _field(ani.get(way).content.decode(), "seen")
    assert "Tulis alasan" in ani.post(way + "tarik/", {"seen": seen, "reason": ""}, follow=True).content.decode()
    assert "ditarik" in ani.post(way + "tarik/", {"seen": seen, "reason": "macet"}, follow=True).content.decode()
    assert "ditarik" in ani.get(way).content.decode()


def test_mistakes_are_told_with_their_cell_and_nothing_is_recorded(db_beltim: Any, client_for: ClientFor) -> None:
    answer = _send(client_for("ani"), ["Entah", "19.06.02.2001", 50])
    assert answer.status_code == 422
    assert "lembar Waktu, baris 2, kolom A: “Entah” tidak dikenal" in answer.content.decode()


@pytest.mark.parametrize("kept", ["", "[[1]]", "[" * 5000, '[["darat","19.06:G01","19.06.02.2001",0,0,0,"ukur",0]]'])
def test_a_form_that_was_tampered_with_is_refused(db_beltim: Any, client_for: ClientFor, kept: str) -> None:
    answer = client_for("ani").post(BASE + "muat/", {"act": "commit", "kept": kept, "digest": "a" * 64})
    assert answer.status_code == 422
    assert travel.timings("19.06", jobs._now()) == []


def test_forms_and_tables_are_offered_and_read_again(db_beltim: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    for name in ("formulir.xlsx", "formulir.csv", "waktu-tempuh.xlsx"):
        assert ani.get(BASE + name).status_code == 200
    assert ani.get(BASE + "formulir.pdf").status_code == 404
    assert client_for("budi").get(BASE).status_code == 200
    assert client_for("budi").get(BASE + "muat/").status_code == 403


def test_every_refusal_of_the_stage_has_a_sentence() -> None:
    codes = {cls.code for cls in vars(rules).values() if isinstance(cls, type) and issubclass(cls, rules.record.Refusal)}
    assert codes - {"travel.bad_spread"} <= set(desk.SENTENCES)


def test_numbers_that_are_none_are_refused_with_a_sentence(db_beltim: Any, client_for: ClientFor) -> None:
    ani, form = client_for("ani"), {"act": "commit", "digest": "0" * 64, "note": ""}
    for kept in (
        '[["darat","19.06:G01","19.06.02.2001",Infinity,5,0,"ukur",0]]',
        '[["darat","19.06:G01","19.06.02.2001",1e400,5,0,"ukur",0]]',
    ):
        assert ani.post(BASE + "muat/", {**form, "kept": kept}).status_code == 422
    file = SimpleUploadedFile("a.csv", b"dari,ke,menit biasa\n")
    page = ani.post(BASE + "muat/", {"act": "check", "source": "ukur", "permille": "²²²", "file": file}).content.decode()
    assert "persen antara 100 dan 500" in page
