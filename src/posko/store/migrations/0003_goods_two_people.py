"""Boxes given up, ranges taken back, what was short at closing; rows that may exist once; destroyed surplus."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_goods"),
    ]

    operations = [
        migrations.CreateModel(
            name="GivenUpRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("box", models.CharField(max_length=20)),
                ("reason", models.CharField(max_length=400)),
                ("person", models.CharField(max_length=60)),
                ("second", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "packing_given_up",
            },
        ),
        migrations.RemoveConstraint(
            model_name="boxrow",
            name="packing_box_once",
        ),
        migrations.AddField(
            model_name="acceptance",
            name="accepts",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="boxrow",
            name="given_up_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="destructionrow",
            name="kind",
            field=models.CharField(default="rejected", max_length=10),
        ),
        migrations.AddField(
            model_name="profilerow",
            name="seals_per_box",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="rangerow",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="samplingauditrow",
            name="agreed_digest",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="sealingrow",
            name="short",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="transfersteprow",
            name="replaces_entry",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="raterow",
            name="citation",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddIndex(
            model_name="boxrow",
            index=models.Index(fields=["election", "tps"], name="packing_box_tps"),
        ),
        migrations.AddConstraint(
            model_name="acceptance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepts", ""), _negated=True), fields=("receipt", "accepts"), name="receipts_acceptance_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustmentrow",
            constraint=models.UniqueConstraint(fields=("count",), name="stock_adjustment_once"),
        ),
        migrations.AddConstraint(
            model_name="boxrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("given_up_at", None)), fields=("election", "tps", "contest", "use"), name="packing_box_in_use"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("occurred_at", None)), fields=("receipt",), name="receipts_correction_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="decisionrow",
            constraint=models.UniqueConstraint(fields=("misdirection", "decision"), name="receipts_decision_once"),
        ),
        migrations.AddConstraint(
            model_name="evidencewithdrawalrow",
            constraint=models.UniqueConstraint(fields=("evidence",), name="evidence_withdrawal_once"),
        ),
        migrations.AddConstraint(
            model_name="misdirectionrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("shipment", ""), _negated=True), fields=("election", "shipment"), name="receipts_misdirection_ours"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfersteprow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["sent", "cancelled"])), fields=("leg",), name="transfers_step_left"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfersteprow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces_entry", ""), _negated=True), fields=("replaces_entry",), name="transfers_step_corrected"
            ),
        ),
        migrations.AddConstraint(
            model_name="givenuprow",
            constraint=models.UniqueConstraint(fields=("election", "box"), name="packing_given_up_once"),
        ),
    ]
