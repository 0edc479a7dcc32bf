"""A workspace is put below another by whoever owns it, what it leaves, and where it comes to."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from tapline.workspaces.audit import history
from tapline.workspaces.members import add_member
from tapline.workspaces.models import Membership, Role, Workspace
from tapline.workspaces.moving import places_for
from tapline.workspaces.tree import create_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def owner_of(*workspaces: Workspace) -> tuple[Client, Membership]:
    browser = member_of(workspaces[0])
    own = Membership.objects.get(workspace=workspaces[0], role=Role.OWNER)
    for each in workspaces[1:]:
        add_member(each, own.user.email, Role.OWNER, actor="test")
    return browser, own


def put(browser: Client, workspace: Workspace, parent: Workspace | None) -> int:
    address = reverse("workspaces:move", args=[workspace.pk])
    answer = browser.post(address, {"parent": str(parent.pk) if parent else "top"})
    workspace.refresh_from_db()
    return int(answer.status_code)


def test_an_owner_of_both_puts_it_below_and_takes_it_out_again() -> None:
    shop, brand = create_workspace("Shop"), create_workspace("Brand")
    browser, _own = owner_of(shop, brand)
    page = browser.get(reverse("workspaces:below", args=[shop.pk])).content.decode()
    assert f'<option value="{brand.pk}">Brand</option>' in page

    assert put(browser, shop, brand) == HTTPStatus.FOUND
    assert shop.path == f"/{brand.pk}/{shop.pk}/"
    for place in (shop, brand):
        entry = history(place)[0]
        assert (entry.action, entry.after) == ("workspace.moved", {"parent": brand.pk})

    assert put(browser, shop, None) == HTTPStatus.FOUND
    assert shop.path == f"/{shop.pk}/"
    assert history(brand)[0].before == {"parent": brand.pk}


def test_nobody_puts_it_below_what_is_not_theirs() -> None:
    shop, foreign = create_workspace("Shop"), create_workspace("Foreign")
    browser, own = owner_of(shop)

    assert places_for(own.user, shop) == []
    assert put(browser, shop, foreign) == HTTPStatus.UNPROCESSABLE_ENTITY
    add_member(foreign, own.user.email, Role.MANAGER, actor="test")
    assert put(browser, shop, foreign) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert shop.parent is None


def test_nobody_takes_it_out_of_what_is_not_theirs() -> None:
    brand = create_workspace("Brand")
    shop = create_workspace("Shop", parent=brand)
    browser, own = owner_of(shop, create_workspace("Other"))

    assert places_for(own.user, shop) == []
    assert put(browser, shop, None) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert shop.parent == brand


def test_neither_its_own_branch_nor_a_sample_is_a_place_for_it() -> None:
    shop, sample = create_workspace("Shop"), create_workspace("Sample shop")
    below = create_workspace("Below", parent=shop)
    Workspace.objects.filter(pk=sample.pk).update(sample="there")
    browser, own = owner_of(shop, below, sample)

    assert places_for(own.user, shop) == []
    assert put(browser, shop, below) == HTTPStatus.UNPROCESSABLE_ENTITY
