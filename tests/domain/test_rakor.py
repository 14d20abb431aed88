"""Rakor: the same numbers hash the same everywhere, a changed number is seen, and a withheld section changes no hash."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import rakor

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
words = st.text('aß–é "1', max_size=6)
scalars = st.one_of(words, st.integers(-(10**9), 10**9))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12
)
sections = st.dictionaries(st.sampled_from(["figures", "aght", "agenda", "plan", "journal"]), values, max_size=5)


def figure(code: str, numerator: int, denominator: int) -> rakor.Value:
    return {"code": code, "label": code.title(), "numerator": numerator, "denominator": denominator}


def a_meeting(**attended: bool) -> rakor.Meeting:
    agencies = tuple(rakor.Attendance(name, there) for name, there in (attended or {"KPU": True, "PEMDA": True, "BAWASLU": False}).items())
    return rakor.Meeting("RKR-001", "Rakor kesiapan", "Hotel Guest, Manggar", AT, agencies)


@given(sections)
def test_a_snapshot_file_recomputes_to_its_own_hash(content: dict[str, rakor.Value]) -> None:
    data = rakor.freeze(content)
    assert rakor.recompute(data) == rakor.digest(content)
    assert rakor.freeze(json.loads(data)["sections"]) == data


@given(sections, st.sets(st.sampled_from(["figures", "aght", "agenda"])))
def test_withholding_sections_keeps_the_hash(content: dict[str, rakor.Value], hidden: set[str]) -> None:
    copy = rakor.copy_for(content, hidden)
    assert rakor.recompute(copy) == rakor.digest(content)
    assert not set(json.loads(copy)["sections"]) & hidden


def test_the_order_in_which_a_table_was_filled_does_not_matter_but_every_number_does() -> None:
    one, two = {"a": 1, "b": "ß–é"}, {"b": "ß–é", "a": 1}
    assert rakor.canonical(one) == rakor.canonical(two) == '{"a":1,"b":"ß–é"}'.encode()
    assert rakor.digest({"figures": one}) != rakor.digest({"figures": {**one, "a": 2}})


@pytest.mark.parametrize("value", [1.5, True, None, {"a": {1: "x"}}, ["a", 0.1], AT])
def test_what_would_not_hash_the_same_everywhere_is_refused(value: object) -> None:
    with pytest.raises(rakor.NotCanonical):
        rakor.canonical(value)  # type: ignore[arg-type]


def test_a_snapshot_with_one_altered_digit_cannot_be_built() -> None:
    data = rakor.freeze({"figures": [figure("ready", 0, 363)]})
    rakor.Snapshot("SNP-001", "RKR-001", AT, data, rakor.recompute(data))
    with pytest.raises(rakor.Changed):
        rakor.Snapshot("SNP-001", "RKR-001", AT, data.replace(b"363", b"364"), rakor.recompute(data))


def test_the_next_snapshot_shows_what_changed_and_only_that() -> None:
    before = {"figures": [figure("ready", 0, 363), figure("boxes", 1262, 1829), figure("gone", 3, 4)]}
    after = {"figures": [figure("ready", 0, 363), figure("boxes", 1829, 1829), figure("new", 5, 5)]}
    found = rakor.differences(before, after)
    assert [(d.code, d.before, d.after, d.change) for d in found] == [("boxes", 1262, 1829, 567), ("new", -1, 5, 5), ("gone", 3, -1, -3)]
    assert rakor.differences(after, after) == ()


def test_pemda_gets_the_pack_without_the_aght_register_and_who_was_not_there_gets_none() -> None:
    assert rakor.withheld_from("PEMDA") == ("aght",)
    assert rakor.withheld_from("POLRES") == ()
    meeting = a_meeting(KPU=True, PEMDA=True, POLRES=False)
    assert rakor.may_read("PEMDA", meeting)
    assert not rakor.may_read("POLRES", meeting)
    assert rakor.may_read("BAWASLU", meeting)


def test_a_decision_has_words_an_owner_at_the_table_frozen_numbers_and_a_day_to_come() -> None:
    meeting, day = a_meeting(), AT + timedelta(days=3)
    rakor.check_decision(meeting, "Pinjamkan 40 palet", "PEMDA", day, "SNP-001", AT)
    with pytest.raises(rakor.Untitled):
        rakor.check_decision(meeting, " ", "PEMDA", day, "SNP-001", AT)
    with pytest.raises(rakor.NotInvited):
        rakor.check_decision(meeting, "Pinjamkan", "POLRES", day, "SNP-001", AT)
    with pytest.raises(rakor.NothingFrozen):
        rakor.check_decision(meeting, "Pinjamkan", "PEMDA", day, "", AT)
    with pytest.raises(rakor.DeadlinePast):
        rakor.check_decision(meeting, "Pinjamkan", "PEMDA", AT, "SNP-001", AT)
    with pytest.raises(rakor.NoAgency):
        rakor.check_decision(meeting, "Pinjamkan", "", day, "SNP-001", AT)


def test_the_agenda_puts_overdue_matters_first_then_what_is_due_soon() -> None:
    matters = [
        rakor.Matter("aght", "A-1", "Gelombang", "tinggi", None, 9),
        rakor.Matter("deadline", "T-1", "Tahap I lengkap", "", AT + timedelta(days=5)),
        rakor.Matter("recommendation", "R-2", "Klaim", "", AT - timedelta(days=1)),
        rakor.Matter("decision", "P-1", "Palet", "", AT - timedelta(days=4)),
        rakor.Matter("deadline", "T-9", "Hari H", "", AT + timedelta(days=71)),
        rakor.Matter("shortage", "S-1", "Kotak kurang", "", None, 20),
    ]
    assert [m.code for m in rakor.agenda(matters, AT)] == ["P-1", "R-2", "T-1", "S-1", "A-1", "T-9"]
    assert len(rakor.agenda(matters, AT, most=2)) == 2


def test_a_pack_that_lost_words_keeps_its_digest_and_its_copy_still_gives_it() -> None:
    sections: dict[str, rakor.Value] = {"aght": {"rows": [{"title": "Jalan Pak Budi"}]}, "figures": [1, 2]}
    content, digest = rakor.freeze(sections), rakor.digest(sections)
    left = rakor.without(content, ["Jalan Pak Budi"], "[dihapus, HPS-001]")
    assert b"Budi" not in left
    found = rakor.Snapshot("PKT-1", "RKR-1", AT, left, digest)
    assert set(found.erased) == {"aght"}
    assert found.sections["figures"] == [1, 2]
    again = rakor.without(left, ["dihapus, HPS-001"], "[dihapus, HPS-002]")
    assert rakor.Snapshot("PKT-1", "RKR-1", AT, again, digest).erased == found.erased, "the first hash stays"
    copy = rakor.copy_for(found.sections, [], found.erased)
    assert b"HPS-001" not in copy
    assert rakor.recompute(copy) == digest
    assert rakor.without(content, ["tidak ada di sini"], "x") == content
    with pytest.raises(rakor.Changed):
        rakor.Snapshot("PKT-1", "RKR-1", AT, left.replace(b"[1,2]", b"[1,3]"), digest)
