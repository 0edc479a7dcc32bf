"""Where providers post receipts and inbound texts: taken together, answered once they are on disk.

A flood of them costs each the least when it does not pass through everything that pages need
(sessions, languages, a thread and a database connection per request: 3 ms), and when those that
come together share a commit. So this stands before Django and knows one thing: posts to
`/hooks/KIND/TOKEN/WHAT`, whose kind's functions it finds in `HOOKS`.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.db import close_old_connections

from tapline import config
from tapline.gathering import Gatherer
from tapline.providers.accounts import name_of, open_secrets
from tapline.providers.models import ProviderAccount
from tapline.providers.senders import owner_of

LARGEST_BODY_BYTES = 256 * 1024
# How many are taken in one transaction. Receipts are one statement, texts some thirty however many
# they are: 50 hold the database for about 30 ms, and cost half of what 25 and 25 do.
RECEIPTS_AT_ONCE, TEXTS_AT_ONCE = 500, 50

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post of a provider. `url` is as it was told to call us, whatever proxy stands between;
    header names are in small letters."""

    token: str
    url: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @functools.cached_property
    def form(self) -> dict[str, list[str]]:
        """The fields of a form, each with all its values."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Hook = Callable[[Sequence[Post]], Sequence[Said]]

# By kind and what is posted: the function that takes posts, and how many at once.
HOOKS: dict[tuple[str, str], tuple[str, int]] = {
    ("twilio", "receipts"): ("tapline.providers.twilio.hooks:receipts", RECEIPTS_AT_ONCE),
    ("twilio", "inbound"): ("tapline.providers.twilio.hooks:inbound", TEXTS_AT_ONCE),
    ("http", "receipts"): ("tapline.providers.http.hooks:receipts", RECEIPTS_AT_ONCE),
    ("http", "inbound"): ("tapline.providers.http.hooks:inbound", TEXTS_AT_ONCE),
}

NO_SUCH = Said(404, "Nobody has this address.")
TOO_LARGE = Said(413, f"At most {LARGEST_BODY_BYTES} bytes are taken.")
NOT_POSTED = Said(405, "Only POST is taken here.", headers=(("Allow", "POST"),))
FAILED = Said(500, "It could not be stored. Send it again.")


@dataclass(slots=True)
class Accounts:
    """The accounts that some posts are for, each read once, retired ones too: receipts of their
    last texts come for days."""

    by_token: dict[str, ProviderAccount]
    secrets: dict[str, dict[str, str]]
    owners: dict[tuple[str, str], int]

    @classmethod
    def of(cls, kind: str, posts: Sequence[Post]) -> Accounts:
        """Return those of a kind that `posts` name."""
        tokens = {post.token for post in posts}
        found = ProviderAccount.objects.filter(kind=kind, token__in=tokens)
        by_token = {account.token: account for account in found}
        secrets = {token: open_secrets(account) for token, account in by_token.items()}
        return cls(by_token, secrets, {})

    def owner(self, token: str, number: str) -> int:
        """Return the workspace that a number of an account belongs to."""
        if (token, number) not in self.owners:
            self.owners[token, number] = owner_of(self.by_token[token], number)
        return self.owners[token, number]

    def name(self, token: str) -> str:
        """Return what messages and threads call an account."""
        return name_of(self.by_token[token])


class BeforeDjango:
    """The ASGI application: takes what providers post, and leaves all else to Django."""

    def __init__(self, django: App) -> None:
        self._django = django
        self._gatherers: dict[tuple[str, str], Gatherer[Post, Said]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = _address(scope)
        if address is None:
            await self._django(scope, receive, send)
            return
        kind, token, what = address
        said = await self._said((kind, what), token, scope, receive)
        if said is not None:
            await _tell(said, send)

    async def _said(
        self, hook: tuple[str, str], token: str, scope: Scope, receive: Receive
    ) -> Said | None:
        """Return what to answer; None to somebody who has gone."""
        if scope["method"] != "POST":
            return NOT_POSTED
        try:
            body = await _read(receive)
        except ConnectionResetError:
            return None
        if body is None:
            return TOO_LARGE
        done = asyncio.wrap_future(self._gatherer(hook).bring(_post(scope, token, body)))
        await asyncio.wait([done])
        return FAILED if done.exception() else done.result()

    def _gatherer(self, hook: tuple[str, str]) -> Gatherer[Post, Said]:
        if hook not in self._gatherers:
            where, most = HOOKS[hook]
            self._gatherers[hook] = Gatherer(
                " ".join(hook), load(where), most=most, after_error=close_old_connections
            )
        return self._gatherers[hook]


def _address(scope: Scope) -> tuple[str, str, str] | None:
    """Return kind, token and what is posted, for an address of ours."""
    if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
        return None
    parts = scope["path"].split("/")
    if len(parts) != 5 or (parts[2], parts[4]) not in HOOKS:
        return None
    return parts[2], parts[3], parts[4]


def _post(scope: Scope, token: str, body: bytes) -> Post:
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    url = f"{config.current().web_url.rstrip('/')}{path}"
    return Post(
        token=token,
        url=f"{url}?{query}" if query else url,
        query=parse_qs(query),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        body=body,
    )


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, or None when it is larger than is taken."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _tell(said: Said, send: Send) -> None:
    body = said.body.encode()
    headers = {
        "Content-Type": said.content_type,
        "Content-Length": str(len(body)),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        **dict(said.headers),
    }
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": said.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def load(where: str) -> Hook:
    """Return the function that `HOOKS` names."""
    module, attribute = where.split(":")
    hook: Hook = getattr(importlib.import_module(module), attribute)
    return hook
