"""How a file becomes rows of cells, whatever a spreadsheet made of it, or is refused as no CSV."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from tapline.contacts.phones import looks_like_number
from tapline.csv_files import (
    SAMPLE_BYTES,
    SAMPLE_ROWS,
    NotACsv,
    Row,
    delimiter_of,
    encoding_of,
    not_a_csv,
    records,
)

ROWS_PER_TELLING = 1000
BLOCK_BYTES = 1024 * 1024


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
            for count, row in enumerate(records(text, self.delimiter)):
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
    encoding = _encoding(path, start)
    delimiter = delimiter_of(_sample_text(path, encoding))
    first = _first_rows(path, encoding, delimiter)
    if not first:
        raise not_a_csv(path.name, "It holds no rows.", "Export the contacts again, one a line.")
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


def _encoding(path: Path, start: bytes) -> str:
    if not start.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise not_a_csv(path.name, "It is empty.", "Export the contacts again, one a line.")
    return encoding_of(path.name, start, lambda codec: _decodes(path, codec))


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


def _first_rows(path: Path, encoding: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        for row in records(file, delimiter):
            rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
    return rows
