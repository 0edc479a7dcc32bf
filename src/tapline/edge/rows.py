"""How the replica's rows look in LMDB: keys that sort as they are searched, values packed small.

One key space, told apart by the first byte. Numbers in keys are big-endian, so that they sort.
"""

from __future__ import annotations

import struct

import msgspec

from tapline.cards import Card

META = b"M"
INSTANCE_KEY = META + b"instance"  # uuid and epoch the rows belong to
CHANGE_KEY = META + b"change"  # the last change that is in
SCRUB_KEY = META + b"scrub"  # there while something erased may still lie between the rows
DOMAIN = b"D"
_RANGE_PREFIX = struct.Struct(">cIIB")  # b"R", domain, generation number, length
_RANGE_KEY = struct.Struct(">cIIBQ")  # the same and the first serial
_RANGE_VALUE = struct.Struct(">QQq")  # count, link, first position
_LINK_KEY = struct.Struct(">cQ")
# Flags, expiry in µs since 1970 (0: never); the link whose card it has, if any; the destination.
_LINK_VALUE = struct.Struct(">Bq")
_CARD_OF = struct.Struct(">Q")
_STOPPED, _HAS_CARD = 1, 2
_ALIAS_KEY = struct.Struct(">cI")  # and the path
_ALIAS_VALUE = struct.Struct(">Q")

BARE_LINK_BYTES = _LINK_VALUE.size  # a link without a destination: its person was erased
LONGEST_KEY_BYTES = 511  # LMDB takes no longer ones; an alias of 100 characters fits

range_prefix_of = _RANGE_PREFIX.pack
read_range = _RANGE_VALUE.unpack
first_serial_of = struct.Struct(">Q").unpack


class DomainRow(msgspec.Struct, array_like=True, frozen=True):
    """A proved domain. `generations` are (number, key id), newest first; the last three are what
    it answers besides its links, empty where nothing was chosen."""

    id: int
    host: str
    fallback_url: str
    generations: list[tuple[int, str]]
    brand_name: str = ""
    home_url: str = ""
    robots: str = ""


pack_domain = msgspec.msgpack.Encoder().encode
read_domain = msgspec.msgpack.Decoder(DomainRow).decode


class LinkRow(msgspec.Struct, frozen=True):
    """Where a link leads. `is_stopped`: disabled or deleted."""

    is_stopped: bool
    expires_us: int
    destination: str
    card: int = 0  # the link whose card it has: itself, or its template; 0: none


def domain_key(host: str) -> bytes:
    return DOMAIN + host.encode()


def range_prefix(domain: int, generation: int, length: int) -> bytes:
    """Return what the keys of all ranges of one cipher begin with; 8 bytes of serial follow."""
    return range_prefix_of(b"R", domain, generation, length)


def pack_range(
    domain: int, generation: int, length: int, first: int, count: int, link: int, position: int
) -> tuple[bytes, bytes]:
    key = _RANGE_KEY.pack(b"R", domain, generation, length, first)
    return key, _RANGE_VALUE.pack(count, link, position)


def link_key(link: int) -> bytes:
    return _LINK_KEY.pack(b"L", link)


def pack_link(
    link: int, is_stopped: bool, expires_us: int, destination: str, card: int = 0
) -> tuple[bytes, bytes]:
    has_card = bool(card and destination)
    flags = is_stopped * _STOPPED | has_card * _HAS_CARD
    card_of = _CARD_OF.pack(card) if has_card else b""
    return link_key(link), _LINK_VALUE.pack(flags, expires_us) + card_of + destination.encode()


def read_link(value: bytes) -> LinkRow:
    flags, expires_us = _LINK_VALUE.unpack_from(value)
    card, begin = 0, _LINK_VALUE.size
    if flags & _HAS_CARD:
        (card,) = _CARD_OF.unpack_from(value, begin)
        begin += _CARD_OF.size
    return LinkRow(bool(flags & _STOPPED), expires_us, value[begin:].decode(), card)


def card_key(link: int) -> bytes:
    return _LINK_KEY.pack(b"C", link)


pack_card = msgspec.msgpack.Encoder().encode
read_card = msgspec.msgpack.Decoder(Card).decode


def alias_key(domain: int, path: str) -> bytes:
    """Return the key of an alias; `path` is lower-case."""
    return _ALIAS_KEY.pack(b"A", domain) + path.encode()


def pack_alias(domain: int, path: str, link: int) -> tuple[bytes, bytes]:
    return alias_key(domain, path), _ALIAS_VALUE.pack(link)


def read_alias(value: bytes) -> int:
    (link,) = _ALIAS_VALUE.unpack(value)
    return int(link)
