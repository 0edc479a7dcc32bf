"""How long a wish that somebody must read may wait: ten business days. Pure.

Source: 47 CFR 64.1200(a)(10). Holidays are not counted as free, so that the clock never runs late.
"""

from __future__ import annotations

import datetime as dt

BUSINESS_DAYS = 10
# From here on the home page warns and members are reminded: two days are left to act.
ALARM_BEFORE = dt.timedelta(days=2)
_SATURDAY = 5


def due_at(received_at: dt.datetime, days: int = BUSINESS_DAYS) -> dt.datetime:
    """Return until when a wish that came at `received_at` must be honoured."""
    at = received_at
    while days:
        at += dt.timedelta(days=1)
        days -= at.weekday() < _SATURDAY
    return at
