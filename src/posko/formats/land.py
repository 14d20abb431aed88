"""The coast: reads the TopoJSON land of the npm package world-atlas (Natural Earth 1:10 million)."""

import json
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

LAND = Path(__file__).resolve().parents[3] / "static" / "vendor" / "world-atlas" / "land-10m.json"


class LandMissing(RuntimeError):
    """The coast has not been brought in yet."""


def read(path: Path, west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Land within a box of degrees, as one geometry in (lon, lat). Polygons outside the box are not decoded."""
    if not path.is_file():
        raise LandMissing(f"Garis pantai tidak ada di {path}. Jalankan ./posko sekali agar data peta dipasang.")
    topology: dict[str, Any] = json.loads(path.read_bytes())
    box = shapely.box(west, south, east, north)
    arcs = _Arcs(topology)
    found = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for rings in polygons:
            if not arcs.between(rings[0], west, east):
                continue
            outer = arcs.ring(rings[0])
            shape = shapely.Polygon(outer)
            if not shapely.intersects(shapely.box(*shape.bounds), box):
                continue
            # Cut first: repairing a whole continent for a corner of it takes seconds.
            corner = shapely.clip_by_rect(shapely.Polygon(outer, [arcs.ring(ring) for ring in rings[1:]]), west, south, east, north)
            found.append(shapely.intersection(shapely.make_valid(corner), box))
    return shapely.union_all([shape for shape in found if not shape.is_empty])


@cache
def near(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """`read` of the installed coast, kept: a process draws the same region again and again."""
    return read(LAND, west, south, east, north)


class _Arcs:
    """Arcs of a quantised topology: delta-coded integers, scaled and translated to degrees."""

    def __init__(self, topology: dict[str, Any]) -> None:
        self.arcs: list[list[list[int]]] = topology["arcs"]
        transform = topology["transform"]
        (self.kx, self.ky), (self.dx, self.dy) = transform["scale"], transform["translate"]

    def ring(self, indexes: list[int]) -> list[tuple[float, float]]:
        """One closed ring; a negative index ~i is arc i backwards; neighbouring arcs share their end point."""
        points: list[tuple[float, float]] = []
        for index in indexes:
            arc = self.points(index if index >= 0 else ~index)
            if index < 0:
                arc = arc[::-1]
            points += arc[1:] if points else arc
        return points

    def between(self, indexes: list[int], west: float, east: float) -> bool:
        """Whether a ring may reach between two longitudes: a quick look at whole numbers before anything is decoded."""
        low, high = (west - self.dx) / self.kx, (east - self.dx) / self.kx
        for index in indexes:
            xs = list(accumulate([point[0] for point in self.arcs[index if index >= 0 else ~index]]))
            if min(xs) <= high and max(xs) >= low:
                return True
        return False

    def points(self, index: int) -> list[tuple[float, float]]:
        """The points of one arc in degrees."""
        xs = accumulate(point[0] for point in self.arcs[index])
        ys = accumulate(point[1] for point in self.arcs[index])
        return [(x * self.kx + self.dx, y * self.ky + self.dy) for x, y in zip(xs, ys, strict=True)]
