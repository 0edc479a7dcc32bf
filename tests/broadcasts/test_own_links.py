"""A destination that one person's texts alone hold tells of them, and goes with them."""

from __future__ import annotations

import pytest

from tapline.broadcasts.tracking import Untracked, track, tracked_broadcast
from tapline.contacts.erasing import erase_person
from tapline.links.models import Link, LinkKind
from tapline.workspaces.models import AuditEntry, Workspace
from tests.broadcasts.making import ACTOR, make_workspace, phone

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = "https://shop.example.com/orders/anna-77"
ANNA, BEN = phone(1), phone(2)


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def track_each(workspace: Workspace, *texts: tuple[str, str]) -> None:
    """Have texts tracked, each in a call of its own: (number, destination)."""
    broadcast = tracked_broadcast(workspace, "Orders", actor=ACTOR)
    for number, destination in texts:
        text = Untracked(to=number, text=f"See {destination} please")
        track(workspace, [text], broadcast=broadcast, actor=ACTOR)


def told(word: str) -> list[str]:
    """Return where links and the audit hold a word."""
    links = Link.objects.filter(destination__contains=word).values_list("destination", flat=True)
    audit = [str(each.after) for each in AuditEntry.objects.all() if word in str(each.after)]
    return [*links, *audit]


def test_it_goes_from_the_link_and_from_the_audit(workspace: Workspace) -> None:
    track_each(workspace, (ANNA, ORDER), (ANNA, ORDER), (BEN, "https://shop.example.com/ben"))
    assert told("anna-77")

    erased = erase_person(workspace, ANNA, by=ACTOR)

    assert told("anna-77") == []
    assert erased["personal_links"] == 1
    assert Link.objects.get(destination="").disabled_at is not None
    assert told("/ben")


def test_what_others_got_too_stays(workspace: Workspace) -> None:
    track_each(workspace, (ANNA, ORDER), (BEN, ORDER))

    erase_person(workspace, ANNA, by=ACTOR)

    assert len(told("anna-77")) == 2
    assert Link.objects.get().disabled_at is None


def test_the_link_that_stands_for_personal_ones_names_the_site_alone(workspace: Workspace) -> None:
    broadcast = tracked_broadcast(workspace, "Orders", actor=ACTOR)
    texts = [Untracked(to=phone(n), text=f"See {ORDER}-{n}") for n in range(25)]

    track(workspace, texts, broadcast=broadcast, actor=ACTOR)

    template = Link.objects.get(kind=LinkKind.TEMPLATE)
    assert template.destination == "https://shop.example.com/"
    erase_person(workspace, phone(0), by=ACTOR)
    assert told("anna-77-0") == []
    assert told("anna-77-1")
