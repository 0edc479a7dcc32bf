"""Workspaces form a tree whose paths stay right."""

from __future__ import annotations

import pytest

from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import (
    MAX_DEPTH,
    BadTree,
    ancestors,
    branch,
    create_workspace,
    descendant_ids,
    move_workspace,
)

pytestmark = pytest.mark.django_db


def test_a_path_holds_the_ids_from_the_root_down() -> None:
    brand = create_workspace("Fernwood")
    region = create_workspace("North", parent=brand)
    location = create_workspace("Leeds", parent=region, default_country="gb")

    assert location.path == f"/{brand.pk}/{region.pk}/{location.pk}/"
    assert location.ancestor_ids == [brand.pk, region.pk, location.pk]
    assert ancestors(location) == [brand, region, location]
    assert location.default_country == "GB"


def test_what_lies_below_is_found_without_neighbours_whose_ids_begin_alike() -> None:
    brands = [create_workspace(f"Brand {number}") for number in range(12)]
    below = [create_workspace("Location", parent=brand) for brand in brands]

    for brand, location in zip(brands, below, strict=True):
        assert sorted(descendant_ids(brand)) == [brand.pk, location.pk]


def test_moving_a_branch_moves_everything_below_it() -> None:
    one, other = create_workspace("One"), create_workspace("Other")
    region = create_workspace("Region", parent=one)
    location = create_workspace("Location", parent=region)

    move_workspace(region, other)

    location.refresh_from_db()
    assert location.path == f"/{other.pk}/{region.pk}/{location.pk}/"
    assert list(branch(one)) == [one]
    assert list(branch(other)) == [other, region, location]

    move_workspace(region, None)

    location.refresh_from_db()
    assert location.path == f"/{region.pk}/{location.pk}/"
    assert Workspace.objects.get(pk=region.pk).parent is None


def test_a_workspace_cannot_move_below_itself() -> None:
    brand = create_workspace("Brand")
    region = create_workspace("Region", parent=brand)

    for place in (brand, region):
        with pytest.raises(BadTree, match="below itself"):
            move_workspace(brand, place)


def test_a_tree_that_grows_too_deep_is_refused_when_made_and_when_moved() -> None:
    deep = create_workspace("1")
    for number in range(2, MAX_DEPTH + 1):
        deep = create_workspace(str(number), parent=deep)
    pair = create_workspace("Region")
    create_workspace("Location", parent=pair)

    with pytest.raises(BadTree, match="too deep"):
        create_workspace("13", parent=deep)
    with pytest.raises(BadTree, match="too deep"):
        move_workspace(pair, Workspace.objects.get(pk=deep.ancestor_ids[-2]))


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_is_needed(name: str) -> None:
    with pytest.raises(BadTree, match="name"):
        create_workspace(name)
