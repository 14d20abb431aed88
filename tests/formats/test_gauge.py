"""The bar never looks complete before it is, and shows unknown as hatching."""

import itertools
import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from posko.formats import gauge


def widths(svg: str) -> dict[str, int]:
    return {m[0]: int(m[1]) for m in re.findall(r'class="(bar-[a-z]+)"[^>]*width="(\d+)"', svg)}


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_bar_is_full_only_when_the_need_is_met_and_empty_only_at_nought(need: int, good: int) -> None:
    drawn = widths(gauge.bar(need, shipped=0, received=0, good=good, label="x")).get("bar-good", 0)
    assert (drawn == 1000) is (good >= need)
    assert (drawn == 0) is (good == 0)


def test_an_unknown_need_is_hatched_and_the_words_are_escaped() -> None:
    svg = gauge.bar(None, shipped=1, received=1, good=1, label='Segel "?" <belum>')
    assert "bar-unknown" in svg
    assert "bar-good" not in svg
    assert ET.fromstring(svg).get("aria-label") == 'Segel "?" <belum>'


@given(st.lists(st.integers(0, 500), min_size=3, max_size=3))
def test_parts_of_a_whole_fill_the_bar_without_gap_or_overlap(counts: list[int]) -> None:
    svg = gauge.stack(list(zip(["a", "b", "c"], counts, strict=True)), "x")
    rects = [(int(r.get("x", 0)), int(r.get("width", 0))) for r in ET.fromstring(svg)][1:]
    assert all(x + w == nxt for (x, w), (nxt, _) in itertools.pairwise(rects))
    assert rects[-1][0] + rects[-1][1] == (1000 if sum(counts) else 0)
