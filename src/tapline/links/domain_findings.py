"""What is right and wrong with a domain's DNS records, in words, and what to do about it. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from tapline.links.dns import Authority, Failure, Reply
from tapline.links.domain_records import PROOF_START, Target, is_apex, proof_name, records_for
from tapline.links.hosts import as_read, registered_name

# Services that put their own addresses before those of a domain. Source: cloudflare.com/ips
_CLOUDFLARE = """
173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18
190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13
104.24.0.0/14 172.64.0.0/13 131.0.72.0/22
2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29
2c0f:f248::/32
"""
PROXIES = {"Cloudflare": tuple(map(ipaddress.ip_network, _CLOUDFLARE.split()))}
# The tags of RFC 8659 and its followers; one that is unknown and marked critical forbids all.
KNOWN_TAGS = ("issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail")
CRITICAL = 128
_NOT_ASKED: Reply[str] = Reply()


class State(StrEnum):
    """GOOD: as it should be. WRONG: somebody must act. UNSURE: it could not be found out."""

    GOOD = "good"
    WRONG = "wrong"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one of the records: proof, address or authority."""

    record: str
    state: State
    what: str
    why: str = ""
    do: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as it is stored, and as the API and `--json` print it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the name servers said. The last four are asked for only where they may explain."""

    proof: Reply[str]
    addresses: Reply[str]
    authorities: Reply[Authority]
    authorities_at: str  # the name at which they were found: the host or one above it
    doubled_proof: Reply[str] = _NOT_ASKED
    host_texts: Reply[str] = _NOT_ASKED
    doubled_addresses: Reply[str] = _NOT_ASKED


@dataclass(frozen=True, slots=True)
class _Case:
    """One domain with what is wanted of it and what was seen."""

    host: str
    proof: str
    target: Target
    seen: Observed

    @property
    def registered(self) -> str:
        return registered_name(self.host) or self.host

    def short(self, purpose: str) -> str:
        """Return what a DNS page wants as the name of a record."""
        records = records_for(self.host, self.proof, self.target)
        return next((each.short_name for each in records if each.purpose == purpose), "@")


def judge(host: str, proof: str, target: Target, seen: Observed) -> list[Finding]:
    """Return one finding about each of proof, address and authority, in this order."""
    case = _Case(host, proof, target, seen)
    return [_first(rules, case) for rules in (_PROOF_RULES, _ADDRESS_RULES, _AUTHORITY_RULES)]


# --- proof ----------------------------------------------------------------------------------------


def _proof_good(case: _Case) -> Finding | None:
    if case.proof in case.seen.proof.values:
        return Finding("proof", State.GOOD, "The record is there: the domain is yours.")
    return None


def _proof_unsure(case: _Case) -> Finding | None:
    return _unsure("proof", case.seen.proof, proof_name(case.host))


def _proof_doubled(case: _Case) -> Finding | None:
    if case.proof not in case.seen.doubled_proof.values:
        return None
    name = proof_name(case.host)
    return Finding(
        "proof",
        State.WRONG,
        f"The record stands at {name}.{case.registered}.",
        f"Your DNS page adds «.{case.registered}» to every name by itself.",
        f"Change the record's name to {case.short('proof')}",
    )


def _proof_misplaced(case: _Case) -> Finding | None:
    if case.proof not in case.seen.host_texts.values:
        return None
    return Finding(
        "proof",
        State.WRONG,
        f"The record stands at {case.host} itself.",
        "It belongs beside the host, where it does not get in the way of an alias (CNAME).",
        f"Change the record's name to {case.short('proof')}",
    )


def _proof_other(case: _Case) -> Finding | None:
    others = [value for value in case.seen.proof.values if PROOF_START in value]
    if not others:
        return None
    is_wrapped = any(case.proof in value for value in others)
    return Finding(
        "proof",
        State.WRONG,
        f"The record says «{others[0]}».",
        "There is more around the value than belongs there."
        if is_wrapped
        else "That is the value of another workspace or another host.",
        f"Change the record's value to {case.proof}",
    )


def _proof_missing(case: _Case) -> Finding:
    return _missing("proof", f"There is no TXT record at {proof_name(case.host)}.")


# --- address --------------------------------------------------------------------------------------


def _address_unsure(case: _Case) -> Finding | None:
    return _unsure("address", case.seen.addresses, case.host)


def _address_alias_at_apex(case: _Case) -> Finding | None:
    if not case.seen.addresses.aliases or not is_apex(case.host):
        return None
    return Finding(
        "address",
        State.WRONG,
        f"{case.host} is an alias (CNAME) of {case.seen.addresses.aliases[0]}.",
        f"It is the registered name itself, where an alias hides mail and all other records of"
        f" {case.host}; some resolvers refuse it.",
        "Set address records (A, AAAA) instead, or take a host below it, like"
        f" go.{case.host}, for links.",
    )


def _address_doubled(case: _Case) -> Finding | None:
    doubled = case.seen.doubled_addresses
    if case.seen.addresses.values or not doubled.values:
        return None
    return Finding(
        "address",
        State.WRONG,
        f"The record stands at {case.host}.{case.registered}.",
        f"Your DNS page adds «.{case.registered}» to every name by itself.",
        f"Change the record's name to {case.short('address')}",
    )


def _address_missing(case: _Case) -> Finding | None:
    seen = case.seen.addresses
    if seen.values:
        return None
    if seen.aliases:
        return Finding(
            "address",
            State.WRONG,
            f"{case.host} is an alias (CNAME) of {seen.aliases[-1]}, which has no address.",
            "Phones find no server there.",
            "Correct what the alias leads to.",
        )
    return _missing("address", f"{case.host} has no address.")


def _address_proxied(case: _Case) -> Finding | None:
    addresses = [ipaddress.ip_address(each) for each in case.seen.addresses.values]
    for name, networks in PROXIES.items():
        if all(any(each in network for network in networks) for each in addresses):
            return Finding(
                "address",
                State.WRONG,
                f"{name}'s proxy stands in front of {case.host}.",
                "Its addresses are shared with many others; carriers want links on an address of"
                " the sender's own, and the proxy hides where people tap.",
                f"Let {name} answer for the name only: switch its proxy off for this record"
                " (at Cloudflare: «DNS only», the grey cloud).",
            )
    return None


def _address_private(case: _Case) -> Finding | None:
    private = [
        each
        for each in case.seen.addresses.values
        if not ipaddress.ip_address(each).is_global and each not in case.target.addresses
    ]
    if not private:
        return None
    return Finding(
        "address",
        State.WRONG,
        f"{case.host} points to {private[0]}.",
        "That address exists inside one network only: phones elsewhere do not reach it.",
        "Set the server's public address.",
    )


def _address_unnamed(case: _Case) -> Finding | None:
    if case.target.addresses:
        return None
    return Finding(
        "address",
        State.UNSURE,
        f"{case.host} points to {', '.join(case.seen.addresses.values)}.",
        "Whether that is this server cannot be told: its public addresses are not set.",
        "Whoever runs this Tapline names them with TAPLINE_EDGE_PUBLIC_ADDRESSES.",
    )


def _address_elsewhere(case: _Case) -> Finding | None:
    values = set(case.seen.addresses.values)
    foreign = sorted(values - case.target.addresses)
    if not foreign:
        return None
    is_partly = bool(values & case.target.addresses)
    return Finding(
        "address",
        State.WRONG,
        f"{case.host} {'also ' if is_partly else ''}points to {', '.join(foreign)}.",
        "Some phones go there, and their taps are lost."
        if is_partly
        else "That is not this server, so nobody's tap arrives.",
        f"Remove that address, and let it point to {', '.join(sorted(case.target.addresses))}.",
    )


def _address_good(case: _Case) -> Finding:
    return Finding("address", State.GOOD, f"{case.host} points to this server.")


# --- authority ------------------------------------------------------------------------------------


def _authority_unsure(case: _Case) -> Finding | None:
    return _unsure("authority", case.seen.authorities, case.seen.authorities_at)


def _authority_critical(case: _Case) -> Finding | None:
    for each in case.seen.authorities.values:
        if each.flags & CRITICAL and each.tag not in KNOWN_TAGS:
            return Finding(
                "authority",
                State.WRONG,
                f"A CAA record at {case.seen.authorities_at} has the tag «{each.tag}».",
                "It is marked as critical, so authorities that do not know it make no certificate.",
                "Remove that record, or correct its tag.",
            )
    return None


def _authority_forbidden(case: _Case) -> Finding | None:
    issue = [each.value for each in case.seen.authorities.values if each.tag == "issue"]
    allowed = {value.partition(";")[0].strip().lower() for value in issue}
    if not issue or allowed & case.target.authorities:
        return None
    named = ", ".join(sorted(allowed - {""})) or "nobody"
    wanted = sorted(case.target.authorities)[0]
    return Finding(
        "authority",
        State.WRONG,
        f"CAA records at {case.seen.authorities_at} allow {named} to make certificates.",
        f"The certificate for {as_read(case.host)} would come from {wanted}, which must refuse.",
        f'Add a CAA record at {case.seen.authorities_at}: 0 issue "{wanted}"',
    )


def _authority_good(case: _Case) -> Finding:
    allowed = "allow the certificate" if case.seen.authorities.values else "forbid nothing"
    return Finding("authority", State.GOOD, f"CAA records {allowed}.")


# --- shared ---------------------------------------------------------------------------------------

_FAILURES = {
    Failure.LOOP: (
        State.WRONG,
        "Aliases (CNAME) at {name} lead round in a circle.",
        "No address is ever found that way.",
        "Let the alias lead to a host that has an address.",
    ),
    Failure.BROKEN: (
        State.UNSURE,
        "The name servers of {name} do not answer properly.",
        "They are broken or being moved, or DNSSEC is set up wrongly.",
        "Ask whoever runs the domain's DNS; this is tried again by itself.",
    ),
    Failure.SILENT: (
        State.UNSURE,
        "No answer about {name} came in time.",
        "The name servers are slow or cannot be reached from here.",
        "Nothing yet: this is tried again by itself.",
    ),
}


def _unsure(record: str, reply: Reply[str] | Reply[Authority], name: str) -> Finding | None:
    if reply.failure is None or reply.is_sure:
        return None
    state, what, why, do = _FAILURES[reply.failure]
    return Finding(record, state, what.format(name=name), why, do)


def _missing(record: str, what: str) -> Finding:
    return Finding(
        record,
        State.WRONG,
        what,
        "It was not set yet, or the change is on its way: name servers remember an old answer for"
        " up to an hour, some for a day.",
        "Set the record as shown; if you have just done so, wait. It is looked for by itself.",
    )


Rule = Callable[[_Case], Finding | None]

# First match wins; the last one always matches.
_PROOF_RULES: tuple[Rule, ...] = (
    _proof_good,
    _proof_unsure,
    _proof_doubled,
    _proof_misplaced,
    _proof_other,
    _proof_missing,
)
_ADDRESS_RULES: tuple[Rule, ...] = (
    _address_unsure,
    _address_alias_at_apex,
    _address_doubled,
    _address_missing,
    _address_proxied,
    _address_private,
    _address_unnamed,
    _address_elsewhere,
    _address_good,
)
_AUTHORITY_RULES: tuple[Rule, ...] = (
    _authority_unsure,
    _authority_critical,
    _authority_forbidden,
    _authority_good,
)


def _first(rules: tuple[Rule, ...], case: _Case) -> Finding:
    return next(finding for rule in rules if (finding := rule(case)))
