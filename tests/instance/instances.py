"""An instance in a data folder of its own, worked on by real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.migrated import begin_instance

PASSPHRASE = "five words for this test"


@dataclass(frozen=True, slots=True)
class OtherInstance:
    """A data folder, and the commands that are run on it."""

    data_dir: Path

    def do(self, task: str, *arguments: str | int) -> Any:
        """Run one task of `other_instance.py` and return what it returns."""
        if task == "start":
            begin_instance(self.data_dir)
        words = ["-m", "tests.instance.other_instance", task, *map(str, arguments)]
        return json.loads(self._run(words, check=True).stdout)

    def do_at_once(self, tasks: Sequence[tuple[str | int, ...]]) -> list[Any]:
        """Run several tasks in processes that work at the same time; return what each returns."""
        with ThreadPoolExecutor(len(tasks)) as threads:
            waiting = [threads.submit(self.do, str(task), *rest) for task, *rest in tasks]
            return [each.result() for each in waiting]

    def tapline(self, *arguments: str | Path) -> Any:
        """Run a `tapline` command with --json and return the object it prints."""
        return json.loads(self.try_tapline(*arguments).stdout)

    def try_tapline(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a `tapline` command with --json, which may fail."""
        return self._run(["-m", "tapline", *map(str, arguments), "--json"], check=False)

    def export_key(self, target: Path) -> list[str | Path]:
        """Export the master key; return the arguments that import it."""
        secret = target.with_suffix(".passphrase")
        secret.write_text(f"{PASSPHRASE}\n")
        self.tapline("keys", "export", target, "--passphrase-file", secret)
        return ["keys", "import", target, "--passphrase-file", secret]

    def _run(self, words: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("TAPLINE_")
        }
        return subprocess.run(
            [sys.executable, *words],
            env=environment | {"TAPLINE_DATA_DIR": str(self.data_dir)},
            stdout=subprocess.PIPE,
            stderr=None if check else subprocess.PIPE,
            text=True,
            check=check,
            timeout=180,
        )
