"""Stage aght: what threatens the election, where, how surely, how badly? AGHT: ancaman, gangguan, hambatan, tantangan.

The probability is a sum of log-odds that explains itself line by line:

    logit p = logit p0 + sum over evidence of  w(source) * ln LR(information) * 0.5 ** (k - 1)

k counts within one chain of provenance (a forwarded message, one office, one witness), so that twenty copies of one rumour weigh hardly
more than one. The strongest piece of a chain comes first: a rumour that arrived early must not discount the officer who went and
looked. Weights and ratios are ours, version posko-logodds/1, and have to be calibrated against outcomes; p is about the claim text.
Expected loss in voters = p x voters of the affected TPS x share of their voting that is lost (low, mode, high). Items are ranked by it;
the 5 x 5 matrix is only shown.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from posko.domain import distribution, places, record, reports

METHOD = "posko-logodds/1"
PRIOR_PERMILLE = 100
SIMULATED = "[SIMULASI]"
CLAIM_LONGEST = 300
TITLE_LONGEST = 120


class Empty(record.Refusal):
    """A claim, title, basis or reason without words."""

    code: ClassVar[str] = "aght.empty"


class TooLong(record.Refusal):
    """More words than a line of the register holds."""

    code: ClassVar[str] = "aght.too_long"


class BadShares(record.Refusal):
    """Shares of lost voting that are not 0 <= low <= mode <= high <= 100 per cent, or a prior outside 0.1 to 99.9 per cent."""

    code: ClassVar[str] = "aght.bad_shares"


class NotOperational(record.Refusal):
    """Nothing that hampers the election itself: it is referred or closed, no AGHT item is made of it."""

    code: ClassVar[str] = "aght.not_operational"


class Ungraded(record.Refusal):
    """A report whose source or information has not been graded yet."""

    code: ClassVar[str] = "aght.ungraded"


class SourceFirst(record.Refusal):
    """The information is graded after the source, on its own screen."""

    code: ClassVar[str] = "aght.source_first"


class UnknownPlace(record.Refusal):
    """A place that touches no TPS of this election."""

    code: ClassVar[str] = "aght.unknown_place"


class UnknownLabel(record.Refusal):
    """A gatra or variable that is not in the label set."""

    code: ClassVar[str] = "aght.unknown_label"


class Unknown(record.Refusal):
    """No such item, or not yet at this time."""

    code: ClassVar[str] = "aght.unknown"


class Closed(record.Refusal):
    """An item that is closed is not worked on; it is opened again first."""

    code: ClassVar[str] = "aght.closed"


class SameStanding(record.Refusal):
    """It already stands so."""

    code: ClassVar[str] = "aght.same_standing"


class BadDelay(record.Refusal):
    """A delay that is not 1 to 2880 minutes."""

    code: ClassVar[str] = "aght.bad_delay"


class Attached(record.Refusal):
    """The report already supports this item."""

    code: ClassVar[str] = "aght.attached"


class AlreadyReferred(record.Refusal):
    """The report has been referred to this agency before."""

    code: ClassVar[str] = "aght.already_referred"


class NotReferred(record.Refusal):
    """No referral waits for this receipt."""

    code: ClassVar[str] = "aght.not_referred"


# --- kinds and the triage tree ----------------------------------------------------------------------------------------


class Kind(StrEnum):
    """The four kinds. No text of the prosecutor's office defines all four; the working rule is `triage`."""

    ANCAMAN = "ANCAMAN"
    GANGGUAN = "GANGGUAN"
    HAMBATAN = "HAMBATAN"
    TANTANGAN = "TANTANGAN"


class Route(StrEnum):
    """Where it goes: AGHT to the KPU, a suspected offence to Bawaslu, a civil or administrative dispute to the Datun section."""

    KPU = "KPU"
    BAWASLU = "BAWASLU"
    DATUN = "DATUN"


class Violation(StrEnum):
    """Whether the report hints at something the post does not look into."""

    NONE = "none"
    OFFENCE = "offence"
    DISPUTE = "dispute"


@dataclass(frozen=True)
class Answers:
    """The questions of the tree. `operational`: does it hamper supplies, places, people or safety of the vote?"""

    operational: bool
    intent: bool = False
    happening: bool = False
    own_control: bool = False
    violation: Violation = Violation.NONE


@dataclass(frozen=True)
class Triage:
    """The answer of the tree: a kind (None: nothing operational), where it goes, and the questions asked with their answers."""

    kind: Kind | None
    routes: tuple[Route, ...]
    path: tuple[tuple[str, bool], ...]


def triage(answers: Answers) -> Triage:
    """The working rule of the field. Every combination of answers has exactly one result."""
    path = [("operational", answers.operational)]
    kind: Kind | None = None
    if answers.operational:
        path += [("intent", answers.intent), ("happening", answers.happening)]
        if answers.intent:
            kind = Kind.GANGGUAN if answers.happening else Kind.ANCAMAN
        elif answers.happening:
            path.append(("own_control", answers.own_control))
            kind = Kind.HAMBATAN if answers.own_control else Kind.GANGGUAN
        else:
            kind = Kind.TANTANGAN
    harmful = answers.operational and answers.intent and answers.happening
    wanted = (
        (Route.KPU, kind is not None),
        (Route.BAWASLU, answers.violation is Violation.OFFENCE or harmful),
        (Route.DATUN, answers.violation is Violation.DISPUTE),
    )
    return Triage(kind, tuple(route for route, holds in wanted if holds), tuple(path))


# --- labels, versioned: indicator sets change with every election -------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """Labels for the office's own reports. They drive no score. Code -> Indonesian name."""

    version: str
    gatra: Mapping[str, str]
    variables: Mapping[str, str]


LABELS = {
    "bawaslu-2024/1": Labels(
        "bawaslu-2024/1",
        {
            "ideologi": "Ideologi",
            "politik": "Politik",
            "ekonomi": "Ekonomi",
            "sosial_budaya": "Sosial budaya",
            "hankam": "Pertahanan dan keamanan",
            "geografi": "Geografi",
            "demografi": "Demografi",
            "kekayaan_alam": "Sumber kekayaan alam",
        },
        {
            "1": "Penggunaan hak pilih",
            "2": "Keamanan",
            "3": "Kampanye",
            "4": "Netralitas",
            "5": "Logistik",
            "6": "Lokasi TPS",
            "7": "Listrik dan internet",
            "8": "Informasi (tambahan Posko)",
            "9": "Penyelenggara (tambahan Posko)",
            "10": "Siber (tambahan Posko)",
        },
    )
}
CURRENT_LABELS = "bawaslu-2024/1"


# --- grades and the posterior -------------------------------------------------------------------------------------------

WEIGHT = {"A": 1.0, "B": 0.8, "C": 0.6, "D": 0.3, "E": 0.1, "F": 0.4}
RATIO = {"1": 20.0, "2": 5.0, "3": 1.5, "4": 0.67, "5": 0.2, "6": 1.0}
_DIAGONAL = {"A": "1", "B": "2", "C": "3", "D": "4", "E": "5", "F": "6"}


@dataclass(frozen=True)
class Grading:
    """What an analyst concludes about one report: about which claim, how reliable the source, how credible the information.

    `chain` names the origin; copies of one message, reports of one office or one witness share it. Empty strings: not graded yet.
    """

    report: str
    claim: str
    chain: str
    source: str = ""
    source_basis: str = ""
    source_by: str = ""
    information: str = ""
    information_basis: str = ""
    information_by: str = ""
    graded_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Both scales are graded."""
        return bool(self.source and self.information)

    @property
    def on_diagonal(self) -> bool:
        """Whether both grades are the same step of their scale: many of these mean that the scales are not graded apart."""
        return self.complete and _DIAGONAL[self.source] == self.information


def diagonal(gradings: Iterable[Grading]) -> tuple[int, int]:
    """(gradings on the diagonal, complete gradings): a measure of the grading, not of the reports."""
    done = [g for g in gradings if g.complete]
    return sum(g.on_diagonal for g in done), len(done)


@dataclass(frozen=True)
class Line:
    """One step of the sum: the report, its grade, its place k in the chain, and p after it."""

    report: str
    chain: str
    source: str
    information: str
    weight: float
    ratio: float
    k: int
    step: float
    p: float


@dataclass(frozen=True)
class Posterior:
    """The probability that the claim holds, from a prior, line by line."""

    prior: float
    p: float
    lines: tuple[Line, ...]


def posterior(prior: float, gradings: Iterable[Grading]) -> Posterior:
    """Adds the evidence in log-odds. Complete gradings only (Ungraded). The order of the input does not matter."""
    if not 0 < prior < 1:
        raise BadShares(prior=str(prior))
    pieces = []
    for g in gradings:
        if not g.complete:
            raise Ungraded(report=g.report)
        pieces.append((WEIGHT[g.source] * math.log(RATIO[g.information]), g))
    pieces.sort(key=lambda piece: (piece[1].chain, -abs(piece[0]), piece[1].report))
    logit = math.log(prior / (1 - prior))
    seen: dict[str, int] = {}
    lines = []
    for full, g in pieces:
        k = seen[g.chain] = seen.get(g.chain, 0) + 1
        step = full * 0.5 ** (k - 1)
        logit += step
        lines.append(Line(g.report, g.chain, g.source, g.information, WEIGHT[g.source], RATIO[g.information], k, step, _p(logit)))
    return Posterior(prior, _p(logit), tuple(lines))


def _p(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


# --- where, and how badly -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shares:
    """Share of voting that would be lost at the affected TPS if the claim holds, in per cent."""

    low: int
    mode: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.mode <= self.high <= 100:
            raise BadShares(low=self.low, mode=self.mode, high=self.high)


@dataclass(frozen=True)
class Loss:
    """Voters at risk, rounded: p x voters x share."""

    low: int
    mode: int
    high: int


def expected_loss(p: float, voters: int, shares: Shares) -> Loss:
    """Voters whose voting is lost on average: p x voters x share, half up."""
    return Loss(*(math.floor(p * voters * share / 100 + 0.5) for share in (shares.low, shares.mode, shares.high)))


def affected(place: str, tps_list: Iterable[places.Tps], piers: Mapping[str, frozenset[str]] | None = None) -> tuple[str, ...]:
    """TPS that a place touches: a TPS itself; of an area; of an island; of the islands behind a pier; else (warehouse, office) all."""
    known = list(tps_list)
    if ":" not in place:
        return tuple(t.code for t in known if t.code == place or t.code.startswith(f"{place}."))
    islands = (piers or {}).get(place, frozenset({place}))
    region, _, kind = place.partition(":")
    if kind[:1] in {"P", "D"}:
        return tuple(t.code for t in known if t.island in islands)
    return tuple(t.code for t in known if t.code.startswith(f"{region}."))


LIKELY = (0.05, 0.2, 0.5, 0.8)
GRAVE = (0.0005, 0.0025, 0.01, 0.05)
"""Upper ends of the first four steps: of p, and of the share of all voters lost if the claim holds. Ours; only shown, never ranked by."""


def cell(p: float, voters: int, shares: Shares, all_voters: int) -> tuple[int, int]:
    """(likelihood 1..5, gravity 1..5) for the matrix that people know."""
    share = voters * shares.mode / 100 / all_voters if all_voters else 0.0
    return 1 + sum(p >= edge for edge in LIKELY), 1 + sum(share >= edge for edge in GRAVE)


# --- the item --------------------------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """Open, being treated, or closed with a reason."""

    OPEN = "open"
    TREATED = "treated"
    CLOSED = "closed"


@dataclass(frozen=True)
class Assessment:
    """One conclusion about an item. A new one is appended; the old ones stay."""

    version: int
    kind: Kind
    claim: str
    gatra: str
    variable: str
    labels: str
    prior_permille: int
    shares: Shares
    author: str
    assessed_at: datetime
    routes: tuple[Route, ...] = (Route.KPU,)
    note: str = ""

    def __post_init__(self) -> None:
        known = LABELS.get(self.labels)
        if known is None or self.gatra not in known.gatra or self.variable not in known.variables:
            raise UnknownLabel(label=f"{self.gatra}/{self.variable}")
        if not 1 <= self.prior_permille <= 999:
            raise BadShares(prior=self.prior_permille)
        if not self.claim.strip():
            raise Empty(field="claim")


@dataclass(frozen=True)
class Change:
    """A standing and why."""

    standing: Standing
    reason: str
    person: str
    at: datetime


@dataclass(frozen=True)
class Aght:
    """An item of the register as it stood at an instant."""

    code: str
    title: str
    place: str
    tps: tuple[str, ...]
    voters: int
    estimate: bool
    assessments: tuple[Assessment, ...]
    gradings: tuple[Grading, ...]
    changes: tuple[Change, ...]
    opened_at: datetime
    all_voters: int = 0
    entry_id: str = ""

    @property
    def now(self) -> Assessment:
        """The assessment in force."""
        return self.assessments[-1]

    @property
    def kind(self) -> Kind:
        """The kind in force."""
        return self.now.kind

    @property
    def standing(self) -> Standing:
        """Open unless somebody said otherwise."""
        return self.changes[-1].standing if self.changes else Standing.OPEN

    @property
    def reason(self) -> str:
        """Why it stands so."""
        return self.changes[-1].reason if self.changes else ""

    @property
    def posterior(self) -> Posterior:
        """How surely, line by line."""
        return posterior(self.now.prior_permille / 1000, self.gradings)

    @property
    def p(self) -> float:
        """How surely."""
        return self.posterior.p

    @property
    def loss(self) -> Loss:
        """How badly, on average."""
        return expected_loss(self.p, self.voters, self.now.shares)

    @property
    def cell(self) -> tuple[int, int]:
        """Where the matrix shows it."""
        return cell(self.p, self.voters, self.now.shares, self.all_voters)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Where it goes."""
        return self.now.routes


def ranked(items: Iterable[Aght]) -> list[Aght]:
    """By expected loss, the worst first, closed ones last. Nothing else counts: not the place's name, not who reported."""
    return sorted(items, key=lambda a: (a.standing is Standing.CLOSED, -a.loss.mode, -a.p, a.code))


def simulated_title(title: str) -> str:
    """Until record and access are complete no real AGHT may be entered: every title says so, whoever types it. Empty, TooLong."""
    plain = reports.clean(title)
    while plain.upper().startswith(SIMULATED):
        plain = plain[len(SIMULATED) :].strip()
    if not plain:
        raise Empty(field="title")
    if len(plain) > TITLE_LONGEST:
        raise TooLong(field="title", longest=TITLE_LONGEST)
    return f"{SIMULATED} {plain}"


def words(field: str, text: str) -> str:
    """A required text, cleaned. Empty, TooLong."""
    plain = reports.clean(text)
    if not plain:
        raise Empty(field=field)
    if len(plain) > CLAIM_LONGEST:
        raise TooLong(field=field, longest=CLAIM_LONGEST)
    return plain


def check_open(item: Aght) -> None:
    """Closed items are opened again before they are worked on. Closed."""
    if item.standing is Standing.CLOSED:
        raise Closed(code=item.code)


def check_change(item: Aght, standing: Standing) -> None:
    """SameStanding where nothing would change."""
    if item.standing is standing:
        raise SameStanding(code=item.code)


def hazard(item: Aght, kind: str, delay_min: int) -> distribution.Hazard:
    """What plans and forecasts are told: trips to the item's place may take longer, as surely as the item is now held to be. BadDelay."""
    if not 1 <= delay_min <= 2880:
        raise BadDelay(delay_min=delay_min)
    return distribution.Hazard(item.place, kind, delay_min, round(item.p * 1000), source=item.code)


def check_attach(item: Aght, grading: Grading) -> None:
    """A graded report that is not there yet, to an item that is not closed. Closed, Ungraded, Attached."""
    check_open(item)
    if not grading.complete:
        raise Ungraded(report=grading.report)
    if any(g.report == grading.report for g in item.gradings):
        raise Attached(report=grading.report, code=item.code)


# --- what waits, and the map ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Referral:
    """A report handed to another agency, and the receipt it gave."""

    report: str
    to: Route
    note: str
    person: str
    handed_at: datetime
    receipt_no: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True)
class Desa:
    """One desa on the map: open items, expected loss in voters, reports. Nothing heard is unknown, never quiet."""

    code: str
    items: int
    loss: int
    reports: int

    @property
    def unknown(self) -> bool:
        """Nobody has said anything about this desa."""
        return self.items == 0 and self.reports == 0


def by_desa(desa_codes: Iterable[str], items: Iterable[Aght], reported: Iterable[str]) -> list[Desa]:
    """Open items, their loss spread over their TPS by number, and reports, per desa."""
    counts = {code: [0, 0.0, 0] for code in desa_codes}
    for item in items:
        if item.standing is Standing.CLOSED or not item.tps:
            continue
        each = item.loss.mode / len(item.tps)
        for code in {_desa(tps) for tps in item.tps} & counts.keys():
            counts[code][0] += 1
        for tps in item.tps:
            if _desa(tps) in counts:
                counts[_desa(tps)][1] += each
    for place in reported:
        if _desa(place) in counts:
            counts[_desa(place)][2] += 1
    return [Desa(code, int(n), math.floor(loss + 0.5), int(heard)) for code, (n, loss, heard) in counts.items()]


def _desa(code: str) -> str:
    return ".".join(code.split(".")[:4])


def grid(items: Iterable[Aght], labels: Labels) -> dict[Kind, dict[str, int]]:
    """Kind x gatra: how many items that are not closed."""
    table = {kind: dict.fromkeys(labels.gatra, 0) for kind in Kind}
    for item in items:
        if item.standing is not Standing.CLOSED:
            table[item.kind][item.now.gatra] = table[item.kind].get(item.now.gatra, 0) + 1
    return table


RISK_STALE = timedelta(hours=72)


def stale(item: Aght, at: datetime) -> bool:
    """Not closed and not looked at for three days."""
    last = max(item.now.assessed_at, *(c.at for c in item.changes)) if item.changes else item.now.assessed_at
    return item.standing is not Standing.CLOSED and at - last > RISK_STALE


def with_routes(assessment: Assessment, result: Triage) -> Assessment:
    """The assessment with what the tree says. NotOperational where it says there is no AGHT."""
    if result.kind is None:
        raise NotOperational()
    return replace(assessment, kind=result.kind, routes=result.routes)
