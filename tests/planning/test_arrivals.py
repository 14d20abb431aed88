"""Arrivals: the closed form is what a simulation gives, certain things are certain, and the probabilities come true."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from posko.domain import receipts as rules
from posko.planning import arrivals

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
KEY = ("KOTAK", "", "")
HISTORY = rules.History(
    transit=(4.0, 4.5, 5.0, 6.0, 7.0), lateness=(-2.0, 0.0, 1.0, 3.0), slips=(5.0, 9.0), orders=8, moved=2, replacement=(10.0, 13.0),
    lost=20, counted=4000,
)  # fmt: skip


def days(number: float) -> timedelta:
    return timedelta(days=number)


def question(**more: object) -> rules.Question:
    asked = rules.Question(KEY, 100, 60, (), (), (), AT + days(20), AT, HISTORY)
    return replace(asked, **more)  # type: ignore[arg-type]


def test_what_is_here_is_complete_and_what_nobody_ordered_cannot_be() -> None:
    assert arrivals.outlook(question(good=100), 1).permille == 1000
    bare = arrivals.outlook(question(promises=(rules.Promise(39, AT + days(2)),)), 1)
    assert (bare.verdict, bare.permille, bare.uncovered) == ("uncovered", 0, 1)
    assert arrivals.outlook(question(need=None), 1).permille is None
    way = (rules.OnTheWay(40, AT - days(1)),)
    assert arrivals.outlook(question(on_the_way=way, deadline_at=AT), 1).verdict == "passed"
    assert arrivals.outlook(question(on_the_way=way, deadline_at=None), 1).permille is None


def test_the_same_question_and_seed_have_the_same_answer() -> None:
    asked = question(on_the_way=(rules.OnTheWay(40, AT - days(1)),))
    arrivals.outlook.cache_clear()
    first = arrivals.outlook(asked, 7)
    arrivals.outlook.cache_clear()
    assert arrivals.outlook(asked, 7) == first
    assert first.low is not None
    assert first.high is not None
    assert 1 <= first.low <= (first.permille or 0) <= first.high <= 999


def test_erfc_agrees_with_the_library_far_into_the_tail() -> None:
    points = np.linspace(-6, 12, 400)
    exact = np.array([math.erfc(x) for x in points])
    assert float(np.max(np.abs(arrivals.erfc(points) / exact - 1))) < 2e-7


def test_normal_gamma_learns_as_the_closed_form_says() -> None:
    prior = arrivals.NormalGamma(1.0, 2.0, 3.0, 4.0)
    assert prior.learnt(()) == prior
    one_by_one = prior.learnt((2.0,)).learnt((5.0,)).learnt((3.0,))
    together = prior.learnt((2.0, 5.0, 3.0))
    for name in ("m", "k", "a", "b"):
        assert getattr(one_by_one, name) == pytest.approx(getattr(together, name))
    assert together.m == pytest.approx((2 * 1 + 10) / 5)


@pytest.mark.parametrize(("pieces", "slack"), [(40, 0), (40, 2), (3000, 20), (40, 40)])
def test_few_lost_is_the_binomial(pieces: int, slack: int) -> None:
    rates = np.array([0.001, 0.01, 0.2])
    exact = [sum(math.comb(pieces, k) * r**k * (1 - r) ** (pieces - k) for k in range(slack + 1)) for r in rates]
    assert arrivals.few_lost(pieces, slack, rates) == pytest.approx(exact, rel=1e-9)


def test_many_pieces_are_close_to_the_binomial() -> None:
    rates = np.array([0.005])
    drawn = np.random.default_rng(1).binomial(120_000, 0.005, 40_000)
    assert float(arrivals.few_lost(120_000, 610, rates)[0]) == pytest.approx(float(np.mean(drawn <= 610)), abs=0.01)


def sampled(asked: rules.Question, runs: int = 60_000) -> float:
    """The same world played out piece by piece: draws of parameters, then of every delivery, kept only where nothing came before now."""
    rng = np.random.default_rng(99)
    world = arrivals._world(asked.history, asked.ballots, 3, runs, arrivals.PRIORS)
    last, kept = np.zeros(runs), np.ones(runs, dtype=bool)
    for w in asked.on_the_way:
        took = np.exp(rng.normal(*world.transit)) - (asked.at - w.sent_at) / days(1)
        kept &= took > 0
        last = np.maximum(last, took)
    for p in asked.promises:
        slip = np.where(rng.random(runs) < world.moved, rng.exponential(1 / world.slip_rate), 0)
        came = (p.due_at - asked.at) / days(1) + rng.normal(*world.lateness) + slip
        kept &= came > 0
        last = np.maximum(last, came)
    for o in asked.owed:
        took = np.exp(rng.normal(*world.replacement)) - (asked.at - o.since_at) / days(1)
        kept &= took > 0
        last = np.maximum(last, took)
    lost = rng.binomial(asked.coming, world.lost)
    again = np.exp(rng.normal(*world.replacement))
    slack = asked.good + asked.coming - (asked.need or 0)
    done = np.where(lost <= slack, last, last + again)
    assert asked.deadline_at is not None
    return float(np.mean(done[kept] <= (asked.deadline_at - asked.at) / days(1)))


WAY = rules.OnTheWay(40, AT - days(3))
PROMISE = rules.Promise(40, AT + days(15))


@pytest.mark.parametrize(
    "asked",
    [
        question(on_the_way=(WAY,), good=80),
        question(on_the_way=(WAY,), deadline_at=AT + days(3), good=80),
        question(on_the_way=(WAY,)),
        question(promises=(PROMISE,), good=80),
        question(promises=(rules.Promise(40, AT - days(2)),), good=80),
        question(owed=(rules.Owed(40, AT - days(5)),), good=80),
        question(on_the_way=(rules.OnTheWay(20, AT - days(1)),), promises=(rules.Promise(30, AT + days(9)),)),
        question(on_the_way=(WAY,), ballots=True, deadline_at=AT + days(9)),
    ],
    ids=["under way", "soon", "no slack", "promised", "overdue", "owed", "two parts", "ballots"],
)
def test_the_closed_form_is_what_a_simulation_gives(asked: rules.Question) -> None:
    found = arrivals.spread(asked, 3, draws=6000)
    assert asked.deadline_at is not None
    share = float(found.weights @ found.at((asked.deadline_at - asked.at) / days(1)))
    assert share == pytest.approx(sampled(asked), abs=0.025)


def test_a_single_delivery_without_loss_follows_students_t() -> None:
    """The predictive of a Normal-Gamma is Student's t with 2a degrees of freedom (Murphy 2007, eq. 100)."""
    asked = question(on_the_way=(rules.OnTheWay(40, AT),), good=100_000, need=100_010, deadline_at=AT + days(6))
    belief = arrivals.PRIORS.transit.learnt(tuple(math.log(x) for x in HISTORY.transit))
    scale = math.sqrt(belief.b * (belief.k + 1) / (belief.a * belief.k))
    t, freedom = (math.log(6) - belief.m) / scale, 2 * belief.a
    grid = np.linspace(-200, t, 400_001)
    density = (1 + grid**2 / freedom) ** (-(freedom + 1) / 2)
    norm = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    exact = norm * float(np.sum((density[1:] + density[:-1]) / 2) * (grid[1] - grid[0]))
    found = arrivals.spread(asked, 5, draws=8_000)
    assert float(found.weights @ found.at(6.0)) == pytest.approx(exact, abs=0.01)


def test_more_time_never_makes_it_less_probable_and_lateness_never_more() -> None:
    asked = question(promises=(PROMISE,), good=80)
    shares = [arrivals.outlook(replace(asked, deadline_at=AT + days(d)), 2).permille or 0 for d in (10, 15, 20, 30, 50)]
    assert shares == sorted(shares)
    late = replace(HISTORY, lateness=(6.0, 9.0, 8.0, 12.0))
    assert (arrivals.outlook(replace(asked, history=late), 2).permille or 0) < (arrivals.outlook(asked, 2).permille or 0)


def test_little_data_gives_a_wide_range_and_much_a_narrow_one() -> None:
    few = question(promises=(PROMISE,), good=80, history=rules.History(lateness=(0.0,)), deadline_at=AT + days(17))
    many = replace(few, history=rules.History(lateness=(-3.0, 3.0) * 30, orders=60))
    wide, narrow = arrivals.outlook(few, 2), arrivals.outlook(many, 2)
    assert wide.high is not None
    assert wide.low is not None
    assert narrow.high is not None
    assert narrow.low is not None
    assert wide.high - wide.low > narrow.high - narrow.low


def test_what_holds_back_is_the_worst_part() -> None:
    asked = question(on_the_way=(rules.OnTheWay(20, AT),), promises=(rules.Promise(40, AT + days(19)),), good=80)
    assert arrivals.outlook(asked, 2).holds == "promise"
    assert arrivals.outlook(question(on_the_way=(rules.OnTheWay(40, AT - days(1)),), good=60), 2).holds == "loss"


def test_an_overdue_delivery_long_past_every_experience_still_has_an_answer() -> None:
    asked = question(on_the_way=(rules.OnTheWay(40, AT - days(400)),), promises=(rules.Promise(10, AT - days(300)),), good=60)
    found = arrivals.outlook(asked, 2)
    assert found.verdict == "estimated"
    assert 1 <= (found.permille or 0) <= 999


def test_probabilities_come_true_over_simulated_histories() -> None:
    """Calibration: worlds drawn from the prior, a short record of each, then what happened. Of what was called p, about p come true."""
    rng = np.random.default_rng(2024)
    said, came = [], []
    prior = arrivals.PRIORS.transit
    for _ in range(300):
        precision = rng.gamma(prior.a, 1 / prior.b)
        mean, sd = rng.normal(prior.m, 1 / math.sqrt(prior.k * precision)), 1 / math.sqrt(precision)
        history = rules.History(transit=tuple(float(x) for x in np.exp(rng.normal(mean, sd, 4))))
        limit = float(np.exp(rng.normal(prior.m, 0.6)))
        asked = rules.Question(KEY, 100_000, 99_990, (rules.OnTheWay(500, AT),), (), (), AT + days(limit), AT, history, ballots=True)
        found = arrivals.spread(asked, 11, draws=80)
        said.append(float(found.weights @ found.at(limit)))
        came.append(float(np.exp(rng.normal(mean, sd)) <= limit))
    shares, outcomes = np.array(said), np.array(came)
    assert abs(float(shares.mean() - outcomes.mean())) < 0.06
    for low, high in ((0.0, 0.35), (0.35, 0.65), (0.65, 1.01)):
        inside = (shares >= low) & (shares < high)
        assert inside.sum() > 30
        assert abs(float(shares[inside].mean() - outcomes[inside].mean())) < 0.12
