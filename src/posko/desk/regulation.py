"""Stage regulation: screens."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from posko.desk import shell
from posko.domain import receipts as typed
from posko.domain import record as facts
from posko.domain import regulation as rules
from posko.formats import text
from posko.store import regulation

GRADE_WORDS = {
    "law": "undang-undang",
    "regulation": "peraturan KPU",
    "verified": "teruji dengan angka terbit",
    "inferred": "disimpulkan dari angka terbit",
    "implied": "tersirat dari satu angka",
    "memory": "dari ingatan",
    "unknown": "belum diketahui",
}
GRADE_MEANINGS = (
    ("law", "teks undang-undang terbaca; langsung dihitung"),
    ("regulation", "teks peraturan terbaca atau dikutip; langsung dihitung"),
    ("verified", "cocok tepat dengan paling sedikit dua angka terbit; langsung dihitung"),
    ("inferred", "disimpulkan kuat dari angka terbit, teksnya belum terbaca; langsung dihitung"),
    ("implied", "rasio dari satu angka nasional; dihitung setelah operator mengonfirmasi dengan rujukan"),
    ("memory", "dari ingatan; dihitung setelah operator mengonfirmasi dengan rujukan"),
    ("unknown", "jumlah belum pernah terlihat; operator mengisi jumlah dan rujukannya"),
)
PER_WORDS = {
    "tps": "per TPS",
    "tps_contest": "per TPS per jenis pemilihan",
    "box": "per kotak TPS",
    "booth": "per bilik",
    "pps": "per PPS",
    "ppk": "per PPK",
    "ppk_box": "per kotak PPK",
    "kpu": "untuk KPU kabupaten/kota",
    "contest": "per jenis pemilihan",
    "dapil": "per dapil per jenis pemilihan",
}
ROUNDING_WORDS = {
    "ceil_per_tps": "dibulatkan ke atas di setiap TPS",
    "ceil_per_region": "dibulatkan ke atas satu kali untuk seluruh wilayah",
    "half_up": "dibulatkan ke bilangan terdekat di setiap TPS",
}
PLACE_WORDS = {"KPU": "KPU kabupaten/kota", "TPS": "TPS", "gudang": "gudang", "pulau": "pulau"}


def rule_text(use: rules.Use) -> str:
    """4 per TPS; ? per TPS; sejumlah pemilih dan cadangan."""
    if use.formula is rules.Formula.BALLOTS:
        return "pemilih DPT + cadangan, per TPS per jenis pemilihan"
    amount = use.quantity if use.confirmation is None else use.confirmation.quantity
    shown = "?" if amount is None else text.angka(amount)
    if use.formula is rules.Formula.CONTESTS:
        return f"{shown} per jenis pemilihan, {PER_WORDS[use.per]}"
    return f"{shown} {PER_WORDS[use.per]}"


def use_state(use: rules.Use) -> tuple[str, str]:
    """State code and word of a row."""
    if use.confirmation is not None:
        return "done", "dikonfirmasi"
    if use.known:
        return "done", "dihitung"
    return ("unknown", "jumlah belum diketahui") if use.quantity is None else ("waiting", "menunggu konfirmasi")


def _use(item: rules.Item, use: rules.Use) -> dict[str, Any]:
    state, word = use_state(use)
    return {
        "item": item,
        "use": use,
        "rule": rule_text(use),
        "grade": GRADE_WORDS[use.grade.value],
        "state": state,
        "word": word,
        "confirmation": use.confirmation,
        "asks": use.asks,
    }


@shell.page("regulation.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """Items, quantities, articles and grades; the calendar."""
    try:
        book, source = regulation.rulebook(election, request.at), regulation.source(election)
    except facts.Refusal as refusal:
        return render(request, "desk/regulation/none.html", {"sentence": shell.sentence(refusal)})
    reserve = book.reserve
    context = {
        "book": book,
        "source": source,
        "legal": "; ".join(book.legal),
        "contests": book.contests_in(request.election.region),
        "reserve": {
            "rate": text.desimal(reserve.rate_permille / 10, 1 if reserve.rate_permille % 10 else 0),
            "rounding": ROUNDING_WORDS[reserve.rounding],
            "article": reserve.article,
            "grade": GRADE_WORDS[reserve.grade.value],
            "rounding_article": reserve.rounding_article,
            "rounding_grade": GRADE_WORDS[reserve.rounding_grade.value],
        },
        "rows": [_use(item, use) for item in book.items for use in item.uses],
        "unknown": book.unknown(),
        "critical_unknown": [item for item in book.unknown() if item.critical],
        "milestones": _milestones(request, election),
        "grades": [(GRADE_WORDS[code], meaning) for code, meaning in GRADE_MEANINGS],
        "may_confirm": shell.may(request, "regulation.confirm"),
    }
    return render(request, "desk/regulation/index.html", context)


def _milestones(request: shell.Request, election: str) -> list[dict[str, Any]]:
    found = []
    for one in regulation.milestones(election, request.at):
        left = rules.days_left(one.due_at, request.at)
        past = one.due_at < request.at
        days = "lewat" if past else "hari ini" if left == 0 else f"{left} hari lagi"
        place = PLACE_WORDS.get(one.place, one.place)
        found.append({"milestone": one, "past": past, "left": days, "place": place, "grade": GRADE_WORDS[one.grade.value]})
    return found


@shell.page("regulation.read")
def item(request: shell.Request, election: str, code: str) -> HttpResponse:
    """An item: every use, who confirmed what."""
    book = regulation.rulebook(election, request.at)
    found = book.item(code)
    if found is None:
        shell.refused(request, rules.UnknownUse(item=code, use=""))
        return redirect("desk:regulation", election)
    context = {
        "item": found,
        "rows": [_use(found, use) for use in found.uses],
        "history": [
            {"said": c, "use": getattr(found.use(c.use), "name", c.use)} for c in regulation.confirmations(election, request.at, code)
        ],
        "may_confirm": shell.may(request, "regulation.confirm"),
    }
    return render(request, "desk/regulation/item.html", context)


@shell.page("regulation.confirm")
def confirm(request: shell.Request, election: str, code: str, use: str) -> HttpResponse:
    """Confirm a quantity with its citation."""
    found = regulation.rulebook(election, request.at).item(code)
    row = found.use(use) if found else None
    if found is None or row is None:
        shell.refused(request, rules.UnknownUse(item=code, use=use))
        return redirect("desk:regulation", election)
    if request.method == "POST":
        written = request.POST.get("quantity", "").strip()
        try:
            quantity = typed.pieces(written) if written else None
            regulation.confirm(election, code, use, quantity, request.POST.get("citation", ""), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{found.name}: jumlah disimpan. Hitung ulang kebutuhan supaya berlaku.")
            return redirect("desk:regulation_item", election, code)
    context = {"row": _use(found, row), "item": found, "use": row, "per": PER_WORDS[row.per], "typed": request.POST}
    return render(request, "desk/regulation/confirm.html", context)


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


urlpatterns: list[URLPattern] = [
    path("<slug:election>/aturan/", index, name="regulation"),
    path("<slug:election>/aturan/<slug:code>/", item, name="regulation_item"),
    path("<slug:election>/aturan/<slug:code>/<slug:use>/konfirmasi/", confirm, name="regulation_confirm"),
]
SENTENCES: dict[str, str] = {
    "regulation.citation_missing": "{item}, {use}: tulis rujukannya, misalnya nomor keputusan dan halaman lampiran.",
    "regulation.quantity_missing": "{item}, {use}: belum ada jumlah. Isi jumlah yang Anda baca.",
    "regulation.bad_quantity": "{item}, {use}: {quantity} di luar 0 sampai 100.000.",
    "regulation.unknown_use": "Barang {item} atau kegunaannya tidak ada di buku aturan ini.",
    "regulation.nothing_to_confirm": "{item}, {use}: jumlahnya sudah pasti dari aturan, tidak perlu dikonfirmasi.",
    "regulation.no_rulebook": "Buku aturan {rulebook} tidak ada atau salah isi. {problems}",
}
TASKS: dict[str, tuple[str, str]] = {
    "regulation.confirm": ("Konfirmasi jumlah {label} dengan rujukannya (barang kritis)", "desk:regulation_confirm"),
    "regulation.due": ("Tenggat mendekat: {label}", "desk:regulation"),
}
HITS: dict[str, str] = {"item": "desk:regulation_item"}
