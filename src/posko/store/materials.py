"""Stage materials: files and numbers of the agencies for a meeting. Files lie in evidence, words in the erasable part of the entries."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import materials as rules
from posko.domain import rakor as rakor_rules
from posko.domain import record as facts
from posko.store import access, evidence, rakor, record, reports


class MaterialRow(models.Model):
    """A file as brought; `nonce` of its form, so that a second click brings nothing."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    nonce = models.CharField(max_length=40)
    meeting = models.CharField(max_length=20)
    agency = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    item = models.CharField(max_length=60, blank=True)
    sha256 = models.CharField(max_length=64)
    file_kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    replaces = models.CharField(max_length=20, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "materials_material"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="materials_material_code"),
            models.UniqueConstraint(fields=["election", "nonce"], name="materials_material_once"),
        )


class FigureRow(models.Model):
    """A number as brought."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    nonce = models.CharField(max_length=40)
    meeting = models.CharField(max_length=20)
    agency = models.CharField(max_length=12)
    figure = models.CharField(max_length=60, blank=True)
    number = models.BigIntegerField()
    denominator = models.BigIntegerField(default=-1)
    unit = models.CharField(max_length=12)
    as_of_at = models.DateTimeField()
    item = models.CharField(max_length=60, blank=True)
    replaces = models.CharField(max_length=20, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "materials_figure"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="materials_figure_code"),
            models.UniqueConstraint(fields=["election", "nonce"], name="materials_figure_once"),
        )


class MaterialEndRow(models.Model):
    """A file or number that its agency has withdrawn; at most once."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    person = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "materials_end"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="materials_end_once"),)


# --- who reads it ----------------------------------------------------------------------------------------------------------


def thing_of(brought: rules.Brought, meeting: rakor_rules.Meeting) -> access_rules.Thing:
    """What was brought, as the policy sees it: its agency's, named to all of the meeting; Bawaslu reads by law."""
    region = record.installation().region
    return access_rules.Thing("materials", brought.code, region, owner=brought.agency, named=rules.readers(meeting))


def table_of(meeting: rakor_rules.Meeting) -> access_rules.Thing:
    """The whole of what lies on the table of a meeting, whether something lies there or not: it belongs to those at the table."""
    region = record.installation().region
    return access_rules.Thing("materials", f"rakor:{meeting.code}", region, owner="RAKOR", named=rules.readers(meeting))


def visible(person: access_rules.Person, election: str, at: datetime, meeting: str = "") -> list[rules.Brought]:
    """What a person may read, of one meeting or of all: the same answer as `may` on each. Replaced and withdrawn ones among them."""
    seen = access_rules.scope(person, "materials.read", "materials", access_rules.Purpose.DUTY, access.agreements(at), at)
    held = {m.code: m for m in rakor.meetings(election, at)}
    return [b for b in listing(election, at, meeting) if b.meeting in held and seen.covers(thing_of(b, held[b.meeting]))]


# --- what can be named -----------------------------------------------------------------------------------------------------


def figure_codes(election: str, at: datetime, meeting: str = "") -> dict[str, str]:
    """Code -> label of the snapshot's figures: of the meeting's newest snapshot, else of the newest of all; empty before the first."""
    try:
        snapshots = rakor.snapshots(election, at, meeting) if meeting else []
        newest = snapshots[0] if snapshots else rakor.latest(election, at)
    except rakor_rules.Changed:  # who reads the pack is told; what was brought is still read
        return {}
    rows = newest.sections.get("figures", []) if newest else []
    return {str(r["code"]): str(r["label"]) for r in rows if isinstance(r, dict)} if isinstance(rows, list) else {}


def agenda_items(election: str, at: datetime, meeting: str) -> dict[str, str]:
    """Key -> label of a meeting's agenda, in its order."""
    return {m.key: m.label for m in rakor.agenda(election, meeting, at).items}


# --- what is written -------------------------------------------------------------------------------------------------------


def bring(
    election: str,
    meeting: str,
    *,
    kind: str,
    title: str,
    kept: evidence_rules.Kept,
    nonce: str,
    actor: facts.Actor,
    at: datetime,
    item: str = "",
    replaces: str = "",
) -> tuple[str, tuple[rules.Material, ...]]:
    """Brings a file that was checked and kept (`evidence.keep_as`); gives its code BHN-001 ... and others with the same bytes.

    The same form twice brings one. NotInvited, Over, BadKind, Untitled, AlreadyBrought, NotOwner, Gone, Unknown, reports.Guarded.
    """
    with transaction.atomic():
        at = record.turn(at)
        known = MaterialRow.objects.filter(election=election, nonce=nonce[:40]).first()
        if known is not None:
            return known.code, ()
        held = rakor.meeting(election, meeting, at)
        title = reports.tidied(election, title)
        what = rules.check_bring(held, actor.agency, kind, title, item, agenda_items(election, at, meeting) if item else {}, at)
        standing = [b for b in listing(election, at) if isinstance(b, rules.Material)]
        old = _to_replace(election, standing, replaces, meeting, actor)
        same = rules.check_same(kept.sha256, actor.agency, [m for m in standing if m.meeting == meeting or m.agency != actor.agency])
        code, version = f"BHN-{MaterialRow.objects.filter(election=election).count() + 1:03}", old.version + 1 if old else 1
        said: dict[str, object] = {
            "meeting": meeting, "agency": actor.agency, "readers": sorted(rules.readers(held)), "kind": what.value, "item": item,
            "sha256": kept.sha256, "file_kind": kept.kind, "size": kept.size, "replaces": replaces, "version": version, "mark": _mark(),
        }  # fmt: skip
        draft = _draft("material.brought", election, f"material:{code}", actor, at, said, record.typed(title=title), old)
        prepared = record.prepare([draft], at)
        MaterialRow.objects.create(
            election=election, code=code, nonce=nonce[:40], meeting=meeting, agency=actor.agency, kind=what.value, item=item,
            sha256=kept.sha256, file_kind=kept.kind, size=kept.size, replaces=replaces, version=version, mark=_mark(), person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        evidence.bind(election, "materials", f"material:{code}", what.value, kept, actor, at, prepared[0].entry_id, _mark())
        record.append(prepared, at=at)
    return code, same


def bring_figure(
    election: str,
    meeting: str,
    *,
    figure: str,
    label: str,
    number: int,
    denominator: int,
    unit: str,
    source: str,
    as_of_at: datetime,
    nonce: str,
    actor: facts.Actor,
    at: datetime,
    item: str = "",
    replaces: str = "",
) -> str:
    """Brings a number; gives its code ANG-001 ... The same form twice brings one. What `rules.check_figure` refuses; NotOwner, Gone."""
    with transaction.atomic():
        at = record.turn(at)
        known = FigureRow.objects.filter(election=election, nonce=nonce[:40]).first()
        if known is not None:
            return known.code
        held = rakor.meeting(election, meeting, at)
        label, source = (reports.tidied(election, typed) for typed in (label, source))
        codes, items = figure_codes(election, at, meeting), agenda_items(election, at, meeting) if item else {}
        counts = rules.check_figure(
            held, actor.agency, figure=figure, label=label, number=number, denominator=denominator, unit=unit, source=source,
            as_of_at=as_of_at, item=item, items=items, codes=codes, at=at,
        )  # fmt: skip
        label = codes.get(figure, label)
        old = _to_replace(election, figures_all(election, at), replaces, meeting, actor)
        code, version = f"ANG-{FigureRow.objects.filter(election=election).count() + 1:03}", old.version + 1 if old else 1
        said: dict[str, object] = {
            "meeting": meeting, "agency": actor.agency, "readers": sorted(rules.readers(held)), "figure": figure, "number": number,
            "denominator": denominator, "unit": counts.value, "as_of_at": record.stamp(as_of_at), "item": item, "replaces": replaces,
            "version": version, "mark": _mark(),
        }  # fmt: skip
        draft = _draft("figure.brought", election, f"figure:{code}", actor, at, said, record.typed(label=label, source=source), old)
        prepared = record.prepare([draft], at)
        FigureRow.objects.create(
            election=election, code=code, nonce=nonce[:40], meeting=meeting, agency=actor.agency, figure=figure, number=number,
            denominator=denominator, unit=counts.value, as_of_at=as_of_at, item=item, replaces=replaces, version=version, mark=_mark(),
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return code


def _to_replace(election: str, standing: Iterable[rules.Brought], code: str, meeting: str, actor: facts.Actor) -> rules.Brought | None:
    """What a newer version takes the place of: the agency's own, of the same meeting. Unknown, NotOwner, Gone."""
    if not code:
        return None
    old = next((b for b in standing if b.code == code and b.meeting == meeting), None)
    if old is None:
        raise rules.Unknown(code=code[:20])
    rules.check_change(old, actor.agency)
    rows: tuple[type[MaterialRow] | type[FigureRow], ...] = (MaterialRow, FigureRow)
    if any(table.objects.filter(election=election, replaces=code).exists() for table in rows):
        raise rules.Gone(code=code)  # by what was recorded for a later time, too
    return old


def withdraw(election: str, code: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """An agency takes back a file or number; it stays to be seen as withdrawn. Unknown, NotOwner, Gone, ReasonMissing, reports.Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        old = get(election, code, at)
        why = reports.tidied(election, reason)
        rules.check_withdrawal(old, actor.agency, why)
        kind = "figure" if isinstance(old, rules.OwnFigure) else "material"
        said: dict[str, object] = {
            "meeting": old.meeting, "agency": actor.agency, "readers": sorted(rules.readers(rakor.meeting(election, old.meeting, at))),
            "mark": old.mark,
        }  # fmt: skip
        draft = _draft(f"{kind}.withdrawn", election, f"{kind}:{code}", actor, at, said, record.typed(reason=why), old)
        prepared = record.prepare([draft], at)
        with record.once(rules.Gone(code=code)):
            MaterialEndRow.objects.create(election=election, code=code, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)


def _draft(
    kind: str,
    election: str,
    subject: str,
    actor: facts.Actor,
    at: datetime,
    said: dict[str, object],
    private: dict[str, object],
    old: rules.Brought | None,
) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind, election, subject, region, actor, at, said, private, corrects=old.entry_id if old else "")


def _mark() -> str:
    return "[SIMULASI]" if record.installation().demo else ""


# --- what is read ----------------------------------------------------------------------------------------------------------


def listing(election: str, at: datetime, meeting: str = "") -> list[rules.Brought]:
    """Files and numbers brought by then as they stood, oldest first, of one meeting or of all. Who reads which is `visible`'s part."""
    of = {"election": election, "occurred_at__lte": at, **({"meeting": meeting} if meeting else {})}
    files = list(MaterialRow.objects.filter(**of).order_by("occurred_at", "id"))
    numbers = list(FigureRow.objects.filter(**of).order_by("occurred_at", "id"))
    ends = {e.code: e for e in MaterialEndRow.objects.filter(election=election, occurred_at__lte=at)}
    newer = {r.replaces: r.code for r in files if r.replaces} | {r.replaces: r.code for r in numbers if r.replaces}
    private = record.privates([r.entry_id for r in files] + [r.entry_id for r in numbers] + [e.entry_id for e in ends.values()])

    def over(code: str) -> rules.Withdrawal | None:
        end = ends.get(code)
        return rules.Withdrawal(end.occurred_at, end.person, private.text(end.entry_id, "reason"), end.entry_id) if end else None

    found: list[rules.Brought] = [
        rules.Material(
            r.code, r.meeting, r.agency, rules.Kind(r.kind), private.text(r.entry_id, "title"),
            evidence_rules.Kept(r.sha256, r.file_kind, r.size), r.occurred_at, r.person, r.item, r.replaces, r.version,
            newer.get(r.code, ""), over(r.code), r.mark, r.entry_id,
        )
        for r in files
    ]  # fmt: skip
    found += [
        rules.OwnFigure(
            r.code, r.meeting, r.agency, r.figure, private.text(r.entry_id, "label", r.figure), r.number, r.denominator,
            rules.Unit(r.unit), private.text(r.entry_id, "source"), r.as_of_at, r.occurred_at, r.person, r.item,
            r.replaces, r.version, newer.get(r.code, ""), over(r.code), r.mark, r.entry_id,
        )
        for r in numbers
    ]  # fmt: skip
    return sorted(found, key=lambda b: (b.brought_at, b.code))


def get(election: str, code: str, at: datetime) -> rules.Brought:
    """One file or number, whoever asks. Unknown."""
    for found in listing(election, at):
        if found.code == code:
            return found
    raise rules.Unknown(code=code[:20])


def figures(election: str, at: datetime, meeting: str = "") -> list[rules.OwnFigure]:
    """The numbers that stand, oldest first."""
    return [b for b in listing(election, at, meeting) if isinstance(b, rules.OwnFigure) and b.stands]


def figures_all(election: str, at: datetime, meeting: str = "") -> list[rules.OwnFigure]:
    """Every number brought, those replaced and withdrawn too."""
    return [b for b in listing(election, at, meeting) if isinstance(b, rules.OwnFigure)]


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """Two days before a meeting: bring what you want to show, as long as this agency has brought nothing."""
    held = [m for m in rakor.meetings(election, at) if m.starts_at - rules.REMIND_BEFORE <= at < m.starts_at]
    if not held:
        return []
    brought = {(b.meeting, b.agency) for b in listing(election, at) if b.stands}
    return [
        facts.Task("materials.bring", "materials", f"rakor:{m.code}", m.title, m.starts_at, (m.code,))
        for m in held
        if rules.may_bring(m, person.agency, at) and (m.code, person.agency) not in brought
    ]


def find(person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Files and numbers by code or words, as far as this person may read them; leads to their meeting."""
    word = text.strip().lower()
    if not word:
        return []
    hits = [(b, b.title if isinstance(b, rules.Material) else b.label) for b in visible(person, election, at)]
    return [facts.Hit("material", f"{b.code} {t}", b.agency, (b.meeting,)) for b, t in hits if word in f"{b.code} {t}".lower()][:20]


# --- erasing words (see record.Eraser) -------------------------------------------------------------------------------------

# A file itself is taken back in evidence; its hash stays here.
WORDS: dict[str, record.Eraser] = dict.fromkeys(
    ("material.brought", "material.withdrawn", "figure.brought", "figure.withdrawn"), record.journal_only
)
