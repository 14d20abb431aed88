"""Values that were set and who sees to what, in the database and the journal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipts_rules
from posko.domain import record as facts
from posko.domain import sorting as sorting_rules
from posko.domain import stock as stock_rules
from posko.domain import thresholds as rules
from posko.store import dpt, needs, readiness, receipts, record, sorting, stock, thresholds

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DEFAULT = receipts_rules.Limits()
WHY = "Pemasok mengirim lewat laut"


def put(cast: Any, name: str = "buffer_days", value: int = 10, at: datetime = AT, **more: Any) -> rules.Setting:
    seen = more.pop("seen", rules.plain(getattr(receipts.limits(E, at), name), rules.knob("receipts", DEFAULT, name).unit))
    who = more.pop("who", "ani")
    return thresholds.set_limit(
        E, "receipts", DEFAULT, name, value, seen=seen, reason=WHY, role="kpu.operator", actor=actor(cast, who), at=at, **more
    )


def actor(cast: Any, who: str) -> facts.Actor:
    return facts.Actor(cast[who].id, cast[who].agency)


def test_a_value_is_in_force_from_its_instant_on_and_the_past_stays_as_it_was(cast: Any) -> None:
    assert receipts.limits(E, AT) == DEFAULT
    put(cast)
    put(cast, value=12, at=LATER)
    assert receipts.limits(E, AT - timedelta(seconds=1)).buffer_days == 7
    assert receipts.limits(E, AT).buffer_days == 10
    assert receipts.limits(E, LATER).buffer_days == 12
    assert receipts.limits("pilkada-2024", LATER).buffer_days == 7, "another election has its own"
    assert [(s.before, s.value) for s in thresholds.history(E, LATER)] == [(7, 10), (10, 12)]
    assert len(thresholds.history(E, AT, "receipts", "buffer_days")) == 1
    assert thresholds.history(E, LATER, "receipts", "moved_times") == thresholds.history(E, LATER, "stock") == []


def test_the_journal_holds_old_and_new_value_owner_and_reason_and_verifies(cast: Any) -> None:
    said = put(cast)
    leaf = record.entry(E, said.entry_id)
    assert (leaf.kind, leaf.subject, leaf.reason) == ("threshold.set", "threshold:receipts.buffer_days", WHY)
    assert leaf.facts == {
        "stage": "receipts", "name": "buffer_days", "rule": "R03", "before": 7, "value": 10, "unit": "hari", "owner": "KPU",
        "role": "kpu.operator",
    }  # fmt: skip
    assert record.verify().faults == ()


def test_what_is_refused_writes_nothing(cast: Any) -> None:
    before = record.root()
    with pytest.raises(rules.OutOfBounds):
        put(cast, value=31)
    with pytest.raises(rules.SeenOther):
        put(cast, seen=6)
    with pytest.raises(rules.NotOwner):
        put(cast, who="citra")
    with pytest.raises(rules.SecondMissing):
        put(cast, "probability_permille", 800)
    with pytest.raises(rules.SecondMissing):
        put(cast, "probability_permille", 800, second=actor(cast, "ani"))
    with pytest.raises(rules.Locked):
        thresholds.set_limit(
            E, "sorting", sorting_rules.Limits(), "stray_days", 8, seen=7, reason=WHY, role="kpu.operator", actor=actor(cast, "ani"),
            at=AT, second=actor(cast, "fajar"),
        )  # fmt: skip
    assert record.root() == before


def test_two_people_stand_in_the_row_and_in_the_approvals(cast: Any) -> None:
    said = put(cast, "probability_permille", 800, second=actor(cast, "fajar"))
    assert (said.person, said.second) == (cast["ani"].id, cast["fajar"].id)
    assert receipts.limits(E, AT).probability_permille == 800
    assert put(cast, value=9, second=actor(cast, "fajar")).second == "", "where one is enough a second is not written down"


def test_stages_read_their_own_values_in_the_type_of_their_fields(cast: Any) -> None:
    role = {"role": "kpu.operator", "actor": actor(cast, "ani"), "at": AT, "reason": WHY}
    thresholds.set_limit(E, "stock", stock_rules.Limits(), "inspect_days", 3, seen=7, **role)
    thresholds.set_limit(E, "sorting", sorting_rules.Limits(), "probability", 900, seen=950, **role)
    readiness.set_limit(E, 12, actor(cast, "ani"), AT)
    thresholds.set_limit(E, "readiness", readiness_rules.Limits(), "trained_permille", 900, seen=800, **role)
    assert stock.limits(E, AT).inspect_days == 3
    assert sorting.limits(E, AT).probability == 0.9
    held = readiness.limits(E, AT)
    assert (held.trained_permille, held.check_valid) == (900, timedelta(hours=12))


# --- "I see to it" -------------------------------------------------------------------------------------------------------

SIGNAL = facts.Signal("R11", "HAMBATAN", "warehouse:19.06:G01", "high", ("KPU", "PEMDA"), AT - timedelta(hours=5))


def test_an_answer_is_kept_with_person_and_time_and_stands_in_the_journal(cast: Any) -> None:
    said = thresholds.acknowledge(E, SIGNAL, actor(cast, "indra"), AT)
    assert (said.person, said.agency, said.said_at) == (cast["indra"].id, "PEMDA", AT)
    assert record.entry(E, said.entry_id).facts == {
        "rule": "R11", "object": SIGNAL.subject, "since": SIGNAL.since_at.isoformat(), "severity": "high",
    }  # fmt: skip
    assert rules.answer_to(SIGNAL, thresholds.acknowledgements(E, AT)) == said
    assert thresholds.acknowledgements(E, AT - timedelta(seconds=1)) == thresholds.acknowledgements("pilkada-2024", AT) == []
    assert record.verify().faults == ()


def test_nobody_answers_twice_or_for_others(cast: Any) -> None:
    thresholds.acknowledge(E, SIGNAL, actor(cast, "indra"), AT)
    before = record.root()
    with pytest.raises(rules.Acknowledged):
        thresholds.acknowledge(E, SIGNAL, actor(cast, "ani"), LATER)
    with pytest.raises(rules.NotAddressed):
        thresholds.acknowledge(E, SIGNAL, actor(cast, "hadi"), LATER)
    assert record.root() == before


def test_r13_speaks_of_tps_whose_additional_voters_exceed_their_reserve(db_beltim: Any, cast: Any) -> None:
    assert needs.signals(E, AT) == [], "no DPTb has been imported"
    voters = dpt.voters(E, AT)
    first, second = sorted(voters)[:2]
    reserve = min(line.reserve for line in needs.lines(E, AT, place=first) if line.contest)
    changed = [
        replace(v, dptb=reserve + 1 if code == first else reserve - 3 if code == second else 0, dpk=3 if code == second else 0)
        for code, v in voters.items()
    ]
    in_force = dpt.current(E, AT)
    assert in_force is not None
    dpt.import_voters(E, changed, label="DPTb", actor=actor(cast, "ani"), at=LATER, based_on=in_force.digest)
    (found,) = needs.signals(E, LATER)
    assert (found.rule, found.place, found.facts["dptb"], found.since_at) == ("R13", first, reserve + 1, LATER)
