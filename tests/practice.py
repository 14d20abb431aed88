"""The test database as a drill: what `posko gladi mulai` does to a copy of a file, done here to the tables of the test."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from posko.domain import drill as rules
from posko.formats import drill as scripts
from posko.store import drill, record

ROOT = Path(__file__).resolve().parents[1]
MACHINE_AT = datetime(2024, 2, 1, 1, 0, tzinfo=UTC)


def make() -> None:
    """Marks the database; the triggers that forbid it are away for that moment only."""
    with connection.cursor() as cursor:
        for name in [name for name in record._present_triggers() if name.startswith("journal_installation_drill")]:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("UPDATE record_installation SET drill = 1, installation = 'gladi-test', clock_at = NULL, clock_from = NULL")
    record.install_triggers()


def script(name: str = "gelombang-truk", seed: int = 0) -> rules.Script:
    """A shipped script."""
    found, problems = scripts.read(name, (ROOT / "scenarios/beltim-2024/gladi" / f"{name}.toml").read_bytes())
    assert found is not None, problems
    return rules.variant(found, seed)


def begun(name: str = "gelombang-truk", *kinds: rules.Kind) -> drill.Drill:
    """A drill that has just begun at sixty times the speed, machine's time MACHINE_AT; of some kinds of injects only, or of all."""
    make()
    found = script(name)
    chosen = replace(found, injects=tuple(one for one in found.injects if not kinds or one.kind in kinds))
    return drill.begin("pemilu-2024", chosen, 60, drill.ACTOR, MACHINE_AT)
