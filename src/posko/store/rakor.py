"""Stage rakor: meetings with their agendas, letters and answers, who came, frozen snapshots, decisions and what became of them.

What people type (reasons, items of the agenda, decisions, answers) stands in the private part of the entries and in the rows.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import places as place_rules
from posko.domain import rakor as rules
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.formats import map
from posko.formats import rakor as printed
from posko.formats import receipts as words
from posko.store import (
    access,
    aght,
    distribution,
    dpt,
    evidence,
    needs,
    places,
    readiness,
    receipts,
    recommendations,
    record,
    regulation,
    reports,
    requests,
)

Row = TypeVar("Row", bound=models.Model)


class Meeting(models.Model):
    """A rakor and who was asked to come."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    title = models.CharField(max_length=160)
    place = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    duration_min = models.PositiveSmallIntegerField(default=120)
    invited = models.JSONField(default=list)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_meeting"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="rakor_meeting_code"),)


class RakorChange(models.Model):
    """A meeting at another place or time, or called off; version 2 is the first change."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    duration_min = models.PositiveSmallIntegerField()
    cancelled = models.BooleanField(default=False)
    reason = models.CharField(max_length=400)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_change"
        constraints = (models.UniqueConstraint(fields=["meeting", "version"], name="rakor_change_version"),)


class RakorAgenda(models.Model):
    """The agenda as a person left it: a whole version each time."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    items = models.JSONField(default=list)
    dropped = models.JSONField(default=list)
    added = models.PositiveSmallIntegerField(default=0)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_agenda"
        constraints = (models.UniqueConstraint(fields=["meeting", "version"], name="rakor_agenda_version"),)


class RakorInvitation(models.Model):
    """A letter as it was sent: the exact bytes and their digest."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    meeting_version = models.PositiveSmallIntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_invitation"
        constraints = (models.UniqueConstraint(fields=["meeting", "version"], name="rakor_invitation_version"),)


class RakorReply(models.Model):
    """An agency's answer to a version of a meeting; the last one counts."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField()
    answer = models.CharField(max_length=12)
    people = models.PositiveSmallIntegerField(default=0)
    office = models.CharField(max_length=80, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_reply"


class RakorNotice(models.Model):
    """An agency has seen that a meeting was called off."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_notice"
        constraints = (models.UniqueConstraint(fields=["meeting", "agency"], name="rakor_notice_once"),)


class RakorFeed(models.Model):
    """A secret address of a person's calendar: its hash only, until the row that ends it."""

    token_hash = models.CharField(max_length=64, unique=True)
    person = models.CharField(max_length=60, db_index=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_feed"


class RakorFeedEnd(models.Model):
    """A calendar's address that no longer answers."""

    feed = models.OneToOneField(RakorFeed, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_feed_end"


class Attendance(models.Model):
    """An agency came: when, with how many people, and the office of the one who signs."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    agency = models.CharField(max_length=20)
    arrived_at = models.DateTimeField(null=True)
    office = models.CharField(max_length=80, blank=True)
    people = models.PositiveSmallIntegerField(default=0)
    mark = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_attendance"


class RakorStrike(models.Model):
    """An attendance that was noted in error, and why."""

    attendance = models.OneToOneField(Attendance, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_strike"


class Snapshot(models.Model):
    """Frozen numbers: the exact bytes and their digest. Written once."""

    code = models.CharField(max_length=20)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_snapshot"


class Decision(models.Model):
    """Something decided, on one snapshot. A correction is a row with the same code and the next version."""

    code = models.CharField(max_length=20)
    version = models.PositiveSmallIntegerField(default=1)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="+")
    snapshot = models.CharField(max_length=20)
    item = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=600)
    owner = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    reason = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_decision"


class RakorStep(models.Model):
    """What happened to a decision."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=12)
    agency = models.CharField(max_length=20)
    text = models.CharField(max_length=600, blank=True)
    due_at = models.DateTimeField(null=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "rakor_step"


# --- what is recorded ----------------------------------------------------------------------------------------------------


def call_meeting(
    election: str,
    title: str,
    place: str,
    starts_at: datetime,
    invited: Iterable[str],
    actor: facts.Actor,
    at: datetime,
    note: str = "",
    mark: str | None = None,
    duration_min: int = 120,
) -> rules.Meeting:
    """Call a rakor. `mark` None: that of the installation. Untitled, NoAgency, BadCount, Guarded."""
    agencies = list(dict.fromkeys(invited))
    with transaction.atomic():
        at = record.turn(at)
        rules.check_duration(duration_min)
        title, place, note = (reports.tidied(election, text) for text in (title, place, note))
        mark = _mark(mark)
        code = f"RKR-{Meeting.objects.filter(election=election).count() + 1:03}"
        there = tuple(rules.Attendance(a, False) for a in agencies)
        called = rules.Meeting(code, title, place, starts_at, there, mark, note, duration_min)
        said: dict[str, object] = {
            "title": title, "place_name": place, "starts_at": starts_at.isoformat(), "invited": " ".join(agencies),
            "duration_min": duration_min, "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("rakor.called", election, f"rakor:{code}", actor, at, said, note=note)], at)
        Meeting.objects.create(
            code=code, election=election, title=title, place=place, starts_at=starts_at, duration_min=duration_min, invited=agencies,
            note=note, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return called


def change_meeting(
    election: str, code: str, place: str, starts_at: datetime, duration_min: int, reason: str, seen: int, actor: facts.Actor, at: datetime
) -> rules.Meeting:
    """Another place or time: a new version that every invited agency answers anew. Unknown, SeenOlder, and `rules.check_change`."""
    with transaction.atomic():
        at = record.turn(at)
        now = _seen(election, code, seen, at)
        place, reason = reports.tidied(election, place), reports.tidied(election, reason)
        rules.check_change(now, place, starts_at, duration_min, reason, at)
        _write_change(election, now, place, starts_at, duration_min, reason, False, actor, at)
    return meeting(election, code, at)


def cancel_meeting(election: str, code: str, reason: str, seen: int, actor: facts.Actor, at: datetime) -> rules.Meeting:
    """A meeting is called off, with a reason that everybody invited is told. Unknown, SeenOlder, Cancelled, Began, NoReason."""
    with transaction.atomic():
        at = record.turn(at)
        now = _seen(election, code, seen, at)
        reason = reports.tidied(election, reason)
        rules.check_cancel(now, reason, at)
        _write_change(election, now, now.place, now.starts_at, now.duration_min, reason, True, actor, at)
    return meeting(election, code, at)


def _seen(election: str, code: str, seen: int, at: datetime) -> rules.Meeting:
    now = meeting(election, code, at)
    if now.version != seen:
        raise rules.SeenOlder()
    return now


def _write_change(
    election: str,
    now: rules.Meeting,
    place: str,
    starts_at: datetime,
    duration_min: int,
    reason: str,
    cancelled: bool,
    actor: facts.Actor,
    at: datetime,
) -> None:
    row, version = _meeting_row(election, now.code, at), now.version + 1
    kind = "rakor.cancelled" if cancelled else "rakor.moved"
    said: dict[str, object] = {"version": version, "starts_at": starts_at.isoformat(), "duration_min": duration_min, "mark": now.mark}
    elsewhere = "" if place == now.place else place
    draft = _draft(kind, election, f"rakor:{now.code}", actor, at, said, place=elsewhere, reason=reason)
    prepared = record.prepare([replace(draft, corrects=row.entry_id)], at)
    RakorChange.objects.create(
        meeting=row, version=version, place=place, starts_at=starts_at, duration_min=duration_min, cancelled=cancelled, reason=reason,
        person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
    )  # fmt: skip
    record.append(prepared, at=at)


def acknowledge_cancelled(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    """An invited agency has seen that a meeting was called off; again is harmless. Unknown, NotInvited."""
    with transaction.atomic():
        at = record.turn(at)
        now, row = meeting(election, code, at), _meeting_row(election, code, at)
        if actor.agency not in now.invited or not now.cancelled:
            raise rules.NotInvited(agency=actor.agency)
        if RakorNotice.objects.filter(meeting=row, agency=actor.agency).exists():
            return
        said = {"agency": actor.agency, "version": now.version}
        prepared = record.prepare([_draft("rakor.notice_seen", election, f"rakor:{code}", actor, at, said)], at)
        RakorNotice.objects.create(meeting=row, agency=actor.agency, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


# --- agenda, letter, answers ---------------------------------------------------------------------------------------------


def add_item(election: str, meeting: str, label: str, why: str, seen: str, actor: facts.Actor, at: datetime) -> rules.Agenda:
    """A person's own item. Untitled, NoAgenda, Guarded, SeenOlder."""
    label, why = reports.tidied(election, label), reports.tidied(election, why)
    reports.check_neutral(election, label, why)
    return _edit(election, meeting, "added", seen, actor, at, lambda now: rules.add_item(now, label, why), label=label, why=why)


def drop_item(election: str, meeting: str, key: str, reason: str, seen: str, actor: facts.Actor, at: datetime) -> rules.Agenda:
    """An item off the agenda, with a reason. NoItem, NoReason, Guarded, SeenOlder."""
    reason = reports.tidied(election, reason)
    return _edit(election, meeting, "dropped", seen, actor, at, lambda now: rules.drop_item(now, key, reason), key, reason=reason)


def restore_item(election: str, meeting: str, key: str, seen: str, actor: facts.Actor, at: datetime) -> rules.Agenda:
    """A dropped item back. NoItem, SeenOlder."""
    return _edit(election, meeting, "restored", seen, actor, at, lambda now: rules.restore_item(now, key), key)


def move_item(election: str, meeting: str, key: str, by: int, seen: str, actor: facts.Actor, at: datetime) -> rules.Agenda:
    """An item up or down. NoItem, SeenOlder."""
    return _edit(election, meeting, "moved", seen, actor, at, lambda now: rules.move_item(now, key, by), key)


def _edit(
    election: str,
    code: str,
    act: str,
    seen: str,
    actor: facts.Actor,
    at: datetime,
    change: Callable[[rules.Agenda], rules.Agenda],
    key: str = "",
    **typed: str,
) -> rules.Agenda:
    with transaction.atomic():
        at = record.turn(at)
        rules.check_on(meeting(election, code, at))
        now = agenda(election, code, at)
        if rules.agenda_digest(now) != seen:
            raise rules.SeenOlder()
        after = replace(change(now), version=now.version + 1)
        said: dict[str, object] = {"act": act, "item": _item_code(key), "version": after.version, "items": len(after.items)}
        prepared = record.prepare([_draft("rakor.agenda_set", election, f"rakor:{code}", actor, at, said, **typed)], at)
        _write_agenda(election, code, after, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)
    return after


def _item_code(key: str) -> str:
    """The key without the words that a code of the rulebook may hold."""
    return "".join(key.split())[:60]


def _write_agenda(election: str, code: str, after: rules.Agenda, actor: facts.Actor, at: datetime, entry_id: str) -> None:
    RakorAgenda.objects.create(
        meeting=_meeting_row(election, code, at), version=after.version, items=[_matter_row(m) for m in after.items],
        dropped=[{**_matter_row(d.matter), "reason": d.reason} for d in after.dropped], added=after.added, person=actor.person,
        occurred_at=at, entry_id=entry_id,
    )  # fmt: skip


def send_invitation(
    election: str, code: str, number: str, nature: str, seen: str, actor: facts.Actor, at: datetime, note: str = ""
) -> rules.Invitation:
    """The letter goes out as it stands: agenda, place and time are frozen in it. SeenOlder, NothingChanged, `rules.check_sendable`."""
    with transaction.atomic():
        at = record.turn(at)
        called, now = meeting(election, code, at), agenda(election, code, at)
        if rules.invitation_seen(called, now) != seen:
            raise rules.SeenOlder()
        rules.check_sendable(called, now.items, at)
        rules.check_number(number)
        note = reports.tidied(election, note)
        sent = invitations(election, code, at)
        about = record.election(election)
        content = rules.invitation_content(called, now.items, number, nature, note, about.name, actor.agency, _mark(None), at)
        if sent and rules.same_letter(sent[-1].content, content):
            raise rules.NothingChanged()
        digest, version = hashlib.sha256(content).hexdigest(), len(sent) + 1
        said: dict[str, object] = {
            "version": version, "meeting_version": called.version, "digest": digest, "number": number, "nature": nature,
            "items": len(now.items), "invited": list(called.invited), "mark": _mark(None),
        }  # fmt: skip
        prepared = record.prepare([_draft("rakor.invited", election, f"rakor:{code}", actor, at, said, note=note)], at)
        row, entry_id = _meeting_row(election, code, at), prepared[0].entry_id
        RakorInvitation.objects.create(
            meeting=row, version=version, meeting_version=called.version, content=content, digest=digest, person=actor.person,
            occurred_at=at, entry_id=entry_id,
        )  # fmt: skip
        _write_agenda(election, code, replace(now, version=now.version + 1), actor, at, entry_id)  # what is new later is seen as new
        record.append(prepared, at=at)
    return rules.Invitation(code, version, called.version, content, digest, at, entry_id)


def reply(
    election: str, code: str, answer: rules.Answer, people: int, office: str, seen: int, actor: facts.Actor, at: datetime
) -> rules.Reply:
    """An invited agency says whether it comes; the last answer counts. What `rules.check_reply` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        called, office = meeting(election, code, at), reports.tidied(election, office)[:80]
        said_so = rules.Reply(actor.agency, answer, people, office, seen, at, _mark(None))
        rules.check_reply(called, said_so, next(reversed(invitations(election, code, at)), None), at)
        said: dict[str, object] = {
            "agency": actor.agency, "answer": answer.value, "people": people, "version": seen, "mark": said_so.mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("rakor.replied", election, f"rakor:{code}", actor, at, said, office=office)], at)
        RakorReply.objects.create(
            meeting=_meeting_row(election, code, at), agency=actor.agency, version=seen, answer=answer.value, people=people, office=office,
            mark=said_so.mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return replace(said_so, entry_id=prepared[0].entry_id)


# --- a person's calendar ---------------------------------------------------------------------------------------------------


def open_feed(actor: facts.Actor, at: datetime) -> str:
    """A new secret address for this person; an older one ends. Only its hash is kept: the token is shown once."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        at = record.turn(at)
        old = _feed(actor.person, at)
        kinds = [*(["calendar.closed"] if old else []), "calendar.opened"]
        prepared = record.prepare([_feed_draft(kind, actor, at) for kind in kinds], at)
        if old:
            RakorFeedEnd.objects.create(feed=old, occurred_at=at, entry_id=prepared[0].entry_id)
        RakorFeed.objects.create(token_hash=_token_hash(token), person=actor.person, occurred_at=at, entry_id=prepared[-1].entry_id)
        record.append(prepared, at=at)
    return token


def close_feed(actor: facts.Actor, at: datetime) -> None:
    """This person's address answers no longer; without one nothing happens."""
    with transaction.atomic():
        at = record.turn(at)
        old = _feed(actor.person, at)
        if old is None:
            return
        prepared = record.prepare([_feed_draft("calendar.closed", actor, at)], at)
        RakorFeedEnd.objects.create(feed=old, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def _feed_draft(kind: str, actor: facts.Actor, at: datetime) -> facts.Draft:
    return facts.Draft(kind, "", f"calendar:{actor.person}", record.installation().region, actor, at, {"agency": actor.agency})


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _feed(person: str, at: datetime) -> RakorFeed | None:
    ended = RakorFeedEnd.objects.filter(occurred_at__lte=at).values("feed_id")
    return RakorFeed.objects.filter(person=person, occurred_at__lte=at).exclude(pk__in=ended).order_by("id").last()


def feed_since(person: str, at: datetime) -> datetime | None:
    """Since when this person's calendar has an address; None without one."""
    found = _feed(person, at)
    return found.occurred_at if found else None


def feed_person(token: str, at: datetime) -> access_rules.Person | None:
    """Whose calendar an address is; None for one that is unknown, ended, or of a person whose account is closed."""
    ended = RakorFeedEnd.objects.filter(occurred_at__lte=at).values("feed_id")
    row = RakorFeed.objects.filter(token_hash=_token_hash(token), occurred_at__lte=at).exclude(pk__in=ended).first()
    user = access.User.objects.filter(person=row.person, is_active=True).first() if row else None
    return access.person(user) if user else None


def calendar(person: access_rules.Person, at: datetime) -> list[tuple[str, rules.Meeting]]:
    """(election, meeting) of everything this person may have in a calendar: what its agency is invited to or holds, called off too."""
    found = []
    for election in record.elections():
        thing = access_rules.Thing("rakor", "", access_rules.reach(person, "rakor.read", election.region, at))
        if access_rules.may(person, "rakor.read", thing, access_rules.Purpose.DUTY, (), at).allowed:
            found += [(election.code, m) for m in meetings(election.code, at) if concerns(m, person.agency)]
    return found


def concerns(meeting: rules.Meeting, agency: str) -> bool:
    """Whether a meeting stands in an agency's calendar: it is invited or was there, or it holds meetings, or oversees them."""
    return agency in {a.agency for a in meeting.agencies} or agency in {*rules.CHAIRS, "BAWASLU"}


# --- during the meeting --------------------------------------------------------------------------------------------------


def attend(election: str, meeting: str, agencies: Iterable[str], actor: facts.Actor, at: datetime) -> None:
    """These agencies came, just now. Those already noted stay noted. Cancelled."""
    with transaction.atomic():
        at = record.turn(at)
        called = _meeting(_meeting_row(election, meeting, at), at)
        rules.check_on(called)
        new = [a for a in dict.fromkeys(agencies) if a not in called.attended]
        _write_arrivals(election, meeting, [rules.Attendance(a, True, _mark(None), at) for a in new], actor, at)


def arrive(election: str, meeting: str, there: rules.Attendance, actor: facts.Actor, at: datetime) -> None:
    """An agency came: when, with how many people, and the office of the one who signs. What `rules.check_arrival` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        office = reports.tidied(election, there.office)[:80]
        there = replace(there, office=office, arrived_at=there.arrived_at or at, mark=there.mark or _mark(None))
        rules.check_arrival(_meeting(_meeting_row(election, meeting, at), at), there, at)
        _write_arrivals(election, meeting, [there], actor, at)


def _write_arrivals(election: str, meeting: str, there: list[rules.Attendance], actor: facts.Actor, at: datetime) -> None:
    row = _meeting_row(election, meeting, at)
    drafts = [
        _draft(
            "rakor.attended", election, f"rakor:{meeting}", actor, at,
            {"agency": a.agency, "arrived_at": (a.arrived_at or at).isoformat(), "people": a.people, "mark": a.mark}, office=a.office,
        )
        for a in there
    ]  # fmt: skip
    prepared = record.prepare(drafts, at)
    Attendance.objects.bulk_create(
        Attendance(
            meeting=row, agency=a.agency, arrived_at=a.arrived_at, office=a.office, people=a.people, mark=a.mark, occurred_at=at,
            entry_id=entry.entry_id,
        )
        for a, entry in zip(there, prepared, strict=True)
    )  # fmt: skip
    record.append(prepared, at=at)


def strike(election: str, meeting: str, agency: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """An agency was noted as present in error. NotThere, NoReason."""
    with transaction.atomic():
        at = record.turn(at)
        reason = reports.tidied(election, reason)
        row = _standing(_meeting_row(election, meeting, at), at).filter(agency=agency).first()
        if row is None:
            raise rules.NotThere(agency=agency)
        if not reason.strip():
            raise rules.NoReason()
        draft = _draft("rakor.attendance_struck", election, f"rakor:{meeting}", actor, at, {"agency": agency}, reason=reason)
        prepared = record.prepare([replace(draft, corrects=row.entry_id)], at)
        RakorStrike.objects.create(attendance=row, reason=reason, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def freeze(election: str, meeting: str, actor: facts.Actor, at: datetime) -> rules.Snapshot:
    """Freeze the numbers as they stand at `at` for a meeting, under one hash. Cancelled."""
    with transaction.atomic():
        at = record.turn(at)
        row = _meeting_row(election, meeting, at)
        rules.check_on(_meeting(row, at))
        sections = rules.split(collect(election, meeting, at), lambda: secrets.token_hex(16))
        content, digest = rules.freeze(sections), rules.digest(sections)
        code = f"SNP-{Snapshot.objects.filter(meeting__election=election).count() + 1:03}"
        said = {"meeting": meeting, "digest": digest, "bytes": len(content), **_head(sections)}
        prepared = record.prepare([_draft("rakor.frozen", election, f"snapshot:{code}", actor, at, said)], at)
        entry_id = prepared[0].entry_id
        Snapshot.objects.create(
            code=code, meeting=row, content=content, digest=digest, person=actor.person, occurred_at=at, entry_id=entry_id
        )
        record.append(prepared, at=at)
    return rules.Snapshot(code, meeting, at, content, digest, entry_id)


def decide(
    election: str,
    meeting: str,
    text: str,
    owner: str,
    due_at: datetime,
    actor: facts.Actor,
    at: datetime,
    mark: str | None = None,
    item: str = "",
) -> rules.Decision:
    """The meeting decides something on its newest snapshot. NotInvited, NothingFrozen, DeadlinePast, Untitled, Cancelled, Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        row = _meeting_row(election, meeting, at)
        called = _meeting(row, at)
        rules.check_on(called)
        text, mark = reports.tidied(election, text), _mark(mark)
        newest = Snapshot.objects.filter(meeting=row, occurred_at__lte=at).order_by("-occurred_at", "-id").first()
        rules.check_decision(called, text, owner, due_at, newest.code if newest else "", at)
        assert newest is not None  # check_decision refuses without one
        code = f"KPT-{Decision.objects.filter(meeting__election=election, version=1).count() + 1:03}"
        said: dict[str, object] = {
            "meeting": meeting, "snapshot": newest.code, "digest": newest.digest, "owner": owner, "due_at": due_at.isoformat(),
            "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("rakor.decided", election, f"decision:{code}", actor, at, said, text=text)], at)
        made = Decision.objects.create(
            code=code, meeting=row, snapshot=newest.code, item=item[:60], text=text, owner=owner, due_at=due_at, mark=mark,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _decision([made], [])


def correct(
    election: str, code: str, text: str, owner: str, due_at: datetime, reason: str, seen: int, actor: facts.Actor, at: datetime
) -> rules.Decision:
    """A decision written anew: the next version, which names the one before it. SeenOlder, and what `rules.check_correction` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        before = decision(election, code, at)
        if before.version != seen:
            raise rules.SeenOlder()
        text, reason = reports.tidied(election, text), reports.tidied(election, reason)
        row = Decision.objects.filter(meeting__election=election, code=code, version=seen).select_related("meeting")[0]
        rules.check_correction(before, _meeting(row.meeting, at), text, owner, due_at, reason)
        said: dict[str, object] = {
            "version": seen + 1, "owner": owner, "due_at": due_at.isoformat(), "snapshot": row.snapshot, "mark": row.mark,
        }  # fmt: skip
        draft = _draft("rakor.decision_corrected", election, f"decision:{code}", actor, at, said, text=text, reason=reason)
        prepared = record.prepare([replace(draft, corrects=row.entry_id)], at)
        Decision.objects.create(
            code=code, version=seen + 1, meeting=row.meeting, snapshot=row.snapshot, item=row.item, text=text, owner=owner, due_at=due_at,
            reason=reason, mark=row.mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return decision(election, code, at)


def take_step(
    election: str,
    code: str,
    act: rules.Act,
    text: str,
    actor: facts.Actor,
    at: datetime,
    due_at: datetime | None = None,
    proofs: Iterable[evidence_rules.Kept] = (),
) -> rules.Decision:
    """Something happens to a decision; files are kept before (`evidence.keep`). Unknown, and what `rules.check_step` refuses."""
    kept = list({k.sha256: k for k in proofs}.values())
    with transaction.atomic():
        at = record.turn(at)
        before, text = decision(election, code, at), reports.tidied(election, text)
        made = rules.Step(act, actor.agency, at, text, due_at if act is rules.Act.ASK_LATER else None)
        rules.check_step(before, made)
        mark = _mark(None)
        said: dict[str, object] = {
            "agency": actor.agency, "due_at": made.due_at.isoformat() if made.due_at else "", "files": [k.sha256 for k in kept],
            "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft(_PAST[act], election, f"decision:{code}", actor, at, said, text=text)], at)
        entry_id = prepared[0].entry_id
        row = Decision.objects.filter(meeting__election=election, code=code, version=before.version)[0]
        RakorStep.objects.create(
            decision=row, act=act.value, agency=actor.agency, text=text, due_at=made.due_at, mark=mark, person=actor.person,
            occurred_at=at, entry_id=entry_id,
        )  # fmt: skip
        for one in kept:
            what = "signed_scan" if one.kind == "pdf" else "photo"
            evidence.bind(election, "rakor", f"decision:{code}", what, one, actor, at, entry_id, mark)
        record.append(prepared, at=at)
    return decision(election, code, at)


_PAST = {
    rules.Act.PROGRESS: "rakor.decision_progressed", rules.Act.ASK_LATER: "rakor.later_asked", rules.Act.GRANT: "rakor.later_granted",
    rules.Act.DENY: "rakor.later_denied", rules.Act.DONE: "rakor.decision_done", rules.Act.VERIFY: "rakor.decision_verified",
    rules.Act.RETURN: "rakor.decision_returned",
}  # fmt: skip


def _mark(mark: str | None) -> str:
    """The mark that a caller gives, else that of the installation."""
    return mark if mark is not None else "[SIMULASI]" if record.installation().demo else ""


def _draft(
    kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object], **typed: str
) -> facts.Draft:
    region = record.election(election).region
    private = record.typed(**typed)
    return facts.Draft(
        kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said, private=private
    )


def _head(sections: rules.Sections) -> dict[str, str | int]:
    journal = sections["journal"]
    assert isinstance(journal, dict)
    return {"journal_root": str(journal["root"]), "journal_size": str(journal["size"])}


# --- what is read --------------------------------------------------------------------------------------------------------


def meetings(election: str, at: datetime) -> list[rules.Meeting]:
    """Meetings called by then, newest first."""
    rows = Meeting.objects.filter(election=election, occurred_at__lte=at).order_by("-starts_at", "-id")
    return [_meeting(row, at) for row in rows]


def meeting(election: str, code: str, at: datetime) -> rules.Meeting:
    """One meeting. Unknown."""
    return _meeting(_meeting_row(election, code, at), at)


def snapshots(election: str, at: datetime, meeting: str = "") -> list[rules.Snapshot]:
    """Snapshots frozen by then, newest first; of one meeting or of all."""
    rows = Snapshot.objects.select_related("meeting").filter(meeting__election=election, occurred_at__lte=at)
    rows = rows.filter(meeting__code=meeting) if meeting else rows
    return [_snapshot(row) for row in rows.order_by("-occurred_at", "-id")]


def snapshot(election: str, code: str, at: datetime) -> rules.Snapshot:
    """One snapshot. Unknown; Changed where its bytes no longer match its digest."""
    rows = Snapshot.objects.select_related("meeting").filter(meeting__election=election, code=code, occurred_at__lte=at)
    return _snapshot(_one(rows, code))


def latest(election: str, at: datetime) -> rules.Snapshot | None:
    """The newest snapshot by then."""
    return next(iter(snapshots(election, at)), None)


def decisions(election: str, at: datetime, meeting: str = "") -> list[rules.Decision]:
    """Decisions taken by then, oldest first, in their newest version and with what has become of them."""
    rows = Decision.objects.select_related("meeting").filter(meeting__election=election, occurred_at__lte=at)
    rows = rows.filter(meeting__code=meeting) if meeting else rows
    versions: dict[str, list[Decision]] = {}
    for row in rows.order_by("occurred_at", "id"):
        versions.setdefault(row.code, []).append(row)
    steps: dict[str, list[RakorStep]] = {}
    taken = RakorStep.objects.select_related("decision").filter(decision__in=rows, occurred_at__lte=at)
    for step in taken.order_by("occurred_at", "id"):
        steps.setdefault(step.decision.code, []).append(step)
    return [_decision(found, steps.get(code, [])) for code, found in versions.items()]


def decision(election: str, code: str, at: datetime) -> rules.Decision:
    """One decision as it stood then. Unknown."""
    for found in decisions(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(thing=code[:20])


def versions(election: str, code: str, at: datetime) -> list[tuple[rules.Decision, str]]:
    """Every version of a decision by then, oldest first, each with the reason why it was written anew."""
    rows = Decision.objects.select_related("meeting").filter(meeting__election=election, code=code, occurred_at__lte=at)
    return [(_decision([row], []), row.reason) for row in rows.order_by("version")]


def agenda(election: str, code: str, at: datetime) -> rules.Agenda:
    """The agenda of a meeting: as people left it, until it begins with what has become urgent since."""
    row = _meeting_row(election, code, at)
    kept, starts_at = _kept_agenda(row, at), _meeting(row, at).starts_at
    if kept.version and at >= starts_at:
        return kept
    looked_at = min(at, starts_at)
    derived = rules.agenda(_matters(election, code, looked_at), looked_at, most=500)
    return rules.merged(kept, derived)


def invitations(election: str, code: str, at: datetime) -> list[rules.Invitation]:
    """The letters sent for a meeting by then, oldest first. Changed where one's bytes no longer match its digest."""
    rows = RakorInvitation.objects.filter(meeting__election=election, meeting__code=code, occurred_at__lte=at).order_by("version")
    return [rules.Invitation(code, r.version, r.meeting_version, bytes(r.content), r.digest, r.occurred_at, r.entry_id) for r in rows]


def replies(election: str, code: str, at: datetime) -> dict[str, rules.Reply]:
    """Agency -> its last answer by then, to whatever version of the meeting."""
    rows = RakorReply.objects.filter(meeting__election=election, meeting__code=code, occurred_at__lte=at).order_by("occurred_at", "id")
    return {
        r.agency: rules.Reply(r.agency, rules.Answer(r.answer), r.people, r.office, r.version, r.occurred_at, r.mark, r.entry_id)
        for r in rows
    }


def changes(election: str, code: str, at: datetime) -> list[rules.Meeting]:
    """Every version of a meeting by then, oldest first."""
    row = _meeting_row(election, code, at)
    moments = RakorChange.objects.filter(meeting=row, occurred_at__lte=at).order_by("version").values_list("version", flat=True)
    return [_meeting(row, at, upto=version) for version in (1, *moments)]


TODO_KINDS = {"reply": "rakor.reply", "moved": "rakor.moved", "cancelled": "rakor.cancelled", "chase": "rakor.chase", "send": "rakor.send"}


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For an agency: letters to answer, meetings called off, decisions to carry out or to verify. For who holds meetings: whom to ask."""
    if not _holds(person, "rakor.reply", at):
        return []
    found = [task for m in meetings(election, at) for task in _meeting_tasks(person, election, m, at)]
    for d in decisions(election, at):
        found += _decision_tasks(person, d, at)
    return found


def _holds(person: access_rules.Person, act: str, at: datetime) -> bool:
    return any(g.role in access_rules.POLICY[act] and g.holds(at) for g in person.grants)


def _meeting_tasks(person: access_rules.Person, election: str, m: rules.Meeting, at: datetime) -> list[facts.Task]:
    def task(what: str, label: str, due_at: datetime | None) -> facts.Task:
        return facts.Task(TODO_KINDS[what], "rakor", f"rakor:{m.code}", label, due_at, (m.code,))

    label = f"{m.title}, {m.place}"
    if m.cancelled:
        seen = RakorNotice.objects.filter(meeting__election=election, meeting__code=m.code, agency=person.agency, occurred_at__lte=at)
        return [task("cancelled", label, m.starts_at)] if person.agency in m.invited and at < m.starts_at and not seen.exists() else []
    if at >= m.starts_at:
        return []
    sent, said = invitations(election, m.code, at), replies(election, m.code, at)
    if not sent:
        return [task("send", label, m.starts_at - timedelta(days=3))] if _holds(person, "rakor.write", at) else []
    found, due_at, host = [], rules.reply_by(m, sent[-1].sent_at), sent[-1].host
    mine = said.get(person.agency)
    if person.agency in m.invited and person.agency != host and (mine is None or mine.version != m.version):
        found.append(task("reply" if mine is None else "moved", label, due_at))
    silent = [a for a in m.invited if a != host and (a not in said or said[a].version != m.version)]
    if silent and at >= due_at and _holds(person, "rakor.write", at):
        names = ", ".join(printed.agency_name(a) for a in silent)
        found.append(task("chase", f"{m.title}: {names} belum menjawab", m.starts_at))
    return found


def _decision_tasks(person: access_rules.Person, d: rules.Decision, at: datetime) -> list[facts.Task]:
    def task(kind: str, label: str, due_at: datetime | None) -> facts.Task:
        return facts.Task(kind, "rakor", f"decision:{d.code}", f"{d.code}: {label}", due_at, (d.code,))

    allowed = rules.allowed_steps(d, person.agency, at)
    if rules.Act.DONE in allowed:
        return [task("rakor.decision", d.text, d.due_at)]
    if rules.Act.GRANT in allowed and _holds(person, "rakor.write", at) and person.agency == _granter(d):
        return [task("rakor.later", d.text, d.due_at)]
    if rules.Act.VERIFY in allowed and person.agency == _verifier(d) and d.done_at:
        return [task("rakor.verify", d.text, d.done_at + timedelta(days=7))]
    return []


def _granter(d: rules.Decision) -> str:
    """Whose task a wish for a later day is, though either chair may answer it: the KPU's, the Kejari's where the KPU asks."""
    return "KEJARI" if d.owner == "KPU" else "KPU"


def _verifier(d: rules.Decision) -> str:
    """Whose task the look at what was done is, though every other agency may take it: the same."""
    return _granter(d)


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Meetings by title, place or code, and decisions by code or words, for those who were asked or hold or oversee them."""
    word = text.strip().lower()
    if not word:
        return []
    found = [m for m in meetings(election, at) if word in f"{m.code} {m.title} {m.place}".lower() and concerns(m, person.agency)]
    hits = [facts.Hit("rakor", m.title, m.place, (m.code,)) for m in found]
    decided = [d for d in decisions(election, at) if word in f"{d.code} {d.text}".lower()]
    return hits + [facts.Hit("decision", f"{d.code} {d.text}", printed.agency_name(d.owner), (d.code,)) for d in decided[:20]]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.Unknown(thing=code)
    return row


def _meeting_row(election: str, code: str, at: datetime) -> Meeting:
    return _one(Meeting.objects.filter(election=election, code=code, occurred_at__lte=at), code)


def _standing(row: Meeting, at: datetime) -> "models.QuerySet[Attendance]":
    struck = RakorStrike.objects.filter(attendance__meeting=row, occurred_at__lte=at).values("attendance_id")
    return Attendance.objects.filter(meeting=row, occurred_at__lte=at).exclude(pk__in=struck).order_by("id")


def _meeting(row: Meeting, at: datetime, upto: int = 0) -> rules.Meeting:
    """A meeting as it stood; `upto` another version than the newest."""
    changes = RakorChange.objects.filter(meeting=row, occurred_at__lte=at).order_by("version")
    last = (changes.filter(version__lte=upto) if upto else changes).last()
    there = {a.agency: a for a in _standing(row, at)}
    agencies = tuple(_attendance(code, there.get(code), code in row.invited) for code in dict.fromkeys([*row.invited, *there]))
    found = rules.Meeting(row.code, row.title, row.place, row.starts_at, agencies, row.mark, row.note, row.duration_min)
    if last is None:
        return replace(found, changed_at=row.occurred_at)
    return replace(
        found, place=last.place, starts_at=last.starts_at, duration_min=last.duration_min, version=last.version,
        changed_at=last.occurred_at, cancelled=last.cancelled, reason=last.reason,
    )  # fmt: skip


def _attendance(agency: str, row: Attendance | None, invited: bool) -> rules.Attendance:
    if row is None:
        return rules.Attendance(agency, False, invited=invited)
    return rules.Attendance(agency, True, row.mark, row.arrived_at, row.office, row.people, invited, row.entry_id)


def _snapshot(row: Snapshot) -> rules.Snapshot:
    return rules.Snapshot(row.code, row.meeting.code, row.occurred_at, bytes(row.content), row.digest, row.entry_id)


def _decision(rows: list[Decision], steps: list[RakorStep]) -> rules.Decision:
    """A decision from all its versions by then and its steps."""
    first, last = rows[0], rows[-1]
    made = rules.Decision(
        code=last.code, meeting=last.meeting.code, text=last.text, owner=last.owner, due_at=last.due_at, decided_at=first.occurred_at,
        snapshot=last.snapshot, mark=last.mark, version=last.version, item=last.item, entry_id=last.entry_id,
    )  # fmt: skip
    happened = [
        rules.Step(rules.Act(s.act), s.agency, s.occurred_at, s.text, s.due_at, s.entry_id, s.mark)
        for s in steps
    ]  # fmt: skip
    folded = rules.fold(made, happened)
    # A day that was granted before the decision was written anew is part of what was written anew.
    granted_since = any(s.act is rules.Act.GRANT and s.at >= last.occurred_at for s in happened)
    return folded if granted_since or last.version == 1 else replace(folded, due_at=last.due_at)


def _kept_agenda(row: Meeting, at: datetime) -> rules.Agenda:
    kept = RakorAgenda.objects.filter(meeting=row, occurred_at__lte=at).order_by("version").last()
    if kept is None:
        return rules.Agenda()
    dropped = tuple(rules.Dropped(_matter(d), str(d["reason"])) for d in kept.dropped)
    return rules.Agenda(tuple(_matter(i) for i in kept.items), dropped, kept.version, kept.added)


def _matter_row(m: rules.Matter) -> dict[str, str | int]:
    due_at = m.due_at.isoformat() if m.due_at else ""
    return {"kind": m.kind, "code": m.code, "label": m.label, "why": m.why, "due_at": due_at, "weight": m.weight}


def _matter(row: Mapping[str, Any]) -> rules.Matter:
    due_at = datetime.fromisoformat(row["due_at"]) if row["due_at"] else None
    return rules.Matter(str(row["kind"]), str(row["code"]), str(row["label"]), str(row["why"]), due_at, int(row["weight"]))


# --- what a snapshot holds -----------------------------------------------------------------------------------------------


def collect(election: str, meeting: str, at: datetime) -> dict[str, rules.Value]:
    """Every section of a snapshot as it stands at an instant: text and whole numbers, each figure with its source."""
    about = record.election(election)
    called = _meeting(_meeting_row(election, meeting, at), at)
    gauge = receipts.gauge(election, at)
    verdicts = readiness.verdicts(election, at)
    tps_list = places.tps_list(election)
    size, root = record.root()  # the head of the whole journal: what a witness can check later
    before = latest(election, at)
    run = dpt.current(election, at)
    marks = _marks(bool(run and run.estimate))
    figures = _figures(election, at, gauge, readiness_rules.summary(verdicts), len(tps_list), marks)
    kecamatan = {t.code: (t.kecamatan_code, t.kecamatan_name) for t in tps_list}
    sections: dict[str, rules.Value] = {
        "meeting": _meeting_section(called, about, at),
        "journal": {"size": size, "root": root},
        "agenda": [dict(_matter_row(m)) for m in agenda(election, meeting, at).items],
        "figures": figures,
        "gauge": _gauge_section(gauge),
        "needs": [
            {"item": t.item, "name": t.name, "quantity": _known(t.quantity), "grade": str(t.grade)} for t in needs.totals(election, at)
        ],
        "readiness": _readiness_section(verdicts, kecamatan),
        "plan": _plan_section(election, at),
        "aght": {"nonce": secrets.token_hex(16), "rows": _aght_rows(election, at)},
        "recommendations": _recommendation_rows(election, at),
        "decisions": [_decision_row(d, at) for d in decisions(election, at)],
        "map": _picture(about.region, tps_list, verdicts),
    }
    sections["changes"] = _changes(before, sections)
    return sections


def figures(election: str, at: datetime) -> list[rules.Value]:
    """The section "figures" as the record has it at an instant, past ones too; kept nowhere."""
    run = dpt.current(election, at)
    ready, marks = readiness_rules.summary(readiness.verdicts(election, at)), _marks(bool(run and run.estimate))
    return _figures(election, at, receipts.gauge(election, at), ready, len(places.tps_list(election)), marks)


def _known(quantity: int | None) -> int:
    """-1 stands for a quantity that nobody knows: canonical JSON here has no null."""
    return -1 if quantity is None else quantity


def _marks(estimate: bool) -> list[str]:
    return ["PERKIRAAN"] if estimate else []


def _meeting_section(called: rules.Meeting, about: facts.Election, at: datetime) -> rules.Value:
    return {
        "code": called.code,
        "title": called.title,
        "place": called.place,
        "starts_at": called.starts_at.isoformat(),
        "agencies": [{"agency": a.agency, "attended": int(a.attended)} for a in called.agencies],
        "note": called.note,
        "mark": called.mark,
        "election": about.code,
        "election_name": about.name,
        "voting_at": about.voting_at.isoformat(),
        "frozen_at": at.isoformat(),
        "aght_readers": _aght_readers(about.region, at),
    }


def _aght_readers(region: str, at: datetime) -> list[rules.Value]:
    """Whose copy carries the AGHT: the owner, the organiser and the overseer; others by an agreement in force for the whole region."""
    shared = {one.reader for one in access.agreements(at) if "aght" in one.kinds and access_rules.within(region, one.region)}
    return [*sorted({"KPU", "KEJARI", "BAWASLU"} | (shared & rules.AGHT_READERS))]


def _figure(code: str, label: str, share: tuple[int, int], source: str, at: datetime, marks: Iterable[str] = ()) -> rules.Value:
    numerator, denominator = share
    return {
        "code": code,
        "label": label,
        "numerator": numerator,
        "denominator": denominator,
        "source": source,
        "at": at.isoformat(),
        "marks": list(marks),
    }


def _figures(
    election: str, at: datetime, gauge: receipt_rules.Gauge, ready: readiness_rules.Summary, tps: int, marks: list[str]
) -> list[rules.Value]:
    """The numbers the meeting speaks of, each with numerator, denominator (-1: none), source, time and marks."""
    run = dpt.current(election, at)
    found = [_figure("tps", "TPS", (tps, -1), "daftar TPS", at)]
    if run:
        found.append(_figure("voters", "Pemilih", (run.total, -1), f"DPT: {run.label}", run.occurred_at))
    for total in needs.totals(election, at):
        if total.quantity is not None and total.item in {"KOTAK", "BILIK", "TINTA", "SURAT_SUARA"}:
            estimated = marks if total.item == "SURAT_SUARA" else []
            found.append(
                _figure(f"need:{total.item}", f"Kebutuhan {total.name.lower()}", (total.quantity, -1), "rumus kebutuhan", at, estimated)
            )
    items = gauge.ordered_items or None
    words = {"ordered": "dipesan", "shipped": "dikirim", "received": "diterima", "accepted": "diterima baik"}
    for stage, word in words.items():
        share = gauge.units(stage, items)
        found.append(_figure(f"units:{stage}", f"Unit {word}, dari barang yang sudah dipesan", _pair(share), "penerimaan", at, gauge.marks))
    everything = gauge.units("accepted")
    found.append(
        _figure(
            "units:all", "Unit diterima baik, dari semua barang yang diketahui", _pair(everything), "penerimaan", at, [*gauge.marks, *marks]
        )
    )
    found.append(_figure("lines", "Baris barang yang lengkap", _pair(gauge.lines("accepted")), "penerimaan", at, gauge.marks))
    found.append(
        _figure("supply", "TPS yang barang kritisnya bisa lengkap", (gauge.tps.complete, gauge.tps.total), "penerimaan", at, gauge.marks)
    )
    found.append(_figure("ready", "TPS siap", (ready.ready, ready.total), "pemeriksaan TPS", at))
    found.append(_figure("not_ready", "TPS belum siap", (ready.not_ready, ready.total), "pemeriksaan TPS", at))
    found.append(_figure("unknown", "TPS belum diketahui", (ready.unknown, ready.total), "pemeriksaan TPS", at))
    return found


def _pair(share: receipt_rules.Share) -> tuple[int, int]:
    return share.numerator, share.denominator


def _gauge_section(gauge: receipt_rules.Gauge) -> rules.Value:
    rows: list[rules.Value] = []
    for r in gauge.rows:
        d = r.demand
        about: dict[str, rules.Value] = {"item": d.item, "name": d.name, "contest": d.contest, "dapil": d.dapil, "grade": d.grade}
        amounts = {
            name: getattr(r, name) for name in ("ordered", "shipped", "replaced", "received", "accepted", "damaged", "missing", "over")
        }
        rows.append(
            {
                **about,
                **amounts,
                "need": _known(d.quantity),
                "confirmed": int(d.confirmed),
                "marks": [*r.marks, *(["PERKIRAAN"] if d.estimate else [])],
            }
        )
    unknown: list[rules.Value] = [r.demand.name for r in gauge.unknown]
    return {"rows": rows, "unknown": unknown, "tps_complete": gauge.tps.complete, "tps_total": gauge.tps.total}


def _readiness_section(verdicts: list[readiness_rules.Verdict], kecamatan: dict[str, tuple[str, str]]) -> rules.Value:
    groups: dict[tuple[str, str], list[readiness_rules.Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(kecamatan[verdict.tps], []).append(verdict)
    rows: list[rules.Value] = []
    for (code, name), group in sorted(groups.items()):
        total = readiness_rules.summary(group)
        rows.append({"code": code, "name": name, "ready": total.ready, "not_ready": total.not_ready, "unknown": total.unknown})
    causes: list[rules.Value] = [
        {
            "state": state.value,
            "code": c.reason.code,
            "item": c.reason.item,
            "name": c.reason.name,
            "have": c.reason.have,
            "need": c.reason.need,
            "estimate": int(c.reason.estimate),
            "tps": len(c.tps),
        }
        for state in (readiness_rules.State.NOT_READY, readiness_rules.State.UNKNOWN)
        for c in readiness_rules.causes(verdicts, state)
    ]
    states: dict[str, rules.Value] = {v.tps: v.state.value for v in verdicts}
    return {"kecamatan": rows, "causes": causes, "tps": states}


def _aght_rows(election: str, at: datetime) -> list[rules.Value]:
    names = _place_names(election)
    return [
        {
            "code": a.code,
            "kind": a.kind.value,
            "title": a.title,
            "place": a.place,
            "place_name": names.get(a.place, a.place),
            "tps": len(a.tps),
            "p_permille": round(a.p * 1000),
            "loss_low": a.loss.low,
            "loss_mode": a.loss.mode,
            "loss_high": a.loss.high,
            "loss_expected": a.loss.expected,
            "standing": a.standing.value,
            "estimate": int(a.estimate),
        }
        for a in aght.register(election, at)
    ]


def _place_names(election: str) -> dict[str, str]:
    region = record.election(election).region
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    names |= {d.code: f"Desa {d.name}" for d in places.desa_list(region)}
    names |= {k.code: f"Kec. {k.name}" for k in places.kecamatan_list(region)}
    return names | {s.code: s.name for s in places.sites(region)}


def _recommendation_rows(election: str, at: datetime) -> list[rules.Value]:
    """Issued ones only: a draft is the author's own until it is signed."""
    return [
        {
            "code": r.code,
            "number": r.number,
            "title": r.title,
            "addressee": r.addressee,
            "state": r.state.value,
            "due_at": r.due_at.isoformat() if r.due_at else "",
            "overdue": int(r.overdue(at)),
            "reason": r.reason,
        }
        for r in recommendations.listing(election, at)
        if r.issued_at is not None
    ]


def _decision_row(d: rules.Decision, at: datetime) -> rules.Value:
    return {
        "code": d.code,
        "meeting": d.meeting,
        "text": d.text,
        "owner": d.owner,
        "due_at": d.due_at.isoformat(),
        "decided_at": d.decided_at.isoformat(),
        "snapshot": d.snapshot,
        "state": "done" if d.done_at else "overdue" if d.overdue(at) else "open",
        "mark": d.mark,
    }


def _changes(before: rules.Snapshot | None, sections: rules.Sections) -> rules.Value:
    if before is None:
        return {"before": "", "digest": "", "rows": []}
    rows: list[rules.Value] = [
        {
            "code": d.code,
            "label": d.label,
            "before": d.before,
            "after": d.after,
            "change": d.change,
            "denominator_before": d.denominator_before,
            "denominator_after": d.denominator_after,
        }
        for d in rules.differences(before.sections, sections)
    ]
    return {"before": before.code, "digest": before.digest, "rows": rows}


def _matters(election: str, meeting: str, at: datetime) -> list[rules.Matter]:
    """Everything that the record offers to the agenda of a meeting. No title of a letter, no detail of an AGHT: every agency reads it."""
    return [
        *(
            rules.Matter("decision", d.code, d.text, "keputusan belum dilaksanakan", d.due_at)
            for d in decisions(election, at)
            if d.done_at is None and d.meeting != meeting
        ),
        *_recommendation_matters(election, at),
        *(
            rules.Matter(
                "request", r.code, f"Permintaan {r.code}: {printed.agency_name(r.asker)} kepada {printed.agency_name(r.asked)}",
                "permintaan belum dijawab", r.due_at,
            )
            for r in requests.overdue(election, at)
        ),
        *_deadline_matters(election, at),
        *(
            rules.Matter(
                "shortage", f"{r.demand.item}~{r.demand.contest}~{r.demand.dapil}",
                words.line_name(r.demand.name, r.demand.contest, r.demand.dapil), "kurang", None, r.open_quantity,
            )
            for r in receipts.gauge(election, at).known()
            if r.ordered and r.open_quantity
        ),
        *(
            rules.Matter("aght", a.code, f"Butir {a.code}", "terbuka", None, a.loss.expected)
            for a in aght.register(election, at)
            if a.standing.value == "open"
        ),
    ]  # fmt: skip


def _recommendation_matters(election: str, at: datetime) -> list[rules.Matter]:
    """Issued ones that are open; what is late comes by itself, with the deadline that was missed."""
    late: dict[str, datetime] = {}
    for one in recommendations.escalated(election, at):
        late.setdefault(one.code, one.due_at)
    return [
        rules.Matter(
            "recommendation", r.code, f"Rekomendasi {r.number or r.code} kepada {printed.agency_name(r.addressee)}",
            "lewat tenggat" if r.code in late else r.state.value, late.get(r.code, r.due_at),
        )
        for r in recommendations.listing(election, at)
        if r.issued_at is not None and (not r.ended or r.code in late)
    ]  # fmt: skip


def _deadline_matters(election: str, at: datetime) -> list[rules.Matter]:
    near = at + timedelta(days=45)
    return [
        rules.Matter("deadline", m.code, m.name, "tenggat", m.due_at) for m in regulation.milestones(election, at) if at <= m.due_at <= near
    ]


def _plan_section(election: str, at: datetime) -> rules.Value:
    stored = distribution.current_plan(election, at)
    if stored is None:
        return {}
    return {**stored.summary(), "planned_at": stored.occurred_at.isoformat(), "marks": list(stored.marks)}


_WORST = ((readiness_rules.State.NOT_READY, "bad"), (readiness_rules.State.UNKNOWN, "unknown"), (readiness_rules.State.READY, "good"))
_STATE_WORDS = {"bad": "belum siap", "unknown": "belum diketahui", "good": "siap", "plain": "tanpa TPS"}


def _picture(region: str, tps_list: list[place_rules.Tps], verdicts: list[readiness_rules.Verdict]) -> str:
    """The map as it was: each desa and island by the worst of its TPS."""
    by_tps = {v.tps: v.state for v in verdicts}

    def worst(group: list[place_rules.Tps]) -> str:
        states = {by_tps[t.code] for t in group}
        return next((name for state, name in _WORST if state in states), "plain")

    desa = []
    for d in places.desa_list(region):
        group = [t for t in tps_list if t.desa_code == d.code and not t.island]
        state = worst(group)
        desa.append(map.Desa(d.code, d.name, d.lat, d.lon, state, _STATE_WORDS[state], weight=max(1, len(group)), group=d.kecamatan_name))
    islands = []
    for s in places.sites(region):
        group = [t for t in tps_list if t.island == s.code]
        if group and s.lat is not None and s.lon is not None:
            state = worst(group)
            islands.append(map.Island(s.code, s.name, s.lat, s.lon, state, _STATE_WORDS[state], detail=f"{len(group)} TPS"))
    title = f"Kesiapan {len(tps_list)} TPS"
    return map.svg(map.Map(title=title, region=region, desa=desa, islands=islands, boundaries=places.boundaries(region)))


# --- erasing words (see record.Eraser and record.Unquoter) -----------------------------------------------------------------


def _erase_call(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """The note of a meeting, and where its letters and minutes quote it they lose it as well; title and place are facts."""
    del at
    Meeting.objects.filter(entry_id=entry_id).exclude(note="").update(note=mark)
    return ()


def _erase_change(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Why a meeting was moved or called off, and a place that was new; later versions that keep this place say it no more either."""
    del at
    said = record.privates([entry_id]).parts.get(entry_id) or {}
    for row in RakorChange.objects.filter(entry_id=entry_id):
        if "place" in said:
            RakorChange.objects.filter(meeting=row.meeting, version__gte=row.version, place=row.place).update(place=mark)
        RakorChange.objects.filter(pk=row.pk).exclude(reason="").update(reason=mark)
    return ()


def _erase_agenda(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """An item that somebody wrote, or why one was dropped: in every version of the agenda, each of which is a whole."""
    del at
    said = record.privates([entry_id]).parts.get(entry_id) or {}
    typed = {name: str(text) for name, text in said.items()}
    for row in RakorAgenda.objects.filter(entry_id=entry_id):
        for one in RakorAgenda.objects.filter(meeting=row.meeting):
            items, dropped = ([_unsaid(m, typed, mark) for m in rows] for rows in (one.items, one.dropped))
            RakorAgenda.objects.filter(pk=one.pk).update(items=items, dropped=dropped)
    return ()


def _unsaid(matter: dict[str, Any], typed: Mapping[str, str], mark: str) -> dict[str, Any]:
    """An item of the agenda with the mark where it says exactly what was typed."""
    return {name: mark if value and typed.get(name) == value else value for name, value in matter.items()}


def _erase_letter(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """The note of a letter, however short: the letter keeps its number and its hash."""
    del at
    for row in RakorInvitation.objects.filter(entry_id=entry_id):
        left = {**json.loads(bytes(row.content)), "note": mark, "erased": 1}
        RakorInvitation.objects.filter(pk=row.pk).update(content=rules.canonical(left))
    return ()


def _erase_office(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Who came or will come, as an office; agency, number and time stay."""
    del at
    RakorReply.objects.filter(entry_id=entry_id).exclude(office="").update(office=mark)
    Attendance.objects.filter(entry_id=entry_id).exclude(office="").update(office=mark)
    return ()


def _erase_strike(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    RakorStrike.objects.filter(entry_id=entry_id).update(reason=mark)
    return ()


def _erase_decision(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """The words of one version of a decision; owner, deadline and state stay, and so does what other versions say."""
    del at
    Decision.objects.filter(entry_id=entry_id).update(text=mark)
    Decision.objects.filter(entry_id=entry_id).exclude(reason="").update(reason=mark)
    return ()


def _erase_step(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    RakorStep.objects.filter(entry_id=entry_id).exclude(text="").update(text=mark)
    return ()


WORDS: dict[str, record.Eraser] = {
    "rakor.called": _erase_call,
    "rakor.moved": _erase_change,
    "rakor.cancelled": _erase_change,
    "rakor.agenda_set": _erase_agenda,
    "rakor.invited": _erase_letter,
    "rakor.replied": _erase_office,
    "rakor.attended": _erase_office,
    "rakor.attendance_struck": _erase_strike,
    "rakor.decided": _erase_decision,
    "rakor.decision_corrected": _erase_decision,
    **dict.fromkeys(_PAST.values(), _erase_step),
}


def unquote(election: str, texts: Sequence[str], mark: str) -> None:
    """Words of others that frozen packs, letters and agendas quote: packs and letters lose them and keep their digest."""
    for row in Snapshot.objects.filter(meeting__election=election):
        left = rules.without(bytes(row.content), texts, mark)
        if left != bytes(row.content):
            Snapshot.objects.filter(pk=row.pk).update(content=left)
    for letter in RakorInvitation.objects.filter(meeting__election=election):
        left = rules.paper_without(bytes(letter.content), texts, mark)
        if left != bytes(letter.content):
            RakorInvitation.objects.filter(pk=letter.pk).update(content=left)
    for agenda_row in RakorAgenda.objects.filter(meeting__election=election):
        items, dropped = rules.replaced(agenda_row.items, texts, mark), rules.replaced(agenda_row.dropped, texts, mark)
        if (items, dropped) != (agenda_row.items, agenda_row.dropped):
            RakorAgenda.objects.filter(pk=agenda_row.pk).update(items=items, dropped=dropped)


QUOTES: dict[str, record.Unquoter] = {"rakor": unquote}
