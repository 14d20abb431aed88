"""Stage places: which TPS, desa, sites and sea legs there are, and how far apart."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import ClassVar

from posko.domain import record

EARTH_KM = 6371.0088
# Official codes: province 2, kabupaten 2, kecamatan 2, desa 4 digits; a TPS adds 3 digits to its desa.
_PARTS = (2, 2, 2, 4, 3)
LEVELS = ("provinsi", "kabupaten", "kecamatan", "desa", "tps")


class BadCode(record.Refusal):
    """Not an official place code; a lost leading zero is the usual reason."""

    code: ClassVar[str] = "places.bad_code"


class BadPin(record.Refusal):
    """A pin outside Indonesia: latitude -11.5..6.5, longitude 94.5..141.5."""

    code: ClassVar[str] = "places.bad_pin"


class UnknownSite(record.Refusal):
    """No such site in this region."""

    code: ClassVar[str] = "places.unknown_site"


class BadCrosswalk(record.Refusal):
    """A crosswalk that maps one code to two."""

    code: ClassVar[str] = "places.bad_crosswalk"


class BadBoundaries(record.Refusal):
    """A GeoJSON file whose features are not polygons of desa of this region."""

    code: ClassVar[str] = "places.bad_boundaries"


def dotted(code: str) -> str:
    """1906012001001 or 19.06.01.2001.001 -> 19.06.01.2001.001, for any level; BadCode."""
    digits = re.sub(r"[.\s]", "", code)
    lengths = [sum(_PARTS[:n]) for n in range(1, 6)]
    if not digits.isascii() or not digits.isdigit() or len(digits) not in lengths:
        raise BadCode(value=code)
    parts, at = [], 0
    for length in _PARTS[: lengths.index(len(digits)) + 1]:
        parts.append(digits[at : at + length])
        at += length
    found = ".".join(parts)
    if "." in code and code.strip() != found:
        raise BadCode(value=code)
    return found


def level(code: str) -> str:
    """The level of a dotted code: provinsi, kabupaten, kecamatan, desa, tps."""
    return LEVELS[code.count(".")]


def crosswalk(pairs: Mapping[str, str], code: str) -> str:
    """The Kemendagri code of a KPU code: most are equal; those that differ stand in `pairs`, by desa or above."""
    parts = code.split(".")
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        if head in pairs:
            return ".".join([pairs[head], *parts[length:]])
    return code


def check_pin(lat: float, lon: float) -> None:
    """BadPin unless the point lies in Indonesia's box."""
    if not (-11.5 <= lat <= 6.5 and 94.5 <= lon <= 141.5):
        raise BadPin(lat=f"{lat:.5f}", lon=f"{lon:.5f}")


@dataclass(frozen=True)
class Region:
    """A named region above the kecamatan."""

    code: str
    name: str
    level: str


@dataclass(frozen=True)
class Settings:
    """How land travel is reckoned: great circle x detour_percent / 100, at road_kmh; with the grade of these figures."""

    detour_percent: int
    road_kmh: int
    grade: record.Grade

    @property
    def detour(self) -> float:
        """As a factor."""
        return self.detour_percent / 100


@dataclass(frozen=True)
class Kecamatan:
    """A sub-district."""

    code: str
    name: str


@dataclass(frozen=True)
class Desa:
    """A village with its settlement point (where people live, not the polygon's centroid)."""

    code: str
    name: str
    kecamatan_code: str
    kecamatan_name: str
    lat: float
    lon: float


@dataclass(frozen=True)
class Tps:
    """A polling station. `kind` reguler | khusus; `island` a site code or empty; provisional: to be confirmed."""

    code: str
    number: int
    name: str
    desa_code: str
    desa_name: str
    kecamatan_code: str
    kecamatan_name: str
    kind: str
    island: str
    provisional: bool
    lat: float
    lon: float


@dataclass(frozen=True)
class Site:
    """A place of work: gudang | kantor | dermaga | pulau. Without a pin lat and lon are None."""

    code: str
    kind: str
    name: str
    lat: float | None
    lon: float | None
    provisional: bool
    note: str = ""


@dataclass(frozen=True)
class SeaLeg:
    """From a pier to an island, in hours as sources give them."""

    pier: str
    island: str
    hours_low: float
    hours_high: float
    source: str


def great_circle_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Haversine distance in km."""
    a = sin(radians(lat2 - lat1) / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(a))


def road_km(lat1: float, lon1: float, lat2: float, lon2: float, detour: float) -> float:
    """Great circle times a detour factor: no road network is known."""
    return great_circle_km(lat1, lon1, lat2, lon2) * detour


def tps_code(desa: str, number: int) -> str:
    """The code of a TPS within its election."""
    return f"{desa}.{number:03}"


def desa_of(tps: str) -> str:
    """The village part of a TPS code."""
    return tps[:13]


def kecamatan_of(code: str) -> str:
    """The sub-district part of a village or TPS code."""
    return code[:8]


def island_tps(tps_list: Iterable[Tps], island: str) -> tuple[Tps, ...]:
    """The TPS on an island."""
    return tuple(t for t in tps_list if t.island == island)


def desa_islands(tps_list: Iterable[Tps]) -> dict[str, list[str]]:
    """Island -> desa all of whose TPS lie on it."""
    where: dict[str, set[str]] = {}
    for t in tps_list:
        where.setdefault(t.desa_code, set()).add(t.island)
    found: dict[str, list[str]] = {}
    for code, islands in sorted(where.items()):
        if len(islands) == 1 and "" not in islands:
            found.setdefault(next(iter(islands)), []).append(code)
    return found


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that sum to `total`, in proportion to weights, by largest remainder (ties: the first)."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * w // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


class BadTpsList(record.Refusal):
    """A TPS list that cannot be taken: what is wrong, at which row."""

    code: ClassVar[str] = "places.bad_tps_list"


def listed(codes: Iterable[str], desa: Iterable[Desa], old: Mapping[str, Tps]) -> list[Tps]:
    """TPS from official codes: at the settlement point of their desa, special from number 901; a TPS that was there keeps its island.

    BadTpsList names the first code that is doubled or lies in no desa of the region; BadCode a code that is none.
    """
    known = {d.code: d for d in desa}
    found: dict[str, Tps] = {}
    for raw in codes:
        code = dotted(raw)
        home = known.get(desa_of(code))
        if level(code) != "tps" or home is None:
            raise BadTpsList(value=raw, why="elsewhere")
        if code in found:
            raise BadTpsList(value=raw, why="twice")
        number = int(code[-3:])
        before = old.get(code)
        found[code] = Tps(
            code=code,
            number=number,
            name=f"TPS {number:03d}",
            desa_code=home.code,
            desa_name=home.name,
            kecamatan_code=home.kecamatan_code,
            kecamatan_name=home.kecamatan_name,
            kind="khusus" if number > 900 else "reguler",
            island=before.island if before else "",
            provisional=False,
            lat=before.lat if before else home.lat,
            lon=before.lon if before else home.lon,
        )
    if not found:
        raise BadTpsList(value="", why="empty")
    return [found[code] for code in sorted(found)]


def dapil_for(tps_list: Iterable[Tps], old: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """(contest, TPS) -> dapil for a new list, from the old mapping: of the TPS itself, else the one of its desa, else of its kecamatan.

    BadTpsList where a kecamatan is split and nothing says on which side a new TPS lies.
    """
    by_place: dict[tuple[str, str], set[str]] = {}
    for (contest, code), dapil in old.items():
        for place in (code, desa_of(code), kecamatan_of(code)):
            by_place.setdefault((contest, place), set()).add(dapil)
    contests = sorted({contest for contest, _ in old})
    found = {}
    for tps in tps_list:
        for contest in contests:
            choices = next(
                (by_place[contest, p] for p in (tps.code, tps.desa_code, tps.kecamatan_code) if len(by_place.get((contest, p), ())) == 1),
                None,
            )
            if choices is None:
                raise BadTpsList(value=tps.code, why="dapil", contest=contest)
            found[contest, tps.code] = next(iter(choices))
    return found


def dapil_on_line(contest: str, dapil: str, here: Mapping[str, tuple[str, ...]]) -> str:
    """The dapil as lines of stock and gauge name it: "" where the contest has one dapil in this region and this is it.

    here: contest -> the dapil of this region. A dapil from elsewhere keeps its name: such sheets are never the same goods.
    """
    mine = here.get(contest, ())
    return "" if len(mine) <= 1 and dapil in {"", *mine} else dapil
