"""Receipts: 5 December 2023 as the news lets it be reconstructed, then a simulated way to complete.

Contracts, moved days, damage by kind, claims and their replacements, a delivery meant for another regency, cartons of 500 under our codes.
"""

from datetime import UTC, date, datetime, timedelta
from random import Random

from posko.cli.demo.context import Context
from posko.domain import receipts as rules
from posko.formats import text
from posko.store import places, receipts

REKONSTRUKSI, SIMULASI = "REKONSTRUKSI", "[SIMULASI]"
# Deliveries before 5 December 2023: item, surat jalan, sent, good, damaged by kind (days of 2023). The sums fit "almost 70 per cent".
BEFORE: tuple[tuple[str, int, tuple[int, int], tuple[int, int], int, dict[str, int]], ...] = (
    ("KOTAK", 700, (11, 20), (11, 24), 697, {"dented": 2, "wet": 1}),
    ("KOTAK", 570, (11, 27), (12, 1), 565, {"dented": 3, "wet": 2}),
    ("BILIK", 1016, (11, 20), (11, 25), 1012, {"torn": 4}),
    ("TINTA", 514, (11, 22), (11, 28), 510, {"other": 2}),
    ("ALAT_COBLOS", 1016, (11, 22), (11, 29), 1010, {}),
)
ON_THE_WAY = (("KOTAK", 240), ("BILIK", 180), ("TINTA", 60), ("ALAT_COBLOS", 200))
FOUR = ("KOTAK", "BILIK", "TINTA", "ALAT_COBLOS")
DAMAGED_PERMILLE = {"KOTAK": 5, "BILIK": 5, "SURAT_SUARA": 1}  # orders of magnitude seen elsewhere: Tangerang 4,5, Ketapang 5,3
KIND_OF = {"KOTAK": "dented", "BILIK": "torn", "SURAT_SUARA": "misprint"}
CONTRACTS = {"I": "CONTOH-01/TAHAP-I/2023", "SURAT_SUARA": "CONTOH-02/SURAT-SUARA/2023", "II": "CONTOH-03/TAHAP-II/2023"}
CARTON = 500
REPLACEMENT = "barang pengganti"
PARTLY = ("SURAT_SUARA", "PPWP", "")  # its first surat jalan comes in two lorries


def day(year: int, month: int, date: int, hour: int = 9) -> datetime:
    """An instant given in WIB."""
    return datetime(year, month, date, hour - 7, tzinfo=UTC)


class Goods:
    """The KPU's hands: Ani orders and counts, Fajar accepts."""

    def __init__(self, ctx: Context) -> None:
        self.election, self.ani, self.fajar = ctx.election, ctx.people["ani"], ctx.people["fajar"]
        self.waybill, self.rng = 0, Random(20231205)  # noqa: S311  (codes of the demonstration are repeatable)
        self.dapil_here = places.dapil_here(ctx.election)
        self.damaged: list[rules.ReceiptNote] = []
        self.came: dict[rules.Key, int] = {}

    def sign(self) -> None:
        """Three contracts; numbers and suppliers are examples."""
        for kind, signed_on, supplier, tahap in (
            ("I", date(2023, 9, 25), "pengadaan KPU RI", "I"),
            ("SURAT_SUARA", date(2023, 11, 20), "percetakan pengadaan KPU RI", "II"),
            ("II", date(2023, 12, 4), "pengadaan KPU", "II"),
        ):
            contract = rules.Contract(CONTRACTS[kind], signed_on, supplier, tahap)
            at = datetime(signed_on.year, signed_on.month, signed_on.day, 3, tzinfo=UTC)
            receipts.sign_contract(self.election, contract, self.ani, at, SIMULASI)

    def order(self, line: rules.Key, quantity: int, at: datetime, due_at: datetime, mark: str) -> str:
        """Order under its contract; the code."""
        contract = CONTRACTS["I" if line[0] in FOUR else line[0] if line[0] in CONTRACTS else "II"]
        return receipts.place_order(self.election, line, quantity, "", due_at, self.ani, at, mark, contract).code

    def send(self, order: str, quantity: int, at: datetime, mark: str, claim: str = "") -> str:
        """A surat jalan leaves; the code of the shipment."""
        self.waybill += 1
        number = f"SJ-{self.waybill:03}"
        carrier = "kapal dari Tanjung Priok" if not claim else "udara"
        to = "KPU Kabupaten Belitung Timur"
        sent = receipts.announce_shipment(
            self.election, order, quantity, number, carrier, self.ani, at, mark=mark, claim=claim, destination=to
        )
        return sent.code

    def take(
        self, shipment: str, good: int, kinds: dict[str, int], at: datetime, mark: str, note: str = "", partial: bool = False
    ) -> rules.ReceiptNote:
        """Read the papers, count."""
        if mark == SIMULASI and note != REPLACEMENT:
            receipts.arrive(self.election, shipment, "KPU Kabupaten Belitung Timur", self.ani, at)
        found = receipts.record_receipt(
            self.election, shipment, good, sum(kinds.values()), self.ani, at, note=note, mark=mark, kinds=kinds.items(), partial=partial
        )
        if found.count.damaged or found.count.missing:
            self.damaged.append(found)
        return found

    def accept(self, note: rules.ReceiptNote, at: datetime) -> None:
        """Fajar accepts what Ani counted; ballots then get their cartons."""
        receipts.accept_receipt(self.election, note.code, self.fajar, at)
        key = note.shipment.order.key
        self.came[key] = self.came.get(key, 0) + note.count.good
        if key[1] and note.count.good:
            dapil = key[2] or self.dapil_here[key[1]][0]
            batch = f"{key[1]}-{note.shipment.sent_at:%d%m}"
            sizes = rules.sizes(note.count.good, CARTON)
            receipts.make_cartons(self.election, note.code, dapil, sizes, batch, self.ani, at, rng=self.rng, mark=note.mark)

    def claim(self, note: rules.ReceiptNote, filed_at: datetime, sent_at: datetime, came_at: datetime) -> None:
        """Every loss of a count is claimed, promised, sent and counted."""
        for kind in ("damaged", "missing"):
            pieces = getattr(note.count, kind)
            if pieces:
                found = receipts.file_claim(self.election, note.code, kind, pieces, self.ani, filed_at, mark=SIMULASI)
                receipts.answer_claim(self.election, found.code, "replace", self.ani, filed_at + timedelta(days=2), due_at=came_at)
                shipment = self.send(note.shipment.order.code, pieces, sent_at, SIMULASI, found.code)
                self.accept(self.take(shipment, pieces, {}, came_at, SIMULASI, REPLACEMENT), came_at + timedelta(hours=2))
        if note.count.damaged:
            back = came_at + timedelta(hours=4)
            receipts.dispose(
                self.election, note.code, note.count.damaged, "returned", self.ani, back, "dibawa kurir pengganti", mark=SIMULASI
            )


def run(ctx: Context) -> None:
    """Both parts, and what the gauge says on the two days."""
    goods = Goods(ctx)
    goods.sign()
    orders = _before(ctx, goods)
    _show(ctx, ctx.rakor_at)
    _forecast(ctx)
    _after(ctx, goods, orders)
    _astray(ctx, goods)
    _show(ctx, ctx.eve_at)
    made = receipts.cartons(ctx.election, ctx.eve_at)
    ctx.say(f"    {len(made)} karton surat suara berlabel, {text.angka(sum(c.quantity for c in made))} lembar {SIMULASI}")


def _before(ctx: Context, goods: Goods) -> dict[rules.Key, str]:
    placed = day(2023, 10, 2)
    needs = {d.item: d for d in receipts.demands(ctx.election, placed)}
    orders = {}
    for item in FOUR:
        quantity = needs[item].quantity
        assert quantity is not None, f"kebutuhan {item} belum diketahui"
        due_at = day(2023, 12, 20, 23) if item == "ALAT_COBLOS" else day(2024, 1, 5, 23)
        orders[(item, "", "")] = goods.order((item, "", ""), quantity, placed, due_at, REKONSTRUKSI)
        receipts.report_produced(ctx.election, orders[(item, "", "")], quantity, goods.ani, day(2023, 11, 27), SIMULASI)
    moved = orders[("ALAT_COBLOS", "", "")]
    why = "penyedia menunggu bantalan dari pabrik"
    receipts.move_due(ctx.election, moved, day(2024, 1, 5, 23), why, goods.ani, day(2023, 11, 30), SIMULASI)
    for item, shipped, sent, came, good, kinds in BEFORE:
        shipment = goods.send(orders[(item, "", "")], shipped, day(2023, *sent), REKONSTRUKSI)
        mistaken = item == "KOTAK" and shipped == 570
        first = (good + 1, {**kinds, "dented": kinds["dented"] - 1}) if mistaken else (good, kinds)
        note = "karton penyok dan basah" if item == "KOTAK" else "tutup bocor" if item == "TINTA" else ""
        counted = goods.take(shipment, first[0], first[1], day(2023, *came), REKONSTRUKSI, note)
        if mistaken:  # a miscount, found the same afternoon: a reason and a second person
            counted = _correct(ctx, goods, counted, good, kinds, day(2023, *came, 14))
        goods.accept(counted, day(2023, *came, 16))
    for item, quantity in ON_THE_WAY:
        goods.send(orders[(item, "", "")], quantity, day(2023, 12, 3), REKONSTRUKSI)
    return orders


def _correct(ctx: Context, goods: Goods, note: rules.ReceiptNote, good: int, kinds: dict[str, int], at: datetime) -> rules.ReceiptNote:
    why = "satu kotak penyok terhitung baik"
    receipts.correct_receipt(ctx.election, note.code, good, sum(kinds.values()), why, goods.ani, at, kinds=kinds.items())
    pending = receipts.get_receipt(ctx.election, note.code, at).pending
    receipts.approve_correction(ctx.election, pending, goods.fajar, at + timedelta(hours=1))
    goods.damaged = [n for n in goods.damaged if n.code != note.code]
    now = receipts.get_receipt(ctx.election, note.code, at + timedelta(hours=1))
    goods.damaged.append(now)
    return now


def _after(ctx: Context, goods: Goods, orders: dict[rules.Key, str]) -> None:
    """[SIMULASI]: the rest of tahap I by early January, tahap II by mid-January, all losses replaced by 29 January."""
    for number, note in enumerate(goods.damaged):  # claimed on the day after the rakor, replaced before Christmas
        goods.claim(note, day(2023, 12, 6), day(2023, 12, 14), day(2023, 12, 18 + number % 3))
    goods.damaged = []
    counted = {n.shipment.code for n in receipts.receipts(ctx.election, ctx.rakor_at)}
    for number, shipment in enumerate(s for s in receipts.shipments(ctx.election, ctx.rakor_at) if s.code not in counted):
        came = day(2023, 12, 9 + number)
        goods.accept(goods.take(shipment.code, shipment.quantity, {}, came, SIMULASI), came + timedelta(hours=3))
    sent: dict[str, int] = {}
    for s in receipts.shipments(ctx.election, ctx.rakor_at):
        sent[s.order.code] = sent.get(s.order.code, 0) + s.quantity
    for number, demand in enumerate(receipts.demands(ctx.election, ctx.eve_at)):
        if demand.quantity:
            order = orders.get(demand.key, "")
            _complete(ctx, goods, demand, order, sent.get(order, 0), number)
    for number, note in enumerate(goods.damaged[:]):
        goods.claim(note, day(2024, 1, 16), day(2024, 1, 26), day(2024, 1, 28 + number % 2))


def _complete(ctx: Context, goods: Goods, demand: rules.Demand, order: str, sent: int, number: int) -> None:
    """Order what was not ordered, bring it in two surat jalan, lose a little."""
    assert demand.quantity is not None
    second_stage = demand.item not in FOUR
    start = day(2023, 12, 14) + timedelta(days=14 if second_stage else 0, hours=number % 5)
    if not order:
        order = goods.order(demand.key, demand.quantity, day(2023, 12, 8), day(2024, 1, 14, 23), SIMULASI)
        if demand.contest:
            receipts.report_produced(ctx.election, order, demand.quantity, goods.ani, day(2023, 12, 26), SIMULASI)
    if demand.dapil.endswith("3"):
        why = "pelat cetak diganti sesudah pemeriksaan contoh cetak"
        receipts.move_due(ctx.election, order, day(2024, 1, 18, 23), why, goods.ani, day(2023, 12, 20), SIMULASI)
    open_quantity = demand.quantity - sent
    batches = [open_quantity // 2, open_quantity - open_quantity // 2] if open_quantity > 40 else [open_quantity]
    for step, quantity in enumerate(q for q in batches if q > 0):
        shipment = goods.send(order, quantity, start + timedelta(days=6 * step), SIMULASI)
        damaged = quantity * DAMAGED_PERMILLE.get(demand.item, 0) // 1000 if step == 0 else 0
        missing = 5 if quantity > 2000 and step == 1 else 0
        came, kinds = start + timedelta(days=6 * step + 4), {KIND_OF.get(demand.item, "other"): damaged} if damaged else {}
        good = quantity - damaged - missing
        if step == 0 and demand.key == PARTLY:
            first = goods.take(shipment, 20 * CARTON, {}, came - timedelta(hours=6), SIMULASI, "lori pertama", partial=True)
            goods.accept(first, came - timedelta(hours=4))
            good -= 20 * CARTON
        goods.accept(goods.take(shipment, good, kinds, came, SIMULASI), came + timedelta(hours=2))


def _astray(ctx: Context, goods: Goods) -> None:
    """[SIMULASI]: cartons meant for the neighbouring regency stand at the gate; kept apart, then sent on."""
    at, line = day(2024, 1, 4), ("SURAT_SUARA", "DPRD_KAB", "BELITUNG-2")
    found = receipts.misdirect(ctx.election, "SJ-BLT-017", "KPU Kabupaten Belitung", line, 3_000, goods.ani, at, SIMULASI)
    receipts.decide(ctx.election, found.code, "quarantine", goods.ani, at + timedelta(minutes=20))
    receipts.decide(ctx.election, found.code, "sent_on", goods.fajar, at + timedelta(days=1), onward="SJ-TERUS-001")
    ctx.say(f"    {text.waktu(at)}: kiriman salah tujuan ke {found.destination} berhenti di pintu, esoknya diteruskan {SIMULASI}")


def _forecast(ctx: Context) -> None:
    """What the forecast says at the rakor of the lines that were ordered."""
    by_at = receipts.deadline(ctx.election, ctx.rakor_at)
    known = [(q, o) for q, o in receipts.outlook(ctx.election, ctx.rakor_at) if q.need is not None]
    bare = sum(o.verdict == "uncovered" for _, o in known)
    ctx.say(
        f"    Prakiraan lengkap{f' sampai {text.tanggal_pendek(by_at)}' if by_at else ''}: {bare} dari {len(known)} baris yang diketahui "
        "jumlahnya pasti tidak lengkap selama kekurangannya belum dipesan atau diklaim"
    )


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
