"""Stage keys: screens. Who holds which key of the warehouse, handing over, and the log of openings."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import shell
from posko.domain import keys as rules
from posko.domain import record as facts
from posko.formats import table, text
from posko.store import access, keys

WHYS = {
    rules.Why.GOODS_IN: "barang masuk", rules.Why.GOODS_OUT: "barang keluar", rules.Why.WORK: "sortir atau pengepakan",
    rules.Why.INSPECTION: "pemeriksaan", rules.Why.EMERGENCY: "keadaan darurat",
}  # fmt: skip
ACTS = {
    rules.Act.REGISTER: "didaftarkan", rules.Act.GIVE: "diserahkan", rules.Act.RECEIVE: "diterima", rules.Act.KEEP: "penyerahan dibatalkan",
    rules.Act.LOSE: "dinyatakan hilang",
}  # fmt: skip
AGENCIES = {"KPU": "KPU", "POLRES": "Polres", "PEMDA": "Pemda"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _row(request: shell.Request, key: rules.Key, sites: dict[str, str], names: dict[str, str], mine: bool) -> dict[str, Any]:
    agency = request.person.agency
    state, word = ("overdue", "hilang") if key.lost else ("waiting", "menunggu diterima") if key.underway else ("done", "dipegang")
    return {
        "key": key, "site": sites.get(key.site, key.site), "state": state, "word": word, "holder": AGENCIES.get(key.holder, key.holder),
        "to": AGENCIES.get(key.underway, key.underway), "others": [(c, n) for c, n in AGENCIES.items() if c != key.holder],
        "may_give": mine and not key.lost and not key.underway and agency == key.holder,
        "may_keep": mine and bool(key.underway) and agency == key.holder,
        "may_receive": mine and key.underway == agency,
        "events": [
            {"word": ACTS[e.act], "at": e.at, "to": AGENCIES.get(e.to, e.to), "who": names.get(e.person, e.person), "agency": e.agency}
            for e in reversed(key.events)
        ],
    }  # fmt: skip


@shell.page("keys.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Keys, openings, and the forms for them."""
    sites, names = keys.warehouses(election), access.names()
    mine = shell.may(request, "keys.hand")
    openings = [
        {
            "at": o.at, "site": sites.get(o.site, o.site), "why": WHYS[o.why], "who": names.get(o.person, o.person), "agency": o.agency,
            "second": names.get(o.second, o.second), "second_agency": o.second_agency, "out": o.out_of_hours, "mark": o.mark,
        }
        for o in keys.openings(election, request.at)
    ]  # fmt: skip
    context = {
        "rows": [_row(request, key, sites, names, mine) for key in keys.listing(election, request.at)], "openings": openings,
        "sites": sorted(sites.items()), "whys": [(w.value, word) for w, word in WHYS.items()], "agencies": AGENCIES.items(),
        "may_register": shell.may(request, "keys.set"), "may_open": shell.may(request, "keys.open"),
        "closed_now": rules.out_of_hours(request.at), "typed": request.POST,
    }  # fmt: skip
    return render(request, "desk/keys/index.html", context)


def _tried(request: shell.Request, election: str, done: str, what: Any) -> HttpResponse:
    try:
        what()
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
    else:
        shell.done(request, done)
    return redirect("desk:keys", election)


@shell.page("keys.set")
def register(request: shell.Request, election: str) -> HttpResponse:
    """Registers a key."""
    if request.method != "POST":
        return redirect("desk:keys", election)
    typed = request.POST.get("number", "").strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    site, holder = request.POST.get("site", ""), request.POST.get("holder", "")
    return _tried(
        request, election, f"Kunci {number} didaftarkan.",
        lambda: keys.register(election, site, number, holder, shell.actor(request), request.at),
    )  # fmt: skip


@shell.page("keys.hand")
def act(request: shell.Request, election: str) -> HttpResponse:
    """Gives, receives, takes a hand-over back, or calls a key lost."""
    what = next((a for a in rules.Act if a.value == request.POST.get("act", "")), None)
    if request.method != "POST" or what in {None, rules.Act.REGISTER}:
        return redirect("desk:keys", election)
    code, to, seen = (request.POST.get(name, "") for name in ("key", "to", "seen"))
    assert what is not None
    said = {
        rules.Act.GIVE: "Penyerahan dicatat. Kunci berpindah sesudah penerima membenarkan.", rules.Act.RECEIVE: "Kunci diterima.",
        rules.Act.KEEP: "Penyerahan dibatalkan; kunci tetap pada Anda.",
        rules.Act.LOSE: "Kunci dinyatakan hilang. Ganti gemboknya, lalu daftarkan kunci baru.",
    }[what]  # fmt: skip
    return _tried(request, election, said, lambda: keys.act(election, code, what, shell.actor(request), request.at, to=to, seen=seen))


@shell.page("keys.open")
def opened(request: shell.Request, election: str) -> HttpResponse:
    """The warehouse is opened; out of hours with a second person of another agency, who signs here."""
    if request.method != "POST":
        return redirect("desk:keys", election)
    why = next((w for w in rules.Why if w.value == request.POST.get("why", "")), rules.Why.WORK)

    def what() -> None:
        second = None
        if request.POST.get("second", "").strip():
            person = shell.countersigned(request, "keys.open")
            second = facts.Actor(person.id, person.agency)
        keys.open_warehouse(election, request.POST.get("site", ""), why, shell.actor(request), request.at, second)

    return _tried(request, election, "Pembukaan gudang dicatat.", what)


@shell.page("keys.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """Keys with their history, and openings."""
    sites, names = keys.warehouses(election), access.names()
    steps = [
        [k.number, sites.get(k.site, k.site), ACTS[e.act], text.waktu(e.at), names.get(e.person, e.person), e.agency, e.to, k.mark]
        for k in keys.listing(election, request.at)
        for e in k.events
    ]
    opened_rows = [
        [text.waktu(o.at), sites.get(o.site, o.site), WHYS[o.why], names.get(o.person, o.person), o.agency, names.get(o.second, o.second),
         o.second_agency, "ya" if o.out_of_hours else "", o.mark]
        for o in keys.openings(election, request.at, 5000)
    ]  # fmt: skip
    sheets: dict[str, list[list[Any]]] = {
        "Kunci": [["Kunci", "Gudang", "Langkah", "Waktu", "Oleh", "Lembaga", "Kepada", "Tanda"], *steps],
        "Pembukaan": [
            ["Waktu", "Gudang", "Sebab", "Oleh", "Lembaga", "Orang kedua", "Lembaga kedua", "Di luar jam kerja", "Tanda"],
            *opened_rows,
        ],
    }
    response = HttpResponse(table.xlsx(sheets), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="kunci-gudang.xlsx"'
    return response


urlpatterns = [
    path("<slug:election>/kunci/", index, name="keys"),
    path("<slug:election>/kunci/daftar/", register, name="keys_register"),
    path("<slug:election>/kunci/langkah/", act, name="keys_act"),
    path("<slug:election>/kunci/buka/", opened, name="keys_open"),
    path("<slug:election>/kunci/ekspor.xlsx", export, name="keys_export"),
]
SENTENCES: dict[str, str] = {
    "keys.unknown": "Kunci atau gudang {code} tidak ada. Muat ulang halaman.",
    "keys.exists": "Kunci {key} sudah terdaftar. Pakai nomor lain.",
    "keys.bad_number": "Nomor kunci dari 1 sampai {most}.",
    "keys.not_holder": "Kunci {key} dipegang {holder}; hanya lembaga itu yang dapat menyerahkannya.",
    "keys.no_holder": "Pilih lembaga penerima: KPU, Polres, atau Pemda, dan bukan pemegangnya sekarang.",
    "keys.underway": "Kunci {key} sedang menunggu dibenarkan {agency}.",
    "keys.nothing_underway": "Tidak ada penyerahan kunci {key} yang menunggu.",
    "keys.not_receiver": "Penyerahan kunci {key} ditujukan kepada {agency}; lembaga itu yang membenarkan.",
    "keys.gone": "Kunci {key} sudah dinyatakan hilang. Daftarkan kunci baru sesudah gembok diganti.",
    "keys.one_agency": "Di luar jam kerja gudang dibuka oleh dua orang dari dua lembaga. Minta orang kedua masuk di formulir ini.",
    "keys.seen_other": "Kunci {key} sudah berpindah sejak halaman ini dibuka. Periksa lagi, lalu ulangi.",
}
TASKS: dict[str, tuple[str, str]] = {
    "keys.receive": ("Benarkan penerimaan kunci gudang {label}", "desk:keys"),
    "keys.unconfirmed": ("Kunci gudang {label} belum dibenarkan penerimanya", "desk:keys"),
}
HITS: dict[str, str] = {}
