"""Serving an office: the real program, a real TLS client, and one signal that ends everything."""

import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from posko.cli import installation, serve
from tests.cli.program import ROOT, environment, run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(address: str, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=10, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_for(address: str, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    for _ in range(150):
        try:
            return fetch(address, context)
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nobody answers at {address}")


def group_members(parent: int) -> list[int]:
    """The processes below one, by /proc."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, ahead = [], [parent]
    while ahead:
        children = below.get(ahead.pop(), [])
        found += children
        ahead += children
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="TIDAK DIUJI: counts processes in /proc")
def test_an_office_gets_https_a_page_for_phones_and_one_signal_ends_everything(var: Path, tmp_path: Path) -> None:
    port, trust_port = free_port(), free_port()
    log = (tmp_path / "log").open("w+")
    program = subprocess.Popen(
        [sys.executable, "-P", "-m", "posko", "serve", "--host", "127.0.0.1", "--port", str(port), "--trust-port", str(trust_port)],
        cwd=ROOT, env=environment(var), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        status, page = wait_for(f"http://127.0.0.1:{trust_port}/")
        assert status == 200
        status, certificate = fetch(f"http://127.0.0.1:{trust_port}/posko-ca.crt")
        context = ssl.create_default_context(cadata=certificate)
        status, _ = wait_for(f"https://localhost:{port}/masuk/", context)
        assert status == 200, (tmp_path / "log").read_text()
        again = run(var, "serve", "--port", str(free_port()), "--trust-port", str(free_port()))
        assert again.returncode == 1
        assert "sudah berjalan" in again.stdout
        assert "sedang berjalan" in run(var, "upgrade").stderr
        below = group_members(program.pid)
        assert len(below) >= 3, "web, its worker process, and the background worker"
    finally:
        program.send_signal(signal.SIGTERM)
        code = program.wait(30)
        log.close()
    said = (tmp_path / "log").read_text()
    assert code == 0, said
    fingerprint = next(line for line in said.splitlines() if "Sidik" in line).partition(": ")[2]
    assert fingerprint.encode() in page, "the phone shows what the laptop shows"
    assert not [pid for pid in below if alive(pid)]
    assert "Traceback" not in said


def test_what_keeps_falling_stops_everything(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sleeper = serve.Child("Web", [sys.executable, "-c", "import time; time.sleep(600)"])
    faller = serve.Child("Pekerja latar", [sys.executable, "-c", "raise SystemExit(3)"])
    assert serve.supervise([sleeper, faller], {"PATH": ""}) == 1
    assert sleeper.process is not None
    assert sleeper.process.poll() is not None
    assert len(faller.started) == serve.STARTS_PER_MINUTE
    assert "berulang kali berhenti" in capfd.readouterr().out


def test_a_port_in_use_is_told_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert serve.run(host="127.0.0.1", port=taken.getsockname()[1], tls=False) == 1
    assert "sedang dipakai" in capsys.readouterr().out


def test_only_one_holds_an_installation(tmp_path: Path) -> None:
    with installation.alone(tmp_path) as first, installation.alone(tmp_path) as second:
        assert (first, second) == (True, False)
    with installation.alone(tmp_path) as later:
        assert later


def test_the_code_on_the_terminal_can_be_read_by_a_phone() -> None:
    import numpy
    import zxingcpp

    address = "http://192.168.1.7:8080/"
    rows = []
    for line in serve.terminal_qr(address).splitlines():
        blocks = line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m")
        rows.append([255 if block in "█▀" else 0 for block in blocks])
        rows.append([255 if block in "█▄" else 0 for block in blocks])
    image = numpy.kron(numpy.array(rows, dtype=numpy.uint8), numpy.ones((8, 8), dtype=numpy.uint8))
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [address]
