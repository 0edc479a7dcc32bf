"""Who asks: the client's address behind configured proxies, and the network it belongs to."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tapline.config import BadSetting, variable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# One subscriber's neighbourhood: what a report keeps of an address too.
IPV4_PREFIX, IPV6_PREFIX = 24, 48


class Client(NamedTuple):
    """Who asks: an address and its network."""

    address: str
    network: str


# What is written down of a client where nobody may be told.
NOBODY = Client("", "")


@dataclass(frozen=True, slots=True)
class ProxyTrust:
    """Which peers are our own proxies, and the one header in which they name the client."""

    header: bytes  # lower-case; empty: no proxy is configured
    networks: tuple[Network, ...]

    def client(self, peer: Client, headers: Mapping[bytes, bytes]) -> Client:
        """Return the client that stands behind a peer; see `client_address`."""
        if not self.networks:
            return peer
        address = self.client_address(peer.address, headers)
        return Client(address, network_of(address))

    def client_address(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """Return the rightmost hop that is no configured proxy, else the peer.

        What the client itself wrote stands on the left of the header, what a proxy saw is appended
        on the right. A hop that is no address ends the search. A header that came in two
        spellings is not believed: which of them the proxy wrote cannot be told.
        """
        if not self.networks or not self.trusts(peer):
            return peer
        values = [value for name, value in headers.items() if name.lower() == self.header]
        client = peer
        for hop in reversed(values[0].split(b",")) if len(values) == 1 else ():
            address = normal_address(hop.decode("ascii", "replace").strip())
            if address is None:
                break
            client = address
            if not self.trusts(address):
                break
        return client

    def trusts(self, address: str) -> bool:
        return _is_in(address, self.networks)


def proxy_trust(header: str, networks: str, setting: str = "edge_trusted_proxies") -> ProxyTrust:
    """Return the trust that two settings describe; raises `BadSetting`, which names the `setting`
    that holds `networks`."""
    try:
        parsed = tuple(ipaddress.ip_network(item.strip()) for item in networks.split(",") if item)
    except ValueError as error:
        raise BadSetting(
            f"{variable(setting)} cannot be used.",
            why=f"{error}.",
            do="List addresses or networks with commas, like 10.0.0.0/8,fd00::/8.",
        ) from error
    return ProxyTrust(header.strip().lower().encode("ascii", "replace"), parsed)


@lru_cache(maxsize=4096)
def normal_address(text: str) -> str | None:
    """Return an address in its one spelling, IPv4 inside IPv6 as IPv4; None for anything else.

    Takes the forms proxies write: with a port, in brackets, with a zone.
    """
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the /24 or /48 an address belongs to."""
    prefix = IPV6_PREFIX if ":" in address else IPV4_PREFIX
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


@lru_cache(maxsize=4096)
def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in networks)
