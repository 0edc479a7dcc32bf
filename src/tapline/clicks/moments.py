"""How moments stand in click files: in UTC, without a zone."""

from __future__ import annotations

import datetime as dt


def naive(moment: dt.datetime) -> dt.datetime:
    """Return a moment as click files hold it."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def aware(stored: dt.datetime) -> dt.datetime:
    """Return what a click file holds as a moment."""
    return stored.replace(tzinfo=dt.UTC)
