"""Stage travel: the times of ways as people measured them. The newest of a way counts until it is withdrawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from posko.domain import record as facts
from posko.domain import travel as rules
from posko.store import places, record


class TimedRow(models.Model):
    """One time of one way, or (withdrawn) that there is none any more. Words typed with it stand in its entry's private part."""

    region = models.CharField(max_length=12)
    kind = models.CharField(max_length=6)
    place = models.CharField(max_length=24)
    to = models.CharField(max_length=24)
    usual_min = models.PositiveIntegerField()
    tenth_min = models.PositiveIntegerField()
    distance_m = models.PositiveIntegerField()
    source = models.CharField(max_length=10)
    tenth_assumed = models.BooleanField(default=False)
    withdrawn = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "travel_timed"
        indexes = (models.Index(fields=["region", "occurred_at"], name="travel_timed_region"),)


@dataclass(frozen=True)
class Timed:
    """A time with who gave it, when, and what they wrote beside it (of a withdrawal: the reason)."""

    timing: rules.Timing
    person: str
    occurred_at: datetime
    entry_id: str
    note: str = ""
    withdrawn: bool = False


def record_timings(
    region: str, timings: Iterable[rules.Timing], digest: str, note: str, actor: facts.Actor, at: datetime
) -> tuple[int, int]:
    """Records the times of a file that differ from what stands: (written, already so). digest: SHA-256 of the file, note: typed words.

    NoTimings where nothing differs. A place that the region does not have: BadTiming; nothing is half recorded.
    """
    with transaction.atomic():
        at = record.turn(at)
        wanted = list(timings)
        known = _places(region)
        for timing in wanted:
            if not {timing.place, timing.to} <= known:
                raise rules.BadTiming(place=timing.place, to=timing.to, usual=timing.usual_min, tenth=timing.tenth_min)
        standing = {one.timing.way: one.timing for one in listing(region, at)}
        new = [timing for timing in wanted if standing.get(timing.way) != timing]
        if not new:
            raise rules.NoTimings(count=len(wanted))
        prepared = record.prepare([_draft("way.timed", region, timing, actor, at, digest, note) for timing in new], at)
        TimedRow.objects.bulk_create(
            (_row(region, timing, actor, at, entry.entry_id) for timing, entry in zip(new, prepared, strict=True)), batch_size=500
        )
        record.append(prepared, at=at)
    return len(new), len(wanted) - len(new)


def withdraw(region: str, way: tuple[str, str, str], entry_id: str, reason: str, actor: facts.Actor, at: datetime) -> None:
    """Takes the time that stands for a way back: the way is reckoned again. UnknownWay, ReasonMissing.

    entry_id: of the time that was looked at; where another one stands by now, that one is not withdrawn unseen.
    """
    with transaction.atomic():
        at = record.turn(at)
        found = next((one for one in listing(region, at) if one.timing.way == way and one.entry_id == entry_id), None)
        if found is None:
            raise rules.UnknownWay(place=way[1], to=way[2])
        if not reason.strip():
            raise rules.ReasonMissing(place=way[1], to=way[2])
        draft = facts.Draft(
            "way.withdrawn", "", f"way:{found.timing.code}", region, actor, at, {"kind": way[0], "from": way[1], "to": way[2]},
            record.typed(note=reason.strip()[:400]), corrects=entry_id,
        )  # fmt: skip
        prepared = record.prepare([draft], at)
        TimedRow.objects.bulk_create([_row(region, found.timing, actor, at, prepared[0].entry_id, withdrawn=True)])
        record.append(prepared, at=at)


def _places(region: str) -> set[str]:
    codes = {site.code for site in places.sites(region)} | {desa.code for desa in places.desa_list(region)}
    return codes | {one.code for one in places.kecamatan_list(region)}


def _draft(kind: str, region: str, timing: rules.Timing, actor: facts.Actor, at: datetime, digest: str, note: str) -> facts.Draft:
    said = {
        "kind": timing.kind, "from": timing.place, "to": timing.to, "usual_min": timing.usual_min, "tenth_min": timing.tenth_min,
        "distance_m": timing.distance_m, "source": timing.source, "tenth_assumed": int(timing.tenth_assumed), "file": digest,
    }  # fmt: skip
    return facts.Draft(kind, "", f"way:{timing.code}", region, actor, at, said, record.typed(note=note.strip()[:400]))


def _row(region: str, timing: rules.Timing, actor: facts.Actor, at: datetime, entry_id: str, *, withdrawn: bool = False) -> TimedRow:
    return TimedRow(
        region=region, kind=timing.kind, place=timing.place, to=timing.to, usual_min=timing.usual_min, tenth_min=timing.tenth_min,
        distance_m=timing.distance_m, source=timing.source, tenth_assumed=timing.tenth_assumed, withdrawn=withdrawn,
        person=actor.person, occurred_at=at, entry_id=entry_id,
    )  # fmt: skip


def _value(row: TimedRow, note: str = "") -> Timed:
    timing = rules.Timing(row.kind, row.place, row.to, row.usual_min, row.tenth_min, row.distance_m, row.source, row.tenth_assumed)
    return Timed(timing, row.person, row.occurred_at, row.entry_id, note, row.withdrawn)


def _latest(region: str, at: datetime) -> list[TimedRow]:
    latest: dict[tuple[str, str, str], TimedRow] = {}
    for row in TimedRow.objects.filter(region=region, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.kind, row.place, row.to] = row
    return [row for _, row in sorted(latest.items())]


def listing(region: str, at: datetime) -> list[Timed]:
    """The time that stands for each way, with what was written beside it."""
    rows = [row for row in _latest(region, at) if not row.withdrawn]
    told = record.privates(row.entry_id for row in rows)
    return [_value(row, told.text(row.entry_id, "note")) for row in rows]


def timings(region: str, at: datetime) -> list[rules.Timing]:
    """The times that stand, by kind, place and destination: what plans are made with."""
    return [_value(row).timing for row in _latest(region, at) if not row.withdrawn]


def history(region: str, kind: str, place: str, to: str, at: datetime) -> list[Timed]:
    """Everything ever said about one direction of a way, newest first."""
    rows = list(TimedRow.objects.filter(region=region, kind=kind, place=place, to=to, occurred_at__lte=at).order_by("-occurred_at", "-pk"))
    told = record.privates(row.entry_id for row in rows)
    return [_value(row, told.text(row.entry_id, "note")) for row in rows]


WORDS: dict[str, record.Eraser] = {"way.timed": record.journal_only, "way.withdrawn": record.journal_only}
