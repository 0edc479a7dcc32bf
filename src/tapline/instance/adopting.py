"""`python -m tapline.instance.adopting`: make a restored database this instance's own.

Runs in a process of its own on the folder where the backup was unpacked, before that becomes the
data folder: an instance is never there in its old epoch. Prints the new epoch, how many broadcasts
were paused and people erased again, and how many keys and shared reports were closed; with the word
`keep-access` none is.
"""

from __future__ import annotations

import sys
from typing import Any

# What the lost instance did after the backup is unknown: sending on could text people twice.
PAUSE_REASON = "Restored from a backup: some of its texts may have been sent since that was made."
_STATES_UNDER_WAY = ("scheduled", "preparing", "sending")
_UNSENT = ("pending", "leased", "submitted")


def adopt(*, keeps_access: bool) -> tuple[int, int, int, int]:
    """Update the tables, begin a new epoch, pause what was under way, erase again whoever was
    erased since, close what opens it from outside; return the epoch and the three counts.

    Nothing is sent that the lost instance may have sent: a person decides about broadcasts, and
    the provider is asked about single texts.
    """
    from django.core.management import call_command
    from django.db import connections, transaction

    from tapline.instance.epochs import begin_epoch
    from tapline.instance.restoring import ERASE_AGAIN

    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        epoch = begin_epoch("restored from a backup").epoch
        paused = sum(_pause(broadcast) for broadcast in _under_way())
        _doubt_single_texts()
    erased = sum(erase_again() for erase_again in ERASE_AGAIN)
    closed = 0 if keeps_access else _close_access()
    connections.close_all()
    return epoch, paused, erased, closed


def _close_access() -> int:
    """Close what opens the instance from outside, and remember since when."""
    from django.db import transaction
    from django.utils import timezone

    from tapline.instance.models import Instance
    from tapline.instance.restoring import CLOSE_ACCESS

    now = timezone.now()
    with transaction.atomic():
        Instance.objects.update(restored_at=now)
        return sum(close(now) for close in CLOSE_ACCESS)


def _under_way() -> Any:
    from django.apps import apps

    # By name: this room lies below broadcasts and does not know them otherwise.
    broadcasts = apps.get_model("broadcasts", "Broadcast")
    return broadcasts._default_manager.filter(kind="composed", state__in=_STATES_UNDER_WAY)


def _pause(broadcast: Any) -> int:
    from tapline.workspaces.audit import record

    before = {"state": broadcast.state}
    broadcast.state_before_pause, broadcast.state = broadcast.state, "paused"
    broadcast.pause_reason = PAUSE_REASON
    broadcast.save(update_fields=["state", "state_before_pause", "pause_reason"])
    record(
        broadcast.workspace, "restore", "broadcast.paused", broadcast, before, {"state": "paused"}
    )
    return 1


def _doubt_single_texts() -> None:
    """Let settling ask the provider what became of single texts that were waiting."""
    from django.apps import apps
    from django.db.models.functions import Coalesce
    from django.utils import timezone

    messages = apps.get_model("broadcasts", "Message")._default_manager
    now = timezone.now()
    messages.filter(broadcast__kind="standing", state__in=_UNSENT).update(
        state="unknown", submitted_at=Coalesce("submitted_at", now), leased_by="", leased_until=now
    )


if __name__ == "__main__":
    from tapline.cli import set_up_django

    set_up_django()
    print(*adopt(keeps_access="keep-access" in sys.argv[1:]), file=sys.stdout)  # noqa: T201  # what the restoring process reads
