"""How many rows travel in one statement: as one JSON parameter that the database unfolds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection


def run_bulk(
    statement: str, rows: Sequence[Sequence[object]], values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run one statement over `rows` (its parameter `%(rows)s`); return what it returns.

    One statement for a chunk takes a fifth of the time of one per row.
    """
    packed = msgspec.json.encode(rows, enc_hook=_as_number).decode()
    with connection.cursor() as cursor:
        cursor.execute(statement, {**(values or {}), "rows": packed})
        return list(cursor.fetchall()) if cursor.description else []


def in_database(moment: Any) -> Any:
    """Return an aware time as the database stores it."""
    return connection.ops.adapt_datetimefield_value(moment)


def _as_number(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a statement")
