"""What the worker repeats for links: looking at domains and destinations, and making many."""

from __future__ import annotations

from tapline.links.domain_checks import check_next
from tapline.links.tables import forget_old as forget_old_tables
from tapline.links.tables import work_next
from tapline.links.watching import forget_old, look_next
from tapline.loops import Loop

DOMAIN_LOOPS: list[Loop] = [
    Loop(name="domains", step=check_next, idle_seconds=15.0),
    # Somebody who writes a text waits for it.
    Loop(name="destinations", step=look_next, idle_seconds=1.0),
    Loop(name="old destinations", step=forget_old, idle_seconds=3600.0),
]


TABLE_LOOPS: list[Loop] = [
    Loop(name="tables of links", step=work_next, idle_seconds=0.5),
    Loop(name="old tables of links", step=forget_old_tables, idle_seconds=3600.0),
]
