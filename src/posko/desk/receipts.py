"""Stage receipts: screens."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import evidence as evidence_desk
from posko.desk import shell
from posko.domain import labels as label_rules
from posko.domain import receipts as rules
from posko.domain import record as facts
from posko.formats import gauge, orders, picture, table, text
from posko.formats import labels as label_print
from posko.formats import receipts as printed
from posko.planning import arrivals
from posko.store import evidence, labels, places, receipts, record

WIB = timezone(timedelta(hours=7))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STAGE_WORDS = {"ordered": "Dipesan", "shipped": "Dikirim", "received": "Diterima", "accepted": "Diterima baik"}
GRADE_WORDS = {
    "law": "undang-undang",
    "regulation": "peraturan",
    "verified": "teruji",
    "inferred": "disimpulkan",
    "implied": "tersirat",
    "memory": "ingatan",
    "unknown": "belum diketahui",
}


def line_name(demand: rules.Demand) -> str:
    """How a line of the gauge is called on every screen and page."""
    return printed.line_name(demand.name, demand.contest, demand.dapil)


def share(found: rules.Share) -> dict[str, Any]:
    """A share with its text parts for the templates."""
    permille = found.permille
    fraction = None if permille is None else permille / 1000
    return {"numerator": found.numerator, "denominator": found.denominator, "permille": permille, "fraction": fraction}


def row_context(election: str, row: rules.Row) -> dict[str, Any]:
    """One line of the gauge as the screens show it."""
    demand = row.demand
    said = f"{line_name(demand)}: baik {text.angka(row.accepted)}, diterima {text.angka(row.received)}, dikirim {text.angka(row.shipped)}"
    need = "jumlah belum diketahui" if demand.quantity is None else f"dari {text.angka(demand.quantity)}"
    drawn = gauge.bar(demand.quantity, shipped=row.shipped, received=row.received, good=row.accepted, label=f"{said} {need}")
    return {
        "name": line_name(demand),
        "unit": demand.unit,
        "href": reverse("desk:receipts_line", args=[election, "~".join(demand.key)]),
        "need_href": reverse("desk:needs", args=[election]) + f"?barang={demand.item}",
        "bar": SafeString(drawn),  # drawn by our own code from numbers; the label is escaped there
        "need": demand.quantity,
        "share": share(row.share("accepted")),
        "critical": demand.critical,
        "confirmed": demand.confirmed,
        "grade": GRADE_WORDS.get(demand.grade, demand.grade),
        "estimate": demand.estimate,
        "marks": row.marks,
        **{
            name: getattr(row, name)
            for name in (
                "ordered",
                "produced",
                "shipped",
                "replaced",
                "received",
                "good",
                "damaged",
                "wrong_type",
                "missing",
                "over",
                "accepted",
            )
        },
    }


def ways(found: rules.Gauge) -> list[dict[str, Any]]:
    """The same day in every way to count, each with its four stages."""
    ordered = found.ordered_items
    names = _names(found, ordered)
    count = len(found.known())
    rows: list[tuple[str, str, list[rules.Share]]] = []
    if ordered:
        rows.append(("Unit dari barang yang sudah dipesan", names, [found.units(s, ordered) for s in rules.STAGES]))
    rows.append(("Unit dari semua barang yang diketahui jumlahnya", f"{count} baris", [found.units(s) for s in rules.STAGES]))
    rows.append(
        ("Baris barang yang lengkap", "satu baris: satu barang, surat suara per jenis dan dapil", [found.lines(s) for s in rules.STAGES])
    )
    classes = [dict(found.by_class(s)) for s in rules.STAGES]
    rows.append(("Unit barang kritis atau sensitif", "", [c["critical"] for c in classes]))
    rows.append(("Unit barang lain", "", [c["other"] for c in classes]))
    for tahap, _ in found.by_tahap("accepted"):
        rows.append((f"Unit tahap {tahap}", "", [dict(found.by_tahap(s))[tahap] for s in rules.STAGES]))
    return [
        {"name": name, "note": note, "cells": [{"stage": STAGE_WORDS[s], **share(c)} for s, c in zip(rules.STAGES, cells, strict=True)]}
        for name, note, cells in rows
    ]


def _names(found: rules.Gauge, items: tuple[str, ...]) -> str:
    names = dict.fromkeys(r.demand.name.lower() for r in found.rows if r.demand.item in items)
    return ", ".join(names)


@shell.page("receipts.read")
def index(request: shell.Request, election: str) -> HttpResponse:
    """The gauge, and every delivery."""
    found = receipts.gauge(election, request.at)
    ordered = found.ordered_items
    placed = receipts.orders(election, request.at)
    names = {r.demand.key: line_name(r.demand) for r in found.rows}
    context = {
        "gauge": found,
        "headline": share(found.units("accepted", ordered or None)),
        "headline_names": _names(found, ordered) or "semua barang yang diketahui jumlahnya",
        "lines": share(found.lines("accepted")),
        "rows": [row_context(election, r) for r in found.rows],
        "estimate": any(r.demand.estimate for r in found.rows),
        "unknown_names": ", ".join(line_name(r.demand) for r in found.unknown),
        "unconfirmed_names": ", ".join(line_name(r.demand) for r in found.unconfirmed),
        "deliveries": _deliveries(election, request.at, names),
        "has_orders": bool(placed),
        "nav": nav(request),
        "stops": [m for m in receipts.misdirections(election, request.at) if m.open],
        "may_order": shell.may(request, "receipts.order"),
        "may_record": shell.may(request, "receipts.record"),
    }
    return render(request, "desk/receipts/index.html", context)


def nav(request: shell.Request) -> list[dict[str, Any]]:
    """The pages of this stage, for the second line of links."""
    here_now = getattr(request.resolver_match, "url_name", "")
    pages = (
        ("receipts", "Pengukur"),
        ("receipts_orders", "Kontrak dan pesanan"),
        ("receipts_forecast", "Prakiraan lengkap"),
        ("receipts_claims", "Klaim dan karantina"),
        ("receipts_stops", "Salah tujuan"),
    )
    return [
        {"href": reverse(f"desk:{name}", args=[request.election.code]), "label": label, "current": name == here_now}
        for name, label in pages
    ]


def _names_of(election: str, at: datetime) -> dict[rules.Key, str]:
    return {d.key: line_name(d) for d in receipts.demands(election, at)}


def _deliveries(election: str, at: datetime, names: dict[rules.Key, str], only: rules.Key | None = None) -> list[dict[str, Any]]:
    """Every arrival, and every surat jalan of which something is still to come; the latest first."""
    notes: dict[str, list[rules.ReceiptNote]] = {}
    for note in receipts.receipts(election, at):
        notes.setdefault(note.shipment.code, []).append(note)
    stopped = {m.shipment: m for m in receipts.misdirections(election, at) if m.shipment and m.decision != "released"}
    found = []
    for sent in receipts.shipments(election, at):
        if only not in (None, sent.order.key):
            continue
        mine = notes.get(sent.code, [])
        found += [_delivery(election, sent, note, names) for note in mine]
        if not mine or mine[-1].partial:
            left = sent.quantity - sum(n.count.shipped for n in mine)
            found.append({**_delivery(election, sent, None, names, stopped.get(sent.code)), "shipped": left})
    return sorted(found, key=lambda d: d["at"], reverse=True)


def _delivery(
    election: str,
    sent: rules.Shipment,
    note: rules.ReceiptNote | None,
    names: dict[rules.Key, str],
    stop: rules.Misdirection | None = None,
) -> dict[str, Any]:
    state, word = ("overdue", "berhenti: salah tujuan") if stop else _state(note)
    target = ("desk:receipts_receipt", note.code) if note else ("desk:receipts_shipment", sent.code)
    return {
        "code": sent.code,
        "receipt": note.code if note else "",
        "order": sent.order.code,
        "waybill": sent.waybill,
        "name": names.get(sent.order.key, sent.order.item),
        "shipped": note.count.shipped if note else sent.quantity,
        "replaces": sent.replaces,
        "claim": sent.claim,
        "partial": bool(note and note.partial),
        "silog": sent.silog,
        "at": note.counted_at if note else sent.sent_at,
        "mark": sent.mark,
        "state": state,
        "word": word,
        "href": reverse(target[0], args=[election, target[1]]),
        **{name: getattr(note.count, name) if note else None for name in ("good", "damaged", "wrong_type", "missing", "over")},
    }


def _state(note: rules.ReceiptNote | None) -> tuple[str, str]:
    if note is None:
        return "unknown", "dalam perjalanan, belum dihitung"
    if note.pending:
        return "waiting", "koreksi menunggu orang kedua"
    if note.accepted is None and note.count.good:
        return "waiting", "menunggu persetujuan"
    return "done", "disetujui" if note.accepted else "dihitung"


@shell.page("receipts.read")
def meaning(request: shell.Request, election: str) -> HttpResponse:
    """One day, counted in every way."""
    found = receipts.gauge(election, request.at)
    names = {r.demand.key: line_name(r.demand) for r in found.rows}
    alone = sorted(found.tps.by_line, key=lambda pair: (pair[1].numerator, names.get(pair[0], "")))
    headline = found.units("accepted", found.ordered_items or None).permille
    context = {
        "gauge": found,
        "ways": ways(found),
        "tps_lines": [{"name": names.get(key, key[0]), "share": one} for key, one in alone],
        "unknown_critical": [line_name(r.demand) for r in found.unknown if r.demand.critical],
        "almost_seventy": "REKONSTRUKSI" in found.marks and headline is not None and 650 <= headline < 700,
    }
    return render(request, "desk/receipts/meaning.html", context)


@shell.page("receipts.read")
def line(request: shell.Request, election: str, key: str) -> HttpResponse:
    """Everything about one line: need, deliveries, balance."""
    parts = (*key.split("~"), "", "")[:3]
    found = receipts.gauge(election, request.at)
    row = found.line((parts[0], parts[1], parts[2]))
    if row is None:
        shell.refused(request, rules.UnknownThing(thing=key))
        return redirect("desk:receipts", election)
    deliveries = _deliveries(election, request.at, {row.demand.key: line_name(row.demand)}, row.demand.key)
    counted = sum(d["shipped"] for d in deliveries if d["good"] is not None)
    balance = {"shipped": counted, "on_the_way": row.shipped + row.replaced - counted}
    context = {"row": row_context(election, row), "deliveries": deliveries, "balance": balance}
    return render(request, "desk/receipts/line.html", context)


# --- contracts and orders ------------------------------------------------------------------------------------------------


@shell.page("receipts.read")
def order_list(request: shell.Request, election: str) -> HttpResponse:
    """Contracts with their lines: made, sent, here, and every day that was moved."""
    names = _names_of(election, request.at)
    placed = receipts.orders(election, request.at)
    lines = _order_lines(election, request.at, placed, names)
    contracts = [
        {
            "contract": c,
            "lines": [line for line in lines if line["order"].contract == c.number],
        }
        for c in receipts.contracts(election, request.at)
    ]
    bare = [line for line in lines if not line["order"].contract]
    context = {
        "nav": nav(request),
        "contracts": contracts,
        "bare": bare,
        "any": bool(placed),
        "moved": sum(bool(o.moves) for o in placed),
        "may_order": shell.may(request, "receipts.order"),
    }
    return render(request, "desk/receipts/orders.html", context)


def _order_lines(election: str, at: datetime, placed: list[rules.Order], names: dict[rules.Key, str]) -> list[dict[str, Any]]:
    sent: dict[str, int] = {}
    for s in receipts.shipments(election, at):
        if not s.replaces:
            sent[s.order.code] = sent.get(s.order.code, 0) + s.quantity
    good: dict[str, int] = {}
    for n in receipts.receipts(election, at):
        good[n.shipment.order.code] = good.get(n.shipment.order.code, 0) + n.count.good
    need_at = receipts.deadline(election, at)
    found, held = [], receipts.limits(election, at)
    for o in placed:
        left = o.quantity - sent.get(o.code, 0)
        why = rules.promised_late(o, need_at, left, held)
        state, word = ("done", "semua dikirim") if left <= 0 else ("overdue", "lewat") if o.due_at < at else ("plain", "ditunggu")
        if why and o.due_at >= at:
            state, word = "waiting", {"late": "mepet", "moved": "sering digeser"}[why]
        found.append(
            {
                "order": o, "name": names.get(o.key, o.item), "sent": sent.get(o.code, 0), "good": good.get(o.code, 0),
                "left": max(0, left),
                "state": state, "word": word,
            }
        )  # fmt: skip
    return found


@shell.page("receipts.order")
def contract(request: shell.Request, election: str) -> HttpResponse:
    """Record a contract."""
    if request.method == "POST":
        try:
            made = rules.Contract(
                " ".join(request.POST.get("number", "").split())[:80],
                _day(request.POST.get("signed", "")).astimezone(WIB).date(),
                request.POST.get("supplier", "").strip()[:120],
                request.POST.get("tahap", "")[:5],
            )
            receipts.sign_contract(election, made, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kontrak {made.number} disimpan. Catat barang di dalamnya.")
            return redirect(f"{reverse('desk:receipts_order', args=[election])}?kontrak={made.number}")
    return render(request, "desk/receipts/contract.html", {"typed": request.POST})


@shell.page("receipts.order")
def order(request: shell.Request, election: str) -> HttpResponse:
    """Record an order."""
    if request.method == "POST":
        try:
            item, contest, dapil = (*request.POST.get("line", "").split("~"), "", "")[:3]
            due_at = _day(request.POST.get("due", ""))
            quantity = rules.pieces(request.POST.get("quantity", ""))
            supplier = request.POST.get("supplier", "").strip()[:120]
            placed = receipts.place_order(
                election, (item, contest, dapil), quantity, supplier, due_at, _actor(request), request.at,
                contract=request.POST.get("contract", ""),
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Pesanan {placed.code} disimpan.")
            return redirect("desk:receipts_order_detail", election, placed.code)
    found = receipts.demands(election, request.at)
    choices = [{"value": "~".join(d.key), "label": line_name(d)} for d in found]
    signed = [{"value": c.number, "label": f"{c.number} · {c.supplier}"} for c in receipts.contracts(election, request.at)]
    typed = request.POST or {"contract": request.GET.get("kontrak", ""), "line": request.GET.get("barang", "")}
    return render(request, "desk/receipts/order.html", {"choices": choices, "contracts": signed, "typed": typed})


@shell.page("receipts.read")
def order_detail(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One order: what was promised, every moved day, what came."""
    try:
        found = receipts.get_order(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_orders", election)
    names = _names_of(election, request.at)
    deliveries = [d for d in _deliveries(election, request.at, names, found.key) if d["order"] == code]
    need_at = receipts.deadline(election, request.at)
    left = (need_at - found.due_at).days if need_at else None
    context = {
        "line": _order_lines(election, request.at, [found], names)[0],
        "order": found,
        "deliveries": deliveries,
        "need_at": need_at,
        "slack_days": left,
        "buffer_days": receipts.limits(election, request.at).buffer_days,
        "may_order": shell.may(request, "receipts.order"),
        "may_record": shell.may(request, "receipts.record"),
        "key": "~".join(found.key),
    }
    return render(request, "desk/receipts/order_detail.html", context)


@shell.page("receipts.order")
def drop_order(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Take back an order that was recorded wrongly."""
    if request.method == "POST":
        try:
            second = _second(request, "receipts.write")
            receipts.withdraw_order(election, code, request.POST.get("reason", ""), _actor(request), request.at, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:receipts_order_detail", election, code)
        shell.done(request, f"Pesanan {code} ditarik. Catat yang benar.")
    return redirect("desk:receipts_orders", election)


@shell.page("receipts.order")
def order_move(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The supplier moved the delivery day."""
    if request.method == "POST":
        try:
            due_at = _day(request.POST.get("due", ""))
            receipts.move_due(election, code, due_at, request.POST.get("reason", ""), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Tanggal baru dicatat. Tanggal lama tetap tersimpan.")
    return redirect("desk:receipts_order_detail", election, code)


@shell.page("receipts.order")
def order_produced(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What the supplier says is made."""
    if request.method == "POST":
        try:
            receipts.report_produced(election, code, rules.pieces(request.POST.get("produced", "")), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Jumlah yang sudah diproduksi dicatat.")
    return redirect("desk:receipts_order_detail", election, code)


def _known(request: shell.Request) -> orders.Known:
    election, at = request.election.code, request.at
    return orders.of(
        receipts.demands(election, at), receipts.contracts(election, at), receipts.orders(election, at), receipts.shipments(election, at),
        places.dapil_here(election),
    )  # fmt: skip


@shell.page("receipts.order")
def intake(request: shell.Request, election: str) -> HttpResponse:
    """Choose a file of contracts, moved days and shipments."""
    if request.method == "POST":
        given = request.FILES.get("file")
        try:
            if given is None:
                raise rules.TextMissing(what="berkas XLSX")
            data, name = shell.table_bytes(given), str(given.name)
            orders.read(name, data, _known(request), request.at)
            kept = receipts.keep_upload(election, name, data, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            return redirect("desk:receipts_import_check", election, kept.code)
    return render(request, "desk/receipts/import.html", {"headers": orders.HEADERS, "lines": len(receipts.demands(election, request.at))})


@shell.page("receipts.order")
def intake_check(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The dry run: all problems, or all that would be recorded."""
    try:
        kept = receipts.upload(election, code)
        reading = orders.read(kept.name, kept.data, _known(request), request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_import", election)
    names = _names_of(election, request.at)
    problems = [{"place": shell.problem_place(p), "text": PROBLEMS.get(p.code, p.code).format(**p.facts)} for p in reading.problems]
    new = reading.intake
    context = {
        "kept": kept,
        "reading": reading,
        "problems": problems[:200],
        "problem_count": len(problems),
        "contracts": new.contracts,
        "orders": [{"name": names.get(o.key, o.key[0]), "of": o} for o in new.orders],
        "moves": [{"name": names.get(m.key, m.key[0]), "of": m} for m in new.moves],
        "shipments": [{"name": names.get(s.key, s.key[0]), "of": s} for s in new.shipments],
    }
    return render(request, "desk/receipts/import_check.html", context)


@shell.page("receipts.order")
def intake_confirm(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Into the record, all or nothing."""
    if request.method != "POST":
        return redirect("desk:receipts_import_check", election, code)
    try:
        kept = receipts.upload(election, code)
        reading = orders.read(kept.name, kept.data, _known(request), request.at)
        if reading.problems:
            raise rules.FileHasProblems(count=len(reading.problems))
        count = receipts.take_in(election, reading.intake, _actor(request), request.at, kept.name, kept.data, code)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_import_check", election, code)
    shell.done(request, f"{text.angka(count)} catatan baru dari {kept.name}. Yang sudah ada tidak dicatat dua kali.")
    return redirect("desk:receipts_orders", election)


@shell.page("receipts.order")
def intake_drop(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Forget a file."""
    if request.method == "POST":
        try:
            receipts.drop_upload(election, code)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Berkas dibuang. Tidak ada yang berubah.")
    return redirect("desk:receipts_orders", election)


@shell.page("receipts.read")
def orders_template(request: shell.Request, election: str) -> HttpResponse:
    """The form in the KPU's terms."""
    return _file(orders.template(_known(request)), f"templat-pesanan-{election}.xlsx")


@shell.page("receipts.read")
def orders_export(request: shell.Request, election: str) -> HttpResponse:
    """All contracts, days and shipments; it can be imported again and adds nothing."""
    return _file(orders.export(_known(request)), f"pesanan-{election}.xlsx")


# --- shipments and the gate ----------------------------------------------------------------------------------------------


@shell.page("receipts.record")
def ship(request: shell.Request, election: str) -> HttpResponse:
    """Record a shipment from its surat jalan."""
    if request.method == "POST":
        try:
            typed_day = request.POST.get("sent", "")
            sent_at = min(request.at, _day(typed_day) - timedelta(hours=16)) if typed_day else None
            claim = request.POST.get("claim", "")
            sent = receipts.announce_shipment(
                election,
                receipts.get_claim(election, claim, request.at).order.code if claim else request.POST.get("order", ""),
                rules.pieces(request.POST.get("quantity", "")),
                request.POST.get("waybill", "").strip()[:60],
                request.POST.get("carrier", "").strip()[:120],
                _actor(request),
                request.at,
                replaces=request.POST.get("replaces", ""),
                destination=request.POST.get("destination", ""),
                silog=request.POST.get("silog", ""),
                claim=claim,
                sent_at=sent_at,
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kiriman {sent.code} disimpan. Periksa tujuannya dan hitung isinya saat tiba.")
            return redirect("desk:receipts_shipment", election, sent.code)
    names = _names_of(election, request.at)
    placed = receipts.orders(election, request.at)
    choices = [{"value": o.code, "label": f"{o.code} · {names.get(o.key, o.item)} · {text.angka(o.quantity)}"} for o in placed]
    owed = [
        {"value": c.code, "label": f"{c.code} · {names.get(c.order.key, c.order.item)}: {CLAIM_WORDS[c.kind]} {text.angka(c.owed)}"}
        for c in receipts.claims(election, request.at)
        if c.owed
    ]
    typed = request.POST or {"order": request.GET.get("pesanan", ""), "claim": request.GET.get("klaim", "")}
    return render(request, "desk/receipts/ship.html", {"choices": choices, "owed": owed, "typed": typed})


@shell.page("receipts.read")
def shipment(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A shipment at the gate: first its destination, then its count, as often as lorries of it come."""
    sent = next((s for s in receipts.shipments(election, request.at) if s.code == code), None)
    if sent is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:receipts", election)
    notes = [n for n in receipts.receipts(election, request.at) if n.shipment.code == code]
    if notes and not notes[-1].partial:
        return redirect("desk:receipts_receipt", election, notes[-1].code)
    allowed = shell.may(request, "receipts.record")
    came = receipts.arrivals_of(election, code, request.at)
    stop = next((m for m in receipts.misdirections(election, request.at, code) if m.decision != "released"), None)
    if request.method == "POST" and allowed:
        try:
            if not came:
                raise rules.NotCheckedIn(waybill=sent.waybill)
            note = _count(request, election, code)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Hitungan disimpan sebagai {note.code}.")
            _keep_photo(request, note)
            return redirect("desk:receipts_receipt", election, note.code)
    demand = next((d for d in receipts.demands(election, request.at) if d.key == sent.order.key), None)
    context = {
        "shipment": sent,
        "name": line_name(demand) if demand else sent.order.item,
        "unit": demand.unit if demand else "",
        "blind": "buta" in request.GET or bool(request.POST.get("blind")),
        "may_record": allowed,
        "typed": request.POST,
        "kinds": _kind_fields(request.POST),
        "notes": notes,
        "left": sent.quantity - sum(n.count.shipped for n in notes),
        "came": came,
        "stop": stop,
        "here": record.installation().name,
    }
    return render(request, "desk/receipts/shipment.html", context)


def _kind_fields(typed: Any) -> list[dict[str, str]]:
    """One field for each kind of damage."""
    return [{"code": k, "word": DAMAGE_WORDS[k], "value": typed.get(f"kind_{k}", "")} for k in rules.DAMAGE]


@shell.page("receipts.record")
def drop_shipment(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Take back a surat jalan that was recorded wrongly."""
    if request.method == "POST":
        try:
            second = _second(request, "receipts.record")
            receipts.withdraw_shipment(election, code, request.POST.get("reason", ""), _actor(request), request.at, second)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
            return redirect("desk:receipts_shipment", election, code)
        shell.done(request, f"Kiriman {code} ditarik. Catat yang benar.")
    return redirect("desk:receipts", election)


def _second(request: shell.Request, act: str) -> facts.Actor | None:
    """The second person, where one signed in the form."""
    if not request.POST.get("second", "").strip():
        return None
    found = shell.countersigned(request, act)
    return facts.Actor(found.id, found.agency)


@shell.page("receipts.record")
def arrive(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Step one at the gate: the destination as the papers name it."""
    if request.method == "POST":
        typed = request.POST.get("destination", "")
        said = record.installation().name if request.POST.get("same") else typed
        try:
            stop = receipts.arrive(election, code, said, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            if stop:
                shell.refused(request, rules.Stopped(shipment=code, waybill=stop.waybill, destination=stop.destination, code=stop.code))
                return redirect("desk:receipts_stop", election, stop.code)
            shell.done(request, "Tujuan cocok. Sekarang hitung isinya.")
    return redirect("desk:receipts_shipment", election, code)


@shell.page("receipts.read")
def stop_list(request: shell.Request, election: str) -> HttpResponse:
    """Goods at our gate meant for somebody else."""
    names = _names_of(election, request.at)
    found = [
        {"of": m, "name": _stray_name(m, names), "state": STOP_STATES[m.decision][0], "word": STOP_STATES[m.decision][1]}
        for m in reversed(receipts.misdirections(election, request.at))
    ]
    return render(
        request, "desk/receipts/stops.html", {"nav": nav(request), "found": found, "may_record": shell.may(request, "receipts.record")}
    )


def _stray_name(found: rules.Misdirection, names: dict[rules.Key, str]) -> str:
    item, contest, dapil = found.line
    return names.get(found.line) or printed.line_name(_item_words(names, item), contest, dapil)


def _item_words(names: dict[rules.Key, str], item: str) -> str:
    """The name of an item without contest, from any of its lines."""
    found = next((name for key, name in names.items() if key[0] == item), item)
    return "Surat suara" if item == "SURAT_SUARA" else found


@shell.page("receipts.record")
def stray(request: shell.Request, election: str) -> HttpResponse:
    """Record goods at the gate whose surat jalan is none of ours."""
    if request.method == "POST":
        try:
            item, _, contest = request.POST.get("item", "").partition("~")
            known = {(d.item, d.contest) for d in receipts.demands(election, request.at)}
            if (item, contest) not in known:
                raise rules.WrongLine(item=item, contest=contest, dapil="")
            dapil = request.POST.get("dapil", "").strip().upper()[:60] if contest else ""
            quantity = rules.pieces(request.POST.get("quantity", ""))
            waybill, destination = request.POST.get("waybill", ""), request.POST.get("destination", "")
            found = receipts.misdirect(election, waybill, destination, (item, contest, dapil), quantity, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.warned(request, f"Dicatat sebagai {found.code}. Pilih: simpan terpisah, atau teruskan.")
            return redirect("desk:receipts_stop", election, found.code)
    lines = {f"{d.item}~{d.contest}": printed.line_name(d.name, d.contest, "") for d in receipts.demands(election, request.at)}
    choices = [{"value": value, "label": label} for value, label in lines.items()]
    return render(request, "desk/receipts/stray.html", {"choices": choices, "typed": request.POST})


@shell.page("receipts.read")
def stop(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A hard stop: who it is for, what may be done."""
    try:
        found = receipts.get_misdirection(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_stops", election)
    state, word = STOP_STATES[found.decision]
    context = {
        "found": found,
        "name": _stray_name(found, _names_of(election, request.at)),
        "state": state,
        "word": word,
        "here": record.installation().name,
        "may_record": shell.may(request, "receipts.record"),
        **evidence_desk.context(request, "receipts", f"misdirection:{code}"),
    }
    return render(request, "desk/receipts/stop.html", context)


@shell.page("receipts.record")
def decide(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What happens with goods meant for somebody else."""
    if request.method == "POST":
        decision = request.POST.get("decision", "")
        try:
            second = shell.countersigned(request, "receipts.record") if decision == "released" else None
            done = receipts.decide(
                election, code, decision, _actor(request), request.at,
                reason=request.POST.get("reason", ""),
                onward=request.POST.get("onward", ""),
                second=facts.Actor(second.id, second.agency) if second else None,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Keputusan dicatat: {STOP_STATES[done.decision][1]}.")
            if done.decision == "released" and done.shipment:
                return redirect("desk:receipts_shipment", election, done.shipment)
    return redirect("desk:receipts_stop", election, code)


def _counted(request: shell.Request) -> tuple[int, int, int, tuple[tuple[str, int], ...]]:
    """Good, damaged, of a wrong type, and the kinds of damage. Damaged may be left out where the kinds say it."""
    typed = {k: request.POST.get(f"kind_{k}", "").strip() for k in rules.DAMAGE}
    kinds = tuple((k, rules.pieces(v)) for k, v in typed.items() if v)
    damaged = request.POST.get("damaged", "").strip()
    wrong_type = request.POST.get("wrong_type", "").strip()
    if not damaged and not kinds:
        raise rules.TextMissing(what="jumlah rusak; tulis 0 bila tidak ada yang rusak")
    return (
        rules.pieces(request.POST.get("good", "")),
        rules.pieces(damaged) if damaged or not kinds else sum(pieces for _, pieces in kinds),
        rules.pieces(wrong_type) if wrong_type else 0,
        kinds,
    )


def _count(request: shell.Request, election: str, code: str) -> rules.ReceiptNote:
    typed = {name: request.POST.get(name, "").strip() for name in ("missing", "over")}
    good, damaged, wrong_type, kinds = _counted(request)
    return receipts.record_receipt(
        election,
        code,
        good,
        damaged,
        _actor(request),
        request.at,
        missing=rules.pieces(typed["missing"]) if typed["missing"] else None,
        over=rules.pieces(typed["over"]) if typed["over"] else None,
        note=request.POST.get("note", "").strip()[:400],
        blind=bool(request.POST.get("blind")),
        wrong_type=wrong_type,
        kinds=kinds,
        partial=bool(request.POST.get("partial")),
    )


def _keep_photo(request: shell.Request, note: rules.ReceiptNote) -> None:
    """Photos taken while counting. One that cannot be kept never undoes the count."""
    for given in request.FILES.getlist("photo"):
        try:
            if (given.size or 0) > picture.MOST_BYTES:
                raise picture.Unusable(file=str(given.name)[:80])
            subject = f"receipt:{note.code}"
            evidence.attach(request.election.code, "receipts", subject, "photo", given.read(), str(given.name), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.warned(request, f"Hitungan tersimpan, tetapi foto tidak. {shell.sentence(refusal)}")


@shell.page("receipts.read")
def receipt(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A receipt: its count, cartons, papers, acceptance, corrections, claims."""
    try:
        note = receipts.get_receipt(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts", election)
    note = _with_use(note, receipts.depended_on(election, code, request.at))
    demand = next((d for d in receipts.demands(election, request.at) if d.key == note.shipment.order.key), None)
    state, word = _state(note)
    context = {
        "note": note,
        "name": line_name(demand) if demand else note.shipment.order.item,
        "unit": demand.unit if demand else "",
        "state": state,
        "word": word,
        "pending": receipts.pending_correction(election, note.pending),
        "alone": rules.may_correct_alone(note, request.person.id, request.at),
        "alone_until": note.received_at + rules.UNDO_FOR,
        "may_record": shell.may(request, "receipts.record"),
        "may_accept": shell.may(request, "receipts.write"),
        "typed": {"good": note.count.good, "damaged": note.count.damaged, "wrong_type": note.count.wrong_type or "", "reason": ""},
        "kinds": _kind_fields({f"kind_{k}": n for k, n in note.count.kinds}),
        "kinds_said": printed.kinds_said(note.count.kinds),
        "left": note.shipment.quantity - sum(n.count.shipped for n in _arrivals(election, note, request.at)) if note.partial else 0,
        **_cartons_context(request, note),
        **_claims_context(request, note),
        **_print_context(request, note),
        **evidence_desk.context(request, "receipts", f"receipt:{code}"),
    }
    return render(request, "desk/receipts/receipt.html", context)


def _with_use(note: rules.ReceiptNote, used: bool) -> rules.ReceiptNote:
    return replace(note, used=used)


def _arrivals(election: str, note: rules.ReceiptNote, at: datetime) -> list[rules.ReceiptNote]:
    return [n for n in receipts.receipts(election, at) if n.shipment.code == note.shipment.code]


def _cartons_context(request: shell.Request, note: rules.ReceiptNote) -> dict[str, Any]:
    """Cartons labelled so far, and how many good pieces still lie without."""
    election, order = request.election.code, note.shipment.order
    made = receipts.cartons(election, request.at, note.code)
    groups: dict[tuple[str, str, str], list[rules.Carton]] = {}
    for c in made:
        groups.setdefault((c.dapil, c.batch, c.condition), []).append(c)
    here = places.dapil_here(election).get(order.contest, ())
    good = sum(c.quantity for c in made if c.condition == rules.GOOD)
    aside = sum(c.quantity for c in made if c.condition == rules.QUARANTINE)
    return {
        "cartons": [
            {
                "dapil": dapil, "batch": batch, "count": len(found), "pieces": sum(c.quantity for c in found), "mark": found[0].mark,
                "state": "done" if condition == rules.GOOD else "overdue", "word": "baik" if condition == rules.GOOD else "karantina",
                "codes": [{"code": c.code, "spaced": label_rules.spaced(c.code), "quantity": c.quantity, "alias": c.alias} for c in found],
            }
            for (dapil, batch, condition), found in groups.items()
        ],
        "carton_count": len(made),
        "contest": order.contest,
        "dapil_choices": [order.dapil] if order.dapil else list(here),
        "unlabelled": max(0, note.count.good - good),
        "unlabelled_aside": max(0, note.count.aside - aside),
        "overlabelled": max(0, good - note.count.good),
    }  # fmt: skip


def _claims_context(request: shell.Request, note: rules.ReceiptNote) -> dict[str, Any]:
    """Claims of this count, what may still be claimed, and what lies in quarantine."""
    filed = receipts.claims(request.election.code, request.at, note.code)
    claimed = {kind: sum(c.quantity for c in filed if c.kind == kind) for kind in rules.CLAIMABLE}
    gone = receipts.disposals(request.election.code, request.at, note.code)
    return {
        "claims": [_claim_row(c, request.at) for c in filed],
        "claimable": [
            {"kind": kind, "word": CLAIM_WORDS[kind], "pieces": left}
            for kind in rules.CLAIMABLE
            if (left := getattr(note.count, kind) - claimed[kind]) > 0
        ],
        "aside": note.count.aside - sum(d.quantity for d in gone),
        "gone": [{"of": d, "word": DISPOSAL_WORDS[d.how]} for d in gone],
    }


def _claim_row(claim: rules.Claim, at: datetime) -> dict[str, Any]:
    state, word = CLAIM_STATES[claim.state(at)]
    return {"of": claim, "kind": CLAIM_WORDS[claim.kind], "state": state, "word": word}


def _print_context(request: shell.Request, note: rules.ReceiptNote) -> dict[str, Any]:
    papers = printed.papers_of(note)
    copies = receipts.paper_copies(request.election.code, note.code)
    return {
        "papers": [{"kind": kind, "word": PAPER_WORDS[kind], "copies": copies[kind]} for kind in papers],
        "printed_before": any(copies.values()),
        "layouts": [{"code": layout.code, "name": layout.name} for layout in label_print.LAYOUTS.values()],
    }


@shell.page("receipts.record")
def make_cartons(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Our codes for the cartons of a receipt."""
    if request.method == "POST":
        try:
            note = receipts.get_receipt(election, code, request.at)
            aside = request.POST.get("condition") == rules.QUARANTINE
            pieces, size = rules.pieces(request.POST.get("pieces", "")), rules.pieces(request.POST.get("size", ""))
            known = request.POST.get("aliases", "").split()
            aliases = [label_rules.alias_text(word) for word in known]
            sizes = rules.sizes(pieces, size)
            if aliases and len(aliases) != len(sizes):
                raise rules.AliasesDiffer(given=len(aliases), cartons=len(sizes))
            made = receipts.make_cartons(
                election, note.code, request.POST.get("dapil", "").strip().upper()[:60], sizes, request.POST.get("batch", "").strip()[:40],
                _actor(request), request.at, aliases=aliases, condition=rules.QUARANTINE if aside else rules.GOOD,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(len(made))} karton mendapat kode. Cetak labelnya dan tempelkan.")
            if made[0].condition == rules.QUARANTINE and not aside:
                shell.warned(request, f"Dapil {made[0].dapil} bukan yang dipesan: karton itu masuk karantina.")
    return redirect("desk:receipts_receipt", election, code)


@shell.page("receipts.record")
def drop_cartons(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Wrong labels no longer stand for cartons."""
    if request.method == "POST":
        try:
            second = _second(request, "receipts.record")
            count = receipts.withdraw_cartons(
                election, request.POST.getlist("carton"), request.POST.get("reason", ""), _actor(request), request.at, second
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{count} label ditarik. Sobek label kertasnya.")
    return redirect("desk:receipts_receipt", election, code)


# --- acceptance and corrections ------------------------------------------------------------------------------------------


@shell.page("receipts.write")
def accept(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Accept the good pieces."""
    if request.method == "POST":
        try:
            quantity = receipts.accept_receipt(election, code, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(quantity)} barang baik diterima.")
    return redirect("desk:receipts_receipt", election, code)


@shell.page("receipts.record")
def correct(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Correct a count, or propose to."""
    if request.method == "POST":
        try:
            good, damaged, wrong_type, kinds = _counted(request)
            reason = request.POST.get("reason", "")[:400]
            at_once = receipts.correct_receipt(
                election, code, good, damaged, reason, _actor(request), request.at, wrong_type=wrong_type, kinds=kinds
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Hitungan dibetulkan." if at_once else "Koreksi diusulkan; menunggu orang kedua.")
    return redirect("desk:receipts_receipt", election, code)


@shell.page("receipts.write")
def approve(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The second person puts a correction in force."""
    if request.method == "POST":
        try:
            receipts.approve_correction(election, request.POST.get("correction", ""), _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Koreksi berlaku.")
    return redirect("desk:receipts_receipt", election, code)


# --- papers --------------------------------------------------------------------------------------------------------------


def _sheet(request: shell.Request, note: rules.ReceiptNote, copy: int = 0) -> printed.Sheet:
    demand = next((d for d in receipts.demands(request.election.code, request.at) if d.key == note.shipment.order.key), None)
    here = record.installation().name
    site = next((s.name for s in places.sites(request.election.region) if s.code == note.place), f"gudang KPU {here}")
    return printed.Sheet(
        election=request.election.name,
        agency=f"KPU Kabupaten {here}",
        place=here,
        venue=site,
        item=line_name(demand) if demand else note.shipment.order.item,
        unit=demand.unit if demand else "",
        paper="f4" if (request.POST or request.GET).get("kertas") == "f4" else "a4",
        copy=copy,
    )


def _paper(request: shell.Request, kind: str, note: rules.ReceiptNote, copy: int = 0) -> bytes:
    election = request.election.code
    made = receipts.cartons(election, request.at, note.code) if kind == "bttb" else []
    filed = receipts.claims(election, request.at, note.code) if kind == "ba-kerusakan" else []
    return printed.pdf(kind, note, _sheet(request, note, copy), made, filed)


@shell.page("receipts.read")
def pdf(request: shell.Request, election: str, code: str, kind: str) -> HttpResponse:
    """One paper of a receipt on the screen; ?kertas=f4. Prints are made and counted by `print_all`."""
    try:
        note = receipts.get_receipt(election, code, request.at)
        if kind not in printed.papers_of(note):
            raise rules.UnknownThing(thing=kind[:20])
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts", election)
    return _file(_paper(request, kind, note), f"{kind}-{code}.pdf", inline=True)


@shell.page("receipts.record")
def print_all(request: shell.Request, election: str, code: str) -> HttpResponse:
    """BTTB, BAST, berita acara and carton labels in one ZIP; every print is counted before its paper comes."""
    if request.method != "POST":
        return redirect("desk:receipts_receipt", election, code)
    try:
        note = receipts.get_receipt(election, code, request.at)
        cartons = receipts.cartons(election, request.at, code)
        layout = request.POST.get("layout", "a4-8")
        label_print.check(layout, 1)
        kinds, reason = printed.papers_of(note), request.POST.get("reason", "")
        copies = receipts.print_papers(election, code, kinds, _actor(request), request.at, reason)
        before = labels.copies(election, [("carton", c.code) for c in cartons])
        fresh = [c for c in cartons if not before["carton", c.code]]  # labels are reprinted one by one on the label page
        if fresh:
            labels.printed(election, [("carton", c.code) for c in fresh], layout, _actor(request), request.at, reason)
        files = [(f"{kind}-{code}.pdf", _paper(request, kind, note, copies[kind])) for kind in kinds]
        made = label_print.sheets([_label(c) for c in fresh], layout, request.at) if fresh else []
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_receipt", election, code)
    files += [(f"label-karton-{code}-{number:02}.pdf", data) for number, data in enumerate(made, start=1)]
    return _file(printed.bundle(files, request.at), f"penerimaan-{code}.zip")


def _label(carton: rules.Carton) -> label_print.Label:
    word = printed.CONTEST_WORDS.get(carton.contest, carton.contest)
    lines = (f"{text.angka(carton.quantity)} lembar", f"Penerimaan {carton.receipt}", f"Cetakan {carton.batch}" if carton.batch else "")
    return label_print.Label(
        "carton", carton.code, f"Surat suara {word}", tuple(x for x in lines if x), carton.contest, carton.dapil, mark=carton.mark
    )


# --- claims and quarantine -----------------------------------------------------------------------------------------------


@shell.page("receipts.read")
def claim_list(request: shell.Request, election: str) -> HttpResponse:
    """All claims, and what lies in quarantine."""
    names = _names_of(election, request.at)
    filed = [{**_claim_row(c, request.at), "name": names.get(c.order.key, c.order.item)} for c in receipts.claims(election, request.at)]
    gone: dict[str, int] = {}
    for d in receipts.disposals(election, request.at):
        gone[d.receipt] = gone.get(d.receipt, 0) + d.quantity
    claimed: dict[str, int] = {}
    for c in receipts.claims(election, request.at):
        claimed[c.receipt] = claimed.get(c.receipt, 0) + c.quantity
    notes = receipts.receipts(election, request.at)
    aside: list[dict[str, Any]] = [
        {"note": n, "name": names.get(n.shipment.order.key, n.shipment.order.item), "there": n.count.aside - gone.get(n.code, 0),
         "kinds": printed.kinds_said(n.count.kinds)}
        for n in notes
        if n.count.aside > gone.get(n.code, 0)
    ]  # fmt: skip
    unclaimed = [
        {"note": n, "name": names.get(n.shipment.order.key, n.shipment.order.item), "pieces": left}
        for n in notes
        if (left := n.count.aside + n.count.missing - claimed.get(n.code, 0)) > 0 and not n.shipment.replaces
    ]
    order = {state: number for number, state in enumerate(CLAIM_STATES)}
    filed.sort(key=lambda row: (order[row["of"].state(request.at)], row["of"].due_at))
    waiting = sum(not row["of"].settled for row in filed)
    context = {
        "nav": nav(request), "claims": filed, "aside": aside, "unclaimed": unclaimed, "waiting": waiting, "settled": len(filed) - waiting,
        "late": sum(row["of"].state(request.at) in {"overdue", "late"} for row in filed), "there": sum(a["there"] for a in aside),
    }  # fmt: skip
    return render(request, "desk/receipts/claims.html", context)


@shell.page("receipts.write")
def file_claim(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Ask the supplier to make good a loss."""
    if request.method == "POST":
        try:
            quantity = rules.pieces(request.POST.get("quantity", ""))
            note = request.POST.get("note", "").strip()[:400]
            made = receipts.file_claim(election, code, request.POST.get("kind", ""), quantity, _actor(request), request.at, note)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Klaim {made.code} dicatat. Cetak suratnya dan kirim ke penyedia.")
            return redirect("desk:receipts_claim", election, made.code)
    return redirect("desk:receipts_receipt", election, code)


@shell.page("receipts.read")
def claim(request: shell.Request, election: str, code: str) -> HttpResponse:
    """One claim: what was asked, what was answered, what came."""
    try:
        found = receipts.get_claim(election, code, request.at)
        note = receipts.get_receipt(election, found.receipt, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_claims", election)
    names, held = _names_of(election, request.at), receipts.limits(election, request.at)
    came = [d for d in _deliveries(election, request.at, names, found.order.key) if d["claim"] == code]
    context = {
        **_claim_row(found, request.at), "claim": found, "note": note, "name": names.get(found.order.key, found.order.item), "came": came,
        "may_write": shell.may(request, "receipts.write"), "may_record": shell.may(request, "receipts.record"),
        "answer": ANSWER_WORDS.get(found.answer, ""), "answer_days": held.answer_days,
        "replacement_days": held.replacement_days, **evidence_desk.context(request, "receipts", f"claim:{code}"),
    }  # fmt: skip
    return render(request, "desk/receipts/claim.html", context)


@shell.page("receipts.write")
def answer_claim(request: shell.Request, election: str, code: str) -> HttpResponse:
    """What the supplier answered."""
    if request.method == "POST":
        try:
            due = request.POST.get("due", "")
            answer, reason = request.POST.get("answer", ""), request.POST.get("reason", "")
            receipts.answer_claim(election, code, answer, _actor(request), request.at, reason, _day(due) if due else None)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, "Jawaban penyedia dicatat.")
    return redirect("desk:receipts_claim", election, code)


@shell.page("receipts.read")
def claim_pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The letter to the supplier; ?kertas=f4."""
    try:
        found = receipts.get_claim(election, code, request.at)
        note = receipts.get_receipt(election, found.receipt, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts_claims", election)
    data = printed.claim_letter(found, note, _sheet(request, note), receipts.deadline(election, request.at))
    return _file(data, f"klaim-{code}.pdf", inline=True)


@shell.page("receipts.record")
def dispose(request: shell.Request, election: str, code: str) -> HttpResponse:
    """Pieces leave the quarantine: back to the supplier, or destroyed by two people."""
    if request.method == "POST":
        how = request.POST.get("how", "")
        try:
            second = shell.countersigned(request, "receipts.record") if how == "destroyed" else None
            done = receipts.dispose(
                election, code, rules.pieces(request.POST.get("quantity", "")), how, _actor(request), request.at,
                request.POST.get("reason", ""), facts.Actor(second.id, second.agency) if second else None,
            )  # fmt: skip
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"{text.angka(done.quantity)} barang {DISPOSAL_WORDS[done.how]}. Lampirkan tanda terimanya.")
    return redirect("desk:receipts_receipt", election, code)


# --- the forecast --------------------------------------------------------------------------------------------------------


@shell.page("receipts.read")
def forecast(request: shell.Request, election: str) -> HttpResponse:
    """With what probability is each line complete by its deadline, how surely is that known, what holds it back."""
    asked = receipts.outlook(election, request.at)
    named = {d.key: d for d in receipts.demands(election, request.at)}
    wanted = receipts.limits(election, request.at).probability_permille
    known = [_outlook_row(election, named[q.key], q, o, wanted) for q, o in asked if q.need is not None]
    learnt = asked[0][0].history if asked else rules.History()
    estimated = [r for r in known if r["verdict"] == "estimated"]
    context = {
        "nav": nav(request),
        "rows": sorted(known, key=lambda r: (r["order"], r["permille"] if r["permille"] is not None else 1001, r["name"])),
        "unknown": [line_name(named[q.key]) for q, _ in asked if q.need is None],
        "deadline": receipts.deadline(election, request.at),
        "complete": sum(r["verdict"] == "complete" for r in known),
        "bare": sum(r["verdict"] == "uncovered" for r in known),
        "estimated": len(estimated),
        "likely": sum((r["permille"] or 0) >= wanted for r in estimated),
        "wanted": wanted / 1000,
        "total": len(known),
        "history": learnt,
        "counts": {
            "transit": len(learnt.transit), "lateness": len(learnt.lateness), "slips": len(learnt.slips),
            "replacement": len(learnt.replacement),
        },
        "thin": len(learnt.transit) < 5 or len(learnt.lateness) < 3,
        "priors": _prior_words(),
        "seed": str(receipts.SEED),
        "draws": str(arrivals.DRAWS),
        "weight": arrivals.WEIGHT,
        "mean_transit": _mean(learnt.transit),
        "mean_lateness": _mean(learnt.lateness),
        "mean_replacement": _mean(learnt.replacement),
        "lost_share": learnt.lost / learnt.counted if learnt.counted else None,
    }  # fmt: skip
    return render(request, "desk/receipts/forecast.html", context)


def _short(moment: datetime | None) -> str:
    return text.tanggal_pendek(moment) if moment else ""


def _mean(values: tuple[float, ...]) -> str:
    return text.desimal(sum(values) / len(values)) if values else ""


def _prior_words() -> list[tuple[str, str]]:
    p = arrivals.PRIORS
    return [
        ("Lama perjalanan surat jalan", f"{text.desimal(math.exp(p.transit.m))} hari (tengah), bobot {p.transit.k:g} kiriman"),
        ("Terlambat dari tanggal yang berlaku", f"{p.lateness.m:g} hari (tengah), bobot {p.lateness.k:g} pesanan"),
        ("Penggantian barang", f"{text.desimal(math.exp(p.replacement.m))} hari (tengah), bobot {p.replacement.k:g} klaim"),
        ("Tanggal digeser lagi", f"{p.moved[0]:g} dari {sum(p.moved):g} pesanan, rata-rata {p.slip[1] / p.slip[0]:g} hari"),
        ("Rusak atau kurang, surat suara", f"{p.loss_ballots[0]:g} dari {sum(p.loss_ballots):g} lembar"),
        ("Rusak atau kurang, barang lain", f"{p.loss_other[0]:g} dari {sum(p.loss_other):g} buah"),
    ]


def _outlook_row(election: str, demand: rules.Demand, question: rules.Question, outlook: rules.Outlook, wanted: int) -> dict[str, Any]:
    """wanted: permille below which R02 speaks."""
    state, word = VERDICTS[outlook.verdict]
    if outlook.verdict == "estimated" and (outlook.permille or 0) < wanted:
        state, word = "waiting", "mungkin tidak lengkap"
    return {
        "name": line_name(demand), "href": reverse("desk:receipts_line", args=[election, "~".join(demand.key)]), "unit": demand.unit,
        "need": question.need, "good": question.good, "way": sum(w.quantity for w in question.on_the_way),
        "promised": sum(p.quantity for p in question.promises), "owed": sum(o.quantity for o in question.owed),
        "due_at": question.due_at, "moved": question.moved, "uncovered": outlook.uncovered,
        "verdict": outlook.verdict, "state": state, "word": word, "permille": outlook.permille,
        "share": None if outlook.permille is None else outlook.permille / 1000,
        "low": None if outlook.low is None else outlook.low / 1000, "high": None if outlook.high is None else outlook.high / 1000,
        "early": _short(outlook.early_at), "expected": _short(outlook.expected_at), "late": _short(outlook.late_at),
        "expected_at": outlook.expected_at,
        "holds": HOLDS.get(outlook.holds, ""), "order": VERDICT_ORDER.index(outlook.verdict), "estimate": demand.estimate,
    }  # fmt: skip


# --- export --------------------------------------------------------------------------------------------------------------


@shell.page("receipts.read")
def export(request: shell.Request, election: str) -> HttpResponse:
    """The gauge and all deliveries as shown, in one XLSX."""
    found = receipts.gauge(election, request.at)
    names = {r.demand.key: line_name(r.demand) for r in found.rows}
    head = [
        "Barang",
        "Kode",
        "Jenis pemilihan",
        "Dapil",
        "Satuan",
        "Kebutuhan",
        "Derajat",
        "Dipesan",
        "Dikirim",
        "Pengganti",
        "Diterima",
        "Baik",
    ]
    head += ["Rusak", "Salah jenis", "Kurang", "Lebih", "Diterima baik", "Diproduksi", "Tanda"]
    lines: list[list[Any]] = [head]
    for r in found.rows:
        d = r.demand
        need = "belum diketahui" if d.quantity is None else d.quantity
        about = [line_name(d), d.item, d.contest, d.dapil, d.unit, need, GRADE_WORDS.get(d.grade, d.grade)]
        counted = [r.received, r.good, r.damaged, r.wrong_type, r.missing, r.over, r.accepted, r.produced]
        lines.append([*about, r.ordered, r.shipped, r.replaced, *counted, " ".join(r.marks)])
    keys = (
        "code", "waybill", "silog", "order", "name", "receipt", "shipped", "good", "damaged", "wrong_type", "missing", "over", "replaces",
        "claim", "word", "mark",
    )  # fmt: skip
    titles = (
        "Kiriman,Surat jalan,Kode SILOG,Pesanan,Barang,Penerimaan,Dikirim,Baik,Rusak,Salah jenis,Kurang,Lebih,Mengganti,Klaim,Keadaan,Tanda"
    )
    sent: list[list[Any]] = [titles.split(",")]
    sent += [["" if d[k] is None else d[k] for k in keys] for d in _deliveries(election, request.at, names)]
    data = table.xlsx({"Pengukur": lines, "Kiriman": sent})
    return _file(data, f"penerimaan-{election}.xlsx")


def _file(data: bytes, name: str, inline: bool = False) -> HttpResponse:
    kind = {"xlsx": XLSX, "zip": "application/zip", "pdf": "application/pdf"}[name.rpartition(".")[2]]
    how = "inline" if inline else "attachment"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'{how}; filename="{name}"'})


def _actor(request: shell.Request) -> facts.Actor:
    return facts.Actor(request.person.id, request.person.agency)


def _day(typed: str) -> datetime:
    """The end of a civil day (WIB) typed as 2023-12-31. NotADay."""
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=WIB)
    except ValueError:
        raise rules.NotADay(typed=typed[:20]) from None
    return (day + timedelta(days=1) - timedelta(seconds=1)).astimezone(UTC)


urlpatterns = [
    path("<slug:election>/penerimaan/", index, name="receipts"),
    path("<slug:election>/penerimaan/arti/", meaning, name="receipts_meaning"),
    path("<slug:election>/penerimaan/prakiraan/", forecast, name="receipts_forecast"),
    path("<slug:election>/penerimaan/barang/<str:key>/", line, name="receipts_line"),
    path("<slug:election>/penerimaan/pesanan/", order_list, name="receipts_orders"),
    path("<slug:election>/penerimaan/pesanan/kontrak/baru/", contract, name="receipts_contract"),
    path("<slug:election>/penerimaan/pesanan/baru/", order, name="receipts_order"),
    path("<slug:election>/penerimaan/pesanan/templat.xlsx", orders_template, name="receipts_orders_template"),
    path("<slug:election>/penerimaan/pesanan/pesanan.xlsx", orders_export, name="receipts_orders_export"),
    path("<slug:election>/penerimaan/pesanan/impor/", intake, name="receipts_import"),
    path("<slug:election>/penerimaan/pesanan/impor/<slug:code>/", intake_check, name="receipts_import_check"),
    path("<slug:election>/penerimaan/pesanan/impor/<slug:code>/catat/", intake_confirm, name="receipts_import_confirm"),
    path("<slug:election>/penerimaan/pesanan/impor/<slug:code>/buang/", intake_drop, name="receipts_import_drop"),
    path("<slug:election>/penerimaan/pesanan/<slug:code>/", order_detail, name="receipts_order_detail"),
    path("<slug:election>/penerimaan/pesanan/<slug:code>/tarik/", drop_order, name="receipts_order_drop"),
    path("<slug:election>/penerimaan/pesanan/<slug:code>/geser/", order_move, name="receipts_order_move"),
    path("<slug:election>/penerimaan/pesanan/<slug:code>/produksi/", order_produced, name="receipts_order_produced"),
    path("<slug:election>/penerimaan/kiriman/baru/", ship, name="receipts_ship"),
    path("<slug:election>/penerimaan/kiriman/<slug:code>/", shipment, name="receipts_shipment"),
    path("<slug:election>/penerimaan/kiriman/<slug:code>/tarik/", drop_shipment, name="receipts_shipment_drop"),
    path("<slug:election>/penerimaan/kiriman/<slug:code>/tiba/", arrive, name="receipts_arrive"),
    path("<slug:election>/penerimaan/salah-tujuan/", stop_list, name="receipts_stops"),
    path("<slug:election>/penerimaan/salah-tujuan/baru/", stray, name="receipts_stray"),
    path("<slug:election>/penerimaan/salah-tujuan/<slug:code>/", stop, name="receipts_stop"),
    path("<slug:election>/penerimaan/salah-tujuan/<slug:code>/putuskan/", decide, name="receipts_decide"),
    path("<slug:election>/penerimaan/terima/<slug:code>/", receipt, name="receipts_receipt"),
    path("<slug:election>/penerimaan/terima/<slug:code>/karton/", make_cartons, name="receipts_cartons"),
    path("<slug:election>/penerimaan/terima/<slug:code>/karton/tarik/", drop_cartons, name="receipts_cartons_drop"),
    path("<slug:election>/penerimaan/terima/<slug:code>/setujui/", accept, name="receipts_accept"),
    path("<slug:election>/penerimaan/terima/<slug:code>/koreksi/", correct, name="receipts_correct"),
    path("<slug:election>/penerimaan/terima/<slug:code>/koreksi/setujui/", approve, name="receipts_approve"),
    path("<slug:election>/penerimaan/terima/<slug:code>/cetak/", print_all, name="receipts_print"),
    path("<slug:election>/penerimaan/terima/<slug:code>/klaim/", file_claim, name="receipts_claim_file"),
    path("<slug:election>/penerimaan/terima/<slug:code>/karantina/", dispose, name="receipts_dispose"),
    path("<slug:election>/penerimaan/terima/<slug:code>/<slug:kind>.pdf", pdf, name="receipts_pdf"),
    path("<slug:election>/penerimaan/klaim/", claim_list, name="receipts_claims"),
    path("<slug:election>/penerimaan/klaim/<slug:code>/", claim, name="receipts_claim"),
    path("<slug:election>/penerimaan/klaim/<slug:code>/jawab/", answer_claim, name="receipts_claim_answer"),
    path("<slug:election>/penerimaan/klaim/<slug:code>/surat.pdf", claim_pdf, name="receipts_claim_pdf"),
    path("<slug:election>/penerimaan/penerimaan.xlsx", export, name="receipts_export"),
]
DAMAGE_WORDS = printed.DAMAGE_WORDS
CLAIM_WORDS = printed.CLAIM_WORDS
PAPER_WORDS = {"bttb": "BTTB", "bast": "BAST", "ba-kerusakan": "Berita acara kerusakan dan kekurangan"}
DISPOSAL_WORDS = {"returned": "dikembalikan ke penyedia", "destroyed": "dimusnahkan"}
ANSWER_WORDS = {"replace": "akan diganti", "credit": "dipotong dari tagihan", "refused": "ditolak"}
CLAIM_STATES = {
    "overdue": ("overdue", "jawaban terlambat"),
    "late": ("overdue", "pengganti terlambat"),
    "open": ("waiting", "menunggu jawaban"),
    "promised": ("waiting", "menunggu pengganti"),
    "replaced": ("done", "sudah diganti"),
    "credited": ("plain", "dipotong dari tagihan"),
    "refused": ("plain", "ditolak penyedia"),
}
STOP_STATES = {
    "": ("overdue", "berhenti, belum diputuskan"),
    "quarantine": ("waiting", "disimpan terpisah, menunggu diteruskan"),
    "sent_on": ("done", "sudah diteruskan"),
    "released": ("done", "dilepas: tujuan ternyata di sini"),
}
VERDICTS = {
    "complete": ("done", "sudah lengkap"),
    "estimated": ("plain", "kemungkinan lengkap"),
    "uncovered": ("overdue", "belum tertutup"),
    "passed": ("overdue", "tenggat lewat"),
    "no_deadline": ("unknown", "tanpa tenggat"),
    "unknown": ("unknown", "kebutuhan belum diketahui"),
}
VERDICT_ORDER = ("passed", "uncovered", "estimated", "no_deadline", "complete", "unknown")
HOLDS = {
    "uncovered": "ada yang belum dipesan, diklaim, atau dikirim",
    "way": "surat jalan yang masih di jalan",
    "promise": "pesanan yang belum dikirim",
    "owed": "pengganti yang belum dikirim",
    "loss": "kemungkinan rusak atau kurang saat tiba",
}
PROBLEMS: dict[str, str] = {
    "orders.no_sheet": "Tidak ada lembar Kontrak, Jadwal, atau Kiriman. Unduh templat dan isi di sana.",
    "orders.columns_missing": "Kolom belum ada: {names}. Salin baris judul dari templat.",
    "orders.column_twice": "Kolom {what} ada dua kali. Hapus salah satu.",
    "orders.empty": "{what} kosong. Isi, atau hapus baris ini.",
    "orders.formula": "Rumus di sel ini gagal atau belum dihitung ({value}). Ketik isinya.",
    "orders.too_long": "Isinya lebih dari {most} huruf. Pendekkan.",
    "orders.not_whole": "“{value}” bukan bilangan bulat. Tulis misalnya 1829 atau 1.829.",
    "orders.not_positive": "“{value}”: jumlah harus paling sedikit 1.",
    "orders.too_many": "{value} terlalu banyak. Mungkin angka tertulis dua kali.",
    "orders.not_a_day": "“{value}” bukan tanggal. Tulis misalnya 31/12/2023.",
    "orders.due_before_contract": "Harus tiba lebih dulu daripada tanggal kontrak. Periksa kedua tanggal.",
    "orders.item_missing": "Kode barang kosong. Salin kode dari lembar Daftar barang pada templat.",
    "orders.item_unknown": "Barang “{value}” tidak dibutuhkan pemilihan ini. Salin kode dari lembar Daftar barang pada templat.",
    "orders.no_contest": "Barang ini tidak dibedakan menurut jenis pemilihan. Kosongkan “{value}”.",
    "orders.contest_unknown": "Jenis pemilihan “{value}” tidak dikenal. Pilih: {choices}.",
    "orders.dapil_unknown": "Dapil “{value}” bukan dapil di sini untuk jenis ini. Pilih: {choices}.",
    "orders.tahap": "Tahap {said}, tetapi menurut aturan barang ini tahap {right}.",
    "orders.duplicate": "Sama dengan baris {first}. Gabungkan jumlahnya, atau hapus salah satu.",
    "orders.contract_date": "Kontrak {number} sudah tercatat bertanggal {before}.",
    "orders.contract_supplier": "Kontrak {number} sudah tercatat dengan penyedia {before}.",
    "orders.quantity_differs": (
        "Sudah tercatat sebagai {order} dengan jumlah {before}, bukan {now}. Samakan, atau tulis tambahan di kontrak baru (addendum)."
    ),
    "orders.use_schedule": "Sudah tercatat sebagai {order} dengan tanggal {before}. Tulis tanggal baru dan alasannya di lembar Jadwal.",
    "orders.reason_missing": "Tanggal digeser tanpa alasan. Tulis alasannya.",
    "orders.no_order": "Kontrak {number} tidak memuat {line}. Tambahkan dulu di lembar Kontrak.",
    "orders.waybill_differs": "Surat jalan {waybill} sudah tercatat dengan jumlah {before}. Betulkan berkasnya.",
    "orders.not_sent_yet": "Tanggal kirim {day} belum tiba. Catat kiriman sesudah berangkat.",
    "orders.over_ordered": "Dipesan {ordered}, sudah dikirim {already}; kiriman {now} melebihi pesanan. Pengganti dicatat lewat klaimnya.",
}
SENTENCES: dict[str, str] = {
    "receipts.not_positive": "Jumlah harus paling sedikit 1.",
    "receipts.too_many": "{quantity} terlalu banyak. Mungkin ada angka yang tertekan dua kali.",
    "receipts.negative": "Jumlah tidak boleh kurang dari nol.",
    "receipts.not_a_number": "“{typed}” bukan bilangan bulat. Tulis misalnya 1829 atau 1.829.",
    "receipts.not_a_day": "“{typed}” bukan tanggal. Pilih tanggal dari kalender.",
    "receipts.unbalanced": (
        "Hitungan tidak cocok: surat jalan {shipped}, baik {good}, rusak {damaged}, jadi kurang {missing_right} dan lebih {over_right}. "
        "Hitung ulang, atau kosongkan kolom kurang dan lebih."
    ),
    "receipts.unknown_damage": "Macam kerusakan “{kind}” tidak ada dalam daftar.",
    "receipts.damage_differs": "Rusak {damaged}, tetapi macam kerusakannya berjumlah {kinds}. Samakan, atau kosongkan macamnya.",
    "receipts.already_received": "Surat jalan {waybill} sudah dihitung. Buka penerimaannya dan buat koreksi.",
    "receipts.not_yet_shipped": "Surat jalan {waybill} belum berangkat pada waktu itu.",
    "receipts.not_checked_in": "Cocokkan dulu tujuan pada surat jalan {waybill}, baru hitung isinya.",
    "receipts.stopped": (
        "BERHENTI. Surat jalan {waybill} bertujuan {destination}, bukan ke sini. Jangan dibongkar dan jangan dihitung. "
        "Putuskan dulu: simpan terpisah atau teruskan ({code})."
    ),
    "receipts.decided": "{code} sudah diputuskan.",
    "receipts.in_use": "{code} tidak dapat ditarik: sudah ada kiriman, kedatangan, atau hitungan di bawahnya.",
    "receipts.already_accepted": "Penerimaan {receipt} sudah disetujui.",
    "receipts.same_person": "Diperlukan orang kedua: Anda sendiri yang mencatat {receipt}. Minta rekan menyetujui.",
    "receipts.reason_missing": "Tulis alasan koreksi.",
    "receipts.nothing_changed": "Hitungan yang diketik sama dengan yang sudah tercatat.",
    "receipts.correction_pending": "Masih ada koreksi {receipt} yang menunggu orang kedua. Selesaikan dahulu.",
    "receipts.disposed_already": "Sudah {disposed} barang keluar dari karantina {receipt}; koreksi tidak boleh di bawah itu.",
    "receipts.unknown": "{thing} tidak ditemukan.",
    "receipts.wrong_line": "Barang itu tidak dibutuhkan pemilihan ini. Pilih dari daftar.",
    "receipts.over_ordered": "Pesanan {order} berjumlah {ordered}; sudah dikirim {already}. Kiriman {quantity} lagi melebihi pesanan.",
    "receipts.text_missing": "Isi {what}.",
    "receipts.contract_twice": "Kontrak {number} sudah tercatat. Catat barangnya lewat Catat pesanan.",
    "receipts.same_day": "Tanggal itu sama dengan yang berlaku untuk {order}.",
    "receipts.shrunk": "{order}: penyedia pernah melaporkan {before} selesai; {quantity} lebih sedikit. Periksa lagi.",
    "receipts.not_claimable": "{receipt}: ditemukan {found}, sudah diklaim {claimed}. Klaim {quantity} lagi melebihi temuan.",
    "receipts.nothing_unposted": "Semua penerimaan sudah ada di buku stok. Tidak ada yang perlu dimasukkan.",
    "receipts.answered": "Klaim {claim} sudah dijawab.",
    "receipts.bad_answer": "Pilih salah satu dari daftar.",
    "receipts.not_in_quarantine": "Di karantina {receipt} ada {there}, bukan {quantity}.",
    "receipts.no_cartons": "Kode karton hanya untuk surat suara. Barang {receipt} tidak dibedakan menurut jenis pemilihan.",
    "receipts.bad_carton": "Isi karton {quantity} tidak mungkin. Satu karton berisi 1 sampai {most}.",
    "receipts.too_many_labelled": "{receipt}: dihitung {counted}, sudah berlabel {labelled}. Label {quantity} lagi melebihi hitungan.",
    "receipts.aliases_differ": "Ada {given} kode SILOG untuk {cartons} karton. Tulis satu kode untuk tiap karton, atau kosongkan.",
    "receipts.carton_moved": "Karton {carton} sudah dibuka atau dipindah. Betulkan di halaman sortir.",
    "receipts.nothing_new": "Semua isi berkas sudah tercatat. Tidak ada yang perlu diimpor.",
    "receipts.file_problems": "Berkas masih bermasalah ({count}), jadi tidak ada satu baris pun yang dicatat. Perbaiki dahulu.",
    "receipts.no_upload": "Berkas itu tidak ditemukan. Mungkin sudah diimpor atau dibuang.",
}
TASKS: dict[str, tuple[str, str]] = {
    "receipts.count": ("Hitung kiriman {label}", "desk:receipts_shipment"),
    "receipts.accept": ("Setujui penerimaan {label}", "desk:receipts_receipt"),
    "receipts.approve": ("Periksa koreksi {label}", "desk:receipts_receipt"),
    "receipts.open_stock": ("Masukkan {label} penerimaan lama ke buku stok", "desk:stock_older"),
    "receipts.misdirected": ("Putuskan kiriman salah tujuan {label}", "desk:receipts_stop"),
    "receipts.claim": ("Tagih jawaban klaim {label}", "desk:receipts_claim"),
    "receipts.replacement": ("Tagih pengganti klaim {label}", "desk:receipts_claim"),
}
HITS: dict[str, str] = {
    "receipt": "desk:receipts_receipt",
    "shipment": "desk:receipts_shipment",
    "order": "desk:receipts_order_detail",
    "claim": "desk:receipts_claim",
}
SIGNALS: dict[str, tuple[str, str]] = {
    "R01": ("{line}: kurang {short} dari {need} {unit} pada hari barang dibutuhkan, menurut rencana sekarang", "desk:receipts_forecast"),
    "R02": ("{line}: kemungkinan lengkap pada tenggat {share} % (rentang {from} sampai {to} %)", "desk:receipts_forecast"),
    "R03": ("{order} {line}: {pieces} belum dikirim, janji tiba {due}, {why} ({times} kali digeser)", "desk:receipts_order_detail"),
    "R12": ("{line}, {waybill}: dikirim {sent}, diterima {received}; selisih {by} belum diselesaikan", "desk:receipts_receipt"),
}
