"""Stage forecast: how probably will each TPS be ready at the deadline, why not, and which action adds most?

Probabilities are whole parts per million, expected numbers whole thousandths: a journal keeps integers, and a seed gives the same
answer on every machine.
"""

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import ClassVar

from posko.domain import record, thresholds, travel


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
    """P(ready at the deadline) of one TPS; the causes of the rest, the largest first."""

    tps: str
    ready_ppm: int
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class PlaceOutlook:
    """A desa, kecamatan or regency: expected number of TPS not ready (thousandths), and P(all of its TPS ready)."""

    place: str
    tps: int
    not_ready_milli: int
    all_ppm: int


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

    @property
    def at_risk(self) -> tuple[TpsOutlook, ...]:
        """Those that are more likely not ready than one in twenty."""
        return tuple(one for one in self.tps if one.ready_ppm < 950_000)


# --- what chance needs ---------------------------------------------------------------------------------------------------

# A minute that never comes.
NEVER = 1 << 30
MILLION = 1_000_000
_U32 = 1 << 32


class BadCase(record.Refusal):
    """A case that contradicts itself: a thing twice, or something that waits for what nobody brings."""

    code: ClassVar[str] = "forecast.bad_case"


@dataclass(frozen=True)
class Supply:
    """Goods that are awaited. points: (ppm, minute) of the distribution function of when they are complete, both not falling;
    straight between two points; what lies beyond the last ppm never comes.
    """

    code: str
    name: str
    points: tuple[tuple[int, int], ...]

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
    """A way of a trip and the halt at its end; drops: loads that leave the vehicle there. key: whose chance it is."""

    start: str
    end: str
    spread: travel.Spread
    halt_min: int = 0
    drops: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Sailing:
    """A time in which a boat may leave, and how probably the sea lets it. day: which day's sea it is (1 is H-1)."""

    day: int
    from_min: int
    until_min: int
    calm_ppm: int


@dataclass(frozen=True)
class Trip:
    """A planned trip. It waits for all its loads, but not beyond leave_by_min; loading_min after the last of them it leaves.

    after: the vehicle's trip before it. sailings: for a boat, in order; it takes the first that the sea allows.
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
    boat: bool = False


@dataclass(frozen=True)
class Load:
    """What travels together. needs: supplies and jobs that must be done before it can be loaded. arrived_min: it is there, as seen."""

    code: str
    place: str
    name: str
    needs: tuple[str, ...] = ()
    arrived_min: int | None = None


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

    Trips are in an order in which each comes after the trips it depends on. persist_ppm: how probably the sea stays tomorrow what it
    is today, measured against its forecast.
    """

    now_min: int
    deadline_min: int
    supplies: tuple[Supply, ...]
    works: tuple[Work, ...]
    loads: tuple[Load, ...]
    trips: tuple[Trip, ...]
    stations: tuple[Station, ...]
    events: tuple[Event, ...] = ()
    persist_ppm: int = 700_000
    inputs: tuple[Assumed, ...] = ()

    def __post_init__(self) -> None:
        known: set[str] = {supply.code for supply in self.supplies}
        for work in self.works:
            for job in work.jobs:
                self._known(job.after, known)
            known |= {job.code for job in work.jobs}
        loads = {load.code for load in self.loads}
        for load in self.loads:
            self._known(load.needs, known)
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
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


# --- chance: whole numbers from a seed, keyed by what they belong to -----------------------------------------------------

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
BINS = 4096
_FINE = 1 << 20


def mixed(x: int) -> int:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014; Stafford's variant 13): every bit of 64 moves every other."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def case_seed(seed: int, scenario: int) -> int:
    """What all draws of one scenario start from."""
    return mixed((mixed((seed + _GOLDEN) & _MASK) + (scenario + 1) * _GOLDEN) & _MASK)


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


@lru_cache(maxsize=256)
def factors(usual: int, tenth: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Quantiles of a log-normal time as 65536ths of the usual one: at every 4096th, and 4096 finer ones within the first and the last.

    Rounded once to whole numbers; from here on nothing depends on a machine's floating point. The ends lie at 2^-26.
    """
    sigma = travel.Spread(usual, tenth).sigma
    normal = NormalDist()

    def at(share: float) -> int:
        return round(65536 * math.exp(sigma * normal.inv_cdf(share)))

    least = 2.0**-26
    low = [at(max(least, j / BINS**2)) for j in range(BINS + 1)]
    high = [round(65536 * math.exp(-sigma * normal.inv_cdf(max(least, (BINS - j) / BINS**2)))) for j in range(BINS + 1)]
    main = [low[0], *(at(i / BINS) for i in range(1, BINS)), high[-1]]
    return tuple(main), tuple(low), tuple(high)


def stretched(spread: travel.Spread, usual: int, bits: int) -> int:
    """So many (minutes, seconds) drawn for a usual value with the shape of this spread; to the nearest whole."""
    if spread.sigma == 0.0:
        return usual
    main, low, high = factors(spread.usual_min, spread.tenth_min)
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
        fates[load.code] = Fate(load.arrived_min, PLAN) if load.arrived_min is not None else _last(case, load.needs, done)
    hit = {event.code for event in case.events if draw(base, f"event:{event.code}") >> 32 < threshold(event.ppm)}
    sea = _sea(case, base)
    back: dict[str, Fate] = {}
    for trip in case.trips:
        back[trip.code] = _travelled(case, trip, fates, back, hit, sea, base)
    final = _ends(case)
    return {
        code: fate if final.get(code) else Fate(NEVER, fate.link if fate.minute >= NEVER else Link("unplanned", code))
        for code, fate in fates.items()
    }


def _ends(case: Case) -> dict[str, bool]:
    """Whether the plan brings a load to its place: its last drop is there, or it is there already."""
    found = {load.code: load.arrived_min is not None for load in case.loads}
    places = {load.code: load.place for load in case.loads}
    for trip in case.trips:
        for leg in trip.legs:
            for code in leg.drops:
                found[code] = found[code] or leg.end == places[code]
    return found


def _supplied(case: Case, supply: Supply, base: int) -> int:
    return max(case.now_min, supply.at(draw(base, f"supply:{supply.code}")))


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
    pace = stretched(work.pace, 65536, draw(base, f"pace:{work.code}")) if work.pace.usual_min else 65536
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


def _sea(case: Case, base: int) -> dict[int, int]:
    """How high the sea is on each day against its forecast: 32 bits, high is bad. It stays or is drawn anew."""
    found: dict[int, int] = {}
    before: int | None = None
    for day in sorted({sailing.day for trip in case.trips for sailing in trip.sailings}, reverse=True):
        stays = before is not None and draw(base, f"sea:{day}:same") >> 32 < threshold(case.persist_ppm)
        before = before if stays and before is not None else draw(base, f"sea:{day}") >> 32
        found[day] = before
    return found


def _travelled(
    case: Case, trip: Trip, fates: dict[str, Fate], back: Mapping[str, Fate], hit: Collection[str], sea: Mapping[int, int], base: int
) -> Fate:
    """Moves the loads of one trip; answers when the vehicle is back."""
    clock, cause, size = max(trip.planned_min, case.now_min), PLAN, 0
    waited = [fates[code] for code in trip.loads if fates[code].minute <= trip.leave_by_min]
    for fate in [back[trip.after], *waited] if trip.after else waited:
        if fate.minute + trip.loading_min > clock:
            clock = fate.minute + trip.loading_min
            cause, size = fate.link, clock - trip.planned_min
    if clock >= NEVER:
        fates |= {code: Fate(NEVER, cause) for code in trip.loads if fates[code].minute <= trip.leave_by_min}
        return Fate(NEVER, cause)
    left = {code for code in trip.loads if fates[code].minute > trip.leave_by_min}
    fates |= {code: Fate(NEVER, fates[code].link) for code in left}
    if trip.sailings:
        sails = _sails(trip, clock, sea)
        if sails - clock > size:
            cause, size = Link("sea", trip.code), sails - clock
        if sails >= NEVER:
            fates |= {code: Fate(NEVER, cause) for code in trip.loads if code not in left}
            return Fate(NEVER, cause)
        clock = sails
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
        now = _delayed(now, leg.halt_min, PLAN, 0)
        fates |= {code: Fate(NEVER, now.link) if closed else now for code in leg.drops if code not in left}
    return now


def _delayed(before: Fate, minutes: int, link: Link, late_min: int) -> Fate:
    """So many minutes later; the link that missed its plan by more counts from here."""
    worse = late_min > before.late_min
    return Fate(before.minute + minutes, link if worse else before.link, late_min if worse else before.late_min)


def _sails(trip: Trip, ready: int, sea: Mapping[int, int]) -> int:
    """When the boat leaves: in the first time that is still open and whose sea allows it."""
    for sailing in trip.sailings:
        leaves = max(ready, sailing.from_min)
        if leaves <= sailing.until_min and sea[sailing.day] < threshold(sailing.calm_ppm):
            return leaves
    return NEVER


def _breaks(trip: Trip, base: int) -> tuple[int, int] | None:
    """On which leg the vehicle breaks down and for how long; mostly not."""
    limit, bits = threshold(trip.breakdown_ppm), draw(base, f"breakdown:{trip.code}") >> 32
    if bits >= limit or not trip.legs:
        return None
    return bits * len(trip.legs) // limit, stretched(trip.repair, trip.repair.usual_min, draw(base, f"repair:{trip.code}"))
