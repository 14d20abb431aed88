"""Stage reports: the drop box. Faces put in and read the status; only the desk's analysts read the words.

The words of a reporter stand in a table of their own and in the private part of the journal entry; both can be erased while the facts
and their hash remain. A ticket is stored as its hash only. Additions are kept the same way. Attachments lie in a table of their own
and not among the evidence, which is never erased: erasing a report deletes their bytes, and their hashes stand in the private part only.

Refused and warned requests are counted by door and rule (GuardEvent), never with the words.
"""

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import SystemRandom

from django.conf import settings
from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import reports as rules
from posko.store import access, places, record

PUBLIC_ACTOR = facts.Actor("publik", "PUBLIK")
_GUARD_FILE = "kata-jaga.txt"


class Report(models.Model):
    """What is known of a report without its words."""

    number = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    ticket_hash = models.CharField(max_length=64, unique=True)
    category = models.CharField(max_length=10)
    channel = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    place = models.CharField(max_length=40, blank=True)
    happened_at = models.DateTimeField(null=True)
    masked = models.PositiveSmallIntegerField(default=0)
    mark = models.CharField(max_length=20, blank=True)
    attachments = models.PositiveSmallIntegerField(default=0)
    erased_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_report"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="reports_report_number"),)


class Words(models.Model):
    """What was said, where exactly, and how to reach the reporter. A row that is erased is gone."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    place_note = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "reports_words"


class Step(models.Model):
    """A status its reporter may read."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_step"


class ReportAttachment(models.Model):
    """A picture or paper that came with a report, without metadata. Erasing the report deletes the row and its bytes."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10)
    data = models.BinaryField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "reports_attachment"
        constraints = (models.UniqueConstraint(fields=["report", "number"], name="reports_attachment_number"),)


class ReportAddition(models.Model):
    """What was told later about a report. Erasing empties the text."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_addition"


class ReportAdditionsRead(models.Model):
    """An analyst has read the additions of a report up to then."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_additions_read"


class ReportUpload(models.Model):
    """A file of reports under examination; forgotten when it is imported, dropped, or a day old: it holds people's words."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    person = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "reports_upload"


class ReportImport(models.Model):
    """A file that was imported: the hash of what its rows said, how many they were."""

    election = models.CharField(max_length=40)
    content_sha256 = models.CharField(max_length=64)
    first = models.CharField(max_length=20)
    count = models.PositiveIntegerField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_import"
        constraints = (models.UniqueConstraint(fields=["election", "content_sha256"], name="reports_import_content"),)


class GuardEvent(models.Model):
    """The guard spoke: at which door, about what, and what followed. Never the words."""

    election = models.CharField(max_length=40)
    door = models.CharField(max_length=20)
    rule = models.CharField(max_length=20)
    decision = models.CharField(max_length=20)
    purpose = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "reports_guard_event"
        indexes = (models.Index(fields=["election", "occurred_at"], name="reports_guard_event_at"),)


KEEP_UPLOADS = timedelta(days=1)


@dataclass(frozen=True)
class Filed:
    """A report in the box and the ticket that only its reporter keeps."""

    number: str
    ticket: str


def file_report(election: str, filing: rules.Filing, actor: facts.Actor, at: datetime, attachments: Sequence[rules.Attachment] = ()) -> str:
    """Puts a report into the box and gives its ticket, which only the reporter keeps. UnknownPlace, TooManyFiles."""
    rules.check_files(len(attachments))
    with transaction.atomic():
        at = record.turn(at)
        if actor != PUBLIC_ACTOR:  # a citizen who sends twice needs the second ticket: the first may never have been seen
            _check_once(election, filing, actor, at)
        return _put(election, [(filing, at)], actor, at, attachments)[0].ticket


AGAIN_AFTER = timedelta(minutes=5)
"""Within this time the same words by the same person are one form that was sent twice (ours)."""


def _check_once(election: str, filing: rules.Filing, actor: facts.Actor, at: datetime) -> None:
    twin = Words.objects.filter(
        report__election=election, report__person=actor.person, report__place=filing.place, report__channel=filing.channel.value,
        report__occurred_at__gt=at - AGAIN_AFTER, report__occurred_at__lte=at, text=filing.words.text,
    ).first()  # fmt: skip
    if twin is not None:
        raise rules.FiledJustNow(number=twin.report.number)


def take_in(
    election: str, filings: Sequence[tuple[rules.Filing, datetime | None]], content_sha256: str, actor: facts.Actor, at: datetime,
    draft: str = "",
) -> list[Filed]:  # fmt: skip
    """A whole file of reports with when each came (None: now), or nothing. `draft`: the upload it ends. FileTwice, NoUpload."""
    with transaction.atomic():
        at = record.turn(at)
        before = ReportImport.objects.filter(election=election, content_sha256=content_sha256).first()
        if before is not None:
            raise rules.FileTwice(first=before.first, count=before.count)
        if draft and not ReportUpload.objects.filter(election=election, code=draft).delete()[0]:
            raise rules.NoUpload(code=draft[:20])
        region = record.election(election).region
        said: dict[str, str | int] = {"count": len(filings), "first": f"LAP-{_next(election):03}"}
        about = facts.Draft(
            "reports.imported", election, f"reports:{said['first']}", region, actor, at, said, private={"content_sha256": content_sha256}
        )
        row = ReportImport(
            election=election,
            content_sha256=content_sha256,
            first=str(said["first"]),
            count=len(filings),
            person=actor.person,
            occurred_at=at,
        )
        return _put(election, [(filing, received_at or at) for filing, received_at in filings], actor, at, more=[(about, row)])


def _next(election: str) -> int:
    return Report.objects.filter(election=election).count() + 1


def _put(
    election: str, filings: Sequence[tuple[rules.Filing, datetime]], actor: facts.Actor, at: datetime,
    attachments: Sequence[rules.Attachment] = (), more: Sequence[tuple[facts.Draft, ReportImport]] = (),
) -> list[Filed]:  # fmt: skip
    """Writes reports inside the caller's transaction and appends their entries last. Attachments belong to the first."""
    region = record.election(election).region
    known = _known_places(election, region)
    extra, names = guard_words(), _place_names(election)
    mark = "[SIMULASI]" if record.installation().demo else ""
    drafts: list[facts.Draft] = []
    rows: list[Report] = []
    warned: list[tuple[str, ...]] = []
    made: list[Filed] = []
    for n, (filing, received_at) in enumerate(filings, start=_next(election)):
        if filing.place and filing.place not in known:
            raise rules.UnknownPlace(place=filing.place)
        number, ticket = f"LAP-{n:03}", rules.new_ticket(SystemRandom())
        files = list(attachments) if not drafts else []
        kinds = rules.kinds(rules.guard(f"{filing.words.text}\n{filing.words.place_note}", extra=extra, places=names))
        kinds += ("identity",) if filing.masked else ()
        drafts.append(_filed_draft(election, number, filing, files, mark, region, actor, received_at))
        rows.append(_filed_row(election, number, ticket, filing, len(files), mark, actor, received_at))
        warned.append(kinds)
        made.append(Filed(number, ticket))
    prepared = record.prepare([*drafts, *(draft for draft, _ in more)], at)
    for row, one in zip(rows, prepared, strict=False):
        row.entry_id = one.entry_id
    Report.objects.bulk_create(rows, batch_size=200)
    Words.objects.bulk_create(
        [
            Words(report=row, text=f.words.text, place_note=f.words.place_note, contact=f.words.contact)
            for row, (f, _) in zip(rows, filings, strict=True)
        ],
        batch_size=200,
    )
    Step.objects.bulk_create(
        [
            Step(report=r, status=rules.Status.RECEIVED.value, person=actor.person, occurred_at=r.occurred_at, entry_id=r.entry_id)
            for r in rows
        ],
        batch_size=200,
    )
    for n, file in enumerate(attachments, start=1):
        ReportAttachment.objects.create(report=rows[0], number=n, kind=file.kind, data=file.data, occurred_at=at)
    GuardEvent.objects.bulk_create(
        [
            GuardEvent(
                election=election, door="reporter", rule=kind, decision="masked" if kind == "identity" else "warned", person=actor.person,
                occurred_at=row.occurred_at, entry_id=row.entry_id,
            )
            for row, kinds in zip(rows, warned, strict=True)
            for kind in kinds
        ],
        batch_size=200,
    )  # fmt: skip
    for (_, extra_row), one in zip(more, prepared[len(rows) :], strict=True):
        extra_row.entry_id = one.entry_id
        extra_row.save(force_insert=True)
    record.append(prepared, at=at)
    return made


def _filed_draft(
    election: str, number: str, filing: rules.Filing, files: Sequence[rules.Attachment], mark: str, region: str, actor: facts.Actor,
    at: datetime,
) -> facts.Draft:  # fmt: skip
    said: dict[str, str | int] = {
        "category": filing.category.value,
        "channel": filing.channel.value,
        "source": filing.source.value,
        "happened_at": filing.happened_at.isoformat() if filing.happened_at else "",
        "masked": filing.masked,
        "attachments": len(files),
        "mark": mark,
    }
    private = {"text": filing.words.text, "place_note": filing.words.place_note, "contact": filing.words.contact}
    private |= {f"attachment_{n}": hashlib.sha256(file.data).hexdigest() for n, file in enumerate(files, start=1)}
    return facts.Draft("report.filed", election, f"report:{number}", filing.place or region, actor, at, said, private=private)


def _filed_row(
    election: str, number: str, ticket: str, filing: rules.Filing, files: int, mark: str, actor: facts.Actor, at: datetime
) -> Report:
    return Report(
        number=number,
        election=election,
        ticket_hash=rules.ticket_hash(ticket),
        category=filing.category.value,
        channel=filing.channel.value,
        source=filing.source.value,
        place=filing.place,
        happened_at=filing.happened_at,
        masked=filing.masked,
        mark=mark,
        attachments=files,
        person=actor.person,
        occurred_at=at,
    )


# --- messages of codes -----------------------------------------------------------------------------------------------------

SMS_SAME = timedelta(minutes=10)
"""The same code from the same place within this time is taken for the same message pasted twice."""


@dataclass(frozen=True)
class Answer:
    """What became of one message: read, what was filed, what was there already, or why nothing was; the text to send back."""

    message: str
    coded: rules.Coded | None = None
    filed: tuple[Filed, ...] = ()
    same: tuple[str, ...] = ()
    refusal: facts.Refusal | None = None


def file_messages(
    election: str, messages: Sequence[str], actor: facts.Actor, at: datetime, source: rules.Source = rules.Source.KPU
) -> list[Answer]:
    """Every message on its own: a bad one does not stop the others."""
    return [_file_message(election, message, actor, at, source) for message in messages]


def _file_message(election: str, message: str, actor: facts.Actor, at: datetime, source: rules.Source) -> Answer:
    region = record.election(election).region
    try:
        coded = rules.read_sms(message, region)
        if coded.place not in _known_places(election, region):
            raise rules.UnknownPlace(place=coded.place)
        with transaction.atomic():
            at = record.turn(at)
            same = _same(election, coded, at)
            filings = [
                rules.filing(
                    coded.said(code), category=code.category, channel=rules.Channel.MESSAGE, source=source, place=coded.place, at=at
                )
                for code in coded.codes
                if code.number not in same and code.number != rules.SMS_TEST
            ]
            filed = _put(election, [(filing, at) for filing in filings], actor, at) if filings else []
    except facts.Refusal as refusal:
        return Answer(message, refusal=refusal)
    return Answer(message, coded, tuple(filed), tuple(same.values()))


def _same(election: str, coded: rules.Coded, at: datetime) -> dict[str, str]:
    """Code -> number of a report of the same code from the same place within SMS_SAME."""
    rows = Words.objects.filter(
        report__election=election, report__place=coded.place, report__channel=rules.Channel.MESSAGE.value,
        report__occurred_at__range=(at - SMS_SAME, at),
    ).select_related("report")  # fmt: skip
    found: dict[str, str] = {}
    for row in rows.order_by("report_id"):
        first = row.text.partition("(SMS kode ")[2]  # the sender's note comes later and may say anything
        found |= {code.number: row.report.number for code in coded.codes if first.startswith(code.number)}
    return found


# --- later words, files ------------------------------------------------------------------------------------------------------


def add(election: str, number: str, text: str, actor: facts.Actor, at: datetime) -> int:
    """What was told later; how many numbers were hidden in it. TooShort, TooLong, AdditionClosed, TooManyAdditions, Unknown."""
    with transaction.atomic():
        at = record.turn(at)
        report = get(election, number, at)
        row = Report.objects.get(election=election, number=number)
        already = ReportAddition.objects.filter(report=row).count()
        said, masked = rules.addition(report, text, already)
        place = report.place or record.election(election).region
        counts: dict[str, str | int] = {"number": already + 1, "masked": masked}
        draft = facts.Draft("report.added_to", election, f"report:{number}", place, actor, at, counts, private={"text": said})
        prepared = record.prepare([draft], at)
        entry_id = prepared[0].entry_id
        ReportAddition.objects.create(report=row, text=said, person=actor.person, occurred_at=at, entry_id=entry_id)
        kinds = rules.kinds(guarded(election, said)) + (("identity",) if masked else ())
        for kind in kinds:
            GuardEvent.objects.create(
                election=election, door="reporter", rule=kind, decision="masked" if kind == "identity" else "warned", person=actor.person,
                occurred_at=at, entry_id=entry_id,
            )  # fmt: skip
        record.append(prepared, at=at)
    return masked


def additions(election: str, number: str, at: datetime) -> list[rules.Addition]:
    """What was told later, in order; without what was erased."""
    rows = ReportAddition.objects.filter(report__election=election, report__number=number, occurred_at__lte=at).exclude(text="")
    return [rules.Addition(r.text, r.occurred_at, r.person == PUBLIC_ACTOR.person) for r in rows.order_by("occurred_at", "id")]


def read_additions(election: str, number: str, actor: facts.Actor, at: datetime) -> None:
    """An analyst has read the additions; the task goes away. Unknown."""
    with transaction.atomic():
        at = record.turn(at)
        report = get(election, number, at)
        place = report.place or record.election(election).region
        prepared = record.prepare([facts.Draft("report.additions_read", election, f"report:{number}", place, actor, at, {})], at)
        row = Report.objects.get(election=election, number=number)
        ReportAdditionsRead.objects.create(report=row, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def unread(election: str, at: datetime) -> dict[str, datetime]:
    """Number -> when its reporter added something that no analyst has read by then."""
    read = dict(
        ReportAdditionsRead.objects.filter(report__election=election, occurred_at__lte=at)
        .values_list("report__number")
        .annotate(last=models.Max("occurred_at"))
        .order_by()
    )
    added = (
        ReportAddition.objects.filter(report__election=election, person=PUBLIC_ACTOR.person, occurred_at__lte=at)
        .exclude(text="")
        .values_list("report__number")
        .annotate(last=models.Max("occurred_at"))
        .order_by()
    )
    return {number: last for number, last in added if number not in read or read[number] < last}


def attachment(election: str, number: str, n: int, at: datetime) -> rules.Attachment:
    """One file of a report. NoFile."""
    row = ReportAttachment.objects.filter(report__election=election, report__number=number, number=n, occurred_at__lte=at).first()
    if row is None:
        raise rules.NoFile(number=number)
    return rules.Attachment(row.kind, bytes(row.data))


def attached(election: str, number: str, at: datetime) -> list[tuple[int, str, int]]:
    """(number, kind, bytes) of the files of a report, in order; none after erasing."""
    rows = ReportAttachment.objects.filter(report__election=election, report__number=number, occurred_at__lte=at).order_by("number")
    return [(r.number, r.kind, len(r.data)) for r in rows]


# --- a file under examination --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Upload:
    """A file under examination; nothing of it counts yet."""

    code: str
    name: str
    data: bytes


def keep_upload(election: str, name: str, data: bytes, actor: facts.Actor, at: datetime) -> Upload:
    """Keep a file for examination; older forgotten ones go."""
    with transaction.atomic():
        ReportUpload.objects.filter(made_at__lt=at - KEEP_UPLOADS).delete()
        code = secrets.token_hex(8)
        ReportUpload.objects.create(code=code, election=election, name=name[:200], data=data, person=actor.person, made_at=at)
    return Upload(code, name[:200], data)


def upload(election: str, code: str, person: str) -> Upload:
    """A file that this person chose: it holds words of places that another may not read. NoUpload."""
    row = ReportUpload.objects.filter(election=election, code=code, person=person).first()
    if row is None:
        raise rules.NoUpload(code=code[:20])
    return Upload(row.code, row.name, bytes(row.data))


def drop_upload(election: str, code: str, person: str) -> None:
    """Forget a file that this person chose. NoUpload."""
    if not ReportUpload.objects.filter(election=election, code=code, person=person).delete()[0]:
        raise rules.NoUpload(code=code[:20])


# --- the guard's count ---------------------------------------------------------------------------------------------------------


def count_guard(election: str, door: str, kinds: Iterable[str], decision: str, actor: facts.Actor, at: datetime, purpose: str = "") -> None:
    """Counts that the guard spoke. door: post_text | import | search; decision: refused | asked | answered. Never any words."""
    found = tuple(kinds)
    if not found:
        return
    with transaction.atomic():
        at = record.turn(at)
        region = record.election(election).region
        drafts = [
            facts.Draft(
                "guard.counted", election, f"guard:{door}", region, actor, at,
                {"door": door, "rule": kind, "decision": decision, "purpose": purpose},
            )
            for kind in found
        ]  # fmt: skip
        prepared = record.prepare(drafts, at)
        for kind, one in zip(found, prepared, strict=True):
            GuardEvent.objects.create(
                election=election, door=door, rule=kind, decision=decision, purpose=purpose, person=actor.person, occurred_at=at,
                entry_id=one.entry_id,
            )  # fmt: skip
        record.append(prepared, at=at)


def guard_counts(election: str, at: datetime) -> dict[tuple[str, str, str], int]:
    """(door, rule, decision) -> how often by then."""
    rows = GuardEvent.objects.filter(election=election, occurred_at__lte=at)
    return dict(Counter(rows.values_list("door", "rule", "decision")))


def searches(election: str, at: datetime, most: int = 100) -> list[tuple[datetime, str, str, str]]:
    """(when, who, rule, purpose) of searches that looked like searches for a person, the newest first."""
    rows = GuardEvent.objects.filter(election=election, door="search", decision="answered", occurred_at__lte=at).order_by(
        "-occurred_at", "-id"
    )
    return list(rows.values_list("occurred_at", "person", "rule", "purpose")[:most])


# --- status and reading --------------------------------------------------------------------------------------------------------


def set_status(election: str, number: str, status: rules.Status, actor: facts.Actor, at: datetime) -> None:
    """What the reporter reads from now on. NoStep, Unknown."""
    with transaction.atomic():
        at = record.turn(at)
        report = get(election, number, at)
        prepared = record.prepare([status_draft(report, status, actor, at)], at)
        write_status(report, status, actor, at, prepared[0].entry_id)
        record.append(prepared, at=at)


def status_draft(report: rules.Report, status: rules.Status, actor: facts.Actor, at: datetime) -> facts.Draft:
    """The entry of a status that may follow, for a transaction that records more than this. NoStep."""
    rules.check_step(report, status)
    place = report.place or record.election(report.election).region
    return facts.Draft("report.status_set", report.election, f"report:{report.number}", place, actor, at, {"status": status.value})


def write_status(report: rules.Report, status: rules.Status, actor: facts.Actor, at: datetime, entry_id: str) -> None:
    """The row of that entry."""
    row = Report.objects.get(election=report.election, number=report.number)
    Step.objects.create(report=row, status=status.value, person=actor.person, occurred_at=at, entry_id=entry_id)


def erase(election: str, number: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Erases the reporter's words, place note, contact, additions and attachments, here and in the journal's private parts. Facts stay."""
    with transaction.atomic():
        at = record.turn(at)
        report = get(election, number, at)
        check_neutral(election, reason)
        entries = _take_words(election, number, at)
        for entry_id in entries:
            record.erase(entry_id, at)
        place = report.place or record.election(election).region
        said: dict[str, str | int] = {"attachments": report.attachments, "additions": len(entries) - 1}
        private = record.typed(reason=reason)
        record.append([facts.Draft("report.erased", election, f"report:{number}", place, actor, at, said, private=private)], at=at)


def _take_words(election: str, number: str, at: datetime) -> list[str]:
    """Takes the words of a report out of the tables; gives the entries that hold them too, the report's own first."""
    row = Report.objects.get(election=election, number=number)
    Words.objects.filter(report=row).delete()
    ReportAttachment.objects.filter(report=row).delete()
    later = ReportAddition.objects.filter(report=row)
    entries = [row.entry_id, *later.values_list("entry_id", flat=True)]
    later.update(text="")
    Report.objects.filter(pk=row.pk).update(erased_at=at)
    return entries


def listing(election: str, at: datetime, scope: access_rules.Scope | None = None) -> list[rules.Report]:
    """Reports received by then, newest first, with the status they had. `scope`: only those that somebody may do its act on."""
    rows = Report.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id")
    found = _values(rows, at)
    if scope is None:
        return found
    region = record.election(election).region
    return [r for r in found if scope.covers(rules.thing(r, scope.act, region))]


def filed(election: str, at: datetime) -> dict[str, str]:
    """Number -> place of every report received by then, "" where none was said."""
    return dict(Report.objects.filter(election=election, occurred_at__lte=at).values_list("number", "place"))


def get(election: str, number: str, at: datetime) -> rules.Report:
    """One report as it stood then. Unknown."""
    found = _values(Report.objects.filter(election=election, number=number, occurred_at__lte=at), at)
    if not found:
        raise rules.Unknown(number=number)
    return found[0]


def words(election: str, number: str) -> rules.Words | None:
    """The private part for an analyst; None where it was erased."""
    row = Words.objects.filter(report__election=election, report__number=number).first()
    return rules.Words(row.text, row.place_note, row.contact) if row else None


def words_of(election: str, numbers: Iterable[str]) -> dict[str, rules.Words]:
    """Number -> private part, for a page of a list; without the erased."""
    rows = Words.objects.filter(report__election=election, report__number__in=list(numbers)).select_related("report")
    return {row.report.number: rules.Words(row.text, row.place_note, row.contact) for row in rows}


def by_ticket(ticket: str, at: datetime) -> rules.Report:
    """The report of a parsed ticket, for its reporter: status and dates. Unknown."""
    found = _values(Report.objects.filter(ticket_hash=rules.ticket_hash(ticket), occurred_at__lte=at), at)
    if not found:
        raise rules.Unknown(number="")
    return found[0]


def check_neutral(election: str, *texts: str) -> None:
    """A text of the post's own against the labels, the installation's list and the names of places. Guarded."""
    rules.check_neutral(*texts, extra=guard_words(), places=_place_names(election))


def tidied(election: str, typed: str) -> str:
    """What an agency typed: tidied, numbers of persons masked, without words about parties and the like. Guarded."""
    said, _hidden = rules.mask(rules.clean(typed))
    if said:
        check_neutral(election, said)
    return said


def guarded(election: str, text: str) -> tuple[str, ...]:
    """Labels in a reporter's own words, for the analyst's banner."""
    return rules.guard(text, extra=guard_words(), places=_place_names(election))


def guard_words() -> tuple[str, ...]:
    """The installation's own list, one word or phrase a line; lines with # are notes. It is never part of the program."""
    path = Path(settings.VAR) / _GUARD_FILE
    if not path.is_file():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def place_names(election: str) -> dict[str, str]:
    """Code -> name as a sentence says it, for every area, TPS and site of the election's region."""
    region = record.election(election).region
    names = {region: record.installation().name}
    names |= {k.code: f"Kecamatan {k.name}" for k in places.kecamatan_list(region)}
    names |= {d.code: f"{d.name}, {d.kecamatan_name}" for d in places.desa_list(region)}
    names |= {t.code: f"TPS {t.number:03}, {t.desa_name}" for t in places.tps_list(election)}
    return names | {s.code: s.name for s in places.sites(region)}


def _known_places(election: str, region: str) -> set[str]:
    codes = {t.code for t in places.tps_list(election)} | {d.code for d in places.desa_list(region)}
    return codes | {k.code for k in places.kecamatan_list(region)} | {s.code for s in places.sites(region)}


def _place_names(election: str) -> tuple[str, ...]:
    region = record.election(election).region
    names = {d.name for d in places.desa_list(region)} | {k.name for k in places.kecamatan_list(region)}
    return tuple(sorted(names | {s.name for s in places.sites(region)}))


def _values(rows: Iterable[Report], at: datetime) -> list[rules.Report]:
    found = list(rows)
    steps: dict[int, list[rules.Step]] = defaultdict(list)
    for row in Step.objects.filter(report__in=found, occurred_at__lte=at).order_by("occurred_at", "id"):
        steps[row.report_id].append(rules.Step(rules.Status(row.status), row.occurred_at))
    return [_value(row, tuple(steps[row.pk])) for row in found]


def _value(row: Report, steps: tuple[rules.Step, ...]) -> rules.Report:
    return rules.Report(
        number=row.number,
        election=row.election,
        category=rules.Category(row.category),
        channel=rules.Channel(row.channel),
        source=rules.Source(row.source),
        place=row.place,
        received_at=row.occurred_at,
        steps=steps,
        happened_at=row.happened_at,
        masked=row.masked,
        mark=row.mark,
        erased=row.erased_at is not None,
        entry_id=row.entry_id,
        attachments=row.attachments,
    )


MOST_TASKS = 20


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For analysts: reports nobody has begun to assess (one task for many), and additions nobody has read."""
    scope = access.scope(person, "reports.write", "reports", at)
    if not scope.regions:
        return []
    mine = listing(election, at, scope)
    new = [r for r in mine if r.status is rules.Status.RECEIVED]
    added = sorted({r.number for r in mine} & unread(election, at).keys())
    tasks = [facts.Task("reports.added", "reports", f"report:{number}", number, None, (number,)) for number in added]
    if len(new) > MOST_TASKS:
        return [*tasks, facts.Task("reports.many", "reports", "reports:new", str(len(new)), None, ())]
    return [*tasks, *(facts.Task("reports.new", "reports", f"report:{r.number}", r.number, None, (r.number,)) for r in new)]


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Reports by number or place code, of those this person may read; never by words."""
    word = text.strip().lower()
    if not word:
        return []
    mine = listing(election, at, access.scope(person, "reports.read", "reports", at))
    hits = [r for r in mine if word in r.number.lower() or word == r.place.lower()]
    return [facts.Hit("report", r.number, r.place, (r.number,)) for r in hits[:20]]


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_report(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Everything that its reporter left: words, place note, contact, additions, attachments."""
    del mark
    row = Report.objects.filter(entry_id=entry_id).first()
    return tuple(_take_words(row.election, row.number, at)) if row else ()


def _erase_addition(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del mark, at
    ReportAddition.objects.filter(entry_id=entry_id).update(text="")
    return ()


WORDS: dict[str, record.Eraser] = {
    "report.filed": _erase_report,
    "report.added_to": _erase_addition,
    "report.erased": record.journal_only,
}
