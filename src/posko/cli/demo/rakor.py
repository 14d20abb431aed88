"""Three rakor. The first is the real one: 5 December 2023, Hotel Guest, Manggar; meeting, place and agencies are in the news. Everything
else is [SIMULASI]: letters, answers, times of arrival, offices, words, and the rakor of 16 January and 12 February 2024.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import rakor as rules
from posko.formats import document, text
from posko.formats import rakor as printed
from posko.store import rakor

MARK = "[SIMULASI]"
SEATS = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")
ACTORS = {"KPU": "ani", "PEMDA": "indra", "KEJARI": "citra", "POLRES": "hadi", "BAWASLU": "juwita"}
OFFICES = {
    "KPU": "Ketua KPU", "PEMDA": "Kepala Bakesbangpol", "KEJARI": "Kepala Kejari", "POLRES": "Kabag Ops", "BAWASLU": "Ketua Bawaslu",
}  # fmt: skip


def wib(month: int, day: int, hour: int, minute: int = 0, year: int = 2024) -> datetime:
    """An instant from a WIB clock."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def run(ctx: Context) -> None:
    """The meetings one after the other, with what became of their decisions in between."""
    called, last = _first(ctx)
    _write_files(ctx, last)
    _first_decisions(ctx)
    second = _second(ctx)
    _second_decisions(ctx)
    third = _third(ctx)
    decided = rakor.decisions(ctx.election, ctx.eve_at)
    late = sum(d.overdue(ctx.eve_at) for d in decided)
    ctx.say(f"    Lalu {MARK}: {second.code} 16 Januari 2024, {third.code} 12 Februari 2024; {called.code} menjadi pembanding")
    ctx.say(f"    13 Februari 2024: {len(decided)} keputusan, {sum(d.done_at is not None for d in decided)} selesai, {late} lewat tenggat")


# --- the first -----------------------------------------------------------------------------------------------------------------------

FIRST = (
    ("PEMDA", "Meminjamkan 40 palet dan dua terpal besar untuk gudang KPU", wib(12, 12, 23, 59, 2023), "person:2"),
    ("POLRES", "Menyusun rencana kawal kapal ke empat pulau untuk H-2", wib(1, 15, 23, 59), "person:2"),
    ("KPU", "Menagih sisa tahap I dan klaim barang rusak, lapor mingguan", wib(12, 19, 23, 59, 2023), "person:1"),
)  # fmt: skip


def _first(ctx: Context) -> tuple[rules.Meeting, rules.Snapshot]:
    """Freeze at the opening, decide, freeze at the close."""
    ani, opening = ctx.people["ani"], ctx.rakor_at - timedelta(hours=1)
    called_at = opening - timedelta(days=5)
    called = rakor.call_meeting(
        ctx.election, "Rakor kesiapan logistik Pemilu 2024", "Hotel Guest, Manggar", opening, SEATS, ani, called_at,
        note="KPU, Pemda, Kejari, Polres hadir menurut berita. Undangan kepada Bawaslu [SIMULASI].", mark="",
    )  # fmt: skip
    now = _agenda(ctx, called.code, called_at, "Penerimaan logistik tahap I", "Dukungan gudang dan angkutan")
    _invite(ctx, called, now, "512/PP.09/1906/2023", called_at)
    for agency, answer, hours in (("PEMDA", "yes", 4), ("KEJARI", "yes", 5), ("POLRES", "delegated", 26)):
        _reply(ctx, called.code, agency, rules.Answer(answer), 2, called_at + timedelta(hours=hours))
    present = ("KPU", "PEMDA", "KEJARI", "POLRES")
    _arrive(ctx, called.code, present, opening - timedelta(minutes=20))
    first = rakor.freeze(ctx.election, called.code, ani, opening)
    for number, (owner, words, due_at, item) in enumerate(FIRST, start=1):
        rakor.decide(ctx.election, called.code, words, owner, due_at, ani, opening + timedelta(minutes=30 + 3 * number), MARK, item)
    last = rakor.freeze(ctx.election, called.code, ani, ctx.rakor_at - timedelta(minutes=12))
    ctx.say(f"    {called.title}, {called.place}, {text.waktu(opening)}: {len(FIRST)} keputusan {MARK}")
    ctx.say(f"    Paket {first.code} (pembuka) dan {last.code} (penutup) dibekukan")
    ctx.say(f"    Sidik jari paket rakor {last.code}: SHA-256 {last.digest}")
    return called, last


def _write_files(ctx: Context, last: rules.Snapshot) -> None:
    folder = ctx.var / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    pdf = document.pdf("paket-rakor", printed.pack(last, "KPU", place="Kabupaten Belitung Timur"), last.frozen_at)
    (folder / f"paket-rakor-{last.code}.pdf").write_bytes(pdf)
    (folder / f"paket-rakor-{last.code}.json").write_bytes(rules.copy_for(last.sections, (), last.layout))
    ctx.say(f"    PDF paket {len(pdf) // 1024} kB di {folder}")


def _first_decisions(ctx: Context) -> None:
    """One done and verified, one postponed, one that was late at the second meeting."""
    act = rules.Act
    _step(ctx, "KPT-001", act.DONE, "PEMDA", wib(12, 11, 14, year=2023), "40 palet dan dua terpal sudah di gudang KPU, dengan tanda terima")
    _step(ctx, "KPT-001", act.VERIFY, "KPU", wib(12, 13, 9, year=2023), "Dihitung di gudang: sesuai")
    _step(ctx, "KPT-002", act.PROGRESS, "POLRES", wib(1, 8, 10), "Rencana kawal selesai untuk dua pulau")
    _step(
        ctx, "KPT-002", act.ASK_LATER, "POLRES", wib(1, 12, 10), "Kapal untuk dua pulau lain baru pasti akhir Januari", wib(1, 26, 23, 59)
    )
    _step(ctx, "KPT-002", act.GRANT, "KPU", wib(1, 12, 15), "")
    _step(ctx, "KPT-003", act.PROGRESS, "KPU", wib(12, 18, 16, year=2023), "Klaim barang rusak dikirim; sisa tahap I belum tiba semua")


# --- the second --------------------------------------------------------------------------------------------------------------------


def _second(ctx: Context) -> rules.Meeting:
    """Called for the 15th, moved by a day, everybody there."""
    ani, called_at = ctx.people["ani"], wib(1, 5, 9)
    called = rakor.call_meeting(
        ctx.election, "Rakor sortir, lipat, dan distribusi", "Aula KPU Belitung Timur", wib(1, 15, 9), SEATS, ani, called_at, mark=MARK
    )
    now = _agenda(ctx, called.code, called_at, "Sortir, lipat, dan angkutan ke kecamatan")
    _invite(ctx, called, now, "014/PP.09/1906/2024", called_at)
    _reply(ctx, called.code, "KEJARI", rules.Answer.YES, 2, wib(1, 8, 9))
    reason = "Aula KPU dipakai pelatihan; dipindah ke aula Bupati sehari kemudian"
    moved = rakor.change_meeting(
        ctx.election, called.code, "Aula Kantor Bupati, Manggar", wib(1, 16, 9), 150, reason, 1, ani, wib(1, 9, 11)
    )
    _invite(ctx, moved, rakor.agenda(ctx.election, called.code, wib(1, 9, 14)), "021/PP.09/1906/2024", wib(1, 9, 14))
    for agency, answer in (("PEMDA", "yes"), ("KEJARI", "yes"), ("POLRES", "yes"), ("BAWASLU", "delegated")):
        _reply(ctx, called.code, agency, rules.Answer(answer), 2, wib(1, 10, 10))
    _arrive(ctx, called.code, SEATS, wib(1, 16, 8, 40))
    rakor.freeze(ctx.election, called.code, ani, wib(1, 16, 9, 2))
    for minute, owner, words, due_at, item in (
        (20, "KPU", "Menyelesaikan sortir dan lipat semua jenis surat suara, lapor harian", wib(1, 31, 23, 59), "person:1"),
        (35, "PEMDA", "Menyediakan enam truk dan pengemudi untuk H-3 sampai H-1", wib(2, 5, 23, 59), "person:1"),
        (45, "POLRES", "Menempatkan penjaga di gudang KPU 24 jam sampai kotak keluar", wib(1, 20, 23, 59), ""),
    ):
        rakor.decide(ctx.election, called.code, words, owner, due_at, ani, wib(1, 16, 9, minute), item=item)
    return called


def _second_decisions(ctx: Context) -> None:
    act = rules.Act
    _step(ctx, "KPT-006", act.DONE, "POLRES", wib(1, 19, 8), "Dua orang setiap giliran sejak 18 Januari, jadwal terpasang di gudang")
    _step(ctx, "KPT-006", act.VERIFY, "KPU", wib(1, 22, 9), "")
    _step(ctx, "KPT-002", act.DONE, "POLRES", wib(1, 25, 16), "Rencana kawal empat pulau selesai, disampaikan ke KPU")
    _step(ctx, "KPT-002", act.RETURN, "KPU", wib(1, 26, 9), "Pulau Batun belum memuat kapal cadangan")
    _step(ctx, "KPT-002", act.DONE, "POLRES", wib(1, 26, 15), "Kapal cadangan Batun ditambahkan")
    _step(ctx, "KPT-002", act.VERIFY, "KPU", wib(1, 29, 9), "Sesuai")
    _step(ctx, "KPT-003", act.DONE, "KPU", wib(1, 30, 16), "Semua klaim dijawab; laporan mingguan lengkap sampai 29 Januari")
    _step(ctx, "KPT-003", act.VERIFY, "KEJARI", wib(1, 31, 10), "Laporan dibaca: lengkap")
    _step(ctx, "KPT-004", act.DONE, "KPU", wib(1, 31, 17), "Sortir dan lipat selesai, sisa rusak dilaporkan")
    _step(ctx, "KPT-005", act.PROGRESS, "PEMDA", wib(2, 5, 10), "Empat dari enam truk pasti; dua menunggu bengkel")


# --- the third ---------------------------------------------------------------------------------------------------------------------


def _third(ctx: Context) -> rules.Meeting:
    """Two days before the vote: short, on what is left."""
    ani, called_at = ctx.people["ani"], wib(2, 7, 9)
    called = rakor.call_meeting(
        ctx.election, "Rakor terakhir sebelum pemungutan suara", "Aula Kantor Bupati, Manggar", wib(2, 12, 9), SEATS, ani, called_at,
        mark=MARK, duration_min=90,
    )  # fmt: skip
    now = _agenda(ctx, called.code, called_at, "Keberangkatan kotak, kawal, dan penyeberangan ke pulau")
    _invite(ctx, called, now, "067/PP.09/1906/2024", called_at)
    for agency in SEATS[1:]:
        _reply(ctx, called.code, agency, rules.Answer.YES, 2, wib(2, 8, 9))
    _arrive(ctx, called.code, SEATS, wib(2, 12, 8, 45))
    rakor.freeze(ctx.election, called.code, ani, wib(2, 12, 9, 1))
    for minute, owner, words, due_at, item in (
        (15, "PEMDA", "Dua truk pengganti siap di gudang KPU", wib(2, 12, 20), "decision:KPT-005"),
        (25, "POLRES", "Melaporkan keadaan laut dan kapal setiap enam jam sampai kotak kembali", wib(2, 15, 12), "person:1"),
    ):
        rakor.decide(ctx.election, called.code, words, owner, due_at, ani, wib(2, 12, 9, minute), item=item)
    _step(ctx, "KPT-007", rules.Act.DONE, "PEMDA", wib(2, 12, 18), "Dua truk pengganti di gudang sejak 17.30")
    return called


# --- what every meeting does -----------------------------------------------------------------------------------------------------------


def _agenda(ctx: Context, code: str, at: datetime, *labels: str) -> rules.Agenda:
    """A person's own items, which come first."""
    now = rakor.agenda(ctx.election, code, at)
    for label in labels:
        now = rakor.add_item(ctx.election, code, label, "", rules.agenda_digest(now), ctx.people["ani"], at)
    for number in range(len(labels), 0, -1):
        now = rakor.move_item(ctx.election, code, f"person:{number}", -24, rules.agenda_digest(now), ctx.people["ani"], at)
    return now


def _invite(ctx: Context, called: rules.Meeting, now: rules.Agenda, number: str, at: datetime) -> None:
    seen = rules.invitation_seen(called, now)
    rakor.send_invitation(ctx.election, called.code, number, "penting", seen, ctx.people["ani"], at)


def _reply(ctx: Context, code: str, agency: str, answer: rules.Answer, people: int, at: datetime) -> None:
    version = rakor.meeting(ctx.election, code, at).version
    rakor.reply(ctx.election, code, answer, people, OFFICES[agency], version, ctx.people[ACTORS[agency]], at)


def _arrive(ctx: Context, code: str, agencies: Iterable[str], at: datetime) -> None:
    for minute, agency in enumerate(agencies):
        moment = at + timedelta(minutes=3 * minute)
        there = rules.Attendance(agency, True, MARK, moment, OFFICES[agency], 2)
        rakor.arrive(ctx.election, code, there, ctx.people["ani"], moment)


def _step(ctx: Context, code: str, act: rules.Act, agency: str, at: datetime, words: str, due_at: datetime | None = None) -> None:
    rakor.take_step(ctx.election, code, act, words, ctx.people[ACTORS[agency]], at, due_at)
