"""States of the database that are made once; every test then stands on a copy of one within a millisecond.

A state is what a chain of builds leaves behind, beginning with the database as migrated: the bytes of a whole SQLite database, and the
files beside it. While a test uses states, Django's connection speaks to a database in memory of this process alone, into which those
bytes are put; the database that the run began with stays as it is, and `begun` gives it back. Where that cannot be done (PostgreSQL,
tests that commit) the same builds simply run.

A process makes its own states, unless STATES names a folder: `posko test` gives all its processes one, new and gone with the run, so that
what one of them made is there for the others.
"""

import hashlib
import os
import pickle
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection

from posko.store import record

Build = tuple[str, Callable[[], Any]]
STATES = "POSKO_TEST_STATES"
KEY = "desk.key"  # the desk's key is its own before and after; every other file under VAR belongs to the state


@dataclass(frozen=True)
class _State:
    """The database, files by their place under VAR, and what the last build returned."""

    database: bytes
    files: tuple[tuple[str, bytes], ...]
    answer: bytes


@dataclass
class _Standing:
    """Where the database of this test stands: the builds since the migrations, and the writes that its connection had made by then."""

    builds: tuple[str, ...]
    writes: int


_states: dict[tuple[str, ...], _State] = {}
_standing: _Standing | None = None
_own: sqlite3.Connection | None = None


def migrated_once() -> None:
    """The next `migrate` of this process takes what another process of the run migrated, or leaves it for the others."""
    if connection.vendor != "sqlite" or not os.environ.get(STATES):
        return
    plain = migrate.Command.handle

    def handle(*given: Any, **options: Any) -> Any:
        migrate.Command.handle = plain  # type: ignore[method-assign]
        connection.ensure_connection()
        if not _found(()):
            plain(*given, **options)
            _keep((), _State(connection.connection.serialize(), (), pickle.dumps(None)))
            return
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(_states[()].database)
            source.backup(connection.connection)

    migrate.Command.handle = handle  # type: ignore[method-assign]


def taken() -> bool:
    """Whether the database file of this process, a program of a test, now is as another process of the run migrated its own."""
    if connection.vendor != "sqlite" or not _found(()):
        return False
    Path(settings.DATABASES["default"]["NAME"]).write_bytes(_states[()].database)
    return True


def own_file() -> None:
    """The database file of this process, a program of a test: `taken`, or made of the models as they are."""
    if not taken():
        settings.MIGRATION_MODULES = {"store": None}
        call_command("migrate", run_syncdb=True, verbosity=0)


@contextmanager
def begun() -> Iterator[None]:
    """The database stands as migrated; within this, `state` may be called. Afterwards what was written here is gone.

    IntegrityError at the end where a row refers to one that is not there, as Django's own tests tell it.
    """
    global _standing  # noqa: PLW0603  # one database per process
    if connection.vendor != "sqlite" or not connection.in_atomic_block:
        _standing = None
        yield
        return
    lent = connection.connection
    if not _found(()):
        _keep((), _State(lent.serialize(), (), pickle.dumps(None)))
    connection.connection = _connection(lent)
    _standing = _Standing((), 0)
    try:
        _copy(_standing, ())
        yield
        if not connection.needs_rollback:
            connection.check_constraints()
    finally:
        connection.connection.execute("ROLLBACK")
        connection.connection, _standing = lent, None


def state(*builds: Build) -> Any:
    """Brings the database from the state where it stands through these builds, and returns (a copy of) what the last one returned.

    AssertionError where something else was written since: the copy would lose it, and what is kept would hold it.
    """
    if connection.vendor != "sqlite" or not connection.in_atomic_block:
        return [build() for _, build in builds][-1]
    assert _standing is not None, "kept.begun() comes first"
    assert _standing.writes == connection.connection.total_changes, "something was written since the last state"
    wanted = (*_standing.builds, *(name for name, _ in builds))
    if not _found(wanted):
        _make(_standing, builds)
    _copy(_standing, wanted)
    return pickle.loads(_states[wanted].answer)


def _connection(lent: sqlite3.Connection) -> sqlite3.Connection:
    """This process's own database in memory, opened by Django as it opens every other."""
    global _own  # noqa: PLW0603  # one database per process
    if _own is None:
        _own = connection.get_new_connection(connection.get_connection_params() | {"database": ":memory:"})
        _own.isolation_level = lent.isolation_level
    return _own


def _make(standing: _Standing, builds: Sequence[Build]) -> None:
    """Runs what is not kept yet, on the longest beginning that is."""
    first = next((n for n in range(len(builds) - 1, 0, -1) if _found((*standing.builds, *(name for name, _ in builds[:n])))), 0)
    done = (*standing.builds, *(name for name, _ in builds[:first]))
    if first:
        _copy(standing, done)
    before, files, answer = settings.VAR, dict(_states[done].files), None
    var = Path(tempfile.mkdtemp(prefix="posko-kept-"))
    try:
        _fill(var, (*files.items(), (KEY, record._desk_key())))
        settings.VAR = var
        for name, build in builds[first:]:
            answer, done = build(), (*done, name)
        found = {str(path.relative_to(var)): path.read_bytes() for path in sorted(var.rglob("*")) if path.is_file() and path.name != KEY}
    finally:
        settings.VAR = before
        shutil.rmtree(var, ignore_errors=True)
    connection.check_constraints()
    connection.connection.execute("COMMIT")
    _keep(done, _State(connection.connection.serialize(), tuple(found.items()), pickle.dumps(answer)))
    _begin()


def _keep(builds: tuple[str, ...], made: _State) -> None:
    _states[builds] = made
    if place := _place(builds):
        part = place.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(made))
        part.replace(place)  # whole or not at all: another process never reads half a state


def _found(builds: tuple[str, ...]) -> bool:
    """Whether this state is kept, by this process or by another one of the run."""
    place = _place(builds)
    if builds not in _states and place and place.exists():
        _states[builds] = pickle.loads(place.read_bytes())
    return builds in _states


def _place(builds: tuple[str, ...]) -> Path | None:
    folder = os.environ.get(STATES)
    return Path(folder) / f"{hashlib.sha256(repr(builds).encode()).hexdigest()}.state" if folder else None


def _copy(standing: _Standing, builds: tuple[str, ...]) -> None:
    """Puts a state where the connection's database was."""
    found, raw = _states[builds], connection.connection
    if raw.in_transaction:
        raw.execute("ROLLBACK")
    raw.deserialize(found.database)
    _begin()
    _fill(Path(settings.VAR), found.files)
    standing.builds, standing.writes = builds, raw.total_changes


def _begin() -> None:
    """The transaction and the savepoints that Django has open."""
    connection.connection.execute("BEGIN")
    for name in filter(None, connection.savepoint_ids):
        connection.connection.execute(f"SAVEPOINT {connection.ops.quote_name(name)}")


def _fill(var: Path, files: Sequence[tuple[str, bytes]]) -> None:
    for name, data in files:
        path = var / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
