"""Which host names are fit to carry links in texts, and what speaks against others. Pure.

Sources of the rules: docs/domains.md, «Which name to take».
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import NoReturn

import idna
from publicsuffixlist import PublicSuffixList

from tapline.errors import TaplineError

# Carriers block texts with links of these, since anybody can hide behind them. Source: AT&T's
# list as 360smsapp.com tells it, Twilio's vetting errors 30525 and 30892, and their like.
_SHORTENERS = """
adf.ly bc.vc bit.do bit.ly bitly.com bl.ink budurl.com buff.ly cli.gs clck.ru cutt.ly dlvr.it
dub.sh fb.me goo.gl is.gd kutt.it lnkd.in mcaf.ee ow.ly qr.ae rb.gy rebrand.ly rebrandly.com
s2r.co short.io shorte.st shorturl.at snip.ly soo.gd su.pr t.co t.ly tiny.cc tiny.one tinyurl.com
tr.im trib.al v.gd wa.me x.co
"""
SHORTENERS = frozenset(_SHORTENERS.split())
# Endings that phones have long known; those of countries, two letters, are known as well.
# Source: help.slicktext.com, which names .com .net .org .co .io as safe.
_ENDINGS = "com net org info biz name pro mobi edu gov int mil"
WELL_KNOWN_ENDINGS = frozenset(_ENDINGS.split())
# Of one workspace: with more, texts of one brand begin to look like many senders'.
MANY_DOMAINS = 2
# The proof's record stands at a longer name still, and 253 characters are the most of any.
LONGEST_HOST = 240
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class UnfitHost(TaplineError):
    """No links can be sent under this host name."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What speaks against a host name without ruling it out, in the words of an error."""

    what: str
    why: str
    do: str

    def as_dict(self) -> dict[str, str]:
        """Return the advice as the API and `--json` print it."""
        return asdict(self)


def refuse_unfit(host: str) -> None:
    """Raise `UnfitHost` for a normalised host name that no text may show."""
    shown = as_read(host)
    if len(host) > LONGEST_HOST:
        _refuse(f"{host[:40]}… is too long.", "Every character of it is part of every text.")
    if not all(_LABEL.fullmatch(label) for label in host.split(".")):
        _refuse(f"{shown} is no plain host name.", "Certificates need letters, digits and hyphens.")
    if "xn--" in host and shown == host:
        _refuse(f"{shown} is no valid international name.", "Nobody can register it.")
    registered = registered_name(host)
    if registered is None:
        _refuse(
            f"{shown} belongs to everybody.",
            "Names directly below it are sold or given to anyone, so it stands for no brand.",
        )
    if registered in SHORTENERS:
        _refuse(
            f"{shown} is a public link shortener.",
            "Carriers block texts with such links: anybody can hide behind them.",
        )


def advice_on(host: str, others: Collection[str]) -> Iterator[Advice]:
    """Return what speaks against `host` where `others` carry links of the same brand already."""
    ending = host.rpartition(".")[2]
    if len(ending) != 2 and ending not in WELL_KNOWN_ENDINGS:
        yield Advice(
            f"Some phones do not make names in .{as_read(ending)} tappable.",
            "They know the older endings, and show newer ones as plain text.",
            "Prefer a name in .com, .net, .org or your country's ending.",
        )
    foreign = sorted({name for each in others if (name := registered_name(each))})
    registered = registered_name(host)
    if foreign and registered not in foreign:
        yield Advice(
            f"Links of this brand go out under {', '.join(map(as_read, foreign))} already.",
            "Carriers take a sender that changes its name for one that hides, and ban it"
            " (T-Mobile calls it URL cycling).",
            f"Take a host below {as_read(foreign[0])}, and stay with it.",
        )
    if len(others) >= MANY_DOMAINS:
        yield Advice(
            f"This would be domain number {len(others) + 1} of this workspace.",
            "People and carriers trust one name that they see again and again.",
            "Use one domain for all texts of a brand.",
        )


def registered_name(host: str) -> str | None:
    """Return the name that somebody registered: `bakery.co.uk` of `go.bakery.co.uk`; None for
    what is open to everybody (`co.uk`, `github.io`) and for addresses."""
    if is_local(host):
        return None
    name = _public_suffixes().privatesuffix(host)
    return str(name) if name else None


def as_read(host: str) -> str:
    """Return a host name as people read it: `bücher.example` for `xn--bcher-kva.example`."""
    try:
        return idna.decode(host) if "xn--" in host else host
    except idna.IDNAError:
        return host


def is_local(host: str) -> bool:
    """Say whether `host` is localhost or an address: no certificate can be had for those."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return True


@functools.cache
def _public_suffixes() -> PublicSuffixList:
    """Read the list that comes with the library (publicsuffix.org): 35 ms, so only when needed."""
    return PublicSuffixList()


def _refuse(what: str, why: str) -> NoReturn:
    raise UnfitHost(
        what,
        why=why,
        do="Give a name below a domain that you have registered, like go.example.com.",
    )
