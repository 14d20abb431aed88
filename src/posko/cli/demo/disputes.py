"""Disputes [SIMULASI] at the second rakor: one about the number of TPS, settled by both sides, and one that stays open."""

from datetime import timedelta

from posko.cli.demo.context import Context
from posko.domain import rakor as rakor_rules
from posko.domain.disputes import Act, State
from posko.store import disputes, materials, rakor


def run(ctx: Context) -> None:
    """The Polres says 350 TPS; counted again the record gives the frozen number; both agree. The Pemda doubts how much was received."""
    held = sorted(rakor.meetings(ctx.election, ctx.eve_at), key=lambda m: m.starts_at)
    if held:
        at_meeting(ctx, held[min(1, len(held) - 1)].code)
    found = disputes.listing(ctx.election, ctx.eve_at)
    settled = sum(d.state is State.SETTLED for d in found)
    ctx.say(f"    {len(found)} angka beku dipersoalkan: {settled} selesai dengan sidik jari dan sumber [SIMULASI]")


def at_meeting(ctx: Context, meeting: str) -> None:
    """What is disputed at one meeting, against its newest pack; nothing without a pack, or where it was raised before."""
    frozen = next(iter(rakor.snapshots(ctx.election, ctx.eve_at, meeting)), None)
    if frozen is None or disputes.listing(ctx.election, ctx.eve_at, meeting):
        return
    _settled(ctx, frozen)
    _open(ctx, frozen)


def _settled(ctx: Context, frozen: rakor_rules.Snapshot) -> None:
    at = frozen.frozen_at + timedelta(minutes=8)
    own = next((f for f in materials.figures(ctx.election, at, frozen.meeting) if f.figure == "tps" and f.agency == "POLRES"), None)
    code = disputes.raise_dispute(
        ctx.election, frozen.code, figure="tps", agency="POLRES", number=350, source="Rekap rencana pengamanan TPS",
        as_of_at=at - timedelta(days=3), own=own.code if own else "", nonce="demo-tps", actor=ctx.people["hadi"], at=at,
    )  # fmt: skip
    words = "Rekap Polres disusun sebelum 13 TPS terakhir masuk rencana pengamanan; daftar TPS di catatan tidak berubah."
    seen = disputes.get(ctx.election, code, at).last_id
    disputes.act(
        ctx.election, code, Act.PROPOSE, ctx.people["ani"], at + timedelta(minutes=3), seen=seen, outcome="frozen", words=words
    )  # fmt: skip
    seen = disputes.get(ctx.election, code, at + timedelta(minutes=3)).last_id
    disputes.act(ctx.election, code, Act.AGREE, ctx.people["hadi"], at + timedelta(minutes=5), seen=seen)


def _open(ctx: Context, frozen: rakor_rules.Snapshot) -> None:
    """A share in per cent without saying of what: not settled when the meeting ends."""
    at = frozen.frozen_at + timedelta(minutes=20)
    disputes.raise_dispute(
        ctx.election, frozen.code, figure="units:received", agency="PEMDA", number=80, unit="percent", source="Laporan kunjungan gudang",
        as_of_at=at - timedelta(days=1), nonce="demo-units", actor=ctx.people["indra"], at=at,
    )  # fmt: skip
