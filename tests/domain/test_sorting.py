"""Sorting: what comes out of a carton adds up, a table holds one design, pace and pay follow from the record, a bad batch is seen."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import sorting as rules

DAY = datetime(2024, 1, 3, 2, tzinfo=UTC)
TODAY = date(2024, 1, 3)
TEAM = rules.Team("REGU-A", 5, DAY)


def work(carton: str = "C1", **more: Any) -> rules.Work:
    plain = rules.Work(carton, "DPRD_KAB", "BELTIM-1", "B-1", "TRM-001", "19.06:G01", "REGU-A", 500, DAY, "p-lutfi")
    return replace(plain, **more)


def done(carton: str, good: int, at: datetime = DAY, rejects: tuple[tuple[str, int], ...] = (), **more: Any) -> rules.Work:
    expected = more.pop("expected", good + sum(n for _, n in rejects))
    return work(carton, expected=expected, tally=rules.Tally(expected, good, rejects), closed_at=at, closer="p-lutfi", version=1, **more)


# --- conservation --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 600), st.integers(0, 600), st.dictionaries(st.sampled_from(rules.KINDS), st.integers(0, 40)))
def test_what_the_label_says_plus_found_is_good_plus_rejected_plus_missing(expected: int, good: int, rejects: dict[str, int]) -> None:
    tally = rules.Tally(expected, good, tuple(rejects.items()))
    assert tally.expected + tally.found == tally.good + tally.rejected + tally.missing
    assert 0 in {tally.found, tally.missing}


@pytest.mark.parametrize("good", [-1, rules.MOST_SHEETS + 1])
def test_a_count_below_nought_or_beyond_any_carton_is_refused(good: int) -> None:
    with pytest.raises(rules.BadCount):
        rules.Tally(500, good)


def test_a_kind_of_reject_is_of_the_list_and_stands_once() -> None:
    with pytest.raises(rules.UnknownThing):
        rules.Tally(500, 499, (("coffee", 1),))
    with pytest.raises(rules.UnknownThing):
        rules.Tally(500, 498, (("spot", 1), ("spot", 1)))


# --- opening -------------------------------------------------------------------------------------------------------------


def opening(before: rules.Work | None = None, on_table: tuple[rules.Work, ...] = (), condition: str = "good", team: Any = TEAM) -> None:
    rules.check_opening("C2", ("DPRD_KAB", "BELTIM-1"), condition, team, "REGU-A", before, on_table)


def test_a_sound_carton_of_the_same_design_is_opened() -> None:
    opening(on_table=(work("C1"),))


def test_a_carton_is_opened_once() -> None:
    with pytest.raises(rules.AlreadyOpened) as seen:
        opening(before=work("C2", team="REGU-B"))
    assert seen.value.facts["team"] == "REGU-B"


def test_a_table_never_holds_two_designs() -> None:
    for other in (work("C1", dapil="BELTIM-2"), work("C1", contest="DPR", dapil="BABEL")):
        with pytest.raises(rules.MixedTable):
            opening(on_table=(other,))


def test_quarantine_and_unknown_teams_are_refused() -> None:
    with pytest.raises(rules.InQuarantine):
        opening(condition="quarantine")
    with pytest.raises(rules.UnknownThing):
        opening(team=None)


@pytest.mark.parametrize(("code", "size"), [("regu-a", 5), ("A", 5), ("REGU A", 5), ("REGU-A", 0), ("REGU-A", 101), ("R" * 21, 5)])
def test_a_team_has_a_code_and_persons(code: str, size: int) -> None:
    with pytest.raises(rules.BadTeam):
        rules.Team(code, size, DAY)


# --- closing -------------------------------------------------------------------------------------------------------------


def test_bundles_add_up_to_the_good_sheets() -> None:
    tally = rules.Tally(500, 498, (("spot", 2),))
    rules.check_closing(work(), tally, rules.split(498, 50))
    for sizes in ([50] * 10, [50] * 9, [498, 0], [499, -1]):
        with pytest.raises((rules.BundlesUnbalanced, rules.BadCount)):
            rules.check_closing(work(), tally, sizes)


def test_sheets_of_a_wrong_dapil_must_say_which_and_it_is_another_one() -> None:
    named = rules.Tally(500, 497, (("wrong_sheet", 3),), (rules.Stray("DPRD_KAB", "BELTIM-2", 3),))
    rules.check_closing(work(), named, [497])
    for strays in ((), (rules.Stray("DPRD_KAB", "BELTIM-2", 2),), (rules.Stray("DPRD_KAB", "BELTIM-1", 3),), (rules.Stray("", "", 3),)):
        with pytest.raises(rules.StrayUnnamed):
            rules.check_closing(work(), replace(named, strays=strays), [497])


def test_a_closed_carton_is_corrected_not_closed_again() -> None:
    with pytest.raises(rules.AlreadyClosed):
        rules.check_closing(done("C1", 500), rules.Tally(500, 500), [500])


@given(st.integers(0, rules.MOST_SHEETS), st.integers(1, 600))
def test_a_split_is_full_bundles_and_one_rest(good: int, size: int) -> None:
    sizes = rules.split(good, size)
    assert sum(sizes) == good
    assert all(n == size for n in sizes[:-1])
    assert all(0 < n <= size for n in sizes)


@pytest.mark.parametrize(("minutes", "person", "used", "refusal"), [
    (0, "p-lutfi", (), None), (10, "p-lutfi", (), None), (11, "p-lutfi", (), rules.TooLate), (-1, "p-lutfi", (), rules.TooLate),
    (5, "p-oki", (), rules.TooLate), (5, "p-lutfi", ("B1",), rules.BundleUsed),
])  # fmt: skip
def test_the_author_takes_back_within_minutes_while_no_bundle_is_used(minutes: int, person: str, used: Any, refusal: Any) -> None:
    def act() -> None:
        rules.check_undo(person, "p-lutfi", DAY, DAY + timedelta(minutes=minutes), used)

    if refusal is None:
        act()
    else:
        with pytest.raises(refusal):
            act()


def test_a_late_correction_needs_a_reason_a_second_person_and_a_change() -> None:
    closed, new = done("C1", 498, rejects=(("spot", 2),)), rules.Tally(500, 497, (("spot", 3),))

    def correct(to: rules.Tally = new, reason: str = "salah hitung", second: str = "p-oki", sizes: tuple[int, ...] = (447,)) -> None:
        rules.check_correction(closed, to, sizes, 50, reason, "p-lutfi", second)

    correct()
    for refusal, what in (
        (rules.ReasonMissing, {"reason": "  "}), (rules.SamePerson, {"second": "p-lutfi"}), (rules.SamePerson, {"second": ""}),
        (rules.NothingChanged, {"to": closed.tally}), (rules.BundlesUnbalanced, {"sizes": (497,)}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            correct(**what)  # type: ignore[arg-type]
    with pytest.raises(rules.NotOpen):
        rules.check_correction(work(), new, [447], 50, "x", "p-lutfi", "p-oki")


def test_attendance_is_changed_late_only_by_two_with_a_reason() -> None:
    before = rules.Attendance("REGU-A", TODAY, 5, DAY, "p-lutfi")

    def check(present: int = 4, minutes: int = 60, reason: str = "", second: str = "", old: Any = before, team: Any = TEAM) -> None:
        rules.check_attendance("REGU-A", team, present, old, "p-lutfi", reason, second, DAY + timedelta(minutes=minutes))

    check(old=None)
    check(minutes=10)
    check(reason="satu orang pulang", second="p-oki")
    for refusal, what in (
        (rules.ReasonMissing, {"second": "p-oki"}), (rules.SamePerson, {"reason": "x", "second": "p-lutfi"}),
        (rules.BadCount, {"present": -1}), (rules.BadCount, {"present": 201}), (rules.UnknownThing, {"team": None}),
        (rules.NothingChanged, {"present": 5}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            check(**what)  # type: ignore[arg-type]


# --- destruction, requests -----------------------------------------------------------------------------------------------


def test_destruction_has_a_reason_two_people_witnesses_and_no_more_than_is_kept() -> None:
    kept = {("DPR", ""): 10}

    def destroy(lines: Any = (("DPR", "", 10),), reason: str = "rusak", seen: Any = ("POLRES",), second: str = "p-fajar") -> None:
        rules.check_destruction(lines, kept, reason, seen, "p-ani", second)

    destroy()
    for refusal, what in (
        (rules.NotThatMany, {"lines": (("DPR", "", 11),)}), (rules.NotThatMany, {"lines": (("DPR", "", 6), ("DPR", "", 5))}),
        (rules.NotThatMany, {"lines": (("DPD", "", 1),)}), (rules.BadCount, {"lines": ()}), (rules.BadCount, {"lines": (("DPR", "", 0),)}),
        (rules.ReasonMissing, {"reason": " "}), (rules.NoWitness, {"seen": ()}), (rules.NoWitness, {"seen": ("KPU",)}),
        (rules.SamePerson, {"second": "p-ani"}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            destroy(**what)


def short(
    need: int | None = 1000, sound: int = 900, coming: int = 0, rejected: int = 60, missing: int = 40, found: int = 0
) -> rules.Shortage:
    return rules.Shortage("DPR", "", need, 20, sound, coming, rejected, missing, found)


@pytest.mark.parametrize(("shortage", "asked", "wanting"), [
    (short(), 0, 100), (short(), 60, 40), (short(), 100, 0), (short(), 150, 0),
    (short(sound=400), 0, 100),  # the rest is a delivery on its way, no loss
    (short(coming=100), 0, 0), (short(coming=99), 0, 1),  # a surplus or a replacement makes up for it
    (short(need=None), 0, 0), (short(found=30), 0, 70), (short(found=200), 0, 0),
])  # fmt: skip
def test_a_request_asks_for_what_sorting_lost_and_nobody_asked_for(shortage: rules.Shortage, asked: int, wanting: int) -> None:
    assert shortage.wanting(asked) == wanting


# --- board ---------------------------------------------------------------------------------------------------------------


def test_the_board_counts_closed_open_and_untouched_cartons() -> None:
    cartons = [(f"C{i}", "DPRD_KAB", "BELTIM-1", 500) for i in range(4)] + [("D1", "DPR", "BABEL", 500)]
    works = [done("C0", 497, rejects=(("torn", 1),), expected=500), work("C1")]
    dpr, kab = rules.progress(cartons, works)
    assert (dpr.to_sort, dpr.done, dpr.open_sheets) == (500, 0, 500)
    assert (kab.cartons, kab.cartons_done, kab.to_sort, kab.on_tables) == (4, 1, 1000, 500)
    assert (kab.good, kab.rejected, kab.missing, kab.found, kab.done) == (497, 1, 2, 0, 498)


def day_of(moment: datetime) -> date:
    return (moment + timedelta(hours=7)).date()


def test_a_team_day_has_the_sheets_of_its_civil_day_here() -> None:
    works = [done("C1", 500, DAY), done("C2", 500, datetime(2024, 1, 3, 17, tzinfo=UTC)), work("C3")]
    found = rules.team_days(works, [rules.Attendance("REGU-A", TODAY, 5, DAY, "p")], day_of)
    assert [(d.day, d.present, d.sorted_sheets, d.pace) for d in found] == [(TODAY, 5, 500, 100.0), (date(2024, 1, 4), 0, 500, None)]


def days(*paces: int) -> list[rules.TeamDay]:
    return [rules.TeamDay("REGU-A", TODAY + timedelta(days=i), 5, p * 5, p * 5, ()) for i, p in enumerate(paces)]


def test_below_three_team_days_there_is_no_pace() -> None:
    assert rules.pace(days(300, 300)) is None
    assert rules.pace([*days(300, 300), rules.TeamDay("REGU-B", TODAY, 0, 900, 900, ())]) is None
    assert rules.pace(days(300, 300, 300)) == rules.Pace(300, 300, 300, 3)


def test_the_range_of_the_pace_is_students_t() -> None:
    found = rules.pace(days(280, 300, 320))
    assert found is not None
    assert (found.mean, found.low) == (300, pytest.approx(300 - 2.920 * 20 / 3**0.5))
    assert found.high - found.mean == pytest.approx(found.mean - found.low)


def test_the_range_covers_the_true_pace_about_nine_times_in_ten() -> None:
    draw, hits = random.Random(7), 0
    for _ in range(2000):
        found = rules.pace(days(*(round(draw.gauss(3000, 300)) for _ in range(6))))
        assert found is not None
        hits += found.low <= 3000 <= found.high
    assert 1740 <= hits <= 1860


@pytest.mark.parametrize(("sheets", "last"), [(0, 0), (1, 0), (3000, 0), (3001, 1), (6000, 1), (6001, 2)])
def test_the_finishing_day_is_the_day_the_last_sheet_is_done(sheets: int, last: int) -> None:
    found = rules.finish(sheets, 10, rules.Pace(300, 300, 300, 3), TODAY)
    assert found is not None
    assert found.day == TODAY + timedelta(days=last)


def test_work_already_done_today_takes_its_place_in_today_and_the_slow_end_is_never_before_the_fast_one() -> None:
    found = rules.finish(3000, 10, rules.Pace(300, 200, 400, 5), TODAY, sheets_today=3000)
    assert found is not None
    assert (found.early, found.day, found.late) == (TODAY + timedelta(days=1), TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    assert rules.finish(10, 10, None, TODAY) is None
    assert rules.finish(10, 0, rules.Pace(300, 300, 300, 3), TODAY) is None


# --- money ---------------------------------------------------------------------------------------------------------------


def rate(contest: str = "", rupiah: int = 200, basis: str = "folded", since: date = TODAY) -> rules.Rate:
    return rules.Rate(contest, rupiah, basis, since, "Keputusan KPU", "p-ani", DAY)


def test_pay_follows_the_rate_in_force_and_is_unknown_without_one() -> None:
    works = [done("C1", 498, DAY, (("spot", 2),)), done("C2", 500, DAY + timedelta(days=1), contest="DPR", dapil="BABEL")]
    kab, dpr = rules.pay_sheet(works, [], day_of)
    assert (kab.amount, dpr.amount) == (None, None), "nobody guesses a rate"
    kab, dpr = rules.pay_sheet(works, [rate(), rate("DPR", 300, "sorted", TODAY + timedelta(days=1))], day_of)
    assert (kab.sheets, kab.amount) == (498, 498 * 200)
    assert (dpr.sheets, dpr.amount) == (500, 500 * 300)
    assert rules.pay_sheet(works[:1], [rate(basis="sorted")], day_of)[0].amount == 500 * 200
    assert rules.rate_for([rate(since=TODAY + timedelta(days=1))], "DPR", TODAY) is None
    assert rules.rate_for([rate(), rate(rupiah=250)], "DPR", TODAY) in {rate(), rate(rupiah=250)}


@pytest.mark.parametrize("what", [{"rupiah": 0}, {"rupiah": -5}, {"rupiah": 100_001}, {"basis": "opened"}])
def test_a_rate_is_rupiah_above_nought(what: dict[str, Any]) -> None:
    with pytest.raises(rules.BadRate):
        rate(**what)
    with pytest.raises(rules.ReasonMissing):
        replace(rate(), citation=" ")


# --- R04 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b", "t", "expected"), [
    (1, 1, 0.25, 0.75), (2, 1, 0.5, 0.75), (1, 2, 0.5, 0.25), (2, 3, 0.4, 0.4752), (1, 900, 0.001, 0.999**900),
])  # fmt: skip
def test_the_beta_tail_equals_known_values(a: int, b: int, t: float, expected: float) -> None:
    assert rules.beta_above(a, b, t) == pytest.approx(expected, rel=1e-9)


def test_the_beta_tail_agrees_with_simulation_and_does_not_overflow() -> None:
    draw = random.Random(11)
    hits = sum(draw.betavariate(21, 9900) > 0.0025 for _ in range(20_000))
    assert rules.beta_above(21, 9900, 0.0025) == pytest.approx(hits / 20_000, abs=0.01)
    assert 0.0 <= rules.beta_above(5_001, 995_900, 0.003) <= 1.0
    assert rules.beta_above(5_001, 995_900, 0.003) == pytest.approx(1.0)
    assert rules.beta_above(1, 900, 0.0) == 1.0
    assert rules.beta_above(1, 900, 1.0) == 0.0
    with pytest.raises(rules.BadCount):
        rules.beta_above(0, 900, 0.5)


@given(st.integers(1, 60), st.integers(1, 3000), st.floats(0.0005, 0.5))
def test_the_beta_tail_falls_with_the_rate_and_grows_with_damage(a: int, b: int, t: float) -> None:
    here = rules.beta_above(a, b, t)
    assert rules.beta_above(a, b, min(1.0, t * 1.1)) <= here + 1e-12
    assert rules.beta_above(a + 1, b, t) >= here - 1e-12


def lot(batch: str, cartons: int, bad: int, dapil: str = "BELTIM-1") -> list[rules.Work]:
    per = [bad // cartons + (i < bad % cartons) for i in range(cartons)]
    return [done(f"{batch}{i}", 500 - n, DAY, (("spot", n),) if n else (), batch=batch, dapil=dapil) for i, n in enumerate(per)]


USUAL = lot("A", 40, 20)  # 20 of 20,000 sheets, the 0.1 % that is usual


def alarms(works: list[rules.Work], reserves: dict[rules.Design, int] | None = None) -> list[str]:
    return [s.subject.split(":")[1] for s in rules.batch_signals(rules.batches(works, reserves or {}))]


def test_r04_speaks_for_a_bad_batch_and_not_for_a_usual_one() -> None:
    assert alarms(USUAL + lot("B", 10, 40)) == ["B"]
    assert alarms(USUAL + lot("B", 10, 6)) == []
    assert alarms([]) == []


def test_r04_boundary_one_sheet_more_tips_the_probability_over_its_threshold() -> None:
    least = next(bad for bad in range(1, 60) if alarms(USUAL + lot("B", 10, bad)) == ["B"])
    below, at = ({b.batch: b.probability for b in rules.batches(USUAL + lot("B", 10, n), {})}["B"] for n in (least - 1, least))
    assert below <= 0.95 < at


def test_a_single_bad_sheet_in_the_first_carton_is_no_alarm() -> None:
    assert alarms(lot("B", 1, 1)) == []


def test_a_batch_does_not_raise_its_own_bar() -> None:
    found = rules.batches(lot("B", 40, 400) + lot("A", 2, 0), {})
    assert found[0].batch == "B"
    assert found[0].worse, "nearly everything sorted so far is the bad batch, and it is still seen"


def test_r04_speaks_when_damage_exceeds_the_reserve_and_then_it_is_critical() -> None:
    design = ("DPRD_KAB", "BELTIM-1")
    assert alarms(USUAL, {design: 20}) == []
    signals = rules.batch_signals(rules.batches(USUAL, {design: 19}))
    assert [(s.severity, s.facts["why"]) for s in signals] == [("critical", "reserve")]


def test_sheets_of_another_dapil_in_a_carton_are_critical_and_name_carton_and_batch() -> None:
    assert rules.stray_signals([*USUAL, work("C9")], DAY) == []
    tally = rules.Tally(500, 499, (("wrong_sheet", 1),), (rules.Stray("DPRD_KAB", "BELTIM-2", 1),))
    (signal,) = rules.stray_signals([work("C9", tally=tally, closed_at=DAY, batch="B-7")], DAY)
    assert (signal.severity, signal.args, signal.facts["batch"], signal.facts["seen"]) == ("critical", ("C9",), "B-7", "DPRD KAB BELTIM-2")
    assert set(signal.to) == {"KPU", "BAWASLU"}


def test_a_signal_is_grave_while_cartons_of_the_batch_are_still_to_come_and_only_watched_afterwards() -> None:
    found = rules.batches(USUAL + lot("B", 10, 40), {})
    (bad,) = [b for b in found if b.alarming]
    assert [s.severity for s in rules.batch_signals([bad], {bad.lot})] == ["high"]
    assert [s.severity for s in rules.batch_signals([bad], set())] == ["watch"]
    tally = rules.Tally(500, 499, (("wrong_sheet", 1),), (rules.Stray("DPRD_KAB", "BELTIM-2", 1),))
    stray = work("C9", tally=tally, closed_at=DAY)
    week = DAY + timedelta(days=7)
    late = week + timedelta(seconds=1)
    assert [s.severity for s in rules.stray_signals([stray], week, set())] == ["critical"]
    assert [s.severity for s in rules.stray_signals([stray], late, {("B-1", "DPRD_KAB", "BELTIM-1")})] == ["critical"]
    assert [s.severity for s in rules.stray_signals([stray], late, set())] == ["watch"]


# --- good ballots that no box needs ----------------------------------------------------------------------------------------


def test_good_ballots_are_destroyed_once_the_boxes_lack_none_before_bawaslu_and_police() -> None:
    kept = {("DPR", ""): 10, ("DPD", ""): 10, ("PPWP", ""): 10}
    lacking = {("DPR", ""): 0, ("DPD", ""): 1}

    def destroy(lines: Any = (("DPR", "", 10),), reason: str = "H-1", seen: Any = ("POLRES", "BAWASLU"), second: str = "p-fajar") -> None:
        rules.check_surplus(lines, kept, lacking, reason, seen, "p-ani", second)

    destroy()
    for refusal, what in (
        (rules.NotThatMuchSurplus, {"lines": (("DPR", "", 11),)}), (rules.NotThatMuchSurplus, {"lines": (("GUB", "", 1),)}),
        (rules.BoxesLack, {"lines": (("DPR", "", 1), ("DPD", "", 1))}), (rules.NeedUnknown, {"lines": (("PPWP", "", 1),)}),
        (rules.WitnessMissing, {"seen": ("POLRES",)}), (rules.WitnessMissing, {"seen": ("BAWASLU", "PEMDA")}),
        (rules.NoWitness, {"seen": ()}), (rules.ReasonMissing, {"reason": " "}), (rules.SamePerson, {"second": "p-ani"}),
        (rules.BadCount, {"lines": ()}),
    ):  # fmt: skip
        with pytest.raises(refusal):
            destroy(**what)


def test_what_one_box_has_too_many_does_not_make_up_for_another() -> None:
    wanted = [("DPR", "", "A", 100), ("DPR", "", "B", 100), ("DPRD_KAB", "BELTIM-1", "A", 100), ("DPD", "", "A", 5)]
    packed = {("DPR", "A"): 110, ("DPR", "B"): 90, ("DPRD_KAB", "A"): 100}
    assert rules.lacking(wanted, packed) == {("DPR", ""): 10, ("DPRD_KAB", "BELTIM-1"): 0, ("DPD", ""): 5}
    assert rules.lacking([], packed) == {}
