"""The walls, as pure rules: who may see and do what, seen from every place in the tree."""

from __future__ import annotations

import pytest

from tapline.workspaces.access import Access, Grant, Need, access_to
from tapline.workspaces.models import Role

BRAND, REGION, LOCATION, SIBLING = "/1/", "/1/2/", "/1/2/3/", "/1/2/4/"
LOOKALIKE = "/1/2/30/"  # begins like LOCATION, but is another place


@pytest.mark.parametrize(
    ("place", "grant", "most"),
    [
        (LOCATION, Grant(LOCATION, Role.VIEWER), Need.PEOPLE),
        (LOCATION, Grant(LOCATION, Role.SENDER), Need.EDIT),
        (LOCATION, Grant(LOCATION, Role.MANAGER), Need.MANAGE),
        (LOCATION, Grant(LOCATION, Role.OWNER), Need.OWN),
        (LOCATION, Grant(BRAND, Role.OWNER), Need.RATES),
        (LOCATION, Grant(REGION, Role.VIEWER), Need.RATES),
        (LOCATION, Grant(BRAND, Role.VIEWER, sees_people_below=True), Need.PEOPLE),
        (LOCATION, Grant(BRAND, Role.OWNER, sees_people_below=True), Need.OWN),
        (BRAND, Grant(LOCATION, Role.OWNER, sees_people_below=True), None),
        (SIBLING, Grant(LOCATION, Role.OWNER, sees_people_below=True), None),
        (LOOKALIKE, Grant(LOCATION, Role.OWNER, sees_people_below=True), None),
        ("/5/", Grant(BRAND, Role.OWNER, sees_people_below=True), None),
    ],
)
def test_what_one_membership_opens(place: str, grant: Grant, most: Need | None) -> None:
    assert access_to(place, [grant]) == (most and Access(most))


def test_of_several_memberships_the_widest_counts() -> None:
    grants = [Grant(BRAND, Role.OWNER), Grant(LOCATION, Role.VIEWER)]

    assert access_to(LOCATION, grants) == Access(Need.PEOPLE)
    assert access_to(SIBLING, grants) == Access(Need.RATES)
    assert access_to(LOCATION, []) is None


def test_each_need_includes_the_ones_before_it() -> None:
    sender, manager = Access(Need.EDIT), Access(Need.MANAGE)

    assert sender.sees_people
    assert sender.edits
    assert not sender.manages
    assert manager.manages
    assert not manager.owns
    assert Access(Need.OWN).owns
    assert not Access(Need.RATES).sees_people
