"""The reliability diagram as server-drawn SVG: what was said against what happened, on an axis that stretches what is nearly certain.

Colours come from classes; every point carries its count as text, and the same numbers stand in a table beside it.
"""

import math
from xml.sax.saxutils import escape, quoteattr

from posko.domain import drill as rules
from posko.formats import text

WIDTH, HEIGHT = 560, 470
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 16, 56
TICKS = (1_000, 10_000, 100_000, 500_000, 900_000, 990_000, 999_000)
"""0,1 % to 99,9 %: what lies beyond is drawn at the edge."""
_FULL = math.log(999)


def share(ppm: int) -> str:
    """999000 -> 99,9 %; as many places as it needs, three at most."""
    return f"{text.desimal(ppm / 10_000, 3).rstrip('0').rstrip(',')} %"


def place(ppm: int) -> float:
    """0 at 0.1 %, 1 at 99.9 %, straight in the logarithm of the odds."""
    held = min(max(ppm, 1_000), 999_000)
    return (math.log(held / (rules.MILLION - held)) + _FULL) / (2 * _FULL)


def _x(ppm: int) -> float:
    return round(LEFT + place(ppm) * (WIDTH - LEFT - RIGHT), 1)


def _y(ppm: int) -> float:
    return round(HEIGHT - BOTTOM - place(ppm) * (HEIGHT - TOP - BOTTOM), 1)


def diagram(judged: rules.Judgement, label: str) -> str:
    """One point for every bin that has cases: across what was said, up what happened, its 95 % interval, its number of cases."""
    parts = []
    for tick in TICKS:
        parts.append(f'<path class="rel-grid" d="M{_x(tick)} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {_y(tick)}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="rel-tick" x="{_x(tick)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{share(tick)}</text>')
        parts.append(f'<text class="rel-tick" x="{LEFT - 8}" y="{_y(tick) + 4}" text-anchor="end">{share(tick)}</text>')
    parts.append(f'<path class="rel-just" d="M{_x(1_000)} {_y(1_000)}L{_x(999_000)} {_y(999_000)}"/>')
    for one in judged.bins:
        if one.cases:
            x, y = _x(one.said_ppm), _y(one.happened_ppm)
            parts.append(f'<path class="rel-range" d="M{x} {_y(one.low_ppm)}V{_y(one.high_ppm)}"/>')
            parts.append(f'<circle class="rel-dot" cx="{x}" cy="{y}" r="5"/>')
            side, anchor = (-9, "end") if place(one.said_ppm) > 0.8 else (9, "start")
            parts.append(f'<text class="rel-count" x="{x + side}" y="{y + 4}" text-anchor="{anchor}">{text.angka(one.cases)}</text>')
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text class="rel-name" x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape("dikatakan siap")}</text>')
    up = (TOP + HEIGHT - BOTTOM) // 2
    parts.append(f'<text class="rel-name" transform="translate(13 {up}) rotate(-90)" text-anchor="middle">ternyata siap</text>')
    return f'<svg class="reliability" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={quoteattr(label)}>{"".join(parts)}</svg>'
