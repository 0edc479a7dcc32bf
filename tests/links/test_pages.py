"""Links and aliases, in the browser."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from tapline.links.models import Alias, Link
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role
from tests.links.making import make_domain, make_link
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def test_a_link_with_an_alias_is_made_and_listed() -> None:
    domain = make_domain()
    workspace = domain.workspace
    editor = member_of(workspace, Role.SENDER)

    made = editor.post(
        reverse("links:new", args=[workspace.pk]),
        {"destination": "https://www.example.com/sale", "name": "Poster", "path": "Summer"},
    )

    link = Link.objects.get(name="Poster")
    assert made.headers["Location"] == reverse("links:show", args=[workspace.pk, link.pk])
    listed = editor.get(reverse("links:list", args=[workspace.pk])).content.decode()
    assert "https://go.example.com/summer" in listed


def test_a_bad_destination_is_explained_and_kept_in_the_form() -> None:
    workspace = make_domain().workspace

    answer = member_of(workspace).post(
        reverse("links:new", args=[workspace.pk]), {"destination": "javascript:alert(1)"}
    )

    assert answer.status_code == 422
    assert 'value="javascript:alert(1)"' in answer.content.decode()
    assert not Link.objects.exists()


def test_a_link_is_changed_disabled_enabled_and_ended_with_an_audit() -> None:
    link = make_link(make_domain())
    workspace = link.workspace
    workspace.zone = "America/New_York"
    workspace.save()
    editor = member_of(workspace, Role.SENDER)

    def press(name: str, **form: str) -> Link:
        answer = editor.post(reverse(f"links:{name}", args=[workspace.pk, link.pk]), form)
        assert answer.status_code == 302
        return Link.objects.get(pk=link.pk)

    assert (
        press("destination", destination="https://www.example.com/new").destination
        == "https://www.example.com/new"
    )
    assert press("switch", to="off").disabled_at is not None
    assert press("switch", to="on").disabled_at is None
    ended = press("expiry", expires_at="2030-01-15T12:00").expires_at
    assert ended == dt.datetime(2030, 1, 15, 17, 0, tzinfo=dt.UTC)
    shown = editor.get(reverse("links:show", args=[workspace.pk, link.pk])).content.decode()
    assert 'value="2030-01-15T12:00"' in shown
    assert press("expiry", expires_at="").expires_at is None
    entries = history(workspace)
    assert entries.filter(action="link.destination_changed").exists()
    assert entries.filter(action="link.disabled", actor__startswith="user ").exists()


def test_a_card_is_chosen_on_the_links_page_and_a_bad_one_explained() -> None:
    link = make_link(make_domain())
    editor = member_of(link.workspace, Role.SENDER)
    page = reverse("links:show", args=[link.workspace_id, link.pk])
    choose = reverse("links:card", args=[link.workspace_id, link.pk])
    texts = {"title": "The menu", "description": "Pizza", "picture": "https://x.example/a.jpg"}

    assert editor.post(choose, texts).status_code == 302
    shown = editor.get(page).content.decode()
    assert all(f'{text}"' in shown or f"{text}</textarea>" in shown for text in texts.values())
    refused = editor.post(choose, texts | {"picture": "javascript:alert(1)"})
    assert refused.status_code == 422
    assert "picture" in refused.content.decode()
    assert editor.post(choose, dict.fromkeys(texts, "")).status_code == 302
    assert "The menu" not in editor.get(page).content.decode()


def test_aliases_come_and_go() -> None:
    link = make_link(make_domain())
    editor = member_of(link.workspace, Role.SENDER)
    add = reverse("links:add-alias", args=[link.workspace_id, link.pk])

    editor.post(add, {"path": "sale"})
    alias = Alias.objects.get(path="sale", deleted_at=None)
    assert editor.post(add, {"path": "sale"}).status_code == 409

    editor.post(reverse("links:remove-alias", args=[link.workspace_id, alias.pk]))
    assert not Alias.objects.filter(deleted_at=None).exists()
