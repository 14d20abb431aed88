"""The fleet file of a scenario: vehicles, handling rules and sizes of goods, as values."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posko.domain import distribution as domain
from posko.domain import places


@dataclass(frozen=True)
class Fleet:
    """What the file says. `outside` items take room on a vehicle, the others travel inside the boxes."""

    vehicles: tuple[domain.Vehicle, ...]
    rules: domain.Rules
    sizes: Mapping[str, domain.Goods]
    outside: frozenset[str]


def read(path: Path, sites: Iterable[places.Site], sea: Iterable[places.SeaLeg]) -> Fleet:
    """The fleet; `start = "gudang"` is the first warehouse, `start = "piers"` makes one vehicle per island at its nearest pier."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    warehouse = min(site.code for site in sites if site.kind == "gudang")
    nearest: dict[str, places.SeaLeg] = {}
    for leg in sorted(sea, key=lambda leg: leg.hours_high):
        nearest.setdefault(leg.island, leg)
    goods = data["goods"]
    return Fleet(
        vehicles=tuple(vehicle for entry in data["vehicles"] for vehicle in _vehicles(entry, warehouse, nearest)),
        rules=keep_of(data["rules"]),
        sizes={item: domain.Goods(item, size["volume_ml"], size["weight_g"]) for item, size in goods.items() if item != "outside"},
        outside=frozenset(goods["outside"]),
    )


def goods(sized: Fleet, stated: Mapping[str, tuple[int, int]]) -> dict[str, domain.Goods]:
    """Sizes of items: what the rulebook states (volume_ml, weight_g; 0 means not stated), else the fleet file; no room inside the boxes."""
    found = {}
    for item in {*sized.sizes, *stated}:
        own = sized.sizes.get(item, domain.Goods(item, 0, 0))
        volume, weight = stated.get(item, (0, 0))
        found[item] = domain.Goods(item, (volume or own.volume_ml) if item in sized.outside else 0, weight or own.weight_g)
    return found


def _vehicles(entry: Mapping[str, Any], warehouse: str, nearest: Mapping[str, places.SeaLeg]) -> list[domain.Vehicle]:
    begins, ends = (minute_of_day(text) for text in entry["shift"])
    codes = [(code, warehouse) for code in entry["codes"]]
    if entry["start"] == "piers":
        prefix = entry["codes"][0]
        codes = [(f"{prefix}{number:02d}", nearest[island].pier) for number, island in enumerate(sorted(nearest), start=1)]
    elif entry["start"] != "gudang":
        codes = [(code, entry["start"]) for code in entry["codes"]]
    return [
        domain.Vehicle(
            code=code,
            name=entry["name"],
            kind=domain.Kind(entry["kind"]),
            volume_ml=round(entry["volume_m3"] * 1_000_000),
            weight_g=entry["weight_kg"] * 1000,
            start=start,
            shift_start_min=begins,
            shift_end_min=ends,
            days=tuple(entry["days"]),
            fixed_cost=entry["fixed_cost"],
            cost_per_km=entry["cost_per_km"],
            assumption=True,
            wave_limit_cm=entry.get("wave_limit_cm"),
            night=entry.get("night", False),
            carrier=entry.get("carrier", ""),
            breakdown_permille=entry.get("breakdown_permille", 0),
            repair_min=entry.get("repair_min", 120),
        )
        for code, start in codes
    ]


def keep_of(data: Mapping[str, Any]) -> domain.Rules:
    """The handling rules from their table; hours are written 05.30."""
    hours = {f"{name}_min": minute_of_day(data[name]) for name in ("earliest", "mainland_latest", "island_latest")}
    hours |= {f"{name}_min": minute_of_day(data[name]) for name in ("dawn", "dusk") if name in data}
    numbers = {name: data[name] for name in ("island_day", "loading_min", "handover_min", "halt_min", "piece_sec", "tps_per_load")}
    numbers |= {name: data[name] for name in ("ppk_first", "robust", "split_tps") if name in data}
    narrow = sorted((place, list(kinds)) for place, kinds in data.get("narrow", {}).items())
    days = {"mainland_days": data["mainland_days"], "island_days": data.get("island_days", ())}
    return domain.rules_of({**hours, **numbers, **days, "narrow": narrow})


def minute_of_day(text: str) -> int:
    """05.30 or 05:30 -> 330."""
    hours, minutes = text.replace(":", ".").split(".")
    value = int(hours) * 60 + int(minutes)
    if not 0 <= value <= domain.DAY or not 0 <= int(minutes) < 60:
        raise ValueError(text)
    return value
