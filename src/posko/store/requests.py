"""Stage requests: rows hold codes and times; what was asked and said stands in the erasable part of the entries, files in evidence."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import record as facts
from posko.domain import requests as rules
from posko.store import access, evidence, record, reports, thresholds


class RequestsRow(models.Model):
    """A request as it was sent; `nonce` of the form it came from, so that a second click sends nothing."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    nonce = models.CharField(max_length=40)
    asker = models.CharField(max_length=12)
    asked = models.CharField(max_length=12)
    named = models.JSONField(default=list)
    kind = models.CharField(max_length=12)
    urgency = models.CharField(max_length=16)
    due_at = models.DateTimeField()
    origin = models.CharField(max_length=20, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "requests_request"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="requests_request_code"),
            models.UniqueConstraint(fields=["election", "nonce"], name="requests_request_once"),
        )


class RequestStepRow(models.Model):
    """What happened to a request."""

    request = models.ForeignKey(RequestsRow, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    state = models.CharField(max_length=12)
    agency = models.CharField(max_length=12)
    reason = models.CharField(max_length=30, blank=True)
    to = models.CharField(max_length=12, blank=True)
    child = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "requests_step"


# --- who reads it ----------------------------------------------------------------------------------------------------------


def thing_of(request: rules.Request) -> access_rules.Thing:
    """A request as the policy sees it: the asker's, named to the asked and to those beside them; Bawaslu reads by law."""
    region = record.installation().region
    return access_rules.Thing("requests", request.code, region, owner=request.asker, named=request.readers)


def visible(person: access_rules.Person, election: str, at: datetime) -> list[rules.Request]:
    """The requests that a person may read: the same answer as `may` on each."""
    seen = access_rules.scope(person, "requests.read", "requests", access_rules.Purpose.DUTY, access.agreements(at), at)
    return [one for one in listing(election, at) if seen.covers(thing_of(one))]


# --- what is written -------------------------------------------------------------------------------------------------------


def ask(
    election: str,
    *,
    asked: str,
    kind: str,
    title: str,
    words: str,
    urgency: str,
    due_at: datetime,
    nonce: str,
    actor: facts.Actor,
    at: datetime,
    named: Iterable[str] = (),
    proofs: Iterable[evidence_rules.Kept] = (),
) -> str:
    """Sends a request; gives its code PMT-001 ... The same form twice sends one. What `rules.check_ask` refuses; reports.Guarded."""
    kept = list(proofs)
    with transaction.atomic():
        at = record.turn(at)
        known = RequestsRow.objects.filter(election=election, nonce=nonce[:40]).first()
        if known is not None:
            return known.code
        title, words = (reports.tidied(election, typed) for typed in (title, words))
        beside = rules.check_ask(actor.agency, asked, kind, title, words, urgency, due_at, named, at)
        if len(kept) > rules.MOST_FILES:
            raise rules.TooManyFiles(most=rules.MOST_FILES)
        sent = rules.Request(
            _next_code(election), actor.agency, asked, rules.Kind(kind), title, words, rules.Urgency(urgency), due_at, at, actor.person,
            beside, mark=_mark(),
        )  # fmt: skip
        prepared = record.prepare([_sent(election, sent, actor, at, kept)], at)
        _write(election, sent, nonce, prepared[0].entry_id)
        _bind(election, sent, kept, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return sent.code


def act(
    election: str,
    code: str,
    what: rules.Act,
    actor: facts.Actor,
    at: datetime,
    *,
    seen: str,
    words: str = "",
    reason: str = "",
    to: str = "",
    due_at: datetime | None = None,
    proofs: Iterable[evidence_rules.Kept] = (),
) -> rules.Step:
    """A step of a request, with files. `seen`: `last_id` of the page. Unknown, SeenOther, what `rules.next_step` refuses, reports.Guarded.

    What is not theirs and goes to another agency of the table is sent there at once, under a code of its own, for the same asker.
    """
    kept = list(proofs)
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        if actor.agency not in before.readers:
            raise rules.Unknown(code=code[:20])
        if seen != before.last_id:
            raise rules.SeenOther(code=code)
        said = reports.tidied(election, words)
        chain = _chain(election, before, at)
        step = rules.next_step(before, what, actor, at, words=said, reason=reason, to=to, due_at=due_at, files=len(kept), chain=chain)
        child = _child(election, before, step, actor, at) if step.to in rules.AGENCIES else None
        step = replace(step, child=child.code if child else "")
        undone = before.last_id if step.act is rules.Act.UNDO else ""
        drafts = [replace(_stepped(election, before, step, actor, kept), corrects=undone)]
        drafts += [_sent(election, child, actor, at, [])] if child else []
        prepared = record.prepare(drafts, at)
        RequestStepRow.objects.create(
            request=RequestsRow.objects.get(election=election, code=code), act=step.act.value, state=step.state.value, agency=step.agency,
            reason=step.reason, to=step.to, child=step.child, due_at=step.due_at, person=step.person, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        if child:
            _write(election, child, f"{code}>{child.code}", prepared[1].entry_id)
        _bind(election, before, kept, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return replace(step, entry_id=prepared[0].entry_id)


def _next_code(election: str) -> str:
    return f"PMT-{RequestsRow.objects.filter(election=election).count() + 1:03}"


def _chain(election: str, request: rules.Request, at: datetime) -> set[str]:
    """The agencies that have passed this request on before."""
    found, origin = set(), request.origin
    while origin:
        earlier = get(election, origin, at)
        found.add(earlier.asked)
        origin = earlier.origin
    return found


def _child(election: str, request: rules.Request, step: rules.Step, actor: facts.Actor, at: datetime) -> rules.Request:
    return replace(
        request, code=_next_code(election), asked=step.to, first_due_at=rules.forwarded_due(request, at), sent_at=at, person=actor.person,
        named=tuple(a for a in request.named if a != step.to), origin=request.code, steps=(), entry_id="",
    )  # fmt: skip


def _sent(election: str, r: rules.Request, actor: facts.Actor, at: datetime, kept: list[evidence_rules.Kept]) -> facts.Draft:
    said: dict[str, object] = {
        "asker": r.asker, "asked": r.asked, "readers": sorted(r.readers), "kind": r.kind.value, "urgency": r.urgency.value,
        "due_at": record.stamp(r.first_due_at), "origin": r.origin, "files": [k.sha256 for k in kept], "mark": r.mark,
    }  # fmt: skip
    region = record.election(election).region
    private = record.typed(title=r.title, words=r.words)
    return facts.Draft("request.sent", election, f"request:{r.code}", region, actor, at, said, private=private)


_PAST = {
    rules.Act.RECEIVE: "received", rules.Act.GIVE: "given", rules.Act.GIVE_PART: "partly_given", rules.Act.REFUSE: "refused",
    rules.Act.FORWARD: "forwarded", rules.Act.CLOSE: "closed", rules.Act.REOPEN: "reopened", rules.Act.WITHDRAW: "withdrawn",
    rules.Act.UNDO: "undone",
}  # fmt: skip


def _stepped(election: str, r: rules.Request, step: rules.Step, actor: facts.Actor, kept: list[evidence_rules.Kept]) -> facts.Draft:
    told: dict[str, object] = {
        "state": step.state.value, "readers": sorted(r.readers), "reason_code": step.reason, "to": step.to, "child": step.child,
        "due_at": record.stamp(step.due_at) if step.due_at else "", "files": [k.sha256 for k in kept], "mark": r.mark,
    }  # fmt: skip
    region = record.election(election).region
    private = record.typed(words=step.words)
    return facts.Draft(f"request.{_PAST[step.act]}", election, f"request:{r.code}", region, actor, step.at, told, private=private)


def _write(election: str, r: rules.Request, nonce: str, entry_id: str) -> None:
    RequestsRow.objects.create(
        election=election, code=r.code, nonce=nonce[:40], asker=r.asker, asked=r.asked, named=list(r.named), kind=r.kind.value,
        urgency=r.urgency.value, due_at=r.first_due_at, origin=r.origin, mark=r.mark, person=r.person, occurred_at=r.sent_at,
        entry_id=entry_id,
    )  # fmt: skip


def _bind(election: str, r: rules.Request, kept: list[evidence_rules.Kept], actor: facts.Actor, at: datetime, entry_id: str) -> None:
    for one in {k.sha256: k for k in kept}.values():
        what = "signed_scan" if one.kind == "pdf" else "photo"
        evidence.bind(election, "requests", f"request:{r.code}", what, one, actor, at, entry_id, r.mark)


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


# --- what is read ----------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime) -> list[rules.Request]:
    """Every request sent by then as it stood, oldest first. Who may read which is `visible`'s part."""
    rows = list(RequestsRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    taken = RequestStepRow.objects.filter(request__in=rows, occurred_at__lte=at).order_by("occurred_at", "id")
    steps: dict[int, list[RequestStepRow]] = defaultdict(list)
    for one in taken:
        steps[one.request_id].append(one)
    private = record.privates([*(r.entry_id for r in rows), *(s.entry_id for found in steps.values() for s in found)])
    return [_request(row, steps[row.pk], private) for row in rows]


def _request(r: RequestsRow, steps: Iterable[RequestStepRow], private: record.Privates) -> rules.Request:
    taken = tuple(
        rules.Step(
            rules.Act(s.act), rules.State(s.state), s.occurred_at, s.person, s.agency, private.text(s.entry_id, "words"), s.reason, s.to,
            s.child, s.due_at, s.entry_id,
        )
        for s in steps
    )  # fmt: skip
    return rules.Request(
        r.code, r.asker, r.asked, rules.Kind(r.kind), private.text(r.entry_id, "title"), private.text(r.entry_id, "words"),
        rules.Urgency(r.urgency), r.due_at, r.occurred_at, r.person, tuple(r.named), r.origin, taken, r.mark, r.entry_id,
    )  # fmt: skip


def get(election: str, code: str, at: datetime) -> rules.Request:
    """One request, whoever asks. Unknown."""
    for found in listing(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(code=code[:20])


def overdue(election: str, at: datetime) -> list[rules.Request]:
    """Requests whose answer is late, the oldest deadline first: offered to the agenda of the next rakor.

    An agenda is read by everybody at the table: it names code, kind and the two agencies, never what was asked.
    """
    return rules.overdue(listing(election, at), at)


_REMINDERS = {"half": " · pengingat: separuh waktu sudah lewat", "due": " · pengingat: tenggat lewat"}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the asked: to receive and to answer, with a word at half time and at the deadline. For the asker: to close, whom to remind."""
    tasks = []
    for one in visible(person, election, at):
        subject, args, reminder = f"request:{one.code}", (one.code,), one.reminder(at)
        label = f"{one.code}: {one.title}"
        if person.agency == one.asked and one.state in rules.OPEN:
            kind = "requests.answer" if one.state is rules.State.RECEIVED else "requests.receive"
            tasks.append(facts.Task(kind, "requests", subject, f"{label}{_REMINDERS.get(reminder, '')}", one.due_at, args))
        elif person.agency == one.asker and one.state in rules.ANSWERED:
            tasks.append(facts.Task("requests.close", "requests", subject, label, None, args))
        elif person.agency == one.asker and reminder and (reminder == "due" or one.state is not rules.State.RECEIVED):
            tasks.append(facts.Task(f"requests.remind_{reminder}", "requests", subject, f"{one.asked}: {label}", one.due_at, args))
    return tasks


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R20.permintaan: answers that are late beyond the limit, counted for each pair of agencies."""
    limits = thresholds.limits(election, "requests", rules.Limits(), at)
    return rules.signals_of(listing(election, at), at, limits)


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Requests by code or words, as far as this person may read them."""
    word = text.strip().lower()
    if not word:
        return []
    hits = [r for r in visible(person, election, at) if word in f"{r.code} {r.title} {r.words}".lower()]
    return [facts.Hit("request", f"{r.code} {r.title}", f"{r.asker} kepada {r.asked}", (r.code,)) for r in hits[:20]]


# --- erasing words (see record.Eraser) -------------------------------------------------------------------------------------


def _erase_asked(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """What was asked stands in the journal alone, but once more for every agency to which it was passed on: all of them go."""
    del mark, at
    row = RequestsRow.objects.filter(entry_id=entry_id).first()
    if row is None:
        return ()
    every = {r.code: r for r in RequestsRow.objects.filter(election=row.election)}
    first = row
    while first.origin:
        first = every[first.origin]
    family, grown = {first.code}, True
    while grown:
        more = {r.code for r in every.values() if r.origin in family} - family
        family, grown = family | more, bool(more)
    return tuple(every[code].entry_id for code in sorted(family) if every[code].entry_id != entry_id)


WORDS: dict[str, record.Eraser] = {
    "request.sent": _erase_asked,
    **dict.fromkeys((f"request.{word}" for word in _PAST.values()), record.journal_only),
}
