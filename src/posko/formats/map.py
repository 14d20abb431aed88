"""The map, drawn by the server as SVG: for screens, print, the public page and old machines.

Fill a `Map` with values and call `svg(map)`. The picture carries its own colours as presentation attributes (strict CSP forbids style
attributes, not these) and class names for a style sheet; so the same text goes into a page, a file or a Typst document.

    Map(title="363 TPS", region="19.06",
        desa=[Desa("19.06.01.2001", "Lalang Jaya", -2.87, 108.27, state="good", word="siap", href="/...", weight=10, group="Manggar")],
        islands=[Island("19.06:P01", "P. Buku Limau", -2.81, 108.40, state="warn", word="terancam", detail="3 TPS")],
        routes=[Route([(lat, lon), ...], kind="sea")], sites=[Site("Gudang", lat, lon, kind="gudang")],
        markers=[Marker("AGHT 3", lat, lon, state="bad", href="/...")], boundaries={"19.06.01.2001": geojson_geometry})

`state` is good | warn | bad | unknown | plain; each has a shape and a fill of its own, unknown is hatched. `Desa.shade` 0..5 instead of a
state makes a choropleth (AGHT). `Map.boundaries` (GeoJSON geometries by desa code) replace the schematic cells; without them the caption
of the page must say SKEMATIS. Islands farther from every desa than `inset_km` are drawn in a box of their own.
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from posko.formats import land

Point = tuple[float, float]

PALE = {"good": "#dcebe0", "warn": "#f7e3c8", "bad": "#f3c9c4", "unknown": "url(#peta-arsir)", "plain": "#e6ecef"}
FULL = {"good": "#2b7f4f", "warn": "#c2730e", "bad": "#b3261e", "unknown": "#6b7780", "plain": "#1f5f95"}
SHADES = ("#f3f5f4", "#fbe3c3", "#f3b981", "#de8452", "#b84a2d", "#7d1f17")
INK, QUIET, SEA, NEIGHBOUR, COAST = "#1d2830", "#55626c", "#1f5f95", "#ebedeb", "#c4cbc6"
HATCH = ("#f4f5f5", "#9aa5ac")
_DEGREE_KM = 111.2


@dataclass(frozen=True)
class Desa:
    """A village by its settlement point. `weight` (number of TPS) sizes the mark; `group` is the kecamatan that is labelled.

    `figure` (a number as text) stands at the point instead of the mark: a count that survives a black and white print.
    """

    code: str
    name: str
    lat: float
    lon: float
    state: str = "plain"
    word: str = ""
    href: str = ""
    weight: int = 1
    group: str = ""
    shade: int | None = None
    figure: str = ""


@dataclass(frozen=True)
class Island:
    """A small island: a mark with its name and a second line.

    `figure` and `shade`: where a whole desa lies on it, the number and colour that a desa ashore has on its area.
    """

    code: str
    name: str
    lat: float
    lon: float
    state: str = "plain"
    word: str = ""
    href: str = ""
    detail: str = ""
    figure: str = ""
    shade: int | None = None


@dataclass(frozen=True)
class Route:
    """A way through points (lat, lon). kind road | sea; `strong` draws it in front; `numbers` writes 1, 2, 3 at its halts."""

    points: Sequence[Point]
    kind: str = "road"
    strong: bool = False
    numbers: bool = False
    title: str = ""


@dataclass(frozen=True)
class Site:
    """A warehouse, office or pier. A provisional pin is drawn hollow."""

    name: str
    lat: float
    lon: float
    kind: str = "gudang"
    provisional: bool = False
    href: str = ""


@dataclass(frozen=True)
class Marker:
    """Something on top of the map: an AGHT, a hazard."""

    label: str
    lat: float
    lon: float
    state: str = "bad"
    title: str = ""
    href: str = ""


@dataclass(frozen=True)
class Map:
    """Everything one picture shows."""

    title: str
    region: str
    desa: Sequence[Desa] = ()
    islands: Sequence[Island] = ()
    routes: Sequence[Route] = ()
    sites: Sequence[Site] = ()
    markers: Sequence[Marker] = ()
    boundaries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    description: str = ""
    neighbour: str = ""
    desa_labels: bool = False
    marks: bool = True
    inset_km: int = 55


def svg(picture: Map, width: int = 900) -> str:
    """The map as SVG text, `width` units wide; scales to its container. Texts stay readable when shown at about that many pixels."""
    far = {island.code for island in picture.islands if _far(picture, island)}
    frame = _Frame.around(picture, far, width)
    labels = _Labels(frame)
    layers = [
        _ground(picture, frame),
        _cells(picture, frame),
        "".join(_route(route, frame, far_points(picture, far)) for route in sorted(picture.routes, key=lambda r: r.strong)),
        _marks(picture, frame, labels),
        _sites(picture, frame, labels),
        _islands(picture, frame, labels, far),
        "".join(_numbers(route, frame, far_points(picture, far), labels) for route in picture.routes if route.numbers),
        _markers(picture, frame, labels),
        _names(picture, frame, labels),
        _inset(picture, frame, far),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="peta" viewBox="0 0 {frame.width} {frame.height}" role="group" '
        f'aria-label={quoteattr(picture.title)} font-family="Noto Sans, system-ui, sans-serif" font-size="13" fill="{INK}">'
    )
    words = f"<title>{escape(picture.title)}</title>" + (f"<desc>{escape(picture.description)}</desc>" if picture.description else "")
    return head + words + _PATTERN + "".join(layers) + "</svg>"


_PATTERN = (
    '<defs><pattern id="peta-arsir" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="7" height="7" fill="{HATCH[0]}"/><path d="M0 0V7" stroke="{HATCH[1]}" stroke-width="1.4"/></pattern></defs>'
)


@dataclass(frozen=True)
class _Frame:
    """Degrees to picture units: equirectangular at the middle latitude."""

    west: float
    north: float
    scale: float
    squeeze: float
    width: int
    height: int
    middle: Point = (0.0, 0.0)

    @classmethod
    def around(cls, picture: Map, far: set[str], width: int) -> "_Frame":
        """Around desa, sites and near islands, with a margin; at least 0.05 degrees."""
        points = [(d.lat, d.lon) for d in picture.desa] + [(s.lat, s.lon) for s in picture.sites]
        points += [(i.lat, i.lon) for i in picture.islands if i.code not in far]
        if not points:
            points = [(0.0, 0.0)]
        south, north = min(p[0] for p in points), max(p[0] for p in points)
        west, east = min(p[1] for p in points), max(p[1] for p in points)
        pad = max(0.025, 0.05 * max(north - south, east - west))
        squeeze = math.cos(math.radians((south + north) / 2))
        # The right margin holds island names, the top one the coast above the northernmost village.
        west, east, south, north = west - 1.6 * pad, east + 2.6 * pad, south - 1.3 * pad, north + 3.2 * pad
        scale = width / ((east - west) * squeeze)
        frame = cls(west, north, scale, squeeze, width, round((north - south) * scale))
        count = max(1, len(picture.desa))
        middle = (sum(d.lat for d in picture.desa) / count, sum(d.lon for d in picture.desa) / count)
        return replace(frame, middle=frame.xy(*middle))

    def xy(self, lat: float, lon: float) -> Point:
        """Picture units of a point."""
        return round((lon - self.west) * self.squeeze * self.scale, 1), round((self.north - lat) * self.scale, 1)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees, rounded outwards so that equal pictures share their land."""
        east = self.west + self.width / (self.squeeze * self.scale)
        south = self.north - self.height / self.scale
        return math.floor(self.west * 20) / 20, math.floor(south * 20) / 20, math.ceil(east * 20) / 20, math.ceil(self.north * 20) / 20

    def path(self, geometry: BaseGeometry) -> str:
        """SVG path data of polygons."""
        parts = []
        for polygon in getattr(geometry, "geoms", [geometry]):
            if polygon.geom_type != "Polygon":
                continue
            for ring in (polygon.exterior, *polygon.interiors):
                points = [self.xy(lat, lon) for lon, lat in ring.coords]
                parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points[:-1]) + "Z")
        return "".join(parts)


def _far(picture: Map, island: Island) -> bool:
    if not picture.desa:
        return False
    return min(_km((d.lat, d.lon), (island.lat, island.lon)) for d in picture.desa) > picture.inset_km


def _km(a: Point, b: Point) -> float:
    """Flat distance, good enough to arrange a picture."""
    return math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0]))) * _DEGREE_KM


def far_points(picture: Map, far: set[str]) -> set[Point]:
    """The points that lie in the inset; ways to them are cut short in the main picture."""
    return {(island.lat, island.lon) for island in picture.islands if island.code in far}


# --- ground and cells ---------------------------------------------------------------------------------------------------------------


@cache
def _guards(region: str) -> tuple[Point, ...]:
    data = tomllib.loads((Path(__file__).parent / "neighbours.toml").read_text(encoding="utf-8"))
    return tuple((lat, lon) for lat, lon in data.get(region, {}).get("points", []))


@lru_cache(maxsize=32)
def _voronoi(points: tuple[Point, ...], guards: tuple[Point, ...], bounds: tuple[float, float, float, float]) -> tuple[BaseGeometry, ...]:
    """One cell of land per point, in the order of the points; guards keep neighbours' land."""
    ground = land.near(*bounds)
    everything = shapely.MultiPoint([(lon, lat) for lat, lon in (*points, *guards)])
    cells = shapely.voronoi_polygons(everything, extend_to=shapely.box(*bounds))
    tree = shapely.STRtree(list(cells.geoms))
    made = []
    for lat, lon in points:
        hits = tree.query(shapely.Point(lon, lat), predicate="intersects")
        cell = tree.geometries[hits[0]] if len(hits) else shapely.Polygon()
        made.append(shapely.intersection(cell, ground))
    return tuple(made)


def _ground(picture: Map, frame: _Frame) -> str:
    drawn = f'<path class="peta-tetangga" d="{frame.path(land.near(*frame.bounds))}" fill="{NEIGHBOUR}" stroke="{COAST}" stroke-width="1"/>'
    if picture.neighbour and picture.desa:
        west = min(d.lon for d in picture.desa)
        lat = sorted(d.lat for d in picture.desa)[len(picture.desa) // 2]
        x, y = frame.xy(lat, west)
        drawn += f'<text x="{max(8, x - 90):g}" y="{y:g}" fill="{QUIET}" font-size="12">{escape(picture.neighbour)}</text>'
    return drawn


def _shapes(picture: Map, frame: _Frame) -> dict[str, BaseGeometry]:
    """The area of every desa: its imported boundary, or its schematic cell."""
    plain = [d for d in picture.desa if d.code not in picture.boundaries]
    areas = {d.code: shape(picture.boundaries[d.code]) for d in picture.desa if d.code in picture.boundaries}
    at_sea = {(i.lat, i.lon) for i in picture.islands}
    ashore = [d for d in plain if (d.lat, d.lon) not in at_sea]
    cells = _voronoi(tuple((d.lat, d.lon) for d in ashore), _guards(picture.region), frame.bounds)
    return areas | {d.code: cell for d, cell in zip(ashore, cells, strict=True)}


def _cells(picture: Map, frame: _Frame) -> str:
    if not picture.desa:
        return ""
    areas = _shapes(picture, frame)
    drawn = []
    for desa in picture.desa:
        area = areas.get(desa.code)
        if area is None or area.is_empty:
            continue
        fill = _fill(desa)
        kind = f"peta-{desa.state}" if desa.shade is None else f"peta-tingkat-{desa.shade}"
        path = f'<path class="peta-desa {kind}" d="{frame.path(area)}" fill="{fill}" stroke="#fff" stroke-width="1.3">{_title(desa)}</path>'
        drawn.append(_linked(desa.href, path, f"{desa.name}: {desa.word}"))
    return f'<g class="peta-wilayah">{"".join(drawn)}</g>'


def _fill(desa: Desa) -> str:
    """The colour of its area, or the hatching."""
    return PALE.get(desa.state, PALE["plain"]) if desa.shade is None else _shade(desa.shade)


def _shade(step: int) -> str:
    return SHADES[max(0, min(step, len(SHADES) - 1))]


def _title(thing: Desa | Island) -> str:
    weight = (
        f", {thing.weight} TPS" if isinstance(thing, Desa) and thing.weight else f", {thing.detail}" if isinstance(thing, Island) else ""
    )
    return f"<title>{escape(thing.name)}{escape(weight)}{escape(': ' + thing.word if thing.word else '')}</title>"


def _linked(href: str, inner: str, label: str) -> str:
    return f"<a href={quoteattr(href)} aria-label={quoteattr(label)}>{inner}</a>" if href else inner


# --- marks --------------------------------------------------------------------------------------------------------------------------


def mark(state: str, x: float, y: float, r: float) -> str:
    """The shape of a state around a point: circle good, diamond warn, square bad, dashed ring unknown, dot plain."""
    fill = FULL.get(state, FULL["plain"])
    edge = 'stroke="#fff" stroke-width="1.2"'
    name = f'class="peta-tanda peta-{state}"'
    if state == "warn":
        s = r * 1.3
        return f'<path {name} d="M{x:g} {y - s:g}L{x + s:g} {y:g}L{x:g} {y + s:g}L{x - s:g} {y:g}Z" fill="{fill}" {edge}/>'
    if state == "bad":
        s = r * 0.95
        return f'<rect {name} x="{x - s:g}" y="{y - s:g}" width="{2 * s:g}" height="{2 * s:g}" fill="{fill}" {edge}/>'
    if state == "unknown":
        fill, edge = "#fff", f'stroke="{fill}" stroke-width="1.8" stroke-dasharray="3 2"'
    return f'<circle {name} cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}" {edge}/>'


def _radius(weight: int) -> float:
    return round(2.6 + 1.15 * math.sqrt(max(0, weight)), 1)


def _marks(picture: Map, frame: _Frame, labels: "_Labels") -> str:
    if not picture.marks:
        return ""
    drawn = []
    at_sea = {(i.lat, i.lon) for i in picture.islands}
    for desa in sorted(picture.desa, key=lambda d: -d.weight):
        if (desa.lat, desa.lon) in at_sea:
            continue
        x, y = frame.xy(desa.lat, desa.lon)
        r = _radius(desa.weight)
        if desa.figure:
            labels.block(x - 4 * len(desa.figure), y - 7, 8 * len(desa.figure), 14)
            drawn.append(_figure(desa, x, y))
            continue
        labels.block(x - r, y - r, 2 * r, 2 * r, soft=True)
        drawn.append(
            f'<g class="peta-desa-tanda">{_linked(desa.href, mark(desa.state, x, y, r) + _title(desa), f"{desa.name}: {desa.word}")}</g>'
        )
    return "".join(drawn)


def _figure(desa: Desa, x: float, y: float) -> str:
    """The number of a village on its point, readable on every shade."""
    halo = 'stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    inner = f'<text x="{x:g}" y="{y + 4.5:g}" font-size="13" font-weight="700" text-anchor="middle" {halo}>{escape(desa.figure)}</text>'
    return f'<g class="peta-angka">{_linked(desa.href, inner + _title(desa), f"{desa.name}: {desa.word}")}</g>'


def _sites(picture: Map, frame: _Frame, labels: "_Labels") -> str:
    drawn = []
    for site in picture.sites:
        x, y = frame.xy(site.lat, site.lon)
        fill = "#fff" if site.provisional else INK
        dash = ' stroke-dasharray="2.5 1.5"' if site.provisional else ""
        note = " (letak sementara)" if site.provisional else ""
        if site.kind == "dermaga":
            body = f'<path d="M{x:g} {y - 6:g}L{x + 6:g} {y + 5:g}H{x - 6:g}Z" fill="{fill}" stroke="{SEA}" stroke-width="1.8"{dash}/>'
        else:
            body = f'<rect x="{x - 6:g}" y="{y - 6:g}" width="12" height="12" fill="{fill}" stroke="{INK}" stroke-width="2"{dash}/>'
        labels.block(x - 6, y - 6, 12, 12)
        inner = f'<g class="peta-tempat">{body}<title>{escape(site.name + note)}</title></g>'
        drawn.append(_linked(site.href, inner, site.name + note))
        if site.kind != "dermaga" or len(picture.sites) <= 8:
            drawn.append(labels.place(x, y, [site.name], size=11, weight=400, colour=QUIET, gap=9, must=False))
    return "".join(drawn)


def _disc(island: Island) -> float:
    """How far the mark of an island reaches from its point."""
    return max(9.0, 4.3 * len(island.figure) + 3) if island.figure or island.shade is not None else 6.0


def _island_mark(island: Island, x: float, y: float) -> str:
    """The shape of its state; a disc in the colour of its desa with the number in it where a whole desa lies there."""
    if not island.figure and island.shade is None:
        return mark(island.state, x, y, 6)
    r = _disc(island)
    fill = PALE.get(island.state, PALE["plain"]) if island.shade is None else _shade(island.shade)
    disc = f'<circle class="peta-pulau-desa" cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{fill}" stroke="{QUIET}" stroke-width="1.2"/>'
    halo = 'stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    number = f'<text x="{x:g}" y="{y + 4.5:g}" font-size="13" font-weight="700" text-anchor="middle" {halo}>{escape(island.figure)}</text>'
    return disc + (number if island.figure else "")


def _islands(picture: Map, frame: _Frame, labels: "_Labels", far: set[str]) -> str:
    drawn = []
    near = [island for island in picture.islands if island.code not in far]
    for island in near:
        x, y = frame.xy(island.lat, island.lon)
        r = _disc(island) + 1
        labels.block(x - r, y - r, 2 * r, 2 * r)
    for island in near:
        x, y = frame.xy(island.lat, island.lon)
        text = labels.place(x, y, [island.name, island.detail], size=12.5, weight=700, gap=_disc(island) + 6, must=True)
        drawn.append(_linked(island.href, _island_mark(island, x, y) + _title(island) + text, f"{island.name}: {island.word}"))
    return f'<g class="peta-pulau">{"".join(drawn)}</g>'


def _markers(picture: Map, frame: _Frame, labels: "_Labels") -> str:
    drawn = []
    for marker in picture.markers:
        x, y = frame.xy(marker.lat, marker.lon)
        fill = FULL.get(marker.state, FULL["plain"])
        pin = f'<path d="M{x:g} {y:g}l-8 -14a9.2 9.2 0 1 1 16 0z" fill="{fill}" stroke="#fff" stroke-width="1.4"/>'
        bang = f'<text x="{x:g}" y="{y - 14:g}" fill="#fff" font-size="12" font-weight="700" text-anchor="middle">!</text>'
        labels.block(x - 9, y - 28, 18, 28)
        text = labels.place(x, y - 16, [marker.label], size=11, weight=600, gap=12, must=False)
        drawn.append(
            _linked(
                marker.href,
                f'<g class="peta-penanda">{pin}{bang}<title>{escape(marker.title or marker.label)}</title>{text}</g>',
                marker.title or marker.label,
            )
        )
    return "".join(drawn)


def _names(picture: Map, frame: _Frame, labels: "_Labels") -> str:
    """Kecamatan at the middle of their villages, then villages where there is room."""
    drawn = []
    at_sea = {(i.lat, i.lon) for i in picture.islands}
    groups: dict[str, list[Desa]] = {}
    for desa in picture.desa:
        if desa.group and (desa.lat, desa.lon) not in at_sea:
            groups.setdefault(desa.group, []).append(desa)
    for name, members in groups.items():
        xs, ys = zip(*(frame.xy(d.lat, d.lon) for d in members), strict=True)
        drawn.append(labels.place(sum(xs) / len(xs), sum(ys) / len(ys), [name], size=13.5, weight=700, gap=0, must=True, centred=True))
    if picture.desa_labels:
        for desa in sorted(picture.desa, key=lambda d: -d.weight):
            if (desa.lat, desa.lon) not in at_sea:
                x, y = frame.xy(desa.lat, desa.lon)
                drawn.append(labels.place(x, y, [desa.name], size=10.5, weight=400, colour=QUIET, gap=_radius(desa.weight) + 3, must=False))
    return f'<g class="peta-nama" pointer-events="none">{"".join(drawn)}</g>'


class _Labels:
    """Puts labels where they hide nothing: each tries places around its point, the least overlap wins, optional ones give up."""

    def __init__(self, frame: _Frame) -> None:
        self.frame = frame
        self.taken: list[tuple[float, float, float, float, float]] = []

    def block(self, x: float, y: float, w: float, h: float, *, soft: bool = False) -> None:
        """Keeps a rectangle free; a soft one may be covered if nothing else is left."""
        self.taken.append((x, y, w, h, 0.35 if soft else 1.0))

    def place(
        self,
        x: float,
        y: float,
        lines: list[str],
        *,
        size: float,
        weight: int,
        gap: float,
        must: bool,
        colour: str = INK,
        centred: bool = False,
    ) -> str:
        """The label as SVG text, or nothing where an optional one finds no room."""
        lines = [line for line in lines if line]
        if not lines:
            return ""
        w = max(len(line) for line in lines) * size * (0.6 if weight >= 600 else 0.545)
        h = size * 1.15 * len(lines)
        spots = self._centred(x, y, w, h) if centred else self._around(x, y, w, h, gap)
        cost, (left, top, anchor) = min(
            ((self._cost(spot, w, h) + rank * 0.02 * w * h, spot) for rank, spot in enumerate(spots)), key=lambda c: c[0]
        )
        if not must and cost > 0.15 * w * h:
            return ""
        self.block(left, top, w, h)
        at = {"start": left, "middle": left + w / 2, "end": left + w}[anchor]
        halo = f'stroke="#fff" stroke-width="{3.4 if weight >= 600 else 2.6}" stroke-linejoin="round" paint-order="stroke"'
        written = []
        for number, line in enumerate(lines):
            pixels, bold, ink = (size, weight, colour) if number == 0 else (round(size * 0.86, 1), 400, QUIET)
            style = f'font-size="{pixels:g}" font-weight="{bold}" fill="{ink}" text-anchor="{anchor}"'
            written.append(f'<text x="{at:g}" y="{top + size * (0.92 + 1.15 * number):.1f}" {style} {halo}>{escape(line)}</text>')
        return "".join(written)

    @staticmethod
    def _around(x: float, y: float, w: float, h: float, gap: float) -> list[tuple[float, float, str]]:
        return [
            (x + gap, y - h / 2, "start"),
            (x - gap - w, y - h / 2, "end"),
            (x - w / 2, y - gap - h, "middle"),
            (x - w / 2, y + gap, "middle"),
            (x + gap * 0.8, y - gap - h * 0.7, "start"),
            (x + gap * 0.8, y + gap * 0.5, "start"),
            (x - gap * 0.8 - w, y - gap - h * 0.7, "end"),
            (x - gap * 0.8 - w, y + gap * 0.5, "end"),
        ]

    @staticmethod
    def _centred(x: float, y: float, w: float, h: float) -> list[tuple[float, float, str]]:
        steps = [
            (0, 0),
            *((dx, dy) for r in (14, 26, 40, 56, 74) for dx, dy in ((0, -r), (0, r), (-r, 0), (r, 0), (-r, -r), (r, -r), (-r, r), (r, r))),
        ]
        return [(x - w / 2 + dx, y - h / 2 + dy, "middle") for dx, dy in steps]

    def _cost(self, spot: tuple[float, float, str], w: float, h: float) -> float:
        left, top, _ = spot
        overlap = sum(
            max(0.0, min(left + w, x + bw) - max(left, x)) * max(0.0, min(top + h, y + bh) - max(top, y)) * heavy
            for x, y, bw, bh, heavy in self.taken
        )
        inside_w = max(0.0, min(left + w, self.frame.width - 2) - max(left, 2))
        inside_h = max(0.0, min(top + h, self.frame.height - 2) - max(top, 2))
        return overlap + 4 * (w * h - inside_w * inside_h)


# --- ways and the inset -------------------------------------------------------------------------------------------------------------


def _route(route: Route, frame: _Frame, far: set[Point]) -> str:
    drawn = []
    for start, end in pairwise(route.points):
        if start in far or end in far:
            if start in far:
                continue  # the way home lies on the way there
            toward = frame.xy(*end)
            here = frame.xy(*start)
            reach = 70 / max(1.0, math.dist(here, toward))
            tip = (here[0] + (toward[0] - here[0]) * reach, here[1] + (toward[1] - here[1]) * reach)
            drawn.append(f"M{here[0]:g} {here[1]:g}L{tip[0]:.1f} {tip[1]:.1f}")
            continue
        drawn.append(_curve(frame.xy(*start), frame.xy(*end), frame.middle if route.kind == "sea" else None))
    colour = SEA if route.kind == "sea" else INK
    dash = ' stroke-dasharray="2.5 4.5"' if route.kind == "sea" else ""
    thick, seen = (2.6, 1) if route.strong else (1.1, 0.55)
    if route.kind == "sea" and not route.strong:
        thick, seen = 1.8, 1
    title = f"<title>{escape(route.title)}</title>" if route.title else ""
    return (
        f'<path class="peta-rute peta-rute-{route.kind}" d="{"".join(drawn)}" fill="none" stroke="{colour}" stroke-width="{thick}" '
        f'stroke-opacity="{seen}" stroke-linecap="round" stroke-linejoin="round"{dash}>{title}</path>'
    )


def _curve(a: Point, b: Point, shun: Point | None) -> str:
    """A line, or a bow that bends away from the point `shun` (the middle of the land)."""
    if shun is None:
        return f"M{a[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}"
    bows = [((a[0] + b[0]) / 2 - (b[1] - a[1]) * bend, (a[1] + b[1]) / 2 + (b[0] - a[0]) * bend) for bend in (0.14, -0.14)]
    x, y = max(bows, key=lambda bow: math.dist(bow, shun))
    return f"M{a[0]:g} {a[1]:g}Q{x:.1f} {y:.1f} {b[0]:g} {b[1]:g}"


def _numbers(route: Route, frame: _Frame, far: set[Point], labels: _Labels) -> str:
    """1, 2, 3 at the halts, the start and the end left out; halts at one place share a disc."""
    discs: dict[Point, list[int]] = {}
    for number, point in enumerate(route.points[1:-1], start=1):
        if point not in far:
            discs.setdefault(frame.xy(*point), []).append(number)
    drawn = []
    for (x, y), numbers in discs.items():
        text = ",".join(map(str, numbers))
        wide = 9 + 3.2 * (len(text) - 1)
        labels.block(x - wide, y - 9, 2 * wide, 18)
        drawn.append(
            f'<rect x="{x - wide:g}" y="{y - 9:g}" width="{2 * wide:g}" height="18" rx="9" fill="{INK}" stroke="#fff" stroke-width="1.5"/>'
        )
        drawn.append(f'<text x="{x:g}" y="{y + 4:g}" fill="#fff" font-size="11" font-weight="700" text-anchor="middle">{text}</text>')
    return "".join(drawn)


def _inset(picture: Map, frame: _Frame, far: set[str]) -> str:
    """Islands too far for the picture, in a box at the lower right."""
    outside = [island for island in picture.islands if island.code in far]
    if not outside:
        return ""
    sea = {point for route in picture.routes if route.kind == "sea" for point in route.points}
    w, h = 216, 62 * len(outside)
    left, top = frame.width - w - 6, frame.height - h - 6
    drawn = [f'<rect x="{left}" y="{top}" width="{w}" height="{h}" fill="#fff" stroke="#aeb8be" stroke-width="1"/>']
    for number, island in enumerate(outside):
        x, y = left + 62, top + 26 + 62 * number
        bow = f"M{left + 10} {y - 14}Q{left + 26} {y + 2} {x - 9} {y}"
        way = f'<path d="{bow}" fill="none" stroke="{SEA}" stroke-width="1.8" stroke-dasharray="2.5 4.5"/>'
        lines = [f'<text x="{x + 14}" y="{y + 1}" font-size="12.5" font-weight="700">{escape(island.name)}</text>']
        for n, part in enumerate(island.detail.split("·")):
            begin = x + 14 if n == 0 else left + 10
            lines.append(f'<text x="{begin}" y="{y + 15 + 14 * n}" font-size="11" fill="{QUIET}">{escape(part.strip())}</text>')
        inner = (way if (island.lat, island.lon) in sea else "") + _island_mark(island, x, y) + _title(island) + "".join(lines)
        drawn.append(_linked(island.href, inner, f"{island.name}: {island.word}"))
    return f'<g class="peta-sisipan">{"".join(drawn)}</g>'


# --- the same picture as values, for a map that moves ---------------------------------------------------------------------------------

_ROUGH = 0.0003
"""Degrees (33 m) that the moving map may leave out of an outline; at its nearest that is about a pixel."""
_COLOURS = {
    "ink": INK, "quiet": QUIET, "land": NEIGHBOUR, "coast": COAST, "hatch": HATCH, "unknown": FULL["unknown"], "plain": FULL["plain"],
}  # fmt: skip


def values(picture: Map) -> dict[str, Any]:
    """What `svg` draws, as JSON: areas (GeoJSON, degrees to four places) with the same fill ("": hatched), number and sentence.

    Islands that the SVG puts into a box of their own lie where they are; `bounds` (west, south, east, north) holds the rest, `limits` all.
    """
    far = {island.code for island in picture.islands if _far(picture, island)}
    frame = _Frame.around(picture, far, 900)
    at_sea = {(i.lat, i.lon) for i in picture.islands}
    near = [(d.lat, d.lon) for d in picture.desa] + [(s.lat, s.lon) for s in picture.sites]
    near += [(i.lat, i.lon) for i in picture.islands if i.code not in far]
    areas = {code: area for code, area in _shapes(picture, frame).items() if not area.is_empty}
    for west, south, east, north in (area.bounds for area in areas.values()):
        near += [(south, west), (north, east)]
    bounds = _box(near or [(0.0, 0.0)], 0.02)
    limits = _roomy(_box([*near, *((i.lat, i.lon) for i in picture.islands)] or [(0.0, 0.0)], 0.05))
    outlines = dict(zip(areas, shapely.coverage_simplify(list(areas.values()), _ROUGH), strict=True))
    groups: dict[str, list[Desa]] = {}
    for desa in picture.desa:
        if desa.group and (desa.lat, desa.lon) not in at_sea:
            groups.setdefault(desa.group, []).append(desa)
    return {
        "title": picture.title,
        "region": picture.region,
        "colours": _COLOURS,
        "bounds": bounds,
        "limits": limits,
        "land": _geometry(land.near(*limits).simplify(2 * _ROUGH)),
        "desa": [_of_desa(d, outlines.get(d.code), ashore=(d.lat, d.lon) not in at_sea) for d in picture.desa],
        "groups": [
            {"name": name, "at": [_mean(d.lon for d in members), _mean(d.lat for d in members)]} for name, members in groups.items()
        ],
        "islands": [
            {
                "code": i.code,
                "name": i.name,
                "at": [i.lon, i.lat],
                "state": i.state,
                "word": i.word,
                "href": i.href,
                "detail": i.detail,
                "figure": i.figure,
                "fill": "" if i.shade is None else _shade(i.shade),
            }
            for i in picture.islands
        ],
        "sites": [{"name": s.name, "at": [s.lon, s.lat], "kind": s.kind, "provisional": s.provisional} for s in picture.sites],
        "markers": [{"label": m.label, "at": [m.lon, m.lat], "title": m.title or m.label, "href": m.href} for m in picture.markers],
    }


def _of_desa(desa: Desa, area: BaseGeometry | None, *, ashore: bool) -> dict[str, Any]:
    fill = _fill(desa)
    return {
        "code": desa.code,
        "name": desa.name,
        "at": [desa.lon, desa.lat],
        "fill": "" if fill == PALE["unknown"] else fill,
        "figure": desa.figure,
        "word": desa.word,
        "ashore": ashore,
        "area": None if area is None else _geometry(area),
    }


def _geometry(area: BaseGeometry) -> dict[str, Any]:
    """GeoJSON of the polygons of an area, rounded to about ten metres."""
    polygons = [p for p in getattr(area, "geoms", [area]) if p.geom_type == "Polygon" and not p.is_empty]
    rings = [[[[round(x, 4), round(y, 4)] for x, y in ring.coords] for ring in (p.exterior, *p.interiors)] for p in polygons]
    return {"type": "MultiPolygon", "coordinates": rings}


def _box(points: Sequence[Point], pad: float) -> list[float]:
    """West, south, east, north around points (lat, lon), in hundredths of a degree."""
    lats, lons = [p[0] for p in points], [p[1] for p in points]
    return [round(n, 2) for n in (min(lons) - pad, min(lats) - pad, max(lons) + pad, max(lats) + pad)]


def _roomy(box: list[float]) -> list[float]:
    """A box twice as wide and high as the longer side, around the same middle: every screen can show all of it, tall or wide."""
    west, south, east, north = box
    x, y, reach = (west + east) / 2, (south + north) / 2, max(east - west, north - south)
    return [round(n, 1) for n in (x - reach, y - reach, x + reach, y + reach)]


def _mean(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return round(sum(found) / len(found), 4)
