"""Where a keyword's reply leads is looked at when it is written and while people tap; mending the
link mends the reply."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tapline.keywords.models import Keyword
from tapline.keywords.watched import addresses_in
from tapline.links.changing import change_destination
from tapline.links.models import Destination, Link
from tapline.links.watching import failing, note_taps
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import ACTOR, make_workspace
from tests.keywords.making import make_keyword
from tests.links.web_site import Site, look_now, watched_site
from tests.replies.making import send_answers, write
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with watched_site(monkeypatch) as running:
        yield running


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def answered(workspace: Workspace, reply: str) -> Link:
    """Return the link of a keyword's first answer, which its person has just tapped."""
    make_keyword(workspace, reply_text=reply)
    write("PIZZA", 0)
    send_answers()
    link = Link.objects.order_by("destination").first()
    assert link is not None
    note_taps([link.pk])
    return link


def test_a_reply_is_looked_at_when_it_is_written(workspace: Workspace, site: Site) -> None:
    address = site.address("/menu", host="localhost")

    make_keyword(workspace, reply_text=f"Hi {{{{ first_name | there }}}}, see {address}")

    assert Destination.objects.get().address == address
    assert look_now().state == "doubtful"  # it has no certificate


def test_the_first_tap_is_enough_to_watch_it(workspace: Workspace, site: Site) -> None:
    link = answered(workspace, f"See {site.address('/gone', host='localhost')}")
    look_now()
    look_now()

    (alarm,) = failing(workspace)
    assert alarm.link == link


def test_what_is_made_for_one_person_is_not_opened(workspace: Workspace, site: Site) -> None:
    reply = f"See {site.address('/for/', host='localhost')}{{{{ first_name | guest }}}}"

    link = answered(workspace, reply)

    assert link.destination.endswith("/for/guest")
    assert addresses_in(reply) == []
    assert not Destination.objects.exists()


def test_mending_the_link_mends_the_reply(workspace: Workspace, site: Site) -> None:
    broken, mended = (site.address(path, host="localhost") for path in ("/gone", "/menu"))
    link = answered(workspace, f"See {broken}, or {broken}/more")

    change_destination(link, mended, actor=ACTOR)

    keyword = Keyword.objects.get()
    assert keyword.reply_text == f"See {mended}, or {broken}/more"
    write("PIZZA", 1)
    send_answers()
    assert Link.objects.filter(destination=mended).count() == 1


def test_the_keywords_page_says_that_people_reach_no_page_and_mends_it(
    workspace: Workspace, site: Site
) -> None:
    answered(workspace, f"See {site.address('/gone', host='localhost')}")
    look_now()
    look_now()
    browser = member_of(workspace, Role.MANAGER)
    keyword = Keyword.objects.get()

    page = browser.get(reverse("keywords:show", args=[workspace.pk, keyword.pk])).content.decode()

    assert "People tap, and reach no page." in page
    assert reverse("links:destination", args=[workspace.pk, Link.objects.get().pk]) in page


def test_what_is_being_written_is_looked_at(workspace: Workspace, site: Site) -> None:
    browser = member_of(workspace, Role.SENDER)
    address = reverse("keywords:destinations", args=[workspace.pk])
    form = {"reply_text": f"See {site.address('/gone', host='localhost')}"}

    first = browser.post(address, form).content.decode()
    look_now()
    then = browser.post(address, form).content.decode()

    assert "load delay:1s" in first
    assert "load delay:1s" not in then
    assert "404" in then


def test_the_keywords_page_asks_by_itself_how_its_pages_are(
    workspace: Workspace, site: Site
) -> None:
    keyword = make_keyword(workspace, reply_text=f"See {site.address('/menu', host='localhost')}")
    browser = member_of(workspace, Role.SENDER)
    browser.handler.enforce_csrf_checks = True
    shown = browser.get(reverse("keywords:show", args=[workspace.pk, keyword.pk])).content.decode()
    form = shown[shown.index('name="reply_text"') - 200 :]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token is not None

    answer = browser.post(
        reverse("keywords:destinations", args=[workspace.pk]),
        {"csrfmiddlewaretoken": token[1], "reply_text": keyword.reply_text},
    )

    assert answer.status_code == 200
    assert "/menu" in answer.content.decode()
