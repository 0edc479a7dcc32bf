"""What features do to a restored database before it opens: the list that they add to."""

from __future__ import annotations

from collections.abc import Callable

# Called in the restored, migrated database, in its new epoch, before it becomes an instance. Each
# returns how many people it erased again. Features add theirs in their AppConfig.ready.
ERASE_AGAIN: list[Callable[[], int]] = []
