"""How Twilio proves that a webhook is its own.

Base64 of HMAC-SHA1, keyed with the account's Auth Token, over the whole address that Twilio called
followed by each field of the form and its value, sorted by name. Source: Twilio's security page
(twilio.com/docs/usage/security); a field that comes several times counts each different value once,
sorted, and the port may or may not be part of the address, as Twilio's own libraries have it.

There is no time in it, so the same webhook can be played again. It is refused by what it says: a
receipt moves a message up once (`broadcasts.receipts`), a text is stored once by account and id
(`replies.taking`), also after its person was erased.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

HEADER = "X-Twilio-Signature"
_PORTS = {"https": 443, "http": 80}


def sign(token: str, url: str, form: Mapping[str, Sequence[str]]) -> str:
    """Return the signature of a form that was posted to `url`."""
    fields = "".join(f"{name}{value}" for name in sorted(form) for value in sorted(set(form[name])))
    digest = hmac.new(token.encode(), f"{url}{fields}".encode("utf-8", "replace"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def is_genuine(token: str, url: str, form: Mapping[str, Sequence[str]], signature: str) -> bool:
    """Say whether Twilio signed this; takes as long for any signature."""
    given = signature.encode("utf-8", "replace")
    fits = [
        hmac.compare_digest(sign(token, each, form).encode(), given) for each in _spellings(url)
    ]
    return any(fits)


def _spellings(url: str) -> list[str]:
    """Return an address with and without its port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.rpartition(":")[0] if parts.port else host
    port = parts.port or _PORTS.get(parts.scheme, 443)
    names = [parts.netloc.replace(host, each) for each in (bare, f"{bare}:{port}")]
    return [parts._replace(netloc=name).geturl() for name in names]
