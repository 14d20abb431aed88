"""Voter counts per TPS out of a CSV or XLSX file: our template, or a recap with names of places.

`read` returns counts, all the problems with sheet, row and column, and what must be asked. A file in which something looks like data of
persons is refused whole. Whoever imports must see no problem and no question left.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rapidfuzz import fuzz, process

from posko.domain import dpt, places, record
from posko.formats import table

HEADER = ("tps_code", "desa_code", "voters", "dptb", "dpk")
# What a column can be. The order is that of the screen on which columns are named.
ROLES = ("tps_code", "desa_code", "kecamatan", "desa", "number", "male", "female", "voters", "dptb", "dpk")
_WORDS: dict[str, tuple[str, ...]] = {
    "tps_code": ("tps code", "kode tps", "kodetps", "kd tps"),
    "desa_code": ("desa code", "kode desa", "kode kelurahan", "kode desa kelurahan", "kode kelurahan desa", "kode wilayah"),
    "kecamatan": ("kecamatan", "nama kecamatan", "kec", "distrik"),
    "desa": (
        "desa", "kelurahan", "desa kelurahan", "kelurahan desa", "desa kel",
        "nama desa", "nama kelurahan", "nama desa kelurahan", "nama kelurahan desa", "nama desa kel",
    ),
    "number": ("tps", "no tps", "nomor tps", "nama tps", "nomer tps"),
    "male": ("l", "laki laki", "laki", "lk", "pria", "male", "jumlah laki laki"),
    "female": ("p", "perempuan", "pr", "wanita", "female", "jumlah perempuan"),
    "voters": (
        "voters", "pemilih", "jumlah pemilih", "jml pemilih", "dpt", "jumlah dpt", "total pemilih", "l p", "jumlah l p",
        "total", "jumlah", "jml", "jumlah pemilih dpt",
    ),
    "dptb": ("dptb", "jumlah dptb", "pemilih dptb"),
    "dpk": ("dpk", "jumlah dpk", "pemilih dpk"),
}  # fmt: skip
_ROLE_OF = {word: role for role, words in _WORDS.items() for word in words}
_PERSONAL = re.compile(
    r"(no|nomor|nomer|nmr)?\s*(nik|nkk|kk|ktp|e ktp|kartu keluarga|induk kependudukan|nomor induk kependudukan|paspor)"
    r"( pemilih| kepala keluarga)?"
    r"|nama (pemilih|lengkap|orang|kepala keluarga|ibu( kandung)?|ayah|pasangan|warga|penduduk)|name|full name|voter name|nama nama pemilih"
    r"|(tempat|tanggal|tgl|tpt|tmp)( tempat| tanggal| tgl| dan)* lahir|ttl|usia|umur|birth ?date|date of birth|address"
    r"|alamat( lengkap| rumah| pemilih| tinggal)?|jenis kelamin|status (perkawinan|kawin)|pekerjaan"
    r"|no (hp|telepon|telp|wa)|nomor (hp|telepon)|email|jenis disabilitas|foto|tanda tangan"
)
_FORBIDDEN = re.compile(
    r"agama|suku|etnis|partai( politik)?|parpol|caleg|paslon|pasangan calon|calon|pilihan( politik)?|perolehan( suara)?|suara sah|dukungan"
)
_SIXTEEN = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){15}(?!\d)")
_TOTAL = re.compile(r"\b(sub ?total|grand total|total|jumlah|jml|rekap\w*)\b")
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_ERROR = re.compile(r"#(REF|DIV/0|VALUE|N/A|NAME\?|NUM|NULL|SPILL|CALC)!?", re.IGNORECASE)


class PersonalData(record.Refusal):
    """A column or a value that looks like data of persons. The value itself is repeated nowhere."""

    code: ClassVar[str] = "dpt.personal"


class ForbiddenColumn(record.Refusal):
    """A column about party, candidate, religion, ethnicity or votes."""

    code: ClassVar[str] = "dpt.forbidden"


class NoTable(record.Refusal):
    """No sheet has rows below a header."""

    code: ClassVar[str] = "dpt.no_table"


@dataclass(frozen=True)
class Columns:
    """Where things stand on a sheet: header rows first..last (1-based), and the 0-based column of each role."""

    sheet: str
    first: int
    last: int
    roles: Mapping[str, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is still needed: a way to know the TPS, and a count."""
        have = set(self.roles)
        place = "tps_code" in have or {"desa_code", "number"} <= have or {"desa", "number"} <= have
        count = bool(have & {"voters", "dptb", "dpk"}) or {"male", "female"} <= have
        return (() if place else ("place",)) + (() if count else ("count",))


@dataclass(frozen=True)
class Question:
    """What is asked, never guessed. kind: separator | desa | kecamatan; choices (value, label), `likely` the one to confirm or empty."""

    key: str
    kind: str
    written: str
    rows: tuple[int, ...]
    choices: tuple[tuple[str, str], ...]
    likely: str = ""


@dataclass(frozen=True)
class Reading:
    """What a file says. Warnings do not stand in the way of an import; problems and questions do."""

    columns: Columns
    headers: tuple[str, ...]
    sheets: tuple[str, ...]
    minimal: bool
    additional: bool
    voters: tuple[dpt.TpsVoters, ...]
    problems: tuple[record.Problem, ...]
    warnings: tuple[record.Problem, ...]
    questions: tuple[Question, ...]
    sample: tuple[tuple[str, ...], ...] = ()

    @property
    def total(self) -> int:
        """Sum of the counts."""
        return sum(v.dpt for v in self.voters)

    @property
    def ready(self) -> bool:
        """Whether it may be imported."""
        return bool(self.voters) and not self.problems and not self.questions


def normal(written: object) -> str:
    """Lower case, no accents, words with single spaces: "No. TPS" -> "no tps"."""
    plain = unicodedata.normalize("NFKD", str(written if written is not None else "")).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def _place_name(written: str) -> str:
    return re.sub(r"^(desa|kelurahan|kel|kecamatan|kec|distrik)\s+", "", normal(written))


def template(kind: str, tps_list: Iterable[places.Tps]) -> bytes:
    """Our own form with every TPS of the election, counts left empty. kind: xlsx | csv."""
    rows: list[list[object]] = [list(HEADER)]
    rows += [[t.code, t.desa_code, None, None, None] for t in tps_list]
    return table.xlsx({"pemilih": rows}) if kind == "xlsx" else table.csv(rows).encode("utf-8-sig")


def refuse_persons(book: table.Workbook) -> None:
    """PersonalData or ForbiddenColumn, with sheet, row and column, for the first such cell of the whole file."""
    for sheet in book.sheets:
        for number, row in enumerate(sheet.rows, start=1):
            for column, cell in enumerate(row):
                if cell is None or cell == "":
                    continue
                where: dict[str, str | int] = {
                    "sheet": f"lembar {sheet.name}" if sheet.name else "berkas",
                    "row": number,
                    "column": table.column_letter(column),
                }
                if isinstance(cell, int | float) and len(str(int(abs(cell)))) == 16:
                    raise PersonalData(**where, what="angka 16 digit")
                written = str(cell)
                if _SIXTEEN.search(written) or re.fullmatch(r"\d[.,]\d+E\+15", written, re.IGNORECASE):
                    raise PersonalData(**where, what="angka 16 digit")
                if isinstance(cell, str) and len(cell) < 60:
                    word = normal(cell)
                    if _PERSONAL.fullmatch(word) or (word == "nama" and not _names_of_places(sheet, column)):
                        raise PersonalData(**where, what=f"kolom “{cell}”")
                    if _FORBIDDEN.fullmatch(word):
                        raise ForbiddenColumn(**where, what=cell)


def _names_of_places(sheet: table.Sheet, column: int) -> bool:
    values = [normal(r[column]) for r in sheet.rows if len(r) > column and r[column]]
    return sum(bool(re.match(r"(tps|desa|kelurahan|kecamatan|kec|kel)\b", v)) for v in values) * 2 > len(values)


# --- the header ----------------------------------------------------------------------------------------------------------------------


def _filled(sheet: table.Sheet) -> list[list[table.Cell]]:
    rows = [list(r) for r in sheet.rows]
    for top, left, bottom, right in sheet.merged:
        value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
        for r in range(top, min(bottom + 1, len(rows))):
            rows[r].extend([None] * (right + 1 - len(rows[r])))
            for c in range(left, right + 1):
                if rows[r][c] in (None, ""):
                    rows[r][c] = value
    return rows


def _text(cell: table.Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _role(parts: Sequence[str]) -> str:
    """The role of a column from its header cells, the lowest first: "Jumlah pemilih" over "L" is L."""
    for part in parts:
        word = normal(part)
        if word in ("l", "p") or word in _ROLE_OF:
            return _ROLE_OF[word]
    return _ROLE_OF.get(normal(" ".join(reversed(parts))), "")


def find_columns(sheet: table.Sheet) -> Columns | None:
    """The header of a sheet: the row among the first 30 in which most columns are known, with the rows above or below that belong to it."""
    rows = _filled(sheet)
    best: tuple[int, int, dict[str, int]] = (0, 0, {})
    for first in range(min(30, len(rows))):
        for height in (1, 2, 3):
            block = rows[first : first + height]
            if len(block) < height or any(_has_count(r) for r in block) or not all(any(_text(c) for c in r) for r in block):
                break
            roles = _roles(block)
            if len(roles) > len(best[2]):
                best = (first, first + height - 1, roles)
    if not best[2] or (len(best[2]) < 2 and "tps_code" not in best[2]):
        return None
    return Columns(sheet.name, best[0] + 1, best[1] + 1, best[2])


def _has_count(row: Sequence[table.Cell]) -> bool:
    return any(isinstance(c, int | float) or re.fullmatch(r"\d[\d.,]*", _text(c)) for c in row)


def _roles(block: Sequence[Sequence[table.Cell]]) -> dict[str, int]:
    roles: dict[str, int] = {}
    for column in range(max(len(r) for r in block)):
        parts = [_text(r[column]) for r in reversed(block) if len(r) > column and _text(r[column])]
        role = _role(list(dict.fromkeys(parts)))
        if role and role not in roles:
            roles[role] = column
    return roles


# --- the rows ------------------------------------------------------------------------------------------------------------------------


@dataclass
class _Sums:
    since: int = 0
    whole: int = 0
    by_name: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class _Reader:
    columns: Columns
    tps: Mapping[str, places.Tps]
    region: str
    crosswalk: Mapping[str, str]
    answers: Mapping[str, str]
    limit: int
    estimate: bool
    problems: list[record.Problem] = field(default_factory=list)
    warnings: list[record.Problem] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    voters: list[dpt.TpsVoters] = field(default_factory=list)
    sums: _Sums = field(default_factory=_Sums)
    names: dict[str, str] = field(default_factory=dict)
    notes: int = 0

    @property
    def additional(self) -> bool:
        return not ({"voters", "male"} & set(self.columns.roles))

    def cell(self, row: Sequence[table.Cell], role: str) -> table.Cell:
        column = self.columns.roles.get(role)
        return row[column] if column is not None and column < len(row) else None

    def wrong(self, row: int, role: str, code: str, **facts: str | int) -> None:
        column = self.columns.roles.get(role)
        letter = table.column_letter(column) if column is not None else ""
        self.problems.append(record.Problem(self.columns.sheet, row, letter, code, facts))

    def warn(self, row: int, role: str, code: str, **facts: str | int) -> None:
        column = self.columns.roles.get(role)
        letter = table.column_letter(column) if column is not None else ""
        self.warnings.append(record.Problem(self.columns.sheet, row, letter, code, facts))

    def read(self, rows: Sequence[Sequence[table.Cell]]) -> None:
        for number, row in enumerate(rows, start=1):
            if number <= self.columns.last or not any(_text(c) for c in row) or _column_numbers(row):
                continue
            self.line(number, row)

    def line(self, number: int, row: Sequence[table.Cell]) -> None:
        label = next((_text(c) for c in row if _text(c)), "")
        counts = [_text(self.cell(row, r)) for r in ("voters", "male", "female", "dptb", "dpk")]
        place = "tps_code" if "tps_code" in self.columns.roles else "number"
        identity = _text(self.cell(row, place))
        written = [normal(c) for c in row if isinstance(c, str)]
        if not re.search(r"\d", identity) or _TOTAL.search(normal(identity)):
            if any(_TOTAL.search(w) for w in written):
                self.total_row(number, row, label)
                return
            if not any(counts):
                self.notes += 1
                return
        elif not any(counts) and re.search(r"[a-z]{4}", normal(identity).replace("tps", "")):
            self.notes += 1
            return
        code = self.place(number, row)
        found = self.amounts(number, row)
        if code is None:
            return
        if code in self.seen:
            self.wrong(number, place, "dpt.duplicate", tps=self.label(code), first=self.seen[code])
            return
        self.seen[code] = number
        if found is None:
            return
        self.voters.append(found_for(code, found, self.estimate))

    def label(self, code: str) -> str:
        t = self.tps.get(code)
        return f"{t.name} {t.desa_name} ({code})" if t else code

    # counts

    def amounts(self, number: int, row: Sequence[table.Cell]) -> dict[str, int] | None:
        found: dict[str, int] = {}
        good = True
        for role in ("voters", "male", "female", "dptb", "dpk"):
            if role not in self.columns.roles:
                continue
            cell = self.cell(row, role)
            if role in ("dptb", "dpk") and _text(cell) == "":
                continue
            value = self.amount(number, role, cell)
            if value is None:
                good = False
            else:
                found[role] = value
        if not good:
            return None
        if {"male", "female"} <= set(found):
            both = found["male"] + found["female"]
            if found.setdefault("voters", both) != both:
                self.wrong(number, "voters", "dpt.sum", male=found["male"], female=found["female"], both=both, total=found["voters"])
                return None
        if not self.additional:
            count = found["voters"]
            self.sums.since += count
            self.sums.whole += count
            for name in {_place_name(_text(self.cell(row, r))) for r in ("kecamatan", "desa")} - {""}:
                self.sums.by_name[name] += count
            if self.limit and count > self.limit:
                self.warn(number, "voters", "dpt.over_limit", value=count, limit=self.limit)
            if count == 0:
                self.warn(number, "voters", "dpt.zero")
        return found

    def amount(self, number: int, role: str, cell: table.Cell) -> int | None:
        if isinstance(cell, float):
            self.wrong(number, role, "dpt.decimal", value=f"{cell:g}".replace(".", ","))
            return None
        if isinstance(cell, int):
            if cell < 0:
                self.wrong(number, role, "dpt.negative_count", value=cell)
                return None
            return self.plausible(number, role, cell)
        written = _text(cell).lstrip("'").replace("\u202f", " ")
        if not written:
            self.wrong(number, role, "dpt.count_empty")
        elif _ERROR.match(written):
            self.wrong(number, role, "dpt.formula_error", value=written)
        elif written.startswith("="):
            self.wrong(number, role, "dpt.formula")
        elif re.fullmatch(r"[-\u2212]\s*\d[\d.,]*", written):
            self.wrong(number, role, "dpt.negative_count", value=written)
        elif written.isascii() and written.isdigit():
            return self.plausible(number, role, int(written))
        elif grouped := _GROUPED.fullmatch(written):
            return self.grouped(number, role, written, grouped[1])
        elif re.fullmatch(r"\d+[.,]\d+", written):
            self.wrong(number, role, "dpt.decimal", value=written)
        else:
            self.wrong(number, role, "dpt.not_a_number", value=written[:40])
        return None

    def plausible(self, number: int, role: str, value: int) -> int | None:
        if value > 99_999:
            self.wrong(number, role, "dpt.too_many", value=value)
            return None
        return value

    def grouped(self, number: int, role: str, written: str, mark: str) -> int | None:
        answer = self.answers.get("separator", "")
        if answer == mark:
            return self.plausible(number, role, int(written.replace(mark, "")))
        if answer:
            self.wrong(number, role, "dpt.decimal", value=written)
            return None
        whole = written.replace(mark, "")
        known = self.questions.get("separator")
        choices = ((mark, f"“{written}” adalah {whole} (tanda ribuan)"), ("none", f"“{written}” adalah pecahan: berkasnya salah"))
        self.questions["separator"] = Question(
            "separator",
            "separator",
            known.written if known else written,
            (*(known.rows if known else ()), number),
            known.choices if known else choices,
        )
        return None

    # places

    def place(self, number: int, row: Sequence[table.Cell]) -> str | None:
        if "tps_code" in self.columns.roles:
            code = self.code(number, "tps_code", self.cell(row, "tps_code"), 13)
            if code and "desa_code" in self.columns.roles and _text(self.cell(row, "desa_code")):
                desa = self.code(number, "desa_code", self.cell(row, "desa_code"), 10)
                if desa is None:
                    return None
                if places.desa_of(code) != desa:
                    self.wrong(number, "desa_code", "dpt.desa_differs", tps=code, desa=desa)
                    return None
        else:
            desa = (
                self.code(number, "desa_code", self.cell(row, "desa_code"), 10)
                if "desa_code" in self.columns.roles
                else self.named(number, row)
            )
            tps = self.tps_number(number, self.cell(row, "number"))
            code = places.tps_code(desa, tps) if desa and tps is not None else None
        if code is None or not self.tps or code in self.tps:
            return code
        self.wrong(number, "tps_code" if "tps_code" in self.columns.roles else "number", "dpt.unknown_tps", tps=code)
        return None

    def code(self, number: int, role: str, cell: table.Cell, digits: int) -> str | None:
        written = _text(cell).lstrip("'").strip()
        what = "TPS" if digits == 13 else "desa"
        if not written:
            self.wrong(number, role, "dpt.code_empty", what=what)
        elif re.fullmatch(r"\d+([.,]\d+)?E\+?\d+", written, re.IGNORECASE) or (isinstance(cell, float) and not cell.is_integer()):
            self.wrong(number, role, "dpt.code_scientific", value=written, what=what, digits=digits)
        elif isinstance(cell, int | float):
            self.wrong(number, role, "dpt.code_number", value=written, what=what, digits=digits)
        else:
            try:
                code = places.dotted(written)
            except places.BadCode:
                code = ""
            if len(code.replace(".", "")) != digits:
                self.wrong(number, role, "dpt.code_bad", value=written[:40], what=what, digits=digits)
                return None
            code = places.crosswalk(self.crosswalk, code)
            if self.region and not code.startswith(f"{self.region}."):
                self.wrong(number, role, "dpt.wrong_region", value=code, region=self.region)
                return None
            return code
        return None

    def tps_number(self, number: int, cell: table.Cell) -> int | None:
        found = re.fullmatch(r"(?:tps)?\s*(?:no\.?|nomor)?\s*0*(\d{1,3})", _text(cell).lower())
        if found is None or int(found[1]) == 0:
            self.wrong(number, "number", "dpt.number_bad", value=_text(cell)[:40])
            return None
        return int(found[1])

    def named(self, number: int, row: Sequence[table.Cell]) -> str | None:
        """The desa of a row by kecamatan and desa; a name alone, or one that is only alike, is asked about."""
        for role in ("kecamatan", "desa"):
            if _text(self.cell(row, role)):
                if role == "kecamatan" and self.names.get(role) != _text(self.cell(row, role)):
                    self.names.pop("desa", None)
                self.names[role] = _text(self.cell(row, role))
        desa, kecamatan = self.names.get("desa", ""), self.names.get("kecamatan", "")
        if not desa:
            self.wrong(number, "desa", "dpt.name_empty")
            return None
        key = f"desa:{_place_name(kecamatan)}|{_place_name(desa)}"
        if key in self.answers:
            return self.answers[key]
        all_desa = {t.desa_code: t for t in self.tps.values()}
        inside = {c: t for c, t in all_desa.items() if _place_name(t.kecamatan_name) == _place_name(kecamatan)}
        exact = [c for c, t in (inside or all_desa).items() if _place_name(t.desa_name) == _place_name(desa)]
        if inside and len(exact) == 1:
            return exact[0]
        known = self.questions.get(key)
        if known is None:
            pool = {c: _place_name(t.desa_name) for c, t in (inside or all_desa).items()}
            near = [c for _, _, c in process.extract(_place_name(desa), pool, scorer=fuzz.WRatio, limit=5)]
            order = list(dict.fromkeys([*exact, *near, *sorted(pool)]))
            choices = tuple((c, f"{all_desa[c].desa_name}, Kecamatan {all_desa[c].kecamatan_name} ({c})") for c in order)
            likely = exact[0] if len(exact) == 1 else ""
            known = Question(key, "desa", f"{desa}, Kecamatan {kecamatan}" if kecamatan else desa, (), choices, likely)
        self.questions[key] = Question(known.key, known.kind, known.written, (*known.rows, number), known.choices, known.likely)
        return None

    def total_row(self, number: int, row: Sequence[table.Cell], label: str) -> None:
        """A total is checked, not imported."""
        role = "voters" if "voters" in self.columns.roles else ""
        cell = self.cell(row, role) if role else None
        self.names.clear()
        if _text(cell) == "" or self.additional:
            return
        before = len(self.problems)
        stated = self.amount_of_total(number, role, cell)
        if stated is None or len(self.problems) > before:
            return
        named = {self.sums.by_name[n] for n in self.sums.by_name if n and n in normal(" ".join(_text(c) for c in row))}
        if stated not in {self.sums.since, self.sums.whole, *named} and not self.problems and not self.questions:
            self.wrong(
                number,
                role,
                "dpt.total",
                label=label[:40],
                stated=stated,
                counted=self.sums.since if stated < self.sums.whole else self.sums.whole,
            )
        self.sums.since = 0

    def amount_of_total(self, number: int, role: str, cell: table.Cell) -> int | None:
        if isinstance(cell, int):
            return cell
        written = _text(cell)
        if written.isdigit():
            return int(written)
        grouped = _GROUPED.fullmatch(written)
        if grouped and self.answers.get("separator") in (None, "", grouped[1]):
            if "separator" in self.answers:
                return int(written.replace(grouped[1], ""))
            self.grouped(number, role, written, grouped[1])
            return None
        self.wrong(number, role, "dpt.not_a_number", value=written[:40])
        return None


def found_for(code: str, found: Mapping[str, int], estimate: bool) -> dpt.TpsVoters:
    """Counts of one line as a value."""
    return dpt.TpsVoters(
        code, found.get("voters", 0), found.get("dptb", 0), found.get("dpk", 0), estimate, found.get("male"), found.get("female")
    )


def _column_numbers(row: Sequence[table.Cell]) -> bool:
    """The row "1 2 3 4 ..." under the header of an official form."""
    numbers = [re.sub(r"[()]", "", _text(c)) for c in row if _text(c)]
    return (
        len(numbers) >= 3 and numbers == [str(n) for n in range(int(numbers[0]), int(numbers[0]) + len(numbers))]
        if numbers[0].isdigit()
        else False
    )


def read(
    name: str,
    data: bytes,
    tps_list: Iterable[places.Tps] = (),
    *,
    region: str = "",
    sheet: str = "",
    roles: Mapping[str, int] | None = None,
    answers: Mapping[str, str] | None = None,
    crosswalk: Mapping[str, str] | None = None,
    limit: int = 0,
    estimate: bool = False,
) -> Reading:
    """Counts per TPS. Without `tps_list` codes are checked for their form only.

    roles: column of each role as the operator named them; answers: Question.key -> value; limit: voters per TPS that the law plans for.
    table.Unreadable, PersonalData, ForbiddenColumn, NoTable.
    """
    book = table.read(name, data)
    refuse_persons(book)
    chosen, columns = _choose(book, sheet)
    if roles is not None:
        columns = Columns(chosen.name, columns.first, columns.last, dict(roles))
    rows = _filled(chosen)
    reader = _Reader(columns, {t.code: t for t in tps_list}, region, crosswalk or {}, answers or {}, limit, estimate)
    if not columns.missing:
        reader.read(rows)
        if reader.notes:
            reader.warnings.append(record.Problem(chosen.name, 0, "", "dpt.notes", {"count": reader.notes}))
        if reader.tps and not reader.additional and not reader.questions:
            reader.problems.extend(_absent(chosen.name, reader))
    others = [s.name for s in book.sheets if s.name != chosen.name and any(_text(c) for r in s.rows for c in r)]
    if others:
        reader.warnings.append(record.Problem(chosen.name, 0, "", "dpt.other_sheets", {"names": ", ".join(others)}))
    width = max((len(r) for r in rows), default=0)
    headers = tuple(
        " · ".join(dict.fromkeys(_text(r[c]) for r in rows[columns.first - 1 : columns.last] if c < len(r) and _text(r[c])))
        for c in range(width)
    )
    sample = tuple(tuple(_text(r[c]) if c < len(r) else "" for c in range(width)) for r in rows[columns.last : columns.last + 4])
    return Reading(
        columns=columns,
        headers=headers,
        sheets=tuple(s.name for s in book.sheets),
        minimal="tps_code" in columns.roles and set(map(normal, headers)) - {""} <= set(map(normal, HEADER)),
        additional=reader.additional and not columns.missing,
        voters=tuple(sorted(reader.voters, key=lambda v: v.tps)),
        problems=tuple(reader.problems),
        warnings=tuple(reader.warnings),
        questions=tuple(reader.questions.values()),
        sample=sample,
    )


def _choose(book: table.Workbook, sheet: str) -> tuple[table.Sheet, Columns]:
    """The sheet asked for, or the one whose columns are best known."""
    found = [(s, find_columns(s)) for s in book.sheets if (not sheet or s.name == sheet) and any(_text(c) for r in s.rows for c in r)]
    if not found:
        raise NoTable()
    best, columns = max(found, key=lambda f: (f[1] is not None and not f[1].missing, len(f[1].roles) if f[1] else 0))
    if columns is None:
        first = next(n for n, r in enumerate(best.rows, start=1) if any(_text(c) for c in r))
        columns = Columns(best.name, first, first, {})
    if len(best.rows) <= columns.last:
        raise NoTable()
    return best, columns


def _absent(sheet: str, reader: _Reader) -> Iterator[record.Problem]:
    """TPS of the election that the file does not have, by desa."""
    by_desa: dict[str, list[places.Tps]] = defaultdict(list)
    for code, tps in reader.tps.items():
        if code not in reader.seen:
            by_desa[tps.desa_code].append(tps)
    for missing in by_desa.values():
        names = ", ".join(t.name for t in missing[:12]) + (f" dan {len(missing) - 12} lagi" if len(missing) > 12 else "")
        yield record.Problem(
            sheet, 0, "", "dpt.missing_tps", {"names": names, "desa": missing[0].desa_name, "kecamatan": missing[0].kecamatan_name}
        )
