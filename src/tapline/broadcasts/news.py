"""Whether a report has anything new to say: cheap enough to be asked every second by everybody."""

from __future__ import annotations

import datetime as dt
import hashlib

from tapline.broadcasts.models import Broadcast, MessageTally
from tapline.clicks.listing import look

# «3 minutes ago», and what is counted elsewhere (replies, seed contacts), is renewed so often.
RENEWED_SECONDS = 15


def news_mark(broadcast: Broadcast, now: dt.datetime) -> str:
    """Return a mark that changes with every click and every message's state; the same mark, the
    same figures. Sixteen letters."""
    listed, rewrites = look(broadcast.workspace_id, broadcast.pk)
    files = [file for file in listed if file.may_hold(broadcast.workspace_id, broadcast.pk)]
    tallies = MessageTally.objects.filter(broadcast=broadcast).order_by("pk")
    told = (
        broadcast.state,
        broadcast.pause_reason,
        rewrites,
        max((file.last_sequence for file in files), default=0),
        list(tallies.values_list("state", "was_accepted", "was_clicked", "error_code", "count")),
        int(now.timestamp() // RENEWED_SECONDS),
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
