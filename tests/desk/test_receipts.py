"""Receipts on the screen: from order to acceptance by the forms, and refusals that a tired person understands."""

from collections.abc import Callable
from typing import Any

import pytest

from posko.store import receipts
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
BASE = "/pemilu-2024/penerimaan/"


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


def test_ani_orders_announces_counts_and_fajar_accepts(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    ani, fajar = client_for("ani"), client_for("fajar")
    assert "PSN-001 disimpan" in post(ani, "pesanan/baru/", line="TINTA~~", quantity="726", supplier="pemasok", due="2024-01-05")
    assert "KRM-001 disimpan" in post(ani, "kiriman/baru/", order="PSN-001", quantity="514", waybill="SJ-1", carrier="kapal")
    assert "surat jalan 514" in post(ani, "kiriman/KRM-001/", good="510", damaged="2", missing="9"), "the stated shortage does not follow"
    page = post(ani, "kiriman/KRM-001/", good="510", damaged="2")
    assert "Hitungan disimpan sebagai TRM-001" in page
    assert "510 barang baik diterima" in post(fajar, "terima/TRM-001/setujui/")
    page = ani.get(BASE).content.decode()
    assert "510 dari 726 unit: tinta" in page
    assert "70,2" in page
    assert receipts.accepted("pemilu-2024", RAKOR_AT) == {("TINTA", "", ""): 510}
    pdf = ani.get(BASE + "terima/TRM-001/tanda-terima.pdf")
    assert pdf.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("quantity", "sentence"),
    [("1,829", "bukan bilangan bulat"), ("0", "paling sedikit 1"), ("-4", "bukan bilangan bulat"), ("", "bukan bilangan")],
)
def test_a_quantity_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    db_beltim: Any, client_for: Callable[[str], Any], quantity: str, sentence: str
) -> None:
    page = post(client_for("ani"), "pesanan/baru/", line="KOTAK~~", quantity=quantity, supplier="CV Contoh", due="2024-01-05")
    assert sentence in page
    assert "CV Contoh" in page
    assert receipts.orders("pemilu-2024", RAKOR_AT) == []


def test_who_may_not_record_sees_no_form_and_is_refused(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    citra = client_for("citra")
    assert "Catat pesanan" not in citra.get(BASE).content.decode()
    for path in ("pesanan/baru/", "kiriman/baru/"):
        assert citra.get(BASE + path).status_code == 403
    assert client_for("dedi").get(BASE).status_code == 403, "Dedi works in another regency"


def test_empty_screens_say_what_to_do_first(installation: Any, client_for: Callable[[str], Any]) -> None:
    assert "Hitung kebutuhan" in client_for("ani").get("/pilkada-2024/penerimaan/").content.decode()
