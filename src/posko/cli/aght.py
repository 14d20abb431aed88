"""`posko aght group FILE.csv [--json]`: which reports of a file may tell of the same thing; needs no installation and no database.

`posko aght generate` writes made-up reports in three registers with the number of their group, to measure merging by.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from posko.domain import merging as rules
from posko.formats import merging, text
from posko.planning import merging as kernel
from posko.planning import tellings

ACTS = ("group", "generate")
SHOWN = 20


def aght(
    act: Annotated[str, typer.Argument(help="group: kelompokkan laporan; generate: tulis contoh [SIMULASI].", metavar="APA")],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Berkas CSV: report_id, narrative atau title, dan bila ada kecamatan, desa, tps_no, category_code, event_at, received_at.",
            metavar="FILE.csv",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Keluarkan JSON saja: daftar kelompok, tiap kelompok daftar report_id.")] = False,
    groups: Annotated[int, typer.Option("--groups", min=1, max=2000, help="generate: banyaknya kejadian.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="generate: bilangan awal; hasil yang sama untuk bilangan yang sama.")] = 1,
    blank: Annotated[int, typer.Option("--blank", min=0, max=100, help="generate: persen kolom yang dikosongkan secara acak.")] = 0,
) -> int:
    """Usul penggabungan laporan yang mungkin menceritakan hal yang sama. Orang yang memutuskan."""
    if act not in ACTS:
        print(f"Pilihannya: {', '.join(ACTS)}.", file=sys.stderr)
        return 2
    if act == "generate":
        return _generate(groups, seed, blank)
    if file is None:
        print("FILE.csv wajib diisi: ./posko aght group FILE.csv", file=sys.stderr)
        return 2
    reports = _reports(file)
    if reports is None:
        return 2
    gazetteer = rules.Gazetteer.of({(one.kecamatan, one.desa) for one in reports})
    outcome = kernel.group([rules.read(one, gazetteer) for one in reports])
    print(merging.as_json(outcome.groups) if as_json else merging.as_table(outcome.groups, reports, outcome.contradicted))
    return 0


def _generate(groups: int, seed: int, blank: int) -> int:
    made = tellings.make(groups, seed, blank / 100)
    sys.stdout.write(merging.as_csv([one.telling for one in made], {one.telling.id: one.group for one in made}))
    return 0


def _reports(file: Path) -> list[rules.Telling] | None:
    try:
        data = file.read_bytes()
    except IsADirectoryError:
        print(f"{file} adalah folder, bukan berkas CSV.", file=sys.stderr)
        return None
    except OSError:
        print(f"Berkas {file} tidak ada atau tidak boleh dibaca.", file=sys.stderr)
        return None
    reports, problems = merging.read(file.name, data)
    if not problems:
        return reports
    many = f"{text.angka(len(problems))} kesalahan" if len(problems) > 1 else "satu kesalahan"
    print(f"{file.name} tidak dikelompokkan: {many}.", file=sys.stderr)
    for problem in problems[:SHOWN]:
        print(f"  {merging.sentence(problem)}", file=sys.stderr)
    if len(problems) > SHOWN:
        print(f"  ... dan {text.angka(len(problems) - SHOWN)} lagi.", file=sys.stderr)
    return None
