from django.db import migrations, models

# Whatever was judged has a look, which knows its workspace.
TELL_WORKSPACE = """
update clicks_seedopening set workspace_id = coalesce(
    (
        select workspace_id from clicks_look
        where clicks_look.broadcast_id = clicks_seedopening.broadcast_id
    ),
    0
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clicks", "0013_seed_openings"),
    ]

    operations = [
        migrations.AddField(
            model_name="seedopening",
            name="workspace_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunSQL(TELL_WORKSPACE, migrations.RunSQL.noop),
    ]
