"""posko serve: everything that runs, started and ended together.

The web server, the background worker, and the page that gives phones the certificate.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from posko.cli import installation
from posko.cli.installation import fail, say

THREADS = 8
STARTS_PER_MINUTE = 4
GRACE_SECONDS = 10.0


@dataclass
class Child:
    """A process of ours, and when it was started."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self, env: dict[str, str]) -> None:
        """In a group of its own: Ctrl+C reaches only us, and we end it in order."""
        self.started = [t for t in self.started if time.monotonic() - t < 60] + [time.monotonic()]
        self.process = subprocess.Popen(self.command, env=env, cwd=installation.ROOT, stdin=subprocess.DEVNULL, start_new_session=True)

    def stop(self, sig: signal.Signals) -> None:
        """Signal it and everything it started."""
        if self.process and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, sig)


class Ended(Exception):
    """Somebody asked us to stop."""


def supervise(children: Sequence[Child], env: dict[str, str]) -> int:
    """Start all, restart one that falls, end all together. 0 when asked to end, 1 when one keeps falling."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise Ended

    before = {sig: signal.signal(sig, end) for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        for child in children:
            child.start(env)
        while True:
            time.sleep(0.5)
            for child in children:
                if child.process is None or child.process.poll() is None:
                    continue
                if len(child.started) >= STARTS_PER_MINUTE:
                    say(f"{child.name} berulang kali berhenti; Posko dihentikan. Sebabnya ada di atas.")
                    return 1
                say(f"{child.name} berhenti (kode {child.process.returncode}); dijalankan lagi ...")
                child.start(env)
    except Ended:
        return 0
    finally:
        for sig in before:
            signal.signal(sig, signal.SIG_IGN)
        finish(children)
        for sig, handler in before.items():
            signal.signal(sig, handler)


def finish(children: Sequence[Child]) -> None:
    """Ask, wait, then force."""
    for child in children:
        child.stop(signal.SIGTERM)
    limit = time.monotonic() + GRACE_SECONDS
    for child in children:
        if child.process:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, limit - time.monotonic()))
            child.stop(signal.SIGKILL)
            child.process.wait()


def port_is_free(host: str, port: int) -> bool:
    """Could we listen there?"""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def web_command(host: str, port: int, certificate: tuple[Path, Path] | None) -> list[str]:
    """granian for our application. Threads are named, or it warns of 512; old phones need TLS 1.2."""
    command = [sys.executable, "-P", "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--log-level", "error"]
    command += ["--workers", "1", "--blocking-threads", str(THREADS), "--respawn-failed-workers", "--workers-kill-timeout", "5"]
    if certificate:
        command += ["--ssl-certificate", str(certificate[0]), "--ssl-keyfile", str(certificate[1]), "--ssl-protocol-min", "tls1.2"]
    return [*command, "posko.server.wsgi:application"]


def run(*, host: str, port: int, tls: bool, certificate: tuple[Path, Path] | None = None, names: Sequence[str] = ()) -> int:
    """Serve until Ctrl+C; returns the exit code. With tls, certificate is (chain, PKCS#8 key). names: addresses that browsers may use."""
    if not port_is_free(host, port):
        say(f"Port {port} sedang dipakai program lain. Hentikan program itu, atau pilih port lain: --port {port + 1}")
        return 1
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "POSKO_HOSTS": ",".join(dict.fromkeys(["localhost", "127.0.0.1", "[::1]", *names]))}
    env["POSKO_HTTPS"] = "1" if tls else "0"
    children = [
        Child("Web", web_command(host, port, certificate if tls else None)),
        Child("Pekerja latar", [sys.executable, "-P", "-m", "posko", "worker"]),
    ]
    with installation.alone(installation.var_folder()) as free:
        if not free:
            say("Posko sudah berjalan di folder data ini.")
            return 1
        (installation.var_folder() / "static").mkdir(exist_ok=True)  # whitenoise warns when it is absent
        code = supervise(children, env)
    say("Posko berhenti.")
    return code


def worker() -> None:
    """Mengerjakan hitungan panjang (rencana distribusi) di latar, sampai dihentikan."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    installation.start()
    from posko.server import jobs

    with suppress(KeyboardInterrupt):
        jobs.run_forever()


def terminal_qr(text: str) -> str:
    """A QR code of half blocks, dark on light whatever the terminal's colours; two rows a line."""
    import zxingcpp

    image: Any = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=1)
    grid: Any = memoryview(image).tolist()
    rows: list[list[int]] = [list(row) for row in grid]
    if len(rows) % 2:
        rows.append([255] * len(rows[0]))
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    # White blocks on black: light modules are drawn, dark ones are left open.
    return "\n".join(
        "\x1b[97;40m" + "".join(blocks[(a < 128, b < 128)] for a, b in zip(up, down, strict=True)) + "\x1b[0m" for up, down in pairs
    )


def ready_to_serve(var: Path) -> None:
    """Stop before serving tables of another version or a journal without its guards."""
    installation.need_installation(var)
    installation.start()
    if installation.pending_migrations():
        fail("Basis data ini dari versi Posko sebelumnya. Perbarui dulu: ./posko upgrade")
    from posko.store import record

    try:
        record.require_triggers()
    except Exception as error:
        fail(f"Jurnal kehilangan pengamannya; Posko tidak dijalankan. Pasang kembali dan periksa: ./posko upgrade\n    {error}")
    try:
        record.require_mark()
    except record.Unmarked as error:
        fail(str(error))


def serve(
    host: Annotated[str, typer.Option(help="Alamat yang didengarkan; 127.0.0.1 untuk laptop ini saja")] = "0.0.0.0",  # noqa: S104  (an office network is the purpose)
    port: Annotated[int, typer.Option(help="Port Posko", min=1, max=65535)] = 8443,
    tls: Annotated[bool, typer.Option(help="HTTPS; --no-tls hanya untuk laptop ini sendiri")] = True,
    name: Annotated[list[str] | None, typer.Option(help="Nama atau alamat tambahan, misalnya posko.local; boleh berulang")] = None,
    trust_port: Annotated[int, typer.Option(help="Port halaman sertifikat untuk ponsel", min=1, max=65535)] = 8080,
    certificate: Annotated[
        Path | None, typer.Option(help="Sertifikat kantor sendiri (PEM, lengkap dengan rantainya)", dir_okay=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Kunci sertifikat itu (PEM, PKCS#8)", dir_okay=False)] = None,
) -> None:
    """Menjalankan Posko untuk laptop ini dan untuk ponsel di jaringan yang sama. Ctrl+C menghentikan semuanya."""
    if (certificate is None) != (key is None):
        fail("--certificate dan --key diisi berdua atau tidak sama sekali.", 2)
    for file in (certificate, key):
        if file is not None and not file.is_file():
            fail(f"Berkas {file} tidak ada.", 2)
    var = installation.var_folder()
    ready_to_serve(var)
    if not tls:
        if host not in ("127.0.0.1", "::1", "localhost"):
            say("Tanpa HTTPS Posko hanya dilayani untuk laptop ini sendiri (127.0.0.1).")
        say(f"Buka http://localhost:{port}   (Ctrl+C untuk berhenti)")
        raise typer.Exit(run(host="127.0.0.1", port=port, tls=False))
    raise typer.Exit(serve_office(var, host, port, trust_port, list(name or ()), (certificate, key) if certificate and key else None))


def serve_office(var: Path, host: str, port: int, trust_port: int, names: list[str], own: tuple[Path, Path] | None) -> int:
    """HTTPS with our authority, or with the office's own certificate."""
    from posko.server import tls as authority
    from posko.server import trust

    addresses = authority.lan_addresses() if host in ("0.0.0.0", "::") else [host]  # noqa: S104
    everything = [*names, *addresses]
    if own:
        say(f"Buka https://{names[0] if names else 'localhost'}:{port}   (Ctrl+C untuk berhenti)")
        return run(host=host, port=port, tls=True, certificate=own, names=everything)
    try:
        files = authority.ensure(var / "tls", everything, datetime.now(UTC))
    except authority.NotPrivate as refused:
        say(
            f"Sertifikat buatan Posko hanya untuk jaringan kantor; {refused.name} di luar itu.\n"
            "Untuk nama di internet pakai sertifikat sungguhan: --certificate dan --key."
        )
        return 2
    main = names[0] if names else (addresses[0] if addresses else "localhost")
    digest = authority.fingerprint(files.authority)
    known = set(authority.names_of(files.server))
    try:
        page = trust.serve(
            host, trust_port, authority.as_der(files.authority), digest, lambda name: f"https://{name if name in known else main}:{port}/"
        )
    except OSError:
        say(f"Port {trust_port} sedang dipakai program lain. Pilih port lain: --trust-port {trust_port + 1}")
        return 1
    try:
        welcome(main, port, trust_port, digest, has_network=bool(addresses or names))
        return run(
            host=host, port=port, tls=True, certificate=(files.server, files.server_key), names=[*everything, authority.machine_name()]
        )
    finally:
        page.shutdown()
        page.server_close()


def welcome(name: str, port: int, trust_port: int, digest: str, *, has_network: bool) -> None:
    """What to open, and how a phone joins."""
    say(f"Laptop ini : https://localhost:{port}")
    if not has_network:
        say("Tidak ada jaringan kantor: ponsel belum bisa tersambung. Nyalakan hotspot atau router, lalu jalankan lagi.")
        return
    page = f"http://{name}:{trust_port}/"
    say(f"Ponsel     : https://{name}:{port}   (sekali saja sebelumnya: {page})")
    if sys.stdout.isatty():
        say("\n" + terminal_qr(page))
    say(f"Sidik sertifikat: {digest}\nCtrl+C menghentikan semuanya.\n")
