"""The page Gangguan: nothing counts before it was looked at; what changes is told; an old surat jalan says so."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from posko.desk import replanning as desk
from posko.domain import replanning as rules
from posko.domain.record import Actor
from posko.formats import land
from posko.server import jobs
from posko.store import distribution, record, replanning
from tests.desk.test_distribution import planned, with_fleet
from tests.store.test_distribution import ELECTION

__all__ = ["planned", "with_fleet"]
BASE = f"/{ELECTION}/distribusi/gangguan/"
ClientFor = Callable[[str], Client]
pytestmark = pytest.mark.skipif(not land.LAND.is_file(), reason="TIDAK DIUJI: world-atlas is not installed (./posko)")


def _preview(client: Client, **said: str) -> str:
    answer = client.get(BASE + "periksa/", said)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _hidden(page: str) -> dict[str, str]:
    form = page[page.index("gangguan/catat/") :]
    return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def test_every_kind_has_its_form_and_no_inline_style(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    for kind in desk.KINDS:
        page = ani.get(BASE, {"jenis": kind}).content.decode()
        assert "Lihat akibatnya" in page
        assert not re.search(r"\sstyle=", page)
    assert "Lihat akibatnya" not in client_for("budi").get(BASE).content.decode()
    assert client_for("budi").get(BASE + "periksa/").status_code == 403


def test_without_a_plan_the_page_says_what_to_do_first(db_beltim: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "Belum ada rencana" in ani.get(BASE).content.decode()
    assert "Susun rencana dahulu" in ani.get(BASE + "periksa/", {"jenis": "kendaraan", "vehicle": "T01"}, follow=True).content.decode()
    assert ani.get(BASE + "perubahan.pdf").status_code == 404


def test_a_lost_truck_is_looked_at_recorded_and_told(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, lost = client_for("ani"), next(trip.vehicle for trip in planned.plan.trips if trip.vehicle.startswith("T"))
    page = _preview(ani, jenis="kendaraan", vehicle=lost)
    assert f"{lost} tidak dapat dipakai lagi" in page
    assert "diambil alih" in page
    assert f"SJ/01/{lost}-1" in page
    assert distribution.current_plan(ELECTION, jobs._now()) == planned
    told = ani.post(BASE + "catat/", {**_hidden(page), "note": "mogok di Damar"}, follow=True).content.decode()
    assert "Rencana 2 berlaku" in told
    assert "tetap berlaku dengan nomor yang sama" in told
    assert ani.get(BASE + "perubahan.pdf").content.startswith(b"%PDF")
    number, identity = planned.waybills[f"{lost}-1"]
    old = ani.get(f"/{ELECTION}/distribusi/surat/{identity}/").content.decode()
    assert "Jangan berangkat dengan surat ini" in old
    assert number in old
    keeps = next(bill for trip, bill in planned.waybills.items() if not trip.startswith(lost))
    assert "berlaku" in client_for("budi").get(f"/{ELECTION}/distribusi/surat/{keeps[1]}/").content.decode()


def test_a_cut_road_is_recorded_with_who_said_so_and_opened_again(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    page = _preview(ani, jenis="jalan", place="19.06.03.2002", to="19.06.03.2005", source="polres")
    assert "Jalan Jangkang–Nyuruk putus" in page
    ani.post(BASE + "catat/", {**_hidden(page), "note": ""})
    shown = ani.get(BASE).content.decode()
    assert "Jalan Jangkang–Nyuruk putus" in shown
    assert "kata Polres" in shown
    entry = re.search(r'name="entry" value="(\w+)"', shown)
    assert entry
    assert "Dicatat" in ani.post(BASE + "selesai/", {"entry": entry[1]}, follow=True).content.decode()
    after = ani.get(BASE).content.decode()
    assert "Tidak ada gangguan yang tercatat" in after
    assert "memakai masukan lama" in after
    again = _preview(ani, jenis="lain")
    assert "disesuaikan" in again


def test_what_no_plan_brings_is_said_with_what_helps_and_only_the_disruption_is_recorded(
    planned: distribution.StoredPlan, client_for: ClientFor
) -> None:
    ani = client_for("ani")
    page = _preview(ani, jenis="kendaraan", vehicle="K01")
    assert "Tidak semua terbawa" in page
    assert "Sewa satu perahu lagi" in page
    assert "Catat gangguan dan rencana" not in page
    hidden = _hidden(page)
    assert "tidak dicatat sebagai rencana" in ani.post(BASE + "catat/", {**hidden, "note": "rusak"}, follow=True).content.decode()
    told = ani.post(BASE + "catat/", {**hidden, "note": "rusak", "alone": "1"}, follow=True).content.decode()
    assert "Gangguan dicatat" in told
    stored = distribution.current_plan(ELECTION, jobs._now())
    assert stored
    assert stored.number == 1


def test_a_preview_that_is_no_longer_so_is_refused(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani = client_for("ani")
    hidden = _hidden(_preview(ani, jenis="kendaraan", vehicle="T01"))
    for wrong in ({"seen_hash": "0" * 64}, {"seen": "9"}, {"seen": "x"}):
        answer = ani.post(BASE + "catat/", {**hidden, "note": "mogok", **wrong}, follow=True)
        assert "berubah sejak dilihat" in answer.content.decode()
    assert replanning.last_repair(ELECTION, jobs._now()) is None


@pytest.mark.parametrize(
    "said",
    [
        {"jenis": "jalan", "place": "19.06.03.2002", "to": "19.06.03.2002"},
        {"jenis": "kendaraan", "vehicle": "Z99"},
        {"jenis": "barang", "item": "TINTA", "ready": "besok"},
        {"jenis": "pindah", "tps": "", "to": "19.06.03.2002"},
        {"jenis": "gabung", "tps": "19.06.03.2002.001", "into": "x"},
    ],
)
def test_what_is_incomplete_is_refused_with_a_sentence(
    planned: distribution.StoredPlan, client_for: ClientFor, said: dict[str, str]
) -> None:
    answer = client_for("ani").get(BASE + "periksa/", said, follow=True)
    assert "Periksa pilihannya" in answer.content.decode()


def test_every_refusal_of_the_stage_has_a_sentence() -> None:
    codes = {cls.code for cls in vars(rules).values() if isinstance(cls, type) and issubclass(cls, rules.record.Refusal)}
    assert codes <= set(desk.SENTENCES)


def test_a_repair_can_be_taken_minutes_after_it_was_looked_at(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    kartika, ani = Actor("p-kartika", "ADMIN"), client_for("ani")
    for trip in sorted(planned.plan.trips, key=lambda trip: trip.depart_min):
        quiet, lost = planned.instant(trip.depart_min - 10), trip.vehicle
        record.set_clock(quiet, kartika, jobs._now())
        hidden = _hidden(_preview(ani, jenis="kendaraan", vehicle=lost))
        record.set_clock(quiet + timedelta(minutes=3), kartika, jobs._now())
        if hidden["seen_hash"] != _hidden(_preview(ani, jenis="kendaraan", vehicle=lost))["seen_hash"]:
            break  # a repair that three minutes change
    else:
        raise AssertionError("no repair of this plan depends on the minute")
    assert hidden["seen_min"] == str(round((quiet - planned.midnight_at).total_seconds() / 60))
    late = ani.post(BASE + "catat/", {**hidden, "note": "mogok", "seen_min": "-99999"}, follow=True).content.decode()
    assert "berubah sejak dilihat" in late
    told = ani.post(BASE + "catat/", {**hidden, "note": "mogok"}, follow=True).content.decode()
    assert "Rencana 2 berlaku" in told


def test_a_large_regency_asks_the_worker_and_takes_what_it_found(
    planned: distribution.StoredPlan, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LARGEST_AT_ONCE", 3)
    monkeypatch.setattr(replanning, "TRIALS", 500)
    ani, said = client_for("ani"), {"jenis": "jalan", "place": "19.06.03.2002", "to": "19.06.03.2005", "source": "polres"}
    page = _preview(ani, **said)
    assert "di atas itu pekerja latar yang mencari" in page
    answer = ani.post(BASE + "cari/", said)
    where = answer["Location"]
    assert ani.post(BASE + "cari/", said)["Location"] == where  # a second press
    assert "Menunggu giliran" in ani.get(where).content.decode()
    assert "menunggu giliran" in ani.get(BASE).content.decode()
    assert jobs.run_once()
    found = ani.get(where).content.decode()
    assert "menunggu Anda" in found
    assert "Jalan Jangkang–Nyuruk putus" in found
    assert "hasil menunggu" in ani.get(BASE).content.decode()
    assert distribution.current_plan(ELECTION, jobs._now()) == planned
    assert client_for("budi").get(where).status_code == 403
    assert "berlaku" in ani.post(where + "catat/", {"note": ""}, follow=True).content.decode()
    assert "sudah dicatat sebagai rencana 2" in ani.get(where).content.decode()
    assert "sudah selesai, diterima" in ani.post(where + "catat/", {}, follow=True).content.decode()


def test_a_search_is_stopped_asked_again_and_told_when_it_is_of_no_use(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, said = client_for("ani"), {"jenis": "kendaraan", "vehicle": "T01", "source": "kpu"}
    where = ani.post(BASE + "cari/", said)["Location"]
    assert "Pencarian dihentikan" in ani.post(where + "batal/", follow=True).content.decode()
    stopped = ani.get(where).content.decode()
    assert "Cari sekali lagi" in stopped
    assert 'name="vehicle" value="T01"' in stopped
    other = ani.post(BASE + "cari/", said)["Location"]
    distribution.retire_vehicle(ELECTION, "T01", "mogok", Actor("p-ani", "KPU"), record.clock(jobs._now()))
    assert jobs.run_once()
    one = replanning.found(ELECTION, int(other.rstrip("/").rpartition("/")[2]), jobs._now())
    assert one
    assert (one.request.state, one.request.code) == ("failed", "replanning.bad_disruption")
    assert "Tidak ada hasil" in ani.get(other).content.decode()
    assert ani.get(BASE + "cari/9999/").status_code == 404
