"""`posko needs FILE.csv --rules pemilu-2024 [--json]`: needs from voter counts, without a database."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.cli.installation import ROOT
from posko.domain import needs as rules
from posko.domain import regulation
from posko.formats import counts, rulebook, text

FOLDER = ROOT / "rulebooks"
SHOWN = 20


def needs(
    file: Annotated[Path, typer.Argument(help="Berkas CSV: tps_code,desa_code,voters.", metavar="FILE.csv")],
    rules_code: Annotated[str, typer.Option("--rules", help="Buku aturan, misalnya pemilu-2024.")] = "pemilu-2024",
    as_json: Annotated[bool, typer.Option("--json", help="Keluarkan JSON saja.")] = False,
) -> int:
    """Hitung kebutuhan logistik dari jumlah pemilih per TPS."""
    book = _rulebook(rules_code)
    rows = _rows(file)
    if book is None or rows is None:
        return 2
    answer = compute(book, rows)
    print(json.dumps(answer, ensure_ascii=False) if as_json else _table(book, answer, rows))
    return 0


def compute(book: regulation.Rulebook, rows: list[counts.Row]) -> dict[str, Any]:
    """What the command answers: a JSON object with whole numbers."""
    found = {total.item: total for total in _totals(book, rows)}
    items: dict[str, Any] = {}
    for code in (rules.BOX, rules.BALLOT, rules.BOOTH, rules.INK):
        total = found.get(code)
        if total is None:
            continue
        if code == rules.BALLOT:
            items[code] = {"total": total.quantity, "by_contest": dict(total.by_contest)}
        else:
            levels = {"tps": total.by_level.get("TPS", 0)} | ({"ppk": total.by_level.get("PPK", 0)} if code == rules.BOX else {})
            items[code] = {"total": total.quantity, **levels, "grade": total.grade.value}
    return {
        "rules": book.code,
        "tps": len(rows),
        "kecamatan": len({row.desa[:6] for row in rows}),
        "voters": sum(row.voters for row in rows),
        "items": items,
        "unknown": [item.code for item in rules.unknown(book)],
    }


def _totals(book: regulation.Rulebook, rows: list[counts.Row]) -> list[rules.Total]:
    voters = Counter((row.voters, row.desa[:4]) for row in rows)
    contests = {region: book.contests_in(f"{region[:2]}.{region[2:]}") for _, region in voters}
    groups = Counter[tuple[int, tuple[str, ...]]]()
    for (number, region), many in voters.items():
        groups[(number, contests[region])] += many
    desa = {row.desa for row in rows}
    return rules.totals_of_counts(book, groups, len(desa), len({code[:6] for code in desa}))


def _rulebook(code: str) -> regulation.Rulebook | None:
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if code not in known:
        print(f"Buku aturan {code} tidak ada. Pilihannya: {', '.join(known)}.", file=sys.stderr)
        return None
    path = FOLDER / f"{code}.toml"
    found, problems = rulebook.read(path.name, path.read_bytes())
    for problem in problems:
        print(rulebook.sentence(problem), file=sys.stderr)
    return found


def _rows(file: Path) -> list[counts.Row] | None:
    try:
        data = file.read_bytes()
    except IsADirectoryError:
        print(f"{file} adalah folder, bukan berkas CSV.", file=sys.stderr)
        return None
    except OSError:
        print(f"Berkas {file} tidak ada atau tidak boleh dibaca.", file=sys.stderr)
        return None
    rows, problems = counts.read(file.name, data)
    if problems:
        many = f"{text.angka(len(problems))} kesalahan" if len(problems) > 1 else "satu kesalahan"
        print(f"{file.name} tidak dihitung: {many}.", file=sys.stderr)
        for problem in problems[:SHOWN]:
            print(f"  {counts.sentence(problem)}", file=sys.stderr)
        if len(problems) > SHOWN:
            print(f"  ... dan {text.angka(len(problems) - SHOWN)} lagi.", file=sys.stderr)
        return None
    return rows


def _table(book: regulation.Rulebook, answer: dict[str, Any], rows: list[counts.Row]) -> str:
    lines = [
        f"{book.title}: {text.angka(answer['tps'])} TPS, {text.angka(answer['kecamatan'])} kecamatan, "
        f"{text.angka(answer['voters'])} pemilih"
    ]
    for total in _totals(book, rows):
        if total.quantity is not None:
            parts = [f"{level} {text.angka(number)}" for level, number in total.by_level.items()]
            if total.by_contest and not total.separate:
                parts = [f"{contest} {text.angka(number)}" for contest, number in total.by_contest.items()]
            lines.append(f"  {total.name:<36} {text.angka(total.quantity):>14} {total.unit:<7} {', '.join(parts)} [{total.grade.value}]")
    names = {item.code: item.name for item in book.items}
    lines.append("Belum dihitung, jumlahnya harus dikonfirmasi: " + ", ".join(names[code] for code in answer["unknown"]) + ".")
    return "\n".join(lines)
