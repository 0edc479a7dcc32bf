"""Links in texts that another system wrote are looked at where they are everybody's, and mended for
the texts that are still to come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.urls import reverse

from tapline.broadcasts import watched
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.singles import send_single
from tapline.broadcasts.tracking import BadTexts, Tracked, Untracked, track, tracked_broadcast
from tapline.broadcasts.watched import PEOPLE, held_by_many
from tapline.links.changing import change_destination, disable
from tapline.links.models import Destination, Link, LinkKind
from tapline.links.watching import failing, note_taps
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import ACTOR, make_contacts, make_workspace, phone
from tests.links.web_site import Site, look_now, watched_site
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with watched_site(monkeypatch) as running:
        yield running


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def tracked(workspace: Workspace) -> Broadcast:
    return tracked_broadcast(workspace, "Reminders", actor=ACTOR)


def send(broadcast: Broadcast, address: str, people: int, *, first: int = 0) -> list[Tracked]:
    """Track the text of another system to some people, who all get the same address."""
    texts = [
        Untracked(to=phone(number), text=f"See {address}")
        for number in range(first, first + people)
    ]
    return track(broadcast.workspace, texts, broadcast=broadcast, actor=ACTOR)


def link_of(broadcast: Broadcast) -> Link:
    return Link.objects.get(in_broadcast__broadcast=broadcast, kind=LinkKind.SHARED)


def test_what_several_people_were_sent_is_looked_at_when_it_is_written(
    tracked: Broadcast, site: Site
) -> None:
    send(tracked, site.address("/menu", host="localhost"), PEOPLE)

    assert [each.address for each in Destination.objects.all()] == [link_of(tracked).destination]
    assert look_now().state == "doubtful"  # it has no certificate


def test_what_one_person_was_sent_is_never_opened(tracked: Broadcast, site: Site) -> None:
    """It may be good for one opening."""
    for _ in range(PEOPLE):
        send(tracked, site.address("/once", host="localhost"), 1)
    note_taps([link_of(tracked).pk])

    assert not Destination.objects.exists()
    assert not held_by_many([link_of(tracked).pk])


def test_people_of_several_calls_count_together(tracked: Broadcast, site: Site) -> None:
    for number in range(PEOPLE):
        send(tracked, site.address("/menu", host="localhost"), 1, first=number)

    assert Destination.objects.count() == 1


def test_single_texts_of_a_program_are_looked_at_too(workspace: Workspace, site: Site) -> None:
    make_contacts(workspace, PEOPLE)
    for number in range(PEOPLE):
        text = f"See {site.address('/menu', host='localhost')}"
        send_single(workspace, to=phone(number), text=text, purpose="marketing", actor=ACTOR)

    assert Destination.objects.count() == 1


def test_a_failing_page_is_an_alarm_while_people_tap(tracked: Broadcast, site: Site) -> None:
    send(tracked, site.address("/gone", host="localhost"), PEOPLE)
    note_taps([link_of(tracked).pk])
    look_now()
    look_now()

    (alarm,) = failing(tracked.workspace)
    assert alarm.link == link_of(tracked)
    page = member_of(tracked.workspace, Role.MANAGER).get(
        reverse("broadcasts:show", args=[tracked.workspace_id, tracked.pk])
    )
    assert b"People tap, and reach no page." in page.content
    assert b"Mend the link" in page.content


def test_a_mended_link_stands_for_what_later_texts_say(tracked: Broadcast, site: Site) -> None:
    broken, mended = (site.address(path, host="localhost") for path in ("/gone", "/menu"))
    send(tracked, broken, PEOPLE)
    change_destination(link_of(tracked), mended, actor=ACTOR)

    (later,) = send(tracked, broken, 1, first=PEOPLE)

    link = link_of(tracked)  # there is one, as before
    assert link.destination == mended
    assert "/gone" not in later.text
    assert later.links[0].url in later.text


def test_a_mended_link_that_is_stopped_takes_no_new_texts(tracked: Broadcast, site: Site) -> None:
    broken, mended = (site.address(path, host="localhost") for path in ("/gone", "/menu"))
    send(tracked, broken, PEOPLE)
    disable(change_destination(link_of(tracked), mended, actor=ACTOR), actor=ACTOR)

    for address in (broken, mended):
        with pytest.raises(BadTexts, match="was disabled"):
            send(tracked, address, 1)


def test_the_address_of_one_person_is_kept_nowhere_else(tracked: Broadcast, site: Site) -> None:
    """Erasing that person clears the link; a copy would stay."""
    send(tracked, site.address("/orders/4711", host="localhost"), 1)
    change_destination(link_of(tracked), site.address("/menu", host="localhost"), actor=ACTOR)

    assert link_of(tracked).in_broadcast.stands_for == ""


def test_one_address_is_asked_about_once_an_hour(
    tracked: Broadcast, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tracked, site.address("/menu", host="localhost"), PEOPLE)
    monkeypatch.setattr(watched, "held_by_many", lambda links: pytest.fail("asked again"))

    send(tracked, site.address("/menu", host="localhost"), PEOPLE)


def test_counting_people_reads_few_texts(tracked: Broadcast, site: Site) -> None:
    send(tracked, site.address("/menu", host="localhost"), 120)

    with connection.cursor() as cursor:
        cursor.execute(watched.COUNT_PEOPLE, {"link": link_of(tracked).pk})
        assert cursor.fetchone() == (watched.EACH_READ,)
    assert held_by_many([link_of(tracked).pk]) == {link_of(tracked).pk}
