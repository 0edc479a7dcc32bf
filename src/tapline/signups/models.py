"""What is stored about sign-up forms: the form, each wording that it showed, and who signed up."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from tapline.contacts.models import Contact, Purpose, Wording
from tapline.workspaces.models import Workspace


def make_token() -> str:
    """Return what names a form in its public address: nobody finds a form by counting."""
    return secrets.token_urlsafe(12)


class SignUpForm(models.Model):
    """A public page on which people agree to texts."""

    token = models.CharField(max_length=32, unique=True, default=make_token)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    scope = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)  # for members; people never see it
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.MARKETING)
    language = models.CharField(max_length=12, default="en")
    asks_name = models.BooleanField(default=True)
    # Double opt-in: the yes counts when it was repeated from the phone itself.
    needs_confirmation = models.BooleanField(default=False)
    tags = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def newest(self) -> FormVersion:
        """What the form shows now."""
        return self.versions.select_related("wording").latest("id")


class FormVersion(models.Model):
    """What a form showed from some moment on. Never changed: consents were given to it."""

    form = models.ForeignKey(SignUpForm, on_delete=models.CASCADE, related_name="versions")
    title = models.CharField(max_length=120)
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT)
    made_at = models.DateTimeField(auto_now_add=True)


class SignUpState(models.TextChoices):
    """AGREED: the yes is in the ledger. WAITING: it must be repeated from the phone. EXPIRED: it
    was not, in time."""

    AGREED = "agreed", _("agreed")
    WAITING = "waiting", _("waiting for confirmation")
    EXPIRED = "expired", _("not confirmed")


class SignUp(models.Model):
    """One time that somebody filled in a form."""

    form = models.ForeignKey(SignUpForm, on_delete=models.CASCADE, related_name="sign_ups")
    version = models.ForeignKey(FormVersion, on_delete=models.PROTECT)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=SignUpState.choices)
    network = models.CharField(max_length=64, blank=True)  # /24 or /48, never the address
    agent = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["network", "at"]),
            models.Index(fields=["form", "state"]),
        ]
