"""Minutes of the three rakor: finished before people leave, approved, once objected to and amended. All words are [SIMULASI].

Runs after what the agencies brought and disputed, so that the minutes hold it.
"""

from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.cli.demo.rakor import ACTORS, OFFICES, SEATS, wib
from posko.domain import minutes as rules
from posko.formats import document
from posko.formats import minutes as papers
from posko.store import minutes, rakor

Words = dict[str, str]


def run(ctx: Context) -> None:
    """One after the other; the first is printed."""
    first = _first(ctx)
    folder = ctx.var / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    paper = document.pdf("notula", papers.paper(first, "Kabupaten Belitung Timur"), papers.latest_at(first))
    (folder / f"notula-{first.code}.pdf").write_bytes(paper)
    ctx.say(f"    {first.code} selesai sebelum bubar: SHA-256 {first.digest}; PDF {len(paper) // 1024} kB di {folder}")
    second, third = _second(ctx), _third(ctx)
    ctx.say(
        f"    Lalu [SIMULASI]: {second.code} dengan satu keberatan dan {len(second.amendments)} perbaikan, {third.code} disetujui semua"
    )


def _first(ctx: Context) -> rules.Final:
    at, last = ctx.rakor_at, _snapshot(ctx, "RKR-001", ctx.rakor_at)
    final = _finish(
        ctx, "RKR-001", at - timedelta(minutes=10),
        {
            rules.OPENING: "Rakor dibuka KPU. Angka pembuka dan penutup dibekukan; semua lembaga memegang sidik jarinya.",
            "person:1": f"KPU: barang diterima baik [angka {last} units:accepted]. Sisanya dalam perjalanan atau diklaim.",
            "person:2": "Pemda menawarkan palet dan terpal; Polres menyiapkan kawal kapal.",
            rules.CLOSING: f"TPS yang barang kritisnya bisa lengkap: [angka {last} supply]. Rakor lagi bulan Januari.",
        },
    )  # fmt: skip
    for agency, minute in (("KPU", 6), ("KEJARI", 4), ("PEMDA", 2)):
        _answer(ctx, final, agency, at - timedelta(minutes=minute))
    printed = minutes.get(ctx.election, final.code, at)
    _answer(ctx, final, "POLRES", wib(12, 6, 9, year=2023))
    minutes.receive(ctx.election, final.code, final.current, ctx.people["juwita"], wib(12, 6, 10, year=2023))
    return printed


def _second(ctx: Context) -> rules.Final:
    """Polres objects, the minutes are amended, and all approve the amended version."""
    last = _snapshot(ctx, "RKR-002", wib(1, 16, 11))
    final = _finish(
        ctx, "RKR-002", wib(1, 16, 11, 15),
        {
            "decision:KPT-003": "KPU: klaim dijawab pemasok, sisa tahap I tiba. Pelaporan mingguan terlambat; diselesaikan bulan ini.",
            "person:1": f"Barang diterima baik [angka {last} units:accepted]. Sortir berjalan; Pemda menyanggupi truk.",
        },
    )  # fmt: skip
    for agency in ("KPU", "KEJARI", "PEMDA", "BAWASLU"):
        _answer(ctx, final, agency, wib(1, 16, 11, 25))
    objection = "Penjagaan gudang 24 jam disepakati dua orang setiap giliran; jumlahnya belum tertulis."
    _answer(ctx, final, "POLRES", wib(1, 16, 11, 30), objection)
    words, reason = "Penjagaan gudang: dua orang Polres setiap giliran, tiga giliran sehari.", "Keberatan Polres diterima rapat"
    minutes.amend(ctx.election, final.code, "Lain-lain", words, reason, final.current, ctx.people["ani"], wib(1, 17, 9))
    amended = minutes.get(ctx.election, final.code, wib(1, 17, 9))
    for hour, agency in enumerate(SEATS, start=10):
        _answer(ctx, amended, agency, wib(1, 17, hour))
    return amended


def _third(ctx: Context) -> rules.Final:
    last = _snapshot(ctx, "RKR-003", wib(2, 12, 10))
    final = _finish(
        ctx, "RKR-003", wib(2, 12, 10, 22),
        {
            "decision:KPT-005": "Pemda: dua truk masih di bengkel; penggantinya dijanjikan hari ini.",
            "person:1": f"TPS siap [angka {last} ready]; belum diketahui [angka {last} unknown]. Gelombang dipantau.",
        },
    )  # fmt: skip
    for minute, agency in enumerate(SEATS, start=25):
        _answer(ctx, final, agency, wib(2, 12, 10, minute))
    return final


def _snapshot(ctx: Context, meeting: str, at: datetime) -> str:
    return rakor.snapshots(ctx.election, at, meeting)[0].code


def _finish(ctx: Context, meeting: str, at: datetime, words: Words) -> rules.Final:
    """Each part once, then finished: what no part of the agenda holds is left out."""
    ani, known = ctx.people["ani"], {s.key: s for s in minutes.sections(ctx.election, meeting, at)}
    for key, said in words.items():
        if key in known:
            minutes.save(ctx.election, meeting, key, said, known[key].version, ani, at)
    seen = rules.draft_digest(minutes.sections(ctx.election, meeting, at), rakor.decisions(ctx.election, at, meeting))
    return minutes.finish(ctx.election, meeting, seen, ani, at)


def _answer(ctx: Context, final: rules.Final, agency: str, at: datetime, objection: str = "") -> None:
    voice = rules.Voice.OBJECTED if objection else rules.Voice.APPROVED
    minutes.answer(ctx.election, final.code, voice, OFFICES[agency], objection, final.current, ctx.people[ACTORS[agency]], at)
