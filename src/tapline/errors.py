"""The one base class of every error that a person can act on."""

from __future__ import annotations


class TaplineError(Exception):
    """Something a person can act on: what is wrong, why, and what to do about it.

    Each feature defines its own subclasses; command line, API and pages turn them into their
    own words in one place each. `what`, `why` and `do` are full sentences.
    """

    def __init__(self, what: str, *, why: str, do: str) -> None:
        super().__init__(f"{what} {why} {do}")
        self.what, self.why, self.do = what, why, do

    def as_dict(self) -> dict[str, str]:
        """Return the error as the API and `--json` print it."""
        return {"what": self.what, "why": self.why, "do": self.do}


class NotFound(TaplineError):
    """There is no such thing, or it belongs to somebody else: strangers cannot tell which."""


class Conflict(TaplineError):
    """The request contradicts what is already there."""
