"""The cast."""

from datetime import UTC, datetime

from posko.cli.demo.context import Context
from posko.domain import access
from posko.domain.record import Actor, Election
from posko.store import access as store
from posko.store import record

SINCE = datetime(2023, 6, 1, tzinfo=UTC)
CAST = (
    ("kartika", "Kartika", "ADMIN", "admin.sistem", "19.06"),
    ("ani", "Ani", "KPU", "kpu.operator", "19.06"),
    ("fajar", "Fajar", "KPU", "kpu.pimpinan", "19.06"),
    ("lutfi", "Lutfi", "KPU", "kpu.gudang", "19.06"),
    ("oki", "Oki", "KPU", "kpu.gudang", "19.06"),
    ("budi", "Budi", "PPK", "ppk.anggota", "19.06.02"),
    ("putri", "Putri", "PPS", "pps.anggota", "19.06.02.2001"),
    ("nia", "Nia", "KPPS", "kpps.anggota", "19.06.02.2001.001"),
    ("citra", "Citra", "KEJARI", "kejari.analis", "19.06"),
    ("gita", "Gita", "KEJARI", "kejari.pimpinan", "19.06"),
    ("hadi", "Hadi", "POLRES", "polres.perwira", "19.06"),
    ("indra", "Indra", "PEMDA", "pemda.pejabat", "19.06"),
    ("juwita", "Juwita", "BAWASLU", "bawaslu.pengawas", "19.06"),
    ("dedi", "Dedi", "KPU", "kpu.operator", "19.02"),
)


def run(ctx: Context) -> None:
    """People and the two elections."""
    admin = Actor("p-kartika", "ADMIN")
    for username, display, agency, role, region in CAST:
        grants, clearance = [access.Grant(role, region, SINCE)], "rahasia" if agency in {"KEJARI", "BAWASLU"} else "terbatas"
        ctx.people[username] = store.add_user(username, "posko-demo", display, agency, grants, admin, SINCE, clearance)
    shared = access.Agreement("PKS-01", 1, "POLRES", frozenset({"aght"}), "19.06", SINCE, datetime(2024, 3, 31, tzinfo=UTC))
    store.sign_agreement(shared, "Berbagi AGHT dengan Polres", ctx.people["gita"], SINCE, mark="[SIMULASI]")
    contests = ("PPWP", "DPR", "DPD", "DPRD_PROV", "DPRD_KAB")
    record.create_election(
        Election("pemilu-2024", "Pemilu 2024", "19.06", datetime(2024, 2, 14, 0, 0, tzinfo=UTC), contests, "pemilu-2024"), admin, SINCE
    )
    record.create_election(
        Election(
            "pilkada-2024", "Pilkada 2024", "19.06", datetime(2024, 11, 27, 0, 0, tzinfo=UTC), ("GUB", "BUP_WALI"), "pilkada-2024", True
        ),
        admin,
        SINCE,
    )
    ctx.say(f"    {len(CAST)} orang dari {len({agency for _, _, agency, _, _ in CAST})} lembaga, 2 pemilihan")
