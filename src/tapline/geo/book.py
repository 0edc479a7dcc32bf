"""Looks addresses up in the operator's files, and notices when these change.

A file is opened when it appears, opened again when another one takes its place, and let go when it
is gone: no restart. What cannot be read is told once, and place is unknown until it can.
"""

from __future__ import annotations

import functools
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import maxminddb
from maxminddb import InvalidDatabaseError

from tapline import config
from tapline.geo.addresses import FileMark, file_mark, pack_address
from tapline.geo.files import NETWORK_FILE, PLACE_FILE, path_of
from tapline.geo.records import NOWHERE, Place, Record, read_network_name, read_spot

logger = logging.getLogger(__name__)

# Addresses, and networks of a file, whose places are remembered: some 200 bytes each.
MOST_REMEMBERED = 50_000
# A broken file can fail in more ways than the one that its reader names.
_UNREADABLE = (InvalidDatabaseError, OSError, ValueError, TypeError, KeyError, RecursionError)

Read = TypeVar("Read")


class Credit(NamedTuple):
    """Whose data it is, where their licence asks to say so wherever it is shown."""

    words: str
    url: str


# By what their files call themselves. DB-IP's licence is CC BY 4.0, MaxMind's its GeoLite EULA.
CREDITS = {
    "DBIP": Credit("IP Geolocation by DB-IP", "https://db-ip.com"),
    "GeoLite": Credit("GeoLite data created by MaxMind", "https://www.maxmind.com"),
}


class GeoFile(Generic[Read]):
    """One file in MaxMind's format, opened again when it changes; `read` reads its records.

    Records are remembered by the network that they speak of: reading one takes 20 µs, with its
    names in eight languages, and an address of a network that is known 2 µs.
    """

    def __init__(self, path: Path, read: Callable[[Record], Read]) -> None:
        self.path = path
        self.problem = ""  # why it cannot be read; empty where it can, and where it is not there
        self._read = read
        self._mark: FileMark | None = None
        self._reader: maxminddb.Reader | None = None
        self._known: dict[tuple[int, int, int], Read] = {}
        self._lengths: set[tuple[int, int]] = set()  # bits of an address, and of a known network

    @property
    def is_there(self) -> bool:
        return self._reader is not None

    @property
    def kind(self) -> str:
        """What the file calls itself, such as DBIP-City-Lite; empty without a file."""
        return self._reader.metadata().database_type if self._reader else ""

    def refresh(self) -> bool:
        """Look whether the file is another one than before; say whether it is."""
        mark = file_mark(self.path)
        if mark == self._mark:
            return False
        self._mark = mark
        self._forget()
        # The old reader is not closed: a look-up of another thread may be under way.
        self._reader, self.problem = None, ""
        if mark is not None:
            try:
                self._reader = maxminddb.open_database(str(self.path))
            except _UNREADABLE as error:
                self._tell(error)
        return True

    def look_up(self, address: str) -> Read | None:
        """Return what the record of an address says; None without a file, a record, an address."""
        packed = pack_address(address)
        if self._reader is None or packed is None:
            return None
        bits, number = len(packed) * 8, int.from_bytes(packed, "big")
        for at, length in self._lengths:
            if at == bits:
                found = self._known.get((bits, length, number >> bits - length))
                if found is not None:
                    return found
        try:
            # Of one of IPv4 in IPv6's clothes, what is inside.
            asked = socket.inet_ntop(socket.AF_INET, packed) if bits == 32 else address
            record, length = self._reader.get_with_prefix_len(asked)
            read = self._read(record if isinstance(record, dict) else {})
        except _UNREADABLE as error:
            self._tell(error)
            return None
        self._remember((bits, length, number >> bits - length), read)
        return read

    def _remember(self, network: tuple[int, int, int], read: Read) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._forget()
        self._known[network] = read
        self._lengths.add(network[:2])

    def _forget(self) -> None:
        self._known.clear()
        self._lengths.clear()

    def _tell(self, error: Exception) -> None:
        problem = f"{self.path} cannot be read: {error or type(error).__name__}"
        if problem != self.problem:
            self.problem = problem
            logger.error("%s; where taps came from is unknown", problem)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What can be known of places now."""

    knows_places: bool
    knows_networks: bool
    problems: tuple[str, ...]
    credits: tuple[Credit, ...]


class PlaceBook:
    """The places of addresses, from up to two files. One thread at a time."""

    def __init__(self, place_path: Path, network_path: Path) -> None:
        self._place: GeoFile[Place] = GeoFile(place_path, read_spot)
        self._network: GeoFile[str] = GeoFile(network_path, read_network_name)
        self._remembered: dict[str, Place] = {}

    def refresh(self) -> None:
        """Take up files that changed. Call it now and then: it costs two looks at the folder."""
        changed = [file.refresh() for file in (self._place, self._network)]
        if any(changed):
            self._remembered.clear()

    def find(self, address: str) -> Place:
        """Return where an address is; remembered, since people tap more than once."""
        place = self._remembered.get(address)
        if place is None:
            place = self._look_up(address)
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[address] = place
        return place

    def coverage(self) -> Coverage:
        """Return what is known now."""
        files: tuple[GeoFile[Any], ...] = (self._place, self._network)
        problems = tuple(file.problem for file in files if file.problem)
        kinds = [file.kind for file in files]
        named = (each for begin, each in CREDITS.items() if any(k.startswith(begin) for k in kinds))
        return Coverage(self._place.is_there, self._network.is_there, problems, tuple(named))

    def _look_up(self, address: str) -> Place:
        spot = self._place.look_up(address)
        name = self._network.look_up(address)
        if spot is None:
            return Place(network_name=name) if name else NOWHERE
        return spot._replace(network_name=name) if name else spot


@functools.cache
def place_book() -> PlaceBook:
    """Return this process's book of places, from the files that its settings name."""
    settings = config.current()
    return PlaceBook(path_of(PLACE_FILE, settings), path_of(NETWORK_FILE, settings))
