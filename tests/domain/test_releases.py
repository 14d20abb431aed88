"""What may be published: facts and no plans, nothing under way, no small counts; every figure can be computed again; rules of the clock."""

import hashlib
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import record, thresholds
from posko.domain import releases as rules
from posko.domain.releases import SUPPRESSED, UNKNOWN, Policy, StandingRule, Way
from tests import publications as paper
from tests.publications import AT, HOUR, compose, forged, goods, letters, seen, station

SRC = Path(rules.__file__).resolve().parents[2]


def pairs(publication: rules.Publication) -> dict[str, tuple[int, int]]:
    return {row["code"]: (row["numerator"], row["denominator"]) for row in publication.sections["figures"]}


# --- the file ---------------------------------------------------------------------------------------------------------------


def test_the_hash_is_that_of_the_file_and_one_byte_more_is_another_file() -> None:
    made = compose()
    assert made.digest == hashlib.sha256(made.content).hexdigest()
    with pytest.raises(rules.Changed):
        rules.Publication(made.content + b" ", made.digest)
    with pytest.raises(rules.Changed):
        rules.read(made.content + b"\n")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"format": "posko-terbitan/1"}', b'{"format":"posko-terbitan/1"}', b'{"format":"other"}', b'{"a":1.5}', b"\xff"],
)
def test_what_is_no_publication_is_refused_and_breaks_nothing(content: bytes) -> None:
    with pytest.raises(rules.Changed):
        rules.read(content)


def test_the_same_facts_at_the_same_time_give_the_same_bytes() -> None:
    assert compose().content == compose().content
    assert compose(at=AT + HOUR).content != compose().content


def test_the_chain_goes_from_each_to_the_one_before_and_a_missing_or_changed_one_is_seen() -> None:
    first = compose()
    second = compose(first, AT + HOUR)
    third = compose(second, AT + 2 * HOUR)
    assert (third.number, third.previous, first.previous) == (3, second.digest, "")
    assert rules.chain_faults([first, second, third]) == ()
    assert rules.chain_faults([first, third]) == ((3, "gap"),)
    skipped = forged(second, lambda d: d["head"].update(number=18))
    assert rules.chain_faults([first, skipped]) == (), "it names the one before it: only its number was jumped to"
    other = compose(first, AT + HOUR, goods=(goods(accepted=71),))
    assert rules.chain_faults([first, other, third]) == ((3, "previous"), (3, "history"))
    lying = forged(third, lambda d: d["sections"]["history"][0]["figures"].update(ready=[4, 4]))
    assert (3, "history") in rules.chain_faults([first, second, lying])


# --- figures can be computed again -------------------------------------------------------------------------------------------


def test_every_figure_follows_from_the_other_sections() -> None:
    made = compose()
    assert rules.recompute(made) == pairs(made)
    assert rules.differences(made) == ()
    found = pairs(made)
    assert found["ready"] == (2, 4)
    assert found["arrived"] == (2, 4)
    assert found["islands_ready"] == (1, 1)
    assert found["voters"] == (800, UNKNOWN)
    assert found["units_all"] == (70 + 50, 150)  # 60 of 50 count as 50
    assert found["units_ordered"] == (120, 150)
    assert found["lines"] == (1, 2)
    assert found["needs_unknown"] == (1, 3)


def test_a_kind_counts_as_ordered_with_all_its_lines_once_one_of_them_is() -> None:
    lines = (goods("SS", contest="DPR", need=10, ordered=10, accepted=10), goods("SS", contest="DPD", need=30, ordered=0, accepted=0))
    found = pairs(compose(goods=(*lines, goods("TINTA", ordered=0, accepted=0))))
    assert found["units_ordered"] == (10, 40)
    assert found["units_all"] == (10, 140)


def test_voters_that_nobody_knows_are_unknown_and_not_nought() -> None:
    assert pairs(compose(stations=(station(1), station(2, voters=UNKNOWN))))["voters"] == (UNKNOWN, UNKNOWN)


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("numerator", lambda d: d["sections"]["figures"][2].update(numerator=3), "value"),
    ("denominator", lambda d: d["sections"]["figures"][2].update(denominator=5), "value"),
    ("a row of the data", lambda d: d["sections"]["tps"][3].update(state="not_ready"), "value"),
    ("a formula", lambda d: d["sections"]["figures"][2]["how"].update(op="sum"), "formula"),
    ("a mark taken off", lambda d: d["sections"]["figures"][2].update(marks=[]), "marks"),
    ("left out", lambda d: d["sections"]["figures"].pop(2), "missing"),
    ("made up", lambda d: d["sections"]["figures"].append({**d["sections"]["figures"][2], "code": "extra"}), "foreign"),
]


@pytest.mark.parametrize(("change", "why"), [(change, why) for _, change, why in CHANGES], ids=[name for name, _, _ in CHANGES])
def test_a_changed_figure_is_named_with_what_is_wrong(change: Callable[[dict[str, Any]], object], why: str) -> None:
    wrong = forged(compose(), change)
    found = rules.differences(wrong)
    assert why in {one.why for one in found}
    assert {one.code for one in found} <= {"ready", "not_ready", "unknown", "extra"}
    with pytest.raises(rules.WrongFigure):
        rules.check(wrong)


@given(
    st.lists(st.tuples(st.sampled_from(["ready", "not_ready", "unknown"]), st.booleans(), st.integers(-1, 300)), max_size=12),
    st.lists(st.tuples(st.integers(-1, 50), st.integers(0, 60), st.integers(0, 60)), max_size=6),
)
def test_whatever_is_offered_the_published_figures_are_the_recomputed_ones(
    tps: list[tuple[str, bool, int]], lines: list[tuple[int, int, int]]
) -> None:
    stations = []
    for number, (state, island, voters) in enumerate(tps, 1):
        where = {"island": "Pulau" if island else "", "voters": voters}
        ready = {"state": state, "reasons": () if state == "ready" else ("check_missing",), "items": "yes" if state == "ready" else "no"}
        stations.append(station(number, **where) if state == "unknown" else seen(number, 20, **where, **ready))
    rows = tuple(goods(f"B{n}", need=need, ordered=ordered, accepted=accepted) for n, (need, ordered, accepted) in enumerate(lines))
    made = compose(stations=tuple(stations), goods=rows)
    assert rules.recompute(made) == pairs(made)
    rules.check(made)


def test_a_bare_python_without_the_program_around_it_names_the_changed_figure(tmp_path: Path) -> None:
    made = compose()
    (tmp_path / "good.json").write_bytes(made.content)
    wrong = forged(made, lambda d: d["sections"]["figures"][2].update(numerator=4))
    (tmp_path / "wrong.json").write_bytes(wrong.content)
    (tmp_path / "posko" / "domain").mkdir(parents=True)
    for name in ("posko/__init__.py", "posko/domain/__init__.py", "posko/domain/record.py", "posko/domain/thresholds.py"):
        (tmp_path / name).write_bytes((SRC / name).read_bytes())
    (tmp_path / "posko/domain/releases.py").write_bytes(Path(rules.__file__).read_bytes())
    program = (
        "import sys; sys.path.insert(0, '.')\nfrom posko.domain import releases\n"
        "for name in ('good.json', 'wrong.json'):\n"
        "    one = releases.read(open(name, 'rb').read()); print(name, [d.code for d in releases.differences(one)])\n"
    )
    said = subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.split("\n")[:2] == ["good.json []", "wrong.json ['ready']"]


def test_marks_travel_from_the_rows_to_the_figures_and_the_head() -> None:
    made = compose(goods=(goods(marks=["REKONSTRUKSI"]),))
    marks = {row["code"]: row["marks"] for row in made.sections["figures"]}
    assert marks["ready"] == ["[SIMULASI]"]
    assert marks["units_all"] == ["REKONSTRUKSI"]
    assert marks["voters"] == []
    assert made.marks == ("REKONSTRUKSI", "[SIMULASI]")
    told = {row["code"]: row["marks"] for row in compose(stations=(station(1, estimate=True, provisional=True),)).sections["figures"]}
    assert (told["voters"], told["tps"], told["ready"]) == (["PERKIRAAN"], ["SEMENTARA"], [])


# --- no plans, nothing under way ----------------------------------------------------------------------------------------------


def test_reasons_that_come_from_a_plan_have_no_public_name() -> None:
    made = compose(stations=(station(1, reasons=("no_plan", "not_delivered", "no_report")),))
    assert made.sections["tps"][0]["reasons"] == ["no_report"]
    assert b"not_delivered" not in made.content


def test_which_item_is_missing_and_that_it_is_a_seal_stay_inside() -> None:
    made = compose(stations=(seen(1, 3, state="not_ready", reasons=("seal_broken", "check_missing"), items="no"),))
    assert made.sections["tps"][0]["reasons"] == ["goods_missing", "under_check"]
    assert b"seal" not in made.content


@pytest.mark.parametrize(("island", "minutes"), [("", 120), ("Pulau Long", 720)])
def test_what_was_seen_goes_out_at_the_end_of_its_embargo_and_not_a_second_before(island: str, minutes: int) -> None:
    seen_at = AT - timedelta(minutes=minutes)
    assert compose(stations=(seen(1, 0, island=island, seen_at=seen_at),)).sections["tps"][0]["arrived"] == "yes"
    with pytest.raises(rules.Underway) as refusal:
        compose(stations=(seen(1, 0, island=island, seen_at=seen_at + timedelta(seconds=1)),))
    assert refusal.value.facts == {"tps": "19.06.01.2001.001"}


def test_an_arrival_names_its_entry_and_its_time_so_that_the_embargo_can_be_proved() -> None:
    row = compose().sections["tps"][0]
    assert (row["entry"], row["arrived_at"]) == (paper.ENTRY, rules.written(AT - 3 * HOUR))
    with pytest.raises(rules.Planned):
        compose(stations=(seen(1, 3, entry=""),))


@pytest.mark.parametrize("more", [{"items": "no"}, {"items": "unseen"}, {"reasons": ("stale",)}])
def test_a_tps_is_not_published_as_ready_on_less_than_a_check_that_saw_all(more: dict[str, Any]) -> None:
    with pytest.raises(rules.Planned):
        compose(stations=(seen(1, 3, **more),))


def test_nothing_in_the_future_can_be_in_it_but_the_day_of_voting() -> None:
    made = compose()
    assert rules.instant(made.head["voting_at"]) > made.made_at
    for change in (
        lambda d: d["sections"]["figures"][0].update(as_of=rules.written(AT + HOUR)),
        lambda d: d["head"].update(data_at=rules.written(AT + timedelta(seconds=1))),
        lambda d: d["sections"]["tps"][3].update(arrived_at=rules.written(AT + HOUR)),
    ):
        with pytest.raises(rules.Planned):
            rules.check(forged(made, change))


FOREIGN: list[Callable[[dict[str, Any]], object]] = [
    lambda d: d["sections"].update(aght=[]),
    lambda d: d["sections"].update(plan={}),
    lambda d: d["sections"]["tps"][0].update(planned_at="2024-02-13T08:00:00+00:00"),
    lambda d: d["sections"]["tps"][0].update(lat_e6=1),
    lambda d: d["sections"]["receipts"][0].update(shipped=5),
    lambda d: d["sections"]["receipts"][0].update(warehouse="19.06:G01"),
    lambda d: d["sections"]["recommendations"].update(titles=["x"]),
    lambda d: d["sections"]["tps"][0].update(reasons=["not_delivered"]),
    lambda d: d["head"].update(route="x"),
    lambda d: d["head"]["policy"].update(k=1),
    lambda d: d["head"]["policy"].update(embargo_min=0),
    lambda d: d["sections"].pop("withheld"),
    lambda d: d["sections"]["tps"][0].pop("entry"),
]


@pytest.mark.parametrize("change", FOREIGN)
def test_a_section_or_field_that_is_not_on_the_list_keeps_it_from_going_out(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(rules.NotPublic):
        rules.check(forged(compose(), change))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["sections"].update(tps="x"),
        lambda d: d["sections"].update(figures={}),
        lambda d: d["sections"]["figures"][0].update(numerator="x"),
        lambda d: d["sections"]["tps"][0].update(checked_at="kemarin"),
        lambda d: d["sections"]["tps"][0].update(reasons=[[1]]),
        lambda d: d["sections"]["recommendations"].update(totals=[]),
        lambda d: d["head"].update(policy={"k": "5"}),
        lambda d: d["head"].update(made_at=5),
    ],
)
def test_what_has_not_the_shape_of_a_publication_is_refused_and_not_a_crash(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(record.Refusal):
        rules.check(forged(compose(), change))


@pytest.mark.parametrize("text", ["PSK1:B:7K2M9QWX", "kirim dengan TRIP-03", "AGHT-004", "psk1:s:abc"])
def test_the_code_of_a_box_a_seal_a_trip_or_an_aght_is_found_wherever_it_stands(text: str) -> None:
    with pytest.raises(rules.CodeInside):
        compose(stations=(station(1, name=text),))


def test_parts_may_be_left_out_and_their_figures_with_them() -> None:
    made = compose(way=Way(sections=("receipts",)))
    assert set(made.sections) == {"figures", "tps", "receipts", "places", "history", "withheld"}
    assert {"ready", "units_all"} <= set(pairs(made))
    assert not {"issued", "guard"} & set(pairs(made))


def test_counts_of_the_post_are_a_day_old() -> None:
    made = compose()
    assert rules.instant(made.sections["recommendations"]["as_of"]) == AT - 24 * HOUR
    fresh = forged(made, lambda d: d["sections"]["recommendations"].update(as_of=rules.written(AT - 24 * HOUR + timedelta(seconds=1))))
    with pytest.raises(rules.TooFresh):
        rules.check(fresh)


# --- small counts -------------------------------------------------------------------------------------------------------------


def views(
    names: Sequence[str], sums: rules.Sums, tables: Sequence[tuple[int, ...]], k: int
) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """What is shown -> every table that is shown so: somebody who knows the rule can say no more than this."""
    found = defaultdict(list)
    for table in tables:
        shown = rules.suppress(dict(zip(names, table, strict=True)), sums, k)
        found[tuple(shown[name] for name in names)].append(table)
    return found


@pytest.mark.parametrize(("parts", "top"), [(2, 20), (3, 16), (4, 14)])
def test_no_kept_back_count_can_be_told_by_somebody_who_knows_the_rule_and_tries_every_table(parts: int, top: int) -> None:
    """Tables up to `top` a cell are tried, and those whose cells are 5 or less are held to it: the larger ones are there to hide among."""
    names = ["all", *(f"part {n}" for n in range(parts))]
    sums = (("all", tuple(names[1:])),)
    tables = [(sum(cells), *cells) for cells in product(range(top + 1), repeat=parts)]
    for shown, behind in views(names, sums, tables, 5).items():
        if not any(max(table[1:]) <= 5 for table in behind):
            continue
        for at, value in enumerate(shown):
            if value == SUPPRESSED:
                assert len({table[at] for table in behind}) > 1, (shown, behind[:3])
            else:
                assert not 0 < value < 5


def test_sums_under_sums_and_two_ways_to_divide_the_same_total_tell_no_more() -> None:
    names = ["all", "waiting", "answered", "yes", "no", "to a", "to b"]
    sums = (("all", ("waiting", "answered")), ("answered", ("yes", "no")), ("all", ("to a", "to b")))
    tables = []
    for waiting, yes, no in product(range(12), range(14), range(14)):
        whole = waiting + yes + no
        tables += [(whole, waiting, yes + no, yes, no, a, whole - a) for a in range(0, min(whole, 12) + 1)]
    checked = 0
    for shown, behind in views(names, sums, tables, 5).items():
        if any(max(table[1], table[3], table[4], table[5], table[6]) <= 5 for table in behind):
            checked += 1
            hidden = [at for at, value in enumerate(shown) if value == SUPPRESSED]
            assert all(len({table[at] for table in behind}) > 1 for at in hidden), (shown, behind[:3])
    assert checked >= 30


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ((0, 0, 0), ""),
        ((5, 5, 5), ""),
        ((20, 0, 7), ""),
        ((4, 10, 9), "part 0 part 1"),  # one alone would follow from the total
        ((10, 9, 4), "part 0 part 2"),
        ((1, 3, 20), "part 0 part 1"),
        ((1, 1, 20), "part 0 part 1 part 2"),  # 2 in two can only be 1 and 1
        ((4, 4, 20), "part 0 part 1 part 2"),
        ((0, 3, 20), "part 1 part 2"),
        ((1, 0, 0), "all part 0 part 1 part 2"),
        ((2, 2, 2), "part 0 part 1 part 2"),
    ],
)
def test_which_counts_are_kept_back(counts: tuple[int, ...], kept: str) -> None:
    cells = {"all": sum(counts), **{f"part {n}": count for n, count in enumerate(counts)}}
    shown = rules.suppress(cells, (("all", ("part 0", "part 1", "part 2")),), 5)
    assert " ".join(name for name, count in shown.items() if count == SUPPRESSED) == kept
    assert all(shown[name] == count for name, count in cells.items() if shown[name] != SUPPRESSED)


def test_figures_over_kept_back_counts_are_kept_back_too() -> None:
    found = pairs(compose(letters=letters(accepted=3, refused=20, in_time=30)))
    assert found["issued"] == (53, UNKNOWN)
    assert found["answered"] == (23, 53)
    assert found["accepted"] == (SUPPRESSED, 23)
    assert found["refused"] == (SUPPRESSED, 23)
    few = pairs(compose(letters=letters(accepted=3)))
    assert few["issued"] == (SUPPRESSED, UNKNOWN)
    assert few["answered"] == (SUPPRESSED, SUPPRESSED)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["sections"]["recommendations"]["totals"].update(withdrawn=4),
        lambda d: d["sections"]["recommendations"]["totals"].update(accepted=SUPPRESSED),
        lambda d: d["sections"]["guard"].update(refused=SUPPRESSED),
        lambda d: d["sections"]["withheld"].update(checks=2),
    ],
)
def test_a_small_count_or_one_that_is_kept_back_alone_keeps_it_from_going_out(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(rules.SmallCount):
        rules.check(forged(compose(), change))


def test_counts_that_do_not_add_up_keep_it_from_going_out() -> None:
    def change(document: dict[str, Any]) -> None:
        document["sections"]["recommendations"]["addressees"][1]["issued"] += 1

    with pytest.raises(rules.WrongFigure):
        rules.check(forged(compose(), change))


@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_whatever_the_counts_what_goes_out_passes_its_own_check(counts: list[int], more: list[int]) -> None:
    names = ("in_time", "overdue", "accepted", "partly", "refused", "withdrawn")
    found = letters(**dict(zip(names, counts, strict=True)))
    guard = {f"kind {n}": count for n, count in enumerate(more)}
    rules.check(compose(letters=found, guard=guard, embargoed=more[0]))


# --- corrections, differences, previews -----------------------------------------------------------------------------------------


def wrong_way(**more: Any) -> Way:
    return Way(**({"corrects": 1, "reason_code": "count", "reason": "Salah hitung di gudang"} | more))


def test_a_correction_is_a_new_one_that_names_the_wrong_one_and_the_history_says_so() -> None:
    first = compose()
    second = compose(first, AT + HOUR, wrong_way())
    assert (second.number, second.corrects, second.head["reason_code"]) == (2, 1, "count")
    assert [(row["number"], row["corrected_by"], row["digest"]) for row in second.sections["history"]] == [(1, 2, first.digest)]
    third = compose(second, AT + 2 * HOUR)
    assert [(row["number"], row["corrects"], row["corrected_by"]) for row in third.sections["history"]] == [(1, 0, 2), (2, 1, 0)]
    with pytest.raises(rules.NothingToCorrect):
        compose(second, AT + 2 * HOUR, wrong_way())


@pytest.mark.parametrize("more", [{"reason": "  salah   "}, {"reason": "x" * 301}, {"reason_code": ""}, {"reason_code": "because"}])
def test_a_correction_says_what_was_wrong_and_why(more: dict[str, Any]) -> None:
    with pytest.raises(rules.ReasonMissing):
        compose(compose(), AT + HOUR, wrong_way(**more))
    with pytest.raises(rules.NothingToCorrect):
        compose(None, AT, wrong_way())


def test_the_history_keeps_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "HISTORY_MOST", 3)
    made = compose()
    for n in range(1, 6):
        made = compose(made, AT + n * HOUR)
    assert [row["number"] for row in made.sections["history"]] == [3, 4, 5]


def test_changes_name_the_figures_that_differ_and_the_tps_that_moved() -> None:
    first = compose()
    second = compose(first, AT + HOUR, stations=(seen(1, 3), seen(2, 5), station(5)))
    found = {one.code: (one.before, one.after) for one in rules.changes(first, second)}
    assert found["ready"] == ((2, 4), (2, 3))
    assert "issued" not in found
    assert rules.moved_stations(first, second) == (
        ("19.06.01.2001.002", "not_ready", "ready"), ("19.06.01.2001.005", "", "unknown"),
    )  # fmt: skip
    assert len(rules.changes(None, first)) == len(first.sections["figures"])
    gone = compose(first, AT + HOUR, Way(sections=()))
    assert {one.code: one.after for one in rules.changes(first, gone)}["issued"] is None


def test_what_was_seen_in_a_preview_is_the_same_a_minute_later_and_another_when_a_figure_changes() -> None:
    assert rules.seen(compose()) == rules.seen(compose(at=AT + timedelta(minutes=1)))
    assert rules.seen(compose()) != rules.seen(compose(goods=(goods(accepted=71),)))
    assert rules.seen(compose()) != rules.seen(compose(compose()))


# --- the standing rule ----------------------------------------------------------------------------------------------------------


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """February 2024, WIB."""
    return datetime(2024, 2, day, hour, minute, tzinfo=rules.WIB).astimezone(UTC)


def rule(**more: Any) -> StandingRule:
    values: dict[str, Any] = {
        "code": "ATR-001", "sections": ("receipts",), "minutes": (360, 1080), "from_at": at(5, 10), "until_at": at(8, 0),
    }  # fmt: skip
    return StandingRule(**(values | more))


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (at(5, 10), None),
        (at(5, 17, 59), None),
        (at(5, 18), at(5, 18)),
        (at(6, 5, 59), at(5, 18)),
        (at(6, 6), at(6, 6)),
        (at(7, 23), at(7, 18)),
        (at(8, 6), at(7, 18)),
        (at(20, 6), None),
    ],
)
def test_the_slot_is_the_last_hour_of_the_rule_within_its_days(now: datetime, slot: datetime | None) -> None:
    assert rule().slot(now) == slot


def test_a_slot_is_due_once_and_missed_ones_are_not_made_up_for() -> None:
    assert rule().due(None, at(5, 18)) == at(5, 18)
    assert rule().due(at(5, 18), at(6, 5)) is None
    assert rule().due(at(5, 18), at(7, 7)) == at(7, 6)
    assert rule().due(at(5, 6), at(5, 17)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"minutes": ()}, {"minutes": (1440,)}, {"minutes": (-1,)}, {"sections": ("aght",)}, {"sections": ("tps",)}, {"until_at": at(5, 10)},
        {"until_at": at(5, 10) + timedelta(days=185)},
    ],
)  # fmt: skip
def test_a_rule_without_hours_with_foreign_parts_or_without_an_end_in_sight_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(rules.BadRule):
        rule(**more)


def test_what_a_second_person_approves_changes_with_every_part_of_the_rule() -> None:
    variants = [rule(), rule(sections=()), rule(minutes=(360,)), rule(from_at=at(5, 11)), rule(until_at=at(9, 0))]
    assert len({one.digest for one in variants}) == 5


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("18.00", (1080,)),
        ("6, 18", (360, 1080)),
        ("18:30 06.00", (360, 1110)),
        ("06.00; 06.00", (360,)),
        ("0.00", (0,)),
        ("23.59", (1439,)),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, minutes: tuple[int, ...]) -> None:
    assert rules.rule_minutes(typed) == minutes


@pytest.mark.parametrize("typed", ["", "malam", "24.00", "18.60", "18.0", "-1", "18.00,,x", "١٨.٠٠"])
def test_what_is_no_hour_is_refused(typed: str) -> None:
    with pytest.raises(rules.BadRule):
        rules.rule_minutes(typed)


# --- early warnings ---------------------------------------------------------------------------------------------------------------


def test_r23_speaks_when_the_publication_is_older_than_its_limit_and_not_at_the_limit() -> None:
    made, voting = compose(), datetime(2024, 2, 14, tzinfo=UTC)
    limits = rules.Limits(oldest=30 * HOUR)
    assert rules.old_signal(made, "e", voting, AT + 30 * HOUR, limits) == []
    (told,) = rules.old_signal(made, "e", voting, AT + 31 * HOUR, limits)
    assert (told.rule, told.since_at, told.facts["hours"], told.mark) == ("R23", AT + 30 * HOUR, 31, "[SIMULASI]")
    assert rules.old_signal(made, "e", voting, voting + timedelta(days=14, seconds=1), limits) == []
    assert rules.old_signal(made, "e", AT + 40 * HOUR, AT + 31 * HOUR, limits)[0].severity == "high"
    assert rules.old_signal(made, "e", AT + timedelta(days=30), AT + 31 * HOUR, limits)[0].severity == "watch"


def test_r23_speaks_when_the_record_has_moved_by_more_than_the_limit() -> None:
    made = compose(goods=(goods(need=1000, accepted=500),))
    held = rules.Limits(drift_permille=50)

    def told(accepted: int) -> list[record.Signal]:
        now = rules.figures_of(paper.material().stations, [goods(need=1000, accepted=accepted)])
        return rules.drift_signal(made, now, "e", held)

    assert told(500) == []
    assert told(550) == []
    (signal,) = told(551)
    assert (signal.rule, signal.facts["figures"]) == ("R23.beda", 2)
    assert told(449)


def test_the_thresholds_are_knobs_with_bounds_and_an_owner() -> None:
    found = {one.name: one for one in thresholds.knobs("releases", rules.Limits())}
    assert {name: (one.rule, one.owner, one.locked) for name, one in found.items()} == {
        "oldest": ("R23", "KPU", False), "drift_permille": ("R23", "KPU", False),
    }  # fmt: skip


def test_the_policy_in_the_head_is_the_one_that_held() -> None:
    assert compose().head["policy"] == vars(Policy())
    assert json.loads(compose().content)["format"] == rules.FORMAT
