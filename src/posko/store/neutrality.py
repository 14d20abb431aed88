"""Stage neutrality: the yardstick as registered, the runs of the audit, and the gathering of what is compared.

Gathered are codes, counts and minutes: no words of a report, no person. A run is computed outside a transaction and recorded with the hash
of its input; it is not repeated by the recording.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import neutrality as rules
from posko.domain import places as place_rules
from posko.domain import pledges as pledge_rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.domain.neutrality import Grouping, Metric
from posko.planning import neutrality as kernel
from posko.store import aght, places, pledges, recommendations, record, reports, stock, thresholds, transfers

CONTEST = "DPRD_KAB"
"""Its dapil divide the regency; those of the other contests do not."""
SEED = 1
DUE_AFTER_DAYS = 7
"""The overseer is reminded of a new run after so many days (ours)."""


class NeedScoreRow(models.Model):
    """The yardstick from an instant on; the newest version counts."""

    election = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    hour_permille = models.PositiveIntegerField()
    heard_permille = models.PositiveIntegerField()
    reason = models.TextField(blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "neutrality_score"
        constraints = (models.UniqueConstraint(fields=["election", "version"], name="neutrality_score_once"),)


class AuditRow(models.Model):
    """A run and what came out."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    score = models.ForeignKey(NeedScoreRow, on_delete=models.PROTECT, related_name="+")
    seed = models.PositiveIntegerField()
    input_hash = models.CharField(max_length=64)
    results = models.JSONField(default=list)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "neutrality_audit"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="neutrality_audit_code"),)


# --- the yardstick -------------------------------------------------------------------------------------------------------


def register(election: str, hour_permille: int, heard_permille: int, reason: str, actor: facts.Actor, at: datetime) -> rules.NeedScore:
    """Says what need is, for all runs from now on. BadScore, NoReason, SameScore."""
    if not reason.strip():
        raise rules.NoReason()
    with transaction.atomic():
        at = record.turn(at)
        now = score(election, at)
        made = rules.NeedScore((now.version if now else 0) + 1, hour_permille, heard_permille, at, actor.person)
        if now and (now.hour_permille, now.heard_permille) == (hour_permille, heard_permille):
            raise rules.SameScore()
        said: dict[str, object] = {"version": made.version, "hour_permille": hour_permille, "heard_permille": heard_permille}
        draft = facts.Draft(
            "neutrality.score_registered", election, f"score:{made.version}", record.election(election).region, actor, at, said,
            private=record.typed(reason=reason.strip()),
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        NeedScoreRow.objects.create(
            election=election, version=made.version, hour_permille=hour_permille, heard_permille=heard_permille, reason=reason.strip(),
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return made


def score(election: str, at: datetime) -> rules.NeedScore | None:
    """The yardstick in force; None before anybody registered one."""
    row = NeedScoreRow.objects.filter(election=election, occurred_at__lte=at).order_by("-version").first()
    return _score(row) if row else None


def scores(election: str, at: datetime) -> list[tuple[rules.NeedScore, str]]:
    """Every yardstick with its reason, newest first."""
    rows = NeedScoreRow.objects.filter(election=election, occurred_at__lte=at).order_by("-version")
    return [(_score(row), row.reason) for row in rows]


def _score(row: NeedScoreRow) -> rules.NeedScore:
    return rules.NeedScore(row.version, row.hour_permille, row.heard_permille, row.occurred_at, row.person)


# --- what is compared ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gathered:
    """Desa in the order of their codes, and every act and wait in them. outside: acts that concern no single desa."""

    areas: tuple[rules.Area, ...]
    cases: tuple[rules.Case, ...]
    outside: Mapping[Metric, int]

    @property
    def digest(self) -> str:
        """SHA-256 over what a run is computed from."""
        plain = [
            [[a.code, a.kecamatan, a.dapil, a.tps, round(a.hours * 60), a.heard, a.short] for a in self.areas],
            sorted([c.metric.value, c.area, c.minutes, c.kind, int(c.running)] for c in self.cases),
        ]
        return hashlib.sha256(json.dumps(plain, separators=(",", ":")).encode()).hexdigest()

    def counts(self, metric: Metric) -> list[int]:
        """Acts of a metric per desa (areas,)."""
        seen = Counter(c.area for c in self.cases if c.metric is metric)
        return [seen[a.code] for a in self.areas]


def gather(election: str, at: datetime) -> Gathered:
    """What is compared, as it stood at `at`."""
    region = record.election(election).region
    stations = places.tps_list(election)
    islands = {t.island: t.desa_code for t in stations if t.island}
    codes = {d.code for d in places.desa_list(region)}

    def desa_of(place: str) -> str:
        """The desa of a place; "" where it is wider, or a site."""
        inside = islands.get(place, place)
        return inside if inside in codes else place_rules.desa_of(inside) if place_rules.desa_of(inside) in codes else ""

    acts = _acts(election, at)
    located = [(metric, desa_of(place)) for metric, place in acts]
    cases = [rules.Case(metric, area) for metric, area in located if area]
    cases += [rules.Case(c.metric, desa_of(c.area), c.minutes, c.kind, c.running) for c in _waits(election, at) if desa_of(c.area)]
    outside = Counter(metric for metric, area in located if not area)
    return Gathered(tuple(_areas(election, at, stations, desa_of)), tuple(cases), dict(outside))


def _areas(election: str, at: datetime, stations: Sequence[place_rules.Tps], desa_of: Any) -> Iterable[rules.Area]:
    region = record.election(election).region
    dapil = places.dapil_map(election)
    heard = {d.code: d.origins for d in aght.desa(election, at)}
    short = Counter(desa_of(count.tps) for count in transfers.counts(election, at) if count.found < count.needed)
    hours = _hours(election)
    for d in sorted(places.desa_list(region), key=lambda one: one.code):
        own = [t for t in stations if t.desa_code == d.code]
        group = next((dapil[CONTEST, t.code] for t in own if (CONTEST, t.code) in dapil), "")
        yield rules.Area(
            d.code, d.name, d.kecamatan_name, group or "tanpa dapil", len(own), hours.get(d.code, 0.0), heard.get(d.code, 0), short[d.code]
        )


def _hours(election: str) -> dict[str, float]:
    """Desa -> hours one way from the warehouse, by road or with its boat leg, as the pins and the sources of sea legs give them."""
    region = record.election(election).region
    pins = {s.code: (s.lat, s.lon) for s in places.sites(region) if s.lat is not None and s.lon is not None}
    start, settings = pins.get(stock.warehouse(election)), places.settings(region)
    legs = {leg.island: leg for leg in places.sea_legs(region) if leg.pier in pins}
    on: dict[str, set[str]] = {}
    for tps in places.tps_list(election):
        on.setdefault(tps.desa_code, set()).add(tps.island)
    found = {}
    for d in places.desa_list(region):
        isles = on.get(d.code, {""})
        leg = legs.get(next(iter(isles))) if len(isles) == 1 else None
        lat, lon = pins[leg.pier] if leg else (d.lat, d.lon)
        km = place_rules.road_km(start[0], start[1], lat, lon, settings.detour) if start and lat is not None and lon is not None else 0.0
        found[d.code] = km / settings.road_kmh + ((leg.hours_low + leg.hours_high) / 2 if leg else 0.0)
    return found


def _acts(election: str, at: datetime) -> list[tuple[Metric, str]]:
    """(metric, place) of every act: issued recommendations at the places of their causes, escorts that stand, trips that arrived."""
    items = {a.code: a.place for a in aght.register(election, at)}
    acts: list[tuple[Metric, str]] = []
    for letter in recommendations.listing(election, at):
        if letter.issued_at is not None:
            named = sorted({items[code] for code in letter.text.aght if code in items})
            acts += [(Metric.RECOMMENDATIONS, place) for place in named or [""]]
    for pledge in pledges.listing(election, at):
        if pledge.kind is pledge_rules.Kind.POLICE and pledge.live:
            acts += [(Metric.ESCORTS, place) for place in pledge.places]
    acts += [(Metric.REPLACEMENTS, t.leg.receiver) for t in transfers.transfers(election, at) if t.received is not None]
    return acts


def _waits(election: str, at: datetime) -> list[rules.Case]:
    """How long reports waited until somebody took them up, and TPS found short until the missing sheets came."""
    found = []
    for r in reports.listing(election, at):
        taken = next((s.since for s in r.steps if s.status is not report_rules.Status.RECEIVED), None)
        found.append(rules.Case(Metric.ANSWER_TIME, r.place, _minutes(r.received_at, taken or at), r.category.value, taken is None))
    arrived: dict[tuple[str, str, str], datetime] = {}
    for t in transfers.transfers(election, at):
        if t.received is not None:
            key = (t.leg.receiver, t.leg.item, t.leg.contest)
            arrived[key] = min(arrived.get(key, t.received.at), t.received.at)
    first: dict[tuple[str, str, str], datetime] = {}
    for count in transfers.counts(election, at):
        if count.found < count.needed:
            first.setdefault((count.tps, count.item, count.contest), count.counted_at)
    for key, since in first.items():
        came = arrived.get(key)
        came = came if came is not None and came >= since else None
        found.append(rules.Case(Metric.REPLACEMENT_TIME, key[0], _minutes(since, came or at), key[1], came is None))
    return found


def _minutes(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds() // 60))


# --- a run ---------------------------------------------------------------------------------------------------------------


def run(election: str, actor: facts.Actor, at: datetime, seed: int = SEED) -> rules.Audit:
    """Computes and records a run. NotRegistered before a yardstick stands."""
    held = score(election, at)
    if held is None:
        raise rules.NotRegistered()
    given = gather(election, at)
    results = compare(given, held, seed)
    with transaction.atomic():
        at = record.turn(at)
        row = NeedScoreRow.objects.get(election=election, version=held.version)
        code = f"UJI-{AuditRow.objects.filter(election=election).count() + 1:03}"
        mark = "[SIMULASI]" if record.installation().demo else ""
        plain = [_plain(result) for result in results]
        said: dict[str, object] = {
            "score": held.version, "seed": seed, "input_hash": given.digest, "mark": mark,
            "results": [f"{r.code} n={r.n} p_ppm={r.p_ppm} holm_ppm={r.held_ppm}" for r in results],
            "results_hash": hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest(),
        }  # fmt: skip
        region = record.election(election).region
        prepared = record.prepare([facts.Draft("neutrality.audited", election, f"audit:{code}", region, actor, at, said)], at)
        AuditRow.objects.create(
            election=election, code=code, score=row, seed=seed, input_hash=given.digest, results=plain, mark=mark, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return get(election, code, at)


def compare(given: Gathered, held: rules.NeedScore, seed: int = SEED) -> list[rules.Result]:
    """Every metric between kecamatan and between dapil. Holm's correction goes over those that have enough cases to be judged."""
    bare = [_one(given, held, metric, grouping, seed) for metric in Metric for grouping in Grouping]
    least = rules.Limits().least
    judged = [i for i, r in enumerate(bare) if r.n >= least]
    held_p = dict(zip(judged, rules.holm([bare[i].p_ppm for i in judged]), strict=True))
    return [
        rules.Result(r.metric, r.grouping, r.n, r.p_ppm, held_p.get(i, r.p_ppm), r.groups, r.power_permille, r.other_ppm, r.running)
        for i, r in enumerate(bare)
    ]


def _one(given: Gathered, held: rules.NeedScore, metric: Metric, grouping: Grouping, seed: int) -> rules.Result:
    if metric in rules.TIMES:
        return _times(given, metric, grouping, seed)
    counts, groups = given.counts(metric), [a.group(grouping) for a in given.areas]
    need = rules.needs(metric, given.areas, counts, held)
    if not sum(counts):
        return rules.Result(metric, grouping, 0, 1_000_000, 1_000_000, ())
    found = kernel.compare_counts(counts, need, groups, seed)
    power = tuple(round(1000 * kernel.power_counts(found.n, need, groups, ratio, seed)) for ratio in (1.5, 2.0))
    others = [
        rules.NeedScore(held.version, round(held.hour_permille * k), round(held.heard_permille * k))
        for k in (0.5, 2.0)
        if metric is not Metric.REPLACEMENTS and max(held.hour_permille, held.heard_permille) * k <= 10_000
    ]
    other = tuple(_ppm(kernel.compare_counts(counts, rules.needs(metric, given.areas, counts, one), groups, seed).p) for one in others)
    return rules.Result(metric, grouping, found.n, _ppm(found.p), 0, _groups(found), (power[0], power[1]), other)


def _times(given: Gathered, metric: Metric, grouping: Grouping, seed: int) -> rules.Result:
    areas = {a.code: a for a in given.areas}
    cases = sorted((c for c in given.cases if c.metric is metric), key=lambda c: (c.area, c.kind, c.minutes))
    if not cases:
        return rules.Result(metric, grouping, 0, 1_000_000, 1_000_000, ())
    minutes, strata = [c.minutes for c in cases], [rules.stratum(c, areas) for c in cases]
    groups = [areas[c.area].group(grouping) for c in cases]
    found = kernel.compare_times(minutes, groups, strata, seed)
    power = tuple(round(1000 * kernel.power_times(minutes, groups, strata, ratio, seed)) for ratio in (1.5, 2.0))
    return rules.Result(
        metric, grouping, found.n, _ppm(found.p), 0, _groups(found), (power[0], power[1]), running=sum(c.running for c in cases)
    )


def _ppm(p: float) -> int:
    return round(p * 1_000_000)


def _groups(found: kernel.Compared) -> tuple[rules.Group, ...]:
    return tuple(
        rules.Group(g.group, g.n, round(g.expected * 1000), round(g.ratio * 1000), round(g.low * 1000), round(min(g.high, 1e6) * 1000))
        for g in found.groups
    )


def _plain(r: rules.Result) -> dict[str, Any]:
    return {
        "metric": r.metric.value, "grouping": r.grouping.value, "n": r.n, "p_ppm": r.p_ppm, "held_ppm": r.held_ppm,
        "groups": [[g.name, g.n, g.expected_permille, g.ratio_permille, g.low_permille, g.high_permille] for g in r.groups],
        "power_permille": list(r.power_permille), "other_ppm": list(r.other_ppm), "running": r.running,
    }  # fmt: skip


def _result(said: Mapping[str, Any]) -> rules.Result:
    low, high = said["power_permille"]
    return rules.Result(
        Metric(said["metric"]), Grouping(said["grouping"]), said["n"], said["p_ppm"], said["held_ppm"],
        tuple(rules.Group(*g) for g in said["groups"]), (low, high), tuple(said["other_ppm"]), said["running"],
    )  # fmt: skip


# --- reading -------------------------------------------------------------------------------------------------------------


def audits(election: str, at: datetime) -> list[rules.Audit]:
    """Runs, newest first."""
    rows = AuditRow.objects.filter(election=election, occurred_at__lte=at).select_related("score").order_by("-occurred_at", "-id")
    return [_audit(row) for row in rows]


def get(election: str, code: str, at: datetime) -> rules.Audit:
    """One run. Unknown."""
    row = AuditRow.objects.filter(election=election, code=code, occurred_at__lte=at).select_related("score").first()
    if row is None:
        raise rules.Unknown(code=code)
    return _audit(row)


def _audit(row: AuditRow) -> rules.Audit:
    results = tuple(_result(said) for said in row.results)
    return rules.Audit(row.code, row.occurred_at, _score(row.score), row.seed, row.input_hash, results, row.person, row.mark, row.entry_id)


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R22 over the newest run."""
    newest = audits(election, at)[:1]
    held = thresholds.limits(election, "neutrality", rules.Limits(), at)
    return [one for audit in newest for one in rules.alarms(rules.runs(audit), held)]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the overseer: to say what need is, and a run every week."""
    region = record.election(election).region
    thing = access_rules.Thing("neutrality", "", region)
    if not access_rules.may(person, "neutrality.run", thing, access_rules.Purpose.DUTY, (), at).allowed:
        return []
    if score(election, at) is None:
        return [facts.Task("neutrality.score", "neutrality", "score", "")]
    newest = audits(election, at)[:1]
    old = not newest or (at - newest[0].ran_at).days >= DUE_AFTER_DAYS
    return [facts.Task("neutrality.run", "neutrality", "audit", "")] if old else []


# --- erasing words (see record.Eraser) -----------------------------------------------------------------------------------


def _erase_reason(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Why a yardstick was registered; the yardstick and every run stay."""
    del at
    NeedScoreRow.objects.filter(entry_id=entry_id).update(reason=mark)
    return ()


WORDS: dict[str, record.Eraser] = {"neutrality.score_registered": _erase_reason}
