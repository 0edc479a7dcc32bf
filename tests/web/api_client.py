"""A caller of the API for tests: one key, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tapline.workspaces.api_keys import SCOPES, create_api_key
from tapline.workspaces.models import Workspace


@dataclass
class Caller:
    """Speaks to the API with one key."""

    token: str
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send one request; `body` is sent as JSON, or as it is where it is bytes."""
        if body is None:
            body = b""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(  # type: ignore[return-value]  # the stubs name a subclass
            method,
            f"/api/v1{path}",
            data,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )

    def get(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        return _good(self.call("GET", path))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return the JSON of a POST that must succeed."""
        return _good(self.call("POST", path, body, **headers))

    def patch(self, path: str, body: Any) -> Any:
        """Return the JSON of a PATCH that must succeed."""
        return _good(self.call("PATCH", path, body))


def caller_of(workspace: Workspace, scopes: Collection[str] = tuple(SCOPES)) -> Caller:
    """Return a caller with a new key of `workspace`."""
    _, token = create_api_key(workspace, "test", scopes)
    return Caller(token)


def error_of(response: Any) -> dict[str, Any]:
    """Return the error of an answer, having the three sentences that every one must have."""
    error: dict[str, Any] = json.loads(response.content)["error"]
    assert all(error[part] for part in ("what", "why", "do"))
    return error


def _good(response: HttpResponse) -> Any:
    assert 200 <= response.status_code < 300, response.content
    return json.loads(response.content) if response.content else None
