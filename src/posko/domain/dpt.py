"""Stage dpt: how many voters each TPS has. Counts only; no names, no numbers of persons."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from posko.domain import record


class NegativeVoters(record.Refusal):
    """A count below nought."""

    code: ClassVar[str] = "dpt.negative"


class FileHasProblems(record.Refusal):
    """A file with errors is not imported, not even in part."""

    code: ClassVar[str] = "dpt.has_problems"


class NothingToImport(record.Refusal):
    """The file holds exactly what is already in force."""

    code: ClassVar[str] = "dpt.nothing_new"


class NoVotersYet(record.Refusal):
    """DPTb and DPK come after the DPT."""

    code: ClassVar[str] = "dpt.no_voters"


class NoDraft(record.Refusal):
    """No such file waits for confirmation; it may have been imported or dropped."""

    code: ClassVar[str] = "dpt.no_draft"


class NoFile(record.Refusal):
    """Nothing was uploaded, or it was given no name."""

    code: ClassVar[str] = "dpt.no_file"


class NotAnswered(record.Refusal):
    """No question was answered."""

    code: ClassVar[str] = "dpt.not_answered"


class ColumnTwice(record.Refusal):
    """One column named as two things."""

    code: ClassVar[str] = "dpt.column_twice"


class DraftStale(record.Refusal):
    """Voters changed between the dry run that was seen and the confirmation."""

    code: ClassVar[str] = "dpt.draft_stale"


@dataclass(frozen=True)
class TpsVoters:
    """Voters of one TPS: DPT, moved in (DPTb), on the day by identity card (DPK). `estimate`: not an official count."""

    tps: str
    dpt: int
    dptb: int = 0
    dpk: int = 0
    estimate: bool = False
    male: int | None = None
    female: int | None = None

    def __post_init__(self) -> None:
        if min(self.dpt, self.dptb, self.dpk) < 0:
            raise NegativeVoters(tps=self.tps)

    @property
    def additional(self) -> int:
        """DPTb and DPK: they draw on the reserve, for no ballots are printed for them."""
        return self.dptb + self.dpk


@dataclass(frozen=True)
class Run:
    """One import: the voter counts in force from `occurred_at` until the next."""

    id: str
    label: str
    estimate: bool
    total: int
    tps: int
    occurred_at: datetime
    digest: str
    person: str = ""
    source: str = ""


@dataclass(frozen=True)
class Change:
    """A TPS whose count differs between two imports; None: it was not there, or is no longer."""

    tps: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Difference:
    """What an import changes."""

    new: tuple[Change, ...]
    changed: tuple[Change, ...]
    unchanged: int
    gone: tuple[Change, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.new or self.changed or self.gone)

    @property
    def by(self) -> int:
        """By how many voters the sum changes."""
        return sum((c.after or 0) - (c.before or 0) for c in (*self.new, *self.changed, *self.gone))


def difference(before: Mapping[str, TpsVoters], after: Mapping[str, TpsVoters]) -> Difference:
    """New, changed, unchanged and gone TPS; a change of the estimate mark or of DPTb and DPK counts as a change."""
    new = tuple(Change(c, None, v.dpt) for c, v in sorted(after.items()) if c not in before)
    gone = tuple(Change(c, v.dpt, None) for c, v in sorted(before.items()) if c not in after)
    both = [(c, before[c], v) for c, v in sorted(after.items()) if c in before]
    changed = tuple(Change(c, old.dpt, v.dpt) for c, old, v in both if _key(old) != _key(v))
    return Difference(new, changed, len(both) - len(changed), gone)


def _key(voters: TpsVoters) -> tuple[int, int, int, bool]:
    return voters.dpt, voters.dptb, voters.dpk, voters.estimate


def with_additional(before: Mapping[str, TpsVoters], additional: Iterable[TpsVoters]) -> dict[str, TpsVoters]:
    """DPTb and DPK of some TPS laid over the DPT in force. NoVotersYet names the first TPS that has no DPT."""
    merged = dict(before)
    for one in additional:
        if one.tps not in merged:
            raise NoVotersYet(tps=one.tps)
        merged[one.tps] = replace(merged[one.tps], dptb=one.dptb, dpk=one.dpk)
    return merged


def digest(voters: Iterable[TpsVoters]) -> str:
    """SHA-256 over the counts in the order of their codes: the same counts give the same hash."""
    rows = sorted([v.tps, v.dpt, v.dptb, v.dpk, int(v.estimate)] for v in voters)
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def check_import(in_force: str, based_on: str, new: str) -> None:
    """Digests: the counts in force must be those the dry run saw (DraftStale), and the new ones must differ (NothingToImport)."""
    if in_force != based_on:
        raise DraftStale()
    if in_force == new:
        raise NothingToImport()
