"""Stage posts: posts by version, shifts, the logbook with its words apart, heartbeats, contacts; and counts without content.

The words of a note stand in a table of their own and in the private part of the journal entry; both can be erased. Everything else is
codes, counts, times and pseudonyms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import posts as rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.store import access, places, record, reports, thresholds

AGAIN_AFTER = timedelta(minutes=5)
"""A second tap within this time is the same heartbeat."""


class PostVersion(models.Model):
    """A post as it stands from an instant on; the newest version counts."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=24)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12)
    parent = models.CharField(max_length=24, blank=True)
    place = models.CharField(max_length=40)
    served = models.JSONField(default=list)
    services = models.JSONField(default=list)
    hours = models.JSONField(default=list)
    beat_hours = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    open = models.BooleanField(default=True)
    closed_for = models.CharField(max_length=30, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_version"
        constraints = (models.UniqueConstraint(fields=["election", "code", "version"], name="posts_version_once"),)


class PostShift(models.Model):
    """A duty in the roster; `cancelled_at` null while it stands."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    post = models.CharField(max_length=24)
    on_duty = models.CharField(max_length=64)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_shift"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="posts_shift_code"),)
        indexes = (models.Index(fields=["election", "until_at"], name="posts_shift_until"),)


class PostShiftCancel(models.Model):
    """A duty that was called off, and why."""

    shift = models.OneToOneField(PostShift, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_shift_cancel"


class PostNote(models.Model):
    """A line of the logbook without its words."""

    election = models.CharField(max_length=40)
    number = models.CharField(max_length=20)
    post = models.CharField(max_length=24)
    note = models.CharField(max_length=20)
    people = models.PositiveSmallIntegerField()
    counterpart = models.CharField(max_length=12)
    happened_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    erased_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_note"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="posts_note_number"),)
        indexes = (models.Index(fields=["election", "happened_at"], name="posts_note_happened"),)


class PostNoteWords(models.Model):
    """What a note says. A row that is erased is gone."""

    note = models.OneToOneField(PostNote, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        db_table = "posts_note_words"


class PostNoteStrike(models.Model):
    """A note that does not count, why, and who said so."""

    note = models.OneToOneField(PostNote, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    person = models.CharField(max_length=64)
    second = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_note_strike"


class PostBeat(models.Model):
    """A heartbeat: somebody at the post said that it is there."""

    election = models.CharField(max_length=40)
    post = models.CharField(max_length=24)
    person = models.CharField(max_length=64)
    mark = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_beat"
        indexes = (models.Index(fields=["election", "post", "occurred_at"], name="posts_beat_latest"),)


class PostContact(models.Model):
    """An office that a post can reach in a desa."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    post = models.CharField(max_length=24)
    desa = models.CharField(max_length=20)
    role = models.CharField(max_length=20)
    channel = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_contact"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="posts_contact_code"),)


class PostContactEnd(models.Model):
    """A contact that is no longer one."""

    contact = models.OneToOneField(PostContact, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=30)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "posts_contact_end"


# --- posts -----------------------------------------------------------------------------------------------------------------


def open_post(election: str, post: rules.Post, actor: facts.Actor, at: datetime) -> None:
    """A new post. CodeTaken, OtherSide and what `rules.check_post` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        known = _known(election, at)
        rules.check_side(post, actor.agency)
        if post.code in known or PostVersion.objects.filter(election=election, code=post.code).exists():
            raise rules.CodeTaken(code=post.code)
        fit = _fit(election, replace(post, opened_at=at, open=True, closed_for="", version=1), known)
        _write(election, fit, "post.opened", actor, at)


def change_post(election: str, post: rules.Post, actor: facts.Actor, at: datetime) -> None:
    """Another name, parent, area, services, hours or rhythm; kind and code stay. AlreadySo, OtherSide, ClosedPost, and check_post."""
    with transaction.atomic():
        at = record.turn(at)
        known = _known(election, at)
        before = _one(known, post.code)
        rules.check_side(before, actor.agency)
        if not before.open:
            raise rules.ClosedPost(post=before.code)
        same = replace(post, kind=before.kind, opened_at=before.opened_at, version=before.version, open=True, closed_for="")
        fit = _fit(election, replace(same, mark=before.mark), {c: p for c, p in known.items() if c != post.code})
        if fit == before:
            raise rules.AlreadySo(what=post.code)
        _write(election, replace(fit, version=before.version + 1), "post.changed", actor, at)


def close_post(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """No duty, log or heartbeat from now on; what it covered is uncovered. BadReason, AlreadySo, OtherSide."""
    _stand(election, code, False, rules.check_reason(reason, rules.CLOSE_REASONS), actor, at)


def reopen_post(election: str, code: str, actor: facts.Actor, at: datetime) -> None:
    """Open again; the first heartbeat is owed from now. AlreadySo, OtherSide."""
    _stand(election, code, True, "", actor, at)


def _stand(election: str, code: str, opened: bool, reason: str, actor: facts.Actor, at: datetime) -> None:
    with transaction.atomic():
        at = record.turn(at)
        before = get(election, code, at)
        rules.check_side(before, actor.agency)
        if before.open is opened:
            raise rules.AlreadySo(what=code)
        since = at if opened else before.opened_at
        after = replace(before, open=opened, closed_for=reason, opened_at=since, version=before.version + 1)
        _write(election, after, "post.reopened" if opened else "post.closed", actor, at)


def _fit(election: str, post: rules.Post, others: dict[str, rules.Post]) -> rules.Post:
    region = record.election(election).region
    fit = rules.check_post(post, others, (d.code for d in places.desa_list(region)), region)
    reports.check_neutral(election, fit.name)
    return replace(fit, mark=fit.mark or _mark())


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


def _write(election: str, post: rules.Post, kind: str, actor: facts.Actor, at: datetime) -> None:
    hours = [[w.weekday, w.from_min, w.until_min] for w in post.hours]
    said: dict[str, object] = {
        "name": post.name, "kind": post.kind.value, "parent": post.parent, "served": list(post.served),
        "services": [s.value for s in post.services], "hours": hours, "beat_hours": post.beat_hours, "closed_for": post.closed_for,
        "version": post.version, "mark": post.mark,
    }  # fmt: skip
    prepared = record.prepare([facts.Draft(kind, election, f"post:{post.code}", post.place, actor, at, said)], at)
    PostVersion.objects.create(
        election=election, code=post.code, version=post.version, name=post.name, kind=post.kind.value, parent=post.parent,
        place=post.place, served=list(post.served), services=[s.value for s in post.services], hours=hours, beat_hours=post.beat_hours,
        opened_at=post.opened_at, open=post.open, closed_for=post.closed_for, mark=post.mark, person=actor.person, occurred_at=at,
        entry_id=prepared[0].entry_id,
    )  # fmt: skip
    record.append(prepared, at=at)


def listing(election: str, at: datetime) -> list[rules.Post]:
    """All posts as they stood then, closed ones too: the prosecutor's first, the highest kind first, then by code."""
    order = list(rules.Kind)
    return sorted(_known(election, at).values(), key=lambda p: (order.index(p.kind), p.place, p.code))


def get(election: str, code: str, at: datetime) -> rules.Post:
    """One post. Unknown."""
    return _one(_known(election, at, code), code)


def _one(known: dict[str, rules.Post], code: str) -> rules.Post:
    if code not in known:
        raise rules.Unknown(what=code[:40])
    return known[code]


def _known(election: str, at: datetime, code: str = "") -> dict[str, rules.Post]:
    rows = PostVersion.objects.filter(election=election, occurred_at__lte=at)
    if code:
        rows = rows.filter(code=code)
    return {row.code: _post(row) for row in rows.order_by("version")}


def _post(row: PostVersion) -> rules.Post:
    return rules.Post(
        row.code, row.name, rules.Kind(row.kind), row.parent, row.place, tuple(row.served), tuple(rules.Service(s) for s in row.services),
        tuple(rules.Window(*w) for w in row.hours), row.beat_hours, row.opened_at, row.open, row.closed_for, row.version, row.mark,
    )  # fmt: skip


def people(side: rules.Side) -> dict[str, str]:
    """Pseudonym -> name on the screen of everybody with an account on a side."""
    return {a.person: a.display for a in access.accounts() if a.active and a.agency in rules.AGENCIES[side]}


# --- heartbeat -------------------------------------------------------------------------------------------------------------


def tap(election: str, code: str, actor: facts.Actor, at: datetime) -> bool:
    """The post is there. False where a heartbeat of the last minutes already says so. Unknown, OtherSide, ClosedPost."""
    with transaction.atomic():
        at = record.turn(at)
        post = get(election, code, at)
        rules.check_side(post, actor.agency)
        rules.check_open(post)
        if PostBeat.objects.filter(election=election, post=code, occurred_at__gt=at - AGAIN_AFTER, occurred_at__lte=at).exists():
            return False
        mark = _mark()
        prepared = record.prepare([facts.Draft("post.alive", election, f"post:{code}", post.place, actor, at, {"mark": mark})], at)
        PostBeat.objects.create(election=election, post=code, person=actor.person, mark=mark, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)
    return True


def relive(election: str, taps: Iterable[tuple[datetime, str, facts.Actor]]) -> int:
    """Made-up heartbeats of a demonstration, a week at a time; how many. ValueError in a real installation: there somebody has to press.

    taps: (when, post, who), each at an open post of the person's side and at least five minutes after the one before at that post.
    """
    mark = _mark()
    if not mark:
        raise ValueError("heartbeats are made up in a demonstration only")
    weeks: dict[tuple[int, int], list[tuple[datetime, str, facts.Actor]]] = defaultdict(list)
    for one in sorted(taps, key=lambda t: (t[0], t[1])):
        weeks[record.local_date(one[0]).isocalendar()[:2]].append(one)
    for lived in weeks.values():
        until_at = lived[-1][0]
        with transaction.atomic():
            record.turn(until_at)
            known = {p.code: p for p in listing(election, until_at)}
            for _, code, actor in lived:
                rules.check_side(known[code], actor.agency)
                rules.check_open(known[code])
            drafts = [
                facts.Draft("post.alive", election, f"post:{code}", known[code].place, actor, at, {"mark": mark})
                for at, code, actor in lived
            ]
            prepared = record.prepare(drafts, until_at)
            PostBeat.objects.bulk_create(
                PostBeat(election=election, post=code, person=actor.person, mark=mark, occurred_at=at, entry_id=entry.entry_id)
                for (at, code, actor), entry in zip(lived, prepared, strict=True)
            )
            record.append(prepared, at=until_at)
    return sum(len(lived) for lived in weeks.values())


def beats(election: str, at: datetime) -> dict[str, rules.Beat]:
    """How alive every post is."""
    rows = PostBeat.objects.filter(election=election, occurred_at__lte=at).values_list("post").annotate(last=models.Max("occurred_at"))
    last, asked = dict(rows), limits(election, at)
    return {p.code: rules.beat(p, last.get(p.code), at, asked) for p in listing(election, at)}


def limits(election: str, at: datetime) -> rules.Limits:
    """The thresholds in force."""
    return thresholds.limits(election, "posts", rules.Limits(), at)


# --- duty ------------------------------------------------------------------------------------------------------------------


def add_shifts(election: str, post: str, on_duty: str, spans: Iterable[rules.Span], actor: facts.Actor, at: datetime) -> list[str]:
    """Puts somebody on duty for some stretches of time, all or none; gives their codes. Unknown, OtherSide, and `rules.check_shift`."""
    wanted = sorted(spans, key=lambda s: s.from_at)
    with transaction.atomic():
        at = record.turn(at)
        where = get(election, post, at)
        rules.check_side(where, actor.agency)
        if not wanted:
            raise rules.BadShift()
        first, mark, accounts = PostShift.objects.filter(election=election).count() + 1, _mark(), people(where.side)
        margin = rules.LONGEST_SHIFT
        near = shifts(election, wanted[0].from_at - margin, wanted[-1].until_at + margin, at)
        new: list[rules.Shift] = []
        for n, span in enumerate(wanted):
            one = rules.Shift(f"PKT-{first + n:04}", post, on_duty, span.from_at, span.until_at, mark)
            rules.check_shift(one, where, [*near, *new], accounts, at)
            new.append(one)
        prepared = record.prepare([_shift_draft(election, where, one, actor, at) for one in new], at)
        PostShift.objects.bulk_create(
            PostShift(
                election=election, code=one.code, post=post, on_duty=on_duty, from_at=one.from_at, until_at=one.until_at, mark=mark,
                person=actor.person, occurred_at=at, entry_id=entry.entry_id,
            )
            for one, entry in zip(new, prepared, strict=True)
        )  # fmt: skip
        record.append(prepared, at=at)
    return [one.code for one in new]


def _shift_draft(election: str, where: rules.Post, one: rules.Shift, actor: facts.Actor, at: datetime) -> facts.Draft:
    said = {
        "shift": one.code, "on_duty": one.person, "from": record.stamp(one.from_at), "until": record.stamp(one.until_at), "mark": one.mark,
    }  # fmt: skip
    return facts.Draft("post.duty_set", election, f"post:{where.code}", where.place, actor, at, said)


def cancel_shift(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Takes a duty that is not over out of the roster. Unknown, OtherSide, BadReason, AlreadySo, ShiftOver."""
    rules.check_reason(reason, rules.CANCEL_REASONS)
    with transaction.atomic():
        at = record.turn(at)
        row = PostShift.objects.filter(election=election, code=code, occurred_at__lte=at).first()
        if row is None:
            raise rules.Unknown(what=code[:40])
        where = get(election, row.post, at)
        rules.check_side(where, actor.agency)
        if PostShiftCancel.objects.filter(shift=row).exists():
            raise rules.AlreadySo(what=code)
        rules.check_cancel(_shift(row), at)
        said = {"shift": code, "reason": reason}
        draft = facts.Draft("post.duty_cancelled", election, f"post:{row.post}", where.place, actor, at, said, corrects=row.entry_id)
        prepared = record.prepare([draft], at)
        PostShiftCancel.objects.create(shift=row, reason=reason, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def shifts(election: str, from_at: datetime, until_at: datetime, at: datetime) -> list[rules.Shift]:
    """Duties that stand at `at` and touch a stretch of time, by beginning."""
    rows = PostShift.objects.filter(election=election, occurred_at__lte=at, from_at__lt=until_at, until_at__gt=from_at)
    off = PostShiftCancel.objects.filter(occurred_at__lte=at).values("shift")
    return [_shift(row) for row in rows.exclude(pk__in=off).order_by("from_at", "code")]


def post_of_shift(election: str, code: str) -> str:
    """The post of a duty, for the right to touch it; "" where there is none."""
    return PostShift.objects.filter(election=election, code=code).values_list("post", flat=True).first() or ""


def _shift(row: PostShift) -> rules.Shift:
    return rules.Shift(row.code, row.post, row.on_duty, row.from_at, row.until_at, row.mark)


# --- logbook ---------------------------------------------------------------------------------------------------------------


def write_note(
    election: str,
    post: str,
    note: rules.Note,
    text: str,
    actor: facts.Actor,
    at: datetime,
    *,
    people: int = 0,
    counterpart: str = "LAIN",
    happened_at: datetime | None = None,
) -> str:
    """A line in the logbook; gives its number. Numbers of persons are masked, words about parties and the like refused (Guarded).

    Unknown, OtherSide, ClosedPost, BadNote.
    """
    said_text, _hidden = report_rules.mask(report_rules.clean(text))
    when = happened_at or at
    with transaction.atomic():
        at = record.turn(at)
        where = get(election, post, at)
        rules.check_side(where, actor.agency)
        rules.check_open(where)
        rules.check_note(said_text, people, counterpart, when, at)
        reports.check_neutral(election, said_text)
        number, mark = f"LOG-{PostNote.objects.filter(election=election).count() + 1:04}", _mark()
        said = {
            "number": number, "note": note.value, "people": people, "counterpart": counterpart, "happened_at": record.stamp(when),
            "mark": mark,
        }  # fmt: skip
        private = {"text": said_text} if said_text else {}
        draft = facts.Draft("post.noted", election, f"post:{post}", where.place, actor, at, said, private=private)
        prepared = record.prepare([draft], at)
        row = PostNote.objects.create(
            election=election, number=number, post=post, note=note.value, people=people, counterpart=counterpart, happened_at=when,
            mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        if said_text:
            PostNoteWords.objects.create(note=row, text=said_text)
        record.append(prepared, at=at)
    return number


def strike_note(election: str, number: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None) -> None:
    """A note that does not count. Unknown, OtherSide and what `rules.check_strike` refuses."""
    with transaction.atomic():
        at = record.turn(at)
        line, row = _line_row(election, number, at)
        where = get(election, line.post, at)
        for one in (actor, second) if second else (actor,):
            rules.check_side(where, one.agency)
        rules.check_strike(line, actor.person, second.person if second else "", reason, at)
        approvals = (actor.person, second.person) if second else ()
        draft = facts.Draft(
            "post.note_struck", election, f"post:{line.post}", where.place, actor, at, {"number": number, "reason": reason},
            corrects=line.entry_id, approvals=approvals,
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        PostNoteStrike.objects.create(
            note=row, reason=reason, person=actor.person, second=second.person if second else "", occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def erase_note(election: str, number: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Erases the words of a note, here and in the journal. The line stays. Unknown, OtherSide, BadReason, AlreadySo."""
    rules.check_reason(reason, rules.STRIKE_REASONS)
    with transaction.atomic():
        at = record.turn(at)
        line, row = _line_row(election, number, at)
        where = get(election, line.post, at)
        rules.check_side(where, actor.agency)
        if line.erased or not PostNoteWords.objects.filter(note=row).exists():
            raise rules.AlreadySo(what=number)
        PostNoteWords.objects.filter(note=row).delete()
        PostNote.objects.filter(pk=row.pk).update(erased_at=at)
        record.erase(line.entry_id, at)
        said = {"number": number, "reason": reason}
        record.append([facts.Draft("post.note_erased", election, f"post:{line.post}", where.place, actor, at, said)], at=at)


def lines(election: str, at: datetime, post: str = "", since_at: datetime | None = None) -> list[rules.Line]:
    """The logbook without words, newest first; struck lines name their reason."""
    rows = PostNote.objects.filter(election=election, occurred_at__lte=at)
    if post:
        rows = rows.filter(post=post)
    if since_at:
        rows = rows.filter(happened_at__gt=since_at)
    found = list(rows.order_by("-happened_at", "-id"))
    struck = dict(PostNoteStrike.objects.filter(note__in=found, occurred_at__lte=at).values_list("note_id", "reason"))
    return [_line(row, struck.get(row.pk, "")) for row in found]


def note_words(numbers: Iterable[str], election: str) -> dict[str, str]:
    """The words of notes by number, for the post's own side and its overseer only; the caller asks the policy."""
    rows = PostNoteWords.objects.filter(note__election=election, note__number__in=list(numbers))
    return dict(rows.values_list("note__number", "text"))


def post_of_note(election: str, number: str) -> str:
    """The post of a note, for the right to touch it; "" where there is none."""
    return PostNote.objects.filter(election=election, number=number).values_list("post", flat=True).first() or ""


def _line_row(election: str, number: str, at: datetime) -> tuple[rules.Line, PostNote]:
    row = PostNote.objects.filter(election=election, number=number, occurred_at__lte=at).first()
    if row is None:
        raise rules.Unknown(what=number[:40])
    reason = PostNoteStrike.objects.filter(note=row, occurred_at__lte=at).values_list("reason", flat=True).first() or ""
    return _line(row, reason), row


def _line(row: PostNote, struck: str) -> rules.Line:
    return rules.Line(
        row.number, row.post, rules.Note(row.note), row.people, row.counterpart, row.happened_at, row.occurred_at, row.person,
        row.entry_id, struck, row.erased_at is not None, row.mark,
    )  # fmt: skip


# --- contacts and coverage -------------------------------------------------------------------------------------------------


def add_contact(election: str, post: str, desa: str, role: str, channel: str, actor: facts.Actor, at: datetime) -> str:
    """An office in a desa that a post can reach; gives the code. Unknown, OtherSide, ClosedPost, BadContact, UnknownPlace, AlreadySo."""
    with transaction.atomic():
        at = record.turn(at)
        where = get(election, post, at)
        rules.check_side(where, actor.agency)
        rules.check_open(where)
        code = f"KTK-{PostContact.objects.filter(election=election).count() + 1:03}"
        contact = rules.Contact(code, post, desa, role, channel, at, _mark())
        rules.check_contact(contact, (d.code for d in places.desa_list(record.election(election).region)))
        if any((c.post, c.desa, c.role, c.channel) == (post, desa, role, channel) for c in contacts(election, at)):
            raise rules.AlreadySo(what=code)
        said = {"contact": code, "desa": desa, "role": role, "channel": channel, "mark": contact.mark}
        prepared = record.prepare([facts.Draft("post.contact_added", election, f"post:{post}", desa, actor, at, said)], at)
        PostContact.objects.create(
            election=election, code=code, post=post, desa=desa, role=role, channel=channel, mark=contact.mark, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return code


def end_contact(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """No longer a contact. Unknown, OtherSide, BadReason, AlreadySo."""
    rules.check_reason(reason, rules.END_REASONS)
    with transaction.atomic():
        at = record.turn(at)
        row = PostContact.objects.filter(election=election, code=code, occurred_at__lte=at).first()
        if row is None:
            raise rules.Unknown(what=code[:40])
        rules.check_side(get(election, row.post, at), actor.agency)
        if PostContactEnd.objects.filter(contact=row).exists():
            raise rules.AlreadySo(what=code)
        said = {"contact": code, "reason": reason}
        draft = facts.Draft("post.contact_ended", election, f"post:{row.post}", row.desa, actor, at, said, corrects=row.entry_id)
        prepared = record.prepare([draft], at)
        PostContactEnd.objects.create(contact=row, reason=reason, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def contacts(election: str, at: datetime) -> list[rules.Contact]:
    """Contacts that stand, by desa."""
    rows = PostContact.objects.filter(election=election, occurred_at__lte=at)
    ended = PostContactEnd.objects.filter(occurred_at__lte=at).values("contact")
    return [
        rules.Contact(r.code, r.post, r.desa, r.role, r.channel, r.occurred_at, r.mark)
        for r in rows.exclude(pk__in=ended).order_by("desa", "code")
    ]


def post_of_contact(election: str, code: str) -> str:
    """The post of a contact, for the right to touch it; "" where there is none."""
    return PostContact.objects.filter(election=election, code=code).values_list("post", flat=True).first() or ""


def coverage(election: str, at: datetime, side: rules.Side | None = None) -> list[rules.Covered]:
    """Every desa of the region and how it is listened to, by one side or by both."""
    chosen = [p for p in listing(election, at) if side is None or p.side is side]
    mine = {p.code for p in chosen if p.open}
    desa = (d.code for d in places.desa_list(record.election(election).region))
    return rules.coverage(desa, chosen, beats(election, at), (c for c in contacts(election, at) if c.post in mine))


# --- counts that travel upward -----------------------------------------------------------------------------------------------


def rollup(election: str, side: rules.Side, since_at: datetime, at: datetime) -> list[rules.Rolled]:
    """Per post of a side, integers only: reports of its area, open, waiting too long; visits and heartbeats since `since_at`."""
    chosen = [p for p in listing(election, at) if p.side is side]
    waits = timedelta(hours=rules.Limits().answer_h)
    filed = [
        rules.Filed(
            r.place,
            r.status is not report_rules.Status.CLOSED,
            r.status is report_rules.Status.RECEIVED and r.received_at + waits <= at,
        )
        for r in reports.listing(election, at)
    ]
    beaten = Counter(
        PostBeat.objects.filter(election=election, occurred_at__gt=since_at, occurred_at__lte=at).values_list("post", flat=True)
    )
    return rules.rollup(chosen, beats(election, at), filed, lines(election, at, since_at=since_at), beaten, rules.Span(since_at, at))


# --- early warnings, tasks, search -----------------------------------------------------------------------------------------


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R19: posts that missed two heartbeats."""
    voting_at = record.election(election).voting_at
    pulses, asked = beats(election, at), limits(election, at)
    found = (rules.silence(p, pulses[p.code], voting_at, at, asked) for p in listing(election, at))
    return [one for one in found if one is not None]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """A heartbeat that is due where this person is on duty; holes in the roster of the coming days; for the Kejati its silent posts."""
    known, pulses = _known(election, at), beats(election, at)
    tasks = []
    for shift in shifts(election, at, at + timedelta(seconds=1), at):
        pulse = pulses.get(shift.post)
        if shift.person == person.id and pulse is not None and pulse.due_at is not None and pulse.due_at <= at + timedelta(hours=1):
            name = known[shift.post].name
            tasks.append(facts.Task("posts.beat", "posts", f"post:{shift.post}", name, pulse.due_at, (shift.post,)))
    side = next((s for s, agencies in rules.AGENCIES.items() if person.agency in agencies), None)
    if person.agency == "KEJATI":
        silent = sum(pulses[p.code].pulse is rules.Pulse.SILENT for p in known.values() if p.side is rules.Side.KEJAKSAAN)
        return [facts.Task("posts.rollup", "posts", "posts:rollup", str(silent))] if known else []
    if side is not None and _may_roster(person, election, at):
        until = at + timedelta(days=rules.Limits().gap_days)
        planned = shifts(election, at, until, at)
        holes = sum(len(rules.gaps(p, planned, at, until)) for p in known.values() if p.side is side and _in_reach(person, p, at))
        if holes:
            tasks.append(facts.Task("posts.gaps", "posts", f"posts:{side.value}", str(holes)))
    return tasks


def _may_roster(person: access_rules.Person, election: str, at: datetime) -> bool:
    region = access_rules.reach(person, "posts.roster", record.election(election).region, at)
    thing = access_rules.Thing("posts", "", region)
    return access_rules.may(person, "posts.roster", thing, access_rules.Purpose.DUTY, (), at).allowed


def _in_reach(person: access_rules.Person, post: rules.Post, at: datetime) -> bool:
    thing = access_rules.Thing("posts", post.code, post.place)
    return access_rules.may(person, "posts.roster", thing, access_rules.Purpose.DUTY, (), at).allowed


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Posts by code, name or place."""
    word = text.strip().lower()
    hits = [p for p in listing(election, at) if word and (word in f"{p.code} {p.name}".lower() or word == p.place)]
    return [facts.Hit("post", p.name, p.code, (p.code,)) for p in hits[:20]]


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_note_words(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """The words of a line of the logbook; the line stays and says that they are gone."""
    del mark
    PostNoteWords.objects.filter(note__entry_id=entry_id).delete()
    PostNote.objects.filter(entry_id=entry_id).update(erased_at=at)
    return ()


WORDS: dict[str, record.Eraser] = {"post.noted": _erase_note_words}
