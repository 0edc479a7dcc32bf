"""The admin port: `/-/health` for people and load balancers, `/-/metrics` for Prometheus,
`/-/unknown` for people who look for what leads nowhere, and `/-/tls-ask` for a proxy that asks
whether a host deserves a certificate."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import msgspec
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from tapline.addresses import normal_address
from tapline.edge.certificates import CertificateReport
from tapline.edge.counters import ANSWERS, TAP_SECONDS, Counter, Counters
from tapline.edge.lookup import host_of
from tapline.edge.samples import Samples
from tapline.errors import TaplineError

REQUEST_SECONDS = 5.0
# Without a look at the control database for this long, changes may be missing.
LATE_SECONDS = 2.0


class AdminCannotListen(TaplineError):
    """The admin port is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the edge is at one moment."""

    counters: Counters
    children_wanted: int
    children_alive: int
    restarts: int
    change: int
    replica_age_seconds: float | None  # since the last look at the control database; None: never
    replica_error: str
    certificates: list[CertificateReport]

    def health(self) -> dict[str, Any]:
        """Return what `/-/health` shows. `status`: ok; degraded: taps are answered, but something
        needs a person; down: nobody answers."""
        total = self.counters.total
        is_failing = bool(total(Counter.LOG_FAILING))
        is_late = self.replica_age_seconds is None or self.replica_age_seconds > LATE_SECONDS
        is_short = self.children_alive < self.children_wanted
        is_ending = any(each.problem for each in self.certificates)
        status = "degraded" if is_failing or is_late or is_short or is_ending else "ok"
        return {
            "status": status if self.children_alive else "down",
            "children": {"wanted": self.children_wanted, "alive": self.children_alive},
            "click_log": {
                "written": total(Counter.LOG_WRITTEN),
                "lost": total(Counter.LOG_LOST),
                "is_failing": is_failing,
            },
            "replica": {
                "change": self.change,
                "age_seconds": self.replica_age_seconds,
                "error": self.replica_error,
            },
            "certificates": self.certificates,
        }


class EdgeCollector(Collector):
    """Turns the status into metrics; docs/edge.md lists them."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        yield _answers(status.counters)
        for name, text, counter in _COUNTERS:
            yield CounterMetricFamily(name, text, value=status.counters.total(counter))
        yield CounterMetricFamily(
            "tapline_edge_click_log_sync_seconds",
            "Time spent putting records on disk.",
            value=status.counters.total(Counter.LOG_SYNC_MICROSECONDS) / 1e6,
        )
        for name, text, value in _gauges(status):
            yield GaugeMetricFamily(name, text, value=value)
        yield _tap_seconds(status.counters)
        yield _certificate_ends(status.certificates)


_COUNTERS = (
    ("tapline_edge_folded_taps", "Repeats counted in one record.", Counter.FOLDED),
    ("tapline_edge_slowed_answers", "Guesses that had to wait.", Counter.SLOWED),
    (
        "tapline_edge_connections_refused",
        "Connections over a limit.",
        Counter.CONNECTIONS_REFUSED,
    ),
    ("tapline_edge_click_log_records", "Records put on disk.", Counter.LOG_WRITTEN),
    ("tapline_edge_click_log_lost", "Taps answered without a record.", Counter.LOG_LOST),
    ("tapline_edge_click_log_syncs", "Batches put on disk.", Counter.LOG_SYNCS),
)


def _answers(counters: Counters) -> Metric:
    family = CounterMetricFamily(
        "tapline_edge_answers", "Answers by what was asked for.", labels=["outcome"]
    )
    for counter in ANSWERS:
        family.add_metric([counter.name.lower()], counters.total(counter))
    return family


def _tap_seconds(counters: Counters) -> Metric:
    bounds = [*map(str, TAP_SECONDS), "+Inf"]
    return HistogramMetricFamily(
        "tapline_edge_tap_seconds",
        "From a tap's arrival to its answer, its record on disk; never too short.",
        buckets=list(zip(bounds, itertools.accumulate(counters.tap_seconds()), strict=True)),
        sum_value=counters.total(Counter.TAP_MICROSECONDS) / 1e6,
    )


def _certificate_ends(certificates: list[CertificateReport]) -> Metric:
    family = GaugeMetricFamily(
        "tapline_edge_certificate_ends_seconds",
        "When a certificate ends, in seconds since 1970.",
        labels=["file"],
    )
    for each in certificates:
        if each.ends_at:
            family.add_metric([each.file], each.ends_at.timestamp())
    return family


def _gauges(status: Status) -> list[tuple[str, str, float]]:
    age = status.replica_age_seconds
    return [
        ("tapline_edge_children", "Children that are alive.", status.children_alive),
        ("tapline_edge_restarts", "Children started again.", status.restarts),
        ("tapline_edge_connections", "Open.", status.counters.total(Counter.CONNECTIONS)),
        ("tapline_edge_replica_change", "The last change taken over.", status.change),
        (
            "tapline_edge_replica_age_seconds",
            "Since the last look at the control database; -1: never.",
            -1.0 if age is None else age,
        ),
        (
            "tapline_edge_click_log_failing",
            "Children that cannot write.",
            status.counters.total(Counter.LOG_FAILING),
        ),
        (
            "tapline_edge_certificates_failing",
            "Certificates that some child cannot read; what it read before is shown.",
            status.counters.most(Counter.TLS_FAILURES),
        ),
    ]


class AdminServer:
    """Answers one request per connection."""

    def __init__(
        self, status: Callable[[], Status], serves: Callable[[str], bool], samples: Samples
    ) -> None:
        self._status = status
        self._samples = samples
        self._serves = serves
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(EdgeCollector(status))
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Begin to listen; raises `AdminCannotListen`."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=8192)
        except OSError as error:
            raise AdminCannotListen(
                f"The edge's admin port {host}:{port} cannot be used.",
                why=f"{error.strerror or error}.",
                do="Stop what uses it, or choose another with TAPLINE_EDGE_ADMIN_LISTEN.",
            ) from error

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(request))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # It asked badly or went away.
        finally:
            writer.close()

    def _answer(self, request: bytes) -> bytes:
        path, _, query = request.partition(b" ")[2].partition(b" ")[0].partition(b"?")
        if path == b"/-/health":
            health = self._status().health()
            status = b"503 Service Unavailable" if health["status"] == "down" else b"200 OK"
            return _response(status, b"application/json", msgspec.json.encode(health))
        if path == b"/-/metrics":
            body = generate_latest(self._registry)
            return _response(b"200 OK", CONTENT_TYPE_LATEST.encode(), body)
        if path == b"/-/unknown":
            latest = msgspec.json.encode(self._samples.latest(time.time()))
            return _response(b"200 OK", b"application/json", latest)
        if path == b"/-/tls-ask":
            return self._answer_tls_ask(query)
        return _response(b"404 Not Found", b"text/plain", _PLACES)

    def _answer_tls_ask(self, query: bytes) -> bytes:
        """Say 200 for a host that serves links and can have a certificate: never an address or
        localhost, whatever somebody vouched for."""
        [host] = parse_qs(query.decode("ascii", "replace")).get("domain", [])[:1] or [""]
        host = host_of(host.encode())
        if "." in host and normal_address(host) is None and self._serves(host):
            return _response(b"200 OK", b"text/plain", b"This host serves links.\n")
        return _response(b"404 Not Found", b"text/plain", b"No workspace has proved this host.\n")


_PLACES = b"/-/health, /-/metrics, /-/unknown and /-/tls-ask?domain=HOST are here.\n"


def _response(status: bytes, kind: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
        % (status, kind, len(body), body)
    )
