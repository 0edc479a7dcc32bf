"""What every test stands on: a data folder of its own, set before anything reads the settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# One folder per test process. It must exist before tapline.settings is imported.
DATA_DIR = Path(tempfile.mkdtemp(prefix="tapline-test-"))
os.environ["TAPLINE_DATA_DIR"] = str(DATA_DIR)

from tapline.sqlite import use_safe_sqlite  # noqa: E402  # before Django

use_safe_sqlite()
