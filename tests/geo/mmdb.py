"""Writes small files in MaxMind's format, as its published specification describes it.

Source: MaxMind DB File Format Specification 2.0 (maxmind.github.io/MaxMind-DB). A binary tree over
the bits of an address of IPv6 (those of IPv4 lie in ::/96), then the data, then the metadata.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR_BYTES = 16
RECORD_BITS = 32


class UInt32(int):
    """A number that the format wants in this type, however small."""


class UInt64(int):
    """The same."""


Node = list[Any]  # two children: another node, the number of a record (int), or None


def write_mmdb(path: Path, ranges: Mapping[str, Mapping[str, Any]], kind: str = "Test") -> Path:
    """Write the records of some networks, shorter prefixes first, to `path`; return it."""
    root: Node = [None, None]
    data, offsets = b"", {}
    for network, record in ranges.items():
        offsets[network] = len(data)
        data += _value(record)
    for network in sorted(ranges, key=lambda text: ipaddress.ip_network(text).prefixlen):
        _insert(root, _bits(network), offsets[network])
    nodes = _numbered(root)
    tree = b"".join(_record(child, nodes) for node in nodes.values() for child in node[1])
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": UInt64(1_790_000_000),
        "database_type": kind,
        "description": {"en": "made by a test"},
        "ip_version": 6,
        "languages": ["en"],
        "node_count": UInt32(len(nodes)),
        "record_size": RECORD_BITS,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tree + bytes(SEPARATOR_BYTES) + data + MARKER + _value(metadata))
    return path


def _bits(network: str) -> list[int]:
    parsed = ipaddress.ip_network(network)
    number, length = int(parsed.network_address), parsed.prefixlen
    if parsed.version == 4:
        length += 96
    return [number >> (127 - place) & 1 for place in range(length)]


def _insert(node: Node, bits: list[int], offset: int) -> None:
    bit, *rest = bits
    if not rest:
        node[bit] = offset
        return
    if not isinstance(node[bit], list):
        node[bit] = [node[bit], node[bit]]  # What held for the whole holds for both halves.
    _insert(node[bit], rest, offset)


def _numbered(root: Node) -> dict[int, tuple[int, Node]]:
    """Return the nodes by identity with their numbers, the root first."""
    found: dict[int, tuple[int, Node]] = {}
    waiting = [root]
    for node in waiting:
        found[id(node)] = (len(found), node)
        waiting += [child for child in node if isinstance(child, list)]
    return found


def _record(child: Any, nodes: dict[int, tuple[int, Node]]) -> bytes:
    if isinstance(child, list):
        number = nodes[id(child)][0]
    else:
        number = len(nodes) + (0 if child is None else SEPARATOR_BYTES + child)
    return number.to_bytes(RECORD_BITS // 8, "big")


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return _head(14, int(value))
    if isinstance(value, float):
        return _head(3, 8) + struct.pack(">d", value)
    if isinstance(value, str):
        return _head(2, len(value.encode())) + value.encode()
    if isinstance(value, int):
        raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
        kind = 9 if isinstance(value, UInt64) else 6 if isinstance(value, UInt32) else None
        return _head(kind or (5 if len(raw) <= 2 else 6), len(raw)) + raw
    if isinstance(value, Mapping):
        return _head(7, len(value)) + b"".join(_value(k) + _value(v) for k, v in value.items())
    if isinstance(value, list):
        return _head(11, len(value)) + b"".join(map(_value, value))
    raise TypeError(type(value))


def _head(kind: int, size: int) -> bytes:
    """Return the control byte, the extended type where there is one, and the size beyond 28."""
    short, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if size >= 285:
        short, more = 30, (size - 285).to_bytes(2, "big")
    if kind <= 7:
        return bytes([kind << 5 | short]) + more
    return bytes([short, kind - 7]) + more
