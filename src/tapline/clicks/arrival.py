"""How texts of one broadcast arrive: how fast its clock goes, how soon a tap can come, and whether
receipts tell when. From the account that it left through; read by SQL, as in `resolving`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection

from tapline import config
from tapline.clicks.evidence import SOONEST_TAP

# What accounts call it among their options.
SOONEST_OPTION = "soonest_tap_seconds"
RECEIPTS_OPTION = "receipts_tell_arrival"
LATEST_SOONEST_TAP = 60.0

PROVIDER = "select provider from broadcasts_broadcast where id = %s"
OPTIONS = "select options from providers_provideraccount where id = %s"


class Arrival(NamedTuple):
    """What is known of how a broadcast's texts arrive."""

    pace: float = 1.0  # seconds that pass on recipients' clocks within one of ours
    soonest_tap: float = SOONEST_TAP  # seconds after the handing-over
    receipts_tell: bool = True  # when a text was on its phone


def arrival_of(broadcast_id: int) -> Arrival:
    """Return how a broadcast's texts arrive, by what its account says today."""
    with connection.cursor() as cursor:
        cursor.execute(PROVIDER, [broadcast_id])
        kind, _, account = (cursor.fetchone() or ("",))[0].partition(":")
        if kind == "simulator":
            return Arrival(pace=config.current().simulator_speed)
        if not account.isdigit():
            return Arrival()
        cursor.execute(OPTIONS, [int(account)])
        row = cursor.fetchone()
    return read_arrival(json.loads(row[0]) if row else {})


def read_arrival(options: Mapping[str, Any]) -> Arrival:
    """Return what an account's options say; one that was made before they were asked for says
    nothing, and what is usual counts."""
    return Arrival(
        soonest_tap=float(options.get(SOONEST_OPTION, SOONEST_TAP)),
        receipts_tell=options.get(RECEIPTS_OPTION) != "no",
    )
