"""Belitung Timur in the test database: places, rulebook, voters, needs."""

from importlib import import_module
from pathlib import Path

from posko.cli.demo.context import Context
from posko.domain.record import Actor

ROOT = Path(__file__).resolve().parents[1]
AGENCIES = {
    "ani": "KPU", "fajar": "KPU", "lutfi": "KPU",
    "oki": "KPU", "budi": "PPK", "putri": "PPS", "nia": "KPPS", "citra": "KEJARI", "gita": "KEJARI", "hadi": "POLRES", "indra": "PEMDA",
    "juwita": "BAWASLU", "kartika": "ADMIN", "dedi": "KPU",
}  # fmt: skip
STEPS = (
    "places", "regulation", "dpt", "needs", "receipts", "pledges", "distribution", "readiness", "reports", "posts", "merging", "aght",
    "replanning", "recommendations", "products", "requests", "rakor", "materials", "disputes", "minutes",
)  # fmt: skip


# The warehouse takes seconds; steps that do not look into it leave it out.
GOODS = ("sorting", "seals", "packing", "sampling")


def load(election: str = "pemilu-2024", until: str = "needs", var: Path | None = None) -> list[str]:
    """The demo's own steps up to one of STEPS or GOODS; what they said."""
    said: list[str] = []
    goods = GOODS[: GOODS.index(until) + 1] if until in GOODS else ()
    for name in (*STEPS[: STEPS.index("receipts" if goods else until) + 1], *goods):
        said += step(name, election, var)
    return said


def step(name: str, election: str = "pemilu-2024", var: Path | None = None) -> list[str]:
    """One step of the demo; what it said."""
    said: list[str] = []
    people = {who: Actor(f"p-{who}", agency) for who, agency in AGENCIES.items()}
    context = Context(root=ROOT, var=var or ROOT / "var", say=said.append, election=election, people=people)
    import_module(f"posko.cli.demo.{name}").run(context)
    return said
