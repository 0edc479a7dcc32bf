"""What people see and what is kept when they sign up on the public page."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from tapline.contacts.consent import opt_out
from tapline.contacts.models import Consent, Contact
from tapline.signups import signing_up
from tapline.signups.forms import FormDetails, change_form, set_open
from tapline.signups.models import SignUp
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR, make_contacts, make_workspace
from tests.signups.making import PHONE, WORDING, fill_in, make_form, shown_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def test_a_yes_is_kept_with_the_words_that_were_shown(workspace: Workspace) -> None:
    form = make_form(workspace, tags=("counter",))

    answer = fill_in(form, first_name="Ana")

    assert answer.status_code == 302
    contact = Contact.objects.in_workspace(workspace).textable("marketing").get()
    assert contact.phone == PHONE
    assert contact.attributes == {"first_name": "Ana"}
    assert [tag.name for tag in contact.tags.all()] == ["counter"]
    consent = Consent.objects.get()
    assert consent.wording is not None
    assert consent.wording.text == WORDING
    assert (consent.source, consent.evidence["form"]) == ("form", "Counter")
    assert consent.evidence["network"] == "127.0.0.0/24"
    assert consent.evidence["page"].endswith(f"/join/{form.token}")


def test_behind_a_proxy_the_network_is_the_persons(workspace: Workspace) -> None:
    fill_in(make_form(workspace), hops="198.51.100.9, 203.0.113.7")

    assert Consent.objects.get().evidence["network"] == "203.0.113.0/24"


def test_looking_at_the_page_keeps_nothing_and_sets_no_cookie(workspace: Workspace) -> None:
    form = make_form(workspace)
    client = Client()

    page = client.get(f"/join/{form.token}")

    assert WORDING in page.content.decode()
    assert not page.cookies
    assert client.head(f"/join/{form.token}").status_code == 200
    assert not Contact.objects.exists()
    assert not SignUp.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"agreed": ""}, 409, "The box is not ticked"),
        ({"phone": "12"}, 422, "is not a phone number"),
        ({"phone": ""}, 422, "The phone number is missing"),
        ({"version": "999999"}, 409, "This form has changed"),
        ({"version": "1; drop table"}, 409, "This form has changed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    workspace: Workspace, changes: dict[str, str], status: int, words: str
) -> None:
    answer = fill_in(make_form(workspace), **changes)

    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert not Contact.objects.exists()


def test_a_yes_holds_for_the_words_on_the_page_even_if_they_changed_since(
    workspace: Workspace,
) -> None:
    form = make_form(workspace)
    seen = shown_version(Client(), form)
    newer = FormDetails(name="Counter", title="News", wording="Other words.")
    change_form(form, newer, actor=ACTOR)

    fill_in(form, version=seen)

    consent = Consent.objects.get()
    assert consent.wording is not None
    assert consent.wording.text == WORDING
    assert form.newest.wording.text == "Other words."


def test_the_version_of_another_form_is_not_taken(workspace: Workspace) -> None:
    other = make_form(workspace, wording="Something else.")

    answer = fill_in(make_form(workspace), version=shown_version(Client(), other))

    assert answer.status_code == 409


def test_a_stranger_cannot_undo_an_opt_out_nor_learn_of_it(workspace: Workspace) -> None:
    form = make_form(workspace)
    opt_out(PHONE, scope=workspace, reason="reply", at=timezone.now(), by="reply")

    answer = fill_in(form)

    assert answer.headers["Location"] == f"/join/{form.token}/thanks"
    assert not Contact.objects.in_workspace(workspace).textable("marketing").exists()
    assert SignUp.objects.get().state == "waiting"


def test_a_stranger_cannot_rename_somebody(workspace: Workspace) -> None:
    (known,) = make_contacts(workspace, 1)

    fill_in(make_form(workspace), phone=known.phone, first_name="Somebody else")

    known.refresh_from_db()
    assert known.attributes["first_name"] == "N0"


def test_a_program_that_fills_in_every_field_is_thanked_and_forgotten(workspace: Workspace) -> None:
    form = make_form(workspace)

    answer = fill_in(form, website="https://spam.example.com")

    assert answer.headers["Location"] == f"/join/{form.token}/thanks"
    assert not Contact.objects.exists()


def test_one_network_cannot_sign_up_numbers_by_the_hundred(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_up, "PER_NETWORK", 2)
    form = make_form(workspace)
    fill_in(form, phone="+12125550101")
    fill_in(form, phone="+12125550102")

    answer = fill_in(form, phone="+12125550103")

    assert "Too many people signed up from here" in answer.content.decode()
    assert Contact.objects.count() == 2
    an_hour_ago = timezone.now() - dt.timedelta(hours=1, seconds=1)
    SignUp.objects.update(at=an_hour_ago)
    assert fill_in(form, phone="+12125550103").status_code == 302


def test_a_closed_form_takes_nobody_and_opens_again(workspace: Workspace) -> None:
    form = make_form(workspace)
    set_open(form, False, actor=ACTOR)

    closed = Client().get(f"/join/{form.token}")

    assert (closed.status_code, "Nobody can sign up here" in closed.content.decode()) == (404, True)
    set_open(form, True, actor=ACTOR)
    assert fill_in(form).status_code == 302
