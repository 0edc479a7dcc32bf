"""What quiet hours cost: preparing and sending with them on against off, in CPU-seconds.

An audience as it may be: area codes of the whole US, states and ZIP codes for some. «Off» neither
looks places up nor asks what is open; «by day» every place is open; «at dusk» one in four is closed
and is passed over. CPU time, because it is compared, and other programs may be at work.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from bench.audience import fresh_instance, make_audience, prepare_fully, start_broadcast
from bench.figures import Figure, at_most, seen
from bench.send_bench import AtOnce

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "100000"))
ROUNDS = 3
MOST_ADDED_PERCENT = 15

# Noon in New York, when Hawaii sleeps; and half past eight in the evening there, when the states
# that close at eight have closed, and all that reach into their time zones.
NOON, DUSK = (dt.datetime(2026, 3, 4, hour, 30, tzinfo=dt.UTC) for hour in (18, 1))
WHEN = {"off": NOON, "by day": NOON, "at dusk": DUSK}

GIVE_PLACES = """
-- Real area codes by turns; a state for three in ten, its ZIP code for one in ten.
update contacts_contact set
  phone = '+1' || (select code from temp.bench_area where id = contacts_contact.id %% %(codes)s)
    || substr('0000000' || contacts_contact.id, -7),
  attributes = case
    when id %% 10 = 0 then json_set(attributes, '$.state', 'FL', '$.zip', '33101')
    when id %% 10 < 3 then json_set(attributes, '$.state', 'NY')
    else attributes end
"""


def run() -> list[Figure]:
    """Return what hours add to preparing and to sending, by the median of rounds taken by turns."""
    seen_so_far: dict[str, list[dict[str, float]]] = {mode: [] for mode in WHEN}
    for _ in range(ROUNDS):
        for mode in WHEN:
            seen_so_far[mode].append(_measured(mode))
    figures = []
    for step in ("prepare", "send"):
        base = statistics.median(each[step] for each in seen_so_far["off"])
        figures.append(seen(f"{step}, hours off", base, "µs of CPU a message"))
        for mode in ("by day", "at dusk"):
            took = statistics.median(each[step] for each in seen_so_far[mode])
            added = (took / base - 1) * 100
            figures.append(at_most(f"{step}, hours add {mode}", added, "%", MOST_ADDED_PERCENT))
    return figures


def _measured(mode: str) -> dict[str, float]:
    """Return one round's microseconds of CPU per message, in a process of its own."""
    hours = "off" if mode == "off" else "always"
    ran = subprocess.run(
        [sys.executable, "-m", "bench.hours_bench", mode],
        env={**os.environ, "TAPLINE_QUIET_HOURS": hours},
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: dict[str, float] = json.loads(ran.stdout)
    return measured


def _play(mode: str) -> dict[str, float]:
    with fresh_instance():
        from tapline.broadcasts import preparing
        from tapline.broadcasts.models import Message
        from tapline.broadcasts.sending import Sender

        workspace = make_audience(CONTACTS)
        _give_places()
        if mode == "off":
            vars(preparing)["place_sql"] = lambda contact: "''"
        broadcast = start_broadcast(workspace)
        prepared = _cpu(lambda: prepare_fully(broadcast))
        provider, late = AtOnce(), WHEN[mode] - dt.datetime.now(dt.UTC)
        sender = Sender(
            find_provider=lambda name: provider, now=lambda: dt.datetime.now(dt.UTC) + late
        )
        sent = _cpu(lambda: _send_all(sender))
        count = Message.objects.filter(broadcast=broadcast, state="accepted").count()
        states = Counter(
            Message.objects.filter(broadcast=broadcast).values_list("state", flat=True)
        )
        asleep = CONTACTS - count if mode == "at dusk" else 0
        assert (states["accepted"], states["pending"]) == (CONTACTS - asleep, asleep), states
        assert mode != "at dusk" or CONTACTS // 3 < count < CONTACTS, states
        return {"prepare": prepared / CONTACTS * 1e6, "send": sent / count * 1e6, "sent": count}


def _give_places() -> None:
    from django.db import connection

    from tapline.hours.regions import TERRITORIES, area_codes

    elsewhere = {*TERRITORIES, "US-HI"}  # It is night there at noon in New York.
    found = [(code, regions[0]) for code, regions in area_codes().items()]
    codes = [code for code, its in found if its.startswith("US-") and its not in elsewhere]
    with connection.cursor() as cursor:
        cursor.execute("create temporary table bench_area (id integer primary key, code text)")
        cursor.executemany("insert into bench_area values (%s, %s)", list(enumerate(codes)))
        cursor.execute(GIVE_PLACES, {"codes": len(codes)})


def _send_all(sender: Any) -> None:
    while sender.send_next():
        pass


def _cpu(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    print(json.dumps(_play(sys.argv[1])))
