"""Stage readiness: the checks made at the TPS, and the verdict over needs, receipts, plan and checks."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import readiness as rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.formats import receipts as printed
from posko.store import distribution, places, receipts, record, thresholds


class Check(models.Model):
    """What somebody at a TPS saw. `note` is of rows from before it stood in the journal's private part."""

    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=30)
    items = models.CharField(max_length=6)
    missing = models.JSONField(default=list)
    seals = models.CharField(max_length=6)
    place = models.CharField(max_length=6)
    kpps = models.CharField(max_length=6)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "readiness_check"
        indexes = (models.Index(fields=["election", "tps", "occurred_at"], name="readiness_check_latest"),)


class Limit(models.Model):
    """How old an "all complete" may be; the newest one counts."""

    election = models.CharField(max_length=40)
    check_valid_hours = models.PositiveIntegerField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "readiness_limit"


# --- what is recorded ----------------------------------------------------------------------------------------------------


def record_checks(election: str, checks: Iterable[rules.Check], at: datetime) -> list[facts.Receipt]:
    """Record checks made at TPS. Future, UnknownTps, UnknownItem; all or none."""
    checks = list(checks)
    with transaction.atomic():
        at = record.turn(at)
        known = {t.code for t in places.tps_list(election)}
        items = {line_code(d.key) for d in receipts.demands(election, at)}
        for check in checks:
            _check_names(check, known, items, at)
        prepared = record.prepare([_draft(election, check) for check in checks], at)
        Check.objects.bulk_create(_row(election, check, entry.entry_id) for check, entry in zip(checks, prepared, strict=True))
        return record.append(prepared, at=at)


def record_check(election: str, check: rules.Check, at: datetime) -> facts.Receipt:
    """Record one check."""
    return record_checks(election, [check], at)[0]


def _check_names(check: rules.Check, known: set[str], items: set[str], at: datetime) -> None:
    if check.checked_at > at:
        raise rules.Future(tps=check.tps)
    if check.tps not in known:
        raise rules.UnknownTps(tps=check.tps)
    for item in check.missing:
        if item not in items:
            raise rules.UnknownItem(item=item)


def _draft(election: str, check: rules.Check) -> facts.Draft:
    return facts.Draft(
        kind="tps.checked",
        election=election,
        subject=f"tps:{check.tps}",
        place=check.tps,
        actor=facts.Actor(check.person, check.agency),
        occurred_at=check.checked_at,
        facts={
            "items": check.items.value,
            "missing": " ".join(check.missing),
            "seals": check.seals.value,
            "place_ready": check.place.value,
            "kpps": check.kpps.value,
            "mark": check.mark,
        },
        private=record.typed(note=check.note),
    )


def _row(election: str, check: rules.Check, entry_id: str) -> Check:
    return Check(
        election=election,
        tps=check.tps,
        items=check.items.value,
        missing=list(check.missing),
        seals=check.seals.value,
        place=check.place.value,
        kpps=check.kpps.value,
        mark=check.mark,
        person=check.person,
        agency=check.agency,
        occurred_at=check.checked_at,
        entry_id=entry_id,
    )


def set_limit(election: str, check_valid_hours: int, actor: facts.Actor, at: datetime) -> None:
    """From now on an "all complete" older than this many hours is unknown."""
    with transaction.atomic():
        rules.check_limit(check_valid_hours)
        region = record.election(election).region
        said = {"check_valid_hours": check_valid_hours}
        draft = facts.Draft("readiness.limit_set", election, f"election:{election}", region, actor, at, said)
        prepared = record.prepare([draft], at)
        entry_id = prepared[0].entry_id
        Limit.objects.create(election=election, check_valid_hours=check_valid_hours, person=actor.person, occurred_at=at, entry_id=entry_id)
        record.append(prepared, at=at)


# --- what is read --------------------------------------------------------------------------------------------------------


def limits(election: str, at: datetime) -> rules.Limits:
    """The limits in force."""
    row = Limit.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id").first()
    base = rules.Limits(check_valid=timedelta(hours=row.check_valid_hours)) if row else rules.Limits()
    return thresholds.limits(election, "readiness", base, at)


def checks(election: str, at: datetime, tps: str = "") -> list[rules.Check]:
    """Checks made by then, oldest first; of one TPS or of all."""
    rows = Check.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    found = list(rows.filter(tps=tps) if tps else rows)
    told = record.privates(row.entry_id for row in found)
    return [_value(row, told) for row in found]


def line_code(key: receipt_rules.Key) -> str:
    """How a check names a line: the item, and the contest of a ballot. The dapil follows from the TPS."""
    item, contest, _dapil = key
    return f"{item}:{contest}" if contest else item


def all_facts(election: str, at: datetime, region: str = "") -> list[rules.Facts]:
    """Everything known about every TPS of a region (all without one) at an instant."""
    tps_list = [t for t in places.tps_list(election) if not region or access_rules.within(t.code, region)]
    gauge = receipts.gauge(election, at)
    wanted = receipts.tps_needs(election, at)
    planned = arrivals(election, at)
    latest = {check.tps: check for check in checks(election, at)}
    due = rules.due_at(record.election(election).voting_at, limits(election, at).due_days_before)
    shelves: dict[frozenset[receipt_rules.Key], tuple[rules.Stock, ...]] = {}
    found = []
    for tps in tps_list:
        keys = frozenset(wanted.get(tps.code, {}))
        if keys not in shelves:
            shelves[keys] = _stock(gauge, keys)
        found.append(rules.Facts(tps.code, shelves[keys], planned.get(tps.code), latest.get(tps.code), due))
    return found


def verdicts(election: str, at: datetime, region: str = "") -> list[rules.Verdict]:
    """The verdict on every TPS of a region (all without one), in the order of the codes."""
    in_force = limits(election, at)
    return [rules.judge(known, at, in_force) for known in all_facts(election, at, region)]


def summary(election: str, at: datetime, region: str = "") -> rules.Summary:
    """How many TPS are ready, not ready, unknown."""
    return rules.summary(verdicts(election, at, region))


def _stock(gauge: receipt_rules.Gauge, keys: frozenset[receipt_rules.Key]) -> tuple[rules.Stock, ...]:
    """Critical lines that a TPS with these needs depends on, and the critical items nobody knows the need of."""
    rows = [r for r in gauge.rows if r.demand.critical and (r.demand.key in keys or r.demand.quantity is None)]
    return tuple(
        rules.Stock(
            line_code(r.demand.key), _name(r.demand), r.demand.unit, r.accepted, r.demand.quantity, r.demand.confirmed, r.demand.estimate
        )
        for r in rows
    )


def _name(demand: receipt_rules.Demand) -> str:
    return printed.line_name(demand.name, demand.contest, demand.dapil)


def _value(row: Check, told: record.Privates) -> rules.Check:
    return rules.Check(
        tps=row.tps,
        items=rules.Answer(row.items),
        missing=tuple(row.missing),
        seals=rules.Answer(row.seals),
        place=rules.Answer(row.place),
        kpps=rules.Answer(row.kpps),
        checked_at=row.occurred_at,
        person=row.person,
        agency=row.agency,
        note=told.text(row.entry_id, "note", row.note),
        mark=row.mark,
        entry_id=row.entry_id,
    )


def arrivals(election: str, at: datetime) -> dict[str, datetime]:
    """Planned arrival per TPS in the plan in force; empty without one."""
    stored = distribution.current_plan(election, at)
    return stored.arrivals() if stored else {}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For PPK and PPS: their TPS that the goods should have reached and nobody has reported on, or whose report is old."""
    regions = [g.region for g in person.grants if g.role in {"ppk.anggota", "pps.anggota"} and g.holds(at)]
    planned = arrivals(election, at) if regions else {}
    mine = [code for code, due_at in planned.items() if due_at <= at and any(access_rules.within(code, r) for r in regions)]
    if not mine:
        return []
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    latest = {check.tps: check.checked_at for check in checks(election, at)}
    valid = limits(election, at).check_valid
    return [
        facts.Task("readiness.check", "readiness", f"tps:{code}", names.get(code, code), None, (code,))
        for code in sorted(mine)
        if code not in latest or at - latest[code] > valid
    ]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R14 where a check at the TPS saw its officers incomplete."""
    seen = checks(election, at)
    if not any(check.kpps is rules.Answer.NO for check in seen):
        return []
    return rules.absent_signals(seen, {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)})


WORDS: dict[str, record.Eraser] = {"tps.checked": record.journal_only}
