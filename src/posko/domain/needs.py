"""Stage needs: so what must each TPS, PPS, PPK and the KPU have, and why exactly that many.

Whole numbers only. A kit is what one TPS needs; it depends on its voters, its reserve and its contests alone, so it is computed once for
each distinct voter count and spread over the TPS. Items of unknown quantity are left out and named, never guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple

from posko.domain import record, regulation
from posko.domain.record import Grade
from posko.domain.regulation import Formula, Item, Per, Reserve, Rounding, Rulebook, Use

BALLOT, BOX, BOOTH, INK = "SURAT_SUARA", "KOTAK", "BILIK", "TINTA"
LEVELS = ("TPS", "PPS", "PPK", "KPU")
CONDITIONS = ("baik", "rusak")


class NoVoters(record.Refusal):
    """Needs follow from voters; no voter counts have been imported."""

    code: ClassVar[str] = "needs.no_voters"


class NoTps(record.Refusal):
    """No TPS in this election."""

    code: ClassVar[str] = "needs.no_tps"


class NothingChanged(record.Refusal):
    """The computation in force already stands on these voters and this rulebook."""

    code: ClassVar[str] = "needs.nothing_changed"


class BadStock(record.Refusal):
    """A stock below nought, or of an item that the rulebook does not know."""

    code: ClassVar[str] = "needs.bad_stock"


class TpsWithoutVoters(record.Refusal):
    """Some TPS have no voter count; a need of nought ballots would be a guess."""

    code: ClassVar[str] = "needs.tps_without_voters"


class UnknownNeed(record.Refusal):
    """No such need in the computation in force."""

    code: ClassVar[str] = "needs.unknown"


class InputsChanged(record.Refusal):
    """Voters or rulebook changed between the trial and its adoption; look at the difference again."""

    code: ClassVar[str] = "needs.inputs_changed"


class TpsInput(NamedTuple):
    """What a kit depends on. dapil: one code per contest, in the order of the contests."""

    code: str
    desa: str
    kecamatan: str
    voters: int
    dapil: tuple[str, ...] = ()


class Step(NamedTuple):
    """One step of an answer to "why": a stable code and its numbers; the screen writes the sentence."""

    code: str
    facts: Mapping[str, str | int]


@dataclass(frozen=True)
class Quantity:
    """A number and how it came about."""

    value: int
    steps: tuple[Step, ...]


class Portion(NamedTuple):
    """A line of a kit: so many of an item for a use (and a contest)."""

    item: str
    use: str
    contest: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Need:
    """So many of an item, for a use, at a place. `voters` and `reserve` are inputs of ballots, else nought."""

    item: str
    use: str
    level: str
    place: str
    contest: str
    dapil: str
    quantity: int
    grade: str
    voters: int = 0
    reserve: int = 0


@dataclass(frozen=True)
class Total:
    """All needs of an item. quantity None while a use is unknown or unconfirmed; `known_part` is what the other uses add up to.

    `grade`: the least sure grade of its uses; `from_voters`: the number follows voter counts; `estimate`: those are estimates.
    """

    item: str
    name: str
    unit: str
    quantity: int | None
    grade: Grade
    critical: bool = False
    sensitive: bool = False
    stage: str = ""
    separate: bool = False
    confirmed: bool = True
    from_voters: bool = False
    estimate: bool = False
    known_part: int = 0
    by_level: Mapping[str, int] = field(default_factory=dict)
    by_contest: Mapping[str, int] = field(default_factory=dict)
    by_dapil: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One thing that must agree, with its numbers and whether it does."""

    code: str
    ok: bool
    facts: Mapping[str, str | int]


@dataclass(frozen=True)
class Change:
    """A total before and after; None: not known."""

    item: str
    name: str
    contest: str
    dapil: str
    old: int | None
    new: int | None


# --- one number ----------------------------------------------------------------------------------------------------------


def spare(voters: int, rule: Reserve) -> int:
    """Reserve ballots of one TPS, in whole numbers; for `ceil_per_region` the share before the rest is handed out."""
    exact = voters * rule.rate_permille
    if rule.rounding is Rounding.CEIL_PER_TPS:
        return -(-exact // 1000)
    if rule.rounding is Rounding.HALF_UP:
        return (2 * exact + 1000) // 2000
    return exact // 1000


def spares(tps_list: Sequence[TpsInput], rule: Reserve) -> dict[str, int]:
    """Reserve ballots by TPS. `ceil_per_region` rounds the sum up once and hands the rest to the largest fractions, code by code."""
    found = {tps.code: spare(tps.voters, rule) for tps in tps_list}
    if rule.rounding is Rounding.CEIL_PER_REGION:
        whole = -(-sum(tps.voters for tps in tps_list) * rule.rate_permille // 1000)
        order = sorted(tps_list, key=lambda tps: (-(tps.voters * rule.rate_permille % 1000), tps.code))
        for tps in order[: whole - sum(found.values())]:
            found[tps.code] += 1
    return found


def ballots(voters: int, rule: Reserve, reserve: int | None = None) -> Quantity:
    """Ballots of one contest at one TPS: its voters and its reserve."""
    added = spare(voters, rule) if reserve is None else reserve
    exact = voters * rule.rate_permille
    steps = (
        Step("voters", {"voters": voters}),
        Step(
            "reserve", {"voters": voters, "permille": rule.rate_permille, "thousandths": exact, "rounding": rule.rounding, "reserve": added}
        ),
        Step("sum", {"voters": voters, "reserve": added, "value": voters + added}),
    )
    return Quantity(voters + added, steps)


def quantity(rulebook: Rulebook, use: Use, contests: int, voters: int = 0, reserve: int | None = None) -> Quantity | None:
    """The need of one unit of `use` (one TPS, one PPK, one contest at one TPS ...), and why; None while its amount is unknown."""
    if use.amount is None:
        return None
    if use.formula is Formula.BALLOTS:
        found = ballots(voters, rulebook.reserve, reserve)
        return found if use.amount == 1 else Quantity(found.value * use.amount, (*found.steps, _times(use.amount, found.value)))
    units = _units(rulebook, use, contests)
    if units is None:
        return None
    value = use.amount * units
    return Quantity(value, (Step(f"per_{use.per}", {"amount": use.amount, "units": units, "value": value, "contests": contests}),))


def _times(amount: int, value: int) -> Step:
    return Step("times", {"amount": amount, "units": value, "value": amount * value})


def _units(rulebook: Rulebook, use: Use, contests: int) -> int | None:
    """How often the amount counts at one place: 1, the contests there, the boxes or the booths there; None where those are unknown."""
    if use.formula is Formula.CONTESTS:
        return contests
    based = {Per.BOX: (BOX, Per.TPS), Per.PPK_BOX: (BOX, Per.PPK), Per.BOOTH: (BOOTH, Per.TPS)}.get(use.per)
    if based is None:
        return 1
    item = rulebook.item(based[0])
    found = [quantity(rulebook, other, contests) for other in item.uses if other.per is based[1]] if item else []
    return sum(one.value for one in found if one) if found and all(found) else None


# --- all of them ---------------------------------------------------------------------------------------------------------


def kit(rulebook: Rulebook, contests: Sequence[str], voters: int, reserve: int | None = None) -> tuple[Portion, ...]:
    """What one TPS needs."""
    portions = []
    for item, use in _uses(rulebook, "TPS"):
        found = quantity(rulebook, use, len(contests), voters, reserve)
        if found is not None:
            at = contests if use.per is Per.TPS_CONTEST else ("",)
            portions += [Portion(item.code, use.code, contest, found.value) for contest in at]
    return tuple(portions)


def _uses(rulebook: Rulebook, level: str) -> Iterator[tuple[Item, Use]]:
    for item in rulebook.items:
        for use in item.uses:
            if use.per.level == level:
                yield item, use


def compute(rulebook: Rulebook, tps_list: Sequence[TpsInput], contests: Sequence[str], region: str) -> list[Need]:
    """Every need of a region, by place: TPS, then PPS (per desa), PPK (per kecamatan) and KPU."""
    grades = {(item.code, use.code): use.grade.value for item in rulebook.items for use in item.uses}
    voter_uses = {(i.code, u.code) for i in rulebook.items for u in i.uses if u.formula is Formula.BALLOTS}
    reserves = spares(tps_list, rulebook.reserve)
    kits: dict[tuple[int, int], tuple[Portion, ...]] = {}
    position = {contest: number for number, contest in enumerate(contests)}
    needs = []
    for tps in tps_list:
        key = (tps.voters, reserves[tps.code])
        if key not in kits:
            kits[key] = kit(rulebook, contests, *key)
        for portion in kits[key]:
            dapil = tps.dapil[position[portion.contest]] if portion.contest and tps.dapil else ""
            inputs = key if (portion.item, portion.use) in voter_uses else (0, 0)
            grade = grades[(portion.item, portion.use)]
            needs.append(Need(portion.item, portion.use, "TPS", tps.code, portion.contest, dapil, portion.quantity, grade, *inputs))
    needs += _above(rulebook, "PPS", sorted({tps.desa for tps in tps_list}), len(contests))
    needs += _above(rulebook, "PPK", sorted({tps.kecamatan for tps in tps_list}), len(contests))
    return needs + list(_kpu(rulebook, tps_list, contests, region))


def _above(rulebook: Rulebook, level: str, places: Sequence[str], contests: int) -> list[Need]:
    needs = []
    for item, use in _uses(rulebook, level):
        found = quantity(rulebook, use, contests)
        if found is not None:
            needs += [Need(item.code, use.code, level, place, "", "", found.value, use.grade.value) for place in places]
    return needs


def _kpu(rulebook: Rulebook, tps_list: Sequence[TpsInput], contests: Sequence[str], region: str) -> Iterator[Need]:
    dapil = sorted({(contest, code) for tps in tps_list for contest, code in zip(contests, tps.dapil, strict=False)})
    for item, use in _uses(rulebook, "KPU"):
        found = quantity(rulebook, use, len(contests))
        if found is None:
            continue
        units = {Per.CONTEST: [(contest, "") for contest in contests], Per.DAPIL: dapil}.get(use.per, [("", "")])
        for contest, code in units:
            yield Need(item.code, use.code, "KPU", region, contest, code, found.value, use.grade.value)


def totals(rulebook: Rulebook, needs: Iterable[Need], estimate: bool = False) -> list[Total]:
    """What the needs add up to, by item in the order of the rulebook; separate stock (re-vote ballots) stays a total of its own."""
    counted = Counter[tuple[str, str, str, str]]()
    for need in needs:
        counted[(need.item, need.level, need.contest, need.dapil)] += need.quantity
    return sum_up(rulebook, counted, estimate)


def totals_of_counts(rulebook: Rulebook, groups: Mapping[tuple[int, tuple[str, ...]], int], desa: int, kecamatan: int) -> list[Total]:
    """Totals from how many TPS have so many voters and these contests: the same rules without a row per TPS. Dapil stay unknown.

    groups: (voters, contests) -> number of TPS. Under `ceil_per_region` the whole of the groups is the region.
    """
    counted = Counter[tuple[str, str, str, str]]()
    for (voters, contests), number in groups.items():
        for portion in kit(rulebook, contests, voters):
            counted[(portion.item, "TPS", portion.contest, "")] += portion.quantity * number
    most = max((contests for _, contests in groups), key=len, default=rulebook.contests)
    for level, places in (("PPS", desa), ("PPK", kecamatan)):
        for item, use in _uses(rulebook, level):
            found = quantity(rulebook, use, len(most))
            if found is not None:
                counted[(item.code, level, "", "")] += found.value * places
    if rulebook.reserve.rounding is Rounding.CEIL_PER_REGION:
        _add_region_rest(rulebook, groups, counted)
    return sum_up(rulebook, counted, estimate=False)


def _add_region_rest(
    rulebook: Rulebook, groups: Mapping[tuple[int, tuple[str, ...]], int], counted: Counter[tuple[str, str, str, str]]
) -> None:
    rate = rulebook.reserve.rate_permille
    for item, use in _uses(rulebook, "TPS"):
        if use.formula is Formula.BALLOTS and use.amount:
            for contest in {contest for _, contests in groups for contest in contests}:
                mine = [(voters, number) for (voters, contests), number in groups.items() if contest in contests]
                whole = -(-sum(voters * number for voters, number in mine) * rate // 1000)
                rest = whole - sum(voters * rate // 1000 * number for voters, number in mine)
                counted[(item.code, "TPS", contest, "")] += rest * use.amount


def sum_up(rulebook: Rulebook, counted: Mapping[tuple[str, str, str, str], int], estimate: bool) -> list[Total]:
    """Totals from sums by (item, level, contest, dapil). An item without any line stays unknown, never nought."""
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    contests: dict[str, Counter[str]] = defaultdict(Counter)
    dapil: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for (item, level, contest, code), number in counted.items():
        levels[item][level] += number
        if contest:
            contests[item][contest] += number
        if code:
            dapil[item][(contest, code)] += number
    order = {contest: number for number, contest in enumerate(rulebook.contests)}
    found = []
    for one in rulebook.items:
        known = sum(levels[one.code].values())
        from_voters = any(use.formula is Formula.BALLOTS for use in one.uses)
        found.append(
            Total(
                item=one.code,
                name=one.name,
                unit=one.unit,
                quantity=known if one.known and levels[one.code] else None,
                grade=one.grade,
                critical=one.critical,
                sensitive=one.sensitive,
                stage=one.stage,
                separate=one.separate,
                confirmed=one.known,
                from_voters=from_voters,
                estimate=estimate and from_voters,
                known_part=known,
                by_level=dict(levels[one.code]),
                by_contest=dict(sorted(contests[one.code].items(), key=lambda pair: order.get(pair[0], len(order)))),
                by_dapil=dict(dapil[one.code]),
            )
        )
    return found


def cross_check(found: Iterable[Total], rulebook: Rulebook, contests: Sequence[str], tps: int, kecamatan: int, voters: int) -> list[Check]:
    """Do TPS, boxes, booths, ink and ballots agree with one another? Each check by another way than the computation took."""
    by_item = {total.item: total for total in found}
    checks = []
    expected = {
        BOX: _fixed(rulebook, BOX, Per.TPS, len(contests)),
        BOOTH: _fixed(rulebook, BOOTH, Per.TPS, 1),
        INK: _fixed(rulebook, INK, Per.TPS, 1),
    }
    for item, each in expected.items():
        total = by_item.get(item)
        if total is not None and each is not None:
            have = total.by_level.get("TPS", 0)
            checks.append(
                Check("per_tps", have == each * tps, {"item": total.name, "have": have, "each": each, "tps": tps, "want": each * tps})
            )
    box, per_ppk = by_item.get(BOX), _fixed(rulebook, BOX, Per.PPK, 1)
    if box is not None and per_ppk is not None:
        have = box.by_level.get("PPK", 0)
        facts: dict[str, str | int] = {"item": box.name, "have": have, "each": per_ppk, "kecamatan": kecamatan, "want": per_ppk * kecamatan}
        checks.append(Check("per_ppk", have == per_ppk * kecamatan, facts))
    ballot = by_item.get(BALLOT)
    if ballot is not None and ballot.quantity is not None:
        checks += _ballot_checks(ballot, rulebook.reserve, contests, tps, voters)
    return checks


def _fixed(rulebook: Rulebook, code: str, per: Per, contests: int) -> int | None:
    item = rulebook.item(code)
    uses = [use for use in item.uses if use.per is per] if item else []
    if not uses or any(use.amount is None for use in uses):
        return None
    return sum((use.amount or 0) * (contests if use.formula is Formula.CONTESTS else 1) for use in uses)


def _ballot_checks(ballot: Total, rule: Reserve, contests: Sequence[str], tps: int, voters: int) -> Iterator[Check]:
    numbers = {contest: ballot.by_contest.get(contest, 0) for contest in contests}
    yield Check("contests_equal", len(set(numbers.values())) <= 1, {"numbers": ", ".join(f"{c} {n}" for c, n in numbers.items())})
    least = voters + voters * rule.rate_permille // 1000
    for contest, have in numbers.items():
        parts = [number for (of, _), number in ballot.by_dapil.items() if of == contest]
        if parts:
            yield Check("dapil_sum", sum(parts) == have, {"contest": contest, "dapil": len(parts), "sum": sum(parts), "have": have})
        # Rounding up adds less than one ballot per TPS; half up takes or adds half a ballot at most.
        low = least - (tps // 2 + 1 if rule.rounding is Rounding.HALF_UP else 0)
        yield Check(
            "ballot_bounds", low <= have <= least + tps + 1, {"contest": contest, "have": have, "low": low, "high": least + tps + 1}
        )


def difference(old: Iterable[Total], new: Iterable[Total]) -> list[Change]:
    """What changes between two computations, line by line: items, and ballots by contest and dapil."""
    before, after = _lines(old), _lines(new)
    names = {key: name for found in (before, after) for key, (name, _) in found.items()}
    changes = []
    for key, name in names.items():
        was, now = before.get(key, ("", None))[1], after.get(key, ("", None))[1]
        if was != now:
            changes.append(Change(key[0], name, key[1], key[2], was, now))
    return changes


def _lines(found: Iterable[Total]) -> dict[tuple[str, str, str], tuple[str, int | None]]:
    lines: dict[tuple[str, str, str], tuple[str, int | None]] = {}
    for total in found:
        lines[(total.item, "", "")] = (total.name, total.quantity)
        if total.quantity is None:
            continue
        for contest, number in total.by_contest.items():
            lines[(total.item, contest, "")] = (total.name, number)
        parted = Counter(contest for contest, _ in total.by_dapil)
        for (contest, dapil), number in total.by_dapil.items():
            if parted[contest] > 1:
                lines[(total.item, contest, dapil)] = (total.name, number)
    return lines


def check_stock(rulebook: Rulebook, item: str, condition: str, count: int) -> None:
    """BadStock unless the item exists, the condition is known and the count is not below nought."""
    if rulebook.item(item) is None or condition not in CONDITIONS or not 0 <= count <= 100_000_000:
        raise BadStock(item=item, condition=condition, quantity=count)


def to_procure(total: Total, stock: Mapping[str, int]) -> int | None:
    """What is still to be procured when existing stock in good condition is used first; damaged stock offsets nothing."""
    return None if total.quantity is None else max(0, total.quantity - stock.get("baik", 0))


def unknown(rulebook: Rulebook) -> list[Item]:
    """Items that cannot be computed yet, the critical ones first."""
    return sorted(regulation.Rulebook.unknown(rulebook), key=lambda item: not item.critical)


# --- early warning -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Additional:
    """Voters of a TPS beyond its DPT (DPTb and DPK as counted or foreseen) against the smallest reserve of its ballots."""

    tps: str
    name: str
    dptb: int
    dpk: int
    reserve: int
    since_at: datetime
    estimate: bool = False


def additional_signals(found: Iterable[Additional]) -> list[record.Signal]:
    """R13: more additional voters than reserve ballots. As many as there are ballots is enough."""
    return [
        record.Signal(
            "R13", "TANTANGAN", f"tps:{one.tps}", "high", ("KPU", "BAWASLU"), one.since_at,
            {"tps": one.name, "dptb": one.dptb, "dpk": one.dpk, "reserve": one.reserve}, (one.tps,),
            "PERKIRAAN" if one.estimate else "", one.tps,
        )
        for one in found
        if one.dptb + one.dpk > one.reserve
    ]  # fmt: skip
