"""Readiness: nought on 5 December; on the eve most TPS have reported, a few have not, and some are short of something. All [SIMULASI]."""

from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import readiness as rules
from posko.domain.readiness import Answer
from posko.formats import readiness as words
from posko.formats import text
from posko.store import places, readiness

MARK = "[SIMULASI]"
SILENT_EVERY, SEAL_EVERY, SHORT_EVERY, PLACE_EVERY, OLD_EVERY = 71, 97, 83, 113, 127


def run(ctx: Context) -> None:
    """Checks by the PPK of each kecamatan on H-2 and H-1, and the figure on the two days."""
    _say(ctx, ctx.rakor_at)
    tps_list = places.tps_list(ctx.election)
    checks = []
    for number, tps in enumerate(tps_list, start=1):
        batun = bool(tps.island) and "batun" in _island_name(tps.island)
        if batun or number % SILENT_EVERY == 0:
            continue  # no signal, no report: unknown, never green
        checks.append(_check(ctx, tps.code, tps.kecamatan_code, number))
    checks.sort(key=lambda check: check.checked_at)
    readiness.record_checks(ctx.election, checks, ctx.eve_at)
    _say(ctx, ctx.eve_at)


def _island_name(code: str) -> str:
    return next((s.name.lower() for s in places.sites(code.partition(":")[0]) if s.code == code), "")


def _check(ctx: Context, tps: str, kecamatan: str, number: int) -> rules.Check:
    """One report; the person is the PPK member of the kecamatan (Budi in Gantung)."""
    yes = Answer.YES
    at: datetime = ctx.eve_at - timedelta(minutes=20 + number * 7 % 600)
    missing: tuple[str, ...] = ()
    items, seals, place, note = yes, yes, yes, ""
    if number % SHORT_EVERY == 0:
        items, missing, note = Answer.NO, ("TINTA",), "satu botol tinta kurang"
    elif number % SEAL_EVERY == 0:
        seals, note = Answer.NO, "satu segel putus di jalan"
    elif number % PLACE_EVERY == 0:
        place, note = Answer.NO, "tenda belum berdiri"
    elif number % OLD_EVERY == 0:
        at -= timedelta(hours=40)
    person = ctx.people["budi"].person if kecamatan == "19.06.02" else f"p-ppk-{kecamatan.replace('.', '')}"
    return rules.Check(tps, items, missing, seals, place, yes, at, person, "PPK", note, MARK)


def _say(ctx: Context, at: datetime) -> None:
    verdicts = readiness.verdicts(ctx.election, at)
    total = rules.summary(verdicts)
    ctx.say(
        f"    {text.waktu(at)}: {total.ready} dari {total.total} TPS siap, {total.not_ready} belum siap, {total.unknown} belum diketahui"
        + (f" {MARK}" if at == ctx.eve_at else "")
    )
    for state in (rules.State.NOT_READY, rules.State.UNKNOWN):
        for cause in rules.causes(verdicts, state)[:4]:
            ctx.say(f"      {len(cause.tps)} TPS: {words.reason_sentence(cause.reason, grouped=True)}")
