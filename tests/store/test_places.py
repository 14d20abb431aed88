from datetime import UTC, datetime
from typing import Any

import pytest

from posko.domain import places
from posko.store import places as store
from posko.store import record
from tests import beltim, erasing

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)


@pytest.fixture
def loaded(installation: Any) -> Any:
    beltim.through("places")
    return installation


def test_what_is_read_back_is_what_the_scenario_says(loaded: Any) -> None:
    tps = store.tps_list("pemilu-2024")
    assert (len(tps), len(store.tps_list("pilkada-2024"))) == (363, 192)
    assert (len(store.desa_list("19.06")), len(store.desa_list("19.06.02")), len(store.kecamatan_list("19.06"))) == (39, 7, 7)
    assert {leg.hours_high for leg in store.sea_legs("19.06")} == {1.5, 2.0, 3.0, 6.0}
    assert store.dapil_map("pemilu-2024")["DPRD_KAB", "19.06.04.2001.001"] == "BELTIM-3"
    assert store.settings("19.06").detour == 1.35


def test_a_pin_that_is_set_is_no_longer_provisional_and_stands_in_the_journal(loaded: Any) -> None:
    size, _ = record.root()
    store.set_pin("19.06:G01", -2.9, 108.25, "dibaca di lokasi", loaded.actors["ani"], AT)
    site = next(s for s in store.sites("19.06") if s.code == "19.06:G01")
    assert (site.lat, site.lon, site.provisional) == (-2.9, 108.25, False)
    assert record.root()[0] == size + 1


def test_how_somebody_knew_a_pin_can_be_erased_and_the_pin_stays(loaded: Any) -> None:
    store.set_pin("19.06:G01", -2.9, 108.25, " dibaca Budi di lokasi ", loaded.actors["ani"], AT)
    other = {s.code: s.note for s in store.sites("19.06") if s.code != "19.06:G01"}
    entry = record.Entry.objects.get(kind="site.pinned").entry_id
    opening = record.Opening.objects.get(entry_id=entry)
    assert b"Budi" not in bytes(opening.facts) + bytes(opening.envelope)
    assert {s.note for s in store.sites("19.06") if s.code == "19.06:G01"} == {"dibaca Budi di lokasi"}
    erasing.erase_private(entry, loaded.actors["ani"], "diminta", AT)
    site = next(s for s in store.sites("19.06") if s.code == "19.06:G01")
    assert (site.note, site.lat, site.provisional) == (record.ERASED, -2.9, False)
    assert {s.code: s.note for s in store.sites("19.06") if s.code != "19.06:G01"} == other, "notes of the scenario are not typed"


def test_a_refused_pin_changes_nothing(loaded: Any) -> None:
    before = record.root(), store.sites("19.06")
    with pytest.raises(places.BadPin):
        store.set_pin("19.06:G01", 108.25, -2.9, "tertukar", loaded.actors["ani"], AT)
    with pytest.raises(places.UnknownSite):
        store.set_pin("19.06:G99", -2.9, 108.25, "", loaded.actors["ani"], AT)
    assert (record.root(), store.sites("19.06")) == before


def test_a_crosswalk_that_contradicts_an_earlier_one_is_refused_whole(loaded: Any) -> None:
    ani = loaded.actors["ani"]
    assert store.import_crosswalk({"92.01.01.2001": "96.01.01.2001"}, ani, AT) == 1
    with pytest.raises(places.BadCrosswalk):
        store.import_crosswalk({"92.01.01.2001": "96.01.01.2002", "92.01.01.2003": "96.01.01.2003"}, ani, AT)
    assert store.crosswalk() == {"92.01.01.2001": "96.01.01.2001"}


def test_boundaries_of_unknown_desa_are_refused_whole(loaded: Any) -> None:
    shape = {"type": "Polygon", "coordinates": [[[108, -2], [108.1, -2], [108.1, -2.1], [108, -2]]]}
    with pytest.raises(places.BadBoundaries):
        store.import_boundaries({"19.06.01.2001": shape, "19.02.01.2001": shape}, "uji", "00", loaded.actors["ani"], AT)
    assert store.boundaries("19.06") == {}


def test_search_finds_a_desa_by_part_of_its_name_and_a_tps_by_its_code_without_dots(loaded: Any) -> None:
    person = loaded.people["ani"]
    assert "Desa Buku Limau" in [h.label for h in store.find(person, "pemilu-2024", "limau", AT)]
    hits = store.find(person, "pemilu-2024", "1906012001001", AT)
    assert [h.args for h in hits if h.kind == "tps"] == [("19.06.01.2001.001",)]
    assert store.find(person, "pemilu-2024", "tidak ada", AT) == []


def test_the_official_list_replaces_provisional_tps_and_gives_each_its_dapil(loaded: Any) -> None:
    codes = [t.code.replace(".", "") for t in store.tps_list("pemilu-2024") if t.number <= 5]
    new, gone = store.list_tps("pilkada-2024", codes, "uji", loaded.actors["ani"], AT)
    listed = store.tps_list("pilkada-2024")
    assert (new, gone, len(listed)) == (len(codes), 192, len(codes))
    assert not any(t.provisional for t in listed)
    assert len(store.dapil_map("pilkada-2024")) == 2 * len(codes)


@pytest.mark.parametrize(
    ("codes", "why"),
    [(["1902012001001"], "elsewhere"), (["1906012001001", "19.06.01.2001.001"], "twice"), (["1906012001"], "elsewhere"), ([], "empty")],
)
def test_a_wrong_tps_list_changes_nothing(loaded: Any, codes: list[str], why: str) -> None:
    before = store.tps_list("pilkada-2024"), record.root()
    with pytest.raises(places.BadTpsList) as refusal:
        store.list_tps("pilkada-2024", codes, "uji", loaded.actors["ani"], AT)
    assert refusal.value.facts["why"] == why
    assert (store.tps_list("pilkada-2024"), record.root()) == before


def test_a_new_tps_in_a_split_kecamatan_is_not_guessed_into_a_dapil(loaded: Any) -> None:
    tps = [t for t in store.tps_list("pemilu-2024") if t.kecamatan_code == "19.06.01"]
    old = {("DPRD_KAB", t.code): "A" if t.desa_code < "19.06.01.2004" else "B" for t in tps}
    known = places.dapil_for(tps[:1], old)
    assert known == {("DPRD_KAB", tps[0].code): "A"}
    stranger = places.listed(["19.06.01.2013.001"], store.desa_list("19.06"), {})
    only_others = {key: dapil for key, dapil in old.items() if not key[1].startswith("19.06.01.2013.")}
    with pytest.raises(places.BadTpsList):
        places.dapil_for(stranger, only_others)
