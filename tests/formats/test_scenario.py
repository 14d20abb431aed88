import csv
import shutil
from pathlib import Path

import pytest

from posko.domain import places
from posko.formats import scenario

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "beltim-2024"


@pytest.fixture(scope="module")
def beltim() -> scenario.Scenario:
    return scenario.read(FOLDER)


def test_belitung_timur_has_363_tps_of_which_four_special_in_39_desa_and_7_kecamatan(beltim: scenario.Scenario) -> None:
    tps = beltim.elections["pemilu-2024"].tps_list
    assert (len(tps), sum(t.kind == "khusus" for t in tps), len(beltim.desa), len(beltim.kecamatan)) == (363, 4, 39, 7)
    assert {t.desa_name for t in tps if t.kind == "khusus"} == {"Jangkang", "Senyubuk", "Simpang Tiga", "Tanjung Kelumpang"}


def test_estimated_voters_sum_to_the_official_total(beltim: scenario.Scenario) -> None:
    assert sum(beltim.elections["pemilu-2024"].voters.values()) == 95791
    assert sum(beltim.elections["pilkada-2024"].voters.values()) == 96355


def test_six_tps_lie_on_four_islands_and_only_those_of_buku_limau_are_certain(beltim: scenario.Scenario) -> None:
    on_islands = [t for t in beltim.tps_list if t.island]
    assert len(on_islands) == 6
    assert len({t.island for t in on_islands}) == 4
    assert {t.desa_name for t in on_islands if not t.provisional} == {"Buku Limau"}
    batun = next(s for s in beltim.sites if s.name == "Pulau Batun")
    assert [beltim.voters[t.code] for t in on_islands if t.island == batun.code] == [105]


def test_the_pilkada_has_192_tps_all_of_them_provisional(beltim: scenario.Scenario) -> None:
    tps = beltim.elections["pilkada-2024"].tps_list
    assert len(tps) == 192
    assert all(t.provisional for t in tps)
    assert len({t.code for t in tps}) == 192


def test_every_tps_has_a_dapil_for_every_contest_and_three_for_the_regency_assembly(beltim: scenario.Scenario) -> None:
    facts = beltim.elections["pemilu-2024"]
    assert len(facts.dapil) == 5 * 363
    assert {d for (contest, _), d in facts.dapil.items() if contest == "DPRD_KAB"} == {"BELTIM-1", "BELTIM-2", "BELTIM-3"}
    by_kecamatan = {t.kecamatan_name: facts.dapil["DPRD_KAB", t.code] for t in facts.tps_list}
    assert by_kecamatan["Manggar"] == by_kecamatan["Simpang Renggiang"] == "BELTIM-1"


def test_no_pin_is_invented(beltim: scenario.Scenario) -> None:
    for site in beltim.sites:
        assert site.kind == "pulau" or site.provisional
        assert site.kind != "kantor" or site.lat is None


@pytest.mark.shared
def test_the_codes_are_the_commissions_own(beltim: scenario.Scenario, shared: Path) -> None:
    with (shared / "data/beltim/tps_2024.csv").open(encoding="utf-8") as file:
        official = {places.dotted(row["kpu_tps_code"]) for row in csv.DictReader(file)}
    assert {t.code for t in beltim.tps_list} == official


def test_a_folder_without_a_scenario_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(scenario.Unreadable, match=r"wilayah\.toml tidak ada"):
        scenario.read(tmp_path)


def test_estimates_that_do_not_sum_to_the_total_are_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "x")
    desa = tmp_path / "x" / "desa.csv"
    desa.write_text(desa.read_text().replace(",2608", ",2607"))
    with pytest.raises(scenario.Unreadable, match="95790, bukan 95791"):
        scenario.read(tmp_path / "x")


def test_a_row_with_a_broken_number_is_named(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "x")
    desa = tmp_path / "x" / "desa.csv"
    desa.write_text(desa.read_text().replace("-2.87380", "dua"))
    with pytest.raises(scenario.Unreadable, match="baris 2"):
        scenario.read(tmp_path / "x")
