"""What is stored about hours: what each workspace has decided. The rules themselves are code."""

from __future__ import annotations

from django.db import models

from tapline.workspaces.models import Workspace


class HoursSetting(models.Model):
    """One workspace's own decisions. What is empty or null is decided above it, or by default."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="hours_setting"
    )
    # Hours of its own, as `reading.read_week` takes them; they narrow what the rules leave open.
    own_hours = models.CharField(max_length=200, blank=True)
    service_hours = models.CharField(max_length=200, blank=True)  # of service texts that wait
    # Region → such hours in the place of the region's rule; "": the rule, whatever holds above.
    replaced = models.JSONField(default=dict)
    service_waits = models.BooleanField(null=True)
    answers_wait = models.BooleanField(null=True)
    most_texts = models.PositiveSmallIntegerField(null=True)  # 0: no cap
    cap_days = models.PositiveSmallIntegerField(null=True)
    # What new broadcasts begin with.
    at_night = models.CharField(max_length=4, blank=True)
    give_up_hours = models.PositiveSmallIntegerField(null=True)
