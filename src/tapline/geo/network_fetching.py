"""Where lists of network ranges are fetched: what their networks' owners publish."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tapline.config import BadSetting, Config
from tapline.geo.fetching import Source, fetch_first
from tapline.geo.network_lists import read_published
from tapline.geo.ranges import HOSTING, KINDS, PREVIEW, RangeList


class ListSource(NamedTuple):
    """One list that somebody publishes."""

    name: str
    kind: str
    address: str


# Google's fetchers that act for its users, Google Messages' previews among them, and those that its
# users run: developers.google.com/crawling/docs/crawlers-fetchers/google-user-triggered-fetchers.
# Amazon's: docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html.
SOURCES = (
    ListSource(
        "google-fetchers",
        PREVIEW,
        "https://developers.google.com/static/crawling/ipranges/user-triggered-fetchers-google.json",
    ),
    ListSource(
        "google-user-fetchers",
        HOSTING,
        "https://developers.google.com/static/crawling/ipranges/user-triggered-fetchers.json",
    ),
    ListSource("google-cloud", HOSTING, "https://www.gstatic.com/ipranges/cloud.json"),
    ListSource("amazon", HOSTING, "https://ip-ranges.amazonaws.com/ip-ranges.json"),
)


def list_sources(settings: Config) -> Sequence[ListSource]:
    """Return the lists that the operator names («kind address», with commas), else the usual ones.

    Raises `BadSetting`.
    """
    if not settings.networks_addresses.strip():
        return SOURCES
    return [_read_source(text) for text in settings.networks_addresses.split(",") if text.strip()]


def fetch_lists(sources: Sequence[ListSource], settings: Config, today: dt.date) -> list[RangeList]:
    """Fetch all of the lists; raises `TaplineError` where one cannot be had."""
    lists = []
    with tempfile.TemporaryDirectory(prefix="tapline-networks-") as folder:
        target = Path(folder) / "list"
        for each in sources:
            fetch_first([Source(each.address)], target, settings)
            content = target.read_bytes()
            lists.append(read_published(content, each.name, each.kind, each.address, today))
    return lists


def _read_source(text: str) -> ListSource:
    kind, _, address = text.strip().partition(" ")
    parts = urlsplit(address.strip())
    if kind not in KINDS or not parts.hostname:
        raise BadSetting(
            f"'{text.strip()}' in TAPLINE_NETWORKS_ADDRESSES cannot be used.",
            why=f"It must be a kind ({', '.join(KINDS)}), a space, and an address.",
            do="Write it like: hosting https://lists.example.com/hosting.txt",
        )
    name = parts.path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return ListSource(f"{parts.hostname}/{name}", kind, address.strip())
