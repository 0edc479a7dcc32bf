"""What is stored about workspaces: the tree, who may enter, which programs may, what changed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _


class Sample(models.TextChoices):
    """A workspace of made-up people (`tapline.welcome`): there to be looked at, or on its way out.
    Real ones have an empty word."""

    THERE = "there"
    GOING = "going"


class Workspace(models.Model):
    """One business, brand, region or location. Workspaces form a tree."""

    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    # Ids from the root down to this one: "/1/4/9/". Descendants are found by prefix.
    path = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=120)
    default_country = models.CharField(max_length=2, default="US")
    language = models.CharField(max_length=12, default="en")
    zone = models.CharField(max_length=64, default="UTC")
    # Countries whose recipients' taps are only counted; see `workspaces.counting`.
    only_counted = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    # Members get in with an authenticator app, a passkey or single sign-on only; holds below too.
    needs_second_factor = models.BooleanField(default=False, db_default=False)
    sample = models.CharField(
        max_length=5, choices=Sample.choices, blank=True, default="", db_default=""
    )
    sample_going_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to and with this workspace: the scopes that bind it."""
        return [int(part) for part in self.path.strip("/").split("/")]


class UserManager(BaseUserManager["User"]):
    """Users are found by their e-mail address."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. What they may see hangs on their memberships."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    # Of pages, as `settings.LANGUAGES` names them; empty: what their browser asks for.
    language = models.CharField(max_length=12, blank=True, default="", db_default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()


class Role(models.TextChoices):
    """What a member may do. Each includes the ones below it."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    SENDER = "sender", _("Sender")
    VIEWER = "viewer", _("Viewer")


class Membership(models.Model):
    """A user's place in one workspace. Below it they see rates, not people, unless granted."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    sees_people_below = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="one_membership_each")
        ]


class SignInLink(models.Model):
    """A one-time link that signs a user in; only the hash of its token is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Invitation(models.Model):
    """An owner's word that somebody may become a member; only the hash of its token is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    sees_people_below = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # accepted or withdrawn
    created_at = models.DateTimeField(auto_now_add=True)


class ApiKey(models.Model):
    """A program's way into one workspace; only the hash of the key is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)  # Shown on pages, so that a key can be told apart.
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Closed by a restore until somebody lets it in again: it may have been revoked since.
    held_at = models.DateTimeField(null=True)


class IdempotentRequest(models.Model):
    """The answer that a request with an `Idempotency-Key` got, given again on a repeat."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)  # None while an attempt is at work.
    packed_body = models.BinaryField(default=b"")  # zlib
    # Who is at work, since when, and what it made: see `workspaces.idempotency`.
    attempt = models.CharField(max_length=32)
    attempt_at = models.DateTimeField()
    made = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="one_answer_per_key")
        ]


class AuditEntry(models.Model):
    """Who changed what, when, from what to what. Append-only."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    actor = models.CharField(max_length=160)  # "user 3", "api key 7", "command line", "worker"
    action = models.CharField(max_length=80)  # "link.destination_changed"
    object_kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "object_kind", "object_id", "at"]),
            models.Index(fields=["workspace", "actor", "id"], name="audit_by_actor"),
            models.Index(fields=["workspace", "object_kind", "id"], name="audit_by_kind"),
            models.Index(fields=["workspace", "at"], name="audit_by_day"),
        ]
