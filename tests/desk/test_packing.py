"""The packing table as Lutfi and Oki use it: one prompt at a time, a stop that nobody overlooks, seals by two."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from posko.domain import labels
from posko.domain.record import Actor
from posko.store import packing, places, record, seals, sorting
from tests import pages
from tests.scene import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
TPS = "19.06.01.2001.001"
LUTFI, ANI = Actor("p-lutfi", "KPU"), Actor("p-ani", "KPU")
AT: datetime = RAKOR_AT
STATION, OVERRIDE = reverse("desk:packing_station", args=[E]), reverse("desk:packing_override", args=[E])
_codes = iter(range(1, 10_000))


def bundle(contest: str, dapil: str, quantity: int = 500, carton: str = "") -> str:
    """A bundle of folded ballots, as sorting leaves it."""
    code = labels.encoded(37 * next(_codes))
    sorting.BundleRow.objects.create(
        code=code, election=E, contest=contest, dapil=dapil, quantity=quantity, carton=carton or labels.encoded(37 * next(_codes)),
        team="REGU-A", person="p-lutfi", occurred_at=AT, entry_id="0" * 64,
    )  # fmt: skip
    return code


@pytest.fixture
def table(db_beltim: Any, client_for: Callable[[str], Client]) -> Client:
    """Lutfi's screen: a wave is open, its boxes are prepared, the place is chosen."""
    packing.open_wave(E, "Pertama", [TPS], ANI, AT)
    packing.prepare_boxes(E, [TPS], LUTFI, AT)
    client = client_for("lutfi")
    post(client, act="place", code=labels.qr_text("place", "19.06:G01"))
    return client


def post(client: Client, url: str = STATION, **fields: Any) -> str:
    """Sends a form as the page on the screen has it: with the box, and the question, that it was made for."""
    if url in {STATION, OVERRIDE}:
        page = client.get(STATION).content.decode()
        box, asked = re.search(r'name="box" value="([^"]*)"', page), re.search(r'name="asked" value="([^"]*)"', page)
        fields = {"box": box[1] if box else "", "asked": asked[1] if asked else ""} | fields
    return client.post(url, fields, follow=True).content.decode()


def box_of(contest: str) -> Any:
    found = packing.box_of(E, TPS, contest, AT)
    assert found is not None
    return found


def dapil(contest: str) -> str:
    found = places.dapil_of(E, contest, TPS)
    assert found is not None
    return found


def test_without_waves_the_page_says_what_comes_first(db_beltim: Any, client_for: Callable[[str], Client]) -> None:
    page = client_for("ani").get(reverse("desk:packing", args=[E])).content.decode()
    assert "Belum ada kotak yang disiapkan" in page
    assert "Buka gelombang pertama" in page


def test_the_place_comes_first_then_the_box_then_bundles_until_the_need_is_met(table: Client) -> None:
    page = table.get(STATION).content.decode()
    assert "2. Pindai label kotak" in page
    box = box_of("DPR")
    page = post(table, code=labels.spaced(box.code))
    assert "3. Pindai bundel DPR" in page
    page = post(table, code=labels.qr_text("bundle", bundle("DPR", dapil("DPR"))))
    assert box_of("DPR").packed == box.needed
    assert f"Ambil {box.needed} lembar" in page
    assert "tinggal di bundel" in page


def test_a_bundle_of_another_dapil_stops_the_table_until_it_is_taken_away(table: Client) -> None:
    post(table, code=box_of("DPRD_KAB").code)
    right = bundle("DPRD_KAB", dapil("DPRD_KAB"))
    page = post(table, code=bundle("DPRD_KAB", "BELTIM-2" if dapil("DPRD_KAB") != "BELTIM-2" else "BELTIM-1"))
    assert "BERHENTI" in page
    assert "Dapil lain" in page
    assert 'data-sound="stop"' in page
    assert box_of("DPRD_KAB").packed == 0
    page = post(table, code=right)  # nothing goes in while the wrong bundle lies on the table
    assert box_of("DPRD_KAB").packed == 0
    assert "singkirkan" in page.lower()
    post(table, act="cleared")
    post(table, code=right)
    assert box_of("DPRD_KAB").packed == box_of("DPRD_KAB").needed
    assert len(packing.stops(E, AT)) == 1


def test_the_guard_is_stepped_over_by_two_people_with_a_reason_and_the_box_stays_flagged(table: Client) -> None:
    post(table, code=box_of("DPRD_KAB").code)
    wrong = bundle("DPRD_KAB", "BELTIM-2" if dapil("DPRD_KAB") != "BELTIM-2" else "BELTIM-1", 25)
    post(table, code=wrong)
    url = OVERRIDE
    page = post(table, url, reason="label bundel tertukar, isi diperiksa", second="lutfi", second_password="posko-demo")
    assert box_of("DPRD_KAB").foreign == 0, page
    page = post(table, url, reason="label bundel tertukar, isi diperiksa", second="oki", second_password="salah")
    assert "tidak cocok" in page
    page = post(table, url, reason="label bundel tertukar, isi diperiksa", second="oki", second_password="posko-demo")
    assert "melewati pengaman" in page
    assert box_of("DPRD_KAB").foreign == 25
    assert "wrong_dapil" in box_of("DPRD_KAB").flags
    inbox = client_page(table, "desk:inbox")
    assert "R05" in pages.said(inbox)
    assert "BELTIM" in inbox


def test_a_tab_that_shows_another_box_packs_nothing_anywhere(table: Client) -> None:
    first, second = box_of("DPR"), box_of("DPD")
    post(table, code=first.code)
    post(table, act="close")
    post(table, code=second.code)
    before = record.root(AT)
    for stale in ({"code": bundle("DPD", dapil("DPD")), "box": first.code}, {"act": "undo", "box": first.code}, {"act": "undo"}):
        page = table.post(STATION, stale, follow=True).content.decode()
        assert "Halaman itu sudah lama" in page
        assert "DPD" in pages.said(page), "the screen shows the box that is open"
    assert (box_of("DPD").packed, record.root(AT)) == (0, before)


def test_an_answer_to_an_older_question_is_no_answer_to_this_one(table: Client) -> None:
    post(table, code=box_of("DPRD_KAB").code)
    other = "BELTIM-2" if dapil("DPRD_KAB") != "BELTIM-2" else "BELTIM-1"
    wrong, worse = bundle("DPRD_KAB", other, 25), bundle("DPRD_KAB", other, 30)
    post(table, code=wrong)
    post(table, act="cleared")
    post(table, code=worse)
    told = {"box": box_of("DPRD_KAB").code, "asked": wrong, "reason": "isi bundel sudah diperiksa", "second": "oki"}
    page = table.post(OVERRIDE, {**told, "second_password": "posko-demo"}, follow=True).content.decode()
    assert ("Halaman itu sudah lama" in page, box_of("DPRD_KAB").foreign) == (True, 0)
    page = table.post(STATION, {"act": "cleared", "box": told["box"], "asked": wrong}, follow=True).content.decode()
    assert "BERHENTI" in page, "the stop on the screen stays"


def test_more_of_an_item_than_needed_or_known_is_asked_once_more_on_the_page(table: Client) -> None:
    url, page_of = reverse("desk:packing_item", args=[E, TPS]), reverse("desk:packing_tps", args=[E, TPS])
    page = post(table, url, item="STIKER", quantity="5")
    assert "Kebutuhan stiker belum diketahui" in page
    assert packing.contents(E, TPS, AT) == []
    page = post(table, url, item="STIKER", quantity="5", confirm_over="1")
    assert {c.item: c.quantity for c in packing.contents(E, TPS, AT)} == {"STIKER": 5}
    assert "belum diketahui?" not in table.get(page_of).content.decode()
    page = post(table, url, item="BILIK", quantity="40")
    assert "Lebih dari kebutuhan" in page
    page = post(table, url, item="STIKER", quantity="5", confirm_over="1")
    assert "tidak dihitung dua kali" in page


def client_page(client: Client, name: str, *args: str) -> str:
    return client.get(reverse(name, args=[E, *args])).content.decode()


@pytest.mark.parametrize(
    ("scanned", "said"),
    [
        ("https://contoh.id/x", "bukan label Posko"),
        ("ABC", "alias"),
        ("0000-0000-0000-0001-0", "salah"),
        (labels.encoded(37 * 999_999), "tidak dikenal"),
    ],
)
def test_what_is_no_code_of_ours_is_refused_in_words(table: Client, scanned: str, said: str) -> None:
    post(table, code=box_of("PPWP").code)
    page = post(table, code=scanned)
    assert 'class="error"' in page
    assert said in page.lower() or said in page
    assert box_of("PPWP").packed == 0


def filled(table: Client, contest: str = "PPWP") -> Any:
    post(table, code=box_of(contest).code)
    post(table, code=bundle(contest, dapil(contest)))
    return box_of(contest)


def test_a_box_is_sealed_by_two_people_on_one_screen_and_never_by_one(table: Client) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    box = filled(table)
    url = reverse("desk:packing_seal", args=[E, box.code])
    page = post(table, url, act="scan", code="bt 000101")
    assert "BT000101" in page
    page = post(table, url, act="seal", variance="barang lain menyusul")
    assert box_of("PPWP").sealed_at is None
    assert "orang kedua" in page.lower()
    post(table, reverse("desk:packing_partner", args=[E]), username="oki", password="posko-demo")
    page = post(table, url, act="seal")
    sealed = box_of("PPWP")
    assert sealed.sealed_at is not None, page
    assert sealed.seals == ("BT000101",)
    found = seals.sealing_of(E, box.code, AT)
    assert found is not None
    assert {found.first, found.second} == {"p-lutfi", "p-oki"}
    page = post(table, code=box.code)
    assert "sudah tersegel" in page


def test_a_seal_on_a_second_box_is_recorded_and_told_to_bawaslu(table: Client, client_for: Callable[[str], Client]) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    post(table, reverse("desk:packing_partner", args=[E]), username="oki", password="posko-demo")
    for contest in ("PPWP", "DPR"):
        box = filled(table, contest)
        url = reverse("desk:packing_seal", args=[E, box.code])
        post(table, url, act="scan", code="BT000101")
        page = post(table, url, act="seal")
    assert "Baca ulang" in page
    assert "Presiden TPS 001" in page, "it says which box has it, by its TPS"
    assert box_of("DPR").sealed_at is None, "a number that is wrong as it stands is asked for once more"
    post(table, url, act="seal", sure="on")
    assert "seal_conflict" in box_of("DPR").flags
    assert "sudah pernah dipasang" in client_page(client_for("juwita"), "desk:inbox")
    assert "sudah pernah dipasang" in client_page(table, "desk:seals")


def test_the_author_takes_back_the_last_scan_from_the_table(table: Client) -> None:
    filled(table)
    page = post(table, act="undo")
    assert "Dibatalkan" in page
    assert box_of("PPWP").packed == 0


def test_taking_out_later_needs_a_reason_and_a_second_person(table: Client) -> None:
    box = filled(table)
    thing = packing.contents(E, box.code, AT)[0].thing
    url = reverse("desk:packing_unpack", args=[E, box.code])
    post(table, url, thing=thing, reason="", second="oki", second_password="posko-demo")
    assert box_of("PPWP").packed == box.packed
    post(table, url, thing=thing, reason="bundel dihitung ulang", second="oki", second_password="posko-demo")
    assert box_of("PPWP").packed == 0


def test_the_check_of_seals_does_not_tell_the_numbers_it_expects(table: Client, client_for: Callable[[str], Client]) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    post(table, reverse("desk:packing_partner", args=[E]), username="oki", password="posko-demo")
    box = filled(table)
    url = reverse("desk:packing_seal", args=[E, box.code])
    post(table, url, act="scan", code="BT000101")
    post(table, url, act="seal")
    check = reverse("desk:seals_check", args=[E])
    assert "BT000101" not in table.get(f"{check}?kotak={box.code}").content.decode()
    page = post(table, check, box=box.code, code="BT000111", act="scan", occasion="serah terima")
    assert "<option selected>serah terima</option>" in page, "the occasion stays as it was chosen"
    page = post(table, check, box=box.code, seen="BT000110", act="done", occasion="serah terima")
    assert "SEGEL TIDAK COCOK" in page
    assert "1 segel yang tercatat tidak terbaca" in page
    assert "seal_mismatch" in box_of("PPWP").flags
    oki = client_for("oki")
    task = client_page(oki, "desk:inbox")
    here = reverse("desk:seals_check_box", args=[E, box.code])
    assert here in task
    assert "TPS 001" in task, "the warning names the TPS, not its code"
    assert "BT000101" not in oki.get(here).content.decode()


def test_a_box_that_was_opened_leads_to_its_reseal_from_everywhere(table: Client) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    post(table, reverse("desk:packing_partner", args=[E]), username="oki", password="posko-demo")
    box = filled(table)
    url, reseal = (reverse(f"desk:{name}", args=[E, box.code]) for name in ("packing_seal", "seals_reseal"))
    post(table, url, act="scan", code="BT000101")
    post(table, url, act="seal")
    page = table.get(reseal).content.decode()
    assert "BT000101" not in page, "whoever opens reads the number from the seal"
    told = {"act": "open", "reason": "dibuka_perbaikan_isi", "text": "isi dihitung ulang"}
    post(table, reseal, seen="BT000101", **told)
    assert not box_of("PPWP").opened, "the partner of the shift does not cut seals: the password is asked each time"
    told |= {"second": "oki", "second_password": "posko-demo"}
    page = post(table, reseal, **told)
    assert "baca nomor" in page
    page = post(table, reseal, seen="BT000101", **told)
    assert "Segelnya dibuka dan belum dipasang lagi" in page
    assert (box_of("PPWP").opened, box_of("PPWP").flags) == (True, ())
    assert reseal in page
    assert table.get(url).headers["Location"] == reseal
    post(table, code=box.code)
    assert reseal in table.get(STATION).content.decode()


def test_a_number_put_right_says_so_and_not_that_the_box_was_opened(table: Client) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    post(table, reverse("desk:packing_partner", args=[E]), username="oki", password="posko-demo")
    box = filled(table)
    post(table, reverse("desk:packing_seal", args=[E, box.code]), act="scan", code="BT000110")
    post(table, reverse("desk:packing_seal", args=[E, box.code]), act="seal")
    file = SimpleUploadedFile("segel.png", picture(), content_type="image/png")
    told = {"act": "reseal", "reason": "salah_catat", "text": "angka tertukar", "serials": "BT000101", "second": "oki"}
    told["second_password"] = "posko-demo"
    page = post(table, reverse("desk:seals_reseal", args=[E, box.code]), file=file, **told)
    assert "Segelnya tidak dipotong" in page
    assert "nomor segel dibetulkan, segel tidak dipotong" in page
    assert "disegel ulang" not in page
    assert box_of("PPWP").seals == ("BT000101",)


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(data, "PNG")
    return data.getvalue()


def test_a_box_that_is_used_no_more_is_not_opened_at_the_table(table: Client) -> None:
    old = box_of("DPR")
    url = reverse("desk:packing_give_up", args=[E, old.code])
    page = post(table, url, reason="label sobek dan kotak penyok", second="oki", second_password="posko-demo")
    assert "tidak dipakai lagi" in page
    assert "Pasang segel" not in page
    page = post(table, code=old.code)
    assert "kotak penggantinya" in page
    assert "Pindai label kotak" in page, "the table waits for another box"
    post(table, reverse("desk:packing_prepare", args=[E]), tps=TPS)
    assert box_of("DPR").code != old.code


def test_the_undo_says_what_it_would_take_back(table: Client, client_for: Callable[[str], Client]) -> None:
    filled(table)
    assert f"Batalkan pindaian saya yang terakhir: {box_of('PPWP').packed} lembar" in table.get(STATION).content.decode()
    oki = client_for("oki")
    post(oki, act="place", code=labels.qr_text("place", "19.06:G01"))
    post(oki, code=box_of("PPWP").code)
    assert "Batalkan pindaian" not in oki.get(STATION).content.decode(), "Oki scanned nothing"


@pytest.mark.parametrize("kind", ["daftar-isi", "kartu-kendali", "berita-acara"])
def test_papers_are_the_same_bytes_for_the_same_boxes_in_a4_and_f4(table: Client, kind: str) -> None:
    url = reverse("desk:packing_pdf", args=[E, kind, TPS])
    first, again, f4 = (table.get(url + more).content for more in ("", "", "?kertas=f4"))
    assert first.startswith(b"%PDF")
    assert first == again
    assert f4 != first


def test_budi_looks_and_does_not_pack(table: Client, client_for: Callable[[str], Client]) -> None:
    budi = client_for("budi")
    assert budi.get(reverse("desk:packing", args=[E])).status_code == 200
    assert budi.get(STATION).status_code == 403


def test_a_print_is_counted_on_the_paper_and_a_reprint_says_why(table: Client) -> None:
    url = reverse("desk:packing_print", args=[E, TPS])
    assert "belum pernah dicetak" in table.get(url).content.decode()
    first = table.post(url, {"kind": "daftar-isi", "kertas": "a4"})
    assert first.headers["Content-Type"] == "application/pdf"
    assert packing.paper_copies(E, "daftar-isi", TPS) == 1
    refused = post(table, url, kind="daftar-isi", kertas="a4")
    assert "alasannya" in refused
    assert packing.paper_copies(E, "daftar-isi", TPS) == 1
    again = table.post(url, {"kind": "daftar-isi", "kertas": "a4", "reason": "lembar pertama basah"})
    assert again.headers["Content-Type"] == "application/pdf"
    assert again.content != first.content
    assert packing.paper_copies(E, "daftar-isi", TPS) == 2


def test_the_berita_acara_tells_of_stops_and_seals_that_were_wrong(table: Client) -> None:
    from posko.desk import packing as desk
    from posko.formats import packing as printed

    post(table, code=box_of("DPRD_KAB").code)
    post(table, code=bundle("DPRD_KAB", "BELTIM-2" if dapil("DPRD_KAB") != "BELTIM-2" else "BELTIM-1", 25))
    post(table, act="cleared")
    events = packing.unusual(E, AT, [TPS])
    values = printed.minutes("TPS", packing.boxes(E, AT), events, seals.register(E, AT), AT, "0", 0, desk.Places(E).short)
    assert [row["text"] for row in values["events"]] != []
    assert "dihentikan" in values["events"][0]["text"]


def test_bundles_scanned_after_an_envelope_go_into_it_and_a_wrong_envelope_is_stopped(table: Client) -> None:
    mine, other = packing.make_envelopes(E, "DPR", dapil("DPR"), 2, "surat suara", LUTFI, AT)
    foreign = packing.make_envelopes(E, "PPWP", dapil("PPWP"), 1, "surat suara", LUTFI, AT)[0]
    post(table, code=box_of("DPR").code)
    assert "BERHENTI" in post(table, code=foreign)
    post(table, act="cleared")
    post(table, code=mine)
    post(table, code=bundle("DPR", dapil("DPR"), 100))
    inside = {c.kind: c for c in packing.contents(E, box_of("DPR").code, AT)}
    assert inside["bundle"].envelope == mine
    assert other not in {c.thing for c in packing.contents(E, box_of("DPR").code, AT)}


def test_damaged_sheets_leave_their_bundle_from_the_table(table: Client) -> None:
    code = bundle("PPWP", dapil("PPWP"), 100)
    page = post(table, reverse("desk:packing_set_aside", args=[E]), thing=code, quantity="3", kind="robek")
    assert "tinggal 97" in page
    page = post(table, reverse("desk:packing_set_aside", args=[E]), thing=code, quantity="-3", kind="robek")
    assert "bukan bilangan bulat" in page


def test_a_seal_read_at_the_complete_box_goes_along_to_the_sealing(table: Client) -> None:
    seals.issue_range(E, "BT000101", "BT000199", "19.06:G01", ANI, AT)
    filled(table)
    page = post(table, code="BT 000105")
    assert "BT000105" in page
    assert "dikenal, belum dipakai" in page


def test_a_bundle_where_a_box_is_asked_for_is_named(table: Client) -> None:
    page = post(table, code=bundle("DPR", dapil("DPR")))
    assert "Itu bundel DPR RI" in page
    assert "Pindai kotaknya dahulu" in page


def test_one_person_cannot_undo_what_two_let_in(table: Client) -> None:
    post(table, code=box_of("DPRD_KAB").code)
    post(table, code=bundle("DPRD_KAB", "BELTIM-2" if dapil("DPRD_KAB") != "BELTIM-2" else "BELTIM-1", 25))
    url = reverse("desk:packing_override", args=[E])
    post(table, url, reason="label bundel tertukar, isi diperiksa", second="oki", second_password="posko-demo")
    page = post(table, act="undo")
    assert "dua orang" in page
    assert box_of("DPRD_KAB").foreign == 25
    assert "wrong_dapil" in box_of("DPRD_KAB").flags
