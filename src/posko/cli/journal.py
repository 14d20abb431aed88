"""Recompute the journal of a database file with nothing but sqlite3 and the ledger: for backups, which are not the running installation."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
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


def faults(database: Path) -> list[str]:
    """What is wrong with the journal, in Indonesian; empty when every entry is what its leaf committed to."""
    with closing(_open(database)) as connection:
        if not _has_journal(connection):
            return ["Tabel jurnal tidak ada."]
        found = list(_entry_faults(connection))
        head = connection.execute("SELECT size, frontier FROM journal_head").fetchone()
        rows = connection.execute("SELECT commitment FROM journal_entry ORDER BY leaf_index").fetchall()
    if head is None:
        return [*found, *(["Kepala jurnal tidak ada."] if rows else [])]
    grown = tree.over(PREFIX + bytes.fromhex(row[0]) for row in rows)
    if (grown.size, [p.hex() for p in grown.peaks]) != (head[0], json.loads(head[1])):
        found.append(f"Kepala jurnal tidak cocok dengan isinya ({head[0]} dan {grown.size} catatan).")
    return found


def _entry_faults(connection: sqlite3.Connection) -> Iterator[str]:
    query = """SELECT e.leaf_index, e.entry_id, e.commitment, o.envelope, o.envelope_salt, o.facts, o.facts_salt, o.private, o.private_salt
               FROM journal_entry e LEFT JOIN journal_opening o ON o.entry_id = e.entry_id ORDER BY e.leaf_index"""
    for expected, row in enumerate(connection.execute(query)):
        index, entry_id, commitment, envelope, envelope_salt, facts, facts_salt, private, private_salt = row
        if index != expected:
            yield f"Catatan {expected} hilang."
            return
        if envelope is None:
            yield f"Catatan {index}: isinya hilang."
            continue
        if hashlib.sha256(envelope).hexdigest() != entry_id or hashlib.sha256(envelope_salt + envelope).hexdigest() != commitment:
            yield f"Catatan {index}: isinya berubah sejak dicatat."
            continue
        said = json.loads(envelope)
        if hashlib.sha256(facts_salt + facts).hexdigest() != said["facts_hash"]:
            yield f"Catatan {index}: faktanya berubah sejak dicatat."
        if private is not None and hashlib.sha256(private_salt + private).hexdigest() != said["private_hash"]:
            yield f"Catatan {index}: bagian pribadinya berubah sejak dicatat."
