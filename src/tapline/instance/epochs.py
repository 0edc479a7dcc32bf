"""Which epoch the instance lives in, and how a new one begins.

A new epoch is a promise to phones: no code made before it is made again. It begins with the
instance, and when a backup is restored.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from django.db import transaction
from django.utils import timezone

from tapline import config
from tapline.errors import TaplineError
from tapline.instance.keys import fingerprint, instance_key
from tapline.instance.models import Instance
from tapline.links.generations import add_generation
from tapline.links.models import Domain

INSTANCE_ID = 1
_EPOCH_ZERO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

log = logging.getLogger(__name__)


class WrongMasterKey(TaplineError):
    """The master key at hand is not the one this instance was made with."""


def ensure_instance() -> Instance:
    """Return the instance's row, making it on the first start. Cheap; call it at every start.

    Raises `WrongMasterKey` where the key at hand would make codes that nobody can read.
    """
    print_of_key = fingerprint(instance_key(config.current()))
    instance = Instance.objects.filter(pk=INSTANCE_ID).first()
    if instance is None:
        now = timezone.now()
        instance, _ = Instance.objects.get_or_create(
            pk=INSTANCE_ID,
            defaults={
                "uuid": uuid.uuid4(),
                "epoch": _next_epoch(0, now),
                "epoch_began_at": now,
                "key_fingerprint": print_of_key,
            },
        )
    if instance.key_fingerprint != print_of_key:
        raise _wrong_key()
    return instance


def begin_epoch(reason: str) -> Instance:
    """Begin a new epoch, with a new key generation for every domain, in one transaction.

    Edges drop their replica when they see it; links already sent go on with their generations.
    """
    with transaction.atomic():
        ensure_instance()
        instance = Instance.objects.select_for_update().get(pk=INSTANCE_ID)
        instance.epoch_began_at = timezone.now()
        instance.epoch = _next_epoch(instance.epoch, instance.epoch_began_at)
        instance.save(update_fields=["epoch", "epoch_began_at"])
        for domain in Domain.objects.order_by("id"):
            add_generation(domain, instance.epoch)
    log.info("epoch %s began: %s", instance.epoch, reason)
    return instance


def _next_epoch(last: int, now: dt.datetime) -> int:
    """Return a number larger than `last`: seconds since 2026, so that restoring one backup twice
    gives two different epochs, and no edge takes the second for the first."""
    return max(last + 1, int((now - _EPOCH_ZERO).total_seconds()))


def _wrong_key() -> WrongMasterKey:
    path = config.current().master_key_path
    return WrongMasterKey(
        f"The master key {path} belongs to another instance.",
        why="This instance was made with another key; codes made with this one would lead nowhere.",
        do="Put the right key there: move this file away and run `tapline keys import FILE`.",
    )
