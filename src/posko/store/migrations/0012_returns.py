"""Returns: plans for the way back after the count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0011_custody_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReturnRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("number", models.PositiveIntegerField()),
                ("source", models.PositiveIntegerField()),
                ("plan", models.JSONField()),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "returns_plan",
                "constraints": [models.UniqueConstraint(fields=("election", "number"), name="returns_plan_number")],
            },
        ),
    ]
