"""Needs and rules on the screens: every figure leads to its why."""

from collections.abc import Callable
from typing import Any

import pytest

from posko.store import needs, places

pytestmark = pytest.mark.django_db(transaction=True)
E = "pemilu-2024"


@pytest.fixture
def ani(db_beltim: Any, client_for: Callable[[str], Any]) -> Any:
    return client_for("ani")


def text(client: Any, url: str) -> str:
    answer = client.get(f"/{E}/{url}", follow=True)
    assert answer.status_code == 200, url
    return str(answer.content.decode())


def test_the_totals_of_belitung_timur_are_on_the_page_with_their_marks(ani: Any) -> None:
    page = text(ani, "kebutuhan/")
    assert all(figure in page for figure in ("1.829", "1.452", "726", "95.791", "PERKIRAAN"))
    assert "tidak cocok" not in page


def test_from_a_tps_one_click_says_why(ani: Any) -> None:
    tps = places.tps_list(E)[0].code
    line = next(n for n in needs.lines(E, ani_at(), item="SURAT_SUARA", place=tps) if n.contest == "PPWP")
    assert f"Mengapa {line.quantity}?" in text(ani, f"kebutuhan/?tempat={tps}")
    page = text(ani, f"kebutuhan/tempat/{tps}/SURAT_SUARA/tps/?jenis=PPWP")
    assert f"{line.voters} + {line.reserve} = {line.quantity}" in page
    assert "dibulatkan ke atas di setiap TPS" in page
    assert "Pasal 344" in page


def test_every_page_of_both_stages_opens(ani: Any) -> None:
    for url in ("aturan/", "aturan/SEGEL/", "aturan/SEGEL/tps/konfirmasi/", "kebutuhan/?barang=KOTAK", "kebutuhan/barang/SEGEL/",
                "kebutuhan/barang/SURAT_SUARA_PSU/", "kebutuhan/tempat/19.06/", "kebutuhan/tempat/19.06.02/", "kebutuhan/hitung/",
                "kebutuhan/hitung/?aturan=pilkada-2024"):  # fmt: skip
        text(ani, url)
    for kind in ("xlsx", "csv"):
        assert ani.get(f"/{E}/kebutuhan/kebutuhan.{kind}").status_code == 200


def test_a_confirmation_with_a_citation_changes_the_needs_after_adoption(ani: Any) -> None:
    url = f"/{E}/aturan/KABEL_TIES/kotak/konfirmasi/"
    assert "tulis rujukannya" in ani.post(url, {"quantity": "1", "citation": ""}).content.decode()
    ani.post(url, {"quantity": "6", "citation": "Kep KPU 1281/2023, lampiran I"})
    page = ani.get(f"/{E}/kebutuhan/hitung/").content.decode()
    assert "10.890" in page
    inputs = page.split('name="inputs" value="')[1].split('"')[0]
    assert ani.post(f"/{E}/kebutuhan/hitung/", {"inputs": "other"}, follow=True).status_code == 200
    assert total("KABEL_TIES") is None
    ani.post(f"/{E}/kebutuhan/hitung/", {"inputs": inputs})
    assert total("KABEL_TIES") == 10890


def test_only_the_operator_of_the_region_confirms_and_computes(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    for name in ("citra", "budi", "dedi"):
        client = client_for(name)
        assert client.get(f"/{E}/kebutuhan/hitung/").status_code == 403
        assert client.post(f"/{E}/aturan/SEGEL/tps/konfirmasi/", {"quantity": "1", "citation": "lampiran"}).status_code == 403


def ani_at() -> Any:
    from tests.conftest import RAKOR_AT

    return RAKOR_AT


def total(item: str) -> int | None:
    return next(t.quantity for t in needs.totals(E, ani_at()) if t.item == item)
