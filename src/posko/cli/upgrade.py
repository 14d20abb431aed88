"""posko upgrade: back up, bring the tables to this version, and prove that the journal is still the same journal."""

from datetime import UTC, datetime

from posko.cli import backup, installation, journal
from posko.cli.installation import DATABASE_FILE, fail, say


def upgrade() -> None:
    """Mencadangkan, memperbarui tabel ke versi ini, lalu membuktikan bahwa jurnal tidak berubah."""
    var = installation.var_folder()
    installation.need_installation(var)
    if installation.on_postgresql():
        fail("Basis data ada di PostgreSQL: cadangkan dengan pg_dump, lalu jalankan `python -m django migrate`.")
    with installation.stopped(var):
        _upgrade()


def _upgrade() -> None:
    var = installation.var_folder()
    at = datetime.now(UTC)
    target = backup.default_target(var, at)
    try:
        before = backup.make(var, target, at)
    except (backup.Damaged, OSError) as error:
        fail(f"Cadangan gagal dibuat, jadi pembaruan tidak dimulai. {error}")
    say(f"1. Cadangan: {target}")
    installation.start()
    pending = installation.pending_migrations()
    try:
        installation.migrate()
    except Exception as error:  # whatever a migration raises, the way back is the same
        fail(f"Pembaruan tabel gagal: {error}\nKembalikan keadaan semula: ./posko restore {target} --replace")
    say(f"2. Tabel: {len(pending)} perubahan" if pending else "2. Tabel: sudah sesuai versi ini")
    from django.db import connections

    connections.close_all()
    faults = journal.faults(var / DATABASE_FILE)
    if faults:
        fail("3. Jurnal bermasalah:\n   " + "\n   ".join(faults[:10]) + f"\nKembalikan: ./posko restore {target} --replace")
    size, root = journal.root_of(var / DATABASE_FILE)
    if (size, root) != (before.journal_size, before.journal_root):
        fail(f"3. Jurnal berubah oleh pembaruan ini; itu tidak boleh terjadi. Kembalikan: ./posko restore {target} --replace")
    say(f"3. Jurnal: {size} catatan, akar {root}, sama dengan sebelum pembaruan")
    say("Selesai. Jalankan: ./posko serve")
