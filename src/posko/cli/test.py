"""posko test: every check, part by part, with its seconds.

With arguments other than --all it is pytest: `./posko test tests/domain -k boxes`.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NOTHING_COLLECTED = 5  # pytest's exit code
TWO = ("-n", "2", "--dist", "loadfile")  # a file's fixtures are made once
# What each folder of tests belongs to; a folder that is not named here is in the first part.
STORE = ("tests/store", "tests/desk", "tests/public")
DOCUMENTS = ("tests/formats",)
BROWSER = ("tests/browser",)
# Seconds of the ten minutes that a part may take on two cores; a warning, never a failure.
SHARE = {
    "gaya": 20,
    "tipe": 30,
    "kontrak impor": 20,
    "unit": 65,
    "store": 220,
    "postgresql": 30,
    "dokumen": 40,
    "demo": 35,
    "peramban": 110,
}


@dataclass
class Outcome:
    """What the parts gave."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def say(text: str = "") -> None:
    """A line, at once."""
    print(text, flush=True)


def counts_of(output: str) -> Counter[str]:
    """From pytest's closing line: {"passed": 12, "failed": 1, ...}; empty when there is none."""
    closing = [
        line for line in output.splitlines() if re.search(r"\b\d+ (passed|failed|error|errors|skipped|deselected)\b.* in [\d.]+s", line)
    ]
    if not closing:
        return Counter()
    found = re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)", closing[-1])
    return Counter({word.rstrip("s") if word.startswith("error") else word: int(number) for number, word in found})


def run(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run in the root, show everything as it comes, return exit code and output."""
    lines: list[str] = []
    with subprocess.Popen(
        list(command), cwd=ROOT, env={**os.environ, **(env or {})}, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            lines.append(line)
            print("    " + line, end="", flush=True)
    return process.returncode, "".join(lines)


@contextmanager
def beside(command: Sequence[str], env: dict[str, str]) -> Iterator[Callable[[], tuple[int, str]]]:
    """Runs in the background; the function that is given waits for it, shows its output and gives exit code and output."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as kept,
        subprocess.Popen(
            list(command), cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=kept, stderr=subprocess.STDOUT
        ) as process,
    ):

        def finish() -> tuple[int, str]:
            process.wait()
            kept.seek(0)
            output = kept.read()
            for line in output.splitlines():
                say(f"    {line}")
            return process.returncode, output

        try:
            yield finish
        finally:
            if process.poll() is None:
                process.terminate()


def python(*arguments: str) -> list[str]:
    """A command in our environment's Python."""
    return [sys.executable, *arguments]


def pytest(*arguments: str) -> list[str]:
    """A pytest run."""
    return python("-m", "pytest", *arguments)


# --- what the machine may lack -----------------------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    """A Chromium that tests can drive."""
    return next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


def find_postgresql() -> Path | None:
    """The folder of a PostgreSQL server's programs; Debian keeps them off PATH."""
    versions = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4].partition(".")[0]), reverse=True)
    found = versions[0] if versions else shutil.which("initdb")
    return Path(found).parent if found and (Path(found).parent / "postgres").exists() else None


def plain_user() -> str | None:
    """PostgreSQL refuses to run as root: an account without rights to run it as, or None when we are one."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@contextmanager
def private_postgresql(programs: Path) -> Iterator[str]:
    """A cluster of our own in a new folder, reachable only through a socket there; gone afterwards. Yields its address."""
    user = plain_user()
    folder = Path(tempfile.mkdtemp(prefix="posko-pg-"))
    data, log = folder / "data", folder / "log"
    if user:
        shutil.chown(folder, user)
    folder.chmod(0o700)
    env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    for name in [n for n in env if n.startswith("PG")]:
        del env[name]

    def call(*command: str) -> None:
        done = subprocess.run(command, cwd=folder, env=env, user=user, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            detail = log.read_text(errors="replace")[-800:] if log.exists() else ""
            raise RuntimeError(f"{Path(command[0]).name}: {done.stderr[-800:]}{detail}")

    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off -c max_connections=40"
    try:
        call(str(programs / "initdb"), "-D", str(data), "-U", "posko", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        try:
            call(str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-t", "60", "-o", settings, "start")
            yield f"postgresql://posko@/postgres?host={folder}"
        finally:
            if (data / "postmaster.pid").exists():
                call(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- the parts ---------------------------------------------------------------------------------------------------------------------


def part(outcome: Outcome, title: str, work: Callable[[], tuple[int, str]]) -> None:
    """Run one part, print its seconds, keep what it gave."""
    say(f"== {title}")
    began = time.monotonic()
    try:
        code, output = work()
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        say(f"    {error}")
        code, output = 1, ""
    seconds = time.monotonic() - began
    outcome.counts.update(counts_of(output))
    if code == NOTHING_COLLECTED:
        say("    (belum ada uji di bagian ini)")
    elif code:
        outcome.broken.append(title)
    over = f", melewati jatahnya ({SHARE[title]} detik)" if seconds > SHARE.get(title, 600) else ""
    say(f"-- {title}: {'GAGAL' if code not in (0, NOTHING_COLLECTED) else 'baik'}, {seconds:.1f} detik{over}")


def absent(outcome: Outcome, title: str, what: str) -> None:
    """A part that this machine cannot run: one line; a failure where a server checks every change."""
    say(f"== {title}")
    say(f"-- TIDAK DIUJI: {what} tidak ada di mesin ini")
    outcome.absent.append(title)
    if os.environ.get("CI", "").lower() in ("1", "true"):
        outcome.broken.append(f"{title} ({what} wajib ada di CI)")


def in_turn(*commands: Sequence[str]) -> Callable[[], tuple[int, str]]:
    """Several commands as one part; all run, the worst exit code counts."""

    def work() -> tuple[int, str]:
        results = [run(command) for command in commands]
        return max(code for code, _ in results), "".join(output for _, output in results)

    return work


def all_parts(outcome: Outcome, everything: bool, var: Path) -> None:
    """The whole, in the order in which failures are cheapest to learn."""
    more = ("--all",) if everything else ()
    plain = ("-m", "not browser and not postgres")
    sources = [name for name in ("posko", "src", "tests") if (ROOT / name).exists()]
    # These use one core each: types are checked beside the other three, and told afterwards.
    with beside(python("-m", "mypy"), {}) as types:
        part(outcome, "gaya", in_turn(python("-m", "ruff", "check", *sources), python("-m", "ruff", "format", "--check", *sources)))
        part(outcome, "kontrak impor", in_turn(python("-c", "from importlinter.cli import lint_imports_command as c; c()")))
        part(outcome, "dokumen", in_turn(pytest(*existing(DOCUMENTS), *plain, *more)))
        part(outcome, "tipe", types)
    elsewhere = [f"--ignore={folder}" for folder in (*STORE, *DOCUMENTS, *BROWSER)]
    part(outcome, "unit", in_turn(pytest("tests", *elsewhere, *plain, *TWO, *more)))
    part(outcome, "store", in_turn(pytest(*existing(STORE), *plain, *TWO, *more)))
    programs = find_postgresql()
    # The demonstration is made beside PostgreSQL, and told afterwards.
    with beside(python("-P", "-m", "posko", "demo", "--no-serve"), {"POSKO_VAR": str(var)}) as demo:
        if programs is None:
            absent(outcome, "postgresql", "PostgreSQL")
        else:
            part(outcome, "postgresql", lambda: on_postgresql(programs, more))
        part(outcome, "demo", demo)
    if find_chromium() is None:
        absent(outcome, "peramban", "Chromium")
    else:
        part(outcome, "peramban", lambda: run(pytest(*existing(BROWSER), "-m", "browser", *more), {"POSKO_DEMO_VAR": str(var)}))


def existing(folders: Sequence[str]) -> list[str]:
    """Those that are there."""
    return [folder for folder in folders if (ROOT / folder).is_dir()]


def on_postgresql(programs: Path, more: Sequence[str]) -> tuple[int, str]:
    """The marked slice: locks, triggers, order."""
    with private_postgresql(programs) as address:
        return run(pytest("tests", *(f"--ignore={f}" for f in BROWSER), "-m", "postgres", *more), {"POSKO_DATABASE_URL": address})


def closing(outcome: Outcome, seconds: float) -> list[str]:
    """The last lines: what was not tested, what failed, and the sum over all parts."""
    words = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
    shown = [f"{outcome.counts[w]} {w}" for w in words if outcome.counts[w] or w in ("passed", "failed")]
    lines = [f"TIDAK DIUJI: {', '.join(outcome.absent)}"] if outcome.absent else []
    lines += [f"GAGAL: {', '.join(outcome.broken)}"] if outcome.broken else []
    return [*lines, f"{', '.join(shown)} in {seconds:.2f}s"]


USAGE = """Cara pakai: ./posko test [--all] [PILIHAN DAN BERKAS PYTEST]

  ./posko test                    semua pemeriksaan, di bawah sepuluh menit
  ./posko test --all              juga yang lambat dan menyeluruh
  ./posko test tests/cli -k init  hanya pytest, dengan pilihan itu"""


def test(arguments: list[str]) -> int:
    """0 when everything that this machine can test is good, 1 otherwise."""
    if arguments and arguments[0] in ("--help", "-h"):
        print(USAGE)
        return 0
    everything = "--all" in arguments
    rest = [a for a in arguments if a != "--all"]
    if rest:
        return subprocess.run(pytest(*arguments), cwd=ROOT, check=False).returncode
    began = time.monotonic()
    outcome = Outcome()
    folder = Path(tempfile.mkdtemp(prefix="posko-test-"))
    # No test may touch this installation's own data; states that one process prepared are there for the others (tests/kept.py).
    os.environ["POSKO_VAR"] = str(folder / "var")
    os.environ["POSKO_TEST_STATES"] = str(folder / "states")
    (folder / "states").mkdir()
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Dozens of processes would compile every module anew: nothing is written beside the sources, but the run keeps its own.
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    try:
        all_parts(outcome, everything, folder / "demo")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say()
    for line in closing(outcome, time.monotonic() - began):
        say(line)
    return 1 if outcome.broken else 0
