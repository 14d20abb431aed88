"""How well merging finds what belongs together: made-up reports, five seeds; and the samples beside the checkout."""

import re
from pathlib import Path

import pytest

from posko.domain import merging as rules
from posko.formats import merging as formats
from posko.planning import merging as kernel
from posko.planning import tellings

SEEDS = (1, 2, 3, 4, 5)


def measured(seed: int, blank: float, groups: int = 300) -> tuple[tellings.Figures, int]:
    made = tellings.make(groups, seed, blank)
    gazetteer = rules.Gazetteer.of({(one.telling.kecamatan, one.telling.desa) for one in made})
    outcome = kernel.group([rules.read(one.telling, gazetteer) for one in made])
    truth: dict[int, list[str]] = {}
    for one in made:
        truth.setdefault(one.group, []).append(one.telling.id)
    return tellings.figures(outcome.groups, list(truth.values())), len(truth)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("blank", "least"), [(0.0, 0.95), (0.3, 0.85)])
def test_pairs_are_found_with_all_fields_and_with_a_third_of_them_blank(seed: int, blank: float, least: float) -> None:
    found, groups = measured(seed, blank)
    print(f"seed {seed} blank {blank:.0%}: {groups} groups, P {found.precision:.3f} R {found.recall:.3f} F1 {found.f1:.3f}")
    assert groups >= 300
    assert found.f1 >= least


def test_a_generated_set_has_all_sizes_registers_marks_and_hard_negatives() -> None:
    made = tellings.make(300, 1)
    sizes: dict[int, int] = {}
    for one in made:
        sizes[one.group] = sizes.get(one.group, 0) + 1
    assert set(sizes.values()) == {1, 2, 3, 4, 5}
    assert all(one.telling.words.startswith(tellings.MARK) for one in made)
    assert made == tellings.make(300, 1)
    assert made != tellings.make(300, 2)
    events = {(one.group, one.telling.desa, one.telling.tps, one.telling.category) for one in made}
    assert len({(d, c) for _, d, _, c in events}) < len({(d, c, t) for _, d, t, c in events})  # another TPS of the desa
    assert len({(t, c) for _, _, t, c in events if t}) < len({(d, c, t) for _, d, t, c in events if t})  # the number in another desa


def test_a_third_of_what_chat_and_malay_say_otherwise_is_unknown_to_the_word_lists() -> None:
    """Honest measuring: the sentences are not written in the words that the map knows."""

    def words(sentences: object) -> set[str]:
        return set(re.findall(r"[a-z]{3,}", re.sub(r"\{.\}", " ", " ".join(sentences).lower())))  # type: ignore[call-overload]

    formal = words(s for kind in tellings.KINDS for s in kind.formal)
    told = words(s for kind in tellings.KINDS for s in (*kind.chat, *kind.melayu))
    plain = {rules.spelled(word) for word in formal}
    otherwise = {word for word in told if word not in formal}
    unknown = {
        w for w in otherwise if rules.spelled(w) not in plain and w not in rules.CHAT and w not in rules.MALAY and w not in rules.SENSES
    }
    print(f"{len(unknown)} of {len(otherwise)} words of chat and Malay are unknown to the lists")
    assert len(unknown) * 3 >= len(otherwise) > 100


@pytest.mark.shared
def test_the_samples_beside_the_checkout_are_grouped_as_marked(shared: Path) -> None:
    """A regression check on few made-up reports: no claim about the field."""
    import csv

    file = shared / "data" / "aght_samples.csv"
    if not file.exists():
        pytest.skip("TIDAK DIUJI: the samples are absent")
    reports, problems = formats.read(file.name, file.read_bytes())
    assert not problems
    truth: dict[str, list[str]] = {}
    with file.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["duplicate_group"]:
                truth.setdefault(row["duplicate_group"], []).append(row["report_id"])
    gazetteer = rules.Gazetteer.of({(one.kecamatan, one.desa) for one in reports})
    outcome = kernel.group([rules.read(one, gazetteer) for one in reports])
    assert tellings.figures(outcome.groups, list(truth.values())).f1 >= 0.95


# --- likeness and linkage -----------------------------------------------------------------------------------------------------


def test_likeness_forgives_spelling_and_needs_words() -> None:
    assert kernel.likeness(frozenset({"segel", "putus"}), frozenset({"segel", "putus"})) == 100
    assert 80 <= kernel.likeness(frozenset({"banjir", "sungai"}), frozenset({"banjr", "sungai"})) < 100
    assert kernel.likeness(frozenset({"banjir"}), frozenset({"segel"})) == 0
    assert kernel.likeness(frozenset(), frozenset()) == 0


def test_likeness_is_the_same_from_both_sides() -> None:
    one, other = frozenset({"kapal", "gelombang", "angin"}), frozenset({"kapal", "gelombng"})
    assert kernel.likeness(one, other) == kernel.likeness(other, one)


def reading(id_: str, words: str, **about: str) -> rules.Reading:
    return rules.read(rules.Telling(id_, words, **about), rules.Gazetteer.of([("Manggar", "Lalang"), ("Gantung", "Lenggang")]))  # type: ignore[arg-type]


def test_one_bad_link_does_not_chain_two_events() -> None:
    flood = "banjir merendam jalan dan jembatan roboh"
    one = reading("A", flood, desa="Lalang")
    vague = reading("B", flood)
    other = reading("C", flood, desa="Lenggang")
    outcome = kernel.group([one, vague, other])
    assert len(outcome.groups) == 1
    assert len(outcome.groups[0]) == 2
    assert not {"A", "C"} <= set(outcome.groups[0])


def test_what_people_decided_holds_against_the_computer() -> None:
    flood = "banjir merendam jalan dan jembatan roboh"
    readings = [reading(id_, flood) for id_ in "ABC"]
    assert kernel.group(readings).groups == (("A", "B", "C"),)
    assert kernel.group(readings, apart=frozenset({("A", "B"), ("B", "C")})).groups == (("A", "C"),)
    far = [reading("A", "segel putus"), reading("B", "atap bocor")]
    assert kernel.group(far).groups == ()
    assert kernel.group(far, together=[("A", "B")]).groups == (("A", "B"),)


def test_the_sweep_in_time_finds_the_pairs_that_asking_each_one_finds() -> None:
    made = tellings.make(40, 7, 0.3)
    readings = [rules.read(one.telling, rules.Gazetteer()) for one in made]
    swept = set(kernel.candidates(readings))
    slow = {(i, j) for j in range(len(readings)) for i in range(j) if not rules.blocked(readings[i], readings[j])}
    assert swept == slow
