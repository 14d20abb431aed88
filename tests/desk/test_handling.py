"""The form of the plan's rules, and the page of kits in two parts: explained, wrong fields named, taken back by another entry."""

import re
from collections.abc import Callable

from django.test import Client

from posko.domain import distribution as rules
from posko.server import jobs
from posko.store import distribution, record
from tests.desk.test_distribution import planned, with_fleet
from tests.store.test_distribution import ELECTION

__all__ = ["planned", "with_fleet"]
RULES, KITS = f"/{ELECTION}/distribusi/aturan/", f"/{ELECTION}/distribusi/perlengkapan-dibagi/"
ClientFor = Callable[[str], Client]


def _fields(page: str) -> dict[str, str]:
    form = page[page.index('<form method="post"') : page.index('id="riwayat"')]
    return dict(re.findall(r'<input id="(\w+)" name="\w+" value="([^"]*)"', form))


def _rules() -> rules.Rules:
    return distribution.handlings(ELECTION, record.clock(jobs._now()))[0].rules


def test_rules_are_changed_on_a_form_and_taken_back(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, before = client_for("ani"), _rules()
    page = ani.get(RULES).content.decode()
    assert not re.search(r"\sstyle=", page)
    typed = {**_fields(page), "robust": "ya", "ppk_first": "ya", "island_days": "4, 3, 2", "reason": "PPK minta lebih dulu"}
    typed |= {"narrow": ["", "19.06.03.2001"], "kinds-1": ["motor", "pikap"]}
    assert "Aturan disimpan" in ani.post(RULES, typed, follow=True).content.decode()
    now = _rules()
    assert (now.ppk_first, now.robust, now.island_days) == (True, True, (4, 3, 2))
    assert now.narrow == (("19.06.03.2001", ("pikap", "motor")),)
    assert now.loading_min == before.loading_min
    told = ani.get(RULES).content.decode()
    assert "PPK dahulu: tidak menjadi ya" in told
    assert "PPK minta lebih dulu" in told
    assert "memakai masukan lama" in ani.get(f"/{ELECTION}/distribusi/gangguan/").content.decode()
    entry = distribution.handlings(ELECTION, record.clock(jobs._now()))[1].entry_id
    assert "Tulis alasan" in ani.post(RULES + "kembali/", {"entry": entry, "reason": ""}, follow=True).content.decode()
    ani.post(RULES + "kembali/", {"entry": entry, "reason": "ternyata tidak perlu"})
    assert _rules() == before
    assert client_for("budi").get(RULES).status_code == 403


def test_every_wrong_field_is_named_and_nothing_is_changed(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, before = client_for("ani"), _rules()
    good = {**_fields(ani.get(RULES).content.decode()), "reason": "coba"}
    for wrong, said in (
        ({"island_days": "besok"}, "Tulis hari seperti 3, 2, 1"),
        ({"island_day": "5"}, "salah satu hari berlayar"),
        ({"island_day": "1"}, "Pulau didahulukan"),
        ({"dusk_min": "25.00"}, "Tulis jam seperti 05.30"),
        ({"dusk_min": "04.00"}, "Harus sesudah terang mulai"),
        ({"mainland_latest_min": "04.00"}, "Harus sesudah jam paling pagi"),
        ({"tps_per_load": "0"}, "bilangan bulat 1 sampai 200"),
        ({"narrow": ["99.99"], "kinds-0": ["motor"]}, "Pilih tempat dari daftar"),
        ({"narrow": ["19.06.03"]}, "paling sedikit satu jenis kendaraan"),
    ):
        assert said in ani.post(RULES, {**good, **wrong}).content.decode()
    assert "sudah berlaku" in ani.post(RULES, {**good, "robust": "ya"}).content.decode()
    assert _rules() == before


def test_a_kit_is_split_by_a_named_act_with_a_reason_and_joined_again(planned: distribution.StoredPlan, client_for: ClientFor) -> None:
    ani, tps = client_for("ani"), "19.06.03.2001.001"
    assert "Tidak ada yang dibagi" in ani.get(KITS).content.decode()
    assert "TPS ini tidak dikenal" in ani.get(KITS, {"tps": "x"}).content.decode()
    page = ani.get(KITS, {"tps": tps}).content.decode()
    said = dict(re.findall(r'name="(item-\w+)"[^>]*value="(\d+)"', page))
    assert (said["item-KOTAK"], said["item-BILIK"]) == ("2", "4")
    assert "Tidak dapat dibagi" in ani.post(KITS, {"tps": tps, **said, "reason": ""}, follow=True).content.decode()
    assert "Tidak dapat dibagi" in ani.post(KITS, {"tps": tps, "item-KOTAK": "9", "reason": "x"}, follow=True).content.decode()
    after = ani.post(KITS, {"tps": tps, **said, "reason": "perahu kecil"}, follow=True).content.decode()
    assert "boleh dibagi dua" in after
    assert "perahu kecil" in after
    assert f"{tps}:a" in {load.code for load in distribution.inputs(ELECTION, record.clock(jobs._now())).loads}
    assert "dibawa utuh lagi" in ani.post(KITS + "utuh/", {"tps": tps}, follow=True).content.decode()
    assert client_for("budi").post(KITS, {"tps": tps}).status_code == 403
