"""Drill scripts as TOML, read into values with everything wrong named by row and field; and the papers of a drill and of a judgement."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from posko.domain import drill as rules
from posko.domain import readiness, reports, weather
from posko.domain.record import Problem, Refusal
from posko.formats import text

_MOMENT = re.compile(r"H(-(?P<day>[1-9]))? (?P<hour>[0-2]\d)\.(?P<minute>[0-5]\d)")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
_ENTRY = re.compile(r"[a-z_]+\.[a-z_]+")
T = TypeVar("T")
DAY = 24 * 60
_SCRIPT_KEYS = ("kode", "nama", "tentang", "mulai", "selesai", "kecepatan", "kejadian")
_INJECT_KEYS = ("kode", "pada", "geser_menit", "jenis", "sasaran", "judul", "isi", "harapan")
_EXPECT_KEYS = ("kode", "catatan", "subjek", "tempat", "dalam_menit", "nilai", "kalimat", "dasar")
_WHOLE = {"tunda_menit", "permil", "tinggi_cm", "jam"}
_CHOICES: dict[tuple[rules.Kind, str], type[StrEnum]] = {
    (rules.Kind.REPORT, "kategori"): reports.Category,
    (rules.Kind.REPORT, "saluran"): reports.Channel,
    (rules.Kind.REPORT, "sumber"): reports.Source,
    (rules.Kind.WAVE, "sumber"): weather.Source,
    **{(rules.Kind.CHECK, key): readiness.Answer for key in ("barang", "segel", "tempat_siap", "kpps")},
}
SENTENCES = {
    "drill.syntax": "berkas bukan TOML yang benar: {detail}",
    "drill.missing": "belum diisi",
    "drill.type": "harus {wanted}",
    "drill.code": "{value} tidak berbentuk kode (huruf kecil, angka, tanda hubung)",
    "drill.entry": "{value} bukan jenis catatan jurnal (misalnya plan.recorded)",
    "drill.moment": "{value} bukan waktu naskah; contoh: H-1 05.30, atau H 06.00 untuk hari pemungutan",
    "drill.choice": "{value} tidak dikenal; pilihannya: {choices}",
    "drill.unknown_key": "tidak dikenal (salah ketik?)",
    "drill.least": "paling kecil {least}",
    "drill.twice": "kode {value} dipakai dua kali",
    "drill.outside": "di luar naskah yang berlangsung {begins} sampai {ends}",
    "drill.unmarked": "kata-kata buatan harus dimulai dengan [SIMULASI]",
    "drill.broken": "naskah tidak dapat dimainkan ({what})",
}


def sentence(problem: Problem) -> str:
    """ombak.toml, baris 12, pada: ..."""
    where = f", baris {problem.row}" if problem.row else ""
    name = f", {problem.column}" if problem.column else ""
    return f"{problem.sheet}{where}{name}: {SENTENCES[problem.code].format(**problem.facts)}"


def names(folder: Path) -> list[str]:
    """The scripts of a scenario, by file name without ending."""
    return sorted(path.stem for path in (folder / "gladi").glob("*.toml"))


def moment_min(written: str) -> int | None:
    """H-1 05.30 -> -1110; H 06.00 -> 360; None for anything else."""
    found = _MOMENT.fullmatch(written)
    if found is None or int(found["hour"]) > 23:
        return None
    return int(found["hour"]) * 60 + int(found["minute"]) - int(found["day"] or 0) * DAY


def moment_text(minute: int) -> str:
    """-1110 -> H-1 05.30."""
    day, rest = divmod(minute, DAY)
    head = "H" if day == 0 else f"H{day:+d}"
    return f"{head} {rest // 60:02d}.{rest % 60:02d}"


def read(name: str, data: bytes) -> tuple[rules.Script | None, list[Problem]]:
    """The script, or None and all that is wrong, each with the row where its block begins and the field."""
    try:
        lines = data.decode("utf-8")
        raw = tomllib.loads(lines)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        return None, [Problem(name, 0, "", "drill.syntax", {"detail": str(wrong)})]
    reader = _Reader(name, lines.splitlines())
    script = reader.script(raw)
    return (script, []) if script and not reader.problems else (None, reader.problems)


class _Reader:
    """Collects problems while it reads one block after another."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name, self.lines, self.problems = name, lines, list[Problem]()
        self.row, self.wanted = 0, 0

    def bad(self, column: str, code: str, **facts: str | int) -> None:
        self.problems.append(Problem(self.name, self.row, column, f"drill.{code}", facts))

    def begin(self, header: str, number: int) -> None:
        rows = [row for row, line in enumerate(self.lines, start=1) if line.split("#")[0].strip() == header]
        self.row = rows[number] if number < len(rows) else 0

    def known(self, block: Mapping[str, Any], keys: Iterable[str]) -> None:
        for key in block:
            if key not in keys:
                self.bad(key, "unknown_key")

    def words(self, block: Mapping[str, Any], key: str, default: str | None = None) -> str:
        value = block.get(key, default)
        if value is None or value == "" != default:
            self.bad(key, "missing")
        elif not isinstance(value, str):
            self.bad(key, "type", wanted="teks")
        else:
            return value.strip()
        return ""

    def code(self, block: Mapping[str, Any]) -> str:
        value = self.words(block, "kode")
        if value and not _CODE.fullmatch(value):
            self.bad("kode", "code", value=value)
        return value

    def whole(self, block: Mapping[str, Any], key: str, least: int, default: int | None = None) -> int:
        value = block.get(key, default)
        if value is None:
            self.bad(key, "missing")
        elif not isinstance(value, int) or isinstance(value, bool):
            self.bad(key, "type", wanted="bilangan bulat")
        elif value < least:
            self.bad(key, "least", least=least)
        else:
            return value
        return least

    def moment(self, block: Mapping[str, Any], key: str) -> int:
        value = self.words(block, key)
        found = moment_min(value) if value else None
        if value and found is None:
            self.bad(key, "moment", value=value)
        return found or 0

    def many(self, block: Mapping[str, Any], key: str) -> list[str]:
        value = block.get(key)
        value = [value] if isinstance(value, str) else value
        if not value:
            self.bad(key, "missing")
        elif not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.bad(key, "type", wanted="teks atau daftar teks")
        else:
            return value
        return []

    def blocks(self, block: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.bad(key, "type", wanted="daftar tabel")
            return []
        return value

    # the blocks

    def script(self, raw: Mapping[str, Any]) -> rules.Script | None:
        self.known(raw, _SCRIPT_KEYS)
        code, title, about = self.code(raw), self.words(raw, "nama"), self.words(raw, "tentang", "")
        begins, ends = self.moment(raw, "mulai"), self.moment(raw, "selesai")
        speed = self.whole(raw, "kecepatan", 1)
        blocks = self.blocks(raw, "kejadian")
        if not blocks:
            self.bad("kejadian", "missing")
        injects, seen = [], set[str]()
        for number, block in enumerate(blocks):
            self.begin("[[kejadian]]", number)
            inject = self.inject(block, begins, ends)
            if inject and inject.code in seen:
                self.bad("kode", "twice", value=inject.code)
            seen |= {inject.code} if inject else set()
            injects += [inject] if inject else []
        if self.problems:
            return None
        return self.made(
            "", rules.Script, code, title, about, begins, ends, speed, tuple(sorted(injects, key=lambda i: (i.at_min, i.code)))
        )

    def inject(self, block: Mapping[str, Any], begins: int, ends: int) -> rules.Inject | None:
        row, before = self.row, len(self.problems)
        self.known(block, _INJECT_KEYS)
        code, title, targets = self.code(block), self.words(block, "judul"), self.many(block, "sasaran")
        at_min, jitter = self.moment(block, "pada"), self.whole(block, "geser_menit", 0, 0)
        if block.get("pada") and begins < ends and not begins <= at_min < ends:
            self.bad("pada", "outside", begins=moment_text(begins), ends=moment_text(ends))
        kind = self.words(block, "jenis")
        if kind and kind not in set(rules.Kind):
            self.bad("jenis", "choice", value=kind, choices=", ".join(rules.Kind))
        facts = self.facts(block.get("isi", {}), kind)
        expects = []
        for wanted in self.blocks(block, "harapan"):
            self.begin("[[kejadian.harapan]]", self.wanted)
            self.wanted += 1
            expects.append(self.expectation(wanted))
        self.row = row
        if len(self.problems) > before:
            return None
        return self.made(
            code, rules.Inject, code, at_min, rules.Kind(kind), title, tuple(targets), facts, tuple(e for e in expects if e), jitter
        )

    def facts(self, said: Any, kind: str) -> dict[str, str | int]:
        """What the inject says, by kind: nothing missing, nothing unknown, made-up words marked."""
        if not isinstance(said, dict) or any(isinstance(v, bool) or not isinstance(v, str | int) for v in said.values()):
            self.bad("isi", "type", wanted="tabel teks dan bilangan bulat")
            return {}
        if kind in set(rules.Kind):
            for key in rules.NEEDED[rules.Kind(kind)]:
                if key not in said:
                    self.bad(f"isi.{key}", "missing")
            for key in said:
                if key not in rules.KNOWN[rules.Kind(kind)]:
                    self.bad(f"isi.{key}", "unknown_key")
            self.values(said, rules.Kind(kind))
        for key in ("kata", "alasan", "catatan"):
            if key in said and not str(said[key]).startswith("[SIMULASI]"):
                self.bad(f"isi.{key}", "unmarked")
        return said

    def values(self, said: Mapping[str, Any], kind: rules.Kind) -> None:
        """Whole numbers are whole, and what comes from a list is of that list: a script fails here or never."""
        for key, value in said.items():
            choices = _CHOICES.get((kind, key))
            if key in _WHOLE and not isinstance(value, int):
                self.bad(f"isi.{key}", "type", wanted="bilangan bulat")
            elif choices is not None and value not in set(choices):
                self.bad(f"isi.{key}", "choice", value=str(value), choices=", ".join(choices))

    def expectation(self, block: Mapping[str, Any]) -> rules.Expectation | None:
        before = len(self.problems)
        self.known(block, _EXPECT_KEYS)
        code, kinds = self.code(block), self.many(block, "catatan")
        for kind in kinds:
            if not _ENTRY.fullmatch(kind):
                self.bad("catatan", "entry", value=kind)
        within, points = self.whole(block, "dalam_menit", 1), self.whole(block, "nilai", 1)
        subject, place, wanted = self.words(block, "subjek", ""), self.words(block, "tempat", ""), self.words(block, "kalimat")
        basis = self.words(block, "dasar", "")
        if len(self.problems) > before:
            return None
        return self.made(code, rules.Expectation, code, tuple(kinds), within, points, subject, place, wanted, basis)

    def made(self, what: str, make: Callable[..., T], *parts: Any) -> T | None:
        """The value; a fault that only the whole shows becomes a problem of its block."""
        try:
            return make(*parts)
        except Refusal as refusal:
            self.bad("", "broken", what=str(refusal.facts.get("what", what)))
            return None


# --- the debrief ---------------------------------------------------------------------------------------------------------


STATES = {
    rules.State.WAITING: "belum terjadi",
    rules.State.OPEN: "menunggu jawaban",
    rules.State.ANSWERED: "dijawab",
    rules.State.LATE: "dijawab terlambat",
    rules.State.MISSED: "tidak dijawab",
}


def debrief(
    script: rules.Script, result: rules.Result, places: Mapping[str, str], head: Mapping[str, Any], *, over: bool = True
) -> dict[str, Any]:
    """Values of gladi.typ: every inject that happened, what was wanted, what came of it. `places`: code -> name.

    Before the drill is over, what is still wanted stays hidden as on the page: else the paper is a list to work off.
    """
    rows = []
    for one in result.injects:
        if one.at is None:
            continue
        answers = [
            [
                answer.expectation.text + (f" ({answer.expectation.basis})" if answer.expectation.basis else ""),
                STATES[answer.state],
                text.menit(answer.minutes) if answer.minutes is not None else "—",
                f"{answer.points} / {answer.expectation.points}",
            ]
            for answer in one.answers
            if over or answer.state is not rules.State.OPEN
        ]
        rows.append(
            {
                "time": text.waktu(one.at),
                "title": one.inject.title,
                "place": places.get(one.inject.target, one.inject.target),
                "answers": answers,
            }
        )
    median = text.menit(result.median_min) if result.median_min is not None else "—"
    return {
        "paper": "a4",
        "title": f"Catatan gladi: {script.name}",
        **head,
        "facts": [
            ["Nilai", f"{result.points} dari {result.due} yang jatuh tempo"],
            ["Seluruh naskah", f"{script.points} nilai, {len(script.injects)} kejadian"],
            ["Dijawab", str(result.count(rules.State.ANSWERED))],
            ["Terlambat", str(result.count(rules.State.LATE))],
            ["Tidak dijawab", str(result.count(rules.State.MISSED))],
            ["Waktu jawab tengah", median],
        ],
        "rows": rows,
        "signatures": [["Pemimpin gladi", ""], ["Pengamat (Bawaslu)", ""]],
    }
