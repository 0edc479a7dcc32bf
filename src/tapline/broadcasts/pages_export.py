"""Downloads of a report: its figures for whoever sees rates, its people for whoever sees people."""

from __future__ import annotations

from collections.abc import Iterator

from tapline.broadcasts import exporting
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.pages_report import find_reported
from tapline.web.streaming import FileStream
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need
from tapline.workspaces.audit import record

FORMATS: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@inside(Need.RATES)
def figures(visit: Visit, broadcast_id: int, format_name: str) -> FileStream:
    """Hand over the numbers of a report: no people are in them."""
    broadcast = find_reported(visit, broadcast_id)
    lines = exporting.figures(broadcast, guarded=format_name == "csv")
    if format_name == "parquet":
        lines = exporting.PiecesOf(exporting.as_parquet(lines, exporting.FIGURES))
    return _download(broadcast, "figures", format_name, lines)


# A POST, so that no link in a text or a page can make somebody take people's numbers away.
@inside(Need.PEOPLE, "POST")
def recipients(visit: Visit, broadcast_id: int, format_name: str) -> FileStream:
    """Hand over every recipient with number, name and what became of their text."""
    broadcast = find_reported(visit, broadcast_id)
    _tell(visit, broadcast, "recipients")
    lines = exporting.recipients(broadcast, guarded=format_name == "csv")
    if format_name == "parquet":
        lines = exporting.PiecesOf(exporting.as_parquet(lines, exporting.RECIPIENTS))
    return _download(broadcast, "recipients", format_name, lines)


@inside(Need.PEOPLE, "POST")
def openings(visit: Visit, broadcast_id: int, format_name: str) -> FileStream:
    """Hand over every opening, with the id of the recipient's text."""
    broadcast = find_reported(visit, broadcast_id)
    _tell(visit, broadcast, "openings")
    pieces = exporting.PiecesOf(exporting.openings(broadcast, format_name))
    return _download(broadcast, "openings", format_name, pieces)


def _tell(visit: Visit, broadcast: Broadcast, what: str) -> None:
    """Write down who took people's data away."""
    record(visit.workspace, visit.actor, "broadcast.exported", broadcast, after={"what": what})


def _download(
    broadcast: Broadcast, what: str, format_name: str, pieces: Iterator[bytes]
) -> FileStream:
    name = f"broadcast-{broadcast.pk}-{what}.{format_name}"
    return FileStream(pieces, name, FORMATS[format_name])
