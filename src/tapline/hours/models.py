"""What is stored about hours: what each workspace has decided. The rules themselves are code."""

from __future__ import annotations

from django.db import models

from tapline.workspaces.models import Workspace


class HoursSetting(models.Model):
    """One workspace's decisions. Without a row the nearest one above it counts, or the defaults."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="hours_setting"
    )
    # Seven of [opens, closes] in minutes or null, Monday first; null: no hours of its own.
    own_week = models.JSONField(null=True)
    # Region → such seven days, in the place of the region's rule.
    replaced = models.JSONField(default=dict)
    service_waits = models.BooleanField(default=False)
    answers_wait = models.BooleanField(default=False)
    most_texts = models.PositiveSmallIntegerField(default=0)  # 0: no cap
    cap_days = models.PositiveSmallIntegerField(default=7)
