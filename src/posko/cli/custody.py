"""`posko custody export`: the events of hand-overs as JSON lines. `posko custody replay FILE`: who holds what, from the file alone."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from posko.domain import custody as rules
from posko.domain import record as facts
from posko.formats import custody as lines
from posko.formats import text

ACTS = ("export", "replay")


def custody(
    act: Annotated[str, typer.Argument(help="export: tulis kejadian; replay: hitung ulang dari berkas.", metavar="APA")],
    file: Annotated[Path | None, typer.Argument(help="replay: berkas kejadian, satu JSON per baris.", metavar="KEJADIAN.jsonl")] = None,
    election: Annotated[str, typer.Option("--election", help="export: kode pemilihan; bawaan: yang terdekat.")] = "",
    output: Annotated[Path | None, typer.Option("--output", help="export: berkas tujuan; tanpa ini ke layar.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="replay: keluarkan JSON saja.")] = False,
) -> int:
    """Kejadian serah terima: mengeluarkannya, atau menghitung ulang pemegang setiap kotak dari berkasnya tanpa basis data."""
    if act not in ACTS:
        print(f"Pilihannya: {', '.join(ACTS)}.", file=sys.stderr)
        return 2
    if act == "export":
        return _export(election, output)
    if file is None:
        print("KEJADIAN.jsonl wajib diisi: ./posko custody replay KEJADIAN.jsonl --json", file=sys.stderr)
        return 2
    return _replay(file, as_json)


def _export(election: str, output: Path | None) -> int:
    from posko.cli import installation

    installation.need_installation(installation.var_folder())
    installation.start()
    from posko.store import custody as store
    from posko.store import record

    held = record.elections()
    at = datetime.now(UTC)
    moment = record.clock(at)
    chosen = election or next((e.code for e in held if e.voting_at >= moment), held[-1].code if held else "")
    if chosen not in {e.code for e in held}:
        installation.fail(
            f"Pemilihan {chosen or '(tidak ada)'} tidak ada di sini. Yang ada: {', '.join(e.code for e in held) or 'belum ada'}."
        )
    told = store.every_event(chosen)
    written = "".join(f"{lines.as_line(event, chosen)}\n" for event in told)
    if output is None:
        sys.stdout.write(written)
        return 0
    try:
        output.write_text(written, encoding="utf-8")
    except OSError as error:
        installation.fail(f"{output} tidak dapat ditulisi: {error.strerror}.")
    installation.say(f"{text.angka(len(told))} kejadian {chosen} di {output}, sidik keadaan {rules.state_hash(rules.fold(told))}")
    return 0


def _replay(file: Path, as_json: bool) -> int:
    try:
        data = file.read_bytes()
    except IsADirectoryError:
        print(f"{file} adalah folder, bukan berkas kejadian.", file=sys.stderr)
        return 1
    except OSError:
        print(f"Berkas {file} tidak ada atau tidak boleh dibaca.", file=sys.stderr)
        return 1
    events, problems = lines.read_lines(data)
    if problems:
        print(f"{file.name} tidak dihitung: {text.angka(len(problems))} baris bermasalah.", file=sys.stderr)
        for problem in problems[: lines.LINES_SHOWN]:
            print(f"  {lines.problem_sentence(problem)}", file=sys.stderr)
        if len(problems) > lines.LINES_SHOWN:
            print(f"  ... dan {text.angka(len(problems) - lines.LINES_SHOWN)} lagi.", file=sys.stderr)
        return 1
    try:
        answer = lines.replayed(rules.fold(events))
    except facts.NotPlain:  # a text that no program can write down: broken Unicode
        print(f"{file.name} tidak dihitung: ada teks yang rusak.", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=1, sort_keys=True))
        return 0
    sizes = [text.angka(size) for size in (answer["events"], len(answer["holders"]), len(answer["trips"]))]
    print(f"{sizes[0]} kejadian, {sizes[1]} barang, {sizes[2]} perjalanan")
    for found in answer["conflicts"]:
        settled = " (sudah selesai)" if "settled" in found else ""
        print(f"  TIDAK COCOK {found['code']} {found.get('thing', '')} catatan {', '.join(e[:12] for e in found['events'])}{settled}")
    print(f"Sidik keadaan {answer['state_hash']}")
    return 0
