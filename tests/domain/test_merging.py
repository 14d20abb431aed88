"""What one report says, what two have in common, what digits forbid, and what people decided."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posko.domain import merging as rules

AT = datetime(2024, 2, 11, 1, tzinfo=UTC)
PLACES = rules.Gazetteer.of([("Gantung", "Lenggang"), ("Manggar", "Lalang"), ("Manggar", "Buku Limau"), ("Damar", "Sukamandi")])


def read(words: str, **about: object) -> rules.Reading:
    id_ = str(about.pop("id", "A"))
    return rules.read(rules.Telling(id_, words, **about), PLACES)  # type: ignore[arg-type]


def codes(one: rules.Reading, other: rules.Reading) -> list[str]:
    return [barrier.code for barrier in rules.barriers(one, other)]


# --- words -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chat", "formal"),
    [
        ("surat suare blm dtg", "surat suara belum datang"),
        ("jln rsk", "jalan rusak"),
        ("kapal dak bise brangkat krn ombak", "kapal tidak bisa berangkat karena gelombang"),
        ("kardus2 basaaah", "kardus basah"),
    ],
)
def test_chat_and_malay_are_compared_in_one_spelling(chat: str, formal: str) -> None:
    assert read(chat).words == read(formal).words


def test_the_mark_greetings_and_places_say_nothing_about_what_happened() -> None:
    assert read("[SIMULASI] Assalamualaikum pak, mohon ditindaklanjuti di Desa Lenggang").words == frozenset()


def test_tokens_point_into_the_text_as_it_was_written() -> None:
    text = "[SIMULASI] Segel TPS04 putus, 25 (dua puluh lima) lembar"
    said = [(text[t.start : t.end], t.role) for t in read(text).tokens if t.role]
    assert said == [("04", "name:tps"), ("25", "exact:lembar"), ("dua puluh lima", "exact:lembar")]


# --- numbers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("dua puluh lima lembar", 25),
        ("25 lembar", 25),
        ("25 (dua puluh lima) lembar", 25),
        ("seratus tiga lembar", 103),
        ("due belas lbr", 12),
        ("1.180 lembar", 1180),
        ("2 ribu lembar", 2000),
        ("tiga ratus lima puluh dua lembar", 352),
        ("30lbr", 30),
    ],
)
def test_a_number_of_sheets_is_read_in_figures_and_in_words(words: str, value: int) -> None:
    assert {a.value for a in read(words).amounts["exact:lembar"]} == {value}


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("TPS 04", {"4"}),
        ("tps004", {"4"}),
        ("TPS nomor 4", {"4"}),
        ("tps empat", {"4"}),
        ("tps-04 kebanjiran", {"4"}),
        ("TPS 1, 2 dan 3", {"1", "2", "3"}),
    ],
)
def test_a_tps_is_named_by_the_number_after_it(words: str, numbers: set[str]) -> None:
    assert read(words).names["tps"] == numbers


def test_a_range_shares_its_unit_and_is_meant_roughly() -> None:
    assert {a.value for a in read("ombak 2 sampai 2,5 meter").amounts["rough:meter"]} == {2, 2.5}
    assert {a.value for a in read("ombak 2-2,5 meter").amounts["rough:meter"]} == {2, 2.5}


def test_three_tps_are_counted_and_name_none() -> None:
    one = read("logistik untuk 3 TPS tertahan")
    assert "tps" not in one.names
    assert {a.value for a in one.amounts["exact:tps*"]} == {3}


def test_clock_days_before_voting_and_doubled_words_are_no_numbers_of_anything() -> None:
    one = read("pukul 07.00 pada H-3 orang2 menunggu, covid-19")
    assert one.amounts == {}
    assert one.names == {}


# --- digits that contradict -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("segel kotak TPS 3 putus", "segel kotak TPS 4 putus", "tps"),
        ("segel nomor 001234 putus", "segel nomor 001235 putus", "segel"),
        ("segel KT10001 putus", "segel KT10002 putus", "segel"),
        ("kotak BOX-GTG-LGG-003 basah", "kotak BOX-GTG-LGG-004 basah", "kotak"),
        ("Listrik padam di TPS. (SMS kode 31)", "Tidak ada sinyal di TPS. (SMS kode 32)", "sms"),
        ("25 lembar tertukar", "40 lembar tertukar", "amount"),
        ("diundur 2 hari", "diundur tiga hari", "amount"),
        ("ombak 1 meter", "ombak 3 meter", "amount"),
        ("kurang 12 bilik", "kurang 20 bilik", "amount"),
    ],
)
def test_digits_that_contradict_are_a_veto(one: str, other: str, code: str) -> None:
    found = rules.barriers(read(one), read(other))
    assert [(b.kind, b.code) for b in found] == [("digits", code)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ombak 2 meter", "ombak 2-2,5 meter"),
        ("ombak 1 meter", "ombak 2 meter"),  # twice as much is the boundary of a guess
        ("sekitar 20 lembar", "30 lembar"),
        ("25 lembar DPR", "12 kardus basah"),
        ("25 lembar dapil 1 dalam dapil 2", "dapil 2 berisi 25 lembar dapil 1"),
        ("TPS 3 dan TPS 4", "TPS 4"),
        ("TPS 004", "tps 4"),
    ],
)
def test_digits_that_can_both_be_true_are_no_veto(one: str, other: str) -> None:
    assert codes(read(one), read(other)) == []


def test_the_field_of_the_tps_contradicts_the_words_of_another() -> None:
    assert codes(read("segel putus", tps="003"), read("segel putus di TPS 4")) == ["tps"]


# --- place, category, time ---------------------------------------------------------------------------------------------------------


def test_the_same_tps_number_in_another_desa_is_another_tps() -> None:
    assert codes(read("segel TPS 4 putus", desa="Lalang"), read("segel TPS 4 putus", desa="Lenggang")) == ["desa"]


def test_a_desa_in_the_words_stands_in_for_an_empty_field_and_never_against_a_filled_one() -> None:
    assert read("banjir di Lenggang").desa == {"lenggang"}
    assert read("banjir di Lenggang").kecamatan == {"gantung"}
    assert read("truk dari Lenggang mogok", desa="Lalang").desa == {"lalang"}
    assert read("gantung baju").desa == frozenset()


def test_what_is_not_known_contradicts_nothing() -> None:
    assert codes(read("segel putus", desa="Lalang", category="LOG-SEAL", happened_at=AT), read("segel putus")) == []


def test_another_family_of_categories_is_another_event_and_other_things_fit_all() -> None:
    assert codes(read("x", category="LOG-SEAL"), read("x", category="LOG-DAMAGE")) == []
    assert codes(read("x", category="LOG"), read("x", category="GEO")) == ["category"]
    assert codes(read("x", category="OTHER"), read("x", category="GEO")) == []


def test_a_rumour_is_heard_in_two_desa_unless_it_is_about_a_place() -> None:
    def heard(words: str, desa: str, category: str = "INF") -> rules.Reading:
        return read(words, desa=desa, category=category)

    assert codes(heard("jadwal diundur", "Lalang"), heard("jadwal diundur", "Lenggang")) == []
    assert codes(heard("TPS 4 dipindah", "Lalang"), heard("TPS 4 dipindah", "Lenggang")) == ["desa"]
    assert codes(heard("TPS di Lalang dipindah", ""), heard("TPS dipindah", "Lenggang")) == ["desa"]
    assert codes(heard("listrik padam", "Lalang", "NET"), heard("listrik padam", "Lenggang", "NET")) == ["desa"]


@pytest.mark.parametrize(("hours", "apart"), [(0, False), (24, False), (25, True)])
def test_a_day_is_the_window(hours: int, apart: bool) -> None:
    later = AT + timedelta(hours=hours)
    assert (codes(read("x", happened_at=AT), read("x", happened_at=later)) == ["time"]) == apart


def test_where_only_the_receipt_is_known_it_happened_in_the_day_before() -> None:
    told = read("x", received_at=AT)
    assert codes(told, read("x", happened_at=AT - timedelta(hours=48))) == []
    assert codes(told, read("x", happened_at=AT - timedelta(hours=49))) == ["time"]


def test_two_warehouses_are_two_places_and_a_pier_and_an_island_may_be_one() -> None:
    assert codes(read("x", site="gudang/G01"), read("x", site="gudang/G02")) == ["site"]
    assert codes(read("x", site="dermaga/P01"), read("x", site="pulau/I01")) == []


# --- the sum -----------------------------------------------------------------------------------------------------------------


def test_every_line_is_named_and_their_sum_decides() -> None:
    one = read("25 lembar", desa="Lalang", tps="4", category="LOG-SWAP", happened_at=AT)
    found = rules.compare(one, one, 60)
    assert [line.code for line in found.lines] == ["start", "words", "desa", "tps", "category", "time", "amount"]
    assert found.score == sum(line.weight for line in found.lines) > 0
    assert found.proposed


@pytest.mark.parametrize(
    ("one", "other", "code", "weight"),
    [
        ({"happened_at": AT}, {"happened_at": AT + timedelta(hours=3)}, "time", 15),
        ({"happened_at": AT}, {"happened_at": AT + timedelta(hours=3, minutes=1)}, "time", 8),
        ({"received_at": AT}, {"received_at": AT + timedelta(hours=2)}, "received", 15),
        ({"happened_at": AT}, {"received_at": AT + timedelta(hours=2)}, "around", 8),
    ],
)
def test_the_line_of_time_says_which_times_were_compared(one: object, other: object, code: str, weight: int) -> None:
    lines = rules.compare(read("x", **one), read("x", **other), 0).lines  # type: ignore[arg-type]
    assert [(line.code, line.weight) for line in lines if line.code in {"time", "received", "around"}] == [(code, weight)]


def test_alike_but_for_its_digits_is_shown_and_not_proposed() -> None:
    one, other = read("segel putus TPS 3", desa="Lalang", happened_at=AT), read("segel putus TPS 4", desa="Lalang", happened_at=AT)
    found = rules.compare(one, other, 100)
    assert (found.proposed, found.contradicted) == (False, True)


def test_the_sum_of_nought_is_proposed_and_one_tenth_less_is_not() -> None:
    weights = rules.Weights(start=0, words_even=50)
    assert rules.compare(read("x"), read("y"), 50, weights).proposed
    assert not rules.compare(read("x"), read("y"), 49, weights).proposed


# --- decisions ---------------------------------------------------------------------------------------------------------------


def decided(act: rules.Act, *numbers: str) -> rules.Decision:
    return rules.Decision(act, numbers, AT, "p-citra")


MERGED, APART, SPLIT = rules.Act.MERGED, rules.Act.APART, rules.Act.SPLIT


def test_merges_grow_together_and_a_split_takes_one_out_again() -> None:
    took = [decided(MERGED, "A", "B"), decided(MERGED, "B", "C")]
    assert rules.standing(took).groups == (("A", "B", "C"),)
    after = rules.standing([*took, decided(SPLIT, "B")])
    assert after.groups == (("A", "C"),)
    assert after.apart == {("A", "B"), ("B", "C")}
    assert after.group_of("B") == ("B",)


def test_two_who_leave_together_stay_together() -> None:
    after = rules.standing([decided(MERGED, "A", "B", "C", "D"), decided(SPLIT, "C", "D")])
    assert after.groups == (("A", "B"), ("C", "D"))


def test_apart_is_forgotten_when_somebody_merges_after_a_second_look() -> None:
    after = rules.standing([decided(APART, "A", "B"), decided(MERGED, "A", "B")])
    assert (after.groups, after.apart) == ((("A", "B"),), frozenset())


@given(
    st.lists(st.tuples(st.sampled_from([MERGED, APART, SPLIT]), st.sets(st.sampled_from("ABCDEF"), min_size=1, max_size=4)), max_size=12)
)
def test_groups_never_overlap_and_nobody_is_apart_within_a_group(steps: list[tuple[rules.Act, set[str]]]) -> None:
    took: list[rules.Decision] = []
    for act, numbers in steps:
        now = rules.standing(took)
        ordered = sorted(numbers)
        try:
            if act is MERGED:
                rules.check_merge(now, ordered, [], False, "")
            elif act is APART:
                rules.check_apart(now, ordered)
            else:
                rules.check_split(now, ordered, "alasan yang cukup")
        except rules.record.Refusal:
            continue
        took.append(rules.Decision(act, tuple(ordered), AT, "p-citra"))
    now = rules.standing(took)
    members = [n for group in now.groups for n in group]
    assert len(members) == len(set(members))
    assert all(other not in now.group_of(one) for one, other in now.apart)


def test_a_contradiction_asks_for_a_second_look_and_then_for_a_reason() -> None:
    now = rules.Standing()
    rules.check_merge(now, ["A", "B"], [], False, "")
    with pytest.raises(rules.SecondLook):
        rules.check_merge(now, ["A", "B"], ["tps"], False, "alasan yang cukup")
    with pytest.raises(rules.ReasonMissing):
        rules.check_merge(now, ["A", "B"], ["tps"], True, "pendek")
    rules.check_merge(now, ["A", "B"], ["tps"], True, "alasan yang cukup")


@pytest.mark.parametrize(
    ("numbers", "refusal"),
    [(["A"], rules.TooFew), (["A", "A"], rules.TooFew), (["A", "B"], rules.Together), ([str(i) for i in range(13)], rules.TooMany)],
)
def test_one_alone_a_group_again_and_too_many_are_refused(numbers: list[str], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        rules.check_merge(rules.standing([decided(MERGED, "A", "B")]), numbers, [], False, "")


def test_a_split_names_members_of_one_group_leaves_somebody_and_says_why() -> None:
    now = rules.standing([decided(MERGED, "A", "B")])
    with pytest.raises(rules.NotTogether):
        rules.check_split(now, ["C"], "alasan yang cukup")
    with pytest.raises(rules.WholeGroup):
        rules.check_split(now, ["A", "B"], "alasan yang cukup")
    with pytest.raises(rules.ReasonMissing):
        rules.check_split(now, ["A"], "123456789")
    rules.check_split(now, ["A"], "1234567890")
