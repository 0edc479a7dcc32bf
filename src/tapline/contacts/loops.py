"""What the worker repeats for contacts: uploaded files in a process of their own, erasures."""

from __future__ import annotations

from django.utils import timezone

from tapline.contacts import retention
from tapline.contacts.erasures import follow_up, keep_list
from tapline.contacts.uploaded import import_next
from tapline.contacts.uploads import forget_old_files
from tapline.loops import Loop
from tapline.workspaces.idempotency import KEPT, forget_old


def forget_step() -> bool:
    """Delete what waited too long. Nothing comes of doing it again at once."""
    forget_old_files()
    while forget_old(timezone.now() - KEPT):
        pass
    return False


def retention_step() -> bool:
    """Forget what the settings let go. Nothing comes of doing it again at once."""
    retention.apply()
    return False


CONTACT_LOOPS: list[Loop] = [
    Loop(name="follow erasures", step=follow_up, idle_seconds=2.0),
    Loop(name="list of erasures", step=keep_list, idle_seconds=300.0),
]
IMPORT_LOOPS: list[Loop] = [
    Loop(name="import", step=import_next, idle_seconds=0.5),
    Loop(name="uploads", step=forget_step, idle_seconds=600.0),
    Loop(name="retention", step=retention_step, idle_seconds=3600.0),
]
