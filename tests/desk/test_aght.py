"""The screens of grading, time left, calibration, referral clocks, map, clusters and other agencies' layers."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.cli.demo import aght as aght_step
from posko.cli.demo import places as places_step
from posko.cli.demo import reports as reports_step
from posko.cli.demo.context import RAKOR_AT, Context
from posko.domain import aght as rules
from posko.domain import dpt as dpt_rules
from posko.domain import reports as report_rules
from posko.formats import table
from posko.store import access, aght, dpt, places, record, reports

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = f"/{E}/aght"
PAGES = ("peta/", "peta/?lapis=rugi", "peta/?lapis=LAPIS-01", "kluster/", "kalibrasi/", "lapisan/")


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Places and the demo's reports and AGHT; every TPS has 264 voters, an estimate."""
    context = Context(root=Path(__file__).resolve().parents[2], var=tmp_path, say=lambda _text: None, people=dict(installation.actors))
    places_step.run(context)
    voters = {t.code: dpt_rules.TpsVoters(t.code, 264, estimate=True) for t in places.tps_list(E)}
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: voters)
    for step in (reports_step, aght_step):
        step.run(context)
    record.set_clock(RAKOR_AT, installation.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    return installation


def page(client: Any, path: str) -> str:
    answer = client.get(f"{ROOT}/{path}")
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_those_who_may_read_aght_open_the_new_pages_and_others_do_not(post: Any, client_for: Any) -> None:
    for who in ("citra", "gita", "ani", "juwita", "hadi"):
        for path in PAGES:
            page(client_for(who), path)
    for who in ("budi", "dedi", "indra", "lutfi"):
        assert {client_for(who).get(f"{ROOT}/{path}").status_code for path in PAGES} == {403}


def test_what_was_handed_to_bawaslu_is_read_by_the_kejari_and_bawaslu_only(post: Any, client_for: Any) -> None:
    for who in ("citra", "gita", "juwita"):
        page(client_for(who), "rujukan/")
    for who in ("ani", "hadi", "indra", "budi"):
        assert client_for(who).get(f"{ROOT}/rujukan/").status_code == 403
    assert "rujukan/" not in page(client_for("ani"), "")
    assert "rujukan/" not in page(client_for("ani"), "AGHT-01/")


def test_the_tree_is_shown_with_its_answers_and_kept_for_the_next_look(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    assert "Ada niat merugikan? <strong>ya</strong>" in page(citra, "AGHT-05/")
    form = page(citra, "AGHT-05/kaji/")
    assert 'name="intent" value="1" checked' in form
    assert 'name="happening" value="1">' in form


def test_only_the_analyst_takes_layers_and_writes_datuns_receipt(post: Any, client_for: Any) -> None:
    for who in ("ani", "juwita", "hadi", "gita"):
        assert client_for(who).get(f"{ROOT}/lapisan/baru/").status_code == 403
        assert client_for(who).post(f"{ROOT}/rujuk/LAP-001/tanda-terima/", {"receipt_no": "1"}).status_code == 403


def test_the_register_shows_expected_loss_range_time_left_and_who_graded(post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), "")
    assert "P5–P95" in seen
    assert "68 hari 20 jam" in seen
    assert "dinilai satu orang" in seen
    detail = page(client_for("citra"), "AGHT-01/")
    assert "Saat terakhir: <strong>12 Feb. 2024, 06.00 WIB</strong>" in detail
    assert "rata-rata sebaran segitiga" in detail


def test_an_item_is_not_opened_without_its_last_useful_moment(post: Any, client_for: Any) -> None:
    said = {
        "title": "Jalan", "claim": "Jalan putus", "operational": "1", "low": "0", "mode": "1", "high": "2", "prior": "10",
        "gatra": "geografi", "variable": "6", "place": "19.06.02.2003",
    }  # fmt: skip
    citra = client_for("citra")
    for typed in ("", "besok", "2024-02-30T10:00"):
        assert "Posko tidak menebaknya" in citra.post(f"{ROOT}/baru/", {**said, "last_useful": typed}).content.decode()
    opened = citra.post(f"{ROOT}/baru/", {**said, "last_useful": "2024-02-12T06:00", "violation": "dispute"})
    item = aght.get(E, opened["Location"].rstrip("/").rpartition("/")[2], RAKOR_AT)
    assert item.routes == (rules.Route.KPU, rules.Route.DATUN)


def test_closing_asks_what_became_of_the_claim(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    said = {"standing": "closed", "reason": "ombak reda"}
    assert "pilih apa yang terjadi" in citra.post(f"{ROOT}/AGHT-01/keadaan/", said, follow=True).content.decode()
    citra.post(f"{ROOT}/AGHT-01/keadaan/", {**said, "outcome": "not_held"})
    item = aght.get(E, "AGHT-01", RAKOR_AT)
    assert (item.standing, item.outcome) == (rules.Standing.CLOSED, rules.Outcome.NOT_HELD)
    seen = page(citra, "kalibrasi/")
    assert "belum cukup data" in seen
    assert "90,4 %" in seen


def test_the_calibration_shows_its_score_from_twenty_items_on(post: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [rules.Forecast("AGHT-01", 0.8, held=n < 15) for n in range(20)]
    monkeypatch.setattr(rules, "forecasts", lambda _items: said[:19])
    assert "belum cukup data" in page(client_for("citra"), "kalibrasi/")
    monkeypatch.setattr(rules, "forecasts", lambda _items: said)
    seen = page(client_for("citra"), "kalibrasi/")
    assert "belum cukup data" not in seen
    assert "0,190" in seen  # (15 x 0,04 + 5 x 0,64) / 20
    assert "n = 20" in seen


def test_the_second_scale_is_anothers_first_on_the_screen_too(post: Any, client_for: Any) -> None:
    from posko.domain.access import Grant

    grants = [Grant("kejari.analis", "19.06", datetime(2023, 6, 1, tzinfo=UTC))]
    access.add_user("nila", "x" * 12, "Nila", "KEJARI", grants, post.actors["kartika"], RAKOR_AT - timedelta(days=30))
    citra = client_for("citra")
    citra.post(f"/{E}/laporan/baru/", {"text": "Jembatan ke desa retak, truk tidak lewat", "category": "GEO", "place": "19.06.02.2003"})
    number = reports.listing(E, RAKOR_AT)[0].number
    citra.post(f"{ROOT}/nilai/{number}/sumber/", {"claim": "Jembatan retak", "chain": "", "basis": "melihat", "grade": "B"})
    seen = page(citra, f"nilai/{number}/keterangan/")
    assert "Tidak ada analis lain yang dapat menilai sekarang" in seen
    said = {"grade": "2", "basis": "foto"}
    assert "ditawarkan dahulu" in citra.post(f"{ROOT}/nilai/{number}/keterangan/", said).content.decode()
    assert "Anda juga menilai sumbernya" not in page(client_for("nila"), f"nilai/{number}/keterangan/")
    assert client_for("nila").post(f"{ROOT}/nilai/{number}/keterangan/", said).status_code == 302
    assert not aght.gradings(E, RAKOR_AT)[number].by_one


def test_referrals_show_bawaslus_clock_and_its_uncertainty(post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), "rujukan/")
    assert "11 Des. 2023, 23.59 WIB" in seen
    assert "libur nasional belum dihitung" in seen
    assert "tidak menyelidiki" in seen
    citra = client_for("citra")
    citra.post(f"{ROOT}/rujuk/LAP-010/", {"to": "DATUN"})
    assert "Catat tanda terima" in page(citra, "rujukan/")
    citra.post(f"{ROOT}/rujuk/LAP-010/tanda-terima/", {"receipt_no": "DTN-7"})
    assert "DTN-7" in page(citra, "rujukan/")


def test_the_map_hatches_silence_and_says_count_interval_and_n(post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), "peta/")
    assert "Diam bukan aman" in seen
    assert "peta-unknown" in seen
    assert "kali daerah (90 %:" in seen
    assert "laporan dari" in seen


def moving(seen: str) -> dict[str, Any]:
    """The values that the page holds for the map that moves."""
    found = re.search(r'<script id="peta-data" type="application/json">(.*?)</script>', seen)
    assert found
    values: dict[str, Any] = json.loads(found[1])
    return values


@pytest.mark.parametrize("layer", ["laporan", "rugi", "LAPIS-01", "LAPIS-02"])
def test_the_map_that_moves_holds_the_numbers_of_the_picture_and_hatches_the_same_desa(layer: str, post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), f"peta/?lapis={layer}")
    desa = moving(seen)["desa"]
    assert {d["code"] for d in desa} == {d.code for d in places.desa_list("19.06")}
    hatched = {d["code"] for d in desa if not d["fill"]}
    assert hatched
    picture = seen[seen.index("<svg xmlns") : seen.index("<figcaption>")]
    for one in desa:
        assert f'id="desa-{one["code"]}"' in seen, "the detail is this row"
        if one["ashore"]:
            assert f"<title>{escape(one['name'])}: {escape(one['word'])}</title>" in picture
            assert not one["figure"] or f">{one['figure']}</text>" in picture
    assert picture.count('fill="url(#peta-arsir)"') == sum(d["ashore"] for d in desa if d["code"] in hatched)
    silent = {d.code for d in aght.desa(E, RAKOR_AT) if d.unknown}
    assert layer not in ("laporan", "rugi") or silent <= hatched


def test_an_item_alone_does_not_colour_a_desa_from_which_nobody_reported(post: Any, client_for: Any) -> None:
    silent = next(d for d in aght.desa(E, RAKOR_AT) if d.items and not d.reports)
    name = next(d.name for d in places.desa_list("19.06") if d.code == silent.code)
    seen = page(client_for("citra"), "peta/")
    assert f"{name}: belum ada kabar, tidak ada pos, 1 butir menyentuhnya" in seen


def test_the_days_work_as_plain_links_and_never_look_ahead(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    today = page(citra, "peta/")
    assert 'rel="prev"' in today
    assert 'rel="next"' not in today
    earlier = page(citra, "peta/?hari=2023-11-28")
    assert "Selasa, 28 November 2023" in earlier
    assert 'rel="next"' in earlier
    assert page(citra, "peta/?langkah=0").count("(hari ini)") == 0
    for nonsense in ("hari=2099-01-01", "hari=x", "langkah=999", "langkah=-1", "lapis=LAPIS-99"):
        assert "(hari ini)" in page(citra, f"peta/?{nonsense}")


def test_other_agencies_layers_are_apart_and_say_that_they_weigh_nothing(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    seen = page(citra, "peta/?lapis=LAPIS-02")
    assert "Bobotnya nol" in seen
    assert "Jumlah yang diterbitkan 30, barisnya berjumlah 28: selisih 2" in seen
    assert "kali daerah (90 %" not in seen
    assert "posko kampanye</td>" not in page(citra, "peta/?lapis=LAPIS-01")
    assert "(bobot nol)" in page(citra, "lapisan/")


def upload(client: Any, rows: Any, **more: str) -> str:
    said = {"owner": "POLRES", "name": "Kelas TPS", "version": "2", "source": "surat 7", "issued": "2023-12-01", "stated": "", **more}
    sent = SimpleUploadedFile("kelas.xlsx", table.xlsx({"TPS": rows}))
    return str(client.post(f"{ROOT}/lapisan/baru/", {**said, "file": sent}, follow=True).content.decode())


def test_a_layer_is_taken_from_a_file_or_refused_whole(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    before = len(aght.layers(E, RAKOR_AT))
    seen = upload(citra, [("kode", "kelas", "jumlah"), ("19.06.02.2001", "rawan", 4), ("19.06.99.2001", "rawan", 1)])
    assert "Tidak ada yang diambil" in seen
    assert "19.06.99.2001 bukan desa atau TPS" in seen
    assert len(aght.layers(E, RAKOR_AT)) == before
    good = [("kode", "kelas", "jumlah"), ("19.06.02.2001", "rawan", 4)]
    assert "tidak pernah dihitung ke dalam penilaian Posko" in upload(citra, good)
    assert "sudah pernah diambil" in upload(citra, good, version="3")
    assert aght.layers(E, RAKOR_AT)[0].total == 4
    for wrong in ({"issued": "2099-01-01"}, {"issued": ""}, {"owner": "KPU"}, {"stated": "banyak"}, {"version": ""}, {"source": ""}):
        assert "Lapisan belum lengkap" in upload(citra, [("kode", "kelas"), ("19.06.02.2001", "khusus")], **wrong)
    assert client_for("citra").post(f"{ROOT}/lapisan/baru/", {"owner": "POLRES"}).status_code == 200
    assert citra.get(f"{ROOT}/lapisan/contoh.xlsx").content.startswith(b"PK")


def test_under_twenty_reports_the_page_says_too_few_and_above_it_p_n_and_power(post: Any, client_for: Any) -> None:
    assert "terlalu sedikit" in page(client_for("ani"), "kluster/")
    for n in range(24):
        filing = report_rules.filing(
            "Jalan ke desa becek dan licin", category=report_rules.Category.GEO, channel=report_rules.Channel.PHONE,
            source=report_rules.Source.KPU, place=("19.06.03.2008", "19.06.03.2001", "19.06.02.2001")[n % 3], at=RAKOR_AT,
        )  # fmt: skip
        reports.file_report(E, filing, reports.PUBLIC_ACTOR, RAKOR_AT)
    seen = page(client_for("ani"), "kluster/")
    assert "p = <strong>" in seen
    assert "Daya uji" in seen
    assert "begitu sering kluster 4 desa dengan risiko 3 kali" in seen
    assert "Gi* per desa" in seen
