"""Which reports may be one: likeness of words (rapidfuzz), pairs in their blocks, and groups that one bad link does not chain together.

Shapes: a comparison of n reports touches only pairs that place, category and time allow; groups are found inside connected parts.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from posko.domain import merging

SAME_WORD = 80
"""Two words of the same meaning are spelled at least so much alike (0..100)."""


def likeness(one: frozenset[str], other: frozenset[str]) -> int:
    """How much two sets of content words say the same, 0..100: half the shared part of both, half of the shorter. Spelling is forgiven."""
    if not one or not other:
        return 0
    shorter, longer = sorted((sorted(one), sorted(other)), key=len)
    exact = set(shorter) & set(longer)
    left = [word for word in shorter if word not in exact]
    matched = float(len(exact))
    if left and len(longer) > len(exact):
        scores = process.cdist(
            left, [word for word in longer if word not in exact], scorer=fuzz.ratio, score_cutoff=SAME_WORD, dtype=np.uint8
        )
        matched += float(scores.max(axis=1).astype(np.float64).sum()) / 100
    overlap = matched / len(shorter)
    dice = 2 * matched / (len(shorter) + len(longer))
    return round(100 * min(1.0, (overlap + dice) / 2))


def compare(one: merging.Reading, other: merging.Reading, weights: merging.Weights = merging.WEIGHTS) -> merging.Comparison:
    """Two reports weighed in full."""
    return merging.compare(one, other, likeness(one.words, other.words), weights)


@dataclass(frozen=True)
class Outcome:
    """Groups of two and more report ids, in the order of `readings`; and pairs that only their digits keep apart."""

    groups: tuple[tuple[str, ...], ...]
    contradicted: tuple[merging.Comparison, ...]


def group(
    readings: Sequence[merging.Reading],
    *,
    together: Iterable[Sequence[str]] = (),
    apart: frozenset[merging.Pair] = frozenset(),
    weights: merging.Weights = merging.WEIGHTS,
) -> Outcome:
    """Groups of reports that tell of the same thing.

    `together` are groups that people confirmed (kept whole), `apart` pairs that people said are different. Two groups join where no pair
    between them is contradicted and the mean of all pairs is not below nought; the strongest first.
    """
    place = {reading.id: i for i, reading in enumerate(readings)}
    edges: list[tuple[int, int, int]] = []
    contradicted = []
    for i, j in candidates(readings):
        one, other = readings[i], readings[j]
        if merging.pair(one.id, other.id) in apart:
            continue
        found = compare(one, other, weights)
        if found.proposed:
            edges.append((found.score, i, j))
        elif found.contradicted:
            contradicted.append(found)
    start = [[place[number] for number in numbers if number in place] for numbers in together]

    def forbidden(i: int, j: int) -> bool:
        return merging.pair(readings[i].id, readings[j].id) in apart

    found_groups = _link(readings, edges, [one for one in start if len(one) > 1], forbidden, weights)
    groups = tuple(tuple(readings[i].id for i in members) for members in found_groups)
    return Outcome(groups, tuple(sorted(contradicted, key=lambda c: (-c.score, c.a, c.b))))


def candidates(readings: Sequence[merging.Reading]) -> Iterable[tuple[int, int]]:
    """Pairs (i < j) that place, category and time allow. Reports with a time are swept in its order, those without meet everybody."""
    timed = sorted((i for i, one in enumerate(readings) if one.span), key=lambda i: _begins(readings[i]))
    bare = [i for i, one in enumerate(readings) if not one.span]
    reach = merging.WINDOW_H * 3600
    open_now: list[int] = []
    for j in timed:
        start = _begins(readings[j])
        open_now = [i for i in open_now if _ends(readings[i]) + reach >= start]
        for i in open_now:
            if not merging.blocked(readings[i], readings[j]):
                yield min(i, j), max(i, j)
        open_now.append(j)
    for place, j in enumerate(bare):
        for i in (*timed, *bare[:place]):
            if not merging.blocked(readings[i], readings[j]):
                yield min(i, j), max(i, j)


def _begins(reading: merging.Reading) -> float:
    return reading.span[0].timestamp() if reading.span else 0.0


def _ends(reading: merging.Reading) -> float:
    return reading.span[1].timestamp() if reading.span else 0.0


def _link(
    readings: Sequence[merging.Reading],
    edges: Sequence[tuple[int, int, int]],
    start: Sequence[Sequence[int]],
    forbidden: Callable[[int, int], bool],
    weights: merging.Weights,
) -> list[list[int]]:
    members: dict[int, list[int]] = {}
    home: dict[int, int] = {}
    for numbers in start:
        members[numbers[0]] = list(numbers)
        home |= dict.fromkeys(numbers, numbers[0])
    scores: dict[tuple[int, int], float] = {(i, j): float(score) for score, i, j in edges}

    def score(i: int, j: int) -> float:
        key = (min(i, j), max(i, j))
        if key not in scores:
            found = compare(readings[key[0]], readings[key[1]], weights)
            scores[key] = float("-inf") if found.barriers or forbidden(i, j) else float(found.score)
        return scores[key]

    for _, i, j in sorted(edges, key=lambda e: (-e[0], e[1], e[2])):
        one, other = home.get(i, i), home.get(j, j)
        if one == other:
            continue
        left, right = members.get(one, [one]), members.get(other, [other])
        if np.mean([score(a, b) for a in left for b in right]) < weights.mean_least:
            continue
        members.pop(other, None)
        members[one] = left + right
        home |= dict.fromkeys(members[one], one)
    return sorted((sorted(numbers) for numbers in members.values() if len(numbers) > 1), key=lambda numbers: numbers[0])


def shared(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The words of `one` that `other` has too, spelling forgiven: what a page underlines."""
    if not one or not other:
        return frozenset()
    mine, theirs = sorted(one), sorted(other)
    scores = process.cdist(mine, theirs, scorer=fuzz.ratio, score_cutoff=SAME_WORD, dtype=np.uint8).max(axis=1)
    return frozenset(word for word, found in zip(mine, scores, strict=True) if found)
