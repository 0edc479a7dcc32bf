from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import tapline.broadcasts.models

# A migration that alters broadcasts_message rebuilds the table on SQLite and loses the triggers:
# it must run these again (a test looks).
COUNT_NEW = """
create trigger message_tally_insert after insert on broadcasts_message
begin
  insert into broadcasts_messagetally
    (broadcast_id, state, was_accepted, was_clicked, error_code, count, cost, parts)
  values (new.broadcast_id, new.state, new.accepted_at is not null,
    new.first_human_click_at is not null, new.error_code, 1, coalesce(new.cost, 0), new.parts)
  on conflict (broadcast_id, state, was_accepted, was_clicked, error_code) do update
    set count = count + 1, cost = cost + excluded.cost, parts = parts + excluded.parts;
end
"""

FORGET_OLD = """
  update broadcasts_messagetally
    set count = count - 1, cost = cost - coalesce(old.cost, 0), parts = parts - old.parts
    where broadcast_id = old.broadcast_id and state = old.state
      and was_accepted = (old.accepted_at is not null)
      and was_clicked = (old.first_human_click_at is not null) and error_code = old.error_code;
"""

COUNT_CHANGED = COUNT_NEW.replace(
    "message_tally_insert after insert on",
    "message_tally_update after update of"
    " state, accepted_at, first_human_click_at, error_code, cost, parts on",
).replace("begin", f"begin{FORGET_OLD}", 1)

COUNT_GONE = f"""
create trigger message_tally_delete after delete on broadcasts_message
begin
{FORGET_OLD}
end
"""


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0002_message_reference"),
        ("contacts", "0002_ledger_and_erasure"),
        ("workspaces", "0002_idempotent_attempts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SenderPace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=16, unique=True)),
                ("free_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="broadcast",
            name="pause_reason",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="broadcast",
            name="spent",
            field=models.DecimalField(decimal_places=5, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name="broadcast",
            name="token",
            field=models.CharField(
                default=tapline.broadcasts.models.make_token, max_length=16, unique=True
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="broadcast",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="broadcasts.broadcast",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="contact",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="contacts.contact",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="workspaces.workspace",
            ),
        ),
        migrations.CreateModel(
            name="MessageTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=10)),
                ("was_accepted", models.BooleanField()),
                ("was_clicked", models.BooleanField()),
                ("error_code", models.CharField(blank=True, max_length=40)),
                ("count", models.BigIntegerField()),
                ("cost", models.DecimalField(decimal_places=5, max_digits=16)),
                ("parts", models.BigIntegerField()),
                (
                    "broadcast",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="broadcasts.broadcast",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("broadcast", "state", "was_accepted", "was_clicked", "error_code"),
                        name="one_tally_of_each",
                    )
                ],
            },
        ),
        migrations.RunSQL(COUNT_NEW, "drop trigger message_tally_insert"),
        migrations.RunSQL(COUNT_CHANGED, "drop trigger message_tally_update"),
        migrations.RunSQL(COUNT_GONE, "drop trigger message_tally_delete"),
    ]
