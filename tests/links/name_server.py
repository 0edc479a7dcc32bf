"""A real, small name server on loopback, UDP and TCP, that says what a test tells it to.

It answers as a recursive resolver does (aliases followed), and can be slow, silent, broken, lying
or too talkative.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tapline.links.domain_records import Record

UDP_BYTES = 1232
TTL = 60


@dataclass(slots=True)
class NameServer:
    """`records` maps (name, kind) to values in zone file form. `fault` is "" or what is wrong:
    silent, broken, lying, malformed, loop."""

    address: str = ""
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    fault: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # over, name, kind

    def set(self, name: str, kind: str, *values: str) -> None:
        """Set the records of one kind at a name; none takes them away."""
        self.records.pop((name, kind), None)
        if values:
            self.records[name, kind] = list(values)

    def set_all(self, records: Iterable[Record]) -> None:
        """Set the records that a domain's page asks for."""
        for record in records:
            quoted = f'"{record.value}"' if record.kind == "TXT" else record.value
            self.set(record.name, record.kind, quoted)

    def answer(self, wire: bytes, over: str) -> bytes | None:
        """Return the answer to one question, or None to keep silent."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked.append((over, name, kind))
        if self.fault == "silent":
            return None
        if self.fault == "malformed":
            return wire[:2] + b"\xff" * 20
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.fault == "broken":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif self.fault == "lying":
            _put(response, "another.example", kind, self.records.get((name, kind), []))
        elif self.fault == "loop":
            _put(response, name, "CNAME", ["loop.example."])
            _put(response, "loop.example", "CNAME", [f"{name}."])
        else:
            self._fill(response, name, kind)
        return _to_wire(response, over)

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        while alias := self.records.get((name, "CNAME")):
            _put(response, name, "CNAME", alias)
            name = alias[0].rstrip(".")
        values = self.records.get((name, kind), [])
        _put(response, name, kind, values)
        is_there = any(each == name or each.endswith(f".{name}") for each, _ in self.records)
        if not is_there:
            response.set_rcode(dns.rcode.NXDOMAIN)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Run a name server; its `address` is what TAPLINE_DNS_SERVERS takes."""
    server = NameServer()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        tcp.listen()
        host, port = tcp.getsockname()
        server.address = f"{host}:{port}"
        threads = [
            threading.Thread(target=each, daemon=True)
            for each in (lambda: _serve_udp(server, udp), lambda: _serve_tcp(server, tcp))
        ]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            udp.sendto(b"", (host, port))  # An empty packet ends the one loop,
            socket.create_connection((host, port)).close()  # an empty connection the other.
            for thread in threads:
                thread.join(10)


def _serve_udp(server: NameServer, udp: socket.socket) -> None:
    while True:
        wire, client = udp.recvfrom(4096)
        if not wire:
            return
        answer = server.answer(wire, "udp")
        if answer is not None:
            udp.sendto(answer, client)


def _serve_tcp(server: NameServer, tcp: socket.socket) -> None:
    while True:
        client, _ = tcp.accept()
        with client:
            head = client.recv(2, socket.MSG_WAITALL)
            if not head:
                return
            wire = client.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
            answer = server.answer(wire, "tcp")
            if answer is not None:
                client.sendall(struct.pack(">H", len(answer)) + answer)


def _put(response: dns.message.Message, name: str, kind: str, values: list[str]) -> None:
    if values:
        response.answer.append(
            dns.rrset.from_text_list(dns.name.from_text(name), TTL, "IN", kind, values)
        )


def _to_wire(response: dns.message.Message, over: str) -> bytes:
    wire = response.to_wire()
    if over == "udp" and len(wire) > UDP_BYTES:
        response.answer.clear()
        response.flags |= dns.flags.TC
        wire = response.to_wire()
    return wire
