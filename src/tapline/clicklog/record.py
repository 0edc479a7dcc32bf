"""What one line of the click log holds: what was seen of a tap, not what it means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

LONGEST_HEADER_BYTES = 512
LONGEST_LINE_BYTES = 4096
# The rest of a line about a code takes less: a host of 253 bytes, an address, numbers and names.
LONGEST_HEAD_PART_BYTES = LONGEST_LINE_BYTES - 1024

# The headers that tell people from machines.
KEPT_HEADERS = (
    *("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"),
    *("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"),
    *("Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform"),
    *("Accept", "Accept-Language", "Referer", "Via", "From", "X-Requested-With"),
)

REDIRECT = "redirect"
# A known previewer got the link's card instead.
CARD = "card"
EXPIRED = "expired"
DISABLED = "disabled"
# The domain may have handed out this serial, but the replica does not know it (yet).
UNRESOLVED = "unresolved"


class Seen(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One request that led to a link, or to a serial that may have been handed out; all of it but
    its headers."""

    time_us: int  # since 1970, UTC
    host: str
    domain: int
    path: str  # the code or alias as it was asked for, without the leading slash
    generation: int = 0  # the key generation's number; 0: an alias
    serial: int = -1  # -1: an alias
    link: int = 0  # 0: not resolved
    position: int = -1  # of the recipient in the link's audience; -1: none
    outcome: str
    status: int
    method: str
    address: str
    agent: str = ""
    count: int = 1  # more than 1: repeats within a minute, folded into one record


class Record(Seen):
    """What one line holds."""

    headers: dict[str, str] = {}  # msgspec copies the empty default


class Line(Seen):
    """A line as ingest reads it. Most have one of a few sets of headers: they stay JSON, which is
    compared in a tenth of the time that it takes to read them."""

    headers: msgspec.Raw = msgspec.Raw(b"{}")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode
_decode_line = msgspec.json.Decoder(Line).decode
_decode_headers = msgspec.json.Decoder(dict[str, str]).decode

# What `decode_line` and `read_line` raise for a line that is no record.
NOT_A_RECORD = (msgspec.DecodeError, UnicodeDecodeError)


def as_text(raw: bytes) -> str:
    """Return a header's bytes as text, cut to 512 bytes; what is no UTF-8 becomes `\\xff`."""
    return raw[:LONGEST_HEADER_BYTES].decode("utf-8", "backslashreplace")


def line_of_code(
    opening: str,
    path: str,
    serial: int,
    position: int,
    link_part: str,
    address: str,
    head_part: str,
) -> str:
    """Return what `encode_line` makes of the record of a tap on a code, in a fifth of the time.

    Most of it is the same for many taps: the functions below make those parts, each once. In a
    code and an address nothing needs escaping.
    """
    return (
        f'{opening}{path}","serial":{serial},"position":{position}{link_part}{address}"{head_part}'
    )


def opening_part(time_us: int, host: str, domain: int) -> str:
    """Return the beginning of lines about codes of one domain, up to the path."""
    return f'{{"time_us":{time_us},"host":{_encode(host).decode()},"domain":{domain},"path":"'


@lru_cache(maxsize=4096)
def link_part(generation: int, link: int, outcome: str, status: int, method: str) -> str:
    """Return what lines about one link have in common, up to the address."""
    return (
        f',"generation":{generation},"link":{link},"outcome":"{outcome}","status":{status},'
        f'"method":"{method}","address":"'
    )


def head_part(agent: str, headers: dict[str, str]) -> str:
    """Return the end of lines whose requests had these headers; empty where a line could become
    too long: `encode_line` cuts those."""
    part = f',"agent":{_encode(agent).decode()},"headers":{_encode(headers).decode()}}}\n'
    return part if len(part.encode()) <= LONGEST_HEAD_PART_BYTES else ""


def encode_line(record: Record) -> bytes:
    """Return the record as one line of at most 4,096 bytes, newline included."""
    line = _encode(record) + b"\n"
    longest = LONGEST_HEADER_BYTES
    while len(line) > LONGEST_LINE_BYTES:
        longest //= 2
        line = _encode(_cut(record, longest)) + b"\n"
    return line


def decode_line(line: bytes) -> Record:
    """Return the record of one line; raises one of `NOT_A_RECORD`."""
    return _decode(line)


def read_line(line: bytes) -> Line:
    """Return the line as ingest reads it; raises one of `NOT_A_RECORD`."""
    read = _decode_line(line)
    read_headers(bytes(read.headers))
    return read


@lru_cache(maxsize=20_000)  # 1 kB each
def read_headers(headers: bytes) -> Mapping[str, str]:
    """Return the headers of a line by name; raises one of `NOT_A_RECORD`."""
    return _decode_headers(headers)


def _cut(record: Record, longest: int) -> Record:
    """Return the record with every text that strangers choose cut to `longest` characters."""
    return msgspec.structs.replace(
        record,
        host=record.host[:longest],
        path=record.path[:longest],
        agent=record.agent[:longest],
        headers={name: value[:longest] for name, value in record.headers.items()},
    )
