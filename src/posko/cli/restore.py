"""posko restore: a backup becomes the installation again, after every byte of it was checked."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from posko.cli import backup, installation, journal
from posko.cli.installation import DATABASE_FILE, fail, say

# All that belongs to an installation, SQLite's side files included: they must leave together.
PARTS = (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", *backup.SINGLE_FILES, *backup.FOLDERS, "demo-selesai")


def put_aside(var: Path, at: datetime) -> Path | None:
    """Move what is there into a folder beside it; None when nothing is there. Nothing is ever deleted."""
    present = [name for name in PARTS if (var / name).exists()]
    if not present:
        return None
    aside = var / f"sebelum-pemulihan-{at.astimezone():%Y%m%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for name in present:
        (var / name).rename(aside / name)
    return aside


def bring_back(var: Path, aside: Path) -> None:
    """Undo put_aside."""
    for path in aside.iterdir():
        goal = var / path.name
        if goal.is_dir():
            shutil.rmtree(goal)
        elif goal.exists():
            goal.unlink()
        path.rename(goal)
    aside.rmdir()


def put_in(file: Path, var: Path, at: datetime) -> tuple[backup.Manifest, Path | None]:
    """Check, put the present installation aside, move the restored one in. Raises Damaged before anything was touched, or OSError."""
    var.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pulih-", dir=var) as scratch:
        folder = Path(scratch) / "isi"
        manifest = backup.unpack(file, folder)
        aside = put_aside(var, at)
        try:
            for path in sorted(folder.iterdir()):
                path.rename(var / path.name)
        except OSError:
            if aside:
                bring_back(var, aside)
            raise
    return manifest, aside


def restore(
    file: Annotated[Path, typer.Argument(help="Berkas cadangan (posko-....tar.gz)", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Data yang ada disingkirkan ke folder di sebelahnya, lalu diganti")] = False,
) -> None:
    """Memeriksa berkas cadangan sampai bita terakhir, memulihkannya, lalu menghitung ulang akar jurnal."""
    if not file.is_file():
        fail(f"Berkas {file} tidak ada.", 2)
    if installation.on_postgresql():
        fail("Basis data ada di PostgreSQL: pulihkan dengan pg_restore. Perintah ini hanya untuk SQLite.")
    var = installation.var_folder()
    if installation.has_data(var) and not replace:
        fail(f"Di {var} sudah ada data. Posko tidak menimpanya. Dengan --replace data itu disingkirkan (tidak dihapus), lalu diganti.")
    with installation.stopped(var):
        try:
            manifest, aside = put_in(file, var, datetime.now(UTC))
        except backup.Damaged as damage:
            fail(f"Tidak ada yang diubah. {damage}\nPakai cadangan lain.")
        except OSError as error:
            fail(f"Pemulihan gagal: {error.strerror or error}. Data sebelumnya tetap di tempatnya.")
        size, root = journal.root_of(var / DATABASE_FILE)
    say(f"Cadangan dari {manifest.made_at} dipulihkan ke {var}.\n{backup.summary(manifest)}")
    say(f"Akar jurnal dihitung ulang: {root} ({size} catatan): sama dengan saat dicadangkan.")
    if aside:
        say(f"Data sebelumnya ada di {aside}; hapus sendiri bila sudah pasti tidak diperlukan.")
    installation.start()
    if installation.pending_migrations():
        say("Cadangan ini dari versi Posko yang lebih lama. Sebelum menjalankan: ./posko upgrade")
