"""Stage custody: who holds each box now? (Rules of its early warnings only; the stage itself is not built yet.)

R07 a box that left and was not seen again in time; R16 an account that is in two places; R17 a scan off the planned way.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from posko.domain import record, thresholds


@dataclass(frozen=True)
class Limits:
    """Thresholds of R07, R16 and R17. The factor of R07 comes from the field; the others are assumptions of ours until ways are timed."""

    leg_permille: int = field(
        default=1500, metadata=thresholds.bounds("R07", 1000, 3000, "permil", "waktu tempuh rencana, sampai pindaian berikutnya ditunggu")
    )
    together: timedelta = field(
        default=timedelta(minutes=5), metadata=thresholds.bounds("R16", 1, 60, "menit", "antara pindaian satu akun di dua gawai", two=True)
    )
    hurry_permille: int = field(
        default=500, metadata=thresholds.bounds("R16", 200, 1000, "permil", "waktu tempuh rencana yang mustahil dikejar", two=True)
    )
    fence_m: int = field(default=2000, metadata=thresholds.bounds("R17", 200, 20_000, "meter", "jarak dari jalur rencana"))
    slack: timedelta = field(
        default=timedelta(minutes=60), metadata=thresholds.bounds("R17", 10, 360, "menit", "sebelum atau sesudah jadwal rencana")
    )


@dataclass(frozen=True)
class Underway:
    """A thing that was handed over at one place towards the next: planned travel in minutes; seen_at: the next scan, None before it."""

    thing: str
    origin: str
    target: str
    left_at: datetime
    travel_min: int
    seen_at: datetime | None = None
    mark: str = ""


def gap_signals(legs: Iterable[Underway], at: datetime, limits: Limits | None = None) -> list[record.Signal]:
    """R07: no next scan within the planned time of the leg times the factor. Exactly at that instant it is still in time."""
    held = limits or Limits()
    found = []
    for leg in legs:
        due_at = leg.left_at + timedelta(minutes=leg.travel_min) * held.leg_permille / 1000
        if leg.seen_at is None and at > due_at:
            said: dict[str, str | int] = {
                "thing": leg.thing, "origin": leg.origin, "target": leg.target, "travel": leg.travel_min,
                "late": int((at - due_at).total_seconds() // 60),
            }  # fmt: skip
            to = ("KPU", "POLRES")
            signal = record.Signal("R07", "GANGGUAN", f"leg:{leg.thing}", "critical", to, due_at, said, mark=leg.mark, place=leg.target)
            found.append(signal)
    return found


@dataclass(frozen=True)
class Scan:
    """A scan: the thing, who with which device, where; off_m: metres from the planned way, None without a fix."""

    thing: str
    account: str
    device: str
    place: str
    scanned_at: datetime
    off_m: int | None = None
    mark: str = ""


def account_signals(scans: Iterable[Scan], travel_min: Mapping[tuple[str, str], int], limits: Limits | None = None) -> list[record.Signal]:
    """R16: one account on two devices at once, or at two places with less time between than anybody needs.

    travel_min: planned minutes between two places, in one order or the other; a pair nobody knows says nothing. The newest case of each
    account is told.
    """
    held = limits or Limits()
    by_account: dict[str, list[Scan]] = defaultdict(list)
    for scan in scans:
        by_account[scan.account].append(scan)
    found = []
    for account, mine in sorted(by_account.items()):
        mine.sort(key=lambda scan: scan.scanned_at)
        for before, after in reversed(list(pairwise(mine))):
            why = _impossible(before, after, travel_min, held)
            if why:
                said: dict[str, str | int] = {
                    "account": account, "why": why, "origin": before.place, "target": after.place,
                    "minutes": int((after.scanned_at - before.scanned_at).total_seconds() // 60),
                }  # fmt: skip
                mark, since_at = after.mark or before.mark, after.scanned_at
                found.append(
                    record.Signal(
                        "R16", "ANCAMAN", f"account:{account}", "critical", ("KPU",), since_at, said, mark=mark, place=after.place
                    )
                )
                break
    return found


def _impossible(before: Scan, after: Scan, travel_min: Mapping[tuple[str, str], int], limits: Limits) -> str:
    """devices | travel | nothing."""
    between = after.scanned_at - before.scanned_at
    if before.device != after.device and between < limits.together:
        return "devices"
    needed = travel_min.get((before.place, after.place), travel_min.get((after.place, before.place)))
    if needed and before.place != after.place and between < timedelta(minutes=needed) * limits.hurry_permille / 1000:
        return "travel"
    return ""


@dataclass(frozen=True)
class Planned:
    """Where a thing should be scanned and when: place -> (earliest, latest)."""

    thing: str
    stops: Mapping[str, tuple[datetime, datetime]]


def route_signals(scans: Iterable[Scan], plans: Iterable[Planned], limits: Limits | None = None) -> list[record.Signal]:
    """R17: a scan at a place off the plan, too far from the way, or outside the plan's time and slack. What has no plan says nothing."""
    held = limits or Limits()
    planned = {plan.thing: plan for plan in plans}
    found = []
    for scan in scans:
        plan = planned.get(scan.thing)
        why = _off_plan(scan, plan, held) if plan else ""
        if why:
            said: dict[str, str | int] = {"thing": scan.thing, "place": scan.place, "why": why, "metres": scan.off_m or 0}
            subject, to = f"scan:{scan.thing}:{scan.place}", ("KPU", "POLRES")
            found.append(record.Signal("R17", "GANGGUAN", subject, "high", to, scan.scanned_at, said, mark=scan.mark, place=scan.place))
    return found


def _off_plan(scan: Scan, plan: Planned, limits: Limits) -> str:
    """place | fence | time | nothing."""
    if scan.place not in plan.stops:
        return "place"
    if scan.off_m is not None and scan.off_m > limits.fence_m:
        return "fence"
    earliest, latest = plan.stops[scan.place]
    return "" if earliest - limits.slack <= scan.scanned_at <= latest + limits.slack else "time"
