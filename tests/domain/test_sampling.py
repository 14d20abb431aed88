"""Sampling: exact to the last box, honest for every true number, and repeatable by anybody."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import sampling as rules

AT = datetime(2024, 2, 10, 3, tzinfo=UTC)
FIVE = Fraction(1, 20)
DICE = "4 1 6 2 3 5 5 1 2 6 4 3 1 1 6 5 2 4 3 6"


# --- statistics ---------------------------------------------------------------------------------------------------------------------------


def counted(found: int, population: int, wrong: int, size: int) -> Fraction:
    """By trying every sample."""
    samples = list(combinations(range(population), size))
    return Fraction(sum(sum(i < wrong for i in s) <= found for s in samples), len(samples))


@pytest.mark.parametrize("population", [1, 2, 5, 7])
def test_the_chance_is_that_of_counting_all_samples(population: int) -> None:
    for wrong in range(population + 1):
        for size in range(population + 1):
            for found in range(size + 1):
                assert rules.chance_at_most(found, population, wrong, size) == counted(found, population, wrong, size)


@pytest.mark.parametrize("population", [1, 2, 6, 13])
@pytest.mark.parametrize("risk", [Fraction(1, 20), Fraction(1, 10), Fraction(1, 100)])
def test_the_bound_is_the_largest_number_not_ruled_out(population: int, risk: Fraction) -> None:
    for size in range(population + 1):
        for found in range(size + 1):
            possible = range(found, population - size + found + 1)
            best = max((k for k in possible if rules.chance_at_most(found, population, k, size) > risk), default=found)
            assert rules.upper_bound(population, size, found, risk) == best


@pytest.mark.parametrize("population", [1, 8, 20, 31])
def test_whatever_the_truth_the_statement_is_false_with_at_most_the_stated_risk(population: int) -> None:
    for size in range(population + 1):
        bounds = [rules.upper_bound(population, size, d, FIVE) for d in range(size + 1)]
        for wrong in range(population + 1):
            most = min(size, wrong)
            fails = [d for d in range(max(0, size - (population - wrong)), most + 1) if bounds[d] < wrong]
            chance = sum(
                (rules.chance_at_most(d, population, wrong, size) - rules.chance_at_most(d - 1, population, wrong, size) for d in fails),
                Fraction(0),
            )
            assert chance <= FIVE, (population, size, wrong)


def test_a_full_count_knows_and_no_sample_knows_nothing() -> None:
    assert rules.upper_bound(363, 363, 4, FIVE) == 4
    assert rules.upper_bound(363, 0, 0, FIVE) == 363
    assert rules.upper_bound(363, 20, 20, FIVE) == 363
    assert rules.upper_bound(1, 1, 0, FIVE) == 0


@pytest.mark.parametrize(
    ("population", "tolerable", "expected", "size"),
    [(1815, 18, 0, 264), (1815, 18, 1, 410), (1815, 0, 0, 1725), (1815, 90, 0, 58), (363, 3, 0, 191), (363, 18, 0, 52), (20, 0, 0, 19)],
)
def test_known_sizes(population: int, tolerable: int, expected: int, size: int) -> None:
    """Belitung Timur: 1,815 boxes of TPS, 363 per contest; sizes checked by hand with the product formula, and by their neighbours here."""
    found = rules.sample_size(population, tolerable, FIVE, expected)
    assert found == size
    assert rules.chance_at_most(expected, population, tolerable + 1, found) <= FIVE
    assert rules.chance_at_most(expected, population, tolerable + 1, found - 1) > FIVE


@pytest.mark.parametrize("population", [1, 4, 11])
def test_the_size_is_the_smallest_that_works(population: int) -> None:
    for tolerable in range(population + 2):
        for expected in range(min(tolerable, population) + 1):
            good = [n for n in range(max(1, expected), population + 1) if rules.upper_bound(population, n, expected, FIVE) <= tolerable]
            assert rules.sample_size(population, tolerable, FIVE, expected) == min(good)


def test_more_expected_faults_than_tolerated_cannot_be_planned_for() -> None:
    with pytest.raises(rules.Impossible):
        rules.sample_size(1815, 2, FIVE, 3)
    for wrong in ((0, 0, FIVE), (10, -1, FIVE), (10, 1, Fraction(0)), (10, 1, Fraction(1))):
        with pytest.raises(rules.BadPlan):
            rules.sample_size(*wrong)


@given(st.integers(1, 200), st.data())
def test_more_samples_never_loosen_and_more_faults_never_tighten_the_bound(population: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, population))
    found = data.draw(st.integers(0, size - 1))
    bound = rules.upper_bound(population, size, found, FIVE)
    assert rules.upper_bound(population, size, found + 1, FIVE) >= bound
    assert rules.upper_bound(population, size - 1, min(found, size - 1), FIVE) >= bound
    assert rules.upper_bound(population, size, found, Fraction(1, 100)) >= bound, "a surer statement says less"


@pytest.mark.parametrize(("population", "share", "tolerable"), [(1815, 10, 18), (1800, 10, 17), (363, 10, 3), (363, 50, 18), (10, 10, 0)])
def test_fewer_than_a_share_means_strictly_fewer(population: int, share: int, tolerable: int) -> None:
    assert rules.tolerable_of(population, share) == tolerable
    assert tolerable * 1000 < share * population <= (tolerable + 1) * 1000


def test_statements_that_shall_hold_together_share_the_risk() -> None:
    assert rules.risk_of(950) == FIVE
    assert rules.risk_of(950, 5) == Fraction(1, 100)
    for wrong in ((499, 1), (1000, 1), (950, 0)):
        with pytest.raises(rules.BadPlan):
            rules.risk_of(*wrong)


@pytest.mark.parametrize(("typed", "tenths"), [("1", 10), ("0,5", 5), ("2.5", 25), ("5 %", 50), ("10%", 100)])
def test_per_cent_as_people_type_them(typed: str, tenths: int) -> None:
    assert rules.permille(typed) == tenths


@pytest.mark.parametrize("typed", ["", "satu", "1,55", "-1", "100", "1/2"])
def test_what_is_no_share_is_refused(typed: str) -> None:
    with pytest.raises(rules.NotANumber):
        rules.permille(typed)


# --- drawing ------------------------------------------------------------------------------------------------------------------------------

CODES = [f"BOX{n:05}" for n in range(60)]


def test_a_sceptic_with_nothing_but_python_draws_the_same_boxes() -> None:
    seed = rules.seed_of("dice", "", DICE)
    script = (
        "import hashlib, sys\n"
        "codes = sys.stdin.read().split()\n"
        "ticket = lambda code: hashlib.sha256((sys.argv[1] + ',' + code).encode()).hexdigest()\n"
        "print(*sorted(codes, key=ticket)[:7])\n"
    )
    run = subprocess.run([sys.executable, "-c", script, seed], input="\n".join(CODES), capture_output=True, text=True, check=True)
    assert tuple(run.stdout.split()) == rules.drawn(seed, CODES, 7)


def test_the_draw_does_not_depend_on_the_order_of_the_list_and_a_larger_one_contains_the_smaller() -> None:
    assert rules.drawn("s", reversed(CODES), 9) == rules.drawn("s", CODES, 9)
    assert rules.drawn("s", CODES, 20)[:9] == rules.drawn("s", CODES, 9)
    assert set(rules.drawn("s", CODES, 60)) == set(CODES)
    assert rules.drawn("s", CODES, 9) != rules.drawn("t", CODES, 9)


def test_the_hash_of_the_list_is_that_of_its_lines() -> None:
    assert rules.population_hash(["B", "A"]) == hashlib.sha256(b"A\nB\n").hexdigest()
    assert rules.population_hash(["AB"]) != rules.population_hash(["A", "B"])


def test_over_many_seeds_every_box_is_drawn_about_equally_often() -> None:
    times = dict.fromkeys(CODES, 0)
    for number in range(1200):
        for code in rules.drawn(str(number), CODES, 6):
            times[code] += 1
    spread = sum((n - 120) ** 2 / 120 for n in times.values())
    assert spread < 100, "chi-square with 59 degrees of freedom exceeds 100 once in a thousand; these seeds are fixed"


def test_seeds_as_people_read_them_out() -> None:
    assert rules.seed_of("dice", "", DICE) == DICE.replace(" ", "")
    assert rules.seed_of("dice", "", DICE.replace(" ", "-")) == DICE.replace(" ", "")
    digest = rules.agreed_digest(" IHSG penutupan 12 Februari 2024 ")
    assert digest == hashlib.sha256(b"IHSG penutupan 12 Februari 2024").hexdigest()
    assert rules.agreed_digest("  ") == ""
    assert rules.seed_of("public", digest, "7.297,67".replace(",", ".")) == f"{digest} 729767"
    for kind, typed in (("dice", "1" * 19), ("dice", "1" * 20), ("dice", ""), ("dice", "12345abc901234567890"), ("public", "12")):
        with pytest.raises(rules.BadSeed):
            rules.seed_of(kind, digest, typed)


# --- an audit -----------------------------------------------------------------------------------------------------------------------------


def audit(size: int = 6, tolerable: int = 20) -> rules.Audit:
    boxes = tuple(rules.Boxed(code, "DPR", f"19.06.01.2001.{n:03}", "BABEL") for n, code in enumerate(CODES, start=1))
    plan = rules.Plan(size, tolerable, 950)
    return rules.Audit("UJI-001", "S-1", "", boxes, rules.population_hash(CODES), plan, "dice", "", "p-ani", AT)


def result(box: str, *kinds: str) -> rules.Result:
    return rules.Result(box, kinds, None, None, "", "p-lutfi", "p-oki", AT + timedelta(hours=2))


def after_draw(**more: object) -> rules.Audit:
    codes = rules.drawn("s", CODES, 6)
    return replace(audit(), seed="s", drawn=codes, drawn_at=AT + timedelta(hours=1), **more)  # type: ignore[arg-type]


def test_the_list_is_frozen_before_the_seed_and_drawn_once() -> None:
    rules.check_draw(audit(), AT + timedelta(seconds=1))
    with pytest.raises(rules.SeedTooEarly):
        rules.check_draw(audit(), AT)
    with pytest.raises(rules.AlreadyDrawn):
        rules.check_draw(after_draw(), AT + timedelta(hours=2))
    with pytest.raises(rules.ListBroken):
        rules.check_draw(replace(audit(), boxes=audit().boxes[1:]), AT + timedelta(hours=1))
    with pytest.raises(rules.Abandoned):
        rules.check_draw(replace(audit(), abandoned_at=AT), AT + timedelta(hours=1))


def test_a_commit_needs_boxes_a_plan_and_for_a_public_number_the_words() -> None:
    good = audit()
    rules.check_commit(good.boxes, good.plan, "dice", "")
    rules.check_commit(good.boxes, good.plan, "public", "IHSG penutupan 12 Februari")
    for wrong, args in (
        (rules.NoBoxes, ((), good.plan, "dice", "")),
        (rules.BadPlan, (good.boxes, replace(good.plan, size=0), "dice", "")),
        (rules.BadPlan, (good.boxes, replace(good.plan, size=61), "dice", "")),
        (rules.BadPlan, (good.boxes + good.boxes[:1], good.plan, "dice", "")),
        (rules.BadPlan, (good.boxes, replace(good.plan, confidence_permille=1000), "dice", "")),
        (rules.BadSeed, (good.boxes, good.plan, "komputer", "")),
        (rules.AgreementMissing, (good.boxes, good.plan, "public", "IHSG")),
    ):
        with pytest.raises(wrong):
            rules.check_commit(*args)


def test_a_result_needs_a_drawn_box_two_persons_and_one_verdict() -> None:
    now = after_draw()
    inside, outside = now.drawn[0], next(c for c in CODES if c not in now.drawn)
    rules.check_result(now, inside, True, (), "p-lutfi", "p-oki")
    rules.check_result(now, inside, False, ("short", "seal_broken"), "p-lutfi", "p-oki")
    done = after_draw(results={inside: result(inside)})
    for wrong, args in (
        (rules.NotInSample, (now, outside, True, (), "p-lutfi", "p-oki")),
        (rules.SamePerson, (now, inside, True, (), "p-lutfi", "p-lutfi")),
        (rules.SamePerson, (now, inside, True, (), "p-lutfi", "")),
        (rules.VerdictMissing, (now, inside, False, (), "p-lutfi", "p-oki")),
        (rules.VerdictMissing, (now, inside, True, ("short",), "p-lutfi", "p-oki")),
        (rules.UnknownKind, (now, inside, False, ("hilang",), "p-lutfi", "p-oki")),
        (rules.AlreadyExamined, (done, inside, True, (), "p-lutfi", "p-oki")),
        (rules.NotDrawn, (audit(), inside, True, (), "p-lutfi", "p-oki")),
    ):
        with pytest.raises(wrong):
            rules.check_result(*args)


def test_a_correction_names_another_verdict_two_persons_and_late_a_reason() -> None:
    box = after_draw().drawn[0]
    done = after_draw(results={box: result(box, "short")})
    soon, late = AT + timedelta(hours=2, minutes=10), AT + timedelta(hours=3)
    assert rules.check_correction(done, box, True, (), "", "p-lutfi", "p-oki", soon).kinds == ("short",)
    rules.check_correction(done, box, True, (), "salah lihat", "p-ani", "p-oki", late)
    for wrong, args in (
        (rules.ReasonMissing, (done, box, True, (), "", "p-lutfi", "p-oki", late)),
        (rules.ReasonMissing, (done, box, True, (), "", "p-ani", "p-oki", soon)),
        (rules.SamePerson, (done, box, True, (), "x", "p-lutfi", "p-lutfi", soon)),
        (rules.NothingChanged, (done, box, False, ("short",), "x", "p-lutfi", "p-oki", soon)),
        (rules.NotExamined, (after_draw(), box, True, (), "x", "p-lutfi", "p-oki", soon)),
    ):
        with pytest.raises(wrong):
            rules.check_correction(*args)


def test_a_box_that_was_drawn_and_not_examined_counts_as_wrong() -> None:
    now = after_draw()
    with pytest.raises(rules.NotDrawn):
        rules.statement(audit())
    said = rules.statement(now)
    assert (said.counted, said.wrong, said.final, said.bound) == (6, 0, False, 60)
    clean = after_draw(results={box: result(box) for box in now.drawn})
    said = rules.statement(clean)
    assert (said.counted, said.final, clean.state) == (0, True, "done")
    assert said.bound == rules.upper_bound(60, 6, 0, FIVE)
    one = after_draw(results={box: result(box, *(["short"] if box == now.drawn[0] else [])) for box in now.drawn})
    assert rules.statement(one).bound > said.bound
    assert said.share_myriad * 60 >= said.bound * 10_000 > (said.share_myriad - 1) * 60


def test_what_was_found_is_signalled_and_a_clean_sample_is_silent() -> None:
    now = after_draw()
    clean = after_draw(results={box: result(box) for box in now.drawn})
    clean = replace(clean, plan=replace(clean.plan, tolerable=rules.statement(clean).bound))
    assert rules.signals_of(clean, {}) == []
    above = replace(clean, plan=replace(clean.plan, tolerable=rules.statement(clean).bound - 1))
    assert [s.rule for s in rules.signals_of(above, {})] == ["R05.batas"]
    bad = after_draw(
        results={now.drawn[0]: result(now.drawn[0], "wrong_dapil", "seal_broken"), now.drawn[1]: result(now.drawn[1], "short")}
    )
    assert [(s.rule, s.severity) for s in rules.signals_of(bad, {})] == [("R05.uji", "critical"), ("R06.uji", "critical")]
