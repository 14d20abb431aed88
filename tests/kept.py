"""States of the database that are made once per process; every test then gets a copy of their rows in milliseconds.

A state is what a chain of builds leaves behind, beginning with the database as migrated. The copy goes into the open transaction of the
test, under the triggers of the journal, and goes with it. Where there is no such transaction (PostgreSQL, tests that commit) the same
builds simply run.
"""

import pickle
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

Build = tuple[str, Callable[[], Any]]
KEY = "desk.key"  # the desk's key is its own before and after; every other file under VAR belongs to the state


@dataclass(frozen=True)
class _State:
    """Rows by the statement that inserts them, files by their place under VAR, and what the last build returned."""

    rows: tuple[tuple[str, list[tuple[Any, ...]]], ...]
    files: tuple[tuple[str, bytes], ...]
    answer: bytes


@dataclass
class _Standing:
    """Where the database of this test stands: the savepoint before everything, the builds since, and the writes that the copy took."""

    savepoint: str
    builds: tuple[str, ...]
    writes: int


_states: dict[tuple[str, ...], _State] = {}
_standing: _Standing | None = None


def possible() -> bool:
    """Whether this test's database can be filled with a copy."""
    return connection.vendor == "sqlite" and connection.in_atomic_block


def begin() -> None:
    """The database stands as migrated: the first call of every test that uses states."""
    global _standing  # noqa: PLW0603  # one database per process
    _standing = _Standing(transaction.savepoint(), (), _writes()) if possible() else None


def state(*builds: Build) -> Any:
    """Brings the database from the state where it stands through these builds, and returns (a copy of) what the last one returned.

    AssertionError where something else was written since: the copy would lose it, and what is kept would hold it.
    """
    if not possible():
        return [build() for _, build in builds][-1]
    assert _standing is not None, "kept.begin() comes first"
    assert _standing.writes == _writes(), "something was written since the last state"
    wanted = (*_standing.builds, *(name for name, _ in builds))
    if wanted not in _states:
        _make(_standing, builds)
    _copy(_standing, wanted)
    return pickle.loads(_states[wanted].answer)


def _writes() -> int:
    return int(connection.connection.total_changes)


def _make(standing: _Standing, builds: Sequence[Build]) -> None:
    """Runs what is not kept yet, on the longest beginning that is."""
    first = next((n for n in range(len(builds) - 1, 0, -1) if (*standing.builds, *(name for name, _ in builds[:n])) in _states), 0)
    done = (*standing.builds, *(name for name, _ in builds[:first]))
    if first:
        _copy(standing, done)
    before, files, answer = settings.VAR, dict(_states[done].files) if done else {}, None
    var = Path(tempfile.mkdtemp(prefix="posko-kept-"))
    try:
        _fill(var, tuple(files.items()))
        if (Path(before) / KEY).exists():
            shutil.copy(Path(before) / KEY, var / KEY)
        settings.VAR = var
        for name, build in builds[first:]:
            answer, done = build(), (*done, name)
        found = {str(path.relative_to(var)): path.read_bytes() for path in sorted(var.rglob("*")) if path.is_file() and path.name != KEY}
        if not (Path(before) / KEY).exists():
            Path(before).mkdir(parents=True, exist_ok=True)
            shutil.copy(var / KEY, Path(before) / KEY)
    finally:
        settings.VAR = before
        shutil.rmtree(var, ignore_errors=True)
    _states[done] = _State(tuple(_rows(standing)), tuple(found.items()), pickle.dumps(answer))


def _rows(standing: _Standing) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """All rows that are more than the migrated database has; the builds may not have changed those that it has."""
    cursor = connection.connection.cursor()
    tables = [name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    selects = {name: _select(cursor, name) for name in tables}
    full = {name: cursor.execute(selects[name]).fetchall() for name in tables}
    last = cursor.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    transaction.savepoint_rollback(standing.savepoint)
    found = []
    for name in tables:
        old = cursor.execute(selects[name]).fetchall()
        assert full[name][: len(old)] == old, f"a state may add rows to {name}, not change those of the migrations"
        new = full[name][len(old) :]
        if new:
            found.append((f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(new[0]))})', new))
    begun = dict(cursor.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    found.append(("UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1", [row for row in last if row[0] in begun]))
    found.append(("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", [row for row in last if row[0] not in begun]))
    return found


def _select(cursor: Any, table: str) -> str:
    """All rows in the order of their writing, as stored: a sign before a column keeps Django's converters away."""
    columns = [row[1] for row in cursor.execute(f'PRAGMA table_info("{table}")')]
    return f'SELECT {", ".join(f"""+"{column}" """.strip() for column in columns)} FROM "{table}" ORDER BY rowid'


def _copy(standing: _Standing, builds: tuple[str, ...]) -> None:
    transaction.savepoint_rollback(standing.savepoint)
    if builds:
        found = _states[builds]
        cursor = connection.connection.cursor()
        for statement, rows in found.rows:
            cursor.executemany(statement, rows)
        _fill(Path(settings.VAR), found.files)
    standing.builds, standing.writes = builds, _writes()


def _fill(var: Path, files: Sequence[tuple[str, bytes]]) -> None:
    for name, data in files:
        path = var / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
