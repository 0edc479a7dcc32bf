"""Making and changing sign-up forms in the browser."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tapline.contacts import keeping
from tapline.signups.models import SignUp, SignUpForm
from tapline.workspaces.audit import history
from tapline.workspaces.models import Role
from tapline.workspaces.tree import create_workspace, move_workspace
from tests.broadcasts.making import make_workspace
from tests.signups.making import PHONE, WORDING, fill_in, make_form
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

FILLED = {
    "name": "Counter",
    "title": "News",
    "wording": WORDING,
    "language": "de",
    "purpose": "marketing",
    "tags": "counter, autumn",
    "asks_name": "on",
}


def test_a_form_is_made_and_its_code_leads_to_it() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)

    made = editor.post(reverse("signups:new", args=[workspace.pk]), FILLED)

    form = SignUpForm.objects.get()
    page = editor.get(made.headers["Location"]).content.decode()
    assert f"/join/{form.token}" in page
    assert form.tags == ["counter", "autumn"]
    svg = editor.get(reverse("signups:qr", args=[workspace.pk, form.pk, "svg"]))
    png = editor.get(reverse("signups:qr", args=[workspace.pk, form.pk, "png"]))
    assert (svg.headers["Content-Type"], svg.content[:5]) == ("image/svg+xml", b"<?xml")
    assert (png.headers["Content-Type"], png.content[1:4]) == ("image/png", b"PNG")


def test_other_words_are_a_new_version_and_the_old_one_stays() -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)
    form = make_form(workspace)
    address = reverse("signups:change", args=[workspace.pk, form.pk])
    assert WORDING in editor.get(address).content.decode()

    editor.post(address, FILLED | {"title": "News from the Bakery", "name": "Till"})
    editor.post(address, FILLED | {"wording": "New words."})

    form.refresh_from_db()
    assert form.name == "Counter"
    assert [each.wording.text for each in form.versions.order_by("id")] == [WORDING, "New words."]
    assert [entry.action for entry in history(workspace)][:3] == [
        "sign_up_form.changed",
        "sign_up_form.changed",
        "sign_up_form.created",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wording": ""}, "The wording is missing or too long"),
        ({"title": "x" * 121}, "The title is missing or too long"),
        ({"language": "xx"}, "purpose or language is not known"),
        ({"tags": "x" * 81}, "cannot be a tag"),
    ],
)
def test_a_bad_form_is_shown_again_with_what_is_wrong(changes: dict[str, str], words: str) -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)

    answer = editor.post(reverse("signups:new", args=[workspace.pk]), FILLED | changes)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not SignUpForm.objects.exists()


def test_a_yes_may_cover_the_whole_brand() -> None:
    brand, shop = create_workspace("Brand"), make_workspace()
    move_workspace(shop, brand)
    shop.refresh_from_db()
    editor = member_of(shop, Role.SENDER)

    editor.post(reverse("signups:new", args=[shop.pk]), FILLED | {"scope": str(brand.pk)})
    form = SignUpForm.objects.get()
    fill_in(form)

    assert form.scope == brand
    assert SignUp.objects.get().contact is not None


def test_an_erased_person_leaves_the_count_alone() -> None:
    workspace = make_workspace()
    form = make_form(workspace)
    fill_in(form)
    (kind,) = (each for each in keeping.kinds() if each.name == "sign_ups")
    person = keeping.person(workspace, PHONE)
    assert len(kind.find(person)) == 1

    kind.erase(person)

    taken = SignUp.objects.get()
    assert (taken.contact, taken.network, taken.agent) == (None, "", "")
