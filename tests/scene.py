"""The demo installation and its cast, as tests need them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from posko.cli.demo import access as people_step
from posko.cli.demo.context import RAKOR_AT, Context
from posko.domain import access
from posko.domain.record import Actor
from posko.store import access as access_store
from posko.store import record


@dataclass(frozen=True)
class Scene:
    """Persons for `may`, actors for the store, by first name."""

    people: dict[str, access.Person]
    actors: dict[str, Actor]


def install() -> Scene:
    """Installs, makes the cast and sets the clock to the rakor."""
    from django.contrib.auth import get_user_model

    root = Path(__file__).resolve().parents[1]
    record.install(name="Belitung Timur", region="19.06", demo=True, at=datetime(2023, 6, 1, tzinfo=UTC))
    context = Context(root=root, var=root / "var", say=lambda text: None, people={})
    people_step.run(context)
    record.set_clock(RAKOR_AT, context.people["kartika"], machine_at=datetime(2026, 1, 1, tzinfo=UTC))
    users = get_user_model().objects.all()
    return Scene({user.username: access_store.person(user) for user in users}, dict(context.people))
