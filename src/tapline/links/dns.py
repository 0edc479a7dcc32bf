"""Questions to the domain name system, bounded in time and size, with failures as values.

dnspython does the asking (docs/decisions/074): it takes TCP where an answer is too long for UDP,
does not believe answers to other questions, and follows aliases.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.resolver

from tapline.config import BadSetting, parse_address

DNS_PORT = 53
# More of one kind at one name is no setting of a person's.
MOST_VALUES = 50
LONGEST_VALUE = 500

Value = TypeVar("Value")


class Failure(StrEnum):
    """Why a question has no answer. Only the first two are the zone's own word."""

    NO_NAME = "no such name"
    NO_RECORD = "no such record"
    LOOP = "aliases without end"
    BROKEN = "the name servers fail"
    SILENT = "no answer in time"


@dataclass(frozen=True, slots=True)
class Reply(Generic[Value]):
    """What one question brought. `aliases` are the names that the host was an alias of."""

    values: tuple[Value, ...] = ()
    failure: Failure | None = None
    aliases: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Say whether the zone itself has spoken: it has these values, or surely none."""
        return self.failure in (None, Failure.NO_NAME, Failure.NO_RECORD)


class Authority(NamedTuple):
    """One CAA record (RFC 8659)."""

    flags: int
    tag: str
    value: str


class Questions:
    """Asks for records of names. All questions together take at most `seconds`; the rest of them
    are answered `SILENT` at once then."""

    def __init__(self, servers: str, seconds: float) -> None:
        """`servers` lists name servers with commas; "" means this machine's.

        Raises `BadSetting`.
        """
        self._resolver = _resolver(servers)
        self._ends_at = time.monotonic() + seconds

    def texts(self, name: str) -> Reply[str]:
        """Return the TXT records of a name, each joined to one text."""
        reply = self._ask(name, "TXT")
        values = (b"".join(record.strings).decode("utf-8", "replace") for record in reply.values)
        return _cut(reply, values)

    def addresses(self, name: str) -> Reply[str]:
        """Return the A and AAAA records of a name."""
        four, six = self._ask(name, "A"), self._ask(name, "AAAA")
        values = (record.address for record in (*four.values, *six.values))
        failures = [each.failure for each in (four, six) if each.failure]
        # One family alone is the usual case; but where one was not answered nothing is sure.
        unsure = [each for each in (four, six) if not each.is_sure]
        failure = unsure[0].failure if unsure else (failures[0] if len(failures) == 2 else None)
        return _cut(Reply((), failure, four.aliases or six.aliases), values)

    def authorities(self, name: str) -> Reply[Authority]:
        """Return the CAA records of exactly this name."""
        reply = self._ask(name, "CAA")
        values = (
            Authority(
                record.flags,
                record.tag.decode("ascii", "replace").lower(),
                record.value.decode("utf-8", "replace")[:LONGEST_VALUE],
            )
            for record in reply.values
        )
        return Reply(tuple(values)[:MOST_VALUES], reply.failure, reply.aliases)

    def _ask(self, name: str, kind: str) -> Reply[Any]:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            return Reply(failure=Failure.SILENT)
        try:
            answer = self._resolver.resolve(
                f"{name}.", kind, raise_on_no_answer=False, lifetime=left, search=False
            )
        except dns.resolver.NXDOMAIN:
            return Reply(failure=Failure.NO_NAME)
        except dns.resolver.LifetimeTimeout:
            return Reply(failure=Failure.SILENT)
        except dns.resolver.NoNameservers as error:
            return Reply(failure=Failure.LOOP if _has_loop(error) else Failure.BROKEN)
        except dns.exception.DNSException:  # A name too long to ask for, among others.
            return Reply(failure=Failure.BROKEN)
        aliases = tuple(
            target.target.to_text(omit_final_dot=True).lower()
            for alias in answer.chaining_result.cnames
            for target in alias
        )
        if answer.rrset is None:
            return Reply(failure=Failure.NO_RECORD, aliases=aliases)
        return Reply(tuple(answer.rrset), aliases=aliases)


def _cut(reply: Reply[Any], values: Iterator[str]) -> Reply[str]:
    cut = tuple(value[:LONGEST_VALUE] for value in values)[:MOST_VALUES]
    return Reply(cut, reply.failure, reply.aliases)


def _has_loop(error: dns.resolver.NoNameservers) -> bool:
    errors = error.kwargs.get("errors", ())
    return any(isinstance(each[3], dns.message.ChainTooLong) for each in errors)


def _resolver(servers: str) -> dns.resolver.Resolver:
    chosen = [item.strip() for item in servers.split(",") if item.strip()]
    try:
        resolver = dns.resolver.Resolver(configure=not chosen)
        if chosen:
            resolver.nameservers = [_name_server(item) for item in chosen]
    except (dns.exception.DNSException, ValueError, OSError) as error:
        raise BadSetting(
            "Domains cannot be checked: there is no name server to ask.",
            why=f"{error}",
            do="Name one with TAPLINE_DNS_SERVERS, like 9.9.9.9 or 127.0.0.1:5353.",
        ) from error
    return resolver


def _name_server(item: str) -> dns.nameserver.Nameserver:
    has_port = item.startswith("[") or item.count(":") == 1
    host, port = parse_address(item) if has_port else (item, DNS_PORT)
    dns.inet.af_for_address(host)  # raises ValueError for a name
    return dns.nameserver.Do53Nameserver(host, port)
