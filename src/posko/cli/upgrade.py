"""posko upgrade: back up, bring the tables to this version, and prove that the journal is still the same journal."""

from datetime import UTC, datetime

from posko.cli import backup, installation
from posko.cli.installation import fail, say

_FAULTS = {
    "gap": "nomornya hilang",
    "opening_missing": "isinya hilang",
    "entry_id": "isinya berubah sejak dicatat",
    "commitment": "isinya berubah sejak dicatat",
    "facts": "faktanya berubah sejak dicatat",
    "private": "bagian pribadinya berubah sejak dicatat",
    "columns": "kolomnya tidak sama dengan isinya",
    "signature": "tanda tangannya tidak cocok",
    "chain": "tidak menyambung dengan catatan sebelumnya",
    "head": "kepala jurnal tidak cocok dengan isinya",
}


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
    from posko.store import record

    found = record.verify()
    if found.faults:
        lines = [f"   catatan {index}: {_FAULTS.get(code, code)}" for index, code in found.faults[:10]]
        fail("3. Jurnal bermasalah:\n" + "\n".join(lines) + f"\nKembalikan: ./posko restore {target} --replace")
    if (found.size, found.root) != (before.journal_size, before.journal_root):
        fail(f"3. Jurnal berubah oleh pembaruan ini; itu tidak boleh terjadi. Kembalikan: ./posko restore {target} --replace")
    say(f"3. Jurnal: {found.size} catatan diperiksa satu per satu, akar {found.root}, sama dengan sebelum pembaruan")
    say("Selesai. Jalankan: ./posko serve")
