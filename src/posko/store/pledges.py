"""Stage pledges: asks and pledges with their steps. Rows hold codes, counts and times; proofs lie in evidence."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import pledges as rules
from posko.domain import record as facts
from posko.store import evidence, places, record


class AskRow(models.Model):
    """What an agency is asked for."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    agency = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    count = models.PositiveIntegerField()
    capacity = models.PositiveIntegerField(default=0)
    asset = models.CharField(max_length=24, blank=True)
    places = models.JSONField(default=list)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    need_by_at = models.DateTimeField()
    asker = models.CharField(max_length=12)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "pledges_ask"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="pledges_ask_code"),)


class AskEndRow(models.Model):
    """An ask that was declined or taken back, and why."""

    ask = models.OneToOneField(AskRow, on_delete=models.PROTECT, related_name="+")
    ended = models.CharField(max_length=12)
    reason = models.CharField(max_length=30)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "pledges_ask_end"


class PledgeRow(models.Model):
    """A promise as it was made; `batch` the hash of the file it came with."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    owner = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    asset = models.CharField(max_length=24)
    count = models.PositiveIntegerField()
    capacity = models.PositiveIntegerField(default=0)
    places = models.JSONField(default=list)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    pattern = models.CharField(max_length=20, blank=True)
    ask = models.CharField(max_length=20, blank=True)
    batch = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "pledges_pledge"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="pledges_pledge_code"),)
        indexes = (models.Index(fields=["election", "occurred_at"], name="pledges_pledge_when"),)


class PledgeStepRow(models.Model):
    """What happened to a promise."""

    pledge = models.ForeignKey(PledgeRow, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    to = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    reason = models.CharField(max_length=30, blank=True)
    number = models.CharField(max_length=40, blank=True)
    condition = models.CharField(max_length=30, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "pledges_step"


# --- where something can be promised for -------------------------------------------------------------------------------------


def known_places(election: str) -> dict[str, rules.Place]:
    """Code -> place: warehouses, legs by land (warehouse>kecamatan) and by sea (pier>island), TPS, desa, kecamatan, the region."""
    region = record.election(election).region
    sites = {s.code: s for s in places.sites(region)}
    kecamatan = places.kecamatan_list(region)
    stores = [s for s in sites.values() if s.kind == "gudang"]
    found = [rules.Place(s.code, "warehouse", s.name) for s in stores]
    found += [rules.Place(f"{s.code}>{k.code}", "leg", f"{s.name} ke Kec. {k.name}") for s in stores for k in kecamatan]
    for leg in places.sea_legs(region):
        if leg.pier in sites and leg.island in sites:
            found.append(rules.Place(f"{leg.pier}>{leg.island}", "leg", f"{sites[leg.pier].name} ke {sites[leg.island].name}"))
    found.append(rules.Place(region, "area", places.region_name(region)))
    found += [rules.Place(k.code, "area", f"Kec. {k.name}") for k in kecamatan]
    found += [rules.Place(d.code, "area", f"Desa {d.name}") for d in places.desa_list(region)]
    found += [rules.Place(t.code, "tps", f"{t.name}, {t.desa_name}") for t in places.tps_list(election)]
    return {p.code: p for p in found}


# --- asking ------------------------------------------------------------------------------------------------------------------


def ask(election: str, asked: rules.Ask, actor: facts.Actor, at: datetime) -> str:
    """Asks an agency for something; gives the code MTA-001 ... What `rules.check_ask` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        fit = rules.check_ask(asked, known_places(election), at)
        code, mark = f"MTA-{AskRow.objects.filter(election=election).count() + 1:03}", _mark()
        said: dict[str, object] = {
            "agency": fit.agency, "kind": fit.kind.value, "count": fit.count, "capacity": fit.capacity, "asset": fit.asset,
            "places": list(fit.places), "from_at": _iso(fit.from_at), "until_at": _iso(fit.until_at), "need_by_at": _iso(fit.need_by_at),
            "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("pledge.asked", election, f"ask:{code}", actor, at, said)], at)
        AskRow.objects.create(
            election=election, code=code, agency=fit.agency, kind=fit.kind.value, count=fit.count, capacity=fit.capacity, asset=fit.asset,
            places=list(fit.places), from_at=fit.from_at, until_at=fit.until_at, need_by_at=fit.need_by_at, asker=actor.agency, mark=mark,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return code


def decline(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The asked agency says no, with a reason: a good end. OtherAgency, AskOver, BadReason, Unknown."""
    _end(election, code, "declined", reason, actor, at)


def cancel(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The asker needs it no longer. OtherAgency, AskOver, BadReason, Unknown."""
    _end(election, code, "cancelled", reason, actor, at)


def _end(election: str, code: str, ended: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    with transaction.atomic():
        at = record.turn(at)
        found = get_ask(election, code, at)
        rules.check_end(found, ended, reason, actor.agency)
        draft = _draft(f"pledge.ask_{ended}", election, f"ask:{code}", actor, at, {"reason": reason})
        prepared = record.prepare([replace(draft, corrects=found.entry_id)], at)
        AskEndRow.objects.create(
            ask=AskRow.objects.get(election=election, code=code), ended=ended, reason=reason, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


# --- promising -----------------------------------------------------------------------------------------------------------------


def offer(election: str, offers: Sequence[rules.Pledge], actor: facts.Actor, at: datetime, batch: str = "") -> list[str]:
    """An agency promises things, all or none; gives their codes JNJ-0001 ... OtherAgency, SameFile, Unknown, what `check_offer` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        if batch and PledgeRow.objects.filter(election=election, batch=batch).exists():
            raise rules.SameFile()
        known, asks = known_places(election), {a.code: a for a in asks_of(election, at)}
        first, mark, fit = PledgeRow.objects.filter(election=election).count() + 1, _mark(), []
        for n, one in enumerate(offers):
            if one.owner != actor.agency:
                raise rules.OtherAgency(agency=one.owner)
            if one.ask and one.ask not in asks:
                raise rules.Unknown(code=one.ask[:20])
            checked = rules.check_offer(one, asks.get(one.ask), known, at)
            fit.append(replace(checked, code=f"JNJ-{first + n:04}", mark=mark, offered_at=at, person=actor.person))
        prepared = record.prepare([_offer_draft(election, one, actor, at, batch) for one in fit], at)
        PledgeRow.objects.bulk_create(
            PledgeRow(
                election=election, code=p.code, owner=p.owner, kind=p.kind.value, asset=p.asset, count=p.count, capacity=p.capacity,
                places=list(p.places), from_at=p.from_at, until_at=p.until_at, pattern=p.pattern, ask=p.ask, batch=batch, mark=p.mark,
                person=actor.person, occurred_at=at, entry_id=entry.entry_id,
            )
            for p, entry in zip(fit, prepared, strict=True)
        )  # fmt: skip
        record.append(prepared, at=at)
    return [p.code for p in fit]


def _offer_draft(election: str, p: rules.Pledge, actor: facts.Actor, at: datetime, batch: str) -> facts.Draft:
    said: dict[str, object] = {
        "owner": p.owner, "kind": p.kind.value, "asset": p.asset, "count": p.count, "capacity": p.capacity, "places": list(p.places),
        "from_at": _iso(p.from_at), "until_at": _iso(p.until_at), "pattern": p.pattern, "ask": p.ask, "batch": batch, "mark": p.mark,
    }  # fmt: skip
    return _draft("pledge.offered", election, f"pledge:{p.code}", actor, at, said)


def act(
    election: str,
    code: str,
    what: rules.Act,
    actor: facts.Actor,
    at: datetime,
    *,
    reason: str = "",
    number: str = "",
    condition: str = "",
    proofs: Iterable[evidence_rules.Kept] = (),
) -> rules.State:
    """A step of a pledge with what proves it; files are kept before (`evidence.keep`). Unknown, and what `rules.next_step` refuses."""
    kept = list(proofs)
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        step = rules.next_step(before, what, actor, at, reason=reason, number=number, condition=condition, has_file=bool(kept))
        said: dict[str, object] = {
            "act": step.act.value, "to": step.to.value, "number": step.number, "condition": step.condition,
            "files": [k.sha256 for k in kept], "reason": step.reason, "mark": before.mark,
        }  # fmt: skip
        draft = _draft(f"pledge.{_PAST[step.act]}", election, f"pledge:{code}", actor, at, said)
        undone = before.steps[-1].entry_id if step.act is rules.Act.UNDO else ""
        prepared = record.prepare([replace(draft, corrects=undone)], at)
        PledgeStepRow.objects.create(
            pledge=PledgeRow.objects.get(election=election, code=code), act=step.act.value, to=step.to.value, agency=actor.agency,
            reason=step.reason, number=step.number, condition=step.condition, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        for one in kept:
            evidence.bind(election, "pledges", f"pledge:{code}", "signed_scan", one, actor, at, prepared[0].entry_id, before.mark)
        record.append(prepared, at=at)
    return step.to


_PAST = {
    rules.Act.CONFIRM: "confirmed", rules.Act.TAKE: "taken", rules.Act.GIVE_BACK: "given_back", rules.Act.WITHDRAW: "withdrawn",
    rules.Act.UNDO: "undone",
}  # fmt: skip


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: dict[str, object]) -> facts.Draft:
    return facts.Draft(kind, election, subject, record.election(election).region, actor, at, said)


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


def _iso(moment: datetime) -> str:
    return record.stamp(moment)


# --- what is read ------------------------------------------------------------------------------------------------------------


def asks_of(election: str, at: datetime) -> list[rules.Ask]:
    """Asks made by then as they stood, oldest first."""
    rows = list(AskRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    ends = {e.ask_id: e for e in AskEndRow.objects.filter(ask__in=rows, occurred_at__lte=at)}
    return [_ask(row, ends.get(row.pk)) for row in rows]


def _ask(r: AskRow, end: AskEndRow | None) -> rules.Ask:
    return rules.Ask(
        r.code, r.agency, rules.Kind(r.kind), r.count, tuple(r.places), r.from_at, r.until_at, r.need_by_at, r.capacity, r.asset, r.asker,
        r.person, r.occurred_at, end.ended if end else "", end.reason if end else "", end.occurred_at if end else None, r.mark, r.entry_id,
    )  # fmt: skip


def get_ask(election: str, code: str, at: datetime) -> rules.Ask:
    """One ask. Unknown."""
    for found in asks_of(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(code=code[:20])


def listing(election: str, at: datetime) -> list[rules.Pledge]:
    """Pledges made by then as they stood, oldest first."""
    rows = list(PledgeRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    steps: dict[int, list[rules.Step]] = defaultdict(list)
    taken = PledgeStepRow.objects.filter(pledge__election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    for s in taken:
        steps[s.pledge_id].append(
            rules.Step(rules.Act(s.act), rules.State(s.to), s.occurred_at, s.person, s.agency, s.reason, s.number, s.condition, s.entry_id)
        )
    return [
        rules.Pledge(
            r.code, r.owner, rules.Kind(r.kind), r.asset, r.count, tuple(r.places), r.from_at, r.until_at, r.capacity, r.pattern, r.ask,
            r.occurred_at, r.person, tuple(steps[r.pk]), r.mark, r.entry_id,
        )
        for r in rows
    ]  # fmt: skip


def get(election: str, code: str, at: datetime) -> rules.Pledge:
    """One pledge. Unknown."""
    for found in listing(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(code=code[:20])


def standing(election: str, at: datetime) -> rules.Standing:
    """Pledges, asks and conflicts at an instant: what plans and recommendations lean on."""
    tps = (t.code for t in places.tps_list(election))
    return rules.standing(listing(election, at), asks_of(election, at), tps, at)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For an agency: asks without a full answer, offers to make firm. For the KPU: what is to be fetched or given back, asks overdue."""
    found, tasks = standing(election, at), []
    if person.agency in rules.AGENCIES:
        for a in found.asks:
            if a.ask.agency == person.agency and a.answer in {rules.Answer.OPEN, rules.Answer.PARTLY}:
                tasks.append(facts.Task("pledges.answer", "pledges", f"ask:{a.ask.code}", a.ask.code, a.ask.need_by_at, (a.ask.code,)))
        for p in found.pledges:
            if p.owner == person.agency and p.state is rules.State.OFFERED and p.from_at - rules.CONFIRM_BEFORE <= at < p.until_at:
                tasks.append(_task("pledges.confirm", p, p.from_at))
    if _uses(person, election, at):
        for p in found.pledges:
            if p.state is rules.State.CONFIRMED and p.from_at <= at + timedelta(hours=24) and at < p.until_at:
                tasks.append(_task("pledges.take", p, p.from_at))
            if p.state is rules.State.IN_USE and p.until_at <= at + timedelta(hours=24):
                tasks.append(_task("pledges.give_back", p, p.until_at))
        late = [a for a in found.overdue if a.ask.asker == person.agency]
        tasks += [facts.Task("pledges.late", "pledges", f"ask:{a.ask.code}", a.ask.code, a.ask.need_by_at) for a in late]
    return tasks


def _uses(person: access_rules.Person, election: str, at: datetime) -> bool:
    thing = access_rules.Thing("pledges", "", record.election(election).region)
    return access_rules.may(person, "pledges.use", thing, access_rules.Purpose.DUTY, (), at).allowed


def _task(kind: str, p: rules.Pledge, due_at: datetime) -> facts.Task:
    return facts.Task(kind, "pledges", f"pledge:{p.code}", f"{p.asset} ({p.code})", due_at, (p.code,))


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Pledges by code or by what their owner calls the thing."""
    word = text.strip().upper()
    hits = [p for p in listing(election, at) if word and (word in p.code or word in p.asset)]
    return [facts.Hit("pledge", f"{p.asset} ({p.owner})", p.code, (p.code,)) for p in hits[:20]]
