"""A database with every table and no row of ours, made once for each state of the migrations.

Migrating takes seconds, and hundreds of tests begin with an empty database.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tapline.instance.keys import load_or_create_master_key

SOURCE = Path(__file__).resolve().parents[1]
FOLDERS = "tapline-migrated-"
NAME = "control.sqlite3"
KEPT_SECONDS = 7 * 86_400
MIGRATE = """
from tapline.cli import set_up_django
set_up_django()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""


def copy_migrated(target: Path) -> None:
    """Put such a database at `target`, where none is yet."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated(), target)


def begin_instance(data_dir: Path) -> None:
    """Put such a database, and a key of its own, into a new instance's data folder."""
    if not (data_dir / NAME).exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        load_or_create_master_key(data_dir / "master.key")
        copy_migrated(data_dir / NAME)


def _migrated() -> Path:
    """Return the one of these migrations; the first process that asks makes it."""
    folder = Path(tempfile.gettempdir()) / f"{FOLDERS}{os.getuid()}-{_state()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / NAME).exists():
            _make(folder)
            _forget_old(folder)
    os.utime(folder)
    return folder / NAME


def _forget_old(folder: Path) -> None:
    """Remove those of other states that nobody asked for within a week."""
    for other in folder.parent.glob(f"{FOLDERS}{os.getuid()}-*"):
        if other != folder and other.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        environment = os.environ | {"TAPLINE_DATA_DIR": draft}
        subprocess.run([sys.executable, "-c", MIGRATE], env=environment, check=True)
        (Path(draft) / NAME).rename(folder / NAME)


def _state() -> str:
    """Return what changes with every migration, of our rooms and of the libraries'."""
    told = hashlib.sha256((SOURCE / "requirements" / "dev.txt").read_bytes())
    for path in sorted((SOURCE / "src").glob("tapline/*/migrations/*.py")):
        told.update(str(path).encode() + path.read_bytes())
    return told.hexdigest()[:16]
