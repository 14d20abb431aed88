"""What a sample lets us say, in one sentence that is never better than its numbers."""

import pytest

from posko.domain import sampling as rules
from posko.formats import sampling


def said(**more: int) -> rules.Statement:
    plain = {
        "population": 1815,
        "size": 91,
        "wrong": 1,
        "counted": 1,
        "bound": 90,
        "tolerable": 90,
        "confidence_permille": 950,
        "statements": 1,
    }
    return rules.Statement(**{**plain, **more})


def test_the_sentence_names_confidence_bound_and_population() -> None:
    assert sampling.sentence(said()) == "95 % yakin: paling banyak 90 dari 1.815 kotak salah (4,96 %)."


def test_while_boxes_wait_the_sentence_says_so_first() -> None:
    text = sampling.sentence(said(counted=90, bound=1807))
    assert text.startswith("Belum selesai: 89 dari 91 kotak terpilih belum diperiksa.")
    assert "1.807 dari 1.815" in text


def test_a_full_count_is_no_estimate() -> None:
    text = sampling.sentence(said(size=1815, wrong=2, counted=2, bound=2))
    assert "hitungan penuh" in text
    assert "yakin" not in text


@pytest.mark.parametrize(
    ("bound", "population", "words"), [(0, 9, "(0,00 %)"), (1, 3, "(33,34 %)"), (1, 100_000, "(0,01 %)"), (9, 9, "(100,00 %)")]
)
def test_the_share_is_rounded_against_us(bound: int, population: int, words: str) -> None:
    assert words in sampling.sentence(said(bound=bound, population=population, size=1, wrong=0, counted=0))


def test_every_kind_of_fault_has_words() -> None:
    assert set(sampling.KIND_WORDS) == set(rules.KINDS)
