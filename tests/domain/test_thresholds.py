"""Thresholds: bounds, owners, what nobody may set; "I see to it"; and the rule over all warnings (R18)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import packing, record, sorting
from posko.domain import thresholds as rules

AT = datetime(2024, 2, 1, 3, tzinfo=UTC)
ANI, FAJAR, CITRA = record.Actor("p-ani", "KPU"), record.Actor("p-fajar", "KPU"), record.Actor("p-citra", "KEJARI")


@dataclass(frozen=True)
class Limits:
    days: int = field(default=7, metadata=rules.bounds("R03", 0, 30, "hari", "sisa waktu"))
    share: float = field(default=0.95, metadata=rules.bounds("R04", 800, 990, "permil", "peluang", two=True))
    span: timedelta = field(default=timedelta(hours=24), metadata=rules.bounds("R18", 1, 72, "jam", "rentang", owner="KEJARI"))
    sheets: int = field(default=1, metadata=rules.bounds("R05", 1, 99, "lembar", "surat suara salah"))
    due: int = field(default=1, metadata=rules.bounds("R14", 0, 9, "hari", "tenggat", law="UU"))
    other: int = 3


def knob(name: str) -> rules.Knob:
    return rules.knob("stage", Limits(), name)


def test_thresholds_are_the_fields_that_have_bounds_with_their_defaults_in_whole_units() -> None:
    assert [(k.name, k.default, k.unit) for k in rules.knobs("stage", Limits())] == [
        ("days", 7, "hari"), ("share", 950, "permil"), ("span", 24, "jam"), ("sheets", 1, "lembar"), ("due", 1, "hari"),
    ]  # fmt: skip
    with pytest.raises(rules.Unknown):
        knob("other")


def test_values_that_were_set_take_the_place_of_defaults_in_the_type_of_the_field() -> None:
    held = rules.with_values(Limits(), {"days": 10, "share": 900, "span": 48})
    assert (held.days, held.share, held.span) == (10, 0.9, timedelta(hours=48))
    assert held.other == 3


def test_values_out_of_bounds_locked_or_of_fields_that_are_gone_count_nowhere() -> None:
    assert rules.with_values(Limits(), {"days": 31, "sheets": 50, "due": 5, "gone": 1, "other": 9}) == Limits()


@given(st.integers(1, 72), st.sampled_from(["menit", "jam", "hari"]))
def test_a_span_is_the_same_whole_number_there_and_back(number: int, unit: str) -> None:
    assert rules.plain(rules.typed(number, unit, timedelta()), unit) == number


def check(
    name: str = "days", value: int = 10, before: int = 7, seen: int = 7, reason: str = "pemasok di seberang laut", **more: object
) -> None:
    actor, second = more.get("actor", ANI), more.get("second")
    rules.check_set(knob(name), value, before, seen, reason, actor, second)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, 30])
def test_the_bounds_themselves_may_be_set(value: int) -> None:
    check(value=value)


@pytest.mark.parametrize("value", [-1, 31])
def test_beyond_the_bounds_is_refused(value: int) -> None:
    with pytest.raises(rules.OutOfBounds):
        check(value=value)


def test_only_the_owner_sets_with_a_reason_and_knowing_the_value_in_force() -> None:
    with pytest.raises(rules.NotOwner):
        check(actor=CITRA)
    with pytest.raises(rules.SeenOther):
        check(before=8)
    with pytest.raises(rules.Unchanged):
        check(value=7)
    for reason in ("", "   pendek   ", "123456789", "x" * 301):
        with pytest.raises(rules.ReasonMissing):
            check(reason=reason)
    check(reason="1234567890")


def test_a_threshold_of_a_warning_that_can_be_critical_takes_two_different_people() -> None:
    two = {"name": "share", "value": 900, "before": 950, "seen": 950}
    for second in (None, ANI):
        with pytest.raises(rules.SecondMissing):
            check(**two, second=second)  # type: ignore[arg-type]
    check(**two, second=FAJAR)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["sheets", "due"])
def test_what_guards_r05_and_r06_or_stands_in_the_law_is_set_by_nobody(name: str) -> None:
    with pytest.raises(rules.Locked):
        check(name, 2, 1, 1, second=FAJAR)


def test_every_threshold_of_packing_and_of_strays_is_locked() -> None:
    assert all(k.locked for k in rules.knobs("packing", packing.Limits()))
    assert rules.knob("sorting", sorting.Limits(), "stray_days").locked
    assert not rules.knob("sorting", sorting.Limits(), "factor").locked


# --- "I see to it" -------------------------------------------------------------------------------------------------------


def signal(
    rule: str = "R06", place: str = "19.06.02.2001.001", hours: float = 0, severity: str = "high", to: tuple[str, ...] = ("KPU",)
) -> record.Signal:
    return record.Signal(rule, "GANGGUAN", f"box:{place}:{hours}", severity, to, AT + timedelta(hours=hours), place=place)


def said(one: record.Signal, at: datetime = AT + timedelta(hours=1), person: str = "p-ani") -> rules.Acknowledgement:
    return rules.Acknowledgement(one.rule, one.subject, one.since_at, one.severity, person, "KPU", at)


def test_an_answer_speaks_of_the_warning_as_it_stood() -> None:
    one = signal()
    assert said(one).speaks_of(one)
    assert said(one).speaks_of(replace(one, severity="watch")), "what became milder is still seen to"
    assert not said(one).speaks_of(replace(one, severity="critical")), "what became graver asks again"
    assert not said(one).speaks_of(replace(one, since_at=AT + timedelta(days=1))), "what went away and came back asks again"
    assert not said(one).speaks_of(replace(one, subject="box:other"))


def test_the_first_who_said_so_sees_to_it() -> None:
    one = signal()
    later = said(one, AT + timedelta(hours=2), "p-fajar")
    found = rules.answer_to(one, [later, said(one)])
    assert found is not None
    assert found.person == "p-ani"
    assert rules.answer_to(one, []) is None


def test_only_those_it_goes_to_answer_and_only_once() -> None:
    one = signal()
    rules.check_acknowledge(one, [], ANI)
    with pytest.raises(rules.NotAddressed):
        rules.check_acknowledge(one, [], CITRA)
    with pytest.raises(rules.Acknowledged):
        rules.check_acknowledge(one, [said(one)], FAJAR)
    rules.check_acknowledge(replace(one, severity="critical"), [said(one)], FAJAR)


def test_signals_are_one_for_each_rule_and_thing_the_gravest_of_them() -> None:
    one = signal()
    grave = replace(one, severity="critical", since_at=AT + timedelta(hours=5))
    assert record.single([one, grave, one]) == [grave]
    assert len(record.single([one, replace(one, rule="R05"), replace(one, subject="box:x")])) == 3


# --- R18 -----------------------------------------------------------------------------------------------------------------

A, B, C = "19.06.02.2001.001", "19.06.02.2002.004", "19.06.03.2001.002"


def cause(*signals: record.Signal, limits: rules.Limits | None = None) -> list[tuple[str, int, int]]:
    return [(str(s.facts["family"]), int(s.facts["count"]), int(s.facts["desa"])) for s in rules.common_cause(signals, limits)]


def test_three_warnings_of_a_kind_in_three_desa_within_a_day_have_perhaps_one_cause() -> None:
    found = rules.common_cause([signal(place=A), signal("R06.uji", B, 3), signal(place=C, hours=20)])
    assert [(s.rule, s.subject, s.since_at) for s in found] == [("R18", "cause:R06", AT + timedelta(hours=20))]
    assert found[0].facts["desa"] == 3


def test_two_warnings_or_two_desa_or_two_kinds_are_no_common_cause() -> None:
    assert cause(signal(place=A), signal(place=B)) == []
    assert cause(signal(place=A), signal(place=B), signal(place="19.06.02.2002.005", hours=1)) == []
    assert cause(signal(place=A), signal(place=B), signal("R05", C)) == []


def test_the_edge_of_the_day_belongs_to_it_and_a_second_later_does_not() -> None:
    assert cause(signal(place=A), signal(place=B), signal(place=C, hours=24)) == [("R06", 3, 3)]
    assert cause(signal(place=A), signal(place=B), signal(place=C, hours=24 + 1 / 3600)) == []


def test_warnings_about_no_desa_and_the_rule_itself_do_not_count() -> None:
    assert cause(signal(place=A), signal(place=B), signal(place="19.06:G01")) == []
    assert cause(signal(place=A), signal(place=B), signal(place="19.06.02")) == []
    assert cause(signal("R18", A), signal("R18", B), signal("R18", C)) == []


def test_the_beginning_stays_when_more_come_and_thresholds_are_those_in_force() -> None:
    first = [signal(place=A), signal(place=B), signal(place=C, hours=2)]
    more = [*first, signal(place="19.06.04.2001.001", hours=9)]
    assert rules.common_cause(more)[0].since_at == rules.common_cause(first)[0].since_at
    assert cause(*first, limits=rules.Limits(cause_signals=4)) == []
    assert cause(*first[:2], limits=rules.Limits(cause_signals=2, cause_desa=2)) == [("R06", 2, 2)]


def test_the_mark_of_made_up_events_travels() -> None:
    found = rules.common_cause([signal(place=A), replace(signal(place=B), mark="[SIMULASI]"), signal(place=C)])
    assert found[0].mark == "[SIMULASI]"
