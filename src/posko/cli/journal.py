"""Recompute the journal's root of a database file: for backups, which are not the running installation."""

import sqlite3
from contextlib import closing
from pathlib import Path

from posko.ledger import tree

PREFIX = b"posko/v1\n"


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)


def root_of(database: Path) -> tuple[int, str]:
    """Size and root (hex) over the commitments in their order; (0, the empty root) when there is no journal yet."""
    with closing(_open(database)) as connection:
        if not _has_journal(connection):
            return 0, tree.Range().root().hex()
        rows = connection.execute("SELECT commitment FROM journal_entry ORDER BY leaf_index")
        grown = tree.over(PREFIX + bytes.fromhex(row[0]) for row in rows)
    return grown.size, grown.root().hex()


def _has_journal(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'journal_entry'").fetchone() is not None
