"""posko bench: measurements that the design promises, each with a limit and an exit code.

A measurement is a module in `cli/benchmarks` with a function `bench` whose annotated parameters are its own options; a line in BENCHES
names it. The module is imported when it is called.
"""

import importlib
import sys

from posko.cli import main

BENCHES = {
    "forecast": "inti prakiraan dibanding numpy biasa, sesudah gerbang statistik; lantai 10 kali",
    "packing": "satu pindaian pengepakan sesudah 1.000 dan sesudah 100.000 pindaian; batas 1,3",
    "routes": "mesin rute pada sepuluh kabupaten nyata, dibanding OR-Tools, VROOM dan PyVRP; --academic FOLDER: berkas VRPLIB",
    "replan": "menyusun ulang sesudah gangguan: perhentian yang tetap pada kendaraannya terhadap biaya; sasaran 90 % dengan biaya +2 %",
}


def listing() -> str:
    """All measurements, for people."""
    width = max(map(len, BENCHES))
    lines = "\n".join(f"  {name:<{width}}  {line}" for name, line in BENCHES.items())
    return (
        "Cara pakai: ./posko bench APA [PILIHAN]\n\nMengukur. Keluar 0 bila sasaran tercapai, 1 bila tidak, 2 bila tidak dapat diukur.\n\n"
        f"{lines}\n\nPilihan satu ukuran: ./posko bench APA --help"
    )


def bench(arguments: list[str]) -> int:
    """Runs one measurement with its own options: 0 within its limits, 1 outside, 2 called wrongly."""
    what, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if what in ("--help", "-h", "help"):
        print(listing())
        return 0
    if what not in BENCHES:
        print(f"Tidak ada ukuran {what}. Yang ada: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    module = importlib.import_module(f"posko.cli.benchmarks.{what}")
    return main.run_typed(f"bench {what}", module.bench, rest)
