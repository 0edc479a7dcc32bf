"""How clicks lose the people who were erased: in every file, and in the log that they came from.

The control database asks for it in the transaction that erases the person; the worker does it
soon after, for all who wait at once. It is done again from the start after a crash.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from django.db import connection
from django.utils import timezone

from tapline import config
from tapline.clicklog.reader import end_of_lines, list_segments, read_batch
from tapline.clicklog.wiping import wipe_lines
from tapline.clicks.models import ClickErasure, LogSegment
from tapline.clicks.resolving import Opened, opened_by
from tapline.clicks.rewrite import erase_people

# Ingest is a fraction of a second behind; where it is stuck, the next step asks again.
PATIENCE_SECONDS = 5.0
BYTES_AT_ONCE = 4_000_000

LINKS_OF_MESSAGES = """
-- Link and position of every code that some messages held: links shared by an audience, and
-- those made for one recipient.
select sent.link_id, m.position
from broadcasts_message m
join broadcasts_broadcastlink sent on sent.broadcast_id = m.broadcast_id
where m.id in (select value from json_each(%(messages)s))
union
select code.link_id, code.first_position
from broadcasts_message m
join broadcasts_broadcastlink sent on sent.broadcast_id = m.broadcast_id
join links_coderange code
  on code.template_id = sent.link_id and code.first_position = m.position
where m.id in (select value from json_each(%(messages)s))
"""


def request_erasure(contact_ids: Iterable[int], message_ids: Iterable[int]) -> None:
    """Have `erase_pending` take these people out soon; many requests share one rewriting."""
    ClickErasure.objects.bulk_create(
        [ClickErasure(contact_id=contact) for contact in contact_ids]
        + [ClickErasure(message_id=message) for message in message_ids]
    )


def erase_pending() -> bool:
    """Erase everybody who was asked for; say whether there was anyone.

    Waits until ingest has read what the log held when this began: a pass that still knew the
    person has committed by then, and no click is emptied before it was judged.
    """
    pending = list(
        ClickErasure.objects.filter(done_at=None).values_list("id", "contact_id", "message_id")
    )
    if not pending or not _ingest_has_passed(_sizes()):
        return False
    messages = sorted({message for _, _, message in pending if message})
    erase_people(sorted({contact for _, contact, _ in pending if contact}), messages)
    wipe_log(messages)
    done = [number for number, _, _ in pending]
    ClickErasure.objects.filter(id__in=done).update(done_at=timezone.now())
    return True


def wipe_log(message_ids: Collection[int]) -> int:
    """Take everything that tells of the people of these messages out of the lines that ingest has
    read; return how many lines there were. Later lines are wiped when asked again."""
    codes = _codes(message_ids)
    if not codes:
        return 0
    read = dict(LogSegment.objects.filter(deleted_at=None).values_list("name", "offset"))
    segments = list_segments(config.current().click_log_dir)
    return sum(_wipe_segment(path, read.get(path.name, 0), codes) for path in segments)


def _codes(message_ids: Collection[int]) -> set[Opened]:
    with connection.cursor() as cursor:
        cursor.execute(LINKS_OF_MESSAGES, {"messages": json.dumps(list(message_ids))})
        return {(link, position) for link, position in cursor.fetchall()}


def _wipe_segment(path: Path, end: int, codes: set[Opened]) -> int:
    """Wipe the lines before `end` that one of `codes` led to."""
    wiped = offset = 0
    while offset < end:
        batch = read_batch(path, offset, min(BYTES_AT_ONCE, end - offset))
        if batch.next_offset == offset:
            break
        opened = opened_by([record for _, record in batch.lines])
        theirs = [
            at
            for (at, record), code in zip(batch.lines, opened, strict=True)
            if code in codes and (record.path or record.address) and at < end
        ]
        wiped += wipe_lines(path, theirs)
        offset = batch.next_offset
    return wiped


def _sizes() -> dict[str, int]:
    """Return how long every segment is now."""
    segments = list_segments(config.current().click_log_dir)
    return {path.name: end_of_lines(path) for path in segments}


def _ingest_has_passed(sizes: dict[str, int], sleep: Callable[[float], None] = time.sleep) -> bool:
    """Wait a moment until ingest has read all of `sizes`; False when it has not."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        read = {
            name: (offset, finished)
            for name, offset, finished in LogSegment.objects.values_list(
                "name", "offset", "finished_at"
            )
        }
        if all(_is_read(read.get(name), size) for name, size in sizes.items()):
            return True
        if time.monotonic() > give_up_at:
            return False
        sleep(0.1)


def _is_read(progress: tuple[int, object] | None, size: int) -> bool:
    return progress is not None and (progress[0] >= size or progress[1] is not None)
