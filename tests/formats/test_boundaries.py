import json
from pathlib import Path
from typing import Any

import pytest

from posko.formats import boundaries

KNOWN = {"19.06.01.2001", "19.06.01.2002"}
SQUARE = {"type": "Polygon", "coordinates": [[[108.2, -2.9], [108.3, -2.9], [108.3, -2.8], [108.2, -2.8], [108.2, -2.9]]]}


def collection(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def feature(code: str, geometry: dict[str, Any] | None = None, key: str = "kode") -> dict[str, Any]:
    return {"type": "Feature", "properties": {key: code}, "geometry": geometry or SQUARE}


@pytest.mark.parametrize("key", ["kode", "code", "KODE_DESA"])
def test_a_polygon_with_an_official_code_is_taken_dotted_or_not(key: str) -> None:
    found, problems = boundaries.read(collection(feature("1906012001", key=key)), KNOWN)
    assert not problems
    assert list(found) == ["19.06.01.2001"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"bukan json", "boundaries.unreadable"),
        (b'{"type":"Feature"}', "boundaries.unreadable"),
        (collection(), "boundaries.empty"),
        (collection({"properties": {"nama": "Lalang"}, "geometry": SQUARE}), "boundaries.no_code"),
        (collection(feature("19.6.1.2001")), "boundaries.bad_code"),
        (collection(feature("19.02.01.2001")), "boundaries.other_region"),
        (collection(feature("19.06.01.2001", {"type": "Point", "coordinates": [108, -2]})), "boundaries.bad_shape"),
        (collection(feature("19.06.01.2001", {"type": "Polygon", "coordinates": []})), "boundaries.bad_shape"),
        (collection(feature("19.06.01.2001"), feature("19.06.01.2001")), "boundaries.twice"),
        (
            collection(feature("19.06.01.2001", {"type": "Polygon", "coordinates": [[[-2, 108], [-3, 108], [-3, 107], [-2, 108]]]})),
            "boundaries.outside",
        ),
    ],
)
def test_what_is_wrong_with_a_boundary_file_is_named(data: bytes, code: str) -> None:
    _, problems = boundaries.read(data, KNOWN)
    assert [p.code for p in problems] == [code]


@pytest.mark.shared
def test_real_boundaries_of_39_desa_are_read(shared: Path) -> None:
    data = (shared / "data/beltim/desa.geojson").read_bytes()
    known = {f["properties"].get("code") or f["properties"].get("kode") for f in json.loads(data)["features"]}
    found, problems = boundaries.read(data, known)
    assert not problems
    assert len(found) == 39
