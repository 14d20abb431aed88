"""Requests [SIMULASI]: one answered, one refused, one passed on, one late at the first rakor, and what January brought."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain.requests import OUTSIDE, Act
from posko.formats import text
from posko.store import requests


def wib(month: int, day: int, hour: int, minute: int = 0, year: int = 2023) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Asked since November; at the rakor one answer is late and offered to the agenda."""
    generators = _ask(
        ctx, "citra", "PEMDA", "data", "Desa yang listriknya sering padam malam hari",
        "Sebut desa dan pukul berapa biasanya padam, untuk rencana penerangan TPS.", "segera", wib(11, 24, 9), wib(12, 1, 16), ("KPU",),
    )  # fmt: skip
    _step(ctx, generators, Act.RECEIVE, "indra", wib(11, 24, 14))
    guards = _ask(
        ctx, "ani", "POLRES", "person", "Penjaga gudang KPU pada malam hari", "Dua orang tiap giliran, sejak barang tahap I tiba.",
        "biasa", wib(11, 20, 10), wib(11, 27, 16),
    )  # fmt: skip
    _step(ctx, guards, Act.GIVE, "hadi", wib(11, 23, 9), words="Dua personel tiap giliran mulai 25 November, lewat piket Sabhara.")
    _step(ctx, guards, Act.CLOSE, "ani", wib(11, 25, 9))
    hall = _ask(
        ctx, "ani", "PEMDA", "place", "Gedung cadangan bila gudang bocor", "Paling kecil 400 meter persegi, di Manggar, sampai Februari.",
        "biasa", wib(11, 22, 9), wib(12, 4, 12),
    )  # fmt: skip
    _step(
        ctx, hall, Act.REFUSE, "indra", wib(11, 30, 15), reason="waktu_tidak_cukup",
        words="Gedung olahraga dipakai sampai 20 Desember; dapat diminta lagi sesudah itu.",
    )  # fmt: skip
    signal = _ask(
        ctx, "juwita", "POLRES", "answer", "Siapa yang memastikan sinyal di empat pulau", "Untuk jadwal pengawasan penyeberangan.",
        "biasa", wib(11, 28, 9), wib(12, 12, 16),
    )  # fmt: skip
    _step(ctx, signal, Act.FORWARD, "hadi", wib(11, 29, 10), to="PEMDA", words="Menara sinyal dicatat Dinas Kominfo.")
    power = _ask(
        ctx, "ani", "PEMDA", "answer", "Kapan jaringan listrik gudang diperiksa", "", "biasa", wib(11, 29, 9), wib(12, 8, 16)
    )  # fmt: skip
    _step(ctx, power, Act.FORWARD, "indra", wib(12, 1, 9), to=OUTSIDE, words="Ditangani PLN rayon Manggar; surat sudah diteruskan.")
    _later(ctx, generators, hall)
    found = requests.listing(ctx.election, ctx.rakor_at)
    late = requests.overdue(ctx.election, ctx.rakor_at)
    ctx.say(f"    {len(found)} permintaan antarlembaga sampai rakor; {len(late)} belum dijawab dan lewat tenggat, masuk agenda [SIMULASI]")


def _later(ctx: Context, late: str, refused: str) -> None:
    """After the first rakor: the late one comes in part, the refused one is opened again and given."""
    _step(
        ctx, late, Act.GIVE_PART, "indra", wib(12, 7, 11),
        words="Terlampir 21 desa. Empat pulau belum ada datanya, menyusul dari kecamatan.",
    )  # fmt: skip
    _step(ctx, late, Act.CLOSE, "citra", wib(12, 15, 9))
    _step(
        ctx, refused, Act.REOPEN, "ani", wib(12, 21, 9), words="Sesudah 20 Desember gedung dapat dipakai; mohon dipastikan.",
        due_at=wib(1, 5, 16, year=2024),
    )  # fmt: skip
    _step(ctx, refused, Act.GIVE, "indra", wib(1, 4, 10, year=2024), words="Gedung olahraga Manggar, 600 meter persegi, mulai 8 Januari.")


def _ask(
    ctx: Context, who: str, asked: str, kind: str, title: str, words: str, urgency: str, at: datetime, due_at: datetime,
    named: tuple[str, ...] = (),
) -> str:  # fmt: skip
    return requests.ask(
        ctx.election, asked=asked, kind=kind, title=title, words=words, urgency=urgency, due_at=due_at, nonce=f"demo-{title[:30]}",
        actor=ctx.people[who], at=at, named=named,
    )  # fmt: skip


def _step(
    ctx: Context, code: str, what: Act, who: str, at: datetime, *, words: str = "", reason: str = "", to: str = "",
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    seen = requests.get(ctx.election, code, at).last_id
    requests.act(
        ctx.election, code, what, ctx.people[who], at, seen=seen, words=words, reason=reason, to=to, due_at=due_at
    )  # fmt: skip
