"""What a step of the demonstration gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from posko.domain.record import Actor

# 5 December 2023, 10.00 WIB: the rakor in Manggar. 13 February 2024, 20.00 WIB: the eve of voting.
RAKOR_AT = datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
EVE_AT = datetime(2024, 2, 13, 13, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Context:
    """The scene: who acts, for which election, at which moments, and where to speak."""

    root: Path
    var: Path
    say: Callable[[str], None]
    people: dict[str, Actor]
    election: str = "pemilu-2024"
    rakor_at: datetime = RAKOR_AT
    eve_at: datetime = EVE_AT
