"""Voter counts as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import dpt

COUNTS = st.dictionaries(st.sampled_from([f"19.06.01.2001.{n:03}" for n in range(1, 9)]), st.integers(0, 400))


def valued(counts: dict[str, int]) -> dict[str, dpt.TpsVoters]:
    return {code: dpt.TpsVoters(code, n) for code, n in counts.items()}


@given(COUNTS, COUNTS)
def test_a_difference_accounts_for_every_tps_and_every_voter(before: dict[str, int], after: dict[str, int]) -> None:
    found = dpt.difference(valued(before), valued(after))
    assert len(found.new) + len(found.changed) + found.unchanged == len(after)
    assert len(found.gone) == len(set(before) - set(after))
    assert found.by == sum(after.values()) - sum(before.values())
    assert found.empty == (before == after)


@given(COUNTS)
def test_the_same_counts_have_the_same_digest_in_any_order(counts: dict[str, int]) -> None:
    voters = list(valued(counts).values())
    assert dpt.digest(voters) == dpt.digest(reversed(voters))


def test_a_count_below_nought_cannot_be_built() -> None:
    with pytest.raises(dpt.NegativeVoters):
        dpt.TpsVoters("19.06.01.2001.001", -1)


def test_later_voters_lie_over_the_dpt_and_need_one() -> None:
    before = valued({"a": 200, "b": 100})
    after = dpt.with_additional(before, [dpt.TpsVoters("a", 0, 3, 1)])
    assert (after["a"].dpt, after["a"].dptb, after["a"].dpk, after["b"].dpt) == (200, 3, 1, 100)
    with pytest.raises(dpt.NoVotersYet):
        dpt.with_additional({}, [dpt.TpsVoters("a", 0, 3, 1)])


def test_an_import_must_change_something_and_must_have_seen_what_is_in_force() -> None:
    dpt.check_import("x", "x", "y")
    with pytest.raises(dpt.DraftStale):
        dpt.check_import("x", "w", "y")
    with pytest.raises(dpt.NothingToImport):
        dpt.check_import("x", "x", "x")
