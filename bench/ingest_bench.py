"""How many clicks one core takes in, enriched and judged, and what one verdict costs."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.audience import (
    OtherWriter,
    fresh_instance,
    make_audience,
    prepare_fully,
    start_broadcast,
)
from bench.figures import Figure, at_least, at_most, seen

if TYPE_CHECKING:
    from tapline.broadcasts.models import Broadcast
    from tapline.clicklog.record import Record

CLICKS = int(os.environ.get("BENCH_CLICKS", "200000"))
RECIPIENTS = 100_000
SEGMENTS = 4
CLICKS_PER_SECOND = 20_000
VERDICT_US = 15
VERDICTS = 100_000

PHONES = (
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS {v}_{n} like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/{v}.{n} Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Linux; Android {v}; SM-S9{n}8B) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/1{n}.0.0.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS {v}_{n} like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Mobile/15E148 Instagram 3{n}.0.4.32.98 (iPhone14,5; iOS {v}_{n})"
    ),
)
MACHINES = (
    "WhatsApp/2.23.20.0 A",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko)"
        " Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    ),
    "GoogleMessages",
)
HEADERS = {
    "sec-fetch-site": "none",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-GB,en;q=0.9",
}


def run() -> list[Figure]:
    """Take a click log of phone-like requests in while another connection writes."""
    with fresh_instance():
        broadcast = start_broadcast(make_audience(RECIPIENTS))
        prepare_fully(broadcast)
        write_log(broadcast, CLICKS)
        write_places()
        ingest_some()  # Compiling the patterns is paid once per process, not per click.
        others = OtherWriter()
        others.start()
        begun, cpu_begun = time.perf_counter(), time.thread_time()
        taken = ingest_some(all_of_it=True)
        seconds, cpu_seconds = time.perf_counter() - begun, time.thread_time() - cpu_begun
        others.stop()
        return [
            at_least("clicks of one core", taken / cpu_seconds, "clicks/s", CLICKS_PER_SECOND),
            seen("clicks by the clock, another writing", taken / seconds, "clicks/s"),
            at_most("a verdict, agent known", microseconds_per_verdict(), "µs", VERDICT_US),
            seen("a place, address new, network known", microseconds_per_place(), "µs"),
            seen("others' writes, slowest", others.percentile_ms(1.0), "ms"),
            seen("others' writes, 99th percentile", others.percentile_ms(0.99), "ms"),
            seen("bytes kept per click", bytes_per_click(), "B"),
        ]


def ingest_some(*, all_of_it: bool = False) -> int:
    """Take in one batch, or all there is; return how many clicks."""
    from tapline.clicks.ingest import ingest_once

    taken = ingest_once()
    while all_of_it and (more := ingest_once()):
        taken += more
    return taken


def write_log(broadcast: Broadcast, count: int) -> None:
    """Write `count` clicks of random recipients to a few segments."""
    from tapline import config
    from tapline.clicklog.record import encode_line
    from tapline.clicklog.segment import Segment

    records = make_records(broadcast, count)
    for part in range(SEGMENTS):
        lines = b"".join(encode_line(record) for record in records[part::SEGMENTS])
        Segment(config.current().click_log_dir, lines).close()


def make_records(broadcast: Broadcast, count: int) -> Sequence[Record]:
    """Return clicks of some thousand agents; three in ten are machines."""
    from tapline.clicklog.record import Record

    rng = random.Random(1)
    link = broadcast.links.get().link
    agents = [phone.format(v=v, n=n) for phone in PHONES for v in range(12, 19) for n in range(99)]
    start_us = int(time.time() * 1_000_000)
    return [
        Record(
            time_us=start_us + number * 1_000,
            host=link.domain.host,
            domain=link.domain_id,
            path="BCDFGHJK",
            generation=1,
            serial=number,
            link=link.pk,
            position=rng.randrange(RECIPIENTS),
            outcome="redirect",
            status=302,
            method="GET",
            address=f"198.51.{rng.randrange(256)}.{rng.randrange(256)}",
            agent=rng.choice(MACHINES if rng.random() < 0.3 else agents),
            headers=HEADERS,
        )
        for number in range(count)
    ]


def write_places() -> None:
    """Write files that say where the clicks come from, as large a record each as MaxMind's."""
    from tests.geo.mmdb import write_mmdb

    from tapline import config
    from tapline.geo.files import NETWORK_FILE, PLACE_FILE, path_of

    settings = config.current()
    networks = [f"198.51.{third}.0/24" for third in range(256)]
    write_mmdb(path_of(PLACE_FILE, settings), {each: place_record(each) for each in networks})
    write_mmdb(
        path_of(NETWORK_FILE, settings),
        {each: {"autonomous_system_organization": f"Mobile {each}"} for each in networks},
    )


def place_record(network: str) -> dict[str, object]:
    """Return a record with names in eight languages."""
    languages = ("de", "en", "es", "fr", "ja", "pt-BR", "ru", "zh-CN")
    names = {"names": dict.fromkeys(languages, f"Place {network}")}
    return {
        "continent": names,
        "country": {"iso_code": "US", **names},
        "subdivisions": [{"iso_code": "FL", **names}],
        "city": names,
        "location": {"latitude": 25.7, "longitude": -80.2, "time_zone": "America/New_York"},
    }


def microseconds_per_place() -> float:
    """Return what finding the place of an address costs that was not asked for before."""
    from tapline.geo.book import place_book

    book = place_book()
    book.refresh()
    addresses = [f"198.51.{number >> 8}.{number & 255}" for number in range(65_536)]
    begun = time.process_time()
    for address in addresses:
        book._look_up(address)
    return (time.process_time() - begun) / len(addresses) * 1_000_000


def microseconds_per_verdict() -> float:
    """Return what judging costs once an agent has been seen."""
    from tapline.clicks.evidence import Evidence
    from tapline.clicks.rules import judge

    agent = PHONES[0].format(v=17, n=5)
    begun = time.process_time()
    for _ in range(VERDICTS):
        judge(Evidence(method="GET", agent=agent, headers=HEADERS, is_operator=False))
    return (time.process_time() - begun) / VERDICTS * 1_000_000


def bytes_per_click() -> float:
    """Return the size of the files, divided by their rows."""
    from tapline.clicks.models import ClickFile

    sizes = list(ClickFile.objects.values_list("size_bytes", "rows"))
    return sum(size for size, _ in sizes) / sum(rows for _, rows in sizes)
