"""Stage access: who may see or do what, where, for what purpose, on which basis. Denied unless something allows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import ClassVar

from posko.domain import record


class Purpose(StrEnum):
    """Why somebody looks or acts."""

    DUTY = "duty"
    OVERSIGHT = "oversight"
    EMERGENCY = "emergency"


class Classification(IntEnum):
    """Handling inside the agency. `sangat rahasia` is refused: not this system."""

    BIASA = 0
    TERBATAS = 1
    RAHASIA = 2


@dataclass(frozen=True)
class Grant:
    """A role in a region for a time; until_at None: until it is ended."""

    role: str
    region: str
    from_at: datetime
    until_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at an instant."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True)
class Person:
    """Who asks: pseudonymous id, agency, roles, clearance, cases."""

    id: str
    agency: str
    grants: tuple[Grant, ...]
    clearance: str = "terbatas"
    cases: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Thing:
    """What is asked for."""

    kind: str
    id: str
    place: str
    owner: str = ""
    classification: str = "biasa"
    tlp: str = "GREEN"
    case: str = ""
    named: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Agreement:
    """A versioned agreement between agencies: these kinds may be read by that agency in that region until it expires."""

    id: str
    version: int
    reader: str
    kinds: frozenset[str]
    region: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Approval:
    """A second person's yes to exactly what was seen."""

    id: str
    act: str
    subject: str
    seen_hash: str
    proposer: str
    approver: str
    expires_at: datetime


@dataclass(frozen=True)
class Decision:
    """The answer, why, and on which basis: own | law | agreement | break-glass."""

    allowed: bool
    code: str
    basis: str = ""


@dataclass(frozen=True)
class Scope:
    """For queries: the regions in which the act is allowed, up to which classification; empty means nothing."""

    regions: tuple[str, ...]
    classifications: frozenset[str]
    basis: str
    person: str


class SecretRefused(record.Refusal):
    """Sangat rahasia has no place here."""

    code: ClassVar[str] = "access.sangat_rahasia"


class SamePerson(record.Refusal):
    """A second pair of eyes is another person's."""

    code: ClassVar[str] = "access.same_person"


KPU = frozenset({"kpu.operator", "kpu.pimpinan"})
AD_HOC = frozenset({"ppk.anggota", "pps.anggota"})
KEJARI = frozenset({"kejari.analis", "kejari.pimpinan"})
POLRES, PEMDA, BAWASLU, ADMIN = (frozenset({r}) for r in ("polres.perwira", "pemda.pejabat", "bawaslu.pengawas", "admin.sistem"))
AGENCIES = KPU | KEJARI | POLRES | PEMDA | BAWASLU
STAFF = AGENCIES | AD_HOC | ADMIN

# One table: act -> roles. What is not here is denied.
POLICY: dict[str, frozenset[str]] = {
    "board.read": STAFF - ADMIN, "inbox.read": STAFF, "search.read": STAFF - ADMIN, "export": AGENCIES,
    "access.read": ADMIN | BAWASLU, "access.grant": ADMIN, "clock.set": ADMIN,
    "record.read": AGENCIES | ADMIN,
    "places.read": STAFF, "places.edit": KPU,
    "regulation.read": STAFF, "regulation.confirm": frozenset({"kpu.operator"}),
    "dpt.read": AGENCIES | AD_HOC, "dpt.import": frozenset({"kpu.operator"}),
    "needs.read": AGENCIES | AD_HOC, "needs.compute": frozenset({"kpu.operator"}),
    "receipts.read": AGENCIES | AD_HOC, "receipts.record": frozenset({"kpu.operator"}), "receipts.order": frozenset({"kpu.operator"}),
    "receipts.write": KPU,
    "distribution.read": AGENCIES | AD_HOC, "distribution.plan": frozenset({"kpu.operator"}), "distribution.write": frozenset({"kpu.operator"}),
    "readiness.read": AGENCIES | AD_HOC, "readiness.check": AD_HOC | frozenset({"kpu.operator"}),
    "readiness.write": frozenset({"kpu.operator"}),
    "reports.file": STAFF - ADMIN, "reports.read": KEJARI | BAWASLU, "reports.erase": frozenset({"kejari.pimpinan"}),
    "aght.read": KEJARI | KPU | BAWASLU | POLRES, "aght.assess": frozenset({"kejari.analis"}), "aght.write": frozenset({"kejari.analis"}),
    "aght.acknowledge": BAWASLU,
    "recommendations.read": KEJARI | KPU | BAWASLU | PEMDA, "recommendations.draft": frozenset({"kejari.analis"}),
    "recommendations.approve": frozenset({"kejari.pimpinan"}), "recommendations.issue": frozenset({"kejari.pimpinan"}),
    "recommendations.receive": KPU, "recommendations.answer": frozenset({"kpu.pimpinan"}),
    "rakor.read": AGENCIES, "rakor.freeze": KPU | KEJARI, "rakor.write": KPU | KEJARI,
    "rakor.answer": AGENCIES,
}  # fmt: skip


def within(place: str, region: str) -> bool:
    """Whether a dotted place code lies in a region, component by component: 19.0 does not cover 19.06."""
    return place == region or place.startswith((region + ".", region + ":")) or region == "*"


def _cleared(person: Person, thing: Thing) -> bool:
    levels = {"biasa": 0, "terbatas": 1, "rahasia": 2}
    if thing.classification not in levels:
        raise SecretRefused(classification=thing.classification)
    return levels[thing.classification] <= levels.get(person.clearance, 0)


def may(person: Person, act: str, thing: Thing, purpose: Purpose, agreements: Iterable[Agreement], at: datetime) -> Decision:
    """Whether a person may do an act on a thing now, the reason, and the basis. Denied by default."""
    roles = POLICY.get(act, frozenset())
    held = [g for g in person.grants if g.role in roles]
    if not held:
        return Decision(False, "role")
    current = [g for g in held if g.holds(at)]
    if not current:
        return Decision(False, "expired")
    if not any(within(thing.place, g.region) for g in current):
        return Decision(False, "region")
    if not _cleared(person, thing):
        return Decision(False, "clearance")
    if thing.tlp == "RED" and person.id not in thing.named:
        return Decision(False, "named")
    if thing.case and thing.case not in person.cases and person.agency != thing.owner:
        return Decision(False, "case")
    own = thing.owner in {"", person.agency}
    if own:
        return Decision(True, "role", "own")
    for agreement in agreements:
        if (agreement.reader == person.agency and thing.kind in agreement.kinds and within(thing.place, agreement.region)
                and agreement.from_at <= at < agreement.until_at):  # fmt: skip
            return Decision(True, "role", "agreement")
    return Decision(True, "role", "law") if person.agency in {"BAWASLU", "KPU"} else Decision(False, "agreement")
