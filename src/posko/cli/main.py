"""The commands, by name. A command's module is imported when it is called, so that the list of them appears at once."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Command(NamedTuple):
    """Where a command lives, and the line that the list shows."""

    module: str
    function: str
    line: str


COMMANDS: dict[str, Command] = {
    "demo": Command("posko.cli.demonstration", "demo", "contoh lengkap Belitung Timur, lalu dilayani di http://localhost:8000"),
    "test": Command("posko.cli.test", "test", "semua pemeriksaan: gaya, tipe, kontrak impor, uji, peramban, dokumen, demo"),
    "setup": Command("posko.cli.setup", "main", "hanya menyiapkan lingkungan; sesudah itu internet tidak diperlukan"),
    "init": Command("posko.cli.init", "init", "membuat pemasangan untuk sebuah kabupaten/kota (panduan bertanya, atau pilihan)"),
    "serve": Command("posko.cli.serve", "serve", "menjalankan Posko: web, pekerja latar dan HTTPS untuk ponsel di jaringan kantor"),
    "worker": Command("posko.cli.serve", "worker", "hanya pekerja latar (biasanya dijalankan oleh serve)"),
    "upgrade": Command("posko.cli.upgrade", "upgrade", "cadangkan, perbarui tabel, periksa jurnal"),
    "backup": Command("posko.cli.backup", "backup", "satu berkas cadangan yang utuh, selagi Posko berjalan"),
    "restore": Command("posko.cli.restore", "restore", "mengembalikan cadangan sesudah memeriksanya"),
    "needs": Command("posko.cli.needs", "needs", "kebutuhan logistik dari berkas pemilih, tanpa basis data"),
    "rakor": Command("posko.cli.rakor", "rakor", "rakor verify BERKAS: hitung ulang sidik jari sebuah paket rakor"),
    "journal": Command("posko.cli.journal", "journal", "journal verify: hitung ulang seluruh jurnal dan sebut yang tidak cocok"),
    "publish": Command("posko.cli.publish", "publish", "membangun halaman publik dari terbitan terakhir, sebagai berkas statis"),
    "bundle": Command("posko.cli.bundle", "bundle", "berkas pengawas: terbitan, jurnal, dan program yang menghitung ulang semuanya"),
    "aght": Command("posko.cli.aght", "aght", "aght group BERKAS.csv: laporan mana yang mungkin menceritakan hal yang sama"),
    "custody": Command("posko.cli.custody", "custody", "serah terima: export kejadian, atau replay BERKAS.jsonl tanpa basis data"),
    "plan": Command("posko.cli.plan", "plan", "usulan rencana distribusi untuk sebuah skenario"),
    "gladi": Command("posko.cli.gladi", "gladi", "latihan di salinan data sendiri (mulai, nilai, selesai), dan uji kejujuran prakiraan"),
    "replan": Command("posko.cli.replan", "replan", "memperbaiki rencana sesudah gangguan: sesedikit mungkin surat jalan berubah"),
    "forecast": Command("posko.cli.forecast", "forecast", "peluang setiap TPS siap pukul 07.00, sebabnya, dan tindakan berikutnya"),
    "bench": Command("posko.cli.bench", "bench", "mengukur yang dijanjikan, misalnya bench packing; keluar 1 bila di atas batas"),
}
_VALUES = (
    (r"valid integer", "harus bilangan bulat"),
    (r"valid number", "harus bilangan"),
    (r"(?:less than or equal to|at most) (\S+)", r"paling besar \1"),
    (r"(?:greater than or equal to|at least) (\S+)", r"paling kecil \1"),
    (r"valid date|datetime|does not match the formats?", "harus tanggal, misalnya 2024-02-14"),
    (r"[Pp]ath (\S+) does not exist|does not exist", r"berkas atau folder itu tidak ada"),
    (r"is a directory", "itu folder, bukan berkas"),
    (r"not one of (.+)|should be (.+)", r"pilihannya: \1\2"),
)
_WORDS = (
    ("Usage: ", "Cara pakai: "),
    ("Options:", "Pilihan:"),
    ("Arguments:", "Masukan:"),
    ("[OPTIONS]", "[PILIHAN]"),
    ("Show this message and exit.", "Tampilkan keterangan ini."),
    ("[required]", "[wajib]"),
    ("[default:", "[bawaan:"),
)


def listing() -> str:
    """All commands, for people."""
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {command.line}" for name, command in COMMANDS.items())
    head = "Posko: pos komando kesiapan pemilu.\n\nCara pakai: ./posko PERINTAH [PILIHAN]"
    return f"{head}\n\n{lines}\n\nKeterangan satu perintah: ./posko PERINTAH --help"


def closest(name: str) -> str:
    """A hint when a name was mistyped."""
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    return f" Maksud Anda: {near[0]}?" if near else ""


def load(name: str) -> Callable[..., Any] | None:
    """The function of a command, or None when this installation does not carry it."""
    command = COMMANDS[name]
    try:
        found = getattr(importlib.import_module(command.module), command.function)
    except ModuleNotFoundError as error:
        if error.name != command.module:
            raise
        return None
    return found if callable(found) else None


def value_words(message: str) -> str:
    """What is wrong with a value; Pydantic's sentence where we have none."""
    for pattern, words in _VALUES:
        found = re.search(pattern, message)
        if found:
            return found.expand(words)
    return message


def refusal(error: Any) -> str:
    """What Typer found wrong with the arguments, in Indonesian.

    Typer keeps its error classes in a private package, so they are told apart by name.
    """
    kind = type(error).__name__
    parameter = getattr(error, "param", None)
    hint = parameter.get_error_hint(None) if parameter is not None and _takes_context(parameter) else ""
    if not hint and parameter is not None:
        hint = " / ".join(getattr(parameter, "opts", ())) or str(getattr(parameter, "name", ""))
    if kind == "NoSuchOption":
        near = getattr(error, "possibilities", None)
        return f"Pilihan {error.option_name} tidak dikenal." + (f" Maksud Anda: {', '.join(near)}?" if near else "")
    if kind == "MissingParameter":
        return f"{hint} wajib diisi."
    if kind == "BadParameter":
        return f"Nilai untuk {hint} tidak cocok: {value_words(str(error.message))}"
    if kind == "BadOptionUsage":
        return f"Pilihan {error.option_name} memerlukan nilai."
    if "unexpected extra argument" in str(error.message):
        return "Terlalu banyak masukan: " + str(error.message).rpartition("(")[2].rstrip(")")
    return str(error.message)


def _takes_context(parameter: Any) -> bool:
    """Typer changed this signature once; ask instead of guessing."""
    return len(inspect.signature(parameter.get_error_hint).parameters) == 1


def run_typed(name: str, function: Callable[..., Any], arguments: Sequence[str]) -> int:
    """Let Typer read the arguments by the function's annotations; speak Indonesian about what it finds."""
    import typer
    from typer.main import get_command

    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(function)
    command = get_command(app)
    title = f"./posko {name}"
    if any(a in ("--help", "-h") for a in arguments):
        with command.make_context(title, [], resilient_parsing=True) as context:
            text = command.get_help(context)
        for english, indonesian in _WORDS:
            text = text.replace(english, indonesian)
        print(text)
        return 0
    try:
        code = command.main(args=list(arguments), prog_name=title, standalone_mode=False)
    except typer.Abort:
        print("Dibatalkan; tidak ada yang diubah.", file=sys.stderr)
        return 1
    except typer.TyperException as error:
        print(f"{refusal(error)}\nKeterangan: {title} --help", file=sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


def call(name: str, arguments: list[str]) -> int:
    """Load the command and run it."""
    function = load(name)
    if function is None:
        print(f"Perintah {name} belum ada di versi ini.", file=sys.stderr)
        return 1
    if name == "setup":
        return int(function([name, *arguments]))
    if name in ("test", "bench"):  # what they do not know they hand to pytest, or to the measurement that is named
        return int(function(arguments))
    return run_typed(name, function, arguments)


def run(arguments: list[str]) -> int:
    """`./posko ...`: the exit code is 0 done, 1 could not, 2 called wrongly, 130 stopped by Ctrl+C."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if name in ("--help", "-h", "help"):
        print(listing())
        return 0
    if name not in COMMANDS:
        print(f"Perintah {name} tidak ada.{closest(name)}\n\n{listing()}", file=sys.stderr)
        return 2
    try:
        return call(name, rest)
    except KeyboardInterrupt:
        print("\nDihentikan.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
