"""What is done to several contacts at once, from the list."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tapline.contacts import bulk
from tapline.contacts.models import Contact, Tag
from tapline.contacts.roles import ContactRole
from tapline.contacts.upserting import tag_contacts
from tapline.workspaces.models import AuditEntry, Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import ACTOR, make_contacts, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def browser(workspace: Workspace) -> Client:
    return member_of(workspace, Role.SENDER)


def several(browser: Client, workspace: Workspace, form: dict[str, Any]) -> Any:
    return browser.post(reverse("contacts:several", args=[workspace.pk]), form)


def tagged(name: str) -> set[str]:
    rows = Contact.objects.filter(tags__name=name)
    return set(rows.values_list("attributes__first_name", flat=True))


def test_the_chosen_are_tagged_and_the_tag_is_taken_off_again(
    workspace: Workspace, browser: Client
) -> None:
    people = make_contacts(workspace, 3)
    chosen = [people[0].pk, people[2].pk]

    answer = several(browser, workspace, {"do": "tag", "word": "vip", "contact": chosen})
    again = several(browser, workspace, {"do": "tag", "word": "vip", "contact": chosen[:1]})
    assert tagged("vip") == {"N0", "N2"}
    several(browser, workspace, {"do": "untag", "word": "vip", "contact": chosen[:1]})

    assert answer.headers["Location"] == reverse("contacts:list", args=[workspace.pk])
    assert again.status_code == 302
    assert tagged("vip") == {"N2"}
    told = AuditEntry.objects.filter(object_kind="tag").order_by("id")
    assert [(each.action, each.after or each.before) for each in told] == [
        ("tag.added", {"name": "vip", "contacts": 2}),
        ("tag.added", {"name": "vip", "contacts": 0}),
        ("tag.removed", {"name": "vip", "contacts": 1}),
    ]


def test_everybody_whom_the_filter_finds_is_meant(workspace: Workspace, browser: Client) -> None:
    people = make_contacts(workspace, 4)
    tag_contacts(people[:2], ["vip"])
    form = {"do": "tag", "word": "called", "whom": "all", "tag": "vip"}

    answer = several(browser, workspace, form)

    assert tagged("called") == {"N0", "N1"}
    assert answer.headers["Location"].endswith("?tag=vip")
    several(browser, workspace, {"do": "staff", "whom": "all", "search": "N3"})
    assert set(Contact.objects.filter(is_staff=True)) == {people[3]}


@pytest.mark.parametrize("role", ContactRole.values)
def test_several_get_a_role_at_once(workspace: Workspace, browser: Client, role: str) -> None:
    people = make_contacts(workspace, 2)
    Contact.objects.filter(pk=people[0].pk).update(is_staff=True, is_canary=True)

    several(browser, workspace, {"do": role, "contact": [each.pk for each in people]})

    for contact in Contact.objects.all():
        assert (contact.is_staff, contact.is_canary) == (role == "staff", role == "canary")


def test_contacts_of_others_stay_as_they_are(workspace: Workspace, browser: Client) -> None:
    theirs = make_contacts(create_workspace("Next"), 1)[0]
    own = Tag.objects.create(workspace=workspace, name="vip")
    own.contacts.add(theirs)  # as if somebody had got it in

    for do in ("tag", "staff", "canary"):
        several(browser, workspace, {"do": do, "word": "new", "contact": [theirs.pk]})
    exported = several(browser, workspace, {"do": "export", "contact": [theirs.pk]})

    theirs.refresh_from_db()
    assert (theirs.is_staff, theirs.is_canary) == (False, False)
    assert tagged("new") == set()
    assert theirs.phone.encode() not in b"".join(exported.streaming_content)


def test_a_file_of_contacts_holds_no_formula_and_is_written_down(
    workspace: Workspace, browser: Client
) -> None:
    people = make_contacts(workspace, 2)
    tag_contacts(people[:1], ["=vip", "new"])
    Contact.objects.filter(pk=people[0].pk).update(
        attributes={"first_name": "=1+1", "näme": "@x", "city": "Köln"}
    )

    answer = several(browser, workspace, {"do": "export", "whom": "all"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["phone"] for row in rows] == ["'+12005550101", "'+12005550100"]
    assert rows[1]["first_name"] == "'=1+1"
    assert rows[1]["city"] == "Köln"
    assert rows[1]["tags"] in ("'=vip, new", "new, =vip")
    assert rows[0]["may_get_marketing"] == "yes"
    assert 'filename="contacts.csv"' in answer.headers["Content-Disposition"]
    told = AuditEntry.objects.filter(action__startswith="contacts.export").order_by("id")
    assert [each.after for each in told] == [{}, {"rows": 2}]


def test_too_many_are_not_changed_from_a_page(
    workspace: Workspace, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    make_contacts(workspace, 3)

    answer = several(browser, workspace, {"do": "tag", "word": "vip", "whom": "all"})

    assert answer.status_code == 422
    assert not Tag.objects.exists()


def test_a_tag_for_nobody_is_not_made(workspace: Workspace, browser: Client) -> None:
    several(browser, workspace, {"do": "tag", "word": "vip"})

    assert not Tag.objects.exists()
    assert not AuditEntry.objects.filter(action="tag.added").exists()


@pytest.mark.parametrize("form", [{"do": "untag", "word": "nobody"}, {"do": "tag", "word": " "}])
def test_what_is_no_tag_is_refused(
    workspace: Workspace, browser: Client, form: dict[str, str]
) -> None:
    (contact,) = make_contacts(workspace, 1)

    answer = several(browser, workspace, form | {"contact": [contact.pk]})

    assert answer.status_code == 422


def test_an_export_does_not_hold_everybody_in_memory(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    asked: list[int] = []

    def chunks() -> Any:
        for contact in Contact.objects.order_by("-pk"):
            asked.append(contact.pk)
            yield [contact.pk]

    pieces = bulk.export_csv(workspace, chunks(), actor=ACTOR)
    next(pieces)
    next(pieces)

    assert len(asked) == 1
