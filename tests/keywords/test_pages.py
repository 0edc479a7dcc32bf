"""Keywords in the browser and through the API."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tapline.keywords.models import Keyword
from tapline.workspaces.models import Role
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_workspace
from tests.keywords.making import REPLY, WORDING, make_keyword
from tests.replies.making import write
from tests.web.api_client import caller_of, error_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

FILLED = {
    "word": "Pizza",
    "reply_text": REPLY,
    "forgives": "on",
    "tags": "pizza, lunch",
    "campaign": "Autumn",
    "purpose": "marketing",
    "wording": WORDING,
}


def test_a_keyword_is_made_shown_changed_and_ended() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)

    made = editor.post(reverse("keywords:new", args=[workspace.pk]), FILLED)
    keyword = Keyword.objects.get()
    write("pizza", 0)

    page = editor.get(made.headers["Location"]).content.decode()
    assert WORDING in page
    assert keyword.campaign is not None
    assert keyword.campaign.name == "Autumn"
    assert "Pizza" in editor.get(reverse("keywords:list", args=[workspace.pk])).content.decode()

    change = reverse("keywords:change", args=[workspace.pk, keyword.pk])
    assert "pizza, lunch" in editor.get(change).content.decode()
    editor.post(change, FILLED | {"reply_text": "Closed today."})
    editor.post(reverse("keywords:end", args=[workspace.pk, keyword.pk]))
    keyword.refresh_from_db()
    assert keyword.reply_text == "Closed today."
    assert keyword.ended_at is not None


def test_a_refused_word_is_said_on_the_page_with_what_was_written() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)

    answer = editor.post(reverse("keywords:new", args=[workspace.pk]), FILLED | {"word": "STOP"})

    assert answer.status_code == 422
    assert "is reserved" in answer.content.decode()
    assert REPLY.replace("'", "&#x27;") in answer.content.decode()


def test_where_a_taken_word_exists_is_said_in_the_language_of_the_page() -> None:
    keyword = make_keyword(make_workspace())
    editor = member_of(keyword.workspace)

    answer = editor.post(
        reverse("keywords:new", args=[keyword.workspace.pk]),
        FILLED | {"word": keyword.word},
        headers={"Accept-Language": "es"},
    )

    assert f"Existe en «{keyword.workspace.name}» para todos los números." in answer.text


def test_the_api_makes_lists_changes_and_ends_keywords() -> None:
    caller = caller_of(make_workspace())

    made = caller.post("/keywords", {"word": "PIZZA", "reply_text": REPLY, "campaign": "Autumn"})
    write("PIZZA", 0)

    assert (made["word"], made["campaign"], made["texts"]) == ("PIZZA", "Autumn", 0)
    (listed,) = caller.get("/keywords")["items"]
    assert (listed["texts"], listed["people"]) == (1, 1)
    taken = caller.call("POST", "/keywords", {"word": "pizza"})
    assert taken.status_code == 409
    assert "is taken" in error_of(taken)["what"]
    changed = caller.call("PUT", f"/keywords/{made['id']}", {"word": "PIZZA", "tags": ["x"]})
    assert changed.status_code == 200
    assert caller.post(f"/keywords/{made['id']}/end", {})["ended_at"] is not None


def test_another_workspaces_keyword_is_not_found() -> None:
    keyword = make_keyword(make_workspace())
    stranger = caller_of(create_workspace("Elsewhere"))

    assert stranger.call("GET", f"/keywords/{keyword.pk}").status_code == 404
