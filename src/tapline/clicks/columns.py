"""The columns of the view `clicks`, in the order in which files hold them.

Reports name these columns in SQL that any engine understands; what needs arithmetic (minute,
local hour, delays) is therefore worked out once, at ingest. Ids are 0 and texts are empty where
there is nothing to say; only delays may be null.

Files outlive a version of Tapline. A column that is added says since when files hold it, and
`COLUMNS_VERSION` is raised: older files read as if it were empty in them, until they are rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS_VERSION = 4


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type in DuckDB's words, and what it means."""

    name: str
    kind: str
    meaning: str
    tells_of_person: bool = False  # emptied when the contact is erased
    since: int = 1  # the version of the columns that brought it


COLUMNS: tuple[Column, ...] = (
    Column("sequence", "BIGINT", "Order of listing, or of the last correction; the feed's cursor."),
    Column("id", "VARCHAR", "Segment and offset in the click log: the same wherever it is read."),
    Column("clicked_at", "TIMESTAMP", "When the request came, UTC."),
    Column("minute", "TIMESTAMP", "The same, cut to the minute, UTC."),
    Column("hour_local", "UTINYINT", "Hour 0–23 in the contact's zone, else the workspace's."),
    Column("weekday_local", "UTINYINT", "Day 0 (Monday) – 6 in the same zone."),
    Column("workspace", "BIGINT", "Workspace that the link belongs to."),
    Column("broadcast", "BIGINT", "Broadcast whose text held the link."),
    Column("campaign", "BIGINT", "The link's campaign, else the broadcast's."),
    Column("offer", "BIGINT", "The link's offer, else the broadcast's."),
    Column("link", "BIGINT", "Link in the broadcast; of personal links the template they share."),
    Column("opened_link", "BIGINT", "Link that was opened; differs for personal links only."),
    Column(
        "message",
        "BIGINT",
        "Message whose code was opened; people are distinct messages. -1: somebody who is only"
        " counted, on the code that all of these share.",
    ),
    Column("contact", "BIGINT", "Contact of that message.", tells_of_person=True),
    Column("human", "UTINYINT", "1 where the verdict is human, else 0."),
    Column("verdict", "VARCHAR", "human, preview, scanner, prefetch, tool, operator, unknown."),
    Column("reasons", "VARCHAR", "Names of the rules that led to it, with commas."),
    Column("rules_version", "USMALLINT", "Version of the rules that judged."),
    Column("earlier_verdict", "VARCHAR", "What was said before it was corrected.", since=4),
    Column("earlier_rules_version", "USMALLINT", "By which version; 0: never corrected.", since=4),
    Column("requests", "UINTEGER", "More than 1: repeats folded into one record of the log."),
    Column("is_operator", "UTINYINT", "1 for test broadcasts and contacts marked as staff."),
    Column("outcome", "VARCHAR", "redirect, card, expired, disabled, unresolved."),
    Column("status", "USMALLINT", "HTTP status of the answer."),
    Column("method", "VARCHAR", "HTTP method."),
    Column("host", "VARCHAR", "Host that was asked."),
    Column("path", "VARCHAR", "Code or alias that was asked for.", tells_of_person=True),
    Column("seconds_since_submit", "DOUBLE", "Delay since the text went to the provider."),
    Column("seconds_since_delivery", "DOUBLE", "Delay since the provider said delivered."),
    Column("device_kind", "VARCHAR", "phone, tablet, desktop, other."),
    Column("device", "VARCHAR", "iPhone, Pixel 8 …"),
    Column("os", "VARCHAR", "iOS, Android …"),
    Column("browser", "VARCHAR", "Mobile Safari, Chrome Mobile …"),
    Column("app", "VARCHAR", "App whose built-in browser it was."),
    Column("country", "VARCHAR", "Country of the address: US, ISO 3166.", since=2),
    Column("region", "VARCHAR", "Region of the address and its country: Florida, US.", since=2),
    Column("network_kind", "VARCHAR", "hosting, relay, preview; empty: not known.", since=3),
    Column("network_source", "VARCHAR", "Which list of which day says so.", since=3),
    Column(
        "city",
        "VARCHAR",
        "City of the address, and what it lies in: Miami, Florida, US.",
        tells_of_person=True,
        since=2,
    ),
    Column(
        "network_name",
        "VARCHAR",
        "Who runs the network of the address.",
        tells_of_person=True,
        since=2,
    ),
    Column("network", "VARCHAR", "Network of the address, /24 or /48.", tells_of_person=True),
    Column(
        "address_hash",
        "VARCHAR",
        "The address, hashed with a key that changes daily.",
        tells_of_person=True,
    ),
    Column("agent", "VARCHAR", "User-Agent as it was sent.", tells_of_person=True),
    Column("headers", "VARCHAR", "Other headers of note, as JSON.", tells_of_person=True),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)

# Files are sorted by these, so that a report reads few row groups of a large file.
SORT_ORDER = "workspace, broadcast, clicked_at, id"


def empty_value(column: Column) -> str:
    """Return the SQL literal that stands for «nothing» in a column."""
    return "''" if column.kind == "VARCHAR" else "0"
