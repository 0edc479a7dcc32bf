"""How something is found in what a provider says: by a path, such as `messages.0.id`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from tapline.digits import whole_number


def find(document: object, path: str) -> Any:
    """Return what lies at `path`; None where nothing does. A number counts places in a list."""
    found = document
    for step in filter(None, path.split(".")):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and (place := whole_number(step)) is not None:
            found = found[place] if place < len(found) else None
        else:
            return None
    return found


def find_text(document: object, path: str) -> str:
    """Return what lies at `path` as text; empty where nothing or no single value does."""
    found = find(document, path) if path else None
    if found is None or isinstance(found, dict | list):
        return ""
    return str(found).lower() if isinstance(found, bool) else str(found)


def items_at(document: object, path: str) -> list[object]:
    """Return the entries of a list at `path`; without a path the document is the only entry."""
    found = find(document, path) if path else document
    return found if isinstance(found, list) else [] if found is None else [found]


def read_document(body: bytes) -> object:
    """Return a JSON body, or a form's fields; None for what is neither."""
    text = body.decode("utf-8", "replace").strip()
    if text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return None
    fields = parse_qs(text, keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()} if fields else None
