"""Many links from one table: a line each, and the same lines back with their short links.

A line that cannot become a link says why and makes nothing; the others are made. Lines that have a
short link already stay as they are, so a mended table can be given again as a whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.cells import harmless
from tapline.errors import TaplineError
from tapline.links.aliases import create_alias
from tapline.links.codebook import CodeBook, load_codebook
from tapline.links.minting import create_link, mint_range
from tapline.links.models import Domain, Link
from tapline.workspaces.models import Workspace

COLUMNS = ("destination", "name", "alias", "short_link", "problem")
# So many are made while somebody waits for the answer.
MOST_LINES = 500
MOST_CHARACTERS = 2_000_000
LONGEST_NAME = 160


class BadTable(TaplineError):
    """The table as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what it asks for, and what became of it."""

    destination: str
    name: str = ""
    alias: str = ""
    short_link: str = ""
    problem: str = ""


def read_lines(table: str) -> list[Line]:
    """Return the lines of a table with commas, semicolons or tabs; raises `BadTable`.

    Without a line of column names they are destination, name and alias, in this order.
    """
    if len(table) > MOST_CHARACTERS:
        raise _too_long()
    rows = [row for row in _rows(table) if any(row)]
    if not rows:
        raise BadTable(
            _("There are no lines."),
            why=_("Neither the file nor the field holds one."),
            do=_("Give one address a line, or choose a CSV file."),
        )
    names = [cell.lower() for cell in rows[0]]
    if "destination" in names:
        rows = rows[1:]
    else:
        _refuse_unnamed(rows[0])
        names = list(COLUMNS[:3])
    if len(rows) > MOST_LINES:
        raise _too_long()
    return [_line(dict(zip(names, row, strict=False))) for row in rows]


def make_links(
    workspace: Workspace, domain: Domain, lines: Iterable[Line], *, actor: str
) -> list[Line]:
    """Make a link for each line that has none; return the lines with what became of them.

    Not inside a transaction: each line has its own.
    """
    return [
        line if line.short_link else _made(workspace, domain, line, actor=actor) for line in lines
    ]


def write_lines(lines: Sequence[Line]) -> str:
    """Return the lines as CSV, harmless to spreadsheets."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(getattr(line, name)) for name in COLUMNS] for line in lines)
    return file.getvalue()


def _rows(table: str) -> list[list[str]]:
    first = table.lstrip().split("\n", 1)[0]
    # A destination may hold any of them: what column names are divided by, else what is there most.
    delimiter = max(",;\t", key=first.count)
    try:
        read = list(csv.reader(io.StringIO(table, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise BadTable(
            _("The table cannot be read."),
            why=_("It is no CSV: a quotation mark is left open, or a cell is too long."),
            do=_("Save it again as CSV from your spreadsheet."),
        ) from error
    return [[cell.strip() for cell in row] for row in read]


def _refuse_unnamed(first: Sequence[str]) -> None:
    if "." not in first[0] and "://" not in first[0]:
        raise BadTable(
            _("No column is called «destination»."),
            why=_("The first line neither names the columns nor begins with an address."),
            do=_(
                "Call the column with the addresses «destination»; «name» and «alias» may follow."
            ),
        )


def _line(row: dict[str, str]) -> Line:
    return Line(
        destination=row.get("destination", ""),
        name=row.get("name", "")[:LONGEST_NAME],
        alias=row.get("alias", ""),
        short_link=row.get("short_link", ""),
    )


def _made(workspace: Workspace, domain: Domain, line: Line, *, actor: str) -> Line:
    try:
        with transaction.atomic():  # A taken alias leaves no link behind.
            link = create_link(workspace, domain, line.destination, name=line.name, actor=actor)
            if line.alias:
                alias = create_alias(domain, line.alias, link, actor=actor)
                return replace(line, short_link=CodeBook.url(domain, alias.path), problem="")
        return replace(line, short_link=_with_code(link), problem="")
    except TaplineError as error:
        return replace(line, problem=f"{error.what} {error.why} {error.do}")


def _with_code(link: Link) -> str:
    mint_range(link, 1)
    return CodeBook.url(
        link.domain, load_codebook([link.pk], last_position=0).codes(link.pk, [0])[0]
    )


def _too_long() -> BadTable:
    return BadTable(
        _("The table is too long."),
        why=_("At most %(number)d links are made at once.") % {"number": MOST_LINES},
        do=_("Divide it, and give its parts one after the other."),
    )
