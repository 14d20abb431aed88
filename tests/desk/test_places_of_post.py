"""Places and agreements decide who reads the post's things: what is listed is what the policy says, thing by thing.

Nur is an analyst of Kecamatan Manggar (19.06.01) alone, Raka of Manggar and Gantung (19.06.02), Tia was one of the regency until an hour
ago; the agreement by which Hadi of the police reads has ended a minute ago, unless a test says otherwise.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from posko.desk import aght as aght_desk
from posko.desk import distribution as distribution_desk
from posko.desk import merging as merging_desk
from posko.desk import reports as reports_desk
from posko.domain import access as rules
from posko.domain import aght as aght_rules
from posko.domain import distribution as rules_of_distribution
from posko.domain import dpt as dpt_rules
from posko.domain import places as place_rules
from posko.domain import reports as report_rules
from posko.domain.access import Agreement, Grant, Purpose, Thing
from posko.domain.record import Grade, Signal
from posko.domain.reports import Category, Channel, Source
from posko.formats import table
from posko.store import access, aght, dpt, merging, places, recommendations, record, reports
from tests import pages
from tests.conftest import EVE_AT, RAKOR_AT
from tests.desk.test_routes import ROUTES

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = RAKOR_AT - timedelta(hours=5)
HOME = "19.06"
MANGGAR, GANTUNG, DENDANG = "19.06.01", "19.06.02", "19.06.03"
IN_MANGGAR, IN_GANTUNG, TPS = "19.06.01.2001", "19.06.02.2001", "19.06.01.2001.001"
WHO = ("citra", "gita", "juwita", "ani", "fajar", "lutfi", "hadi", "indra", "budi", "kartika", "dedi", "nur", "raka", "tia")
# number -> place
REPORTS = {
    "LAP-001": IN_MANGGAR, "LAP-002": TPS, "LAP-003": IN_GANTUNG, "LAP-004": "", "LAP-005": "19.06:G01", "LAP-006": MANGGAR,
    "LAP-007": IN_GANTUNG, "LAP-008": "19.06.03.2001",
}  # fmt: skip
# What each says, unlike the others; its first word stands for it, so that a leak of words is found too.
WORDS = {
    "zamrud": "zamrud atap bocor sisi timur", "kecubung": "kecubung tumbang menutup halaman", "cendana": "cendana sewa belum dibayar",
    "topas": "topas listrik padam sejak magrib", "biduri": "biduri gembok pintu patah", "yakut": "yakut regu penjaga belum lengkap",
    "pirus": "pirus jalan tanah berlubang", "delima": "delima selebaran gelap dibagikan",
}  # fmt: skip
ITEMS = {"AGHT-01": IN_MANGGAR, "AGHT-02": IN_GANTUNG, "AGHT-03": HOME, "AGHT-04": "19.06:G01", "AGHT-05": IN_MANGGAR}
RESTS = {"AGHT-01": ("LAP-001",), "AGHT-02": ("LAP-003",), "AGHT-03": (), "AGHT-04": (), "AGHT-05": ("LAP-002", "LAP-007")}


@pytest.fixture
def post(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reports and items in two kecamatan, at a warehouse and for the whole regency; Nur, Raka and Tia; the agreement has ended."""
    _world(installation.actors["ani"])
    voters = {t.code: dpt_rules.TpsVoters(t.code, 200, estimate=True) for t in places.tps_list(E)}
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: voters)
    since, citra = AT - timedelta(days=90), installation.actors["citra"]
    for name, grants in {
        "nur": [Grant("kejari.analis", MANGGAR, since)],
        "raka": [Grant("kejari.analis", MANGGAR, since), Grant("kejari.analis", GANTUNG, since)],
        "tia": [Grant("kejari.analis", HOME, since, RAKOR_AT - timedelta(hours=1))],
    }.items():
        access.add_user(name, "posko-demo", name.title(), "KEJARI", grants, installation.actors["kartika"], since)
    for number, place in REPORTS.items():
        kind = Category.VIO if number == "LAP-008" else Category.LOG
        said = report_rules.filing(
            f"[SIMULASI] {list(WORDS.values())[int(number[-1]) - 1]}", category=kind, channel=Channel.PHONE, source=Source.KPU, place=place,
            at=AT,
        )  # fmt: skip
        reports.file_report(E, said, reports.PUBLIC_ACTOR, AT)
    assert merging.proposals(E, AT).groups == ()
    for number in {n for resting in RESTS.values() for n in resting}:
        aght.grade_source(
            E, number, claim=f"dasar {number[-3:]}", chain=f"rantai{number[-3:]}", source="B", basis="saksi", actor=citra, at=AT
        )
        aght.grade_information(E, number, information="2", basis="foto", actor=installation.actors["gita"], at=AT)
    for code, place in ITEMS.items():
        _open(code, place, citra)
    aght.refer(E, "LAP-008", aght_rules.Route.BAWASLU, "", citra, AT)
    aght.refer(E, "LAP-001", aght_rules.Route.BAWASLU, "", citra, AT)
    merging.confirm(E, ["LAP-001", "LAP-003"], citra, AT, looked=True, reason="[SIMULASI] alasan lintas wilayah")
    _agree(RAKOR_AT - timedelta(minutes=1))
    return installation


def _world(actor: Any) -> None:
    """Three kecamatan with two desa of two TPS each, and a warehouse: the whole regency would take most of the run."""
    named = {MANGGAR: "Manggar", GANTUNG: "Gantung", DENDANG: "Dendang"}
    desa = [
        place_rules.Desa(f"{code}.200{n}", f"{name} {n}", code, name, -2.8 - 0.1 * n, 108.1 + int(code[-1]) / 10)
        for code, name in named.items()
        for n in (1, 2)
    ]
    places.load_region(
        HOME, regions=[place_rules.Region(HOME, "Belitung Timur", "kabupaten")], desa=desa, sea_legs=[], conflicts=[], actor=actor, at=AT,
        kecamatan=[place_rules.Kecamatan(code, name) for code, name in named.items()],
        sites=[place_rules.Site("19.06:G01", "gudang", "Gudang KPU", -2.85, 108.2, provisional=True)],
        settings=place_rules.Settings(140, 35, Grade.INFERRED),
    )  # fmt: skip
    listed = [
        place_rules.Tps(
            f"{d.code}.{n:03}", n, f"TPS {n:03}", d.code, d.name, d.kecamatan_code, d.kecamatan_name, "reguler", "", True, d.lat, d.lon
        )
        for d in desa
        for n in (1, 2)
    ]
    places.load_tps(E, listed, {}, actor, AT)


def _open(code: str, place: str, actor: Any) -> None:
    first, *more = RESTS[code] or ("",)
    opened = aght.open_item(
        E, title=f"judul{code[-2:]}", place=place, answers=aght_rules.Answers(operational=True, happening=True),
        claim=f"pernyataan{code[-2:]}", gatra="geografi", variable="5", shares=aght_rules.Shares(10, 20, 30), actor=actor, at=AT,
        last_useful_at=RAKOR_AT + timedelta(days=1), report=first,
    )  # fmt: skip
    assert opened == code
    for number in more:
        aght.attach(E, code, number, actor, AT)


def _agree(until_at: Any, region: str = HOME, version: int = 2) -> None:
    said = Agreement("PKS-01", version, "POLRES", frozenset({"aght"}), region, AT - timedelta(days=9), until_at)
    gita = record_actor("gita")
    access.sign_agreement(said, "Berbagi AGHT dengan Polres", gita, AT, mark="[SIMULASI]")


def record_actor(name: str) -> Any:
    return access.actor(person(name))


def person(name: str) -> rules.Person:
    found = access.person_named(name)
    assert found is not None
    return found


def report_thing(number: str, act: str) -> Thing:
    """Written out anew, not with the helper that is tested: without a place or at a site a report is the regency's."""
    place = REPORTS[number]
    named = {"aght.read": {"KPU"}, "aght.acknowledge": {"BAWASLU"}}.get(act, set())
    return Thing(act.partition(".")[0], number, HOME if not place or ":" in place else place, "KEJARI", "terbatas", named=frozenset(named))


def item_thing(code: str, act: str) -> Thing:
    place = ITEMS[code]
    named = {"KPU"} if act == "aght.read" else set()
    return Thing("aght", code, HOME if ":" in place else place, "KEJARI", "terbatas", named=frozenset(named))


def may(name: str, act: str, *things: Thing) -> bool:
    agreed = access.agreements(RAKOR_AT)
    return all(rules.may(person(name), act, t, Purpose.DUTY, agreed, RAKOR_AT).allowed for t in things)


def readable(name: str) -> set[str]:
    return {n for n in REPORTS if may(name, "reports.read", report_thing(n, "reports.read"))}


def items_of(name: str) -> set[str]:
    return {c for c in ITEMS if may(name, "aght.read", item_thing(c, "aght.read"))}


def text(client: Client, path: str) -> str:
    """The page's own part; "" where it is not this person's."""
    answer = client.get(f"/{E}/{path}", follow=True)
    if answer.status_code == 403:
        return ""
    assert answer.status_code == 200, path
    if "spreadsheet" in answer.headers["Content-Type"]:
        return pages.cells(answer)
    return str(answer.content.decode().partition("<main")[2])


def numbers(seen: str) -> set[str]:
    said = {f"LAP-{n:03}" for n, word in enumerate(WORDS, start=1) if word in seen}
    return (
        set(re.findall(r"LAP-\d{3}", re.sub('placeholder="[^"]*"', "", seen)))
        | said
        | {f"LAP-{n}" for n in re.findall(r"rantai(\d{3})", seen)}
    )


def codes(seen: str) -> set[str]:
    return set(re.findall(r"AGHT-\d{2}", seen)) | {f"AGHT-{n}" for n in re.findall(r"(?:judul|pernyataan)(\d{2})", seen)}


def test_the_policy_itself_cuts_by_place_and_by_agreement(post: Any) -> None:
    """What the other tests compare with, said once in plain sets."""
    assert readable("citra") == readable("juwita") == set(REPORTS)
    assert readable("nur") == {"LAP-001", "LAP-002", "LAP-006"}
    assert readable("raka") == {"LAP-001", "LAP-002", "LAP-006", "LAP-003", "LAP-007"}
    assert readable("tia") == readable("ani") == readable("hadi") == readable("kartika") == set()
    assert items_of("ani") == items_of("juwita") == items_of("citra") == set(ITEMS)
    assert items_of("nur") == {"AGHT-01", "AGHT-05"}
    assert items_of("raka") == {"AGHT-01", "AGHT-02", "AGHT-05"}
    assert items_of("hadi") == items_of("tia") == items_of("indra") == items_of("dedi") == set()


def test_lists_exports_search_and_tasks_hold_exactly_what_may_be_read(post: Any, client_for: Callable[[str], Client]) -> None:
    for name in WHO:
        _check_lists(name, client_for(name))


def _check_lists(name: str, client: Client) -> None:
    mine, items = readable(name), items_of(name)
    index = text(client, "laporan/")
    assert numbers(index) == mine, name
    assert codes(index) <= items, name
    assert numbers(text(client, "laporan/ekspor.xlsx")) == mine, name
    assert numbers(text(client, "aght/rujukan/")) == {"LAP-001", "LAP-008"} & mine, name
    assert numbers(text(client, "gabungan/")) == {"LAP-001", "LAP-003"} & mine, name
    for path in ("aght/", "aght/ekspor.xlsx", "aght/matriks/", "cari/?q=judul"):
        assert codes(text(client, path)) == items, (name, path)
    assert numbers(text(client, "cari/?q=LAP-00")) == mine, name
    for path in (*(("aght/kluster/", "aght/kalibrasi/", "papan/") if name in {"nur", "hadi"} else ()), "tugas/"):
        seen = text(client, path)
        assert codes(seen) <= items, (name, path)
        assert name in {"ani", "fajar"} or numbers(seen) <= mine, (name, path)


def allowed(name: str, act: str, number: str = "", code: str = "") -> bool:
    """Whether may() lets a person do an act on a report, or on an item: a change of an item needs everything it rests on."""
    if number:
        return may(name, act, report_thing(number, act))
    resting = () if act == "aght.read" else tuple(report_thing(n, act) for n in RESTS[code])
    return may(name, act, item_thing(code, act), *resting)


SINGLE = [
    (pattern.name, "number" if "<slug:number>" in str(pattern.pattern) else "code")
    for module in (reports_desk, aght_desk)
    for pattern in module.urlpatterns
    if "<slug:number>" in str(pattern.pattern) or ("<slug:code>" in str(pattern.pattern) and "impor" not in str(pattern.pattern))
]


def test_every_page_and_form_of_one_thing_answers_as_the_policy_says_of_that_thing(post: Any, client_for: Callable[[str], Client]) -> None:
    before, wrong = record.root(), []
    for name in WHO:
        client = client_for(name)
        for route, part in SINGLE:
            act = ROUTES[f"desk:{route}"]
            some = ("LAP-001", "LAP-003", "LAP-005", "AGHT-02", "AGHT-05") if name in {"nur", "raka"} else ("LAP-003", "AGHT-05")
            for one in (n for n in some if (n in REPORTS) is (part == "number")):
                yes = allowed(name, act, **{part: one})
                address = reverse(f"desk:{route}", args=[E, one, *([1] if route == "reports_attachment" else [])])
                if (client.get(address).status_code != 403) is not yes:
                    wrong.append(("GET", name, route, one))
                if not yes and client.post(address, {}).status_code != 403:
                    wrong.append(("POST", name, route, one))
    assert len(SINGLE) > 12
    assert wrong == []
    assert record.root() == before


def test_a_report_page_does_not_name_what_lies_outside(post: Any, client_for: Callable[[str], Client]) -> None:
    seen = text(client_for("nur"), "laporan/LAP-001/")
    assert numbers(seen) == {"LAP-001"}
    assert "Satu gabungan dengan 1 laporan di luar wilayah tugas Anda" in seen
    assert codes(seen) == {"AGHT-01"}
    raka = text(client_for("raka"), "laporan/LAP-003/")
    assert "LAP-001" in raka
    assert "AGHT-02" in raka


def test_an_item_that_rests_on_reports_elsewhere_is_read_at_its_place_and_changed_by_nobody_who_reads_only_part(
    post: Any, client_for: Callable[[str], Client]
) -> None:
    nur = client_for("nur")
    seen = text(nur, "aght/AGHT-05/")
    assert numbers(seen) == {"LAP-002"}
    assert "laporan di luar wilayah tugas Anda" in seen
    assert "Nilai ulang" not in seen
    said = {"standing": "treated", "reason": "sudah ditangani"}
    assert nur.post(f"/{E}/aght/AGHT-05/keadaan/", said).status_code == 403
    assert nur.post(f"/{E}/aght/lampir/LAP-001/", {"item": "AGHT-05 x"}).status_code == 403
    assert nur.post(f"/{E}/aght/lampir/LAP-001/", {"item": "AGHT-02 x"}).status_code == 403
    assert aght.get(E, "AGHT-05", RAKOR_AT).standing is aght_rules.Standing.OPEN
    assert "Nilai ulang" in text(client_for("raka"), "aght/AGHT-05/")
    assert numbers(text(client_for("raka"), "aght/AGHT-05/")) == {"LAP-002", "LAP-007"}


def test_an_item_is_opened_only_where_the_analyst_has_a_role(post: Any, client_for: Callable[[str], Client]) -> None:
    said = {
        "title": "Jalan", "claim": "Jalan putus", "operational": "1", "low": "0", "mode": "1", "high": "2", "prior": "10",
        "gatra": "geografi", "variable": "6", "last_useful": "2024-02-12T06:00",
    }  # fmt: skip
    nur = client_for("nur")
    form = text(nur, "aght/baru/")
    assert f'value="{IN_MANGGAR}"' in form
    assert f'value="{IN_GANTUNG}"' not in form
    assert f'value="{HOME}"' not in form
    assert "19.06:G01" not in form
    before = record.root()
    for place in (IN_GANTUNG, HOME, "19.06:G01"):
        assert nur.post(f"/{E}/aght/baru/", {**said, "place": place}).status_code == 403
    assert nur.post(f"/{E}/aght/baru/", {**said, "place": IN_MANGGAR, "report": "LAP-003"}).status_code == 403
    assert record.root() == before
    assert nur.post(f"/{E}/aght/baru/", {**said, "place": ""}).status_code == 200
    assert nur.post(f"/{E}/aght/baru/", {**said, "place": IN_MANGGAR}).status_code == 302


@pytest.mark.parametrize("address", ["rekomendasi/baru/", "produk/susun/khusus/", "produk/susun/informasi/", "beranda/"])
def test_forms_and_the_first_page_offer_nothing_of_another_kecamatan(address: str, post: Any, client_for: Callable[[str], Client]) -> None:
    seen = text(client_for("nur"), address)
    assert (codes(seen) | numbers(seen)) - readable("nur") - items_of("nur") == set(), address
    if "beranda" not in address:
        assert codes(seen) | numbers(seen), address


def test_a_draft_is_not_begun_from_an_item_of_another_kecamatan(post: Any, client_for: Callable[[str], Client]) -> None:
    nur = client_for("nur")
    assert "pernyataan01" in text(nur, "rekomendasi/baru/?aght=AGHT-01")
    assert "pernyataan02" not in text(nur, "rekomendasi/baru/?aght=AGHT-02")


def test_a_group_over_two_kecamatan_is_seen_in_part_and_changed_by_those_who_read_all_of_it(
    post: Any, client_for: Callable[[str], Client]
) -> None:
    nur, both = client_for("nur"), f"/{E}/gabungan/LAP-001+LAP-003/"
    assert nur.get(both).headers["Location"] == f"/{E}/gabungan/LAP-001/"
    seen = text(nur, "gabungan/LAP-001/")
    assert numbers(seen) == {"LAP-001"}
    assert "1 laporan lain dari gabungan ini di luar wilayah tugas Anda" in seen
    assert "alasan lintas wilayah" not in seen + text(nur, "gabungan/")
    assert nur.get(f"/{E}/gabungan/LAP-003/").status_code == 403
    assert "LAP-003 di luar wilayah tugas Anda" in text(nur, "gabungan/LAP-002/?tambah=LAP-003")
    split = {"laporan": "LAP-001", "reason": "ternyata dua hal yang lain"}
    assert nur.post(f"{both}pisah/", split).status_code == 403
    assert nur.post(f"/{E}/gabungan/LAP-001+LAP-002/putuskan/", {"laporan": ["LAP-001", "LAP-002"]}).status_code == 403
    assert merging.group_of(E, "LAP-001", RAKOR_AT) == ("LAP-001", "LAP-003")
    raka = client_for("raka")
    assert "alasan lintas wilayah" in text(raka, "gabungan/LAP-001+LAP-003/")
    assert raka.post(f"{both}pisah/", split).status_code == 302
    assert merging.group_of(E, "LAP-001", RAKOR_AT) == ("LAP-001",)


def test_a_proposal_is_a_task_of_those_who_may_decide_about_every_report(post: Any, client_for: Callable[[str], Client]) -> None:
    for place in (IN_MANGGAR, HOME):
        said = report_rules.filing(
            "[SIMULASI] Genset kantor hilang semalam dari ruang samping", category=Category.LOG, channel=Channel.PHONE, source=Source.KPU,
            place="" if place == HOME else place, at=AT,
        )  # fmt: skip
        reports.file_report(E, said, reports.PUBLIC_ACTOR, AT)
    assert any({"LAP-009", "LAP-010"} <= set(p.numbers) for p in merging.proposals(E, RAKOR_AT).groups)
    assert merging.waiting(person("citra"), E, RAKOR_AT) != []
    assert merging.waiting(person("nur"), E, RAKOR_AT) == merging.waiting(person("tia"), E, RAKOR_AT) == []
    seen = text(client_for("nur"), "gabungan/")
    assert "LAP-010" not in seen
    assert "1 usul lain menyangkut juga laporan di luar wilayah tugas Anda" in seen


def test_a_list_that_is_cut_says_so(post: Any, client_for: Callable[[str], Client]) -> None:
    for path in ("laporan/", "gabungan/", "aght/", "aght/peta/", "aght/kluster/", "aght/kalibrasi/", "aght/matriks/", "aght/rujukan/"):
        assert "Hanya Kecamatan Manggar" in text(client_for("nur"), path)
        assert path == "aght/peta/" or "Hanya Kecamatan" not in text(client_for("citra"), path)
    assert "Hanya Kecamatan Manggar; Kecamatan Gantung" in text(client_for("raka"), "laporan/")


def test_exports_that_are_cut_say_so(post: Any, client_for: Callable[[str], Client]) -> None:
    for path in ("laporan/ekspor.xlsx", "aght/ekspor.xlsx"):
        assert "Kecamatan Manggar" in text(client_for("nur"), path).splitlines()
        assert "Berkas ini hanya memuat" not in text(client_for("citra"), path)


def test_the_map_counts_what_lies_inside_and_calls_the_rest_outside_not_silent(post: Any, client_for: Callable[[str], Client]) -> None:
    scope = access.scope(person("nur"), "aght.read", "aght", RAKOR_AT)
    mine = aght.desa(E, RAKOR_AT, scope)
    assert {d.code[:8] for d in mine} == {MANGGAR}
    assert sum(d.reports for d in mine) == 2  # LAP-001 and the TPS of LAP-002; LAP-006 names no desa
    assert sum(d.items > 0 for d in mine) == 1
    whole = {d.code: d for d in aght.desa(E, RAKOR_AT)}
    assert whole[IN_GANTUNG].reports == 2
    seen = text(client_for("nur"), "aght/peta/")
    name = next(d.name for d in places.desa_list(HOME) if d.code == IN_GANTUNG)
    assert f"<title>{name}: di luar wilayah tugas Anda</title>" in seen
    assert f'id="desa-{IN_GANTUNG}"' not in seen
    assert "di luar wilayah tugas Anda</title>" not in text(client_for("citra"), "aght/peta/")


def test_a_layer_is_cut_to_the_rows_inside(post: Any, client_for: Callable[[str], Client]) -> None:
    cells = [aght_rules.Cell(IN_MANGGAR, "rawan", 3), aght_rules.Cell(IN_GANTUNG, "rawan", 40)]
    aght.take_layer(
        E, aght_rules.Owner.POLRES, cells, name="Kelas TPS", version="1", source="surat", issued=record.local_date(AT), sha256="0" * 64,
        stated=43, actor=record_actor("citra"), at=AT,
    )  # fmt: skip
    assert "rawan: 43" in text(client_for("citra"), "aght/lapisan/")
    seen = text(client_for("nur"), "aght/lapisan/")
    assert "rawan: 3<" in seen
    assert "43" not in pages.said(seen)
    assert "rawan: 40" not in text(client_for("nur"), "aght/peta/?lapis=LAPIS-01")
    assert text(client_for("hadi"), "aght/lapisan/") == ""
    assert client_for("nur").post(f"/{E}/aght/lapisan/baru/", {}).status_code == 403


def sheet(*places_: str) -> SimpleUploadedFile:
    rows = [("tentang", "uraian", "desa"), *(("LOG", f"[SIMULASI] pintu gudang rusak nomor {n}", p) for n, p in enumerate(places_))]
    return SimpleUploadedFile("laporan.xlsx", table.xlsx({"Laporan": rows}))


def test_a_file_with_rows_from_elsewhere_is_refused_and_names_them(post: Any, client_for: Callable[[str], Client]) -> None:
    nur, before = client_for("nur"), record.root()
    checked = nur.post(f"/{E}/laporan/impor/", {"file": sheet(IN_MANGGAR, IN_GANTUNG, "")}, follow=True)
    seen = checked.content.decode()
    assert "lembar Laporan, baris 3, kolom C (desa)" in seen
    assert "lembar Laporan, baris 4, kolom C (desa)" in seen
    assert "baris 2" not in seen
    assert "di luar wilayah tugas Anda" in seen
    address = checked.redirect_chain[-1][0]
    nur.post(f"{address}catat/")
    assert record.root() == before
    assert client_for("raka").get(address).status_code == 302, "a file under examination is its uploader's"
    fine = nur.post(f"/{E}/laporan/impor/", {"file": sheet(IN_MANGGAR, TPS.rpartition(".")[0])}, follow=True)
    nur.post(f"{fine.redirect_chain[-1][0]}catat/")
    assert len(reports.listing(E, RAKOR_AT)) == len(REPORTS) + 2


def test_the_count_of_the_guard_is_the_whole_regencys(post: Any, client_for: Callable[[str], Client]) -> None:
    assert client_for("gita").get(f"/{E}/laporan/penjagaan/").status_code == 200
    access.GrantRow.objects.filter(user=get_user_model().objects.get(username="gita")).update(region=MANGGAR)
    assert client_for("gita").get(f"/{E}/laporan/penjagaan/").status_code == 403
    assert "penjagaan/" not in text(client_for("gita"), "laporan/")


def test_a_role_that_ended_meanwhile_opens_nothing_and_leaves_no_task(post: Any, client_for: Callable[[str], Client]) -> None:
    tia = client_for("tia")
    answer = tia.get(f"/{E}/aght/")
    assert answer.status_code == 403
    assert "sudah berakhir" in answer.content.decode()
    for stage in (reports, merging, aght):
        assert stage.waiting(person("tia"), E, RAKOR_AT) == []
    earlier = RAKOR_AT - timedelta(hours=2)
    assert aght.register(E, earlier, access.scope(person("tia"), "aght.read", "aght", earlier)) != []


def test_an_early_warning_about_an_item_reaches_only_those_who_read_the_item(post: Any) -> None:
    told = [record_signal(code) for code in ITEMS]
    for name in ("citra", "nur", "raka", "ani", "hadi", "tia"):
        seen = aght.signals_seen(person(name), E, told, RAKOR_AT)
        assert {one.subject.removeprefix("aght:") for one in seen} == items_of(name)


def record_signal(code: str) -> Signal:
    return Signal("R21", "GANGGUAN", f"aght:{code}", "high", ("KPU",), AT, {"code": code, "title": "x", "chains": 2}, (code,))


def test_the_journal_is_no_way_around_a_place_or_an_ended_agreement(post: Any, client_for: Callable[[str], Client]) -> None:
    leaves = record.leaves(E, newest=200)
    for name in ("citra", "nur", "ani", "hadi"):
        client = client_for(name)
        for code in ("AGHT-01", "AGHT-02", "AGHT-04"):
            entry = next(one for one in leaves if one.subject == f"aght:{code}" and one.kind == "aght.assessed")
            seen = client.get(f"/{E}/jurnal/{entry.entry_id}/").content.decode()
            assert ("prior_permille" in seen) is (code in items_of(name)), (name, code)


# --- agreements ------------------------------------------------------------------------------------------------------------


def test_an_ended_agreement_says_which_when_and_what_to_do(post: Any, client_for: Callable[[str], Client]) -> None:
    hadi = client_for("hadi")
    for path in ("aght/", "aght/peta/", "aght/AGHT-01/", "aght/ekspor.xlsx", "aght/kluster/", "aght/kalibrasi/", "aght/matriks/"):
        answer = hadi.get(f"/{E}/{path}")
        seen = answer.content.decode()
        assert answer.status_code == 403
        assert "PKS-01 versi 2" in seen
        assert "5 Des. 2023, 09.59 WIB" in seen
        assert "buka akses darurat" in seen
        assert "[SIMULASI]" in seen
        assert codes(seen) == set()
    assert f"/{E}/aght/" not in text(hadi, "papan/"), "neither the menu nor the board leads there"


def test_it_closes_the_same_minute_and_opens_with_its_next_version(post: Any, client_for: Callable[[str], Client]) -> None:
    hadi, gita = client_for("hadi"), client_for("gita")
    page = f"/{E}/akses/perjanjian/PKS-01/"
    assert "Bacaan lembaga Anda tertutup" in hadi.get(page).content.decode()
    said = {"until": "2024-03-31", "seen": "2", "second": "kartika", "second_password": "posko-demo"}
    assert client_for("ani").get(page).status_code == 403
    assert hadi.post(f"{page}perbarui/", said).status_code == 403
    for wrong in (
        {"second": "gita"},
        {"seen": "1"},
        {"until": ""},
        {"until": "2023-12-04"},
        {"until": "9999-12-31"},
        {"second_password": "x"},
    ):
        gita.post(f"{page}perbarui/", {**said, **wrong})
        assert items_of("hadi") == set(), wrong
    assert 'value="2024-03-31"' in gita.post(f"{page}perbarui/", {**said, "seen": "1"}, follow=True).content.decode()
    assert gita.post(f"{page}perbarui/", said).status_code == 302
    assert codes(text(hadi, "aght/")) == items_of("hadi") == set(ITEMS)
    newest = access.versions("PKS-01", RAKOR_AT)[0].agreement
    assert (newest.version, newest.reader, newest.region, newest.kinds) == (3, "POLRES", HOME, frozenset({"aght"}))
    assert "1 Apr. 2024, 00.00 WIB" in hadi.get(page).content.decode()
    opened = record.opened(access.AgreementRow.objects.get(code="PKS-01", version=3).entry_id)
    assert "p-kartika" in str(opened)
    assert "p-gita" in str(opened)


def test_an_agreement_for_one_kecamatan_opens_that_kecamatan(post: Any, client_for: Callable[[str], Client]) -> None:
    _agree(RAKOR_AT + timedelta(days=30), GANTUNG, version=3)
    hadi = client_for("hadi")
    seen = text(hadi, "aght/")
    assert codes(seen) == items_of("hadi") == {"AGHT-02"}
    assert "Hanya Kecamatan Gantung" in seen
    answer = hadi.get(f"/{E}/aght/AGHT-01/")
    assert answer.status_code == 403
    assert "hanya mencakup wilayah" in answer.content.decode()
    assert codes(text(hadi, "cari/?q=judul")) == {"AGHT-02"}


def test_break_glass_opens_what_the_agreement_closed_and_every_page_is_logged(post: Any, client_for: Callable[[str], Client]) -> None:
    access.break_glass(person("hadi"), "[SIMULASI] massa menuju gudang malam ini", HOME, RAKOR_AT)
    hadi = client_for("hadi")
    assert codes(text(hadi, "aght/")) == set(ITEMS)
    assert "judul02" in text(hadi, "aght/AGHT-02/")
    read = access.LogRow.objects.filter(person="p-hadi", basis="break-glass").values_list("thing", flat=True)
    assert set(read) >= {"", "AGHT-02"}
    assert hadi.get(f"/{E}/laporan/LAP-001/").status_code == 403, "it never lifts the role"


def test_break_glass_does_not_lift_the_region(post: Any, client_for: Callable[[str], Client]) -> None:
    access.break_glass(person("nur"), "[SIMULASI] massa menuju gudang malam ini", HOME, RAKOR_AT)
    assert codes(text(client_for("nur"), "aght/")) == items_of("nur")
    assert client_for("nur").get(f"/{E}/laporan/LAP-003/").status_code == 403


@pytest.mark.parametrize(
    ("left", "warned"),
    [
        (timedelta(days=15), False), (timedelta(days=14), True), (timedelta(days=7), True), (timedelta(hours=1), True),
        (timedelta(0), True), (-timedelta(days=14), True), (-timedelta(days=14, minutes=1), False),
    ],
)  # fmt: skip
def test_both_sides_are_told_before_the_end_and_after_it(left: timedelta, warned: bool, installation: Any) -> None:
    until = RAKOR_AT + left
    said = Agreement("PKS-01", 2, "POLRES", frozenset({"aght"}), HOME, RAKOR_AT - timedelta(days=90), until)
    access.sign_agreement(said, "Berbagi AGHT dengan Polres", installation.actors["gita"], RAKOR_AT)
    told = {
        name: [t.kind for t in access.waiting(person(name), E, RAKOR_AT)]
        for name in ("gita", "fajar", "kartika", "hadi", "ani", "citra", "juwita", "indra")
    }
    kind = "access.agreement" if left > timedelta(0) else "access.agreement_over"
    assert told["gita"] == told["fajar"] == told["kartika"] == ([kind] if warned else [])
    assert told["hadi"] == ([f"{kind}_reader"] if warned else [])
    assert told["ani"] == told["citra"] == told["juwita"] == told["indra"] == []


def test_the_tasks_of_both_sides_lead_to_a_page_they_may_open(post: Any, client_for: Callable[[str], Client]) -> None:
    for name in ("gita", "kartika", "hadi"):
        inbox = client_for(name).get(f"/{E}/tugas/").content.decode()
        assert f'href="/{E}/akses/perjanjian/PKS-01/"' in inbox
        assert client_for(name).get(f"/{E}/akses/perjanjian/PKS-01/").status_code == 200


def test_the_kpu_reads_what_is_addressed_to_it_and_no_more(post: Any) -> None:
    item = aght.get(E, "AGHT-01", RAKOR_AT)
    assert aght_rules.thing(item, "aght.read", HOME).named == {"KPU"}
    elsewhere = _without_route(item)
    assert elsewhere.routes == (aght_rules.Route.BAWASLU,)
    thing = aght_rules.thing(elsewhere, "aght.read", HOME)
    assert not may("ani", "aght.read", thing)
    assert may("juwita", "aght.read", thing)


def _without_route(item: aght_rules.Aght) -> aght_rules.Aght:
    return replace(item, assessments=(replace(item.now, routes=(aght_rules.Route.BAWASLU,)),))


@pytest.mark.parametrize("at", [RAKOR_AT, EVE_AT, EVE_AT + timedelta(hours=18)])
def test_the_demonstration_holds_an_agreement_at_every_position_of_its_clock(at: Any, installation: Any) -> None:
    held = [s for s in access.signed(at) if s.agreement.holds(at)]
    assert [(s.agreement.reader, sorted(s.agreement.kinds), s.mark) for s in held] == [("POLRES", ["aght"], "[SIMULASI]")]
    assert not any(rules.warned(s.agreement, at) for s in held)


def test_merging_pages_are_in_the_route_table() -> None:
    assert {p.name for p in merging_desk.urlpatterns} == {"merging", "merging_compare", "merging_decide", "merging_split"}


LETTER = {
    "subject": "Perbaikan atap", "addressee": "KPU", "nature": "Segera", "due": "2023-12-06T08:00", "dasar": "a", "fakta": "b",
    "analisis": "c", "saran": "Menyarankan agar KPU menutup atap gudang", "ukuran": "0 bocor", "risiko": "d",
}  # fmt: skip


@pytest.mark.parametrize(
    ("who", "items", "stands"),
    [("nur", [], False), ("nur", ["AGHT-01"], True), ("raka", ["AGHT-01", "AGHT-02"], False), ("citra", [], True)],
)
def test_nobody_drafts_what_he_could_not_read_afterwards(post: Any, client_for: Any, who: str, items: list[str], stands: bool) -> None:
    shown = client_for(who).post(f"/{E}/rekomendasi/baru/", {**LETTER, "aght": items}, follow=True)
    kept = recommendations.listing(E, RAKOR_AT)
    assert len(kept) == stands
    assert (f"<h1>{kept[0].code}" if stands else "lebih dari wilayah tugas Anda") in shown.content.decode()
    if not stands:
        assert LETTER["saran"] in shown.content.decode()  # what was typed is not lost


def test_a_draft_from_an_item_names_no_report_from_outside(post: Any, client_for: Any) -> None:
    begun = {who: client_for(who).get(f"/{E}/rekomendasi/baru/?aght=AGHT-05").content.decode() for who in ("nur", "citra")}
    assert "LAP-002 B2, LAP-007 B2" in begun["citra"]
    assert "LAP-002 B2" in begun["nur"]
    assert "LAP-007" not in begun["nur"]


def test_a_decision_about_reports_of_one_kecamatan_stands_in_its_journal(post: Any, client_for: Any) -> None:
    merging.keep_apart(E, ["LAP-002", "LAP-006"], record_actor("nur"), RAKOR_AT)
    inside = record.leaves(E, newest=1)[0]
    across = next(leaf for leaf in record.leaves(E, newest=1000) if leaf.kind == "reports.merged")
    assert (inside.place, across.place) == (MANGGAR, HOME)
    for who, opens in (("nur", (True, False)), ("citra", (True, True)), ("hadi", (False, False))):
        pages = [client_for(who).get(f"/{E}/jurnal/{leaf.entry_id}/").content.decode() for leaf in (inside, across)]
        assert tuple("&quot;numbers&quot;" in page for page in pages) == opens, who


def test_a_hazard_tells_distribution_what_delays_and_only_readers_of_the_item_which_item(post: Any, client_for: Any) -> None:
    told = rules_of_distribution.Hazard(IN_MANGGAR, "ombak", 30, 700, source="AGHT-01")
    for who, seen in (("citra", "AGHT-01"), ("nur", "AGHT-01"), ("ani", "AGHT-01"), ("juwita", "AGHT-01"), ("hadi", ""), ("indra", "")):
        request: Any = SimpleNamespace(person=person(who), at=RAKOR_AT, election=record.election(E), session={})
        shown = distribution_desk.sources(request, [told])
        assert shown == ({"AGHT-01"} if seen else set()), who


def test_an_item_that_is_sent_twice_is_one_item(post: Any, client_for: Any) -> None:
    form = {
        "title": "Jalan putus", "place": IN_MANGGAR, "operational": "1", "happening": "1", "claim": "Jalan putus", "gatra": "geografi",
        "variable": "5", "low": "10", "mode": "20", "high": "30", "prior": "10", "last_useful": "2024-01-10T10:00",
    }  # fmt: skip
    nur = client_for("nur")
    assert [nur.post(f"/{E}/aght/baru/", form)["Location"] for _ in range(2)] == [f"/{E}/aght/AGHT-06/"] * 2
    assert "AGHT-06 baru saja Anda buka" in nur.get(f"/{E}/aght/AGHT-06/").content.decode()
    assert nur.post(f"/{E}/aght/baru/", {**form, "title": "Lain", "last_useful": "1066-01-10T10:00"}).status_code == 200
    assert len(aght.register(E, RAKOR_AT)) == 6


@pytest.mark.parametrize("kept", ["[" * 100_000, '[["gatra", "a", "b\\ud800", ""]]', "5", "", '[["gatra"]'])
def test_a_dry_run_of_labels_that_was_tampered_with_is_refused(post: Any, client_for: Any, kept: str) -> None:
    sent = {"version": "bawaslu-2029/1", "source": "surat", "kept": kept, "act": "commit"}
    shown = client_for("citra").post(f"/{E}/aght/label/baru/", sent)
    assert shown.status_code == 200
    assert "Daftar label belum lengkap (berkas)" in shown.content.decode()
    assert len(aght.label_versions(E, RAKOR_AT)) == 1


def test_the_journal_names_no_report_from_outside_that_supports_an_item_inside(post: Any, client_for: Any) -> None:
    leaf = next(leaf for leaf in record.leaves(E, newest=1000, subject="aght:AGHT-05") if leaf.kind == "aght.supported")
    named = {who: "LAP-007" in client_for(who).get(f"/{E}/jurnal/{leaf.entry_id}/").content.decode() for who in ("citra", "nur", "raka")}
    assert named == {"citra": True, "nur": False, "raka": False}
