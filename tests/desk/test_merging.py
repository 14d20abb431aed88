"""Merging on the screen: side by side, why, and a decision that can be taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from posko.desk import merging as desk
from posko.desk import reports as reports_desk
from posko.domain import merging as rules
from posko.domain import reports as report_rules
from posko.domain.reports import Category, Channel, Source
from posko.store import merging, reports
from tests.conftest import RAKOR_AT

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = RAKOR_AT - timedelta(hours=2)
HOME = f"/{E}/gabungan/"
LEAK = "[SIMULASI] Atap gudang bocor di sisi timur, 12 kardus basah"
SAME = "[SIMULASI] atep gudang bocor min, 12 dus basah smua"
OTHER = "[SIMULASI] Atap gudang bocor di sisi timur, 40 kardus basah"


@pytest.fixture
def told(installation: Any) -> Callable[..., list[str]]:
    def file(*texts: str) -> list[str]:
        numbers = []
        for text in texts:
            filing = report_rules.filing(text, category=Category.LOG, channel=Channel.PUBLIC, source=Source.CITIZEN, place="", at=AT)
            reports.file_report(E, filing, reports.PUBLIC_ACTOR, AT)
            numbers.append(reports.listing(E, AT)[0].number)
        return numbers

    return file


def page(client: Client, *numbers: str) -> str:
    return client.get(f"{HOME}{'+'.join(numbers)}/").content.decode()


def test_citra_sees_both_reports_with_what_they_share_and_why(client_for: Any, told: Any) -> None:
    one, two = told(LEAK, SAME)
    listed = client_for("citra").get(HOME).content.decode()
    assert f"{HOME}{one}+{two}/" in listed
    shown = page(client_for("citra"), one, two)
    assert '<span class="same">gudang</span>' in shown
    assert "jumlahnya sama: 12 kardus" in shown
    assert "Gabungkan laporan" in shown
    assert 'class="clash">' not in shown.partition("sidebyside")[2]


def test_citra_merges_and_the_next_proposal_opens(client_for: Any, told: Any) -> None:
    one, two, three, four = told(LEAK, SAME, "[SIMULASI] Genset kantor camat hilang semalam", "[SIMULASI] genset kantor camat ilang smlm")
    client = client_for("citra")
    first = client.post(f"{HOME}{one}+{two}/putuskan/", {"laporan": [one, two], "act": "merge"})
    assert first["Location"] == f"{HOME}{three}+{four}/"
    assert merging.group_of(E, one, RAKOR_AT) == (one, two)
    last = client.post(f"{HOME}{three}+{four}/putuskan/", {"laporan": [three, four], "act": "apart"})
    assert last["Location"] == HOME
    assert merging.proposals(E, RAKOR_AT).groups == ()


def test_contradicting_digits_are_framed_and_refused_without_a_second_look(client_for: Any, told: Any) -> None:
    one, two = told(LEAK, OTHER)
    client = client_for("citra")
    shown = page(client, one, two)
    assert '<strong class="clash">12</strong>' in shown
    assert '<strong class="clash">40</strong>' in shown
    assert "jumlah berbeda: 12 dan 40 kardus" in shown
    address = f"{HOME}{one}+{two}/putuskan/"
    refused = client.post(address, {"laporan": [one, two], "act": "merge", "reason": "tulisan saya tetap"}, follow=True).content.decode()
    assert "belum digabungkan: ada 1 pertentangan" in refused
    assert 'value="tulisan saya tetap"' in refused
    assert merging.group_of(E, one, RAKOR_AT) == (one,)
    client.post(address, {"laporan": [one, two], "act": "merge", "looked": "1", "reason": "Pelapor kedua salah hitung"})
    assert merging.group_of(E, one, RAKOR_AT) == (one, two)
    assert "meskipun ada yang bertentangan" in client.get(HOME).content.decode()


def test_only_the_ticked_reports_are_merged(client_for: Any, told: Any) -> None:
    one, two, three = told(LEAK, SAME, SAME + " lg")
    client_for("citra").post(f"{HOME}{one}+{two}+{three}/putuskan/", {"laporan": [one, three], "act": "merge"})
    assert merging.group_of(E, one, RAKOR_AT) == (one, three)


def test_a_group_that_grew_since_the_page_was_opened_is_shown_again(client_for: Any, told: Any, installation: Any) -> None:
    one, two, three = told(LEAK, SAME, SAME + " lg")
    merging.confirm(E, [two, three], installation.actors["gita"], RAKOR_AT)
    answer = client_for("citra").post(f"{HOME}{one}+{two}/putuskan/", {"laporan": [one, two], "act": "merge"}, follow=True)
    assert "Orang lain baru saja memutuskan" in answer.content.decode()
    assert merging.group_of(E, one, RAKOR_AT) == (one,)


def test_a_member_leaves_the_group_with_a_reason(client_for: Any, told: Any, installation: Any) -> None:
    one, two = told(LEAK, SAME)
    merging.confirm(E, [one, two], installation.actors["citra"], RAKOR_AT)
    client = client_for("citra")
    assert "Keluarkan laporan" in page(client, one, two)
    address = f"{HOME}{one}+{two}/pisah/"
    assert "Tulis alasannya" in client.post(address, {"laporan": two}, follow=True).content.decode()
    done = client.post(address, {"laporan": two, "reason": "Ternyata gudang yang lain"}, follow=True).content.decode()
    assert "dikeluarkan dari gabungan" in done
    assert merging.group_of(E, one, RAKOR_AT) == (one,)


def test_another_report_is_added_by_its_number_and_nonsense_is_said(client_for: Any, told: Any) -> None:
    one, two = told(LEAK, "[SIMULASI] Dua anggota KPPS sakit dan belum ada pengganti")
    client = client_for("citra")
    assert client.get(f"{HOME}{one}/?tambah={two.lower()}")["Location"] == f"{HOME}{one}+{two}/"
    assert "Laporan itu tidak ada" in client.get(f"{HOME}{one}/?tambah=LAP-999", follow=True).content.decode()
    assert "di bawah nol: tidak diusulkan" in page(client, one, two)


def test_a_part_of_a_group_leads_to_the_whole_group(client_for: Any, told: Any, installation: Any) -> None:
    one, two = told(LEAK, SAME)
    merging.confirm(E, [one, two], installation.actors["citra"], RAKOR_AT)
    assert client_for("citra").get(f"{HOME}{two}/")["Location"] == f"{HOME}{one}+{two}/"


def test_juwita_looks_on_and_decides_nothing(client_for: Any, told: Any) -> None:
    one, two = told(LEAK, SAME)
    client = client_for("juwita")
    shown = page(client, one, two)
    assert "Gabungkan laporan" not in shown
    assert client.post(f"{HOME}{one}+{two}/putuskan/", {"laporan": [one, two]}).status_code == 403
    assert client_for("ani").get(HOME).status_code == 403


def test_the_words_of_a_reporter_are_escaped(client_for: Any, told: Any) -> None:
    one, two = told("[SIMULASI] <script>atap</script> gudang bocor basah", "[SIMULASI] atap gudang bocor & basah")
    shown = page(client_for("citra"), one, two)
    assert "<script>atap" not in shown
    assert "&lt;script&gt;" in shown


def test_a_proposal_is_a_task_of_the_analyst(client_for: Any, told: Any) -> None:
    one, two = told(LEAK, SAME)
    assert f"Periksa apakah {one}, {two} hal yang sama" in client_for("citra").get(f"/{E}/tugas/").content.decode()


def test_the_report_page_learns_of_its_group_and_its_proposals(told: Any, installation: Any) -> None:
    one, two, three = told(LEAK, SAME, "[SIMULASI] Dua anggota KPPS sakit dan belum ada pengganti")
    every = {one, two, three}
    proposed = {"key": one, "others": [], "outside": 0, "proposals": [{"key": f"{one}+{two}", "others": [two]}]}
    assert reports_desk.merged(E, one, RAKOR_AT, every) == proposed
    assert reports_desk.merged(E, one, RAKOR_AT, {one, three})["proposals"] == []
    merging.confirm(E, [one, two], installation.actors["citra"], RAKOR_AT)
    assert reports_desk.merged(E, two, RAKOR_AT, every) == {"key": f"{one}+{two}", "others": [one], "outside": 0, "proposals": []}
    assert reports_desk.merged(E, two, RAKOR_AT, {two}) == {"key": two, "others": [], "outside": 1, "proposals": []}
    assert reports_desk.merged(E, three, RAKOR_AT, every) == {"key": three, "others": [], "outside": 0, "proposals": []}


def test_every_line_and_every_refusal_has_its_words() -> None:
    facts = {"likeness": 5, "name": "x", "tps": "1", "code": "x", "category": "LOG", "minutes": 90, "amount": "1", "one": "a", "other": "b"}
    assert all(desk.line_words(rules.Line(code, 1, facts)) for code in desk.LINES)
    assert desk.line_words(rules.Line("time", 1, {"minutes": 90})) == "waktu kejadiannya berselisih 1 jam 30 menit"
    refusals = {one.code for one in rules.record.Refusal.__subclasses__() if one.code.startswith("merging.")}
    assert refusals <= set(desk.SENTENCES)
    assert len(refusals) == 9
