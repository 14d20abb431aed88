"""Stage sampling: frozen lists of sealed boxes, draws in public, what was found in the boxes that were opened again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import sampling as rules
from posko.store import packing, places, record


class SamplingAuditRow(models.Model):
    """A frozen list and its plan. `boxes`: [[code, contest, TPS, dapil]], under `digest` in the journal.

    `agreed` is of rows from before those words stood in the journal's private part; the seed is made from `agreed_digest`.
    """

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    sitting = models.CharField(max_length=20)
    stratum = models.CharField(max_length=20, blank=True)
    boxes = models.JSONField()
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    tolerable = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()
    confidence_permille = models.PositiveIntegerField()
    statements = models.PositiveIntegerField()
    seed_kind = models.CharField(max_length=10)
    agreed = models.CharField(max_length=200, blank=True)
    agreed_digest = models.CharField(max_length=64, blank=True, default="")
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sampling_audit"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="sampling_audit_code"),)


class SamplingDrawRow(models.Model):
    """The seed that was made in public, and the boxes it draws."""

    audit = models.OneToOneField(SamplingAuditRow, on_delete=models.PROTECT, related_name="+")
    seed = models.CharField(max_length=420)
    boxes = models.JSONField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sampling_draw"


class SamplingResultRow(models.Model):
    """What was found in a box; a later row of the same box corrects the earlier. `note` is of rows from before it was private."""

    audit = models.ForeignKey(SamplingAuditRow, on_delete=models.PROTECT, related_name="+")
    box = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    kinds = models.JSONField(default=list)
    found = models.PositiveIntegerField(null=True)
    needed = models.PositiveIntegerField(null=True)
    note = models.CharField(max_length=400, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sampling_result"
        constraints = (models.UniqueConstraint(fields=["audit", "box", "number"], name="sampling_result_once"),)


class SamplingStepRow(models.Model):
    """An audit given up (once), or a print of its berita acara."""

    audit = models.ForeignKey(SamplingAuditRow, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sampling_step"
        constraints = (
            models.UniqueConstraint(fields=["audit"], condition=models.Q(kind="abandoned"), name="sampling_abandoned_once"),
        )  # fmt: skip


# --- what is recorded ----------------------------------------------------------------------------------------------------


def _sealed(election: str, at: datetime) -> list[rules.Boxed]:
    """Every sealed box with ballots of a TPS, in the order of the codes; the boxes of a PPK leave empty."""
    sealed = [b for b in packing.boxes(election, at) if b.sealed_at is not None and b.contest]
    found = [rules.Boxed(b.code, b.contest, b.tps, b.dapil) for b in sealed]
    return sorted(found, key=lambda b: b.code)


def population(election: str, at: datetime, stratum: str = "") -> list[rules.Boxed]:
    """The sealed boxes that a draw would choose from now: of one contest, or all."""
    return [b for b in _sealed(election, at) if stratum in ("", b.contest)]


def commit(
    election: str,
    plans: Mapping[str, rules.Plan],
    seed_kind: str,
    agreed: str,
    actor: facts.Actor,
    at: datetime,
    mark: str = "",
) -> list[rules.Audit]:
    """Freeze the list of each stratum ("" for all boxes, or contests), in one sitting. NoBoxes, BadPlan, AgreementMissing."""
    with transaction.atomic():
        at = record.turn(at)
        number = SamplingAuditRow.objects.filter(election=election).count()
        sitting = f"SID-{SamplingAuditRow.objects.filter(election=election).values('sitting').distinct().count() + 1:03}"
        words = agreed.strip()[:200].strip()
        made = []
        for position, (stratum, plan) in enumerate(plans.items(), start=1):
            boxes = population(election, at, stratum)
            rules.check_commit(boxes, plan, seed_kind, agreed)
            code, digest = f"UJI-{number + position:03}", rules.population_hash(b.code for b in boxes)
            made.append(
                rules.Audit(
                    code, sitting, stratum, tuple(boxes), digest, plan, seed_kind, words, actor.person, at, mark=mark,
                    agreed_digest=rules.agreed_digest(words),
                )
            )  # fmt: skip
        if not made:
            raise rules.NoBoxes()
        prepared = record.prepare([_commit_draft(election, audit, actor, at) for audit in made], at)
        made = [replace(audit, entry_id=p.entry_id) for audit, p in zip(made, prepared, strict=True)]
        SamplingAuditRow.objects.bulk_create(_audit_row(election, audit) for audit in made)
        record.append(prepared, at=at)
    return made


def draw(election: str, code: str, typed: str, actor: facts.Actor, at: datetime) -> rules.Audit:
    """Enter the seed, once and after the list was frozen; the drawn boxes follow. BadSeed, SeedTooEarly, AlreadyDrawn, ListBroken."""
    with transaction.atomic():
        asked_at, at = at, record.turn(at)
        audit = get_audit(election, code, at)
        rules.check_draw(audit, asked_at)
        seed = rules.seed_of(audit.seed_kind, audit.agreed_digest, typed)
        chosen = rules.drawn(seed, (b.code for b in audit.boxes), audit.plan.size)
        said: dict[str, object] = {"audit": code, "seed": seed, "boxes": list(chosen), "digest": audit.digest, "committed": audit.entry_id}
        prepared = record.prepare([_draft("sample.drawn", election, audit, actor, at, said)], at)
        with record.once(rules.AlreadyDrawn(audit=code)):
            SamplingDrawRow.objects.create(
                audit=_row(election, code), seed=seed, boxes=list(chosen), person=actor.person, occurred_at=at,
                entry_id=prepared[0].entry_id,
            )  # fmt: skip
        record.append(prepared, at=at)
    return replace(audit, seed=seed, drawn=chosen, drawn_at=at, drawer=actor.person)


def record_result(
    election: str,
    code: str,
    box: str,
    right: bool,
    kinds: Sequence[str],
    actor: facts.Actor,
    second: facts.Actor,
    at: datetime,
    found: int | None = None,
    needed: int | None = None,
    note: str = "",
) -> None:
    """What two persons found in a drawn box. NotInSample, AlreadyExamined, VerdictMissing, SamePerson."""
    with transaction.atomic():
        at = record.turn(at)
        audit = get_audit(election, code, at)
        rules.check_result(audit, box, right, kinds, actor.person, second.person)
        _write_result(election, audit, box, kinds, actor, second, at, found, needed, note)


def correct_result(
    election: str,
    code: str,
    box: str,
    right: bool,
    kinds: Sequence[str],
    reason: str,
    actor: facts.Actor,
    second: facts.Actor,
    at: datetime,
    found: int | None = None,
    needed: int | None = None,
    note: str = "",
) -> None:
    """Another result for an examined box, by two persons; a reason outside the author's minutes."""
    with transaction.atomic():
        at = record.turn(at)
        audit = get_audit(election, code, at)
        old = rules.check_correction(audit, box, right, kinds, reason, actor.person, second.person, at)
        _write_result(election, audit, box, kinds, actor, second, at, found, needed, note, old, reason)


def _write_result(
    election: str,
    audit: rules.Audit,
    box: str,
    kinds: Sequence[str],
    actor: facts.Actor,
    second: facts.Actor,
    at: datetime,
    found: int | None,
    needed: int | None,
    note: str,
    old: rules.Result | None = None,
    reason: str = "",
) -> None:
    """The row and the entry of a result; the caller holds the transaction. This appends."""
    about = next(b for b in audit.boxes if b.code == box)
    said: dict[str, object] = {
        "audit": audit.code,
        "box": box,
        "contest": about.contest,
        "dapil": about.dapil,
        "wrong": int(bool(kinds)),
        "kinds": sorted(kinds),
        "found": -1 if found is None else found,
        "needed": -1 if needed is None else needed,
        "mark": audit.mark,
    }
    draft = facts.Draft(
        "box.reopening_corrected" if old else "box.reopened", election, f"box:{box}", about.tps, actor, at, said,
        private=record.typed(note=note.strip()[:400]), corrects=old.entry_id if old else "", reason=reason.strip(),
        approvals=(actor.person, second.person),
    )  # fmt: skip
    prepared = record.prepare([draft], at)
    with record.once(rules.AlreadyExamined(box=box)):
        SamplingResultRow.objects.create(
            audit=_row(election, audit.code), box=box, number=old.corrections + 1 if old else 0, kinds=sorted(kinds), found=found,
            needed=needed, reason=reason.strip()[:400], person=actor.person, second=second.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
    record.append(prepared, at=at)


def abandon(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Give an audit up, with a reason; it stays visible with its seed and its results. Abandoned, ReasonMissing."""
    with transaction.atomic():
        at = record.turn(at)
        audit = get_audit(election, code, at)
        rules.check_abandoning(audit, reason)
        said: dict[str, object] = {"audit": code, "state": audit.state, "examined": audit.examined, "wrong": audit.wrong}
        prepared = record.prepare([replace(_draft("sample.abandoned", election, audit, actor, at, said), reason=reason.strip())], at)
        _step(election, code, "abandoned", reason, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)


def print_minutes(election: str, code: str, actor: facts.Actor, at: datetime) -> int:
    """Count a print of the berita acara; how many there are now."""
    with transaction.atomic():
        at = record.turn(at)
        audit = get_audit(election, code, at)
        prepared = record.prepare([_draft("sample.printed", election, audit, actor, at, {"audit": code, "copy": audit.prints + 1})], at)
        _step(election, code, "printed", "", actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return audit.prints + 1


# --- what is read --------------------------------------------------------------------------------------------------------


def audits(election: str, at: datetime) -> list[rules.Audit]:
    """Every audit as it stood then, the given-up ones too, oldest first."""
    return _audits(SamplingAuditRow.objects.filter(election=election, occurred_at__lte=at), at)


def get_audit(election: str, code: str, at: datetime) -> rules.Audit:
    """One audit as it stood then. UnknownThing."""
    found = _audits(SamplingAuditRow.objects.filter(election=election, code=code, occurred_at__lte=at), at)
    if not found:
        raise rules.UnknownThing(thing=code)
    return found[0]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """What the drawn boxes showed."""
    found = [a for a in audits(election, at) if a.drawn]
    if not found:
        return []
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    return [one for audit in found for one in rules.signals_of(audit, names)]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Seeds to make for the operator, drawn boxes to open for the warehouse."""
    roles = {g.role for g in person.grants if g.holds(at)}
    if not roles & {"kpu.operator", "kpu.gudang"}:
        return []
    tasks = []
    for audit in audits(election, at):
        if audit.state == "committed" and "kpu.operator" in roles:
            tasks.append(facts.Task("sampling.draw", "sampling", f"audit:{audit.code}", audit.code, None, (audit.code,)))
        elif audit.state == "drawn":
            label = f"{audit.code}: {len(audit.drawn) - audit.examined}"
            tasks.append(facts.Task("sampling.open", "sampling", f"audit:{audit.code}", label, None, (audit.code,)))
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Audits by code, and the audits that drew a box."""
    word = text.strip().upper().replace("-", "")
    if len(word) < 3:
        return []
    hits = []
    for audit in audits(election, at):
        if word in audit.code.replace("-", ""):
            hits.append(facts.Hit("audit", audit.code, f"{audit.size} kotak", (audit.code,)))
        hits += [facts.Hit("audit", code, f"terpilih dalam {audit.code}", (audit.code,)) for code in audit.drawn if word in code]
    return hits[:20]


# --- rows, drafts, values ------------------------------------------------------------------------------------------------


def _row(election: str, code: str) -> SamplingAuditRow:
    row = SamplingAuditRow.objects.filter(election=election, code=code).first()
    if row is None:
        raise rules.UnknownThing(thing=code)
    return row


def _draft(kind: str, election: str, audit: rules.Audit, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind, election, f"audit:{audit.code}", region, actor, at, {**said, "mark": audit.mark})


def _commit_draft(election: str, audit: rules.Audit, actor: facts.Actor, at: datetime) -> facts.Draft:
    said: dict[str, object] = {
        "sitting": audit.sitting,
        "stratum": audit.stratum,
        "population": audit.size,
        "digest": audit.digest,
        "size": audit.plan.size,
        "tolerable": audit.plan.tolerable,
        "expected": audit.plan.expected,
        "confidence_permille": audit.plan.confidence_permille,
        "statements": audit.plan.statements,
        "seed_kind": audit.seed_kind,
        "agreed_sha256": audit.agreed_digest,
    }
    return replace(_draft("sample.committed", election, audit, actor, at, said), private=record.typed(agreed=audit.agreed))


def _step(election: str, code: str, kind: str, reason: str, actor: facts.Actor, at: datetime, entry_id: str) -> None:
    with record.once(rules.Abandoned(audit=code)):
        SamplingStepRow.objects.create(
            audit=_row(election, code), kind=kind, reason=reason.strip()[:400], person=actor.person, occurred_at=at, entry_id=entry_id
        )


def _audit_row(election: str, audit: rules.Audit) -> SamplingAuditRow:
    plan = audit.plan
    return SamplingAuditRow(
        code=audit.code, election=election, sitting=audit.sitting, stratum=audit.stratum,
        boxes=[[b.code, b.contest, b.tps, b.dapil] for b in audit.boxes], digest=audit.digest, size=plan.size, tolerable=plan.tolerable,
        expected=plan.expected, confidence_permille=plan.confidence_permille, statements=plan.statements, seed_kind=audit.seed_kind,
        agreed_digest=audit.agreed_digest, mark=audit.mark, person=audit.person, occurred_at=audit.committed_at, entry_id=audit.entry_id,
    )  # fmt: skip


def _audits(rows: "models.QuerySet[SamplingAuditRow]", at: datetime) -> list[rules.Audit]:
    draws = {d.audit_id: d for d in SamplingDrawRow.objects.filter(audit__in=rows, occurred_at__lte=at)}
    results: dict[int, list[SamplingResultRow]] = defaultdict(list)
    for result in SamplingResultRow.objects.filter(audit__in=rows, occurred_at__lte=at).order_by("id"):
        results[result.audit_id].append(result)
    steps: dict[int, list[SamplingStepRow]] = defaultdict(list)
    for step in SamplingStepRow.objects.filter(audit__in=rows, occurred_at__lte=at).order_by("id"):
        steps[step.audit_id].append(step)
    found = list(rows.order_by("occurred_at", "id"))
    told = record.privates([*(row.entry_id for row in found), *(one.entry_id for some in results.values() for one in some)])
    return [_audit(row, draws.get(row.pk), results[row.pk], steps[row.pk], told) for row in found]


def _audit(
    row: SamplingAuditRow,
    draw_: SamplingDrawRow | None,
    results: Iterable[SamplingResultRow],
    steps: Sequence[SamplingStepRow],
    told: record.Privates,
) -> rules.Audit:
    given_up = next((s for s in steps if s.kind == "abandoned"), None)
    return rules.Audit(
        code=row.code,
        sitting=row.sitting,
        stratum=row.stratum,
        boxes=tuple(rules.Boxed(*box) for box in row.boxes),
        digest=row.digest,
        plan=rules.Plan(row.size, row.tolerable, row.confidence_permille, row.statements, row.expected),
        seed_kind=row.seed_kind,
        agreed=told.text(row.entry_id, "agreed", row.agreed),
        person=row.person,
        committed_at=row.occurred_at,
        entry_id=row.entry_id,
        mark=row.mark,
        seed=draw_.seed if draw_ else "",
        drawn=tuple(draw_.boxes) if draw_ else (),
        drawn_at=draw_.occurred_at if draw_ else None,
        drawer=draw_.person if draw_ else "",
        results={r.box: _result(r, told) for r in results},
        abandoned_at=given_up.occurred_at if given_up else None,
        abandon_reason=given_up.reason if given_up else "",
        prints=sum(s.kind == "printed" for s in steps),
        agreed_digest=row.agreed_digest or rules.agreed_digest(row.agreed),
    )


def _result(row: SamplingResultRow, told: record.Privates) -> rules.Result:
    note = told.text(row.entry_id, "note", row.note)
    return rules.Result(
        row.box, tuple(row.kinds), row.found, row.needed, note, row.person, row.second, row.occurred_at, row.number, row.entry_id
    )


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = dict.fromkeys(("sample.committed", "box.reopened", "box.reopening_corrected"), record.journal_only)
