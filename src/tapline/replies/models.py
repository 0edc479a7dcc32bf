"""What is stored of conversations: what people wrote to us, what was answered, their threads."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tapline.broadcasts.models import Broadcast, Message
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
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, db_index=False)
    unread = models.PositiveIntegerField(default=0)  # texts of theirs that nobody has seen
    last_at = models.DateTimeField()
    # When they last wrote something that does not ask us to be quiet: until when an answer may
    # go to them hangs on it.
    last_wrote_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "phone"], name="one_thread_per_number")
        ]
        # Each of the page's lists is read in its own order, however many threads there are.
        indexes = [
            models.Index(fields=["workspace", "state", "-last_at"], name="thread_by_state"),
            models.Index(
                fields=["workspace", "-last_at"], name="thread_unread", condition=Q(unread__gt=0)
            ),
            models.Index(
                fields=["workspace", "state", "-last_at"],
                name="thread_assigned",
                condition=Q(assigned_to__isnull=False),
            ),
            models.Index(
                fields=["assigned_to", "workspace", "state", "-last_at"],
                name="thread_of_member",
                condition=Q(assigned_to__isnull=False),
            ),
        ]


class Reply(models.Model):
    """One inbound text, stored once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    thread = models.ForeignKey(
        Thread, null=True, on_delete=models.SET_NULL, related_name="replies", db_index=False
    )
    broadcast = models.ForeignKey(Broadcast, null=True, on_delete=models.SET_NULL)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL)
    phone = models.CharField(max_length=LONGEST_NUMBER)
    number = models.CharField(max_length=LONGEST_NUMBER, blank=True)  # ours, that it was sent to
    text = models.TextField(blank=True)
    # The same text comes again after a time-out: account and id tell that it is the same.
    account = models.CharField(max_length=80, default="simulator")
    provider_id = models.CharField(max_length=120)
    wish = models.CharField(max_length=8, default="none")  # `texts.wishes.Verdict`
    wish_reason = models.CharField(max_length=80, blank=True)
    is_opt_out = models.BooleanField(default=False)  # clearly, or as somebody decided
    received_at = models.DateTimeField()
    # Whether a doubtful text was a wish to be left alone is somebody's to say, until then.
    decide_by = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=160, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_id"], name="one_reply_each")
        ]
        indexes = [
            models.Index(fields=["thread", "-received_at"], name="reply_of_thread"),
            models.Index(
                fields=["workspace", "decide_by"],
                name="reply_in_doubt",
                condition=Q(decide_by__isnull=False, decided_at__isnull=True),
            ),
        ]


class AnswerKind(models.TextChoices):
    """Why a text leaves that is no broadcast. Each but a person's answer is made by itself, once
    for the reply that it answers."""

    WRITTEN = "written"  # by somebody of the workspace, on the page or through the API
    HELP = "help"
    CONFIRMATION = "confirmation"  # that an opt-out was heard: the one text after it
    RETURN = "return"  # that somebody who had opted out is back
    KEYWORD = "keyword"
    SIGN_UP = "sign_up"  # asks for the yes of a number that was typed into a form, or takes it


class Answer(models.Model):
    """One text that leaves as part of a conversation. It waits until a worker has put it into the
    queue of messages, then `message` tells what became of it."""

    thread = models.ForeignKey(
        Thread, on_delete=models.CASCADE, related_name="answers", db_index=False
    )
    reply = models.ForeignKey(Reply, null=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=12, choices=AnswerKind.choices)
    text = models.TextField()  # as it was written, with the original links
    gathered_in = models.ForeignKey(
        Broadcast, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    message = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL)
    refused = models.CharField(max_length=40, blank=True)  # why it never became a message
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # after this it must not leave any more
    # What whoever asks calls it: asked for twice (a second press, a repeated call), it is one.
    once = models.CharField(max_length=40, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reply", "kind"],
                name="one_automatic_answer_each",
                condition=Q(reply__isnull=False) & ~Q(kind="written"),
            ),
            models.UniqueConstraint(
                fields=["thread", "once"],
                name="one_answer_once",
                condition=Q(once__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["thread", "-made_at"], name="answer_of_thread"),
            models.Index(
                fields=["id"],
                name="answer_waiting",
                condition=Q(message__isnull=True) & Q(refused=""),
            ),
        ]


class Listener(models.Model):
    """A member who hears by e-mail of what one workspace's conversations wait for."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    hears_replies = models.BooleanField(default=False)
    hears_decisions = models.BooleanField(default=False)
    told_to = models.BigIntegerField(default=0)  # the newest reply that they were told of, or saw
    reminded_at = models.DateTimeField(null=True)  # of decisions whose clock runs down
    next_look_at = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)  # since a mail last got through
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_listener_each")
        ]


class Scope(models.TextChoices):
    """How far an opt-out reaches."""

    BRAND = "brand"
    WORKSPACE = "workspace"


class ConversationSettings(models.Model):
    """How a workspace answers by itself. What it leaves empty comes from the one above it."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE)
    brand = models.CharField(max_length=60, blank=True)  # as texts name it
    contact = models.CharField(max_length=120, blank=True)  # where help is: number, e-mail, page
    help_text = models.TextField(blank=True)
    confirmation_text = models.TextField(blank=True)
    return_text = models.TextField(blank=True)
    # Of the workspace at the top alone: it holds for its whole tree.
    opt_out_scope = models.CharField(max_length=9, choices=Scope.choices, default=Scope.BRAND)
