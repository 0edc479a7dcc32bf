"""Pages speak the language that somebody chose, else the one that their browser asks for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.models import User
from tests.broadcasts.making import make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def language_of(browser: Client, address: str, headers: dict[str, str] | None = None) -> str:
    answer = browser.get(address, headers=headers)
    return answer.content.decode().partition('<html lang="')[2][:2]


def choose(browser: Client, language: str, back: str = "/sign-in") -> str:
    answer = browser.post(reverse("web:language"), {"language": language, "next": back})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_browser_is_answered_in_its_own_language() -> None:
    assert language_of(Client(), "/sign-in", GERMAN) == "de"
    assert language_of(Client(), "/sign-in", {"Accept-Language": "es-MX"}) == "es"


def test_a_language_that_nobody_translated_is_answered_in_english() -> None:
    assert language_of(Client(), "/sign-in", {"Accept-Language": "fi"}) == "en"


def test_what_a_member_chose_is_kept_on_every_device() -> None:
    workspace = make_workspace()
    home = reverse("web:home", args=[workspace.pk])

    choose(member_of(workspace), "es")

    assert User.objects.get().language == "es"
    assert language_of(member_of(workspace), home, GERMAN) == "es"


def test_what_a_visitor_chose_is_kept_in_their_browser() -> None:
    browser = Client()

    choose(browser, "es")

    assert language_of(browser, "/sign-in", GERMAN) == "es"
    assert language_of(Client(), "/sign-in", GERMAN) == "de"


def test_choosing_leads_back_to_where_one_was_and_nowhere_else() -> None:
    browser = Client()

    assert choose(browser, "de", back="/w/1/links/?page=2") == "/w/1/links/?page=2"
    assert choose(browser, "de", back="https://elsewhere.example/") == "/"
    assert choose(browser, "de", back="//elsewhere.example/") == "/"


def test_a_language_that_there_is_not_cannot_be_chosen() -> None:
    answer = Client().post(reverse("web:language"), {"language": "xx", "next": "/"})

    assert answer.status_code == 404


def test_programs_are_answered_as_documented_whatever_their_library_asks_for() -> None:
    _key, token = create_api_key(make_workspace(), "Shop", ["links:read"])
    headers = {"Authorization": f"Bearer {token}", **GERMAN}

    answer = Client().get("/api/v1/links", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "en"
