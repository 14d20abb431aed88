"""AGHT: kind, probability, loss, rank; each a rule that can be repeated by hand."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import aght
from posko.domain.aght import Answers, Grading, Kind, Label, Route, Shares, Standing, Violation

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
    now = aght.LABELS[aght.CURRENT_LABELS]
    aght.check_label(now, "geografi", "6")
    for gatra, variable in (("lain", "6"), ("geografi", "11"), ("6", "geografi")):
        with pytest.raises(aght.UnknownLabel):
            aght.check_label(now, gatra, variable)


LABELS = [Label("geografi", "Geografi", "gatra"), Label("8", "Kabar", "variabel", "R21"), Label("6", "Tempat", "variabel")]


def test_a_set_of_labels_has_a_version_a_source_both_lists_and_one_variable_for_misleading_news() -> None:
    found = aght.labels(" Bawaslu-2029/1 ", LABELS, "surat 12")
    assert (found.version, found.information, list(found.variables)) == ("bawaslu-2029/1", "8", ["8", "6"])
    assert aght.labels("x-1/1", aght.label_rows(found), "s").variables == found.variables, "a set reads back from its rows"
    wrong: list[tuple[str, list[Label], str]] = [
        ("bawaslu", LABELS, "s"), ("", LABELS, "s"), ("a b/1", LABELS, "s"), ("bawaslu-2029/1", LABELS, " "),
        ("bawaslu-2029/1", LABELS[1:], "s"), ("bawaslu-2029/1", LABELS[:1], "s"), ("bawaslu-2029/1", LABELS[::2], "s"),
        ("bawaslu-2029/1", [*LABELS, Label("9", "Lagi", "variabel", "R21")], "s"), ("bawaslu-2029/1", [*LABELS, LABELS[0]], "s"),
        ("bawaslu-2029/1", [*LABELS, Label("7", "", "variabel")], "s"), ("bawaslu-2029/1", [*LABELS, Label("7", "x", "lain")], "s"),
    ]  # fmt: skip
    for version, rows, source in wrong:
        with pytest.raises(aght.BadLabels):
            aght.labels(version, rows, source)


def test_what_a_newer_set_changes_is_named_label_by_label() -> None:
    old = aght.labels("x-1/1", LABELS, "s")
    new = aght.labels("x-1/2", [Label("geografi", "Wilayah", "gatra"), LABELS[1], Label("7", "Listrik", "variabel")], "s")
    assert [(c.group, c.code, c.change) for c in aght.label_changes(old, new)] == [
        ("gatra", "geografi", "renamed"), ("variabel", "6", "gone"), ("variabel", "7", "new"),
    ]  # fmt: skip
    assert aght.label_changes(old, old) == []


def test_what_was_seen_of_an_item_changes_with_what_people_did_and_with_nothing_else() -> None:
    item = an_item()
    word = aght.seen(item)
    aght.check_seen(item, word)
    assert aght.seen(replace(item, voters=1, seen_at=AT + timedelta(days=9))) == word
    later = replace(item, assessments=(*item.assessments, replace(item.now, version=2)))
    closed = replace(item, changes=(aght.Change(Standing.TREATED, "x", "p-citra", AT),))
    regraded = replace(item, gradings=(replace(item.gradings[0], source="E"), *item.gradings[1:]))
    for other in (later, closed, regraded):
        with pytest.raises(aght.Changed):
            aght.check_seen(other, word)
    with pytest.raises(aght.Changed):
        aght.check_seen(item, word, hazard_min=30)
    assert aght.news(later, word).assessments == later.assessments[1:]
    assert aght.news(closed, word).changes == closed.changes
    assert aght.news(regraded, word) == aght.News(regraded=True)
    assert aght.news(item, word) == aght.News()
    for nonsense in ("", "-", "1-2", "a-b-c-d", "9999999-0-0-x", "²-0-0-x"):
        assert aght.news(later, nonsense).assessments == later.assessments


def test_what_was_seen_of_a_report_tells_which_part_changed_and_no_grade() -> None:
    before = aght.seen_report("received", None, [])
    after = aght.seen_report("assessing", graded("A", ""), ["BAWASLU:False"])
    assert aght.news_report(before, after) == ("status", "grades", "handed")
    assert aght.news_report(after, after) == ()
    assert aght.news_report("-", after) == aght.REPORT_PARTS
    assert aght.news_report(before, aght.seen_report("received", None, ["DATUN:False"])) == ("handed",)


@pytest.mark.parametrize(
    ("typed", "kept"), [("tt-1", "TT-1"), (" SIM-001/2023 ", "SIM-001/2023"), ("7", "7"), ("B.12/GAKKUMDU/2024", "B.12/GAKKUMDU/2024")]
)
def test_a_receipts_number_is_letters_digits_points_strokes_and_slashes(typed: str, kept: str) -> None:
    assert aght.receipt(typed) == kept


@pytest.mark.parametrize("typed", ["", "TT 1", "diterima", "oleh Budi 7", "PENERIMANYA1", "x" * 40, "1" * 41, "7;", "７", "TT_1"])
def test_words_are_no_receipts_number(typed: str) -> None:
    with pytest.raises(aght.BadReceipt):
        aght.receipt(typed)


@pytest.mark.parametrize(
    ("hours", "time"), [(-1, 0.0), (0, 1.0), (aght.HORIZON_H // 2, 0.5), (aght.HORIZON_H, 0.0), (aght.HORIZON_H + 1, 0.0), (None, None)]
)
def test_the_less_time_is_left_the_sooner_until_the_last_moment_has_passed(hours: int | None, time: float | None) -> None:
    useful = None if hours is None else AT + timedelta(hours=hours)
    item = replace(an_item(), seen_at=AT, assessments=(replace(an_item().now, last_useful_at=useful),))
    assert aght.criteria(item)[2] == time


def test_cost_and_reversibility_are_three_steps_or_unknown_and_cheap_and_final_come_first() -> None:
    now = an_item().now
    ends = {(1, 3): (1.0, 1.0), (3, 1): (0.0, 0.0), (2, 2): (0.5, 0.5), (None, None): (None, None)}
    for (cost, reversal), expected in ends.items():
        found = aght.criteria(replace(an_item(), assessments=(replace(now, cost=cost, reversal=reversal),)))
        assert (found[3], found[1]) == expected
    for wrong in (0, 4):
        with pytest.raises(aght.BadStep):
            replace(now, cost=wrong)
        with pytest.raises(aght.BadStep):
            replace(now, reversal=wrong)


@pytest.mark.parametrize(("n", "top"), [(0, 1), (3, 1), (4, 3), (10, 3), (11, 10), (300, 10)])
def test_high_means_ten_or_fewer_where_ten_would_be_nearly_all(n: int, top: int) -> None:
    assert aght.top(n) == top


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
    assert not aght.offered(graded("", "2"), "p-citra", 1, AT, "source"), "the other way round too"
    assert aght.offered(graded("A", "2"), "p-citra", 1, AT), "a correction of one's own grade"
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
