"""Stage reports: the drop box. Faces put in and read the status; only the desk's analysts read the words.

The words of a reporter stand in a table of their own and in the private part of the journal entry; both can be erased while the facts
and their hash remain. A ticket is stored as its hash only.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from random import SystemRandom

from django.conf import settings
from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import reports as rules
from posko.store import places, record

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


def file_report(election: str, filing: rules.Filing, actor: facts.Actor, at: datetime) -> str:
    """Puts a report into the box and gives its ticket, which only the reporter keeps. UnknownPlace."""
    with transaction.atomic():
        region = record.election(election).region
        if filing.place and filing.place not in _known_places(election, region):
            raise rules.UnknownPlace(place=filing.place)
        ticket = rules.new_ticket(SystemRandom())
        number = f"LAP-{Report.objects.filter(election=election).count() + 1:03}"
        mark = "[SIMULASI]" if record.installation().demo else ""
        said: dict[str, str | int] = {
            "category": filing.category.value,
            "channel": filing.channel.value,
            "source": filing.source.value,
            "happened_at": filing.happened_at.isoformat() if filing.happened_at else "",
            "masked": filing.masked,
            "mark": mark,
        }
        private = {"text": filing.words.text, "place_note": filing.words.place_note, "contact": filing.words.contact}
        draft = facts.Draft("report.filed", election, f"report:{number}", filing.place or region, actor, at, said, private=private)
        prepared = record.prepare([draft], at)
        entry_id = prepared[0].entry_id
        row = Report.objects.create(
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
            person=actor.person,
            occurred_at=at,
            entry_id=entry_id,
        )
        Words.objects.create(report=row, **private)
        Step.objects.create(report=row, status=rules.Status.RECEIVED.value, person=actor.person, occurred_at=at, entry_id=entry_id)
        record.append(prepared, at=at)
    return ticket


def set_status(election: str, number: str, status: rules.Status, actor: facts.Actor, at: datetime) -> None:
    """What the reporter reads from now on. NoStep, Unknown."""
    with transaction.atomic():
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
    """Erases the reporter's words, place note and contact, here and in the journal's private part. The facts stay."""
    with transaction.atomic():
        report = get(election, number, at)
        check_neutral(election, reason)
        Words.objects.filter(report__election=election, report__number=number).delete()
        Report.objects.filter(election=election, number=number).update(erased_at=at)
        record.erase(report.entry_id, at)
        place = report.place or record.election(election).region
        record.append([facts.Draft("report.erased", election, f"report:{number}", place, actor, at, {"reason": reason})], at=at)


def listing(election: str, at: datetime) -> list[rules.Report]:
    """Reports received by then, newest first, with the status they had."""
    rows = Report.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-id")
    return _values(rows, at)


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


def by_ticket(ticket: str, at: datetime) -> rules.Report:
    """The report of a parsed ticket, for its reporter: status and dates. Unknown."""
    found = _values(Report.objects.filter(ticket_hash=rules.ticket_hash(ticket), occurred_at__lte=at), at)
    if not found:
        raise rules.Unknown(number="")
    return found[0]


def check_neutral(election: str, *texts: str) -> None:
    """A text of the post's own against the labels, the installation's list and the names of places. Guarded."""
    rules.check_neutral(*texts, extra=guard_words(), places=_place_names(election))


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
    )


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the Kejari: reports nobody has begun to assess."""
    if person.agency != "KEJARI":
        return []
    new = [r for r in listing(election, at) if r.status is rules.Status.RECEIVED]
    return [facts.Task("reports.new", "reports", f"report:{r.number}", r.number, None, (r.number,)) for r in new]


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Reports by number or place code; never by words."""
    word = text.strip().lower()
    hits = [r for r in listing(election, at) if word and (word in r.number.lower() or word == r.place.lower())]
    return [facts.Hit("report", r.number, r.place, (r.number,)) for r in hits[:20]]
