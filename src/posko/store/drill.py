"""Stage drill: how honest the forecast was against replayed elections; and the drill of a team in a copied installation.

Nothing here writes into a real installation except evaluations. A drill's faults go through the functions of the stages they concern, so
that the team meets them on its usual screens; the score is computed from the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import models, transaction

from posko.domain import distribution as distribution_rules
from posko.domain import drill as rules
from posko.domain import readiness as readiness_rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.domain import weather as weather_rules
from posko.store import distribution, places, readiness, record, reports, weather

ACTOR = facts.Actor("p-gladi", "GLADI")
MARK = "[SIMULASI]"


class EvaluationRow(models.Model):
    """The forecast as a simulator judged it."""

    election = models.CharField(max_length=40)
    evaluation = models.JSONField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "drill_evaluation"


class DrillRow(models.Model):
    """The script that is played in this copy; first_leaf: the journal's size when it began."""

    election = models.CharField(max_length=40, unique=True)
    script = models.JSONField()
    speed = models.PositiveIntegerField()
    first_leaf = models.BigIntegerField()
    machine_at = models.DateTimeField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "drill_begun"


class InjectRow(models.Model):
    """An inject that was played: the leaves it wrote [first, until) and what they are about. refused: why it had no effect."""

    drill = models.ForeignKey(DrillRow, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    first_leaf = models.BigIntegerField()
    until_leaf = models.BigIntegerField()
    subjects = models.JSONField(default=list)
    refused = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "drill_inject"
        constraints = (models.UniqueConstraint(fields=["drill", "code"], name="drill_inject_once"),)


class EndRow(models.Model):
    """The end of a drill; its clock stands from then on."""

    drill = models.OneToOneField(DrillRow, on_delete=models.PROTECT, related_name="+")
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "drill_end"


# --- honest probabilities ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """An evaluation, when it was recorded and under which entry."""

    evaluation: rules.Evaluation
    occurred_at: datetime
    entry_id: str


def record_evaluation(election: str, evaluation: rules.Evaluation, actor: facts.Actor, at: datetime) -> facts.Receipt:
    """Keeps what the judge found; the whole of it stands in the journal, so that a bad result cannot quietly go."""
    with transaction.atomic():
        at = record.turn(at)
        region = record.election(election).region
        said = rules.evaluation_facts(evaluation)
        prepared = record.prepare([facts.Draft("forecast.judged", election, f"forecast:{election}", region, actor, at, said)], at)
        EvaluationRow.objects.create(election=election, evaluation=said, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        return record.append(prepared, at=at)[0]


def evaluations(election: str, at: datetime) -> list[Judged]:
    """All evaluations recorded by then, the newest first."""
    rows = EvaluationRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-pk")
    return [Judged(rules.evaluation_of(row.evaluation), row.occurred_at, row.entry_id) for row in rows]


# --- a drill -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drill:
    """The drill of this copy: its script as played, from when to when on its own clock, how fast, whether it is over."""

    election: str
    script: rules.Script
    speed: int
    begins_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    refused: tuple[tuple[str, str], ...] = ()

    def over(self, at: datetime) -> bool:
        """Ended by somebody, or the script is played out."""
        return self.ended_at is not None or at >= self.ends_at


def begin(election: str, script: rules.Script, speed: int, actor: facts.Actor, machine_at: datetime) -> Drill:
    """Starts the script: its clock runs from its beginning. NotADrill, AlreadyBegun, BadScript, NoTarget."""
    if not record.installation().drill:
        raise rules.NotADrill()
    script = replace(script, speed=speed)  # a speed that cannot be is refused by the value
    at = distribution_rules.instant(record.midnight(election), script.begins_min)
    with transaction.atomic():
        at = record.turn(at)
        if DrillRow.objects.exists():
            raise rules.AlreadyBegun()
        _check_targets(election, script, at)
        region, (size, _) = record.election(election).region, record.root()
        said = {"script": script.code, "seed": script.seed, "digest": script.digest, "speed": speed, "injects": len(script.injects)}
        prepared = record.prepare([facts.Draft("drill.begun", election, f"drill:{script.code}", region, actor, at, said)], at)
        DrillRow.objects.create(
            election=election, script=rules.script_facts(script), speed=speed, first_leaf=size, machine_at=machine_at,
            person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.run_clock(at, speed, machine_at)
        record.append(prepared, at=at)
    return _running(election)


def pause(machine_at: datetime) -> None:
    """Lets the clock stand while nobody is served; nothing where no drill runs."""
    _turn_clock("drill.paused", machine_at, run=False)


def resume(machine_at: datetime) -> None:
    """Lets it run on from where it stood."""
    _turn_clock("drill.resumed", machine_at, run=True)


@dataclass(frozen=True)
class Gap:
    """A clock that ran on while nobody was served: what it says now, and the last minute of which something is recorded."""

    clock_at: datetime
    recorded_at: datetime


def gap(machine_at: datetime) -> Gap | None:
    """Where the service was killed instead of stopped its clock still runs: how far it has run on. None where it stands."""
    row = DrillRow.objects.exclude(pk__in=EndRow.objects.values("drill")).first()
    if row is None or not record.clock_runs():
        return None
    now = record.clock(machine_at)
    told = record.Entry.objects.filter(leaf_index__gte=row.first_leaf, recorded_at__gte=row.occurred_at, recorded_at__lte=now)
    last = told.order_by("-recorded_at").values_list("recorded_at", flat=True).first()
    return Gap(now, last or row.occurred_at)


def wind_back(machine_at: datetime) -> datetime:
    """The clock stands at the last minute of which something is recorded: what it ran on since, nobody drilled. NotBegun if it stands."""
    with transaction.atomic():
        at = record.turn(record.clock(machine_at))
        found = gap(machine_at)
        if found is None:
            raise rules.NotBegun()
        row = DrillRow.objects.exclude(pk__in=EndRow.objects.values("drill")).get()
        region, subject = record.election(row.election).region, f"drill:{row.script['code']}"
        lost = int((at - found.recorded_at).total_seconds() // 60)
        at = found.recorded_at
        prepared = record.prepare([facts.Draft("drill.wound_back", row.election, subject, region, ACTOR, at, {"minutes": lost})], at)
        record.run_clock(at, 0, machine_at)
        record.append(prepared, at=at)
    return at


def _turn_clock(kind: str, machine_at: datetime, *, run: bool) -> None:
    row = DrillRow.objects.exclude(pk__in=EndRow.objects.values("drill")).first()
    if row is None or record.clock_runs() == run:
        return
    at = record.clock(machine_at)
    with transaction.atomic():
        at = record.turn(at)
        region, subject = record.election(row.election).region, f"drill:{row.script['code']}"
        prepared = record.prepare([facts.Draft(kind, row.election, subject, region, ACTOR, at, {"speed": row.speed})], at)
        record.run_clock(at, row.speed if run else 0, machine_at)
        record.append(prepared, at=at)


def end(election: str, actor: facts.Actor, at: datetime) -> rules.Result:
    """Ends the drill, stops its clock, and gives the score. NotBegun, Ended."""
    with transaction.atomic():
        at = record.turn(at)
        row = _row(election)
        if EndRow.objects.filter(drill=row).exists():
            raise rules.Ended()
        result = score(election, at)
        region = record.election(election).region
        said = {"points": result.points, "due": result.due, "missed": result.count(rules.State.MISSED)}
        prepared = record.prepare([facts.Draft("drill.ended", election, f"drill:{row.script['code']}", region, actor, at, said)], at)
        EndRow.objects.create(drill=row, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.run_clock(at, 0, at)
        record.append(prepared, at=at)
    return result


def inject_due(at: datetime) -> list[str]:
    """Plays every inject whose time has come, in order; their codes. Nothing in a real installation, nothing after the end."""
    if not record.installation().drill:
        return []
    played = []
    for row in DrillRow.objects.exclude(pk__in=EndRow.objects.values("drill")):
        script, midnight = rules.script_of(row.script), record.midnight(row.election)
        done = set(InjectRow.objects.filter(drill=row).values_list("code", flat=True))
        for inject in script.injects:
            if inject.code not in done and distribution_rules.instant(midnight, inject.at_min) <= at:
                _play(row, inject, at)
                played.append(inject.code)
    return played


def _play(row: DrillRow, inject: rules.Inject, at: datetime) -> None:
    """One fault, as a real one would come in. What the record refuses (a vehicle retired already) is kept with the reason."""
    with transaction.atomic():
        at = record.turn(at)
        first, refused = record.root()[0], ""
        try:
            with transaction.atomic():
                at = record.turn(at)
                _PLAYED[inject.kind](row.election, inject, at)
        except facts.Refusal as refusal:
            refused = refusal.code
        until = record.root()[0]
        subjects = sorted(set(record.Entry.objects.filter(leaf_index__gte=first).values_list("subject", flat=True)))
        place, region = inject.target, record.election(row.election).region
        where = region if inject.kind is rules.Kind.VEHICLE else place
        said = {"kind": inject.kind.value, "target": place, "first": first, "until": until, "refused": refused}
        prepared = record.prepare([facts.Draft("drill.injected", row.election, f"inject:{inject.code}", where, ACTOR, at, said)], at)
        InjectRow.objects.create(
            drill=row, code=inject.code, first_leaf=first, until_leaf=until, subjects=subjects, refused=refused, occurred_at=at,
            entry_id=prepared[0].entry_id,
        )  # fmt: skip
        record.append(prepared, at=at)


def _report(election: str, inject: rules.Inject, at: datetime) -> None:
    said = inject.facts
    filing = report_rules.filing(
        str(said["kata"]), category=report_rules.Category(str(said["kategori"])), channel=report_rules.Channel(str(said["saluran"])),
        source=report_rules.Source(str(said["sumber"])), place=inject.target, at=at, place_note=str(said.get("catatan", "")),
    )  # fmt: skip
    public = filing.channel is report_rules.Channel.PUBLIC
    reports.file_report(election, filing, reports.PUBLIC_ACTOR if public else ACTOR, at)


def _check(election: str, inject: rules.Inject, at: datetime) -> None:
    said = inject.facts

    def answer(key: str) -> readiness_rules.Answer:
        return readiness_rules.Answer(str(said.get(key, "yes")))

    check = readiness_rules.Check(
        tps=inject.target, missing=tuple(str(said.get("kurang", "")).split()), checked_at=at, person=ACTOR.person, agency=ACTOR.agency,
        note=str(said.get("catatan", "")), mark=MARK, items=answer("barang"), seals=answer("segel"), place=answer("tempat_siap"),
        kpps=answer("kpps"),
    )  # fmt: skip
    readiness.record_check(election, check, at)


def _vehicle(election: str, inject: rules.Inject, at: datetime) -> None:
    distribution.retire_vehicle(election, inject.target, str(inject.facts["alasan"]), ACTOR, at)


def _hazard(election: str, inject: rules.Inject, at: datetime) -> None:
    said = inject.facts
    hazard = distribution_rules.Hazard(
        inject.target, str(said["macam"]), int(said["tunda_menit"]), int(said["permil"]), str(said.get("ke", "")), f"gladi:{inject.code}"
    )
    distribution.put_hazard(election, hazard, ACTOR, at)


def _wave(election: str, inject: rules.Inject, at: datetime) -> None:
    said = inject.facts
    until_at, source = at + timedelta(hours=int(said["jam"])), str(said.get("sumber", weather_rules.Source.FISHERS.value))
    wave = weather_rules.Wave(inject.target, at, until_at, int(said["tinggi_cm"]), at, source, MARK)
    weather.record_waves(election, [wave], ACTOR, at)


_PLAYED: dict[rules.Kind, Callable[[str, rules.Inject, datetime], None]] = {
    rules.Kind.REPORT: _report, rules.Kind.CHECK: _check, rules.Kind.VEHICLE: _vehicle, rules.Kind.HAZARD: _hazard,
    rules.Kind.WAVE: _wave,
}  # fmt: skip


def _check_targets(election: str, script: rules.Script, at: datetime) -> None:
    """Every target of the script exists here, the spare ones too: a script is refused before it begins, not in the middle."""
    areas = set(reports.place_names(election))
    known: dict[rules.Kind, set[str]] = {kind: areas for kind in rules.Kind}  # noqa: C420  (read only)
    known[rules.Kind.CHECK] = {tps.code for tps in places.tps_list(election)}
    known[rules.Kind.WAVE] = set(weather.sea_places(election))
    known[rules.Kind.VEHICLE] = {vehicle.code for vehicle in distribution.fleet(election, at)}
    for inject in script.injects:
        for target in inject.targets:
            if target not in known[inject.kind]:
                raise rules.NoTarget(inject=inject.code, target=target, kind=inject.kind.value)


# --- what is read --------------------------------------------------------------------------------------------------------


def current() -> Drill | None:
    """The drill of this copy; None in a real installation and before the beginning."""
    row = DrillRow.objects.first()
    return _running(row.election) if row else None


def _row(election: str) -> DrillRow:
    row = DrillRow.objects.filter(election=election).first()
    if row is None:
        raise rules.NotBegun(election=election)
    return row


def _running(election: str) -> Drill:
    row = _row(election)
    script = rules.script_of(row.script)
    over = EndRow.objects.filter(drill=row).values_list("occurred_at", flat=True).first()
    refused = InjectRow.objects.filter(drill=row).exclude(refused="").order_by("pk").values_list("code", "refused")
    ends_at = distribution_rules.instant(record.midnight(election), script.ends_min)
    return Drill(election, script, row.speed, row.occurred_at, ends_at, over, tuple(refused))


def score(election: str, at: datetime) -> rules.Result:
    """What the team did about each inject by then, from the journal. NotBegun."""
    row = _row(election)
    rows = InjectRow.objects.filter(drill=row, refused="", occurred_at__lte=at).order_by("occurred_at", "pk")
    happened = [rules.Happened(r.code, r.occurred_at, r.first_leaf, r.until_leaf, tuple(r.subjects)) for r in rows]
    return rules.score(rules.script_of(row.script), happened, _entries(row), at)


def _entries(row: DrillRow) -> list[rules.Entry]:
    """What was recorded since the beginning, on the drill's time.

    The background worker records under the machine's time; when it did so on the drill's is what the entry says of when it occurred.
    """
    ends_at = distribution_rules.instant(record.midnight(row.election), row.script["ends_min"]) + timedelta(days=1)
    told = record.Entry.objects.filter(election=row.election, leaf_index__gt=row.first_leaf).exclude(kind__startswith="drill.")
    found = []
    for one in told.order_by("leaf_index"):
        on_time = row.occurred_at <= one.recorded_at <= ends_at
        recorded_at = one.recorded_at if on_time else datetime.fromisoformat(record.entry(row.election, one.entry_id).occurred_at)
        found.append(rules.Entry(one.leaf_index, one.kind, one.subject, one.place, recorded_at))
    return found
