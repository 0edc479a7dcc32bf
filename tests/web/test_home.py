"""The home of a workspace: taps as they happen, how broadcasts went, for whom it is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.rates import latest
from tapline.broadcasts.reports import build_report
from tapline.instance.epochs import ensure_instance
from tapline.instance.models import Instance
from tapline.links.models import Proof
from tapline.web.home import bars
from tapline.workspaces.api_keys import create_api_key
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.restored import close_access
from tapline.workspaces.tree import create_workspace
from tests.broadcasts.making import make_workspace
from tests.clicks.world import WHATSAPP, World, make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)


def begin(world: World, ago: dt.timedelta = dt.timedelta(minutes=30)) -> dt.datetime:
    """Say that the world's broadcast began a while ago; return a moment since."""
    Broadcast.objects.filter(pk=world.broadcast.pk).update(started_at=timezone.now() - ago)
    return timezone.now() - ago / 2


def home_of(workspace: Workspace, role: Role = Role.OWNER, below: Workspace | None = None) -> str:
    browser = member_of(workspace, role)
    answer = browser.get(reverse("web:home", args=[(below or workspace).pk]))
    return answer.content.decode()


def test_what_gathers_answers_is_named_in_the_language_of_the_page() -> None:
    world = make_world()
    then = begin(world)
    Broadcast.objects.update(kind="answers", name="Answers")
    take_in(world.tap(0, at=then))
    browser = member_of(world.workspace)

    for name in ("web:home", "broadcasts:list"):
        address = reverse(name, args=[world.workspace.pk])
        page = browser.get(address, headers={"Accept-Language": "de"}).text
        assert ">Antworten</a>" in page
        assert "Answers" not in page


def test_taps_are_listed_as_they_happen_with_what_was_tapped_and_without_machines() -> None:
    world = make_world()
    then = begin(world)
    take_in(world.tap(0, at=then), world.tap(1, at=then, agent=WHATSAPP))

    page = home_of(world.workspace)
    fragment = member_of(world.workspace).get(reverse("web:taps", args=[world.workspace.pk]))

    assert page.count("iPhone, Safari, 15 min ago") == 1
    assert page.count('<li id="tap-') == 1
    assert "November" in fragment.content.decode()


def test_others_taps_stay_with_them() -> None:
    world = make_world()
    take_in(world.tap(0, at=begin(world)))

    assert "iPhone" not in home_of(create_workspace("Elsewhere"))


def test_from_above_one_sees_rates_and_no_single_tap() -> None:
    brand = create_workspace("Brand")
    shop = create_workspace("Shop", parent=brand)
    page = home_of(brand, below=shop)
    fragment = member_of(brand).get(reverse("web:taps", args=[shop.pk]))

    assert "Taps as they happen" not in page
    assert "Click rate of recent broadcasts" in page
    assert fragment.status_code == 403


def test_a_broadcast_went_as_its_report_says() -> None:
    world = make_world(recipients=10)
    then = begin(world)
    take_in(
        world.tap(0, at=then),
        world.tap(0, at=then),
        world.tap(1, at=then),
        world.tap(2, at=then, agent=WHATSAPP),
    )

    [went] = latest(world.workspace, 5)

    assert (went.people, went.perhaps, went.texts, went.rate) == (2, 2, 10, 0.2)
    assert (went.by_people, went.by_machines) == (3, 1)
    assert "2 of 10 people tapped" in home_of(world.workspace)


def test_a_bar_is_as_long_as_its_share_of_those_reached() -> None:
    world = make_world(recipients=10)
    take_in(world.tap(0, at=begin(world)), world.tap(1, at=begin(world)))

    [bar] = bars(latest(world.workspace, 5))

    assert bar.length == 20


def test_the_home_tells_the_range_that_the_report_tells() -> None:
    world = make_world(recipients=300)
    take_in(*(world.tap(n, at=begin(world), address=f"198.51.{n}.9") for n in range(60)))

    [went] = latest(world.workspace, 5)

    report = build_report(world.broadcast)
    told = (report.click_rate_low, report.click_rate, report.click_rate_high)
    assert (went.rate_low, went.rate, went.rate_high) == told
    assert went.shows_range
    assert went.certain < went.people


def test_where_nothing_was_sent_yet_the_home_says_so() -> None:
    assert "No broadcast has been written yet." in home_of(create_workspace("Bakery"))


def test_who_only_looks_is_not_asked_to_do_anything() -> None:
    page = home_of(create_workspace("Bakery"), Role.VIEWER)

    assert "Everything runs as it should." in page
    assert "Write a broadcast" not in page


def test_what_a_check_of_a_domain_found_is_said_in_the_language_of_the_page() -> None:
    workspace = make_workspace()
    what = "The record stands at go.example.com itself."
    findings = [{"record": "proof", "state": "wrong", "what": what}]
    workspace.domains.update(proved_by=Proof.RECORD, findings=findings)

    answer = member_of(workspace).get(
        reverse("web:home", args=[workspace.pk]), headers={"Accept-Language": "de"}
    )

    assert what not in answer.text
    assert "Der Eintrag steht bei go.example.com selbst." in answer.text


def test_after_a_restore_the_home_says_what_is_closed_to_whoever_can_open_it() -> None:
    workspace = make_workspace()
    create_api_key(workspace, "Till", ["links:read"])
    ensure_instance()
    Instance.objects.update(restored_at=timezone.now())
    close_access(timezone.now())

    closed, members = "1 API key is closed", "This instance was restored from a backup."
    assert closed in home_of(workspace)
    assert members in home_of(workspace)
    assert closed in home_of(workspace, Role.MANAGER)
    assert members not in home_of(workspace, Role.MANAGER)
    assert closed not in home_of(workspace, Role.VIEWER)
