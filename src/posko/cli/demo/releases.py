"""Releases [SIMULASI]: the first publication before the rakor of 5 December, a corrected one, then two standing rules up to the eve."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import releases as rules
from posko.formats import text
from posko.store import extracts, releases

DAILY, CLOSER = (18 * 60,), (6 * 60, 12 * 60, 18 * 60)
ALL = rules.CHOOSABLE


def wib(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


BY_HAND = (wib(2023, 12, 5, 9), wib(2023, 12, 19, 15), wib(2024, 1, 8, 15))
CORRECTED_AT = wib(2024, 1, 9, 9)
FIRST_RULE, SECOND_RULE, END = wib(2024, 2, 5, 10), wib(2024, 2, 11, 20), wib(2024, 2, 15, 0)


def run(ctx: Context) -> None:
    """Two people publish, correct what was wrong, and put rules in force that publish by themselves."""
    for at in BY_HAND:
        _publish(ctx, rules.Way(), at)
    reason = "Berita acara penerimaan 8 Januari baru dicatat sesudah terbitan disusun [SIMULASI]"
    _publish(ctx, rules.Way(corrects=3, reason_code="late", reason=reason), CORRECTED_AT)
    _rule(ctx, DAILY, FIRST_RULE)
    by_rule = sum(
        _slot(ctx, FIRST_RULE + timedelta(hours=8, days=day)) for day in range(7) if FIRST_RULE + timedelta(days=day) < SECOND_RULE
    )
    _rule(ctx, CLOSER, SECOND_RULE)
    slots = (SECOND_RULE + timedelta(hours=10 + 6 * n) for n in range(12))
    by_rule += sum(_slot(ctx, at) for at in slots if at <= ctx.eve_at)
    _tell(ctx, by_rule)


def _publish(ctx: Context, way: rules.Way, at: datetime) -> None:
    """Ani proposes, Fajar looks at exactly that and sends it out twenty minutes later."""
    made = releases.propose(ctx.election, extracts.draft(ctx.election, way, at), ctx.people["ani"], at)
    releases.approve(ctx.election, made.code, ctx.people["fajar"], made.digest, at + timedelta(minutes=20))


def _rule(ctx: Context, minutes: tuple[int, ...], at: datetime) -> None:
    asked = releases.propose_rule(ctx.election, ALL, minutes, at, END, ctx.people["ani"], at)
    releases.approve_rule(ctx.election, asked.rule.code, ctx.people["fajar"], asked.rule.digest, at + timedelta(minutes=30))


def _slot(ctx: Context, at: datetime) -> bool:
    """What the worker does at an hour of the rule."""
    return extracts.publish_due(ctx.election, at) is not None


def _tell(ctx: Context, by_rule: int) -> None:
    first, last = releases.latest(ctx.election, ctx.rakor_at), releases.latest(ctx.election, ctx.eve_at)
    if first is None or last is None:
        raise RuntimeError("the demonstration published nothing")
    goods, ready = first.figure("units_ordered"), last.figure("ready")
    if goods is None or ready is None:
        raise RuntimeError("a publication of the demonstration has no figures on goods or readiness")
    share = text.persen(goods["numerator"] / goods["denominator"])
    ctx.say(f"    Terbitan 1, {text.waktu(first.made_at)}: barang yang sudah dipesan diterima baik {share} [SIMULASI]")
    ctx.say("    Terbitan 3 dikoreksi oleh terbitan 4: data terlambat masuk; yang salah tetap ada di riwayat")
    ctx.say(f"    {by_rule} terbitan menurut aturan dua orang, tanpa ada yang menekan tombol")
    ctx.say(
        f"    Terbitan {last.number}, {text.waktu(last.made_at)}: {text.angka(ready['numerator'])} dari "
        f"{text.angka(ready['denominator'])} TPS siap; SHA-256 {last.digest}"
    )
