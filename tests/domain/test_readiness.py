"""Readiness: the minimum over critical items; silence is unknown and never green."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import packing, readiness
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


# --- the chain -------------------------------------------------------------------------------------------------------------

BOXES = packing.OfTps(5, 5, 5, 5, sealed_at=AT - timedelta(days=3))
LOADED, ARRIVED = (readiness.Leg(code, AT - timedelta(hours=6), AT - timedelta(hours=7), "p-lutfi", True) for code in ("loaded", "arrived"))


def standing(known: readiness.Facts, at: datetime = AT) -> dict[str, str]:
    return {one.code: one.standing.value for one in readiness.requirements(known, at)}


def why(known: readiness.Facts, code: str, at: datetime = AT) -> list[str]:
    return [r.code for one in readiness.requirements(known, at) if one.code == code for r in one.reasons]


def test_a_chain_has_every_requirement_once_in_the_order_of_the_work() -> None:
    for known in (facts(), facts(check=None), facts(stock=(), boxes=BOXES, legs=(LOADED,))):
        assert [one.code for one in readiness.requirements(known, AT)] == list(readiness.CHAIN)


@pytest.mark.parametrize(
    ("boxes", "code", "reason"),
    [
        (replace(BOXES, prepared=3), "packed", "no_boxes"), (replace(BOXES, complete=4), "packed", "box_unpacked"),
        (replace(BOXES, short=1), "packed", "box_short"), (replace(BOXES, wrong=1), "packed", "box_wrong"),
        (replace(BOXES, sealed=4), "sealed", "box_unsealed"), (replace(BOXES, sealed=4, opened=1), "sealed", "box_open"),
        (replace(BOXES, mismatched=1), "sealed", "seal_mismatch"),
    ],
)  # fmt: skip
def test_what_the_warehouse_knows_of_the_boxes_holds_back_a_tps_that_nobody_checked(boxes: packing.OfTps, code: str, reason: str) -> None:
    known = facts(check=None, boxes=boxes)
    assert why(known, code) == [reason]
    assert standing(known)[code] == "missing", "not late before it is due"
    assert standing(replace(known, dues={code: AT - timedelta(minutes=1)}))[code] == "late"
    assert standing(replace(known, dues={code: AT}))[code] == "missing", "exactly at the due time it is not late"
    assert readiness.judge(known, AT).state is State.NOT_READY


def test_boxes_that_are_packed_and_sealed_are_done_and_the_silent_tps_stays_unknown() -> None:
    known = facts(check=None, boxes=BOXES)
    assert {standing(known)[code] for code in ("packed", "sealed")} == {"done"}
    verdict = readiness.judge(known, AT)
    assert (verdict.state, codes(verdict)) == (State.UNKNOWN, {"no_report"})


def test_no_check_at_the_tps_sees_a_wrong_dapil_inside_a_box_nor_cures_a_seal_number() -> None:
    for bad, reason in ((replace(BOXES, wrong=1), "box_wrong"), (replace(BOXES, mismatched=1), "seal_mismatch")):
        assert codes(readiness.judge(facts(boxes=bad), AT)) == {reason}
    for bad in (replace(BOXES, sealed=3), replace(BOXES, short=2), replace(BOXES, prepared=2, complete=2)):
        assert readiness.judge(facts(boxes=bad), AT).state is State.READY, "a check that saw everything decides over papers that lag"


def test_a_box_opened_after_the_check_counts_and_one_opened_before_it_does_not() -> None:
    opened = replace(BOXES, sealed=4, opened=1, opened_at=AT - timedelta(hours=1))
    assert codes(readiness.judge(facts(boxes=opened), AT)) == {"box_open"}
    assert readiness.judge(facts(boxes=replace(opened, opened_at=AT - timedelta(hours=3))), AT).state is State.READY


def test_hand_overs_take_the_place_of_the_plan_and_the_first_open_leg_decides() -> None:
    on_the_way = facts(check=None, arrives_at=AT + timedelta(hours=1), legs=(LOADED,))
    assert codes(readiness.judge(on_the_way, AT)) == {"not_delivered", "no_report"}
    followed = replace(on_the_way, legs=(LOADED, replace(ARRIVED, done_at=None)))
    assert standing(followed)["arrived"] == "late"
    assert codes(readiness.judge(followed, AT)) >= {"not_arrived"}
    there = replace(on_the_way, legs=(LOADED, ARRIVED, replace(ARRIVED, code="handed")))
    assert {standing(there)[code] for code in readiness.LEGS} == {"done"}, "a later leg proves the ones before it"
    assert codes(readiness.judge(there, AT)) == {"no_report"}, "delivered, and still nobody has looked"


def test_a_check_that_saw_the_goods_proves_the_way() -> None:
    assert {standing(facts(arrives_at=None))[code] for code in readiness.LEGS} == {"done"}
    place_only = facts(arrives_at=None, check=a_check(items=Answer.UNSEEN, seals=Answer.UNSEEN))
    assert standing(place_only)["handed"] == "unknown"


def crew(wanted: int, there: int, trained: int, hours_ago: int = 1) -> readiness.Crew:
    return readiness.Crew(TPS, "TPS 001", wanted, there, trained, AT - timedelta(hours=hours_ago))


def test_counted_officers_hold_back_a_tps_and_training_only_warns() -> None:
    assert codes(readiness.judge(facts(crew=crew(7, 6, 6)), AT)) == {"kpps_short"}
    assert readiness.judge(facts(crew=crew(7, 6, 6, hours_ago=3)), AT).state is State.READY, "the check is newer"
    untrained = facts(crew=crew(7, 7, 5))
    assert standing(untrained)["trained"] == "missing"
    assert readiness.judge(untrained, AT).state is State.READY
    assert standing(facts(crew=crew(10, 10, 8)))["trained"] == "done"
    with pytest.raises(readiness.BadCrew):
        readiness.check_crew(7, 6, 7)
    with pytest.raises(readiness.BadCrew):
        readiness.check_crew(0, 0, 0)


def test_boxes_on_the_floor_in_the_last_night_hold_back_and_what_nobody_asked_takes_nothing_away() -> None:
    floor = facts(check=a_check(site={"pallet": Answer.NO, "roof": Answer.YES}))
    assert codes(readiness.judge(floor, AT)) >= {"storage_bad"}
    assert readiness.judge(floor, AT).state is State.NOT_READY
    assert standing(facts())["storage"] == "unknown"
    dry = facts(check=a_check(site=dict.fromkeys(readiness.ASPECTS, Answer.YES)))
    assert {standing(dry)[code] for code in ("storage", "ground", "reach")} == {"done"}
    low = facts(check=a_check(site={"ground": Answer.NO, "power": Answer.NO}))
    assert readiness.judge(low, AT).state is State.READY
    assert (standing(low)["ground"], standing(low)["reach"]) == ("missing", "missing")
    assert "no_reach" not in why(replace(low, check=replace(low.check, fallback=True)), "reach")  # type: ignore[type-var]
    with pytest.raises(readiness.UnknownAspect):
        a_check(site={"smell": Answer.NO})


def told(said: str, *missing: str, hours_ago: int = 1) -> readiness.Phone:
    return readiness.Phone(TPS, said, missing, AT - timedelta(hours=hours_ago), "p-ani", "KPU")


def test_a_telephone_call_makes_no_tps_ready_and_can_make_it_not_ready() -> None:
    good = readiness.judge(facts(check=None, phone=told("ready")), AT)
    assert (good.state, codes(good)) == (State.UNKNOWN, {"told_ready"})
    for lack, code in (("TINTA", "packed"), ("seals", "sealed"), ("place", "place"), ("kpps", "present"), ("goods", "handed")):
        bad = facts(check=None, phone=told("not_ready", lack))
        assert readiness.judge(bad, AT).state is State.NOT_READY
        assert "told_missing" in why(bad, code)
    assert codes(readiness.judge(facts(phone=told("not_ready", "TINTA")), AT)) == {"told_missing"}, "said after the check"
    assert readiness.judge(facts(phone=told("not_ready", "TINTA", hours_ago=3)), AT).state is State.READY, "said before the check"
    gone = facts(phone=told("not_ready", "goods"))
    assert why(gone, "handed") == ["told_missing"], "boxes that a check saw and that are not there now"
    assert readiness.judge(gone, AT).state is State.NOT_READY
    assert readiness.judge(facts(phone=told("not_ready", "goods", hours_ago=3)), AT).state is State.READY
    for hours, state in ((2, State.NOT_READY), (0, State.UNKNOWN)):
        handed = readiness.Leg("handed", DUE, AT - timedelta(hours=hours), followed=True)
        one = facts(check=None, phone=told("not_ready", "goods"), legs=(handed,))
        assert readiness.judge(one, AT).state is state, "only what was handed over after the call answers it"
    broken = facts(check=a_check(seals=Answer.NO), phone=told("ready"))
    assert readiness.judge(broken, AT).state is State.NOT_READY, "what was seen is not talked away"
    for said, missing in (("ready", ("TINTA",)), ("not_ready", ()), ("perhaps", ())):
        with pytest.raises(readiness.BadPhone):
            told(said, *missing)


def test_what_is_unknown_past_its_due_time_is_overdue_and_not_called_late() -> None:
    silent = readiness.requirements(facts(check=None), DUE + timedelta(minutes=1))
    (place,) = (one for one in silent if one.code == "place")
    assert (place.standing.value, place.overdue) == ("unknown", True)
    past = AT - timedelta(hours=12)
    known = facts(boxes=BOXES, legs=(LOADED, ARRIVED), dues=dict.fromkeys(readiness.CHAIN, past) | {"sealed": AT - timedelta(days=9)})
    found = {one.code: one for one in readiness.requirements(known, AT)}
    assert [found[code].overdue for code in ("place", "sealed", "packed")] == [False] * 3
    assert {code for code, one in found.items() if one.done_late} == {"sealed"}
    assert found["place"].seen_at == AT - timedelta(hours=2), "when it was found done says nothing about when it was"


@given(
    st.sampled_from([None, BOXES, replace(BOXES, wrong=1), replace(BOXES, sealed=2), replace(BOXES, mismatched=1)]),
    st.sampled_from([None, told("ready"), told("not_ready", "TINTA"), told("not_ready", "kpps", hours_ago=9)]),
    st.sampled_from([None, a_check(), a_check(40), a_check(place=Answer.NO), a_check(items=Answer.UNSEEN)]),
    st.sampled_from([None, crew(7, 7, 7), crew(7, 5, 2)]),
    st.sampled_from([(), (LOADED,), (LOADED, ARRIVED)]),
)
def test_the_state_is_the_minimum_over_what_decides_and_only_a_check_makes_green(
    boxes: packing.OfTps | None, phone: readiness.Phone | None, check: readiness.Check | None, crew: readiness.Crew | None,
    legs: tuple[readiness.Leg, ...],
) -> None:  # fmt: skip
    verdict = readiness.judge(facts(boxes=boxes, phone=phone, check=check, crew=crew, legs=legs), AT)
    worst = {one.standing.value for one in verdict.requirements if one.deciding}
    expected = State.NOT_READY if worst & {"missing", "late"} else State.UNKNOWN if "unknown" in worst else State.READY
    assert verdict.state is expected
    assert verdict.state is not State.READY or check is not None
    assert bool(verdict.reasons) is (verdict.state is not State.READY)
    blocking = any(r.code in readiness.BLOCKING for r in verdict.reasons)
    assert blocking is (verdict.state is State.NOT_READY), "the list of blocking reasons says the same"


def test_the_public_judgement_leaves_plan_hand_overs_counts_and_telephone_out() -> None:
    known = facts(check=None, boxes=replace(BOXES, sealed=1), legs=(LOADED,), crew=crew(7, 1, 1), phone=told("not_ready", "TINTA"))
    shown = readiness.openly(known, None)
    assert codes(readiness.judge(shown, AT)) == {"no_plan", "no_report"}
    assert codes(readiness.judge(readiness.openly(replace(known, boxes=replace(BOXES, wrong=1)), a_check()), AT)) == {"box_wrong"}


def test_due_times_count_days_back_and_the_law_is_not_ours_to_set() -> None:
    voting_at = datetime(2024, 2, 14, tzinfo=UTC)
    found = readiness.dues(voting_at, {"packed": 5})
    assert found["handed"] == DUE
    assert found["packed"] == DUE - timedelta(days=4)
    assert found["present"] == voting_at - timedelta(hours=1)
    assert set(found) == set(readiness.CHAIN)
    for code, days in (("handed", 2), ("packed", 61), ("packed", -1), ("song", 1)):
        with pytest.raises(readiness.BadDue):
            readiness.check_due(code, days)
