"""Two people at once, in threads of their own: one comes second, sees what the first one did, and is refused in words.

The later of two instants may come first: whoever waited for the lock acts no earlier than the one it waited for.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import reports as report_rules
from posko.domain import sampling as sampling_rules
from posko.domain import stock as stock_rules
from posko.domain import transfers as transfer_rules
from posko.domain.record import Actor, Verdict
from posko.store import aght, dpt, places, receipts, record, reports, sampling, sorting, stock, transfers
from tests import beltim, scene
from tests.conftest import quick_passwords

ROOT = Path(__file__).resolve().parents[2]
E, P = "pemilu-2024", "pilkada-2024"
ANI, FAJAR, LUTFI, OKI = (Actor(f"p-{name}", "KPU") for name in ("ani", "fajar", "lutfi", "oki"))
BUDI = Actor("p-budi", "PPK")
CITRA, GITA, NILA = (Actor(f"p-{name}", "KEJARI") for name in ("citra", "gita", "nila"))
SECOND = timedelta(seconds=1)
Set = Callable[[Any, str, Any], None]


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Runs acts in threads that start together; what each returned ("ok") or raised, sorted."""
    gate, found = threading.Barrier(len(acts)), [""] * len(acts)

    def work(number: int) -> None:
        try:
            gate.wait()
            acts[number]()
            found[number] = "ok"
        except Exception as error:
            found[number] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record.root()  # a read between two transactions, for the guard of conftest
    return sorted(found)


def twice(act: Callable[[datetime], Any], at: datetime) -> list[str]:
    """The same act by two people; one of them asked a second earlier."""
    return at_once(lambda: act(at + SECOND), lambda: act(at))


def in_the_sorting_hall(patch: Set) -> None:
    """Cartons, tables, results, destruction."""
    at, hall = datetime(2024, 1, 3, 2, tzinfo=UTC), "19.06:G01"
    designs = {"C1": "BELTIM-1", "C2": "BELTIM-1", "C3": "BELTIM-2"}
    found = {
        code: receipt_rules.Carton(code, "DPRD_KAB", dapil, 500, "B", "TRM-001", hall, "good", "", at - timedelta(days=1))
        for code, dapil in designs.items()
    }
    here = {"DPRD_KAB": ("BELTIM-1", "BELTIM-2", "BELTIM-3")}
    patch(places, "dapil_here", lambda _election: here)
    patch(receipts, "get_carton", lambda _e, code, _at: found.get(code))
    ends = [stock_rules.Account(hall, stock_rules.Condition[c]) for c in ("SUPPLIER", "GOOD")]
    lines = [("SURAT_SUARA", "DPRD_KAB", place_rules.dapil_on_line("DPRD_KAB", dapil, here)) for dapil in designs.values()]
    stock.post(E, [stock_rules.Posting(line, 500, *ends, "receipt.accepted", "receipt:TRM-001") for line in lines], "e" * 64, at)
    with transaction.atomic():
        for team in ("REGU-A", "REGU-B", "REGU-C"):
            sorting.form_team(E, team, 5, ANI, at - timedelta(days=1))
    both = at_once(*(lambda t=t: sorting.open_carton(E, "C1", t, LUTFI, at) for t in ("REGU-A", "REGU-B")))
    assert both == ["AlreadyOpened", "ok"], both
    table = at_once(*(lambda c=c: sorting.open_carton(E, c, "REGU-C", LUTFI, at + SECOND) for c in ("C2", "C3")))
    assert table == ["MixedTable", "ok"], table
    assert twice(lambda t: sorting.close_carton(E, "C1", 497, {"torn": 3}, [497], LUTFI, t), at + 60 * SECOND) == ["AlreadyClosed", "ok"]
    again = twice(lambda t: sorting.correct_result(E, "C1", 496, {"torn": 4}, [496], "salah hitung", ANI, OKI, t), at + 120 * SECOND)
    assert again == ["NothingChanged", "ok"], again
    burnt = twice(lambda t: sorting.destroy(E, [("DPRD_KAB", "BELTIM-1", 3)], "rusak", ["POLRES"], ANI, FAJAR, t), at + 180 * SECOND)
    assert burnt == ["NotThatMany", "ok"], burnt
    line = ("DPRD_KAB", "BELTIM-1")
    seen = ["POLRES", "BAWASLU"]
    most = sum(sorting.surplus_kept(E, at + 240 * SECOND)[line].values()) // 2 + 1
    left = twice(
        lambda t: sorting.destroy_surplus(E, [(*line, most)], "berlebih", seen, ANI, FAJAR, t, lambda _e, _at: {line: 0}),
        at + 240 * SECOND,
    )
    assert left == ["NotThatMuchSurplus", "ok"], left


def at_the_gate(patch: Set) -> None:
    """A surat jalan, its acceptance, its correction, its cartons, its claim."""
    day = datetime(2023, 11, 20, 3, tzinfo=UTC)
    key = ("SURAT_SUARA", "DPRD_KAB", "BELTIM-1")
    line = receipt_rules.Demand(*key[:1], "Surat suara", *key[1:], "lembar", 1000, "inferred", True, True, True, "II")
    patch(receipts, "demands", lambda _election, _at: [line])
    patch(places, "dapil_here", lambda _election: {"DPRD_KAB": ("BELTIM-1", "BELTIM-2", "BELTIM-3")})
    contract = receipt_rules.Contract("K-1", day.date(), "pemasok", "II")
    assert twice(lambda t: receipts.sign_contract(E, contract, ANI, t), day) == ["ContractTwice", "ok"]
    order = receipts.place_order(E, key, 1000, "pemasok", day + timedelta(days=9), ANI, day).code
    sent = at_once(*(lambda w=w: receipts.announce_shipment(E, order, 600, w, "kapal", ANI, day + SECOND) for w in ("SJ-1", "SJ-2")))
    assert sent == ["OverOrdered", "ok"], sent
    came = day + timedelta(days=2)
    assert twice(lambda t: receipts.record_receipt(E, "KRM-001", 590, 0, LUTFI, t), came) == ["AlreadyReceived", "ok"]
    accepted = twice(lambda t: receipts.accept_receipt(E, "TRM-001", OKI, t), came + 60 * SECOND)
    assert accepted == ["AlreadyAccepted", "ok"], accepted
    labelled = twice(lambda t: receipts.make_cartons(E, "TRM-001", "BELTIM-1", [590], "B-1", LUTFI, t), came + 120 * SECOND)
    assert labelled == ["TooManyLabelled", "ok"], labelled
    with transaction.atomic():  # as if it had come before there was a book
        stock.PostingRow.objects.all().delete()
        stock.ControlRow.objects.all().delete()
    brought_in = twice(lambda t: receipts.open_stock(E, ANI, FAJAR, t), came + 150 * SECOND)
    assert brought_in == ["NothingUnposted", "ok"], brought_in
    claimed = twice(lambda t: receipts.file_claim(E, "TRM-001", "missing", 8, ANI, t), came + 180 * SECOND)
    assert claimed == ["NotClaimable", "ok"], claimed
    answered = twice(lambda t: receipts.answer_claim(E, "KLM-001", "credit", ANI, t), came + 240 * SECOND)
    assert answered == ["Answered", "ok"], answered
    proposed = twice(lambda t: receipts.correct_receipt(E, "TRM-001", 591, 0, "terselip satu", ANI, t), came + timedelta(hours=2))
    assert proposed == ["CorrectionPending", "ok"], proposed
    approved = twice(lambda t: receipts.approve_correction(E, "KOR-001", FAJAR, t), came + timedelta(hours=3))
    assert approved == ["UnknownThing", "ok"], approved
    cartons = [c.code for c in receipts.cartons(E, came + timedelta(hours=4))]
    gone = twice(lambda t: receipts.withdraw_cartons(E, cartons, "label rusak", LUTFI, t, OKI), came + timedelta(hours=4))
    assert gone == ["UnknownThing", "ok"], gone


def between_two_tps(_patch: Set) -> None:
    """Counts, two proposals for one surplus, decisions, trips."""
    with transaction.atomic():
        beltim.load(P, until="regulation")
    record.root()
    at, close_at = datetime(2024, 11, 27, 0, 10, tzinfo=UTC), datetime(2024, 11, 27, 6, tzinfo=UTC)
    short, near, other, third = "19.06.02.2003.003", "19.06.02.2011.002", "19.06.02.2003.001", "19.06.02.2011.001"
    grant = access_rules.Grant("kpu.pimpinan", "19.06", at - timedelta(days=9))
    heads = [access_rules.Person(f"p-{name}", "KPU", (grant,)) for name in ("fajar", "lain")]

    def counted(tps: str, found: int) -> None:
        line = transfer_rules.Reported("SURAT_SUARA", "GUB", found, 500, 487)
        transfers.report_counts(P, tps, [line], "opening", BUDI, at)

    def propose(t: datetime) -> str:
        return transfers.propose(P, "SURAT_SUARA", "GUB", transfer_rules.Keeping(), at + timedelta(minutes=20), close_at, ANI, t).code

    with transaction.atomic():
        for tps, found in ((short, 400), (near, 600), ("19.06.01.2007.004", 500), (other, 450), (third, 550)):
            counted(tps, found)
    drawn_back = twice(lambda t: transfers.withdraw_count(P, "HTG-003", "", BUDI, t), at + SECOND)
    assert drawn_back == ["UnknownThing", "ok"], drawn_back
    assert at_once(*(lambda t=t: propose(t) for t in (at + 62 * SECOND, at + 61 * SECOND))) == ["ok", "ok"], "nothing is promised yet"
    decide_at = at + timedelta(minutes=10)

    def decide(code: str, approve: bool, head: int, t: datetime) -> None:
        transfers.decide(P, code, approve, "" if approve else "tidak perlu", heads[head], t)

    one = at_once(lambda: decide("USL-001", True, 0, decide_at + SECOND), lambda: decide("USL-001", False, 1, decide_at))
    assert one == ["AlreadyDecided", "ok"], one
    if not transfers.get_proposal(P, "USL-001", close_at).decision.approved:  # type: ignore[union-attr]
        decide("USL-002", True, 0, decide_at + 40 * SECOND)
    propose_at = at + timedelta(minutes=12)
    asked = at_once(
        lambda: propose(propose_at),
        lambda: decide("USL-002", True, 0, propose_at),
        lambda: decide("USL-001", True, 1, propose_at),
    )
    assert "ok" not in asked, "the surplus is promised once"
    first, second = [t.leg for t in transfers.transfers(P, propose_at) if t.state == "approved"][:2]
    leave_at = at + timedelta(minutes=25)
    assert twice(lambda t: transfers.send(P, first.code, first.pieces, BUDI, t), leave_at) == ["WrongStep", "ok"]
    left = at_once(
        lambda: transfers.send(P, second.code, second.pieces, BUDI, leave_at + 41 * SECOND),
        lambda: transfers.cancel(P, second.code, "tidak jadi", BUDI, leave_at + 40 * SECOND),
    )
    assert left == ["WrongStep", "ok"], left
    fewer = twice(lambda t: transfers.correct(P, first.code, first.pieces - 1, "", BUDI, t), leave_at + 80 * SECOND)
    assert fewer == ["NothingChanged", "ok"], fewer
    assert twice(lambda t: transfers.receive(P, first.code, first.pieces - 1, BUDI, t), leave_at + 120 * SECOND) == ["WrongStep", "ok"]
    assert transfers.get_transfer(P, first.code, close_at).difference == 0


def at_the_draw(patch: Set) -> None:
    """The seed, a result, the end of an audit."""
    at = datetime(2024, 2, 10, 3, tzinfo=UTC)
    boxes = [sampling_rules.Boxed(f"DPR-{n:014}", "DPR", f"19.06.02.2001.{n:03}", "BABEL") for n in range(1, 21)]
    patch(sampling, "_sealed", lambda _election, _at: boxes)
    (made,) = sampling.commit(E, {"": sampling_rules.Plan(4, 3, 950)}, "dice", "", ANI, at)
    draw_at = at + timedelta(minutes=5)
    dice = ["41623551264311652436", "65432165432165432165"]
    both = at_once(*(lambda d=d: sampling.draw(E, made.code, d, ANI, draw_at + SECOND * (d == dice[0])) for d in dice))
    assert both == ["AlreadyDrawn", "ok"], both
    box = sampling.get_audit(E, made.code, draw_at + SECOND).drawn[0]
    found = twice(lambda t: sampling.record_result(E, made.code, box, True, (), LUTFI, OKI, t), draw_at + 60 * SECOND)
    assert found == ["AlreadyExamined", "ok"], found
    fixed = twice(lambda t: sampling.correct_result(E, made.code, box, False, ["short"], "terselip", ANI, OKI, t), draw_at + 120 * SECOND)
    assert fixed == ["NothingChanged", "ok"], fixed
    ended = twice(lambda t: sampling.abandon(E, made.code, "dadu hilang", ANI, t), draw_at + 180 * SECOND)
    assert ended == ["Abandoned", "ok"], ended


def in_the_book(patch: Set) -> None:
    """A difference is declared once; what was left over comes in once."""
    at, hall, line = datetime(2024, 1, 3, 2, tzinfo=UTC), "19.06:G01", ("KOTAK", "", "")
    patch(stock, "lines", lambda _election, _at: {line: "Kotak suara"})
    stock.record_count(E, hall, line, stock_rules.Condition.GOOD, 7, LUTFI, at)
    assert twice(lambda t: stock.declare_difference(E, "OPN-001", "ditemukan", ANI, FAJAR, t), at + SECOND) == ["NothingToDeclare", "ok"]
    opened = twice(lambda t: stock.open_leftover(E, hall, line, 9, "sisa 2019", ANI, FAJAR, t), at + 60 * SECOND)
    assert opened == ["AlreadyOpened", "ok"], opened


def in_the_register(patch: Set) -> None:
    """Two analysts assess one item from the same page; one closes it while the other attaches; a report is handed over once."""
    at, desa = datetime(2023, 12, 1, 3, tzinfo=UTC), "19.06.02.2001"
    listed = [place_rules.Tps(f"{desa}.001", 1, "1", desa, "Gantung", desa[:8], "Gantung", "reguler", "", False, 0.0, 0.0)]
    patch(places, "tps_list", lambda _election: listed)
    patch(places, "desa_list", lambda _region: [place_rules.Desa(desa, "Gantung", desa[:8], "Gantung", 0.0, 0.0)])
    for name in ("kecamatan_list", "sites", "sea_legs"):
        patch(places, name, lambda _region: [])
    patch(dpt, "voters", lambda _election, _at: {})
    filing = report_rules.filing(
        "Jalan ke desa terputus", category=report_rules.Category.GEO, channel=report_rules.Channel.PHONE, source=report_rules.Source.KPU,
        place=desa, at=at,
    )  # fmt: skip
    reports.file_report(E, filing, reports.PUBLIC_ACTOR, at)
    record.root()  # a read between two transactions, for the guard of conftest
    said: dict[str, Any] = {
        "answers": aght_rules.Answers(True), "claim": "Jalan terputus", "gatra": "geografi", "variable": "6",
        "shares": aght_rules.Shares(1, 2, 3), "last_useful_at": at + timedelta(days=60), "prior_permille": 100, "note": "",
    }  # fmt: skip
    with transaction.atomic():
        aght.grade_source(E, "LAP-001", claim="Jalan terputus", chain="", source="B", basis="melihat", actor=CITRA, at=at)
        aght.grade_information(E, "LAP-001", information="2", basis="foto", actor=CITRA, at=at)
        code = aght.open_item(E, title="Jalan", place=desa, **said, actor=CITRA, at=at)

    def seen(t: datetime) -> str:
        return aght.seen_item(E, aght.get(E, code, t), t)

    one = seen(at)
    both = at_once(*(lambda p=p, t=t: aght.assess(E, code, **said, actor=p, at=t, seen=one) for p, t in ((CITRA, at + SECOND), (NILA, at))))
    assert both == ["Changed", "ok"], both
    later = at + timedelta(minutes=5)
    two = seen(later)
    closing = at_once(
        lambda: aght.set_standing(E, code, aght_rules.Standing.CLOSED, "surut", CITRA, later, aght_rules.Outcome.HELD, seen=two),
        lambda: aght.attach(E, code, "LAP-001", NILA, later + SECOND, seen=two),
    )
    assert closing == ["Changed", "ok"], closing
    last, report = later + timedelta(minutes=5), reports.get(E, "LAP-001", later)
    word = aght.seen_report(E, report, last)
    handed = twice(lambda t: aght.refer(E, "LAP-001", aght_rules.Route.BAWASLU, "", CITRA, t, seen=word), last)
    assert handed == ["Changed", "ok"], handed
    day = last + timedelta(days=1)
    rows = [aght_rules.Label("geografi", "Wilayah", "gatra"), aght_rules.Label("8", "Kabar", "variabel", "R21")]
    assert twice(lambda t: aght.take_labels(E, "bawaslu-2029/1", rows, "surat", CITRA, t), day) == ["LabelsTwice", "ok"]
    entry = record.Entry.objects.get(kind="aght.opened").entry_id
    asked = twice(lambda t: record.propose_erasure(E, [entry], "court", GITA, "kejari.pimpinan", t, aght.WORDS.keys()), day + SECOND * 60)
    assert asked == ["ErasurePending", "ok"], asked
    gone = at_once(
        *(
            lambda v=v, t=t: record.decide_erasure(E, "HPS-001", v, CITRA, frozenset({"kejari.analis"}), t, aght.WORDS)
            for v, t in ((Verdict.ERASED, day + SECOND * 121), (Verdict.REJECTED, day + SECOND * 120))
        )
    )
    assert gone == ["ErasureOver", "ok"], gone


RACES = (in_the_sorting_hall, at_the_gate, between_two_tps, at_the_draw, in_the_book, in_the_register)


def run(race: Callable[[Set], None], patch: Set) -> None:
    """One race in an installation of its own; the journal is sound afterwards."""
    quick_passwords(patch)
    with transaction.atomic():  # around several acts, so that the guard of conftest tells them apart
        scene.install()
    record.root()
    race(patch)
    assert record.verify().faults == ()


PROGRAM = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
import django
django.setup()
from tests import kept
kept.own_file()
from tests.store import test_races
test_races.run(getattr(test_races, sys.argv[1]), setattr)
print("satu demi satu")
"""


@pytest.mark.parametrize("race", RACES)
def test_of_two_at_once_one_is_refused(race: Callable[[Set], None], tmp_path: Path) -> None:
    """In a process of its own, on a file: threads of one process share the tests' database in memory, and with it every lock."""
    env = {**os.environ, "POSKO_VAR": str(tmp_path), "POSKO_DATABASE_URL": "", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    program = [sys.executable, "-c", PROGRAM, race.__name__]
    done = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "satu demi satu", done.stdout + done.stderr


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", RACES)
def test_postgresql_of_two_at_once_one_is_refused(
    race: Callable[[Set], None], transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.vendor == "postgresql"
    try:
        run(race, monkeypatch.setattr)
    finally:
        with connection.cursor() as cursor:  # the flush after this test must pass
            for table in ("journal_entry", "journal_opening", "journal_equivocation", "journal_key", "journal_head"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
