"""Stage forecast: how probably will each TPS be ready at the deadline, why not, and which action adds most?

Probabilities are whole parts per million, expected numbers whole thousandths: a journal keeps integers, and a seed gives the same
answer on every machine.
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import Any, ClassVar, NamedTuple

from posko.domain import distribution, places, record, thresholds, travel, weather


@dataclass(frozen=True)
class Limits:
    """Threshold of R08. Bawaslu counts as late what comes after H-1."""

    arrival_permille: int = field(
        default=950, metadata=thresholds.bounds("R08", 500, 990, "permil", "kemungkinan tiba di PPS atau TPS sampai H-1", two=True)
    )


@dataclass(frozen=True)
class Arrival:
    """How probably the goods of a place are there by the end of H-1; permille None where nobody can say. said_at: of the forecast."""

    place: str
    name: str
    permille: int | None
    due_at: datetime
    said_at: datetime
    mark: str = ""


def arrival_signals(arrivals: Iterable[Arrival], limits: Limits | None = None) -> list[record.Signal]:
    """R08: less likely than wanted; critical below one half. What nobody can say is no warning and no all-clear: it is shown as unknown."""
    held = limits or Limits()
    found = []
    for one in arrivals:
        if one.permille is not None and one.permille < held.arrival_permille:
            said: dict[str, str | int] = {"place": one.name, "permille": one.permille, "wanted": held.arrival_permille}
            severity, subject = "critical" if one.permille < 500 else "high", f"arrival:{one.place}"
            found.append(record.Signal("R08", "GANGGUAN", subject, severity, ("KPU",), one.said_at, said, mark=one.mark, place=one.place))
    return found


# More often than one time in twenty not ready: such a TPS is named.
AT_RISK_PPM = 950_000

# --- values --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """Why a TPS is not ready in a share of the cases (ppm of all cases): a stable code, what it is about, and its facts."""

    code: str
    subject: str
    share_ppm: int
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class TpsOutlook:
    """P(ready at the deadline) of one TPS; the causes of the rest, the largest first. in_time_ppm: P(its goods are there in time)."""

    tps: str
    ready_ppm: int
    causes: tuple[Cause, ...] = ()
    in_time_ppm: int | None = None


@dataclass(frozen=True)
class PlaceOutlook:
    """A desa, kecamatan or regency: expected number of TPS not ready (thousandths), and P(all of its TPS ready).

    place: "" for the whole. before_ppm: P(the goods of all its TPS are in the desa or on the island by the end of H-1).
    """

    place: str
    tps: int
    not_ready_milli: int
    all_ppm: int
    before_ppm: int = 0


@dataclass(frozen=True)
class Landing:
    """An island: P(its goods are there by the end of H-1), of several loads the least sure; what its plans A, B and C alone give.

    The two differ by what a plan of crossings leaves out: goods that are not packed, trucks that are late, hours of decision gone by.
    """

    island: str
    before_ppm: int
    plan_ppm: int | None = None


@dataclass(frozen=True)
class Gain:
    """What an action adds, at the same chance for both: TPS ready (thousandths) with a 90 % interval, and P(all)."""

    ready_milli: int
    low_milli: int
    high_milli: int
    all_ppm: int
    method: str
    seed: int
    input_hash: str


@dataclass(frozen=True)
class Action:
    """Something that can still be done: a stable code and its facts, who does it, what it costs (None: unknown) and how long it takes.

    by_at: the last moment at which it still helps as computed; tps: those that gain, the most first.
    """

    code: str
    subject: str
    facts: Mapping[str, str | int]
    gain: Gain
    cost_rp: int | None
    work_min: int | None
    by_at: datetime | None = None
    tps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assumed:
    """An input of the forecast and how it is known."""

    name: str
    value: str
    basis: travel.Basis


@dataclass(frozen=True)
class Outlook:
    """The forecast for an election at an instant. tps: the least likely first."""

    said_at: datetime
    deadline_at: datetime
    scenarios: int
    seed: int
    input_hash: str
    all_ppm: int
    not_ready_milli: int
    tps: tuple[TpsOutlook, ...]
    places: tuple[PlaceOutlook, ...] = ()
    actions: tuple[Action, ...] = ()
    inputs: tuple[Assumed, ...] = ()
    islands: tuple[Landing, ...] = ()

    @property
    def at_risk(self) -> tuple[TpsOutlook, ...]:
        """Those that are more likely not ready than one in twenty."""
        return tuple(one for one in self.tps if one.ready_ppm < AT_RISK_PPM)


# --- what chance needs ---------------------------------------------------------------------------------------------------

# A minute that never comes.
NEVER = 1 << 30
Key = tuple[str, str, str]
MILLION = 1_000_000
ONE = 1 << 30
_U32 = 1 << 32


class BadCase(record.Refusal):
    """A case that contradicts itself: a thing twice, or something that waits for what nobody brings."""

    code: ClassVar[str] = "forecast.bad_case"


@dataclass(frozen=True)
class Supply:
    """Goods that are awaited. points: (ppm, minute) of the distribution function of when they are complete, both not falling;
    straight between two points; what lies beyond the last ppm never comes. lot: what comes with it (one shipment, one printing lot): lines
    of a lot share their luck, each on its own curve; "": its own.
    """

    code: str
    name: str
    points: tuple[tuple[int, int], ...]
    lot: str = ""

    def __post_init__(self) -> None:
        falls = any(a[0] > b[0] or a[1] > b[1] for a, b in pairwise(self.points))
        if falls or any(not 0 <= ppm <= MILLION for ppm, _ in self.points):
            raise BadCase(what=self.code)

    def at(self, draw: int) -> int:
        """The minute for a draw of 64 bits."""
        share = (draw >> 32) * MILLION >> 32
        before: tuple[int, int] | None = None
        for ppm, minute in self.points:
            if share < ppm:
                if before is None or ppm == before[0]:
                    return minute
                return before[1] + (minute - before[1]) * (share - before[0]) // (ppm - before[0])
            before = (ppm, minute)
        return NEVER


@dataclass(frozen=True)
class Event:
    """Something that happens or not, once for all that it touches. delay_min NEVER: the way is closed."""

    code: str
    name: str
    ppm: int
    delay_min: int


@dataclass(frozen=True)
class Job:
    """A piece of work that begins when everything named in `after` (supplies, jobs of an earlier work) is there; seconds at usual pace."""

    code: str
    after: tuple[str, ...]
    work_sec: int


@dataclass(frozen=True)
class Work:
    """A workplace that does its jobs one after the other: what is complete first comes first, of equals in the order given.

    pace: thousandths of the usual time, one for the whole case; opens: working hours, the same on all days. tables: for the reader.
    """

    code: str
    name: str
    jobs: tuple[Job, ...]
    pace: travel.Spread
    opens: travel.Opening
    tables: int = 1

    def __post_init__(self) -> None:
        if not self.opens.from_min < self.opens.until_min or any(job.work_sec < 0 for job in self.jobs):
            raise BadCase(what=self.code)

    @property
    def day_min(self) -> int:
        """Working minutes of a day."""
        return self.opens.until_min - self.opens.from_min

    def worked(self, minute: int) -> int:
        """Working minutes that have passed at a minute."""
        day, here = divmod(minute, travel.DAY)
        return day * self.day_min + min(max(here - self.opens.from_min, 0), self.day_min)

    def minute(self, worked: int) -> int:
        """The minute at which so many working minutes have passed."""
        day, here = divmod(worked - 1, self.day_min)
        return day * travel.DAY + self.opens.from_min + here + 1


@dataclass(frozen=True)
class Leg:
    """A way of a trip and the halt at its end; drops: loads that leave the vehicle there. key: whose chance it is.

    opens: when its end may be used, from and until minutes that rise; who comes at another time waits. Empty: always.
    """

    start: str
    end: str
    spread: travel.Spread
    halt_min: int = 0
    drops: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    key: str = ""
    opens: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Sailing:
    """A time in which a boat may leave, and how probably the sea lets it. extra_min: its crossing is so much longer.

    option: times of one option are one try: the boat takes the first that is still open when it is ready, and if the sea is too high then,
    the next option is its next chance. sea_min: the moment whose sea decides, without one the first minute: boats that go together decide
    together.
    """

    option: int
    from_min: int
    until_min: int
    calm_ppm: int
    extra_min: int = 0
    sea_min: int | None = None

    @property
    def moment(self) -> int:
        """The minute whose sea decides."""
        return self.from_min if self.sea_min is None else self.sea_min


@dataclass(frozen=True)
class Trip:
    """A planned trip. It waits for all its loads, but not beyond leave_by_min; loading_min after the last of them it leaves.

    after: the vehicle's trip before it. sailings: for a boat, in order; it takes the first that the sea allows. departed: at planned_min.
    """

    code: str
    vehicle: str
    planned_min: int
    legs: tuple[Leg, ...]
    loads: tuple[str, ...]
    loading_min: int = 0
    leave_by_min: int = NEVER - 1
    after: str = ""
    breakdown_ppm: int = 0
    repair: travel.Spread = field(default_factory=lambda: travel.Spread(120, 300))
    sailings: tuple[Sailing, ...] = ()
    departed: bool = False

    def start_min(self, now_min: int) -> int:
        """The earliest that it leaves, or when it left."""
        return self.planned_min if self.departed else max(self.planned_min, now_min)


@dataclass(frozen=True)
class Load:
    """What travels together. needs: supplies and jobs that must be done before it can be loaded.

    arrived_min: it is there, as seen; ready_min: it was ready then, as seen, and has left. parts: loads before it in the list that together
    are this one (a kit that travels in two); it is there when the last of them is, and no trip carries it as such.
    """

    code: str
    place: str
    name: str
    needs: tuple[str, ...] = ()
    arrived_min: int | None = None
    ready_min: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def known_min(self) -> int | None:
        """The minute of it that is not left to chance, if there is one."""
        return self.ready_min if self.arrived_min is None else self.arrived_min


@dataclass(frozen=True)
class Fault:
    """Why a TPS may not be ready although everything has come: independent of all else."""

    code: str
    subject: str
    ppm: int


@dataclass(frozen=True)
class Station:
    """A TPS: with which load its goods come, how long the last way takes. checked: somebody on the spot has seen it ready."""

    tps: str
    name: str
    desa: str
    kecamatan: str
    load: str
    last: travel.Spread
    faults: tuple[Fault, ...] = ()
    checked: bool = False


@dataclass(frozen=True)
class Case:
    """Everything chance needs. Minutes count from 00:00 local time of voting day; now_min: nothing undone is done before it.

    Trips are in an order in which each comes after the trips it depends on. persistence_permille: correlation of the errors of forecasts of
    the sea for two times a day apart (`weather.Model`).
    """

    now_min: int
    deadline_min: int
    supplies: tuple[Supply, ...]
    works: tuple[Work, ...]
    loads: tuple[Load, ...]
    trips: tuple[Trip, ...]
    stations: tuple[Station, ...]
    events: tuple[Event, ...] = ()
    persistence_permille: int = weather.PERSISTENCE_PERMILLE
    inputs: tuple[Assumed, ...] = ()

    def __post_init__(self) -> None:
        known: set[str] = {supply.code for supply in self.supplies}
        for work in self.works:
            for job in work.jobs:
                self._known(job.after, known)
            known |= {job.code for job in work.jobs}
        loads: set[str] = set()
        for load in self.loads:
            self._known(load.needs, known)
            self._known(load.parts, loads)
            loads.add(load.code)
        gone: set[str] = set()
        events = {event.code for event in self.events}
        for trip in self.trips:
            self._known(trip.loads, loads)
            self._known((trip.after,) if trip.after else (), gone)
            for leg in trip.legs:
                self._known(leg.drops, set(trip.loads))
                self._known(leg.events, events)
            gone.add(trip.code)
        self._known([station.load for station in self.stations], loads)
        for codes in ([s.code for s in self.supplies], [x.code for x in self.loads], [t.code for t in self.trips], sorted(known)):
            if len(set(codes)) != len(codes):
                raise BadCase(what="twice")

    @staticmethod
    def _known(codes: Iterable[str], known: Collection[str]) -> None:
        for code in codes:
            if code not in known:
                raise BadCase(what=code)

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it."""
        return record.digest(asdict(self))


# --- chance: whole numbers from a seed, keyed by what they belong to -----------------------------------------------------

_MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
BINS = 4096
NORMAL = 0
_FINE = 1 << 20


def mixed(x: int) -> int:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014; Stafford's variant 13): every bit of 64 moves every other."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def started(seed: int) -> int:
    """What the scenarios of a seed start from."""
    return mixed((seed + GOLDEN) & _MASK)


def case_seed(seed: int, scenario: int) -> int:
    """What all draws of one scenario start from."""
    return mixed((started(seed) + (scenario + 1) * GOLDEN) & _MASK)


@lru_cache(maxsize=65536)
def key_of(name: str) -> int:
    """64 bits of a name: chance belongs to a way, a trip, a line, not to a position in a list, so two plans meet the same chance."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def draw(base: int, name: str) -> int:
    """64 uniform bits for a named thing in the scenario whose `case_seed` is base."""
    return mixed(base ^ key_of(name))


def threshold(ppm: int) -> int:
    """Below this of 2^32 a thing of this probability happens."""
    return ppm * _U32 // MILLION


def shape(spread: travel.Spread) -> int:
    """The tenth as per cent of the usual time, to the nearest: times of one shape share a table. 100: certain."""
    return (200 * spread.tenth_min + spread.usual_min) // (2 * spread.usual_min) if spread.usual_min else 100


@lru_cache(maxsize=256)
def factors(percent: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Quantiles of a log-normal shape as 65536ths of the usual time: at every 4096th, and 4096 finer ones within the first and the last.
    percent NORMAL: of the standard normal itself.

    Rounded once to whole numbers; from here on nothing depends on a machine's floating point. The ends lie at 2^-26.
    """
    sigma = travel.Spread(100, percent).sigma if percent else 0.0
    normal = NormalDist()

    def at(share: float, sign: int = 1) -> int:
        z = sign * normal.inv_cdf(share)
        return round(65536 * (math.exp(sigma * z) if percent else z))

    least = 2.0**-26
    low = [at(max(least, j / BINS**2)) for j in range(BINS + 1)]
    high = [at(max(least, (BINS - j) / BINS**2), -1) for j in range(BINS + 1)]
    main = [low[0], *(at(i / BINS) for i in range(1, BINS)), high[-1]]
    return tuple(main), tuple(low), tuple(high)


def stretched(spread: travel.Spread, usual: int, bits: int) -> int:
    """So many (minutes, seconds) drawn for a usual value with the shape of this spread; to the nearest whole."""
    percent = shape(spread)
    return usual if percent == 100 else _drawn(percent, usual, bits)


def _drawn(percent: int, usual: int, bits: int) -> int:
    main, low, high = factors(percent)
    place = bits >> 52
    if 0 < place < BINS - 1:
        table, fine = main, (bits >> 32) & (_FINE - 1)
    else:
        table, place, fine = (high if place else low), (bits >> 40) & (BINS - 1), (bits >> 20) & (_FINE - 1)
    factor = table[place] + ((table[place + 1] - table[place]) * fine >> 20)
    return (usual * factor + 32768) >> 16


# --- one case, played out ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """The link of the chain that made something late: a stable code and what it is about."""

    code: str
    subject: str = ""


PLAN = Link("plan")


@dataclass(frozen=True)
class Fate:
    """When a thing is done or there, and which link decided that; late_min: by how much that link missed what was planned."""

    minute: int
    link: Link
    late_min: int = 0


def play(case: Case, seed: int, scenario: int) -> dict[str, Fate]:
    """What becomes of every load in one scenario: the rule that any faster kernel must follow to the minute.

    A load is there when it is unloaded. Goods for which a link is never done never come.
    """
    base = case_seed(seed, scenario)
    done = {supply.code: Fate(_supplied(case, supply, base), Link("supply", supply.code)) for supply in case.supplies}
    for work in case.works:
        done |= _worked(case, work, done, base)
    fates: dict[str, Fate] = {}
    for load in case.loads:
        fates[load.code] = Fate(load.known_min, PLAN) if load.known_min is not None else _last(case, load.needs, done)
    hit = {event.code for event in case.events if draw(base, f"event:{event.code}") >> 32 < threshold(event.ppm)}
    sea = _sea(case, base)
    back: dict[str, Fate] = {}
    for trip in case.trips:
        back[trip.code] = _travelled(case, trip, fates, back, hit, sea, base)
    final = brought(case)
    ends = {
        code: fate if final.get(code) else Fate(NEVER, fate.link if fate.minute >= NEVER else Link("unplanned", code))
        for code, fate in fates.items()
    }
    for load in case.loads:
        if load.parts:
            ends[load.code] = max((ends[code] for code in load.parts), key=lambda fate: fate.minute)
    return ends


def brought(case: Case) -> dict[str, bool]:
    """Whether the plan brings a load to its place: its last drop is there, or it is there already."""
    found = {load.code: load.arrived_min is not None for load in case.loads}
    places = {load.code: load.place for load in case.loads}
    for trip in case.trips:
        for leg in trip.legs:
            for code in leg.drops:
                found[code] = found[code] or leg.end == places[code]
    for load in case.loads:
        if load.parts:
            found[load.code] = all(found[code] for code in load.parts)
    return found


def _supplied(case: Case, supply: Supply, base: int) -> int:
    return max(case.now_min, supply.at(draw(base, f"supply:{supply.lot or supply.code}")))


def _last(case: Case, codes: Iterable[str], done: Mapping[str, Fate]) -> Fate:
    """The one that is done last; the first of equals."""
    latest = Fate(case.now_min, PLAN)
    for code in codes:
        if done[code].minute > latest.minute:
            latest = done[code]
    return latest


def _worked(case: Case, work: Work, done: Mapping[str, Fate], base: int) -> dict[str, Fate]:
    """When the jobs of a workplace are done. Jobs that wait for the same things form a pile; the pile that is complete first is first."""
    piles: dict[tuple[str, ...], list[Job]] = {}
    for job in work.jobs:
        piles.setdefault(job.after, []).append(job)
    ready = [(_last(case, after, done), number, jobs) for number, (after, jobs) in enumerate(piles.items())]
    pace = stretched(work.pace, 65536, draw(base, f"pace:{work.code}"))
    busy, here = Link("work", work.code), work.worked(case.now_min)
    found: dict[str, Fate] = {}
    for start, _, jobs in sorted(ready, key=lambda one: (one[0].minute, one[1])):
        if start.minute >= NEVER:
            found |= {job.code: start for job in jobs}
            continue
        if work.worked(start.minute) > here:
            here, busy = work.worked(start.minute), start.link
        total = 0
        for job in jobs:
            total += job.work_sec
            finished = here - (-total * pace // (60 * 65536))
            found[job.code] = Fate(max(start.minute, work.minute(finished)), busy)
        here -= -total * pace // (60 * 65536)
    return found


def moments(case: Case) -> tuple[int, ...]:
    """The minutes whose sea decides about a boat, the latest first: an earlier try that is added draws nothing anew for the others."""
    return tuple(sorted({sailing.moment for trip in case.trips for sailing in trip.sailings}, reverse=True))


def lasting(case: Case) -> tuple[tuple[int, int], ...]:
    """For every moment what remains of the error of the one before it in the list, and what is new (65536ths)."""
    model, times = weather.Model(persistence_permille=case.persistence_permille), moments(case)
    kept = [0.0, *(model.correlation(later - earlier) for later, earlier in pairwise(times))]
    return tuple((round(65536 * rho), round(65536 * math.sqrt(max(0.0, 1 - rho * rho)))) for rho in kept[: len(times)])


@lru_cache(maxsize=65536)
def edge_of(calm_ppm: int) -> int:
    """Up to which error of its forecast (65536ths of a standard deviation) a sea is calm that is calm with this probability."""
    if not 0 < calm_ppm < MILLION:
        return NEVER if calm_ppm > 0 else -NEVER
    return round(65536 * NormalDist().inv_cdf(calm_ppm / MILLION))


def _sea(case: Case, base: int) -> dict[int, int]:
    """By how much the sea of every moment is higher than its forecast: 65536ths of a standard deviation, a Gaussian AR(1) process."""
    found: dict[int, int] = {}
    error = 0
    for minute, (kept, fresh) in zip(moments(case), lasting(case), strict=True):
        error = (kept * error + fresh * _drawn(NORMAL, 65536, draw(base, f"sea:{minute}"))) >> 16
        found[minute] = error
    return found


def _travelled(
    case: Case, trip: Trip, fates: dict[str, Fate], back: Mapping[str, Fate], hit: Collection[str], sea: Mapping[int, int], base: int
) -> Fate:
    """Moves the loads of one trip; answers when the vehicle is back."""
    clock, cause, size = trip.start_min(case.now_min), PLAN, 0
    left = {code for code in trip.loads if fates[code].minute > trip.leave_by_min}
    aboard = [code for code in trip.loads if code not in left]
    fates |= {code: Fate(NEVER, fates[code].link) for code in left}
    for fate in [*([back[trip.after]] if trip.after else []), *(fates[code] for code in aboard)]:
        if fate.minute + trip.loading_min > clock:
            clock = fate.minute + trip.loading_min
            cause, size = fate.link, clock - trip.planned_min
    if trip.sailings and clock < NEVER:
        sails = _sails(trip, clock, sea)
        if sails - clock > size:
            cause, size = Link("sea", trip.code), sails - clock
        clock = sails
    if clock >= NEVER:
        fates |= {code: Fate(NEVER, cause) for code in aboard}
        return Fate(NEVER, cause)
    return _driven(case, trip, fates, left, Fate(clock, cause, size), hit, base)


def _driven(case: Case, trip: Trip, fates: dict[str, Fate], left: Collection[str], start: Fate, hit: Collection[str], base: int) -> Fate:
    """The ways of a trip one after the other. The link of a load is the largest single delay on its way, the first of equals."""
    breaks, now = _breaks(trip, base), start
    excess, closed = 0, False
    for number, leg in enumerate(trip.legs):
        taken = stretched(leg.spread, leg.spread.usual_min, draw(base, f"leg:{leg.key or f'{leg.start}>{leg.end}'}"))
        excess += taken - leg.spread.usual_min
        now = _delayed(now, taken, Link("road", trip.code), excess)
        if breaks is not None and breaks[0] == number:
            now = _delayed(now, breaks[1], Link("breakdown", trip.code), breaks[1])
        for event in case.events:
            if event.code in leg.events and event.code in hit:
                shut = event.delay_min >= NEVER
                closed = closed or shut
                now = _delayed(now, 0 if shut else event.delay_min, Link("hazard", event.code), event.delay_min)
        wait = _opens_at(leg, now.minute) - now.minute
        now = _delayed(now, wait, Link("gate", trip.code), wait)
        now = _delayed(now, leg.halt_min, PLAN, 0)
        fates |= {code: Fate(NEVER, now.link) if closed else now for code in leg.drops if code not in left}
    return now


def _opens_at(leg: Leg, minute: int) -> int:
    """From when on the end of a way may be used by who comes there at a minute; where nothing is known any more, at once."""
    return next((max(minute, opens) for opens, closes in leg.opens if minute <= closes), minute)


def _delayed(before: Fate, minutes: int, link: Link, late_min: int) -> Fate:
    """So many minutes later; the link that missed its plan by more counts from here."""
    worse = late_min > before.late_min
    return Fate(before.minute + minutes, link if worse else before.link, late_min if worse else before.late_min)


def _sails(trip: Trip, ready: int, sea: Mapping[int, int]) -> int:
    """When the boat leaves: at the first option that is still open and whose sea allows it then."""
    failed = -1
    for sailing in trip.sailings:
        leaves = max(ready, sailing.from_min)
        if sailing.option != failed and leaves <= sailing.until_min:
            if sea[sailing.moment] <= edge_of(sailing.calm_ppm):
                return leaves + sailing.extra_min
            failed = sailing.option
    return NEVER


def _breaks(trip: Trip, base: int) -> tuple[int, int] | None:
    """On which leg the vehicle breaks down and for how long; mostly not."""
    limit, bits = threshold(trip.breakdown_ppm), draw(base, f"breakdown:{trip.code}") >> 32
    if bits >= limit or not trip.legs:
        return None
    return bits * len(trip.legs) // limit, stretched(trip.repair, trip.repair.usual_min, draw(base, f"repair:{trip.code}"))


# --- from a plan and what is known to a case -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Assumptions:
    """Numbers nobody has measured here; every one is shown with the forecast.

    last, landed: from the desa, or from the beach of an island, to the TPS. breakdown_ppm: per trip, where the fleet states none.
    fault_ppm: something is amiss at a TPS although its load has come: in 2024 4,594 of 823,220 TPS were short of an item (5,581 ppm,
    Bawaslu) and 375 voted on a later day for whatever reason (456 ppm). 37,466 opened late, mostly for reasons that no plan sees.
    still_ppm: what a check found wrong is still wrong. sea: the model of plans as well. patience_min: a trip leaves so
    long before it would be too late for its last stop, without what is still missing.
    """

    last: travel.Spread = field(default_factory=lambda: travel.Spread(45, 90))
    landed: travel.Spread = field(default_factory=lambda: travel.Spread(20, 45))
    breakdown_ppm: int = 10_000
    fault_ppm: int = 6_000
    still_ppm: int = 500_000
    sea: weather.Model = field(default_factory=weather.Model)
    patience_min: int = 60


@dataclass(frozen=True)
class State:
    """What is known at an instant. needs: of a load; arrived, ready: loads; departed: trips; checked: TPS -> seen ready or not.

    delivered: TPS whose own goods are there already, ahead of their load. moved: TPS -> the desa or island where it stands now. Minutes
    count from 00:00 local time of voting day.
    """

    now_min: int
    supplies: tuple[Supply, ...] = ()
    works: tuple[Work, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    arrived: Mapping[str, int] = field(default_factory=dict)
    departed: Mapping[str, int] = field(default_factory=dict)
    delivered: Mapping[str, int] = field(default_factory=dict)
    checked: Mapping[str, bool] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    hazards: tuple[distribution.Hazard, ...] = ()
    waves: tuple[weather.Wave, ...] = ()
    inputs: tuple[Assumed, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A plan with what it was made from. midnight_at: 00:00 local time of voting day; deadline_min: 07.00 of that day is 420."""

    plan: distribution.Plan
    loads: tuple[distribution.Load, ...]
    network: distribution.Network
    fleet: tuple[distribution.Vehicle, ...]
    rules: distribution.Rules
    midnight_at: datetime
    deadline_min: int = 420


def case_of(planned: Planned, tps_list: Iterable[places.Tps], state: State, keep: Assumptions | None = None) -> Case:
    """The case of a plan: its trips with the chance of every way, what its loads wait for, and the TPS behind them."""
    held, stations = keep or Assumptions(), tuple(tps_list)
    events = tuple(_event(hazard) for hazard in sorted(state.hazards, key=lambda h: (h.source, h.place, h.to, h.kind)))
    loads = {load.code: load for load in planned.loads}
    vehicles = {vehicle.code: vehicle for vehicle in planned.fleet}
    trips = _trips(planned, vehicles, state, held)
    aboard = {code: state.departed[trip.code] - 1 for trip in planned.plan.trips if trip.code in state.departed for code in trip.loads}
    moved = tuple(
        Load(code, load.place, load.name, () if code in aboard else state.needs.get(code, ()), state.arrived.get(code), aboard.get(code))
        for code, load in loads.items()
    )
    carries = _carries(planned)
    onward = _onward(planned, state)
    alone = {tps.code: None for tps in stations if tps.code not in carries or (tps.code in onward and onward[tps.code] is None)}
    kits = tuple(
        Load(f"kit:{tps}", several[0].place, several[0].name, parts=tuple(one.code for one in several))
        for tps, several in sorted(carries.items())
        if len(several) > 1
    )
    ahead = tuple(Load(f"tps:{tps}", tps, tps, (), minute) for tps, minute in sorted({**alone, **state.delivered}.items()))
    return Case(
        now_min=state.now_min,
        deadline_min=planned.deadline_min,
        supplies=state.supplies,
        works=state.works,
        loads=(*moved, *kits, *ahead),
        trips=trips,
        stations=_stations(planned, stations, state, held, onward),
        events=events,
        persistence_permille=held.sea.persistence_permille,
        inputs=(*state.inputs, *_assumed(held, planned, state)),
    )


def _event(hazard: distribution.Hazard) -> Event:
    return Event(_event_code(hazard), hazard.kind, hazard.probability_permille * 1000, hazard.delay_min)


def _event_code(hazard: distribution.Hazard) -> str:
    return f"{hazard.source}/{hazard.place}/{hazard.to}/{hazard.kind}"


def _trips(planned: Planned, vehicles: Mapping[str, distribution.Vehicle], state: State, held: Assumptions) -> tuple[Trip, ...]:
    """The trips that still carry something, by time of departure; a vehicle's next trip waits for its return. What a trip that cannot be
    driven was to bring to a pier is not there for the boat.
    """
    loads = {load.code: load for load in planned.loads}
    found: list[Trip] = []
    before: dict[str, str] = {}
    passed: dict[tuple[str, str], int] = {}
    lost: set[str] = set()
    for trip in sorted(planned.plan.trips, key=lambda one: (one.depart_min, one.code)):
        vehicle = vehicles.get(trip.vehicle)
        carried = tuple(code for code in trip.loads if code in loads and code not in state.arrived and code not in lost)
        if not carried:
            continue
        legs = _legs(planned, trip, vehicle, carried, state.hazards, passed) if vehicle else None
        if vehicle is None or legs is None:
            lost |= set() if trip.code in state.departed else set(carried)
            continue
        usual = sum(leg.spread.usual_min + leg.halt_min for leg in legs[:-1])
        gone = state.departed.get(trip.code)
        found.append(
            Trip(
                code=trip.code,
                vehicle=trip.vehicle,
                planned_min=trip.depart_min if gone is None else gone,
                legs=legs,
                loads=carried,
                loading_min=0 if gone is not None else planned.rules.handover_min if vehicle.boat else planned.rules.loading_min,
                leave_by_min=planned.deadline_min - usual - held.patience_min,
                after=before.get(trip.vehicle, "") if gone is None else "",
                breakdown_ppm=vehicle.breakdown_permille * 1000 or held.breakdown_ppm,
                repair=travel.Spread(vehicle.repair_min, vehicle.repair_min * 5 // 2),
                sailings=() if gone is not None or not vehicle.boat else _sailings(planned, trip, vehicle, legs[0], state, held),
                departed=gone is not None,
            )
        )
        before[trip.vehicle] = trip.code
    return tuple(found)


def _legs(
    planned: Planned,
    trip: distribution.Trip,
    vehicle: distribution.Vehicle,
    carried: Collection[str],
    hazards: Iterable[distribution.Hazard],
    passed: dict[tuple[str, str], int],
) -> tuple[Leg, ...] | None:
    """The ways of a trip and the one home; None where a way does not exist. Each passage of a way has a chance of its own.

    What delays in an area delays a trip once, at the first of its ways that it touches; a way that is closed is closed each time.
    """
    loads = {load.code: load for load in planned.loads}
    told, met = list(hazards), set[str]()
    made, here = [], trip.start
    for place, codes in [*((stop.place, stop.loads) for stop in trip.stops), (trip.start, ())]:
        spread = planned.network.spread(vehicle.kind, here, place)
        if spread is None:
            return None
        number = passed[here, place] = passed.get((here, place), 0) + 1
        halt = sum(loads[code].service_min for code in codes if code in loads)
        drops = tuple(code for code in codes if code in carried)
        touched = [h for h in told if here != place and h.touches(here, place)]
        events = tuple(_event_code(h) for h in touched if h.delay_min >= NEVER or _event_code(h) not in met)
        met.update(_event_code(h) for h in touched)
        opens = _opens(planned.network, place, planned) if vehicle.boat else ()
        made.append(Leg(here, place, spread, halt, drops, events, f"{here}>{place}#{number}", opens))
        here = place
    return tuple(made)


_SAILING_MIN = 3 * 60


class _Crossing(NamedTuple):
    """A boat's way over water as one option has it: from where, how long usually, and by how much longer than the trip's own.

    together: first departure, last arrival and the limits (cm) of several crossings that decide together.
    """

    boat: distribution.Vehicle
    pier: str
    island: str
    usual_min: int
    extra_min: int = 0
    together: tuple[int, int, tuple[int | None, ...]] | None = None


def _sailings(
    planned: Planned, trip: distribution.Trip, boat: distribution.Vehicle, leg: Leg, state: State, held: Assumptions
) -> tuple[Sailing, ...]:
    """When a boat may leave, in the order of its tries.

    An island with plans A, B and C (`IslandChoice`) is served as they say: one try each, at its hour or as soon after as the boat is ready
    on that day; after the last of them on voting day as soon as the sea lets it. A boat without such plans, or with all of them behind it,
    tries every three hours of every day from the planned one on.
    """
    own = _Crossing(boat, leg.start, leg.end, leg.spread.usual_min)
    first = distribution.day_of(trip.depart_min)
    chosen = next((choice for choice in planned.plan.choices if choice.island == leg.end), None)
    lead = _together(planned, chosen.options[0]) if chosen else None
    options = [(trip.depart_min, own._replace(together=lead)), *_later(planned, trip, own)]
    tries = [_times(planned, one, depart, distribution.day_of(depart), state) for depart, one in options]
    planned_out = chosen is not None and any(tries)
    found: list[tuple[_Crossing, list[tuple[int, int]]]] = []
    if planned_out:
        found += [(one, times) for (_, one), times in zip(options, tries, strict=True) if times]
    for day in range(0 if planned_out else first, -1, -1):
        begins = trip.depart_min if day == first else boat.shift(day)[0]
        found += [(own, [part]) for part in _times(planned, own, begins, day, state)]
    return tuple(
        Sailing(
            option,
            start,
            until,
            round(_calm(planned, one, start, state, held) * MILLION),
            one.extra_min,
            one.together[0] if one.together else None,
        )
        for option, (one, times) in enumerate(found)
        for start, until in times
    )


def _later(planned: Planned, trip: distribution.Trip, own: _Crossing) -> list[tuple[int, _Crossing]]:
    """The plans of its island that come after a trip, with the boats that are still there: from when, and over which way."""
    fleet = {vehicle.code: vehicle for vehicle in planned.fleet}
    found = []
    for choice in planned.plan.choices:
        for option in choice.options if choice.island == own.island else ():
            way = planned.network.spread(distribution.Kind.BOAT, option.pier, choice.island)
            if option.boat in fleet and way is not None and option.depart_min > trip.depart_min:
                extra = way.usual_min - own.usual_min
                several = _together(planned, option)
                found.append((option.depart_min, _Crossing(fleet[option.boat], option.pier, choice.island, way.usual_min, extra, several)))
    return sorted(found, key=lambda one: one[0])


def _together(planned: Planned, option: distribution.Option) -> tuple[int, int, tuple[int | None, ...]] | None:
    """What several crossings of an option decide on together; None for one crossing."""
    if "boats" not in option.why:
        return None
    boats = str(option.why["boats"]).split(",")
    limits = tuple(vehicle.wave_limit_cm for vehicle in planned.fleet if vehicle.code in boats)
    return option.depart_min, int(option.why.get("last_min", option.arrive_min)), limits


def _times(planned: Planned, one: _Crossing, from_min: int, day: int, state: State) -> list[tuple[int, int]]:
    """The times of a day from a minute on in which a boat may leave: within its hours, both ends open, in time for the deadline, not gone
    by; in parts of three hours, each of which has the sea of its own first minute.
    """
    last = min(one.boat.shift(day)[1], planned.deadline_min) - one.usual_min
    found: list[tuple[int, int]] = []
    for begins, ends in _open_both(planned.network, one, max(from_min, state.now_min), last):
        found += [(start, min(start + _SAILING_MIN - 1, ends)) for start in range(begins, ends + 1, _SAILING_MIN)]
    return found


def _open_both(network: distribution.Network, one: _Crossing, begins: int, ends: int) -> list[tuple[int, int]]:
    """From when until when a boat may leave its pier and, the usual time later, land."""
    if begins > ends:
        return []
    here = tuple(gate for gate in network.gates if gate.place in {one.pier, one.island})
    return list(_runs(here, ((one.pier, 0), (one.island, one.usual_min)), begins, ends)) if here else [(begins, ends)]


@lru_cache(maxsize=4096)
def _runs(gates: tuple[weather.Gate, ...], ends_of: tuple[tuple[str, int], ...], begins: int, ends: int) -> tuple[tuple[int, int], ...]:
    """The stretches of minutes in which all of some places (each so many minutes later) may be used."""
    found: list[tuple[int, int]] = []
    since: int | None = None
    for minute in range(begins, ends + 2):
        inside = minute <= ends and all(gate.lets(place, minute + later) for gate in gates for place, later in ends_of)
        if inside and since is None:
            since = minute
        elif not inside and since is not None:
            found.append((since, minute - 1))
            since = None
    return tuple(found)


def _opens(network: distribution.Network, place: str, planned: Planned) -> tuple[tuple[int, int], ...]:
    """When a pier or an island may be used, from a week before the vote until the day after; empty where no hours are recorded."""
    here = tuple(gate for gate in network.gates if gate.place == place)
    return _runs(here, ((place, 0),), -7 * travel.DAY, planned.deadline_min + travel.DAY) if here else ()


def _calm(planned: Planned, one: _Crossing, from_min: int, state: State, held: Assumptions) -> float:
    """The probability that the sea of a crossing lets this boat go: the same that a plan reckons with (`weather.sky`)."""
    begins, ends, limits = one.together or (from_min, from_min + one.usual_min, (one.boat.wave_limit_cm,))
    limit = min(known or held.sea.limit_cm for known in (*limits, one.boat.wave_limit_cm))
    from_at, until_at = (distribution.instant(planned.midnight_at, minute) for minute in (begins, ends))
    return weather.sky(state.waves, weather.areas(one.pier, one.island), limit, from_at, until_at, held.sea).calm


def _carries(planned: Planned) -> dict[str, list[distribution.Load]]:
    """By TPS the loads with its goods: mostly one, two where its kit is split."""
    found: dict[str, list[distribution.Load]] = {}
    for load in planned.loads:
        for tps in load.tps:
            found.setdefault(tps, []).append(load)
    return found


def _onward(planned: Planned, state: State) -> dict[str, travel.Spread | None]:
    """TPS that stand elsewhere than where the plan brings their goods -> the way on from there (of two the longer); None where no road
    leads on.
    """
    carries = _carries(planned)
    found = {}
    for tps, to in state.moved.items():
        away = sorted({load.place for load in carries.get(tps, ())} - {to})
        ways = [planned.network.spread(distribution.Kind.PICKUP, place, to) for place in away]
        if ways:
            known = [way for way in ways if way is not None]
            found[tps] = max(known, key=lambda way: way.tenth_min) if len(known) == len(ways) else None
    return found


def _stations(
    planned: Planned, tps_list: Iterable[places.Tps], state: State, held: Assumptions, onward: Mapping[str, travel.Spread | None]
) -> tuple[Station, ...]:
    """All TPS; what a check found wrong may be put right, a hazard at the TPS itself is a fault of its own.

    A TPS whose kit travels in two loads has its goods when both are there. One that no load serves waits for a load of its own that nobody
    brings; so does one that has moved to where no road leads from where its goods go. To one that has moved elsewhere the goods go on by
    road: both ways late at once, a cautious reading.
    """
    carries = _carries(planned)
    found = []
    for tps in sorted(tps_list, key=lambda one: one.code):
        loads, there = carries.get(tps.code, []), tps.code in state.delivered
        node = planned.network.node(state.moved.get(tps.code, ""))
        last = held.landed if (node.kind == "pulau" if node else tps.island) else held.last
        way = onward.get(tps.code)
        if way is not None:
            last = travel.Spread(last.usual_min + way.usual_min, last.tenth_min + way.tenth_min, way.basis)
        alone = there or not loads or (tps.code in onward and way is None)
        found.append(
            Station(
                tps.code,
                f"{tps.name} {tps.desa_name}",
                tps.desa_code,
                tps.kecamatan_code,
                f"tps:{tps.code}" if alone else loads[0].code if len(loads) == 1 else f"kit:{tps.code}",
                travel.Spread(0, 0) if there else last,
                faults_at(tps.code, state.hazards, held, lacking=state.checked.get(tps.code) is False),
                state.checked.get(tps.code, False),
            )
        )
    return tuple(found)


def faults_at(tps: str, hazards: Iterable[distribution.Hazard], held: Assumptions, *, lacking: bool) -> tuple[Fault, ...]:
    """What may fail at a TPS although its goods are there; lacking: a check or a telephone call found something missing."""
    found = [Fault("hazard", _event_code(h), h.probability_permille * 1000) for h in hazards if h.place == tps]
    found.append(Fault("tps", tps, held.fault_ppm))
    return (*found, Fault("check", tps, held.still_ppm)) if lacking else tuple(found)


def holding(faults: Iterable[Fault]) -> int:
    """P(nothing fails at the TPS itself), parts of 2^30."""
    left = ONE
    for fault in faults:
        left = left * (MILLION - fault.ppm) // MILLION
    return left


def in_proportion(whole: int, weights: Sequence[int]) -> list[int]:
    """A whole number in proportion to weights, without a rest (largest remainders)."""
    total = sum(weights)
    if total == 0 or whole <= 0:
        return [0] * len(weights)
    parts = [whole * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in order[: whole - sum(parts)]:
        parts[i] += 1
    return parts


def after_news(said: TpsOutlook, faults: Sequence[Fault], *, there: bool, checked: bool) -> TpsOutlook | None:
    """What an outlook says of a TPS once the news from that TPS itself is counted, in closed form; None where the outlook cannot tell.

    The goods of a TPS come as they come, whatever it says of itself; so this is what the next outlook will say of it, unless something
    else has changed as well. there: its goods are at the TPS; checked: somebody on the spot has seen it ready; faults: what may fail there
    as it stands now.
    """
    in_time = MILLION if there else said.in_time_ppm
    if in_time is None:
        return None
    own = [] if checked else [fault for fault in faults if fault.ppm]
    ready = (in_time * holding(own) + ONE // 2) // ONE
    at_place = {"tps", "check"} | {fault.subject for fault in faults if fault.code == "hazard"}
    causes = [] if there else [one for one in said.causes if not {one.code, one.subject} & at_place]
    shares = in_proportion(in_time - ready, [fault.ppm for fault in own])
    causes += [Cause(fault.code, fault.subject, share) for fault, share in zip(own, shares, strict=True) if share]
    return TpsOutlook(said.tps, ready, tuple(sorted(causes, key=lambda c: (-c.share_ppm, c.code, c.subject))), in_time)


def _assumed(held: Assumptions, planned: Planned, state: State) -> tuple[Assumed, ...]:
    """Every number of the model that is not a fact of the record, under a stable name."""
    unknown = [v.code for v in planned.fleet if v.boat and v.wave_limit_cm is None]
    driven = {trip.vehicle for trip in planned.plan.trips}
    by_day = [v.code for v in planned.fleet if v.code in driven and not v.boat and not v.night]
    measured = len(planned.network.measured)
    rows = [
        Assumed("road_tenth_permille", str(distribution.ROAD_TENTH_PERMILLE), travel.Basis.ASSUMED),
        Assumed("ways_measured", str(measured), travel.Basis.MEASURED if measured else travel.Basis.ASSUMED),
        Assumed("last_way_min", f"{held.last.usual_min}/{held.last.tenth_min}", held.last.basis),
        Assumed("landed_way_min", f"{held.landed.usual_min}/{held.landed.tenth_min}", held.landed.basis),
        Assumed("breakdown_ppm", str(held.breakdown_ppm), travel.Basis.ASSUMED),
        Assumed("fault_ppm", str(held.fault_ppm), travel.Basis.ASSUMED),
        Assumed("sea_persists_permille", str(held.sea.persistence_permille), travel.Basis.ASSUMED),
        Assumed("hazards", str(len(state.hazards)), travel.Basis.SOURCED),
    ]
    if by_day:
        rows.append(Assumed("road_after_hours", str(len(by_day)), travel.Basis.ASSUMED))
    if state.moved:
        rows.append(Assumed("tps_moved", str(len(state.moved)), travel.Basis.SOURCED))
    if unknown:
        rows.append(Assumed("wave_limit_cm", str(held.sea.limit_cm), travel.Basis.ASSUMED))
    if state.waves:
        highest = max(wave.height_cm for wave in state.waves)
        rows.append(Assumed("waves_forecast_cm", str(highest), travel.Basis.SOURCED))
    else:
        rows.append(Assumed("waves_season_cm", str(held.sea.climate.height_cm), travel.Basis.ASSUMED))
    return tuple(rows)


# --- what the record says of goods and work ------------------------------------------------------------------------------

# The whole of an arrival forecast by three points: one in twenty, even chances, nineteen in twenty; the rest as far again beyond.
_EARLY, _EVEN, _LATE = 50_000, 500_000, 950_000


def supply(code: str, name: str, early_min: int | None, even_min: int | None, late_min: int | None) -> Supply:
    """Goods by the three points of their arrival; a point that nobody can give (None) ends the curve, and what is beyond never comes."""
    points: list[tuple[int, int]] = []
    for ppm, minute in ((_EARLY, early_min), (_EVEN, even_min), (_LATE, late_min)):
        if minute is None:
            return Supply(code, name, tuple(points))
        points.append((ppm, max(minute, points[-1][1] if points else minute)))
    last, before = points[-1][1], points[-2][1]
    return Supply(code, name, (*points, (MILLION, last + 2 * (last - before))))


def divided(wanted: Mapping[Key, int], halves: Sequence[distribution.Load]) -> list[dict[Key, int]]:
    """Of what a TPS needs, what travels in each of the loads that bring its kit: by the pieces of the item in them; what is no piece of
    its own lies in the boxes.
    """
    found: list[dict[Key, int]] = [{} for _ in halves]
    for key, pieces in wanted.items():
        weights = [sum(one.quantity for one in load.pieces if one.item == key[0]) for load in halves]
        weights = weights if any(weights) else [load.boxes for load in halves]
        weights = weights if any(weights) else [1] + [0] * (len(halves) - 1)
        for part, share in zip(found, in_proportion(pieces, weights), strict=True):
            if share:
                part[key] = share
    return found


def waits(
    loads: Iterable[tuple[str, Iterable[str]]], wanted: Mapping[str, Mapping[Key, int]], stock: Mapping[Key, int]
) -> dict[str, tuple[Key, ...]]:
    """What each load (code, its TPS), in the order of loading, still waits for: lines whose stock is used up by those before it.

    wanted: TPS -> line -> pieces. A load that is served leaves less for the next; one that is not keeps what it could have had.
    """
    left = dict(stock)
    found: dict[str, tuple[Key, ...]] = {}
    for code, tps_list in loads:
        needed: dict[Key, int] = {}
        for tps in tps_list:
            for key, pieces in wanted.get(tps, {}).items():
                needed[key] = needed.get(key, 0) + pieces
        found[code] = tuple(sorted(key for key, pieces in needed.items() if left.get(key, 0) < pieces))
        for key, pieces in needed.items():
            left[key] = left.get(key, 0) - pieces
    return found


# --- keeping an outlook --------------------------------------------------------------------------------------------------


class NotReady(record.Refusal):
    """There is nothing to forecast with: no plan is in force, or voting has begun."""

    code: ClassVar[str] = "forecast.not_ready"


class AlreadyRequested(record.Refusal):
    """A forecast is already being made."""

    code: ClassVar[str] = "forecast.already_requested"


def facts_of(outlook: Outlook) -> dict[str, Any]:
    """The outlook as plain data."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Mapping):
            return {str(key): plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    found: dict[str, Any] = plain(asdict(outlook))
    return found


def tps_of(said: Mapping[str, Any]) -> TpsOutlook:
    """One TPS of an outlook that was kept."""
    return TpsOutlook(said["tps"], said["ready_ppm"], tuple(Cause(**one) for one in said["causes"]), said.get("in_time_ppm"))


def outlook_of(said: Mapping[str, Any]) -> Outlook:
    """The outlook that `facts_of` wrote."""
    when = datetime.fromisoformat

    def action(one: Mapping[str, Any]) -> Action:
        by_at = when(one["by_at"]) if one["by_at"] else None
        return Action(**{**one, "gain": Gain(**one["gain"]), "by_at": by_at, "tps": tuple(one["tps"])})

    return Outlook(
        **{
            **said,
            "said_at": when(said["said_at"]),
            "deadline_at": when(said["deadline_at"]),
            "tps": tuple(tps_of(one) for one in said["tps"]),
            "places": tuple(PlaceOutlook(**one) for one in said["places"]),
            "actions": tuple(action(one) for one in said["actions"]),
            "islands": tuple(Landing(**one) for one in said.get("islands", ())),
            "inputs": tuple(Assumed(one["name"], one["value"], travel.Basis(one["basis"])) for one in said["inputs"]),
        }
    )
