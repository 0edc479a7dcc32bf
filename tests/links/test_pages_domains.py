"""Domains in the browser: added, proved, vouched for, changed, removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tapline import config
from tapline.links import domain_checks, pages_domains
from tapline.links.domain_checks import check_domain, records_of
from tapline.links.domains import create_domain
from tapline.links.minting import mint_range
from tapline.links.models import Domain, Proof
from tapline.workspaces.models import Role, Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain, make_link
from tests.links.name_server import NameServer, name_server
from tests.running import free_port
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A name server that this instance asks; no edge runs."""
    with name_server() as running:
        settings = replace(
            config.current(),
            dns_servers=running.address,
            edge_public_addresses="203.0.113.7",
            edge_admin_listen=f"127.0.0.1:{free_port()}",
        )
        monkeypatch.setattr(config, "current", lambda: settings)
        yield running


def add(browser: Client, workspace: Workspace, **form: str) -> int:
    form = {"base_url": "Go.Bakery.Example", **form}
    return browser.post(reverse("links:add-domain", args=[workspace.pk]), form).status_code


def press(browser: Client, name: str, domain: Domain, **form: str) -> int:
    address = reverse(f"links:{name}", args=[domain.workspace_id, domain.pk])
    return browser.post(address, form).status_code


def page(browser: Client, domain: Domain) -> str:
    address = reverse("links:domain", args=[domain.workspace_id, domain.pk])
    return browser.get(address).content.decode()


def test_an_owner_anywhere_claims_a_host_and_proves_it_by_its_record(server: NameServer) -> None:
    location = create_workspace("Location", parent=create_workspace("Brand"))
    owner = member_of(location)

    assert add(owner, location, brand_name="Bakery") == 302
    domain = Domain.objects.get()
    assert (domain.host, domain.proved_at) == ("go.bakery.example", None)
    waiting = page(owner, domain)
    for record in records_of(domain):
        assert f'data-copy="{record.short_name}"' in waiting
        assert record.value.replace('"', "&quot;") in waiting
    assert "waits for its record" in waiting
    assert "every 20s" in waiting

    server.set_all(records_of(domain))
    assert press(owner, "check-domain", domain) == 302
    proved = page(owner, domain)
    assert "serves links" in proved
    assert "every 20s" not in proved
    assert "not right yet" not in proved


def test_only_who_owns_the_top_may_vouch() -> None:
    brand = create_workspace("Brand")
    location = create_workspace("Location", parent=brand)
    below = member_of(location)

    assert add(below, location, vouch="yes") == 403
    assert not Domain.objects.exists()
    add(below, location)
    domain = Domain.objects.get()
    assert press(below, "vouch-domain", domain) == 403
    assert "vouch" not in page(below, domain)

    top = member_of(brand, sees_people_below=True)
    assert press(top, "vouch-domain", domain) == 302
    domain.refresh_from_db()
    assert (domain.proved_at is not None, domain.proved_by) == (True, Proof.OPERATOR)
    assert "no TXT record" not in page(top, domain)

    add(top, location, base_url="https://leeds.example.com", vouch="yes")
    vouched = Domain.objects.get(host="leeds.example.com")
    assert (vouched.workspace, vouched.proved_by) == (location, Proof.OPERATOR)


def test_the_fragment_that_moves_is_all_that_a_script_gets(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = create_workspace("Bakery")
    owner = member_of(workspace)
    add(owner, workspace)
    address = reverse("links:check-domain", args=[workspace.pk, Domain.objects.get().pk])

    def ask() -> str:
        return owner.post(address, headers={"HX-Request": "true"}).content.decode()

    assert ask().strip().startswith('<div id="records"')
    asked = len(server.asked)
    ask()
    assert len(server.asked) == asked  # Name servers are spared those who press again and again.
    later = timezone.now() + domain_checks.FIRST_EVERY
    monkeypatch.setattr(timezone, "now", lambda: later)
    ask()
    assert len(server.asked) > asked


def test_what_a_host_answers_is_chosen_by_an_owner_alone() -> None:
    domain = make_domain()
    form = {
        "home_url": "https://www.example.com/",
        "fallback_url": "https://www.example.com/hello",
        "brand_name": "Bakery",
        "robots": "User-agent: *\r\nAllow: /",
    }
    assert press(member_of(domain.workspace, Role.SENDER), "domain-answers", domain, **form) == 403

    owner = member_of(domain.workspace)
    assert press(owner, "domain-answers", domain, **form) == 302
    domain.refresh_from_db()
    assert domain.fallback_url == "https://www.example.com/hello"
    shown = page(owner, domain)
    for value in ("https://www.example.com/hello", "Bakery", "Allow: /"):
        assert value in shown
    assert press(owner, "domain-answers", domain, home_url="javascript:x") == 422


def test_a_host_moves_and_goes_until_a_link_is_out() -> None:
    domain = make_domain()
    owner = member_of(domain.workspace)
    assert press(owner, "move-domain", domain, base_url="links.example.com") == 302
    mint_range(make_link(domain), 3)

    assert press(owner, "move-domain", domain, base_url="other.example.com") == 409
    assert press(owner, "remove-domain", domain) == 409
    assert "3 codes were given out" in page(owner, domain)
    assert Domain.objects.get().host == "links.example.com"

    empty = create_domain(domain.workspace, "https://empty.example.com", proved=False, actor=ACTOR)
    assert press(owner, "remove-domain", empty) == 302
    listed = owner.get(reverse("links:domains", args=[domain.workspace_id])).content.decode()
    assert "links.example.com" in listed
    assert "empty.example.com" not in listed


def test_a_second_name_and_an_odd_ending_are_warned_about() -> None:
    domain = make_domain(host="go.bakery.com")
    other = create_domain(
        domain.workspace, "https://go.rolls.restaurant", proved=False, actor=ACTOR
    )

    shown = page(member_of(domain.workspace), other)

    assert "go out under bakery.com already" in shown
    assert "do not make names in .restaurant tappable" in shown


def test_a_record_that_is_gone_is_told(server: NameServer) -> None:
    workspace = create_workspace("Bakery")
    domain = create_domain(workspace, "https://go.bücher.example", proved=False, actor=ACTOR)
    for record in records_of(domain):
        server.set(
            record.name, record.kind, f'"{record.value}"' if record.kind == "TXT" else record.value
        )
    check_domain(domain)
    server.records.clear()
    check_domain(domain)

    owner = member_of(workspace)
    assert "The record that proved this domain is gone." in page(owner, domain)
    home = owner.get(reverse("web:home", args=[workspace.pk])).content.decode()
    assert "The record that proved go.xn--bcher-kva.example is gone." in home
    listed = owner.get(reverse("links:domains", args=[workspace.pk])).content.decode()
    assert "its record is gone" in listed
    assert "go.bücher.example" in listed


def test_the_certificate_that_the_edge_shows_is_told_on_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {
        "file": "/etc/tls/example.crt",
        "names": ["*.example.com"],
        "ends_at": "2030-02-03T04:05:06Z",
        "problem": "A file cannot be read.",
    }
    domain = make_domain()
    owner = member_of(domain.workspace)
    assert "no certificate file" in page(owner, domain)

    monkeypatch.setattr(pages_domains, "ask_edge", lambda: {"certificates": [told]})

    shown = page(owner, domain)
    assert "A file cannot be read." in shown
    assert "Feb. 3, 2030" in shown


def test_localhost_has_no_records(server: NameServer) -> None:
    workspace = create_workspace("Bakery")
    domain = create_domain(workspace, "http://localhost:8080", proved=True, actor=ACTOR)

    shown = page(member_of(workspace), domain)

    assert "serves links" in shown
    assert "TXT" not in shown
    assert server.asked == []
