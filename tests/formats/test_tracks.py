"""Ways for other programs: valid GPX 1.1 and GeoJSON with the places and times of the plan."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from posko.domain import distribution as rules
from posko.formats import tracks

AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
MIDNIGHT = datetime(2024, 2, 13, 17, 0, tzinfo=UTC)
NS = "{http://www.topografix.com/GPX/1/1}"
# The order of the schema's wptType, as far as these files use it.
ORDER = ["time", "name", "desc", "type"]


def _load(code: str, place: str, boxes: int = 5) -> rules.Load:
    return rules.Load(code, place, place, rules.LoadKind.VILLAGE, (f"{place}.001",), boxes, 4, 1000, 1000, 10, -1140, -540)


@pytest.fixture
def journey() -> tracks.Journey:
    nodes = (
        rules.Node("G", "Gudang & kantor", -2.88, 108.27, "gudang"),
        rules.Node("19.06.01.2001", "Lalang", -2.9, 108.25, "desa"),
        rules.Node("19.06.01.2002", "Baru", -2.95, 108.2, "desa"),
    )
    truck = rules.Vehicle("T01", "Truk", rules.Kind.TRUCK, 10_000, 10_000, "G", 360, 1020, (1,))
    stops = (
        rules.Stop("19.06.01.2001", ("a",), -1020, -1010),
        rules.Stop("19.06.01.2002", ("b",), -1000, -990),
    )
    trip = rules.Trip("T01-1", "T01", "G", -1035, stops, -970, 34_500)
    loads = {one.code: one for one in (_load("a", "19.06.01.2001"), _load("b", "19.06.01.2002", 10))}
    network = rules.Network(nodes, (), 1350, 30)
    return tracks.Journey(
        [trip], loads, {"T01": truck}, network, lambda m: MIDNIGHT + timedelta(minutes=m), {"T01-1": "SJ/01/T01-1"}, 1, ("PERKIRAAN",)
    )


def test_gpx_has_a_waypoint_per_place_and_a_route_per_trip_with_times_in_utc(journey: tracks.Journey) -> None:
    made = tracks.gpx(journey, "T01", AT)
    root = ElementTree.fromstring(made)
    assert (root.tag, root.get("version"), root.get("creator")) == (f"{NS}gpx", "1.1", "Posko")
    assert [child.tag.removeprefix(NS) for child in root] == ["metadata", "wpt", "wpt", "wpt", "rte"]
    names = [point.findtext(f"{NS}name") for point in root.findall(f"{NS}wpt")]
    assert names == ["Gudang & kantor", "Lalang", "Baru"]
    points = root.findall(f"{NS}rte/{NS}rtept")
    assert [(p.get("lat"), p.get("lon")) for p in points][1] == ("-2.900000", "108.250000")
    times = [p.findtext(f"{NS}time") for p in points]
    assert times == ["2024-02-12T23:45:00Z", "2024-02-13T00:00:00Z", "2024-02-13T00:20:00Z", "2024-02-13T00:50:00Z"]
    assert "H-1 07.20 WIB; 1 TPS, 10 kotak; batas H-1 15.00 WIB" in str(points[2].findtext(f"{NS}desc"))
    for point in [*root.findall(f"{NS}wpt"), *points]:
        tags = [child.tag.removeprefix(NS) for child in point]
        assert tags == [tag for tag in ORDER if tag in tags]


def test_the_same_plan_gives_the_same_bytes(journey: tracks.Journey) -> None:
    assert tracks.gpx(journey, "T01", AT) == tracks.gpx(journey, "T01", AT)
    assert tracks.geojson(journey, "T01") == tracks.geojson(journey, "T01")


def test_geojson_has_a_line_per_trip_and_a_point_per_halt_longitude_first(journey: tracks.Journey) -> None:
    whole = json.loads(tracks.geojson(journey, "T01"))
    assert whole["type"] == "FeatureCollection"
    kinds = [feature["geometry"]["type"] for feature in whole["features"]]
    assert kinds == ["LineString", "Point", "Point"]
    line, first, _ = whole["features"]
    assert line["geometry"]["coordinates"][0] == line["geometry"]["coordinates"][-1] == [108.27, -2.88]
    assert line["properties"]["surat_jalan"] == "SJ/01/T01-1"
    assert first["geometry"]["coordinates"] == [108.25, -2.9]
    assert (first["properties"]["kotak"], first["properties"]["batas"]) == (5, "2024-02-13T08:00:00Z")


def test_a_place_without_a_position_is_left_out_and_the_file_stays_whole(journey: tracks.Journey) -> None:
    network = rules.Network(journey.network.nodes[:2], (), 1350, 30)
    lost = tracks.Journey(journey.trips, journey.loads, journey.vehicles, network, journey.instant, {}, 1)
    assert len(ElementTree.fromstring(tracks.gpx(lost, "T01", AT)).findall(f"{NS}rte/{NS}rtept")) == 3
    assert len(json.loads(tracks.geojson(lost, "T01"))["features"]) == 2
