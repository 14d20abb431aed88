"""Forecasts of waves as a table that is pasted or uploaded, and back: heights in metres, times in WIB, every problem named."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from posko.domain import weather as rules
from posko.domain.record import Problem
from posko.formats import table, text

SOURCES = {
    rules.Source.BMKG: "BMKG", rules.Source.HARBOUR: "Syahbandar", rules.Source.NAVY: "TNI AL", rules.Source.FISHERS: "Nelayan setempat",
}  # fmt: skip
WHYS = {
    rules.Why.TYPED_WRONG: "salah ketik", rules.Why.WRONG_PLACE: "salah tempat", rules.Why.TWICE: "dicatat dua kali",
    rules.Why.RECALLED: "ditarik oleh sumbernya",
}  # fmt: skip
COLUMNS = {
    "place": ("tempat", "lokasi", "perairan", "wilayah"),
    "from": ("mulai", "dari"),
    "until": ("selesai", "sampai", "hingga"),
    "height": ("gelombang (m)", "tinggi (m)", "gelombang", "tinggi gelombang", "tinggi"),
    "issued": ("terbit", "dikeluarkan", "waktu terbit"),
    "source": ("sumber",),
}
NAMES = {field: names[0] for field, names in COLUMNS.items()}
HEADER = tuple(NAMES.values())


def height_cm(typed: str) -> int | None:
    """1,25 or 1.25 or 0,5 - 1,25 (the higher one) metres -> centimetres; None where it is no height."""
    parts = [part for part in re.split(r"\s*(?:-|–|s/d|sampai)\s*", typed.strip().lower().removesuffix("m").strip()) if part]
    numbers = [part.strip().removesuffix("m").strip().replace(",", ".") for part in parts]
    if not 1 <= len(numbers) <= 2 or not all(re.fullmatch(r"\d{1,2}(\.\d{1,2})?", number) for number in numbers):
        return None
    return max(round(float(number) * 100) for number in numbers)


def moment(written: str) -> datetime | None:
    """2024-02-12 07:00, 12/02/2024 07.00 in WIB as UTC; None where it cannot be read."""
    tidy = re.sub(r"\s+", " ", written.strip().replace("T", " ")).removesuffix(" WIB")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H.%M", "%d/%m/%Y %H:%M", "%d/%m/%Y %H.%M", "%d-%m-%Y %H.%M"):
        try:
            found = datetime.strptime(tidy, form).replace(tzinfo=text.WIB)
        except (ValueError, OverflowError):
            continue
        return found.astimezone(UTC) if 2000 <= found.year < 2100 else None
    return None


def read(name: str, data: bytes, places: Mapping[str, str], at: datetime) -> tuple[tuple[rules.Wave, ...], list[Problem]]:
    """Forecasts, and everything wrong; with problems nothing is to be taken. places: code -> name. table.Unreadable.

    A row that names no issue was issued `at`; one without a source is the weather service's.
    """
    known = {code.lower(): code for code in places} | {label.lower(): code for code, label in places.items()}
    waves: list[rules.Wave] = []
    problems: list[Problem] = []
    for sheet in table.read(name, data).sheets:
        if sheet.hidden:
            continue
        head, columns = _header(sheet)
        missing = [field for field in ("place", "from", "until", "height") if field not in columns]
        if missing:
            problems += [Problem(sheet.name, head + 1, NAMES[f], "weather.no_column", {"column": NAMES[f]}) for f in missing]
            continue
        for number, row in enumerate(sheet.rows[head + 1 :], start=head + 2):
            typed = {field: _text(row[column]) if column < len(row) else "" for field, column in columns.items()}
            if any(typed.values()):
                _row(typed, known, at, (sheet.name, number), waves, problems)
    if not waves and not problems:
        problems.append(Problem("", 0, "", "weather.no_rows"))
    return tuple(waves), problems


def _header(sheet: table.Sheet) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(sheet.rows[:15]):
        words = [re.sub(r"\s+", " ", _text(cell).lower().replace("_", " ")) for cell in row]
        found = {field: words.index(word) for field, names in COLUMNS.items() for word in reversed(names) if word in words}
        if len(found) > len(best[1]):
            best = (at, found)
    return best


def _row(
    typed: Mapping[str, str],
    known: Mapping[str, str],
    at: datetime,
    where: tuple[str, int],
    waves: list[rules.Wave],
    problems: list[Problem],
) -> None:
    before = len(problems)

    def wrong(field: str, code: str) -> None:
        problems.append(Problem(where[0], where[1], NAMES[field], code, {"value": typed.get(field, "")[:40]}))

    place = known.get(typed["place"].lower())
    if place is None:
        wrong("place", "weather.no_place")
    from_at, until_at = moment(typed["from"]), moment(typed["until"])
    issued_at = moment(typed["issued"]) if typed.get("issued") else at
    for field, found in (("from", from_at), ("until", until_at), ("issued", issued_at)):
        if found is None:
            wrong(field, "weather.no_time")
    height = height_cm(typed["height"])
    if height is None:
        wrong("height", "weather.no_height")
    source = source_of(typed.get("source", ""))
    if source is None:
        wrong("source", "weather.no_source")
    if len(problems) > before or not (place and from_at and until_at and issued_at and source) or height is None:
        return
    try:
        wave = rules.Wave(place, from_at, until_at, height, issued_at, source.value)
        rules.check(wave, [place], at)
    except rules.NotYetIssued:
        wrong("issued", "weather.later")
    except rules.BadForecast:
        wrong("until", "weather.ends_first")
    else:
        waves.append(wave)


def source_of(typed: str) -> rules.Source | None:
    """The source by its code or its name; nothing typed is the weather service."""
    said = typed.strip().lower()
    if not said:
        return rules.Source.BMKG
    return next((source for source, name in SOURCES.items() if said in {source.value.lower(), name.lower()}), None)


def _text(cell: table.Cell) -> str:
    return "" if cell is None else str(cell).strip()


PROBLEMS = {
    "weather.no_rows": "Tidak ada baris yang terisi.",
    "weather.no_column": "Kolom “{column}” tidak ada. Pakai kepala kolom seperti contoh.",
    "weather.no_place": "Tempat “{value}” tidak dikenal. Tulis nama atau kode dermaga, pulau, atau laut kabupaten.",
    "weather.no_time": "Waktu “{value}” tidak terbaca. Tulis 2024-02-12 07:00.",
    "weather.no_height": "Tinggi “{value}” tidak terbaca. Tulis meter, misalnya 1,25 atau 0,5 - 1,25.",
    "weather.no_source": "Sumber “{value}” tidak ada dalam daftar: BMKG, Syahbandar, TNI AL, Nelayan setempat.",
    "weather.later": "Waktu terbit sesudah sekarang.",
    "weather.ends_first": "Selesai harus sesudah mulai dan terbit, dan paling jauh 14 hari sesudah terbit.",
}


def sentence(problem: Problem) -> str:
    """What is wrong, said plainly."""
    return PROBLEMS[problem.code].format(**problem.facts)


def rows(waves: Iterable[rules.Wave], places: Mapping[str, str]) -> list[list[object]]:
    """The table that `read` reads, header first."""
    lines: list[list[object]] = [list(HEADER)]
    for wave in waves:
        times = [moment_text(wave.from_at), moment_text(wave.until_at)]
        source = next((name for code, name in SOURCES.items() if code.value == wave.source), wave.source)
        height = text.desimal(wave.height_cm / 100, 2)
        lines.append([places.get(wave.place, wave.place), *times, height, moment_text(wave.issued_at), source])
    return lines


def moment_text(moment: datetime) -> str:
    """2024-02-12 07:00, WIB."""
    return text.form_moment(moment).replace("T", " ")
