"""posko init: an installation for one regency, by questions or by the same things as flags. It never touches an existing one."""

import json
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

import posko
from posko.cli import founding, installation, wizard
from posko.cli.founding import AGENCY_OF, Chosen, FirstUser, Plan, Shipped
from posko.cli.installation import DATABASE_FILE, ROOT, SETTINGS_FILE, fail, say
from posko.domain import access, record
from posko.formats import scenario

OPENING_HOUR = time(7)  # voting opens at 07.00 local time
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper


def read_user(text: str, region: str) -> FirstUser:
    """username:role:display[:region]."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (3, 4) or not all(parts):
        fail(f"--user {text!r}: tulis akun:peran:nama atau akun:peran:nama:wilayah, misalnya ani:kpu.operator:Ani", 2)
    return FirstUser(parts[0], parts[2], parts[1], parts[3] if len(parts) == 4 else region)


def choose(codes: Sequence[str], dates: Sequence[str], known: dict[str, Shipped], region: str) -> tuple[Chosen, ...]:
    """Elections from flags; stops with a sentence when one is not known or has no day."""
    given = {}
    for text in dates:
        code, _, day = text.rpartition("=")
        try:
            given[code or (codes[0] if len(codes) == 1 else "")] = founding.read_date(day)
        except ValueError:
            fail(f"--voting-date {text!r}: tulis kode=tahun-bulan-tanggal, misalnya pemilu-2024=2024-02-14", 2)
    stray = sorted(set(given) - set(codes))
    if stray:
        fail(f"--voting-date menyebut pemilihan yang tidak dipilih: {stray[0] or '(tanpa kode)'}", 2)
    chosen = []
    for code in codes:
        if code not in known:
            fail(f"Buku aturan {code!r} tidak ada. Yang tersedia: {', '.join(known) or 'belum ada satu pun'}.", 2)
        voting = given.get(code) or known[code].voting_date
        if voting is None:
            fail(f"Hari pemungutan suara {code} belum diketahui: --voting-date {code}=TAHUN-BULAN-TANGGAL", 2)
        chosen.append(Chosen(code, known[code].name, known[code].contests_in(region), voting))
    return tuple(chosen)


def new_password() -> str:
    """About 59 bits, easy to copy from paper: abcd-efgh-jkmn."""
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[i : i + 4]) for i in (0, 4, 8))


def settings_text(plan: Plan, at: datetime) -> str:
    """posko.toml."""
    quote = json.dumps  # a JSON string is a TOML string
    lines = [
        "# Dibuat oleh ./posko init; nama dan lembaga boleh diubah, kode tidak.",
        f"made_at = {at.isoformat(timespec='seconds')}",
        f"version = {quote(posko.__version__)}",
        f"region = {quote(plan.region)}",
        f"name = {quote(plan.name, ensure_ascii=False)}",
        f"agencies = {quote(list(plan.agencies))}",
        f"elections = {quote([e.code for e in plan.elections])}",
    ]
    return "\n".join(lines) + "\n"


def carry_out(plan: Plan, var: Path, at: datetime) -> dict[str, str]:
    """Make database, elections and accounts; posko.toml comes last and says that all is there. Returns passwords by username."""
    installation.start()
    try:
        passwords = fill(plan, at)
        file = var / SETTINGS_FILE
        new = file.with_name(file.name + ".new")
        new.write_text(settings_text(plan, at), encoding="utf-8")
        new.replace(file)
    except BaseException:
        from django.db import connections

        connections.close_all()
        for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm"):
            (var / name).unlink(missing_ok=True)
        raise
    return passwords


def fill(plan: Plan, at: datetime) -> dict[str, str]:
    """Tables, the installation, its elections and accounts. Returns passwords by username."""
    from posko.store import access as people
    from posko.store import record as journal

    installation.migrate()
    journal.install(name=plan.name, region=plan.region, demo=False, at=at)
    admin = next(u for u in plan.users if u.role == "admin.sistem")
    actor = record.Actor(f"p-{admin.username}", admin.agency)
    passwords = {}
    for user in sorted(plan.users, key=lambda u: u is not admin):
        passwords[user.username] = new_password()
        grants = [access.Grant(user.role, user.region, at)]
        people.add_user(user.username, passwords[user.username], user.display, user.agency, grants, actor, at)
    given = scenario.read(plan.scenario) if plan.scenario else None
    for chosen in plan.elections:
        provisional = given is not None and chosen.code in given.elections and given.elections[chosen.code].election.provisional
        opens = datetime.combine(chosen.voting_date, OPENING_HOUR, tzinfo=journal.WIB).astimezone(UTC)
        election = record.Election(chosen.code, chosen.name, plan.region, opens, chosen.contests, chosen.code, provisional)
        journal.create_election(election, actor, at)
    if given:
        load_places(given, [e.code for e in plan.elections], actor, at)
    return passwords


def load_places(given: scenario.Scenario, codes: Sequence[str], actor: record.Actor, at: datetime) -> None:
    """Villages, sites, sea legs, and the TPS of the chosen elections."""
    from posko.store import places

    places.load_region(
        given.region, regions=given.region_names, kecamatan=given.kecamatan, desa=given.desa, sites=given.sites, sea_legs=given.sea_legs,
        settings=given.settings, conflicts=given.conflicts, actor=actor, at=at,
    )  # fmt: skip
    for code in codes:
        if code in given.elections:
            places.load_tps(code, given.elections[code].tps_list, given.elections[code].dapil, actor, at)


def describe(plan: Plan) -> str:
    """What will be made, for a last look."""
    lines = [f"  Wilayah   : {plan.region} {plan.name}"]
    lines += [
        f"  Pemilihan : {e.code}, {e.voting_date.isoformat()} pukul 07.00 WIB, {len(e.contests)} jenis surat suara" for e in plan.elections
    ]
    lines += [f"  Tempat    : dari skenario {plan.scenario.name}"] if plan.scenario else []
    lines += [f"  Lembaga   : {', '.join(plan.agencies)}"]
    lines += [f"  Akun      : {u.username} ({u.display}, {u.role}, {u.region})" for u in plan.users]
    return "\n".join(lines)


def _scenario(text: str) -> Path:
    """A folder, or a name below scenarios/."""
    return Path(text) if Path(text).is_dir() else ROOT / "scenarios" / text


def init(
    region: Annotated[str, typer.Option(help="Kode kabupaten/kota, misalnya 19.06")] = "",
    name: Annotated[str, typer.Option(help="Nama kabupaten/kota")] = "",
    election: Annotated[list[str] | None, typer.Option(help="Kode buku aturan, misalnya pemilu-2024; boleh berulang")] = None,
    voting_date: Annotated[list[str] | None, typer.Option(help="Hari pemungutan suara: pemilu-2024=2024-02-14; boleh berulang")] = None,
    agency: Annotated[list[str] | None, typer.Option(help="Lembaga yang ikut; boleh berulang (bawaan: semua)")] = None,
    user: Annotated[list[str] | None, typer.Option(help="Akun pertama: akun:peran:nama[:wilayah]; boleh berulang")] = None,
    scenario_folder: Annotated[
        str, typer.Option("--scenario", help="Muat tempat (desa, TPS, gudang, dermaga) dari skenario, misalnya beltim-2024")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Jangan bertanya")] = False,
) -> None:
    """Membuat pemasangan untuk satu kabupaten/kota. Tanpa pilihan, Posko bertanya."""
    var = installation.var_folder()
    if installation.has_data(var):
        what = "pemasangan" if installation.is_real(var) else "basis data (mungkin demo)"
        fail(f"Di {var} sudah ada {what}; init tidak menyentuhnya.\nPemasangan lain: POSKO_VAR=/folder/lain ./posko init")
    known = founding.shipped()
    if not known:
        fail("Tidak ada buku aturan di folder rulebooks; pemasangan memerlukan sedikitnya satu.")
    asking = not yes and sys.stdin.isatty()
    missing = [flag for flag, value in (("--region", region), ("--name", name), ("--election", election), ("--user", user)) if not value]
    if missing and not asking:
        fail(f"Belum lengkap: {', '.join(missing)}. Isi, atau jalankan di terminal tanpa --yes supaya Posko bertanya.", 2)
    if missing:
        plan = wizard.questions(region, name, known)
    else:
        agencies = tuple(dict.fromkeys(a.upper() for a in agency or AGENCY_OF.values()))
        users = tuple(read_user(text, region) for text in user or ())
        places = _scenario(scenario_folder) if scenario_folder else None
        plan = Plan(region, name.strip(), choose(election or (), voting_date or (), known, region), agencies, users, places)
    wrong = founding.problems(plan)
    if wrong:
        fail("Belum bisa dibuat:\n" + "\n".join(f"  - {text}" for text in wrong), 2)
    say("\nYang akan dibuat:\n" + describe(plan))
    if asking and not wizard.ask_yes("Buat sekarang?"):
        fail("Dibatalkan; tidak ada yang ditulis.")
    with installation.stopped(var):
        passwords = carry_out(plan, var, datetime.now(UTC))
    say(f"\nPemasangan dibuat di {var}.\nSandi di bawah ini hanya tampil sekarang; bagikan langsung kepada orangnya.")
    for username, password in passwords.items():
        say(f"  {username:<16} {password}")
    if not plan.scenario:
        say("\nTPS belum ada: operator KPU memuatnya di halaman Tempat dan Pemilih.")
    say("\nLanjutkan: ./posko serve")
