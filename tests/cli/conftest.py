"""A real installation, made once by the program itself."""

import shutil
from pathlib import Path

import pytest

from tests.cli.program import FLAGS, run


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new installation; tests take a copy."""
    var = tmp_path_factory.mktemp("founded") / "var"
    done = run(var, "init", *FLAGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kartika" in done.stdout
    (var / "documents" / "2024").mkdir(parents=True)
    (var / "documents" / "2024" / "surat.pdf").write_bytes(b"%PDF-1.7 contoh")
    return var


@pytest.fixture
def var(founded: Path, tmp_path: Path) -> Path:
    """An installation that a test may destroy."""
    return Path(shutil.copytree(founded, tmp_path / "var"))
