"""Belitung Timur in the test database: places, rulebook, voters, needs."""

from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from posko.cli.demo.context import Context
from posko.domain.record import Actor
from tests import kept

ROOT = Path(__file__).resolve().parents[1]
AGENCIES = {
    "ani": "KPU", "fajar": "KPU", "lutfi": "KPU",
    "oki": "KPU", "budi": "PPK", "putri": "PPS", "nia": "KPPS", "citra": "KEJARI", "gita": "KEJARI", "hadi": "POLRES", "indra": "PEMDA",
    "juwita": "BAWASLU", "kartika": "ADMIN", "dedi": "KPU",
}  # fmt: skip
STEPS = (
    "places", "regulation", "dpt", "needs", "receipts", "pledges", "distribution", "readiness", "reports", "posts", "merging", "aght",
    "weather", "replanning", "recommendations", "products", "requests", "rakor", "materials", "disputes", "minutes",
)  # fmt: skip


# Iterations after which the planner of the demonstration has found a feasible plan, if not a good one.
BRIEFLY = 100
# The warehouse takes seconds; steps that do not look into it leave it out.
GOODS = ("sorting", "seals", "packing", "sampling")


def load(election: str = "pemilu-2024", until: str = "needs", var: Path | None = None) -> list[str]:
    """The demo's own steps up to one of STEPS or GOODS; what they said."""
    return [line for name in steps(until) for line in step(name, election, var)]


def steps(until: str) -> tuple[str, ...]:
    """The steps up to one of STEPS or GOODS."""
    goods = GOODS[: GOODS.index(until) + 1] if until in GOODS else ()
    return (*STEPS[: STEPS.index("receipts" if goods else until) + 1], *goods)


def at(until: str = "needs", election: str = "pemilu-2024") -> None:
    """Like `load`, from the state that the fixture left; made once, then copied."""
    through(*steps(until), election=election)


def through(*names: str, election: str = "pemilu-2024") -> None:
    """These steps and no others, on the state that stands; made once, then copied."""
    kept.state(*((f"{election}/{name}", partial(step, name, election)) for name in names))


def estimated(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Places, then these steps, where every TPS has 264 voters, an estimate; made once, then copied."""
    from posko.domain import dpt as rules
    from posko.store import dpt, places

    through("places")
    voters = {tps.code: rules.TpsVoters(tps.code, 264, estimate=True) for tps in places.tps_list("pemilu-2024")}
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: voters)
    kept.state(*((f"264 voters/{name}", partial(step, name)) for name in names))


def briefly_planned() -> None:
    """Up to a plan that was searched for briefly: for what needs any plan, not a good one."""
    from posko.cli.demo import distribution

    def plan() -> None:
        before, distribution.ITERATIONS = distribution.ITERATIONS, BRIEFLY
        try:
            step("distribution")
        finally:
            distribution.ITERATIONS = before

    builds = ((f"pemilu-2024/{name}", partial(step, name)) for name in steps("needs"))
    kept.state(*builds, ("pemilu-2024/brief plan", plan))


def step(name: str, election: str = "pemilu-2024", var: Path | None = None) -> list[str]:
    """One step of the demo; what it said."""
    said: list[str] = []
    people = {who: Actor(f"p-{who}", agency) for who, agency in AGENCIES.items()}
    context = Context(root=ROOT, var=var or ROOT / "var", say=said.append, election=election, people=people)
    import_module(f"posko.cli.demo.{name}").run(context)
    return said
