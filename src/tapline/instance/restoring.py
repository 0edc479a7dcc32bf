"""What features do to a restored database before it opens: the list that they add to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

# Called in the restored, migrated database, in its new epoch, before it becomes an instance. Each
# returns how many people it erased again. Features add theirs in their AppConfig.ready.
ERASE_AGAIN: list[Callable[[], int]] = []

# Called there as well, unless the operator says that nothing was taken away since the backup was
# made: the backup does not know whose access ended after it. Each closes what opens pages or calls
# from outside, and returns how much of it somebody may open again.
CLOSE_ACCESS: list[Callable[[dt.datetime], int]] = []
