"""What the worker repeats for contacts."""

from __future__ import annotations

from tapline.contacts.erasures import follow_up, keep_list
from tapline.loops import Loop

CONTACT_LOOPS: list[Loop] = [
    Loop(name="follow erasures", step=follow_up, idle_seconds=2.0),
    Loop(name="list of erasures", step=keep_list, idle_seconds=300.0),
]
