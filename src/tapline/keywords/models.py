"""What is stored about keywords: the word and what it does, who used it, who is told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tapline.broadcasts.models import Broadcast
from tapline.contacts.models import Contact, Purpose, Wording
from tapline.links.models import Campaign, Offer
from tapline.replies.models import LONGEST_NUMBER, Reply
from tapline.workspaces.models import Workspace


class Keyword(models.Model):
    """An inbound word that triggers a reply."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="keywords")
    word = models.CharField(max_length=40)  # as posters show it
    key = models.CharField(max_length=40)  # folded: what texts are compared with
    number = models.CharField(max_length=LONGEST_NUMBER, blank=True)  # empty: every one of ours
    only_word = models.BooleanField(default=False)  # else the first word is enough
    forgives = models.BooleanField(default=True)  # close misspellings
    reply_text = models.TextField(blank=True)  # with merge fields and the original links
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT)
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT)
    tags = models.JSONField(default=list)
    # What texting the word agrees to, and the words on the poster that said so; empty: nothing.
    purpose = models.CharField(max_length=10, choices=Purpose.choices, blank=True)
    wording = models.ForeignKey(Wording, null=True, on_delete=models.PROTECT)
    told = models.JSONField(default=list)  # e-mail addresses that hear of each use
    ended_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "number", "key"],
                name="one_keyword_each",
                condition=Q(ended_at__isnull=True),
            )
        ]


class KeywordBroadcast(models.Model):
    """Gathers a keyword's replies that leave from one number, so that their taps are reported."""

    keyword = models.ForeignKey(Keyword, on_delete=models.CASCADE, related_name="gathered")
    broadcast = models.OneToOneField(Broadcast, on_delete=models.PROTECT)


class KeywordUse(models.Model):
    """One time that somebody texted a keyword."""

    keyword = models.ForeignKey(Keyword, on_delete=models.CASCADE, related_name="uses")
    reply = models.OneToOneField(Reply, on_delete=models.CASCADE)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL)
    is_misspelt = models.BooleanField(default=False)
    agreed = models.BooleanField(default=False)  # a yes went into the ledger
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["keyword", "at"])]


class Notice(models.Model):
    """One e-mail about a use. It waits until a mail server has taken it."""

    use = models.ForeignKey(KeywordUse, on_delete=models.CASCADE)
    address = models.EmailField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="notice_waiting",
                condition=Q(sent_at__isnull=True) & Q(failed_at__isnull=True),
            )
        ]
