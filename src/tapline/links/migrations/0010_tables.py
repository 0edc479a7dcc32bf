"""Tables of links that the worker makes."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("links", "0009_link_listed"),
        ("workspaces", "0009_sample"),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkTable",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=255)),
                ("made_by", models.CharField(max_length=160)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("arriving", "Arriving"),
                            ("checking", "Checking"),
                            ("checked", "Checked"),
                            ("making", "Making"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="arriving",
                        max_length=10,
                    ),
                ),
                ("lines", models.PositiveIntegerField(default=0)),
                ("at", models.PositiveIntegerField(default=0)),
                ("handled", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("bad", models.PositiveIntegerField(default=0)),
                ("made", models.PositiveIntegerField(default=0)),
                ("failure", models.JSONField(default=dict)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("turn_at", models.DateTimeField(auto_now_add=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "domain",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="links.domain",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LinkTableLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("destination", models.TextField()),
                ("name", models.TextField(blank=True)),
                ("alias", models.TextField(blank=True)),
                ("campaign", models.TextField(blank=True)),
                ("offer", models.TextField(blank=True)),
                ("short_link", models.TextField(blank=True)),
                ("is_bad", models.BooleanField(default=False)),
                ("problem", models.JSONField(default=dict)),
                (
                    "table",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="links.linktable",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="linktable",
            index=models.Index(
                condition=models.Q(("state__in", ["checking", "making"])),
                fields=["turn_at"],
                name="table_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="linktableline",
            index=models.Index(
                condition=models.Q(("alias", ""), _negated=True),
                fields=["table", "alias", "line"],
                name="table_alias",
            ),
        ),
        migrations.AddIndex(
            model_name="linktableline",
            index=models.Index(
                condition=models.Q(("is_bad", True)), fields=["table", "line"], name="table_bad"
            ),
        ),
        migrations.AddConstraint(
            model_name="linktableline",
            constraint=models.UniqueConstraint(fields=("table", "line"), name="one_table_line"),
        ),
    ]
