"""The screens of grading, time left, calibration, referral clocks, map, clusters and other agencies' layers."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from xml.sax.saxutils import escape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.cli.demo.context import RAKOR_AT
from posko.domain import aght as rules
from posko.domain import reports as report_rules
from posko.formats import table
from posko.store import access, aght, places, record, reports
from tests import beltim, pages

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = f"/{E}/aght"
PAGES = ("peta/", "peta/?lapis=rugi", "peta/?lapis=LAPIS-01", "kluster/", "kalibrasi/", "lapisan/")


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Places and the demo's reports and AGHT; every TPS has 264 voters, an estimate."""
    beltim.estimated(monkeypatch, "reports", "aght")
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


def item_seen(code: str) -> str:
    return aght.seen_item(E, aght.get(E, code, RAKOR_AT), RAKOR_AT)


def report_seen(number: str) -> str:
    return aght.seen_report(E, reports.get(E, number, RAKOR_AT), RAKOR_AT)


def test_closing_asks_what_became_of_the_claim(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    said = {"standing": "closed", "reason": "ombak reda", "seen": item_seen("AGHT-01")}
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
    source = {"claim": "Jembatan retak", "chain": "", "basis": "melihat", "grade": "B", "seen": report_seen(number)}
    citra.post(f"{ROOT}/nilai/{number}/sumber/", source)
    seen = page(citra, f"nilai/{number}/keterangan/")
    assert "menunggu analis lain" in seen
    assert "5 Des. 2023, 12.00 WIB" in seen, "two hours from now"
    assert 'name="alone"' not in seen
    assert "Simpan nilai keterangan" not in seen
    said = {"grade": "2", "basis": "foto", "seen": report_seen(number)}
    for tick in ({}, {"alone": "1"}):
        assert "ditawarkan dahulu" in citra.post(f"{ROOT}/nilai/{number}/keterangan/", {**said, **tick}).content.decode()
    assert not aght.gradings(E, RAKOR_AT)[number].complete
    assert "Anda juga menilai sumbernya" not in page(client_for("nila"), f"nilai/{number}/keterangan/")
    assert client_for("nila").post(f"{ROOT}/nilai/{number}/keterangan/", said).status_code == 302
    assert not aght.gradings(E, RAKOR_AT)[number].by_one


def test_referrals_show_bawaslus_clock_and_its_uncertainty(post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), "rujukan/")
    assert "11 Des. 2023, 23.59 WIB" in seen
    assert "libur nasional belum dihitung" in seen
    assert "tidak menyelidiki" in seen
    citra = client_for("citra")
    citra.post(f"{ROOT}/rujuk/LAP-010/", {"to": "DATUN", "seen": report_seen("LAP-010")})
    assert "Catat tanda terima" in page(citra, "rujukan/")
    for words in ("diterima Budi", "DTN 7", "TANDATERIMABUDI7", "x" * 41, "-/-"):
        answer = citra.post(f"{ROOT}/rujuk/LAP-010/tanda-terima/", {"receipt_no": words}, follow=True)
        assert "Nomor tanda terima ditulis dengan huruf" in answer.content.decode(), words
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


# --- two analysts at once ------------------------------------------------------------------------------------------------------


def conclusion(**more: str) -> dict[str, str]:
    return {
        "claim": "Ombak menghalangi penyeberangan siang", "operational": "1", "gatra": "geografi", "variable": "6", "low": "10",
        "mode": "30", "high": "60", "prior": "10", "last_useful": "2024-02-12T06:00", "note": "menurut nakhoda", **more,
    }  # fmt: skip


def test_whoever_assesses_what_another_has_assessed_meanwhile_reads_it_first_and_keeps_what_was_typed(post: Any, client_for: Any) -> None:
    citra = client_for("citra")
    form = page(citra, "AGHT-01/kaji/")
    seen = re.search(r'name="seen" value="([^"]+)"', form)
    assert seen
    other = {"claim": "Angin reda sejak pagi", "answers": rules.Answers(True), "gatra": "geografi", "variable": "6"}
    aght.assess(
        E, "AGHT-01", **other, shares=rules.Shares(1, 2, 3), last_useful_at=RAKOR_AT, prior_permille=50, note="",  # type: ignore[arg-type]
        actor=post.actors["gita"], at=RAKOR_AT,
    )  # fmt: skip
    before = record.root()
    answer = citra.post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=seen[1]))
    told = answer.content.decode()
    assert answer.status_code == 409
    assert record.root() == before, "nothing is written"
    assert "Angin reda sejak pagi" in told
    assert "Penilaian versi 2" in told
    assert 'value="Ombak menghalangi penyeberangan siang"' in told
    assert 'value="menurut nakhoda"' in told
    fresh = re.search(r'name="seen" value="([^"]+)"', told)
    assert fresh
    assert fresh[1] != seen[1]
    assert citra.post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=fresh[1])).status_code == 302
    assert citra.post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=fresh[1])).status_code == 409, "sent twice, written once"
    assert [a.version for a in aght.get(E, "AGHT-01", RAKOR_AT).assessments] == [1, 2, 3]


def test_a_form_with_another_mistake_keeps_what_it_has_seen(post: Any, client_for: Any) -> None:
    citra, seen = client_for("citra"), item_seen("AGHT-01")
    aght.attach(E, "AGHT-01", "LAP-002", post.actors["citra"], RAKOR_AT)
    told = citra.post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=seen, low="x")).content.decode()
    assert f'name="seen" value="{seen}"' in told, "what came meanwhile has not been read yet"
    assert "LAP-002 dilampirkan" in citra.post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=seen)).content.decode()


@pytest.mark.parametrize(
    ("path", "said", "typed"),
    [
        ("AGHT-01/keadaan/", {"standing": "treated", "reason": "kapal cadangan disiapkan"}, "kapal cadangan disiapkan"),
        ("AGHT-01/bahaya/", {"kind": "gelombang", "delay_min": "45"}, "gelombang"),
        ("lampir/LAP-002/", {"item": "AGHT-01 {item}"}, "AGHT-01"),
        ("rujuk/LAP-001/", {"to": "DATUN", "note": "sengketa sewa dermaga"}, "sengketa sewa dermaga"),
    ],
)
def test_every_stale_form_is_a_page_that_says_what_came_and_sends_it_again(
    path: str, said: dict[str, str], typed: str, post: Any, client_for: Any
) -> None:
    citra, about_item = client_for("citra"), "AGHT-01" in path or "item" in said
    item, number = item_seen("AGHT-01"), "LAP-002" if "LAP-002" in path else "LAP-001"
    sent = {name: text.format(item=item) for name, text in said.items()} | {"seen": item if "AGHT-01" in path else report_seen(number)}
    if about_item:
        why = "awak kapal bersedia"
        aght.set_standing(E, "AGHT-01", rules.Standing.TREATED, why, post.actors["citra"], RAKOR_AT)
        if said.get("standing"):
            sent["standing"] = "open"
    else:
        why = "diteruskan ke Bawaslu"
        aght.refer(E, number, rules.Route.BAWASLU, "", post.actors["citra"], RAKOR_AT)
    before = record.root()
    answer = citra.post(f"{ROOT}/{path}", sent)
    told = answer.content.decode()
    assert (answer.status_code, record.root()) == (409, before)
    assert why in told
    assert typed in told
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', told))
    fields.pop("csrfmiddlewaretoken", None)
    assert citra.post(f"{ROOT}/{path}", fields).status_code == 302
    assert record.root() != before


def test_a_report_that_another_closed_or_graded_is_not_closed_unseen(post: Any, client_for: Any) -> None:
    citra, seen = client_for("citra"), report_seen("LAP-004")
    aght.grade_information(E, "LAP-004", information="5", basis="dilihat lagi", actor=post.actors["citra"], at=RAKOR_AT)
    told = citra.post(f"/{E}/laporan/LAP-004/tutup/", {"seen": seen})
    assert told.status_code == 409
    assert "Penilaian sekarang" in told.content.decode()
    assert citra.post(f"/{E}/laporan/LAP-004/tutup/").status_code == 409, "a form that says nothing has seen nothing"
    assert citra.post(f"/{E}/laporan/LAP-004/tutup/", {"seen": report_seen("LAP-004")}).status_code == 302


def test_the_second_screen_never_says_the_sources_grade_not_even_when_it_changed(post: Any, client_for: Any) -> None:
    citra, seen = client_for("citra"), report_seen("LAP-004")
    said = {"claim": "Bilik tidak dapat dipakai", "chain": "", "basis": "dari dekat", "actor": post.actors["citra"], "at": RAKOR_AT}
    aght.grade_source(E, "LAP-004", source="A", **said)
    told = citra.post(f"{ROOT}/nilai/LAP-004/keterangan/", {"grade": "2", "basis": "foto", "seen": seen}).content.decode()
    assert "sumber oleh" in told
    assert "nilai A" not in told


# --- labels, weightings, islands --------------------------------------------------------------------------------------------------


NEW_SET = (
    ("kelompok", "kode", "nama", "catatan"),
    ("gatra", "geografi", "Kewilayahan", ""),
    ("variabel", "6", "Tempat pemungutan", ""),
    ("variabel", "8b", "Kabar menyesatkan", "R21 dibaca sinyal"),
)


def send(client: Any, rows: Any, **more: str) -> Any:
    said = {"version": "bawaslu-2029/1", "source": "surat 12", "act": "check", **more}
    sent = SimpleUploadedFile("label.xlsx", table.xlsx({"Label": rows}))
    return client.post(f"{ROOT}/label/baru/", {**said, "file": sent}, follow=True)


def test_a_set_of_labels_is_checked_shown_and_only_then_taken(post: Any, client_for: Any) -> None:
    citra, before = client_for("citra"), record.root()
    seen = send(citra, NEW_SET).content.decode()
    assert "4 label terbaca" not in seen
    assert "3 label terbaca" in seen
    assert "Kewilayahan" in seen
    assert "tidak ada lagi" in seen
    assert record.root() == before, "a dry run writes nothing"
    kept = re.search(r'name="kept" value="([^"]*)"', seen)
    assert kept
    said = {"act": "commit", "version": "bawaslu-2029/1", "source": "surat 12", "kept": unescape(kept[1])}
    done = citra.post(f"{ROOT}/label/baru/", said, follow=True).content.decode()
    assert "Daftar label bawaslu-2029/1 berlaku" in done
    assert "Citra" in done
    form = page(citra, "baru/")
    assert "Kabar menyesatkan" in form
    assert "Ideologi" not in form
    assert "bukan daftar yang berlaku sekarang" in page(citra, "AGHT-01/")
    matrix = page(citra, "matriks/")
    assert matrix.index("Label bawaslu-2029/1") < matrix.index("Label bawaslu-2024/1")
    assert "sudah ada atau sudah berlaku" in send(citra, NEW_SET).content.decode()
    citra.post(f"{ROOT}/label/berlakukan/", {"version": "bawaslu-2024/1"})
    assert "Ideologi" in page(citra, "baru/")
    assert citra.get(f"{ROOT}/label/contoh.xlsx").content.startswith(b"PK")


def test_a_set_with_problems_names_sheet_row_and_column_and_is_not_taken(post: Any, client_for: Any) -> None:
    rows = [*NEW_SET[:2], ("golongan", "x", "", ""), ("variabel", "6", "Tempat", ""), ("variabel", "6", "Lagi", "R21")]
    seen = send(client_for("citra"), rows).content.decode()
    assert "Lembar label, baris 3, kolom kelompok" in seen
    assert "Lembar label, baris 3, kolom nama" in seen
    assert "Lembar label, baris 5, kolom kode: variabel 6 sudah ada pada baris 4" in seen
    assert "Ambil daftar bawaslu-2029/1" not in seen
    assert "R21" in pages.said(send(client_for("citra"), NEW_SET[:3]))
    assert "peserta pemilu" in send(client_for("citra"), [*NEW_SET, ("variabel", "9", "Dekat rumah caleg", "")]).content.decode()
    assert client_for("ani").get(f"{ROOT}/label/baru/").status_code == 403
    assert "bawaslu-2024/1" in page(client_for("ani"), "label/")


def test_the_register_tells_the_share_of_weightings_and_what_was_not_known(post: Any, client_for: Any) -> None:
    seen = page(client_for("citra"), "")
    items = [i for i in aght.register(E, RAKOR_AT) if i.standing is not rules.Standing.CLOSED]
    weighed = aght.weighed(items)
    assert f"Masuk {weighed.top} besar" in seen
    assert f"n = {len(items)} butir terbuka" in seen
    assert "benih 20240214" in seen
    assert "diacak: pemulihan, biaya" in seen, "AGHT-05: nobody stated them"
    form = page(client_for("citra"), "AGHT-01/kaji/")
    assert '<option value="2" selected>2. sedang' in form
    assert "belum diketahui" in page(client_for("citra"), "AGHT-05/")


@pytest.mark.parametrize(("field", "typed"), [("cost", "4"), ("reversal", "banyak")])
def test_a_cost_outside_its_steps_is_refused(field: str, typed: str, post: Any, client_for: Any) -> None:
    answer = client_for("citra").post(f"{ROOT}/AGHT-01/kaji/", conclusion(seen=item_seen("AGHT-01"), **{field: typed}))
    assert "Pilih biaya dan pemulihan dari daftar" in answer.content.decode()


LIMAU = "19.06.01.2010"


@pytest.mark.parametrize("layer", ["laporan", "rugi"])
def test_a_desa_that_is_an_island_shows_its_figure_at_the_island_on_both_maps(layer: str, post: Any, client_for: Any) -> None:
    filing = report_rules.filing(
        "Dermaga pulau rusak, kapal sulit merapat", category=report_rules.Category.GEO, channel=report_rules.Channel.PHONE,
        source=report_rules.Source.KPU, place=f"{LIMAU}.002", at=RAKOR_AT,
    )  # fmt: skip
    reports.file_report(E, filing, reports.PUBLIC_ACTOR, RAKOR_AT)
    aght.open_item(
        E, title="Dermaga Buku Limau", place="19.06:P01", answers=rules.Answers(True, happening=True), claim="Kapal sulit merapat",
        gatra="geografi", variable="6", shares=rules.Shares(10, 50, 100), last_useful_at=RAKOR_AT + timedelta(days=60),
        actor=post.actors["citra"], at=RAKOR_AT,
    )  # fmt: skip
    seen = page(client_for("citra"), f"peta/?lapis={layer}")
    desa = next(d for d in moving(seen)["desa"] if d["code"] == LIMAU)
    island = next(i for i in moving(seen)["islands"] if i["code"] == "19.06:P01")
    assert desa["figure"]
    assert (island["figure"], island["fill"], island["word"]) == (desa["figure"], desa["fill"], desa["word"])
    assert island["detail"] == "1 butir"
    picture = seen[seen.index("<svg xmlns") : seen.index("<figcaption>")]
    mark = picture[picture.index("peta-pulau-desa") :]
    assert f">{desa['figure']}</text>" in mark[: mark.index("</title>")]
    assert escape(desa["word"]) in mark[: mark.index("</title>") + 8]


def test_an_island_that_is_part_of_a_desa_ashore_says_whether_somebody_reported_from_there(post: Any, client_for: Any) -> None:
    islands = {i["code"]: i for i in moving(page(client_for("citra"), "peta/"))["islands"]}
    assert "butir" in islands["19.06:P04"]["word"]
    assert "laporan" in islands["19.06:P04"]["word"]
    assert "ada di darat" in islands["19.06:P02"]["word"]
    assert (islands["19.06:P01"]["figure"], islands["19.06:P01"]["state"]) == ("", "unknown")
    assert islands["19.06:P01"]["word"].startswith("belum ada kabar")
