"""Stage receipts: contracts, orders, shipments, counts against the surat jalan, acceptances, corrections, claims, cartons; and the gauge.

Nothing here is edited: a correction is a row of its own, and every reading asks which rows were true at an instant.
"""

import hashlib
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction

from posko.domain import access as access_rules
from posko.domain import labels
from posko.domain import needs as needs_rules
from posko.domain import places as places_rules
from posko.domain import receipts as rules
from posko.domain import record as facts
from posko.domain import stock as stock_rules
from posko.formats import receipts as printed
from posko.formats import text
from posko.planning import arrivals
from posko.store import labels as label_store
from posko.store import needs, places, record, regulation, stock, thresholds

Row = TypeVar("Row", bound=models.Model)


class ContractRow(models.Model):
    """What a supplier signed."""

    election = models.CharField(max_length=40)
    number = models.CharField(max_length=80)
    signed_on = models.DateField()
    supplier = models.CharField(max_length=120)
    tahap = models.CharField(max_length=5, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_contract"
        constraints = (models.UniqueConstraint(fields=["election", "number"], name="receipts_contract_number"),)


class Order(models.Model):
    """A line that a supplier promised; due_at is the day first promised."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    tahap = models.CharField(max_length=5)
    supplier = models.CharField(max_length=120, blank=True)
    contract = models.CharField(max_length=80, blank=True)
    due_at = models.DateTimeField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "receipts_order"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_order_code"),)


class MoveRow(models.Model):
    """A delivery day that was moved."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    reason = models.CharField(max_length=400)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_move"


class ProductionRow(models.Model):
    """How many pieces of an order the supplier says are made so far."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_production"


class Shipment(models.Model):
    """Pieces of an order that left under one surat jalan. `carrier` is of rows from before it stood in the journal's private part."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    waybill = models.CharField(max_length=60)
    carrier = models.CharField(max_length=120, blank=True)
    replaces = models.CharField(max_length=20, blank=True)
    claim = models.CharField(max_length=20, blank=True)
    destination = models.CharField(max_length=120, blank=True)
    silog = models.CharField(max_length=60, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "receipts_shipment"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_shipment_code"),)


class ArrivalRow(models.Model):
    """Somebody at the gate read the destination on papers and labels, and it was this place."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="+")
    destination = models.CharField(max_length=120)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_arrival"


class MisdirectionRow(models.Model):
    """Papers at our gate that name another destination."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    waybill = models.CharField(max_length=60)
    destination = models.CharField(max_length=120)
    shipment = models.CharField(max_length=20, blank=True)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_misdirection"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="receipts_misdirection_code"),
            models.UniqueConstraint(fields=["election", "shipment"], condition=~models.Q(shipment=""), name="receipts_misdirection_ours"),
        )


class DecisionRow(models.Model):
    """What was decided about goods meant for somebody else; the last one stands."""

    misdirection = models.ForeignKey(MisdirectionRow, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=12)
    reason = models.CharField(max_length=400, blank=True)
    onward = models.CharField(max_length=60, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_decision"
        constraints = (models.UniqueConstraint(fields=["misdirection", "decision"], name="receipts_decision_once"),)


class Receipt(models.Model):
    """The first count of an arrival. `number` counts the arrivals of a surat jalan; partial: more of it will come.

    `note` is of rows from before notes stood in the journal's private part.
    """

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    partial = models.BooleanField(default=False)
    place = models.CharField(max_length=30)
    good = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField()
    wrong_type = models.PositiveIntegerField(default=0)
    kinds = models.JSONField(default=list)
    blind = models.BooleanField(default=False)
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_receipt"
        constraints = (
            models.UniqueConstraint(fields=["election", "code"], name="receipts_receipt_code"),
            models.UniqueConstraint(fields=["shipment", "number"], name="receipts_receipt_number"),
        )


class Acceptance(models.Model):
    """Somebody took over the good pieces of the count then in force (`accepts`: its entry). A later correction ends it."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    accepts = models.CharField(max_length=64, blank=True, default="")
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_acceptance"
        constraints = (
            models.UniqueConstraint(fields=["receipt", "accepts"], condition=~models.Q(accepts=""), name="receipts_acceptance_once"),
        )


class Correction(models.Model):
    """Other counts for a receipt: in force from `occurred_at`, or waiting for a second person while that is empty."""

    code = models.CharField(max_length=20)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    good = models.PositiveIntegerField()
    damaged = models.PositiveIntegerField()
    wrong_type = models.PositiveIntegerField(default=0)
    kinds = models.JSONField(default=list)
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    proposed_at = models.DateTimeField()
    approver = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField(null=True)
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_correction"
        constraints = (
            models.UniqueConstraint(fields=["receipt"], condition=models.Q(occurred_at=None), name="receipts_correction_pending"),
        )


class ClaimRow(models.Model):
    """What the KPU asks of a supplier for a loss. `note` is of rows from before it stood in the journal's private part."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    quantity = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    note = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_claim"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="receipts_claim_code"),)


class AnswerRow(models.Model):
    """What the supplier answered; one for each claim."""

    claim = models.OneToOneField(ClaimRow, on_delete=models.PROTECT, related_name="answered")
    answer = models.CharField(max_length=12)
    reason = models.CharField(max_length=400, blank=True)
    due_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_answer"


class DisposalRow(models.Model):
    """Pieces that left the quarantine of a receipt."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    how = models.CharField(max_length=12)
    reason = models.CharField(max_length=400, blank=True)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    second = models.CharField(max_length=60, blank=True)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_disposal"


class PaperRow(models.Model):
    """One print of a paper of a receipt; the first has copy 1."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    copy = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "receipts_paper"
        constraints = (models.UniqueConstraint(fields=["receipt", "kind", "copy"], name="receipts_paper_copy"),)


class UploadRow(models.Model):
    """A file of orders under examination; forgotten when it is imported, dropped, or old."""

    code = models.CharField(max_length=20, unique=True)
    election = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    data = models.BinaryField()
    person = models.CharField(max_length=60)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "receipts_upload"


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

Pair = tuple[facts.Draft, models.Model | None]
"""An entry, and the row that carries its id."""

KEEP_UPLOADS = timedelta(days=7)
SEED = 20240214
"""Of the forecast: the same question has the same answer on every machine."""


def _commit(pairs: Sequence[Pair], at: datetime) -> list[record.Prepared]:
    """Write the rows with the ids of their entries, in order, and append the entries last."""
    prepared = record.prepare([draft for draft, _ in pairs], at)
    for ready, (_, row) in zip(prepared, pairs, strict=True):
        if row is not None:
            row.entry_id = ready.entry_id  # type: ignore[attr-defined]  # every table here has the column
            row.save(force_insert=True)
    record.append(prepared, at=at)
    return prepared


# --- contracts and orders ------------------------------------------------------------------------------------------------


def sign_contract(election: str, contract: rules.Contract, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Contract:
    """Record a contract: number, day, supplier, procurement stage. ContractTwice."""
    with transaction.atomic():
        at = record.turn(at)
        made = replace(contract, signed_at=at, mark=mark)
        with record.once(rules.ContractTwice(number=contract.number)):
            _commit([_contract_pair(election, made, actor, at)], at)
    return made


def _contract_pair(election: str, contract: rules.Contract, actor: facts.Actor, at: datetime) -> Pair:
    if ContractRow.objects.filter(election=election, number__iexact=contract.number).exists():
        raise rules.ContractTwice(number=contract.number)
    said = {
        "number": contract.number, "signed_on": contract.signed_on.isoformat(), "supplier": contract.supplier, "tahap": contract.tahap,
        "mark": contract.mark,
    }  # fmt: skip
    digest = hashlib.sha256(contract.number.encode()).hexdigest()[:16]  # a number may hold any sign; a subject may not
    row = ContractRow(
        election=election, number=contract.number, signed_on=contract.signed_on, supplier=contract.supplier, tahap=contract.tahap,
        mark=contract.mark, person=actor.person, occurred_at=at,
    )  # fmt: skip
    return _draft("contract.signed", election, f"contract:{digest}", actor, at, said), row


def place_order(
    election: str,
    line: rules.Key,
    quantity: int,
    supplier: str,
    due_at: datetime,
    actor: facts.Actor,
    at: datetime,
    mark: str = "",
    contract: str = "",
) -> rules.Order:
    """Order so many pieces of a line of the gauge, under a recorded contract or none. WrongLine, NotPositive, UnknownThing."""
    with transaction.atomic():
        at = record.turn(at)
        if contract:
            supplier = _one(ContractRow.objects.filter(election=election, number=contract, occurred_at__lte=at), contract).supplier
        code = _next(Order.objects.filter(election=election).count(), "PSN")
        known = {d.key: d for d in demands(election, at)}
        pair = _order_pair(election, known, code, line, quantity, supplier, due_at, actor, at, mark, contract)
        _commit([pair], at)
    return _order(pair[1])


record_order = place_order


def _order_pair(
    election: str,
    known: Mapping[rules.Key, rules.Demand],
    code: str,
    line: rules.Key,
    quantity: int,
    supplier: str,
    due_at: datetime,
    actor: facts.Actor,
    at: datetime,
    mark: str,
    contract: str,
) -> tuple[facts.Draft, Order]:
    item, contest, dapil = line
    demand = known.get(line)
    if demand is None:
        raise rules.WrongLine(item=item, contest=contest, dapil=dapil)
    row = Order(
        code=code, election=election, item=item, contest=contest, dapil=dapil, quantity=quantity, tahap=demand.tahap, supplier=supplier,
        contract=contract, due_at=due_at, mark=mark, person=actor.person, occurred_at=at,
    )  # fmt: skip
    _order(row)  # cannot be built wrong
    said = {
        "item": item, "contest": contest, "dapil": dapil, "quantity": quantity, "tahap": demand.tahap, "supplier": supplier,
        "contract": contract, "due_at": due_at.isoformat(), "mark": mark,
    }  # fmt: skip
    return _draft("order.placed", election, f"order:{code}", actor, at, said), row


def move_due(election: str, order: str, due_at: datetime, reason: str, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Order:
    """The supplier moved the delivery day: a new fact, the old day stays readable. TextMissing, SameDay, UnknownThing."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_placed(election, at).filter(code=order), order)
        _commit([_move_pair(election, row, get_order(election, order, at), due_at, reason, actor, at, mark)], at)
    return get_order(election, order, at)


def _move_pair(
    election: str, row: Order, order: rules.Order, due_at: datetime, reason: str, actor: facts.Actor, at: datetime, mark: str
) -> Pair:
    rules.check_move(order, due_at, reason)
    said = {
        "order": order.code,
        "from_at": order.due_at.isoformat(),
        "to_at": due_at.isoformat(),
        "times": len(order.moves) + 1,
        "mark": mark,
    }
    draft = replace(_draft("order.moved", election, f"order:{order.code}", actor, at, said), reason=reason.strip()[:400])
    moved = MoveRow(
        order=row, from_at=order.due_at, to_at=due_at, reason=reason.strip()[:400], mark=mark, person=actor.person, occurred_at=at
    )
    return draft, moved


def report_produced(election: str, order: str, quantity: int, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Order:
    """So many pieces of an order are made so far, says the supplier. Shrunk, NotPositive, UnknownThing."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_placed(election, at).filter(code=order), order)
        rules.check_produced(get_order(election, order, at), quantity)
        said = {"order": order, "quantity": quantity, "mark": mark}
        made = ProductionRow(order=row, quantity=quantity, mark=mark, person=actor.person, occurred_at=at)
        _commit([(_draft("order.produced", election, f"order:{order}", actor, at, said), made)], at)
    return get_order(election, order, at)


# --- shipments -----------------------------------------------------------------------------------------------------------


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
    destination: str = "",
    silog: str = "",
    claim: str = "",
    sent_at: datetime | None = None,
) -> rules.Shipment:
    """A surat jalan left the supplier, now or at `sent_at` before. OverOrdered unless it replaces the loss of an earlier receipt.

    `claim` names the claim it answers, and so the receipt it replaces.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_placed(election, at).filter(code=order), order)
        if claim:
            replaces = _one(ClaimRow.objects.select_related("receipt").filter(election=election, code=claim), claim).receipt.code
        if replaces:
            _one(Receipt.objects.filter(election=election, code=replaces, occurred_at__lte=at), replaces)
        already = sum(Shipment.objects.filter(order=row, replaces="", withdrawn_at=None).values_list("quantity", flat=True))
        rules.check_shipment(_order(row), already, quantity, replaces)
        code = _next(Shipment.objects.filter(election=election).count(), "KRM")
        sent = Shipment(
            code=code, election=election, order=row, quantity=quantity, waybill=waybill, carrier=carrier, replaces=replaces, claim=claim,
            destination=destination.strip()[:120], silog=silog.strip()[:60], mark=mark, person=actor.person,
            occurred_at=min(sent_at or at, at),
        )  # fmt: skip
        _commit([_shipment_pair(election, sent, actor)], at)
    return _shipment(sent, carrier=carrier)


record_shipment = announce_shipment


def _shipment_pair(election: str, sent: Shipment, actor: facts.Actor) -> Pair:
    _shipment(sent)  # cannot be built wrong
    said = {
        "order": sent.order.code, "quantity": sent.quantity, "waybill": sent.waybill, "replaces": sent.replaces,
        "claim": sent.claim, "destination": sent.destination, "silog": sent.silog,
        "sent_at": sent.occurred_at.isoformat(), "mark": sent.mark,
    }  # fmt: skip
    draft = _draft("shipment.announced", election, f"shipment:{sent.code}", actor, sent.occurred_at, said)
    private, sent.carrier = record.typed(carrier=sent.carrier.strip()[:120]), ""
    return replace(draft, private=private), sent


def withdraw_shipment(
    election: str, shipment: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None
) -> None:
    """A surat jalan that was recorded wrongly no longer stands. The refusals of `check_withdrawal`; nothing may hang on it yet."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_sent(election, at).filter(code=shipment), shipment)
        used = Receipt.objects.filter(shipment=row).exists() or ArrivalRow.objects.filter(shipment=row).exists()
        used = used or MisdirectionRow.objects.filter(election=election, shipment=shipment).exists()
        _withdraw(election, row, "shipment", used, reason, actor, at, second)


def withdraw_order(election: str, order: str, reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None) -> None:
    """An order that was recorded wrongly no longer stands. The refusals of `check_withdrawal`; nothing may be sent under it yet."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_placed(election, at).filter(code=order), order)
        used = Shipment.objects.filter(order=row, withdrawn_at=None).exists()
        _withdraw(election, row, "order", used, reason, actor, at, second)


def _withdraw(
    election: str,
    row: Order | Shipment,
    what: str,
    used: bool,
    reason: str,
    actor: facts.Actor,
    at: datetime,
    second: facts.Actor | None,
) -> None:
    recorded_at = record.Entry.objects.filter(entry_id=row.entry_id).values_list("recorded_at", flat=True).first() or row.occurred_at
    alone = rules.check_withdrawal(row.code, row.person, recorded_at, used, reason, actor.person, second.person if second else "", at)
    draft = replace(
        _draft(f"{what}.withdrawn", election, f"{what}:{row.code}", actor, at, {"code": row.code, "quantity": row.quantity}),
        corrects=row.entry_id,
        reason=reason.strip()[:400],
        approvals=() if alone or second is None else (actor.person, second.person),
    )
    prepared = record.prepare([draft], at)
    row.withdrawn_at = at
    row.save(update_fields=["withdrawn_at"])
    record.append(prepared, at=at)


def _placed(election: str, at: datetime) -> "models.QuerySet[Order]":
    return Order.objects.filter(election=election, occurred_at__lte=at).exclude(withdrawn_at__lte=at)


def _sent(election: str, at: datetime) -> "models.QuerySet[Shipment]":
    return Shipment.objects.select_related("order").filter(election=election, occurred_at__lte=at).exclude(withdrawn_at__lte=at)


# --- a file of orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Upload:
    """A file under examination."""

    code: str
    name: str
    data: bytes
    person: str
    made_at: datetime


def keep_upload(election: str, name: str, data: bytes, actor: facts.Actor, at: datetime) -> Upload:
    """Keep a file for examination; nothing of it counts. Older forgotten ones go."""
    with transaction.atomic():
        UploadRow.objects.filter(election=election, made_at__lt=at - KEEP_UPLOADS).delete()
        row = UploadRow.objects.create(
            code=secrets.token_hex(8), election=election, name=name[:200], data=data, person=actor.person, made_at=at
        )
    return _upload(row)


def upload(election: str, code: str) -> Upload:
    """A file under examination. NoUpload."""
    row = UploadRow.objects.filter(election=election, code=code).first()
    if row is None:
        raise rules.NoUpload(code=code[:20])
    return _upload(row)


def drop_upload(election: str, code: str) -> None:
    """Forget a file; nothing of it ever counted. NoUpload."""
    if not UploadRow.objects.filter(election=election, code=code).delete()[0]:
        raise rules.NoUpload(code=code[:20])


def _upload(row: UploadRow) -> Upload:
    return Upload(row.code, row.name, bytes(row.data), row.person, row.made_at)


def take_in(
    election: str,
    intake: rules.Intake,
    actor: facts.Actor,
    at: datetime,
    source: str = "",
    data: bytes = b"",
    draft: str = "",
    mark: str = "",
) -> int:
    """Record what a file adds, all of it or nothing, and that it came from that file; the number of facts. `draft`: the upload it ends.

    NothingNew, and the refusals of the single acts: whoever recorded the same in between is not overwritten.
    """
    if not intake.size:
        raise rules.NothingNew(source=source[:80])
    with transaction.atomic():
        at = record.turn(at)
        if draft and not UploadRow.objects.filter(election=election, code=draft).delete()[0]:
            raise rules.NoUpload(code=draft[:20])
        pairs = _intake_pairs(election, intake, actor, at, mark)
        digest = hashlib.sha256(data).hexdigest()
        said = {
            "contracts": len(intake.contracts), "orders": len(intake.orders), "moves": len(intake.moves),
            "shipments": len(intake.shipments), "file_sha256": digest, "mark": mark,
        }  # fmt: skip
        _commit([*pairs, (_draft("orders.imported", election, f"orders:{digest[:16]}", actor, at, said), None)], at)
    return intake.size


def _intake_pairs(election: str, intake: rules.Intake, actor: facts.Actor, at: datetime, mark: str) -> list[Pair]:
    known = {d.key: d for d in demands(election, at)}
    pairs = [_contract_pair(election, replace(c, signed_at=at, mark=mark), actor, at) for c in intake.contracts]
    suppliers = dict(ContractRow.objects.filter(election=election).values_list("number", "supplier"))
    suppliers |= {c.number: c.supplier for c in intake.contracts}
    rows = {
        (o.contract, (o.item, o.contest, o.dapil)): o
        for o in Order.objects.filter(election=election, withdrawn_at=None).exclude(contract="")
    }
    count = Order.objects.filter(election=election).count()
    for number, line in enumerate(intake.orders):
        if line.contract not in suppliers:
            raise rules.UnknownThing(thing=line.contract[:60])
        code, supplier = _next(count + number, "PSN"), suppliers[line.contract]
        pair = _order_pair(election, known, code, line.key, line.quantity, supplier, line.due_at, actor, at, mark, line.contract)
        rows[line.contract, line.key] = pair[1]
        pairs.append(pair)
    pairs += _move_pairs(election, intake, rows, actor, at, mark)
    return pairs + _sent_pairs(election, intake, rows, actor, at, mark)


def _row_of(rows: Mapping[tuple[str, rules.Key], Order], contract: str, key: rules.Key) -> Order:
    if (contract, key) not in rows:
        raise rules.UnknownThing(thing=f"{contract} {key[0]}"[:60])
    return rows[contract, key]


def _move_pairs(
    election: str, intake: rules.Intake, rows: Mapping[tuple[str, rules.Key], Order], actor: facts.Actor, at: datetime, mark: str
) -> list[Pair]:
    now = {order.code: order for order in orders(election, at)}
    pairs: list[Pair] = []
    for move in intake.moves:
        row = _row_of(rows, move.contract, move.key)
        order = now.get(row.code) or _order(row)
        pairs.append(_move_pair(election, row, order, move.due_at, move.reason, actor, at, mark))
        now[row.code] = replace(
            order, due_at=move.due_at, moves=(*order.moves, rules.Moved(order.due_at, move.due_at, move.reason, at, mark))
        )
    return pairs


def _sent_pairs(
    election: str, intake: rules.Intake, rows: Mapping[tuple[str, rules.Key], Order], actor: facts.Actor, at: datetime, mark: str
) -> list[Pair]:
    count = Shipment.objects.filter(election=election).count()
    already: Counter[str] = Counter()
    for code, quantity in Shipment.objects.filter(election=election, replaces="", withdrawn_at=None).values_list("order__code", "quantity"):
        already[code] += quantity
    pairs: list[Pair] = []
    for number, line in enumerate(intake.shipments):
        row = _row_of(rows, line.contract, line.key)
        rules.check_shipment(_order(row), already[row.code], line.quantity, "")
        already[row.code] += line.quantity
        sent = Shipment(
            code=_next(count + number, "KRM"), election=election, order=row, quantity=line.quantity, waybill=line.waybill,
            carrier=line.carrier, destination=line.destination, silog=line.silog, mark=mark, person=actor.person,
            occurred_at=min(line.sent_at, at),
        )  # fmt: skip
        pairs.append(_shipment_pair(election, sent, actor))
    return pairs


# --- at the gate ---------------------------------------------------------------------------------------------------------


def names_here(election: str) -> tuple[str, ...]:
    """How this place is called on papers: its name, its code, its warehouses by code and name."""
    region = record.election(election).region
    sites = [name for site in places.sites(region) if site.kind in {"gudang", "kantor"} for name in (site.code, site.name)]
    return (record.installation().name, region, *sites)


def arrive(election: str, shipment: str, destination: str, actor: facts.Actor, at: datetime, mark: str = "") -> rules.Misdirection | None:
    """Somebody read the destination on the papers of a shipment. None where it is this place; else the stop that was recorded. Stopped."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(_sent(election, at).filter(code=shipment), shipment)
        _go_on(election, shipment, at)
        if not destination.strip():
            raise rules.TextMissing(what="tujuan pada surat jalan")
        released = any(m.decision == "released" for m in misdirections(election, at, shipment))
        if released or rules.ours(destination, names_here(election)):
            said = {"shipment": shipment, "waybill": row.waybill, "destination": destination.strip()[:120], "released": int(released)}
            came = ArrivalRow(shipment=row, destination=destination.strip()[:120], person=actor.person, occurred_at=at)
            _commit([(_draft("shipment.arrived", election, f"shipment:{shipment}", actor, at, said), came)], at)
            return None
        order = _order(row.order)
        return _stop(election, row.waybill, destination, shipment, order.key, row.quantity, actor, at, mark)


def misdirect(
    election: str, waybill: str, destination: str, line: rules.Key, quantity: int, actor: facts.Actor, at: datetime, mark: str = ""
) -> rules.Misdirection:
    """Goods stand at the gate whose surat jalan is none of ours. line: what the papers say, a dapil of another regency by its name."""
    with transaction.atomic():
        at = record.turn(at)
        if not waybill.strip() or not destination.strip():
            raise rules.TextMissing(what="nomor surat jalan dan tujuannya")
        rules.check_pieces(quantity)
        return _stop(election, waybill, destination, "", line, quantity, actor, at, mark)


def _stop(
    election: str,
    waybill: str,
    destination: str,
    shipment: str,
    line: rules.Key,
    quantity: int,
    actor: facts.Actor,
    at: datetime,
    mark: str,
) -> rules.Misdirection:
    code = _next(MisdirectionRow.objects.filter(election=election).count(), "SLT")
    said = {
        "waybill": waybill, "destination": destination.strip()[:120], "shipment": shipment, "item": line[0], "contest": line[1],
        "dapil": line[2], "quantity": quantity, "mark": mark,
    }  # fmt: skip
    row = MisdirectionRow(
        code=code, election=election, waybill=waybill.strip()[:60], destination=destination.strip()[:120], shipment=shipment, item=line[0],
        contest=line[1], dapil=line[2], quantity=quantity, mark=mark, person=actor.person, occurred_at=at,
    )  # fmt: skip
    with record.once(rules.Stopped(shipment=shipment, waybill=row.waybill, destination=row.destination, code=code)):
        _commit([(_draft("shipment.misdirected", election, f"misdirection:{code}", actor, at, said), row)], at)
    return _misdirection(row, [])


def decide(
    election: str,
    misdirection: str,
    decision: str,
    actor: facts.Actor,
    at: datetime,
    reason: str = "",
    onward: str = "",
    second: facts.Actor | None = None,
) -> rules.Misdirection:
    """Quarantine, send on, or (two people, with a reason) release what names another destination. The refusals of `check_decision`."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(MisdirectionRow.objects.filter(election=election, code=misdirection, occurred_at__lte=at), misdirection)
        found = get_misdirection(election, misdirection, at)
        rules.check_decision(found, decision, reason, onward, actor.person, second.person if second else "")
        said = {"misdirection": misdirection, "decision": decision, "onward": onward.strip()[:60], "waybill": found.waybill}
        draft = replace(
            _draft("misdirection.decided", election, f"misdirection:{misdirection}", actor, at, said),
            reason=reason.strip()[:400],
            approvals=(actor.person, second.person) if second and decision == "released" else (),
        )
        prepared = record.prepare([draft], at)
        with record.once(rules.Decided(code=misdirection)):
            DecisionRow.objects.create(
                misdirection=row, decision=decision, reason=reason.strip()[:400], onward=onward.strip()[:60], person=actor.person,
                second=second.person if second and decision == "released" else "", occurred_at=at, entry_id=prepared[0].entry_id,
            )  # fmt: skip
        stock.post(election, rules.decision_postings(found, decision, stock.warehouse(election)), prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return get_misdirection(election, misdirection, at)


def _go_on(election: str, shipment: str, at: datetime) -> None:
    """Stopped while papers of this shipment name another destination and nobody released it."""
    for found in misdirections(election, at, shipment):
        if found.decision != "released":
            raise rules.Stopped(shipment=shipment, waybill=found.waybill, destination=found.destination, code=found.code)


# --- counts --------------------------------------------------------------------------------------------------------------


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
    wrong_type: int = 0,
    kinds: Iterable[tuple[str, int]] = (),
    partial: bool = False,
    place: str = "",
) -> rules.ReceiptNote:
    """What two hands counted of a surat jalan; partial: more of it is to come, so nothing is missing yet.

    Unbalanced where stated shortages do not follow; AlreadyReceived once it is closed; NotYetShipped; Stopped; the refusals of `Count`.
    """
    with transaction.atomic():
        at = record.turn(at)
        row = _one(Shipment.objects.select_related("order").filter(election=election, code=shipment, withdrawn_at=None), shipment)
        _go_on(election, shipment, at)
        before = list(Receipt.objects.filter(shipment=row).order_by("number"))
        rules.check_receipt(_shipment(row), any(not r.partial for r in before), at)
        earlier = _notes_of(before, at)
        left = row.quantity - sum(n.count.shipped for n in earlier)
        came = rules.Count(0, good, damaged, wrong_type, tuple(kinds))
        share = min(came.received, left) if partial else left
        count = rules.tally(share, good, damaged, missing, over, wrong_type, tuple(kinds))
        code = _next(Receipt.objects.filter(election=election).count(), "TRM")
        said: dict[str, object] = {
            "shipment": shipment, "waybill": row.waybill, "blind": int(blind), "partial": int(partial), "mark": mark,
            **_counted(count),
        }  # fmt: skip
        draft = _draft("receipt.recorded", election, f"receipt:{code}", actor, at, said)
        prepared = record.prepare([replace(draft, private=record.typed(note=note.strip()[:400]))], at)
        with record.once(rules.AlreadyReceived(shipment=shipment, waybill=row.waybill)):
            Receipt.objects.create(
                code=code, election=election, shipment=row, number=len(before) + 1, partial=partial,
                place=place or stock.warehouse(election), good=good, damaged=damaged, wrong_type=wrong_type,
                kinds=[list(k) for k in count.kinds], blind=blind, mark=mark, person=actor.person, occurred_at=at,
                entry_id=prepared[0].entry_id,
            )  # fmt: skip
        made = get_receipt(election, code, at)
        stock.post(election, rules.postings(made, made.place), prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return replace(made, note=note.strip()[:400])


def accept_receipt(election: str, receipt: str, actor: facts.Actor, at: datetime) -> int:
    """Take over the good pieces. Sensitive goods need another person than the one who counted."""
    with transaction.atomic():
        at = record.turn(at)
        note = get_receipt(election, receipt, at)
        item = note.shipment.order.item
        sensitive = any(d.sensitive for d in demands(election, at) if d.item == item)
        quantity = rules.acceptance(note, actor.person, sensitive)
        said: dict[str, str | int] = {"receipt": receipt, "quantity": quantity, "accepts": note.entry_id}
        prepared = record.prepare([_draft("receipt.accepted", election, f"receipt:{receipt}", actor, at, said)], at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        with record.once(rules.AlreadyAccepted(receipt=receipt)):
            Acceptance.objects.create(
                receipt=row, quantity=quantity, accepts=note.entry_id, person=actor.person, occurred_at=at, entry_id=prepared[0].entry_id
            )
        taken = replace(note, accepted=rules.Accepted(quantity, actor.person, at, prepared[0].entry_id))
        fresh = [p for p in rules.postings(taken, note.place) if p.act == "receipt.accepted"]
        stock.post(election, fresh, prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return quantity


def correct_receipt(
    election: str,
    receipt: str,
    good: int,
    damaged: int,
    reason: str,
    actor: facts.Actor,
    at: datetime,
    wrong_type: int = 0,
    kinds: Iterable[tuple[str, int]] = (),
) -> bool:
    """Correct a count. True: in force at once (the author, within minutes). False: it waits for a second person."""
    with transaction.atomic():
        at = record.turn(at)
        note = replace(get_receipt(election, receipt, at), used=depended_on(election, receipt, at))
        gone = sum(d.quantity for d in disposals(election, at, receipt))
        count = rules.check_correction(note, good, damaged, reason, actor.person, at, wrong_type, tuple(kinds), gone)
        alone = rules.may_correct_alone(note, actor.person, at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        code = _next(Correction.objects.filter(receipt__election=election).count(), "KOR")
        kind = "receipt.corrected" if alone else "receipt.correction_proposed"
        said: dict[str, object] = {"receipt": receipt, "correction": code, **_counted(count)}
        draft = _draft(kind, election, f"receipt:{receipt}", actor, at, said)
        prepared = record.prepare([replace(draft, corrects=note.entry_id, reason=reason.strip())], at)
        before = _siblings(row, at)
        with record.once(rules.CorrectionPending(receipt=receipt)):
            Correction.objects.create(
                code=code, receipt=row, good=good, damaged=damaged, wrong_type=wrong_type, kinds=[list(k) for k in count.kinds],
                reason=reason.strip(), person=actor.person, proposed_at=at, occurred_at=at if alone else None,
                entry_id=prepared[0].entry_id,
            )  # fmt: skip
        if alone:
            stock.post(election, rules.reposted(before, _siblings(row, at), row.place), prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return alone


def approve_correction(election: str, correction: str, actor: facts.Actor, at: datetime) -> None:
    """The second person puts a correction in force. An acceptance of the old count ends; it must be accepted anew."""
    with transaction.atomic():
        at = record.turn(at)
        found = Correction.objects.select_related("receipt").filter(receipt__election=election, code=correction, occurred_at=None)
        row = _one(found, correction)
        note = get_receipt(election, row.receipt.code, at)
        rules.check_approval(row.person, actor.person, row.receipt.code)
        gone = sum(d.quantity for d in disposals(election, at, note.code))
        if row.damaged + row.wrong_type < gone:
            raise rules.DisposedAlready(receipt=note.code, disposed=gone)
        count = rules.Count(note.count.shipped, row.good, row.damaged, row.wrong_type, _kinds(row.kinds))
        said = {"receipt": row.receipt.code, "correction": correction, "proposed": row.entry_id, **_counted(count)}
        draft = _draft("receipt.corrected", election, f"receipt:{row.receipt.code}", actor, at, said)
        prepared = record.prepare([replace(draft, corrects=note.entry_id, reason=row.reason, approvals=(row.person, actor.person))], at)
        before = _siblings(row.receipt, at)
        row.approver, row.occurred_at, row.entry_id = actor.person, at, prepared[0].entry_id
        row.save(update_fields=["approver", "occurred_at", "entry_id"])
        stock.post(election, rules.reposted(before, _siblings(row.receipt, at), row.receipt.place), prepared[0].entry_id, at)
        record.append(prepared, at=at)


def _siblings(row: Receipt, at: datetime) -> list[rules.ReceiptNote]:
    """All arrivals of the surat jalan of a receipt: a correction of one changes for how many pieces the last one answers."""
    return _notes_of(list(Receipt.objects.filter(shipment_id=row.shipment_id).order_by("number")), at)


def print_papers(election: str, receipt: str, kinds: Sequence[str], actor: facts.Actor, at: datetime, reason: str = "") -> dict[str, int]:
    """Record a print of papers of a receipt: kind -> which copy. A reprint says why (TextMissing). Call it before the paper comes."""
    with transaction.atomic():
        at = record.turn(at)
        row = _one(Receipt.objects.filter(election=election, code=receipt, occurred_at__lte=at), receipt)
        before = paper_copies(election, receipt)
        if any(before[kind] for kind in kinds) and not reason.strip():
            raise rules.TextMissing(what="alasan mencetak ulang")
        copies = {kind: before[kind] + 1 for kind in dict.fromkeys(kinds)}
        said: dict[str, object] = {"receipt": receipt, "papers": [f"{kind}={copy}" for kind, copy in copies.items()]}
        draft = replace(_draft("papers.printed", election, f"receipt:{receipt}", actor, at, said), reason=reason.strip()[:400])
        prepared = record.prepare([draft], at)
        PaperRow.objects.bulk_create(
            [
                PaperRow(
                    receipt=row, kind=kind, copy=copy, reason=reason.strip()[:400] if copy > 1 else "", person=actor.person, occurred_at=at,
                    entry_id=prepared[0].entry_id,
                )
                for kind, copy in copies.items()
            ]
        )  # fmt: skip
        record.append(prepared, at=at)
    return copies


def paper_copies(election: str, receipt: str) -> Counter[str]:
    """Kind of paper -> how often it was printed so far."""
    rows = PaperRow.objects.filter(receipt__election=election, receipt__code=receipt).values_list("kind")
    return Counter(dict(rows.annotate(number=models.Max("copy")).order_by()))


# --- receipts from before there was a book of stock ----------------------------------------------------------------------


def unposted(election: str, at: datetime) -> list[tuple[rules.ReceiptNote, tuple[stock_rules.Posting, ...]]]:
    """Receipts of which the book of stock lacks something, with the postings it lacks: those of an installation from before the book."""
    return _unposted(election, receipts(election, at), at)


def _unposted(
    election: str, notes: Sequence[rules.ReceiptNote], at: datetime
) -> list[tuple[rules.ReceiptNote, tuple[stock_rules.Posting, ...]]]:
    posted: dict[str, list[stock_rules.Posting]] = defaultdict(list)
    for one in stock.postings_of(election, [f"receipt:{note.code}" for note in notes], at):
        posted[one.subject].append(one)
    main = stock.warehouse(election) if notes else ""
    found = [(note, rules.unposted(note, note.place or main, posted[f"receipt:{note.code}"])) for note in notes]
    return [(note, lacking) for note, lacking in found if lacking]


def open_stock(election: str, first: facts.Actor, second: facts.Actor, at: datetime) -> int:
    """Older receipts come into the book of stock as they stand, once, by two people; how many. NothingUnposted, stock.SamePerson."""
    with transaction.atomic():
        at = record.turn(at)
        found = unposted(election, at)
        rules.check_opening(len(found), first.person, second.person)
        postings = [posting for _, lacking in found for posting in lacking]
        said: dict[str, object] = {
            "receipts": [note.code for note, _ in found],
            "entries": [note.entry_id for note, _ in found],
            "postings": len(postings),
            "pieces": sum(p.quantity for p in postings if p.source.condition is stock_rules.Condition.SUPPLIER),
        }
        draft = _draft("stock.opened_from_receipts", election, "stock:receipts", first, at, said)
        prepared = record.prepare([replace(draft, approvals=(first.person, second.person))], at)
        stock.post(election, postings, prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return len(found)


# --- claims and quarantine -----------------------------------------------------------------------------------------------


def file_claim(
    election: str, receipt: str, kind: str, quantity: int, actor: facts.Actor, at: datetime, note: str = "", mark: str = ""
) -> rules.Claim:
    """Ask the supplier of a receipt to make good a loss; kind: damaged | missing | wrong_type. NotClaimable, NotPositive."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_receipt(election, receipt, at)
        rules.check_claim(found, kind, quantity, claims(election, at, receipt))
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        code = _next(ClaimRow.objects.filter(election=election).count(), "KLM")
        due_at = at + timedelta(days=limits(election, at).answer_days)
        said = {
            "claim": code, "receipt": receipt, "kind": kind, "quantity": quantity, "supplier": found.shipment.order.supplier,
            "due_at": due_at.isoformat(), "mark": mark or found.mark,
        }  # fmt: skip
        made = ClaimRow(
            code=code, election=election, receipt=row, kind=kind, quantity=quantity, due_at=due_at, mark=mark or found.mark,
            person=actor.person, occurred_at=at,
        )  # fmt: skip
        draft = _draft("claim.filed", election, f"claim:{code}", actor, at, said)
        _commit([(replace(draft, private=record.typed(note=note.strip()[:400])), made)], at)
    return get_claim(election, code, at)


def answer_claim(
    election: str, claim: str, answer: str, actor: facts.Actor, at: datetime, reason: str = "", due_at: datetime | None = None
) -> rules.Claim:
    """What the supplier answered: replace (until `due_at`), credit, or refused with its reason. Answered, BadAnswer, TextMissing."""
    with transaction.atomic():
        at = record.turn(at)
        found = get_claim(election, claim, at)
        rules.check_answer(found, answer, reason)
        row = _one(ClaimRow.objects.filter(election=election, code=claim), claim)
        by_at = due_at or at + timedelta(days=limits(election, at).replacement_days)
        said = {"claim": claim, "answer": answer, "due_at": by_at.isoformat() if answer == "replace" else "", "mark": found.mark}
        draft = replace(_draft("claim.answered", election, f"claim:{claim}", actor, at, said), reason=reason.strip()[:400])
        given = AnswerRow(
            claim=row, answer=answer, reason=reason.strip()[:400], due_at=by_at if answer == "replace" else None, person=actor.person,
            occurred_at=at,
        )  # fmt: skip
        with record.once(rules.Answered(claim=claim)):
            _commit([(draft, given)], at)
    return get_claim(election, claim, at)


def dispose(
    election: str,
    receipt: str,
    quantity: int,
    how: str,
    actor: facts.Actor,
    at: datetime,
    reason: str = "",
    second: facts.Actor | None = None,
    mark: str = "",
) -> rules.Disposal:
    """Pieces leave the quarantine: "returned" to the supplier, or "destroyed" by two people. The refusals of `check_disposal`."""
    with transaction.atomic():
        at = record.turn(at)
        note = get_receipt(election, receipt, at)
        rules.check_disposal(note, quantity, how, reason, disposals(election, at, receipt), actor.person, second.person if second else "")
        made = rules.Disposal(receipt, quantity, how, reason.strip()[:400], actor.person, second.person if second else "", at, "", mark)
        said = {"receipt": receipt, "quantity": quantity, "how": how, "mark": mark or note.mark}
        draft = replace(
            _draft(f"quarantine.{how}", election, f"receipt:{receipt}", actor, at, said),
            reason=made.reason,
            approvals=(actor.person, second.person) if second else (),
        )
        prepared = record.prepare([draft], at)
        row = _one(Receipt.objects.filter(election=election, code=receipt), receipt)
        DisposalRow.objects.create(
            receipt=row, quantity=quantity, how=how, reason=made.reason, mark=mark or note.mark, person=actor.person, second=made.second,
            occurred_at=at, entry_id=prepared[0].entry_id,
        )  # fmt: skip
        target = stock_rules.Condition.RETURNED if how == "returned" else stock_rules.Condition.DESTROYED
        aside = stock_rules.Account(note.place, stock_rules.Condition.QUARANTINE)
        gone = stock_rules.Account(note.place, target)
        moved = stock_rules.Posting(note.shipment.order.key, quantity, aside, gone, f"quarantine.{how}", f"receipt:{receipt}")
        stock.post(election, [moved], prepared[0].entry_id, at)
        record.append(prepared, at=at)
    return replace(made, entry_id=prepared[0].entry_id)


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
        at = record.turn(at)
        note = get_receipt(election, receipt, at)
        order = note.shipment.order
        on_line = places_rules.dapil_on_line(order.contest, dapil, places.dapil_here(election))
        state = rules.carton_condition(note, on_line, condition)
        rules.check_cartons(note, sizes, state, cartons(election, at, receipt))
        lies_at = place or note.place
        names = [*(aliases or ()), *[""] * len(sizes)]
        made = [
            rules.Carton(
                labels.new_code(rng or _rng), order.contest, dapil, size, batch, receipt, lies_at, state,
                names[number].strip()[:60], at, mark or note.mark,
            )
            for number, size in enumerate(sizes)
        ]  # fmt: skip
        said: dict[str, object] = {
            "receipt": receipt, "contest": order.contest, "dapil": dapil, "batch": batch, "condition": state, "count": len(made),
            "quantity": sum(sizes), "sizes": list(sizes), "codes": [c.code for c in made], "mark": mark or note.mark,
            "aliases": [c.alias for c in made],
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
        named = [(c.alias, "carton", c.code) for c in made if c.alias]
        if named:
            label_store.bind_aliases(election, named, actor, at, prepared[0].entry_id, mark or note.mark)
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


def withdraw_cartons(
    election: str, codes: Sequence[str], reason: str, actor: facts.Actor, at: datetime, second: facts.Actor | None = None
) -> int:
    """Labels that were wrong no longer stand for cartons; how many. The author alone within minutes; later a reason and a second person.

    Refused while postings name one of them: an opened or moved carton is history. UnknownThing, CartonMoved, TextMissing, SamePerson.
    """
    with transaction.atomic():
        at = record.turn(at)
        rows = list(_carton_rows(election, at).filter(code__in=list(codes)))
        if not rows or len(rows) != len(set(codes)):
            raise rules.UnknownThing(thing=next((c for c in codes if c not in {r.code for r in rows}), "karton")[:40])
        subjects = [f"carton:{row.code}" for row in rows]
        moved = stock.PostingRow.objects.filter(election=election, subject__in=subjects).values_list("subject", flat=True).first()
        if moved:
            raise rules.CartonMoved(carton=moved.partition(":")[2])
        alone = all(row.person == actor.person and timedelta(0) <= at - row.occurred_at <= rules.UNDO_FOR for row in rows)
        if not alone:
            if not reason.strip():
                raise rules.TextMissing(what="alasan")
            if second is None or second.person == actor.person:
                raise rules.SamePerson(receipt=rows[0].receipt.code)
        said: dict[str, object] = {"count": len(rows), "quantity": sum(row.quantity for row in rows), "codes": sorted(r.code for r in rows)}
        draft = replace(
            _draft("cartons.withdrawn", election, f"receipt:{rows[0].receipt.code}", actor, at, said),
            corrects=rows[0].entry_id,
            reason=reason.strip()[:400],
            approvals=(actor.person, second.person) if second and not alone else (),
        )
        prepared = record.prepare([draft], at)
        CartonRow.objects.filter(pk__in=[row.pk for row in rows]).update(withdrawn_at=at)
        approver = second.person if second and not alone else ""
        label_store.release_aliases(election, "carton", [row.code for row in rows], reason, actor, at, prepared[0].entry_id, approver)
        record.append(prepared, at=at)
    return len(rows)


# --- what is read --------------------------------------------------------------------------------------------------------


def contracts(election: str, at: datetime) -> list[rules.Contract]:
    """Contracts recorded by then, oldest first."""
    rows = ContractRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return [rules.Contract(r.number, r.signed_on, r.supplier, r.tahap, r.occurred_at, r.mark) for r in rows]


@record.remembered
def orders(election: str, at: datetime) -> list[rules.Order]:
    """Orders placed by then with the days in force then, oldest first."""
    return _orders(_placed(election, at).order_by("occurred_at", "id"), at)


def get_order(election: str, code: str, at: datetime) -> rules.Order:
    """One order as it stood then. UnknownThing."""
    found = _orders(_placed(election, at).filter(code=code), at)
    if not found:
        raise rules.UnknownThing(thing=code[:40])
    return found[0]


def _orders(rows: "models.QuerySet[Order]", at: datetime) -> list[rules.Order]:
    found = list(rows)
    keys = [row.pk for row in found]
    moves: dict[int, list[rules.Moved]] = defaultdict(list)
    for m in MoveRow.objects.filter(order__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        moves[m.order_id].append(rules.Moved(m.from_at, m.to_at, m.reason, m.occurred_at, m.mark))
    made: dict[int, int] = {}
    for p in ProductionRow.objects.filter(order__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
        made[p.order_id] = p.quantity
    return [_order(row, moves[key], made.get(key)) for key, row in zip(keys, found, strict=True)]


@record.remembered
def shipments(election: str, at: datetime) -> list[rules.Shipment]:
    """Shipments announced by then, oldest first; their orders with the days in force then."""
    known = {order.code: order for order in orders(election, at)}
    rows = list(_sent(election, at).order_by("occurred_at", "id"))
    told = record.privates(row.entry_id for row in rows)
    return [_shipment(row, known.get(row.order.code), told.text(row.entry_id, "carrier")) for row in rows]


def arrivals_of(election: str, shipment: str, at: datetime) -> list[tuple[str, datetime, str]]:
    """(destination as read, when, by whom) of a shipment at the gate, oldest first."""
    rows = ArrivalRow.objects.filter(shipment__election=election, shipment__code=shipment, occurred_at__lte=at).order_by(
        "occurred_at", "id"
    )
    return [(row.destination, row.occurred_at, row.person) for row in rows]


def misdirections(election: str, at: datetime, shipment: str = "") -> list[rules.Misdirection]:
    """Goods at our gate meant for somebody else, by then, oldest first, with the decision in force then; of one shipment or all."""
    found = MisdirectionRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    rows = list(found.filter(shipment=shipment) if shipment else found)
    taken: dict[int, list[DecisionRow]] = defaultdict(list)
    if rows:
        for row in DecisionRow.objects.filter(misdirection__in=rows, occurred_at__lte=at).order_by("occurred_at", "id"):
            taken[row.misdirection_id].append(row)
    return [_misdirection(row, taken[row.pk]) for row in rows]


def get_misdirection(election: str, code: str, at: datetime) -> rules.Misdirection:
    """One of them. UnknownThing."""
    found = next((m for m in misdirections(election, at) if m.code == code), None)
    if found is None:
        raise rules.UnknownThing(thing=code[:40])
    return found


@record.remembered
def receipts(election: str, at: datetime) -> list[rules.ReceiptNote]:
    """Receipts as they stood then: the count in force, its acceptance, a correction that waits. Oldest first."""
    return _notes_of(list(Receipt.objects.filter(election=election).order_by("occurred_at", "id")), at)


def get_receipt(election: str, code: str, at: datetime) -> rules.ReceiptNote:
    """One receipt as it stood then. UnknownThing."""
    row = _one(Receipt.objects.filter(election=election, code=code, occurred_at__lte=at), code)
    return next(note for note in _siblings(row, at) if note.code == code)


def depended_on(election: str, code: str, at: datetime) -> bool:
    """Whether cartons, claims or disposals hang on a receipt, so that its author may no longer correct it alone."""
    mine = {"receipt__election": election, "receipt__code": code, "occurred_at__lte": at}
    cartons_of = CartonRow.objects.filter(**mine).exclude(withdrawn_at__lte=at)
    return cartons_of.exists() or ClaimRow.objects.filter(**mine).exists() or DisposalRow.objects.filter(**mine).exists()


def pending_correction(election: str, code: str) -> rules.Proposal | None:
    """The correction that waits for a second person, or None."""
    row = Correction.objects.select_related("receipt").filter(receipt__election=election, code=code).first()
    if row is None:
        return None
    return rules.Proposal(
        row.code, row.receipt.code, row.good, row.damaged, row.reason, row.person, row.proposed_at, row.wrong_type, _kinds(row.kinds)
    )


def claims(election: str, at: datetime, receipt: str = "") -> list[rules.Claim]:
    """Claims filed by then, of one receipt or of all, oldest first, with their answers and replacements as of then."""
    rows = ClaimRow.objects.filter(election=election, occurred_at__lte=at)
    return _claims(rows.filter(receipt__code=receipt) if receipt else rows, at)


def get_claim(election: str, code: str, at: datetime) -> rules.Claim:
    """One claim. UnknownThing."""
    found = _claims(ClaimRow.objects.filter(election=election, code=code, occurred_at__lte=at), at)
    if not found:
        raise rules.UnknownThing(thing=code[:40])
    return found[0]


def _claims(rows: "models.QuerySet[ClaimRow]", at: datetime) -> list[rules.Claim]:
    found = list(rows.select_related("receipt__shipment__order", "answered").order_by("occurred_at", "id"))
    if not found:
        return []
    election, codes = found[0].election, [row.code for row in found]
    sent = list(_sent(election, at).filter(claim__in=codes))
    claim_of = {row.pk: row.claim for row in sent}
    shipped: Counter[str] = Counter()
    for row in sent:
        shipped[row.claim] += row.quantity
    received: Counter[str] = Counter()
    counted = list(Receipt.objects.filter(shipment__in=sent).order_by("number")) if sent else []
    for receipt, note in zip([r for r in counted if r.occurred_at <= at], _notes_of(counted, at), strict=True):
        received[claim_of[receipt.shipment_id]] += note.count.good
    known = {o.code: o for o in _orders(Order.objects.filter(pk__in={row.receipt.shipment.order_id for row in found}), at)}
    told = record.privates(row.entry_id for row in found)
    return [
        replace(
            _claim(row, known, shipped[row.code], received[row.code], at),
            note=told.text(row.entry_id, "note", row.note),
        )
        for row in found
    ]


def disposals(election: str, at: datetime, receipt: str = "") -> list[rules.Disposal]:
    """What left the quarantine by then, of one receipt or of all, oldest first."""
    rows = DisposalRow.objects.select_related("receipt").filter(receipt__election=election, occurred_at__lte=at)
    rows = rows.filter(receipt__code=receipt) if receipt else rows
    return [
        rules.Disposal(r.receipt.code, r.quantity, r.how, r.reason, r.person, r.second, r.occurred_at, r.entry_id, r.mark)
        for r in rows.order_by("occurred_at", "id")
    ]


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


# --- forecast and early warnings -----------------------------------------------------------------------------------------


def deadline(election: str, at: datetime) -> datetime | None:
    """When all goods must be in the warehouse, sorted: the calendar's first deadline there; None where it has none."""
    due = [m.due_at for m in regulation.milestones(election, at) if m.place == "gudang"]
    return min(due) if due else None


def history(election: str, at: datetime) -> rules.History:
    """What deliveries taught by then."""
    return _history(orders(election, at), shipments(election, at), receipts(election, at))


def _history(placed: list[rules.Order], sent: list[rules.Shipment], notes: list[rules.ReceiptNote]) -> rules.History:
    shipped: Counter[str] = Counter()
    for s in sent:
        if not s.replaces:
            shipped[s.order.code] += s.quantity
    closed = {n.shipment.code for n in notes if not n.partial}
    open_orders = {s.order.code for s in sent if s.code not in closed}
    last: dict[str, datetime] = {}
    found_at = {n.code: n.received_at for n in notes}
    for n in notes:
        if not n.shipment.replaces:
            last[n.shipment.order.code] = max(last.get(n.shipment.order.code, n.received_at), n.received_at)
    done = [o for o in placed if o.code in last and shipped[o.code] >= o.quantity and o.code not in open_orders]
    return rules.History(
        transit=tuple(_days(n.received_at - n.shipment.sent_at) for n in notes if n.count.received),
        lateness=tuple(_days(last[o.code] - o.due_at) for o in done),
        slips=tuple(float(m.days) for o in placed for m in o.moves if m.days > 0),
        orders=len(placed),
        moved=sum(any(m.days > 0 for m in o.moves) for o in placed),
        replacement=tuple(
            _days(n.received_at - found_at[n.shipment.replaces]) for n in notes if n.shipment.replaces in found_at and n.count.good
        ),
        lost=sum(n.count.aside + n.count.missing for n in notes),
        counted=sum(n.count.shipped for n in notes),
    )


def _days(span: timedelta) -> float:
    return round(span / timedelta(days=1), 3)


def questions(election: str, at: datetime) -> list[rules.Question]:
    """Every line of the gauge as a question to the forecast, in the order of the gauge."""
    placed, sent, notes, filed = orders(election, at), shipments(election, at), receipts(election, at), claims(election, at)
    learnt, by_at = _history(placed, sent, notes), deadline(election, at)
    closed = {n.shipment.code for n in notes if not n.partial}
    stopped = {m.shipment for m in misdirections(election, at) if m.shipment and m.decision != "released"}
    came: Counter[str] = Counter()
    for n in notes:
        came[n.shipment.code] += n.count.shipped
    found = []
    for demand in demands(election, at):
        mine = [o for o in placed if o.key == demand.key]
        ours = [s for s in sent if s.order.key == demand.key]
        under_way = [s for s in ours if s.code not in closed and s.code not in stopped and s.quantity > came[s.code]]
        shipped: Counter[str] = Counter()
        for s in ours:
            if not s.replaces:
                shipped[s.order.code] += s.quantity
        promises = [rules.Promise(o.quantity - shipped[o.code], o.due_at) for o in mine if o.quantity > shipped[o.code]]
        asked = [c for c in filed if c.order.key == demand.key and c.owed]
        owed = [rules.Owed(c.owed, c.filed_at) for c in asked]
        late = [o for o in mine if o.quantity > shipped[o.code]] or ([] if under_way else [c.order for c in asked])
        found.append(
            rules.Question(
                key=demand.key,
                need=demand.quantity,
                good=sum(n.count.good for n in notes if n.shipment.order.key == demand.key),
                on_the_way=tuple(rules.OnTheWay(s.quantity - came[s.code], s.sent_at) for s in under_way),
                promises=tuple(promises),
                owed=tuple(owed),
                deadline_at=by_at,
                at=at,
                history=learnt,
                ballots=bool(demand.contest),
                due_at=max((o.due_at for o in mine), default=None),
                moved=max((len(o.moves) for o in mine), default=0),
                ordered=sum(o.quantity for o in mine),
                lot=_lot(late, under_way),
            )
        )
    return found


def _lot(owing: list[rules.Order], under_way: list[rules.Shipment]) -> str:
    """What a line waits for last: the contract that is to send the rest, else the surat jalan that left last (of one supplier and day)."""
    if owing:
        last = max(owing, key=lambda o: (o.due_at, o.code))
        return f"kontrak:{last.contract or last.supplier}"
    if under_way:
        sent = max(under_way, key=lambda s: (s.sent_at, s.code))
        return f"kiriman:{sent.order.supplier}:{sent.sent_at.date().isoformat()}"
    return ""


def outlook(election: str, at: datetime) -> list[tuple[rules.Question, rules.Outlook]]:
    """The forecast of every line, in the order of the gauge."""
    return [(question, arrivals.outlook(question, SEED)) for question in questions(election, at)]


def signals(election: str, at: datetime) -> list[facts.Signal]:
    """R01, R02 (one a line; lines nobody ordered are one a procurement stage), R03 (one an order), R12 (one a receipt)."""
    asked = outlook(election, at)
    if not asked:
        return []
    named, held = {d.key: d for d in demands(election, at)}, limits(election, at)
    notes, filed = receipts(election, at), claims(election, at)
    placed, sent = orders(election, at), shipments(election, at)
    return [
        *_line_signals(asked, named, _told_at(placed, sent, notes), at, held),
        *_order_signals(placed, sent, named, deadline(election, at), held),
        *_count_signals(notes, filed, named),
    ]


def limits(election: str, at: datetime) -> rules.Limits:
    """The thresholds in force."""
    return thresholds.limits(election, "receipts", rules.Limits(), at)


def _told_at(placed: list[rules.Order], sent: list[rules.Shipment], notes: list[rules.ReceiptNote]) -> dict[rules.Key, datetime]:
    """When the record last said something about a line: an order, a moved day, a surat jalan, a count."""
    told = [(o.key, o.moves[-1].moved_at if o.moves else o.placed_at) for o in placed]
    told += [(s.order.key, s.sent_at) for s in sent] + [(n.shipment.order.key, n.counted_at) for n in notes]
    return dict(sorted(told, key=lambda one: one[1]))


def _line_signals(
    asked: list[tuple[rules.Question, rules.Outlook]],
    named: Mapping[rules.Key, rules.Demand],
    told: Mapping[rules.Key, datetime],
    at: datetime,
    held: rules.Limits,
) -> list[facts.Signal]:
    found: list[facts.Signal] = []
    unordered: dict[str, list[tuple[str, str, datetime]]] = defaultdict(list)
    for question, answer in asked:
        demand, short = named[question.key], rules.stock_short(question, held)
        near = question.deadline_at is not None and question.deadline_at - at <= timedelta(days=held.critical_days)
        # It stands since the line is watched, or since the record last said something about it; the same whenever one looks.
        watched_at = min(at, question.deadline_at - timedelta(days=held.horizon_days)) if question.deadline_at else at
        since_at = min(at, max(watched_at, told.get(question.key, watched_at)))
        severity = "critical" if near and demand.critical else "high"
        subject, name = f"line:{'~'.join(question.key)}", _line_name(demand)
        if short and not question.ordered:
            unordered[demand.tahap].append((name, severity, watched_at))
        elif short:
            said: dict[str, str | int] = {
                "line": name,
                "short": text.angka(short),
                "need": text.angka(question.need or 0),
                "unit": demand.unit,
            }
            found.append(facts.Signal("R01", "HAMBATAN", subject, severity, ("KPU",), since_at, said))
        if rules.improbable(question, answer, held):
            said = {"line": name, "share": _tenths(answer.permille), "from": _tenths(answer.low), "to": _tenths(answer.high)}
            found.append(facts.Signal("R02", "HAMBATAN", subject, severity, ("KPU",), since_at, said))
    for tahap, lines in sorted(unordered.items()):
        worst = "critical" if any(s == "critical" for _, s, _ in lines) else "high"
        first = ", ".join(name for name, _, _ in lines[:3]) + (f" dan {len(lines) - 3} lagi" if len(lines) > 3 else "")
        said = {"line": f"Tahap {tahap}, belum dipesan ({first})", "short": len(lines), "need": len(lines), "unit": "baris"}
        since_at = min(moment for _, _, moment in lines)
        found.append(facts.Signal("R01", "HAMBATAN", f"tahap:{tahap}", worst, ("KPU",), since_at, said))
    return found


def _tenths(permille: int | None) -> str:
    """905 -> 90,5."""
    return "?" if permille is None else f"{permille // 10},{permille % 10}"


def _line_name(demand: rules.Demand) -> str:
    return printed.line_name(demand.name, demand.contest, demand.dapil)


def _order_signals(
    placed: list[rules.Order],
    sent: list[rules.Shipment],
    named: Mapping[rules.Key, rules.Demand],
    need_at: datetime | None,
    held: rules.Limits,
) -> list[facts.Signal]:
    shipped: Counter[str] = Counter()
    for s in sent:
        if not s.replaces:
            shipped[s.order.code] += s.quantity
    found = []
    for order in placed:
        outstanding = order.quantity - shipped[order.code]
        why = rules.promised_late(order, need_at, outstanding, held)
        if not why:
            continue
        name = _line_name(named[order.key]) if order.key in named else order.item
        since = order.moves[-1].moved_at if order.moves else order.placed_at
        said: dict[str, str | int] = {
            "order": order.code, "line": name, "due": text.tanggal_pendek(order.due_at), "times": len(order.moves), "pieces": outstanding,
            "why": {"late": "terlalu dekat dengan hari barang dibutuhkan", "moved": "sudah berkali-kali digeser"}[why],
        }  # fmt: skip
        found.append(facts.Signal("R03", "HAMBATAN", f"order:{order.code}", "high", ("KPU",), since, said, (order.code,), order.mark))
    return found


def _count_signals(notes: list[rules.ReceiptNote], filed: list[rules.Claim], named: Mapping[rules.Key, rules.Demand]) -> list[facts.Signal]:
    replaced: Counter[str] = Counter()
    for n in notes:
        if n.shipment.replaces:
            replaced[n.shipment.replaces] += n.count.good
    found = []
    for n in notes:
        # A replacement makes good damaged pieces first: they are not what R12 is about.
        left = max(0, replaced[n.code] - n.count.damaged)
        by = rules.differs(n, filed, left)
        if not by:
            continue
        demand = named.get(n.shipment.order.key)
        said: dict[str, str | int] = {
            "receipt": n.code, "waybill": n.shipment.waybill, "line": _line_name(demand) if demand else n.shipment.order.item,
            "sent": n.count.shipped, "received": n.count.good + n.count.damaged, "by": by,
        }  # fmt: skip
        severity = "high" if demand and demand.weighty else "watch"
        found.append(
            facts.Signal("R12", "GANGGUAN", f"receipt:{n.code}", severity, ("KPU", "BAWASLU"), n.counted_at, said, (n.code,), n.mark)
        )
    return found


# --- inbox and search ----------------------------------------------------------------------------------------------------


def waiting(person: access_rules.Person, election: str, at: datetime) -> list[facts.Task]:
    """For the KPU: surat jalan not yet counted, counts not yet accepted, corrections for a second person, stops, claims to follow."""
    if person.agency != "KPU":
        return []
    notes, stops = receipts(election, at), misdirections(election, at)
    closed = {n.shipment.code for n in notes if not n.partial}
    stopped = {m.shipment for m in stops if m.shipment and m.decision != "released"}
    tasks = [
        facts.Task("receipts.count", "receipts", f"shipment:{s.code}", f"{s.waybill} ({s.order.item})", None, (s.code,))
        for s in shipments(election, at)
        if s.code not in closed and s.code not in stopped
    ]
    for n in notes:
        label = f"{n.code} ({n.shipment.order.item})"
        if n.pending and _proposer(n.pending, election) != person.id:
            tasks.append(facts.Task("receipts.approve", "receipts", f"receipt:{n.code}", label, None, (n.code,)))
        elif not n.pending and n.accepted is None and n.count.good:
            tasks.append(facts.Task("receipts.accept", "receipts", f"receipt:{n.code}", label, None, (n.code,)))
    tasks += [
        facts.Task("receipts.misdirected", "receipts", f"misdirection:{m.code}", f"{m.waybill}, tujuan {m.destination}", None, (m.code,))
        for m in stops
        if m.open
    ]
    if older := _unposted(election, notes, at):
        tasks.append(facts.Task("receipts.open_stock", "receipts", "stock:receipts", str(len(older))))
    for c in claims(election, at):
        state = c.state(at)
        if state in {"open", "overdue", "promised", "late"}:
            kind = "receipts.claim" if state in {"open", "overdue"} else "receipts.replacement"
            tasks.append(facts.Task(kind, "receipts", f"claim:{c.code}", f"{c.code} ({c.order.item})", c.due_at, (c.code,)))
    return tasks


def find(_person: access_rules.Person, election: str, words: str, at: datetime) -> list[facts.Hit]:
    """Shipments, receipts, orders and claims by code, surat jalan, SILOG code, contract or item; a carton by its whole code."""
    word = words.strip().lower()
    if not word:
        return []
    hits = []
    carton = get_carton(election, word.upper().replace("-", "").replace(" ", ""), at)
    if carton:
        hits.append(facts.Hit("receipt", f"Karton {labels.spaced(carton.code)}", f"{carton.contest} {carton.dapil}", (carton.receipt,)))
    notes: dict[str, list[rules.ReceiptNote]] = defaultdict(list)
    for n in receipts(election, at):
        notes[n.shipment.code].append(n)
    for s in shipments(election, at):
        mine = notes[s.code]
        parts = (s.code, s.waybill, s.order.item, s.order.code, s.silog, s.order.contract, *(n.code for n in mine))
        if any(word in part.lower() for part in parts):
            kind, code = ("receipt", mine[-1].code) if mine else ("shipment", s.code)
            hits.append(facts.Hit(kind, code, f"{s.order.item} · {s.waybill}", (code,)))
    for o in orders(election, at):
        if word in o.code.lower() or (o.contract and word in o.contract.lower()):
            hits.append(facts.Hit("order", o.code, f"{o.item} · {o.contract or o.supplier}", (o.code,)))
    hits += [facts.Hit("claim", c.code, f"{c.order.item} · {c.receipt}", (c.code,)) for c in claims(election, at) if word in c.code.lower()]
    return hits[:20]


# --- rows to values ------------------------------------------------------------------------------------------------------


def _next(count: int, prefix: str) -> str:
    return f"{prefix}-{count + 1:03}"


def _one(rows: "models.QuerySet[Row]", code: str) -> Row:
    row = rows.first()
    if row is None:
        raise rules.UnknownThing(thing=code[:60])
    return row


def _draft(kind: str, election: str, subject: str, actor: facts.Actor, at: datetime, said: Mapping[str, object]) -> facts.Draft:
    region = record.election(election).region
    return facts.Draft(kind=kind, election=election, subject=subject, place=region, actor=actor, occurred_at=at, facts=said)


def _counted(count: rules.Count) -> dict[str, object]:
    names = ("shipped", "good", "damaged", "wrong_type", "missing", "over")
    kinds = [f"{kind}={pieces}" for kind, pieces in count.kinds]
    return {**{name: getattr(count, name) for name in names}, "kinds": kinds, "kinds_version": rules.DAMAGE_VERSION}


def _kinds(kept: Iterable[Sequence[str | int]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(kind), int(pieces)) for kind, pieces in kept)


def _order(row: Order, moves: Sequence[rules.Moved] = (), produced: int | None = None) -> rules.Order:
    due_at = moves[-1].to_at if moves else row.due_at
    return rules.Order(
        row.code, row.item, row.contest, row.dapil, row.quantity, row.tahap, row.supplier, due_at, row.occurred_at, row.mark, row.contract,
        tuple(moves), produced,
    )  # fmt: skip


def _shipment(row: Shipment, order: rules.Order | None = None, carrier: str = "") -> rules.Shipment:
    """`carrier` is what the journal's private part says; a row from before that has its own."""
    return rules.Shipment(
        row.code, order or _order(row.order), row.quantity, row.waybill, carrier or row.carrier, row.occurred_at, row.replaces, row.mark,
        row.destination, row.silog, row.claim,
    )  # fmt: skip


def _notes_of(rows: list[Receipt], at: datetime) -> list[rules.ReceiptNote]:
    """Receipts as of an instant; `rows` holds every arrival of the surat jalan it touches, so that each knows its share."""
    rows = [row for row in rows if row.occurred_at <= at]
    if not rows:
        return []
    keys = [row.pk for row in rows] if len(rows) < 200 else None
    sent = Shipment.objects.select_related("order").filter(pk__in={row.shipment_id for row in rows}) if keys else None
    election = rows[0].election
    every = sent if sent is not None else Shipment.objects.select_related("order").filter(election=election)
    shipped = {row.pk: row for row in every}
    known = {o.code: o for o in _orders(Order.objects.filter(pk__in={row.order_id for row in shipped.values()}), at)}
    touched = _Touched(election, keys, at)
    told = record.privates([*(row.entry_id for row in rows), *(row.entry_id for row in shipped.values())])
    arrived: dict[int, list[Receipt]] = defaultdict(list)
    for row in rows:
        arrived[row.shipment_id].append(row)
    notes: dict[int, rules.ReceiptNote] = {}
    for shipment_id, unsorted in arrived.items():
        row_of = shipped[shipment_id]
        shipment = _shipment(row_of, known.get(row_of.order.code), told.text(row_of.entry_id, "carrier"))
        mine = sorted(unsorted, key=lambda r: r.number)
        counts = [touched.count(row) for row in mine]
        parts = rules.shares(row_of.quantity, [(c.received, row.partial) for c, row in zip(counts, mine, strict=True)])
        for row, count, share in zip(mine, counts, parts, strict=True):
            note = touched.note(row, shipment, replace(count, shipped=share), at)
            notes[row.pk] = replace(note, note=told.text(row.entry_id, "note", row.note))
    return [notes[row.pk] for row in rows]


class _Touched:
    """What happened to receipts after their first count, loaded at once. keys None: of the whole election."""

    def __init__(self, election: str, keys: list[int] | None, at: datetime) -> None:
        def of(rows: "models.QuerySet[Row]") -> "models.QuerySet[Row]":
            return rows.filter(receipt__election=election) if keys is None else rows.filter(receipt_id__in=keys)

        self.corrections: dict[int, list[Correction]] = defaultdict(list)
        for correction in of(Correction.objects.filter(proposed_at__lte=at)).order_by("id"):
            self.corrections[correction.receipt_id].append(correction)
        self.acceptances: dict[int, list[Acceptance]] = defaultdict(list)
        for acceptance in of(Acceptance.objects.filter(occurred_at__lte=at)).order_by("id"):
            self.acceptances[acceptance.receipt_id].append(acceptance)
        self.at = at

    def in_force(self, row: Receipt) -> list[Correction]:
        return [c for c in self.corrections[row.pk] if c.occurred_at is not None and c.occurred_at <= self.at]

    def count(self, row: Receipt) -> rules.Count:
        """The count in force, for a surat jalan of nought: its share is put in by who knows the other arrivals."""
        found = self.in_force(row)
        said: Receipt | Correction = found[-1] if found else row
        return rules.Count(0, said.good, said.damaged, said.wrong_type, _kinds(said.kinds))

    def note(self, row: Receipt, shipment: rules.Shipment, count: rules.Count, at: datetime) -> rules.ReceiptNote:
        found = self.in_force(row)
        last = found[-1] if found else None
        pending = [c.code for c in self.corrections[row.pk] if c.occurred_at is None or c.occurred_at > at]
        since = last.occurred_at if last and last.occurred_at else row.occurred_at
        taken = [a for a in self.acceptances[row.pk] if a.occurred_at >= since]
        return rules.ReceiptNote(
            code=row.code,
            shipment=shipment,
            count=count,
            person=row.person,
            received_at=row.occurred_at,
            blind=row.blind,
            accepted=rules.Accepted(taken[-1].quantity, taken[-1].person, taken[-1].occurred_at, taken[-1].entry_id) if taken else None,
            corrected_at=last.occurred_at if last else None,
            corrections=len(found),
            pending=pending[-1] if pending else "",
            entry_id=last.entry_id if last else row.entry_id,
            mark=row.mark,
            partial=row.partial,
            place=row.place,
            first_entry=row.entry_id,
        )


def _misdirection(row: MisdirectionRow, taken: Sequence[DecisionRow]) -> rules.Misdirection:
    last = taken[-1] if taken else None
    return rules.Misdirection(
        row.code, row.waybill, row.destination, row.shipment, (row.item, row.contest, row.dapil), row.quantity, row.occurred_at, row.person,
        last.decision if last else "", last.reason if last else "", last.occurred_at if last else None, last.onward if last else "",
        row.entry_id, row.mark,
    )  # fmt: skip


def _claim(row: ClaimRow, known: Mapping[str, rules.Order], sent: int, received: int, at: datetime) -> rules.Claim:
    given = getattr(row, "answered", None)
    if given is not None and given.occurred_at > at:
        given = None
    order = row.receipt.shipment.order
    return rules.Claim(
        row.code, row.receipt.code, known.get(order.code) or _order(order), row.kind, row.quantity, row.occurred_at,
        given.due_at if given and given.due_at else row.due_at, row.person, row.note, given.answer if given else "",
        given.reason if given else "", given.occurred_at if given else None, sent, received, row.entry_id, row.mark, row.due_at,
    )  # fmt: skip


def _proposer(correction: str, election: str) -> str:
    found = pending_correction(election, correction)
    return found.person if found else ""


# --- erasing words (see record.Eraser) ---------------------------------------------------------------------------------------

WORDS: dict[str, record.Eraser] = dict.fromkeys(("shipment.announced", "receipt.recorded", "claim.filed"), record.journal_only)
