"""Stage regulation: what operators confirmed, laid over the rulebook of an election; its calendar.

The rulebook itself is a file that comes with the program; its text is named by a digest, so that a computation can say which one it used.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import regulation as rules
from posko.formats import rulebook as files
from posko.store import record


class ConfirmationRow(models.Model):
    """An operator's word for a quantity that the rulebook does not surely know; the newest per use counts.

    `citation` is of rows from before it stood in the journal's private part.
    """

    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    use = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    citation = models.CharField(max_length=400)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "regulation_confirmation"
        indexes = (models.Index(fields=["election", "occurred_at"], name="regulation_confirmed_by"),)


@dataclass(frozen=True)
class Source:
    """The file a rulebook was read from."""

    code: str
    version: str
    digest: str


# --- what is recorded ----------------------------------------------------------------------------------------------------


def confirm(
    election: str, item: str, use: str, quantity: int | None, citation: str, actor: facts.Actor, at: datetime, mark: str = ""
) -> rules.Confirmation:
    """Put a quantity in force, with the place where it was read. Refusals: see domain.regulation.check_confirmation."""
    with transaction.atomic():
        at = record.turn(at)
        amount = rules.check_confirmation(rulebook(election, at), item, use, quantity, citation)
        words = citation.strip()[:400]
        before = ConfirmationRow.objects.filter(election=election, item=item, use=use, occurred_at__lte=at).order_by("occurred_at", "pk")
        last = before.last()
        draft = facts.Draft(
            kind="rule.confirmed",
            election=election,
            subject=f"item:{item}",
            place=record.election(election).region,
            actor=actor,
            occurred_at=at,
            facts={"item": item, "use": use, "quantity": amount, "mark": mark},
            private=record.typed(citation=words),
            corrects=last.entry_id if last else "",
        )
        prepared = record.prepare([draft], at)
        row = ConfirmationRow.objects.create(
            election=election,
            item=item,
            use=use,
            quantity=amount,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return _confirmation(row, record.privates([row.entry_id]))


# --- what is read --------------------------------------------------------------------------------------------------------


@record.remembered
def confirmations(election: str, at: datetime, item: str = "") -> list[rules.Confirmation]:
    """What was confirmed by then, oldest first; of one item or of all."""
    rows = ConfirmationRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk")
    found = list(rows.filter(item=item) if item else rows)
    told = record.privates(row.entry_id for row in found)
    return [_confirmation(row, told) for row in found]


def shipped(code: str) -> tuple[rules.Rulebook, Source]:
    """A rulebook as it comes with the program. NoRulebook."""
    path = Path(settings.ROOT) / "rulebooks" / f"{code}.toml"
    if not code.replace("-", "").isalnum() or not path.is_file():
        raise rules.NoRulebook(rulebook=code, problems="")
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> tuple[rules.Rulebook, Source]:
    data = path.read_bytes()
    found, problems = files.read(path.name, data)
    if found is None:
        raise rules.NoRulebook(rulebook=path.stem, problems="; ".join(files.sentence(p) for p in problems[:5]))
    return found, Source(found.code, found.version, hashlib.sha256(data).hexdigest())


@record.remembered
def of_code(election: str, code: str, at: datetime) -> rules.Rulebook:
    """Any rulebook under this election's confirmations and day of voting: to try another one. NoRulebook."""
    book = rules.in_force(shipped(code)[0], rules.local_date(record.election(election).voting_at))
    return rules.confirmed(book, confirmations(election, at))


def rulebook(election: str, at: datetime) -> rules.Rulebook:
    """The election's rulebook, with what was confirmed by then. NoRulebook."""
    return of_code(election, record.election(election).rulebook, at)


def source(election: str) -> Source:
    """Which file the election's rulebook is. NoRulebook."""
    return shipped(record.election(election).rulebook)[1]


def digest(election: str, at: datetime, code: str = "") -> str:
    """SHA-256 over the rulebook's text and the confirmations in force: equal digests compute equal needs from equal voters."""
    file = shipped(code or record.election(election).rulebook)[1]
    said = "".join(f"\n{c.item}/{c.use}={c.quantity}" for c in _latest(confirmations(election, at)))
    return hashlib.sha256(f"{file.digest}{said}".encode()).hexdigest()


def _latest(found: list[rules.Confirmation]) -> list[rules.Confirmation]:
    return [one for _, one in sorted({(c.item, c.use): c for c in found}.items())]


def codes() -> list[str]:
    """The rulebooks that come with the program."""
    return sorted(path.stem for path in (Path(settings.ROOT) / "rulebooks").glob("*.toml"))


def milestones(election: str, at: datetime) -> list[rules.Milestone]:
    """The calendar of an election, the earliest first; empty where its rulebook is not there."""
    try:
        return rules.calendar(rulebook(election, at), record.election(election).voting_at)
    except rules.NoRulebook:
        return []


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: critical items nobody confirmed yet, and deadlines that come near."""
    if person.agency != "KPU":
        return []
    try:
        book = rulebook(election, at)
    except rules.NoRulebook:
        return []
    first_use = {item.code: next(use.code for use in item.uses if not use.known) for item in book.unknown()}
    here = access_rules.Thing("regulation", "", record.election(election).region)
    confirms = access_rules.may(person, "regulation.confirm", here, access_rules.Purpose.DUTY, (), at).allowed
    tasks = [
        facts.Task("regulation.confirm", "regulation", f"item:{item.code}", item.name, None, (item.code, first_use[item.code]))
        for item in book.unknown()
        if item.critical and confirms
    ]
    return tasks + rules.reminders(milestones(election, at), at)


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Items by name or code."""
    word = text.strip().lower()
    if not word:
        return []
    try:
        items = rulebook(election, at).items
    except rules.NoRulebook:
        return []
    return [
        facts.Hit("item", item.name, item.code, (item.code,)) for item in items if word in item.name.lower() or word == item.code.lower()
    ]


def _confirmation(row: ConfirmationRow, told: record.Privates) -> rules.Confirmation:
    citation = told.text(row.entry_id, "citation", row.citation)
    return rules.Confirmation(row.item, row.use, row.quantity, citation, row.person, row.occurred_at, row.mark, row.entry_id)


WORDS: dict[str, record.Eraser] = {"rule.confirmed": record.journal_only}
