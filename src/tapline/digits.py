"""How a whole number is read from text that came from outside: addresses, forms, headers."""

from __future__ import annotations

# So many digits always fit into a column of a database.
LONGEST = 18


def whole_number(raw: str, longest: int = LONGEST) -> int | None:
    """Return a number of up to `longest` plain digits; None for anything else.

    `str.isdigit` alone says yes to «²», which is no number, and to a hundred nines.
    """
    is_number = raw.isascii() and raw.isdigit() and len(raw) <= longest
    return int(raw) if is_number else None
