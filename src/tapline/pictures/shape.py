"""How large a picture is, and what is raised where it cannot be told."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Sides in pixels, as the picture is shown."""

    width: int
    height: int


class Malformed(ValueError):
    """A file is not what its first bytes say; the words say why."""
