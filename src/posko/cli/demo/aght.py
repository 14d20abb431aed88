"""AGHT: the reports graded on two scales, all four kinds placed, assessed, referred, treated, closed. Every event is made up."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from posko.cli.demo.context import Context
from posko.cli.demo.reports import wib
from posko.domain import aght as rules
from posko.domain.aght import Answers, Shares
from posko.formats import text
from posko.store import aght

Moment = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Grade:
    """A grading: report, when (WIB), claim, chain, source and information with their basis."""

    report: str
    at: Moment
    claim: str
    source: str
    information: str
    basis: str
    chain: str = ""


BATUN = "Pada musim ini penyeberangan ke Pulau Batun setelah tengah hari tidak aman"
ROOF = "Atap gudang logistik bocor dan air mencapai tumpukan bilik"
RUMOUR = "Pesan berantai tentang jadwal yang diundur beredar di Kecamatan Gantung"
GRADES = (
    Grade("LAP-001", (2023, 11, 28, 11, 0), BATUN, "B", "2", "Petugas yang biasa melapor; cocok dengan catatan tahun lalu"),
    Grade("LAP-002", (2023, 11, 28, 15, 30), ROOF, "B", "2", "Operator gudang melihat sendiri; hujan malam itu tercatat"),
    Grade("LAP-003", (2023, 11, 29, 9, 0), BATUN, "F", "3", "Warga tanpa riwayat; waktu dan tempat masuk akal"),
    Grade(
        "LAP-004",
        (2023, 11, 30, 13, 0),
        "Sebagian bilik di Kelapa Kampit tidak dapat dipakai",
        "B",
        "3",
        "Petugas melihat, jumlah belum dihitung",
    ),
    Grade("LAP-005", (2023, 12, 2, 9, 0), RUMOUR, "F", "2", "Warga tanpa riwayat; isi pesan diperlihatkan", "pesan jadwal diundur"),
    Grade("LAP-006", (2023, 12, 2, 9, 30), RUMOUR, "F", "3", "Salinan pesan yang sama", "pesan jadwal diundur"),
    Grade("LAP-007", (2023, 12, 2, 10, 0), BATUN, "A", "1", "Petugas mengukur tiga hari; cocok dengan dua laporan lain"),
    Grade(
        "LAP-008",
        (2023, 12, 3, 9, 0),
        "Sekelompok orang merencanakan menutup jalan ke gudang antara di Balok",
        "C",
        "3",
        "Mendengar dari orang lain",
    ),
    Grade("LAP-010", (2023, 12, 5, 14, 0), RUMOUR, "F", "3", "Salinan pesan yang sama", "pesan jadwal diundur"),
    Grade(
        "LAP-011",
        (2024, 2, 10, 14, 0),
        "Penyeberangan logistik ke Buku Limau tertunda oleh gelombang",
        "A",
        "1",
        "Petugas pengawalan di dermaga",
    ),
    Grade(
        "LAP-012",
        (2024, 2, 11, 9, 30),
        "Listrik di Tanjung Kelumpang padam sampai hari pemungutan suara",
        "B",
        "3",
        "Petugas PPK; perkiraan pihak lain",
    ),
    Grade(
        "LAP-016",
        (2024, 2, 10, 14, 15),
        "Penyeberangan logistik ke Buku Limau tertunda oleh gelombang",
        "F",
        "3",
        "Warga tanpa riwayat; mengulang kata petugas dermaga",
        "petugas dermaga",
    ),
    Grade(
        "LAP-017", (2024, 2, 10, 14, 20), "Penyeberangan logistik ke Buku Limau tertunda oleh gelombang", "B", "2", "Kode dari kartu TPS"
    ),
)


def _grade(ctx: Context, grade: Grade) -> None:
    citra, at = ctx.people["citra"], wib(*grade.at)
    aght.grade_source(
        ctx.election, grade.report, claim=grade.claim, chain=grade.chain, source=grade.source, basis=grade.basis, actor=citra, at=at
    )
    aght.grade_information(ctx.election, grade.report, information=grade.information, basis=grade.basis, actor=citra, at=at)


@dataclass(frozen=True)
class Opened:
    """An item: when (WIB), from which report, title, place, answers, labels, shares."""

    at: Moment
    report: str
    title: str
    place: str
    answers: Answers
    claim: str
    gatra: str
    variable: str
    shares: Shares
    last_useful: Moment
    cost: int | None = None
    reversal: int | None = None


OPENED = (
    Opened(
        (2023, 11, 28, 13, 0),
        "LAP-001",
        "Gelombang di jalur Pulau Batun",
        "19.06:P04",
        Answers(operational=True),
        BATUN,
        "geografi",
        "6",
        Shares(20, 60, 100),
        (2024, 2, 12, 6, 0),
        cost=2,
        reversal=2,
    ),
    Opened(
        (2023, 11, 28, 16, 0),
        "LAP-002",
        "Atap gudang logistik bocor",
        "19.06:G01",
        Answers(operational=True, happening=True, own_control=True),
        ROOF,
        "ekonomi",
        "5",
        Shares(0, 1, 4),
        (2023, 12, 8, 17, 0),
        cost=2,
        reversal=1,
    ),
    Opened(
        (2023, 11, 30, 14, 0),
        "LAP-004",
        "Bilik rusak di Kelapa Kampit",
        "19.06.04",
        Answers(operational=True, happening=True, own_control=True),
        "Sebagian bilik di Kelapa Kampit tidak dapat dipakai",
        "ekonomi",
        "5",
        Shares(0, 1, 3),
        (2024, 1, 25, 17, 0),
        cost=1,
        reversal=1,
    ),
    Opened(
        (2023, 12, 2, 11, 0),
        "LAP-005",
        "Kabar jadwal diundur di Gantung",
        "19.06.02",
        Answers(operational=True, happening=True),
        RUMOUR,
        "sosial_budaya",
        "8",
        Shares(0, 2, 8),
        (2024, 2, 13, 18, 0),
        cost=1,
    ),
    Opened(
        (2023, 12, 3, 10, 0),
        "LAP-008",
        "Rencana penutupan jalan di Balok",
        "19.06.03.2008",
        Answers(operational=True, intent=True),
        "Jalan ke gudang antara di Balok akan ditutup pada hari distribusi",
        "hankam",
        "2",
        Shares(5, 20, 50),
        (2024, 2, 10, 6, 0),
    ),
    Opened(
        (2024, 2, 10, 14, 30),
        "LAP-011",
        "Penyeberangan ke Buku Limau tertunda",
        "19.06:P01",
        Answers(operational=True, happening=True),
        "Logistik tiga TPS Buku Limau tidak tiba sebelum 14 Februari pukul 07.00",
        "geografi",
        "6",
        Shares(10, 50, 100),
        (2024, 2, 13, 12, 0),
        cost=3,
        reversal=3,
    ),
    Opened(
        (2024, 2, 11, 10, 0),
        "LAP-012",
        "Listrik padam di Tanjung Kelumpang",
        "19.06.07.2003",
        Answers(operational=True, happening=True),
        "TPS di Tanjung Kelumpang tanpa listrik saat penghitungan suara",
        "ekonomi",
        "7",
        Shares(0, 5, 20),
        (2024, 2, 14, 13, 0),
        reversal=2,
    ),
)
ATTACHED = (
    ("AGHT-01", "LAP-003", (2023, 11, 29, 9, 30)),
    ("AGHT-04", "LAP-006", (2023, 12, 2, 11, 10)),
    ("AGHT-01", "LAP-007", (2023, 12, 2, 10, 30)),
    ("AGHT-04", "LAP-010", (2023, 12, 5, 14, 10)),
    ("AGHT-06", "LAP-016", (2024, 2, 10, 14, 35)),
    ("AGHT-06", "LAP-017", (2024, 2, 10, 14, 36)),
)
STANDING = (
    ("AGHT-02", rules.Standing.TREATED, "KPU menutup atap sementara", (2023, 11, 30, 17, 0), None),
    ("AGHT-02", rules.Standing.CLOSED, "Atap diperbaiki dan gudang dilihat kering", (2023, 12, 4, 16, 30), rules.Outcome.HELD),
    ("AGHT-05", rules.Standing.TREATED, "Mediasi oleh Pemda berjalan", (2023, 12, 12, 10, 0), None),
    ("AGHT-05", rules.Standing.CLOSED, "Ganti rugi disepakati, jalan terbuka", (2024, 1, 15, 10, 0), rules.Outcome.NOT_HELD),
    ("AGHT-04", rules.Standing.CLOSED, "KPU menerbitkan penjelasan, pesan tidak beredar lagi", (2023, 12, 20, 9, 0), rules.Outcome.HELD),
    ("AGHT-06", rules.Standing.TREATED, "KPU berangkat pada jendela pagi dengan pengawalan", (2024, 2, 10, 21, 0), None),
    ("AGHT-06", rules.Standing.CLOSED, "Logistik tiga TPS tiba pagi 12 Februari", (2024, 2, 12, 16, 15), rules.Outcome.NOT_HELD),
    ("AGHT-03", rules.Standing.CLOSED, "Bilik rusak diganti dari kiriman susulan", (2024, 1, 8, 9, 0), rules.Outcome.UNKNOWN),
)
# Two layers of other agencies, invented: what they count is beside our map, never in it.
LAYERS = (
    (
        rules.Owner.BAWASLU,
        "[SIMULASI] TPS rawan menurut Bawaslu",
        "contoh-1",
        (2023, 12, 1, 9, 0),
        None,
        (
            ("19.06.01.2001", "listrik tidak menetap", 2),
            ("19.06.01.2004", "sulit dijangkau", 1),
            ("19.06.02.2001", "rawan bencana", 4),
            ("19.06.02.2001", "kendala internet", 3),
            ("19.06.03.2008", "kendala internet", 5),
            ("19.06.07.2003", "sulit dijangkau", 2),
            ("19.06.07.2003", "di dekat posko kampanye", 1),
        ),
    ),
    (
        rules.Owner.POLRES,
        "[SIMULASI] Kelas TPS menurut Polres",
        "contoh-1",
        (2023, 12, 2, 9, 0),
        30,
        (
            ("19.06.01.2001", "kurang rawan", 11),
            ("19.06.02.2001", "kurang rawan", 9),
            ("19.06.03.2008", "rawan", 3),
            ("19.06.07.2003", "sangat rawan", 1),
            ("19.06.07.2003", "kurang rawan", 4),
        ),
    ),
)


def run(ctx: Context) -> None:
    """Everything in the order of time, as Citra would have done it."""
    citra = ctx.people["citra"]
    steps: list[tuple[datetime, int, Callable[[], None]]] = []
    for grade in GRADES:
        steps.append((wib(*grade.at), 0, partial(_grade, ctx, grade)))
    for opened in OPENED:
        steps.append((wib(*opened.at), 1, partial(_open, ctx, opened)))
    for code, report, moment in ATTACHED:
        steps.append((wib(*moment), 2, partial(aght.attach, ctx.election, code, report, citra, wib(*moment))))
    for code, standing, reason, moment, outcome in STANDING:
        steps.append((wib(*moment), 3, partial(aght.set_standing, ctx.election, code, standing, reason, citra, wib(*moment), outcome)))
    for owner, name, version, moment, stated, cells in LAYERS:
        steps.append((wib(*moment), 6, partial(_layer, ctx, owner, name, version, wib(*moment), stated, cells)))
    steps.append((wib(2023, 12, 3, 13, 0), 4, partial(_refer, ctx)))
    hazard_at = wib(2023, 12, 2, 10, 45)
    steps.append((hazard_at, 5, partial(aght.set_hazard, ctx.election, "AGHT-01", "gelombang", 120, citra, hazard_at)))
    for _, _, step in sorted(steps, key=lambda s: s[:2]):
        step()
    for at, word in ((ctx.rakor_at, "5 Desember 2023"), (ctx.eve_at, "13 Februari 2024")):
        items = [i for i in aght.register(ctx.election, at) if i.standing is not rules.Standing.CLOSED]
        kinds = ", ".join(f"{sum(i.kind is kind for i in items)} {kind.value}" for kind in rules.Kind)
        worst = items[0]
        ctx.say(f"    {word}: {len(items)} butir terbuka ({kinds})")
        ctx.say(
            f"      terberat {worst.code} {worst.title}: peluang {text.persen(worst.p)}, "
            f"{text.angka(worst.loss.expected)} pemilih ({text.angka(worst.loss.p5)} sampai {text.angka(worst.loss.p95)}) PERKIRAAN"
        )


def _open(ctx: Context, opened: Opened) -> None:
    aght.open_item(
        ctx.election,
        title=opened.title,
        place=opened.place,
        answers=opened.answers,
        claim=opened.claim,
        gatra=opened.gatra,
        variable=opened.variable,
        shares=opened.shares,
        last_useful_at=wib(*opened.last_useful),
        cost=opened.cost,
        reversal=opened.reversal,
        report=opened.report,
        actor=ctx.people["citra"],
        at=wib(*opened.at),
    )


def _layer(
    ctx: Context, owner: rules.Owner, name: str, version: str, at: datetime, stated: int | None, cells: tuple[tuple[str, str, int], ...]
) -> None:
    """A made-up layer of another agency, as if read from its file."""
    taken = [rules.Cell(place, rules.neutral_label(label), count) for place, label, count in cells]
    aght.take_layer(
        ctx.election, owner, taken, name=name, version=version, source="[SIMULASI] rekaan, bukan data lembaga itu", issued=at.date(),
        sha256=hashlib.sha256(repr(cells).encode()).hexdigest(), stated=stated, actor=ctx.people["citra"], at=at,
    )  # fmt: skip


def _refer(ctx: Context) -> None:
    """A suspected offence is handed on with a receipt; nothing is looked into here."""
    at, received = wib(2023, 12, 3, 13, 0), wib(2023, 12, 4, 9, 0)
    aght.refer(ctx.election, "LAP-009", rules.Route.BAWASLU, "Dugaan pelanggaran, tidak dinilai Posko", ctx.people["citra"], at)
    aght.acknowledge_referral(ctx.election, "LAP-009", rules.Route.BAWASLU, "SIM-001/2023", ctx.people["juwita"], received)
