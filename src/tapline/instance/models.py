"""What is stored about the instance: which epoch it lives in, which master key is its own."""

from __future__ import annotations

from django.db import models


class Instance(models.Model):
    """The one row (id 1) that says who this instance is."""

    uuid = models.UUIDField()
    # Grows by one when the instance is restored or moved; edges drop their replica on a new one.
    epoch = models.PositiveIntegerField(default=1)
    epoch_began_at = models.DateTimeField()
    # SHA-256 of a derived key: tells a wrong master key before it makes unreadable codes.
    key_fingerprint = models.CharField(max_length=64)
    key_exported_at = models.DateTimeField(null=True)
    # When a restore closed what opens it from outside (`restoring.CLOSE_ACCESS`).
    restored_at = models.DateTimeField(null=True)
