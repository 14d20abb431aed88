"""Transfers on the screen: from a count on a phone to a signed berita acara, each in their own part."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import record as facts
from posko.store import record, transfers
from tests import beltim

pytestmark = pytest.mark.django_db
P = "pilkada-2024"
BASE = f"/{P}/geser/"
SHORT, NEAR = "19.06.02.2003.003", "19.06.02.2011.002"
OPEN_AT = datetime(2024, 11, 27, 0, 10, tzinfo=UTC)


def clock(at: datetime) -> None:
    record.set_clock(at, facts.Actor("p-kartika", "ADMIN"), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def scene(installation: Any) -> Any:
    beltim.at("regulation", P)
    clock(OPEN_AT)
    return installation


def post(client: Any, path: str, **values: Any) -> str:
    return str(client.post(BASE + path, values, follow=True).content.decode())


def terms(**more: str) -> dict[str, str]:
    given = {
        "line": "SURAT_SUARA~GUB",
        "keep": "need",
        "floor": "0",
        "leave_day": "2024-11-27",
        "leave_time": "07:30",
        "deadline_day": "2024-11-27",
        "deadline_time": "13.00",
        "basis": "laporan KPPS",
    }
    return {**given, **more}


def shortage(budi: Any) -> None:
    for tps, found in ((SHORT, "400"), (NEAR, "600")):
        page = post(budi, f"hitung/{tps}/", found_GUB=found, needed_GUB="500", voters_GUB="487", phase="opening")
        assert "Hitungan tersimpan: GUB" in page


def test_from_the_first_count_to_the_signed_minutes(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani, fajar, juwita = (client_for(name) for name in ("budi", "ani", "fajar", "juwita"))
    assert "Belum ada TPS yang dihitung" in ani.get(BASE).content.decode()
    shortage(budi)
    page = ani.get(BASE).content.decode()
    assert "DI LUAR DAFTAR" in page
    assert "TPS 003 Jangkar Asam kurang 100 GUB" in ani.get(f"/{P}/tugas/").content.decode()
    page = post(ani, "usulan/baru/", **terms())
    assert "100 dari 100 tertutup" in page
    assert "diusulkan: 100" in page
    assert "PERKIRAAN" in page
    assert "Hanya pimpinan KPU" in post(ani, "usulan/USL-001/putuskan/", answer="yes")
    assert "Usulan disetujui" in post(fajar, "usulan/USL-001/putuskan/", answer="yes")
    assert "Serahkan GSR-001" in budi.get(f"/{P}/tugas/").content.decode()
    assert "100 berangkat" in post(budi, "antar/GSR-001/serahkan/", pieces="100")
    waiting = budi.get(BASE + "antar/GSR-001/").content.decode()
    assert "Berapa lembar yang diterima" in waiting
    assert "<strong>100</strong>" not in waiting, "who counts does not see what was sent"
    page = post(budi, "antar/GSR-001/terima/", pieces="98")
    assert "kurang 2" in page
    assert "berangkat 100, diterima 98" in juwita.get(f"/{P}/tugas/").content.decode()
    for paper in ("a4", "f4"):
        assert juwita.post(BASE + "antar/GSR-001/berita-acara.pdf", {"paper": paper}).content.startswith(b"%PDF")
    assert "Sudah dicetak 2 kali" in ani.get(BASE + "antar/GSR-001/").content.decode()
    assert ani.get(BASE + "geser.xlsx").content.startswith(b"PK")


def test_the_same_trip_prints_the_same_bytes(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani, fajar = (client_for(name) for name in ("budi", "ani", "fajar"))
    shortage(budi)
    post(ani, "usulan/baru/", **terms())
    assert "tidak pada tahap itu" in post(ani, "antar/GSR-001/berita-acara.pdf", paper="a4"), "not before it is approved"
    post(fajar, "usulan/USL-001/putuskan/", answer="yes")
    first, second = (ani.post(BASE + "antar/GSR-001/berita-acara.pdf", {"paper": "f4"}).content for _ in range(2))
    assert first == second


def test_a_tps_is_found_by_number_and_desa_also_where_the_provisional_list_lacks_it(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi = client_for("budi")
    assert "TPS 003 Jangkar Asam" in post(budi, "hitung/", code="tps 3 jangkar asam")
    assert "Tidak ada TPS" in post(budi, "hitung/", code="3 padang"), "Padang lies in another kecamatan"
    assert "Tidak ada TPS" in post(budi, "hitung/", code="xyz")
    assert "TPS sementara 007" in post(budi, "hitung/", code="19.06.02.0000.007")


def test_nobody_counts_or_hands_over_in_anothers_part(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani, fajar = (client_for(name) for name in ("budi", "ani", "fajar"))
    assert budi.get(BASE + "hitung/19.06.01.2001.001/").status_code == 403
    assert client_for("lutfi").get(BASE + "hitung/").status_code == 403
    post(budi, f"hitung/{NEAR}/", found_GUB="600", needed_GUB="500", phase="opening")
    far = "19.06.01.2007.004"
    post(ani, f"hitung/{far}/", found_GUB="498", needed_GUB="500", phase="opening")
    post(ani, "usulan/baru/", **terms())
    (code,) = [t.leg.code for t in transfers.transfers(P, OPEN_AT) if t.leg.receiver == far]
    post(fajar, "usulan/USL-001/putuskan/", answer="yes")
    post(budi, f"antar/{code}/serahkan/", pieces="1")
    assert budi.get(BASE + f"antar/{code}/").status_code == 200, "the giver is his"
    assert budi.post(BASE + f"antar/{code}/terima/", {"pieces": "1"}).status_code == 403, "the receiver is not"


def test_refusals_say_what_to_do_and_keep_what_was_typed(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani = client_for("budi"), client_for("ani")
    page = post(budi, f"hitung/{SHORT}/", found_GUB="400", phase="opening", note="hujan")
    assert "Posko belum tahu" in page
    assert "hujan" in page
    assert "bukan bilangan bulat" in post(budi, f"hitung/{SHORT}/", found_GUB="empat", needed_GUB="500", phase="opening")
    assert "Belum ada hitungan" in post(budi, f"hitung/{SHORT}/", phase="opening")
    assert "tidak ada di sini" in post(ani, "hitung/19.06.02.2999.001/")
    post(budi, f"hitung/{SHORT}/", found_GUB="400", needed_GUB="500", phase="opening")
    assert "Tulis alasannya" in post(budi, f"hitung/{SHORT}/", found_GUB="401", needed_GUB="500", phase="opening")
    assert "bukan tanggal dan jam" in post(ani, "usulan/baru/", **terms(deadline_time="siang"))
    assert "Batas waktu harus sesudah" in post(ani, "usulan/baru/", **terms(deadline_time="07:00"))
    page = post(ani, "usulan/baru/", **terms())
    assert "tidak ada TPS yang boleh dan sempat membantu" in page
    clock(OPEN_AT - timedelta(days=1))
    assert transfers.proposals(P, OPEN_AT) == []


def test_why_not_from_that_tps_is_answered_for_each(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi, ani = client_for("budi"), client_for("ani")
    shortage(budi)
    post(budi, "hitung/19.06.02.0000.007/", found_GUB="700", needed_GUB="500", phase="opening")
    post(budi, "hitung/19.06.02.2001.001/", found_GUB="500", needed_GUB="500", phase="opening")
    page = post(ani, "usulan/baru/", **terms())
    for why in ("waktu tempuh belum diketahui", "tidak punya kelebihan", "diusulkan: 100"):
        assert why in page
    assert "TPS sedapil belum dihitung" in page


def test_a_late_withdrawal_needs_a_second_person_with_a_password(scene: Any, client_for: Callable[[str], Any]) -> None:
    budi = client_for("budi")
    post(budi, f"hitung/{SHORT}/", found_GUB="400", needed_GUB="500", phase="opening")
    clock(OPEN_AT + timedelta(hours=1))
    assert "orang kedua" in post(budi, "hitungan/HTG-001/tarik/", reason="salah TPS")
    assert "sandi" in post(budi, "hitungan/HTG-001/tarik/", reason="salah TPS", second="ani", second_password="keliru")
    assert len(transfers.counts(P, OPEN_AT + timedelta(hours=1))) == 1
    assert "Hitungan ditarik" in post(budi, "hitungan/HTG-001/tarik/", reason="salah TPS", second="ani", second_password="posko-demo")
    assert "ditarik" in budi.get(BASE + "hitungan/HTG-001/").content.decode()


def test_the_need_known_to_posko_is_not_asked_again(db_beltim: Any, client_for: Callable[[str], Any]) -> None:
    page = client_for("budi").get("/pemilu-2024/geser/hitung/19.06.02.2001.001/").content.decode()
    assert "needed_DPR" not in page
    assert "Wajib ada" in page
    assert "PERKIRAAN" in page
