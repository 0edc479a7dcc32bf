"""What the worker's `sending` process repeats."""

from __future__ import annotations

from django.utils import timezone

from tapline.broadcasts.lifecycle import start_due
from tapline.broadcasts.models import Broadcast, BroadcastKind, BroadcastState
from tapline.broadcasts.night import leave_out_closed
from tapline.broadcasts.pictures import forget_unused
from tapline.broadcasts.preparing import prepare_next
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import Settler
from tapline.loops import Loop


def start_scheduled() -> bool:
    """Start the broadcasts whose time has come."""
    return bool(start_due(timezone.now()))


def leave_out_night() -> bool:
    """Leave out those who are not to wait for their morning (any longer)."""
    sending = Broadcast.objects.filter(state=BroadcastState.SENDING, kind=BroadcastKind.COMPOSED)
    now = timezone.now()
    left_out = [leave_out_closed(each, now) for each in sending.select_related("workspace")]
    return any(left_out)


def forget_pictures() -> bool:
    """Forget pictures that are in no text. Nothing comes of doing it again at once."""
    forget_unused(timezone.now())
    return False


SENDING_LOOPS: list[Loop] = [
    Loop(name="schedule", step=start_scheduled, idle_seconds=1.0),
    Loop(name="prepare", step=prepare_next, idle_seconds=0.3),
    Loop(name="send", step=Sender().send_next, idle_seconds=0.2),
    Loop(name="night", step=leave_out_night, idle_seconds=5.0),
    Loop(name="pictures", step=forget_pictures, idle_seconds=3600.0),
    Loop(name="settle", step=Settler().settle_next, idle_seconds=0.5),
]
