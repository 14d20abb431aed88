"""posko gladi: a drill in a copy of the installation's data, its score and its end.

The original is only read (SQLite's online backup). The copy gets another identity and other keys before anything of it is served: what is
signed in a drill can never be taken for an entry of the real journal. It holds the same words of people as the original, so its folder is
as secret.
"""

import json
import os
import secrets
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.cli import backup, installation
from posko.cli.installation import DATABASE_FILE, DRILL_FILE, ROOT, fail, say
from posko.domain import drill as rules
from posko.domain import record as facts
from posko.formats import drill as scripts
from posko.formats import text

ACTS = {
    "mulai": "menyalin data ke folder gladi, memulai naskah, lalu melayaninya",
    "lanjut": "melayani gladi yang sudah dimulai",
    "nilai": "nilai sampai sekarang",
    "selesai": "mengakhiri gladi; jamnya berhenti",
    "naskah": "daftar naskah yang ada",
    "uji": "menguji kejujuran prakiraan dengan pemilu tiruan",
}
SPARE = ("kata-jaga.txt",)
"""Small files of an installation that a copy needs as well; never its keys, certificates or settings."""


def gladi(
    act: Annotated[str, typer.Argument(metavar="APA", help="; ".join(f"{name}: {what}" for name, what in ACTS.items()))],
    source: Annotated[Path | None, typer.Option("--dari", help="folder data yang disalin (bawaan: pemasangan ini)")] = None,
    target: Annotated[Path | None, typer.Option("--ke", help="folder gladi (bawaan: di sebelahnya, berakhiran -gladi)")] = None,
    script: Annotated[str, typer.Option("--naskah", help="nama naskah atau berkas .toml")] = "",
    election: Annotated[str, typer.Option("--pemilihan", help="kode pemilihan (bawaan: yang pertama)")] = "",
    scenario: Annotated[str, typer.Option("--skenario", help="skenario yang naskahnya dipakai")] = "beltim-2024",
    speed: Annotated[int, typer.Option("--kecepatan", min=0, max=rules.FASTEST, help="berapa kali jam biasa (0: menurut naskah)")] = 0,
    seed: Annotated[int, typer.Option("--benih", "--seed", min=0, help="ragam naskah; 0: seperti tertulis")] = 0,
    serve: Annotated[bool, typer.Option("--layani/--tanpa-layani", help="layani sesudah disalin")] = True,
    office: Annotated[bool, typer.Option("--jaringan", help="HTTPS untuk ponsel dan laptop lain di jaringan kantor")] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="port gladi")] = 8100,
    clock: Annotated[
        str, typer.Option("--jam", help="lanjut sesudah layanan mati mendadak: catatan (menit terakhir yang tercatat), jalan, atau tanya")
    ] = "tanya",
    replays: Annotated[int, typer.Option("--replays", min=1, max=5000, help="uji: banyaknya pemilu tiruan")] = 200,
    keep: Annotated[bool, typer.Option("--catat", help="uji: rencana pemasangan ini, hasilnya dicatat dan tampil di halamannya")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="keluaran JSON")] = False,
) -> int:
    """Gladi: melatih tim di salinan data sendiri, dengan gangguan buatan; atau menguji kejujuran prakiraan."""
    if act not in ACTS:
        fail(f"gladi {act} tidak ada. Pilihannya: {', '.join(ACTS)}.", 2)
    if act == "naskah":
        return listing(scenario)
    if act == "uji":
        from posko.cli import honesty

        return honesty.run(replays, seed or 1, scenario, keep=keep, as_json=as_json)
    if act == "mulai":
        chosen = rules.variant(read_script(script, scenario), seed)
        return begin(source, target, chosen, election, speed, (office, port) if serve else None)
    var = _drill_folder(target)
    if clock not in CLOCKS:
        fail(f"--jam {clock} tidak ada. Pilihannya: {', '.join(CLOCKS)}.", 2)
    if act == "lanjut":
        return _serve(var, office=office, port=port, clock=clock)
    os.environ["POSKO_VAR"] = str(var)
    installation.start()
    return _end(as_json) if act == "selesai" else _score(as_json)


def listing(scenario: str) -> int:
    """The scripts of a scenario, and what is wrong with those that cannot be read."""
    folder = ROOT / "scenarios" / scenario
    for name in scripts.names(folder):
        found, problems = scripts.read(f"{name}.toml", (folder / "gladi" / f"{name}.toml").read_bytes())
        if found is None:
            say(f"{name}: tidak terbaca\n" + "\n".join(f"    {scripts.sentence(one)}" for one in problems))
            continue
        hours = f"{scripts.moment_text(found.begins_min)} sampai {scripts.moment_text(found.ends_min)}"
        real = text.menit(-(-(found.ends_min - found.begins_min) // found.speed))
        say(f"{name}: {found.name}. {hours}, {len(found.injects)} kejadian, {found.points} nilai, {real} pada kecepatan {found.speed}.")
    return 0


def read_script(name: str, scenario: str) -> rules.Script:
    """A script by name or file; stops with every problem named by row and field."""
    folder = ROOT / "scenarios" / scenario / "gladi"
    file = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if not name or not file.is_file():
        known = ", ".join(scripts.names(folder.parent)) or "belum ada satu pun"
        fail(f"Naskah {name or '(belum dipilih)'} tidak ada. Pilih dengan --naskah; yang ada: {known}.", 2)
    found, problems = scripts.read(file.name, file.read_bytes())
    if found is None:
        fail(f"Naskah {file.name} tidak dapat dipakai:\n" + "\n".join(f"  - {scripts.sentence(one)}" for one in problems), 2)
    return found


def begin(
    source: Path | None, target: Path | None, script: rules.Script, election: str, speed: int, serving: tuple[bool, int] | None
) -> int:
    """Copy, mark, begin; then serve."""
    if installation.on_postgresql():
        fail("Basis data ada di PostgreSQL. Pulihkan cadangannya ke SQLite dulu; gladi menyalin satu berkas.")
    var = (source or installation.var_folder()).resolve()
    installation.need_installation(var)
    if installation.is_drill(var):
        fail(f"{var} sendiri folder gladi; salin dari pemasangan yang sungguhan dengan --dari.")
    goal = (target or beside(var)).resolve()
    if goal == var:
        fail("Folder gladi harus lain daripada folder datanya.", 2)
    if goal.exists() and any(goal.iterdir()):
        fail(f"{goal} sudah berisi. Pilih folder lain dengan --ke, atau hapus gladi lama bila tidak diperlukan lagi.")
    started = False
    try:
        copy(var, goal)
        drill = _start(goal, script, election, speed or script.speed)
        started = True
    except backup.Damaged as damage:
        fail(f"Gladi tidak dimulai. {damage}")
    except facts.Refusal as refusal:
        fail(f"Gladi tidak dimulai: {_sentence(refusal)}")
    finally:
        if not started:
            shutil.rmtree(goal, ignore_errors=True)
    say(f"Gladi {drill.script.name!r} dimulai di {goal}; data asli di {var} tidak diubah.")
    say(f"Jam gladi mulai {text.waktu(drill.begins_at)}, {drill.speed} kali jam biasa, sampai {text.waktu(drill.ends_at)}.")
    if drill.script.hurried:
        say(
            "Pada kecepatan ini ada yang harus dijawab dalam kurang dari dua menit; pilih --kecepatan yang lebih kecil untuk tim sungguhan."
        )
    say("Akun dan sandinya sama dengan pemasangan asli. Folder ini sama rahasianya; hapus sesudah gladi.")
    return _serve(goal, office=serving[0], port=serving[1]) if serving else 0


def beside(var: Path) -> Path:
    """var -> var-gladi."""
    return var.with_name(f"{var.name}-gladi")


def copy(var: Path, goal: Path) -> None:
    """Database and papers into a new folder that is marked before the database has its name. The original is only read. Damaged."""
    goal.mkdir(mode=0o700, parents=True, exist_ok=True)
    (goal / DRILL_FILE).write_text(
        f"# Salinan untuk gladi; bukan data nyata.\nmade_at = {datetime.now(UTC).isoformat(timespec='seconds')}\n"
    )
    new = goal / f"{DATABASE_FILE}.baru"
    backup.copy_database(var / DATABASE_FILE, new)
    new.rename(goal / DATABASE_FILE)
    for name, path in backup.members(var):
        if name.split("/")[0] in {"documents", "evidence"}:
            (goal / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, goal / name)
    for name in SPARE:
        if (var / name).is_file():
            shutil.copyfile(var / name, goal / name)


def mark(goal: Path) -> None:
    """Makes the copy a drill, for good: another identity, the mark, triggers that keep it. ValueError for what is no copy of ours."""
    if not installation.is_drill(goal) or installation.is_real(goal):
        raise ValueError("only a folder that was copied for a drill is marked")
    with closing(sqlite3.connect(goal / DATABASE_FILE)) as database, database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'journal_installation_drill%'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        identity = f"gladi-{secrets.token_hex(8)}"
        database.execute("UPDATE record_installation SET drill = 1, installation = ?, clock_at = NULL, clock_from = NULL", (identity,))


def _start(goal: Path, script: rules.Script, election: str, speed: int) -> Any:
    """Tables of this version, the mark, the triggers, the script."""
    os.environ["POSKO_VAR"] = str(goal)
    installation.start()
    installation.migrate()
    from django.db import connections

    connections.close_all()
    mark(goal)
    from posko.store import drill, record

    record.install_triggers()
    record.require_triggers()
    record.require_mark()
    elections = [one.code for one in record.elections()]
    if not elections or (election and election not in elections):
        fail(f"Pemilihan {election} tidak ada. Yang ada: {', '.join(elections)}." if elections else "Pemasangan ini belum punya pemilihan.")
    begun = drill.begin(election or elections[0], script, speed, drill.ACTOR, datetime.now(UTC))
    drill.pause(datetime.now(UTC))  # until somebody is served
    return begun


def _drill_folder(target: Path | None) -> Path:
    """The folder of a drill: --ke, this installation when it is one, else the one beside it."""
    var = installation.var_folder()
    goal = (target or (var if installation.is_drill(var) else beside(var))).resolve()
    if not installation.is_drill(goal):
        fail(f"Tidak ada gladi di {goal}. Mulai dulu: ./posko gladi mulai --naskah NAMA, atau sebut foldernya dengan --ke.")
    return goal


CLOCKS = ("tanya", "catatan", "jalan")


def _after_a_crash(clock: str) -> None:
    """A service that was killed left its clock running: says so, and goes on from the last recorded minute if that is wanted.

    Without somebody to ask, the clock is left as it is and said how to wind it back.
    """
    from posko.store import drill

    found = drill.gap(datetime.now(UTC))
    if found is None:
        return
    say(
        "Layanan gladi terakhir mati tanpa menghentikan jamnya.\n"
        f"  jam gladi sekarang       {text.waktu(found.clock_at)}\n  catatan terakhir         {text.waktu(found.recorded_at)}"
    )
    if clock == "tanya" and sys.stdin.isatty():
        clock = "catatan" if typer.confirm("Lanjut dari menit catatan terakhir?", default=True) else "jalan"
    if clock == "catatan":
        say(f"Jam gladi dimundurkan ke {text.waktu(drill.wind_back(datetime.now(UTC)))}.")
    else:
        say("Jam gladi dibiarkan. Kejadian yang jamnya sudah lewat dimainkan sekarang. Mundurkan dengan: gladi lanjut --jam catatan")


def _serve(goal: Path, *, office: bool, port: int, clock: str = "tanya") -> int:
    from posko.cli import serve as serving

    os.environ["POSKO_VAR"] = str(goal)
    serving.ready_to_serve(goal)
    from posko.store import drill

    if not serving.port_is_free("127.0.0.1", port):
        fail(f"Port {port} sedang dipakai program lain. Pilih port lain: --port {port + 1}   (jam gladi tetap berhenti)")
    _after_a_crash(clock)
    drill.resume(datetime.now(UTC))
    try:
        if office:
            return serving.serve_office(goal, "0.0.0.0", port, port + 1, [], None)  # noqa: S104  (an office network is the purpose)
        say(f"GLADI: buka http://localhost:{port}   (Ctrl+C menghentikan layanan dan jamnya; lanjutkan: ./posko gladi lanjut --ke {goal})")
        return serving.run(host="127.0.0.1", port=port, tls=False)
    finally:
        drill.pause(datetime.now(UTC))


def _score(as_json: bool) -> int:
    from posko.store import drill, record

    running = drill.current()
    if running is None:
        fail("Naskah belum dimulai di folder ini.")
    at = record.clock(datetime.now(UTC))
    result = drill.score(running.election, at)
    if as_json:
        print(json.dumps(as_values(running, result, at), ensure_ascii=False, indent=2))
    else:
        _table(running, result, at)
    return 0


def _end(as_json: bool) -> int:
    from posko.store import drill, record

    running = drill.current()
    if running is None:
        fail("Naskah belum dimulai di folder ini.")
    try:
        drill.end(running.election, drill.ACTOR, record.clock(datetime.now(UTC)))
    except rules.Ended:
        say("Gladi ini sudah diakhiri.")
    return _score(as_json)


def as_values(drill: Any, result: rules.Result, at: datetime) -> dict[str, Any]:
    """The score for machines; times are ISO 8601."""
    return {
        "mark": "GLADI — BUKAN DATA NYATA",
        "script": drill.script.code,
        "seed": drill.script.seed,
        "election": drill.election,
        "speed": drill.speed,
        "at": at.isoformat(),
        "ended_at": drill.ended_at.isoformat() if drill.ended_at else None,
        "points": result.points,
        "due": result.due,
        "total": drill.script.points,
        "median_min": result.median_min,
        "counts": {state.value: result.count(state) for state in rules.State},
        "refused": dict(drill.refused),
        "injects": [
            {
                "code": one.inject.code,
                "title": one.inject.title,
                "target": one.inject.target,
                "at": one.at.isoformat() if one.at else None,
                "points": one.points,
                "answers": [
                    {
                        "code": answer.expectation.code, "state": answer.state.value, "minutes": answer.minutes, "points": answer.points,
                        "of": answer.expectation.points, "entry": answer.entry,
                    }
                    for answer in one.answers
                ],
            }
            for one in result.injects
        ],
    }  # fmt: skip


def _table(drill: Any, result: rules.Result, at: datetime) -> None:
    over = "selesai" if drill.over(at) else "berjalan"
    say(f"GLADI — BUKAN DATA NYATA. {drill.script.name}, benih {drill.script.seed}, {over}, jam gladi {text.waktu(at)}")
    say(f"Nilai {result.points} dari {result.due} yang sudah jatuh tempo ({drill.script.points} seluruhnya)")
    for one in result.injects:
        when = text.jam(one.at) if one.at else scripts.moment_text(one.inject.at_min)
        say(f"  {when}  {one.inject.title if one.at else '(belum terjadi)'}")
        for answer in one.answers if one.at else ():
            took = f", {text.menit(answer.minutes)}" if answer.minutes is not None else ""
            say(f"      {answer.points:>3}/{answer.expectation.points:<3} {scripts.STATES[answer.state]}{took}: {answer.expectation.text}")
    for code, why in drill.refused:
        say(f"  {code} tidak dapat dimainkan ({why}) dan tidak dinilai")


def _sentence(refusal: facts.Refusal) -> str:
    from posko.desk import shell

    return shell.sentence(refusal)
