"""What is stored of conversations: what people wrote to us, and the threads that it forms."""

from __future__ import annotations

from django.db import models

from tapline.broadcasts.models import Broadcast
from tapline.contacts.models import Contact
from tapline.workspaces.models import User, Workspace

# A sender may be a word of eleven letters, a short code, or nothing at all.
LONGEST_NUMBER = 40


class ThreadState(models.TextChoices):
    """OPEN: somebody may have to answer. DONE: nobody has, until they write again."""

    OPEN = "open"
    DONE = "done"


class Thread(models.Model):
    """All that one person and one workspace wrote to each other, whichever number it went by.

    Erasing a person deletes their thread; the replies stay without it, so that totals do.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="threads")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL)  # None: a stranger
    phone = models.CharField(max_length=LONGEST_NUMBER, db_index=True)
    phone_hash = models.CharField(max_length=32)  # finds suppressions, as a contact's does
    # Our number that they wrote to last, and the provider that carries it: answers leave there.
    number = models.CharField(max_length=LONGEST_NUMBER, blank=True)
    provider = models.CharField(max_length=40, default="simulator")
    state = models.CharField(max_length=4, choices=ThreadState.choices, default=ThreadState.OPEN)
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    unread = models.PositiveIntegerField(default=0)  # texts of theirs that nobody has seen
    last_at = models.DateTimeField()
    # When they last wrote something that does not ask us to be quiet: until when an answer may
    # go to them hangs on it.
    last_wrote_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "phone"], name="one_thread_per_number")
        ]
        indexes = [models.Index(fields=["workspace", "state", "-last_at"], name="thread_by_state")]


class Reply(models.Model):
    """One inbound text, stored once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    thread = models.ForeignKey(Thread, null=True, on_delete=models.SET_NULL, related_name="replies")
    broadcast = models.ForeignKey(Broadcast, null=True, on_delete=models.SET_NULL)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL)
    phone = models.CharField(max_length=LONGEST_NUMBER)
    number = models.CharField(max_length=LONGEST_NUMBER, blank=True)  # ours, that it was sent to
    text = models.TextField(blank=True)
    # The same text comes again after a time-out: account and id tell that it is the same.
    account = models.CharField(max_length=80, default="simulator")
    provider_id = models.CharField(max_length=120)
    is_opt_out = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_id"], name="one_reply_each")
        ]
