"""Belitung Timur in the test database: places, rulebook, voters, needs."""

from posko.cli.demo import dpt, needs, places
from posko.cli.demo.access import SINCE
from posko.cli.demo.context import Context
from posko.domain.record import Actor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def load(election: str = "pemilu-2024") -> None:
    """The demo's own steps, silently."""
    context = Context(
        root=ROOT, var=ROOT / "var", say=lambda text: None, election=election,
        people={name: Actor(f"p-{name}", "KPU") for name in ("ani", "fajar")} | {"kartika": Actor("p-kartika", "ADMIN")},
    )  # fmt: skip
    assert SINCE
    for step in (places, dpt, needs):
        step.run(context)
