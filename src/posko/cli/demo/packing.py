"""Packing [SIMULASI]: 1.815 boxes in waves, far first; a mistake that the guard stops, a torn sheet, a broken seal, a swapped digit."""

import io
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from posko.cli.demo import seals as seals_step
from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.domain import needs as needs_rules
from posko.domain import packing as rules
from posko.domain import seals as seal_rules
from posko.domain import sorting as sorting_rules
from posko.domain.record import Actor, Signal
from posko.formats import text
from posko.store import evidence, needs, packing, places, record, seals, sorting

MARK = "[SIMULASI]"
WAVE = 45
SEALS_PER_BOX = 2
TABLES = ("MEJA-1", "MEJA-2", "MEJA-3", "MEJA-4", "MEJA-5")
LOOSE = ("BILIK", "TINTA", "ALAT_COBLOS")
TORN = "satu lembar robek di meja, pengganti menyusul"


@dataclass
class Hall:
    """The warehouse while it packs: bundles by design, seals in their order, and what went wrong."""

    ctx: Context
    rng: Random
    bundles: dict[tuple[str, str], deque[sorting_rules.Bundle]]
    left: dict[str, int]
    serials: Iterator[str]
    need: dict[tuple[str, str], int]
    short: dict[str, int] = field(default_factory=dict)
    ballots: int = 0

    def load(self, box: rules.Box, at: datetime, table: str) -> packing.Load:
        """Bundles for one box: its design's next ones, the last of them split where it must be."""
        wanted, taken = self.need[(box.tps, box.contest)] - self.short.get(box.code, 0), []
        queue = self.bundles[(box.contest, box.dapil)]
        while wanted and queue:
            code = queue[0].code
            sheets = min(wanted, self.left[code])
            if sheets:
                taken.append((code, sheets))
            self.left[code] -= sheets
            wanted -= sheets
            if not self.left[code]:
                queue.popleft()
        if wanted:
            self.short[box.code] = self.short.get(box.code, 0) + wanted
        return packing.Load(box.code, tuple(taken), at, table)


def run(ctx: Context) -> None:
    """Label, pack wave by wave, seal; then what was found wrong, and how it was put right."""
    lutfi, oki = ctx.people["lutfi"], ctx.people["oki"]
    hall = _hall(ctx)
    packing.set_profile(ctx.election, rules.Profile(seals_per_box=SEALS_PER_BOX), ctx.people["fajar"], day(2024, 1, 31))
    codes = [t.code for t in places.tps_list(ctx.election)]
    packing.prepare_boxes(ctx.election, codes, lutfi, day(2024, 1, 31, 13), hall.rng, MARK)
    kecamatan = [k.code for k in places.kecamatan_list(record.election(ctx.election).region)]
    packing.prepare_ppk_boxes(ctx.election, kecamatan, lutfi, day(2024, 1, 31, 14), hall.rng, MARK)
    plans = packing.suggest_waves(ctx.election, day(2024, 1, 31, 15), WAVE)
    boxes = {(b.tps, b.contest): b for b in packing.boxes(ctx.election, day(2024, 1, 31, 15)) if b.use == "tps"}
    contests = record.election(ctx.election).contests
    _tear(hall, boxes[(plans[-1].tps[-1], contests[0])])
    opened = [
        packing.open_wave(ctx.election, plan.name, plan.tps, lutfi, day(2024, 2, 1, 8) + timedelta(minutes=i), MARK)
        for i, plan in enumerate(plans)
    ]
    starts = _starts(len(opened))
    _mistake(hall, boxes, starts[0] - timedelta(minutes=20))
    for number, (wave, start) in enumerate(zip(opened, starts, strict=True)):
        _pack(hall, [boxes[(tps, c)] for c in contests for tps in wave.tps if (tps, c) in boxes], wave.tps, start)
        last = number == len(opened) - 1
        _close(hall, [boxes[(tps, c)] for tps in wave.tps for c in contests if (tps, c) in boxes], start, slip=last)
    wrong = seals.conflicts(ctx.election, day(2024, 2, 9, 18))
    signals = [*packing.signals(ctx.election, day(2024, 2, 2, 12)), *seals.signals(ctx.election, day(2024, 2, 9, 18))]
    _reseal(hall, boxes[(plans[0].tps[0], contests[0])], wrong, lutfi, oki)
    _show(hall, opened, wrong, signals)


def _hall(ctx: Context) -> Hall:
    found = sorting.bundles(ctx.election, day(2024, 2, 1, 23))
    bundles: dict[tuple[str, str], deque[sorting_rules.Bundle]] = defaultdict(deque)
    for bundle in found:
        bundles[(bundle.contest, bundle.dapil)].append(bundle)
    lines = needs.lines(ctx.election, day(2024, 1, 31), item=needs_rules.BALLOT)
    need = {(n.place, n.contest): n.quantity for n in lines if n.level == "TPS"}
    spoiled = set(seals_step.SPOILED)
    ties = (s for r in seals.ranges(ctx.election, day(2024, 1, 31)) for n in range(r.first, r.last + 1) if (s := r.text(n)) not in spoiled)
    return Hall(ctx, Random(20240201), bundles, {b.code: b.quantity for b in found}, ties, need)  # noqa: S311  (the demo repeats)


def _starts(waves: int) -> list[datetime]:
    """When each wave begins: 2 to 9 February, two a day where there are more waves than days."""
    days = 8
    each = -(-waves // days)
    return [day(2024, 2, 2 + i // each, 8) + timedelta(minutes=i % each * 360 // each) for i in range(waves)]


def _tear(hall: Hall, box: rules.Box) -> None:
    """A sheet is found torn at a table. Where the design has one to spare nobody is short of it; else the last box is."""
    design = (box.contest, box.dapil)
    bundle = hall.bundles[design][0]
    packing.set_aside(hall.ctx.election, bundle.code, 1, "robek", hall.ctx.people["oki"], day(2024, 2, 2, 7), MARK)
    hall.left[bundle.code] -= 1


def _mistake(hall: Hall, boxes: dict[tuple[str, str], rules.Box], at: datetime) -> None:
    """A bundle of the neighbouring dapil comes to a table: the guard stops it, the table gets the right one."""
    mixed = sorted({b.dapil for b in boxes.values() if b.contest == "DPRD_KAB"})
    if len(mixed) < 2:
        return
    box = next(b for b in boxes.values() if b.contest == "DPRD_KAB" and b.dapil == mixed[0])
    wrong = hall.bundles[("DPRD_KAB", mixed[1])][0].code
    for seconds in (0, 40):  # tried twice before somebody reads the screen
        try:
            packing.scan(
                hall.ctx.election, box.code, wrong, None, hall.ctx.people["oki"], at + timedelta(seconds=seconds), station=TABLES[0],
                mark=MARK,
            )  # fmt: skip
        except rules.DapilMismatch:
            continue  # the store has kept it


def _pack(hall: Hall, boxes: list[rules.Box], tps_list: tuple[str, ...], start: datetime) -> None:
    """Contest by contest and dapil by dapil, a table a contest; then the loose kits."""
    lutfi = hall.ctx.people["lutfi"]
    tables: dict[str, str] = {}
    loads: list[packing.Load] = []
    for box in sorted(boxes, key=lambda b: (b.contest, b.dapil)):
        table = tables.setdefault(box.contest, TABLES[len(tables) % len(TABLES)])
        loads.append(hall.load(box, start + timedelta(seconds=20 * len(loads)), table))
    end = start + timedelta(seconds=20 * len(loads))
    packed, stops = packing.pack_many(hall.ctx.election, loads, lutfi, end, MARK)
    assert not stops, "tidak ada bundel yang salah dapil dalam gelombang"
    hall.ballots += packed
    items: dict[str, dict[str, int]] = {tps: {} for tps in tps_list}
    for item in LOOSE:
        for need in needs.lines(hall.ctx.election, end, item=item):
            if need.place in items:
                items[need.place][item] = items[need.place].get(item, 0) + need.quantity
    kits = [packing.Kit(tps, one, end + timedelta(minutes=1)) for tps, one in items.items() if one]
    if kits:
        packing.pack_kits(hall.ctx.election, kits, hall.ctx.people["oki"], end + timedelta(minutes=1), MARK)


def _close(hall: Hall, boxes: list[rules.Box], start: datetime, slip: bool) -> None:
    """Two people put two numbered ties on every box; of the last one a number is written down with two digits swapped."""
    begin = start + timedelta(hours=2)
    closings = []
    for number, box in enumerate(boxes):
        serials = [next(hall.serials) for _ in range(SEALS_PER_BOX)]
        if slip and number == len(boxes) - 1:
            serials[-1] = _swapped(hall, serials[-1])
        variance = TORN if hall.short.get(box.code) else ""
        closings.append(packing.Closing(box.code, tuple(serials), begin + timedelta(seconds=15 * number), variance))
    packing.seal_many(
        hall.ctx.election, closings, hall.ctx.people["lutfi"], hall.ctx.people["oki"], begin + timedelta(seconds=15 * len(boxes)), mark=MARK
    )


def _swapped(hall: Hall, serial: str) -> str:
    """The serial with two neighbouring digits swapped so that it lies in no range."""
    given = seals.ranges(hall.ctx.election, day(2024, 2, 9))
    swaps = seal_rules.swaps(seal_rules.read_serial(serial))
    return next((s.text for s in swaps if not any(r.holds(s) for r in given)), serial)


def _reseal(hall: Hall, box: rules.Box, wrong: list[seal_rules.Conflict], lutfi: Actor, oki: Actor) -> None:
    """A tie broke when boxes were restacked: seen, and sealed again. The swapped number is put right the next morning."""
    election, kept = hall.ctx.election, evidence.keep(_picture(), "segel.png")
    now = seals.sealing_of(election, box.code, day(2024, 2, 6))
    assert now is not None
    seals.check_seals(election, box.code, now.serials, lutfi, day(2024, 2, 6, 9), broken=True, occasion="pemeriksaan di gudang", mark=MARK)
    packing.reseal(
        election, box.code, "rusak_di_jalan", "satu kabel ties putus saat tumpukan ditata ulang", [next(hall.serials), next(hall.serials)],
        first=lutfi, second=oki, evidence=[kept], at=day(2024, 2, 6, 10), mark=MARK,
    )  # fmt: skip
    for conflict in wrong:
        found = conflict.finding
        before = seals.sealing_of(election, conflict.box, day(2024, 2, 10))
        assert before is not None
        why = f"nomor {found.near} tertulis {found.serial}; segelnya utuh dan tetap terpasang"
        read = [found.near if serial == found.serial else serial for serial in before.serials]
        packing.reseal(
            election, conflict.box, seal_rules.MISREAD, why, read, first=lutfi, second=oki, evidence=[kept], at=day(2024, 2, 10, 8),
            mark=MARK,
        )  # fmt: skip


def _picture() -> bytes:
    """A picture that says what it is: nobody photographed a seal for the demonstration."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 631, 351), outline="black", width=4)
    draw.text((40, 150), "[SIMULASI] foto segel kotak suara", fill="black", font_size=32)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _show(
    hall: Hall,
    waves: list[rules.Wave],
    wrong: list[seal_rules.Conflict],
    signals: list[Signal],
) -> None:
    ctx = hall.ctx
    at = day(2024, 2, 10, 12)
    found = packing.progress(ctx.election, at)
    total = found.total
    tps = sum(len(w.tps) for w in waves)
    short, for_tps = sum(hall.short.values()), total.boxes - found.by_contest[""].boxes
    ctx.say(
        f"    {text.angka(total.sealed)} dari {text.angka(for_tps)} kotak TPS dikemas dan disegel dua orang "
        f"dalam {len(waves)} gelombang ({text.angka(tps)} TPS, pulau dan yang jauh dulu) · {MARK}"
    )
    ctx.say(
        f"    {text.angka(total.packed)} dari {text.angka(total.needed)} surat suara; satu lembar robek disisihkan, {short} lembar kurang "
        f"di {len(hall.short)} kotak dengan alasan yang ditandatangani"
    )
    stops = packing.stops(ctx.election, at)
    if stops:
        ctx.say(
            f"    Pengaman dapil menghentikan {len(stops)} pindaian: surat suara {stops[0].found_dapil} di meja {stops[0].dapil}; "
            "tidak selembar pun masuk"
        )
    named = "; ".join(f"{c.finding.serial}, mungkin salah tulis untuk {c.finding.near}" for c in wrong)
    ctx.say(
        f"    Segel: {len(wrong)} nomor di luar pembagian ({named}), gawat sampai disegel ulang; 1 kotak disegel ulang karena putus; "
        f"sinyal {', '.join(sorted({f'{s.rule} {s.severity}' for s in signals}))}"
    )
    book = seals.register(ctx.election, at)
    ctx.say(
        f"    Kabel ties: {text.angka(sum(b.issued for b in book))} dibagikan = {text.angka(sum(b.applied for b in book))} terpasang + "
        f"{sum(b.spoiled for b in book)} rusak + {text.angka(sum(b.on_hand for b in book))} sisa"
    )
