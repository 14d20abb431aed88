"""Reports: what people told the post, 28 November to 5 December 2023 and in the last days before the vote. Every word is made up."""

from dataclasses import dataclass
from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import reports as rules
from posko.domain.reports import Category, Channel, Source
from posko.formats import text
from posko.store import reports


@dataclass(frozen=True)
class Told:
    """Something somebody told: when (WIB), what about, through whom, where, in which words."""

    at: tuple[int, int, int, int, int]
    category: Category
    channel: Channel
    source: Source
    place: str
    words: str
    by: str = "citra"


TOLD = (
    Told(
        (2023, 11, 28, 9, 10),
        Category.GEO,
        Channel.PHONE,
        Source.KPU,
        "19.06:P04",
        "[SIMULASI] Pemilik kapal menyampaikan ombak di jalur ke Pulau Batun di atas dua meter hampir setiap sore pada musim ini. "
        "Kapal nelayan yang disewa tidak berani berangkat setelah pukul 12.",
        "budi",
    ),
    Told(
        (2023, 11, 28, 14, 30),
        Category.LOG,
        Channel.FACE,
        Source.KPU,
        "19.06:G01",
        "[SIMULASI] Atap gudang sisi timur bocor saat hujan semalam. Tumpukan bilik di bawahnya dipindah, lantai masih basah.",
        "ani",
    ),
    Told(
        (2023, 11, 29, 8, 15),
        Category.GEO,
        Channel.PUBLIC,
        Source.CITIZEN,
        "19.06:P04",
        "[SIMULASI] kapal dari batun dak bisa balik kemarin sore, ombak besar, orang tunggu di dermaga sampai malam",
    ),
    Told(
        (2023, 11, 30, 10, 0),
        Category.LOG,
        Channel.PHONE,
        Source.KPU,
        "19.06.04",
        "[SIMULASI] Sebagian bilik yang dikirim ke kecamatan penyok di bagian sudut. Belum dihitung berapa yang tidak dapat dipakai.",
        "ani",
    ),
    Told(
        (2023, 12, 1, 19, 40),
        Category.INF,
        Channel.MESSAGE,
        Source.CITIZEN,
        "19.06.02.2001",
        "[SIMULASI] Ada pesan berantai di grup warga: katanya jadwal mencoblos di sini diundur dua hari karena kertas kurang. Benar tidak?",
    ),
    Told(
        (2023, 12, 1, 21, 5),
        Category.INF,
        Channel.PUBLIC,
        Source.CITIZEN,
        "19.06.02.2009",
        "[SIMULASI] Diteruskan: jadwal mencoblos diundur dua hari karena kertas kurang, tolong sebarkan.",
    ),
    Told(
        (2023, 12, 2, 7, 30),
        Category.GEO,
        Channel.FACE,
        Source.POLICE,
        "19.06:P04",
        "[SIMULASI] Petugas pengamanan pelabuhan mencatat tinggi gelombang 2 sampai 2,5 meter tiga hari berturut-turut di jalur Batun, "
        "mulai siang hingga malam. Pagi di bawah satu meter.",
        "citra",
    ),
    Told(
        (2023, 12, 2, 16, 20),
        Category.SEC,
        Channel.PHONE,
        Source.OFFICIAL,
        "19.06.03.2008",
        "[SIMULASI] Petugas desa mendengar rencana sekelompok orang menutup jalan ke gudang antara karena urusan ganti rugi lahan. "
        "Belum terjadi.",
        "citra",
    ),
    Told(
        (2023, 12, 3, 11, 0),
        Category.VIO,
        Channel.PUBLIC,
        Source.CITIZEN,
        "19.06.05.2004",
        "[SIMULASI] Ada yang membagikan barang dari rumah ke rumah sambil meminta pilihan warga. Nomor saya 9999 9999 9999 9999.",
    ),
    Told(
        (2023, 12, 5, 9, 20),
        Category.INF,
        Channel.MESSAGE,
        Source.CITIZEN,
        "19.06.02.2010",
        "[SIMULASI] Pesan yang sama lagi: jadwal diundur dua hari. Banyak yang percaya.",
    ),
    Told(
        (2024, 2, 10, 13, 15),
        Category.GEO,
        Channel.FACE,
        Source.POLICE,
        "19.06:P01",
        "[SIMULASI] Penyeberangan ke Pulau Buku Limau ditunda, gelombang 2 sampai 2,5 meter. Logistik di dermaga, segel utuh.",
        "citra",
    ),
    Told(
        (2024, 2, 11, 8, 40),
        Category.NET,
        Channel.PHONE,
        Source.KPU,
        "19.06.07.2003",
        "[SIMULASI] Listrik desa padam sejak subuh, petugas menyebut perbaikan dua hari. TPS memakai gedung tanpa genset.",
        "budi",
    ),
    Told(
        (2024, 2, 12, 17, 10),
        Category.HR,
        Channel.PHONE,
        Source.KPU,
        "19.06.02.2003",
        "[SIMULASI] Dua anggota KPPS sakit dan belum ada pengganti yang dilatih.",
        "budi",
    ),
)


def wib(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Files every report at its time; the later ones come by SMS, and one citizen adds to what was told."""
    masked, first, told_first = 0, "", None
    for told in TOLD:
        at = wib(*told.at)
        filing = rules.filing(told.words, category=told.category, channel=told.channel, source=told.source, place=told.place, at=at)
        actor = reports.PUBLIC_ACTOR if told.channel is Channel.PUBLIC else ctx.people[told.by]
        ticket = reports.file_report(ctx.election, filing, actor, at)
        masked += filing.masked
        if told.channel is Channel.PUBLIC and not first:
            first = rules.grouped(ticket)
            told_first = reports.by_ticket(ticket, at)
    answers = _later(ctx, told_first)
    early = sum(wib(*told.at) <= ctx.rakor_at for told in TOLD)
    ctx.say(f"    {early} laporan sampai 5 Desember 2023, {len(TOLD) + 1} sampai 12 Februari 2024, semuanya [SIMULASI]")
    ctx.say(f"    {sum(len(a.filed) for a in answers)} laporan dari {len(answers)} SMS kode, 1 tambahan lewat kode laporan")
    ctx.say(f"    {masked} deretan 16 angka disamarkan; sebuah kode untuk diikuti di /lapor/: {first}")


SMS = (("19.06.07.2003", ("31", "32"), " #[SIMULASI]"), ("19.06.02.2001", ("99",), ""))
"""Messages of 13 February 2024: the desa, its codes, what stands behind #."""


def _later(ctx: Context, first: rules.Report | None) -> list[reports.Answer]:
    """What comes after the first words: an addition by ticket the next day, and coded messages on the eve."""
    if first is not None:
        said = "[SIMULASI] Hari ini juga begitu, kapal baru berangkat setelah pukul 6 pagi besok kata orang dermaga."
        reports.add(ctx.election, first.number, said, reports.PUBLIC_ACTOR, wib(2023, 11, 30, 7, 5))
    written = {code.number: code.written for code in rules.SMS_CODES}
    messages = [f"LAPOR {rules.sms_place(place)} {' '.join(written[n] for n in numbers)}{note}" for place, numbers, note in SMS]
    answers = reports.file_messages(ctx.election, messages, ctx.people["budi"], wib(2024, 2, 13, 6, 30))
    return answers + _waves(ctx, written["21"])


WAVES = "[SIMULASI] ombak tinggi, penyeberangan ke buku limau ditunda, logistik masih di dermaga, segel utuh kata petugas"
LIMAU = "19.06.01.2010"


def _waves(ctx: Context, code: str) -> list[reports.Answer]:
    """Two more ways in for what LAP-011 tells: a citizen without account, and a code by SMS from a TPS of the island."""
    at = wib(2024, 2, 10, 13, 30)
    filing = rules.filing(WAVES, category=Category.GEO, channel=Channel.PUBLIC, source=Source.CITIZEN, place=LIMAU, at=at)
    reports.file_report(ctx.election, filing, reports.PUBLIC_ACTOR, at)
    message = f"LAPOR {rules.sms_place(f'{LIMAU}.001')} {code} #[SIMULASI] dermaga"
    return reports.file_messages(ctx.election, [message], ctx.people["ani"], wib(2024, 2, 10, 13, 40))
