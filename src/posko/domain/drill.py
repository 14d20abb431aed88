"""Stage drill: were our probabilities honest, and does the team answer what happens?

Two things are drilled. The forecast, against replayed elections of a simulator that is not its model: `Judgement`. And the people, on a
copy of their own data with faults injected on a clock: `Script`, `score`. Both are exercises: nothing here tells of a real day.

Scores are whole millionths: a journal keeps integers.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from posko.domain import access, record

MILLION = 1_000_000


class BadJudgement(record.Refusal):
    """Too little to judge a forecast by, or numbers that cannot be."""

    code: ClassVar[str] = "drill.bad_judgement"


# --- honest probabilities ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """A figure in millionths with its 95 % interval over replays."""

    value: int
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise BadJudgement(low=self.low, high=self.high)

    def beyond(self, reference: int) -> int:
        """1 clearly above a reference, -1 clearly below, 0 where chance may have done it.

        Two words may be said at each of several instants, so the interval is stretched by a third on both sides (about 99 %).
        """
        low, high = self.value - (self.value - self.low) * 4 / 3, self.value + (self.high - self.value) * 4 / 3
        return (low > reference) - (high < reference)


@dataclass(frozen=True)
class Bin:
    """Cases whose probability lay in [from_ppm, until_ppm): what was said on average, how many came true, and Wilson's 95 % interval.

    Wilson's interval takes cases as independent; TPS of one replay are not, so it is too narrow. The intervals of the scores are not.
    """

    from_ppm: int
    until_ppm: int
    cases: int
    came_true: int
    said_ppm: int
    low_ppm: int
    high_ppm: int

    @property
    def happened_ppm(self) -> int:
        """The share that came true."""
        return round(MILLION * self.came_true / self.cases) if self.cases else 0


class Honesty(StrEnum):
    """What the figures say in one word."""

    FAIR = "fair"
    OPTIMISTIC = "optimistic"
    PESSIMISTIC = "pessimistic"
    OVERCONFIDENT = "overconfident"
    UNDERCONFIDENT = "underconfident"
    TOO_FEW = "too_few"


LEAST_REPLAYS = 20
"""With fewer replays no word is said about a forecast."""


@dataclass(frozen=True)
class Judgement:
    """A forecast at one instant of many replays, judged. Brier scores: 0 is perfect, lower is better; skill: 1 is perfect, 0 no better.

    at_min: when it was said, relative to 00:00 of voting day. base: the Brier score of always saying the share that was ready in the end
    (known only afterwards, so it is hard to beat); schedule: of believing the plan (1 where the planned arrival is in time).
    brier = reliability - resolution + uncertainty + within, exactly (Murphy 1973; Stephenson, Coelho and Jolliffe 2008 for `within`).
    bias: mean probability minus share ready. slope: of what happened on what was said; below 1: too sure of itself, above: too careful.
    log_score: mean of -ln p, with p kept between 1/10,000 and 9,999/10,000. sharpness: mean of p(1-p), the less the bolder.
    """

    at_min: int
    replays: int
    cases: int
    ready: int
    brier: Score
    base: Score
    schedule: Score
    skill_base: Score
    skill_schedule: Score
    log_score: Score
    bias: Score
    slope: Score
    reliability: int
    resolution: int
    uncertainty: int
    within: int
    sharpness: int
    bins: tuple[Bin, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.ready <= self.cases or self.cases < 1 or sum(one.cases for one in self.bins) != self.cases:
            raise BadJudgement(cases=self.cases, ready=self.ready)

    @property
    def honesty(self) -> tuple[Honesty, ...]:
        """What is clear beyond chance; FAIR when nothing is."""
        if self.replays < LEAST_REPLAYS:
            return (Honesty.TOO_FEW,)
        found = []
        words = (
            (self.bias.beyond(0), Honesty.OPTIMISTIC, Honesty.PESSIMISTIC),
            (self.slope.beyond(MILLION), Honesty.UNDERCONFIDENT, Honesty.OVERCONFIDENT),
        )
        found = [above if side > 0 else below for side, above, below in words if side]
        return tuple(found) or (Honesty.FAIR,)


@dataclass(frozen=True)
class Evaluation:
    """The forecast judged by a simulator: the same replays at several instants.

    seed and replays give the same figures again; input_hash names the plan and all that it was made from; forecaster: whom it judges.
    """

    forecaster: str
    seed: int
    replays: int
    scenarios: int
    tps: int
    input_hash: str
    judgements: tuple[Judgement, ...]

    def __post_init__(self) -> None:
        if not self.judgements or self.replays < 1:
            raise BadJudgement(replays=self.replays)


def evaluation_facts(evaluation: Evaluation) -> dict[str, Any]:
    """As plain data, integers and strings only, for keeping and for the journal."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(evaluation)))
    return found


def evaluation_of(facts: Mapping[str, Any]) -> Evaluation:
    """The evaluation that `evaluation_facts` wrote."""
    judgements = []
    for one in facts["judgements"]:
        plain: dict[str, Any] = {name: Score(**value) if isinstance(value, dict) else value for name, value in one.items()}
        judgements.append(Judgement(**{**plain, "bins": tuple(Bin(**each) for each in one["bins"])}))
    return Evaluation(**{**facts, "judgements": tuple(judgements)})


# --- a drill of people: the script ---------------------------------------------------------------------------------------


class BadScript(record.Refusal):
    """A script that cannot be played: out of order, twice the same code, an answer that nobody could give."""

    code: ClassVar[str] = "drill.bad_script"


class NotADrill(record.Refusal):
    """Faults are injected, scored and ended in a drill only, never in a real installation."""

    code: ClassVar[str] = "drill.not_a_drill"


class AlreadyBegun(record.Refusal):
    """One drill for one copy."""

    code: ClassVar[str] = "drill.already_begun"


class NotBegun(record.Refusal):
    """No script was begun here."""

    code: ClassVar[str] = "drill.not_begun"


class Ended(record.Refusal):
    """The drill is over."""

    code: ClassVar[str] = "drill.ended"


class NoTarget(record.Refusal):
    """The script names a vehicle, place or item that this installation does not have."""

    code: ClassVar[str] = "drill.no_target"


class Kind(StrEnum):
    """How a fault comes into the record: each as it would on a real day, through the same functions."""

    REPORT = "laporan"
    CHECK = "cek_tps"
    VEHICLE = "kendaraan"
    HAZARD = "rintangan"
    WAVE = "gelombang"


# What an inject of each kind must say; the rest may be left out.
NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.REPORT: ("kategori", "saluran", "sumber", "kata"),
    Kind.CHECK: (),
    Kind.VEHICLE: ("alasan",),
    Kind.HAZARD: ("macam", "tunda_menit", "permil"),
    Kind.WAVE: ("tinggi_cm", "jam"),
}
KNOWN: dict[Kind, tuple[str, ...]] = {
    Kind.REPORT: (*NEEDED[Kind.REPORT], "catatan"),
    Kind.CHECK: ("barang", "kurang", "segel", "tempat_siap", "kpps", "catatan"),
    Kind.VEHICLE: NEEDED[Kind.VEHICLE],
    Kind.HAZARD: (*NEEDED[Kind.HAZARD], "ke"),
    Kind.WAVE: (*NEEDED[Kind.WAVE], "sumber"),
}
HERE = "@"
"""In an expectation: what the inject itself made (subject), or where it happened (place)."""


@dataclass(frozen=True)
class Expectation:
    """An answer of the team that the journal shows: an entry of one of these kinds within so many minutes of the inject.

    subject, place: "" any; "@" that of the inject; else this one (place: with everything below it). text: what is wanted, in words.
    basis: where the minutes come from: an article, or the assumption behind them.
    """

    code: str
    kinds: tuple[str, ...]
    within_min: int
    points: int
    subject: str = ""
    place: str = ""
    text: str = ""
    basis: str = ""

    def __post_init__(self) -> None:
        if not self.code or not self.kinds or self.within_min < 1 or self.points < 1:
            raise BadScript(what=f"harapan {self.code}")


@dataclass(frozen=True)
class Inject:
    """A fault on the clock. targets: where, or which vehicle; of several the seed picks one. jitter_min: the seed moves it so far at most.

    at_min: relative to 00:00 of voting day.
    """

    code: str
    at_min: int
    kind: Kind
    title: str
    targets: tuple[str, ...]
    facts: Mapping[str, str | int] = field(default_factory=dict)
    expects: tuple[Expectation, ...] = ()
    jitter_min: int = 0

    def __post_init__(self) -> None:
        codes = [one.code for one in self.expects]
        if not self.code or not self.targets or self.jitter_min < 0 or len(set(codes)) != len(codes):
            raise BadScript(what=f"kejadian {self.code}")
        if [name for name in NEEDED[self.kind] if name not in self.facts] or [name for name in self.facts if name not in KNOWN[self.kind]]:
            raise BadScript(what=f"isi {self.code}")

    @property
    def target(self) -> str:
        """The one that was chosen."""
        return self.targets[0]


@dataclass(frozen=True)
class Script:
    """What happens when, from begins_min to ends_min, and how fast the clock runs beside the machine's."""

    code: str
    name: str
    about: str
    begins_min: int
    ends_min: int
    speed: int
    injects: tuple[Inject, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        codes = [one.code for one in self.injects]
        inside = all(self.begins_min <= one.at_min < self.ends_min for one in self.injects)
        if not codes or len(set(codes)) != len(codes) or not inside or not 1 <= self.speed <= FASTEST:
            raise BadScript(what=self.code)

    @property
    def points(self) -> int:
        """All that can be had."""
        return sum(one.points for inject in self.injects for one in inject.expects)

    @property
    def hurried(self) -> bool:
        """Whether the clock runs so fast that people have less than two minutes of their own time for something."""
        return any(one.within_min < 2 * self.speed for inject in self.injects for one in inject.expects)

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it."""
        return record.digest(asdict(self))


FASTEST = 600
"""Times as fast as the machine's clock, at most: a day in two and a half minutes."""


def variant(script: Script, seed: int) -> Script:
    """The script with times and targets as this seed chooses them; seed 0 is the script as written. Same seed, same variant."""
    if seed == 0:
        return replace(script, seed=0)
    moved = []
    for one in script.injects:
        shift = _chosen(seed, f"{script.code}/{one.code}/menit", 2 * one.jitter_min + 1) - one.jitter_min
        at_min = min(max(one.at_min + shift, script.begins_min), script.ends_min - 1)
        first = _chosen(seed, f"{script.code}/{one.code}/sasaran", len(one.targets))
        moved.append(replace(one, at_min=at_min, targets=(one.targets[first], *one.targets[:first], *one.targets[first + 1 :])))
    return replace(script, injects=tuple(sorted(moved, key=lambda one: (one.at_min, one.code))), seed=seed)


def _chosen(seed: int, name: str, choices: int) -> int:
    """One of 0 .. choices - 1 by a hash: the domain draws no chance, and a seed means the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "big") % choices


def script_facts(script: Script) -> dict[str, Any]:
    """As plain data, for keeping."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(script)))
    return found


def script_of(facts: Mapping[str, Any]) -> Script:
    """The script that `script_facts` wrote."""
    injects = []
    for one in facts["injects"]:
        expects = tuple(Expectation(**{**wanted, "kinds": tuple(wanted["kinds"])}) for wanted in one["expects"])
        injects.append(Inject(**{**one, "kind": Kind(one["kind"]), "targets": tuple(one["targets"]), "expects": expects}))
    return Script(**{**facts, "injects": tuple(injects)})


# --- the score: over the journal alone -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Happened:
    """An inject as it was played: when, which entries of the journal it wrote itself [first, until), and what those are about."""

    code: str
    at: datetime
    first: int
    until: int
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """An entry of the journal as the score needs it."""

    index: int
    kind: str
    subject: str
    place: str
    recorded_at: datetime


class State(StrEnum):
    """How an expectation stands."""

    WAITING = "waiting"
    OPEN = "open"
    ANSWERED = "answered"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True)
class Answer:
    """An expectation and what became of it. minutes: after the inject; entry: the leaf that answered it; points: what it earned."""

    expectation: Expectation
    state: State
    due_at: datetime | None = None
    minutes: int | None = None
    entry: int | None = None
    points: int = 0


@dataclass(frozen=True)
class Scored:
    """An inject with its answers; at None: it has not happened yet."""

    inject: Inject
    at: datetime | None
    answers: tuple[Answer, ...]

    @property
    def points(self) -> int:
        """What the team earned on it."""
        return sum(one.points for one in self.answers)


@dataclass(frozen=True)
class Result:
    """The whole drill: per inject, and the team's sum. `due`: points of all expectations whose time is over or that are answered."""

    injects: tuple[Scored, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All of them."""
        return tuple(answer for one in self.injects for answer in one.answers)

    def count(self, state: State) -> int:
        """How many stand so."""
        return sum(answer.state is state for answer in self.answers)

    @property
    def points(self) -> int:
        """Earned."""
        return sum(answer.points for answer in self.answers)

    @property
    def due(self) -> int:
        """What could have been earned until now."""
        decided = {State.ANSWERED, State.LATE, State.MISSED}
        return sum(answer.expectation.points for answer in self.answers if answer.state in decided)

    @property
    def median_min(self) -> int | None:
        """The middle of the minutes of everything that was answered, late answers among them; the lower one of two."""
        minutes = sorted(answer.minutes for answer in self.answers if answer.minutes is not None)
        return minutes[(len(minutes) - 1) // 2] if minutes else None


def score(script: Script, happened: Iterable[Happened], entries: Iterable[Entry], at: datetime) -> Result:
    """What the team did about each inject by `at`, from the journal alone; a screen has no part in it.

    The first matching entry after the inject counts. In time: all points; late: half of them, rounded down; not at all: none. What injects
    wrote themselves answers nothing. One entry may answer two injects: one new plan may deal with both.
    """
    played = {one.code: one for one in happened}
    own = {index for one in played.values() for index in range(one.first, one.until)}
    told = sorted((e for e in entries if e.index not in own and e.recorded_at <= at), key=lambda e: (e.recorded_at, e.index))
    found = []
    for inject in sorted(script.injects, key=lambda one: (one.at_min, one.code)):
        event = played.get(inject.code)
        if event is None or event.at > at:
            found.append(Scored(inject, None, tuple(Answer(wanted, State.WAITING) for wanted in inject.expects)))
        else:
            found.append(Scored(inject, event.at, tuple(_answer(inject, event, wanted, told, at) for wanted in inject.expects)))
    return Result(tuple(found))


def _answer(inject: Inject, event: Happened, wanted: Expectation, told: list[Entry], at: datetime) -> Answer:
    due_at = event.at + timedelta(minutes=wanted.within_min)
    first = next((e for e in told if e.index >= event.until and e.recorded_at >= event.at and _fits(inject, event, wanted, e)), None)
    if first is None:
        return Answer(wanted, State.OPEN if at <= due_at else State.MISSED, due_at)
    minutes = int((first.recorded_at - event.at).total_seconds() // 60)
    if first.recorded_at <= due_at:
        return Answer(wanted, State.ANSWERED, due_at, minutes, first.index, wanted.points)
    return Answer(wanted, State.LATE, due_at, minutes, first.index, wanted.points // 2)


def _fits(inject: Inject, event: Happened, wanted: Expectation, entry: Entry) -> bool:
    if entry.kind not in wanted.kinds:
        return False
    about = event.subjects if wanted.subject == HERE else (wanted.subject,)
    if wanted.subject and entry.subject not in about:
        return False
    where = inject.target if wanted.place == HERE else wanted.place
    return not where or access.within(entry.place, where)
