"""The journal: gapless, append-only, erasable in its private part only, durable before it is acknowledged, and recomputable."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posko.domain.record import Actor, Draft, NotPlain
from posko.ledger import tree
from posko.store import record
from tests import erasing

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
ANI = Actor("p-ani", "KPU")
FIELDS = {
    "v", "alg", "kind", "election", "subject", "place", "actor", "device", "device_seq", "prev", "occurred_at", "boot", "monotonic_ms",
    "seen_size", "seen_root", "corrects", "reason", "approvals", "procedure", "basis", "app", "facts_hash", "private_hash",
}  # fmt: skip


def draft(number: int = 1, **more: Any) -> Draft:
    return Draft("receipt.recorded", "pemilu-2024", f"receipt:T-{number:03}", "19.06", ANI, AT, {"good": number}, **more)


def write(*numbers: int, **more: Any) -> list[Any]:
    with transaction.atomic():
        return record.append([draft(n, **more) for n in numbers], at=AT)


pytestmark = pytest.mark.django_db


def test_the_envelope_has_every_field_of_the_contract_sorted_and_plain(installation: Any) -> None:
    (receipt,) = write(7, private={"note": "rahasia dapur"})
    opened = record.opened(receipt.entry_id)
    said = json.loads(opened.envelope)
    assert set(said) == FIELDS
    assert list(said) == sorted(said)
    assert said["device"] == f"desk:{record.installation().id}"
    assert "rahasia dapur" not in opened.envelope + opened.facts
    assert all(stored == found for _, stored, found in opened.hashes)
    assert record.leaf(receipt.commitment) == b"posko/v1\n" + bytes.fromhex(receipt.commitment)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_leaf_indexes_are_gapless_and_in_order_however_entries_come(installation: Any, batches: list[int]) -> None:
    before, _ = record.root()
    receipts = [receipt for size in batches for receipt in write(*range(size))]
    assert [r.leaf_index for r in receipts] == list(range(before, before + len(receipts)))
    size, root = record.root()
    commitments = record.Entry.objects.order_by("leaf_index").values_list("commitment", flat=True)
    grown = tree.over(record.leaf(c) for c in commitments)
    assert (size, root) == (grown.size, grown.root().hex())
    assert record.verify().faults == ()


def test_an_entry_is_known_before_the_rows_that_carry_it(installation: Any) -> None:
    with transaction.atomic():
        prepared = record.prepare([draft(1), draft(2)], AT)
        receipts = record.append(prepared, at=AT)
    assert [p.entry_id for p in prepared] == [r.entry_id for r in receipts]
    chain = [json.loads(record.opened(r.entry_id).envelope)["prev"] for r in receipts]
    assert chain[1] == receipts[0].entry_id


def test_a_draft_with_a_fraction_is_refused_and_nothing_is_written(installation: Any) -> None:
    before = record.root()
    with pytest.raises(NotPlain), transaction.atomic():
        record.append([Draft("x.done", "", "x:1", "", ANI, AT, {"share": 0.5})], at=AT)
    assert record.root() == before


def test_outside_a_transaction_nothing_is_written(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(transaction.TransactionManagementError):
        record.append([draft()], at=AT)


def test_an_earlier_head_is_one_that_the_log_had(installation: Any) -> None:
    write(1)
    early = record.root()
    with transaction.atomic():
        record.append([draft(2)], at=AT + timedelta(days=400))
    assert record.root(AT + timedelta(days=399)) <= record.root()
    assert record.root(datetime(1990, 1, 1, tzinfo=UTC)) == (0, tree.Range().root().hex())
    assert early[0] + 1 == record.root()[0]


CHANGES = {
    "an entry is changed": "UPDATE journal_entry SET kind = 'x' WHERE leaf_index = 0",
    "an entry is deleted": "DELETE FROM journal_entry WHERE leaf_index = 0",
    "facts are changed": "UPDATE journal_opening SET facts = envelope",
    "facts are emptied with the private part": "UPDATE journal_opening SET private = NULL, facts = '', private_salt = NULL, "
    "erased_at = '2023-12-05 03:00:00+00'",
    "an envelope is changed": "UPDATE journal_opening SET envelope = facts",
    "an opening is deleted": "DELETE FROM journal_opening",
    "the head is deleted": "DELETE FROM journal_head",
    "the head shrinks": "UPDATE journal_head SET size = 0",
    "a key is changed": "UPDATE journal_key SET device = 'x'",
    "a private part is emptied without saying when": "UPDATE journal_opening SET private = NULL, private_salt = NULL",
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_database_refuses_it_when(installation: Any, what: str) -> None:
    write(1, private={"note": "x"})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CHANGES[what])
    assert record.verify().faults == ()


@pytest.mark.skipif(os.environ.get("POSKO_DATABASE_URL", "") != "", reason="SQLite's own statement")
def test_replacing_a_row_is_no_way_around_the_triggers(installation: Any) -> None:
    write(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT OR REPLACE INTO journal_entry SELECT * FROM journal_entry WHERE leaf_index = 0")


def test_the_private_part_is_erased_once_the_facts_and_every_hash_stay(installation: Any) -> None:
    (receipt,) = write(3, private={"note": "nomor telepon"})
    root = record.root()
    erased = erasing.erase_private(receipt.entry_id, ANI, "diminta pemilik data", AT)
    assert (record.entry("pemilu-2024", receipt.entry_id).private, erased.leaf_index) == ("erased", root[0])
    opening = record.Opening.objects.get(entry_id=receipt.entry_id)
    assert (opening.private, opening.private_salt, opening.erased_at) == (None, None, AT)
    assert record.entry("pemilu-2024", receipt.entry_id).facts == {"good": 3}
    assert record.verify().faults == ()
    assert record.entry("pemilu-2024", erased.entry_id).reason == "diminta pemilik data"


def test_a_resend_gets_the_same_receipt_other_bytes_are_kept_and_refused(installation: Any) -> None:
    (receipt,) = write(1)
    envelope = record.opened(receipt.entry_id).envelope.encode()
    assert record.receive(envelope, b"s", AT) == receipt
    other = envelope.replace(b"receipt:T-001", b"receipt:T-009")
    for _ in range(2):
        with pytest.raises(record.Equivocated):
            record.receive(other, b"s", AT)
    assert [bytes(e.envelope) for e in record.Equivocation.objects.all()] == [other]
    unknown = json.dumps(json.loads(envelope) | {"device": "hp-1"}).encode()
    assert record.receive(unknown, b"s", AT) is None


def _without_triggers(statement: str) -> None:
    with connection.cursor() as cursor:
        for name in record._sqlite_triggers():
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement)


TAMPERED = {
    "UPDATE journal_opening SET facts = '{}' WHERE entry_id = (SELECT entry_id FROM journal_entry WHERE leaf_index = 2)": (2, "facts"),
    "UPDATE journal_entry SET kind = 'x.y' WHERE leaf_index = 2": (2, "columns"),
    "UPDATE journal_opening SET signature = envelope WHERE entry_id = (SELECT entry_id FROM journal_entry WHERE leaf_index = 2)":
        (2, "signature"),
    "DELETE FROM journal_opening WHERE entry_id = (SELECT entry_id FROM journal_entry WHERE leaf_index = 2)": (2, "opening_missing"),
    "UPDATE journal_head SET size = size - 1, frontier = '[]'": (-1, "head"),
}  # fmt: skip


@pytest.mark.parametrize("statement", [s for s in TAMPERED if "frontier" not in s])
def test_whoever_steps_over_the_triggers_is_found_and_named(installation: Any, statement: str) -> None:
    _without_triggers(statement)
    assert TAMPERED[statement] in record.verify().faults


def test_a_removed_last_entry_is_found_by_the_head(installation: Any) -> None:
    last = record.root()[0] - 1
    _without_triggers(f"DELETE FROM journal_entry WHERE leaf_index = {last}")
    assert "head" in {code for _, code in record.verify().faults}


def test_the_start_up_check_names_a_missing_trigger(installation: Any) -> None:
    record.require_triggers()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER journal_entry_no_update")
    with pytest.raises(record.Unprotected, match="journal_entry_no_update"):
        record.require_triggers()
    record.install_triggers()
    record.require_triggers()


def test_the_clock_is_stored_for_everybody_and_its_setting_is_recorded(installation: Any) -> None:
    machine = datetime(2026, 1, 2, tzinfo=UTC)
    record.set_clock(AT, ANI, machine)
    assert (record.clock(machine), record.clock_is_stored()) == (AT, True)
    record.set_clock(None, ANI, machine)
    assert (record.clock(machine), record.clock_is_stored()) == (machine, False)
    kinds = list(record.Entry.objects.order_by("-leaf_index").values_list("kind", flat=True)[:2])
    assert kinds == ["clock.set", "clock.set"]


# --- processes of their own -----------------------------------------------------------------------------------------------

HEAD = """
import os, sys
from datetime import UTC, datetime
os.environ["DJANGO_SETTINGS_MODULE"] = "posko.server.settings"
import django
django.setup()
from django.core.management import call_command
from django.db import connection, models, transaction
from posko.domain.record import Actor, Draft
from posko.store import record
from tests import erasing
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
ANI = Actor("p-ani", "KPU")
def write(n, size=3):
    with transaction.atomic():
        drafts = [Draft("x.done", "", f"x:{n}-{i}", "", ANI, AT, {"n": n}, private={"note": str(n)}) for i in range(size)]
        return record.append(drafts, at=AT)
"""
FOUND = """
from tests import kept
kept.taken() or call_command("migrate", verbosity=0)
record.install(name="Uji", region="19.06", demo=True, at=AT)
"""


def program(var: Path, body: str, **more: Any) -> "subprocess.Popen[str]":
    env = {**os.environ, "POSKO_VAR": str(var), "POSKO_DATABASE_URL": "", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen([sys.executable, "-c", HEAD + body], env=env, stdout=subprocess.PIPE, text=True, cwd=ROOT, **more)


def run(var: Path, body: str) -> str:
    with program(var, body) as process:
        said = process.stdout.read() if process.stdout else ""
    assert process.returncode == 0, said
    return said


def test_append_erase_rebuild_a_table_kill_the_process_and_recompute(tmp_path: Path) -> None:
    run(tmp_path, FOUND + "write(0)\n")
    run(
        tmp_path,
        """
first = record.Entry.objects.get(leaf_index=1)
erasing.erase_private(first.entry_id, ANI, "uji", AT)
old = record.Entry._meta.get_field("kind")
new = models.CharField(max_length=80, db_index=True)
new.set_attributes_from_name("kind")
new.model = record.Entry
with connection.schema_editor() as editor:
    editor.alter_field(record.Entry, old, new, strict=True)
try:
    record.require_triggers()
    sys.exit("a rebuilt table should have lost its triggers")
except record.Unprotected:
    pass
call_command("migrate", verbosity=0)
record.require_triggers()
""",
    )
    with program(tmp_path, "n = 0\nwhile True:\n    n += 1\n    print(write(n)[-1].entry_id, flush=True)\n") as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(25)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout.read().splitlines() if len(line) == 64]
    assert writer.returncode == -signal.SIGKILL
    said = run(
        tmp_path,
        """
found = record.verify()
print(found.faults, found.size, record.root() == (found.size, found.root))
write(999)
print(record.verify().faults)
print("\\n".join(record.Entry.objects.values_list("entry_id", flat=True)))
""",
    )
    faults, after, *entries = said.splitlines()
    assert faults.startswith("()"), faults
    assert faults.endswith("True")
    assert after == "()"
    assert set(acknowledged) <= set(entries)
    assert len(acknowledged) >= 25


def test_two_processes_write_at_once_without_a_gap(tmp_path: Path) -> None:
    run(tmp_path, FOUND)
    with program(tmp_path, "for n in range(15): write(n)\n") as one, program(tmp_path, "for n in range(15): write(n)\n") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
    assert run(tmp_path, "v = record.verify()\nprint(v.size, v.faults)\n").strip() == "91 ()"


# --- PostgreSQL: the marked slice -----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.parametrize("statement", [*CHANGES.values(), "TRUNCATE journal_entry", "TRUNCATE journal_opening"])
def test_postgresql_refuses_every_change_too(installation: Any, statement: str) -> None:
    assert connection.vendor == "postgresql"
    write(1, private={"note": "x"})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert record.verify().faults == ()


@pytest.mark.postgres
def test_postgresql_erases_the_private_part_and_keeps_every_hash(installation: Any) -> None:
    (receipt,) = write(1, private={"note": "x"})
    erasing.erase_private(receipt.entry_id, ANI, "uji", AT)
    assert record.entry("pemilu-2024", receipt.entry_id).private == "erased"
    assert record.verify().faults == ()


def test_a_page_asks_once_every_asker_has_a_list_of_its_own_and_whoever_writes_forgets(db: None) -> None:
    record.install(name="Uji", region="19.06", demo=True, at=AT)
    asked: list[str] = []

    @record.remembered
    def answers(word: str, more: int = 0) -> list[int]:
        asked.append(word)
        return [len(asked), more]

    assert (answers("a"), answers("a")) == ([1, 0], [2, 0]), "outside of a page nothing is remembered"
    with record.reading():
        first = answers("b")
        first.append(99)
        assert (answers("b"), answers("b", more=1), answers("b")) == ([3, 0], [4, 1], [3, 0])
        write(1)
        with transaction.atomic():
            record.turn(AT)
        assert answers("b") == [5, 0]
    assert answers("b") == [6, 0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_gives_out_leaf_indexes_without_gaps_to_writers_at_once(transactional_db: None) -> None:
    record.install(name="Uji", region="19.06", demo=True, at=AT)
    broken: list[Exception] = []

    def work() -> None:
        try:
            for n in range(10):
                write(n, n + 1)
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = record.verify()
    with connection.cursor() as cursor:  # the flush after this test must pass
        for table in ("journal_entry", "journal_opening", "journal_equivocation", "journal_key", "journal_head"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    assert (broken, found.size, found.faults) == ([], 81, ())
