"""Which SQLite is used: the mended one from `pysqlite3`, swapped in before Django is imported."""

from __future__ import annotations

import sys

from tapline.errors import TaplineError

# Before 3.51.3 two connections can corrupt a WAL database. Source: sqlite.org/wal.html, «The
# WAL-reset bug».
OLDEST_SAFE = (3, 51, 3)


class UnsafeSQLite(TaplineError):
    """The SQLite at hand can corrupt the control database."""


def use_safe_sqlite() -> None:
    """Make `import sqlite3` give `pysqlite3`'s; raises `UnsafeSQLite` where that is too old."""
    import pysqlite3

    if pysqlite3.sqlite_version_info < OLDEST_SAFE:
        raise UnsafeSQLite(
            f"SQLite {pysqlite3.sqlite_version} cannot be used.",
            why="Versions before 3.51.3 can corrupt a database that two processes share.",
            do="Install a newer pysqlite3: pip install --upgrade pysqlite3.",
        )
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
