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

DATA_DIR = Path(tempfile.mkdtemp(prefix="tapline-test-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["TAPLINE_DATA_DIR"] = str(DATA_DIR)
# No test asks a real name server: nobody listens here, and that is known at once.
os.environ["TAPLINE_DNS_SERVERS"] = "127.0.0.1:1"
os.environ["TAPLINE_DNS_SECONDS"] = "0.5"

from tapline.sqlite import use_safe_sqlite  # noqa: E402  # before Django

use_safe_sqlite()
