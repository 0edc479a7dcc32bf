"""Nobody gets more marketing texts than the workspace's cap allows."""

from __future__ import annotations

import datetime as dt

import pytest

from tapline.broadcasts.models import Message
from tapline.broadcasts.reports import build_report
from tapline.broadcasts.singles import send_single
from tapline.contacts.models import Contact
from tapline.hours.deciding import decide
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import (
    ACTOR,
    Clock,
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    phone,
    prepare,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace() -> Workspace:
    workspace = make_workspace()
    decide(workspace, most_texts=2, cap_days=7, actor=ACTOR)
    return workspace


def _send(workspace: Workspace, clock: Clock, **changes: object) -> dict[str, int]:
    """Send one broadcast fully and return who was left out."""
    broadcast = prepare(make_broadcast(workspace, **changes))
    sender = make_sender(StandIn(), clock)
    while sender.send_next():
        pass
    report = build_report(broadcast)
    return {**report.left_out, **report.cancelled_by_reason}


def test_who_had_enough_texts_is_left_out_until_the_days_are_over(workspace: Workspace) -> None:
    make_contacts(workspace, 3)
    clock = Clock()
    assert _send(workspace, clock) == {}
    make_contacts(workspace, 1, first=3)
    assert _send(workspace, clock) == {}

    assert _send(workspace, clock) == {"too_often": 3}  # the newest had one so far

    Message.objects.update(submitted_at=clock.at - dt.timedelta(days=8))
    assert _send(workspace, clock) == {}


def test_the_cap_is_looked_at_again_when_a_text_is_about_to_leave(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    broadcasts = [prepare(make_broadcast(workspace)) for _ in range(3)]
    sender = make_sender(StandIn())

    while sender.send_next():
        pass

    assert [states(each) for each in broadcasts] == [["accepted"], ["accepted"], ["cancelled"]]
    assert Message.objects.get(broadcast=broadcasts[2]).error_code == "too_often"


def test_single_texts_count_and_are_held_to_the_cap_even_within_one_chunk(
    workspace: Workspace,
) -> None:
    make_contacts(workspace, 1)
    for _ in range(3):
        send_single(workspace, to=phone(0), text="Sale!", purpose="marketing", actor=ACTOR)
    sender = make_sender(StandIn())
    while sender.send_next():
        pass

    assert sorted(Message.objects.values_list("state", flat=True)) == [
        "accepted",
        "accepted",
        "cancelled",
    ]


def test_texts_that_failed_or_are_no_marketing_do_not_count(workspace: Workspace) -> None:
    make_contacts(workspace, 1)
    clock = Clock()
    _send(workspace, clock)
    _send(workspace, clock)
    Message.objects.filter(broadcast__name="Menu").update(state="failed")
    assert _send(workspace, clock) == {}
    Message.objects.update(state="delivered")
    assert _send(workspace, clock) == {"too_often": 1}


def test_no_cap_is_set_at_first(workspace: Workspace) -> None:
    other = make_workspace_of_its_own()
    make_contacts(other, 1)
    for _ in range(4):
        assert _send(other, Clock()) == {}
    assert Contact.objects.filter(workspace=other).count() == 1


def make_workspace_of_its_own() -> Workspace:
    from tapline.links.domains import create_domain
    from tapline.workspaces.tree import create_workspace

    workspace = create_workspace("Butcher")
    create_domain(workspace, "https://meat.example.com", proved=True, actor=ACTOR)
    return workspace
