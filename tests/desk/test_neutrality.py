"""The audit on the screen: Juwita says what need is, runs, reads; others read or are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

PAGE = "/pemilu-2024/uji-netral/"


@pytest.mark.django_db
def test_juwita_registers_runs_and_reads_and_takes_the_files_away(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    juwita = client_for("juwita")
    assert "Daftarkan dahulu ukuran" in juwita.get(PAGE).content.decode()
    refused = juwita.post(PAGE + "jalankan/", follow=True).content.decode()
    assert "ukuran tidak boleh dipilih sesudah melihat hasil" in refused
    kept = juwita.post(PAGE + "ukuran/", {"hour": "dua", "heard": "1000", "reason": "Jarak menambah beban."}).content.decode()
    assert "“dua” bukan bobot" in kept
    assert "Jarak menambah beban." in kept
    juwita.post(PAGE + "ukuran/", {"hour": "250", "heard": "1.000", "reason": "Jarak menambah beban."})
    done = juwita.post(PAGE + "jalankan/", follow=True).content.decode()
    assert "UJI-001" in done
    assert "belum cukup data" in done
    assert "[SIMULASI]" in done
    page = juwita.get(PAGE).content.decode()
    assert "Bawaslu" in page
    assert ">netral<" not in page.lower()
    lines = juwita.get(PAGE + "uji-netral.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 40
    assert "rekomendasi_harap" in lines[0]
    program = juwita.get(PAGE + "gabung-auditor.py").content.decode()
    assert "import posko" not in program
    assert juwita.get(PAGE + "hasil.xlsx").content[:2] == b"PK"


@pytest.mark.django_db
def test_heads_read_but_do_not_run_and_the_rest_do_not_read(installation: Any, client_for: Callable[[str], Client]) -> None:
    gita = client_for("gita")
    assert gita.get(PAGE).status_code == 200
    assert "Daftarkan ukuran" not in gita.get(PAGE).content.decode()
    assert gita.post(PAGE + "jalankan/").status_code == 403
    assert gita.post(PAGE + "ukuran/", {"hour": "1", "heard": "1", "reason": "x"}).status_code == 403
    for name in ("ani", "citra", "hadi", "indra", "budi"):
        assert client_for(name).get(PAGE).status_code == 403, name


@pytest.mark.django_db
def test_an_export_before_the_yardstick_says_what_to_do_and_an_unknown_run_is_not_found(
    installation: Any, client_for: Callable[[str], Client]
) -> None:
    juwita = client_for("juwita")
    assert "Daftarkan dahulu" in juwita.get(PAGE + "uji-netral.csv", follow=True).content.decode()
    assert juwita.get(PAGE + "UJI-009/").status_code == 404
