"""Disruptions; repairs name the plan they repair, and keep or replace waybills."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0014_forecast"),
    ]

    operations = [
        migrations.CreateModel(
            name="DisruptionRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("kind", models.CharField(max_length=10)),
                ("place", models.CharField(blank=True, max_length=40)),
                ("to", models.CharField(blank=True, max_length=40)),
                ("item", models.CharField(blank=True, max_length=40)),
                ("ready_min", models.IntegerField(default=0)),
                ("source", models.CharField(max_length=10)),
                ("ended", models.BooleanField(default=False)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "distribution_disruption",
                "indexes": [models.Index(fields=["election", "occurred_at"], name="distribution_disruption_at")],
            },
        ),
        migrations.AddField(model_name="planrow", name="base", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="waybillrow", name="replaces", field=models.CharField(blank=True, default="", max_length=20)),
        migrations.AlterField(model_name="waybillrow", name="identity", field=models.CharField(db_index=True, max_length=20)),
        migrations.AddConstraint(
            model_name="waybillrow",
            constraint=models.UniqueConstraint(fields=("plan", "identity"), name="distribution_waybill_once"),
        ),
    ]
