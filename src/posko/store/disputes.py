"""Stage disputes: rows name the snapshot by its digest and hold both numbers; typed words stand in the erasable part of the entries."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import disputes as rules
from posko.domain import materials as material_rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.domain.materials import Unit
from posko.store import access, materials, rakor, record, reports


class DisputeRow(models.Model):
    """A dispute as it was raised. What is frozen is copied from the snapshot, whose bytes stay the measure."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    nonce = models.CharField(max_length=40)
    meeting = models.CharField(max_length=20)
    snapshot = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    section_hash = models.CharField(max_length=64)
    figure = models.CharField(max_length=60)
    label = models.CharField(max_length=160)
    holder = models.CharField(max_length=12)
    frozen_number = models.BigIntegerField()
    frozen_denominator = models.BigIntegerField(default=-1)
    frozen_source = models.CharField(max_length=200)
    frozen_as_of_at = models.DateTimeField()
    frozen_entry = models.CharField(max_length=64)
    agency = models.CharField(max_length=12)
    number = models.BigIntegerField()
    denominator = models.BigIntegerField(default=-1)
    unit = models.CharField(max_length=12)
    as_of_at = models.DateTimeField()
    own = models.CharField(max_length=20, blank=True)
    raised_by = models.CharField(max_length=12)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "disputes_dispute"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="disputes_dispute_code"),
            models.UniqueConstraint(fields=["election", "nonce"], name="disputes_dispute_once"),
        )


class DisputeStepRow(models.Model):
    """What happened to a dispute."""

    dispute = models.ForeignKey(DisputeRow, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, blank=True)
    owner = models.CharField(max_length=12, blank=True)
    due_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "disputes_step"


# --- who reads it ----------------------------------------------------------------------------------------------------------


def thing_of(dispute: rules.Dispute, meeting: rakor_rules.Meeting) -> access_rules.Thing:
    """A dispute as the policy sees it: named to its parts and to whoever may read the pack of its meeting; Bawaslu reads by law."""
    region = record.installation().region
    return access_rules.Thing("disputes", dispute.code, region, owner=dispute.claim.agency, named=_readers(dispute, meeting))


def _readers(dispute: rules.Dispute, meeting: rakor_rules.Meeting) -> frozenset[str]:
    return rules.readers(meeting) | {*dispute.sides, dispute.raised_by}


def visible(person: access_rules.Person, election: str, at: datetime, meeting: str = "") -> list[rules.Dispute]:
    """The disputes that a person may read: the same answer as `may` on each."""
    seen = access_rules.scope(person, "disputes.read", "disputes", access_rules.Purpose.DUTY, access.agreements(at), at)
    held = {m.code: m for m in rakor.meetings(election, at)}
    return [d for d in listing(election, at, meeting) if d.meeting in held and seen.covers(thing_of(d, held[d.meeting]))]


# --- what is written -------------------------------------------------------------------------------------------------------


def raise_dispute(
    election: str,
    snapshot: str,
    *,
    figure: str,
    agency: str,
    number: int,
    source: str,
    as_of_at: datetime,
    nonce: str,
    actor: facts.Actor,
    at: datetime,
    denominator: int = -1,
    unit: str = "same",
    own: str = "",
) -> str:
    """Holds an agency's number against a figure of a frozen snapshot; gives the code SLS-001 ... The same form twice raises one.

    own: the number brought to the meeting (its values count then, not those given here). Unknown (rakor), UnknownFigure, NotAtTable,
    SameNumber, AlreadyRaised, what `materials.check_number` refuses, reports.Guarded, rakor.Changed.
    """
    with transaction.atomic():
        at = record.turn(at)
        known = DisputeRow.objects.filter(election=election, nonce=nonce[:40]).first()
        if known is not None:
            return known.code
        frozen = rakor.snapshot(election, snapshot, at)
        meeting = rakor.meeting(election, frozen.meeting, at)
        sections = frozen.sections
        row = rules.figure_row(sections, figure)
        claim = _claim(election, frozen, figure, own, agency, number, denominator, unit, source, as_of_at, at)
        side = rules.frozen_side(row, claim.agency, frozen.entry_id)
        rules.check_raise(meeting, actor.agency, claim, side, figure, frozen.digest, listing(election, at, frozen.meeting))
        made = rules.Dispute(
            f"SLS-{DisputeRow.objects.filter(election=election).count() + 1:03}", frozen.meeting, snapshot, frozen.digest,
            rakor_rules.section_hashes(sections)["figures"], figure, str(row["label"]), side, claim, actor.agency, at, actor.person, own,
            mark=_mark(),
        )  # fmt: skip
        prepared = record.prepare([_raised(election, made, meeting, actor, at)], at)
        _write(election, made, nonce, prepared[0].entry_id)
        record.append(prepared, at=at)
    return made.code


def _claim(
    election: str,
    frozen: rakor_rules.Snapshot,
    figure: str,
    own: str,
    agency: str,
    number: int,
    denominator: int,
    unit: str,
    source: str,
    as_of_at: datetime,
    at: datetime,
) -> rules.Side:
    """The agency's side: a number it brought, or one said at the table and judged like one."""
    if own:
        brought = next((f for f in materials.figures(election, at, frozen.meeting) if f.code == own and f.figure == figure), None)
        if brought is None:
            raise material_rules.Unknown(code=own[:20])
        return rules.own_side(brought)
    source = reports.tidied(election, source)
    codes = materials.figure_codes(election, at, frozen.meeting)
    counted = material_rules.check_number(
        figure=figure, label="", number=number, denominator=denominator, unit=unit, source=source, as_of_at=as_of_at, codes=codes, at=at
    )
    return rules.Side(agency, number, denominator, rules.unit_of(figure) if counted is Unit.SAME else counted, source, as_of_at)


def _raised(election: str, d: rules.Dispute, meeting: rakor_rules.Meeting, actor: facts.Actor, at: datetime) -> facts.Draft:
    said: dict[str, object] = {
        "meeting": d.meeting, "snapshot": d.snapshot, "digest": d.digest, "section_hash": d.section_hash, "figure": d.figure,
        "readers": sorted(_readers(d, meeting)), "holder": d.frozen.agency, "frozen_number": d.frozen.number,
        "frozen_denominator": d.frozen.denominator, "frozen_as_of_at": record.stamp(d.frozen.as_of_at), "agency": d.claim.agency,
        "number": d.claim.number, "denominator": d.claim.denominator, "unit": d.claim.unit.value,
        "as_of_at": record.stamp(d.claim.as_of_at), "own": d.own, "raised_by": d.raised_by, "mark": d.mark,
    }  # fmt: skip
    region = record.election(election).region
    private = record.typed(source="" if d.own else d.claim.source)
    return facts.Draft("dispute.raised", election, f"dispute:{d.code}", region, actor, at, said, private)


def _write(election: str, d: rules.Dispute, nonce: str, entry_id: str) -> None:
    DisputeRow.objects.create(
        election=election, code=d.code, nonce=nonce[:40], meeting=d.meeting, snapshot=d.snapshot, digest=d.digest,
        section_hash=d.section_hash, figure=d.figure, label=d.label, holder=d.frozen.agency, frozen_number=d.frozen.number,
        frozen_denominator=d.frozen.denominator, frozen_source=d.frozen.source, frozen_as_of_at=d.frozen.as_of_at,
        frozen_entry=d.frozen.entry_id, agency=d.claim.agency, number=d.claim.number, denominator=d.claim.denominator,
        unit=d.claim.unit.value, as_of_at=d.claim.as_of_at, own=d.own, raised_by=d.raised_by, mark=d.mark, person=d.person,
        occurred_at=d.raised_at, entry_id=entry_id,
    )  # fmt: skip


def act(
    election: str,
    code: str,
    what: rules.Act,
    actor: facts.Actor,
    at: datetime,
    *,
    seen: str,
    words: str = "",
    outcome: str = "",
    owner: str = "",
    due_at: datetime | None = None,
) -> rules.Dispute:
    """A step: an outcome proposed, agreed to or refused, the dispute withdrawn, its task reported done; gives it as it stands then.

    seen: `last_id` of the page. Unknown, SeenOther, what `rules.next_step` refuses, reports.Guarded.
    """
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        if seen != before.last_id:
            raise rules.SeenOther(code=code)
        said = reports.tidied(election, words)
        meeting = rakor.meeting(election, before.meeting, at)
        table = material_rules.readers(meeting)
        step = rules.next_step(before, what, actor, at, words=said, outcome=outcome, owner=owner, due_at=due_at, table=table)
        on_table = before.proposal
        told: dict[str, object] = {
            "outcome": step.outcome, "owner": step.owner, "due_at": record.stamp(step.due_at) if step.due_at else "",
            "proposal": on_table.entry_id if on_table and what is not rules.Act.PROPOSE else "", "digest": before.digest,
            "readers": sorted(_readers(before, meeting)), "mark": before.mark,
        }  # fmt: skip
        region = record.election(election).region
        private = record.typed(words=step.words)
        draft = facts.Draft(f"dispute.{_PAST[what]}", election, f"dispute:{code}", region, actor, at, told, private)
        prepared = record.prepare([draft], at)
        DisputeStepRow.objects.create(
            dispute=DisputeRow.objects.get(election=election, code=code), act=what.value, agency=actor.agency, outcome=step.outcome,
            owner=step.owner, due_at=step.due_at, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return replace(before, steps=(*before.steps, replace(step, entry_id=prepared[0].entry_id)))


_PAST = {
    rules.Act.PROPOSE: "proposed", rules.Act.AGREE: "agreed", rules.Act.DISAGREE: "disagreed", rules.Act.WITHDRAW: "withdrawn",
    rules.Act.REPORT: "reported",
}  # fmt: skip


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


# --- what is read ----------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime, meeting: str = "") -> list[rules.Dispute]:
    """Disputes raised by then as they stood, oldest first, of one meeting (for its minutes) or of all. Who reads is `visible`'s part."""
    rows = DisputeRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    found = list(rows.filter(meeting=meeting) if meeting else rows)
    steps: dict[int, list[DisputeStepRow]] = defaultdict(list)
    for one in DisputeStepRow.objects.filter(dispute__in=found, occurred_at__lte=at).order_by("occurred_at", "id"):
        steps[one.dispute_id].append(one)
    own = {b.code: b for b in materials.figures_all(election, at, meeting)} if any(r.own for r in found) else {}
    private = record.privates([*(r.entry_id for r in found), *(s.entry_id for taken in steps.values() for s in taken)])
    return [_dispute(r, steps[r.pk], private, own) for r in found]


def _dispute(
    r: DisputeRow, taken: Iterable[DisputeStepRow], private: record.Privates, own: dict[str, material_rules.OwnFigure]
) -> rules.Dispute:
    kept = own[r.own].source if r.own in own else ""
    frozen = rules.Side(
        r.holder, r.frozen_number, r.frozen_denominator, rules.unit_of(r.figure), r.frozen_source, r.frozen_as_of_at, r.frozen_entry
    )
    said = own[r.own].entry_id if r.own in own else r.entry_id
    source = private.text(r.entry_id, "source", kept)
    claim = rules.Side(r.agency, r.number, r.denominator, Unit(r.unit), source, r.as_of_at, said)
    steps = tuple(
        rules.Step(
            rules.Act(s.act), s.agency, s.person, s.occurred_at, private.text(s.entry_id, "words"), s.outcome, s.owner, s.due_at, s.entry_id
        )
        for s in taken
    )
    return rules.Dispute(
        r.code, r.meeting, r.snapshot, r.digest, r.section_hash, r.figure, r.label, frozen, claim, r.raised_by, r.occurred_at, r.person,
        r.own, steps, r.mark, r.entry_id,
    )  # fmt: skip


def get(election: str, code: str, at: datetime) -> rules.Dispute:
    """One dispute, whoever asks. Unknown."""
    for found in listing(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(code=code[:20])


def gaps(election: str, snapshot: rakor_rules.Snapshot, at: datetime) -> tuple[rules.Gap, ...]:
    """What differs at a meeting without anybody having said so: numbers brought against a snapshot and against one another."""
    brought, raised = materials.figures(election, at, snapshot.meeting), listing(election, at, snapshot.meeting)
    return rules.gaps(snapshot.sections, snapshot.entry_id, snapshot.digest, brought, raised)


# --- by hash and sources -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """Where the frozen number comes from, computed just now from the kept bytes. section, digest: recomputed; journal_digest: as written.

    section_same: the section of figures is what it was when the dispute was raised; digest_same: the bytes, the row, the journal and the
    dispute all say the same; number_same: the bytes still hold the number that is disputed.
    """

    section: str
    digest: str
    journal_digest: str
    section_same: bool
    digest_same: bool
    number_same: bool


def proof(election: str, dispute: rules.Dispute) -> Proof:
    """The snapshot of a dispute hashed again. Bytes that no longer match are shown as such, not raised."""
    row = rakor.Snapshot.objects.filter(meeting__election=election, code=dispute.snapshot).first()
    if row is None:
        return Proof("", "", "", False, False, False)
    journal = _frozen_digest(election, row.entry_id)
    try:
        document = json.loads(bytes(row.content))
        sections = dict(document["sections"])
        hashes = rakor_rules.section_hashes(sections, document.get("erased"))
        digest = rakor_rules.digest_of(hashes, str(document["format"]))
        frozen = rules.frozen_side(rules.figure_row(sections, dispute.figure), dispute.claim.agency, row.entry_id)
    except (ValueError, KeyError, TypeError, facts.Refusal):
        return Proof("", "", journal, False, False, False)
    number = (frozen.number, frozen.denominator) == (dispute.frozen.number, dispute.frozen.denominator)
    same = len({digest, row.digest, journal, dispute.digest}) == 1
    return Proof(hashes["figures"], digest, journal, hashes["figures"] == dispute.section_hash, same, number)


def _frozen_digest(election: str, entry_id: str) -> str:
    try:
        return str(record.entry(election, entry_id).facts.get("digest", ""))
    except record.NoEntry:
        return ""


@dataclass(frozen=True)
class Entries:
    """Entries of the journal behind a figure: how many, and the last one."""

    count: int
    last_id: str
    last_at: datetime | None


_RECEIPTS = ("order.", "orders.", "contract.", "shipment.", "receipt.", "claim.", "misdirection.")
_BEHIND: dict[str, tuple[str, ...]] = {
    "tps": ("tps.listed",), "voters": ("dpt.imported",), "need": ("dpt.imported", "needs.", "rule.", "tps.listed"), "units": _RECEIPTS,
    "lines": _RECEIPTS, "supply": (*_RECEIPTS, "tps.listed"), "ready": ("tps.checked", "tps.listed", *_RECEIPTS),
    "not_ready": ("tps.checked", "tps.listed", *_RECEIPTS), "unknown": ("tps.checked", "tps.listed", *_RECEIPTS),
}  # fmt: skip
_TODAY = frozenset({"need", "supply", "ready", "not_ready", "unknown"})
"""Figures that lean on the list of TPS, which the tables keep without its past."""


def _kinds(figure: str) -> models.Q:
    wanted = models.Q()
    for prefix in _BEHIND.get(figure.partition(":")[0], ("rakor.",)):
        wanted |= models.Q(kind__startswith=prefix) if prefix.endswith(".") else models.Q(kind=prefix)
    return wanted


def entries_behind(election: str, figure: str, until_at: datetime, since_at: datetime | None = None) -> Entries:
    """The entries from which a figure is computed, recorded by `until_at` (after `since_at`)."""
    rows = record.Entry.objects.filter(_kinds(figure), election=election, recorded_at__lte=until_at)
    rows = rows.filter(recorded_at__gt=since_at) if since_at else rows
    last = rows.order_by("leaf_index").last()
    return Entries(rows.count(), last.entry_id if last else "", last.recorded_at if last else None)


def recount(election: str, figure: str, at: datetime) -> rules.Recount:
    """A figure counted again from the record as of an instant, past or now."""
    if figure == "tps":  # the table of TPS has no past; the journal has
        entry = record.Entry.objects.filter(kind="tps.listed", election=election, recorded_at__lte=at).order_by("leaf_index").last()
        number = record.entry(election, entry.entry_id).facts.get("tps") if entry else None
        return rules.Recount(at, int(number) if number is not None else None)
    for row in _figures(election, at, record.root()[1]):
        if isinstance(row, dict) and row["code"] == figure:
            found = rules.frozen_side(row, "", "")
            return rules.Recount(at, found.number, found.denominator, figure.partition(":")[0] in _TODAY)
    return rules.Recount(at, None)


@lru_cache(maxsize=64)
def _figures(election: str, at: datetime, root: str) -> tuple[rakor_rules.Value, ...]:
    """All figures as of an instant, counted once for a state of the journal: a page in the room does not wait for it each time."""
    del root
    return tuple(rakor.figures(election, at))


def explained(election: str, dispute: rules.Dispute) -> tuple[rules.Explanation, ...]:
    """The computed reasons for a difference, with the figure counted again at both times."""
    at_claim = recount(election, dispute.figure, dispute.claim.as_of_at)
    at_frozen = recount(election, dispute.figure, dispute.frozen.as_of_at)
    return rules.explanations(dispute.claim, dispute.frozen, at_claim, at_frozen)


# --- inbox and search ----------------------------------------------------------------------------------------------------------


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For a side: an outcome to agree to, a dispute to settle. For an owner: a correction to be entered, something to be found out."""
    tasks = []
    for one in visible(person, election, at):
        acts, subject = rules.possible(one, person.agency), f"dispute:{one.code}"
        label = f"{one.code}: {one.label}"
        if rules.Act.AGREE in acts:
            tasks.append(facts.Task("disputes.agree", "disputes", subject, label, None, (one.code,)))
        elif rules.Act.PROPOSE in acts and person.agency in one.sides:
            tasks.append(facts.Task("disputes.settle", "disputes", subject, label, None, (one.code,)))
        if rules.Act.REPORT in acts and one.task is not None:
            kind = "disputes.correct" if one.task.outcome is rules.Outcome.AGENCY else "disputes.find_out"
            tasks.append(facts.Task(kind, "disputes", subject, label, one.task.due_at, (one.code,)))
    return tasks


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Disputes by code or figure, as far as this person may read them."""
    word = text.strip().lower()
    if not word:
        return []
    hits = [d for d in visible(person, election, at) if word in f"{d.code} {d.figure} {d.label}".lower()]
    return [facts.Hit("dispute", f"{d.code} {d.label}", d.claim.agency, (d.code,)) for d in hits[:20]]


# --- erasing words (see record.Eraser) -------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = {
    "dispute.raised": record.journal_only,
    **dict.fromkeys((f"dispute.{word}" for word in _PAST.values()), record.journal_only),
}
