"""What travels between Tapline and the simulator: message submissions, receipts and replies."""

from __future__ import annotations

import msgspec

RECEIPTS_PATH = "/hooks/simulator/receipts"
REPLIES_PATH = "/hooks/simulator/replies"
TIMESTAMP_HEADER = "X-Simulator-Timestamp"
SIGNATURE_HEADER = "X-Simulator-Signature"

# The simulator's own words for a message. `tapline.providers.simulator.hooks` maps them to ours.
ACCEPTED = "accepted"
DELIVERED = "delivered"
UNDELIVERED = "undelivered"
REJECTED = "rejected"


class Submitted(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """One text handed in by `POST /messages`."""

    reference: str
    to: str
    sender: str
    text: str
    validity_seconds: float
    tag: str = ""
    media: list[str] = []  # addresses of pictures


class Submission(msgspec.Struct, frozen=True):
    """The body of `POST /messages`. After `give_up_at` (Unix seconds) nothing of it is accepted:
    a caller that stopped waiting can look its references up and trust the answer."""

    messages: list[Submitted]
    give_up_at: float | None = None


class Known(msgspec.Struct, frozen=True):
    """What the simulator says about one message. `id` is empty when it was rejected."""

    reference: str
    id: str
    status: str
    error_code: str = ""
    error_text: str = ""


class KnownMessages(msgspec.Struct, frozen=True):
    """The answer to `POST /messages` and `GET /messages`; a look-up leaves unknown ones out."""

    messages: list[Known]


class ReceiptLine(msgspec.Struct, frozen=True):
    """One delivery receipt; `at` is Unix seconds."""

    id: str
    reference: str
    status: str
    at: float
    error_code: str = ""
    error_text: str = ""


class Receipts(msgspec.Struct, frozen=True):
    """The body that is posted to `RECEIPTS_PATH`."""

    receipts: list[ReceiptLine]


class ReplyLine(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """One inbound text; `id` is the same each time it is posted, `at` is Unix seconds."""

    id: str
    sender: str
    to: str
    text: str
    at: float


class Replies(msgspec.Struct, frozen=True):
    """The body that is posted to `REPLIES_PATH`."""

    replies: list[ReplyLine]
