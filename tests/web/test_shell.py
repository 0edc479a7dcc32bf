"""What stands around a page: the rooms that somebody may enter, and where they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

import tapline
from tapline.web.rooms import ROOMS, entries, other_workspaces, setting_entries
from tapline.workspaces.access import Access, Need
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("need", "seen", "unseen"),
    [
        (Need.RATES, "broadcasts", "contacts"),
        (Need.PEOPLE, "settings", "health"),
        (Need.EDIT, "links", "health"),
        (Need.MANAGE, "health", None),
    ],
)
def test_the_menu_names_only_rooms_that_somebody_may_enter(
    need: Need, seen: str, unseen: str | None
) -> None:
    names = [each.room.name for each in entries(create_workspace("Bakery"), Access(need), "home")]

    assert seen in names
    assert unseen not in names


def test_every_room_in_the_menu_answers_and_marks_where_one_is() -> None:
    client, workspace = _owner()

    for room in entries(workspace, Access(Need.MANAGE), "none"):
        page = client.get(room.url)
        assert page.status_code == 200
        marked = f' href="{room.url}" aria-current="page"><svg'
        # Once in the menu, and once more in the bar where it stands there too.
        assert page.content.decode().count(marked) == 1 + room.room.is_at_thumb, room.room.name


@pytest.mark.parametrize(
    ("need", "seen", "unseen"),
    [
        (Need.PEOPLE, "members", "hours"),
        (Need.EDIT, "hours", "keys"),
        (Need.MANAGE, "audit", "below"),
        (Need.OWN, "below", None),
    ],
)
def test_the_pages_of_settings_are_named_on_each_of_them(
    need: Need, seen: str, unseen: str | None
) -> None:
    workspace = create_workspace("Bakery")
    names = [each.room.name for each in setting_entries(workspace, Access(need), "settings")]

    assert seen in names
    assert unseen not in names
    assert setting_entries(workspace, Access(need), "links") == []


def test_every_page_of_settings_answers_and_marks_where_one_is() -> None:
    client, workspace = _owner()

    for page in setting_entries(workspace, Access(Need.OWN), "settings"):
        shown = client.get(page.url).content.decode()
        assert f'<a href="{page.url}" aria-current="page">' in shown, page.room.name


def test_four_rooms_are_at_the_thumb() -> None:
    assert sum(room.is_at_thumb for room in ROOMS) == 4


def test_the_way_to_other_workspaces_shows_ones_own_and_no_stranger() -> None:
    _, workspace = _owner()
    user = add_member(create_workspace("Café"), "owner@example.com", Role.VIEWER, actor="").user
    create_workspace("Stranger")

    assert [each.name for each in other_workspaces(user, workspace)] == ["Café"]


def _owner() -> tuple[Client, Workspace]:
    workspace = create_workspace("Bakery")
    member = add_member(workspace, "owner@example.com", Role.OWNER, actor="")
    client = Client()
    client.force_login(member.user)
    return client, workspace


SCROLLS = re.compile(
    r'<(?P<tag>section|div)(?P<how>[^>]*class="[^"]*\bscroll\b[^>]*)>(?P<held>.*?)</(?P=tag)>',
    re.DOTALL,
)
FOCUSABLE = re.compile(r"<(a|button|input|summary)\b|{% include")


def test_what_scrolls_and_holds_nothing_to_go_to_can_be_gone_to_itself_and_has_a_name() -> None:
    regions = [
        (path.name, region)
        for path in Path(tapline.__file__).parent.rglob("templates/**/*.html")
        for region in SCROLLS.finditer(path.read_text(encoding="utf-8"))
    ]

    assert len(regions) > 20
    for name, region in regions:
        if not FOCUSABLE.search(region["held"]):
            assert 'tabindex="0"' in region["how"], name
            assert "aria-label" in region["how"], name
