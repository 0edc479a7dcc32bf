"""Changing what is known about one contact: written down, refused in words, within the walls."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from tapline.contacts.editing import Details, change_contact
from tapline.contacts.models import Contact
from tapline.contacts.upserting import BadContact, add_tags
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def contact(workspace: Workspace) -> Contact:
    (made,) = make_contacts(workspace, 1)
    made.attributes = {"first_name": "Ana", "city": "Oslo", "size": "38"}
    made.save()
    add_tags(made, ["old", "vip"])
    return made


def _change(contact: Contact, **changes: object) -> Contact:
    said = {"attributes": {}, "language": "", "zone": "", "tags": ("old", "vip")} | changes
    return change_contact(contact.workspace, contact.pk, Details(**said), actor="test")  # type: ignore[arg-type]


def _tags(contact: Contact) -> set[str]:
    return set(contact.tags.values_list("name", flat=True))


def test_what_changed_is_kept_and_written_down_and_the_rest_stays(contact: Contact) -> None:
    language, zone = contact.language, contact.zone

    changed = _change(
        contact,
        attributes={"first_name": "Anna", "city": None},
        language="pt_BR",
        zone=zone,
        tags=("vip", "new"),
    )

    changed.refresh_from_db()
    assert changed.attributes == {"first_name": "Anna", "size": "38"}
    assert changed.language == "pt-BR"
    assert _tags(changed) == {"vip", "new"}
    (entry,) = history(contact.workspace).filter(action="contact.changed")
    assert entry.before == {
        "first_name": "Ana", "city": "Oslo", "language": language, "tags": ["old", "vip"],
    }  # fmt: skip
    assert entry.after == {
        "first_name": "Anna", "city": None, "language": "pt-BR", "tags": ["new", "vip"],
    }  # fmt: skip


def test_the_same_again_is_no_change(contact: Contact) -> None:
    _change(contact, language=contact.language, zone=contact.zone)

    assert not history(contact.workspace).filter(action="contact.changed").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"attributes": {"first name": "Ana"}},
        {"attributes": {"first_name": "A" * 501}},
        {"language": "Portuguese!"},
        {"zone": "Atlantis/Centre"},
        {"tags": ("x" * 81,)},
    ],
)
def test_what_cannot_be_kept_changes_nothing(contact: Contact, wrong: dict[str, object]) -> None:
    with pytest.raises(BadContact):
        _change(contact, **({"attributes": {"city": "Rome"}} | wrong))

    contact.refresh_from_db()
    assert contact.attributes["city"] == "Oslo"
    assert _tags(contact) == {"old", "vip"}


def test_a_contact_is_changed_only_in_its_own_workspace(contact: Contact) -> None:
    said = Details(attributes={}, language="", zone="", tags=())

    with pytest.raises(Contact.DoesNotExist):
        change_contact(create_workspace("Elsewhere"), contact.pk, said, actor="test")


def test_the_form_shows_what_is_known_and_keeps_what_was_typed_beside_an_error(
    contact: Contact,
) -> None:
    browser = member_of(contact.workspace, Role.SENDER)
    address = reverse("contacts:change", args=[contact.workspace_id, contact.pk])
    typed = {"attribute.city": "Rome", "attribute.size": "", "tags": "vip, new", "zone": "Nowhere"}
    more = {"name": "Favourite dish", "value": "Soup"}

    asked = browser.get(address).content.decode()
    wrong = browser.post(address, typed | more)
    saved = browser.post(address, typed | more | {"zone": "Europe/Rome"})

    assert 'name="attribute.city" value="Oslo"' in asked
    assert 'name="tags" value="old, vip"' in asked
    assert wrong.status_code == 422
    assert "'Nowhere' is no time zone." in html.unescape(wrong.content.decode())
    assert 'name="attribute.city" value="Rome"' in wrong.content.decode()
    assert saved.headers["Location"] == reverse(
        "contacts:show", args=[contact.workspace_id, contact.pk]
    )
    contact.refresh_from_db()
    assert contact.attributes == {"first_name": "Ana", "city": "Rome", "favourite_dish": "Soup"}
    assert (contact.zone, _tags(contact)) == ("Europe/Rome", {"vip", "new"})
