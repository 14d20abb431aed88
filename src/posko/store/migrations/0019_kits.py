"""Kits of which somebody allowed that they travel in two parts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0018_searches"),
    ]

    operations = [
        migrations.CreateModel(
            name="KitRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("tps", models.CharField(max_length=40)),
                ("second", models.JSONField()),
                ("ended", models.BooleanField(default=False)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={"db_table": "distribution_kit"},
        ),
    ]
