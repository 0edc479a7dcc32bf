"""What is right and wrong with this instance, as `tapline check` says it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from tapline.config import Config, variable
from tapline.errors import TaplineError
from tapline.instance.keys import has_control_database, instance_key

LEAST_FREE_BYTES = 1 << 30


class CheckFailed(TaplineError):
    """Something about the instance is wrong."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do where it is wrong."""

    name: str
    ok: bool
    found: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting as this process sees it. Secrets are never shown."""

    variable: str
    value: str
    default: str
    unit: str
    help: str


def settings_in_force(settings: Config) -> list[SettingInForce]:
    """Return every setting with its value, default, unit and help."""
    return [
        SettingInForce(
            variable(item.name),
            "(secret)" if item.metadata["secret"] else _shown(getattr(settings, item.name)),
            item.metadata.get("shown") or _shown(item.default),
            item.metadata["unit"],
            item.metadata["help"],
        )
        for item in fields(settings)
    ]


def run_checks(settings: Config) -> list[Check]:
    """Look at folder, disk, SQLite and key, and if those allow it at what the database holds."""
    checks = [_look(name, look, settings) for name, look in _AROUND]
    if all(check.ok for check in checks if check.name != "disk space"):
        for name, look in _INSIDE:
            checks.append(_look(name, look, settings))
            if not checks[-1].ok:
                break
    return checks


def _look(name: str, look: Callable[[Config], str], settings: Config) -> Check:
    try:
        return Check(name, True, look(settings))
    except TaplineError as error:
        return Check(name, False, f"{error.what} {error.why}", error.do)


def _folder(settings: Config) -> str:
    folder = settings.data_dir
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CheckFailed(
            f"{folder.resolve()} is not a folder that can be written to.",
            why="Everything that Tapline keeps lies there.",
            do="Run `tapline up`, or name the right folder with TAPLINE_DATA_DIR.",
        )
    return str(folder.resolve())


def _disk(settings: Config) -> str:
    place = settings.data_dir if settings.data_dir.is_dir() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE_BYTES:
        raise CheckFailed(
            f"Only {free / 1e6:.0f} MB are free.",
            why="Taps go unrecorded when the disk is full.",
            do="Make room, or move the data folder to a larger disk.",
        )
    return f"{free / 1e9:.1f} GB free"


def _sqlite(_: Config) -> str:
    from tapline.sqlite import use_safe_sqlite

    use_safe_sqlite()
    import sqlite3

    return sqlite3.sqlite_version


def _master_key(settings: Config) -> str:
    path = settings.master_key_path
    if not path.exists() and not has_control_database(settings):
        return "made at the first start"
    instance_key(settings)
    if path.stat().st_mode & 0o077:
        raise CheckFailed(
            f"Others can read {path}.",
            why="Whoever has it can read every code and open every sealed value.",
            do=f"Run `chmod 600 {path}`.",
        )
    return str(path)


def _tables(settings: Config) -> str:
    if not has_control_database(settings):
        raise CheckFailed(
            "There is no control database.",
            why="The instance was never started.",
            do="Run `tapline up`.",
        )
    from tapline.cli import set_up_django

    set_up_django()
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CheckFailed(
            f"{settings.control_database} cannot be read.",
            why=f"{error}.",
            do="Restore a backup with `tapline restore`.",
        ) from error
    if missing:
        raise CheckFailed(
            f"{len(missing)} changes of the tables are missing.",
            why="The database is older than this version of Tapline.",
            do="Run `tapline up`: it brings them up to date.",
        )
    return "up to date"


def _instance(_: Config) -> str:
    from tapline.instance.epochs import ensure_instance

    instance = ensure_instance()
    return f"{instance.uuid}, epoch {instance.epoch}"


def _key_export(_: Config) -> str:
    from tapline.instance.epochs import ensure_instance

    exported_at = ensure_instance().key_exported_at
    if exported_at is None:
        raise CheckFailed(
            "The master key was never exported.",
            why="Backups leave it out, and without it no code can be read.",
            do="Run `tapline keys export FILE`, and keep the file apart from the backups.",
        )
    return f"{exported_at:%Y-%m-%d}"


def _erasures(settings: Config) -> str:
    """Compare the list outside with the database: a restore goes by the list."""
    from django.apps import apps

    from tapline.instance.erasures import read_list

    # By name: this room lies below contacts.
    known = set(
        apps.get_model("contacts", "Erasure")._default_manager.values_list("uid", flat=True)
    )
    missing = known - read_list(settings.erasures_path).keys()
    if missing:
        raise CheckFailed(
            f"{settings.erasures_path} lacks {len(missing)} erasures.",
            why="A backup that is restored would bring these people back.",
            do="See that the file can be written; the worker adds them within five minutes.",
        )
    return f"{len(known)} in {settings.erasures_path}"


def _places(settings: Config) -> str:
    """Look at the files that say where taps come from: not having them is no fault."""
    from tapline.geo.files import GEO_FILES, check_geo_file, path_of

    paths = {kind.name: path_of(kind, settings) for kind in GEO_FILES}
    found = {name: check_geo_file(path, str(path)) for name, path in paths.items() if path.exists()}
    if not found:
        return "unknown: no file says where addresses are (`tapline geo update` fetches one)"
    return ", ".join(f"{name}: {kind}" for name, kind in found.items())


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


_AROUND: tuple[tuple[str, Callable[[Config], str]], ...] = (
    ("data folder", _folder),
    ("disk space", _disk),
    ("SQLite", _sqlite),
    ("master key", _master_key),
)
# Each needs the one before it.
_INSIDE: tuple[tuple[str, Callable[[Config], str]], ...] = (
    ("tables", _tables),
    ("instance", _instance),
    ("places", _places),
    ("list of erasures", _erasures),
    ("key export", _key_export),
)
