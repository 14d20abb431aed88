"""The screens of the posts: each side runs its own, words stay with their side, one button on a phone, the week, the counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from posko.domain import posts as rules
from posko.formats import posts as printed
from posko.formats import table
from posko.store import posts
from tests import beltim
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024/posko/"
For = Callable[[str], Client]


@pytest.fixture
def lived(installation: Any) -> Any:
    """Places, the demo's reports and its posts."""
    beltim.through("places", "reports", "posts")
    return installation


def form(**more: Any) -> dict[str, Any]:
    typed = {
        "code": "cab-membalong", "kind": "KECAMATAN", "name": "Posko Cabang", "parent": "KEJARI-BELTIM", "place": "19.06.05",
        "served": ["19.06.05.2001"], "services": ["intake", "coordination"], "from_0": "08:00", "until_0": "16:00", "from_5": "20:00",
        "until_5": "00:00", "beat_hours": "4",
    }  # fmt: skip
    return typed | more


def test_the_overview_shows_silent_posts_first_and_who_is_there(lived: Any, client_for: For) -> None:
    page = client_for("citra").get(ROOT).content.decode()
    silent = [p for p in posts.listing(E, RAKOR_AT) if posts.beats(E, RAKOR_AT)[p.code].pulse is rules.Pulse.SILENT]
    assert len(silent) == 1
    names = [p.name for p in posts.listing(E, RAKOR_AT)]
    assert all(page.index(f">{silent[0].name}</a>") <= page.index(f">{name}</a>") for name in names)
    assert "diam, tidak diketahui" in page
    assert "Citra" in page
    assert "[SIMULASI]" in page


def test_gita_opens_changes_and_closes_a_post_by_forms_alone(lived: Any, client_for: For) -> None:
    gita = client_for("gita")
    assert gita.post(f"{ROOT}baru/", form()).headers["Location"].endswith("/posko/CAB-MEMBALONG/")
    made = posts.get(E, "CAB-MEMBALONG", RAKOR_AT)
    assert made.hours == (rules.Window(0, 480, 960), rules.Window(5, 1200, 1440))
    assert printed.hours(made.hours) == "Sen 08.00–16.00; Sab 20.00–24.00"
    page = gita.get(f"{ROOT}CAB-MEMBALONG/ubah/").content.decode()
    assert 'name="until_5" value="00:00"' in page
    gita.post(f"{ROOT}CAB-MEMBALONG/ubah/", form(always="1", beat_hours="2"))
    assert printed.hours(posts.get(E, "CAB-MEMBALONG", RAKOR_AT).hours) == "24 jam setiap hari"
    gita.post(f"{ROOT}CAB-MEMBALONG/keadaan/", {"reason": "pindah"})
    assert not posts.get(E, "CAB-MEMBALONG", RAKOR_AT).open
    gita.post(f"{ROOT}CAB-MEMBALONG/keadaan/", {"act": "reopen"})
    assert posts.get(E, "CAB-MEMBALONG", RAKOR_AT).open


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"code": "a b"}, "Kode pos hanya"), ({"kind": "x"}, "tidak berdiri di bawah"), ({"served": []}, "paling sedikit satu desa"),
        ({"services": []}, "satu layanan"),
        ({"from_0": "17:00"}, "Periksa jam buka"), ({"from_0": "", "until_0": "16:00"}, "jam buka"),
        ({"beat_hours": "²"}, "1 sampai 24 jam"), ({"beat_hours": "-1"}, "1 sampai 24 jam"),
        ({"name": "Posko tim sukses"}, "tidak memuat sebutan"),
        ({"code": "KEJARI-BELTIM"}, "sudah dipakai"), ({"place": "'; DROP"}, "tidak ada di wilayah ini"),
    ],
)  # fmt: skip
def test_a_refused_form_says_what_to_do_and_keeps_what_was_typed(lived: Any, client_for: For, more: dict[str, Any], says: str) -> None:
    before = len(posts.listing(E, RAKOR_AT))
    page = client_for("gita").post(f"{ROOT}baru/", form(**more)).content.decode()
    assert says in page
    assert 'value="Posko ' in page
    assert len(posts.listing(E, RAKOR_AT)) == before


def test_nobody_runs_the_posts_of_the_other_side_or_of_another_kecamatan(lived: Any, client_for: For) -> None:
    size = posts.record.root()[0]
    for who, code in (("ani", "KEJARI-BELTIM"), ("citra", "KPU-BELTIM"), ("budi", "PPK-MANGGAR"), ("juwita", "KEJARI-BELTIM")):
        client_for(who).post(f"{ROOT}{code}/hidup/")
        client_for(who).post(f"{ROOT}{code}/catat/", {"note": "visit", "people": "1", "counterpart": "WARGA"})
        client_for(who).post(f"{ROOT}{code}/kontak/", {"desa": "19.06.01.2001", "role": "PPS", "channel": "RADIO"})
        client_for(who).post(f"{ROOT}{code}/keadaan/", {"reason": "pindah"})
        client_for(who).post(f"{ROOT}piket/tambah/", {"post": code, "person": "p-citra", "from": "08:00", "until": "09:00", "day": "4"})
    assert posts.record.root()[0] == size
    assert client_for("budi").get(f"{ROOT}PPK-MANGGAR/").status_code == 403
    assert client_for("budi").get(f"{ROOT}PPK-GANTUNG/").status_code == 200


def test_words_of_the_logbook_stay_with_their_side_and_bawaslu(lived: Any, client_for: For) -> None:
    for who, reads in (("citra", True), ("gita", True), ("juwita", True), ("ani", False), ("fajar", False)):
        page = client_for(who).get(f"{ROOT}KEJARI-BELTIM/").content.decode()
        assert ("Menanyakan cara pindah memilih" in page) == reads, who
        assert "kunjungan" in page


def test_one_button_on_a_phone_counts_once(lived: Any, client_for: For) -> None:
    citra = client_for("citra")
    assert citra.get(f"{ROOT}hidup/").headers["Location"] == f"{ROOT}KEJARI-BELTIM/hidup/"  # she is on duty there
    page = citra.get(f"{ROOT}KEJARI-BELTIM/hidup/").content.decode()
    assert page.count("<button") - page.count("linkish") == 1
    posts.record.set_clock(RAKOR_AT + timedelta(hours=1), lived.actors["kartika"], datetime(2026, 1, 1, tzinfo=UTC))
    assert "Tercatat: posko hidup" in citra.post(f"{ROOT}KEJARI-BELTIM/hidup/", follow=True).content.decode()
    assert "Sudah tercatat" in citra.post(f"{ROOT}KEJARI-BELTIM/hidup/", follow=True).content.decode()
    assert posts.beats(E, RAKOR_AT + timedelta(hours=1))["KEJARI-BELTIM"].last_at == RAKOR_AT + timedelta(hours=1)


def test_the_week_names_gaps_and_is_filled_and_emptied_by_forms(lived: Any, client_for: For) -> None:
    gita = client_for("gita")
    page = gita.get(f"{ROOT}piket/").content.decode()
    assert "KOSONG" in page
    typed = {"minggu": "2023-12-11", "post": "KEJARI-BELTIM", "person": "p-gita", "from": "20:00", "until": "06:00", "day": ["0", "6"]}
    assert "2 piket dicatat" in gita.post(f"{ROOT}piket/tambah/", typed, follow=True).content.decode()
    found = [s for s in posts.shifts(E, RAKOR_AT, RAKOR_AT + timedelta(days=20), RAKOR_AT) if s.person == "p-gita"]
    assert [s.until_at - s.from_at for s in found] == [timedelta(hours=10)] * 2
    clash = typed | {
        "post": next(p.code for p in posts.listing(E, RAKOR_AT) if p.code.startswith("KEC-")),
        "from": "05:00",
        "until": "07:00",
    }
    assert "Satu orang tidak di dua pos" in gita.post(f"{ROOT}piket/tambah/", clash | {"day": "1"}, follow=True).content.decode()
    page = gita.post(f"{ROOT}piket/{found[0].code}/batal/", {"reason": "sakit", "minggu": "2023-12-11"}, follow=True).content.decode()
    assert "Piket dibatalkan" in page
    for bad in ({"day": []}, {"from": ""}, {"person": "Siti"}, {"day": "9"}, {"post": "TIDAK-ADA"}):
        assert 'class="error"' in gita.post(f"{ROOT}piket/tambah/", typed | bad, follow=True).content.decode()


@pytest.mark.parametrize("paper", ["a4", "f4"])
def test_the_week_on_paper_is_the_same_bytes_each_time(lived: Any, client_for: For, paper: str) -> None:
    address = f"{ROOT}piket/piket.pdf?minggu=2023-12-06&kertas={paper}"
    first = client_for("citra").get(address)
    assert first.content.startswith(b"%PDF")
    assert first.content == client_for("citra").get(address).content


def test_a_note_is_written_and_struck_by_forms(lived: Any, client_for: For) -> None:
    citra = client_for("citra")
    said = {"note": "call", "people": "2", "counterpart": "BAWASLU", "text": "Menanyakan jadwal rakor"}
    assert "dicatat" in citra.post(f"{ROOT}KEJARI-BELTIM/catat/", said, follow=True).content.decode()
    number = posts.lines(E, RAKOR_AT)[0].number
    assert "dicoret" in citra.post(f"{ROOT}catatan/{number}/coret/", {"reason": "dobel"}, follow=True).content.decode()
    for bad in ({"note": "x"}, {"people": "banyak"}, {"people": "1000"}, {"happened_at": "2030-01-01T00:00"}, {"counterpart": "x"}):
        assert 'class="error"' in citra.post(f"{ROOT}KEJARI-BELTIM/catat/", said | bad, follow=True).content.decode()
    old = next(line.number for line in posts.lines(E, RAKOR_AT) if not line.struck)
    later = RAKOR_AT + timedelta(hours=2)
    posts.record.set_clock(later, lived.actors["kartika"], datetime(2026, 1, 1, tzinfo=UTC))
    assert "orang kedua" in citra.post(f"{ROOT}catatan/{old}/coret/", {"reason": "dobel"}, follow=True).content.decode()
    two = {"reason": "dobel", "second": "gita", "second_password": "posko-demo"}
    assert "dicoret" in citra.post(f"{ROOT}catatan/{old}/coret/", two, follow=True).content.decode()


def test_coverage_names_the_bare_desa_first_and_draws_them(lived: Any, client_for: For) -> None:
    page = client_for("citra").get(f"{ROOT}liputan/?sisi=kejaksaan").content.decode()
    bare = [c.desa for c in posts.coverage(E, RAKOR_AT, rules.Side.KEJAKSAAN) if c.cover is rules.Cover.NONE]
    assert len(bare) == 2
    rows = page[page.index("<h2>Desa") :]
    assert rows.index(f'id="d{bare[0]}"') < rows.index('id="d19.06.01.2001"')
    assert "<svg" in page
    assert "SKEMATIS" in page


def test_the_province_sees_counts_and_nothing_else(lived: Any, client_for: For) -> None:
    maya = client_for("maya")
    page = maya.get(f"{ROOT}rekap/").content.decode()
    assert "Posko Kejari Belitung Timur" in page
    for word in ("bocor", "LAP-0", "LOG-0", "Menanyakan", "Citra", "KPU Belitung Timur"):
        assert word not in page
    for closed in ("", "KEJARI-BELTIM/", "piket/", "liputan/", "ekspor.xlsx", "hidup/", "baru/"):
        assert maya.get(ROOT + closed).status_code == 403
    for closed in ("laporan/", "aght/", "jurnal/", "papan/", "cari/?q=gudang", "pengaduan-posko/", "rekomendasi/"):
        assert maya.get(f"/pemilu-2024/{closed}").status_code == 403
    assert f"{ROOT}rekap/" in maya.get("/pemilu-2024/tugas/").content.decode()


def test_the_roll_up_of_both_sides_counts_every_report_once(lived: Any, client_for: For) -> None:
    from posko.store import reports

    filed = len(reports.listing(E, RAKOR_AT))
    for side in rules.Side:
        rolled = posts.rollup(E, side, RAKOR_AT - timedelta(days=7), RAKOR_AT)
        assert sum(r.own.reports for r in rolled) == filed
    assert "Di luar wilayah" not in client_for("fajar").get(f"{ROOT}rekap/?sisi=kpu").content.decode()


def test_the_export_holds_posts_duty_and_coverage_without_words(lived: Any, client_for: For) -> None:
    book = table.read("posko.xlsx", client_for("juwita").get(f"{ROOT}ekspor.xlsx").content)
    assert [s.name for s in book.sheets] == ["Pos", "Piket", "Liputan"]
    assert len(book.sheets[2].rows) == 40
    assert "Menanyakan" not in repr(book)


def test_the_second_line_leads_through_the_post_and_shows_complaints_to_bawaslu_alone(lived: Any, client_for: For) -> None:
    for who, sees in (("citra", False), ("gita", False), ("ani", False), ("juwita", True)):
        page = client_for(who).get(ROOT).content.decode()
        assert 'aria-label="Posko"' in page
        assert ("/pengaduan-posko/" in page) == sees


def test_silence_stands_in_the_inbox_of_those_it_goes_to(lived: Any, client_for: For) -> None:
    assert "detak terlewat, diminta setiap" in client_for("citra").get("/pemilu-2024/tugas/").content.decode()
    assert "detak terlewat, diminta setiap" not in client_for("ani").get("/pemilu-2024/tugas/").content.decode()
