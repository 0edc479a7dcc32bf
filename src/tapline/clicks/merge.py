"""Keeps the files few: merges small ones into larger ones, level by level.

Eight files of one level become one of the next, so that each row is rewritten a handful of times
in its life, and a report opens few files however fast clicks come in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from tapline.clicks import store
from tapline.clicks.listing import ListedFile, ListMoved, read_list, swap_files
from tapline.clicks.parquet import write_file

FILES_PER_MERGE = 8
# A file of so many rows (about 250 MB) is merged no further: rewriting it for an erasure must
# stay a matter of seconds.
ROWS_OF_A_FULL_FILE = 4_000_000


def merge_once() -> bool:
    """Merge the lowest level that has enough files; say whether there was one."""
    chosen = choose(read_list())
    if not chosen:
        return False
    database = store.connect(threads=1, memory="512MB")
    try:
        written = write_file(database, store.folder(), store.source(chosen))
    finally:
        database.close()
    assert written is not None, "listed files hold rows"
    try:
        with transaction.atomic():
            swap_files(chosen, [written], max(file.level for file in chosen) + 1, timezone.now())
    except ListMoved:
        # A rewrite was faster. The next round sees its result.
        (store.folder() / written.name).unlink(missing_ok=True)
    return True


def choose(files: Sequence[ListedFile]) -> list[ListedFile]:
    """Return the files to merge next: the oldest eight of the lowest level that has as many."""
    levels: defaultdict[int, list[ListedFile]] = defaultdict(list)
    for file in files:
        if file.rows < ROWS_OF_A_FULL_FILE:
            levels[file.level].append(file)
    for level in sorted(levels):
        if len(levels[level]) >= FILES_PER_MERGE:
            return sorted(levels[level], key=lambda file: file.first_sequence)[:FILES_PER_MERGE]
    return []
