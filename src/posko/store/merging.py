"""Stage merging: proposals are derived anew from open reports and stored nowhere; what people decide is a row and an entry.

Merged reports stay what they were: own number, own grade, own chain, own status. A group is a view of decisions; `split` is a later one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import merging as rules
from posko.domain import record as facts
from posko.domain import reports as report_rules
from posko.planning import merging as kernel
from posko.store import access, places, record, reports

ENTRIES = {rules.Act.MERGED: "reports.merged", rules.Act.APART: "reports.kept_apart", rules.Act.SPLIT: "reports.split"}


class MergeRow(models.Model):
    """What somebody decided about some reports. Never changed; a later row says otherwise."""

    election = models.CharField(max_length=40)
    act = models.CharField(max_length=10)
    numbers = models.TextField()
    looked = models.CharField(max_length=200, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "merging_decision"
        indexes = (models.Index(fields=["election", "occurred_at"], name="merging_decision_when"),)


class MergeReasonRow(models.Model):
    """Why, in the words of whoever decided; apart from the facts, and private in the journal too."""

    decision = models.OneToOneField(MergeRow, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)

    class Meta:
        db_table = "merging_reason"


@dataclass(frozen=True)
class Proposal:
    """Reports that may tell of the same thing, and every pair of them weighed. `score`: the mean over pairs, in tenths."""

    numbers: tuple[str, ...]
    comparisons: tuple[rules.Comparison, ...]

    @property
    def score(self) -> int:
        """The mean over pairs, in tenths."""
        return sum(c.score for c in self.comparisons) // len(self.comparisons)


@dataclass(frozen=True)
class Proposals:
    """What a person is asked: groups, the surest first; and pairs that are alike but for their digits."""

    groups: tuple[Proposal, ...] = ()
    contradicted: tuple[rules.Comparison, ...] = ()


# --- what was decided ------------------------------------------------------------------------------------------------------------


def decisions(election: str, at: datetime) -> list[rules.Decision]:
    """Everything decided by then, the oldest first."""
    rows = MergeRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return [
        rules.Decision(rules.Act(r.act), tuple(r.numbers.split()), r.occurred_at, r.person, tuple(r.looked.split()), r.entry_id, r.mark)
        for r in rows
    ]


def reasons(election: str, at: datetime) -> dict[str, str]:
    """Entry id -> why."""
    rows = MergeReasonRow.objects.filter(decision__election=election, decision__occurred_at__lte=at).select_related("decision")
    return {row.decision.entry_id: row.text for row in rows}


def standing(election: str, at: datetime) -> rules.Standing:
    """Groups, and pairs that are not the same, as they stood then."""
    return rules.standing(decisions(election, at))


def group_of(election: str, number: str, at: datetime) -> tuple[str, ...]:
    """The reports of one group by number, this one included; alone: just this one."""
    return standing(election, at).group_of(number)


def confirm(
    election: str,
    numbers: Sequence[str],
    actor: facts.Actor,
    at: datetime,
    *,
    whole: Sequence[str] | None = None,
    looked: bool = False,
    reason: str = "",
) -> tuple[str, ...]:
    """A person says that these tell of the same thing; gives the whole group. Nothing is deleted, grades and chains stay.

    `whole` is the group the person saw: Changed where others made it another one meanwhile. Where place, time, kind or digits contradict:
    SecondLook without `looked`, ReasonMissing without a reason. TooFew, TooMany, Together, reports.Unknown, reports.Guarded.
    """
    with transaction.atomic():
        at = record.turn(at)
        now = standing(election, at)
        chosen = _known(election, numbers, at)
        result = tuple(sorted({n for number in chosen for n in now.group_of(number)}))
        if whole is not None and set(whole) != set(result):
            raise rules.Changed(numbers=", ".join(result))
        found = barriers(election, result, now, at)
        codes = sorted({barrier.code for _, some in found for barrier in some})
        rules.check_merge(now, chosen, codes, looked, reason)
        _write(election, rules.Act.MERGED, result, codes if looked else [], reason if codes else "", actor, at)
    return result


def keep_apart(election: str, numbers: Sequence[str], actor: facts.Actor, at: datetime) -> None:
    """A person says that these are different things; they are not proposed again. TooFew, TooMany, Together, reports.Unknown."""
    with transaction.atomic():
        at = record.turn(at)
        now = standing(election, at)
        chosen = _known(election, numbers, at)
        rules.check_apart(now, chosen)
        _write(election, rules.Act.APART, chosen, [], "", actor, at)


def split(election: str, numbers: Sequence[str], reason: str, actor: facts.Actor, at: datetime) -> None:
    """Takes reports out of their group, with a reason. TooFew, NotTogether, WholeGroup, ReasonMissing, reports.Guarded."""
    with transaction.atomic():
        at = record.turn(at)
        now = standing(election, at)
        chosen = _known(election, numbers, at)
        rules.check_split(now, chosen, reason)
        _write(election, rules.Act.SPLIT, chosen, [], reason, actor, at)


def _known(election: str, numbers: Sequence[str], at: datetime) -> tuple[str, ...]:
    chosen = tuple(sorted(set(numbers)))
    known = {report.number for report in reports.listing(election, at)}
    for number in chosen:
        if number not in known:
            raise report_rules.Unknown(number=number)
    return chosen


def _write(
    election: str, act: rules.Act, numbers: Sequence[str], looked: Sequence[str], reason: str, actor: facts.Actor, at: datetime
) -> None:
    reason = report_rules.clean(reason)
    if reason:
        reports.check_neutral(election, reason)
    about = [r for r in reports.listing(election, at) if r.number in numbers]
    place = access_rules.around((r.place for r in about), record.election(election).region)
    mark = next((r.mark for r in about if r.mark), "")
    said = {"numbers": list(numbers), "looked": list(looked), "method": rules.METHOD, "mark": mark}
    private = {"reason": reason} if reason else {}
    drafts = [facts.Draft(ENTRIES[act], election, f"report:{numbers[0]}", place, actor, at, said, private=private)]
    prepared = record.prepare(drafts, at)
    row = MergeRow.objects.create(
        election=election,
        act=act.value,
        numbers=" ".join(numbers),
        looked=" ".join(looked),
        mark=mark,
        person=actor.person,
        occurred_at=at,
        entry_id=prepared[0].entry_id,
    )
    if reason:
        MergeReasonRow.objects.create(decision=row, text=reason)
    record.append(prepared, at=at)


# --- what is proposed ------------------------------------------------------------------------------------------------------------


def readings(election: str, numbers: Iterable[str], at: datetime) -> dict[str, rules.Reading]:
    """Reports as merging reads them, by number. Of an erased report only facts are known."""
    wanted = set(numbers)
    found = [r for r in reports.listing(election, at) if r.number in wanted]
    said = reports.words_of(election, [r.number for r in found])
    region = record.election(election).region
    where = _Places(election, region)
    return {r.number: rules.read(where.telling(r, said.get(r.number)), where.gazetteer) for r in found}


def text_of(words: report_rules.Words) -> str:
    """The text that the tokens of a reading point into."""
    return f"{words.text}\n{words.place_note}" if words.place_note else words.text


class _Places:
    """Names for the codes of places, looked up once for all reports."""

    def __init__(self, election: str, region: str) -> None:
        self.desa = {d.code: (d.kecamatan_name, d.name) for d in places.desa_list(region)}
        self.kecamatan = {k.code: k.name for k in places.kecamatan_list(region)}
        self.sites = {s.code: s.kind for s in places.sites(region)}
        self.gazetteer = rules.Gazetteer.of([*self.desa.values(), *((name, "") for name in self.kecamatan.values())])

    def telling(self, report: report_rules.Report, words: report_rules.Words | None) -> rules.Telling:
        """A report with the names of its place; a TPS code names its desa and its number."""
        code, tps = report.place, ""
        if code.count(".") == 4:
            code, _, tps = code.rpartition(".")
        kecamatan, desa = self.desa.get(code, ("", ""))
        return rules.Telling(
            id=report.number,
            words=text_of(words) if words else "",
            kecamatan=kecamatan or self.kecamatan.get(code, ""),
            desa=desa,
            tps=tps,
            site=f"{self.sites[code]}/{code}" if code in self.sites else "",
            category=report.category.value,
            happened_at=report.happened_at,
            received_at=report.received_at,
        )


def barriers(
    election: str, numbers: Sequence[str], now: rules.Standing, at: datetime
) -> list[tuple[rules.Pair, tuple[rules.Barrier, ...]]]:
    """What contradicts between reports that are not yet in one group, pair by pair."""
    read = readings(election, numbers, at)
    found = []
    for one, other in rules.pairs(numbers):
        if other in now.group_of(one):
            continue
        some = rules.barriers(read[one], read[other])
        if (one, other) in now.apart:
            some = (*some, rules.Barrier("apart", "apart"))
        if some:
            found.append(((one, other), some))
    return found


def comparisons(election: str, numbers: Sequence[str], at: datetime) -> tuple[rules.Comparison, ...]:
    """Every pair of these weighed, for the page that shows them side by side."""
    read = readings(election, numbers, at)
    return tuple(kernel.compare(read[a], read[b]) for a, b in rules.pairs(n for n in numbers if n in read))


# The last answer for an election: numbers, scores and digits, no words. The inbox asks on every page, and nothing may have changed.
_last: dict[str, tuple[tuple[object, ...], Proposals]] = {}


def proposals(election: str, at: datetime) -> Proposals:
    """Reports that may tell of the same thing, of which at least one is open. Nothing is stored."""
    found = [r for r in reports.listing(election, at) if not r.erased]
    took = decisions(election, at)
    key = (tuple((r.number, r.status, r.entry_id) for r in found), tuple(d.entry_id for d in took))
    if election in _last and _last[election][0] == key:
        return _last[election][1]
    answer = _proposals(election, found, rules.standing(took), at)
    _last[election] = (key, answer)
    return answer


def _proposals(election: str, found: list[report_rules.Report], now: rules.Standing, at: datetime) -> Proposals:
    still_open = {r.number for r in found if r.status is not report_rules.Status.CLOSED}
    near = _near(found, still_open)
    read = readings(election, near, at)
    order = [read[number] for number in sorted(near)]
    outcome = kernel.group(order, together=now.groups, apart=now.apart)
    groups = []
    for numbers in outcome.groups:
        if set(numbers) <= set(now.group_of(numbers[0])) or not still_open & set(numbers):
            continue
        groups.append(Proposal(numbers, tuple(kernel.compare(read[a], read[b]) for a, b in rules.pairs(numbers))))
    contradicted = tuple(c for c in outcome.contradicted if c.b not in now.group_of(c.a) and {c.a, c.b} & still_open)
    return Proposals(tuple(sorted(groups, key=lambda p: (-p.score, p.numbers))), contradicted)


def _near(found: list[report_rules.Report], still_open: set[str]) -> set[str]:
    """Open reports, and closed ones that were received or happened near enough in time to an open one."""
    reach = rules.WINDOW_H + rules.BEFORE_RECEIPT_H
    opened = [r.happened_at or r.received_at for r in found if r.number in still_open]
    return still_open | {
        r.number
        for r in found
        if any(abs(((r.happened_at or r.received_at) - moment).total_seconds()) <= reach * 3600 for moment in opened)
    }


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For analysts: proposals nobody has decided about, where every report is theirs to decide."""
    scope = access.scope(person, "merging.confirm", "merging", at)
    if not scope.regions:
        return []
    mine = {r.number for r in reports.listing(election, at, scope)}
    return [
        facts.Task("merging.proposed", "merging", f"merging:{' '.join(p.numbers)}", ", ".join(p.numbers), None, ("+".join(p.numbers),))
        for p in proposals(election, at).groups
        if mine.issuperset(p.numbers)
    ]


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------


def _erase_reason(entry_id: str, mark: str, at: datetime) -> tuple[str, ...]:
    del at
    MergeReasonRow.objects.filter(decision__entry_id=entry_id).update(text=mark)
    return ()


WORDS: dict[str, record.Eraser] = dict.fromkeys(ENTRIES.values(), _erase_reason)
