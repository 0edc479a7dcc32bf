"""What the worker repeats for links: looking at the DNS records of domains."""

from __future__ import annotations

from tapline.links.domain_checks import check_next
from tapline.loops import Loop

DOMAIN_LOOPS: list[Loop] = [
    Loop(name="domains", step=check_next, idle_seconds=15.0),
]
