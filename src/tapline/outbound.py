"""Requests to addresses that users give: they never reach a private network.

A name is resolved here, each of its addresses is looked at, and the connection goes to the very
address that was looked at: a name that answers differently the second time (DNS rebinding) gains
nothing. Redirects are not followed, and no proxy of the environment is used: it would look names
up by itself. `TAPLINE_OUTBOUND_LOCAL` lets a gateway on this machine or in our own network pass.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tapline import config
from tapline.errors import TaplineError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]

# Long enough that a busy sender does not ask a name server for every text.
REMEMBER_SECONDS = 20.0
# NAT64 and 6to4 carry an IPv4 address inside. Sources: RFC 6052, RFC 3056.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class BadAddress(TaplineError):
    """A request must not go there."""


class Forbidden(httpx2.ConnectError):
    """The name leads into a private network; nothing was sent."""


def check_address(url: str) -> str:
    """Return `url` without what surrounds it; raises `BadAddress` unless it is http(s) with a host
    that may be reached. Names are looked at again, with each of their addresses, when it is used.
    """
    url = url.strip()
    parts = urlsplit(url)
    allows_local = config.current().outbound_local
    schemes = ("https", "http") if allows_local else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise BadAddress(
            f"'{url[:80]}' cannot be called.",
            why="It must be a whole address that begins with https://, so that nobody reads along.",
            do="Copy it from the provider's documentation, or set TAPLINE_OUTBOUND_LOCAL for a"
            " gateway in your own network.",
        )
    if parts.username or parts.password:
        raise BadAddress(
            "The address names a user.",
            why="It would be shown with its password wherever the address is.",
            do="Put name and password into the fields for secrets.",
        )
    if not allows_local and _is_private_literal(parts.hostname):
        raise BadAddress(
            f"'{parts.hostname}' is an address of a private network.",
            why="Nobody may reach this machine's surroundings through Tapline.",
            do="Set TAPLINE_OUTBOUND_LOCAL if a gateway of your own answers there.",
        )
    return url


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the public internet, embedded IPv4 addresses too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in _with_embedded(ip))


def is_public_address(url: str) -> bool:
    """Say whether somebody on the internet could call `url`, as far as its spelling tells: https,
    and a host that is neither this machine nor an address of a private network."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and is_public_host(host)


def is_public_host(host: str) -> bool:
    """Say whether a host can be another network's: neither this machine's name nor an address of a
    private network."""
    return "." in host and not _is_private_literal(host)


def make_client(
    *,
    timeout: httpx2.Timeout,
    connections: int = 20,
    resolve: Resolver | None = None,
    allows_local: bool | None = None,
    verify: ssl.SSLContext | bool = True,
    **settings: Any,
) -> httpx2.Client:
    """Return a client that reaches public addresses alone; it may be used from several threads.
    `verify` says whom certificates are believed from, where the machine's own list does not do."""
    if allows_local is None:
        allows_local = config.current().outbound_local
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    transport = GuardedTransport(resolve or resolve_name, allows_local, limits, verify)
    return httpx2.Client(
        transport=transport, timeout=timeout, trust_env=False, follow_redirects=False, **settings
    )


class GuardedTransport(httpx2.BaseTransport):
    """Resolves, looks at, and connects to the address that it looked at."""

    def __init__(
        self,
        resolve: Resolver,
        allows_local: bool,
        limits: httpx2.Limits,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._resolve, self._allows_local = resolve, allows_local
        self._inner = httpx2.HTTPTransport(verify=verify, trust_env=False, limits=limits)
        self._known: dict[tuple[str, int], tuple[float, Sequence[str]]] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; raises `Forbidden` before anything left, and what httpx2 raises."""
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = self._addresses(host, port, request)
        for address in addresses[:-1]:
            try:
                return self._inner.handle_request(_towards(request, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue  # The next of the host's addresses may answer.
        return self._inner.handle_request(_towards(request, addresses[-1]))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _addresses(self, host: str, port: int, request: httpx2.Request) -> Sequence[str]:
        now = time.monotonic()
        with self._lock:
            known = self._known.get((host, port))
        if known and now < known[0]:
            return known[1]
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise httpx2.ConnectError(f"{host} has no address: {error}", request=request) from error
        if not self._allows_local and not all(is_public(each) for each in found):
            raise Forbidden(f"{host} leads into a private network.", request=request)
        with self._lock:
            self._known[host, port] = (now + REMEMBER_SECONDS, found)
        return found


def resolve_name(host: str, port: int) -> Sequence[str]:
    """Return a host's addresses, each once; raises `OSError` where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _towards(request: httpx2.Request, address: str) -> httpx2.Request:
    """Return the request with the address in place of the name; the certificate is still checked
    against the name, and the Host header still says it."""
    extensions = dict(request.extensions)
    if request.url.scheme == "https":
        extensions["sni_hostname"] = request.url.host
    return httpx2.Request(
        method=request.method,
        url=request.url.copy_with(host=address.partition("%")[0]),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )


def _is_private_literal(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False  # A name: its addresses are looked at when it is called.


def _with_embedded(ip: Address) -> list[Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    inner: list[Address] = []
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip.sixtofour is not None:
        inner.append(ip.sixtofour)
    if ip.teredo is not None:
        inner.extend(ip.teredo)
    if ip in _NAT64:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    return [ip, *inner]
