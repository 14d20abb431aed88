"""AGHT: kind, probability, loss, rank; each a rule that can be repeated by hand."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

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


def test_answers_survive_being_written_down() -> None:
    for operational, intent, happening, own, violation in itertools.product(*[[False, True]] * 4, Violation):
        answers = Answers(operational, intent, happening, own, violation)
        assert Answers.read(answers.written()) == answers
        assert len(answers.written()) <= 20
    assert Answers.read("") is None


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
    loss = aght.expected_loss(0.5, 105, Shares(20, 60, 100))
    assert (loss.low, loss.mode, loss.high, loss.expected) == (11, 32, 53, 32)
    assert aght.expected_loss(0.9, 0, Shares(0, 50, 100)) == aght.Loss(0, 0, 0, 0, 0, 0)


def test_what_may_be_lost_is_nothing_where_the_claim_probably_does_not_hold() -> None:
    assert aght.expected_loss(0.04, 1000, Shares(10, 20, 30)).p95 == 0
    assert aght.expected_loss(0.06, 1000, Shares(10, 20, 30)).p95 > 100
    sure = aght.expected_loss(1.0, 1000, Shares(10, 20, 30))
    assert (sure.p5, sure.p95) == (132, 268)
    assert aght.expected_loss(1.0, 1000, Shares(20, 20, 20)) == aght.Loss(200, 200, 200, 200, 200, 200)


@given(st.floats(0.01, 0.99), st.tuples(*[st.integers(0, 100)] * 3).map(sorted))
def test_the_quantiles_are_those_of_the_simulated_mixture(p: float, three: list[int]) -> None:
    shares, rng = Shares(*three), Random(1)
    draws = sorted(1000 * rng.triangular(three[0], three[2], three[1]) / 100 if rng.random() < p else 0.0 for _ in range(4000))
    loss = aght.expected_loss(p, 1000, shares)
    for q, found in ((0.05, loss.p5), (0.95, loss.p95)):
        below, above = draws[int((q - 0.012) * 4000)], draws[int((q + 0.012) * 4000)]
        assert below - 1 <= found <= above + 1
    assert loss.expected == pytest.approx(sum(draws) / 4000, abs=25)


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


# --- grading by two, time left, calibration, layers -------------------------------------------------------------------------


def test_grades_of_one_person_are_counted() -> None:
    other = replace(graded("A", "1"), information_by="p-nila")
    assert aght.by_one([graded("A", "1"), other, graded("B", "")]) == (1, 2)
    assert [line.by_one for line in aght.posterior(0.1, [graded("A", "1")]).lines] == [True]


def test_the_second_scale_waits_two_hours_for_another_analyst() -> None:
    half = graded("A", "")
    assert aght.offered(half, "p-nila", 1, AT)
    assert aght.offered(half, "p-citra", 0, AT)
    assert not aght.offered(half, "p-citra", 1, AT + aght.OTHER_FIRST - timedelta(minutes=1))
    assert aght.offered(half, "p-citra", 1, AT + aght.OTHER_FIRST)


def due(hours: int | None, code: str, mode: int = 60) -> aght.Aght:
    item = an_item(code, mode=mode, seen_at=AT)
    last = None if hours is None else AT + timedelta(hours=hours)
    return replace(item, assessments=(replace(item.now, last_useful_at=last),))


def test_equal_losses_are_ordered_by_the_time_left_to_act() -> None:
    items = [due(None, "A-1"), due(-2, "A-2"), due(30, "A-3"), due(2, "A-4"), due(900, "A-5", mode=100)]
    assert [i.code for i in aght.ranked(items)] == ["A-5", "A-4", "A-3", "A-1", "A-2"]


def test_time_left_is_whole_hours_from_the_moment_it_is_looked_at() -> None:
    assert due(5, "A").time_left_h == 5
    assert replace(due(5, "A"), seen_at=AT + timedelta(minutes=1)).time_left_h == 4
    assert replace(due(5, "A"), seen_at=AT + timedelta(hours=6)).time_left_h == -1
    assert due(None, "A").time_left_h is None


def closed(code: str, outcome: aght.Outcome | None, p_permille: int | None) -> aght.Aght:
    return an_item(code, changes=(aght.Change(Standing.CLOSED, "selesai", "p-citra", AT, outcome, p_permille),))


def test_an_item_is_closed_with_what_became_of_its_claim() -> None:
    with pytest.raises(aght.MissingOutcome):
        aght.check_change(an_item(), Standing.CLOSED)
    aght.check_change(an_item(), Standing.CLOSED, aght.Outcome.UNKNOWN)
    aght.check_change(an_item(), Standing.TREATED)


def test_only_known_outcomes_of_closed_items_are_scored_with_the_probability_that_stood() -> None:
    items = [closed("A-2", aght.Outcome.HELD, 900), closed("A-1", aght.Outcome.NOT_HELD, None), closed("A-3", aght.Outcome.UNKNOWN, 500)]
    said = aght.forecasts([*items, closed("A-4", None, 500), an_item("A-5")])
    assert [(f.code, round(f.p, 3), f.held) for f in said] == [("A-1", 0.287, False), ("A-2", 0.9, True)]


def test_the_brier_score_is_worked_by_hand() -> None:
    said = [aght.Forecast("1", 0.9, True), aght.Forecast("2", 0.9, False), aght.Forecast("3", 0.1, False), aght.Forecast("4", 0.1, False)]
    found = aght.brier(said)
    assert found is not None
    assert found.score == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)
    assert found.uncertainty == pytest.approx(0.25 * 0.75)
    assert found.reliability == pytest.approx((2 * 0.4**2 + 2 * 0.1**2) / 4)
    assert found.resolution == pytest.approx((2 * 0.25**2 + 2 * 0.25**2) / 4)
    assert found.within == pytest.approx(0, abs=1e-12)
    assert not found.enough
    assert aght.brier([]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_parts_of_the_brier_score_add_up(pairs: list[tuple[float, bool]]) -> None:
    found = aght.brier([aght.Forecast(str(n), p, held) for n, (p, held) in enumerate(pairs)])
    assert found is not None
    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty + found.within)
    assert sum(b.n for b in found.bins) == found.n == len(pairs)
    assert found.enough == (len(pairs) >= 20)


def test_wilsons_interval_is_the_published_example() -> None:
    low, high = aght.wilson(81, 263)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert aght.wilson(0, 0) == (0.0, 1.0)


def a_layer(**more: object) -> aght.Layer:
    cells = (aght.Cell("19.06.01.2001", "rawan", 2), aght.Cell("19.06.01.2001.003", "rawan", 1), aght.Cell("19.06.02.2001", "khusus", 1))
    made = aght.Layer("LAPIS-01", aght.Owner.POLRES, "Kelas TPS", "1", "surat", AT.date(), "0" * 64, cells, None, "p-citra", AT)
    return replace(made, **more)  # type: ignore[arg-type]


def test_published_totals_that_do_not_add_up_are_shown_as_a_gap() -> None:
    assert a_layer().gap is None
    assert a_layer(stated=4).gap == 0
    assert a_layer(stated=10).gap == 6
    assert a_layer().by_desa() == {"19.06.01.2001": {"rawan": 3}, "19.06.02.2001": {"khusus": 1}}
    assert a_layer().labels == ("rawan", "khusus")


@pytest.mark.parametrize("label", ["Di dekat posko kampanye", "basis massa caleg", "Rumah calon anggota dewan"])
def test_indicators_about_participants_keep_no_name(label: str) -> None:
    assert aght.neutral_label(label) == aght.NEAR_PARTICIPANTS


@pytest.mark.parametrize("label", ["Sulit dijangkau", "di dekat sekolah", "kendala internet", "DPT tidak memenuhi syarat"])
def test_other_indicators_keep_theirs(label: str) -> None:
    assert aght.neutral_label(label) == label.lower()


def test_a_layer_needs_its_origin_and_is_taken_once() -> None:
    for field in ("name", "version", "source"):
        with pytest.raises(aght.BadLayer):
            aght.check_layer(a_layer(**{field: ""}), (), AT.date())
    with pytest.raises(aght.BadLayer):
        aght.check_layer(a_layer(issued=date(2023, 12, 6)), (), AT.date())
    with pytest.raises(aght.LayerTwice):
        aght.check_layer(a_layer(version="2"), [a_layer()], AT.date())
    aght.check_layer(a_layer(version="2", sha256="1" * 64), [a_layer()], AT.date())
    aght.check_layer(a_layer(owner=aght.Owner.BAWASLU), [a_layer()], AT.date())


def test_reports_of_one_chain_are_one_origin() -> None:
    heard = [("19.06.01.2001.004", "a"), ("19.06.01.2001", "a"), ("19.06.01.2001", "b"), ("19.06.02.2001", "a"), ("", "c")]
    assert aght.origins(heard) == {"19.06.01.2001": 2, "19.06.02.2001": 1}


# --- early warning: misleading news (R21) ----------------------------------------------------------------------------------


def news(*chains: str, variable: str = "8", closed: bool = False) -> aght.Aght:
    item = an_item()
    told = tuple(replace(graded("B", "2", c, reported(n)), graded_at=AT + timedelta(hours=n)) for n, c in enumerate(chains, 1))
    changes = (aght.Change(Standing.CLOSED, "Sudah dijelaskan", "p-citra", AT),) if closed else ()
    return replace(item, assessments=(replace(item.now, variable=variable),), gradings=told, changes=changes)


def test_r21_speaks_when_misleading_news_comes_from_two_chains() -> None:
    (found,) = aght.hoax_signals([news("a", "a", "b", "c")])
    assert (found.rule, found.to, found.facts["chains"], found.since_at) == ("R21", ("KPU",), 3, AT + timedelta(hours=3))
    assert aght.hoax_signals([news("a", "a", "a")]) == [], "copies of one message are one chain"
    assert aght.hoax_signals([news("a", "b")], aght.Limits(chains=3)) == []


def test_r21_leaves_out_other_variables_closed_items_and_half_graded_reports() -> None:
    assert aght.hoax_signals([news("a", "b", variable="6")]) == aght.hoax_signals([news("a", "b", closed=True)]) == []
    half = news("a", "b")
    assert aght.hoax_signals([replace(half, gradings=(half.gradings[0], replace(half.gradings[1], information="")))]) == []
