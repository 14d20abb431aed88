"""Stage stock: postings, written by the stages in their own transactions, and the balances they add up to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, models, transaction

from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.domain import stock as rules
from posko.store import needs, places, record, thresholds


class PostingRow(models.Model):
    """Pieces that went from one account to another; never changed, taken back by a posting the other way."""

    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    source_place = models.CharField(max_length=30)
    source = models.CharField(max_length=12)
    target_place = models.CharField(max_length=30)
    target = models.CharField(max_length=12)
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    entry_id = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "stock_posting"
        indexes = (
            models.Index(fields=["election", "item", "contest", "dapil"], name="stock_posting_line"),
            models.Index(fields=["subject"], name="stock_posting_subject"),
        )


class ControlRow(models.Model):
    """What an entry wrote into the book, so that a dropped, doubled or changed posting is found."""

    election = models.CharField(max_length=40)
    entry_id = models.CharField(max_length=64)
    postings = models.PositiveIntegerField()
    pieces = models.BigIntegerField()
    digest = models.BigIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "stock_control"
        indexes = (models.Index(fields=["election", "entry_id"], name="stock_control_entry"),)


class CountRow(models.Model):
    """What hands counted in one account (opname). `note` is of rows from before notes stood in the journal's private part."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=30)
    condition = models.CharField(max_length=12)
    pieces = models.PositiveIntegerField()
    book = models.IntegerField()
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "stock_count"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="stock_count_code"),)


class AdjustmentRow(models.Model):
    """A count's difference, declared by two people; pieces above nought were found, below are missing."""

    count = models.ForeignKey(CountRow, models.PROTECT, related_name="+")
    pieces = models.IntegerField()
    reason = models.CharField(max_length=400)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "stock_adjustment"
        constraints = (models.UniqueConstraint(fields=["count"], name="stock_adjustment_once"),)


class LeftoverRow(models.Model):
    """What was left over of a line from an earlier election; once per line."""

    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=30)
    pieces = models.PositiveIntegerField()
    reason = models.CharField(max_length=400)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "stock_leftover"
        constraints = (models.UniqueConstraint(fields=["election", "item", "contest", "dapil"], name="stock_leftover_once"),)


class InspectionRow(models.Model):
    """A walk through a warehouse. answers: check -> yes | no | unknown. `note` is of rows from before it was private."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    place = models.CharField(max_length=30)
    answers = models.JSONField()
    note = models.CharField(max_length=600, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    agency = models.CharField(max_length=20)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "stock_inspection"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="stock_inspection_code"),)


# --- what others write ---------------------------------------------------------------------------------------------------


def post(election: str, postings: Iterable[rules.Posting], entry_id: str, at: datetime) -> None:
    """Write postings inside the caller's transaction, before it appends. `entry_id` is the prepared entry that states the act."""
    post_all(election, [(postings, entry_id, at)])


def post_all(election: str, acts: Iterable[tuple[Iterable[rules.Posting], str, datetime]]) -> None:
    """`post` for many acts at once: (postings, entry_id, at) of each."""
    listed = [(list(found), entry_id, at) for found, entry_id, at in acts]
    PostingRow.objects.bulk_create(
        [
            PostingRow(
                election=election, item=p.line[0], contest=p.line[1], dapil=p.line[2], quantity=p.quantity,
                source_place=p.source.place, source=p.source.condition.value, target_place=p.target.place, target=p.target.condition.value,
                act=p.act, subject=p.subject, entry_id=entry_id, occurred_at=at,
            )
            for found, entry_id, at in listed
            for p in found
        ],
        batch_size=500,
    )  # fmt: skip
    controls = [(rules.control(found), entry_id, at) for found, entry_id, at in listed if found]
    ControlRow.objects.bulk_create(
        [
            ControlRow(election=election, entry_id=entry_id, postings=c.postings, pieces=c.pieces, digest=c.digest, occurred_at=at)
            for c, entry_id, at in controls
        ],
        batch_size=500,
    )


def warehouse(election: str) -> str:
    """The place code of the KPU's warehouse: the first site of kind gudang, else the region's first (":G01")."""
    region = record.election(election).region
    return next((s.code for s in places.sites(region) if s.kind == "gudang"), f"{region}:G01")


def balances(election: str, at: datetime) -> dict[tuple[rules.Line, rules.Account], int]:
    """Pieces per line and account as of an instant; accounts at nought are left out. Outside accounts may be below nought."""
    rows = PostingRow.objects.filter(election=election, occurred_at__lte=at)
    found: Counter[tuple[rules.Line, rules.Account]] = Counter()
    for side, sign in (("target", 1), ("source", -1)):
        grouped = rows.values_list("item", "contest", "dapil", f"{side}_place", side).annotate(pieces=models.Sum("quantity")).order_by()
        for item, contest, dapil, place, condition, pieces in grouped:
            found[((item, contest, dapil), rules.Account(place, rules.Condition(condition)))] += sign * pieces
    return {key: pieces for key, pieces in found.items() if pieces}


def postings_of(election: str, subjects: Iterable[str], at: datetime | None = None) -> list[rules.Posting]:
    """Every posting about these subjects, whenever it occurred or by then, oldest first."""
    rows = PostingRow.objects.filter(election=election, subject__in=list(subjects)).order_by("occurred_at", "id")
    return [_movement(row).posting for row in (rows if at is None else rows.filter(occurred_at__lte=at))]


def movements(election: str, at: datetime, line: rules.Line | None = None, place: str = "", condition: str = "") -> list[rules.Movement]:
    """The book as of an instant, oldest first: of one line, and of those that touch a place or a condition, where they are named."""
    rows = PostingRow.objects.filter(election=election, occurred_at__lte=at)
    if line is not None:
        rows = rows.filter(item=line[0], contest=line[1], dapil=line[2])
    if place and condition:
        out, into = {"source_place": place, "source": condition}, {"target_place": place, "target": condition}
        rows = rows.filter(models.Q(**out) | models.Q(**into))
    elif condition:
        rows = rows.filter(models.Q(source=condition) | models.Q(target=condition))
    elif place:
        rows = rows.filter(models.Q(source_place=place) | models.Q(target_place=place))
    return [_movement(row) for row in rows.order_by("occurred_at", "id").iterator()]


# --- counts and what was left over ---------------------------------------------------------------------------------------


def record_count(
    election: str,
    place: str,
    line: rules.Line,
    condition: rules.Condition,
    pieces: int,
    actor: facts.Actor,
    at: datetime,
    note: str = "",
    mark: str = "",
) -> rules.Count:
    """What hands counted of a line in one condition at a place. Nothing in the book changes; a difference stays open until it is declared.

    BadCount, UnknownThing.
    """
    with transaction.atomic():
        at = record.turn(at)
        rules.check_count(pieces, condition)
        if line not in lines(election, at) or place not in {code for code, _ in sites(election, at)}:
            raise rules.UnknownThing(thing="~".join(line) if line not in lines(election, at) else place)
        account = rules.Account(place, condition)
        book = balances(election, at).get((line, account), 0)
        code = f"OPN-{CountRow.objects.filter(election=election).count() + 1:03}"
        said: dict[str, object] = {
            "count": code, "item": line[0], "contest": line[1], "dapil": line[2], "condition": condition.value, "pieces": pieces,
            "book": book, "mark": mark,
        }  # fmt: skip
        draft = facts.Draft("stock.counted", election, f"count:{code}", place, actor, at, said, private=record.typed(note=note))
        prepared = record.prepare([draft], at)
        row = CountRow.objects.create(
            election=election, code=code, item=line[0], contest=line[1], dapil=line[2], place=place, condition=condition.value,
            pieces=pieces, book=book, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return _count(row, 0, note)


def declare_difference(election: str, code: str, reason: str, first: facts.Actor, second: facts.Actor, at: datetime) -> rules.Posting:
    """A count's difference is declared as found or missing, by two people; the book follows.

    UnknownThing, ReasonMissing, SamePerson, NothingToDeclare.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = CountRow.objects.filter(election=election, code=code, occurred_at__lte=at).first()
        if row is None:
            raise rules.UnknownThing(thing=code[:40])
        same = CountRow.objects.filter(
            election=election, item=row.item, contest=row.contest, dapil=row.dapil, place=row.place, condition=row.condition
        )
        latest = same.order_by("-occurred_at", "-id").values_list("code", flat=True)[0]
        count = _count(row, _declared([row.pk]).get(row.pk, 0))
        posting = rules.adjustment(count, latest, reason, first.person, second.person)
        said: dict[str, object] = {
            "count": code, "item": row.item, "contest": row.contest, "dapil": row.dapil, "condition": row.condition,
            "pieces": count.open_difference,
        }  # fmt: skip
        draft = facts.Draft(
            "stock.adjusted", election, f"count:{code}", row.place, first, at, said, corrects=row.entry_id, reason=reason.strip(),
            approvals=(first.person, second.person),
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        with record.once(rules.NothingToDeclare(what=code)):
            AdjustmentRow.objects.create(
                count=row, pieces=count.open_difference, reason=reason.strip(), person=first.person, second=second.person, occurred_at=at,
                entry_id=prepared[0].entry_id,
            )  # fmt: skip
        post(election, [posting], prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return posting


def open_leftover(
    election: str,
    place: str,
    line: rules.Line,
    pieces: int,
    reason: str,
    first: facts.Actor,
    second: facts.Actor,
    at: datetime,
    mark: str = "",
) -> rules.Posting:
    """Goods left over from an earlier election come into the book, once per line, by two people. `reason` says from where.

    BadCount, ReasonMissing, SamePerson, AlreadyOpened, UnknownThing.
    """
    where = {"election": election, "item": line[0], "contest": line[1], "dapil": line[2]}
    try:
        with transaction.atomic():
            at = record.turn(at)
            before = LeftoverRow.objects.filter(**where).exists()
            rules.check_opening(pieces, before, reason, first.person, second.person)
            if line not in lines(election, at) or place not in {code for code, _ in sites(election, at)}:
                raise rules.UnknownThing(thing="~".join(line))
            source, target = (rules.Account(place, c) for c in (rules.Condition.EARLIER, rules.Condition.GOOD))
            subject = "leftover:" + "~".join(line)
            said: dict[str, object] = {"item": line[0], "contest": line[1], "dapil": line[2], "pieces": pieces, "mark": mark}
            draft = facts.Draft(
                "stock.opened", election, subject, place, first, at, said, reason=reason.strip(), approvals=(first.person, second.person)
            )
            prepared = record.prepare([draft], at)
            LeftoverRow.objects.create(
                **where, place=place, pieces=pieces, reason=reason.strip(), mark=mark, person=first.person, second=second.person,
                occurred_at=at, entry_id=prepared[0].entry_id,
            )  # fmt: skip
            posting = rules.Posting(line, pieces, source, target, "stock.opened", subject)
            post(election, [posting], prepared[0].entry_id, at)
            record.append(prepared, at=at)
    except IntegrityError as clash:
        raise rules.AlreadyOpened() from clash
    return posting


def inspect(
    election: str, place: str, answers: Mapping[str, str], note: str, actor: facts.Actor, at: datetime, mark: str = ""
) -> rules.Inspection:
    """A walk through a warehouse by the keeper or the police. UnknownThing, NothingSeen."""
    with transaction.atomic():
        at = record.turn(at)
        if place not in {code for code, _ in sites(election, at)}:
            raise rules.UnknownThing(thing=place[:40])
        code = f"PRK-{InspectionRow.objects.filter(election=election).count() + 1:03}"
        given = tuple((check, answers.get(check, "unknown")) for check, _, _ in rules.CHECKS)
        seen = rules.Inspection(code, place, given, note, actor.person, actor.agency, at, mark=mark)
        said: dict[str, object] = {
            "inspection": code, "checks_version": rules.CHECKS_VERSION, "answers": [list(pair) for pair in given], "mark": mark,
        }  # fmt: skip
        draft = facts.Draft("warehouse.inspected", election, f"warehouse:{place}", place, actor, at, said, private=record.typed(note=note))
        prepared = record.prepare([draft], at)
        InspectionRow.objects.create(
            election=election, code=code, place=place, answers=dict(given), mark=mark, person=actor.person, agency=actor.agency,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return replace(seen, entry_id=prepared[0].entry_id)


# --- what is read --------------------------------------------------------------------------------------------------------


def lines(election: str, at: datetime) -> dict[rules.Line, str]:
    """Every line that this election needs or that has moved, with the item's name; those of the needs first."""
    here = places.dapil_here(election)
    found: dict[rules.Line, str] = {}
    names: dict[str, str] = {}
    for total in [*needs.totals(election, at), *needs.separate(election, at)]:
        names[total.item] = total.name
        for contest in total.by_contest if total.quantity is not None else ():
            several = here.get(contest, ())
            found.update({(total.item, contest, d): total.name for d in (several if len(several) > 1 else ("",))})
        if total.quantity is None or not total.by_contest:
            found[(total.item, "", "")] = total.name
    moved = PostingRow.objects.filter(election=election, occurred_at__lte=at).values_list("item", "contest", "dapil").distinct()
    for item, contest, dapil in sorted(moved):
        found.setdefault((item, contest, dapil), names.get(item, item))
    return found


def sites(election: str, at: datetime) -> list[tuple[str, str]]:
    """(code, name) of every warehouse of the region, the KPU's first, and of every other place that goods have been posted to."""
    region = record.election(election).region
    known = {s.code: s.name for s in places.sites(region) if s.kind == "gudang"}
    main = warehouse(election)
    found = {main: known.get(main, "Gudang KPU"), **known}
    rows = PostingRow.objects.filter(election=election, occurred_at__lte=at)
    for side in ("target_place", "source_place"):
        found.update({place: known.get(place, place) for place in rows.values_list(side, flat=True).distinct() if place not in found})
    return list(found.items())


def counts(election: str, at: datetime) -> list[rules.Count]:
    """Counts by then with what was declared of them by then, oldest first."""
    rows = list(CountRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    declared = _declared([row.pk for row in rows], at)
    told = record.privates(row.entry_id for row in rows)
    return [_count(row, declared.get(row.pk, 0), told.text(row.entry_id, "note", row.note)) for row in rows]


def latest_counts(found: Iterable[rules.Count]) -> list[rules.Count]:
    """The newest count of every line, place and condition."""
    return list({(one.line, one.account): one for one in found}.values())


def breaks(election: str, at: datetime) -> list[rules.Break]:
    """Everything that does not add up as of an instant."""
    book = movements(election, at)
    entries = {one.entry_id for one in book}
    known: set[str] = set()
    for some in _chunks(sorted(entries)):
        known.update(record.Entry.objects.filter(entry_id__in=some).values_list("entry_id", flat=True))
    return rules.breaks(book, controls(election, at), known, latest_counts(counts(election, at)))


def controls(election: str, at: datetime) -> dict[str, rules.Control]:
    """entry -> what it wrote."""
    found: dict[str, rules.Control] = {}
    rows = ControlRow.objects.filter(election=election, occurred_at__lte=at)
    for entry, postings, pieces, digest in rows.values_list("entry_id", "postings", "pieces", "digest"):
        found[entry] = found.get(entry, rules.Control(0, 0, 0)) + rules.Control(postings, pieces, digest)
    return found


def leftovers(election: str, at: datetime) -> dict[rules.Line, str]:
    """Lines whose left-over stock has been brought in -> the entry."""
    rows = LeftoverRow.objects.filter(election=election, occurred_at__lte=at)
    return {(r.item, r.contest, r.dapil): r.entry_id for r in rows}


def inspections(election: str, at: datetime) -> list[rules.Inspection]:
    """Inspections by then, oldest first."""
    rows = list(InspectionRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"))
    told = record.privates(row.entry_id for row in rows)
    return [
        rules.Inspection(
            r.code, r.place, tuple((check, r.answers.get(check, "unknown")) for check, _, _ in rules.CHECKS),
            told.text(r.entry_id, "note", r.note), r.person, r.agency, r.occurred_at, r.entry_id, r.mark,
        )
        for r in rows
    ]  # fmt: skip


def goods_since(election: str, at: datetime) -> dict[str, datetime]:
    """Place -> since when goods have lain there, of places that hold some now: the first posting into it after it was last empty."""
    inside = [c.value for c in rules.INSIDE]
    rows = PostingRow.objects.filter(election=election, occurred_at__lte=at)
    steps: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for side, sign in (("target", 1), ("source", -1)):
        daily = rows.filter(**{f"{side}__in": inside}).values_list(f"{side}_place", "occurred_at").annotate(pieces=models.Sum("quantity"))
        for place, moment, pieces in daily.order_by():
            steps[place].append((moment, sign * pieces))
    found = {}
    for place, moves in steps.items():
        held, since = 0, None
        for moment, pieces in sorted(moves, key=lambda move: (move[0], -move[1])):
            since = moment if held <= 0 < held + pieces else since
            held += pieces
        if held > 0 and since is not None:
            found[place] = since
    return found


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R11 for every place that holds goods."""
    since, seen, names, held = goods_since(election, at), inspections(election, at), dict(sites(election, at)), limits(election, at)
    return [
        signal
        for place, moment in sorted(since.items())
        for signal in rules.storage_signals(place, names.get(place, place), moment, [i for i in seen if i.place == place], at, held)
    ]


def limits(election: str, at: datetime) -> rules.Limits:
    """The thresholds in force."""
    return thresholds.limits(election, "stock", rules.Limits(), at)


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: counts that differ from the book and are not declared."""
    if person.agency != "KPU":
        return []
    names = lines(election, at)
    return [
        facts.Task("stock.declare", "stock", f"count:{c.code}", f"{c.code} ({names.get(c.line, c.line[0])})", None, (c.code,))
        for c in latest_counts(counts(election, at))
        if c.open_difference
    ]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _chunks(entries: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _declared(rows: Sequence[int], at: datetime | None = None) -> dict[int, int]:
    found = AdjustmentRow.objects.filter(count__in=rows)
    if at is not None:
        found = found.filter(occurred_at__lte=at)
    return dict(found.values_list("count").annotate(pieces=models.Sum("pieces")).order_by())


def _count(row: CountRow, declared: int, note: str = "") -> rules.Count:
    return rules.Count(
        row.code, (row.item, row.contest, row.dapil), rules.Account(row.place, rules.Condition(row.condition)), row.pieces, row.book,
        row.person, row.occurred_at, row.entry_id, declared, note, row.mark,
    )  # fmt: skip


def _movement(row: PostingRow) -> rules.Movement:
    posting = rules.Posting(
        (row.item, row.contest, row.dapil), row.quantity, rules.Account(row.source_place, rules.Condition(row.source)),
        rules.Account(row.target_place, rules.Condition(row.target)), row.act, row.subject,
    )  # fmt: skip
    return rules.Movement(posting, row.entry_id, row.occurred_at)


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = dict.fromkeys(("stock.counted", "warehouse.inspected"), record.journal_only)
