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
from posko.store import access, aght, evidence, pledges, record, reports, thresholds

LETTER_PREFIX = "POSKO-PEMILU"
# Codes, counts, times and ids of an act; everything else that was said are words of people and can be erased.
_FACTS = frozenset(
    {"number", "note_number", "digest", "reviewers", "reason_code", "outcome", "due_at", "measured_at", "before", "after", "verdict",
     "channel", "proofs", "by", "mandate"}
)  # fmt: skip
_TEXT_FACTS = frozenset(
    {"addressee", "nature", "due_at", "aght", "remedy", "signals", "supersedes", "useful_until", "horizon", "horizon_at",
     "horizon_places", "pledges", "place"}
)  # fmt: skip
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


# --- what is written -------------------------------------------------------------------------------------------------------


def set_profile(election: str, reviewers: int, reason: str, actor: facts.Actor, at: datetime) -> None:
    """The head says whether one or two people read a draft. It holds for drafts submitted from then on. BadProfile, TooFewPeople, Empty."""
    why = _clean(reason)
    if reviewers not in {1, 2}:
        raise rules.BadProfile()
    if not why:
        raise rules.Empty(field="reason")
    with transaction.atomic():
        at = record.turn(at)
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
    horizon: rules.Horizon | None = None,
    pledged: Iterable[str] = (),
    reach: access_rules.Scope | None = None,
) -> str:
    """A new draft; gives its code. pledged: codes of pledges that it leans on. reach: what its writer may write about, None: everything.
    The refusals of `domain.recommendations.text`; DoubleDispatch, SavedJustNow, CannotSupersede, BadPledge,
    Guarded, Outside."""
    with transaction.atomic():
        at = record.turn(at)
        held = record.election(election)
        rests = tuple(aght)
        text = rules.text(
            subject, addressee, nature, due_at, slots, voting_at=held.voting_at, at=at, aght=rests, remedy=remedy, signals=signals,
            supersedes=supersedes, useful_until=useful_until, horizon=horizon, known=_known(election, horizon), pledges=pledged,
            place=_area(election, held.region, rests, horizon, at),
        )  # fmt: skip
        _check_reach(text, actor.agency, held.region, reach)
        reports.check_neutral(election, *_own_words(text))
        _check_pledges(election, text, at)
        standing = listing(election, at + _WAITED)
        rules.check_supersedes(text, standing)
        rules.check_double(text, standing)
        rules.check_saved(text, actor.person, standing, at)
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
    horizon: rules.Horizon | None = None,
) -> str:
    """Advice that the signer has just spoken, written down at once and frozen; gives its code.

    heard_by: office or function, never a name. NotYetOral, NoMandate, DoubleDispatch, Guarded and the refusals of a text.
    """
    with transaction.atomic():
        at = record.turn(at)
        held = record.election(election)
        rests = tuple(aght)
        text = rules.text(
            subject, addressee, rules.Nature.SANGAT_SEGERA, due_at, slots, voting_at=held.voting_at, at=at, aght=rests, remedy=remedy,
            signals=signals, oral=True, horizon=horizon, known=_known(election, horizon),
            place=_area(election, held.region, rests, horizon, at),
        )  # fmt: skip
        heard = _clean(heard_by)[:120]
        rules.check_heard(heard)
        reports.check_neutral(election, heard, *_own_words(text))
        rules.check_double(text, listing(election, at + _WAITED))
        said = {"channel": channel, "heard_by": heard, "number": _next_number(election, at), "mandate": _mandate(actor, held.region, at)}
        event = rules.Event(Act.SPEAK, actor.person, actor.agency, at, said, text)
        code = _next_code(election)
        spoken = rules.drafted(code, event, held.voting_at)
        event = replace(event, said={**said, "digest": spoken.digest})
        _begin(election, code, held.region, event, actor, at)
    return code


def _own_words(text: rules.Text) -> tuple[str, ...]:
    """What the post wrote in a text."""
    return (text.subject, text.horizon.basis if text.horizon else "", *asdict(text.slots).values())


def _known(election: str, horizon: rules.Horizon | None) -> Iterable[str]:
    """Codes of places, where a text needs them."""
    return pledges.known_places(election) if horizon and horizon.places else ()


def _area(election: str, region: str, rests: tuple[str, ...], horizon: rules.Horizon | None, at: datetime) -> str:
    """Where a text belongs: the narrowest area with all that it is about."""
    about = list(horizon.places) if horizon else []
    if rests:
        about += [code for item in aght.register(election, at) if item.code in rests for code in (item.tps or (item.place,))]
    return rules.area(about, region)


def _check_reach(text: rules.Text, agency: str, region: str, reach: access_rules.Scope | None) -> None:
    """Outside."""
    about = access_rules.Thing("recommendations", "", text.place or region, owner=agency, classification="terbatas")
    if reach is not None and not reach.covers(about):
        raise rules.Outside()


def _check_pledges(election: str, text: rules.Text, at: datetime) -> None:
    """BadPledge."""
    if text.pledges:
        rules.check_pledges(text, pledges.listing(election, at), at)


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
    horizon: rules.Horizon | None = None,
    pledged: Iterable[str] = (),
    reach: access_rules.Scope | None = None,
) -> None:
    """Another text for a draft or one that came back. NoStep, NotAuthor, and as `draft`."""
    held, rests = record.election(election), tuple(aght)
    text = rules.text(
        subject, addressee, nature, due_at, slots, voting_at=held.voting_at, at=at, aght=rests, remedy=remedy, signals=signals,
        supersedes=supersedes, useful_until=useful_until, horizon=horizon, known=_known(election, horizon), pledges=pledged,
        place=_area(election, held.region, rests, horizon, at),
    )  # fmt: skip
    _check_reach(text, actor.agency, held.region, reach)
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
        at = record.turn(at)
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
        if what in {Act.REVISE, Act.ISSUE}:
            _check_pledges(election, text or rec.text, moment)
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
    rules.check_heard(words.get("heard_by", ""))
    reports.check_neutral(election, *words.values(), *(_own_words(text) if text else ()))


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
        "horizon": text.horizon.kind.value if text.horizon else "",
        "horizon_at": rules.written(text.horizon.ends_at) if text.horizon else "",
        "horizon_places": ",".join(text.horizon.places) if text.horizon else "",
        "horizon_basis": text.horizon.basis if text.horizon else "",
        "pledges": ",".join(text.pledges),
        "place": text.place,
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


@record.remembered
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


def using(election: str, pledge: str, at: datetime) -> list[rules.Recommendation]:
    """Recommendations that lean on a pledge."""
    return [rec for rec in listing(election, at) if pledge in rec.text.pledges]


def risks(election: str, recs: Iterable[rules.Recommendation]) -> rules.Risks:
    """The risk of the items of closed letters when they were issued and when they were closed; an item that did not hold has none left."""
    wanted: dict[datetime, set[str]] = defaultdict(set)
    for rec in recs:
        closed = rules.closed_at(rec)
        for moment in (rec.issued_at, closed) if closed else ():
            if moment is not None and rec.text.aght:
                wanted[moment] |= set(rec.text.aght)
    found = {}
    for moment, codes in wanted.items():
        for item in aght.register(election, moment):
            if item.code in codes:
                gone, loss = item.outcome is aght_rules.Outcome.NOT_HELD, item.loss
                said = (0, 0, 0) if gone else (loss.expected, loss.p5, loss.p95)
                found[item.code, moment] = rules.Risk(*said, item.changes[-1].at if gone else item.now.assessed_at)
    return found


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
    useful, until = str(row.get("useful_until", "")), str(row.get("horizon", ""))
    horizon = None
    if until:
        ends_at, where = rules.instant(str(row["horizon_at"])), _codes(row["horizon_places"])
        horizon = rules.Horizon(rules.Until(until), ends_at, where, str(row["horizon_basis"]))
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
        horizon,
        _codes(row.get("pledges", "")),
        str(row.get("place", "")),
    )


def _codes(written: object) -> tuple[str, ...]:
    return tuple(code for code in str(written).split(",") if code)


def allowed(rec: rules.Recommendation, person: access_rules.Person, at: datetime) -> list[Act]:
    """Acts that this person may do now: the state allows it, the policy allows it, and no rule about persons forbids it."""
    return [what for what in rules.next_acts(rec) if _can(rec, what, person, at)]


def thing_of(rec: rules.Recommendation, what: Act) -> access_rules.Thing:
    """What a step is done on, as the policy sees it: it belongs to the agency whose step it is."""
    place = rec.text.place or record.installation().region
    owner = rules.side_of(rec, what)
    return access_rules.Thing(kind="recommendations", id=rec.code, place=place, owner=owner, classification="terbatas")


def reading(rec: rules.Recommendation) -> access_rules.Thing:
    """What reading it is, as the policy sees it: the post's own, and named to its addressee once it is issued, at its place."""
    named = frozenset({rec.addressee}) if rec.state in rules.FROZEN else frozenset()
    place = rec.text.place or record.installation().region
    return access_rules.Thing("recommendations", rec.code, place, owner=rec.agency, classification="terbatas", named=named)


def readable(
    recs: Iterable[rules.Recommendation], person: access_rules.Person, at: datetime, act: str = "recommendations.read"
) -> list[rules.Recommendation]:
    """Those that somebody may read: the policy's answer, one by one."""
    scope = access_rules.scope(person, act, "recommendations", access_rules.Purpose.DUTY, access.agreements(at), at)
    return [rec for rec in recs if scope.covers(reading(rec))]


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
    tasks, recs = [], listing(election, at)
    tasks += _withdrawn_tasks(person, election, recs, at)
    for rec in recs:
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


def _withdrawn_tasks(person: access_rules.Person, election: str, recs: Iterable[rules.Recommendation], at: datetime) -> list[facts.Task]:
    """A promise that a letter leans on was taken back: whoever wrote or signed it writes anew or speaks with the addressee."""
    mine = [r for r in recs if r.text.pledges and person.id in {r.author, r.signer}]
    if not mine:
        return []
    known = pledges.listing(election, at)
    return [
        facts.Task(
            "recommendations.janji_ditarik", "recommendations", f"recommendation:{rec.code}", f"{rec.code}: {p.asset} ({p.code})",
            p.steps[-1].at + timedelta(hours=4), (rec.code,),
        )
        for rec in mine
        for p in rules.lost(rec, known)
    ]  # fmt: skip


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


def signals_seen(person: access_rules.Person, election: str, told: Iterable[facts.Signal], at: datetime) -> list[facts.Signal]:
    """Of the early warnings all but those about letters that this person may not read."""
    recs = listing(election, at)
    hidden = {rec.code for rec in recs} - {rec.code for rec in readable(recs, person, at)}
    return [one for one in told if hidden.isdisjoint(one.args)]


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Recommendations by code, number or subject, as far as this person may see them."""
    word = text.strip().lower()
    if not word:
        return []
    visible = readable(listing(election, at), person, at)
    hits = [rec for rec in visible if any(word in part.lower() for part in (rec.code, rec.number, rec.title))]
    return [facts.Hit("recommendation", f"{rec.code} {rec.title}", rec.state.value, (rec.code,)) for rec in hits[:20]]


def visible_to(rec: rules.Recommendation, agency: str) -> bool:
    """Drafts are the post's own; once issued its addressee reads it. Bawaslu reads everything."""
    return agency in {rec.agency, "BAWASLU"} or (agency == rec.addressee and rec.state in rules.FROZEN)


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_event(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """What an act said in words; codes, times and hashes stay, so that an issued letter keeps its number and its hash."""
    del at
    for row in Event.objects.filter(entry_id=entry_id):
        row.said = {name: value if name in _FACTS else mark for name, value in row.said.items()}
        if row.text:
            row.text = {name: value if name in _TEXT_FACTS or not value else mark for name, value in row.text.items()}
        row.save(update_fields=["said", "text"])
    return ()


def _erase_profile(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    ReviewProfileRow.objects.filter(entry_id=entry_id).update(reason=mark)
    return ()


WORDS: dict[str, record.Eraser] = {
    **{f"recommendation.{act.value}": _erase_event for act in Act},
    "recommendation.profile_set": _erase_profile,
}
