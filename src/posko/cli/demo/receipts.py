"""Receipts: 5 December 2023 as the news lets it be reconstructed, then a simulated way to complete."""

from datetime import UTC, datetime, timedelta

from posko.cli.demo.context import Context
from posko.domain import receipts as rules
from posko.formats import text
from posko.store import receipts

REKONSTRUKSI, SIMULASI = "REKONSTRUKSI", "[SIMULASI]"
# Deliveries before 5 December 2023: item, surat jalan, sent, good, damaged (days of 2023). The sums fit "almost 70 per cent".
BEFORE = (
    ("KOTAK", 700, (11, 20), (11, 24), 697, 3),
    ("KOTAK", 570, (11, 27), (12, 1), 565, 5),
    ("BILIK", 1016, (11, 20), (11, 25), 1012, 4),
    ("TINTA", 514, (11, 22), (11, 28), 510, 2),
    ("ALAT_COBLOS", 1016, (11, 22), (11, 29), 1010, 0),
)
ON_THE_WAY = (("KOTAK", 240), ("BILIK", 180), ("TINTA", 60), ("ALAT_COBLOS", 200))
FOUR = ("KOTAK", "BILIK", "TINTA", "ALAT_COBLOS")
DAMAGED_PERMILLE = {"KOTAK": 5, "BILIK": 5, "SURAT_SUARA": 1}  # orders of magnitude seen elsewhere: Tangerang 4,5, Ketapang 5,3


def day(year: int, month: int, date: int, hour: int = 9) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, date, hour - 7, tzinfo=UTC)


class Goods:
    """The KPU's two hands: Ani counts, Fajar accepts."""

    def __init__(self, ctx: Context) -> None:
        self.election, self.ani, self.fajar = ctx.election, ctx.people["ani"], ctx.people["fajar"]
        self.waybill = 0

    def order(self, line: rules.Key, quantity: int, at: datetime, due_at: datetime, mark: str) -> str:
        """Order; the code."""
        supplier = "pengadaan KPU RI" if line[0] in {*FOUR, "SURAT_SUARA"} else "pengadaan KPU"
        return receipts.place_order(self.election, line, quantity, supplier, due_at, self.ani, at, mark).code

    def send(self, order: str, quantity: int, at: datetime, mark: str, replaces: str = "") -> str:
        """A surat jalan leaves; the code of the shipment."""
        self.waybill += 1
        number = f"SJ-{self.waybill:03}"
        carrier = "kapal dari Tanjung Priok" if not replaces else "udara"
        return receipts.announce_shipment(self.election, order, quantity, number, carrier, self.ani, at, replaces, mark).code

    def take(self, shipment: str, good: int, damaged: int, at: datetime, mark: str, note: str = "") -> str:
        """Count; the code of the receipt."""
        return receipts.record_receipt(self.election, shipment, good, damaged, self.ani, at, note=note, mark=mark).code

    def accept(self, receipt: str, at: datetime) -> None:
        """Fajar accepts what Ani counted."""
        receipts.accept_receipt(self.election, receipt, self.fajar, at)


def run(ctx: Context) -> None:
    """Both parts, and what the gauge says on the two days."""
    goods = Goods(ctx)
    orders = _before(ctx, goods)
    _show(ctx, ctx.rakor_at)
    _after(ctx, goods, orders)
    _show(ctx, ctx.eve_at)


def _before(ctx: Context, goods: Goods) -> dict[rules.Key, str]:
    placed = day(2023, 10, 2)
    needs = {d.item: d for d in receipts.demands(ctx.election, placed)}
    orders = {}
    for item in FOUR:
        quantity = needs[item].quantity
        assert quantity is not None, f"kebutuhan {item} belum diketahui"
        orders[(item, "", "")] = goods.order((item, "", ""), quantity, placed, day(2024, 1, 5, 23), REKONSTRUKSI)
    for item, shipped, sent, came, good, damaged in BEFORE:
        shipment = goods.send(orders[(item, "", "")], shipped, day(2023, *sent), REKONSTRUKSI)
        mistaken = item == "KOTAK" and shipped == 570
        first = (good + 1, damaged - 1) if mistaken else (good, damaged)
        note = "karton penyok dan basah" if item == "KOTAK" else ""
        receipt = goods.take(shipment, *first, day(2023, *came), REKONSTRUKSI, note)
        if mistaken:  # a miscount, found the same afternoon: a reason and a second person
            receipts.correct_receipt(
                ctx.election, receipt, good, damaged, "satu kotak penyok terhitung baik", goods.ani, day(2023, *came, 14)
            )
            pending = receipts.get_receipt(ctx.election, receipt, day(2023, *came, 14)).pending
            receipts.approve_correction(ctx.election, pending, goods.fajar, day(2023, *came, 15))
        goods.accept(receipt, day(2023, *came, 16))
    for item, quantity in ON_THE_WAY:
        goods.send(orders[(item, "", "")], quantity, day(2023, 12, 3), REKONSTRUKSI)
    return orders


def _after(ctx: Context, goods: Goods, orders: dict[rules.Key, str]) -> None:
    """[SIMULASI]: the rest of tahap I by early January, tahap II by the end of January, all losses replaced by 1 February."""
    counted = {n.shipment.code for n in receipts.receipts(ctx.election, ctx.rakor_at)}
    for number, shipment in enumerate(s for s in receipts.shipments(ctx.election, ctx.rakor_at) if s.code not in counted):
        came = day(2023, 12, 9 + number)
        goods.accept(goods.take(shipment.code, shipment.quantity, 0, came, SIMULASI), came + timedelta(hours=3))
    for number, demand in enumerate(receipts.demands(ctx.election, ctx.eve_at)):
        if demand.quantity:
            _complete(ctx, goods, demand, orders.get(demand.key, ""), number)


def _complete(ctx: Context, goods: Goods, demand: rules.Demand, order: str, number: int) -> None:
    """Order what was not ordered, bring it in two surat jalan, lose a little, replace it."""
    assert demand.quantity is not None
    second_stage = demand.item not in FOUR
    start = day(2023, 12, 14) + timedelta(days=14 if second_stage else 0, hours=number % 5)
    if not order:
        order = goods.order(demand.key, demand.quantity, day(2023, 12, 8), day(2024, 1, 25, 23), SIMULASI)
    sent = sum(s.quantity for s in receipts.shipments(ctx.election, ctx.eve_at) if s.order.code == order and not s.replaces)
    open_quantity = demand.quantity - sent
    batches = [open_quantity // 2, open_quantity - open_quantity // 2] if open_quantity > 40 else [open_quantity]
    last = ""
    for step, quantity in enumerate(q for q in batches if q > 0):
        shipment = goods.send(order, quantity, start + timedelta(days=6 * step), SIMULASI)
        damaged = quantity * DAMAGED_PERMILLE.get(demand.item, 0) // 1000
        missing = 5 if quantity > 2000 else 0
        came = start + timedelta(days=6 * step + 4)
        last = goods.take(shipment, quantity - damaged - missing, damaged, came, SIMULASI)
        goods.accept(last, came + timedelta(hours=2))
    lost = demand.quantity - receipts.accepted(ctx.election, ctx.eve_at).get(demand.key, 0)
    if lost > 0:
        last = last or next(n.code for n in receipts.receipts(ctx.election, ctx.eve_at) if n.shipment.order.code == order)
        replacement = goods.send(order, lost, day(2024, 1, 27), SIMULASI, replaces=last)
        goods.accept(goods.take(replacement, lost, 0, day(2024, 2, 1), SIMULASI, "barang pengganti"), day(2024, 2, 1, 15))


def _show(ctx: Context, at: datetime) -> None:
    gauge = receipts.gauge(ctx.election, at)
    named = gauge.ordered_items if at == ctx.rakor_at else None
    said = []
    for stage, word in (("accepted", "diterima baik"), ("received", "diterima"), ("shipped", "dikirim"), ("ordered", "dipesan")):
        share = gauge.units(stage, named)
        said.append(f"{word} {_percent(share)} ({text.angka(share.numerator)} dari {text.angka(share.denominator)})")
    what = (
        ", ".join(r.demand.name.lower() for r in gauge.rows if named and r.demand.item in named) or "semua barang yang diketahui jumlahnya"
    )
    ctx.say(f"    {text.waktu(at)}: {'; '.join(said)} unit {what} · {', '.join(gauge.marks)}")
    lines, bound = gauge.lines("accepted"), "paling banyak " if gauge.tps.unknown and gauge.tps.complete else ""
    ctx.say(
        f"    Cara lain menghitung hari itu: semua barang {_percent(gauge.units('accepted'))}; "
        f"{lines.numerator} dari {lines.denominator} baris lengkap; "
        f"TPS yang barang kritisnya bisa lengkap {bound}{gauge.tps.complete} dari {gauge.tps.total}"
    )


def _percent(share: rules.Share) -> str:
    return "—" if share.permille is None else text.persen(share.permille / 1000)
