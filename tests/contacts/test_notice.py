"""What is kept about recipients is shown in plain words, and read by them only while published."""

from __future__ import annotations

import pytest
from django.test import Client

from tapline.contacts import keeping, notice
from tapline.contacts.models import Notice
from tapline.workspaces.counting import EVERYBODY, set_only_counted
from tapline.workspaces.models import AuditEntry, Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.clicks.world import make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return create_workspace("Casa Verde")


def path_of(shop: Workspace) -> str:
    return f"/w/{shop.pk}/contacts/kept"


def test_the_page_names_every_kind_and_for_how_long(shop: Workspace) -> None:
    page = member_of(shop).get(path_of(shop)).content.decode()

    for kind in keeping.kinds():
        assert str(kind.words).split(":")[0] in page.replace("&#x27;", "'")
    assert "3 days" in page  # the click log's
    assert "until you ask us to erase it" in page


def test_nobody_can_read_it_until_it_is_published(shop: Workspace) -> None:
    owner = member_of(shop)
    assert Client().get("/privacy/anything").status_code == 404

    owner.post(f"{path_of(shop)}/publish", {"contact": "privacy@example.com"})
    public = Client().get(f"/privacy/{Notice.objects.get().token}")

    assert public.status_code == 200
    text = public.content.decode()
    assert "Casa Verde" in text
    assert "privacy@example.com" in text
    assert "noindex" in text
    assert not public.cookies
    assert AuditEntry.objects.filter(action="notice.published").count() == 1


def test_withdrawn_it_is_gone_and_comes_back_elsewhere(shop: Workspace) -> None:
    owner = member_of(shop)
    owner.post(f"{path_of(shop)}/publish", {"contact": ""})
    first = Notice.objects.get().token
    owner.post(f"{path_of(shop)}/publish", {"contact": "us"})
    assert Notice.objects.get().token == first

    owner.post(f"{path_of(shop)}/withdraw")
    gone = Client().get(f"/privacy/{first}")
    owner.post(f"{path_of(shop)}/publish", {"contact": ""})

    assert gone.status_code == 404
    assert Notice.objects.get().token != first


def test_only_those_who_manage_may_publish(shop: Workspace) -> None:
    editor = member_of(shop, Role.SENDER)

    refused = editor.post(f"{path_of(shop)}/publish", {"contact": ""})

    assert refused.status_code == 403
    assert not Notice.objects.exists()
    assert "Publish" not in editor.get(path_of(shop)).content.decode()


def test_statements_follow_the_settings(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "days_kept", lambda _: 1)

    lines = {str(each.how_long) for each in notice.statements(shop)}

    assert "1 day" in lines


def test_it_says_who_is_only_counted(shop: Workspace) -> None:
    owner = member_of(shop)
    clicks, tapped_in = "When you opened our links", "In which state or country you last tapped"

    set_only_counted(shop, ["GB"], actor="test")
    some = owner.get(path_of(shop)).content.decode()
    set_only_counted(shop, [EVERYBODY], actor="test")
    everybody = owner.get(path_of(shop)).content.decode()

    assert clicks in some
    assert tapped_in in some
    assert "not that it was you: if your number begins with +44" in some
    assert clicks not in everybody
    assert tapped_in not in everybody
    assert "How often a link that many people got is opened" in everybody


@pytest.mark.django_db(transaction=True)
def test_clicks_that_tell_of_people_are_named_as_long_as_there_are_any() -> None:
    world = make_world(1)
    take_in(world.tap())
    set_only_counted(world.workspace, [EVERYBODY], actor="test")

    told = [str(each.what) for each in notice.statements(world.workspace)]

    assert any(each.startswith("When you opened our links") for each in told)
