"""Needs: computed when the voters are known, and again after the confirmations of December."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import needs as rules
from posko.formats import text
from posko.store import needs

FIRST_AT = datetime(2023, 9, 20, 3, tzinfo=UTC)
SECOND_AT = datetime(2023, 12, 7, 7, tzinfo=UTC)


def run(ctx: Context) -> None:
    """Two computations, and the figures of the one in force on the eve."""
    for at in (FIRST_AT, SECOND_AT):
        if needs.current(ctx.election, at) is None or needs.outdated(ctx.election, at):
            needs.compute(ctx.election, ctx.people["ani"], at)
    found = needs.current(ctx.election, SECOND_AT)
    assert found is not None
    mark = " (PERKIRAAN)" if found.estimate else ""
    ctx.say(f"    {text.angka(found.tps)} TPS, {text.angka(found.voters)} pemilih{mark}")
    totals = {total.item: total for total in needs.totals(ctx.election, SECOND_AT)}
    box = totals[rules.BOX]
    each, per_ppk = len(found.contests), box.by_level["PPK"] // found.kecamatan
    ctx.say(f"    {_total(box)} kotak ({each} x {text.angka(found.tps)} + {per_ppk} x {found.kecamatan})")
    ctx.say(f"    {_total(totals[rules.BOOTH])} bilik")
    ctx.say(f"    {_total(totals[rules.INK])} tinta")
    ballot = totals[rules.BALLOT]
    parts = ", ".join(f"{contest} {text.angka(number)}" for contest, number in ballot.by_contest.items())
    ctx.say(f"    {_total(ballot)} surat suara{mark}: {parts}")
    dapil = sorted((code, number) for (contest, code), number in ballot.by_dapil.items() if contest == "DPRD_KAB")
    if dapil:
        ctx.say("    DPRD_KAB per dapil: " + ", ".join(f"{code} {text.angka(number)}" for code, number in dapil))
    for total in needs.separate(ctx.election, SECOND_AT):
        ctx.say(f"    {_total(total)} {total.name.lower()}, disimpan terpisah")
    checks = needs.checks(ctx.election, SECOND_AT)
    ctx.say(f"    Pemeriksaan silang: {sum(check.ok for check in checks)} dari {len(checks)} cocok")
    names = ", ".join(item.name.lower() for item in needs.unknown(ctx.election, ctx.rakor_at) if item.critical)
    ctx.say(f"    Pada 5 Des. 2023 barang kritis yang jumlahnya belum dikonfirmasi: {names or 'tidak ada'}")


def _total(total: rules.Total) -> str:
    return "?" if total.quantity is None else text.angka(total.quantity)
