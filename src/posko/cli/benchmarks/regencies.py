"""Ten regencies as routing problems in whole numbers: metres, seconds, boxes, grams. No solver is imported here.

Real: the villages, where they lie (polygon centroids) and how many TPS each has, read at run time from the national table beside the
checkout. Assumed (ASUMSI), the same for every contestant: five boxes a TPS, voters per TPS (drawn, seeded, in the observed range), trucks
and boats, speeds, handling times, windows. A stop that only a boat reaches is a village of a kecamatan (or a desa) that is known to consist
of islands; where a regency has none, a cluster of villages is drawn by a seed and the problem says SINTETIS.
"""

import csv
import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]

# kabupaten code -> codes (kecamatan or desa) known to be islands; () where none is known.
REGENCIES: dict[str, tuple[str, ...]] = {
    "19.06": ("19.06.01.2010",),  # Belitung Timur: Buku Limau
    "73.07": ("73.07.09",),  # Sinjai: Pulau Sembilan
    "11.13": (),  # Gayo Lues, inland
    "71.03": ("71.03.09", "71.03.11", "71.03.25"),  # Kepulauan Sangihe: Nusa Tabukan, Tatoareng, Marore
    "16.05": (),  # Musi Rawas, inland
    "16.08": (),  # Ogan Komering Ulu Timur, inland
    "35.29": ("35.29.04", "35.29.08", "35.29.20", "35.29.21", "35.29.22", "35.29.23", "35.29.24", "35.29.25", "35.29.27"),  # Sumenep
    "32.05": (),  # Garut
    "12.14": ("12.14.04", "12.14.05", "12.14.16", "12.14.28", "12.14.29", "12.14.30", "12.14.31"),  # Nias Selatan: Kepulauan Batu
    "11.08": (),  # Aceh Utara
}
SEED = 20240214
BOXES_PER_TPS = 5
TRUCK, BOAT = 0, 1
NO_WAY = 10_000_000
SHIFT_S, NOON_S, LAST_S = 10 * 3600, 6 * 3600, 9 * 3600  # from 06.00: the shift, noon, 15.00
LOADING_S, HALT_S, BOX_S = 20 * 60, 10 * 60, 30
FIXED = 50_000  # a vehicle that goes out costs as much as 50 km
DETOUR = (1.35, 1.1)
METRES_PER_S = (30 / 3.6, 25 / 3.6)
CAPACITY = ((300, 3_000_000), (100, 1_000_000))
LARGEST_LOAD = (150, 50)
MAX_RELOADS = 2
_EARTH_M = 6_371_000


@dataclass(frozen=True)
class Stop:
    """One load for one village: index of its place, boxes, grams, seconds of handling, latest arrival in seconds after the shift began."""

    place: int
    boxes: int
    grams: int
    service_s: int
    late_s: int


@dataclass(frozen=True)
class Fleet:
    """So many equal vehicles. kind is also the index of their matrices; depot is an index into the places."""

    kind: int
    count: int
    depot: int
    boxes: int
    grams: int


@dataclass(frozen=True)
class Problem:
    """What every contestant gets. Matrices are (places, places), one of metres and one of seconds for each kind of vehicle."""

    code: str
    name: str
    desa: int
    synthetic: bool
    out_of_reach: int
    points: tuple[tuple[float, float], ...]
    stops: tuple[Stop, ...]
    fleets: tuple[Fleet, ...]
    metres: tuple[Matrix, Matrix]
    seconds: tuple[Matrix, Matrix]
    shift_s: int = SHIFT_S
    loading_s: int = LOADING_S
    fixed: int = FIXED
    max_reloads: int = MAX_RELOADS

    @property
    def depots(self) -> tuple[int, ...]:
        """Places where vehicles load: the warehouse, and the pier where there are boats."""
        return tuple(dict.fromkeys(fleet.depot for fleet in self.fleets))


@dataclass(frozen=True)
class _Village:
    code: str
    lat: float
    lon: float
    tps: int


def read(file: Path, wanted: tuple[str, ...] = tuple(REGENCIES)) -> list[Problem]:
    """The problems of these regencies, smallest first. FileNotFoundError where the table is absent, KeyError for a code it lacks."""
    villages: dict[str, list[_Village]] = {code: [] for code in wanted}
    names: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["kab_code"] in villages and row["in_kpu_2024"] == "Y" and int(row["tps_2024"] or 0) > 0:
                tps = int(row["tps_2024"]) + int(row["tps_khusus_2024"] or 0)
                villages[row["kab_code"]].append(_Village(row["code"], float(row["lat"]), float(row["lon"]), tps))
                names[row["kab_code"]] = row["kabupaten"].removeprefix("Kabupaten ")
    missing = [code for code, found in villages.items() if not found]
    if missing:
        raise KeyError(", ".join(missing))
    made = [build(code, names[code], found, REGENCIES.get(code, ())) for code, found in villages.items()]
    return sorted(made, key=lambda problem: len(problem.stops))


def metres_between(points: NDArray[np.float64], detour: float) -> Matrix:
    """Great circle times a detour; points are (n, 2) latitudes and longitudes in degrees."""
    lat, lon = np.radians(points).T
    half = np.sin((lat[:, None] - lat) / 2) ** 2 + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    found: Matrix = np.rint(2 * _EARTH_M * np.arcsin(np.sqrt(half)) * detour).astype(np.int64)
    return found


def build(code: str, name: str, villages: list[_Village], islands: tuple[str, ...]) -> Problem:
    """The problem of one regency. The warehouse is the mainland village with most TPS; the pier, a place of its own, lies at the village
    nearest to the islands.
    """
    rng = random.Random(f"{SEED}/{code}")  # noqa: S311  (the same problem on every machine)
    points = np.array([(village.lat, village.lon) for village in villages])
    apart = np.array([village.code.startswith(islands) if islands else False for village in villages])
    synthetic = not apart.any()
    straight = metres_between(points, 1.0)
    if synthetic:  # a village and its nearest neighbours, one in twenty-five
        apart[np.argsort(straight[rng.randrange(len(villages))], kind="stable")[: max(1, round(len(villages) / 25))]] = True
    land, sea = np.flatnonzero(~apart), np.flatnonzero(apart)
    warehouse = int(max(land, key=lambda i: (villages[i].tps, villages[i].code)))
    pier = len(villages)
    points = np.vstack([points, points[land[np.argmin(straight[np.ix_(land, sea)].min(axis=1))]]])
    metres, seconds = _ways(points, np.append(apart, True))
    reach = SHIFT_S - LOADING_S - HALT_S - LARGEST_LOAD[BOAT] * BOX_S
    far = [int(i) for i in sea if 2 * seconds[BOAT][pier, i] > reach or seconds[BOAT][pier, i] + LOADING_S > LAST_S]
    stops = _stops(villages, apart, set(far), rng)
    fleets = [
        Fleet(kind, count, depot, *CAPACITY[kind])
        for kind, depot in ((TRUCK, warehouse), (BOAT, pier))
        if (count := _enough([s for s in stops if apart[s.place] == (kind == BOAT)], seconds[kind], depot, CAPACITY[kind]))
    ]
    where = tuple((float(lat), float(lon)) for lat, lon in points)
    return Problem(code, name, len(villages), synthetic, len(far), where, tuple(stops), tuple(fleets), metres, seconds)


def _ways(points: NDArray[np.float64], apart: NDArray[np.bool_]) -> tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]:
    """Metres and seconds: roads on the mainland, the sea between pier and islands; apart says what is not on the mainland."""
    metres, seconds = [], []
    for kind in (TRUCK, BOAT):
        way = metres_between(points, DETOUR[kind])
        time = np.rint(way / METRES_PER_S[kind]).astype(np.int64)
        closed = apart if kind == TRUCK else ~apart
        for matrix in (way, time):
            matrix[closed, :] = matrix[:, closed] = NO_WAY
            np.fill_diagonal(matrix, 0)
        metres.append(way)
        seconds.append(time)
    return (metres[0], metres[1]), (seconds[0], seconds[1])


def _stops(villages: list[_Village], apart: NDArray[np.bool_], far: set[int], rng: random.Random) -> list[Stop]:
    """Loads of whole TPS. A village in the fifth with most TPS must be reached by noon: its boxes go on to many places the same day."""
    busy = sorted((village.tps for village in villages), reverse=True)[len(villages) // 5]
    stops = []
    for place, village in enumerate(villages):
        weights = [20_000 + 120 * rng.randint(180, 300) for _ in range(village.tps)]  # boxes and papers of a TPS with so many voters
        if place in far:
            continue
        limit = LARGEST_LOAD[BOAT if apart[place] else TRUCK] // BOXES_PER_TPS
        parts = -(-village.tps // limit)
        late = NOON_S if village.tps > busy and not apart[place] else LAST_S
        for part in range(parts):
            mine = weights[part::parts]
            boxes = BOXES_PER_TPS * len(mine)
            stops.append(Stop(place, boxes, sum(mine), HALT_S + BOX_S * boxes, late))
    return stops


def _enough(stops: list[Stop], seconds: Matrix, depot: int, capacity: tuple[int, int]) -> int:
    """So many vehicles that a plan is found easily: those that the hours ask for, and two thirds more."""
    if not stops:
        return 0
    places = sorted({stop.place for stop in stops} | {depot})
    near = np.sort(seconds[np.ix_(places, places)], axis=1)
    hours = sum(stop.service_s for stop in stops) + int(near[:, 1].sum()) * 2
    loads = sum(stop.boxes for stop in stops) / capacity[0]
    trips = math.ceil(max(loads, sum(stop.grams for stop in stops) / capacity[1]))
    hours += int(trips * (LOADING_S + 2 * np.median(seconds[depot, [stop.place for stop in stops]])))
    return math.ceil(hours / SHIFT_S * 5 / 3) + 2
