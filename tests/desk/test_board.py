"""The board, the inbox, the search and the pages for what went wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from posko.server import errors
from posko.store import record
from tests import beltim

E = "/pemilu-2024"


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_before_the_first_voter_count_the_board_says_what_to_do_first(client_for: Callable[[str], Client]) -> None:
    page = body(client_for("ani"), f"{E}/papan/")
    assert "Kebutuhan belum dihitung" in page
    assert "Impor jumlah pemilih per TPS" in page
    assert "H-71" in page


def test_the_board_of_the_rakor_shows_needs_with_their_marks_and_nothing_received(
    db_beltim: Any, client_for: Callable[[str], Client]
) -> None:
    page = body(client_for("ani"), f"{E}/papan/")
    for part in ("PERKIRAAN", "SKEMATIS", "95.791", "0 dari 5.459 unit", "1.829"):
        assert part in page
    assert "style=" not in page


def test_the_board_stands_where_the_clock_is_set(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    client = client_for("ani")
    record.set_clock(datetime(2024, 2, 14, 1, tzinfo=UTC), db_beltim.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    page = body(client, f"{E}/papan/")
    assert "Hari H" in page
    assert "JAM DISETEL" in page


def test_drafts_and_aght_stay_off_the_board_of_those_who_may_not_read_them(
    db_beltim: Any, client_for: Callable[[str], Client], tmp_path: Any
) -> None:
    beltim.through("reports", "aght")
    assert "AGHT teratas" in body(client_for("citra"), f"{E}/papan/")
    for name in ("budi", "indra"):
        page = body(client_for(name), f"{E}/papan/")
        assert "AGHT teratas" not in page
        assert "Gelombang" not in page


@pytest.mark.parametrize("path", ["/tidak-ada/papan/", f"{E}/tidak-ada/", f"{E}/tempat/desa/19.06.99.2001/"])
def test_a_page_that_does_not_exist_says_so_in_indonesian(client_for: Callable[[str], Client], path: str) -> None:
    assert "tidak ada" in body(client_for("ani"), path, 404)


def test_the_page_for_our_own_fault_needs_neither_person_nor_database() -> None:
    answer = errors.broken(object())  # type: ignore[arg-type]
    assert answer.status_code == 500
    assert "Tidak ada yang tersimpan setengah" in answer.content.decode()


def test_search_shows_nothing_of_a_stage_the_person_may_not_read(
    db_beltim: Any, client_for: Callable[[str], Client], tmp_path: Any
) -> None:
    beltim.through("reports", "aght")
    assert "Gelombang" in body(client_for("citra"), f"{E}/cari/?q=gelombang")
    assert "[SIMULASI] Gelombang" not in body(client_for("budi"), f"{E}/cari/?q=gelombang")
    assert "Tidak ada yang cocok" in body(client_for("ani"), f"{E}/cari/?q=zzzz")


def test_what_is_typed_into_the_search_is_shown_as_text(client_for: Callable[[str], Client]) -> None:
    page = body(client_for("ani"), f"{E}/cari/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page


def test_the_inbox_of_ani_asks_for_voters_first(client_for: Callable[[str], Client]) -> None:
    page = body(client_for("ani"), f"{E}/tugas/")
    assert f"{E}/dpt/" in page
