"""How cells of CSV files are written so that no spreadsheet takes them for formulas."""

from __future__ import annotations

# What a formula can begin with. Source: OWASP, «CSV Injection».
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula; `unmarked` takes the mark off again."""
    return f"'{cell}" if cell.startswith(BEGINNINGS) else cell


def unmarked(cell: str) -> str:
    """Return a cell as it was before `harmless` saw it."""
    return cell[1:] if cell[:1] == "'" and cell.startswith(BEGINNINGS, 1) else cell
