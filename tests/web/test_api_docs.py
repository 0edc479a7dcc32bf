"""docs/api.md names every call with its scope, and no call that is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tapline.web.api import api
from tapline.web.api_errors import STATUSES
from tapline.workspaces.api_access import BearerKey
from tapline.workspaces.api_keys import SCOPES

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def _calls() -> dict[str, str]:
    """Return "METHOD /path" → scope of every operation."""
    found = {}
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                (key,) = operation.auth_callbacks or (None,)
                if isinstance(key, BearerKey):
                    name = re.sub(r"\{(?:int:\w+|path:(\w+))\}", _plain, path)
                    found[f"{operation.methods[0]} {name}"] = key.scope
    return found


def _plain(parameter: re.Match[str]) -> str:
    return f"{{{parameter[1] or 'id'}}}"


def test_every_call_is_documented_with_its_scope() -> None:
    documented = {
        call: scope
        for calls, scope in re.findall(r"^\| (`[A-Z]+ /.*?) \| `([a-z:]+)` \|$", DOCS, re.MULTILINE)
        for call in re.findall(r"`([A-Z]+ [^`]+)`", calls)
    }

    assert documented == _calls()


def test_every_scope_lets_something_in() -> None:
    assert set(_calls().values()) == set(SCOPES)


def test_every_status_is_documented() -> None:
    assert {str(status) for status in STATUSES.values()} <= set(re.findall(r"\b[45]\d\d\b", DOCS))


def test_every_body_in_the_examples_is_json() -> None:
    bodies = re.findall(r"-d '(.*?)'", DOCS, re.DOTALL)

    assert len(bodies) >= 6
    for body in bodies:
        assert isinstance(json.loads(body), dict)
