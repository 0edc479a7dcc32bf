"""A domain proves itself through a real name server, and is looked at again and again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import timezone

from tapline import config
from tapline.errors import TaplineError
from tapline.links import domain_checks
from tapline.links.domain_checks import check_domain, check_next, findings_of, records_of
from tapline.links.domain_findings import State
from tapline.links.domain_life import LinksAreOut, change_host, prove_domain, remove_domain
from tapline.links.domains import (
    MOST_CLAIMS,
    BadDomain,
    DomainTaken,
    advice_for,
    create_domain,
    own_hosts,
    usable_domains,
)
from tapline.links.minting import mint_range
from tapline.links.models import Domain, Proof
from tapline.workspaces.audit import history
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain, make_link
from tests.links.name_server import NameServer, name_server

pytestmark = pytest.mark.django_db

HOST = "go.bakery.example"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A name server that this instance asks; phones reach the instance at 203.0.113.7."""
    with name_server() as running:
        settings = replace(
            config.current(),
            dns_servers=running.address,
            dns_seconds=2.0,
            edge_public_addresses="203.0.113.7",
        )
        monkeypatch.setattr(config, "current", lambda: settings)
        yield running


def claim(workspace: Workspace | None = None, host: str = HOST) -> Domain:
    return create_domain(
        workspace or create_workspace("Bakery"), f"https://{host}", proved=False, actor=ACTOR
    )


def states(domain: Domain) -> dict[str, State]:
    domain.refresh_from_db()
    return {finding.record: finding.state for finding in findings_of(domain)}


def test_the_records_that_are_shown_prove_the_domain(server: NameServer) -> None:
    domain = claim()
    assert usable_domains(domain.workspace) == []
    check_domain(domain)
    assert (states(domain)["proof"], domain.proved_at) == (State.WRONG, None)
    change = domain.change

    server.set_all(records_of(domain))
    check_domain(domain)

    assert set(states(domain).values()) == {State.GOOD}
    assert (domain.proved_at is not None, domain.proved_by) == (True, Proof.RECORD)
    assert domain.change > change  # so that edges hear of it
    assert usable_domains(domain.workspace) == [domain]
    assert history(domain.workspace).filter(action="domain.proved").count() == 1


def test_another_workspace_cannot_prove_itself_by_the_same_record(server: NameServer) -> None:
    first = claim()
    server.set_all(records_of(first))

    second = claim(create_workspace("Thief"))
    check_domain(second)

    second.refresh_from_db()
    assert second.proved_at is None
    assert "another workspace" in findings_of(second)[0].why


def test_a_claim_that_was_never_proved_keeps_nobody_from_their_host(server: NameServer) -> None:
    squatter = claim(create_workspace("Squatter"))
    owner = claim()
    squatter.refresh_from_db()
    assert squatter.deleted_at is not None

    server.set_all(records_of(owner))
    check_domain(owner)
    with pytest.raises(DomainTaken):
        claim(create_workspace("Squatter again"))
    assert history(squatter.workspace).filter(action="domain.claim_ended").exists()


def test_a_claim_alone_forbids_nobody_to_link_there() -> None:
    claim(host="www.competitor.example")
    assert own_hosts() == set()


def test_a_name_typed_whole_is_found_where_it_landed(server: NameServer) -> None:
    domain = claim()
    proof, *_ = records_of(domain)
    server.set(f"{proof.name}.bakery.example", "TXT", f'"{proof.value}"')
    server.set(f"{HOST}.bakery.example", "A", "203.0.113.7")

    proof_finding, address_finding, _ = check_domain(domain)

    assert proof_finding.do == "Change the record's name to _tapline.go"
    assert address_finding.do == "Change the record's name to go"


def test_rules_for_authorities_are_found_above_the_host(server: NameServer) -> None:
    server.set("bakery.example", "CAA", '0 issue "digicert.com"')

    *_, finding = check_domain(claim())

    assert (finding.state, "at bakery.example" in finding.what) == (State.WRONG, True)


def test_a_vanished_record_is_warned_about_and_cuts_nothing_off(server: NameServer) -> None:
    domain = claim()
    server.set_all(records_of(domain))
    check_domain(domain)
    server.fault = "broken"
    check_domain(domain)
    # A bad day of a name server says nothing.
    assert Domain.objects.get().proof_missing_since is None

    server.fault, server.records = "", {}
    for _ in range(2):
        check_domain(domain)
    assert Domain.objects.get().proof_missing_since is not None
    assert usable_domains(domain.workspace) == [domain]
    assert history(domain.workspace).filter(action="domain.proof_missing").count() == 1

    server.set_all(records_of(domain))
    check_domain(domain)
    assert Domain.objects.get().proof_missing_since is None


def test_a_domain_that_somebody_vouched_for_needs_no_record(server: NameServer) -> None:
    domain = make_domain(host=HOST)
    check_domain(domain)
    domain.refresh_from_db()
    assert (domain.proof_missing_since, domain.proved_by) == (None, Proof.OPERATOR)


def test_localhost_and_addresses_are_never_asked_about(server: NameServer) -> None:
    workspace = create_workspace("Bakery")
    domain = create_domain(workspace, "http://localhost:8080", proved=True, actor=ACTOR)

    assert (records_of(domain), check_domain(domain)) == ([], [])
    assert check_next()
    assert not check_next()
    assert server.asked == []


def test_the_worker_looks_at_each_domain_when_its_turn_comes(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = create_workspace("Bakery")
    new, old = claim(workspace), claim(workspace, "old.bakery.example")
    Domain.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(days=30))
    vouched = make_domain(workspace, "vouched.bakery.example")

    steps = [check_next() for _ in range(4)]

    assert steps == [True, True, True, False]
    rests = {
        each.pk: each.check_at - each.checked_at
        for each in Domain.objects.all()
        if each.check_at and each.checked_at
    }
    assert rests == {
        new.pk: domain_checks.FIRST_EVERY,
        old.pk: domain_checks.PROVED_EVERY,
        vouched.pk: domain_checks.PROVED_EVERY,
    }
    later = timezone.now() + domain_checks.FIRST_EVERY
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert [check_next(), check_next()] == [True, False]


def test_two_workers_do_not_look_at_one_domain_at_once(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = claim()
    looked: list[int] = []

    def look(found: Domain) -> list[object]:
        looked.append(found.pk)
        assert not check_next()  # as another worker would meanwhile
        return []

    monkeypatch.setattr(domain_checks, "check_domain", look)
    check_next()
    assert looked == [domain.pk]


def test_a_domain_removed_while_it_is_looked_at_stays_removed(server: NameServer) -> None:
    domain = claim()
    server.set_all(records_of(domain))
    same = Domain.objects.get()
    remove_domain(domain, actor=ACTOR)

    check_domain(same)

    stored = Domain.objects.get()
    assert stored.deleted_at is not None
    assert stored.host != HOST


def test_a_record_of_the_old_host_never_proves_the_new_one(server: NameServer) -> None:
    domain = claim()
    server.set_all(records_of(domain))
    same = Domain.objects.select_related("workspace").get()
    change_host(domain, "https://www.victim.example", actor=ACTOR)

    check_domain(same)

    domain.refresh_from_db()
    assert (domain.host, domain.proved_at) == ("www.victim.example", None)


def test_a_domain_without_links_can_move_and_go(server: NameServer) -> None:
    domain = claim()
    server.set_all(records_of(domain))
    check_domain(domain)

    domain.refresh_from_db()
    change_host(domain, "https://links.bakery.example", actor=ACTOR)
    domain.refresh_from_db()
    assert (domain.host, domain.proved_at, domain.findings) == ("links.bakery.example", None, [])

    change = domain.change
    remove_domain(domain, actor=ACTOR)
    domain.refresh_from_db()
    assert domain.change > change
    assert claim(domain.workspace, "links.bakery.example").host == "links.bakery.example"


def test_the_host_of_links_that_are_out_never_changes() -> None:
    domain = make_domain(host=HOST)
    mint_range(make_link(domain), 1)

    for attempt in (
        lambda: change_host(domain, "https://other.bakery.example", actor=ACTOR),
        lambda: remove_domain(domain, actor=ACTOR),
    ):
        with pytest.raises(LinksAreOut, match="phones"):
            attempt()
    assert Domain.objects.get().host == HOST


def test_a_move_to_a_taken_host_is_refused() -> None:
    make_domain(host=HOST)
    domain = claim(create_workspace("Other"), "other.bakery.example")
    with pytest.raises(DomainTaken):
        change_host(domain, f"https://{HOST}", actor=ACTOR)
    domain.refresh_from_db()
    assert domain.host == "other.bakery.example"


def test_a_link_that_waits_for_its_first_code_keeps_its_domain() -> None:
    domain = make_domain(host=HOST)
    make_link(domain)
    with pytest.raises(LinksAreOut, match="link"):
        remove_domain(domain, actor=ACTOR)


def test_a_workspace_has_so_many_open_claims_and_no_more() -> None:
    workspace = create_workspace("Bakery")
    for number in range(MOST_CLAIMS):
        claim(workspace, f"h{number}.bakery.example")
    with pytest.raises(BadDomain, match="wait for their records"):
        claim(workspace)
    make_domain(workspace, HOST)  # Somebody vouches for this one.


def test_an_operator_can_vouch() -> None:
    domain = claim()
    prove_domain(domain, Proof.OPERATOR, actor=ACTOR)
    assert usable_domains(domain.workspace) == [domain]


def test_advice_looks_at_the_domains_from_here_up(server: NameServer) -> None:
    brand = create_workspace("Brand")
    location = create_workspace("Location", parent=brand)
    create_domain(brand, "http://localhost:8080", proved=True, actor=ACTOR)
    make_domain(brand, "go.brand.com")
    make_domain(create_workspace("Stranger"), "go.stranger.com")

    assert advice_for(location, "leeds.brand.com") == []
    [advice] = advice_for(location, "go.leeds.com")
    assert "brand.com" in advice.what
    assert "stranger" not in advice.what


@pytest.mark.parametrize(
    "base_url",
    [
        "https://*.example.com",
        "https://go..example.com",
        "https://go.example.com..",
        "https://192.0.2.7",
        "https://[2001:db8::1]",
        "https://localhost",
        "https://go_links.example.com",
        "https://co.uk",
        "https://bit.ly",
        "https://example",
        "https://" + "a." * 124 + "com",
        "https://0x7f.1",
        "https://2130706433",
        "https://xn--zzzzzzzzzz99.example",
    ],
)
def test_hosts_that_cannot_carry_links_are_refused_with_words(base_url: str) -> None:
    with pytest.raises(TaplineError):
        create_domain(create_workspace("Bakery"), base_url, proved=False, actor=ACTOR)
    assert not Domain.objects.exists()


def test_a_final_dot_and_capitals_are_one_and_the_same_host() -> None:
    assert claim(host="GO.Bakery.Example.").host == HOST
