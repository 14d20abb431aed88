"""Stage readiness: checks made at the TPS, counts of officers, what was said by telephone; and the chain of requirements of every TPS

over needs, receipts, boxes, plan and all of these.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import custody as custody_rules
from posko.domain import distribution as road_rules
from posko.domain import readiness as rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.formats import receipts as printed
from posko.store import custody, distribution, packing, places, receipts, record, thresholds


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
    site = models.JSONField(default=dict)
    fallback = models.BooleanField(default=False)
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


class DueRow(models.Model):
    """How many days before voting a requirement is due where no plan says better; the newest one of a code counts."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=12)
    days_before = models.PositiveSmallIntegerField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "readiness_due"


class CrewRow(models.Model):
    """KPPS of a TPS or a desa, counted: wanted, there, trained."""

    election = models.CharField(max_length=40)
    place = models.CharField(max_length=30)
    wanted = models.PositiveSmallIntegerField()
    there = models.PositiveSmallIntegerField()
    trained = models.PositiveSmallIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "readiness_crew"
        indexes = (models.Index(fields=["election", "place", "occurred_at"], name="readiness_crew_latest"),)


class PhoneRow(models.Model):
    """What somebody at a TPS said by telephone; withdrawn_at: from when it no longer counts."""

    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=30)
    said = models.CharField(max_length=12)
    missing = models.JSONField(default=list)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "readiness_phone"
        indexes = (models.Index(fields=["election", "tps", "occurred_at"], name="readiness_phone_latest"),)


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
            **{f"site_{aspect}": answer.value for aspect, answer in sorted(check.site.items())},
            **({"fallback": "yes"} if check.fallback else {}),
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
        site={aspect: answer.value for aspect, answer in check.site.items()},
        fallback=check.fallback,
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


def set_due(election: str, code: str, days_before: int, actor: facts.Actor, at: datetime) -> None:
    """From now on a requirement is due at the end of H-n, where no plan gives its time. BadDue."""
    with transaction.atomic():
        at = record.turn(at)
        rules.check_due(code, days_before)
        said = {"requirement": code, "days_before": days_before}
        draft = facts.Draft("readiness.due_set", election, f"election:{election}", record.election(election).region, actor, at, said)
        prepared = record.prepare([draft], at)
        DueRow.objects.create(
            election=election, code=code, days_before=days_before, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)


def record_crews(election: str, counts: Mapping[str, tuple[int, int, int]], actor: facts.Actor, at: datetime, mark: str = "") -> int:
    """Counts of KPPS per TPS or desa (wanted, there, trained); those that changed nothing are left out. How many were new.

    UnknownPlace, BadCrew; all or none.
    """
    with transaction.atomic():
        at = record.turn(at)
        known = {code for t in places.tps_list(election) for code in (t.code, t.desa_code)}
        before = {place: (c.wanted, c.there, c.trained) for place, c in crews(election, at).items()}
        for place, (wanted, there, trained) in counts.items():
            if place not in known:
                raise rules.UnknownPlace(place=place[:30])
            rules.check_crew(wanted, there, trained)
        fresh = [(place, *numbers) for place, numbers in sorted(counts.items()) if before.get(place) != numbers]
        drafts = [
            facts.Draft(
                "kpps.counted", election, f"crew:{place}", place, actor, at,
                {"wanted": wanted, "there": there, "trained": trained, "mark": mark},
            )
            for place, wanted, there, trained in fresh
        ]  # fmt: skip
        prepared = record.prepare(drafts, at)
        CrewRow.objects.bulk_create(
            CrewRow(
                election=election, place=place, wanted=wanted, there=there, trained=trained, mark=mark, person=actor.person,
                agency=actor.agency, occurred_at=at, entry_id=entry.entry_id,
            )
            for (place, wanted, there, trained), entry in zip(fresh, prepared, strict=True)
        )  # fmt: skip
        record.append(prepared, at=at)
    return len(fresh)


def record_phone(election: str, phone: rules.Phone, at: datetime) -> facts.Receipt:
    """What somebody at a TPS said by telephone. Future, UnknownTps, UnknownItem."""
    with transaction.atomic():
        at = record.turn(at)
        prepared = record.prepare([phone_draft(election, phone, at)], at)
        keep_phone(election, phone, prepared[0].entry_id)
        return record.append(prepared, at=at)[0]


def phone_draft(election: str, phone: rules.Phone, at: datetime) -> facts.Draft:
    """The entry of a telephone report, for a stage that writes its own beside it. Future, UnknownTps, UnknownItem."""
    if phone.said_at > at:
        raise rules.Future(tps=phone.tps)
    if phone.tps not in {t.code for t in places.tps_list(election)}:
        raise rules.UnknownTps(tps=phone.tps)
    items = {line_code(d.key) for d in receipts.demands(election, at)} | set(rules.LACKS)
    for one in phone.missing:
        if one not in items:
            raise rules.UnknownItem(item=one[:40])
    said = {"said": phone.said, "missing": " ".join(phone.missing), "mark": phone.mark}
    return facts.Draft("tps.phoned", election, f"tps:{phone.tps}", phone.tps, facts.Actor(phone.person, phone.agency), phone.said_at, said)


def keep_phone(election: str, phone: rules.Phone, entry_id: str) -> None:
    """The row of a telephone report."""
    PhoneRow.objects.create(
        election=election, tps=phone.tps, said=phone.said, missing=list(phone.missing), mark=phone.mark, person=phone.person,
        agency=phone.agency, occurred_at=phone.said_at, entry_id=entry_id,
    )  # fmt: skip


def withdraw_phone(election: str, entry_id: str, actor: facts.Actor, at: datetime) -> None:
    """A telephone report was written down wrongly: from now on it does not count. UnknownPhone."""
    with transaction.atomic():
        at = record.turn(at)
        prepared = record.prepare([withdrawal_draft(election, entry_id, actor, at)], at)
        keep_withdrawal(election, entry_id, prepared[0].entry_id, at)
        record.append(prepared, at=at)


def withdrawal_draft(election: str, entry_id: str, actor: facts.Actor, at: datetime) -> facts.Draft:
    """The entry that takes a telephone report back. UnknownPhone."""
    row = PhoneRow.objects.filter(election=election, entry_id=entry_id, withdrawn_at=None).first()
    if row is None:
        raise rules.UnknownPhone()
    return facts.Draft("tps.phone_withdrawn", election, f"tps:{row.tps}", row.tps, actor, at, {}, corrects=entry_id)


def keep_withdrawal(election: str, entry_id: str, withdrawal_id: str, at: datetime) -> None:
    """From now on that telephone report does not count."""
    PhoneRow.objects.filter(election=election, entry_id=entry_id).update(withdrawn_at=at, withdrawal_id=withdrawal_id)


# --- what is read --------------------------------------------------------------------------------------------------------


@record.remembered
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


def _latest(election: str, at: datetime) -> dict[str, rules.Check]:
    """TPS -> its newest check, without its note: a judgement does not read it, and it stands in the private part."""
    rows = Check.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    newest = {row.tps: row for row in rows}
    return {tps: _value(row, record.Privates({})) for tps, row in newest.items()}


def line_code(key: receipt_rules.Key) -> str:
    """How a check names a line: the item, and the contest of a ballot. The dapil follows from the TPS."""
    item, contest, _dapil = key
    return f"{item}:{contest}" if contest else item


def crews(election: str, at: datetime) -> dict[str, rules.Crew]:
    """The newest count of every TPS and desa that was counted by then."""
    rows = CrewRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return {
        r.place: rules.Crew(r.place, r.place, r.wanted, r.there, r.trained, r.occurred_at, r.mark, r.entry_id) for r in rows
    }  # fmt: skip


def phoned(election: str, at: datetime) -> dict[str, rules.Phone]:
    """TPS -> what was said there by telephone last, without what was withdrawn."""
    rows = PhoneRow.objects.filter(election=election, occurred_at__lte=at).exclude(withdrawn_at__lte=at).order_by("occurred_at", "id")
    return {
        r.tps: rules.Phone(r.tps, r.said, tuple(r.missing), r.occurred_at, r.person, r.agency, r.mark, r.entry_id) for r in rows
    }  # fmt: skip


def due_days(election: str, at: datetime) -> dict[str, int]:
    """Days before voting at whose end each requirement is due, where no plan gives its time."""
    rows = DueRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return {**rules.DUE_DAYS, **dict(rows.values_list("code", "days_before"))}


def dues(election: str, at: datetime) -> dict[str, dict[str, datetime]]:
    """TPS -> when each requirement is due: boxes by the loading of their trip, legs by the plan in force, else by days before voting.

    Under "" stands what holds for a TPS that no plan reaches.
    """
    base = rules.dues(record.election(election).voting_at, due_days(election, at))
    found = {"": base}
    stored = distribution.current_plan(election, at)
    if stored is None:
        return found
    leaves: dict[str, int] = {}
    for trip in stored.plan.trips:
        for load in trip.loads:
            leaves[load] = min(leaves.get(load, trip.depart_min), trip.depart_min)
    comes, loading = stored.plan.arrivals(), stored.inputs.rules.loading_min
    # Of a kit in two parts the later one counts.
    for one in sorted(stored.inputs.loads, key=lambda load: (comes.get(load.code, 0), load.code)):
        if one.code in comes:
            start, leave = (stored.instant(leaves[one.code] - before) for before in (loading, 0))
            by_plan = {"packed": start, "sealed": start, "loaded": leave, "departed": leave, "arrived": stored.instant(comes[one.code])}
            times = {**base, **by_plan}
            found |= dict.fromkeys(one.tps, times)
    return found


def legs(election: str, at: datetime, times: Mapping[str, Mapping[str, datetime]]) -> dict[str, tuple[rules.Leg, ...]]:
    """TPS -> the hand-overs of its things that are recorded; a TPS with whose things nothing happened yet is not there. times: see `dues`.

    arrived: the vehicle came to its desa or island, or all its things are there. handed: a KPPS holds them; only where hand-overs to KPPS
    of that desa are recorded at all does a missing one say that it did not happen.
    """
    now = custody_rules.outward(custody.state(election, at))  # what came back after the count was there before it
    if not now.valid:
        return {}
    homes = {t.code: {t.code, t.desa_code, t.island} for t in places.tps_list(election)}
    stored = distribution.current_plan(election, at)
    split = _parts(stored.plan, stored.inputs.rules.split_kits) if stored else {}
    seen = _seen_legs(now.valid, homes, split)
    # Of a kit in two parts a hand-over proves one: it has arrived, and is with its KPPS, when both trips have come.
    given = {t: when for t, when in custody.deliveries(election, at).items() if t not in split or "arrived" in seen.get(t, {})}
    kpps = {t: held.since_at for t in given if (held := now.holdings.get(f"K:{t}")) and (held.holder.agency == "KPPS" or held.place == t)}
    told = {t.rpartition(".")[0] for t in kpps}
    found = {}
    for tps, steps in seen.items():
        due = times.get(tps, times[""])
        done = {**steps, **({"arrived": steps.get("arrived", given[tps])} if tps in given else {})}
        done |= {"handed": kpps[tps]} if tps in kpps else {}
        found[tps] = tuple(
            rules.Leg(code, due[code], done.get(code), followed=code != "handed" or tps.rpartition(".")[0] in told) for code in rules.LEGS
        )
    return found


def _parts(plan: road_rules.Plan, split: Iterable[str]) -> dict[str, int]:
    """TPS whose kit travels in two parts -> how many trips bring them."""
    ends = {code: trip.code for trip in plan.trips for stop in trip.stops if not stop.handover for code in stop.loads}
    return {tps: len({ends.get(f"{tps}:{letter}", letter) for letter in "ab"}) for tps in split}


def _seen_legs(
    events: Iterable[custody_rules.Event], homes: Mapping[str, set[str]], split: Mapping[str, int]
) -> dict[str, dict[str, datetime]]:
    """TPS -> when its kit was first loaded, left, and came to one of its places; of a kit in two parts when that was so of both.

    split: TPS -> how many trips bring its parts.
    """
    aboard: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, dict[str, dict[str, datetime]]] = {}

    def saw(tps: str, leg: str, event: custody_rules.Event) -> None:
        seen[tps].setdefault(leg, {}).setdefault(event.trip, event.at)

    kind = custody_rules.Kind
    for event in events:
        kits = {thing[2:] for thing in event.things if thing.startswith("K:")} & homes.keys()
        for tps in kits:
            seen.setdefault(tps, {})
        if event.kind is kind.LOADED:
            aboard[event.trip] |= kits
            for tps in kits:
                saw(tps, "loaded", event)
        elif event.kind is kind.HANDED_OVER:
            aboard[event.trip] -= kits
        elif event.kind in {kind.DEPARTED, kind.ARRIVED}:
            for tps in aboard[event.trip]:
                if event.kind is kind.DEPARTED:
                    saw(tps, "departed", event)
                elif event.place in homes[tps]:
                    saw(tps, "arrived", event)
    found: dict[str, dict[str, datetime]] = {}
    for tps, legs_ in seen.items():
        parts = split.get(tps, 1)
        found[tps] = {leg: sorted(by_trip.values())[parts - 1] for leg, by_trip in legs_.items() if len(by_trip) >= parts}
    return found


def item_names(election: str, at: datetime) -> dict[str, str]:
    """Critical lines as a check names them, with their names."""
    return {line_code(d.key): _name(d) for d in receipts.demands(election, at) if d.critical}


@record.remembered
def all_facts(election: str, at: datetime, region: str = "") -> list[rules.Facts]:
    """Everything known about every TPS of a region (all without one) at an instant."""
    tps_list = [t for t in places.tps_list(election) if not region or access_rules.within(t.code, region)]
    lines, accepted = receipts.demands(election, at), receipts.accepted(election, at)
    wanted = receipts.tps_needs(election, at)
    planned = arrivals(election, at)
    latest = _latest(election, at)
    due = rules.due_at(record.election(election).voting_at, limits(election, at).due_days_before)
    boxes, counted, told, times = packing.of_tps(election, at), crews(election, at), phoned(election, at), dues(election, at)
    moved = legs(election, at, times)
    shelves: dict[frozenset[receipt_rules.Key], tuple[rules.Stock, ...]] = {}
    found = []
    for tps in tps_list:
        code, keys = tps.code, frozenset(wanted.get(tps.code, {}))
        if keys not in shelves:
            shelves[keys] = _stock(lines, accepted, keys)
        found.append(
            rules.Facts(
                code, shelves[keys], planned.get(code), latest.get(code), due, boxes.get(code), moved.get(code, ()), counted.get(code),
                told.get(code), times.get(code, times[""]),
            )
        )  # fmt: skip
    return found


def verdicts(election: str, at: datetime, region: str = "") -> list[rules.Verdict]:
    """The verdict on every TPS of a region (all without one), in the order of the codes."""
    in_force = limits(election, at)
    return [rules.judge(known, at, in_force) for known in all_facts(election, at, region)]


def summary(election: str, at: datetime, region: str = "") -> rules.Summary:
    """How many TPS are ready, not ready, unknown."""
    return rules.summary(verdicts(election, at, region))


def _stock(
    lines: Iterable[receipt_rules.Demand], accepted: Mapping[receipt_rules.Key, int], keys: frozenset[receipt_rules.Key]
) -> tuple[rules.Stock, ...]:
    """Critical lines that a TPS with these needs depends on, and the critical items nobody knows the need of."""
    return tuple(
        rules.Stock(line_code(d.key), _name(d), d.unit, accepted.get(d.key, 0), d.quantity, d.confirmed, d.estimate)
        for d in lines
        if d.critical and (d.key in keys or d.quantity is None)
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
        site={aspect: rules.Answer(answer) for aspect, answer in row.site.items()},
        fallback=row.fallback,
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
    latest = {tps: check.checked_at for tps, check in _latest(election, at).items()}
    valid = limits(election, at).check_valid
    return [
        facts.Task("readiness.check", "readiness", f"tps:{code}", names.get(code, code), None, (code,))
        for code in sorted(mine)
        if code not in latest or at - latest[code] > valid
    ]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R14 where a check at the TPS saw its officers incomplete, or too few are there or trained; R15 without signal, power and a plan."""
    seen, counted = list(_latest(election, at).values()), crews(election, at)  # on every page: no private words are opened for it
    reach = [c for c in seen if rules.Answer.NO in {c.about("power"), c.about("signal")}]
    if not counted and not reach and not any(check.kpps is rules.Answer.NO for check in seen):
        return []
    names = {t.desa_code: f"Desa {t.desa_name}" for t in places.tps_list(election)}
    names |= {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    crew = [replace(one, name=names.get(one.place, one.place)) for one in counted.values()]
    midnight_at = rules.due_at(record.election(election).voting_at, 1)
    cut_off = [
        rules.Reach(c.tps, names.get(c.tps, c.tps), c.about("signal"), c.about("power"), c.fallback, c.checked_at, c.mark) for c in reach
    ]
    return [
        *rules.absent_signals(seen, names),
        *rules.crew_signals(crew, midnight_at, at, limits(election, at)),
        *rules.reach_signals(cut_off),
    ]


WORDS: dict[str, record.Eraser] = {"tps.checked": record.journal_only}
