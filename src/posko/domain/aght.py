"""Stage aght: what threatens the election, where, how surely, how badly? AGHT: ancaman, gangguan, hambatan, tantangan.

The probability is a sum of log-odds that explains itself line by line:

    logit p = logit p0 + sum over evidence of  w(source) * ln LR(information) * 0.5 ** (k - 1)

k counts within one chain of provenance (a forwarded message, one office, one witness), so that twenty copies of one rumour weigh hardly
more than one. The strongest piece of a chain comes first: a rumour that arrived early must not discount the officer who went and
looked. Weights and ratios are ours, version posko-logodds/1, and have to be calibrated against outcomes; p is about the claim text.
Expected loss in voters = p x voters of the affected TPS x mean share of their voting that is lost, the share being triangular between
low and high with its peak at mode. Items are ranked by it, then by the time left to act; the 5 x 5 matrix is only shown. What is said here
about probabilities is kept and held against what happened (`brier`).
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar

from posko.domain import access, distribution, places, record, reports, thresholds

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


class OtherFirst(record.Refusal):
    """Another analyst could grade the other scale: for two hours it is that one's. Nobody's word shortens it."""

    code: ClassVar[str] = "aght.other_first"


class MissingTime(record.Refusal):
    """When an action still helps for the last time: asked for, never guessed."""

    code: ClassVar[str] = "aght.missing_time"


class MissingOutcome(record.Refusal):
    """An item is closed with what became of its claim: it held, it did not, or nobody knows."""

    code: ClassVar[str] = "aght.missing_outcome"


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


class OpenedJustNow(record.Refusal):
    """The same person opened the same item minutes ago: the form was sent twice."""

    code: ClassVar[str] = "aght.opened_just_now"


class BadTime(record.Refusal):
    """A last moment that lies years from voting: a typing error, not a statement."""

    code: ClassVar[str] = "aght.bad_time"


class SameStanding(record.Refusal):
    """It already stands so."""

    code: ClassVar[str] = "aght.same_standing"


class BadDelay(record.Refusal):
    """A delay that is not 1 to 2880 minutes."""

    code: ClassVar[str] = "aght.bad_delay"


class Attached(record.Refusal):
    """The report already supports this item."""

    code: ClassVar[str] = "aght.attached"


class Changed(record.Refusal):
    """Somebody else changed the item or the report since this form was opened; what is written now has to know it."""

    code: ClassVar[str] = "aght.changed"


class BadReceipt(record.Refusal):
    """A receipt's number that is not 1 to 40 letters, digits, points, strokes or slashes, or that is a word."""

    code: ClassVar[str] = "aght.bad_receipt"


class BadStep(record.Refusal):
    """A cost or reversibility outside its three steps."""

    code: ClassVar[str] = "aght.bad_step"


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

    def written(self) -> str:
        """The answers as one word for a table: the initials of what was answered yes, and the violation."""
        flags = (("o", self.operational), ("i", self.intent), ("h", self.happening), ("c", self.own_control))
        return "".join(letter for letter, yes in flags if yes) + ":" + self.violation.value

    @classmethod
    def read(cls, written: str) -> "Answers | None":
        """The answers of `written`; None for "" (an assessment of before they were kept)."""
        letters, _, violation = written.partition(":")
        return cls("o" in letters, "i" in letters, "h" in letters, "c" in letters, Violation(violation)) if written else None


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


class BadLabels(record.Refusal):
    """A set without a readable version, without both lists, or without the one variable that R21 reads."""

    code: ClassVar[str] = "aght.bad_labels"


class LabelsTwice(record.Refusal):
    """A version that is known already, or that is in force already."""

    code: ClassVar[str] = "aght.labels_twice"


class UnknownLabels(record.Refusal):
    """No set of this version."""

    code: ClassVar[str] = "aght.unknown_labels"


@dataclass(frozen=True)
class Labels:
    """Labels for the office's own reports. They drive no score. Code -> Indonesian name.

    information: the variable under which misleading news about the vote stands, which R21 reads. source: where the set comes from.
    """

    version: str
    gatra: Mapping[str, str]
    variables: Mapping[str, str]
    information: str = ""
    source: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


GROUPS = ("gatra", "variabel")
INFORMATION_MARK = "R21"
"""A note that begins so names the variable that R21 reads."""
LABEL_LONGEST = 80
_VERSION = re.compile(r"[a-z0-9][a-z0-9-]{1,24}/[0-9]{1,4}")


@dataclass(frozen=True)
class Label:
    """One row of a set: its code, its name, which list it belongs to (gatra | variabel), a note."""

    code: str
    name: str
    group: str
    note: str = ""


def labels(version: str, rows: Iterable[Label], source: str) -> Labels:
    """A set from its rows. version: as bawaslu-2024/1. BadLabels."""
    tidy, known = version.strip().lower(), list(rows)
    if not _VERSION.fullmatch(tidy):
        raise BadLabels(field="versi")
    if not source.strip():
        raise BadLabels(field="sumber")
    lists: dict[str, dict[str, str]] = {group: {} for group in GROUPS}
    for one in known:
        if one.group not in lists or not one.name.strip() or one.code in lists[one.group]:
            raise BadLabels(field=one.code or one.name)
        lists[one.group][one.code] = one.name
    if not all(lists.values()):
        raise BadLabels(field="kelompok")
    marked = [one.code for one in known if one.group == "variabel" and one.note.startswith(INFORMATION_MARK)]
    if len(marked) != 1:
        raise BadLabels(field=INFORMATION_MARK)
    notes = {f"{one.group}:{one.code}": one.note for one in known if one.note}
    return Labels(tidy, lists["gatra"], lists["variabel"], marked[0], source.strip(), notes)


def label_rows(found: Labels) -> list[Label]:
    """A set as rows, as its file has them."""
    notes = dict(found.notes)
    notes.setdefault(f"variabel:{found.information}", INFORMATION_MARK)
    pairs = [("gatra", code, name) for code, name in found.gatra.items()]
    pairs += [("variabel", code, name) for code, name in found.variables.items()]
    return [Label(code, name, group, notes.get(f"{group}:{code}", "")) for group, code, name in pairs]


@dataclass(frozen=True)
class LabelChange:
    """What a newer set changes for a code: new | gone | renamed; nothing of it touches items that exist."""

    group: str
    code: str
    change: str
    before: str
    after: str


def label_changes(old: Labels, new: Labels) -> list[LabelChange]:
    """Differences of two sets, list by list, by code."""
    found = []
    for group, before, after in (("gatra", old.gatra, new.gatra), ("variabel", old.variables, new.variables)):
        for code in (*before, *(c for c in after if c not in before)):
            was, will = before.get(code, ""), after.get(code, "")
            if was != will:
                found.append(LabelChange(group, code, "new" if not was else "renamed" if will else "gone", was, will))
    return found


def check_label(found: Labels, gatra: str, variable: str) -> None:
    """Whether a set has both codes. UnknownLabel."""
    if gatra not in found.gatra or variable not in found.variables:
        raise UnknownLabel(label=f"{gatra}/{variable}")


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
        "8",
        "Gatra: delapan gatra ketahanan nasional; variabel: indikator TPS rawan Bawaslu 2024, tiga tambahan Posko",
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
    def by_one(self) -> bool:
        """Both scales by the same person: flagged, not refused, since staff does not always allow otherwise."""
        return self.complete and self.source_by == self.information_by

    @property
    def on_diagonal(self) -> bool:
        """Whether both grades are the same step of their scale: many of these mean that the scales are not graded apart."""
        return self.complete and _DIAGONAL[self.source] == self.information


def diagonal(gradings: Iterable[Grading]) -> tuple[int, int]:
    """(gradings on the diagonal, complete gradings): a measure of the grading, not of the reports."""
    done = [g for g in gradings if g.complete]
    return sum(g.on_diagonal for g in done), len(done)


def by_one(gradings: Iterable[Grading]) -> tuple[int, int]:
    """(gradings whose two scales one person graded, complete gradings)."""
    done = [g for g in gradings if g.complete]
    return sum(g.by_one for g in done), len(done)


OTHER_FIRST = timedelta(hours=2)
"""So long the second scale waits for another analyst before the first one may grade both. Ours."""


def offered(grading: Grading, person: str, others: int, at: datetime, scale: str = "information") -> bool:
    """Whether a scale ("source" or "information") is this person's to grade now. others: further analysts who may grade here.

    Who graded the other scale waits; a correction of one's own grade is no second scale and does not.
    """
    by = {"source": grading.source_by if grading.source else "", "information": grading.information_by if grading.information else ""}
    mine = by.pop(scale)
    if person not in by.values() or person == mine or others == 0 or grading.graded_at is None:
        return True
    return at - grading.graded_at >= OTHER_FIRST


@dataclass(frozen=True)
class Line:
    """One step of the sum: the report, its grade, its place k in the chain, and p after it. by_one: one person graded both scales."""

    report: str
    chain: str
    source: str
    information: str
    weight: float
    ratio: float
    k: int
    step: float
    p: float
    by_one: bool = False


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
        weight, ratio = WEIGHT[g.source], RATIO[g.information]
        lines.append(Line(g.report, g.chain, g.source, g.information, weight, ratio, k, step, _p(logit), g.by_one))
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

    @property
    def mean(self) -> float:
        """Mean of the triangular distribution between low and high with its peak at mode, in per cent."""
        return (self.low + self.mode + self.high) / 3

    def quantile(self, q: float) -> float:
        """The share below which the triangular distribution lies with probability q (0..1), in per cent."""
        width = self.high - self.low
        if width == 0:
            return float(self.low)
        peak = (self.mode - self.low) / width
        if q <= peak:
            return self.low + math.sqrt(q * width * (self.mode - self.low))
        return self.high - math.sqrt((1 - q) * width * (self.high - self.mode))


@dataclass(frozen=True)
class Loss:
    """Voters at risk, rounded. low, mode, high: p x voters x that share. expected: the mean. p5, p95: what may really come.

    With probability 1 - p nothing is lost, with probability p a triangular share is; p5 and p95 are exact quantiles of that mixture
    (closed form, no simulation).
    """

    low: int
    mode: int
    high: int
    expected: int
    p5: int
    p95: int


def expected_loss(p: float, voters: int, shares: Shares) -> Loss:
    """Voters whose voting is lost: at the three shares and on average, half up; and between which numbers in nine cases of ten."""
    low, mode, high = (_whole(p * voters * share / 100) for share in (shares.low, shares.mode, shares.high))
    p5, p95 = (_whole(_lost(p, voters, shares, q)) for q in (0.05, 0.95))
    return Loss(low, mode, high, _whole(p * voters * shares.mean / 100), p5, p95)


def _lost(p: float, voters: int, shares: Shares, q: float) -> float:
    """Quantile q of: nothing with probability 1 - p, else voters x triangular share."""
    if p <= 0 or q <= 1 - p:
        return 0.0
    return voters * shares.quantile((q - (1 - p)) / p) / 100


def _whole(number: float) -> int:
    return math.floor(number + 0.5)


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
    last_useful_at: datetime | None = None
    p_permille: int | None = None
    answers: Answers | None = None
    cost: int | None = None
    reversal: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.prior_permille <= 999:
            raise BadShares(prior=self.prior_permille)
        if not self.claim.strip():
            raise Empty(field="claim")
        for field_, step in (("cost", self.cost), ("reversal", self.reversal)):
            if step is not None and step not in STEPS:
                raise BadStep(field=field_)


STEPS = (1, 2, 3)
"""Of cost: cheap, middling, dear. Of reversal: easily made good, with effort, not at all. None: nobody said; never guessed."""


class Outcome(StrEnum):
    """What became of the claim, said when the item is closed."""

    HELD = "held"
    NOT_HELD = "not_held"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """A standing and why; at a closing also what became of the claim and the probability that stood until then."""

    standing: Standing
    reason: str
    person: str
    at: datetime
    outcome: Outcome | None = None
    p_permille: int | None = None


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
    seen_at: datetime | None = None
    labelled: Labels | None = None

    @property
    def gatra_name(self) -> str:
        """Its gatra in the words of the set that it was labelled with."""
        known = self.labelled or LABELS.get(self.now.labels)
        return known.gatra.get(self.now.gatra, self.now.gatra) if known else self.now.gatra

    @property
    def variable_name(self) -> str:
        """Its variable in the words of the set that it was labelled with."""
        known = self.labelled or LABELS.get(self.now.labels)
        return known.variables.get(self.now.variable, self.now.variable) if known else self.now.variable

    @property
    def subject(self) -> str:
        """How the journal names it."""
        return f"aght:{self.code}"

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
    def time_left_h(self) -> int | None:
        """Whole hours from when it is looked at to the last useful moment; negative when that has passed, None where nobody said."""
        if self.now.last_useful_at is None or self.seen_at is None:
            return None
        return math.floor((self.now.last_useful_at - self.seen_at) / timedelta(hours=1))

    @property
    def outcome(self) -> Outcome | None:
        """What became of the claim, while the item is closed."""
        return self.changes[-1].outcome if self.changes and self.standing is Standing.CLOSED else None

    @property
    def by_one(self) -> int:
        """How many of its reports one person graded on both scales."""
        return sum(g.by_one for g in self.gradings)

    @property
    def cell(self) -> tuple[int, int]:
        """Where the matrix shows it."""
        return cell(self.p, self.voters, self.now.shares, self.all_voters)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Where it goes."""
        return self.now.routes


def thing(item: Aght, act: str, region: str) -> access.Thing:
    """An item as the policy sees it under an act: at its place, the Kejari's, addressed to the KPU where its route leads there."""
    named = frozenset({"KPU"} if Route.KPU in item.routes else ()) if act == "aght.read" else None
    return access.owned(act, item.code, item.place, region, named)


def things(item: Aght, act: str, region: str, filed: Mapping[str, str]) -> tuple[access.Thing, ...]:
    """What a change of an item touches: the item and every report it rests on. Whoever concludes must reach all the conclusion rests on.

    filed: number -> place of reports.
    """
    resting = sorted({g.report for g in item.gradings})
    return (thing(item, act, region), *(access.owned(act, number, filed.get(number, ""), region) for number in resting))


def cut(layer: "Layer", scope: access.Scope, region: str) -> "Layer | None":
    """A layer with nothing but the rows that lie in somebody's scope, without the stated total where some are left out; None: none do."""
    cells = tuple(c for c in layer.cells if scope.reaches(layer.code, c.place, region))
    if not cells:
        return None
    return replace(layer, cells=cells, stated=layer.stated if len(cells) == len(layer.cells) else None)


def ranked(items: Iterable[Aght]) -> list[Aght]:
    """By expected loss, the worst first, then by the time left to act, the shortest first; closed ones last.

    Of equal losses the one nobody gave a last moment for comes after those that have one, and one that came too late after both. Nothing
    else counts: not the place's name, not who reported.
    """
    return sorted(items, key=lambda a: (a.standing is Standing.CLOSED, -a.loss.expected, _urgency(a), -a.p, a.code))


def _urgency(item: Aght) -> tuple[int, int]:
    left = item.time_left_h
    if left is None:
        return 1, 0
    return (0, left) if left >= 0 else (2, -left)


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


def check_change(item: Aght, standing: Standing, outcome: Outcome | None = None) -> None:
    """SameStanding where nothing would change; MissingOutcome where an item is closed without saying what became of its claim."""
    if item.standing is standing:
        raise SameStanding(code=item.code)
    if standing is Standing.CLOSED and outcome is None:
        raise MissingOutcome(code=item.code)


REACH = timedelta(days=730)
"""How far from voting a last moment may lie. Against typing errors; ours, no law's."""


def last_moment(at: datetime | None, voting_at: datetime) -> datetime:
    """The last moment at which acting still helps, required. MissingTime, BadTime."""
    if at is None:
        raise MissingTime()
    if abs(at - voting_at) > REACH:
        raise BadTime()
    return at


AGAIN_AFTER = timedelta(minutes=5)


def check_opening(items: Iterable[Aght], title: str, place: str, first: Assessment) -> None:
    """Whether this is another item and not the same form again. OpenedJustNow."""
    for item in items:
        before = item.assessments[0]
        same = (item.title, item.place) == (title, place) and _concluded(before) == _concluded(first)
        if same and first.assessed_at - item.opened_at < AGAIN_AFTER:
            raise OpenedJustNow(code=item.code)


def _concluded(one: Assessment) -> tuple[object, ...]:
    labels = (one.gatra, one.variable, one.cost, one.reversal)
    return (one.author, one.claim, one.note, one.shares, one.prior_permille, one.last_useful_at, labels)


def hazard(item: Aght, kind: str, delay_min: int) -> distribution.Hazard:
    """What plans and forecasts are told: trips to the item's place may take longer, as surely as the item is now held to be. BadDelay."""
    if not 1 <= delay_min <= 2880:
        raise BadDelay(delay_min=delay_min)
    return distribution.Hazard(item.place, kind, delay_min, round(item.p * 1000), source=item.code)


@dataclass(frozen=True)
class News:
    """What became of an item since somebody looked at it. regraded: a report that supports it was graded anew, or its hazard changed."""

    assessments: tuple[Assessment, ...] = ()
    gradings: tuple[Grading, ...] = ()
    changes: tuple[Change, ...] = ()
    regraded: bool = False


def seen(item: Aght, hazard_min: int = 0) -> str:
    """What somebody who looks at an item sees of it, as one word for a form: how many of each, and a hash over all of them.

    hazard_min: the delay that distribution was told of. Voters and time left are not in it: they change by themselves.
    """
    said = [f"{a.version}:{a.p_permille}" for a in item.assessments]
    said += [f"{g.report}:{g.source}{g.information}:{g.chain}:{g.source_by}:{g.information_by}" for g in item.gradings]
    said += [f"{c.standing.value}:{c.at.isoformat()}:{c.person}" for c in item.changes]
    whole = hashlib.sha256("\n".join([item.code, *said, str(hazard_min)]).encode()).hexdigest()[:24]
    return f"{len(item.assessments)}-{len(item.gradings)}-{len(item.changes)}-{whole}"


def check_seen(item: Aght, word: str, hazard_min: int = 0) -> None:
    """Whether a form still speaks of the item as it stands. Changed."""
    if word != seen(item, hazard_min):
        raise Changed(code=item.code)


def news(item: Aght, word: str, hazard_min: int = 0) -> News:
    """What came since `word` was made; all of it where the word says nothing readable."""
    parts = word.split("-")
    readable = len(parts) == 4 and all(p.isascii() and p.isdigit() and len(p) <= 6 for p in parts[:3])
    a, g, c = (int(p) for p in parts[:3]) if readable else (0, 0, 0)
    found = News(item.assessments[a:], item.gradings[g:], item.changes[c:])
    quiet = not (found.assessments or found.gradings or found.changes)
    return replace(found, regraded=quiet and word != seen(item, hazard_min))


REPORT_PARTS = ("status", "grades", "handed")


def seen_report(status: str, grading: Grading | None, handed: Iterable[str]) -> str:
    """What somebody who looks at a report sees of its standing here, one hash a part: its status, its grades, where it was handed to.

    Hashes, since the second screen of grading must not hold the source's grade.
    """
    graded = f"{grading.source}{grading.information}:{grading.claim}:{grading.chain}:{grading.graded_at}" if grading else ""
    return "-".join(hashlib.sha256(part.encode()).hexdigest()[:16] for part in (status, graded, "\n".join(sorted(handed))))


def news_report(word: str, now: str) -> tuple[str, ...]:
    """Which of REPORT_PARTS differ between two words of `seen_report`; all where the first says nothing readable."""
    before, after = word.split("-"), now.split("-")
    if len(before) != len(after):
        return REPORT_PARTS
    return tuple(part for part, was, will in zip(REPORT_PARTS, before, after, strict=True) if was != will)


RECEIPT_LONGEST = 40


def receipt(typed: str) -> str:
    """The number of a receipt: letters, digits, points, strokes, slashes, with at least one digit; no words. BadReceipt."""
    plain = typed.strip().upper()
    fits = 1 <= len(plain) <= RECEIPT_LONGEST and re.fullmatch(r"[A-Z0-9./-]+", plain) and re.search(r"[0-9]", plain)
    if not fits or re.search(r"[A-Z]{11}", plain):
        raise BadReceipt()
    return plain


def check_attach(item: Aght, grading: Grading) -> None:
    """A graded report that is not there yet, to an item that is not closed. Closed, Ungraded, Attached."""
    check_open(item)
    if not grading.complete:
        raise Ungraded(report=grading.report)
    if any(g.report == grading.report for g in item.gradings):
        raise Attached(report=grading.report, code=item.code)


# --- calibration: what was said against what happened ----------------------------------------------------------------------

LEAST_FOR_CALIBRATION = 20
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Forecast:
    """A probability that stood when an item was closed, and whether its claim held."""

    code: str
    p: float
    held: bool


@dataclass(frozen=True)
class Bin:
    """Forecasts between two probabilities: how many, their mean, how many held; `between` is Wilson's 95 per cent interval of the share."""

    low: float
    high: float
    n: int
    mean: float
    held: int
    between: tuple[float, float]


@dataclass(frozen=True)
class Brier:
    """Mean squared distance between forecast and outcome, 0 the best, and Murphy's parts over the bins.

    score = reliability - resolution + uncertainty + within, where `within` is what the bins hide (forecasts of one bin differ).
    `always`: the score of somebody who always said the base rate, which equals `uncertainty`.
    """

    n: int
    held: int
    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float
    bins: tuple[Bin, ...]

    @property
    def enough(self) -> bool:
        """Whether n allows any words about it."""
        return self.n >= LEAST_FOR_CALIBRATION


def forecasts(items: Iterable[Aght]) -> list[Forecast]:
    """Closed items whose claim is known to have held or not, with the probability that stood until they were closed, by code."""
    found = []
    for item in items:
        if item.outcome in {Outcome.HELD, Outcome.NOT_HELD}:
            kept = item.changes[-1].p_permille
            found.append(Forecast(item.code, item.p if kept is None else kept / 1000, item.outcome is Outcome.HELD))
    return sorted(found, key=lambda f: f.code)


def brier(said: Iterable[Forecast]) -> Brier | None:
    """The score and its parts (Murphy 1973, Journal of Applied Meteorology 12, 595-600); None where there is no forecast."""
    all_of = list(said)
    n = len(all_of)
    if n == 0:
        return None
    base = sum(f.held for f in all_of) / n
    score = sum((f.p - f.held) ** 2 for f in all_of) / n
    bins = []
    reliability = resolution = 0.0
    for low, high in pairwise(BINS):
        mine = [f for f in all_of if low <= f.p < high or (high == BINS[-1] and f.p == high)]
        held = sum(f.held for f in mine)
        mean = sum(f.p for f in mine) / len(mine) if mine else 0.0
        if mine:
            reliability += len(mine) * (mean - held / len(mine)) ** 2 / n
            resolution += len(mine) * (held / len(mine) - base) ** 2 / n
        bins.append(Bin(low, high, len(mine), mean, held, wilson(held, len(mine))))
    uncertainty = base * (1 - base)
    within = score - (reliability - resolution + uncertainty)
    return Brier(n, sum(f.held for f in all_of), score, reliability, resolution, uncertainty, within, tuple(bins))


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where n is nought."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


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
    """One desa on the map: open items, expected loss in voters, reports. Nothing heard is unknown, never quiet.

    origins: reports of different origin (copies of one message count once). voters, tps: what it is measured against.
    cover: how the desa is listened to: post | contact | unknown (its posts do not answer) | none; "" where nobody says.
    """

    code: str
    items: int
    loss: int
    reports: int
    origins: int = 0
    voters: int = 0
    tps: int = 0
    cover: str = ""
    loss_low: int = 0
    loss_high: int = 0

    @property
    def unknown(self) -> bool:
        """Nobody has said anything about this desa."""
        return self.items == 0 and self.reports == 0


def by_desa(desa_codes: Iterable[str], items: Iterable[Aght], reported: Iterable[str]) -> list[Desa]:
    """Open items, their loss spread over their TPS by number, and reports, per desa."""
    counts = {code: [0.0] * 5 for code in desa_codes}
    for item in items:
        if item.standing is Standing.CLOSED or not item.tps:
            continue
        each = [loss / len(item.tps) for loss in (item.loss.expected, item.loss.low, item.loss.high)]
        for code in {_desa(tps) for tps in item.tps} & counts.keys():
            counts[code][0] += 1
        for tps in item.tps:
            if _desa(tps) in counts:
                mine = counts[_desa(tps)]
                mine[1:4] = [so_far + more for so_far, more in zip(mine[1:4], each, strict=True)]
    for place in reported:
        if _desa(place) in counts:
            counts[_desa(place)][4] += 1
    return [
        Desa(code, int(n), _whole(loss), int(heard), loss_low=_whole(low), loss_high=_whole(high))
        for code, (n, loss, low, high, heard) in counts.items()
    ]


def _desa(code: str) -> str:
    return ".".join(code.split(".")[:4])


def origins(reported: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Desa -> reports of different origin. reported: (place, chain); a report nobody graded is its own origin, its number the chain."""
    heard: dict[str, set[str]] = {}
    for place, chain in reported:
        if place:
            heard.setdefault(_desa(place), set()).add(chain)
    return {code: len(chains) for code, chains in heard.items()}


# --- layers of other agencies: shown beside ours, never in it --------------------------------------------------------------


class BadLayer(record.Refusal):
    """A layer without a name, version, source, or date, or dated after today."""

    code: ClassVar[str] = "aght.bad_layer"


class LayerTwice(record.Refusal):
    """The same file, or the same version of the same agency, was taken before."""

    code: ClassVar[str] = "aght.layer_twice"


class UnknownLayer(record.Refusal):
    """No such layer at this time."""

    code: ClassVar[str] = "aght.unknown_layer"


class Owner(StrEnum):
    """Whose classes a layer holds."""

    BAWASLU = "BAWASLU"
    POLRES = "POLRES"


POLICE_CLASSES = ("kurang rawan", "rawan", "sangat rawan", "khusus")
"""As the police name them, the mildest first; "khusus" is another kind of place, not a fourth step."""
LAYER_WEIGHT = 0
"""What a layer adds to our probability, loss, rank or colour. It is not a setting."""
NEAR_PARTICIPANTS = "indikator tentang peserta pemilu (namanya tidak disimpan)"
_PARTICIPANT_WORDS = ("kampanye", "posko pemenangan", "rumah pemenangan", "peserta pemilu", "calon")


@dataclass(frozen=True)
class Cell:
    """So many of a class or indicator at a desa or TPS, as its owner counted them."""

    place: str
    label: str
    count: int


@dataclass(frozen=True)
class Layer:
    """One version of another agency's classes: where it comes from, of which day, and what it says. stated: the total its owner gave."""

    code: str
    owner: Owner
    name: str
    version: str
    source: str
    issued: date
    sha256: str
    cells: tuple[Cell, ...]
    stated: int | None
    person: str
    taken_at: datetime

    @property
    def total(self) -> int:
        """The sum of its cells."""
        return sum(cell.count for cell in self.cells)

    @property
    def gap(self) -> int | None:
        """Stated total less the sum of the cells: published figures do not always add up, and that is shown."""
        return None if self.stated is None else self.stated - self.total

    @property
    def labels(self) -> tuple[str, ...]:
        """Its classes or indicators: the police's in their order, then by name."""
        order = {name: n for n, name in enumerate(POLICE_CLASSES)}
        return tuple(sorted({cell.label for cell in self.cells}, key=lambda name: (order.get(name, len(order)), name)))

    def by_desa(self) -> dict[str, dict[str, int]]:
        """Desa -> label -> count; a desa it does not name is missing, not nought."""
        found: dict[str, dict[str, int]] = {}
        for cell in self.cells:
            mine = found.setdefault(_desa(cell.place), {})
            mine[cell.label] = mine.get(cell.label, 0) + cell.count
        return found


def neutral_label(label: str) -> str:
    """The name of a class or indicator as kept: one about election participants loses its name, its count stays a bare number."""
    plain = reports.clean(label).lower()
    about = reports.guard(plain) or any(word in plain for word in _PARTICIPANT_WORDS)
    return NEAR_PARTICIPANTS if about else plain[:80]


def check_layer(layer: Layer, known: Iterable[Layer], today: date) -> None:
    """Whether a layer may be taken. BadLayer, LayerTwice."""
    for name, value in (("name", layer.name), ("version", layer.version), ("source", layer.source), ("cells", layer.cells)):
        if not value:
            raise BadLayer(field=name)
    if layer.issued > today:
        raise BadLayer(field="issued")
    for other in known:
        if other.owner is layer.owner and (other.sha256 == layer.sha256 or other.version == layer.version):
            raise LayerTwice(owner=layer.owner.value, version=other.version)


def grid(items: Iterable[Aght], labels: Labels) -> dict[Kind, dict[str, int]]:
    """Kind x gatra: how many items that are not closed and that carry labels of this set; others are another table."""
    table = {kind: dict.fromkeys(labels.gatra, 0) for kind in Kind}
    for item in items:
        if item.standing is not Standing.CLOSED and item.now.labels == labels.version and item.now.gatra in labels.gatra:
            table[item.kind][item.now.gatra] += 1
    return table


# --- the secondary ranking: which items stand high whatever one weighs -----------------------------------------------------

CRITERIA = ("harm", "reversal", "time", "cost", "reach")
HORIZON_H = 30 * 24
"""Time left counts from none (1) to this many hours (0). Ours."""


def criteria(item: Aght) -> tuple[float, float | None, float | None, float | None, float]:
    """An item in five criteria, each the higher the sooner it should be acted on; None where nobody said.

    harm: expected loss in voters; reach: TPS (both are scaled to the worst item by the kernel). reversal, cost: steps 1..3 to 0..1, what
    cannot be made good and what is cheap first. time: 1 with nothing left, 0 from HORIZON_H on, 0 when the last moment has passed.
    """
    left = item.time_left_h
    time = None if left is None else 0.0 if left < 0 else 1 - min(left, HORIZON_H) / HORIZON_H
    reversal = None if item.now.reversal is None else (item.now.reversal - 1) / 2
    cost = None if item.now.cost is None else (3 - item.now.cost) / 2
    return float(item.loss.expected), reversal, time, cost, float(len(item.tps))


def top(n: int) -> int:
    """How many count as high among n open items: 10, or fewer where that would be nearly all of them."""
    return 10 if n > 10 else 3 if n > 3 else 1


RISK_STALE = timedelta(hours=72)


def stale(item: Aght, at: datetime) -> bool:
    """Not closed and not looked at for three days."""
    last = max(item.now.assessed_at, *(c.at for c in item.changes)) if item.changes else item.now.assessed_at
    return item.standing is not Standing.CLOSED and at - last > RISK_STALE


# --- early warning ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """Threshold of R21."""

    chains: int = field(default=2, metadata=thresholds.bounds("R21", 2, 5, "rantai", "asal kabar yang berlainan", owner="KEJARI"))


def hoax_signals(items: Iterable[Aght], limits: Limits | None = None, sets: Mapping[str, Labels] = LABELS) -> list[record.Signal]:
    """R21: misleading news about the vote that comes from several chains: it is spreading by itself. Copies in one chain are one.

    items: of the register; those under the variable of information (of the set each was labelled with) that are not closed. What the news
    says (the day, the place) stands in the claim and is read by a person, not by a rule.
    """
    wanted = (limits or Limits()).chains
    found = []
    for item in items:
        labelled = sets.get(item.now.labels)
        if item.standing is Standing.CLOSED or labelled is None or item.now.variable != labelled.information:
            continue
        first: dict[str, datetime] = {}
        for grading in item.gradings:
            if grading.complete:
                moment = grading.graded_at or item.opened_at
                first[grading.chain] = min(moment, first.get(grading.chain, moment))
        if len(first) >= wanted:
            since_at = sorted(first.values())[wanted - 1]
            said: dict[str, str | int] = {"code": item.code, "title": item.title, "chains": len(first)}
            found.append(
                record.Signal("R21", "GANGGUAN", f"aght:{item.code}", "high", ("KPU",), since_at, said, (item.code,), SIMULATED, item.place)
            )
    return found


def with_routes(assessment: Assessment, result: Triage) -> Assessment:
    """The assessment with what the tree says. NotOperational where it says there is no AGHT."""
    if result.kind is None:
        raise NotOperational()
    return replace(assessment, kind=result.kind, routes=result.routes)
