"""Packs at the desk: every form for those who were there, others' copies for those who read all, the projector for the whole room."""

import html
import json
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from posko.domain import rakor as rules
from posko.formats import document
from posko.store import rakor
from tests.conftest import RAKOR_AT
from tests.formats.test_rakor import sections

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
OPENING = RAKOR_AT - timedelta(hours=1)
FORMS = ("", "bentuk/", "layar/1/", "layar/3/?data=langsung", "paket.pdf", "paket.json", "paparan.pptx", "lampiran.xlsx", "teks/grup.txt")


@pytest.fixture
def record_now(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the store gathers, without the stages before it; a test may change it as the day goes on."""
    found = sections()

    def collect(_election: str, code: str, at: datetime) -> dict[str, Any]:
        now = deepcopy(found)
        now["meeting"] |= {"code": code, "frozen_at": at.isoformat()}
        return now

    monkeypatch.setattr(rakor, "collect", collect)
    return found


@pytest.fixture
def frozen(installation: Any, record_now: dict[str, Any]) -> rules.Snapshot:
    """A meeting with KPU, Pemda and Kejari; Polres was invited and did not come."""
    if not any(document.FONTS.glob("*.ttf")):
        pytest.skip("TIDAK DIUJI: fon dokumen belum dipasang")
    ani = installation.actors["ani"]
    rakor.call_meeting(E, "Rakor kesiapan", "Manggar", OPENING, ("KPU", "PEMDA", "KEJARI", "POLRES"), ani, OPENING)
    rakor.attend(E, "RKR-001", ("KPU", "PEMDA", "KEJARI"), ani, OPENING)
    return rakor.freeze(E, "RKR-001", ani, OPENING)


def at(frozen: rules.Snapshot, page: str = "") -> str:
    return f"/pemilu-2024/rakor/paket/{frozen.code}/{page}"


def said(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def test_who_attended_has_every_form_and_who_did_not_none(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    quick = ("", "layar/1/", "paket.json")
    for name, forms, status in (
        ("indra", FORMS, 200), ("ani", quick, 200), ("citra", quick, 200), ("juwita", quick, 200), ("hadi", FORMS, 403),
        ("budi", FORMS, 403),
    ):  # fmt: skip
        client = client_for(name)
        answers = {page: client.get(at(frozen, page)).status_code for page in forms}
        assert answers == dict.fromkeys(forms, status), name
    assert client_for("ani").get("/pemilu-2024/rakor/paket/SNP-099/").status_code == 404
    assert client_for("ani").get(at(frozen, "layar/99/")).status_code == 404


def test_every_form_repeats_its_bytes_and_carries_the_hash(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    for page, start in (("paket.pdf", b"%PDF"), ("paket.pdf?kertas=f4", b"%PDF"), ("paparan.pptx", b"PK"), ("lampiran.xlsx", b"PK")):
        first, second = (ani.get(at(frozen, page)) for _ in range(2))
        assert first.content == second.content, page
        assert first.content.startswith(start)
        assert "SNP-001" in first.headers["Content-Disposition"]
    assert ani.get(at(frozen, "paket.pdf")).content != ani.get(at(frozen, "paket.pdf?kertas=f4")).content
    for page in ("", "bentuk/", "layar/1/"):
        assert frozen.digest in said(ani, at(frozen, page)), page


def test_pemdas_file_lacks_aght_and_foreign_letters_and_still_proves_the_same_hash(
    frozen: rules.Snapshot, client_for: Callable[[str], Any]
) -> None:
    file = client_for("indra").get(at(frozen, "paket.json")).content
    assert rules.recompute(file) == frozen.digest
    assert rules.altered(file) == ()
    assert set(json.loads(file)["withheld"]) == {"aght", "letters:KPU", "letters:POLRES"}
    assert b"Genset cadangan" in file
    assert not any(words in file for words in (b"Gelombang", b"Hitung ulang", b"Kawal kapal"))
    full = client_for("ani").get(at(frozen, "paket.json")).content
    assert json.loads(full)["sections"] == frozen.sections
    assert rules.unequal(full, file) == ()


def test_kpu_takes_pemdas_copy_and_pemda_takes_only_its_own(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    own = indra.get(at(frozen, "paket.json")).content
    theirs = ani.get(at(frozen, "paket.json?untuk=PEMDA"))
    assert theirs.content == own
    assert "pemda" in theirs.headers["Content-Disposition"]
    assert indra.get(at(frozen, "paket.json?untuk=KPU")).content == own
    assert ani.get(at(frozen, "paparan.pptx?untuk=PEMDA")).content == indra.get(at(frozen, "paparan.pptx")).content
    assert json.loads(ani.get(at(frozen, "paket.json?untuk=POLRES")).content)["sections"] == frozen.sections, (
        "Polres was not there: no copy"
    )


def test_the_short_texts_are_for_their_audiences(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani, indra = client_for("ani"), client_for("indra")
    assert re.findall(r'id="teks-(\w+)"', ani.get(at(frozen, "bentuk/")).content.decode()) == [
        "kpu", "kejari", "polres", "pemda", "bawaslu", "grup",
    ]  # fmt: skip
    assert re.findall(r'id="teks-(\w+)"', indra.get(at(frozen, "bentuk/")).content.decode()) == ["pemda", "grup"]
    assert indra.get(at(frozen, "teks/kpu.txt")).status_code == 404
    text = indra.get(at(frozen, "teks/pemda.txt")).content.decode()
    assert len(text) <= 1000
    assert text.endswith(f"sidik jari {frozen.digest[:8]}")
    assert '<textarea id="isi-pemda" readonly' in indra.get(at(frozen, "bentuk/")).content.decode()


def test_the_projector_shows_what_everybody_in_the_room_may_read_and_says_so(
    frozen: rules.Snapshot, installation: Any, client_for: Callable[[str], Any]
) -> None:
    ani = client_for("ani")
    page = said(ani, at(frozen, "layar/8/"))
    assert "Pemda ada di antara pembacanya" in page
    assert "Kejari, KPU, Pemda" in page
    deck = [said(ani, at(frozen, f"layar/{n}/{query}")) for n in range(1, 13) for query in ("", "?data=langsung")]
    assert not any(words in one for one in deck for words in ("Gelombang", "Hitung ulang", "Kawal kapal"))
    rakor.call_meeting(E, "Rakor kecil", "Manggar", OPENING, ("KPU", "KEJARI", "PEMDA"), installation.actors["ani"], OPENING)
    small = rakor.freeze(E, "RKR-002", installation.actors["ani"], OPENING)
    assert "Pemda ada di antara pembacanya" in said(ani, at(small, "layar/8/")), "nobody noted yet: all who were asked count"
    rakor.attend(E, "RKR-002", ("KPU", "KEJARI"), installation.actors["ani"], OPENING)
    assert "Gelombang tinggi" in said(ani, at(small, "layar/8/"))
    assert "Gelombang" not in said(client_for("juwita"), at(frozen, "layar/8/"))


def test_live_numbers_are_read_again_stand_beside_the_frozen_ones_and_have_no_hash_of_their_own(
    frozen: rules.Snapshot, record_now: dict[str, Any], client_for: Callable[[str], Any]
) -> None:
    ani = client_for("ani")
    record_now["figures"][1]["numerator"] = 3906
    still = said(ani, at(frozen, "layar/3/"))
    assert "3.794 dari 5.459" in still
    assert "BEKU" in still
    live = said(ani, at(frozen, "layar/3/?data=langsung"))
    assert "3.906 dari 5.459" in live
    assert "Beku: 3.794 dari 5.459 (69,5 %). Selisih: +112" in live
    assert "angka langsung belum dibekukan dan tidak bersidik jari" in live
    assert "data 5 Des. 2023, 10.00 WIB" in live
    assert "Unit diterima baik 3.794 dari 5.459 3.906 dari 5.459 +112" in said(ani, at(frozen, "layar/10/?data=langsung"))
    assert 'data-refresh="30"' in ani.get(at(frozen, "layar/3/?data=langsung")).content.decode()
    assert 'data-refresh="0"' in ani.get(at(frozen, "layar/3/")).content.decode()


def test_a_number_leads_to_its_line_in_the_pack_and_a_live_one_to_its_why(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani = client_for("ani")
    assert f'href="{at(frozen)}#angka-units-accepted"' in ani.get(at(frozen, "layar/3/")).content.decode()
    assert 'id="angka-units-accepted"' in ani.get(at(frozen)).content.decode()
    assert '<a href="/pemilu-2024/penerimaan/">69,5 %' in ani.get(at(frozen, "layar/3/?data=langsung")).content.decode()


def test_decisions_appear_on_the_screen_as_they_are_typed(
    frozen: rules.Snapshot, installation: Any, client_for: Callable[[str], Any]
) -> None:
    ani = client_for("ani")
    assert "Belum ada keputusan. Keputusan muncul di sini" in said(ani, at(frozen, "layar/11/"))
    due = RAKOR_AT + timedelta(days=7)
    rakor.decide(E, "RKR-001", "Pinjamkan 40 palet", "PEMDA", due, installation.actors["ani"], RAKOR_AT)
    page = said(ani, at(frozen, "layar/11/"))
    assert "Keputusan rapat ini: 1" in page
    assert "BARU · " in page
    assert "Pinjamkan 40 palet" in page
    assert 'data-refresh="5"' in ani.get(at(frozen, "layar/11/")).content.decode()


def test_every_page_of_the_projector_works_by_links_alone_and_as_a_piece(frozen: rules.Snapshot, client_for: Callable[[str], Any]) -> None:
    ani, address, seen = client_for("ani"), at(frozen, "layar/1/?data=langsung&tema=gelap"), []
    while address != "#":
        page = ani.get(address).content.decode()
        assert 'data-tema="gelap"' in page
        seen.append(address)
        address = html.unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])
    assert len(seen) == 12
    piece = ani.get(at(frozen, "layar/2/?bagian=1")).content.decode()
    assert piece.startswith("<main")
    assert "<script" not in piece
    page = ani.get(at(frozen, "layar/2/?tema=gelap")).content.decode()
    assert html.unescape(re.findall(r'data-switch href="([^"]+)"', page)[0]).endswith("layar/2/?data=langsung&tema=gelap&kunci=agenda.1")
    assert re.findall(r'data-theme href="([^"]+)"', page)[0].endswith("layar/2/")


def test_an_item_without_a_reason_has_no_empty_brackets(
    installation: Any, record_now: dict[str, Any], client_for: Callable[[str], Any]
) -> None:
    bare = {"kind": "person", "label": "Kapal cadangan", "why": "", "due_at": ""}
    record_now["agenda"] = [{**record_now["agenda"][1], **bare}, record_now["agenda"][0]]
    ani = installation.actors["ani"]
    rakor.call_meeting(E, "Rakor kesiapan", "Manggar", OPENING, ("KPU",), ani, OPENING)
    rakor.attend(E, "RKR-001", ("KPU",), ani, OPENING)
    page = said(client_for("ani"), at(rakor.freeze(E, "RKR-001", ani, OPENING)))
    assert "Kapal cadangan" in page
    assert "( )" not in page
    assert "()" not in page


def test_a_page_is_found_again_by_its_name_when_the_pages_before_it_have_grown(
    frozen: rules.Snapshot, record_now: dict[str, Any], client_for: Callable[[str], Any]
) -> None:
    ani = client_for("ani")
    record_now["agenda"] = [{**record_now["agenda"][1], "label": f"Butir {n}"} for n in range(20)]
    assert "Logistik diterima baik" in said(ani, at(frozen, "layar/4/"))
    switch = html.unescape(re.findall(r'data-switch href="([^"]+)"', ani.get(at(frozen, "layar/4/")).content.decode())[0])
    live = ani.get(switch).content.decode()
    assert 'data-key="penerimaan.1" data-number="6"' in live
    assert 'data-key="agenda.3" data-number="4"' in ani.get(at(frozen, "layar/4/?data=langsung")).content.decode()
    assert 'data-key="agenda.1"' in ani.get(at(frozen, "layar/4/?kunci=agenda.3")).content.decode(), "frozen it has one page"


def test_a_disputed_number_stands_on_the_projector_with_both_sides_until_it_is_settled(
    frozen: rules.Snapshot, client_for: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from posko.domain import disputes
    from posko.store import disputes as store

    sides = {"claim": SimpleNamespace(number=350, agency="POLRES"), "frozen": SimpleNamespace(number=363, agency="KPU")}
    found = SimpleNamespace(code="SLS-001", label="TPS", state=disputes.State.OPEN, **sides)
    monkeypatch.setattr(store, "listing", lambda *_: [found])
    ani = client_for("ani")
    shown = "".join(said(ani, at(frozen, f"layar/{n}/")) for n in range(8, 13))
    assert "SELISIH · TPS: 350 menurut Polres, 363 dalam paket" in shown
    found.state = disputes.State.SETTLED
    assert "SELISIH" not in "".join(said(ani, at(frozen, f"layar/{n}/")) for n in range(8, 13))
