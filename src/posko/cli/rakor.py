"""`posko rakor verify FILE`: recompute the hash of a pack from its JSON alone; needs no database."""

import json
from pathlib import Path
from typing import Annotated

import typer

from posko.domain import rakor as rules


def rakor(
    act: Annotated[str, typer.Argument(help="verify: hitung ulang sidik jari paket", show_default=False)],
    file: Annotated[Path, typer.Argument(help="Berkas paket-rakor-….json", exists=True, dir_okay=False)],
) -> None:
    """Menghitung ulang sidik jari sebuah paket rakor dari berkas JSON-nya."""
    if act != "verify":
        typer.echo("Pilihannya: verify", err=True)
        raise typer.Exit(2)
    try:
        data = file.read_bytes()
        document = json.loads(data)
        found = rules.recompute(data)
    except (ValueError, KeyError, TypeError, AttributeError, rules.NotCanonical):
        typer.echo("Berkas ini bukan paket rakor.", err=True)
        raise typer.Exit(1) from None
    withheld = document.get("withheld", {})
    typer.echo(f"Sidik jari {found}")
    for name, value in sorted(rules.section_hashes(document["sections"], withheld).items()):
        typer.echo(f"  {name:<16} {value}{'  (tidak dimuat)' if name in withheld else ''}")
    typer.echo("Cocokkan dengan sidik jari pada setiap halaman paket yang dicetak.")
