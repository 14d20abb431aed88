"""Stage receipts: orders, shipments, counts against the surat jalan, acceptances, corrections; and the gauge over them.

Nothing here is edited: a correction is a row of its own, and every reading asks which rows were true at an instant.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import labels
from posko.domain import needs as needs_rules
from posko.domain import places as places_rules
from posko.domain import receipts as rules
from posko.domain import record as facts
from posko.store import needs, places, record, stock

Row = TypeVar("Row", bound=models.Model)


class Order(models.Model):
    """A line that a supplier promised."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    tahap = models.CharField(max_length=5)
    supplier = models.CharField(max_length=120, blank=True)
    due_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_order"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_order_code"),)


class Shipment(models.Model):
    """Pieces of an order that left under one surat jalan."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    waybill = models.CharField(max_length=60)
    carrier = models.CharField(max_length=120, blank=True)
    replaces = models.CharField(max_length=20, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_shipment"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_shipment_code"),)


class Receipt(models.Model):
    """The first count of a shipment."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="+")
    good = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField()
    blind = models.BooleanField(default=False)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_receipt"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_receipt_code"),)


class Acceptance(models.Model):
    """Somebody took over the good pieces of the count then in force. A later correction ends it."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_acceptance"


class Correction(models.Model):
    """Other counts for a receipt: in force from `occurred_at`, or waiting for a second person while that is empty."""

    code = models.CharField(max_length=20)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    good = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    proposed_at = models.DateTimeField()
    approver = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_correction"


class CartonRow(models.Model):
    """A carton of ballots under our code."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60)
    quantity = models.PositiveIntegerField()
    batch = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=30)
    condition = models.CharField(max_length=12)
    alias = models.CharField(max_length=60, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "receipts_carton"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_carton_code"),)
        indexes = (models.Index(fields=["receipt"], name="receipts_carton_receipt"),)


# --- what is recorded ----------------------------------------------------------------------------------------------------


def place_order(
    election: str,
    line: rules.Key,
    quantity: int,
    supplier: str,
    due_at: datetime,
    actor: facts.Actor,
    at: datetime,
    mark: str = "",
) -> rules.Order:
    """Order so many pieces of a line of the gauge. WrongLine, NotPositive."""
    item, contest, dapil = line
    with transaction.atomic():
        demand = next((d for d in demands(election, at) if d.key == line), None)
        if demand is None:
            raise rules.WrongLine(item=item, contest=contest, dapil=dapil)
        code = _next(Order.objects.filter(election=election).count(), "PSN")
        order = rules.Order(code, item, contest, dapil, quantity, demand.tahap, supplier, due_at, at, mark)
        said: dict[str, str | int] = {
            "item": item,
            "contest": contest,
            "dapil": dapil,
            "quantity": quantity,
            "tahap": demand.tahap,
            "supplier": supplier,
        }
        draft = _draft("order.placed", election, f"order:{code}", actor, at, {**said, "due_at": due_at.isoformat(), "mark": mark})
        prepared = record.prepare([draft], at)
        Order.objects.create(
            code=code,
            election=election,
            item=item,
            contest=contest,
            dapil=dapil,
            quantity=quantity,
            tahap=demand.tahap,
            supplier=supplier,
            due_at=due_at,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return order


record_order = place_order


def announce_shipment(
    election: str,
    order: str,
    quantity: int,
    waybill: str,
    carrier: str,
    actor: facts.Actor,
    at: datetime,
    replaces: str = "",
    mark: str = "",
) -> rules.Shipment:
    """A surat jalan left the supplier. OverOrdered unless it replaces the loss of an earlier receipt."""
    with transaction.atomic():
        row = _one(Order.objects.filter(election=election, code=order, occurred_at__lte=at), order)
        if replaces:
            _one(Receipt.objects.filter(election=election, code=replaces, occurred_at__lte=at), replaces)
        already = sum(Shipment.objects.filter(order=row, replaces="").values_list("quantity", flat=True))
        rules.check_shipment(_order(row), already, quantity, replaces)
        code = _next(Shipment.objects.filter(election=election).count(), "KRM")
        shipment = rules.Shipment(code, _order(row), quantity, waybill, carrier, at, replaces, mark)
        said: dict[str, str | int] = {"order": order, "quantity": quantity, "waybill": waybill, "carrier": carrier}
        said |= {"replaces": replaces, "mark": mark}
        prepared = record.prepare([_draft("shipment.announced", election, f"shipment:{code}", actor, at, said)], at)
        Shipment.objects.create(
            code=code,
            election=election,
            order=row,
            quantity=quantity,
            waybill=waybill,
            carrier=carrier,
            replaces=replaces,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return shipment


record_shipment = announce_shipment


def record_receipt(
    election: str,
    shipment: str,
    good: int,
    damaged: int,
    actor: facts.Actor,
    at: datetime,
    missing: int | None = None,
    over: int | None = None,
    note: str = "",
    blind: bool = False,
    mark: str = "",
) -> rules.ReceiptNote:
    """What two hands counted against a surat jalan. Unbalanced where stated shortages do not follow; AlreadyReceived; NotYetShipped."""
    with transaction.atomic():
        row = _one(Shipment.objects.select_related("order").filter(election=election, code=shipment), shipment)
        sent = _shipment(row)
        rules.check_receipt(sent, Receipt.objects.filter(shipment=row).exists(), at)
        count = rules.tally(row.quantity, good, damaged, missing, over)
        code = _next(Receipt.objects.filter(election=election).count(), "TRM")
        said: dict[str, str | int] = {
            "shipment": shipment,
            "waybill": row.waybill,
            "blind": int(blind),
            "mark": mark,
            "note": note,
            **_counted(count),
        }
        prepared = record.prepare([_draft("receipt.recorded", election, f"receipt:{code}", actor, at, said)], at)
        Receipt.objects.create(
            code=code,
            election=election,
            shipment=row,
            good=good,
            damaged=damaged,
            blind=blind,
            note=note,
            mark=mark,
            person=actor.person,
            occurred_at=at,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return rules.ReceiptNote(code, sent, count, actor.person, at, note, blind, entry_id=prepared[0].entry_id, mark=mark)


def accept_receipt(election: str, receipt: str, actor: facts.Actor, at: datetime) -> int:
    """Take over the good pieces. Sensitive goods need another person than the one who counted."""
    with transaction.atomic():
        note = get_receipt(election, receipt, at)
        item = note.shipment.order.item
        sensitive = any(d.sensitive for d in demands(election, at) if d.item == item)
        quantity = rules.acceptance(note, actor.person, sensitive)
        said: dict[str, str | int] = {"receipt": receipt, "quantity": quantity, "accepts": note.entry_id}
        prepared = record.prepare([_draft("receipt.accepted", election, f"receipt:{receipt}", actor, at, said)], at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        Acceptance.objects.create(receipt=row, quantity=quantity, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id)
        record.append(prepared, at=at)
    return quantity


def correct_receipt(election: str, receipt: str, good: int, damaged: int, reason: str, actor: facts.Actor, at: datetime) -> bool:
    """Correct a count. True: in force at once (the author, within minutes). False: it waits for a second person."""
    with transaction.atomic():
        note = get_receipt(election, receipt, at)
        count = rules.check_correction(note, good, damaged, reason, actor.person, at)
        alone = rules.may_correct_alone(note, actor.person, at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        code = _next(Correction.objects.filter(receipt__election=election).count(), "KOR")
        kind = "receipt.corrected" if alone else "receipt.correction_proposed"
        said: dict[str, str | int] = {"receipt": receipt, "correction": code, **_counted(count)}
        draft = _draft(kind, election, f"receipt:{receipt}", actor, at, said)
        prepared = record.prepare([replace(draft, corrects=note.entry_id, reason=reason.strip())], at)
        Correction.objects.create(
            code=code,
            receipt=row,
            good=good,
            damaged=damaged,
            reason=reason.strip(),
            person=actor.person,
            proposed_at=at,
            occurred_at=at if alone else None,
            entry_id=prepared[0].entry_id,
        )
        record.append(prepared, at=at)
    return alone


def approve_correction(election: str, correction: str, actor: facts.Actor, at: datetime) -> None:
    """The second person puts a correction in force. An acceptance of the old count ends; it must be accepted anew."""
    with transaction.atomic():
        found = Correction.objects.select_related("receipt").filter(receipt__election=election, code=correction, occurred_at=None)
        row = _one(found, correction)
        note = get_receipt(election, row.receipt.code, at)
        rules.check_approval(row.person, actor.person, row.receipt.code)
        count = rules.Count(note.count.shipped, row.good, row.damaged)
        said = {"receipt": row.receipt.code, "correction": correction, "proposed": row.entry_id, **_counted(count)}
        draft = _draft("receipt.corrected", election, f"receipt:{row.receipt.code}", actor, at, said)
        prepared = record.prepare([replace(draft, corrects=note.entry_id, reason=row.reason, approvals=(row.person, actor.person))], at)
        row.approver, row.occurred_at, row.entry_id = actor.person, at, prepared[0].entry_id
        row.save(update_fields=["approver", "occurred_at", "entry_id"])
        record.append(prepared, at=at)


# --- cartons -------------------------------------------------------------------------------------------------------------

_rng = random.SystemRandom()


def make_cartons(
    election: str,
    receipt: str,
    dapil: str,
    sizes: Sequence[int],
    batch: str,
    actor: facts.Actor,
    at: datetime,
    rng: random.Random | None = None,
    aliases: Sequence[str] | None = None,
    place: str = "",
    condition: str = rules.GOOD,
    mark: str = "",
) -> list[rules.Carton]:
    """Our codes for the cartons of a receipt, one for each of `sizes`; `dapil` is the full code as printed on their labels.

    A dapil that was not ordered is recorded and lies in quarantine. The refusals of `domain.receipts.check_cartons`; UnknownThing.
    """
    with transaction.atomic():
        note = get_receipt(election, receipt, at)
        order = note.shipment.order
        on_line = places_rules.dapil_on_line(order.contest, dapil, places.dapil_here(election))
        state = rules.carton_condition(note, on_line, condition)
        rules.check_cartons(note, sizes, state, cartons(election, at, receipt))
        names = [*(aliases or ()), *[""] * len(sizes)]
        made = [
            rules.Carton(
                labels.new_code(rng or _rng), order.contest, dapil, size, batch, receipt, place or stock.warehouse(election), state,
                names[number].strip()[:60], at, mark or note.mark,
            )
            for number, size in enumerate(sizes)
        ]  # fmt: skip
        said: dict[str, object] = {
            "receipt": receipt, "contest": order.contest, "dapil": dapil, "batch": batch, "condition": state, "count": len(made),
            "quantity": sum(sizes), "sizes": list(sizes), "codes": [c.code for c in made], "mark": mark or note.mark,
        }  # fmt: skip
        prepared = record.prepare([_draft("cartons.labelled", election, f"receipt:{receipt}", actor, at, said)], at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        CartonRow.objects.bulk_create(
            [
                CartonRow(
                    code=c.code, election=election, receipt=row, contest=c.contest, dapil=c.dapil, quantity=c.quantity, batch=c.batch,
                    place=c.place, condition=c.condition, alias=c.alias, mark=c.mark, person=actor.person, occurred_at=at,
                    entry_id=prepared[0].entry_id,
                )
                for c in made
            ],
            batch_size=500,
        )  # fmt: skip
        record.append(prepared, at=at)
    return made


def get_carton(election: str, code: str, at: datetime) -> rules.Carton | None:
    """One carton by its code, or None; one indexed look-up."""
    row = _carton_rows(election, at).filter(code=code).first()
    return _carton(row) if row else None


def cartons(election: str, at: datetime, receipt: str = "") -> list[rules.Carton]:
    """Cartons labelled by then, of one receipt or of all, oldest first."""
    rows = _carton_rows(election, at)
    rows = rows.filter(receipt__election=election, receipt__code=receipt) if receipt else rows
    return [_carton(row) for row in rows.order_by("occurred_at", "id")]


def _carton_rows(election: str, at: datetime) -> "models.QuerySet[CartonRow]":
    rows = CartonRow.objects.select_related("receipt").filter(election=election, occurred_at__lte=at)
    return rows.exclude(withdrawn_at__lte=at)


def _carton(row: CartonRow) -> rules.Carton:
    return rules.Carton(
        row.code, row.contest, row.dapil, row.quantity, row.batch, row.receipt.code, row.place, row.condition, row.alias, row.occurred_at,
        row.mark,
    )  # fmt: skip


# --- what is read --------------------------------------------------------------------------------------------------------


def orders(election: str, at: datetime) -> list[rules.Order]:
    """Orders placed by then, oldest first."""
    return [_order(row) for row in Order.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")]


def shipments(election: str, at: datetime) -> list[rules.Shipment]:
    """Shipments announced by then, oldest first."""
    rows = Shipment.objects.select_related("order").filter(election=election, occurred_at__lte=at)
    return [_shipment(row) for row in rows.order_by("occurred_at", "id")]


def receipts(election: str, at: datetime) -> list[rules.ReceiptNote]:
    """Receipts as they stood then: the count in force, its acceptance, a correction that waits. Oldest first."""
    rows = Receipt.objects.select_related("shipment__order").filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    corrections: dict[int, list[Correction]] = defaultdict(list)
    for correction in Correction.objects.filter(receipt__election=election, proposed_at__lte=at).order_by("id"):
        corrections[correction.receipt_id].append(correction)
    acceptances: dict[int, list[Acceptance]] = defaultdict(list)
    for acceptance in Acceptance.objects.filter(receipt__election=election, occurred_at__lte=at).order_by("id"):
        acceptances[acceptance.receipt_id].append(acceptance)
    return [_note(row, corrections[row.pk], acceptances[row.pk], at) for row in rows]


def get_receipt(election: str, code: str, at: datetime) -> rules.ReceiptNote:
    """One receipt as it stood then. UnknownThing."""
    row = _one(Receipt.objects.select_related("shipment__order").filter(election=election, code=code, occurred_at__lte=at), code)
    corrections = list(Correction.objects.filter(receipt=row, proposed_at__lte=at).order_by("id"))
    return _note(row, corrections, list(Acceptance.objects.filter(receipt=row, occurred_at__lte=at).order_by("id")), at)


def pending_correction(election: str, code: str) -> rules.Proposal | None:
    """The correction that waits for a second person, or None."""
    row = Correction.objects.select_related("receipt").filter(receipt__election=election, code=code).first()
    return rules.Proposal(row.code, row.receipt.code, row.good, row.damaged, row.reason, row.person, row.proposed_at) if row else None


def demands(election: str, at: datetime) -> list[rules.Demand]:
    """The lines of the gauge: every item of the rulebook, ballots by contest and dapil; quantity None where it is not known."""
    return [demand for total in needs.totals(election, at) for demand in _lines(total)]


def _lines(total: needs_rules.Total) -> list[rules.Demand]:
    """The lines of an item. A dapil is named only where the contest has several here."""

    def line(contest: str, dapil: str, quantity: int | None) -> rules.Demand:
        return rules.Demand(
            item=total.item,
            name=total.name,
            contest=contest,
            dapil=dapil,
            unit=total.unit,
            quantity=quantity,
            grade=total.grade.value,
            confirmed=total.confirmed,
            critical=total.critical,
            sensitive=total.sensitive,
            tahap=total.stage,
            estimate=total.estimate,
        )

    if total.quantity is None or not total.by_contest:
        return [line("", "", total.quantity)]
    found = []
    for contest, quantity in total.by_contest.items():
        parts = {dapil: number for (of, dapil), number in total.by_dapil.items() if of == contest}
        found += [line(contest, d, n) for d, n in sorted(parts.items())] if len(parts) > 1 else [line(contest, "", quantity)]
    return found


def tps_needs(election: str, at: datetime) -> dict[str, dict[rules.Key, int]]:
    """TPS code -> line -> pieces, critical items with a known need only."""
    wanted: dict[str, dict[rules.Key, int]] = defaultdict(dict)
    keys = {d.key for d in demands(election, at) if d.critical and d.quantity is not None}
    for need in needs.lines(election, at):
        if need.level == "TPS" and need.quantity:
            full = (need.item, need.contest, need.dapil)
            key = full if full in keys else (need.item, need.contest, "")
            if key in keys:
                wanted[need.place][key] = wanted[need.place].get(key, 0) + need.quantity
    return dict(wanted)


def gauge(election: str, at: datetime) -> rules.Gauge:
    """Ordered, shipped, received and accepted against the needs, with all four ways to count."""
    wanted, notes = demands(election, at), receipts(election, at)
    unknown = sorted({d.item for d in wanted if d.critical and (d.quantity is None or not d.confirmed)})
    tps = rules.suppliable(tps_needs(election, at), rules.accepted_stock(notes), unknown)
    return rules.progress(wanted, orders(election, at), shipments(election, at), notes, tps, at)


def accepted(election: str, at: datetime) -> dict[rules.Key, int]:
    """Accepted good pieces per (item, contest, dapil)."""
    return rules.accepted_stock(receipts(election, at))


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: shipments not yet counted, counts not yet accepted, corrections that wait for a second person."""
    if person.agency != "KPU":
        return []
    notes = receipts(election, at)
    counted = {n.shipment.code for n in notes}
    tasks = [
        facts.Task("receipts.count", "receipts", f"shipment:{s.code}", f"{s.waybill} ({s.order.item})", None, (s.code,))
        for s in shipments(election, at)
        if s.code not in counted
    ]
    for n in notes:
        if n.pending and _proposer(n.pending, election) != person.id:
            tasks.append(
                facts.Task("receipts.approve", "receipts", f"receipt:{n.code}", f"{n.code} ({n.shipment.order.item})", None, (n.code,))
            )
        elif not n.pending and n.accepted is None:
            tasks.append(
                facts.Task("receipts.accept", "receipts", f"receipt:{n.code}", f"{n.code} ({n.shipment.order.item})", None, (n.code,))
            )
    return tasks


def find(_person: access_rules.Person, election: str, text: str, at: datetime) -> list[facts.Hit]:
    """Receipts and shipments by code, surat jalan or item."""
    word = text.strip().lower()
    if not word:
        return []
    notes = {n.shipment.code: n for n in receipts(election, at)}
    hits = []
    for s in shipments(election, at):
        note = notes.get(s.code)
        if any(word in part.lower() for part in (s.code, s.waybill, s.order.item, s.order.code, note.code if note else "")):
            kind, code = ("receipt", note.code) if note else ("shipment", s.code)
            hits.append(facts.Hit(kind, code, f"{s.order.item} · {s.waybill}", (code,)))
    return hits[:20]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _next(count: int, prefix: str) -> str:
    return f"{prefix}-{count + 1:03}"


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.UnknownThing(thing=code)
    return row


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said)


def _counted(count: rules.Count) -> dict[str, str | int]:
    names = ("shipped", "good", "damaged", "missing", "over")
    return {name: getattr(count, name) for name in names}


def _order(row: Order) -> rules.Order:
    return rules.Order(
        row.code, row.item, row.contest, row.dapil, row.quantity, row.tahap, row.supplier, row.due_at, row.occurred_at, row.mark
    )


def _shipment(row: Shipment) -> rules.Shipment:
    return rules.Shipment(row.code, _order(row.order), row.quantity, row.waybill, row.carrier, row.occurred_at, row.replaces, row.mark)


def _note(row: Receipt, corrections: Iterable[Correction], acceptances: Iterable[Acceptance], at: datetime) -> rules.ReceiptNote:
    in_force = [c for c in corrections if c.occurred_at is not None and c.occurred_at <= at]
    pending = [c.code for c in corrections if c.occurred_at is None or c.occurred_at > at]
    last = in_force[-1] if in_force else None
    good, damaged = (last.good, last.damaged) if last else (row.good, row.damaged)
    since = last.occurred_at if last and last.occurred_at else row.occurred_at
    taken = [a for a in acceptances if a.occurred_at >= since]
    return rules.ReceiptNote(
        code=row.code,
        shipment=_shipment(row.shipment),
        count=rules.Count(row.shipment.quantity, good, damaged),
        person=row.person,
        received_at=row.occurred_at,
        note=row.note,
        blind=row.blind,
        accepted=rules.Accepted(taken[-1].quantity, taken[-1].person, taken[-1].occurred_at, taken[-1].entry_id) if taken else None,
        corrected_at=last.occurred_at if last else None,
        corrections=len(in_force),
        pending=pending[-1] if pending else "",
        entry_id=last.entry_id if last else row.entry_id,
        mark=row.mark,
    )


def _proposer(correction: str, election: str) -> str:
    found = pending_correction(election, correction)
    return found.person if found else ""
