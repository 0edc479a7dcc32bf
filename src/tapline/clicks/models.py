"""What the control database says about clicks: how far segments were read, which files count."""

from __future__ import annotations

from django.db import models


class LogSegment(models.Model):
    """One click log segment and how far it was ingested."""

    name = models.CharField(max_length=80, unique=True)
    offset = models.BigIntegerField(default=0)
    # Up to here nothing tells any more who tapped codes that many share: `forgetting_crowds`.
    wiped_to = models.BigIntegerField(default=0, db_default=0)
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
    columns_version = models.PositiveSmallIntegerField(default=1)  # which columns it holds
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    listed_at = models.DateTimeField(auto_now_add=True)
    delisted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["delisted_at", "level"])]


class FileContent(models.Model):
    """Which workspaces and broadcasts one file holds: a report opens no other files."""

    file = models.ForeignKey(ClickFile, on_delete=models.CASCADE, related_name="contents")
    workspace_id = models.BigIntegerField()
    broadcast_id = models.BigIntegerField()  # 0: clicks of no broadcast
    # The messages lie between these: people are then counted in a bitmap. 0: none.
    first_message = models.BigIntegerField(default=0)
    last_message = models.BigIntegerField(default=0)


class ClickCounter(models.Model):
    """The one row (id 1): numbers rows for the feed, and versions the list of files."""

    next_sequence = models.BigIntegerField(default=1)
    list_version = models.BigIntegerField(default=0)  # raised by every change of the list


class BroadcastRewrites(models.Model):
    """How often listed rows of one broadcast were changed or taken away without new numbers:
    whoever remembers some reads all of them anew."""

    workspace_id = models.BigIntegerField()
    broadcast_id = models.BigIntegerField()  # 0: clicks of no broadcast
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "broadcast_id"], name="one_count_per_broadcast"
            )
        ]


class AddressSalt(models.Model):
    """What one day's addresses are hashed with. Deleted when that day's segments are, so that
    afterwards nobody, not even with the master key, can turn a hash back into an address."""

    day = models.DateField(unique=True)
    salt = models.BinaryField(max_length=32)


class ClickErasure(models.Model):
    """A contact, or the recipient of a message, whose clicks must lose what tells of them."""

    contact_id = models.BigIntegerField(default=0)  # no foreign key: it may be gone already
    message_id = models.BigIntegerField(default=0)  # 0: none
    requested_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)


class WaitingFirstClicks(models.Model):
    """First human clicks whose clicks are listed, and whose messages do not know yet."""

    news = models.TextField()  # JSON: [[message, time], …]


class Look(models.Model):
    """How far one broadcast's openings were looked at as a whole."""

    broadcast_id = models.BigIntegerField(unique=True)
    workspace_id = models.BigIntegerField()
    wanted = models.BigIntegerField(default=0)  # raised whenever openings are listed
    looked = models.BigIntegerField(default=0)  # what `wanted` was when the last look began
    receipts = models.BigIntegerField(default=0)  # receipts of delivery that it knew
    since = models.DateTimeField(null=True)  # no opening that it does not know is older


class KnownWalker(models.Model):
    """A network and a family of agents that walked over one broadcast of a workspace; once more
    for the same broadcast where it comes back after its walk no longer counts."""

    workspace_id = models.BigIntegerField()
    broadcast_id = models.BigIntegerField()
    network = models.CharField(max_length=64)  # /24 or /48
    family = models.CharField(max_length=32)  # hash of an agent without its numbers
    found_at = models.DateTimeField()
    counts_until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "network", "family", "broadcast_id", "found_at"],
                name="one_walk_at_a_time",
            )
        ]


class SeedOpening(models.Model):
    """A text to a seed contact that was opened by what nothing else tells from a person."""

    workspace_id = models.BigIntegerField()
    broadcast_id = models.BigIntegerField(db_index=True)
    message_id = models.BigIntegerField(unique=True)


class WaitingRecount(models.Model):
    """Messages of which clicks were corrected, and whose first human click is to be found anew."""

    messages = models.TextField()  # JSON: [message, …]
