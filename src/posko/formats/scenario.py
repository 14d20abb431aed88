"""A scenario folder: the facts of one region as our own files, read into values."""

import csv
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from posko.domain import places, record


class Unreadable(ValueError):
    """The folder does not hold a scenario; the text says, in Indonesian, what is missing or wrong and where."""


@dataclass(frozen=True)
class ElectionFacts:
    """One election of the scenario: its TPS, estimated voters per TPS code, and (contest, TPS code) -> dapil code."""

    election: record.Election
    voters_total: int
    voters_source: str
    tps_list: tuple[places.Tps, ...]
    voters: dict[str, int]
    dapil: dict[tuple[str, str], str]


@dataclass(frozen=True)
class Scenario:
    """All facts of a scenario. Distances by road are great circle times detour_percent / 100 at road_kmh."""

    code: str
    name: str
    region: str
    region_names: tuple[places.Region, ...]
    kecamatan: tuple[places.Kecamatan, ...]
    desa: tuple[places.Desa, ...]
    sites: tuple[places.Site, ...]
    sea_legs: tuple[places.SeaLeg, ...]
    settings: places.Settings
    dapil_names: dict[str, str]
    elections: dict[str, ElectionFacts]
    conflicts: tuple[tuple[str, str], ...]

    @property
    def tps_list(self) -> tuple[places.Tps, ...]:
        """TPS of the first election."""
        return next(iter(self.elections.values())).tps_list

    @property
    def voters(self) -> dict[str, int]:
        """Estimated voters per TPS of the first election."""
        return next(iter(self.elections.values())).voters


def names(root: Path) -> list[str]:
    """The scenarios that exist under a folder."""
    return sorted(p.parent.name for p in root.glob("*/wilayah.toml"))


def read(folder: Path) -> Scenario:
    """The scenario in `folder` (wilayah.toml and desa.csv); Unreadable."""
    try:
        raw = tomllib.loads((folder / "wilayah.toml").read_text(encoding="utf-8"))
        with (folder / "desa.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as missing:
        raise Unreadable(f"Skenario {folder.name}: berkas {Path(missing.filename).name} tidak ada.") from missing
    except tomllib.TOMLDecodeError as wrong:
        raise Unreadable(f"Skenario {folder.name}: wilayah.toml tidak terbaca ({wrong}).") from wrong
    kecamatan = tuple(places.Kecamatan(code, facts["name"]) for code, facts in raw["kecamatan"].items())
    desa = tuple(_desa(folder, number, row, {k.code: k.name for k in kecamatan}) for number, row in enumerate(rows, start=2))
    travel = raw["travel"]
    return Scenario(
        code=raw["code"],
        name=raw["name"],
        region=raw["region"],
        region_names=tuple(places.Region(r["code"], r["name"], r["level"]) for r in raw["region_names"]),
        kecamatan=kecamatan,
        desa=desa,
        sites=tuple(_sites(raw)),
        sea_legs=tuple(places.SeaLeg(i["pier"], i["code"], i["hours_low"], i["hours_high"], i["source"]) for i in raw["islands"]),
        settings=places.Settings(travel["detour_percent"], travel["road_kmh"], record.Grade(travel["grade"])),
        dapil_names={f"{d['contest']}:{d['code']}": d["name"] for d in raw["dapil"]},
        elections={e["code"]: _election(raw, e, rows, desa) for e in raw["elections"]},
        conflicts=tuple((c["about"], c["text"]) for c in raw["conflicts"]),
    )


def _desa(folder: Path, number: int, row: dict[str, str], kecamatan: dict[str, str]) -> places.Desa:
    try:
        parent = row["kode"].rsplit(".", 1)[0]
        return places.Desa(row["kode"], row["nama"], parent, kecamatan[parent], float(row["lat"]), float(row["lon"]))
    except (KeyError, ValueError) as wrong:
        raise Unreadable(f"Skenario {folder.name}: desa.csv baris {number} tidak terbaca ({wrong}).") from wrong


def _sites(raw: dict[str, Any]) -> Iterator[places.Site]:
    for s in raw["sites"]:
        yield places.Site(s["code"], s["kind"], s["name"], s.get("lat"), s.get("lon"), True, s.get("note", ""))
    for i in raw["islands"]:
        yield places.Site(i["code"], "pulau", i["name"], i["lat"], i["lon"], False, i.get("note", ""))


def _election(raw: dict[str, Any], e: dict[str, Any], rows: list[dict[str, str]], desa: tuple[places.Desa, ...]) -> ElectionFacts:
    whole = e["tps_from"] == "desa"
    election = record.Election(
        e["code"], e["name"], raw["region"], datetime.fromisoformat(e["voting"]), tuple(e["contests"]), e["rulebook"], not whole
    )
    tps_list = tuple(_tps_of_desa(raw, rows, desa)) if whole else tuple(_tps_of_kecamatan(raw, desa))
    voters = _voters_of_desa(raw, rows, tps_list) if whole else _spread(e["voters"], [t.code for t in tps_list])
    if sum(voters.values()) != e["voters"]:
        raise Unreadable(f"Skenario {raw['code']}: perkiraan pemilih {e['code']} berjumlah {sum(voters.values())}, bukan {e['voters']}.")
    return ElectionFacts(election, e["voters"], e["voters_source"], tps_list, voters, _dapil(raw, e["contests"], tps_list))


def _tps_of_desa(raw: dict[str, Any], rows: list[dict[str, str]], desa: tuple[places.Desa, ...]) -> Iterator[places.Tps]:
    on_island = {(i["desa"], number): i for i in raw["islands"] for number in i["tps"]}
    for row, d in zip(rows, desa, strict=True):
        numbers = [*range(1, int(row["tps_reguler"]) + 1), *range(901, 901 + int(row["tps_khusus"]))]
        for number in numbers:
            island = on_island.get((d.code, number))
            yield places.Tps(
                code=f"{d.code}.{number:03d}",
                number=number,
                name=f"TPS {number:03d}",
                desa_code=d.code,
                desa_name=d.name,
                kecamatan_code=d.kecamatan_code,
                kecamatan_name=d.kecamatan_name,
                kind="khusus" if number > 900 else "reguler",
                island=island["code"] if island else "",
                provisional=island is not None and not island["tps_certain"],
                lat=island["lat"] if island else d.lat,
                lon=island["lon"] if island else d.lon,
            )


def _tps_of_kecamatan(raw: dict[str, Any], desa: tuple[places.Desa, ...]) -> Iterator[places.Tps]:
    """Provisional TPS where only the count per kecamatan is known: desa 0000, to be replaced by an import of the real list."""
    for code, facts in raw["kecamatan"].items():
        inside = [d for d in desa if d.kecamatan_code == code]
        lat, lon = sum(d.lat for d in inside) / len(inside), sum(d.lon for d in inside) / len(inside)
        for number in range(1, facts["tps_pilkada"] + 1):
            yield places.Tps(
                code=f"{code}.0000.{number:03d}",
                number=number,
                name=f"TPS sementara {number:03d}",
                desa_code=f"{code}.0000",
                desa_name="desa belum diketahui",
                kecamatan_code=code,
                kecamatan_name=facts["name"],
                kind="reguler",
                island="",
                provisional=True,
                lat=round(lat, 5),
                lon=round(lon, 5),
            )


def _voters_of_desa(raw: dict[str, Any], rows: list[dict[str, str]], tps_list: Iterable[places.Tps]) -> dict[str, int]:
    """Even split within each desa; a TPS whose count a source states keeps it."""
    known = {f"{i['desa']}.{i['tps'][0]:03d}": i["voters"] for i in raw["islands"] if "voters" in i}
    by_desa: dict[str, list[str]] = {}
    for tps in tps_list:
        by_desa.setdefault(tps.desa_code, []).append(tps.code)
    voters: dict[str, int] = {}
    for row in rows:
        codes = by_desa[row["kode"]]
        sourced = {code: known[code] for code in codes if code in known}
        rest = [code for code in codes if code not in sourced]
        voters |= sourced | _spread(int(row["pemilih_perkiraan"]) - sum(sourced.values()), rest)
    return voters


def _dapil(raw: dict[str, Any], contests: Iterable[str], tps_list: Iterable[places.Tps]) -> dict[tuple[str, str], str]:
    """(contest, TPS) -> dapil: the most specific place named wins, then the contest's default."""
    rules: dict[str, dict[str, str]] = {}
    for d in raw["dapil"]:
        for place in d.get("places", [""]):
            rules.setdefault(d["contest"], {})[place] = d["code"]
    found = {}
    for tps in tps_list:
        for contest in contests:
            for place in (tps.code, tps.desa_code, tps.kecamatan_code, ""):
                if place in rules[contest]:
                    found[contest, tps.code] = rules[contest][place]
                    break
    return found


def _spread(total: int, codes: list[str]) -> dict[str, int]:
    """A total over codes as evenly as whole voters allow, the first codes taking the remainder."""
    base, extra = divmod(total, len(codes))
    return {code: base + (index < extra) for index, code in enumerate(codes)}
