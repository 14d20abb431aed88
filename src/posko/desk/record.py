"""Stage record: the journal as anybody of the staff may check it, and the clock."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import record as facts
from posko.formats import table
from posko.store import access, record

SHOWN = 200
# First word of an entry's kind -> the act that opens its content; other entries open to every reader of the journal.
CONTENTS = {
    "report": "reports.read", "aght": "aght.read", "hazard": "aght.read", "recommendation": "record.drafts", "person": "access.read",
    "access": "access.read", "agreement": "access.read", "post": "posts.read", "misuse": "misuse.read",
    "product": "products.read",
    "reports": "reports.read", "guard": "reports.guard", "request": "requests.read", "material": "materials.read",
    "figure": "materials.read",
    "dispute": "disputes.read", "minutes": "minutes.read",
    # A closed row tells a reader of everything else nothing: it may be a changed password or something for the overseer.
    "person.password_changed": "record.sealed",
}  # fmt: skip
KINDS = {
    "installation": "Pemasangan",
    "election": "Pemilihan",
    "clock": "Jam",
    "person": "Akun",
    "access": "Peran",
    "agreement": "Perjanjian",
    "places": "Tempat",
    "tps": "TPS",
    "site": "Titik lokasi",
    "dpt": "Pemilih",
    "regulation": "Aturan",
    "rule": "Aturan",
    "needs": "Kebutuhan",
    "order": "Pesanan",
    "shipment": "Kiriman",
    "receipt": "Penerimaan",
    "contract": "Kontrak",
    "orders": "Pesanan",
    "papers": "Dokumen cetak",
    "claim": "Klaim",
    "quarantine": "Karantina",
    "misdirection": "Salah tujuan",
    "carton": "Karton",
    "cartons": "Karton",
    "labels": "Label",
    "alias": "Alias kode",
    "evidence": "Bukti",
    "stock": "Stok",
    "warehouse": "Gudang",
    "ballots": "Surat suara",
    "team": "Regu",
    "seals": "Segel",
    "box": "Kotak",
    "boxes": "Kotak",
    "wave": "Gelombang",
    "envelopes": "Sampul",
    "packing": "Pengepakan",
    "scale": "Timbangan",
    "sample": "Uji petik",
    "transfer": "Geser surat suara",
    "plan": "Rencana",
    "hazard": "Bahaya",
    "readiness": "Kesiapan",
    "post": "Posko",
    "misuse": "Pengaduan tentang posko",
    "report": "Laporan",
    "aght": "AGHT",
    "recommendation": "Rekomendasi",
    "product": "Produk posko",
    "pledge": "Janji dukungan",
    "key": "Kunci gudang",
    "request": "Permintaan antarlembaga",
    "rakor": "Rakor",
    "decision": "Keputusan rakor",
    "minutes": "Notula",
    "calendar": "Kalender",
    "material": "Bahan rapat",
    "figure": "Angka lembaga",
    "dispute": "Selisih angka",
}
FAULTS = {
    "opening_missing": "isi entri hilang",
    "entry_id": "sidik jari entri",
    "commitment": "komitmen",
    "facts": "fakta",
    "private": "bagian pribadi",
    "columns": "kolom tabel",
    "signature": "tanda tangan",
    "gap": "nomor urut terputus",
    "chain": "rantai perangkat",
    "head": "kepala jurnal",
    "erased": "bagian pribadi hilang tanpa catatan",
}
CHOICES = (
    ("rakor", datetime(2023, 12, 5, 3, 0, tzinfo=UTC), "5 Desember 2023, 10.00 WIB: rakor di Manggar"),
    ("malam", datetime(2024, 2, 13, 13, 0, tzinfo=UTC), "13 Februari 2024, 20.00 WIB: malam sebelum pemungutan suara"),
)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _open(request: shell.Request, leaf: record.Leaf) -> bool:
    """Whether the content of an entry may be shown: the journal is no way around the policy."""
    act = CONTENTS.get(leaf.kind) or CONTENTS.get(leaf.kind.partition(".")[0])
    if act is None:
        return True
    region = request.election.region
    place = leaf.place if access_rules.within(leaf.place, region) else region
    readers = frozenset(leaf.facts.get("readers", ()))  # an entry that says who reads it belongs to nobody else but the overseer
    owner = "—" if readers else ""
    thing = access_rules.Thing(act.partition(".")[0], leaf.subject, place, owner, classification="terbatas", named=readers)
    return shell.may(request, act, thing)


def _row(request: shell.Request, leaf: record.Leaf, people: dict[str, str]) -> dict[str, Any]:
    readable = _open(request, leaf)
    return {
        "leaf": leaf,
        "open": readable,
        "stage": KINDS.get(leaf.kind.partition(".")[0], leaf.kind.partition(".")[0]),
        "occurred_at": datetime.fromisoformat(leaf.occurred_at) if leaf.occurred_at else None,
        "name": people.get(leaf.actor, ""),
        "faults": [FAULTS.get(code, code) for code in leaf.faults],
    }


@shell.page("record.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The newest entries, filtered; on request the whole journal is recomputed."""
    kind, subject = request.GET.get("jenis", ""), request.GET.get("perihal", "").strip()
    people = access.names()
    found = [_row(request, leaf, people) for leaf in record.leaves(election, newest=SHOWN, kind=kind, subject=subject)]
    if kind or subject:  # a closed row among the hits would say that there is such an entry, and how many
        found = [row for row in found if row["open"]]
    size, root = record.root()
    context = {
        "rows": found,
        "kind": kind,
        "subject": subject,
        "kinds": sorted(KINDS.items(), key=lambda k: k[1]),
        "size": size,
        "root": root,
        "shown": SHOWN,
        "full": len(found) == SHOWN,
        "verification": None,
    }
    if request.GET.get("periksa"):
        verification = record.verify()
        context["verification"] = verification
        context["wrong"] = [{"index": index, "what": FAULTS.get(code, code)} for index, code in verification.faults[:50]]
    return render(request, "desk/record/index.html", context)


@shell.page("record.read")
def entry(request: shell.Request, election: str, entry_id: str) -> HttpResponse:
    """One entry with everything needed to recompute it."""
    try:
        leaf = record.entry(election, entry_id)
        row = _row(request, leaf, access.names())
        evidence = record.opened(entry_id) if row["open"] else None
    except facts.Refusal as refusal:
        raise Http404(entry_id) from refusal
    context = {
        "row": row,
        "leaf": leaf,
        "evidence": evidence,
        "hashes": [{"name": n, "stored": s, "found": f, "same": s == f} for n, s, f in (evidence.hashes if evidence else ())],
        "signed": "signature" not in leaf.faults,
        "facts": json.dumps(leaf.facts, ensure_ascii=False, indent=2, sort_keys=True) if row["open"] else "",
    }
    return render(request, "desk/record/entry.html", context)


@shell.page("record.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """All entries of this election as CSV: what the list shows, closed content stays closed."""
    rows: list[list[str | int]] = [["indeks", "jenis", "perihal", "tempat", "terjadi", "dicatat", "pelaku", "entri", "komitmen"]]
    for leaf in reversed(record.leaves(election, newest=1_000_000)):
        content = [leaf.kind, leaf.subject, leaf.place, leaf.occurred_at] if _open(request, leaf) else ["(tertutup)", "", "", ""]
        who = leaf.actor if _open(request, leaf) else ""
        rows.append([leaf.index, *content, record.stamp(leaf.recorded_at), who, leaf.entry_id, leaf.commitment])
    name = f'attachment; filename="jurnal-{election}.csv"'
    return HttpResponse(table.csv(rows), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _may_set(request: shell.Request) -> bool:
    """Everybody of the staff on a demonstration; else whoever may set the clock."""
    region = record.installation().region
    return record.installation().demo or shell.may(request, "clock.set", access_rules.Thing("clock", "", region))


@shell.signed_in
def clock(request: shell.Request) -> HttpResponse:
    """Where Posko stands in time: the machine's clock, or a stored instant for everybody."""
    if not _may_set(request):
        return shell.denied(request, "clock.set", access_rules.Decision(False, "role"))
    typed = {"date": "", "time": "", "choice": ""}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in typed}
        at, problem = _chosen(typed)
        if not problem:
            record.set_clock(at, access.actor(request.person), request.machine_at)
            shell.done(request, "Jam Posko mengikuti jam mesin." if at is None else "Jam Posko disetel untuk semua orang.")
            return redirect("desk:start")
        shell.refused(request, BadClock(problem=problem))
    local = request.at.astimezone(record.WIB)
    context = {
        "choices": [{"code": code, "label": label, "at": at} for code, at, label in CHOICES],
        "date": typed["date"] or local.date().isoformat(),
        "time": typed["time"] or local.strftime("%H:%M"),
        "machine_at": request.machine_at,
        "demo": record.installation().demo,
    }
    return render(request, "desk/record/clock.html", context)


class BadClock(facts.Refusal):
    """An instant that cannot be read."""

    code = "record.bad_clock"


def _chosen(typed: dict[str, str]) -> tuple[datetime | None, str]:
    for code, at, _ in CHOICES:
        if typed["choice"] == code:
            return at, ""
    if typed["choice"] == "mesin":
        return None, ""
    try:
        naive = datetime.fromisoformat(f"{typed['date']}T{typed['time'].replace('.', ':')}")
    except ValueError:
        return None, "Tanggal atau jam tidak terbaca. Contoh: 2023-12-05 dan 10:00."
    at = naive.replace(tzinfo=record.WIB).astimezone(UTC)
    if not EARLIEST <= at <= LATEST - timedelta(days=1):
        return None, "Pilih tanggal antara tahun 2000 dan 2099."
    return at, ""


urlpatterns: list[URLPattern] = [
    path("jam/", clock, name="clock"),
    path("<slug:election>/jurnal/", index, name="record"),
    path("<slug:election>/jurnal/jurnal.csv", export, name="record_export"),
    path("<slug:election>/jurnal/<slug:entry_id>/", entry, name="record_entry"),
]
SENTENCES: dict[str, str] = {
    "record.bad_clock": "{problem}",
    "record.no_election": "Pemilihan {election} tidak ada di sini.",
    "record.no_entry": "Entri jurnal {entry} tidak ada.",
    "record.not_plain": "Isi yang hendak dicatat bukan teks atau bilangan bulat ({what}). Tidak ada yang disimpan.",
}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
