"""Needs: published counts reproduce, every number explains itself, the fast way and the long way agree."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import needs, regulation
from posko.domain.record import Grade
from posko.formats import rulebook

ROOT = Path(__file__).resolve().parents[2] / "rulebooks"


def book(code: str = "pemilu-2024") -> regulation.Rulebook:
    found, problems = rulebook.read(code, (ROOT / f"{code}.toml").read_bytes())
    assert found is not None, problems
    return found


PEMILU, PILKADA = book(), book("pilkada-2024")
FIVE, TWO = PEMILU.contests, PILKADA.contests

# Published: TPS, kecamatan, boxes. Ponorogo prints 14.907, which no reading of the rule gives; Temanggung's TPS follow from its own total.
BOXES = [
    ("Sumenep 2024", PEMILU, 3863, 27, 19369),
    ("Pangkalpinang 2024", PEMILU, 622, 7, 3124),
    ("Temanggung 2024", PEMILU, 2518, 20, 12630),
    ("Ponorogo 2024", PEMILU, 2893, 21, 14507),
    ("Belitung Timur 2024", PEMILU, 363, 7, 1829),
    ("Kota Bogor, Pilkada 2024", PILKADA, 1530, 6, 3072),
]


def totals(rules: regulation.Rulebook, tps: int, kecamatan: int, voters: int = 264) -> dict[str, needs.Total]:
    found = needs.totals_of_counts(rules, {(voters, rules.contests): tps}, kecamatan, kecamatan)
    return {total.item: total for total in found}


@pytest.mark.parametrize(("name", "rules", "tps", "kecamatan", "boxes"), BOXES)
def test_published_box_counts_reproduce(name: str, rules: regulation.Rulebook, tps: int, kecamatan: int, boxes: int) -> None:
    assert totals(rules, tps, kecamatan)["KOTAK"].quantity == boxes, name


def test_published_booths_and_ink_reproduce() -> None:
    assert totals(PEMILU, 1752, 20)["BILIK"].quantity == 7008, "Ketapang"
    assert totals(PEMILU, 363, 7)["TINTA"].quantity == 726, "Belitung Timur"


@pytest.mark.parametrize(("voters", "expected"), [(300, 306), (250, 255), (288, 294), (1, 2), (50, 51), (51, 53), (0, 0)])
def test_the_reserve_is_rounded_up_at_every_tps(voters: int, expected: int) -> None:
    assert needs.ballots(voters, PEMILU.reserve).value == expected


def test_why_294_is_answered_with_inputs_rate_and_rounding() -> None:
    steps = needs.ballots(288, PEMILU.reserve).steps
    assert [step.code for step in steps] == ["voters", "reserve", "sum"]
    assert steps[1].facts == {"voters": 288, "permille": 20, "thousandths": 5760, "rounding": "ceil_per_tps", "reserve": 6}


def test_way_kanan_2015_rounded_once_for_the_whole_kabupaten() -> None:
    rule = regulation.Reserve(25, regulation.Rounding.CEIL_PER_REGION, Grade.LAW, "")
    tps_list = [needs.TpsInput(f"t{n:03}", "d", "k", 337_142 // 780 + (n < 337_142 % 780)) for n in range(780)]
    assert sum(t.voters for t in tps_list) == 337_142
    assert sum(t.voters + extra for t, extra in zip(tps_list, needs.spares(tps_list, rule).values(), strict=True)) == 345_571


def test_ketapang_lies_where_rounding_up_per_tps_puts_it() -> None:
    flat = 414_830 + -(-414_830 * 20 // 1000)
    assert flat == 423_127
    assert flat < 423_942 <= flat + 1752


def test_jakarta_has_four_contests() -> None:
    assert PEMILU.contests_in("31.73") == ("PPWP", "DPR", "DPD", "DPRD_PROV")
    assert PEMILU.contests_in("19.06") == FIVE
    found = {t.item: t for t in needs.totals_of_counts(PEMILU, {(300, PEMILU.contests_in("31.73")): 10}, 1, 1)}
    assert found["KOTAK"].by_level == {"TPS": 40, "PPK": 2}
    assert "DPRD_KAB" not in found["SURAT_SUARA"].by_contest


def district(counts: list[int]) -> list[needs.TpsInput]:
    return [
        needs.TpsInput(f"19.06.01.2001.{n:03}", "19.06.01.2001", "19.06.01", v, ("RI", "A", "A", "A", f"D{n % 2}"))
        for n, v in enumerate(counts)
    ]


@given(st.lists(st.integers(0, 600), min_size=1, max_size=40), st.sampled_from(regulation.Rounding))
def test_totals_over_lines_and_totals_over_voter_counts_agree(counts: list[int], rounding: regulation.Rounding) -> None:
    from collections import Counter
    from dataclasses import replace

    rules = replace(PEMILU, reserve=replace(PEMILU.reserve, rounding=rounding))
    tps_list = district(counts)
    lines = needs.totals(rules, needs.compute(rules, tps_list, FIVE, "19.06"))
    groups = Counter((voters, FIVE) for voters in counts)
    fast = {t.item: t for t in needs.totals_of_counts(rules, groups, 1, 1)}
    for total in lines:
        if not total.separate:
            assert (total.quantity, total.by_contest, total.by_level) == (
                fast[total.item].quantity,
                fast[total.item].by_contest,
                fast[total.item].by_level,
            )
    checks = needs.cross_check(lines, rules, FIVE, len(counts), 1, sum(counts))
    assert all(check.ok for check in checks), checks


def test_a_lost_line_is_found_by_the_cross_check() -> None:
    lines = needs.compute(PEMILU, district([264] * 4), FIVE, "19.06")
    for item in ("KOTAK", "BILIK", "TINTA", "SURAT_SUARA"):
        lost = next(line for line in lines if line.item == item)
        found = needs.totals(PEMILU, [line for line in lines if line is not lost])
        assert not all(check.ok for check in needs.cross_check(found, PEMILU, FIVE, 4, 1, 264 * 4)), item


def test_revote_ballots_stay_out_of_kits_and_of_the_ballot_total() -> None:
    lines = needs.compute(PEMILU, district([264, 264]), FIVE, "19.06")
    assert {line.level for line in lines if line.item == "SURAT_SUARA_PSU"} == {"KPU"}
    found = {t.item: t for t in needs.totals(PEMILU, lines)}
    assert (found["SURAT_SUARA"].quantity, found["SURAT_SUARA_PSU"].quantity) == (2 * 270 * 5, 6000)


def test_an_unknown_item_has_no_quantity_and_no_lines() -> None:
    lines = needs.compute(PEMILU, district([264]), FIVE, "19.06")
    found = {t.item: t for t in needs.totals(PEMILU, lines)}
    for item in needs.unknown(PEMILU):
        assert found[item.code].quantity is None
        assert not any(line.item == item.code for line in lines)


def test_the_difference_names_what_changes_and_nothing_else() -> None:
    before = needs.totals(PEMILU, needs.compute(PEMILU, district([264, 264]), FIVE, "19.06"))
    after = needs.totals(PEMILU, needs.compute(PEMILU, district([264, 265]), FIVE, "19.06"))
    changes = needs.difference(before, after)
    assert {change.item for change in changes} == {"SURAT_SUARA"}
    assert needs.difference(before, before) == []


def test_good_stock_is_used_first_and_damaged_stock_offsets_nothing() -> None:
    box = totals(PEMILU, 363, 7)["KOTAK"]
    assert needs.to_procure(box, {"baik": 800, "rusak": 100}) == 1029
    assert needs.to_procure(box, {"baik": 5000}) == 0


@pytest.mark.shared
def test_the_golden_cases_beside_the_checkout_reproduce(shared: Path) -> None:
    cases = {case["id"]: case for case in json.loads((shared / "data" / "golden_cases.json").read_text())}
    for name in ("pangkalpinang24", "temanggung24"):
        case = cases[name]
        assert totals(PEMILU, case["tps"], case["kec"])["KOTAK"].quantity == case["expect"]
    assert totals(PEMILU, cases["ketapang24_bilik"]["tps"], 1)["BILIK"].quantity == cases["ketapang24_bilik"]["expect"]
    for name, key in (("kompas300", "expect"), ("radarutara250", "ceil")):
        assert needs.ballots(cases[name]["dpt"], PEMILU.reserve).value == cases[name][key]


def test_the_other_published_totals_agree_or_are_known_not_to() -> None:
    # Bangkalan 2019: the flat 2 per cent was shipped, the reserve by TPS was 1,785 sheets more.
    assert 866_058 * 20 // 1000 + 1 == 17_322
    assert 19_106 - 17_321 == 1_785
    # DKI 2017, 2.5 per cent: between the flat reserve and one sheet a TPS more.
    flat = 7_108_589 + -(-7_108_589 * 25 // 1000)
    assert flat == 7_286_304
    assert flat < 7_292_619 <= flat + 13_034
    # Banyumas 2024: the six dapil add to what every other contest has.
    assert sum((226_490, 246_957, 262_863, 217_277, 229_585, 230_007)) == 1_413_179
    # Braille guides of the nation are two a TPS; its boxes are not what the rule of the kabupaten gives, and nothing is fitted to them.
    guides = next(use.quantity for item in PEMILU.items if item.code == "TEMPLATE" for use in item.uses)
    assert (guides or 0) * 820_161 == 1_640_322
    national = 5 * 820_161 - 30_766 + 2 * 7_277
    assert national == 4_084_593
    assert 4_164_552 - national == 79_959


@pytest.mark.parametrize(("dptb", "dpk", "speaks"), [(4, 2, False), (4, 3, True), (7, 0, True), (0, 6, False), (0, 0, False)])
def test_r13_speaks_when_additional_voters_exceed_the_reserve(dptb: int, dpk: int, speaks: bool) -> None:
    one = needs.Additional("19.06.02.2001.001", "TPS 001", dptb, dpk, 6, datetime(2024, 2, 1, tzinfo=UTC), estimate=True)
    assert [(s.rule, s.to, s.mark) for s in needs.additional_signals([one])] == (
        [("R13", ("KPU", "BAWASLU"), "PERKIRAAN")] if speaks else []
    )
