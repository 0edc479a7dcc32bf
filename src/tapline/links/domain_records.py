"""Which DNS records a domain needs, for people to copy. Pure, but for the proof's key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from tapline.config import BadSetting, Config
from tapline.destinations import normalise_host
from tapline.instance.keys import Purpose, derive, instance_key
from tapline.links.hosts import registered_name

PROOF_LABEL = "_tapline"
PROOF_START = "tapline-proof="
PROOF_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where domains of this instance must point, and who makes certificates for them."""

    addresses: frozenset[str]
    host: str  # "": sub-domains are pointed to the addresses too
    authorities: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record to set. `short_name` is the name without the registered domain, as most DNS
    pages want it; `purpose` is proof, address or authority."""

    purpose: str
    kind: str
    name: str
    short_name: str
    value: str


def target_of(settings: Config) -> Target:
    """Return what the settings say; raises `BadSetting` for what is no address."""
    try:
        addresses = frozenset(
            str(ipaddress.ip_address(item)) for item in _items(settings.edge_public_addresses)
        )
    except ValueError as error:
        raise BadSetting(
            "TAPLINE_EDGE_PUBLIC_ADDRESSES cannot be used.",
            why=f"{error}.",
            do="List addresses with commas, like 203.0.113.7,2001:db8::7.",
        ) from error
    return Target(
        addresses=addresses,
        host=normalise_host(settings.edge_public_host) or "",
        authorities=frozenset(item.lower() for item in _items(settings.certificate_authorities)),
    )


def proof_value(settings: Config, workspace: int, host: str) -> str:
    """Return what the TXT record of `host` must say to prove that it is this workspace's.

    It is computed, the same whenever it is asked for; nobody else's record helps, since workspace
    and host are in it, and it gives nothing away.
    """
    key = derive(instance_key(settings), Purpose.DOMAIN_PROOFS)
    mark = hmac.new(key, f"{workspace}/{host}".encode(), hashlib.sha256).digest()[:PROOF_BYTES]
    return PROOF_START + base64.b32encode(mark).decode().lower()


def proof_name(host: str) -> str:
    """Return where the proof stands: beside the host, since an alias (CNAME) allows nothing else
    at the host itself."""
    return f"{PROOF_LABEL}.{host}"


def records_for(host: str, proof: str, target: Target) -> list[Record]:
    """Return the records to set for `host`, proof first."""
    records = [_record(host, "proof", "TXT", proof_name(host), proof)]
    if target.host and not is_apex(host):
        records.append(_record(host, "address", "CNAME", host, target.host))
    else:
        records += [
            _record(host, "address", "AAAA" if ":" in address else "A", host, address)
            for address in sorted(target.addresses, key=lambda each: (":" in each, each))
        ]
    records += [
        _record(host, "authority", "CAA", host, f'0 issue "{authority}"')
        for authority in sorted(target.authorities)
    ]
    return records


def is_apex(host: str) -> bool:
    """Say whether `host` is the registered name itself, where DNS allows no alias (CNAME)."""
    return registered_name(host) == host


def doubled(name: str, host: str) -> str:
    """Return where a record lands whose whole name was typed where only its first part belongs."""
    return f"{name}.{registered_name(host) or host}"


def _record(host: str, purpose: str, kind: str, name: str, value: str) -> Record:
    registered = registered_name(host) or host
    short_name = "@" if name == registered else name.removesuffix(f".{registered}")
    return Record(purpose=purpose, kind=kind, name=name, short_name=short_name, value=value)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
