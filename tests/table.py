"""A rakor with a small frozen pack, for tests that need a table and a number but no regency behind it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from posko.domain import rakor as rules
from posko.domain import record as facts
from posko.store import rakor, record
from tests.scene import RAKOR_AT

E = "pemilu-2024"
OPENING = RAKOR_AT - timedelta(hours=1)
INVITED = ("KPU", "PEMDA", "KEJARI", "POLRES", "BAWASLU")


def a_figure(
    code: str, label: str, number: int, denominator: int = -1, source: str = "daftar TPS", at: datetime = OPENING
) -> dict[str, Any]:
    return {
        "code": code,
        "label": label,
        "numerator": number,
        "denominator": denominator,
        "source": source,
        "at": at.isoformat(),
        "marks": [],
    }


FIGURES = (
    a_figure("tps", "TPS", 363),
    a_figure("units:received", "Unit diterima, dari barang yang sudah dipesan", 695, 1000, "penerimaan"),
    a_figure("ready", "TPS siap", 250, 363, "pemeriksaan TPS"),
)


def call(scene: Any, came: tuple[str, ...] = ("KPU", "PEMDA", "KEJARI", "POLRES"), invited: tuple[str, ...] = INVITED) -> str:
    """A meeting that has begun; gives its code."""
    ani = scene.actors["ani"]
    code = rakor.call_meeting(E, "Rakor kesiapan", "Manggar", OPENING, invited, ani, OPENING - timedelta(days=5)).code
    rakor.attend(E, code, came, ani, OPENING)
    return code


def freeze(scene: Any, meeting: str, figures: tuple[dict[str, Any], ...] = FIGURES, at: datetime = OPENING) -> rules.Snapshot:
    """A pack with these figures and an empty agenda, frozen as the store freezes a whole one."""
    ani = scene.actors["ani"]
    sections: dict[str, Any] = {"agenda": [], "figures": [dict(f) for f in figures], "meeting": {"code": meeting}}
    content, digest = rules.freeze(sections), rules.digest(sections)
    with transaction.atomic():
        row = rakor.Meeting.objects.get(election=E, code=meeting)
        code = f"SNP-{rakor.Snapshot.objects.count() + 1:03}"
        said = {"meeting": meeting, "digest": digest, "bytes": len(content)}
        prepared = record.prepare([facts.Draft("rakor.frozen", E, f"snapshot:{code}", "19.06", ani, at, said)], at)
        rakor.Snapshot.objects.create(
            code=code, meeting=row, content=content, digest=digest, person=ani.person, occurred_at=at, entry_id=prepared[0].entry_id
        )
        record.append(prepared, at=at)
    return rakor.snapshot(E, code, at)


def list_tps(scene: Any, number: int, at: datetime) -> None:
    """A list of so many TPS is written into the journal, as `places.load_tps` does."""
    with transaction.atomic():
        draft = facts.Draft(
            "tps.listed", E, f"election:{E}", "19.06", scene.actors["ani"], at, {"tps": number, "khusus": 0, "provisional": 0}
        )
        record.append([draft], at=at)
