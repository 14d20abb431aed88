"""Times of ways in the store: the newest counts, a withdrawn one does not, plans are made with them and know when they changed."""

from datetime import timedelta
from typing import Any

import pytest

from posko.domain import distribution as plans
from posko.domain import travel as rules
from posko.store import distribution, record, travel
from tests.store.test_distribution import ANI, AT, ELECTION, planned, with_fleet

__all__ = ["planned", "with_fleet"]
REGION, DIGEST = "19.06", "a" * 64
WAY = rules.Timing("darat", "19.06:G01", "19.06.02.2001", 50, 70, 30_000, "gps")
LATER = AT + timedelta(hours=1)


def _record(*timings: rules.Timing, at: Any = AT, note: str = "") -> tuple[int, int]:
    return travel.record_timings(REGION, timings, DIGEST, note, ANI, at)


def test_the_newest_time_of_a_way_counts_and_the_same_again_is_not_written(db_beltim: Any) -> None:
    assert _record(WAY) == (1, 0)
    newer = rules.Timing("darat", "19.06:G01", "19.06.02.2001", 45, 70, 30_000, "ukur")
    back = rules.Timing("darat", "19.06.02.2001", "19.06:G01", 52, 70)
    assert _record(newer, back, at=LATER) == (2, 0)
    assert travel.timings(REGION, AT) == [WAY]
    assert travel.timings(REGION, LATER) == [back, newer]
    before = record.root()
    with pytest.raises(rules.NoTimings):
        _record(newer, at=LATER)
    assert record.root() == before


def test_a_place_that_the_region_does_not_have_refuses_the_whole_file(db_beltim: Any) -> None:
    before = record.root()
    with pytest.raises(rules.BadTiming):
        _record(WAY, rules.Timing("darat", "19.06:G01", "19.06.99.2001", 5, 6))
    assert record.root() == before
    assert travel.timings(REGION, AT) == []


def test_a_withdrawn_time_is_gone_with_a_reason_and_only_if_it_was_the_one_seen(db_beltim: Any) -> None:
    _record(WAY, note="dengan pikap")
    seen = travel.listing(REGION, AT)[0]
    assert seen.note == "dengan pikap"
    with pytest.raises(rules.ReasonMissing):
        travel.withdraw(REGION, WAY.way, seen.entry_id, " ", ANI, LATER)
    with pytest.raises(rules.UnknownWay):
        travel.withdraw(REGION, WAY.way, "0" * 64, "salah", ANI, LATER)
    travel.withdraw(REGION, WAY.way, seen.entry_id, "jam macet", ANI, LATER)
    assert travel.timings(REGION, LATER) == []
    assert travel.timings(REGION, AT) == [WAY]
    told = travel.history(REGION, *WAY.way, LATER)
    assert [(one.withdrawn, one.note) for one in told] == [(True, "jam macet"), (False, "dengan pikap")]
    assert _record(WAY, at=LATER + timedelta(minutes=1)) == (1, 0)


def test_plans_are_made_with_measured_times_and_an_older_plan_is_stale(planned: distribution.StoredPlan) -> None:
    assert not distribution.stale(planned, ELECTION, AT)
    _record(WAY)
    assert distribution.stale(planned, ELECTION, AT)
    leg = distribution.inputs(ELECTION, AT).network.leg(plans.Kind.TRUCK, "19.06:G01", "19.06.02.2001")
    assert leg == plans.Leg(30_000, 50)
