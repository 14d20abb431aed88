"""What the bootstrap decides, without network: when it works, when it rests, and what it says when it cannot."""

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from posko.cli import setup

ROOT = Path(__file__).resolve().parents[2]
WANTED = {"run": "r1", "dev": "d1"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that looks set up."""
    (tmp_path / "requirements").mkdir()
    for name in ("run", "dev", "node"):
        (tmp_path / "requirements" / f"{name}.lock").write_text(f"{name}==1\n")
    (tmp_path / "package-lock.json").write_text("{}")
    python = setup.venv_python(tmp_path)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {setup.python_version()}.2\n")
    for *_, target in setup.FRONT:
        file = tmp_path / "static" / "vendor" / target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    setup.write_stamp(tmp_path / ".tools" / "front.json", {"front": setup.front_mark(tmp_path)})
    stamp(tmp_path, "run")
    return tmp_path


def stamp(root: Path, *kinds: str) -> None:
    marks = {k: setup.fingerprint(root / "requirements" / f"{k}.lock", extra=setup.python_version()) for k in kinds}
    setup.write_stamp(root / ".venv" / "posko.json", marks)


@pytest.mark.parametrize(
    ("stamp", "kind", "lock"),
    [
        ({}, "run", "run"),
        ({}, "dev", "dev"),
        ({"run": "r1"}, "run", None),
        ({"run": "r1"}, "dev", "dev"),
        ({"run": "r1", "dev": "d1"}, "run", None),
        ({"run": "r1", "dev": "d1"}, "dev", None),
        ({"run": "r0"}, "run", "run"),
        ({"run": "r0", "dev": "d0"}, "run", "dev"),
        ({"run": "r1", "dev": "d0"}, "run", None),
    ],
)
def test_packages_are_installed_when_their_lock_changed_and_never_taken_away(stamp: dict[str, str], kind: str, lock: str | None) -> None:
    assert setup.lock_to_install(stamp, WANTED, kind) == lock


def test_a_second_run_finds_nothing_to_do(root: Path) -> None:
    assert setup.ready(root, "run")
    assert not setup.ready(root, "dev")


def test_a_second_run_starts_no_process_and_so_needs_no_network(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    setup.prepare(root, "run")


def test_a_changed_lock_another_python_or_a_lost_font_means_work(root: Path) -> None:
    (root / "static" / "vendor" / "fonts" / "NotoSans_700Bold.ttf").unlink()
    assert not setup.ready(root, "run")
    (root / "static" / "vendor" / "fonts" / "NotoSans_700Bold.ttf").write_text("x")
    assert setup.ready(root, "run")
    (root / "requirements" / "run.lock").write_text("run==2\n")
    assert not setup.ready(root, "run")
    stamp(root, "run")
    assert setup.ready(root, "run")
    (root / ".venv" / "pyvenv.cfg").write_text("version = 3.10.1\n")
    assert not setup.ready(root, "run")


def test_another_patch_release_of_python_needs_nothing(root: Path) -> None:
    (root / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {setup.python_version()}.99\n")
    assert setup.ready(root, "run")


def test_a_broken_stamp_is_no_stamp(root: Path) -> None:
    (root / ".venv" / "posko.json").write_text("{half")
    assert not setup.ready(root, "run")


def test_a_vanished_interpreter_means_a_new_environment(root: Path) -> None:
    setup.venv_python(root).unlink()
    setup.venv_python(root).symlink_to("/nonexistent/python")
    assert setup.venv_version(root) == ""


def test_two_set_ups_in_one_folder_take_turns(root: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with setup.alone(root):
            order.append("second")

    with setup.alone(root):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("WARNING: Retrying ... Temporary failure in name resolution", "internet"),
        ("npm error code ENOTFOUND", "internet"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "Cakram penuh"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash"),
        ("npm error code EINTEGRITY", "hash"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "Sertifikat"),
        ("PermissionError: [Errno 13] Permission denied", "tidak boleh ditulisi"),
        ("ERROR: No matching distribution found for x", "tidak tersedia"),
        ("something else entirely", ""),
    ],
)
def test_a_failure_is_explained_in_words_that_say_what_to_do(output: str, words: str) -> None:
    found = setup.explain(output)
    assert words in found
    assert bool(found) == bool(words)


def test_a_failing_tool_shows_the_reason_and_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(setup.Failure, match="Cakram penuh") as caught:
        setup.run_counted([sys.executable, "-c", "print('No space left on device'); raise SystemExit(1)"], tmp_path, "Paket Python", 1)
    assert "No space left" in str(caught.value)


def test_a_full_disk_is_noticed_before_anything_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(setup.Failure, match="Ruang cakram"):
        setup.need_space(tmp_path, 10**9)


def test_front_end_files_are_copied_whole_and_without_source_maps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "FRONT", (("pack", "a.js", "pack/a.js"),))
    source = root / "node_modules" / "pack" / "a.js"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"let a = 1\n//# sourceMappingURL=a.js.map")
    setup.copy_front(root)
    assert (root / "static" / "vendor" / "pack" / "a.js").read_bytes() == b"let a = 1"
    source.unlink()
    with pytest.raises(setup.Failure, match="node_modules"):
        setup.copy_front(root)


def test_the_path_to_the_sources_is_relative_so_the_folder_may_be_moved(root: Path) -> None:
    folder = root / ".venv" / "lib" / "python3.11" / "site-packages"
    folder.mkdir(parents=True)
    setup.point_to_source(root)
    line = (folder / "posko-src.pth").read_text().strip()
    assert not os.path.isabs(line)
    assert (folder / line).resolve() == (root / "src").resolve()


def test_an_old_python_is_refused_in_words_by_a_file_it_can_read() -> None:
    program = (ROOT / "posko").read_text()
    pretend = f"import sys, shutil; sys.version_info = (3, 9, 2); shutil.which = lambda n: None; __file__ = {str(ROOT / 'posko')!r}\n"
    done = subprocess.run([sys.executable, "-c", pretend + program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.11 atau lebih baru; di sini ada Python 3.9" in done.stderr
    compile(program, "posko", "exec", dont_inherit=True)
    assert 'f"' not in program, "no f-strings: Python 3.5 must read it"


def test_the_set_up_needs_only_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); import posko.cli.setup"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def locked(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / f"{name}.lock").read_text().splitlines()
    return dict(line.partition(" ")[0].partition("==")[::2] for line in lines if line and line[0].isalnum())


def test_development_packages_contain_those_for_running_at_the_same_versions() -> None:
    run, dev = locked("run"), locked("dev")
    assert run.items() <= dev.items()


@pytest.mark.parametrize("name", ["run", "dev", "node"])
def test_every_locked_package_carries_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
    for block in text.replace("\\\n", " ").splitlines():
        assert not block.strip() or block.startswith("#") or "--hash=sha256:" in block, block


def test_the_npm_lock_names_no_registry_and_pins_every_package_by_integrity() -> None:
    import json

    text = (ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "resolved" not in text
    assert all(entry.get("integrity", "").startswith("sha512-") for name, entry in packages.items() if name)


def test_every_front_end_file_comes_from_a_package_that_is_asked_for_and_locked_at_that_version() -> None:
    import json

    asked = json.loads((ROOT / "package.json").read_text())["dependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {package for package, *_ in setup.FRONT} == set(asked)
    assert packages[""]["dependencies"] == asked
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    licensed = {target.split("/")[0] for *_, target in setup.FRONT if "LICENSE" in target}
    assert {target.split("/")[0] for *_, target in setup.FRONT} == licensed


def test_large_texts_lie_beside_themselves_compressed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "FRONT", (("pack", "a.mjs", "pack/a.mjs"), ("pack", "a.mjs", "pack/a.js")))
    source = root / "node_modules" / "pack" / "a.mjs"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"let a = 1\n" * 100)
    setup.copy_front(root)
    vendor = root / "static" / "vendor" / "pack"
    assert gzip.decompress((vendor / "a.mjs.gz").read_bytes()) == (vendor / "a.mjs").read_bytes() == source.read_bytes()
    assert not (vendor / "a.js.gz").exists()


def test_a_machine_without_pip_is_told_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "has", lambda module, python: False)
    with pytest.raises(setup.Failure, match="apt install python3-pip"):
        setup.pip_command(root)


def test_an_old_npm_is_not_used(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    monkeypatch.setattr(setup.shutil, "which", lambda name: str(npm))
    setup.write_stamp(
        root / ".tools" / "node" / "posko.json",
        {"node": setup.fingerprint(root / "requirements" / "node.lock", extra=setup.python_version())},
    )
    for version, own in (("6.14.8", False), ("9.2.0", True), ("kaputt", False)):
        npm.write_text(f"#!/bin/sh\necho {version}\n")
        npm.chmod(0o755)
        assert (setup.npm_command(root) == [str(npm)]) is own
