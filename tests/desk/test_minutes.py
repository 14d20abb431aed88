"""Minutes on the screen: written together, finished in one step, answered in each inbox, printed with what was said against them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from posko.desk import record as journal
from posko.domain import minutes as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.store import minutes, rakor, record
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
BASE = "/pemilu-2024/notula/RKR-001/"
Sign = Callable[[str], Client]


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A meeting an hour ago: KPU, Pemda, Polres there, Bawaslu asked; one figure frozen, one decision taken. Kejari reads all."""
    at, ani = RAKOR_AT - timedelta(hours=1), installation.actors["ani"]

    def collect(_election: str, _meeting: str, when: datetime) -> dict[str, rakor_rules.Value]:
        size, root = record.root()
        figure: rakor_rules.Value = {
            "code": "ready", "label": "TPS siap", "numerator": 12, "denominator": 363, "source": "pemeriksaan TPS", "at": when.isoformat(),
            "marks": [],
        }  # fmt: skip
        return {"figures": [figure], "journal": {"size": size, "root": root}}

    monkeypatch.setattr(rakor, "collect", collect)
    monkeypatch.setattr(rakor, "_matters", lambda *_: [rakor_rules.Matter("shortage", "K~~", "Kotak suara", "kurang", None, 7)])
    rakor.call_meeting(E, "Rakor kesiapan", "Manggar", at, ("KPU", "PEMDA", "POLRES", "BAWASLU"), ani, at)
    rakor.attend(E, "RKR-001", ("KPU", "PEMDA", "POLRES"), ani, at)
    rakor.freeze(E, "RKR-001", ani, at)
    rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", at + timedelta(days=7), ani, at, item="shortage:K~~")
    return installation


def said(client: Client, url: str, form: dict[str, Any]) -> str:
    return client.post(url, form, follow=True).content.decode()


def finish(ani: Client) -> str:
    """From the page of the meeting: open the minutes, press one button."""
    page = ani.get(BASE).content.decode()
    seen = page.split("data-seen-all")[0].rsplit('name="seen" value="', 1)[1].split('"')[0]
    return said(ani, f"{BASE}selesai/", {"seen": seen})


def current() -> str:
    final = minutes.of_meeting(E, "RKR-001", RAKOR_AT)
    assert final is not None
    return final.current


def test_parts_are_saved_as_versions_and_a_figure_is_put_in_from_the_frozen_numbers(scene: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    page = said(
        ani, f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "TPS siap:", "act": "insert", "figure": "[angka SNP-001 ready]"}
    )
    assert "disimpan, versi 1" in page
    assert "<strong>12 dari 363 (3,3 %)</strong>" in page
    assert "pemeriksaan TPS, 5 Des. 2023, 09.00 WIB; SNP-001" in page
    assert "jangan mengetik kodenya" in said(ani, f"{BASE}simpan/", {"key": "lain", "seen": "1", "text": "[angka SNP-009 ready]"})


def test_a_heading_says_the_state_of_a_letter_in_words(scene: Any, client_for: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = rules.Section("rekomendasi:REK-03", "Rekomendasi R-003 kepada KPU", why="TERBIT")
    monkeypatch.setattr("posko.desk.minutes.minutes.sections", lambda *_: (letter,))
    page = client_for("ani").get(BASE).content.decode()
    assert "(terbit, menunggu diterima)" in page
    assert "(TERBIT)" not in page


def test_of_two_writers_the_second_sees_both_texts_and_loses_none(scene: Any, client_for: Sign) -> None:
    ani, citra = client_for("ani"), client_for("citra")
    said(ani, f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Atap bocor"})
    page = said(citra, f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Genset belum ada"})
    assert "sudah disimpan orang lain" in page
    assert "Atap bocor" in page
    assert ">Genset belum ada</textarea>" in page
    assert "versi 2" in said(citra, f"{BASE}simpan/", {"key": "lain", "seen": "1", "text": "Atap bocor. Genset belum ada"})
    assert "Atap bocor" in ani.get(f"{BASE}bagian/3/").content.decode()


def test_the_script_saves_in_the_background_and_is_told_what_it_may_finish(scene: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    quiet = {"HTTP_X_AUTOSAVE": "1"}
    answer = ani.post(f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Atap bocor"}, **quiet)
    assert answer.json()["version"] == 1
    clash = ani.post(f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Lain"}, **quiet)
    assert clash.status_code == 409
    assert "orang lain" in clash.json()["text"]
    assert "dibekukan dan masuk ke tugas" in said(ani, f"{BASE}selesai/", {"seen": answer.json()["seen"]})


def test_minutes_are_out_in_two_steps_from_the_page_of_the_meeting(scene: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    assert f'href="{BASE}"' in ani.get("/pemilu-2024/rakor/rapat/RKR-001/").content.decode()
    assert "Cetak A4" in finish(ani)
    paper = client_for("hadi").get(f"{BASE}notula.pdf")
    assert paper.content.startswith(b"%PDF")
    assert paper.content == ani.get(f"{BASE}notula.pdf").content
    assert ani.get(f"{BASE}notula.pdf?kertas=f4").content != paper.content


def test_what_was_changed_since_the_page_was_opened_is_not_finished(scene: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    page = ani.get(BASE).content.decode()
    seen = page.split("data-seen-all")[0].rsplit('name="seen" value="', 1)[1].split('"')[0]
    said(client_for("citra"), f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Atap bocor"})
    assert "berubah sejak halaman ini dibuka" in said(ani, f"{BASE}selesai/", {"seen": seen})
    assert minutes.of_meeting(E, "RKR-001", RAKOR_AT) is None


def test_agencies_approve_object_and_receive_in_their_own_inbox(scene: Any, client_for: Sign) -> None:
    ani, indra, hadi, juwita = (client_for(w) for w in ("ani", "indra", "hadi", "juwita"))
    finish(ani)
    assert "Baca dan jawab notula NTL-001" in indra.get("/pemilu-2024/tugas/").content.decode()
    assert "Nyatakan notula NTL-001" in juwita.get("/pemilu-2024/tugas/").content.decode()
    form = {"seen": current(), "act": "approved", "office": "Asisten I"}
    assert "bukan nama orang" in said(indra, f"{BASE}jawab/", {**form, "office": "Bu Indah"})
    assert "Pemda menyetujui" in said(indra, f"{BASE}jawab/", form)
    assert "sudah tercatat" in said(indra, f"{BASE}jawab/", form), "a second press"
    assert "Tulis kalimat" in said(hadi, f"{BASE}jawab/", {**form, "act": "objected", "office": "Kabag Ops"})
    objected = said(hadi, f"{BASE}jawab/", {**form, "act": "objected", "office": "Kabag Ops", "text": "Dua orang, bukan satu"})
    assert "Dua orang, bukan satu" in objected
    assert "tercatat" in said(juwita, f"{BASE}terima/", {"seen": current()})
    assert "Hanya lembaga yang hadir" in said(juwita, f"{BASE}jawab/", form)
    before = ani.get(f"{BASE}notula.pdf").content
    amended = {"seen": current(), "part": "Lain-lain", "text": "Dua orang", "reason": "salah tulis"}
    assert "Perbaikan 1 disimpan" in said(ani, f"{BASE}perbaiki/", amended)
    assert "berubah sejak" in said(ani, f"{BASE}perbaiki/", amended)
    assert "Baca dan jawab notula NTL-001" in indra.get("/pemilu-2024/tugas/").content.decode()
    assert ani.get(f"{BASE}notula.pdf").content != before


def test_the_frozen_file_has_the_hash_that_every_page_shows(scene: Any, client_for: Sign) -> None:
    import hashlib

    ani = client_for("ani")
    finish(ani)
    data = client_for("hadi").get(f"{BASE}notula.json").content
    assert hashlib.sha256(data).hexdigest() in ani.get(BASE).content.decode()


def test_minutes_belong_to_who_was_asked_and_to_those_who_read_all(scene: Any, client_for: Sign) -> None:
    rakor.call_meeting(E, "Berdua", "Aula", RAKOR_AT, ("KPU", "PEMDA"), scene.actors["ani"], RAKOR_AT)
    for who, status in (("ani", 200), ("indra", 200), ("citra", 200), ("juwita", 200), ("hadi", 404), ("budi", 403), ("lutfi", 403)):
        assert client_for(who).get("/pemilu-2024/notula/RKR-002/").status_code == status, who
    assert "Berdua" not in client_for("hadi").get("/pemilu-2024/notula/").content.decode()
    assert client_for("indra").post(f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "x"}).status_code == 403
    assert "Belum ditulis" in client_for("indra").get(BASE).content.decode()


def test_after_the_meeting_the_chairs_are_reminded_to_finish(scene: Any, client_for: Sign) -> None:
    assert "Selesaikan notula Rakor kesiapan" in client_for("ani").get("/pemilu-2024/tugas/").content.decode()
    assert "Selesaikan notula" not in client_for("indra").get("/pemilu-2024/tugas/").content.decode()
    record.set_clock(RAKOR_AT, scene.actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    finish(client_for("ani"))
    assert "Selesaikan notula" not in client_for("ani").get("/pemilu-2024/tugas/").content.decode()


def erased(kind: str, at: datetime = RAKOR_AT) -> str:
    """Two people erase the words of the first entry of a kind."""
    gita, citra = facts.Actor("p-gita", "KEJARI"), facts.Actor("p-citra", "KEJARI")
    entry = record.Entry.objects.filter(kind=kind).order_by("leaf_index")[0].entry_id
    code = record.propose_erasure(E, [entry], "personal", gita, "kejari.pimpinan", at, journal.words().keys())
    record.decide_erasure(E, code, facts.Verdict.ERASED, citra, frozenset({"kejari.analis"}), at, journal.words(), journal.quotes())
    return code


@pytest.mark.parametrize("kind", ["minutes.written", "rakor.decided"])
def test_minutes_whose_words_were_erased_keep_code_and_hash_and_are_not_handed_out(kind: str, scene: Any, client_for: Sign) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    said(ani, f"{BASE}simpan/", {"key": "lain", "seen": "0", "text": "Rumah Pak Budi di ujung"})
    finish(ani)
    digest = current()
    word = {"minutes.written": "Rumah Pak Budi", "rakor.decided": "Pinjamkan 40 palet"}[kind]
    assert word in indra.get(BASE).content.decode()
    code = erased(kind)
    page = indra.get(BASE).content.decode()
    assert word not in page
    assert word not in bytes(minutes.MinutesFinal.objects.get().content).decode()
    assert digest in page
    assert f"[dihapus, {code}]" in page
    for name in ("notula.pdf", "notula.json"):
        answer = indra.get(BASE + name)
        assert answer.status_code == 410
        assert digest in answer.content.decode()
    assert "Baca dan jawab notula" not in indra.get("/pemilu-2024/tugas/").content.decode()
    refused = said(indra, f"{BASE}jawab/", {"seen": digest, "act": "approved", "office": "Asisten I"})
    assert "dihapus. Notula ini tidak lagi dijawab" in refused
    assert record.verify().faults == ()


def test_an_erased_amendment_leaves_the_chain_of_versions_as_it_was(scene: Any, client_for: Sign) -> None:
    ani = client_for("ani")
    finish(ani)
    said(ani, f"{BASE}perbaiki/", {"seen": current(), "part": "Lain-lain", "text": "Pak Budi hadir juga", "reason": "Lupa Pak Budi"})
    digest = current()
    erased("minutes.amended")
    assert current() == digest
    assert "Pak Budi" not in ani.get(BASE).content.decode()
    assert ani.get(f"{BASE}notula.pdf").status_code == 410


def test_bytes_that_were_changed_without_an_erasure_are_still_refused(scene: Any, client_for: Sign) -> None:
    finish(client_for("ani"))
    row = minutes.MinutesFinal.objects.get()
    minutes.MinutesFinal.objects.filter(pk=row.pk).update(content=bytes(row.content).replace(b"40 palet", b"90 palet"))
    with pytest.raises(rakor_rules.Changed):
        minutes.of_meeting(E, "RKR-001", RAKOR_AT)


def test_whoever_finishes_while_a_number_is_disputed_is_told_so(scene: Any, client_for: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from posko.domain import disputes
    from posko.store import disputes as store

    ani = client_for("ani")
    assert "Selisih angka belum selesai" not in ani.get(BASE).content.decode()
    open_one = SimpleNamespace(code="SLS-001", label="TPS siap", state=disputes.State.PROPOSED)
    done = SimpleNamespace(code="SLS-002", label="Kotak", state=disputes.State.SETTLED)
    monkeypatch.setattr(store, "listing", lambda *_: [open_one, done])
    page = ani.get(BASE).content.decode()
    assert "Selisih angka belum selesai" in page
    assert "selisih-angka/SLS-001" in page or "SLS-001" in page
    assert "SLS-002" not in page
