"""Distribution on screen: who may, what is missing, what a plan shows, what is printed."""

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.test import Client
from PIL import Image

from posko.desk import distribution as desk
from posko.domain import distribution as rules
from posko.formats import document, land
from posko.planning import routes
from posko.server import jobs
from posko.store import distribution
from tests import kept
from tests.store.test_distribution import ANI, AT, ELECTION, make_fleet, make_plan

BASE = f"/{ELECTION}/distribusi/"
pytestmark = pytest.mark.skipif(not land.LAND.is_file(), reason="TIDAK DIUJI: world-atlas is not installed (./posko)")
ClientFor = Callable[[str], Client]


@pytest.fixture
def with_fleet(db_beltim: Any) -> Any:
    kept.state(("fleet", make_fleet))
    return db_beltim


@pytest.fixture
def planned(with_fleet: Any) -> distribution.StoredPlan:
    return kept.state(("plan", make_plan))


def _get(client: Client, path: str) -> str:
    response = client.get(BASE + path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_an_empty_page_says_what_to_do_first(db_beltim: Any, client_for: ClientFor) -> None:
    text = _get(client_for("ani"), "")
    assert "Armada belum diisi" in text
    assert "Tambah kendaraan" in text


def test_every_page_of_a_plan_opens_and_has_no_inline_style(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    for path in ("", "dasar/", "kendaraan/T01/", "kendaraan/K01/", "armada/", "armada/baru/", "armada/T01/"):
        assert not re.search(r"\sstyle=", _get(ani, path)), path
    text = _get(ani, "")
    assert "ARMADA ASUMSI" in text
    assert "Pulau Batun" in text
    assert "1.829" in text


def test_who_does_not_plan_sees_the_plan_without_the_button(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    for name in ("citra", "juwita", "budi"):
        assert "Susun rencana" not in _get(client_for(name), "")
    assert client_for("citra").post(BASE + "rencana/", {"seconds": "5"}).status_code == 403
    assert client_for("citra").get(BASE + "armada/baru/").status_code == 403


@pytest.mark.parametrize("path", ["", "dasar/", "armada/", "surat-jalan.pdf"])
def test_dedi_of_another_regency_is_refused(planned: distribution.StoredPlan, client_for: ClientFor, path: str) -> None:
    assert client_for("dedi").get(BASE + path).status_code == 403


def test_ani_asks_watches_and_gets_a_plan(with_fleet: Any, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = routes.plan
    monkeypatch.setattr(routes, "plan", lambda *args, seed, stop, sea: real(*args, seed=seed, sea=sea, stop=routes.Stop(iterations=40)))
    ani = client_for("ani")
    answer = ani.post(BASE + "rencana/", {"seconds": "5"})
    assert answer.status_code == 302
    assert 'http-equiv="refresh"' in ani.get(answer["Location"]).content.decode()
    again = ani.post(BASE + "rencana/", {"seconds": "5"}, follow=True).content.decode()
    assert "Satu rencana sedang disusun" in again
    assert jobs.run_once()
    made = ani.get(answer["Location"], follow=True).content.decode()
    assert "lolos pemeriksaan" in made
    assert "Peluang semua pulau terlayani" in made


def test_a_plan_that_is_stopped_while_it_is_made_says_so(with_fleet: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    where = ani.post(BASE + "rencana/", {"seconds": "5"})["Location"]
    assert "Penyusunan dihentikan" in ani.post(where + "batal/", follow=True).content.decode()
    assert "Tidak ada rencana yang dicatat" in ani.get(where).content.decode()
    assert "sudah selesai, diterima, atau dihentikan" in ani.post(where + "batal/", follow=True).content.decode()
    assert ani.get(where.replace("/1/", "/999/")).status_code == 404


def test_an_infeasible_request_says_why_and_what_helps(with_fleet: Any, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = routes.plan
    monkeypatch.setattr(routes, "plan", lambda *args, seed, stop, sea: real(*args, seed=seed, sea=sea, stop=routes.Stop(iterations=40)))
    distribution.retire_vehicle(ELECTION, "K02", "mesin rusak", ANI, AT)
    ani = client_for("ani")
    page = ani.post(BASE + "rencana/", {"seconds": "5"})["Location"]
    assert jobs.run_once()
    text = ani.get(page).content.decode()
    assert "362 dari 363 TPS" in text
    assert desk.WHY["no_boat"] in text
    assert "Sewa satu perahu lagi" in text


def test_a_vehicle_is_added_by_form_and_wrong_fields_are_named(with_fleet: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    typed = {
        "code": "T20", "name": "Truk dinas", "kind": "truk", "volume": "10,5", "weight": "4.000", "start": "19.06:G01",
        "note": "", "reason": "",
        "shift_start": "05.30", "shift_end": "17:00", "days": "H-2, H-1", "fixed_cost": "0", "cost_per_km": "7.000", "max_trips": "3",
    }  # fmt: skip
    wrong = ani.post(BASE + "armada/baru/", {**typed, "volume": "banyak", "shift_end": "25"}).content.decode()
    assert "Tulis volume dalam m³" in wrong
    assert "Tulis jam seperti 05.30" in wrong
    assert 'value="Truk dinas"' in wrong
    assert ani.post(BASE + "armada/baru/", typed).status_code == 302
    made = next(v for v in distribution.fleet(ELECTION, jobs._now()) if v.code == "T20")
    assert (made.volume_ml, made.weight_g, made.days, made.shift_end_min, made.assumption) == (10_500_000, 4_000_000, (2, 1), 1020, False)
    assert "sudah dipakai" in ani.post(BASE + "armada/baru/", typed, follow=True).content.decode()
    assert "Tulis alasan" in ani.post(BASE + "armada/T20/", {"retire": "1", "reason": ""}, follow=True).content.decode()
    assert "tidak dipakai lagi" in ani.post(BASE + "armada/T20/", {"retire": "1", "reason": "ditarik"}, follow=True).content.decode()


@pytest.mark.skipif(
    not any(document.FONTS.glob("*.ttf")) or not shutil.which("pdftoppm"), reason="TIDAK DIUJI: fonts (./posko) or pdftoppm"
)
def test_the_printed_surat_jalan_carries_its_code_and_repeats_byte_for_byte(
    planned: distribution.StoredPlan, client_for: ClientFor, tmp_path: Path
) -> None:
    ani, trip = client_for("ani"), planned.plan.trips[0].code
    first, second = (ani.get(f"{BASE}surat-jalan/{trip}.pdf") for _ in range(2))
    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content
    (tmp_path / "a.pdf").write_bytes(first.content)
    page = subprocess.run(["pdftoppm", "-r", "110", "-png", "-l", "1", str(tmp_path / "a.pdf")], check=True, capture_output=True).stdout
    found = [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))]
    assert found == [rules.waybill_text(planned.waybills[trip][1])]


@pytest.mark.parametrize("path", ["kendaraan/X99/", "surat-jalan/X99-1.pdf", "permintaan/999/", "armada/X99/"])
def test_what_does_not_exist_is_not_found(planned: distribution.StoredPlan, client_for: ClientFor, path: str) -> None:
    assert client_for("ani").get(BASE + path).status_code == 404


def test_every_reason_and_refusal_has_a_sentence() -> None:
    source = Path(routes.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'Unassigned\(\s*(?:task\.)?load(?:\.load)?\.code, "(\w+)"', source)) <= set(desk.WHY)
    assert set(re.findall(r'"code": "(\w+)"', source)) <= set(desk.REMEDIES)
    codes = {cls.code for cls in vars(rules).values() if isinstance(cls, type) and issubclass(cls, rules.record.Refusal)}
    assert codes <= set(desk.SENTENCES)
