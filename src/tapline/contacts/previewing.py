"""How the first rows of a file would be read, before anything is imported. Writes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from tapline.contacts.importing import ImportOptions, reader_of, understand
from tapline.contacts.rows import BadRow, ImportedRow, RowReader
from tapline.workspaces.models import Workspace

ROWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One row as it would come in; `why` says why it would be refused instead."""

    line: int
    phone: str = ""
    cells: tuple[str, ...] = ()  # in the order of `Preview.fields`
    tags: tuple[str, ...] = ()
    agreed: str = ""  # how they agreed; empty: no text may go to them
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, and which attributes they bring, in the order of the file."""

    fields: tuple[str, ...]
    rows: tuple[SeenRow, ...]


def preview(
    workspace: Workspace, path: Path, options: ImportOptions, most: int = ROWS_SHOWN
) -> Preview:
    """Return how the first `most` rows would be read; reads no further than that.

    Raises `BadCountry`, `NotACsv` and `BadMapping`.
    """
    country, sheet, columns = understand(workspace, path, options)
    reader = reader_of(workspace, options, country, columns)
    fields = tuple(name for name, _at in sorted(reader.attributes, key=lambda each: each[1]))
    with closing(sheet.rows(_silent)) as rows:
        seen = [_seen(reader, fields, line, cells) for line, cells in islice(rows, most)]
    return Preview(fields, tuple(seen))


def _seen(reader: RowReader, fields: tuple[str, ...], line: int, cells: list[str]) -> SeenRow:
    try:
        row = reader.read(line, cells)
    except BadRow as error:
        return SeenRow(line, why=str(error))
    return _told(row, fields)


def _told(row: ImportedRow, fields: tuple[str, ...]) -> SeenRow:
    attributes = msgspec.json.decode(row.attributes, type=dict[str, str])
    return SeenRow(
        row.line,
        phone=row.phone,
        cells=tuple(attributes.get(name, "") for name in fields),
        tags=row.tags,
        agreed=row.answer.how if row.answer else "",
    )


def _silent(read_bytes: int) -> None:
    """Tell nobody how far it is: ten rows are read at once."""
