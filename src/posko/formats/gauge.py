"""The gauge as server-drawn SVG: three nested bars on a track. Colour comes from classes; the numbers stand beside it as text."""

from xml.sax.saxutils import quoteattr

WIDTH, HEIGHT = 1000, 10


def bar(need: int | None, *, shipped: int, received: int, good: int, label: str) -> str:
    """One line of the gauge: shipped behind received behind good, against the need; hatched where the need is unknown.

    Pieces beyond the need fill the track and no more. `label` says the same in words, for those who do not see it.
    """
    if not need:
        return _svg(label, _hatch() if need is None else _rect("bar-track", WIDTH))
    bars = [_rect("bar-track", WIDTH)]
    for name, pieces in (("bar-shipped", shipped), ("bar-received", received), ("bar-good", good)):
        bars.append(_rect(name, _length(pieces, need)))
    return _svg(label, "".join(bars))


def stack(parts: list[tuple[str, int]], label: str) -> str:
    """Counts side by side that make up a whole, each (css class, count): ready, not ready, unknown."""
    whole = sum(count for _, count in parts)
    drawn, at = [], 0
    for name, count in parts:
        end = _length(at + count, whole) if whole else 0
        begin = _length(at, whole) if whole else 0
        drawn.append(f'<rect class="{name}" x="{begin}" y="0" width="{end - begin}" height="{HEIGHT}"/>')
        at += count
    return _svg(label, _rect("bar-track", WIDTH) + "".join(drawn))


def _length(pieces: int, whole: int) -> int:
    if pieces <= 0:
        return 0
    if pieces >= whole:
        return WIDTH
    return min(WIDTH - 1, max(1, pieces * WIDTH // whole))


def _rect(name: str, width: int) -> str:
    return f'<rect class="{name}" x="0" y="0" width="{width}" height="{HEIGHT}"/>' if width else ""


def _hatch() -> str:
    lines = "".join(f"M{x} {HEIGHT}L{x + 15} 0" for x in range(0, WIDTH, 30))
    return _rect("bar-track", WIDTH) + f'<path class="bar-unknown" d="{lines}"/>'


def _svg(label: str, inner: str) -> str:
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
    return f'<svg class="bar" {size} role="img" aria-label={quoteattr(label)}>{inner}</svg>'
