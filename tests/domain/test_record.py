"""Plain values: what an entry may hold and how it is written down."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import record

plain = st.recursive(
    st.text(st.characters(codec="utf-8")) | st.integers(-record.LARGEST, record.LARGEST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), plain, max_size=5)


@given(objects)
def test_what_is_written_down_reads_back_and_is_written_the_same_again(value: dict[str, object]) -> None:
    written = record.canonical(value)
    assert json.loads(written) == value
    assert record.canonical(json.loads(written)) == written


@given(objects)
def test_the_order_of_the_keys_does_not_matter(value: dict[str, object]) -> None:
    assert record.canonical(dict(reversed(value.items()))) == record.canonical(value)


@pytest.mark.parametrize("value", [1.0, True, None, 2**53, b"x", "\ud800", [0.5], {"a": {"b": 1.5}}, {1: "x"}])
def test_what_two_programs_could_write_differently_is_refused(value: object) -> None:
    with pytest.raises(record.NotPlain):
        record.canonical({"value": value})


@pytest.mark.parametrize("grade", list(record.Grade))
def test_a_grade_computes_or_needs_confirmation_or_is_unknown(grade: record.Grade) -> None:
    assert [grade.computes, grade.needs_confirmation, grade is record.Grade.UNKNOWN].count(True) == 1
