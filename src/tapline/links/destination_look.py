"""Looks at a destination from the server, as a phone would open it: hop by hop to its last page.

Each hop goes through `outbound.make_client`: its name is resolved once, every address is looked at,
and the connection goes to the very address that was looked at. So a destination, or a redirect on
the way, that leads into a private network is never connected to, however its name answers next
time. Time and size are bounded for the whole look, whatever the servers do.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from tapline import outbound
from tapline.destinations import CODE, BadDestination, check_destination
from tapline.links.page_head import MOST_BYTES, PageHead, read_head, unpacked

# Browsers give up after 20; a person on a phone network has gone before that.
MOST_HOPS = 10
# An ordinary iPhone's browser, so that the page is the one that people get, and our name, so that
# whoever reads the site's log knows who looks.
PHONE_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/18.5 Mobile/15E148 Safari/604.1 (compatible; Tapline destination check)"
)
HEADERS = {
    "User-Agent": PHONE_AGENT,
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    # What is not packed cannot grow when it is unpacked.
    "Accept-Encoding": "identity",
    "Connection": "close",
}
REDIRECTS = {301, 302, 303, 307, 308}
# As long as a code of ours, and never one: codes hold no vowels.
_SAMPLE_CODE = "aeiouaei"


class Problem(StrEnum):
    """Why a look did not reach a page."""

    NONE = ""
    NO_NAME = "no_name"
    PRIVATE = "private"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    CERTIFICATE = "certificate"
    GARBLED = "garbled"
    ROUND = "round"  # redirects without an end
    OWN = "own"  # a hop leads to a host that serves links of this instance
    BAD_REDIRECT = "bad_redirect"
    APP = "app"  # a hop leaves the web: it opens an app


# A redirect was seen and not followed; what was told then is where it leads.
NOT_FOLLOWED = frozenset({Problem.OWN, Problem.BAD_REDIRECT, Problem.APP})


@dataclass(frozen=True, slots=True)
class Hop:
    """One address on the way, and what it answered; 0: nothing."""

    address: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look found."""

    hops: tuple[Hop, ...] = ()
    problem: Problem = Problem.NONE
    told: str = ""  # what the network or the server said, for whoever mends it
    milliseconds: int = 0
    certificate_days: int | None = None  # how long the last page's certificate still holds
    content_type: str = ""
    is_empty: bool = False
    head: PageHead = field(default_factory=PageHead)

    @property
    def status(self) -> int:
        return self.hops[-1].status if self.hops else 0

    @property
    def last_address(self) -> str:
        return self.hops[-1].address if self.hops else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the look as it is stored and as the API tells it."""
        return asdict(self)

    @staticmethod
    def of(stored: Mapping[str, Any]) -> Seen:
        """Return the look that `as_dict` wrote."""
        return Seen(
            **{
                **stored,
                "hops": tuple(Hop(**hop) for hop in stored["hops"]),
                "problem": Problem(stored["problem"]),
                "head": PageHead(**stored["head"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How far a look may go. `local_hosts` (host or host:port) may lie in a private network."""

    seconds: float = 10.0
    own_hosts: Collection[str] = ()
    local_hosts: Collection[str] = ()
    resolve: outbound.Resolver = outbound.resolve_name
    trust: ssl.SSLContext | bool = True


def look_at(address: str, rules: Rules) -> Seen:
    """Open `address` as a phone would and return what was found; never raises for what a network
    or a server can do. Takes up to `rules.seconds`, and what a name server takes."""
    began_at = time.monotonic()
    with _Walk(rules, began_at + rules.seconds) as walk:
        seen = walk.go(address.replace(CODE, _SAMPLE_CODE))
    return replace(seen, milliseconds=int((time.monotonic() - began_at) * 1000))


def is_listed(address: str, hosts: Collection[str]) -> bool:
    """Say whether an address' host, or its host and port, is one of `hosts`."""
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return bool({parts.hostname or "", f"{parts.hostname}:{port}"} & set(hosts))


class _Walk:
    """One look: the hops so far, the cookies on the way, and the moment at which it ends."""

    def __init__(self, rules: Rules, ends_at: float) -> None:
        self._rules, self._ends_at = rules, ends_at
        self._hops: list[Hop] = []
        self._clients: dict[bool, httpx2.Client] = {}

    def __enter__(self) -> _Walk:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def go(self, address: str) -> Seen:
        """Follow redirects from `address` to the last page."""
        while len(self._hops) < MOST_HOPS:
            try:
                seen, onward = self._open(address)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                self._hops.append(Hop(address, 0))
                return self._ended(self._problem(error), str(error))
            if onward is None:
                return seen
            problem, address = self._next(address, onward)
            if problem:
                return self._ended(problem, onward[:200])
        return self._ended(Problem.ROUND)

    def _open(self, address: str) -> tuple[Seen, str | None]:
        """Open one address; return what it says, or where it leads on."""
        with self._answer(address) as response:
            self._hops.append(Hop(address, response.status_code))
            onward = response.headers.get("Location")
            if response.status_code in REDIRECTS and onward:
                return Seen(), onward
            content_type = response.headers.get("Content-Type", "")[:100]
            certificate_days = _certificate_days(response)  # The line is gone after the last byte.
            body = _beginning(response, self._ends_at)
            is_page = "html" in content_type or not content_type
            encoding = response.headers.get("Content-Encoding", "").strip().lower()
            whole = unpacked(body, encoding)
            return Seen(
                hops=tuple(self._hops),
                content_type=content_type,
                is_empty=not body,
                certificate_days=certificate_days,
                head=read_head(whole, content_type, address) if is_page else PageHead(),
            ), None

    @contextmanager
    def _answer(self, address: str) -> Iterator[httpx2.Response]:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpx2.ReadTimeout("The time is up.")
        line = _Line()
        request = self._client(address).build_request(
            "GET", address, headers=HEADERS, timeout=left, extensions={"trace": line.follow}
        )
        # A server that sends one byte each second never times out by itself.
        clock = threading.Timer(left, line.cut)
        clock.daemon = True
        clock.start()
        try:
            response = self._client(address).send(request, stream=True)
            try:
                yield response
            finally:
                response.close()
        finally:
            clock.cancel()

    def _client(self, address: str) -> httpx2.Client:
        is_local = is_listed(address, self._rules.local_hosts)
        if is_local not in self._clients:
            self._clients[is_local] = outbound.make_client(
                timeout=httpx2.Timeout(self._rules.seconds),
                connections=1,
                resolve=self._rules.resolve,
                allows_local=is_local,
                verify=self._rules.trust,
            )
        return self._clients[is_local]

    def _next(self, here: str, onward: str) -> tuple[Problem, str]:
        """Return where a redirect leads, or why it is not followed."""
        try:
            whole = urljoin(here, onward.strip())
            scheme = urlsplit(whole).scheme
        except ValueError:
            return Problem.BAD_REDIRECT, ""
        if scheme not in ("http", "https"):
            # Shops of apps have schemes of their own; these three run or show something else.
            is_bad = scheme in ("javascript", "data", "file")
            return Problem.BAD_REDIRECT if is_bad else Problem.APP, ""
        try:
            address = check_destination(whole)
        except BadDestination:
            return Problem.BAD_REDIRECT, ""
        # Following it would be a tap of our own on somebody's link.
        return (Problem.OWN if is_listed(address, self._rules.own_hosts) else Problem.NONE), address

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, outbound.Forbidden):
            return Problem.PRIVATE
        if isinstance(error, httpx2.TimeoutException) or time.monotonic() >= self._ends_at:
            return Problem.SLOW
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLError):
                return Problem.CERTIFICATE
            if isinstance(cause, socket.gaierror):
                return Problem.NO_NAME
            if isinstance(cause, ConnectionRefusedError):
                return Problem.REFUSED
        is_garbled = isinstance(error, (httpx2.ProtocolError, httpx2.InvalidURL))
        return Problem.GARBLED if is_garbled else Problem.UNREACHABLE

    def _ended(self, problem: Problem, told: str = "") -> Seen:
        return Seen(hops=tuple(self._hops), problem=problem, told=told[:200])


class _Line:
    """The socket of one request, so that it can be cut from outside."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # It has ended by itself.
                # Not SSLSocket's own, which would forget that it is encrypted.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _beginning(response: httpx2.Response, ends_at: float) -> bytes:
    """Return the first bytes of a body as they came; fewer where the time is up."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= MOST_BYTES:
            return body[:MOST_BYTES]
        if time.monotonic() >= ends_at:
            break
    # A line that was cut from outside looks like the end of a page that told no length.
    if time.monotonic() >= ends_at:
        raise httpx2.ReadTimeout("The page did not come in time.")
    return body


def _certificate_days(response: httpx2.Response) -> int | None:
    """Return for how many days a page's certificate still holds; None without TLS."""
    connection = response.extensions["network_stream"].get_extra_info("ssl_object")
    shown = connection.getpeercert() if connection else None
    if not shown:
        return None
    left = ssl.cert_time_to_seconds(shown["notAfter"]) - dt.datetime.now(dt.UTC).timestamp()
    return int(left // 86_400)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
