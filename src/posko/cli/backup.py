"""posko backup: one file that holds the whole installation, made while it runs, read again before it counts.

A backup is a tar.gz whose first member is manifest.json; the manifest names every other member with its size and SHA-256, and the size
and root of the journal inside. The database is copied with SQLite's online backup; documents are never changed once written, so copying
them after the database cannot miss one.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from posko.cli import installation, journal
from posko.cli.installation import DATABASE_FILE, SETTINGS_FILE, fail, say

FORMAT = "posko-backup/1"
MANIFEST = "manifest.json"
FOLDER = "backups"
LARGEST_MANIFEST = 64 * 1024 * 1024
# What an installation is made of, beside its database.
SINGLE_FILES = (SETTINGS_FILE, "secret.key", "desk.key")
FOLDERS = ("documents", "evidence", "tls")


class Damaged(Exception):
    """A backup that must not be trusted; the text says where."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself."""

    made_at: str
    region: str
    journal_size: int
    journal_root: str
    files: dict[str, tuple[int, str]]

    def as_json(self) -> bytes:
        """Sorted keys, readable."""
        files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in self.files.items()}
        head = {"format": FORMAT, "made_at": self.made_at, "region": self.region}
        body = {**head, "journal": {"size": self.journal_size, "root": self.journal_root}, "files": files}
        return json.dumps(body, sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Raises Damaged."""
        try:
            body = json.loads(data)
            if body["format"] != FORMAT:
                raise Damaged(f"Bentuk cadangan tidak dikenal: {body['format']}. Mungkin dari versi Posko yang lebih baru.")
            files = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in body["files"].items()}
            return cls(str(body["made_at"]), str(body["region"]), int(body["journal"]["size"]), str(body["journal"]["root"]), files)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged("Daftar isi cadangan rusak.") from error


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy while others write; raises Damaged when SQLite finds fault with it."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    check_database(target)


def check_database(path: Path) -> None:
    """SQLite's own integrity check."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise Damaged(f"Basis data rusak: {error}") from error
    if answer != "ok":
        raise Damaged(f"Basis data rusak: {answer}")


def members(var: Path) -> Iterator[tuple[str, Path]]:
    """Names in the backup and the files they come from, without the database."""
    for name in SINGLE_FILES:
        if (var / name).is_file():
            yield name, var / name
    for folder in FOLDERS:
        for path in sorted((var / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix not in (".new", ".part"):
                yield path.relative_to(var).as_posix(), path


def make(var: Path, target: Path, at: datetime) -> Manifest:
    """Write the backup, read it again, then give it its name. Raises Damaged or OSError; a half file never has the final name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".cadangan-", dir=target.parent) as scratch:
        database = Path(scratch) / DATABASE_FILE
        copy_database(var / DATABASE_FILE, database)
        files = {DATABASE_FILE: database, **dict(members(var))}
        size, root = journal.root_of(database)
        manifest = Manifest(
            at.isoformat(timespec="seconds"), region_of(var), size, root, {name: digest_of(path) for name, path in files.items()}
        )
        part = Path(scratch) / "backup.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as archive:
                body = manifest.as_json()
                head = tarfile.TarInfo(MANIFEST)
                head.size, head.mtime, head.mode = len(body), int(at.timestamp()), 0o600
                archive.addfile(head, io.BytesIO(body))
                for name, path in files.items():
                    archive.add(path, arcname=name, recursive=False)
            raw.flush()
            os.fsync(raw.fileno())
        unpack(part, Path(scratch) / "check")
        part.replace(target)
    return manifest


def region_of(var: Path) -> str:
    """The region in the settings file, "" for a demo."""
    import tomllib

    file = var / SETTINGS_FILE
    return str(tomllib.loads(file.read_text(encoding="utf-8")).get("region", "")) if file.is_file() else ""


def unpack(source: Path, folder: Path) -> Manifest:
    """Unpack into a new folder, checking every byte against the manifest and the journal's root. Raises Damaged."""
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            manifest = _manifest(archive)
            found: set[str] = set()
            for member in archive:
                if member.name != MANIFEST:
                    _unpack_one(archive, member, manifest, folder)
                    found.add(member.name)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Damaged(f"Berkas cadangan rusak atau terpotong ({error}).") from error
    lost = sorted(set(manifest.files) - found)
    if lost:
        raise Damaged(f"Berkas {lost[0]} hilang dari cadangan.")
    if DATABASE_FILE not in found:
        raise Damaged("Cadangan ini tidak berisi basis data.")
    check_database(folder / DATABASE_FILE)
    if journal.root_of(folder / DATABASE_FILE) != (manifest.journal_size, manifest.journal_root):
        raise Damaged("Akar jurnal di cadangan tidak sama dengan yang tercatat saat dibuat.")
    return manifest


def _manifest(archive: tarfile.TarFile) -> Manifest:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.name == MANIFEST and first.size < LARGEST_MANIFEST else None
    if stream is None:
        raise Damaged("Ini bukan cadangan Posko.")
    return Manifest.from_json(stream.read())


def _unpack_one(archive: tarfile.TarFile, member: tarfile.TarInfo, manifest: Manifest, folder: Path) -> None:
    """One member, whose name and bytes must be what the manifest says: nothing else is ever written."""
    expected = manifest.files.get(member.name)
    goal = (folder / member.name).resolve()
    if expected is None or not member.isreg() or not goal.is_relative_to(folder.resolve()):
        raise Damaged(f"Cadangan berisi yang tidak semestinya: {member.name}")
    stream = archive.extractfile(member)
    if stream is None:
        raise Damaged(f"Berkas {member.name} tidak terbaca.")
    goal.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(goal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(stream, out)
    if digest_of(goal) != expected:
        raise Damaged(f"Isi berkas {member.name} berubah sejak dicadangkan.")


def default_target(var: Path, at: datetime) -> Path:
    """var/backups/posko-19.06-20240213-200000.tar.gz, in the machine's own time."""
    region = region_of(var)
    return var / FOLDER / f"posko-{region + '-' if region else ''}{at.astimezone():%Y%m%d-%H%M%S}.tar.gz"


def summary(manifest: Manifest) -> str:
    """Two lines for people."""
    size = sum(size for size, _ in manifest.files.values())
    return (
        f"  {len(manifest.files)} berkas, {size / 1_000_000:.1f} MB sebelum dimampatkan\n".replace(".", ",")
        + f"  jurnal: {manifest.journal_size} catatan, akar {manifest.journal_root}"
    )


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Nama berkas atau folder tujuan (bawaan: folder data/backups)", show_default=False)
    ] = None,
) -> None:
    """Menulis satu berkas cadangan yang utuh, selagi Posko berjalan, lalu membacanya kembali untuk memastikan."""
    var = installation.var_folder()
    installation.need_installation(var)
    if installation.on_postgresql():
        fail("Basis data ada di PostgreSQL: cadangkan dengan pg_dump, dan salin folder data. Perintah ini hanya untuk SQLite.")
    at = datetime.now(UTC)
    target = file or default_target(var, at)
    if target.is_dir():
        target = target / default_target(var, at).name
    if target.exists():
        fail(f"{target} sudah ada; cadangan tidak menimpa berkas lain.", 2)
    try:
        manifest = make(var, target, at)
    except Damaged as damage:
        fail(f"Cadangan tidak dibuat. {damage}")
    except OSError as error:
        fail(f"Cadangan tidak dapat ditulis ke {target}: {error.strerror or error}")
    say(f"Cadangan: {target}\n{summary(manifest)}")
    say("Simpan salinannya di luar laptop ini. Isinya rahasia: siapa pun yang memegangnya memegang semua data.")
