"""What pages and API say of destinations: how they were found, the alarm, and how it is mended."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tapline.links.destination_look import Hop, Problem, Seen
from tapline.links.models import Link
from tapline.links.watching import keep, look_next, note_taps
from tapline.workspaces.models import Role
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_workspace
from tests.links.making import make_domain, make_link
from tests.links.web_site import Page, Site, look_now, tapped
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

CARD = b'<title>x</title><meta property="og:title" content="Pie of the day">'


def page_of(browser: Client, link: Link) -> str:
    answer = browser.get(reverse("links:show", args=[link.workspace_id, link.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def written(browser: Client, workspace: int, text: str, **others: str) -> str:
    address = reverse("broadcasts:destinations", args=[workspace])
    return browser.post(address, {"text": text, **others}).content.decode()


def test_the_composer_shows_what_a_worker_found(site: Site) -> None:
    workspace = make_workspace()
    editor = member_of(workspace, Role.SENDER)
    site.pages["/menu"] = Page(body=CARD)
    text = f"See {site.address(host='localhost')}"

    first = written(editor, workspace.pk, text)
    assert "Looking at the page" in first
    assert "load delay:1s" in first  # it asks again
    assert site.asked == []  # and nobody waited for the site
    assert look_next()

    then = written(editor, workspace.pk, text)
    assert "Pie of the day" in then
    assert "not encrypted" in then
    assert "load delay:1s" not in then


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Problem.NO_NAME, "it has no address"),
        (Problem.REFUSED, "it refused the connection"),
        (Problem.SLOW, "no answer in time"),
        (Problem.CERTIFICATE, "its certificate is not valid"),
    ],
)
def test_what_was_seen_is_told_in_words_and_not_in_those_of_the_network(
    problem: Problem, said: str
) -> None:
    link = make_link(make_domain())
    note_taps([link.pk])
    raw = "[Errno -2] Name or service not known"
    keep(link.destination, Seen(hops=(Hop(link.destination, 0),), problem=problem, told=raw))
    address = reverse("links:show", args=[link.workspace_id, link.pk])
    browser = member_of(link.workspace)

    english, german = (
        browser.get(address, headers={"Accept-Language": language}).content.decode()
        for language in ("en", "de")
    )

    assert said in english
    assert said not in german
    assert "What was seen" not in german
    assert "Errno" not in english + german


@pytest.mark.parametrize(
    "text", ["", "no link", "See https://", "See {{ x", "https://{{ a }}.example.com"]
)
def test_a_half_written_text_is_no_error(text: str) -> None:
    workspace = make_workspace()

    assert "opened from here" in written(member_of(workspace), workspace.pk, text)


def test_a_page_of_each_recipient_s_own_is_not_opened() -> None:
    workspace = make_workspace()

    shown = written(
        member_of(workspace), workspace.pk, "See https://www.example.com/{{ shop | x }}"
    )

    assert "another page for each recipient" in shown
    assert not look_next()


@pytest.mark.parametrize("field", ["text_es", "variant_1"])
def test_links_of_every_text_are_looked_at(field: str) -> None:
    workspace = make_workspace()
    other = {field: "Carta: https://www.example.com/es/carta"}

    shown = written(member_of(workspace), workspace.pk, "See https://www.example.com/menu", **other)

    assert "https://www.example.com/menu" in shown
    assert "https://www.example.com/es/carta" in shown


def test_a_link_s_page_looks_again_on_request(site: Site) -> None:
    link = tapped(site)
    editor = member_of(link.workspace, Role.SENDER)
    assert "Nobody has looked" in page_of(editor, link)

    editor.post(reverse("links:look", args=[link.workspace_id, link.pk]))
    assert "Looking at the page" in page_of(editor, link)
    look_now()

    assert "not encrypted" in page_of(editor, link)


def test_a_failing_link_is_mended_by_one_click_and_can_go_back(site: Site) -> None:
    link = tapped(site, "/gone")
    editor = member_of(link.workspace, Role.SENDER)
    look_now()
    look_now()
    assert "reach no page" in page_of(editor, link)
    home = reverse("web:home", args=[link.workspace_id])
    assert link.destination in editor.get(home).content.decode()

    change = reverse("links:destination", args=[link.workspace_id, link.pk])
    editor.post(change, {"destination": site.address(host="localhost")})

    shown = page_of(editor, link)
    assert "reach no page" not in shown
    assert "reach no page" not in editor.get(home).content.decode()
    assert "Lead there again" in shown  # its history
    assert site.address("/gone", host="localhost") in shown


def test_who_may_not_change_links_sees_the_alarm_alone(site: Site) -> None:
    link = tapped(site, "/gone")
    look_now()
    look_now()

    shown = page_of(member_of(link.workspace, Role.VIEWER), link)

    assert "reach no page" in shown
    assert "Stop the link" not in shown


def test_the_api_tells_what_was_found_and_what_fails(site: Site) -> None:
    link = tapped(site, "/gone")
    caller = caller_of(link.workspace)
    asked = {"addresses": [site.address(host="localhost")]}

    (waiting,) = caller.post("/destinations", asked)
    assert (waiting["state"], waiting["is_waiting"]) == ("unseen", True)
    for _ in range(2):
        assert look_next()
    (known,) = caller.post("/destinations", asked)
    assert (known["state"], known["hops"][0]["status"]) == ("doubtful", 200)
    assert caller.get("/destinations/failing") == []  # one failed look is not believed


def test_the_api_refuses_what_is_no_destination() -> None:
    caller = caller_of(make_workspace())

    answer = caller.call("POST", "/destinations", {"addresses": ["javascript:alert(1)"]})

    assert answer.status_code == 422


def test_what_one_workspace_knows_is_nobody_else_s(site: Site) -> None:
    link = tapped(site, "/gone")
    look_now()
    look_now()

    assert caller_of(create_workspace("Florist")).get("/destinations/failing") == []
    assert caller_of(link.workspace).get("/destinations/failing")[0]["link"] == link.pk
