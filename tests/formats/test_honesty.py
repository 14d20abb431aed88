"""The reliability diagram: points where they belong, their counts as text, an axis that keeps what is nearly certain apart."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from posko.formats import honesty
from tests.planning.test_honesty import judged


def test_the_axis_runs_from_nearly_never_to_nearly_always_and_spreads_its_ends() -> None:
    assert honesty.place(1_000) == 0.0
    assert honesty.place(500_000) == pytest.approx(0.5)
    assert honesty.place(999_000) == pytest.approx(1.0)
    assert honesty.place(0) == 0.0
    assert honesty.place(1_000_000) == pytest.approx(1.0)
    assert honesty.place(990_000) - honesty.place(950_000) > honesty.place(550_000) - honesty.place(510_000)


@pytest.mark.parametrize(("ppm", "text"), [(999_000, "99,9 %"), (500_000, "50 %"), (1_000_000, "100 %"), (0, "0 %"), (123_456, "12,346 %")])
def test_a_share_is_written_with_as_many_places_as_it_needs(ppm: int, text: str) -> None:
    assert honesty.share(ppm) == text


def test_every_bin_with_cases_has_a_point_its_interval_and_its_count() -> None:
    said = np.array([[950_000] * 1500 + [200_000] * 10])
    ready = np.array([[True] * 1400 + [False] * 100 + [True] * 2 + [False] * 8])
    svg = honesty.diagram(judged(said, ready, resamples=20), 'Diagram "uji"')
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}" if root.tag.startswith("{") else ""
    dots = root.findall(f"{space}circle")
    assert len(dots) == 2
    assert len([one for one in root.findall(f"{space}path") if one.get("class") == "rel-range"]) == 2
    counts = {one.text for one in root.findall(f"{space}text") if one.get("class") == "rel-count"}
    assert counts == {"1.500", "10"}
    assert root.get("aria-label") == 'Diagram "uji"'
    assert not re.search(r"style=|<script", svg)
    low, high = sorted(dots, key=lambda one: float(one.get("cx") or 0))
    assert float(low.get("cy") or 0) > float(high.get("cy") or 0), "up is more often ready"
    for one in dots:
        assert 0 <= float(one.get("cx") or 0) <= honesty.WIDTH
        assert 0 <= float(one.get("cy") or 0) <= honesty.HEIGHT
