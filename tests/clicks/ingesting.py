"""A worker's click loops in a process of their own, for tests that kill it.

`python -m tests.clicks.ingesting DATABASE`: small batches, so that a kill hits every stage soon.
"""

from __future__ import annotations

import os
import sys


def main(database: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tapline.settings"
    from tapline import settings
    from tapline.cli import set_up_django

    settings.DATABASES["default"]["NAME"] = database
    set_up_django()
    from tapline.clicks import first_clicks, ingest
    from tapline.clicks.agents import known_agent
    from tapline.clicks.merge import merge_once

    known_agent("warm")  # Half a second of compiling the public list would take every kill.
    ingest.MOST_BYTES_PER_PASS = 10_000
    first_clicks.MOST_PER_TURN = 4
    at_work = True
    while at_work:
        print("pass", flush=True)  # noqa: T201  # the test waits for some of these
        at_work = bool(ingest.ingest_once())
        merge_once()


if __name__ == "__main__":
    main(sys.argv[1])
