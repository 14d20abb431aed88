"""Rakor on the screen: from the agenda over letter, answers, calendar and the meeting itself to what became of its decisions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from posko.domain import rakor as rules
from posko.domain import record as facts
from posko.store import evidence, rakor, record
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E, BASE = "pemilu-2024", "/pemilu-2024/rakor/"
MEETING = f"{BASE}rapat/RKR-001/"
STARTS = RAKOR_AT + timedelta(days=6, hours=-1)  # 11 December 2023, 09.00 WIB
Sign = Callable[[str], Client]


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Small numbers to freeze and two matters for the agenda, without the stages before."""

    def collect(_election: str, meeting: str, at: datetime) -> dict[str, rules.Value]:
        size, root = record.root()
        done = len(rakor.decisions(E, at, meeting))
        figure: rules.Value = {
            "code": "ready", "label": "TPS siap", "numerator": done, "denominator": 363, "source": "pemeriksaan TPS", "at": at.isoformat(),
            "marks": [],
        }  # fmt: skip
        return {"figures": [figure], "journal": {"size": size, "root": root}}

    late = [
        rules.Matter("deadline", "T-1", "Tahap I lengkap", "tenggat", STARTS), rules.Matter("shortage", "K~~", "Kotak", "kurang", None, 7)
    ]  # fmt: skip
    monkeypatch.setattr(rakor, "collect", collect)
    monkeypatch.setattr(rakor, "_matters", lambda *_: late)
    return installation


@pytest.fixture
def called(scene: Any) -> Any:
    """Called for six days after the clock's time; KPU, Pemda, Polres."""
    rakor.call_meeting(E, "Rakor kesiapan", "Hotel Guest", STARTS, ("KPU", "PEMDA", "POLRES"), scene.actors["ani"], RAKOR_AT)
    return scene


def clock(actors: Any, at: datetime) -> None:
    record.set_clock(at, actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))


def said(client: Client, url: str, form: dict[str, Any], **more: Any) -> str:
    return client.post(url, form, follow=True, **more).content.decode()


def seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]


def test_a_rakor_is_called_its_letter_sent_and_answered_on_a_telephone(scene: Any, client_for: Sign) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    form = {"title": "Rakor kesiapan", "place": "Hotel Guest", "day": "2023-12-11", "hour": "09:00", "duration": "120"}
    assert "Pilih lembaga" in said(ani, f"{BASE}baru/", form)
    assert "bukan tanggal dan jam" in said(ani, f"{BASE}baru/", {**form, "agency": "KPU", "hour": ""})
    past = said(ani, f"{BASE}baru/", {**form, "agency": "KPU", "day": "2023-12-04"})
    assert "sudah lewat" in past
    assert 'value="Hotel Guest"' in past, "what was typed stays"
    assert "Rakor disimpan" in said(ani, f"{BASE}baru/", {**form, "agency": ["KPU", "PEMDA"]})
    letter = ani.get(f"{MEETING}undang/").content.decode()
    assert "bukan nomor" in said(ani, f"{MEETING}undang/", {"seen": seen(letter), "number": "no 5", "nature": "penting"})
    sent = said(ani, f"{MEETING}undang/", {"seen": seen(letter), "number": "512/A", "nature": "penting"})
    assert "masuk ke tugas KPU, Pemda" in sent
    assert "Jawab undangan Rakor kesiapan" in indra.get("/pemilu-2024/tugas/").content.decode()
    answer = indra.get(f"{MEETING}jawab/").content.decode()
    form = {"seen": seen(answer), "answer": "delegated", "people": "2"}
    named = said(indra, f"{MEETING}jawab/", {**form, "office": "Pak Budi"})
    assert "bukan nama orang" in named
    assert 'value="Pak Budi"' in named
    assert "Jawaban Pemda disimpan: diwakilkan" in said(indra, f"{MEETING}jawab/", {**form, "office": "Asisten I"})
    assert "Jawab undangan Rakor" not in indra.get("/pemilu-2024/tugas/").content.decode()


def test_the_agenda_is_changed_only_as_it_was_seen_and_a_dropped_item_says_why(called: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    first = seen(ani.get(f"{MEETING}agenda/").content.decode())
    page = said(ani, f"{MEETING}agenda/ubah/", {"seen": first, "act": "add", "label": "Atap gudang"})
    assert "Atap gudang" in page
    stale = said(ani, f"{MEETING}agenda/ubah/", {"seen": first, "act": "add", "label": "Kapal ke pulau"})
    assert "berubah sejak halaman ini dibuka" in stale
    assert 'value="Kapal ke pulau"' in stale
    gone = {"seen": seen(page), "act": "drop", "key": "deadline:T-1"}
    assert "Tulis alasannya" in said(ani, f"{MEETING}agenda/ubah/", gone)
    dropped = said(ani, f"{MEETING}agenda/ubah/", {**gone, "reason": "selesai kemarin"})
    assert "Alasan: selesai kemarin" in dropped
    up = said(ani, f"{MEETING}agenda/ubah/", {"seen": seen(dropped), "act": "up", "key": "person:1"})
    assert up.index("Atap gudang") < up.index("Kotak")
    assert "Tahap I lengkap" in said(ani, f"{MEETING}agenda/ubah/", {"seen": seen(up), "act": "restore", "key": "deadline:T-1"})
    assert client_for("indra").post(f"{MEETING}agenda/ubah/", {"act": "add"}).status_code == 403


def send(actors: Any) -> rules.Invitation:
    token = rules.invitation_seen(rakor.meeting(E, "RKR-001", RAKOR_AT), rakor.agenda(E, "RKR-001", RAKOR_AT))
    return rakor.send_invitation(E, "RKR-001", "512/A", "penting", token, actors["ani"], RAKOR_AT)


def test_a_letter_is_printed_for_those_it_concerns_in_the_same_bytes(called: Any, client_for: Sign) -> None:
    send(called.actors)
    url = f"{MEETING}undangan-1.pdf"
    hadi = client_for("hadi")
    one, two = (hadi.get(f"{url}?untuk=POLRES").content for _ in range(2))
    assert one.startswith(b"%PDF")
    assert one == two
    assert hadi.get(f"{url}?kertas=f4").content != hadi.get(url).content
    assert hadi.get(f"{MEETING}undangan-2.pdf").status_code == 404
    rakor.call_meeting(E, "Lain", "Aula", STARTS, ("KPU", "PEMDA"), called.actors["ani"], RAKOR_AT)
    token = rules.invitation_seen(rakor.meeting(E, "RKR-002", RAKOR_AT), rakor.agenda(E, "RKR-002", RAKOR_AT))
    rakor.send_invitation(E, "RKR-002", "513/A", "penting", token, called.actors["ani"], RAKOR_AT)
    assert hadi.get(f"{BASE}rapat/RKR-002/undangan-1.pdf").status_code == 404


def test_a_meeting_that_moves_and_is_called_off_reaches_inboxes_and_calendars(called: Any, client_for: Sign) -> None:
    send(called.actors)
    ani, indra = client_for("ani"), client_for("indra")
    page = said(indra, f"{BASE}kalender/", {"act": "open"})
    address = page.split('readonly value="')[1].split('"')[0]
    assert indra.get(f"{BASE}kalender/").content.decode().count(address) == 0, "shown once"

    def event() -> icalendar.Event:
        answer = Client().get(address)  # a calendar program signs in nowhere
        assert answer.headers["Content-Type"].startswith("text/calendar")
        return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")[0]

    before = event()
    move = {"act": "move", "seen": "1", "place": "Aula Bupati", "day": "2023-12-12", "hour": "10:00", "duration": "90"}
    assert "Tulis alasannya" in said(ani, f"{MEETING}ubah/", {**move, "reason": ""})
    assert "Rakor dipindah" in said(ani, f"{MEETING}ubah/", {**move, "reason": "hotel penuh"})
    after = event()
    assert (str(after["uid"]), int(after["sequence"]), str(after["location"])) == (
        str(before["uid"]),
        int(before["sequence"]) + 1,
        "Aula Bupati",
    )
    assert "Rakor dipindah, jawab lagi" not in indra.get("/pemilu-2024/tugas/").content.decode(), "it had not answered yet"
    assert "Jawab undangan Rakor kesiapan, Aula Bupati" in indra.get("/pemilu-2024/tugas/").content.decode()
    assert "Rakor dibatalkan" in said(ani, f"{MEETING}ubah/", {"act": "cancel", "seen": "2", "reason": "banjir"})
    assert str(event()["status"]) == "CANCELLED"
    assert "Rakor dibatalkan, baca" in indra.get("/pemilu-2024/tugas/").content.decode()
    assert "Tercatat" in said(indra, f"{MEETING}jawab/", {"act": "notice"})
    assert "Rakor dibatalkan, baca" not in indra.get("/pemilu-2024/tugas/").content.decode()
    said(indra, f"{BASE}kalender/", {"act": "close"})
    assert Client().get(address).status_code == 404
    assert Client().get("/kalender/" + "x" * 43 + ".ics").status_code == 404


def test_one_meeting_is_downloaded_for_a_calendar(called: Any, client_for: Sign) -> None:
    event = icalendar.Calendar.from_ical(client_for("hadi").get(f"{MEETING}rakor.ics").content).walk("VEVENT")[0]
    assert event.decoded("dtstart") == STARTS
    assert str(event["summary"]) == "[SIMULASI] Rakor kesiapan"


@pytest.fixture
def begun(called: Any) -> Any:
    """The meeting is on: numbers are frozen."""
    clock(called.actors, STARTS + timedelta(minutes=30))
    rakor.freeze(E, "RKR-001", called.actors["ani"], STARTS)
    return called


def test_every_page_of_a_meeting_carries_the_hash_of_the_frozen_numbers(begun: Any, client_for: Sign) -> None:
    rakor.decide(E, "RKR-001", "Pinjamkan palet", "PEMDA", STARTS + timedelta(days=3), begun.actors["ani"], STARTS)
    short = rakor.snapshots(E, STARTS, "RKR-001")[0].digest[:16]
    ani = client_for("ani")
    for url in (
        MEETING,
        f"{MEETING}agenda/",
        f"{MEETING}undang/",
        f"{MEETING}ubah/",
        f"{BASE}keputusan/KPT-001/",
        "/pemilu-2024/notula/RKR-001/",
    ):
        assert short in ani.get(url).content.decode(), url


def test_who_came_is_noted_with_hour_and_office_and_struck_with_a_reason(begun: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    form = {"agency": "POLRES", "hour": "08:50", "people": "2", "office": "Kabag Ops"}
    assert "Jam tiba harus pada hari rakor" in said(ani, f"{MEETING}hadir/", {**form, "hour": "23:00"})
    page = said(ani, f"{MEETING}hadir/", form)
    assert "Kehadiran Polres disimpan" in page
    assert "1 dari 3 lembaga" in page
    assert "sudah dicatat hadir" in said(ani, f"{MEETING}hadir/", form), "a second press"
    assert "Pilih lembaga" in said(ani, f"{MEETING}hadir/", {"hour": "09:00"})
    assert "Kehadiran Bawaslu disimpan" in said(ani, f"{MEETING}hadir/", {"agency": "BAWASLU", "hour": ""})
    assert "tanpa undangan" in ani.get(MEETING).content.decode()
    assert "dicoret" in said(ani, f"{MEETING}coret/", {"agency": "POLRES", "reason": "salah lembaga"})
    assert client_for("hadi").post(f"{MEETING}hadir/", form).status_code == 403


def test_decisions_are_typed_line_after_line_and_what_was_typed_stays_when_refused(begun: Any, client_for: Sign) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    form = {"text": "Pinjamkan 40 palet", "owner": "PEMDA", "due": "2023-12-18", "item": "shortage:K~~"}
    answer = ani.post(f"{MEETING}putuskan/", form)
    assert answer.headers["Location"].endswith("?putuskan#putuskan"), "the cursor stands in the line again"
    assert "masuk ke tugas Pemda" in ani.get(answer.headers["Location"]).content.decode()
    assert rakor.decisions(E, STARTS + timedelta(hours=1))[0].item == "shortage:K~~"
    late = said(ani, f"{MEETING}putuskan/", {**form, "due": "2023-12-01"})
    assert "sudah lewat" in late
    assert 'value="Pinjamkan 40 palet"' in late
    for nonsense in ("0001-01-01", "9999-12-31", "besok", ""):
        told = said(ani, f"{MEETING}putuskan/", {**form, "due": nonsense})
        assert "bukan tanggal dan jam" in told, nonsense
        assert 'value="Pinjamkan 40 palet"' in told, nonsense
    guarded = said(ani, f"{MEETING}putuskan/", {**form, "text": "Jemput pendukung"})
    assert 'class="error"' in guarded
    assert len(rakor.decisions(E, STARTS + timedelta(hours=1))) == 1
    assert "Laksanakan keputusan KPT-001" in indra.get("/pemilu-2024/tugas/").content.decode()


def test_a_decision_is_reported_with_proof_returned_and_verified_by_another_agency(
    begun: Any, client_for: Sign, settings: Any, tmp_path: Any
) -> None:
    rakor.decide(E, "RKR-001", "Pinjamkan palet", "PEMDA", STARTS + timedelta(days=3), begun.actors["ani"], STARTS)
    settings.VAR = tmp_path
    ani, indra = client_for("ani"), client_for("indra")
    page, steps = f"{BASE}keputusan/KPT-001/", f"{BASE}keputusan/KPT-001/langkah/"
    assert "Minta tenggat baru" in indra.get(page).content.decode()
    assert "Minta tenggat baru" not in ani.get(page).content.decode()
    assert "tidak sesudah tenggat" in said(indra, steps, {"act": "ask_later", "text": "truk rusak", "due": "2023-12-13"})
    said(indra, steps, {"act": "ask_later", "text": "truk rusak", "due": "2023-12-20"})
    assert client_for("hadi").post(steps, {"act": "grant"}).status_code == 403
    assert "tenggat baru disetujui" in said(ani, steps, {"act": "grant"})
    file = tmp_path / "bast.pdf"
    file.write_bytes(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    many = [SimpleUploadedFile(f"{n}.pdf", file.read_bytes()) for n in range(6)]
    told = said(indra, steps, {"act": "done", "text": "diantar semua", "file": many})
    assert "Paling banyak 5 berkas sekali kirim; belum ada yang disimpan" in told, "the sixth is not dropped in silence"
    assert "diantar semua" in told
    assert not evidence.of(E, "decision:KPT-001", STARTS + timedelta(hours=1), "rakor")
    with file.open("rb") as proof:
        told = said(indra, steps, {"act": "done", "text": "diantar", "file": proof})
    assert "dilaporkan selesai. Tercatat" in told
    (kept,) = evidence.of(E, "decision:KPT-001", STARTS + timedelta(hours=1), "rakor")
    assert ani.get(f"/pemilu-2024/bukti/{kept.kept.sha256}/").status_code == 200
    assert "tidak memeriksa pekerjaannya sendiri" in said(indra, steps, {"act": "verify"})
    assert "Tulis alasannya" in said(ani, steps, {"act": "return", "text": ""})
    assert "sesuai. Tercatat" in said(ani, steps, {"act": "verify"})
    assert "sudah diperiksa dan ditutup" in said(ani, steps, {"act": "return", "text": "x"})


def test_a_correction_shows_both_versions_and_refuses_a_stale_form(begun: Any, client_for: Sign) -> None:
    rakor.decide(E, "RKR-001", "Pinjamkan 4 palet", "PEMDA", STARTS + timedelta(days=3), begun.actors["ani"], STARTS)
    ani, url = client_for("ani"), f"{BASE}keputusan/KPT-001/perbaiki/"
    form = {"seen": "1", "text": "Pinjamkan 40 palet", "owner": "PEMDA", "due": "2023-12-14", "reason": "salah ketik"}
    page = said(ani, url, form)
    assert "KPT-001 kini versi 2" in page
    assert "Pinjamkan 4 palet" in page
    assert "salah ketik" in page
    assert "berubah sejak halaman ini dibuka" in said(ani, url, form)


def test_the_next_rakor_shows_what_changed_since_the_last_one_with_both_packs(begun: Any, client_for: Sign) -> None:
    ani = begun.actors["ani"]
    rakor.call_meeting(E, "Rakor kedua", "Aula", STARTS + timedelta(minutes=20), ("KPU",), ani, STARTS)
    rakor.freeze(E, "RKR-002", ani, STARTS + timedelta(minutes=20))
    rakor.decide(E, "RKR-002", "Lapor", "KPU", STARTS + timedelta(days=3), ani, STARTS + timedelta(minutes=21))
    rakor.freeze(E, "RKR-002", ani, STARTS + timedelta(minutes=22))
    page = client_for("ani").get(f"{BASE}rapat/RKR-002/").content.decode()
    for title in ("Sejak rakor sebelumnya", "Selama rakor ini", "Dari rakor sebelumnya sampai penutup"):
        assert title in page
    assert page.count("1 dari 363") == 2
    assert page.count("/rakor/paket/SNP-001/") >= 2


def test_only_kpu_and_kejari_freeze_and_the_export_holds_every_decision(begun: Any, client_for: Sign) -> None:
    rakor.decide(E, "RKR-001", "Pinjamkan palet", "PEMDA", STARTS + timedelta(days=3), begun.actors["ani"], STARTS)
    assert client_for("indra").post(f"{MEETING}bekukan/").status_code == 403
    answer = client_for("citra").post(f"{MEETING}bekukan/")
    assert answer.headers["Location"].endswith("/rakor/paket/SNP-002/")
    assert client_for("hadi").get(f"{BASE}keputusan.xlsx").content.startswith(b"PK")


def test_the_agenda_of_belitung_timur_names_no_title_of_a_letter_and_freezes(db_beltim: Any) -> None:
    ani, at = db_beltim.actors["ani"], RAKOR_AT - timedelta(hours=1)
    rakor.call_meeting(E, "Rakor kesiapan", "Manggar", at, ("KPU", "PEMDA"), ani, at)
    frozen = rakor.freeze(E, "RKR-001", ani, at)
    assert frozen.sections["agenda"], "deadlines of the calendar are near"
    assert [m.key for m in rakor.agenda(E, "RKR-001", at).items] == [f"{r['kind']}:{r['code']}" for r in frozen.sections["agenda"]]  # type: ignore[union-attr, index, call-overload]


def test_a_letter_whose_note_was_erased_keeps_number_and_hash_and_another_may_be_sent(called: Any, client_for: Sign) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    page = ani.get(f"{MEETING}undang/").content.decode()
    form = {"seen": seen(page), "number": "512/A", "nature": "penting", "note": "Hubungi Pak Budi di gudang"}
    said(ani, f"{MEETING}undang/", form)
    address = f"{MEETING}undangan-1.pdf"
    assert indra.get(address).content.startswith(b"%PDF")
    (sent,) = rakor.invitations(E, "RKR-001", RAKOR_AT)
    gita, citra = (called.actors[who] for who in ("gita", "citra"))
    code = record.propose_erasure(E, [sent.entry_id], "personal", gita, "kejari.pimpinan", RAKOR_AT, rakor.WORDS.keys())
    quotes = [rakor.unquote]
    record.decide_erasure(E, code, facts.Verdict.ERASED, citra, frozenset({"kejari.analis"}), RAKOR_AT, rakor.WORDS, quotes)
    answer = indra.get(address)
    assert answer.status_code == 410
    told = answer.content.decode()
    assert "512/A" in told
    assert sent.digest in told
    (now,) = rakor.invitations(E, "RKR-001", RAKOR_AT)
    assert (now.digest, now.erased, "Budi" in now.content.decode()) == (sent.digest, True, False)
    assert indra.get(MEETING).status_code == 200
    fresh = {"seen": seen(ani.get(f"{MEETING}undang/").content.decode()), "number": "513/A", "nature": "penting"}
    said(ani, f"{MEETING}undang/", fresh)
    assert indra.get(f"{MEETING}undangan-2.pdf").content.startswith(b"%PDF")
