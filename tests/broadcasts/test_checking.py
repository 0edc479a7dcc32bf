"""What is said of a broadcast's domain before it is sent."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tapline.broadcasts.checking import check
from tapline.broadcasts.models import Broadcast
from tapline.links.domain_life import LinksAreOut, remove_domain
from tapline.links.models import Domain
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import create_workspace, move_workspace
from tests.broadcasts.making import make_broadcast, make_contacts, make_workspace
from tests.links.making import make_domain

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    made = make_workspace()
    make_contacts(made, 1)
    return made


def warned(broadcast: Broadcast) -> list[str]:
    """Return what is said about the domain."""
    return [each.what for each in check(broadcast) if "go out under" in each.what]


def sent_under(workspace: Workspace, domain: Domain, *, is_test: bool = False) -> None:
    sent = make_broadcast(workspace, domain=domain)
    Broadcast.objects.filter(pk=sent.pk).update(started_at=timezone.now(), is_test=is_test)


def test_a_broadcast_under_the_usual_domain_is_not_warned_about(workspace: Workspace) -> None:
    usual = workspace.domains.get()
    sent_under(workspace, usual)

    assert warned(make_broadcast(workspace)) == []
    assert warned(make_broadcast(workspace, domain=usual)) == []


def test_another_domain_than_the_last_ones_is_warned_about_with_the_reason(
    workspace: Workspace,
) -> None:
    usual, other = workspace.domains.get(), make_domain(workspace, "go.rolls.example")
    sent_under(workspace, usual)
    sent_under(workspace, other, is_test=True)  # A test goes to nobody.

    broadcast = make_broadcast(workspace, domain=other)

    assert warned(broadcast) == [
        f"The links go out under go.rolls.example; so far they went out under {usual.host}."
    ]
    [finding] = [each for each in check(broadcast) if "go out under" in each.what]
    assert finding.level == "warning"
    assert "URL cycling" in finding.why

    sent_under(workspace, other)
    assert warned(broadcast) == []


def test_before_the_first_broadcast_the_nearest_domain_is_the_usual_one(
    workspace: Workspace,
) -> None:
    brand = create_workspace("Brand")
    move_workspace(workspace, brand)
    workspace.refresh_from_db()
    far = make_domain(brand, "go.brand.example")

    assert len(warned(make_broadcast(workspace, domain=far))) == 1
    assert warned(make_broadcast(workspace)) == []


def test_a_domain_that_serves_no_links_any_more_stops_the_broadcast(workspace: Workspace) -> None:
    broadcast = make_broadcast(workspace)
    Domain.objects.update(proved_at=None)
    make_domain(workspace, "go.rolls.example")

    errors = [each.what for each in check(broadcast) if each.level == "error"]

    assert errors == ["go.example.com serves no links of this workspace."]


def test_a_domain_that_a_draft_names_cannot_be_removed_under_it(workspace: Workspace) -> None:
    make_broadcast(workspace)
    with pytest.raises(LinksAreOut, match="broadcast"):
        remove_domain(workspace.domains.get(), actor="test")


def test_leaving_localhost_is_no_change_of_name(workspace: Workspace) -> None:
    local = workspace.domains.get()
    Domain.objects.filter(pk=local.pk).update(host="localhost", base_url="http://localhost:8080")
    sent_under(workspace, local)

    real = make_domain(workspace, "go.rolls.example")
    assert warned(make_broadcast(workspace, domain=real)) == []
