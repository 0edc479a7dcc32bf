"""Where files with places are fetched, and how a download becomes a file that can be read.

Sources: DB-IP's free files, monthly (db-ip.com/db/download/ip-to-city-lite, CC BY 4.0), and
MaxMind's GeoLite, by account and licence key, with a checksum beside each
(dev.maxmind.com/geoip/updating-databases).
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import logging
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx2

from tapline.config import Config
from tapline.errors import TaplineError
from tapline.geo.files import (
    PIECE_BYTES,
    BadGeoFile,
    GeoFileKind,
    check_geo_file,
    draft_beside,
    install,
    path_of,
    read_note,
)
from tapline.outbound import Forbidden, make_client

# It tells every request at the level of our own events, tickets in addresses among it.
logging.getLogger("httpx2").setLevel(logging.WARNING)

DB_IP = {
    "place": "https://download.db-ip.com/free/dbip-city-lite-{month}.mmdb.gz",
    "network": "https://download.db-ip.com/free/dbip-asn-lite-{month}.mmdb.gz",
}
MAXMIND = "https://download.maxmind.com/geoip/databases/{edition}/download?suffix=tar.gz"
CHECKSUM_MARK = "#sha256="
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
# The largest of these files, unpacked, takes some hundred MB.
MOST_BYTES = 2 * 1024 * 1024 * 1024
GZIP = b"\x1f\x8b"


class FetchFailed(TaplineError):
    """A file could not be fetched, or is not what its source promised."""


class Readable(Protocol):
    """A file that is read in pieces."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file is fetched. `checksum_address` is empty where its source publishes none."""

    address: str
    checksum_address: str = ""
    checksum: str = ""  # SHA-256 in hex, where the operator knows it
    login: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Updated:
    """A file that was put in its place."""

    kind: GeoFileKind
    path: Path
    says: str  # what the file calls itself
    source: str
    sha256: str
    is_new: bool  # another one than before


def sources_of(kind: GeoFileKind, settings: Config, today: dt.date) -> list[Source]:
    """Return where a file is fetched: the first that has it counts.

    Early in a month its file may not be there yet; then last month's is taken.
    """
    address = getattr(settings, kind.address_setting)
    if not address and settings.geo_maxmind_key:
        return [_maxmind(kind, settings)]
    address, _, checksum = (address or DB_IP[kind.name]).partition(CHECKSUM_MARK)
    months = [today, today.replace(day=1) - dt.timedelta(days=1)]
    addresses = [address.replace("{month}", f"{month:%Y-%m}") for month in months]
    return [Source(each, checksum=checksum.lower()) for each in dict.fromkeys(addresses)]


def update(kind: GeoFileKind, settings: Config, now: dt.datetime) -> Updated:
    """Fetch a file and put it in its place; raises `TaplineError`, and the old one stays then."""
    path = path_of(kind, settings)
    with draft_beside(path) as packed, draft_beside(path) as draft:
        source = fetch_first(sources_of(kind, settings, now.date()), packed, settings)
        unpack(packed, draft)
        return _put(kind, draft, path, source.address, now)


def bring(kind: GeoFileKind, file: Path, settings: Config, now: dt.datetime) -> Updated:
    """Put a copy of the operator's own file in its place; raises `TaplineError`."""
    path = path_of(kind, settings)
    with draft_beside(path) as draft:
        try:
            unpack(file, draft)
        except OSError as error:
            raise BadGeoFile(
                f"{file} cannot be read.", why=f"{error.strerror or error}.", do="Name another."
            ) from error
        return _put(kind, draft, path, str(file.resolve()), now)


def fetch_first(sources: list[Source], target: Path, settings: Config) -> Source:
    """Download from the first source that has the file; raises `FetchFailed`."""
    for source in sources:
        if _download(source, target, settings):
            return source
    raise FetchFailed(
        f"There is nothing at {sources[-1].address}.",
        why="The server answered 404.",
        do="Look whether its address has changed, and name the new one in the setting.",
    )


def unpack(packed: Path, draft: Path) -> None:
    """Write the file inside a download, which may be packed by gzip and tar, to `draft`."""
    with packed.open("rb") as file:
        is_packed = file.read(2) == GZIP
    try:
        if not is_packed:
            with packed.open("rb") as plain:
                _copy(plain, draft)
        elif tarfile.is_tarfile(packed):
            _unpack_tar(packed, draft)
        else:
            with gzip.open(packed) as unpacked:
                _copy(unpacked, draft)
    except (gzip.BadGzipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise BadGeoFile(
            "What was fetched cannot be unpacked.",
            why=f"{error}.",
            do="Try again: the download may have been cut off.",
        ) from error


def _put(kind: GeoFileKind, draft: Path, path: Path, source: str, now: dt.datetime) -> Updated:
    says = check_geo_file(draft, source)
    before = read_note(path) if path.exists() else None
    note = install(draft, path, source, now)
    return Updated(kind, path, says, source, note.sha256, note.sha256 != (before and before.sha256))


def _maxmind(kind: GeoFileKind, settings: Config) -> Source:
    address = MAXMIND.format(edition=kind.maxmind_edition)
    login = (settings.geo_maxmind_account, settings.geo_maxmind_key)
    return Source(address, checksum_address=f"{address}.sha256", login=login)


def _download(source: Source, target: Path, settings: Config) -> bool:
    """Write what is at the source to `target`; say whether there was anything."""
    try:
        with make_client(timeout=TIMEOUT, allows_local=settings.outbound_local) as client:
            # Each further address passes the same guard, and gets no login of the first.
            client.follow_redirects = True
            expected = source.checksum or _published_checksum(client, source)
            with client.stream("GET", source.address, auth=source.login) as response:
                if response.status_code == httpx2.codes.NOT_FOUND:
                    return False
                response.raise_for_status()
                found = _write(response, source, target)
    except Forbidden as error:
        raise FetchFailed(
            f"{source.address} is not asked.",
            why=f"{error}",
            do="Name a public address, or set TAPLINE_OUTBOUND_LOCAL for a mirror of your own.",
        ) from error
    except httpx2.HTTPStatusError as error:
        raise _refused(source, error.response.status_code) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FetchFailed(
            f"{source.address} cannot be reached.",
            why=f"{error or type(error).__name__}.",
            do="Look at the address and this machine's way to the internet, and try again.",
        ) from error
    if expected and found != expected:
        raise FetchFailed(
            f"What came from {source.address} is not what its checksum promises.",
            why=f"Its SHA-256 is {found}, not {expected}.",
            do="Try again; the file in use stays as it is.",
        )
    return True


def _published_checksum(client: httpx2.Client, source: Source) -> str:
    """Return the checksum that the source publishes («hex  file name»), if it does."""
    if not source.checksum_address:
        return ""
    response = client.get(source.checksum_address, auth=source.login)
    response.raise_for_status()
    return response.text.split()[0].lower() if response.text.strip() else ""


def _write(response: httpx2.Response, source: Source, target: Path) -> str:
    """Write a body within bounds; return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for piece in response.iter_bytes(PIECE_BYTES):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_large(source.address)
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _unpack_tar(packed: Path, draft: Path) -> None:
    with tarfile.open(packed) as archive:
        for member in archive:
            inside = archive.extractfile(member) if member.name.endswith(".mmdb") else None
            if inside is not None:
                _copy(inside, draft)
                return
    raise BadGeoFile(
        "What was fetched holds no file in MaxMind's format.",
        why="No name in the archive ends in .mmdb.",
        do="Look whether the address is the right one.",
    )


def _copy(source: Readable, draft: Path) -> None:
    size = 0
    with draft.open("wb") as target:
        while piece := source.read(PIECE_BYTES):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_large("The file, unpacked,")
            target.write(piece)


def _too_large(what: str) -> FetchFailed:
    return FetchFailed(
        f"{what} is too large.",
        why=f"More than {MOST_BYTES >> 30} GB came.",
        do="Look whether the address is the right one.",
    )


def _refused(source: Source, status: int) -> FetchFailed:
    is_login = status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN)
    return FetchFailed(
        f"{source.address} cannot be fetched.",
        why=f"The server answered {status}.",
        do="Look at account and licence key." if is_login else "Try again later.",
    )
