"""How messages learn of their first human click: some at once, the rest of a large pass in turns.

A pass lists its clicks in one transaction. Setting the first click of ten thousand messages there
would hold the control database's one writer for too long, so what is beyond one turn waits in a
table that the same transaction fills, and is set in turns of its own: at the end of the pass, or
after a crash by the next one. Set twice is as good as once: the earliest click stays.

The settling of sending takes it from there: a message whose answer was lost, but whose code a
person opened, was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from django.db import connection

from tapline.clicks.models import WaitingFirstClicks
from tapline.clicks.resolving import EPOCH, MICROSECOND
from tapline.turns import Turns

# Each takes some 5 µs, its part of the broadcast's tallies included, and dirties a page.
MOST_PER_TURN = 2_000

SET_FIRST_CLICKS = """
-- Messages' first human clicks by the time of the click, whatever order clicks arrive in.
update broadcasts_message set first_human_click_at = news.at
from (select value ->> 0 as id, value ->> 1 as at from json_each(%s)) news
where broadcasts_message.id = news.id
  and (first_human_click_at is null or first_human_click_at > news.at)
"""


def set_first_clicks(first_us: Mapping[int, int]) -> None:
    """Set message → first human click (µs), inside the caller's transaction; those beyond one turn
    wait for `set_waiting`.

    In the order of the messages' ids, so that neighbours share their pages.
    """
    news = [
        (message, str(EPOCH + clicked_us * MICROSECOND))  # UTC, as every database reads it
        for message, clicked_us in sorted(first_us.items())
    ]
    _set(_packed(news[:MOST_PER_TURN]))
    WaitingFirstClicks.objects.bulk_create(
        WaitingFirstClicks(news=_packed(news[start : start + MOST_PER_TURN]))
        for start in range(MOST_PER_TURN, len(news), MOST_PER_TURN)
    )


def set_waiting(turns: Turns) -> None:
    """Set what waits, one turn after the other."""
    for waiting in WaitingFirstClicks.objects.order_by("id"):
        with turns.take():
            _set(waiting.news)
            waiting.delete()


def _set(news: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET_FIRST_CLICKS, [news])


def _packed(news: Sequence[tuple[int, str]]) -> str:
    return msgspec.json.encode(news).decode()
