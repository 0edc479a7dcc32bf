"""What is stored about broadcasts: text, links, one message per recipient, who was left out.

Every message belongs to a broadcast and has a position in it; (broadcast, position) is what a
code leads back to.
"""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from tapline.contacts.models import Contact, Purpose
from tapline.hours.places import LONGEST_KEY
from tapline.links.models import Campaign, Domain, Link, Offer
from tapline.providers.models import SenderPool
from tapline.workspaces.models import Workspace


class BroadcastKind(models.TextChoices):
    """COMPOSED: written here, sent by us. TRACKED: texts that another system sends. STANDING:
    single texts of the API, gathered per workspace and campaign. ANSWERS: to people who wrote to
    us, gathered per number; who may get them hangs on that, not on consent. NOTICES: the one
    confirmation that an opt-out gets. Both leave at any hour: their person has just written."""

    COMPOSED = "composed"
    TRACKED = "tracked"
    STANDING = "standing"
    ANSWERS = "answers"
    NOTICES = "notices"


# What somebody set out to send: answers and confirmations leave by themselves.
WRITTEN = (BroadcastKind.COMPOSED, BroadcastKind.TRACKED)


class BroadcastState(models.TextChoices):
    """Draft → checked → scheduled → preparing → sending → sent; paused and cancelled on the way."""

    DRAFT = "draft"
    CHECKED = "checked"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class AtNight(models.TextChoices):
    """What becomes of a recipient whose place is closed when their turn comes."""

    WAIT = "wait"
    SKIP = "skip"


def make_token() -> str:
    """Return what names a broadcast to providers: random, so that a restored database cannot
    give a new broadcast the name of one that it forgot."""
    return secrets.token_hex(8)


class SavedText(models.Model):
    """A text that is written once and used again; what it did is told from its broadcasts."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_texts")
    name = models.CharField(max_length=80)
    text = models.TextField()
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_saved_text_per_name")
        ]


class StyleWord(models.Model):
    """A word that a workspace and those below it do not write, and what they write instead."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="style_words")
    word = models.CharField(max_length=80)
    instead = models.CharField(max_length=80, blank=True)  # empty: it is left out

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "word"], name="one_style_word_each")
        ]


# What gathers texts by itself; nobody gave it a name.
GATHERED = {
    BroadcastKind.ANSWERS: _("Answers"),
    BroadcastKind.NOTICES: _("Opt-out confirmations"),
}


class Broadcast(models.Model):
    """One text sent to many."""

    # `{token}-{position}` is a message's reference at the provider, the token its tag there.
    token = models.CharField(max_length=16, unique=True, default=make_token)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="broadcasts")
    kind = models.CharField(
        max_length=10, choices=BroadcastKind.choices, default=BroadcastKind.COMPOSED
    )
    state = models.CharField(
        max_length=10, choices=BroadcastState.choices, default=BroadcastState.DRAFT
    )
    name = models.CharField(max_length=160)
    text = models.TextField(blank=True)  # with merge fields and the original links
    # Other texts that are tried beside it: [{"text": …, "share": percent}], see `wordings`.
    variants = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    # The text in other languages, for contacts who have one of them: {"es": text}.
    translations = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    hold_out = models.PositiveSmallIntegerField(default=0, db_default=0)  # percent who get nothing
    domain = models.ForeignKey(Domain, null=True, on_delete=models.PROTECT)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT)
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT)
    # The saved text that it began with, if any, however it was changed since.
    saved_text = models.ForeignKey(SavedText, null=True, on_delete=models.SET_NULL)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.MARKETING)
    provider = models.CharField(max_length=40, default="simulator")
    sender_number = models.CharField(max_length=16, blank=True)
    # With a pool each recipient hears from one of its numbers; `sender_number` is then one of them.
    sender_pool = models.ForeignKey(SenderPool, null=True, on_delete=models.PROTECT)
    # What `audience.read_audience` returns, such as {"all": true} or {"tags": [names]}.
    audience = models.JSONField(default=dict)
    media = models.JSONField(default=list)  # addresses of pictures
    utm = models.JSONField(default=dict)  # {"source": …, "medium": …, "campaign": …}
    is_test = models.BooleanField(default=False)  # Its taps count as `operator`.
    scheduled_at = models.DateTimeField(null=True)
    validity_seconds = models.PositiveIntegerField(default=4 * 3600)
    at_night = models.CharField(max_length=4, choices=AtNight.choices, default=AtNight.WAIT)
    # Who still waits for their morning this long after the start gets no text.
    give_up_hours = models.PositiveSmallIntegerField(default=48)
    spend_limit = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    # What was handed to the provider so far costs, by its word or else by our price per part.
    spent = models.DecimalField(max_digits=14, decimal_places=5, default=0)
    # Positions 0 … next_position-1 are taken. A chunk of preparing moves both in one transaction.
    next_position = models.BigIntegerField(default=0)
    prepared_to_contact = models.BigIntegerField(default=0)
    state_before_pause = models.CharField(max_length=10, blank=True)
    pause_reason = models.CharField(max_length=255, blank=True)  # empty: somebody paused it
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    @property
    def title(self) -> str:
        """What pages call it, in their language."""
        return str(GATHERED.get(BroadcastKind(self.kind), self.name))


class BroadcastLink(models.Model):
    """The link that stands for one destination found in a broadcast's text."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="links")
    link = models.OneToOneField(Link, on_delete=models.PROTECT, related_name="in_broadcast")
    ordinal = models.PositiveSmallIntegerField()  # 0 is the first link in the text
    # The address that texts of another system hold, where somebody mended the link since.
    stands_for = models.CharField(max_length=2048, blank=True, default="", db_default="")


class MessageState(models.TextChoices):
    """`pending → leased → submitted → accepted → delivered | failed`; UNKNOWN is a submission whose
    answer was lost and that is being settled; LOST is one that never could be; CANCELLED never
    left. EXTERNAL: sent by another system, no receipt seen yet."""

    PENDING = "pending"
    LEASED = "leased"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LOST = "lost"
    CANCELLED = "cancelled"
    EXTERNAL = "external"


class Message(models.Model):
    """One text to one contact."""

    # Each index costs a million insertions, so the ones below serve the foreign keys too.
    broadcast = models.ForeignKey(
        Broadcast, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    position = models.BigIntegerField()
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, db_index=False)
    phone = models.CharField(max_length=16)
    sender = models.CharField(max_length=16, null=True)  # of a pool; else the broadcast's number
    state = models.CharField(max_length=10, choices=MessageState.choices)
    text = models.TextField(blank=True)  # as it was sent, filled when it is rendered
    parts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=64, null=True)
    reference = models.CharField(max_length=120, blank=True)  # a caller's own id
    leased_by = models.CharField(max_length=40, blank=True)
    leased_until = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.CharField(max_length=255, blank=True)
    cost = models.DecimalField(max_digits=10, decimal_places=5, null=True)
    first_human_click_at = models.DateTimeField(null=True)  # by click time, moved by ingest only
    # The links in its text are those of everybody who is only counted: a tap leads to no message.
    only_counted = models.BooleanField(default=False, db_default=False)
    # Which of several texts it is, from 0; null: there is one, or its person gets none on purpose.
    variant = models.PositiveSmallIntegerField(null=True)
    # Where the recipient lives, by what evidence: a key of `hours.places`. Null: not asked.
    place = models.CharField(max_length=LONGEST_KEY, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["broadcast", "position"], name="one_message_per_position"
            ),
            models.UniqueConstraint(
                fields=["provider_id"],
                name="one_message_per_provider_id",
                condition=Q(provider_id__isnull=False),
            ),
        ]
        indexes = [
            # A person's messages; those of the last days, for the cap, by time.
            models.Index(fields=["contact", "submitted_at"], name="message_of_contact"),
            # Receipts of texts that others sent name them by the caller's own id.
            models.Index(
                fields=["workspace", "reference"],
                name="message_reference",
                condition=~Q(reference=""),
            ),
            # What the sending and settling loops look for; finished messages weigh nothing.
            models.Index(
                fields=["broadcast", "state", "position", "place"],
                name="message_unfinished",
                condition=Q(state__in=["pending", "leased", "submitted", "unknown"]),
            ),
            # Who tapped last, for the list of contacts: taps alone weigh.
            models.Index(
                fields=["workspace", "first_human_click_at", "contact"],
                name="message_tapped",
                condition=Q(first_human_click_at__isnull=False),
            ),
            # Erasing finds a person's messages by contact, and by number where that is gone.
            models.Index(
                fields=["phone"],
                name="message_without_contact",
                condition=Q(contact__isnull=True) & ~Q(phone=""),
            ),
        ]


class MessageTally(models.Model):
    """How many messages of a broadcast are alike. Triggers on the messages keep it exact, whoever
    writes them (sending, receipts, ingest, erasure), so that a report need not count a million."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="tallies")
    state = models.CharField(max_length=10)
    was_accepted = models.BooleanField()
    was_clicked = models.BooleanField()  # by a person
    only_counted = models.BooleanField(default=False, db_default=False)
    variant = models.SmallIntegerField(default=-1, db_default=-1)  # -1: none
    error_code = models.CharField(max_length=40, blank=True)
    count = models.BigIntegerField()
    cost = models.DecimalField(max_digits=16, decimal_places=5)
    parts = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "broadcast",
                    "state",
                    "was_accepted",
                    "was_clicked",
                    "error_code",
                    "only_counted",
                    "variant",
                ],
                name="one_tally_of_each",
            )
        ]


class SenderPace(models.Model):
    """How far a sender number has used up its rate: it is free again at `free_at`."""

    number = models.CharField(max_length=40, unique=True)  # `channels.Channel.key`
    free_at = models.DateTimeField()


class FailedTry(models.Model):
    """A text that the provider took and then failed in a way that lets it be sent again.

    What is still said about `provider_id` is about that try, and no news of the message.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="failed_tries")
    provider_id = models.CharField(max_length=64, unique=True)
    error_code = models.CharField(max_length=40)
    at = models.DateTimeField()


class BroadcastPlace(models.Model):
    """How many recipients of a broadcast live at one place: whose hours there are to look at."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="places")
    place = models.CharField(max_length=LONGEST_KEY)
    recipients = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "place"], name="one_count_per_place")
        ]


class LeftOut(models.Model):
    """How many contacts of the audience got no message, and why."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="left_out")
    reason = models.CharField(max_length=40)  # no_consent, opted_out, duplicate, bad_text …
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "reason"], name="one_count_per_reason")
        ]


class AudienceCount(models.Model):
    """How far the audience of a broadcast that is being written was counted: see `counting`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=64)  # hash of what was asked
    first_contact = models.BigIntegerField()  # ids
    counted_to = models.BigIntegerField()
    last_contact = models.BigIntegerField()
    counts = models.JSONField(default=dict)  # `reach.Reach`
    # [contact id, how many up to it may be texted]: where recipient n is looked for.
    marks = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="one_count_per_question")
        ]


class ReportShare(models.Model):
    """A link that shows one report to whoever holds it: rates, no people. Only its hash is kept."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    # Closed by a restore until somebody opens it again: it may have been withdrawn since.
    held_at = models.DateTimeField(null=True)


class AudienceShares(models.Model):
    """How far the tags and segments of a broadcast's recipients were counted: `audience_shares`."""

    broadcast = models.OneToOneField(Broadcast, on_delete=models.CASCADE)
    counted_to = models.BigIntegerField(default=0)  # a position
    counts = models.JSONField(default=dict)  # {"tag 3": [reached, tapped], "segment 5": …}
    finished_at = models.DateTimeField(null=True)
