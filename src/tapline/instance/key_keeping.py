"""How the master key leaves the instance, comes back, and how domains get new code keys."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tapline import config
from tapline.config import Config
from tapline.errors import Conflict, NotFound, TaplineError
from tapline.instance.key_file import BadKeyFile, open_key_file, seal_master_key
from tapline.instance.keys import (
    fingerprint,
    has_control_database,
    instance_key,
    read_master_key,
    write_master_key,
)

FINGERPRINT = "select key_fingerprint from instance_instance where id = 1"


class KeyInPlace(Conflict):
    """Another master key is there already, or another one is needed."""


class CannotWrite(TaplineError):
    """The exported key cannot be written where it was asked for."""


def export_key(target: Path, passphrase: str) -> None:
    """Write the master key to a new file, sealed, and note that it was exported.

    Raises `BadPassphrase`, `CannotWrite`.
    """
    from django.utils import timezone

    from tapline.instance.epochs import ensure_instance

    instance, now = ensure_instance(), timezone.now()
    text = seal_master_key(instance_key(config.current()), passphrase, now)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotWrite(
            f"{target} cannot be written.",
            why=f"{error.strerror}.",
            do="Name a new file in a folder that you may write to.",
        ) from error
    instance.key_exported_at = now
    instance.save(update_fields=["key_exported_at"])


def import_key(source: Path, passphrase: str) -> Path:
    """Put an exported master key back and return where it lies. No Django: without its key an
    instance cannot start. Raises `BadKeyFile`, `BadPassphrase`, `KeyInPlace`."""
    settings = config.current()
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadKeyFile(
            f"{source} cannot be read.",
            why=f"{error}.",
            do="Give the file that `tapline keys export` wrote.",
        ) from error
    master = open_key_file(text, passphrase)
    path = settings.master_key_path
    if path.exists() and read_master_key(path) != master:
        raise KeyInPlace(
            f"Another master key lies in {path}.",
            why="Overwriting it could lose an instance for ever.",
            do="Move that file to a safe place first.",
        )
    _refuse_foreign(settings, master)
    write_master_key(path, master)
    return path


def rotate_keys(hosts: Sequence[str], actor: str) -> list[str]:
    """Begin a new key generation for these domains, or for all; return their hosts.

    Links already sent go on. Raises `NotFound` for a host that serves no links here.
    """
    from tapline.links.domains import rotate_key
    from tapline.links.models import Domain

    domains = Domain.objects.filter(deleted_at=None).order_by("host")
    if hosts:
        domains = domains.filter(host__in=[host.lower() for host in hosts])
    found = list(domains)
    for host in hosts:
        if host.lower() not in {domain.host for domain in found}:
            raise NotFound(
                f"No domain {host} here.",
                why="Only hosts that serve links have code keys.",
                do="Write the host as it stands in the links, without https://.",
            )
    for domain in found:
        rotate_key(domain, actor)
    return [domain.host for domain in found]


def _refuse_foreign(settings: Config, master: bytes) -> None:
    """Refuse a key that is not the one of the database in the data folder."""
    if not has_control_database(settings):
        return
    from pysqlite3 import dbapi2 as sqlite

    database = sqlite.connect(f"{settings.control_database.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = database.execute(FINGERPRINT).fetchone()
    finally:
        database.close()
    if found and found[0] != fingerprint(master):
        raise KeyInPlace(
            "This is the key of another instance.",
            why=f"The instance in {settings.data_dir} was made with another key.",
            do="Import the key that was exported from this instance.",
        )
