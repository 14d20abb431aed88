"""Pledges in the store and on the screens: asked, answered in the agency's own inbox, made firm, taken, imported, exported."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from posko.domain import pledges as rules
from posko.domain.pledges import Act, Ask, Kind, Pledge, State
from posko.formats import pledges as printed
from posko.formats import table
from posko.store import places, pledges, record
from tests import beltim
from tests.scene import RAKOR_AT as AT

pytestmark = pytest.mark.django_db
E, G = "pemilu-2024", "19.06:G01"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGIN = datetime(2024, 2, 12, 17, tzinfo=UTC)
LIST = f"/{E}/janji/"


@pytest.fixture
def scene(installation: Any) -> Any:
    beltim.through("places")
    return installation


def an_ask(**more: Any) -> Ask:
    values: dict[str, Any] = {"agency": "PEMDA", "kind": Kind.VEHICLE, "count": 2}
    return Ask("", places=(G,), from_at=BEGIN, until_at=BEGIN + DAY, need_by_at=AT + DAY, **(values | more))


def truck(asset: str = "BPBD-TRUK-1", **more: Any) -> Pledge:
    values: dict[str, Any] = {"count": 1, "places": (G,), "from_at": BEGIN, "until_at": BEGIN + DAY, "capacity": 4000}
    return Pledge("", "PEMDA", Kind.VEHICLE, asset, **(values | more))


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_an_ask_waits_in_the_agencys_inbox_until_it_is_answered_in_full(scene: Any) -> None:
    people, actors = scene.people, scene.actors
    code = pledges.ask(E, an_ask(), actors["ani"], AT)
    assert code == "MTA-001"

    def tasks(who: str, at: datetime) -> list[tuple[str, str]]:
        return [(t.kind, t.subject) for t in pledges.waiting(people[who], E, at)]

    assert tasks("indra", AT) == [("pledges.answer", "ask:MTA-001")]
    assert tasks("hadi", AT) == tasks("ani", AT) == tasks("citra", AT) == []
    pledges.offer(E, [truck(ask=code)], actors["indra"], AT + HOUR)
    assert tasks("indra", AT + HOUR) == [("pledges.answer", "ask:MTA-001")]
    assert tasks("ani", AT + 2 * DAY) == [("pledges.late", "ask:MTA-001")]
    pledges.offer(E, [truck("BPBD-TRUK-2", ask=code)], actors["indra"], AT + 2 * HOUR)
    assert tasks("indra", AT + 2 * DAY) == []
    assert pledges.standing(E, AT).asks[0].answer is rules.Answer.OPEN  # the past stays what it was


def test_a_pledge_goes_through_its_life_as_entries_and_the_kpu_is_told_when_to_fetch_it(scene: Any) -> None:
    people, actors = scene.people, scene.actors
    code = pledges.offer(E, [truck()], actors["indra"], AT)[0]
    near = BEGIN - HOUR
    assert [t.kind for t in pledges.waiting(people["indra"], E, near)] == ["pledges.confirm"]
    with pytest.raises(rules.ProofMissing):
        pledges.act(E, code, Act.CONFIRM, actors["indra"], near)
    pledges.act(E, code, Act.CONFIRM, actors["indra"], near, number="SIM-551/1")
    assert [t.kind for t in pledges.waiting(people["ani"], E, near)] == ["pledges.take"]
    assert pledges.waiting(people["citra"], E, near) == []
    pledges.act(E, code, Act.TAKE, actors["ani"], BEGIN)
    assert [t.kind for t in pledges.waiting(people["ani"], E, BEGIN + DAY)] == ["pledges.give_back"]
    pledges.act(E, code, Act.GIVE_BACK, actors["ani"], BEGIN + DAY, condition="utuh")
    stood = [pledges.get(E, code, at).state for at in (AT, near, BEGIN, BEGIN + DAY)]
    assert stood == [State.OFFERED, State.CONFIRMED, State.IN_USE, State.RETURNED]
    kinds = [e.kind for e in record.Entry.objects.filter(subject=f"pledge:{code}").order_by("leaf_index")]
    assert kinds == ["pledge.offered", "pledge.confirmed", "pledge.taken", "pledge.given_back"]


def test_an_undone_step_is_a_new_entry_that_names_the_old_one(scene: Any) -> None:
    actors = scene.actors
    code = pledges.offer(E, [truck()], actors["indra"], AT)[0]
    pledges.act(E, code, Act.CONFIRM, actors["indra"], AT, number="SIM-1")
    pledges.act(E, code, Act.UNDO, actors["indra"], AT + timedelta(minutes=5))
    found = pledges.get(E, code, AT + HOUR)
    assert (found.state, [s.act for s in found.steps]) == (State.OFFERED, [Act.CONFIRM, Act.UNDO])
    assert pledges.get(E, code, AT).state is State.CONFIRMED


def test_what_is_refused_writes_nothing(scene: Any) -> None:
    actors, before = scene.actors, record.root()
    with pytest.raises(rules.OtherAgency):
        pledges.offer(E, [truck()], actors["hadi"], AT)
    with pytest.raises(rules.UnknownPlace):
        pledges.offer(E, [truck(), truck("T2", places=("19.99",))], actors["indra"], AT)
    with pytest.raises(rules.Unknown):
        pledges.offer(E, [truck(ask="MTA-009")], actors["indra"], AT)
    with pytest.raises(rules.Unknown):
        pledges.decline(E, "MTA-009", "tidak_punya", actors["indra"], AT)
    assert record.root() == before
    assert not pledges.PledgeRow.objects.exists()


def test_conflicts_are_named_and_refuse_nothing(scene: Any, client_for: Any) -> None:
    pledges.offer(E, [truck(), truck(places=("19.06",))], scene.actors["indra"], AT)
    assert [c.kind for c in pledges.standing(E, AT).conflicts] == ["asset"]
    seen = text_of(client_for("ani").get(LIST))
    assert "BPBD-TRUK-1 dijanjikan dua kali untuk waktu yang sama" in seen
    assert "[SIMULASI]" in seen


def test_indra_answers_on_the_phone_page_and_only_his_agency_may(scene: Any, client_for: Any) -> None:
    code = pledges.ask(E, an_ask(), scene.actors["ani"], AT)
    page = f"{LIST}permintaan/{code}/"
    assert "Tawarkan dukungan" in text_of(client_for("indra").get(page))
    for who in ("ani", "hadi"):
        assert "Jawab tidak dapat" not in text_of(client_for(who).get(page))
    offered = {"answer": "offer", "asset": "bpbd-truk-1", "count": "1", "capacity": "4.000"}
    assert client_for("ani").post(f"{page}jawab/", offered).status_code == 403
    wrong = text_of(client_for("hadi").post(f"{page}jawab/", offered, follow=True))
    assert "Ini bagian PEMDA" in wrong
    seen = text_of(client_for("indra").post(f"{page}jawab/", offered, follow=True))
    assert "1 dari 2" in seen
    assert pledges.listing(E, AT)[0].capacity == 4000


def test_declining_asks_for_a_reason_and_ends_the_ask(scene: Any, client_for: Any) -> None:
    code = pledges.ask(E, an_ask(), scene.actors["ani"], AT)
    page = f"{LIST}permintaan/{code}/jawab/"
    assert "Pilih alasan" in text_of(client_for("indra").post(page, {"answer": "decline", "reason": "x"}, follow=True))
    seen = text_of(client_for("indra").post(page, {"answer": "decline", "reason": "tidak_punya"}, follow=True))
    assert "jawaban yang sah" in seen
    assert pledges.standing(E, AT).asks[0].answer is rules.Answer.DECLINED


def test_the_forms_ask_offer_and_move_a_pledge_to_its_end(scene: Any, client_for: Any) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    times = {"from_at": "2024-02-13T06:00", "until_at": "2024-02-14T18:00"}
    asked = {"agency": "PEMDA", "kind": "genset", "count": "3", "need_by_at": "2023-12-10T12:00", "places": G, **times}
    assert "MTA-001 dikirim" in text_of(ani.post(f"{LIST}minta/", asked, follow=True))
    assert "Batas jawaban" in text_of(ani.post(f"{LIST}minta/", asked | {"need_by_at": "2024-03-01T00:00"}))
    assert "Pilih paling sedikit satu tempat" in text_of(ani.post(f"{LIST}minta/", {**asked, "places": ""}))
    made = {"kind": "genset", "asset": "PLN-GENSET-1", "count": "1", "capacity": "20000", "places": G, **times}
    assert "Pastikan janji" in text_of(indra.post(f"{LIST}tawarkan/", made, follow=True))
    one = f"{LIST}JNJ-0001/"
    assert "tulis nomor surat" in text_of(indra.post(f"{one}langkah/", {"act": "confirm"}, follow=True))
    assert "sekarang pasti" in text_of(indra.post(f"{one}langkah/", {"act": "confirm", "number": "SIM-1"}, follow=True))
    assert indra.post(f"{one}pakai/", {"act": "take"}).status_code == 403
    assert "sekarang dipakai" in text_of(ani.post(f"{one}pakai/", {"act": "take"}, follow=True))
    assert "sekarang pasti" in text_of(ani.post(f"{one}pakai/", {"act": "undo"}, follow=True))
    assert ani.get(f"{LIST}JNJ-0099/").status_code == 404


def test_a_proof_file_is_bound_to_its_pledge(scene: Any, client_for: Any, settings: Any, tmp_path: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from PIL import Image

    settings.VAR = tmp_path
    made = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(made, "PNG")
    code = pledges.offer(E, [truck()], scene.actors["indra"], AT)[0]
    given = {"act": "confirm", "file": SimpleUploadedFile("surat.png", made.getvalue(), "image/png")}
    seen = text_of(client_for("indra").post(f"{LIST}{code}/langkah/", given, follow=True))
    assert "Dokumen bertanda tangan" in seen
    assert "SHA-256" in seen


def plan(rows: list[list[Any]], header: tuple[str, ...] = printed.HEADER) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return {"file": SimpleUploadedFile("personel.xlsx", table.xlsx({"Personel": [header, *rows]}))}


def test_the_police_import_teams_whole_and_a_team_of_several_tps_counts_once(scene: Any, client_for: Any) -> None:
    tps = [t.code for t in places.tps_list(E)][:4]
    rows = [[t, "", "", "REGU-01", 2, "2024-02-13 18:00", "14/02/2024 23.00", "2024-2-4-8"] for t in tps[:3]]
    rows += [[tps[3], "", "", "", "", "", "", ""]]
    hadi = client_for("hadi")
    seen = text_of(hadi.post(f"{LIST}impor/", plan(rows), follow=True))
    assert "1 regu, 2 personel untuk 3 TPS" in seen
    assert pledges.listing(E, AT)[0].places == tuple(tps[:3])
    assert "sudah pernah diambil" in text_of(hadi.post(f"{LIST}impor/", plan(rows), follow=True))
    assert client_for("indra").get(f"{LIST}impor/").status_code == 403


def test_an_import_names_every_problem_by_row_and_column_and_takes_nothing(scene: Any, client_for: Any) -> None:
    tps = [t.code for t in places.tps_list(E)][:2]
    good = ["2024-02-13 18:00", "2024-02-14 23:00", ""]
    rows = [
        ["19.99", "", "", "REGU-01", 2, *good], [tps[0], "", "", "?", 2, *good], [tps[0], "", "", "REGU-02", "dua", *good],
        [tps[0], "", "", "REGU-03", 2, "besok", "2024-02-14 23:00", ""], [tps[0], "", "", "REGU-04", 2, *good],
        [tps[1], "", "", "REGU-04", 3, *good], [tps[0], "", "", "REGU-04", 2, *good],
        [tps[0], "", "", "REGU-05", 2, "2024-02-14 23:00", "2024-02-14 23:00", "9-9-9"],
    ]  # fmt: skip
    units, problems = printed.read("p.xlsx", plan(rows)["file"].read(), tps)
    assert [(p.row, p.column, p.code.partition(".")[2]) for p in problems] == [
        (2, "kode tps", "unknown_tps"), (3, "regu", "bad_unit"), (4, "personel", "bad_people"), (5, "mulai", "bad_time"),
        (7, "personel", "differs"), (8, "kode tps", "twice"), (9, "selesai", "ends_first"), (9, "pola", "bad_pattern"),
    ]  # fmt: skip
    assert all(printed.sentence(p) for p in problems)
    assert [u.code for u in units] == ["REGU-04"]
    seen = text_of(client_for("hadi").post(f"{LIST}impor/", plan(rows)))
    assert "8 hal harus diperbaiki; belum ada yang diambil" in seen
    assert not pledges.PledgeRow.objects.exists()


def test_an_import_with_a_column_about_persons_is_refused(scene: Any) -> None:
    tps = [t.code for t in places.tps_list(E)][:1]
    header = (*printed.HEADER, "NRP")
    rows = [[tps[0], "", "", "REGU-01", 2, "2024-02-13 18:00", "2024-02-14 23:00", "", "0"]]
    assert [p.code for p in printed.read("p.xlsx", plan(rows, header)["file"].read(), tps)[1]] == ["pledges.forbidden"]
    assert [p.code for p in printed.read("p.csv", b"kode tps,regu\n1,2\n", tps)[1]] == ["pledges.no_column"] * 3
    assert [p.code for p in printed.read("p.csv", b"kode tps,regu,personel,mulai,selesai\n", tps)[1]] == ["pledges.no_rows"]


def test_the_demonstration_shows_coverage_template_and_export(scene: Any, client_for: Any) -> None:
    said = beltim.step("pledges")
    assert any("bentrokan" in line for line in said)
    found = pledges.standing(E, AT)
    assert {c.kind for c in found.conflicts} >= {"asset", "linmas"}
    assert {a.answer for a in found.asks} >= {rules.Answer.PARTLY, rules.Answer.OPEN, rules.Answer.DECLINED}
    seen = text_of(client_for("hadi").get(f"{LIST}liputan/"))
    assert "TPS dengan personel Polri" in seen
    station = next(iter(next(p for p in found.pledges if p.kind is Kind.POLICE).places))
    assert "2 polisi" in text_of(client_for("hadi").get(f"{LIST}liputan/?kecamatan={station[:8]}"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(client_for("ani").get(f"{LIST}ekspor.xlsx").content))
    assert book.sheet_names == ["Janji", "Permintaan", "Bentrokan", "Liputan"]
    assert len(book.get_sheet_by_name("Janji").to_python()) == len(found.pledges) + 1
    template = CalamineWorkbook.from_filelike(io.BytesIO(client_for("hadi").get(f"{LIST}contoh.xlsx").content))
    assert len(template.get_sheet_by_name("Personel").to_python()) == len(places.tps_list(E)) + 1
    assert client_for("citra").get(LIST).status_code == 200
    assert client_for("dedi").get(LIST).status_code == 403


def test_the_fleet_page_offers_what_was_promised_and_fills_the_form(scene: Any, client_for: Any) -> None:
    code = pledges.offer(E, [truck("DISHUB-1")], scene.actors["indra"], AT)[0]
    ani = client_for("ani")
    assert f"?janji={code}" in text_of(ani.get(f"/{E}/distribusi/armada/"))
    form = text_of(ani.get(f"/{E}/distribusi/armada/baru/?janji={code}"))
    assert 'value="DISHUB-1"' in form
    assert 'value="4000"' in form
    assert f"janji {code}" in form
