"""Stage stock: postings, written by the stages in their own transactions, and the balances they add up to."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import models

from posko.domain import stock as rules
from posko.store import places, record


class PostingRow(models.Model):
    """Pieces that went from one account to another; never changed, taken back by a posting the other way."""

    election = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    contest = models.CharField(max_length=20, blank=True)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    source_place = models.CharField(max_length=30)
    source = models.CharField(max_length=12)
    target_place = models.CharField(max_length=30)
    target = models.CharField(max_length=12)
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    entry_id = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "stock_posting"
        indexes = (
            models.Index(fields=["election", "item", "contest", "dapil"], name="stock_posting_line"),
            models.Index(fields=["subject"], name="stock_posting_subject"),
        )


def post(election: str, postings: Iterable[rules.Posting], entry_id: str, at: datetime) -> None:
    """Write postings inside the caller's transaction, before it appends. `entry_id` is the prepared entry that states the act."""
    PostingRow.objects.bulk_create(
        [
            PostingRow(
                election=election, item=p.line[0], contest=p.line[1], dapil=p.line[2], quantity=p.quantity,
                source_place=p.source.place, source=p.source.condition.value, target_place=p.target.place, target=p.target.condition.value,
                act=p.act, subject=p.subject, entry_id=entry_id, occurred_at=at,
            )
            for p in postings
        ],
        batch_size=500,
    )  # fmt: skip


def warehouse(election: str) -> str:
    """The place code of the KPU's warehouse: the first site of kind gudang, else the region's first (":G01")."""
    region = record.election(election).region
    return next((s.code for s in places.sites(region) if s.kind == "gudang"), f"{region}:G01")


def balances(election: str, at: datetime) -> dict[tuple[rules.Line, rules.Account], int]:
    """Pieces per line and account as of an instant; accounts at nought are left out. Outside accounts may be below nought."""
    rows = PostingRow.objects.filter(election=election, occurred_at__lte=at)
    found: Counter[tuple[rules.Line, rules.Account]] = Counter()
    for side, sign in (("target", 1), ("source", -1)):
        grouped = rows.values_list("item", "contest", "dapil", f"{side}_place", side).annotate(pieces=models.Sum("quantity")).order_by()
        for item, contest, dapil, place, condition, pieces in grouped:
            found[((item, contest, dapil), rules.Account(place, rules.Condition(condition)))] += sign * pieces
    return {key: pieces for key, pieces in found.items() if pieces}
