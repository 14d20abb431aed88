"""Evidence on the screen: the place of the thing decides who sees, attaches and withdraws; what is no photo is refused in words."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import RequestFactory

from posko.desk import evidence as desk
from posko.domain import access as access_rules
from posko.domain import evidence as rules
from posko.domain import stock as stock_rules
from posko.domain.record import Actor
from posko.store import access, evidence, packing, receipts, record, seals, sorting, stock
from tests.conftest import RAKOR_AT
from tests.formats.test_picture import PDF, photo, with_gps

pytestmark = pytest.mark.django_db
E, S = "pemilu-2024", "receipt:TRM-001"
ADD, DRAW = f"/{E}/bukti/tambah/", f"/{E}/bukti/tarik/"


ROOT = Path(__file__).resolve().parents[2]
MANGGAR = "19.06.01.2001.001"
SOON = RAKOR_AT - timedelta(minutes=1)
WHY = "foto kotak lain"


@pytest.fixture(autouse=True)
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path
    return tmp_path


@pytest.fixture
def goods(db_beltim: Any) -> Any:
    """TRM-001 was accepted, a TPS of Manggar has its boxes, and the PPK of Manggar (Mira, Nita) stands beside Budi's elsewhere."""
    ani = db_beltim.actors["ani"]
    line = ("SURAT_SUARA", "PPWP", "")
    receipts.place_order(E, line, 2000, "percetakan", RAKOR_AT, ani, SOON - timedelta(days=9))
    receipts.announce_shipment(E, "PSN-001", 1000, "SJ-1", "", ani, SOON - timedelta(days=8), destination="KPU Kabupaten Belitung Timur")
    receipts.arrive(E, "KRM-001", "KPU Kabupaten Belitung Timur", ani, SOON - timedelta(days=2))
    receipts.record_receipt(E, "KRM-001", 990, 10, ani, SOON - timedelta(days=2))
    receipts.accept_receipt(E, "TRM-001", db_beltim.actors["fajar"], SOON - timedelta(days=1))
    packing.prepare_boxes(E, [MANGGAR], ani, SOON)
    for name, role, region in (("mira", "ppk.anggota", "19.06.01"), ("nita", "ppk.anggota", "19.06.01")):
        grants = [access_rules.Grant(role, region, SOON - timedelta(days=30))]
        access.add_user(name, "posko-demo", name.title(), "PPK", grants, db_beltim.actors["kartika"], SOON)
    db_beltim.people.update((name, person) for name in ("mira", "nita") if (person := access.person_named(name)))
    return db_beltim


def box() -> str:
    found = packing.box_of(E, MANGGAR, "PPWP", RAKOR_AT)
    assert found is not None
    return f"box:{found.code}"


def add(client: Any, *data: bytes, **values: str) -> str:
    files = [SimpleUploadedFile(f"IMG_{n}.jpg", one) for n, one in enumerate(data)]
    said = {"stage": "receipts", "subject": S, "what": "photo", "next": f"/{E}/tugas/", "file": files, **values}
    return str(client.post(ADD, said, follow=True).content.decode())


def attached(installation: Any, data: bytes, what: str = "photo", stage: str = "receipts", subject: str = S, who: str = "lutfi") -> str:
    actor = Actor(f"p-{who}", "") if who not in installation.actors else installation.actors[who]
    return evidence.attach(E, stage, subject, what, data, "x", actor, RAKOR_AT).kept.sha256


def test_lutfi_attaches_two_photos_at_once_and_comes_back_to_the_page(goods: Any, client_for: Callable[[str], Any]) -> None:
    page = add(client_for("lutfi"), photo(), with_gps())
    assert page.count("Foto disimpan") == 2
    assert "Tugas saya" in page
    found = evidence.of(E, S, RAKOR_AT)
    assert [f.person for f in found] == ["p-lutfi", "p-lutfi"]
    assert all(b"Exif" not in evidence.open_file(E, f.kept.sha256)[0].read_bytes() for f in found)


def test_a_picture_is_served_inert_and_a_scan_only_as_a_download(goods: Any, client_for: Callable[[str], Any]) -> None:
    citra = client_for("citra")
    picture, scan = attached(goods, photo()), attached(goods, PDF, "signed_scan")
    shown = citra.get(f"/{E}/bukti/{picture}/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert shown["Content-Disposition"].startswith("inline;")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    small = citra.get(f"/{E}/bukti/{picture}/?kecil")
    assert small.content.startswith(b"\xff\xd8\xff")
    assert len(small.content) < len(shown.content)
    down = citra.get(f"/{E}/bukti/{scan}/?kecil")
    assert (down["Content-Type"], down.content) == ("application/pdf", PDF)
    assert down["Content-Disposition"].startswith("attachment;")


def test_who_may_not_read_the_stage_at_the_place_of_a_thing_does_not_see_its_evidence(goods: Any, client_for: Callable[[str], Any]) -> None:
    scan, top = attached(goods, PDF, "signed_scan"), attached(goods, photo(), "top_sheet", "packing", box())
    answers = {who: [client_for(who).get(f"/{E}/bukti/{sha}/").status_code for sha in (scan, top)] for who in READERS}
    assert answers == READERS
    assert client_for("citra").get(f"/pilkada-2024/bukti/{scan}/").status_code == 404
    assert client_for("citra").get(f"/{E}/bukti/{'0' * 64}/").status_code == 404


# of the regency's receipt, of a box of Manggar
READERS = {
    "citra": [200, 200], "juwita": [200, 200], "lutfi": [200, 200], "mira": [403, 200], "budi": [403, 403], "dedi": [403, 403],
    "kartika": [403, 403],
}  # fmt: skip


def test_one_photo_bound_to_two_things_is_seen_by_who_may_read_either(goods: Any, client_for: Callable[[str], Any]) -> None:
    sha = attached(goods, photo())
    assert client_for("mira").get(f"/{E}/bukti/{sha}/").status_code == 403
    attached(goods, photo(), "photo", "packing", box())
    assert client_for("mira").get(f"/{E}/bukti/{sha}/").status_code == 200
    assert client_for("budi").get(f"/{E}/bukti/{sha}/").status_code == 403


def test_a_file_of_a_stage_that_says_no_places_or_of_a_thing_that_is_not_known_is_shown_to_nobody(
    goods: Any, client_for: Callable[[str], Any]
) -> None:
    for sha in (attached(goods, photo(), stage="aght"), attached(goods, PDF, "signed_scan", subject="receipt:TRM-999")):
        assert client_for("lutfi").get(f"/{E}/bukti/{sha}/").status_code == 404


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<html>bukan foto</html>", "terbaca: halaman web"),
        (b"GIF89a" + bytes(30), "terbaca: GIF"),
        (photo()[:700], "rusak atau terpotong"),
        (b"", "kosong"),
        (PDF.replace(b"/Type", b"/OpenAction 3 0 R /Type"), "bagian aktif (OpenAction)"),
    ],
)
def test_a_photo_that_is_no_photo_is_refused_in_words_and_nothing_is_recorded(
    goods: Any, client_for: Callable[[str], Any], data: bytes, sentence: str
) -> None:
    before = record.root()
    assert sentence in add(client_for("lutfi"), data)
    assert evidence.of(E, S, RAKOR_AT) == []
    assert record.root() == before


def test_a_form_without_file_says_so(goods: Any, client_for: Callable[[str], Any]) -> None:
    assert "Pilih foto" in add(client_for("lutfi"))


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"stage": "rahasia"}, 400, "tidak bisa ditautkan ke tahap “rahasia”"),
        ({"stage": "aght"}, 400, "tidak bisa ditautkan ke tahap “aght”"),
        ({"stage": ""}, 400, "tidak bisa ditautkan"),
        ({"subject": "Pak Budi"}, 400, "tidak bisa ditautkan"),
        ({"what": "foto kotak"}, 400, "tidak bisa ditautkan"),
        ({"subject": "receipt:TRM-999"}, 404, "tidak ada dalam catatan"),
        ({"subject": "box:TRM-001"}, 404, "tidak ada dalam catatan"),
        ({"stage": "packing"}, 404, "tidak ada dalam catatan"),
        ({"stage": "packing", "subject": "box:7X2K9QRT0V4MA1BC8"}, 404, "tidak ada dalam catatan"),
    ],
)
def test_an_unknown_stage_or_thing_is_refused_in_words_and_never_guessed(
    goods: Any, client_for: Callable[[str], Any], wrong: dict[str, str], status: int, sentence: str
) -> None:
    before, lutfi = record.root(), client_for("lutfi")
    for address in (ADD, DRAW):
        said = {
            "stage": "receipts",
            "subject": S,
            "what": "photo",
            "sha256": "0" * 64,
            "file": SimpleUploadedFile("x.jpg", photo()),
            **wrong,
        }
        answer = lutfi.post(address, said)
        if address == ADD or wrong.get("stage") != "":
            assert answer.status_code == status
            assert sentence in answer.content.decode()
        else:
            assert answer.status_code == 404, "a withdrawal without a stage is looked up in the record, which knows none"
    assert record.root() == before


@pytest.mark.parametrize("elsewhere", ["https://contoh.id/", "//contoh.id/", "javascript:alert(1)", "/\\contoh.id", ""])
def test_after_attaching_nobody_is_sent_to_another_host(goods: Any, client_for: Callable[[str], Any], elsewhere: str) -> None:
    said = {"stage": "receipts", "subject": S, "what": "photo", "next": elsewhere, "file": SimpleUploadedFile("x.jpg", photo())}
    assert client_for("lutfi").post(ADD, said)["Location"] == f"/{E}/tugas/"


def test_a_changed_file_is_not_shown_and_the_page_says_whom_to_tell(goods: Any, client_for: Callable[[str], Any]) -> None:
    sha = attached(goods, photo())
    evidence.open_file(E, sha)[0].write_bytes(photo("PNG"))
    answer = client_for("citra").get(f"/{E}/bukti/{sha}/")
    assert answer.status_code == 410
    assert "pulihkan dari cadangan" in answer.content.decode()


def test_the_author_withdraws_at_once_and_another_only_with_reason_and_a_second_person(
    goods: Any, client_for: Callable[[str], Any]
) -> None:
    sha = attached(goods, photo())
    oki, lutfi = client_for("oki"), client_for("lutfi")
    said = {"stage": "receipts", "what": "photo", "subject": S, "sha256": sha, "next": f"/{E}/penerimaan/"}
    assert "Tulis alasan" in oki.post(DRAW, said, follow=True).content.decode()
    assert "Perlu orang kedua" in oki.post(DRAW, {**said, "reason": WHY}, follow=True).content.decode()
    wrong = {**said, "reason": WHY, "second": "ani", "second_password": "salah"}
    assert "Berkas ditarik" not in oki.post(DRAW, wrong, follow=True).content.decode()
    assert len(evidence.of(E, S, RAKOR_AT)) == 1
    assert "Berkas ditarik" in lutfi.post(DRAW, said, follow=True).content.decode()
    assert evidence.of(E, S, RAKOR_AT) == []
    assert "sudah ditarik" in lutfi.post(DRAW, said, follow=True).content.decode()


def test_a_form_that_names_no_stage_finds_it_in_the_record(goods: Any, client_for: Callable[[str], Any]) -> None:
    sha = attached(goods, photo())
    said = {"subject": S, "sha256": sha, "next": f"/{E}/tugas/"}
    assert client_for("budi").post(DRAW, said).status_code == 403
    assert "Berkas ditarik" in client_for("lutfi").post(DRAW, said, follow=True).content.decode()


# --- the place decides ---------------------------------------------------------------------------------------------------


def draw(client: Any, sha: str, second: str = "", stage: str = "packing", subject: str = "") -> tuple[int, str]:
    """Somebody asks to withdraw a file, with a reason: the answer's status and words."""
    said = {"stage": stage, "what": "", "subject": subject or box(), "sha256": sha, "reason": WHY, "next": f"/{E}/tugas/"}
    if second:
        said |= {"second": second, "second_password": "posko-demo"}
    answer = client.post(DRAW, said, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_ppk_of_manggar_cannot_withdraw_a_scan_of_the_regencys_receipt(goods: Any, client_for: Callable[[str], Any]) -> None:
    scan = attached(goods, PDF, "signed_scan")
    before, mira = record.root(), client_for("mira")
    for second in ("", "nita", "lutfi"):
        status, page = draw(mira, scan, second, "receipts", S)
        assert (status, "Wilayah tugas Anda tidak mencakup tempat ini" in page) == (403, True)
    assert record.root() == before
    assert [f.kept.sha256 for f in evidence.of(E, S, RAKOR_AT)] == [scan]


def test_a_ppk_of_manggar_cannot_withdraw_what_the_office_showed_of_a_box_of_manggar(goods: Any, client_for: Callable[[str], Any]) -> None:
    scan = attached(goods, PDF, "signed_scan", "packing", box())
    before = record.root()
    for second in ("", "nita", "lutfi"):
        assert "hanya KPU yang menariknya" in draw(client_for("mira"), scan, second)[1]
    assert "hanya KPU yang menariknya" in draw(client_for("oki"), scan, "mira")[1]
    assert record.root() == before
    assert "Berkas ditarik" in draw(client_for("oki"), scan, "ani")[1]


def test_a_ppk_of_another_kecamatan_attaches_nothing_to_a_box_of_manggar(goods: Any, client_for: Callable[[str], Any]) -> None:
    before = record.root()
    for who in ("budi", "dedi"):
        assert "Bukan bagian Anda" in add(client_for(who), photo(), stage="packing", subject=box())
    assert "Bukan bagian Anda" in add(client_for("mira"), photo()), "a receipt is the regency's"
    assert record.root() == before


def test_a_second_person_from_outside_the_place_does_not_count(goods: Any, client_for: Callable[[str], Any]) -> None:
    top = attached(goods, photo(), "photo", "packing", box(), "nita")
    scan = attached(goods, PDF, "signed_scan")
    before = record.root()
    for who, sha, second, stage, subject in (
        ("mira", top, "budi", "packing", ""), ("mira", top, "dedi", "packing", ""), ("mira", top, "citra", "packing", ""),
        ("oki", scan, "mira", "receipts", S), ("oki", scan, "dedi", "receipts", S),
    ):  # fmt: skip
        assert "tidak berhak menjadi orang kedua" in draw(client_for(who), sha, second, stage, subject)[1], (who, second)
    assert record.root() == before


def test_the_ppk_of_manggar_shows_a_photo_of_its_box_and_withdraws_it_alone_or_by_two(goods: Any, client_for: Callable[[str], Any]) -> None:
    mira = client_for("mira")
    assert "Foto disimpan" in add(mira, photo(), stage="packing", subject=box())
    (mine,) = evidence.of(E, box(), RAKOR_AT)
    assert "Berkas ditarik" in draw(mira, mine.kept.sha256)[1]
    entry = record.leaves(E, kind="evidence.withdrawn")[0]
    assert (entry.place, entry.subject) == (MANGGAR, box())
    other = attached(goods, photo("PNG"), "photo", "packing", box(), "nita")
    assert "Perlu orang kedua" in draw(mira, other)[1]
    assert "Berkas ditarik" in draw(mira, other, "nita")[1]
    assert evidence.of(E, box(), RAKOR_AT) == []


def code_of(subject: str) -> str:
    return subject.partition(":")[2]


def test_every_stage_that_carries_evidence_says_where_its_things_belong(goods: Any) -> None:
    ani, lutfi, gudang, ppwp = goods.actors["ani"], goods.actors["lutfi"], stock.warehouse(E), ("SURAT_SUARA", "PPWP", "")
    claim = receipts.file_claim(E, "TRM-001", "damaged", 5, ani, SOON)
    stray = receipts.misdirect(E, "SJ-X", "KPU Belitung", ppwp, 3000, ani, SOON)
    whole, opened = receipts.make_cartons(E, "TRM-001", "RI", [500, 490], "B-1", ani, SOON, rng=Random(1))
    sorting.form_team(E, "REGU-A", 5, ani, SOON)
    sorting.open_carton(E, opened.code, "REGU-A", lutfi, SOON)
    sorting.close_carton(E, opened.code, 480, {"spot": 10}, [480], lutfi, SOON, rng=Random(2))
    burnt = sorting.destroy(E, [("PPWP", "", 5)], "rusak saat sortir", ["POLRES"], ani, lutfi, SOON)
    count = stock.record_count(E, gudang, ppwp, stock_rules.Condition.GOOD, 500, lutfi, SOON)
    walk = stock.inspect(E, gudang, {stock_rules.CHECKS[0][0]: "yes"}, "", lutfi, SOON)
    (ppk,) = [b for b in packing.prepare_ppk_boxes(E, ["19.06.01"], ani, SOON) if b.use == "hasil"]
    seals.issue_range(E, "BT000101", "BT000200", gudang, ani, SOON)
    seals.issue_count(E, "LOT-1", 100, gudang, ani, SOON)
    expected = {
        ("receipts", S): gudang, ("receipts", f"claim:{claim.code}"): gudang, ("receipts", f"misdirection:{stray.code}"): "19.06",
        ("sorting", f"carton:{whole.code}"): gudang, ("sorting", f"carton:{opened.code}"): gudang,
        ("sorting", f"destruction:{burnt.code}"): "19.06",
        ("stock", f"count:{count.code}"): gudang, ("stock", f"inspection:{walk.code}"): gudang,
        ("packing", box()): MANGGAR, ("packing", f"box:{ppk.code}"): "19.06.01",
        ("seals", "seal:BT000150"): "19.06", ("seals", "lot:LOT-1"): "19.06",
    }  # fmt: skip
    assert {key: desk.place_of(E, *key, RAKOR_AT) for key in expected} == expected
    later = {("pledges", "pledge"), ("recommendations", "recommendation")}  # their own tests ask these
    later |= {("requests", "request"), ("materials", "material"), ("rakor", "decision"), ("minutes", "minutes"), ("products", "product")}
    later |= {("custody", "custody")}
    assert {(stage, subject.partition(":")[0]) for stage, subject in expected} | later == {
        (s, k) for s, kinds in desk.PLACES.items() for k in kinds
    }
    for stage, subject in expected:
        kind = subject.partition(":")[0]
        for strange in (f"{kind}:X-999", f"{kind}:", f"{kind}:{code_of(subject)}~", f"lain:{code_of(subject)}"):
            with pytest.raises(rules.UnknownSubject):
                desk.place_of(E, stage, strange, RAKOR_AT)
        with pytest.raises(rules.UnknownSubject):
            desk.place_of("pilkada-2024", stage, subject, RAKOR_AT)
        with pytest.raises(rules.UnknownSubject):
            desk.place_of(E, stage, subject, RAKOR_AT - timedelta(days=30))
    with pytest.raises(rules.UnknownStage):
        desk.place_of(E, "aght", S, RAKOR_AT)


@pytest.mark.parametrize(("place", "expected"), [("", "19.06"), ("19.02:G01", "19.06"), ("19.06", "19.06"), ("19.06.01", "19.06.01")])
def test_a_thing_without_a_place_in_the_regency_is_the_regencys(
    installation: Any, monkeypatch: pytest.MonkeyPatch, place: str, expected: str
) -> None:
    monkeypatch.setitem(desk.PLACES["stock"], "count", lambda *_: place)
    assert desk.place_of(E, "stock", "count:X", RAKOR_AT) == expected


def test_whatever_the_code_binds_or_offers_evidence_for_has_a_place_and_write_acts() -> None:
    """Reads the sources: a new page with evidence fails here until its stage is in PLACES and in WRITES."""
    offered = re.compile(
        r"""(?:evidence_desk\.context|proofs\.bind|evidence\.bind|evidence\.attach)\(\s*[\w.]+,\s*"(\w+)",\s*(?:f"(\w+):)?"""
    )
    found = set()
    for layer in ("desk", "store"):
        for path in sorted((ROOT / "src" / "posko" / layer).glob("*.py")):
            found |= set(offered.findall(path.read_text("utf-8")))
    assert len(found) >= 8, "the pattern finds the calls"
    assert {stage for stage, _ in found} == set(desk.PLACES) == set(rules.WRITES)
    assert {(stage, kind) for stage, kind in found if kind} <= {(stage, kind) for stage, kinds in desk.PLACES.items() for kind in kinds}


# --- the part of a page --------------------------------------------------------------------------------------------------


def shown(installation: Any, who: str, stage: str = "receipts", subject: str = S) -> str:
    request: Any = RequestFactory().get(f"/{E}/penerimaan/terima/TRM-001/")
    request.person, request.at, request.election = installation.people[who], RAKOR_AT, record.election(E)
    return render_to_string("desk/evidence/_list.html", {**desk.context(request, stage, subject), "election_code": E})


def test_the_part_of_a_page_says_what_to_do_first_then_lists_hash_who_and_when(goods: Any) -> None:
    assert "Belum ada foto" in shown(goods, "lutfi")
    assert "Lampirkan berkas" not in shown(goods, "citra"), "Citra reads only"
    sha = attached(goods, photo())
    page = shown(goods, "lutfi")
    for part in (sha[:16], "oleh Lutfi", "5 Des. 2023, 10.00 WIB", "menariknya sendiri", f"/{E}/bukti/{sha}/", 'capture="environment"'):
        assert part in page
    assert "Orang kedua" in shown(goods, "oki")
    assert "Tarik berkas" not in shown(goods, "citra")


def test_the_part_of_a_page_offers_each_person_only_what_the_place_allows(goods: Any) -> None:
    attached(goods, PDF, "signed_scan")
    attached(goods, PDF, "signed_scan", "packing", box())
    of_the_box = {who: shown(goods, who, "packing", box()) for who in ("mira", "budi", "lutfi")}
    assert "Salah? Minta KPU menariknya" in of_the_box["mira"]
    assert "Lampirkan berkas" in of_the_box["mira"]
    assert "Tarik berkas" not in of_the_box["mira"]
    assert "Tarik berkas" in of_the_box["lutfi"]
    attached(goods, photo(), "photo", "packing", box(), "nita")
    assert shown(goods, "mira", "packing", box()).count("Tarik berkas") == 1
    strange = shown(goods, "lutfi", "packing", "box:7X2K9QRT0V4MA1BC8")
    assert "belum ada dalam catatan" in strange
    for closed in (of_the_box["budi"], shown(goods, "mira"), strange):
        assert ("di luar wilayah tugas Anda" in closed) == (closed != strange)
        assert "SHA-256" not in closed
        assert "Lampirkan berkas" not in closed


def test_a_page_that_offers_evidence_for_a_stage_without_places_fails_at_once(goods: Any) -> None:
    with pytest.raises(rules.UnknownStage):
        shown(goods, "lutfi", "aght")
