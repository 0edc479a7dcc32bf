"""How the click log forgets who tapped a code that many recipients share, once the tap is judged.

The edge writes no address down for such taps, but browser and headers, by which ingest tells people
from machines. Afterwards they could be compared with taps of people who are told apart.
"""

from __future__ import annotations

from django.db.models import F

from tapline import config
from tapline.clicklog.reader import read_batch
from tapline.clicklog.record import Seen
from tapline.clicklog.wiping import wipe_lines
from tapline.clicks.models import LogSegment
from tapline.links.models import CROWD_POSITION, CodeRange

BYTES_AT_ONCE = 4_000_000


def wipe_crowds() -> bool:
    """Wipe some of the lines that ingest has read since; say whether there were any to look at.

    Can be killed anywhere: a line that is wiped twice stays as it is.
    """
    if not CodeRange.objects.filter(first_position=CROWD_POSITION).exists():
        return False
    read = LogSegment.objects.filter(deleted_at=None, offset__gt=F("wiped_to"))
    segment = read.order_by("id").first()
    if segment is None:
        return False
    wiped_to = _wipe(segment)
    LogSegment.objects.filter(pk=segment.pk).update(wiped_to=wiped_to)
    return True


def tells_of_crowd(record: Seen) -> bool:
    """Say whether a line's code led, or may have led, to people who are only counted."""
    return record.position < 0 <= record.serial


def _wipe(segment: LogSegment) -> int:
    """Wipe the next lines of one segment; return up to where all are."""
    path = config.current().click_log_dir / segment.name
    wanted = min(BYTES_AT_ONCE, segment.offset - segment.wiped_to)
    try:
        batch = read_batch(path, segment.wiped_to, wanted)
        end = min(batch.next_offset, segment.offset)
        theirs = [at for at, record in batch.lines if at < end and tells_of_crowd(record)]
        wipe_lines(path, theirs)
    except FileNotFoundError:  # Deleted by age: nothing is left to tell.
        return segment.offset
    return end if end > segment.wiped_to else segment.offset
