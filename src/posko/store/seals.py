"""Stage seals: ranges and lots given out, what happened to each seal, how boxes were closed, and checks at hand-overs.

Boxes belong to the stage packing, which closes and opens them; it judges seals with `known` and `judge`, and writes them with `write`
inside its own transaction. Whoever writes a seal holds the head of the journal first, so that one seal cannot be bound twice unseen.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import evidence as evidence_rules
from posko.domain import labels as label_rules
from posko.domain import record as facts
from posko.domain import seals as rules
from posko.store import evidence as proofs
from posko.store import labels, places, record, stock

_MANY = 200


class RangeRow(models.Model):
    """Seals with serials that were given to a place or a team."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=20)
    series = models.CharField(max_length=10, blank=True)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    width = models.PositiveSmallIntegerField()
    to = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "seals_range"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="seals_range_code"),)
        indexes = (models.Index(fields=["election", "series", "width"], name="seals_range_series"),)


class LotRow(models.Model):
    """Seals without serials that were given to a place or a team."""

    election = models.CharField(max_length=40)
    lot = models.CharField(max_length=20)
    quantity = models.PositiveIntegerField()
    to = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "seals_lot"
        constraints = (models.UniqueConstraint(fields=["election", "lot"], name="seals_lot_name"),)


class ActRow(models.Model):
    """What happened to one serial: see `rules.Act`."""

    election = models.CharField(max_length=40)
    serial = models.CharField(max_length=24)
    act = models.CharField(max_length=10)
    box = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "seals_act"
        indexes = (models.Index(fields=["election", "serial"], name="seals_act_serial"),)


class LotActRow(models.Model):
    """Counted seals of a lot that were applied | spoiled | returned, or misread: as many were never applied."""

    election = models.CharField(max_length=40)
    lot = models.CharField(max_length=20, blank=True)
    act = models.CharField(max_length=10)
    count = models.PositiveIntegerField()
    box = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "seals_lot_act"
        indexes = (models.Index(fields=["election", "lot"], name="seals_lot_act_lot"),)


class SealingRow(models.Model):
    """A box closed, opened on purpose, or closed again, by two people."""

    election = models.CharField(max_length=40)
    box = models.CharField(max_length=20)
    place = models.CharField(max_length=30)
    act = models.CharField(max_length=10)
    serials = models.JSONField(default=list)
    lot = models.CharField(max_length=20, blank=True)
    count = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)
    short = models.JSONField(default=list)
    reason = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=400, blank=True)
    variance = models.CharField(max_length=400, blank=True)
    evidence = models.JSONField(default=list)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "seals_sealing"
        indexes = (models.Index(fields=["election", "box"], name="seals_sealing_box"),)


class CheckRow(models.Model):
    """Seals looked at at a hand-over or an inspection."""

    election = models.CharField(max_length=40)
    box = models.CharField(max_length=20)
    expected = models.JSONField(default=list)
    seen = models.JSONField(default=list)
    expected_count = models.PositiveIntegerField(default=0)
    seen_count = models.PositiveIntegerField(default=0)
    broken = models.BooleanField(default=False)
    occasion = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=30)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "seals_check"
        indexes = (models.Index(fields=["election", "box"], name="seals_check_box"),)


def box_code(election: str, scanned: str, at: datetime) -> str:
    """The code of a box from its label, an alias or typing. The refusals of `labels`."""
    return read_code(election, scanned, at, "box").text


def read_code(election: str, scanned: str, at: datetime, *kinds: str) -> label_rules.Code:
    """What was scanned, as one of these kinds; a plain code is taken for the first. The refusals of `labels`."""
    return labels.resolve(election, scanned, *kinds, at=at)


# --- what packing uses ---------------------------------------------------------------------------------------------------


@dataclass
class Known:
    """What a judgement about seals stands on. Grows while several boxes are judged before anything is written."""

    ranges: dict[tuple[str, int], list[rules.SealRange]] = field(default_factory=dict)
    acts: dict[str, list[rules.Act]] = field(default_factory=lambda: defaultdict(list))
    lots: dict[str, int] = field(default_factory=dict)
    """Lot -> seals that should be left."""


@dataclass(frozen=True)
class Judged:
    """Seals as they will be bound, with what is wrong about them."""

    serials: tuple[str, ...]
    lot: str
    count: int
    findings: tuple[rules.Finding, ...]


def known(election: str, serials: Iterable[str], counted: bool = False) -> Known:
    """Loads what is recorded about these serials and their neighbours, by index; with `counted` also the lots. Malformed."""
    read = [rules.read_serial(s) for s in serials if s.strip()]
    found = Known()
    for series, width in sorted({(s.series, len(s.digits)) for s in read}):
        rows = RangeRow.objects.filter(election=election, series=series, width=width, ended_at=None).order_by("id")
        found.ranges[(series, width)] = [_range(row) for row in rows]
    texts = {t.text for s in read for t in (s, *rules.swaps(s))}
    acts = ActRow.objects.filter(election=election).order_by("occurred_at", "id")
    acts = acts.filter(serial__in=sorted(texts)) if len(read) <= _MANY else acts
    for row in acts if texts else ():
        found.acts[row.serial].append(_act(row))
    if counted:
        found.lots = _left(election)
    return found


def judge(
    about: Known,
    serials: Sequence[str],
    count: int,
    lot: str,
    takers: Collection[str],
    at: datetime,
    correcting: rules.Sealing | None = None,
) -> Judged:
    """What is wrong with closing a box with these seals now; nothing is refused but text that is no seal. Malformed, UnknownLot.

    correcting: the closing whose record is put right. What stays of it keeps its findings and is not counted a second time.
    """
    read, found = rules.read_all(serials)
    there = correcting.serials if correcting else ()
    for one in read:
        if correcting and one.text in there:
            found += [f for f in correcting.findings if f.serial == one.text]
            continue
        used = {s.text for s in rules.swaps(one) if rules.effective(about.acts.get(s.text, []))}
        ranges = about.ranges.get((one.series, len(one.digits)), [])
        own = correcting.box if correcting else ""
        found += rules.findings(one, ranges, about.acts.get(one.text, []), at, takers, used, own)
    lot = _lot_named(about, lot, count)
    if count:
        freed = correcting.count if correcting and correcting.lot == lot else 0
        if lot not in about.lots:
            found.append(rules.Finding("outside", lot))
        elif count > about.lots[lot] + freed:
            found.append(rules.Finding("more_than_issued", lot))
    return Judged(tuple(s.text for s in read), lot, count, tuple(found))


def _lot_named(about: Known, lot: str, count: int) -> str:
    """The lot that was meant: named, or the only one there is."""
    if not count:
        return ""
    if lot.strip():
        return rules.check_lot(lot)
    if len(about.lots) > 1:
        raise rules.UnknownLot(lot="", lots=", ".join(sorted(about.lots)))
    return next(iter(about.lots), "")


def take(about: Known, sealing: rules.Sealing) -> None:
    """Counts a closing that is about to be written, for the boxes judged after it."""
    for serial in sealing.serials:
        act = rules.Act("applied", serial, sealing.box, sealing.sealed_at, sealing.first, sealing.second, sealing.entry_id)
        about.acts[serial].append(act)
    if sealing.count and sealing.lot in about.lots:
        about.lots[sealing.lot] -= sealing.count


def write(election: str, sealings: Sequence[rules.Sealing], taken_off: Mapping[str, Sequence[str]] | None = None) -> None:
    """Rows of closings and openings inside the caller's transaction, before it appends. taken_off: box -> serials that were cut.

    What was seen on a box at its opening and does not belong there is kept with the serial, so that it cannot go on clean elsewhere.
    """
    SealingRow.objects.bulk_create([_sealing_row(election, s) for s in sealings], batch_size=500)
    acts = []
    for s in sealings:
        acts += [_act_row(election, "removed", serial, s) for serial in (taken_off or {}).get(s.box, ())]
        acts += [_act_row(election, "seen", f.serial, s) for f in s.findings if s.act == "opened" and f.code == "strange"]
        acts += [_act_row(election, "applied", serial, s) for serial in s.serials]
    ActRow.objects.bulk_create(acts, batch_size=500)
    LotActRow.objects.bulk_create([_lot_act_row(election, "applied", s.lot, s.count, s) for s in sealings if s.count], batch_size=500)


def write_correction(election: str, before: rules.Sealing, after: rules.Sealing) -> None:
    """Rows of a closing whose record is put right: the seals stay, what was misread was never on the box. As `write`, in its turn."""
    SealingRow.objects.create(**_sealing_fields(election, after))
    acts = [_act_row(election, "misread", serial, after) for serial in before.serials if serial not in after.serials]
    acts += [_act_row(election, "applied", serial, after) for serial in after.serials if serial not in before.serials]
    ActRow.objects.bulk_create(acts)
    if (before.lot, before.count) != (after.lot, after.count):
        counted = (("misread", before.lot, before.count), ("applied", after.lot, after.count))
        LotActRow.objects.bulk_create([_lot_act_row(election, act, lot, n, after) for act, lot, n in counted if n])


def said(judged: Judged) -> dict[str, object]:
    """A judgement as facts of an entry."""
    return {
        "serials": list(judged.serials),
        "lot": judged.lot,
        "count": judged.count,
        "findings": [[f.code, f.serial, f.near, f.guess, f.other] for f in judged.findings],
    }


def last_sealing(election: str, box: str) -> rules.Sealing | None:
    """The last closing or opening recorded for a box (its code), whenever; for writing."""
    row = SealingRow.objects.filter(election=election, box=box).order_by("-id").first()
    return _sealing(row) if row else None


# --- given out -----------------------------------------------------------------------------------------------------------


def issue_range(
    election: str, first: str, last: str, to: str, actor: facts.Actor, at: datetime, item: str = "KABEL_TIES", mark: str = ""
) -> rules.SealRange:
    """Seals first..last, as printed, go to a place or a table, by its code. Malformed, BadRange, RangeOverlap, BadHolder."""
    with transaction.atomic():
        at = record.turn(at)
        low, high = rules.read_range(first, last)
        same = RangeRow.objects.filter(election=election, series=low.series, width=len(low.digits), ended_at=None).order_by("id")
        code = f"SGL-{RangeRow.objects.filter(election=election).count() + 1:03}"
        made = rules.SealRange(
            code, low.series, low.number, high.number, len(low.digits), _holder(election, to), item[:40], at, actor.person, mark
        )
        rules.check_overlap(made, [_range(row) for row in same])
        early = [s for s in _seen_before(election, made) if made.holds(rules.read_serial(s))]
        told: dict[str, object] = {
            "range": code, "first": low.text, "last": high.text, "quantity": made.quantity, "to": made.to, "item": made.item,
            "seen_before": early[:50], "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("seals.issued", election, f"seals:{code}", actor, at, told)], at)
        RangeRow.objects.create(
            election=election, code=code, series=made.series, first=made.first, last=made.last, width=made.width, to=made.to,
            item=made.item, mark=mark, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return made


def take_back(election: str, code: str, reason: str, first: facts.Actor, second: facts.Actor, at: datetime) -> rules.SealRange:
    """A range that was given out by mistake (a slip in its numbers, the wrong table) is taken back by two people. UnknownRange,

    RangeUsed, SamePerson, ReasonMissing.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = RangeRow.objects.filter(election=election, code=code, ended_at=None).first()
        if row is None:
            raise rules.UnknownRange(range=code[:20])
        given = _range(row)
        used = {s for s in _seen_before(election, given) if given.holds(rules.read_serial(s))}
        rules.check_taking_back(given, used, first.person, second.person, reason)
        told: dict[str, object] = {"range": code, "first": given.text(given.first), "last": given.text(given.last), "to": given.to}
        draft = _draft("seals.taken_back", election, f"seals:{code}", first, at, told, reason.strip()[:400])
        prepared = record.prepare([replace(draft, corrects=row.entry_id, approvals=(first.person, second.person))], at)
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        record.append(prepared, at=at)
    return given


def _holder(election: str, to: str) -> str:
    sites = {site.code for site in places.sites(record.election(election).region)}
    return rules.check_holder(to, sites | {stock.warehouse(election)})


def _seen_before(election: str, made: rules.SealRange) -> list[str]:
    """Serials between the ends of a range, in the order of text, that something happened to before the range was given out."""
    rows = ActRow.objects.filter(election=election, serial__gte=made.text(made.first), serial__lte=made.text(made.last))
    return sorted(set(rows.values_list("serial", flat=True)))


def issue_count(
    election: str, lot: str, quantity: int, to: str, actor: facts.Actor, at: datetime, item: str = "SEGEL", mark: str = ""
) -> rules.LotStock:
    """Seals without serials go to a place or a table, as a lot with a name. Malformed, BadCount, LotTaken, BadHolder."""
    with transaction.atomic():
        at = record.turn(at)
        name, holder = rules.check_lot(lot), _holder(election, to)
        rules.check_count(quantity)
        if LotRow.objects.filter(election=election, lot=name).exists():
            raise rules.LotTaken(lot=name)
        told: dict[str, object] = {"lot": name, "quantity": quantity, "to": holder, "item": item[:40], "mark": mark}
        prepared = record.prepare([_draft("seals.issued", election, f"lot:{name}", actor, at, told)], at)
        row = LotRow.objects.create(
            election=election, lot=name, quantity=quantity, to=holder, item=item[:40], mark=mark, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)
    return rules.LotStock(row.lot, row.item, row.to, quantity, 0, 0, 0, at, mark)


def spoil(
    election: str,
    serials: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    lot: str = "",
    count: int = 0,
    reason: str = "",
    evidence: Sequence[evidence_rules.Kept] = (),
    mark: str = "",
) -> list[rules.Finding]:
    """Seals that broke before or while they were put on. Malformed, NoSeals, ReasonMissing; counted ones: EvidenceMissing, UnknownLot."""
    if len(reason.strip()) < 3:
        raise rules.ReasonMissing(reason=reason.strip()[:40])
    return _away("spoiled", election, serials, actor, at, lot, count, reason.strip()[:400], evidence, mark)


def give_back(
    election: str, serials: Sequence[str], actor: facts.Actor, at: datetime, lot: str = "", count: int = 0, mark: str = ""
) -> list[rules.Finding]:
    """Unused seals come back. Malformed, NoSeals, UnknownLot."""
    return _away("returned", election, serials, actor, at, lot, count, "", (), mark)


def _away(
    act: str,
    election: str,
    serials: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    lot: str,
    count: int,
    reason: str,
    kept: Sequence[evidence_rules.Kept],
    mark: str,
) -> list[rules.Finding]:
    with transaction.atomic():
        at = record.turn(at)
        read = list(dict.fromkeys(rules.read_serial(s) for s in serials if s.strip()))
        if not read and not count:
            raise rules.NoSeals()
        about = known(election, [s.text for s in read], counted=count != 0)
        if count:
            rules.check_count(count)
            lot = _lot_named(about, lot, count)
            if lot not in about.lots:
                raise rules.UnknownLot(lot=lot, lots=", ".join(sorted(about.lots)))
            if act == "spoiled" and not kept:
                raise rules.EvidenceMissing(count=count)
        found = []
        for one in read:
            holding = rules.findings(one, about.ranges[(one.series, len(one.digits))], about.acts.get(one.text, []), at)
            found += [f for f in holding if f.code != act]
        subject = f"seal:{read[0].text}" if read else f"lot:{lot}"
        told: dict[str, object] = {
            "serials": [s.text for s in read], "lot": lot if count else "", "count": count,
            "findings": [[f.code, f.serial, f.near, f.guess, f.other] for f in found], "photos": [k.sha256 for k in kept], "mark": mark,
        }  # fmt: skip
        prepared = record.prepare([_draft(f"seals.{act}", election, subject, actor, at, told, reason)], at)
        entry = prepared[0].entry_id
        ActRow.objects.bulk_create(
            ActRow(election=election, serial=s.text, act=act, person=actor.person, occurred_at=at, entry_id=entry) for s in read
        )
        if count:
            LotActRow.objects.create(election=election, lot=lot, act=act, count=count, person=actor.person, occurred_at=at, entry_id=entry)
        for photo in kept:
            proofs.bind(election, "seals", subject, "seal", photo, actor, at, entry, mark)
        record.append(prepared, at=at)
    return found


def check_seals(
    election: str,
    box: str,
    seen: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    *,
    count: int = 0,
    broken: bool = False,
    occasion: str = "",
    place: str = "",
    mark: str = "",
) -> rules.Check:
    """Seals seen on a box at a hand-over or an inspection, against those that were put on. NotSealed, Malformed, BadCount."""
    with transaction.atomic():
        at = record.turn(at)
        code = box_code(election, box, at)
        now = last_sealing(election, code)
        if now is None or not now.closed:
            raise rules.NotSealed(box=code)
        if count:
            rules.check_count(count, rules.MOST_ON_A_BOX)
        read, _ = rules.read_all(seen)
        check = rules.Check(
            code, now.serials, tuple(s.text for s in read), now.count, count, broken, occasion.strip()[:60], place or now.place,
            actor.person, at, "", mark or now.mark,
        )  # fmt: skip
        before = rules.open_mismatches(_since(election, now))
        after = rules.open_mismatches([*before, check])
        told: dict[str, object] = {
            "box": code, "match": int(check.match), "expected": list(check.expected), "seen": list(check.seen),
            "expected_count": check.expected_count, "seen_count": count, "broken": int(broken), "missing": list(check.missing),
            "strange": list(check.strange), "pairs": [list(p) for p in check.pairs], "occasion": check.occasion, "mark": check.mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("seals.checked", election, f"box:{code}", actor, at, told, place=check.place)], at)
        row = CheckRow.objects.create(
            election=election, box=code, expected=list(check.expected), seen=list(check.seen), expected_count=check.expected_count,
            seen_count=count, broken=broken, occasion=check.occasion, place=check.place, mark=check.mark, person=actor.person,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        acts = [("seen", s) for s in check.strange] + [("cleared", s) for s in rules.cleared(before, after)]
        ActRow.objects.bulk_create(
            ActRow(election=election, serial=s, act=act, box=code, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
            for act, s in acts
        )
        record.append(prepared, at=at)
    return _check(row)


# --- what is read --------------------------------------------------------------------------------------------------------


def ranges(election: str, at: datetime) -> list[rules.SealRange]:
    """Ranges given out by then, oldest first."""
    rows = RangeRow.objects.filter(election=election, occurred_at__lte=at).exclude(ended_at__lte=at)
    return [_range(row) for row in rows.order_by("id")]


def register(election: str, at: datetime) -> list[rules.RangeStock]:
    """The account of every range: issued = applied + spoiled + returned + on hand, and the gaps."""
    given = ranges(election, at)
    acts: dict[str, list[rules.Act]] = defaultdict(list)
    for row in ActRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"):
        serial = rules.read_serial(row.serial)
        home = next((r for r in given if r.holds(serial)), None)
        if home:
            acts[home.code].append(_act(row))
    wrong: dict[str, int] = defaultdict(int)
    for conflict in conflicts(election, at):
        if conflict.finding.serial and conflict.finding.code not in {"more_than_issued"}:
            home = next((r for r in given if _in(r, conflict.finding.serial)), None)
            wrong[home.code if home else ""] += 1
    return [rules.range_stock(r, acts[r.code], wrong[r.code]) for r in given]


def _in(range_: rules.SealRange, text: str) -> bool:
    try:
        return range_.holds(rules.read_serial(text))
    except rules.Malformed:
        return False


def lots(election: str, at: datetime) -> list[rules.LotStock]:
    """The account of every counted lot; a lot that was used and never given out stands with nought issued."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    since: dict[str, datetime] = {}
    for row in LotActRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id"):
        sums[row.lot][row.act] += row.count
        since.setdefault(row.lot, row.occurred_at)

    def stock(lot: str, item: str, to: str, issued: int, issued_at: datetime, mark: str) -> rules.LotStock:
        used = sums.pop(lot, {})
        applied = used.get("applied", 0) - used.get("misread", 0)
        return rules.LotStock(lot, item, to, issued, applied, used.get("spoiled", 0), used.get("returned", 0), issued_at, mark)

    found = [
        stock(row.lot, row.item, row.to, row.quantity, row.occurred_at, row.mark)
        for row in LotRow.objects.filter(election=election, occurred_at__lte=at).order_by("id")
    ]
    return found + [stock(lot, "", "", 0, since[lot], "") for lot in sorted(sums)]


@dataclass(frozen=True)
class SealStory:
    """Everything about one serial: the range it was given out in, and what happened to it, with what was wrong each time."""

    serial: str
    range: rules.SealRange | None
    acts: tuple[rules.Act, ...]


def seal_of(election: str, text: str, at: datetime) -> SealStory:
    """The story of a serial. Malformed."""
    serial = rules.read_serial(text)
    rows = ActRow.objects.filter(election=election, serial=serial.text, occurred_at__lte=at).order_by("occurred_at", "id")
    acts = [_act(row) for row in rows]
    told = {
        s.entry_id: tuple(f for f in s.findings if f.serial == serial.text)
        for box in sorted({a.box for a in acts if a.box})
        for s in sealings(election, box, at)
    }
    home = next((r for r in ranges(election, at) if r.holds(serial)), None)
    return SealStory(serial.text, home, tuple(replace(a, findings=told.get(a.entry_id, ())) for a in acts))


def sealings(election: str, box: str, at: datetime) -> list[rules.Sealing]:
    """Every closing and opening of a box (scanned or its code) by then, oldest first."""
    code = box_code(election, box, at)
    rows = SealingRow.objects.filter(election=election, box=code, occurred_at__lte=at).order_by("occurred_at", "id")
    return [_sealing(row) for row in rows]


def every_sealing(election: str, at: datetime) -> list[rules.Sealing]:
    """Every closing and opening of every box by then, oldest first."""
    return [_sealing(row) for row in SealingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")]


def sealing_of(election: str, box: str, at: datetime) -> rules.Sealing | None:
    """How a box is closed at that moment; None while it is open."""
    found = sealings(election, box, at)
    return found[-1] if found and found[-1].closed else None


def standing(election: str, at: datetime) -> dict[str, rules.Sealing]:
    """Box -> its last closing or opening by then, with the findings that stand, in two queries."""
    rows = SealingRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    last = {row.box: row for row in rows}
    misread = _misread(election, at)
    return {box: _settled(_sealing(row), misread) for box, row in last.items()}


def standing_of(election: str, box: str, at: datetime | None) -> rules.Sealing | None:
    """The last closing or opening of one box (its code) with the findings that stand; at None: whenever, for writing."""
    rows = SealingRow.objects.filter(election=election, box=box)
    row = (rows.filter(occurred_at__lte=at).order_by("-occurred_at", "-id") if at else rows.order_by("-id")).first()
    if row is None:
        return None
    found = _sealing(row)
    return _settled(found, _misread(election, at, [f.serial for f in found.findings])) if found.findings else found


def closed_of(election: str, boxes: Sequence[str], at: datetime) -> set[str]:
    """Those of some boxes (codes) that are closed."""
    shut: dict[str, bool] = {}
    for part in (boxes[i : i + 500] for i in range(0, len(boxes), 500)):
        rows = SealingRow.objects.filter(election=election, box__in=part, occurred_at__lte=at).order_by("occurred_at", "id")
        shut |= {box: act != "opened" for box, act in rows.values_list("box", "act")}
    return {box for box, closed in shut.items() if closed}


def last_acts(election: str, at: datetime) -> dict[str, tuple[str, datetime, bool]]:
    """Box -> its last closing or opening: (act, when, whether it was closed with a variance or something missing), in two queries."""
    rows = SealingRow.objects.filter(election=election, occurred_at__lte=at)
    odd = set(rows.filter(~models.Q(variance="") | ~models.Q(short=[])).values_list("pk", flat=True))
    found = rows.order_by("occurred_at", "id").values_list("pk", "box", "act", "occurred_at")
    return {box: (act, when, pk in odd) for pk, box, act, when in found}


def _misread(election: str, at: datetime | None, serials: Sequence[str] | None = None) -> set[tuple[str, str]]:
    """(serial, box): the serial was written down for the box and never was on it."""
    rows = ActRow.objects.filter(election=election, act="misread")
    rows = rows.filter(occurred_at__lte=at) if at else rows
    rows = rows.filter(serial__in=serials) if serials is not None else rows
    return set(rows.values_list("serial", "box"))


def _settled(sealing: rules.Sealing, misread: set[tuple[str, str]]) -> rules.Sealing:
    return replace(sealing, findings=tuple(rules.settled(sealing.findings, misread))) if sealing.findings and misread else sealing


def checks(election: str, at: datetime, box: str = "") -> list[rules.Check]:
    """Checks by then, oldest first; of one box (its code), or all."""
    rows = CheckRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return [_check(row) for row in (rows.filter(box=box) if box else rows)]


def mismatches(election: str, at: datetime, box: str = "") -> list[rules.Check]:
    """The first check of each box that found something wrong and stands: until the box is closed again (opening it changes nothing), or

    another person saw all seals whole.
    """
    by_box: dict[str, list[rules.Check]] = defaultdict(list)
    for check in checks(election, at, box):
        by_box[check.box].append(check)
    wrong = sorted(b for b, mine in by_box.items() if any(not c.match for c in mine))
    closings: dict[str, rules.Sealing] = {}
    for part in (wrong[i : i + 500] for i in range(0, len(wrong), 500)):
        rows = SealingRow.objects.filter(election=election, box__in=part, occurred_at__lte=at).exclude(act="opened")
        closings |= {row.box: _sealing(row) for row in rows.order_by("occurred_at", "id")}
    standing_now = [rules.open_mismatches(_after(by_box[b], closings[b])) for b in wrong if b in closings]
    return [found[0] for found in standing_now if found]


def _since(election: str, closing: rules.Sealing) -> list[rules.Check]:
    """The checks of a box since it was closed, for writing."""
    rows = CheckRow.objects.filter(election=election, box=closing.box).order_by("occurred_at", "id")
    return _after([_check(row) for row in rows], closing)


def _after(found: list[rules.Check], sealing: rules.Sealing) -> list[rules.Check]:
    """The checks made after a box was closed; where the clock shows one instant for both, the journal's order tells."""
    tied = [sealing.entry_id, *(c.entry_id for c in found if c.checked_at == sealing.sealed_at)]
    order = dict(record.Entry.objects.filter(entry_id__in=tied).values_list("entry_id", "leaf_index")) if len(tied) > 1 else {}
    closed = (sealing.sealed_at, order.get(sealing.entry_id, -1))
    return [c for c in found if (c.checked_at, order.get(c.entry_id, 0)) > closed]


def conflicts(election: str, at: datetime) -> list[rules.Conflict]:
    """Findings on boxes that are closed with those seals now, oldest first."""
    away: dict[str, list[rules.Act]] = defaultdict(list)
    rows = ActRow.objects.filter(election=election, act__in=("spoiled", "returned"), occurred_at__lte=at).order_by("occurred_at", "id")
    for row in rows:
        away[row.serial].append(_act(row))
    found = []
    for sealing in standing(election, at).values():
        if sealing.closed or sealing.findings:  # an opening that met other seals stands until the box is closed again
            told = list(sealing.findings)
            for serial in sealing.serials:
                told += [rules.Finding(a.act, serial) for a in away.get(serial, ()) if rules.Finding(a.act, serial) not in told]
            found += [rules.Conflict(sealing.box, sealing.place, f, sealing.sealed_at, sealing.entry_id, sealing.mark) for f in told]
    return sorted(found, key=lambda c: (c.since_at, c.box, c.finding.serial))


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R06: seals that are not where and what they should be."""
    return places.named(election, rules.warnings(conflicts(election, at), mismatches(election, at), lots(election, at)), "place")


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: boxes whose seals did not match and that another person must look at or seal again."""
    if person.agency != "KPU":
        return []
    closed = {box for box, one in standing(election, at).items() if one.closed}
    return [
        facts.Task("seals.recheck", "seals", f"box:{c.box}", label_rules.spaced(c.box), None, (c.box,))
        for c in mismatches(election, at)
        if c.person != person.id and c.box in closed
    ]


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """A seal by its serial, when something happened to it."""
    try:
        serial = rules.read_serial(text)
    except rules.Malformed:
        return []
    rows = ActRow.objects.filter(election=election, serial=serial.text, occurred_at__lte=at).order_by("-occurred_at", "-id")
    row = rows.first()
    return [facts.Hit("seal", serial.text, label_rules.spaced(row.box) if row.box else row.act, (serial.text,))] if row else []


# --- rows to values ------------------------------------------------------------------------------------------------------


def _left(election: str) -> dict[str, int]:
    used: dict[str, int] = defaultdict(int)
    for lot, act, n in LotActRow.objects.filter(election=election).values_list("lot", "act").annotate(n=models.Sum("count")).order_by():
        used[lot] += -n if act == "misread" else n
    return {lot: n - used[lot] for lot, n in LotRow.objects.filter(election=election).values_list("lot", "quantity")}


def _draft(
    kind: str,
    election: str,
    subject: str,
    actor: facts.Actor,
    at: datetime,
    said: Mapping[str, object],
    reason: str = "",
    place: str = "",
) -> facts.Draft:
    where = place or record.election(election).region
    return facts.Draft(kind, election, subject, where, actor, at, said, reason=reason)


def _range(row: RangeRow) -> rules.SealRange:
    return rules.SealRange(row.code, row.series, row.first, row.last, row.width, row.to, row.item, row.occurred_at, row.person, row.mark)


def _act(row: ActRow) -> rules.Act:
    return rules.Act(row.act, row.serial, row.box, row.occurred_at, row.person, row.second, row.entry_id)


def _act_row(election: str, act: str, serial: str, s: rules.Sealing) -> ActRow:
    return ActRow(
        election=election, serial=serial, act=act, box=s.box, person=s.first, second=s.second, occurred_at=s.sealed_at, entry_id=s.entry_id
    )


def _lot_act_row(election: str, act: str, lot: str, count: int, s: rules.Sealing) -> LotActRow:
    return LotActRow(
        election=election, lot=lot, act=act, count=count, box=s.box, person=s.first, occurred_at=s.sealed_at, entry_id=s.entry_id
    )


def _sealing_fields(election: str, s: rules.Sealing) -> dict[str, Any]:
    return {
        "election": election, "box": s.box, "place": s.place, "act": s.act, "serials": list(s.serials), "lot": s.lot, "count": s.count,
        "findings": [[f.code, f.serial, f.near, f.guess, f.other] for f in s.findings], "short": [list(one) for one in s.short],
        "reason": s.reason, "text": s.text, "variance": s.variance, "evidence": list(s.evidence), "mark": s.mark, "person": s.first,
        "second": s.second, "occurred_at": s.sealed_at, "entry_id": s.entry_id,
    }  # fmt: skip


def _sealing_row(election: str, s: rules.Sealing) -> SealingRow:
    return SealingRow(**_sealing_fields(election, s))


def _sealing(row: SealingRow) -> rules.Sealing:
    return rules.Sealing(
        row.box, row.act, tuple(row.serials), row.lot, row.count, tuple(rules.Finding(*f) for f in row.findings), row.person, row.second,
        row.reason, row.text, row.variance, tuple(row.evidence), row.place, row.occurred_at, row.entry_id, row.mark,
        tuple((item, packed, needed) for item, packed, needed in row.short),
    )  # fmt: skip


def _check(row: CheckRow) -> rules.Check:
    return rules.Check(
        row.box, tuple(row.expected), tuple(row.seen), row.expected_count, row.seen_count, row.broken, row.occasion, row.place,
        row.person, row.occurred_at, row.entry_id, row.mark,
    )  # fmt: skip


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def erase_variance(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    """Why a box was closed with another number than it needs."""
    del at
    SealingRow.objects.filter(entry_id=entry_id).exclude(variance="").update(variance=mark)
    return ()
