"""Waves as forecast, and what a boat may meet."""

from datetime import UTC, datetime, timedelta

import pytest

from posko.domain import weather

AT = datetime(2024, 2, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wave(height_cm, *, place="P", hours=(0, 6), issued=0):
    return weather.Wave(place, AT + hours[0] * HOUR, AT + hours[1] * HOUR, height_cm, AT - timedelta(days=1) + issued * HOUR, "BMKG")


def test_a_forecast_at_the_limit_is_even_odds_and_a_higher_one_is_worse():
    assert weather.chance_calm(150, 150, 24) == pytest.approx(0.5)
    assert weather.chance_calm(200, 150, 24) < 0.5 < weather.chance_calm(100, 150, 24)


def test_the_further_ahead_the_less_sure():
    assert weather.chance_calm(100, 150, 72) < weather.chance_calm(100, 150, 6)


def test_of_two_forecasts_the_newer_counts_even_if_it_is_lower():
    found = weather.worst([wave(250), wave(90, issued=6)], {"P"}, AT, AT + HOUR)
    assert found is not None
    assert found.height_cm == 90


@pytest.mark.parametrize(
    ("later", "hours", "height_cm"),
    [
        ([(90, (0, 6))], (0, 6), 90),
        ([(90, (0, 6))], (4, 9), 250),  # the newer one ends on the way
        ([(90, (0, 6)), (80, (6, 12))], (4, 9), 90),
        ([(90, (2, 6))], (0, 4), 250),  # it begins on the way
        ([(90, (0, 5)), (80, (6, 12))], (4, 9), 250),  # between two newer ones
        ([(260, (5, 12)), (90, (0, 8))], (4, 9), 260),
    ],
)
def test_a_newer_forecast_counts_for_the_hours_of_which_it_speaks(later, hours, height_cm):
    """In whatever order they are told."""
    told = [wave(250, hours=(0, 12)), *(wave(height, hours=span, issued=6) for height, span in later)]
    for waves in (told, told[::-1]):
        found = weather.worst(waves, {"P"}, AT + hours[0] * HOUR, AT + hours[1] * HOUR)
        assert found is not None
        assert found.height_cm == height_cm


def test_the_highest_place_on_the_way_counts_and_other_hours_do_not():
    waves = [wave(90), wave(140, place="I"), wave(300, place="I", hours=(6, 12))]
    found = weather.worst(waves, {"P", "I"}, AT, AT + 6 * HOUR)
    assert found is not None
    assert found.height_cm == 140
    assert weather.worst(waves, {"elsewhere"}, AT, AT + HOUR) is None


def test_a_forecast_that_ends_before_it_starts_is_refused():
    with pytest.raises(weather.BadForecast):
        wave(90, hours=(6, 6))
