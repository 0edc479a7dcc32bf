"""What the control database says of clicks: how far segments were read, which files count."""

from __future__ import annotations

from django.db import models


class LogSegment(models.Model):
    """One click log segment and how far it was ingested."""

    name = models.CharField(max_length=80, unique=True)
    offset = models.BigIntegerField(default=0)
    leased_by = models.CharField(max_length=40, blank=True)
    leased_until = models.DateTimeField(null=True)
    bad_lines = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)  # closed by its writer and read to its end
    deleted_at = models.DateTimeField(null=True)


class ClickFile(models.Model):
    """One immutable Parquet file. The rows of this table are the truth about which files count."""

    name = models.CharField(max_length=80, unique=True)  # below the click store's folder
    rows = models.PositiveIntegerField()
    size_bytes = models.BigIntegerField()
    level = models.PositiveSmallIntegerField(default=0)  # 0: from ingest; merged ones are higher
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    listed_at = models.DateTimeField(auto_now_add=True)
    delisted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["delisted_at", "level"])]


class ClickCounter(models.Model):
    """The one row (id 1): numbers rows for the feed, and versions the list of files."""

    next_sequence = models.BigIntegerField(default=1)
    list_version = models.BigIntegerField(default=0)
