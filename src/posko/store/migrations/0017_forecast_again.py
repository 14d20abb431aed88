from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0016_calls"),
    ]

    operations = [
        migrations.AddField("forecastrow", "brief", models.JSONField(default=dict)),
        migrations.AddField("forecastrow", "cause", models.CharField(blank=True, default="", max_length=60), preserve_default=False),
        migrations.AddField("forecastrow", "seen_leaf", models.BigIntegerField(null=True)),
        migrations.AddField("forecastrequestrow", "cause", models.CharField(blank=True, default="", max_length=60), preserve_default=False),
        migrations.AddField("forecastrequestrow", "seen_leaf", models.BigIntegerField(null=True)),
    ]
