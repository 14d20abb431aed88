"""Stage misuse: the overseer's box. Two forms put in; only Bawaslu reads. No other stage may import this file (see .importlinter).

The sender is never recorded: the journal's actor is the form. The journal entry stands at the region with kind and number alone; what
was said, which post it is about and what kind of misuse are private and can be erased.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from random import SystemRandom

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import misuse as rules
from posko.domain import record as facts
from posko.domain import reports as ticket_rules
from posko.store import posts, record

SENDERS = {rules.Channel.PUBLIC: facts.Actor("publik", "PUBLIK"), rules.Channel.STAFF: facts.Actor("petugas", "PETUGAS")}


class MisuseCase(models.Model):
    """What is known of a case without its words."""

    number = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    ticket_hash = models.CharField(max_length=64, unique=True)
    category = models.CharField(max_length=12)
    channel = models.CharField(max_length=12)
    post = models.CharField(max_length=24, blank=True)
    happened_at = models.DateTimeField(null=True)
    masked = models.PositiveSmallIntegerField(default=0)
    mark = models.CharField(max_length=20, blank=True)
    erased_at = models.DateTimeField(null=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "misuse_case"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="misuse_case_number"),)


class MisuseWords(models.Model):
    """What was said and how to reach the person. A row that is erased is gone."""

    case = models.OneToOneField(MisuseCase, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    contact = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "misuse_words"


class MisuseStep(models.Model):
    """A status its sender may read, with the overseer's answer."""

    case = models.ForeignKey(MisuseCase, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, blank=True)
    answer = models.TextField(blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "misuse_step"


# --- what the forms need ---------------------------------------------------------------------------------------------------


def coming(at: datetime) -> facts.Election | None:
    """The election that comes next, or the last one."""
    held = record.elections()
    return next((e for e in held if e.voting_at >= at), held[-1] if held else None)


def choices(election: str, at: datetime) -> list[tuple[str, str]]:
    """(code, name) of every post, closed ones too: what happened there does not end with it."""
    return [(p.code, p.name) for p in posts.listing(election, at)]


def file(election: str, filing: rules.Filing, at: datetime) -> str:
    """Puts a case into the overseer's box and gives its ticket, which only the sender keeps."""
    sender = SENDERS[filing.channel]
    with transaction.atomic():
        at = record.turn(at)
        region = record.election(election).region
        ticket = ticket_rules.new_ticket(SystemRandom())
        number = f"SLH-{MisuseCase.objects.filter(election=election).count() + 1:03}"
        mark = "[SIMULASI]" if record.installation().demo else ""
        private: dict[str, str] = {
            "text": filing.words.text, "contact": filing.words.contact, "category": filing.category.value, "post": filing.post,
            "happened_at": record.stamp(filing.happened_at) if filing.happened_at else "",
        }  # fmt: skip
        draft = facts.Draft("misuse.filed", election, f"misuse:{number}", region, sender, at, {"mark": mark}, private=private)
        prepared = record.prepare([draft], at)
        entry_id = prepared[0].entry_id
        row = MisuseCase.objects.create(
            number=number, election=election, ticket_hash=ticket_rules.ticket_hash(ticket), category=filing.category.value,
            channel=filing.channel.value, post=filing.post, happened_at=filing.happened_at, masked=filing.masked, mark=mark,
            occurred_at=at, entry_id=entry_id,
        )  # fmt: skip
        MisuseWords.objects.create(case=row, text=filing.words.text, contact=filing.words.contact)
        MisuseStep.objects.create(case=row, status=rules.Status.RECEIVED.value, person="", occurred_at=at, entry_id=entry_id)
        record.append(prepared, at=at)
    return ticket


def by_ticket(ticket: str, at: datetime) -> rules.Case:
    """The case of a parsed ticket, for its sender: status, outcome, dates. Unknown."""
    found = _values(MisuseCase.objects.filter(ticket_hash=ticket_rules.ticket_hash(ticket), occurred_at__lte=at), at)
    if not found:
        raise rules.Unknown(number="")
    return found[0]


def answer_of(case: rules.Case, at: datetime) -> str:
    """The overseer's last words to the sender; "" where there are none."""
    steps = MisuseStep.objects.filter(case__election=case.election, case__number=case.number, occurred_at__lte=at).exclude(answer="")
    return steps.order_by("-occurred_at", "-id").values_list("answer", flat=True).first() or ""


# --- what the overseer does --------------------------------------------------------------------------------------------------


def step(
    election: str,
    number: str,
    status: rules.Status,
    actor: facts.Actor,
    at: datetime,
    *,
    outcome: rules.Outcome | None = None,
    answer: str = "",
) -> None:
    """The next step, which the sender reads from now on. Unknown, NoStep, NoOutcome, TooLong."""
    said_answer = rules.answer(answer)
    with transaction.atomic():
        at = record.turn(at)
        case = get(election, number, at)
        rules.check_step(case, status, outcome)
        ended = outcome.value if outcome else ""
        private = {"answer": said_answer, "outcome": ended} if said_answer or ended else {}
        region = record.election(election).region
        draft = facts.Draft("misuse.stepped", election, f"misuse:{number}", region, actor, at, {"status": status.value}, private=private)
        prepared = record.prepare([draft], at)
        MisuseStep.objects.create(
            case=_row(election, number), status=status.value, outcome=ended, answer=said_answer, person=actor.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def erase(election: str, number: str, actor: facts.Actor, at: datetime) -> None:
    """Erases what was said, the contact and the answers, here and in the journal. Unknown, AlreadyErased."""
    with transaction.atomic():
        at = record.turn(at)
        case = get(election, number, at)
        if case.erased:
            raise rules.AlreadyErased(number=number)
        row = _row(election, number)
        MisuseWords.objects.filter(case=row).delete()
        MisuseCase.objects.filter(pk=row.pk).update(erased_at=at)
        for entry_id in MisuseStep.objects.filter(case=row).values_list("entry_id", flat=True).distinct():
            record.erase(entry_id, at)
        MisuseStep.objects.filter(case=row).update(answer="")
        region = record.election(election).region
        record.append([facts.Draft("misuse.erased", election, f"misuse:{number}", region, actor, at, {})], at=at)


def listing(election: str, at: datetime) -> list[rules.Case]:
    """Cases received by then, newest first, as they stood then."""
    return _values(MisuseCase.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id"), at)


def get(election: str, number: str, at: datetime) -> rules.Case:
    """One case. Unknown."""
    found = _values(MisuseCase.objects.filter(election=election, number=number, occurred_at__lte=at), at)
    if not found:
        raise rules.Unknown(number=number[:20])
    return found[0]


def words(election: str, number: str) -> rules.Words | None:
    """What was said; None where it was erased."""
    row = MisuseWords.objects.filter(case__election=election, case__number=number).first()
    return rules.Words(row.text, row.contact) if row else None


def _row(election: str, number: str) -> MisuseCase:
    return MisuseCase.objects.get(election=election, number=number)


def _values(rows: Iterable[MisuseCase], at: datetime) -> list[rules.Case]:
    found = list(rows)
    steps: dict[int, list[rules.Step]] = defaultdict(list)
    for one in MisuseStep.objects.filter(case__in=found, occurred_at__lte=at).order_by("occurred_at", "id"):
        ended = rules.Outcome(one.outcome) if one.outcome else None
        steps[one.case_id].append(rules.Step(rules.Status(one.status), one.occurred_at, ended))
    return [
        rules.Case(
            row.number, row.election, rules.Category(row.category), rules.Channel(row.channel), row.post, row.occurred_at,
            tuple(steps[row.pk]), row.happened_at, row.masked, row.mark, row.erased_at is not None, row.entry_id,
        )
        for row in found
    ]  # fmt: skip


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For Bawaslu alone: cases that wait for a step, with the promised time."""
    if person.agency != "BAWASLU":
        return []
    due = [(case, rules.due_at(case)) for case in listing(election, at)]
    return [
        facts.Task(f"misuse.{case.status.value}", "misuse", f"misuse:{case.number}", case.number, when, (case.number,))
        for case, when in due
        if when is not None
    ]


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """For Bawaslu alone: cases by number."""
    word = text.strip().lower()
    if person.agency != "BAWASLU" or not word:
        return []
    return [facts.Hit("misuse", c.number, "", (c.number,)) for c in listing(election, at) if word in c.number.lower()][:20]
