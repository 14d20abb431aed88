"""Moments as forms hold them."""

from datetime import UTC, datetime

import pytest

from posko.formats import text


def test_a_moment_of_a_form_is_read_in_wib_and_written_back_the_same() -> None:
    assert text.typed_moment(" 2023-12-05T10:00 ") == datetime(2023, 12, 5, 3, 0, tzinfo=UTC)
    assert text.form_moment(text.typed_moment("2023-12-05T10:00")) == "2023-12-05T10:00"
    assert not text.form_moment(None)


@pytest.mark.parametrize(
    "typed", ["", "besok", "2023-12-05", "2023-12-05T", "2023-13-05T10:00", "0001-01-01T00:00", "9999-12-31T23:59", "2023-12-05T25:00"]
)
def test_what_is_no_moment_of_this_century_is_none(typed: str) -> None:
    assert text.typed_moment(typed) is None
