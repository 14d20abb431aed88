"""Measured travel times from files: a list (one way a row) or a square matrix (places across and down), every problem with its cell.

Two shapes, told apart by their header and allowed side by side in one workbook. Nothing is guessed: a name that two places bear, a road
to an island, a crossing that is no sea leg, two numbers for one way are problems, and then nothing of the file is taken.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from posko.domain import places as place_rules
from posko.domain import travel as rules
from posko.domain.record import Problem
from posko.formats import dpt, table

HEADER = ("dari", "ke", "menit biasa", "menit 9 dari 10", "km", "jenis", "sumber")
_ROLES = {
    "from": ("dari", "asal"),
    "to": ("ke", "tujuan"),
    "usual": ("menit biasa", "menit", "waktu biasa", "biasa"),
    "tenth": ("menit 9 dari 10", "9 dari 10", "menit paling lama", "paling lama"),
    "km": ("km", "jarak km", "jarak"),
    "kind": ("jenis", "jalur"),
    "source": ("sumber",),
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words}
NAMES = {"from": "dari", "to": "ke", "usual": "menit biasa", "tenth": "menit 9 dari 10", "km": "km", "kind": "jenis", "source": "sumber"}
SOURCE_WORDS = {"ukur": "diukur di jalan", "gps": "jejak GPS", "sopir": "kata sopir atau nakhoda", "peta": "layanan peta"}
KIND_WORDS = {"darat": "darat", "laut": "laut"}
LIST, MATRIX, KM_MATRIX, PLACES = "Waktu", "Matriks menit", "Matriks km", "Tempat"
# Beyond this speed along the straight line a time is more likely a slip than a drive; it is said, not refused.
FAST_KMH = 100
_HEADER_ROWS = 15

SENTENCES = {
    "travel.no_header": "tidak ada judul kolom yang dikenal. Pakai kolom dari, ke, menit biasa; atau matriks dengan nama tempat di tepinya",
    "travel.empty": "tidak ada satu waktu pun di dalam berkas",
    "travel.unknown_place": "“{value}” tidak dikenal. Pakai kode, atau nama seperti di lembar Tempat",
    "travel.ambiguous": "“{value}” nama beberapa tempat: {codes}. Pakai kodenya",
    "travel.no_place": "tempat belum diisi",
    "travel.same_place": "dari dan ke tempat yang sama ({value})",
    "travel.no_minutes": "menit belum diisi",
    "travel.bad_minutes": "“{value}” bukan menit. Tulis bilangan bulat 1 sampai 4320",
    "travel.tenth_shorter": "9 dari 10 ({tenth} menit) lebih pendek daripada biasanya ({usual} menit)",
    "travel.bad_km": "“{value}” bukan jarak dalam km (di atas 0, paling besar 1000)",
    "travel.bad_kind": "“{value}” bukan jenis jalur. Pakai darat atau laut",
    "travel.bad_source": "“{value}” bukan sumber yang dikenal. Pakai ukur, gps, sopir, atau peta",
    "travel.no_road": "{place} di pulau: tidak ada jalan ke sana. Pakai jenis laut",
    "travel.no_sea_leg": "{place}–{to} bukan jalur laut yang terdaftar di halaman Tempat",
    "travel.twice": "jalur ini sudah ada dengan angka lain di {first}",
    "travel.diagonal": "kotak diagonal ({value}) harus kosong atau 0",
    "travel.km_alone": "ada jarak tetapi tidak ada menit untuk jalur ini",
    "travel.too_fast": "{km} km garis lurus dalam {usual} menit: di atas {kmh} km/jam. Periksa angkanya",
    "travel.too_short": "{km} km lebih pendek daripada garis lurusnya ({line} km). Periksa angkanya",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """What a file may name. kind: desa | ppk | gudang | kantor | dermaga | pulau; aliases are further names (desa with its kecamatan)."""

    code: str
    name: str
    kind: str
    lat: float | None = None
    lon: float | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a file says; warnings do not stand in the way, problems do (then `timings` is empty). blank: rows of the form left empty."""

    timings: tuple[rules.Timing, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    blank: int = 0


def places_of(
    desa: Iterable[place_rules.Desa], sites: Iterable[place_rules.Site], districts: Iterable[place_rules.Kecamatan]
) -> list[Place]:
    """Every place of a region that a vehicle may start from or stop at."""
    found = [Place(d.code, d.name, "desa", d.lat, d.lon, (f"{d.name} {d.kecamatan_name}",)) for d in desa]
    found += [Place(s.code, s.name, s.kind, s.lat, s.lon) for s in sites if s.kind in {"gudang", "dermaga", "pulau"}]
    return found + [Place(k.code, f"PPK {k.name}", "ppk") for k in districts]


def sentence(problem: Problem) -> str:
    """What is wrong, without where."""
    return SENTENCES[problem.code].format(**problem.facts)


def template(kind: str, places: Sequence[Place], legs: Iterable[tuple[str, str]]) -> bytes:
    """Our form: from every warehouse to every place by road and from every pier to its islands, minutes left empty. kind: xlsx | csv."""
    names = {place.code: place.name for place in places}
    starts = [place.code for place in places if place.kind == "gudang"]
    ends = [place.code for place in places if place.kind in {"desa", "ppk", "dermaga"}]
    rows: list[list[object]] = [list(HEADER)]
    rows += [[a, b, None, None, None, "darat", None] for a in starts for b in ends]
    rows += [[pier, island, None, None, None, "laut", None] for pier, island in legs if {pier, island} <= set(names)]
    if kind == "csv":
        return table.csv(rows).encode("utf-8-sig")
    codes = [place.code for place in places if place.kind != "pulau"]
    matrix: list[list[object]] = [["menit", *codes]]
    matrix += [[code, *([None] * len(codes))] for code in codes]
    known: list[list[object]] = [["kode", "tempat", "jenis"]]
    known += [[place.code, place.name, place.kind] for place in places]
    return table.xlsx({LIST: rows, MATRIX: matrix, KM_MATRIX: [["km", *matrix[0][1:]], *matrix[1:]], PLACES: known})


def read(name: str, data: bytes, places: Sequence[Place], legs: Iterable[tuple[str, str]], permille: int, source: str) -> Reading:
    """The ways of a file. legs: (pier, island) that boats know; permille: nine-of-ten where only one time stands; source: where none does.

    table.Unreadable, dpt.PersonalData and dpt.ForbiddenColumn for files that are none or that name persons.
    """
    book = table.read(name, data)
    dpt.refuse_persons(book)
    reader = _Reader(places, {frozenset(leg) for leg in legs}, permille, source)
    for sheet in book.sheets:
        if not sheet.hidden and dpt.normal(sheet.name) not in {dpt.normal(PLACES), "petunjuk"}:
            reader.sheet(sheet)
    reader.join_distances()
    if not reader.found and not reader.problems:
        reader.problems.append(Problem("", 0, "", "travel.empty"))
    made = () if reader.problems else tuple(one.timing for _, one in sorted(reader.found.items()))
    return Reading(made, tuple(reader.problems), tuple(reader.warnings), reader.blank)


@dataclass(frozen=True)
class _Cell:
    """Where something stands."""

    sheet: str
    row: int
    column: int

    def problem(self, code: str, **facts: str | int) -> Problem:
        return Problem(self.sheet, self.row, table.column_letter(self.column), code, facts)

    def __str__(self) -> str:
        where = f"baris {self.row}, kolom {table.column_letter(self.column)}"
        return f"lembar {self.sheet}, {where}" if self.sheet else where


@dataclass(frozen=True)
class _Found:
    timing: rules.Timing
    at: _Cell


@dataclass
class _Reader:
    places: Sequence[Place]
    legs: set[frozenset[str]]
    permille: int
    source: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    found: dict[tuple[str, str, str], _Found] = field(default_factory=dict)
    metres: dict[tuple[str, str], tuple[int, _Cell]] = field(default_factory=dict)
    blank: int = 0

    def __post_init__(self) -> None:
        self.by_code: dict[str, Place] = {place.code: place for place in self.places}
        self.by_name: dict[str, list[str]] = {}
        for place in self.places:
            for said in dict.fromkeys(dpt.normal(word) for word in (place.name, *place.aliases)):
                self.by_name.setdefault(said, []).append(place.code)

    # which shape

    def sheet(self, sheet: table.Sheet) -> None:
        if not any(_text(cell) for row in sheet.rows for cell in row):
            return
        for number, row in enumerate(sheet.rows[:_HEADER_ROWS], start=1):
            roles = _roles(row)
            if {"from", "to", "usual"} <= roles.keys():
                self.listed(sheet, number, roles)
                return
            if self._matrix_header(row):
                self.matrix(sheet, number)
                return
        self.problems.append(Problem(sheet.name, 0, "", "travel.no_header"))

    def _matrix_header(self, row: Sequence[table.Cell]) -> bool:
        named = [cell for cell in row[1:] if _text(cell)]
        return len(named) > 1 and sum(bool(self._codes(_text(cell))) for cell in named) * 2 > len(named)

    # names

    def _codes(self, written: str) -> list[str]:
        if written in self.by_code:
            return [written]
        try:
            code = place_rules.dotted(written)
        except place_rules.BadCode:
            code = ""
        if code in self.by_code:
            return [code]
        word = dpt.normal(written)
        return self.by_name.get(word) or self.by_name.get(re.sub(r"^(desa|kelurahan|kel) ", "", word), [])

    def place(self, cell: table.Cell, at: _Cell) -> str | None:
        written = _text(cell)
        codes = self._codes(written) if written else []
        if len(codes) == 1:
            return codes[0]
        if not written:
            self.problems.append(at.problem("travel.no_place"))
        elif codes:
            self.problems.append(at.problem("travel.ambiguous", value=written[:60], codes=", ".join(codes)))
        else:
            self.problems.append(at.problem("travel.unknown_place", value=written[:60]))
        return None

    # the list

    def listed(self, sheet: table.Sheet, header: int, roles: Mapping[str, int]) -> None:
        for number, row in enumerate(sheet.rows[header:], start=header + 1):
            cells = {role: row[column] if column < len(row) else None for role, column in roles.items()}
            if not any(_text(cell) for cell in row):
                continue
            if not any(_text(cells.get(role)) for role in ("usual", "tenth", "km")):
                self.blank += 1
                continue
            self.line({role: (cell, _Cell(sheet.name, number, roles[role])) for role, cell in cells.items()})

    def line(self, said: Mapping[str, tuple[table.Cell, _Cell]]) -> None:
        a, b = self.place(*said["from"]), self.place(*said["to"])
        usual = self.minutes(*said["usual"])
        tenth = self.minutes(*said["tenth"]) if _text(said.get("tenth", (None,))[0]) else 0
        metres = self.distance(*said["km"]) if _text(said.get("km", (None,))[0]) else 0
        kind, source = self._word(said, "kind", rules.KINDS), self._word(said, "source", rules.SOURCES)
        if a is None or b is None or usual is None or tenth is None or metres is None or kind is None or source is None:
            return
        if tenth and tenth < usual:
            self.problems.append(said["tenth"][1].problem("travel.tenth_shorter", usual=usual, tenth=tenth))
            return
        self.way(a, b, usual, tenth, said["usual"][1], kind=kind, metres=metres, source=source)

    def _word(self, said: Mapping[str, tuple[table.Cell, _Cell]], role: str, choices: Sequence[str]) -> str | None:
        """One of the choices, "" where nothing stands, None where something else does."""
        if role not in said or not _text(said[role][0]):
            return ""
        word = dpt.normal(said[role][0])
        if word in choices:
            return word
        self.problems.append(said[role][1].problem(f"travel.bad_{role}", value=_text(said[role][0])[:40]))
        return None

    # the matrix

    def matrix(self, sheet: table.Sheet, header: int) -> None:
        top, kilometres = sheet.rows[header - 1], dpt.normal(sheet.rows[header - 1][0]).startswith(("km", "jarak"))
        across = {column: self.place(cell, _Cell(sheet.name, header, column)) for column, cell in enumerate(top) if column and _text(cell)}
        for number, row in enumerate(sheet.rows[header:], start=header + 1):
            if not any(_text(cell) for cell in row):
                continue
            start = self.place(row[0] if row else None, _Cell(sheet.name, number, 0))
            for column, cell in enumerate(row):
                end, at = across.get(column), _Cell(sheet.name, number, column)
                if column and _text(cell) and start and end:
                    self.crossing(start, end, cell, at, kilometres=kilometres)

    def crossing(self, a: str, b: str, cell: table.Cell, at: _Cell, *, kilometres: bool) -> None:
        """One cell of a matrix: minutes ("35", or "35/50" with nine of ten) or kilometres."""
        if a == b:
            if _text(cell) not in {"0", "-", "–"}:
                self.problems.append(at.problem("travel.diagonal", value=_text(cell)[:20]))
        elif kilometres:
            metres = self.distance(cell, at)
            if metres:
                self.metres[a, b] = (metres, at)
        else:
            first, _, second = _text(cell).partition("/")
            usual = self.minutes(cell if not second else first, at)
            tenth = self.minutes(second, at) if second else 0
            if usual is None or tenth is None:
                return
            if tenth and tenth < usual:
                self.problems.append(at.problem("travel.tenth_shorter", usual=usual, tenth=tenth))
                return
            self.way(a, b, usual, tenth, at)

    def join_distances(self) -> None:
        """Kilometres of a matrix of their own go to the minutes of the same way."""
        for (a, b), (metres, at) in self.metres.items():
            ways = [key for key in self.found if key[1:] == (a, b)]
            if not ways:
                self.problems.append(at.problem("travel.km_alone"))
            for key in ways:
                one = self.found[key]
                self.found[key] = replace(one, timing=replace(one.timing, distance_m=metres))
                self._plausible(self.found[key].timing, at)

    # figures

    def minutes(self, cell: table.Cell, at: _Cell) -> int | None:
        written = _text(cell)
        if not written:
            self.problems.append(at.problem("travel.no_minutes"))
            return None
        tidy = re.sub(r"\s*(menit|min|mnt)\.?$", "", written.lower())
        if not (tidy.isascii() and tidy.isdigit() and 0 < int(tidy[:6]) <= 3 * rules.DAY and len(tidy) <= 6):
            self.problems.append(at.problem("travel.bad_minutes", value=written[:20]))
            return None
        return int(tidy)

    def distance(self, cell: table.Cell, at: _Cell) -> int | None:
        written = _text(cell).lower().removesuffix("km").strip().replace(",", ".")
        if not re.fullmatch(r"\d{1,4}(\.\d{1,4})?", written) or not 0 < float(written) <= 1000:
            self.problems.append(at.problem("travel.bad_km", value=_text(cell)[:20]))
            return None
        return max(1, round(float(written) * 1000))

    def way(self, a: str, b: str, usual: int, tenth: int, at: _Cell, *, kind: str = "", metres: int = 0, source: str = "") -> None:
        """A way with its numbers, if it is one that a vehicle can take."""
        if a == b:
            self.problems.append(at.problem("travel.same_place", value=self.by_code[a].name))
            return
        sea = frozenset((a, b)) in self.legs
        island = next((code for code in (a, b) if self.by_code[code].kind == "pulau"), "")
        kind = kind or ("laut" if sea or island else "darat")
        if kind == "laut" and not sea:
            self.problems.append(at.problem("travel.no_sea_leg", place=self.by_code[a].name, to=self.by_code[b].name))
            return
        if kind == "darat" and island:
            self.problems.append(at.problem("travel.no_road", place=self.by_code[island].name))
            return
        timing = rules.Timing(
            kind, a, b, usual, tenth or max(usual, rules.assumed_tenth(usual, self.permille)), metres, source or self.source, not tenth
        )
        before = self.found.setdefault(timing.way, _Found(timing, at))
        if before.timing != timing:
            self.problems.append(at.problem("travel.twice", first=str(before.at)))
        elif before.at is at:
            self._plausible(timing, at)

    def _plausible(self, timing: rules.Timing, at: _Cell) -> None:
        """Warns of what can hardly be: against the straight line, which is never longer than the way."""
        a, b = self.by_code[timing.place], self.by_code[timing.to]
        if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
            return
        line = place_rules.great_circle_km(a.lat, a.lon, b.lat, b.lon)
        if line * 60 > FAST_KMH * timing.usual_min and not timing.distance_m:
            self.warnings.append(at.problem("travel.too_fast", km=round(line), usual=timing.usual_min, kmh=FAST_KMH))
        if timing.distance_m and timing.distance_m < line * 950:
            said = f"{timing.distance_m / 1000:.1f}".replace(".", ",")
            self.warnings.append(at.problem("travel.too_short", km=said, line=f"{line:.1f}".replace(".", ",")))


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _roles(row: Sequence[table.Cell]) -> dict[str, int]:
    roles: dict[str, int] = {}
    for column, cell in enumerate(row):
        role = _ROLE_OF.get(dpt.normal(cell)) if isinstance(cell, str) else None
        if role:
            roles.setdefault(role, column)
    return roles
