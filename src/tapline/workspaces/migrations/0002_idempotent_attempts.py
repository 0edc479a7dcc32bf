"""Idempotent requests say who is at work on them and what was made; answers are kept packed."""

from __future__ import annotations

from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_initial")]

    operations = [
        migrations.RemoveField("idempotentrequest", "body"),
        migrations.AddField(
            "idempotentrequest",
            "attempt",
            models.CharField(default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            "idempotentrequest",
            "attempt_at",
            models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField("idempotentrequest", "made", models.JSONField(default=dict)),
        migrations.AddField("idempotentrequest", "packed_body", models.BinaryField(default=b"")),
        migrations.AlterField(
            "idempotentrequest",
            "created_at",
            models.DateTimeField(auto_now_add=True, db_index=True),
        ),
    ]
