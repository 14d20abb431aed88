"""Recommendations: one done, verified and measured, one refused with reasons, one that waits; the last days with other addressees.

All made up.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from posko.cli.demo.context import Context
from posko.cli.demo.reports import wib
from posko.domain import aght as aght_rules
from posko.domain import pledges as pledge_rules
from posko.domain import recommendations as rules
from posko.domain.recommendations import Act, Nature, Slots
from posko.formats import recommendations as papers
from posko.store import aght, pledges, recommendations

Step = tuple[datetime, str, Act, dict[str, str]]
COPIES = "Bawaslu Kabupaten Belitung Timur\nPolres Belitung Timur\nPemerintah Kabupaten Belitung Timur"


def run(ctx: Context) -> None:
    """Drafts and steps, one recommendation after the other."""
    _looked_again(ctx, "AGHT-02", wib(2023, 12, 4, 15, 30), aght_rules.Shares(0, 0, 1), "[SIMULASI] Kering sesudah hujan 3 Desember.")
    _looked_again(ctx, "AGHT-06", wib(2024, 2, 12, 15, 20), aght_rules.Shares(0, 1, 3), "[SIMULASI] Tiga TPS sudah menerima.")
    _roof(ctx)
    _booths(ctx)
    _batun(ctx)
    _rumour(ctx)
    _spare_truck(ctx)
    _buku_limau(ctx)
    _power(ctx)
    _genset(ctx)
    _escort(ctx)
    for at, word in ((ctx.rakor_at, "5 Desember 2023"), (ctx.eve_at, "13 Februari 2024")):
        found = recommendations.listing(ctx.election, at)
        ctx.say(f"    {word}: " + "; ".join(f"{r.code} {r.state.value}" for r in found))
    issued = next(r for r in recommendations.listing(ctx.election, ctx.rakor_at) if r.number)
    accepted, refused = _answered(ctx, Act.ACCEPT), _answered(ctx, Act.REFUSE)
    ctx.say(f"    surat {issued.number}, sidik jari {issued.digest[:16]}…; disetujui {accepted}, ditolak dengan alasan {refused}")


def _looked_again(ctx: Context, code: str, at: datetime, shares: aght_rules.Shares, note: str) -> None:
    """Whoever closes a letter looks at its risk again first: so its drop is measured."""
    now = aght.get(ctx.election, code, at).now
    if now.answers is not None:
        aght.assess(
            ctx.election, code, answers=now.answers, claim=now.claim, gatra=now.gatra, variable=now.variable, shares=shares,
            last_useful_at=now.last_useful_at, prior_permille=now.prior_permille, note=note, actor=ctx.people["citra"], at=at,
        )  # fmt: skip


def _answered(ctx: Context, what: Act) -> int:
    return sum(any(e.act is what for e in r.events) for r in recommendations.listing(ctx.election, ctx.eve_at))


def _make(
    ctx: Context,
    subject: str,
    nature: Nature,
    aght: str,
    slots: Slots,
    at: datetime,
    due_at: datetime,
    steps: Iterable[Step],
    addressee: str = "KPU",
    remedy: str = "",
    pledged: Iterable[str] = (),
) -> None:
    code = recommendations.draft(
        ctx.election,
        subject=f"[SIMULASI] {subject}",
        addressee=addressee,
        remedy=f"{papers.library().version}:{remedy}" if remedy else "",
        nature=nature,
        due_at=due_at,
        slots=slots,
        aght=(aght,) if aght else (),
        pledged=pledged,
        actor=ctx.people["citra"],
        at=at,
    )
    for moment, who, what, said in steps:
        recommendations.act(ctx.election, code, what, said, ctx.people[who], moment)


def _issue(at: datetime) -> list[Step]:
    """Citra submits, Gita approves and issues."""
    return [
        (at, "citra", Act.SUBMIT, {}),
        (at + timedelta(hours=1), "gita", Act.APPROVE, {}),
        (at + timedelta(hours=1, minutes=10), "gita", Act.ISSUE, {}),
    ]


def _roof(ctx: Context) -> None:
    slots = Slots(
        "AGHT-02 (HAMBATAN), laporan LAP-002 nilai B2. Perlengkapan disimpan di tempat yang aman dan kering.",
        "Atap sisi timur gudang logistik bocor saat hujan 27 November 2023; lantai di bawah tumpukan bilik basah.",
        "Sisa waktu 78 hari; sebagian besar kotak dan bilik masih akan datang ke gudang yang sama.",
        "Menyarankan agar KPU menutup atap gudang sisi timur sebelum kiriman berikutnya masuk.",
        "Gudang dilihat kering setelah satu kali hujan; tidak ada barang pada sisi yang bocor.",
        "Kotak dan bilik dari karton rusak terkena air dan harus diganti.",
        COPIES,
    )
    _make(
        ctx,
        "Perbaikan atap gudang logistik",
        Nature.SEGERA,
        "AGHT-02",
        slots,
        wib(2023, 11, 28, 17, 0),
        wib(2023, 12, 3, 17, 0),
        [
            *_issue(wib(2023, 11, 29, 9, 0)),
            (wib(2023, 11, 29, 14, 0), "ani", Act.RECEIVE, {}),
            (wib(2023, 11, 30, 9, 0), "fajar", Act.ACCEPT, {}),
            (
                wib(2023, 11, 30, 10, 0),
                "ani",
                Act.FOLLOW,
                {
                    "action": "Menutup atap dengan seng baru dan memindah tumpukan ke palet",
                    "owner": "Subbagian logistik",
                    "due_at": rules.written(wib(2023, 12, 3, 17, 0)),
                },
            ),
            (wib(2023, 12, 2, 16, 0), "ani", Act.CLAIM, {"evidence": "Berita acara pekerjaan dan empat foto, 2 Desember 2023"}),
            (
                wib(2023, 12, 4, 11, 0),
                "citra",
                Act.VERIFY,
                {"outcome": "sesuai", "note": "Dilihat di tempat setelah hujan 3 Desember: lantai kering"},
            ),
            (
                wib(2023, 12, 4, 15, 0),
                "citra",
                Act.MEASURE,
                {
                    "before": "1",
                    "after": "0",
                    "unit": "sisi gudang yang bocor",
                    "source": "Pemeriksaan gudang 28 November dan 4 Desember 2023",
                    "measured_at": rules.written(wib(2023, 12, 4, 11, 0)),
                },
            ),
            (wib(2023, 12, 4, 16, 0), "gita", Act.CLOSE, {}),
        ],
    )


def _booths(ctx: Context) -> None:
    slots = Slots(
        "AGHT-03 (HAMBATAN), laporan LAP-004 nilai B3.",
        "Sebagian bilik yang tiba di Kecamatan Kelapa Kampit penyok; jumlahnya belum dihitung.",
        "Bilik 4 per TPS tanpa cadangan; kekurangan terasa bila lebih dari beberapa puluh yang rusak.",
        "Menyarankan agar KPU menghitung ulang seluruh bilik di tujuh kecamatan paling lambat 9 Desember 2023.",
        "Jumlah baik dan rusak diketahui untuk setiap kecamatan.",
        "Kekurangan baru terlihat pada hari pengepakan.",
        COPIES,
    )
    _make(
        ctx,
        "Hitung ulang bilik suara",
        Nature.BIASA,
        "AGHT-03",
        slots,
        wib(2023, 11, 30, 15, 0),
        wib(2023, 12, 9, 16, 0),
        [
            *_issue(wib(2023, 12, 1, 9, 0)),
            (wib(2023, 12, 1, 13, 0), "ani", Act.RECEIVE, {}),
            (
                wib(2023, 12, 2, 10, 0),
                "fajar",
                Act.REFUSE,
                {
                    "reason_code": "alternatif_lain",
                    "reason": "Hitungan penuh menahan petugas tiga hari. KPU memeriksa tiap kiriman dan meminta ganti.",
                },
            ),
        ],
    )


def _batun(ctx: Context) -> None:
    slots = Slots(
        "AGHT-01 (TANTANGAN), laporan LAP-001 B2, LAP-003 F3, LAP-007 A1 dari tiga asal yang berbeda.",
        "Gelombang di jalur Pulau Batun 2 sampai 2,5 meter sejak tengah hari; pagi di bawah satu meter. Satu TPS, 4 sampai 6 jam.",
        "Peluang 90,4 %. Bila kapal tertahan sehari, satu TPS tidak menerima logistik sebelum pukul 07.00. Sisa waktu 72 hari.",
        "Menyarankan agar KPU menyewa kapal cadangan untuk keberangkatan pagi ke Pulau Batun pada H-2.",
        "Kontrak kapal cadangan ditandatangani; rencana distribusi memuat keberangkatan pagi H-2.",
        "Pemilih di Pulau Batun tidak dapat memilih pada waktunya.",
        COPIES + "\nSatuan Polairud",
    )
    due = wib(2024, 1, 31, 16, 0)
    _make(
        ctx,
        "Kapal cadangan dan keberangkatan pagi ke Pulau Batun",
        Nature.SEGERA,
        "AGHT-01",
        slots,
        wib(2023, 12, 2, 13, 0),
        due,
        [
            *_issue(wib(2023, 12, 4, 13, 0)),
            (wib(2023, 12, 5, 13, 30), "ani", Act.RECEIVE, {}),
            (wib(2023, 12, 7, 9, 0), "fajar", Act.ACCEPT, {}),
            (
                wib(2023, 12, 8, 9, 0),
                "ani",
                Act.FOLLOW,
                {
                    "action": "Kontrak kapal cadangan, keberangkatan pukul 06.00 pada 12 Februari 2024",
                    "owner": "Subbagian logistik",
                    "due_at": rules.written(wib(2024, 1, 31, 16, 0)),
                },
            ),
            (wib(2024, 1, 30, 15, 0), "ani", Act.CLAIM, {"evidence": "Kontrak sewa kapal cadangan tanggal 29 Januari 2024"}),
            (
                wib(2024, 2, 1, 10, 0),
                "citra",
                Act.VERIFY,
                {"outcome": "sesuai", "note": "Kontrak dilihat; rencana distribusi memuat jam 06.00"},
            ),
        ],
    )


def _rumour(ctx: Context) -> None:
    slots = Slots(
        "AGHT-04 (GANGGUAN), laporan LAP-005 F2 dan LAP-006 F3 dari satu rantai pesan.",
        "Pesan berantai bahwa jadwal diundur dua hari beredar di Kecamatan Gantung sejak 1 Desember 2023.",
        "Yang dinilai adalah beredarnya pesan. Pemilih yang percaya dapat datang pada hari yang keliru. Sisa waktu 72 hari.",
        "Menyarankan agar KPU menerbitkan penjelasan jadwal lewat pengumuman desa di Kecamatan Gantung dalam satu minggu.",
        "Pengumuman terpasang di tujuh desa; pesan tidak dilaporkan lagi selama dua minggu.",
        "Pemilih keliru hari.",
        "Bawaslu Kabupaten Belitung Timur",
    )
    at = wib(2023, 12, 5, 8, 30)
    _make(
        ctx,
        "Penjelasan jadwal di Kecamatan Gantung",
        Nature.BIASA,
        "AGHT-04",
        slots,
        wib(2023, 12, 4, 15, 0),
        wib(2023, 12, 15, 16, 0),
        [
            (at, "citra", Act.SUBMIT, {}),
            (wib(2023, 12, 5, 15, 0), "gita", Act.APPROVE, {}),
            (wib(2023, 12, 5, 15, 10), "gita", Act.ISSUE, {}),
            (wib(2023, 12, 6, 9, 0), "ani", Act.RECEIVE, {}),
            (
                wib(2023, 12, 6, 14, 0),
                "fajar",
                Act.ACCEPT_PARTLY,
                {"reason_code": "tanpa_sumber_daya", "reason": "Pengumuman dipasang di kantor desa; siaran keliling tidak dianggarkan."},
            ),
            (
                wib(2023, 12, 6, 15, 0),
                "ani",
                Act.FOLLOW,
                {
                    "action": "Memasang pengumuman di tujuh kantor desa",
                    "owner": "Subbagian teknis",
                    "due_at": rules.written(wib(2023, 12, 12, 16, 0)),
                },
            ),
            (wib(2023, 12, 11, 10, 0), "ani", Act.CLAIM, {"evidence": "Foto pengumuman di tujuh kantor desa"}),
            (wib(2023, 12, 13, 10, 0), "citra", Act.VERIFY, {"outcome": "sesuai", "note": "Tujuh pengumuman dilihat"}),
            (
                wib(2023, 12, 20, 9, 0),
                "citra",
                Act.MEASURE,
                {
                    "before": "3",
                    "after": "0",
                    "unit": "laporan tentang pesan itu dalam 14 hari",
                    "source": "Daftar laporan posko",
                    "measured_at": rules.written(wib(2023, 12, 20, 9, 0)),
                },
            ),
            (wib(2023, 12, 20, 10, 0), "gita", Act.CLOSE, {}),
        ],
    )


def _spare_truck(ctx: Context) -> None:
    """To the Pemda, leaning on trucks that it has promised; they come late, and the head telephones about it."""
    at = wib(2024, 1, 22, 9, 0)
    trucks = [p.code for p in pledges.listing(ctx.election, at) if p.kind is pledge_rules.Kind.VEHICLE and p.owner == "PEMDA" and p.live]
    slots = Slots(
        "Rencana distribusi gelombang ke kecamatan yang jauh; daftar janji dukungan Pemda.",
        "Rencana memakai semua kendaraan sewa KPU; tidak ada cadangan bila satu mogok pada 12 atau 13 Februari 2024.",
        "Satu kendaraan mogok menunda satu kecamatan paling sedikit empat jam. Sisa waktu 23 hari.",
        "Menyarankan agar Pemda menyiapkan kendaraan cadangan beserta pengemudinya di gudang KPU.",
        "2 kendaraan dengan pengemudi berada di gudang pada 12 Februari 2024 pukul 06.00.",
        "Logistik satu kecamatan tiba sesudah H-1.",
        "KPU Kabupaten Belitung Timur",
    )
    _make(
        ctx,
        "Kendaraan cadangan di gudang KPU",
        Nature.SEGERA,
        "",
        slots,
        at,
        wib(2024, 2, 12, 6, 0),
        [
            *_issue(wib(2024, 1, 22, 10, 0)),
            (wib(2024, 1, 22, 14, 0), "indra", Act.RECEIVE, {}),
            (wib(2024, 1, 23, 9, 0), "indra", Act.ACCEPT, {}),
            (
                wib(2024, 1, 23, 9, 20),
                "indra",
                Act.FOLLOW,
                {
                    "action": "Menugaskan dua truk dengan pengemudi",
                    "owner": "BPBD",
                    "due_at": rules.written(wib(2024, 2, 12, 6, 0)),
                },
            ),
            (wib(2024, 2, 12, 7, 30), "gita", Act.REMIND, {"channel": "telepon", "heard_by": "Kepala pelaksana BPBD",
                                                          "note": "Truk belum di gudang; dijawab berangkat pukul 08.00."}),
            (wib(2024, 2, 12, 10, 0), "indra", Act.CLAIM, {"evidence": "Dua truk di gudang sejak pukul 08.40, dengan pengemudi"}),
            (wib(2024, 2, 12, 15, 0), "citra", Act.VERIFY, {"outcome": "sesuai", "note": "Dua truk dilihat di gudang"}),
        ],
        addressee="PEMDA",
        remedy="KENDARAAN-CADANGAN",
        pledged=trucks[:2],
    )  # fmt: skip


def _buku_limau(ctx: Context) -> None:
    """From three reports of one delay to the boxes on the island, counted before and after."""
    slots = Slots(
        "AGHT-06 (GANGGUAN), laporan LAP-011 nilai A1, LAP-016 F3, LAP-017 B2.",
        "Penyeberangan ke Pulau Buku Limau ditunda 10 Februari 2024 karena gelombang 2 sampai 2,5 meter. Segel utuh, logistik di dermaga.",
        "Tiga TPS. Prakiraan menyebut jendela pagi pada 12 dan 13 Februari. Sisa waktu 3 hari.",
        "Menyarankan agar KPU memberangkatkan logistik Buku Limau pada jendela pagi pertama dengan pengawalan Polairud.",
        "Tiga TPS melaporkan logistik lengkap sebelum 13 Februari 2024 pukul 18.00.",
        "Tiga TPS tidak siap pukul 07.00.",
        COPIES + "\nSatuan Polairud",
    )
    _make(
        ctx,
        "Keberangkatan pagi ke Pulau Buku Limau",
        Nature.SANGAT_SEGERA,
        "AGHT-06",
        slots,
        wib(2024, 2, 10, 15, 0),
        wib(2024, 2, 13, 11, 0),
        [
            *_issue(wib(2024, 2, 10, 15, 30)),
            (wib(2024, 2, 10, 18, 0), "ani", Act.RECEIVE, {}),
            (wib(2024, 2, 10, 20, 0), "fajar", Act.ACCEPT, {}),
            (
                wib(2024, 2, 10, 20, 30),
                "ani",
                Act.FOLLOW,
                {
                    "action": "Berangkat pukul 06.00 dengan dua kapal dan pengawalan",
                    "owner": "Subbagian logistik",
                    "due_at": rules.written(wib(2024, 2, 13, 11, 0)),
                },
            ),
            (wib(2024, 2, 12, 11, 30), "ani", Act.CLAIM, {"evidence": "Berita acara serah terima di tiga TPS, 12 Februari 2024 pagi"}),
            (
                wib(2024, 2, 12, 15, 0),
                "citra",
                Act.VERIFY,
                {"outcome": "sesuai", "note": "Tiga TPS dihubungi satu per satu: kotak lengkap, segel utuh"},
            ),
            (
                wib(2024, 2, 12, 15, 30),
                "citra",
                Act.MEASURE,
                {
                    "before": "0",
                    "after": "3",
                    "unit": "TPS Buku Limau yang menerima logistik lengkap",
                    "source": "Laporan dermaga 10 Februari dan berita acara 12 Februari 2024",
                    "measured_at": rules.written(wib(2024, 2, 12, 15, 0)),
                },
            ),
            (wib(2024, 2, 12, 16, 0), "gita", Act.CLOSE, {}),
        ],
    )


def _power(ctx: Context) -> None:
    slots = Slots(
        "AGHT-07 (GANGGUAN), laporan LAP-012 nilai B3.",
        "Listrik Desa Tanjung Kelumpang padam sejak 11 Februari 2024; TPS memakai gedung tanpa genset.",
        "Penghitungan suara berlangsung sampai malam. Sisa waktu 2 hari.",
        "Menyarankan agar KPU meminjam genset dari Pemda untuk TPS di Tanjung Kelumpang sebelum 13 Februari 2024 sore.",
        "Genset menyala pada uji coba 13 Februari 2024.",
        "Penghitungan suara terhenti karena gelap.",
    )
    _make(
        ctx,
        "Genset untuk Tanjung Kelumpang",
        Nature.SANGAT_SEGERA,
        "AGHT-07",
        slots,
        wib(2024, 2, 12, 8, 0),
        wib(2024, 2, 13, 16, 0),
        [
            (wib(2024, 2, 12, 8, 30), "citra", Act.SUBMIT, {}),
            (wib(2024, 2, 12, 9, 0), "gita", Act.RETURN, {"note": "Sebut jumlah TPS dan gedungnya, lalu ajukan lagi."}),
        ],
    )


def _genset(ctx: Context) -> None:
    """To the Pemda: it asks, the post answers, part of it is accepted, the work is late on the eve (R20)."""
    slots = Slots(
        "AGHT-07 (GANGGUAN), laporan LAP-012 nilai B3.",
        "Listrik Desa Tanjung Kelumpang padam sejak 11 Februari 2024; TPS memakai gedung tanpa genset.",
        "Penghitungan suara berlangsung sampai malam. Sisa waktu 2 hari.",
        "Menyarankan agar Pemda meminjamkan genset untuk TPS di Tanjung Kelumpang.",
        "Genset menyala pada uji coba di setiap TPS desa itu pada 13 Februari 2024.",
        "Penghitungan suara terhenti karena gelap.",
        "KPU Kabupaten Belitung Timur",
    )
    _make(
        ctx,
        "Pinjam genset untuk Tanjung Kelumpang",
        Nature.SANGAT_SEGERA,
        "AGHT-07",
        slots,
        wib(2024, 2, 12, 9, 30),
        wib(2024, 2, 13, 21, 0),
        [
            (wib(2024, 2, 12, 9, 40), "citra", Act.SUBMIT, {}),
            (wib(2024, 2, 12, 10, 0), "gita", Act.APPROVE, {}),
            (wib(2024, 2, 12, 10, 10), "gita", Act.ISSUE, {}),
            (wib(2024, 2, 12, 10, 40), "indra", Act.RECEIVE, {}),
            (wib(2024, 2, 12, 11, 0), "indra", Act.ASK, {"question": "Berapa daya yang diperlukan setiap TPS?"}),
            (
                wib(2024, 2, 12, 11, 30),
                "citra",
                Act.CLARIFY,
                {"answer": "Satu genset 2 kVA setiap TPS, untuk lampu dan satu pengisi daya."},
            ),
            (
                wib(2024, 2, 12, 13, 0),
                "indra",
                Act.ACCEPT_PARTLY,
                {"reason_code": "tanpa_sumber_daya", "reason": "Tersedia dua genset; TPS ketiga memakai lampu darurat."},
            ),
            (
                wib(2024, 2, 12, 13, 10),
                "indra",
                Act.FOLLOW,
                {
                    "action": "Mengirim dua genset ke Tanjung Kelumpang",
                    "owner": "Dinas pekerjaan umum",
                    "due_at": rules.written(wib(2024, 2, 13, 18, 0)),
                },
            ),
        ],
        addressee="PEMDA",
        remedy="PINJAM-GENSET",
    )


def _escort(ctx: Context) -> None:
    """Spoken to the Polres on the eve, confirmed in writing; a second person has not looked at it yet."""
    at = wib(2024, 2, 13, 17, 0)
    slots = Slots(
        "", "Jembatan ke Simpang Pesak ramai; satu truk logistik belum berangkat.", "",
        "Menyarankan agar Polres mengawal truk logistik terakhir ke Simpang Pesak malam ini.", "", "",
    )  # fmt: skip
    code = recommendations.speak(
        ctx.election,
        subject="[SIMULASI] Kawal truk terakhir ke Simpang Pesak",
        addressee="POLRES",
        due_at=wib(2024, 2, 13, 23, 0),
        slots=slots,
        channel="telepon",
        heard_by="Perwira jaga Polres",
        remedy=f"{papers.library().version}:KAWAL-LOGISTIK",
        actor=ctx.people["gita"],
        at=at,
    )
    for moment, who, what in (
        (at + timedelta(minutes=8), "hadi", Act.RECEIVE),
        (at + timedelta(minutes=20), "hadi", Act.ACCEPT),
        (at + timedelta(minutes=90), "gita", Act.CONFIRM),
    ):
        recommendations.act(ctx.election, code, what, {}, ctx.people[who], moment)
