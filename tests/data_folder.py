"""Gives each test process a data folder of its own, gone when the process ends.

pytest loads this as a plugin (`-p` in pyproject.toml), because pytest-django imports the settings
before any conftest is read: set there, the folder would come too late, and every run on this
checkout would share one test database.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Tests sync as often as the product does, and a slow disk makes that most of their time. Processes
# that are killed lose nothing of a file system in memory either; nobody pulls the plug here.
MEMORY = Path("/dev/shm")  # noqa: S108
LEAST_FREE_BYTES = 4 * 2**30


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= LEAST_FREE_BYTES


if "TMPDIR" not in os.environ and MEMORY.is_dir() and _has_room(MEMORY):
    os.environ["TMPDIR"] = str(MEMORY)  # for the processes that tests start, too
    tempfile.tempdir = None  # Ask again.

DATA_DIR = Path(tempfile.mkdtemp(prefix="tapline-test-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["TAPLINE_DATA_DIR"] = str(DATA_DIR)
# No test asks a real name server: nobody listens here, and that is known at once.
os.environ["TAPLINE_DNS_SERVERS"] = "127.0.0.1:1"
os.environ["TAPLINE_DNS_SECONDS"] = "0.5"

from tapline.sqlite import use_safe_sqlite  # noqa: E402  # before Django

use_safe_sqlite()
