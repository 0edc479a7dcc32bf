"""Posts to the addresses that providers are told, and returns what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tapline import config
from tapline.providers.hooks import HOOKS, Post, Said, load


def post_to(address: str, body: str, headers: Mapping[str, str] | None = None) -> Said:
    """Post in the caller's own thread, where a test's transaction is."""
    parts = urlsplit(address)
    _, _, kind, token, what = parts.path.split("/")
    post = Post(
        token=token,
        url=f"{config.current().web_url}{address}",
        query=parse_qs(parts.query),
        headers={name.lower(): value for name, value in (headers or {}).items()},
        body=body.encode(),
    )
    (said,) = load(HOOKS[kind, what][0])([post])
    return said
