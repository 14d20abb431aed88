"""Recompute the journal's root of a database file: for backups, which are not the running installation."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

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


def journal(act: Annotated[str, typer.Argument(help="verify: hitung ulang seluruh jurnal", show_default=False)]) -> None:
    """Menghitung ulang setiap sidik jari, tanda tangan, urutan, dan akar jurnal, lalu menyebut yang tidak cocok."""
    from posko.cli import installation

    if act != "verify":
        installation.fail("Pilihannya: verify", 2)
    installation.need_installation(installation.var_folder())
    installation.start()
    from posko.store import record

    found = record.verify()
    installation.say(f"Jurnal: {found.size} catatan, akar {found.root}")
    if found.faults:
        installation.fail("Tidak cocok:\n" + "\n".join(f"  catatan {index}: {code}" for index, code in found.faults[:50]))
    installation.say("Semua cocok.")
