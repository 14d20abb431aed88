"""Stage sorting: teams, opened cartons, bundles, rejects, destruction."""

from datetime import datetime

from django.db import models

from posko.domain import sorting as rules


class BundleRow(models.Model):
    """A counted and labelled bundle of folded ballots of one design."""

    code = models.CharField(max_length=20)
    election = models.CharField(max_length=40)
    contest = models.CharField(max_length=20)
    dapil = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    carton = models.CharField(max_length=20)
    batch = models.CharField(max_length=60, blank=True)
    team = models.CharField(max_length=20)
    mark = models.CharField(max_length=20, blank=True)
    person = models.CharField(max_length=60)
    occurred_at = models.DateTimeField()
    entry_id = models.CharField(max_length=64)

    class Meta:
        db_table = "sorting_bundle"
        constraints = (models.UniqueConstraint(fields=["election", "code"], name="sorting_bundle_code"),)
        indexes = (models.Index(fields=["election", "carton"], name="sorting_bundle_carton"),)


def get_bundle(election: str, code: str, at: datetime) -> rules.Bundle | None:
    """One bundle, found by its code in constant time; None where there is none by then."""
    row = BundleRow.objects.filter(election=election, code=code, occurred_at__lte=at).first()
    return _bundle(row) if row else None


def bundles(election: str, at: datetime) -> list[rules.Bundle]:
    """All bundles made by then, oldest first."""
    rows = BundleRow.objects.filter(election=election, occurred_at__lte=at).order_by("occurred_at", "id")
    return [_bundle(row) for row in rows]


def _bundle(row: BundleRow) -> rules.Bundle:
    return rules.Bundle(row.code, row.contest, row.dapil, row.quantity, row.carton, row.batch, row.team, row.occurred_at)
