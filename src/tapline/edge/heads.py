"""What the header lines of a request mean for its answer and its record."""

from __future__ import annotations

from tapline.clicklog.record import KEPT_HEADERS, as_text, head_part

# Header names as clients spell them, and what the log calls them; "" for common ones it leaves out.
# Most come in one of these spellings, so that lower() is hardly ever called.
_AGENT = "user-agent"
_LEFT_OUT = ("Host", "Accept-Encoding", "Connection", "Priority", "Upgrade-Insecure-Requests")
_NAMES = {
    spelling.encode(): "" if name in _LEFT_OUT else name.lower()
    for name in (*KEPT_HEADERS, "User-Agent", *_LEFT_OUT)
    for spelling in (name, name.lower(), name.title())
}


class Head:
    """The header lines of a request: what they mean for its answer and its record.

    Phones of one model and language send the same lines with every tap, so that connections
    remember what they meant. Never changed once made.
    """

    __slots__ = ("agent", "headers", "host", "kept", "line_part")

    def __init__(self, host: bytes, headers: dict[bytes, bytes]) -> None:
        self.host = host  # the `Host` header
        self.headers = headers  # as they were spelled
        kept: dict[str, str] = {}
        for spelling, value in headers.items():
            name = _NAMES.get(spelling)
            if name is None:
                name = _NAMES.get(spelling.lower())
            if name:
                kept[name] = as_text(value)
        self.agent = kept.pop(_AGENT, "")
        self.kept = kept  # those that go into the record, by their names there
        self.line_part = head_part(self.agent, kept)
