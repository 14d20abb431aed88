"""Drills: a mark that never changes, a clock that runs, injects; and how the forecast was judged."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_exact_readiness"),
    ]

    operations = [
        migrations.CreateModel(
            name="DrillRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40, unique=True)),
                ("script", models.JSONField()),
                ("speed", models.PositiveIntegerField()),
                ("first_leaf", models.BigIntegerField()),
                ("machine_at", models.DateTimeField()),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "drill_begun",
            },
        ),
        migrations.CreateModel(
            name="EvaluationRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("evaluation", models.JSONField()),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "drill_evaluation",
            },
        ),
        migrations.AddField(
            model_name="installationrow",
            name="clock_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="installationrow",
            name="clock_speed",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="installationrow",
            name="drill",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="EndRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
                ("drill", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.drillrow")),
            ],
            options={
                "db_table": "drill_end",
            },
        ),
        migrations.CreateModel(
            name="InjectRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("first_leaf", models.BigIntegerField()),
                ("until_leaf", models.BigIntegerField()),
                ("subjects", models.JSONField(default=list)),
                ("refused", models.CharField(blank=True, max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
                ("drill", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.drillrow")),
            ],
            options={
                "db_table": "drill_inject",
                "constraints": [models.UniqueConstraint(fields=("drill", "code"), name="drill_inject_once")],
            },
        ),
    ]
