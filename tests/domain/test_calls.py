"""The call list: what a call is worth, in which order, who holds a TPS, what comes back to the list and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import calls, forecast, readiness
from posko.domain.calls import Outcome, Standing

OPENS = datetime(2024, 2, 14, tzinfo=UTC)  # 07.00 WIB
AT = OPENS - timedelta(minutes=150)


def a_case(tps: str = "1", ready: int | None = None, *causes: tuple[str, int], **more: object) -> calls.Case:
    outlook = None if ready is None else forecast.TpsOutlook(tps, ready, tuple(forecast.Cause(c, tps, n) for c, n in causes))
    return replace(calls.Case(tps, readiness.State.NOT_READY, True, outlook, 200, 30), **more)  # type: ignore[arg-type]


def order(*cases: calls.Case, at: datetime = AT, **more: dict[str, object]) -> list[str]:
    said = {name: more.get(name, {}) for name in ("calls", "claims")}
    return [line.case.tps for line in calls.queue(cases, said["calls"], said["claims"], OPENS, at)]  # type: ignore[arg-type]


def test_a_call_is_worth_what_it_can_still_turn_of_each_cause() -> None:
    found = calls.worth(a_case("1", 600_000, ("tps", 300_000), ("sea", 100_000)), 150)
    assert (found.ppm, found.cause) == (180_000, "tps")
    assert calls.worth(a_case("1", 700_000, ("tps", 300_000)), 29).ppm == 0, "no time to put it right"
    assert calls.worth(a_case("1", 700_000, ("tps", 300_000)), 30).ppm == 180_000
    assert calls.worth(a_case("1", 700_000, ("new_cause", 300_000)), 150).ppm == 30_000


def test_what_is_surely_ready_or_surely_lost_comes_last() -> None:
    lost, sure = a_case("lost", 0, ("sea", 1_000_000)), a_case("sure", 1_000_000)
    even = a_case("even", 500_000, ("tps", 500_000))
    assert order(lost, sure, even)[0] == "even"
    lines = calls.queue([lost, sure, even], {}, {}, OPENS, AT)
    assert [line.standing for line in lines] == [Standing.OPEN, Standing.NONE, Standing.NONE]
    assert [line.place for line in lines] == [1, 0, 0]


def test_nobody_heard_from_an_unknown_tps_counts_every_case_against_it() -> None:
    silent = a_case("1", 800_000, ("sea", 200_000), state=readiness.State.UNKNOWN, heard=False)
    assert (calls.worth(silent, 150).ppm, calls.worth(silent, 150).cause) == (100_000, "unheard")
    assert calls.worth(replace(silent, heard=True), 150).ppm == 0
    better = replace(silent, outlook=forecast.TpsOutlook("1", 800_000, (forecast.Cause("tps", "1", 200_000),)))
    assert calls.worth(better, 150).cause == "tps", "its causes say more"


def test_without_a_forecast_the_exact_state_orders_the_list() -> None:
    cases = [a_case(s.value, state=s, heard=False) for s in readiness.State]
    assert order(*cases) == ["not_ready", "unknown", "ready"]
    assert calls.worth(cases[0], 150).ppm == 0


def test_of_equal_worth_more_voters_come_first_and_then_the_nearer() -> None:
    a, b, c = (a_case(t, 500_000, ("tps", 500_000), voters=v, away_min=m) for t, v, m in (("a", 200, 50), ("b", 300, 60), ("c", 200, 10)))
    d = replace(a, tps="d", voters=None, away_min=None)
    assert order(d, a, b, c) == ["b", "c", "a", "d"]


def a_call(outcome: Outcome, minutes_ago: int, tps: str = "1", **more: object) -> calls.Call:
    missing = ("TINTA",) if outcome is Outcome.NOT_READY else ()
    return replace(calls.Call(tps, outcome, missing, AT - timedelta(minutes=minutes_ago), "p-ani", "KPU"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "standing"),
    [
        (a_call(Outcome.READY, 10), Standing.ANSWERED), (a_call(Outcome.READY, 181), Standing.OPEN),
        (a_call(Outcome.NOT_READY, 10), Standing.ANSWERED), (a_call(Outcome.NO_ANSWER, 9), Standing.WAITING),
        (a_call(Outcome.NO_ANSWER, 10), Standing.AGAIN), (a_call(Outcome.WRONG_NUMBER, 1), Standing.OPEN),
        (a_call(Outcome.HELP, 200), Standing.HELP), (a_call(Outcome.HELP, 5, settled_at=AT), Standing.ANSWERED),
    ],
)  # fmt: skip
def test_what_came_of_a_call_says_whether_and_when_it_is_tried_again(call: calls.Call, standing: Standing) -> None:
    (line,) = calls.queue([a_case("1", 500_000, ("tps", 500_000))], {"1": call}, {}, OPENS, AT)
    assert line.standing is standing


def test_whoever_holds_a_tps_keeps_others_away_until_the_claim_is_over() -> None:
    mine = calls.Claim("1", "p-ani", AT + timedelta(minutes=1))
    calls.check_claim(mine, "p-ani", AT)
    calls.check_claim(None, "p-budi", AT)
    calls.check_claim(mine, "p-budi", AT + timedelta(minutes=1))
    with pytest.raises(calls.Taken):
        calls.check_claim(mine, "p-budi", AT)
    case = a_case("1", 500_000, ("tps", 500_000))
    assert calls.queue([case], {}, {"1": mine}, OPENS, AT)[0].standing is Standing.CLAIMED
    assert calls.queue([case], {}, {"1": mine}, OPENS, AT + timedelta(minutes=1))[0].standing is Standing.OPEN


def test_how_many_calls_fit_until_telephoning_ends() -> None:
    assert calls.fitting(AT, OPENS, 1) == 22  # 90 minutes, 4 each
    assert calls.fitting(AT, OPENS, 5) == 110
    assert calls.fitting(OPENS - timedelta(hours=1), OPENS, 3) == 0
    assert calls.fitting(OPENS, OPENS, 3) == 0


def test_an_outcome_says_what_is_missing_exactly_when_something_is() -> None:
    assert calls.check_outcome("not_ready", ["TINTA"]) is Outcome.NOT_READY
    for outcome, missing in (("not_ready", []), ("ready", ["TINTA"]), ("maybe", []), ("", [])):
        with pytest.raises(calls.NoOutcome):
            calls.check_outcome(outcome, missing)


def test_the_author_takes_back_the_last_outcome_within_minutes() -> None:
    call = a_call(Outcome.READY, 10)
    calls.check_undo(call, call, "p-ani", AT)
    for wrong in (
        (call, call, "p-budi", AT),
        (call, call, "p-ani", AT + timedelta(seconds=1)),
        (call, a_call(Outcome.HELP, 1), "p-ani", AT),
    ):
        with pytest.raises(calls.TooLate):
            calls.check_undo(*wrong)


@pytest.mark.parametrize(("typed", "dialled"), [(" 0812-3456 789 ", "08123456789"), ("+62 (812) 345.678", "+62812345678")])
def test_a_number_is_kept_as_it_is_dialled(typed: str, dialled: str) -> None:
    assert calls.number(typed) == dialled


@pytest.mark.parametrize("typed", ["", "1234567", "0812x345678", "1" * 16, "++6281234567", "٠٨١٢٣٤٥٦٧٨"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(calls.BadNumber):
        calls.number(typed)


cases = st.builds(
    lambda tps, ready, code, state, heard, voters: a_case(
        str(tps), ready, (code, calls.MILLION - ready), state=state, heard=heard, voters=voters
    ),
    st.integers(0, 30), st.integers(0, calls.MILLION), st.sampled_from([*calls.TURNS, "else"]), st.sampled_from(list(readiness.State)),
    st.booleans(), st.one_of(st.none(), st.integers(0, 300)),
)  # fmt: skip


@given(st.lists(cases, max_size=12, unique_by=lambda c: c.tps), st.integers(0, 200))
def test_the_list_is_a_permutation_in_falling_worth_and_no_call_adds_more_than_is_lost(found: list[calls.Case], left: int) -> None:
    at = OPENS - timedelta(minutes=left)
    lines = calls.queue(found, {}, {}, OPENS, at)
    assert sorted(line.case.tps for line in lines) == sorted(case.tps for case in found)
    open_ = [line for line in lines if line.open]
    assert [line.place for line in lines] == [*range(1, len(open_) + 1), *[0] * (len(lines) - len(open_))]
    assert all(a.worth.ppm >= b.worth.ppm for a, b in pairwise(open_))
    assert all(0 <= line.worth.ppm <= calls.MILLION - calls.outlook_of(line.case)[0] for line in lines)
    assert calls.queue(found[::-1], {}, {}, OPENS, at) == lines, "the order in which they are given says nothing"
