"""An owner erases one person on a page, and nobody does by mistake."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.urls import reverse

from tapline.contacts.models import Contact, Erasure
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role
from tests.broadcasts.making import make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


def test_the_end_of_the_number_erases_and_is_written_down_without_it() -> None:
    workspace = make_workspace()
    gone, stays = make_contacts(workspace, 2)
    owner = member_of(workspace)
    address = reverse("contacts:erase", args=[workspace.pk, gone.pk])
    assert "What goes" in owner.get(address).content.decode()

    answer = owner.post(address, {"digits": gone.phone[-4:]})

    assert answer.headers["Location"] == reverse("contacts:list", args=[workspace.pk])
    assert list(Contact.objects.all()) == [stays]
    assert Erasure.objects.count() == 1  # remembered for backups that are restored later
    entry = history(workspace)[0]
    assert (entry.action, entry.actor.split()[0]) == ("contact.erased", "user")
    assert gone.phone not in str((entry.before, entry.after))


@pytest.mark.parametrize("typed", ["", "0000", "010"])
def test_anything_else_erases_nobody(typed: str) -> None:
    workspace = make_workspace()
    (contact,) = make_contacts(workspace, 1)

    answer = member_of(workspace).post(
        reverse("contacts:erase", args=[workspace.pk, contact.pk]), {"digits": typed}
    )

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nobody was erased." in answer.content.decode()
    assert Contact.objects.get() == contact


def test_only_owners_are_offered_it() -> None:
    workspace = make_workspace()
    (contact,) = make_contacts(workspace, 1)
    address = reverse("contacts:show", args=[workspace.pk, contact.pk])
    erase = reverse("contacts:erase", args=[workspace.pk, contact.pk])

    assert erase in member_of(workspace).get(address).content.decode()
    assert erase not in member_of(workspace, Role.MANAGER).get(address).content.decode()
