"""Stage calls: who holds which TPS of the list, what came of every call, and the duty telephones, whose numbers are private words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import calls as rules
from posko.domain import places as place_rules
from posko.domain import readiness as readiness_rules
from posko.domain import record as facts
from posko.store import dpt, forecast, places, readiness, record


class CallRow(models.Model):
    """A call; withdrawn_at: from when it no longer counts; settled_at: when the help asked for was given."""

    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=30)
    outcome = models.CharField(max_length=14)
    missing = models.JSONField(default=list)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    phone_id = models.CharField(max_length=64, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_id = models.CharField(max_length=64, blank=True)
    settled_at = models.DateTimeField(null=True)
    settlement_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "calls_call"
        indexes = (models.Index(fields=["election", "tps", "occurred_at"], name="calls_call_latest"),)


class CallClaimRow(models.Model):
    """A caller holds a TPS for some minutes; no fact, so nothing of it stands in the journal."""

    election = models.CharField(max_length=40)
    tps = models.CharField(max_length=30)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    until_at = models.DateTimeField()

    class Meta:
        db_table = "calls_claim"
        indexes = (models.Index(fields=["election", "tps"], name="calls_claim_tps"),)


class CallContactRow(models.Model):
    """A duty telephone of a TPS or a desa; the number is in the private part of its entry. The newest of a place and role counts."""

    election = models.CharField(max_length=40)
    place = models.CharField(max_length=30)
    role = models.CharField(max_length=6)
    gone = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "calls_contact"


@dataclass(frozen=True)
class Contact:
    """A duty telephone as the reader may see it: number "" where its words were erased."""

    place: str
    role: str
    number: str
    since_at: datetime
    entry_id: str


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


# --- what is recorded ----------------------------------------------------------------------------------------------------


def claim(election: str, tps: str, actor: facts.Actor, at: datetime) -> rules.Claim:
    """A caller takes a TPS for some minutes; taking it again renews it. Unknown, Taken."""
    with transaction.atomic():
        at = record.turn(at)
        if tps not in {t.code for t in places.tps_list(election)}:
            raise rules.Unknown(code=tps[:30])
        rules.check_claim(claims(election, at).get(tps), actor.person, at)
        return _take(election, tps, actor, at)


def claim_next(election: str, regions: Iterable[str], actor: facts.Actor, at: datetime) -> rules.Claim:
    """The first TPS of the list in these regions that nobody holds becomes this caller's. NothingOpen."""
    with transaction.atomic():
        at = record.turn(at)
        within = list(regions)
        for line in lines(election, at):
            if line.open and any(access_rules.within(line.case.tps, region) for region in within):
                return _take(election, line.case.tps, actor, at)
        raise rules.NothingOpen()


def _take(election: str, tps: str, actor: facts.Actor, at: datetime) -> rules.Claim:
    until = at + rules.CLAIM_FOR
    CallClaimRow.objects.create(election=election, tps=tps, person=actor.person, occurred_at=at, until_at=until)
    return rules.Claim(tps, actor.person, until)


def release(election: str, tps: str, actor: facts.Actor, at: datetime) -> None:
    """A caller lets a TPS go."""
    with transaction.atomic():
        at = record.turn(at)
        CallClaimRow.objects.filter(election=election, tps=tps, person=actor.person, until_at__gt=at).update(until_at=at)


def record_call(election: str, tps: str, outcome: str, missing: Iterable[str], actor: facts.Actor, at: datetime) -> rules.Call:
    """What came of a call. "Ready" and "not ready" are also what the TPS said by telephone (`tps.phoned`), which readiness and the forecast
    read. The same said twice within a moment (a double tap) is one call. Unknown, NoOutcome, Taken; UnknownItem of readiness.
    """
    with transaction.atomic():
        at = record.turn(at)
        found = rules.check_outcome(outcome, lacking := tuple(dict.fromkeys(missing)))
        if tps not in {t.code for t in places.tps_list(election)}:
            raise rules.Unknown(code=tps[:30])
        rules.check_claim(claims(election, at).get(tps), actor.person, at)
        before = last(election, at).get(tps)
        if before is not None and rules.same(before, found, lacking, actor.person, at):
            return before
        mark = _mark()
        said = {"outcome": found.value, "missing": " ".join(lacking), "mark": mark}
        drafts = [facts.Draft("call.made", election, f"tps:{tps}", tps, actor, at, said)]
        phone = None
        if found in {rules.Outcome.READY, rules.Outcome.NOT_READY}:
            phone = readiness_rules.Phone(tps, found.value, lacking, at, actor.person, actor.agency, mark)
            drafts.append(readiness.phone_draft(election, phone, at))
        prepared = record.prepare(drafts, at)
        phone_id = prepared[1].entry_id if phone else ""
        row = CallRow.objects.create(
            election=election, tps=tps, outcome=found, missing=list(lacking), mark=mark, person=actor.person, agency=actor.agency,
            occurred_at=at, entry_id=prepared[0].entry_id, phone_id=phone_id,
        )  # fmt: skip
        if phone:
            readiness.keep_phone(election, phone, phone_id)
        CallClaimRow.objects.filter(election=election, tps=tps, until_at__gt=at).update(until_at=at)
        record.append(prepared, at=at)
    return _call(row)


def undo(election: str, tps: str, entry_id: str, actor: facts.Actor, at: datetime) -> rules.Call:
    """The author takes an outcome back within minutes, and what the TPS said by telephone with it. Unknown, TooLate."""
    with transaction.atomic():
        at = record.turn(at)
        row = CallRow.objects.filter(election=election, tps=tps, entry_id=entry_id, withdrawn_at=None).first()
        if row is None:
            raise rules.Unknown(code=entry_id[:12])
        rules.check_undo(_call(row), last(election, at).get(row.tps), actor.person, at)
        drafts = [facts.Draft("call.withdrawn", election, f"tps:{row.tps}", row.tps, actor, at, {}, corrects=entry_id)]
        if row.phone_id:
            drafts.append(readiness.withdrawal_draft(election, row.phone_id, actor, at))
        prepared = record.prepare(drafts, at)
        CallRow.objects.filter(pk=row.pk).update(withdrawn_at=at, withdrawal_id=prepared[0].entry_id)
        if row.phone_id:
            readiness.keep_withdrawal(election, row.phone_id, prepared[1].entry_id, at)
        record.append(prepared, at=at)
    return _call(row)


def settle(election: str, tps: str, entry_id: str, actor: facts.Actor, at: datetime) -> str:
    """The help that a TPS asked for was given; the code of the TPS. NothingOpen."""
    with transaction.atomic():
        at = record.turn(at)
        asked = CallRow.objects.filter(election=election, tps=tps, entry_id=entry_id, outcome=rules.Outcome.HELP)
        row = asked.filter(settled_at=None, withdrawn_at=None).first()
        if row is None:
            raise rules.NothingOpen()
        draft = facts.Draft("call.settled", election, f"tps:{row.tps}", row.tps, actor, at, {"call": entry_id, "mark": row.mark})
        prepared = record.prepare([draft], at)
        CallRow.objects.filter(pk=row.pk).update(settled_at=at, settlement_id=prepared[0].entry_id)
        record.append(prepared, at=at)
    return row.tps


def set_contacts(election: str, numbers: Mapping[tuple[str, str], str], actor: facts.Actor, at: datetime) -> int:
    """Duty telephones by (place, role); an empty number takes one away. How many changed. Unknown, BadRole, BadNumber; all or none."""
    with transaction.atomic():
        at = record.turn(at)
        known = {code for t in places.tps_list(election) for code in (t.code, t.desa_code)}
        before = {(one.place, one.role): one.number for one in contacts(election, at)}
        fresh = []
        for (place, role), typed in sorted(numbers.items()):
            if place not in known:
                raise rules.Unknown(code=place[:30])
            rules.check_role(role)
            number = rules.number(typed) if typed.strip() else ""
            if before.get((place, role), "") != number:
                fresh.append((place, role, number))
        drafts = [
            facts.Draft(
                "contact.set" if number else "contact.removed", election, f"contact:{place}", place, actor, at,
                {"role": role, "mark": _mark()}, private=record.typed(number=number),
            )
            for place, role, number in fresh
        ]  # fmt: skip
        prepared = record.prepare(drafts, at)
        CallContactRow.objects.bulk_create(
            CallContactRow(
                election=election, place=place, role=role, gone=not number, person=actor.person, occurred_at=at, entry_id=entry.entry_id
            )
            for (place, role, number), entry in zip(fresh, prepared, strict=True)
        )
        record.append(prepared, at=at)
    return len(fresh)


# --- what is read --------------------------------------------------------------------------------------------------------


def _call(row: CallRow) -> rules.Call:
    return rules.Call(
        row.tps, rules.Outcome(row.outcome), tuple(row.missing), row.occurred_at, row.person, row.agency, row.mark, row.entry_id,
        row.phone_id, row.settled_at,
    )  # fmt: skip


def _standing(election: str, at: datetime) -> "models.QuerySet[CallRow]":
    rows = CallRow.objects.filter(election=election, occurred_at__lte=at).exclude(withdrawn_at__lte=at)
    return rows.order_by("occurred_at", "id")


def last(election: str, at: datetime) -> dict[str, rules.Call]:
    """TPS -> its last call that stands."""
    return {row.tps: _then(_call(row), at) for row in _standing(election, at)}


def history(election: str, tps: str, at: datetime) -> list[rules.Call]:
    """The calls of a TPS that stand, the newest first."""
    return [_then(_call(row), at) for row in _standing(election, at).filter(tps=tps)][::-1]


def _then(call: rules.Call, at: datetime) -> rules.Call:
    """As it stood: help that was given later was still awaited."""
    if call.settled_at is None or call.settled_at <= at:
        return call
    return rules.Call(
        call.tps, call.outcome, call.missing, call.called_at, call.person, call.agency, call.mark, call.entry_id, call.phone_id
    )


def answers(election: str, at: datetime) -> dict[str, tuple[str, datetime]]:
    """TPS -> (outcome, when) of its last call."""
    return {tps: (call.outcome.value, call.called_at) for tps, call in last(election, at).items()}


def claims(election: str, at: datetime) -> dict[str, rules.Claim]:
    """TPS -> who holds it now."""
    rows = CallClaimRow.objects.filter(election=election, occurred_at__lte=at, until_at__gt=at).order_by("id")
    return {row.tps: rules.Claim(row.tps, row.person, row.until_at) for row in rows}


def contacts(election: str, at: datetime, place: str = "") -> list[Contact]:
    """Duty telephones in force, of all places or one. Whoever shows them has asked whether the reader may telephone."""
    rows = CallContactRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    if place:
        rows = rows.filter(place=place)
    newest = {(row.place, row.role): row for row in rows}
    standing = [row for _, row in sorted(newest.items()) if not row.gone]
    told = record.privates(row.entry_id for row in standing)
    found = []
    for row in standing:
        number = told.text(row.entry_id, "number")
        found.append(Contact(row.place, row.role, "" if record.gone(number) else number, row.occurred_at, row.entry_id))
    return found


def reachable(election: str, at: datetime) -> set[str]:
    """Places with a duty telephone, without their numbers."""
    return {one.place for one in contacts(election, at) if one.number}


def lines(election: str, at: datetime) -> tuple[rules.Line, ...]:
    """The call list of the whole election as it stands: forecast, exact readiness, calls and claims."""
    return listed(election, at)[0]


def listed(election: str, at: datetime) -> tuple[tuple[rules.Line, ...], forecast.Lately | None]:
    """The call list, and the forecast that it follows: what a TPS said since then counts at once."""
    lately = forecast.lately(election, at)
    outlooks = lately.tps if lately else {}
    voters, away = dpt.voters(election, at), minutes_away(election, at)
    told = readiness.phoned(election, at)
    cases = [
        rules.Case(v.tps, v.state, v.tps in told, outlooks.get(v.tps), voters[v.tps].dpt if v.tps in voters else None, away.get(v.tps))
        for v in readiness.verdicts(election, at)
    ]
    return rules.queue(cases, last(election, at), claims(election, at), record.election(election).voting_at, at), lately


def minutes_away(election: str, at: datetime) -> dict[str, int]:
    """TPS -> minutes by road from the warehouse, reckoned as places reckon them; a TPS on an island is not there."""
    region = record.election(election).region
    warehouse = next((s for s in places.sites(region) if s.kind == "gudang" and s.lat is not None and s.lon is not None), None)
    if warehouse is None or warehouse.lat is None or warehouse.lon is None:
        return {}
    settings = places.settings(region)
    del at
    return {
        t.code: round(place_rules.road_km(warehouse.lat, warehouse.lon, t.lat, t.lon, settings.detour) * 60 / settings.road_kmh)
        for t in places.tps_list(election)
        if not t.island
    }


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For whoever may telephone: the list from H 04.30 until telephoning ends, and TPS that asked for help and wait."""
    tasks, about = [], record.election(election)
    ends_at = about.voting_at - rules.STOP_BEFORE
    if about.voting_at - rules.ASK_FROM <= at < ends_at and _may(person, access_rules.reach(person, "calls.make", about.region, at), at):
        tasks.append(facts.Task("calls.list", "calls", f"election:{election}", "", ends_at))
    asked = [c for c in last(election, at).values() if c.outcome is rules.Outcome.HELP and c.settled_at is None and _may(person, c.tps, at)]
    if asked:
        names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
        tasks += [facts.Task("calls.help", "calls", f"tps:{c.tps}", names.get(c.tps, c.tps), c.called_at, (c.tps,)) for c in asked]
    return tasks


def _may(person: access_rules.Person, place: str, at: datetime) -> bool:
    thing = access_rules.Thing("calls", "", place)
    return access_rules.may(person, "calls.make", thing, access_rules.Purpose.DUTY, (), at).allowed


WORDS: dict[str, record.Eraser] = {"contact.set": record.journal_only}
