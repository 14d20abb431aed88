"""The worker's queue also searches for repairs and for the rest of drafts, says how far it is, and can be told to stop."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0017_forecast_again"),
    ]

    operations = [
        migrations.AddField(model_name="requestrow", name="task", field=models.CharField(default="plan", max_length=10)),
        migrations.AddField(model_name="requestrow", name="asked", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="requestrow", name="answer", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="requestrow", name="worked", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="requestrow", name="of", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="requestrow", name="beat_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="requestrow", name="attempts", field=models.PositiveSmallIntegerField(default=0)),
    ]
