"""Files of texts with recipients: JSON Lines or CSV in, the same with tracked links out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from tapline.broadcasts.tracking import Tracked, Untracked
from tapline.contacts.phones import looks_like_number
from tapline.errors import TaplineError

# What others call these columns, in the order in which they are looked for.
TO_NAMES = ("phone", "to", "number", "mobile")
TEXT_NAMES = ("text", "body", "message")
REFERENCE_NAMES = ("reference", "id")


class BadTextFile(TaplineError):
    """The file holds no texts with recipients."""


class Writer(Protocol):
    """Where a written file goes."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a file: where it stood, all of its fields, and which of them matter."""

    number: int  # from 1, as editors count
    fields: dict[str, Any]
    to: str
    text: str
    reference: str

    def untracked(self) -> Untracked:
        """Return what tracking takes."""
        return Untracked(
            to=str(self.fields.get(self.to) or ""),
            text=str(self.fields.get(self.text) or ""),
            reference=str(self.fields.get(self.reference) or "")[:120],
        )


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as it was read; `columns` are a CSV's, empty where it had no header."""

    kind: Literal["json", "csv"]
    lines: list[Line]
    columns: tuple[str, ...] = ()
    delimiter: str = ","

    def write_header(self, out: Writer) -> None:
        """Write a CSV's header with the columns that tracking adds."""
        if self.columns:
            csv.writer(out, delimiter=self.delimiter).writerow(
                [*self.columns, "message_id", "parts"]
            )

    def write(self, out: Writer, lines: Iterable[Line], tracked: Iterable[Tracked]) -> None:
        """Write lines anew: their text tracked, the message's id and parts added."""
        done = zip(lines, tracked, strict=True)
        if self.kind == "json":
            out.write("".join(_json_line(line, each) for line, each in done))
            return
        rows = csv.writer(out, delimiter=self.delimiter)
        for line, each in done:
            fields = {**line.fields, line.text: each.text}
            rows.writerow([*fields.values(), each.message_id, each.parts])


def read_file(data: bytes) -> TextFile:
    """Return the texts of a file; raises `BadTextFile`.

    JSON Lines: one object a line with `phone` (or `to`) and `text`. CSV: the same as columns, or
    without header number first and text second. UTF-8, with or without a byte order mark.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad("The file is not UTF-8.", f"Byte {error.start} cannot be read.") from error
    if "\x00" in text:
        raise _bad("The file is not a text file.", "It holds NUL characters.")
    found = _read_json(text) if text.lstrip().startswith("{") else _read_csv(text)
    if not found.lines:
        raise _bad("The file is empty.", "It has no line with a text.")
    return found


def _read_json(text: str) -> TextFile:
    # Not splitlines(): JSON may hold U+2028 and its like inside a text.
    numbered = enumerate(text.split("\n"), start=1)
    return TextFile("json", [_read_object(i, line) for i, line in numbered if line.strip()])


def _read_object(number: int, line: str) -> Line:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _bad(f"Line {number} is not a JSON object.", f"{error}.") from error
    return _as_line(number, fields, tuple(fields))


def _read_csv(text: str) -> TextFile:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    columns: tuple[str, ...] = ()
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not lines and not columns and not looks_like_number(row[0]):
                columns = tuple(cell.strip() for cell in row)
                continue
            lines.append(_read_row(reader.line_num, row, columns))
    except csv.Error as error:
        raise _bad(f"Line {reader.line_num} is not CSV.", f"{error}.") from error
    return TextFile("csv", lines, columns, delimiter)


def _read_row(number: int, row: Sequence[str], columns: tuple[str, ...]) -> Line:
    names = columns or ("phone", "text", *map(str, range(2, len(row))))
    if len(row) != len(names):
        raise _bad(
            f"Line {number} has {len(row)} cells.",
            f"{len(names)} belong there; a text with commas or line breaks needs quotes.",
        )
    return _as_line(number, dict(zip(names, row, strict=True)), names)


def _as_line(number: int, fields: dict[str, Any], names: Sequence[str]) -> Line:
    by_lower = {name.lower(): name for name in names}
    to, text, reference = (
        next((by_lower[each] for each in wanted if each in by_lower), "")
        for wanted in (TO_NAMES, TEXT_NAMES, REFERENCE_NAMES)
    )
    if not to or not text:
        missing = "phone" if not to else "text"
        raise _bad(f"Line {number} has no {missing}.", f"Its fields are: {', '.join(names)}.")
    return Line(number, fields, to, text, reference)


def _json_line(line: Line, tracked: Tracked) -> str:
    links = [{"url": link.url, "destination": link.destination} for link in tracked.links]
    added = {"message_id": tracked.message_id, "parts": tracked.parts, "links": links}
    written = {**line.fields, line.text: tracked.text, **added}
    return msgspec.json.encode(written).decode() + "\n"


def _bad(what: str, why: str) -> BadTextFile:
    return BadTextFile(
        what,
        why=why,
        do='Give JSON Lines like {"phone": "+1…", "text": "…"}, or CSV with phone and text.',
    )
