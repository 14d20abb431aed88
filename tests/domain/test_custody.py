"""R07, R16, R17: what a box's way would warn of."""

from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import custody as rules

AT = datetime(2024, 2, 12, 1, tzinfo=UTC)
G, P, D = "19.06:G01", "19.06:P01", "19.06.02.2001"


def minutes(n: float) -> datetime:
    return AT + timedelta(minutes=n)


def test_r07_a_box_that_is_not_seen_within_one_and_a_half_times_its_way() -> None:
    leg = rules.Underway("K1", G, D, AT, 60)
    assert rules.gap_signals([leg], minutes(90)) == [], "exactly then it is still in time"
    (found,) = rules.gap_signals([leg], minutes(91))
    assert (found.rule, found.kind, found.to, found.since_at, found.facts["late"]) == ("R07", "GANGGUAN", ("KPU", "POLRES"), minutes(90), 1)
    assert rules.gap_signals([rules.Underway("K1", G, D, AT, 60, seen_at=minutes(200))], minutes(300)) == []
    assert rules.gap_signals([leg], minutes(91), rules.Limits(leg_permille=2000)) == []


def scan(at: float, place: str = G, device: str = "HP-1", account: str = "p-1", thing: str = "K1", off_m: int | None = None) -> rules.Scan:
    return rules.Scan(thing, account, device, place, minutes(at), off_m)


def test_r16_one_account_at_two_places_at_once_with_two_devices() -> None:
    (found,) = rules.account_signals([scan(0), scan(4.9, D, device="HP-2")], {})
    assert (found.rule, found.kind, found.severity, found.facts["why"]) == ("R16", "ANCAMAN", "critical", "devices")
    assert rules.account_signals([scan(0), scan(5, D, device="HP-2")], {}) == [], "after five minutes nobody can say"
    assert rules.account_signals([scan(0), scan(1, D, device="HP-2", account="p-2")], {}) == []
    assert rules.account_signals([scan(0), scan(4, D, device="HP-2")], {(G, D): 4}) == [], "a way of four minutes was driven in four"
    assert len(rules.account_signals([scan(0), scan(3.9, D, device="HP-2")], {(G, D): 4})) == 1


def test_r16_says_nothing_of_a_second_browser_at_the_same_place_or_inside_it() -> None:
    assert rules.account_signals([scan(0), scan(1)], {}) == []
    assert rules.account_signals([scan(0), scan(1, device="HP-2")], {}) == [], "two browsers of one person who stands there"
    assert rules.account_signals([scan(0, D), scan(1, f"{D}.001", device="HP-2")], {}) == [], "a TPS lies in its desa"
    assert len(rules.account_signals([scan(0, D[:8]), scan(1, D, device="HP-2")], {(D[:8], D): 20})) == 1, "a way that is known counts"


@pytest.mark.parametrize("pair", [(G, D), (D, G)])
def test_r16_nobody_is_at_two_places_in_less_than_half_the_planned_time(pair: tuple[str, str]) -> None:
    ways = {pair: 60}
    assert rules.account_signals([scan(0), scan(30, D)], ways) == []
    (found,) = rules.account_signals([scan(0), scan(29.9, D)], ways)
    assert found.facts["why"] == "travel"
    assert rules.account_signals([scan(0), scan(1, D)], {}) == [], "a way nobody knows says nothing"
    assert rules.account_signals([scan(0), scan(1)], {(G, G): 60}) == []


def test_r16_tells_the_newest_case_of_each_account_once() -> None:
    found = rules.account_signals([scan(0), scan(1, D, device="HP-2"), scan(100), scan(101, D, device="HP-2")], {})
    assert [(s.subject, s.since_at) for s in found] == [("account:p-1", minutes(101))]


PLAN = rules.Planned("K1", {D: (minutes(60), minutes(120))})


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (scan(90, D), ""), (scan(0, D), ""), (scan(180, D), ""), (scan(90, D, off_m=2000), ""),
        (scan(-0.1, D), "time"), (scan(180.1, D), "time"), (scan(90, D, off_m=2001), "fence"), (scan(90, P), "place"),
        (scan(90, P, thing="K9"), ""),
    ],
)  # fmt: skip
def test_r17_a_scan_off_the_planned_way_or_time(seen: rules.Scan, why: str) -> None:
    assert [s.facts["why"] for s in rules.route_signals([seen], [PLAN])] == ([why] if why else [])
