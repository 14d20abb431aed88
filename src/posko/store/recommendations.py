"""Stage recommendations: a chain of events per recommendation; what it is now is their fold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import recommendations as rules
from posko.domain import record as facts
from posko.domain.recommendations import Act, State
from posko.store import access, record, reports

LETTER_PREFIX = "POSKO-PEMILU"


class Recommendation(models.Model):
    """What never changes about it."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "recommendations_recommendation"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="recommendations_code"),)


class Event(models.Model):
    """One act. `text` is there where the act wrote the text (drafted, revised); appended, never changed."""

    recommendation = models.ForeignKey(Recommendation, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=20)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    said = models.JSONField(default=dict)
    text = models.JSONField(null=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "recommendations_event"


# --- what is written -------------------------------------------------------------------------------------------------------


def draft(
    election: str,
    *,
    subject: str,
    addressee: str,
    nature: rules.Nature,
    due_at: datetime,
    slots: rules.Slots,
    actor: facts.Actor,
    at: datetime,
    aght: Iterable[str] = (),
) -> str:
    """A new draft; gives its code. Empty, TooLong, Commands, DeadlinePast, Guarded."""
    with transaction.atomic():
        held = record.election(election)
        text = rules.text(subject, addressee, nature, due_at, slots, voting_at=held.voting_at, at=at, aght=aght)
        reports.check_neutral(election, text.subject, *asdict(text.slots).values())
        code = f"REK-{Recommendation.objects.filter(election=election).count() + 1:02}"
        event = rules.Event(Act.DRAFT, actor.person, actor.agency, at, {}, text)
        rules.drafted(code, event, held.voting_at)
        prepared = record.prepare([_entry(election, code, held.region, event, actor)], at)
        row = Recommendation.objects.create(
            code=code, election=election, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        _write(row, event, prepared[0].entry_id)
        record.append(prepared, at=at)
    return code


def revise(
    election: str,
    code: str,
    *,
    subject: str,
    addressee: str,
    nature: rules.Nature,
    due_at: datetime,
    slots: rules.Slots,
    actor: facts.Actor,
    at: datetime,
    aght: Iterable[str] = (),
) -> None:
    """Another text for a draft or one that came back. NoStep, NotAuthor, and as `draft`."""
    voting_at = record.election(election).voting_at
    text = rules.text(subject, addressee, nature, due_at, slots, voting_at=voting_at, at=at, aght=aght)
    reports.check_neutral(election, text.subject, *asdict(text.slots).values())
    act(election, code, Act.REVISE, {}, actor, at, text=text)


def act(
    election: str,
    code: str,
    what: Act,
    said: Mapping[str, str],
    actor: facts.Actor,
    at: datetime,
    *,
    text: rules.Text | None = None,
) -> rules.Recommendation:
    """One act of one person. The number of a letter is given here. Every refusal of `domain.recommendations.check`; Guarded."""
    words = {name: value.strip() for name, value in said.items() if value.strip()}
    with transaction.atomic():
        held = record.election(election)
        row = Recommendation.objects.select_for_update().filter(election=election, code=code, occurred_at__lte=at).first()
        if row is None:
            raise rules.Unknown(code=code)
        rec = get(election, code, at)
        if what is Act.ISSUE:
            words["number"] = _next_number(election, at)
        if actor.agency == rec.agency:
            reports.check_neutral(election, *words.values())
        event = rules.Event(what, actor.person, actor.agency, at, words, text)
        after = rules.apply(rec, event)
        if what is Act.ISSUE:
            words["digest"] = after.digest
        prepared = record.prepare([_entry(election, code, held.region, event, actor)], at)
        _write(row, event, prepared[0].entry_id)
        record.append(prepared, at=at)
    return after


def _next_number(election: str, at: datetime) -> str:
    issued = Event.objects.filter(act=Act.ISSUE.value, recommendation__election=election).count()
    return rules.letter_number(issued + 1, LETTER_PREFIX, at)


def _entry(election: str, code: str, region: str, event: rules.Event, actor: facts.Actor) -> facts.Draft:
    said: dict[str, str | int] = dict(event.said)
    if event.text:
        said |= {f"text_{name}": value for name, value in _text_row(event.text).items()}
        said["text_digest"] = event.text.digest()
    return facts.Draft(f"recommendation.{event.act.value}", election, f"recommendation:{code}", region, actor, event.at, said)


def _text_row(text: rules.Text) -> dict[str, str]:
    return {
        "subject": text.subject,
        "addressee": text.addressee,
        "nature": text.nature.value,
        "due_at": rules.written(text.due_at),
        "aght": " ".join(text.aght),
        **asdict(text.slots),
    }


def _write(row: Recommendation, event: rules.Event, entry_id: str) -> None:
    Event.objects.create(
        recommendation=row,
        act=event.act.value,
        person=event.person,
        agency=event.agency,
        said=dict(event.said),
        text=_text_row(event.text) if event.text else None,
        occurred_at=event.at,
        entry_id=entry_id,
    )


# --- what is read ----------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime) -> list[rules.Recommendation]:
    """Every recommendation drafted by then as it stood, oldest first."""
    rows = list(Recommendation.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    events: dict[int, list[rules.Event]] = defaultdict(list)
    for event in Event.objects.filter(recommendation__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        events[event.recommendation_id].append(_event(event))
    voting_at = record.election(election).voting_at
    return [rules.replay(row.code, events[row.pk], voting_at) for row in rows]


def get(election: str, code: str, at: datetime) -> rules.Recommendation:
    """One recommendation as it stood then. Unknown."""
    for rec in listing(election, at):
        if rec.code == code:
            return rec
    raise rules.Unknown(code=code)


def resting_on(election: str, aght: str, at: datetime) -> list[rules.Recommendation]:
    """Recommendations that rest on an AGHT item."""
    return [rec for rec in listing(election, at) if aght in rec.text.aght]


def _event(row: Event) -> rules.Event:
    text = _text(row.text) if row.text else None
    return rules.Event(Act(row.act), row.person, row.agency, row.occurred_at, dict(row.said), text, row.entry_id)


def _text(row: Mapping[str, Any]) -> rules.Text:
    slots = rules.Slots(**{name: str(row[name]) for name in (*rules.REQUIRED, "tembusan")})
    due_at = rules.instant(str(row["due_at"]))
    return rules.Text(
        str(row["subject"]), str(row["addressee"]), rules.Nature(row["nature"]), due_at, slots, tuple(str(row["aght"]).split())
    )


def allowed(rec: rules.Recommendation, person: access_rules.Person, at: datetime) -> list[Act]:
    """Acts that this person may do now: the state allows it, the policy allows it, and no rule about persons forbids it."""
    return [what for what in rules.next_acts(rec.state) if _can(rec, what, person, at)]


def _can(rec: rules.Recommendation, what: Act, person: access_rules.Person, at: datetime) -> bool:
    side = rec.agency if rules.MOVES[what].side == "own" else rec.addressee
    if person.agency != side or rules.excluded(rec, what, person.id):
        return False
    thing = access_rules.Thing(kind="recommendations", id=rec.code, place=_region(rec), owner="", classification="terbatas")
    purpose = access_rules.Purpose.DUTY
    decision = access_rules.may(person, rules.PERMISSION[what], thing, purpose=purpose, agreements=access.agreements(at), at=at)
    return decision.allowed


def _region(_rec: rules.Recommendation) -> str:
    return record.installation().region


_FIRST = {
    State.DRAF: Act.SUBMIT,
    State.DIKEMBALIKAN: Act.SUBMIT,
    State.TELAAH: Act.APPROVE,
    State.DISETUJUI: Act.ISSUE,
    State.TERBIT: Act.RECEIVE,
    State.DITERIMA: Act.ACCEPT,
    State.DISETUJUI_PENERIMA: Act.FOLLOW,
    State.SEBAGIAN: Act.FOLLOW,
    State.TINDAK_LANJUT: Act.CLAIM,
    State.SELESAI_DIKLAIM: Act.VERIFY,
    State.VERIFIKASI: Act.CLOSE,
}
"""The act that is awaited in a state, for the inbox and the line "menunggu"."""


def awaited(rec: rules.Recommendation) -> tuple[Act, str] | None:
    """(the act that is awaited, the agency it is awaited from); None at an end."""
    what = _FIRST.get(rec.state)
    if what is None:
        return None
    return what, rec.agency if rules.MOVES[what].side == "own" else rec.addressee


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Recommendations whose awaited act is this person's."""
    tasks = []
    for rec in listing(election, at):
        due = awaited(rec)
        if due and _can(rec, due[0], person, at):
            kind = f"recommendations.{rec.state.value.lower()}"
            tasks.append(
                facts.Task(kind, "recommendations", f"recommendation:{rec.code}", f"{rec.code} {rec.title}", rec.due_at, (rec.code,))
            )
    return tasks


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Recommendations by code, number or subject, as far as this person may see them."""
    word = text.strip().lower()
    if not word:
        return []
    visible = [rec for rec in listing(election, at) if visible_to(rec, person.agency)]
    hits = [rec for rec in visible if any(word in part.lower() for part in (rec.code, rec.number, rec.title))]
    return [facts.Hit("recommendation", f"{rec.code} {rec.title}", rec.state.value, (rec.code,)) for rec in hits[:20]]


def visible_to(rec: rules.Recommendation, agency: str) -> bool:
    """Drafts are the post's own; once issued the addressee, Bawaslu and the invited agencies read it."""
    return agency in {rec.agency, "BAWASLU"} or rec.state in rules.FROZEN
