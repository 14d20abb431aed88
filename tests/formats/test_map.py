"""The map: drawn from values, readable by machines and people, honest about what it does not know."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import shapely

from posko.formats import land
from posko.formats import map as maps

coast = pytest.mark.skipif(not land.LAND.is_file(), reason="TIDAK DIUJI: world-atlas is not installed (./posko)")

DESA = [
    maps.Desa("19.06.01.2003", "Padang", -2.872, 108.249, state="good", word="siap", href="/d/1", weight=20, group="Manggar"),
    maps.Desa("19.06.03.2005", "Nyuruk", -2.913, 107.834, state="bad", word="tidak siap", href="/d/2", weight=10, group="Dendang"),
    maps.Desa("19.06.07.2004", "Dukong", -3.211, 107.979, state="unknown", word="belum diketahui", weight=3, group="Simpang Pesak"),
]
NEAR = maps.Island("19.06:P01", "P. Buku Limau", -2.812, 108.403, state="warn", word="terancam", detail="3 TPS")
FAR = maps.Island("19.06:P04", "P. Batun", -3.801, 108.067, state="bad", detail="1 TPS · 108 km")
PICTURE = maps.Map("Tiga desa <uji>", "19.06", desa=DESA, islands=[NEAR, FAR], description="Keterangan")


def _tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


@coast
def test_the_map_is_well_formed_and_speaks_to_screen_readers() -> None:
    tree = _tree(maps.svg(PICTURE))
    ns = "{http://www.w3.org/2000/svg}"
    assert tree.findtext(f"{ns}title") == "Tiga desa <uji>"
    assert tree.findtext(f"{ns}desc") == "Keterangan"
    assert [a.get("aria-label") for a in tree.iter(f"{ns}a")][:2] == ["Padang: siap", "Nyuruk: tidak siap"]


@coast
def test_no_style_attribute_and_no_script_can_offend_the_content_policy() -> None:
    text = maps.svg(replace(PICTURE, markers=[maps.Marker('AGHT "1" <b>', -2.9, 108.0, href="/a?x=1&y=2")]))
    assert not re.search(r"\sstyle=|<style|<script|javascript:|<b>", text)


@coast
def test_every_state_has_a_shape_of_its_own() -> None:
    drawn = {re.sub(r"[\d.\-#a-f]+", "", maps.mark(state, 0, 0, 5).replace(state, "")) for state in ("good", "warn", "bad", "unknown")}
    assert len(drawn) == 4
    assert "peta-arsir" in maps.svg(PICTURE)


@coast
def test_a_far_island_is_drawn_in_a_box_of_its_own_and_a_near_one_is_not() -> None:
    text = maps.svg(PICTURE)
    box = text[text.index("peta-sisipan") :]
    assert "P. Batun" in box
    assert "P. Buku Limau" not in box


@coast
def test_imported_boundaries_replace_the_schematic_cells() -> None:
    square = {"type": "Polygon", "coordinates": [[[108.2, -2.9], [108.3, -2.9], [108.3, -2.8], [108.2, -2.8], [108.2, -2.9]]]}
    with_boundary = maps.svg(replace(PICTURE, boundaries={"19.06.01.2003": square}))
    cell = re.search(r'<path class="peta-desa peta-good" d="([^"]*)"', with_boundary)
    assert cell is not None
    assert cell[1].count("L") == 3


@coast
def test_cells_share_the_land_without_overlap_and_lie_on_land() -> None:
    bounds = (107.7, -3.4, 108.6, -2.5)
    cells = maps._voronoi(tuple((d.lat, d.lon) for d in DESA), maps._guards("19.06"), bounds)
    ground = land.near(*bounds)
    assert shapely.union_all(cells).area == pytest.approx(sum(cell.area for cell in cells))
    assert all(cell.difference(ground).area < 1e-9 for cell in cells)
    assert all(cell.contains(shapely.Point(d.lon, d.lat)) for cell, d in zip(cells, DESA, strict=True))


@coast
def test_shades_make_a_choropleth() -> None:
    text = maps.svg(replace(PICTURE, desa=[replace(d, shade=n) for n, d in enumerate(DESA)]))
    assert [f"peta-tingkat-{n}" in text for n in range(4)] == [True, True, True, False]


@coast
def test_a_map_of_nothing_is_still_a_picture() -> None:
    assert _tree(maps.svg(maps.Map("Kosong", "99.99"))).tag.endswith("svg")


@coast
def test_the_same_values_draw_the_same_text() -> None:
    assert maps.svg(PICTURE) == maps.svg(PICTURE)


def test_without_the_coast_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(land.LandMissing, match=r"\./posko"):
        land.read(tmp_path / "land.json", 0, 0, 1, 1)


def test_arcs_are_delta_coded_shared_and_read_backwards(tmp_path: Path) -> None:
    path = tmp_path / "land.json"
    path.write_text(
        '{"type":"Topology","transform":{"scale":[0.5,0.5],"translate":[100,-10]},'
        '"arcs":[[[0,0],[2,0],[0,2]],[[0,0],[0,2],[2,0]]],'
        '"objects":{"land":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","arcs":[[[0,-2]]]}]}}}',
        encoding="utf-8",
    )
    shape = land.read(path, 99, -11, 102, -8)
    assert shape.bounds == (100.0, -10.0, 101.0, -9.0)
    assert shape.area == pytest.approx(1.0)
    assert land.read(path, 110, -11, 112, -8).is_empty


@coast
def test_a_figure_stands_in_place_of_the_mark_and_its_title_speaks() -> None:
    counted = [replace(d, figure="12", shade=3) if d.name == "Padang" else d for d in DESA]
    drawn = maps.svg(replace(PICTURE, desa=counted))
    assert drawn.count('class="peta-angka"') == 1
    assert ">12</text><title>Padang, 20 TPS: siap</title>" in drawn
    assert maps.svg(PICTURE).count("peta-desa-tanda") == drawn.count("peta-desa-tanda") + 1


@coast
def test_the_moving_map_gets_the_fill_the_number_and_the_sentence_of_the_picture() -> None:
    desa = [replace(DESA[0], shade=3, figure="7"), DESA[1], DESA[2]]
    picture = replace(PICTURE, desa=desa, markers=[maps.Marker("AGHT 1", -2.9, 108.0, title="</script>", href="/a")])
    given = maps.values(picture)
    drawn = maps.svg(picture)
    assert [d["fill"] for d in given["desa"]] == [maps.SHADES[3], maps.PALE["bad"], ""]
    assert all(f'fill="{d["fill"] or maps.PALE["unknown"]}"' in drawn for d in given["desa"])
    assert [(d["figure"], d["word"]) for d in given["desa"]] == [(d.figure, d.word) for d in desa]
    assert [i["name"] for i in given["islands"]] == ["P. Buku Limau", "P. Batun"]
    assert given["markers"] == [{"label": "AGHT 1", "at": [108.0, -2.9], "title": "</script>", "href": "/a"}]


@coast
def test_the_moving_map_reaches_every_island_and_its_outlines_stay_whole() -> None:
    given = maps.values(PICTURE)
    west, south, east, north = given["limits"]
    for place in (*given["islands"], *given["desa"]):
        assert west < place["at"][0] < east
        assert south < place["at"][1] < north
    assert given["bounds"][1] > FAR.lat, "the far island does not shrink everything else"
    shapes = [shapely.geometry.shape(d["area"]) for d in given["desa"]]
    assert all(shape.is_valid and shape.area > 0.001 for shape in shapes)
    assert shapes[0].intersection(shapes[1]).area < 1e-4


@coast
def test_an_empty_map_has_values_too() -> None:
    given = maps.values(maps.Map("Kosong", "19.06"))
    assert given["desa"] == given["groups"] == []


@coast
@pytest.mark.parametrize("island", [NEAR, FAR])
def test_an_island_that_is_a_desa_carries_its_number_on_its_colour_in_both_maps(island: maps.Island) -> None:
    numbered = replace(island, figure="301", shade=4, word="perkiraan 301 pemilih")
    picture = replace(PICTURE, islands=[numbered])
    drawn = maps.svg(picture)
    assert f'fill="{maps.SHADES[4]}"' in drawn
    assert ">301</text>" in drawn
    assert "perkiraan 301 pemilih</title>" in drawn
    (value,) = maps.values(picture)["islands"]
    assert (value["figure"], value["fill"]) == ("301", maps.SHADES[4])
    plain = maps.svg(replace(PICTURE, islands=[island]))
    assert "peta-pulau-desa" not in plain
    assert maps.values(replace(PICTURE, islands=[island]))["islands"][0]["fill"] == ""
