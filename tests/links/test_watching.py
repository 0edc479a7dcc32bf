"""Destinations are looked at when somebody asks and while people tap; a failing one is an alarm."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from tapline import config
from tapline.links import watching
from tapline.links.changing import change_destination, disable
from tapline.links.destination_findings import State
from tapline.links.destination_times import ALARM_AFTER, Standing, after_look
from tapline.links.models import Destination, Link, TappedLink
from tapline.links.watching import ask, failing, forget_old, is_waiting, look_next, note_taps
from tapline.workspaces.models import Sample, Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain, make_link, make_template
from tests.links.web_site import Page, Site, look_now, tapped

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2030, 5, 1, 12, tzinfo=dt.UTC)
EVERY = dt.timedelta(minutes=10)
# The site on this machine has no certificate, about which something is said.
WELL = State.DOUBTFUL


def test_what_somebody_asks_is_looked_at_by_a_worker(site: Site) -> None:
    workspace = create_workspace("Bakery")

    (asked,) = ask(workspace, [site.address(host="localhost")])
    assert (is_waiting(asked), site.asked) == (True, [])
    assert look_next()

    (known,) = ask(workspace, [site.address(host="localhost")])
    assert (is_waiting(known), known.state, len(site.asked)) == (False, WELL, 1)
    assert watching.seen_of(known).head.title == "Menu"  # type: ignore[union-attr]
    assert known.look_at is None  # nobody taps it
    assert not look_next()


def test_a_private_address_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(config.current(), destination_local_hosts="")
    monkeypatch.setattr(config, "current", lambda: settings)
    ask(create_workspace("Bakery"), [site.address(host="localhost")])

    look_next()

    assert (Destination.objects.get().state, site.asked) == (State.FAILING, [])


def test_a_workspace_cannot_have_the_whole_internet_looked_at(site: Site) -> None:
    many = [site.address(f"/{number}", host="localhost") for number in range(50)]

    ask(create_workspace("Bakery"), many)

    assert Destination.objects.count() == watching.MOST_ASKED


def test_one_look_serves_every_workspace_that_leads_there(site: Site) -> None:
    for name in ("Bakery", "Florist"):
        ask(create_workspace(name), [site.address(host="localhost")])

    look_next()

    assert [each.state for each in Destination.objects.all()] == [WELL, WELL]
    assert (len(site.asked), look_next()) == (1, False)


def test_a_host_rests_between_two_looks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = create_workspace("Bakery")
    ask(workspace, [site.address(path, host="localhost") for path in ("/a", "/b")])
    assert look_next()

    monkeypatch.setattr(watching, "HOST_RESTS", dt.timedelta(minutes=1))

    assert not look_next()


def test_a_look_that_another_worker_does_is_left_to_it(site: Site) -> None:
    ask(create_workspace("Bakery"), [site.address(host="localhost")])
    later = timezone.now() + watching.LEASE
    Destination.objects.update(leased_until=later)

    assert not look_next()


def test_two_failed_looks_are_an_alarm_and_a_good_one_ends_it(site: Site) -> None:
    link = tapped(site)
    site.pages["/menu"] = Page(status=500)

    assert look_now().failures == 1
    assert failing(link.workspace) == []
    since = look_now().failing_since

    (alarm,) = failing(link.workspace)
    assert (alarm.link, alarm.destination.failing_since) == (link, since)

    site.pages["/menu"] = Page()
    look_now()
    assert failing(link.workspace) == []


def test_an_alarm_is_nobody_else_s(site: Site) -> None:
    tapped(site, "/gone")
    look_now(), look_now()

    assert failing(create_workspace("Florist")) == []


def test_a_new_destination_or_a_stop_ends_the_alarm(site: Site) -> None:
    link = tapped(site, "/gone")
    look_now(), look_now()
    assert failing(link.workspace)

    change_destination(link, site.address("/menu", host="localhost"), actor=ACTOR)
    assert failing(link.workspace) == []
    assert look_next()  # the new one at once
    assert TappedLink.objects.get().destination.state == WELL

    change_destination(link, site.address("/gone", host="localhost"), actor=ACTOR)
    assert failing(link.workspace)  # it is known to fail
    disable(link, actor=ACTOR)
    assert failing(link.workspace) == []


def test_links_of_one_recipient_are_never_opened(site: Site) -> None:
    domain = make_domain()
    template = make_template(domain)
    personal = make_link(domain, site.address("/reset?token=1", host="localhost"))
    Link.objects.filter(pk=personal.pk).update(kind="personal", parent=template)

    note_taps([template.pk, personal.pk])

    assert not look_next()
    assert not TappedLink.objects.exists()


def test_the_pages_of_a_sample_are_nobodys_and_not_watched(site: Site) -> None:
    link = make_link(make_domain(), site.address(host="localhost"))
    Workspace.objects.filter(pk=link.workspace_id).update(sample=Sample.THERE)

    note_taps([link.pk])

    assert not look_next()
    assert not TappedLink.objects.exists()


def test_a_link_is_noted_once_a_minute(site: Site) -> None:
    link = tapped(site)
    Destination.objects.update(tapped_at=None)

    note_taps([link.pk])
    assert Destination.objects.get().tapped_at is None

    watching.forget_notes()
    note_taps([link.pk])
    assert Destination.objects.get().tapped_at is not None


def test_what_nobody_taps_any_more_is_forgotten(site: Site) -> None:
    ask(create_workspace("Bakery"), [site.address(host="localhost")])
    look_next()
    assert not forget_old()

    long_ago = timezone.now() - watching.KEPT - dt.timedelta(days=1)
    Destination.objects.update(looked_at=long_ago, asked_at=long_ago)

    assert forget_old()
    assert not Destination.objects.exists()


def look(state: State, *, failures: int = 0, failing: int = 0, idle: int | None = 0) -> Standing:
    """Return what a look changes; minutes ago: first failure, last tap."""
    return after_look(
        state,
        NOW,
        failures=failures,
        failing_since=NOW - dt.timedelta(minutes=failing) if failures else None,
        tapped_at=None if idle is None else NOW - dt.timedelta(minutes=idle),
        every=EVERY,
    )


@pytest.mark.parametrize(
    ("standing", "minutes"),
    [
        (look(State.GOOD), 10),
        (look(State.GOOD, idle=90), 60),
        (look(State.GOOD, idle=2 * 24 * 60), 6 * 60),
        (look(State.GOOD, idle=8 * 24 * 60), None),
        (look(State.GOOD, idle=None), None),
        (look(State.DOUBTFUL), 60),
        (look(State.FAILING), 1),
        (look(State.FAILING, failures=1, failing=1), 5),
        (look(State.FAILING, failures=30, failing=120), 30),
        (look(State.FAILING, failures=30, failing=120, idle=8 * 24 * 60), None),
    ],
)
def test_when_a_destination_is_looked_at_again(standing: Standing, minutes: int | None) -> None:
    rest = standing.look_at - NOW if standing.look_at else None

    assert rest == (None if minutes is None else dt.timedelta(minutes=minutes))


def test_a_good_look_forgets_the_failed_ones() -> None:
    good = look(State.GOOD, failures=ALARM_AFTER, failing=30)

    assert (good.failures, good.failing_since) == (0, None)


def test_an_instance_may_never_look_by_itself() -> None:
    never = after_look(
        State.GOOD,
        NOW,
        failures=0,
        failing_since=None,
        tapped_at=NOW,
        every=dt.timedelta(0),
    )

    assert never.look_at is None
