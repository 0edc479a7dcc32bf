"""A contact may be one of the sender's own people or a seed contact: openings then say so."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tapline.clicks import second_look
from tapline.clicks.store import query
from tapline.contacts import keeping
from tapline.contacts.exporting import export
from tapline.contacts.models import Contact
from tapline.contacts.roles import ContactRole, change_role, role_of
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace
from tests.clicks.world import NOON, World, make_world, take_in
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    return make_contacts(workspace, 1)[0]


def reasons(world: World) -> Iterator[tuple[str, str]]:
    yield from query("select verdict, reasons from clicks order by message, clicked_at")


def mark(world: World, position: int, role: ContactRole) -> None:
    contact = world.messages[position].contact
    assert contact is not None
    change_role(world.workspace, contact.pk, role, actor="test")


def test_openings_by_our_own_people_are_no_taps() -> None:
    world = make_world(2)
    mark(world, 0, ContactRole.STAFF)
    take_in(world.tap(0, at=NOON), world.tap(1, at=NOON))
    assert list(reasons(world)) == [("operator", "operator"), ("human", "")]


def test_what_opens_a_seed_contacts_link_is_a_machine_in_the_whole_broadcast() -> None:
    world = make_world(2)
    mark(world, 0, ContactRole.CANARY)
    take_in(world.tap(0), world.tap(1))
    second_look.look_again()
    assert list(reasons(world)) == [
        ("scanner", "canary_lookalike"),
        ("scanner", "canary_opener"),
    ]


def test_a_change_is_written_down_and_none_is_not(workspace: Workspace, contact: Contact) -> None:
    for _ in range(2):
        change_role(workspace, contact.pk, ContactRole.CANARY, actor="user 7")

    (entry,) = history(workspace).filter(action="contact.role_changed")
    assert (entry.actor, entry.object_id) == ("user 7", contact.pk)
    assert (entry.before, entry.after) == ({"role": "recipient"}, {"role": "canary"})


def test_one_role_takes_the_place_of_the_other(workspace: Workspace, contact: Contact) -> None:
    for role in (ContactRole.CANARY, ContactRole.STAFF, ContactRole.RECIPIENT):
        changed = change_role(workspace, contact.pk, role, actor="test")
        assert role_of(Contact.objects.get(pk=contact.pk)) == role_of(changed) == role
    assert (changed.is_staff, changed.is_canary) == (False, False)


def test_a_contact_of_another_workspace_cannot_be_marked(contact: Contact) -> None:
    with pytest.raises(Contact.DoesNotExist):
        change_role(create_workspace("Elsewhere"), contact.pk, ContactRole.STAFF, actor="test")


def test_an_editor_marks_a_contact_on_its_page(workspace: Workspace, contact: Contact) -> None:
    editor, viewer = member_of(workspace, Role.SENDER), member_of(workspace, Role.VIEWER)
    page = reverse("contacts:show", args=[workspace.pk, contact.pk])
    address = reverse("contacts:role", args=[workspace.pk, contact.pk])

    assert viewer.post(address, {"role": "staff"}).status_code == 403
    assert 'value="recipient" checked' in editor.get(page).content.decode()
    assert editor.post(address, {"role": "staff"}).headers["Location"] == page

    assert 'value="staff" checked' in editor.get(page).content.decode()
    seen = viewer.get(page).content.decode()
    assert "One of us: their openings are no taps" in seen
    assert 'name="role"' not in seen
    assert history(workspace)[0].action == "contact.role_changed"


def test_a_role_that_there_is_not_changes_nothing(workspace: Workspace, contact: Contact) -> None:
    address = reverse("contacts:role", args=[workspace.pk, contact.pk])
    member_of(workspace).post(address, {"role": "king"})
    assert role_of(Contact.objects.get(pk=contact.pk)) == ContactRole.RECIPIENT


def test_a_program_marks_contacts_of_its_own_workspace(
    workspace: Workspace, contact: Contact
) -> None:
    address, caller = f"/contacts/{contact.pk}/role", caller_of(workspace)

    assert caller.get(f"/contacts/{contact.pk}")["role"] == "recipient"
    told = caller.call("PUT", address, {"role": "canary"})
    assert (told.status_code, json.loads(told.content)["role"]) == (200, "canary")
    assert Contact.objects.get(pk=contact.pk).is_canary
    assert caller.call("PUT", address, {"role": "king"}).status_code == 422
    stranger = caller_of(create_workspace("Elsewhere"))
    assert stranger.call("PUT", address, {"role": "staff"}).status_code == 404


def test_an_export_says_it(workspace: Workspace, contact: Contact) -> None:
    change_role(workspace, contact.pk, ContactRole.CANARY, actor="test")
    (kept,) = export(keeping.person(workspace, contact.phone))["contacts"]
    assert (kept["is_canary"], kept["is_staff"]) == (True, False)
