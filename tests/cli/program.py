"""The program as people call it, and the flags of an installation."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--yes", "--region", "19.06", "--name", "Belitung Timur", "--election", "pemilu-2024", "--voting-date", "pemilu-2024=2024-02-14",

    "--user", "kartika:admin.sistem:Kartika", "--scenario", "beltim-2024", "--user", "ani:kpu.operator:Ani",
    "--user", "budi:ppk.anggota:Budi:19.06.02",
]  # fmt: skip


def environment(var: Path) -> dict[str, str]:
    """This data folder, on SQLite."""
    return {k: v for k, v in os.environ.items() if k != "POSKO_DATABASE_URL"} | {"POSKO_VAR": str(var)}


def run(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """./posko ... on this data folder, without a terminal."""
    program = arguments if arguments[0] == "-c" else ("-m", "posko", *arguments)
    return subprocess.run(
        [sys.executable, "-P", *program],
        cwd=ROOT,
        env=environment(var),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
