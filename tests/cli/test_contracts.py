"""The import contracts hold, and each breaks when its line is crossed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What is written where -> the contract that must notice.
VIOLATIONS = {
    "the domain imports Django": ("domain/needs.py", "import django\n", "The domain needs only a bare Python"),
    "the domain reads the clock": ("domain/needs.py", "import time\n", "The domain needs only a bare Python"),
    "the domain imports the ledger": ("domain/needs.py", "from posko import ledger\n", "Dependencies point down"),
    "a rule imports a later stage": ("domain/places.py", "from posko.domain import rakor\n", "A stage of the domain"),
    "a table imports a later stage": ("store/places.py", "from posko.store import rakor\n", "A stage of the store"),
    "sisters of one line see each other": ("domain/dpt.py", "from posko.domain import regulation\n", "A stage of the domain"),
    "a kernel imports a document": ("planning/plot.py", "from posko import formats\n", "Dependencies point down"),
    "a kernel imports the framework": ("planning/plot.py", "import django\n", "Planning and formats never"),
    "the public page imports a staff screen": ("public/peek.py", "from posko.desk import board\n", "The faces are blind"),
    "the public page reads the assessment": ("public/peek.py", "from posko.store import aght\n", "The public puts into reports"),
    "a stage of the post reads the box of misuse": ("store/aght.py", "from posko.store import misuse\n", "The box of misuse"),
    "a screen of the post reads the box of misuse": ("desk/posts.py", "from posko.store import misuse\n", "The box of misuse"),
    "the form for misuse reads reports": ("public/misuse.py", "from posko.store import reports\n", "The form for misuse"),
    "the store imports a screen": ("store/places.py", "from posko import desk\n", "Dependencies point down"),
    "the server imports the command line": ("server/wsgi.py", "from posko import cli\n", "Dependencies point down"),
    "the judge knows the forecast": ("planning/drill.py", "from posko.planning import forecast\n", "The judge of the forecast"),
    "somebody else signs": ("store/places.py", "import cryptography\n", "Only named files touch the signature library"),
    "a new stage has no place": ("domain/surprise.py", "", "A stage of the domain"),
    "a new table file has no place": ("store/surprise.py", "", "A stage of the store"),
    "a new top folder has no place": ("surprise/__init__.py", "", "Dependencies point down"),
}


def lint(root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=root, env={"PYTHONPATH": str(root / "src"), "PATH": "", "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and the contracts."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__", "static", "templates"))
    shutil.copy(ROOT / ".importlinter", root)
    return root


@pytest.mark.parametrize("what", VIOLATIONS)
def test_a_crossed_line_breaks_its_contract(house: Path, what: str) -> None:
    name, line, contract = VIOLATIONS[what]
    file = house / "src" / "posko" / name
    before = file.read_text() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    file.write_text((before or '"""Planted."""\n') + line)
    try:
        assert re.search(rf"{re.escape(contract)}[^.]*? BROKEN", lint(house))
    finally:
        if before is None:
            file.unlink()
            if name.startswith("surprise"):
                shutil.rmtree(file.parent)
        else:
            file.write_text(before)


def test_the_house_as_it_stands_keeps_every_contract(house: Path) -> None:
    assert " 0 broken" in lint(house)
