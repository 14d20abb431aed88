"""Boundaries of desa from a GeoJSON file, checked and simplified."""

import json
from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry import mapping, shape

from posko.domain import places, record

# The names under which files carry the official code.
CODE_KEYS = ("kode", "code", "kode_desa", "KODE", "KODE_DESA", "KDEPUM", "KDCBPS", "kd_desa")
_TOLERANCE_DEG = 0.0003  # about 33 m: invisible on a page, a tenth of the size
_LARGEST = 12 * 1024 * 1024


def read(data: bytes, known: set[str]) -> tuple[dict[str, dict[str, Any]], list[record.Problem]]:
    """Geometries (GeoJSON, WGS 84, simplified) by dotted desa code, and all the problems; `known` are the desa of the region.

    Features of other regions are named as problems too: half a file is not taken.
    """
    if len(data) > _LARGEST:
        return {}, [record.Problem("GeoJSON", 0, "", "boundaries.too_large", {"mb": len(data) // 1048576})]
    try:
        collection = json.loads(data.decode("utf-8-sig"))
        features = collection["features"]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError):
        return {}, [record.Problem("GeoJSON", 0, "", "boundaries.unreadable")]
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for number, feature in enumerate(features if isinstance(features, list) else [], start=1):
        try:
            code, geometry = _feature(feature, known)
        except _Wrong as wrong:
            problems.append(record.Problem("GeoJSON", number, "", wrong.args[0], {"value": wrong.args[1]}))
            continue
        if code in found:
            problems.append(record.Problem("GeoJSON", number, "", "boundaries.twice", {"value": code}))
        found[code] = geometry
    if not found and not problems:
        problems.append(record.Problem("GeoJSON", 0, "", "boundaries.empty"))
    return found, problems


class _Wrong(ValueError):
    pass


def _feature(feature: Mapping[str, Any], known: set[str]) -> tuple[str, dict[str, Any]]:
    properties = feature.get("properties") or {} if isinstance(feature, Mapping) else {}
    raw = next((str(properties[key]) for key in CODE_KEYS if properties.get(key)), "")
    if not raw:
        raise _Wrong("boundaries.no_code", ", ".join(list(properties)[:6]))
    try:
        code = places.dotted(raw)
    except places.BadCode as bad:
        raise _Wrong("boundaries.bad_code", raw[:40]) from bad
    if code not in known:
        raise _Wrong("boundaries.other_region", code)
    try:
        area = shapely.make_valid(shape(feature["geometry"]))
    except (KeyError, TypeError, ValueError, AttributeError, shapely.GEOSException) as bad:
        raise _Wrong("boundaries.bad_shape", code) from bad
    polygons = [g for g in getattr(area, "geoms", [area]) if g.geom_type in {"Polygon", "MultiPolygon"}]
    if not polygons or area.is_empty:
        raise _Wrong("boundaries.bad_shape", code)
    west, south, east, north = area.bounds
    if not (94.5 <= west <= east <= 141.5 and -11.5 <= south <= north <= 6.5):
        raise _Wrong("boundaries.outside", code)
    return code, mapping(shapely.union_all(polygons).simplify(_TOLERANCE_DEG))
