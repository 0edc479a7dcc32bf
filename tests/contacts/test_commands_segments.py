"""Segments from the terminal and the API: saved, counted, deleted."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tapline.cli import root
from tapline.contacts.models import Segment
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import make_contacts, make_workspace
from tests.web.api_client import caller_of, error_of

pytestmark = pytest.mark.django_db

ES = {"groups": [{"conditions": [{"kind": "attribute", "name": "first_name", "value": "N1"}]}]}
EVERYBODY = json.dumps({})


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    make_contacts(workspace, 3)
    return workspace


def run(*words: str, typed: str = "") -> str:
    result = CliRunner().invoke(root, ["segments", *words], input=typed, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_terminal_saves_changes_counts_and_deletes(workspace: Workspace) -> None:
    saved = run("save", "One", "--question", "-", "--json", typed=json.dumps(ES))
    number = json.loads(saved)["id"]
    assert json.loads(saved)["contacts"] == 1

    assert "3 contacts now" in run("save", "One", "--question", "-", typed=EVERYBODY)
    assert "«One»: 3 contacts now" in run("count", str(number))
    assert json.loads(run("list", "--json"))["segments"][0]["name"] == "One"
    assert "Its contacts stay" in run("delete", str(number))
    assert not Segment.objects.exists()


def test_the_api_saves_changes_counts_and_deletes(workspace: Workspace) -> None:
    caller = caller_of(workspace)
    made = caller.post("/segments", {"name": "One", "question": ES})

    assert caller.get(f"/segments/{made['id']}/count") == {"contacts": 1}
    assert caller.post("/segments/count", {"question": {}}) == {"contacts": 3}
    assert caller.get("/segments")["items"] == [made]
    changed = caller.call("PUT", f"/segments/{made['id']}", {"name": "All", "question": {}})
    assert json.loads(changed.content)["name"] == "All"
    broadcast = {"name": "Menu", "text": "example.com", "audience": {"segment": made["id"]}}
    assert caller.post("/broadcasts", broadcast)["audience"] == {"segment": made["id"]}
    assert caller.call("DELETE", f"/segments/{made['id']}").status_code == 204


def test_the_api_says_what_is_wrong_with_a_question(workspace: Workspace) -> None:
    caller = caller_of(workspace)
    wrong = {"groups": [{"conditions": [{"kind": "tag"}]}]}

    answer = caller.call("POST", "/segments/count", {"question": wrong})

    assert answer.status_code == 422
    assert "$.groups[0].conditions[0]" in error_of(answer)["why"]
    caller.post("/segments", {"name": "One", "question": {}})
    again = caller.call("POST", "/segments", {"name": "One", "question": {}})
    assert again.status_code == 409
