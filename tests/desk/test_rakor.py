"""Rakor on the screen: frozen packs for those who were there, AGHT only for those who may read it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from posko.domain import rakor as rules
from posko.store import rakor
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
BASE = "/pemilu-2024/rakor/"


@pytest.fixture
def frozen(db_beltim: Any) -> rules.Snapshot:
    """A meeting with KPU, Pemda and Kejari; Polres was invited and did not come."""
    ani = db_beltim.actors["ani"]
    at = RAKOR_AT - timedelta(hours=1)
    rakor.call_meeting("pemilu-2024", "Rakor kesiapan", "Manggar", at, ("KPU", "PEMDA", "KEJARI", "POLRES"), ani, at)
    rakor.attend("pemilu-2024", "RKR-001", ("KPU", "PEMDA", "KEJARI"), ani, at)
    return rakor.freeze("pemilu-2024", "RKR-001", ani, at)


def test_who_attended_reads_the_pack_and_who_did_not_is_refused(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    for name, status in (("ani", 200), ("indra", 200), ("citra", 200), ("juwita", 200), ("hadi", 403), ("budi", 403)):
        client = client_for(name)
        for page in ("", "layar/1/", "paket.pdf", "paket.json"):
            assert client.get(f"{BASE}paket/{frozen.code}/{page}").status_code == status, (name, page)


def test_pemdas_file_has_no_aght_and_still_proves_the_same_hash(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    file = client_for("indra").get(f"{BASE}paket/{frozen.code}/paket.json").content
    assert rules.recompute(file) == frozen.digest
    assert b'"withheld":{"aght":' in file
    assert client_for("ani").get(f"{BASE}paket/{frozen.code}/paket.json").content == frozen.content


def test_the_pdf_of_a_frozen_pack_is_the_same_every_time(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    first, second = (ani.get(f"{BASE}paket/{frozen.code}/paket.pdf").content for _ in range(2))
    assert first.startswith(b"%PDF")
    assert first == second


def test_a_decision_becomes_pemdas_task_and_pemda_reports_it_done(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    said = {"text": "Pinjamkan 40 palet", "owner": "PEMDA", "due": "2023-12-12"}
    assert "masuk ke tugas Pemda" in ani.post(f"{BASE}rapat/RKR-001/putuskan/", said, follow=True).content.decode()
    late = {**said, "due": "2023-12-01"}
    assert "Tenggat harus sesudah sekarang" in ani.post(f"{BASE}rapat/RKR-001/putuskan/", late, follow=True).content.decode()
    assert "Laporkan selesai" in indra.get(BASE).content.decode()
    assert "dilaporkan selesai" in indra.post(f"{BASE}keputusan/KPT-001/selesai/", {"answer": "diantar"}, follow=True).content.decode()


def test_only_kpu_and_kejari_freeze(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    assert client_for("indra").post(f"{BASE}rapat/RKR-001/bekukan/").status_code == 403
    answer = client_for("citra").post(f"{BASE}rapat/RKR-001/bekukan/", follow=True).content.decode()
    assert "Angka dibekukan sebagai SNP-002" in answer
