"""The fold of custody: neither order nor repetition of events changes what they say; what cannot be true together is recorded."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import custody as rules
from posko.domain.custody import Event, Kind, Party, Reading

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "custody"
AT = datetime(2024, 2, 12, 23, tzinfo=UTC)
G, P, D, D2 = "19.06:G01", "19.06:D01", "19.06.02.2001", "19.06.02.2002"
WAREHOUSE, DRIVER = Party("KPU", "gudang", "p-lutfi"), Party("PENGANGKUT", "pengemudi")
PPS, PPS2, KPPS = Party("PPS", "ketua", "p-putri"), Party("PPS", "anggota"), Party("KPPS", "ketua")


def minutes(n: float) -> datetime:
    return AT + timedelta(minutes=n)


def event(id_: str, kind: Kind, at: float, place: str, *things: str, **more: Any) -> Event:
    parties = {
        Kind.LOADED: {"giver": WAREHOUSE, "receiver": DRIVER, "trip": "T1"},
        Kind.HANDED_OVER: {"giver": DRIVER, "receiver": PPS, "trip": "T1"},
        Kind.DEPARTED: {"trip": "T1"},
        Kind.ARRIVED: {"trip": "T1"},
    }.get(kind, {})
    plain: dict[str, Any] = {"device": "HP-1", "seq": sum(map(ord, id_)), "account": "p-ani"}
    return Event(id=id_, kind=kind, at=minutes(at), place=place, things=things, **{**plain, **parties, **more})


def walk() -> list[Event]:
    """Two boxes loaded, on the road, handed over to the PPS and on to the KPPS."""
    return [
        event("a", Kind.LOADED, 0, G, "B:1", "B:2"),
        event("b", Kind.DEPARTED, 45, G),
        event("c", Kind.ARRIVED, 100, D),
        event("d", Kind.HANDED_OVER, 110, D, "B:1", "B:2"),
        event("e", Kind.HANDED_OVER, 400, D, "B:1", trip="", giver=PPS, receiver=KPPS),
    ]


def codes(state: rules.State) -> list[str]:
    return [conflict.code for conflict in state.conflicts]


def test_a_box_is_followed_from_the_warehouse_to_its_tps_without_a_conflict() -> None:
    state = rules.fold(walk())
    assert state.conflicts == ()
    one, two = state.holdings["B:1"], state.holdings["B:2"]
    assert (one.holder, one.place, one.trip, one.since_at, one.delivered_at) == (KPPS, D, "", minutes(400), minutes(110))
    assert (two.holder, two.event, two.delivered_at) == (PPS, "d", minutes(110))
    seen = state.trips["T1"]
    assert (seen.phase, seen.place, seen.at, seen.aboard) == ("arrived", D, minutes(110), ())
    assert [e.id for e in state.chain("B:1")] == ["a", "d", "e"]


def test_what_is_loaded_is_held_by_the_trip_and_the_past_can_be_asked() -> None:
    state = rules.fold(walk()[:2])
    assert (state.holdings["B:1"].trip, state.holdings["B:1"].holder, state.holdings["B:1"].delivered_at) == ("T1", DRIVER, None)
    assert (state.trips["T1"].phase, state.trips["T1"].aboard) == ("departed", ("B:1", "B:2"))


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (event("x", Kind.HANDED_OVER, 130, D2, "B:2", receiver=PPS2), "two_holders"),
        (event("x", Kind.HANDED_OVER, 130, D2, "B:2", trip="", giver=Party("PPK", "anggota"), receiver=PPS2), "giver_not_holder"),
        (event("x", Kind.HANDED_OVER, 130, D, "B:3"), "before_loading"),
        (event("x", Kind.LOADED, 60, G, "B:1", trip="T2"), "two_trips"),
        (event("x", Kind.REFUSED, 130, D, "B:9", cause="basah"), "before_loading"),
        (event("x", Kind.ARRIVED, 130, D, corrects="nothing"), "corrects_unknown"),
        (event("x", Kind.CORRECTED, 50, D, corrects="c"), "corrects_later"),
        (event("x", Kind.CORRECTED, 50, D, corrects="x"), "corrects_later"),
        (event("x", Kind.ARRIVED, 130, D2, seq=sum(map(ord, "a"))), "same_number"),
        (replace(walk()[2], place=D2), "same_id"),
        (event("x", Kind.HANDED_OVER, 120, D, "B:1", "B:2", sent=2, received=1, missing=("B:7",)), "count_differs"),
        (event("x", Kind.ARRIVED, 120, D, readings=(Reading("B:1", ("A1",), ("A2",)),)), "seals_differ"),
        (event("x", Kind.ARRIVED, 120, D, readings=(Reading("B:1", count=1, expected_count=2),)), "seals_differ"),
        (event("x", Kind.ARRIVED, 120, D, readings=(Reading("B:1", ("A1",), whole=False),)), "seal_broken"),
    ],
)
def test_what_cannot_be_true_together_is_recorded_and_never_refused(extra: Event, code: str) -> None:
    state = rules.fold([*walk(), extra])
    assert code in codes(state)
    assert code not in codes(rules.fold(walk()))
    assert any(extra.id in conflict.events for conflict in state.conflicts)


def test_seals_read_on_arrival_are_those_that_were_read_when_it_left() -> None:
    first = replace(walk()[0], readings=(Reading("B:1", ("A1", "A2")),))
    same = replace(walk()[3], readings=(Reading("B:1", ("A2", "A1")),))
    other = replace(walk()[3], readings=(Reading("B:1", ("A1", "A9")),))
    assert codes(rules.fold([first, *walk()[1:3], same])) == []
    (found,) = rules.fold([first, *walk()[1:3], other]).conflicts
    assert (found.code, found.thing, found.events) == ("seals_differ", "B:1", ("a", "d"))
    assert found.facts == {"expected": "A1 A2", "seen": "A1 A9", "count": 0}


def test_a_missing_box_that_comes_later_settles_the_count_and_the_conflict_stays_readable() -> None:
    short = replace(walk()[3], things=("B:1",), sent=2, received=1, missing=("B:2",))
    later = event("f", Kind.HANDED_OVER, 150, D, "B:2")
    state = rules.fold([*walk()[:3], short])
    assert [c.code for c in state.open_conflicts()] == ["count_differs"]
    state = rules.apply(state, later)
    assert [(c.code, c.settled) for c in state.conflicts] == [("count_differs", "f")]
    assert state.open_conflicts() == []
    elsewhere = rules.fold([*walk()[:3], short, replace(later, place=D2)])
    assert "count_differs" in [c.code for c in elsewhere.open_conflicts()]


def test_refused_stays_with_the_trip_until_it_moves_and_damaged_stays_damaged() -> None:
    refused = event("r", Kind.REFUSED, 105, D, "B:2", cause="basah", trip="T1")
    state = rules.fold([*walk()[:3], refused])
    assert (state.holdings["B:2"].refused, state.holdings["B:2"].trip, state.conflicts) == ("basah", "T1", ())
    assert rules.fold([*walk()[:4], refused]).holdings["B:2"].refused == "", "taken over five minutes later"
    damaged = event("s", Kind.DAMAGED, 60, "", "B:2", cause="kotak_rusak", trip="T1")
    state = rules.fold([*walk(), damaged])
    assert state.holdings["B:2"].damaged == "kotak_rusak"
    assert rules.fold([*walk()[:2], damaged]).trips["T1"].phase == "departed", "found on the way: the trip is still on its way"


def test_a_correction_takes_an_event_back_and_may_itself_be_taken_back() -> None:
    back = event("y", Kind.CORRECTED, 500, D, corrects="e")
    state = rules.fold([*walk(), back])
    assert state.holdings["B:1"].holder == PPS
    assert [e.id for e in state.valid] == ["a", "b", "c", "d", "y"]
    again = event("z", Kind.CORRECTED, 510, D, corrects="y")
    assert rules.fold([*walk(), back, again]).holdings["B:1"].holder == KPPS
    instead = event("w", Kind.HANDED_OVER, 420, D, "B:2", trip="", giver=PPS, receiver=KPPS, corrects="e")
    state = rules.fold([*walk(), instead])
    assert (state.holdings["B:1"].holder, state.holdings["B:2"].holder) == (PPS, KPPS)


def test_events_of_one_instant_are_ordered_by_device_and_number_and_nothing_else() -> None:
    first = event("q", Kind.HANDED_OVER, 110, D, "B:1", device="HP-1", seq=7)
    second = event("p", Kind.HANDED_OVER, 110, D, "B:1", device="HP-1", seq=8, receiver=PPS2)
    for given_ in ([first, second], [second, first]):
        assert rules.fold([*walk()[:3], *given_]).holdings["B:1"].holder == PPS2
    assert rules.fold([*walk()[:3], first, replace(second, device="HP-0")]).holdings["B:1"].holder == PPS


def test_a_trip_loaded_from_a_pier_takes_over_what_stands_there() -> None:
    pier = event("d", Kind.HANDED_OVER, 110, P, "B:1", "B:2", receiver=Party("PENGANGKUT", "juru_mudi"))
    boat = event("e", Kind.LOADED, 140, P, "B:1", "B:2", trip="T2", giver=Party("PENGANGKUT", "juru_mudi"), receiver=DRIVER)
    state = rules.fold([*walk()[:2], pier, boat])
    assert state.conflicts == ()
    assert (state.trips["T2"].aboard, state.trips["T1"].aboard) == (("B:1", "B:2"), ())
    assert state.holdings["B:1"].delivered_at is None


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"kind": Kind.LOADED, "things": ()}, rules.NothingMoved),
        ({"kind": Kind.DEPARTED, "trip": "", "things": ()}, rules.Malformed),
        ({"kind": Kind.CORRECTED, "things": ()}, rules.Malformed),
        ({"giver": Party("KPU")}, rules.PartyMissing),
        ({"receiver": Party("PARTAI", "ketua")}, rules.PartyMissing),
        ({"receiver": replace(WAREHOUSE, agency="PPS")}, rules.SamePerson),
        ({"kind": Kind.REFUSED}, rules.CauseMissing),
        ({"kind": Kind.DAMAGED, "cause": "entah"}, rules.CauseMissing),
        ({"sent": -1}, rules.BadCount),
        ({"lat": 1}, rules.Malformed),
        ({"seals": "good"}, rules.Malformed),
        ({"way": "home"}, rules.Malformed),
        ({"photos": ("0" * 64,) * 5}, rules.Malformed),
        ({"at": datetime(2024, 2, 13)}, rules.Malformed),
    ],
)
def test_an_event_cannot_be_built_wrong(wrong: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        replace(walk()[0], **wrong)


def test_both_sides_of_a_hand_over_bear_a_name() -> None:
    with pytest.raises(rules.PartyMissing) as found:
        rules.check_names(walk()[0], "", " ")
    assert found.value.facts == {"which": "receiver"}
    rules.check_names(walk()[0], "", "Sopir satu")
    rules.check_names(walk()[1], "", "")


def test_an_event_is_taken_back_alone_within_ten_minutes_and_later_by_two_with_a_reason() -> None:
    one = walk()[1]
    assert rules.check_correction(one, "p-ani", "", "", one.at + timedelta(minutes=10))
    with pytest.raises(rules.ReasonMissing):
        rules.check_correction(one, "p-ani", "", "salah", one.at + timedelta(minutes=11))
    with pytest.raises(rules.SecondMissing):
        rules.check_correction(one, "p-budi", "p-budi", "salah perjalanan", one.at)
    assert not rules.check_correction(one, "p-budi", "p-ani", "salah perjalanan", one.at)


PPK, BACK_DRIVER = "19.06.02", Party("PENGANGKUT", "pengemudi")


def home() -> list[Event]:
    """What was brought comes back: KPPS to PPS, onto a truck, to the PPK."""
    back: dict[str, Any] = {"way": "back"}
    return [
        event("h", Kind.HANDED_OVER, 2000, D, "B:1", trip="", giver=KPPS, receiver=PPS, **back),
        event("i", Kind.LOADED, 2060, D, "B:1", "B:2", trip="R1", giver=PPS, receiver=BACK_DRIVER, **back),
        event("j", Kind.DEPARTED, 2070, D, trip="R1", **back),
        event("k", Kind.HANDED_OVER, 2100, PPK, "B:1", "B:2", trip="R1", giver=BACK_DRIVER, receiver=Party("PPK", "ketua"), **back),
    ]


def test_what_comes_back_was_delivered_all_the_same_and_is_held_by_the_ppk_in_the_end() -> None:
    state = rules.fold([*walk(), *home()])
    assert state.conflicts == ()
    for thing in ("B:1", "B:2"):
        held = state.holdings[thing]
        assert (held.holder.agency, held.place, held.way, held.delivered_at) == ("PPK", PPK, "back", minutes(110))
    aboard = rules.fold([*walk(), *home()[:2]])
    assert (aboard.trips["R1"].aboard, aboard.holdings["B:2"].delivered_at) == (("B:1", "B:2"), minutes(110))
    assert rules.outward(state).holdings == rules.fold(walk()).holdings
    assert rules.outward(rules.fold(walk())) == rules.fold(walk())


def test_coming_home_delivers_nothing_that_was_never_brought() -> None:
    state = rules.fold(home())
    assert state.conflicts == (), "what a TPS gives back was there"
    assert {held.delivered_at for held in state.holdings.values()} == {None}
    assert codes(rules.fold([home()[3]])) == ["before_loading", "before_loading"], "off a vehicle comes only what was put onto it"


def test_after_the_count_a_box_bears_new_seals_and_they_are_compared_with_one_another() -> None:
    out = replace(walk()[0], readings=(Reading("B:1", ("A1",)),))
    first = replace(home()[1], readings=(Reading("B:1", ("Z1",)),))
    last = replace(home()[3], readings=(Reading("B:1", ("Z1",)),))
    way = [out, *walk()[1:], home()[0], first, home()[2]]
    assert codes(rules.fold([*way, last])) == []
    (found,) = rules.fold([*way, replace(last, readings=(Reading("B:1", ("A1",)),))]).conflicts
    assert (found.code, found.events) == ("seals_differ", ("i", "k"))


@pytest.mark.parametrize(("degrees", "kept"), [(-2.870449, -2_870_000), (108.2696, 108_270_000), (0.0004, 0), (180.0, 180_000_000)])
def test_a_position_names_a_neighbourhood_and_no_house(degrees: float, kept: int) -> None:
    assert rules.coarse(degrees) == kept


@pytest.mark.parametrize("degrees", [180.1, -181.0, float("nan"), float("inf")])
def test_a_position_off_the_earth_is_refused(degrees: float) -> None:
    with pytest.raises(rules.BadPosition):
        rules.coarse(degrees)


# --- plain data ----------------------------------------------------------------------------------------------------------


def test_an_event_is_the_same_after_it_was_written_down() -> None:
    full = event(
        "v", Kind.HANDED_OVER, 3, D, "B:1", seals="differ", sent=3, received=2,
        readings=(Reading("B:1", ("A",), ("B",), 1, 2, whole=False),),
        missing=("B:4",), here=False, lat=0, lon=-108_000_001, corrects="a", mark="[SIMULASI]", way="back", photos=("0" * 64,),
    )  # fmt: skip
    for one in [*walk(), full]:
        assert rules.event_of(json.loads(json.dumps(rules.event_facts(one)))) == one


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("v", 2, "v"), ("id", "", "id"), ("kind", "stolen", "kind, at, readings"), ("at", "kemarin", "kind, at, readings"),
        ("seq", "1", "seq"),
        ("seq", True, "seq"), ("things", "B:1", "things"), ("giver", {"name": "Budi"}, "giver"), ("nik", "1", "nik"), ("lat", 1.5, "lat"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_event_names_its_field(name: str, value: object, field: str) -> None:
    with pytest.raises(rules.Malformed) as found:
        rules.event_of({**rules.event_facts(walk()[0]), name: value})
    assert found.value.facts["field"] == field


# --- the algebra ---------------------------------------------------------------------------------------------------------

THINGS = ["B:1", "B:2", "K:1"]


@st.composite
def some_event(draw: st.DrawFn) -> Event:
    """Any event on few things, trips, devices and instants, so that they meet often; ids repeat with other bytes too."""
    kind = draw(st.sampled_from(list(Kind)))
    parties = st.sampled_from([WAREHOUSE, DRIVER, PPS, PPS2, KPPS])
    giver, receiver = draw(parties), draw(parties)
    if giver.person and giver.person == receiver.person:
        receiver = DRIVER
    sent = draw(st.integers(0, 2))
    reading = st.builds(Reading, st.sampled_from(THINGS), st.sampled_from([(), ("S1",), ("S1", "S2")]), st.sampled_from([(), ("S1",)]))
    return Event(
        id=draw(st.sampled_from("abcdefgh")), kind=kind, at=minutes(draw(st.integers(0, 3))),
        device=draw(st.sampled_from(["HP-1", "HP-2"])),
        seq=draw(st.integers(1, 3)), account="p-ani", place=draw(st.sampled_from([G, D, D2])),
        trip=draw(st.sampled_from(["T1", "T2"] if kind in {Kind.DEPARTED, Kind.ARRIVED} else ["", "T1", "T2"])),
        things=tuple(draw(st.lists(st.sampled_from(THINGS), min_size=1, max_size=3))), giver=giver, receiver=receiver,
        readings=tuple(draw(st.lists(reading, max_size=1))), sent=sent, received=draw(st.integers(0, 2)),
        missing=tuple(draw(st.lists(st.sampled_from(THINGS), max_size=1))), cause="basah",
        corrects=draw(st.sampled_from("abcdefgh")) if kind is Kind.CORRECTED else draw(st.sampled_from(["", "", "a", "z"])),
        way=draw(st.sampled_from(rules.WAYS)),
    )  # fmt: skip


sets = st.lists(some_event(), max_size=8)


@given(sets, st.randoms(use_true_random=False), st.integers(0, 3))
def test_neither_order_nor_repetition_of_events_changes_the_state(events: list[Event], rng: Any, times: int) -> None:
    expected = rules.state_hash(rules.fold(events))
    shuffled = [*events, *events[:times], *events[-times:]]
    rng.shuffle(shuffled)
    assert rules.state_hash(rules.fold(shuffled)) == expected


@given(sets, st.randoms(use_true_random=False))
def test_one_event_at_a_time_gives_the_same_state_as_all_at_once(events: list[Event], rng: Any) -> None:
    expected = rules.fold(events)
    rng.shuffle(events)
    state = rules.State()
    for one in events:
        state = rules.apply(state, one)
    assert state == expected


@given(sets, sets)
def test_what_two_devices_know_together_does_not_depend_on_which_asks(mine: list[Event], yours: list[Event]) -> None:
    one, two = rules.fold(mine), rules.fold(yours)
    together = rules.state_hash(rules.merge(one, two))
    assert together == rules.state_hash(rules.merge(two, one)) == rules.state_hash(rules.fold([*mine, *yours]))
    assert rules.merge(one, one) == one


@given(sets)
def test_the_way_back_never_takes_away_a_delivery(events: list[Event]) -> None:
    """As if nothing had come back: the same, however the events of the way back mix with the others."""
    plain = [one for one in events if one.way != "back"]
    assert rules.outward(rules.fold(events)).holdings == rules.fold(plain).holdings
    back = {one.id for one in events if one.way == "back"}
    if not back & {one.id for one in plain} and not any(one.corrects in back for one in plain):
        for thing, held in rules.fold(events).holdings.items():
            assert not (held.way == "back" and held.delivered_at) or held.delivered_at in {one.at for one in plain}, thing


@given(sets)
def test_a_thing_has_one_holder_and_everything_is_somewhere(events: list[Event]) -> None:
    state = rules.fold(events)
    moved = {thing for e in state.valid if e.kind in rules.MOVES for thing in e.things}
    assert set(state.holdings) == moved
    for trip, seen in state.trips.items():
        assert seen.aboard == tuple(sorted(t for t, held in state.holdings.items() if held.trip == trip))


@given(sets, some_event())
def test_another_event_is_another_state_even_where_it_changes_no_holder(events: list[Event], one: Event) -> None:
    state = rules.fold(events)
    if rules.event_facts(one) in [rules.event_facts(e) for e in state.events]:
        assert rules.apply(state, one) == state
    else:
        assert rules.state_hash(rules.apply(state, one)) != rules.state_hash(state)


# --- vectors that other languages must pass too --------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    events = [rules.event_of(said) for said in vector["events"]]
    for given_ in (events, events[::-1], [*events, *events[1:]]):
        state = rules.fold(given_)
        found = rules.state_facts(state)
        assert found["holders"] == vector["expect"]["holders"]
        assert found["conflicts"] == vector["expect"]["conflicts"]
        assert rules.state_hash(state) == vector["expect"]["state_hash"]


def test_there_are_vectors() -> None:
    names = {path.stem for path in VECTORS.glob("*.json")}
    assert {f"return-{name}" for name in ("whole", "seals", "twice", "unrecorded", "refused")} <= names
    assert {"late-sync", "double-hand-over", "refused", "damaged", "correction", "equal-instants"} <= names
