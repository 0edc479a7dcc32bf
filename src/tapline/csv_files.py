"""How spreadsheets' files are read as rows of cells: encodings, delimiters, open quotes. Pure."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tapline.errors import TaplineError

SAMPLE_BYTES = 64 * 1024
SAMPLE_ROWS = 50
# A cell may hold line breaks, but not this many: a quotation mark was left open.
LONGEST_RECORD_LINES = 200

DELIMITERS = (",", ";", "\t", "|")

# First bytes of what people take for a CSV, and what it is.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a compressed (gzip) file"),
    (b"{\\rtf", "a Rich Text document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database"),
)
_BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_SAVE_AGAIN = "Open it in the program that made it and save it as «CSV UTF-8»."


class NotACsv(TaplineError):
    """The file cannot be read as rows of cells."""


class Row(NamedTuple):
    """One record: the line it begins on (from 1), and its cells."""

    line: int
    cells: list[str]


def encoding_of(name: str, start: bytes, is_in: Callable[[str], bool]) -> str:
    """Return the codec of a file called `name` that begins so; raises `NotACsv` for no text.

    `is_in` says whether the whole of it is in an encoding: a foreign byte may come in its last
    line. What is no Unicode is Windows-1252, Excel's «CSV» of the West.
    """
    _refuse_other_kinds(name, start)
    for mark, codec in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return codec
    nulls = start.count(0)
    if nulls > len(start) // 4:  # UTF-16 without a mark has a null in every Latin letter
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    controls = sum(byte < 32 and byte not in b"\t\n\r\x0c" for byte in start)
    if controls > len(start) // 50:
        raise not_a_csv(name, "It holds bytes that no text has.", _SAVE_AGAIN)
    return next((codec for codec in ("utf-8", "cp1252") if is_in(codec)), "latin-1")


def delimiter_of(sample: str) -> str:
    """Return what parts the cells: announced by Excel's `sep=`, else what parts most rows alike."""
    first_line = sample.split("\n", 1)[0].strip().strip('"')
    if first_line.lower().startswith("sep=") and first_line[4:5]:
        return first_line[4]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def records(text: Iterable[str], delimiter: str) -> Iterator[Row]:
    """Yield the records of some lines that hold anything; raises `NotACsv`. Nulls, which broken
    exports scatter, are dropped."""
    reader = csv.reader((line.replace("\x00", "") for line in text), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if reader.line_num - line > LONGEST_RECORD_LINES:
                raise _open_quote(line)
            is_announcement = line == 1 and cells and cells[0].lower().startswith("sep=")
            if not is_announcement and "".join(cells).strip():
                yield Row(line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise _open_quote(line) from error


def not_a_csv(name: str, why: str, do: str) -> NotACsv:
    """Return what is said of a file that cannot be read."""
    return NotACsv(f"'{name}' is not a CSV file.", why=why, do=do)


def _refuse_other_kinds(name: str, start: bytes) -> None:
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            raise not_a_csv(name, f"It is {kind}.", _SAVE_AGAIN)
    beginning = start[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if beginning.startswith((b"<!doctype", b"<html", b"<?xml", b"{", b"[")):
        raise not_a_csv(
            name,
            "It is a web page or another structured format, perhaps an error page.",
            "Download the export again, and choose CSV as its format.",
        )


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many rows are as wide as the first (2 cells or more), and how wide that is."""
    lines = sample.splitlines(keepends=True)[:SAMPLE_ROWS]
    widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
    if not widths or widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]), widths[0]


def _open_quote(line: int) -> NotACsv:
    return NotACsv(
        f"The row on line {line} does not end.",
        why="A quotation mark is opened there and not closed, so the rest of the file is one cell.",
        do="Close or remove the quotation mark, and try again.",
    )
