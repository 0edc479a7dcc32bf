"""What a link may lead to, and how a destination is put together. Pure.

A destination is checked when it is made, and once more, cheaply, before it becomes a `Location`
header. `{code}` stands for the recipient's code; a template's merge fields `{{ … }}` are filled
per recipient. Both only after the host: no recipient's data decides whose page opens.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn
from urllib.parse import parse_qsl, quote

import idna

from tapline.codes.alphabet import MAX_LENGTH
from tapline.errors import TaplineError

MAX_CHARACTERS = 2048
CODE = "{code}"
UTM_FIELDS = ("source", "medium", "campaign", "term", "content", "id")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"//(?P<authority>[^/?#\\]*)(?P<rest>.*)", re.DOTALL)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_FIELD = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_CODE_OR_FIELD = re.compile(r"(\{\{.*?\}\}|\{code\})", re.DOTALL)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# RFC 3986 reserved and unreserved characters, and `%` of what is escaped already.
_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~-._"
_SAFE_LOCATION = re.compile(
    rf"https?://[A-Za-z0-9._:\[\]-]+(?:[/?#][A-Za-z0-9{re.escape(_URL_CHARACTERS)}]*)?"
)
# What people type of an address: a host with a dot in it, and what may follow one.
_WITHOUT_SCHEME = re.compile(r"(?:[\w-]+\.)+[\w-]{2,}(?:[:/?#].*)?", re.DOTALL)


class BadDestination(TaplineError):
    """A link must not lead there."""


def check_destination(url: str, *, own_hosts: Collection[str] = ()) -> str:
    """Return `url` normalised: host in lower case and IDNA, other characters escaped.

    Raises `BadDestination` unless it is http(s) with a valid host, without user, control
    characters and backslashes before the path, at most 2,048 characters long with a code in it,
    and elsewhere than `own_hosts` (`host` or `host:port`), where it would go round in circles.
    """
    return _check(url, own_hosts, fields_allowed=False)


def as_typed(text: str) -> str:
    """Return an address that somebody typed, with `https://` where they left it out."""
    text = text.strip()
    return f"https://{text}" if _WITHOUT_SCHEME.fullmatch(text) else text


def check_template(url: str, *, own_hosts: Collection[str] = ()) -> str:
    """Return `url` normalised, its merge fields untouched; raises `BadDestination` as
    `check_destination` does, and for a merge field before the path or without its end."""
    return _check(url, own_hosts, fields_allowed=True)


def fill_destination(template: str, render: Callable[[str], str]) -> str:
    """Return a checked template with each `{{ … }}` replaced by `render` of it, percent-encoded.

    Raises `BadDestination` where the result gets too long.
    """
    filled = _FIELD.sub(lambda field: quote(render(field[0]), safe=""), template)
    _refuse_too_long(filled)
    return filled


def has_fields(url: str) -> bool:
    """Say whether `url` holds merge fields, so that each recipient needs a link of their own."""
    return "{{" in url


def with_utm(url: str, utm: Mapping[str, str]) -> str:
    """Return a checked destination or template with UTM fields in its query.

    `utm` maps `source`, `medium`, `campaign`, `term`, `content`, `id` to values; empty ones are
    left out. A field that the destination has already stays as the sender wrote it.
    """
    address, mark, fragment = _split_outside_fields(url, "#")
    _, question, query = _split_outside_fields(address, "?")
    present = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = [
        f"utm_{name}={_encode_value(utm[name])}"
        for name in UTM_FIELDS
        if utm.get(name) and f"utm_{name}" not in present
    ]
    if not added:
        return url
    joint = "?" if not question else "&" if query and not query.endswith("&") else ""
    result = f"{address}{joint}{'&'.join(added)}{mark}{fragment}"
    _refuse_too_long(result)
    return result


def is_safe_location(url: str) -> bool:
    """Say whether `url` may stand in a `Location` header: the cheap second check.

    It knows nothing of hosts; it makes sure that nothing but one plain http(s) address leaves,
    whatever a damaged or foreign database holds.
    """
    return len(url) <= MAX_CHARACTERS and _SAFE_LOCATION.fullmatch(url) is not None


@functools.lru_cache(maxsize=1024)  # The lines of a table lead to few hosts; IDNA takes a while.
def normalise_host(host: str) -> str | None:
    """Return a host name in lower-case IDNA, an IPv4 or a bracketed IPv6 address; None: invalid."""
    if host.startswith("["):
        return _ipv6(host)
    try:
        name = idna.encode(host.rstrip("."), uts46=True).decode() if host else ""
    except idna.IDNAError:
        # Underscores are no IDNA, but stand in real host names.
        name = host.rstrip(".").lower()
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # Browsers read such names as IPv4 addresses, in many spellings; only the plain one passes.
        return _ipv4(name)
    return name if len(labels) > 1 or name == "localhost" else None


def _check(url: str, own_hosts: Collection[str], *, fields_allowed: bool) -> str:
    url = url.strip()
    _refuse_unprintable(url)
    scheme, authority, rest = _take_apart(url)
    if "{" in authority:
        _refuse(
            "The destination has a placeholder in its host.",
            "Recipients' data may only stand after the host.",
        )
    host, port = _split_port(authority)
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    if {host, f"{host}:{port or _DEFAULT_PORTS[scheme]}"} & set(own_hosts):
        _refuse(
            "The destination leads back to Tapline.",
            "Links that lead to links go round in circles and cost the reader time.",
        )
    if "{{" in rest and not fields_allowed:
        _refuse("The destination has merge fields.", "This link leads everybody to the same page.")
    checked = f"{scheme}://{netloc}{_escape(rest)}"
    _refuse_too_long(_FIELD.sub("", checked))
    return checked


def _refuse_unprintable(url: str) -> None:
    if any(ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F for character in url):
        _refuse(
            "The destination has control characters.",
            "They could smuggle a second header into an answer.",
        )


def _take_apart(url: str) -> tuple[str, str, str]:
    """Return scheme, authority and all that follows."""
    match = _URL.fullmatch(url)
    scheme = match["scheme"].lower() if match else ""
    if match is None or scheme not in _DEFAULT_PORTS:
        _refuse(
            f"The destination has the scheme '{scheme[:20]}'."
            if scheme and "." not in scheme
            else "The destination has no scheme.",
            "Only http and https addresses open a page on every phone and nothing else.",
        )
    after_scheme = _AUTHORITY.fullmatch(match["rest"])
    if after_scheme is None:
        _refuse(
            "The destination has no host.", "After http: or https: come two slashes and a host."
        )
    if after_scheme["rest"].startswith("\\"):
        _refuse(
            "The destination has a backslash after its host.",
            "Browsers and programs disagree where it leads.",
        )
    return scheme, after_scheme["authority"], after_scheme["rest"]


def _split_port(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        _refuse(
            "The destination names a user.",
            "The part before @ is used to make one host look like another.",
        )
    name, colon, digits = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        name, digits = authority, ""
    host = normalise_host(name)
    if host is None:
        _refuse(f"The destination has the host '{name[:60]}'.", "That is not a valid host name.")
    if digits and not (digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65536):
        _refuse(
            f"The destination has the port '{digits[:10]}'.", "A port is a number from 1 to 65535."
        )
    return host, int(digits) if digits else None


def _escape(rest: str) -> str:
    """Escape what may not stand in a URL; `{code}` and merge fields stay."""
    pieces = _CODE_OR_FIELD.split(rest)
    if any("{{" in piece or "}}" in piece for piece in pieces[::2]):
        _refuse(
            "The destination has a merge field without its end.",
            "A field is written {{ first_name }}.",
        )
    # Splitting by a group puts what it matched at the odd places.
    pieces[::2] = [
        quote(_STRAY_PERCENT.sub("%25", piece), safe=_URL_CHARACTERS) for piece in pieces[::2]
    ]
    if pieces[0] and pieces[0][0] not in "/?#":
        pieces[0] = f"/{pieces[0]}"
    return "".join(pieces)


def _split_outside_fields(url: str, mark: str) -> tuple[str, str, str]:
    """Partition `url` at the first `mark` that is not inside a merge field."""
    masked = _FIELD.sub(lambda field: "x" * len(field[0]), url)
    at = masked.find(mark)
    return (url, "", "") if at < 0 else (url[:at], mark, url[at + 1 :])


def _encode_value(value: str) -> str:
    return quote(value, safe="").replace(quote(CODE, safe=""), CODE)


def _refuse_too_long(url: str) -> None:
    length = len(url.replace(CODE, "x" * MAX_LENGTH))
    if length > MAX_CHARACTERS:
        _refuse(
            f"The destination has {length:,} characters.",
            f"Phones and servers cut addresses longer than {MAX_CHARACTERS:,}.",
        )


def _ipv4(name: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        return None


def _ipv6(host: str) -> str | None:
    try:
        return f"[{ipaddress.IPv6Address(host.removeprefix('[').removesuffix(']'))}]"
    except ValueError:
        return None


def _refuse(what: str, why: str) -> NoReturn:
    raise BadDestination(
        what,
        why=why,
        do="Give the full address of the page, such as https://www.example.com/menu.",
    )
