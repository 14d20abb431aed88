"""Stage receipts: screens."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from posko.desk import shell
from posko.domain import receipts as rules
from posko.domain import record as facts
from posko.formats import document, gauge, table, text
from posko.formats import receipts as printed
from posko.store import receipts

WIB = timezone(timedelta(hours=7))
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
            for name in ("ordered", "shipped", "replaced", "received", "good", "damaged", "missing", "over", "accepted")
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
        "orders": [{"name": names.get(o.key, o.item), **_fields(o)} for o in placed],
        "has_orders": bool(placed),
        "may_order": shell.may(request, "receipts.order"),
        "may_record": shell.may(request, "receipts.record"),
    }
    return render(request, "desk/receipts/index.html", context)


def _fields(order: rules.Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in ("code", "quantity", "tahap", "supplier", "due_at", "mark")}


def _deliveries(election: str, at: datetime, names: dict[rules.Key, str], only: rules.Key | None = None) -> list[dict[str, Any]]:
    notes = {n.shipment.code: n for n in receipts.receipts(election, at)}
    found = [_delivery(election, s, notes.get(s.code), names) for s in receipts.shipments(election, at) if only in (None, s.order.key)]
    return sorted(found, key=lambda d: d["at"], reverse=True)


def _delivery(election: str, sent: rules.Shipment, note: rules.ReceiptNote | None, names: dict[rules.Key, str]) -> dict[str, Any]:
    state, word = _state(note)
    target = ("desk:receipts_receipt", note.code) if note else ("desk:receipts_shipment", sent.code)
    return {
        "code": sent.code,
        "order": sent.order.code,
        "waybill": sent.waybill,
        "name": names.get(sent.order.key, sent.order.item),
        "shipped": sent.quantity,
        "replaces": sent.replaces,
        "at": note.counted_at if note else sent.sent_at,
        "mark": sent.mark,
        "state": state,
        "word": word,
        "href": reverse(target[0], args=[election, target[1]]),
        **{name: getattr(note.count, name) if note else None for name in ("good", "damaged", "missing", "over")},
    }


def _state(note: rules.ReceiptNote | None) -> tuple[str, str]:
    if note is None:
        return "unknown", "dalam perjalanan, belum dihitung"
    if note.pending:
        return "waiting", "koreksi menunggu orang kedua"
    if note.accepted is None:
        return "waiting", "menunggu persetujuan"
    return "done", "disetujui"


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


@shell.page("receipts.order")
def order(request: shell.Request, election: str) -> HttpResponse:
    """Record an order."""
    if request.method == "POST":
        try:
            item, contest, dapil = (*request.POST.get("line", "").split("~"), "", "")[:3]
            due_at = _day(request.POST.get("due", ""))
            quantity = rules.pieces(request.POST.get("quantity", ""))
            supplier = request.POST.get("supplier", "").strip()[:120]
            placed = receipts.place_order(election, (item, contest, dapil), quantity, supplier, due_at, _actor(request), request.at)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Pesanan {placed.code} disimpan.")
            return redirect("desk:receipts", election)
    found = receipts.demands(election, request.at)
    choices = [{"value": "~".join(d.key), "label": line_name(d)} for d in found]
    return render(request, "desk/receipts/order.html", {"choices": choices, "typed": request.POST})


@shell.page("receipts.record")
def ship(request: shell.Request, election: str) -> HttpResponse:
    """Record a shipment from its surat jalan."""
    if request.method == "POST":
        try:
            sent = receipts.announce_shipment(
                election,
                request.POST.get("order", ""),
                rules.pieces(request.POST.get("quantity", "")),
                request.POST.get("waybill", "").strip()[:60],
                request.POST.get("carrier", "").strip()[:120],
                _actor(request),
                request.at,
                replaces=request.POST.get("replaces", ""),
            )
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Kiriman {sent.code} disimpan. Hitung isinya saat tiba.")
            return redirect("desk:receipts_shipment", election, sent.code)
    names = {d.key: line_name(d) for d in receipts.demands(election, request.at)}
    placed = receipts.orders(election, request.at)
    choices = [{"value": o.code, "label": f"{o.code} · {names.get(o.key, o.item)} · {text.angka(o.quantity)}"} for o in placed]
    losses = [
        {"value": n.code, "label": f"{n.code} · {names.get(n.shipment.order.key, '')}: rusak {n.count.damaged}, kurang {n.count.missing}"}
        for n in receipts.receipts(election, request.at)
        if n.count.damaged or n.count.missing
    ]
    typed = request.POST or {"order": request.GET.get("pesanan", "")}
    return render(request, "desk/receipts/ship.html", {"choices": choices, "losses": losses, "typed": typed})


@shell.page("receipts.read")
def shipment(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A shipment; counting it happens here."""
    sent = next((s for s in receipts.shipments(election, request.at) if s.code == code), None)
    if sent is None:
        shell.refused(request, rules.UnknownThing(thing=code))
        return redirect("desk:receipts", election)
    counted = next((n for n in receipts.receipts(election, request.at) if n.shipment.code == code), None)
    if counted:
        return redirect("desk:receipts_receipt", election, counted.code)
    allowed = shell.may(request, "receipts.record")
    if request.method == "POST" and allowed:
        try:
            note = _count(request, election, code)
        except facts.Refusal as refusal:
            shell.refused(request, refusal)
        else:
            shell.done(request, f"Hitungan disimpan sebagai {note.code}.")
            return redirect("desk:receipts_receipt", election, note.code)
    demand = next((d for d in receipts.demands(election, request.at) if d.key == sent.order.key), None)
    context = {
        "shipment": sent,
        "name": line_name(demand) if demand else sent.order.item,
        "unit": demand.unit if demand else "",
        "blind": "buta" in request.GET or bool(request.POST.get("blind")),
        "may_record": allowed,
        "typed": request.POST,
    }
    return render(request, "desk/receipts/shipment.html", context)


def _count(request: shell.Request, election: str, code: str) -> rules.ReceiptNote:
    typed = {name: request.POST.get(name, "").strip() for name in ("good", "damaged", "missing", "over")}
    return receipts.record_receipt(
        election,
        code,
        rules.pieces(typed["good"]),
        rules.pieces(typed["damaged"]),
        _actor(request),
        request.at,
        missing=rules.pieces(typed["missing"]) if typed["missing"] else None,
        over=rules.pieces(typed["over"]) if typed["over"] else None,
        note=request.POST.get("note", "").strip()[:400],
        blind=bool(request.POST.get("blind")),
    )


@shell.page("receipts.read")
def receipt(request: shell.Request, election: str, code: str) -> HttpResponse:
    """A receipt: its count, acceptance, corrections."""
    try:
        note = receipts.get_receipt(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts", election)
    demand = next((d for d in receipts.demands(election, request.at) if d.key == note.shipment.order.key), None)
    state, word = _state(note)
    context = {
        "note": note,
        "name": line_name(demand) if demand else note.shipment.order.item,
        "state": state,
        "word": word,
        "pending": receipts.pending_correction(election, note.pending),
        "alone": rules.may_correct_alone(note, request.person.id, request.at),
        "alone_until": note.received_at + rules.UNDO_FOR,
        "may_record": shell.may(request, "receipts.record"),
        "may_accept": shell.may(request, "receipts.write"),
        "typed": {"good": note.count.good, "damaged": note.count.damaged, "reason": ""},
    }
    return render(request, "desk/receipts/receipt.html", context)


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
            good, damaged = rules.pieces(request.POST.get("good", "")), rules.pieces(request.POST.get("damaged", ""))
            reason = request.POST.get("reason", "")[:400]
            at_once = receipts.correct_receipt(election, code, good, damaged, reason, _actor(request), request.at)
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


@shell.page("receipts.read")
def pdf(request: shell.Request, election: str, code: str) -> HttpResponse:
    """The tanda terima of one receipt, for print and signature."""
    try:
        note = receipts.get_receipt(election, code, request.at)
    except facts.Refusal as refusal:
        shell.refused(request, refusal)
        return redirect("desk:receipts", election)
    demand = next((d for d in receipts.demands(election, request.at) if d.key == note.shipment.order.key), None)
    name = line_name(demand) if demand else note.shipment.order.item
    data = document.pdf("tanda-terima", paper(request.election, note, name, demand.unit if demand else ""), note.counted_at)
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="tanda-terima-{code}.pdf"'}
    )


def paper(election: facts.Election, note: rules.ReceiptNote, name: str, unit: str) -> dict[str, Any]:
    """The values of the printed tanda terima; the same receipt always gives the same values."""
    count = note.count
    return {
        "election": election.name,
        "code": note.code,
        "item": name,
        "unit": unit,
        "waybill": note.shipment.waybill,
        "order": note.shipment.order.code,
        "supplier": note.shipment.order.supplier,
        "carrier": note.shipment.carrier,
        "sent": text.waktu(note.shipment.sent_at),
        "counted": text.waktu(note.counted_at),
        "counter": note.person,
        "accepted": f"{text.angka(note.accepted.quantity)} pada {text.waktu(note.accepted.accepted_at)}" if note.accepted else "",
        "accepter": note.accepted.person if note.accepted else "",
        "note": note.note,
        "mark": note.mark,
        "blind": int(note.blind),
        "entry_id": note.entry_id,
        **{key: text.angka(getattr(count, key)) for key in ("shipped", "good", "damaged", "missing", "over", "received")},
    }


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
    head += ["Rusak", "Kurang", "Lebih", "Diterima baik", "Tanda"]
    lines: list[list[Any]] = [head]
    for r in found.rows:
        d = r.demand
        need = "belum diketahui" if d.quantity is None else d.quantity
        about = [line_name(d), d.item, d.contest, d.dapil, d.unit, need, GRADE_WORDS.get(d.grade, d.grade)]
        lines.append(
            [*about, r.ordered, r.shipped, r.replaced, r.received, r.good, r.damaged, r.missing, r.over, r.accepted, " ".join(r.marks)]
        )
    keys = ("code", "waybill", "order", "name", "shipped", "good", "damaged", "missing", "over", "replaces", "word", "mark")
    sent: list[list[Any]] = [
        ["Kiriman", "Surat jalan", "Pesanan", "Barang", "Dikirim", "Baik", "Rusak", "Kurang", "Lebih", "Mengganti", "Keadaan", "Tanda"]
    ]
    sent += [["" if d[k] is None else d[k] for k in keys] for d in _deliveries(election, request.at, names)]
    data = table.xlsx({"Pengukur": lines, "Kiriman": sent})
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="penerimaan-{election}.xlsx"'})


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
    path("<slug:election>/penerimaan/barang/<str:key>/", line, name="receipts_line"),
    path("<slug:election>/penerimaan/pesanan/baru/", order, name="receipts_order"),
    path("<slug:election>/penerimaan/kiriman/baru/", ship, name="receipts_ship"),
    path("<slug:election>/penerimaan/kiriman/<slug:code>/", shipment, name="receipts_shipment"),
    path("<slug:election>/penerimaan/terima/<slug:code>/", receipt, name="receipts_receipt"),
    path("<slug:election>/penerimaan/terima/<slug:code>/setujui/", accept, name="receipts_accept"),
    path("<slug:election>/penerimaan/terima/<slug:code>/koreksi/", correct, name="receipts_correct"),
    path("<slug:election>/penerimaan/terima/<slug:code>/koreksi/setujui/", approve, name="receipts_approve"),
    path("<slug:election>/penerimaan/terima/<slug:code>/tanda-terima.pdf", pdf, name="receipts_pdf"),
    path("<slug:election>/penerimaan/penerimaan.xlsx", export, name="receipts_export"),
]
SENTENCES: dict[str, str] = {
    "receipts.not_positive": "Jumlah harus paling sedikit 1.",
    "receipts.negative": "Jumlah tidak boleh kurang dari nol.",
    "receipts.not_a_number": "“{typed}” bukan bilangan bulat. Tulis misalnya 1829 atau 1.829.",
    "receipts.not_a_day": "“{typed}” bukan tanggal. Pilih tanggal dari kalender.",
    "receipts.unbalanced": (
        "Hitungan tidak cocok: surat jalan {shipped}, baik {good}, rusak {damaged}, jadi kurang {missing_right} dan lebih {over_right}. "
        "Hitung ulang, atau kosongkan kolom kurang dan lebih."
    ),
    "receipts.already_received": "Surat jalan {waybill} sudah dihitung. Buka penerimaannya dan buat koreksi.",
    "receipts.not_yet_shipped": "Surat jalan {waybill} belum berangkat pada waktu itu.",
    "receipts.already_accepted": "Penerimaan {receipt} sudah disetujui.",
    "receipts.same_person": "Diperlukan orang kedua: Anda sendiri yang mencatat {receipt}. Minta rekan menyetujui.",
    "receipts.reason_missing": "Tulis alasan koreksi.",
    "receipts.nothing_changed": "Hitungan yang diketik sama dengan yang sudah tercatat.",
    "receipts.correction_pending": "Masih ada koreksi {receipt} yang menunggu orang kedua. Selesaikan dahulu.",
    "receipts.unknown": "{thing} tidak ditemukan.",
    "receipts.wrong_line": "Barang itu tidak dibutuhkan pemilihan ini. Pilih dari daftar.",
    "receipts.over_ordered": "Pesanan {order} berjumlah {ordered}; sudah dikirim {already}. Kiriman {quantity} lagi melebihi pesanan.",
}
TASKS: dict[str, tuple[str, str]] = {
    "receipts.count": ("Hitung kiriman {label}", "desk:receipts_shipment"),
    "receipts.accept": ("Setujui penerimaan {label}", "desk:receipts_receipt"),
    "receipts.approve": ("Periksa koreksi {label}", "desk:receipts_receipt"),
}
HITS: dict[str, str] = {"receipt": "desk:receipts_receipt", "shipment": "desk:receipts_shipment"}
