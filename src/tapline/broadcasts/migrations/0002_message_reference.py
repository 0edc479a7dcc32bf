"""Messages are found by the caller's own id."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("broadcasts", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["workspace", "reference"],
                name="message_reference",
                condition=~Q(reference=""),
            ),
        )
    ]
