"""Which files say where addresses are, where they lie, and how a new one takes its place.

Beside a file that `tapline geo update` brought lies a note (`….json`): where from, when, and its
checksum.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import maxminddb
import msgspec

from tapline.config import Config
from tapline.errors import TaplineError

PIECE_BYTES = 1 << 20


class BadGeoFile(TaplineError):
    """A file is none that tells where addresses are, or not the one that it should be."""


@dataclass(frozen=True, slots=True)
class GeoFileKind:
    """One of the files: its name, and the settings that name its path and where to fetch it."""

    name: str
    path_setting: str
    address_setting: str
    maxmind_edition: str
    says: str


PLACE_FILE = GeoFileKind(
    "place", "geo_place_file", "geo_place_address", "GeoLite2-City", "country, region and city"
)
NETWORK_FILE = GeoFileKind(
    "network", "geo_network_file", "geo_network_address", "GeoLite2-ASN", "who runs a network"
)
GEO_FILES = (PLACE_FILE, NETWORK_FILE)


class Note(msgspec.Struct, frozen=True):
    """Where an installed file came from."""

    source: str
    fetched_at: str  # ISO 8601, UTC
    sha256: str


def path_of(kind: GeoFileKind, settings: Config) -> Path:
    """Return where the file lies, or would: the operator's own, else one in the data folder."""
    chosen: Path | None = getattr(settings, kind.path_setting)
    return chosen or settings.data_dir / "geo" / f"{kind.name}.mmdb"


def read_note(path: Path) -> Note | None:
    """Return where the file at `path` came from, where `tapline geo update` brought it."""
    try:
        return msgspec.json.decode(_note_of(path).read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return None


@contextlib.contextmanager
def draft_beside(path: Path) -> Iterator[Path]:
    """Give a file to write into that can take the place of `path`; removed if it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def install(draft: Path, path: Path, source: str, now: dt.datetime) -> Note:
    """Put a checked draft in the place of `path`, atomically; workers take it up by themselves."""
    note = Note(source, now.astimezone(dt.UTC).isoformat(timespec="seconds"), sha256_of(draft))
    draft.chmod(0o644)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    with draft_beside(_note_of(path)) as told:
        told.write_bytes(msgspec.json.encode(note))
        told.replace(_note_of(path))
    return note


def check_geo_file(path: Path, called: str) -> str:
    """Return what kind of file it says it is; raises `BadGeoFile` for one that cannot be read.

    Looks some addresses up: a file that was cut off opens without a complaint.
    """
    try:
        with maxminddb.open_database(str(path)) as reader:
            for address in _SAMPLE_ADDRESSES[: 2 if reader.metadata().ip_version == 6 else 1]:
                for each in address:
                    reader.get(each)
            return reader.metadata().database_type
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise BadGeoFile(
            f"{called} is no file that tells where addresses are.",
            why=f"{error}",
            do="Give a whole file in MaxMind's format (.mmdb), unpacked.",
        ) from error


def sha256_of(path: Path) -> str:
    """Return a file's checksum in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


# Addresses all over the space, so that a look-up reaches far into a file's data.
_SAMPLE_ADDRESSES = (
    [f"{first}.{first}.8.8" for first in range(1, 224)],
    [f"2{part:03x}:db8::1" for part in range(0, 0x1000, 16)],
)
