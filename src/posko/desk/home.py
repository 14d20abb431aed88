"""The one page of each role: its few actions, its own numbers, what waits; everything else is one click behind.

A block is a figure with its state, a sentence and one action. Which blocks a person gets follows from the policy (a block whose act is not
theirs does not exist) and from ORDER, what this agency does first. Nothing is stored here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import pledges as pledge_rules
from posko.domain import readiness as readiness_rules
from posko.domain import recommendations as recommendation_rules
from posko.domain import requests as request_rules
from posko.formats import document, text
from posko.store import (
    aght,
    custody,
    distribution,
    keys,
    neutrality,
    packing,
    places,
    pledges,
    posts,
    rakor,
    readiness,
    receipts,
    recommendations,
    releases,
    reports,
    requests,
    transfers,
)
from posko.store import record as journal


@dataclass(frozen=True)
class Block:
    """One thing: title, figure with its unit, state and word, a sentence, where its button leads and what it says."""

    title: str
    figure: str
    unit: str
    state: str
    word: str
    href: str
    action: str
    sentence: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Button:
    """A large button of the field: verb and noun."""

    href: str
    label: str
    hint: str = ""


WAITING = frozenset({request_rules.State.SENT, request_rules.State.RECEIVED, request_rules.State.REOPENED})
Maker = Callable[[shell.Request, str], Block | None]


def _link(name: str, election: str, *args: str) -> str:
    return reverse(f"desk:{name}", args=[election, *args])


def _reach(request: shell.Request, act: str) -> str:
    return access_rules.reach(request.person, act, request.election.region, request.at)


# --- blocks --------------------------------------------------------------------------------------------------------------


def _tasks(request: shell.Request, election: str) -> Block:
    tasks = shell.tasks_of(request, request.election)
    late = sum(task["overdue"] for task in tasks)
    state, word = (
        ("overdue", f"{late} lewat tenggat") if late else ("waiting", "menunggu") if tasks else ("done", "tidak ada yang menunggu")
    )
    first = tasks[0]["text"] if tasks else "Tidak ada yang menunggu Anda saat ini."
    return Block("Tugas saya", text.angka(len(tasks)), "hal", state, word, _link("inbox", election), "Buka tugas", first)


def _signals(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "thresholds.read"):
        return None
    found = [s for s in shell.signals_of(request, request.election) if s["mine"] or request.person.agency in {"KEJARI", "BAWASLU"}]
    grave = sum(s["severity"] == "critical" for s in found)
    state, word = ("overdue", f"{grave} gawat") if grave else ("waiting", "perlu dilihat") if found else ("done", "tenang menurut catatan")
    first = found[0]["text"] if found else "Tidak ada sinyal dari catatan. Yang tidak dicatat tidak terlihat di sini."
    return Block("Sinyal dini", text.angka(len(found)), "sinyal", state, word, _link("signals", election), "Buka sinyal", first)


def _readiness(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "readiness.read"):
        return None
    verdicts = readiness.verdicts(election, request.at, _reach(request, "readiness.read"))
    total = readiness_rules.summary(verdicts)
    state, word = ("done", "semua siap") if total.ready == total.total else ("waiting", f"{total.not_ready} belum siap")
    said = f"{text.angka(total.unknown)} belum diketahui: belum ada laporan, bukan siap." if total.unknown else ""
    figure, unit = text.angka(total.ready), f"dari {text.angka(total.total)} TPS siap"
    return Block("Kesiapan TPS", figure, unit, state, word, _link("readiness", election), "Lihat TPS", said)


def _goods(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "receipts.read"):
        return None
    gauge = receipts.gauge(election, request.at)
    share = gauge.units("accepted", gauge.ordered_items or None)
    part = text.persen(share.numerator / share.denominator) if share.denominator else "—"
    unit = f"{text.angka(share.numerator)} dari {text.angka(share.denominator)} unit barang yang dipesan diterima baik"
    state, word = ("done", "lengkap") if share.denominator and share.numerator == share.denominator else ("waiting", "belum lengkap")
    return Block("Barang", part, unit, state, word, _link("receipts", election), "Lihat penerimaan", mark=" ".join(gauge.marks))


def _packing(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "packing.read"):
        return None
    total = packing.progress(election, request.at).total
    scans = shell.may(request, "packing.scan")
    state, word = ("overdue", f"{total.with_flags} ditandai") if total.with_flags else ("waiting" if total.boxes else "unknown", "berjalan")
    href, action = (_link("packing_station", election), "Mulai mengepak") if scans else (_link("packing", election), "Lihat pengepakan")
    unit = f"dari {text.angka(total.boxes)} kotak disegel"
    return Block("Pengepakan", text.angka(total.sealed), unit, state, word if total.boxes else "belum ada kotak", href, action)


def _transfers(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "transfers.read"):
        return None
    trips = transfers.transfers(election, request.at)
    mine = _reach(request, "transfers.read")
    moving = [
        t for t in trips if t.state in {"approved", "sent"} and any(access_rules.within(p, mine) for p in (t.leg.giver, t.leg.receiver))
    ]
    state, word = ("waiting", "di jalan atau menunggu berangkat") if moving else ("done", "tidak ada")
    return Block("Geser surat suara", text.angka(len(moving)), "perjalanan", state, word, _link("transfers", election), "Lihat perjalanan")


def _recommendations(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "recommendations.read"):
        return None
    agency = request.person.agency
    shown = [r for r in recommendations.listing(election, request.at) if recommendations.visible_to(r, agency)]
    issued = [r for r in shown if r.issued_at is not None]
    mine = [r for r in issued if r.addressee == agency] if agency not in {"KEJARI", "BAWASLU"} else issued
    still = [r for r in mine if not r.ended and r.state in recommendation_rules.FROZEN and r.decided_at is None]
    late = sum(r.overdue(request.at) for r in mine)
    state, word = ("overdue", f"{late} lewat tenggat") if late else ("waiting", "menunggu jawaban") if still else ("done", "semua dijawab")
    unit = f"dari {text.angka(len(mine))} rekomendasi menunggu jawaban"
    action = "Jawab rekomendasi" if shell.may(request, "recommendations.answer") else "Lihat rekomendasi"
    said = (
        "Posko memberi saran; lembaga Anda yang memutuskan. Menolak dengan alasan adalah jawaban yang sah."
        if mine and agency != "KEJARI"
        else ""
    )
    return Block("Rekomendasi", text.angka(len(still)), unit, state, word, _link("recommendations", election), action, said)


def _asked(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "pledges.make"):
        return None
    found = pledges.standing(election, request.at)
    mine = [a for a in found.asks if a.ask.agency == request.person.agency]
    still = [a for a in mine if a.answer in {pledge_rules.Answer.OPEN, pledge_rules.Answer.PARTLY}]
    state, word = ("waiting", "belum dijawab penuh") if still else ("done", "semua dijawab")
    unit = f"dari {text.angka(len(mine))} permintaan dukungan belum terpenuhi"
    return Block("Yang diminta dari kami", text.angka(len(still)), unit, state, word, _link("pledges", election), "Jawab permintaan")


def _pledged(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "pledges.read"):
        return None
    agency = request.person.agency
    owner = {agency} if agency in pledge_rules.AGENCIES else set(pledge_rules.AGENCIES)
    mine = [p for p in pledges.listing(election, request.at) if p.owner in owner and p.live]
    firm = sum(p.firm for p in mine)
    state, word = ("done", "semua pasti") if firm == len(mine) else ("waiting", f"{len(mine) - firm} belum pasti")
    title = "Yang kami janjikan" if agency in pledge_rules.AGENCIES else "Janji dukungan"
    unit, action = f"dari {text.angka(len(mine))} janji sudah pasti", "Lihat janji"
    return Block(title, text.angka(firm), unit, state, word if mine else "belum ada janji", _link("pledges", election), action)


def _escorts(request: shell.Request, election: str) -> Block | None:
    if request.person.agency != "POLRES" or not shell.may(request, "pledges.read"):
        return None
    police = [p for p in pledges.listing(election, request.at) if p.live and p.kind is pledge_rules.Kind.POLICE]
    people = sum(p.count for p in police)
    state, word = ("good", "terdaftar") if police else ("unknown", "belum ada personel terdaftar")
    unit = f"personel dalam {text.angka(len(police))} penugasan: TPS, gudang, jalur"
    return Block("Pengamanan dan pengawalan", text.angka(people), unit, state, word, _link("home_roster", election), "Buka daftar per hari")


def _keys(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "keys.hand"):
        return None
    every = [k for k in keys.listing(election, request.at) if not k.lost]
    mine = [k for k in every if k.holder == request.person.agency]
    coming = sum(k.underway == request.person.agency for k in every)
    state, word = (
        ("waiting", f"{coming} menunggu Anda benarkan") if coming else ("good", "tercatat") if every else ("unknown", "belum terdaftar")
    )
    unit = f"dari {text.angka(len(every))} kunci gudang pada kami"
    return Block("Kunci gudang", text.angka(len(mine)), unit, state, word, _link("keys", election), "Buka buku kunci")


def _rakor(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "rakor.read"):
        return None
    agency = request.person.agency
    coming = [m for m in rakor.meetings(election, request.at) if rakor.concerns(m, agency) and not m.cancelled and m.ends_at >= request.at]
    owed = [d for d in rakor.decisions(election, request.at) if d.owner == agency and d.done_at is None]
    late = sum(d.overdue(request.at) for d in owed)
    state, word = (
        ("overdue", f"{late} keputusan lewat tenggat") if late else ("waiting", "keputusan berjalan") if owed else ("done", "beres")
    )
    if not coming:
        unit = f"keputusan rakor pada kami; {len(owed)} belum selesai" if owed else "rakor mendatang belum dijadwalkan"
        return Block("Rakor", text.angka(len(owed)) if owed else "—", unit, state, word, _link("rakor", election), "Buka rakor")
    soon = min(coming, key=lambda m: m.starts_at)
    said = f"{soon.title}, {soon.place}. Keputusan pada kami yang belum selesai: {len(owed)}."
    href = _link("rakor_meeting", election, soon.code)
    title = "Rakor sedang berlangsung" if soon.starts_at <= request.at else "Rakor berikutnya"
    return Block(title, text.waktu(soon.starts_at), "", state, word, href, "Buka rakor", said, soon.mark)


def _requests(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "requests.read"):
        return None
    agency = request.person.agency
    shown = requests.visible(request.person, election, request.at)
    mine = [r for r in shown if r.asked == agency and r.state in WAITING]
    late = sum(r.due_at < request.at for r in mine)
    state, word = ("overdue", f"{late} lewat tenggat") if late else ("waiting", "menunggu jawaban") if mine else ("done", "tidak ada")
    unit = "permintaan lembaga lain menunggu jawaban kami"
    return Block("Permintaan antarlembaga", text.angka(len(mine)), unit, state, word, _link("requests", election), "Buka permintaan")


def _aght(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "aght.read"):
        return None
    items = [a for a in aght.register(election, request.at, shell.scope(request, "aght.read")) if a.standing.value == "open"]
    worst = (
        f"Teratas: {items[0].code}, sekitar {text.angka(items[0].loss.expected)} pemilih terancam." if items else "Belum ada butir terbuka."
    )
    state, word = ("waiting", "terbuka") if items else ("unknown", "belum ada butir")
    return Block("AGHT", text.angka(len(items)), "butir terbuka", state, word, _link("aght_map", election), "Buka peta", worst)


def _reports(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "reports.read"):
        return None
    found = [r for r in reports.listing(election, request.at, shell.scope(request, "reports.read")) if r.status.value == "received"]
    state, word = ("waiting", "belum dinilai") if found else ("done", "semua sudah dibaca")
    return Block("Laporan masuk", text.angka(len(found)), "laporan belum dinilai", state, word, _link("reports", election), "Nilai laporan")


def _post(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "posts.log"):
        return None
    mine = _reach(request, "posts.log")
    own = [p for p in posts.listing(election, request.at) if p.open and access_rules.within(p.place, mine)]
    beats = posts.beats(election, request.at)
    quiet = sum(p.code in beats and beats[p.code].missed for p in own)
    state, word = ("overdue", f"{quiet} tidak menjawab") if quiet else ("good", "menjawab") if own else ("unknown", "belum ada pos")
    return Block("Posko kami", text.angka(len(own)), "pos terbuka", state, word, _link("posts", election), "Tandai hidup")


def _releases(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "releases.read"):
        return None
    newest, waits = releases.latest(election, request.at), releases.open_proposal(election, request.at)
    figure = f"nomor {newest.number}" if newest else "belum ada"
    unit = f"data per {text.waktu(newest.data_at)}" if newest else "yang dibaca umum"
    approve = waits is not None and shell.may(request, "releases.approve")
    state, word = ("waiting", "usulan menunggu persetujuan") if waits else ("done", "terbit") if newest else ("unknown", "belum terbit")
    return Block(
        "Halaman publik", figure, unit, state, word, _link("releases", election), "Setujui terbitan" if approve else "Buka terbitan"
    )


def _neutrality(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "neutrality.read"):
        return None
    runs = neutrality.audits(election, request.at)
    if not runs:
        return Block("Uji netral", "—", "", "unknown", "belum pernah diuji", _link("neutrality", election), "Buka uji netral")
    alarms = len(neutrality.signals(election, request.at))
    state, word = ("overdue", f"{alarms} perlu diperiksa") if alarms else ("plain", "tidak ada yang ditemukan, atau belum cukup data")
    return Block("Uji netral", runs[0].code, text.waktu(runs[0].ran_at), state, word, _link("neutrality", election), "Buka uji netral")


def _journal(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "record.read"):
        return None
    size, root = journal.root()
    said = f"Akar {root[:16]}… dicetak dalam notula setiap rakor."
    return Block("Jurnal", text.angka(size), "catatan", "plain", "hanya bertambah", _link("record", election), "Periksa jurnal", said)


def _bundle(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "bundles.take"):
        return None
    said = "Semua yang diterbitkan, jurnal, dan program yang menghitung ulang; cukup Python."
    return Block("Berkas pengawas", "1", "berkas", "plain", "siap diunduh", _link("bundles", election), "Ambil berkas", said)


def _misuse(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "misuse.read"):
        return None
    said = "Hanya Bawaslu yang membacanya; posko tidak tahu isi maupun jumlahnya."
    return Block("Pengaduan tentang posko", "", "", "plain", "kotak tersendiri", _link("misuse", election), "Buka pengaduan", said)


def _plan(request: shell.Request, election: str) -> Block | None:
    if not shell.may(request, "distribution.read"):
        return None
    stored = distribution.current_plan(election, request.at)
    if stored is None:
        return Block("Rencana distribusi", "—", "", "unknown", "belum ada rencana", _link("distribution", election), "Buka distribusi")
    said = "Rencana, bukan kenyataan: perjalanan yang sudah terjadi belum dicatat di sini."
    unit, href = "perjalanan direncanakan", _link("distribution", election)
    return Block("Rencana distribusi", text.angka(len(stored.plan.trips)), unit, "plain", "rencana", href, "Buka rencana", said)


# What each agency does first. A person sees those that the policy gives.
ORDER: dict[str, tuple[Maker, ...]] = {
    "KPU": (
        _tasks, _signals, _readiness, _goods, _packing, _recommendations, _rakor, _requests, _releases, _plan, _keys, _transfers,
    ),
    "KEJARI": (_tasks, _signals, _reports, _aght, _recommendations, _rakor, _requests, _readiness, _goods, _post, _neutrality),
    "KEJATI": (_tasks,),
    "POLRES": (_tasks, _escorts, _keys, _asked, _pledged, _recommendations, _rakor, _requests, _signals, _plan, _aght, _readiness),
    "PEMDA": (_tasks, _asked, _pledged, _recommendations, _rakor, _requests, _keys, _signals, _readiness, _goods),
    "BAWASLU": (
        _tasks, _readiness, _goods, _signals, _recommendations, _aght, _rakor, _requests, _releases, _bundle, _neutrality, _journal,
        _misuse, _packing, _plan, _pledged,
    ),
    "PPK": (_tasks, _readiness, _packing, _transfers, _post, _goods),
    "PPS": (_tasks, _readiness, _packing, _transfers, _post),
    "KPPS": (_tasks,),
    "ADMIN": (_tasks, _journal),
}  # fmt: skip


def _buttons(request: shell.Request, election: str) -> list[Button]:
    """The large buttons of those who work in the field; a KPPS has its own TPS, others choose."""
    agency = request.person.agency
    if agency not in {"KPPS", "PPS", "PPK"} and not any(g.role == "kpu.gudang" for g in request.person.grants):
        return []
    station = _station(request, election)
    found = []
    if station and shell.may(request, "readiness.check"):
        found.append(Button(_link("readiness_check", election, station.code), "Laporkan keadaan TPS", "barang, segel, tempat, petugas"))
        found.append(
            Button(_link("transfers_report_tps", election, station.code), "Laporkan surat suara kurang", "atau lebih: hitung dan kirim")
        )
    elif agency in {"PPS", "PPK"}:
        found.append(Button(_link("readiness", election), "Laporkan keadaan TPS", "pilih TPS dari daftar"))
        found.append(Button(_link("transfers_report", election), "Laporkan surat suara kurang", "pindai atau cari TPS"))
    if station and _at_pps(request, station.code):
        found.append(Button(_link("custody_pass_on", election, station.code), "Terima kotak TPS", "hitung, lihat segel, terima dari PPS"))
    if station and request.at >= request.election.voting_at and not _came_back(request, station.code):
        found.append(Button(_link("custody_pass_back", election, station.code), "Serahkan kotak hasil", "sesudah penghitungan, kepada PPS"))
    if shell.may(request, "custody.read") and shell.may(request, "custody.record"):
        found.append(Button(_link("custody", election), "Serah terima kotak", "muat, berangkat, tiba, terima"))
    if shell.may(request, "packing.scan"):
        found.append(Button(_link("packing_station", election), "Mulai mengepak", "pindai kotak"))
    if shell.may(request, "receipts.record"):
        found.append(Button(_link("receipts", election), "Terima barang", "hitung kiriman"))
    if shell.may(request, "reports.file"):
        found.append(Button(_link("reports_phone", election), "Laporkan gangguan", "yang Anda lihat atau dengar"))
    return found


def _at_pps(request: shell.Request, tps: str) -> bool:
    """Whether the goods of a TPS stand at a place and not yet with its KPPS."""
    held = custody.state(request.election.code, request.at).holdings.get(f"K:{tps}")
    return held is not None and not held.trip and held.holder.agency != "KPPS"


def _came_back(request: shell.Request, tps: str) -> bool:
    """Whether the goods of a TPS are on their way back already."""
    held = custody.state(request.election.code, request.at).holdings.get(f"K:{tps}")
    return held is not None and held.way != ""


def _station(request: shell.Request, election: str) -> Any:
    """The one TPS of a KPPS; None for everybody else."""
    mine = _reach(request, "readiness.check")
    return next((t for t in places.tps_list(election) if t.code == mine), None) if mine.count(".") >= 4 else None


@shell.page("home.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The page of this person's role."""
    makers = ORDER.get(request.person.agency, (_tasks,))
    if not shell.may(request, "inbox.read"):
        makers = tuple(m for m in makers if m is not _tasks)
    blocks = [block for maker in makers if (block := maker(request, election)) is not None]
    station = _station(request, election)
    voting = request.election.voting_at
    waiting = shell.tasks_of(request, request.election)
    roles = [shell.ROLE_NAMES.get(g.role, g.role) for g in request.person.grants if g.holds(request.at)]
    context = {
        "blocks": blocks, "buttons": _buttons(request, election), "station": station, "roles": ", ".join(dict.fromkeys(roles)),
        "days": (journal.local_date(voting) - journal.local_date(request.at)).days, "may_board": shell.may(request, "board.read"),
        "may_misuse": shell.may(request, "misuse.file"), "tasks": waiting[:5], "more": len(waiting[5:]),
    }  # fmt: skip
    return render(request, "desk/home/index.html", context)


# --- the roster of the police ----------------------------------------------------------------------------------------------


def _days(request: shell.Request) -> list[date]:
    first = journal.local_date(request.election.voting_at) - timedelta(days=3)
    return [first + timedelta(days=n) for n in range(5)]


def _roster(request: shell.Request, election: str) -> list[dict[str, Any]]:
    """Day by day: place, how many, unit, from, until, firm; gaps in the plan are not invented."""
    known = pledges.known_places(election)
    police = [p for p in pledges.listing(election, request.at) if p.live and p.kind is pledge_rules.Kind.POLICE]
    found = []
    for day in _days(request):
        rows: list[dict[str, Any]] = [
            {"unit": p.asset, "count": p.count, "places": [known[c].name if c in known else c for c in p.places], "from_at": p.from_at,
             "until_at": p.until_at, "firm": p.firm, "pattern": p.pattern, "code": p.code, "mark": p.mark}
            for p in police
            if journal.local_date(p.from_at) <= day <= journal.local_date(p.until_at)
        ]  # fmt: skip
        rows.sort(key=lambda r: (r["from_at"], r["unit"]))
        found.append({"day": day, "rows": rows, "people": sum(r["count"] for r in rows)})
    return found


@shell.page("pledges.read")
def roster(request: shell.Request, election: str) -> HttpResponse:
    """Personnel by day and place, as pledged."""
    return render(
        request, "desk/home/roster.html", {"days": _roster(request, election), "voting": journal.local_date(request.election.voting_at)}
    )


@shell.page("pledges.read")
def roster_pdf(request: shell.Request, election: str) -> HttpResponse:
    """The same on paper."""
    days = [
        {
            "day": text.tanggal(d["day"]), "people": text.angka(d["people"]),
            "rows": [
                [r["unit"], text.angka(r["count"]), "; ".join(r["places"]), text.waktu(r["from_at"]), text.waktu(r["until_at"]),
                 "pasti" if r["firm"] else "ditawarkan"]
                for r in d["rows"]
            ],
        }
        for d in _roster(request, election)
    ]  # fmt: skip
    marks = sorted({r["mark"] for d in _roster(request, election) for r in d["rows"] if r["mark"]})
    values = {
        "paper": "f4" if request.GET.get("kertas") == "f4" else "a4", "agency": "Kepolisian Resor", "place": journal.installation().name,
        "title": "Daftar pengamanan dan pengawalan", "subtitle": "menurut janji personel, H-3 sampai H+1", "marks": marks, "days": days,
        "stamp": f"keadaan {text.waktu(request.at)}", "footer": request.election.name,
    }  # fmt: skip
    response = HttpResponse(document.pdf("daftar-pengamanan", values, request.at), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="daftar-pengamanan.pdf"'
    return response


urlpatterns = [
    path("<slug:election>/beranda/", index, name="home"),
    path("<slug:election>/beranda/pengamanan/", roster, name="home_roster"),
    path("<slug:election>/beranda/pengamanan.pdf", roster_pdf, name="home_roster_pdf"),
]
SENTENCES: dict[str, str] = {}
TASKS: dict[str, tuple[str, str]] = {}
HITS: dict[str, str] = {}
