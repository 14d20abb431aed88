"""Transfers: who is short, who may help, which way is known, and a checker that trusts no proposal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import distribution
from posko.domain import transfers as rules

AT = datetime(2024, 11, 27, 0, 30, tzinfo=UTC)
LATE = AT + timedelta(hours=5)
LIMITS = rules.Limits()
ALL = rules.Keeping()
R, A, B, C = "19.06.02.2003.003", "19.06.02.2011.001", "19.06.02.2009.002", "19.06.01.2001.001"


def count(tps: str, found: int, needed: int = 500, dapil: str = "BABEL", voters: int | None = 487, **more: object) -> rules.Count:
    plain = rules.Count("HTG-1", tps, rules.BALLOT, "GUB", dapil, found, needed, "stated", voters, "opening", AT)
    return replace(plain, **more)  # type: ignore[arg-type]


def holding(tps: str, found: int, **more: object) -> rules.Holding:
    return rules.Holding(count(tps, found, **more))  # type: ignore[arg-type]


def asked(
    holdings: list[rules.Holding], keeping: rules.Keeping = ALL, ways: dict[tuple[str, str], rules.Way] | None = None
) -> rules.Question:
    every = {(g.tps, r.tps): rules.Way(30) for g in holdings for r in holdings}
    return rules.ask(holdings, rules.BALLOT, "GUB", {**every, **(ways or {})}, keeping, AT, LATE, LIMITS)


@pytest.mark.parametrize(("found", "short", "over"), [(400, 100, 0), (499, 1, 0), (500, 0, 0), (501, 0, 1), (0, 500, 0)])
def test_shortage_and_surplus_follow_from_the_count(found: int, short: int, over: int) -> None:
    one = holding(R, found)
    assert (one.short, one.over, one.spare(rules.Keeping())) == (short, over, over)


def test_what_is_promised_and_what_is_on_its_way_counts() -> None:
    assert rules.Holding(count(A, 600), leaving=60).spare(rules.Keeping()) == 40
    assert rules.Holding(count(R, 400), coming=70).short == 30
    assert rules.Holding(count(R, 400), coming=70).available == 400, "what is not there yet cannot be given"
    assert rules.Holding(count(R, 400), arrived=100).short == 0


@pytest.mark.parametrize(
    ("floor", "voters", "spare"), [(0, 487, 13), (5, 487, 8), (13, 487, 0), (99, 487, 0), (0, None, 0), (0, 500, 0), (0, 520, 0)]
)
def test_a_giver_of_reserve_never_goes_below_its_voters_and_the_floor(floor: int, voters: int | None, spare: int) -> None:
    one = holding(A, 500, voters=voters)
    assert one.spare(rules.Keeping()) == 0
    assert one.spare(rules.Keeping(True, floor, "mendesak")) == spare


def test_reserves_are_for_voting_day_and_need_a_reason() -> None:
    with pytest.raises(rules.ReasonMissing):
        rules.Keeping(True, 5, " ")
    with pytest.raises(rules.NegativeCount):
        rules.Keeping(floor=-1)
    keeping = rules.Keeping(True, 5, "antrean panjang")
    rules.check_terms(keeping, AT, LATE, voting_day=True)
    with pytest.raises(rules.NotYetVotingDay):
        rules.check_terms(keeping, AT, LATE, voting_day=False)
    with pytest.raises(rules.BadDeadline):
        rules.check_terms(rules.Keeping(), AT, AT, voting_day=True)


def test_every_tps_that_cannot_help_has_its_reason() -> None:
    unknown = rules.Way(None, why="unknown_place")
    people = [
        holding(R, 400),
        holding(A, 560),
        holding(B, 500),
        holding(C, 600, dapil="LAIN"),
        holding("19.06.07.2001.001", 600),
        holding("19.06.02.0000.001", 600),
    ]
    found = asked(people, ways={("19.06.07.2001.001", R): rules.Way(271), ("19.06.02.0000.001", R): unknown})
    why = {o.giver: o.why for o in found.options}
    assert why == {
        A: "",
        B: "nothing_to_spare",
        C: "other_dapil",
        "19.06.07.2001.001": "too_late",
        "19.06.02.0000.001": "unknown_way",
    }
    assert found.wants == {R: 100}
    assert found.minutes == {(A, R): 30}


def test_the_deadline_counts_to_the_minute() -> None:
    way_min = 300 - LIMITS.prepare_min - LIMITS.handover_min
    people = [holding(R, 400), holding(A, 600)]
    assert asked(people, ways={(A, R): rules.Way(way_min)}).options[0].arrive_at == LATE
    assert asked(people, ways={(A, R): rules.Way(way_min)}).options[0].legal
    assert asked(people, ways={(A, R): rules.Way(way_min + 1)}).options[0].why == "too_late"


def test_other_contests_and_items_are_another_question() -> None:
    found = asked([holding(R, 400), holding(A, 600, contest="BUP_WALI"), holding(B, 600, item="TINTA")])
    assert found.options == ()


def legs(question: rules.Question, flow: dict[tuple[str, str], int]) -> tuple[rules.Leg, ...]:
    return rules.legs_of(question, flow)


def test_the_checker_finds_nothing_in_a_good_proposal_and_every_fault_in_bad_ones() -> None:
    question = asked([holding(R, 400), holding(A, 560), holding(B, 600)])
    (good,) = legs(question, {(A, R): 60})
    assert rules.violations([good], question) == []

    def codes(*bad: rules.Leg) -> set[str]:
        return {v.code for v in rules.violations(list(bad), question)}

    assert codes(replace(good, pieces=61)) == {"gives_too_much"}
    assert codes(replace(good, giver=B, pieces=100), replace(good, pieces=1)) == {"gets_too_much"}
    assert codes(replace(good, pieces=0)) == {"no_pieces"}
    assert codes(replace(good, contest="BUP_WALI")) == {"other_contest"}
    assert codes(replace(good, dapil="BELTIM-1")) == {"other_dapil"}
    assert codes(replace(good, minutes=5)) == {"too_fast"}
    assert codes(replace(good, pieces=30), replace(good, pieces=30)) == {"pair_twice"}
    assert {"same_tps", "unknown_way"} <= codes(replace(good, giver=R))
    assert "unknown_way" in codes(replace(good, giver=C))
    later = asked([holding(R, 400), holding(A, 560)], ways={(A, R): rules.Way(290)})
    assert {v.code for v in rules.violations([good], later)} == {"too_fast"}
    assert {v.code for v in rules.violations([replace(good, minutes=290)], later)} == {"too_late"}


def test_a_proposal_no_longer_holds_when_the_giver_has_promised_its_sheets_elsewhere() -> None:
    (leg,) = legs(asked([holding(R, 400), holding(A, 560)]), {(A, R): 60})
    now = asked([holding(R, 400), rules.Holding(count(A, 560), leaving=20)])
    assert [v.code for v in rules.violations([leg], now)] == ["gives_too_much"]


# --- ways ---------------------------------------------------------------------------------------------------------------------------------


def network() -> distribution.Network:
    node = distribution.Node
    nodes = (
        node("19.06.02.2003", "Jangkar Asam", -3.01983, 108.09438, "desa"),
        node("19.06.02.2011", "Limbongan", -3.04659, 108.06643, "desa"),
        node("19.06:D01", "Dermaga", -2.88333, 108.26667, "dermaga"),
        node("19.06:P01", "Buku Limau", -2.8119, 108.4031, "pulau"),
        node("19.06:P04", "Batun", -3.8010, 108.0666, "pulau"),
        node("19.06:P09", "Pulau tanpa dermaga", -3.5, 108.0, "pulau"),
    )
    sea = (distribution.SeaLeg("19.06:D01", "19.06:P01", 90, 17_000), distribution.SeaLeg("19.06:D01", "19.06:P04", 360, 100_000))
    return distribution.Network(nodes, sea, 1350, 30)


def test_ways_by_road_within_a_desa_over_the_sea_and_unknown_ones() -> None:
    net = network()
    assert rules.way(net, "19.06.02.2003", "19.06.02.2003", LIMITS) == rules.Way(LIMITS.local_min)
    road = rules.way(net, "19.06.02.2011", "19.06.02.2003", LIMITS)
    assert not road.sea
    assert road.minutes == 12, "4.3 km as the crow flies, times 1.35, at 30 km/h, rounded up"
    to_pier = net.leg(distribution.Kind.PICKUP, "19.06.02.2003", "19.06:D01")
    assert to_pier is not None
    assert rules.way(net, "19.06:P01", "19.06.02.2003", LIMITS) == rules.Way(90 + LIMITS.landing_min + to_pier.travel_min, True)
    assert rules.way(net, "19.06:P01", "19.06:P04", LIMITS) == rules.Way(90 + 360 + LIMITS.landing_min, True)
    assert rules.way(net, "19.06:P09", "19.06.02.2003", LIMITS).why == "no_way"
    assert rules.way(net, "", "19.06.02.2003", LIMITS).minutes is None
    assert rules.way(net, "19.06.09.2001", "19.06.02.2003", LIMITS).why == "unknown_place"


def test_a_tps_whose_desa_is_unknown_lies_nowhere() -> None:
    assert rules.place_of("19.06.02.0000.004", "") == ""
    assert rules.place_of("19.06.02.2003.003", "") == "19.06.02.2003"
    assert rules.place_of("19.06.01.2010.001", "19.06:P01") == "19.06:P01"


# --- people and steps ---------------------------------------------------------------------------------------------------------------------


def test_only_a_head_decides_once_and_not_on_their_own_proposal() -> None:
    rules.check_decision(False, "p-ani", "p-fajar", True, True, "")
    for wrong, args in (
        (rules.NotHead, (False, "p-ani", "p-oki", False, True, "")),
        (rules.AlreadyDecided, (True, "p-ani", "p-fajar", True, True, "")),
        (rules.SamePerson, (False, "p-fajar", "p-fajar", True, True, "")),
        (rules.ReasonMissing, (False, "p-ani", "p-fajar", True, False, " ")),
    ):
        with pytest.raises(wrong):
            rules.check_decision(*args)


def moved(**more: object) -> rules.Transfer:
    leg = rules.Leg(A, R, rules.BALLOT, "GUB", "BABEL", 60, 12, AT, AT + timedelta(minutes=42), code="GSR-001")
    return rules.Transfer(leg, "USL-001", AT, **more)  # type: ignore[arg-type]


def test_the_giver_sends_at_most_what_was_approved_and_keeps_what_it_must() -> None:
    promised = rules.Holding(count(A, 560), leaving=60)
    rules.check_sending(moved(), 60, promised, rules.Keeping())
    rules.check_sending(moved(), 1, promised, rules.Keeping())
    for wrong, number in ((rules.NotPositive, 0), (rules.NotEnough, 61)):
        with pytest.raises(wrong):
            rules.check_sending(moved(), number, promised, rules.Keeping())
    recounted = rules.Holding(count(A, 530), leaving=60)
    with pytest.raises(rules.NotEnough) as refused:
        rules.check_sending(moved(), 60, recounted, rules.Keeping())
    assert refused.value.facts["may"] == 30
    rules.check_sending(moved(), 30, recounted, rules.Keeping())
    with pytest.raises(rules.WrongStep):
        rules.check_sending(replace(moved(), approved_at=None), 60, promised, rules.Keeping())


def test_any_number_is_received_and_a_difference_is_named_and_signalled() -> None:
    sent = rules.Step(60, "p-a", "", AT)
    gone = moved(sent=sent)
    rules.check_receiving(gone, 0)
    rules.check_receiving(gone, 61)
    with pytest.raises(rules.WrongStep):
        rules.check_receiving(moved(), 60)
    with pytest.raises(rules.NegativeCount):
        rules.check_receiving(gone, -1)
    for number, state, difference in ((60, "received", 0), (58, "differs", -2), (61, "differs", 1)):
        done = moved(sent=sent, received=rules.Step(number, "p-c", "", AT))
        assert (done.state, done.difference) == (state, difference)
        assert (rules.difference_signal(done, {}) is not None) == bool(difference)


def test_a_trip_that_has_left_cannot_be_called_off() -> None:
    rules.check_cancelling(moved(), "hujan")
    with pytest.raises(rules.ReasonMissing):
        rules.check_cancelling(moved(), "")
    with pytest.raises(rules.WrongStep):
        rules.check_cancelling(moved(sent=rules.Step(60, "p", "", AT)), "hujan")


@pytest.mark.parametrize(("minutes", "alone"), [(0, True), (10, True), (11, False), (-1, False)])
def test_the_author_corrects_alone_for_ten_minutes(minutes: int, alone: bool) -> None:
    at = AT + timedelta(minutes=minutes)
    if alone:
        assert rules.check_taking_back("p-a", AT, "p-a", "", "", at) == ()
    else:
        with pytest.raises(rules.ReasonMissing):
            rules.check_taking_back("p-a", AT, "p-a", "p-b", "", at)
        with pytest.raises(rules.SamePerson):
            rules.check_taking_back("p-a", AT, "p-a", "p-a", "salah ketik", at)
        assert rules.check_taking_back("p-a", AT, "p-a", "p-b", "salah ketik", at) == ("p-a", "p-b")


def test_a_shortage_warns_and_a_full_tps_does_not() -> None:
    assert rules.shortage_signal(holding(R, 500), "TPS", LIMITS) is None
    assert rules.shortage_signal(rules.Holding(count(R, 400), arrived=100), "TPS", LIMITS) is None
    promised = rules.shortage_signal(rules.Holding(count(R, 400), coming=100), "TPS", LIMITS)
    assert promised is not None
    assert (promised.severity, promised.facts["short"]) == ("high", 100), "promised is not there"
    seen = rules.shortage_signal(holding(R, 499), "TPS", LIMITS)
    assert seen is not None
    assert (seen.severity, seen.facts["short"]) == ("critical", 1)
    early = rules.shortage_signal(holding(R, 499, phase="packing"), "TPS", LIMITS)
    assert early is not None
    assert early.severity == "high"


@pytest.mark.parametrize(("typed", "number"), [("240", 240), ("1.240", 1240), (" 0 ", 0)])
def test_numbers_as_people_type_them(typed: str, number: int) -> None:
    assert rules.pieces(typed) == number


@pytest.mark.parametrize("typed", ["", "-1", "1,5", "dua", "1.24", "99999999", "１２"])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(rules.NotANumber):
        rules.pieces(typed)
