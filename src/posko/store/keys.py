"""Stage keys: keys by their steps, and openings of a warehouse."""

from collections import defaultdict
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import keys as rules
from posko.domain import record as facts
from posko.store import places, record


class WarehouseKeyRow(models.Model):
    """A numbered key of a site."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    site = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "keys_key"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="keys_key_code"),)


class WarehouseKeyStepRow(models.Model):
    """What happened to a key."""

    key = models.ForeignKey(WarehouseKeyRow, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    to = models.CharField(max_length=12, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "keys_step"


class WarehouseOpeningRow(models.Model):
    """A warehouse was opened."""

    election = models.CharField(max_length=40)
    site = models.CharField(max_length=40)
    why = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    person = models.CharField(max_length=64)
    second = models.CharField(max_length=64, blank=True)
    second_agency = models.CharField(max_length=12, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "keys_opening"


def warehouses(election: str) -> dict[str, str]:
    """Code -> name of the sites that have keys here."""
    return {s.code: s.name for s in places.sites(record.election(election).region) if s.kind == "gudang"}


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


def register(election: str, site: str, number: int, holder: str, actor: facts.Actor, at: datetime) -> str:
    """A new key with its first holder; its code. Unknown, BadNumber, Exists, NoHolder."""
    code = rules.key_code(site, number)
    with transaction.atomic():
        at = record.turn(at)
        if site not in warehouses(election):
            raise rules.Unknown(code=site[:20])
        rules.check_register(code, WarehouseKeyRow.objects.filter(election=election).values_list("code", flat=True), holder)
        said: dict[str, object] = {"key": code, "to": holder, "mark": _mark()}
        prepared = record.prepare([facts.Draft("key.registered", election, f"key:{code}", site, actor, at, said)], at)
        entry_id = prepared[0].entry_id
        row = WarehouseKeyRow.objects.create(
            election=election, code=code, site=site, number=number, mark=_mark(), occurred_at=at, entry_id=entry_id
        )
        WarehouseKeyStepRow.objects.create(
            key=row, act=rules.Act.REGISTER, agency=actor.agency, to=holder, person=actor.person, occurred_at=at, entry_id=entry_id
        )
        record.append(prepared, at=at)
    return code


def act(election: str, code: str, what: rules.Act, actor: facts.Actor, at: datetime, *, to: str = "", seen: str = "") -> None:
    """A step of a key, on what was seen. Unknown and the refusals of rules.check."""
    with transaction.atomic():
        at = record.turn(at)
        key = get(election, code, at)
        rules.check(key, what, actor.agency, to, seen)
        said: dict[str, object] = {"key": code, "to": to, "mark": key.mark}
        prepared = record.prepare([facts.Draft(f"key.{what.value}", election, f"key:{code}", key.site, actor, at, said)], at)
        WarehouseKeyStepRow.objects.create(
            key=WarehouseKeyRow.objects.get(election=election, code=code), act=what, agency=actor.agency, to=to, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def open_warehouse(
    election: str, site: str, why: rules.Why, actor: facts.Actor, at: datetime, second: facts.Actor | None = None
) -> rules.Opening:
    """Writes an opening down; out of hours with a person of another agency. Unknown, OneAgency."""
    with transaction.atomic():
        at = record.turn(at)
        if site not in warehouses(election):
            raise rules.Unknown(code=site[:20])
        other, agency = (second.person, second.agency) if second else ("", "")
        rules.check_opening(actor.agency, agency, at)
        said: dict[str, object] = {"why": why.value, "second": other, "second_agency": agency, "mark": _mark()}
        approvals = (actor.person, other) if other else ()
        draft = facts.Draft("warehouse.opened", election, f"warehouse:{site}", site, actor, at, said, approvals=approvals)
        prepared = record.prepare([draft], at)
        row = WarehouseOpeningRow.objects.create(
            election=election, site=site, why=why, agency=actor.agency, person=actor.person, second=other, second_agency=agency,
            mark=_mark(), occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _opening(row)


# --- reading -------------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime) -> list[rules.Key]:
    """Keys registered by then as they stood, by code."""
    rows = list(WarehouseKeyRow.objects.filter(election=election, occurred_at__lte=at).order_by("site", "number"))
    steps: dict[int, list[rules.Event]] = defaultdict(list)
    for s in WarehouseKeyStepRow.objects.filter(key__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        steps[s.key_id].append(rules.Event(rules.Act(s.act), s.agency, s.person, s.occurred_at, s.to, s.entry_id))
    return [rules.fold(r.code, r.site, r.number, steps[r.pk], r.mark) for r in rows]


def get(election: str, code: str, at: datetime) -> rules.Key:
    """One key. Unknown."""
    found = next((key for key in listing(election, at) if key.code == code), None)
    if found is None:
        raise rules.Unknown(code=code[:40])
    return found


def openings(election: str, at: datetime, most: int = 50) -> list[rules.Opening]:
    """The newest openings first."""
    rows = WarehouseOpeningRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id")[:most]
    return [_opening(row) for row in rows]


def _opening(r: WarehouseOpeningRow) -> rules.Opening:
    return rules.Opening(r.site, rules.Why(r.why), r.occurred_at, r.person, r.agency, r.second, r.second_agency, r.mark, r.entry_id)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the receiver: to confirm; for the giver: that nobody confirmed for two hours."""
    thing = access_rules.Thing("keys", "", record.election(election).region)
    if not access_rules.may(person, "keys.hand", thing, access_rules.Purpose.DUTY, (), at).allowed:
        return []
    tasks = []
    for key in listing(election, at):
        since = key.waiting_since
        if since is None:
            continue
        due = since + rules.RECEIVE_WITHIN
        if key.underway == person.agency:
            tasks.append(facts.Task("keys.receive", "keys", f"key:{key.code}", key.code, due, ()))
        elif key.holder == person.agency and at >= due:
            tasks.append(facts.Task("keys.unconfirmed", "keys", f"key:{key.code}", key.code, due, ()))
    return tasks
