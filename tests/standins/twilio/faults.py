"""What goes wrong in the stand-in, how often, and to which request, message or receipt.

Every choice is drawn from the seed and the number of what it befalls, so the same run meets the
same faults. Shares are from 0 to 1.
"""

from __future__ import annotations

import enum
import hashlib

import msgspec


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The shares of each fault, and how long those last that take time."""

    seed: int = 1

    # Requests that send a text; at most one of these befalls each.
    time_out_after_acceptance: float = 0.0  # the text is taken and the answer never comes
    hang_seconds: float = 30.0  # until such a connection is cut
    too_many_requests: float = 0.0  # 429: nothing is taken
    retry_after_seconds: int | None = 1  # None: no such header
    server_error: float = 0.0  # 503: nothing is taken
    server_error_after_acceptance: float = 0.0  # 500: the text is taken all the same
    slow: float = 0.0
    slow_seconds: float = 2.0
    # From and until, in seconds since the stand-in started: every request is answered 503.
    outages: tuple[tuple[float, float], ...] = ()

    # Messages that were taken; at most one of these befalls each.
    queue_overflow: float = 0.0  # 30001
    unreachable: float = 0.0  # 30003
    blocked: float = 0.0  # 30007
    forgotten: float = 0.0  # queued for ever: no receipt, and no end by asking

    # Receipts.
    duplicated: float = 0.0
    late: float = 0.0
    late_seconds: float = 5.0
    reordered: float = 0.0  # of messages: the last word comes before the one before it


class RequestFault(enum.Enum):
    """What befalls one request."""

    TIME_OUT = "time_out_after_acceptance"
    TOO_MANY = "too_many_requests"
    ERROR = "server_error"
    ERROR_AFTER = "server_error_after_acceptance"
    SLOW = "slow"


class MessageFault(enum.Enum):
    """What befalls one message; the value is a field of `Faults`."""

    QUEUE_OVERFLOW = "queue_overflow"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    FORGOTTEN = "forgotten"


def request_fault(faults: Faults, number: int) -> RequestFault | None:
    """Return what befalls the request of that number."""
    name = _pick(faults, "request", number, [each.value for each in RequestFault])
    return RequestFault(name) if name else None


def message_fault(faults: Faults, number: int) -> MessageFault | None:
    """Return what befalls the message of that number."""
    name = _pick(faults, "message", number, [each.value for each in MessageFault])
    return MessageFault(name) if name else None


def befalls(faults: Faults, name: str, number: int, word: str = "") -> bool:
    """Say whether the fault `name` befalls the message of that number, or its receipt `word`."""
    share: float = getattr(faults, name)
    return draw(faults.seed, f"{name}:{word}", number) < share


def is_out(faults: Faults, seconds: float) -> bool:
    """Say whether nothing is taken, `seconds` after the start."""
    return any(begin <= seconds < end for begin, end in faults.outages)


def draw(seed: int, what: str, number: int) -> float:
    """Return a number from 0 up to 1, always the same for the same arguments."""
    digest = hashlib.blake2b(f"{seed}:{what}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _pick(faults: Faults, what: str, number: int, names: list[str]) -> str:
    left = draw(faults.seed, what, number)
    for name in names:
        left -= getattr(faults, name)
        if left < 0:
            return name
    return ""
