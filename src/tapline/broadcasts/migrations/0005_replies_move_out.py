from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Replies have a room of their own: the table is renamed, its rows stay."""

    dependencies = [("broadcasts", "0004_message_without_contact")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.AlterModelTable("Reply", "replies_reply")],
            state_operations=[migrations.DeleteModel("Reply")],
        )
    ]
