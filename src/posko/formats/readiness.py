"""The reasons of a verdict in words, the same on screens and pages."""

from collections.abc import Iterable

from posko.domain import readiness as rules
from posko.formats import text

SEEN = {"items": "kelengkapan barang", "seals": "segel", "place": "tempat", "kpps": "KPPS"}
REASONS = {
    "stock_short": "Stok kabupaten kurang: {name} {have} dari {need}",
    "not_delivered": "Belum dikirim; rencana tiba {at}",
    "not_delivered_group": "Belum sampai waktu kirimnya menurut rencana",
    "no_plan": "Belum ada rencana distribusi ke TPS ini",
    "no_report": "Belum ada laporan dari TPS",
    "unconfirmed": "Jumlah kebutuhan belum pasti: {name}",
    "no_needs": "Kebutuhan belum dihitung",
    "check_missing": "Kurang menurut pemeriksaan: {name}",
    "seal_broken": "Segel tidak utuh menurut pemeriksaan",
    "place_not_ready": "Tempat belum siap menurut pemeriksaan",
    "kpps_absent": "KPPS belum lengkap menurut pemeriksaan",
    "unseen": "Belum dilihat pemeriksa: {seen}",
    "stale": "Laporan terakhir sudah terlalu lama ({at})",
    "stale_group": "Laporan terakhir sudah terlalu lama",
}


def reason_sentence(reason: rules.Reason, grouped: bool = False) -> str:
    """A reason in words; grouped reasons leave the times out."""
    key = f"{reason.code}_group" if grouped and f"{reason.code}_group" in REASONS else reason.code
    values = {
        "name": reason.name or reason.item,
        "have": text.angka(reason.have),
        "need": text.angka(reason.need),
        "at": text.waktu(reason.at) if reason.at else "",
        "seen": SEEN.get(reason.item, reason.item),
    }
    return REASONS[key].format(**values) + (" (PERKIRAAN)" if reason.estimate else "")


def short_reasons(reasons: Iterable[rules.Reason]) -> str:
    """All reasons in one line: several of one kind that name items become a count."""
    groups: dict[str, list[rules.Reason]] = {}
    for reason in reasons:
        groups.setdefault(reason.code, []).append(reason)
    said = []
    for code, group in groups.items():
        head = REASONS[code].partition(":")[0]
        said.append(f"{head}: {text.angka(len(group))} barang" if len(group) > 2 else "; ".join(reason_sentence(r) for r in group))
    return "; ".join(said)
