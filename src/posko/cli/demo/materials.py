"""Materials [SIMULASI]: what the agencies bring to the rakor: a PDF, a workbook, and numbers of their own, some unlike the frozen ones."""

from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import rakor as rakor_rules
from posko.formats import document, table
from posko.formats import materials as files
from posko.store import evidence, materials, rakor

WHO = {"KPU": "ani", "PEMDA": "indra", "KEJARI": "citra", "POLRES": "hadi", "BAWASLU": "juwita"}


def run(ctx: Context) -> None:
    """To every rakor a paper of the Polres and a table of the Pemda; to the second one also the numbers that are disputed there."""
    held = sorted(rakor.meetings(ctx.election, ctx.eve_at), key=lambda m: m.starts_at)
    for number, one in enumerate(held):
        at_meeting(ctx, one.code, numbers=number == min(1, len(held) - 1))
    brought = materials.listing(ctx.election, ctx.eve_at)
    ctx.say(f"    {len(brought)} bahan dan angka dibawa lembaga ke {len(held)} rakor [SIMULASI]")


def at_meeting(ctx: Context, meeting: str, *, numbers: bool) -> None:
    """What is brought to one meeting; nothing where it was brought before. Numbers are brought once a pack is frozen there."""
    if materials.listing(ctx.election, ctx.eve_at, meeting):
        return
    held = rakor.meeting(ctx.election, meeting, ctx.eve_at)
    at = held.starts_at - timedelta(hours=15)
    _polres(ctx, held, at)
    _pemda(ctx, held, at + timedelta(minutes=40))
    if numbers:
        _numbers(ctx, held)


def _polres(ctx: Context, held: rakor_rules.Meeting, at: datetime) -> None:
    """A paper as PDF."""
    values = {
        "paper": "a4", "agency": "Polres Belitung Timur", "place": "Manggar", "marks": ["[SIMULASI]"], "title": "Rencana pengamanan",
        "code": "-", "to": "Peserta rakor", "asked": "peserta", "copies": [], "nature": "Biasa", "kind": "Paparan",
        "subject": f"Bahan untuk {held.title}", "election": "Pemilu 2024", "date": "", "due": "sesudah rakor",
        "paragraphs": ["Penjagaan gudang dua orang tiap giliran.", "Kawal kapal ke empat pulau pada H-2."], "origin": "", "files": "0",
        "state": "contoh", "steps": [], "entry_id": held.code, "qr": document.qr_svg(held.code), "qr_text": held.code,
        "footer": "Contoh bahan rapat [SIMULASI]", "stamp": "",
    }  # fmt: skip
    _bring(ctx, held, "POLRES", "slides", "Rencana pengamanan", document.pdf("permintaan", values, at), at)


def _pemda(ctx: Context, held: rakor_rules.Meeting, at: datetime) -> None:
    """A workbook."""
    rows: list[list[str | int]] = [
        ["Barang", "Jumlah", "Keterangan"],
        ["Truk", 6, "BPBD dan Dishub"],
        ["Genset", 3, "20 kVA"],
        ["Palet", 40, "pinjam pakai"],
    ]
    _bring(ctx, held, "PEMDA", "figures", "Daftar dukungan Pemda", table.xlsx({held.code: rows}), at)


def _bring(ctx: Context, held: rakor_rules.Meeting, agency: str, kind: str, title: str, data: bytes, at: datetime) -> None:
    checked = files.check(data, title)
    kept = evidence.keep_as(checked.data, checked.kind)
    materials.bring(
        ctx.election, held.code, kind=kind, title=title, kept=kept, nonce=f"demo-{agency}-{held.code}", actor=ctx.people[WHO[agency]], at=at
    )


def _numbers(ctx: Context, held: rakor_rules.Meeting) -> None:
    """The Polres counts other TPS than the pack; the Pemda says how many people it lends."""
    frozen = next(iter(rakor.snapshots(ctx.election, ctx.eve_at, held.code)), None)
    at = (frozen.frozen_at if frozen else held.starts_at) + timedelta(minutes=4)
    if at > held.ends_at or not materials.figure_codes(ctx.election, at, held.code):
        return
    _number(ctx, held, "POLRES", "tps", 350, "Rekap rencana pengamanan TPS", at - timedelta(days=3), at)
    _number(ctx, held, "PEMDA", "", 14, "Surat tugas BPBD", at - timedelta(days=1), at + timedelta(minutes=2), "Pengemudi yang ditugaskan")


def _number(
    ctx: Context, held: rakor_rules.Meeting, agency: str, figure: str, number: int, source: str, as_of_at: datetime, at: datetime,
    label: str = "",
) -> None:  # fmt: skip
    materials.bring_figure(
        ctx.election, held.code, figure=figure, label=label, number=number, denominator=-1, unit="same" if figure else "people",
        source=source, as_of_at=as_of_at, nonce=f"demo-{agency}-{figure}-{held.code}", actor=ctx.people[WHO[agency]], at=at,
    )  # fmt: skip
