"""One thing to know about a broadcast before it is sent, in the words of an error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, why it matters, what to do. An error keeps the broadcast from being sent."""

    level: Level
    what: str
    why: str
    do: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding as the API and `--json` print it."""
        return asdict(self)
