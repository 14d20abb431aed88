"""Complaints about the post: Bawaslu answers; the Kejari finds neither content nor number nor existence."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from posko.desk import misuse as desk
from posko.domain import misuse as rules
from posko.store import misuse, record
from tests import beltim, pages
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024/pengaduan-posko/"
SAID = {"text": "Petugas meminta daftar nama tamu", "category": "profiling", "contact": "lewat pos ronda"}
For = Callable[[str], Client]
OTHERS = ("ani", "fajar", "lutfi", "budi", "citra", "gita", "hadi", "indra", "kartika", "dedi")


@pytest.fixture
def filed(installation: Any, client_for: For) -> Any:
    """Citra herself complains, from her own account."""
    cache.clear()
    page = client_for("citra").post("/pemilu-2024/lapor-posko/", SAID)
    assert "Catat kode ini" in page.content.decode()
    return installation


def test_whoever_complains_from_an_account_is_recorded_nowhere(filed: Any) -> None:
    rows = list(misuse.MisuseCase.objects.values()) + list(misuse.MisuseStep.objects.values()) + list(misuse.MisuseWords.objects.values())
    assert "citra" not in repr(rows)
    leaf = record.entry(E, misuse.listing(E, RAKOR_AT)[0].entry_id)
    assert (leaf.actor, leaf.facts) == ("petugas", {"mark": "[SIMULASI]"})
    from posko.store import access

    assert "misuse" not in repr(list(access.LogRow.objects.values()))


def test_nobody_but_bawaslu_opens_anything(filed: Any, client_for: For) -> None:
    for who in OTHERS:
        client = client_for(who)
        for page in ("", "SLH-001/", "ekspor.xlsx", "SLH-999/"):
            assert client.get(ROOT + page).status_code == 403, (who, page)
        for page in ("SLH-001/langkah/", "SLH-001/hapus/"):
            assert client.post(ROOT + page, {"status": "answered", "outcome": "unfounded"}).status_code == 403, (who, page)
    assert misuse.get(E, "SLH-001", RAKOR_AT).status is rules.Status.RECEIVED


@pytest.mark.parametrize("who", ["citra", "gita", "ani", "fajar"])
def test_neither_kejari_nor_kpu_meets_a_trace_of_it(filed: Any, client_for: For, who: str) -> None:
    client = client_for(who)
    beltim.step("places")
    for page in (
        "papan/", "tugas/", "cari/?q=SLH", "cari/?q=misuse", "jurnal/", "jurnal/?jenis=misuse", "jurnal/?jenis=mis",
        "jurnal/?perihal=misuse:SLH-001", "jurnal/jurnal.csv", "posko/", "laporan/", "akses/",
    ):  # fmt: skip
        answer = client.get(f"/pemilu-2024/{page}", follow=True).content.decode()
        for word in ("SLH-001", "misuse.", "misuse:", "tamu", "ronda", "pengaduan-posko"):
            assert word not in re.sub(r'value="[^"]*"', "", answer), (page, word)  # what was asked stands in its own field
    # A filter that hits only closed entries says the same as one that hits nothing.
    for asked in ("jenis=misuse", "perihal=misuse:SLH-001"):
        hit = client.get(f"/pemilu-2024/jurnal/?{asked}").content.decode()
        assert "Tidak ada catatan yang cocok" in hit
    entry = misuse.listing(E, RAKOR_AT)[0].entry_id
    page = client.get(f"/pemilu-2024/jurnal/{entry}/").content.decode()
    assert "tertutup" in page
    assert "misuse" not in page.replace("?jenis=misuse", "")


def test_a_closed_row_of_the_journal_may_as_well_be_a_changed_password(filed: Any, client_for: For) -> None:
    from django.contrib.auth import get_user_model

    from posko.store import access

    access.change_password(get_user_model().objects.get(username="ani"), "sandi-baru-yang-panjang", RAKOR_AT)
    password = record.Entry.objects.get(kind="person.password_changed")
    case = record.Entry.objects.get(kind="misuse.filed")

    def shown(entry: record.Entry) -> str:
        page = client_for("gita").get("/pemilu-2024/jurnal/").content.decode()
        row = next(part for part in page.split("<tr>") if entry.entry_id[:10] in part)
        plain = row.replace(entry.entry_id, "").replace(entry.entry_id[:10], "")
        return re.sub(rf"\b{entry.leaf_index}\b", "", plain)

    assert shown(password) == shown(case)
    assert "tertutup" in shown(case)


def test_bawaslu_reads_looks_answers_and_erases_by_forms_alone(filed: Any, client_for: For) -> None:
    juwita = client_for("juwita")
    assert "SLH-001" in juwita.get("/pemilu-2024/tugas/").content.decode()
    assert "SLH-001" in juwita.get(ROOT).content.decode()
    page = juwita.get(f"{ROOT}SLH-001/").content.decode()
    assert "daftar nama tamu" in page
    assert "pos ronda" in page
    juwita.post(f"{ROOT}SLH-001/langkah/", {"status": "looking"})
    assert "Pilih hasil" in juwita.post(f"{ROOT}SLH-001/langkah/", {"status": "answered"}, follow=True).content.decode()
    said = {"status": "answered", "outcome": "corrected", "answer": "Daftar dimusnahkan"}
    assert "dijawab" in juwita.post(f"{ROOT}SLH-001/langkah/", said, follow=True).content.decode()
    juwita.post(f"{ROOT}SLH-001/hapus/")
    page = juwita.get(f"{ROOT}SLH-001/").content.decode()
    assert "sudah dihapus" in page
    assert "tamu" not in pages.said(page)
    assert juwita.get(f"{ROOT}SLH-999/").status_code == 404
    listed = pages.cells(juwita.get(f"{ROOT}ekspor.xlsx"))
    assert "SLH-001" in listed
    assert "tamu" not in listed


def test_nonsense_is_refused_and_a_flood_from_one_account_is_stopped(filed: Any, client_for: For) -> None:
    citra = client_for("citra")
    for bad in ({"text": "x"}, {"text": "x" * 3001}, {"post": "LAIN"}, {"happened_at": "2030-01-01T00:00"}):
        assert 'class="error"' in citra.post("/pemilu-2024/lapor-posko/", SAID | bad).content.decode()
    cache.clear()
    for _ in range(desk.PER_PERSON):
        assert "Catat kode" in citra.post("/pemilu-2024/lapor-posko/", SAID).content.decode()
    assert "Terlalu banyak" in citra.post("/pemilu-2024/lapor-posko/", SAID).content.decode()
