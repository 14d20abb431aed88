import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import places

digits = st.text("0123456789", min_size=13, max_size=13)


@given(digits)
def test_a_code_with_or_without_dots_is_the_same_code_and_keeps_its_zeros(code: str) -> None:
    dotted = places.dotted(code)
    assert dotted.replace(".", "") == code
    assert places.dotted(dotted) == dotted
    assert [len(p) for p in dotted.split(".")] == [2, 2, 2, 4, 3]


@pytest.mark.parametrize(
    "bad", ["", "190601200", "19.06.1.2001", "1.906.012.001.001", "19060120010O1", "１９０６０１２００１", "19.0601.2001"]
)
def test_a_code_that_lost_a_zero_or_has_letters_is_refused_by_name(bad: str) -> None:
    with pytest.raises(places.BadCode) as refusal:
        places.dotted(bad)
    assert refusal.value.facts["value"] == bad


def test_levels_follow_the_number_of_parts() -> None:
    assert [places.level(c) for c in ("19", "19.06", "19.06.01", "19.06.01.2001", "19.06.01.2001.901")] == list(places.LEVELS)


def test_a_crosswalk_changes_only_the_part_that_differs_and_what_lies_below_it() -> None:
    pairs = {"92.01.01.2001": "96.01.01.2001"}
    assert places.crosswalk(pairs, "92.01.01.2001.003") == "96.01.01.2001.003"
    assert places.crosswalk(pairs, "92.01.01.2002") == "92.01.01.2002"


@pytest.mark.parametrize(("lat", "lon"), [(108.26, -2.88), (0.0, 0.0), (-12.0, 110.0), (-2.0, 142.0)])
def test_a_pin_outside_indonesia_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(places.BadPin):
        places.check_pin(lat, lon)


def test_distance_from_manggar_to_batun_is_the_hundred_kilometres_of_the_sources() -> None:
    assert places.great_circle_km(-2.88333, 108.26667, -3.8010, 108.0666) == pytest.approx(104, abs=5)
    assert places.great_circle_km(1, 2, 1, 2) == 0


@given(st.floats(-11, 6), st.floats(95, 141), st.floats(-11, 6), st.floats(95, 141))
def test_distance_is_the_same_both_ways_and_the_detour_only_lengthens_it(a: float, b: float, c: float, d: float) -> None:
    there = places.great_circle_km(a, b, c, d)
    assert there == pytest.approx(places.great_circle_km(c, d, a, b))
    assert places.road_km(a, b, c, d, 1.35) == pytest.approx(1.35 * there)
