"""What agencies bring to a meeting: files by hash, numbers with their source, versions, withdrawals; read by those at the table."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from python_calamine import CalamineWorkbook

from posko.domain import access
from posko.domain import materials as rules
from posko.domain.reports import Guarded
from posko.formats import materials as files
from posko.store import access as access_store
from posko.store import evidence, materials, rakor, record
from tests import table
from tests.formats.test_materials import a_pdf, a_pptx, an_xlsx, with_parts
from tests.scene import RAKOR_AT as AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIST = f"/{E}/bahan/"


@pytest.fixture
def scene(installation: Any) -> Any:
    assert table.call(installation) == "RKR-001"
    return installation


def bring(scene: Any, who: str, data: bytes = b"", at: Any = AT, **more: Any) -> tuple[str, tuple[rules.Material, ...]]:
    checked = files.check(data or a_pdf(who.encode()), "a")
    values: dict[str, Any] = {"kind": "slides", "title": "Paparan kesiapan", "nonce": f"n{len(materials.listing(E, AT + DAY))}"}
    kept = evidence.keep_as(checked.data, checked.kind)
    return materials.bring(E, "RKR-001", kept=kept, actor=scene.actors[who], at=at, **(values | more))


def number(scene: Any, who: str, count: int = 350, at: Any = AT, **more: Any) -> str:
    values: dict[str, Any] = {
        "figure": "", "label": "Pos jaga gudang", "denominator": -1, "unit": "piece", "source": "Rekap pengamanan", "as_of_at": AT - HOUR,
        "nonce": f"n{len(materials.listing(E, AT + DAY))}",
    }  # fmt: skip
    return materials.bring_figure(E, "RKR-001", number=count, actor=scene.actors[who], at=at, **(values | more))


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_a_newer_version_takes_the_place_and_nothing_goes(scene: Any) -> None:
    first, _ = bring(scene, "hadi")
    second, _ = bring(scene, "hadi", a_pptx(), replaces=first, at=AT + HOUR)
    old, new = materials.get(E, first, AT + HOUR), materials.get(E, second, AT + HOUR)
    assert (old.stands, old.newer, new.stands, new.version, new.replaces) == (False, second, True, 2, first)
    assert materials.get(E, first, AT).stands  # as of then
    for code in (first, "ANG-001"):
        with pytest.raises((rules.Gone, rules.Unknown)):
            bring(scene, "hadi", an_xlsx(), replaces=code)
    with pytest.raises(rules.NotOwner):
        bring(scene, "indra", an_xlsx(), replaces=second, at=AT + HOUR)


def test_the_same_file_twice_is_refused_and_of_another_agency_told(scene: Any) -> None:
    code, same = bring(scene, "hadi", a_pptx())
    assert (code, same) == ("BHN-001", ())
    with pytest.raises(rules.AlreadyBrought) as refused:
        bring(scene, "hadi", files_bytes(code))
    assert refused.value.facts["code"] == code
    _, same = bring(scene, "indra", files_bytes(code))
    assert [m.code for m in same] == [code]


def files_bytes(code: str) -> bytes:
    found = materials.get(E, code, AT)
    assert isinstance(found, rules.Material)
    return evidence.open_file(E, found.kept.sha256)[0].read_bytes()


def test_one_form_brings_one_thing(scene: Any) -> None:
    assert bring(scene, "hadi", nonce="x")[0] == bring(scene, "hadi", an_xlsx(), nonce="x")[0] == "BHN-001"
    assert number(scene, "hadi", nonce="y") == number(scene, "hadi", 9, nonce="y") == "ANG-001"


def test_words_are_erasable_and_guarded_and_facts_are_codes(scene: Any) -> None:
    code = number(scene, "hadi")
    entry = record.entry(E, materials.get(E, code, AT).entry_id)
    assert "Rekap" not in str(entry.facts)
    assert (entry.facts["number"], entry.facts["readers"]) == (350, sorted(table.INVITED))
    with pytest.raises(Guarded):
        bring(scene, "hadi", title="Peta basis massa")
    materials.withdraw(E, code, "salah salin dari rekap lama", scene.actors["hadi"], AT + HOUR)
    withdrawn = materials.get(E, code, AT + HOUR).withdrawn
    assert withdrawn is not None
    assert withdrawn.reason == "salah salin dari rekap lama"
    with pytest.raises(rules.Gone):
        materials.withdraw(E, code, "salah salin dari rekap lama", scene.actors["hadi"], AT + HOUR)


def test_a_figure_of_the_pack_takes_its_name_from_there(scene: Any) -> None:
    with pytest.raises(rules.BadKind):
        number(scene, "hadi", figure="tps", unit="same")
    table.freeze(scene, "RKR-001")
    code = number(scene, "hadi", figure="tps", unit="same", label="sesuatu")
    assert [(f.code, f.label, f.number) for f in materials.figures(E, AT)] == [(code, "TPS", 350)]


def test_the_list_of_everybody_is_what_may_allows(scene: Any) -> None:
    bring(scene, "hadi")
    number(scene, "indra")
    rakor.call_meeting(E, "Rakor kecil", "Manggar", AT + DAY, ("KPU", "KEJARI"), scene.actors["ani"], AT)
    materials.bring_figure(
        E, "RKR-002", figure="", label="Pos jaga", number=1, denominator=-1, unit="piece", source="Rekap", as_of_at=AT - HOUR, nonce="k",
        actor=scene.actors["citra"], at=AT,
    )  # fmt: skip
    held = {m.code: m for m in rakor.meetings(E, AT)}
    for name, person in scene.people.items():
        allowed = {
            b.code
            for b in materials.listing(E, AT)
            if access.may(
                person, "materials.read", materials.thing_of(b, held[b.meeting]), access.Purpose.DUTY, access_store.agreements(AT), AT
            ).allowed
        }
        assert {b.code for b in materials.visible(person, E, AT)} == allowed, name
    assert [len(materials.visible(scene.people[w], E, AT)) for w in ("ani", "citra", "hadi", "juwita", "budi", "lutfi")] == [
        3,
        3,
        2,
        3,
        0,
        0,
    ]


def test_who_has_brought_nothing_is_reminded_two_days_ahead(scene: Any) -> None:
    people = scene.people
    assert materials.waiting(people["hadi"], E, table.OPENING - 2 * DAY - HOUR) == []
    assert [t.kind for t in materials.waiting(people["hadi"], E, table.OPENING - DAY)] == ["materials.bring"]
    bring(scene, "hadi", at=table.OPENING - DAY)
    assert materials.waiting(people["hadi"], E, table.OPENING - HOUR) == []
    assert [t.kind for t in materials.waiting(people["indra"], E, table.OPENING - HOUR)] == ["materials.bring"]
    assert materials.waiting(people["indra"], E, table.OPENING) == []


def upload(client: Any, data: bytes, name: str, **more: str) -> Any:
    form = {"title": "Paparan", "kind": "slides", "nonce": name, "file": SimpleUploadedFile(name, data), **more}
    return client.post(f"{LIST}rapat/RKR-001/berkas/", form, follow=True)


def test_files_on_the_screens_are_checked_handed_out_as_downloads_and_kept_from_others(
    scene: Any, client_for: Callable[[str], Any]
) -> None:
    hadi, indra, budi = client_for("hadi"), client_for("indra"), client_for("budi")
    assert "Belum ada bahan" in text_of(hadi.get(f"{LIST}rapat/RKR-001/"))
    bad = upload(hadi, with_parts(a_pptx(), {"ppt/vbaProject.bin": b"x"}), "paparan.pptx", form="file")
    assert "berisi makro" in text_of(bad)
    assert 'value="Paparan"' in text_of(bad)  # what was typed stays
    assert "PDF, PPTX, XLSX" in text_of(upload(hadi, b"MZ\x90\x00", "paparan.pdf"))
    assert "BHN-001 disimpan (PowerPoint)" in text_of(upload(hadi, a_pptx(), "a.docx"))
    file = indra.get(f"{LIST}BHN-001/unduh/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="bhn-001-polres-v1.pptx"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Type"] == files.TYPES["pptx"]
    sha = materials.get(E, "BHN-001", AT).kept.sha256  # type: ignore[union-attr]  # a file
    assert indra.get(f"/{E}/bukti/{sha}/?kecil").headers["Content-Disposition"].startswith("attachment")
    assert [budi.get(page).status_code for page in (f"{LIST}BHN-001/unduh/", f"{LIST}rapat/RKR-001/")] == [403, 403]
    assert budi.get(f"/{E}/bukti/{sha}/").status_code == 403
    told = upload(indra, evidence.open_file(E, sha)[0].read_bytes(), "b.pptx")
    assert "sama persis dengan BHN-001 dari Polres" in text_of(told)
    evidence.open_file(E, sha)[0].write_bytes(b"lain")
    assert indra.get(f"{LIST}BHN-001/unduh/").status_code == 410


def test_a_picture_loses_what_it_hides(scene: Any, client_for: Callable[[str], Any]) -> None:
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "Ponsel"
    Image.new("RGB", (40, 30), "navy").save(made, "JPEG", exif=exif)
    hadi = client_for("hadi")
    upload(hadi, made.getvalue(), "foto.jpg", kind="other")
    kept = hadi.get(f"{LIST}BHN-001/unduh/").content
    assert b"Ponsel" in made.getvalue()
    assert b"Ponsel" not in kept
    assert hadi.get(f"{LIST}BHN-001/unduh/?kecil").headers["Content-Disposition"].startswith("inline")


def test_numbers_on_the_screens_replace_withdraw_and_go_out(scene: Any, client_for: Callable[[str], Any]) -> None:
    table.freeze(scene, "RKR-001")
    hadi, ani = client_for("hadi"), client_for("ani")
    form = {"form": "figure", "figure": "tps", "label": "", "number": "350", "denominator": "", "unit": "same", "source": "Rekap",
            "as_of_at": "2023-12-05T09:30", "nonce": "f1"}  # fmt: skip
    page = f"{LIST}rapat/RKR-001/"
    assert "angka bulat" in text_of(hadi.post(f"{page}angka/", form | {"number": "tiga"}))
    saved = text_of(hadi.post(f"{page}angka/", form, follow=True))
    assert "ANG-001 berbeda dari angka beku" in saved
    assert "Ganti dengan versi baru" in saved
    newer = text_of(hadi.post(f"{page}angka/", form | {"number": "351", "replaces": "ANG-001", "nonce": "f2"}, follow=True))
    assert "Versi lama dan yang ditarik (1)" in newer
    assert ani.post(f"{LIST}ANG-002/tarik/", {"reason": "bukan milik kami juga"}, follow=True).status_code == 200
    assert materials.get(E, "ANG-002", AT).stands
    hadi.post(f"{LIST}ANG-002/tarik/", {"reason": "keliru menyalin rekap"}, follow=True)
    assert not materials.get(E, "ANG-002", AT).stands
    book = CalamineWorkbook.from_filelike(io.BytesIO(ani.get(f"{page}bahan.xlsx").content))
    assert [row[10] for row in book.get_sheet_by_name("Angka").to_python()] == ["Keadaan", "diganti ANG-002", "ditarik"]
    assert "Selisih" in text_of(ani.get(page))
