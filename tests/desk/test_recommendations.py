"""Screens of recommendations: every addressee's own page, proof with its step, drafts from warnings, figures, papers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from posko.desk import recommendations as desk
from posko.desk import shell
from posko.domain import pledges as pledge_rules
from posko.domain import recommendations as rules
from posko.domain import record as facts
from posko.domain.recommendations import Act, Nature, Slots, State
from posko.formats import table
from posko.store import evidence, pledges, recommendations, record
from tests import pages
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
ROOT = "/pemilu-2024/rekomendasi"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
AT = RAKOR_AT - timedelta(hours=6)


@pytest.fixture
def actors(installation: Any) -> Any:
    return installation.actors


def clock(actors: Any, at: datetime) -> None:
    record.set_clock(at, actors["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))


def issued(actors: Any, agency: str = "KPU", at: datetime = AT, **more: Any) -> str:
    slots = Slots("AGHT-01", "Atap bocor", "Sisa waktu", f"Menyarankan agar {agency} menutup atap gudang", "0 bocor", "Bilik basah")
    code = recommendations.draft(
        E, subject="Perbaikan atap", addressee=agency, nature=Nature.SEGERA, due_at=at + timedelta(days=5), slots=slots,
        actor=actors["citra"], at=at, **more,
    )  # fmt: skip
    for n, (who, what) in enumerate((("citra", Act.SUBMIT), ("gita", Act.APPROVE), ("gita", Act.ISSUE)), 1):
        recommendations.act(E, code, what, {}, actors[who], at + timedelta(minutes=n))
    return code


def saved(actors: Any) -> str:
    """A draft of Citra's."""
    slots = Slots("AGHT-01", "Atap bocor", "Sisa waktu", "Menyarankan agar KPU menutup atap gudang", "0 bocor", "Bilik basah")
    return recommendations.draft(
        E, subject="Perbaikan atap", addressee="KPU", nature=Nature.SEGERA, due_at=AT + timedelta(days=5), slots=slots,
        actor=actors["citra"], at=AT,
    )  # fmt: skip


FORM = {
    "subject": "Perbaikan atap", "addressee": "KPU", "nature": "Segera", "due": "2023-12-20T10:00", "dasar": "a", "fakta": "b",
    "analisis": "c", "saran": "Menyarankan agar KPU menutup atap gudang", "ukuran": "0 bocor", "risiko": "d",
}  # fmt: skip


@pytest.mark.parametrize(("agency", "who"), [("POLRES", "hadi"), ("PEMDA", "indra"), ("BAWASLU", "juwita")])
def test_an_addressee_answers_on_its_telephone_and_others_do_not_see_its_letter(
    agency: str, who: str, actors: Any, client_for: Any
) -> None:
    code = issued(actors, agency)
    mine = client_for(who)
    assert f"{ROOT}/{code}/jawab/" in mine.get("/pemilu-2024/tugas/").content.decode()
    page = mine.get(f"{ROOT}/{code}/jawab/").content.decode()
    assert "Terima surat" in page
    assert "menutup atap gudang" in page
    step = f"{ROOT}/{code}/langkah/"
    for act in ("received", "accepted"):
        answered = mine.post(step, {"act": act, "from": "jawab"})
        assert (answered.status_code, answered["Location"]) == (302, f"{ROOT}/{code}/jawab/")
    assert recommendations.get(E, code, RAKOR_AT).state is State.DISETUJUI_PENERIMA
    for other in ("ani", "fajar", *({"hadi", "indra"} - {who})):
        theirs = client_for(other)
        assert theirs.get(f"{ROOT}/{code}/").status_code == 302
        assert theirs.get(f"{ROOT}/{code}/jawab/").status_code == 302
        assert theirs.get(f"{ROOT}/{code}/surat.pdf").status_code == 302
        assert code not in theirs.get(f"{ROOT}/").content.decode()
        assert theirs.post(step, {"act": "followed_up"}).status_code == 403


PROOF = {"citra": 200, "gita": 200, "ani": 200, "juwita": 200, "indra": 403, "hadi": 403, "budi": 403, "dedi": 403}


def test_proof_comes_with_the_report_of_the_work(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    ani, fajar, citra = (client_for(who) for who in ("ani", "fajar", "citra"))
    step = f"{ROOT}/{code}/langkah/"
    ani.post(step, {"act": "received"})
    fajar.post(step, {"act": "accepted"})
    ani.post(step, {"act": "followed_up", "action": "Menutup atap", "owner": "Logistik", "due": "2023-12-08T16:00"})
    bad = ani.post(step, {"act": "claimed_done", "evidence": "Nota", "file": SimpleUploadedFile("a.exe", b"MZ")})
    assert bad.status_code == 409
    assert "Nota" in pages.said(bad)
    assert recommendations.get(E, code, RAKOR_AT).state is State.TINDAK_LANJUT
    ani.post(step, {"act": "claimed_done", "evidence": "Nota", "file": SimpleUploadedFile("nota.pdf", PDF)})
    (found,) = evidence.of(E, f"recommendation:{code}", RAKOR_AT)
    page = citra.get(f"{ROOT}/{code}/").content.decode()
    assert found.kept.sha256[:16] in page
    answers = {who: client_for(who).get(f"/pemilu-2024/bukti/{found.kept.sha256}/").status_code for who in PROOF}
    assert answers == PROOF, "a proof is read by its office, its addressee and Bawaslu"
    citra.post(step, {"act": "verified", "outcome": "belum_sesuai", "note": "Sisi timur basah"})
    assert recommendations.get(E, code, RAKOR_AT).state is State.TINDAK_LANJUT
    ani.post(step, {"act": "claimed_done", "evidence": "Nota kedua"})
    citra.post(step, {"act": "verified", "outcome": "sesuai", "note": "Kering"})
    wrong = citra.post(step, {"act": "measured", "form": "Catat dampak terukur", "before": "banyak", "after": "0"})
    assert wrong.status_code == 409
    assert "bukan angka" in wrong.content.decode()
    measured = {"before": "1.200", "after": "0,5", "unit": "lembar", "source": "Stok", "measured": "2023-12-05T09:00"}
    citra.post(step, {"act": "measured", **measured})
    client_for("gita").post(step, {"act": "closed"})
    rec = recommendations.get(E, code, RAKOR_AT)
    assert rec.state is State.DITUTUP
    assert "1.200 lembar" in citra.get(f"{ROOT}/{code}/").content.decode()


def test_a_question_goes_to_the_post_and_its_answer_back(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    step = f"{ROOT}/{code}/langkah/"
    ani, citra = client_for("ani"), client_for("citra")
    ani.post(step, {"act": "received"})
    ani.post(step, {"act": "asked", "question": "Atap yang mana?"})
    assert "Beri penjelasan" in citra.get("/pemilu-2024/tugas/").content.decode()
    citra.post(step, {"act": "clarified", "answer": "Sisi timur"})
    assert "Sisi timur" in ani.get(f"{ROOT}/{code}/jawab/").content.decode()
    assert recommendations.get(E, code, RAKOR_AT).state is State.DITERIMA


# --- writing ---------------------------------------------------------------------------------------------------------------


def a_signal(_election: str, at: datetime) -> list[facts.Signal]:
    said = {"code": "REK-77", "addressee": "KPU", "hours": 5}
    return [facts.Signal("R20", "HAMBATAN", "recommendation:REK-77", "high", ("PEMDA", "KPU"), at, said, ("REK-77",))]


def test_a_warning_opens_the_editor_with_its_rule_its_facts_and_its_evidence(
    actors: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recommendations, "signals", a_signal)
    citra = client_for("citra")
    page = citra.get(f"{ROOT}/baru/?sinyal=R20&subjek=recommendation:REK-77").content.decode()
    assert "REK-77 sudah disetujui KPU tetapi tindak lanjutnya lewat tenggat 5 jam." in page
    assert "Sinyal dini R20 (penting)" in page
    assert "/pemilu-2024/rekomendasi/REK-77/" in page
    assert '<option value="PEMDA" selected>' in page
    assert 'value="R20|recommendation:REK-77"' in page
    gone = citra.get(f"{ROOT}/baru/?sinyal=R20&subjek=recommendation:REK-78").content.decode()
    assert "Sinyal dini R20" not in gone
    saved = citra.post(f"{ROOT}/baru/", {**FORM, "signals": "R20|recommendation:REK-77"})
    code = saved["Location"].rstrip("/").rpartition("/")[2]
    assert recommendations.get(E, code, RAKOR_AT).text.signals == ("R20|recommendation:REK-77",)


def test_the_inbox_offers_the_analyst_a_draft_from_every_other_warning(
    actors: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [{"rule": "R10", "subject": "leg:batun", "kind": "HAMBATAN", "state": "waiting", "word": "penting", "text": "Tanpa cadangan",
              "to": "KPU", "since_at": AT, "mark": "", "href": "", "severity": "high", "place": "", "acknowledged": None}]  # fmt: skip
    monkeypatch.setattr(shell, "signals_of", lambda _request, _election: shown)
    link = "rekomendasi/baru/?sinyal=R10&amp;subjek=leg%3Abatun"
    assert link in client_for("citra").get("/pemilu-2024/tugas/").content.decode()
    assert link not in client_for("ani").get("/pemilu-2024/tugas/").content.decode()


@pytest.mark.parametrize("forged", ["R10", "R10|", "X|leg:a", "R10|leg a", "R10|" + "x" * 200])
def test_a_forged_signal_is_no_basis(forged: str, actors: Any, client_for: Any) -> None:
    saved = client_for("citra").post(f"{ROOT}/baru/", {**FORM, "signals": forged})
    code = saved["Location"].rstrip("/").rpartition("/")[2]
    assert recommendations.get(E, code, RAKOR_AT).text.signals == ()


def test_an_action_of_the_library_fills_advice_addressee_and_measure(actors: Any, client_for: Any) -> None:
    page = client_for("citra").get(f"{ROOT}/baru/?tindakan=PINJAM-GENSET").content.decode()
    assert "Menyarankan agar Pemda meminjamkan genset untuk TPS tanpa listrik cadangan" in page
    assert '<option value="PEMDA" selected>' in page
    assert 'name="remedy" value="posko-tindakan/1:PINJAM-GENSET"' in page


def test_a_field_takes_as_many_letters_as_a_slot_holds(actors: Any, client_for: Any) -> None:
    page = client_for("citra").get(f"{ROOT}/baru/").content.decode()
    assert page.count(f'maxlength="{rules.SLOT_LONGEST}"') == len(desk.SLOTS)


def test_checking_a_draft_keeps_nothing_and_says_what_stops_it(actors: Any, client_for: Any) -> None:
    saran = "Menyarankan agar KPU menutup atap dan memindahkan partai barang"
    said = {**FORM, "saran": saran, "fakta": "Dilaporkan Bapak Ahmad", "risiko": "", "check": "1"}
    page = client_for("citra").post(f"{ROOT}/baru/", said).content.decode()
    for words in (
        "Ada tindakan kedua mulai “memindahkan”",
        "Ada nama orang: “Bapak Ahmad”",
        "Belum terisi: Risiko",
        "tidak memuat sebutan",
    ):
        assert words in page, words
    assert "Bapak Ahmad" in page
    assert recommendations.listing(E, RAKOR_AT) == []


def test_a_second_letter_in_one_matter_is_refused_with_a_link_to_the_first(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    citra = client_for("citra")
    page = citra.post(f"{ROOT}/baru/", FORM)
    assert page.status_code == 200
    shown = page.content.decode()
    assert f'href="{ROOT}/{code}/"' in shown
    assert f"?versi={code}" in shown
    newer = citra.get(f"{ROOT}/baru/?versi={code}").content.decode()
    assert f'name="supersedes" value="{code}"' in newer
    assert "menutup atap gudang" in newer
    assert citra.post(f"{ROOT}/baru/", {**FORM, "supersedes": code}).status_code == 302


# --- spoken advice, profile, figures, papers --------------------------------------------------------------------------------


def test_advice_is_spoken_on_the_eve_by_the_head_alone(actors: Any, client_for: Any) -> None:
    said = {"subject": "Kawal truk", "addressee": "POLRES", "channel": "telepon", "heard_by": "Perwira jaga", "fakta": "Truk terakhir",
            "saran": "Menyarankan agar Polres mengawal truk terakhir", "due": "2024-02-13T22:00"}  # fmt: skip
    gita = client_for("gita")
    assert "hanya pada H-1" in gita.get(f"{ROOT}/lisan/").content.decode()
    assert gita.post(f"{ROOT}/lisan/", said).status_code == 200
    clock(actors, datetime(2024, 2, 13, 10, tzinfo=UTC))
    assert client_for("citra").post(f"{ROOT}/lisan/", said).status_code == 403
    done = gita.post(f"{ROOT}/lisan/", said)
    code = done["Location"].rstrip("/").rpartition("/")[2]
    page = client_for("hadi").get(f"{ROOT}/{code}/jawab/").content.decode()
    assert "LISAN" in page
    assert "mengawal truk terakhir" in page
    assert "Tandatangani konfirmasi tertulis" in gita.get(f"{ROOT}/{code}/").content.decode()
    clock(actors, datetime(2024, 2, 13, 16, 1, tzinfo=UTC))
    assert "konfirmasi tertulis lewat waktu" in gita.get(f"{ROOT}/{code}/").content.decode()
    assert "R20" in pages.said(gita.get("/pemilu-2024/tugas/"))
    clock(actors, datetime(2024, 2, 13, 10, tzinfo=UTC))
    gita.post(f"{ROOT}/{code}/langkah/", {"act": "confirmed"})
    reviewed = client_for("citra").post(f"{ROOT}/{code}/langkah/", {"act": "reviewed_after", "verdict": "wajar", "note": "Sesuai keadaan"})
    assert reviewed.status_code == 302
    oral = recommendations.get(E, code, datetime(2024, 2, 13, 10, tzinfo=UTC)).oral
    assert oral is not None
    assert not oral.open


def test_the_profile_is_the_heads_and_says_how_many_people_there_are(actors: Any, client_for: Any) -> None:
    gita = client_for("gita")
    assert "2 orang" in gita.get(f"{ROOT}/profil/").content.decode()
    refused = gita.post(f"{ROOT}/profil/", {"reviewers": "2", "reason": "Penting"}).content.decode()
    assert "tiga orang" in refused
    assert gita.post(f"{ROOT}/profil/", {"reviewers": "1", "reason": "Kantor kecil"}).status_code == 302
    assert recommendations.profile(E, RAKOR_AT).reason == "Kantor kecil"
    for who in ("citra", "ani", "juwita"):
        assert client_for(who).post(f"{ROOT}/profil/", {"reviewers": "1", "reason": "x"}).status_code == 403


def test_figures_name_their_denominators_and_an_addressee_sees_its_own(actors: Any, client_for: Any) -> None:
    issued(actors)
    code = issued(actors, "PEMDA")
    client_for("indra").post(f"{ROOT}/{code}/langkah/", {"act": "received"})
    page = client_for("citra").get(f"{ROOT}/kinerja/").content.decode()
    assert "1 dari 2 (50 %)" in page
    assert "1 dari 1 (100 %)" in client_for("indra").get(f"{ROOT}/kinerja/").content.decode()
    assert "belum ada yang dapat dihitung" in client_for("hadi").get(f"{ROOT}/kinerja/").content.decode()


def test_the_export_holds_the_list_and_the_figures(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    book = table.read("rekomendasi.xlsx", client_for("citra").get(f"{ROOT}/ekspor.xlsx").content)
    assert [sheet.name for sheet in book.sheets] == ["Rekomendasi", "Kinerja", "Perjalanan", "Penurunan risiko"]
    assert code in str(book.sheets[0])
    assert "belum ditutup" in str(book.sheets[3])


def test_the_addressee_reads_neither_on_the_page_nor_in_the_export_what_the_post_said_to_itself(actors: Any, client_for: Any) -> None:
    code = saved(actors)
    citra, gita, ani = (client_for(who) for who in ("citra", "gita", "ani"))
    step = f"{ROOT}/{code}/langkah/"
    citra.post(step, {"act": "submitted"})
    gita.post(step, {"act": "returned", "note": "Rahasia dapur posko"})
    citra.post(step, {"act": "submitted"})
    gita.post(step, {"act": "approved"})
    gita.post(step, {"act": "issued"})
    ani.post(step, {"act": "received"})
    ani.post(step, {"act": "asked", "question": "Sisi yang mana?"})
    citra.post(step, {"act": "clarified", "answer": "Sisi timur saja"})
    for who, inside in (("citra", True), ("juwita", True), ("ani", False)):
        client = client_for(who)
        exported = table.read("r.xlsx", client.get(f"{ROOT}/ekspor.xlsx").content)
        for shown in (client.get(f"{ROOT}/{code}/").content.decode(), str(exported.sheets)):
            assert ("Rahasia dapur posko" in shown) is inside, who
            assert "Sisi timur saja" in shown
    assert "5 langkah di dalam posko" in ani.get(f"{ROOT}/{code}/").content.decode()
    exported = table.read("r.xlsx", client_for("indra").get(f"{ROOT}/ekspor.xlsx").content)
    assert code not in str(exported.sheets)


def test_people_are_named_on_the_way_of_a_letter(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    page = client_for("citra").get(f"{ROOT}/{code}/").content.decode()
    assert "· Gita" in page
    assert "p-gita" not in page
    client_for("ani").post(f"{ROOT}/{code}/langkah/", {"act": "received"})
    assert "Ani" in pages.said(client_for("fajar").get(f"{ROOT}/{code}/jawab/"))


def test_speaking_about_an_open_letter_becomes_a_reminder_of_it_with_one_button(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    clock(actors, datetime(2024, 2, 13, 10, tzinfo=UTC))
    gita = client_for("gita")
    said = {"subject": "Atap", "addressee": "KPU", "channel": "telepon", "heard_by": "Ketua KPU", "fakta": "Masih bocor",
            "saran": FORM["saran"], "due": "2024-02-13T22:00"}  # fmt: skip
    page = gita.post(f"{ROOT}/lisan/", said).content.decode()
    assert f"Catat sebagai pengingat {code}" in page
    assert len(recommendations.listing(E, datetime(2024, 2, 13, 11, tzinfo=UTC))) == 1
    done = gita.post(f"{ROOT}/{code}/langkah/", {"act": "reminded", "channel": "telepon", "heard_by": "Ketua KPU", "note": "Masih bocor"})
    assert done.status_code == 302
    shown = gita.get(f"{ROOT}/{code}/").content.decode()
    assert "mengingatkan secara lisan" in shown
    assert "<dt>Diingatkan lisan</dt><dd>1 kali</dd>" in shown


def test_a_letter_for_tps_that_vote_later_asks_for_day_basis_and_tps(actors: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pledges, "known_places", lambda _election: {"19.06.02.2001.003": None})
    at = datetime(2024, 2, 15, 3, tzinfo=UTC)
    clock(actors, at)
    citra = client_for("citra")
    assert "TPS dibuka sudah lewat" in citra.get(f"{ROOT}/baru/").content.decode()
    said = {**FORM, "due": "2024-02-20T16:00"}
    assert "sudah tidak menolong" in citra.post(f"{ROOT}/baru/", said).content.decode()
    said |= {"until": "susulan", "until_at": "2024-02-24T07:00", "until_places": "19.06.02.2001.003"}
    shown = citra.post(f"{ROOT}/baru/", said).content.decode()
    assert "Tulis dasar" in shown
    assert 'value="2024-02-24T07:00"' in shown  # what was typed stays
    saved_ = citra.post(f"{ROOT}/baru/", {**said, "until_basis": "Keputusan KPU tentang pemungutan suara susulan"})
    code = saved_["Location"].rstrip("/").rpartition("/")[2]
    for who, act in (("citra", "submitted"), ("gita", "approved"), ("gita", "issued")):
        assert client_for(who).post(f"{ROOT}/{code}/langkah/", {"act": act}).status_code == 302
    assert recommendations.get(E, code, at).state is State.TERBIT
    assert "pemungutan suara susulan" in client_for("ani").get(f"{ROOT}/{code}/jawab/").content.decode()
    assert client_for("ani").get(f"{ROOT}/{code}/surat.pdf").content.startswith(b"%PDF")


def test_a_fitting_promise_is_offered_named_in_the_letter_and_known_to_its_own_page(
    actors: Any, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pledges, "known_places", lambda _election: {"19.06": pledge_rules.Place("19.06", "area", "Belitung Timur")})
    span = (datetime(2024, 2, 11, tzinfo=UTC), datetime(2024, 2, 15, tzinfo=UTC))
    kinds = (pledge_rules.Kind.GENSET, pledge_rules.Kind.BOAT)
    made = [pledge_rules.Pledge("", "PEMDA", kind, f"{kind.name}-7", 1, ("19.06",), *span) for kind in kinds]
    genset, boat = pledges.offer(E, made, actors["indra"], AT)
    citra = client_for("citra")
    page = citra.get(f"{ROOT}/baru/?tindakan=PINJAM-GENSET").content.decode()
    assert "GENSET-7" in page
    assert "BOAT-7" not in page
    said = {**FORM, "addressee": "PEMDA", "saran": "Menyarankan agar Pemda meminjamkan genset", "pledges": genset}
    code = citra.post(f"{ROOT}/baru/", said)["Location"].rstrip("/").rpartition("/")[2]
    for who, act in (("citra", "submitted"), ("gita", "approved"), ("gita", "issued")):
        client_for(who).post(f"{ROOT}/{code}/langkah/", {"act": act})
    assert f"GENSET-7 ({genset})" in client_for("indra").get(f"{ROOT}/{code}/jawab/").content.decode()
    assert f">{code}</a>" in client_for("indra").get(f"/pemilu-2024/janji/{genset}/").content.decode()
    assert code not in client_for("hadi").get(f"/pemilu-2024/janji/{genset}/").content.decode()
    assert code not in client_for("citra").get(f"/pemilu-2024/janji/{boat}/").content.decode()
    pledges.act(E, genset, pledge_rules.Act.WITHDRAW, actors["indra"], RAKOR_AT, reason="rusak")
    assert "Janji yang dipakai surat ditarik" in citra.get("/pemilu-2024/tugas/").content.decode()
    assert "ditarik" in citra.get(f"{ROOT}/{code}/").content.decode()


def test_letter_and_note_come_on_a4_and_f4_and_the_note_stays_inside(actors: Any, client_for: Any) -> None:
    code = issued(actors)
    citra = client_for("citra")
    for paper in ("surat.pdf", "nota.pdf"):
        one, other = (citra.get(f"{ROOT}/{code}/{paper}{query}") for query in ("", "?kertas=f4"))
        assert one.content.startswith(b"%PDF")
        assert one.content != other.content
        assert one.content == citra.get(f"{ROOT}/{code}/{paper}").content
    assert client_for("ani").get(f"{ROOT}/{code}/nota.pdf").status_code == 302
    assert client_for("juwita").get(f"{ROOT}/{code}/nota.pdf").status_code == 200


def test_every_state_act_and_finding_has_its_words() -> None:
    assert set(desk.STATES) == set(State)
    assert set(desk.ACTS) == set(Act)
    for state in set(State) - rules.ENDS:
        assert f"recommendations.{state.value.lower()}" in desk.TASKS
    codes = {r.code for r in facts.Refusal.__subclasses__() if r.code.startswith("recommendations.")}
    assert len(codes) > 20
    assert codes - set(desk.SENTENCES) == set()


@pytest.mark.parametrize("query", ["?sinyal=&subjek=", "?sinyal=R10&subjek=%00", "?tindakan=xx", "?versi=REK-99", "?aght=%27"])
def test_nonsense_in_an_address_opens_an_empty_form(query: str, actors: Any, client_for: Any) -> None:
    assert client_for("citra").get(f"{ROOT}/baru/{query}").status_code == 200


def test_a_draft_that_is_sent_twice_is_one_draft(actors: Any, client_for: Any) -> None:
    citra = client_for("citra")
    sent = [citra.post(f"{ROOT}/baru/", FORM)["Location"] for _ in range(2)]
    assert sent == [f"{ROOT}/REK-01/"] * 2
    assert "baru saja Anda simpan sebagai REK-01" in citra.get(sent[0]).content.decode()
    assert citra.post(f"{ROOT}/baru/", {**FORM, "fakta": "lain"})["Location"] == f"{ROOT}/REK-02/"
    assert [rec.code for rec in recommendations.listing(E, RAKOR_AT)] == ["REK-01", "REK-02"]
