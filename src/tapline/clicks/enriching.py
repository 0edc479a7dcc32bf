"""From a record of the click log and the places it leads to, to one row of the view `clicks`."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tapline.clicklog.record import Line, read_headers
from tapline.clicks.addresses import hash_address, network_of
from tapline.clicks.columns import COLUMNS
from tapline.clicks.devices import describe
from tapline.clicks.evidence import Evidence, Verdict
from tapline.clicks.resolving import MessagePlace, Places
from tapline.clicks.rules import judge
from tapline.geo.book import PlaceBook, place_book
from tapline.geo.network_lists import NetworkBook, network_book
from tapline.geo.ranges import NetworkKind
from tapline.geo.records import Place

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
# Zones change their offset on quarter hours only.
QUARTER_US = 15 * MINUTE_US
# Years 1970 to 2200: a record outside was not made by a working clock.
LATEST_US = 7_258_118_400_000_000
LARGEST_ID = 2**62

Row = tuple[Any, ...]

_encode_json = msgspec.json.Encoder().encode

_TYPES: dict[str, Any] = {
    "BIGINT": np.int64,
    "UINTEGER": np.uint32,
    "USMALLINT": np.uint16,
    "UTINYINT": np.uint8,
    "DOUBLE": np.float64,
}


def is_plausible(record: Line) -> bool:
    """Say whether the numbers of a record fit into the columns that take them."""
    return (
        0 <= record.time_us < LATEST_US
        and 0 <= record.status < 1000
        and 0 < record.count < 2**31
        and 0 <= record.domain < LARGEST_ID
        and 0 <= record.link < LARGEST_ID
        and -1 <= record.position < LARGEST_ID
        and -1 <= record.serial < LARGEST_ID
    )


class Surroundings(NamedTuple):
    """What files say of addresses: where they are, and in what kind of network."""

    places: PlaceBook
    networks: NetworkBook


def look_around() -> Surroundings:
    """Return what files say now; files that changed are taken up."""
    around = Surroundings(place_book(), network_book())
    around.places.refresh()
    around.networks.refresh()
    return around


class Enricher:
    """Makes the rows of one batch; remembers what repeats within it."""

    def __init__(self, places: Places, keys: Mapping[int, bytes], around: Surroundings) -> None:
        self._places = places
        self._keys = keys
        self._around = around

    def row(self, sequence: int, click_id: str, record: Line) -> tuple[Row, MessagePlace]:
        """Return the row of one click, in the order of `COLUMNS`, and the message it counts for."""
        opened = self._places.opened(record)
        place = self._places.link_place(record, opened[0])
        message = self._places.message(record, opened, place.broadcast)
        is_operator = place.is_test or message.is_staff
        network = self._around.networks.find(record.address)
        sight = _sight(
            record.method,
            record.agent,
            bytes(record.headers),
            is_operator,
            record.count,
            network,
        )
        time_us, submitted_us, delivered_us = (
            record.time_us,
            message.submitted_us,
            message.delivered_us,
        )
        hour, weekday = local_time(time_us, message.zone or place.zone)
        spot = self._around.places.find(record.address)
        return (
            sequence,
            click_id,
            time_us,
            time_us // MINUTE_US * MINUTE_US,
            hour,
            weekday,
            *place.columns,
            opened[0],
            message.message,
            message.contact,
            *sight.judged,
            *_NEVER_CORRECTED,
            record.count,
            is_operator,
            record.outcome,
            record.status,
            record.method,
            record.host,
            "" if message.is_erased else record.path,
            None if submitted_us is None else (time_us - submitted_us) / 1_000_000,
            None if delivered_us is None else (time_us - delivered_us) / 1_000_000,
            *sight.device,
            spot.country,
            spot.region,
            *network,
            *(_NOTHING_OF_PERSON if message.is_erased else self._of_person(record, spot, sight)),
        ), message

    def _of_person(self, record: Line, spot: Place, sight: _Sight) -> tuple[str, ...]:
        address, key = record.address, self._keys[record.time_us // DAY_US]
        return (
            spot.city,
            spot.network_name,
            network_of(address),
            hash_address(address, key),
            record.agent,
            sight.headers,
        )


_NOTHING_OF_PERSON = ("",) * 6
_NEVER_CORRECTED = ("", 0)  # the columns earlier_verdict and earlier_rules_version


def as_arrays(rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    """Return the rows as one array per column, the form that DuckDB reads without a detour.

    Measured with `python -m bench ingest`: about 6 µs a click, Parquet included.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for column, values in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        if column.kind == "TIMESTAMP":
            arrays[column.name] = np.array(values, dtype=np.int64).view("datetime64[us]")
        else:
            arrays[column.name] = np.array(values, dtype=_TYPES.get(column.kind, object))
    return arrays


def local_time(time_us: int, zone: str) -> tuple[int, int]:
    """Return hour (0–23) and weekday (0 is Monday) of a moment in a zone; unknown zones are UTC."""
    return _local_quarter(time_us // QUARTER_US, zone)


@functools.lru_cache(maxsize=50_000)
def _local_quarter(quarter: int, zone: str) -> tuple[int, int]:
    moment = dt.datetime.fromtimestamp(quarter * QUARTER_US // 1_000_000, _zone(zone))
    return moment.hour, moment.weekday()


@functools.cache
def _zone(name: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return dt.UTC


class _Sight(NamedTuple):
    """What is said of a request by what it looks like."""

    judged: tuple[bool, str, str, int]  # the columns human, verdict, reasons and rules_version
    device: tuple[str, str, str, str, str]  # the columns device_kind to app
    headers: str


# A broadcast's million taps are a few thousand sights: remembering them saves most of the work per
# click. 2 kB each at most, 40 MB.
@functools.lru_cache(maxsize=20_000)
def _sight(
    method: str,
    agent: str,
    headers: bytes,
    is_operator: bool,  # a cache's key, never written out by hand
    requests: int,
    network: NetworkKind,
) -> _Sight:
    by_name = {name.lower(): value for name, value in read_headers(headers).items()}
    judgement = judge(
        Evidence(
            method=method,
            agent=agent,
            headers=by_name,
            is_operator=is_operator,
            requests=requests,
            network_kind=network.kind,
            network_source=network.source,
        )
    )
    verdict, reasons = judgement.verdict, ",".join(judgement.reasons)
    device = describe(agent)
    return _Sight(
        (verdict is Verdict.HUMAN, verdict.value, reasons, judgement.rules_version),
        (device.kind, device.family, device.os, device.browser, device.app),
        _encode_json(by_name).decode() if by_name else "",
    )
