from __future__ import annotations

from django.db import migrations, models
from django.db.models import Value

DROP_TRIGGERS = [
    "drop trigger message_tally_insert",
    "drop trigger message_tally_update",
    "drop trigger message_tally_delete",
]

# As in 0008, and by `variant` too. A migration that rebuilds broadcasts_message loses them and
# must run these again (a test looks).
COUNT_NEW = """
create trigger message_tally_insert after insert on broadcasts_message
begin
  insert into broadcasts_messagetally
    (broadcast_id, state, was_accepted, was_clicked, error_code, only_counted, variant, count, cost,
     parts)
  values (new.broadcast_id, new.state, new.accepted_at is not null,
    new.first_human_click_at is not null, new.error_code, new.only_counted,
    coalesce(new.variant, -1), 1, coalesce(new.cost, 0), new.parts)
  on conflict
    (broadcast_id, state, was_accepted, was_clicked, error_code, only_counted, variant) do update
    set count = count + 1, cost = cost + excluded.cost, parts = parts + excluded.parts;
end
"""

FORGET_OLD = """
  update broadcasts_messagetally
    set count = count - 1, cost = cost - coalesce(old.cost, 0), parts = parts - old.parts
    where broadcast_id = old.broadcast_id and state = old.state
      and was_accepted = (old.accepted_at is not null)
      and was_clicked = (old.first_human_click_at is not null) and error_code = old.error_code
      and only_counted = old.only_counted and variant = coalesce(old.variant, -1);
"""

COUNT_CHANGED = COUNT_NEW.replace(
    "message_tally_insert after insert on",
    "message_tally_update after update of"
    " state, accepted_at, first_human_click_at, error_code, only_counted, variant, cost, parts on",
).replace("begin", f"begin{FORGET_OLD}", 1)

COUNT_GONE = f"""
create trigger message_tally_delete after delete on broadcasts_message
begin
{FORGET_OLD}
end
"""


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0012_saved_texts"),
    ]

    operations = [
        migrations.RunSQL(DROP_TRIGGERS),
        migrations.AddField(
            model_name="broadcast",
            name="variants",
            field=models.JSONField(db_default=Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="broadcast",
            name="hold_out",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        # Null without a default: the column is added at once, however many messages there are.
        migrations.AddField(
            model_name="message",
            name="variant",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="messagetally",
            name="variant",
            field=models.SmallIntegerField(db_default=-1, default=-1),
        ),
        migrations.RemoveConstraint(model_name="messagetally", name="one_tally_of_each"),
        migrations.AddConstraint(
            model_name="messagetally",
            constraint=models.UniqueConstraint(
                fields=(
                    "broadcast",
                    "state",
                    "was_accepted",
                    "was_clicked",
                    "error_code",
                    "only_counted",
                    "variant",
                ),
                name="one_tally_of_each",
            ),
        ),
        migrations.RunSQL(COUNT_NEW),
        migrations.RunSQL(COUNT_CHANGED),
        migrations.RunSQL(COUNT_GONE),
    ]
