"""What a new installation consists of, and what is wrong with a proposal of one."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from posko.cli.installation import ROOT, fail
from posko.domain import access

# A role's first word -> the agency it belongs to.
AGENCY_OF = {
    "kpu": "KPU", "ppk": "PPK", "pps": "PPS", "kejari": "KEJARI", "polres": "POLRES", "pemda": "PEMDA", "bawaslu": "BAWASLU",
    "admin": "ADMIN",
}  # fmt: skip
NEEDED_ROLES = {"admin.sistem": "admin yang memberi akun", "kpu.operator": "operator KPU yang mengisi data"}


@dataclass(frozen=True)
class Chosen:
    """An election of the new installation: a rulebook, and the day of voting."""

    code: str
    name: str
    contests: tuple[str, ...]
    voting_date: date


@dataclass(frozen=True)
class FirstUser:
    """An account to begin with."""

    username: str
    display: str
    role: str
    region: str

    @property
    def agency(self) -> str:
        """The role's."""
        return AGENCY_OF.get(self.role.partition(".")[0], "")


@dataclass(frozen=True)
class Plan:
    """Everything that init needs to know."""

    region: str
    name: str
    elections: tuple[Chosen, ...]
    agencies: tuple[str, ...]
    users: tuple[FirstUser, ...]
    scenario: Path | None = None


@dataclass(frozen=True)
class Shipped:
    """What a rulebook says about its election."""

    code: str
    name: str
    contests: tuple[str, ...]
    voting_date: date | None
    by_province: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def contests_in(self, region: str) -> tuple[str, ...]:
        """Provinces may hold fewer contests (DKI Jakarta has no DPRD Kabupaten/Kota)."""
        return self.by_province.get(region.partition(".")[0], self.contests)


def shipped(folder: Path = ROOT / "rulebooks") -> dict[str, Shipped]:
    """By code; a rulebook that cannot be read is named, not skipped."""
    found = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            fail(f"Buku aturan {file.name} tidak terbaca: {error}")
        head = data.get("rulebook", data)
        code = str(head.get("code", file.stem))
        contests = tuple(str(c) for c in head.get("contests", ()))
        by_province = {str(p): tuple(str(c) for c in those) for p, those in data.get("contests_by_region", {}).items()}
        found[code] = Shipped(code, str(head.get("name", code)), contests, _date_of(head), by_province)
    return found


def scenario_problem(folder: Path, region: str) -> str:
    """A folder of places is for one regency."""
    try:
        found = str(tomllib.loads((folder / "wilayah.toml").read_text(encoding="utf-8"))["region"])
    except (OSError, ValueError, KeyError):
        return f"{folder} bukan folder skenario (wilayah.toml tidak ada atau tidak terbaca)."
    return "" if found == region else f"Skenario {folder.name} untuk {found}, bukan {region}."


def scenarios_for(region: str, folder: Path = ROOT / "scenarios") -> list[Path]:
    """The shipped ones that hold this regency's places."""
    return [path for path in sorted(folder.iterdir()) if path.is_dir() and not scenario_problem(path, region)] if folder.is_dir() else []


def _date_of(head: Mapping[str, object]) -> date | None:
    for key in ("voting_at", "voting_date", "voting_day"):
        value = head.get(key)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value[:10])
    return None


def region_problem(region: str) -> str:
    """A regency's dotted code."""
    return (
        "" if re.fullmatch(r"\d\d\.\d\d", region) else f"Kode kabupaten/kota {region!r} harus seperti 19.06 (dua angka, titik, dua angka)."
    )


def user_problems(user: FirstUser, plan: Plan) -> list[str]:
    """What is wrong with one account."""
    found = []
    if not re.fullmatch(r"[a-z][a-z0-9._-]{1,30}", user.username):
        found.append(f"Nama akun {user.username!r}: huruf kecil dan angka saja, mulai dengan huruf, 2 sampai 31 tanda.")
    if user.role not in access.STAFF:
        found.append(f"Peran {user.role!r} tidak ada. Pilihannya: {', '.join(sorted(access.STAFF))}.")
    elif user.agency not in plan.agencies:
        found.append(f"Akun {user.username} dari {user.agency}, tetapi lembaga itu tidak ikut di pemasangan ini.")
    if not access.within(user.region, plan.region):
        found.append(f"Akun {user.username}: wilayah {user.region} di luar {plan.region}.")
    return found


def problems(plan: Plan) -> list[str]:
    """All of them."""
    found = [region_problem(plan.region)]
    found += [] if plan.name.strip() else ["Nama kabupaten/kota kosong."]
    found += [] if plan.elections else ["Pilih sedikitnya satu pemilihan."]
    codes = [e.code for e in plan.elections]
    found += [f"Pemilihan {code} disebut dua kali." for code in sorted({c for c in codes if codes.count(c) > 1})]
    unknown = [a for a in plan.agencies if a not in AGENCY_OF.values()]
    found += [f"Lembaga {a!r} tidak dikenal. Pilihannya: {', '.join(AGENCY_OF.values())}." for a in unknown]
    names = [u.username for u in plan.users]
    found += [f"Nama akun {n} dipakai dua kali." for n in sorted({n for n in names if names.count(n) > 1})]
    found += [problem for user in plan.users for problem in user_problems(user, plan)]
    held = {u.role for u in plan.users}
    found += [f"Belum ada {what} (peran {role})." for role, what in NEEDED_ROLES.items() if role not in held]
    found += [scenario_problem(plan.scenario, plan.region)] if plan.scenario else []
    return [text for text in found if text]


def read_date(text: str) -> date:
    """2024-02-14, or 14-02-2024 as people write it."""
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", text.strip())
    order = (1, 2, 3)
    if found is None:
        found, order = re.fullmatch(r"(\d\d?)[-/](\d\d?)[-/](\d{4})", text.strip()), (3, 2, 1)
    if found is None:
        raise ValueError(text)
    return date(*(int(found.group(n)) for n in order))
