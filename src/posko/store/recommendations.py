"""Stage recommendations: a chain of events per recommendation; what it is now is their fold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import aght as aght_rules
from posko.domain import evidence as evidence_rules
from posko.domain import recommendations as rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.domain.recommendations import Act
from posko.store import access, aght, evidence, record, reports, thresholds

LETTER_PREFIX = "POSKO-PEMILU"
# Codes, counts, times and ids of an act; everything else that was said are words of people and can be erased.
_FACTS = frozenset(
    {"number", "note_number", "digest", "reviewers", "reason_code", "outcome", "due_at", "measured_at", "before", "after", "verdict",
     "channel", "proofs", "by", "mandate"}
)  # fmt: skip
_TEXT_FACTS = frozenset({"addressee", "nature", "due_at", "aght", "remedy", "signals", "supersedes", "useful_until"})
# Of two who act in the same moment one waits for the journal; what the other wrote meanwhile counts for him.
_WAITED = timedelta(minutes=2)


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
    """One act. `text` is there where the act wrote the text (drafted, revised, spoken); appended, never changed."""

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


class ReviewProfileRow(models.Model):
    """How many people read a draft before it is signed, as the head has set it; the last one counts."""

    election = models.CharField(max_length=40)
    reviewers = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=400)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "recommendations_profile"


@dataclass(frozen=True)
class Profile:
    """Reviewers of a draft, who set it and when; one until somebody said otherwise."""

    reviewers: int = 1
    reason: str = ""
    person: str = ""
    set_at: datetime | None = None


def _queue(at: datetime) -> None:
    """Wait for the journal's lock before looking at what stands: of two letters in one matter one comes second."""
    record.prepare([], at)


# --- what is written -------------------------------------------------------------------------------------------------------


def set_profile(election: str, reviewers: int, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The head says whether one or two people read a draft. It holds for drafts submitted from then on. BadProfile, TooFewPeople, Empty."""
    why = _clean(reason)
    if reviewers not in {1, 2}:
        raise rules.BadProfile()
    if not why:
        raise rules.Empty(field="reason")
    with transaction.atomic():
        _queue(at)
        held = record.election(election)
        reports.check_neutral(election, why)
        people = readers(held.region, at)
        if reviewers == 2 and people < 3:
            raise rules.TooFewPeople(people=people)
        said = {"reviewers": reviewers}
        draft = facts.Draft(
            "recommendation.profile_set", election, "recommendation:profile", held.region, actor, at, said, private={"reason": why}
        )
        prepared = record.prepare([draft], at)
        ReviewProfileRow.objects.create(
            election=election, reviewers=reviewers, reason=why[:400], person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)


def _clean(text: str) -> str:
    """Words of a form, tidied."""
    return report_rules.clean(text)


def profile(election: str, at: datetime) -> Profile:
    """What holds at an instant."""
    row = ReviewProfileRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id").last()
    return Profile(row.reviewers, row.reason, row.person, row.occurred_at) if row else Profile()


def readers(region: str, at: datetime) -> int:
    """How many people of the office could read a draft of a region now, its author among them."""
    return len({account.person for account in access.accounts() if account.active and _holds(account.grants, "review", region, at)})


def _holds(grants: Iterable[tuple[int, access_rules.Grant]], act: str, region: str, at: datetime) -> str:
    """role@region of the grant with which somebody may do an act on recommendations of a region; empty where he may not."""
    roles = access_rules.POLICY[f"recommendations.{act}"]
    held = (g for _, g in grants if g.role in roles and g.holds(at) and access_rules.within(region, g.region))
    return next((f"{g.role}@{g.region}" for g in held), "")


def _mandate(actor: facts.Actor, region: str, at: datetime) -> str:
    """The office with which somebody signs on this day. NoMandate."""
    grants = next((account.grants for account in access.accounts() if account.person == actor.person), ())
    found = _holds(grants, "issue", region, at)
    if not found:
        raise rules.NoMandate(person=actor.person)
    return found


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
    remedy: str = "",
    signals: Iterable[str] = (),
    supersedes: str = "",
    useful_until: datetime | None = None,
) -> str:
    """A new draft; gives its code. The refusals of `domain.recommendations.text`; DoubleDispatch, CannotSupersede, Guarded."""
    with transaction.atomic():
        _queue(at)
        held = record.election(election)
        text = rules.text(
            subject, addressee, nature, due_at, slots, voting_at=held.voting_at, at=at, aght=aght, remedy=remedy, signals=signals,
            supersedes=supersedes, useful_until=useful_until,
        )  # fmt: skip
        reports.check_neutral(election, text.subject, *asdict(text.slots).values())
        standing = listing(election, at + _WAITED)
        rules.check_supersedes(text, standing)
        rules.check_double(text, standing)
        event = rules.Event(Act.DRAFT, actor.person, actor.agency, at, {}, text)
        code = _next_code(election)
        rules.drafted(code, event, held.voting_at)
        _begin(election, code, held.region, event, actor, at)
    return code


def speak(
    election: str,
    *,
    subject: str,
    addressee: str,
    due_at: datetime,
    slots: rules.Slots,
    channel: str,
    heard_by: str,
    actor: facts.Actor,
    at: datetime,
    aght: Iterable[str] = (),
    remedy: str = "",
    signals: Iterable[str] = (),
) -> str:
    """Advice that the signer has just spoken, written down at once and frozen; gives its code.

    heard_by: office or function, never a name. NotYetOral, NoMandate, DoubleDispatch, Guarded and the refusals of a text.
    """
    with transaction.atomic():
        _queue(at)
        held = record.election(election)
        text = rules.text(
            subject, addressee, rules.Nature.SANGAT_SEGERA, due_at, slots, voting_at=held.voting_at, at=at, aght=aght, remedy=remedy,
            signals=signals, oral=True,
        )  # fmt: skip
        heard = _clean(heard_by)[:120]
        reports.check_neutral(election, text.subject, heard, *asdict(text.slots).values())
        rules.check_double(text, listing(election, at + _WAITED))
        said = {"channel": channel, "heard_by": heard, "number": _next_number(election, at), "mandate": _mandate(actor, held.region, at)}
        event = rules.Event(Act.SPEAK, actor.person, actor.agency, at, said, text)
        code = _next_code(election)
        spoken = rules.drafted(code, event, held.voting_at)
        event = replace(event, said={**said, "digest": spoken.digest})
        _begin(election, code, held.region, event, actor, at)
    return code


def _next_code(election: str) -> str:
    return f"REK-{Recommendation.objects.filter(election=election).count() + 1:02}"


def _begin(election: str, code: str, region: str, event: rules.Event, actor: facts.Actor, at: datetime) -> None:
    prepared = record.prepare([_entry(election, code, region, event, actor)], at)
    row = Recommendation.objects.create(code=code, election=election, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
    _write(row, event, prepared[0].entry_id)
    record.append(prepared, at=at)


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
    remedy: str = "",
    signals: Iterable[str] = (),
    supersedes: str = "",
    useful_until: datetime | None = None,
) -> None:
    """Another text for a draft or one that came back. NoStep, NotAuthor, and as `draft`."""
    voting_at = record.election(election).voting_at
    text = rules.text(
        subject, addressee, nature, due_at, slots, voting_at=voting_at, at=at, aght=aght, remedy=remedy, signals=signals,
        supersedes=supersedes, useful_until=useful_until,
    )  # fmt: skip
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
    proofs: Sequence[evidence_rules.Kept] = (),
    seen: str = "",
) -> rules.Recommendation:
    """One act of one person. Numbers of letters, reviewers and mandate are given here, never taken from a form.

    seen: the digest of the text on the page ("": not from a page); a text that was sent back and written anew is read again first
    (SeenOther). proofs: files that `evidence.keep` has kept; they are bound to the recommendation. Every refusal of
    `domain.recommendations.check`;
    NoMandate, DoubleDispatch, CannotSupersede, Guarded.
    """
    words = {name: value.strip() for name, value in said.items() if value.strip()}
    with transaction.atomic():
        _queue(at)
        held = record.election(election)
        row = Recommendation.objects.filter(election=election, code=code, occurred_at__lte=at).first()
        if row is None:
            raise rules.Unknown(code=code)
        standing = listing(election, at + _WAITED)
        rec = next(r for r in standing if r.code == code)
        if seen and seen != rec.text.digest():
            raise rules.SeenOther(code=code)
        moment = max(at, rec.events[-1].at)
        _check_words(election, rec, actor, words, text)
        old = _old_version(rec, what, text, standing)
        words |= _given(election, rec, what, held, actor, moment)
        if proofs:
            words["proofs"] = " ".join(dict.fromkeys(kept.sha256 for kept in proofs))
        after = rules.apply(rec, rules.Event(what, actor.person, actor.agency, moment, words, text))
        if what is Act.ISSUE:
            words["digest"] = after.digest
        steps = [(code, rules.Event(what, actor.person, actor.agency, moment, words, text))]
        if old is not None and not old.ended:
            replaced = rules.Event(Act.REPLACE, actor.person, actor.agency, max(moment, old.events[-1].at), {"by": code})
            rules.apply(old, replaced)
            steps.append((old.code, replaced))
        prepared = record.prepare([_entry(election, c, held.region, event, actor) for c, event in steps], at)
        for (c, event), entry in zip(steps, prepared, strict=True):
            of = row if c == code else Recommendation.objects.get(election=election, code=c)
            _write(of, event, entry.entry_id)
        mark = "[SIMULASI]" if record.installation().demo else ""
        for kept in {k.sha256: k for k in proofs}.values():
            what_it_is = "signed_scan" if kept.kind == "pdf" else "photo"
            evidence.bind(
                election, "recommendations", f"recommendation:{code}", what_it_is, kept, actor, moment, prepared[0].entry_id, mark
            )
        record.append(prepared, at=at)
    return after


def _check_words(election: str, rec: rules.Recommendation, actor: facts.Actor, words: Mapping[str, str], text: rules.Text | None) -> None:
    """The post's own words name no party and nobody; an addressee's answer is his own."""
    if actor.agency != rec.agency:
        return
    written = (text.subject, *asdict(text.slots).values()) if text else ()
    reports.check_neutral(election, *words.values(), *written)


def _old_version(
    rec: rules.Recommendation, what: Act, text: rules.Text | None, standing: list[rules.Recommendation]
) -> rules.Recommendation | None:
    """The version that ends when this one is issued; and no second letter in one matter. CannotSupersede, DoubleDispatch."""
    about = text or rec.text
    if what not in {Act.REVISE, Act.ISSUE}:
        return None
    old = rules.check_supersedes(about, standing, code=rec.code)
    rules.check_double(about, standing, code=rec.code)
    return old if what is Act.ISSUE else None


def _given(election: str, rec: rules.Recommendation, what: Act, held: facts.Election, actor: facts.Actor, at: datetime) -> dict[str, str]:
    """What the installation itself adds to an act."""
    if what is Act.SUBMIT:
        sequence = Event.objects.filter(act=Act.SUBMIT.value, recommendation__election=election).count() + 1
        number = rules.note_number(sequence, LETTER_PREFIX, at)
        return {"reviewers": str(profile(election, at).reviewers), "note_number": number, "digest": rec.text.digest()}
    if what is Act.ISSUE:
        return {"number": _next_number(election, at), "mandate": _mandate(actor, held.region, at)}
    if what is Act.CONFIRM:
        return {"mandate": _mandate(actor, held.region, at), "digest": rec.digest}
    return {}


def _next_number(election: str, at: datetime) -> str:
    issued = Event.objects.filter(act__in=[Act.ISSUE.value, Act.SPEAK.value], recommendation__election=election).count()
    return rules.letter_number(issued + 1, LETTER_PREFIX, at)


def _entry(election: str, code: str, region: str, event: rules.Event, actor: facts.Actor) -> facts.Draft:
    """Codes, times and hashes into the facts; words into the private part, which can be erased."""
    said: dict[str, str | int] = {name: value for name, value in event.said.items() if name in _FACTS}
    private: dict[str, str] = {name: value for name, value in event.said.items() if name not in _FACTS}
    if event.text:
        row = _text_row(event.text)
        said |= {f"text_{name}": value for name, value in row.items() if name in _TEXT_FACTS and value}
        said["text_digest"] = event.text.digest()
        private |= {f"text_{name}": value for name, value in row.items() if name not in _TEXT_FACTS}
    kind, subject = f"recommendation.{event.act.value}", f"recommendation:{code}"
    return facts.Draft(kind, election, subject, region, actor, event.at, said, private=private)


def _text_row(text: rules.Text) -> dict[str, str]:
    return {
        "subject": text.subject,
        "addressee": text.addressee,
        "nature": text.nature.value,
        "due_at": rules.written(text.due_at),
        "aght": " ".join(text.aght),
        "remedy": text.remedy,
        "signals": " ".join(text.signals),
        "supersedes": text.supersedes,
        "useful_until": rules.written(text.useful_until) if text.useful_until else "",
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
    return [rules.fold(row.code, events[row.pk], voting_at) for row in rows]


def get(election: str, code: str, at: datetime) -> rules.Recommendation:
    """One recommendation as it stood then. Unknown."""
    for rec in listing(election, at):
        if rec.code == code:
            return rec
    raise rules.Unknown(code=code)


def resting_on(election: str, aght: str, at: datetime) -> list[rules.Recommendation]:
    """Recommendations that rest on an AGHT item."""
    return [rec for rec in listing(election, at) if aght in rec.text.aght]


def escalated(election: str, at: datetime) -> list[rules.Escalation]:
    """What the next rakor speaks about: everything late, the oldest deadline first."""
    return rules.escalated(listing(election, at), at)


def newer_of(election: str, code: str, at: datetime) -> str:
    """The code of the newer version of a recommendation, a draft among them; empty where there is none."""
    return next((rec.code for rec in listing(election, at) if rec.text.supersedes == code), "")


def _event(row: Event) -> rules.Event:
    text = _text(row.text) if row.text else None
    return rules.Event(Act(row.act), row.person, row.agency, row.occurred_at, dict(row.said), text, row.entry_id)


def _text(row: Mapping[str, Any]) -> rules.Text:
    slots = rules.Slots(**{name: str(row[name]) for name in (*rules.REQUIRED, "tembusan")})
    useful = str(row.get("useful_until", ""))
    return rules.Text(
        str(row["subject"]),
        str(row["addressee"]),
        rules.Nature(row["nature"]),
        rules.instant(str(row["due_at"])),
        slots,
        tuple(str(row["aght"]).split()),
        str(row.get("remedy", "")),
        tuple(str(row.get("signals", "")).split()),
        str(row.get("supersedes", "")),
        rules.instant(useful) if useful else None,
    )


def allowed(rec: rules.Recommendation, person: access_rules.Person, at: datetime) -> list[Act]:
    """Acts that this person may do now: the state allows it, the policy allows it, and no rule about persons forbids it."""
    return [what for what in rules.next_acts(rec) if _can(rec, what, person, at)]


def thing_of(rec: rules.Recommendation, what: Act) -> access_rules.Thing:
    """What a step is done on, as the policy sees it: it belongs to the agency whose step it is."""
    region = record.installation().region
    owner = rules.side_of(rec, what)
    return access_rules.Thing(kind="recommendations", id=rec.code, place=region, owner=owner, classification="terbatas")


def _can(rec: rules.Recommendation, what: Act, person: access_rules.Person, at: datetime) -> bool:
    if person.agency != rules.side_of(rec, what) or rules.excluded(rec, what, person.id):
        return False
    purpose = access_rules.Purpose.DUTY
    return access_rules.may(
        person, rules.permission(rec, what), thing_of(rec, what), purpose=purpose, agreements=access.agreements(at), at=at
    ).allowed


_ORAL_TASKS = {Act.CONFIRM: "konfirmasi_lisan", Act.REVIEW_AFTER: "telaah_lisan"}
_REMINDERS = {"half": " · pengingat: separuh waktu sudah lewat", "due": " · pengingat: tenggat lewat"}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Steps that are this person's, with a word at half of the time and at the deadline; for the post also whom to remind."""
    tasks = []
    for rec in listing(election, at):
        for one in rec.awaited:
            subject, args = f"recommendation:{rec.code}", (rec.code,)
            reminder = one.reminder(at)
            label = f"{rec.code} {rec.title}{_REMINDERS.get(reminder, '')}"
            kind = f"recommendations.{_ORAL_TASKS.get(one.act, rec.state.value.lower())}"
            if _can(rec, one.act, person, at):
                tasks.append(facts.Task(kind, "recommendations", subject, label, one.due_at, args))
            elif reminder and one.agency == rec.addressee and person.id in {rec.author, rec.signer}:
                label = f"{rec.addressee}: {rec.code} {rec.title}"
                tasks.append(facts.Task(f"recommendations.ingatkan_{reminder}", "recommendations", subject, label, one.due_at, args))
    return tasks


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R20: accepted and late, the risk not looked at again, spoken advice not confirmed."""
    recs = listing(election, at)
    if not recs:
        return []
    limits = thresholds.limits(election, "recommendations", rules.Limits(), at)
    looked = {i.code: _looked_at(i) for i in aght.register(election, at) if i.standing is not aght_rules.Standing.CLOSED}
    mark = "[SIMULASI]" if record.installation().demo else ""
    return [replace(one, mark=mark) for rec in recs for one in rules.signals_of(rec, looked, at, limits)]


def _looked_at(item: aght_rules.Aght) -> datetime:
    return max([item.now.assessed_at, *(change.at for change in item.changes)])


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Recommendations by code, number or subject, as far as this person may see them."""
    word = text.strip().lower()
    if not word:
        return []
    visible = [rec for rec in listing(election, at) if visible_to(rec, person.agency)]
    hits = [rec for rec in visible if any(word in part.lower() for part in (rec.code, rec.number, rec.title))]
    return [facts.Hit("recommendation", f"{rec.code} {rec.title}", rec.state.value, (rec.code,)) for rec in hits[:20]]


def visible_to(rec: rules.Recommendation, agency: str) -> bool:
    """Drafts are the post's own; once issued its addressee reads it. Bawaslu reads everything."""
    return agency in {rec.agency, "BAWASLU"} or (agency == rec.addressee and rec.state in rules.FROZEN)
