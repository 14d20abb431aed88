"""Stage stock: screens."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import receipts as receipt_rules
from posko.domain import record as facts
from posko.domain import stock as rules
from posko.formats import document, table, text
from posko.formats import stock as printed
from posko.store import receipts, record, sorting, stock

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BREAK_WORDS = {
    "below_nought": "Di bawah nol: keluar lebih banyak daripada yang masuk. Mungkin ada penerimaan yang belum dicatat atau disetujui.",
    "outside_reversed": "Yang kembali lebih banyak daripada yang pernah keluar.",
    "no_entry": "Gerakan tanpa catatan jurnal.",
    "altered": "Isi buku tidak sama dengan yang ditulis catatannya: ada gerakan yang hilang, ganda, atau diubah.",
    "act_unbalanced": "Lembar satu karton tidak habis: yang keluar dari meja tidak sama dengan yang masuk.",
    "count_differs": "Hitungan fisik berbeda dari buku dan selisihnya belum dinyatakan.",
}
ANSWER_WORDS = (("yes", "Ya"), ("no", "Tidak"), ("unknown", "Tidak diperiksa"))
SHOWN = 300


def _key(line: rules.Line) -> str:
    return "~".join(line)


def _line(key: str) -> rules.Line:
    item, contest, dapil = (*key.split("~"), "", "")[:3]
    return (item, contest, dapil)


@shell.page("stock.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """What lies where in which condition, the equation of every line, and what does not add up."""
    held, names, sites = _held(request, election)
    inside = [c for c in rules.INSIDE if any(a.condition is c for _, a in held)]
    walks = stock.inspections(election, request.at)
    context = {
        "columns": [printed.CONDITION_WORDS[c] for c in inside],
        "places": [
            {"code": code, "name": name, "rows": rows, "inspection": next((w for w in walks[::-1] if w.place == code), None)}
            for code, name in sites.items()
            if (rows := _rows(election, held, names, inside, code))
        ],
        "equations": [
            {"name": printed.line_name(names, e.line), "e": e, "href": _card(election, e.line)}
            for e in sorted(rules.equations(held), key=lambda e: list(names).index(e.line))
        ],
        "breaks": [_break(election, one, names, sites) for one in stock.breaks(election, request.at)],
        "older": len(receipts.unposted(election, request.at)),
        "walks": len(walks),
        **_rights(request),
    }
    return render(request, "desk/stock/index.html", context)


def _held(request: shell.Request, election: str) -> tuple[Any, dict[rules.Line, str], dict[str, str]]:
    held = stock.balances(election, request.at)
    return held, stock.lines(election, request.at), dict(stock.sites(election, request.at))


def _rights(request: shell.Request) -> dict[str, bool]:
    return {f"may_{act}": shell.may(request, f"stock.{act}") for act in ("count", "inspect", "write")}


def _card(election: str, line: rules.Line, place: str = "", condition: str = "") -> str:
    found = reverse("desk:stock_card", args=[election, _key(line)])
    asked = "&".join(f"{name}={value}" for name, value in (("tempat", place), ("kondisi", condition)) if value)
    return f"{found}?{asked}" if asked else found


def _rows(election: str, held: Any, names: dict[rules.Line, str], inside: list[rules.Condition], place: str) -> list[dict[str, Any]]:
    order = {line: number for number, line in enumerate(names)}
    here = sorted({line for line, a in held if a.place == place and a.condition in inside}, key=lambda line: order.get(line, 10**6))
    return [
        {
            "name": printed.line_name(names, line),
            "contest": line[1],
            "href": _card(election, line, place),
            "cells": [
                {
                    "word": printed.CONDITION_WORDS[c],
                    "pieces": held.get((line, rules.Account(place, c))),
                    "href": _card(election, line, place, c.value),
                }
                for c in inside
            ],
            "total": sum(held.get((line, rules.Account(place, c)), 0) for c in inside),
        }
        for line in here
    ]


def _break(election: str, one: rules.Break, names: dict[rules.Line, str], sites: dict[str, str]) -> dict[str, Any]:
    return {
        "text": BREAK_WORDS[one.code],
        "name": printed.line_name(names, one.line) if one.line[0] else "",
        "place": sites.get(one.place, one.place),
        "condition": printed.word(one.condition) if one.condition else "",
        "pieces": one.pieces,
        "count": one.facts.get("count", ""),
        "facts": one.facts,
        "entries": [{"id": e, "href": reverse("desk:record_entry", args=[election, e])} for e in one.entries[:20]],
        "more": max(0, len(one.entries) - 20),
    }


@shell.page("stock.read")
def card(request: shell.Request, election: str, key: str) -> HttpResponseBase:
    """The card of a line: every movement with the running balance; a day opened shows its entries."""
    line, place, condition, names, sites = _asked(request, election, key)
    if line not in names:
        shell.refused(request, rules.UnknownThing(thing=key[:40]))
        return redirect("desk:stock", election)
    book = stock.movements(election, request.at, line, place, condition)
    rows = printed.card(book, sorting.day_of, place, condition)
    opened = request.GET.get("hari", "")
    shown = [m for m in book if sorting.day_of(m.occurred_at).isoformat() == opened]
    held = stock.balances(election, request.at)
    context = {
        "name": printed.line_name(names, line),
        "contest": line[1],
        "key": key,
        "place": place,
        "site_name": sites.get(place, ""),
        "condition": condition,
        "condition_word": printed.word(condition) if condition else "",
        "equation": next((e for e in rules.equations(held) if e.line == line), None),
        "rows": [_card_row(r, opened) for r in rows],
        "on_hand": rows[-1].on_hand if rows else 0,
        "opened": opened,
        "shown": [_movement(election, m, sites) for m in shown[:SHOWN]],
        "more": max(0, len(shown) - SHOWN),
        "query": request.GET.urlencode(),
        "counts": [c for c in stock.counts(election, request.at) if c.line == line][::-1],
    }
    return render(request, "desk/stock/card.html", context)


def _asked(request: shell.Request, election: str, key: str) -> tuple[rules.Line, str, str, dict[rules.Line, str], dict[str, str]]:
    condition = request.GET.get("kondisi", "")
    known = {c.value for c in rules.INSIDE}
    names, sites = stock.lines(election, request.at), dict(stock.sites(election, request.at))
    place = request.GET.get("tempat", "")
    return _line(key), place if place in sites else "", condition if condition in known else "", names, sites


def _card_row(row: printed.CardRow, opened: str) -> dict[str, Any]:
    return {
        "row": row,
        "act": printed.ACT_WORDS.get(row.act, row.act),
        "way": f"{printed.word(row.source)} → {printed.word(row.target)}",
        "day": row.day.isoformat(),
        "open": row.day.isoformat() == opened,
    }


def _movement(election: str, one: rules.Movement, sites: dict[str, str]) -> dict[str, Any]:
    p = one.posting
    return {
        "at": one.occurred_at,
        "act": printed.ACT_WORDS.get(p.act, p.act),
        "subject": p.subject,
        "way": f"{printed.word(p.source.condition.value)} → {printed.word(p.target.condition.value)}",
        "place": sites.get(p.target.place, p.target.place),
        "pieces": p.quantity,
        "href": reverse("desk:record_entry", args=[election, one.entry_id]),
    }


@shell.page("stock.read")
def card_pdf(request: shell.Request, election: str, key: str) -> HttpResponseBase:
    """The card as paper, A4 or F4."""
    line, place, condition, names, sites = _asked(request, election, key)
    if line not in names:
        shell.refused(request, rules.UnknownThing(thing=key[:40]))
        return redirect("desk:stock", election)
    book = stock.movements(election, request.at, line, place, condition)
    where = sites.get(place, "semua tempat") + (f", keadaan {printed.word(condition)}" if condition else "")
    values = printed.paper(printed.line_name(names, line), where, printed.card(book, sorting.day_of, place, condition), _marks(election))
    last = book[-1].occurred_at if book else request.election.voting_at
    return _pdf("kartu-stok", {**_head(request), **values}, f"kartu-stok-{key.replace('~', '-').strip('-')}", last)


def _marks(election: str) -> list[str]:
    return ["[SIMULASI]"] if record.installation().demo and election else []


def _head(request: shell.Request) -> dict[str, Any]:
    paper = "f4" if request.GET.get("kertas") == "f4" else "a4"
    return {"agency": "Komisi Pemilihan Umum", "place": request.election.name, "paper": paper, "footer": "Posko · stok"}


def _pdf(template: str, values: dict[str, Any], name: str, at: Any) -> HttpResponse:
    return HttpResponse(
        document.pdf(template, values, at),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


@shell.page("stock.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """What lies where, and the equations, as XLSX."""
    held, names, sites = _held(request, election)
    data = table.xlsx(printed.workbook(held, names, sites, rules.equations(held)))
    return HttpResponse(data, content_type=SPREADSHEET, headers={"Content-Disposition": f'attachment; filename="stok-{election}.xlsx"'})


# --- counting ------------------------------------------------------------------------------------------------------------


@shell.page("stock.count")
def count(request: shell.Request, election: str) -> HttpResponseBase:
    """Count by hand. The form does not show what the book says."""
    if request.method == "POST":
        try:
            condition = request.POST.get("condition", "")
            if condition not in {c.value for c in rules.INSIDE}:
                raise rules.UnknownThing(thing=condition[:20])
            seen = stock.record_count(
                election, request.POST.get("place", ""), _line(request.POST.get("line", "")), rules.Condition(condition),
                receipt_rules.pieces(request.POST.get("pieces", "")), shell.actor(request), request.at,
                note=request.POST.get("note", "").strip()[:400],
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Hitungan {seen.code} disimpan.")
            return redirect("desk:stock_counted", election, seen.code)
    names = stock.lines(election, request.at)
    context = {
        "lines": [{"value": _key(line), "label": printed.line_name(names, line)} for line in names],
        "sites": stock.sites(election, request.at),
        "conditions": [(c.value, printed.CONDITION_WORDS[c]) for c in rules.INSIDE],
        "typed": request.POST or {"line": request.GET.get("barang", ""), "condition": "good", "place": request.GET.get("tempat", "")},
        "counts": _counts(request, election)[:12],
    }
    return render(request, "desk/stock/count.html", context)


def _counts(request: shell.Request, election: str) -> list[dict[str, Any]]:
    names, sites = stock.lines(election, request.at), dict(stock.sites(election, request.at))
    listed = stock.counts(election, request.at)
    latest = {c.code for c in stock.latest_counts(listed)}
    return [_counted(c, names, sites, c.code in latest) for c in listed[::-1]]


def _counted(one: rules.Count, names: dict[rules.Line, str], sites: dict[str, str], latest: bool) -> dict[str, Any]:
    state, word = ("good", "cocok dengan buku") if not one.difference else ("done", "selisih dinyatakan")
    if one.open_difference:
        state, word = ("waiting", "selisih belum dinyatakan") if latest else ("plain", "diganti hitungan yang lebih baru")
    return {
        "c": one,
        "name": printed.line_name(names, one.line),
        "place": sites.get(one.account.place, one.account.place),
        "condition": printed.word(one.account.condition.value),
        "state": state,
        "word": word,
        "open": latest and one.open_difference != 0,
    }


@shell.page("stock.read")
def counted(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One count against the book, and the form that declares its difference."""
    found = next((c for c in _counts(request, election) if c["c"].code == code), None)
    if found is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:stock", election)
    context = {
        **found,
        "entry_href": reverse("desk:record_entry", args=[election, found["c"].entry_id]),
        "card_href": _card(election, found["c"].line, found["c"].account.place, found["c"].account.condition.value),
        **_rights(request),
        **evidence_desk.context(request, "stock", f"count:{code}"),
    }
    return render(request, "desk/stock/counted.html", context)


@sensitive_post_parameters("second_password")
@shell.page("stock.write")
def declare(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """Declare a difference, by two people."""
    if request.method == "POST":
        try:
            second = shell.countersigned(request, "stock.write")
            reason = request.POST.get("reason", "")[:400]
            moved = stock.declare_difference(
                election, code, reason, shell.actor(request), facts.Actor(second.id, second.agency), request.at
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            word = "ditemukan" if moved.source.condition is rules.Condition.FOUND else "kurang"
            shell.done(request, f"{text.angka(moved.quantity)} dinyatakan {word}. Buku sudah mengikuti hitungan.")
    return redirect("desk:stock_counted", election, code)


@sensitive_post_parameters("second_password")
@shell.page("stock.write")
def older(request: shell.Request, election: str) -> HttpResponseBase:
    """Receipts from before there was a book: what the book lacks of each, and the act that brings them in, by two people."""
    if request.method == "POST":
        try:
            second = shell.countersigned(request, "stock.write")
            number = receipts.open_stock(election, shell.actor(request), facts.Actor(second.id, second.agency), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(number)} penerimaan lama dimasukkan ke buku stok.")
            return redirect("desk:stock", election)
    names, sites = stock.lines(election, request.at), dict(stock.sites(election, request.at))
    rows = [
        {
            "note": note,
            "name": printed.line_name(names, lacking[0].line),
            "ways": [
                {
                    "way": f"{printed.word(p.source.condition.value)} → {printed.word(p.target.condition.value)}",
                    "place": sites.get(p.target.place, p.target.place),
                    "pieces": p.quantity,
                }
                for p in lacking
            ],
        }
        for note, lacking in receipts.unposted(election, request.at)
    ]
    return render(request, "desk/stock/older.html", {"rows": rows})


@sensitive_post_parameters("second_password")
@shell.page("stock.write")
def leftover(request: shell.Request, election: str) -> HttpResponseBase:
    """Bring in what is left over from an earlier election, by two people."""
    if request.method == "POST":
        try:
            second = shell.countersigned(request, "stock.write")
            moved = stock.open_leftover(
                election, request.POST.get("place", ""), _line(request.POST.get("line", "")),
                receipt_rules.pieces(request.POST.get("pieces", "")), request.POST.get("reason", "")[:400], shell.actor(request),
                facts.Actor(second.id, second.agency), request.at,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(moved.quantity)} sisa pemilihan lalu dimasukkan sebagai barang baik.")
            return redirect("desk:stock", election)
    names, before = stock.lines(election, request.at), stock.leftovers(election, request.at)
    context = {
        "lines": [{"value": _key(line), "label": printed.line_name(names, line)} for line in names if line not in before],
        "sites": stock.sites(election, request.at),
        "typed": request.POST,
    }
    return render(request, "desk/stock/leftover.html", context)


# --- the warehouse -------------------------------------------------------------------------------------------------------


@shell.page("stock.inspect")
def inspect(request: shell.Request, election: str) -> HttpResponseBase:
    """Walk through a warehouse with the checklist."""
    if request.method == "POST":
        try:
            answers = {code: request.POST.get(f"check-{code}", "unknown") for code, _, _ in rules.CHECKS}
            seen = stock.inspect(
                election,
                request.POST.get("place", ""),
                answers,
                request.POST.get("note", "").strip()[:600],
                shell.actor(request),
                request.at,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Pemeriksaan {seen.code} disimpan. Lampirkan foto di bawah ini.")
            return redirect("desk:stock_inspection", election, seen.code)
    context = {
        "checks": [{"code": code, "text": said, "answer": request.POST.get(f"check-{code}", "")} for code, said, _ in rules.CHECKS],
        "answers": ANSWER_WORDS,
        "sites": stock.sites(election, request.at),
        "typed": request.POST,
    }
    return render(request, "desk/stock/inspect.html", context)


@shell.page("stock.read")
def inspections(request: shell.Request, election: str) -> HttpResponse:
    """Every walk through a warehouse."""
    sites = dict(stock.sites(election, request.at))
    shown = [_inspection(one, sites) for one in stock.inspections(election, request.at)[::-1]]
    context = {"walks": shown, "limit": stock.limits(election, request.at).inspect_days, **_rights(request)}
    return render(request, "desk/stock/inspections.html", context)


def _inspection(one: rules.Inspection, sites: dict[str, str]) -> dict[str, Any]:
    faults = {code: fault for code, _, fault in rules.CHECKS}
    state, word = ("overdue", f"{len(one.faults)} kekurangan") if one.faults else ("good", "tidak ada kekurangan")
    if not one.faults and one.unseen:
        state, word = "unknown", f"{len(one.unseen)} hal tidak diperiksa"
    return {"w": one, "place": sites.get(one.place, one.place), "state": state, "word": word, "faults": [faults[c] for c in one.faults]}


@shell.page("stock.read")
def inspection(request: shell.Request, election: str, code: str) -> HttpResponseBase:
    """One walk, its answers and its photographs."""
    one = next((i for i in stock.inspections(election, request.at) if i.code == code), None)
    if one is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:stock_inspections", election)
    words = {"yes": ("good", "ya"), "no": ("overdue", "tidak"), "unknown": ("unknown", "tidak diperiksa")}
    given, said = dict(one.answers), {c: (statement, fault) for c, statement, fault in rules.CHECKS}
    context = {
        **_inspection(one, dict(stock.sites(election, request.at))),
        "answers": [{"text": said[c][0], "state": words[given[c]][0], "word": words[given[c]][1]} for c in said],
        "entry_href": reverse("desk:record_entry", args=[election, one.entry_id]),
        **evidence_desk.context(request, "stock", f"inspection:{code}", ("photo",)),
    }
    return render(request, "desk/stock/inspection.html", context)


urlpatterns = [
    path("<slug:election>/stok/", index, name="stock"),
    path("<slug:election>/stok/stok.xlsx", export, name="stock_export"),
    path("<slug:election>/stok/kartu/<str:key>/", card, name="stock_card"),
    path("<slug:election>/stok/kartu/<str:key>/kartu-stok.pdf", card_pdf, name="stock_card_pdf"),
    path("<slug:election>/stok/hitung/", count, name="stock_count"),
    path("<slug:election>/stok/hitung/<slug:code>/", counted, name="stock_counted"),
    path("<slug:election>/stok/hitung/<slug:code>/nyatakan/", declare, name="stock_declare"),
    path("<slug:election>/stok/sisa/", leftover, name="stock_leftover"),
    path("<slug:election>/stok/penerimaan-lama/", older, name="stock_older"),
    path("<slug:election>/stok/periksa/", inspections, name="stock_inspections"),
    path("<slug:election>/stok/periksa/baru/", inspect, name="stock_inspect"),
    path("<slug:election>/stok/periksa/<slug:code>/", inspection, name="stock_inspection"),
]
SENTENCES: dict[str, str] = {
    "stock.not_positive": "Jumlah yang bergerak harus paling sedikit 1.",
    "stock.bad_count": "{value} bukan jumlah yang mungkin (0 sampai {most}). Hitung lagi, lalu tulis dengan angka.",
    "stock.unknown": "“{thing}” tidak dikenal di pemilihan ini. Pilih dari daftar.",
    "stock.reason_missing": "Tulis alasannya: dari mana selisih atau sisa itu.",
    "stock.same_person": "Perlu orang kedua yang bukan Anda. Minta rekan mengetik nama dan sandinya.",
    "stock.nothing_to_declare": "{what} tidak punya selisih terbuka: cocok, sudah dinyatakan, atau ada hitungan yang lebih baru.",
    "stock.already_opened": "Sisa barang ini sudah pernah dimasukkan. Kalau jumlahnya berbeda, hitung fisik lalu nyatakan selisihnya.",
    "stock.nothing_seen": "Tidak ada satu pun yang diperiksa. Jawab paling sedikit satu hal.",
}
TASKS: dict[str, tuple[str, str]] = {"stock.declare": ("Nyatakan selisih hitungan {label}", "desk:stock_counted")}
HITS: dict[str, str] = {}
SIGNALS: dict[str, tuple[str, str]] = {
    "R11": ("{place}: {faults}. Perbaiki atau pindahkan barang, lalu periksa lagi.", "desk:stock_inspections"),
    "R11.lama": ("{place} berisi barang dan sudah {days} hari tidak diperiksa (batas {limit} hari).", "desk:stock_inspections"),
}
