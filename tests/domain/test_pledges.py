"""Pledges as rules: who may promise what, the steps, what an ask still wants, conflicts, patterns, coverage by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import pledges as rules
from posko.domain.pledges import Act, Answer, Ask, Kind, Pledge, State, Step
from posko.domain.record import Actor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGIN = datetime(2024, 2, 12, 17, tzinfo=UTC)  # midnight in WIB of 13 February
KNOWN = {"19.06:G01", "19.06", *(f"19.06.02.2001.{n:03}" for n in range(1, 21))}
TPS = tuple(sorted(p for p in KNOWN if p.count(".") == 4))
INDRA, HADI, ANI = Actor("p-indra", "PEMDA"), Actor("p-hadi", "POLRES"), Actor("p-ani", "KPU")


def truck(code: str = "JNJ-0001", **more: object) -> Pledge:
    return replace(Pledge(code, "PEMDA", Kind.VEHICLE, "BPBD-TRUK-1", 1, ("19.06:G01",), BEGIN, BEGIN + DAY, 4000), **more)  # type: ignore[arg-type]


def team(code: str, asset: str, tps: tuple[str, ...], count: int = 2, pattern: str = "") -> Pledge:
    return Pledge(code, "POLRES", Kind.POLICE, asset, count, tps, BEGIN, BEGIN + DAY, 0, pattern)


def an_ask(**more: object) -> Ask:
    return replace(Ask("MTA-001", "PEMDA", Kind.VEHICLE, 2, ("19.06:G01",), BEGIN, BEGIN + DAY, AT + DAY, asker="KPU"), **more)  # type: ignore[arg-type]


def gone(pledge: Pledge, *acts: tuple[Act, Actor]) -> Pledge:
    for n, (act, who) in enumerate(acts):
        step = rules.next_step(pledge, act, who, AT + n * HOUR, reason="rusak", number="SIM-1", condition="utuh")
        pledge = replace(pledge, steps=(*pledge.steps, step))
    return pledge


# --- promising -------------------------------------------------------------------------------------------------------------


def test_an_agency_promises_what_it_has_and_nothing_else() -> None:
    assert rules.check_offer(truck(asset=" bpbd truk 1 "), None, KNOWN, AT).asset == "BPBD-TRUK-1"
    for bad, refusal in (
        (truck(kind=Kind.POLICE), rules.NotTheirs), (truck(owner="KEJARI"), rules.NotTheirs), (truck(asset="?"), rules.BadAsset),
        (truck(count=0), rules.BadCount), (truck(count=5001), rules.BadCount), (truck(places=()), rules.UnknownPlace),
        (truck(places=("19.07",)), rules.UnknownPlace), (truck(until_at=BEGIN), rules.BadSpan),
        (truck(from_at=AT - 2 * DAY, until_at=AT), rules.BadSpan), (truck(until_at=BEGIN + rules.LONGEST + HOUR), rules.BadSpan),
        (truck(pattern="2024-2-8-16"), rules.UnknownPattern),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.check_offer(bad, None, KNOWN, AT)
    assert rules.check_offer(truck(until_at=BEGIN + rules.LONGEST), None, KNOWN, AT)


def test_an_answer_is_by_the_asked_agency_and_of_the_kind_asked_for() -> None:
    assert rules.check_offer(truck(ask="MTA-001"), an_ask(), KNOWN, AT)
    with pytest.raises(rules.OtherAgency):
        rules.check_offer(truck(), an_ask(agency="POLRES", kind=Kind.POLICE), KNOWN, AT)
    with pytest.raises(rules.AskOther):
        rules.check_offer(truck(), an_ask(kind=Kind.BOAT), KNOWN, AT)
    with pytest.raises(rules.AskOver):
        rules.check_offer(truck(), an_ask(ended="declined"), KNOWN, AT)


def test_an_ask_says_by_when_it_wants_an_answer_not_later_than_the_need() -> None:
    assert rules.check_ask(an_ask(need_by_at=BEGIN), KNOWN, AT)
    for bad in (AT, AT - HOUR, BEGIN + HOUR):
        with pytest.raises(rules.BadNeedBy):
            rules.check_ask(an_ask(need_by_at=bad), KNOWN, AT)
    with pytest.raises(rules.BadAsset):
        rules.check_ask(an_ask(kind=Kind.OTHER), KNOWN, AT)


# --- steps -----------------------------------------------------------------------------------------------------------------


def test_a_pledge_is_made_firm_with_a_proof_taken_by_the_kpu_and_given_back() -> None:
    stood = [gone(truck(), *steps).state for steps in (
        [], [(Act.CONFIRM, INDRA)], [(Act.CONFIRM, INDRA), (Act.TAKE, ANI)],
        [(Act.CONFIRM, INDRA), (Act.TAKE, ANI), (Act.GIVE_BACK, ANI)], [(Act.CONFIRM, INDRA), (Act.WITHDRAW, INDRA)],
    )]  # fmt: skip
    assert stood == [State.OFFERED, State.CONFIRMED, State.IN_USE, State.RETURNED, State.WITHDRAWN]
    with pytest.raises(rules.ProofMissing):
        rules.next_step(truck(), Act.CONFIRM, INDRA, AT)
    assert rules.next_step(truck(), Act.CONFIRM, INDRA, AT, has_file=True).to is State.CONFIRMED
    with pytest.raises(rules.ProofMissing):
        rules.next_step(truck(), Act.CONFIRM, INDRA, AT, number="<b>surat</b>")


@pytest.mark.parametrize(
    ("pledge", "act", "who"),
    [
        (truck(), Act.TAKE, ANI),
        (truck(), Act.CONFIRM, HADI),
        (truck(), Act.CONFIRM, ANI),
        (gone(truck(), (Act.CONFIRM, INDRA)), Act.TAKE, INDRA),
        (gone(truck(), (Act.WITHDRAW, INDRA)), Act.CONFIRM, INDRA),
    ],
)
def test_a_step_out_of_turn_or_by_another_agency_is_refused(pledge: Pledge, act: Act, who: Actor) -> None:
    with pytest.raises(rules.NoStep):
        rules.next_step(pledge, act, who, AT, number="SIM-1")
    assert act not in rules.possible(pledge, who.agency)


def test_withdrawing_and_giving_back_say_why_and_how() -> None:
    with pytest.raises(rules.BadReason):
        rules.next_step(truck(), Act.WITHDRAW, INDRA, AT, reason="bosan")
    with pytest.raises(rules.BadReason):
        rules.next_step(gone(truck(), (Act.CONFIRM, INDRA), (Act.TAKE, ANI)), Act.GIVE_BACK, ANI, AT)


def test_the_last_step_is_undone_by_its_author_within_ten_minutes_and_once() -> None:
    firm = gone(truck(), (Act.CONFIRM, INDRA))
    undone = rules.next_step(firm, Act.UNDO, INDRA, AT + rules.UNDO_FOR)
    assert undone.to is State.OFFERED
    for who, at in ((INDRA, AT + rules.UNDO_FOR + timedelta(seconds=1)), (Actor("p-lain", "PEMDA"), AT)):
        with pytest.raises(rules.TooLate):
            rules.next_step(firm, Act.UNDO, who, at)
        assert not rules.undoable(firm, who.person, at)
    with pytest.raises(rules.NoStep):
        rules.next_step(replace(firm, steps=(*firm.steps, undone)), Act.UNDO, INDRA, AT)
    with pytest.raises(rules.NoStep):
        rules.next_step(truck(), Act.UNDO, INDRA, AT)


@given(st.lists(st.tuples(st.sampled_from(list(Act)), st.sampled_from([INDRA, HADI, ANI])), max_size=12))
def test_however_people_try_a_firm_pledge_has_a_proof_and_an_end_is_an_end(tries: list[tuple[Act, Actor]]) -> None:
    pledge = truck()
    for n, (act, who) in enumerate(tries):
        before = pledge.state
        try:
            step = rules.next_step(pledge, act, who, AT + n * DAY, reason="rusak", number="SIM-1", condition="utuh")
        except (rules.NoStep, rules.TooLate):
            continue
        assert before not in {State.RETURNED, State.WITHDRAWN}
        pledge = replace(pledge, steps=(*pledge.steps, step))
    if pledge.firm:
        assert any(s.act is Act.CONFIRM and s.number for s in pledge.steps)


# --- asks --------------------------------------------------------------------------------------------------------------------


def test_an_ask_is_met_by_as_many_as_were_asked_for_and_overdue_only_after_its_need_by() -> None:
    one, two = truck(ask="MTA-001"), truck("JNJ-0002", ask="MTA-001", asset="BPBD-TRUK-2")
    due = AT + DAY
    assert rules.answered(an_ask(), [], due).answer is Answer.OPEN
    assert [rules.answered(an_ask(), [], t).overdue for t in (due, due + HOUR)] == [False, True]
    partly = rules.answered(an_ask(), [one], due + HOUR)
    assert (partly.answer, partly.offered, partly.firm, partly.overdue) == (Answer.PARTLY, 1, 0, True)
    met = rules.answered(an_ask(), [gone(one, (Act.CONFIRM, INDRA)), two], due + HOUR)
    assert (met.answer, met.firm, met.overdue) == (Answer.MET, 1, False)
    assert rules.answered(an_ask(), [gone(one, (Act.WITHDRAW, INDRA)), two], due).answer is Answer.PARTLY
    back = gone(one, (Act.CONFIRM, INDRA), (Act.TAKE, ANI), (Act.GIVE_BACK, ANI))
    assert rules.answered(an_ask(), [back, two], due + HOUR).answer is Answer.MET


def test_a_refusal_with_a_reason_is_a_good_end_and_never_overdue() -> None:
    declined = an_ask(ended="declined", reason="tidak_punya")
    assert (rules.answered(declined, [], AT + 9 * DAY).answer, rules.answered(declined, [], AT + 9 * DAY).overdue) == (
        Answer.DECLINED,
        False,
    )
    rules.check_end(an_ask(), "declined", "tidak_punya", "PEMDA")
    rules.check_end(an_ask(), "cancelled", "jadwal_berubah", "KPU")
    for ask, ended, reason, agency, refusal in (
        (an_ask(), "declined", "tidak_punya", "POLRES", rules.OtherAgency), (an_ask(), "cancelled", "rusak", "PEMDA", rules.OtherAgency),
        (declined, "declined", "tidak_punya", "PEMDA", rules.AskOver), (an_ask(), "declined", "bosan", "PEMDA", rules.BadReason),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.check_end(ask, ended, reason, agency)


# --- conflicts and patterns ----------------------------------------------------------------------------------------------------


def test_one_thing_promised_twice_for_overlapping_times_is_named_and_touching_times_are_not() -> None:
    again = truck("JNJ-0002", from_at=BEGIN + DAY - HOUR, until_at=BEGIN + 2 * DAY)
    found = rules.conflicts([again, truck()])
    assert [(c.kind, c.one, c.other, c.from_at, c.until_at) for c in found] == [
        ("asset", "JNJ-0001", "JNJ-0002", BEGIN + DAY - HOUR, BEGIN + DAY)
    ]
    assert not rules.conflicts([truck(), replace(again, from_at=BEGIN + DAY)])
    assert not rules.conflicts([truck(), replace(again, owner="POLRES")])
    assert not rules.conflicts([truck(), gone(again, (Act.WITHDRAW, INDRA))])


def test_two_teams_at_one_tps_are_asked_about_and_one_team_twice_is_the_same_thing_twice() -> None:
    two = [team("JNJ-0001", "REGU-01", TPS[:3]), team("JNJ-0002", "REGU-02", TPS[2:5])]
    assert [(c.kind, c.what) for c in rules.conflicts(two, TPS)] == [("place", TPS[2])]
    twice = [team("JNJ-0001", "REGU-01", TPS[:3]), team("JNJ-0002", "REGU-01", TPS[3:5])]
    assert [(c.kind, c.what) for c in rules.conflicts(twice, TPS)] == [("asset", "REGU-01")]


@pytest.mark.parametrize(("tps", "people", "need"), [(8, 2, 0), (9, 2, 3), (9, 3, 0), (16, 3, 4), (1, 1, 0)])
def test_a_team_thinner_than_its_pattern_says_how_many_it_wants(tps: int, people: int, need: int) -> None:
    found = [c for c in rules.conflicts([team("JNJ-0001", "REGU-01", TPS[:tps], people, "2024-2-8-16")], TPS) if c.kind == "police"]
    assert [(c.have, c.need) for c in found] == ([(people, need)] if need else [])


def test_linmas_of_a_pattern_are_counted_where_they_overlap_and_never_twice() -> None:
    police = team("JNJ-0001", "REGU-01", TPS[:8], 2, "2024-2-8-16")
    linmas = Pledge("JNJ-0002", "PEMDA", Kind.LINMAS, "LINMAS-01", 16, TPS[:8], BEGIN, BEGIN + DAY)
    assert not rules.conflicts([police, linmas], TPS)
    half = replace(linmas, places=TPS[:16])  # sixteen people at sixteen TPS: eight of them here
    assert [(c.kind, c.have, c.need) for c in rules.conflicts([police, half], TPS)] == [("linmas", 8, 16)]
    assert [c.have for c in rules.conflicts([police, replace(linmas, from_at=BEGIN + DAY, until_at=BEGIN + 2 * DAY)], TPS)] == [0]
    silent = team("JNJ-0001", "REGU-01", TPS[:10], 2, "2020-2-10")  # this source does not speak of Linmas
    assert not rules.conflicts([silent], TPS)


def test_every_pattern_names_its_source() -> None:
    assert all(p.source and p.election and p.police > 0 and p.tps > 0 for p in rules.PATTERNS.values())


# --- what plans use -----------------------------------------------------------------------------------------------------------


def test_a_plan_leans_on_what_is_firm_unless_it_says_otherwise() -> None:
    firm, soft = gone(truck(), (Act.CONFIRM, INDRA)), truck("JNJ-0002", asset="BPBD-TRUK-2")
    found = rules.standing([firm, soft], [an_ask()], TPS, AT + 2 * DAY)
    assert [p.code for p in found.usable(Kind.VEHICLE)] == ["JNJ-0001"]
    assert len(found.usable(firm=False)) == 2
    assert not found.usable(Kind.BOAT)
    assert [a.ask.code for a in found.overdue] == ["MTA-001"]


def test_the_calendar_counts_by_days_in_wib_and_only_what_stands() -> None:
    days = [date(2024, 2, 12), date(2024, 2, 13), date(2024, 2, 14)]
    pledges = [
        gone(truck(), (Act.CONFIRM, INDRA)),
        truck("JNJ-0002", asset="T2"),
        gone(truck("JNJ-0003", asset="T3"), (Act.WITHDRAW, INDRA)),
    ]
    cells = rules.calendar(pledges, ["19.06:G01", "19.06"], days)["19.06:G01"]
    assert [(c.things, c.firm, c.total) for c in cells] == [(0, 0, 0), (2, 1, 2), (0, 0, 0)]
    guarded = rules.calendar([team("JNJ-0004", "REGU-01", TPS[:2])], TPS[:3], days)
    assert [[c.police for c in guarded[t]] for t in TPS[:3]] == [[0, 2, 0], [0, 2, 0], [0, 0, 0]]


def test_a_step_keeps_only_what_belongs_to_it() -> None:
    step = rules.next_step(truck(), Act.CONFIRM, INDRA, AT, reason="rusak", number=" SIM  1 ", condition="utuh")
    assert step == Step(Act.CONFIRM, State.CONFIRMED, AT, "p-indra", "PEMDA", "", "SIM 1", "")


# --- what a recommendation may lean on -------------------------------------------------------------------------------------------


def test_a_promise_fits_by_owner_kind_place_and_days_the_firm_ones_first() -> None:
    offered, firm = truck("JNJ-0001"), gone(truck("JNJ-0002"), (Act.CONFIRM, INDRA))
    pledges = [offered, firm, gone(truck("JNJ-0003"), (Act.WITHDRAW, INDRA)), team("JNJ-0004", "REGU-1", TPS[:2])]

    def fits(
        owners: tuple[str, ...] = ("PEMDA",), kinds: tuple[Kind, ...] = (Kind.VEHICLE,), places: tuple[str, ...] = (),
        since: datetime = AT, until: datetime = BEGIN + HOUR,
    ) -> list[str]:  # fmt: skip
        return [p.code for p in rules.fitting(pledges, owners, kinds, places, since, until)]

    assert fits() == ["JNJ-0002", "JNJ-0001"]
    assert fits(owners=("POLRES",)) == fits(kinds=(Kind.BOAT,)) == fits(places=("19.06.05",)) == []
    assert fits(places=("19.06:G01",)) == ["JNJ-0002", "JNJ-0001"]
    assert fits(until=BEGIN) == fits(since=BEGIN + DAY, until=BEGIN + 2 * DAY) == []  # ends do not belong to the time
    assert fits(owners=("POLRES", "PEMDA"), kinds=(), places=("19.06.02",)) == ["JNJ-0004"]


def test_a_promise_for_a_leg_is_near_either_end_and_one_for_the_regency_near_every_place() -> None:
    leg = truck(places=("19.06:G01>19.06.02",))
    assert rules.near(leg, "19.06.02.2001.001")
    assert rules.near(leg, "19.06:G01")
    assert not rules.near(leg, "19.06.03")
    assert rules.near(truck(places=("19.06",)), "19.06.03.2001")
