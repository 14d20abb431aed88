"""A rulebook as TOML, read into a value; everything wrong with a file is named, with the line where its block begins."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from posko.domain import regulation as rules
from posko.domain.record import Grade, Problem

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_USE_CODE = re.compile(r"[a-z][a-z0-9_]*")
_LAST = time(23, 59)
_ITEM_KEYS = frozenset(["code", "name", "unit", "stage", "critical", "sensitive", "separate", "volume_ml", "weight_g", "note", "uses"])
_USE_KEYS = frozenset(["code", "name", "per", "quantity", "formula", "grade", "article", "note", "valid_from", "valid_until"])
_MILESTONE_KEYS = frozenset(["code", "name", "on", "h_minus", "at", "place", "item", "basis", "grade"])
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

SENTENCES = {
    "rulebook.syntax": "berkas bukan TOML yang benar: {detail}",
    "rulebook.missing": "{key} belum diisi",
    "rulebook.type": "{key} harus {wanted}",
    "rulebook.choice": "{key} berisi {value}; pilihannya: {choices}",
    "rulebook.code": "kode {value} tidak berbentuk benar",
    "rulebook.twice": "kode {value} dipakai dua kali",
    "rulebook.unknown_key": "{key} tidak dikenal (salah ketik?)",
    "rulebook.negative": "{key} tidak boleh di bawah nol",
    "rulebook.no_uses": "barang {value} tidak punya kegunaan",
    "rulebook.quantity_missing": "kegunaan {value} punya dasar {grade} tetapi tidak punya jumlah",
    "rulebook.formula": "rumus {formula} hanya untuk per {per}",
    "rulebook.period": "valid_until sebelum valid_from",
    "rulebook.when": "tenggat {value} harus punya salah satu: on atau h_minus",
}


def sentence(problem: Problem) -> str:
    """Baris 12, SEGEL: ..."""
    where = f"baris {problem.row}" if problem.row else "berkas"
    name = f", {problem.column}" if problem.column else ""
    return f"{problem.sheet}, {where}{name}: {SENTENCES[problem.code].format(**problem.facts)}"


class _Reader:
    """Collects problems while it reads one block after another."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name, self.lines, self.problems = name, lines, list[Problem]()
        self.row, self.label = 0, ""

    def bad(self, code: str, **facts: str | int) -> None:
        self.problems.append(Problem(self.name, self.row, self.label, f"rulebook.{code}", facts))

    def block(self, header: str, number: int, label: str) -> None:
        rows = [row for row, line in enumerate(self.lines, start=1) if line.strip() == header]
        self.row, self.label = (rows[number] if number < len(rows) else 0), label

    def keys(self, block: Mapping[str, Any], known: Iterable[str]) -> None:
        for key in block:
            if key not in known:
                self.bad("unknown_key", key=key)

    def get(self, block: Mapping[str, Any], key: str, kind: type[T], default: T | None = None) -> T:
        """The value of the wanted kind; a problem and an empty stand-in where it is not."""
        value = block.get(key, default)
        if value is None:
            self.bad("missing", key=key)
            return kind()
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.bad("type", key=key, wanted=_KINDS[kind])
            return kind()
        return value

    def whole(self, block: Mapping[str, Any], key: str) -> int | None:
        if key not in block:
            return None
        value = self.get(block, key, int)
        if value < 0:
            self.bad("negative", key=key)
            return 0
        return value

    def day(self, block: Mapping[str, Any], key: str) -> date | None:
        value = block.get(key)
        if value is not None and type(value) is not date:
            self.bad("type", key=key, wanted="tanggal, misalnya 2024-02-14")
            return None
        return value

    def choice(self, block: Mapping[str, Any], key: str, kind: type[E], default: E | None = None) -> E:
        value = block.get(key, default)
        if value is None:
            self.bad("missing", key=key)
        elif value not in list(kind):
            self.bad("choice", key=key, value=str(value), choices=", ".join(kind))
        else:
            return kind(value)
        return next(iter(kind))


_KINDS: dict[type, str] = {str: "teks", int: "bilangan bulat", bool: "true atau false", list: "daftar", dict: "tabel"}


def read(name: str, data: bytes) -> tuple[rules.Rulebook | None, list[Problem]]:
    """The rulebook, or None and all that is wrong."""
    try:
        text = data.decode("utf-8")
        raw = tomllib.loads(text)
    except ValueError as error:  # both a wrong encoding and wrong TOML
        return None, [Problem(name, 0, "", "rulebook.syntax", {"detail": str(error)})]
    reader = _Reader(name, text.splitlines())
    found = _rulebook(reader, raw)
    return (None if reader.problems else found), reader.problems


def _rulebook(r: _Reader, raw: Mapping[str, Any]) -> rules.Rulebook:
    r.keys(raw, ("rulebook", "reserve", "limit", "contests_by_region", "items", "milestones", "clocks"))
    head = r.get(raw, "rulebook", dict)
    r.block("[rulebook]", 0, "rulebook")
    r.keys(head, ("code", "version", "name", "voting_date", "contests", "legal"))
    contests = _codes(r, head, "contests")
    by_region = tuple((str(region), tuple(map(str, found))) for region, found in r.get(raw, "contests_by_region", dict, {}).items())
    code, version, title = (r.get(head, key, str) for key in ("code", "version", "name"))
    legal = tuple(map(str, r.get(head, "legal", list, [])))
    reserve = _reserve(r, r.get(raw, "reserve", dict))
    items = tuple(_items(r, r.get(raw, "items", list)))
    milestones = tuple(_milestones(r, r.get(raw, "milestones", list, [])))
    limit = _limit(r, r.get(raw, "limit", dict)) if "limit" in raw else None
    clocks = tuple(_clocks(r, r.get(raw, "clocks", list, [])))
    return rules.Rulebook(code, version, title, contests, items, reserve, milestones, by_region, legal, limit, clocks)


def _clocks(r: _Reader, blocks: list[Any]) -> Iterable[rules.Clock]:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        r.block("[[clocks]]", number, str(block.get("code", "")))
        r.keys(block, ("code", "name", "days", "working", "article", "grade"))
        code, days = r.get(block, "code", str), r.whole(block, "days")
        if not _CODE.fullmatch(code):
            r.bad("code", value=code)
        if code in seen:
            r.bad("twice", value=code)
        seen.add(code)
        if days is None:
            r.bad("missing", key="days")
        yield rules.Clock(
            code,
            r.get(block, "name", str),
            days or 0,
            r.get(block, "working", bool),
            r.get(block, "article", str),
            r.choice(block, "grade", Grade),
        )


def _limit(r: _Reader, block: Mapping[str, Any]) -> rules.VoterLimit:
    r.block("[limit]", 0, "limit")
    r.keys(block, ("voters_per_tps", "grade", "article"))
    voters = r.whole(block, "voters_per_tps")
    if voters is None:
        r.bad("missing", key="voters_per_tps")
    return rules.VoterLimit(voters or 0, r.choice(block, "grade", Grade), r.get(block, "article", str))


def _codes(r: _Reader, block: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = tuple(map(str, r.get(block, key, list)))
    for value in found:
        if not _CODE.fullmatch(value):
            r.bad("code", value=value)
    if len(set(found)) < len(found):
        r.bad("twice", value=key)
    return found


def _reserve(r: _Reader, block: Mapping[str, Any]) -> rules.Reserve:
    r.block("[reserve]", 0, "reserve")
    r.keys(block, ("rate_permille", "rounding", "grade", "article", "rounding_grade", "rounding_article"))
    return rules.Reserve(
        rate_permille=r.whole(block, "rate_permille") or r.get(block, "rate_permille", int),
        rounding=r.choice(block, "rounding", rules.Rounding),
        grade=r.choice(block, "grade", Grade),
        article=r.get(block, "article", str),
        rounding_grade=r.choice(block, "rounding_grade", Grade, Grade.INFERRED),
        rounding_article=r.get(block, "rounding_article", str, ""),
    )


def _items(r: _Reader, blocks: list[Any]) -> Iterable[rules.Item]:
    seen: set[str] = set()
    uses_before = 0
    for number, block in enumerate(blocks):
        r.block("[[items]]", number, str(block.get("code", "")))
        r.keys(block, _ITEM_KEYS)
        code = r.get(block, "code", str)
        if not _CODE.fullmatch(code):
            r.bad("code", value=code)
        if code in seen:
            r.bad("twice", value=code)
        seen.add(code)
        stage = r.get(block, "stage", str)
        if stage not in {"I", "II"}:
            r.bad("choice", key="stage", value=stage, choices="I, II")
        uses = r.get(block, "uses", list, [])
        if not uses:
            r.bad("no_uses", value=code)
        item = rules.Item(
            code=code,
            name=r.get(block, "name", str),
            unit=r.get(block, "unit", str),
            critical=r.get(block, "critical", bool, False),
            sensitive=r.get(block, "sensitive", bool, False),
            stage=stage,
            volume_ml=r.whole(block, "volume_ml"),
            weight_g=r.whole(block, "weight_g"),
            uses=tuple(_uses(r, code, uses, uses_before)),
            separate=r.get(block, "separate", bool, False),
            note=r.get(block, "note", str, ""),
        )
        uses_before += len(uses)
        yield item


def _uses(r: _Reader, item: str, blocks: list[Any], before: int) -> Iterable[rules.Use]:
    seen: set[str] = set()
    for number, block in enumerate(blocks, start=before):
        r.block("[[items.uses]]", number, f"{item}/{block.get('code', '')}")
        r.keys(block, _USE_KEYS)
        use = rules.Use(
            code=r.get(block, "code", str),
            name=r.get(block, "name", str),
            per=r.choice(block, "per", rules.Per),
            quantity=r.whole(block, "quantity"),
            formula=r.choice(block, "formula", rules.Formula, rules.Formula.FIXED),
            article=r.get(block, "article", str),
            grade=r.choice(block, "grade", Grade),
            valid_from=r.day(block, "valid_from"),
            valid_until=r.day(block, "valid_until"),
            note=r.get(block, "note", str, ""),
        )
        _check_use(r, use, seen)
        seen.add(use.code)
        yield use


def _check_use(r: _Reader, use: rules.Use, seen: set[str]) -> None:
    if not _USE_CODE.fullmatch(use.code):
        r.bad("code", value=use.code)
    if use.code in seen:
        r.bad("twice", value=use.code)
    if use.grade.computes and use.quantity is None:
        r.bad("quantity_missing", value=use.code, grade=use.grade.value)
    if use.formula is rules.Formula.BALLOTS and use.per is not rules.Per.TPS_CONTEST:
        r.bad("formula", formula=use.formula.value, per="tps_contest")
    if use.formula is rules.Formula.CONTESTS and use.per is rules.Per.TPS_CONTEST:
        r.bad("formula", formula=use.formula.value, per="tps")
    if use.valid_from and use.valid_until and use.valid_until < use.valid_from:
        r.bad("period")


def _milestones(r: _Reader, blocks: list[Any]) -> Iterable[rules.MilestoneRule]:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        r.block("[[milestones]]", number, str(block.get("code", "")))
        r.keys(block, _MILESTONE_KEYS)
        code = r.get(block, "code", str)
        if code in seen:
            r.bad("twice", value=code)
        seen.add(code)
        on, h_minus = r.day(block, "on"), r.whole(block, "h_minus")
        if (on is None) == (h_minus is None):
            r.bad("when", value=code)
        at = block.get("at", _LAST)
        if not isinstance(at, time):
            r.bad("type", key="at", wanted="jam, misalnya 07:00:00")
            at = _LAST
        place, item = r.get(block, "place", str, ""), r.get(block, "item", str, "")
        yield rules.MilestoneRule(
            code, r.get(block, "name", str), on, h_minus, at, place, item, r.get(block, "basis", str), r.choice(block, "grade", Grade)
        )
