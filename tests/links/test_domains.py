"""Which hosts serve links, and which one a workspace sends under."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tapline.destinations import BadDestination, check_destination
from tapline.links.domains import (
    BadDomain,
    DomainTaken,
    NoDomain,
    change_domain,
    create_domain,
    domain_for,
    own_hosts,
)
from tapline.links.models import Domain, KeyGeneration
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("base_url", "host", "stored"),
    [
        ("https://Go.Example.com/", "go.example.com", "https://go.example.com"),
        ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://go.example.com:8443", "go.example.com", "https://go.example.com:8443"),
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080"),
        ("http://192.0.2.7", "192.0.2.7", "http://192.0.2.7"),
        ("http://[::1]:8080", "::1", "http://[::1]:8080"),
    ],
)
def test_a_domain_is_stored_as_hosts_are_asked_for(base_url: str, host: str, stored: str) -> None:
    domain = create_domain(create_workspace("Bakery"), base_url, proved=True, actor=ACTOR)

    assert (domain.host, domain.base_url) == (host, stored)
    assert KeyGeneration.objects.get(domain=domain).number == 1
    assert AuditEntry.objects.get(action="domain.created").object_id == domain.pk


@pytest.mark.parametrize(
    "base_url",
    [
        "http://go.example.com",  # carriers refuse it
        "https://go.example.com/path",
        "https://go.example.com?x=1",
        "go.example.com",
        "ftp://go.example.com",
        "https://user@go.example.com",
        "https://-.example.com",
        "",
    ],
)
def test_an_address_that_cannot_serve_links_is_refused(base_url: str) -> None:
    with pytest.raises((BadDomain, BadDestination)):
        create_domain(create_workspace("Bakery"), base_url, proved=True, actor=ACTOR)
    assert not Domain.objects.exists()


@pytest.mark.parametrize("length", [5, 13])
def test_codes_have_six_to_twelve_characters(length: int) -> None:
    workspace = create_workspace("Bakery")
    with pytest.raises(BadDomain):
        create_domain(
            workspace, "https://go.example.com", code_length=length, proved=True, actor=ACTOR
        )


def test_a_host_belongs_to_one_workspace() -> None:
    make_domain()
    with pytest.raises(DomainTaken):
        make_domain(create_workspace("Another"), host="GO.example.com")


def test_a_workspace_sends_under_the_nearest_proved_domain_above() -> None:
    brand = create_workspace("Brand")
    region = create_workspace("Region", parent=brand)
    location = create_workspace("Location", parent=region)
    make_domain(create_workspace("Stranger"), host="stranger.example.com")
    with pytest.raises(NoDomain):
        domain_for(location)

    of_brand = make_domain(brand, host="brand.example.com")
    assert domain_for(location) == of_brand

    of_region = create_domain(region, "https://region.example.com", proved=False, actor=ACTOR)
    assert domain_for(location) == of_brand

    Domain.objects.filter(pk=of_region.pk).update(proved_at=timezone.now())
    assert domain_for(location) == of_region
    assert domain_for(brand) == of_brand

    Domain.objects.filter(pk=of_region.pk).update(deleted_at=timezone.now())
    assert domain_for(location) == of_brand


def test_fallback_and_code_length_can_be_changed() -> None:
    domain = make_domain()
    change = domain.change

    change_domain(domain, fallback_url="https://www.example.com", code_length=9, actor=ACTOR)

    stored = Domain.objects.get()
    assert (stored.fallback_url, stored.code_length) == ("https://www.example.com", 9)
    assert stored.change > change
    assert AuditEntry.objects.get(action="domain.changed").before["code_length"] == 8


def test_a_fallback_never_leads_back_to_links() -> None:
    with pytest.raises(BadDestination):
        create_domain(
            create_workspace("Bakery"),
            "https://go.example.com",
            fallback_url="https://go.example.com/x",
            proved=True,
            actor=ACTOR,
        )


def test_what_a_host_answers_besides_links_can_be_chosen_and_taken_back() -> None:
    domain = make_domain()

    change_domain(
        domain,
        home_url="https://www.example.com",
        brand_name=" Bakery ",
        robots="User-agent: *\r\nAllow: /",
        actor=ACTOR,
    )
    stored = Domain.objects.get()
    assert (stored.home_url, stored.brand_name) == ("https://www.example.com", "Bakery")
    assert stored.robots == "User-agent: *\nAllow: /\n"

    change_domain(domain, home_url="", brand_name="", robots=" \n", actor=ACTOR)
    stored = Domain.objects.get()
    assert (stored.home_url, stored.brand_name, stored.robots) == ("", "", "")


@pytest.mark.parametrize(
    "values",
    [
        {"home_url": "https://go.example.com/"},
        {"home_url": "javascript:alert(1)"},
        {"brand_name": "x" * 121},
        {"brand_name": "two\nlines"},
        {"robots": "x" * 4000},
        {"robots": "a\x00b"},
    ],
)
def test_what_cannot_be_answered_is_refused(values: dict[str, str]) -> None:
    domain = make_domain()
    with pytest.raises((BadDomain, BadDestination)):
        change_domain(domain, actor=ACTOR, **values)  # type: ignore[arg-type]
    assert Domain.objects.get().change == domain.change


def test_on_this_machine_only_the_own_port_serves_links() -> None:
    create_domain(create_workspace("Bakery"), "http://localhost:8080", proved=True, actor=ACTOR)

    assert check_destination("http://localhost:3000/menu", own_hosts=own_hosts())
    with pytest.raises(BadDestination):
        check_destination("http://localhost:8080/menu", own_hosts=own_hosts())
