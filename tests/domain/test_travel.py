"""Times that are known by two numbers."""

import pytest

from posko.domain import travel


def test_half_of_all_cases_stay_within_the_usual_time_and_nine_of_ten_within_the_other():
    spread = travel.Spread(60, 90)
    assert spread.within(60) == pytest.approx(0.5)
    assert spread.within(90) == pytest.approx(0.9)
    assert spread.quantile(0.5) == 60
    assert spread.quantile(0.9) == 90
    assert spread.within(0) == 0.0


def test_equal_numbers_are_a_certain_time():
    spread = travel.Spread(45, 45)
    assert (spread.within(44), spread.within(45), spread.quantile(0.999)) == (0.0, 1.0, 45)


def test_a_time_that_is_shorter_at_most_than_usual_is_refused():
    with pytest.raises(travel.BadSpread):
        travel.Spread(60, 59)


def test_a_stretched_time_rounds_up_and_keeps_its_basis():
    assert travel.Spread(50, 75, travel.Basis.MEASURED).stretched(1250) == travel.Spread(63, 94, travel.Basis.MEASURED)


@pytest.mark.parametrize(("minute", "open_"), [(330, True), (329, False), (1050, True), (1051, False), (330 - 1440, True)])
def test_an_opening_holds_on_its_edges_and_on_every_day(minute, open_):
    assert travel.Opening(330, 1050).holds(minute) is open_


@pytest.mark.parametrize(("minute", "open_"), [(1380, True), (60, True), (700, False)])
def test_an_opening_may_go_over_midnight(minute, open_):
    assert travel.Opening(1320, 120).holds(minute) is open_
