"""AGHT: kind, probability, loss, rank; each a rule that can be repeated by hand."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import aght
from posko.domain.aght import Answers, Grading, Kind, Route, Shares, Standing, Violation

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)


def graded(source: str, information: str, chain: str = "", report: str = "LAP-001") -> Grading:
    return Grading(report, "Ombak di atas dua meter", chain or report, source, "alasan", "p-citra", information, "alasan", "p-citra", AT)


def p_of(*gradings: Grading) -> float:
    return round(aght.posterior(0.10, gradings).p, 3)


def reported(n: int) -> str:
    return f"LAP-{n:03}"


def test_the_tree_gives_all_four_kinds() -> None:
    assert aght.triage(Answers(True, intent=True)).kind is Kind.ANCAMAN
    assert aght.triage(Answers(True, intent=True, happening=True)).kind is Kind.GANGGUAN
    assert aght.triage(Answers(True, happening=True)).kind is Kind.GANGGUAN
    assert aght.triage(Answers(True, happening=True, own_control=True)).kind is Kind.HAMBATAN
    assert aght.triage(Answers(True)).kind is Kind.TANTANGAN


def test_every_combination_of_answers_has_one_result_and_asks_no_needless_question() -> None:
    for operational, intent, happening, own, violation in itertools.product(*[[False, True]] * 4, Violation):
        result = aght.triage(Answers(operational, intent, happening, own, violation))
        assert (result.kind is not None) == operational == (Route.KPU in result.routes)
        asked = [question for question, _ in result.path]
        assert ("own_control" in asked) == (operational and happening and not intent)


def test_intent_that_is_happening_and_suspected_offences_go_to_bawaslu_and_disputes_to_datun() -> None:
    assert aght.triage(Answers(True, intent=True, happening=True)).routes == (Route.KPU, Route.BAWASLU)
    assert aght.triage(Answers(False, violation=Violation.OFFENCE)).routes == (Route.BAWASLU,)
    assert aght.triage(Answers(False, violation=Violation.DISPUTE)).routes == (Route.DATUN,)
    assert aght.triage(Answers(False)).routes == ()


def test_the_posterior_reproduces_the_worked_examples() -> None:
    assert p_of(graded("B", "2", report="1"), graded("F", "3", report="2"), graded("A", "1", report="3")) == 0.904
    assert p_of(graded("B", "2")) == 0.287
    assert p_of(graded("C", "3")) == 0.124
    assert p_of(graded("F", "4")) == 0.086
    assert p_of(*(graded("F", "3", report=reported(n)) for n in range(5))) == 0.200
    assert p_of(*(graded("F", "3", "satu", reported(n)) for n in range(5))) == 0.132


def test_twenty_forwarded_copies_are_one_chain() -> None:
    independent = p_of(*(graded("F", "3", report=reported(n)) for n in range(20)))
    chain = p_of(*(graded("F", "3", "satu", reported(n)) for n in range(20)))
    assert (independent, chain) == (0.740, 0.133)


GRADINGS = st.lists(
    st.builds(
        graded,
        st.sampled_from("ABCDEF"),
        st.sampled_from("123456"),
        st.sampled_from("xyz"),
        st.integers(1, 999).map(lambda n: f"LAP-{n:03}"),
    ),
    max_size=8,
    unique_by=lambda g: g.report,
)


@given(GRADINGS, st.randoms())
def test_the_order_in_which_reports_came_does_not_matter(gradings: list[Grading], rng: object) -> None:
    shuffled = list(gradings)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert aght.posterior(0.1, gradings) == aght.posterior(0.1, shuffled)


@given(GRADINGS)
def test_the_lines_lead_from_the_prior_to_the_result(gradings: list[Grading]) -> None:
    result = aght.posterior(0.1, gradings)
    assert len(result.lines) == len(gradings)
    assert 0 < result.p < 1
    assert result.p == (result.lines[-1].p if result.lines else pytest.approx(0.1))


@given(GRADINGS, st.permutations(["x", "y", "z"]))
def test_the_names_of_origins_do_not_matter(gradings: list[Grading], names: list[str]) -> None:
    swapped = [replace(g, chain=dict(zip("xyz", names, strict=True))[g.chain]) for g in gradings]
    assert aght.posterior(0.1, swapped).p == pytest.approx(aght.posterior(0.1, gradings).p)


def test_ungraded_evidence_is_not_counted_silently() -> None:
    with pytest.raises(aght.Ungraded):
        aght.posterior(0.1, [graded("A", "")])


def test_the_diagonal_share_counts_complete_gradings_only() -> None:
    assert aght.diagonal([graded("A", "1"), graded("B", "1"), graded("C", "3"), graded("D", "")]) == (2, 3)


def test_expected_loss_is_p_times_voters_times_share() -> None:
    assert aght.expected_loss(0.5, 105, Shares(20, 60, 100)) == aght.Loss(11, 32, 53)
    assert aght.expected_loss(0.9, 0, Shares(0, 50, 100)) == aght.Loss(0, 0, 0)


@pytest.mark.parametrize("shares", [(50, 20, 60), (-1, 0, 0), (0, 0, 101), (10, 20, 15)])
def test_shares_that_contradict_themselves_cannot_be_built(shares: tuple[int, int, int]) -> None:
    with pytest.raises(aght.BadShares):
        Shares(*shares)


@dataclass(frozen=True)
class Tps:
    """As much of a TPS as the rule looks at."""

    code: str
    island: str = ""


TPS = [Tps("19.06.01.2001.001"), Tps("19.06.01.2001.002"), Tps("19.06.07.2003.008", "19.06:P04"), Tps("19.06.01.2010.001", "19.06:P01")]
PIERS = {"19.06:D01": frozenset({"19.06:P01"})}


@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("19.06.01.2001.001", 1),
        ("19.06.01.2001", 2),
        ("19.06.01", 3),
        ("19.06", 4),
        ("19.06:P04", 1),
        ("19.06:D01", 1),
        ("19.06:G01", 4),
        ("19.06.01.2001.00", 0),
        ("19.02", 0),
        ("19.02:G01", 0),
        ("", 0),
    ],
)
def test_a_place_touches_its_tps(place: str, count: int) -> None:
    assert len(aght.affected(place, TPS, PIERS)) == count  # type: ignore[arg-type]


def an_item(code: str = "AGHT-01", place: str = "19.06:P04", voters: int = 105, mode: int = 60, **more: object) -> aght.Aght:
    first = aght.Assessment(1, Kind.TANTANGAN, "Ombak", "geografi", "6", aght.CURRENT_LABELS, 100, Shares(0, mode, 100), "p-citra", AT)
    item = aght.Aght(code, "[SIMULASI] Ombak", place, ("19.06.07.2003.008",), voters, True, (first,), (graded("B", "2"),), (), AT, 95791)
    return replace(item, **more)  # type: ignore[arg-type]


def test_items_are_ranked_by_expected_loss() -> None:
    small, big = an_item("AGHT-01"), an_item("AGHT-02", voters=5000)
    assert [i.code for i in aght.ranked([small, big])] == ["AGHT-02", "AGHT-01"]


@given(st.permutations(["19.06.01.2001", "19.06.02.2009", "19.06.07.2004"]))
def test_exchanging_place_names_changes_no_score_and_no_rank(names: list[str]) -> None:
    items = [an_item(f"AGHT-{n}", place, voters=100 * n) for n, place in enumerate(["19.06.01.2001", "19.06.02.2009", "19.06.07.2004"], 1)]
    swapped = [replace(item, place=name) for item, name in zip(items, names, strict=True)]
    assert [(i.code, i.p, i.loss, i.cell) for i in aght.ranked(items)] == [(i.code, i.p, i.loss, i.cell) for i in aght.ranked(swapped)]


def test_the_cell_stays_within_five_by_five() -> None:
    assert aght.cell(0.0, 0, Shares(0, 0, 0), 0) == (1, 1)
    assert aght.cell(0.99, 95791, Shares(100, 100, 100), 95791) == (5, 5)
    assert aght.cell(0.2, 958, Shares(0, 100, 100), 95791) == (3, 4)


def test_every_title_says_that_it_is_made_up() -> None:
    assert aght.simulated_title("Gudang bocor") == "[SIMULASI] Gudang bocor"
    assert aght.simulated_title("[simulasi] [SIMULASI] Gudang bocor") == "[SIMULASI] Gudang bocor"
    with pytest.raises(aght.Empty):
        aght.simulated_title("[SIMULASI] ")


def test_a_closed_item_takes_no_more_evidence_and_evidence_counts_once() -> None:
    closed = an_item(changes=(aght.Change(Standing.CLOSED, "Ombak reda", "p-citra", AT),))
    with pytest.raises(aght.Closed):
        aght.check_attach(closed, graded("A", "1", report="LAP-009"))
    with pytest.raises(aght.Attached):
        aght.check_attach(an_item(), graded("A", "1"))
    with pytest.raises(aght.Ungraded):
        aght.check_attach(an_item(), graded("A", "", report="LAP-009"))


def test_labels_outside_the_set_cannot_be_used() -> None:
    with pytest.raises(aght.UnknownLabel):
        replace(an_item().now, gatra="lain")
    with pytest.raises(aght.UnknownLabel):
        replace(an_item().now, labels="bawaslu-1999/1")


def test_a_desa_nobody_has_spoken_of_is_unknown_not_quiet() -> None:
    spoken = aght.by_desa(["19.06.07.2003", "19.06.01.2001", "19.06.01.2002"], [an_item()], ["19.06.01.2001.004", "elsewhere"])
    assert [(d.items, d.reports, d.unknown) for d in spoken] == [(1, 0, False), (0, 1, False), (0, 0, True)]


def test_a_closed_item_leaves_the_map_and_the_grid() -> None:
    closed = an_item(changes=(aght.Change(Standing.CLOSED, "Ombak reda", "p-citra", AT),))
    assert aght.by_desa(["19.06.07.2003"], [closed], [])[0].items == 0
    labels = aght.LABELS[aght.CURRENT_LABELS]
    assert aght.grid([an_item(), closed], labels)[Kind.TANTANGAN]["geografi"] == 1


def test_an_open_item_is_stale_after_three_days_without_a_look() -> None:
    assert not aght.stale(an_item(), AT + timedelta(hours=72))
    assert aght.stale(an_item(), AT + timedelta(hours=72, minutes=1))
    treated = an_item(changes=(aght.Change(Standing.TREATED, "Kapal cadangan", "p-citra", AT + timedelta(hours=70)),))
    assert not aght.stale(treated, AT + timedelta(hours=80))
