"""The table: requests, meetings whole, materials, disputes, minutes, releases, the audit, keys; erasing and label sets of the post."""

import django.db.models.deletion
from django.db import migrations, models


def keep_done(apps, schema_editor):
    """What was reported done becomes a step of its decision, by the agency that owns it."""
    done, step = apps.get_model("store", "Done"), apps.get_model("store", "RakorStep")
    for row in done.objects.select_related("decision").order_by("id"):
        step.objects.create(
            decision=row.decision,
            act="done",
            agency=row.decision.owner,
            text=row.answer,
            person=row.person,
            occurred_at=row.occurred_at,
            entry_id=row.entry_id,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0004_post"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("seed", models.PositiveIntegerField()),
                ("input_hash", models.CharField(max_length=64)),
                ("results", models.JSONField(default=list)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "neutrality_audit",
            },
        ),
        migrations.CreateModel(
            name="DisputeRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("nonce", models.CharField(max_length=40)),
                ("meeting", models.CharField(max_length=20)),
                ("snapshot", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=64)),
                ("section_hash", models.CharField(max_length=64)),
                ("figure", models.CharField(max_length=60)),
                ("label", models.CharField(max_length=160)),
                ("holder", models.CharField(max_length=12)),
                ("frozen_number", models.BigIntegerField()),
                ("frozen_denominator", models.BigIntegerField(default=-1)),
                ("frozen_source", models.CharField(max_length=200)),
                ("frozen_as_of_at", models.DateTimeField()),
                ("frozen_entry", models.CharField(max_length=64)),
                ("agency", models.CharField(max_length=12)),
                ("number", models.BigIntegerField()),
                ("denominator", models.BigIntegerField(default=-1)),
                ("unit", models.CharField(max_length=12)),
                ("as_of_at", models.DateTimeField()),
                ("own", models.CharField(blank=True, max_length=20)),
                ("raised_by", models.CharField(max_length=12)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "disputes_dispute",
            },
        ),
        migrations.CreateModel(
            name="DisputeStepRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=12)),
                ("agency", models.CharField(max_length=12)),
                ("outcome", models.CharField(blank=True, max_length=12)),
                ("owner", models.CharField(blank=True, max_length=12)),
                ("due_at", models.DateTimeField(null=True)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "disputes_step",
            },
        ),
        migrations.CreateModel(
            name="ErasureRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20)),
                ("election", models.CharField(max_length=40)),
                ("entries", models.JSONField()),
                ("ground", models.CharField(max_length=20)),
                ("agency", models.CharField(max_length=20)),
                ("role", models.CharField(max_length=40)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "record_erasure",
            },
        ),
        migrations.CreateModel(
            name="ErasureVerdictRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verdict", models.CharField(max_length=12)),
                ("erased", models.JSONField(default=list)),
                ("agency", models.CharField(max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "record_erasure_verdict",
            },
        ),
        migrations.CreateModel(
            name="FigureRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("nonce", models.CharField(max_length=40)),
                ("meeting", models.CharField(max_length=20)),
                ("agency", models.CharField(max_length=12)),
                ("figure", models.CharField(blank=True, max_length=60)),
                ("number", models.BigIntegerField()),
                ("denominator", models.BigIntegerField(default=-1)),
                ("unit", models.CharField(max_length=12)),
                ("as_of_at", models.DateTimeField()),
                ("item", models.CharField(blank=True, max_length=60)),
                ("replaces", models.CharField(blank=True, max_length=20)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "materials_figure",
            },
        ),
        migrations.CreateModel(
            name="LabelForceRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=40)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "aght_label_force",
            },
        ),
        migrations.CreateModel(
            name="LabelRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(max_length=10)),
                ("code", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "db_table": "aght_label",
            },
        ),
        migrations.CreateModel(
            name="LabelSetRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=40)),
                ("source", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "aght_label_set",
            },
        ),
        migrations.CreateModel(
            name="MaterialEndRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "materials_end",
            },
        ),
        migrations.CreateModel(
            name="MaterialRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("nonce", models.CharField(max_length=40)),
                ("meeting", models.CharField(max_length=20)),
                ("agency", models.CharField(max_length=12)),
                ("kind", models.CharField(max_length=12)),
                ("item", models.CharField(blank=True, max_length=60)),
                ("sha256", models.CharField(max_length=64)),
                ("file_kind", models.CharField(max_length=10)),
                ("size", models.PositiveIntegerField()),
                ("replaces", models.CharField(blank=True, max_length=20)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "materials_material",
            },
        ),
        migrations.CreateModel(
            name="MinutesAmendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("part", models.CharField(max_length=60)),
                ("text", models.CharField(max_length=1500)),
                ("reason", models.CharField(max_length=400)),
                ("digest", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "minutes_amendment",
            },
        ),
        migrations.CreateModel(
            name="MinutesApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.CharField(max_length=20)),
                ("voice", models.CharField(max_length=12)),
                ("office", models.CharField(max_length=80)),
                ("text", models.CharField(blank=True, max_length=1500)),
                ("digest", models.CharField(max_length=64)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "minutes_approval",
            },
        ),
        migrations.CreateModel(
            name="MinutesFinal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("meeting", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("recipients", models.JSONField(default=list)),
                ("attended", models.JSONField(default=list)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "minutes_final",
            },
        ),
        migrations.CreateModel(
            name="MinutesReceived",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "minutes_received",
            },
        ),
        migrations.CreateModel(
            name="MinutesSection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("meeting", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=60)),
                ("label", models.CharField(max_length=600)),
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "minutes_section",
            },
        ),
        migrations.CreateModel(
            name="NeedScoreRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("hour_permille", models.PositiveIntegerField()),
                ("heard_permille", models.PositiveIntegerField()),
                ("reason", models.TextField(blank=True)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "neutrality_score",
            },
        ),
        migrations.CreateModel(
            name="RakorAgenda",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("items", models.JSONField(default=list)),
                ("dropped", models.JSONField(default=list)),
                ("added", models.PositiveSmallIntegerField(default=0)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_agenda",
            },
        ),
        migrations.CreateModel(
            name="RakorChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                ("place", models.CharField(max_length=160)),
                ("starts_at", models.DateTimeField()),
                ("duration_min", models.PositiveSmallIntegerField()),
                ("cancelled", models.BooleanField(default=False)),
                ("reason", models.CharField(max_length=400)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_change",
            },
        ),
        migrations.CreateModel(
            name="RakorFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("person", models.CharField(db_index=True, max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_feed",
            },
        ),
        migrations.CreateModel(
            name="RakorFeedEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_feed_end",
            },
        ),
        migrations.CreateModel(
            name="RakorInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField()),
                ("meeting_version", models.PositiveSmallIntegerField()),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_invitation",
            },
        ),
        migrations.CreateModel(
            name="RakorNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.CharField(max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_notice",
            },
        ),
        migrations.CreateModel(
            name="RakorReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.CharField(max_length=20)),
                ("version", models.PositiveSmallIntegerField()),
                ("answer", models.CharField(max_length=12)),
                ("people", models.PositiveSmallIntegerField(default=0)),
                ("office", models.CharField(blank=True, max_length=80)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_reply",
            },
        ),
        migrations.CreateModel(
            name="RakorStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=12)),
                ("agency", models.CharField(max_length=20)),
                ("text", models.CharField(blank=True, max_length=600)),
                ("due_at", models.DateTimeField(null=True)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_step",
            },
        ),
        migrations.CreateModel(
            name="RakorStrike",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=400)),
                ("person", models.CharField(max_length=60)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "rakor_strike",
            },
        ),
        migrations.CreateModel(
            name="ReleaseDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.CharField(max_length=10)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_decision",
            },
        ),
        migrations.CreateModel(
            name="ReleaseProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("number", models.PositiveIntegerField()),
                ("person", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_proposal",
            },
        ),
        migrations.CreateModel(
            name="ReleasePublication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                ("digest", models.CharField(max_length=64)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("rule", models.CharField(blank=True, max_length=20)),
                ("corrects", models.PositiveIntegerField(default=0)),
                ("reason_code", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("marks", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
                ("proposer", models.CharField(blank=True, max_length=64)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_publication",
            },
        ),
        migrations.CreateModel(
            name="ReleaseRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("sections", models.JSONField(default=list)),
                ("minutes", models.JSONField(default=list)),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64)),
                ("person", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField()),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_rule",
            },
        ),
        migrations.CreateModel(
            name="ReleaseRuleStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=10)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_rule_step",
            },
        ),
        migrations.CreateModel(
            name="ReleaseRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot_at", models.DateTimeField()),
                ("number", models.PositiveIntegerField(default=0)),
                ("refusal", models.CharField(blank=True, max_length=40)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "releases_run",
            },
        ),
        migrations.CreateModel(
            name="RequestsRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=20)),
                ("nonce", models.CharField(max_length=40)),
                ("asker", models.CharField(max_length=12)),
                ("asked", models.CharField(max_length=12)),
                ("named", models.JSONField(default=list)),
                ("kind", models.CharField(max_length=12)),
                ("urgency", models.CharField(max_length=16)),
                ("due_at", models.DateTimeField()),
                ("origin", models.CharField(blank=True, max_length=20)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "requests_request",
            },
        ),
        migrations.CreateModel(
            name="RequestStepRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=12)),
                ("state", models.CharField(max_length=12)),
                ("agency", models.CharField(max_length=12)),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("to", models.CharField(blank=True, max_length=12)),
                ("child", models.CharField(blank=True, max_length=20)),
                ("due_at", models.DateTimeField(null=True)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "requests_step",
            },
        ),
        migrations.CreateModel(
            name="WarehouseKeyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=40)),
                ("site", models.CharField(max_length=40)),
                ("number", models.PositiveSmallIntegerField()),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "keys_key",
            },
        ),
        migrations.CreateModel(
            name="WarehouseKeyStepRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=12)),
                ("agency", models.CharField(max_length=12)),
                ("to", models.CharField(blank=True, max_length=12)),
                ("person", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "keys_step",
            },
        ),
        migrations.CreateModel(
            name="WarehouseOpeningRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("election", models.CharField(max_length=40)),
                ("site", models.CharField(max_length=40)),
                ("why", models.CharField(max_length=12)),
                ("agency", models.CharField(max_length=12)),
                ("person", models.CharField(max_length=64)),
                ("second", models.CharField(blank=True, max_length=64)),
                ("second_agency", models.CharField(blank=True, max_length=12)),
                ("mark", models.CharField(blank=True, max_length=20)),
                ("occurred_at", models.DateTimeField()),
                ("entry_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "keys_opening",
            },
        ),
        migrations.RemoveConstraint(
            model_name="attendance",
            name="rakor_attendance_once",
        ),
        migrations.AddField(
            model_name="assessment",
            name="cost",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="assessment",
            name="reversal",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="attendance",
            name="arrived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="attendance",
            name="mark",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="attendance",
            name="office",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="attendance",
            name="people",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="decision",
            name="item",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="decision",
            name="reason",
            field=models.CharField(blank=True, max_length=400),
        ),
        migrations.AddField(
            model_name="decision",
            name="version",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="meeting",
            name="duration_min",
            field=models.PositiveSmallIntegerField(default=120),
        ),
        migrations.AddField(
            model_name="referral",
            name="receipt_entry",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="variable",
            field=models.CharField(max_length=20),
        ),
        migrations.AddConstraint(
            model_name="disputerow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="disputes_dispute_code"),
        ),
        migrations.AddConstraint(
            model_name="disputerow",
            constraint=models.UniqueConstraint(fields=("election", "nonce"), name="disputes_dispute_once"),
        ),
        migrations.AddField(
            model_name="disputesteprow",
            name="dispute",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.disputerow"),
        ),
        migrations.AddConstraint(
            model_name="erasurerow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="record_erasure_code"),
        ),
        migrations.AddField(
            model_name="erasureverdictrow",
            name="erasure",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.erasurerow"),
        ),
        migrations.AddConstraint(
            model_name="figurerow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="materials_figure_code"),
        ),
        migrations.AddConstraint(
            model_name="figurerow",
            constraint=models.UniqueConstraint(fields=("election", "nonce"), name="materials_figure_once"),
        ),
        migrations.AddConstraint(
            model_name="labelsetrow",
            constraint=models.UniqueConstraint(fields=("election", "version"), name="aght_label_set_version"),
        ),
        migrations.AddField(
            model_name="labelrow",
            name="labels",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.labelsetrow"),
        ),
        migrations.AddConstraint(
            model_name="materialendrow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="materials_end_once"),
        ),
        migrations.AddConstraint(
            model_name="materialrow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="materials_material_code"),
        ),
        migrations.AddConstraint(
            model_name="materialrow",
            constraint=models.UniqueConstraint(fields=("election", "nonce"), name="materials_material_once"),
        ),
        migrations.AddConstraint(
            model_name="minutesfinal",
            constraint=models.UniqueConstraint(fields=("election", "meeting"), name="minutes_final_once"),
        ),
        migrations.AddConstraint(
            model_name="minutesfinal",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="minutes_final_code"),
        ),
        migrations.AddField(
            model_name="minutesapproval",
            name="final",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.minutesfinal"),
        ),
        migrations.AddField(
            model_name="minutesamendment",
            name="final",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.minutesfinal"),
        ),
        migrations.AddField(
            model_name="minutesreceived",
            name="final",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.minutesfinal"),
        ),
        migrations.AddConstraint(
            model_name="minutessection",
            constraint=models.UniqueConstraint(fields=("election", "meeting", "key", "version"), name="minutes_section_version"),
        ),
        migrations.AddConstraint(
            model_name="needscorerow",
            constraint=models.UniqueConstraint(fields=("election", "version"), name="neutrality_score_once"),
        ),
        migrations.AddField(
            model_name="auditrow",
            name="score",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.needscorerow"),
        ),
        migrations.AddField(
            model_name="rakoragenda",
            name="meeting",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.meeting"),
        ),
        migrations.AddField(
            model_name="rakorchange",
            name="meeting",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.meeting"),
        ),
        migrations.AddField(
            model_name="rakorfeedend",
            name="feed",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.rakorfeed"),
        ),
        migrations.AddField(
            model_name="rakorinvitation",
            name="meeting",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.meeting"),
        ),
        migrations.AddField(
            model_name="rakornotice",
            name="meeting",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.meeting"),
        ),
        migrations.AddField(
            model_name="rakorreply",
            name="meeting",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.meeting"),
        ),
        migrations.AddField(
            model_name="rakorstep",
            name="decision",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.decision"),
        ),
        migrations.AddField(
            model_name="rakorstrike",
            name="attendance",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.attendance"),
        ),
        migrations.AddConstraint(
            model_name="releaseproposal",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="releases_proposal_code"),
        ),
        migrations.AddField(
            model_name="releasedecision",
            name="proposal",
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.releaseproposal"),
        ),
        migrations.AddIndex(
            model_name="releasepublication",
            index=models.Index(fields=["election", "occurred_at"], name="releases_publication_when"),
        ),
        migrations.AddConstraint(
            model_name="releasepublication",
            constraint=models.UniqueConstraint(fields=("election", "number"), name="releases_publication_number"),
        ),
        migrations.AddConstraint(
            model_name="releaserule",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="releases_rule_code"),
        ),
        migrations.AddField(
            model_name="releaserulestep",
            name="rule",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.releaserule"),
        ),
        migrations.AddField(
            model_name="releaserun",
            name="rule",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.releaserule"),
        ),
        migrations.AddConstraint(
            model_name="requestsrow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="requests_request_code"),
        ),
        migrations.AddConstraint(
            model_name="requestsrow",
            constraint=models.UniqueConstraint(fields=("election", "nonce"), name="requests_request_once"),
        ),
        migrations.AddField(
            model_name="requeststeprow",
            name="request",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.requestsrow"),
        ),
        migrations.AddConstraint(
            model_name="warehousekeyrow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="keys_key_code"),
        ),
        migrations.AddField(
            model_name="warehousekeysteprow",
            name="key",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.warehousekeyrow"),
        ),
        migrations.RunPython(keep_done, migrations.RunPython.noop),
        migrations.DeleteModel(
            name="Done",
        ),
        migrations.AddConstraint(
            model_name="labelrow",
            constraint=models.UniqueConstraint(fields=("labels", "group", "code"), name="aght_label_code"),
        ),
        migrations.AddConstraint(
            model_name="minutesamendment",
            constraint=models.UniqueConstraint(fields=("final", "number"), name="minutes_amendment_number"),
        ),
        migrations.AddConstraint(
            model_name="minutesreceived",
            constraint=models.UniqueConstraint(fields=("final", "agency", "digest"), name="minutes_received_once"),
        ),
        migrations.AddConstraint(
            model_name="auditrow",
            constraint=models.UniqueConstraint(fields=("election", "code"), name="neutrality_audit_code"),
        ),
        migrations.AddConstraint(
            model_name="rakoragenda",
            constraint=models.UniqueConstraint(fields=("meeting", "version"), name="rakor_agenda_version"),
        ),
        migrations.AddConstraint(
            model_name="rakorchange",
            constraint=models.UniqueConstraint(fields=("meeting", "version"), name="rakor_change_version"),
        ),
        migrations.AddConstraint(
            model_name="rakorinvitation",
            constraint=models.UniqueConstraint(fields=("meeting", "version"), name="rakor_invitation_version"),
        ),
        migrations.AddConstraint(
            model_name="rakornotice",
            constraint=models.UniqueConstraint(fields=("meeting", "agency"), name="rakor_notice_once"),
        ),
        migrations.AddConstraint(
            model_name="releaserulestep",
            constraint=models.UniqueConstraint(fields=("rule", "step"), name="releases_rule_step_once"),
        ),
        migrations.AddConstraint(
            model_name="releaserun",
            constraint=models.UniqueConstraint(fields=("rule", "slot_at"), name="releases_run_once"),
        ),
    ]
