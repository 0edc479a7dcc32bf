from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("links", "0008_destinations"),
        ("workspaces", "0004_four_roles"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True), models.Q(("kind", "personal"), _negated=True)
                ),
                fields=["workspace"],
                name="link_listed",
            ),
        ),
    ]
