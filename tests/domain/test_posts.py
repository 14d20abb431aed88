"""Posts: hours, heartbeats, duty, coverage and counts; R19 with positive, negative and boundary cases."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import posts
from posko.domain.posts import Contact, Cover, Kind, Post, Pulse, Service, Shift, Side, Window

# Tuesday 5 December 2023, 10.00 WIB.
AT = datetime(2023, 12, 5, 3, tzinfo=UTC)
VOTE = datetime(2024, 2, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = tuple(Window(day, 8 * 60, 16 * 60) for day in range(5))
ALWAYS = tuple(Window(day, 0, 1440) for day in range(7))
DESA = ("19.06.01.2001", "19.06.01.2002", "19.06.02.2001")


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2023, 12, day, hour, minute, tzinfo=posts.WIB)


def post(code: str = "KEJARI", kind: Kind = Kind.KEJARI, **more: Any) -> Post:
    values: dict[str, Any] = {
        "name": "Posko Kejari", "parent": "", "place": "19.06", "served": DESA, "services": (Service.INTAKE,), "hours": ALWAYS,
        "beat_hours": 4, "opened_at": AT - timedelta(days=10), "mark": "[SIMULASI]",
    }  # fmt: skip
    return Post(code, kind=kind, **(values | more))


def fit(one: Post, others: Mapping[str, Post] | None = None) -> Post:
    return posts.check_post(one, others or {}, DESA, "19.06")


# --- a post ----------------------------------------------------------------------------------------------------------------


def test_a_post_is_tidied_and_stands() -> None:
    made = fit(post(name="  Posko   Kejari ", served=(DESA[1], DESA[0], DESA[0]), hours=OFFICE[::-1]))
    assert (made.name, made.served, made.hours) == ("Posko Kejari", DESA[:2], OFFICE)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"code": "kejari"}, "posts.bad_code"), ({"code": "A"}, "posts.bad_code"), ({"code": "A" * 25}, "posts.bad_code"),
        ({"name": " x "}, "posts.bad_name"), ({"name": "x" * 81}, "posts.bad_name"), ({"parent": "TIDAK-ADA"}, "posts.wrong_parent"),
        ({"parent": "KEJARI"}, "posts.wrong_parent"), ({"served": ("19.06.09.2001",)}, "posts.unknown_place"),
        ({"place": "19.02"}, "posts.unknown_place"), ({"place": ""}, "posts.unknown_place"), ({"served": ()}, "posts.no_area"),
        ({"services": ()}, "posts.no_service"), ({"hours": ()}, "posts.bad_hours"), ({"beat_hours": 0}, "posts.bad_beat"),
        ({"beat_hours": 25}, "posts.bad_beat"),
    ],
)  # fmt: skip
def test_what_is_no_post_is_refused(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(posts.record.Refusal) as refusal:
        fit(replace(post(), **wrong))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("kind", "above", "stands"),
    [
        (Kind.KEJARI, Kind.KEJATI, True), (Kind.CABJARI, Kind.KEJARI, True), (Kind.KECAMATAN, Kind.CABJARI, True),
        (Kind.KECAMATAN, Kind.KEJATI, False), (Kind.PPK, Kind.KPU, True), (Kind.PPS, Kind.PPK, True), (Kind.PPS, Kind.KPU, False),
        (Kind.PPK, Kind.KEJARI, False), (Kind.KEJATI, Kind.KEJARI, False),
    ],
)  # fmt: skip
def test_a_post_stands_under_its_own_office_only(kind: Kind, above: Kind, stands: bool) -> None:
    head = post("ATAS", above)
    below = post("BAWAH", kind, parent="ATAS")
    if stands:
        assert fit(below, {"ATAS": head}).parent == "ATAS"
    else:
        with pytest.raises(posts.WrongParent):
            fit(below, {"ATAS": head})


def test_a_kejati_lies_above_the_region_and_serves_no_desa_itself() -> None:
    assert fit(post("KEJATI", Kind.KEJATI, place="19", served=())).place == "19"


def test_each_side_runs_its_own_posts() -> None:
    posts.check_side(post(), "KEJARI")
    posts.check_side(post("PPK-1", Kind.PPK), "PPK")
    for one, agency in ((post(), "KPU"), (post("PPK-1", Kind.PPK), "KEJARI"), (post(), "BAWASLU"), (post(), "POLRES")):
        with pytest.raises(posts.OtherSide):
            posts.check_side(one, agency)


# --- hours -----------------------------------------------------------------------------------------------------------------


def test_hours_are_civil_time_in_wib_and_weekends_are_closed() -> None:
    week = posts.openings(OFFICE, wib(4, 0), wib(11, 0))
    assert len(week) == 5
    assert week[0].from_at == wib(4, 8)
    assert posts.open_at(OFFICE, wib(5, 8))
    assert not posts.open_at(OFFICE, wib(5, 16))
    assert not posts.open_at(OFFICE, wib(9, 10))


def test_days_that_touch_at_midnight_are_one_opening() -> None:
    assert len(posts.openings(ALWAYS, wib(4, 0), wib(11, 0))) == 1


@pytest.mark.parametrize("bad", [(7, 0, 60), (0, 60, 60), (0, -1, 60), (0, 0, 1441)])
def test_a_window_that_is_none_is_refused(bad: tuple[int, int, int]) -> None:
    with pytest.raises(posts.BadHours):
        Window(*bad)


def test_windows_of_one_day_may_touch_but_not_overlap() -> None:
    posts.check_hours([Window(0, 480, 720), Window(0, 720, 960)])
    with pytest.raises(posts.BadHours):
        posts.check_hours([Window(0, 480, 721), Window(0, 720, 960)])


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_open_time_adds_up_over_any_cut(a: int, b: int) -> None:
    start = wib(1, 0)
    middle, end = start + timedelta(minutes=min(a, b)), start + timedelta(minutes=max(a, b))
    whole = posts.open_time(OFFICE, start, end)
    assert whole == posts.open_time(OFFICE, start, middle) + posts.open_time(OFFICE, middle, end)


# --- heartbeat and R19 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "pulse", "missed"),
    [
        (timedelta(0), Pulse.ALIVE, 0), (4 * HOUR - timedelta(seconds=1), Pulse.ALIVE, 0), (4 * HOUR, Pulse.LATE, 1),
        (8 * HOUR - timedelta(seconds=1), Pulse.LATE, 1), (8 * HOUR, Pulse.SILENT, 2), (41 * HOUR, Pulse.SILENT, 10),
    ],
)  # fmt: skip
def test_two_missed_heartbeats_make_silence_to_the_second(since: timedelta, pulse: Pulse, missed: int) -> None:
    found = posts.beat(post(), AT - since, AT)
    assert (found.pulse, found.missed) == (pulse, missed)


def test_the_night_owes_no_heartbeat() -> None:
    office = post(hours=OFFICE)
    assert posts.beat(office, wib(4, 16), wib(5, 8)).pulse is Pulse.ALIVE
    assert posts.beat(office, wib(4, 16), wib(5, 12)).missed == 1
    assert posts.beat(office, wib(4, 15), wib(4, 16)).due_at == wib(5, 11)
    # Friday evening to Monday morning
    assert posts.beat(office, wib(8, 16), wib(11, 9)).pulse is Pulse.ALIVE


def test_a_post_that_never_beat_owes_since_it_opened_and_a_closed_one_owes_nothing() -> None:
    assert posts.beat(post(opened_at=AT - 8 * HOUR), None, AT).pulse is Pulse.SILENT
    assert posts.beat(post(opened_at=AT - 7 * HOUR), None, AT).pulse is Pulse.LATE
    assert posts.beat(post(open=False), None, AT) == posts.Beat(Pulse.CLOSED, 0, None, None)


def test_the_office_above_is_run_elsewhere_and_owes_nothing_here() -> None:
    above = post("KEJATI", Kind.KEJATI, place="19", served=(), opened_at=AT - 100 * HOUR)
    found = posts.beat(above, None, AT)
    assert found.pulse is Pulse.ELSEWHERE
    assert posts.silence(above, found, VOTE, AT) is None
    assert posts.gaps(above, [], AT, AT + 24 * HOUR) == []
    with pytest.raises(posts.Elsewhere):
        posts.check_open(above)


def test_a_beat_from_before_a_reopening_does_not_make_it_silent() -> None:
    assert posts.beat(post(opened_at=AT - HOUR), AT - 100 * HOUR, AT).pulse is Pulse.ALIVE


def test_r19_speaks_of_a_silent_post_and_of_no_other() -> None:
    one = post()
    said = posts.silence(one, posts.beat(one, AT - 9 * HOUR, AT), VOTE, AT)
    assert said is not None
    assert (said.rule, said.kind, said.severity, said.to) == ("R19", "hambatan", "high", ("KEJARI",))
    assert said.since_at == AT - HOUR
    assert said.subject == "post:KEJARI"
    for last in (AT, AT - 4 * HOUR, AT - 8 * HOUR + timedelta(seconds=1)):
        assert posts.silence(one, posts.beat(one, last, AT), VOTE, AT) is None
    assert posts.silence(post(open=False), posts.beat(post(open=False), None, AT), VOTE, AT) is None


@pytest.mark.parametrize(
    ("before", "severity"), [(timedelta(hours=73), "high"), (timedelta(hours=72), "critical"), (timedelta(hours=-24), "high")]
)
def test_r19_is_critical_from_72_hours_before_the_vote_until_its_day_is_over(before: timedelta, severity: str) -> None:
    at = VOTE - before
    one = post(opened_at=at - timedelta(days=3))
    said = posts.silence(one, posts.beat(one, None, at), VOTE, at)
    assert said is not None
    assert said.severity == severity


def test_r19_of_a_ppk_goes_to_the_commissions_side() -> None:
    one = post("PPK-1", Kind.PPK)
    said = posts.silence(one, posts.beat(one, None, AT), VOTE, AT)
    assert said is not None
    assert said.to == ("KPU", "PPK", "PPS")


# --- duty ------------------------------------------------------------------------------------------------------------------


def shift(who: str, start: datetime, hours: float, where: str = "KEJARI", code: str = "PKT-0001") -> Shift:
    return Shift(code, where, who, start, start + timedelta(hours=hours))


@pytest.mark.parametrize(("start", "clash"), [(wib(6, 11), True), (wib(6, 12), False), (wib(6, 6), True), (wib(6, 4), False)])
def test_nobody_is_at_two_posts_at_once(start: datetime, clash: bool) -> None:
    held = shift("p-citra", wib(6, 8), 4, "LAIN")
    new = shift("p-citra", start, 4)
    if clash:
        with pytest.raises(posts.Overlap) as refusal:
            posts.check_shift(new, post(), [held], ["p-citra"], AT)
        assert refusal.value.facts["post"] == "LAIN"
    else:
        posts.check_shift(new, post(), [held], ["p-citra"], AT)


def test_two_people_may_be_at_one_post() -> None:
    posts.check_shift(shift("PIKET-07", wib(6, 8), 4), post(), [shift("p-citra", wib(6, 8), 4)], ["p-citra"], AT)


@pytest.mark.parametrize("who", ["p-ani", "Siti Aminah", "0812", "PIKET-", "piket-1", "PIKET-1234"])
def test_only_accounts_of_this_side_and_codes_stand_in_the_roster(who: str) -> None:
    with pytest.raises(posts.BadPerson):
        posts.check_shift(shift(who, wib(6, 8), 4), post(), [], ["p-citra"], AT)


@pytest.mark.parametrize(
    ("start", "hours", "good"), [(wib(6, 8), 24, True), (wib(6, 8), 24.1, False), (wib(6, 8), 0, False), (wib(4, 9), 4, False)]
)
def test_a_shift_lasts_at_most_a_day_and_is_not_invented_afterwards(start: datetime, hours: float, good: bool) -> None:
    new = shift("p-citra", start, hours)
    if good:
        posts.check_shift(new, post(), [], ["p-citra"], AT)
    else:
        with pytest.raises(posts.BadShift):
            posts.check_shift(new, post(), [], ["p-citra"], AT)


def test_gaps_are_the_open_hours_without_anybody() -> None:
    office = post(hours=OFFICE)
    held = [shift("p-citra", wib(5, 7), 3), shift("p-gita", wib(5, 12), 2), shift("p-x", wib(5, 8), 8, "LAIN")]
    assert [(g.from_at, g.until_at) for g in posts.gaps(office, held, wib(5, 0), wib(6, 0))] == [
        (wib(5, 10), wib(5, 12)), (wib(5, 14), wib(5, 16)),
    ]  # fmt: skip
    assert posts.gaps(office, [shift("p-citra", wib(5, 8), 8)], wib(5, 0), wib(6, 0)) == []
    assert posts.gaps(office, [], wib(9, 0), wib(11, 0)) == []
    assert posts.gaps(replace(office, open=False), [], wib(5, 0), wib(6, 0)) == []


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 24)), max_size=8))
def test_shifts_and_gaps_together_are_the_opening_hours(spans: list[tuple[int, int]]) -> None:
    office = post(hours=OFFICE)
    held = [shift("p-citra", wib(4, 0) + timedelta(hours=a), b) for a, b in spans]
    for hour in range(72):
        at = wib(4, 0) + timedelta(hours=hour, minutes=30)
        in_gap = any(g.from_at <= at < g.until_at for g in posts.gaps(office, held, wib(4, 0), wib(7, 0)))
        assert in_gap == (posts.open_at(OFFICE, at) and not any(s.covers(at) for s in held))


def test_a_shift_that_is_over_stays() -> None:
    posts.check_cancel(shift("p-citra", AT - 3 * HOUR, 3.1), AT)
    with pytest.raises(posts.ShiftOver):
        posts.check_cancel(shift("p-citra", AT - 3 * HOUR, 3), AT)


# --- logbook ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""), ({"occurred_at": AT + timedelta(seconds=1)}, "future"), ({"occurred_at": AT - 48 * HOUR}, ""),
        ({"occurred_at": AT - 48 * HOUR - timedelta(seconds=1)}, "old"), ({"people": 1000}, "people"), ({"people": 999}, ""),
        ({"people": -1}, "people"), ({"text": "x" * 501}, "text"), ({"text": "x" * 500}, ""), ({"counterpart": "BUPATI"}, "counterpart"),
    ],
)  # fmt: skip
def test_a_note_is_of_now_and_short(more: dict[str, Any], why: str) -> None:
    values: dict[str, Any] = {"text": "", "people": 0, "counterpart": "WARGA", "occurred_at": AT} | more
    if not why:
        posts.check_note(**values, at=AT)
        return
    with pytest.raises(posts.BadNote) as refusal:
        posts.check_note(**values, at=AT)
    assert refusal.value.facts["why"] == why


def test_a_note_is_struck_by_its_author_for_ten_minutes_and_later_by_two() -> None:
    line = posts.Line("LOG-0001", "KEJARI", posts.Note.VISIT, 1, "WARGA", AT, AT, "p-citra")
    ten = timedelta(minutes=10)
    posts.check_strike(line, "p-citra", "", "dobel", AT + ten)
    posts.check_strike(line, "p-gita", "p-citra", "dobel", AT + ten)
    for who, second, at in (("p-citra", "", AT + ten + HOUR), ("p-gita", "", AT), ("p-citra", "p-citra", AT + HOUR)):
        with pytest.raises(posts.NeedsSecond):
            posts.check_strike(line, who, second, "dobel", at)
    with pytest.raises(posts.BadReason):
        posts.check_strike(line, "p-citra", "", "karena", AT)
    with pytest.raises(posts.AlreadySo):
        posts.check_strike(replace(line, struck="dobel"), "p-citra", "", "dobel", AT)


# --- coverage and counts -----------------------------------------------------------------------------------------------------


def test_a_desa_is_covered_by_an_answering_post_a_contact_or_unknown_or_not_at_all() -> None:
    live, quiet = post("KEC-1", Kind.KECAMATAN, served=DESA[:1]), post("KEC-2", Kind.KECAMATAN, served=DESA[:2])
    gone = post("KEC-3", Kind.KECAMATAN, open=False)
    beats = {
        "KEC-1": posts.beat(live, AT, AT), "KEC-2": posts.beat(quiet, None, AT), "KEC-3": posts.beat(gone, None, AT),
    }  # fmt: skip
    contact = Contact("KTK-001", "KEC-1", DESA[2], "PPS", "RADIO", AT)
    found = posts.coverage(DESA, [live, quiet, gone], beats, [contact])
    assert [c.cover for c in found] == [Cover.POST, Cover.UNKNOWN, Cover.CONTACT]
    assert (found[0].posts, found[0].silent) == (("KEC-1",), ("KEC-2",))
    assert [c.cover for c in posts.coverage(DESA, [gone], beats, [])] == [Cover.NONE] * 3


@pytest.mark.parametrize("wrong", [{"role": "Pak Budi"}, {"channel": "0812"}, {"role": ""}])
def test_a_contact_is_an_office_never_a_person_or_a_number(wrong: dict[str, str]) -> None:
    with pytest.raises(posts.BadContact):
        posts.check_contact(replace(Contact("KTK-001", "KEC-1", DESA[0], "PPS", "RADIO", AT), **wrong), DESA)


def test_a_report_counts_at_the_lowest_post_that_serves_its_desa() -> None:
    head, below = post("KEJARI"), post("KEC-1", Kind.KECAMATAN, place="19.06.01", served=DESA[:2])
    assert posts.server("19.06.01.2001.004", [head, below]) == "KEC-1"
    assert posts.server("19.06.02.2001", [head, below]) == "KEJARI"
    assert posts.server("19.06.01", [head, below]) == "KEC-1"
    assert posts.server("19.06:G01", [head, below]) == "KEJARI"
    assert posts.server("", [head, below]) == ""


def test_counts_travel_upward_and_hold_nothing_but_integers() -> None:
    top = post("KEJATI", Kind.KEJATI, place="19", served=())
    head = post("KEJARI", parent="KEJATI")
    below = post("KEC-1", Kind.KECAMATAN, place="19.06.01", served=DESA[:2], parent="KEJARI")
    chosen = [top, head, below]
    beats = {p.code: posts.beat(p, AT, AT) for p in chosen}
    filed = [posts.Filed(DESA[0], True, True), posts.Filed(DESA[2], True, False), posts.Filed("", False, False)]
    lines = [posts.Line("LOG-0001", "KEC-1", posts.Note.VISIT, 3, "WARGA", AT, AT, "p-citra")]
    lines.append(replace(lines[0], number="LOG-0002", struck="dobel"))
    found = posts.rollup(chosen, beats, filed, lines, {"KEC-1": 5}, posts.Span(AT - 24 * HOUR, AT))
    assert [(r.code, r.depth, r.below) for r in found] == [("KEJATI", 0, 2), ("KEJARI", 1, 1), ("KEC-1", 2, 0), ("", 0, 0)]
    assert (found[0].total.reports, found[0].own.reports, found[1].own.reports, found[2].own.overdue) == (2, 0, 1, 1)
    assert (found[2].own.visits, found[2].own.beats, found[2].own.owed) == (1, 5, 6)
    assert all(isinstance(getattr(r.total, f.name), int) for r in found for f in fields(posts.Counts))
    assert found[3].own.reports == 1


def test_the_sides_of_all_kinds_are_known() -> None:
    assert {posts.SIDES[k] for k in Kind} == set(Side)
    assert set(posts.PARENTS) == set(Kind)
