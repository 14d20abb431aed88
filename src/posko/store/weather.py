"""Stage weather: forecasts of waves as they were issued, what was corrected, and the hours of the day in which a pier or an island is open.

A forecast is never changed: a newer one for the same place and time counts, a wrong one is corrected or taken back by an entry that
names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from posko.domain import record as facts
from posko.domain import travel
from posko.domain import weather as rules
from posko.store import places, record


class SeaWaveRow(models.Model):
    """One forecast, or (`ended`) the word that it no longer counts; `corrects` names the forecast it stands for."""

    election = models.CharField(max_length=40)
    code = models.CharField(max_length=12)
    place = models.CharField(max_length=40)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    height_cm = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    source = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    corrects = models.CharField(max_length=12, blank=True)
    why = models.CharField(max_length=20, blank=True)
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "weather_wave"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="weather_wave_code"),)


class SeaHoursRow(models.Model):
    """The hours of the day in which boats may use a pier or an island; the latest row of a place and day counts, `ended` takes it away."""

    election = models.CharField(max_length=40)
    place = models.CharField(max_length=40)
    day = models.PositiveSmallIntegerField(default=0)
    from_min = models.PositiveIntegerField()
    until_min = models.PositiveIntegerField()
    why = models.CharField(max_length=20)
    ended = models.BooleanField(default=False)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "weather_opening"


@dataclass(frozen=True)
class Forecast:
    """A forecast under its code; `ended`: why it no longer counts ("" where it does), `replaced` by which code."""

    code: str
    wave: rules.Wave
    person: str
    occurred_at: datetime
    entry_id: str
    corrects: str = ""
    ended: str = ""
    replaced: str = ""


def sea_places(election: str) -> dict[str, str]:
    """Code -> name of every place a forecast can be about: the region's whole sea, its piers, its islands."""
    region = record.election(election).region
    found = {region: f"Laut {places.region_name(region)}"}
    found |= {site.code: site.name for site in places.sites(region) if site.kind in {"dermaga", "pulau"}}
    return found


def record_waves(election: str, waves: Sequence[rules.Wave], actor: facts.Actor, at: datetime) -> list[str]:
    """Records forecasts, all or none; their codes. UnknownPlace, NotYetIssued, BadForecast.

    One that counts already, word for word, is not written again: a form that is sent twice tells nothing new.
    """
    with transaction.atomic():
        at = record.turn(at)
        known = sea_places(election)
        for wave in waves:
            rules.check(wave, known, at)
        codes = {one.wave: one.code for one in forecasts(election, at) if not one.ended}
        fresh = [wave for wave in dict.fromkeys(waves) if wave not in codes]
        codes |= dict(zip(fresh, _write(election, [(wave, "", "") for wave in fresh], actor, at) if fresh else (), strict=True))
    return [codes[wave] for wave in waves]


def correct_wave(election: str, code: str, wave: rules.Wave, why: rules.Why, actor: facts.Actor, at: datetime) -> str:
    """Another forecast in the place of one that was recorded wrongly; its code. UnknownForecast and the refusals of `record_waves`."""
    with transaction.atomic():
        at = record.turn(at)
        _live(election, code, at)
        rules.check(wave, sea_places(election), at)
        return _write(election, [(wave, code, why.value)], actor, at)[0]


def withdraw_wave(election: str, code: str, why: rules.Why, actor: facts.Actor, at: datetime) -> None:
    """Takes a forecast back: it counts no longer. UnknownForecast."""
    with transaction.atomic():
        at = record.turn(at)
        found = _live(election, code, at)
        _write(election, [(found.wave, code, why.value)], actor, at, ended=True)


def _live(election: str, code: str, at: datetime) -> Forecast:
    found = next((one for one in forecasts(election, at) if one.code == code and not one.ended), None)
    if found is None:
        raise rules.UnknownForecast(forecast=code)
    return found


def _write(
    election: str, items: Iterable[tuple[rules.Wave, str, str]], actor: facts.Actor, at: datetime, *, ended: bool = False
) -> list[str]:
    """Rows and entries; an entry that corrects names the entry of the forecast it stands for."""
    region = record.election(election).region
    number = SeaWaveRow.objects.filter(election=election).count()
    kind = "wave.withdrawn" if ended else "wave.recorded"
    drafts, rows = [], []
    for wave, corrects, why in items:
        number += 1
        code = f"GEL-{number:03d}"
        before = SeaWaveRow.objects.get(election=election, code=corrects).entry_id if corrects else ""
        said = {
            "code": code, "place": wave.place, "from_at": wave.from_at.isoformat(), "until_at": wave.until_at.isoformat(),
            "height_cm": wave.height_cm, "issued_at": wave.issued_at.isoformat(), "source": wave.source,
            "mark": wave.mark, "corrects": corrects, "cause": why,
        }  # fmt: skip
        drafts.append(facts.Draft(kind, election, f"wave:{code}", region, actor, at, said, corrects=before))
        rows.append(
            SeaWaveRow(
                election=election, code=code, place=wave.place, from_at=wave.from_at, until_at=wave.until_at, height_cm=wave.height_cm,
                issued_at=wave.issued_at, source=wave.source, mark=wave.mark, corrects=corrects, why=why, ended=ended,
                person=actor.person, occurred_at=at,
            )
        )  # fmt: skip
    prepared = record.prepare(drafts, at)
    for row, one in zip(rows, prepared, strict=True):
        row.entry_id = one.entry_id
    SeaWaveRow.objects.bulk_create(rows)
    record.append(prepared, at=at)
    return [row.code for row in rows]


def forecasts(election: str, at: datetime) -> list[Forecast]:
    """Everything recorded by then, the latest first, with what no longer counts and why; withdrawals themselves are not listed."""
    rows = list(SeaWaveRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"))
    gone = {row.corrects: row for row in rows if row.corrects}
    found = [
        Forecast(
            row.code,
            rules.Wave(row.place, row.from_at, row.until_at, row.height_cm, row.issued_at, row.source, row.mark),
            row.person,
            row.occurred_at,
            row.entry_id,
            row.corrects,
            gone[row.code].why if row.code in gone else "",
            gone[row.code].code if row.code in gone and not gone[row.code].ended else "",
        )
        for row in rows
        if not row.ended
    ]
    return found[::-1]


def waves(election: str, at: datetime) -> list[rules.Wave]:
    """The forecasts that count at an instant (of two for one place and time `weather.worst` takes the one issued later)."""
    return [one.wave for one in forecasts(election, at) if not one.ended]


# --- hours of piers and islands ----------------------------------------------------------------------------------------------------------


def set_opening(election: str, gate: rules.Gate, actor: facts.Actor, at: datetime, *, ended: bool = False) -> None:
    """Records when a pier or an island may be used (or that this no longer holds). UnknownPlace, BadOpening.

    What holds already is not written again.
    """
    with transaction.atomic():
        at = record.turn(at)
        region = record.election(election).region
        if gate.place not in sea_places(election) or gate.place == region:
            raise rules.UnknownPlace(place=gate.place)
        if gate.opening.from_min == gate.opening.until_min:
            raise rules.BadOpening(place=gate.place)
        held = {(one.place, one.day): one for one in openings(election, at)}.get((gate.place, gate.day))
        if held is None if ended else held == gate:
            return
        said = {
            "place": gate.place, "day": gate.day, "from_min": gate.opening.from_min, "until_min": gate.opening.until_min,
            "because": gate.opening.why, "ended": int(ended),
        }  # fmt: skip
        prepared = record.prepare([facts.Draft("opening.set", election, f"opening:{gate.place}", region, actor, at, said)], at)
        SeaHoursRow.objects.create(
            election=election, place=gate.place, day=gate.day, from_min=gate.opening.from_min, until_min=gate.opening.until_min,
            why=gate.opening.why, ended=ended, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def openings(election: str, at: datetime) -> list[rules.Gate]:
    """The hours in force by place and day."""
    latest: dict[tuple[str, int], SeaHoursRow] = {}
    for row in SeaHoursRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        latest[row.place, row.day] = row
    live = [row for _, row in sorted(latest.items()) if not row.ended]
    return [rules.Gate(row.place, row.day, travel.Opening(row.from_min, row.until_min, row.why)) for row in live]
