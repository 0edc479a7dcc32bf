"""What is stored about providers: accounts with sealed secrets, sender numbers, prices, use."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

from tapline.workspaces.models import Workspace


def make_token() -> str:
    """Return what names an account in its webhook addresses; nobody can guess another's."""
    return secrets.token_urlsafe(18)


class ProviderAccount(models.Model):
    """An account at a provider. The workspaces below its own may send through it too."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="provider_accounts"
    )
    kind = models.CharField(max_length=20)  # a key of `providers.registry.KINDS`
    name = models.CharField(max_length=80)
    token = models.CharField(max_length=32, unique=True, default=make_token)
    options = models.JSONField(default=dict)
    # A JSON object, sealed for this table, row and column.
    secrets = models.TextField(blank=True)
    currency = models.CharField(max_length=3, default="USD")
    # Grows with every change, so that processes notice that their adapter is out of date.
    revision = models.PositiveIntegerField(default=1)
    retired_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)


class PartPrice(models.Model):
    """What one part to one country costs through an account, as its operator entered it; or one
    text with pictures (`prices.PICTURES`)."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="prices")
    # ISO 3166, empty: everywhere else; «US mms» and «mms» for texts with pictures.
    country = models.CharField(max_length=6, blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=5)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "country"], name="one_price_per_country")
        ]


class SenderPool(models.Model):
    """Numbers of one account that share the load; each contact always hears from the same one."""

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="pools")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="one_pool_of_a_name")
        ]


class SenderKind(models.TextChoices):
    """What a sender is. A SERVICE has no number: the provider picks one of its own pool."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"
    WORD = "word"
    SERVICE = "service"


class Registration(models.TextChoices):
    """How far a sender is registered with the carriers, as the operator knows it."""

    NOT_NEEDED = "not_needed"
    MISSING = "missing"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class SenderNumber(models.Model):
    """From what texts come. The workspaces below its own may use it too, unless they have one."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.PROTECT, related_name="sender_numbers"
    )
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="numbers")
    pool = models.ForeignKey(
        SenderPool, null=True, on_delete=models.SET_NULL, related_name="numbers"
    )
    number = models.CharField(max_length=16, blank=True)  # E.164, a short code or a word
    kind = models.CharField(max_length=10, choices=SenderKind.choices)
    registration = models.CharField(
        max_length=10, choices=Registration.choices, default=Registration.MISSING
    )
    registration_note = models.CharField(max_length=160, blank=True)  # such as a campaign's id
    # Parts, as carriers count. 0: as fast, or as many, as the provider takes.
    parts_per_second = models.FloatField(default=0)
    parts_per_day = models.PositiveIntegerField(default=0)
    day_zone = models.CharField(max_length=64, default="UTC")  # where the carriers' day begins
    is_default = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number"],
                name="one_sender_each",
                condition=Q(retired_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                name="one_default_sender",
                condition=Q(is_default=True, retired_at__isnull=True),
            ),
        ]


class SenderDay(models.Model):
    """How many parts left from a sender on one of its days."""

    sender = models.ForeignKey(SenderNumber, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    parts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "day"], name="one_count_per_sender_day")
        ]
