"""Lists of network ranges: reading what publishers give, keeping them, noticing new ones.

Kept in `geo/networks.json` of the data folder; a file of the operator's own, in the same form,
counts beside it.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tapline import config
from tapline.config import Config
from tapline.errors import TaplineError
from tapline.geo.addresses import file_mark, pack_address
from tapline.geo.files import draft_beside
from tapline.geo.ranges import KINDS, NO_KIND, NetworkKind, RangeList, RangeTable, read_range

logger = logging.getLogger(__name__)

_Kept = dict[str, list[RangeList]]  # {"lists": […]}

# What `tapline networks update` fetches takes some 10 MB. Ingest reads the file, and waits.
LARGEST_BYTES = 64_000_000


class BadNetworkList(TaplineError):
    """A list of networks cannot be used."""


def networks_path(settings: Config) -> Path:
    """Return where `tapline networks update` keeps what it fetched."""
    return settings.data_dir / "geo" / "networks.json"


def read_lists(path: Path) -> list[RangeList]:
    """Return the lists in a file of ours or the operator's; raises `BadNetworkList`."""
    try:
        _refuse_oversized(path)
        lists = msgspec.json.decode(path.read_bytes(), type=_Kept)["lists"]
    except (OSError, KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadNetworkList(
            f"{path} holds no lists of networks.",
            why=f"{error}.",
            do="Write it as docs/places.md shows, or fetch lists with `tapline networks update`.",
        ) from error
    for each in lists:
        _check(each, path)
    return lists


def keep_lists(lists: Sequence[RangeList], path: Path) -> None:
    """Put lists in the place of those at `path`, atomically; workers take them up."""
    with draft_beside(path) as draft:
        draft.write_bytes(msgspec.json.encode({"lists": lists}))
        draft.replace(path)


def read_published(content: bytes, name: str, kind: str, source: str, today: dt.date) -> RangeList:
    """Return what a publisher's list says: JSON with ranges anywhere in it, or text with a range
    at the beginning of each line. Raises `BadNetworkList` for one without any: such are given out
    with «200 OK» when a list has moved.
    """
    published = today
    try:
        told: Any = json.loads(content)
        ranges = list(dict.fromkeys(_ranges_in(told)))
        published = _date_of(told) or today
    except ValueError:  # no JSON
        lines = content.decode("utf-8", "replace").splitlines()
        firsts = (line.split("#")[0].split(",")[0].strip().strip('"') for line in lines)
        ranges = [text for text in dict.fromkeys(firsts) if _is_range(text)]
    if not ranges:
        raise BadNetworkList(
            f"{source} names no network.",
            why="It is no list of ranges, or it has moved.",
            do="Look at the address, and name the right one in TAPLINE_NETWORKS_ADDRESSES.",
        )
    return RangeList(name, kind, source, f"{published:%Y-%m-%d}", ranges)


class NetworkBook:
    """The kinds of networks, from up to two files. One thread at a time."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._marks: tuple[object, ...] = ()
        self._table: RangeTable | None = None
        self.problems: tuple[str, ...] = ()

    def refresh(self) -> None:
        """Take up files that changed. Call it now and then: it costs two looks at the folder."""
        marks = tuple(file_mark(path) for path in self._paths)
        if marks == self._marks:
            return
        self._marks = marks
        lists, problems = [], []
        for path in (path for path, mark in zip(self._paths, marks, strict=True) if mark):
            try:
                lists += read_lists(path)
            except BadNetworkList as error:
                problems.append(f"{error.what} {error.why}")
                logger.error("%s", problems[-1])
        self._table = RangeTable(lists) if lists else None
        self.problems = tuple(problems)

    def find(self, address: str) -> NetworkKind:
        """Return the kind of network that an address lies in, and which list says so."""
        if self._table is None:
            return NO_KIND
        packed = pack_address(address)
        return self._table.find(packed) if packed else NO_KIND


@functools.cache
def network_book() -> NetworkBook:
    """Return this process's book of networks, from the files that its settings name."""
    settings = config.current()
    own = [settings.networks_file] if settings.networks_file else []
    return NetworkBook(networks_path(settings), *own)


def _refuse_oversized(path: Path) -> None:
    """Raise before a file that is no list of ours is read into memory."""
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise BadNetworkList(
            f"{path} is too large.",
            why=f"It has {size:,} bytes; lists of networks have up to {LARGEST_BYTES:,}.",
            do="Keep only the lists that matter; until then the file counts as empty.",
        )


def _check(each: RangeList, path: Path) -> None:
    wrong = next((text for text in each.ranges if read_range(text) is None), None)
    if each.kind in KINDS and wrong is None:
        return
    raise BadNetworkList(
        f"The list '{each.name}' in {path} cannot be used.",
        why=f"'{wrong}' is no range of a network, or far too large."
        if each.kind in KINDS
        else f"Its kind '{each.kind}' is none of {', '.join(KINDS)}.",
        do="Correct it; until then the file counts as empty.",
    )


def _ranges_in(told: Any) -> Iterator[str]:
    """Find ranges wherever they stand: publishers nest them under names of their own."""
    if isinstance(told, dict):
        for value in told.values():
            yield from _ranges_in(value)
    elif isinstance(told, list):
        for value in told:
            yield from _ranges_in(value)
    elif isinstance(told, str) and _is_range(told):
        yield told


def _is_range(text: str) -> bool:
    return "/" in text and read_range(text) is not None


def _date_of(told: Any) -> dt.date | None:
    """Return the day that a publisher gives: Google's `creationTime`, Amazon's `createDate`."""
    if not isinstance(told, dict):
        return None
    text = told.get("creationTime") or told.get("createDate") or ""
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
