from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Count, Max

from tapline.contacts.phones import hash_phone

THREADS_AT_ONCE = 500


def gather_threads(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Make a thread of what each person wrote so far. They are done: whoever minded answered."""
    reply, thread = apps.get_model("replies", "Reply"), apps.get_model("replies", "Thread")
    people = (
        reply.objects.exclude(phone="")
        .order_by()
        .values("workspace_id", "phone")
        .annotate(last_at=Max("received_at"), contact_id=Max("contact_id"), texts=Count("id"))
    )
    for each in people.iterator(chunk_size=THREADS_AT_ONCE):
        made = thread.objects.create(
            workspace_id=each["workspace_id"],
            contact_id=each["contact_id"],
            phone=each["phone"],
            phone_hash=hash_phone(each["phone"]),
            state="done",
            last_at=each["last_at"],
        )
        reply.objects.filter(workspace_id=made.workspace_id, phone=made.phone).update(thread=made)


class Migration(migrations.Migration):
    """The table of replies comes from the broadcasts (their 0005 renamed it), rows and all."""

    initial = True

    dependencies = [
        ("broadcasts", "0005_replies_move_out"),
        ("contacts", "0003_find_by_phone"),
        ("workspaces", "0002_idempotent_attempts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Reply",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("phone", models.CharField(max_length=16)),
                        ("text", models.TextField()),
                        ("provider_id", models.CharField(max_length=64, unique=True)),
                        ("is_opt_out", models.BooleanField(default=False)),
                        ("received_at", models.DateTimeField()),
                        (
                            "broadcast",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                to="broadcasts.broadcast",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                to="contacts.contact",
                            ),
                        ),
                        (
                            "workspace",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                to="workspaces.workspace",
                            ),
                        ),
                    ],
                )
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("phone", models.CharField(db_index=True, max_length=40)),
                ("phone_hash", models.CharField(max_length=32)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("provider", models.CharField(default="simulator", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done")], default="open", max_length=4
                    ),
                ),
                ("unread", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField()),
                ("last_wrote_at", models.DateTimeField(null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="contacts.contact",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="threads",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "state", "-last_at"], name="thread_by_state")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "phone"), name="one_thread_per_number"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="reply",
            name="account",
            field=models.CharField(default="simulator", max_length=80),
        ),
        migrations.AddField(
            model_name="reply",
            name="number",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="reply",
            name="thread",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replies",
                to="replies.thread",
            ),
        ),
        migrations.AlterField(
            model_name="reply", name="phone", field=models.CharField(max_length=40)
        ),
        migrations.AlterField(model_name="reply", name="text", field=models.TextField(blank=True)),
        migrations.AlterField(
            model_name="reply", name="provider_id", field=models.CharField(max_length=120)
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(
                fields=("account", "provider_id"), name="one_reply_each"
            ),
        ),
        migrations.RunPython(gather_threads, migrations.RunPython.noop),
    ]
