"""Packing: the dapil guard, counts by bundle, what is flagged, and what a scale can see."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from posko.domain import needs, packing, places, record, regulation, seals

AT = datetime(2024, 2, 1, 2, tzinfo=UTC)
BOX = packing.Target("KOTAK1", "DPRD_KAB", "BELTIM-1", "19.06.01.2001.001", "BELTIM-1", "tps", False, 0, 100)
BUNDLE = packing.Thing("bundle", "BUNDEL1", "DPRD_KAB", "BELTIM-1", 50, carton="KARTON1")
PLAIN = packing.Profile()


def a_put(number: int = 1, quantity: int = 10, at: datetime = AT, **more: object) -> packing.Put:
    put = packing.Put(
        number, "packed", "bundle", "BUNDEL1", "SURAT_SUARA", "DPRD_KAB", "BELTIM-1", "KARTON1", "", quantity, 0, "", "p-lutfi", at
    )
    return replace(put, **more)  # type: ignore[arg-type]


# --- the guard -------------------------------------------------------------------------------------------------------------


def test_the_guard_lets_through_only_what_agrees_in_contest_and_dapil_with_box_and_tps() -> None:
    assert packing.guard(BOX, "DPRD_KAB", "BELTIM-1") is None
    assert packing.guard(BOX, "DPRD_KAB", "BELTIM-1", ("DPRD_KAB", "BELTIM-1")) is None


@pytest.mark.parametrize(
    ("contest", "dapil", "envelope", "tps_dapil", "what", "found"),
    [
        ("DPRD_KAB", "BELTIM-2", None, "BELTIM-1", "dapil", "BELTIM-2"),
        ("DPRD_PROV", "BELTIM-1", None, "BELTIM-1", "contest", "BELTIM-1"),
        ("DPRD_KAB", "", None, "BELTIM-1", "dapil", ""),
        ("DPRD_KAB", "BELTIM-1 ", None, "BELTIM-1", "dapil", "BELTIM-1 "),
        ("DPRD_KAB", "BELTIM-1", ("DPRD_KAB", "BELTIM-2"), "BELTIM-1", "dapil", "BELTIM-2"),
        ("DPRD_KAB", "BELTIM-1", ("DPR", "BELTIM-1"), "BELTIM-1", "contest", "BELTIM-1"),
        ("DPRD_KAB", "BELTIM-1", None, "BELTIM-2", "tps", "BELTIM-2"),
        ("DPRD_KAB", "BELTIM-1", None, None, "tps", ""),
    ],
)
def test_the_guard_names_what_does_not_agree(
    contest: str, dapil: str, envelope: tuple[str, str] | None, tps_dapil: str | None, what: str, found: str
) -> None:
    clash = packing.guard(replace(BOX, tps_dapil=tps_dapil), contest, dapil, envelope)
    assert clash is not None
    assert (clash.what, clash.found_dapil) == (what, found)


def test_an_override_needs_two_people_a_sentence_and_something_to_override() -> None:
    clash = packing.Clash("dapil", "DPRD_KAB", "BELTIM-2")
    assert packing.check_override(clash, "atas perintah ketua", "p-lutfi", "p-oki") is clash
    with pytest.raises(packing.SamePerson):
        packing.check_override(clash, "atas perintah ketua", "p-lutfi", "p-lutfi")
    with pytest.raises(packing.ReasonMissing):
        packing.check_override(clash, "  pendek   ", "p-lutfi", "p-oki")
    with pytest.raises(packing.NothingToOverride):
        packing.check_override(None, "atas perintah ketua", "p-lutfi", "p-oki")


# --- counts ----------------------------------------------------------------------------------------------------------------


def test_without_a_count_the_bundle_gives_what_it_has_at_most_what_the_box_needs() -> None:
    assert packing.take(BOX, BUNDLE, None, PLAIN) == packing.Take(50, 0, (), 0)
    assert packing.take(replace(BOX, packed=70), BUNDLE, None, PLAIN) == packing.Take(30, 0, (), 20)
    assert packing.take(replace(BOX, needed=None), BUNDLE, None, PLAIN).quantity == 50
    assert packing.take(BOX, replace(BUNDLE, inside=20, aside=5), None, PLAIN) == packing.Take(25, 0, (), 0)


def test_exactly_the_need_is_no_surplus_and_one_more_is() -> None:
    assert packing.take(replace(BOX, packed=50), BUNDLE, 50, PLAIN).flags == ()
    with pytest.raises(packing.NeedsConfirmation) as refused:
        packing.take(replace(BOX, packed=51), BUNDLE, 50, PLAIN)
    assert refused.value.facts["over"] == "need"
    assert packing.take(replace(BOX, packed=51), BUNDLE, 50, PLAIN, confirm_over=True).flags == ("over_need",)
    with pytest.raises(packing.NeedsConfirmation):
        packing.take(replace(BOX, packed=100), BUNDLE, None, PLAIN)


def test_more_than_the_label_says_is_found_and_a_used_bundle_gives_no_more_than_its_rest() -> None:
    over = packing.take(BOX, BUNDLE, 51, PLAIN, confirm_over=True)
    assert over == packing.Take(51, 1, ("over_bundle",), 0)
    with pytest.raises(packing.BundleSpent) as refused:
        packing.take(BOX, replace(BUNDLE, inside=20, where=("KOTAK9",)), 31, PLAIN)
    assert (refused.value.facts["where"], refused.value.facts["remaining"]) == ("KOTAK9", 30)
    with pytest.raises(packing.BundleSpent):
        packing.take(BOX, replace(BUNDLE, inside=50), 1, PLAIN, confirm_over=True)


@pytest.mark.parametrize("quantity", [0, -5, packing.LARGEST + 1, 10**40])
def test_a_count_below_one_or_huge_is_refused(quantity: int) -> None:
    with pytest.raises(packing.BadQuantity) as refused:
        packing.take(BOX, BUNDLE, quantity, PLAIN)
    assert abs(int(refused.value.facts["quantity"])) <= record.LARGEST


def test_whole_bundles_only_where_the_profile_says_so() -> None:
    whole = packing.Profile(bundle_rule="whole")
    assert packing.take(BOX, BUNDLE, None, whole).quantity == 50
    for thing, quantity in ((BUNDLE, 49), (replace(BUNDLE, inside=10), None)):
        with pytest.raises(packing.NotWhole):
            packing.take(BOX, thing, quantity, whole)
    with pytest.raises(packing.NeedsConfirmation):
        packing.take(replace(BOX, packed=60), BUNDLE, None, whole)


def test_closed_boxes_and_boxes_for_the_ppk_take_nothing() -> None:
    with pytest.raises(packing.BoxSealed):
        packing.take(replace(BOX, sealed=True), BUNDLE, None, PLAIN)
    with pytest.raises(packing.NoBallotsHere):
        packing.take(replace(BOX, use="hasil"), BUNDLE, None, PLAIN)


def test_saying_it_again_within_seconds_is_the_same_scan_unless_something_came_out_since() -> None:
    puts = [a_put()]
    edge = AT + timedelta(seconds=5)
    assert packing.repeated(puts, "BUNDEL1", None, edge, PLAIN) == puts[0]
    assert packing.repeated(puts, "BUNDEL1", 10, edge, PLAIN) == puts[0]
    assert packing.repeated(puts, "BUNDEL1", None, edge + timedelta(milliseconds=1), PLAIN) is None
    assert packing.repeated(puts, "BUNDEL1", 11, AT, PLAIN) is None
    assert packing.repeated(puts, "BUNDEL2", None, AT, PLAIN) is None
    assert packing.repeated([*puts, a_put(2, -10, reverses=1)], "BUNDEL1", None, AT, PLAIN) is None


def test_a_table_is_mixed_by_another_dapil_of_the_contest_for_half_an_hour() -> None:
    assert packing.station_mixed("BELTIM-2", AT, "BELTIM-1", AT + timedelta(minutes=30))
    assert not packing.station_mixed("BELTIM-2", AT, "BELTIM-1", AT + timedelta(minutes=31))
    assert not packing.station_mixed("BELTIM-1", AT, "BELTIM-1", AT)
    assert not packing.station_mixed("", None, "BELTIM-1", AT)


# --- taking back ---------------------------------------------------------------------------------------------------------------


def test_only_the_author_undoes_only_the_last_only_in_time() -> None:
    puts = [a_put(1), a_put(2, 20, thing="BUNDEL2"), a_put(3, 5, thing="BUNDEL3", person="p-oki")]
    assert packing.undoable(puts, "p-lutfi", AT + timedelta(minutes=10), 10, False).id == 2
    for person, at, sealed, why in (
        ("p-lutfi", AT + timedelta(minutes=10, seconds=1), False, "late"),
        ("p-lutfi", AT, True, "sealed"),
        ("p-ani", AT, False, "none"),
        ("p-lutfi", AT - timedelta(seconds=1), False, "late"),
    ):
        with pytest.raises(packing.NothingToUndo) as refused:
            packing.undoable(puts, person, at, 10, sealed)
        assert refused.value.facts["why"] == why
    undone = [*puts, a_put(4, -20, thing="BUNDEL2", reverses=2)]
    assert packing.undoable(undone, "p-lutfi", AT, 10, False).id == 1
    with pytest.raises(packing.NothingToUndo):
        packing.undoable([a_put(1), a_put(2, -3, person="p-oki")], "p-lutfi", AT, 10, False)


def test_what_is_wrong_comes_out_first_and_never_more_than_is_inside() -> None:
    inside = packing.contents([a_put(1, 10), a_put(2, 4, wrong="dapil"), a_put(3, 6, item="SEGEL", kind="item", thing="")])
    assert packing.taken_out(inside, "BUNDEL1", None)[1] == 4
    assert packing.taken_out(inside, "SEGEL", 6)[1] == 6
    for thing, quantity in (("SEGEL", 7), ("BUNDEL9", None)):
        with pytest.raises(packing.NotInside):
            packing.taken_out(inside, thing, quantity)
    assert packing.contents([a_put(1, 10), a_put(2, -10)]) == []


# --- the word for a box --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packed", "needed", "anything", "flags", "sealed", "state"),
    [
        (0, 100, False, (), False, "empty"),
        (0, 100, True, (), False, "partly"),
        (99, 100, True, (), False, "partly"),
        (100, 100, True, (), False, "complete"),
        (101, 100, True, ("over_need",), False, "over"),
        (100, None, True, (), False, "partly"),
        (0, 0, False, (), False, "complete"),
        (100, 100, True, ("wrong_dapil",), False, "flagged"),
        (100, 100, True, ("dapil_moved",), False, "flagged"),
        (100, 100, True, ("over_bundle",), False, "complete"),
        (100, 100, True, ("wrong_dapil",), True, "sealed"),
    ],
)
def test_the_word_for_a_box(packed: int, needed: int | None, anything: bool, flags: tuple[str, ...], sealed: bool, state: str) -> None:
    assert packing.state_of(packed, needed, anything, flags, sealed).value == state


def test_flags_stay_on_a_sealed_box_and_a_changed_need_shows_as_variance() -> None:
    wrong = packing.contents([a_put(wrong="dapil"), a_put(2, wrong="contest", thing="B2"), a_put(3, found=1, thing="B3")])
    assert packing.flags_of(wrong, 10, 10, False, None) == ("wrong_contest", "wrong_dapil", "over_bundle")
    closed = seals.Sealing("K", "sealed", ("BT1",), "", 0, (seals.Finding("outside", "BT1"),), "a", "b", "", "", "", (), "19.06", AT, "e")
    assert packing.flags_of([], 10, 11, True, closed, mismatch=True) == ("dapil_moved", "seal_conflict", "seal_mismatch", "variance")
    assert packing.flags_of([], 10, 10, False, replace(closed, findings=())) == ()
    opened = replace(closed, act="opened")
    assert packing.flags_of([], 10, 11, False, opened) == ("seal_conflict",), "what was wrong stands until the box is closed again"
    assert packing.flags_of([], 10, 10, False, replace(opened, findings=()), mismatch=True) == ("seal_mismatch",)
    short = replace(closed, findings=(), short=(("SEGEL", 1, 2), ("FORMULIR", 0, 9)))
    assert packing.flags_of([], 10, 10, False, short) == ("seals_few", "items_missing")
    assert packing.flags_of([], 10, 10, False, replace(short, act="opened")) == ()


def test_a_box_is_closed_complete_or_with_a_signed_reason_and_with_all_proofs() -> None:
    packing.check_sealing(packing.State.COMPLETE, 100, 100, "", ())
    packing.check_sealing(packing.State.PARTLY, 90, 100, "sisa menyusul besok", ())
    for state, variance, weight in (
        (packing.State.PARTLY, "", ""), (packing.State.OVER, "pendek", ""), (packing.State.FLAGGED, "", ""),
        (packing.State.EMPTY, "", ""), (packing.State.COMPLETE, "", "missing"), (packing.State.COMPLETE, "", "surplus"),
    ):  # fmt: skip
        with pytest.raises(packing.NotComplete):
            packing.check_sealing(state, 1, 2, variance, (), weight)
    with pytest.raises(packing.NotReady) as refused:
        packing.check_sealing(packing.State.COMPLETE, 1, 1, "sisa menyusul besok", ("photo", "weigh"))
    assert refused.value.facts["missing"] == "photo, weigh"
    asked = packing.Profile(require_photo=True, require_signoff=True, require_weigh=True)
    assert packing.missing_proofs(asked, ["photo"], "tps") == ("signoff", "weigh")
    assert packing.missing_proofs(asked, [], "hasil") == ("signoff",)
    assert packing.missing_proofs(packing.Profile(), [], "tps") == ()


@pytest.mark.parametrize("wrong", [{"bundle_rule": "half"}, {"undo_minutes": -1}, {"undo_minutes": 61}, {"duplicate_seconds": 61}])
def test_a_profile_has_limits(wrong: dict[str, object]) -> None:
    with pytest.raises(packing.BadProfile):
        packing.Profile(**wrong)  # type: ignore[arg-type]


# --- waves and lists -------------------------------------------------------------------------------------------------------------


def a_tps(code: str, island: str = "", lat: float = -2.9) -> places.Tps:
    return places.Tps(code, int(code[-3:]), code, code[:13], "Desa", code[:8], f"Kec {code[6:8]}", "reguler", island, False, lat, 108.2)


def test_islands_are_packed_first_then_the_farthest_and_a_desa_stays_together() -> None:
    near, far = [a_tps(f"19.06.01.2001.00{i}") for i in (1, 2, 3)], [a_tps(f"19.06.02.2001.00{i}", lat=-3.2) for i in (1, 2)]
    other = [a_tps(f"19.06.01.2002.00{i}", lat=-2.95) for i in (1, 2)]
    island = [a_tps("19.06.03.2001.001", island="19.06:K01", lat=-2.8)]
    home = places.Site("19.06:G01", "gudang", "Gudang", -2.85, 108.2, False)
    settings = places.Settings(100, 30, record.Grade.MEMORY)
    plans = packing.wave_plans([*near, *far, *other, *island], home, settings, 4)
    assert [(p.name, len(p.tps), p.island) for p in plans] == [
        ("Pulau", 1, True),
        ("Kec 02", 2, False),
        ("Kec 01 1", 2, False),
        ("Kec 01 2", 3, False),
    ]
    assert plans[1].distance_km == 39
    assert sum(len(p.tps) for p in packing.wave_plans([*near, *far], None, settings, 2)) == 5


def test_work_goes_contest_by_contest_and_never_two_dapil_at_once() -> None:
    dapil = {("PPWP", "a"): "RI", ("PPWP", "b"): "RI", ("DPRD_KAB", "a"): "2", ("DPRD_KAB", "b"): "1"}
    steps = packing.work_steps(["a", "b"], ["PPWP", "DPRD_KAB", "DPD"], dapil, {("PPWP", "a"): 10, ("PPWP", "b"): 5})
    assert [(s.contest, s.dapil, s.tps, s.ballots) for s in steps] == [
        ("PPWP", "RI", ("a", "b"), 15), ("DPRD_KAB", "1", ("b",), 0), ("DPRD_KAB", "2", ("a",), 0),
    ]  # fmt: skip


def test_the_pick_list_never_writes_nought_for_what_nobody_knows() -> None:
    def use(per: regulation.Per, quantity: int | None) -> regulation.Use:
        return regulation.Use("tps", "di TPS", per, quantity, regulation.Formula.FIXED, "", record.Grade.LAW)

    def item(code: str, one: regulation.Use, separate: bool = False) -> regulation.Item:
        return regulation.Item(code, code.title(), "buah", False, False, "I", None, None, (one,), separate)

    book = regulation.Rulebook(
        "x", "1", "X", ("PPWP", "DPR"),
        (
            item("SURAT_SUARA", use(regulation.Per.TPS_CONTEST, 1)), item("STIKER", use(regulation.Per.BOX, 1)),
            item("SAMPUL", use(regulation.Per.TPS, 20)), item("BILIK", use(regulation.Per.TPS, 4)),
            item("KARET", use(regulation.Per.TPS, None)),
            item("SEGEL", use(regulation.Per.BOX, None)), item("SURAT_SUARA_PSU", use(regulation.Per.TPS, None), separate=True),
            item("KOTAK", use(regulation.Per.TPS, 2)), item("KOTAK_PPK", use(regulation.Per.PPK, None)),
        ),
        regulation.Reserve(20, regulation.Rounding.CEIL_PER_TPS, record.Grade.LAW, ""),
    )  # fmt: skip
    lines = [
        needs.Need(code, "tps", "TPS", "T", contest, "", quantity, "law")
        for code, contest, quantity in (
            ("SURAT_SUARA", "PPWP", 270), ("SURAT_SUARA", "DPR", 270), ("STIKER", "", 2), ("SAMPUL", "", 20), ("BILIK", "", 4),
            ("KOTAK", "", 2),
        )
    ]  # fmt: skip
    found = packing.pick("T", lines, book, [("PPWP", "RI"), ("DPR", "BABEL")], {}, {("T", "BILIK"): 4})
    assert [(b.contest, [(x.item, x.quantity) for x in b.lines]) for b in found.boxes] == [
        ("PPWP", [("SURAT_SUARA", 270), ("STIKER", 1)]), ("DPR", [("SURAT_SUARA", 270), ("STIKER", 1)]),
    ]  # fmt: skip
    assert [(x.item, x.quantity) for x in found.inside] == [("SAMPUL", 20)]
    assert [(x.item, x.packed) for x in found.loose] == [("BILIK", 4)]
    assert [(x.item, x.quantity, x.where) for x in found.unknown] == [("KARET", None, "loose"), ("SEGEL", None, "box")]


# --- R05 -------------------------------------------------------------------------------------------------------------------------


def a_box(**more: object) -> packing.Box:
    box = packing.Box(
        "KOTAK1", "DPRD_KAB", "19.06.01.2001.001", "BELTIM-1", "tps", "19.06:G01", packing.State.PARTLY, 0, 100, 0, 0, 0, None, (), 0,
        False, (), "", AT,
    )  # fmt: skip
    return replace(box, **more)  # type: ignore[arg-type]


def a_stop(at: datetime = AT, carton: str = "KARTON1") -> packing.Stop:
    return packing.Stop(
        "KOTAK1",
        "19.06.01.2001.001",
        "DPRD_KAB",
        "BELTIM-1",
        "bundle",
        "B",
        "DPRD_KAB",
        "BELTIM-2",
        carton,
        "dapil",
        "",
        "p-lutfi",
        at,
        "e",
    )


def test_r05_one_sheet_of_a_wrong_design_inside_a_box_is_critical() -> None:
    inside = packing.contents([a_put(quantity=1, wrong="dapil", dapil="BELTIM-2")])
    (signal,) = packing.warnings([(a_box(), inside, AT)], {}, [], AT)
    assert (signal.rule, signal.kind, signal.severity, signal.to) == ("R05", "HAMBATAN", "critical", ("KPU", "BAWASLU"))
    assert (signal.facts["what"], signal.facts["found_dapil"], signal.facts["quantity"]) == ("inside", "BELTIM-2", 1)
    (moved,) = packing.warnings([(a_box(packed=9), [], AT)], {"KOTAK1": "BELTIM-3"}, [], AT)
    assert (moved.severity, moved.facts["what"], moved.facts["found_dapil"]) == ("critical", "dapil_moved", "BELTIM-3")


def test_r05_says_nothing_about_a_box_that_agrees() -> None:
    assert packing.warnings([(a_box(), packing.contents([a_put()]), AT)], {}, [], AT) == []


def test_r05_stops_are_watched_and_high_from_the_third_of_one_carton_for_seven_days() -> None:
    def severities(stops: list[packing.Stop], at: datetime = AT) -> list[str]:
        return [s.severity for s in packing.warnings([], {}, stops, at)]

    assert severities([a_stop()]) == ["watch"]
    assert severities([a_stop()] * 2) == ["watch"]
    assert severities([a_stop()] * 3) == ["high"]
    assert severities([a_stop(), a_stop(), a_stop(carton="KARTON2")]) == ["watch", "watch"]
    assert severities([a_stop()], AT + timedelta(days=7)) == ["watch"]
    assert severities([a_stop()], AT + timedelta(days=7, seconds=1)) == []
    assert severities([a_stop()], AT - timedelta(seconds=1)) == []


# --- weighing: against simulation ------------------------------------------------------------------------------------------------


def alarms(scale_sd: int, resolution: int, sample: int, sheets: int, missing: int, rounds: int = 3000) -> float:
    """How often the alarm of a scale calibrated on a random sample sounds over random stacks: an independent simulation."""
    rng, mean, hits = Random(11), 20_000.0, 0
    for _ in range(rounds):
        drawn = [rng.gauss(mean, scale_sd) for _ in range(sample)]
        average = sum(drawn) / sample
        spread = (sum((x - average) ** 2 for x in drawn) / (sample - 1)) ** 0.5
        scale = packing.Scale(sample, round(average), round(spread), resolution)
        stack = rng.gauss((sheets - missing) * mean, scale_sd * (sheets - missing) ** 0.5)
        seen = round(stack / resolution) * resolution
        hits += abs(seen - sheets * scale.sheet_mg) > packing.alarm_limit(scale, sheets)
    return hits / rounds


@pytest.mark.parametrize(("sd", "resolution", "sample"), [(200, 1000, 30), (400, 100, 10), (100, 5000, 50)])
def test_a_right_stack_sounds_the_alarm_in_at_most_one_of_a_hundred(sd: int, resolution: int, sample: int) -> None:
    assert alarms(sd, resolution, sample, 270, 0) <= 0.01 + 4 * (0.01 * 0.99 / 3000) ** 0.5


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_the_stated_power_is_the_power_that_a_simulation_finds(missing: int) -> None:
    stated = packing.detection(packing.Scale(30, 20_000, 200, 1000), 270, missing)
    assert alarms(200, 1000, 30, 270, missing) == pytest.approx(stated, abs=0.03)


def test_a_weighing_says_what_it_sees_and_when_it_can_see_nothing() -> None:
    good = packing.Scale(30, 20_000, 200, 1000)
    exact = packing.weigh(good, 270, 270 * 20_000)
    assert (exact.verdict, exact.difference_tenths, exact.smallest_seen, exact.alarm_permille) == ("consistent", 0, 3, 10)
    assert packing.weigh(good, 270, 265 * 20_000).verdict == "missing"
    assert packing.weigh(good, 270, 265 * 20_000).difference_tenths == -50
    assert packing.weigh(good, 270, 275 * 20_000).verdict == "surplus"
    assert packing.weigh(replace(good, tare_mg=2_260_000), 270, 2_260_000 + 270 * 20_000).verdict == "consistent"
    rough = packing.Scale(10, 20_000, 2_000, 500_000)
    assert packing.weigh(rough, 270, 270 * 20_000).verdict == "too_weak"
    assert packing.weigh(rough, 270, 270 * 20_000).smallest_seen > 10
    assert packing.smallest_seen(packing.Scale(10, 100, 50, 1_000_000, tare_sd_mg=1_000_000), 5) == 0
    powers = list(exact.power.values())
    assert powers == sorted(powers)


def test_the_limit_is_students_t_of_the_tables() -> None:
    assert packing._student(9) == pytest.approx(3.2498, abs=1e-3)
    assert packing._student(29) == pytest.approx(2.7564, abs=1e-3)
    assert packing._student(1000) == pytest.approx(2.5808, abs=1e-3)


@pytest.mark.parametrize(("text", "mg"), [("12.345,6", 12_345_600), ("4,87", 4870), ("1.234", 1_234_000), ("4.5", 4500), (" 12 ", 12_000)])
def test_grams_are_read_as_people_write_them(text: str, mg: int) -> None:
    assert packing.milligrams(text) == mg


@pytest.mark.parametrize("text", ["", "-4", "empat", "1,2,3", "9999999", "4,8x", "²"])
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(packing.BadWeight):
        packing.milligrams(text)


@pytest.mark.parametrize("wrong", [(9, 20_000, 100, 1), (30, 0, 0, 1), (30, 20_000, -1, 1), (30, 20_000, 100, 0), (30, 100, 51, 1)])
def test_a_calibration_has_ten_sheets_and_plausible_figures(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(packing.BadScale):
        packing.Scale(*wrong)


# --- random histories beside a naive model -----------------------------------------------------------------------------------------


class Histories(RuleBasedStateMachine):
    """Scans, overrides, corrections, moved dapil and seals at random; the model only counts sheets by what is printed on them."""

    @initialize()
    def start(self) -> None:
        self.at, self.number = AT, 0
        self.tps_dapil = {"A": "1", "B": "1", "C": "2"}
        self.box_dapil = dict(self.tps_dapil)
        self.bundles = {f"B{i}": ("12"[i % 2], 30) for i in range(6)}
        self.puts: dict[str, list[packing.Put]] = {box: [] for box in self.tps_dapil}
        self.model: dict[tuple[str, str], int] = {}
        self.closed: dict[str, seals.Sealing] = {}
        self.acts: dict[str, list[seals.Act]] = {}
        self.worn: dict[str, list[str]] = {}
        self.range = seals.SealRange("R", "BT", 1, 4, 4, "x", "KABEL_TIES", AT)

    def target(self, box: str) -> packing.Target:
        inside = sum(p.quantity for p in self.puts[box] if not p.wrong)
        return packing.Target(box, "DPRD_KAB", self.box_dapil[box], box, self.tps_dapil[box], "tps", box in self.closed, inside, 60)

    def thing(self, code: str) -> packing.Thing:
        used = [(box, p) for box, puts in self.puts.items() for p in puts if p.thing == code]
        inside, found = sum(p.quantity for _, p in used), sum(p.found for _, p in used)
        return packing.Thing("bundle", code, "DPRD_KAB", self.bundles[code][0], self.bundles[code][1], inside, found)

    def put(self, box: str, code: str, quantity: int, found: int, wrong: str, act: str = "packed", reverses: int | None = None) -> None:
        self.number += 1
        self.puts[box].append(
            a_put(
                self.number,
                quantity,
                self.at,
                thing=code,
                found=found,
                wrong=wrong,
                act=act,
                reverses=reverses,
                dapil=self.bundles[code][0],
            )
        )
        self.model[(box, code)] = self.model.get((box, code), 0) + quantity

    boxes = st.sampled_from("ABC")
    codes = st.sampled_from([f"B{i}" for i in range(6)])
    counts = st.sampled_from([None, 1, 15, 31])

    @rule(box=boxes, code=codes, quantity=counts, confirm=st.booleans(), second=st.booleans())
    def scan(self, box: str, code: str, quantity: int | None, confirm: bool, second: bool) -> None:
        self.at += timedelta(seconds=30)
        target, thing = self.target(box), self.thing(code)
        clash = packing.guard(target, thing.contest, thing.dapil)
        try:
            if clash:
                packing.check_override(clash, "sepuluh huruf", "p-lutfi", "p-oki" if second else "p-lutfi")
            taken = packing.take(target, thing, quantity, PLAIN, confirm or bool(clash), foreign=bool(clash))
        except record.Refusal:
            return
        self.put(box, code, taken.quantity, taken.found, clash.what if clash else "", "overridden" if clash else "packed")

    @rule(box=boxes)
    def undo(self, box: str) -> None:
        try:
            last = packing.undoable(self.puts[box], "p-lutfi", self.at, 10, box in self.closed)
        except packing.NothingToUndo:
            return
        self.put(box, last.thing, -last.quantity, -last.found, last.wrong, "undone", last.id)

    @rule(box=boxes, code=codes, quantity=counts)
    def unpack(self, box: str, code: str, quantity: int | None) -> None:
        if box in self.closed:
            return
        try:
            one, wanted = packing.taken_out(packing.contents(self.puts[box]), code, quantity)
        except record.Refusal:
            return
        self.put(box, code, -wanted, -min(one.found, wanted), one.wrong, "unpacked")

    @rule(box=boxes, dapil=st.sampled_from("12"))
    def move(self, box: str, dapil: str) -> None:
        self.tps_dapil[box] = dapil

    @rule(box=boxes, number=st.integers(1, 6))
    def seal(self, box: str, number: int) -> None:
        serial = seals.Serial("BT", f"{number:04}")
        found = seals.findings(serial, [self.range], self.acts.get(serial.text, []), self.at)
        self.acts.setdefault(serial.text, []).append(seals.Act("applied", serial.text, box, self.at))
        self.worn.setdefault(serial.text, []).append(box)
        self.closed[box] = seals.Sealing(
            box, "sealed", (serial.text,), "", 0, tuple(found), "p-lutfi", "p-oki", "", "", "x", (), box, self.at, ""
        )

    @rule(box=boxes)
    def open(self, box: str) -> None:
        self.closed.pop(box, None)

    @invariant()
    def nothing_wrong_stands_unflagged(self) -> None:
        if not hasattr(self, "puts"):
            return
        for box, dapil in self.box_dapil.items():
            inside = packing.contents(self.puts[box])
            assert sum(c.quantity for c in inside) == sum(n for (b, _), n in self.model.items() if b == box)
            target = self.target(box)
            flags = packing.flags_of(inside, target.packed, 60, self.tps_dapil[box] != dapil, self.closed.get(box))
            for (b, code), n in self.model.items():
                assert n >= 0
                if b == box and n and self.bundles[code][0] != self.tps_dapil[box]:
                    assert {"wrong_dapil", "dapil_moved"} & set(flags), "sheets of another dapil than the TPS's, unflagged"
            state = packing.state_of(target.packed, 60, bool(inside), flags, box in self.closed)
            assert not ({"wrong_dapil", "dapil_moved"} & set(flags)) or state in {packing.State.FLAGGED, packing.State.SEALED}

    @invariant()
    def no_bundle_gives_more_than_it_has(self) -> None:
        if hasattr(self, "puts"):
            for code, (_, total) in self.bundles.items():
                found = sum(p.found for puts in self.puts.values() for p in puts if p.thing == code)
                assert sum(n for (_, c), n in self.model.items() if c == code) <= total + found

    @invariant()
    def no_seal_is_used_again_or_unissued_unflagged(self) -> None:
        for box, sealing in getattr(self, "closed", {}).items():
            (serial,) = sealing.serials
            codes = {f.code for f in sealing.findings}
            assert ("outside" in codes) == (serial not in {"BT0001", "BT0002", "BT0003", "BT0004"})
            if "reused" not in codes:
                assert self.worn[serial][0] == box, "only the first box that wore it may be clean"


TestHistories = Histories.TestCase


@given(st.lists(st.tuples(st.sampled_from(["BUNDEL1", "BUNDEL2"]), st.integers(1, 50)), max_size=20))
def test_contents_neither_lose_nor_invent_a_sheet(history: list[tuple[str, int]]) -> None:
    puts = [a_put(i, n, thing=thing) for i, (thing, n) in enumerate(history)]
    assert sum(c.quantity for c in packing.contents(puts)) == sum(n for _, n in history)
