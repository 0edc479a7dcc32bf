"""Where an uploaded file and its refused rows wait, and for how long: an import holds people."""

from __future__ import annotations

import csv
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from django.core.files.uploadedfile import UploadedFile

from tapline import config
from tapline.contacts.models import ContactImport
from tapline.errors import NotFound
from tapline.workspaces.models import Workspace

# A file goes with its import; one that is never imported, after this long.
KEPT_SECONDS = 24 * 3600
# Long enough to correct the rows, short enough that an erased person is gone within a week.
REFUSED_KEPT_SECONDS = 6 * 24 * 3600
# Digits that two spellings of one number share at least, whatever stands before them.
ALIKE_DIGITS = 7
# What people and spreadsheets put between digits; NUL is every second byte of UTF-16.
_BETWEEN_DIGITS = b" -()./\t\0\xa0"


class RefusedRow(NamedTuple):
    """One row that was not imported: its line in the file, why, and its cells."""

    line: int
    why: str
    cells: list[str]


def keep_upload(workspace: Workspace, upload: UploadedFile[bytes]) -> str:
    """Store an uploaded file for `workspace` and return the name that finds it again.

    The name holds 128 random bits, and as much of the file's own name as is safe in an address.
    """
    own_name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(upload.name or "").name)[-80:].lstrip(".")
    name = f"{secrets.token_hex(16)}-{own_name or 'contacts.csv'}"
    with (_folder(workspace) / name).open("xb") as file:
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


def own_name(name: str) -> str:
    """Return what a kept file was called by whoever uploaded it."""
    return name.partition("-")[2]


def refused_file(done: ContactImport) -> Path:
    """Return where the refused rows of an import are, or would be."""
    return _folder(done.workspace) / f"refused-{done.pk}.csv"


def refused_rows(done: ContactImport, most: int) -> list[RefusedRow]:
    """Return the first refused rows of an import; none where they were forgotten by age."""
    path = refused_file(done)
    return list(islice(_read_refused(path), most)) if path.is_file() else []


def forget_old_files(now: float | None = None) -> int:
    """Delete uploads that nobody imported and refused rows that nobody fetched; return how many.

    The file of an import under way stays, however long it waits.
    """
    now = time.time() if now is None else now
    in_use = _in_use()
    old = [path for path in _all_files() if path.stat().st_mtime < now - _kept_seconds(path)]
    old = [path for path in old if path.name not in in_use]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def rows_about(workspace_ids: Sequence[int], phone: str) -> Iterator[tuple[Path, RefusedRow]]:
    """Yield the refused rows of these workspaces that seem to hold a number, with their file.

    A refused row may hold it in any spelling, so a cell counts whose last digits are the number's.
    """
    for path in _all_files():
        if path.parent.name in map(str, workspace_ids) and path.name.startswith("refused-"):
            for row in _read_refused(path):
                if any(_alike(cell, phone) for cell in row.cells):
                    yield path, row


def uploads_about(workspace_ids: Sequence[int], phone: str) -> list[Path]:
    """Return the waiting files of these workspaces that seem to hold a number, however written."""
    waiting = [
        path
        for path in _all_files()
        if path.parent.name in map(str, workspace_ids) and not path.name.startswith("refused-")
    ]
    return [path for path in waiting if _holds(path, phone[-ALIKE_DIGITS:].encode())]


def forget_about(workspace_ids: Sequence[int], phone: str) -> int:
    """Delete whole files that seem to hold a number; return how many.

    The rows that others wait for are in what was uploaded. The file of an import under way goes
    with that import.
    """
    in_use = _in_use()
    found = {path for path, _row in rows_about(workspace_ids, phone)}
    found |= {path for path in uploads_about(workspace_ids, phone) if path.name not in in_use}
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _in_use() -> set[str]:
    busy = ContactImport.objects.filter(state__in=["waiting", "running"])
    return set(busy.values_list("upload", flat=True))


def _holds(path: Path, digits: bytes) -> bool:
    """Say whether a file holds these digits one after the other, whatever is between them."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            squeezed = tail + piece.translate(None, _BETWEEN_DIGITS)
            if digits in squeezed:
                return True
            tail = squeezed[1 - len(digits) :]
    return False


def _alike(cell: str, phone: str) -> bool:
    digits = re.sub(r"\D", "", cell).lstrip("0")
    return len(digits) >= ALIKE_DIGITS and (phone[1:].endswith(digits) or digits == phone[1:])


def _read_refused(path: Path) -> Iterator[RefusedRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, why, *cells in islice(csv.reader(file), 1, None):
            yield RefusedRow(int(line), why, cells)


def _kept_seconds(path: Path) -> float:
    return REFUSED_KEPT_SECONDS if path.name.startswith("refused-") else KEPT_SECONDS


def _all_files() -> list[Path]:
    return list((config.current().data_dir / "uploads").glob("*/*"))


def _folder(workspace: Workspace) -> Path:
    folder = config.current().data_dir / "uploads" / str(workspace.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
