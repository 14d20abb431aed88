"""Readiness: the minimum over critical items; silence is unknown and never green."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import readiness
from posko.domain.readiness import Answer, State

AT = datetime(2024, 2, 13, 13, tzinfo=UTC)
DUE = datetime(2024, 2, 13, 17, tzinfo=UTC)
BOX = readiness.Stock("KOTAK", "Kotak suara", "buah", 1829, 1829, True)
INK = readiness.Stock("TINTA", "Tinta", "botol", 726, 726, True)
TPS = "19.06.02.2001.001"


def a_check(hours_ago: float = 2, **more: object) -> readiness.Check:
    check = readiness.Check(
        TPS, Answer.YES, (), Answer.YES, Answer.YES, Answer.YES, AT - timedelta(hours=hours_ago), "p-budi", "PPK", mark="[SIMULASI]"
    )
    return replace(check, **more)  # type: ignore[arg-type]


def facts(**more: object) -> readiness.Facts:
    base = readiness.Facts(TPS, (BOX, INK), AT - timedelta(hours=5), a_check(), DUE)
    return replace(base, **more)  # type: ignore[arg-type]


def codes(verdict: readiness.Verdict) -> set[str]:
    return {r.code for r in verdict.reasons}


def test_a_tps_where_a_fresh_check_saw_everything_is_ready() -> None:
    verdict = readiness.judge(facts(), AT)
    assert (verdict.state, verdict.reasons, verdict.late) == (State.READY, (), False)


def test_silence_is_unknown_even_when_everything_should_have_arrived() -> None:
    verdict = readiness.judge(facts(check=None), AT)
    assert verdict.state is State.UNKNOWN
    assert codes(verdict) == {"no_report"}


def test_before_the_planned_arrival_a_silent_tps_is_not_ready_because_not_delivered() -> None:
    verdict = readiness.judge(facts(check=None, arrives_at=AT + timedelta(hours=1)), AT)
    assert verdict.state is State.NOT_READY
    assert "not_delivered" in codes(verdict)


def test_a_short_regency_stock_holds_back_every_tps_that_has_not_reported_complete() -> None:
    short = replace(BOX, have=1262)
    verdict = readiness.judge(facts(check=None, stock=(short, INK), arrives_at=None), AT)
    assert verdict.state is State.NOT_READY
    reason = verdict.reasons[0]
    assert (reason.code, reason.item, reason.have, reason.need) == ("stock_short", "KOTAK", 1262, 1829)
    assert readiness.judge(facts(stock=(short, INK)), AT).state is State.READY


def test_an_unconfirmed_critical_item_makes_a_checked_tps_unknown_not_ready() -> None:
    seal = readiness.Stock("SEGEL", "Segel", "lembar", 0, None, False)
    verdict = readiness.judge(facts(stock=(BOX, seal)), AT)
    assert verdict.state is State.UNKNOWN
    assert codes(verdict) == {"unconfirmed"}


def test_without_computed_needs_even_a_complete_check_leaves_the_tps_unknown() -> None:
    verdict = readiness.judge(facts(stock=()), AT)
    assert (verdict.state, codes(verdict)) == (State.UNKNOWN, {"no_needs"})


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"items": Answer.NO, "missing": ("TINTA",)}, "check_missing"),
        ({"seals": Answer.NO}, "seal_broken"),
        ({"place": Answer.NO}, "place_not_ready"),
        ({"kpps": Answer.NO}, "kpps_absent"),
    ],
)
def test_each_problem_seen_makes_the_tps_not_ready_and_is_named(what: dict[str, object], code: str) -> None:
    verdict = readiness.judge(facts(check=a_check(**what)), AT)
    assert verdict.state is State.NOT_READY
    assert codes(verdict) == {code}


def test_what_nobody_looked_at_is_unknown() -> None:
    verdict = readiness.judge(facts(check=a_check(seals=Answer.UNSEEN)), AT)
    assert verdict.state is State.UNKNOWN
    assert verdict.reasons[0].item == "seals"


def test_all_complete_grows_old_but_a_problem_seen_stays() -> None:
    at_limit = readiness.judge(facts(check=a_check(36)), AT)
    assert at_limit.state is State.READY
    old = readiness.judge(facts(check=a_check(36.01)), AT)
    assert (old.state, codes(old)) == (State.UNKNOWN, {"stale"})
    assert readiness.judge(facts(check=a_check(100, place=Answer.NO)), AT).state is State.NOT_READY
    patient = readiness.Limits(check_valid=timedelta(hours=48))
    assert readiness.judge(facts(check=a_check(40)), AT, patient).state is State.READY


def test_after_the_deadline_a_tps_that_is_not_ready_is_late() -> None:
    late = DUE + timedelta(minutes=1)
    assert readiness.judge(facts(check=None), late).late
    assert not readiness.judge(facts(check=a_check(-4)), late).late


def test_a_check_must_name_what_is_missing_and_must_not_contradict_itself() -> None:
    with pytest.raises(readiness.MissingUnnamed):
        a_check(items=Answer.NO)
    with pytest.raises(readiness.Contradiction):
        a_check(missing=("TINTA",))


@given(st.lists(st.sampled_from(list(State)), max_size=50))
def test_every_tps_is_in_exactly_one_state(states: list[State]) -> None:
    verdicts = [readiness.Verdict(str(i), s, (), DUE, False) for i, s in enumerate(states)]
    found = readiness.summary(verdicts)
    assert found.total == len(states)
    assert found.ready == states.count(State.READY)


@given(
    st.sampled_from(list(Answer)),
    st.sampled_from(list(Answer)),
    st.sampled_from(list(Answer)),
    st.integers(0, 100),
    st.booleans(),
    st.booleans(),
)
def test_green_needs_every_yes_a_fresh_check_and_confirmed_needs(
    seals: Answer, place: Answer, kpps: Answer, hours: int, confirmed: bool, reported: bool
) -> None:
    check = a_check(hours, seals=seals, place=place, kpps=kpps) if reported else None
    verdict = readiness.judge(facts(check=check, stock=(replace(BOX, confirmed=confirmed),)), AT)
    green = reported and confirmed and hours <= 36 and {seals, place, kpps} == {Answer.YES}
    assert (verdict.state is State.READY) is green
    assert bool(verdict.reasons) is not green


def test_causes_are_grouped_with_the_tps_they_hold_back() -> None:
    short = readiness.Reason("stock_short", "KOTAK", "Kotak suara", 1262, 1829)
    verdicts = [readiness.Verdict(str(i), State.NOT_READY, (short, readiness.Reason("no_report")), DUE, False) for i in range(3)]
    verdicts.append(readiness.Verdict("9", State.NOT_READY, (readiness.Reason("seal_broken", at=AT),), DUE, False))
    found = readiness.causes(verdicts, State.NOT_READY)
    assert [(c.reason.code, len(c.tps)) for c in found] == [("stock_short", 3), ("seal_broken", 1)]


# --- early warnings: officers (R14), signal and power (R15) ------------------------------------------------------------------

MIDNIGHT = datetime(2024, 2, 13, 17, tzinfo=UTC)
H7 = MIDNIGHT - timedelta(days=7)


def r14(trained: int, there: int = 7, at: datetime = H7, limits: readiness.Limits | None = None) -> list[tuple[int, int]]:
    crew = readiness.Crew("19.06.02", "Gantung", 10, there, trained, H7 - timedelta(days=2))
    return [(int(s.facts["trained"]), int(s.facts["missing"])) for s in readiness.crew_signals([crew], MIDNIGHT, at, limits)]


def test_r14_speaks_from_h_minus_seven_where_too_few_are_trained_or_somebody_is_missing() -> None:
    assert r14(8, there=10) == [], "exactly eighty per cent is enough"
    assert r14(7, there=10) == [(7, 0)]
    assert r14(10, there=9) == [(10, 1)]
    assert r14(0, there=0, at=H7 - timedelta(seconds=1)) == []
    assert r14(8, there=10, limits=readiness.Limits(trained_permille=900)) == [(8, 0)]


def test_r14_follows_the_newest_check_at_a_tps() -> None:
    absent, back = a_check(9, kpps=Answer.NO), a_check(2)
    (found,) = readiness.absent_signals([absent], {TPS: "TPS 001"})
    assert (found.rule, found.subject, found.since_at, found.mark) == ("R14", f"tps:{TPS}", absent.checked_at, "[SIMULASI]")
    assert readiness.absent_signals([absent, back], {}) == []
    assert readiness.absent_signals([a_check(1, kpps=Answer.UNSEEN)], {}) == [], "what nobody looked at is unknown, not missing"


@pytest.mark.parametrize(
    ("signal", "power", "plan", "speaks"),
    [
        (Answer.NO, Answer.YES, False, True), (Answer.YES, Answer.NO, False, True), (Answer.NO, Answer.NO, True, False),
        (Answer.UNSEEN, Answer.UNSEEN, False, False), (Answer.YES, Answer.YES, False, False),
    ],
)  # fmt: skip
def test_r15_speaks_without_signal_or_power_and_without_a_plan(signal: Answer, power: Answer, plan: bool, speaks: bool) -> None:
    found = readiness.reach_signals([readiness.Reach(TPS, "TPS 001", signal, power, plan, AT)])
    assert [s.rule for s in found] == (["R15"] if speaks else [])
