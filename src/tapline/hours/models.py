"""What is stored about hours: what each workspace has decided, and where people last tapped. The
rules themselves are code."""

from __future__ import annotations

from django.db import models

from tapline.contacts.models import Contact
from tapline.hours.places import LONGEST_KEY
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


class TapPlace(models.Model):
    """Where a contact last tapped, as far as it tells their hours; see `taps`."""

    contact = models.OneToOneField(
        Contact, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # Whoever looks for rows knows the contacts: an index would only be a wrong turn.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    place = models.CharField(max_length=LONGEST_KEY)  # a key of `places`: tap:US-FL
    tapped_at = models.DateTimeField(db_index=True)


class TapMark(models.Model):
    """The one row (id 1): how far the feed of clicks was read for places of taps."""

    sequence = models.BigIntegerField(default=0)
