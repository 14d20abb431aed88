"""Readiness in the store: checks are all recorded or none, the newest counts, and the past can be asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posko.domain import custody as custody_rules
from posko.domain import places as place_rules
from posko.domain import readiness as rules
from posko.domain import receipts as receipt_rules
from posko.domain.readiness import Answer, State
from posko.store import custody, distribution, places, readiness, receipts, record
from tests import erasing

pytestmark = pytest.mark.django_db
AT = datetime(2024, 2, 13, 13, tzinfo=UTC)
E = "pemilu-2024"
CODES = ("19.06.02.2001.001", "19.06.02.2001.002", "19.06.07.2003.001")
BOX, BALLOT = ("KOTAK", "", ""), ("SURAT_SUARA", "DPRD_KAB", "Belitung Timur 2")


@pytest.fixture
def scene(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three TPS with boxes and ballots, everything accepted, no plan; without the stages before it."""
    tps = [
        place_rules.Tps(c, int(c[-3:]), f"TPS {c[-3:]}", c[:13], "Desa", c[:8], "Kecamatan", "reguler", "", False, 0.0, 0.0) for c in CODES
    ]
    boxes = receipt_rules.Demand("KOTAK", "Kotak suara", "", "", "buah", 15, "verified", True, True, False, "I")
    ballots = receipt_rules.Demand("SURAT_SUARA", "Surat suara", *BALLOT[1:], "lembar", 800, "inferred", True, True, True, "II")
    monkeypatch.setattr(places, "tps_list", lambda _election: tps, raising=False)
    monkeypatch.setattr(distribution, "current_plan", lambda _election, _at: None, raising=False)
    monkeypatch.setattr(receipts, "demands", lambda _election, _at: [boxes, ballots])
    monkeypatch.setattr(receipts, "accepted", lambda _election, _at: {BOX: 15, BALLOT: 800})
    monkeypatch.setattr(receipts, "tps_needs", lambda _election, _at: {c: {BOX: 5, BALLOT: 260} for c in CODES})
    return installation.actors


def a_check(tps: str, at: datetime = AT, **more: object) -> rules.Check:
    check = rules.Check(tps, Answer.YES, (), Answer.YES, Answer.YES, Answer.YES, at, "p-budi", "PPK")
    return replace(check, **more)  # type: ignore[arg-type]


def states(at: datetime, region: str = "") -> list[State]:
    return [v.state for v in readiness.verdicts(E, at, region)]


def test_only_the_reported_tps_is_ready_and_the_hour_before_it_was_not(scene: Any) -> None:
    readiness.record_check(E, a_check(CODES[0]), AT)
    assert states(AT) == [State.READY, State.UNKNOWN, State.UNKNOWN]
    assert states(AT - timedelta(hours=1)) == [State.UNKNOWN] * 3
    assert readiness.summary(E, AT, "19.06.02").total == 2
    assert record.Entry.objects.order_by("-leaf_index").first().kind == "tps.checked"  # type: ignore[union-attr]


def test_what_a_check_noted_can_be_erased_and_its_answers_stay(scene: Any) -> None:
    receipt = readiness.record_check(E, a_check(CODES[0], note="atap bocor, kata Budi"), AT)
    assert [c.note for c in readiness.checks(E, AT)] == ["atap bocor, kata Budi"]
    opening = record.Opening.objects.get(entry_id=receipt.entry_id)
    assert b"Budi" not in bytes(opening.facts) + bytes(opening.envelope)
    erasing.erase_private(receipt.entry_id, scene["ani"], "diminta", AT)
    assert [c.note for c in readiness.checks(E, AT)] == [record.ERASED]
    assert states(AT)[0] == State.READY
    readiness.Check.objects.update(note="dari baris lama", entry_id="0" * 64)
    assert [c.note for c in readiness.checks(E, AT)] == ["dari baris lama"]


def test_the_newest_check_counts_and_the_old_one_stays_readable(scene: Any) -> None:
    missing = {"items": Answer.NO, "missing": ("SURAT_SUARA:DPRD_KAB",)}
    readiness.record_check(E, a_check(CODES[0], AT - timedelta(hours=3), **missing), AT)
    verdict = readiness.verdicts(E, AT - timedelta(hours=1))[0]
    assert (verdict.state, verdict.reasons[0].name) == (State.NOT_READY, "Surat suara DPRD Kabupaten · Belitung Timur 2")
    readiness.record_check(E, a_check(CODES[0]), AT)
    assert states(AT)[0] is State.READY
    assert len(readiness.checks(E, AT, CODES[0])) == 2


def test_one_wrong_check_in_a_batch_leaves_none(scene: Any) -> None:
    before = record.root()
    good = a_check(CODES[0])
    for wrong, refusal in (
        (a_check("19.06.99.0000.001"), rules.UnknownTps),
        (a_check(CODES[1], AT + timedelta(minutes=1)), rules.Future),
        (a_check(CODES[1], items=Answer.NO, missing=("GEMBOK",)), rules.UnknownItem),
    ):
        with pytest.raises(refusal):
            readiness.record_checks(E, [good, wrong], AT)
    assert readiness.checks(E, AT) == []
    assert record.root() == before


def test_the_limit_can_be_changed_and_only_from_then_on(scene: Any) -> None:
    readiness.record_check(E, a_check(CODES[0], AT - timedelta(hours=10)), AT)
    readiness.set_limit(E, 8, scene["ani"], AT)
    assert states(AT)[0] is State.UNKNOWN
    assert states(AT - timedelta(minutes=1))[0] is State.READY
    for hours in (0, 337):
        with pytest.raises(rules.BadLimit):
            readiness.set_limit(E, hours, scene["ani"], AT)


def test_r14_speaks_of_officers_that_a_check_did_not_find_until_a_later_one_does(scene: Any) -> None:
    assert readiness.signals(E, AT) == []
    readiness.record_check(E, a_check(CODES[0], kpps=Answer.NO), AT)
    readiness.record_check(E, a_check(CODES[0], AT + timedelta(hours=1)), AT + timedelta(hours=1))
    (found,) = readiness.signals(E, AT)
    assert (found.rule, found.subject, found.place, found.facts["tps"]) == ("R14", f"tps:{CODES[0]}", CODES[0], "TPS 001 Desa")
    assert readiness.signals(E, AT + timedelta(hours=1)) == []


# --- officers, telephone, due times, the place ---------------------------------------------------------------------------------


def test_officers_are_counted_by_place_and_a_shortage_at_a_tps_holds_it_back(scene: Any) -> None:
    readiness.record_check(E, a_check(CODES[0]), AT)
    later = AT + timedelta(hours=1)
    assert readiness.record_crews(E, {CODES[0]: (7, 6, 6), "19.06.02.2001": (14, 13, 9)}, scene["budi"], later) == 2
    assert readiness.record_crews(E, {CODES[0]: (7, 6, 6)}, scene["budi"], later) == 0, "the same count is no new fact"
    assert states(later)[0] is State.NOT_READY
    assert states(AT)[0] is State.READY
    found = [s for s in readiness.signals(E, later) if s.rule == "R14.latih"]
    assert [(s.place, s.facts["missing"]) for s in found] == [("19.06.02.2001", 1), (CODES[0], 1)]
    size = record.root()
    for wrong, refusal in (({"19.06.99": (7, 7, 7)}, rules.UnknownPlace), ({CODES[1]: (7, 7, 7), CODES[2]: (7, 5, 6)}, rules.BadCrew)):
        with pytest.raises(refusal):
            readiness.record_crews(E, wrong, scene["budi"], later)
    assert record.root() == size
    assert set(readiness.crews(E, later)) == {CODES[0], "19.06.02.2001"}


def a_phone(tps: str, *missing: str, at: datetime = AT) -> rules.Phone:
    return rules.Phone(tps, "not_ready" if missing else "ready", missing, at, "p-ani", "KPU")


def test_what_was_said_by_telephone_is_kept_apart_from_checks_and_can_be_withdrawn(scene: Any) -> None:
    good = readiness.record_phone(E, a_phone(CODES[0]), AT)
    readiness.record_phone(E, a_phone(CODES[1], "SURAT_SUARA:DPRD_KAB", "seals"), AT)
    assert states(AT) == [State.UNKNOWN, State.NOT_READY, State.UNKNOWN]
    assert {r.code for r in readiness.verdicts(E, AT)[0].reasons} == {"no_plan", "told_ready"}
    assert readiness.phoned(E, AT)[CODES[1]].missing == ("SURAT_SUARA:DPRD_KAB", "seals")
    later = AT + timedelta(minutes=3)
    readiness.withdraw_phone(E, good.entry_id, scene["ani"], later)
    assert set(readiness.phoned(E, later)) == {CODES[1]}
    assert set(readiness.phoned(E, AT)) == set(CODES[:2]), "before the withdrawal it stood"
    with pytest.raises(rules.UnknownPhone):
        readiness.withdraw_phone(E, good.entry_id, scene["ani"], later)
    for wrong, refusal in (
        (a_phone("19.06.99.0000.001"), rules.UnknownTps), (a_phone(CODES[0], "GEMBOK"), rules.UnknownItem),
        (a_phone(CODES[0], at=later + timedelta(minutes=1)), rules.Future),
    ):  # fmt: skip
        with pytest.raises(refusal):
            readiness.record_phone(E, wrong, later)


def test_due_times_come_from_days_before_voting_and_from_the_plan_where_there_is_one(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = readiness.verdicts(E, AT)[0].requirements
    readiness.set_due(E, "packed", 5, scene["ani"], AT)
    after = readiness.verdicts(E, AT)[0].requirements
    moved = {a.code: b.due_at - a.due_at for a, b in zip(before, after, strict=True) if a.due_at != b.due_at}
    assert moved == {"packed": timedelta(days=-2)}
    with pytest.raises(rules.BadDue):
        readiness.set_due(E, "handed", 3, scene["ani"], AT)


def test_what_a_check_says_about_the_place_is_kept_and_speaks_of_signal_and_power(scene: Any) -> None:
    site = {"pallet": Answer.NO, "power": Answer.YES, "signal": Answer.NO}
    readiness.record_check(E, a_check(CODES[0], site=site), AT)
    (kept,) = readiness.checks(E, AT)
    assert (kept.site, kept.fallback) == (site, False)
    assert [s.rule for s in readiness.signals(E, AT)] == ["R15"]
    assert {r.code for r in readiness.verdicts(E, AT)[0].reasons if r.code in rules.BLOCKING} == {"storage_bad"}
    readiness.record_check(
        E, a_check(CODES[0], AT + timedelta(hours=1), site=site | {"pallet": Answer.YES}, fallback=True), AT + timedelta(hours=1)
    )
    assert readiness.signals(E, AT + timedelta(hours=1)) == []
    assert states(AT + timedelta(hours=1))[0] is State.READY


def moved(kind: custody_rules.Kind, hours: int, place: str, receiver: str = "") -> custody_rules.Event:
    """Something that happened with the kit of the first TPS on trip W1."""
    things = () if kind in {custody_rules.Kind.DEPARTED, custody_rules.Kind.ARRIVED} else (f"K:{CODES[0]}",)
    giver, taker = (custody_rules.Party(a, custody_rules.FUNCTIONS[0]) for a in ("KPU", receiver or custody_rules.CARRIER))
    at = AT - timedelta(hours=10 - hours)
    return custody_rules.Event(
        f"{hours:064}", kind, at, "desk:x", hours, "p-lutfi", place, "W1", things, giver if things else custody_rules.NOBODY,
        taker if things else custody_rules.NOBODY, sent=5 if things else 0, received=5 if things else 0,
    )  # fmt: skip


def test_the_legs_of_a_tps_follow_its_things_and_a_kpps_that_signs_closes_the_chain(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, desa = custody_rules.Kind, CODES[0][:13]
    way = [
        moved(kind.LOADED, 1, "19.06:G01"), moved(kind.DEPARTED, 2, "19.06:G01"), moved(kind.ARRIVED, 3, "19.06.99.2001"),
        moved(kind.ARRIVED, 4, desa), moved(kind.HANDED_OVER, 5, desa, "PPS"), moved(kind.HANDED_OVER, 6, CODES[0], "KPPS"),
    ]  # fmt: skip
    times = readiness.dues(E, AT)

    def after(count: int) -> dict[str, tuple[int, bool]]:
        monkeypatch.setattr(custody, "state", lambda _election, _at: custody_rules.fold(way[:count]))
        found = readiness.legs(E, AT, times).get(CODES[0], ())
        return {leg.code: (leg.done_at.hour if leg.done_at else -1, leg.followed) for leg in found}

    start = (AT - timedelta(hours=10)).hour
    assert after(0) == {}
    assert after(1) == {"loaded": (start + 1, True), "departed": (-1, True), "arrived": (-1, True), "handed": (-1, False)}
    assert after(3)["arrived"] == (-1, True), "another desa is not its desa"
    assert after(4)["arrived"] == (start + 4, True)
    assert after(5)["handed"] == (-1, False), "the PPS has it; nobody records what KPPS sign"
    assert after(6)["handed"] == (start + 6, True)
    assert states(AT)[0] is State.UNKNOWN, "delivered, and nobody has looked"
    monkeypatch.setattr(custody, "state", lambda _election, _at: custody_rules.fold(way[:1]))
    verdict = readiness.verdicts(E, AT)[0]
    assert verdict.state is State.NOT_READY
    assert {r.code for r in verdict.reasons} >= {"not_departed"}
