"""Sorting in the store: one carton, one team, sheets that add up in stock and journal, and taking back as long as nothing depends on it."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from posko.domain import places as place_rules
from posko.domain import receipts as receipt_rules
from posko.domain import sorting as rules
from posko.domain import stock as stock_rules
from posko.domain.record import Actor
from posko.domain.stock import Condition
from posko.store import places, receipts, record, sorting, stock
from tests import erasing

E = "pemilu-2024"
AT = datetime(2024, 1, 3, 2, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
HALL = "19.06:G01"
DESIGNS = {"C1": ("DPRD_KAB", "BELTIM-1"), "C2": ("DPRD_KAB", "BELTIM-1"), "C3": ("DPRD_KAB", "BELTIM-2"), "C4": ("DPR", "BABEL")}
LUTFI, OKI, ANI, FAJAR = (Actor(f"p-{name}", "KPU") for name in ("lutfi", "oki", "ani", "fajar"))


def fake_cartons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four cartons of 500 that came and were accepted, and one in quarantine."""
    here = {"DPRD_KAB": ("BELTIM-1", "BELTIM-2", "BELTIM-3"), "DPR": ("BABEL",)}
    found = {
        code: receipt_rules.Carton(code, *design, 500, f"B-{code[1]}", "TRM-001", HALL, "good", "", AT - timedelta(days=1))
        for code, design in DESIGNS.items()
    }
    found["Q1"] = receipt_rules.Carton("Q1", "DPR", "BABEL", 500, "B-Q", "TRM-001", HALL, "quarantine", "", AT - timedelta(days=1))
    monkeypatch.setattr(places, "dapil_here", lambda _election: here)
    monkeypatch.setattr(receipts, "get_carton", lambda _e, code, at: found.get(code) if at >= AT - timedelta(days=1) else None)
    monkeypatch.setattr(receipts, "cartons", lambda _e, at: list(found.values()) if at >= AT - timedelta(days=1) else [])


def stocked() -> None:
    """What the receipt posted."""
    came = [
        stock_rules.Posting(
            ("SURAT_SUARA", contest, place_rules.dapil_on_line(contest, dapil, places.dapil_here(E))), 500,
            stock_rules.Account(HALL, Condition.SUPPLIER), stock_rules.Account(HALL, Condition.GOOD), "receipt.accepted", "receipt:TRM-001",
        )
        for contest, dapil in DESIGNS.values()
    ]  # fmt: skip
    stock.post(E, came, "e" * 64, AT - timedelta(days=1))


@pytest.fixture
def hall(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cartons(monkeypatch)
    stocked()
    for code in ("REGU-A", "REGU-B"):
        sorting.form_team(E, code, 5, ANI, AT - timedelta(days=1))


def lying(at: datetime, contest: str = "DPRD_KAB", dapil: str = "BELTIM-1") -> dict[str, int]:
    held = stock.balances(E, at)
    return {a.condition.value: n for (line, a), n in held.items() if line == ("SURAT_SUARA", contest, dapil) and a.condition != "supplier"}


def close(carton: str = "C1", good: int = 496, at: datetime = LATER, **more: Any) -> list[rules.Bundle]:
    rejects = more.pop("rejects", {"spot": 2, "torn": 1})
    return sorting.close_carton(E, carton, good, rejects, more.pop("sizes", rules.split(good, 100)), more.pop("actor", LUTFI), at, **more)


def opened(carton: str = "C1", team: str = "REGU-A", at: datetime = AT) -> rules.Work:
    return sorting.open_carton(E, carton, team, LUTFI, at)


def test_a_carton_is_opened_sorted_and_leaves_as_bundles_and_every_sheet_is_in_the_book(hall: None) -> None:
    opened()
    assert lying(AT) == {"good": 500, "sorting": 500}
    made = close(rng=random.Random(1))
    assert [b.quantity for b in made] == [100, 100, 100, 100, 96]
    assert lying(LATER) == {"good": 500, "folded": 496, "rejected": 3, "missing": 1}
    assert sorting.get_bundle(E, made[0].code, LATER) == made[0]
    assert sorting.get_bundle(E, made[0].code, AT) is None, "not yet"
    assert (made[0].contest, made[0].dapil, made[0].carton, made[0].batch, made[0].team) == ("DPRD_KAB", "BELTIM-1", "C1", "B-1", "REGU-A")
    kinds = list(record.Entry.objects.order_by("leaf_index").values_list("kind", flat=True))[-2:]
    assert kinds == ["carton.opened", "carton.closed"]
    assert [b.code for b in stock.breaks(E, LATER)] == ["no_entry"] * 4, "only the receipt of this test has no entry"
    assert record.verify().faults == ()


def test_more_sheets_than_the_label_says_are_found_ones(hall: None) -> None:
    opened("C4")
    close("C4", 502, rejects={}, sizes=[502])
    assert lying(LATER, "DPR", "") == {"folded": 502, "found": -2}
    assert sorting.works(E, LATER)[0].tally == rules.Tally(500, 502)


def test_a_contest_with_one_dapil_here_is_booked_without_it_and_its_bundles_carry_it_in_full(hall: None) -> None:
    opened("C4")
    assert lying(AT, "DPR", "") == {"sorting": 500}
    assert close("C4", 500, rejects={}, sizes=[500])[0].dapil == "BABEL"


def test_the_second_team_hears_who_has_the_carton(hall: None) -> None:
    opened()
    with pytest.raises(rules.AlreadyOpened) as seen:
        opened(team="REGU-B")
    assert seen.value.facts["team"] == "REGU-A"
    with pytest.raises(rules.MixedTable):
        opened("C3")
    opened("C2")
    opened("C3", team="REGU-B")


@pytest.mark.parametrize(("carton", "team", "refusal"), [
    ("C9", "REGU-A", rules.UnknownThing), ("Q1", "REGU-A", rules.InQuarantine), ("C1", "REGU-Z", rules.UnknownThing),
])  # fmt: skip
def test_what_cannot_be_opened_is_refused_and_nothing_is_written(hall: None, carton: str, team: str, refusal: Any) -> None:
    before = record.root()
    with pytest.raises(refusal):
        opened(carton, team)
    assert record.root() == before


def test_a_carton_that_was_not_opened_has_no_result_and_a_result_stands_once(hall: None) -> None:
    with pytest.raises(rules.NotOpen):
        close()
    opened()
    close()
    with pytest.raises(rules.AlreadyClosed):
        close(at=LATER + timedelta(minutes=1))
    with pytest.raises(rules.AlreadyOpened):
        opened(team="REGU-B", at=LATER + timedelta(minutes=1))


def test_the_author_takes_back_a_result_within_minutes_and_its_bundles_are_gone(hall: None) -> None:
    opened()
    made = close()
    with pytest.raises(rules.TooLate):
        sorting.undo_closing(E, "C1", OKI, LATER + timedelta(minutes=1))
    undone = LATER + timedelta(minutes=10)
    sorting.undo_closing(E, "C1", LUTFI, undone)
    assert sorting.get_bundle(E, made[0].code, undone) is None
    assert sorting.get_bundle(E, made[0].code, undone - timedelta(seconds=1)) == made[0], "the past stays as it was"
    assert lying(undone) == {"good": 500, "sorting": 500}
    again = close(good=500, rejects={}, sizes=[500], at=undone + timedelta(minutes=1))
    assert sorting.bundles(E, undone + timedelta(minutes=1)) == again
    assert lying(undone + timedelta(minutes=1)) == {"good": 500, "folded": 500}
    history = sorting.results(E, "C1", undone + timedelta(minutes=1))
    assert [(r["version"], r["undone_at"] is None) for r in history] == [(1, False), (2, True)]


def test_after_the_minutes_only_two_people_correct_with_a_reason(hall: None) -> None:
    opened()
    made = close()
    late = LATER + timedelta(minutes=11)
    with pytest.raises(rules.TooLate):
        sorting.undo_closing(E, "C1", LUTFI, late)
    with pytest.raises(rules.SamePerson):
        sorting.correct_result(E, "C1", 495, {"spot": 5}, [495], "salah hitung", LUTFI, LUTFI, late)
    new = sorting.correct_result(E, "C1", 495, {"spot": 5}, [495], "salah hitung", LUTFI, OKI, late)
    assert [sorting.get_bundle(E, b.code, late) for b in made] == [None] * 5
    assert sorting.bundles(E, late) == new
    assert lying(late) == {"good": 500, "folded": 495, "rejected": 5}
    (work,) = sorting.works(E, late)
    assert (work.version, work.closed_at) == (2, LATER), "the sheets stay on the day on which they were sorted"
    assert sorting.works(E, late - timedelta(seconds=1))[0].tally == rules.Tally(500, 496, (("spot", 2), ("torn", 1)))
    with pytest.raises(rules.TooLate):
        sorting.undo_closing(E, "C1", LUTFI, late + timedelta(minutes=1))


def pack(bundle: rules.Bundle, at: datetime) -> None:
    """What packing posts."""
    line = ("SURAT_SUARA", "DPRD_KAB", "BELTIM-1")
    folded, packed = stock_rules.Account(HALL, Condition.FOLDED), stock_rules.Account(HALL, Condition.PACKED)
    stock.post(E, [stock_rules.Posting(line, 30, folded, packed, "bundle.packed", f"bundle:{bundle.code}")], "f" * 64, at)


def test_a_bundle_in_use_is_not_dissolved_and_a_correction_keeps_it(hall: None) -> None:
    opened()
    made = close()
    pack(made[0], LATER + timedelta(minutes=1))
    assert sorting.used(E, [b.code for b in made]) == {made[0].code}
    with pytest.raises(rules.BundleUsed):
        sorting.undo_closing(E, "C1", LUTFI, LATER + timedelta(minutes=2))
    late = LATER + timedelta(hours=1)
    with pytest.raises(rules.BundlesUnbalanced):
        sorting.correct_result(E, "C1", 497, {"spot": 3}, [497], "salah hitung", LUTFI, OKI, late)
    sorting.correct_result(E, "C1", 497, {"spot": 3}, [397], "salah hitung", LUTFI, OKI, late)
    assert sorting.get_bundle(E, made[0].code, late) == made[0]
    assert sum(b.quantity for b in sorting.bundles(E, late)) == 497
    assert [b for b in stock.breaks(E, late) if b.code != "no_entry"] == []


def test_an_opening_by_mistake_is_taken_back_and_the_carton_can_be_opened_again(hall: None) -> None:
    opened()
    with pytest.raises(rules.TooLate):
        sorting.undo_opening(E, "C1", OKI, AT + timedelta(minutes=1))
    sorting.undo_opening(E, "C1", LUTFI, AT + timedelta(minutes=1))
    assert sorting.works(E, AT + timedelta(minutes=1)) == []
    assert len(sorting.works(E, AT)) == 1
    assert opened(team="REGU-B", at=AT + timedelta(minutes=2)).team == "REGU-B"
    assert lying(AT + timedelta(minutes=2)) == {"good": 500, "sorting": 500}


def test_many_acts_at_once_follow_the_same_rules_in_their_order_and_are_all_or_none(hall: None) -> None:
    def acts(last: str) -> list[Any]:
        minute = timedelta(minutes=1)
        return [
            sorting.Open("C1", "REGU-A", AT), sorting.Close("C1", 500, (), (500,), AT + minute),
            sorting.Open(last, "REGU-A", AT + 2 * minute), sorting.Open("C2", "REGU-A", AT + 3 * minute),
        ]  # fmt: skip

    before = record.root()
    with pytest.raises(rules.MixedTable):
        sorting.record_many(E, acts("C3"), LUTFI, LATER)
    assert (record.root(), sorting.works(E, LATER), lying(LATER)) == (before, [], {"good": 1000})
    with pytest.raises(rules.AlreadyOpened):
        sorting.record_many(E, acts("C1"), LUTFI, LATER)
    works, made = sorting.record_many(E, acts("C2")[:2] + acts("C2")[3:], LUTFI, LATER)
    assert ([w.carton for w in works], [b.made_at for b in made]) == (["C1", "C2"], [AT + timedelta(minutes=1)])
    assert lying(AT + timedelta(minutes=1)) == {"good": 500, "folded": 500}


def test_sheets_of_another_dapil_raise_a_critical_signal_that_names_the_carton(hall: None) -> None:
    opened()
    close(good=498, rejects={"wrong_sheet": 2}, sizes=[498], strays=[rules.Stray("DPRD_KAB", "BELTIM-2", 2)])
    (signal,) = sorting.signals(E, LATER)
    assert (signal.rule, signal.severity, signal.facts["carton"], signal.facts["seen"]) == (
        "R05.karton",
        "critical",
        "C1",
        "DPRD KAB BELTIM-2",
    )
    assert sorting.signals(E, AT) == []
    assert sorting.works(E, LATER)[0].tally is not None
    assert sorting.works(E, LATER)[0].tally.strays == (rules.Stray("DPRD_KAB", "BELTIM-2", 2),)  # type: ignore[union-attr]


# --- days, rates, destruction --------------------------------------------------------------------------------------------


def test_attendance_is_corrected_and_the_day_has_the_pace_of_its_people(hall: None) -> None:
    sorting.record_attendance(E, "REGU-A", date(2024, 1, 3), 4, LUTFI, AT, "Meja 1")
    sorting.record_attendance(E, "REGU-A", date(2024, 1, 3), 5, LUTFI, AT + timedelta(minutes=5), "Meja 1")
    with pytest.raises(rules.ReasonMissing):
        sorting.record_attendance(E, "REGU-A", date(2024, 1, 3), 3, OKI, LATER)
    sorting.record_attendance(E, "REGU-A", date(2024, 1, 3), 3, OKI, LATER, reason="dua orang pulang", second=LUTFI)
    assert [a.present for a in sorting.attendance(E, LATER)] == [3]
    assert [a.present for a in sorting.attendance(E, AT + timedelta(minutes=5))] == [5]
    opened()
    close()
    (day,) = sorting.team_days(E, LATER)
    assert (day.team, day.present, day.sorted_sheets, day.folded, day.pace) == ("REGU-A", 3, 499, 496, 499 / 3)


def test_without_a_rate_the_pay_is_unknown_and_with_one_it_is_sheets_times_rupiah(hall: None) -> None:
    opened()
    close()
    (line,) = sorting.pay_sheet(E, LATER)
    assert line.amount is None
    sorting.set_rate(E, 250, "folded", date(2024, 1, 1), "Keputusan Sekretaris 12/2024", ANI, LATER)
    (line,) = sorting.pay_sheet(E, LATER)
    assert line.amount == 496 * 250
    with pytest.raises(rules.ReasonMissing):
        sorting.set_rate(E, 250, "folded", date(2024, 1, 1), " ", ANI, LATER)


def test_rejected_sheets_are_destroyed_by_two_before_witnesses_and_not_more_than_there_are(hall: None) -> None:
    opened()
    close()
    lines = [("DPRD_KAB", "BELTIM-1", 3)]
    for refusal, given in (
        (rules.NotThatMany, ([("DPRD_KAB", "BELTIM-1", 4)], "rusak", ["POLRES"], FAJAR)), (rules.NoWitness, (lines, "rusak", [], FAJAR)),
        (rules.SamePerson, (lines, "rusak", ["POLRES"], ANI)), (rules.ReasonMissing, (lines, "", ["POLRES"], FAJAR)),
    ):  # fmt: skip
        with pytest.raises(refusal):
            sorting.destroy(E, given[0], given[1], given[2], ANI, given[3], LATER)
    done = sorting.destroy(E, lines, "rusak saat sortir", ["POLRES", "BAWASLU"], ANI, FAJAR, LATER + timedelta(hours=1))
    assert (done.code, done.sheets) == ("PMS-001", 3)
    assert sorting.destructions(E, LATER + timedelta(hours=1)) == [done]
    assert lying(LATER + timedelta(hours=1)) == {"good": 500, "folded": 496, "missing": 1, "destroyed": 3}
    with pytest.raises(rules.NotThatMany):
        sorting.destroy(E, lines, "rusak", ["POLRES"], ANI, FAJAR, LATER + timedelta(hours=2))


def test_a_request_asks_once_for_what_was_lost(hall: None, monkeypatch: pytest.MonkeyPatch) -> None:
    demand = receipt_rules.Demand("SURAT_SUARA", "Surat suara", "DPRD_KAB", "BELTIM-1", "lembar", 1000, "inferred", True, True, True, "II")
    monkeypatch.setattr(receipts, "demands", lambda _e, _at: [demand])
    opened()
    with pytest.raises(rules.NothingShort):
        sorting.request_replacement(E, ANI, AT)
    close()
    asked = sorting.request_replacement(E, ANI, LATER)
    assert asked.lines == (("DPRD_KAB", "BELTIM-1", 3, 1, 4),)
    assert sorting.requests(E, LATER) == [asked]
    with pytest.raises(rules.NothingShort):
        sorting.request_replacement(E, ANI, LATER)


def test_r04_comes_from_the_cartons_of_a_batch(hall: None) -> None:
    opened()
    close(good=450, rejects={"blurred": 50}, sizes=[450])
    opened("C2", at=LATER)
    close("C2", 500, rejects={}, sizes=[500], at=LATER + timedelta(hours=1))
    (signal,) = sorting.signals(E, LATER + timedelta(hours=1))
    assert (signal.rule, signal.facts["batch"], signal.facts["rejected"], signal.facts["sorted"]) == ("R04", "B-1", 50, 500)


def test_a_carton_left_open_over_night_waits_for_the_warehouse_and_is_found_by_its_code(hall: None, cast: Any) -> None:
    opened()
    assert sorting.waiting(cast["lutfi"], E, AT + timedelta(hours=12)) == []
    assert [t.kind for t in sorting.waiting(cast["lutfi"], E, AT + timedelta(hours=13))] == ["sorting.close"]
    assert sorting.waiting(cast["juwita"], E, AT + timedelta(hours=13)) == []
    assert [h.kind for h in sorting.find(cast["lutfi"], E, "regu-a", AT)] == ["team"]


# --- races ---------------------------------------------------------------------------------------------------------------


def patient(act: Any) -> str:
    """SQLite in memory says "locked" where the file waits; the act is then tried again, as the file would."""
    while True:
        try:
            act()
            return "done"
        except OperationalError as error:
            if "locked" not in str(error):
                raise


def race(acts: list[Any]) -> list[str]:
    """What each of several threads heard that act in the same second."""
    heard, gate = [], threading.Barrier(len(acts))

    def work(act: Any) -> None:
        try:
            gate.wait(10)
            heard.append(patient(act))
        except rules.record.Refusal as refusal:
            heard.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(heard)


@pytest.mark.django_db(transaction=True)
def test_two_teams_open_one_carton_in_the_same_second_and_one_wins(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cartons(monkeypatch)
    stocked()
    for code in ("REGU-A", "REGU-B"):
        sorting.form_team(E, code, 5, ANI, AT - timedelta(days=1))
    heard = race([lambda: sorting.open_carton(E, "C1", "REGU-A", LUTFI, AT), lambda: sorting.open_carton(E, "C1", "REGU-B", OKI, AT)])
    assert heard == ["done", "sorting.already_opened"]
    assert len(sorting.works(E, AT)) == 1
    assert lying(AT) == {"good": 500, "sorting": 500}
    both = race([lambda: close(good=500, rejects={}, sizes=[500]), lambda: close(good=499, rejects={}, sizes=[499], actor=OKI)])
    assert both == ["done", "sorting.already_closed"]
    assert len(sorting.bundles(E, LATER)) == 1
    assert record.verify().faults == ()


def test_a_bundle_is_found_by_its_index(hall: None) -> None:
    with connection.cursor() as cursor:
        query, params = sorting.BundleRow.objects.filter(election=E, code="X", occurred_at__lte=AT).query.sql_with_params()
        if connection.vendor == "sqlite":
            cursor.execute("EXPLAIN QUERY PLAN " + query, params)
            assert "USING INDEX" in str(cursor.fetchall())


def test_the_decision_behind_a_rate_can_be_erased_and_the_rate_stays(hall: None) -> None:
    rate = sorting.set_rate(E, 250, "folded", date(2024, 1, 1), "Keputusan Sekretaris 12/2024", ANI, LATER)
    assert sorting.rates(E, LATER)[0].citation == "Keputusan Sekretaris 12/2024"
    assert "citation" not in record.entry(E, rate.entry_id).facts
    erasing.erase_private(rate.entry_id, ANI, "diminta", LATER)
    (left,) = sorting.rates(E, LATER)
    assert (left.citation, left.rupiah) == (record.ERASED, 250)


def test_who_asked_a_second_earlier_and_came_second_destroys_only_what_is_left(hall: None) -> None:
    opened()
    close()
    lines = [("DPRD_KAB", "BELTIM-1", 3)]
    sorting.destroy(E, lines, "rusak", ["POLRES"], ANI, FAJAR, LATER + timedelta(seconds=9))
    with pytest.raises(rules.NotThatMany):
        sorting.destroy(E, lines, "rusak", ["POLRES"], ANI, FAJAR, LATER + timedelta(seconds=8))


SEEN = ("POLRES", "BAWASLU")


def packed(bundle: rules.Bundle, sheets: int, at: datetime) -> None:
    """What packing posts."""
    line = ("SURAT_SUARA", bundle.contest, bundle.dapil)
    ends = (stock_rules.Account(HALL, Condition.FOLDED), stock_rules.Account(HALL, Condition.PACKED))
    stock.post(E, [stock_rules.Posting(line, sheets, *ends, "packing.scanned", f"bundle:{bundle.code}")], "f" * 64, at)


def surplus(lines: list[tuple[str, str, int]], lack: dict[tuple[str, str], int], at: datetime, seen: Any = SEEN) -> rules.Destruction:
    return sorting.destroy_surplus(E, lines, "berlebih", seen, ANI, FAJAR, at, lambda _election, _at: lack)


def test_what_is_left_after_packing_is_destroyed_and_its_bundles_are_no_more(hall: None) -> None:
    opened()
    made = close(sizes=[200, 200, 96])
    packed(made[0], 150, LATER)
    line, at = ("DPRD_KAB", "BELTIM-1"), LATER + timedelta(hours=1)
    before, held = record.root(), lying(LATER)
    assert held == {"good": 500, "folded": 346, "packed": 150, "rejected": 3, "missing": 1}
    for refusal, lines, lack, seen in (
        (rules.BoxesLack, [(*line, 346)], {line: 1}, SEEN), (rules.NeedUnknown, [(*line, 346)], {}, SEEN),
        (rules.NotThatMuchSurplus, [(*line, 847)], {line: 0}, SEEN), (rules.WitnessMissing, [(*line, 346)], {line: 0}, ("POLRES",)),
    ):  # fmt: skip
        with pytest.raises(refusal):
            surplus(lines, lack, at, seen)
    assert (record.root(), lying(at)) == (before, held)
    part = surplus([(*line, 46)], {line: 0}, at)
    assert (part.kind, part.sheets, len(sorting.bundles(E, at))) == ("surplus", 46, 3), "which bundles are left nobody said"
    end = at + timedelta(minutes=1)
    done = surplus([(*line, 800)], {line: 0}, end)
    assert lying(end) == {"packed": 150, "rejected": 3, "missing": 1, "destroyed": 846}, "folded ones first, then the carton nobody opened"
    assert [b.code for b in sorting.bundles(E, end)] == [made[0].code], "the bundle that a box took sheets from stays known"
    assert sorting.destructions(E, end) == [part, done]
    assert record.entry(E, done.entry_id).facts["dissolved"] == [made[1].code, made[2].code]
    with pytest.raises(rules.NotThatMuchSurplus):
        surplus([(*line, 1)], {line: 0}, end + timedelta(minutes=1))
    assert {b.code for b in stock.breaks(E, end)} == {"no_entry"}, "only what this test posted has no entry"


def test_rejected_and_surplus_sheets_are_destroyed_apart(hall: None) -> None:
    opened()
    close()
    line = ("DPRD_KAB", "BELTIM-1")
    with pytest.raises(rules.NotThatMany):
        sorting.destroy(E, [(*line, 4)], "rusak", SEEN, ANI, FAJAR, LATER)
    surplus([(*line, 996)], {line: 0}, LATER)
    assert lying(LATER) == {"rejected": 3, "missing": 1, "destroyed": 996}
    assert sorting.destroy(E, [(*line, 3)], "rusak", SEEN, ANI, FAJAR, LATER).kind == "rejected"
