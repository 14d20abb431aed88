"""Posts on paper and in tables: the words of their codes, opening hours as people write them, the week's roster as a document."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from posko.domain import posts as rules
from posko.formats import document, text

DAYS = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")
KINDS = {
    rules.Kind.KEJATI: "Kejati", rules.Kind.KEJARI: "Kejari", rules.Kind.CABJARI: "Cabjari", rules.Kind.KECAMATAN: "Pos kecamatan Kejari",
    rules.Kind.KPU: "KPU", rules.Kind.PPK: "PPK", rules.Kind.PPS: "PPS",
}  # fmt: skip
SIDES = {rules.Side.KEJAKSAAN: "Kejaksaan", rules.Side.KPU: "KPU, PPK, PPS"}


def clock(minute: int) -> str:
    """480 -> 08.00; 1440 -> 24.00."""
    return f"{minute // 60:02d}.{minute % 60:02d}"


def hours(windows: Sequence[rules.Window]) -> str:
    """Opening hours in a line: "Sen–Jum 08.00–16.00; Sab 09.00–12.00", "24 jam setiap hari"."""
    days: dict[int, list[tuple[int, int]]] = {}
    for window in windows:
        days.setdefault(window.weekday, []).append((window.from_min, window.until_min))
    if len(days) == 7 and all(spans == [(0, rules.DAY_MIN)] for spans in days.values()):
        return "24 jam setiap hari"
    parts: list[tuple[int, int, list[tuple[int, int]]]] = []
    for day in sorted(days):
        if parts and parts[-1][1] == day - 1 and parts[-1][2] == days[day]:
            parts[-1] = (parts[-1][0], day, days[day])
        else:
            parts.append((day, day, days[day]))
    return "; ".join(
        (DAYS[a] if a == b else f"{DAYS[a]}–{DAYS[b]}") + " " + ", ".join(f"{clock(f)}–{clock(u)}" for f, u in spans)
        for a, b, spans in parts
    )


def span(from_at: datetime, until_at: datetime, day: date) -> str:
    """A stretch of time inside a day in WIB: 08.00–16.00; what goes on is cut at midnight: 22.00–24.00."""
    start, end = from_at.astimezone(text.WIB), until_at.astimezone(text.WIB)
    begins = "00.00" if start.date() < day else f"{start:%H.%M}"
    ends = "24.00" if end.date() > day else f"{end:%H.%M}"
    return f"{begins}–{ends}"


def week(
    posts: Iterable[rules.Post], shifts: Sequence[rules.Shift], monday: date, names: Mapping[str, str], at: datetime | None = None
) -> list[dict[str, Any]]:
    """Rows of the roster: a post with seven cells, each with duties (time, name, code), gaps, and whether it is open that day.

    Gaps that are over at `at` are history ("past") and do not count.
    """
    rows = []
    for post in posts:
        cells: list[dict[str, Any]] = []
        for offset in range(7):
            day = monday + timedelta(days=offset)
            start = datetime.combine(day, datetime.min.time(), text.WIB)
            end = start + timedelta(days=1)
            mine = [s for s in shifts if s.post == post.code and s.from_at < end and s.until_at > start]
            holes = rules.gaps(post, shifts, start, end)
            cells.append(
                {
                    "day": day,
                    "open": bool(rules.openings(post.hours, start, end)) and post.open,
                    "duties": [
                        {"time": span(s.from_at, s.until_at, day), "name": names.get(s.person, s.person), "code": s.code,
                         "starts": s.from_at >= start, "over": at is not None and s.until_at <= at}
                        for s in mine
                    ],
                    "gaps": [{"time": span(g.from_at, g.until_at, day), "past": at is not None and g.until_at <= at} for g in holes],
                }
            )  # fmt: skip
        rows.append({"post": post, "cells": cells, "gaps": sum(not g["past"] for c in cells for g in c["gaps"])})
    return rows


def roster_pdf(rows: Sequence[Mapping[str, Any]], monday: date, head: Mapping[str, Any], at: datetime) -> bytes:
    """The week's roster on A4 or F4, landscape. head: paper, agency, place, marks, stamp."""
    sunday = monday + timedelta(days=6)
    values = {
        **head,
        "landscape": True,
        "title": "Jadwal piket posko",
        "subtitle": f"{text.tanggal(monday)} sampai {text.tanggal(sunday)}",
        "days": [f"{DAYS[n]} {(monday + timedelta(days=n)).day}/{(monday + timedelta(days=n)).month}" for n in range(7)],
        "rows": [
            {
                "name": row["post"].name,
                "hours": hours(row["post"].hours) if row["post"].open else "ditutup",
                "cells": [
                    {
                        "duties": [{"time": d["time"], "name": d["name"]} for d in cell["duties"]],
                        "gaps": cell["gaps"],
                        "closed": not cell["open"] and not cell["duties"],
                    }
                    for cell in row["cells"]
                ],
            }
            for row in rows
        ],
    }
    return document.pdf("jadwal-piket", values, at)
