"""Calls in the store: two callers never hold one TPS, an outcome is also what the TPS said, numbers can be erased."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import calls as rules
from posko.domain import distribution as road_rules
from posko.domain import forecast as forecast_rules
from posko.domain import places as place_rules
from posko.domain import readiness as readiness_rules
from posko.domain import receipts as receipt_rules
from posko.domain.readiness import State
from posko.domain.record import Actor
from posko.store import calls, distribution, dpt, forecast, places, readiness, receipts, record
from tests import erasing

pytestmark = pytest.mark.django_db
E = "pemilu-2024"
AT = datetime(2024, 2, 13, 21, 30, tzinfo=UTC)  # H 04.30 WIB
CODES = ("19.06.02.2001.001", "19.06.02.2001.002", "19.06.07.2003.001")
ANI, LUTFI = Actor("p-ani", "KPU"), Actor("p-lutfi", "KPU")
REGION = ("19.06",)


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three TPS of which nobody knows anything, without the stages before; no forecast until a test makes one."""
    tps = [
        place_rules.Tps(c, int(c[-3:]), f"TPS {c[-3:]}", c[:13], "Desa", c[:8], "Kecamatan", "reguler", "", False, 0.0, 0.0) for c in CODES
    ]
    boxes = receipt_rules.Demand("KOTAK", "Kotak suara", "", "", "buah", 15, "verified", True, True, False, "I")
    monkeypatch.setattr(places, "tps_list", lambda _election: tps)
    monkeypatch.setattr(distribution, "current_plan", lambda _election, _at: None)
    monkeypatch.setattr(receipts, "demands", lambda _election, _at: [boxes])
    monkeypatch.setattr(receipts, "accepted", lambda _election, _at: {("KOTAK", "", ""): 15})
    monkeypatch.setattr(receipts, "tps_needs", lambda _election, _at: {c: {("KOTAK", "", ""): 5} for c in CODES})
    monkeypatch.setattr(dpt, "voters", lambda _election, _at: {})
    monkeypatch.setattr(forecast, "current", lambda _election, _at: None)
    return installation


def states(at: datetime) -> list[State]:
    return [v.state for v in readiness.verdicts(E, at)]


def test_callers_share_the_list_and_a_claim_runs_out(scene: Any) -> None:
    first, second = (calls.claim_next(E, REGION, who, AT) for who in (ANI, LUTFI))
    assert [first.tps, second.tps] == list(CODES[:2])
    assert calls.claim(E, CODES[0], ANI, AT).until_at == AT + rules.CLAIM_FOR, "renewed by its own holder"
    with pytest.raises(rules.Taken):
        calls.claim(E, CODES[0], LUTFI, AT)
    with pytest.raises(rules.Taken):
        calls.record_call(E, CODES[0], "ready", (), LUTFI, AT)
    calls.release(E, CODES[0], ANI, AT + timedelta(seconds=5))
    calls.claim(E, CODES[0], LUTFI, AT + timedelta(seconds=6))
    late = AT + timedelta(seconds=7) + rules.CLAIM_FOR
    assert calls.claims(E, late) == {}
    with pytest.raises(rules.NothingOpen):
        calls.claim_next(E, ("19.07",), ANI, AT)
    with pytest.raises(rules.Unknown):
        calls.claim(E, "19.06.99.0000.001", ANI, AT)


def test_an_outcome_is_a_fact_and_what_the_tps_said_and_never_makes_it_ready(scene: Any) -> None:
    calls.record_call(E, CODES[0], "ready", (), ANI, AT)
    calls.record_call(E, CODES[1], "not_ready", ("KOTAK", "kpps", "KOTAK"), ANI, AT)
    calls.record_call(E, CODES[2], "no_answer", (), ANI, AT)
    kinds = list(record.Entry.objects.order_by("-leaf_index").values_list("kind", flat=True)[:5])
    assert kinds[::-1] == ["call.made", "tps.phoned", "call.made", "tps.phoned", "call.made"]
    assert states(AT) == [State.UNKNOWN, State.NOT_READY, State.UNKNOWN]
    assert readiness.phoned(E, AT)[CODES[1]].missing == ("KOTAK", "kpps")
    assert calls.answers(E, AT) == {CODES[0]: ("ready", AT), CODES[1]: ("not_ready", AT), CODES[2]: ("no_answer", AT)}
    assert [line.standing.value for line in calls.lines(E, AT)] == ["waiting", "answered", "answered"]
    size = record.root()
    for outcome, missing, refusal in (
        ("ready", ("KOTAK",), rules.NoOutcome), ("not_ready", (), rules.NoOutcome), ("not_ready", ("GEMBOK",), readiness_rules.UnknownItem),
    ):  # fmt: skip
        with pytest.raises(refusal):
            calls.record_call(E, CODES[0], outcome, missing, ANI, AT)
    assert record.root() == size


def test_an_outcome_taken_back_takes_back_what_the_tps_said(scene: Any) -> None:
    made = calls.record_call(E, CODES[0], "not_ready", ("seals",), ANI, AT)
    later = AT + timedelta(minutes=3)
    with pytest.raises(rules.TooLate):
        calls.undo(E, CODES[0], made.entry_id, LUTFI, later)
    calls.undo(E, CODES[0], made.entry_id, ANI, later)
    assert (states(AT)[0], states(later)[0]) == (State.NOT_READY, State.UNKNOWN)
    assert calls.last(E, later) == {}
    assert set(calls.last(E, AT)) == {CODES[0]}, "before it was taken back it stood"
    with pytest.raises(rules.Unknown):
        calls.undo(E, CODES[0], made.entry_id, ANI, later)


def test_a_second_tap_is_no_second_call_so_that_taking_it_back_takes_all_of_it_back(scene: Any) -> None:
    made = calls.record_call(E, CODES[0], "not_ready", ("seals",), ANI, AT)
    size = record.root()
    soon = AT + timedelta(seconds=2)
    assert calls.record_call(E, CODES[0], "not_ready", ("seals",), ANI, soon).entry_id == made.entry_id
    assert record.root() == size
    calls.undo(E, CODES[0], made.entry_id, ANI, soon)
    assert states(soon)[0] is State.UNKNOWN
    assert calls.record_call(E, CODES[0], "not_ready", ("seals",), ANI, soon).entry_id != made.entry_id, "said again after that"
    assert calls.record_call(E, CODES[0], "ready", (), ANI, soon).outcome is rules.Outcome.READY, "another outcome is another call"
    calls.record_call(E, CODES[0], "ready", (), ANI, soon + timedelta(minutes=2))
    assert len(calls.history(E, CODES[0], soon + timedelta(minutes=2))) == 3


def test_a_call_is_settled_or_taken_back_only_as_one_of_its_own_tps(scene: Any) -> None:
    made = calls.record_call(E, CODES[0], "help", (), ANI, AT)
    with pytest.raises(rules.NothingOpen):
        calls.settle(E, CODES[2], made.entry_id, LUTFI, AT)
    with pytest.raises(rules.Unknown):
        calls.undo(E, CODES[2], made.entry_id, ANI, AT)


def test_help_that_was_asked_for_waits_for_somebody_until_it_was_given(scene: Any, cast: Any) -> None:
    made = calls.record_call(E, CODES[0], "help", (), ANI, AT)
    early = AT - timedelta(seconds=1)
    assert [[task.kind for task in calls.waiting(cast["ani"], E, at)] for at in (early, AT, AT + timedelta(minutes=90))] == [
        [], ["calls.list", "calls.help"], ["calls.help"],
    ]  # fmt: skip
    assert [task.args for task in calls.waiting(cast["ani"], E, AT)] == [(), (CODES[0],)]
    assert [task.args for task in calls.waiting(cast["budi"], E, AT)] == [(), (CODES[0],)], "his kecamatan"
    assert calls.waiting(cast["juwita"], E, AT) == []
    later = AT + timedelta(minutes=20)
    assert calls.settle(E, CODES[0], made.entry_id, LUTFI, later) == CODES[0]
    assert [task.kind for task in calls.waiting(cast["ani"], E, later)] == ["calls.list"]
    assert len(calls.waiting(cast["ani"], E, AT)) == 2, "then it still waited"
    with pytest.raises(rules.NothingOpen):
        calls.settle(E, CODES[0], made.entry_id, LUTFI, later)


def test_numbers_are_private_words_that_can_be_erased_and_replaced(scene: Any) -> None:
    assert calls.set_contacts(E, {(CODES[0], "KPPS"): "0812-3456-789", ("19.06.02.2001", "PPS"): "+628111222333"}, ANI, AT) == 2
    assert calls.set_contacts(E, {(CODES[0], "KPPS"): "08123456789"}, ANI, AT) == 0
    (own,) = calls.contacts(E, AT, CODES[0])
    assert own.number == "08123456789"
    opening = record.Opening.objects.get(entry_id=own.entry_id)
    assert b"3456789" not in bytes(opening.facts) + bytes(opening.envelope)
    erasing.erase_private(own.entry_id, ANI, "diminta", AT)
    assert calls.contacts(E, AT, CODES[0])[0].number == ""
    assert calls.reachable(E, AT) == {"19.06.02.2001"}
    calls.set_contacts(E, {("19.06.02.2001", "PPS"): ""}, ANI, AT + timedelta(minutes=1))
    assert calls.contacts(E, AT + timedelta(minutes=1), "19.06.02.2001") == []
    for key, number, refusal in (
        (("19.06.99", "PPS"), "08123456789", rules.Unknown), ((CODES[0], "KETUA"), "08123456789", rules.BadRole),
        ((CODES[0], "KPPS"), "123", rules.BadNumber),
    ):  # fmt: skip
        with pytest.raises(refusal):
            calls.set_contacts(E, {key: number}, ANI, AT)


def test_the_forecast_orders_the_list(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def outlook(tps: str, ready: int, code: str) -> forecast_rules.TpsOutlook:
        return forecast_rules.TpsOutlook(tps, ready, (forecast_rules.Cause(code, tps, 1_000_000 - ready),))

    said = (outlook(CODES[0], 950_000, "tps"), outlook(CODES[1], 100_000, "sea"), outlook(CODES[2], 500_000, "tps"))
    found = forecast_rules.Outlook(AT, AT + timedelta(hours=2), 1000, 1, "0" * 64, 0, 0, said)
    stored = forecast.Stored(1, found, 1, "", "p-ani", AT, "")
    monkeypatch.setattr(forecast, "current", lambda _election, _at: stored)
    assert [(line.case.tps, line.worth.cause) for line in calls.lines(E, AT)] == [
        (CODES[1], "unheard"), (CODES[2], "tps"), (CODES[0], "tps"),
    ]  # fmt: skip


def test_what_a_tps_said_reaches_the_forecast_as_less_than_a_check(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules_ = road_rules.Rules()
    planned = forecast_rules.Planned(
        road_rules.Plan((), (), 1, "none"), (), road_rules.Network((), (), 130, 40), (), rules_, AT - timedelta(hours=4, minutes=30)
    )
    monkeypatch.setattr(forecast, "_departed", lambda *_: {})
    yes, no = readiness_rules.Answer.YES, readiness_rules.Answer.NO

    def seen(at: datetime) -> tuple[dict[str, bool], dict[str, int]]:
        found = forecast._seen(E, at, planned, forecast_rules.State(270))
        return dict(found.checked), dict(found.delivered)

    early = AT - timedelta(hours=1)
    readiness.record_check(E, readiness_rules.Check(CODES[2], yes, (), yes, no, yes, early, "p-budi", "PPK"), AT)
    calls.record_call(E, CODES[0], "ready", (), ANI, AT)
    calls.record_call(E, CODES[1], "not_ready", ("kpps",), ANI, AT)
    calls.record_call(E, CODES[2], "ready", (), ANI, AT)
    checked, delivered = seen(AT)
    assert checked == {CODES[1]: False, CODES[2]: False}, "told ready is not checked, and what was seen is not talked away"
    assert delivered == {CODES[0]: 270, CODES[2]: 210}
    later = AT + timedelta(minutes=5)
    readiness.record_check(E, readiness_rules.Check(CODES[1], yes, (), yes, yes, yes, later, "p-budi", "PPK"), later)
    assert seen(later)[0][CODES[1]] is True, "a later check counts"
