"""What every command must know about the installation it works on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[3]
SETTINGS_FILE = "posko.toml"
DATABASE_FILE = "posko.sqlite3"
DRILL_FILE = "gladi.toml"


def var_folder() -> Path:
    """Where this installation's data lie: POSKO_VAR, or var in the project."""
    return Path(os.environ.get("POSKO_VAR") or ROOT / "var").resolve()


def is_real(var: Path) -> bool:
    """Made by `posko init` (a demo has no settings file)."""
    return (var / SETTINGS_FILE).is_file()


def is_drill(var: Path) -> bool:
    """Made by `posko gladi mulai`: a copy in which people practise."""
    return (var / DRILL_FILE).is_file()


def has_data(var: Path) -> bool:
    """Is there anything that must not be overwritten?"""
    return is_real(var) or (var / DATABASE_FILE).is_file()


def on_postgresql() -> bool:
    """Is the database outside the var folder?"""
    return os.environ.get("POSKO_DATABASE_URL", "").startswith(("postgresql://", "postgres://"))


def start() -> Any:
    """Django, set up for this installation; returns its settings. Call after POSKO_VAR and the like are final."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posko.server.settings")
    import django
    from django.conf import settings

    django.setup()
    return settings


def migrate() -> None:
    """Tables of this version."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def pending_migrations() -> list[str]:
    """Names of table changes that this database has not seen."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def say(text: str = "") -> None:
    """A line, at once."""
    print(text, flush=True)


def fail(text: str, code: int = 1) -> NoReturn:
    """Stop with a sentence that says what to do."""
    import typer

    print(text, file=sys.stderr, flush=True)
    raise typer.Exit(code)


def need_installation(var: Path) -> None:
    """Stop when there is nothing to work on."""
    if not has_data(var) and not on_postgresql():
        fail(f"Belum ada pemasangan di {var}.\nBuat dulu: ./posko init   (atau lihat contohnya: ./posko demo)")


@contextmanager
def alone(var: Path) -> Iterator[bool]:
    """Hold this installation for oneself; yields False when a running Posko (or an upgrade, a restore) holds it already."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "posko.lock").open("a+b") as file:
        try:
            import fcntl
        except ImportError:  # Windows: not guarded
            yield True
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


@contextmanager
def stopped(var: Path) -> Iterator[None]:
    """For what must not happen under a running Posko."""
    with alone(var) as free:
        if not free:
            fail("Posko sedang berjalan (atau sedang diperbarui/dipulihkan) di folder data ini. Hentikan dulu dengan Ctrl+C.")
        yield
