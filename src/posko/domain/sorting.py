"""Stage sorting: how many sheets of each design are sound and folded, who folded them, and when will it be done?"""

from dataclasses import dataclass
from datetime import datetime

Line = tuple[str, str, str]


@dataclass(frozen=True)
class Bundle:
    """Folded ballots of one design, counted and labelled: what packing takes from."""

    code: str
    line: Line
    quantity: int
    carton: str
    batch: str
    team: str
    made_at: datetime

    @property
    def contest(self) -> str:
        """The contest of its ballots."""
        return self.line[1]

    @property
    def dapil(self) -> str:
        """The dapil of its ballots; "" where the contest has one here."""
        return self.line[2]
