"""What the edge says of itself on its admin port."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from tapline import config

TIMEOUT_SECONDS = 1.0


def ask_edge() -> dict[str, Any] | None:
    """Return the edge's `/-/health`; None where it does not answer."""
    told = _told_at("/-/health")
    return told if isinstance(told, dict) else None


def ask_what_was_in_vain() -> list[dict[str, Any]]:
    """Return the edge's sample of requests that led nowhere, newest first, as in `edge.samples`."""
    told = _told_at("/-/unknown")
    return told if isinstance(told, list) else []


def _told_at(place: str) -> Any:
    host, port = config.parse_address(config.current().edge_admin_listen)
    if host in ("0.0.0.0", "::"):  # noqa: S104  # listens everywhere, so it answers here
        host = "127.0.0.1"
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        with httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return client.get(f"{address}{place}").json()
    except (httpx2.HTTPError, json.JSONDecodeError):
        return None
