"""Pledges [SIMULASI]: what the KPU and the post asked Pemda and Polres for, what they promised, one conflict, one refusal, one silence."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import pledges as rules
from posko.domain.pledges import Act, Kind
from posko.formats import text
from posko.store import places, pledges, record


def wib(month: int, day: int, hour: int, minute: int = 0, year: int = 2023) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Asks of November, answers until the rakor; the days are those around the vote."""
    asked = _ask(ctx)
    _promise(ctx, asked)
    _guard(ctx)
    found = pledges.standing(ctx.election, ctx.rakor_at)
    firm, live = len(found.usable()), len(found.usable(firm=False))
    ctx.say(f"    {len(found.asks)} permintaan; {live} janji berlaku, {firm} sudah pasti dengan bukti [SIMULASI]")
    ctx.say(f"    {len(found.conflicts)} bentrokan atau kekurangan pola disebut; {len(found.overdue)} permintaan lewat batas jawaban")


def _ask(ctx: Context) -> list[str]:
    known = pledges.known_places(ctx.election)
    store = next(p.code for p in known.values() if p.kind == "warehouse")
    sea = tuple(p.code for p in known.values() if p.kind == "leg" and ":" in p.code.partition(">")[2])
    land = tuple(p.code for p in known.values() if p.kind == "leg" and p.code.startswith(f"{store}>"))
    begin, end = wib(2, 11, 6, year=2024), wib(2, 15, 18, year=2024)
    need = wib(12, 4, 12)
    wanted = (
        ("ani", rules.Ask("", "PEMDA", Kind.VEHICLE, 4, land[:3], begin, end, need, 4000)),
        ("ani", rules.Ask("", "PEMDA", Kind.BOAT, 2, sea[:2], begin, end, need, 1500)),
        ("citra", rules.Ask("", "PEMDA", Kind.GENSET, 3, (store,), begin, end, need, 20000)),
        ("ani", rules.Ask("", "PEMDA", Kind.BUILDING, 1, (store,), wib(12, 10, 8), end, need, 400)),
        ("ani", rules.Ask("", "POLRES", Kind.POLICE, 12, land, begin, end, wib(12, 20, 12))),
    )
    at = wib(11, 27, 9)
    return [pledges.ask(ctx.election, asked, ctx.people[who], at) for who, asked in wanted]


def _promise(ctx: Context, asked: list[str]) -> None:
    """Three of four trucks, one boat promised twice, a building refused; nobody answers about the gensets."""
    indra = ctx.people["indra"]
    at = wib(11, 29, 10)
    for number, (code, asset, capacity) in enumerate(
        (
            (asked[0], "BPBD-TRUK-1", 4500),
            (asked[0], "BPBD-TRUK-2", 4000),
            (asked[0], "DISHUB-TRUK-1", 4000),
            (asked[1], "DKP-KAPAL-1", 1800),
        )
    ):
        found = pledges.get_ask(ctx.election, code, at)
        made = rules.Pledge("", "PEMDA", found.kind, asset, 1, found.places, found.from_at, found.until_at, capacity, "", code)
        given = pledges.offer(ctx.election, [made], indra, at)[0]
        if number < 2:
            pledges.act(ctx.election, given, Act.CONFIRM, indra, wib(12, 1, 9), number=f"SIM-551/{number + 1}/BPBD/2023")
    pledges.decline(ctx.election, asked[3], "sudah_dipakai", indra, wib(11, 30, 14))
    region = record.election(ctx.election).region
    again = rules.Pledge("", "PEMDA", Kind.BOAT, "DKP-KAPAL-1", 1, (region,), wib(2, 13, 6, year=2024), wib(2, 14, 20, year=2024), 1800)
    crew = rules.Pledge("", "PEMDA", Kind.CREW, "BPBD-REGU-1", 12, (region,), wib(2, 10, 8, year=2024), wib(2, 16, 8, year=2024))
    pledges.offer(ctx.election, [again, crew], indra, wib(12, 2, 9))


def _guard(ctx: Context) -> None:
    """Teams of the Polres for the TPS of three kecamatan, after a pattern that the Polres chose; Linmas are not promised everywhere."""
    hadi, begin, end = ctx.people["hadi"], wib(2, 13, 18, year=2024), wib(2, 14, 23, year=2024)
    tps = places.tps_list(ctx.election)
    kecamatan = sorted({t.kecamatan_code for t in tps})[:3]
    made: list[rules.Pledge] = []
    linmas: list[rules.Pledge] = []
    for k in kecamatan:
        here = [t.code for t in tps if t.kecamatan_code == k]
        for start in range(0, len(here), 8):
            team = len(made) + 1
            part = tuple(here[start : start + 8])
            made.append(rules.Pledge("", "POLRES", Kind.POLICE, f"REGU-{team:02}", 2, part, begin, end, 0, "2024-2-8-16"))
            if team % 5:
                linmas.append(rules.Pledge("", "PEMDA", Kind.LINMAS, f"LINMAS-{team:02}", 2 * len(part), part, begin, end))
    codes = pledges.offer(ctx.election, made, hadi, wib(12, 3, 10))
    pledges.offer(ctx.election, linmas, ctx.people["indra"], wib(12, 3, 13))
    for n, code in enumerate(codes[: len(codes) // 2]):
        pledges.act(ctx.election, code, Act.CONFIRM, hadi, wib(12, 4, 9, n % 60), number="SIM-SPRIN/12/2023")
