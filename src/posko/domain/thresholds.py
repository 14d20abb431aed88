"""Stage thresholds: From which value on does an early warning speak, and who answers for that value?

Each stage keeps its thresholds as fields of a frozen dataclass `Limits` beside its rules; `bounds` says beside the field which rule it
belongs to, in which unit, within what, and whose it is. Here is what holds for all of them: how a value is set, which never may be,
which need two people; how somebody says "I see to it"; and the one rule that looks over the warnings of all stages (R18).
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from posko.domain import record


class Unknown(record.Refusal):
    """No such threshold."""

    code: ClassVar[str] = "thresholds.unknown"


class Locked(record.Refusal):
    """A value that would silence R05 or R06, or that the law gives: nobody sets it."""

    code: ClassVar[str] = "thresholds.locked"


class NotOwner(record.Refusal):
    """Another agency answers for this value."""

    code: ClassVar[str] = "thresholds.not_owner"


class OutOfBounds(record.Refusal):
    """Less or more than the bounds beside the field."""

    code: ClassVar[str] = "thresholds.out_of_bounds"


class Unchanged(record.Refusal):
    """The value that is in force already."""

    code: ClassVar[str] = "thresholds.unchanged"


class SeenOther(record.Refusal):
    """Somebody set it while the form was open."""

    code: ClassVar[str] = "thresholds.seen_other"


class ReasonMissing(record.Refusal):
    """Whoever sets a threshold says why, in at least ten letters."""

    code: ClassVar[str] = "thresholds.reason_missing"


class SecondMissing(record.Refusal):
    """A threshold of a warning that can be critical is set by two people."""

    code: ClassVar[str] = "thresholds.second_missing"


class Gone(record.Refusal):
    """The warning is not there any more: its cause is gone."""

    code: ClassVar[str] = "thresholds.gone"


class NotAddressed(record.Refusal):
    """Only those a warning goes to say that they see to it."""

    code: ClassVar[str] = "thresholds.not_addressed"


class Acknowledged(record.Refusal):
    """Somebody sees to it already."""

    code: ClassVar[str] = "thresholds.acknowledged"


LOCKED_RULES = frozenset({"R05", "R06"})
"""One sheet of a wrong dapil, one seal that does not match: what makes these speak is not anybody's to set."""

SHORTEST_REASON = 10
LONGEST_REASON = 300

_SPANS = {"menit": timedelta(minutes=1), "jam": timedelta(hours=1), "hari": timedelta(days=1)}


def bounds(
    rule: str, least: int, most: int, unit: str, text: str, *, owner: str = "KPU", two: bool = False, law: str = ""
) -> Mapping[str, Any]:
    """The metadata of a field of a `Limits`. two: set by two people. law: what gives the value, which then nobody sets."""
    return {"rule": rule, "least": least, "most": most, "unit": unit, "text": text, "owner": owner, "two": two, "law": law}


@dataclass(frozen=True)
class Knob:
    """One threshold: the stage and field, the rules it belongs to (the first one names it), its default and its bounds, in its unit."""

    stage: str
    name: str
    rule: str
    default: int
    least: int
    most: int
    unit: str
    text: str
    owner: str
    two: bool
    law: str

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules it belongs to."""
        return tuple(self.rule.split())

    @property
    def locked(self) -> bool:
        """Whether nobody sets it."""
        return bool(self.law) or not LOCKED_RULES.isdisjoint(self.rules)


def knobs(stage: str, default: Any) -> list[Knob]:
    """The thresholds of a stage's `Limits`, in the order of its fields; fields without bounds are none."""
    return [
        Knob(
            stage, one.name, one.metadata["rule"], plain(getattr(default, one.name), one.metadata["unit"]), one.metadata["least"],
            one.metadata["most"], one.metadata["unit"], one.metadata["text"], one.metadata["owner"], one.metadata["two"],
            one.metadata["law"],
        )
        for one in dataclasses.fields(default)
        if "rule" in one.metadata
    ]  # fmt: skip


def knob(stage: str, default: Any, name: str) -> Knob:
    """One of them. Unknown."""
    found = next((one for one in knobs(stage, default) if one.name == name), None)
    if found is None:
        raise Unknown(stage=stage[:40], name=name[:40])
    return found


def plain(value: timedelta | float | int, unit: str) -> int:
    """A field's value as a whole number of its unit: a span in minutes, hours or days, a share in permil."""
    if isinstance(value, timedelta):
        return value // _SPANS[unit]
    return round(value * 1000) if isinstance(value, float) else value


def typed(value: int, unit: str, like: timedelta | float | int) -> timedelta | float | int:
    """The other way round: a whole number of a unit as the field wants it."""
    if isinstance(like, timedelta):
        return value * _SPANS[unit]
    return value / 1000 if isinstance(like, float) else value


L = TypeVar("L")


def with_values(default: L, values: Mapping[str, int]) -> L:
    """The limits with values that were set. Names that are not (any more) thresholds, locked ones and values out of bounds do not count."""
    known = {one.name: one for one in knobs("", default)}
    good = {n: v for n, v in values.items() if n in known and not known[n].locked and known[n].least <= v <= known[n].most}
    return dataclasses.replace(default, **{n: typed(v, known[n].unit, getattr(default, n)) for n, v in good.items()})  # type: ignore[type-var]


@dataclass(frozen=True)
class Setting:
    """A value that somebody set, why, and who answers for it. second: the other person, "" where one was enough."""

    stage: str
    name: str
    value: int
    before: int
    reason: str
    person: str
    agency: str
    role: str
    second: str
    set_at: datetime
    entry_id: str = ""


def check_set(one: Knob, value: int, before: int, seen: int, reason: str, actor: record.Actor, second: record.Actor | None) -> None:
    """Whether a value may be set. Locked, NotOwner, SeenOther, OutOfBounds, Unchanged, ReasonMissing, SecondMissing.

    before: the value in force; seen: the one the form showed.
    """
    if one.locked:
        raise Locked(name=one.text, why=one.law or ", ".join(one.rules))
    if actor.agency != one.owner:
        raise NotOwner(owner=one.owner)
    if seen != before:
        raise SeenOther(value=before, unit=one.unit)
    if not one.least <= value <= one.most:
        raise OutOfBounds(least=one.least, most=one.most, unit=one.unit)
    if value == before:
        raise Unchanged(value=value, unit=one.unit)
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise ReasonMissing(least=SHORTEST_REASON, most=LONGEST_REASON)
    if one.two and (second is None or second.person == actor.person):
        raise SecondMissing()


# --- "I see to it" -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody sees to a warning as it stood: since when, how grave."""

    rule: str
    subject: str
    since_at: datetime
    severity: str
    person: str
    agency: str
    said_at: datetime
    entry_id: str = ""

    def speaks_of(self, signal: record.Signal) -> bool:
        """Whether it is this warning: the same rule, thing and beginning, and not graver than it was.

        A cause that went away and came back begins at another time, and so it asks for another answer.
        """
        same = (self.rule, self.subject, self.since_at) == (signal.rule, signal.subject, signal.since_at)
        return same and record.SEVERITIES.index(signal.severity) >= record.SEVERITIES.index(self.severity)


def answer_to(signal: record.Signal, said: Iterable[Acknowledgement]) -> Acknowledgement | None:
    """Who sees to a warning: the first who said so, None while nobody does."""
    return min((one for one in said if one.speaks_of(signal)), key=lambda one: one.said_at, default=None)


def check_acknowledge(signal: record.Signal, said: Iterable[Acknowledgement], actor: record.Actor) -> None:
    """NotAddressed, Acknowledged."""
    if actor.agency not in signal.to:
        raise NotAddressed(to=", ".join(signal.to))
    if answer_to(signal, said) is not None:
        raise Acknowledged(rule=signal.rule.partition(".")[0])


# --- R18: one cause behind several warnings --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Thresholds of R18."""

    cause_signals: int = field(default=3, metadata=bounds("R18", 2, 20, "sinyal", "sinyal sejenis yang dihitung bersama", owner="KEJARI"))
    cause_desa: int = field(default=3, metadata=bounds("R18", 2, 20, "desa", "desa berbeda tempat sinyal itu", owner="KEJARI"))
    cause_span: timedelta = field(
        default=timedelta(hours=24), metadata=bounds("R18", 1, 72, "jam", "rentang waktu mulainya sinyal", owner="KEJARI")
    )


def desa_of(place: str) -> str:
    """The desa of a dotted place code of a TPS or desa, "" for anything wider or for a site."""
    parts = place.split(".")
    return ".".join(parts[:4]) if ":" not in place and len(parts) >= 4 else ""


def common_cause(signals: Iterable[record.Signal], limits: Limits | None = None) -> list[record.Signal]:
    """R18: several warnings of one rule in several desa that began within a day: perhaps one cause behind them.

    Warnings of one family (R06, R06.uji) are of a kind. Of all spans of that length the one with most desa counts, of equals the last;
    it began when the last of the wanted desa came. One at the edge of the span belongs to it.
    """
    held = limits or Limits()
    families: dict[str, list[record.Signal]] = defaultdict(list)
    for one in signals:
        family = one.rule.partition(".")[0]
        if family != "R18" and desa_of(one.place):
            families[family].append(one)
    found = []
    for family, members in sorted(families.items()):
        members.sort(key=lambda s: (s.since_at, s.subject))
        spans = [[s for s in members[i:] if s.since_at - first.since_at <= held.cause_span] for i, first in enumerate(members)]
        best = max(spans, key=lambda span: (len({desa_of(s.place) for s in span}), span[0].since_at))
        desa = sorted({desa_of(s.place) for s in best})
        if len(best) >= held.cause_signals and len(desa) >= held.cause_desa:
            said: dict[str, str | int] = {
                "family": family, "count": len(best), "desa": len(desa), "codes": " ".join(desa),
                "hours": int(held.cause_span.total_seconds() // 3600),
            }  # fmt: skip
            since_at = _reached(best, held)
            mark = next((s.mark for s in best if s.mark), "")
            found.append(record.Signal("R18", "GANGGUAN", f"cause:{family}", "high", ("KPU",), since_at, said, mark=mark))
    return found


def _reached(span: list[record.Signal], limits: Limits) -> datetime:
    """When a span first held enough warnings in enough desa."""
    seen: set[str] = set()
    for number, one in enumerate(span, 1):
        seen.add(desa_of(one.place))
        if number >= limits.cause_signals and len(seen) >= limits.cause_desa:
            return one.since_at
    return span[-1].since_at
