"""Stage sorting: teams, opened cartons, bundles, rejects, rates, requests, destruction."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import IntegrityError, models, transaction

from posko.domain import access as access_rules
from posko.domain import labels as label_rules
from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import sorting as rules
from posko.domain import stock as stock_rules
from posko.store import needs, places, receipts, record, stock, thresholds

_rng = random.SystemRandom()
LONG_OPEN = timedelta(hours=12)
"""A carton open for longer waits for somebody."""
FEW = 20

# --- tables --------------------------------------------------------------------------------------------------------------


class TeamRow(models.Model):
    """A team as it was formed; formed again with another size, the later row counts."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_team"
        indexes = (models.Index(fields=["election", "code"], name="sorting_team_code"),)


class AttendanceRow(models.Model):
    """Persons of a team present on a day; the later row counts."""

    election = models.CharField(max_length=40)
    team = models.CharField(max_length=20)
    day = models.DateField()
    present = models.PositiveIntegerField()
    table = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_attendance"
        indexes = (models.Index(fields=["election", "team", "day"], name="sorting_attendance_day"),)


class OpeningRow(models.Model):
    """A carton opened by a team. `attempt` counts openings that were taken back: so two at once cannot both stand."""

    election = models.CharField(max_length=40)
    carton = models.CharField(max_length=20)
    attempt = models.PositiveIntegerField(default=0)
    team = models.CharField(max_length=20)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    batch = models.CharField(max_length=60, blank=True)
    receipt = models.CharField(max_length=20, blank=True)
    place = models.CharField(max_length=30)
    expected = models.PositiveIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    undone_at = models.DateTimeField(null=True)
    undone_entry = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "sorting_opening"
        constraints = (models.UniqueConstraint(fields=["election", "carton", "attempt"], name="sorting_opening_once"),)
        indexes = (models.Index(fields=["election", "team"], name="sorting_opening_team"),)


class ClosingRow(models.Model):
    """What came out of an opened carton; a correction is the next version."""

    opening = models.ForeignKey(OpeningRow, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    good = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    first_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    undone_at = models.DateTimeField(null=True)
    undone_entry = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "sorting_closing"
        constraints = (models.UniqueConstraint(fields=["opening", "version"], name="sorting_closing_once"),)


class RejectRow(models.Model):
    """Sheets of one closing rejected for one kind of fault."""

    closing = models.ForeignKey(ClosingRow, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    sheets = models.PositiveIntegerField()

    class Meta:
        db_table = "sorting_reject"


class StrayRow(models.Model):
    """Sheets of another design found in a carton."""

    closing = models.ForeignKey(ClosingRow, models.PROTECT, related_name="+")
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    sheets = models.PositiveIntegerField()

    class Meta:
        db_table = "sorting_stray"


class BundleRow(models.Model):
    """A counted and labelled bundle of folded ballots of one design. dissolved_at: taken back by an undo or a correction."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    carton = models.CharField(max_length=20)
    batch = models.CharField(max_length=60, blank=True)
    team = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    dissolved_at = models.DateTimeField(null=True)
    dissolved_entry = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "sorting_bundle"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="sorting_bundle_code"),)
        indexes = (models.Index(fields=["election", "carton"], name="sorting_bundle_carton"),)


class RateRow(models.Model):
    """Rupiah per sheet from a day on. `citation` is of rows from before it stood in the journal's private part."""

    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    rupiah = models.PositiveIntegerField()
    basis = models.CharField(max_length=10)
    from_day = models.DateField()
    citation = models.CharField(max_length=300, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_rate"


class ReplacementRow(models.Model):
    """A request for replacement ballots."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_request"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="sorting_request_code"),)


class ReplacementLineRow(models.Model):
    """One line of a request; dapil as on the lines of stock."""

    request = models.ForeignKey(ReplacementRow, models.PROTECT, related_name="+")
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    rejected = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()
    sheets = models.PositiveIntegerField()

    class Meta:
        db_table = "sorting_request_line"


class DestructionRow(models.Model):
    """Sheets destroyed before witnesses. kind: rejected | surplus. witnesses: agency codes joined by commas."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, default="rejected")
    reason = models.CharField(max_length=400)
    witnesses = models.CharField(max_length=80)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_destruction"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="sorting_destruction_code"),)


class DestructionLineRow(models.Model):
    """One line of a destruction; dapil as on the lines of stock."""

    destruction = models.ForeignKey(DestructionRow, models.PROTECT, related_name="+")
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    sheets = models.PositiveIntegerField()

    class Meta:
        db_table = "sorting_destruction_line"


# --- teams ---------------------------------------------------------------------------------------------------------------


def form_team(election: str, code: str, size: int, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Team:
    """A team and how many persons it has; formed again, it has another size from then on. BadTeam."""
    team = rules.Team(code.strip().upper(), size, at, mark)
    with transaction.atomic():
        at = record.turn(at)
        said: dict[str, object] = {"team": team.code, "size": size, "mark": mark}
        prepared = record.prepare([_draft("team.formed", election, f"team:{team.code}", actor, at, said)], at)
        TeamRow.objects.create(
            election=election, code=team.code, size=size, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)
    return team


@dataclass(frozen=True)
class Present:
    """Persons of a team at a table on a day, said at an instant (one of `record_attendances`)."""

    team: str
    day: date
    present: int
    at: datetime
    table: str = ""


def record_attendance(
    election: str,
    team: str,
    day: date,
    present: int,
    actor: facts.Actor,
    at: datetime,
    table: str = "",
    reason: str = "",
    second: facts.Actor | None = None,
) -> rules.Attendance:
    """Persons of a team at their table on a day. Another number for the same day is a correction: alone by the author within minutes,
    later with a reason and a second person. UnknownThing, BadCount, ReasonMissing, SamePerson."""
    return record_attendances(election, [Present(team, day, present, at, table)], actor, at, reason, second)[0]


def record_attendances(
    election: str,
    said: Sequence[Present],
    actor: facts.Actor,
    at: datetime,
    reason: str = "",
    second: facts.Actor | None = None,
) -> list[rules.Attendance]:
    """`record_attendance` for many in one transaction: all or none."""
    other, why = second.person if second else "", reason.strip()
    with transaction.atomic():
        at = record.turn(at)
        before: dict[tuple[str, date], AttendanceRow] = {}
        for row in AttendanceRow.objects.filter(election=election, team__in={p.team for p in said}).order_by("id"):
            before[(row.team, row.day)] = row
        teams = {team: _team(election, team) for team in {p.team for p in said}}
        drafts, rows = [], []
        for one in said:
            old = before.get((one.team, one.day))
            rules.check_attendance(
                one.team, teams[one.team], one.present, None if old is None else _attendance(old), actor.person, why, other, one.at
            )
            told: dict[str, object] = {"team": one.team, "day": one.day.isoformat(), "present": one.present, "table": one.table}
            draft = _draft("attendance.recorded", election, f"team:{one.team}", actor, one.at, told)
            approvals = (actor.person, other) if second else ()
            drafts.append(replace(draft, corrects=old.entry_id if old else "", reason=why, approvals=approvals))
            row = AttendanceRow(
                election=election, team=one.team, day=one.day, present=one.present, table=one.table, reason=why, person=actor.person,
                second=other, occurred_at=one.at,
            )  # fmt: skip
            rows.append(row)
            before[(one.team, one.day)] = row
        prepared = record.prepare(drafts, at)
        for row, ready in zip(rows, prepared, strict=True):
            row.entry_id = ready.entry_id
        AttendanceRow.objects.bulk_create(rows, batch_size=500)
        record.append(prepared, at=at)
    return [_attendance(row) for row in rows]


# --- opening and closing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A carton that a team opens at an instant (one of `open_many`)."""

    carton: str
    team: str
    at: datetime


@dataclass(frozen=True)
class Close:
    """A carton's result at an instant (one of `close_many`). sizes: sheets of each bundle."""

    carton: str
    good: int
    rejects: tuple[tuple[str, int], ...]
    sizes: tuple[int, ...]
    at: datetime
    strays: tuple[rules.Stray, ...] = ()


def open_carton(election: str, carton: str, team: str, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Work:
    """A team opens a carton; `carton` is its code. UnknownThing, AlreadyOpened, InQuarantine, MixedTable."""
    return record_many(election, [Open(carton, team, at)], actor, at, mark)[0][0]


def close_carton(
    election: str,
    carton: str,
    good: int,
    rejects: Mapping[str, int],
    sizes: Sequence[int],
    actor: facts.Actor,
    at: datetime,
    strays: Iterable[rules.Stray] = (),
    rng: random.Random | None = None,
) -> list[rules.Bundle]:
    """The result of an opened carton, and its bundles with new codes. Missing and found sheets follow from the label's number.

    NotOpen, AlreadyClosed, BadCount, BundlesUnbalanced, StrayUnnamed.
    """
    kinds = tuple((kind, sheets) for kind, sheets in rejects.items() if sheets)
    return record_many(election, [Close(carton, good, kinds, tuple(sizes), at, tuple(strays))], actor, at, rng=rng)[1]


def record_many(
    election: str, acts: Sequence[Open | Close], actor: facts.Actor, at: datetime, mark: str = "", rng: random.Random | None = None
) -> tuple[list[rules.Work], list[rules.Bundle]]:
    """Openings and results in the order in which they happened, each at its own instant, in one transaction recorded at `at`: all or none.

    The same rules as one by one. Returns the opened cartons and the bundles made.
    """
    try:
        with transaction.atomic():
            at = record.turn(at)
            return _record(election, acts, actor, at, mark, rng)
    except IntegrityError as clash:  # somebody else did the same in the same second
        for one in acts:
            taken = _works(election, cartons=[one.carton])
            if isinstance(one, Open) and taken:
                raise rules.AlreadyOpened(carton=one.carton, team=taken[0].team) from clash
            if isinstance(one, Close) and taken and taken[0].tally is not None:
                raise rules.AlreadyClosed(carton=one.carton, team=taken[0].team) from clash
        raise


@dataclass(frozen=True)
class _Act:
    """One act that passed its rules: what it leaves behind."""

    work: rules.Work
    made: tuple[rules.Bundle, ...]
    kind: str

    @property
    def at(self) -> datetime:
        return self.work.closed_at or self.work.opened_at


def _record(
    election: str, acts: Sequence[Open | Close], actor: facts.Actor, at: datetime, mark: str, rng: random.Random | None
) -> tuple[list[rules.Work], list[rules.Bundle]]:
    judged = _judge(election, acts, actor, mark, rng)
    prepared = record.prepare(
        [_draft(a.kind, election, f"carton:{a.work.carton}", actor, a.at, _said(a), a.work.place) for a in judged], at
    )
    ready = list(zip(judged, [one.entry_id for one in prepared], strict=True))
    _write_openings(election, [(a.work, entry) for a, entry in ready if a.kind == "carton.opened"], actor)
    _write_closings(election, [(a, entry) for a, entry in ready if a.kind == "carton.closed"], actor)
    here = places.dapil_here(election)
    stock.post_all(election, [(_postings(a, here), entry, a.at) for a, entry in ready])
    record.append(prepared, at=at)
    opened = [replace(a.work, entry_id=entry) for a, entry in ready if a.kind == "carton.opened"]
    return opened, [bundle for a in judged for bundle in a.made]


def _judge(election: str, acts: Sequence[Open | Close], actor: facts.Actor, mark: str, rng: random.Random | None) -> list[_Act]:
    """Every act against the rules, in order, each seeing what the ones before it did."""
    works = {work.carton: work for work in _works(election, cartons=list({one.carton for one in acts}))}
    codes = {one.team for one in acts if isinstance(one, Open)}
    teams = {team: _team(election, team) for team in codes}
    tables: dict[str, dict[str, rules.Work]] = defaultdict(dict)
    for work in _works(election, teams=sorted(codes), open_only=True) if codes else ():
        tables[work.team][work.carton] = work
    cartons = _cartons(election, [one for one in acts if isinstance(one, Open)])
    warehouse, judged = stock.warehouse(election), []
    for one in acts:
        if isinstance(one, Open):
            work = _opening(
                cartons[one.carton], one, teams[one.team], works.get(one.carton), tables[one.team].values(), warehouse, actor, mark
            )
            tables[one.team][one.carton] = work
            judged.append(_Act(work, (), "carton.opened"))
        else:
            before = works.get(one.carton)
            if before is None:
                raise rules.NotOpen(carton=one.carton[:40])
            tally = rules.Tally(before.expected, one.good, one.rejects, one.strays)
            rules.check_closing(before, tally, one.sizes)
            work = replace(before, tally=tally, closed_at=one.at, closer=actor.person)
            tables[work.team].pop(work.carton, None)
            judged.append(_Act(work, tuple(_labelled(work, one.sizes, one.at, rng)), "carton.closed"))
        works[one.carton] = work
    return judged


def _cartons(election: str, opened: Sequence[Open]) -> dict[str, receipt_rules.Carton | None]:
    """The cartons to open: each by its index, or all at once where they are many."""
    if len(opened) <= FEW:
        return {one.carton: receipts.get_carton(election, one.carton, one.at) for one in opened}
    found: dict[str, receipt_rules.Carton | None] = {one.carton: None for one in opened}
    found.update({c.code: c for c in receipts.cartons(election, max(one.at for one in opened)) if c.code in found})
    return found


def _opening(
    carton: receipt_rules.Carton | None,
    one: Open,
    team: rules.Team | None,
    before: rules.Work | None,
    on_table: Iterable[rules.Work],
    warehouse: str,
    actor: facts.Actor,
    mark: str,
) -> rules.Work:
    if carton is None or carton.received_at > one.at:
        raise rules.UnknownThing(thing=one.carton[:40])
    rules.check_opening(one.carton, (carton.contest, carton.dapil), carton.condition, team, one.team, before, on_table)
    return rules.Work(
        one.carton, carton.contest, carton.dapil, carton.batch, carton.receipt, carton.place or warehouse, one.team, carton.quantity,
        one.at, actor.person, mark=mark or carton.mark,
    )  # fmt: skip


def _said(act: _Act) -> dict[str, object]:
    if act.work.tally is None:
        return _opened_facts(act.work)
    return _closed_facts(act.work, act.work.tally, act.made)


def _postings(act: _Act, here: Mapping[str, tuple[str, ...]]) -> list[stock_rules.Posting]:
    if act.work.tally is None:
        return [_moved(act.work, here, "GOOD", "SORTING", act.work.expected, act.kind)]
    return _closing_postings(act.work, act.work.tally, here)


def _write_openings(election: str, opened: Sequence[tuple[rules.Work, str]], actor: facts.Actor) -> None:
    codes = [work.carton for work, _ in opened]
    attempts = Counter(OpeningRow.objects.filter(election=election, carton__in=codes).values_list("carton", flat=True))
    OpeningRow.objects.bulk_create(
        [
            OpeningRow(
                election=election, carton=w.carton, attempt=attempts[w.carton], team=w.team, contest=w.contest, dapil=w.dapil,
                batch=w.batch, receipt=w.receipt, place=w.place, expected=w.expected, mark=w.mark, person=actor.person,
                occurred_at=w.opened_at, entry_id=entry,
            )
            for w, entry in opened
        ],
        batch_size=500,
    )  # fmt: skip


def _write_closings(election: str, closed: Sequence[tuple[_Act, str]], actor: facts.Actor) -> None:
    if not closed:
        return
    openings = {row.carton: row for row in _open_rows(election, [act.work.carton for act, _ in closed])}
    versions = _versions(openings.values())
    rows = [
        (
            act,
            ClosingRow(
                opening=(row := openings[act.work.carton]), version=versions[row.pk] + 1, good=act.work.tally.good if act.work.tally else 0,
                person=actor.person, occurred_at=act.at, first_at=act.at, entry_id=entry,
            ),
        )
        for act, entry in closed
    ]  # fmt: skip
    ClosingRow.objects.bulk_create([row for _, row in rows], batch_size=500)
    _write_details([(row, act.work.tally) for act, row in rows if act.work.tally])
    _write_bundles(election, [(bundle, row) for act, row in rows for bundle in act.made])


def undo_opening(election: str, carton: str, actor: facts.Actor, at: datetime) -> None:
    """Whoever opened a carton by mistake takes it back within minutes, before it has a result. NotOpen, AlreadyClosed, TooLate."""
    with transaction.atomic():
        at = record.turn(at)
        work, row = _one_work(election, carton)
        if work.tally is not None:
            raise rules.AlreadyClosed(carton=carton, team=work.team)
        rules.check_undo(actor.person, work.opener, work.opened_at, at)
        said: dict[str, object] = {"carton": carton, "team": work.team}
        draft = replace(_draft("carton.opening_undone", election, f"carton:{carton}", actor, at, said, work.place), corrects=work.entry_id)
        prepared = record.prepare([draft], at)
        row.undone_at, row.undone_entry = at, prepared[0].entry_id
        row.save(update_fields=["undone_at", "undone_entry"])
        back = _moved(work, places.dapil_here(election), "SORTING", "GOOD", work.expected, "carton.opening_undone")
        stock.post(election, [back], prepared[0].entry_id, at)
        record.append(prepared, at=at)


def undo_closing(election: str, carton: str, actor: facts.Actor, at: datetime) -> None:
    """Whoever stated a result takes it back within minutes while no bundle is used; its bundles are dissolved, the carton is open again.

    NotOpen, TooLate, BundleUsed.
    """
    with transaction.atomic():
        at = record.turn(at)
        work, _ = _one_work(election, carton)
        closing = _closing(election, carton)
        if work.tally is None or work.closed_at is None or closing is None:
            raise rules.NotOpen(carton=carton)
        bundles = list(BundleRow.objects.filter(election=election, carton=carton, dissolved_at=None))
        rules.check_undo(actor.person, closing.person, closing.occurred_at, at, used(election, [b.code for b in bundles]))
        if closing.version > 1 and closing.reason:
            raise rules.TooLate(minutes=10)  # a correction that two people made is corrected by two people
        said: dict[str, object] = {"carton": carton, "bundles": [b.code for b in bundles]}
        draft = _draft("carton.closing_undone", election, f"carton:{carton}", actor, at, said, work.place)
        draft = replace(draft, corrects=closing.entry_id)
        prepared = record.prepare([draft], at)
        closing.undone_at, closing.undone_entry = at, prepared[0].entry_id
        closing.save(update_fields=["undone_at", "undone_entry"])
        _dissolve(bundles, prepared[0].entry_id, at)
        back = [posting.reverse for posting in _closing_postings(work, work.tally, places.dapil_here(election), "carton.closing_undone")]
        stock.post(election, back[::-1], prepared[0].entry_id, at)
        record.append(prepared, at=at)


def correct_result(
    election: str,
    carton: str,
    good: int,
    rejects: Mapping[str, int],
    sizes: Sequence[int],
    reason: str,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    strays: Iterable[rules.Stray] = (),
    rng: random.Random | None = None,
) -> list[rules.Bundle]:
    """Another result for a closed carton, with reason and second person. Bundles that are used stay; the others are dissolved and `sizes`
    are the new ones. NotOpen, ReasonMissing, SamePerson, NothingChanged, BadCount, BundlesUnbalanced, StrayUnnamed."""
    with transaction.atomic():
        at = record.turn(at)
        work, row = _one_work(election, carton)
        closing = _closing(election, carton)
        tally = rules.Tally(work.expected, good, tuple((k, n) for k, n in rejects.items() if n), tuple(strays))
        rows = list(BundleRow.objects.filter(election=election, carton=carton, dissolved_at=None))
        in_use = used(election, [b.code for b in rows])
        kept = [b for b in rows if b.code in in_use]
        rules.check_correction(work, tally, sizes, sum(b.quantity for b in kept), reason, first.person, second.person)
        assert closing is not None
        assert work.tally is not None
        made = _labelled(work, sizes, at, rng)
        said = {
            **_closed_facts(work, tally, made),
            "kept": [b.code for b in kept],
            "dissolved": [b.code for b in rows if b.code not in in_use],
        }
        draft = replace(
            _draft("carton.result_corrected", election, f"carton:{carton}", first, at, said, work.place),
            corrects=closing.entry_id, reason=reason.strip(), approvals=(first.person, second.person),
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        with record.once(rules.AlreadyClosed(carton=carton, team=work.team)):
            new = ClosingRow.objects.create(
                opening=row, version=_versions([row])[row.pk] + 1, good=good, reason=reason.strip(), person=first.person,
                second=second.person, occurred_at=at, first_at=closing.first_at, entry_id=prepared[0].entry_id,
            )  # fmt: skip
        _write_details([(new, tally)])
        _dissolve([b for b in rows if b.code not in in_use], new.entry_id, at)
        _write_bundles(election, [(b, new) for b in made])
        here = places.dapil_here(election)
        old = [p.reverse for p in _closing_postings(work, work.tally, here, "carton.result_corrected")][::-1]
        stock.post(election, old + _closing_postings(work, tally, here, "carton.result_corrected"), new.entry_id, at)
        record.append(prepared, at=at)
    return made


# --- rates, requests, destruction ----------------------------------------------------------------------------------------


def set_rate(
    election: str,
    rupiah: int,
    basis: str,
    from_day: date,
    citation: str,
    actor: facts.Actor,
    at: datetime,
    contest: str = "",
    mark: str = "",
) -> rules.Rate:
    """What a sheet is paid, from which day on, on whose decision. BadRate, ReasonMissing."""
    rate = rules.Rate(contest, rupiah, basis, from_day, citation.strip(), actor.person, at, mark=mark)
    with transaction.atomic():
        at = record.turn(at)
        said: dict[str, object] = {"contest": contest, "rupiah": rupiah, "basis": basis, "from": from_day.isoformat(), "mark": mark}
        draft = _draft("rate.set", election, f"rate:{contest or 'semua'}", actor, at, said)
        prepared = record.prepare([replace(draft, private=record.typed(citation=rate.citation))], at)
        RateRow.objects.create(
            election=election, contest=contest, rupiah=rupiah, basis=basis, from_day=from_day, mark=mark,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return replace(rate, entry_id=prepared[0].entry_id)


def request_replacement(election: str, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Request:
    """Ask the supplier for what will be short as things stand, line by line. NothingShort."""
    with transaction.atomic():
        at = record.turn(at)
        wanted = wanting(election, at)
        lines = tuple((s.contest, s.dapil, s.rejected, s.missing, sheets) for s, sheets in wanted if sheets)
        if not lines:
            raise rules.NothingShort()
        code = f"MPG-{ReplacementRow.objects.filter(election=election).count() + 1:03}"
        said: dict[str, object] = {"request": code, "lines": [list(line) for line in lines], "mark": mark}
        prepared = record.prepare([_draft("replacement.requested", election, f"request:{code}", actor, at, said)], at)
        row = ReplacementRow.objects.create(
            election=election, code=code, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        ReplacementLineRow.objects.bulk_create(
            ReplacementLineRow(request=row, contest=c, dapil=d, rejected=r, missing=m, sheets=n) for c, d, r, m, n in lines
        )
        record.append(prepared, at=at)
    return rules.Request(code, lines, actor.person, at, prepared[0].entry_id, mark)


Sheets = tuple[str, str, int]
Kept = Mapping[tuple[str, str], Mapping[stock_rules.Account, int]]
"""(contest, dapil of the line) -> account -> sheets."""
Lacking = Callable[[str, datetime], Mapping[tuple[str, str], int]]
"""(election, at) -> (contest, dapil of the line) -> sheets that boxes still lack; lines nobody knows are left out."""


def destroy(
    election: str,
    lines: Sequence[Sheets],
    reason: str,
    witnesses: Sequence[str],
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    mark: str = "",
) -> rules.Destruction:
    """Rejected sheets are destroyed before witnesses, by two people. lines: (contest, dapil of the line, sheets).

    ReasonMissing, SamePerson, NoWitness, BadCount, NotThatMany.
    """
    with transaction.atomic():
        at = record.turn(at)
        rejected = stock_rules.Condition.REJECTED
        kept = {
            line: {stock_rules.Account(place, rejected): n for place, n in by.items()} for line, by in rejected_kept(election, at).items()
        }
        rules.check_destruction(lines, _sums(kept), reason, witnesses, first.person, second.person)
        done = rules.Destruction("", tuple(lines), reason.strip(), tuple(witnesses), first.person, second.person, at, "", mark)
        return _destroy(election, done, kept, (), first)


def destroy_surplus(
    election: str,
    lines: Sequence[Sheets],
    reason: str,
    witnesses: Sequence[str],
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    lacking: Lacking,
    mark: str = "",
) -> rules.Destruction:
    """Good sheets that no box needs are destroyed before Bawaslu and police, by two people, once the boxes lack nothing.

    lacking: asked under the lock, for packing is a later stage. Bundles of a line of which no folded sheet is left are dissolved, unless
    some of them lies in a box. ReasonMissing, SamePerson, NoWitness, WitnessMissing, BadCount, NotThatMuchSurplus, BoxesLack, NeedUnknown.
    """
    with transaction.atomic():
        at = record.turn(at)
        kept = surplus_kept(election, at)
        rules.check_surplus(lines, _sums(kept), lacking(election, at), reason, witnesses, first.person, second.person)
        done = rules.Destruction("", tuple(lines), reason.strip(), tuple(witnesses), first.person, second.person, at, "", mark, "surplus")
        return _destroy(election, done, kept, _emptied(election, lines, kept), first)


def _sums(kept: Kept) -> dict[tuple[str, str], int]:
    return {line: sum(by.values()) for line, by in kept.items()}


def _destroy(election: str, done: rules.Destruction, kept: Kept, emptied: Sequence[BundleRow], first: facts.Actor) -> rules.Destruction:
    """The rows, postings and entry of a destruction that passed its rules; the caller holds the transaction. This appends."""
    code, at = f"PMS-{DestructionRow.objects.filter(election=election).count() + 1:03}", done.at
    said: dict[str, object] = {
        "destruction": code, "kind": done.kind, "lines": [list(line) for line in done.lines], "witnesses": list(done.witnesses),
        "dissolved": [b.code for b in emptied], "mark": done.mark,
    }  # fmt: skip
    draft = replace(
        _draft("ballots.destroyed", election, f"destruction:{code}", first, at, said),
        reason=done.reason, approvals=(done.first, done.second),
    )  # fmt: skip
    prepared = record.prepare([draft], at)
    row = DestructionRow.objects.create(
        election=election, code=code, kind=done.kind, reason=done.reason, witnesses=",".join(done.witnesses), mark=done.mark,
        person=done.first, second=done.second, occurred_at=at, entry_id=prepared[0].entry_id,
    )  # fmt: skip
    DestructionLineRow.objects.bulk_create(DestructionLineRow(destruction=row, contest=c, dapil=d, sheets=n) for c, d, n in done.lines)
    _dissolve(emptied, prepared[0].entry_id, at)
    stock.post(election, _destroyed_postings(done.lines, kept, code), prepared[0].entry_id, at)
    record.append(prepared, at=at)
    return replace(done, code=code, entry_id=prepared[0].entry_id)


def _destroyed_postings(lines: Iterable[Sheets], kept: Kept, code: str) -> list[stock_rules.Posting]:
    """From the accounts that keep sheets of a line: folded before unsorted ones, the fullest place first."""
    left = {line: dict(by) for line, by in kept.items()}
    found = []
    for contest, dapil, sheets in lines:
        wanting = sheets
        for source, there in _in_order(left.get((contest, dapil), {})):
            taken = min(wanting, there)
            if taken > 0:
                target = stock_rules.Account(source.place, stock_rules.Condition.DESTROYED)
                line = (rules.BALLOT, contest, dapil)
                found.append(stock_rules.Posting(line, taken, source, target, "ballots.destroyed", f"destruction:{code}"))
                left[(contest, dapil)][source] -= taken
                wanting -= taken
    return found


def _in_order(accounts: Mapping[stock_rules.Account, int]) -> list[tuple[stock_rules.Account, int]]:
    return sorted(accounts.items(), key=lambda pair: (pair[0].condition is stock_rules.Condition.GOOD, -pair[1], pair[0].place))


def _emptied(election: str, lines: Iterable[Sheets], kept: Kept) -> list[BundleRow]:
    """Bundles that no longer are, where every folded sheet of their line is destroyed; those that boxes took sheets from stay."""
    gone: Counter[tuple[str, str]] = Counter()
    for contest, dapil, sheets in lines:
        gone[contest, dapil] += sheets
    here, found = places.dapil_here(election), []
    for line, sheets in gone.items():
        folded = sum(n for account, n in kept[line].items() if account.condition is stock_rules.Condition.FOLDED)
        if folded and sheets >= folded:
            rows = BundleRow.objects.filter(election=election, contest=line[0], dissolved_at=None)
            found += [row for row in rows if place_rules.dapil_on_line(row.contest, row.dapil, here) == line[1]]
    in_use = used(election, [row.code for row in found])
    return [row for row in found if row.code not in in_use]


# --- what is read --------------------------------------------------------------------------------------------------------


def get_bundle(election: str, code: str, at: datetime) -> rules.Bundle | None:
    """One bundle, found by its code in constant time; None where there is none by then, or it was dissolved."""
    row = BundleRow.objects.filter(election=election, code=code, occurred_at__lte=at).first()
    return _bundle(row) if row and (row.dissolved_at is None or row.dissolved_at > at) else None


def bundles(election: str, at: datetime, carton: str = "") -> list[rules.Bundle]:
    """All bundles made by then and not dissolved, oldest first; of one carton where it is named."""
    rows = BundleRow.objects.filter(election=election, occurred_at__lte=at).exclude(dissolved_at__lte=at)
    if carton:
        rows = rows.filter(carton=carton)
    return [_bundle(row) for row in rows.order_by("occurred_at", "id")]


def used(election: str, codes: Iterable[str]) -> set[str]:
    """Bundles that somebody has taken sheets from and not put back all: by the postings with subject "bundle:<code>"."""
    wanted = {f"bundle:{code}": code for code in codes}
    found: Counter[str] = Counter()
    for posting in stock.postings_of(election, list(wanted)):
        sign = (posting.source.condition is stock_rules.Condition.FOLDED) - (posting.target.condition is stock_rules.Condition.FOLDED)
        found[posting.subject] += sign * posting.quantity
    return {wanted[subject] for subject, sheets in found.items() if sheets > 0}


def teams(election: str, at: datetime) -> list[rules.Team]:
    """Teams as they stood then, by code."""
    found = {row.code: row for row in TeamRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")}
    return [rules.Team(row.code, row.size, row.occurred_at, row.mark) for _, row in sorted(found.items())]


def attendance(election: str, at: datetime) -> list[rules.Attendance]:
    """The attendance in force then, by day and team."""
    rows = AttendanceRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    found = {(row.day, row.team): _attendance(row) for row in rows}
    return [one for _, one in sorted(found.items())]


def works(election: str, at: datetime) -> list[rules.Work]:
    """Opened cartons as they stood then, oldest first."""
    return _works(election, at)


def get_work(election: str, carton: str, at: datetime) -> rules.Work | None:
    """One opened carton as it stood then; None while it is closed as it came."""
    found = _works(election, at, cartons=[carton])
    return found[0] if found else None


def results(election: str, carton: str, at: datetime) -> list[dict[str, object]]:
    """Every result that was ever stated for a carton by then, oldest first: also the ones taken back and corrected."""
    rows = ClosingRow.objects.select_related("opening").filter(opening__election=election, opening__carton=carton, occurred_at__lte=at)
    details = _details([row.pk for row in rows])
    return [
        {
            "tally": rules.Tally(row.opening.expected, row.good, *details[row.pk]), "version": row.version, "reason": row.reason,
            "person": row.person, "second": row.second, "at": row.occurred_at, "entry_id": row.entry_id,
            "undone_at": row.undone_at if row.undone_at and row.undone_at <= at else None,
        }
        for row in rows.order_by("id")
    ]  # fmt: skip


def progress(election: str, at: datetime) -> list[rules.Progress]:
    """The board's lines."""
    sound = [(c.code, c.contest, c.dapil, c.quantity) for c in receipts.cartons(election, at) if c.condition == "good"]
    return rules.progress(sound, works(election, at))


def day_of(moment: datetime) -> date:
    """The civil day of an instant here (WIB)."""
    return moment.astimezone(record.WIB).date()


def team_days(election: str, at: datetime) -> list[rules.TeamDay]:
    """What each team did each day."""
    return rules.team_days(works(election, at), attendance(election, at), day_of)


def rates(election: str, at: datetime) -> list[rules.Rate]:
    """Rates set by then, oldest first."""
    rows = list(RateRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    told = record.privates(row.entry_id for row in rows)
    return [
        rules.Rate(
            r.contest, r.rupiah, r.basis, r.from_day, told.text(r.entry_id, "citation", r.citation), r.person, r.occurred_at, r.entry_id,
            r.mark,
        )
        for r in rows
    ]  # fmt: skip


def pay_sheet(election: str, at: datetime) -> list[rules.Pay]:
    """Sheets and rupiah per team, day and contest."""
    return rules.pay_sheet(works(election, at), rates(election, at), day_of)


def requests(election: str, at: datetime) -> list[rules.Request]:
    """Requests for replacement made by then, oldest first."""
    rows = list(ReplacementRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    lines: dict[int, list[tuple[str, str, int, int, int]]] = defaultdict(list)
    for line in ReplacementLineRow.objects.filter(request__in=[r.pk for r in rows]).order_by("id"):
        lines[line.request_id].append((line.contest, line.dapil, line.rejected, line.missing, line.sheets))
    return [rules.Request(r.code, tuple(lines[r.pk]), r.person, r.occurred_at, r.entry_id, r.mark) for r in rows]


def destructions(election: str, at: datetime) -> list[rules.Destruction]:
    """Destructions by then, oldest first."""
    rows = list(DestructionRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    lines: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for line in DestructionLineRow.objects.filter(destruction__in=[r.pk for r in rows]).order_by("id"):
        lines[line.destruction_id].append((line.contest, line.dapil, line.sheets))
    return [
        rules.Destruction(
            r.code, tuple(lines[r.pk]), r.reason, tuple(r.witnesses.split(",")), r.person, r.second, r.occurred_at, r.entry_id, r.mark,
            r.kind,
        )
        for r in rows
    ]  # fmt: skip


def rejected_kept(election: str, at: datetime) -> dict[tuple[str, str], dict[str, int]]:
    """(contest, dapil of the line) -> place -> rejected sheets kept there."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for (line, account), sheets in stock.balances(election, at).items():
        if line[0] == rules.BALLOT and account.condition is stock_rules.Condition.REJECTED and sheets > 0:
            found[line[1:]][account.place] = sheets
    return dict(found)


def surplus_kept(election: str, at: datetime) -> dict[tuple[str, str], dict[stock_rules.Account, int]]:
    """(contest, dapil of the line) -> account -> good sheets outside the boxes, folded or not sorted yet."""
    found: dict[tuple[str, str], dict[stock_rules.Account, int]] = defaultdict(dict)
    for (line, account), sheets in stock.balances(election, at).items():
        if line[0] == rules.BALLOT and account.condition in (stock_rules.Condition.FOLDED, stock_rules.Condition.GOOD) and sheets > 0:
            found[line[1:]][account] = sheets
    return dict(found)


def shortages(election: str, at: datetime) -> list[rules.Shortage]:
    """Every line of ballots against its need: sound (folded, packed, sent), still coming through (accepted or on a table), lost in
    sorting."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (line, account), sheets in stock.balances(election, at).items():
        if line[0] == rules.BALLOT:
            sums[line[1:]][account.condition.value] += sheets
    here = places.dapil_here(election)
    lost: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for work in works(election, at):
        if work.tally is not None:
            key = (work.contest, place_rules.dapil_on_line(work.contest, work.dapil, here))
            lost[key].update(rejected=work.tally.rejected, missing=work.tally.missing, found=work.tally.found)
    for aside, sheets in _set_aside(election, at).items():
        lost[aside]["rejected"] += sheets
    reserves = _reserves(election, at)
    demands = {(d.contest, d.dapil): d.quantity for d in receipts.demands(election, at) if d.item == rules.BALLOT and d.contest}
    return [
        rules.Shortage(
            contest=key[0], dapil=key[1], need=demands.get(key), reserve=reserves.get(key, 0),
            sound=sum(sums[key][name] for name in ("folded", "packed", "sent")),
            coming=sum(sums[key][name] for name in ("good", "unaccepted", "sorting")),
            **{name: lost[key][name] for name in ("rejected", "missing", "found")},
        )
        for key in sorted({*demands, *lost})
    ]  # fmt: skip


def _set_aside(election: str, at: datetime) -> Counter[tuple[str, str]]:
    """(contest, dapil of the line) -> folded sheets that were found bad later, while packing."""
    found: Counter[tuple[str, str]] = Counter()
    for one in stock.movements(election, at, condition=stock_rules.Condition.REJECTED.value):
        source, target = one.posting.source.condition, one.posting.target.condition
        if one.posting.line[0] == rules.BALLOT and stock_rules.Condition.FOLDED in (source, target):
            found[one.posting.line[1:]] += one.posting.quantity * (1 if source is stock_rules.Condition.FOLDED else -1)
    return found


def wanting(election: str, at: datetime) -> list[tuple[rules.Shortage, int]]:
    """Every line of ballots, and how many sheets to ask the supplier for now."""
    asked: Counter[tuple[str, str]] = Counter()
    for request in requests(election, at):
        for contest, dapil, _, _, sheets in request.lines:
            asked[(contest, dapil)] += sheets
    return [(one, one.wanting(asked[(one.contest, one.dapil)])) for one in shortages(election, at)]


def _reserves(election: str, at: datetime) -> dict[tuple[str, str], int]:
    """(contest, dapil of the line) -> sheets of reserve in the need."""
    here, found = places.dapil_here(election), Counter[tuple[str, str]]()
    for need in needs.lines(election, at, item=rules.BALLOT):
        found[(need.contest, place_rules.dapil_on_line(need.contest, need.dapil, here))] += need.reserve
    return dict(found)


def batches(election: str, at: datetime) -> list[rules.Batch]:
    """Damage by print batch, the worst first."""
    done = works(election, at)
    here, reserves = places.dapil_here(election), _reserves(election, at) if done else {}
    by_design = {
        work.design: reserve
        for work in done
        if (reserve := reserves.get((work.contest, place_rules.dapil_on_line(work.contest, work.dapil, here)))) is not None
    }
    return rules.batches(done, by_design, limits(election, at))


def limits(election: str, at: datetime) -> rules.Limits:
    """The thresholds in force."""
    return thresholds.limits(election, "sorting", rules.Limits(), at)


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R04, and sheets of another dapil that lay in a carton."""
    done = works(election, at)
    bad, strays = [b for b in batches(election, at) if b.alarming], [w for w in done if w.tally and w.tally.strays]
    if not bad and not strays:
        return []
    closed = {w.carton for w in done if w.tally}
    unsorted = {(c.batch, c.contest, c.dapil) for c in receipts.cartons(election, at) if c.code not in closed and c.condition == "good"}
    held = limits(election, at)
    return rules.batch_signals(bad, unsorted, held) + rules.stray_signals(strays, at, unsorted, held)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: cartons open for long, ballots that will be short and are not asked for."""
    if person.agency != "KPU":
        return []
    opened = works(election, at)
    tasks = [
        facts.Task("sorting.close", "sorting", f"carton:{w.carton}", f"{w.team}, {label_rules.spaced(w.carton)}", None, (w.carton,))
        for w in opened
        if w.tally is None and at - w.opened_at > LONG_OPEN
    ]
    if any(w.tally and (w.tally.rejected or w.tally.missing) for w in opened) and (sheets := sum(n for _, n in wanting(election, at))):
        tasks.append(facts.Task("sorting.request", "sorting", "request", str(sheets)))
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Teams, opened cartons and bundles by code."""
    word = text.strip().upper()
    plain = word.replace("-", "").replace(" ", "")
    if len(plain) < 4:
        return []
    hits = [facts.Hit("team", t.code, f"{t.size} orang") for t in teams(election, at) if word in t.code]
    rows = OpeningRow.objects.filter(election=election, carton__startswith=plain, occurred_at__lte=at).exclude(undone_at__lte=at)
    hits += [facts.Hit("sorting_carton", label_rules.spaced(r.carton), f"{r.contest} {r.dapil} · {r.team}", (r.carton,)) for r in rows[:10]]
    found = BundleRow.objects.filter(election=election, code__startswith=plain, occurred_at__lte=at).exclude(dissolved_at__lte=at)
    hits += [
        facts.Hit("bundle", label_rules.spaced(b.code), f"{b.contest} {b.dapil} · {b.quantity} lembar", (b.carton,)) for b in found[:10]
    ]
    return hits


# --- rows to values ------------------------------------------------------------------------------------------------------


def _draft(
    kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object], place: str = ""
) -> facts.Draft:
    where = place or record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=where, actor=actor, occurred_at=at, facts=said)


def _opened_facts(work: rules.Work) -> dict[str, object]:
    names = ("carton", "team", "contest", "dapil", "batch", "receipt", "expected", "mark")
    return {name: getattr(work, name) for name in names}


def _closed_facts(work: rules.Work, tally: rules.Tally, made: Sequence[rules.Bundle]) -> dict[str, object]:
    return {
        "carton": work.carton, "team": work.team, "contest": work.contest, "dapil": work.dapil, "batch": work.batch,
        "expected": tally.expected, "good": tally.good, "missing": tally.missing, "found": tally.found,
        "kinds_version": rules.KINDS_VERSION, "rejects": [[kind, sheets] for kind, sheets in tally.rejects],
        "strays": [[s.contest, s.dapil, s.sheets] for s in tally.strays], "bundles": [[b.code, b.quantity] for b in made],
    }  # fmt: skip


def _moved(work: rules.Work, here: Mapping[str, tuple[str, ...]], source: str, target: str, sheets: int, act: str) -> stock_rules.Posting:
    line = (rules.BALLOT, work.contest, place_rules.dapil_on_line(work.contest, work.dapil, here))
    ends = [stock_rules.Account(work.place, stock_rules.Condition[name]) for name in (source, target)]
    return stock_rules.Posting(line, sheets, ends[0], ends[1], act, f"carton:{work.carton}")


def _closing_postings(
    work: rules.Work, tally: rules.Tally, here: Mapping[str, tuple[str, ...]], act: str = "carton.closed"
) -> list[stock_rules.Posting]:
    moves = (
        ("FOUND", "SORTING", tally.found), ("SORTING", "FOLDED", tally.good), ("SORTING", "REJECTED", tally.rejected),
        ("SORTING", "MISSING", tally.missing),
    )  # fmt: skip
    return [_moved(work, here, source, target, sheets, act) for source, target, sheets in moves if sheets]


def _labelled(work: rules.Work, sizes: Sequence[int], at: datetime, rng: random.Random | None) -> list[rules.Bundle]:
    draw = rng or _rng
    return [
        rules.Bundle(label_rules.new_code(draw), work.contest, work.dapil, size, work.carton, work.batch, work.team, at, work.mark)
        for size in sizes
    ]


def _write_bundles(election: str, made: Iterable[tuple[rules.Bundle, ClosingRow]]) -> None:
    BundleRow.objects.bulk_create(
        [
            BundleRow(
                code=b.code, election=election, contest=b.contest, dapil=b.dapil, quantity=b.quantity, carton=b.carton, batch=b.batch,
                team=b.team, mark=b.mark, person=row.person, occurred_at=b.made_at, entry_id=row.entry_id,
            )
            for b, row in made
        ],
        batch_size=500,
    )  # fmt: skip


def _write_details(closings: Iterable[tuple[ClosingRow, rules.Tally]]) -> None:
    pairs = list(closings)
    RejectRow.objects.bulk_create(
        [RejectRow(closing=row, kind=kind, sheets=sheets) for row, tally in pairs for kind, sheets in tally.rejects if sheets],
        batch_size=500,
    )
    StrayRow.objects.bulk_create(
        [StrayRow(closing=row, contest=s.contest, dapil=s.dapil, sheets=s.sheets) for row, tally in pairs for s in tally.strays]
    )


def _dissolve(rows: Iterable[BundleRow], entry_id: str, at: datetime) -> None:
    BundleRow.objects.filter(pk__in=[row.pk for row in rows]).update(dissolved_at=at, dissolved_entry=entry_id)


def _team(election: str, code: str) -> rules.Team | None:
    row = TeamRow.objects.filter(election=election, code=code).order_by("-occurred_at", "-id").first()
    return rules.Team(row.code, row.size, row.occurred_at, row.mark) if row else None


def _attendance(row: AttendanceRow) -> rules.Attendance:
    return rules.Attendance(row.team, row.day, row.present, row.occurred_at, row.person, row.table, row.entry_id)


def _open_rows(election: str, cartons: Sequence[str]) -> list[OpeningRow]:
    return list(OpeningRow.objects.filter(election=election, carton__in=cartons, undone_at=None))


def _versions(rows: Iterable[OpeningRow]) -> Counter[int]:
    """The last version of each opening's results, nought where it has none."""
    found = Counter[int]()
    pairs = ClosingRow.objects.filter(opening__in=[row.pk for row in rows]).values_list("opening", "version")
    for opening, version in pairs:
        found[opening] = max(found[opening], version)
    return found


def _one_work(election: str, carton: str) -> tuple[rules.Work, OpeningRow]:
    found, rows = _works(election, cartons=[carton]), _open_rows(election, [carton])
    if not found or not rows:
        raise rules.NotOpen(carton=carton[:40])
    return found[0], rows[0]


def _closing(election: str, carton: str) -> ClosingRow | None:
    rows = ClosingRow.objects.filter(opening__election=election, opening__carton=carton, opening__undone_at=None, undone_at=None)
    return rows.order_by("-version").first()


def _works(
    election: str,
    at: datetime | None = None,
    cartons: Sequence[str] | None = None,
    teams: Sequence[str] | None = None,
    open_only: bool = False,
) -> list[rules.Work]:
    """Opened cartons; at None: everything recorded, whatever its time, as a writer must see it."""
    rows = OpeningRow.objects.filter(election=election)
    rows = rows.filter(undone_at=None) if at is None else rows.filter(occurred_at__lte=at).exclude(undone_at__lte=at)
    if cartons is not None:
        rows = rows.filter(carton__in=cartons)
    if teams is not None:
        rows = rows.filter(team__in=teams)
    closings = ClosingRow.objects.filter(opening__election=election)
    closings = closings.filter(undone_at=None) if at is None else closings.filter(occurred_at__lte=at).exclude(undone_at__lte=at)
    if open_only:
        rows = rows.exclude(pk__in=closings.values("opening"))
    found = list(rows.order_by("occurred_at", "id"))
    if cartons is not None or teams is not None:
        closings = closings.filter(opening__in=[row.pk for row in found])
    last = {row.opening_id: row for row in closings.order_by("version")}
    whole = cartons is None and teams is None
    details = _details(None if whole else [row.pk for row in last.values()], election)
    return [_work(row, last.get(row.pk), details) for row in found]


Details = dict[int, tuple[tuple[tuple[str, int], ...], tuple[rules.Stray, ...]]]


def _details(closings: Sequence[int] | None, election: str = "") -> Details:
    """closing -> (rejects in the order of the list, strays); None: of the whole election."""
    rejects: dict[int, dict[str, int]] = defaultdict(dict)
    strays: dict[int, list[rules.Stray]] = defaultdict(list)
    wanted = {"closing__opening__election": election} if closings is None else {"closing__in": closings}
    for closing, kind, sheets in RejectRow.objects.filter(**wanted).values_list("closing", "kind", "sheets"):
        rejects[closing][kind] = sheets
    for closing, contest, dapil, sheets in StrayRow.objects.filter(**wanted).values_list("closing", "contest", "dapil", "sheets"):
        strays[closing].append(rules.Stray(contest, dapil, sheets))
    found: Details = defaultdict(lambda: ((), ()))
    for closing in {*rejects, *strays}:
        kinds = tuple((kind, rejects[closing][kind]) for kind in rules.KINDS if kind in rejects[closing])
        found[closing] = (kinds, tuple(strays[closing]))
    return found


def _work(row: OpeningRow, closing: ClosingRow | None, details: Details) -> rules.Work:
    work = rules.Work(
        row.carton, row.contest, row.dapil, row.batch, row.receipt, row.place, row.team, row.expected, row.occurred_at, row.person,
        row.entry_id, row.mark,
    )  # fmt: skip
    if closing is None:
        return work
    tally = rules.Tally(row.expected, closing.good, *details[closing.pk])
    # The day of the work is the day of the first result: a later correction does not move sheets to another day's pay.
    return replace(
        work, tally=tally, closed_at=closing.first_at, closer=closing.person, version=closing.version, closing_entry=closing.entry_id
    )


def _bundle(row: BundleRow) -> rules.Bundle:
    return rules.Bundle(row.code, row.contest, row.dapil, row.quantity, row.carton, row.batch, row.team, row.occurred_at, row.mark)


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = {"rate.set": record.journal_only}
