"""How fast the report page's questions about clicks are answered, with 20 million clicks stored."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.audience import fresh_instance
from bench.figures import Figure, at_most, percentile, seen

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STORED = int(os.environ.get("BENCH_STORED_CLICKS", "20000000"))
IN_BROADCAST = STORED // 20
IN_SMALL_FILES = IN_BROADCAST // 10
SMALL_FILES = 40
OTHER_FILES = 5
OTHER_BROADCASTS = 38
WORKSPACE, BROADCAST = 1, 1000
ROUNDS = 40
ROUNDS_WITH_NEWS, NEWS = 10, 250
HEADLINE_MS, PAGE_MS = 50, 300

CLICKS = """(
-- Made-up clicks: three in ten are machines, a person taps one and a half times.
select
    {first} + i as sequence,
    'bench-' || ({first} + i) as id,
    timestamp '2026-11-02 12:00:00'
        + to_microseconds(cast(late * 259200e6 as bigint)) as clicked_at,
    date_trunc('minute', clicked_at) as minute,
    cast(hour(clicked_at) as utinyint) as hour_local,
    cast(isodow(clicked_at) - 1 as utinyint) as weekday_local,
    {workspace} as workspace,
    {broadcast} as broadcast,
    cast(broadcast % 5 as bigint) as campaign,
    cast(broadcast % 3 as bigint) as "offer",
    broadcast * 2 + cast(who < 0.3 as bigint) as link,
    link as opened_link,
    broadcast * 10000000 + cast(who * {people} as bigint) as message,
    message as contact,
    cast(kind >= 0.3 as utinyint) as human,
    case when kind >= 0.3 then 'human' when kind < 0.2 then 'preview'
         when kind < 0.28 then 'scanner' else 'unknown' end as verdict,
    case when kind >= 0.3 then '' else 'agent_whatsapp' end as reasons,
    cast(1 as usmallint) as rules_version,
    cast(1 as uinteger) as requests,
    cast(0 as utinyint) as is_operator,
    'redirect' as outcome,
    cast(302 as usmallint) as status,
    'GET' as method,
    'go.example.com' as host,
    substr(md5(cast(message as varchar)), 1, 8) as path,
    late * 259200 + 10 as seconds_since_submit,
    late * 259200 as seconds_since_delivery,
    case when phone < 90 then 'phone' else 'tablet' end as device_kind,
    'Phone ' || phone as device,
    case when phone % 2 = 0 then 'iOS' else 'Android' end as os,
    case when phone % 2 = 0 then 'Mobile Safari' else 'Chrome Mobile' end as browser,
    case when phone % 7 = 0 then 'Instagram' else '' end as app,
    'C' || town % 3 as country,
    'Region ' || town % 50 || ', C' || town % 3 as region,
    'Town ' || town || ', Region ' || town % 50 || ', C' || town % 3 as city,
    'Carrier ' || town % 40 as network_name,
    '198.51.' || (i % 256) || '.0/24' as network,
    substr(md5(cast(i as varchar)), 1, 16) as address_hash,
    'Mozilla/5.0 (made up; Phone ' || phone || ') AppleWebKit/605.1.15' as agent,
    '' as headers
from (
    select
        i,
        random() as kind,
        random() as who,
        power(random(), 4) as late,
        cast(random() * 99 as integer) as phone,
        cast(random() * 400 as integer) as town
    from range({count}) numbers (i)
) made_up
)"""


def run() -> list[Figure]:
    """Fill a click store by SQL, merged files and unmerged ones, and ask as the page asks."""
    with fresh_instance() as folder:
        fill()
        # The first page reads the broadcast's clicks into memory.
        first_cpu_begun = time.process_time()
        first = milliseconds(ask_page)
        first_cpu = (time.process_time() - first_cpu_begun) * 1000
        headline = [milliseconds(ask_headline) for _ in range(ROUNDS)]
        page = [milliseconds(ask_page) for _ in range(ROUNDS)]
        headline_cpu = [milliseconds(ask_headline, time.process_time) for _ in range(ROUNDS)]
        page_cpu = [milliseconds(ask_page, time.process_time) for _ in range(ROUNDS)]
        with_news = [milliseconds(ask_page) for _ in news()]
        again = [milliseconds(partial(ask_page, anew=False)) for _ in range(ROUNDS)]
        size = sum(path.stat().st_size for path in (folder / "clicks").glob("*.parquet"))
        files = OTHER_FILES + 1 + SMALL_FILES
        note = f"{STORED:,} clicks in {files} files, {IN_BROADCAST:,} of the broadcast"
        return [
            at_most(
                "headline, 95th percentile", percentile(headline, 0.95), "ms", HEADLINE_MS, note
            ),
            seen("first page after a start", first, "ms", f"{first_cpu:.0f} ms of CPU time"),
            seen("headline, p50", percentile(headline, 0.5), "ms"),
            at_most("whole page, p95", percentile(page, 0.95), "ms", PAGE_MS, note),
            seen("whole page, p50", percentile(page, 0.5), "ms", slowest_questions()),
            seen("headline, CPU time, p50", percentile(headline_cpu, 0.5), "ms"),
            seen("whole page, CPU time, p50", percentile(page_cpu, 0.5), "ms", "all threads"),
            seen("whole page, clicks just came in, p95", percentile(with_news, 0.95), "ms"),
            seen("whole page, no click since, p95", percentile(again, 0.95), "ms"),
            seen("bytes kept per click", size / STORED, "B"),
        ]


def fill() -> None:
    """Write and list the files: other broadcasts' large ones, this one's, and unmerged ones."""
    per_file = (STORED - IN_BROADCAST) // OTHER_FILES
    per_broadcast = OTHER_BROADCASTS // OTHER_FILES + 1
    first = 0
    for number in range(OTHER_FILES):
        others = f"cast({1 + number * per_broadcast} + i % {per_broadcast} as bigint)"
        first = add_file(first, per_file, others, level=5)
    first = add_file(first, IN_BROADCAST - IN_SMALL_FILES, f"cast({BROADCAST} as bigint)", level=4)
    for _ in range(SMALL_FILES):
        count = IN_SMALL_FILES // SMALL_FILES
        first = add_file(first, count, f"cast({BROADCAST} as bigint)", level=0)


def news() -> Iterator[int]:
    """List another small file of the broadcast before each look at its page."""
    first = STORED
    for _ in range(ROUNDS_WITH_NEWS):
        first = add_file(first, NEWS, f"cast({BROADCAST} as bigint)", level=0)
        yield first


def add_file(first: int, count: int, broadcast: str, *, level: int) -> int:
    """Write and list one file of made-up clicks; return the next sequence."""
    source = CLICKS.format(
        first=first,
        count=count,
        workspace=f"cast({WORKSPACE} as bigint)",
        broadcast=broadcast,
        people=IN_BROADCAST * 2 // 3,
    )
    list_clicks(source, level)
    return first + count


def list_clicks(source: str, level: int) -> None:
    """Write and list one file of the clicks that `source` makes up, as `CLICKS` does."""
    from django.db import transaction

    from tapline.clicks import store
    from tapline.clicks.listing import add_files, ensure_counter, raise_version
    from tapline.clicks.parquet import write_file

    ensure_counter()
    database = store.connect(threads=2, memory="2GB")
    written = write_file(database, store.folder(), with_other_columns(database, source))
    database.close()
    assert written is not None
    with transaction.atomic():
        add_files([written], level)
        raise_version()


def with_other_columns(database: DuckDBPyConnection, source: str) -> str:
    """Return `source` with «nothing» in every column that `CLICKS` does not make up."""
    from tapline.clicks.columns import COLUMNS, empty_value

    made = {name for name, *_ in database.execute(f"describe select * from {source}").fetchall()}
    others = [f"{empty_value(each)} as {each.name}" for each in COLUMNS if each.name not in made]
    return f"(select {', '.join(['*', *others])} from {source})"


def questions() -> Sequence[Callable[[int, int], Any]]:
    """Return every question that the report page asks about clicks."""
    from tapline.clicks import heat, newest, openings, reports

    return (
        reports.summarise,
        openings.by_reason,
        reports.by_minute,
        reports.by_link,
        reports.by_device_kind,
        reports.by_device,
        reports.by_os,
        reports.by_browser,
        reports.time_to_tap,
        heat.by_hour_of_week,
        reports.by_hour,
        reports.by_weekday,
        reports.by_country,
        reports.by_region,
        reports.by_city,
        reports.by_network,
        newest.recent_clicks,
    )


def ask_headline() -> None:
    from tapline.clicks.reports import summarise

    forget_answers()
    assert summarise(WORKSPACE, BROADCAST).human_clicks > 0


def ask_page(*, anew: bool = True) -> None:
    if anew:
        forget_answers()
    for ask in questions():
        ask(WORKSPACE, BROADCAST)


def forget_answers() -> None:
    """Have every question counted again, as after each new click."""
    from tapline.clicks import slices

    for part in slices._slices.values():
        part.answers.clear()


def slowest_questions() -> str:
    """Return what each question takes, slowest first."""
    forget_answers()
    timed = [(milliseconds(partial(ask, WORKSPACE, BROADCAST)), ask) for ask in questions()]
    timed.sort(key=lambda pair: pair[0], reverse=True)
    return ", ".join(f"{ask.__name__} {ms:.0f}" for ms, ask in timed)


def milliseconds(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    begun = clock()
    work()
    return (clock() - begun) * 1000
