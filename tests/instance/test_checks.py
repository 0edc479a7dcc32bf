"""What `tapline check` finds, and what it says to do."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tapline.config import Config, variable
from tapline.instance import checks
from tapline.instance.checks import Check, run_checks, settings_in_force
from tapline.instance.keys import instance_key


def _found(settings: Config) -> dict[str, Check]:
    return {check.name: check for check in run_checks(settings)}


def test_a_missing_data_folder_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    settings = Config(data_dir=tmp_path / "nothing")

    found = _found(settings)

    assert not found["data folder"].ok
    assert "tapline up" in found["data folder"].do
    assert found["SQLite"].ok
    assert "tables" not in found
    assert not settings.data_dir.exists()


def test_an_instance_that_was_never_started_is_said(tmp_path: Path) -> None:
    found = _found(Config(data_dir=tmp_path))

    assert found["master key"].ok
    assert not found["tables"].ok
    assert "tapline up" in found["tables"].do


def test_a_key_that_others_can_read_is_said(tmp_path: Path) -> None:
    settings = Config(data_dir=tmp_path)
    instance_key(settings)
    settings.master_key_path.chmod(0o644)

    assert "chmod 600" in _found(settings)["master key"].do


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LEAST_FREE_BYTES", 1 << 60)

    assert not _found(Config(data_dir=tmp_path))["disk space"].ok


def test_every_setting_is_listed_with_its_help() -> None:
    listed = {each.variable: each for each in settings_in_force(Config(edge_processes=3))}

    assert set(listed) == {variable(item.name) for item in fields(Config)}
    assert all(each.help for each in listed.values())
    assert listed["TAPLINE_EDGE_PROCESSES"].value == "3"
    assert listed["TAPLINE_EDGE_PROCESSES"].unit == "processes"
