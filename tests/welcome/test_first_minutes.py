"""The first minutes: setting up, the steps that tick themselves off, a link for one's own phone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.broadcasts.models import Broadcast
from tapline.contacts.models import Contact
from tapline.links.domains import create_domain
from tapline.links.models import Link
from tapline.welcome import own_phone
from tapline.welcome.guesses import country_asked_for, read_zone_table
from tapline.welcome.own_phone import lan_base_url, make_own_link, own_link
from tapline.welcome.steps import is_new, steps
from tapline.workspaces.access import Access, Need
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import FIRST_WORKSPACE_NAME, create_workspace
from tests.broadcasts.making import make_broadcast, make_workspace
from tests.clicks.world import make_world, take_in
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = {"name": "Corner Café", "language": "de", "zone": "Europe/Berlin", "country": "DE"}


def test_the_start_asks_an_owner_of_a_new_instance_to_set_it_up_once() -> None:
    workspace = create_workspace(FIRST_WORKSPACE_NAME)
    owner = member_of(workspace)
    address = reverse("welcome:set-up", args=[workspace.pk])

    assert owner.get("/").headers["Location"] == address
    assert "Time zone" in owner.get(address).text
    answer = owner.post(address, ANSWERS | {"name": FIRST_WORKSPACE_NAME})

    assert answer.headers["Location"] == reverse("web:home", args=[workspace.pk])
    assert owner.get("/").headers["Location"] == reverse("web:home", args=[workspace.pk])


def test_the_form_begins_with_what_the_browser_tells() -> None:
    workspace = create_workspace(FIRST_WORKSPACE_NAME)
    address = reverse("welcome:set-up", args=[workspace.pk])
    owner = member_of(workspace)

    page = owner.get(address, headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}).text

    assert '<option value="de" selected' in page
    assert '<option value="AT" selected' in page
    assert '<option data-country="AT">Europe/Vienna</option>' in page
    owner.post(address, ANSWERS)
    later = owner.get(address, headers={"Accept-Language": "es-MX"}).text
    assert '<option value="DE" selected' in later  # what somebody chose is theirs


@pytest.mark.parametrize(
    ("asked", "country"),
    [
        ("de-AT,de;q=0.9", "AT"),
        ("en", ""),
        ("en;q=0.9, fr-ca", "CA"),
        ("zh-Hant-TW", "TW"),
        ("es-419", ""),
        ("xx-ZZ", ""),
        ("", ""),
    ],
)
def test_a_country_is_read_from_what_a_browser_asks_for(asked: str, country: str) -> None:
    assert country_asked_for(asked) == country


def test_zones_say_in_which_country_they_lie() -> None:
    table = "# a comment\nAT\t+4813+01620\tEurope/Vienna\nUS\t+4151-08739\tAmerica/Chicago\tx\n"

    assert read_zone_table(table) == {"Europe/Vienna": "AT", "America/Chicago": "US"}


def test_whoever_may_not_set_it_up_is_not_asked_to() -> None:
    workspace = create_workspace(FIRST_WORKSPACE_NAME)

    start = member_of(workspace, Role.VIEWER).get("/").headers["Location"]

    assert start == reverse("web:home", args=[workspace.pk])


def test_answers_become_the_workspaces_and_ones_own_number_one_of_its_people() -> None:
    workspace = create_workspace(FIRST_WORKSPACE_NAME)

    member_of(workspace).post(
        reverse("welcome:set-up", args=[workspace.pk]), ANSWERS | {"phone": "+44 7700 900123"}
    )

    workspace.refresh_from_db()
    told = (workspace.name, workspace.language, workspace.zone, workspace.default_country)
    assert told == ("Corner Café", "de", "Europe/Berlin", "DE")
    contact = Contact.objects.get(workspace=workspace)
    assert (contact.phone, contact.is_staff) == ("+447700900123", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"zone": "Mars/North"},
        {"language": "tlh"},
        {"country": "XX"},
        {"phone": "12"},
    ],
)
def test_answers_that_cannot_be_kept_change_nothing_and_stand_there_again(
    wrong: dict[str, str],
) -> None:
    workspace = create_workspace(FIRST_WORKSPACE_NAME)

    answer = member_of(workspace).post(
        reverse("welcome:set-up", args=[workspace.pk]), ANSWERS | wrong
    )

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert is_new(workspace)


def test_each_step_ticks_itself_off_and_the_list_goes_once_all_are_done() -> None:
    workspace = make_workspace()
    Workspace.objects.filter(pk=workspace.pk).update(name="Bakery")
    workspace.refresh_from_db()

    def left() -> list[str]:
        return [each.words for each in steps(workspace, Access(Need.EDIT)) if not each.is_done]

    assert left() == ["Bring in contacts", "Send your first broadcast"]
    Contact.objects.create(workspace=workspace, phone="+12125550100", phone_hash="x")
    assert left() == ["Send your first broadcast"]
    make_broadcast(workspace)
    assert left() == ["Send your first broadcast"]
    Broadcast.objects.update(started_at=timezone.now())
    assert steps(workspace, Access(Need.EDIT)) == []


def test_owners_also_see_the_steps_that_only_they_can_take() -> None:
    workspace = create_workspace("Bakery")

    words = [each.words for each in steps(workspace, Access(Need.MANAGE))]

    assert "Connect a provider" in words
    assert steps(workspace, Access(Need.PEOPLE)) == []


def test_a_domain_of_this_machine_is_not_the_one_that_links_show() -> None:
    workspace = create_workspace("Bakery")

    def has_domain() -> bool:
        [step] = [e for e in steps(workspace, Access(Need.MANAGE)) if "domain" in e.words]
        return step.is_done

    create_domain(workspace, "http://localhost:8080", proved=True, actor="test")
    assert not has_domain()
    create_domain(workspace, "https://go.example.com", proved=True, actor="test")
    assert has_domain()


def test_a_tap_of_ones_own_counts_as_having_seen_one() -> None:
    world = make_world()
    take_in(world.tap(0))

    found = {each.words: each.is_done for each in steps(world.workspace, Access(Need.MANAGE))}

    assert found["See a tap come in, with sample data"]


def test_the_link_for_ones_own_phone_is_made_by_a_button_and_never_by_looking() -> None:
    workspace = create_workspace("Sample shop")
    Workspace.objects.filter(pk=workspace.pk).update(sample="there")
    browser = member_of(workspace)
    address = reverse("welcome:phone", args=[workspace.pk])

    assert "Make a link for your phone" in browser.get(address).text
    assert Link.objects.count() == 0
    browser.post(address)
    page = browser.get(address).text

    workspace.refresh_from_db()
    own = own_link(workspace)
    assert own is not None
    assert own.url.startswith("http://127.0.0.1:")
    assert f'href="{own.url}"' in page
    assert "<svg" not in page.split("own-taps")[0].split("<h1>")[1]  # no phone can scan it


def test_where_links_are_answered_in_the_network_phones_get_a_code_to_scan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_phone, "lan_address", lambda: "192.0.2.7")
    monkeypatch.setenv("TAPLINE_EDGE_LISTEN", "0.0.0.0:8080")
    config.current.cache_clear()
    workspace = create_workspace("Sample shop")
    Workspace.objects.filter(pk=workspace.pk).update(sample="there")
    make_own_link(workspace)

    page = member_of(workspace).get(reverse("welcome:phone", args=[workspace.pk])).text

    assert lan_base_url() == "http://192.0.2.7:8080"
    assert "<svg" in page.split('class="qr scan"')[1]
    config.current.cache_clear()


def test_the_countries_to_choose_from_are_named_and_sorted_for_the_reader() -> None:
    address = reverse("welcome:set-up", args=[create_workspace(FIRST_WORKSPACE_NAME).pk])

    page = member_of(Workspace.objects.get()).get(address, headers={"Accept-Language": "de"}).text

    shown = [page.index(f">{name}</option>") for name in ("Norwegen", "Österreich", "Polen")]
    assert shown == sorted(shown)
    assert "Germany" not in page


def test_a_real_text_needs_a_provider_first() -> None:
    workspace = make_workspace()

    page = member_of(workspace).get(reverse("welcome:phone", args=[workspace.pk])).text

    assert "No text leaves this machine yet" in page


def test_a_text_to_oneself_waits_with_a_link_of_its_own_and_counts_as_a_test() -> None:
    workspace = make_workspace()
    browser = member_of(workspace)

    answer = browser.post(
        reverse("welcome:phone", args=[workspace.pk]), {"phone": "+1 212 555 0101"}
    )
    page = browser.get(answer.headers["Location"]).text

    assert "It leaves now" in page
    assert "Your first link from Tapline" in page
    assert "https://example.com/" not in page
    assert Contact.objects.get(workspace=workspace).is_staff
