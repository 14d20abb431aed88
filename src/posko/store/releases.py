"""Stage releases: publications as they went out, proposals and who decided on them, standing rules and each time they ran.

`public` reads from here and from nowhere else: this file reaches no assessment, no advice and no meeting. What is offered for publication
comes as a value from extracts, which the public cannot reach. Nothing is edited: a wrong publication is corrected by a later one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import releases as rules
from posko.domain import reports as report_rules
from posko.domain import thresholds as threshold_rules
from posko.store import access, record, reports, thresholds

Row = TypeVar("Row", bound=models.Model)


class ReleasePublication(models.Model):
    """A publication: its exact bytes, who or what sent it out. `person` approved or runs the rule; `proposer` is the other one."""

    election = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=20, blank=True)
    corrects = models.PositiveIntegerField(default=0)
    reason_code = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    marks = models.JSONField(default=list)
    made_at = models.DateTimeField()
    proposer = models.CharField(max_length=64, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_publication"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="releases_publication_number"),)
        indexes = (models.Index(fields=["election", "occurred_at"], name="releases_publication_when"),)


class ReleaseProposal(models.Model):
    """A publication that waits for a second person, as it would go out."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    person = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_proposal"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="releases_proposal_code"),)


class ReleaseDecision(models.Model):
    """What became of a proposal: approved, refused or withdrawn."""

    proposal = models.OneToOneField(ReleaseProposal, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=300, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_decision"


class ReleaseRule(models.Model):
    """A standing rule as proposed."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    sections = models.JSONField(default=list)
    minutes = models.JSONField(default=list)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_rule"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="releases_rule_code"),)


class ReleaseRuleStep(models.Model):
    """What became of a standing rule: approved, refused, withdrawn; stopped."""

    rule = models.ForeignKey(ReleaseRule, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=10)
    reason = models.CharField(max_length=300, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_rule_step"
        constraints = (models.UniqueConstraint(fields=["rule", "step"], name="releases_rule_step_once"),)


class ReleaseRun(models.Model):
    """A standing rule ran for a slot: the publication it made, or the code of what kept it from making one."""

    rule = models.ForeignKey(ReleaseRule, on_delete=models.PROTECT, related_name="+")
    slot_at = models.DateTimeField()
    number = models.PositiveIntegerField(default=0)
    refusal = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "releases_run"
        constraints = (models.UniqueConstraint(fields=["rule", "slot_at"], name="releases_run_once"),)


@dataclass(frozen=True)
class Entry:
    """A line of the history of publications. corrected_by: 0 while nobody corrected it. closed: its file is no longer handed out."""

    number: int
    digest: str
    previous: str
    made_at: datetime
    published_at: datetime
    rule: str
    corrects: int
    reason_code: str
    reason: str
    marks: tuple[str, ...]
    proposer: str
    person: str
    entry_id: str
    corrected_by: int = 0
    closed: bool = False


@dataclass(frozen=True)
class Proposal:
    """A publication that waits, or what became of it. outcome: "" | approved | refused | withdrawn | expired | overtaken."""

    code: str
    number: int
    digest: str
    person: str
    proposed_at: datetime
    expires_at: datetime
    outcome: str = ""
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """A standing rule with what became of it. state: proposed | expired | refused | withdrawn | in_force | replaced | stopped | over."""

    rule: rules.StandingRule
    state: str
    proposed_at: datetime
    expires_at: datetime
    reason: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    last_at: datetime | None = None
    last_refusal: str = ""


# --- what is recorded: by two people ----------------------------------------------------------------------------------------


def propose(election: str, made: rules.Publication, actor: facts.Actor, at: datetime) -> Proposal:
    """Lay a publication before the second person. NotPublic and the like, AlreadyProposed, Overtaken, Guarded, NamesSomebody."""
    rules.check(made)
    _check_public_words(election, str(made.head["reason"]))
    with transaction.atomic():
        at = record.turn(at)
        if open_proposal(election, at) is not None:
            raise rules.AlreadyProposed(election=election)
        _check_next(election, made, at)
        count = ReleaseProposal.objects.filter(election=election).count()
        code, expires_at = f"TRB-{count + 1:03}", at + access_rules.APPROVAL_WAITS
        head = made.head
        said = {
            "number": made.number, "digest": made.digest, "bytes": len(made.content), "corrects": made.corrects,
            "reason_code": str(head["reason_code"]),
        }  # fmt: skip
        draft = _draft("release.proposed", election, f"release:{made.number}", actor, at, said, record.typed(reason=str(head["reason"])))
        prepared = record.prepare([draft], at)
        row = ReleaseProposal.objects.create(
            election=election, code=code, content=made.content, digest=made.digest, number=made.number, person=actor.person,
            expires_at=expires_at, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _proposal(row, None, 0, at)


def approve(election: str, proposal: str, actor: facts.Actor, seen_hash: str, at: datetime) -> rules.Publication:
    """A second person sends out exactly what was seen. Unknown, NotOpen, SamePerson, SeenOther, ApprovalExpired, Overtaken."""
    with transaction.atomic():
        at = record.turn(at)
        row = _open_row(election, proposal, at)
        waiting_for = access_rules.Approval(
            proposal, "releases.approve", f"release:{row.number}", row.digest, row.person, "", row.expires_at
        )
        access_rules.approve(waiting_for, actor.person, seen_hash, at)
        made = rules.Publication(bytes(row.content), row.digest)
        rules.check(made)
        _check_next(election, made, at)
        prepared = record.prepare([_published(election, made, actor, at, (row.person, actor.person))], at)
        _write(election, made, actor.person, row.person, at, prepared[0].entry_id)
        ReleaseDecision.objects.create(proposal=row, outcome="approved", person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)
    return made


def turn_down(election: str, proposal: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The second person refuses. Unknown, NotOpen, ReasonMissing."""
    _close(election, proposal, "refused", reason, actor, at)


def withdraw(election: str, proposal: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The proposer takes it back. Unknown, NotOpen, NotProposer, ReasonMissing."""
    _close(election, proposal, "withdrawn", reason, actor, at)


def _close(election: str, proposal: str, outcome: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    words = _words(election, reason)
    with transaction.atomic():
        at = record.turn(at)
        row = _open_row(election, proposal, at)
        if outcome == "withdrawn" and actor.person != row.person:
            raise rules.NotProposer(code=proposal)
        said = {"number": row.number, "digest": row.digest}
        draft = _draft(f"release.{outcome}", election, f"release:{row.number}", actor, at, said, record.typed(reason=words))
        prepared = record.prepare([draft], at)
        ReleaseDecision.objects.create(
            proposal=row, outcome=outcome, reason=words, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)


def _check_next(election: str, made: rules.Publication, at: datetime) -> None:
    """It belongs here, follows the newest one, was not made after now, and corrects something that nobody has corrected. Overtaken."""
    before = latest(election, at)
    follows = (newest_number(election) + 1, before.digest if before else "")
    if made.head["election"] != election or made.made_at > at or (made.number, made.previous) != follows:
        raise rules.Overtaken(number=made.number)


def _published(
    election: str, made: rules.Publication, actor: facts.Actor, at: datetime, approvals: tuple[str, ...], basis: str = ""
) -> facts.Draft:
    head = made.head
    said: dict[str, object] = {
        "number": made.number, "digest": made.digest, "previous": made.previous, "rule": str(head["rule"]), "corrects": made.corrects,
        "reason_code": str(head["reason_code"]), "journal_size": int(head["journal_size"]), "journal_root": str(head["journal_root"]),
        "made_at": str(head["made_at"]),
        "figures": [f"{row['code']}={row['numerator']}/{row['denominator']}" for row in made.sections["figures"]],
    }  # fmt: skip
    corrected = ReleasePublication.objects.filter(election=election, number=made.corrects).values_list("entry_id", flat=True).first() or ""
    return facts.Draft(
        "release.published", election, f"release:{made.number}", record.election(election).region, actor, at, said,
        record.typed(reason=str(head["reason"])), corrects=corrected, reason=str(head["reason_code"]), approvals=approvals,
        procedure=basis,
    )  # fmt: skip


def _write(election: str, made: rules.Publication, person: str, proposer: str, at: datetime, entry_id: str) -> None:
    head = made.head
    with record.once(rules.Overtaken(number=made.number)):
        ReleasePublication.objects.create(
            election=election, number=made.number, content=made.content, digest=made.digest, previous=made.previous, rule=head["rule"],
            corrects=made.corrects, reason_code=head["reason_code"], reason=head["reason"], marks=head["marks"], made_at=made.made_at,
            proposer=proposer, person=person, occurred_at=at, entry_id=entry_id,
        )  # fmt: skip


def _words(election: str, typed: str) -> str:
    """A reason: long enough to be one, and neutral. ReasonMissing."""
    words = typed.strip()
    least, most = threshold_rules.SHORTEST_REASON, threshold_rules.LONGEST_REASON
    if not least <= len(words) <= most:
        raise rules.ReasonMissing(least=least, most=most)
    reports.check_neutral(election, words)
    return words


def _check_public_words(election: str, words: str) -> None:
    """What the public reads is neutral and names nobody. Guarded, NamesSomebody."""
    reports.check_neutral(election, words)
    spoken = set(re.findall(r"\w+", words.casefold()))
    known = any(set(name.casefold().split()) <= spoken for name in access.names().values() if name.strip())
    if known or report_rules.looks_like_a_person(words) in {"identity", "title"}:
        raise rules.NamesSomebody()


def _draft(
    kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object],
    private: Mapping[str, object] | None = None, approvals: tuple[str, ...] = (),
) -> facts.Draft:  # fmt: skip
    region = record.election(election).region
    return facts.Draft(kind, election, subject, region, actor, at, said, private or {}, approvals=approvals)


# --- what is recorded: standing rules -----------------------------------------------------------------------------------------


def propose_rule(
    election: str, sections: Iterable[str], minutes: Iterable[int], from_at: datetime, until_at: datetime, actor: facts.Actor, at: datetime
) -> Standing:
    """Lay a standing rule before the second person. BadRule, AlreadyProposed."""
    with transaction.atomic():
        at = record.turn(at)
        if any(one.state == "proposed" for one in standing(election, at)):
            raise rules.AlreadyProposed(election=election)
        code = f"ATR-{ReleaseRule.objects.filter(election=election).count() + 1:03}"
        begins = max(from_at, at)
        made = rules.StandingRule(code, tuple(sections), tuple(sorted(set(minutes))), begins, until_at, actor.person)
        said = {
            "rule": code, "sections": list(made.sections), "minutes": list(made.minutes), "from_at": rules.written(begins),
            "until_at": rules.written(until_at), "digest": made.digest,
        }  # fmt: skip
        prepared = record.prepare([_draft("release.rule_proposed", election, f"release_rule:{code}", actor, at, said)], at)
        ReleaseRule.objects.create(
            election=election, code=code, sections=list(made.sections), minutes=list(made.minutes), from_at=begins, until_at=until_at,
            digest=made.digest, person=actor.person, expires_at=at + access_rules.APPROVAL_WAITS, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return rule_of(election, code, at)


def approve_rule(election: str, code: str, actor: facts.Actor, seen_hash: str, at: datetime) -> Standing:
    """A second person puts a standing rule in force; it replaces the one before. Refusals: see `approve`."""
    with transaction.atomic():
        at = record.turn(at)
        row = _rule_row(election, code, at, "proposed", "expired")
        waiting_for = access_rules.Approval(code, "releases.approve", f"release_rule:{code}", row.digest, row.person, "", row.expires_at)
        access_rules.approve(waiting_for, actor.person, seen_hash, at)
        said = {"rule": code, "digest": row.digest}
        signed = (row.person, actor.person)
        draft = _draft("release.rule_approved", election, f"release_rule:{code}", actor, at, said, approvals=signed)
        prepared = record.prepare([draft], at)
        _step(row, "approved", "", actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return rule_of(election, code, at)


def turn_down_rule(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The second person refuses a standing rule. Unknown, NotOpen, ReasonMissing."""
    _close_rule(election, code, "refused", reason, actor, at)


def withdraw_rule(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The proposer takes a standing rule back. Unknown, NotOpen, NotProposer, ReasonMissing."""
    _close_rule(election, code, "withdrawn", reason, actor, at)


def _close_rule(election: str, code: str, outcome: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    words = _words(election, reason)
    with transaction.atomic():
        at = record.turn(at)
        row = _rule_row(election, code, at, "proposed")
        if outcome == "withdrawn" and actor.person != row.person:
            raise rules.NotProposer(code=code)
        said = {"rule": code, "digest": row.digest}
        draft = _draft(f"release.rule_{outcome}", election, f"release_rule:{code}", actor, at, said, record.typed(reason=words))
        prepared = record.prepare([draft], at)
        _step(row, outcome, words, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)


def stop_rule(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """One person stops a standing rule at once; only two start one again. Unknown, NotOpen, ReasonMissing."""
    words = _words(election, reason)
    with transaction.atomic():
        at = record.turn(at)
        row = _rule_row(election, code, at, "in_force")
        draft = _draft("release.rule_stopped", election, f"release_rule:{code}", actor, at, {"rule": code}, record.typed(reason=words))
        prepared = record.prepare([draft], at)
        _step(row, "stopped", words, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)


def _step(row: ReleaseRule, step: str, reason: str, actor: facts.Actor, at: datetime, entry_id: str) -> None:
    with record.once(rules.NotOpen(code=row.code)):
        ReleaseRuleStep.objects.create(rule=row, step=step, reason=reason, person=actor.person, occurred_at=at, entry_id=entry_id)


def publish_by_rule(
    election: str, code: str, slot_at: datetime, made: rules.Publication | None, refusal: str, at: datetime
) -> rules.Publication | None:
    """Send out what a standing rule asks for at a slot, or write down what kept it from it. Harmless when it is called twice.

    The rule's two people answer for it: they are the approvals of the entry, and the rule acts as the one who put it in force. A rule that
    was stopped meanwhile sends nothing. Overtaken where somebody published meanwhile: the worker makes it anew.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _rule_row(election, code, at, "in_force")
        if ReleaseRun.objects.filter(rule=row, slot_at=slot_at).exists():
            return None
        found = rule_of(election, code, at).rule
        actor = facts.Actor(found.approver, "KPU")
        if made is None:
            said = {"rule": code, "slot_at": rules.written(slot_at), "refusal": refusal}
            draft = _draft("release.run_failed", election, f"release_rule:{code}", actor, at, said)
        else:
            rules.check(made)
            _check_next(election, made, at)
            if made.head["rule"] != code:
                raise rules.Overtaken(number=made.number)
            draft = _published(election, made, actor, at, (found.proposer, found.approver), basis=code)
        prepared = record.prepare([draft], at)
        entry_id = prepared[0].entry_id
        if made is not None:
            _write(election, made, found.approver, found.proposer, at, entry_id)
        ReleaseRun.objects.create(
            rule=row, slot_at=slot_at, number=made.number if made else 0, refusal=refusal, occurred_at=at, entry_id=entry_id
        )
        record.append(prepared, at=at)
    return made


# --- what is read: publications ---------------------------------------------------------------------------------------------


def latest(election: str, at: datetime) -> rules.Publication | None:
    """What the public reads at an instant; None before the first publication."""
    row = ReleasePublication.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-number").first()
    return _publication(row) if row else None


def history(election: str, at: datetime) -> list[Entry]:
    """Every publication by then, newest first, with what corrected it. Nothing disappears."""
    rows = list(ReleasePublication.objects.filter(election=election, occurred_at__lte=at).defer("content"))
    rows.sort(key=lambda row: (row.occurred_at, row.number), reverse=True)
    by = {row.corrects: row for row in rows if row.corrects}
    return [_entry(row, by.get(row.number)) for row in rows]


def get(election: str, number: int, at: datetime, *, closed: bool = False) -> rules.Publication:
    """One publication. Unknown; Closed where it was corrected as "not for the public", unless `closed` asks for those too."""
    row = _one(ReleasePublication.objects.filter(election=election, number=number, occurred_at__lte=at), str(number))
    withdrawn = ReleasePublication.objects.filter(
        election=election, corrects=number, reason_code="not_public", occurred_at__lte=at
    ).exists()
    if withdrawn and not closed:
        raise rules.Closed(number=number)
    return _publication(row)


def _publication(row: ReleasePublication) -> rules.Publication:
    return rules.Publication(bytes(row.content), row.digest)


def _entry(row: ReleasePublication, by: ReleasePublication | None) -> Entry:
    return Entry(
        row.number, row.digest, row.previous, row.made_at, row.occurred_at, row.rule, row.corrects, row.reason_code, row.reason,
        tuple(row.marks), row.proposer, row.person, row.entry_id, by.number if by else 0, bool(by and by.reason_code == "not_public"),
    )  # fmt: skip


# --- what is read: proposals and rules --------------------------------------------------------------------------------------


def proposals(election: str, at: datetime, most: int = 20) -> list[Proposal]:
    """Proposals by then, newest first, with what became of each."""
    rows = list(ReleaseProposal.objects.filter(election=election, occurred_at__lte=at).defer("content").order_by("-id")[:most])
    decided = {d.proposal_id: d for d in ReleaseDecision.objects.filter(proposal__in=rows, occurred_at__lte=at)}
    newest = newest_number(election)
    return [_proposal(row, decided.get(row.pk), newest, at) for row in rows]


def open_proposal(election: str, at: datetime) -> Proposal | None:
    """The one that waits for a second person."""
    return next((one for one in proposals(election, at) if not one.outcome), None)


def proposal(election: str, code: str, at: datetime) -> Proposal:
    """One proposal. Unknown."""
    row = _one(ReleaseProposal.objects.filter(election=election, code=code, occurred_at__lte=at), code)
    return _proposal(row, ReleaseDecision.objects.filter(proposal=row, occurred_at__lte=at).first(), newest_number(election), at)


def newest_number(election: str) -> int:
    """The number of the last publication written; 0 before the first."""
    return ReleasePublication.objects.filter(election=election).aggregate(last=models.Max("number"))["last"] or 0


def _open_row(election: str, code: str, at: datetime) -> ReleaseProposal:
    row = _one(ReleaseProposal.objects.filter(election=election, code=code, occurred_at__lte=at), code)
    if ReleaseDecision.objects.filter(proposal=row).exists():
        raise rules.NotOpen(code=code)
    return row


def proposed(election: str, code: str, at: datetime) -> rules.Publication:
    """The publication of a proposal, exactly as it waits. Unknown."""
    row = _one(ReleaseProposal.objects.filter(election=election, code=code, occurred_at__lte=at), code)
    return rules.Publication(bytes(row.content), row.digest)


def _proposal(row: ReleaseProposal, decided: ReleaseDecision | None, newest: int, at: datetime) -> Proposal:
    held = (row.code, row.number, row.digest, row.person, row.occurred_at, row.expires_at)
    if decided:
        return Proposal(*held, decided.outcome, decided.reason, decided.person, decided.occurred_at)
    return Proposal(*held, "expired" if at >= row.expires_at else "overtaken" if newest >= row.number else "")


def standing(election: str, at: datetime) -> list[Standing]:
    """Standing rules by then, newest first, with what became of each."""
    rows = list(ReleaseRule.objects.filter(election=election, occurred_at__lte=at).order_by("-id"))
    steps: dict[int, dict[str, ReleaseRuleStep]] = {row.pk: {} for row in rows}
    for step in ReleaseRuleStep.objects.filter(rule__in=rows, occurred_at__lte=at):
        steps[step.rule_id][step.step] = step
    runs: dict[int, ReleaseRun] = {}
    for run in ReleaseRun.objects.filter(rule__in=rows, occurred_at__lte=at).order_by("slot_at"):
        runs[run.rule_id] = run
    approved = [(steps[row.pk]["approved"].occurred_at, row.pk) for row in rows if "approved" in steps[row.pk]]
    newest = max(approved)[1] if approved else 0
    return [_standing(row, steps[row.pk], runs.get(row.pk), newest, at) for row in rows]


def rule_of(election: str, code: str, at: datetime) -> Standing:
    """One standing rule. Unknown."""
    found = next((one for one in standing(election, at) if one.rule.code == code), None)
    if found is None:
        raise rules.Unknown(thing=code[:20])
    return found


def in_force(election: str, at: datetime) -> Standing | None:
    """The standing rule that publishes now."""
    return next((one for one in standing(election, at) if one.state == "in_force"), None)


def due(election: str, at: datetime) -> tuple[Standing, datetime] | None:
    """The rule and the slot for which it has not yet run; None where nothing is due."""
    found = in_force(election, at)
    slot = found.rule.due(found.last_at, at) if found else None
    return (found, slot) if found and slot else None


def runs(election: str, at: datetime, most: int = 20) -> list[ReleaseRun]:
    """The latest runs of standing rules, newest first."""
    rows = ReleaseRun.objects.select_related("rule").filter(rule__election=election, occurred_at__lte=at)
    return list(rows.order_by("-slot_at", "-id")[:most])


def _rule_row(election: str, code: str, at: datetime, *states: str) -> ReleaseRule:
    if rule_of(election, code, at).state not in states:
        raise rules.NotOpen(code=code)
    return _one(ReleaseRule.objects.filter(election=election, code=code), code)


_ENDED = {"refused": "refused", "withdrawn": "withdrawn", "stopped": "stopped"}


def _standing(row: ReleaseRule, steps: Mapping[str, ReleaseRuleStep], run: ReleaseRun | None, newest: int, at: datetime) -> Standing:
    approved = steps.get("approved")
    rule = rules.StandingRule(
        row.code, tuple(row.sections), tuple(row.minutes), row.from_at, row.until_at, row.person, approved.person if approved else ""
    )
    ended = next((steps[name] for name in _ENDED if name in steps), None)
    if ended:
        state = _ENDED[ended.step]
    elif approved is None:
        state = "expired" if at >= row.expires_at else "proposed"
    elif row.pk != newest:
        state = "replaced"
    else:
        state = "over" if at >= row.until_at else "in_force"
    return Standing(
        rule=rule, state=state, proposed_at=row.occurred_at, expires_at=row.expires_at, reason=ended.reason if ended else "",
        ended_by=ended.person if ended else "", ended_at=ended.occurred_at if ended else None, last_at=run.slot_at if run else None,
        last_refusal=run.refusal if run else "",
    )  # fmt: skip


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.Unknown(thing=code[:20])
    return row


# --- inbox, search, early warnings ------------------------------------------------------------------------------------------


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the second person: what waits for a yes. For the proposer: what ran out or was overtaken, and a rule that could not publish."""
    place = record.election(election).region

    def mine(act: str) -> bool:
        return access_rules.may(person, act, access_rules.Thing("releases", "", place), access_rules.Purpose.DUTY, (), at).allowed

    tasks = []
    if mine("releases.approve"):
        waits = open_proposal(election, at)
        if waits and waits.person != person.id:
            label = f"Terbitan {waits.number}"
            tasks.append(facts.Task("releases.approve", "releases", f"proposal:{waits.code}", label, waits.expires_at, (waits.code,)))
        for one in standing(election, at):
            if one.state == "proposed" and one.rule.proposer != person.id:
                subject = f"release_rule:{one.rule.code}"
                tasks.append(facts.Task("releases.approve_rule", "releases", subject, one.rule.code, one.expires_at))
    if mine("releases.propose"):
        found = in_force(election, at)
        if found and found.last_refusal:
            tasks.append(facts.Task("releases.failed", "releases", f"release_rule:{found.rule.code}", found.rule.code, found.last_at))
        last = next(iter(proposals(election, at, 1)), None)
        if last and last.outcome == "expired" and last.person == person.id:
            label = f"Terbitan {last.number}"
            tasks.append(facts.Task("releases.expired", "releases", f"proposal:{last.code}", label, None))
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Publications by number ("terbitan 12") or by the beginning of their digest."""
    word = text.strip().lower().removeprefix("terbitan").strip()
    if not word:
        return []
    found = [e for e in history(election, at) if str(e.number) == word or (len(word) >= 6 and e.digest.startswith(word))]
    return [facts.Hit("releases", f"Terbitan {e.number}", e.digest[:12], (str(e.number),)) for e in found]


def limits(election: str, at: datetime) -> rules.Limits:
    """The thresholds in force."""
    return thresholds.limits(election, "releases", rules.Limits(), at)


# --- erasing words (see record.Eraser) ----------------------------------------------------------------------------------------


def _erase_reason(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Why a proposal or a rule did not go on; that it did not, and who said so, stays."""
    del at
    ReleaseDecision.objects.filter(entry_id=entry_id).exclude(reason="").update(reason=mark)
    ReleaseRuleStep.objects.filter(entry_id=entry_id).exclude(reason="").update(reason=mark)
    return ()


WORDS: dict[str, record.Eraser] = dict.fromkeys(
    ("release.refused", "release.withdrawn", "release.rule_refused", "release.rule_withdrawn", "release.rule_stopped"), _erase_reason
)
