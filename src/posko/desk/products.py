"""Stage products: the list, one click for the day, the editor, the preview, the head's signature, receipts, the register."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from posko.desk import evidence as evidence_desk
from posko.desk import record as journal
from posko.desk import shell
from posko.domain import access as access_rules
from posko.domain import products as rules
from posko.domain import record as facts
from posko.domain.products import Act, State, Type
from posko.formats import picture, table, text
from posko.formats import pledges as moments
from posko.formats import products as papers
from posko.formats import reports as report_words
from posko.store import access, aght, products, record, reports

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HELP = {
    Type.INFORMATION: "satu laporan yang masuk", Type.DAILY: "hari ini, sekali klik", Type.SPECIAL: "satu butir AGHT yang berat",
    Type.STUDY: "satu masalah: fakta, analisa, kesimpulan, saran", Type.OUTLOOK: "minggu ini, skenario dengan peluang",
    Type.MAP: "kelas, gatra, desa, daftar butir",
}  # fmt: skip
SAID = {
    Act.DRAFT: "menyusun draf", Act.REVISE: "mengubah draf", Act.SUBMIT: "mengajukan; isi dibekukan", Act.RETURN: "mengembalikan",
    Act.SIGN: "menandatangani", Act.DISCARD: "membuang draf; kata-katanya dihapus", Act.REPLACE: "menandatangani penggantinya",
}  # fmt: skip
MOST_PROOFS = 3
CLASSES = {"biasa": "biasa", "terbatas": "terbatas"}


def _at_product(act: str) -> shell.Locate:
    def locate(request: shell.Request, election: str, code: str) -> access_rules.Thing:
        found = next((p for p in products.listing(election, request.at, figures=False) if p.code == code), None)
        return shell.here(request, act) if found is None else products.reading(found, request.election.region)

    return locate


def _product(request: shell.Request, election: str, code: str) -> rules.Product:
    try:
        return products.get(election, code, request.at)
    except rules.Unknown as refusal:
        raise Http404(code) from refusal


def _row(p: rules.Product) -> dict[str, Any]:
    state, word = papers.STATES[p.state]
    return {
        "p": p, "type": papers.TYPES[p.kind], "short": papers.SHORT[p.kind], "state": state, "word": word,
        "received": len(p.receipts), "recipients": len(p.asked), "daily": p.kind is Type.DAILY,
    }  # fmt: skip


# --- list ------------------------------------------------------------------------------------------------------------------------


@shell.page("products.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """All products, the newest first; what may be begun."""
    rows = [_row(p) for p in reversed(_readable(request, election))]
    since, until = rules.day_of(request.at, products.hour(election, request.at))
    today = next((r for r in rows if r["daily"] and r["p"].until_at == until and r["p"].state is not State.DISCARDED), None)
    context = {
        "rows": rows,
        "types": [(t.value, papers.TYPES[t], HELP[t]) for t in Type if t is not Type.DAILY],
        "since": since,
        "until": until,
        "today": today,
        "inside": _inside(request),
        "unset": [papers.SHORT[t] for t in Type if not products.config(election, request.at).get(t.value)],
        **_may(request),
    }
    return render(request, "desk/products/index.html", context)


def _may(request: shell.Request) -> dict[str, bool]:
    return {f"may_{act}": shell.may(request, f"products.{act}") for act in ("make", "sign")}


def _readable(request: shell.Request, election: str) -> list[rules.Product]:
    return products.readable(products.listing(election, request.at), request.person, election, request.at)


def _inside(request: shell.Request) -> bool:
    """Whether this person reads how a product came about: the post's own and Bawaslu."""
    return request.person.agency in {"KEJARI", "BAWASLU"}


@shell.page("products.make")
def daily(request: shell.Request, election: str) -> HttpResponse:
    """One click: the day's report as a draft, ready to be submitted."""
    if request.method == "POST":
        body = rules.Body("", {}, "biasa", rules.DEFAULT_RECIPIENTS[Type.DAILY])
        try:
            code = products.draft(election, Type.DAILY, body, shell.actor(request), request.at)
        except rules.AlreadyMade as refusal:
            shell.refused(request, refusal)
            return redirect("desk:products_product", election, str(refusal.facts["code"]))
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} disusun dari data. Tambahkan analisa bila perlu, lalu ajukan.")
            return redirect("desk:products_product", election, code)
    return redirect("desk:products", election)


# --- writing -----------------------------------------------------------------------------------------------------------------------


@shell.page("products.make")
def new(request: shell.Request, election: str, kind: str) -> HttpResponse:
    """Begin a product, or a new one in place of a signed one (`?ganti=PRD-001`)."""
    if kind not in set(Type):
        raise Http404(kind)
    chosen, takes = Type(kind), request.GET.get("ganti", "")
    old = next((p for p in products.listing(election, request.at) if p.code == takes and p.kind is chosen), None) if takes else None
    if request.method == "POST":
        try:
            code = products.draft(election, chosen, _typed(request, chosen), shell.actor(request), request.at, old.code if old else "")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} disimpan sebagai draf.")
            return redirect("desk:products_product", election, code)
    classification = "terbatas" if chosen in rules.ABOUT else "biasa"
    start = old.body if old else rules.Body(request.GET.get("tentang", "")[:40], {}, classification, rules.DEFAULT_RECIPIENTS[chosen])
    return render(request, "desk/products/form.html", _form(request, election, chosen, start) | {"old": old})


@shell.page("products.make", thing=_at_product("products.make"))
def edit(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Change a draft."""
    found = _product(request, election, code)
    if request.method == "POST":
        try:
            products.revise(election, code, _typed(request, found.kind), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{code} disimpan.")
            return redirect("desk:products_product", election, code)
    return render(request, "desk/products/form.html", _form(request, election, found.kind, found.body) | {"found": found})


def _typed(request: shell.Request, kind: Type) -> rules.Body:
    posted = request.POST
    sections = {name: posted.get(name, "") for name, _ in rules.SECTIONS[kind]}
    odds = tuple(_percent(posted.get(f"p_{name}", "")) for name in rules.SCENARIOS) if kind is Type.OUTLOOK else ()
    return rules.Body(
        posted.get("subject", "").strip(), sections, posted.get("classification", ""), tuple(posted.getlist("recipients")), odds
    )


def _percent(typed: str) -> int:
    tidy = typed.strip().rstrip("%").strip()
    if not tidy:
        return 0
    return int(tidy) if tidy.isascii() and tidy.isdigit() and len(tidy) < 4 else -1


def _form(request: shell.Request, election: str, kind: Type, body: rules.Body) -> dict[str, Any]:
    typed = _typed(request, kind) if request.method == "POST" else body
    odds = dict(zip(rules.SCENARIOS, typed.odds, strict=False))
    subjects: list[tuple[str, str]] = []
    if rules.ABOUT.get(kind) == "report":
        names = reports.place_names(election)
        subjects = [
            (r.number, f"{r.number} · {report_words.CATEGORIES[r.category]} · {names.get(r.place, r.place)}")
            for r in reports.listing(election, request.at, shell.scope(request, "reports.read"))
        ]
    elif kind in rules.ABOUT:
        subjects = [(i.code, f"{i.code} · {i.title}") for i in aght.register(election, request.at, shell.scope(request, "aght.read"))]
    return {
        "kind": kind.value, "type": papers.TYPES[kind], "value": typed, "subjects": subjects,
        "sections": [
            {
                "name": name, "title": papers.SECTIONS[name], "required": required, "text": typed.sections.get(name, ""),
                "odds": odds.get(name, 0) if name in rules.SCENARIOS else None,
            }
            for name, required in rules.SECTIONS[kind]
        ],
        "classes": list(CLASSES.items()), "recipients": list(papers.RECIPIENTS.items()), "longest": rules.TEXT_LONGEST,
    }  # fmt: skip


# --- one product ---------------------------------------------------------------------------------------------------------------------


def _shown(request: shell.Request, election: str, p: rules.Product) -> tuple[rules.Product, Mapping[str, Any]]:
    """The product with its figures: frozen ones, or those of now while it is a draft."""
    if p.state in rules.FROZEN:
        return p, p.facts
    live = p if p.kind is Type.DAILY else replace(p, until_at=request.at)
    return live, products.collect(election, live, request.at)


@shell.page("products.read", thing=_at_product("products.read"))
def product(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A product as it stands: what it says, its steps, its distribution."""
    found = _product(request, election, code)
    names = access.names()
    discarded, gone = found.state is State.DISCARDED, _gone(found)
    shown, counted = (found, {}) if discarded or gone else _shown(request, election, found)
    mine = found.author == request.person.id and shell.may(request, "products.make")
    here = products.with_account(election, request.at)
    given = {r.recipient: r for r in found.receipts}
    subject_act = "reports.read" if rules.ABOUT.get(found.kind) == "report" else "aght.read"
    context = {
        "row": _row(shown),
        "subject": found.body.subject,
        "about_report": rules.ABOUT.get(found.kind) == "report",
        "blocks": [] if discarded or gone else papers.blocks(shown, counted),
        "gone": gone,
        "events": [
            {"said": SAID[e.act], "at": e.at, "who": names.get(e.person, e.person), "number": e.number, "other": e.other}
            for e in reversed(found.events)
            if _inside(request) or e.act in {Act.SIGN, Act.REPLACE}
        ],
        "may_subject": shell.may(request, subject_act),
        "inside": _inside(request),
        "author": names.get(found.author, found.author),
        "signer": names.get(found.signer, found.signer),
        "editable": found.state in rules.EDITABLE,
        "mine": mine,
        "may_sign": found.state is State.SUBMITTED and found.author != request.person.id and shell.may(request, "products.sign"),
        "may_replace": found.state is State.SIGNED and shell.may(request, "products.make"),
        "may_note": found.state in {State.SIGNED, State.REPLACED} and shell.may(request, "products.make"),
        "may_acknowledge": found.state in {State.SIGNED, State.REPLACED}
        and request.person.agency in found.open_recipients
        and shell.may(request, "products.receive", products.reading(found, request.election.region)),
        "recipients": [
            {
                "name": papers.RECIPIENTS[r], "receipt": given.get(r), "kept": r in rules.KEPT, "here": r in here,
                "by": names.get(given[r].person, given[r].person) if r in given else "",
            }
            for r in found.body.recipients
        ],
        "paper_recipients": [(r, papers.RECIPIENTS[r]) for r in found.open_recipients if r not in here],
        "most_mb": picture.MOST_BYTES // 1024 // 1024,
        **evidence_desk.context(request, "products", f"product:{code}"),
        "broken": found.state in rules.FROZEN and not gone and not products.whole(found),
        "frozen": found.state in rules.FROZEN,
        "discarded": discarded,
        "form_code": found.form_code if found.state in rules.FROZEN else products.config(election, request.at).get(found.kind.value, ""),
        "note": found.note if found.state is State.RETURNED else "",
        "received_now": request.at.astimezone(text.WIB).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    context["evidence"]["may_attach"] = False  # a picture comes with the receipt that it shows
    return render(request, "desk/products/product.html", context)


def _gone(found: rules.Product) -> bool:
    """Whether words of the paper, or words of others that its frozen figures quote, were erased."""
    return record.gone(*found.body.sections.values(), json.dumps(found.facts, ensure_ascii=False))


@shell.page("products.read", thing=_at_product("products.read"))
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The paper: a TINJAUAN until it is signed. `?kertas=f4`."""
    found = _product(request, election, code)
    if found.state is State.DISCARDED:
        raise Http404(code)
    if _gone(found):
        signed = text.waktu(found.signed_at) if found.signed_at else ""
        paper = {"Produk": papers.TYPES[found.kind], "Nomor": found.number, "Ditandatangani": signed, "Sidik jari": found.digest}
        return journal.withdrawn(request, election, f"product:{code}", paper)
    if found.state in rules.FROZEN and not products.whole(found):
        shell.refused(request, rules.SeenOther(code=code))
        return redirect("desk:products_product", election, code)
    shown, counted = _shown(request, election, found)
    form = products.config(election, request.at).get(found.kind.value, "")
    made = papers.values(shown, counted, record.installation().name, form, _about(counted), request.GET.get("kertas", "a4"))
    name = f"{rules.PREFIX[found.kind]}-{code}{'' if found.signed_at else '-tinjauan'}".lower()
    data = papers.pdf(made, found.kind, found.signed_at or shown.until_at)
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


def _about(counted: Mapping[str, Any]) -> str:
    if "item" in counted:
        return f"{counted['item']['code']} · {counted['item']['title']}"
    return f"Laporan {counted['report']}" if "report" in counted else ""


@shell.page("products.make", thing=_at_product("products.make"))
def submit(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Freeze and hand to the head, or discard."""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "discard":
                products.discard(election, code, shell.actor(request), request.at)
                shell.done(request, f"{code} dibuang; kata-katanya dihapus.")
            else:
                products.submit(election, code, shell.actor(request), request.at)
                shell.done(request, f"{code} dibekukan dan menunggu tanda tangan pimpinan.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:products_product", election, code)


@shell.page("products.sign", thing=_at_product("products.sign"))
def sign(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The head signs what was shown, or gives it back with a note."""
    if request.method == "POST":
        posted, actor = request.POST, shell.actor(request)
        try:
            if posted.get("act") == "return":
                products.give_back(election, code, posted.get("note", ""), actor, request.at)
                shell.done(request, f"{code} dikembalikan kepada penyusun.")
            else:
                number = products.sign(election, code, posted.get("seen", ""), actor, request.at)
                shell.done(request, f"Ditandatangani dengan nomor {number}. Penerima dengan akun mendapat tugas untuk menyatakan terima.")
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
    return redirect("desk:products_product", election, code)


@shell.page("products.receive", thing=_at_product("products.receive"))
def acknowledge(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A recipient says with his own account that his office has it."""
    if request.method == "POST":
        try:
            products.acknowledge(election, code, shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tanda terima Anda dicatat dengan nama dan waktu.")
    return redirect("desk:products_product", election, code)


@shell.page("products.make", thing=_at_product("products.make"))
def paper(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A receipt on paper of somebody who has no account here."""
    if request.method == "POST":
        posted = request.POST
        try:
            at = moments.moment(posted.get("received_at", "")[:25])
            if at is None:
                raise rules.BadReceipt()
            recipient, number = posted.get("recipient", ""), posted.get("number", "")
            proofs = evidence_desk.sent(request, MOST_PROOFS)
            products.received(election, code, recipient, number, at, shell.actor(request), request.at, proofs)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tanda terima kertas dicatat dengan berkasnya.")
    return redirect("desk:products_product", election, code)


# --- what the office sets, and the register ----------------------------------------------------------------------------------------------


@shell.page("products.sign")
def configure(request: shell.Request, election: str) -> HttpResponse:
    """Form codes as the office's own book gives them, and the hour of the daily report."""
    if request.method == "POST":
        key = request.POST.get("key", "")
        try:
            products.configure(election, key, request.POST.get("value", ""), shell.actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Disimpan. Berlaku untuk produk yang diajukan mulai sekarang.")
            return redirect("desk:products_config", election)
    found, names = products.settings(election, request.at), access.names()

    def row(key: str, name: str, help_: str, value: str, button: str) -> dict[str, Any]:
        _, person, when = found.get(key, ("", "", None))
        typed = request.POST.get("value", "") if request.POST.get("key") == key else value
        return {"key": key, "name": name, "help": help_, "value": typed, "by": names.get(person, person), "at": when, "button": button}

    codes = {key: value for key, (value, _, _) in found.items()}
    hour = products.hour(election, request.at)
    context = {
        "rows": [
            *(row(t.value, papers.TYPES[t], rules.PREFIX[t], codes.get(t.value, ""), "Simpan kode") for t in Type),
            row("hour", "Lapinhar ditutup pukul", "WIB, jam penuh", str(hour), "Simpan jam"),
        ],
        "default_hour": rules.DAILY_HOUR,
    }
    return render(request, "desk/products/config.html", context)


@shell.page("products.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The register: numbers, dates, states, hashes, receipts; no words."""
    found = _readable(request, election)
    names = access.names()
    rows: list[list[Any]] = [
        ["Kode", "Nomor", "Jenis", "Kode bentuk", "Tentang", "Dari", "Sampai", "Sifat", "Keadaan", "Penyusun", "Penanda tangan",
         "Ditandatangani", "SHA-256", "Diterima", "Penerima", "Menggantikan", "Tanda"]
    ]  # fmt: skip
    rows += [
        [p.code, p.number, papers.TYPES[p.kind], p.form_code, p.body.subject, text.waktu(p.from_at), text.waktu(p.until_at),
         p.body.classification, papers.STATES[p.state][1], names.get(p.author, p.author), names.get(p.signer, p.signer),
         text.waktu(p.signed_at) if p.signed_at else "", p.digest, len(p.receipts), len(p.asked), p.supersedes, p.mark]
        for p in found
    ]  # fmt: skip
    got: list[list[Any]] = [["Kode", "Nomor", "Penerima", "Tanda terima", "Diterima", "Oleh"]]
    for p in found:
        for r in p.asked if p.signed_at else ():
            one = next((g for g in p.receipts if g.recipient == r), None)
            how = "" if one is None else "dengan akun sendiri" if one.own else f"kertas {one.number}"
            when, by = (text.waktu(one.received_at), names.get(one.person, one.person)) if one else ("belum", "")
            got.append([p.code, p.number, papers.RECIPIENTS[r], how, when, by])
    data = table.xlsx({"Register": rows, "Distribusi": got})
    return HttpResponse(data, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="register-produk.xlsx"'})


urlpatterns = [
    path("<slug:election>/produk/", index, name="products"),
    path("<slug:election>/produk/harian/", daily, name="products_daily"),
    path("<slug:election>/produk/atur/", configure, name="products_config"),
    path("<slug:election>/produk/register.xlsx", export, name="products_export"),
    path("<slug:election>/produk/susun/<slug:kind>/", new, name="products_new"),
    path("<slug:election>/produk/<slug:code>/", product, name="products_product"),
    path("<slug:election>/produk/<slug:code>/produk.pdf", pdf, name="products_pdf"),
    path("<slug:election>/produk/<slug:code>/ubah/", edit, name="products_edit"),
    path("<slug:election>/produk/<slug:code>/ajukan/", submit, name="products_submit"),
    path("<slug:election>/produk/<slug:code>/tanda-tangan/", sign, name="products_sign"),
    path("<slug:election>/produk/<slug:code>/terima/", acknowledge, name="products_acknowledge"),
    path("<slug:election>/produk/<slug:code>/kertas/", paper, name="products_receive"),
]
SENTENCES: dict[str, str] = {
    "products.unknown_type": "Jenis {kind} tidak ada.",
    "products.unknown": "{code} tidak ada.",
    "products.no_subject": "Pilih dahulu laporan atau butir AGHT yang diceritakan.",
    "products.already_made": "Lapinhar untuk hari itu sudah ada: {code}. Buka yang itu, atau ganti setelah ditandatangani.",
    "products.missing": "Bagian “{section}” wajib diisi sebelum diajukan.",
    "products.too_long": "Bagian “{section}” terlalu panjang; paling banyak {longest} huruf.",
    "products.names_person": "Ada nama orang: “{word}”. Tulis jabatan atau bagiannya.",
    "products.bad_odds": "Peluang skenario adalah bilangan bulat yang berjumlah 100, dan setiap skenario yang ditulis punya peluang.",
    "products.bad_class": "Pilih sifat biasa atau terbatas.",
    "products.bad_recipient": "Pilih paling sedikit satu penerima dari daftar.",
    "products.bad_form_code": "Kode bentuk hanya huruf, angka, titik, garis miring, dan tanda hubung, paling banyak 24.",
    "products.bad_hour": "Tulis jam penuh 0 sampai 23.",
    "products.no_step": "{code} tidak dapat dilangkahkan begitu dari keadaannya sekarang. Muat ulang halamannya.",
    "products.not_author": "{code} hanya diubah dan diajukan oleh penyusunnya.",
    "products.same_person": "Penyusun tidak menandatangani sendiri. Mintalah pimpinan lain.",
    "products.seen_other": "Isi {code} bukan lagi yang Anda lihat. Buka ulang dan baca lagi.",
    "products.has_account": "{recipient} mempunyai akun di sini dan menyatakan terima sendiri dari Tugas saya. Tidak dicatat orang lain.",
    "products.paper_missing": "Lampirkan foto atau pindaian tanda terima kertasnya.",
    "products.already_received": "Tanda terima itu sudah dicatat.",
    "products.bad_receipt": "Tulis nomor tanda terima, dan waktu antara tanda tangan dan sekarang.",
    "products.same_config": "Sudah begitu; tidak ada yang berubah.",
}
TASKS: dict[str, tuple[str, str]] = {
    "products.sign": ("Baca dan tanda tangani {label}", "desk:products_product"),
    "products.returned": ("Perbaiki {label} yang dikembalikan", "desk:products_product"),
    "products.receipts": ("Lengkapi tanda terima kertas {label}", "desk:products_product"),
    "products.receive": ("Terima {label}: baca, lalu nyatakan terima", "desk:products_product"),
    "products.daily": ("Susun Lapinhar untuk hari yang berakhir {label}", "desk:products"),
}
HITS: dict[str, str] = {"product": "desk:products_product"}
