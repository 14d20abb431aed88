"""posko bench: measurements that the design promises, each with a limit and an exit code."""

import importlib
import sys
from typing import Annotated

import typer

BENCHES = {"packing": "satu pindaian pengepakan sesudah 1.000 dan sesudah 100.000 pindaian; batas 1,3"}


def bench(
    what: Annotated[str, typer.Argument(metavar="APA", help="yang diukur: " + ", ".join(BENCHES))],
    small: Annotated[int, typer.Option("--small", min=10, help="pindaian dalam basis data kecil")] = 1_000,
    large: Annotated[int, typer.Option("--large", min=10, help="pindaian dalam basis data besar")] = 100_000,
    pairs: Annotated[int, typer.Option("--pairs", min=5, max=99, help="pasangan putaran yang berselang-seling")] = 9,
) -> int:
    """Mengukur. Keluar 0 bila di bawah batas, 1 bila di atasnya atau bila hasil kedua basis data berbeda."""
    if what not in BENCHES:
        print(f"Tidak ada ukuran {what}. Yang ada: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    found: int = importlib.import_module(f"posko.cli.benchmarks.{what}").run(small, large, pairs)
    return found
