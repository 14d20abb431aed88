"""Products of the office [SIMULASI]: three daily reports, one of each other type, one returned, one that waits for the head."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import products as rules
from posko.domain.products import Type
from posko.formats import text
from posko.store import access, products


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of December 2023 in WIB."""
    return datetime(2023, 12, day, hour, minute, tzinfo=text.WIB).astimezone(UTC)


def run(ctx: Context) -> None:
    """Needs the steps reports, aght and recommendations before it. Only what was known before the rakor is told."""
    numbers = [_signed(ctx, Type.DAILY, "", {}, wib(day, 16, 10)) for day in (2, 3, 4)]
    told = {
        "uraian": "[SIMULASI] Penyeberangan ke Pulau Batun setelah tengah hari sering dibatalkan karena gelombang.",
        "pendapat": "[SIMULASI] Keterangan sejalan dengan dua laporan lain yang asalnya berbeda.",
        "tindakan": "[SIMULASI] Dimasukkan ke butir AGHT-01 dan diteruskan ke KPU sebagai rekomendasi.",
    }
    numbers.append(_signed(ctx, Type.INFORMATION, "LAP-001", told, wib(4, 17)))
    special = {
        "analisa": "[SIMULASI] Satu TPS bergantung pada satu kapal; angin musim barat menutup jalur itu pada siang hari.",
        "prediksi": "[SIMULASI] Tanpa kapal cadangan, kotak ke Pulau Batun dapat tiba sehari terlambat.",
        "saran": "[SIMULASI] Menyarankan agar KPU berangkat ke Pulau Batun pada pagi hari dengan satu kapal cadangan.",
    }
    numbers.append(_signed(ctx, Type.SPECIAL, "AGHT-01", special, wib(4, 18)))
    study = {
        "masalah": "[SIMULASI] Apakah satu kapal cukup untuk Pulau Batun pada musim ini?",
        "analisa": "[SIMULASI] Tiga laporan dari tiga asal menyebut jalur yang sama; jendela aman hanya pagi hari.",
        "kesimpulan": "[SIMULASI] Satu kapal cukup hanya bila berangkat pagi dan ada cadangan.",
        "saran": "[SIMULASI] Menyarankan agar KPU memasukkan kapal cadangan ke rencana distribusi.",
    }
    numbers.append(_signed(ctx, Type.STUDY, "AGHT-01", study, wib(4, 19)))
    outlook = {
        "kecenderungan": "[SIMULASI] Laporan tentang perlengkapan naik sejak surat suara mulai datang; yang lain tetap.",
        "skenario_1": "[SIMULASI] Surat suara lengkap sebelum sortir selesai; tidak ada TPS yang terlambat.",
        "skenario_2": "[SIMULASI] Kekurangan satu jenis surat suara baru tertutup setelah pengepakan dimulai.",
        "skenario_3": "[SIMULASI] Gelombang menunda kapal ke pulau dua hari.",
        "cara_bertindak": "[SIMULASI] Kapal cadangan disiapkan sejak H-3; penggantian surat suara diminta sekarang.",
    }
    numbers.append(_signed(ctx, Type.OUTLOOK, "", outlook, wib(4, 20), odds=(55, 30, 15, 0)))
    numbers.append(_signed(ctx, Type.MAP, "", {"catatan": "[SIMULASI] Desa tanpa kabar lebih dulu dihubungi."}, wib(4, 20, 30)))
    body = rules.Body("AGHT-01", special, "terbatas", rules.DEFAULT_RECIPIENTS[Type.SPECIAL])
    waits = products.draft(ctx.election, Type.SPECIAL, body, ctx.people["citra"], wib(5, 8))
    products.submit(ctx.election, waits, ctx.people["citra"], wib(5, 8, 5))
    got = _receipts(ctx)
    ctx.say(f"    {len(numbers)} produk ditandatangani, terakhir {numbers[-1]}; {waits} menunggu pimpinan [SIMULASI]")
    ctx.say(f"    {got} tanda terima dinyatakan penerima sendiri; yang belum menunggu di Tugas saya mereka")
    ctx.say("    kode bentuk belum ditetapkan kantor, jadi tidak dicetak")


def _signed(ctx: Context, kind: Type, subject: str, told: dict[str, str], at: datetime, odds: tuple[int, ...] = ()) -> str:
    """Citra writes and submits, Gita signs a quarter of an hour later."""
    classification = "terbatas" if kind in rules.ABOUT else "biasa"
    body = rules.Body(subject, told, classification, rules.DEFAULT_RECIPIENTS[kind], odds)
    code = products.draft(ctx.election, kind, body, ctx.people["citra"], at)
    seen = products.submit(ctx.election, code, ctx.people["citra"], at)
    return products.sign(ctx.election, code, seen, ctx.people["gita"], at.replace(minute=at.minute + 15))


def _receipts(ctx: Context) -> int:
    """Every recipient says himself that he has it; the last two products still wait for one of them each."""
    maya = access.person_named("maya")
    by = {"KEJARI": ctx.people["gita"], "BAWASLU": ctx.people["juwita"], "KEJATI": access.actor(maya) if maya else None}
    after = {"KEJARI": timedelta(minutes=25), "BAWASLU": timedelta(hours=2), "KEJATI": timedelta(hours=14)}
    given = 0
    signed = [p for p in products.listing(ctx.election, wib(5, 9), figures=False) if p.signed_at is not None]
    for number, p in enumerate(signed):
        for agency in p.asked:
            actor, at = by.get(agency), (p.signed_at or wib(5, 9)) + after[agency]
            waits = number >= len(signed) - 2 and agency == ("BAWASLU", "KEJATI")[len(signed) - 1 - number]
            if actor is not None and not waits:
                products.acknowledge(ctx.election, p.code, actor, at)
                given += 1
    return given
