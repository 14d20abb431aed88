"""Stage needs: computed runs with every line of every place, and existing stock. A run is never changed; a new one takes its place."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import dpt as dpt_rules
from posko.domain import needs as rules
from posko.domain import record as facts
from posko.domain import regulation as regulation_rules
from posko.store import dpt, places, record, regulation


class RunRow(models.Model):
    """One computation, with the inputs it stands on."""

    election = models.CharField(max_length=40)
    rulebook = models.CharField(max_length=40)
    rulebook_version = models.CharField(max_length=20)
    rules_digest = models.CharField(max_length=64)
    dpt_run = models.CharField(max_length=64)
    dpt_label = models.CharField(max_length=200, blank=True)
    dpt_digest = models.CharField(max_length=64)
    estimate = models.BooleanField(default=False)
    contests = models.JSONField()
    voters = models.PositiveBigIntegerField()
    tps = models.PositiveIntegerField()
    desa = models.PositiveIntegerField()
    kecamatan = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "needs_run"
        indexes = (models.Index(fields=["election", "occurred_at"], name="needs_run_latest"),)


class LineRow(models.Model):
    """So many of an item for a use at a place."""

    run = models.ForeignKey(RunRow, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    use = models.CharField(max_length=40)
    level = models.CharField(max_length=4)
    place = models.CharField(max_length=30)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    grade = models.CharField(max_length=12)
    voters = models.PositiveIntegerField(default=0)
    reserve = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "needs_line"
        indexes = (
            models.Index(fields=["run", "place"], name="needs_line_place"),
            models.Index(fields=["run", "item"], name="needs_line_item"),
        )


class StockRow(models.Model):
    """Pieces left from earlier elections, counted by condition; the newest count per item and condition is in force.

    `note` is of rows from before it stood in the journal's private part.
    """

    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    condition = models.CharField(max_length=10)
    count = models.PositiveIntegerField()
    note = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "needs_stock"
        indexes = (models.Index(fields=["election", "occurred_at"], name="needs_stock_latest"),)


@dataclass(frozen=True)
class NeedsRun:
    """A computation in force from `occurred_at`."""

    id: int
    rulebook: str
    rulebook_version: str
    rules_digest: str
    dpt_run: str
    dpt_label: str
    dpt_digest: str
    estimate: bool
    contests: tuple[str, ...]
    voters: int
    tps: int
    desa: int
    kecamatan: int
    digest: str
    person: str
    occurred_at: datetime
    entry_id: str


@dataclass(frozen=True)
class Trial:
    """A computation that nobody adopted yet. `inputs` names what it stands on; adopt it with this in hand."""

    rulebook: regulation_rules.Rulebook
    inputs: str
    rules_digest: str
    voters: dpt_rules.Run
    contests: tuple[str, ...]
    tps_list: tuple[rules.TpsInput, ...]
    needs: tuple[rules.Need, ...]
    totals: tuple[rules.Total, ...]
    checks: tuple[rules.Check, ...]
    changes: tuple[rules.Change, ...]

    @property
    def voters_sum(self) -> int:
        """All voters."""
        return sum(tps.voters for tps in self.tps_list)


@dataclass(frozen=True)
class Answer:
    """Why a need is that many: the need, the row of the rulebook, the steps, the run."""

    need: rules.Need
    item: regulation_rules.Item
    use: regulation_rules.Use
    quantity: rules.Quantity
    reserve: regulation_rules.Reserve
    run: NeedsRun


# --- what is recorded ----------------------------------------------------------------------------------------------------


def trial(election: str, at: datetime, rulebook: str = "") -> Trial:
    """Compute without recording, also under another rulebook, and compare with what is in force. NoVoters, NoTps, TpsWithoutVoters."""
    code = rulebook or record.election(election).rulebook
    book = regulation.of_code(election, code, at)
    run = dpt.current(election, at)
    if run is None:
        raise rules.NoVoters(election=election)
    about = record.election(election)
    own = code == about.rulebook
    contests = tuple(c for c in about.contests if c in book.contests_in(about.region)) if own else book.contests_in(about.region)
    tps_list = _inputs(election, contests, at)
    found = rules.compute(book, tps_list, contests, about.region)
    totals = rules.totals(book, found, run.estimate)
    kecamatan = len({tps.kecamatan for tps in tps_list})
    checks = rules.cross_check(totals, book, contests, len(tps_list), kecamatan, sum(tps.voters for tps in tps_list))
    before = _totals_of(election, current(election, at))
    digest = regulation.digest(election, at, code)
    inputs = hashlib.sha256(f"{digest} {run.digest} {','.join(contests)} {_tps_digest(tps_list)}".encode()).hexdigest()
    changes = tuple(rules.difference(before, totals))
    return Trial(book, inputs, digest, run, contests, tuple(tps_list), tuple(found), tuple(totals), tuple(checks), changes)


def _tps_digest(tps_list: Sequence[rules.TpsInput]) -> str:
    return hashlib.sha256("\n".join(f"{t.code} {t.voters} {' '.join(t.dapil)}" for t in tps_list).encode()).hexdigest()


def _inputs(election: str, contests: tuple[str, ...], at: datetime) -> list[rules.TpsInput]:
    counts, dapil = dpt.voters(election, at), places.dapil_map(election)
    known = places.tps_list(election)
    if not known:
        raise rules.NoTps(election=election)
    absent = [tps.code for tps in known if tps.code not in counts]
    if absent:
        raise rules.TpsWithoutVoters(tps=absent[0], count=len(absent))
    return [
        rules.TpsInput(t.code, t.desa_code, t.kecamatan_code, counts[t.code].dpt, tuple(dapil.get((c, t.code), "") for c in contests))
        for t in known
    ]


def compute(election: str, actor: facts.Actor, at: datetime, seen: str = "") -> NeedsRun:
    """Compute and put in force. seen: the `inputs` of the trial that a person looked at; InputsChanged where they no longer stand."""
    with transaction.atomic():
        at = record.turn(at)
        found = trial(election, at)
        if seen and seen != found.inputs:
            raise rules.InputsChanged(election=election)
        before = current(election, at)
        if before and (before.rules_digest, before.dpt_digest, before.dpt_run) == _stands_on(found) and not found.changes:
            raise rules.NothingChanged(election=election)
        digest = _digest(found.needs)
        draft = facts.Draft(
            kind="needs.computed",
            election=election,
            subject=f"election:{election}",
            place=record.election(election).region,
            actor=actor,
            occurred_at=at,
            facts={
                "rulebook": found.rulebook.code,
                "version": found.rulebook.version,
                "rules": found.rules_digest,
                "dpt": found.voters.digest,
                "estimate": int(found.voters.estimate),
                "tps": len(found.tps_list),
                "voters": found.voters_sum,
                "lines": len(found.needs),
                "digest": digest,
                "totals": {t.item: t.quantity for t in found.totals if t.quantity is not None},
            },
            corrects=before.entry_id if before else "",
        )
        prepared = record.prepare([draft], at)
        row = RunRow.objects.create(
            election=election,
            rulebook=found.rulebook.code,
            rulebook_version=found.rulebook.version,
            rules_digest=found.rules_digest,
            dpt_run=str(found.voters.id),
            dpt_label=found.voters.label,
            dpt_digest=found.voters.digest,
            estimate=found.voters.estimate,
            contests=list(found.contests),
            voters=found.voters_sum,
            tps=len(found.tps_list),
            desa=len({t.desa for t in found.tps_list}),
            kecamatan=len({t.kecamatan for t in found.tps_list}),
            digest=digest,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        LineRow.objects.bulk_create((_line_row(row, need) for need in found.needs), batch_size=2000)
        record.append(prepared, at=at)
    return _run(row)


def _stands_on(found: Trial) -> tuple[str, str, str]:
    return found.rules_digest, found.voters.digest, str(found.voters.id)


def _digest(needs: Sequence[rules.Need]) -> str:
    lines = sorted(f"{n.place} {n.item}/{n.use} {n.contest} {n.dapil} {n.quantity}" for n in needs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def count_stock(election: str, item: str, condition: str, count: int, note: str, actor: facts.Actor, at: datetime) -> None:
    """Existing pieces of an item in one condition, counted now. BadStock."""
    with transaction.atomic():
        at = record.turn(at)
        rules.check_stock(regulation.rulebook(election, at), item, condition, count)
        said = {"item": item, "condition": condition, "count": count}
        region, private = record.election(election).region, record.typed(note=note.strip()[:400])
        prepared = record.prepare([facts.Draft("stock.counted", election, f"item:{item}", region, actor, at, said, private)], at)
        StockRow.objects.create(
            election=election,
            item=item,
            condition=condition,
            count=count,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)


# --- what is read --------------------------------------------------------------------------------------------------------


@record.remembered
def current(election: str, at: datetime) -> NeedsRun | None:
    """The computation in force, or None."""
    row = RunRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-pk").first()
    return _run(row) if row else None


def runs(election: str, at: datetime) -> list[NeedsRun]:
    """All computations, the newest first."""
    return [_run(row) for row in RunRow.objects.filter(election=election, occurred_at__lte=at).order_by("-occurred_at", "-pk")]


def lines(election: str, at: datetime, item: str | None = None, place: str | None = None) -> list[rules.Need]:
    """Every need in force; of one item, of one place, or all."""
    run = current(election, at)
    if run is None:
        return []
    rows = LineRow.objects.filter(run=run.id).order_by("pk")
    if item is not None:
        rows = rows.filter(item=item)
    if place is not None:
        rows = rows.filter(place=place)
    fields = ("item", "use", "level", "place", "contest", "dapil", "quantity", "grade", "voters", "reserve")
    return [rules.Need(*values) for values in rows.values_list(*fields)]


@record.remembered
def totals(election: str, at: datetime) -> list[rules.Total]:
    """What the needs add up to, by item. Stock kept apart (re-vote ballots) is not here: see `separate`."""
    return [total for total in _totals_of(election, current(election, at)) if not total.separate]


def separate(election: str, at: datetime) -> list[rules.Total]:
    """Stock that the KPU keeps apart: re-vote ballots. In no other total and in no kit."""
    return [total for total in _totals_of(election, current(election, at)) if total.separate]


def _totals_of(election: str, run: NeedsRun | None) -> list[rules.Total]:
    """Under the rulebook and the confirmations of the time of the run."""
    if run is None:
        return []
    book = regulation.of_code(election, run.rulebook, run.occurred_at)
    sums = LineRow.objects.filter(run=run.id).values_list("item", "level", "contest", "dapil").annotate(sum=models.Sum("quantity"))
    counted = Counter({(item, level, contest, dapil): number for item, level, contest, dapil, number in sums.order_by()})
    return rules.sum_up(book, counted, run.estimate)


def checks(election: str, at: datetime) -> list[rules.Check]:
    """Do TPS, boxes, booths, ink and ballots of the computation in force agree?"""
    run = current(election, at)
    if run is None:
        return []
    book = regulation.of_code(election, run.rulebook, run.occurred_at)
    return rules.cross_check(_totals_of(election, run), book, run.contests, run.tps, run.kecamatan, run.voters)


def unknown(election: str, at: datetime) -> list[regulation_rules.Item]:
    """Items whose quantity is unknown or unconfirmed, the critical ones first."""
    return rules.unknown(regulation.rulebook(election, at))


def outdated(election: str, at: datetime) -> tuple[str, ...]:
    """Why the computation in force no longer stands: "voters", "rules", both, or nothing."""
    run = current(election, at)
    if run is None:
        return ()
    voters = dpt.current(election, at)
    reasons = []
    if voters is not None and voters.digest != run.dpt_digest:
        reasons.append("voters")
    if regulation.digest(election, at) != run.rules_digest:
        reasons.append("rules")
    return tuple(reasons)


def explain(election: str, at: datetime, item: str, use: str, place: str, contest: str = "") -> Answer:
    """Why a need is that many. UnknownNeed."""
    run = current(election, at)
    found = next((n for n in lines(election, at, item, place) if n.use == use and n.contest == contest), None)
    if run is None or found is None:
        raise rules.UnknownNeed(item=item, place=place)
    book = regulation.of_code(election, run.rulebook, run.occurred_at)
    thing = book.item(item)
    row = thing.use(use) if thing else None
    counted = rules.quantity(book, row, len(run.contests), found.voters, found.reserve) if row else None
    if thing is None or row is None or counted is None or counted.value != found.quantity:
        raise rules.UnknownNeed(item=item, place=place)
    return Answer(found, thing, row, counted, book.reserve, run)


def stock(election: str, at: datetime) -> dict[str, dict[str, int]]:
    """Existing pieces: item -> condition -> count."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in StockRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "pk"):
        found[row.item][row.condition] = row.count
    return dict(found)


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R13: TPS with more DPTb and DPK in the counts in force than the smallest reserve of their ballots."""
    more = {code: v for code, v in dpt.voters(election, at).items() if v.additional}
    run, imported = current(election, at), dpt.current(election, at)
    if not more or run is None or imported is None:
        return []
    reserve: dict[str, int] = {}
    for line in lines(election, at):
        if line.contest and line.level == "TPS" and line.place in more:
            reserve[line.place] = min(line.reserve, reserve.get(line.place, line.reserve))
    names = {t.code: f"{t.name} {t.desa_name}" for t in places.tps_list(election)}
    since_at = max(run.occurred_at, imported.occurred_at)
    return rules.additional_signals(
        rules.Additional(code, names.get(code, code), more[code].dptb, more[code].dpk, kept, since_at, more[code].estimate)
        for code, kept in sorted(reserve.items())
    )


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: needs not computed yet, or computed from voters or rules that changed since."""
    if person.agency != "KPU":
        return []
    voters = dpt.current(election, at)
    try:
        if voters is not None and current(election, at) is None:
            return [facts.Task("needs.compute", "needs", f"election:{election}", voters.label)]
        return [facts.Task(f"needs.outdated_{reason}", "needs", f"election:{election}", "") for reason in outdated(election, at)]
    except regulation_rules.NoRulebook:
        return []


# --- rows to values ------------------------------------------------------------------------------------------------------


def _line_row(run: RunRow, need: rules.Need) -> LineRow:
    return LineRow(
        run=run,
        item=need.item,
        use=need.use,
        level=need.level,
        place=need.place,
        contest=need.contest,
        dapil=need.dapil,
        quantity=need.quantity,
        grade=need.grade,
        voters=need.voters,
        reserve=need.reserve,
    )


def _run(row: RunRow) -> NeedsRun:
    return NeedsRun(
        row.pk,
        row.rulebook,
        row.rulebook_version,
        row.rules_digest,
        row.dpt_run,
        row.dpt_label,
        row.dpt_digest,
        row.estimate,
        tuple(row.contests),
        row.voters,
        row.tps,
        row.desa,
        row.kecamatan,
        row.digest,
        row.person,
        row.occurred_at,
        row.entry_id,
    )
