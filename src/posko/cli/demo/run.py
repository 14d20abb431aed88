"""`posko demo`: loads Belitung Timur, does the whole main job while saying each step with its figures, and serves it."""

import importlib
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from posko.cli.demo.context import Context

STEPS = (
    ("access", "Orang dan peran"),
    ("places", "Tempat"),
    ("regulation", "Aturan dan kalender"),
    ("dpt", "Pemilih"),
    ("needs", "Kebutuhan"),
    ("receipts", "Penerimaan"),
    ("sorting", "Sortir dan lipat"),
    ("seals", "Segel"),
    ("packing", "Pengepakan"),
    ("sampling", "Uji petik"),
    ("pledges", "Janji dukungan"),
    ("keys", "Kunci gudang"),
    ("distribution", "Rencana distribusi"),
    ("readiness", "Kesiapan"),
    ("reports", "Laporan"),
    ("posts", "Posko dan piket"),
    ("merging", "Gabungan laporan"),
    ("aght", "AGHT"),
    ("weather", "Cuaca laut"),
    ("replanning", "Rencana disusun ulang"),
    ("returns", "Arus balik"),
    ("custody", "Serah terima"),
    ("forecast", "Prakiraan"),
    ("recommendations", "Rekomendasi"),
    ("products", "Produk posko"),
    ("transfers", "Geser surat suara"),
    ("requests", "Permintaan antarlembaga"),
    ("rakor", "Rakor"),
    ("materials", "Bahan rakor"),
    ("disputes", "Selisih angka"),
    ("minutes", "Notula"),
    ("releases", "Terbitan"),
    ("neutrality", "Uji netral"),
    ("calls", "Daftar telepon"),
    ("drill", "Kejujuran prakiraan"),
)
_DONE = "demo-selesai"


def main(*, serve: bool, fresh: bool, port: int) -> int:
    """Runs the demonstration; returns the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posko.server.settings")
    from django.conf import settings

    var = Path(settings.VAR)
    marker = var / _DONE
    if not fresh and not marker.exists() and _foreign(var):
        console.print(
            f"[red]Folder data {var} berisi instalasi sungguhan atau demo yang terputus.[/red] Demo tidak menimpanya. "
            "Pakai --fresh untuk memulai demo dari awal, atau setel POSKO_VAR ke folder lain."
        )
        return 2
    if fresh and _real(var):
        console.print(f"[red]Folder data {var} berisi instalasi sungguhan atau gladi; tidak dihapus.[/red] Setel POSKO_VAR ke folder lain.")
        return 2
    if fresh:
        _clear(var)
    var.mkdir(parents=True, exist_ok=True)
    import django

    django.setup()
    if marker.exists() and not _stale(marker):
        console.print(marker.read_text(encoding="utf-8").split("\n", 1)[1].rstrip())
        console.print("[dim]Demo sudah lengkap; --fresh memulai dari awal.[/dim]")
    else:
        if marker.exists():
            console.print("[dim]Program berubah sejak demo terakhir; demo dibuat ulang.[/dim]")
            from django.db import connections

            connections.close_all()
            _clear(var)
        _perform(console, var, Path(settings.ROOT), marker)
    if not serve:
        return 0
    return _serve(console, port)


def _real(var: Path) -> bool:
    """A real installation, or a drill: neither is a demo's to clear."""
    return (var / "posko.toml").exists() or (var / "gladi.toml").exists()


def _foreign(var: Path) -> bool:
    return _real(var) or (var / "posko.sqlite3").exists()


def _clear(var: Path) -> None:
    """Removes what a demo made, nothing else."""
    for name in ("posko.sqlite3", "posko.sqlite3-wal", "posko.sqlite3-shm", _DONE):
        (var / name).unlink(missing_ok=True)
    for folder in ("documents", "evidence"):
        shutil.rmtree(var / folder, ignore_errors=True)


def _version() -> str:
    """Changes when the program's own files change, so that a demo is never shown with another program's data."""
    import hashlib

    from django.conf import settings

    digest = hashlib.sha256()
    for folder, pattern in (("src/posko", "**/*.py"), ("scenarios", "**/*"), ("rulebooks", "*")):
        for path in sorted((Path(settings.ROOT) / folder).glob(pattern)):
            if path.is_file() and "desk" not in path.parts and "public" not in path.parts and "server" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _stale(marker: Path) -> bool:
    return marker.read_text(encoding="utf-8").split("\n", 1)[0] != _version()


def _perform(console: Console, var: Path, root: Path, marker: Path) -> None:
    from django.core.management import call_command

    started = time.monotonic()
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        console.print(text)

    console.print("[bold]Posko: demo Belitung Timur[/bold]")
    call_command("migrate", verbosity=0, interactive=False)
    from posko.formats import text
    from posko.store import record

    record.install(name="Belitung Timur", region="19.06", demo=True, at=datetime.now(UTC))
    context = Context(root=root, var=var, say=say, people={})
    for number, (stage, title) in enumerate(STEPS, start=1):
        step = time.monotonic()
        heading = f"{number:2d}. {title}"
        said.append(heading)
        console.print(f"[bold]{heading}[/bold]")
        importlib.import_module(f"posko.cli.demo.{stage}").run(context)
        console.print(f"    [dim]{time.monotonic() - step:.1f} detik[/dim]")
    record.set_clock(context.rakor_at, context.people["kartika"], machine_at=datetime.now(UTC))
    size, digest = record.root()
    say(f"Jurnal: {text.angka(size)} catatan, akar {digest}")
    console.print(f"Selesai dalam {time.monotonic() - started:.0f} detik. Data di {var}.")
    temporary = marker.with_suffix(".tmp")
    temporary.write_text(_version() + "\n" + "\n".join(said) + "\n", encoding="utf-8")
    temporary.replace(marker)


def _serve(console: Console, port: int) -> int:
    from posko.cli import serve as serving

    console.print(
        f"\nBuka [bold]http://localhost:{port}[/bold]. Masuk sebagai ani, citra, budi ... dengan sandi posko-demo. Ctrl+C untuk berhenti."
    )
    sys.stdout.flush()
    return serving.run(host="127.0.0.1", port=port, tls=False)
