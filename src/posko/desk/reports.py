"""Stage reports: the box as the desk sees it. Everybody files; Kejari reads and Bawaslu looks on."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import record as facts
from posko.domain import reports as rules
from posko.formats import table, text
from posko.store import aght, places, recommendations, reports

CATEGORIES = {
    rules.Category.LOG: "Perlengkapan pemungutan suara",
    rules.Category.GEO: "Cuaca, laut, jalan",
    rules.Category.NET: "Listrik dan sinyal",
    rules.Category.VOT: "Daftar pemilih",
    rules.Category.SEC: "Keamanan",
    rules.Category.INF: "Kabar yang beredar",
    rules.Category.HR: "Petugas",
    rules.Category.VIO: "Dugaan pelanggaran",
    rules.Category.OTHER: "Hal lain",
}
CHANNELS = {
    rules.Channel.FACE: "Datang langsung",
    rules.Channel.PHONE: "Telepon",
    rules.Channel.MESSAGE: "Pesan",
    rules.Channel.LETTER: "Surat",
    rules.Channel.MEDIA: "Media",
    rules.Channel.PUBLIC: "Halaman umum",
}
SOURCES = {
    rules.Source.CITIZEN: "Warga",
    rules.Source.KPU: "Petugas KPU, PPK, PPS, KPPS",
    rules.Source.POLICE: "Petugas keamanan",
    rules.Source.OFFICIAL: "Petugas pemerintah atau desa",
    rules.Source.MEDIA: "Media",
    rules.Source.UNKNOWN: "Tidak diketahui",
}
STATUSES = {
    rules.Status.RECEIVED: ("waiting", "diterima, belum dinilai"),
    rules.Status.ASSESSING: ("plain", "sedang dinilai"),
    rules.Status.REFERRED: ("plain", "diteruskan ke Bawaslu"),
    rules.Status.CLOSED: ("done", "ditutup"),
}


def row(report: rules.Report, names: dict[str, str]) -> dict[str, Any]:
    """A report as lists show it, without its words."""
    state, word = STATUSES[report.status]
    return {
        "number": report.number,
        "category": CATEGORIES[report.category],
        "channel": CHANNELS[report.channel],
        "source": SOURCES[report.source],
        "place": names.get(report.place, report.place) or "tempat tidak disebut",
        "received_at": report.received_at,
        "happened_at": report.happened_at,
        "state": state,
        "word": word,
        "mark": report.mark,
        "masked": report.masked,
        "erased": report.erased,
        "steps": [(step.since, STATUSES[step.status][1]) for step in report.steps],
    }


def choices(election: str, region: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Places to choose from, grouped: warehouses, piers and islands, then the desa of every kecamatan."""
    sites = [(site.code, site.name) for site in places.sites(region)]
    groups = [("Gudang, dermaga, pulau", sites)] if sites else []
    by_kecamatan: dict[str, list[tuple[str, str]]] = {}
    for desa in places.desa_list(region):
        by_kecamatan.setdefault(desa.kecamatan_name, []).append((desa.code, desa.name))
    del election
    return [*groups, *((f"Kecamatan {name}", desa_list) for name, desa_list in by_kecamatan.items())]


def moment(typed: str) -> datetime | None:
    """A date and time of a form (2023-12-05T10:00), read in WIB; None where nothing or nonsense was typed."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=text.WIB).astimezone(UTC)
    except ValueError:
        return None


def place_of(election: str, posted: QueryDict) -> str:
    """The chosen place; with a TPS number, that TPS of the desa. UnknownPlace where the desa has no such TPS."""
    place, number = posted.get("place", ""), posted.get("tps", "").strip()
    if not number or ":" in place or not place:
        return place
    code = f"{place}.{number.zfill(3)}"
    if code not in {t.code for t in places.tps_list(election)}:
        raise rules.UnknownPlace(place=code)
    return code


def actor(request: shell.Request) -> facts.Actor:
    """Who acts."""
    return facts.Actor(request.person.id, request.person.agency)


@shell.page("reports.file")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The box: its list for those who may read it, the slot for everybody else."""
    if not shell.may(request, "reports.read"):
        return render(request, "desk/reports/slot.html", {})
    names = reports.place_names(election)
    gradings = aght.gradings(election, request.at)
    rows = []
    for report in reports.listing(election, request.at):
        grading = gradings.get(report.number)
        said = reports.words(election, report.number)
        rows.append(
            {
                **row(report, names),
                "excerpt": said.text if said else "",
                "grade": f"{grading.source}{grading.information or '·'}" if grading else "",
                "items": aght.items_of(election, report.number, request.at),
            }
        )
    counts = {
        status.value: sum(r["state"] == STATUSES[status][0] and r["word"] == STATUSES[status][1] for r in rows) for status in rules.Status
    }
    return render(request, "desk/reports/index.html", {"rows": rows, "counts": counts, "may_assess": shell.may(request, "aght.assess")})


@shell.page("reports.file")
def new(request: shell.Request, election: str) -> HttpResponse:
    """A post officer writes down what somebody tells."""
    if request.method == "POST":
        try:
            ticket = reports.file_report(election, _filing(request, election), actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return render(request, "desk/reports/filed.html", {"ticket": rules.grouped(ticket)})
    context = {
        "categories": [(c.value, name) for c, name in CATEGORIES.items()],
        "channels": [(c.value, name) for c, name in CHANNELS.items() if c is not rules.Channel.PUBLIC],
        "sources": [(s.value, name) for s, name in SOURCES.items()],
        "places": choices(election, request.election.region),
        "typed": request.POST,
        "longest": rules.TEXT_LONGEST,
    }
    return render(request, "desk/reports/new.html", context)


def _filing(request: shell.Request, election: str) -> rules.Filing:
    posted = request.POST
    return rules.filing(
        posted.get("text", ""),
        category=_one(rules.Category, posted.get("category", ""), rules.Category.OTHER),
        channel=_one(rules.Channel, posted.get("channel", ""), rules.Channel.FACE),
        source=_one(rules.Source, posted.get("source", ""), rules.Source.UNKNOWN),
        place=place_of(election, posted),
        place_note=posted.get("place_note", ""),
        contact=posted.get("contact", ""),
        happened_at=moment(posted.get("happened_at", "")),
        at=request.at,
    )


def _one(kind: Any, typed: str, default: Any) -> Any:
    """The member a form chose, or the default for nonsense."""
    try:
        return kind(typed)
    except ValueError:
        return default


@shell.page("reports.read")
def detail(request: shell.Request, election: str, number: str) -> HttpResponse:
    """A report: what was said, where it stands, its grades, what rests on it."""
    try:
        report = reports.get(election, number, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:reports", election)
    said = reports.words(election, number)
    items = [item for item in aght.register(election, request.at) if any(g.report == number for g in item.gradings)]
    context = {
        "report": row(report, reports.place_names(election)),
        "words": said,
        "guarded": reports.guarded(election, said.text) if said else (),
        "grading": aght.gradings(election, request.at).get(number),
        "items": items,
        "open_items": [i for i in aght.register(election, request.at) if i.standing.value != "closed" and i not in items],
        "referrals": [r for r in aght.referrals(election, request.at) if r.report == number],
        "may_assess": shell.may(request, "aght.assess"),
        "may_erase": shell.may(request, "reports.erase"),
        "may_acknowledge": shell.may(request, "aght.acknowledge"),
        "shows_contact": request.person.agency == "KEJARI",
        "closed": report.status is rules.Status.CLOSED,
        "drafts": [rec for item in items for rec in recommendations.resting_on(election, item.code, request.at)],
    }
    return render(request, "desk/reports/detail.html", context)


@shell.page("aght.assess")
def close(request: shell.Request, election: str, number: str) -> HttpResponse:
    """The reporter reads that the report has been dealt with."""
    if request.method == "POST":
        try:
            aght.close_report(election, number, actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{number} ditutup. Pelapor membaca status ini dengan kode laporannya.")
    return redirect("desk:reports_detail", election, number)


@shell.page("reports.erase")
def erase(request: shell.Request, election: str, number: str) -> HttpResponse:
    """Erases words and contact for good; the facts stay."""
    if request.method == "POST":
        reason = rules.clean(request.POST.get("reason", ""))[:200]
        if not reason:
            shell.refused(request, rules.TooShort(shortest=1))
            return redirect("desk:reports_detail", election, number)
        try:
            reports.erase(election, number, reason, actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kata-kata dan kontak pelapor {number} dihapus untuk selamanya.")
    return redirect("desk:reports_detail", election, number)


@shell.page("reports.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The list as shown, without anybody's words."""
    names = reports.place_names(election)
    head = ["Nomor", "Diterima", "Tentang", "Tempat", "Saluran", "Sumber", "Keadaan", "Tanda"]
    rows = [row(report, names) for report in reports.listing(election, request.at)]
    lines = [
        [r["number"], text.waktu(r["received_at"]), r["category"], r["place"], r["channel"], r["source"], r["word"], r["mark"]]
        for r in rows
    ]
    response = HttpResponse(table.xlsx({"Laporan": [head, *lines]}), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="laporan.xlsx"'
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

urlpatterns = [
    path("<slug:election>/laporan/", index, name="reports"),
    path("<slug:election>/laporan/baru/", new, name="reports_new"),
    path("<slug:election>/laporan/ekspor.xlsx", export, name="reports_export"),
    path("<slug:election>/laporan/<slug:number>/", detail, name="reports_detail"),
    path("<slug:election>/laporan/<slug:number>/tutup/", close, name="reports_close"),
    path("<slug:election>/laporan/<slug:number>/hapus/", erase, name="reports_erase"),
]
SENTENCES: dict[str, str] = {
    "reports.too_short": "Ceritakan lebih lengkap: apa yang terjadi, di mana, kapan. Paling sedikit {shortest} huruf.",
    "reports.too_long": "Terlalu panjang. Uraian paling banyak {longest} huruf, keterangan tempat {note}, kontak {contact}.",
    "reports.future": "Waktu kejadian belum terjadi. Periksa tanggal dan jamnya.",
    "reports.bad_ticket": "Kode laporan tidak cocok. Periksa lagi huruf dan angkanya: tiga belas tanda, misalnya XXXX-XXXX-XXXX-X.",
    "reports.unknown": "Laporan itu tidak ada.",
    "reports.unknown_place": "Tempat itu tidak ada dalam daftar ({place}). Pilih desa dari daftar; nomor TPS harus ada di desa itu.",
    "reports.guarded": (
        "Tulisan Posko tidak memuat sebutan tentang peserta pemilu, agama, atau suku: {words}. "
        "Tulis ulang apa yang terjadi tanpa sebutan itu. Dugaan pelanggaran dirujuk ke Bawaslu."
    ),
    "reports.no_step": "Keadaan laporan {number} tidak dapat diubah seperti itu.",
}
TASKS: dict[str, tuple[str, str]] = {"reports.new": ("Nilai laporan {label}", "desk:reports_detail")}
HITS: dict[str, str] = {"report": "desk:reports_detail"}
