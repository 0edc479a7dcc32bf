"""What the worker's `sending` process repeats."""

from __future__ import annotations

from django.utils import timezone

from tapline.broadcasts.lifecycle import start_due
from tapline.broadcasts.preparing import prepare_next
from tapline.broadcasts.sending import Sender
from tapline.broadcasts.settling import Settler
from tapline.loops import Loop


def start_scheduled() -> bool:
    """Start the broadcasts whose time has come."""
    return bool(start_due(timezone.now()))


SENDING_LOOPS: list[Loop] = [
    Loop(name="schedule", step=start_scheduled, idle_seconds=1.0),
    Loop(name="prepare", step=prepare_next, idle_seconds=0.3),
    Loop(name="send", step=Sender().send_next, idle_seconds=0.2),
    Loop(name="settle", step=Settler().settle_next, idle_seconds=0.5),
]
