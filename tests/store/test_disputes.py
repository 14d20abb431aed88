"""Disputes: by hash and sources. The story: the Polres says 350 TPS, the frozen pack says 363; both agree; nothing frozen changes."""

import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from python_calamine import CalamineWorkbook

from posko.desk import disputes as disputes_desk
from posko.desk import materials as materials_desk
from posko.domain import access
from posko.domain import disputes as rules
from posko.domain.disputes import Act, State
from posko.domain.reports import Guarded
from posko.store import access as access_store
from posko.store import disputes, materials, rakor, record
from tests import pages, table
from tests.scene import RAKOR_AT as AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIST = f"/{E}/selisih/"
EARLY = AT - 20 * DAY


@pytest.fixture
def scene(installation: Any) -> Any:
    """350 TPS listed three weeks before, 363 since ten days; a pack frozen at the opening."""
    table.list_tps(installation, 350, EARLY)
    table.list_tps(installation, 363, AT - 10 * DAY)
    table.call(installation)
    table.freeze(installation, "RKR-001")
    return installation


def raise_one(scene: Any, who: str = "hadi", **more: Any) -> str:
    values: dict[str, Any] = {
        "figure": "tps", "agency": "POLRES", "number": 350, "source": "Rekap pengamanan", "as_of_at": AT - 15 * DAY,
        "nonce": f"n{len(disputes.listing(E, AT + DAY))}", "actor": scene.actors[who], "at": AT,
    }  # fmt: skip
    return disputes.raise_dispute(E, more.pop("snapshot", "SNP-001"), **(values | more))


def step(scene: Any, code: str, what: Act, who: str, at: Any = AT, **more: Any) -> rules.Dispute:
    return disputes.act(E, code, what, scene.actors[who], at, **({"seen": disputes.get(E, code, at).last_id} | more))


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_it_names_the_digest_both_numbers_sources_and_times(scene: Any) -> None:
    found = disputes.get(E, raise_one(scene), AT)
    pack = rakor.snapshot(E, "SNP-001", AT)
    assert (found.digest, found.snapshot, found.section_hash) == (
        pack.digest,
        "SNP-001",
        rakor.rules.section_hashes(pack.sections)["figures"],
    )
    assert (found.claim.number, found.claim.source, found.claim.as_of_at) == (350, "Rekap pengamanan", AT - 15 * DAY)
    assert (found.frozen.number, found.frozen.source, found.frozen.as_of_at) == (363, "daftar TPS", table.OPENING)
    entry = record.entry(E, found.entry_id)
    assert entry.facts["digest"] == pack.digest
    assert "Rekap" not in str(entry.facts)


def test_one_form_raises_one_and_words_are_guarded(scene: Any) -> None:
    assert raise_one(scene, nonce="x") == raise_one(scene, nonce="x", number=351) == "SLS-001"
    with pytest.raises(rules.AlreadyRaised):
        raise_one(scene)
    with pytest.raises(Guarded):
        raise_one(scene, figure="ready", source="Kata tim sukses")
    with pytest.raises(rules.UnknownFigure):
        raise_one(scene, figure="voters")


def test_the_pack_is_hashed_again_and_a_changed_byte_is_shown_not_hidden(scene: Any, client_for: Callable[[str], Any]) -> None:
    code = raise_one(scene)
    found = disputes.get(E, code, AT)
    good = disputes.proof(E, found)
    assert (good.section_same, good.digest_same, good.number_same) == (True, True, True)
    assert good.digest == good.journal_digest == found.digest
    row = rakor.Snapshot.objects.get(code="SNP-001")
    kept = bytes(row.content)
    rakor.Snapshot.objects.filter(pk=row.pk).update(content=kept.replace(b'"numerator":363', b'"numerator":350'))
    bad = disputes.proof(E, found)
    assert (bad.section_same, bad.digest_same, bad.number_same) == (False, False, False)
    page = text_of(client_for("ani").get(f"{LIST}{code}/"))
    assert "tidak sama" in page
    assert "Jangan selesaikan selisih ini" in page
    assert "tidak cocok lagi" in text_of(client_for("ani").get(LIST))
    # whoever also forges the row is betrayed by the journal
    forged = kept.replace(b'"numerator":363', b'"numerator":350')
    digest = rakor.rules.recompute(forged)
    rakor.Snapshot.objects.filter(pk=row.pk).update(content=forged, digest=digest)
    again = disputes.proof(E, found)
    assert (again.digest == digest, again.journal_digest == found.digest, again.digest_same) == (True, True, False)


def test_the_figure_is_counted_again_as_of_both_times_from_the_journal(scene: Any) -> None:
    assert [disputes.recount(E, "tps", at).number for at in (EARLY - HOUR, EARLY, AT - 10 * DAY, AT)] == [None, 350, 363, 363]
    behind = disputes.entries_behind(E, "tps", AT)
    last = record.Entry.objects.filter(kind="tps.listed").order_by("leaf_index").last()
    assert last is not None
    assert (behind.count, behind.last_id) == (2, last.entry_id)
    assert disputes.entries_behind(E, "tps", AT, AT - 15 * DAY).count == 1
    assert disputes.entries_behind(E, "voters", AT) == disputes.Entries(0, "", None)
    found = disputes.get(E, raise_one(scene), AT)
    assert [(e.code, e.fits) for e in disputes.explained(E, found)] == [("time", True)]
    other = disputes.get(E, raise_one(scene, "indra", agency="PEMDA", number=341), AT)
    assert [(e.code, e.fits) for e in disputes.explained(E, other)] == [("time", False)]


def test_the_story_hadi_says_350_the_pack_says_363_and_it_is_settled(scene: Any, client_for: Callable[[str], Any]) -> None:
    hadi, ani, citra = client_for("hadi"), client_for("ani"), client_for("citra")
    before = bytes(rakor.Snapshot.objects.get(code="SNP-001").content)
    # he brings his number; the row appears by itself
    form = {"form": "figure", "figure": "tps", "number": "350", "unit": "same", "source": "Rekap", "as_of_at": "2023-11-20T10:00",
            "nonce": "f1"}  # fmt: skip
    assert "berbeda dari angka beku" in text_of(hadi.post(f"/{E}/bahan/rapat/RKR-001/angka/", form, follow=True))
    assert "Berbeda dan belum diajukan" in text_of(citra.get(f"{LIST}?rapat=RKR-001"))
    asked = hadi.get(f"{LIST}ajukan/SNP-001/?bawaan=ANG-001")
    assert "350 TPS" in text_of(asked)
    raised = hadi.post(f"{LIST}ajukan/SNP-001/", {"own": "ANG-001", "figure": "tps", "agency": "POLRES", "nonce": "d1"}, follow=True)
    page = text_of(raised)
    assert "SLS-001 diajukan" in page
    for part in (
        "363 TPS",
        "350 TPS",
        "−13",
        "Dihitung ulang dari catatan per waktu lembaga hasilnya 350",
        "menjelaskan selisih",
        "2 catatan",
    ):
        assert part in page, part
    assert "Berbeda dan belum diajukan" not in text_of(citra.get(f"{LIST}?rapat=RKR-001"))
    assert "Selesaikan selisih SLS-001" in text_of(ani.get(f"/{E}/tugas/"))
    # the KPU proposes, the Polres agrees, each in its own login
    seen = disputes.get(E, "SLS-001", AT).last_id
    proposal = {"act": "propose", "outcome": "both", "seen": seen, "words": "Polres memakai daftar 15 November, paket daftar 25 November"}
    short = ani.post(f"{LIST}SLS-001/langkah/", proposal | {"words": "beda"})
    assert "10 sampai 600 huruf" in text_of(short)
    assert "menunggu kedua pihak" in text_of(ani.post(f"{LIST}SLS-001/langkah/", proposal, follow=True))
    assert "Setujui atau tolak penyelesaian SLS-001" in text_of(hadi.get(f"/{E}/tugas/"))
    agree = {"act": "agree", "seen": disputes.get(E, "SLS-001", AT).last_id}
    assert "bagian pihak lain" in text_of(citra.post(f"{LIST}SLS-001/langkah/", agree))
    assert "Muat ulang" in text_of(ani.post(f"{LIST}SLS-001/langkah/", agree))  # who proposed does not answer himself
    assert "Ada langkah baru" in text_of(hadi.post(f"{LIST}SLS-001/langkah/", {"act": "agree", "seen": seen}))
    assert "Keduanya benar" in text_of(hadi.post(f"{LIST}SLS-001/langkah/", agree, follow=True))
    (settled,) = disputes.listing(E, AT, "RKR-001")
    assert (settled.state, settled.settled_at) == (State.SETTLED, AT)
    assert bytes(rakor.Snapshot.objects.get(code="SNP-001").content) == before
    kinds = record.Entry.objects.filter(subject="dispute:SLS-001").order_by("leaf_index").values_list("kind", flat=True)
    assert list(kinds) == ["dispute.raised", "dispute.proposed", "dispute.agreed"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(citra.get(f"{LIST}selisih.xlsx").content))
    assert book.get_sheet_by_index(0).to_python()[1][12] == "selesai"


def test_a_correction_is_a_task_of_its_owner_until_reported(scene: Any) -> None:
    code = raise_one(scene)
    step(scene, code, Act.PROPOSE, "ani", outcome="agency", words="Daftar TPS diganti sesuai SK", owner="KPU", due_at=AT + 3 * DAY)

    def tasks(who: str) -> list[str]:
        return [t.kind for t in disputes.waiting(scene.people[who], E, AT)]

    assert (tasks("hadi"), tasks("ani"), tasks("citra")) == (["disputes.agree"], [], [])
    step(scene, code, Act.AGREE, "hadi")
    assert (tasks("hadi"), tasks("ani")) == ([], ["disputes.correct"])
    step(scene, code, Act.REPORT, "fajar", words="Daftar sudah diganti, 350 TPS")
    assert tasks("ani") == []


def test_one_that_disagrees_is_recorded_and_it_stays_open(scene: Any) -> None:
    code = raise_one(scene, "citra", agency="POLRES")
    step(scene, code, Act.PROPOSE, "citra", outcome="frozen")
    step(scene, code, Act.AGREE, "ani")
    after = step(scene, code, Act.DISAGREE, "hadi", words="Rekap kami dari lapangan")
    assert (after.state, [t.kind for t in disputes.waiting(scene.people["hadi"], E, AT)]) == (State.DISAGREED, ["disputes.settle"])
    assert disputes.get(E, code, AT).proposal.why == "Rekap kami dari lapangan"  # type: ignore[union-attr]  # there is one


def test_the_list_of_everybody_is_what_may_allows(scene: Any, client_for: Callable[[str], Any]) -> None:
    raise_one(scene)
    rakor.call_meeting(E, "Rakor kecil", "Manggar", AT, ("KPU", "KEJARI"), scene.actors["ani"], AT)
    table.freeze(scene, "RKR-002", at=AT)
    raise_one(scene, "citra", snapshot="SNP-002", agency="KEJARI", number=360)
    held = {m.code: m for m in rakor.meetings(E, AT)}
    for name, person in scene.people.items():
        allowed = {
            d.code
            for d in disputes.listing(E, AT)
            if access.may(
                person, "disputes.read", disputes.thing_of(d, held[d.meeting]), access.Purpose.DUTY, access_store.agreements(AT), AT
            ).allowed
        }
        assert {d.code for d in disputes.visible(person, E, AT)} == allowed, name
    assert [len(disputes.visible(scene.people[w], E, AT)) for w in ("ani", "citra", "hadi", "juwita", "budi")] == [2, 2, 1, 2, 0]
    assert [client_for(w).get(f"{LIST}SLS-002/").status_code for w in ("ani", "juwita", "hadi", "budi")] == [200, 200, 404, 403]


def test_who_was_invited_and_did_not_come_sees_no_frozen_number(installation: Any, client_for: Callable[[str], Any]) -> None:
    table.call(installation, came=("KPU", "KEJARI"))
    table.freeze(installation, "RKR-001")
    hadi = client_for("hadi")
    assert hadi.get(f"{LIST}ajukan/SNP-001/").status_code == 404
    assert "363" not in pages.said(hadi.get(f"{LIST}?rapat=RKR-001"))
    with pytest.raises(rules.NotAtTable):
        raise_one(installation)


def test_raising_at_the_table_takes_one_form_that_keeps_what_was_typed(scene: Any, client_for: Callable[[str], Any]) -> None:
    hadi = client_for("hadi")
    page = text_of(hadi.get(f"{LIST}ajukan/SNP-001/?angka=tps"))
    assert '<option value="tps" selected>TPS: 363 TPS</option>' in page
    form = {"figure": "tps", "number": "363", "denominator": "", "source": "Rekap", "as_of_at": "2023-12-05T09:00", "unit": "same",
            "agency": "POLRES", "nonce": "q"}  # fmt: skip
    same = text_of(hadi.post(f"{LIST}ajukan/SNP-001/", form))
    assert "tidak ada selisih" in same
    assert 'value="Rekap"' in same
    assert "SLS-001 diajukan" in text_of(hadi.post(f"{LIST}ajukan/SNP-001/", form | {"number": "350"}, follow=True))
    assert "SLS-001" in text_of(hadi.get(f"/{E}/cari/?q=SLS-001"))


def test_a_whole_pack_is_counted_again_from_the_record(db_beltim: Any) -> None:
    table.call(db_beltim)
    frozen = rakor.freeze(E, "RKR-001", db_beltim.actors["ani"], AT)
    code = disputes.raise_dispute(
        E, frozen.code, figure="voters", agency="POLRES", number=96, unit="thousand", source="Paparan Polres", as_of_at=AT, nonce="v",
        actor=db_beltim.actors["hadi"], at=AT,
    )  # fmt: skip
    found = disputes.get(E, code, AT)
    assert found.frozen.number == 95_791
    assert [(e.code, e.fits) for e in disputes.explained(E, found)] == [("thousand", True), ("time_same", False)]
    boxes = rules.frozen_side(rules.figure_row(frozen.sections, "need:KOTAK"), "POLRES", "")
    assert disputes.recount(E, "need:KOTAK", AT).number == boxes.number
    assert disputes.recount(E, "voters", AT - 400 * DAY).number is None
    assert disputes.entries_behind(E, "voters", AT).count == 1
    assert materials.figure_codes(E, AT, "RKR-001")["voters"] == "Pemilih"


def test_the_parts_for_the_page_of_a_meeting_show_what_was_brought_and_what_differs(scene: Any) -> None:
    materials.bring_figure(
        E, "RKR-001", figure="tps", label="", number=350, denominator=-1, unit="same", source="Rekap", as_of_at=AT - DAY, nonce="p",
        actor=scene.actors["hadi"], at=AT,
    )  # fmt: skip
    held = rakor.meeting(E, "RKR-001", AT)

    def shown(who: str) -> str:
        asked: Any = SimpleNamespace(person=scene.people[who], at=AT, election=record.election(E))
        values = {"election_code": E, **materials_desk.context(asked, held), **disputes_desk.context(asked, held)}
        parts = ("desk/materials/_meeting.html", "desk/disputes/_meeting.html")
        return "".join(render_to_string(part, values) for part in parts)

    at_table = shown("indra")
    assert "Belum membawa: KPU, Pemda, Kejari, Bawaslu." in at_table
    assert "Berbeda dan belum diajukan" in at_table
    assert f"{LIST}ajukan/SNP-001/?bawaan=ANG-001" in at_table
    overseer = shown("juwita")
    assert "350" in pages.said(overseer)
    raise_one(scene, "indra")
    assert "SLS-001" in shown("citra")
    assert "350" not in pages.said(shown("budi"))
