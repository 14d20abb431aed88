"""Sorting [SIMULASI]: six teams open every carton in January 2024, one print batch is bad, replacements come, rejects are destroyed.

Also the walks through the warehouse and one stock-taking, which belong to the stage stock.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from posko.cli.demo.context import Context
from posko.cli.demo.receipts import day
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import sorting as rules
from posko.domain import stock as stock_rules
from posko.formats import text
from posko.store import places, receipts, sorting, stock

MARK = "[SIMULASI]"
TEAMS = ("REGU-A", "REGU-B", "REGU-C", "REGU-D", "REGU-E", "REGU-F")
PERSONS = 7
CARTONS_A_DAY = 6  # 3,000 sheets by seven people: 430 each, between Banyumas (300) and Bekasi (500)
BUNDLE = 50
LATE = day(2024, 1, 25)
"""Cartons that come after this day are sorted on 1 February."""

# Rejects seen elsewhere: Bangka Tengah 1.1 in a thousand sheets, Belitung 0.2 on the first day.
REJECT_CHANCE, BAD_BATCH_REJECTS = 0.35, (2, 5)
KINDS = ("spot", "spot", "spot", "torn", "torn", "blurred", "blurred", "cut", "hole", "colour", "other")


@dataclass
class Floor:
    """The hall with its queue of cartons and what must happen in it."""

    ctx: Context
    rng: Random
    queue: deque[receipt_rules.Carton]
    bad_batch: str = ""
    stray_due: bool = True
    sheets: Counter[str] = field(default_factory=Counter)

    def acts(self, team: str, start: datetime, cartons: int) -> Iterator[sorting.Open | sorting.Close]:
        """A team's day: one carton after the other, each opened and closed."""
        at = start
        for _ in range(cartons):
            if not self.queue or self.queue[0].received_at > start - timedelta(hours=12):
                return
            carton = self.queue.popleft()
            yield sorting.Open(carton.code, team, at)
            at += timedelta(minutes=70)
            yield self.result(carton, at)
            at += timedelta(minutes=5)

    def result(self, carton: receipt_rules.Carton, at: datetime) -> sorting.Close:
        """What comes out of one carton."""
        rejects: Counter[str] = Counter()
        count = self.rng.randint(*BAD_BATCH_REJECTS) if carton.batch == self.bad_batch else self.rng.random() < REJECT_CHANCE
        for _ in range(int(count)):
            rejects["blurred" if carton.batch == self.bad_batch else self.rng.choice(KINDS)] += 1
        strays: tuple[rules.Stray, ...] = ()
        if self.stray_due and carton.contest == "DPRD_KAB" and carton.quantity == 500:  # once: two sheets of the neighbours' dapil
            self.stray_due, rejects[rules.STRAY] = False, 2
            other = next(d for d in places.dapil_here(self.ctx.election)["DPRD_KAB"] if d != carton.dapil)
            strays = (rules.Stray("DPRD_KAB", other, 2),)
        extra = self.rng.choices((0, -1, 1), (96, 3, 1))[0]
        good = carton.quantity + extra - rejects.total()
        self.sheets.update(cartons=1, good=good, rejected=rejects.total())
        kinds = tuple((kind, rejects[kind]) for kind in rules.KINDS if rejects[kind])
        return sorting.Close(carton.code, good, kinds, tuple(rules.split(good, BUNDLE)), at, strays)


def run(ctx: Context) -> None:
    """From the first carton to the destruction, two days before the vote."""
    ani, fajar = (ctx.people[name] for name in ("ani", "fajar"))
    _warehouse(ctx)
    found = [c for c in receipts.cartons(ctx.election, ctx.eve_at) if c.condition == "good"]
    if not found:
        ctx.say("    Belum ada karton surat suara; sortir dilewati.")
        return
    order = {code: number for number, code in enumerate(("PPWP", "DPD", "DPR", "DPRD_PROV", "DPRD_KAB"))}
    early, late = ([c for c in found if (c.received_at < LATE) is soon] for soon in (True, False))
    waiting = deque(sorted(early, key=lambda c: (c.received_at.date(), order[c.contest], c.dapil, c.received_at)))
    floor = Floor(ctx, Random(2024), waiting, _bad_batch(found))  # noqa: S311  (repeatable, not secret)
    for team in TEAMS:
        sorting.form_team(ctx.election, team, PERSONS, ani, day(2024, 1, 1), MARK)
    sorting.set_rate(
        ctx.election, 250, "folded", day(2024, 1, 1).date(), "Keputusan Sekretaris [SIMULASI]", ani, day(2024, 1, 1, 10), mark=MARK
    )
    last = _days(ctx, floor, day(2024, 1, 2, 8))
    _correct(ctx)
    request = sorting.request_replacement(ctx.election, ani, last + timedelta(hours=1), MARK)
    replaced = _replace(ctx, floor, request, late)
    signals = [s for s in sorting.signals(ctx.election, ctx.eve_at) if s.rule.startswith("R04")]
    kept = sorting.rejected_kept(ctx.election, day(2024, 2, 12))
    lines = [(contest, dapil, sum(by.values())) for (contest, dapil), by in sorted(kept.items())]
    burnt = sorting.destroy(
        ctx.election, lines, "rusak saat sortir dan lipat", ("BAWASLU", "POLRES", "KEJARI"), ani, fajar, day(2024, 2, 12, 14), MARK
    )
    _show(ctx, floor, last, signals, request, replaced, burnt)


def _days(ctx: Context, floor: Floor, start: datetime) -> datetime:
    """Day after day until the queue is empty, written week by week; when the last carton was closed."""
    last, acts, present = start, list[sorting.Open | sorting.Close](), list[sorting.Present]()
    while floor.queue:
        today = [
            act
            for team in TEAMS
            for act in floor.acts(team, start + timedelta(minutes=TEAMS.index(team)), CARTONS_A_DAY + floor.rng.choice((-1, 0, 0, 1)))
        ]
        for team in sorted({act.team for act in today if isinstance(act, sorting.Open)}):
            table = f"Meja {TEAMS.index(team) + 1}"
            present.append(sorting.Present(team, sorting.day_of(start), PERSONS - (floor.rng.random() < 0.2), start, table))
        acts += today
        start += timedelta(days=1)
        if acts and (start.weekday() == 0 or not floor.queue):
            acts.sort(key=lambda act: act.at)
            last = acts[-1].at
            sorting.record_many(ctx.election, acts, ctx.people["lutfi"], last, MARK, floor.rng)
            sorting.record_attendances(ctx.election, present, ctx.people["oki"], last)
            acts, present = [], []
    return last


def _bad_batch(cartons: list[receipt_rules.Carton]) -> str:
    """The smallest batch of DPR sheets with at least ten cartons."""
    sizes = Counter(c.batch for c in cartons if c.contest == "DPR" and c.batch)
    return min((batch for batch, size in sizes.items() if size >= 10), key=lambda b: (sizes[b], b), default="")


def _correct(ctx: Context) -> None:
    """A miscount found a day later: a reason and a second person."""
    work = next(w for w in sorting.works(ctx.election, ctx.eve_at) if w.tally and w.tally.of("spot") and w.tally.good > 100 and w.closed_at)
    assert work.tally is not None
    assert work.closed_at is not None
    rejects = {**dict(work.tally.rejects), "torn": work.tally.of("torn") + 1}
    good = work.tally.good - 1
    lutfi, oki = ctx.people["lutfi"], ctx.people["oki"]
    reason = "satu lembar robek terlipat di dalam ikatan"
    sizes, later = rules.split(good, BUNDLE), work.closed_at + timedelta(hours=20)
    sorting.correct_result(ctx.election, work.carton, good, rejects, sizes, reason, lutfi, oki, later)


def _replace(ctx: Context, floor: Floor, request: rules.Request, late: list[receipt_rules.Carton]) -> int:
    """What was asked for comes by air on 1 February and is sorted the same day with other late cartons; sheets of the request folded."""
    ani, fajar, lutfi = (ctx.people[name] for name in ("ani", "fajar", "lutfi"))
    orders = {o.key: o.code for o in receipts.orders(ctx.election, ctx.eve_at)}
    notes = {n.shipment.order.key: n.code for n in receipts.receipts(ctx.election, request.at) if not n.pending}
    here = places.dapil_here(ctx.election)
    designs = {(contest, dapil if len(found) > 1 else ""): dapil for contest, found in here.items() for dapil in found}
    cartons = []
    for number, (contest, dapil, _, _, sheets) in enumerate(request.lines, start=1):
        key = (rules.BALLOT, contest, dapil)
        waybill = f"SJ-P{number:02}"
        sent = receipts.announce_shipment(ctx.election, orders[key], sheets, waybill, "udara", ani, day(2024, 1, 30), notes[key], MARK)
        note = receipts.record_receipt(
            ctx.election, sent.code, sheets, 0, ani, day(2024, 2, 1, 10), note="pengganti hasil sortir", mark=MARK
        )
        receipts.accept_receipt(ctx.election, note.code, fajar, day(2024, 2, 1, 11))
        parts = receipt_rules.sizes(sheets, 500)
        cartons += receipts.make_cartons(
            ctx.election, note.code, designs[(contest, dapil)], list(parts), f"PGT-{contest}", ani, day(2024, 2, 1, 12), rng=floor.rng
        )
    acts: list[sorting.Open | sorting.Close] = []
    at = day(2024, 2, 1, 16)
    for number, carton in enumerate([*cartons, *late]):
        team, opened = TEAMS[number % len(TEAMS)], at + timedelta(minutes=number % len(TEAMS) + 40 * (number // len(TEAMS)))
        closed = opened + timedelta(minutes=30)
        good = tuple(rules.split(carton.quantity, BUNDLE))
        acts += [sorting.Open(carton.code, team, opened), sorting.Close(carton.code, carton.quantity, (), good, closed)]
    acts.sort(key=lambda act: act.at)
    sorting.record_many(ctx.election, acts, lutfi, max(act.at for act in acts), MARK, floor.rng)
    return sum(carton.quantity for carton in cartons)


def _warehouse(ctx: Context) -> None:
    """A walk every week: no generator at the rakor, a leak in January that is repaired the next day; and one stock-taking."""
    place, good = stock.warehouse(ctx.election), {code: "yes" for code, _, _ in stock_rules.CHECKS}
    walks: list[tuple[datetime, dict[str, str], str]] = [
        (day(2023, 11, 20) + timedelta(days=7 * week, hours=1), {}, "") for week in range(13)
    ]
    walks[2] = (walks[2][0], {"power": "no"}, "genset belum ada")
    walks.append((day(2024, 1, 16, 16), {"leak": "no", "roof": "no"}, "talang sisi timur bocor saat hujan; barang digeser"))
    walks.append((day(2024, 1, 17, 9), {}, "talang diganti"))
    for at, faults, note in sorted(walks, key=lambda walk: walk[0]):
        who = ctx.people["hadi" if at.day % 2 else "lutfi"]
        stock.inspect(ctx.election, place, {**good, **faults}, note, who, at, MARK)
    line, at = ("KOTAK", "", ""), day(2024, 1, 20, 10)
    book = stock.balances(ctx.election, at).get((line, stock_rules.Account(place, stock_rules.Condition.GOOD)), 0)
    if book:
        seen = stock.record_count(ctx.election, place, line, stock_rules.Condition.GOOD, book + 1, ctx.people["oki"], at, mark=MARK)
        reason = "satu kotak terselip di balik palet, dihitung ulang"
        stock.declare_difference(ctx.election, seen.code, reason, ctx.people["ani"], ctx.people["fajar"], at + timedelta(hours=2))


def _show(
    ctx: Context,
    floor: Floor,
    last: datetime,
    signals: list[facts.Signal],
    request: rules.Request,
    replaced: int,
    burnt: rules.Destruction,
) -> None:
    done = [w for w in sorting.works(ctx.election, ctx.eve_at) if w.tally]
    good, bad = (sum(n) for n in zip(*((w.tally.good, w.tally.rejected) for w in done if w.tally), strict=True))
    pace = rules.pace(sorting.team_days(ctx.election, ctx.eve_at))
    rate = text.persen(bad / (good + bad), 2)
    ctx.say(
        f"    {text.angka(len(done))} karton disortir {len(TEAMS)} regu sampai {text.waktu(last)}: {text.angka(good)} lembar baik, "
        f"{text.angka(bad)} ditolak ({rate}) · {MARK}"
    )
    if pace:
        ctx.say(f"    Laju {text.angka(round(pace.mean))} lembar per orang per hari, dari {pace.days} hari regu")
    worst = sorting.batches(ctx.election, ctx.eve_at)[0]
    ctx.say(
        f"    Kelompok cetak {worst.batch}: {worst.rejected} dari {text.angka(worst.sorted_sheets)} lembar rusak; sinyal R04 {len(signals)}"
    )
    short = sum(s.short for s in sorting.shortages(ctx.election, ctx.eve_at))
    ctx.say(
        f"    {request.code}: {text.angka(request.sheets)} lembar pengganti diminta, {text.angka(replaced)} datang dan dilipat; "
        f"kurang dari kebutuhan {text.angka(short)}"
    )
    broken = stock.breaks(ctx.election, ctx.eve_at)
    ctx.say(
        f"    {burnt.code}: {text.angka(burnt.sheets)} lembar rusak dimusnahkan di depan {', '.join(burnt.witnesses)}; "
        f"selisih di buku stok {len(broken)}"
    )
