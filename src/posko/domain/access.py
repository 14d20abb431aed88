"""Stage access: who may see or do what, where, for what purpose, on which basis. Denied unless something allows it.

`may` answers for one thing; `scope` gives the same answer as a value that a query can use. filter(scope) == [t for t in all if may(t)].
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import record

# --- refusals ------------------------------------------------------------------------------------------------------------


class SecretRefused(record.Refusal):
    """Sangat rahasia (Perka ANRI 17/2011) and everything unknown has no place in this system."""

    code: ClassVar[str] = "access.sangat_rahasia"


class SamePerson(record.Refusal):
    """A second pair of eyes is another person's."""

    code: ClassVar[str] = "access.same_person"


class SeenOther(record.Refusal):
    """What is approved must be exactly what was proposed."""

    code: ClassVar[str] = "access.seen_other"


class ApprovalExpired(record.Refusal):
    """A proposal waits for a day, not longer."""

    code: ClassVar[str] = "access.approval_expired"


class UnknownRole(record.Refusal):
    """No such role."""

    code: ClassVar[str] = "access.unknown_role"


class WrongAgency(record.Refusal):
    """A role belongs to one agency."""

    code: ClassVar[str] = "access.wrong_agency"


class OutsideRegion(record.Refusal):
    """Nobody gives rights beyond the region in which he gives them."""

    code: ClassVar[str] = "access.outside_region"


class EndsBeforeStart(record.Refusal):
    """A grant or an agreement that is over before it begins."""

    code: ClassVar[str] = "access.ends_before_start"


class SecondNotRecognised(record.Refusal):
    """The second person's name or password is wrong; the same word for both."""

    code: ClassVar[str] = "access.second_not_recognised"


class SecondLocked(record.Refusal):
    """Too many wrong passwords; the second person waits."""

    code: ClassVar[str] = "access.second_locked"


class SecondMayNot(record.Refusal):
    """The second person is known but has no right to this act here."""

    code: ClassVar[str] = "access.second_may_not"


class ReasonMissing(record.Refusal):
    """Break-glass without a reason."""

    code: ClassVar[str] = "access.reason_missing"


# --- values --------------------------------------------------------------------------------------------------------------

LEVELS = {"biasa": 0, "terbatas": 1, "rahasia": 2}
TLP = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


class Purpose(StrEnum):
    """Why somebody looks or acts. EMERGENCY is break-glass: reads only, for an hour, with a reason, logged and reviewed."""

    DUTY = "duty"
    OVERSIGHT = "oversight"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Grant:
    """A role in a region for a time; until_at None: until it is ended."""

    role: str
    region: str
    from_at: datetime
    until_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.until_at is not None and self.until_at <= self.from_at:
            raise EndsBeforeStart(role=self.role)

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

    def __post_init__(self) -> None:
        if self.clearance not in LEVELS:
            raise SecretRefused(classification=self.clearance)


@dataclass(frozen=True)
class Thing:
    """What is asked for. `owner` "" means: belongs to the post as a whole. `named`: persons or agencies it is addressed to."""

    kind: str
    id: str
    place: str
    owner: str = ""
    classification: str = "biasa"
    tlp: str = "GREEN"
    case: str = ""
    named: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.classification not in LEVELS:
            raise SecretRefused(classification=self.classification)
        if self.tlp not in TLP:
            raise SecretRefused(classification=self.tlp)


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

    def __post_init__(self) -> None:
        if self.until_at <= self.from_at:
            raise EndsBeforeStart(role=self.id)

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at an instant."""
        return self.from_at <= at < self.until_at


@dataclass(frozen=True)
class Approval:
    """A second person's yes to exactly what was seen; `approver` "" while it waits."""

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


# --- roles and the policy ------------------------------------------------------------------------------------------------

# role -> the agency whose people may hold it
ROLES: dict[str, str] = {
    "kpu.operator": "KPU", "kpu.pimpinan": "KPU", "kpu.gudang": "KPU", "ppk.anggota": "PPK", "pps.anggota": "PPS",
    "kpps.anggota": "KPPS",
    "kejari.analis": "KEJARI",
    "kejari.pimpinan": "KEJARI", "kejati.pemantau": "KEJATI",
    "polres.perwira": "POLRES", "pemda.pejabat": "PEMDA", "bawaslu.pengawas": "BAWASLU",
    "admin.sistem": "ADMIN",
}  # fmt: skip
OPERATOR, KPU = frozenset({"kpu.operator"}), frozenset({"kpu.operator", "kpu.pimpinan"})
GUDANG = frozenset({"kpu.gudang", "kpu.operator"})  # whoever works in the warehouse
KPU_ALL = KPU | GUDANG
AD_HOC = frozenset({"ppk.anggota", "pps.anggota"})
KPPS = frozenset({"kpps.anggota"})  # seven people of one TPS: they tell, and see their own station only
ANALYST, KEJARI = frozenset({"kejari.analis"}), frozenset({"kejari.analis", "kejari.pimpinan"})
HEADS = frozenset({"kpu.pimpinan", "kejari.pimpinan"})
KEJATI = frozenset({"kejati.pemantau"})  # the province: counts of its posts, never words
POLRES, PEMDA, BAWASLU, ADMIN = (frozenset({r}) for r in ("polres.perwira", "pemda.pejabat", "bawaslu.pengawas", "admin.sistem"))
AGENCIES = KPU_ALL | KEJARI | POLRES | PEMDA | BAWASLU
SEATED = AGENCIES - frozenset({"kpu.gudang"})  # who sits at the table of the rakor
STAFF = AGENCIES | AD_HOC | ADMIN

# One table: act -> roles. What is not here is denied. Segregation: the analyst drafts, the head of the Kejari approves and issues, the
# head of the KPU answers; Bawaslu reads everything; the administrator gives roles and sees neither reports nor AGHT.
POLICY: dict[str, frozenset[str]] = {
    "board.read": STAFF - ADMIN, "inbox.read": STAFF | KEJATI | KPPS, "search.read": STAFF - ADMIN, "export": AGENCIES,
    "record.read": AGENCIES | ADMIN, "record.drafts": KEJARI | BAWASLU, "record.sealed": BAWASLU, "clock.set": ADMIN,
    "record.erase": HEADS, "record.approve": HEADS | ANALYST | BAWASLU,
    "access.read": ADMIN | BAWASLU | HEADS, "access.grant": ADMIN, "access.approve": ADMIN | HEADS, "access.agree": HEADS,
    "thresholds.read": AGENCIES, "thresholds.set": OPERATOR | ANALYST | HEADS, "thresholds.acknowledge": AGENCIES | AD_HOC,
    "places.read": STAFF, "places.edit": KPU, "places.write": KPU,
    "regulation.read": STAFF, "regulation.confirm": OPERATOR, "regulation.write": OPERATOR,
    "dpt.read": AGENCIES | AD_HOC, "dpt.import": OPERATOR, "dpt.write": OPERATOR,
    "needs.read": AGENCIES | AD_HOC, "needs.compute": OPERATOR, "needs.write": OPERATOR,
    "labels.read": AGENCIES | AD_HOC, "labels.print": GUDANG, "labels.alias": OPERATOR,
    "evidence.read": AGENCIES | AD_HOC, "evidence.attach": GUDANG | AD_HOC,
    "stock.read": AGENCIES | AD_HOC, "stock.count": GUDANG, "stock.inspect": GUDANG | POLRES, "stock.write": KPU,
    "receipts.read": AGENCIES | AD_HOC, "receipts.record": GUDANG, "receipts.order": OPERATOR, "receipts.write": KPU,
    "sorting.read": AGENCIES | AD_HOC, "sorting.record": GUDANG, "sorting.write": KPU,
    "seals.read": AGENCIES | AD_HOC, "seals.issue": OPERATOR, "seals.record": GUDANG, "seals.write": KPU,
    "packing.read": AGENCIES | AD_HOC, "packing.scan": GUDANG, "packing.witness": KPU_ALL, "packing.override": KPU_ALL,
    "packing.write": KPU,
    "sampling.read": AGENCIES, "sampling.draw": OPERATOR, "sampling.record": GUDANG,
    "transfers.read": AGENCIES | AD_HOC, "transfers.report": AD_HOC | OPERATOR | KPPS, "transfers.propose": OPERATOR,
    "transfers.write": KPU | AD_HOC,
    "pledges.read": AGENCIES | AD_HOC, "pledges.ask": KPU | KEJARI, "pledges.make": PEMDA | POLRES, "pledges.use": OPERATOR,
    "pledges.write": POLRES,
    "keys.read": AGENCIES, "keys.set": OPERATOR, "keys.hand": KPU_ALL | POLRES | PEMDA, "keys.open": KPU_ALL | POLRES,
    "travel.read": AGENCIES | AD_HOC, "travel.write": OPERATOR,
    "weather.read": AGENCIES | AD_HOC, "weather.write": OPERATOR,
    "replanning.read": AGENCIES | AD_HOC, "replanning.write": OPERATOR,
    "returns.read": AGENCIES | AD_HOC, "returns.plan": OPERATOR,
    "distribution.read": AGENCIES | AD_HOC, "distribution.plan": OPERATOR, "distribution.write": OPERATOR,
    "worksheet.read": AGENCIES | AD_HOC, "worksheet.edit": OPERATOR,
    "custody.read": AGENCIES | AD_HOC, "custody.record": GUDANG | AD_HOC | KPPS,
    "readiness.read": AGENCIES | AD_HOC, "readiness.check": AD_HOC | OPERATOR | KPPS, "readiness.write": OPERATOR,
    "calls.read": AGENCIES | AD_HOC, "calls.make": OPERATOR | AD_HOC | ANALYST, "calls.write": OPERATOR | AD_HOC,
    "posts.read": KEJARI | KPU | BAWASLU | AD_HOC, "posts.rollup": KEJARI | KPU | BAWASLU | AD_HOC | KEJATI, "posts.set": HEADS | OPERATOR,
    "posts.roster": HEADS | OPERATOR | ANALYST | AD_HOC, "posts.log": KEJARI | KPU | AD_HOC,
    "misuse.file": STAFF | KPPS, "misuse.read": BAWASLU, "misuse.answer": BAWASLU,
    "reports.file": (STAFF - ADMIN) | KPPS, "reports.read": KEJARI | BAWASLU, "reports.write": ANALYST,
    "reports.erase": frozenset({"kejari.pimpinan"}), "reports.guard": BAWASLU | HEADS,
    "merging.read": KEJARI | BAWASLU, "merging.confirm": ANALYST,
    "aght.read": KEJARI | KPU | BAWASLU | POLRES, "aght.assess": ANALYST, "aght.write": ANALYST, "aght.acknowledge": BAWASLU,
    "forecast.read": AGENCIES | AD_HOC, "forecast.make": OPERATOR | ANALYST,
    "recommendations.read": KEJARI | KPU | BAWASLU | POLRES | PEMDA, "recommendations.draft": ANALYST, "recommendations.write": ANALYST,
    "recommendations.review": KEJARI, "recommendations.approve": frozenset({"kejari.pimpinan"}),
    "recommendations.issue": frozenset({"kejari.pimpinan"}), "recommendations.receive": KPU | BAWASLU | POLRES | PEMDA,
    "recommendations.answer": frozenset({"kpu.pimpinan"}) | BAWASLU | POLRES | PEMDA,
    "products.read": KEJARI | KPU | BAWASLU | POLRES | PEMDA | KEJATI,
    "products.receive": frozenset({"kejari.pimpinan"}) | KPU | BAWASLU | POLRES | PEMDA | KEJATI,
    "products.make": ANALYST, "products.sign": frozenset({"kejari.pimpinan"}),
    "home.read": STAFF | KEJATI | KPPS,
    "requests.read": SEATED, "requests.ask": SEATED, "requests.answer": SEATED,
    "rakor.read": AGENCIES, "rakor.freeze": KPU | KEJARI, "rakor.write": KPU | KEJARI, "rakor.answer": AGENCIES, "rakor.reply": SEATED,
    "packs.read": AGENCIES, "materials.read": SEATED, "materials.bring": SEATED,
    "disputes.read": SEATED, "disputes.raise": SEATED, "disputes.settle": SEATED,
    "minutes.read": SEATED, "minutes.write": KPU | KEJARI, "minutes.sign": SEATED,
    "releases.read": AGENCIES, "releases.propose": OPERATOR, "releases.approve": frozenset({"kpu.pimpinan"}),
    "neutrality.read": HEADS | BAWASLU, "neutrality.run": BAWASLU, "neutrality.register": BAWASLU,
    "bundles.read": HEADS | OPERATOR | BAWASLU, "bundles.take": BAWASLU,
    "drill.read": STAFF,
}  # fmt: skip

# Reads that the law itself gives across agencies: Bawaslu oversees the procurement and distribution of supplies and the other
# preparations in its region (UU 7/2017 Pasal 101; cited from memory).
BY_LAW: dict[str, str] = {"BAWASLU": ".read"}
# Whom the things of an act belong to; what is not here belongs to the post as a whole. What the post is told and what it concludes is the
# Kejari's (docs/decisions/0010): others read it because it is addressed to them, by law, by an agreement in force, or by break-glass.
OWNERS: dict[str, str] = dict.fromkeys(
    (
        "reports.read", "reports.write", "reports.erase", "merging.read", "merging.confirm",
        "aght.read", "aght.assess", "aght.write", "aght.acknowledge",
    ),
    "KEJARI",
)  # fmt: skip
# To whom such things are addressed: the route AGHT leads to the KPU, a referral to Bawaslu.
ADDRESSED: dict[str, frozenset[str]] = {"aght.read": frozenset({"KPU"}), "aght.acknowledge": frozenset({"BAWASLU"})}
BREAK_GLASS = timedelta(minutes=60)
APPROVAL_WAITS = timedelta(hours=24)
WARNED_DAYS = (14, 7, 1)


def within(place: str, region: str) -> bool:
    """Whether a dotted place code lies in a region, component by component: 19.0 does not cover 19.06. "*" is the whole country."""
    return region == "*" or (region != "" and (place == region or place.startswith((region + ".", region + ":"))))


def belongs(place: str, region: str) -> str:
    """Where a thing is decided: at its place; without one, at a warehouse, pier or island, or outside, it belongs to the region."""
    return place if ":" not in place and within(place, region) else region


def around(places: Iterable[str], region: str) -> str:
    """The narrowest dotted area in which all these things are decided (`belongs`); the region where there are none."""
    found = [belongs(place, region).split(".") for place in places]
    shared = []
    for parts in zip(*found, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    common = ".".join(shared)
    return common if within(common, region) else region


def owned(act: str, id_: str, place: str, region: str, named: frozenset[str] | None = None) -> Thing:
    """What the post was told or concluded as a thing under an act. `named` None: addressed as things of this act usually are."""
    addressed = ADDRESSED.get(act, frozenset()) if named is None else named
    return Thing(act.partition(".")[0], id_, belongs(place, region), OWNERS.get(act, ""), "terbatas", named=addressed)


def _lawful(person: Person, act: str) -> bool:
    ending = BY_LAW.get(person.agency)
    return ending is not None and act.endswith(ending)


def _emergency(act: str, purpose: Purpose) -> bool:
    return purpose is Purpose.EMERGENCY and act.endswith(".read")


# --- one thing -----------------------------------------------------------------------------------------------------------


def may(person: Person, act: str, thing: Thing, purpose: Purpose, agreements: Iterable[Agreement], at: datetime) -> Decision:
    """Whether a person may do an act on a thing now, the reason, and the basis. Denied by default.

    Break-glass (purpose EMERGENCY, reads only) lifts clearance, case and the missing agreement; never role, time, region or named readers.
    """
    barred = _barred_by_role(person, act, thing, at)
    if barred:
        return Decision(False, barred)
    basis = _basis(person, act, thing, agreements, at)
    barred = _barred_by_marks(person, thing, basis)
    if barred == "named" or (barred and not _emergency(act, purpose)):
        return Decision(False, barred)
    return Decision(True, "role", "break-glass" if barred else basis)


def _barred_by_role(person: Person, act: str, thing: Thing, at: datetime) -> str:
    held = [g for g in person.grants if g.role in POLICY.get(act, frozenset())]
    if not held:
        return "role"
    current = [g for g in held if g.holds(at)]
    if not current:
        return "expired"
    return "" if any(within(thing.place, g.region) for g in current) else "region"


def _barred_by_marks(person: Person, thing: Thing, basis: str) -> str:
    if thing.tlp == "RED" and person.id not in thing.named:
        return "named"
    if LEVELS[thing.classification] > LEVELS[person.clearance]:
        return "clearance"
    if thing.case and thing.case not in person.cases:
        return "case"
    if not basis:
        return "agreement"
    # A sharing mark keeps agreements from passing things on; it does not take away what the law gives.
    return "tlp" if thing.tlp == "AMBER+STRICT" and basis == "agreement" else ""


def _basis(person: Person, act: str, thing: Thing, agreements: Iterable[Agreement], at: datetime) -> str:
    if thing.owner in {"", person.agency} or not thing.named.isdisjoint({person.id, person.agency}):
        return "own"
    if _lawful(person, act):
        return "law"
    shared = act.endswith(".read") and any(_covers(a, person, thing.kind, at) and within(thing.place, a.region) for a in agreements)
    return "agreement" if shared else ""


def _covers(agreement: Agreement, person: Person, kind: str, at: datetime) -> bool:
    return agreement.reader == person.agency and kind in agreement.kinds and agreement.holds(at)


# --- many things ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """All things of one kind that a person may do an act on, as a value for queries; no region means nothing."""

    kind: str
    person: str
    agency: str
    regions: tuple[str, ...]
    clearances: frozenset[str]
    cases: frozenset[str]
    shared_regions: tuple[str, ...]
    by_law: bool
    emergency: bool
    act: str = ""

    def reaches(self, id_: str, place: str, region: str, named: frozenset[str] | None = None) -> bool:
        """Whether what the post was told or concluded about a place lies in the scope (`owned` under its act)."""
        return self.covers(owned(self.act, id_, place, region, named))

    def areas(self, thing: Thing) -> tuple[str, ...]:
        """The parts of a thing's place in which the scope covers it: the place itself, else narrower regions; empty: nowhere."""
        if self.covers(thing):
            return (thing.place,)
        narrower = {r for r in (*self.regions, *self.shared_regions) if r != thing.place and within(r, thing.place)}
        inside = {r for r in narrower if self.covers(replace(thing, place=r))}
        return tuple(sorted(r for r in inside if not any(r != other and within(r, other) for other in inside)))

    def covers(self, thing: Thing) -> bool:
        """Whether a thing lies in the scope; the same answer as `may`."""
        if thing.kind != self.kind or not any(within(thing.place, r) for r in self.regions):
            return False
        if thing.tlp == "RED" and self.person not in thing.named:
            return False
        if self.emergency:
            return True
        cleared = thing.classification in self.clearances and (thing.case == "" or thing.case in self.cases)
        return cleared and self._has_basis(thing)

    def _has_basis(self, thing: Thing) -> bool:
        own = thing.owner in {"", self.agency} or not thing.named.isdisjoint({self.person, self.agency})
        shared = thing.tlp != "AMBER+STRICT" and any(within(thing.place, r) for r in self.shared_regions)
        return own or self.by_law or shared


def scope(person: Person, act: str, kind: str, purpose: Purpose, agreements: Iterable[Agreement], at: datetime) -> Scope:
    """The things of a kind that `may` would allow."""
    roles = POLICY.get(act, frozenset())
    regions = tuple(sorted({g.region for g in person.grants if g.role in roles and g.holds(at)}))
    cleared = frozenset(name for name, level in LEVELS.items() if level <= LEVELS[person.clearance])
    shared = tuple(sorted({a.region for a in agreements if act.endswith(".read") and _covers(a, person, kind, at)}))
    by_law, emergency = _lawful(person, act), _emergency(act, purpose)
    return Scope(kind, person.id, person.agency, regions, cleared, person.cases, shared, by_law, emergency, act)


def reach(person: Person, act: str, region: str, at: datetime) -> str:
    """Where in a region a person may do an act: the region itself, else the first narrower part, else the region (which `may` denies)."""
    held = sorted(g.region for g in person.grants if g.role in POLICY.get(act, frozenset()) and g.holds(at))
    if any(within(region, r) for r in held):
        return region
    return next((r for r in held if within(r, region)), region)


# --- four eyes, grants, agreements ---------------------------------------------------------------------------------------


def approve(pending: Approval, approver: str, seen_hash: str, at: datetime) -> Approval:
    """A second person says yes to exactly what was proposed. SamePerson, SeenOther, ApprovalExpired."""
    if approver == pending.proposer:
        raise SamePerson(act=pending.act, person=approver)
    if at >= pending.expires_at:
        raise ApprovalExpired(act=pending.act)
    if seen_hash != pending.seen_hash:
        raise SeenOther(act=pending.act)
    return replace(pending, approver=approver)


def check_grant(grant: Grant, agency: str, proposer: Person, at: datetime) -> None:
    """Whether a grant may be proposed for somebody of an agency. UnknownRole, WrongAgency, OutsideRegion."""
    if grant.role not in ROLES:
        raise UnknownRole(role=grant.role)
    if ROLES[grant.role] != agency:
        raise WrongAgency(role=grant.role, agency=agency)
    held = (g for g in proposer.grants if g.role in POLICY["access.grant"] and g.holds(at))
    if not any(within(grant.region, g.region) for g in held):
        raise OutsideRegion(region=grant.region)


def days_left(agreement: Agreement, at: datetime) -> int:
    """Whole days until it expires; 0 on the last day, negative afterwards."""
    return (agreement.until_at - at).days


def ended_lately(agreement: Agreement, at: datetime) -> bool:
    """Whether it ended within the days of the first warning: both sides are told so until then."""
    return timedelta(0) <= at - agreement.until_at <= timedelta(days=max(WARNED_DAYS))


def reads_by(person: Person, agreement: Agreement, at: datetime) -> bool:
    """Whether somebody is of the reading agency and holds a role that such an agreement opens something to."""
    acts = [f"{kind}.read" for kind in sorted(agreement.kinds)]
    held = {g.role for g in person.grants if g.holds(at) and (within(g.region, agreement.region) or within(agreement.region, g.region))}
    return person.agency == agreement.reader and any(held & POLICY.get(act, frozenset()) for act in acts)


def renewed(agreement: Agreement, seen: int, until_at: datetime, first: str, second: str, at: datetime) -> Agreement:
    """The next version: same reader, kinds and region, in force from now. SeenOther, SamePerson, EndsBeforeStart."""
    if agreement.version != seen:
        raise SeenOther(act="access.agree")
    if first == second:
        raise SamePerson(act="access.agree", person=first)
    return replace(agreement, version=agreement.version + 1, from_at=at, until_at=until_at)


def warned(agreement: Agreement, at: datetime) -> int:
    """Which warning stands: 14, 7 or 1 (days before the end), 0 for none or when it is over."""
    left = agreement.until_at - at
    if left <= timedelta(0) or not agreement.holds(at):
        return 0
    return min((d for d in WARNED_DAYS if left <= timedelta(days=d)), default=0)
