"""Stage sorting: how many sheets of each design are sound and folded, who folded them, and when will it be done?"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Bundle:
    """Folded ballots of one design, counted and labelled: what packing takes from. `dapil` is the one printed on the sheets, in full."""

    code: str
    contest: str
    dapil: str
    quantity: int
    carton: str
    batch: str
    team: str
    made_at: datetime
