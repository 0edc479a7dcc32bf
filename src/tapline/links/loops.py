"""What the worker repeats for links: looking at the DNS records of domains, and at destinations."""

from __future__ import annotations

from tapline.links.domain_checks import check_next
from tapline.links.watching import forget_old, look_next
from tapline.loops import Loop

DOMAIN_LOOPS: list[Loop] = [
    Loop(name="domains", step=check_next, idle_seconds=15.0),
    # Somebody who writes a text waits for it.
    Loop(name="destinations", step=look_next, idle_seconds=1.0),
    Loop(name="old destinations", step=forget_old, idle_seconds=3600.0),
]
