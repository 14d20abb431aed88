"""Whoever writes takes the journal's lock first: read from the source of every stage, so that a new function is covered too."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from posko import store
from posko.domain.record import Actor, Draft
from posko.store import record

FOLDER = Path(store.__file__).parent
LOCKS = {"record.turn", "turn"}  # the second inside `record` itself

# Functions that need no lock, and why. One that reads nothing that a rule then judges may stand here; nothing else.
SAFE = {
    "record.install": "once, before anybody can write; the row of the installation is its own lock (primary key)",
    "record.create_election": "judges nothing; the code is the primary key",
    "record.set_clock": "judges nothing: the last one stands",
    "record.receive": "judges nothing but equality with a leaf that never changes; writes evidence, appends nothing",
    "receipts.keep_upload": "a draft, no fact: a row of its own with a random code",
    "reports.keep_upload": "a draft, no fact: a row of its own with a random code",
    "dpt.keep_upload": "a draft, no fact: a row of its own with a random code",
    "access.break_glass": "judges nothing: a row of its own",
    "access.change_password": "judges nothing: the last one stands",
    "access.decide_grant": "holds the row of the proposal (FOR UPDATE) and asks for an undecided one",
    "access.end_grant": "holds the row of the grant (FOR UPDATE) and judges that row alone",
    "distribution.take_request": "holds the rows of the queue (FOR UPDATE) and asks for a waiting one; appends nothing",
    "distribution.found_answer": "one UPDATE that asks for the state and the attempt it was taken with; appends nothing",
    "forecast.take_request": "holds the rows of the queue (FOR UPDATE) and asks for a waiting one; appends nothing",
    "forecast.fail_request": "judges nothing: only the one worker that took the request calls it",
    "places.import_boundaries": "judges only the desa of the region",
    "readiness.set_limit": "judges nothing: the last one stands",
}
# Functions that read before the lock and should not: each is to be repaired, and this list only becomes shorter.
OPEN: set[str] = set()


def called(node: ast.expr) -> str:
    """The dotted name of what is called, or ""."""
    if not isinstance(node, ast.Call):
        return ""
    return ast.unparse(node.func)


def locks(statement: ast.stmt) -> bool:
    """Whether a statement does nothing before it takes the lock."""
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Tuple):  # asked_at, at = at, record.turn(at)
        return any(called(part) in LOCKS for part in value.elts) and all(
            isinstance(part, ast.Name) or called(part) in LOCKS for part in value.elts
        )
    if value is None:
        return False
    return called(value) in LOCKS


def blocks(tree: ast.AST) -> Iterator[tuple[str, ast.With]]:
    """Every transaction with the name of the function around it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.With) and any(called(item.context_expr) == "transaction.atomic" for item in node.items):
                    yield function.name, node


def unlocked(source: str) -> list[str]:
    """Functions with a transaction that does not begin with the lock."""
    return sorted({name for name, block in blocks(ast.parse(source)) if not locks(block.body[0])})


def stages() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"__init__", "models", "apps"})


def test_every_writing_function_takes_the_lock_before_it_looks() -> None:
    found = {f"{stage}.{name}" for stage in stages() for name in unlocked((FOLDER / f"{stage}.py").read_text(encoding="utf-8"))}
    assert sorted(found - set(SAFE) - OPEN) == [], "take record.turn(at) as the first statement of the transaction"
    assert sorted((set(SAFE) | OPEN) - found) == [], "these take the lock now: strike them off the lists"


GOOD = (
    "with transaction.atomic():\n        at = record.turn(at)\n        x()",
    "with transaction.atomic():\n        asked, at = at, record.turn(at)\n        x()",
    "with transaction.atomic(durable=True):\n        at = record.turn(at)\n        x()",
)
BAD = (
    "with transaction.atomic():\n        x()\n        at = record.turn(at)",
    "with transaction.atomic():\n        ready = record.prepare([look(at)], at)",
    "with transaction.atomic():\n        record.prepare([], at)\n        x()",
    "with transaction.atomic():\n        found, at = look(at), record.turn(at)",
    "with transaction.atomic():\n        for row in rows():\n            at = record.turn(at)",
    "try:\n        with transaction.atomic():\n            row = Row.objects.first()\n    except Error:\n        pass",
)


@pytest.mark.parametrize("body", GOOD)
def test_a_block_that_begins_with_the_lock_passes(body: str) -> None:
    assert unlocked(f"def act(at):\n    {body}\n") == []


@pytest.mark.parametrize("body", BAD)
def test_a_block_that_looks_first_is_named(body: str) -> None:
    assert unlocked(f"def act(at):\n    {body}\n") == ["act"]


# --- the instant of whoever waited -------------------------------------------------------------------------------------------

AT = datetime(2024, 2, 1, 3, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "acts_at"),
    [(5, 5), (0, 0), (-1, 0), (-30, 0), (-31, -31), (-86_400, -86_400)],
)
def test_whoever_waited_acts_no_earlier_than_the_one_it_waited_for_and_a_clock_set_back_stays_back(
    installation: Any, seconds: int, acts_at: int
) -> None:
    with transaction.atomic():
        record.append([Draft("test.done", "pemilu-2024", "x:1", "19.06", Actor("p-ani", "KPU"), AT, {})], at=AT)
    with transaction.atomic():
        assert record.turn(AT + timedelta(seconds=seconds)) == AT + timedelta(seconds=acts_at)


@pytest.mark.django_db(transaction=True)
def test_there_is_no_turn_outside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record.turn(AT)
