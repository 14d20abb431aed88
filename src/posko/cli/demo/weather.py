"""Step weather: forecasts of waves of the last week, invented: high before, calm on the morning of H-2. Every one is marked."""

from posko.cli.demo.context import Context
from posko.cli.demo.reports import wib
from posko.domain import weather as rules
from posko.formats import text
from posko.store import weather

Moment = tuple[int, int, int, int, int]
# (recorded, issued, place or "" for the whole sea, from, until, height in cm)
FORECASTS: tuple[tuple[Moment, Moment, str, Moment, Moment, int], ...] = (
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 10, 0, 0), (2024, 2, 11, 0, 0), 250),
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 11, 0, 0), (2024, 2, 12, 0, 0), 200),
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 12, 0, 0), (2024, 2, 12, 14, 0), 75),
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 12, 14, 0), (2024, 2, 13, 0, 0), 150),
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 13, 0, 0), (2024, 2, 13, 14, 0), 100),
    ((2024, 2, 9, 8, 30), (2024, 2, 9, 7, 0), "", (2024, 2, 13, 14, 0), (2024, 2, 14, 0, 0), 175),
    ((2024, 2, 11, 19, 20), (2024, 2, 11, 19, 0), "", (2024, 2, 12, 0, 0), (2024, 2, 12, 14, 0), 75),
    ((2024, 2, 11, 19, 20), (2024, 2, 11, 19, 0), "", (2024, 2, 12, 14, 0), (2024, 2, 13, 0, 0), 150),
    ((2024, 2, 11, 19, 20), (2024, 2, 11, 19, 0), "", (2024, 2, 13, 0, 0), (2024, 2, 13, 14, 0), 100),
)


def run(ctx: Context) -> None:
    """As Ani would have copied them from the bulletins, each bulletin at once."""
    region = next(code for code in weather.sea_places(ctx.election) if ":" not in code)
    by_time: dict[Moment, list[rules.Wave]] = {}
    for recorded, issued, place, begins, ends, height in FORECASTS:
        wave = rules.Wave(place or region, wib(*begins), wib(*ends), height, wib(*issued), rules.Source.BMKG.value, "[SIMULASI]")
        by_time.setdefault(recorded, []).append(wave)
    for recorded, waves in by_time.items():
        weather.record_waves(ctx.election, waves, ctx.people["ani"], wib(*recorded))
        highest = max(waves, key=lambda wave: wave.height_cm)
        ctx.say(
            f"    {text.waktu(wib(*recorded))}: {len(waves)} prakiraan [SIMULASI], tertinggi {text.desimal(highest.height_cm / 100, 2)} m "
            f"mulai {text.waktu(highest.from_at)}"
        )
