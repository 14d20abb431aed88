"""What is brought to the table: by whom, until when, with what said about it; replaced and withdrawn, never removed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import materials as rules
from posko.domain.evidence import Kept
from posko.domain.materials import Kind, Material, OwnFigure, Unit, Withdrawal
from posko.domain.rakor import Attendance, Meeting

AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEETING = Meeting("RKR-001", "Rakor", "Manggar", AT, (Attendance("KPU", True), Attendance("POLRES", False), Attendance("PEMDA", True)))


def a_file(**more: Any) -> Material:
    values: dict[str, Any] = {"agency": "POLRES", "kind": Kind.SLIDES, "title": "Pengamanan", "kept": Kept("a" * 64, "pdf", 10)}
    return Material(**({"code": "BHN-001", "meeting": "RKR-001", "brought_at": AT} | values | more))


def a_number(**more: Any) -> OwnFigure:
    values: dict[str, Any] = {"figure": "tps", "label": "TPS", "number": 350, "denominator": -1, "unit": Unit.SAME, "source": "rekap"}
    return OwnFigure(**({"code": "ANG-001", "meeting": "RKR-001", "agency": "POLRES", "as_of_at": AT, "brought_at": AT} | values | more))


def test_who_is_invited_brings_until_a_day_after_the_end() -> None:
    end = MEETING.ends_at + rules.BRING_AFTER
    assert rules.may_bring(MEETING, "POLRES", AT - timedelta(days=9))
    assert rules.may_bring(MEETING, "POLRES", end)
    assert not rules.may_bring(MEETING, "POLRES", end + timedelta(seconds=1))
    assert not rules.may_bring(MEETING, "KEJARI", AT)
    assert not rules.may_bring(replace(MEETING, cancelled=True), "POLRES", AT)


def test_what_is_brought_says_what_it_is_and_for_which_item() -> None:
    assert rules.check_bring(MEETING, "KPU", "slides", "Paparan", "deadline:x", {"deadline:x"}, AT) is Kind.SLIDES
    with pytest.raises(rules.NotInvited):
        rules.check_bring(MEETING, "KEJARI", "slides", "Paparan", "", (), AT)
    with pytest.raises(rules.Over):
        rules.check_bring(MEETING, "KPU", "slides", "Paparan", "", (), MEETING.ends_at + rules.BRING_AFTER + HOUR)
    for kind, title, item, refusal in (
        ("film", "Paparan", "", rules.BadKind), ("slides", "", "", rules.Untitled), ("slides", "x" * 121, "", rules.Untitled),
        ("slides", "Paparan", "deadline:y", rules.BadKind),
    ):  # fmt: skip
        with pytest.raises(refusal):
            rules.check_bring(MEETING, "KPU", kind, title, item, {"deadline:x"}, AT)


def number(**more: Any) -> Unit:
    values: dict[str, Any] = {
        "figure": "tps", "label": "", "number": 350, "denominator": -1, "unit": "same", "source": "Rekap", "as_of_at": AT,
        "codes": {"tps"}, "at": AT,
    }  # fmt: skip
    return rules.check_number(**(values | more))


def test_a_number_may_name_a_figure_of_the_pack_or_have_a_name_and_unit_of_its_own() -> None:
    assert number() is Unit.SAME
    assert number(figure="", label="Pos jaga", unit="piece", denominator=1, number=0) is Unit.PIECE


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"figure": "rahasia"}, rules.BadKind),
        ({"unit": "ton"}, rules.BadKind),
        ({"figure": "", "label": "Pos jaga"}, rules.BadKind),  # a name of its own has no unit of the pack
        ({"figure": "", "label": "ab", "unit": "piece"}, rules.Untitled),
        ({"number": -1}, rules.BadNumber),
        ({"number": rules.MOST_NUMBER + 1}, rules.BadNumber),
        ({"denominator": 0}, rules.BadNumber),
        ({"denominator": -2}, rules.BadNumber),
        ({"source": "abc"}, rules.SourceMissing),
        ({"as_of_at": AT + timedelta(seconds=1)}, rules.BadAsOf),
        ({"as_of_at": AT - rules.OLDEST - HOUR}, rules.BadAsOf),
    ],
)
def test_a_number_that_says_too_little_about_itself_is_refused(more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        number(**more)


def test_the_same_bytes_of_another_agency_are_told_and_of_ones_own_refused() -> None:
    theirs = a_file(agency="PEMDA", code="BHN-002")
    gone = a_file(withdrawn=Withdrawal(AT, "p-hadi", "salah berkas"))
    assert rules.check_same("a" * 64, "POLRES", [theirs, gone]) == (theirs, gone)
    assert rules.check_same("b" * 64, "POLRES", [theirs, a_file()]) == ()
    with pytest.raises(rules.AlreadyBrought):
        rules.check_same("a" * 64, "POLRES", [theirs, a_file()])


def test_only_its_agency_changes_it_and_only_while_it_stands() -> None:
    rules.check_withdrawal(a_file(), "POLRES", "salah berkas")
    with pytest.raises(rules.NotOwner):
        rules.check_change(a_file(), "KPU")
    for over in (a_file(newer="BHN-002"), a_number(withdrawn=Withdrawal(AT, "p-hadi", "x"))):
        with pytest.raises(rules.Gone):
            rules.check_change(over, "POLRES")
    for reason in ("x" * 9, "x" * 401):
        with pytest.raises(rules.ReasonMissing):
            rules.check_withdrawal(a_file(), "POLRES", reason)


def test_what_stands_comes_in_the_order_of_the_agenda_then_of_the_seats() -> None:
    brought = [
        a_number(item="person:1"), a_file(code="BHN-002", agency="PEMDA", item="person:1"), a_file(code="BHN-003", item="person:1"),
        a_file(code="BHN-004", item="gone:1"), a_file(code="BHN-005", newer="BHN-006"), a_file(code="BHN-006", agency="KPU"),
    ]  # fmt: skip
    order = rules.in_order(brought, ["KPU", "POLRES", "PEMDA"], ["deadline:x", "person:1"])
    found = {item: [b.code for b in group] for item, group in order.items()}
    assert found == {"deadline:x": [], "person:1": ["BHN-003", "ANG-001", "BHN-002"], "": ["BHN-006", "BHN-004"]}
