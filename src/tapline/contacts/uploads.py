"""Where an uploaded file waits between its upload and its import, and for how long."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from tapline import config
from tapline.errors import NotFound
from tapline.workspaces.models import Workspace

# A file left behind is deleted with the next upload after this long.
KEPT_SECONDS = 24 * 3600


def keep_upload(workspace: Workspace, upload: UploadedFile[bytes]) -> str:
    """Store an uploaded file for `workspace` and return the name that finds it again.

    The name holds 128 random bits, and as much of the file's own name as is safe in an address.
    """
    folder = _folder(workspace)
    _forget_old(folder)
    own_name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(upload.name or "").name)[-80:].lstrip(".")
    name = f"{secrets.token_hex(16)}-{own_name or 'contacts.csv'}"
    with (folder / name).open("xb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return name


def find_upload(workspace: Workspace, name: str) -> Path:
    """Return a kept file of this workspace; raises `NotFound`."""
    path = _folder(workspace) / name
    if re.fullmatch(r"[0-9a-f]{32}-[A-Za-z0-9._-]+", name) is None or not path.is_file():
        raise NotFound(
            "The uploaded file is gone.",
            why="It was imported, or it waited for more than a day.",
            do="Upload it again.",
        )
    return path


def own_name(path: Path) -> str:
    """Return what the file was called by whoever uploaded it."""
    return path.name.partition("-")[2]


def _folder(workspace: Workspace) -> Path:
    folder = config.current().data_dir / "uploads" / str(workspace.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _forget_old(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
