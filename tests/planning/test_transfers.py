"""Who helps whom: equal to brute force on small cases, the same answer every time, and sensible about trips."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from posko.domain import transfers as rules
from posko.planning import transfers

AT = datetime(2024, 11, 27, 0, 30, tzinfo=UTC)
Pair = tuple[str, str]


def question(wants: dict[str, int], spares: dict[str, int], minutes: dict[Pair, int]) -> rules.Question:
    options = tuple(
        rules.Option(g, r, spares[g], m, rules.arrival(AT, m, rules.Limits()), False, "") for (g, r), m in sorted(minutes.items())
    )
    dapil = dict.fromkeys([*wants, *spares], "BABEL")
    return rules.Question("SURAT_SUARA", "GUB", wants, spares, dapil, options, rules.Keeping(), AT, AT + timedelta(hours=6))


def every_flow(wants: dict[str, int], spares: dict[str, int], pairs: list[Pair]) -> Iterator[dict[Pair, int]]:
    for numbers in product(*(range(min(spares[g], wants[r]) + 1) for g, r in pairs)):
        given_by: dict[str, int] = {}
        got: dict[str, int] = {}
        for (g, r), n in zip(pairs, numbers, strict=True):
            given_by[g], got[r] = given_by.get(g, 0) + n, got.get(r, 0) + n
        if all(n <= spares[g] for g, n in given_by.items()) and all(n <= wants[r] for r, n in got.items()):
            yield dict(zip(pairs, numbers, strict=True))


@st.composite
def small(draw: st.DrawFn) -> tuple[dict[str, int], dict[str, int], dict[Pair, int]]:
    wants = {f"r{i}": draw(st.integers(1, 4)) for i in range(draw(st.integers(1, 2)))}
    spares = {f"g{i}": draw(st.integers(1, 4)) for i in range(draw(st.integers(1, 3)))}
    pairs = [(g, r) for g in spares for r in wants if draw(st.integers(0, 4))]
    return wants, spares, {pair: draw(st.sampled_from([15, 15, 20, 31])) for pair in pairs}


@given(small())
def test_the_proposal_is_as_good_as_the_best_of_all(case: tuple[dict[str, int], dict[str, int], dict[Pair, int]]) -> None:
    wants, spares, minutes = case
    about = question(wants, spares, minutes)
    made = transfers.plan(wants, spares, minutes, nodes=10_000)
    best = min(rules.objective(about, flow) for flow in every_flow(wants, spares, sorted(minutes)))
    assert made.proven
    assert rules.objective(about, made.flow) == best
    assert rules.violations(rules.legs_of(about, made.flow), about) == []


def test_one_trip_with_all_is_better_than_two_of_which_one_carries_two_sheets() -> None:
    wants, spares = {"R": 100}, {"A": 2, "B": 100}
    made = transfers.plan(wants, spares, {("A", "R"): 15, ("B", "R"): 25})
    assert made.flow == {("B", "R"): 100}


def test_a_far_giver_is_used_only_for_what_the_near_ones_lack() -> None:
    made = transfers.plan({"R": 100}, {"A": 60, "B": 90}, {("A", "R"): 15, ("B", "R"): 30})
    assert made.flow == {("B", "R"): 40, ("A", "R"): 60}
    made = transfers.plan({"R": 90}, {"A": 60, "B": 90}, {("A", "R"): 15, ("B", "R"): 30})
    assert made.flow == {("B", "R"): 90}, "one trip of 30 minutes instead of 45 minutes in two"


def test_covering_more_goes_before_travelling_less() -> None:
    made = transfers.plan({"R": 10, "S": 10}, {"A": 10, "B": 10}, {("A", "R"): 5, ("A", "S"): 6, ("B", "R"): 500})
    assert made.flow == {("A", "S"): 10, ("B", "R"): 10}


def test_two_in_need_are_served_by_two_whole_trips() -> None:
    wants, spares = {"R": 30, "S": 20}, {"A": 30, "B": 20}
    minutes = {("A", "R"): 20, ("A", "S"): 15, ("B", "R"): 20, ("B", "S"): 20}
    made = transfers.plan(wants, spares, minutes)
    assert made.proven
    assert made.flow == {("A", "R"): 30, ("B", "S"): 20}, "taking the nearest first would need three trips"


def test_no_pair_and_no_surplus_give_an_empty_plan() -> None:
    assert transfers.plan({"R": 5}, {}, {}).flow == {}
    assert transfers.plan({"R": 5}, {"A": 0}, {("A", "R"): 5}).covered == 0


def test_the_same_question_in_another_order_has_the_same_answer() -> None:
    wants, spares = {"R": 7, "S": 5}, {f"G{i}": 3 for i in range(6)}
    minutes = {(g, r): 20 for g in spares for r in wants}
    backwards = transfers.plan(dict(reversed(wants.items())), dict(reversed(spares.items())), dict(reversed(minutes.items())))
    assert transfers.plan(wants, spares, minutes).flow == backwards.flow


def test_a_hard_case_stops_at_its_limit_says_so_and_is_still_allowed() -> None:
    wants = {f"R{i}": 50 + i for i in range(4)}
    spares = {f"G{i:02}": 7 + i % 5 for i in range(40)}
    minutes = {(g, r): 15 + (i * 7 + j * 3) % 11 for i, g in enumerate(spares) for j, r in enumerate(wants)}
    made = transfers.plan(wants, spares, minutes, nodes=3)
    about = question(wants, spares, minutes)
    assert not made.proven
    assert made.covered == min(sum(wants.values()), sum(spares.values()))
    assert rules.violations(rules.legs_of(about, made.flow), about) == []
