"""Forecasts in the store: kept as issued, corrected by another entry, read as of an instant."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from posko.domain import travel
from posko.domain import weather as rules
from posko.domain.record import Actor
from posko.store import record, weather

ELECTION, ANI = "pemilu-2024", Actor("p-ani", "KPU")
AT = datetime.fromisoformat("2024-02-09T08:00:00+07:00")
H2 = datetime.fromisoformat("2024-02-12T06:00:00+07:00")
HOUR = timedelta(hours=1)


def wave(height_cm: int = 150, place: str = "19.06:P04", issued_at: datetime = AT - HOUR) -> rules.Wave:
    return rules.Wave(place, H2, H2 + 6 * HOUR, height_cm, issued_at, "BMKG")


def test_a_forecast_reads_back_as_it_was_recorded_and_not_before(db_beltim: Any) -> None:
    assert weather.record_waves(ELECTION, [wave(), wave(200, "19.06")], ANI, AT) == ["GEL-001", "GEL-002"]
    assert weather.waves(ELECTION, AT) == [wave(200, "19.06"), wave()]
    assert weather.waves(ELECTION, AT - timedelta(seconds=1)) == []


def test_a_wrong_forecast_is_corrected_by_an_entry_that_names_it(db_beltim: Any) -> None:
    code = weather.record_waves(ELECTION, [wave(1500)], ANI, AT)[0]
    weather.correct_wave(ELECTION, code, wave(150), rules.Why.TYPED_WRONG, ANI, AT + HOUR)
    assert [w.height_cm for w in weather.waves(ELECTION, AT + HOUR)] == [150]
    new, old = weather.forecasts(ELECTION, AT + HOUR)
    assert (old.ended, old.replaced, new.corrects) == ("salah_ketik", new.code, old.code)
    assert record.entry(ELECTION, new.entry_id).corrects == old.entry_id
    with pytest.raises(rules.UnknownForecast):
        weather.withdraw_wave(ELECTION, code, rules.Why.TWICE, ANI, AT + HOUR)


def test_a_forecast_that_is_taken_back_counts_no_longer(db_beltim: Any) -> None:
    code = weather.record_waves(ELECTION, [wave()], ANI, AT)[0]
    weather.withdraw_wave(ELECTION, code, rules.Why.RECALLED, ANI, AT + HOUR)
    assert weather.waves(ELECTION, AT + HOUR) == []
    assert [one.ended for one in weather.forecasts(ELECTION, AT + HOUR)] == ["ditarik_sumber"]


@pytest.mark.parametrize(
    ("bad", "refusal"),
    [
        (wave(place="19.06:G01"), rules.UnknownPlace),
        (wave(issued_at=AT + HOUR), rules.NotYetIssued),
        (wave(issued_at=AT - timedelta(days=20)), rules.BadForecast),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_is_kept(db_beltim: Any, bad: rules.Wave, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        weather.record_waves(ELECTION, [wave(), bad], ANI, AT)
    assert weather.forecasts(ELECTION, AT) == []


def test_hours_of_a_pier_hold_until_they_are_taken_away(db_beltim: Any) -> None:
    gate = rules.Gate("19.06:D01", 2, travel.Opening(390, 660, "pasang"))
    weather.set_opening(ELECTION, gate, ANI, AT)
    assert weather.openings(ELECTION, AT) == [gate]
    weather.set_opening(ELECTION, gate, ANI, AT + HOUR, ended=True)
    assert weather.openings(ELECTION, AT + HOUR) == []
    with pytest.raises(rules.UnknownPlace):
        weather.set_opening(ELECTION, rules.Gate("19.06", 0, gate.opening), ANI, AT)


def test_what_is_sent_twice_is_written_once(db_beltim: Any) -> None:
    assert weather.record_waves(ELECTION, [wave(), wave()], ANI, AT) == ["GEL-001", "GEL-001"]
    leaves = record.root()
    assert weather.record_waves(ELECTION, [wave()], ANI, AT + HOUR) == ["GEL-001"]
    assert record.root() == leaves
    assert weather.record_waves(ELECTION, [wave(), wave(160)], ANI, AT + HOUR) == ["GEL-001", "GEL-002"]
    weather.withdraw_wave(ELECTION, "GEL-001", rules.Why.RECALLED, ANI, AT + HOUR)
    assert weather.record_waves(ELECTION, [wave()], ANI, AT + HOUR) == ["GEL-004"], "what was taken back can be said again"
    gate = rules.Gate("19.06:D01", 0, travel.Opening(360, 720, "pasang"))
    for _ in range(2):
        weather.set_opening(ELECTION, gate, ANI, AT)
    assert len(record.leaves(ELECTION, kind="opening.set")) == 1
