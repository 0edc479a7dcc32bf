"""Where a page of what is told in order of time ends: a time, and what tells equals apart.

Pure. Written into addresses as `MICROSECONDS-KIND-ID`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MARK = re.compile(r"(\d{1,17})-(\d)-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last thing shown. `kind` orders things of different kinds at the same time."""

    at: dt.datetime
    pk: int
    kind: int = 0

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // dt.timedelta(microseconds=1)}-{self.kind}-{self.pk}"


def read_mark(written: str) -> Mark | None:
    """Return the mark that an address names; None for anything else."""
    found = _MARK.fullmatch(written)
    if found is None:
        return None
    at_us, kind, pk = (int(part) for part in found.groups())
    return Mark(at=_EPOCH + dt.timedelta(microseconds=at_us), kind=kind, pk=pk)
