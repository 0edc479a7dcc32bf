"""How a table of links is read, whatever a spreadsheet made of it, and given back as CSV.

Lines that have a short link already stay as they are, so a mended table can be given again as a
whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from tapline.cells import harmless, unmarked
from tapline.csv_files import SAMPLE_BYTES, delimiter_of, encoding_of, records
from tapline.errors import TaplineError
from tapline.links.aliases import plain_path

# Those that a table may have. Unnamed they come in the order of the first three.
GIVEN = ("destination", "name", "alias", "campaign", "offer", "short_link")
UNNAMED = GIVEN[:3]
COLUMNS = (*GIVEN, "problem")
MOST_LINES = 100_000
MOST_BYTES = 32 * 1024 * 1024
LONGEST_NAME = 160


class BadTable(TaplineError):
    """The table as a whole cannot be read."""


class Line(NamedTuple):
    """One line of a table: where it begins (from 1), and what it asks for."""

    line: int
    destination: str
    name: str = ""
    alias: str = ""
    campaign: str = ""
    offer: str = ""
    short_link: str = ""


def decode_table(name: str, content: bytes) -> str:
    """Return the text of a file called `name`; raises `NotACsv`, and `BadTable` for a long one."""
    if len(content) > MOST_BYTES:
        raise _too_long()
    codec = encoding_of(name, content[:SAMPLE_BYTES], lambda codec: _decodes(content, codec))
    return content.decode(codec, "replace")


def read_lines(table: str) -> list[Line]:
    """Return the lines of a table; raises `BadTable`, and `NotACsv` where a quotation mark is open.

    Without a line of column names they are destination, name and alias, in this order.
    """
    rows = _rows(table)
    first = next(rows, None)
    if first is None:
        raise _no_lines()
    names = [cell.lower() for cell in first[1]]
    lines = []
    if "destination" not in names:
        _refuse_unnamed(first[1])
        names = list(UNNAMED)
        lines.append(_line(names, *first))
    for number, cells in rows:
        if len(lines) == MOST_LINES:
            raise _too_long()
        lines.append(_line(names, number, cells))
    if not lines:
        raise _no_lines()
    return lines


def as_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield pieces of a CSV file of `COLUMNS`, harmless to spreadsheets."""
    # Excel takes a file for UTF-8 only with the mark at its beginning.
    yield ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
    for row in rows:
        piece = io.StringIO()
        csv.writer(piece).writerow(map(harmless, row))
        yield piece.getvalue().encode()


def _rows(table: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line and cells of each row that holds anything."""
    delimiter = delimiter_of(table[:SAMPLE_BYTES])
    for line, cells in records(io.StringIO(table, newline=""), delimiter):
        yield line, [cell.strip() for cell in cells]


def _decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_unnamed(first: Sequence[str]) -> None:
    if "." not in first[0] and "://" not in first[0]:
        raise BadTable(
            _("No column is called «destination»."),
            why=_("The first line neither names the columns nor begins with an address."),
            do=_(
                "Call the column with the addresses «destination»; «name» and «alias» may follow."
            ),
        )


def _line(names: Sequence[str], line: int, cells: Sequence[str]) -> Line:
    said = dict(zip(names, map(unmarked, cells), strict=False))
    given = {name: said.get(name, "") for name in GIVEN}
    given["name"] = given["name"][:LONGEST_NAME]
    given["alias"] = plain_path(given["alias"])
    return Line(line, **given)


def _no_lines() -> BadTable:
    return BadTable(
        _("There are no lines."),
        why=_("Neither the file nor the field holds one."),
        do=_("Give one address a line, or choose a CSV file."),
    )


def _too_long() -> BadTable:
    return BadTable(
        _("The table is too long."),
        why=_("At most %(number)d links are made from one table.") % {"number": MOST_LINES},
        do=_("Divide it, and give its parts one after the other."),
    )
