"""How a file becomes rows of cells, whatever a spreadsheet made of it, or is refused as no CSV."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tapline.contacts.phones import looks_like_number
from tapline.errors import TaplineError

SAMPLE_BYTES = 64 * 1024
SAMPLE_ROWS = 50
ROWS_PER_TELLING = 1000
BLOCK_BYTES = 1024 * 1024
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


class NotACsv(TaplineError):
    """The file cannot be read as rows of contacts."""


class Row(NamedTuple):
    """One record: the line it begins on (from 1), and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file that was understood: how it is encoded and parted, and what its columns are called."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]  # "column 1", … where the file has none
    header_line: int  # 0: the file has no header
    sample: list[list[str]]  # the first rows below the header
    size_bytes: int

    def rows(self, on_bytes: Callable[[int], None]) -> Generator[Row]:
        """Yield each row that is not empty; tell `on_bytes` now and then how much was read."""
        with self.path.open("rb") as file:
            text = io.TextIOWrapper(file, encoding=self.encoding, errors="replace", newline="")
            for count, row in enumerate(_records(text, self.delimiter)):
                if count % ROWS_PER_TELLING == 0:
                    on_bytes(file.tell())
                if row.line > self.header_line:
                    yield row

    def count_rows(self) -> int:
        """Return how many rows `rows` yields; a million take two seconds. Raises `NotACsv`."""
        return sum(1 for _ in self.rows(lambda read_bytes: None))


def open_sheet(path: Path) -> Sheet:
    """Return the file at `path`, understood; raises `NotACsv`."""
    start, size_bytes = _first_bytes(path)
    _refuse_other_kinds(path, start)
    encoding = _encoding(path, start)
    delimiter = _delimiter(_sample_text(path, encoding))
    first = _first_rows(path, encoding, delimiter)
    if not first:
        raise _not_a_csv(path, "It holds no rows.", "Export the contacts again, one a line.")
    has_header = not any(looks_like_number(cell) for cell in first[0].cells)
    names = (
        first[0].cells if has_header else [f"column {n + 1}" for n in range(len(first[0].cells))]
    )
    return Sheet(
        path=path,
        encoding=encoding,
        delimiter=delimiter,
        header=[name.strip() for name in names],
        header_line=first[0].line if has_header else 0,
        sample=[row.cells for row in first[has_header:]],
        size_bytes=size_bytes,
    )


def _first_bytes(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(SAMPLE_BYTES), path.stat().st_size
    except OSError as error:
        raise NotACsv(
            f"'{path}' cannot be read.",
            why=f"{error.strerror}.",
            do="Check the file's name and that you may read it.",
        ) from error


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    if not start.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise _not_a_csv(path, "It is empty.", "Export the contacts again, one a line.")
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            raise _not_a_csv(
                path,
                f"It is {kind}.",
                "Open it in the program that made it and save it as «CSV UTF-8».",
            )
    beginning = start[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if beginning.startswith((b"<!doctype", b"<html", b"<?xml", b"{", b"[")):
        raise _not_a_csv(
            path,
            "It is a web page or another structured format, perhaps an error page.",
            "Download the export again, and choose CSV as its format.",
        )


def _encoding(path: Path, start: bytes) -> str:
    """Return the codec's name. What is no Unicode is Windows-1252, Excel's «CSV» of the West."""
    for mark, name in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return name
    nulls = start.count(0)
    if nulls > len(start) // 4:  # UTF-16 without a mark has a null in every Latin letter
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    controls = sum(byte < 32 and byte not in b"\t\n\r\x0c" for byte in start)
    if controls > len(start) // 50:
        raise _not_a_csv(
            path, "It holds bytes that no text has.", "Export the contacts as «CSV UTF-8»."
        )
    if _decodes(path, "utf-8"):
        return "utf-8"
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _decodes(path: Path, encoding: str) -> bool:
    """Say whether the whole file is in `encoding`: a foreign byte may come in the last line."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _sample_text(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(SAMPLE_BYTES).replace("\x00", "")


def _delimiter(sample: str) -> str:
    """Return what parts the cells: announced by Excel's `sep=`, else what parts most rows alike."""
    first_line = sample.split("\n", 1)[0].strip().strip('"')
    if first_line.lower().startswith("sep=") and first_line[4:5]:
        return first_line[4]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many rows are as wide as the first (2 cells or more), and how wide that is."""
    lines = sample.splitlines(keepends=True)[:SAMPLE_ROWS]
    widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
    if not widths or widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]), widths[0]


def _first_rows(path: Path, encoding: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        for row in _records(file, delimiter):
            rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
    return rows


def _records(text: io.TextIOBase, delimiter: str) -> Iterator[Row]:
    """Yield the records that hold anything. Nulls, which broken exports scatter, are dropped."""
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


def _open_quote(line: int) -> NotACsv:
    return NotACsv(
        f"The row on line {line} does not end.",
        why="A quotation mark is opened there and not closed, so the rest of the file is one cell.",
        do="Close or remove the quotation mark, and import the file again.",
    )


def _not_a_csv(path: Path, why: str, do: str) -> NotACsv:
    return NotACsv(f"'{path.name}' is not a CSV file.", why=why, do=do)
