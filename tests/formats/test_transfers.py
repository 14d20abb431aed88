"""Numbers in Indonesian words, as a berita acara has them."""

import pytest

from posko.formats import transfers


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "nol"),
        (1, "satu"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (21, "dua puluh satu"),
        (99, "sembilan puluh sembilan"),
        (100, "seratus"),
        (101, "seratus satu"),
        (111, "seratus sebelas"),
        (200, "dua ratus"),
        (1000, "seribu"),
        (1100, "seribu seratus"),
        (2015, "dua ribu lima belas"),
        (11_000, "sebelas ribu"),
        (100_000, "seratus ribu"),
        (101_001, "seratus satu ribu satu"),
        (1_000_000, "satu juta"),
        (95_791, "sembilan puluh lima ribu tujuh ratus sembilan puluh satu"),
        (21_000_000, "dua puluh satu juta"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert transfers.terbilang(number) == words


def test_no_two_numbers_have_the_same_words() -> None:
    assert len({transfers.terbilang(n) for n in range(3000)}) == 3000


@pytest.mark.parametrize("number", [-1, 1_000_000_000])
def test_a_number_without_words_is_refused(number: int) -> None:
    with pytest.raises(ValueError):
        transfers.terbilang(number)


def test_a_quantity_has_figures_and_words() -> None:
    assert transfers.in_words(1240) == "1.240 (seribu dua ratus empat puluh)"
