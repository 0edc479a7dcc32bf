"""What is removed when nobody needs it: old segments, replaced files, and what crashes left."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from pathlib import Path

from django.utils import timezone

from tapline import config
from tapline.clicks import store
from tapline.clicks.addresses import forget_salts
from tapline.clicks.known_walkers import forget_walkers
from tapline.clicks.listing import list_version, read_list
from tapline.clicks.models import ClickFile, LogSegment
from tapline.clicks.parquet import DRAFT_SUFFIX, SUFFIX

# A file that is neither listed nor delisted and older than this was left by a crash: writing one
# and listing it takes seconds.
ORPHAN_SECONDS = 3600.0
# However long replaced files are kept: an erasure promises seven days.
LONGEST_DELISTED_SECONDS = 6 * 86_400


def clean_up(now: dt.datetime | None = None) -> bool:
    """Remove everything whose time has come; say whether there was anything."""
    now = now or timezone.now()
    removed = _remove_segments(now) + _remove_delisted(now) + _remove_orphans(time.time())
    keep = dt.timedelta(days=config.current().clicklog_keep_days)
    removed += _remove_bad_lines(now - keep)
    removed += forget_salts((now - keep).date() - dt.timedelta(days=1))
    removed += forget_walkers(now)
    return removed > 0


def write_manifest() -> bool:
    """Name the files that count in `manifest.json`, for outside tools; say whether it changed."""
    path = store.folder() / "manifest.json"
    version = list_version()
    if _manifest_version(path) == version:
        return False
    files = [{"name": file.name, "rows": file.rows} for file in read_list()]
    store.folder().mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(DRAFT_SUFFIX)
    draft.write_text(json.dumps({"version": version, "files": files}), encoding="utf-8")
    draft.replace(path)
    return True


def bad_line_count() -> int:
    """Return how many lines of the click log could not be read and were set aside."""
    return sum(LogSegment.objects.filter(bad_lines__gt=0).values_list("bad_lines", flat=True))


def _remove_segments(now: dt.datetime) -> int:
    """Delete segments some days after they were read: they hold full addresses."""
    settings = config.current()
    before = now - dt.timedelta(days=settings.clicklog_keep_days)
    due = list(
        LogSegment.objects.filter(finished_at__lt=before, deleted_at__isnull=True).values_list(
            "name", flat=True
        )
    )
    for name in due:
        (settings.click_log_dir / name).unlink(missing_ok=True)
    # Marked after the file is gone: in the other order a crash would leave it unread and unknown.
    LogSegment.objects.filter(name__in=due).update(deleted_at=now)
    return len(due)


def _remove_bad_lines(before: dt.datetime) -> int:
    """Delete lines that could not be read as their segments are: they may hold addresses too."""
    bad = (config.current().click_log_dir / "bad").glob("*.txt")
    due = [path for path in bad if path.stat().st_mtime < before.timestamp()]
    for path in due:
        path.unlink(missing_ok=True)
    return len(due)


def _remove_delisted(now: dt.datetime) -> int:
    wanted = config.current().clicks_keep_delisted_seconds
    keep = dt.timedelta(seconds=min(wanted, LONGEST_DELISTED_SECONDS))
    return remove_delisted(now - keep)


def remove_delisted(before: dt.datetime) -> int:
    """Delete files that were replaced before `before`; return how many."""
    due = list(ClickFile.objects.filter(delisted_at__lt=before))
    for file in due:
        (store.folder() / file.name).unlink(missing_ok=True)
    ClickFile.objects.filter(id__in=[file.id for file in due]).delete()
    return len(due)


def _remove_orphans(now: float) -> int:
    old = [path for path in _files_on_disk() if now - path.stat().st_mtime > ORPHAN_SECONDS]
    if not old:
        return 0
    known = set(ClickFile.objects.values_list("name", flat=True))
    orphans = [path for path in old if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _files_on_disk() -> list[Path]:
    if not store.folder().exists():
        return []
    with os.scandir(store.folder()) as entries:
        return [Path(entry) for entry in entries if entry.name.endswith((SUFFIX, DRAFT_SUFFIX))]


def _manifest_version(path: Path) -> int | None:
    try:
        version = json.loads(path.read_bytes())["version"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return int(version)
