"""Which key speaks in an API request, for which workspace, and what its scopes allow."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from tapline.errors import TaplineError
from tapline.workspaces.api_keys import authenticate, has_scope
from tapline.workspaces.idempotency import Attempt
from tapline.workspaces.models import ApiKey, Workspace


class NoKey(TaplineError):
    """The request shows no key, or one that is unknown, revoked or closed by a restore."""


class KeyLacksScope(TaplineError):
    """The key is good, but not for this."""


class ApiRequest(HttpRequest):
    """A request whose key was checked: what every operation of the API receives."""

    auth: ApiKey
    attempt: Attempt | None  # set where the caller sent an Idempotency-Key


class BearerKey(HttpAuthBase):
    """Lets a request pass whose `Authorization: Bearer …` key holds one scope."""

    openapi_scheme = "bearer"

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiKey:
        """Return the request's key; raises `NoKey` or `KeyLacksScope`."""
        key = find_key(request)
        if key is None:
            raise _no_key()
        if not has_scope(key, self.scope):
            raise _lacks(key, self.scope)
        return key


def needs(scope: str) -> BearerKey:
    """Return the guard of an operation that needs `scope`: `@router.get(…, auth=needs(…))`."""
    return BearerKey(scope)


def find_key(request: HttpRequest) -> ApiKey | None:
    """Return the key that the request shows, looked up once per request, or None."""
    if not hasattr(request, "shown_key"):
        word, _, token = request.headers.get("Authorization", "").partition(" ")
        shown = authenticate(token.strip()) if word.lower() == "bearer" and token.strip() else None
        request.shown_key = shown  # type: ignore[attr-defined]  # a cache of our own
    return request.shown_key  # type: ignore[attr-defined,no-any-return]


def workspace_of(request: ApiRequest) -> Workspace:
    """Return the one workspace that a request may touch."""
    return request.auth.workspace


def actor_of(request: ApiRequest) -> str:
    """Return how the audit names this caller."""
    return f"api key {request.auth.pk}"


def _no_key() -> NoKey:
    return NoKey(
        "This request shows no valid API key.",
        why="The API answers only to keys; this one is missing, unknown, revoked or closed.",
        do="Send the header 'Authorization: Bearer KEY' with a key from the workspace's settings.",
    )


def _lacks(key: ApiKey, scope: str) -> KeyLacksScope:
    return KeyLacksScope(
        f"The key '{key.prefix}…' may not do this.",
        why=f"It lacks the scope {scope}.",
        do=f"Make a key with the scope {scope} in the workspace's settings.",
    )
