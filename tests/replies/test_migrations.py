"""Replies that an older version kept are there after an upgrade, in threads."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

OLD_REPLIES = """
insert into workspaces_workspace (id, path, name, default_country, language, zone, created_at)
values (1, '/1/', 'Bakery', 'US', 'en', 'UTC', '2026-01-01');
insert into broadcasts_reply (workspace_id, phone, text, provider_id, is_opt_out, received_at)
values (1, '+12125550100', 'Hello', 'a', 0, '2026-01-01'),
  (1, '+12125550100', 'STOP', 'b', 1, '2026-01-02'),
  (1, '', '', 'erased', 0, '2026-01-01');
"""


def test_replies_of_an_older_version_become_threads(tmp_path: Path) -> None:
    _migrate(tmp_path, "broadcasts", "0003_sending")
    with sqlite3.connect(tmp_path / "control.sqlite3") as database:
        database.executescript(OLD_REPLIES)

    _migrate(tmp_path, "replies")

    with sqlite3.connect(tmp_path / "control.sqlite3") as database:
        kept = database.execute(
            "select r.text, r.account, t.phone from replies_reply r"
            " left join replies_thread t on t.id = r.thread_id order by r.id"
        ).fetchall()
        times = database.execute("select substr(last_at, 1, 10) from replies_thread").fetchall()
    assert kept == [
        ("Hello", "simulator", "+12125550100"),
        ("STOP", "simulator", "+12125550100"),
        ("", "simulator", None),
    ]
    assert times == [("2026-01-02",)]


def _migrate(data: Path, *target: str) -> None:
    command = [sys.executable, "-m", "django", "migrate", "-v0", *target]
    environ = os.environ | {
        "TAPLINE_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "tapline.settings",
    }
    subprocess.run(command, env=environ, check=True, timeout=120)
