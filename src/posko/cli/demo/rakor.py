"""Rakor: 5 December 2023, Hotel Guest, Manggar. The meeting, place and agencies are in the news; the decisions here are [SIMULASI]."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.formats import document, text
from posko.formats import rakor as printed
from posko.store import rakor

MARK = "[SIMULASI]"
DECISIONS = (
    ("PEMDA", "Meminjamkan 40 palet dan dua terpal besar untuk gudang KPU", datetime(2023, 12, 12, 16, 59, tzinfo=UTC)),
    ("POLRES", "Menyusun rencana kawal kapal ke empat pulau untuk H-2", datetime(2024, 1, 15, 16, 59, tzinfo=UTC)),
    ("KPU", "Menagih sisa tahap I dan klaim barang rusak, lapor mingguan", datetime(2023, 12, 19, 16, 59, tzinfo=UTC)),
)


def run(ctx: Context) -> None:
    """Freeze at the opening, decide, freeze at the close; write the PDF; hand the decisions to their owners."""
    ani, opening = ctx.people["ani"], ctx.rakor_at - timedelta(hours=1)
    called = rakor.call_meeting(
        ctx.election,
        "Rakor kesiapan logistik Pemilu 2024",
        "Hotel Guest, Manggar",
        opening,
        ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU"),
        ani,
        ctx.rakor_at - timedelta(days=5),
        note="KPU, Pemda, Kejari, Polres hadir menurut berita. Undangan kepada Bawaslu [SIMULASI].",
    )
    rakor.attend(ctx.election, called.code, ("KPU", "PEMDA", "KEJARI", "POLRES"), ani, opening)
    first = rakor.freeze(ctx.election, called.code, ani, opening)
    for minutes, (owner, words, due_at) in enumerate(DECISIONS, start=1):
        at = opening + timedelta(minutes=40 + 2 * minutes)
        rakor.decide(ctx.election, called.code, words, owner, due_at, ani, at, MARK)
    last = rakor.freeze(ctx.election, called.code, ani, ctx.rakor_at)
    pdf = document.pdf("paket-rakor", printed.pack(last, "KPU", place="Kabupaten Belitung Timur"), last.frozen_at)
    folder = ctx.var / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"paket-rakor-{last.code}.pdf").write_bytes(pdf)
    (folder / f"paket-rakor-{last.code}.json").write_bytes(last.content)
    ctx.say(f"    {called.title}, {called.place}, {text.waktu(opening)}: {len(DECISIONS)} keputusan {MARK}")
    ctx.say(f"    Paket {first.code} (pembuka) dan {last.code} (penutup) dibekukan; PDF {len(pdf) // 1024} kB di {folder}")
    ctx.say(f"    Sidik jari paket rakor {last.code}: SHA-256 {last.digest}")
