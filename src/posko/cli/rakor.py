"""`posko rakor verify FILE`: recompute the hash of a pack from its JSON alone; needs no database."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from posko.domain import rakor as rules
from posko.formats import rakor as printed

SHORTEST = 8
"""Digits of a printed hash that are enough to compare: the short form stands under every short text."""


def rakor(
    act: Annotated[str, typer.Argument(help="verify: hitung ulang sidik jari paket", show_default=False)],
    file: Annotated[Path, typer.Argument(help="Berkas paket-rakor-….json", exists=True, dir_okay=False)],
    other: Annotated[Path | None, typer.Argument(help="Berkas kedua: sebutkan bagian yang berbeda", exists=True, dir_okay=False)] = None,
    printed_hash: Annotated[str, typer.Option("--sidik", help="Sidik jari yang tercetak, paling sedikit 8 huruf pertama")] = "",
) -> None:
    """Menghitung ulang sidik jari sebuah paket rakor dari berkas JSON-nya, dan menyebut bagian yang berbeda."""
    if act != "verify":
        typer.echo("Pilihannya: verify", err=True)
        raise typer.Exit(2)
    document, found = _read(file)
    withheld = document.get("withheld", {})
    typer.echo(f"Sidik jari {found}")
    for name, value in sorted(rules.section_hashes(document["sections"], withheld).items()):
        typer.echo(f"  {name:<18} {value}{'  (tidak dimuat)' if name in withheld else ''}")
    wrong = _altered(file, document, found)
    wrong = (_different(file, other, found) if other else False) or wrong
    wrong = (_unlike_print(printed_hash, found) if printed_hash else False) or wrong
    if wrong:
        raise typer.Exit(1)
    if not printed_hash:
        typer.echo("Cocokkan dengan sidik jari pada setiap halaman paket yang dicetak.")


def _read(file: Path) -> tuple[dict[str, Any], str]:
    try:
        data = file.read_bytes()
        document = json.loads(data)
        return document, rules.recompute(data)
    except rules.Foreign as refusal:
        typer.echo(f"Tata letak {refusal.facts['layout']} tidak dikenal. Perbarui Posko, atau minta berkasnya lagi.", err=True)
    except (ValueError, KeyError, TypeError, AttributeError, rules.NotCanonical):
        typer.echo(f"Berkas ini bukan paket rakor: {file.name}", err=True)
    raise typer.Exit(1)


def _named(sections: tuple[str, ...]) -> str:
    return ", ".join(f"{name} ({printed.section_name(name)})" for name in sections)


def _altered(file: Path, document: dict[str, Any], found: str) -> bool:
    """What the file states of itself; it proves nothing, but it names the place of a change."""
    try:
        changed = rules.altered(file.read_bytes())
        stated = str(document.get("stated", {}).get("digest", found))
    except (AttributeError, TypeError):
        typer.echo("Keterangan sidik jari dalam berkas ini rusak.", err=True)
        return True
    if changed:
        typer.echo(f"BERUBAH: isi bagian {_named(changed)} tidak cocok dengan sidik jari yang tertulis dalam berkas.", err=True)
    elif stated != found:
        typer.echo(f"BERUBAH: berkas menyebut sidik jari {stated[:64]}, isinya {found}.", err=True)
    return bool(changed) or stated != found


def _different(file: Path, other: Path, found: str) -> bool:
    _, second = _read(other)
    if second == found:
        typer.echo(f"{other.name}: paket yang sama.")
        return False
    apart = rules.unequal(file.read_bytes(), other.read_bytes())
    typer.echo(f"BERBEDA: {other.name} bersidik jari {second}. Bagian yang berbeda: {_named(apart) or 'tata letak'}.", err=True)
    return True


def _unlike_print(said: str, found: str) -> bool:
    typed = "".join(said.split()).rstrip("…").lower()
    if len(typed) < SHORTEST:
        typer.echo(f"Sidik jari yang diketik terlalu pendek: paling sedikit {SHORTEST} huruf pertama.", err=True)
        return True
    if not found.startswith(typed):
        typer.echo(f"TIDAK COCOK: yang tercetak {typed}, isi berkas ini {found}.", err=True)
        return True
    typer.echo("COCOK dengan sidik jari yang tercetak.")
    return False
