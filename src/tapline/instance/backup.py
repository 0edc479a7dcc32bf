"""What a backup holds, and how an instance comes back from one.

A backup holds everything but the master key: the control database, the click files that it
lists, the click log, the pictures of texts, and the simulator's ledger. It is consistent while
everything runs: the database is copied first, in one snapshot, and what is copied after it only
ever grows.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite

import tapline
from tapline import config
from tapline.clicklog.reader import end_of_lines
from tapline.config import Config
from tapline.errors import Conflict, TaplineError
from tapline.instance.archives import (
    ArchivedFile,
    BadBackup,
    Contents,
    Writer,
    new_archive,
    open_archive,
    unpack,
)
from tapline.instance.erasures import (
    ListedErasure,
    add_to_list,
    check_key,
    key_mark,
    read_list,
)
from tapline.instance.keys import fingerprint, read_master_key
from tapline.instance.supervisor import alone_on

# What may lie in a data folder that counts as empty; drafts, which begin with a dot, may too.
_NO_DATA = {"master.key", "up.lock", "first-start.lock", "erasures.jsonl"}
_ASIDE = "before-restore-"
# What a backup may put into a data folder; never a master key.
_BACKED_UP = {"control.sqlite3", "clicks", "clicklog", "pictures", "simulator"}

WHOSE = "select uuid, epoch, key_fingerprint from instance_instance where id = 1"

LISTED_CLICK_FILES = """
-- The click files that count, as the copied database says.
select name from clicks_clickfile where delisted_at is null order by id
"""

PICTURES = """
-- The contents of the pictures that the copied database knows.
select distinct sha256 from pictures_picture order by sha256
"""

ERASURES = """
-- Everybody whom the instance that is replaced has erased.
select uid, phone_hash, workspace_id, at from contacts_erasure
"""


class NothingToBackUp(TaplineError):
    """There is no instance in the data folder."""


class DataFolderInUse(Conflict):
    """The data folder holds an instance already."""


class KeyDoesNotFit(TaplineError):
    """The master key at hand cannot read the backup."""


class RestoreFailed(TaplineError):
    """The restored database could not be made ready."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written or restored."""

    path: Path
    files: int
    size_bytes: int
    epoch: int
    paused_broadcasts: int = 0
    erased_again: int = 0  # people who were erased after the backup was made
    # No list of erasures was at hand: whoever was erased after the backup is back.
    without_erasures: bool = False
    moved_aside: Path | None = None
    closed_access: int = 0  # API keys and shared reports that wait until somebody opens them


def back_up(target: Path) -> BackupReport:
    """Write a backup to `target`: a .tar file if it is named so, else a new folder.

    May run while everything else does. Raises `NothingToBackUp`, `BadBackup`.
    """
    settings = config.current()
    with (
        tempfile.TemporaryDirectory(prefix=".backup-", dir=_existing(settings)) as scratch,
        new_archive(target) as archive,
    ):
        copy = Path(scratch) / "control.sqlite3"
        _copy_database(settings.control_database, copy)
        contents = _describe(copy)
        contents.files.append(_add(archive, settings.control_database.name, copy))
        contents.files += _add_files(archive, settings, copy, Path(scratch))
        archive.finish(contents)
    size = sum(file.size_bytes for file in contents.files)
    return BackupReport(target, len(contents.files), size, contents.epoch)


def restore(
    source: Path,
    *,
    replace: bool = False,
    erasures: Path | None = None,
    keeps_access: bool = False,
) -> BackupReport:
    """Bring the instance in a backup back into the data folder, in a new epoch.

    Whoever was erased after the backup was made is erased again, by the list of erasures that the
    data folder has, and the one in the file `erasures`. What opens it from outside is closed, since
    the backup does not know what was taken away after it, unless `keeps_access`.

    The data folder must be empty but for the master key; with `replace` what it holds is moved
    into a folder of its own there, not deleted. Broadcasts that were under way come back paused.
    Nothing is touched before the backup was read, checked and made ready. Raises `BadBackup`,
    `DataFolderInUse`, `KeyDoesNotFit`, `BadErasureList`, `RestoreFailed`, `AlreadyRunning`.
    """
    settings = config.current()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with alone_on(settings.data_dir), open_archive(source) as archive:
        present = _data_in(settings.data_dir)
        if present and not replace:
            raise _in_use(settings.data_dir)
        _check_names(archive.contents)
        _check_key(settings, archive.contents)
        with _staging(settings.data_dir) as staging:
            unpack(archive, staging)
            has_list = _gather_erasures(settings, erasures)
            epoch, paused, erased, closed = _begin_epoch(staging, settings, keeps_access)
            aside = _move_aside(settings.data_dir) if present else None
            _move_in(staging, settings)
        files = archive.contents.files
        return BackupReport(
            settings.data_dir,
            len(files),
            sum(file.size_bytes for file in files),
            epoch,
            paused,
            erased,
            not has_list,
            aside,
            closed,
        )


def _existing(settings: Config) -> Path:
    if not settings.control_database.exists():
        raise NothingToBackUp(
            f"There is no instance in {settings.data_dir}.",
            why=f"It has no {settings.control_database.name}.",
            do="Name the right folder with TAPLINE_DATA_DIR.",
        )
    return settings.data_dir


def _copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database in one snapshot; writers go on meanwhile."""
    with _open(source) as reading, _open(target) as writing:
        reading.backup(writing)


@contextmanager
def _open(path: Path) -> Iterator[sqlite.Connection]:
    connection = sqlite.connect(str(path), timeout=20)
    try:
        yield connection
    finally:
        connection.close()


def _describe(copy: Path) -> Contents:
    with _open(copy) as database:
        found = database.execute(WHOSE).fetchone()
    if found is None:
        raise NothingToBackUp(
            "The instance was never started.",
            why="Its control database does not say whose it is.",
            do="Run `tapline up` once.",
        )
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Contents(
        made_at=now,
        tapline=tapline.__version__,
        instance=found[0],
        epoch=found[1],
        key_fingerprint=found[2],
    )


def _add_files(
    archive: Writer, settings: Config, copy: Path, scratch: Path
) -> Iterator[ArchivedFile]:
    store, log = settings.click_store_dir, settings.click_log_dir
    for name in _column(copy, LISTED_CLICK_FILES):
        yield _add(archive, f"clicks/{name}", store / name)
    # Only outside tools read it; the worker writes it anew after a restore.
    if (manifest := store / "manifest.json").exists():
        yield _add(archive, "clicks/manifest.json", manifest)
    for segment in sorted(log.glob("*.jsonl")):
        # Segments that were read long ago may be deleted in between.
        with suppress(FileNotFoundError), segment.open("rb") as file:
            yield archive.add(f"clicklog/{segment.name}", file, end_of_lines(segment))
    for name in _column(copy, PICTURES):
        # One that was forgotten since the database was copied was in no text.
        with suppress(FileNotFoundError), (settings.pictures_dir / name).open("rb") as file:
            yield archive.add(f"pictures/{name}", file, os.fstat(file.fileno()).st_size)
    for ledger in sorted(settings.simulator_dir.glob("*.sqlite3")):
        _copy_database(ledger, scratch / ledger.name)
        yield _add(archive, f"simulator/{ledger.name}", scratch / ledger.name)


def _column(copy: Path, question: str) -> list[str]:
    with _open(copy) as database:
        return [name for (name,) in database.execute(question)]


def _add(archive: Writer, name: str, path: Path) -> ArchivedFile:
    try:
        with path.open("rb") as file:
            return archive.add(name, file, os.fstat(file.fileno()).st_size)
    except FileNotFoundError as error:
        raise BadBackup(
            f"{path} disappeared while the backup was made.",
            why="Click files that were merged are deleted after a while; this backup was slower.",
            do="Make the backup again, or raise TAPLINE_CLICKS_KEEP_DELISTED_SECONDS.",
        ) from error


def _data_in(data_dir: Path) -> list[Path]:
    return sorted(
        path
        for path in data_dir.iterdir()
        if path.name not in _NO_DATA and not path.name.startswith((".", _ASIDE))
    )


def _check_names(contents: Contents) -> None:
    for file in contents.files:
        if file.name.partition("/")[0] not in _BACKED_UP:
            raise BadBackup(
                f"The backup holds {file.name[:80]!r}.",
                why="Backups of Tapline hold no such file; somebody put it there.",
                do="Use a backup that nobody has changed.",
            )


def _check_key(settings: Config, contents: Contents) -> None:
    """Refuse before anything is written: without its key an instance cannot read its codes."""
    path = settings.master_key_path
    if not path.exists() or fingerprint(read_master_key(path)) != contents.key_fingerprint:
        raise KeyDoesNotFit(
            f"The master key of this backup is not in {path}.",
            why="Backups leave the key out, and only it reads the codes on phones.",
            do="Run `tapline keys import FILE` with the exported key, then restore again.",
        )


@contextmanager
def _staging(data_dir: Path) -> Iterator[Path]:
    """A folder beside the data, on the same disk, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=".restoring-", dir=data_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _gather_erasures(settings: Config, given: Path | None) -> bool:
    """Put every erasure that can be known onto the list; say whether there was one to go by.

    The list only grows, so this harms nothing where the restore fails afterwards.
    """
    path, key = settings.erasures_path, key_mark(settings)
    known = path.exists() or settings.control_database.exists()
    listed = list(read_list(given).values()) if given else []
    check_key(given or path, listed, key)
    add_to_list(path, [*listed, *_erased_here(settings, key)])
    return known or given is not None


def _erased_here(settings: Config, key: str) -> list[ListedErasure]:
    """Return the erasures that the database in the data folder knows, where there is one."""
    if not settings.control_database.exists():
        return []
    try:
        with _open(settings.control_database) as database:
            rows = database.execute(ERASURES).fetchall()
    except sqlite.DatabaseError:
        return []  # Damaged, or older than this table: the list must do.
    return [
        ListedErasure(
            id=uid,
            phone_hash=phone_hash,
            workspace=workspace,
            at=dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC),
            key=key,
        )
        for uid, phone_hash, workspace, at in rows
    ]


def _begin_epoch(staging: Path, settings: Config, keeps_access: bool) -> tuple[int, int, int, int]:
    """Bring the staged database up to date and into a new epoch; return it, how many broadcasts
    were paused, people erased again, and keys and shares closed. In a process of its own, whose
    data folder is the staged one."""
    environment = os.environ | {
        "TAPLINE_DATA_DIR": str(staging),
        "TAPLINE_ERASURES_FILE": str(settings.erasures_path.resolve()),
        "TAPLINE_MASTER_KEY_FILE": str(settings.master_key_path.resolve()),
        "DJANGO_SETTINGS_MODULE": "tapline.settings",
    }
    run = subprocess.run(
        [sys.executable, "-m", "tapline.instance.adopting", *["keep-access"] * keeps_access],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RestoreFailed(
            "The restored database could not be made ready.",
            why=run.stderr.strip().splitlines()[-1] if run.stderr.strip() else "No reason given.",
            do="Use another backup, or the version of Tapline that made this one.",
        )
    epoch, paused, erased, closed = map(int, run.stdout.split())
    return epoch, paused, erased, closed


def _move_aside(data_dir: Path) -> Path:
    present = _data_in(data_dir)  # Now: looking into the database has changed its companions.
    aside = data_dir / f"{_ASIDE}{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir()
    for path in present:
        path.rename(aside / path.name)
    return aside


def _move_in(staging: Path, settings: Config) -> None:
    """Move everything into place, the database last: without it the folder is no instance yet."""
    database = settings.control_database.name
    for path in sorted(staging.iterdir(), key=lambda path: (path.name == database, path.name)):
        path.rename(settings.data_dir / path.name)
    descriptor = os.open(settings.data_dir, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_use(data_dir: Path) -> DataFolderInUse:
    return DataFolderInUse(
        f"{data_dir} is not empty.",
        why="Restoring there would mix two instances.",
        do="Name an empty folder with TAPLINE_DATA_DIR, or say --replace: what is there is then "
        "moved into a folder of its own.",
    )
