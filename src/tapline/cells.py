"""How cells of CSV files are written so that no spreadsheet takes them for formulas."""

from __future__ import annotations


def harmless(cell: str) -> str:
    """Keep a spreadsheet from running a cell as a formula; an import takes the mark off again."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
