"""How a backup lies on disk: a folder or one .tar file, with a table of contents.

`backup.json` names every file with its size and SHA-256. It is written last, so a backup that was
cut off has none and is refused; and only what it names is ever taken out again.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

import msgspec

from tapline.errors import TaplineError

CONTENTS = "backup.json"
FORMAT = 1
_CHUNK_BYTES = 1 << 20


class BadBackup(TaplineError):
    """The backup is incomplete, damaged or of another kind."""


class ArchivedFile(msgspec.Struct, frozen=True):
    """One file of a backup. `name` is relative to the data folder, with `/`."""

    name: str
    size_bytes: int
    sha256: str


class Contents(msgspec.Struct, kw_only=True):
    """What `backup.json` says."""

    format: int = FORMAT
    made_at: str
    tapline: str  # version of the program
    instance: str  # uuid
    epoch: int
    key_fingerprint: str
    files: list[ArchivedFile] = msgspec.field(default_factory=list)


class Writer(Protocol):
    """Takes the files of a backup, one after the other."""

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> ArchivedFile:
        """Take exactly `size_bytes` from `file`; raises `BadBackup` where it has fewer."""

    def finish(self, contents: Contents) -> None:
        """Write the table of contents."""


class Reader(Protocol):
    """Gives the files of a backup back."""

    contents: Contents

    def extract(self, name: str) -> IO[bytes]:
        """Return one file, open; raises `BadBackup` where it is missing."""


@contextmanager
def new_archive(target: Path) -> Iterator[Writer]:
    """Make a backup at `target`: a .tar file if it is named so, else a folder.

    It appears under its name when it is whole; an error leaves nothing behind. Raises `BadBackup`
    where something is there already.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise BadBackup(
            f"{target} exists already.",
            why="A backup never overwrites anything.",
            do="Name a new folder or .tar file.",
        )
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        if target.suffix == ".tar":
            with tarfile.open(draft, "w") as tar:
                yield _TarWriter(tar)
            _sync(draft)
        else:
            draft.mkdir()
            yield _FolderWriter(draft)
        draft.replace(target)
        _sync(target.parent)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        draft.unlink(missing_ok=True)


@contextmanager
def open_archive(source: Path) -> Iterator[Reader]:
    """Open a backup, folder or .tar; raises `BadBackup`."""
    if source.is_dir():
        yield _FolderReader(source)
        return
    try:
        tar = tarfile.open(source, "r:")  # noqa: SIM115  # closed below
    except (OSError, tarfile.TarError) as error:
        raise BadBackup(
            f"{source} is no backup.",
            why=f"Opening it failed: {error}.",
            do="Give the folder or .tar file that `tapline backup` wrote.",
        ) from error
    with tar:
        yield _TarReader(tar, source)


def unpack(reader: Reader, into: Path) -> None:
    """Put every file of a backup into a folder and on disk, checked; raises `BadBackup`."""
    for file in reader.contents.files:
        path = into / _safe_name(file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with reader.extract(file.name) as stream, path.open("xb") as target:
            digest = _copy(stream, target, file.size_bytes, file.name)
        if digest != file.sha256:
            raise _damaged(file.name, "its checksum differs")


class _FolderWriter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> ArchivedFile:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            digest = _copy(file, target, size_bytes, name)
        return ArchivedFile(name, size_bytes, digest)

    def finish(self, contents: Contents) -> None:
        raw = _encode(contents)
        with (self._folder / CONTENTS).open("xb") as target:
            _copy(io.BytesIO(raw), target, len(raw), CONTENTS)


class _TarWriter:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> ArchivedFile:
        hashing = _Hashing(file)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size_bytes, 0o600
        try:
            self._tar.addfile(member, hashing)
        except OSError as error:
            raise _damaged(name, "it got shorter while it was read") from error
        return ArchivedFile(name, size_bytes, hashing.digest.hexdigest())

    def finish(self, contents: Contents) -> None:
        raw = _encode(contents)
        self.add(CONTENTS, io.BytesIO(raw), len(raw))


class _Hashing(io.RawIOBase):
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


class _FolderReader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self.extract(CONTENTS) as stream:
            self.contents = _decode(stream.read())

    def extract(self, name: str) -> IO[bytes]:
        try:
            return (self._folder / _safe_name(name)).open("rb")
        except OSError as error:
            raise _damaged(name, "it is missing") from error


class _TarReader:
    def __init__(self, tar: tarfile.TarFile, source: Path) -> None:
        self._tar = tar
        try:
            with self.extract(CONTENTS) as stream:
                self.contents = _decode(stream.read())
        except tarfile.TarError as error:
            raise _damaged(source.name, str(error)) from error

    def extract(self, name: str) -> IO[bytes]:
        try:
            stream = self._tar.extractfile(name)
        except (KeyError, tarfile.TarError) as error:
            raise _damaged(name, "it is missing") from error
        if stream is None:
            raise _damaged(name, "it is no plain file")
        return stream


def _copy(source: IO[bytes], target: IO[bytes], size_bytes: int, name: str) -> str:
    """Copy exactly `size_bytes`, onto the disk; return the SHA-256."""
    digest = hashlib.sha256()
    left = size_bytes
    while left:
        chunk = source.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise _damaged(name, f"{left:,} of its {size_bytes:,} bytes are missing")
        digest.update(chunk)
        target.write(chunk)
        left -= len(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _encode(contents: Contents) -> bytes:
    return msgspec.json.format(msgspec.json.encode(contents), indent=1)


def _decode(raw: bytes) -> Contents:
    try:
        contents = msgspec.json.decode(raw, type=Contents)
    except msgspec.DecodeError as error:
        raise _damaged(CONTENTS, str(error)) from error
    if contents.format != FORMAT:
        raise BadBackup(
            f"This backup has format {contents.format}.",
            why=f"This version of Tapline reads format {FORMAT}.",
            do="Restore it with the version of Tapline that made it, then upgrade.",
        )
    return contents


def _safe_name(name: str) -> str:
    """Refuse names that would leave the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise _damaged(name, "it would lie outside the data folder")
    return name


def _damaged(name: str, why: str) -> BadBackup:
    return BadBackup(
        f"The backup is damaged: {name}.",
        why=f"That file cannot be used: {why}.",
        do="Use another backup; nothing was changed.",
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
