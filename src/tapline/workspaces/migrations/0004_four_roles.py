"""Editors become senders, and there are managers; owners stay who they were."""

from __future__ import annotations

from django.db import migrations, models

ROLES = [("owner", "Owner"), ("manager", "Manager"), ("sender", "Sender"), ("viewer", "Viewer")]


def rename_editors(apps, schema_editor):  # type: ignore[no-untyped-def]
    memberships = apps.get_model("workspaces", "Membership").objects
    memberships.filter(role="editor").update(role="sender")


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0003_only_counted")]

    operations = [
        migrations.AlterField("membership", "role", models.CharField(choices=ROLES, max_length=10)),
        migrations.RunPython(rename_editors, migrations.RunPython.noop),
    ]
