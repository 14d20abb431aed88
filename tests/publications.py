"""A small regency on paper, for tests of what is published: two kecamatan, one island, a handful of goods and letters."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from posko.domain import record
from posko.domain import releases as rules

AT = datetime(2024, 2, 13, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ENTRY = "ab" * 32


def station(number: int = 1, **more: Any) -> rules.Station:
    """TPS `number` of Lalang in Manggar: 200 voters, nobody has looked at it yet."""
    values: dict[str, Any] = {
        "code": f"19.06.01.2001.{number:03}", "number": number, "name": f"TPS {number:03}", "desa_code": "19.06.01.2001", "desa": "Lalang",
        "kecamatan_code": "19.06.01", "kecamatan": "Manggar", "kind": "reguler", "provisional": False, "island": "",
        "dapil": {"DPRD_KAB": "BELTIM-1"}, "voters": 200, "estimate": False, "state": "unknown", "reasons": ("no_plan", "no_report"),
    }  # fmt: skip
    return rules.Station(**(values | more))


def seen(number: int, hours: int, **more: Any) -> rules.Station:
    """A TPS where somebody saw everything there so many hours before AT."""
    values: dict[str, Any] = {"state": "ready", "reasons": (), "seen_at": AT - hours * HOUR, "items": "yes", "entry": ENTRY}
    return station(number, **(values | more))


def goods(item: str = "KOTAK", **more: Any) -> rules.Row:
    """A line of goods: 100 needed and ordered, 80 received, 70 accepted."""
    values: rules.Row = {
        "item": item, "name": item.capitalize(), "contest": "", "dapil": "", "unit": "buah", "need": 100, "grade": "verified",
        "confirmed": 1,
        "ordered": 100, "received": 80, "accepted": 70, "marks": [],
    }  # fmt: skip
    return values | more


def letters(**counts: int) -> rules.Letters:
    """Letters by where they stand (in_time, overdue, accepted, partly, refused, withdrawn); all of them to the KPU."""
    found = dict.fromkeys(rules.TOTALS, 0) | counts
    found["waiting"] = found["in_time"] + found["overdue"]
    found["answered"] = found["accepted"] + found["partly"] + found["refused"]
    found["issued"] = found["waiting"] + found["answered"] + found["withdrawn"]
    return rules.Letters(found, {"KPU": found["issued"], "BAWASLU": 0})


def material(**more: Any) -> rules.Material:
    """Four TPS (one ready, one partly, one on an island, one unseen), three lines of goods, 20 letters, a guard that spoke six times."""
    values: dict[str, Any] = {
        "election": "pemilu-2024", "election_name": "Pemilu 2024", "region": "19.06", "region_name": "Kabupaten Belitung Timur",
        "voting_at": datetime(2024, 2, 14, tzinfo=UTC),
        "stations": (
            seen(1, 3, marks=("[SIMULASI]",)), seen(2, 5, state="not_ready", reasons=("check_missing",), items="no"),
            seen(3, 13, island="Pulau Buku Limau"), station(4),
        ),
        "goods": (goods(), goods("TINTA", need=50, accepted=60), goods("SEGEL", need=rules.UNKNOWN, ordered=0, received=0, accepted=0)),
        "letters": letters(accepted=7, refused=6, overdue=5, in_time=2), "guard": {"identity": 6}, "rules": (),
        "places": {"kecamatan": [], "desa": [], "islands": []}, "journal_size": 100, "journal_root": "cd" * 32, "embargoed": 0,
    }  # fmt: skip
    return rules.Material(**(values | more))


def offered(at: datetime, **more: Any) -> rules.Material:
    """That regency at another instant: everything seen moved along."""
    found = material(**more)
    return replace(found, stations=tuple(replace(s, seen_at=s.seen_at + (at - AT)) if s.seen_at else s for s in found.stations))


def compose(previous: rules.Publication | None = None, at: datetime = AT, way: rules.Way | None = None, **more: Any) -> rules.Publication:
    """A publication of that regency."""
    return rules.compose(offered(at, **more), previous, way or rules.Way(), at)


def forged(publication: rules.Publication, change: Callable[[dict[str, Any]], object]) -> rules.Publication:
    """The publication after somebody changed its document and gave it a fitting hash."""
    document = json.loads(publication.content)
    change(document)
    return rules.read(record.canonical(document))
