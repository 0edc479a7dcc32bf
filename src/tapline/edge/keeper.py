"""The thread in the edge's parent that keeps the replica up to date, whatever the database does."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import lmdb

from tapline.edge.replica import Replica
from tapline.edge.source import ControlDatabaseAway, Source

# How long a change may wait to be noticed; a look without news costs about 10 µs.
LOOK_SECONDS = 0.05
AWAY_SECONDS = 0.25
HOUSEKEEPING_SECONDS = 2.0


class Keeper(threading.Thread):
    """Copies changes until stopped. Reading its attributes from other threads is safe."""

    def __init__(self, replica_dir: Path, control_database: Path) -> None:
        super().__init__(name="replica", daemon=True)
        self.seen_at = 0.0  # monotonic time of the last look that succeeded; 0: none yet
        self.change = 0
        self.error = "not looked at yet"
        self._replica = Replica(replica_dir)
        self._database = control_database
        self._source: Source | None = None
        self._bell = threading.Event()
        self._stopping = False
        self._housekeeping_at = 0.0
        self.change = self._replica.change()

    def serves(self, host: str) -> bool:
        """Say whether links are served on `host`, by what the replica holds."""
        return self._replica.serves(host)

    def ring(self) -> None:
        """Look for news now."""
        self._bell.set()

    def stop(self) -> None:
        self._stopping = True
        self._bell.set()
        self.join()
        self._replica.close()

    def run(self) -> None:
        while not self._stopping:
            try:
                self._look()
                self._bell.wait(LOOK_SECONDS)
            except (ControlDatabaseAway, lmdb.Error) as error:
                # lmdb.Error: the disk under the replica is full, most likely. It stays as it was.
                self.error = str(error)
                self._let_go()
                self._bell.wait(AWAY_SECONDS)
            self._bell.clear()
        self._let_go()

    def _look(self) -> None:
        self._keep_house()
        if self._source is None:
            self._source = Source(self._database)
        if self._source.has_news() and self._replica.refresh(self._source):
            self.change = self._replica.change()
        else:
            self._replica.scrub()
        self.seen_at, self.error = time.monotonic(), ""

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now < self._housekeeping_at:
            return
        self._housekeeping_at = now + HOUSEKEEPING_SECONDS
        self._replica.forget_dead_readers()
        if self._source is not None and not self._source.is_same_file():
            self._let_go()

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
