"""Weather: forecasts of waves, hours of piers and islands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_custody"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeaHoursRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("place", models.CharField(max_length=40)),
                ("day", models.PositiveSmallIntegerField(default=0)),
                ("from_min", models.PositiveIntegerField()),
                ("until_min", models.PositiveIntegerField()),
                ("why", models.CharField(max_length=20)),
                ("ended", models.BooleanField(default=False)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "weather_opening",
            },
        ),
        migrations.CreateModel(
            name="SeaWaveRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=12)),
                ("place", models.CharField(max_length=40)),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("height_cm", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("source", models.CharField(max_length=20)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("corrects", models.CharField(blank=True, max_length=12)),
                ("why", models.CharField(blank=True, max_length=20)),
                ("ended", models.BooleanField(default=False)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "weather_wave",
                "constraints": [models.UniqueConstraint(fields=("election", "code"), name="weather_wave_code")],
            },
        ),
    ]
