"""Where pictures lie and for how long: one file per content, in the data folder.

A file without a row goes after a while, not with its row: somebody may be choosing the same
picture at this moment.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
import time
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from tapline import config
from tapline.pictures.cleaning import MOST_BYTES, BadPicture, CleanPicture, clean_picture, too_large
from tapline.pictures.models import Picture
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

UNUSED_KEPT = dt.timedelta(days=2)
LONGEST_NAME = 80


def add_picture(workspace: Workspace, upload: UploadedFile[bytes], *, actor: str) -> Picture:
    """Keep a file that somebody chose, cleaned, and return its picture; the same one where the
    workspace has it already. Raises `BadPicture`."""
    if not upload.size:
        raise BadPicture(
            _("The file is empty."),
            why=_("There is nothing to show."),
            do=_("Choose another one."),
        )
    if upload.size > MOST_BYTES:
        raise too_large(upload.size)
    cleaned = clean_picture(upload.read())
    return store_picture(workspace, cleaned, Path(upload.name or "").name, actor=actor)


def store_picture(workspace: Workspace, cleaned: CleanPicture, name: str, *, actor: str) -> Picture:
    """Store a cleaned picture and return it."""
    sha256 = hashlib.sha256(cleaned.content).hexdigest()
    _write(sha256, cleaned.content)
    with transaction.atomic():
        picture, is_new = Picture.objects.get_or_create(
            workspace=workspace,
            sha256=sha256,
            defaults={
                "kind": cleaned.kind,
                "name": " ".join(name.split())[:LONGEST_NAME] or cleaned.kind,
                "width": cleaned.width,
                "height": cleaned.height,
                "size_bytes": len(cleaned.content),
                "created_by": actor,
            },
        )
        Picture.objects.filter(pk=picture.pk).update(chosen_at=timezone.now())
        if is_new:
            record(workspace, actor, "picture.added", picture, after={"name": picture.name})
    return picture


def file_of(picture: Picture) -> Path:
    """Return where a picture's content lies."""
    return path_of(picture.sha256)


def read_content(picture: Picture) -> bytes:
    """Return a picture's content; raises `Http404` where its file is lost."""
    try:
        return file_of(picture).read_bytes()
    except FileNotFoundError as error:
        raise Http404 from error


def path_of(sha256: str) -> Path:
    """Return where the content of this hash lies, or would."""
    return config.current().pictures_dir / sha256


def long_unused(now: dt.datetime) -> list[Picture]:
    """Return the pictures that nobody chose lately; some may be in a text."""
    return list(Picture.objects.filter(chosen_at__lt=now - UNUSED_KEPT))


def forget(picture: Picture) -> None:
    """Forget a picture: its address answers no more."""
    picture.delete()


def sweep(now: float | None = None) -> int:
    """Delete files that no picture has and that are a day old; return how many."""
    before = (time.time() if now is None else now) - UNUSED_KEPT.total_seconds() / 2
    old = [path for path in _files() if path.stat().st_mtime < before]
    names = {path.name for path in old}
    in_use = set(Picture.objects.filter(sha256__in=names).values_list("sha256", flat=True))
    gone = [path for path in old if path.name not in in_use]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _files() -> list[Path]:
    return sorted(config.current().pictures_dir.glob("*"))


def _write(sha256: str, content: bytes) -> None:
    """Write a file whole or not at all; one that is there already is new again."""
    path = path_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)
