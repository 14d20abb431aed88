"""Custody on the phone: one prompt at a time, both sides by name, who may where, undone by correction, printed the same every time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from posko.desk import custody as desk
from posko.desk import evidence as evidence_desk
from posko.desk import handing
from posko.domain import custody as rules
from posko.domain import record as record_rules
from posko.domain.custody import Kind
from posko.formats import custody as words
from posko.store import custody, distribution, packing, places, record, returns
from tests import beltim, kept, pages

pytestmark = pytest.mark.django_db
E, HOME = "pemilu-2024", "19.06.02.2001"
BASE = f"/{E}/serah/"
PASSWORD = "posko-demo"
ClientFor = Callable[[str], Client]


@pytest.fixture
def mine(installation: Any) -> custody.Ride:
    """The trip that brings Putri's first TPS to her desa."""
    beltim.briefly_planned()
    trips = custody.rides(E, datetime(2024, 2, 12, tzinfo=UTC))
    return next(one for one in trips if f"{HOME}.001" in custody.targets(one, HOME))


def clock(installation: Any, at: datetime) -> None:
    record.set_clock(at, installation.actors["kartika"], datetime.now(UTC))


def said(page: Any) -> str:
    return str(page.content.decode())


def fill(client: Client, path: str, steps: list[tuple[dict[str, Any], str]]) -> tuple[dict[str, Any], str]:
    """Answers prompt after prompt; every answer travels on in the form. Returns the form as it stands, and the last page."""
    form: dict[str, Any] = {}
    page = said(client.get(path))
    for answers, prompt in steps:
        assert prompt in page, prompt
        form |= answers
        page = said(client.post(path, form))
        for name, value in re.findall(r'<input type="hidden" name="(seq|stamp)" value="([^"]*)"', page):
            form[name] = value
    return form, page


def load(client: Client, one: custody.Ride) -> None:
    path = f"{BASE}sj/{one.waybill}/muat/"
    boxes = sum(item.boxes for item in custody.manifest(E, one, one.depart_at))
    form, page = fill(
        client,
        path,
        [
            ({"source": "here"}, "Anda di tempat?"),
            ({"count": str(boxes)}, "Hitung kotak suara"),
            ({"seals": "whole"}, "Semua segel utuh?"),
            (
                {
                    "giver_function": "gudang",
                    "receiver_agency": "PENGANGKUT",
                    "receiver_function": "pengemudi",
                    "receiver_name": "Sopir satu",
                    "parties_done": "1",
                },
                "Siapa menyerahkan",
            ),
        ],
    )
    assert "Catat pemuatan ini?" in page
    assert "Tercatat" in said(client.post(path, {**form, "send": "1"}, follow=True))


def drive(installation: Any, client_for: ClientFor, one: custody.Ride, late_min: int = 0) -> datetime:
    """Loaded by Lutfi, departed and arrived at Putri's desa; the instant of arrival."""
    late = timedelta(minutes=late_min)
    clock(installation, one.depart_at + late)
    lutfi = client_for("lutfi")
    load(lutfi, one)
    lutfi.post(f"{BASE}sj/{one.waybill}/berangkat/{one.trip.start}/", {"source": "here"})
    came_at = one.stored.instant(one.stop(HOME).arrive_min) + late
    clock(installation, came_at)
    assert "tiba di" in said(client_for("putri").post(f"{BASE}sj/{one.waybill}/tiba/{HOME}/", {"source": "here"}, follow=True))
    return came_at


TAKES = {
    "giver_agency": "PENGANGKUT",
    "giver_function": "pengemudi",
    "giver_name": "Sopir satu",
    "receiver_function": "ketua",
    "parties_done": "1",
}


def test_putri_takes_over_what_a_truck_brings_and_passes_it_on_to_the_kpps(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    came_at = drive(installation, client_for, mine, 20)
    putri, path = client_for("putri"), f"{BASE}sj/{mine.waybill}/terima/{HOME}/"
    boxes = sum(item.boxes for item in custody.manifest(E, mine, came_at) if item.place == HOME)
    form, page = fill(
        putri,
        path,
        [
            ({"count": str(boxes)}, f"Menurut surat jalan: <strong>{boxes} kotak</strong>"),
            ({"seals": "whole"}, "Semua segel utuh?"),
            ({"refused": "no"}, "Semua diterima?"),
            (TAKES, "Siapa menyerahkan"),
        ],
    )
    assert "Putri, ketua PPS" in page
    assert "terlambat 20 menit" in said(putri.post(path, {**form, "send": "1"}, follow=True))
    before = record.root()
    putri.post(path, {**form, "send": "1"})
    assert record.root() == before, "pressed twice, written once"
    delivered = custody.deliveries(E, came_at)
    assert delivered["19.06.02.2001.001"] == came_at
    (event,) = [e for e in custody.events(E, came_at) if e.kind is Kind.HANDED_OVER]
    assert (event.receiver, event.giver) == (rules.Party("PPS", "ketua", "p-putri"), rules.Party("PENGANGKUT", "pengemudi"))
    tps = f"{BASE}tps/19.06.02.2001.001/"
    answers = [
        ({"count": "5"}, "Hitung kotak suara"),
        ({"seals": "whole"}, "utuh?"),
        ({"refused": "no"}, "diterima?"),
        ({"giver_function": "anggota", "receiver_agency": "KPPS", "receiver_function": "ketua", "parties_done": "1"}, "Siapa"),
    ]
    form, _ = fill(putri, tps, answers)
    assert "Nama, jabatan, dan lembaga kedua pihak" in said(putri.post(tps, {**form, "send": "1"}, follow=True))
    form, _ = fill(putri, tps, answers)
    page = said(putri.post(tps, {**form, "send": "1", "second": "nia", "second_password": PASSWORD}, follow=True))
    assert "Dipegang p-nia, ketua KPPS" in page or "Dipegang Nia, ketua KPPS" in page
    held = custody.state(E, came_at).holdings["K:19.06.02.2001.001"]
    assert held.holder == rules.Party("KPPS", "ketua", "p-nia")
    assert record.Entry.objects.filter(kind="box.handed_over").count() == 2


def test_a_count_that_differs_asks_what_is_missing_and_what_is_refused_stays_aboard(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    came_at = drive(installation, client_for, mine)
    putri, path = client_for("putri"), f"{BASE}sj/{mine.waybill}/terima/{HOME}/"
    here = [item for item in custody.manifest(E, mine, came_at) if item.place == HOME]
    boxes = sum(item.boxes for item in here)
    form, page = fill(
        putri,
        path,
        [
            ({"count": str(boxes - 5)}, "Hitung kotak suara"),
            ({"missing": [here[0].thing], "missing_done": "1"}, "apa yang tidak ada?"),
            ({"seals": "differ"}, "utuh?"),
            ({"read_thing": here[1].thing, "read_seen": "A1", "read_count": "", "read_broken": "1"}, "Baca segel kotak"),
        ],
    )
    assert "A1" in pages.said(page)
    assert "rusak" in page
    reading = re.findall(r'name="reading" value="([^"]*)"', page)
    form = {k: v for k, v in form.items() if not k.startswith("read_")} | {"reading": reading, "reading_done": "1", "refused": "yes"}
    for extra, prompt in (
        ({}, "Apa yang ditolak"),
        ({"refused_thing": [here[2].thing], "cause": "basah"}, "Siapa"),
        (TAKES, "Catat serah"),
    ):
        form |= extra
        page = said(putri.post(path, form))
        assert prompt in page
        form |= dict(re.findall(r'<input type="hidden" name="(seq|stamp)" value="([^"]*)"', page))
    page = said(putri.post(path, {**form, "send": "1"}, follow=True))
    assert "tidak utuh" in page
    now = custody.state(E, came_at)
    assert now.holdings[here[2].thing].refused == "basah"
    assert now.holdings[here[2].thing].trip == now.holdings[here[0].thing].trip == mine.waybill
    assert {c.code for c in now.open_conflicts()} == {"count_differs", "seal_broken"}
    last = now.valid[-1]
    assert (last.sent, last.received, set(last.missing)) == (boxes, boxes - 5 - here[2].boxes, {here[0].thing, here[2].thing})
    for page in (said(client_for("juwita").get(f"{BASE}selisih/")), said(putri.get(f"{BASE}selisih/"))):
        assert "barang tidak diserahkan" in page
        assert "segel tidak utuh" in page
    assert "barang tidak diserahkan" in said(client_for("ani").get(f"/{E}/tugas/"))


def test_who_has_no_part_in_it_reads_and_writes_nothing(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    clock(installation, mine.depart_at)
    trips = custody.rides(E, mine.depart_at)
    elsewhere = next(
        one for one in trips if not any(code.startswith("19.06.02") for stop in one.halts for code in custody.targets(one, stop.place))
    )
    before = record.root()
    budi, juwita, dedi = client_for("budi"), client_for("juwita"), client_for("dedi")
    assert juwita.get(f"{BASE}sj/{mine.waybill}/").status_code == 200
    assert "Muat barang" not in said(juwita.get(f"{BASE}sj/{mine.waybill}/"))
    assert juwita.post(f"{BASE}sj/{mine.waybill}/muat/", {"send": "1"}).status_code == 403
    assert budi.post(f"{BASE}sj/{mine.waybill}/muat/", {"send": "1"}).status_code == 403, "the warehouse loads"
    assert budi.post(f"{BASE}sj/{elsewhere.waybill}/tiba/{elsewhere.halts[0].place}/", {"source": "here"}).status_code == 403
    assert budi.get(f"{BASE}sj/{elsewhere.waybill}/").status_code == 403
    assert dedi.get(BASE).status_code == 403
    assert elsewhere.number not in said(budi.get(BASE))
    assert mine.number in said(budi.get(BASE))
    assert record.root() == before


def test_a_wrong_tap_is_taken_back_alone_at_once_and_by_two_later(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    came_at = drive(installation, client_for, mine)
    putri = client_for("putri")
    arrived = next(e for e in custody.events(E, came_at) if e.kind is Kind.ARRIVED)
    clock(installation, came_at + timedelta(minutes=11))
    path = f"{BASE}catatan/{arrived.id}/batal/"
    assert "dibatalkan berdua" in said(putri.get(path))
    page = said(putri.post(path, {"reason": "truk lain yang tiba", "second": "lutfi", "second_password": PASSWORD}, follow=True))
    assert "Catatan dibatalkan" in page
    assert "di jalan" in page
    putri.post(f"{BASE}sj/{mine.waybill}/tiba/{HOME}/", {"source": "here"})
    again = next(e for e in custody.state(E, came_at + timedelta(minutes=11)).valid if e.kind is Kind.ARRIVED)
    assert "Catatan dibatalkan" in said(putri.post(f"{BASE}catatan/{again.id}/batal/", {}, follow=True))


def test_minutes_repeat_byte_for_byte_and_name_both_sides(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    from posko.desk import custody as desk

    drive(installation, client_for, mine)
    loaded = custody.events(E, mine.depart_at)[0]
    lutfi, path = client_for("lutfi"), f"{BASE}catatan/{loaded.id}/berita-acara.pdf"
    first = lutfi.get(path)
    assert first.content.startswith(b"%PDF")
    assert first.content == lutfi.get(path).content
    assert first.content != lutfi.get(f"{path}?kertas=a4").content
    values = desk.bast(record.election(E), loaded, "f4")
    assert (values["first"], values["second"]) == ("Lutfi, petugas gudang KPU", "Sopir satu, pengemudi")
    assert len(values["rows"]) == len(loaded.things)
    arrived = next(e for e in custody.events(E, datetime(2024, 2, 14, tzinfo=UTC)) if e.kind is Kind.ARRIVED)
    assert "Hanya pemuatan" in said(lutfi.get(f"{BASE}catatan/{arrived.id}/berita-acara.pdf", follow=True))


def test_the_list_the_board_and_the_chain_show_where_it_is(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    ani = client_for("ani")
    assert "Perjalanan</h2>" not in said(ani.get(f"/{E}/papan/")), "nothing moved yet"
    came_at = drive(installation, client_for, mine, 35)
    page = said(ani.get(BASE))
    assert "terlambat 35 menit" in page
    assert not re.search(r"\sstyle=", page)
    board = said(ani.get(f"/{E}/papan/"))
    assert "TPS diterima PPS" in board
    assert "perjalanan terlambat lagi" in board
    thing = custody.events(E, came_at)[0].things[0]
    chain = said(ani.get(f"{BASE}barang/{thing}/"))
    assert "Rantai serah terima" in chain
    assert mine.number in chain
    assert ani.get(f"{BASE}?q={mine.number}").headers["Location"] == f"{BASE}sj/{mine.waybill}/"
    assert "tidak ada dalam pemilihan ini" in said(ani.get(f"{BASE}?q=SJ/77/X", follow=True))
    assert ani.get(f"{BASE}perjalanan.xlsx").content.startswith(b"PK")
    damage = {"cause": "kotak_rusak", "thing": [thing]}
    assert "Kerusakan tercatat" in said(ani.post(f"{BASE}sj/{mine.waybill}/rusak/", damage, follow=True))
    assert "kotak rusak" in said(ani.get(f"{BASE}barang/{thing}/"))
    assert "Pilih paling sedikit satu" in said(ani.post(f"{BASE}sj/{mine.waybill}/rusak/", {"cause": "basah"}, follow=True))


def test_every_refusal_conflict_cause_and_kind_has_words() -> None:
    from posko.desk import custody as desk

    codes = {one.code for one in vars(rules).values() if isinstance(one, type) and issubclass(one, rules.record.Refusal)}
    assert codes <= set(desk.SENTENCES)
    assert set(words.CAUSES) == set(rules.CAUSES)
    assert set(words.FUNCTIONS) == set(rules.FUNCTIONS)
    assert set(words.AGENCIES) == set(rules.AGENCIES)
    assert set(words.KINDS) == set(Kind)
    assert set(words.SEALS) == set(rules.SEALS)
    for code in re.findall(r"[a-z_]+", (rules.Conflict.__doc__ or "").partition("code: ")[2]):
        assert words.conflict(rules.Conflict(code, "", ()), "kotak", {}) != code


def test_boxes_are_scanned_one_by_one_and_what_was_not_scanned_is_missing(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    first = f"{HOME}.001"
    packing.prepare_boxes(E, [first], installation.actors["lutfi"], mine.depart_at - timedelta(days=2), Random(1))
    clock(installation, mine.depart_at)
    lutfi, path = client_for("lutfi"), f"{BASE}sj/{mine.waybill}/muat/"
    boxes = [item.thing for item in custody.manifest(E, mine, mine.depart_at) if item.thing.startswith("B:")]
    form, page = {"source": "here", "scan": "1", "scanned": []}, ""
    for thing in boxes[:4]:
        page = said(lutfi.post(path, {**form, "code": f"PSK1:B:{thing[2:]}"}))
        form["scanned"] = re.findall(r'name="scanned" value="([^"]*)"', page)
    assert form["scanned"] == boxes[:4]
    assert "Belum dipindai: 1" in page
    assert "sudah dipindai" in said(lutfi.post(path, {**form, "code": boxes[0][2:]}))
    assert "tidak cocok" in said(lutfi.post(path, {**form, "code": boxes[0][2:-1] + ("0" if boxes[0][-1] != "0" else "1")})).lower()
    kit = f"K:{first}"
    form |= {"scan_done": "1", "kit": [kit], "seals": "unread", **TAKES, "receiver_agency": "PENGANGKUT", "receiver_name": "Sopir satu"}
    page = said(lutfi.post(path, form))
    assert "4 dipindai" in page
    form |= dict(re.findall(r'<input type="hidden" name="(seq|stamp)" value="([^"]*)"', page))
    lutfi.post(path, {**form, "send": "1"})
    (event,) = custody.events(E, mine.depart_at)
    assert set(event.missing) == {boxes[4], kit}
    assert set(boxes[:4]) < set(event.things)
    assert (event.account, event.giver.person, event.seals) == ("p-lutfi", "p-lutfi", "unread")


def test_nia_takes_over_the_boxes_of_her_own_tps_and_sees_no_list(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    came_at, own = mine.depart_at, "19.06.02.2001.001"
    clock(installation, came_at)
    nia = client_for("nia")
    assert "Terima kotak TPS" not in said(nia.get(f"/{E}/beranda/"))
    pps = rules.Party("PPS", "ketua", "p-putri")
    event = rules.Event("", Kind.HANDED_OVER, came_at, "", 0, "p-putri", HOME, "", (f"K:{own}",), rules.Party("KPU", "gudang"), pps)
    custody.record_event(E, event, custody.Words("Lutfi"), installation.actors["putri"], came_at)
    assert "Terima kotak TPS" in said(nia.get(f"/{E}/beranda/"))
    path = f"{BASE}tps/{own}/"
    assert nia.get(path.replace("2001.001", "2001.002")).status_code == 403
    assert nia.get(BASE).status_code == 403
    trip = f"{BASE}sj/{mine.waybill}/"  # what a truck brings to a desa is the PPS's to take, also where her own boxes are on it
    for act in (f"terima/{HOME}/", f"tiba/{HOME}/", f"berangkat/{HOME}/", "rusak/"):
        assert nia.get(trip + act).status_code == 403, act
    gives = {"giver_agency": "PPS", "giver_function": "ketua", "giver_name": "Ketua PPS", "receiver_function": "ketua", "parties_done": "1"}
    short = custody.record_event(
        E, replace(event, giver=pps, receiver=rules.Party("KPPS", "anggota"), sent=5, received=4), custody.Words("a", "b"),
        installation.actors["putri"], came_at,
    )  # fmt: skip
    assert "dari PPS 5 kotak, dihitung 4" in said(client_for("ani").get(f"/{E}/tugas/"))
    custody.take_back(E, short.id, "", installation.actors["putri"], came_at)
    form, page = fill(
        nia, path, [({"count": "5"}, "Hitung kotak"), ({"seals": "whole"}, "utuh?"), ({"refused": "no"}, "diterima?"), (gives, "Siapa")]
    )
    assert "Nia, ketua KPPS" in page
    assert "Tercatat" in said(nia.post(path, {**form, "send": "1"}, follow=True))
    assert custody.state(E, came_at).holdings[f"K:{own}"].holder == rules.Party("KPPS", "ketua", "p-nia")


def test_a_waybill_that_no_longer_holds_leads_to_the_page_that_says_so(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    kartika, at = installation.actors["kartika"], datetime(2024, 2, 12, tzinfo=UTC)
    clock(installation, at)
    stored = mine.stored
    # The same plan once more, from nothing: every trip gets a new waybill.
    again = distribution.record_plan(E, stored.plan, distribution.inputs(E, at).digest, kartika, at)
    now = again.waybills[mine.trip.code][1]
    budi = client_for("budi")
    old = budi.get(f"{BASE}sj/{mine.waybill}/", follow=True)
    assert old.status_code == 200
    assert "Jangan berangkat dengan surat ini" in said(old)
    assert said(budi.get(f"{BASE}sj/{now}/")).count(again.waybills[mine.trip.code][0])
    # Loaded under the first waybill, the trip goes on under it, whichever paper is scanned.
    event = rules.Event("", Kind.DEPARTED, at, "", 0, "p-juwita", mine.trip.start, mine.waybill)
    custody.record_event(E, event, custody.Words(), kartika, at)
    page = budi.get(f"{BASE}sj/{now}/", follow=True)
    assert page.status_code == 200
    assert mine.waybill in page.request["PATH_INFO"]


def test_only_numbers_of_seals_travel_in_a_form_as_readings(installation: Any) -> None:
    assert handing._unpacked("B:X|KT004503 kt4504|0|1") == rules.Reading("B:X", ("KT004503", "KT4504"))
    for typed in ("B:X|Budi telepon 0812|0|1", "B:X||²|1", "B:X|KT1|0"):
        assert handing._unpacked(typed) is None


def test_what_happened_now_bears_the_time_of_the_press_and_is_written_once(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    shown_at = mine.depart_at
    clock(installation, shown_at)
    ani, path = client_for("ani"), f"{BASE}sj/{mine.waybill}/berangkat/{mine.trip.start}/"
    seq = re.findall(r'name="seq" value="(\d+)"', said(ani.get(path)))[0]
    for minutes in (20, 21):
        clock(installation, shown_at + timedelta(minutes=minutes))
        assert "Tercatat" in said(ani.post(path, {"source": "here", "seq": seq}, follow=True))
    (event,) = custody.events(E, shown_at + timedelta(hours=1))
    assert event.at == shown_at + timedelta(minutes=20)
    other = ani.post(path, {"source": "here", "seq": seq, "when": "2024-02-12T06:00"}, follow=True)
    assert "sudah tercatat dengan isi lain" in said(other)


def test_a_thing_that_is_none_is_refused_with_a_sentence(installation: Any, client_for: ClientFor) -> None:
    ani = client_for("ani")
    for thing in ("K:1.2.3.4.5.6.7", "K:", "B:", "K:19.06.02.2001.999", "X", "K:" + "9." * 200):
        assert "tidak ada dalam pemilihan ini" in said(ani.get(f"{BASE}barang/{thing}/", follow=True)), thing


def test_an_empty_trip_offers_no_second_hand_over_and_says_what_happened_but_another_one_can_be_recorded(
    installation: Any, mine: custody.Ride, client_for: ClientFor
) -> None:
    came_at = drive(installation, client_for, mine)
    putri, path = client_for("putri"), f"{BASE}sj/{mine.waybill}/terima/{HOME}/"
    items = [item for item in custody.manifest(E, mine, came_at) if item.place == HOME]
    boxes = str(sum(item.boxes for item in items))
    steps = [({"count": boxes}, "Hitung kotak"), ({"seals": "whole"}, "utuh?"), ({"refused": "no"}, "diterima?"), (TAKES, "Siapa")]
    form, _ = fill(putri, path, steps)
    putri.post(path, {**form, "send": "1"})
    page = said(putri.get(path))
    assert "Tidak ada lagi barang untuk" in page
    assert "Diserahkan</strong> di" in page
    assert "Hitung kotak suara" not in page
    assert f'href="{path}?lain=1"' in page
    assert custody.state(E, came_at).conflicts == ()
    other = f"{path}?lain=1"
    assert "Pilih paling sedikit satu" in said(putri.post(other, {"choosing": "1"}))
    picked = items[0]
    steps = [
        ({"chosen": picked.thing}, "Apa yang diserahkan di"), ({"count": str(picked.boxes)}, f"<strong>{picked.boxes} kotak</strong>"),
        *steps[1:],
    ]  # fmt: skip
    form, page = fill(putri, other, steps)
    assert "1 dari 1" in page
    putri.post(other, {**form, "send": "1"})
    (conflict,) = custody.state(E, came_at).open_conflicts()
    assert (conflict.code, conflict.thing) == ("two_holders", picked.thing), "recorded as it was told, and shown"


# --- the way back --------------------------------------------------------------------------------------------------------

COUNTED = datetime(2024, 2, 14, 20, tzinfo=UTC)
GIVES = {
    "giver_function": "ketua", "receiver_agency": "PENGANGKUT", "receiver_function": "pengemudi", "receiver_name": "Sopir dua",
    "parties_done": "1",
}  # fmt: skip


def _planned_back() -> None:
    before, returns.ITERATIONS = returns.ITERATIONS, 60
    try:
        returns.make(E, record_rules.Actor("p-ani", "KPU"), datetime(2024, 2, 13, tzinfo=UTC))
    finally:
        returns.ITERATIONS = before


@pytest.fixture
def home(installation: Any) -> custody.Ride:
    """The trip that fetches the results of Putri's first TPS."""
    beltim.briefly_planned()
    kept.state(("the way back of custody", _planned_back))
    trips = custody.rides_back(E, COUNTED)
    return next(t for t in trips if any(i.thing == f"K:{HOME}.001" and i.place == HOME for i in custody.manifest(E, t, COUNTED)))


def photo() -> SimpleUploadedFile:
    data = BytesIO()
    picture, exif = Image.new("RGB", (40, 30), "white"), Image.Exif()
    exif[0x010F] = "PONSEL RAHASIA"
    picture.save(data, "JPEG", exif=exif)
    return SimpleUploadedFile("Budi di rumah.jpg", data.getvalue(), "image/jpeg")


def answer(client: Client, path: str, steps: list[tuple[dict[str, Any], str]], last: dict[str, Any] | None = None) -> str:
    form, _ = fill(client, path, steps)
    return said(client.post(path, {**form, "send": "1", **(last or {})}, follow=True))


def test_nia_gives_back_putri_loads_and_budi_receives_with_a_photo_and_a_coarse_position(
    installation: Any, home: custody.Ride, client_for: ClientFor
) -> None:
    tps, at = f"{HOME}.001", home.stored.instant(home.stop(HOME).arrive_min)
    clock(installation, at)
    nia, putri, budi = client_for("nia"), client_for("putri"), client_for("budi")
    assert "Serahkan kotak hasil" in said(nia.get(f"/{E}/beranda/"))
    pass_back = f"{BASE}tps/{tps}/kembali/"
    steps = [({"count": "5"}, "Hitung kotak"), ({"seals": "whole"}, "utuh?"), ({"refused": "no"}, "diterima?")]
    gives = {
        "giver_function": "ketua",
        "receiver_agency": "PPS",
        "receiver_function": "anggota",
        "receiver_name": "Putri",
        "parties_done": "1",
    }
    answer(nia, pass_back, [*steps, (gives, "Siapa menyerahkan")])
    held = custody.state(E, at).holdings[f"K:{tps}"]
    assert (held.holder.agency, held.way, held.place) == ("PPS", "back", HOME)
    assert "Serahkan kotak hasil" not in said(nia.get(f"/{E}/beranda/"))
    assert "sudah diserahkan kembali" in said(nia.get(pass_back, follow=True))

    assert home.number in said(putri.get(BASE)), "after the count the list shows the way back"
    page = f"{BASE}sj/{home.waybill}/"
    assert "Muat arus balik" in said(putri.get(f"/{E}/tugas/"))
    putri.post(f"{page}tiba/{HOME}/", {"source": "here", "lat": "-2.870449", "lon": "108.15999"})
    assert f"Muat di {home.name(HOME)}" in said(putri.get(page))
    mine = [item for item in custody.manifest(E, home, at) if item.place == HOME]
    boxes = sum(item.boxes for item in mine)
    steps = [({"count": str(boxes)}, f"<strong>{boxes} kotak</strong>"), ({"seals": "whole"}, "utuh?"), (GIVES, "Siapa menyerahkan")]
    shown = answer(putri, f"{page}muat/{HOME}/", steps)
    assert "balik: dimuat" in shown
    assert "posisi ponsel -2,870, 108,160 (sekitar 100 m)" in shown
    loaded = custody.state(E, at).valid[-1]
    assert (loaded.giver, loaded.place, loaded.lat) == (rules.Party("PPS", "ketua", "p-putri"), HOME, None)
    assert [e.lat for e in custody.events(E, at) if e.kind is Kind.ARRIVED] == [-2_870_000]
    assert "Tidak ada lagi yang dapat diambil" in said(putri.get(f"{page}muat/{HOME}/"))
    assert putri.get(f"{page}terima/{home.end}/").status_code == 403, "what comes to the PPK the PPK takes"

    end_at = home.stored.instant(home.trip.return_min)
    clock(installation, end_at)
    budi.post(f"{page}tiba/{home.end}/", {"source": "here"})
    steps = [
        ({"count": str(boxes)}, f"<strong>{boxes} kotak</strong>"), ({"seals": "whole"}, "utuh?"), ({"refused": "yes"}, "diterima?"),
        ({"refused_thing": [mine[0].thing], "cause": "segel_rusak"}, "Apa yang ditolak"), (TAKES, "Siapa menyerahkan"),
    ]  # fmt: skip
    shown = answer(budi, f"{page}terima/{home.end}/", steps, {"file": photo()})
    refused = next(e for e in custody.events(E, end_at) if e.kind is Kind.REFUSED)
    (sha,) = refused.photos
    assert f"/bukti/{sha}/" in shown
    picture = budi.get(f"/{E}/bukti/{sha}/")
    assert picture.status_code == 200
    assert (putri.get(f"/{E}/bukti/{sha}/").status_code, f"/bukti/{sha}/" in said(putri.get(page))) == (403, False)
    assert b"RAHASIA" not in picture.content
    assert client_for("dedi").get(f"/{E}/bukti/{sha}/").status_code in {403, 404}
    handed = custody.state(E, end_at).valid[-1]
    assert (handed.receiver, handed.photos) == (rules.Party("PPK", "ketua", "p-budi"), ())
    standing = custody.returned(E, end_at)
    assert standing is not None
    assert (standing.ppk, standing.under_way) == (boxes - mine[0].boxes, mine[0].boxes)
    assert "kotak hasil" in said(budi.get(f"{BASE}?arah=balik"))
    minutes = said(budi.get(page))
    assert f"{BASE}catatan/{handed.id}/berita-acara.pdf" in minutes
    assert desk.bast(record.election(E), handed, "f4")["title"] == "Berita acara serah terima logistik kepada PPK"


@pytest.mark.parametrize(
    "typed", [{"lat": "91", "lon": "0"}, {"lat": "x", "lon": "1"}, {"lat": "", "lon": "108"}, {"lat": "nan", "lon": "1"}]
)
def test_a_position_that_is_none_is_refused_and_none_at_all_is_fine(
    installation: Any, home: custody.Ride, client_for: ClientFor, typed: dict[str, str]
) -> None:
    clock(installation, home.depart_at)
    path = f"{BASE}sj/{home.waybill}/tiba/{HOME}/"
    putri = client_for("putri")
    assert "Posisi tidak terbaca" in said(putri.post(path, {"source": "here", **typed}, follow=True))
    assert custody.events(E, home.depart_at) == []
    assert "Tercatat" in said(putri.post(path, {"source": "here", "lat": "", "lon": ""}, follow=True))


def test_damage_takes_photos_and_nothing_else(installation: Any, home: custody.Ride, client_for: ClientFor) -> None:
    clock(installation, home.depart_at)
    putri, path = client_for("putri"), f"{BASE}sj/{home.waybill}/rusak/"
    thing = next(item.thing for item in custody.manifest(E, home, home.depart_at) if item.place == HOME)
    form = {"cause": "basah", "thing": [thing]}
    pdf = SimpleUploadedFile("a.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")
    assert "harus foto" in said(putri.post(path, {**form, "file": pdf}))
    assert "Kerusakan tercatat" in said(putri.post(path, {**form, "file": photo()}, follow=True))
    (event,) = custody.events(E, home.depart_at)
    assert (event.kind, event.way, len(event.photos)) == (Kind.DAMAGED, "back", 1)
    assert record.entry(E, event.id).facts["photos"] == list(event.photos)
    (sha,), page = event.photos, f"{BASE}sj/{home.waybill}/"
    assert f"/bukti/{sha}/" in said(putri.get(page))
    undo = f"{BASE}catatan/{event.id}/batal/"
    assert "Tarik berkas" in said(putri.get(undo))
    gone = {"stage": "custody", "subject": custody.subject(event.id), "what": "photo", "sha256": sha, "next": undo}
    putri.post(f"/{E}/bukti/tarik/", gone, follow=True)
    assert f"/bukti/{sha}/" not in said(putri.get(page)), "a wrong picture is withdrawn and the event stays"
    assert custody.events(E, home.depart_at) == [event]


def test_booths_that_are_not_there_can_be_ticked_while_boxes_are_scanned(
    installation: Any, home: custody.Ride, client_for: ClientFor
) -> None:
    clock(installation, home.stored.instant(home.stop(HOME).arrive_min))
    page = said(client_for("nia").post(f"{BASE}tps/{HOME}.001/kembali/", {"scan": "1"}))
    assert f'name="kit" value="S:{HOME}.001"' in page


def test_nothing_is_handed_back_before_the_vote(installation: Any, mine: custody.Ride, client_for: ClientFor) -> None:
    clock(installation, mine.depart_at)
    page = said(client_for("nia").get(f"{BASE}tps/{HOME}.001/kembali/", follow=True))
    assert "sesudah pemungutan suara" in page
    assert "Hitung kotak suara" not in page


def test_a_picture_of_an_island_is_open_to_the_desa_whose_people_vote_there(installation: Any, mine: custody.Ride) -> None:
    tps = next(one for one in places.tps_list(E) if one.island)
    at = mine.depart_at
    event = rules.Event("", Kind.DAMAGED, at, "", 0, "p-ani", tps.island, things=(f"K:{tps.code}",), cause="basah")
    made = custody.record_event(E, event, custody.Words(), record_rules.Actor("p-ani", "KPU"), at)
    assert evidence_desk.place_of(E, "custody", custody.subject(made.id), at) == tps.desa_code


def test_a_paper_of_a_return_that_was_planned_anew_says_so(installation: Any, home: custody.Ride, client_for: ClientFor) -> None:
    assert home.back is not None
    distribution.retire_vehicle(E, home.trip.vehicle, "mesin mati", record_rules.Actor("p-ani", "KPU"), COUNTED)
    before, returns.ITERATIONS = returns.ITERATIONS, 20
    try:
        returns.make(E, record_rules.Actor("p-ani", "KPU"), COUNTED)
    finally:
        returns.ITERATIONS = before
    clock(installation, COUNTED)
    assert "tidak berlaku lagi" in said(client_for("budi").get(f"{BASE}sj/{home.waybill}/", follow=True))
    assert f'href="{BASE}sj/{home.waybill}/"' not in said(client_for("budi").get(f"{BASE}?arah=balik"))
